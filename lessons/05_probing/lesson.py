# %% [markdown]
# # Probing
#
# **A puzzle.** A small model reads Python. We take the vector that it holds at each token after two of its four layers, and train a classifier to say from this vector alone whether the token is a closing bracket. On files that neither of them has seen, the classifier is right at 99 of 100 tokens. What have we learned about the model?
#
# The upper rows of the first figure show such a classifier at work on one line, for the model as it is and for the same model *before* training, when its weights were still random numbers. After training it points to both closing brackets; before, it finds the `)` and misses the `]`. The bars below it compare them on whole files: most tokens close no bracket, so that always saying *no* is nearly as good as either. For another question, whether a token is *inside* brackets, training seems to make a difference. Section 2 asks whether it does.
#
# The text is modules of Python's standard library that the model was not trained on. Ten of them train the classifiers and ten others judge them; nine more are kept back until section 4.
#
# This lesson is about what such a classifier shows and what it does not. At its end you can tell, for a property and a model, whether the property is *absent*, *present*, or *used*, and you know which experiment each of the three words needs.

# %% [markdown] contents
# You need lesson 0: the residual stream and activation patching. The exercises take about three and a half hours (an estimate).

# %% setup

# %%
from dataclasses import replace

import torch

from course_utils import plots, probing, sae, zoo
from course_utils.intervals import bootstrap_weights, interval, mean_interval
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import measured, predict, rounds_to, table
from course_utils.probing import clouds, drawing, open_bracket, subspace
from course_utils.python_text.labels import token_labels

model = zoo.load("code-4l", "cpu").requires_grad_(False)
blank = zoo.load("code-4l", "cpu", checkpoint=0).requires_grad_(False)  # before training

# %%
names = ("opens", "closes", "kind_keyword", "in_string", "in_docstring", "in_comment",
         "in_brackets", "definition")

def asked(some):
    """The same tokens with the eight labels of this lesson."""
    y = torch.stack([some.label(name) for name in names], 1)
    return replace(some, y=y, labels=names)

train, test = map(asked, probing.two_halves(model, contexts=48))  # tokens of different files
train_0, test_0 = train.read_by(blank), test.read_by(blank)
probes, probes_0 = probing.fit_chosen(train), probing.fit_chosen(train_0)

# %% figure
at = {name: names.index(name) for name in names}
snippet = torch.tensor([model.tokenizer("total = add(size, rows[0]) + 1")["input_ids"]])

def told(net, probes, label):
    """What a probe before layer 2 says at each token of the line: the probability of yes."""
    stream = net.run_with_cache(snippet, names_filter="blocks.2.hook_resid_pre")[1]["blocks.2.hook_resid_pre"][0, 1:]
    return (stream @ probes.directions[2, at[label]] + probes.bias[2, at[label]]).sigmoid()

line_says = {f"{words} {when}": told(net, some, label) for words, label in (("a closing bracket?", "closes"), ("inside brackets?", "in_brackets"))
             for when, net, some in (("before training", blank, probes_0), ("trained", model, probes))}
plots.show(
    sae.shaded_code([model.tokenizer.decode([i]) for i in snippet[0, 1:].tolist()], line_says, columns=1, top=1.0),
    "One line four times. The two classifiers for closing brackets are darker at the closing brackets than elsewhere; of the two for inside brackets the trained model’s is dark from the first word inside to a bracket, and the other pale everywhere.",
    "One line, and what four classifiers say at each token (white: no, darkest: surely yes), for two questions, before and after the model’s training.",
)  # fmt: skip

# %% figure
def accuracy(probes, tokens):
    """Share of rows on which each probe is right: (layer, label)."""
    return ((probes.logits(tokens.x) > 0) == tokens.y).float().mean(1)

right, right_0 = accuracy(probes, test), accuracy(probes_0, test_0)
always_no = 1 - test.y.float().mean(0)
fig, axes = plots.figure(1, 2, height=2.5, sharey=True)
for ax, (name, words) in zip(axes, (("closes", "a closing bracket?"), ("in_brackets", "inside brackets?")), strict=True):
    heights = [always_no[at[name]], right_0[2, at[name]], right[2, at[name]]]
    ax.bar(range(3), heights, 0.6, color=[plots.STREAM, plots.NULL, plots.SERIES[0]])
    for i, height in enumerate(heights):
        ax.text(i, float(height) + 0.015, f"{float(height):.3f}", ha="center", va="bottom", fontsize=9)
    ax.set(title=words, xticks=range(3), xticklabels=["always no", "before training", "trained"], ylim=(0, 1.12))
axes[0].set(ylabel="share of tokens right")
plots.show(
    fig, "Closing bracket: three bars of almost the same height, near 1. Inside brackets: two almost equal bars and a third that is higher.",
    "Share of tokens of new files on which each is right: always saying no, the classifier of the model before its training, and that of the trained one.",
)  # fmt: skip

# %% claims
with claims():
    claim("for closing brackets the trained model's probe is right at 99 of 100 tokens after two layers", between(right[2, at["closes"]], 0.985, 0.995))
    claim("always saying no, and the probe before training, are at most two in a hundred behind", right[2, at["closes"]] - min(always_no[at["closes"]], right_0[2, at["closes"]]) < 0.02)
    claim("ten files train and ten judge", all(len(some.file.unique()) == 10 for some in (train, test)))
    claim("the probe before training lies between the two", always_no[at["closes"]] < right_0[2, at["closes"]] < right[2, at["closes"]])
    claim("inside brackets: before training it differs by less than one in a hundred from always no, and after it at least six in a hundred more are right",
          abs(right_0[2, at["in_brackets"]] - always_no[at["in_brackets"]]) < 0.01 and right[2, at["in_brackets"]] - always_no[at["in_brackets"]] > 0.06)  # fmt: skip
    ends_one = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}") for i in snippet[0, 1:].tolist()])
    both_say = [line_says[f"a closing bracket? {when}"] for when in ("before training", "trained")]
    claim("in the line both classifiers for closing brackets give these a higher probability than the other tokens, by more than 0.3 on average", all(says[ends_one].mean() - says[~ends_one].mean() > 0.3 for says in both_say))
    claim("the trained one says yes at both closing brackets, the one before training at the ) alone", [(says[ends_one] > 0.5).tolist() for says in both_say] == [[False, True], [True, True]])
    claim("and of those for inside brackets only the trained model's says yes anywhere", not (line_says["inside brackets? before training"] > 0.5).any() and (line_says["inside brackets? trained"] > 0.5).any())

# %% [markdown]
# ## 1 · A probe is a direction
#
# A **probe** is a small classifier that is trained on a model's internal vectors, while the model itself stays as it is. Its labels have to come from somewhere. Ours are free, because Python's own tokenizer and parser say of every character what it is, and a token of the model takes the label of its first one. The model never sees them.
#
# The simplest probe needs two means. Suppose that vectors had two numbers only. Two tokens inside brackets are at (4, 4) and (2, 4), and two outside are at (0, 1) and (2, −1). The means are (3, 4) and (1, 0), and the arrow from the mean of the tokens outside to that of the tokens inside is (2, 4). A new token is at (4, 2). Is it inside? The point halfway between the means is (2, 2). From there the new token is (2, 0) away, and

# %% [markdown]
# $$(2, 0)\cdot(2, 4) \;=\; 2\cdot 2 + 0\cdot 4 \;=\; 4 \;>\; 0 .$$
#
# It lies further along the arrow than halfway, so it is taken for *inside*. This is the **mass-mean probe** (Marks & Tegmark 2023).

# %% figure
in_two, out_two = torch.tensor([[4.0, 4.0], [2.0, 4.0]]), torch.tensor([[0.0, 1.0], [2.0, -1.0]])
new_one = torch.tensor([4.0, 2.0])
ends = (out_two.mean(0), in_two.mean(0))
arrow, middle = ends[1] - ends[0], (ends[0] + ends[1]) / 2
by_hand = (new_one - middle) @ arrow
fig, (ax, side) = plots.figure(1, 2, width=6.8, height=3.6, gridspec_kw={"width_ratios": (3, 2)})
side.axis("off")
ax.axline(middle.tolist(), (middle + torch.tensor([-arrow[1], arrow[0]])).tolist(), color=plots.EDITED, lw=2)
for points, mean, colour, name in ((in_two, ends[1], plots.SERIES[0], "inside"), (out_two, ends[0], plots.SERIES[3], "outside")):
    ax.plot(*points.T, "o", ms=7, color=colour, label=name)
    ax.plot(*mean, "o", ms=13, color=colour, mec="white", zorder=4, label=f"mean of {name}")
ax.annotate("", ends[1].tolist(), ends[0].tolist(), arrowprops={"arrowstyle": "-|>", "color": plots.INK, "lw": 2, "shrinkA": 7, "shrinkB": 7})
ax.plot(*new_one, "s", ms=9, color=plots.EDITED, label="a new token")
ax.plot(*middle, "D", ms=6, color=plots.INK, label="halfway point")
ax.annotate("", new_one.tolist(), middle.tolist(), arrowprops={"arrowstyle": "-|>", "color": plots.NULL, "lw": 1.5, "shrinkA": 4, "shrinkB": 7})
ax.text(3.0, 1.6, "(2, 0)", fontsize=9, color=plots.NULL)
ax.plot([], [], color=plots.EDITED, lw=2, label="border")
ax.set(xlim=(-1, 6), ylim=(-1.6, 5), xticks=range(7), yticks=range(-1, 6), aspect="equal", xlabel="first number", ylabel="second number")
side.legend(*ax.get_legend_handles_labels(), loc="center left")
plots.show(
    fig, "Two points inside and two outside with their means, an arrow from mean to mean, a line across it at the halfway point, and from this point a grey arrow to the new token.",
    "The mass-mean probe by hand. What is on the arrow's side of the orange border is taken for inside. Grey: from the halfway point to the new token.",
)  # fmt: skip

# %% [markdown]
# The model's vectors have 192 numbers, and the two steps are the same.

# %%
x, inside = train.x[2], train.label("in_brackets")  # the stream before layer 2
direction = x[inside].mean(0) - x[~inside].mean(0)
halfway = (x[inside].mean(0) + x[~inside].mean(0)) / 2
score = (test.x[2] - halfway) @ direction  # of every token of new files
truth = test.label("in_brackets")
{"right inside brackets": round(float((score[truth] > 0).float().mean()), 2),
 "right outside": round(float((score[~truth] < 0).float().mean()), 2)}

# %% [markdown]
# On tokens of new files it is right at 85 of 100 or a little more, inside and outside alike. In the puzzle's figure always saying *no* was right nearly as often, because most tokens are outside, but it misses every token inside, and the two means find most of those. What the mass-mean probe leaves out is how the vectors scatter around their means, and how much rarer one class is. **Logistic regression** takes both into account, and the next figure shows how its border differs.

# %% figure
rows, yes = train.x[2], train.label("in_brackets")
two = clouds.slanted(rows, yes)
low_mean, high_mean = two[~yes].mean(0), two[yes].mean(0)
flat = probing.fit_logistic(two[None], yes[:, None], 1.0)
borders = {"mass-mean probe": (high_mean - low_mean, (high_mean - low_mean) @ (high_mean + low_mean) / 2),
           "logistic regression": (flat.directions[0, 0], -flat.bias[0, 0])}  # normal, and its value there
fig, axes = plots.figure(1, 2, height=2.9)
for ax, (title, (normal, value)) in zip(axes, borders.items(), strict=True):
    clouds.draw(ax, two, yes)
    clouds.border(ax, normal, value)
    ax.set(title=title)
axes[0].annotate("", high_mean.tolist(), low_mean.tolist(), arrowprops={"arrowstyle": "-|>", "color": plots.INK, "lw": 2})
plots.show(
    fig, "Two overlapping slanted clouds with their means. Left: an arrow from mean to mean and a line across it, halfway. Right: a line at another slant than the one halfway.",
    "Six hundred tokens, inside brackets (blue) and outside (olive), in a plane through the 192 dimensions that was chosen because the clouds lie "
    "slanted in it. Large dots: the two means. Orange: where each probe changes its answer, if it sees only this plane.",
)  # fmt: skip

# %% [markdown]
# Logistic regression looks for a direction $w$ and a bias $b$ such that $\sigma(w \cdot x + b)$ is high on tokens with the property and low on the others, where $\sigma$ turns any number into a probability:
#
# $$\text{minimise}\quad \sum_\text{tokens} \text{cross-entropy}\big(\sigma(w\cdot x+b),\, y\big) \;+\; \frac{\lambda}{2}\,|w|^2 .$$
#
# The second term, the penalty, makes a long $w$ costly. Its strength $\lambda$ is chosen for each probe separately, on the ten training files alone.

# %% claims
plane_right = [float((((two @ normal) > value) == yes).float().mean()) for normal, value in borders.values()]
with claims():
    claim("by hand: the new token scores 4, the means are (3, 4) and (1, 0), and halfway is (2, 2)", float(by_hand) == 4 and [end.tolist() for end in ends] == [[1, 0], [3, 4]] and middle.tolist() == [2, 2])
    claim("the vectors have 192 numbers", train.x.shape[2] == 192)
    claim("the mass-mean probe is right at 85 to 87 of 100 tokens, inside and outside", between([float((score[truth] > 0).float().mean()), float((score[~truth] < 0).float().mean())], 0.845, 0.875))
    claim("over all tokens it is right at less than two in a hundred more than always saying no", 0 < ((score > 0) == truth).float().mean() - (~truth).float().mean() < 0.02)
    claim("in the plane the logistic border is turned by more than ten degrees from the other and right at more tokens",
          torch.cosine_similarity(*(normal for normal, _ in borders.values()), dim=0).abs() < 0.985 and plane_right[1] > plane_right[0])

# %% [markdown]
# ## 2 · What training adds
#
# A probe can be fitted at any layer, to any label, in any network. We fit forty: for eight labels at five places, before each of the four layers (counted from 0) and after the last. *Before layer 2*, halfway through the model, stays our example. Of the labels, *definition* is a name where it is given a value (or imported, or made a parameter).
#
# Accuracy flatters rare properties, as the puzzle shows. For a map of all forty we therefore measure how much a probe *knows*, by its cross-entropy on new files, beside the cross-entropy that is left when only the rate of the label is known:
#
# $$\text{removed share} \;=\; 1 - \frac{\text{cross-entropy of the probe}}{\text{cross-entropy if only the rate is known}} .$$
#
# Cross-entropy is in nats here: like bits, with the natural logarithm. If knowing the rate leaves 0.4 nats a token and the probe 0.1, the **removed share** is ¾. It is 0 for a probe that reads nothing, and 1 for one that is always right and sure. A probe that is sure and wrong can fall below 0.

# %% figure
known = probing.removed(probes, train, test)
known_0 = probing.removed(probes_0, train_0, test_0)
spoken = {"opens": "opening bracket", "closes": "closing bracket", "in_brackets": "inside brackets"}
spoken = {name: spoken.get(name, name.replace("kind_", "").replace("_", " ")) for name in names}
fig, axes = plots.figure(1, 2, height=3.2, sharey=True)
for ax, found, title in ((axes[0], known_0, "before training"), (axes[1], known, "trained")):
    image = plots.heatmap(ax, found.share.T.clamp(min=0), signed=False, limit=1.0, bar=False, aspect="auto")
    for place, row in enumerate(found.share.tolist()):
        for label, value in enumerate(row):
            ax.text(place, label, f"{max(value, 0):.2f}", ha="center", va="center", fontsize=7, color="white" if value > 0.6 else plots.INK)
    ax.set(title=title, xticks=range(5), xticklabels=["0", "1", "2", "3", "end"], xlabel="before layer")
axes[0].set(yticks=range(8), yticklabels=spoken.values())
fig.colorbar(image, ax=axes, label="removed share")
plots.show(
    fig, "Before training only opening and closing brackets, and keywords at the embedding, are dark; in the trained model every label is darkest before layer 1, 2 or 3.",
    "Removed share for eight labels at five places, on new files. What is below 0 is white.",
)  # fmt: skip

# %% [markdown]
# Before training three labels are read well, opening and closing brackets and keywords. Whether a token closes a bracket follows almost always from the token itself, and a random network has not lost that. The other five need the context. In the trained model they are read best before layer 2 or 3, and less well at the end.
#
# Beside each number belongs its **null**: what the same measurement gives where there is nothing to be found. Two are cheap, always saying *no* and the model before training, and we ask by how much the trained model's probe is right more often, token by token. What is independent of each other is files rather than tokens, so that the intervals come from drawing whole files again and again, with replacement (a bootstrap over files). From here on a scoreboard keeps count.

# %% figure
board = {}  # (label, test): by how much its probe before layer 2 is right more often than the null

def note(label, null, difference, some=test):
    board[label, null] = mean_interval(difference, clusters=some.file)

def hit(probes, some, name):
    return ((probes.logits(some.x)[2, :, at[name]] > 0) == some.label(name)).float()

for name in ("closes", "definition", "in_brackets"):
    note(spoken[name], "always no", hit(probes, test, name) - (~test.label(name)).float())
    note(spoken[name], "before training", hit(probes, test, name) - hit(probes_0, test_0, name))
plots.show(
    drawing.scoreboard(board),
    "Closing bracket: two intervals around 0. Definition: two intervals above 0, green. Inside brackets: two intervals around 0, wider than all others.",
    "The scoreboard: by how much a probe before layer 2 is right more often than each null, as a share of the tokens of the ten new files, with 95 % intervals over files. "
    "The upright line is 0 and a cell's edge is 0.3 away; where the whole interval lies above 0, the cell is green. The two columns agree where the probe before training says no nearly everywhere.",
)  # fmt: skip

# %% claims
best, best_0 = known.share.amax(0), known_0.share.amax(0)
context = ["in_string", "in_docstring", "in_comment", "in_brackets", "definition"]
holds_one = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}") for i in train.ids.tolist()])
brackets_lead = hit(probes, test, "in_brackets") - hit(probes_0, test_0, "in_brackets")
width = {label: board[label, "before training"][2] - board[label, "before training"][1] for label in (spoken[name] for name in ("closes", "definition", "in_brackets"))}
with claims():
    claim("before training three labels have more than 0.5 removed at some place, opening and closing brackets and keywords, and no other has 0.15",
          {names[k] for k in range(8) if best_0[k] > 0.5} == {"opens", "closes", "kind_keyword"} and int((best_0 > 0.15).sum()) == 3)
    claim("keywords have more than half removed before training at the embedding alone", known_0.of("kind_keyword")[0] > 0.5 and known_0.of("kind_keyword")[1:].max() < 0.3)
    claim("whether a token closes a bracket follows from whether it holds one, at more than 99 of 100 training tokens", (holds_one == train.label("closes")).float().mean() > 0.99)
    claim("the five others are known better at their best place than before training at theirs, by more than 0.15", all(best[at[name]] - best_0[at[name]] > 0.15 for name in context))
    claim("in the trained model these five are known best before layer 2 or 3, and less well at the end", all(int(known.of(name).argmax()) in (2, 3) and known.of(name)[4] < known.of(name).max() for name in context))
    claim("every label is known best before layer 1, 2 or 3", set(known.share.argmax(0).tolist()) <= {1, 2, 3})
    claim("definition has both intervals above 0, and of the others every interval contains 0",
          all((board[spoken[name], null][1] > 0) == (name == "definition") and board[spoken[name], null][2] > 0 for name in ("closes", "definition", "in_brackets") for null in ("always no", "before training")))  # fmt: skip
    claim("for inside brackets the interval over files is more than three times as wide as one that takes tokens for independent", width["inside brackets"] > 3 * 2 * 1.96 * float(brackets_lead.std()) / len(test) ** 0.5)
    claim("closing bracket is right more often than before training by 6 tokens in a thousand", rounds_to(board["closing bracket", "before training"][0], "0.006"))
    claim("inside brackets has a higher mean than definition, and the widest interval", board["inside brackets", "before training"][0] > board["definition", "before training"][0] and max(width, key=width.get) == "inside brackets")
    claim("two columns agree to within two in a thousand for definition and inside brackets", all(abs(board[label, "always no"][0] - board[label, "before training"][0]) < 0.002 for label in ("definition", "inside brackets")))

# %% [markdown]
# *Definition* passes both tests, so training has put something there. *Closing bracket* passes neither: its probe is right more often than before training by 6 tokens in a thousand, and that interval contains 0. *Inside brackets* is undecided too. Its lead is larger than that of *definition*, but the files disagree, and the interval is the widest of all. The difference in the puzzle's right panel may therefore be chance. Section 4 finds out why these two are undecided.

# %% [markdown]
# ## 3 · Reading, or memorising
#
# Training put something there that helps with *definition*. But the probe was trained too, and it may have memorised the answer, token by token, rather than read it. Two nulls test this, each with a probe of its own.
#
# Hewitt & Liang (2019) proposed the first. Invent a property that the model cannot possibly have: toss a coin for every token of the vocabulary, once, and let that be the token's label wherever it occurs. The coin is biased, so that as many tokens get a *yes* as have the property. This is a **control task**, *coins* for short. A probe that solves it has memorised the coins, and can use them in new files, because the same tokens come back there. The accuracy on the property minus that on its control task is called **selectivity**.
#
# The second asks whether the probe knows more than which token it has before it. Keep the true labels, but shuffle them among the places of each token: the commas get as many *yes* as before, at places that are drawn by chance. These are **labels shuffled within tokens**. A probe that is fitted to them can learn how often a comma is inside brackets, but not which commas are.

# %% figure
text = "x, y = f(a, b) + b, g(a, b) + b\n"
line = torch.tensor(model.tokenizer(text)["input_ids"][1:])
line_y = torch.from_numpy(token_labels(text, model.tokenizer).flags["in_brackets"][1:].astype(bool))
line_coins = torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(5))
line_nulls = {"control task": probing.control_labels(line, line_coins, line_y.float().mean()),
              "labels shuffled within tokens": probing.shuffled_within(line, line_y, 1)}
plots.show(
    sae.shaded_code([model.tokenizer.decode([i]) for i in line.tolist()], {"inside brackets": line_y.float()} | {name: null.float() for name, null in line_nulls.items()}, columns=1),
    "One line three times: the labels inside brackets, coins where equal tokens have equal labels, and labels dealt anew among equal tokens.",
    "The labels of one line (blue is yes) and its two nulls. In the control task equal tokens are labelled alike. In the shuffled labels two of "
    "the four commas are still a yes, and two of the four tokens “b” with a space before, but not the same ones.",
)  # fmt: skip

# %%
three = ("closes", "definition", "in_brackets")

def coins(some, y, draws):
    """Control tasks: as many training tokens get a yes as have the label, as nearly as may be."""
    tossed = [torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(i))
              for i in range(draws)]
    return torch.stack([coin[some.ids] < coin[train.ids].quantile(v)
                        for coin in tossed for v in y.float().mean(0)], 1)

def null_labels(y, new_y, draws=10, deals=3):
    """For training and for new tokens: coins, and labels shuffled within tokens (row, draw)."""
    dealt = [probing.shuffled_within(train.ids, v, i) for i in range(deals) for v in y.T]
    return (torch.cat([coins(train, y, draws), torch.stack(dealt, 1)], 1),
            torch.cat([coins(test, y, draws), new_y.repeat(1, deals)], 1))

# %% figure
def null_hits(y, new_y):
    """Where probes before layer 2 that were fitted to the nulls are right in new files: (row, draw, label) for each null."""
    labels, new_labels = null_labels(y, new_y)
    fitted = probing.fit_chosen(replace(train, x=train.x[[2]], y=labels, labels=()))
    return ((fitted.logits(test.x[[2]])[0] > 0) == new_labels).float().unflatten(1, (-1, y.shape[1])).split([10, 3], 1)

def compare(title, own, on_coins, on_shuffled):
    """Note a probe's lead over both nulls, for coins with files and draws drawn anew; the lead over each draw."""
    lead = own[:, None] - on_coins
    by_draw = bootstrap_weights(len(test), clusters=test.file) @ lead.double()
    some = torch.randint(lead.shape[1], by_draw.shape, generator=torch.Generator().manual_seed(0))
    board[title, "coins"] = float(lead.mean()), *(float(end) for end in interval(by_draw.gather(1, some).mean(1)))
    note(title, "shuffled labels", own - on_shuffled.mean(1))
    return lead.mean(0)

on_coins, on_shuffled = null_hits(*(torch.stack([some.label(name) for name in three], 1) for some in (train, test)))
single = {spoken[name]: compare(spoken[name], hit(probes, test, name), on_coins[..., i], on_shuffled[..., i]) for i, name in enumerate(three)}
drawing.leads(board, single).captioned(
    "By how much the probe before layer 2 is right more often than each null. Intervals (95 %) are over files, for coins over files and draws; shuffled within tokens: the mean of three draws. Against coins this is the selectivity.")

# %% claims
with claims():
    claim("in the line the shuffled labels keep two of four commas and two of four “ b”, and differ from the true ones at both",
          all(int((line == i).sum()) == 4 and int(line_nulls["labels shuffled within tokens"][line == i].sum()) == int(line_y[line == i].sum()) == 2 and (line_nulls["labels shuffled within tokens"] != line_y)[line == i].any()
              for i in (model.tokenizer(",")["input_ids"][-1], model.tokenizer(" b")["input_ids"][-1])))
    claim("there the control task labels equal tokens alike, and some tokens yes", all(len(set(line_nulls["control task"][line == i].tolist())) == 1 for i in line.unique().tolist()) and line_nulls["control task"].any())
    claim("definition beats both nulls by the whole interval, and every single draw of coins on average", board["definition", "coins"][1] > 0 and board["definition", "shuffled labels"][1] > 0 and single["definition"].min() > 0)
    claim("for inside brackets both means and every draw are above 0, and both intervals contain 0", all(board["inside brackets", null][1] < 0 < board["inside brackets", null][0] for null in ("coins", "shuffled labels")) and single["inside brackets"].min() > 0)
    claim("closing bracket: the interval against coins contains 0", board["closing bracket", "coins"][1] < 0 < board["closing bracket", "coins"][2])
    claim("and against shuffled labels the lead is above 0 by its interval, at three tokens in a thousand", board["closing bracket", "shuffled labels"][1] > 0 and rounds_to(board["closing bracket", "shuffled labels"][0], "0.003"))
    claim("draws of coins differ: for definition the largest lead is more than three times the smallest", single["definition"].max() > 3 * single["definition"].min())

# %% [markdown]
# *Definition* passes. Its probe beats both nulls by the whole interval, so that what it knows is neither memorised nor a matter of the token alone: it comes from the context. How well coins are learned differs from draw to draw, which is why there are ten draws.
#
# *Inside brackets* stays undecided, with intervals that contain 0. *Closing bracket* knows a little more than its token tells, at three tokens in a thousand. An average over ten files can hide a good deal, and next we look at the files one by one.

# %% [markdown]
# ## 4 · What a docstring gives away
#
# In nine of the ten new files the cross-entropy of the probe for *inside brackets* is below 0.3 nats a token. In one it is far above.

# %%
files = test.file.unique().tolist()
parts = {f: test[test.file == f] for f in files}
by_file = {name: {f: float(probes.loss(some.x, some.y)[2, at[name]]) for f, some in parts.items()}
           for name in ("definition", "in_brackets")}  # label: the probe's cross-entropy in each file
worst = max(by_file["in_brackets"], key=by_file["in_brackets"].get)
others = [value for f, value in by_file["in_brackets"].items() if f != worst]
{"one file": round(by_file["in_brackets"][worst], 2), "largest of the nine others": round(max(others), 2)}

# %% [markdown]
# This is how that file begins.

# %% figure
some = parts[worst]
p_inside = (some.x[2] @ probes.directions[2, at["in_brackets"]] + probes.bias[2, at["in_brackets"]]).sigmoid()
words = [model.tokenizer.decode([i]) for i in some.ids.tolist()]
end = next(i for i in range(len(words)) if "".join(words[:i]).count("\n") == 13)
plots.show(
    sae.shaded_code(words[:end], {"what the probe says (darker: more surely inside)": p_inside[:end]}, columns=1, top=1.0),
    "The first lines of a module that is one long docstring: the probe is dark between the brackets of the examples in it.",
    "The beginning of this file, which is one docstring, with what the probe says at each token. For Python's parser no bracket is open anywhere in it, so that by the label all of it should be white.",
)  # fmt: skip

# %% claims
inside_written = probing.brackets_written(some, model.tokenizer)
told_inside, told_outside = p_inside[inside_written].mean(), p_inside[~inside_written].mean()
kept = test.file != worst
lead_without = {name: mean_interval((hit(probes, test, name) - hit(probes_0, test_0, name))[kept], clusters=test.file[kept]) for name in ("closes", "in_brackets")}
holds_new = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}") for i in some.ids.tolist()])
closes_says = (probes.logits(some.x)[2, :, at["closes"]] > 0)[holds_new]
with claims():
    claim("in the worst file the cross-entropy is at least five times that of the next", by_file["in_brackets"][worst] > 5 * max(others))
    claim("in the nine others it is below 0.3 nats, and for definitions below 0.2 in all ten", max(others) < 0.3 and max(by_file["definition"].values()) < 0.2)
    claim("no token of that file's part is inside brackets, and none closes one, by Python's parser", not some.label("in_brackets").any() and not some.label("closes").any())
    claim("the probe gives inside written brackets more than 0.6 there on average, and elsewhere less than 0.05", float(told_inside) > 0.6 and float(told_outside) < 0.05)
    claim("all of the file's part is in a docstring", some.label("in_docstring").all())
    claim("the probe for closing brackets says yes at more than eight in ten of its tokens that hold one", closes_says.float().mean() > 0.8)
    claim("without the file both undecided labels are ahead of the model before training by the whole interval", all(low > 0 for _, low, _ in lead_without.values()))

# %% [markdown]
# The file's part that we read is a docstring throughout, and has examples in brackets. For Python's parser a bracket inside a string is a character like any other, so the label is *no* throughout. The probe often says *yes* between the brackets. It looks as if it had found brackets that are *written*, whether Python counts them or not.
#
# The same file had made the row of *closing bracket* undecided: none of its brackets closes anything for Python, and the probe says *yes* at more than eight in ten of them. Without this file both labels are ahead of the untrained model by the whole interval. Leaving out a file because of what one saw in it proves nothing, but a new label can be tested. We label all tokens again, this time counting brackets inside strings and comments too, and fit a second probe to this label.

# %%
def relabelled(some):
    """The same rows; brackets in strings and comments count, too."""
    written = probing.brackets_written(some, model.tokenizer)
    return replace(some, y=written[:, None], labels=("written",))

train_w, test_w = relabelled(train), relabelled(test)
probes_w = probing.fit_chosen(train_w)
known_w = probing.removed(probes_w, train_w, test_w)
share, low, high = known_w.row("written")["layer 2"]
{"removed share": round(share, 2), "95 % interval": (round(low, 2), round(high, 2))}

# %% claims
wrote, wrote_new = train_w.y[:, 0], test_w.y[:, 0]  # inside written brackets
by_file["written"] = {f: float(probes_w.loss(some.x, some.y)[2, 0]) for f, some in ((f, test_w[test_w.file == f]) for f in files)}
with claims():
    claim("of inside written brackets more than two thirds are removed, by the whole interval, and of inside brackets the interval contains 0", known_w.row("written")["layer 2"][1] > 2 / 3 and known.row("in_brackets")["layer 2"][1] < 0)
    claim("it removes about four fifths", about(known_w.row("written")["layer 2"][0], 0.8))
    claim("in the file with the docstring the second probe's cross-entropy is less than a tenth of the first one's", by_file["written"][worst] < by_file["in_brackets"][worst] / 10)
    claim("in the training files the two labels part at fewer than two tokens in a hundred", (wrote != train.label("in_brackets")).float().mean() < 0.02)
    claim("a bracket that counts is a written one", not (train.label("in_brackets") & ~wrote).any() and not (test.label("in_brackets") & ~wrote_new).any())  # fmt: skip

# %% [markdown]
# The second probe removes about four fifths of the uncertainty, and in the file with the docstring its cross-entropy is less than a tenth of the first one's. But this very file suggested the new label, so it cannot also be the judge. The judge is nine files that were kept back: shorter or longer ones, of which we take the beginning. There we ask both probes about the tokens where the two labels differ, those inside a bracket that is written but does not count, and about the other tokens of strings and comments. By its own label the first probe should say *no* at every one of them. The null is three probes that were fitted to *written* labels shuffled within tokens.

# %%
further = asked(probing.further_files(model, contexts=180))
further_w = relabelled(further)
part = further_w.y[:, 0] & ~further.label("in_brackets")  # where the labels differ
rest_of = (further.label("in_string") | further.label("in_comment")) & ~part
dealt = torch.stack([probing.shuffled_within(train.ids, wrote, i) for i in range(3)], 1)
shuffled = probing.fit_chosen(replace(train, x=train.x[[2]], y=dealt, labels=()))
says = {"the first probe": probes.logits(further.x)[2][:, [at["in_brackets"]]] > 0,
        "the second probe": probes_w.logits(further.x)[2] > 0,
        "null: shuffled within tokens": shuffled.logits(further.x[[2]])[0] > 0}
says_yes = {who: {place: mean_interval(yes.float().mean(1)[rows], clusters=further.file[rows])
                  for place, rows in (("inside a written bracket", part), ("at other tokens", rest_of))}
            for who, yes in says.items()}
table(says_yes, decimals=2)

# %% caption
caption("Strings and comments of nine further files, inside brackets that do not count and elsewhere: share of tokens at which each probe says yes. 95 % intervals over files.")

# %% claims
known_new = probing.removed(probes_w, train_w, further_w).row("written")["layer 2"]
first_says, second_says, dealt_says = says_yes.values()
with claims():
    claim("nine files", len(further.file.unique()) == 9)
    claim("the first probe says yes at about six in ten of the disputed tokens and at fewer than one in seven of the others, and the intervals do not overlap", about(first_says["inside a written bracket"][0], 0.62) and first_says["at other tokens"][0] < 1 / 7 and first_says["inside a written bracket"][1] > first_says["at other tokens"][2])
    claim("the second says yes at more than nine in ten of the disputed, and at fewer than one in six of the others", second_says["inside a written bracket"][0] > 0.9 and second_says["at other tokens"][0] < 1 / 6)
    claim("shuffled within tokens it is fewer than one in three of the disputed, and the interval lies below the first probe's", dealt_says["inside a written bracket"][0] < 1 / 3 and dealt_says["inside a written bracket"][2] < first_says["inside a written bracket"][1])
    claim("in the further files the second probe removes about four fifths", about(known_new[0], 0.8))

# %% [markdown]
# The first probe sides with the written bracket, against its own label, at about six in ten of the disputed tokens, though elsewhere in strings and comments it says *yes* at fewer than one in seven. The second probe, whose label this is, says *yes* at more than nine in ten, and the null at fewer than one in three.
#
# So the first probe learned much of another property under its own label's name. There are two possible reasons. Either the vectors hold written brackets and nothing else, or they also hold whether a bracket counts, and the training files, in which the labels differ at fewer than two tokens in a hundred, did not ask for it. One experiment can decide. We pool all 29 files and fit a probe on half of them, at tokens inside written brackets alone, to say whether the bracket counts. The other half judges.

# %%
pool = (train, test, further)
x_all, ids_all = torch.cat([some.x[2] for some in pool]), torch.cat([some.ids for some in pool])
counts = torch.cat([some.label("in_brackets") for some in pool])
inside_one = torch.cat([wrote, wrote_new, further_w.y[:, 0]])  # a written bracket
file_all = torch.cat([some.file + 100 * i for i, some in enumerate(pool)])

def tells(seed, y):
    """Fit y on half of the files; share right in the others where a bracket counts, and where not."""
    dealt = file_all.unique()[torch.randperm(29, generator=torch.Generator().manual_seed(seed))]
    ours = inside_one & torch.isin(file_all, dealt[:14])
    yes, no = (ours & y).nonzero()[:, 0], (ours & ~y).nonzero()[:, 0]
    rows = torch.cat([yes, no.repeat(-(-len(yes) // len(no)))[: len(yes)]])  # as many of both
    fit = probing.fit_logistic(x_all[None, rows], y[rows, None], 100.0, tolerance=1e-3)
    right = (fit.logits(x_all[None])[0, :, 0] > 0) == counts
    return [float(right[inside_one & ~ours & (counts == way)].float().mean()) for way in (True, False)]

# %%
def dealt_counts(seed):
    """The labels shuffled within tokens, among the tokens inside written brackets."""
    y = counts.clone()
    y[inside_one] = probing.shuffled_within(ids_all[inside_one], counts[inside_one], seed)
    return y

decide = {"does the bracket count?": torch.tensor([tells(seed, counts) for seed in range(10)]),
          "null: shuffled within tokens": torch.tensor([tells(seed, dealt_counts(seed))
                                                        for seed in range(10)])}
table({name: {"right where it counts": float(found[:, 0].mean()),
              "right where it does not": float(found[:, 1].mean()), "mean of both": float(found.mean())}
       for name, found in decide.items()}, decimals=2)

# %% caption
caption("Tokens inside written brackets, in the half of 29 files that a probe was not fitted on: share of right answers, mean over ten ways to halve the files. In fitting, both answers have equal weight.")

# %% claims
lead_of = (decide["does the bracket count?"] - decide["null: shuffled within tokens"]).mean(1)
with claims():
    claim("29 files", len(file_all.unique()) == 29)
    claim("the probe is right at about four in five, as the mean of both kinds", about(decide["does the bracket count?"].mean(), 0.82))
    claim("in each of ten halvings it is ahead of labels shuffled within tokens", lead_of.min() > 0)

# %% [markdown]
# The vectors hold that, too. The probe is right at about four in five, and ahead of its null, which is right at seven in ten, in each of the ten halvings. (They share their files, and where the bracket does not count the lead is only two or three in a hundred.) What they hold best is whether a bracket is open *as written*, and beside it, less surely, whether it counts. The first probe's data hardly ever told the two apart. A probe finds *something* that correlates with its label in the data that it was given.
#
# Does *inside written brackets* pass the tests at which *inside brackets* was left undecided? It gets a row of its own, and all rows get a column for the nine further files.

# %% figure
on_coins_w, on_shuffled_w = null_hits(train_w.y, test_w.y)
right_w = ((probes_w.logits(test.x)[2, :, 0] > 0) == wrote_new).float()
fitted_0 = probing.fit_chosen(replace(train_0, x=train_0.x[[2]], y=train_w.y, labels=()))
right_w0 = ((fitted_0.logits(test_0.x[[2]])[0, :, 0] > 0) == wrote_new).float()
title = "inside written brackets"
note(title, "always no", right_w - (~wrote_new).float())
note(title, "before training", right_w - right_w0)
single[title] = compare(title, right_w, on_coins_w[..., 0], on_shuffled_w[..., 0])
for name in three:
    note(spoken[name], "further files", hit(probes, further, name) - (~further.label(name)).float(), further)
right_further = ((probes_w.logits(further.x)[2] > 0) == further_w.y).float()[:, 0]
note(title, "further files", right_further - (~further_w.y[:, 0]).float(), further)
plots.show(
    drawing.scoreboard(board),
    "Inside written brackets has five green cells, definition too. Closing bracket and inside brackets have one green cell each in the last column and grey ones before it, except for closing bracket against shuffled labels.",
    "The scoreboard, complete. Further files: how much more often the probe is right than always saying no, in the nine files that were kept back. All other columns as before.",
)  # fmt: skip

# %% claims
with claims():
    claim("inside written brackets is ahead in all five columns by the whole interval, and so is definition", all(board[label, test_][1] > 0 for label in (title, "definition") for test_ in drawing.TESTS))
    claim("of each single draw of coins its lead is above 0 by its interval over files", (interval(bootstrap_weights(len(test), clusters=test.file) @ (right_w[:, None] - on_coins_w[..., 0]).double())[0] > 0).all())
    claim("closing bracket and inside brackets are green in the further files", all(board[label, "further files"][1] > 0 for label in ("closing bracket", "inside brackets")))
    claim("of the four others only closing bracket against shuffled labels is", [key for key in board if key[0] in ("closing bracket", "inside brackets") and key[1] != "further files" and board[key][1] > 0] == [("closing bracket", "shuffled labels")])
    claim("inside written brackets has the largest lead in every column", all(max((board[label, test_][0], label) for label in (*(spoken[name] for name in three), title))[1] == title for test_ in drawing.TESTS))

# %% [markdown]
# It passes all five, with the largest lead in every column. So training did make a difference, as it seemed to on the first page, and most clearly to another property than the one that we had asked for. One reserve remains: the label was thought of after a look at the ten files of the first four columns.

# %% [markdown]
# ## 5 · A shortcut, planted
#
# To see in full how a probe fails on data in which two properties agree, we turn to small networks in which we know everything, because it was planted.

# %% figure
drawing.planted_network().captioned("A planted network. The encoder makes features of eight bits, and a hidden vector h of twelve numbers holds each of them along a direction of its own. From h a head makes the answer.")

# %% [markdown]
# Two of the features could decide the answer. The *rule* is whether most of three bits are 1, and an answer counts as right if it follows the rule. The *shortcut* is whether two other bits differ; it serves as well, as long as the two agree. (One of the other bits is a switch that turns every answer round, right ones too, so that no feature alone is the answer.) We probe for the shortcut. The thing that one probes for is called the **property**, and what agrees with it on the usual inputs, here the rule, its **rival**.
#
# On half of the 256 inputs shortcut and rule agree. These are the *usual* inputs. Train a probe for the shortcut on them. How sure it is of an answer we read from its *log odds*, $w\cdot x+b$: 0 is undecided, and 6 in size means a probability of 0.998 for one of the two answers.

# %%
network, _ = probing.twins(0)
h, y = network.h, network.label
usual = network.usual
narrow = probing.fit_logistic(h[usual][None], y[usual][:, None], 0.1)
odds = narrow.logits(h[None])[0, :, 0]
{"right on usual inputs": float(((odds > 0) == y)[usual].float().mean()),
 "mean size of the log odds": round(float(odds[usual].abs().mean()), 2)}

# %% prediction
predict("probing.unusual")

# %% answer
{"mean size of the log odds, unusual inputs": round(float(odds[~usual].abs().mean()), 2)}

# %% figure answer
r = probing.mass_mean(h[None], network.rival[:, None]).directions[0, 0]
p = probing.mass_mean(h[None], y[:, None]).directions[0, 0]
plane = torch.stack([r / r.norm(), p / p.norm()], 1)  # (12, rule and shortcut)
w, b = narrow.directions[0, 0] @ plane, narrow.bias[0, 0]
fig, (ax, side) = plots.figure(1, 2, height=3.3, width=6.8, gridspec_kw={"width_ratios": (1, 1)})
side.axis("off")
for some, full, name in ((usual, True, "usual inputs"), (~usual, False, "unusual inputs")):
    for true, colour in ((True, plots.SERIES[0]), (False, plots.SERIES[3])):
        at_once = (h @ plane)[some & (y == true)]
        ax.plot(*at_once.mean(0), "o", ms=20, mec=colour, mfc=colour if full else "white", mew=2.5, zorder=3)
        ax.plot([], [], "o", ms=9, mec=colour, mfc=colour if full else "white", mew=2, label=f"{name}, shortcut {'true' if true else 'false'}")
ends = torch.linspace(-1.7, 1.7, 2)
ax.plot(ends, -(w[0] * ends + b) / w[1], color=plots.EDITED, zorder=1, label="where the probe is undecided")
ax.set(xlabel="along the rule's direction", ylabel="along the shortcut's direction", xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), xticks=(-1, 0, 1), yticks=(-1, 0, 1), aspect="equal")
side.legend(*ax.get_legend_handles_labels(), loc="center left")
plots.show(
    fig, "Four clusters in the corners of a square; the probe's boundary is the falling diagonal, and both unusual clusters lie on it.",
    "All 256 hidden vectors in the plane of the two directions, where they lie at four points, 64 at each. "
    "The probe was fitted to the filled ones alone.",
)  # fmt: skip

# %% claims answer
every = [probing.twins(seed) for seed in range(5)]
sizes = {True: [], False: []}  # of the log odds, on usual and on unusual inputs
for one, _ in every:
    fitted = probing.fit_logistic(one.h[one.usual][None], one.label[one.usual][:, None], 0.1).logits(one.h[None])[0, :, 0].abs()
    for which, found in sizes.items():
        found.append(float(fitted[one.usual == which].mean()))
slope = float(-w[0] / w[1])

def weighed(one):
    """How much a probe fitted on usual inputs reads along the shortcut's direction, as a multiple of that along the rule's."""
    found = probing.fit_logistic(one.h[one.usual][None], one.label[one.usual][:, None], 0.1).directions[0, 0]
    along = [probing.mass_mean(one.h[None], y[:, None]).directions[0, 0] for y in (one.label, one.rival)]
    return float(found @ along[0] / along[0].norm() / (found @ along[1] / along[1].norm()))

weighs = [weighed(one) for one, _ in every]
with claims():
    claim("the probe is right on every usual input", ((odds > 0) == y)[usual].all())
    claim("log odds of 6 are a probability of 0.998", f"{float(torch.tensor(6.0).sigmoid()):.3f}" == "0.998")
    claim("on usual inputs the log odds are about 6 in all five networks", about(sizes[True], 6))
    claim("on unusual inputs they are less than 0.05 in all five", max(sizes[False]) < 0.05)
    claim("the probe weighs shortcut and rule alike, to within a hundredth, in all five networks", between(slope, -1.01, -0.99) and all(between(value, 0.99, 1.01) for value in weighs))
    claim("the vectors lie at four points of the plane, 64 at each", all(float((h[(y == a) & (network.rival == b)] @ plane).std(0).max()) < 0.01 and int(((y == a) & (network.rival == b)).sum()) == 64 for a in (True, False) for b in (True, False)))
measured("probing.unusual", "undecided: near even odds" if odds[~usual].abs().mean() < 0.5 else "as decided, and right")

# %% [markdown]
# The probe is undecided, because it could not know which of the two was meant. In $h$ shortcut and rule have a direction each, and the probe weighs both alike. On usual inputs they agree; on unusual ones they cancel, in each of five networks. Nothing in the probe's training, and no test on data of the same kind, could have shown it. The first probe of section 4 had seen a few tokens where its two properties part. It was not undecided on the disputed ones, and took the side of its rival at about six in ten.

# %% [markdown]
# ## 6 · Readable, but used?
#
# Trained on all inputs, usual and unusual, the probe reads the shortcut without error. But that does not yet show that the network *uses* the shortcut. Here are two networks, A and B. They share one encoder, so that their hidden vectors are equal, number by number, and so is what a probe says, because it sees nothing but $h$. On all usual inputs their answers are equal too. A third network, C, has another encoder, from which the shortcut was left out, so that a probe can only guess. We judge a probe on the half of the inputs that it was not fitted on, and the answers on the usual inputs.

# %%
A, B = probing.twins(0)
C = probing.planted("absent")
half = torch.rand(256, generator=torch.Generator().manual_seed(0)) < 0.5

def probe_accuracy(one):
    """Fitted on half of the inputs, judged on the other half."""
    probe = probing.fit_logistic(one.h[half][None], one.label[half][:, None], 0.1)
    return float((((probe.logits(one.h[None])[0, :, 0] > 0) == one.label)[~half]).float().mean())

networks = {"A": A, "B": B, "C": C}
table({name: {"probe right": probe_accuracy(one),
              "answers right": float((one.answer(one.h) == one.wanted)[one.usual].float().mean())}
       for name, one in networks.items()}, decimals=2)

# %% [markdown]
# To see what a network does with the shortcut, we change it and look at the answer. Take two inputs that differ in it, a receiver and a donor. Give the receiver's hidden vector the donor's component along the shortcut's direction, and leave everything else as it is. This is an **interchange** along a direction (Geiger et al. 2023). It is lesson 0's activation patching, with one direction patched in place of the whole vector.

# %% figure
drawing.interchange_by_hand().captioned("An interchange in the plane of section 5. The receiver gets the donor's height, which stands for the shortcut, and keeps its own place along the rule's direction.")

# %% [markdown]
# By hand, with $u = (0, 1)$ for the shortcut's direction: the receiver is at $(1, -1)$ and the donor at $(-1, 1)$. Their difference is $(-2, 2)$, its component along $u$ is 2, and so the receiver moves to $(1, -1) + 2\cdot(0, 1) = (1, 1)$. In general, for unit length $u$:
#
# $$h' \;=\; h + \big((h_\text{donor} - h)\cdot u\big)\,u .$$

# %% prediction
predict("probing.turned")

# %% answer
u = probing.mass_mean(h[None], y[:, None]).directions[0, 0]
u = u / u.norm()
donor = torch.randperm(256, generator=torch.Generator().manual_seed(1))
differ = y != y[donor]
changed = h + ((h[donor] - h) @ u)[:, None] * u
turned = {name: (one.answer(changed) != one.answer(h)).float()
          for name, one in (("A", A), ("B", B))}
{f"share of answers of {name} that turn": float(turns[differ].mean())
 for name, turns in turned.items()}

# %% figure answer
grid = torch.cartesian_prod(torch.linspace(-1.7, 1.7, 60), torch.linspace(-1.7, 1.7, 60))
off = ~A.switch & (A.rival == A.label) & A.label  # one usual input, its switch off
rest = h[off][0] - plane @ (plane.T @ h[off][0])  # what it has outside the plane
fig, axes = plots.figure(1, 2, height=3.3, sharey=True)
for ax, one, name in zip(axes, (A, B), "AB", strict=True):
    says = one.answer(rest + grid @ plane.T).view(60, 60).float().T
    ax.imshow(says, origin="lower", extent=(-1.7, 1.7, -1.7, 1.7), cmap="Greys", vmin=-0.6, vmax=4, interpolation="nearest")
    for a in (1, -1):
        for b in (1, -1):
            ax.plot(a, b, "o", ms=9, mec=plots.INK, mfc=plots.SERIES[0] if b > 0 else plots.SERIES[3])
    for word, where in (("yes", says), ("no", 1 - says)):
        up, right_ = (float((grid[:, i] * where.T.reshape(-1)).sum() / where.sum()) for i in (1, 0))
        ax.text(0.62 * right_, 0.62 * up, word, ha="center", va="center", fontsize=12, fontweight="bold", color=plots.INK)
    for x_at, b in ((1.0, 1), (-1.0, 1), (1.13, -1), (-0.87, -1)):  # down, and beside it up
        ax.annotate("", (x_at - 0.06, -0.8 * b), (x_at - 0.06, 0.8 * b), arrowprops={"arrowstyle": "-|>", "color": plots.EDITED, "lw": 2})
    ax.set(title=f"network {name}", xlabel="along the rule's direction", xticks=(-1, 0, 1), yticks=(-1, 0, 1), aspect="equal")
axes[0].set(ylabel="along the shortcut's direction")
plots.show(
    fig, "In network A the two upper points lie in the grey area and all four arrows cross its border; in network B the two right ones do and no arrow crosses.",
    "The same plane in both networks. Dark grey: where the head answers yes, when all other features, the switch too, are as in one input. Arrows: "
    "interchanges along the shortcut's direction, from each of the four points. The heads were made for these points alone; where a border runs between them means nothing.",
)  # fmt: skip

# %% claims answer
def turns_of(one):
    """The share of answers that turn along the property's direction, where it differs."""
    direction = probing.mass_mean(one.h[None], one.label[:, None]).directions[0]
    out = one.answer(probing.interchange(one.h, one.h[donor], direction)) != one.answer(one.h)
    return float(out[one.label != one.label[donor]].float().mean())

hand, from_donor, up_u = torch.tensor([[1.0, -1.0]]), torch.tensor([[-1.0, 1.0]]), torch.tensor([[0.0, 1.0]])
everywhere = probing.fit_logistic(h[None], y[:, None], 0.1).logits(h[None])[0, :, 0]
with claims():
    claim("a probe that is trained on all inputs makes no error", ((everywhere > 0) == y).all())
    claim("by hand: the receiver moves to (1, 1)", probing.interchange(hand, from_donor, up_u).tolist() == [[1, 1]])
    claim("A and B have the same hidden vectors", torch.equal(A.h, B.h))
    claim("the probe is right everywhere in A and B, and like a guess in C", probe_accuracy(A) == probe_accuracy(B) == 1 and between(probe_accuracy(C), 0.35, 0.65))
    claim("all three answer every usual input rightly", all((one.answer(one.h) == one.wanted)[one.usual].all() for one in networks.values()))
    claim("where the property differs, all answers of A turn and none of B", turned["A"][differ].all() and not turned["B"][differ].any())
    claim("where it is the same, none turns in either", not turned["A"][~differ].any() and not turned["B"][~differ].any())
    claim("it is so in five pairs of networks", all(turns_of(a) == 1 and turns_of(b) == 0 for a, b in every))
    claim("in the drawing A's answer depends on the shortcut alone, B's on the rule alone",
          [one.answer(rest + torch.tensor([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]]) @ plane.T).tolist() for one in (A, B)] == [[False, True, True, False], [True, False, True, False]])
    claim("A is wrong on every unusual input, B on none", not (A.answer(h) == A.wanted)[~usual].any() and (B.answer(h) == B.wanted)[~usual].all())  # fmt: skip
measured("probing.turned", "all in one and none in the other" if turned["A"][differ].all() and not turned["B"][differ].any() else "about half in both")

# %% [markdown]
# Every answer of A turns and none of B's, although their vectors are equal and a probe reads them without an error. The reason is in the heads. B's reads the rule. A's has learned the shortcut, and as long as the two agree their answers do not show it. A property is **absent** if the probes that were tried cannot read it, **present** if one of them can, and **used** if the answer changes when the property, and nothing else, is changed.
#
# | network | can a probe read the shortcut? | does an interchange turn the answer? | the shortcut is |
# | --- | --- | --- | --- |
# | C | no | – | absent |
# | B | yes | no | present, not used |
# | A | yes | yes | used |
#
# A probe can decide between *absent* and *present*. Between *present* and *used* it cannot, as A and B show, and an intervention can.
#
# Knowing the mechanism one can also say in advance where a network fails: A must be wrong on every unusual input, where shortcut and rule differ. It is wrong on all of them, and B on none.

# %% [markdown]
# ## 7 · Does the code model use it?
#
# Back to the model that reads Python. Its vectors hold whether a token is *inside written brackets*. Whether it uses this an interchange has to show. In an indented line, `return result`, no bracket is open. Before layer 2 we give each of its tokens, except the first one, which starts every text, the component that tokens inside written brackets have on average along the difference of the class means.

# %% prediction
predict("probing.expects")

# %% answer
ids = torch.tensor([model.tokenizer("    return result")["input_ids"]])
x, toward = train.x[2], train.x[2][wrote].mean(0) - train.x[2][~wrote].mean(0)
u, mean_inside = toward / toward.norm(), x[wrote].mean(0)

def put_inside(x, hook):
    return torch.cat([x[:, :1], x[:, 1:] + ((mean_inside - x[:, 1:]) @ u)[..., None] * u], 1)

chances = [model.run_with_hooks(ids, fwd_hooks=hooks)[0, -1].softmax(-1)
           for hooks in ([], [("blocks.2.hook_resid_pre", put_inside)])]
table({repr(model.tokenizer.decode([i])).replace(" ", "·"):
       {"as it is": float(chances[0][i]), "moved “inside”": float(chances[1][i])}
       for i in chances[1].topk(4).indices.tolist()}, decimals=3)

# %% caption answer
caption("Probability of the token after the line, in the model as it is, and when each token has the component of those inside written brackets. The four most probable ones then; a dot is a space.")

# %% claims answer
def means_apart(labels):
    """The difference of the class means before layer 2, for each column of labels: (label, d)."""
    return probing.mass_mean(train.x[2][None], labels).directions[0]

deals = [torch.randperm(len(wrote), generator=torch.Generator().manual_seed(i)) for i in range(12)]
rng = torch.Generator().manual_seed(1000)
placebos = torch.cat([means_apart(torch.stack([wrote[deal] for deal in deals], 1)),
                      torch.randn(12, 192, generator=rng)])

gains = model.tokenizer.decode([int((chances[1] - chances[0]).argmax())])
kinds = {")": "a closing bracket", ",": "a comma", "\n": "a line break", "(": "an opening bracket"}
close = model.tokenizer(")")["input_ids"][-1]

def written_on(hooks, count=4):
    """The text that the model writes after the line, always its first guess."""
    more = ids
    for _ in range(count):
        more = torch.cat([more, model.run_with_hooks(more, fwd_hooks=hooks)[:, -1].argmax(1, keepdim=True)], 1)
    return model.tokenizer.decode(more[0, ids.shape[1]:].tolist())

with claims():
    claim("written on by first guesses, the changed model begins with four closing brackets, the model as it is with none", written_on([("blocks.2.hook_resid_pre", put_inside)]).startswith("))))") and ")" not in written_on([]))
    claim("as it is, a closing bracket gets less than one in a hundred; moved “inside”, more than one in ten, and is the first guess",
          chances[0][close] < 0.01 and chances[1][close] > 0.1 and chances[1].argmax() == close)  # fmt: skip
measured("probing.expects", kinds.get(gains, gains))

# %% [markdown]
# With the new component a closing bracket becomes the model's first guess, in a line where no bracket is open. Left to write on, token after token, the changed model begins with four of them. (Try another line: change the text in the cell and run it again.) But one line is an example. We ask three things in turn: whether this works everywhere and both ways, along what it works, and what happens in strings.
#
# **It works.** At tokens outside brackets we put the component in, and closing brackets should become more probable; at tokens inside we take it out, and they should become less probable. Would any push do that? A **placebo** is a move that goes as far, token by token, along a direction of no meaning. We take twelve differences of means of labels that were shuffled over all tokens, and twelve random directions.

# %% figure
within = means_apart(torch.stack([probing.shuffled_within(train.ids, wrote, i) for i in range(2)], 1))
onto = torch.cat([toward[None], placebos, within])
closing = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}") for i in range(model.cfg.d_vocab)])
first = torch.tensor([int(test.place[test.file == f, 0].min()) for f in files])  # context of each file

def halved(some, rows):
    """Some of the rows, as far as they are in the first half of their context."""
    return replace(some, contexts=some.contexts[:, :128])[rows & (some.place[:, 1] < 128)]

groups = {"gets it": halved(test, torch.isin(test.place[:, 0], first) & ~wrote_new),
          "loses it": halved(test, torch.isin(test.place[:, 0], torch.cat([first + 1, first + 2])) & wrote_new),
          "in strings": halved(further, part)}
def rise(group, onto, donor_inside, along=toward):
    """By how much closing brackets become more probable at each token of a group, in nats: (direction, token)."""
    some, pool = groups[group], train.x[2][wrote == donor_inside]
    donors = pool[torch.randint(len(pool), (len(some),), generator=torch.Generator().manual_seed(0))]
    return probing.interchanged(model, some, 2, along, donors, closing, onto)

moved = {group: rise(group, onto, group == "gets it") * (1 if group == "gets it" else -1) for group in ("gets it", "loses it")}
fig, axes = plots.figure(1, 2, height=1.9, sharex=True, sharey=True)
for ax, (group, by), title in zip(axes, moved.items(), ("outside: gets it", "inside: loses it"), strict=True):
    drawing.effect_beside(ax, by, groups[group].file)
    ax.set(title=title, xlabel="nats, in the expected direction")
plots.show(
    fig, "In both panels the direction's own effect lies to the right of all twelve shuffled labels and all twelve random directions.",
    "By how much closing brackets become more probable (left) or less probable (right), at tokens of the ten new files. Orange: along the direction, with 95 % intervals over files. Grey: placebos.",
)  # fmt: skip

# %% [markdown]
# It works both ways: the direction does more than every placebo, and ranks first of 25. Where tokens get the component, closing brackets become about eighteen times as probable (in the geometric mean), and where they lose it, less probable, to about 0.4 of what they were.

# %% claims
own = {group: mean_interval(by[0], clusters=groups[group].file) for group, by in moved.items()}
lead = {group: [mean_interval(by[0] - row, clusters=groups[group].file) for row in by[25:]] for group, by in moved.items()}  # over labels shuffled within tokens
with claims():
    claim("both effects are above 0 by their whole intervals", all(low > 0 for _, low, _ in own.values()))
    claim("both ways it does more than each of 24 placebos: it ranks first of 25", len(placebos) == 24 and all((by[0].mean() > by[1:25].mean(1)).all() for by in moved.values()))
    claim("about eighteen times as probable, and about 0.4 of what they were", about(torch.tensor(own["gets it"][0]).exp(), 18) and rounds_to(float(torch.tensor(-own["loses it"][0]).exp()), "0.4"))
    claim("it is ahead of labels shuffled within tokens both ways, by the whole interval", all(low > 0 for rows in lead.values() for _, low, _ in rows))

# %% [markdown]
# **Along what?** Placebos do not point to the answer, but our direction may. In this model a token's embedding is also the direction along which the token is predicted, so whatever lies along the embedding of “)” leads straight to the answer. We interchange along this embedding alone, and along what is left of our direction without it.

# %% figure
answer_way = model.W_U[:, close] / model.W_U[:, close].norm()
without = toward - (toward @ answer_way) * answer_way
ways = {"inside written brackets": toward, "the embedding of “)” alone": answer_way, "the direction without it": without}

def by_way(group):
    """The effect along each of the three, in the expected direction: (mean, low, high) in a list."""
    sign = 1 if group == "gets it" else -1
    return {way: [mean_interval(sign * rise(group, v[None], group == "gets it", v)[0], clusters=groups[group].file)] for way, v in ways.items()}

apart = {group: by_way(group) for group in moved}
fig, axes = plots.figure(1, 2, height=1.9, sharex=True, sharey=True)
for ax, rows, title in zip(axes, apart.values(), ("outside: gets it", "inside: loses it"), strict=True):
    drawing.lead_rows(ax, rows)
    ax.set(title=title, xlabel="nats, in the expected direction")
plots.show(
    fig, "Left: the embedding alone does most of what the whole direction does, the rest little. Right: the embedding does at least as much as the whole, and the rest lies left of 0.",
    "The same effect along three directions, with 95 % intervals over files. Left of 0 closing brackets change the other way than expected.",
)  # fmt: skip

# %% claims
part_of = {way: {group: apart[group][way][0] for group in apart} for way in ways}
with claims():
    claim("the cosine of the direction with the embedding is about 0.45", about(torch.cosine_similarity(toward, answer_way, dim=0), 0.45))
    claim("a token is predicted along its embedding", torch.allclose(model.W_U, model.W_E.T, rtol=0.2, atol=0.2) and (torch.nn.functional.cosine_similarity(model.W_U.T, model.W_E) > 0.95).all())
    claim("along the embedding alone there are more than two thirds of the gain and more than the whole loss", part_of["the embedding of “)” alone"]["gets it"][0] > 2 / 3 * own["gets it"][0] and part_of["the embedding of “)” alone"]["loses it"][0] > own["loses it"][0])
    claim("without it less than a third of the gain is left, by a value above 0, and where tokens lose it closing brackets become more probable, by the whole interval",
          0 < part_of["the direction without it"]["gets it"][0] < own["gets it"][0] / 3 and part_of["the direction without it"]["loses it"][2] < 0)
    claim("at least ten of the twelve random directions do the same there", int((moved["loses it"][13:25].mean(1) < 0).sum()) >= 10)

# %% [markdown]
# This changes the verdict. On average the embedding of “)” alone carries more than two thirds of the gain and more than the whole loss, and without it less than a third of the gain is left. Halfway through the model, vectors inside brackets already lean towards “)” on average, and what we exchanged was by its effect mostly an answer in the making.
#
# For the word *used* the property has to be changed and nothing else. Here the answer was changed along with it, so we do not say it. What has been shown is less: give or take the property, and the model expects closing brackets more or less, but mostly along the embedding of “)”, which would do so whatever the property was.
#
# **In strings.** In code the two labels are almost always the same. Strings and comments separate them, because a bracket in a string is written and does not count. From tokens inside such brackets, in the nine further files, we take *inside written brackets* away.

# %% prediction
predict("probing.docstring")

# %% figure answer
apart["in strings"] = by_way("in strings")
fig, ax = plots.figure(height=1.9, width=5.6)
drawing.lead_rows(ax, apart["in strings"])
ax.set(xlabel="nats less of a closing bracket")
plots.show(
    fig, "The whole direction and the embedding alone lie above 0.5 with their whole intervals; the direction without the embedding has an interval around 0.",
    "The same at tokens inside written brackets that do not count for Python, in strings and comments of the nine further files, with 95 % intervals over files.",
)  # fmt: skip

# %% claims answer
by_strings = -rise("in strings", placebos[::4], False).mean(1)
in_strings = {way: rows[0] for way, rows in apart["in strings"].items()}
with claims():
    claim("closing brackets become less probable, by more than 0.5 nats in the whole interval, and along the embedding alone too", in_strings["inside written brackets"][1] > 0.5 and in_strings["the embedding of “)” alone"][1] > 0.5)
    claim("and more than along any of six placebos", in_strings["inside written brackets"][0] > by_strings.max())
    claim("without the embedding the interval contains 0", in_strings["the direction without it"][1] < 0 < in_strings["the direction without it"][2])
    claim("no bracket counts there", not groups["in strings"].label("in_brackets").any())
measured("probing.docstring", "they become less probable, as in code" if in_strings["inside written brackets"][1] > 0.5 else "hardly anything")

# %% [markdown]
# They become less probable there too, more than along any of six placebos, and again the effect goes along the embedding of “)”: without it, the interval contains 0. So the exchange does in strings what it does in code, and by the answer's own direction. In section 4 nothing was wrong with the model. Our label had asked for something else.

# %% [markdown]
# ## 8 · Used, away from the answer
#
# In section 7 the property was exchanged where the answer was already in the making. It helps to go to a place where it is not. In the line ` value = get[name, size` a square bracket is open, and the model should close it with `]`; after ` value = get(name, size` it should say `)`. The bracket itself stands three tokens before the end. There the next token is a name, but *which kind of bracket* it is will be needed later.
#
# We draw 256 such lines and exchange the kind of bracket between two lines: at the bracket's own place, or at the last token, before layer 1, 2 or 3. The direction is the difference of the means of the two kinds at that place, from one half of the lines; the other half is judged. As in section 7 we divide it into what lies along embeddings, here those of “(”, “)”, “[” and “]”, and what is left without them.

# %% prediction
predict("probing.kind")

# %% answer
four = model.W_U[:, [model.tokenizer(b)["input_ids"][-1] for b in ")](["]]  # embeddings: (d, 4)
streams = {(seed, layer): open_bracket.lines(model, 256, seed).stream(model, layer) for seed in range(5)
           for layer in (1, 2, 3)}  # of five draws of lines

def turned_at(place, layer, seed, part=lambda d: d, push=None, net=model, streams=streams):
    """Share of answers that turn when the token at `place` gets a donor's kind of bracket, or as much along `push`."""
    h, square = streams[seed, layer], open_bracket.lines(net, 256, seed).square
    d = probing.basics.mass_mean(h[:128, place], square[:128])
    u = part(d) / part(d).norm()
    donor = 128 + torch.randperm(128, generator=torch.Generator().manual_seed(seed))
    rows = (square[128:] != square[donor]).nonzero()[:, 0]
    changed = h[128 + rows].clone()
    changed[:, place] += ((h[donor[rows], place] - changed[:, place]) @ u)[:, None] * (u if push is None else push)
    ask = open_bracket.site(net, f"blocks.{layer}.hook_resid_pre").ask  # “)” or “]”?
    return float((ask(changed).argmax(1) != ask(h[128 + rows]).argmax(1)).float().mean())

# %% figure answer
pieces = {"whole direction": lambda d: d, "without the embeddings": lambda d: subspace.split(d, four)[1], "along the embeddings": lambda d: subspace.split(d, four)[0]}
turns = {(place, name): torch.tensor([[turned_at(place, layer, seed, piece) for seed in range(5)] for layer in (1, 2, 3)])
         for place in (open_bracket.BEFORE + 1, open_bracket.END) for name, piece in pieces.items()}  # each (layer, draw)
fig, axes = plots.figure(1, 2, height=2.9, sharey=True)
for ax, place, words in zip(axes, (open_bracket.BEFORE + 1, open_bracket.END), ("exchanged at the bracket", "exchanged at the last token"), strict=True):
    for i, (name, colour, mark) in enumerate(zip(pieces, (plots.INK, plots.EDITED, plots.NULL), "osD", strict=True)):
        ax.plot(torch.arange(3) + 0.06 * (i - 1), turns[place, name].mean(1), mark + "-", ms=6, color=colour, label=name)
        ax.plot((torch.arange(3) + 0.06 * (i - 1))[:, None].expand(3, 5).flatten(), turns[place, name].flatten(), ".", ms=4, color=colour, alpha=0.5)
    ax.set(title=words, xticks=range(3), xticklabels=["1", "2", "3"], xlabel="before layer", ylim=(-0.04, 1.04))
axes[0].set(ylabel="share of answers that turn")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plots.show(
    fig, "Left: before layer 1 the whole direction and the one without the embeddings turn more than half of the answers, then ever fewer; along the embeddings none. Right: whole and along the embeddings rise to all before layer 3; without the embeddings none.",
    "Answers that turn between “)” and “]” when the kind of bracket is exchanged, in new lines that differ in it. Five draws of lines (small dots) and their mean.",
)  # fmt: skip

# %% claims answer
at_bracket, at_end = open_bracket.BEFORE + 1, open_bracket.END
off = pieces["without the embeddings"]

def unit(d):
    return d / d.norm()

random_ways, dealt = [unit(torch.randn(192, generator=torch.Generator().manual_seed(i))) for i in range(12)], []
for seed in range(5):  # directions from kinds that are shuffled among the lines: cosine with the real one, share that turns
    h, square = streams[seed, 1][:128, at_bracket], open_bracket.lines(model, 256, seed).square[:128]
    real = unit(off(probing.basics.mass_mean(h, square)))
    for i in range(12):
        way = unit(off(probing.basics.mass_mean(h, square[torch.randperm(128, generator=torch.Generator().manual_seed(i))])))
        dealt.append((abs(float(real @ way)), turned_at(at_bracket, 1, seed, off, way)))
blank_streams = {(seed, 1): open_bracket.lines(blank, 256, seed).stream(blank, 1) for seed in range(5)}
untrained = [turned_at(at_bracket, 1, seed, off, None, blank, blank_streams) for seed in range(5)]
of_all = [open_bracket.site(model, "blocks.1.hook_resid_pre").ask(streams[seed, 1]).argmax(1) == open_bracket.lines(model, 256, seed).square for seed in range(5)]
with claims():
    claim("the model prefers the right kind of bracket in every line of the five draws", all(right_one.all() for right_one in of_all))
    claim("at the bracket before layer 1, without the embeddings, more than two thirds of the answers turn in each draw, more than along the whole direction", turns[at_bracket, "without the embeddings"][0].min() > 2 / 3 and (turns[at_bracket, "without the embeddings"][0] > turns[at_bracket, "whole direction"][0]).all())
    claim("along the embeddings none turns there, before any layer", not turns[at_bracket, "along the embeddings"].any())
    claim("pushed as far along each of twelve random directions, and in the untrained model, fewer than one in ten turn in every draw", max(turned_at(at_bracket, 1, seed, off, way) for seed in range(5) for way in random_ways) < 0.1 and max(untrained) < 0.1)
    claim("along directions from shuffled kinds fewer than one in ten turn where the cosine with the real one is below 0.3, and never as many as along the real one",
          max(turn for cosine, turn in dealt if cosine < 0.3) < 0.1 and max(turn for _, turn in dealt) < turns[at_bracket, "without the embeddings"][0].min())
    claim("at the last token before layer 3 the whole direction turns all, the embeddings' part nearly all, and without them none turns before any layer",
          (turns[at_end, "whole direction"][2] == 1).all() and turns[at_end, "along the embeddings"][2].min() > 0.95 and not turns[at_end, "without the embeddings"].any())
    claim("at the bracket fewer turn before layer 2 and none before layer 3; at the end more from layer to layer", (turns[at_bracket, "without the embeddings"].diff(dim=0) < 0).all() and not turns[at_bracket, "whole direction"][2].any() and (turns[at_end, "whole direction"].diff(dim=0) > 0).all())
measured("probing.kind", "at the bracket alone" if turns[at_bracket, "without the embeddings"].amax(0).min() > 0.5 and turns[at_end, "without the embeddings"].max() < 0.5 else "at the last token alone" if turns[at_end, "without the embeddings"].amax(0).min() > 0.5 else "at neither")

# %% [markdown]
# At the last token it is as in section 7: without the embeddings no answer turns, and the property cannot be told from the answer. At the bracket's own place it is the other way round. Before layer 1 the direction *without* the embeddings turns more than two thirds of the answers, and their part alone turns none. No random direction, pushed as far, turns one in ten, nor does the same exchange in the untrained model. (Directions from kinds that are shuffled among the lines turn answers only as far as they happen to point along the real one.)
#
# Here the word is earned, as far as one direction can show it: which kind of bracket stands there is *used*. Two things are left open. In these lines the bracket that was read last is also the one that is open, and the experiment does not tell these two apart. And it reads only `)` and `]` at the end, not whether anything else has changed. The figure also shows where it goes. From layer to layer the exchange turns fewer answers at the bracket and more at the end, as one expects if the information is carried from there to here; the bracket's place has lost its say before layer 3.

# %% [markdown]
# ## 9 · Erase it, or push
#
# Two other interventions are common. The first takes the property out, and asks whether the model then predicts worse. **LEACE** (Belrose et al. 2023) changes the vectors as little as possible, such that afterwards no *linear* probe does better than a guess.

# %% figure
values, vectors = torch.linalg.eigh(two.mT @ two / len(two))
white = two @ (vectors / values.sqrt()) @ vectors.mT
panels = {"as they are": two, "equal spread": white, "erased": probing.leace(two, inside)(two)}
fig, axes = plots.figure(1, 3, height=2.7)
for ax, (title, points) in zip(axes, panels.items(), strict=True):
    clouds.draw(ax, points, inside, 300)
    ax.set(title=title)
ends = [white[some].mean(0).tolist() for some in (~inside, inside)]
axes[1].plot(*zip(*ends, strict=True), color=plots.EDITED, lw=2)
plots.show(
    fig, "Two overlapping clouds with two means apart; the same made round; the same on a line, with both means at one point.",
    "The plane of section 1. LEACE stretches the cloud until its spread is the same in all directions, removes all that lies along the line between the means there (orange), and "
    "stretches it back. One of the two dimensions is left, and in it both classes have the same mean.",
)  # fmt: skip

# %% [markdown]
# With $\mu$ the mean and $\Sigma$ the covariance of the vectors, and $u$ the unit vector along $\Sigma^{-1/2}$ times the difference of the class means, LEACE gives
#
# $$x' \;=\; x - \Sigma^{1/2}\,u\,u^{\top}\,\Sigma^{-1/2}\,(x-\mu) .$$
#
# In code, a row of `x` is a vector, $\Sigma^{-1/2}$ is `whiten` and $\Sigma^{1/2}$ is `unwhiten`:

# %%
def leace(x, y):
    """The rows of x without the property y."""
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.mT @ centred / len(x))
    whiten = (vectors / values.sqrt()) @ vectors.mT
    unwhiten = (vectors * values.sqrt()) @ vectors.mT
    u = whiten @ (x[y].mean(0) - x[~y].mean(0))
    u = u / u.norm()
    return x - (centred @ whiten @ u)[:, None] * (unwhiten @ u)

gone = leace(train.x[2].double(), wrote)
{"distance of the class means, as a share of what it was":
 round(float((gone[wrote].mean(0) - gone[~wrote].mean(0)).norm() / toward.norm()), 6)}

# %% [markdown]
# Now erase *inside written brackets* before layer 2, at every token except the first, let the rest of the model run, and see how much worse it predicts the next token, where that is a closing bracket and where it is another.

# %% prediction
predict("probing.erased")

# %% answer
contexts = test.contexts[::4]  # of all ten files
file_of = test.file[::255][::4, None].expand(-1, 255)
next_is = {"a closing bracket": closing[contexts[:, 1:]]}
next_is["another token"] = ~next_is["a closing bracket"]
as_it_is = model(contexts, return_type="loss", loss_per_token=True)

def rise_of(change):
    """Rise of the loss at each token, in nats."""
    def put(x, hook):
        return torch.cat([x[:, :1], change(x[:, 1:])], 1)
    with model.hooks(fwd_hooks=[("blocks.2.hook_resid_pre", put)]):
        return model(contexts, return_type="loss", loss_per_token=True) - as_it_is

erased = rise_of(probing.leace(train.x[2], wrote))
{name: round(float(erased[rows].mean()), 3) for name, rows in next_is.items()}

# %% answer
def without_line(v):
    """A change that takes out what lies along one direction."""
    u = v / v.norm()
    return lambda x: x - ((x - train.x[2].mean(0)) @ u)[..., None] * u

comma = model.tokenizer(",")["input_ids"][-1]
dealt = [wrote[deal] for deal in deals[:3]]
dealt_within = [probing.shuffled_within(train.ids, wrote, i) for i in range(3)]
costs = {"inside written brackets": erased, "the embedding of “)”": rise_of(without_line(answer_way)),
         "the embedding of “,”": rise_of(without_line(model.W_U[:, comma]))}
for name, some in (("null: shuffled labels", dealt), ("null: shuffled within tokens", dealt_within)):
    costs[name] = torch.stack([rise_of(probing.leace(train.x[2], y)) for y in some]).mean(0)
table({name: {place: mean_interval(rise[rows], clusters=file_of[rows])
              for place, rows in next_is.items()} for name, rise in costs.items()}, unit="nats", decimals=2)

# %% caption answer
caption("Rise of the loss where a closing bracket comes next and where another token does, after something was erased before layer 2. Nulls: the mean of three draws. 95 % intervals over the ten files.")

# %% claims answer
gone_now, new_now = (probing.leace(train.x[2], wrote)(some.x[2])[None] for some in (train, test))
asked_again = torch.stack([wrote, probing.shuffled_within(train.ids, wrote, 0)], 1)
hidden_hits = ((probing.fit_hidden(gone_now, asked_again, 16, 1000.0, steps=60).logits(new_now)[0] > 0) == wrote_new[:, None]).float()
directly = probing.fit_logistic(gone_now, wrote[:, None], 1000.0, tolerance=1e-4).logits(new_now)[0, :, 0] > 0
middles = [points[inside].mean(0) - points[~inside].mean(0) for points in panels.values()]
at_close = {name: mean_interval(rise[next_is["a closing bracket"]], clusters=file_of[next_is["a closing bracket"]]) for name, rise in costs.items()}
of_total = float(erased[next_is["a closing bracket"]].sum() / erased.sum())
against = mean_interval((costs["the embedding of “)”"] - erased)[next_is["a closing bracket"]], clusters=file_of[next_is["a closing bracket"]])
at_comma = contexts[:, 1:] == comma
with claims():
    claim("after erasing, the class means are equal, and the few lines give what the course's eraser gives", float((gone[wrote].mean(0) - gone[~wrote].mean(0)).norm() / toward.norm()) < 1e-3 and float((gone - gone_now[0]).norm() / (gone - train.x[2]).norm()) < 0.01)
    claim("in the figure of the plane they are, too, and apart before; one dimension is left", middles[2].norm() < 1e-3 * middles[0].norm() and middles[1].norm() > 0.1 and int(torch.linalg.matrix_rank(panels["erased"], rtol=1e-3)) == 1)
    claim("the contexts are of all ten files", len(file_of.unique()) == 10)
    claim("at closing brackets erasing costs a little more than one nat, its interval above all of the nulls'", between(at_close["inside written brackets"][0], 1.0, 1.25) and at_close["inside written brackets"][1] > max(at_close[name][2] for name in at_close if name.startswith("null")))
    claim("labels shuffled within tokens cost about 0.2 nats there, and shuffled labels an interval around 0", rounds_to(at_close["null: shuffled within tokens"][0], "0.2") and at_close["null: shuffled labels"][1] < 0 < at_close["null: shuffled labels"][2])
    claim("about three fifths of all harm is there, at three tokens of a hundred", about(of_total, 0.6) and rounds_to(float(next_is["a closing bracket"].float().mean()), "0.03"))
    claim("between erasing the property and the embedding of “)” the paired interval contains 0", against[1] < 0 < against[2])
    claim("erasing the embedding of “,” costs more than 0.5 nats where a comma comes, and nothing at closing brackets", costs["the embedding of “,”"][at_comma].mean() > 0.5 and at_close["the embedding of “,”"][0] < 0.05)
    claim("right after erasing a linear probe is right as often as always saying no, to one in a hundred", abs((directly == wrote_new).float().mean() - (~wrote_new).float().mean()) < 0.01)
    claim("a probe with 16 hidden units is ahead of always saying no and of the same probe on labels shuffled within tokens, by the whole interval", all(mean_interval(hidden_hits[:, 0] - null, clusters=test.file)[1] > 0 for null in ((~wrote_new).float(), hidden_hits[:, 1])))
measured("probing.erased", "far more than elsewhere" if at_close["inside written brackets"][0] > 3 * max(float(erased[next_is["another token"]].mean()), *(at_close[name][0] for name in at_close if name.startswith("null"))) else "hardly at all" if at_close["inside written brackets"][0] < 0.1 else "about as much as elsewhere")

# %% [markdown]
# Far more than elsewhere: a little more than one nat where a closing bracket comes next. These are three tokens in a hundred, and they bear about three fifths of all harm. Labels shuffled within tokens cost about 0.2 nats there, so that part of the loss may come from which token is read.
#
# But erasing the embedding of “)” costs nearly as much, and by these ten files the two cannot be told apart. So erasing does not tell the property from the answer either. Nor is the property gone for every reader: right after the erasing a probe with 16 hidden units still beats its nulls.
#
# The second intervention is **steering**: add one and the same arrow to every vector, at every position except the first, and see what the model then says. We want closing brackets to become more probable. A longer arrow changes more of everything else too: where the text goes on with another token the loss rises, and that rise is the price. Each direction gets the length at which its price is 0.1 nats a token, in six contexts of different files. Here is by how many nats the log-probability of closing brackets rises.

# %%
ways = {"mass-mean probe": toward, "logistic probe": probes_w.directions[2, 0],
        "the embedding of “)”": model.W_U[:, close]}
ways |= {f"random {i}": v for i, v in enumerate(placebos[12:18])}
lengths = tuple(float(toward.norm()) * s for s in (0.5, 1.0, 1.5))
steered = probing.steered(model, test.contexts[::8], 2, ways, lengths, closing)
effect, again = steered.at_price(0.1), steered.drawn_at_price(0.1)  # contexts drawn anew
{**{name: round(float(effect[i]), 1) for i, name in enumerate(ways) if i < 3},
 "largest of 6 random": round(float(effect[3:].max()), 1)}

# %% claims
with claims():
    ahead_by = [interval(again[:, a] - again[:, b]) for a, b in ((2, 0), (2, 1))]
    claim("the embedding is ahead of both probes, by the whole paired interval", all(low > 0 for low, _ in ahead_by))
    claim("all three have a larger effect than the six random directions", min(effect[:3]) > max(effect[3:]))
    claim("six contexts, each of another file", len({int(test.file[test.place[:, 0] == i][0]) for i in range(0, 48, 8)}) == 6)

# %% [markdown]
# Both probes' directions do more than six random ones. The embedding of “)” does most, though it is no property of the text at all: it is the answer. Steering shows what a direction *can* do, and not that the model uses the property that it was found by.

# %% [markdown]
# ## 10 · A recipe for your own probe
#
# **The puzzle, answered.** That a probe reads *closing bracket* at 99 of 100 tokens says little more than that the vector has not lost which token it belongs to, which is nearly so before training as well. *Inside brackets* was undecided, and it led to more: the vectors hold best whether a token is inside *written* brackets, which passed every null. Exchanging it moves what the model expects, but along the answer's own direction. That a property is *used* we could show for another one, the kind of the bracket that was read, at a place where the answer is still far.
#
# 1. *The rate.* How often is the commoner answer right?
# 2. *The untrained model.* How good is the same probe there, on the same tokens?
# 3. *Control tasks.* How well does it learn coins, several draws of them, and labels shuffled within tokens? Take intervals over what is independent, such as files.
# 4. *Other data.* Find cases where the property differs from what usually correlates with it. When the probe fails there, name what it reads instead, put that through steps 1 to 3, and fit a probe where the two differ.
# 5. *Interchange.* Change the property both ways, and beside it placebos and what leads straight to the answer. Do it also where the answer is not yet in the making. This step can say *used*.
#
# A published probe is to be trusted as far as it shows these: the same probe on an untrained model, a control task, and data on which its label and the obvious rival part.
#
# **What remains uncertain.** The held-out files were divided once into those that train and those that judge, and intervals over ten files are wide. *Written brackets* was a guess after one file. *Absent* only means: not readable by the kinds of probes that were tried, and a code that is not linear can be present and remain unseen by linear ones. *Definition* passed every test of reading, and what the model does with it we have not asked. And the planted networks are clean: their features lie along directions of their own.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "99 % right can mean nothing", "evidence": "a random network gives nearly the same for closing brackets", "control": "always saying no; the model before training",
     "where it fails": "“definition”: the trained model’s probe is ahead of both by the whole interval"},
    {"claim": "Controls can show that a probe reads", "evidence": "“definition” and “inside written brackets” beat every null by the whole interval", "control": "the untrained model; ten draws of coins; labels shuffled within tokens; nine further files",
     "where it fails": "one docstring among ten files leaves two other labels undecided"},
    {"claim": "A probe can have learned another property than its label", "evidence": "in further files it sides with written brackets, against its own label", "control": "three probes on labels shuffled within tokens; other tokens of strings and comments",
     "where it fails": "fitted where the two differ, a probe tells them apart at four in five"},
    {"claim": "Present does not mean used", "evidence": "two networks with the same hidden vectors; one turns under interchange, the other does not", "control": "donors with the same property; five pairs of networks",
     "where it fails": "features with directions of their own, and no noise"},
    {"claim": "Exchanging “inside written brackets” changes what the code model expects", "evidence": "an interchange changes it both ways, in code and in strings", "control": "first of 25 beside 24 placebos in code; labels shuffled within tokens; the embedding of “)”",
     "where it fails": "most of it goes along the embedding of “)”, which would do so in any case: use was not shown"},
    {"claim": "The code model uses which kind of bracket it has read", "evidence": "exchanged at the bracket, two thirds of the answers turn, without the brackets’ embeddings", "control": "the embeddings alone; twelve random directions, pushed as far; the untrained model; five draws of lines",
     "where it fails": "at the last token; and the bracket read last is the open one in all these lines"},
    {"claim": "Erasing and steering do not tell a property from its answer", "evidence": "the embedding of “)” does as much erased, and more when added", "control": "shuffled labels, also within tokens; six random directions at equal price",
     "where it fails": "one property, one kind of token"},
    formulas={"interchange": r"h + \big((h_\mathrm{donor}-h)\cdot u\big)\,u", "selectivity": r"\mathrm{acc}(\mathrm{property}) - \mathrm{acc}(\mathrm{control})"},
    links=[
        ("Hewitt and Liang 2019, Designing and interpreting probes with control tasks", "https://arxiv.org/abs/1909.03368", "Control tasks and selectivity."),
        ("Geiger et al. 2023, Finding alignments between interpretable causal variables and distributed neural representations", "https://arxiv.org/abs/2303.02536", "Interchange along directions."),
        ("Belinkov 2022, Probing classifiers: promises, shortcomings, and advances", "https://arxiv.org/abs/2102.12452", "What a decade of probing has taught."),
        ("Belrose et al. 2023, LEACE", "https://arxiv.org/abs/2306.03819", "The least change that erases a property for linear readers."),
        ("Marks and Tegmark 2023, The geometry of truth", "https://arxiv.org/abs/2310.06824", "Mass-mean probes, and that their directions change more."),
    ],
)  # fmt: skip

# %% [markdown]
# Now the exercises: `course start 05`, then `my/05_probing.ipynb`. Two of them are networks that were made for you alone.

# %% [markdown] words
# ## Words
#
# - probe: a small classifier that is trained on a model's internal vectors, while the model stays as it is.
# - mass-mean probe: a probe whose direction is the difference of two class means.
# - logistic regression: a probe that minimises the cross-entropy, with a penalty on its direction.
# - removed share: the part of the uncertainty about a label that a probe takes away on new data; 1 − its cross-entropy / that which is left when only the rate is known.
# - null: what the same measurement gives where there is nothing to be found.
# - control task: a made-up property in which each token has a random label of its own, the same wherever it occurs.
# - selectivity: accuracy on a property minus accuracy on its control task.
# - labels shuffled within tokens: the true labels shuffled among the places of each token, so that only a token's rate is left.
# - property: what a probe is asked for, true or false of each input; in the planted networks, whether two bits differ.
# - rival: another property that agrees with the one in question on the usual inputs; in the planted networks, whether most of three bits are 1.
# - placebo: a change as large as the one in question, along a direction of no meaning.
# - interchange: to give a vector another one's component along a direction.
# - absent: not readable by the probes that were tried.
# - present: readable by one of the probes that were tried.
# - used: such that the answer changes when it is changed, and nothing else.
# - LEACE: the least change of vectors after which no linear probe does better than a guess.
# - steering: to add a direction to the stream.

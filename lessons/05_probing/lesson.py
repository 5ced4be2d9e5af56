# %% [markdown]
# # Probing
#
# **A puzzle.** A small model reads Python. We take the vector that it holds at each token after two of its four layers, and train a classifier to say from this vector alone whether the token is a closing bracket. On files that neither of them has seen, the classifier is right at 99 of 100 tokens. What have we learned about the model?
#
# It is tempting to answer: the model knows where brackets close. The left panel shows why this does not follow. Always saying *no* is nearly as good, because most tokens close no bracket, and so is the same classifier on the same model *before* training, when its weights were still random numbers. For another property, whether a token is inside brackets, training seems to make a difference, as the right panel shows, and section 2 asks whether it does.
#
# The text is modules of Python's standard library that the model was not trained on. Ten of them train the classifiers and ten others judge them, about twelve thousand tokens each; nine more are kept back until section 4.
#
# This lesson is about what such a classifier shows and what it does not. At its end you can tell, for a property and a model, whether the property is *absent*, *present*, or *used*, and you know which experiment each of the three words needs.

# %% [markdown] contents
# You need lesson 0: the residual stream and activation patching. The exercises take about three and a half hours (an estimate).

# %% setup

# %%
from dataclasses import replace

import torch

from course_utils import plots, probing, sae, zoo
from course_utils.intervals import interval, mean_interval
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import measured, predict, rounds_to, table
from course_utils.probing import clouds, drawing
from course_utils.python_text.labels import token_labels

model = zoo.load("code-4l", "cpu").requires_grad_(False)
blank = zoo.load("code-4l", "cpu", checkpoint=0).requires_grad_(False)  # before training
train, test = probing.two_halves(model, contexts=48)  # tokens of different files
train_0, test_0 = train.read_by(blank), test.read_by(blank)
probes, probes_0 = probing.fit_chosen(train), probing.fit_chosen(train_0)

# %% figure
def accuracy(probes, tokens):
    """Share of rows on which each probe is right: (layer, label)."""
    return ((probes.logits(tokens.x) > 0) == tokens.y).float().mean(1)

right, right_0 = accuracy(probes, test), accuracy(probes_0, test_0)
always_no = 1 - test.y.float().mean(0)
at = {name: train.labels.index(name) for name in train.labels}
fig, axes = plots.figure(1, 2, height=2.5, sharey=True)
for ax, (name, words) in zip(axes, (("closes", "a closing bracket?"), ("in_brackets", "inside brackets?")), strict=True):
    heights = [always_no[at[name]], right_0[2, at[name]], right[2, at[name]]]
    ax.bar(range(3), heights, 0.6, color=[plots.STREAM, plots.NULL, plots.SERIES[0]])
    for i, height in enumerate(heights):
        ax.text(i, float(height) + 0.015, f"{float(height):.3f}", ha="center", va="bottom", fontsize=9)
    ax.set(title=words, xticks=range(3), xticklabels=["always no", "before training", "trained"], ylim=(0, 1.12))
axes[0].set(ylabel="share of tokens right")
plots.show(
    fig, "Closing bracket: three bars of almost the same height, near 1. Inside brackets: two equal bars and a third that is higher.",
    "Share of tokens on which each is right, in new files: always saying no, a classifier after two "
    "layers of the model before its training, and the same for the trained model.",
)  # fmt: skip

# %% claims
with claims():
    claim("for closing brackets the trained model's probe is right at 99 of 100 tokens after two layers", between(right[2, at["closes"]], 0.985, 0.995))
    claim("always saying no, and the probe before training, are at most two in a hundred behind", right[2, at["closes"]] - min(always_no[at["closes"]], right_0[2, at["closes"]]) < 0.02)
    claim("ten files train and ten judge, with about twelve thousand tokens each", all(len(some.file.unique()) == 10 and about(len(some), 12_000) for some in (train, test)))
    claim("the probe before training lies between the two", always_no[at["closes"]] < right_0[2, at["closes"]] < right[2, at["closes"]])
    claim("inside brackets: before training at most one in a hundred more than always no, after it at least six in a hundred more",
          right_0[2, at["in_brackets"]] - always_no[at["in_brackets"]] < 0.01 and right[2, at["in_brackets"]] - always_no[at["in_brackets"]] > 0.06)  # fmt: skip

# %% [markdown]
# ## 1 · A probe is a direction
#
# A **probe** is a small classifier that is trained on a model's internal vectors, while the model itself stays as it is. Its labels have to come from somewhere. Ours are exact and free, because Python's own tokenizer and parser say of every token what it is. The model never sees them.
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
ax.plot(*new_one, "s", ms=9, color=plots.INK, label="a new token")
ax.plot([], [], color=plots.EDITED, lw=2, label="halfway")
ax.set(xlim=(-1, 6), ylim=(-1.6, 5), xticks=range(7), yticks=range(-1, 6), aspect="equal")
side.legend(*ax.get_legend_handles_labels(), loc="center left")
plots.show(
    fig, "Two points inside and two outside with their means, an arrow from mean to mean, a line across it halfway; the new token is a little above the line.",
    "The mass-mean probe by hand. What is on the arrow's side of the orange line is taken for inside.",
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
# On tokens of new files it is right at 85 of 100 or a little more, inside and outside alike. In the puzzle's figure always saying *no* was right nearly as often, because most tokens are outside, but it misses every token inside, and the two means find most of those. What the mass-mean probe leaves out is how the vectors scatter around their means, and how much rarer one class is. **Logistic regression** takes both into account: it turns and shifts its border until the two clouds are separated better.

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
    fig, "Two overlapping slanted clouds with their means. Left: an arrow from mean to mean and a line across it, halfway. Right: a nearly level line, at another slant than the one halfway.",
    "Six hundred tokens, inside brackets (blue) and outside (olive), in a plane through the 192 dimensions that was chosen because the clouds lie "
    "slanted in it. Large dots: the two means. Orange: where each probe changes its answer, if it sees only this plane.",
)  # fmt: skip

# %% [markdown]
# It looks for a direction $w$ and a bias $b$ such that $\sigma(w \cdot x + b)$ is high on tokens with the property and low on the others, where $\sigma$ turns any number into a probability:
#
# $$\text{minimise}\quad \sum_\text{tokens} \text{cross-entropy}\big(\sigma(w\cdot x+b),\, y\big) \;+\; \frac{\lambda}{2}\,|w|^2 .$$
#
# The second term, the penalty, keeps $w$ from growing without end where a few tokens can be separated by chance. Its strength $\lambda$ is chosen for each probe separately, on the ten training files alone.

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
# A probe can read *inside brackets* before layer 2. To see whether it could do so at any layer, and in any network, we fit sixty probes: for twelve labels at five places, before each of the four layers and after the last. *Before layer 2*, halfway through the model, stays our example.
#
# Accuracy flatters rare properties, as the puzzle shows. For a map of all sixty we therefore measure how much a probe *knows*, by its cross-entropy on new files, beside the cross-entropy that is left when only the rate of the label is known:
#
# $$\text{removed share} \;=\; 1 - \frac{\text{cross-entropy of the probe}}{\text{cross-entropy if only the rate is known}} .$$
#
# Cross-entropy is in nats here: like bits, with the natural logarithm. If knowing the rate leaves 0.4 nats a token and the probe 0.1, the **removed share** is ¾. It is 0 for a probe that reads nothing, and 1 for one that is always right and sure. A probe that is sure and wrong can fall below 0.
#
# Of the labels, *definition* is a name where it is given a value (or imported, or made a parameter); *parameter* is one in the head of a function; *attribute* is a name after a dot, and *call* is a name that is called.

# %% figure
known = probing.removed(probes, train, test)
known_0 = probing.removed(probes_0, train_0, test_0)
spoken = {"opens": "opening bracket", "closes": "closing bracket", "in_brackets": "inside brackets"}
spoken = {name: spoken.get(name, name.replace("kind_", "").replace("_", " ")) for name in train.labels}
fig, axes = plots.figure(1, 2, height=3.8, sharey=True)
for ax, found, title in ((axes[0], known_0, "before training"), (axes[1], known, "trained")):
    image = plots.heatmap(ax, found.share.T.clamp(min=0), signed=False, limit=1.0, bar=False, aspect="auto")
    ax.set(title=title, xticks=range(5), xticklabels=["0", "1", "2", "3", "end"], xlabel="before layer")
axes[0].set(yticks=range(12), yticklabels=spoken.values())
fig.colorbar(image, ax=axes, label="removed share")
plots.show(
    fig, "Before training only opening and closing brackets, and keywords at the embedding, are dark; in the trained model most labels darken until layer 2 or 3.",
    "Removed share for twelve labels at five places, on new files. What is below 0 is white.",
)  # fmt: skip

# %% [markdown]
# Before training the probe can only use what a random network keeps: which token it is, a little of its position, and a blur of the tokens before it. That is nearly enough for brackets, which are a few tokens of the vocabulary, but not for *definition*, which in the trained model comes up layer by layer.
#
# Beside each number belongs its **null**: what the same measurement gives where there is nothing to be found. Here it is the model before training. As both models read the same ten files, we ask by how much the trained model's probe is right more often, token by token. The tokens of one file resemble each other, and so the intervals come from drawing whole files again and again, with replacement (a bootstrap over files). From here on a scoreboard keeps count, in the puzzle's measure: how much more often a probe is right.

# %% figure
board = {}  # (label, test): by how much its probe before layer 2 is right more often than the null

def note(label, null, difference):
    board[label, null] = mean_interval(difference, clusters=test.file)

for name in ("closes", "definition", "in_brackets"):
    hit, hit_0 = ((which.logits(some.x)[2, :, at[name]] > 0) == some.y[:, at[name]] for which, some in ((probes, test), (probes_0, test_0)))
    note(spoken[name], "always no", hit.float() - (~test.y[:, at[name]]).float())
    note(spoken[name], "before training", hit.float() - hit_0.float())
plots.show(
    drawing.scoreboard(board),
    "Closing bracket: two short intervals around 0. Definition: two intervals above 0, green. Inside brackets: two wide intervals around 0.",
    "The scoreboard. By how much a probe before layer 2 is right more often than each null, as a share of the tokens of the ten new files, with 95 % intervals over files. "
    "The upright line is 0; where the whole interval lies above it, the cell is green.",
)  # fmt: skip

# %% claims
best, best_0 = known.share.amax(0), known_0.share.amax(0)
with claims():
    claim("before training three labels have more than 0.5 removed at some place, opening and closing brackets and keywords, and no other has 0.15",
          {train.labels[k] for k in range(12) if best_0[k] > 0.5} == {"opens", "closes", "kind_keyword"} and int((best_0 > 0.15).sum()) == 3)
    claim("keywords have more than half removed before training at the embedding alone", known_0.of("kind_keyword")[0] > 0.5 and known_0.of("kind_keyword")[1:].max() < 0.3)
    claim("a random network's best probe for brackets comes within 0.12 of the trained one's best", (best - best_0)[[at["opens"], at["closes"]]].abs().max() < 0.12)
    claim("in the trained model every label but the two brackets is known better at its best place than before training at its best, by more than 0.2",
          {train.labels[k] for k in range(12) if best[k] < best_0[k] + 0.2} == {"opens", "closes"})
    claim("eleven of the twelve are known best before layer 2, before layer 3 or at the end, not earlier", int((known.share.argmax(0) >= 2).sum()) == 11)
    claim("for definitions, what is removed rises from layer 0 to layer 3 at every step, from less than 0.2 to more than 0.7",
          known.of("definition")[:4].diff().min() > 0 and known.of("definition")[0] < 0.2 and known.of("definition")[3] > 0.7)  # fmt: skip
    claim("definition has both intervals above 0, and of the others every interval contains 0",
          all((board[spoken[name], null][1] > 0) == (name == "definition") and board[spoken[name], null][2] > 0 for name in ("closes", "definition", "in_brackets") for null in ("always no", "before training")))  # fmt: skip
    claim("closing bracket is right more often than before training by 6 tokens in a thousand", rounds_to(board["closing bracket", "before training"][0], "0.006"))
    claim("inside brackets has a higher mean than definition, and an interval from −0.04 to 0.18", board["inside brackets", "before training"][0] > board["definition", "before training"][0] and rounds_to(board["inside brackets", "before training"][1], "-0.04") and rounds_to(board["inside brackets", "before training"][2], "0.18"))

# %% [markdown]
# *Definition* passes both tests, so training has put something there. *Closing bracket* passes neither: its probe is right more often than before training by 6 tokens in a thousand, and because that interval contains 0, the puzzle's 99 of 100 are no evidence that training added anything. *Inside brackets* is undecided. Its lead over the untrained model is larger than that of *definition*, but the interval reaches from −0.04 to 0.18, because the files disagree. The difference in the puzzle's right panel may therefore be chance. Section 4 finds out what is odd about it.

# %% [markdown]
# ## 3 · Reading, or memorising
#
# Training put something there that helps with *definition*. But the probe was trained too, and it may have memorised the answer, token by token, rather than read it. Two nulls test this, each with a probe of its own.
#
# Hewitt & Liang (2019) proposed the first. Invent a property that the model cannot possibly have: toss a coin for every token of the vocabulary, once, and let that be the token's label wherever it occurs. The coin is biased, so that on average as many tokens get a *yes* as have the property. This is a **control task**. A probe that solves it has memorised the coins, and can use them in new files, because the same tokens come back there. The accuracy on the property minus that on its control task is called **selectivity**.
#
# The second asks whether the probe knows more than which token it has before it. Keep the true labels, but shuffle them among the places of each token: the commas get as many *yes* as before, only not where they belong. These are **labels shuffled within tokens**. A probe that is fitted to them can learn how often a comma is inside brackets, but not which commas are.

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
    "the four commas are still a yes, and two of the four tokens “b” with a space before, but not only the right ones.",
)  # fmt: skip

# %% figure
both = [at[name] for name in ("definition", "in_brackets")]
y, new_y, share = train.y[:, both], test.y[:, both], train.y[:, both].float().mean(0)

def hits_of(y, new_y, x=train.x, new_x=test.x):
    """Where probes fitted to labels of training files are right in new files: (place, row, label)."""
    return ((probing.fit_chosen(replace(train, x=x, y=y, labels=())).logits(new_x) > 0) == new_y).float()

def coin_labels(some, share):
    coins = [torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(i)) for i in range(2)]
    return torch.stack([probing.control_labels(some.ids, c, s) for c in coins for s in share], 1)

dealt = torch.stack([probing.shuffled_within(train.ids, v, i) for i in range(2) for v in y.T], 1)
found = hits_of(torch.cat([coin_labels(train, share), dealt], 1), torch.cat([coin_labels(test, share), new_y.repeat(1, 2)], 1))
on_coins, shuffled = found.unflatten(2, (2, 2, 2)).permute(2, 3, 0, 1, 4)  # each (draw, place, row, label)
hits = ((probes.logits(test.x) > 0) == test.y)[..., both].float()
fig, axes = plots.figure(1, 2, height=2.9, sharey=True)
ahead = {}  # (null, label): at each place the difference and its interval
for n, (ax, name) in enumerate(zip(axes, ("definition", "inside brackets"), strict=True)):
    for i, (null, some) in enumerate((("control task", on_coins), ("shuffled labels", shuffled))):
        ahead[null, name] = value, low, high = torch.tensor([mean_interval(row, clusters=test.file) for row in (hits - some.mean(0))[..., n]]).T
        ax.errorbar(torch.arange(5) + 0.14 * i, value, torch.stack([value - low, high - value]), fmt="os"[i] + "-", color=plots.SERIES[(0, 5)[i]], capsize=3, label=f"than the {null}")
    ax.axhline(0, color=plots.NULL, lw=1, ls=":")
    ax.set(title=name, xlabel="before layer", xticks=range(5), xticklabels=["0", "1", "2", "3", "end"])
axes[0].set(ylabel="right more often, share of tokens")
axes[1].legend(loc="lower right")
plots.show(
    fig, "Definition: at or below 0 at first, then clearly above 0 from layer 2 on for both nulls. Inside brackets: above 0 from layer 1 on, with intervals around 0.",
    "By how much the probe is right more often than each null (mean of two draws), with 95 % intervals over the ten files. Against the control task this is the selectivity.",
)  # fmt: skip

# %% claims
with claims():
    claim("in the line the shuffled labels keep two of four commas and two of four “ b”, and differ from the true ones at both",
          all(int((line == i).sum()) == 4 and int(line_nulls["labels shuffled within tokens"][line == i].sum()) == int(line_y[line == i].sum()) == 2 and (line_nulls["labels shuffled within tokens"] != line_y)[line == i].any()
              for i in (model.tokenizer(",")["input_ids"][-1], model.tokenizer(" b")["input_ids"][-1])))
    claim("there the control task labels equal tokens alike, and some tokens yes", all(len(set(line_nulls["control task"][line == i].tolist())) == 1 for i in line.unique().tolist()) and line_nulls["control task"].any())
    claim("for definitions the whole interval is above 0 before layers 2 and 3 and at the end, for both nulls", all((ahead[null, "definition"][1, 2:] > 0).all() for null in ("control task", "shuffled labels")))
    claim("for inside brackets, from layer 1 on every value is above 0 and no interval leaves 0 out", all((ahead[null, "inside brackets"][0, 1:] > 0).all() and (ahead[null, "inside brackets"][1, 1:] < 0).all() for null in ("control task", "shuffled labels")))
    claim("at the embedding the interval of the lead over the shuffled labels contains 0", all(ahead["shuffled labels", name][1, 0] <= 0 <= ahead["shuffled labels", name][2, 0] for name in ("definition", "inside brackets")))
    claim("there the control tasks are ahead of both, on average", all(ahead["control task", name][0, 0] < 0 for name in ("definition", "inside brackets")))

# %% [markdown]
# *Definition* passes. From layer 2 on its probe beats both nulls with the whole interval, so that what it knows is neither memorised nor a matter of the token alone: it comes from the context.
#
# *Inside brackets* stays undecided. From layer 1 on its probe beats both nulls on average, but each interval contains 0.
#
# At the embedding, where a vector is little more than its token, no probe is shown to know more than its shuffled labels, and on average the coins do better, because a token's own coin can be memorised.

# %% figure
for name in ("definition", "inside brackets"):
    for null, column in (("control task", "coins"), ("shuffled labels", "shuffled labels")):
        board[name, column] = tuple(ahead[null, name][:, 2].tolist())
plots.show(
    drawing.scoreboard(board),
    "Definition has four green cells. Inside brackets has four wide intervals around 0. For closing brackets coins and shuffled labels were not tried.",
    "The scoreboard after section 3. An average over ten files can hide a good deal: next we look at the files of “inside brackets” one by one.",
)  # fmt: skip

# %% [markdown]
# ## 4 · What a docstring gives away
#
# In nine of the ten new files the probe does well. In one it fails badly.

# %% figure
files = test.file.unique().tolist()
parts = {f: test[test.file == f] for f in files}
by_file = {name: {f: float(probes.loss(some.x, some.y)[2, at[name]]) for f, some in parts.items()}
           for name in ("definition", "in_brackets")}  # label: the probe's cross-entropy in each file
worst = max(by_file["in_brackets"], key=by_file["in_brackets"].get)
others = [value for f, value in by_file["in_brackets"].items() if f != worst]
fig, ax = plots.figure(height=1.7, width=6.4)
for i, values in enumerate(by_file.values()):
    ax.plot(list(values.values()), [1 - i] * len(values), "o", ms=8, color=plots.SERIES[0], alpha=0.5)
ax.set(yticks=[1, 0], yticklabels=["definition", "inside brackets"], ylim=(-0.5, 1.5), xlim=(0, None), xlabel="cross-entropy of the probe, nats")
ax.annotate("one file", (by_file["in_brackets"][worst], 0), (0, 10), textcoords="offset points", ha="center", fontsize=10)
plots.show(
    fig, "Ten dots for definition lie close together near 0; so do nine for inside brackets, and one lies far to the right.",
    "How wrong a probe is before layer 2, in each of ten new files (dots).",
)  # fmt: skip

# %% [markdown]
# This is how that file begins.

# %% figure
some = parts[worst]
p_inside = (some.x[2] @ probes.directions[2, at["in_brackets"]] + probes.bias[2, at["in_brackets"]]).sigmoid()
words = [model.tokenizer.decode([i]) for i in some.ids.tolist()]
end = next(i for i in range(len(words)) if "".join(words[:i]).count("\n") == 13)
plots.show(
    sae.shaded_code(words[:end], {"what the probe says (darker: more surely inside)": p_inside[:end]}, columns=1),
    "The first lines of a module that is one long docstring: the probe is dark between the brackets of the examples in it.",
    "The beginning of this file, which is one docstring, with what the probe says at each token. For Python's parser no bracket is open anywhere in it, so that by the label all of it should be white.",
)  # fmt: skip

# %% claims
inside_written = probing.brackets_written(some, model.tokenizer)
told_inside, told_outside = p_inside[inside_written].mean(), p_inside[~inside_written].mean()
behind = {f: float((hits - shuffled.mean(0))[2, test.file == f, 1].mean()) for f in files}
with claims():
    claim("in the worst file the cross-entropy is at least five times that of the next", by_file["in_brackets"][worst] > 5 * max(others))
    claim("in the nine others it is below 0.3 nats, and for definitions below 0.2 in all ten", max(others) < 0.3 and max(by_file["definition"].values()) < 0.2)
    claim("no token of that file's part is inside brackets, by Python's parser", not some.label("in_brackets").any())
    claim("the probe gives inside written brackets more than 0.6 there on average, and elsewhere less than 0.05", float(told_inside) > 0.6 and float(told_outside) < 0.05)
    claim("all of the file's part is in a docstring", some.label("in_docstring").all())
    claim("against the shuffled labels, before layer 2, this file is behind by more than 20 in 100, and eight of the other nine are ahead",
          behind[worst] < -0.2 and sum(value > 0 for f, value in behind.items() if f != worst) == 8)  # fmt: skip

# %% [markdown]
# The file's part that we read is a docstring throughout, and has examples in brackets. For Python's parser a bracket inside a string is a character like any other, so the label is *no* throughout. The probe says *yes* between the brackets, and with confidence. It looks as if it had found brackets that are *written*, whether Python counts them or not. That can be tested: we label the same tokens again, this time counting brackets inside strings and comments too, and fit a second probe to this label.

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

def losses(probes, tokens):
    """Cross-entropy at each row, in nats: (layer, row, label)."""
    return torch.nn.functional.softplus(torch.where(tokens.y, -probes.logits(tokens.x), probes.logits(tokens.x)))

with claims():
    claim("of inside written brackets more than two thirds are removed, by the whole interval, and of inside brackets the interval contains 0", known_w.row("written")["layer 2"][1] > 2 / 3 and known.row("in_brackets")["layer 2"][1] < 0)
    claim("it removes about four fifths", about(known_w.row("written")["layer 2"][0], 0.8))
    claim("in the file with the docstring the second probe's cross-entropy is less than a tenth of the first one's, and smaller than in another file", by_file["written"][worst] < by_file["in_brackets"][worst] / 10 and by_file["written"][worst] < max(by_file["written"].values()))
    claim("in the training files the two labels part at fewer than two tokens in a hundred", (wrote != train.label("in_brackets")).float().mean() < 0.02)
    claim("a bracket that counts is a written one", not (train.label("in_brackets") & ~wrote).any() and not (test.label("in_brackets") & ~wrote_new).any())  # fmt: skip

# %% [markdown]
# The second probe removes about four fifths of the uncertainty, and in the file with the docstring its cross-entropy is less than a tenth of the first one's. But this very file suggested the new label, so it cannot also be the judge. The judge is nine files that were kept back: shorter or longer ones, of which we take the beginning. We ask the *first* probe, trained for *inside brackets*, about the tokens where the two labels differ: those inside a bracket that is written but does not count. By its own label it should say *no* at every one of them.

# %%
further = probing.further_files(model, contexts=180)
further_w = relabelled(further)
says = probes.logits(further.x)[2, :, at["in_brackets"]] > 0  # the first probe
quiet_new = further.label("in_string") | further.label("in_comment")
part = further_w.y[:, 0] & ~further.label("in_brackets")  # where the labels differ
rows = {"inside a written bracket": part, "elsewhere in them": quiet_new & ~part}
says_yes = {name: mean_interval(says[some].float(), clusters=further.file[some])
            for name, some in rows.items()}
table({name: {"the first probe says yes": yes} for name, yes in says_yes.items()}, decimals=2)

# %% caption
caption("Strings and comments of nine further files: share of tokens at which the probe for “inside brackets” says yes. By its label none should be. 95 % intervals over files.")

# %% claims
known_new = probing.removed(probes_w, train_w, further_w).row("written")["layer 2"]
known_old = probing.removed(probes, train, further).row("in_brackets")["layer 2"]
ahead_new = mean_interval(losses(probes, further)[2, :, at["in_brackets"]] - losses(probes_w, further_w)[2, :, 0], clusters=further.file)
with claims():
    claim("nine files", len(further.file.unique()) == 9)
    claim("it sides with the written bracket at about six tokens in ten, and elsewhere in strings and comments says yes at fewer than one in seven", about(says_yes["inside a written bracket"][0], 0.62) and says_yes["elsewhere in them"][0] < 1 / 7)
    claim("the two intervals do not overlap", says_yes["inside a written bracket"][1] > says_yes["elsewhere in them"][2])
    claim("in the further files the second probe removes about four fifths, and the first less, by the paired interval of the cross-entropies", about(known_new[0], 0.8) and known_old[0] < known_new[0] and ahead_new[1] > 0)

# %% [markdown]
# The first probe sides with the written bracket, against its own label, at about six in ten of these tokens, though elsewhere in strings and comments it says *yes* at fewer than one in seven. That is a surprise, because it was labelled by Python's parser. It could learn the other property under its own label's name, because in its training files the two labels differ at fewer than two tokens in a hundred. What the vectors hold is therefore whether a bracket is open *as written*. A probe finds *something* that correlates with its label in the data that it was given.
#
# Does *inside written brackets* pass the tests at which *inside brackets* was left undecided? It gets a row of its own.

# %% figure
x, new_x, x_0, new_x_0 = (some.x[[2]] for some in (train, test, train_0, test_0))
w_share = wrote.float().mean()[None]
dealt_w = torch.stack([probing.shuffled_within(train.ids, wrote, i) for i in range(2)], 1)
right_w = hits_of(train_w.y, test_w.y, x, new_x)[0]  # (row, 1)
nulls_w = {"before training": hits_of(train_w.y, test_w.y, x_0, new_x_0)[0],
           "control task": hits_of(coin_labels(train, w_share), coin_labels(test, w_share), x, new_x)[0],
           "labels shuffled within tokens": hits_of(dealt_w, test_w.y.repeat(1, 2), x, new_x)[0]}
tested = {name: [mean_interval(right_w[:, 0] - some.mean(1), clusters=test.file)] for name, some in nulls_w.items()}
note("inside written brackets", "always no", right_w[:, 0] - (~wrote_new).float())
for (found,), column in zip(tested.values(), ("before training", "coins", "shuffled labels"), strict=True):
    board["inside written brackets", column] = found
by_label = {"inside brackets": ~says[part], "inside written brackets": probes_w.logits(further.x)[2, part, 0] > 0}
agrees = {name: mean_interval(right.float(), clusters=further.file[part]) for name, right in by_label.items()}
board |= {(name, "other data"): f"right at\n{value:.0%}" for name, (value, *_) in agrees.items()}
plots.show(
    drawing.scoreboard(board),
    "Inside written brackets: four green cells, and right at 94 % in other data; inside brackets: four wide intervals around 0, and 38 %.",
    "The scoreboard after section 4 (coins and shuffled labels: the mean of two draws). Other data: the tokens of the nine further files where the two bracket labels differ, and at how many each probe says what its own label says.",
)  # fmt: skip

# %% claims
with claims():
    claim("inside written brackets is ahead of all three nulls by the whole interval", all(rows[0][1] > 0 for rows in tested.values()) and board["inside written brackets", "always no"][1] > 0)
    claim("on the disputed tokens of the further files it is right by its label at more than nine in ten, and the first probe by its own at fewer than four in ten", agrees["inside written brackets"][0] > 0.9 and agrees["inside brackets"][0] < 0.4)
    claim("of each single draw of coins and of shuffled labels, too", all(mean_interval(right_w[:, 0] - column, clusters=test.file)[1] > 0 for some in nulls_w.values() for column in some.T))
    claim("before training its probe is right no more often than always saying no, to within one in a hundred", abs(nulls_w["before training"].mean() - (1 - wrote_new.float().mean())) < 0.01)

# %% [markdown]
# It passes all four with its whole interval, and on the disputed tokens its probe is right by its own label at more than nine in ten, where the first probe is right by *its* label at fewer than four in ten. So training did make a difference, as it seemed to on the first page, only to another property than the one that we had asked for. One reserve stays: the label was thought of after a look at the ten files of the first four columns.
#
# ## 5 · A shortcut, planted
#
# The docstring's probe learned what agreed with its label. To see such a failure in full we turn to small networks in which we know everything, because it was planted.

# %% figure
drawing.planted_network().captioned("A planted network. The encoder makes features of eight bits, and a hidden vector h of twelve numbers holds each of them along a direction of its own. From h a head makes the answer.")

# %% [markdown]
# Two of the features could decide the answer. The *rule* is whether most of three bits are 1, and an answer counts as right if it follows the rule. The *shortcut* is whether two other bits differ; it serves as well, as long as the two agree. We probe for the shortcut, so that it is our **property**, and the rule is its **rival**.
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
with claims():
    claim("the probe is right on every usual input", ((odds > 0) == y)[usual].all())
    claim("log odds of 6 are a probability of 0.998", f"{float(torch.tensor(6.0).sigmoid()):.3f}" == "0.998")
    claim("on usual inputs the log odds are about 6 in all five networks", about(sizes[True], 6))
    claim("on unusual inputs they are less than 0.05 in all five", max(sizes[False]) < 0.05)
    claim("the probe weighs shortcut and rule alike, to within a hundredth", between(slope, -1.01, -0.99))
    claim("the vectors lie at four points of the plane, 64 at each", all(float((h[(y == a) & (network.rival == b)] @ plane).std(0).max()) < 0.01 and int(((y == a) & (network.rival == b)).sum()) == 64 for a in (True, False) for b in (True, False)))
measured("probing.unusual", "undecided: near even odds" if odds[~usual].abs().mean() < 0.5 else "as decided, and right")

# %% [markdown]
# The probe is undecided, because it could not know which of the two was meant. In $h$ shortcut and rule have a direction each. On usual inputs they agree, and the probe takes half of each. On unusual inputs the halves cancel, and rounding decides what the probe says. It is so in each of five networks. Nothing in the probe's training, and no test on data of the same kind, could have shown it.
#
# The docstring's failure has the same cause: there too the training data could not say which of two properties was meant. It ended otherwise. The docstring's probe took one side, the written brackets, as one would expect if the model's vectors hold little of what the parser counts.

# %% [markdown]
# ## 6 · Readable, but used?
#
# Suppose that this is mended, and the probe is trained on all inputs, usual and unusual. It then reads the shortcut without error. But that does not yet show that the network *uses* the shortcut.
#
# Here are two networks, A and B. They share one encoder, so that their hidden vectors are equal, number by number, and so is what a probe says, because it sees nothing but $h$. On all usual inputs their answers are equal too. A third network, C, has another encoder, from which the shortcut was left out, so that a probe can only guess. We judge a probe on inputs that it was not fitted on, and the answers on the usual inputs.

# %%
A, B = probing.twins(0)
C = probing.planted("absent")
half = torch.rand(256, generator=torch.Generator().manual_seed(0)) < 0.5

def probe_accuracy(one):
    """Fitted on half of the inputs, judged on the other half."""
    probe = probing.fit_logistic(one.h[half][None], one.label[half][:, None], 0.1)
    return float((((probe.logits(one.h[None])[0, :, 0] > 0) == one.label)[~half]).float().mean())

networks = {"A": A, "B": B, "C": C}  # in all, one more bit turns the answer round
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
    fig, "In network A the grey area is the upper half and all four arrows cross its border; in network B it is the right half and no arrow crosses.",
    "The same plane in both networks. Dark grey: where the head answers yes, when everything else is as in one input. Arrows: "
    "interchanges along the shortcut's direction, from each of the four points. The heads were made for these points alone, and where a border runs between them is of no account.",
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
          [one.answer(rest + torch.tensor([[1.0, -1.0], [-1.0, 1.0]]) @ plane.T).tolist() for one in (A, B)] == [[False, True], [True, False]])
    claim("A is wrong on every unusual input, B on none", not (A.answer(h) == A.wanted)[~usual].any() and (B.answer(h) == B.wanted)[~usual].all())  # fmt: skip
measured("probing.turned", "all in one and none in the other" if turned["A"][differ].all() and not turned["B"][differ].any() else "about half in both")

# %% [markdown]
# Every answer of A turns and none of B's, although their vectors are equal and a probe reads them without an error. The reason is in the heads. B's reads the rule. A's has learned the shortcut, and as long as the two agree nobody can see it. A property is **absent** if the probes that were tried cannot read it, **present** if one of them can, and **used** if the answer changes when the property, and nothing else, is changed.
#
# | network | can a probe read the shortcut? | does an interchange turn the answer? | the shortcut is |
# | --- | --- | --- | --- |
# | C | no | – | absent |
# | B | yes | no | present, not used |
# | A | yes | yes | used |
#
# A probe can decide between *absent* and *present*. Between *present* and *used* only an intervention can.
#
# Knowing the mechanism one can also say in advance where a network fails: A must be wrong on every unusual input, where shortcut and rule differ. It is wrong on all of them, and B on none.

# %% [markdown]
# ## 7 · Does the code model use it?
#
# Back to the model that reads Python. Its vectors hold whether a token is *inside written brackets*; whether it uses this, an interchange has to show. In an indented line, `return result`, no bracket is open. Before layer 2 we give each of its tokens, except the first one, which starts every text, the component that tokens inside written brackets have on average along the difference of the class means.

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
with claims():
    claim("as it is, a closing bracket gets less than one in a hundred; moved “inside”, more than one in ten, and is the first guess",
          chances[0][close] < 0.01 and chances[1][close] > 0.1 and chances[1].argmax() == close)  # fmt: skip
measured("probing.expects", kinds.get(gains, gains))

# %% [markdown]
# With the new component a closing bracket becomes the model's first guess, in a line where no bracket is open. (Try another: change the text in the cell and run it again.) But one line is an example. We ask three things in turn: whether this works everywhere and both ways, by which way it works, and what happens in strings.
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
# It works both ways: the direction does more than every placebo, and ranks first of 25. Where tokens get the component, closing brackets become about eighteen times as probable (in the geometric mean), and where they lose it, less than half as probable.

# %% claims
own = {group: mean_interval(by[0], clusters=groups[group].file) for group, by in moved.items()}
lead = {group: [mean_interval(by[0] - row, clusters=groups[group].file) for row in by[25:]] for group, by in moved.items()}  # over labels shuffled within tokens
with claims():
    claim("both effects are above 0 by their whole intervals", all(low > 0 for _, low, _ in own.values()))
    claim("both ways it does more than each of 24 placebos: it ranks first of 25", len(placebos) == 24 and all((by[0].mean() > by[1:25].mean(1)).all() for by in moved.values()))
    claim("about eighteen times as probable, and less than half", about(torch.tensor(own["gets it"][0]).exp(), 18) and between(torch.tensor(-own["loses it"][0]).exp(), 0.35, 0.5))
    claim("it is ahead of labels shuffled within tokens both ways, by the whole interval", all(low > 0 for rows in lead.values() for _, low, _ in rows))

# %% [markdown]
# **By which way.** Placebos do not point to the answer, but our direction may. In this model a token's embedding is also the direction along which the token is predicted, so whatever lies along the embedding of “)” leads straight to the answer. We interchange along this embedding alone, and along what is left of our direction without it.

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
    fig, "Left: the embedding alone does more than two thirds of the whole direction, the rest less than a third. Right: the embedding does more than the whole, and the rest lies left of 0.",
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
# This changes the verdict: it works mostly by way of “)”. The embedding of “)” alone carries more than two thirds of the gain and more than the whole loss, and without it less than a third of the gain is left. (Where tokens lose what is left, closing brackets even become *more* probable, as they do along most random directions.)
#
# The reason is that halfway through the model the vectors at tokens inside brackets already lean towards “)”, and what we exchanged was for the most part an answer in the making. *Used* needs that the property is changed and nothing else. What has been shown is less: the model's expectation follows the brackets.
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
    fig, "The whole direction and the embedding alone lie above 1 with their whole intervals; the direction without the embedding has an interval around 0.",
    "The same at tokens inside written brackets that do not count for Python, in strings and comments of files that were not looked at before, with 95 % intervals over files.",
)  # fmt: skip

# %% claims answer
by_strings = -rise("in strings", placebos[::4], False).mean(1)
in_strings = {way: rows[0] for way, rows in apart["in strings"].items()}
with claims():
    claim("closing brackets become less probable, by more than 0.5 nats in the whole interval", in_strings["inside written brackets"][1] > 0.5)
    claim("that is at least as much as in code", in_strings["inside written brackets"][0] > own["loses it"][0])
    claim("and more than along any of six placebos", in_strings["inside written brackets"][0] > by_strings.max())
    claim("the embedding alone does at least as much, and without it the interval contains 0", in_strings["the embedding of “)” alone"][0] > in_strings["inside written brackets"][0] and in_strings["the direction without it"][1] < 0 < in_strings["the direction without it"][2])
    claim("no bracket counts there", not groups["in strings"].label("in_brackets").any())
measured("probing.docstring", "they become less probable, as in code" if in_strings["inside written brackets"][1] > 0.5 else "hardly anything")

# %% [markdown]
# They become less probable there too, at least as much as in code, and more than along any of six placebos; again the embedding of “)” does at least as much by itself. So the model does not seem to ask whether a bracket counts for Python. Its vectors hold whether one is *written*, and lean towards its partner, because a bracket that is opened in an example is closed there, whatever the parser thinks of it. In section 4 nothing was wrong with the model: our label had asked for something else.
#
# And *definition*, which passed every test of section 3? After a definition one may expect “=”. We interchange along *its* difference of means, beside its own placebos, and ask for “=”.

# %% figure
defined, equals = train.label("definition"), torch.tensor([model.tokenizer.decode([i]).strip() == "=" for i in range(model.cfg.d_vocab)])
away = torch.cat([means_apart(torch.stack([defined, *(defined[deal] for deal in deals)], 1)), placebos[12:]])
for_equals = {}
for group_name, gets, chosen in (("gets it", True, first), ("loses it", False, torch.cat([first + 1, first + 2]))):
    group = halved(test, torch.isin(test.place[:, 0], chosen) & (test.label("definition") != gets))
    pool = train.x[2][defined == gets]
    donors = pool[torch.randint(len(pool), (len(group),), generator=torch.Generator().manual_seed(0))]
    by = probing.interchanged(model, group, 2, away[0], donors, equals, away) * (1 if gets else -1)
    for_equals[group_name] = mean_interval(by[0], clusters=group.file), by[1:].mean(1)
board["inside written brackets", "interchange"] = "moves “)”,\nmostly directly"
board["definition", "interchange"] = "“=”: not\nshown"
plots.show(
    drawing.scoreboard(board),
    "The whole scoreboard. Only inside written brackets has a cell in every column; its interchange moves “)”, mostly directly. For definition an effect on “=” is not shown.",
    "The scoreboard at the end. Interchange: what it changes, beside 24 placebos.",
)  # fmt: skip

# %% claims
with claims():
    claim("where tokens get the definition’s component some placebo raises “=” more", for_equals["gets it"][1].max() > for_equals["gets it"][0][0])
    claim("where they lose it the interval contains 0", for_equals["loses it"][0][1] < 0 < for_equals["loses it"][0][2])
    claim("beside 24 placebos, both for brackets and for definitions", len(placebos) == len(for_equals["gets it"][1]) == 24)

# %% [markdown]
# For *definition* nothing is shown: where tokens get its component, some placebo raises “=” more, and where they lose it, the interval of the effect contains 0. That a property passes every test of reading does not tell that the model uses it for the answer that one thought of.

# %% [markdown]
# ## 8 · What if it is erased?
#
# An interchange gives a vector another value of the property. One can also take the property out, and ask whether the model then predicts worse. **LEACE** (Belrose et al. 2023) changes the vectors as little as possible, such that afterwards no *linear* probe does better than a guess.

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
    "stretches it back. One of the two dimensions is left, and in it the classes lie upon one another.",
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
contexts = test.contexts[::2]  # of all ten files
at_closing = closing[contexts[:, 1:]]  # where the next token is a closing bracket

def worse(change):
    """Rise of the loss, in nats, where a closing bracket comes next, and elsewhere."""
    def put(x, hook):
        return torch.cat([x[:, :1], change(x[:, 1:])], 1)
    with model.hooks(fwd_hooks=[("blocks.2.hook_resid_pre", put)]):
        rise = model(contexts, return_type="loss", loss_per_token=True) - as_it_is
    where = {"a closing bracket": at_closing, "another token": ~at_closing}
    return {name: round(float(rise[rows].mean()), 3) for name, rows in where.items()}

as_it_is = model(contexts, return_type="loss", loss_per_token=True)
worse(probing.leace(train.x[2], wrote))

# %% figure answer
def without_line(v):
    """A change that takes out what lies along one direction."""
    return lambda x: x - ((x - train.x[2].mean(0)) @ (v / v.norm()))[..., None] * (v / v.norm())

erased = {"inside written brackets": [probing.leace(train.x[2], wrote)], "the embedding of “)”": [without_line(answer_way)],
          "6 shuffled labels": [probing.leace(train.x[2], wrote[deal]) for deal in deals[:6]], "6 random directions": [without_line(v) for v in placebos[12:18]],
          "2 shuffled within tokens": [probing.leace(train.x[2], probing.shuffled_within(train.ids, wrote, i)) for i in range(2)]}
costs = {name: [worse(change) for change in changes] for name, changes in erased.items()}
fig, ax = plots.figure(height=2.5, width=6.4)
for i, rows in enumerate(costs.values()):
    colour = plots.EDITED if i < 2 else plots.NULL
    for place, fill, up in (("another token", "white", -0.16), ("a closing bracket", colour, 0.16)):
        ax.plot([row[place] for row in rows], [up - i] * len(rows), "o", ms=7, mec=colour, mfc=fill)
ax.axvline(0, color=plots.NULL, lw=0.8)
ax.set(yticks=range(0, -5, -1), yticklabels=list(costs), ylim=(-4.5, 0.5), xlabel="rise of the loss, nats")
plots.show(
    fig, "Erasing inside written brackets, or the embedding, raises the loss at closing brackets by about one nat and elsewhere hardly; shuffled labels and random directions do nothing much, labels shuffled within tokens a fifth of it.",
    "What erasing before layer 2 costs where a closing bracket comes next (filled) and where another token does (hollow), in the ten new files.",
)  # fmt: skip

# %% claims answer
gone_now, new_now = (probing.leace(train.x[2], wrote)(some.x[2])[None] for some in (train, test))
hidden = probing.fit_hidden(gone_now, wrote[:, None], 16, 1000.0, steps=60)
hidden_right = float(((hidden.logits(new_now)[0, :, 0] > 0) == wrote_new).float().mean())
directly = probing.fit_logistic(gone_now, wrote[:, None], 1000.0, tolerance=1e-4).logits(new_now)[0, :, 0] > 0
middles = [points[inside].mean(0) - points[~inside].mean(0) for points in panels.values()]
here, answer_gone = costs["inside written brackets"][0], costs["the embedding of “)”"][0]
nulls = [row for name in ("6 shuffled labels", "6 random directions") for row in costs[name]]
with claims():
    claim("after erasing, the class means are equal, and the few lines give what the course's eraser gives", float((gone[wrote].mean(0) - gone[~wrote].mean(0)).norm() / toward.norm()) < 1e-3 and float((gone - gone_now[0]).norm() / (gone - train.x[2]).norm()) < 0.01)
    claim("in the figure of the plane they are, too, and apart before; one dimension is left", middles[2].norm() < 1e-3 * middles[0].norm() and middles[1].norm() > 0.1 and int(torch.linalg.matrix_rank(panels["erased"], rtol=1e-3)) == 1)
    claim("at closing brackets erasing costs about one nat, and elsewhere less than a twentieth of that", about(here["a closing bracket"], 1.0) and 0 < here["another token"] < here["a closing bracket"] / 20)
    claim("the contexts are of all ten files", len({int(test.file[test.place[:, 0] == i][0]) for i in range(0, len(test.contexts), 2)}) == 10)
    claim("none of the twelve shuffled labels and random directions costs a tenth of it there", len(nulls) == 12 and max(row["a closing bracket"] for row in nulls) < here["a closing bracket"] / 10)
    tokens_only = [row["a closing bracket"] for row in costs["2 shuffled within tokens"]]
    claim("labels shuffled within tokens cost 0.2 nats there in both draws, a fifth of it", [round(v, 1) for v in tokens_only] == [0.2, 0.2] and all(between(v / here["a closing bracket"], 0.15, 0.25) for v in tokens_only))
    claim("the embedding of “)” costs at least as much", answer_gone["a closing bracket"] >= here["a closing bracket"])
    claim("right after erasing a linear probe is right as often as always saying no, to one in a hundred", abs((directly == wrote_new).float().mean() - (~wrote_new).float().mean()) < 0.01)
    claim("but a probe with 16 hidden units is right there at more than 0.88, against 0.77 for always saying no", hidden_right > 0.88 and between(1 - wrote_new.float().mean(), 0.765, 0.775))
measured("probing.erased", "far more than elsewhere" if here["a closing bracket"] > 3 * max(here["another token"], max(row["a closing bracket"] for row in nulls)) else "hardly at all" if here["a closing bracket"] < 0.1 else "about as much as elsewhere")

# %% [markdown]
# Far more than elsewhere. Where a closing bracket comes next, the loss rises by about one nat, where another token does, by less than a twentieth of that, and none of the twelve shuffled labels and random directions costs a tenth of it. The harder null, labels shuffled within tokens, costs 0.2 nats there in both of two draws, so that a fifth of the loss may come from which token is being read. It surprises how cleanly one dimension of 192 goes with one kind of token. But erasing the embedding of “)” costs at least as much, so that this, too, does not tell the property from the answer in the making. And the property is not gone for every reader: right after the erasing a probe with 16 hidden units is right at more than 88 tokens in 100, where always saying *no* is right at 77.

# %% [markdown]
# ## 9 · Steering, and what it does not prove
#
# **Steering** means to add one and the same arrow to every vector and see what the model then says. We want closing brackets to become more probable, and add one of three directions before layer 2, at every position except the first: the mass-mean probe's, the logistic probe's, and the embedding of the token “)”. A longer arrow does more, and harms more. Where the text goes on with something else, the loss rises, and that rise is the price. To compare fairly, each direction gets the length at which its price is 0.1 nats a token. The null is twelve random directions.

# %% figure
contexts = test.contexts[::8]
ways = {"mass-mean probe": toward, "logistic probe": probes_w.directions[2, 0],
        "embedding": model.W_U[:, close]}
rng = torch.Generator().manual_seed(1000)
ways |= {f"random {i}": torch.randn(192, generator=rng) for i in range(12)}
lengths = tuple(float(toward.norm()) * s for s in (0.5, 1.0, 1.5))
steered = probing.steered(model, contexts, 2, ways, lengths, closing)
effect = steered.at_price(0.1)
drawn_effect = steered.drawn_at_price(0.1)  # contexts drawn with replacement: (draw, direction)
fig, ax = plots.figure(height=2.1, width=6.6)
for i in range(3):
    low, high = interval(drawn_effect[:, i])
    ax.errorbar(effect[i], -i, xerr=[[effect[i] - low], [high - effect[i]]], fmt="o", ms=8, capsize=4, color=plots.EDITED)
ax.plot(effect[3:], [-3] * 12, "o", ms=6, color=plots.NULL, alpha=0.7)
ax.axvline(0, color=plots.NULL, lw=0.8)
ax.set(yticks=range(0, -4, -1), yticklabels=["mass-mean probe", "logistic probe", "embedding of “)”", "12 random directions"], ylim=(-3.5, 0.5), xlabel="rise of the log-probability of closing brackets, nats")
plots.show(
    fig, "Mass-mean 1.7, logistic 1.8; the embedding more than any; random directions between −1 and 0.93.",
    "Effect of steering before layer 2 at equal price: each direction has the length at which the loss elsewhere rises by 0.1 nats (read off between three lengths). Six contexts, each of another file; 95 % intervals over contexts.",
)  # fmt: skip

# %% claims
with claims():
    ends = [interval(drawn_effect[:, a] - drawn_effect[:, b]) for a, b in ((0, 1), (2, 0), (2, 1))]
    claim("between the two probes the paired interval, contexts drawn anew, contains 0", ends[0][0] < 0 < ends[0][1])
    claim("the embedding is ahead of both probes, by the whole interval", ends[1][0] > 0 and ends[2][0] > 0)
    claim("all three have a larger effect than the twelve random directions", min(effect[:3]) > max(effect[3:]))
    claim("so it is at a price of 0.05 as well", int(steered.at_price(0.05).argmax()) == 2 and min(steered.at_price(0.05)[:3]) > max(steered.at_price(0.05)[3:]))
    claim("every direction, random ones included, has a price that grows with its length", (steered.side_effect.mean(2).diff(dim=1) > 0).all())
    claim("six contexts, each of another file", len(contexts) == len({int(test.file[test.place[:, 0] == i][0]) for i in range(0, 48, 8)}) == 6)

# %% [markdown]
# The embedding of “)” does most, and it knows nothing of open brackets: it leads to the answer directly. Steering shows what a direction *can* do, and not that the model uses the property that it was found by. Both probes' directions do more than every random one, and which of the two does more we cannot say (Marks & Tegmark (2023) found in language models that mass-mean directions change outputs more). Random directions are too easy a null for steering. A fair rival is a direction that reaches the answer without the property.

# %% [markdown]
# ## 10 · A recipe for your own probe
#
# **The puzzle, answered.** That a probe reads *closing bracket* at 99 of 100 tokens may say no more than that the vector has not lost which token it belongs to, which is nearly so before the model has learned anything. *Inside brackets* was read less well, and it led to more: the vectors hold whether a token is inside *written* brackets, which passed every null, and what the model expects next follows it, in code and in strings, and suffers when it is erased. That the model uses the property apart from this expectation was not shown.
#
# 1. *The rate.* How often is the commoner answer right?
# 2. *The untrained model.* How good is the same probe there, on the same tokens?
# 3. *Control tasks.* How well does it learn coins, and labels shuffled within tokens? Take intervals over what is independent, such as files.
# 4. *Other data.* Find cases where the property differs from what usually correlates with it. When the probe fails there, name what it reads instead, and put that through steps 1 to 3.
# 5. *Interchange.* Change the property both ways, and beside it other labels, placebos, and what leads straight to the answer. Only this step can say *used*.
#
# **What remains uncertain.** The held-out files were divided once, and intervals over ten files are wide. *Written brackets* was a guess after one file, and only nine files have tested it. *Absent* only means: not readable by the kinds of probes that were tried, since a property that is spread over several directions can be present and remain unseen. And the planted networks are clean: their features lie along orthogonal directions without noise.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "99 % right can mean nothing", "evidence": "a random network gives nearly the same for closing brackets", "control": "always saying no; the model before training",
     "where it fails": "“definition” cannot be read before training"},
    {"claim": "Controls can show that a probe reads", "evidence": "“definition” and “inside written brackets” beat every null by the whole interval", "control": "the untrained model; two sets of coins; labels shuffled within tokens; intervals over files",
     "where it fails": "“inside brackets”: one file of ten makes the interval contain 0"},
    {"claim": "A probe can have learned another property than its label", "evidence": "in further files it sides with written brackets, against its own label", "control": "strings and comments outside of brackets; five planted networks",
     "where it fails": "when the training data hold enough cases where the two differ"},
    {"claim": "Present does not mean used", "evidence": "two networks with the same hidden vectors; one turns under interchange, the other does not", "control": "donors with the same property; five pairs of networks",
     "where it fails": "needs the right direction"},
    {"claim": "What the code model expects follows “inside written brackets”", "evidence": "an interchange changes it both ways, in code and in strings", "control": "first of 25 beside 24 placebos; labels shuffled within tokens; the embedding of “)”",
     "where it fails": "most of it goes along the embedding of “)”: use apart from the answer was not shown"},
    {"claim": "Without “inside written brackets” the model predicts closing brackets worse, and little else", "evidence": "LEACE before layer 2 costs about one nat there", "control": "six shuffled labels; six random directions",
     "where it fails": "erasing the embedding of “)” costs as much; a probe with a hidden layer still reads the property"},
    {"claim": "Steering alone is weak evidence", "evidence": "the embedding of “)” does more than either probe’s direction", "control": "equal price; twelve random directions",
     "where it fails": "six contexts, one kind of token"},
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

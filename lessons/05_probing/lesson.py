# %% [markdown]
# # Probing
#
# **A puzzle.** A small model reads Python. We take the vector that it holds at each token after the first of its four layers, and train a classifier to say from this vector alone whether the token is a closing bracket. On files that neither of them has seen, the classifier is right at 99 of 100 tokens. What have we learned about the model?
#
# It is tempting to answer: the model knows where brackets close. The left panel shows why this does not follow. Somebody who always says *no* is nearly as good. So is the same classifier on the same model *before* training, when its weights were random numbers. For another property, whether a token is inside brackets, the right panel looks different.
#
# This lesson is about what such a classifier shows and what it does not. At its end you can tell, for a property and a model, whether the property is *absent*, *present*, or *used*, and you know which experiment each of the three words needs.

# %% [markdown] contents
# You need lesson 0: the residual stream and activation patching. Lesson 2 helps with section 8, where one of the features that its dictionary found comes back. The exercises take about three and a half hours (an estimate).

# %% setup

# %%
from dataclasses import replace

import torch

from course_utils import plots, probing, sae, zoo
from course_utils.intervals import interval, mean_interval
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import measured, predict, table
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
    heights = [always_no[at[name]], right_0[1, at[name]], right[1, at[name]]]
    ax.bar(range(3), heights, 0.6, color=[plots.NULL, plots.SERIES[1], plots.SERIES[0]])
    for i, height in enumerate(heights):
        ax.text(i, float(height) + 0.015, f"{float(height):.3f}", ha="center", va="bottom", fontsize=9)
    ax.set(title=words, xticks=range(3), xticklabels=["always no", "before training", "trained"], ylim=(0, 1.12))
axes[0].set(ylabel="share of tokens right")
plots.show(
    fig, "Closing bracket: three bars of almost the same height, near 1. Inside brackets: two equal bars and a third that is higher.",
    "Share of tokens on which each is right, in new files: always saying no, a classifier after the "
    "first layer of the model before its training, and the same for the trained model.",
)  # fmt: skip

# %% claims
with claims():
    claim("for closing brackets the trained model's probe is right at 99 of 100 tokens after the first layer", between(right[1, at["closes"]], 0.985, 0.995))
    claim("always saying no, and the probe before training, are at most two in a hundred behind", right[1, at["closes"]] - min(always_no[at["closes"]], right_0[1, at["closes"]]) < 0.02)
    claim("the probe before training lies between the two", always_no[at["closes"]] < right_0[1, at["closes"]] < right[1, at["closes"]])
    claim("inside brackets: before training at most one in a hundred more than always no, after it at least six in a hundred more",
          right_0[1, at["in_brackets"]] - always_no[at["in_brackets"]] < 0.01 and right[1, at["in_brackets"]] - always_no[at["in_brackets"]] > 0.06)  # fmt: skip

# %% [markdown]
# ## 1 · A probe is a direction
#
# A **probe** is a small classifier that is trained on a model's internal vectors, while the model itself stays as it is. Its labels have to come from somewhere. Here they are exact and free: Python's own tokenizer and parser say of every token what it is. The model never sees these labels.
#
# The simplest probe needs two means. Suppose that vectors had two numbers only. Two tokens inside brackets are at (4, 4) and (2, 4), and two outside are at (0, 1) and (2, −1). The means are (3, 4) and (1, 0), and the arrow from one to the other is (2, 4). A new token is at (4, 2). Is it inside? The point halfway between the means is (2, 2). From there the new token is (2, 0) away, and

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
# On tokens of new files it is right at 85 of 100 or a little more, inside and outside. The mass-mean probe does not care how the vectors scatter. **Logistic regression** does: it turns its border until the two clouds are separated better.

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
# The second term, the penalty, keeps $w$ from growing without end where a few tokens can be told apart by chance. Its strength $\lambda$ is chosen for each probe separately, on training files alone. Here are both probes on a line of code, token by token.

# %% figure
text = "total = sum(price[i] * (1 + tax) for i in range(10)) + other\n"
ids = torch.tensor([model.tokenizer(text)["input_ids"]])
_, cache = model.run_with_cache(ids)
words = [model.tokenizer.decode([i]) for i in ids[0, 1:].tolist()]
here = cache["resid_pre", 2][0, 1:]
line_truth = torch.from_numpy(token_labels(text, model.tokenizer).flags["in_brackets"][1:].astype(bool))
along = ((here - halfway) @ direction) / direction.square().sum()
sure = (here @ probes.directions[2, at["in_brackets"]] + probes.bias[2, at["in_brackets"]]).sigmoid()
panels = {"what is true": line_truth.float(), "mass-mean probe": (along - along.min()).clamp(min=0), "logistic probe": sure}
plots.show(
    sae.shaded_code(words, panels, columns=1),
    "Both probes are darker between the outer brackets than outside; the logistic probe is the sharper one.",
    "“Inside brackets” at each token: what Python's parser says, and what two probes say before layer 2; darker is more. "
    "An opening bracket with no other around it counts as outside.",
)  # fmt: skip

# %% claims
plane_right = [float((((two @ normal) > value) == yes).float().mean()) for normal, value in borders.values()]
with claims():
    claim("by hand: the new token scores 4, the means are (3, 4) and (1, 0), and halfway is (2, 2)", float(by_hand) == 4 and [end.tolist() for end in ends] == [[1, 0], [3, 4]] and middle.tolist() == [2, 2])
    claim("the vectors have 192 numbers", train.x.shape[2] == 192)
    claim("the mass-mean probe is right at 85 to 87 of 100 tokens, inside and outside", between([float((score[truth] > 0).float().mean()), float((score[~truth] < 0).float().mean())], 0.845, 0.875))
    claim("in the plane the logistic border is turned by more than ten degrees from the other and right at more tokens",
          torch.cosine_similarity(*(normal for normal, _ in borders.values()), dim=0).abs() < 0.985 and plane_right[1] > plane_right[0])
    claim("in the line both probes are darker inside the outer brackets than outside, on average", sure[line_truth].mean() > sure[~line_truth].mean() and along[line_truth].mean() > along[~line_truth].mean())
    claim("and the logistic probe is the sharper one: as a share of its range, inside and outside lie further apart",
          sure[line_truth].mean() - sure[~line_truth].mean() > (along[line_truth].mean() - along[~line_truth].mean()) / (along.max() - along.min()))  # fmt: skip

# %% [markdown]
# ## 2 · What training adds
#
# A probe can read *inside brackets* before layer 2. Could it do so at any layer, and in any network? We have five places, before each of four layers and after the last, and twelve labels, so sixty probes. *Before layer 2* stays our example, halfway through the model.
#
# Accuracy flatters rare properties, as the puzzle shows. So where we compare places and networks, we measure how much a probe *knows*, by its cross-entropy on new files. It is compared with that of somebody who knows only how often the label is true:
#
# $$\text{removed share} \;=\; 1 - \frac{\text{cross-entropy of the probe}}{\text{cross-entropy of one who knows the rate}} .$$
#
# If knowing the rate leaves 0.4 nats a token and the probe 0.1, the **removed share** is ¾. It is 0 for a probe that reads nothing, and 1 for one that is always right and sure. A probe that is sure and wrong can fall below 0.
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
# Before training the probe can only use what a random network keeps: which token it is, a little of its position, and a blur of the tokens before it. That is nearly enough for brackets, which are a few tokens of the vocabulary. It is not enough for *definition*. In the trained model that property comes up layer by layer.
#
# How sure are these numbers? Tokens of one file resemble each other, so the intervals come from drawing whole files anew, of which there are ten. Beside each number belongs its **null**: what the same measurement gives where there is nothing to be found. Here it is the model before training.

# %% figure
three = ("closes", "definition", "in_brackets")
fig, ax = plots.figure(height=2.1, width=6.4)
for i, name in enumerate(three):
    share, low, high = known.row(name)["layer 2"]
    ax.errorbar(share, -i, xerr=[[share - low], [high - share]], fmt="o", ms=8, capsize=4, color=plots.SERIES[0], label=None if i else "trained")
    ax.plot(known_0.row(name)["layer 2"][0], -i, "D", ms=7, mfc="white", mec=plots.NULL, mew=2, zorder=4, label=None if i else "before training")
ax.axvline(0, color=plots.NULL, lw=0.8)
ax.set(yticks=[0, -1, -2], yticklabels=[spoken[name] for name in three], ylim=(-2.5, 0.5), xlim=(-1.15, 1.05), xlabel="removed share")
ax.legend(loc="upper left", bbox_to_anchor=(0.02, 1.0))
plots.show(
    fig, "Closing bracket: a wide interval that contains the value before training. Definition: a narrow one far above it. Inside brackets: an interval from −1 to 0.8.",
    "Removed share before layer 2 in new files, with 95 % intervals (ten files drawn anew).",
)  # fmt: skip

# %% claims
best, best_0 = known.share.amax(0), known_0.share.amax(0)
low, high = (known.low[2], known.high[2])
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
    claim("for closing brackets the value before training lies inside the interval", low[at["closes"]] < known_0.share[2, at["closes"]] < high[at["closes"]])
    claim("for definitions the whole interval lies above the value before training, by more than 0.5", low[at["definition"]] > known_0.share[2, at["definition"]] + 0.5)
    claim("for inside brackets the interval reaches from about −1 to about 0.8", about(low[at["in_brackets"]], -1) and about(high[at["in_brackets"]], 0.8))
    claim("the new files are ten", len(test.file.unique()) == 10)

# %% [markdown]
# For *definition* the trained model is far ahead: training has put it there. For closing brackets the value before training lies inside the interval, so that we cannot tell whether training added anything to it. The puzzle's 99 of 100 is then no evidence that it did. *Inside brackets* cannot be judged either, since its interval reaches from −1 to 0.8. We return to it in section 4.

# %% [markdown]
# ## 3 · Reading, or learning by heart?
#
# Training put something there that helps with *definition*. But the probe was trained too, and it may have learned the answer by heart, token by token, rather than read it. Two nulls test this, each with a probe of its own.
#
# Hewitt & Liang (2019) proposed the first. Invent a property that the model cannot possibly have: toss a coin for every token of the vocabulary, once, and let that be the token's label wherever it occurs. The coin is biased, so that on average as many tokens get a *yes* as have the property. This is a **control task**. Whoever solves it has learned the coins by heart, and can use them in new files, where the same tokens come back. The accuracy on the property minus that on its control task is called **selectivity**.
#
# The second asks whether the probe knows more than which token it has before it. Keep the true labels, but shuffle them among the places of each token: the commas get as many *yes* as before, only not where they belong. These are **labels shuffled within tokens**. A probe that is fitted to them can learn how often a comma is inside brackets. It cannot learn where.

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

def hits_of(y, new_y):
    """Where probes fitted to labels of training files are right in new files: (place, row, label)."""
    return ((probing.fit_chosen(replace(train, y=y, labels=())).logits(test.x) > 0) == new_y).float()

def coin_labels(some):
    coins = [torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(i)) for i in range(3)]
    return torch.stack([probing.control_labels(some.ids, c, s) for c in coins for s in share], 1)

dealt = torch.stack([probing.shuffled_within(train.ids, v, i) for i in range(3) for v in y.T], 1)
found = hits_of(torch.cat([coin_labels(train), dealt], 1), torch.cat([coin_labels(test), new_y.repeat(1, 3)], 1))
on_coins, shuffled = found.unflatten(2, (2, 3, 2)).permute(2, 3, 0, 1, 4)  # each (draw, place, row, label)
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
    "By how much the probe is right more often than each null (mean of three draws), with 95 % intervals over the ten files. Against the control task this is the selectivity.",
)  # fmt: skip

# %% claims
with claims():
    claim("in the line the shuffled labels keep two of four commas and two of four “ b”, and differ from the true ones at both",
          all(int((line == i).sum()) == 4 and int(line_nulls["labels shuffled within tokens"][line == i].sum()) == int(line_y[line == i].sum()) == 2 and (line_nulls["labels shuffled within tokens"] != line_y)[line == i].any()
              for i in (model.tokenizer(",")["input_ids"][-1], model.tokenizer(" b")["input_ids"][-1])))
    claim("there the control task labels equal tokens alike, and some tokens yes", all(len(set(line_nulls["control task"][line == i].tolist())) == 1 for i in line.unique().tolist()) and line_nulls["control task"].any())
    claim("for definitions the whole interval is above 0 before layers 2 and 3 and at the end, for both nulls", all((ahead[null, "definition"][1, 2:] > 0).all() for null in ("control task", "shuffled labels")))
    claim("for inside brackets, from layer 1 on every value is above 0 and no interval leaves 0 out", all((ahead[null, "inside brackets"][0, 1:] > 0).all() and (ahead[null, "inside brackets"][1, 1:] < 0).all() for null in ("control task", "shuffled labels")))
    claim("at the embedding no probe is ahead of the shuffled labels by one in two hundred, by its whole interval", all(ahead["shuffled labels", name][:, 0].abs().max() < 0.005 for name in ("definition", "inside brackets")))
    claim("there the control tasks are ahead of both, on average", all(ahead["control task", name][0, 0] < 0 for name in ("definition", "inside brackets")))

# %% [markdown]
# At the embedding neither probe is ahead. A vector there *is* its token, and a probe can learn what it likes about tokens: coins, too.
#
# For *definition* the controls decide. From layer 2 on its probe is ahead of both nulls, with its whole interval. It knows something that is neither learned by heart nor a matter of the token alone. What is left is the context.
#
# For *inside brackets* they do not. From layer 1 on the probe is ahead of both nulls on average, but each interval contains 0. So *inside brackets* is undecided for the second time. What is the matter with it?

# %% [markdown]
# ## 4 · Right here, and elsewhere?
#
# The ten new files show it. In nine of them the probe does well, and in one it fails badly.

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
# This is a piece of that file, with what the probe says about it.

# %% figure
some = parts[worst]
p_inside = (some.x[2] @ probes.directions[2, at["in_brackets"]] + probes.bias[2, at["in_brackets"]]).sigmoid()
start = int(torch.nn.functional.avg_pool1d(p_inside[None, None], 60, 1).argmax())
words = [model.tokenizer.decode([i]) for i in some.ids[start : start + 60].tolist()]
plots.show(
    sae.shaded_code(words, {"what the probe says": p_inside[start : start + 60], "what is true (no, everywhere)": some.label("in_brackets")[start : start + 60].float()}, columns=1),
    "A docstring with examples in brackets: the probe is dark between them, the label is light everywhere.",
    "The sixty tokens of this file on which the probe says most (darker is more), and the label.",
)  # fmt: skip

# %% claims
opened = [[sum(c in kind for c in model.tokenizer.decode([i])) for kind in ("([{", ")]}")] for i in some.ids.tolist()]
change = torch.tensor(opened) @ torch.tensor([1, -1])
after = change.cumsum(0)  # brackets that are written and not yet closed
written = torch.minimum(after, after - change) > 0
told_inside, told_outside = p_inside[written].mean(), p_inside[~written].mean()
behind = {f: float((hits - shuffled.mean(0))[2, test.file == f, 1].mean()) for f in files}
with claims():
    claim("in the worst file the cross-entropy is at least five times that of the next", by_file["in_brackets"][worst] > 5 * max(others))
    claim("in the nine others it is below 0.3 nats, and for definitions below 0.2 in all ten", max(others) < 0.3 and max(by_file["definition"].values()) < 0.2)
    claim("no token of that file's part is inside brackets, by Python's parser", not some.label("in_brackets").any())
    claim("the probe gives inside written brackets more than 0.6 there on average, and elsewhere less than 0.05", float(told_inside) > 0.6 and float(told_outside) < 0.05)
    claim("and at least nine tenths of it are in a docstring", some.label("in_docstring").float().mean() > 0.9)
    claim("against the shuffled labels, before layer 2, this file is behind by more than 20 in 100, and eight of the other nine are ahead",
          behind[worst] < -0.2 and sum(value > 0 for f, value in behind.items() if f != worst) == 8)  # fmt: skip

# %% [markdown]
# Nearly all of this piece is a docstring, and it is full of examples in brackets. For Python's parser a bracket inside a string is a character like any other, so the label is *no* throughout. The probe says *yes*, with confidence. It has found brackets that are *written*, whether Python counts them or not. In this file it is far behind the labels shuffled within tokens, and in eight of the nine others it is ahead of them.
#
# A probe finds *something* that goes with the property in the data it was given. To see how that happens we need a case where the truth is known. The course has small networks in which everything was planted.

# %% figure
drawing.planted_network().captioned("A planted network. The encoder makes features of eight bits, and a hidden vector h of twelve numbers holds each of them along a direction of its own. From h a head makes the answer. The table says which answers count as right.")

# %% [markdown]
# Two of the features could decide the answer: the **property**, which is whether two of the bits differ, and its **rival**, which is whether most of three other bits are 1. The right answer follows the rival: it is *yes* where the rival is true. Where the *switch* is on, it is the opposite. The property does not enter into what is right. What a network makes of it is the question of section 5.
#
# On half of the 256 inputs property and rival agree, as written brackets and brackets that count do outside strings and comments. These are the *usual* inputs. Train a probe for the property on them. How sure it is of an answer we read from its *log odds*, $w\cdot x+b$: 0 is undecided, and 6 in size means a probability of 0.998 for one of the two answers.

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
plane = torch.stack([r / r.norm(), p / p.norm()], 1)  # (12, rival and property)
w, b = narrow.directions[0, 0] @ plane, narrow.bias[0, 0]
fig, (ax, side) = plots.figure(1, 2, height=3.3, width=6.8, gridspec_kw={"width_ratios": (1, 1)})
side.axis("off")
for some, full, name in ((usual, True, "usual inputs"), (~usual, False, "unusual inputs")):
    for true, colour in ((True, plots.SERIES[0]), (False, plots.SERIES[3])):
        at_once = (h @ plane)[some & (y == true)]
        ax.plot(*at_once.mean(0), "o", ms=20, mec=colour, mfc=colour if full else "white", mew=2.5, zorder=3)
        ax.plot([], [], "o", ms=9, mec=colour, mfc=colour if full else "white", mew=2, label=f"{name}, property {'true' if true else 'false'}")
ends = torch.linspace(-1.7, 1.7, 2)
ax.plot(ends, -(w[0] * ends + b) / w[1], color=plots.EDITED, zorder=1, label="where the probe is undecided")
ax.set(xlabel="along the rival's direction", ylabel="along the property's direction", xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), xticks=(-1, 0, 1), yticks=(-1, 0, 1), aspect="equal")
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
    claim("the probe weighs property and rival alike, to within a hundredth", between(slope, -1.01, -0.99))
    claim("the vectors lie at four points of the plane, 64 at each", all(float((h[(y == a) & (network.rival == b)] @ plane).std(0).max()) < 0.01 and int(((y == a) & (network.rival == b)).sum()) == 64 for a in (True, False) for b in (True, False)))
measured("probing.unusual", "undecided: near even odds" if odds[~usual].abs().mean() < 0.5 else "as decided, and right")

# %% [markdown]
# In $h$ the property and its rival have a direction each. On usual inputs the two always agree, and the probe takes half of each. On unusual inputs the halves cancel, and what the probe then says is decided by rounding. So it is in each of five networks. Nothing in the probe's training, and no test on data of the same kind, could have shown that.
#
# The docstring may be a failure of the same kind. The number of brackets that are *written* could be the rival there, and the number that *counts* the property: outside strings and comments the two are the same, and in a docstring they part. But that probe was not undecided, it said yes and was wrong. Perhaps the vectors hold only the written brackets; we have not tested it.

# %% [markdown]
# ## 5 · Read, and used?
#
# Suppose that all this is mended. Train the probe on all inputs, usual and unusual, and it reads the property without error. Does that show that the network *uses* the property?
#
# Here are two networks, A and B. Their encoders are one and the same, so that every hidden vector is the same in both, number by number. No probe can tell them apart, whatever its kind, since a probe sees nothing but $h$. Their answers are the same as well, on all usual inputs. A third network, C, has another encoder: the property was left out of it. We judge a probe on inputs that it was not fitted on, and the answers on the usual inputs.

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
              "answers right": float((one.answer(one.h) == one.wanted)[usual].float().mean())}
       for name, one in networks.items()}, decimals=2)

# %% [markdown]
# What does a network do with the property? Change it, and look at the answer. Take two inputs that differ in the property, a receiver and a donor. Give the receiver's hidden vector the donor's component along the property's direction, and leave everything else as it is. This is an **interchange** along a direction (Geiger et al. 2023).

# %% figure
drawing.interchange_by_hand().captioned("An interchange in the plane of section 4. The receiver gets the donor's height, which stands for the property, and keeps its own place along the rival's direction.")

# %% [markdown]
# By hand, with $u = (0, 1)$ for the property's direction: the receiver is at $(1, -1)$ and the donor at $(-1, 1)$. Their difference is $(-2, 2)$, its component along $u$ is 2, and so the receiver moves to $(1, -1) + 2\cdot(0, 1) = (1, 1)$. In general, for unit length $u$:
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
    ax.set(title=f"network {name}", xlabel="along the rival's direction", xticks=(-1, 0, 1), yticks=(-1, 0, 1), aspect="equal")
axes[0].set(ylabel="along the property's direction")
plots.show(
    fig, "In network A the grey area is the upper half and all four arrows cross its border; in network B it is the right half and no arrow crosses.",
    "The same plane in both networks. Grey: where the head answers yes (switch off, everything else as in one input). Arrows: "
    "interchanges along the property's direction, from each of the four points. The borders were drawn by asking the heads.",
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
    claim("in the drawing A's answer depends on the property alone, B's on the rival alone",
          [one.answer(rest + torch.tensor([[1.0, -1.0], [-1.0, 1.0]]) @ plane.T).tolist() for one in (A, B)] == [[False, True], [True, False]])
    claim("A is wrong on every unusual input, B on none", not (A.answer(h) == A.wanted)[~usual].any() and (B.answer(h) == B.wanted)[~usual].all())  # fmt: skip
measured("probing.turned", "all in one and none in the other" if turned["A"][differ].all() and not turned["B"][differ].any() else "about half in both")

# %% [markdown]
# The two heads were made in different ways. A's takes the property for its answer, B's takes the rival, and on usual inputs the two agree. (Where receiver and donor have the same property, nothing turns in either.) A property is **absent** if the probes that were tried cannot read it, **present** if one of them can, and **used** if the answer changes when the property, and nothing else, is changed.
#
# | network | can a probe read the property? | does an interchange turn the answer? | the property is |
# | --- | --- | --- | --- |
# | C | no | – | absent |
# | B | yes | no | present, not used |
# | A | yes | yes | used |
#
# A probe can tell *absent* from *present*. Only an intervention can tell *present* from *used*.
#
# Who knows the mechanism can also say in advance where a network fails. A follows the property, and the right answer follows the rival. On unusual inputs the two differ, so A must be wrong on all of them. It is, and B on none.

# %% [markdown]
# ## 6 · Does the code model use it?
#
# Back to the model that reads Python, and to *inside brackets*, which no probe could settle. In the line `    return result` no bracket is open. We give each of its tokens, but for the first that starts every text, the component that tokens *inside* brackets have on average along the difference of the class means, before layer 2.

# %% prediction
predict("probing.expects")

# %% answer
ids = torch.tensor([model.tokenizer("    return result")["input_ids"]])
u, mean_inside = direction / direction.norm(), train.x[2][inside].mean(0)

def put_inside(x, hook):
    return torch.cat([x[:, :1], x[:, 1:] + ((mean_inside - x[:, 1:]) @ u)[..., None] * u], 1)

chances = [model.run_with_hooks(ids, fwd_hooks=hooks)[0, -1].softmax(-1)
           for hooks in ([], [("blocks.2.hook_resid_pre", put_inside)])]
table({repr(model.tokenizer.decode([i])): {"as it is": float(chances[0][i]),
                                           "moved “inside”": float(chances[1][i])}
       for i in chances[1].topk(4).indices.tolist()}, decimals=3)

# %% caption answer
caption("Probability of the token after “    return result”, in the model as it is, and when each token has the component of those inside brackets. The four most probable ones then.")

# %% claims answer
gains = model.tokenizer.decode([int((chances[1] - chances[0]).argmax())])
kinds = {")": "a closing bracket", ",": "a comma", "\n": "a line break", "(": "an opening bracket"}
close = model.tokenizer(")")["input_ids"][-1]
with claims():
    claim("as it is, a closing bracket gets less than one in a hundred; moved “inside”, more than one in ten, and is the second guess",
          chances[0][close] < 0.01 and chances[1][close] > 0.1 and chances[1].topk(2).indices[1] == close)  # fmt: skip
measured("probing.expects", kinds.get(gains, gains))

# %% [markdown]
# One line shows what is meant. To test it, we take all tokens of twenty contexts, two from each of the ten new files. If the model uses *inside brackets*, closing brackets should become more probable where the tokens outside get the component of tokens inside, and less probable where those inside lose it. Each is a run of its own, in which the other tokens stay as they are.
#
# Something else could have the same effect. Four nulls go as far, token by token, in another way. A **placebo** is a move along the difference of means of labels that mean nothing: the same labels, shuffled.
#
# | null | what would it mean if it did as much? |
# | --- | --- |
# | the same direction, a donor of the token's *own* label | any exchange has the effect, whatever the property |
# | twelve placebos | any push among the model's vectors has it |
# | three directions of labels shuffled within tokens | it is a matter of which tokens tend to be inside |
# | the directions of the eleven other labels | it need not be *this* property |

# %%
def means_apart(labels):
    """The difference of the class means before layer 2, for each column of labels: (label, d)."""
    return probing.mass_mean(train.x[2][None], labels).directions[0]

deals = [torch.randperm(len(inside), generator=torch.Generator().manual_seed(i)) for i in range(12)]
names = [name for name in train.labels if name != "in_brackets"]
own, others = means_apart(inside[:, None]), means_apart(train.y[:, [at[name] for name in names]])
placebos = means_apart(torch.stack([inside[deal] for deal in deals], 1))
within = means_apart(torch.stack([probing.shuffled_within(train.ids, inside, i) for i in range(3)], 1))
basis = torch.linalg.qr(others[:2].mT).Q  # of opening and closing brackets
bare = own - own @ basis @ basis.mT
{"of its squared length, left without the brackets": round(float(bare.norm() / own.norm()) ** 2, 2)}

# %% figure
closing = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}") for i in range(model.cfg.d_vocab)])
first = torch.tensor([int(test.place[test.file == f, 0].min()) for f in files])  # context of each file
two_each = torch.isin(test.place[:, 0], torch.cat([first, first + 1]))
groups = {True: test[two_each & ~truth], False: test[two_each & truth]}  # those who get it, those who lose it
onto = torch.cat([own, bare, placebos, within, others])

def rise(gets, donor_inside, onto):
    """By how much closing brackets become more probable at each token of a group, in nats: (direction, token)."""
    some, pool = groups[gets], train.x[2][inside == donor_inside]
    donors = pool[torch.randint(len(pool), (len(some),), generator=torch.Generator().manual_seed(0))]
    return probing.interchanged(model, some, 2, direction, donors, closing, onto)

moved = {gets: rise(gets, gets, onto) for gets in groups}  # (direction, token)
same = {gets: float(rise(gets, not gets, own).mean()) for gets in groups}
over_files = {gets: [mean_interval(row, clusters=groups[gets].file) for row in by[:2]] for gets, by in moved.items()}
fig, axes = plots.figure(1, 2, height=4.9, sharey=True)
for ax, gets, title in zip(axes, (True, False), ("outside: gets “inside”", "inside: loses it"), strict=True):
    mean = moved[gets].mean(1)
    rows = {"without the brackets’ parts": mean[[1]], "donor of the same label": torch.tensor([same[gets]]), "12 placebos": mean[2:14],
            "labels shuffled within tokens": mean[14:17]} | {spoken[name]: mean[[17 + i]] for i, name in enumerate(names)}
    drawing.effect_rows(ax, over_files[gets][0], rows, measured=1, nulls=3)
    ax.set(title=title, xlabel="rise of the log-probability, nats")
plots.show(
    fig, "Left: the own direction at 2.4, opening bracket at 3, the labels shuffled within tokens at 2, placebos below 1.4. Right: the own direction at −0.6, closing bracket at −0.9, the shuffled labels at 0, and most placebos above 0.",
    "By how much closing brackets become more probable (below 0: less), on average over tokens. Orange: along the direction of “inside brackets”, with its 95 % interval over "
    "files; hollow: along what is left of it without its parts along the directions of opening and closing bracket. Grey: nulls. Black: directions of other labels.",
)  # fmt: skip

# %% claims
by_label = {gets: dict(zip(names, by[17:], strict=True)) for gets, by in moved.items()}

def ahead_of(label, gets):
    """The interval, over files, of the difference to another label's direction on the same tokens."""
    return mean_interval(moved[gets][0] - by_label[gets][label], clusters=groups[gets].file)

up, down = (over_files[gets][0][0] for gets in (True, False))
placebo, of_tokens = ({gets: by.mean(1)[part] for gets, by in moved.items()} for part in (slice(2, 14), slice(14, 17)))
most = {gets: {name: float(by.mean()) for name, by in found.items()} for gets, found in by_label.items()}
everything = torch.linalg.qr(others.mT).Q
last_part = own - own @ everything @ everything.mT
leftover = {gets: mean_interval(rise(gets, gets, last_part)[0], clusters=groups[gets].file) for gets in groups}
with claims():
    claim("twenty contexts, two from each of ten files, and every group moved alone", int(first.diff().min()) >= 2 and len(torch.cat([g.place[:, 0] for g in groups.values()]).unique()) == 20 and len(groups[True].file.unique()) == 10)
    claim("closing brackets become about eleven times as probable, and about half as probable, in the geometric mean", about(torch.tensor(up).exp(), 11) and about(torch.tensor(down).exp(), 0.5))
    claim("both intervals over files leave 0 out", over_files[True][0][1] > 0 and over_files[False][0][2] < 0)
    claim("no placebo adds more than three fifths as much, and none takes away as much as half", placebo[True].max() < 0.6 * up and placebo[False].min() > 0.5 * down)
    claim("donors of the same label change less than a quarter as much", all(abs(same[gets]) < abs(value) / 4 for gets, value in ((True, up), (False, down))))
    claim("labels shuffled within tokens add more than three quarters as much, all three", of_tokens[True].min() > 0.75 * up)
    claim("where it is lost they change less than an eighth as much", of_tokens[False].abs().max() < abs(down) / 8)
    claim("the direction of opening brackets adds more, by its whole paired interval, and no other label does", ahead_of("opens", True)[2] < 0 and [n for n, value in most[True].items() if value >= up] == ["opens"])
    claim("the direction of closing brackets takes away more on average, and is the only label that does; the paired interval contains 0", [n for n, value in most[False].items() if value <= down] == ["closes"] and ahead_of("closes", False)[1] < 0 < ahead_of("closes", False)[2])
    claim("for opening brackets and numbers, where it is lost, the paired interval contains 0 or comes within 0.05 of it", ahead_of("opens", False)[2] > 0 and ahead_of("kind_number", False)[2] > -0.05)
    claim("against parameter the whole paired interval is on its side, both ways", ahead_of("parameter", True)[1] > 0 and ahead_of("parameter", False)[2] < 0)
    claim("on the left parameter comes next after opening brackets", sorted(most[True], key=most[True].get)[-2:] == ["parameter", "opens"])
    claim("without the parts along both brackets' directions both effects remain, by their whole intervals", over_files[True][1][1] > 0 and over_files[False][1][2] < 0)
    claim("without the parts along all eleven directions the gain remains, and the interval of the loss contains 0", leftover[True][1] > 0 and leftover[False][1] < 0 < leftover[False][2])  # fmt: skip

# %% [markdown]
# *Left:* tokens that get *inside* make closing brackets about eleven times as probable, by the mean of the log-probability. No placebo comes near that. But the directions of labels shuffled within tokens do most of it, and that of *opening bracket* does more. So this panel alone shows hardly more than that the model treats a token like one of those that tend to be inside.
#
# *Right:* tokens that lose *inside* make closing brackets about half as probable. The shuffled labels do almost nothing here, so it is not a matter of which token it is. One other direction takes away at least as much, that of *closing bracket*. *Opening bracket* takes away less on average, but the interval of the difference contains 0.
#
# No other label does as much both ways. Against *parameter*, the next on the left, the direction of *inside brackets* is ahead in both panels, on the same tokens and with its whole interval. And when its parts along the two brackets' directions are taken out (hollow), it still moves the answer both ways. So the experiment speaks for the model using this direction, and it uses those of the brackets, too.
#
# What does the direction mark? In section 4 the probe took brackets that are *written* for brackets that count. Outside strings and comments the two go together, and this experiment does not separate them either.

# %% [markdown]
# ## 7 · What if it is erased?
#
# An interchange gives a vector another value of the property. One can also take the property out, and ask whether later layers find it again. **LEACE** (Belrose et al. 2023) changes the vectors as little as possible, such that afterwards no *linear* probe does better than a guess.

# %% figure
values, vectors = torch.linalg.eigh(two.mT @ two / len(two))
white = two @ (vectors / values.sqrt()) @ vectors.mT
panels = {"as they are": two, "equally wide both ways": white, "erased": probing.leace(two, inside)(two)}
fig, axes = plots.figure(1, 3, height=2.7)
for ax, (title, points) in zip(axes, panels.items(), strict=True):
    clouds.draw(ax, points, inside)
    ax.set(title=title)
plots.show(
    fig, "Two overlapping clouds with two means apart; the same made round; the same on a line, with both means at one point.",
    "The plane of section 1. LEACE stretches the cloud until it is equally wide in all directions, removes the line between the means there, and "
    "stretches it back. One of the two dimensions drawn is left.",
)  # fmt: skip

# %% [markdown]
# With $\mu$ the mean and $\Sigma$ the covariance of the vectors, and $u$ the unit vector along $\Sigma^{-1/2}$ times the difference of the class means,
#
# $$x' \;=\; x - \Sigma^{1/2}\,u\,u^{\top}\,\Sigma^{-1/2}\,(x-\mu) .$$
#
# In code, a row of `x` is a vector, $\Sigma^{-1/2}$ is `narrower` and $\Sigma^{1/2}$ is `wider`:

# %%
def leace(x, y):
    """The rows of x without the property y."""
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.mT @ centred / len(x))
    narrower = (vectors / values.sqrt()) @ vectors.mT
    wider = (vectors * values.sqrt()) @ vectors.mT
    u = narrower @ (x[y].mean(0) - x[~y].mean(0))
    u = u / u.norm()
    return x - (centred @ narrower @ u)[:, None] * (wider @ u)

gone = leace(train.x[2].double(), inside)
{"distance of the class means, as a share of what it was":
 round(float((gone[inside].mean(0) - gone[~inside].mean(0)).norm() / direction.norm()), 6)}

# %% [markdown]
# Now erase *inside brackets* before layer 2, at every token but the first, let the rest of the model run, and train a new probe on what arrives at the end.

# %% prediction
predict("probing.erased")

# %% answer
k = at["in_brackets"]

def at_the_end(eraser):
    """The stream after the last layer, of training and of new files, erased before layer 2."""
    def erase(x, hook):
        return torch.cat([x[:, :1], eraser(x[:, 1:])], 1)
    with model.hooks(fwd_hooks=[("blocks.2.hook_resid_pre", erase)]):
        read = [some.read_by(model) for some in (train, test)]
    return [replace(some, x=some.x[[4]], y=some.y[:, [k]], labels=("in_brackets",)) for some in read]

train_e, test_e = at_the_end(probing.leace(train.x[2], inside))
again = probing.fit_chosen(train_e)
left = probing.removed(again, train_e, test_e).row("in_brackets")["layer 0"]

# %% [markdown]
# Two nulls belong to it. If *shuffled* labels are erased in the same way, nothing should be missing at the end. And a probe fitted to labels shuffled within tokens shows how much a new probe can know from the token alone.

# %% figure answer
kept = []  # after erasing shuffled labels
for deal in deals[:2]:
    some, new = at_the_end(probing.leace(train.x[2], inside[deal]))
    kept.append(float(probing.removed(probing.fit_chosen(some), some, new).share))
dealt = torch.stack([probing.shuffled_within(train.ids, inside, i) for i in range(3)], 1)
by_token = probing.fit_chosen(replace(train_e, y=dealt, labels=()))
from_token = probing.removed(by_token, train_e, replace(test_e, y=test_e.y.repeat(1, 3))).share[0].tolist()
whole = known.row("in_brackets")["layer 4"]
fig, ax = plots.figure(height=2.3, width=6.6)
for i, (value, low, high) in ((0, whole), (2, left)):
    ax.errorbar(value, -i, xerr=[[value - low], [high - value]], fmt="o", ms=8, capsize=4, color=plots.SERIES[0] if i == 0 else plots.EDITED)
for i, some in ((1, kept), (3, from_token)):
    ax.plot(some, [-i] * len(some), "o", ms=6, color=plots.NULL)
ax.axvline(0, color=plots.NULL, lw=0.8)
ax.set(yticks=range(0, -4, -1), yticklabels=["as it is", "shuffled labels erased", "“inside brackets” erased", "… and only the token known"], ylim=(-3.5, 0.5), xlabel="removed share at the end")
plots.show(
    fig, "As it is 0.45; with shuffled labels erased the same; with inside brackets erased 0.17; from the token alone 0.05.",
    "What a new probe for “inside brackets” knows after the last layer, with 95 % intervals over files. Grey: nulls, two and three draws.",
)  # fmt: skip

# %% claims answer
loss, loss_e = (torch.nn.functional.softplus(torch.where(test.y[:, k], -s, s)) for s in (probes.logits(test.x)[4, :, k], again.logits(test_e.x)[0, :, 0]))
loss_token = torch.stack([torch.nn.functional.softplus(torch.where(test.y[:, k], -s, s)) for s in by_token.logits(test_e.x)[0].T]).mean(0)
lost, back = (mean_interval(difference, clusters=test.file) for difference in (loss_e - loss, loss_token - loss_e))  # the same tokens: paired
eraser = probing.leace(train.x[2], inside)
gone_now, new_now = (eraser(some.x[2])[None] for some in (train, test))
directly = probing.fit_logistic(gone_now, inside[:, None], 1000.0).loss(new_now, truth[:, None])
hidden = probing.fit_hidden(gone_now, inside[:, None], 32, 1000.0)
hidden_right = float(((hidden.logits(new_now)[0, :, 0] > 0) == truth).float().mean())
middles = [points[inside].mean(0) - points[~inside].mean(0) for points in panels.values()]
blind = -(truth * inside.float().mean().log() + ~truth * (1 - inside.float().mean()).log()).mean()
with claims():
    claim("after erasing, the class means are equal, and the few lines give what the course's eraser gives", float((gone[inside].mean(0) - gone[~inside].mean(0)).norm() / direction.norm()) < 1e-3 and float((gone - gone_now[0]).norm() / (gone - train.x[2]).norm()) < 0.01)
    claim("in the figure of the plane they are, too, and apart before; one dimension is left", middles[2].norm() < 1e-3 * middles[0].norm() and middles[1].norm() > 0.1 and int(torch.linalg.matrix_rank(panels["erased"], rtol=1e-3)) == 1)
    claim("right after erasing a linear probe knows less than 0.03", float(1 - directly[0, 0] / blind) < 0.03)
    claim("but a probe with 32 hidden units is right there at more than 0.9, against 0.84 for always saying no", hidden_right > 0.9 and between(always_no[k], 0.835, 0.845))
    claim("the interval of what a new probe finds at the end leaves 0 out", left[1] > 0)
    claim("it finds more than its token alone would tell: the whole paired interval is above 0", back[1] > 0)
    claim("and less than the old one: the whole paired interval is above 0", lost[1] > 0)
    claim("it finds less than half of what there was", left[0] < whole[0] / 2)
    claim("erasing shuffled labels changes what is found by less than 0.05", max(abs(value - whole[0]) for value in kept) < 0.05)
measured("probing.erased", "none of it" if left[0] < 0.05 * whole[0] else "all of it" if left[0] > 0.95 * whole[0] else "some of it")

# %% [markdown]
# Some of it comes back: less than half of what a probe knew there, and more than the token alone would tell. Two ways lead back. The layers that follow are not linear, and a probe with a hidden layer still finds the property in the erased vectors. And the brackets are still there as tokens at other positions. Which way the model takes, we have not tested. So erasing at one place makes a property unreadable *there*, and for linear readers.

# %% [markdown]
# ## 8 · What does steering cost?
#
# The last thing to do with a direction is to push. **Steering** means to add one and the same arrow to every vector and see what the model then says.

# %% figure
fig, ax = plots.figure(width=5.6, height=3.2)
step = high_mean - low_mean
drawn = torch.randperm(len(two), generator=torch.Generator().manual_seed(0))[:24]
ax.quiver(*two[drawn].T, *step.expand(len(drawn), 2).T, angles="xy", scale_units="xy", scale=1, color=plots.EDITED, width=0.005)
for some, colour in ((~inside, plots.SERIES[3]), (inside, plots.SERIES[0])):
    ax.plot(*two[drawn[some[drawn]]].T, "o", ms=6, color=colour)
ax.plot(*(two[drawn] + 1.1 * step).T, ",", alpha=0)  # so that no arrow is cut off
ax.set(xticks=[], yticks=[], aspect="equal", adjustable="datalim")
plots.show(
    fig, "Twenty-four points of two clouds in a plane, each with the same arrow from the point, in the direction from one mean to the other.",
    "Steering in the plane of section 1: every token, inside brackets (blue) or outside (olive), moves by the same arrow, here from mean to mean. An interchange moves a token only as far as its donor is.",
)  # fmt: skip

# %% [markdown]
# We want closing brackets to become more probable, and add one of three directions before layer 2, at every position but the first: the mass-mean probe's, the logistic probe's, and that of latent 378 of lesson 2's dictionary, which marks closing brackets. A longer arrow does more, and harms more. The price is by how much the loss rises elsewhere, at places where the text goes on with something else. To compare fairly, each direction gets the length at which it costs 0.1 nats a token. The nulls are twelve random directions, and the twelve placebos of section 6.

# %%
contexts = test.contexts[::8]
dictionary = sae.load("resid-2")
ways = {"mass-mean probe": direction, "logistic probe": probes.directions[2, k],
        "latent 378": dictionary.sae.W_dec[378].detach()}
rng = torch.Generator().manual_seed(0)
ways |= {f"random {i}": torch.randn(192, generator=rng) for i in range(12)}
ways |= {f"placebo {i}": placebos[i] for i in range(12)}
lengths = tuple(float(direction.norm()) * s for s in (0.5, 1.0, 1.5))
steered = probing.steered(model, contexts, 2, ways, lengths, closing)
effect = dict(zip(ways, steered.at_price(0.1).tolist(), strict=True))
drawn_effect = steered.drawn_at_price(0.1)  # contexts drawn anew: (draw, direction)

# %% figure
fig, ax = plots.figure(height=2.5, width=6.6)
for i, name in enumerate(("mass-mean probe", "logistic probe", "latent 378")):
    low, high = interval(drawn_effect[:, i])
    ax.errorbar(effect[name], -i, xerr=[[effect[name] - low], [high - effect[name]]], fmt="o", ms=8, capsize=4, color=plots.EDITED)
for i, null in ((3, "random"), (4, "placebo")):
    ax.plot([value for name, value in effect.items() if name.startswith(null)], [-i] * 12, "o", ms=6, color=plots.NULL, alpha=0.7)
ax.axvline(0, color=plots.NULL, lw=0.8)
ax.set(yticks=range(0, -5, -1), yticklabels=["mass-mean probe", "logistic probe", "latent 378", "12 random directions", "12 placebos"], ylim=(-4.5, 0.5), xlabel="rise of the log-probability of closing brackets, nats")
plots.show(
    fig, "Mass-mean 1.6, logistic 1.4, latent 1.0; random directions from −0.4 to 1.2, and one at 2.6; placebos from −0.2 to 1.1.",
    "Effect of steering before layer 2 at equal price: each direction is as long as raises the loss elsewhere by 0.1 nats (between three lengths on a line). Six contexts, each of another file; intervals of 95 % from drawing them anew.",
)  # fmt: skip

# %% claims
best_random, next_random = sorted((value for name, value in effect.items() if name.startswith("random")), reverse=True)[:2]
best_placebo = max(value for name, value in effect.items() if name.startswith("placebo"))
with claims():
    claim("at equal price the mass-mean direction has a larger effect than the logistic probe's, and that a larger one than the latent", effect["mass-mean probe"] > effect["logistic probe"] > effect["latent 378"])
    (low, high), (surely, _) = (interval(drawn_effect[:, i] - drawn_effect[:, i + 1]) for i in (0, 1))
    claim("between the two probes the paired interval, contexts drawn anew, contains 0; between the logistic probe and the latent it does not", low < 0 < high and surely > 0)
    claim("it is so at a price of 0.05 as well", (steered.at_price(0.05)[:2].diff() < 0).all() and (steered.at_price(0.05)[1:3].diff() < 0).all())
    claim("one random direction has a larger effect than all three, and both probes a larger one than the eleven others", best_random > effect["mass-mean probe"] and effect["logistic probe"] > next_random)
    claim("both probes have a larger effect than every placebo; the latent has not, nor than every other random direction", effect["logistic probe"] > best_placebo > effect["latent 378"] and next_random > effect["latent 378"])
    claim("every direction, random ones included, has a price that grows with its length", (steered.side_effect.mean(2).diff(dim=1) > 0).all())
    claim("six contexts, each of another file", len(contexts) == len({int(test.file[test.place[:, 0] == i][0]) for i in range(0, 48, 8)}) == 6)

# %% [markdown]
# At equal price the mass-mean direction has a little more effect than the logistic probe's, but on six contexts the interval of the difference contains 0. Marks & Tegmark (2023) found in language models that mass-mean directions change outputs more. The logistic probe is ahead of the latent, with its whole interval. Both probes have more effect than all placebos and eleven of the twelve random directions. The twelfth has more than either, and three random directions would probably have missed it. The latent is not ahead of its nulls.

# %% [markdown]
# ## 9 · What this does not show
#
# - **One draw of files.** The held-out files were divided into two groups once. The intervals over files are wide, since there are ten.
# - **Linear probes.** A property that is spread over several directions, or lies in how two of them combine, can be present and remain unseen. *Absent* only means: not readable by the kinds of probes that were tried. In network C it holds for every probe, by construction: its hidden vectors hold one of the property's two bits and nothing of the other.
# - **A direction is a choice.** An interchange along a direction that is not quite the right one can turn nothing although the property is used, or move other things along with it. When the parts along all eleven other labels are taken out of the direction of section 6, a loss can no longer be told from 0.
# - **The planted networks are clean.** Their features lie along orthogonal directions without noise. In a trained model the second experiment is harder than here.
#
# **The puzzle, answered.** That a probe reads *closing bracket* at 99 of 100 tokens may say no more than that the vector has not lost which token it belongs to. It is nearly so before the model has learned anything. For *inside brackets*, which the probe reads less well, an intervention in both directions speaks for its use.
#
# **A recipe for your own probe.**
#
# 1. *The rate.* How good is somebody who always gives the commoner answer?
# 2. *The untrained model.* How good is the same probe there?
# 3. *Control tasks.* How well does it learn coins, and labels shuffled within tokens? Take intervals over what is independent, such as files.
# 4. *Other data.* Find cases where the property parts from what usually goes with it.
# 5. *Interchange.* Change the property both ways, and beside it other labels and placebos. Only this step can say *used*.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "99 % right can mean nothing", "evidence": "a random network gives nearly the same for closing brackets", "control": "always saying no; the model before training",
     "where it fails": "“definition” cannot be read before training"},
    {"claim": "Controls can show that a probe reads", "evidence": "“definition” is ahead of both nulls from layer 2 on", "control": "three sets of coins; labels shuffled within tokens; files drawn anew",
     "where it fails": "“inside brackets”: one file of ten makes the interval contain 0"},
    {"claim": "A probe that is perfect on its own kind of data can be a guess elsewhere", "evidence": "property and rival agree on usual inputs", "control": "five planted networks",
     "where it fails": "when the training data tell the two apart"},
    {"claim": "Present does not mean used", "evidence": "two networks with the same hidden vectors; one turns under interchange, the other does not", "control": "donors with the same property; five pairs of networks",
     "where it fails": "needs the right direction"},
    {"claim": "Interchange speaks for the code model using “inside brackets”", "evidence": "what it expects next changes both ways", "control": "donors of the same label; placebos; shuffled within tokens; eleven other labels",
     "where it fails": "each of the two brackets’ directions does as much one way"},
    {"claim": "Erasing at one place is not erasing from the model", "evidence": "a later probe finds a part again", "control": "shuffled labels erased; the token alone",
     "where it fails": "one layer and one property were tried"},
    formulas={"interchange": r"h + \big((h_\mathrm{donor}-h)\cdot u\big)\,u", "selectivity": r"\mathrm{acc}(\mathrm{property}) - \mathrm{acc}(\mathrm{control})"},
    links=[
        ("Hewitt and Liang 2019, Designing and interpreting probes with control tasks", "https://arxiv.org/abs/1909.03368", "Control tasks and selectivity."),
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
# - Logistic regression: a probe that minimises the cross-entropy, with a penalty on its direction.
# - removed share: the part of the uncertainty about a label that a probe takes away on new data; 1 − its cross-entropy / that of one who knows only the rate.
# - null: what the same measurement gives where there is nothing to be found.
# - control task: a made-up property in which each token has a random label of its own, the same wherever it occurs.
# - selectivity: accuracy on a property minus accuracy on its control task.
# - labels shuffled within tokens: the true labels shuffled among the places of each token, so that only a token's rate is left.
# - property: in the planted networks, the parity of two bits.
# - rival: in the planted networks, the majority of three bits, which agrees with the property on usual inputs.
# - placebo: a change as large as the one in question, along a direction of no meaning.
# - interchange: to give a vector another one's component along a direction.
# - absent: not readable by the probes that were tried.
# - present: readable by one of them.
# - used: such that the answer changes when it is changed, and nothing else.
# - LEACE: the least change of vectors after which no linear probe does better than a guess.
# - Steering: to add a direction to the stream.

# %% [markdown]
# # Probing
#
# **A puzzle.** A small model reads Python. We take the vector that it holds at each token after its first of four layers, and train a classifier to say from this vector alone whether the token is a closing bracket. On files that neither of them has seen, the classifier is right at 99 of 100 tokens. What have we learned about the model?
#
# It is tempting to answer: the model knows where brackets close. The figure shows why this does not follow. The first bar is somebody who always says *no*. The second is the same classifier on the same model *before* training, when its weights were random numbers. Both are nearly as good: 0.975 and 0.988, where the trained model gives 0.992. For another property, whether a token is inside brackets, things look different.
#
# This lesson is about what such a classifier shows and what it does not. At its end you can tell, for a property and a model, whether the property is *absent*, *present*, or *used*, and you know which experiment each of the three words needs.

# %% [markdown] contents
# You need lesson 0: the residual stream and activation patching. Lesson 2 helps with section 7, where one of the features that its dictionary found comes back. The exercises take about three and a half hours (an estimate).

# %% setup

# %%
from dataclasses import replace

import torch

from course_utils import plots, probing, sae, zoo
from course_utils.intervals import mean_interval
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
fig, axes = plots.figure(1, 2, height=2.3, sharey=True)
for ax, (name, words) in zip(axes, (("closes", "a closing bracket"), ("in_brackets", "inside brackets")), strict=True):
    heights = [always_no[at[name]], right_0[1, at[name]], right[1, at[name]]]
    ax.bar(range(3), heights, 0.6, color=[plots.NULL, plots.SERIES[1], plots.SERIES[0]])
    for i, height in enumerate(heights):
        ax.text(i, float(height) + 0.015, f"{float(height):.3f}", ha="center", va="bottom", fontsize=9)
    ax.set(title=words, xticks=range(3), xticklabels=["always no", "before training", "trained"], ylim=(0, 1.12))
axes[0].set(ylabel="share of tokens right")
plots.show(
    fig, "Closing bracket: 0.975, 0.988, 0.992. Inside brackets: 0.842, 0.845, 0.913.",
    "Share of tokens on which each is right, in files that were not trained on: saying no every time, a probe after the "
    "first layer of the model before its training, and the same for the trained model.",
)  # fmt: skip

# %% claims
with claims():
    claim("for closing brackets the trained model's probe is right at 99 of 100 tokens after the first layer", about(1 - right[1, at["closes"]], 0.009) or between(right[1, at["closes"]], 0.985, 0.995))
    claim("always saying no is right at more than 97 of 100", always_no[at["closes"]] > 0.97)
    claim("the probe before training lies between the two", always_no[at["closes"]] < right_0[1, at["closes"]] < right[1, at["closes"]])
    claim("inside brackets: before training at most one in a hundred more than always no, after it at least six in a hundred more",
          right_0[1, at["in_brackets"]] - always_no[at["in_brackets"]] < 0.01 and right[1, at["in_brackets"]] - always_no[at["in_brackets"]] > 0.06)  # fmt: skip

# %% [markdown]
# ## 1 · A probe
#
# A **probe** is a small classifier that is trained on a model's internal vectors, while the model itself stays as it is. Its labels have to come from somewhere. Here they are exact and free: Python's own tokenizer and parser say of every token what it is. The model never sees these labels.
#
# The simplest probe needs two means. Take the mean of all vectors at tokens inside brackets and the mean of all others, and look along the line from one to the other. A vector that lies further along than halfway is taken for *inside*. This is the **mass-mean probe** (Marks & Tegmark 2023).

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

# %%
x, inside = train.x[2], train.label("in_brackets")  # the stream before layer 2
direction = x[inside].mean(0) - x[~inside].mean(0)
halfway = (x[inside].mean(0) + x[~inside].mean(0)) / 2
score = (test.x[2] - halfway) @ direction
truth = test.label("in_brackets")
table({"inside brackets": {"classified rightly": float((score[truth] > 0).float().mean())},
       "outside": {"classified rightly": float((score[~truth] < 0).float().mean())}}, decimals=2)

# %% caption
caption("Mass-mean probe for “inside brackets” before layer 2, in all 192 dimensions: shares of tokens of new files.")

# %% [markdown]
# The mass-mean probe does not care how the vectors scatter. **Logistic regression** does: it turns its border until the two clouds are separated better. It looks for a direction $w$ and a bias $b$ such that $\sigma(w \cdot x + b)$ is high on tokens with the property and low on the others, where $\sigma$ turns any number into a probability:
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
labels = token_labels(text, model.tokenizer)
says = {"what is true": torch.from_numpy(labels.flags["in_brackets"][1:].astype("float32")), "mass-mean probe": ((here - halfway) @ direction) / direction.square().sum(),
        "logistic probe": (here @ probes.directions[2, at["in_brackets"]] + probes.bias[2, at["in_brackets"]]).sigmoid()}
panels = {name: (value - value.min()).clamp(min=0) if name == "mass-mean probe" else value for name, value in says.items()}
plots.show(
    sae.shaded_code(words, panels, columns=1),
    "Both probes are dark between the outer brackets and light outside; the logistic probe is the sharper one.",
    "“Inside brackets” at each token: what Python's parser says, and what two probes say before layer 2; darker is more. "
    "An opening bracket with no other around it counts as outside.",
)  # fmt: skip

# %% [markdown]
# ## 2 · Where in the model
#
# One probe answers one question at one layer. We have five places, before each of four layers and after the last, and twelve labels, so sixty probes. From section 1 on the example is the stream *before layer 2*, halfway through the model.
#
# Accuracy flatters rare properties, as the puzzle shows. So from here on we measure how much a probe *knows*, by its cross-entropy on new files. It is compared with that of somebody who knows only how often the label is true:
#
# $$\text{removed share} \;=\; 1 - \frac{\text{cross-entropy of the probe}}{\text{cross-entropy of one who knows the rate}} .$$
#
# The **removed share** is 0 for a probe that reads nothing, and 1 for one that is always right and sure. A probe that is sure and wrong can fall below 0.
#
# Of the labels, *definition* is a name where it is given a value (or imported, or made a parameter); *parameter* is one in the head of a function; *attribute* is a name after a dot, and *call* is a name that is called.

# %% figure
known = probing.removed(probes, train, test)
known_0 = probing.removed(probes_0, train_0, test_0)
fig, axes = plots.figure(1, 2, height=3.6, sharey=True)
for ax, found, title in ((axes[0], known_0, "before training"), (axes[1], known, "trained")):
    plots.heatmap(ax, found.share.T.clamp(min=0), signed=False, limit=1.0, bar=False, aspect="auto")
    for k in range(12):
        for layer in range(5):
            value = float(found.share[layer, k])
            ax.text(layer, k, f"{value + 0.0 if abs(value) >= 0.005 else 0:.2f}".replace("-", "−"), ha="center", va="center", fontsize=8, color="white" if value > 0.6 else "black")
    ax.set(title=title, xticks=range(5), xticklabels=["0", "1", "2", "3", "end"], xlabel="before layer")
axes[0].set(yticks=range(12), yticklabels=[("▸ " if name in ("closes", "in_brackets") else "") + name.replace("kind_", "").replace("_", " ") for name in train.labels])
plots.show(
    fig, "Before training opening and closing brackets and keywords are above 0.5 and all others below 0.15; in the trained model most labels rise until layer 2 or 3.",
    "Removed share for twelve labels and five places, before and after training, on files not trained on. What is below 0 is "
    "white. The two labels of the puzzle are marked ▸.",
)  # fmt: skip

# %% [markdown]
# Before training the probe can only use what a random network keeps: which token it is, a little of its position, and a blur of the tokens before it. That is nearly enough for brackets, which are a few tokens of the vocabulary, and at the embedding for half of what there is to know about keywords. It is not enough for *definition*. In the trained model that property comes up layer by layer.
#
# How sure are these numbers? Tokens of one file resemble each other, so the intervals come from drawing whole files anew. There are ten of them. Beside each number is its **null**: what the same measurement gives where there is nothing to be found.

# %%
rows = {}
for name in ("closes", "definition", "in_brackets"):
    share, low, high = known.row(name)["layer 2"]
    rows[name.replace("_", " ")] = {
        "trained": (share, low, high), "null: before training": known_0.row(name)["layer 2"][0]}
table(rows, decimals=2)

# %% caption
caption("Removed share before layer 2, with 95 % intervals (files drawn anew), and the same before training.")

# %% [markdown]
# For *definition* the trained model is far ahead. For closing brackets the value before training lies inside the interval. *Inside brackets* has an interval that reaches below 0. What has happened there, the ten files show.

# %% figure
files = test.file.unique().tolist()
by_file = {}  # label: the probe's cross-entropy in each file
for name in ("definition", "in_brackets"):
    parts = {f: test[test.file == f] for f in files}
    by_file[name] = {f: float(probes.loss(some.x, some.y)[2, at[name]]) for f, some in parts.items()}
worst = max(by_file["in_brackets"], key=by_file["in_brackets"].get)
others = [value for f, value in by_file["in_brackets"].items() if f != worst]
fig, ax = plots.figure(height=1.6, width=6.0)
for i, (values, colour) in enumerate(zip(by_file.values(), (plots.SERIES[1], plots.SERIES[0]), strict=True)):
    ax.plot(list(values.values()), [1 - i] * len(values), "o", ms=7, color=colour, alpha=0.6)
ax.set(yticks=[1, 0], yticklabels=["definition", "inside brackets"], ylim=(-0.5, 1.5), xlim=(0, None), xlabel="cross-entropy of the probe, nats")
ax.annotate("one file", (by_file["in_brackets"][worst], 0), (0, 12), textcoords="offset points", ha="center", fontsize=9)
plots.show(
    fig, "Ten dots for definition between 0.05 and 0.18; nine dots for inside brackets below 0.26, and one at 2.",
    "A dot is a new file; probes before layer 2.",
)  # fmt: skip

# %% figure
some = test[test.file == worst]
p_inside = (some.x[2] @ probes.directions[2, at["in_brackets"]] + probes.bias[2, at["in_brackets"]]).sigmoid()
start = int(torch.nn.functional.avg_pool1d(p_inside[None, None], 60, 1).argmax())
words = [model.tokenizer.decode([i]) for i in some.ids[start : start + 60].tolist()]
plots.show(
    sae.shaded_code(words, {"what the probe says": p_inside[start : start + 60], "what is true (no, everywhere)": some.label("in_brackets")[start : start + 60].float()}, columns=1),
    "A docstring with examples in brackets: the probe is dark between them, the label is light everywhere.",
    "The sixty tokens of the worst file on which the probe says most (darker is more), and the label.",
)  # fmt: skip

# %% claims
best, best_0 = known.share.amax(0), known_0.share.amax(0)
low, high = (known.low[2], known.high[2])
opened = [[sum(c in kind for c in model.tokenizer.decode([i])) for kind in ("([{", ")]}")] for i in some.ids.tolist()]
change = torch.tensor(opened) @ torch.tensor([1, -1])
after = change.cumsum(0)  # brackets that are written and not yet closed
written = torch.minimum(after, after - change) > 0
plane_right = [float((((two @ normal) > value) == yes).float().mean()) for normal, value in borders.values()]
told_inside, told_outside = p_inside[written].mean(), p_inside[~written].mean()
with claims():
    claim("before training three labels have more than 0.5 removed at some place, opening and closing brackets and keywords, and no other has 0.15",
          {train.labels[k] for k in range(12) if best_0[k] > 0.5} == {"opens", "closes", "kind_keyword"} and int((best_0 > 0.15).sum()) == 3)
    claim("in the trained model every label but the two brackets is known better at its best place than before training at its best, by more than 0.2",
          {train.labels[k] for k in range(12) if best[k] < best_0[k] + 0.2} == {"opens", "closes"})
    claim("eleven of the twelve are known best before layer 2, before layer 3 or at the end, not earlier", int((known.share.argmax(0) >= 2).sum()) == 11)
    claim("for definitions, what is removed rises from layer 0 to layer 3 at every step, from less than 0.2 to more than 0.7",
          known.of("definition")[:4].diff().min() > 0 and known.of("definition")[0] < 0.2 and known.of("definition")[3] > 0.7)  # fmt: skip
    claim("the values of the first figure: 0.975, 0.988 and 0.992", [f"{float(v):.3f}" for v in (always_no[at["closes"]], right_0[1, at["closes"]], right[1, at["closes"]])] == ["0.975", "0.988", "0.992"])
    claim("in the plane of section 1 the logistic border is turned by more than ten degrees from the other and right at more tokens",
          torch.cosine_similarity(*(normal for normal, _ in borders.values()), dim=0).abs() < 0.985 and plane_right[1] > plane_right[0])
    claim("for closing brackets the value before training lies inside the interval", low[at["closes"]] < known_0.share[2, at["closes"]] < high[at["closes"]])
    claim("for definitions the whole interval lies above the value before training, by more than 0.5", low[at["definition"]] > known_0.share[2, at["definition"]] + 0.5)
    claim("for “inside brackets” the interval is more than one wide", high[at["in_brackets"]] - low[at["in_brackets"]] > 1)
    claim("in the worst file the cross-entropy is at least five times that of the next", by_file["in_brackets"][worst] > 5 * max(others))
    claim("the files are ten, and no file is far off for definitions", len(files) == 10 and max(by_file["definition"].values()) < 0.2)
    claim("no token of that file's part is inside brackets, by Python's parser", not some.label("in_brackets").any())
    claim("the probe says yes inside brackets that are written there, and no outside", float(told_inside) > 0.6 and float(told_outside) < 0.05)
    claim("and at least nine tenths of it are in a docstring", some.label("in_docstring").float().mean() > 0.9)

# %% [markdown]
# The file begins with a long docstring that is full of examples in brackets. For Python's parser a bracket inside a string is a character like any other, so the label is *no* throughout. The probe says *yes*, with confidence. So the probe has found brackets that are written, whether Python counts them or not. Section 4 comes back to this.

# %% [markdown]
# ## 3 · Reading or learning?
#
# A probe is trained. When it succeeds, it may have learned the answer rather than read it. Two nulls test this, each with a probe of its own.
#
# Hewitt & Liang (2019) proposed the first. Invent a property that the model cannot possibly have: toss a coin for every token of the vocabulary, once, and let that be the token's label wherever it occurs. The coin is biased, so that on average as many tokens get a *yes* as have the property. This is a **control task**. Whoever solves it has learned the coins by heart, and can use them in new files, where the same tokens come back. The accuracy on the property minus that on its control task is called **selectivity**.
#
# The second asks whether the probe knows more than which token it has before it. Keep the true labels, but shuffle them among the places of each token: the commas get as many *yes* as before, only not where they belong. These are **labels shuffled within tokens**. A probe that is fitted to them can learn how often a comma is inside brackets. It cannot learn where.

# %% figure
both = [at[name] for name in ("definition", "in_brackets")]
y, new_y, share = train.y[:, both], test.y[:, both], train.y[:, both].float().mean(0)

def hits_of(y, new_y):
    """Where probes fitted to labels of training files are right in new files: (place, row, label)."""
    learned = probing.fit_chosen(replace(train, y=y, labels=("definition", "in_brackets")))
    return ((learned.logits(test.x) > 0) == new_y).float()

def coin_labels(some, coins):
    return torch.stack([probing.control_labels(some.ids, coins, s) for s in share], 1)

coins = [torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(i)) for i in range(3)]
on_coins = torch.stack([hits_of(coin_labels(train, c), coin_labels(test, c)) for c in coins])
shuffled = torch.stack([hits_of(torch.stack([probing.shuffled_within(train.ids, v, i) for v in y.T], 1), new_y) for i in range(3)])
hits = ((probes.logits(test.x) > 0) == test.y)[..., both].float()
fig, axes = plots.figure(1, 2, height=2.7, sharey=True)
ahead = {}  # (null, label): at each place the difference and its interval
for ax, (null, some) in zip(axes, (("control task", on_coins), ("shuffled labels", shuffled)), strict=True):
    for n, (name, colour) in enumerate((("definition", plots.SERIES[1]), ("inside brackets", plots.SERIES[0]))):
        ahead[null, name] = value, low, high = torch.tensor([mean_interval(row, clusters=test.file) for row in (hits - some.mean(0))[..., n]]).T
        ax.errorbar(torch.arange(5) + 0.12 * n, value, torch.stack([value - low, high - value]), fmt="o-", color=colour, capsize=3, label=name)
    ax.axhline(0, color=plots.NULL, lw=1, ls=":")
    ax.set(title=f"ahead of: {null}", xlabel="before layer", xticks=range(5), xticklabels=["0", "1", "2", "3", "end"])
axes[0].set(ylabel="difference in share right")
axes[0].legend(loc="lower right")
plots.show(
    fig, "Definition: below or at 0 at first, then clearly above 0 from layer 2 on in both panels. Inside brackets: −0.08 at the embedding against the control task, then above 0 with intervals around 0.",
    "By how much the probe is right more often than each null (mean of three draws), with 95 % intervals over the ten files. Left is the selectivity.",
)  # fmt: skip

# %% claims
behind = torch.stack([(hits - shuffled.mean(0))[2, test.file == f, 1].mean() for f in files])
with claims():
    claim("for definitions the whole interval is above 0 before layers 2 and 3 and at the end, for both nulls", all((ahead[null, "definition"][1, 2:] > 0).all() for null in ("control task", "shuffled labels")))
    claim("for inside brackets no interval at these places leaves 0 out", all((ahead[null, "inside brackets"][1, 1:] < 0).all() and (ahead[null, "inside brackets"][2, 1:] > 0).all() for null in ("control task", "shuffled labels")))
    claim("at the embedding no probe is ahead of the shuffled labels by one in two hundred, by its whole interval", all(ahead["shuffled labels", name][:, 0].abs().max() < 0.005 for name in ("definition", "inside brackets")))
    claim("at the embedding the selectivity of inside brackets is negative, its interval too", ahead["control task", "inside brackets"][2, 0] < 0)
    claim("before layer 2 inside brackets is ahead of the shuffled labels by about seven in a hundred", between(float(ahead["shuffled labels", "inside brackets"][0, 2]), 0.065, 0.075))
    claim("in the file of section 2 the shuffled labels are right at more than 20 tokens of 100 more", files[int(behind.argmin())] == worst and behind.min() < -0.2)
    claim("in eight of the other nine files the probe is ahead of them", int((behind > 0).sum()) == 8)  # fmt: skip

# %% [markdown]
# At the embedding neither probe is ahead. A vector there *is* its token, and a probe can learn what it likes about tokens: coins, too.
#
# For *definition* the controls decide. From layer 2 on its probe is ahead of both nulls, with its whole interval. It knows something that is neither learned by heart nor a matter of the token alone. What is left is the context.
#
# For *inside brackets* they do not. Before layer 2 the probe is ahead of the shuffled labels at seven tokens of a hundred, but the interval contains 0. The docstring of section 2 pulls it down: in that file the null is right at more than 20 tokens of 100 more. In eight of the other nine files the probe is ahead. More files would help, and so will another kind of experiment, in section 6.

# %% [markdown]
# ## 4 · Right here, and elsewhere?
#
# A probe finds *something* that goes with the property in the data it is given. What does it say where the data are of another kind?
#
# To see this we need a case where the truth is known. The course has small networks in which everything was planted.

# %% figure
drawing.planted_network().captioned("A planted network. The encoder makes features of eight bits, and a hidden vector h of twelve numbers holds each of them along a direction of its own. From h a head makes the answer. The table says which answers count as right.")

# %% [markdown]
# Two of the features could decide the answer: the **property**, which is whether two of the bits differ, and its **rival**, which is whether most of three other bits are 1. The right answer follows the rival: it is *yes* where the rival is true. Where the *switch* is on, it is the opposite. The property has no say in it.
#
# On half of the 256 inputs property and rival agree. These are the *usual* inputs. Train a probe for the property on them. How sure it is of an answer we read from its *log odds*, $w\cdot x+b$: 0 is undecided, and 6 in size means a probability of 0.998 for one of the two answers.

# %%
network, _ = probing.twins(0)
h, y = network.h, network.label
usual = network.usual
narrow = probing.fit_logistic(h[usual][None], y[usual][:, None], 0.1)
hit = (narrow.logits(h[None])[0, :, 0] > 0) == y
float(hit[usual].float().mean())

# %% caption
caption("Share of the usual inputs on which the probe is right.")

# %% prediction
predict("probing.unusual")

# %% answer
rows = {}
for seed in range(5):
    one, _ = probing.twins(seed)
    x, its, where = one.h[None], one.label[:, None], one.usual
    probe = probing.fit_logistic(x[:, where], its[where], 0.1)
    odds = probe.logits(x)[0, :, 0].abs()
    rows[f"network {seed}"] = {"usual": float(odds[where].mean()),
                               "unusual": float(odds[~where].mean())}
table(rows, decimals=2, caption="Mean size of the probe's log odds, in five networks.")

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
        ax.text(*(at_once.mean(0) + torch.tensor([0.0, 0.26])), f"{len(at_once)}", ha="center", va="center", fontsize=9, bbox={"fc": "white", "ec": "none", "pad": 1}, zorder=2)
        ax.plot([], [], "o", ms=9, mec=colour, mfc=colour if full else "white", mew=2, label=f"{name}, property {'true' if true else 'false'}")
line = torch.linspace(-1.7, 1.7, 2)
ax.plot(line, -(w[0] * line + b) / w[1], color=plots.EDITED, zorder=1, label="where the probe is undecided")
ax.set(xlabel="along the rival's direction", ylabel="along the property's direction", xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal")
side.legend(*ax.get_legend_handles_labels(), loc="center left")
plots.show(
    fig, "Four clusters in the corners of a square; the probe's boundary is the falling diagonal, and both unusual clusters lie on it.",
    "All 256 hidden vectors in the plane of the two directions, where they lie at four points, with the number at each. "
    "The probe was fitted to the filled ones alone.",
)  # fmt: skip

# %% claims answer
slope = float(-w[0] / w[1])
with claims():
    claim("on usual inputs the log odds are about 6 in all five networks", all(about(row["usual"], 6) for row in rows.values()))
    claim("on unusual inputs they are less than 0.05", all(row["unusual"] < 0.05 for row in rows.values()))
    claim("the probe weighs property and rival alike, to within a hundredth", between(slope, -1.01, -0.99))
    claim("the vectors lie at four points of the plane, 64 at each", all(float((h[(y == a) & (network.rival == b)] @ plane).std(0).max()) < 0.01 for a in (True, False) for b in (True, False)) and int((usual & y).sum()) == int((~usual & y).sum()) == 64)
measured("probing.unusual", "undecided: near even odds" if rows["network 0"]["unusual"] < 0.5 else "as decided, and right")

# %% [markdown]
# In $h$ the property and its rival have a direction each. On usual inputs the two always agree, and the probe takes half of each. On unusual inputs the halves cancel, and what the probe then says is decided by rounding. Nothing in its training, and no test on data of the same kind, could have shown that.
#
# The docstring of section 2 is a failure of the same cause. In most files a bracket that is written and a bracket that counts go together. In a docstring they part, and what the probe had found there was the written one. That probe was not undecided: it said yes, and was wrong.

# %% [markdown]
# ## 5 · Read, and used?
#
# Train the probe on all inputs, and it reads the property without error.
#
# Here are two networks, A and B. Their encoders are one and the same, so that every hidden vector is the same in both, number by number. No probe can tell them apart, whatever its kind, since a probe sees nothing but $h$. Their answers are the same as well, on all usual inputs. A third network, C, has another encoder: the property was left out of it.

# %%
A, B = probing.twins(0)
C = probing.planted("absent")
half = torch.rand(256, generator=torch.Generator().manual_seed(0)) < 0.5

def probe_accuracy(one):
    """Fitted on half of the inputs, judged on the other half."""
    probe = probing.fit_logistic(one.h[half][None], one.label[half][:, None], 0.1)
    return float((((probe.logits(one.h[None])[0, :, 0] > 0) == one.label)[~half]).float().mean())

networks = {"A": A, "B": B, "C": C}
def right_on(one, some):
    return float((one.answer(one.h) == one.wanted)[some].float().mean())

table({name: {"probe right": probe_accuracy(one),
              "answers right, usual inputs": right_on(one, usual)}
       for name, one in networks.items()}, decimals=2)

# %% caption
caption("A probe for the property, judged on inputs it was not fitted on, and the answers of three networks.")

# %% [markdown]
# What does a network do with the property? Change it, and look at the answer. Take two inputs that differ in the property, a receiver and a donor. Give the receiver's hidden vector the donor's component along the property's direction, and leave everything else as it is. This is an **interchange** along a direction (Geiger et al. 2023). By hand, for unit length $u$:
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
table({name: {"property differs": float(turns[differ].mean()),
              "null: property is the same": float(turns[~differ].mean())}
       for name, turns in turned.items()}, decimals=2,
      caption="Share of inputs on which the answer turns.")

# %% figure answer
grid = torch.cartesian_prod(torch.linspace(-1.7, 1.7, 60), torch.linspace(-1.7, 1.7, 60))
off = ~A.switch & (A.rival == A.label) & A.label  # one usual input, its switch off
start = h[off][0]
rest = start - plane @ (plane.T @ start)  # what it has outside the plane
fig, axes = plots.figure(1, 2, height=3.3, sharey=True)
for ax, one, name in zip(axes, (A, B), "AB", strict=True):
    says = one.answer(rest + grid @ plane.T).view(60, 60).float().T
    ax.imshow(says, origin="lower", extent=(-1.7, 1.7, -1.7, 1.7), cmap="Greys", vmin=-0.6, vmax=4, interpolation="nearest")
    for a in (1, -1):
        for b in (1, -1):
            ax.plot(a, b, "o", ms=9, mec=plots.INK, mfc=plots.SERIES[0] if b > 0 else plots.SERIES[3])
    for side, where in (("yes", says), ("no", 1 - says)):
        up, right_ = (float((grid[:, i] * where.T.reshape(-1)).sum() / where.sum()) for i in (1, 0))
        ax.text(0.62 * right_, 0.62 * up, side, ha="center", va="center", fontsize=12, fontweight="bold", color=plots.INK)
    for x_at, b in ((1.0, 1), (-1.0, 1), (1.13, -1), (-0.87, -1)):  # down, and beside it up
        ax.annotate("", (x_at - 0.06, -0.8 * b), (x_at - 0.06, 0.8 * b), arrowprops={"arrowstyle": "-|>", "color": plots.EDITED, "lw": 2})
    ax.set(title=f"network {name}", xlabel="along the rival's direction", aspect="equal")
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

every = [probing.twins(seed) for seed in range(5)]
with claims():
    claim("A and B have the same hidden vectors", torch.equal(A.h, B.h))
    claim("the probe is right everywhere in A and B, and like a guess in C", probe_accuracy(A) == probe_accuracy(B) == 1 and between(probe_accuracy(C), 0.35, 0.65))
    claim("all three answer every usual input rightly", all((one.answer(one.h) == one.wanted)[one.usual].all() for one in networks.values()))
    claim("where the property differs, all answers of A turn and none of B", turned["A"][differ].all() and not turned["B"][differ].any())
    claim("where it is the same, none turns in either", not turned["A"][~differ].any() and not turned["B"][~differ].any())
    claim("it is so in five pairs of networks", all(turns_of(a) == 1 and turns_of(b) == 0 for a, b in every))
    claim("in the drawing A's answer depends on the property alone, B's on the rival alone",
          [one.answer(rest + torch.tensor([[1.0, -1.0], [-1.0, 1.0]]) @ plane.T).tolist() for one in (A, B)] == [[False, True], [True, False]])  # fmt: skip
measured("probing.turned", "all in one and none in the other" if turned["A"][differ].all() and not turned["B"][differ].any() else "about half in both")

# %% [markdown]
# The two heads were made in different ways. A's takes the property for its answer, B's takes the rival, and on usual inputs the two agree. A property is **absent** if the probes that were tried cannot read it, **present** if one of them can, and **used** if the answer changes when the property, and nothing else, is changed.
#
# | network | can a probe read the property? | does an interchange turn the answer? | the property is |
# | --- | --- | --- | --- |
# | C | no | – | absent |
# | B | yes | no | present, not used |
# | A | yes | yes | used |
#
# Probing is about the first two words. It can never settle the third.
#
# Knowing the mechanism, one can also say in advance where a network fails. A follows the property, and the right answer follows the rival. On unusual inputs the two differ, so A must be wrong on all of them.

# %% answer
table({name: {"usual": right_on(one, usual), "unusual": right_on(one, ~usual)}
       for name, one in (("A", A), ("B", B))},
      decimals=2, caption="Share of answers that are right.")

# %% claims answer
with claims():
    claim("A is wrong on every unusual input, B on none",
          not (A.answer(h) == A.wanted)[~usual].any() and (B.answer(h) == B.wanted)[~usual].all())  # fmt: skip

# %% [markdown]
# ## 6 · Does the code model use it?
#
# Back to the model that reads Python. In the line `    return result` no bracket is open. We give each of its tokens, but for the first that starts every text, the component that tokens *inside* brackets have on average along the difference of the class means, before layer 2.

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

# %% answer
gains = [model.tokenizer.decode([i]) for i in (chances[1] - chances[0]).topk(1).indices.tolist()]
kinds = {")": "a closing bracket", ",": "a comma",
         "\n": "a line break", "(": "an opening bracket"}
measured("probing.expects", kinds.get(gains[0], gains[0]))

# %% [markdown]
# One line shows what is meant. To test it, we take all tokens of eight contexts, each from another new file. If the model uses *inside brackets*, closing brackets should become more probable where a token outside gets the component of one inside, and less probable the other way round. Donors are tokens of the training files, drawn at random.
#
# Each null rules something out. A **placebo** is a move exactly as far, along a random direction.
#
# | null | what would it mean if it did as much? |
# | --- | --- |
# | the same direction, a donor of the token's *own* label | any exchange has the effect, whatever the property |
# | twelve placebos | any push has the effect |
# | a move as far along the direction of another label (opening brackets, parameters, calls, definitions) | it need not be *this* property |

# %% figure
few = test[test.place[:, 0] % 6 == 0]  # every sixth context
vocabulary = [model.tokenizer.decode([i]) for i in range(model.cfg.d_vocab)]
closing = torch.tensor([any(c in word for c in ")]}") for word in vocabulary])
random = torch.randn(12, 192, generator=torch.Generator().manual_seed(1))
four = [at[name] for name in ("opens", "parameter", "call", "definition")]
gap = probing.mass_mean(train.x[2][None], inside[:, None]).directions[0]  # (1, 192)
four_gaps = probing.mass_mean(train.x[2][None], train.y[:, four]).directions[0]

def rise(opposite, onto):
    """By how much closing brackets become more probable at each token, in nats: (direction, token)."""
    x, rng = train.x[2], torch.Generator().manual_seed(0)
    yes, no = (some[torch.randint(len(some), (len(few),), generator=rng)] for some in (x[inside], x[~inside]))
    donors = torch.where((few.label("in_brackets") ^ opposite)[:, None], yes, no)
    return probing.interchanged(model, few, 2, direction, donors, closing, onto)

own, same, placebo, labels = rise(True, gap)[0], rise(False, gap)[0], rise(True, random), rise(True, four_gaps)
where = {True: ~few.label("in_brackets"), False: few.label("in_brackets")}  # gets it, loses it
rows = {gets: mean_interval(own[some], clusters=few.file[some]) for gets, some in where.items()}
moved = {gets: tuple(by[..., some].mean(-1) for by in (own, same, placebo, labels)) for gets, some in where.items()}
fig, axes = plots.figure(1, 2, height=3.0, width=7.4, sharey=True)
for ax, gets, title in zip(axes, (True, False), ("outside: gets “inside”", "inside: loses it"), strict=True):
    drawing.effect_rows(ax, rows[gets], *moved[gets][1:], ("opens", "parameter", "call", "definition"))
    ax.set(title=title, xlabel="rise of the log-probability, nats")
plots.show(
    fig, "Left: the own direction at 2.5, all placebos and the same label far below, but the label opens at least as high. Right: the own direction at about minus one, all others nearer to zero.",
    "By how much closing brackets become more probable, on average over tokens (below 0: less probable). Bar: 95 % interval over the eight files.",
)  # fmt: skip

# %% claims
close = model.tokenizer(")")["input_ids"][-1]
up, down = (moved[gets][0] for gets in (True, False))
with claims():
    claim("as it is, a closing bracket gets less than one in a hundred; moved “inside”, more than one in ten, and is the second guess",
          chances[0][close] < 0.01 and chances[1][close] > 0.1 and chances[1].topk(2).indices[1] == close)  # fmt: skip
    claim("tokens that get “inside” make closing brackets more probable than under any placebo, tokens that lose it less probable", up > moved[True][2].max() and down < moved[False][2].min())
    claim("tokens that lose “inside” make them less probable than along any of the four other labels", down < moved[False][3].min())
    claim("but for tokens that get it, the direction of “opens” does at least as much", up <= moved[True][3][0] and train.labels[four[0]] == "opens")
    claim("the tokens are those of eight contexts, each from another file", len(few.file.unique()) == len(few.place[:, 0].unique()) == 8)
    claim("closing brackets become about twelve times as probable, and about two fifths as probable, in the geometric mean", between(up.exp(), 11, 13) and between(down.exp(), 0.35, 0.43))
    claim("both intervals over files leave 0 out", rows[True][1] > 0 and rows[False][2] < 0)
    claim("donors of the same label change less than a quarter as much", all(abs(same) < abs(own) / 4 for own, same, *_ in moved.values()))

# %% [markdown]
# Left: a token that gets *inside* makes closing brackets about twelve times as probable (by the mean of the log-probability). No placebo does as much, but the direction of *opens* does, and that of *parameter* comes close. This panel alone would leave open which property it is.
#
# Right: a token that loses *inside* makes them about two fifths as probable, and no null that was tried takes away as much. Both panels together speak for the model using this direction; seven other labels were not tried.
#
# What does the direction mark? In section 2 the probe took brackets that are *written* for brackets that count. In most files the two go together, and this experiment does not separate them either.

# %% [markdown]
# ## 7 · Erasing, and steering
#
# An interchange gives a vector another value of the property. One can also take the property out. **LEACE** (Belrose et al. 2023) changes the vectors as little as possible, such that afterwards no *linear* probe does better than a guess. The figure shows it in two dimensions.

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
    "stretches it back. Of the two dimensions drawn one is left; of all 192, LEACE leaves 191.",
)  # fmt: skip

# %% [markdown]
# With $\mu$ the mean and $\Sigma$ the covariance of the vectors, and $u$ the unit vector along $\Sigma^{-1/2}$ times the difference of the class means,
#
# $$x' \;=\; x - \Sigma^{1/2}\,u\,u^{\top}\,\Sigma^{-1/2}\,(x-\mu) .$$
#
# Erase *inside brackets* before layer 2 with LEACE, at every token but the first, let the rest of the model run, and train new probes on what it makes of it.

# %% prediction
predict("probing.erased")

# %% answer
eraser = probing.leace(train.x[2], inside)
hook = ("blocks.2.hook_resid_pre", lambda x, hook: torch.cat([x[:, :1], eraser(x[:, 1:])], 1))
with model.hooks(fwd_hooks=[hook]):
    train_e, test_e = train.read_by(model), test.read_by(model)
k = at["in_brackets"]
train_e, test_e = (replace(some, y=some.y[:, [k]], labels=("in_brackets",))
                   for some in (train_e, test_e))
again = probing.fit_chosen(train_e)
left = probing.removed(again, train_e, test_e)
rows = {name: found.row("in_brackets")
        for name, found in (("as it is", known), ("erased before layer 2", left))}
table({name: {"before layer 3": row["layer 3"], "end": row["layer 4"]}
       for name, row in rows.items()}, decimals=2,
      caption="Removed share for “inside brackets” at two later places; probes fitted anew.")

# %% claims answer
says, says_e = probes.logits(test.x)[4, :, k], again.logits(test_e.x)[4, :, 0]
loss, loss_e = (torch.where(test.y[:, k], -s, s).exp().log1p() for s in (says, says_e))
lost = mean_interval(loss_e - loss, clusters=test.file)  # the same tokens: a paired difference
share_left = float(left.of("in_brackets")[4] / known.of("in_brackets")[4])
gone_now, new_now = (eraser(some.x[2])[None] for some in (train, test))
directly = probing.fit_logistic(gone_now, inside[:, None], 1000.0).loss(new_now, truth[:, None])
hidden = probing.fit_hidden(gone_now, inside[:, None], 32, 1000.0)
hidden_right = float(((hidden.logits(new_now)[0, :, 0] > 0) == truth).float().mean())
middles = [points[inside].mean(0) - points[~inside].mean(0) for points in panels.values()]
blind = -(truth * inside.float().mean().log() + ~truth * (1 - inside.float().mean()).log()).mean()
with claims():
    claim("after erasing, the class means are equal", float((gone_now[0, inside].mean(0) - gone_now[0, ~inside].mean(0)).norm() / direction.norm()) < 1e-3)
    claim("in the figure too, and nowhere else", middles[2].norm() < 1e-3 * middles[0].norm() and middles[1].norm() > 0.1)
    claim("right after erasing nothing is left for a linear probe", float(1 - directly[0, 0] / blind) < 0.03)
    claim("but a probe with 32 hidden units is right there at more than 0.9, against 0.84 for always saying no", hidden_right > 0.9 and between(always_no[at["in_brackets"]], 0.835, 0.845))
    claim("the interval of what it finds at the end leaves 0 out", rows["erased before layer 2"]["layer 4"][1] > 0)
    claim("on the same tokens the new probe's cross-entropy is larger than the old one's, by an interval that leaves 0 out", lost[1] > 0)
    claim("at the end a new probe finds between a tenth and two thirds of what it was", between(share_left, 0.1, 0.67))
measured("probing.erased", "none of it" if share_left < 0.05 else "all of it" if share_left > 0.95 else "some of it")

# %% [markdown]
# Some of it comes back. On the same tokens the new probe at the end is worse than the old one, but it finds something. Two ways lead back. The layers that follow are not linear, and a probe with a hidden layer still finds the property in the erased vectors. And the brackets are still there as tokens at other positions. Which way the model takes, we have not tested.
#
# **Steering** means to add a direction to the stream and see what the model then says. We want closing brackets to become more probable, and add one of three directions before layer 2, at every position but the first: the logistic probe's, the mass-mean probe's, and that of latent 378 of lesson 2's dictionary, which marks the token `)`. The price is what happens elsewhere, at places where the text goes on with something else. The null is twelve random directions of the same length.

# %%
contexts = test.contexts[::4]
dictionary = sae.load("resid-2")
ways = {"logistic probe": probes.directions[2, at["in_brackets"]],
        "mass-mean probe": direction, "latent 378": dictionary.sae.W_dec[378].detach()}
rng = torch.Generator().manual_seed(0)
ways |= {f"random {i}": torch.randn(192, generator=rng) for i in range(12)}
lengths = tuple(float(direction.norm()) * s for s in (0.5, 1.0, 2.0))
moved = probing.steered(model, contexts[::2], 2, ways, lengths, closing)

# %% figure
fig, ax = plots.figure(height=2.8, width=5.2)
for i, name in enumerate(moved.names):
    effect, price = [0, *moved.effect[i].tolist()], [0, *moved.side_effect[i].tolist()]
    random_one = name.startswith("random")
    ax.plot(price, effect, "o-", ms=3 if random_one else 6, color="0.75" if random_one else plots.SERIES[(0, 5, 3)[i]], lw=1 if random_one else 2,
            label="random directions" if name == "random 0" else None if random_one else name, zorder=1 if random_one else 2)
ax.set(xlabel="side effect: rise of the loss elsewhere, nats", ylabel="effect: rise of the log-\nprobability of closing brackets")
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "Three coloured curves above most of twelve grey ones; one grey curve rises above all three.",
    "Effect and side effect of adding a direction before layer 2, for three lengths (half, once and twice the distance between the "
    "class means). Higher is more effect for the same price.",
)  # fmt: skip

# %% claims
nulls = moved.effect[3:, 1]  # at the distance between the class means
with claims():
    claim("at the distance between the class means, each of the three has a larger effect than eleven of the twelve random ones", int((nulls > moved.effect[:3, 1].min()).sum()) == 1)
    claim("and one random direction has a larger effect than all three", nulls.max() > moved.effect[:3, 1].max())
    claim("the mass-mean direction's effect is larger than the logistic probe's at each of the three lengths", (moved.effect[1] > moved.effect[0]).all())
    claim("every direction, random ones included, has a price that grows with its length", (moved.side_effect.diff(dim=1) > 0).all())

# %% [markdown]
# The mass-mean direction has more effect than the logistic probe's at each length. Marks & Tegmark (2023) found the same in language models. At the middle length, the distance between the class means, eleven of the twelve random directions have less effect than each of our three, and one has more. Three random directions would probably have missed it. An effect needs its null and its price beside it.

# %% [markdown]
# ## 8 · What this does not show
#
# - **One draw of files.** The held-out files were divided into two groups once. The intervals over files are wide, since there are ten.
# - **Linear probes.** A property that is spread over several directions, or lies in how two of them combine, can be present and remain unseen. *Absent* only means: not readable by the kinds of probes that were tried. In network C it holds for every probe: each hidden vector comes with the property in exactly half of its inputs.
# - **A direction is a choice.** An interchange along a direction that is not quite the right one can turn nothing although the property is used, or move other things along with it.
# - **The planted networks are clean.** Their features lie along orthogonal directions without noise. In a trained model the second experiment is harder than here.
#
# **The puzzle, answered.** That a probe reads *closing bracket* at 99 of 100 tokens may say no more than that the vector has not lost which token it belongs to. It is nearly so before the model has learned anything. For *inside brackets* an intervention in both directions speaks for its use.
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
    {"claim": "The code model uses the direction of “inside brackets”", "evidence": "interchange changes what it expects next, both ways", "control": "donors of the same label; twelve placebos; four other labels",
     "where it fails": "the direction may carry more than the property"},
    {"claim": "Erasing at one place is not erasing from the model", "evidence": "a later probe finds a part again", "control": "nothing is left for a linear probe right after erasing",
     "where it fails": "how much comes back depends on the layer and the property"},
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

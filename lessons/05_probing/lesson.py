# %% [markdown]
# # Probing
#
# **A puzzle.** A small model reads Python. We take the vector that it holds at each token after its first layer, and train a classifier to say from this vector alone whether the token is a closing bracket. On files that neither of them has seen, the classifier is right at 99 of 100 tokens. What have we learned about the model?
#
# It is tempting to answer: the model knows where brackets close. The figure shows why this does not follow. The first bar is somebody who always says *no*. The second is the same classifier on the same model *before* training, when its weights were random numbers. Both are nearly as good. For another property, whether a token stands inside brackets, things look different.
#
# This lesson is about what such a classifier shows and what it does not. At its end you can tell, for a property and a model, whether the property is *absent*, *present*, or *used*, and you know which experiment each of the three words needs.

# %% [markdown] contents
# You need lesson 0: the residual stream and activation patching. Lesson 2 helps with section 7, where a latent of its dictionary comes back. The exercises take about three and a half hours (an estimate).

# %% setup

# %%
from dataclasses import replace

import torch

from course_utils import plots, probing, sae, zoo
from course_utils.intervals import mean_interval
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import measured, predict, table
from course_utils.probing import drawing
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
    "first layer of the model before its training, and a probe after the first layer of the trained model.",
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
# A **probe** is a small classifier that is trained on a model's internal vectors, while the model itself stays as it is. Its labels have to come from somewhere. Here they are exact and free: Python's own tokenizer and parser say of every token what it is and where it stands. The model never sees these labels.
#
# The simplest probe needs two means. Take the mean of all vectors at tokens inside brackets and the mean of all others, and look along the line from one to the other. A vector that lies further along than halfway is taken for *inside*. This is the **mass-mean probe** (Marks & Tegmark 2023).

# %%
x, inside = train.x[2], train.label("in_brackets")  # the stream before layer 2
direction = x[inside].mean(0) - x[~inside].mean(0)
halfway = (x[inside].mean(0) + x[~inside].mean(0)) / 2
score = (test.x[2] - halfway) @ direction
truth = test.label("in_brackets")
{"inside, found": float((score[truth] > 0).float().mean()),
 "outside, found": float((score[~truth] < 0).float().mean())}

# %% caption
caption("Mass-mean probe for “inside brackets” before layer 2: the share of tokens inside brackets, and of the others, that it tells rightly in new files.")

# %% [markdown]
# The mass-mean probe does not care how much the vectors scatter along its direction. **Logistic regression** does. It looks for a direction $w$ and a bias $b$ such that $\sigma(w \cdot x + b)$ is high on tokens with the property and low on the others, where $\sigma$ turns any number into a probability:
#
# $$\text{minimise}\quad \sum_\text{tokens} \text{cross-entropy}\big(\sigma(w\cdot x+b),\, y\big) \;+\; \frac{\lambda}{2}\,|w|^2 .$$
#
# The second term, the penalty, keeps $w$ from growing without end where a few tokens can be told apart by chance. Its strength $\lambda$ is chosen for each probe apart, on training files alone. Here are both probes on a line of code, token by token.

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
# One probe answers one question at one layer. We have five places, before each of four layers and after the last, and twelve labels. The course fits all sixty at once.
#
# Accuracy flatters rare properties, as the puzzle shows. So from here on we measure how much a probe *knows*. Somebody who knows only how often a label is true is left with some uncertainty about each token, which is measured by the cross-entropy. The **removed share** is the part of this uncertainty that the probe takes away on new files: 0 for a probe that reads nothing, 1 for one that is always right and sure. A probe that is sure and wrong can fall below 0.

# %%
known = probing.removed(probes, train, test)
known_0 = probing.removed(probes_0, train_0, test_0)
k, rate = at["in_brackets"], train.y.float().mean(0)[at["in_brackets"]]
y = test.label("in_brackets").float()
only_rate = float(-(y * rate.log() + (1 - y) * (1 - rate).log()).mean())
with_probe = float(probes.loss(test.x, test.y)[2, k])
table({"inside brackets": {"knows only the rate": only_rate, "probe before layer 2": with_probe,
                           "removed": 1 - with_probe / only_rate}}, unit={"knows only the rate": "nats", "probe before layer 2": "nats"}, decimals=2)

# %% caption
caption("How the removed share is made, for one label at one place: 1 minus the probe's cross-entropy over that of one who knows only the rate.")

# %% [markdown]
# The same for all sixty probes:

# %% figure
fig, axes = plots.figure(1, 2, height=3.6, sharey=True)
for ax, found, title in ((axes[0], known_0, "before training"), (axes[1], known, "trained")):
    plots.heatmap(ax, found.share.T.clamp(min=0), signed=False, limit=1.0, bar=False, aspect="auto")
    for k in range(12):
        for layer in range(5):
            value = float(found.share[layer, k])
            ax.text(layer, k, f"{value:.2f}".replace("-", "−"), ha="center", va="center", fontsize=8, color="white" if value > 0.6 else "black")
    ax.set(title=title, xticks=range(5), xticklabels=["0", "1", "2", "3", "end"], xlabel="before layer")
axes[0].set(yticks=range(12), yticklabels=[("▸ " if name in ("closes", "in_brackets") else "") + name.replace("kind_", "").replace("_", " ") for name in train.labels])
plots.show(
    fig, "Before training opening and closing brackets and keywords are above 0.5 and all others below 0.15; in the trained model most labels rise until layer 2 or 3.",
    "Removed share for twelve labels and five places, before and after training, on files not trained on. What is below 0 is "
    "white. The two labels of the puzzle are marked ▸.",
)  # fmt: skip

# %% [markdown]
# Before training the probe can only use what a random network keeps: which token stands here, and a little of which position. That is nearly enough for brackets, which are a few tokens of the vocabulary, and half of what there is to know about keywords. It is not enough for *definition*, a name at the place where it is given a value. In the trained model that property comes up layer by layer.
#
# How sure are these numbers? Tokens of one file resemble each other, so the intervals come from drawing whole files anew (a bootstrap over files), and there are only about ten of them. Beside each number stands its **null**: what the same measurement gives where there is nothing to be found.

# %%
rows = {}
for name in ("closes", "kind_keyword", "definition", "in_brackets"):
    share, low, high = known.row(name)["layer 2"]
    rows[name.replace("kind_", "").replace("_", " ")] = {
        "trained": (share, low, high), "null: before training": known_0.row(name)["layer 2"][0]}
table(rows, decimals=2)

# %% caption
caption("Removed share before layer 2, with 95 % intervals (files drawn anew), and the same before training.")

# %% [markdown]
# For keywords and definitions the trained model is ahead by far. For closing brackets the value before training lies inside the interval.
#
# *Inside brackets* has an interval that reaches below 0. A number without its interval would have hidden that, and it is worth finding out why. Here is the cross-entropy of this probe in each of the new files.

# %%
files = test.file.unique().tolist()
by_file = {}
for f in files:
    some = test[test.file == f]
    by_file[f] = float(probes.loss(some.x, some.y)[2, at["in_brackets"]])
worst = max(by_file, key=by_file.get)
others = [value for f, value in by_file.items() if f != worst]
table({"the worst file": {"cross-entropy": by_file[worst]},
       "the worst of the others": {"cross-entropy": max(others)}}, unit="nats", decimals=2)

# %% caption
caption("Cross-entropy of the probe for “inside brackets” before layer 2, by file.")

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
told_inside, told_outside = p_inside[written].mean(), p_inside[~written].mean()
with claims():
    claim("before training three labels have more than 0.5 removed at some place, opening and closing brackets and keywords, and no other has 0.15",
          {train.labels[k] for k in range(12) if best_0[k] > 0.5} == {"opens", "closes", "kind_keyword"} and int((best_0 > 0.15).sum()) == 3)
    claim("in the trained model every label but the two brackets is known better at its best place than before training at its best, by more than 0.2",
          {train.labels[k] for k in range(12) if best[k] < best_0[k] + 0.2} == {"opens", "closes"})
    claim("eleven of the twelve are known best before layer 2, before layer 3 or at the end, not earlier", int((known.share.argmax(0) >= 2).sum()) == 11)
    claim("for definitions, what is removed rises from layer 0 to layer 3 at every step, from less than 0.2 to more than 0.7",
          known.of("definition")[:4].diff().min() > 0 and known.of("definition")[0] < 0.2 and known.of("definition")[3] > 0.7)  # fmt: skip
    claim("the share that is worked out above is the one in the figure", abs(1 - with_probe / only_rate - float(known.share[2, at["in_brackets"]])) < 1e-3)
    claim("for closing brackets the value before training lies inside the interval", low[at["closes"]] < known_0.share[2, at["closes"]] < high[at["closes"]])
    claim("for keywords and definitions the whole interval lies above the value before training", all(low[at[n]] > known_0.share[2, at[n]] for n in ("kind_keyword", "definition")))
    claim("for “inside brackets” the interval is more than one wide", high[at["in_brackets"]] - low[at["in_brackets"]] > 1)
    claim("in the worst file the cross-entropy is at least five times that of the next", by_file[worst] > 5 * max(others))
    claim("no token of that file's part is inside brackets, by Python's parser", not some.label("in_brackets").any())
    claim("the probe says yes inside brackets that are written there, and no outside", float(told_inside) > 0.6 and float(told_outside) < 0.05)
    claim("and at least nine tenths of it stand in a docstring", some.label("in_docstring").float().mean() > 0.9)

# %% [markdown]
# The file begins with a long docstring that is full of examples in brackets. For Python's parser a bracket inside a string is a character like any other, so the label is *no* throughout. The probe says *yes*, with confidence. So the probe has found brackets that stand in the text, whether Python counts them or not. Section 4 comes back to this.

# %% [markdown]
# ## 3 · Reading or learning?
#
# A probe is trained. So when it succeeds, part of the success can be its own: it may have learned the answer rather than read it. Two nulls test this, each with a probe of its own.
#
# Hewitt & Liang (2019) proposed the first. Invent a property that the model cannot possibly have: toss a coin for every token of the vocabulary, once, and let that be the token's label wherever it stands. The coin is biased, so that on average as many tokens get a *yes* as have the property. This is a **control task**. Whoever solves it has learned the coins by heart. The accuracy on the property minus that on its control task is called **selectivity**.
#
# The second asks whether the probe knows more than which token it has before it. Keep the true labels, but deal them anew among the places of each token: the commas get as many *yes* as before, only not where they belong. These are **labels shuffled within tokens**. A probe that is fitted to them can learn how often a comma stands inside brackets. It cannot learn where.

# %%
name = "in_brackets"
y, new_y, share = train.label(name), test.label(name), train.label(name).float().mean()

def told(y, new_y):
    """Where probes fitted to labels of training files tell those of new files: (place, row)."""
    learned = probing.fit_chosen(replace(train, y=y[:, None], labels=("made up",)))
    return ((learned.logits(test.x) > 0) == new_y[:, None])[..., 0].float()

coins = [torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(i)) for i in range(3)]
on_coins = torch.stack([told(*(probing.control_labels(some.ids, c, share) for some in (train, test))) for c in coins])
shuffled = torch.stack([told(probing.shuffled_within(train.ids, y, i), new_y) for i in range(3)])
on_coins.shape  # (draw, place, row)

# %% [markdown]
# All are judged on the same tokens of new files. So the differences can be taken token by token, and their intervals draw whole files.

# %%
hits = ((probes.logits(test.x) > 0) == test.y)[..., at[name]].float()
ahead = {null: [mean_interval(row, clusters=test.file) for row in hits - some.mean(0)]
         for null, some in (("control task", on_coins), ("labels shuffled within tokens", shuffled))}
table({null: {"before layer 0": values[0], "before layer 2": values[2]} for null, values in ahead.items()},
      decimals=3, signed=True)

# %% caption
caption("By how much the probe for “inside brackets” is right more often than each null (mean of three draws), with 95 % intervals over files. The first row is the selectivity.")

# %% figure
fig, axes = plots.figure(1, 2, height=2.7, sharey=True)
for ax, (null, values), colour in zip(axes, ahead.items(), (plots.SERIES[0], plots.SERIES[5]), strict=True):
    value, low, high = torch.tensor(values).T
    ax.errorbar(range(5), value, torch.stack([value - low, high - value]), fmt="o-", color=colour, capsize=3)
    ax.axhline(0, color=plots.NULL, lw=1, ls=":")
    ax.set(title=f"ahead of: {null}", xlabel="before layer", xticks=range(5), xticklabels=["0", "1", "2", "3", "end"])
axes[0].set(ylabel="difference in share right")
plots.show(
    fig, "Ahead of the control task: −0.08 at the embedding, then between 0 and 0.05 with intervals around 0. Ahead of shuffled labels: 0.00 at the embedding with hardly any interval, then 0.04 to 0.07.",
    "The same at all five places. Where a dot lies on the dotted line, the probe is no better than the null.",
)  # fmt: skip

# %% claims
selectivity, beyond = (torch.tensor(values) for values in ahead.values())  # (place, value and interval)
by_file = torch.stack([(hits - shuffled.mean(0))[2, test.file == f].mean() for f in test.file.unique()])
with claims():
    claim("at the embedding the selectivity is negative, its interval too, and at every later place it is positive", selectivity[0, 2] < 0 < selectivity[1:, 0].min())
    claim("the intervals of the selectivity at the four later places contain 0", (selectivity[1:, 1] < 0).all() and (selectivity[1:, 2] > 0).all())
    claim("before layer 2 it is about three in a hundred", between(float(selectivity[2, 0]), 0.025, 0.035))
    claim("at the embedding the probe is ahead of the shuffled labels by less than one in two hundred, its whole interval", beyond[0].abs().max() < 0.005)
    claim("before layer 2 it is ahead by about seven in a hundred", between(float(beyond[2, 0]), 0.06, 0.075))
    claim("one file of ten, that of section 2, pulls the intervals down: there it is behind by more than a fifth", by_file.argmin() == worst and len(by_file) == 10 and by_file.min() < -0.2)
    claim("in eight of the other nine files it is ahead", int((by_file > 0).sum()) == 8)  # fmt: skip

# %% [markdown]
# At the embedding the probe is exactly as good as one that knows only the token: nothing of the surroundings is there yet. The coins are learned better than the property, since a vector at the embedding *is* its token, and a probe can learn what it likes about tokens. From layer 1 on the probe is ahead of both nulls. What it gains over the shuffled labels, about seven in a hundred before layer 2, it must have from the context.
#
# But see how wide the intervals are. One file of ten is to blame, and we have met it: in the docstring of section 2 the probe reads brackets that do not count, and it is right less often there than the null, by more than a fifth. In eight of the other nine files it is ahead. That it reads the context is therefore likely, but ten files cannot settle it. Section 6 asks in another way.
#
# One more control is the one of the first figure, the model before its training. A random network does not destroy its input. That a property can be read somewhere in the middle of a network may only say that it could be read from the text.

# %% [markdown]
# ## 4 · Right here, and elsewhere?
#
# A probe finds *something* that goes with the property in the data it is given. If two things always go together there, it cannot know which one it has found.
#
# To see this we need a case where the truth is known. The course has small networks in which everything was planted, and this is how they are made.

# %% figure
drawing.planted_network().captioned("A planted network. The encoder makes features of eight bits, and a hidden vector h of twelve numbers holds each of them along a direction of its own. From h a head makes the answer. On the right, the answers that count as right.")

# %% [markdown]
# Two of the features could decide the answer: the **property**, which is whether two of the bits differ, and its **rival**, which is whether most of three other bits are 1. The *switch* turns the answer round. It is there so that neither of the two is the answer itself.
#
# On half of the 256 inputs property and rival agree. These are the *usual* inputs. Train a probe for the property on them.

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
        ax.text(*at_once.mean(0), f"{len(at_once)}", ha="center", va="center", fontsize=9, color="white" if full and true else plots.INK, zorder=4)
    ax.plot([], [], "o", ms=9, mec=plots.INK, mfc=plots.INK if full else "none", label=name)
line = torch.linspace(-1.7, 1.7, 2)
ax.plot(line, -(w[0] * line + b) / w[1], color=plots.EDITED, label="where the probe is undecided")
ax.set(xlabel="along the rival's direction", ylabel="along the property's direction", xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal")
side.legend(*ax.get_legend_handles_labels(), loc="center left")
plots.show(
    fig, "Four clusters in the corners of a square; the probe's boundary is the falling diagonal, and both unusual clusters lie on it.",
    "All 256 hidden vectors in the plane of the two directions, where they stand at four points, with the number at each. Blue: the "
    "property is true, olive: false. The probe saw the filled ones alone, and its boundary runs through the middle of the others.",
)  # fmt: skip

# %% claims answer
slope = float(-w[0] / w[1])
with claims():
    claim("on usual inputs the log odds are about 6 in all five networks", all(about(row["usual"], 6) for row in rows.values()))
    claim("on unusual inputs they are less than 0.05", all(row["unusual"] < 0.05 for row in rows.values()))
    claim("the probe weighs property and rival alike, to within a hundredth", between(slope, -1.01, -0.99))
    claim("the vectors stand at four points of the plane, 64 at each", all(float((h[(y == a) & (network.rival == b)] @ plane).std(0).max()) < 0.01 for a in (True, False) for b in (True, False)) and int((usual & y).sum()) == int((~usual & y).sum()) == 64)
measured("probing.unusual", "undecided: near even odds" if rows["network 0"]["unusual"] < 0.5 else "as decided, and right")

# %% [markdown]
# In $h$ the property and its rival stand along two directions of their own. On usual inputs they always point the same way, so the probe takes half of each. On unusual inputs the halves cancel, and what the probe then says is decided by rounding. Nothing in its training, and no test on data of the same kind, could have shown that.
#
# The docstring of section 2 is a failure of the same cause. In most files a bracket that is written and a bracket that counts go together. In a docstring they part, and what the probe had found there was the written one. That probe was not undecided but sure, and wrong.

# %% [markdown]
# ## 5 · Two networks that no probe can tell apart
#
# Train the probe on all inputs, and it reads the property without error. Now comes the central question of this lesson: does the network *do* anything with it?
#
# Here are two networks, A and B. Their encoders are one and the same, so that every hidden vector is the same in both, number by number. No probe can tell them apart, whatever its kind, since a probe sees nothing but $h$. Their answers are the same as well, on all usual inputs. A third network, C, has another encoder: the property was left out of it.
#
# On usual inputs a head can take the property or the rival for its answer, since the two agree there. The heads of A and B were made in different ways.

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
              "answers right, usual inputs": float((one.answer(one.h) == one.wanted)[usual].float().mean())}
       for name, one in networks.items()}, decimals=2)

# %% caption
caption("A probe for the property, judged on inputs it was not fitted on, and the answers of three networks.")

# %% [markdown]
# To learn whether the property is used, change it and look at the answer. Take two inputs that differ in the property, a receiver and a donor. Give the receiver's hidden vector the donor's component along the property's direction, and leave everything else as it is. This is an **interchange** along a direction (Geiger et al. 2023). By hand, for unit length $u$:
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
turned = {name: (one.answer(changed) != one.answer(h)).float() for name, one in (("A", A), ("B", B))}
table({name: {"property differs": float(turns[differ].mean()),
              "null: property is the same": float(turns[~differ].mean())} for name, turns in turned.items()},
      decimals=2, caption="Share of inputs on which the answer turns when the component along the property's "
      "direction is a donor's.")

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
    ax.annotate("", (1, -0.8), (1, 0.8), arrowprops={"arrowstyle": "-|>", "color": plots.EDITED, "lw": 2.5})
    ax.set(title=f"network {name}", xlabel="along the rival's direction", aspect="equal")
axes[0].set(ylabel="along the property's direction")
plots.show(
    fig, "In network A the grey area is the upper half and the arrow leaves it; in network B it is the right half and the arrow stays inside.",
    "The same plane in both networks. Grey: where the head answers yes (switch off, everything else as in one input). The "
    "arrow is an interchange along the property's direction. It leaves the grey area in one network and not in the other.",
)  # fmt: skip

# %% figure answer
rng = torch.Generator().manual_seed(2)
shares = []
for _ in range(200):
    v = torch.randn(12, generator=rng)
    v = v / v.norm()
    put = h + ((h[donor] - h) @ v)[:, None] * v
    shares.append([float((one.answer(put) != one.answer(h)).float()[differ].mean()) for one in (A, B)])
shares = torch.tensor(shares)
fig, ax = plots.figure(height=1.9, width=5.8)
for i, name in enumerate("AB"):
    ax.plot(shares[:, i], 1 - i + 0.3 * (torch.rand(200, generator=rng) - 0.5), ".", color=plots.NULL, alpha=0.4, label="200 random directions" if i == 0 else None)
    ax.plot(float(turned[name][differ].mean()), 1 - i, "D", ms=9, color=plots.EDITED, label="the property's direction" if i == 0 else None)
ax.set(xlabel="share of answers that turn", yticks=[1, 0], yticklabels=["network A", "network B"], xlim=(-0.05, 1.05), ylim=(-0.5, 1.5))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "Grey dots of random directions lie between nothing and about half in both rows; the diamond is at one in network A and at zero in network B.",
    "Share of answers that turn, between inputs that differ in the property: along its direction (diamonds), and along 200 random directions.",
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
    claim("none of 200 random directions turns all of A's answers", shares[:, 0].max() < 1)
    claim("in the drawing A's answer depends on the property alone, B's on the rival alone",
          [one.answer(rest + torch.tensor([[1.0, -1.0], [-1.0, 1.0]]) @ plane.T).tolist() for one in (A, B)] == [[False, True], [True, False]])  # fmt: skip
measured("probing.turned", "all in one and none in the other" if turned["A"][differ].all() and not turned["B"][differ].any() else "about half in both")

# %% [markdown]
# So there are three cases, and it takes two experiments to tell them apart. A property is **absent** if it cannot be read by the probes that were tried. It is **present** if one of them can. It is **used** if the answer changes when the property, and nothing else, is changed. Probing is about the first two words. It can never settle the third.
#
# One more thing follows from knowing the mechanism. A network that follows the property is wrong wherever the rival says otherwise, and that is on every unusual input. This can be said before any of them has been tried.

# %% answer
table({name: {"usual": float((one.answer(one.h) == one.wanted)[usual].float().mean()),
              "unusual": float((one.answer(one.h) == one.wanted)[~usual].float().mean())}
       for name, one in (("A", A), ("B", B))}, decimals=2, caption="Share of answers that are right.")

# %% claims answer
with claims():
    claim("A is wrong on every unusual input, B on none",
          not (A.answer(h) == A.wanted)[~usual].any() and (B.answer(h) == B.wanted)[~usual].all())  # fmt: skip

# %% [markdown]
# ## 6 · Does the code model use it?
#
# Back to the model that reads Python. In the line below no bracket is open. We give each of its tokens, but for the first that starts every text, the component that tokens *inside* brackets have on average along the difference of the class means, before layer 2. What does the model expect next?

# %%
ids = torch.tensor([model.tokenizer("    return result")["input_ids"]])
u, told = direction / direction.norm(), train.x[2][inside].mean(0)

def tell(x, hook):
    return torch.cat([x[:, :1], x[:, 1:] + ((told - x[:, 1:]) @ u)[..., None] * u], 1)

chances = [model.run_with_hooks(ids, fwd_hooks=hooks)[0, -1].softmax(-1)
           for hooks in ([], [("blocks.2.hook_resid_pre", tell)])]
table({repr(model.tokenizer.decode([i])): {"as it is": float(chances[0][i]), "told “inside”": float(chances[1][i])}
       for i in chances[1].topk(4).indices.tolist()}, decimals=3)

# %% caption
caption("Probability of the token after “    return result”, in the model as it is, and when each token is told that it stands inside brackets.")

# %% [markdown]
# A closing bracket has become the second guess, though none was opened. One line shows what is meant and proves little. So we take all tokens of eight contexts, each from another new file. If the model uses *inside brackets*, closing brackets should become more probable where a token outside gets the component of one inside, and less probable the other way round. The puzzle's other property is tested likewise, before layer 1. After a closing bracket a line often ends, so there we look at line breaks. Donors are tokens of the training files, drawn at random.
#
# What would any push do? Three nulls stand beside it. The first is the same direction with donors of the token's *own* label. The second is a **placebo**: each token is moved exactly as far, along one of twelve random directions. The third moves it as far along the directions of four other labels (opening brackets, parameters, calls, definitions). It asks whether it has to be *this* property.

# %%
few = test[test.place[:, 0] % 6 == 0]  # every sixth context
vocabulary = [model.tokenizer.decode([i]) for i in range(model.cfg.d_vocab)]
closing, line_break = (torch.tensor([any(c in word for c in some) for word in vocabulary])
                       for some in (")]}", "\n"))
random = torch.randn(12, 192, generator=torch.Generator().manual_seed(1))
four = [at[name] for name in ("opens", "parameter", "call", "definition")]

def rise(name, place, wanted, opposite, onto):
    """By how much `wanted` becomes more probable at each token, in nats: (direction, token)."""
    x, has = train.x[place], train.label(name)
    rng = torch.Generator().manual_seed(0)
    yes, no = (some[torch.randint(len(some), (len(few),), generator=rng)] for some in (x[has], x[~has]))
    donors = torch.where((few.label(name) ^ opposite)[:, None], yes, no)
    return probing.interchanged(model, few, place, x[has].mean(0) - x[~has].mean(0), donors, wanted, onto)

# %%
rows, moved = {}, {}
for name, place, wanted in (("in_brackets", 2, closing), ("closes", 1, line_break)):
    gap = probing.mass_mean(train.x[place][None], train.label(name)[:, None]).directions[0]  # (1, 192)
    own, same = (rise(name, place, wanted, opposite, gap)[0] for opposite in (True, False))
    others = probing.mass_mean(train.x[place][None], train.y[:, four]).directions[0]
    placebo, labels = (rise(name, place, wanted, True, onto) for onto in (random, others))
    for gets, some in ((True, ~few.label(name)), (False, few.label(name))):
        moved[name, gets] = tuple(by[..., some].mean(-1) for by in (own, same, placebo, labels))
        said = f"{name.replace('_', ' ')}, {'gets it' if gets else 'loses it'}"
        rows[said] = {"rise": mean_interval(own[some], clusters=few.file[some])}
table(rows, decimals=2, signed=True, unit="nats")

# %% caption
caption("By how much the log-probability of closing brackets (first two rows) and of line breaks (last two) rises when tokens get a donor's component along the difference of the class means, with its interval over files. Below 0 it falls.")

# %% figure
fig, ax = plots.figure(height=2.9, width=7.2)
for i, (row, (_, same, placebo, labels)) in enumerate(zip(rows.values(), moved.values(), strict=True)):
    value, low, high = row["rise"]
    ax.plot(placebo, torch.full((12,), -i - 0.15), ".", color=plots.NULL, ms=7, label="12 placebos" if i == 0 else None)
    ax.plot(float(same), -i - 0.15, "|", color=plots.INK, ms=12, mew=2, label="donor of the same label" if i == 0 else None)
    for mark, name, by in zip("^sDv", ("opens", "parameter", "call", "definition"), labels.tolist(), strict=True):
        ax.plot(by, -i + 0.12, mark, color=plots.INK, mfc="none", ms=6, label=f"along “{name}”" if i == 0 else None)
    ax.errorbar(value, -i + 0.12, xerr=[[value - low], [high - value]], fmt="o", color=plots.EDITED, ms=8, capsize=3, label="along its own direction" if i == 0 else None)
ax.axvline(0, color=plots.NULL, lw=0.8)
ax.set(yticks=[0, -1, -2, -3], yticklabels=list(rows), xlabel="rise of the log-probability, nats")
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "In the first and third row the own direction lies right of all grey dots, in the second left of all marks; in the first row the triangle of another label lies farther right.",
    "The same, with three nulls: tokens moved as far along random directions (grey), along the directions of four other labels "
    "(hollow), and donors of the token's own label (bar).",
)  # fmt: skip

# %% claims
close = model.tokenizer(")")["input_ids"][-1]
up, down = (moved["in_brackets", gets][0] for gets in (True, False))
used_here = {name: bool(moved[name, True][0] > moved[name, True][2].max() and moved[name, False][0] < moved[name, False][2].min()
                          and rows[f"{name.replace('_', ' ')}, loses it"]["rise"][2] < 0) for name in ("in_brackets", "closes")}
intervals = {name: row["rise"][1:] for name, row in rows.items()}
with claims():
    claim("as it is, a closing bracket gets less than one in a hundred; told “inside”, more than one in ten, and is the second guess",
          chances[0][close] < 0.01 and chances[1][close] > 0.1 and chances[1].topk(2).indices[1] == close)  # fmt: skip
    claim("tokens that get “inside” make closing brackets more probable than under any placebo, tokens that lose it less probable", used_here["in_brackets"])
    claim("tokens that lose “inside” make them less probable than along any of the four other labels", down < moved["in_brackets", False][3].min())
    claim("but for tokens that get it, the direction of “opens” does at least as much", up <= moved["in_brackets", True][3][0] and train.labels[four[0]] == "opens")
    claim("the tokens are those of eight contexts, each from another file", len(few.file.unique()) == len(few.place[:, 0].unique()) == 8)
    claim("tokens that get “closes” make line breaks more probable than under any placebo and along any other label", moved["closes", True][0] > max(moved["closes", True][2].max(), moved["closes", True][3].max()))
    claim("closing brackets become about ten times as probable, and about a third as probable, in the geometric mean", between(up.exp(), 8, 13) and between(down.exp(), 0.26, 0.4))
    claim("these three intervals over files leave 0 out, and that of tokens that lose “closes” does not",
          [low > 0 or high < 0 for low, high in intervals.values()] == [True, True, True, False])
    claim("in the three rows donors of the same label change less than a quarter as much", all(abs(same) < abs(own) / 4 for own, same, *_ in list(moved.values())[:3]))

# %% [markdown]
# A token outside brackets that gets *inside* makes closing brackets about ten times as probable (in the geometric mean over tokens), and one inside that loses it makes them about a third as probable. No placebo does as much in either row, and a donor of the same label does little. But look at the hollow marks. A push along the direction of *opens* makes closing brackets at least as probable where no bracket was open: that row alone would have proved little. In the second row none of the four other labels takes away as much. Both rows together say that the model uses this direction.
#
# For *closes* only one half is shown. A token that gets it makes line breaks far more probable. What happens when a closing bracket *loses* its mark stays open: there are few of them in these contexts, and the interval is wide.
#
# A reservation remains. A direction may carry more than the one property: whatever goes together with it in the training files points along it as well. Section 2 has shown that the probe finds brackets that are *written*. Whether the model's direction stands for these or for brackets that count, the experiment does not tell.

# %% [markdown]
# ## 7 · Erasing, and steering
#
# An interchange gives a vector another value of the property. One can also take the property out. **LEACE** (Belrose et al. 2023) changes the vectors as little as possible, such that afterwards no *linear* probe does better than a guess. The figure shows it in two of the 192 dimensions.

# %% figure
gap = direction / direction.norm()
x = train.x[2]
within = x - torch.where(inside[:, None], x[inside].mean(0), x[~inside].mean(0))
within = within - torch.outer(within @ gap, gap)
spread = torch.linalg.eigh(within.mT @ within).eigenvectors[:, -1]
spread = spread / spread.norm() + gap  # a plane in which the two classes lie askew
two = x @ torch.stack([spread / spread.norm(), gap], 1)
two = two - two.mean(0)
values, vectors = torch.linalg.eigh(two.mT @ two / len(two))
white = two @ (vectors / values.sqrt()) @ vectors.mT
panels = {"as they are": two, "made white": white, "erased": probing.leace(two, inside)(two)}
drawn = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:600]
fig, axes = plots.figure(1, 3, height=2.7)
for ax, (title, rows) in zip(axes, panels.items(), strict=True):
    for some, colour in ((~inside, plots.SERIES[3]), (inside, plots.SERIES[0])):
        ax.plot(*rows[drawn[some[drawn]]].T, ".", ms=3, color=colour, alpha=0.5)
        ax.plot(*rows[some].mean(0), "o", ms=9, mec="white", color=colour)
    ax.set(title=title, xticks=[], yticks=[], aspect="equal", adjustable="datalim")
plots.show(
    fig, "Two overlapping clouds with two means apart; the same made round; the same with both means at one point.",
    "Six hundred tokens, inside brackets (blue) and outside (olive), and the means of all (large), in a plane. LEACE makes the cloud white, that "
    "is equally wide in all directions, removes the line between the means there, and goes back. Right: both means are one.",
)  # fmt: skip

# %% [markdown]
# With $\mu$ the mean and $\Sigma$ the covariance of the vectors, and $u$ the unit vector along $\Sigma^{-1/2}$ times the difference of the class means,
#
# $$x' \;=\; x - \Sigma^{1/2}\,u\,u^{\top}\,\Sigma^{-1/2}\,(x-\mu) .$$
#
# To erase a property and measure what the model misses is also called *amnesic probing* (Elazar et al. 2021). In the code model we erase *inside brackets* before layer 3, at every token but the first, and let the rest of the model run. As a null, we erase twenty made-up properties in the same way, each the side of a random cut through the same vectors with as many tokens on it.

# %%
contexts = test.contexts[::4]
file_of = torch.stack([test.file[test.place[:, 0] == i][0] for i in range(0, len(test.contexts), 4)])

stream = model.run_with_cache(contexts)[1]["resid_pre", 3]  # the layers before are not run again

def loss_when(change):
    """The model's loss in each context of new files when `change` is applied to the stream before layer 3."""
    changed = torch.cat([stream[:, :1], change(stream[:, 1:])], 1)
    log_p = model.unembed(probing.onwards(model, changed, 3)).log_softmax(-1)[:, 1:-1]
    return -log_p.gather(2, contexts[:, 2:, None])[..., 0].mean(1)

# %%
x, plain = train.x[3], loss_when(lambda v: v)
costs = {name: loss_when(probing.leace(x, train.label(name))) - plain for name in train.labels}
erased = costs.pop("in_brackets")
made_up = []
for seed in range(20):
    cut = x @ torch.randn(192, generator=torch.Generator().manual_seed(seed))
    made_up.append((loss_when(probing.leace(x, cut > cut.quantile(1 - share))) - plain).mean())
made_up, others = torch.stack(made_up), torch.stack([cost.mean() for cost in costs.values()])
table({"inside brackets": {"loss rises by": mean_interval(erased, clusters=file_of)}}, unit="nats", decimals=3)

# %% figure
fig, ax = plots.figure(height=2.2, width=6.4)
value, low, high = mean_interval(erased, clusters=file_of)
ax.errorbar(value, 2, xerr=[[value - low], [high - value]], fmt="o", color=plots.EDITED, ms=8, capsize=3)
ax.plot(others, torch.full((11,), 1.0), "o", color=plots.INK, mfc="none")
ax.plot(made_up, torch.zeros(20), ".", color=plots.NULL, ms=7)
top = others.argsort(descending=True)[:2].tolist()
for up, i in zip((14, -16), top, strict=True):
    ax.annotate(list(costs)[i].replace("_", " "), (float(others[i]), 1), (0, up), textcoords="offset points", ha="center", va="center", fontsize=9)
ax.set(yticks=[2, 1, 0], yticklabels=["inside brackets", "11 other labels", "20 made-up properties"], xlabel="rise of the loss when it is erased before layer 3, nats", ylim=(-0.5, 2.5), xlim=(0, None))
plots.show(
    fig, "Inside brackets at 0.058 with an interval from 0.035 to 0.086; made-up properties between 0.015 and 0.034; other labels between 0.02 and 0.06, the highest is opens.",
    "What the model loses when a property is erased before layer 3: “inside brackets” with its 95 % interval over files, the other labels of section 2, and made-up properties.",
)  # fmt: skip

# %% claims
gone = probing.leace(x, inside)(x)
middles = [rows[inside].mean(0) - rows[~inside].mean(0) for rows in panels.values()]
with claims():
    claim("erasing it costs more than erasing any of the twenty made-up properties", erased.mean() > made_up.max())
    claim("the lower end of its interval is within 0.01 of the largest of these", abs(low - made_up.max()) < 0.01)
    claim("of the other labels one costs as much, to within 0.005, and it is “opens”", abs(others.max() - value) < 0.005 and [name for name, cost in costs.items() if cost.mean() >= value] == ["opens"])
    claim("seven of the eleven other labels cost more than the largest of the made-up properties", int((others > made_up.max()).sum()) == 7)
    claim("the loss rises by between 0.03 and 0.08 nats, of about two and a quarter", between(erased.mean(), 0.03, 0.08) and between(plain.mean(), 2.0, 2.5))
    claim("after erasing, the class means are equal", float((gone[inside].mean(0) - gone[~inside].mean(0)).norm() / (x[inside].mean(0) - x[~inside].mean(0)).norm()) < 1e-3)
    claim("in the figure too, and nowhere else", middles[2].norm() < 1e-3 * middles[0].norm() and middles[1].norm() > 0.1)

# %% [markdown]
# The model misses it, a little: the interval over files reaches down to the largest made-up property. And it misses most of the other labels, too, *opens* as much. So the loss says that real properties are missed more than made-up ones, and does not single out this one.
#
# What becomes of the property in the layers that follow? Erase it before layer 2, and look for it after the last layer.

# %% prediction
predict("probing.erased")

# %% answer
eraser = probing.leace(train.x[2], inside)
hook = ("blocks.2.hook_resid_pre", lambda x, hook: torch.cat([x[:, :1], eraser(x[:, 1:])], 1))
with model.hooks(fwd_hooks=[hook]):
    train_e, test_e = train.read_by(model), test.read_by(model)
k = at["in_brackets"]
train_e, test_e = (replace(some, y=some.y[:, [k]], labels=("in_brackets",)) for some in (train_e, test_e))
again = probing.fit_chosen(train_e)
left = probing.removed(again, train_e, test_e)
rows = {name: found.row("in_brackets") for name, found in (("as it is", known), ("erased before layer 2", left))}
table({name: {"before layer 3": row["layer 3"], "end": row["layer 4"]} for name, row in rows.items()}, decimals=2,
      caption="Removed share for “inside brackets” at two later places, in the model as it is and after erasing it "
      "before layer 2; each with probes of its own, and intervals over files.")

# %% claims answer
says, says_e = probes.logits(test.x)[4, :, k], again.logits(test_e.x)[4, :, 0]
loss, loss_e = (torch.where(test.y[:, k], -s, s).exp().log1p() for s in (says, says_e))
lost = mean_interval(loss_e - loss, clusters=test.file)  # the same tokens: a paired difference
share_left = float(left.of("in_brackets")[4] / known.of("in_brackets")[4])
gone_now, new_now = (eraser(some.x[2])[None] for some in (train, test))
directly = probing.fit_logistic(gone_now, inside[:, None], 1000.0).loss(new_now, truth[:, None])
hidden = probing.fit_hidden(gone_now, inside[:, None], 32, 1000.0)
hidden_right = float(((hidden.logits(new_now)[0, :, 0] > 0) == truth).float().mean())
blind = -(truth * inside.float().mean().log() + ~truth * (1 - inside.float().mean()).log()).mean()
with claims():
    claim("right after erasing nothing is left for a linear probe", float(1 - directly[0, 0] / blind) < 0.03)
    claim("but a probe with 32 hidden units is right there at more than 0.9, against 0.84 for always saying no", hidden_right > 0.9 and between(always_no[at["in_brackets"]], 0.835, 0.845))
    claim("the interval of what it finds at the end leaves 0 out", rows["erased before layer 2"]["layer 4"][1] > 0)
    claim("on the same tokens the new probe's cross-entropy is larger than the old one's, by an interval that leaves 0 out", lost[1] > 0)
    claim("at the end a new probe finds between a tenth and two thirds of what it was", between(share_left, 0.1, 0.67))
measured("probing.erased", "none of it" if share_left < 0.05 else "all of it" if share_left > 0.95 else "some of it")

# %% [markdown]
# To erase at one place is not to erase from the model. Two ways lead back. LEACE leaves nothing for a *linear* probe, but a probe with a hidden layer still finds the property in the erased vectors, and so may the layers that follow. And the brackets themselves still stand as tokens at other positions. Which way the model takes, we have not tested. That something comes back is sure, and that it is less than before: on the same tokens the new probe is worse, whichever of these files are drawn.
#
# The last intervention adds something. **Steering** means to add a direction to the stream and see what the model then says. We want closing brackets to become more probable, and add one of three directions before layer 2, at every position but the first: the logistic probe's, the mass-mean probe's, and that of latent 378 of lesson 2's dictionary, which marks the token `)`. The price is what happens elsewhere, at places where the text goes on with something else. Random directions of the same length stand beside them.

# %%
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
    ax.plot(price, effect, "-" if random_one else "o-", color="0.75" if random_one else plots.SERIES[(0, 5, 3)[i]], lw=1 if random_one else 2,
            label="random directions" if name == "random 0" else None if random_one else name, zorder=1 if random_one else 2)
ax.set(xlabel="side effect: rise of the loss elsewhere, nats", ylabel="effect: log-probability\nof closing brackets, nats")
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
# The direction that *reads* best is not the one that *steers* best, as Marks & Tegmark (2023) found in language models. Logistic regression turns away from directions along which vectors scatter for other reasons, and the difference of the means does not. Whether this is why it steers less, we have not tested. Now look at the grey lines. At the middle length, the distance between the class means, eleven of the twelve have less effect than each of our three, and one random direction has more than all of them. A null of three directions would have missed it three times in four. What that direction does, we have not found out. An effect without its null, or without its price, says little.

# %% [markdown]
# ## 8 · What this does not show
#
# - **One deal of files.** The held-out files were dealt into two groups once. The intervals over files are wide, since there are about ten.
# - **Linear probes.** A property that is spread over several directions, or stands in how two of them combine, can be present and remain unseen. *Absent* has always a family of probes behind it. In network C it holds for all of them: each hidden vector comes with the property in exactly half of its inputs.
# - **A direction is a choice.** An interchange along a direction that is not quite the right one can turn nothing although the property is used, or move other things along with it.
# - **The planted networks are clean.** Their features stand along orthogonal directions without noise. In a trained model the second experiment is harder than here.
#
# **The puzzle, answered.** Here is what the lesson found out, property by property.

# %%
def word(read, used):
    return "absent" if not read else "used" if used else "present; use open" if used is None else "present, not used"

verdicts = {
    "code model, closing bracket (before layer 1)": (f"{float(right[1, at['closes']]):.3f} right, {float(right_0[1, at['closes']]):.3f} before training", True, used_here["closes"] or None),
    "code model, inside brackets (before layer 2)": (f"{float(right[2, at['in_brackets']]):.3f} right, {float(right_0[2, at['in_brackets']]):.3f} before training", True, used_here["in_brackets"]),
    "network A": (f"{probe_accuracy(A):.2f} right", probe_accuracy(A) > 0.9, turns_of(A) > 0.5),
    "network B": (f"{probe_accuracy(B):.2f} right", probe_accuracy(B) > 0.9, turns_of(B) > 0.5),
    "network C": (f"{probe_accuracy(C):.2f} right", probe_accuracy(C) > 0.9, False)}
table({name: {"a probe": says, "verdict": word(read, used)} for name, (says, read, used) in verdicts.items()})

# %% caption
caption("Two properties of the code model and the property of the three planted networks.")

# %% claims
with claims():
    claim("the three words of the planted networks are used, present but not used, absent",
          [word(*verdicts[f"network {name}"][1:]) for name in "ABC"] == ["used", "present, not used", "absent"])
    claim("in the code model “inside brackets” is used, and “closing bracket” is left open", used_here == {"in_brackets": True, "closes": False})

# %% [markdown]
# That a probe reads *closing bracket* at 99 % told us only that the vector has not lost which token it stands at. It is nearly so before the model has learned anything, and the interchange has shown one half of its use. Of *inside brackets* we know more. Accuracy and control task left it open, and an intervention in both directions spoke for it. A probe says where to look. What the model does with what is there, one learns by changing it.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "99 % right can mean nothing", "evidence": "a random network gives nearly the same for closing brackets", "control": "always saying no; the model before training",
     "where it fails": "“definition” cannot be read before training"},
    {"claim": "An accuracy of 0.92 leaves open whether the probe reads or learns", "evidence": "it gains 0.08 over always saying no; probes for coins gain 0.03 to 0.1", "control": "three sets of coins; labels shuffled within tokens; files drawn anew",
     "where it fails": "one file of ten decides; with more files its sign could be told"},
    {"claim": "A probe that is perfect on its own kind of data can be a guess elsewhere", "evidence": "property and rival agree on usual inputs", "control": "five planted networks",
     "where it fails": "when the training data tell the two apart"},
    {"claim": "Present does not mean used", "evidence": "two networks with the same hidden vectors; one turns under interchange, the other does not", "control": "200 random directions",
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
# - control task: a made-up property in which each token has a random label of its own, the same wherever it stands.
# - selectivity: accuracy on a property minus accuracy on its control task.
# - labels shuffled within tokens: the true labels dealt anew among the places of each token, so that only a token's rate is left.
# - property: in the planted networks, the parity of two bits.
# - rival: in the planted networks, the majority of three bits, which agrees with the property on usual inputs.
# - placebo: a change as large as the one in question, along a direction of no meaning.
# - interchange: to give a vector another one's component along a direction.
# - absent: not readable by the probes that were tried.
# - present: readable by one of them.
# - used: such that the answer changes when it is changed, and nothing else.
# - LEACE: the least change of vectors after which no linear probe does better than a guess.
# - Steering: to add a direction to the stream.

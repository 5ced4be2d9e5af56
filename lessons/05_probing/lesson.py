# %% [markdown]
# # Probing
#
# **A puzzle.** A small model reads Python. We take the vector that it holds at each token after two of its four layers, and train a classifier to say from this vector alone whether the token is a closing bracket. On files that neither of them has seen, the classifier is right at 99 of 100 tokens. What have we learned about the model?
#
# The first figure shows such a classifier at work on one line, for the model as it is and for the same model *before* training, when its weights were still random numbers. The bars below count on the beginnings of ten new files. Most tokens close no bracket, so always saying *no* is right at more than 97 of 100, but it finds none of the closing brackets. The classifier of the untrained model finds two thirds of them, and that of the trained one nearly all. Which of these numbers should one believe?
#
# The text is modules of Python's standard library that the model was not trained on. Ten of them train the classifiers and ten others judge them. Nine more are kept back until section 4.
#
# The lesson is about three words and the experiments that they need. A property of the text is
#
# - **absent** from a model's vectors if no classifier that we try reads it there better than could be expected anyway (sections 6 and 9),
# - **present** if one does, and we know of no other property that it reads in its place (sections 2 to 4),
# - **used** if the answer, or its odds, change when we change the property in the vectors (sections 6 to 9).
#
# What can be expected anyway, and which changes count, the sections say. Section 9 carries one property of the trained model through all three words, and section 10 gives the verdict on five.

# %% [markdown] contents
# You need lesson 0: the residual stream and activation patching. The exercises take two and a half to three and a half hours (an estimate).

# %% setup

# %%
from dataclasses import replace

import torch

from course_utils import plots, probing, sae, zoo
from course_utils.intervals import interval, mean_interval
from course_utils.page import about, between, card, claim, claims
from course_utils.page import measured, predict, rounds_to, table
from course_utils.probing import clouds, drawing, subspace
from course_utils.python_text.labels import token_labels

model = zoo.load("code-4l", "cpu").requires_grad_(False)
blank = zoo.load("code-4l", "cpu", checkpoint=0).requires_grad_(False)  # before training

# %%
names = ("closes", "in_string", "in_docstring", "in_comment", "in_brackets", "definition")

def asked(some):
    """The same tokens with the six labels of this lesson."""
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

line_says = {"before training": told(blank, probes_0, "closes"), "trained": told(model, probes, "closes")}
plots.show(
    sae.shaded_code([model.tokenizer.decode([i]) for i in snippet[0, 1:].tolist()], line_says, columns=1, top=1.0),
    "One line twice. Before training the classifier is darkest at the ) and shades the = too; the trained one is dark at ] and ) alone.",
    "Is it a closing bracket? One line, and what the two classifiers say at each token (white: no, darkest: surely yes). The one before training misses the ] and leans to the = instead.",
)  # fmt: skip

# %% figure
def says_yes_to(probes, tokens, name="closes"):
    """Where the probe before layer 2 says yes."""
    return probes.logits(tokens.x)[2, :, at[name]] > 0

is_one = test.label("closes")
answers = {"always no": torch.zeros(len(test)).bool(), "before training": says_yes_to(probes_0, test_0), "trained": says_yes_to(probes, test)}
right = [float((says == is_one).float().mean()) for says in answers.values()]
found_ones = [float(says[is_one].float().mean()) for says in answers.values()]
fig, axes = plots.figure(1, 2, height=2.5, sharey=True)
for ax, heights, title in zip(axes, (right, found_ones), ("of all tokens, right", "of the closing brackets, found"), strict=True):
    ax.bar(range(3), heights, 0.6, color=[plots.STREAM, plots.NULL, plots.SERIES[0]])
    for i, height in enumerate(heights):
        ax.text(i, height + 0.015, f"{height:.3f}", ha="center", va="bottom", fontsize=9)
    ax.set(title=title, xticks=range(3), xticklabels=answers, ylim=(0, 1.12))
axes[0].set(ylabel="share")
plots.show(
    fig, "Left: three bars of almost the same height, near 1. Right: nothing, two thirds, and nearly 1.",
    "Is it a closing bracket? Always saying no, the classifier of the model before its training, and that of the trained one, on new files. Left: the share of all tokens "
    "at which each is right. Right: the share of the closing brackets that each finds.",
)  # fmt: skip

# %% claims
with claims():
    claim("the model has four layers", model.cfg.n_layers == 4)
    claim("for closing brackets the trained model's probe is right at 99 of 100 tokens after two layers", between(right[2], 0.985, 0.995))
    claim("always saying no is right at more than 97 of 100, and the probe before training lies between the two, all within two in a hundred", 0.97 < right[0] < right[1] < right[2] < right[0] + 0.02)
    claim("of the closing brackets always no finds none, the probe before training about two thirds, that of the trained model more than 99 of 100", found_ones[0] == 0 and between(found_ones[1], 0.63, 0.72) and found_ones[2] > 0.99)
    claim("ten files train and ten judge", all(len(some.file.unique()) == 10 for some in (train, test)))
    ends_one = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}") for i in snippet[0, 1:].tolist()])
    claim("in the line both classifiers give these a higher probability than the other tokens, by more than 0.3 on average", all(says[ends_one].mean() - says[~ends_one].mean() > 0.3 for says in line_says.values()))
    claim("of the closing brackets the trained one says yes at both, the one before training at the ) alone", [(says[ends_one] > 0.5).tolist() for says in line_says.values()] == [[False, True], [True, True]])
    claim("the one before training gives the = more than the ], and more than any other token but the )", snippet[0, 1:].tolist()[int(line_says["before training"].argsort(descending=True)[1])] == model.tokenizer("total =")["input_ids"][-1])

# %% [markdown]
# ## 1 · A probe is a direction
#
# A **probe** is a small classifier that is trained on a model's internal vectors, while the model itself stays as it is. Our labels come from Python's own tokenizer and parser. A token takes the label of its first character that is not a blank. The model never sees the labels.
#
# The simplest probe needs two means. Suppose that vectors had two numbers only. Two tokens inside brackets are at (4, 4) and (2, 4), and two outside are at (0, 1) and (2, −1). The means are (3, 4) and (1, 0), and the arrow from the mean of the tokens outside to that of the tokens inside is (2, 4). A new token is at (4, 2). Is it inside? The point halfway between the means is (2, 2). From there the new token is (2, 0) away, and
#
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
ax.plot(*middle, "D", ms=6, color=plots.INK, label="halfway point")
ax.annotate("", new_one.tolist(), middle.tolist(), arrowprops={"arrowstyle": "-|>", "color": plots.NULL, "lw": 1.5, "shrinkA": 4, "shrinkB": 7})
ax.text(3.0, 1.6, "(2, 0)", fontsize=9, color=plots.NULL)
ax.text(1.7, 3.1, "(2, 4)", fontsize=9, color=plots.INK)
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
# On tokens of new files it is right at 85 of 100 or a little more, inside and outside alike. Always saying *no* would be right nearly as often over all tokens, because most are outside, but it would miss every token inside. What the mass-mean probe leaves out is how the vectors scatter around their means, and how much rarer one class is. **Logistic regression** takes both into account, and the next figure shows how its border differs.

# %% figure
rows, yes = train.x[2], train.label("in_brackets")
two = clouds.slanted(rows, yes)
low_mean, high_mean = two[~yes].mean(0), two[yes].mean(0)
flat = probing.fit_logistic(two[None], yes[:, None], 1.0)
borders = {"mass-mean probe": (high_mean - low_mean, (high_mean - low_mean) @ (high_mean + low_mean) / 2),
           "logistic regression": (flat.directions[0, 0], -flat.bias[0, 0])}  # normal, and its value there
fig, axes = plots.figure(1, 2, height=2.9)
for ax, (title, (normal, value)) in zip(axes, borders.items(), strict=True):
    clouds.draw(ax, two, yes, 600)
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
# The second term, the penalty, makes a long $w$ costly. Its strength $\lambda$ is chosen for each probe separately, on training files alone, unless the code beside it states one.

# %% claims
plane_right = [float((((two @ normal) > value) == yes).float().mean()) for normal, value in borders.values()]
with claims():
    claim("by hand: the new token scores 4, the means are (3, 4) and (1, 0), and halfway is (2, 2)", float(by_hand) == 4 and [end.tolist() for end in ends] == [[1, 0], [3, 4]] and middle.tolist() == [2, 2])
    claim("the vectors have 192 numbers", train.x.shape[2] == 192)
    claim("the mass-mean probe is right at 85 to 87 of 100 tokens, inside and outside", between([float((score[truth] > 0).float().mean()), float((score[~truth] < 0).float().mean())], 0.845, 0.875))
    claim("over all tokens it is right at less than two in a hundred more than always saying no", 0 < ((score > 0) == truth).float().mean() - (~truth).float().mean() < 0.02)
    claim("in the plane the logistic border is turned by more than ten degrees from the other and right at more tokens",
          torch.cosine_similarity(*(normal for normal, _ in borders.values()), dim=0).abs() < 0.984 and plane_right[1] > plane_right[0])

# %% [markdown]
# ## 2 · What training adds
#
# A probe can be fitted at any layer, to any label, in any network. We fit thirty: for six labels at five places, before each of the four layers (counted from 0) and after the last. *Before layer 2*, halfway through the model, stays our example. Of the labels, *definition* is a name where it is given a value (or imported, or made a parameter).
#
# Accuracy looks good for every rare property. And the share that is found depends on where a probe puts its border: one that says *yes* to everything finds them all. So we ask something else. Take one token with the property and one without it. How often does the probe give a higher score to the first? This share of all such pairs is the **AUC**. It is 1 if every token with the property scores higher than every one without, and ½ for a guess or for always saying *no*. If two tokens with the property score 3 and 1, and two without score 2 and 0, three of the four pairs are in order: the AUC is ¾.

# %% figure
def auc(scores, y, some=test):
    """AUC in all files, then with files drawn anew, again and again. Of several draws the mean."""
    return probing.auc(scores.reshape(len(y), -1), y.reshape(len(y), -1), some.file)

def each_auc(probes, some):
    scores = probes.logits(some.x)
    return torch.tensor([[float(auc(of_layer[:, i], some.y[:, i])[0]) for i in range(6)] for of_layer in scores])

known, known_0 = each_auc(probes, test), each_auc(probes_0, test_0)  # (layer, label)
spoken = {"closes": "closing bracket", "in_brackets": "inside brackets"}
spoken = {name: spoken.get(name, name.replace("_", " ")) for name in names}
fig, axes = plots.figure(1, 2, height=2.7, sharey=True)
for ax, found, title in ((axes[0], known_0, "before training"), (axes[1], known, "trained")):
    image = plots.heatmap(ax, found.T, signed=False, bar=False, aspect="auto", vmin=0.5, vmax=1.0)
    for place, row in enumerate(found.tolist()):
        for label, value in enumerate(row):
            ax.text(place, label, f"{value:.2f}", ha="center", va="center", fontsize=7, color="white" if value > 0.8 else plots.INK)
    ax.set(title=title, xticks=range(5), xticklabels=["0", "1", "2", "3", "end"], xlabel="before layer (end: after the last)")
axes[0].set(yticks=range(6), yticklabels=spoken.values())
fig.colorbar(image, ax=axes, label="AUC")
plots.show(
    fig, "Before training only closing bracket is dark. In the trained model it stays dark, and the five others are darkest before layer 2 or 3.",
    "AUC for six labels at five places, on new files. White is ½, a guess.",
)  # fmt: skip

# %% [markdown]
# Before training one label alone is read well, *closing bracket*, with an AUC of 0.98 or more at every place. Which token it is nearly settles this label, and from a random network's vectors one can still read whether the token is a bracket. The other five are read better after training, best before layer 2 or 3, and less well at the end.
#
# How much of an AUC is owed to training? We measure the same in the model before training, and ask by how much the trained model is ahead. A measurement in which the thing in question is missing, here the training, is called a **null**. The tokens of one file are not independent of each other, so the intervals come from drawing whole files again and again, with replacement (a bootstrap over files). This begins the scoreboard, which follows three of the six labels.

# %% figure
board = {}  # (label, test): by how much the AUC of its probe before layer 2 is above the null's

def note(label, null, one, other):
    board[label, null] = probing.ahead(one, other)

def reads(probes, some, name):
    return auc(probes.logits(some.x)[2, :, at[name]], some.label(name), some)

for name in ("closes", "definition", "in_brackets"):
    note(spoken[name], "before training", reads(probes, test, name), reads(probes_0, test_0, name))
plots.show(
    drawing.scoreboard(board),
    "Closing bracket lies just above 0; definition and inside brackets far above it.",
    "The scoreboard: by how much the AUC of a probe before layer 2 is above the null's, in the ten new files, with 95 % intervals over files. "
    "A dot is filled where the whole interval lies above 0.",
)  # fmt: skip

# %% claims
best, best_0 = known.amax(0), known_0.amax(0)
context = ["in_string", "in_docstring", "in_comment", "in_brackets", "definition"]
others = [at[name] for name in context]
holds_one = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}") for i in train.ids.tolist()])
lead = {name: board[spoken[name], "before training"] for name in ("closes", "definition", "in_brackets")}
with claims():
    claim("by hand: three of four pairs are in order", probing.auc(torch.tensor([[3.0], [1.0], [2.0], [0.0]]), torch.tensor([[True], [True], [False], [False]]), torch.zeros(4).long())[0] == 0.75)
    claim("before training the AUC of closing bracket is 0.98 or more at every place, and no other label's reaches 0.75; thirty probes, at five places for six labels", known_0[:, at["closes"]].min() >= 0.98 and best_0[others].max() < 0.75 and probes.directions.shape[:2] == (5, 6))
    claim("a training token that holds no closing bracket closes none, and more than four in five of those that hold one do", not train.label("closes")[~holds_one].any() and train.label("closes")[holds_one].float().mean() > 0.8)
    claim("the five others are read better at their best place than before training at theirs, by more than 0.2", (best - best_0)[others].min() > 0.2)
    claim("in the trained model these five are read best before layer 2 or 3, and less well at the end", all(int(known[:, i].argmax()) in (2, 3) and known[4, i] < best[i] for i in others))
    claim("closing bracket stays above 0.99 at every place", known[:, at["closes"]].min() > 0.99)
    claim("all three leads have their interval above 0, and closing bracket's lies below the two others'", all(low > 0 for _, low, _ in lead.values()) and lead["closes"][2] < min(lead["definition"][1], lead["in_brackets"][1]))
    claim("closing bracket: from 0.990 to 0.997, a lead of 0.007", rounds_to(reads(probes_0, test_0, "closes")[0], "0.990") and rounds_to(reads(probes, test, "closes")[0], "0.997") and rounds_to(lead["closes"][0], "0.007"))
    wrongly = int((answers["trained"] & ~is_one).sum())
    score_0 = probes_0.logits(test_0.x)[2, :, at["closes"]]
    claim("with as many false yes, the probe before training finds fewer than four in five of the closing brackets", (score_0[is_one] > score_0[~is_one].topk(wrongly + 1).values[-1]).float().mean() < 0.8)
    claim("definition is ahead by 0.34, inside brackets by 0.25", rounds_to(lead["definition"][0], "0.34") and rounds_to(lead["in_brackets"][0], "0.25"))

# %% [markdown]
# All three are ahead. For *definition* training adds 0.34, for *inside brackets* 0.25, and for *closing bracket* 0.007: the untrained model's probe already puts 99 of 100 pairs in order. The remaining pair still matters, since the label is rare. Let the untrained model's probe say *yes* more readily, until it gives as many false alarms as the other. It then finds fewer than four in five of the closing brackets, and the other nearly all.

# %% [markdown]
# ## 3 · Reading, or memorising
#
# But the probe was trained too, and may have memorised the answer, token by token, rather than read it. What memorising gives is shown by probes that are fitted to made-up labels. There are two kinds, the lower two rows of this figure.

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
    "the four commas are still a yes, but not the same two.",
)  # fmt: skip

# %% [markdown]
# The middle row is a **control task** (Hewitt & Liang 2019), *coins* for short. For every token of the vocabulary a biased coin is tossed once, and the result is the label of this token wherever it occurs. A probe that is right about coins in new files has memorised them, because the same tokens come back there. The score on the property minus that on the control task is called **selectivity**. Hewitt and Liang's score is accuracy, and ours is the AUC.
#
# The lowest row has **labels shuffled within tokens**: the true labels, shuffled among the places of each token. A probe that is fitted to them can learn how often a comma is inside brackets, but not which commas are. Its AUC in new files, on the *true* labels, is what knowing the token gives.

# %%
three = ("closes", "definition", "in_brackets")

def coins(some, y, draws=5):
    """Control tasks: as many training tokens get a yes as have the label, as nearly as may be."""
    tossed = [torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(i))
              for i in range(draws)]
    return torch.stack([coin[some.ids] < coin[train.ids].quantile(v)
                        for coin in tossed for v in y.float().mean(0)], 1)

def null_labels(y, new_y, deals=3):
    """For training and for new tokens: five draws of coins, and labels shuffled within tokens."""
    dealt = [probing.shuffled_within(train.ids, v, i) for i in range(deals) for v in y.T]
    return (torch.cat([coins(train, y), torch.stack(dealt, 1)], 1),
            torch.cat([coins(test, y), new_y.repeat(1, deals)], 1))  # (row, draw)

# %% figure
def null_auc(y, new_y):
    """AUC in new files of probes before layer 2 that were fitted to the nulls: for each label (coins, shuffled labels), and its five coins one by one."""
    labels, new_labels = null_labels(y, new_y)
    fitted = probing.fit_chosen(replace(train, x=train.x[[2]], y=labels, labels=()))
    scores, new_labels = (some.unflatten(1, (8, y.shape[1])) for some in (fitted.logits(test.x[[2]])[0], new_labels))
    return [(auc(scores[:, :5, i], new_labels[:, :5, i]), auc(scores[:, 5:, i], new_labels[:, 5:, i]), [float(auc(scores[:, k, i], new_labels[:, k, i])[0]) for k in range(5)])
            for i in range(y.shape[1])]  # fmt: skip

of_nulls = null_auc(*(torch.stack([some.label(name) for name in three], 1) for some in (train, test)))
for (on_coins, on_shuffled, _), name in zip(of_nulls, three, strict=True):
    note(spoken[name], "coins", reads(probes, test, name), on_coins)
    note(spoken[name], "shuffled labels", reads(probes, test, name), on_shuffled)
plots.show(
    drawing.scoreboard({which: lead_ for which, lead_ in board.items() if which[1] != "before training"}),
    "All six intervals lie above 0.",
    "The scoreboard's next two columns. Coins are the mean of five draws, and this lead is the selectivity; shuffled labels are the mean of three.",
)  # fmt: skip

# %% claims
with claims():
    claim("in the line the shuffled labels keep two of four commas, and not the same ones", all(int((line == i).sum()) == 4 and int(line_nulls["labels shuffled within tokens"][line == i].sum()) == int(line_y[line == i].sum()) == 2 and (line_nulls["labels shuffled within tokens"] != line_y)[line == i].any() for i in model.tokenizer(",")["input_ids"][-1:]))
    claim("there the control task labels equal tokens alike, and some tokens yes", all(len(set(line_nulls["control task"][line == i].tolist())) == 1 for i in line.unique().tolist()) and line_nulls["control task"].any())
    claim("all three labels are ahead of both nulls by the whole interval", all(board[spoken[name], null][1] > 0 for name in three for null in ("coins", "shuffled labels")))
    claim("on coins the probes' own AUC is more than 0.8", all(on_coins[0] > 0.8 for on_coins, _, _ in of_nulls))
    claim("and ahead of each of the five draws of coins", all(len(each) == 5 and float(reads(probes, test, name)[0]) > max(each) for name, (*_, each) in zip(three, of_nulls, strict=True)))
    claim("against shuffled labels closing bracket is ahead by 0.003, definition by 0.07 and inside brackets by 0.11", [f"{board[spoken[name], 'shuffled labels'][0]:.{digits}f}" for name, digits in (("closes", 3), ("definition", 2), ("in_brackets", 2))] == ["0.003", "0.07", "0.11"])

# %% [markdown]
# All three labels are ahead again. The coins show why a null is needed: the probes reach an AUC of more than 0.8 on tosses that mean nothing, because the same tokens come back. Against shuffled labels *closing bracket* is ahead by 0.003, so that nearly all of it is a matter of the token. *Definition* is ahead by 0.07 and *inside brackets* by 0.11: so much comes from the context. Is it the property in the label? Next we look at a single file.

# %% [markdown]
# ## 4 · What a docstring gives away
#
# One of the ten new files begins like this. The shading is what the probe for *inside brackets* says.

# %% figure
files = test.file.unique().tolist()
wrong = says_yes_to(probes, test, "in_brackets") != test.label("in_brackets")
by_file = {f: float(wrong[test.file == f].float().mean()) for f in files}
worst = max(by_file, key=by_file.get)  # the file where the probe is wrong most often
some = test[test.file == worst]
p_inside = (some.x[2] @ probes.directions[2, at["in_brackets"]] + probes.bias[2, at["in_brackets"]]).sigmoid()
words = [model.tokenizer.decode([i]) for i in some.ids.tolist()]
end = next(i for i in range(len(words)) if "".join(words[:i]).count("\n") == 13)
plots.show(
    sae.shaded_code(words[:end], {"inside brackets? (darker: more surely)": p_inside[:end]}, columns=1, top=1.0),
    "The first lines of a module, which are a docstring: the probe is dark between the brackets that are written in it, and pale elsewhere.",
    "The beginning of one new file, with what the probe says at each token. By its label all of it should be white.",
)  # fmt: skip

# %% [markdown]
# The part that we read is all docstring, and for Python's parser a bracket in a string is a character like any other. So every *yes* of the probe is wrong, and that is more than a third of the tokens. In the other nine files it is wrong at fewer than one in ten. It seems to have found brackets that are *written*, whether Python counts them or not.
#
# This guess can be tested. We label all tokens again, counting brackets inside strings and comments too, and fit a second probe to this label. (A bracket that is left open in a string or comment counts to its end and no further.)

# %%
def relabelled(some):
    """The same rows; brackets in strings and comments count, too."""
    written = probing.brackets_written(some, model.tokenizer)
    return replace(some, y=written[:, None], labels=("written",))

train_w, test_w = relabelled(train), relabelled(test)
probes_w = probing.fit_chosen(replace(train_w, x=train.x[[2]]))  # before layer 2
wrote, wrote_new = train_w.y[:, 0], test_w.y[:, 0]  # inside written brackets
of_second = auc(probes_w.logits(test.x[[2]])[0, :, 0], wrote_new)
{"AUC of the first probe on its label": round(float(known[2, at["in_brackets"]]), 2),
 "of the second on its own": round(float(of_second[0]), 2)}

# %% [markdown]
# The second probe reads its label better than the first one reads its own. But this very file suggested the label, so the judge is the nine files that were kept back. There we look at the *disputed* tokens: they are inside a bracket that is written and does not count. By its own label the first probe should say *no* at every one of them. The null is three probes that were fitted to written labels shuffled within tokens.

# %%
further = asked(probing.further_files(model, contexts=180))
further_w = relabelled(further)
disputed = further_w.y[:, 0] & ~further.label("in_brackets")
dealt = torch.stack([probing.shuffled_within(train.ids, wrote, i) for i in range(3)], 1)
shuffled = probing.fit_chosen(replace(train, x=train.x[[2]], y=dealt, labels=()))
says = {"the first probe": probes.logits(further.x)[2][:, [at["in_brackets"]]] > 0,
        "the second probe": probes_w.logits(further.x[[2]])[0] > 0,
        "null: shuffled within tokens": shuffled.logits(further.x[[2]])[0] > 0}
says_yes = {who: mean_interval(yes.float().mean(1)[disputed], clusters=further.file[disputed])
            for who, yes in says.items()}

# %% figure
fig, ax = plots.figure(height=1.7, width=6.2)
drawing.lead_rows(ax, says_yes)
ax.set(xlabel="share of disputed tokens at which it says yes", xlim=(-0.02, 1.02))
plots.show(
    fig, "Three dots with intervals: the first probe at {:.1f}, the second at {:.2f}, the null at {:.1f}.".format(*(value for value, _, _ in says_yes.values())),
    "Tokens inside a bracket that is written but does not count, in nine further files, with 95 % intervals over files. The first probe's label says no at all of them, the second's yes.",
)  # fmt: skip

# %% [markdown]
# The first probe says *yes* at about six in ten of the disputed tokens, against its own label. The null does so at fewer than one in three. So the first probe has learned much of another property. (The lesson's second notebook, `05_probing_deeper`, asks whether the vectors also hold which brackets count.)
#
# No null of section 3 noticed this. *Inside written brackets* gets a row of the scoreboard, and all rows get a column for the nine further files.

# %% figure
further_0 = further.read_by(blank)
for name in three:
    note(spoken[name], "further files", reads(probes, further, name), reads(probes_0, further_0, name))
fitted_0 = probing.fit_chosen(replace(train_0, x=train_0.x[[2]], y=train_w.y, labels=()))
title = "inside written brackets"

def reads_w(probe, x, some):
    return auc(probe.logits(x[[2]])[0, :, 0], some.y[:, 0], some)

[(on_coins_w, on_shuffled_w, each_w)] = null_auc(train_w.y, test_w.y)
note(title, "before training", of_second, reads_w(fitted_0, test_0.x, test_w))
note(title, "coins", of_second, on_coins_w)
note(title, "shuffled labels", of_second, on_shuffled_w)
note(title, "further files", reads_w(probes_w, further.x, further_w), reads_w(fitted_0, further_0.x, further_w))
plots.show(
    drawing.scoreboard(board),
    "All sixteen intervals lie above 0.",
    "The scoreboard, complete. Further files: the lead over the model before training again, in the nine files that were kept back.",
)  # fmt: skip

# %% claims
inside_written = probing.brackets_written(some, model.tokenizer)
told_inside, told_outside = p_inside[inside_written].mean(), p_inside[~inside_written].mean()
others = [value for f, value in by_file.items() if f != worst]
with claims():
    claim("in the worst file the probe is wrong at more than a third of the tokens, in each of the nine others at fewer than one in ten", by_file[worst] > 1 / 3 and max(others) < 0.1 and len(others) == 9)
    claim("no token of that file's part is inside brackets by Python's parser, and all are in a docstring", not some.label("in_brackets").any() and some.label("in_docstring").all())
    claim("the probe gives inside written brackets more than 0.6 there on average, and elsewhere less than 0.05", float(told_inside) > 0.6 and float(told_outside) < 0.05)
    claim("nine files", len(further.file.unique()) == 9)
    claim("the second probe has a higher AUC on its label than the first on its own", of_second[0] > known[2, at["in_brackets"]])
    claim("the first probe says yes at about six in ten of the disputed tokens", rounds_to(says_yes["the first probe"][0], "0.6"))
    claim("the second at more than nine in ten", says_yes["the second probe"][0] > 0.9)
    claim("the null at fewer than one in three, its interval below the first probe's", says_yes["null: shuffled within tokens"][0] < 1 / 3 and says_yes["null: shuffled within tokens"][2] < says_yes["the first probe"][1])
    claim("in the training files the two labels part at nine in a hundred of the tokens inside written brackets, and nowhere else", rounds_to((wrote != train.label("in_brackets"))[wrote].float().mean(), "0.09") and not (train.label("in_brackets") & ~wrote).any())
    claim("disputed tokens are in strings or comments, more than 99 of 100", (further.label("in_string") | further.label("in_comment"))[disputed].float().mean() > 0.99)
    claim("every label is ahead in all four columns by the whole interval", len(board) == 16 and len(drawing.TESTS) == 4 and all(low > 0 for _, low, _ in board.values()))
    claim("inside written brackets of each of the five draws of coins, too", len(each_w) == 5 and float(of_second[0]) > max(each_w))
    wrong_yes = answers["trained"] & ~is_one
    claim("every wrong yes of the probe for closing bracket is a closing bracket in a string or comment", wrong_yes.any() and (test.label("in_string") | test.label("in_comment"))[wrong_yes].all() and all(any(c in model.tokenizer.decode([i]) for c in ")]}") for i in test.ids[wrong_yes].tolist()))
    claim("in the further files, too, the second probe has the higher AUC on its own label", reads_w(probes_w, further.x, further_w)[0] > reads(probes, further, "in_brackets")[0])

# %% [markdown]
# All sixteen leads are above 0, and yet two rows are not what their names say. The probe for *inside brackets* reads written brackets to a good part. The one for *closing bracket* errs in the same way: in the ten new files each of its wrong *yes* is a closing bracket in a string or comment. So we withhold the word *present* from both, and call them *not shown*. For *definition* and *inside written brackets* no such rival is known, although we have tried few, and we call them *present*. One caveat: the second label was thought of after a look at the ten files of the first three columns.

# %% [markdown]
# ## 5 · A rival, planted
#
# Why did a probe for *inside brackets* side with written brackets? In its training files the two part at nine in a hundred of the tokens inside written brackets and nowhere else, so that these files could hardly say which of them was meant. What a probe does then can be seen in full in a small network, in which we know what the vectors hold, because it was planted.

# %% figure
drawing.planted_network().captioned("A planted network. The encoder makes features of eight bits, and a hidden vector h of twelve numbers holds them, each along a direction of its own. From h a head makes the answer.")

# %% [markdown]
# Two of the features could decide the answer. What one probes for is called the **property**: here, whether two of the bits differ. Another one that agrees with it on many inputs is its **rival**: here, whether most of three further bits are 1. The right answer depends on the rival. In section 4 the property was *inside brackets*, and its rival *inside written brackets*.
#
# On half of the 256 inputs property and rival agree. These are the *usual* inputs, and they stand for the training files of section 4. Train a probe for the property on them. How sure it is we read from its *log odds*, $w\cdot x+b$: 0 is undecided, and 6 in size means a probability of 0.998 for one of the two answers.

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
measured("probing.unusual", "undecided: near even odds" if odds[~usual].abs().mean() < 0.5 else "as decided, and right")

# %% claims
every = [probing.twins(seed) for seed in range(5)]
sizes = {True: [], False: []}  # of the log odds, on usual and on unusual inputs
for one, _ in every:
    fitted = probing.fit_logistic(one.h[one.usual][None], one.label[one.usual][:, None], 0.1).logits(one.h[None])[0, :, 0].abs()
    for which, found in sizes.items():
        found += fitted[one.usual == which].tolist()
slope = float(-w[0] / w[1])

def weighed(one):
    """How much a probe fitted on usual inputs reads along the property's direction, as a multiple of that along the rival's."""
    found = probing.fit_logistic(one.h[one.usual][None], one.label[one.usual][:, None], 0.1).directions[0, 0]
    along = [probing.mass_mean(one.h[None], y[:, None]).directions[0, 0] for y in (one.label, one.rival)]
    return float(found @ along[0] / along[0].norm() / (found @ along[1] / along[1].norm()))

def sides_with_rival(one):
    """Share of unusual inputs at which a probe takes the rival's side if the rival is twice as long in the hidden vectors."""
    along = torch.nn.functional.normalize(probing.mass_mean(one.h[None], one.rival[:, None]).directions[0, 0], dim=0)
    longer = one.h + (one.h @ along)[:, None] * along
    says = probing.fit_logistic(longer[one.usual][None], one.label[one.usual][:, None], 0.1).logits(longer[None])[0, :, 0] > 0
    return float((says == one.rival)[~one.usual].float().mean())

weighs = [weighed(one) for one, _ in every]
with claims():
    claim("the rival is a majority of three bits, and the right answer is it or, where another bit is 1, its reverse", any(torch.equal(network.rival, probing.BITS[:, three_bits].sum(1) >= 2) and any(torch.equal(network.wanted, network.rival ^ probing.BITS[:, i]) for i in range(8) if i not in three_bits) for three_bits in torch.combinations(torch.arange(8), 3).tolist()))
    claim("the probe is right on every usual input", ((odds > 0) == y)[usual].all())
    claim("log odds of 6 are a probability of 0.998", f"{float(torch.tensor(6.0).sigmoid()):.3f}" == "0.998")
    claim("on usual inputs the log odds are 6 or a little more, at each input of all five networks", min(sizes[True]) >= 6 and about(sizes[True], 6))
    claim("on unusual inputs they are less than 0.05 in size, at each input of all five", max(sizes[False]) < 0.05)
    claim("with the rival twice as long the probe takes the rival's side at every unusual input, in all five networks", [sides_with_rival(one) for one, _ in every] == [1.0] * 5)
    claim("the probe weighs property and rival alike, to within a hundredth, in all five networks", between(slope, -1.01, -0.99) and all(between(value, 0.99, 1.01) for value in weighs))
    claim("the features are held along as many directions: the vectors of five features span five", int(torch.linalg.matrix_rank(h - h.mean(0), rtol=1e-4)) == 5)
    claim("256 vectors of twelve numbers lie at four points of the plane, the corners of a square, 64 at each", h.shape == (256, 12) and ((h @ plane).abs() - 1).abs().max() < 0.01 and all(float((h[(y == a) & (network.rival == b)] @ plane).std(0).max()) < 0.01 and int(((y == a) & (network.rival == b)).sum()) == 64 for a in (True, False) for b in (True, False)))

# %% [markdown]
# On unusual inputs the log odds are less than 0.05 in size: the probe is undecided, because it could not know which of the two was meant. In $h$ property and rival have a direction each, of the same length, and the probe weighs both alike. On usual inputs they agree; on unusual ones they cancel, in each of five networks.
#
# If the rival is made twice as long in $h$, the probe takes the rival's side at every unusual input. So where the training files leave a choice, a probe tends to read what is larger in the vectors, whatever its label says. That fits section 4, where of the two labels the probe for written brackets has the higher AUC.

# %% [markdown]
# ## 6 · Readable, but used?
#
# Trained on all inputs, the probe reads the property without error. Does the network *use* it? Take two networks, A and B, with one encoder, so that their hidden vectors are equal, and so is what a probe says of them. On all usual inputs their answers are equal too. A third network, C, has another encoder, from which the property was left out. This is how often a probe is right, on inputs that it was not fitted on.

# %%
A, B = probing.twins(0)
C = probing.planted("absent")
half = torch.rand(256, generator=torch.Generator().manual_seed(0)) < 0.5

def probe_accuracy(one):
    """Fitted on half of the inputs, judged on the other half."""
    probe = probing.fit_logistic(one.h[half][None], one.label[half][:, None], 0.1)
    return float((((probe.logits(one.h[None])[0, :, 0] > 0) == one.label)[~half]).float().mean())

{name: round(probe_accuracy(one), 2) for name, one in (("A", A), ("B", B), ("C", C))}

# %% [markdown]
# In C the probe can only guess. To see what A and B do with the property, we change it. Take two inputs that differ in it, a receiver and a donor. Give the receiver's hidden vector the donor's component along the property's direction, and leave everything else as it is. This is an **interchange** along a direction (Geiger et al. 2023): lesson 0's activation patching, with one direction in place of the whole vector.

# %% figure
drawing.interchange_by_hand().captioned("An interchange in the plane of section 5. The receiver gets the donor's height, which stands for the property, and keeps its own place along the rival's direction.")

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
one_input = ~A.switch & (A.rival == A.label) & A.label
rest = h[one_input][0] - plane @ (plane.T @ h[one_input][0])  # what it has outside the plane
fig, axes = plots.figure(1, 2, height=3.0, sharey=True)
corners = {at_: rest + plane @ torch.tensor(at_) for at_ in ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))}
for ax, one, name in zip(axes, (A, B), "AB", strict=True):
    yes = {at_: bool(one.answer(vector[None])) for at_, vector in corners.items()}
    for (x_at, y_at), says_so in yes.items():
        ax.text(x_at, y_at, "yes" if says_so else "no", ha="center", va="center", fontsize=11, fontweight="bold",
                color="white" if says_so else plots.INK, bbox={"boxstyle": "circle", "fc": plots.ANSWER if says_so else "white", "ec": plots.INK})
    for x_at in (1.0, -1.0):
        turns = yes[x_at, 1.0] != yes[x_at, -1.0]
        ax.annotate("", (x_at, 0.66), (x_at, -0.66), arrowprops={"arrowstyle": "<|-|>", "color": plots.EDITED if turns else plots.NULL, "lw": 2.5})
    ax.set(title=f"network {name}", xlabel="along the rival's direction", xlim=(-1.7, 1.7), ylim=(-1.5, 1.5), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
axes[0].set(ylabel="along the property's direction")
plots.show(
    fig, "In network A the two upper points say yes and the two lower ones no, and both arrows are orange; in network B the two right ones say yes and the left ones no, and both arrows are grey.",
    "What each network answers at the four points of the plane, all other features as in one input. Arrows are interchanges of the property, orange where the answer turns.",
)  # fmt: skip
measured("probing.turned", "all in one and none in the other" if turned["A"][differ].all() and not turned["B"][differ].any() else "about half in both")

# %% claims
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
    claim("all three answer every usual input rightly", all((one.answer(one.h) == one.wanted)[one.usual].all() for one in (A, B, C)))
    claim("where the property differs, all answers of A turn and none of B", turned["A"][differ].all() and not turned["B"][differ].any())
    claim("where it is the same, none turns in either", not turned["A"][~differ].any() and not turned["B"][~differ].any())
    claim("it is so in five pairs of networks", all(turns_of(a) == 1 and turns_of(b) == 0 for a, b in every))
    claim("in the figure A's answer depends on the property alone, B's on the rival alone",
          [one.answer(torch.stack(list(corners.values()))).tolist() for one in (A, B)] == [[True, False, True, False], [True, True, False, False]])
    rival = r / r.norm()
    moved = h - 2 * (h @ rival)[:, None] * rival
    claim("a move along the rival's direction, as large as the exchange, turns no answer of A and every one of B", about(float((2 * (h @ rival)).abs().mean()), 2) and about(float((changed - h)[differ].norm(dim=1).mean()), 2) and torch.equal(A.answer(moved), A.answer(h)) and not (B.answer(moved) == B.answer(h)).any())
    claim("A is wrong on every unusual input, B on none", not (A.answer(h) == A.wanted)[~usual].any() and (B.answer(h) == B.wanted)[~usual].all())  # fmt: skip

# %% [markdown]
# Every answer of A turns and none of B's, although a probe says the same of both. The reason is in the heads: A's reads the property, and B's the rival. A move as large along the rival's direction does the opposite: it turns no answer of A and every one of B. Here are the three words.
#
# | network | can a probe read the property? | does an interchange turn the answer? | the property is |
# | --- | --- | --- | --- |
# | C | no | – | absent |
# | B | yes | no | present, not used |
# | A | yes | yes | used |
#
# Here the interchange tells *present* from *used*, and a probe does not. The interchange also predicts a failure: on unusual inputs, where property and rival differ, A must be wrong. It is wrong on all of them, and B on none.

# %% [markdown]
# ## 7 · Does the code model use it?
#
# Back to the model that reads Python. In an indented line, `return result`, no bracket is open. Before layer 2 we give each of its tokens, except the one that starts every text, the component that tokens inside written brackets have on average, along the difference of the class means.

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
[model.tokenizer.decode([int(chance.argmax())]) for chance in chances]  # the first guess, before and after

# %% figure answer
best = chances[1].topk(4).indices.tolist()
fig, ax = plots.figure(height=1.8, width=6.2)
for chance, colour, name in zip(chances, (plots.NULL, plots.EDITED), ("as it is", "moved “inside”"), strict=True):
    ax.plot(chance[best], range(0, -4, -1), "o", ms=8, color=colour, label=name)
ax.set(xlabel="probability of the next token", xlim=(-0.01, None), yticks=range(0, -4, -1), yticklabels=[repr(model.tokenizer.decode([i])).replace(" ", "·") for i in best], ylim=(-3.5, 0.5))
fig.legend(*ax.get_legend_handles_labels(), loc="outside right center")
close = model.tokenizer(")")["input_ids"][-1]
plots.show(
    fig, f"For the closing bracket the probability rises from {chances[0][close]:.3f} to {chances[1][close]:.2f}.",
    "The token after the line, in the model as it is (grey), and when each token has the component of those inside written brackets (orange). The four most probable ones then; a dot is a space.",
)  # fmt: skip
gains = model.tokenizer.decode([int((chances[1] - chances[0]).argmax())])
kinds = {")": "a closing bracket", ",": "a comma", "\n": "a line break", "(": "an opening bracket"}
measured("probing.expects", kinds.get(gains, gains))

# %% [markdown]
# In a line where no bracket is open, `)` is now the model's first guess. Might not any push do as much? Any large enough change may disturb a model. A **placebo** is a move that goes as far, token by token, along a direction of no meaning. We take a hundred or more of them. Half go along random directions. The others go along differences of the means of labels that were dealt at random, evenly to tokens inside and outside. The range in which 95 of 100 placebos lie is the bar for the word *used*: a property has to go beyond it.
#
# There is another suspicion. In this model a token's embedding is also the direction along which the token is predicted. A push along the embedding of “)” writes the answer “)”, whatever the property. So we split our direction into the part along this embedding and the part that is left, and interchange along each of them. What is left gets placebos that go as far as it does, without a part along the embedding of “)” either.

# %% figure
answer_way = model.W_U[:, close] / model.W_U[:, close].norm()
closing = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}")
                        for i in range(model.cfg.d_vocab)])
first = torch.tensor([int(test.place[test.file == f, 0].min()) for f in files])  # a context of each
begun = replace(test, contexts=test.contexts[:, :64])  # the first quarter of each context
where = torch.isin(test.place[:, 0], first) & (test.place[:, 1] < 64) & ~wrote_new
outside = begun[where]  # tokens that are outside written brackets
without = toward - (toward @ answer_way) * answer_way
drawing.in_two_parts(float(toward @ answer_way), float(without.norm())).captioned("The difference of the class means, to scale, as the sum of a part along the embedding of “)” and a part that is left.")

# %%
pool = x[wrote]  # the donors: tokens inside written brackets
donors = pool[torch.randint(len(pool), (len(outside),), generator=torch.Generator().manual_seed(0))]

def rise(onto, along=toward):
    """By how much closing brackets become more probable, in nats: (direction, token)."""
    return probing.interchanged(model, outside, 2, along, donors, closing, onto)

# %% figure
placebos = probing.placebos(x, wrote, 100, seed=0)
freed = placebos - (placebos @ answer_way)[:, None] * answer_way  # without a part along the embedding
gain = {"inside written brackets": rise(toward[None])[0], "the embedding of “)” alone": rise(answer_way[None], answer_way)[0],
        "the direction without it": rise(without[None], without)[0]}
found = {name: mean_interval(by, clusters=outside.file) for name, by in gain.items()}
by_chance = {"inside written brackets": rise(placebos[::2]).mean(1), "the direction without it": rise(freed, without).mean(1)}
fig, ax = plots.figure(height=2.0, width=6.2)
drawing.lead_rows(ax, found, by_chance)
ax.set(xlabel="nats that closing brackets become more probable")
plots.show(
    fig, "; ".join(f"{name}: {value:.1f} nats" for name, (value, _, _) in found.items()) + ". The first dot lies far beyond its band, the last one within its band.",
    "Tokens at the beginning of the ten new files that are outside written brackets and get the component of tokens inside. With 95 % intervals over files. "
    "Grey: where 95 of 100 placebos lie that go as far; strokes are the others.",
)  # fmt: skip

# %% claims
with claims():
    claim("the direction does more than each of its placebos, a hundred, and along the embedding alone there are about two thirds of it", len(by_chance["inside written brackets"]) == 100 and found["inside written brackets"][0] > by_chance["inside written brackets"].max() and about(found["the embedding of “)” alone"][0] / found["inside written brackets"][0], 2 / 3))
    rest, rest_by_chance = found["the direction without it"][0], by_chance["the direction without it"]
    claim("without it less than a third is left, within the range of 95 of its 200 placebos in a hundred; some of them do more", len(rest_by_chance) == 200 and rest < found["inside written brackets"][0] / 3 and rest < interval(rest_by_chance)[1] and (rest_by_chance > rest).sum() > 5)
    claim("so it is with the dealt labels and with the random directions, each taken alone, and no placebo has a part along the embedding", all(rest < interval(half_)[1] for half_ in rest_by_chance.split(100)) and (freed @ answer_way).abs().max() < 1e-3)
    claim("in the one line a closing bracket is the first guess after the move, and not before", chances[1].argmax() == close and chances[0].argmax() != close)
    claim("the part along the embedding is shorter than the part that is left", 0 < toward @ answer_way < without.norm())
    claim("the moved tokens are outside written brackets, and the donors inside", not wrote_new[where].any() and len(pool) == int(wrote.sum()))
    claim("a token is predicted along its embedding", torch.allclose(model.W_U, model.W_E.T, rtol=0.2, atol=0.2) and (torch.nn.functional.cosine_similarity(model.W_U.T, model.W_E) > 0.95).all())
    claim("all ten files", len(outside.file.unique()) == 10)

# %% [markdown]
# The direction does more than every placebo. But along the embedding of “)” alone, the shorter of the two parts, there are about two thirds of the effect. What is left without it lies within the range of its placebos, and some of them do more.
#
# So the word *used* has not been earned. The larger part may be an answer that we wrote in ourselves, and the rest does not pass the bar.

# %% [markdown]
# ## 8 · Erase it
#
# To put a property in did not decide whether it is used. Does it help to take it out? **LEACE** (Belrose et al. 2023) changes the vectors as little as possible, such that no *linear* probe does better than a guess on the vectors so changed. This is how it looks in the plane of section 1.

# %% figure
values, vectors = torch.linalg.eigh(two.mT @ two / len(two))
white = two @ (vectors / values.sqrt()) @ vectors.mT
panels = {"as they are": two, "equal spread": white, "erased": probing.leace(two, inside)(two)}
fig, axes = plots.figure(1, 3, height=2.7)
for ax, (title_, points) in zip(axes, panels.items(), strict=True):
    clouds.draw(ax, points, inside, 300)
    ax.set(title=title_)
ends = [white[some].mean(0).tolist() for some in (~inside, inside)]
axes[1].plot(*zip(*ends, strict=True), color=plots.EDITED, lw=2)
plots.show(
    fig, "Two overlapping clouds with two means apart; the same made round; the same on a line, with both means at one point.",
    "LEACE stretches the cloud until its spread is the same in all directions, removes all that lies along the line between the means there (orange), and "
    "stretches it back. Both classes then have the same mean, so that one large dot hides the other. One dimension is gone: here one of two, in the model one of 192.",
)  # fmt: skip

# %% [markdown]
# With $\mu$ the mean and $\Sigma$ the covariance of the vectors, and $u$ the unit vector along $\Sigma^{-1/2}$ times the difference of the class means, LEACE gives
#
# $$x' \;=\; x - \Sigma^{1/2}\,u\,u^{\top}\,\Sigma^{-1/2}\,(x-\mu) .$$
#
# In code, a row of `x` is a vector, $\Sigma^{-1/2}$ is `whiten` and $\Sigma^{1/2}$ is `unwhiten`:

# %%
def take_out(x, y):
    """The rows of x without the property y."""
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.mT @ centred / len(x))
    whiten = (vectors / values.sqrt()) @ vectors.mT
    unwhiten = (vectors * values.sqrt()) @ vectors.mT
    u = whiten @ (x[y].mean(0) - x[~y].mean(0))
    u = u / u.norm()
    return x - (centred @ whiten @ u)[:, None] * (unwhiten @ u)

gone = take_out(train.x[2].double(), wrote)
{"distance of the class means, as a share of what it was":
 round(float((gone[wrote].mean(0) - gone[~wrote].mean(0)).norm() / toward.norm()), 6)}

# %% [markdown]
# Now erase *inside written brackets* before layer 2. Beside it we take out what lies along the embedding of “)”, and, as a null, a property whose labels were shuffled within tokens.

# %% figure
contexts = test.contexts[::4]  # of all ten files
file_of = test.file[::255][::4, None].expand(-1, 255)
at_close = closing[contexts[:, 1:]]  # where a closing bracket comes next
as_it_is = model(contexts, return_type="loss", loss_per_token=True)

def rise_of(change):
    """Rise of the loss at each token, in nats."""
    def put(x, hook):
        return torch.cat([x[:, :1], change(x[:, 1:])], 1)
    with model.hooks(fwd_hooks=[("blocks.2.hook_resid_pre", put)]):
        return model(contexts, return_type="loss", loss_per_token=True) - as_it_is

costs = {"inside written brackets": rise_of(probing.leace(x, wrote)),
         "the embedding of “)”": rise_of(lambda v: v - ((v - x.mean(0)) @ answer_way)[..., None] * answer_way),
         "null: shuffled within tokens": rise_of(probing.leace(x, probing.shuffled_within(train.ids, wrote, 0)))}
table({name: {"at a closing bracket": mean_interval(cost[at_close], clusters=file_of[at_close]),
              "at another token": mean_interval(cost[~at_close], clusters=file_of[~at_close])} for name, cost in costs.items()}, unit="nats", decimals=2,
      caption="Rise of the loss where a closing bracket comes next, and where another token does, after something was erased. 95 % intervals over the ten files.")

# %% claims
middles = [points[inside].mean(0) - points[~inside].mean(0) for points in panels.values()]
harm = {name: mean_interval(cost[at_close], clusters=file_of[at_close]) for name, cost in costs.items()}
erased = costs["inside written brackets"]
elsewhere = float(erased[~at_close].mean())
against = mean_interval((costs["the embedding of “)”"] - erased)[at_close], clusters=file_of[at_close])
with claims():
    claim("after erasing, the class means are equal, and the few lines give what the course's eraser gives", float((gone[wrote].mean(0) - gone[~wrote].mean(0)).norm() / toward.norm()) < 1e-3 and float((gone - probing.leace(x, wrote)(x)).norm() / (gone - x).norm()) < 0.01)
    claim("in the figure of the plane they are, too, and apart before", middles[2].norm() < 1e-3 * middles[0].norm() and middles[1].norm() > 0.1)
    claim("the middle cloud is round, and the erased one on a line", (torch.cov(white.mT) - torch.eye(2)).abs().max() < 0.01 and torch.linalg.svdvals(panels["erased"])[1] < 1e-4 * torch.linalg.svdvals(panels["erased"])[0])
    claim("the contexts are of all ten files", len(file_of.unique()) == 10)
    claim("at closing brackets erasing costs a little more than one nat, its interval above the null's", between(harm["inside written brackets"][0], 1.0, 1.25) and harm["inside written brackets"][1] > harm["null: shuffled within tokens"][2])
    claim("elsewhere it costs less than a twentieth of that", elsewhere < harm["inside written brackets"][0] / 20)
    claim("the null costs about 0.2 nats at closing brackets", rounds_to(harm["null: shuffled within tokens"][0], "0.2"))
    claim("erasing the embedding of “)” costs more than nine tenths of it, less on average, and the interval of the difference contains 0", 0.9 < harm["the embedding of “)”"][0] / harm["inside written brackets"][0] < 1 and against[1] < 0 < against[2])

# %% [markdown]
# Erasing costs the model much more where a closing bracket comes next than elsewhere, and more than the null. But erasing the embedding of “)” costs nearly as much there, and the interval of the difference contains 0. So the loss does not tell whether the model misses the property or the answer that was erased with it. We need a place where the answer is not yet due.

# %% [markdown]
# ## 9 · At a line break
#
# Where can the property be distinguished from the answer? Look at two pieces of Python. In the first a bracket is still open at the line break, in the second none is:
#
# ```python
#  value = get(call(name), size
#         text
#
#  value = get(call, name), size
#         text
# ```
#
# The line break is the same token in both. Next to it comes a name, so that neither a bracket nor `=` is due there. What is open matters one token later: inside brackets one writes `size=3`, and at the beginning of a statement `size = 3`. (The second piece is no valid Python: its last line is indented only so that the tokens are the same.)

# %% figure
signs = [model.tokenizer(sign)["input_ids"][-1] for sign in ("=", " =")]
pair = torch.tensor(model.tokenizer(list(probing.line_pair(("value", "get", "call", "name", "size", "text"))))["input_ids"])
sign_chances = model(pair)[:, -1].softmax(-1)[:, signs].tolist()
drawing.two_lines([[model.tokenizer.decode([i]) for i in row[1:].tolist()] for row in pair], sign_chances).captioned(
    "The pair, token by token, and how probable the model finds “=”, without and with a space before it, after the name. Orange: the token in which they differ. "
    "Blue: the line break. Yellow: the name can read what it holds.")

# %% [markdown]
# Where the bracket is open the model finds “=” far more probable, and yet it prefers “ =” in both. So we ask how the *log odds* of “=” over “ =” move: $\log(0.239/0.268) = -0.1$ above, and $\log(0.010/0.613) = -4.1$ below.
#
# Follow this one pair. Before layer 2 the two lines swap their vectors at the line break, and then those at the name as well.

# %%
def odds(both):
    """By how much “=” is more probable than “ =” after each line, in nats: (open or not, pair)."""
    says = model.unembed(probing.onwards(model, both.flatten(0, 1), 2)[:, -1])
    return (says[:, signs[0]] - says[:, signs[1]]).unflatten(0, both.shape[:2])

def swapped(both, places):
    moved = both.clone()
    moved[:, :, places] = both.flip(0)[:, :, places]
    return moved

one = probing.stream_of(model, pair[:, None], 2)  # (open or not, pair, token, d)
by_hand = {"as they are": odds(one), "line breaks swapped": odds(swapped(one, [-2])),
           "names swapped, too": odds(swapped(one, [-2, -1]))}
table({name: {"a bracket is open": float(both[0]), "none is open": float(both[1])} for name, both in by_hand.items()},
      decimals=1, corner="log odds of “=”")

# %% [markdown]
# After the swap at the line break the two have gone towards each other and stopped on the way, because the name has its own vector, which after two layers already holds part of what is open. When the names swap theirs as well, the log odds nearly change places.
#
# Now to many pairs: 960 with other words, in ten sets of 96. Can a probe read at the line break whether a bracket is open? Before layer 0 none can, since token and position are the same in both lines. Before layer 2 we try one for *inside brackets*, fitted at the line breaks of the nine further files.

# %% figure
breaks = probing.line_breaks(further, model.tokenizer)
is_open = further.label("in_brackets")[breaks]

def fitted(some, labels):
    return probing.fit_chosen(replace(some[breaks], y=labels, labels=()))

from_files, from_files_0 = fitted(further, is_open[:, None]), fitted(further_0, is_open[:, None])
pairs = torch.cat([probing.line_pairs(model, 96, seed) for seed in range(10)], 1)

def in_order(net, probes, layer=2):
    """The share of pairs in which the line break with the open bracket gets the higher score."""
    x = probing.stream_of(net, pairs, layer)[:, :, probing.BREAK]  # (open or not, pair, d)
    opened, closed = x @ probes.directions[layer, 0]
    return float((opened > closed).float().mean())

new_breaks = probing.line_breaks(test, model.tokenizer)
dealt = fitted(further, torch.stack([probing.shuffled_within(further.ids[breaks], is_open, i) for i in range(3)], 1))
scored = [probes.logits(some[new_breaks].x) for probes, some in ((from_files, test), (from_files_0, test_0), (dealt, test))]
in_files = [[auc(each, test.label("in_brackets")[new_breaks][:, None].expand(each.shape), test[new_breaks]) for each in by_layer] for by_layer in scored]
table({name: {"AUC": float(by_layer[2][0])} for name, by_layer in zip(("trained", "null: before training", "null: shuffled within tokens"), in_files, strict=True)},
      decimals=3, mark="trained", corner="probe before layer 2",
      caption="At the line breaks of the ten new files: the probe of the trained model, that of the model before training, and the mean of three that were fitted to labels shuffled within tokens.")

# %% [markdown]
# In files it has not seen the probe is ahead of both nulls, and in all 960 pairs it gives the line with the open bracket the higher score. So the property is *absent* before layer 0 and *present* before layer 2.
#
# Is it used? Now the two lines swap only one component of their vectors at the line break, along the difference of the means of the two kinds. From this difference we take away what lies along the embeddings of “=” and “ =”. It is found in one half of each set, and the swap is tried in the other half.

# %%
sets = probing.stream_of(model, pairs, 2).unflatten(1, (10, 96)).transpose(0, 1)
found_in, tried = sets.split(48, 2)  # (set, open or not, pair, token, d)
at_break = found_in[:, :, :, probing.BREAK]
ways = (at_break[:, 0] - at_break[:, 1]).mean(1)  # one direction for each set

def exchanged(both, move):
    """Each line break is moved by move(its partner's vector − its own)."""
    moved = both.clone()
    moved[:, :, probing.BREAK] += move((both.flip(0) - both)[:, :, probing.BREAK])
    return moved

# %% prediction
predict("probing.line_break")

# %% figure answer
def off(d):
    return torch.nn.functional.normalize(subspace.split(d, model.W_U[:, signs])[1], dim=0)
def along(u, way=None):
    return lambda by: (by @ u)[..., None] * (u if way is None else way)
before, sign_of = [odds(both) for both in tried], torch.tensor([[-1.0], [1.0]])  # a partner's odds are lower, or higher
def shift(i, move, some=tried):  # how far the log odds go the partner's way
    return (odds(exchanged(some[i], move)) - odds(some[i])) * sign_of
def by_chance_in(some):
    """The same along placebos: (set, placebo)."""
    return torch.stack([torch.stack([shift(i, along(off(ways[i]), off(v)), some).mean() for v in probing.placebos(at_break[i].flatten(0, 1), torch.arange(96) < 48, 10, seed=i)]) for i in range(10)])

moved_by = {"the whole vector": [shift(i, lambda by: by) for i in range(10)], "the direction": [shift(i, along(off(ways[i]))) for i in range(10)]}
effects = {name: torch.stack([by.mean() for by in some]) for name, some in moved_by.items()}
by_placebos = by_chance_in(tried)
fig, ax = plots.figure(height=1.7, width=6.4)
drawing.lead_rows(ax, {name: (v.mean(), v.min(), v.max()) for name, v in effects.items()}, {"the direction": by_placebos.flatten()})
ax.set(xlabel="nats that the log odds go the partner's way, in 480 pairs")
plots.show(
    fig, f"The whole vector at {effects['the whole vector'].mean():.1f} nats, and the direction at {effects['the direction'].mean():.1f}, beyond the grey band.",
    "The interchange at the line break, asked after the name: mean, lowest and highest of ten sets of pairs. Grey: where 95 of 100 placebos lie that go as far; strokes are the others, of 200.",
)  # fmt: skip
moved_share = float(effects["the direction"].mean() / effects["the whole vector"].mean())
measured("probing.line_break", "hardly at all" if moved_share < 0.25 else "half as far" if moved_share < 0.75 else "as far, or nearly")

# %% claims
leads = [[probing.ahead(in_files[0][i], null[i]) for null in in_files[1:]] for i in range(5)]
both_closed = torch.tensor(model.tokenizer([model.tokenizer.decode(row[1:]).replace("),", ")),") for row in pairs[0]])["input_ids"])

def auc_against_closed(net, probes):
    x = torch.cat([probing.stream_of(net, some, 2)[:, probing.BREAK] for some in (pairs[0], both_closed)])
    return float(probing.auc(x @ probes.directions[2, 0, :, None], (torch.arange(1920) < 960)[:, None], torch.zeros(1920).long())[0])

comma = torch.tensor([model.tokenizer.decode([i]).endswith(",") for i in further.ids.roll(1).tolist()])[breaks]
plain_open, plain_closed = torch.cat(before, 1)
turned_share = float(torch.cat([((was + by * sign_of > 0) != (was > 0)).float() for was, by in zip(before, moved_by["the direction"], strict=True)]).mean())
by_files = torch.stack([shift(i, along(off(from_files.directions[2, 0]))).mean() for i in range(10)])
by_embedding = torch.stack([shift(i, along(off(way), torch.nn.functional.normalize(subspace.split(way, model.W_U[:, signs])[0], dim=0))).mean() for i, way in enumerate(ways)])
beyond = float(interval(by_placebos.flatten())[1])
was, swap, swap_too = (each[:, 0] for each in by_hand.values())
both_places = torch.cat([(odds(swapped(tried[i], [-2, -1])) - before[i]) * sign_of for i in range(10)]).mean() / (plain_open - plain_closed).mean()
with claims():
    claim("in the figure's pair “ =” is preferred in both lines, “=” is more than ten times as probable where a bracket is open", all(a < b for a, b in sign_chances) and sign_chances[0][0] > 10 * sign_chances[1][0])
    claim("the swap at its line break moves both odds towards each other, and with the names swapped, too, each goes at least 0.85 of the way to its partner's", float(was[1]) < float(swap[1]) < float(swap[0]) < float(was[0]) and (((swap_too - was) / (was.flip(0) - was)) > 0.85).all())
    claim("the log odds are −0.1 above and −4.1 below", rounds_to(was[0], "-0.1") and rounds_to(was[1], "-4.1") and [f"{x:.3f}" for both in sign_chances for x in both] == ["0.239", "0.268", "0.010", "0.613"])
    claim("in every pair that is tried the odds of “=” are higher where a bracket is open, and there “ =” is preferred in about 80 of 100 lines", (plain_open > plain_closed).all() and about((plain_open < 0).float().mean(), 0.8))
    claim("before layer 0 the line breaks of all pairs have the same vector", probing.stream_of(model, pairs, 0)[:, :, probing.BREAK].flatten(0, 1).std(0).max() < 1e-4)
    claim("before layers 1 and 2 the trained model's probe puts all pairs in order, and the untrained model's about half, to within a tenth of all", all(in_order(model, from_files, layer) == 1 and between(in_order(blank, from_files_0, layer), 0.4, 0.6) for layer in (1, 2)))
    claim("in the ten new files its lead in AUC over the untrained model and over shuffled labels has its interval above 0 before layers 1 and 2, and around 0 before layer 0", all(low > 0 for i in (1, 2) for _, low, _ in leads[i]) and all(low < 0 < high for _, low, high in leads[0]))
    claim("in the nine files two thirds or more of the line breaks inside brackets follow a comma, of the others fewer than one in a hundred, and a line break is inside brackets where it is inside written ones", (is_open == further_w.y[breaks, 0]).all() and comma[is_open].float().mean() >= 2 / 3 and comma[~is_open].float().mean() < 0.01)
    claim("against lines in which both brackets are closed, with as many commas and opening brackets, the probe's AUC is at least 0.95, and the untrained model's at most 0.9", auc_against_closed(model, from_files) >= 0.95 and auc_against_closed(blank, from_files_0) <= 0.9)
    claim("in each of ten sets the direction moves the odds beyond the range of 95 of 100 placebos, of 200, ten random and ten of evenly dealt labels for each set, and further than each of its own twenty", by_placebos.shape == (10, 20) and effects["the direction"].min() > beyond and (effects["the direction"] > by_placebos.amax(1)).all())
    claim("it moves every single line's odds its partner's way", all((by > 0).all() for by in moved_by["the direction"]))
    claim("on average it moves them as far as the whole vector, to within a tenth, and about four tenths of the way to the partner's odds; the whole vectors of line break and name give more than nine tenths", float(both_places) > 0.9 and about(moved_share, 1) and about(effects["the direction"].mean() / (plain_open - plain_closed).mean(), 0.4))
    claim("the preferred sign turns in fewer than one line in ten", turned_share < 0.1)
    claim("the direction of the files' probe moves the odds beyond the placebos' range, too, in each set", by_files.min() > beyond)
    claim("as far along the embeddings of the two signs they go the other way, in each set", by_embedding.max() < 0)

# %% [markdown]
# Along one direction the log odds go as far as with the whole vector. Placebos move them too, either way, and a few of the 200 (the strokes) come near. But in each of the ten sets the direction goes beyond the bar of section 7, the range of 95 of 100. This is about four tenths of the way to the other line; nearly all of the rest is in the vector of the name.
#
# But which property is it? At the line breaks of the pairs *inside brackets* and *inside written brackets* agree. So we put the bracket into a string: `get("call(name"), size`. Python counts no bracket in a string, and here both labels say *no* at the line break. The lines of such a pair, with ( or a comma in the string, swap the component along the direction that was found in code.

# %% figure
quoted = torch.cat([probing.line_pairs(model, 96, seed, quoted=True) for seed in range(10)], 1)
strings = probing.stream_of(model, quoted, 2).unflatten(1, (10, 96)).transpose(0, 1)[:, :, 48:]  # the words of the pairs tried
sets_of, chance_in = {"in code": tried, "in a string": strings}, {"in code": by_placebos, "in a string": by_chance_in(strings)}
fig, ax = plots.figure(height=2.3, width=6.4)
log_odds, rows = {}, []
for kind, some in sets_of.items():
    was_, is_ = (torch.cat(each, 1).mean(1) for each in zip(*((odds(some[i]), odds(exchanged(some[i], along(off(ways[i]))))) for i in range(10)), strict=True))
    for way, name, old, new in zip((-1, 1), ("bracket ", "comma "), was_.tolist(), is_.tolist(), strict=True):
        y = -len(rows)
        ax.plot([old + way * float(x) for x in interval(chance_in[kind].flatten())], (y, y), color=plots.NULL, lw=11, alpha=0.3, solid_capstyle="butt")
        ax.annotate("", (new, y), (old, y), arrowprops={"arrowstyle": "-|>", "color": plots.EDITED, "lw": 2, "shrinkA": 0, "shrinkB": 0})
        ax.plot(old, y, "o", ms=7, color=plots.INK)
        log_odds[name + kind] = (old, new)
        rows.append(name + kind)
ax.set(yticks=range(0, -4, -1), yticklabels=rows, ylim=(-3.5, 0.5), xlabel="log odds of “=” over “ =” after the name")
plots.show(
    fig, "Four rows. " + "; ".join(f"{name}: from {old:.1f} to {new:.1f}" for name, (old, new) in log_odds.items()) + ". All four arrows end outside their grey bands.",
    "Dot: the log odds as they are. Arrow: where they go when the two lines swap one component at the line break, along the same direction in code and in strings. Grey: where 95 of 100 placebos leave them. Means over 480 pairs of each kind.",
)  # fmt: skip

# %% claims
texts = [[[model.tokenizer.decode([i]) for i in row] for row in kind.tolist()] for kind in pairs]
both_ways = {kind: torch.stack([shift(i, along(off(ways[i])), some).mean() for i in range(10)]) for kind, some in sets_of.items()}
with claims():
    claim("where the open bracket is in a string the log odds of “=” are on average at least as high as where one is open in code, and with a comma in its place more than two nats lower", log_odds["bracket in a string"][0] >= log_odds["bracket in code"][0] and log_odds["bracket in a string"][0] - log_odds["comma in a string"][0] > 2)
    claim("in strings, too, the direction moves them beyond the range of 95 of 100 placebos, of 200, and further than each of its own twenty, in each of ten sets", chance_in["in a string"].shape == (10, 20) and both_ways["in a string"].min() > interval(chance_in["in a string"].flatten())[1] and (both_ways["in a string"] > chance_in["in a string"].amax(1)).all())
    claim("all four arrows end outside their bands", all(float(interval(chance_in[kind].flatten())[1]) < way * (log_odds[name + kind][1] - log_odds[name + kind][0]) for kind in sets_of for way, name in ((-1, "bracket "), (1, "comma "))))
    claim("in each of 960 pairs the lines differ in ( or a comma, and in the blank before the next word; both end with a closed bracket, a comma, a name, the same line break and a name", len(texts[0]) == 960 and all([(a, b.strip()) for a, b in zip(*rows, strict=True) if a != b] == [("(", ","), (rows[0][7], rows[0][7])] and [row[-5:-3] for row in rows] == [[")", ","]] * 2 and rows[0][-2] == texts[0][0][-2] for rows in zip(*texts, strict=True)))
    claim("where one is open, one more bracket was opened than closed, and elsewhere as many", all("".join(row).count("(") - "".join(row).count(")") == 1 - kind for kind in (0, 1) for row in texts[kind]))
    claim("in strings the two lie at least eight tenths as far apart as in code", (log_odds["bracket in a string"][0] - log_odds["comma in a string"][0]) / (log_odds["bracket in code"][0] - log_odds["comma in code"][0]) >= 0.8)
    claim("the direction of the code moves them in strings at least as far as in code", both_ways["in a string"].mean() >= both_ways["in code"].mean())

# %% [markdown]
# In strings the two lie nearly as far apart as in code, and the same direction moves them. So what the model holds at the line break and uses is a bracket that is *written and not closed*, in a string or not. Neither label is quite that. In lines without strings or comments the three are the same. For such lines and for `=`, *a bracket is open* is *present* and *used* at the line break.

# %% [markdown]
# ## 10 · The verdicts, and a recipe
#
# **The puzzle, answered.** To be right about *closing bracket* at 99 of 100 tokens says little, since always saying *no* is right at more than 97. That nearly all are found, and two thirds before training, says that training made them easier to read. The AUC of 0.990 before training says that most of it does not come from training. And each wrong *yes* is a closing bracket in a string or comment: the probe reads something else than its label.
#
# These are the verdicts on five properties. Where a probe reads something else than its label, the table says *not shown*, since it settles neither *absent* nor *present*.

# %% figure
def nearest(name):
    """The lead over the null that comes closest."""
    return min(lead for (label, _), lead in board.items() if label == name)

table([
    {"property": "closing bracket", "the word": "not shown", "nearest lead": nearest("closing bracket"), "what else is known": "its wrong yes are brackets in strings or comments"},
    {"property": "inside brackets", "the word": "not shown", "nearest lead": nearest("inside brackets"), "what else is known": "its probe sides with written brackets"},
    {"property": "definition", "the word": "present", "nearest lead": nearest("definition"), "what else is known": "no rival known"},
    {"property": title, "the word": "present", "nearest lead": nearest(title), "what else is known": "no rival known; its interchange mostly writes the answer"},
    {"property": "a bracket is open, at a line break", "the word": "used", "nearest lead": min(leads[2]), "what else is known": "absent before layer 0; an interchange moves the log odds of what comes later; so it does where the bracket is in a string"},
], decimals=3, caption="The nearest lead: in AUC, of a probe before layer 2, over the null that comes closest to it, with a 95 % interval over files. In the last row: at the line breaks of the ten new files, over the untrained model and labels shuffled within tokens.")  # fmt: skip

# %% [markdown]
# For a probe of your own:
#
# 1. *The rate and the untrained model.* How often is the commoner answer right? Take a measure that does not reward it. How good is the same probe before training?
# 2. *Control tasks.* How well does it learn coins, and labels shuffled within tokens? Take intervals over what is independent, such as files.
# 3. *Other data.* Find cases where the property differs from what usually correlates with it. When the probe fails there, name what it reads instead, and test that in new files.
# 4. *Interchange.* Change the property, and beside it placebos and what writes the answer. Do it at a place where the answer is not yet due. This step can say *used*.
#
# **What this does not show.** Intervals from so few files tend to be too narrow, and the files were divided only once. The AUC was chosen after accuracy had failed on these files. *Absent* only means that the probes that were tried read it no better than their nulls; what is held in a code that is not linear can remain unseen by linear ones.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "99 % right can say little", "evidence": "for closing brackets always no is right at more than 97 in 100; the untrained model's AUC is 0.990", "control": "share found; AUC; the model before training",
     "where it fails": "where the commoner answer is about as frequent as the other"},
    {"claim": "Nulls show that a probe reads, and not what", "evidence": "all four labels are ahead of every null, also the two whose probes read something else", "control": "the untrained model; five draws of coins; labels shuffled within tokens; nine further files",
     "where it fails": "a rival that no null imitates"},
    {"claim": "A probe can have learned another property than its label", "evidence": "in further files it sides with written brackets, against its own label", "control": "three probes on labels shuffled within tokens",
     "where it fails": "the vectors may hold its label as well"},
    {"claim": "Present does not mean used", "evidence": "two networks with the same hidden vectors; one turns under interchange, the other does not", "control": "donors with the same property; five pairs of networks",
     "where it fails": "shown in networks without noise, in which each feature has a direction of its own"},
    {"claim": "Exchanging a property can exchange the answer", "evidence": "“inside written brackets”: most of the effect goes along the embedding of “)”", "control": "100 placebos for the direction and 200 for what is left of it; the embedding alone",
     "where it fails": "use was not shown, nor that there is none"},
    {"claim": "At a line break the code model works out whether a bracket is open, and uses it", "evidence": "absent before layer 0, present before layer 2; exchanged there, without the embeddings of “=”, it moves the odds after the next name, beyond the range of 95 of 100 placebos in each of ten sets of lines", "control": "20 placebos for each set; as far along the embeddings; the whole vector; the untrained model",
     "where it fails": "made-up lines of one form; a bracket left open in a string acts alike, along the same direction, so that neither label is what is used; only “=” was asked for; the preferred sign seldom turns"},
    {"claim": "Erasing does not tell a property from its answer", "evidence": "to erase the embedding of “)” costs nearly as much", "control": "labels shuffled within tokens",
     "where it fails": "one property, one kind of token"},
    formulas={"interchange": r"h + \big((h_\mathrm{donor}-h)\cdot u\big)\,u", "selectivity": r"\mathrm{score}(\mathrm{property}) - \mathrm{score}(\mathrm{control})"},
    links=[
        ("Hewitt and Liang 2019, Designing and interpreting probes with control tasks", "https://arxiv.org/abs/1909.03368", "Control tasks and selectivity."),
        ("Geiger et al. 2023, Finding alignments between interpretable causal variables and distributed neural representations", "https://arxiv.org/abs/2303.02536", "Interchange along directions."),
        ("Belinkov 2022, Probing classifiers: promises, shortcomings, and advances", "https://arxiv.org/abs/2102.12452", "What a decade of probing has taught."),
        ("Belrose et al. 2023, LEACE", "https://arxiv.org/abs/2306.03819", "The least change that erases a property for linear readers."),
        ("Marks and Tegmark 2023, The geometry of truth", "https://arxiv.org/abs/2310.06824", "Mass-mean probes, and that their directions change a model’s answers more than those of logistic regression."),
    ],
)  # fmt: skip

# %% [markdown]
# Now the exercises: `course start 05`, then `my/05_probing.ipynb`. Some of them give you networks that were made for you alone.

# %% [markdown] words
# ## Words
#
# - probe: a small classifier that is trained on a model's internal vectors, while the model stays as it is.
# - mass-mean probe: a probe whose direction is the difference of two class means.
# - logistic regression: a probe that minimises the cross-entropy, with a penalty on its direction.
# - AUC: how often, of two tokens with and without a property, the one with it gets the higher score.
# - null: the same measurement where the thing in question is missing, such as training, or true labels.
# - control task: a made-up property in which each token has a random label of its own, the same wherever it occurs.
# - selectivity: a probe's score on a property, accuracy or AUC, minus its score on the control task.
# - labels shuffled within tokens: the true labels shuffled among the places of each token, so that only a token's rate is left.
# - property: what a probe is asked for, true or false of each input; in the planted networks, whether two bits differ.
# - rival: another property that agrees with the one in question on the usual inputs; in the planted networks, whether most of three bits are 1.
# - placebo: a change as large as the one in question, along a direction of no meaning.
# - interchange: to give a vector another one's component along a direction.
# - absent: read by no probe that was tried better than its nulls are.
# - present: readable by one of the probes that were tried, better than its nulls, and with no rival known.
# - used: such that the answer or its odds change with it, beyond the range of 95 of 100 placebos, and without a push that writes the answer itself into the vectors.
# - LEACE: the least change of vectors after which no linear probe does better than a guess on them.

# %% [markdown]
# # Probing, deeper
#
# The lesson asked what a probe shows. Here are eight questions behind it. Three are about measuring. How good can a probe be at best, whatever it computes? How much of a label does a probe *learn*, counted in bits? How large may a probe be, and are its probabilities true? Three are about searching. Can one find out what a model holds to be true without any labels at all? If we search for a direction along which an interchange turns the answers, and find one, what does that show? How can such a direction be checked? One was left over from the core. Does a vector hold whether an open bracket is one that Python counts, and not one inside a string? And the last is about pushing. What does it show that a direction, added to the stream, makes a token more probable?

# %% [markdown] contents
# The sections may be read in any order, except that section 6 needs section 5. You need the core lesson, and its planted networks in particular.

# %% setup

# %%
from dataclasses import replace
from itertools import pairwise

import torch

from course_utils import plots, probing, sae, zoo
from course_utils.intervals import interval, mean_interval
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import measured, predict, rounds_to, table
from course_utils.probing import drawing, open_bracket, subspace

# %%
model = zoo.load("code-4l", "cpu").requires_grad_(False)
blank = zoo.load("code-4l", "cpu", checkpoint=0).requires_grad_(False)  # before training
tokens, new = probing.two_halves(model, contexts=24)  # of eight files each

def coins(some, share, seed):
    """A control task in which this share of the tokens has a yes, as in section 3 of the core."""
    coin = torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(seed))
    return coin[some.ids] < coin[tokens.ids].quantile(share)

# %% [markdown]
# ## 1 · What no probe can beat
#
# A probe does badly. Is the probe too weak, or is there nothing to be known? If we cannot tell these two cases apart, we may call a property absent although a better probe would read it. Where a representation has few values, the question has an exact answer. Here $h$ has four values, two bits, and the label is their exclusive or, except that one label in eight is flipped. We fit two probes to all 32 cases.

# %%
bits = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
counts = torch.tensor([[7.0, 1.0], [1.0, 7.0], [1.0, 7.0], [7.0, 1.0]])  # no, yes
h = bits.repeat_interleave(8, 0)  # all 32 cases
y = torch.tensor([False, True]).repeat(4).repeat_interleave(counts.flatten().long())

def cross_entropy(p):
    """Bits a case, of a probe that gives `yes` the probability p (32,)."""
    return float(-torch.where(y, p, 1 - p).log2().mean())

probes = {"linear": probing.fit_logistic(h[None], y[:, None], 1e-3),
          "hidden": probing.fit_hidden(h[None], y[:, None], units=16, penalty=1e-3)}
p = {name: probe.logits(h[None])[0, :, 0].sigmoid() for name, probe in probes.items()}
{name: round(cross_entropy(says), 3) for name, says in p.items()}

# %% caption
caption("Cross-entropy of a linear probe and of one with a hidden layer of 16 units, in bits a case.")

# %% figure
fig, ax = plots.figure(height=2.8, width=6.6)
ax.bar(range(4), counts[:, 1] / 8, 0.6, color=plots.STREAM, label="share of yes")
for name, mark, colour, words in (("linear", "_", plots.SERIES[0], "the linear probe says"), ("hidden", "x", plots.EDITED, "the hidden layer says")):
    ax.plot(range(4), p[name][::8], mark, ms=14 if mark == "_" else 9, mew=3, color=colour, label=words)
ax.set(xticks=range(4), xticklabels=["0, 0", "0, 1", "1, 0", "1, 1"], xlabel="the two bits of h", ylabel="probability of yes", ylim=(0, 1))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "Four bars, low, high, high, low. The linear probe says one half at each; the hidden layer says the height of each bar.",
    "The share of cases with a yes at each of the four values of h, and the probabilities that two probes state.",
)  # fmt: skip

# %% [markdown]
# The linear probe says one half everywhere, at a cost of 1 bit a case. The hidden layer states the true share at every value of $h$. Nobody who sees only $h$ can do better. At each value seven cases in eight cost $-\log_2 \tfrac78 = 0.19$ bits, and one in eight costs $-\log_2 \tfrac18 = 3$ bits:
#
# $$\tfrac78 \cdot 0.19 + \tfrac18 \cdot 3 \;=\; 0.54 \text{ bits a case.}$$
#
# This uncertainty, averaged over the values of $h$, is the **conditional entropy**:
#
# $$H(Y \mid H) \;=\; -\sum_{h,\,y} p(h, y)\,\log_2 p(y \mid h) .$$
#
# No probe has an expected cross-entropy below it. Say that a probe states $q(y \mid h)$. Then
#
# $$\text{expected cross-entropy} \;=\; H(Y \mid H) \;+\; \sum_h p(h)\, \mathrm{KL}\big(p(\cdot \mid h)\,\|\,q(\cdot \mid h)\big) .$$
#
# A KL divergence is never negative, and it is zero only where the probe states the true share.

# %% claims
bound = float(probing.conditional_entropy(counts))
with claims():
    claim("by hand 0.19 bits and 3 bits, and together 0.54", rounds_to(-torch.tensor(7 / 8).log2(), "0.19") and -torch.tensor(1 / 8).log2() == 3 and rounds_to(-(7 * torch.tensor(7 / 8).log2() + torch.tensor(1 / 8).log2()) / 8, "0.54"))
    claim("the conditional entropy is 0.54 bits", rounds_to(bound, "0.54"))
    claim("the linear probe says one half everywhere, and the hidden layer the true share, to a hundredth", (p["linear"] - 0.5).abs().max() < 0.01 and (p["hidden"][::8] - counts[:, 1] / 8).abs().max() < 0.01)
    claim("the probe with a hidden layer reaches the bound to a hundredth of a bit", 0 <= cross_entropy(p["hidden"]) - bound + 1e-4 < 0.01)
    claim("the linear probe costs 1 bit, as always saying one half does, and a hidden layer 0.46 bits less", rounds_to(cross_entropy(p["linear"]), "1.00") and rounds_to(1 - cross_entropy(p["hidden"]), "0.46"))

# %% [markdown]
# So here the probe is too weak, and there is much to be known. What a probe can say depends on the *family of probes* that one allows. Xu et al. (2020) call this **usable information**: how many bits the best probe of the family saves by seeing $h$. For linear probes it is $1 - 1 = 0$ bits here. For a hidden layer it is $1 - 0.54 = 0.46$ bits, which is all that $h$ tells of the label (their *mutual information*).
#
# Two warnings. The bound holds for the *expected* cross-entropy: on the rows that it was fitted to, a probe can fall below. And in a language model nearly every vector occurs once, with one label. Counted on such a sample, every vector tells its label perfectly, and the bound comes out as 0. So for a real model we do not know the bound, and can only compare probes with each other.

# %% [markdown]
# ## 2 · How much has been learned, in bits
#
# A probe that needs a thousand examples has shown less of its model than one that needs ten, though both may end equally right. Voita & Titov (2020) put into one number how right a probe is and how much it had to learn: the *minimum description length* of the labels. Imagine that you send the labels to somebody who has the vectors already. The first 128 cost a bit each. Then both of you train a probe on what has been sent so far. The next labels cost only as much as that probe is surprised by them, $-\log_2 p$. After each block both train again. The sum is the **online code length**.

# %%
ends = [128, 256, 512, 1024, 2048, 4096, len(tokens)]

def share_so_far(y):
    return (y.sum(0) + 0.5) / (len(y) + 1)

def sent(x, y, penalty):
    """Bits a label, block by block: (block, task)."""
    costs = [torch.ones(y.shape[1])]  # a bit each
    for start, end in pairwise(ends):
        p = share_so_far(y[:start]).repeat(end - start, 1)
        both = y[:start].any(0)  # there is something to learn from
        if both.any():
            probe = probing.fit_logistic(x[None, :start], y[:start, both], penalty, tolerance=1e-3)
            p[:, both] = probe.logits(x[None, start:end])[0].sigmoid().clamp(1e-6, 1 - 1e-6)
        costs.append(-torch.where(y[start:end], p, 1 - p).log2().mean(0))
    return torch.stack(costs)

# %%
sizes = torch.tensor([ends[0], *(b - a for a, b in pairwise(ends))])

def shortest(x, y, penalties=(10.0, 100.0, 1000.0, 10_000.0)):
    """The same, with the penalty that makes a task's code shortest."""
    every = torch.stack([sent(x, y, p) for p in penalties])  # (penalty, block, task)
    best = torch.einsum("pbt,b->pt", every, sizes / ends[-1]).argmin(0)
    return every[best, :, range(y.shape[1])].T

# %% [markdown]
# Each code is the shortest of four, with penalties of 10 to 10,000. The tokens are sent file by file, in five orders of the files. Beside the trained model stand three nulls. One of them has no probe at all: it states the share of yes among the labels that have been sent.

# %%
tokens_0 = tokens.read_by(blank)
asked = ("in_brackets", "definition")
y = torch.stack([tokens.label(name) for name in asked], 1)
orders = [torch.randperm(8, generator=torch.Generator().manual_seed(seed)) for seed in range(5)]
orders = [torch.cat([(tokens.file == i).nonzero()[:, 0] for i in order]) for order in orders]  # rows
codes = {"trained": torch.stack([shortest(tokens.x[2][rows], y[rows]) for rows in orders]),
         "null: before training": torch.stack([shortest(tokens_0.x[2][rows], y[rows]) for rows in orders])}
tossed = torch.stack([coins(tokens, share, seed) for share in y.float().mean(0) for seed in range(5)], 1)
of_coins = shortest(tokens.x[2][orders[0]], tossed[orders[0]]).unflatten(1, (2, 5))
codes["null: control tasks"] = of_coins.permute(2, 0, 1)  # (set of coins, block, property)

# %%
def rate_alone(y):
    """Bits a label, block by block, of one who states the share of yes so far."""
    costs = [torch.ones(2)]
    for start, end in pairwise(ends):
        p = share_so_far(y[:start])
        costs.append(-torch.where(y[start:end], p, 1 - p).log2().mean(0))
    return torch.stack(costs)

codes["null: the share of yes"] = torch.stack([rate_alone(y[rows]) for rows in orders])
length = {name: torch.einsum("obt,b->ot", costs, sizes / ends[-1]) for name, costs in codes.items()}
table({name.replace("_", " "): {of: (float(v[:, i].mean()), float(v[:, i].min()), float(v[:, i].max()))
       for of, v in length.items()} for i, name in enumerate(asked)}, unit="bits a label", decimals=2)

# %% caption
caption("Online code length before layer 2, for two properties and three nulls: mean, lowest and highest of five orders of the same eight files; for control tasks, of five sets of coins in the first order.")

# %% figure
fig, ax = plots.figure(height=2.6, width=6.8)
for (name, costs), colour, style in zip(((n, c) for n, c in codes.items() if "control" not in n), (plots.SERIES[0], plots.NULL, plots.NULL), ("-", "-", ":"), strict=True):
    ax.stairs(costs[:, :, 1].mean(0), [0, *ends], color=colour, lw=2, ls=style, label=name.removeprefix("null: "), baseline=None)
ax.set(xlabel="labels sent", ylabel="bits a label", ylim=(0, None), xlim=(0, ends[-1]))
ax.legend(loc="upper right")
plots.show(
    fig, "Three staircases that begin at one bit a label. From the second block on the trained model's is the lowest; the one before training and the share of yes stay close to each other.",
    "“Definition”, block by block: bits a label, mean over the five orders. The mean height of a curve is its code length in the table.",
)  # fmt: skip

# %% claims
with claims():
    claim("both properties cost fewer bits in the trained model than under each null, in every order and for every set of coins", all(costs[:, i].min() > length["trained"][:, i].max() for name, costs in length.items() if name.startswith("null") for i in (0, 1)))
    claim("for definition that is about 0.29 bits, and before training about 0.53", about(length["trained"][:, 1].mean(), 0.29) and about(length["null: before training"][:, 1].mean(), 0.53))
    claim("before training a label costs as much as by the share of yes alone, to within 0.02 bits, in every order", (length["null: before training"] - length["null: the share of yes"]).abs().max() < 0.02)
    claim("in every block after the first definition costs less in the trained model than before training, on average over the orders", (codes["trained"].mean(0) < codes["null: before training"].mean(0))[1:, 1].all())
    claim("in the second block it costs about as much as in the last, to within 0.05 bits", abs(codes["trained"][:, 1, 1].mean() - codes["trained"][:, -1, 1].mean()) < 0.05)
    claim("the third block costs more than the second, on average over the orders", codes["trained"][:, 2, 1].mean() > codes["trained"][:, 1, 1].mean())
    claim("eight files", len(tokens.file.unique()) == 8)

# %% [markdown]
# In the trained model *definition* costs about 0.29 bits a label, whatever the order of the files, and before training about 0.53. That is as much as the share of yes costs alone, so at these penalties the untrained vectors help hardly at all. The sets of coins lie between: a probe of the trained vectors can learn a good part of them. None of the five sets, in the one order in which they were sent, is as cheap as the property in any of its orders. For *inside brackets* it is the same. Labels shuffled within tokens, the core's strictest null, were not sent.
#
# A short code means that the probe ends up good *and* gets there from few examples. The figure shows both. The trained curve is the lower one in every block after the first, and in the second block, after 128 labels, it is already about as low as in the last. The third block costs more than the second: the tokens come file by file, so that a new block is partly a new file. No test set is needed, since every label is sent before it is learned from. Other files might give other lengths.

# %% [markdown]
# ## 3 · How large may a probe be?
#
# A linear probe misses an exclusive or, and one with sixteen hidden units finds it. Why not always take a large probe? Because it can also memorise more. What a family of probes can learn at all, whatever the vectors mean, is its **capacity**. Here it is set by the number of hidden units. Control tasks (section 3 of the core) measure it: the more coins a probe can memorise, the greater its capacity. How much a probe knows is measured by its **removed share**:
#
# $$\text{removed share} \;=\; 1 - \frac{\text{cross-entropy of the probe on new files}}{\text{cross-entropy there of always stating the share of yes}} .$$
#
# It is 0 for a probe that reads nothing, 1 for one that is always right and sure, and negative for one that does worse than always stating the share. (Elsewhere it is called McFadden's pseudo-$R^2$.)
#
# We ask for *definition* before layer 2, and for three sets of coins with as many a yes. For each task we fit on every second training file with penalties 100 and 1000, keep the penalty that does best on the other training files, and then fit again on all of them.

# %%
def tasks(some):
    """The stream before layer 2, with the property and three control tasks as labels."""
    share = tokens.label("definition").float().mean()
    y = torch.stack([some.label("definition"), *(coins(some, share, seed) for seed in range(3))], 1)
    return replace(some, x=some.x[[2]], y=y, labels=("definition", "coins 1", "coins 2", "coins 3"))

train, test = tasks(tokens), tasks(new)
even = train.file % 2 == 0

def known(units, penalties=(100.0, 1000.0)):
    """Removed share of each task in new files, at the penalty chosen for it: (task,)."""
    def path(a, b):
        fits = [probing.fit_hidden(a.x, a.y, units, p, steps=100) if units
                else probing.fit_logistic(a.x, a.y, p) for p in penalties]
        return torch.stack([probing.removed(found, a, b).share[0] for found in fits])  # (penalty, task)
    return path(train, test).gather(0, path(train[even], train[~even]).argmax(0, keepdim=True))[0]

# %% figure
capacity = torch.stack([known(units) for units in (0, 2, 8, 32)])  # (units, task)
fig, ax = plots.figure(height=2.6, width=5.4)
ax.plot(range(4), capacity[:, 0], "o-", color=plots.SERIES[0], zorder=3, label="definition")
for i in range(1, 4):
    ax.plot(range(4), capacity[:, i], "o--", ms=4, color=plots.NULL, zorder=1, label="control tasks,\nthree sets of coins" if i == 1 else None)
ax.set(xticks=range(4), xticklabels=["none (linear)", "2", "8", "32"], xlabel="hidden units", ylabel="removed share", ylim=(0, 0.8))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "Definition rises little with the size of the probe; the three control tasks rise more, and come closer to it.",
    "Removed share in new files before layer 2, for a property and three control tasks, by the size of the probe. Coins can be known in new files, because the same tokens come back there.",
)  # fmt: skip

# %% claims
gap = capacity[:, 0] - capacity[:, 1:].mean(1)
with claims():
    claim("from a linear probe to 32 hidden units the removed share of the property rises by less than 0.05", 0 < capacity[-1, 0] - capacity[0, 0] < 0.05)
    claim("that of every set of coins rises by more than 0.2", (capacity[-1] - capacity[0])[1:].min() > 0.2)
    claim("linear probes remove 0.15 of one set of coins and 0.32 of another", rounds_to(capacity[0, 1:].min(), "0.15") and rounds_to(capacity[0, 1:].max(), "0.32"))
    claim("the property's lead over the coins' mean falls to less than a third", gap[0] > 0.3 and gap[-1] < gap[0] / 3)

# %% [markdown]
# A linear probe already reads the property, and more units add little to it, but they learn more coins. Hewitt & Liang (2019) found this for parts of speech: large probes are less selective. The sets of coins differ: linear probes remove 0.15 of one and 0.32 of another, so that one set alone would say little.
#
# Which probe to take is disputed. Hewitt & Liang prefer selective ones. Pimentel et al. (2020) take the best probe of any size: every probe shows only a part of what the vectors tell of the label, and the best one shows most. We take the smallest that reads what larger ones read, and show the control task beside it.
#
# The size is one way to hold a probe back, and its penalty is another. A **validation curve** shows how much a probe knows on new files, for each strength of its penalty.

# %% figure
def asked(some):
    """The stream before layer 2 and two labels."""
    return replace(some, x=some.x[[2]], y=torch.stack([some.label(name) for name in properties], 1), labels=properties)

properties = ("definition", "in_brackets")
seen, unseen = asked(tokens), asked(new)
penalties = [10 ** (k / 2) for k in range(12)]
path = [probing.fit_logistic(seen.x, seen.y, p) for p in penalties]
on_seen, on_unseen = (torch.stack([probing.removed(probes, seen, some).share[0] for probes in path]) for some in (seen, unseen))  # (penalty, property)
chosen = [penalties.index(probing.chosen_penalty(replace(seen, y=seen.y[:, [i]], labels=()), penalties)) for i in range(2)]  # from the training files alone
fig, ax = plots.figure(height=2.9, width=5.8)
for i, (name, at) in enumerate(zip(("definition", "inside brackets"), chosen, strict=True)):
    colour = plots.SERIES[(0, 3)[i]]
    ax.semilogx(penalties, on_seen[:, i], ":", lw=2, color=colour, label=f"{name}, files trained on")
    ax.semilogx(penalties, on_unseen[:, i], "o-", ms=4, color=colour, label=f"{name}, new files")
    ax.plot(penalties[at], on_unseen[at, i], "o", ms=12, mfc="none", mec=colour, mew=1.5, label="chosen" if i else None)
ax.set(xlabel="penalty", ylabel="removed share", ylim=(-1.05, 1.05))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "On the files trained on both curves fall with the penalty. On new files they rise first, and then fall.",
    "Removed share of linear probes before layer 2 by penalty; values below −1 are cut off. Rings: the penalty that is best for each property within the training files.",
)  # fmt: skip

# %% claims
with claims():
    claim("on the files trained on, no property's removed share rises with the penalty", on_seen.diff(dim=0).max() < 0.01)
    claim("on new files that of definition is highest at a penalty of 1000, and that of brackets at about 30,000", [penalties[i] for i in on_unseen.argmax(0)] == [10**3, 10**4.5])
    claim("for both the training files choose 1000", [penalties[i] for i in chosen] == [1000, 1000])
    claim("for brackets the chosen penalty removes 0.20, and the best one 0.43", rounds_to(on_unseen[chosen[1], 1], "0.20") and rounds_to(on_unseen[:, 1].max(), "0.43"))
    lost = [torch.nn.functional.binary_cross_entropy_with_logits(path[i].logits(unseen.x)[0, :, 1], unseen.y[:, 1].float(), reduction="none") for i in (chosen[1], int(on_unseen[:, 1].argmax()))]
    prose_file = next(unseen.file == i for i in unseen.file.unique() if new.label("in_docstring")[unseen.file == i].all())
    claim("about 0.73 of the cross-entropy for brackets comes from the file that is all docstring, and at the best penalty about 0.32", about(lost[0][prose_file].sum() / lost[0].sum(), 0.73) and about(lost[1][prose_file].sum() / lost[1].sum(), 0.32))

# %% [markdown]
# A weak penalty lets a probe learn what holds in its own files alone. The weaker the penalty, the more a probe knows of the files that it was trained on. On new files it knows most at a penalty of 1000 for *definition*, and of about 30,000 for *inside brackets*.
#
# So the penalty has to be chosen on files that the probe was not fitted to, and even then the choice can be a poor one. Within the training files 1000 is best for both. For brackets in new files it removes 0.20, and the best penalty of all 0.43. One new file is the main reason. It is all docstring, where the core's probe was misled, and about 0.73 of the cross-entropy at the penalty of 1000 comes from it. At the best penalty the probe is less sure of its mistakes there, and the file's part is about 0.32.

# %% [markdown]
# ### Does it matter how a line is fitted?
#
# A logistic probe is fitted by its probabilities. A **ridge probe** is fitted by least squares to +1 and −1, with a penalty on its length, and needs no steps at all. The mass-mean probe of the core is only the difference of two means. All three are fitted before every layer at once, with one penalty for the first two; the table shows them before layer 2.

# %%
kinds = {"logistic": lambda x, y: probing.fit_logistic(x, y, 1000.0),
         "ridge": lambda x, y: probing.fit_ridge(x, y, 1000.0), "mass-mean": probing.mass_mean}

def by_layer(kind, train, test):
    """The AUC in new files before each layer, (layer, property, again): `again` are draws of whole files."""
    y, true = (torch.stack([some.label(name) for name in properties], 1) for some in (train, test))
    scores = kinds[kind](train.x, y).logits(test.x)
    return torch.stack([torch.stack([probing.auc(one[:, [k]], true[:, [k]], test.file) for k in range(2)])
                        for one in scores])

found = {kind: by_layer(kind, tokens, new) for kind in kinds}

# %% figure
halves = probing.two_halves(blank, contexts=24)
untrained = {kind: by_layer(kind, *halves)[2, :, 0] for kind in kinds}

def row(before_2):
    return {name: (float(each[0]), *map(float, interval(each[1:]))) for name, each in zip(("definition", "inside brackets"), before_2, strict=True)}

table({kind: row(each[2]) | {"null: definition": float(untrained[kind][0]), "null: inside brackets": float(untrained[kind][1])} for kind, each in found.items()}, decimals=2, corner="probe",
      caption="AUC before layer 2 in new files, with 95 % intervals over files. Null: the same probe for the model before training.")

# %% [markdown]
# From layer 1 on ridge and logistic probes do equally well, and mass-mean is below both before every layer. Whether its distance is more than chance over files was not asked: for *inside brackets* the intervals overlap. One reason may be that it takes no account of the directions in which the vectors vary most whatever the label is.

# %% claims
at = {kind: each[:, :, 0] for kind, each in found.items()}
with claims():
    claim("from layer 1 on ridge is within 0.011 of logistic for both properties", (at["ridge"] - at["logistic"])[1:].abs().max() < 0.011)
    claim("mass-mean is below both before every layer, for both properties", (at["mass-mean"] < torch.minimum(at["ridge"], at["logistic"])).all())
    claim("for the model before training no kind reaches 0.65 before layer 2", max(map(torch.max, untrained.values())) < 0.65)

# %% [markdown]
# ### Are the probabilities true?
#
# A probe states probabilities, and these can be checked. Take all tokens to which it gives about 0.3. If about 0.3 of them have the property, and likewise for every other value, the probe is **calibrated**. To put it into one number, sort the tokens into ten groups by the stated probability. In each group take the gap between the mean stated probability and the share of tokens that have the property. The average of these gaps, weighted by the number of tokens, is the **expected calibration error**. It is a difference of probabilities, and 0 is best.
#
# We compare two probes for *definition* on the same new files: the one with the weakest penalty, and the one whose penalty was chosen within the training files.

# %%
y, file = unseen.label("definition"), unseen.file
logits = {name: path[i].logits(unseen.x)[0, :, 0] for name, i in (("penalty 1", 0), ("penalty 1000", chosen[0]))}
dots = {name: probing.reliability(z.sigmoid(), y, file) for name, z in logits.items()}
weak, held = dots.values()

def compared(what):
    """A mean over tokens for each probe, and of the difference, with intervals over files."""
    of = [what(z).double() for z in logits.values()]
    return [mean_interval(values, clusters=file) for values in (*of, of[0] - of[1])]

rows = {"expected calibration error": [found.error for found in dots.values()],
        "share right": compared(lambda z: (z > 0) == y),
        "mean stated − share with it": compared(lambda z: z.sigmoid() - y.double())}
rows["expected calibration error"].append(
    (weak.error[0] - held.error[0], *map(float, interval(weak.errors - held.errors))))
table({name: dict(zip((*logits, "difference"), row, strict=True)) for name, row in rows.items()}, decimals=3)

# %% caption
caption(f"Two probes for “definition” before layer 2, judged on the same {len(y):,} tokens of {len(file.unique())} new files. Beside each number stands its 95 % interval over files. For the difference the same files are drawn for both probes.")

# %% figure
fig, axes = plots.figure(1, 2, height=3.1, width=7, sharey=True)
for ax, (name, found) in zip(axes, dots.items(), strict=True):
    ax.plot([0, 1], [0, 1], color="0.6", lw=1)
    ax.errorbar(found.says, found.so, torch.stack([found.so - found.low, found.high - found.so]), fmt="o", ms=4, lw=1, color=plots.SERIES[0])
    for says, count in zip(found.says, found.count, strict=True):
        ax.text(says, -0.13, f"{count}", ha="center", fontsize=7, color=plots.NOTE)
    ax.set(xlabel="what the probe says", ylim=(-0.17, 1.03), xlim=(-0.08, 1.06), title=f"{name}, error {found.error[0]:.3f}")
axes[0].set(ylabel="share with the property")
plots.show(
    fig, "At penalty 1 the dots below one half lie above the diagonal and those at the right end below it; at penalty 1000 nearly all lie above it.",
    "What a probe for “definition” says in new files, in ten groups, and the share of their tokens that are definitions, with 95 % intervals over files. On the grey line both are the same. Small numbers: the tokens of each group.",
)  # fmt: skip

# %% claims
with claims():
    claim("eight new files", len(file.unique()) == 8)
    claim("at penalty 1 more tokens are definitions than the probe says, in each group below one half", (weak.so > weak.says)[weak.says < 0.5].all())
    claim("where that probe is surest of a yes it says 0.98 and 0.90 are definitions, and what it says is outside of the interval", rounds_to(weak.says[-1], "0.98") and rounds_to(weak.so[-1], "0.90") and weak.high[-1] < weak.says[-1])
    claim("at penalty 1000 each dot from 0.1 to 0.8 lies above the diagonal", (held.so > held.says)[1:8].all() and len(held.says) == 10)
    claim("on average both probes say 0.02 less than the share, and the intervals have 0 inside", all(rounds_to(-row[0], "0.02") and row[1] < 0 < row[2] for row in rows["mean stated − share with it"][:2]))
    claim("both are right at 0.95 of the tokens, and the interval of the difference has 0 inside", all(rounds_to(row[0], "0.95") for row in rows["share right"][:2]) and rows["share right"][2][1] < 0 < rows["share right"][2][2])
    error_1, error_1000, between_them = rows["expected calibration error"]
    claim("the calibration errors are 0.032 and 0.021, and their intervals overlap", rounds_to(error_1[0], "0.032") and rounds_to(error_1000[0], "0.021") and error_1[1] < error_1000[2])
    claim("the interval of their difference is from 0.005 to 0.016", rounds_to(between_them[1], "0.005") and rounds_to(between_them[2], "0.016"))
    parts = [found.count * (found.so - found.says).abs() / len(y) for found in dots.values()]
    claim("of the errors the lowest group makes 0.020 and 0.006, and the other nine together 0.012 and 0.015", [f"{float(part[0]):.3f} {float(part[1:].sum()):.3f}" for part in parts] == ["0.020 0.012", "0.006 0.015"])
    rng = torch.Generator().manual_seed(0)
    claim("with labels drawn by what a probe says its error is less than half of the one measured, in each of five draws", all(probing.reliability(z.sigmoid(), torch.rand(len(y), generator=rng) < z.sigmoid(), file).error[0] < dots[name].error[0] / 2 for name, z in logits.items() for _ in range(5)))
    claim("of both probes about nine tenths of the tokens are in the lowest group", all(between(found.count[0] / len(y), 0.85, 0.95) for found in dots.values()))

# %% [markdown]
# Where the probe of penalty 1 says less than one half, more tokens are definitions than it says: it is too sure of *no*. Where it is surest of *yes* it is too sure as well: it says 0.98, and 0.90 of these tokens are definitions. At penalty 1000 each dot from 0.1 to 0.8 lies above the diagonal: there the probe says too little. That it does so on average over all tokens is not shown: both probes say 0.02 less than the share, and over eight files the intervals have 0 inside.
#
# Both probes are right at 0.95 of the tokens, so that accuracy does not tell them apart. The calibration error falls from 0.032 to 0.021. The intervals of these two overlap, but this says little, because both probes are judged on the same files, and a hard file is hard for both. What counts is the interval of the *difference*, from 0.005 to 0.016: in these files the chosen penalty also makes the probabilities truer.
#
# Where does the error fall? About nine tenths of the tokens are in the lowest group. It adds 0.020 to the error at penalty 1, and 0.006 at penalty 1000. The other nine groups together add 0.012, and then 0.015. So the whole gain is among the tokens of which the probe says that they are hardly ever definitions. A probe that is calibrated has an error above 0 too, by chance. If we draw the labels by the stated probabilities, it is less than half of what was measured, in each of five draws and for both probes. So most of the error is not of this kind.

# %% [markdown]
# ## 4 · Truth without labels
#
# Suppose that a model holds something to be true, and there are no labels to train a probe with. Burns et al. (2022) had an idea. Give the model a statement and its negation, such as “Paris is in France” and “Paris is not in France”. A probe states the probability $p^+$ that the first is true, and $p^-$ that the second is. A probe for truth must give the two *opposite* answers, and it should be sure. The search for a direction that meets these two demands needs no labels. It is called **contrast-consistent search**, CCS:
#
# $$L \;=\; \frac1n \sum_i \Big[\big(p_i^+ - (1 - p_i^-)\big)^2 + \min(p_i^+, p_i^-)^2\Big] .$$
#
# Does it find truth? In made-up pairs we know. There the vectors of the true and of the false statement lie at $+1$ and $-1$ along one direction. Along a second direction lies a contrast that has nothing to do with truth (say, whether the statement would be good news). When a statement is negated, its sign flips along both directions.

# %% prediction
predict("probing.ccs")

# %% answer
loudness = (0.0, 0.5, 1.0, 1.5, 2.0)
found = {"CCS": [], "largest variation": [], "random direction": []}
for loud in loudness:
    every = [probing.ccs.pairs(loud, seed=seed) for seed in range(5)]
    says = {"CCS": [probing.ccs.ccs(some, seed, starts=3, steps=150) for seed, some in enumerate(every)],
            "largest variation": [probing.ccs.first_component(some) for some in every],
            "random direction": [probing.ccs.random_side(some, seed) for seed, some in enumerate(every)]}
    for name, said in says.items():
        found[name].append([[probing.ccs.agreement(s, which) for which in (some.truth, some.loud)]
                            for s, some in zip(said, every, strict=True)])
found = {name: torch.tensor(values) for name, values in found.items()}  # (loudness, draw, truth or other)

# %% figure answer
fig, axes = plots.figure(1, 2, height=3.2, sharey=True)
for ax, which, title in zip(axes, (0, 1), ("with the truth", "with the other contrast"), strict=True):
    for i, (name, values) in enumerate(found.items()):
        at = torch.tensor(loudness) + 0.08 * (i - 1)  # beside one another
        ax.plot(at, values[..., which], "osd"[i], ms=5, color=plots.SERIES[(0, 3, 4)[i]], alpha=0.6, mew=0)
        ax.plot([], [], "osd"[i], color=plots.SERIES[(0, 3, 4)[i]], label=name)
    ax.axhline(0.5, color="0.7", lw=0.8)
    ax.set(title=title, xlabel="loudness of the other contrast", xticks=loudness, ylim=(0.45, 1.03))
axes[0].set(ylabel="agreement")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plots.show(
    fig, "With the truth: CCS and largest variation at one up to loudness 0.5, near a half from 1.5 on; with the other contrast the reverse; the random direction between.",
    "Share of pairs on which a method agrees with the truth (left) and with the other contrast (right), or disagrees with it, whichever is "
    "more, so that ½ (grey) is the least. Loudness: the size of the other contrast, where the truth has size 1. A mark is one of five draws of 400 pairs; marks of the three methods stand beside one another.",
)  # fmt: skip

# %% claims answer
(ccs, other), (first, _) = (found[name].unbind(2) for name in ("CCS", "largest variation"))

def losses(some, length=3.0):
    """The loss along the truth's direction and along the other contrast's, both of one length."""
    sides = [side - side.mean(0) for side in (some.positive, some.negative)]
    ways = (probing.basics.mass_mean(sides[0] - sides[1], which) for which in (some.truth, some.loud))
    return [float(probing.ccs.ccs_loss(*((side @ (length * v / v.norm())).sigmoid() for side in sides))) for v in ways]

quiet, loud = (torch.tensor([losses(probing.ccs.pairs(size, seed=seed)) for seed in range(5)]) for size in (0.5, 1.5))
with claims():
    claim("up to a loudness of 0.5 CCS agrees with the truth on more than 0.98 of the pairs, in all five draws", ccs[:2].min() > 0.98)
    claim("from 1.5 on it agrees with it on less than 0.6, and with the other contrast on more than 0.98, in all five", ccs[3:].max() < 0.6 and other[3:].min() > 0.98)
    claim("at equal loudness CCS takes one of the two whole: it agrees with the truth on more than 0.98 of the pairs, or with the other contrast, in each of the five", (torch.maximum(ccs, other)[2] > 0.98).all())
    claim("at equal loudness the largest variation mixes them: between 0.55 and 0.97 with the truth in all five", between(first[2].min(), 0.55, 0.97) and between(first[2].max(), 0.55, 0.97))
    claim("a random direction agrees with either on between 0.5 and 0.75 on average", all(between(share, 0.5, 0.75) for share in found["random direction"].mean((0, 1)).tolist()))
    claim("the direction of largest variation gives the same to within 0.03, below 1 and above", (ccs - first)[[0, 1, 3, 4]].abs().max() < 0.03)
    claim("for directions of one length the loss is lower along the larger contrast, in each of five draws: at a loudness of 0.5 along the truth, at 1.5 along the other", (quiet[:, 0] < quiet[:, 1]).all() and (loud[:, 0] > loud[:, 1]).all())
measured("probing.ccs", "the larger of the two" if ccs[1].min() > 0.9 and ccs[3].max() < 0.6 else "the truth")

# %% [markdown]
# In these pairs CCS finds the larger of the two contrasts, and where both are equally large it takes either one whole. If that is the truth, it finds the truth; nothing in its loss mentions it. Why the larger one? The pairs are noisy, and along the larger contrast fewer of them are left unsure. A probe of the same length is surer along the larger contrast, so its loss is lower there, in each of five draws.
#
# The direction along which the pairs' differences vary most, which takes no training, does the same, except where both are equally large: there it mixes them. A random direction agrees with either on more than half of the pairs, since we count agreement or disagreement, whichever is more, and since it has some component along each contrast. These pairs were made so that nothing but the two contrasts differs, and no language model was asked here. Farquhar et al. (2023) report the same of language models: such methods take whatever contrast is prominent.

# %% [markdown]
# ## 5 · Learned directions
#
# A probe finds the direction from which a property is best *read*, and the core made interchanges along it. One can also search for a direction along which an interchange works. What does it show when the search succeeds? For the core's planted networks all directions can be tried, in the plane of property and rival. Network A uses the property, network B its rival, and their hidden vectors are the same.

# %% figure
pair_of = {"A": probing.planted("used"), "B": probing.planted("unused")}
some = pair_of["A"]
unit = [v / v.norm() for v in (probing.basics.mass_mean(some.h, y) for y in (some.rival, some.label))]
angles = torch.arange(0, 181, 5)
draw_of = torch.randperm(256, generator=torch.Generator().manual_seed(1))
turning = {}  # (network, usual pairs only): share that turns at each angle

def share_turned(one, angle, pairs):
    v = (angle.deg2rad().cos() * unit[0] + angle.deg2rad().sin() * unit[1])[None]
    return float((one.answer(probing.interchange(one.h, one.h[draw_of], v)) != one.answer(one.h))[pairs].float().mean())

differ = some.label != some.label[draw_of]
fig, axes = plots.figure(1, 2, height=3.2, sharey=True)
for ax, only, title in zip(axes, (False, True), ("pairs of all inputs", "pairs of usual inputs"), strict=True):
    pairs = differ & some.usual & some.usual[draw_of] if only else differ
    for (name, one), colour in zip(pair_of.items(), (plots.SERIES[0], plots.SERIES[5]), strict=True):
        turning[name, only] = [share_turned(one, angle, pairs) for angle in angles]
        ax.plot(angles, turning[name, only], color=colour, label=f"network {name}")
    ax.set(title=title, xticks=[0, 45, 90, 135, 180], xticklabels=["0°\nrival", "45°\n", "90°\nproperty", "135°\n", "180°\n"], xlabel="direction of the interchange")
axes[0].set(ylabel="share of answers that turn")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plots.show(
    fig, "Left: network A turns all answers around the property's direction, B at most half, around the rival's. Right: B turns all around the rival's direction.",
    "Answers that turn in pairs that differ in the property, for every direction in the plane of rival and property (180° is the rival's direction again), in two networks with the same hidden vectors.",
)  # fmt: skip

# %% claims
with claims():
    claim("along the property's direction all answers turn in A and none in B, for both kinds of pairs", all(turning["A", only][18] == 1 and turning["B", only][18] == 0 for only in (False, True)))
    claim("halfway between rival and property all answers turn in both networks, in pairs of usual inputs", all(turning[name, True][9] == 1 for name in pair_of))
    claim("with pairs of all inputs only A has a direction that turns every answer; with usual ones the rival's turns all in B", max(turning["A", False]) == 1 and max(turning["B", False]) < 0.7 and turning["B", True][0] == 1)
    claim("with pairs of all inputs the rival's direction turns about half of the answers in B, whether the pair differs in the property or not", all(between(share_turned(pair_of["B"], angles[0], which), 0.45, 0.55) for which in (differ, ~differ)))

# %% [markdown]
# With pairs of all inputs only network A has a direction that turns everything. On usual inputs property and rival agree, so a pair that differs in one differs in the other. With such pairs both networks have such a direction.
#
# In a model nobody can try all directions. **Distributed alignment search**, DAS (Geiger et al. 2023), searches by gradient descent. Take pairs of inputs, a receiver and a donor. The *wanted answer* is the receiver's own, turned where the two differ in the property. The search adjusts a unit vector $u$:
#
# $$\text{minimise over } |u| = 1:\quad \sum_\text{pairs} \text{cross-entropy}\Big(\text{rest of the model}\big(h + ((h_\text{donor} - h)\cdot u)\,u\big),\; \text{wanted answer}\Big) .$$

# %%
def das(one, rows, seed):
    """The direction that gives the wanted answers in 512 pairs of these inputs."""
    rng = torch.Generator().manual_seed(seed)
    receiver, donor = rows[torch.randint(len(rows), (2, 512), generator=rng)]
    wanted = one.answer(one.h[receiver]) ^ (one.label[receiver] != one.label[donor])
    u = torch.randn(12, generator=rng).requires_grad_()  # `interchange` makes its length 1
    solver = torch.optim.Adam([u], lr=0.1)
    for _ in range(100):
        out = one.head(probing.interchange(one.h[receiver], one.h[donor], u[None]))[:, 0]
        solver.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(out, wanted.float()).backward()
        solver.step()
    return u.detach()

# %% [markdown]
# Each direction is learned from pairs of one half of the inputs. Beside it stands the probe's direction (the difference of the means), fitted to the same inputs. Both are judged on pairs of the other half, and on pairs of all inputs.

# %%
def turned(one, rows, u):
    """Share of answers that turn along u, in pairs of these inputs that differ in the property."""
    receiver, donor = rows[torch.randint(len(rows), (2, 512), generator=torch.Generator().manual_seed(0))]
    moved = one.answer(probing.interchange(one.h[receiver], one.h[donor], u[None]))
    differ = one.label[receiver] != one.label[donor]
    return float((moved != one.answer(one.h[receiver]))[differ].float().mean())

def planted_trial(one, rows, seed):
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]
    ours, new_ones = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    ways = das(one, ours, seed), probing.basics.mass_mean(one.h[ours], one.label[ours])
    return [turned(one, some, u) for some in (new_ones, torch.arange(256)) for u in ways], ways

# %%
trials = {}  # (network, pairs): five networks of the kind
for name, kind in (("A", "used"), ("B", "unused")):
    for only in (False, True):
        nets = [probing.planted(kind, seed) for seed in range(5)]
        trials[name, only] = [planted_trial(one, (one.usual | (not only)).nonzero()[:, 0], seed)
                              for seed, one in enumerate(nets)]
names = {False: "all inputs", True: "usual inputs"}
columns = ("learned, new pairs", "probe, new pairs", "learned, all pairs", "probe, all pairs")
score = {key: torch.tensor([t for t, _ in some]) for key, some in trials.items()}  # (network, four shares)
table({f"{name}, from {names[only]}": dict(zip(columns, values.mean(0).tolist(), strict=True))
       for (name, only), values in score.items()}, decimals=2)

# %% caption
caption("Share of answers that turn in pairs that differ in the property, along the learned direction and along the probe's. Means over five networks of each kind. New pairs are pairs of inputs that were not fitted to; but a network has only 32 different hidden vectors, so nearly all vectors of new pairs were seen in training. All pairs: pairs of all inputs.")

# %% claims
towards = {key: torch.tensor([[float(torch.cosine_similarity(u, probing.basics.mass_mean(one.h, label), dim=0).abs()) for u in ways for label in (one.label, one.rival)]
           for (_, ways), one in zip(some, [probing.planted("used" if key[0] == "A" else "unused", seed) for seed in range(5)], strict=True)]) for key, some in trials.items()}  # learned with property, with rival; probe likewise
with claims():
    claim("in A, from pairs of all inputs, the learned direction turns every answer and is the probe's, in all five networks",
          (score["A", False] == 1).all() and towards["A", False][:, 0].min() > 0.99)
    claim("in B, from pairs of all inputs, it turns fewer than a third of new pairs in each network", score["B", False][:, 0].max() < 1 / 3)
    claim("in B, from pairs of usual inputs, it turns every answer in new pairs, and so does the probe's, in all five",
          (score["B", True][:, :2] == 1).all())
    claim("on pairs of all inputs neither turns more than four in ten there", score["B", True][:, 2:].max() < 0.4)
    claim("in A, from pairs of usual inputs, on pairs of all the learned one turns about nine in ten and the probe's about half", about(score["A", True][:, 2].mean(), 0.9) and about(score["A", True][:, 3].mean(), 0.5))
    claim("from usual inputs the probe's direction lies halfway between property and rival", all((towards[name, True][:, 2:] - 0.5**0.5).abs().max() < 0.05 for name in "AB"))
    claim("there the learned one lies closer to what the network uses, in all ten", (towards["A", True][:, 0] > towards["A", True][:, 1]).all() and (towards["B", True][:, 1] > towards["B", True][:, 0]).all())
    claim("a network has 32 different hidden vectors", all(len((torch.cdist(h, h) < 0.1).int().unique(dim=0)) == 32 for h in (probing.planted("used", seed).h for seed in range(5))))

# %% [markdown]
# With pairs of all inputs the search finds the property's direction in A. In B the directions that it finds turn fewer than a third of the answers. The rival's own direction turns about half of them, but also answers that should stay, so the search does not choose it.
#
# With pairs of *usual* inputs the learned direction turns every answer in both networks, and so does the probe's, which lies halfway between property and rival. New pairs of usual inputs do not reveal which of the two the network uses. Pairs of all inputs do: in B neither direction turns more than four in ten there. In A the learned direction turns about nine in ten and the probe's about half, since the learned direction lies closer to what the network uses. So the search does find something that the labels do not hold. But nothing in pairs of usual inputs says which of the two cases one has.
#
# **In a trained model.** After a line such as ` value = get[name, size` the code model should go on with `]`, and with `)` if the bracket was round. At the last token before layer 3 we learn a direction such that, given the donor's component along it, the model closes the donor's kind of bracket. The answer is due at this very token, so a direction may write `)` or `]` and nothing else. We test that below. TransformerLens's `fit_das` searches as `das` above does. Beside it stands the difference of the means, and four controls:
#
# - **Arbitrary labels.** Each last word of a line gets a coin as its label, and the search is to turn the answer with that label.
# - **Untrained.** The same model before its training.
# - **A site that cannot know.** The token before the bracket.
# - **A placebo.** A random direction, along which the vector is moved as far.

# %%
def trial(net, y, seed, hook="blocks.3.hook_resid_pre", position=open_bracket.END):
    """A direction learned in a model for a label of lines, from pairs of one half of them."""
    lines = open_bracket.lines(net, 256, seed)
    site, stream = open_bracket.site(net, hook, position), probing.stream_of(net, lines.tokens, 3)
    return subspace.find(site, stream, getattr(lines, y), seed=seed, says=site.ask(stream).argmax(1).bool(),
                         count=128, epochs=12, batch=32, rate=0.04)

runs = {"the open bracket": [trial(model, "square", seed) for seed in range(5)],
        "null: arbitrary labels": [trial(model, "coin", seed) for seed in range(5)],
        "null: untrained": [trial(blank, "square", seed) for seed in range(5)],
        "null: a site that cannot know": [trial(model, "square", seed, position=open_bracket.BEFORE)
                                          for seed in range(5)]}

# %%
def means_apart(net, seed):
    """The difference of the means of the two kinds of line, from 128 other lines."""
    lines = open_bracket.lines(net, 128, seed + 5)
    return probing.basics.mass_mean(probing.stream_of(net, lines.tokens, 3)[:, open_bracket.END], lines.square)

exchanged = {name: [subspace.along(run.direction) for run in some] for name, some in runs.items()}
exchanged["null: placebo"] = [subspace.placebo(run.direction, seed)
                              for seed, run in enumerate(runs["the open bracket"])]
for name, net in (("the open bracket", model), ("null: untrained", blank)):
    exchanged[f"{name}, difference of means"] = [subspace.along(means_apart(net, seed)) for seed in range(5)]

# %%
def shares(name):
    """Pairs with the wanted answer: of new ones, and of those whose label differs (draw, two shares)."""
    some = runs.get(name.split(",")[0], runs["the open bracket"])  # a placebo is judged on the same
    good = [(subspace.as_wanted(run.site, run.new, by), run.new.differs)
            for run, by in zip(some, exchanged[name], strict=True)]
    return torch.tensor([[float(ok.float().mean()), float(ok[differ].float().mean())] for ok, differ in good])

found = {name: shares(name) for name in sorted(exchanged, key=lambda name: (name.startswith("null"), name))}
columns = ("new pairs", "new pairs that differ")
table({name: dict(zip(columns, map(mean_interval, values.T), strict=True))
       for name, values in found.items()}, decimals=2)

# %% caption
caption("Share of pairs with the wanted answer after an interchange along a direction, before layer 3: a learned one, unless something else is named. A direction that turns nothing is right in the pairs that do not differ, which are about half. Means over five draws of lines, with 95 % intervals over draws.")

# %% claims
lines = open_bracket.lines(model, 256, 0)
closes = open_bracket.site(model, "blocks.3.hook_resid_pre").ask(probing.stream_of(model, lines.tokens, 3)).argmax(1) == lines.square
brackets = model.W_U[:, [model.tokenizer(b)["input_ids"][-1] for b in ")]"]]
along_brackets = torch.tensor([float(subspace.split(run.direction, brackets)[0].square().sum()) for run in runs["the open bracket"]])
with claims():
    claim("the model prefers the right kind of bracket in all 256 lines of the first draw", closes.all())
    claim("the learned direction gives the wanted answer in every new pair, in all five draws", (found["the open bracket"] == 1).all())
    claim("the difference of the means does so in more than 0.99 of the pairs, on average", 0.99 < found["the open bracket, difference of means"][:, 0].mean() < 1)
    claim("about two thirds of the learned direction's squared length lie in the plane of the two brackets' embeddings", about(along_brackets, 2 / 3))
    claim("of a random direction's squared length two in 192, a hundredth, lie in a plane", rounds_to(2 / model.cfg.d_model, "0.01"))
    halves_turn = torch.tensor([[run.turned(subspace.along(part)) for part in subspace.split(run.direction, brackets)] for run in runs["the open bracket"]])
    claim("the part in that plane turns at least 0.98 of the answers, and the rest turns none, in all five draws", halves_turn[:, 0].min() >= 0.98 and not halves_turn[:, 1].any())
    claim("in the untrained model 0.42 of the answers turn along the learned direction, of new pairs that differ, and 0.18 along the difference of the means", rounds_to(found["null: untrained"][:, 1].mean(), "0.42") and rounds_to(found["null: untrained, difference of means"][:, 1].mean(), "0.18"))
    claim("with arbitrary labels about one in six", about(found["null: arbitrary labels"][:, 1].mean(), 1 / 6))
    claim("over all new pairs these are right about half of the time, between 0.4 and 0.67 in every draw",
          all(between(share, 0.4, 0.67) for name, some in found.items() if "untrained" in name or "arbitrary" in name for share in some[:, 0].tolist()))
    claim("at the site that cannot know, and under the placebo, not one answer turns", not found["null: a site that cannot know"][:, 1].any() and not found["null: placebo"][:, 1].any())

# %% [markdown]
# The learned direction works on all new pairs, but the search adds hardly anything: the difference of the means works on more than 0.99 of them. And what it found is the answer. About two thirds of its squared length lie in the plane of the embeddings of `)` and `]`, where a random direction has one hundredth. Exchange along the part in that plane, and at least 0.98 of the answers turn; along the rest none does, in all five draws. So this search does not show that the model uses the bracket as a property, apart from the answer.
#
# The nulls show what a search can do by itself. Nothing is gained by it: answers that should stay turn as well, and over all new pairs about half come out right, as many as if nothing had been turned. In the untrained model the search turns 0.42 of the answers in new pairs that differ. The difference of the means turns 0.18 there, since a random network, too, mixes earlier tokens in. With coins for labels about one answer in six turns.

# %% [markdown]
# ## 6 · A site that plays no part
#
# A learned direction depends on its pairs, and also on where it is learned. Call a place in a model at which vectors can be exchanged a **site**. Makelov et al. (2023) asked what a learned direction shows at a site that the property can be read from, but that the answer does not depend on.

# %% figure
drawing.beside_the_path().captioned("Two planted models. In both the property reaches a site of twelve numbers, where a probe can read it. In the left one the answer bypasses the site, as through the residual stream around an MLP.")

# %% [markdown]
# The left model's answer is *yes* where
#
# $$\text{past} + 2\, d \cdot h \;>\; 0 .$$
#
# Here *past* is the property, $\pm 1$, which bypasses the site; $h$ is the vector at the site, and along $d$ it holds nothing but a little noise. To see whether the answer needs the site, we replace every vector there by the mean of all.

# %%
planted = [probing.illusion(seed) for seed in range(5)]  # twelve dimensions, four bystanders, some noise
at_mean = [one.answer(one.h.mean(0).expand_as(one.h), one.past) > 0 for one in planted]
[int((said != one.label).sum()) for said, one in zip(at_mean, planted, strict=True)]

# %% caption
caption("Wrong answers, of 512, when every vector at the site is the mean vector; in five planted models.")

# %% prediction
predict("probing.illusion")

# %% answer
def ways(one, seed):
    """Answers that turn in new pairs that differ in the property, by what is exchanged at the site."""
    found = subspace.find(one.site, one.inputs, one.label, seed=seed)
    seen, unseen = subspace.split(found.direction, one.weights[:, None])
    exchanged = {"learned direction": subspace.along(found.direction),
                 "its seen part": subspace.along(seen), "its unseen part": subspace.along(unseen),
                 "whole vector": subspace.whole}
    return found, {name: found.turned(exchange) for name, exchange in exchanged.items()}

beside = [ways(one, seed) for seed, one in enumerate(planted)]
[turned["learned direction"] for _, turned in beside]

# %% caption answer
caption("Share of answers that turn along the learned direction, in new pairs that differ in the property; the five models with the site beside the path.")

# %% [markdown]
# Every answer turns, at a site that no answer depends on. To see how, look at two directions of the site. Along the first is the property, but no weight reads it: call it **disconnected**. Along the second, $d$, there is only noise, but the answer would follow a large value there: call it **dormant**. The figure shows one interchange in their plane.

# %% figure answer
one, found = planted[0], beside[0][0]
u, fresh = found.direction * (found.direction @ one.disconnected).sign(), found.new
plane = torch.stack([one.disconnected, one.dormant], 1)  # (d, 2)
pair = int((fresh.differs & (fresh.base[:, :-1] @ one.disconnected < 0)).nonzero()[0])
base, donor = fresh.base[[pair], :-1], fresh.donor[[pair], :-1]
(x, y), (to_x, to_y), (after_x, after_y) = (v[0].tolist() for v in (base @ plane, donor @ plane, subspace.along(u)(base, donor) @ plane))
fig, ax = plots.figure(height=3.4, width=5.6)
ax.axline((x, y), (after_x, after_y), color=plots.INK, lw=0.8, ls=":")
ax.plot((to_x, after_x), (to_y, after_y), color=plots.SERIES[0], lw=1, ls="--")
ax.plot(x, y, "o", ms=10, color=plots.SERIES[0])
ax.plot(to_x, to_y, "o", ms=10, mfc="white", mec=plots.SERIES[0], mew=2)
ax.annotate("", (after_x, y), (x, y), arrowprops={"arrowstyle": "-|>", "color": plots.NULL, "lw": 2, "shrinkA": 8})
ax.annotate("", (after_x, after_y), (after_x, y), arrowprops={"arrowstyle": "-|>", "color": plots.EDITED, "lw": 3})
ax.plot(after_x, after_y, "x", ms=10, mew=2.5, color=plots.EDITED)
for words, where, side in (("receiver", (x - 0.12, y), "right"), ("donor", (to_x, to_y - 0.22), "center"), ("after the interchange", (after_x - 0.12, after_y + 0.05), "right"),
                           ("no weight reads this", (after_x - 0.42, y - 0.15), "center"), ("the answer\nfollows this", (after_x + 0.06, y + 0.13), "left")):
    ax.text(*where, words, ha=side, va="center", fontsize=9)
ax.axhspan(0.5, 1.45, color="0.93", zorder=0)
ax.text(-1.62, 1.3, "answer: yes (−1 + 2 · dormant > 0)", fontsize=9, color=plots.NULL)
ax.set(xlabel="disconnected direction", ylabel="dormant direction", xlim=(-1.7, 1.7), ylim=(-0.6, 1.45), aspect="equal")
plots.show(
    fig, "The receiver at minus one, the donor at plus one on the disconnected axis. The interchange along the diagonal leads from the receiver up to the dormant axis, into the area where the answer is yes.",
    "One interchange along the learned direction (dotted) in the first planted model. Except for noise, receiver and donor differ along the disconnected direction alone. "
    "The receiver goes to the point of the dotted line that has the donor's component (dashed: the perpendicular from the donor). There, where the area is grey, its “no” becomes a “yes”.",
)  # fmt: skip

# %% [markdown]
# The learned direction $u$ lies halfway between the two. The interchange *reads* along one half of it and *writes* along the other. How much the donor has along $u$ depends on the disconnected half, where the property is. What is put in lies along $u$, so it has a dormant half too, and the answer follows that. The interchange itself carries the property to where it never was. Such an effect is called an **interpretability illusion**.
#
# Two checks expose it. The first is to **split** the direction in two, $u = u_\text{seen} + u_\text{unseen}$. The *unseen part* lies in the null space of the next weights: what is written along it changes nothing. The *seen part* is the rest. It is a warning if the seen part alone does less than the whole direction. The second check is to exchange the *whole* vector at the site. It is a warning if exchanging one direction turns the answer, and exchanging the whole vector does not.
#
# Beside the left model stands the right one of the drawing, whose answer is *yes* where $2\,d\cdot h + r \cdot h > 0$, with the property along a third direction $r$ of the site.

# %% answer
on_path = [ways(probing.illusion(seed, on_path=True), seed) for seed in range(5)]
shares = {site: torch.tensor([list(turned.values()) for _, turned in some])  # (model, what was exchanged)
          for site, some in (("site beside the path", beside), ("site on the path", on_path))}
table({name: {site: float(values[:, i].mean()) for site, values in shares.items()}
       for i, name in enumerate(beside[0][1])}, decimals=2)

# %% caption answer
caption("Share of answers that turn in new pairs that differ in the property, the same in all five models of a kind. That the unseen part alone turns none is so by its construction.")

# %% claims answer
def certainty(one, run, direction):
    """Mean size of the output after an interchange, in new pairs that differ."""
    base, donor = run.new.base[run.new.differs], run.new.donor[run.new.differs]
    return float(one.answer(subspace.along(direction)(base[:, :-1], donor[:, :-1]), base[:, -1]).abs().mean())

clear = [(probing.illusion(seed, on_path=True), run) for seed, (run, _) in enumerate(on_path)]
off_path, through = shares.values()
lies = torch.stack([torch.stack([run.direction @ one.disconnected, run.direction @ one.dormant]) for one, (run, _) in zip(planted, beside, strict=True)]).abs()
with claims():
    claim("with the mean vector at the site no answer of the five models is wrong", all(torch.equal(said, one.label) for said, one in zip(at_mean, planted, strict=True)))
    claim("the learned direction turns every answer in all ten models", (off_path[:, 0] == 1).all() and (through[:, 0] == 1).all())
    claim("beside the path it lies halfway between the disconnected and the dormant direction, in all five", (lies - 0.5**0.5).abs().max() < 0.03)
    claim("beside the path its seen part turns none, and on the path all", not off_path[:, 1].any() and (through[:, 1] == 1).all())
    claim("so does the whole vector: none beside the path, all on it", not off_path[:, 3].any() and (through[:, 3] == 1).all())
    claim("the unseen part alone turns none", not off_path[:, 2].any() and not through[:, 2].any())
    claim("on the path the learned direction has a cosine of 0.6 to 0.8 with r, in all five",
          all(between(abs(float(run.direction @ one.real)), 0.6, 0.8) for one, run in clear))
    claim("and it makes the answers more certain than r does, in all five", all(certainty(one, run, run.direction) > certainty(one, run, one.real) for one, run in clear))
measured("probing.illusion", "all" if (off_path[:, 0] == 1).all() else "none" if not off_path[:, 0].any() else "about half")

# %% [markdown]
# Beside the path both checks expose the direction, and on the path both clear it. But even there the search did not return $r$. The cosine of what it found with $r$ is between 0.6 and 0.8, and along it the answers come out more certain than along $r$. That is no illusion, since the answer does depend on this site. It is an amplified effect, and neither check notices.

# %% [markdown]
# **In a trained model.** Now we learn a direction for the open bracket of section 5 in the neurons of layer 3's MLP, at the last token. Does the answer depend on them? We ask by how much the model prefers the right bracket, before and after the neurons of every line are replaced by their mean.

# %%
def leads(seed, hook="blocks.3.mlp.hook_post"):
    """By how many nats the right bracket is ahead of the other; the same with the neurons' mean."""
    def mean_in_place(v, hook):
        return v.mean(0, keepdim=True).expand_as(v)
    lines = open_bracket.lines(model, 256, seed)
    ask, stream, sign = (open_bracket.site(model, hook).ask, probing.stream_of(model, lines.tokens, 3),
                         2.0 * lines.square - 1)
    as_it_is = ask(stream).diff(dim=1)[:, 0] * sign
    with model.hooks(fwd_hooks=[(hook, mean_in_place)]):
        return torch.stack([as_it_is, ask(stream).diff(dim=1)[:, 0] * sign])

ahead = torch.stack([leads(seed) for seed in range(5)])  # (draw, before or after, line)
{"mean lead": round(float(ahead[:, 0].mean()), 1),
 "with the mean vector": round(float(ahead[:, 1].mean()), 1), "lines that turn": int((ahead[:, 1] < 0).sum())}

# %% [markdown]
# The neurons add 1.2 of the 6.9 nats, and without them no answer turns. The rest of the model sees them only through the output weights $W_\text{out}$. These write 768 neurons into 192 dimensions, so that of a random direction's squared length three quarters are unseen, on average. The nulls are the same search in the untrained model, and for arbitrary labels.

# %%
searches = {"trained": (model, "square"), "null: untrained": (blank, "square"),
            "null: arbitrary labels": (model, "coin")}
names = ("learned direction", "its seen part", "its unseen part", "whole vector", "unseen share")

def parts(net, run):
    """Answers that turn, by what is exchanged; last, the unseen share of the squared length."""
    seen, unseen = subspace.split(run.direction, net.W_out[3])
    exchanged = (*map(subspace.along, (run.direction, seen, unseen)), subspace.whole)
    return *(run.turned(exchange) for exchange in exchanged), float(unseen.square().sum())

learned_there = {name: [trial(*what, seed, "blocks.3.mlp.hook_post") for seed in range(5)]
                 for name, what in searches.items()}
neurons = {name: torch.tensor([parts(searches[name][0], run) for run in some])
           for name, some in learned_there.items()}  # (draw, what)
table({name: {of: mean_interval(values[:, i]) for of, values in neurons.items()}
       for i, name in enumerate(names)}, decimals=2)

# %% caption
caption("Share of answers that turn in new pairs whose labels differ, when the neurons of layer 3 get a donor's component at the last token. Last row: the share of the learned direction's squared length that the output weights do not see. Five draws of lines, with 95 % intervals over draws.")

# %% claims
def written(run):
    """In pairs that differ: the share of what is moved that comes from the unseen part of the difference, and the share of pairs that end beyond every line's own vector along the seen part."""
    seen, unseen = subspace.split(run.direction, model.W_out[3])
    base, donor = (run.site.vectors(inputs) for inputs in (run.new.base, run.new.donor))
    by = (donor - base)[run.new.differs]
    own, after = torch.cat([base, donor]) @ seen, (subspace.along(run.direction)(base, donor) @ seen)[run.new.differs]
    return float((by @ unseen).abs().mean() / (by @ run.direction).abs().mean()), float(((after < own.min()) | (after > own.max())).float().mean())

learned, seen, unseen, all_of_it, share = neurons["trained"].T
from_unseen, beyond = torch.tensor([written(run) for run in learned_there["trained"]]).T
with claims():
    claim("the right bracket is ahead by 6.9 nats, by 1.2 fewer with the neurons' mean in place, and no line turns", rounds_to(ahead[:, 0].mean(), "6.9") and rounds_to((ahead[:, 0] - ahead[:, 1]).mean(), "1.2") and (ahead > 0).all())
    claim("the output weights see 192 dimensions of 768", (len(model.W_out[3]), int(torch.linalg.matrix_rank(model.W_out[3]))) == (768, 192))
    claim("the learned direction turns 0.78 of the answers, and in the untrained model and for arbitrary labels 0.13", [f"{float(neurons[name][:, 0].mean()):.2f}" for name in searches] == ["0.78", "0.13", "0.13"])
    claim("in each draw it turns more than twice as many as the largest of the ten nulls", learned.min() > 2 * max(float(neurons[name][:, 0].max()) for name in searches if name.startswith("null")))
    claim("its seen part alone turns 0.19", rounds_to(seen.mean(), "0.19"))
    claim("the whole vector turns less than one answer in fifty, in each draw", all_of_it.max() < 0.02)
    claim("a third of the direction's squared length is unseen", about(share.mean(), 1 / 3))
    claim("about six tenths of how far the interchange moves a line come from the unseen part", about(from_unseen, 0.6))
    claim("a random direction along which the neurons are moved as far turns none, in all five draws", not any(run.turned(subspace.placebo(run.direction, seed)) for seed, run in enumerate(learned_there["trained"])))
    claim("the seen part turns 0.12 in the untrained model, and the intervals overlap", rounds_to(neurons["null: untrained"][:, 1].mean(), "0.12") and mean_interval(neurons["null: untrained"][:, 1])[2] > mean_interval(seen)[1])
    claim("in more than 0.85 of the pairs it leads beyond every line's own vector, along the seen part, in all five draws", beyond.min() > 0.85)

# %% [markdown]
# Judged by the learned direction alone, these neurons decide which bracket is closed in most pairs: 0.78 of the answers turn. A search in the untrained model, or for arbitrary labels, turns 0.13. But exchange all of the neurons, and fewer than one answer in fifty turns.
#
# As in the planted model, the interchange reads in part along the unseen part: about 0.6 of how far it moves a line is decided by what the donor has there. It writes along the seen part, and in more than 0.85 of the pairs it puts the vector further out than that of any line. The direction is not picked for being unseen: a third of its squared length is, where a random direction has three quarters. A random direction, along which the neurons are moved as far, turns no answer.
#
# With the seen part alone 0.19 of the answers turn. In the untrained model that is 0.12, and the intervals overlap, so we cannot say that the seen part does something of its own. That the neurons play some part is shown by the lead to which they add.

# %% [markdown]
# ## 7 · Does the bracket count?
#
# In section 4 of the core a probe for *inside brackets* sided with brackets that are *written*, also where they stand in a string and count for nothing. Do the vectors hold written brackets and nothing else? Or do they also hold whether a bracket counts, and the training files, in which the two hardly ever differ, never forced the probe to use it?
#
# We take all tokens inside written brackets, in all 29 held-out files, and fit a probe on half of the files to say whether the bracket counts. The other half judges. There is an obvious rival. Nearly all brackets that do not count stand in docstrings or comments, and the vectors hold *this*, as the core has shown. So a second probe is fitted to say whether the token is in one of them. Plain strings tell the two apart: in `f("a, b")` the bracket counts, in `"f(a)"` it does not, and neither is a docstring.

# %%
pool = (*probing.two_halves(model, contexts=48), probing.further_files(model, contexts=180))
at = [probing.brackets_written(some, model.tokenizer) for some in pool]  # inside a written bracket

def gathered(what):
    """Of all files, at tokens inside written brackets."""
    return torch.cat([what(some)[rows] for some, rows in zip(pool, at, strict=True)])

counts, ids = gathered(lambda some: some.label("in_brackets")), gathered(lambda some: some.ids)
file = torch.cat([some.file[rows] + 100 * i for i, (some, rows) in enumerate(zip(pool, at, strict=True))])
streams = [gathered(lambda some: some.x[2]),
           gathered(lambda some: probing.stream_of(blank, some.contexts, 2)[tuple(some.place.T)])]
trained, untrained = (x / x.square().mean().sqrt() for x in streams)  # of equal size
prose = gathered(lambda some: some.label("in_docstring") | some.label("in_comment"))
plain = gathered(lambda some: some.label("in_string") & ~some.label("in_docstring"))

# %%
def tells(seed, x, y):
    """Fit y on half of the files; AUC in the others for whether it counts: all tokens, plain strings."""
    dealt = file.unique()[torch.randperm(29, generator=torch.Generator().manual_seed(seed))]
    ours = torch.isin(file, dealt[:14])
    fewer, more = sorted(((ours & y).nonzero()[:, 0], (ours & ~y).nonzero()[:, 0]), key=len)
    rows = torch.cat([more, fewer.repeat(-(-len(more) // len(fewer)))[: len(more)]])  # as many of both
    fit = probing.fit_logistic(x[None, rows], y[rows, None], 100.0, tolerance=1e-3)
    score = fit.logits(x[None])[0]
    return [float(probing.auc(score[some], counts[some, None], file[some])[0])
            for some in (~ours, ~ours & plain)]

# %%
asked_of = {"whether it counts": lambda seed: (trained, counts),
            "rival: no docstring, no comment": lambda seed: (trained, ~prose),
            "null: before training": lambda seed: (untrained, counts),
            "null: shuffled within tokens":
                lambda seed: (trained, probing.shuffled_within(ids, counts, seed))}
decide = {name: torch.tensor([tells(seed, *given(seed)) for seed in range(10)])
          for name, given in asked_of.items()}  # (halving, tokens)
table({name: {of: (float(v.mean()), float(v.min()), float(v.max()))
              for of, v in zip(("all tokens", "in plain strings"), found.T, strict=True)}
       for name, found in decide.items()}, decimals=2)

# %% caption
few = plain & ~counts
caption(f"AUC for whether the bracket counts, at tokens inside written brackets, in the half of 29 files that a probe was not fitted on, by what the probe was fitted to. Mean over ten ways to halve the files, and the lowest and highest of the ten. In plain strings the bracket does not count at {int(few.sum())} tokens of {len(file[few].unique())} files, and it does at {int((plain & counts).sum())}.")

# %% claims
lead = {name: decide["whether it counts"] - found for name, found in decide.items()}
with claims():
    claim("29 files", len(file.unique()) == 29)
    claim("of the tokens whose bracket does not count more than nineteen in twenty are in a docstring or comment", (prose & ~counts).sum() / (~counts).sum() > 0.95)
    claim("over all tokens the AUC of the probe is 0.91, before training 0.67, with shuffled labels 0.79", all(rounds_to(decide[name][:, 0].mean(), digits) for name, digits in (("whether it counts", "0.91"), ("null: before training", "0.67"), ("null: shuffled within tokens", "0.79"))))
    claim("the rival's is 0.91 too", rounds_to(decide["rival: no docstring, no comment"][:, 0].mean(), "0.91"))
    claim("in plain strings the probe has 0.80 and the rival 0.66, and the nulls have less than 0.6", rounds_to(decide["whether it counts"][:, 1].mean(), "0.80") and rounds_to(decide["rival: no docstring, no comment"][:, 1].mean(), "0.66") and all(found[:, 1].mean() < 0.6 for name, found in decide.items() if name.startswith("null")))
    claim("there it is ahead of the rival and of both nulls in each of the ten halvings", len(decide["whether it counts"]) == 10 and all((by[:, 1] > 0).all() for name, by in lead.items() if name != "whether it counts"))
    claim("there the bracket does not count at 65 tokens, in eight files", int(few.sum()) == 65 and len(file[few].unique()) == 8)

# %% [markdown]
# Over all tokens the probe does well, with an AUC of 0.91, ahead of both nulls. But the rival has 0.91 too: to know whether a token is in a docstring or comment is enough for this. In plain strings the probe is ahead, with 0.80 to 0.66, in each of the ten halvings, and both nulls are below 0.6 on average.
#
# So there is a hint that the vectors hold whether a bracket counts, and not more than a hint. It comes from 65 tokens in eight files, and ten halvings of the same files are not ten experiments. By the core's rule it is not *present*: over all tokens the rival does as well, and the tokens that tell the two apart are too few.

# %% [markdown]
# ## 8 · Pushing along a direction
#
# The core's interventions exchange a component or take one out. A third one is **steering**: add one and the same arrow to every vector, at every position except the first. We do it before layer 2, along directions found for *inside brackets*, and want closing brackets to become more probable.
#
# First the measure, in nats. The *effect* is by how much the log-probability that the next token is a closing bracket rises, on average over all positions. A longer arrow changes more of everything else, too. So there is a price, the *side effect*: by how much the loss rises where the text goes on with another token, per token. A direction is a good lever if it buys much effect for little side effect.
#
# Three of the directions are found by the property: the mass-mean probe, the logistic probe, and the latent of lesson 2's dictionary that tells it best. The fourth is not: it is the unembedding of “)”, the direction that the answer itself is read along. The null is twenty random directions. All arrows have the same three lengths, 20 to 45, where the vectors are 124 long on average. We compare the effects at equal price, a side effect of 0.1 nats a token; between the three lengths we draw straight lines.

# %%
inside, x = tokens.label("in_brackets"), tokens.x[2]
alone = replace(tokens, x=tokens.x[[2]], y=inside[:, None], labels=("inside",))
dictionary = sae.load("resid-2").sae
on = dictionary.encode(x) > 0  # (token, latent)
f1 = 2 * (on & inside[:, None]).sum(0) / (on.sum(0) + inside.sum())
closing = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}")
                        for i in range(model.cfg.d_vocab)])
ways = {"mass-mean probe": x[inside].mean(0) - x[~inside].mean(0),
        "logistic probe": probing.fit_chosen(alone).directions[0, 0],
        f"latent {int(f1.argmax())}": dictionary.W_dec[f1.argmax()],
        "unembedding of “)”": model.W_U[:, model.tokenizer(")")["input_ids"][-1]]}
ways |= {f"random {i}": torch.randn(192, generator=torch.Generator().manual_seed(i)) for i in range(20)}

# %%
two_each = [i for i in range(len(new.contexts)) if i % 3 < 2]  # of each file's three contexts
whose = [i // 3 for i in two_each]  # file
begun = new.contexts[two_each, :128]  # the first half of each
steered = probing.steered(model, begun, 2, ways, (20.0, 30.0, 45.0), closing)
effect, again = steered.at_price(0.1), steered.drawn_at_price(0.1, clusters=whose)
share = steered.at_price(0.1, "share")  # by how much the probability itself rises
low, high = interval(again)
order = effect[4:].argsort() + 4
shown = {**{name: i for i, name in enumerate(list(ways)[:4])}, "null: largest of 20": int(order[-1]),
         "null: middle of 20": int(order[10])}
table({name: {"effect, nats": (float(effect[i]), float(low[i]), float(high[i])),
              "random above": f"{int((effect[4:] > effect[i]).sum())} of 20",
              "probability, points": 100 * float(share[i])} for name, i in shown.items()}, decimals=2)

# %% caption
caption("Effect at a side effect of 0.1 nats a token, with 95 % intervals over eight files, of each of which the first halves of two contexts are drawn together; how many of the twenty random directions have a larger effect; and by how many percentage points the probability of a closing bracket rises at the same price, on average over positions.")

# %% figure
fig, ax = plots.figure(height=3.2, width=6.6)
for i, name in enumerate(steered.names):
    cost, gain = (torch.cat([torch.zeros(1), by[i].mean(1)]) for by in (steered.side_effect, steered.effect))
    if i < 4:
        ax.plot(cost, gain, "o-", ms=4, lw=2, color=plots.SERIES[i], zorder=3, label=name)
    else:
        ax.plot(cost, gain, "-", lw=1, color=plots.NULL, alpha=0.7, label="twenty random directions" if i == 4 else None)
ax.axvline(0.1, color="0.5", lw=1, ls=":")
ax.set(xlabel="side effect, nats a token", ylabel="effect, nats", xlim=(0, 0.3), ylim=(-1, 4.7))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "Curves that rise from the origin. The unembedding is highest, then the latent, the mass-mean probe and the logistic probe; the upper ones of twenty grey curves come up to the logistic probe's, and a few fall below zero.",
    "What each direction buys, and what it costs, as the arrow grows. Mean over the first halves of sixteen contexts. Dotted: the price at which the table compares.",
)  # fmt: skip

# %% claims
null, top = effect[4:], int(order[-1])
lead = {a: interval(again[:, a] - again[:, top]) for a in range(4)}
with claims():
    claim("the vectors are 124 long on average", rounds_to(x.norm(dim=1).mean(), "124"))
    claim("the latent that tells “inside brackets” best in the files of the probes is 9", int(f1.argmax()) == 9)
    claim("two contexts of each of eight files", len(two_each) == 16 and [int(new.file[new.place[:, 0] == i][0]) for i in two_each] == whose and len(set(whose)) == 8)
    claim("the mass-mean probe, the latent and the unembedding have a larger effect than all twenty, and lead the largest of them by the whole interval of the difference", all(effect[a] > null.max() and lead[a][0] > 0 for a in (0, 2, 3)))
    claim("the logistic probe has a larger effect than nineteen of the twenty, and the interval of its lead over the largest has 0 inside", int((null > effect[1]).sum()) <= 1 and lead[1][0] < 0 < lead[1][1])
    claim("the logistic probe's effect is about 1.3 nats, the largest random one's about 1.2", about(effect[1], 1.3) and about(null.max(), 1.2))
    claim("the mass-mean probe is ahead of the logistic one, the latent of both, and the unembedding of all, by the whole interval", all(interval(again[:, a] - again[:, b])[0] > 0 for a, b in ((0, 1), (2, 0), (3, 2))))
    claim("17 of the twenty random directions raise closing brackets, on average over the twenty by 0.4 nats", int((null > 0).sum()) == 17 and rounds_to(null.mean(), "0.4"))
    claim("the probability itself falls under nine of the twenty, and rises under none by more than 0.8 points", int((share[4:] < 0).sum()) == 9 and 100 * share[4:].max() < 0.8)
    claim("without a push it is 3 percent", rounds_to(model(begun).softmax(-1)[:, 1:-1, closing].sum(-1).mean(), "0.03"))
    claim("it rises by 1.6 points, 1.0, 2.8 and 4.6 along the four directions", all(rounds_to(100 * share[a], digits) for a, digits in enumerate(("1.6", "1.0", "2.8", "4.6"))))

# %% [markdown]
# At equal price the mass-mean probe, the latent and the unembedding do more than all twenty random directions, and the 95 % interval of each one's lead over the largest of them lies above 0. (To be the first of 21 by chance has a probability of 1 in 21.) The logistic probe is not clearly above the null: its lead over the largest random direction has an interval with 0 inside. Seen alone, its effect of more than one nat would have looked like much.
#
# That is the surprise of this section: how far a *random* push gets. Of the twenty 17 raise closing brackets, by 0.4 nats on average over all, and the largest by about 1.2. The measure is a mean of *logarithms*, and it rises wherever something improbable becomes a little less so. The probability itself, 3 percent without a push, falls under nine of the twenty, and rises under none by more than 0.8 points. Along the mass-mean probe it rises by 1.6 points, along the latent by 2.8, and along the unembedding by 4.6. By this measure the logistic probe, with 1.0, is above all twenty. Without the null one would not know how to read either number.
#
# The unembedding of “)” does most, though it is no property of the text at all: it is the answer. Do the other three work through it? We take the part along it out of each of them, and push again.

# %%
answer = ways["unembedding of “)”"] / ways["unembedding of “)”"].norm()
without = {f"{name}, without “)”": ways[name] - (ways[name] @ answer) * answer for name in list(ways)[:3]}
pushed = probing.steered(model, begun, 2, without, (20.0, 30.0, 45.0), closing)
left_over = pushed.at_price(0.1)
table({name: {"effect, nats": (float(value), *map(float, ends))} for name, value, ends in zip(
       without, left_over, zip(*interval(pushed.drawn_at_price(0.1, clusters=whose)), strict=True), strict=True)}, decimals=2)

# %% caption
caption("Effect at the same price, with 95 % intervals over eight files, when the part along the unembedding of “)” is taken out of the direction.")

# %% claims
with claims():
    claim("without the part along the answer each has less than a quarter of its effect, and less than half of the largest random one", all(left_over[i] < effect[i] / 4 and left_over[i] < null.max() / 2 for i in range(3)))

# %% [markdown]
# Each keeps less than a quarter of its effect, and does less than half as much as the largest random direction. So at this place the directions found by the property push closing brackets mostly through the part that they share with the answer. Steering shows what a direction *can* do, and not that the model uses the property whose labels gave the direction.

# %% [markdown]
# ## What this does not show
#
# - **Made-up pairs.** Whether truth is the loudest contrast in a language model was not asked.
# - **One group of files.** The code lengths, and what larger probes learn, come from one group of eight files.
# - **Sizes at one place.** How much a hidden layer adds was measured for one property before layer 2, with one random initialisation and 100 steps.
# - **One direction.** Learned subspaces can have more dimensions, and need not lie in one layer.
# - **A search can miss.** It goes downhill from a random start. That no direction is found does not show that there is none.
# - **The whole vector is a blunt check.** It brings along everything else in which the donor differs. That it turns nothing shows that the site does not decide alone.
# - **The two checks can miss.** They clear a direction that is not purely the one that carries the answer, as in the planted models with the site on the path.
# - **One property, one place.** Calibration was asked of *definition* alone, and steering of *inside brackets* before layer 2, both in the same eight files.
# - **Any random direction.** The random arrows point anywhere. Directions along which the vectors vary much might push further.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "No probe's expected cross-entropy is below H(Y | H)", "evidence": "the excess is a KL divergence; a hidden layer comes within a hundredth of a bit", "control": "always one half",
     "where it fails": "on the probe's own rows; where hardly a vector occurs twice"},
    {"claim": "What can be used depends on the family of probes", "evidence": "exclusive or: 0 bits for linear probes, 0.46 for a hidden layer", "control": "a hidden layer", "where it fails": "other families were not tried"},
    {"claim": "In these files trained vectors need shorter codes", "evidence": "two properties before layer 2, five orders", "control": "before training; five sets of coins; the share of yes", "where it fails": "eight files"},
    {"claim": "Larger probes learn coins, and read hardly more", "evidence": "definition before layer 2, up to 32 hidden units", "control": "three sets of coins",
     "where it fails": "properties that no linear probe reads"},
    {"claim": "A penalty that is too weak makes probabilities less true", "evidence": "definition: calibration error 0.032 against 0.021; interval of the difference 0.005 to 0.016", "control": "the same files; as often right", "where it fails": "one property, eight files; the gain is all in the group of the lowest probabilities"},
    {"claim": "Of two contrasts CCS finds the larger one, whether it is the truth or not", "evidence": "five draws, five loudnesses", "control": "largest variation; random direction", "where it fails": "made-up pairs"},
    {"claim": "Usual pairs do not say what a learned direction turns in others", "evidence": "network B: all answers turn in pairs of usual inputs, and not in pairs of all", "control": "network A; the probe's direction from the same inputs", "where it fails": "one dimension; small networks"},
    {"claim": "A learned direction can turn every answer at a site that plays no part, and most at one that plays a small part", "evidence": "five planted models; layer 3's neurons: 0.78 of the answers, the whole vector under 0.02", "control": "its seen part; the whole vector; untrained; arbitrary labels; a placebo", "where it fails": "the checks clear a direction that is impure"},
    {"claim": "A hint that the vectors hold whether a written bracket counts", "evidence": "in plain strings an AUC of 0.80, the rival's 0.66", "control": "no docstring, no comment; shuffled within tokens; before training", "where it fails": "65 tokens in eight files; over all tokens the rival does as well"},
    {"claim": "Steering does not tell a property from its answer", "evidence": "three directions found by the property lose more than three quarters of their effect without the part along “)”", "control": "twenty random directions at equal price, which the logistic probe's direction does not clearly exceed", "where it fails": "one property, one place, eight files"},
    formulas={"conditional entropy": r"-\sum p(h,y)\log_2 p(y\mid h)"},
    links=[
        ("Voita and Titov 2020, Information-theoretic probing with minimum description length", "https://arxiv.org/abs/2003.12298", "Code lengths."),
        ("Xu et al. 2020, A theory of usable information under computational constraints", "https://arxiv.org/abs/2002.10689", "What a family of probes can use."),
        ("Pimentel et al. 2020, Information-theoretic probing for linguistic structure", "https://arxiv.org/abs/2004.03061", "Why one may want the best probe, of any size."),
        ("Burns et al. 2022, Discovering latent knowledge in language models without supervision", "https://arxiv.org/abs/2212.03827", "CCS."),
        ("Hewitt and Liang 2019, Designing and interpreting probes with control tasks", "https://arxiv.org/abs/1909.03368", "Large probes are less selective."),
        ("Farquhar et al. 2023, Challenges with unsupervised LLM knowledge discovery", "https://arxiv.org/abs/2312.10029", "CCS on language models."),
        ("Geiger et al. 2023, Finding alignments between interpretable causal variables and distributed neural representations", "https://arxiv.org/abs/2303.02536", "DAS."),
        ("Makelov et al. 2023, Is this the subspace you are looking for?", "https://arxiv.org/abs/2311.17030", "The illusion, and how to see it."),
    ],
)  # fmt: skip

# %% [markdown] words
# ## Words
#
# - ridge probe: a linear probe fitted by least squares to +1 and −1, with a penalty on its length.
# - conditional entropy: the uncertainty about a label that is left when the representation is seen.
# - usable information: by how many bits seeing the representation improves the best probe of a family.
# - online code length: the bits it takes to send labels when both sides learn as they are sent.
# - capacity: what a family of probes can learn at all, whatever the vectors mean.
# - removed share: the part of the uncertainty about a label that a probe takes away on new data; 1 − its cross-entropy / that of always stating the share of yes.
# - validation curve: how much a probe knows on new files, for each strength of its penalty.
# - calibrated: of a probe, such that among the cases to which it gives a probability p a share p has the property.
# - expected calibration error: by how much stated probabilities and true shares differ, on average over tokens, in groups of what is stated.
# - contrast-consistent search: the search for a direction that gives statements and their negations opposite, sure answers.
# - distributed alignment search: the search for a direction along which interchange gives the answers that a property would.
# - site: a place in a model at which vectors can be exchanged.
# - interpretability illusion: an effect of an interchange at a place that the answer does not depend on, which the interchange itself brings about.
# - disconnected: of a direction in which something varies and which no weight reads.
# - dormant: of a direction in which nothing but noise varies and which the answer would follow.
# - split: to divide a direction into what the next weights see and what they do not.
# - steering: to add one and the same direction to every vector of the stream.

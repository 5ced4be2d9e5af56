# %% [markdown]
# # Probing, deeper
#
# The lesson asked what a probe shows. Here are eight questions behind it. How good can a probe be at best, whatever it computes? How much of a label does a probe *learn*, counted in bits? How large may a probe be? Can one find out what a model holds to be true without any labels at all? What has been shown when a direction was *learned* so that exchanging along it turns the answers? How can such a direction be checked? Does a vector hold whether a bracket counts? And what does pushing along a direction show?

# %% [markdown] contents
# Any of the eight sections may be skipped, except for the code of the second, the fifth and the seventh, which later ones use. You need the core lesson, and its planted networks in particular.

# %% setup

# %%
from dataclasses import replace
from itertools import pairwise

import torch

from course_utils import plots, probing, zoo
from course_utils.intervals import interval, mean_interval
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import measured, predict, rounds_to, table
from course_utils.probing import drawing, open_bracket, subspace

# %% [markdown]
# ## 1 · What no probe can beat
#
# A probe does badly. Is the probe too weak, or is there nothing to be known? Whoever cannot tell these apart may call a property absent that a better probe would read. The question has an exact answer where a representation has few values. Here $h$ has four values, two bits, and the label is their exclusive or, except that one label in eight is turned round. We fit two probes to all 32 cases.

# %%
bits = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
counts = torch.tensor([[7.0, 1.0], [1.0, 7.0], [1.0, 7.0], [7.0, 1.0]])  # no, yes
bound = probing.conditional_entropy(counts)
h = bits.repeat_interleave(8, 0)  # all 32 cases
y = torch.tensor([False, True]).repeat(4).repeat_interleave(counts.flatten().long())

def cross_entropy(p):
    """Bits a case, of a probe that gives `yes` the probability p (32,)."""
    return float(-torch.where(y, p, 1 - p).log2().mean())

linear = probing.fit_logistic(h[None], y[:, None], 1e-3)
at_rest = linear.logits(h[None])[0, :, 0].sigmoid()
hidden = probing.fit_hidden(h[None], y[:, None], units=16, penalty=1e-3)  # one hidden layer
with_units = hidden.logits(h[None])[0, :, 0].sigmoid()
{"linear": round(cross_entropy(at_rest), 3), "one hidden layer": round(cross_entropy(with_units), 3)}

# %% caption
caption("Cross-entropy of two probes, in bits a case.")

# %% figure
fig, ax = plots.figure(height=2.8, width=6.6)
ax.bar(range(4), counts[:, 1] / 8, 0.6, color=plots.STREAM, label="share of yes")
for p, mark, colour, name in ((at_rest, "_", plots.SERIES[0], "the linear probe says"), (with_units, "x", plots.EDITED, "the hidden layer says")):
    ax.plot(range(4), p[::8], mark, ms=14 if mark == "_" else 9, mew=3, color=colour, label=name)
ax.set(xticks=range(4), xticklabels=["0 0", "0 1", "1 0", "1 1"], xlabel="h", ylabel="probability of yes", ylim=(0, 1))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "Four bars, low, high, high, low. The linear probe says one half at each; the hidden layer says the height of each bar.",
    "The share of cases with a yes at each of the four values of h, and the probabilities that two probes state.",
)  # fmt: skip

# %% [markdown]
# The linear probe says one half everywhere. The hidden layer states the true share at every value, and nobody who sees only $h$ can do better: at each value one case in eight goes against the others. By hand, seven cases in eight cost $-\log_2 \tfrac78$ and one costs $-\log_2 \tfrac18$, together 0.54 bits a case. This uncertainty, averaged over the values, is the **conditional entropy**:
#
# $$H(Y \mid H) \;=\; -\sum_{h,\,y} p(h, y)\,\log_2 p(y \mid h) .$$
#
# The expected cross-entropy of a probe is never below it, whatever the probe computes. It reaches it exactly if the probe states the true share at every $h$.

# %% claims
with claims():
    claim("by hand and counted the conditional entropy is 0.54 bits", f"{float(bound):.2f}" == f"{float(-(7 / 8 * torch.tensor(7 / 8).log2() + 1 / 8 * torch.tensor(1 / 8).log2())):.2f}" == "0.54")
    claim("the linear probe says one half everywhere, and the hidden layer the true share, to a hundredth", (at_rest - 0.5).abs().max() < 0.01 and (with_units[::8] - counts[:, 1] / 8).abs().max() < 0.01)
    claim("the probe with a hidden layer reaches the bound to a hundredth of a bit", 0 <= cross_entropy(with_units) - float(bound) + 1e-4 < 0.01)
    claim("the linear probe is no better than always saying one half", about(cross_entropy(at_rest), 1.0) and cross_entropy(at_rest) > 0.999)

# %% [markdown]
# So the linear probe is too weak: it sees nothing, although much can be known. What matters for a reader is therefore the information that can be used by *a given family of probes*. Xu et al. (2020) call it **usable information**: how uncertain the best probe of the family is if it does not see $h$, minus how uncertain the best one is that does. Here it is zero for linear probes, and all of it for a hidden layer.
#
# The bound comes with two warnings. It holds for the *expected* loss. On a finite sample a probe can fall below it, and on its own training rows it easily does. And where every vector is different, as in a language model, each comes with one label only. Then $H(Y \mid H)$ is zero, and the bound says nothing at all.

# %%
rng = torch.Generator().manual_seed(0)
rows = {}
for n in (10, 100, 1000):
    x = torch.eye(8)[torch.randint(8, (n,), generator=rng)]  # eight values of h
    coins = torch.rand(n, generator=rng) < 0.5  # that say nothing of the label: the bound is one bit
    probe = probing.fit_logistic(x[None], coins[:, None], 0.01)
    p = probe.logits(x[None])[0, :, 0].sigmoid()
    loss = -torch.where(coins, p, 1 - p).log2().mean()
    rows[f"{n} rows"] = {"loss on its own rows": float(loss), "bound": 1.0}
table(rows, unit="bits", decimals=2)

# %% caption
caption("A probe on labels that are coin flips, judged on the rows that it was fitted to. The conditional entropy is one bit.")

# %% claims
with claims():
    claim("on ten rows the probe's loss is more than a third below the bound, and on a thousand it is within 0.02 of it",
          rows["10 rows"]["loss on its own rows"] < 2 / 3 and between(rows["1000 rows"]["loss on its own rows"], 0.98, 1.0))  # fmt: skip

# %% [markdown]
# ## 2 · How much has been learned, in bits
#
# A probe that needs a thousand examples has shown less of its model than one that needs ten, though both may end equally right. Voita & Titov (2020) put both into one number, how right a probe is and how much it had to learn. Imagine that you send the labels to somebody who has the vectors already. The first few cost a bit each. Then both of you train a probe on what has been sent so far. The next labels cost only as much as that probe is surprised by them, $-\log_2 p$. After each block both train again. The sum is the **online code length**. It is short if few examples are enough, and if what they teach holds.

# %%
model = zoo.load("code-4l", "cpu").requires_grad_(False)
blank = zoo.load("code-4l", "cpu", checkpoint=0).requires_grad_(False)  # before training
tokens, new = probing.two_halves(model, contexts=24)
tokens_0 = tokens.read_by(blank)
ends = [128, 256, 512, 1024, 2048, 4096, len(tokens)]

def learn(penalty):
    """A learner for the code: logistic regression."""
    def fit(x, y):
        found = probing.fit_logistic(x[None], y[:, None], penalty)
        return lambda rows: found.logits(rows[None])[0, :, 0].sigmoid().clamp(1e-6, 1 - 1e-6)
    return fit

# %% [markdown]
# Each code is the shortest of three, with penalties of 10, 100 and 1000. Beside the trained model stand three nulls.

# %%
def code_length(x, y, penalties=(10.0, 100.0, 1000.0)):  # bits a label, and the best penalty
    return min((float(probing.online_code_length(x, y, ends, learn(p))) / len(y), p) for p in penalties)

rows, strength = {}, {}
for name in ("in_brackets", "definition"):
    y = tokens.label(name)
    coins = torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(0))
    control = probing.control_labels(tokens.ids, coins, y.float().mean())
    tasks = {"trained": (tokens.x[2], y), "null: before training": (tokens_0.x[2], y),
             "null: control task": (tokens.x[2], control)}
    found = {task: code_length(*it) for task, it in tasks.items()}
    rows[name], strength[name] = ({task: pair[i] for task, pair in found.items()} for i in (0, 1))
    rate = probing.conditional_entropy(torch.stack([~y, y]).sum(1)[None].float())
    rows[name]["null: knows the rate"] = float(rate)
table({name.replace("_", " "): row for name, row in rows.items()}, unit="bits a label", decimals=2)

# %% caption
caption("Online code length before layer 2, for two properties and three nulls. The tokens are sent file by file.")

# %% figure
def by_block(x, y, penalty):
    """Bits a label, block by block."""
    costs = [1.0]
    for start, end in pairwise(ends):
        p = learn(penalty)(x[:start], y[:start])(x[start:end])
        costs.append(float(-torch.where(y[start:end], p, 1 - p).log2().mean()))
    return torch.tensor(costs)

asked_for = tokens.label("definition")
sent = {"trained": tokens.x[2], "before training": tokens_0.x[2]}
blocks = {name: by_block(x, asked_for, strength["definition"][name if name == "trained" else f"null: {name}"]) for name, x in sent.items()}
fig, ax = plots.figure(height=2.6, width=6.8)
for (name, costs), colour in zip(blocks.items(), (plots.SERIES[0], plots.NULL), strict=True):
    ax.stairs(costs, [0, *ends], color=colour, lw=2, label=name, baseline=None)
ax.set(xlabel="labels sent", ylabel="bits a label", ylim=(0, None), xlim=(0, ends[-1]))
ax.legend(loc="upper right")
plots.show(
    fig, "Two staircases that begin at one bit a label, for the trained model and for the model before training.",
    "The second row of the table, block by block: bits a label for “definition”, with the same penalties as there. The area under a curve is its code length.",
)  # fmt: skip

# %% claims
shares = {name: float((costs * torch.tensor([ends[0], *(b - a for a, b in pairwise(ends))])).sum() / ends[-1]) for name, costs in blocks.items()}
with claims():
    claim("in every block after the first the labels cost less in the trained model", (blocks["trained"][1:] < blocks["before training"][1:]).all())
    claim("definition costs half as many bits as before training", about(rows["definition"]["trained"] / rows["definition"]["null: before training"], 0.5))
    claim("in the last block both cost more than in the one before", all(costs[-1] > costs[-2] for costs in blocks.values()))
    claim("the area under each curve is the number of the table", all(about(shares[name], rows["definition"][name if name == "trained" else f"null: {name}"]) for name in blocks))
    claim("the first block costs a bit a label", all(costs[0] == 1 for costs in blocks.values()))
    claim("both properties take fewer bits in the trained model than before training, by a third or more",
          all(row["trained"] < 0.67 * row["null: before training"] for row in rows.values()))
    claim("before training neither takes fewer bits than its rate alone, to within a twentieth", all(row["null: before training"] > 0.95 * row["null: knows the rate"] for row in rows.values()))
    claim("and fewer than their control tasks", all(row["trained"] < row["null: control task"] for row in rows.values()))

# %% [markdown]
# *Definition* costs half as many bits in the trained model as before training, and fewer in every block after the first, because fewer examples teach more there. In the last block both curves rise: there what was learned before helps less.
#
# The code length puts together how easily a property is read, from how few examples, and how much is memorised on the way, and it needs no test set, since every label is sent before it is learned from. But it has no interval here: it is one draw of files in one order, and for *inside brackets* the core has shown how much a single file can matter. The tokens are sent file by file. In a random order tokens of one file would be in many blocks, and what is learned of a file's names and open brackets would help with its other tokens.

# %% [markdown]
# ## 3 · How large may a probe be?
#
# Linear probes miss an exclusive or, and sixteen hidden units find it. Why not always take a large probe? Because it can also memorise more. What a family of probes can learn at all, whatever the vectors mean, is its **capacity**. Here it is set by the number of hidden units. The control tasks (section 3 of the core) show what becomes of it. How much a probe knows is measured by its **removed share**: 1 − its cross-entropy on new files, divided by the cross-entropy that is left when only the rate of the label is known. It is 0 for a probe that reads nothing, and 1 for one that is always right and sure.
#
# We ask for *definition* before layer 2, and for three sets of coins with as many true labels. The penalty of a probe matters as much as its size, so each task gets the one of 10, 100 and 1000 that serves it best: whose probe, fitted on every second training file, knows most of the files between.

# %% figure
def tasks(some, name="definition"):
    """The stream before layer 2, with the property and three control tasks as labels."""
    coins = torch.rand(3, model.cfg.d_vocab, generator=torch.Generator().manual_seed(0))
    share = tokens.label(name).float().mean()
    y = torch.stack([some.label(name), *(probing.control_labels(some.ids, c, share) for c in coins)], 1)
    return replace(some, x=some.x[[2]], y=y, labels=(name, "coins 1", "coins 2", "coins 3"))

def known(units, penalties=(10.0, 100.0, 1000.0)):
    """Removed share of each task in new files, by probes with so many hidden units, at the penalty chosen for it: (task,)."""
    def path(a, b):
        fits = [probing.fit_hidden(a.x, a.y, units, p, steps=100) if units else probing.fit_logistic(a.x, a.y, p) for p in penalties]
        return torch.stack([probing.removed(found, a, b).share[0] for found in fits])  # (penalty, task)
    return path(train, test).gather(0, path(train[even], train[~even]).argmax(0, keepdim=True))[0]

train, test, even = tasks(tokens), tasks(new), tokens.file % 2 == 0
capacity = torch.stack([known(units) for units in (0, 2, 8, 32)])  # (size, task)
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
    claim("from a linear probe to 32 hidden units the removed share of the property rises by less than 0.12", capacity[-1, 0] - capacity[0, 0] < 0.12)
    claim("that of every control task rises by more than 0.12", (capacity[-1] - capacity[0])[1:].min() > 0.12)
    claim("the distance between them falls to less than two thirds", gap[0] > 0.2 and gap[-1] < 2 / 3 * gap[0])

# %% [markdown]
# Hewitt & Liang (2019) found the same for parts of speech: large probes are less selective. Here a linear probe reads the property already, and further units add little to it, while they make room for coins. Look at the single sets in the figure: they differ much from each other, already for a linear probe, and at 32 units one of them is known better than the property. One set alone would not have done. It is best to take the smallest probe that reads what larger ones read, and to show the control task beside it.
#
# The size is one way to hold a probe back, and its penalty is another. The **regularisation path** shows what a probe knows at each strength of its penalty. Here are linear probes of three properties, judged on the files that they were trained on and on new ones.

# %% figure
properties = ("definition", "call", "in_brackets")
def asked(some):
    """The stream before layer 2 and the three labels."""
    y = torch.stack([some.label(name) for name in properties], 1)
    return replace(some, x=some.x[[2]], y=y, labels=properties)

seen, unseen = asked(tokens), asked(new)
penalties = [10 ** (k / 2) for k in range(11)]
path = [probing.fit_logistic(seen.x, seen.y, p) for p in penalties]
on_seen = torch.stack([probing.removed(probes, seen, seen).share[0] for probes in path])  # (penalty, property)
on_unseen = torch.stack([probing.removed(probes, seen, unseen).share[0] for probes in path])
chosen = penalties.index(probing.chosen_penalty(seen, penalties))  # from the training files alone
fig, ax = plots.figure(height=2.9, width=5.4)
for i, name in enumerate(properties):
    ax.semilogx(penalties, on_seen[:, i], ":", color=plots.SERIES[i])
    ax.semilogx(penalties, on_unseen[:, i], "o-", ms=4, color=plots.SERIES[i], label=name.replace("_", " "))
ax.axvline(penalties[chosen], color="0.6", lw=1)
ax.set(xlabel="penalty", ylabel="removed share", ylim=(-1.05, 1.05))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "On the files trained on all three curves fall with the penalty. On new files they rise first, definition until about a thousand.",
    "Removed share of linear probes before layer 2 by penalty, on new files (solid) and on those trained on (dotted); values below −1 are cut off. "
    "Grey line: the penalty that serves the three properties best, on average, within the training files.",
)  # fmt: skip

# %% [markdown]
# What does a penalty change? A probe states a probability, and that can be checked. Take all tokens to which it gives about 0.3. If about 0.3 of them have the property, and likewise for every other value, the probe is **calibrated**. The **expected calibration error** is by how much the two differ, on average over tokens, when tokens are put into ten groups by what the probe says.

# %% figure
fig, others = plots.figure(1, 2, height=2.9, width=6.4, sharey=True)
diagrams = []
for ax, at, title in zip(others, (0, chosen), ("definition, penalty 1", "definition, chosen"), strict=True):
    p = path[at].logits(unseen.x)[0, :, 0].sigmoid()
    found = probing.reliability(p, unseen.label("definition"), unseen.file)
    bars = torch.stack([found.so - found.low, found.high - found.so])
    ax.errorbar(found.says, found.so, bars, fmt="o", ms=4, lw=1, color=plots.SERIES[0])
    ax.plot([0, 1], [0, 1], color="0.6", lw=1)
    ax.set(xlabel="what the probe says", ylim=(-0.03, 1.03), title=title)
    diagrams.append(found)
others[0].set(ylabel="share with the property")
plots.show(
    fig, "At penalty 1 the surest tenth lies below the diagonal; at the chosen penalty most tenths lie above it.",
    "What the probe for definitions says in new files, in each tenth, and the share of tokens that are definitions, with 95 % intervals over files. "
    "On the grey line both are the same.",
)  # fmt: skip

# %% claims
weak, held = diagrams
judged = {at: [(path[at].logits(unseen.x)[0, :, i], unseen.y[:, i]) for i in range(3)] for at in (0, chosen)}
before, after = ([{"share right": float(((z > 0) == y).float().mean()), "calibration error": probing.reliability(z.sigmoid(), y, unseen.file).error} for z, y in judged[at]] for at in (0, chosen))
longer = path[0].directions.norm(dim=2) / path[chosen].directions.norm(dim=2)
with claims():
    claim("on the files trained on, no property's removed share rises with the penalty", on_seen.diff(dim=0).max() < 0.01)
    claim("on new files all three rise by more than 0.1 from a penalty of 1 to the chosen one", (on_unseen[chosen] - on_unseen[0]).min() > 0.1)
    claim("for definitions the path is flat: three times the chosen penalty or a third of it changes less than 0.08", (on_unseen[chosen - 1 : chosen + 2, 0] - on_unseen[chosen, 0]).abs().max() < 0.08)
    claim("the share right hardly tells the two penalties apart: it changes by less than three in a hundred",
          all(abs(b["share right"] - a["share right"]) < 0.03 for a, b in zip(after, before, strict=True)))
    claim("the calibration error of all three is smaller with the chosen one",
          all(b["calibration error"][0] > a["calibration error"][0] for a, b in zip(after, before, strict=True)))
    claim("for definitions the intervals of the two calibration errors overlap", before[0]["calibration error"][1] < after[0]["calibration error"][2])
    claim("with the chosen penalty definitions are more frequent than the probe says in most of the tenths", (held.so > held.says).float().mean() > 0.5)
    claim("at penalty 1 the directions are more than twice as long", longer.min() > 2)
    claim("and the log odds of the tokens on which the probe errs are larger than with the chosen penalty, on average, for all three",
          all(a > b for a, b in zip(*([float(path[at].logits(unseen.x)[0, :, i].abs()[(path[at].logits(unseen.x)[0, :, i] > 0) != unseen.y[:, i]].mean()) for i in range(3)] for at in (0, chosen)), strict=True)))
    claim("three times the chosen penalty or a third of it matters more for brackets than for definitions", (on_unseen[chosen - 1 : chosen + 2, 2] - on_unseen[chosen, 2]).abs().max() > (on_unseen[chosen - 1 : chosen + 2, 0] - on_unseen[chosen, 0]).abs().max())  # fmt: skip
    claim("at penalty 1 the tokens that the probe is surest of have the property less often than it says, by the whole interval", weak.high[-1] < weak.says[-1] - 0.02)

# %% [markdown]
# With too weak a penalty the probe is right about as often, but it is too sure where it is surest, because its directions are long and its log odds large also where it errs. Accuracy does not see this, and the removed share does. With the chosen penalty most dots lie above the diagonal instead: the probe is a little too careful. Its average calibration error is smaller, but on ten files the intervals of the two errors overlap.
#
# The penalty is to be chosen on files that the probe was not fitted to. For definitions its exact strength matters little, as long as it is of the right size; for brackets it matters more.

# %% [markdown]
# ## 4 · Truth without labels
#
# Suppose that a model holds something to be true, and there are no labels to train a probe with. Burns et al. (2022) had an idea. Give it a statement and its negation. Whatever is true, a probe for truth must give the two *opposite* answers, and it should be sure. These two demands can be written as a loss, and no label is needed. The search for a direction that meets them is **contrast-consistent search**, CCS:
#
# $$L \;=\; \frac1n \sum_i \big(p_i^+ - (1 - p_i^-)\big)^2 + \min(p_i^+, p_i^-)^2 .$$
#
# Does it find truth? In made-up pairs we know. Each pair has a truth, marked along one direction. It also has another contrast that has nothing to do with truth (say, whether the statement sounds friendly), along a second direction. Negating the statement turns both round.

# %% prediction
predict("probing.ccs")

# %% answer
loudness = (0.0, 0.5, 1.0, 1.5, 2.0)
found = {"CCS": [], "largest variation": [], "random direction": []}
for loud in loudness:
    every = [probing.ccs.pairs(loud, seed=seed) for seed in range(5)]
    says = {"CCS": [probing.ccs.ccs(some, seed, starts=3) for seed, some in enumerate(every)],
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
        at = torch.tensor(loudness) + 0.06 * (i - 1)  # beside one another
        ax.plot(at, values[..., which].mean(1), "-", color=plots.SERIES[(0, 3, 4)[i]], label=name)
        ax.plot(at, values[..., which], "o", ms=4, color=plots.SERIES[(0, 3, 4)[i]], alpha=0.5)
    ax.set(title=title, xlabel="loudness of the other contrast", xticks=loudness, ylim=(0.45, 1.03))
axes[0].set(ylabel="agreement")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plots.show(
    fig, "With the truth: CCS and largest variation at one up to loudness 0.5, near a half from 1.5 on; with the other contrast the reverse; the random direction between.",
    "Share of pairs on which a method agrees with the truth (left) and with the other contrast (right), or disagrees with it, whichever is "
    "more. Loudness: the size of the other contrast, where the truth has size 1. Five draws of 400 pairs (dots) and their mean.",
)  # fmt: skip

# %% claims answer
(ccs, other), (first, _) = (found[name].unbind(2) for name in ("CCS", "largest variation"))
with claims():
    claim("up to a loudness of 0.5 CCS agrees with the truth on more than 0.98 of the pairs, in all five draws", ccs[:2].min() > 0.98)
    claim("from 1.5 on it agrees with it on less than 0.6, and with the other contrast on more than 0.98, in all five", ccs[3:].max() < 0.6 and other[3:].min() > 0.98)
    claim("at equal loudness CCS takes one of the two whole: it agrees with the truth on more than 0.98 of the pairs, or with the other contrast, in each of the five", (torch.maximum(ccs, other)[2] > 0.98).all())
    claim("at equal loudness the largest variation mixes them: between 0.55 and 0.97 with the truth in all five", between(first[2].min(), 0.55, 0.97) and between(first[2].max(), 0.55, 0.97))
    claim("a random direction agrees with either on between 0.5 and 0.75 on average", all(between(share, 0.5, 0.75) for share in found["random direction"].mean((0, 1)).tolist()))
    claim("the direction of largest variation gives the same to within 0.03, below 1 and above", (ccs - first)[[0, 1, 3, 4]].abs().max() < 0.03)
measured("probing.ccs", "the larger of the two" if ccs[1].min() > 0.9 and ccs[3].max() < 0.6 else "the truth")

# %% [markdown]
# CCS finds a contrast that turns round with the negation. In these pairs it finds the larger of the two, and where both are equally large it takes either one whole. If that is the truth, it finds the truth. Nothing in its loss knows the word. And a method without any training, the direction along which the pairs' differences vary most (Burns et al. compare with it too), finds the same, except where both are equally large: there it mixes them. The random direction agrees with either on somewhat more than half of the pairs, since by chance it leans a little to one side of both. Farquhar et al. (2023) show the same of language models: such methods take whatever contrast is prominent.

# %% [markdown]
# ## 5 · Learned directions
#
# A probe finds the direction from which a property is best *read*. The core asked whether the model uses the property by an interchange along that direction. But the direction that is best read need not be the one that the model uses. For the core's planted networks all directions can be tried, at least in the plane of property and rival (the shortcut and the rule of the core).

# %% figure
pair_of = {kind: probing.planted(kind) for kind in ("used", "unused")}  # the core's A and B: the same hidden vectors
some = pair_of["used"]
unit = [v / v.norm() for v in (probing.mass_mean(some.h[None], y[:, None]).directions[0, 0] for y in (some.rival, some.label))]
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
    for (kind, one), name, colour in zip(pair_of.items(), ("uses the property", "does not"), (plots.SERIES[0], plots.SERIES[5]), strict=True):
        turning[kind, only] = [share_turned(one, angle, pairs) for angle in angles]
        ax.plot(angles, turning[kind, only], color=colour, label=name)
    ax.set(title=title, xticks=[0, 45, 90, 135, 180], xticklabels=["0°\nrival", "45°", "90°\nproperty", "135°", "180°\nrival"], xlabel="direction of the interchange")
axes[0].set(ylabel="share of answers that turn")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plots.show(
    fig, "Left: the network that uses the property turns all answers around the property's direction, the other at most half, around the rival's. Right: the other network turns all around the rival's direction.",
    "Answers that turn in pairs that differ in the property, for every direction in the plane of rival and property (half a turn, at whose end the rival's direction comes again), in two networks with the same hidden vectors.",
)  # fmt: skip

# %% claims
with claims():
    claim("along the property's direction all answers turn in the first network and none in the second, for both kinds of pairs", all(turning["used", only][18] == 1 and turning["unused", only][18] == 0 for only in (False, True)))
    claim("halfway between rival and property all answers turn in both networks, in pairs of usual inputs", all(turning[kind, True][9] == 1 for kind in pair_of))
    claim("with pairs of all inputs no direction turns more than six in ten in the second network; with usual ones the rival's turns all", max(turning["unused", False]) <= 0.6 and turning["unused", True][0] == 1)

# %% [markdown]
# With pairs of all inputs only the network that uses the property has a direction that turns everything. With pairs of usual inputs both have one, since there the rival differs where the property does; halfway between the two, one direction turns everything in both.
#
# In a model nobody can try all directions. **Distributed alignment search**, DAS (Geiger et al. 2023), searches instead. Take pairs of inputs, a base and a donor. Say for each pair which answer the base should get if it had the donor's property. Then gradient descent through the rest of the model finds the unit vector $u$ along which an interchange gives these answers:
#
# $$\text{minimise over } |u| = 1:\quad \sum_\text{pairs} \text{cross-entropy}\Big(\text{rest of the model}\big(h + ((h_\text{donor} - h)\cdot u)\,u\big),\; \text{wanted answer}\Big) .$$
#
# TransformerLens has it as `fit_das`, and the course uses that. First the same two kinds of network. Each direction is learned from pairs of one half of the inputs and judged on pairs of the other.

# %%
def planted_trial(kind, seed, usual):
    """Answers that turn along the learned and the probe's direction; the first one's cosines."""
    one = probing.planted(kind, seed)
    rows = one.usual if usual else torch.ones(256, dtype=torch.bool)
    halves = subspace.Halves(one.encoder, lambda h, bits: one.head(h))
    found = subspace.find(subspace.Site(halves, "hook_h", halves), 2.0 * probing.BITS[rows] - 1,
                          one.label[rows], seed=seed, says=one.answer(one.h)[rows])
    read, rival = (probing.mass_mean(one.h[None], y[:, None]).directions[0, 0]
                   for y in (one.label, one.rival))
    turned = [found.turned(subspace.along(u)) for u in (found.direction, read)]
    return *turned, *(float(torch.cosine_similarity(found.direction, u, dim=0).abs()) for u in (read, rival))

trials = {(kind, usual): torch.tensor([planted_trial(kind, seed, usual) for seed in range(5)])
          for kind in ("used", "unused") for usual in (False, True)}  # (network, four numbers)

# %%
names = {False: "all inputs", True: "usual inputs"}
columns = ("learned direction", "probe's direction", "cosine with it", "with the rival's")
table({f"{kind}, pairs of {names[usual]}": dict(zip(columns, map(mean_interval, values.T), strict=True))
       for (kind, usual), values in trials.items()}, decimals=2)

# %% caption
caption("Share of answers that turn, in new pairs that differ in the property, along the learned direction and along the probe's (the difference of the means). Five networks of each kind, with 95 % intervals over networks. New pairs are pairs of inputs that were not fitted to; a network has only 32 different hidden vectors, so that most pairs are new and hardly a vector is.")

# %% claims
with claims():
    claim("where the property is used, the learned direction turns every answer and is the probe's, in all five networks",
          (trials["used", False][:, 0] == 1).all() and trials["used", False][:, 2].min() > 0.99)
    claim("where it is not used, pairs of all inputs give no direction that turns more than a third", trials["unused", False][:, 0].max() < 1 / 3)
    claim("with pairs of usual inputs a direction is found that turns every answer, although the property is not used",
          (trials["unused", True][:, 0] == 1).all() and not trials["unused", True][:, 1].any())
    claim("it lies closer to the rival's direction than to the property's, in all five", (trials["unused", True][:, 3] > trials["unused", True][:, 2]).all())
    claim("a network has 32 different hidden vectors", all(len((torch.cdist(h, h) < 0.1).int().unique(dim=0)) == 32 for h in (probing.planted("used", seed).h for seed in range(5))))

# %% [markdown]
# With pairs of all inputs the search finds the property where it is used, and where it is not, no direction that turns more than a third. With pairs of *usual* inputs it finds a direction in either network, and in the second one it lies closer to the rival's than to the property's. New pairs of the same kind cannot tell. A learned direction is no better than the pairs that it was learned from.
#
# **In a trained model.** Does the code model know which bracket is open? In a line such as ` value = get[name, size` it should go on with `]`, and with `)` if the bracket was round. We learn a direction before layer 3, at the last token, such that with a donor's component the model closes the donor's kind of bracket. (There the property can hardly be told from the answer, as in section 7 of the core. The question here is what a *search* finds.) Four controls, each trained in the same way where there is anything to train:
#
# - **Arbitrary labels.** Coins for the last word of a line, in place of the bracket: the control task of the core's section 3.
# - **Untrained.** The same model before its training.
# - **A site that cannot know.** The token before the bracket.
# - **A placebo.** A random direction, along which the vector is moved as far.

# %%
def trial(net, y, seed, hook="blocks.3.hook_resid_pre", position=open_bracket.END):
    """A direction learned in a model for a label of lines, from pairs of one half of them."""
    lines = open_bracket.lines(net, 256, seed)
    site, stream = open_bracket.site(net, hook, position), lines.stream(net, 3)
    return subspace.find(site, stream, getattr(lines, y), seed=seed, says=site.ask(stream).argmax(1).bool(),
                         count=128, epochs=12, batch=32, rate=0.04)

runs = {"the open bracket": [trial(model, "square", seed) for seed in range(5)],
        "null: arbitrary labels": [trial(model, "coin", seed) for seed in range(5)],
        "null: untrained": [trial(blank, "square", seed) for seed in range(5)],
        "null: a site that cannot know": [trial(model, "square", seed, position=open_bracket.BEFORE)
                                          for seed in range(5)]}

# %%
def shares(run, exchange):
    """Pairs with the wanted answer: of those fitted to, of new ones, of new ones whose label differs."""
    return run.right(exchange, run.fitted), run.right(exchange), run.turned(exchange)

found = {name: [shares(run, subspace.along(run.direction)) for run in some]
         for name, some in runs.items()}
found["null: placebo"] = [shares(run, subspace.placebo(run.direction, seed))
                          for seed, run in enumerate(runs["the open bracket"])]
found = {name: torch.tensor(values) for name, values in found.items()}  # (draw, three shares)
columns = ("pairs fitted to", "new pairs", "new pairs that differ")
table({name: dict(zip(columns, map(mean_interval, values.T), strict=True))
       for name, values in found.items()}, decimals=2)

# %% caption
caption("Share of pairs with the wanted answer after an interchange along a direction, before layer 3. A direction that turns nothing is right in the pairs that do not differ, which are about half. Means over five draws of lines, with 95 % intervals over draws.")

# %% claims
lines = open_bracket.lines(model, 256, 0)
closes = open_bracket.site(model, "blocks.3.hook_resid_pre").ask(lines.stream(model, 3)).argmax(1) == lines.square
with claims():
    claim("the model prefers the right kind of bracket in all 256 lines of the first draw", closes.all())
    claim("the learned direction gives the wanted answer in every new pair, in all five draws", (found["the open bracket"][:, 1] == 1).all())
    claim("in the untrained model about two answers of five turn, of new pairs that differ, and with arbitrary labels about one in six",
          between(found["null: untrained"][:, 2].mean(), 0.33, 0.5) and between(found["null: arbitrary labels"][:, 2].mean(), 0.12, 0.22))
    claim("over all new pairs both are right about half of the time, between 0.4 and 0.65 in every draw",
          all(between(share, 0.4, 0.65) for name in ("null: untrained", "null: arbitrary labels") for share in found[name][:, 1].tolist()))
    claim("of the pairs that were fitted to, the untrained model comes out right more often than of new ones, in every draw", (found["null: untrained"][:, 0] > found["null: untrained"][:, 1]).all())
    claim("of new pairs that differ, no control turns half on average", all(some[:, 2].mean() < 0.5 for name, some in found.items() if name.startswith("null")))
    claim("at the site that cannot know, and under the placebo, not one answer turns", not found["null: a site that cannot know"][:, 2].any() and not found["null: placebo"][:, 2].any())

# %% [markdown]
# The direction for the open bracket works on all new pairs, and no control turns half of those that differ. But a search gets some way where there is nothing to be found. In a model that has learned nothing, about two answers of five turn as they should, in new pairs that differ, and with coins for labels about one in six. The column *new pairs* shows the price: in pairs that do not differ, answers turn as well, where they should stay. Over all new pairs about half come out right, as many as if nothing had been turned. In the untrained model more of the pairs that were fitted to come out right than of new ones: a search memorises as well.

# %% [markdown]
# ## 6 · A site that plays no part
#
# A learned direction depends on its pairs, as section 5 has shown, and also on where it is learned. Makelov et al. (2023) asked what one shows at a *site* in a model, such as an MLP, when the property's way to the answer leads past it.

# %% figure
drawing.beside_the_path().captioned("Two planted models. In both the property reaches a site of twelve numbers, where a probe can read it. In the left one the answer comes past the site, as through the residual stream around an MLP.")

# %% [markdown]
# To see whether the left model's answer needs the site, we replace every vector there by the mean of all.

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
on_path = [ways(probing.illusion(seed, on_path=True), seed) for seed in range(5)]

def over(runs):
    """Mean and interval over the runs, by what was exchanged."""
    return {name: mean_interval(torch.tensor([turned[name] for _, turned in runs]))
            for name in runs[0][1]}

# %% [markdown]
# Two directions of the left site matter for what happened. Along the first is the property, $\pm1$, but no weight reads it: call it **disconnected**. Along the second there is only a little noise, but the weights do read it, and the answer would follow a large value there: call it **dormant**. The figure shows one interchange in the plane of the two.

# %% figure answer
one, found = planted[0], beside[0][0]
u, new = found.direction * (found.direction @ one.disconnected).sign(), found.new
plane = torch.stack([one.disconnected, one.dormant], 1)  # (d, 2)
pair = int((new.differs & (new.base[:, :-1] @ one.disconnected < 0)).nonzero()[0])
base, donor = new.base[[pair], :-1], new.donor[[pair], :-1]
(x, y), (to_x, to_y), (after_x, after_y) = (v[0].tolist() for v in (base @ plane, donor @ plane, subspace.along(u)(base, donor) @ plane))
fig, ax = plots.figure(height=3.4, width=5.6)
ax.axline((x, y), (after_x, after_y), color=plots.INK, lw=0.8, ls=":")
ax.plot(x, y, "o", ms=10, color=plots.SERIES[0])
ax.plot(to_x, to_y, "o", ms=10, mfc="white", mec=plots.SERIES[0], mew=2)
ax.annotate("", (after_x, y), (x, y), arrowprops={"arrowstyle": "-|>", "color": plots.NULL, "lw": 2, "shrinkA": 8})
ax.annotate("", (after_x, after_y), (after_x, y), arrowprops={"arrowstyle": "-|>", "color": plots.EDITED, "lw": 3})
ax.plot(after_x, after_y, "x", ms=10, mew=2.5, color=plots.EDITED)
for words, where, side in (("base", (x - 0.12, y), "right"), ("donor", (to_x, to_y - 0.22), "center"), ("after the exchange", (after_x + 0.1, after_y), "left"),
                           ("no weight reads this", (after_x - 0.42, y - 0.15), "center"), ("the answer follows this", (after_x + 0.06, y + 0.25), "left")):
    ax.text(*where, words, ha=side, va="center", fontsize=9)
ax.axhspan(0.5, 1.45, color="0.93", zorder=0)
ax.text(-1.62, 1.3, "answer: yes", fontsize=9, color=plots.NULL)
ax.set(xlabel="disconnected direction", ylabel="dormant direction", xlim=(-1.7, 1.7), ylim=(-0.6, 1.45), aspect="equal")
plots.show(
    fig, "The base at minus one, the donor at plus one on the disconnected axis. The exchange along the diagonal leads from the base up to the dormant axis, into the area where the answer is yes.",
    "One interchange along the learned direction (dotted) in the first planted model. Base and donor differ along the disconnected direction alone. The exchange "
    "moves the base along both directions, and where the area is grey, its “no” becomes a “yes”.",
)  # fmt: skip

# %% [markdown]
# The learned direction lies halfway between the two. The interchange *reads* along one half of it and *writes* along the other. How much the donor has along $u$ depends on the disconnected half, where the property is. What is put in lies along $u$, so it has a dormant half too, and the output weights read that. The exchange itself carries the property from a place where nobody reads it to a place where it never was. Every answer turns, on new pairs, and the pairs are not to blame.
#
# Two checks expose it. The first is to **split** the direction into a part that the next weights see and a part that they do not. The *unseen part* lies where the weights make nothing of it (their null space), so that what is written along it changes nothing; here it is the disconnected half. The *seen part* is the rest. One would expect of a direction that is used that its seen part alone does as well as the whole. Where it does not, this is a warning, and not yet a proof.

# %% figure answer
seen, unseen = subspace.split(u, one.weights[:, None])
some = new.differs.nonzero()[:60, 0]
base, donor, past = new.base[some, :-1], new.donor[some, :-1], new.base[some, -1]
fig, axes = plots.figure(1, 3, height=3.15, sharex=True, sharey=True)
for ax, v, title in zip(axes, (u, unseen, seen), ("learned direction", "its unseen part", "its seen part"), strict=True):
    changed = subspace.along(v)(base, donor)
    turns = (one.answer(changed, past) > 0) != (past > 0)
    (x0, y0), (x1, y1) = (base @ plane).T, (changed @ plane).T
    ax.axhspan(0.5, 1.7, color="0.93", zorder=0)
    ax.axhspan(-1.7, -0.5, color="0.93", zorder=0)
    for i in range(0, len(some), 6):
        ax.plot([x0[i], x1[i]], [y0[i], y1[i]], "-", color="0.75", lw=0.8, zorder=1)
    ax.scatter(x0, y0, s=14, color=plots.SERIES[0], label="as it was")
    ax.scatter(x1[~turns], y1[~turns], s=18, marker="s", facecolors="none", edgecolors=plots.NULL, label="exchanged: same answer")
    ax.scatter(x1[turns], y1[turns], s=22, marker="x", color=plots.EDITED, label="exchanged: answer turned")
    ax.axline((0, 0), (v / v.norm() @ plane).tolist(), color=plots.INK, lw=1)
    ax.set(title=title, xlabel="disconnected direction", aspect="equal", xlim=(-1.7, 1.7), ylim=(-1.7, 1.7))
axes[0].set(ylabel="dormant direction")
handles = [h for ax in axes for h in zip(*ax.get_legend_handles_labels(), strict=True) if h[0].get_offsets().size]
handles = list({name: mark for mark, name in handles}.items())
fig.legend([mark for _, mark in handles], [name for name, _ in handles], loc="outside lower center", ncols=3)
plots.show(
    fig, "Along the learned direction points move to the middle, and up or down into the grey, and every answer turns; along the unseen part they move sideways, along the seen part not at all, and no answer turns.",
    "Sixty hidden vectors in the same plane, before and after an interchange with a vector that differs in the property, along the learned direction (line) and "
    "along its two parts. In the upper grey a “no” turns into a “yes”, in the lower a “yes” into a “no”.",
)  # fmt: skip

# %% [markdown]
# The second check is to exchange the *whole* vector at the site. If the answer follows one direction, and not the whole of which it is a part, then suspect that the exchange has written what no input writes. Here is what both checks say, and beside it what they say of the right model of the drawing, where the answer does come through the site.

# %% answer
here, there = over(beside), over(on_path)
table({name: {"site beside the path": here[name], "site on the path": there[name]}
       for name in here}, decimals=2)

# %% caption answer
caption("Share of answers that turn in new pairs that differ in the property. Left: the planted models of the figure. Right: the same, except that the answer comes from a third direction of the site. Five models each, with 95 % intervals over models.")

# %% claims answer
def certainty(one, run, direction):
    """Mean size of the output after an exchange, in new pairs that differ."""
    base, donor = run.new.base[run.new.differs], run.new.donor[run.new.differs]
    return float(one.answer(subspace.along(direction)(base[:, :-1], donor[:, :-1]), base[:, -1]).abs().mean())

clear = [(probing.illusion(seed, on_path=True), run) for seed, (run, _) in enumerate(on_path)]
both = torch.tensor([[turned[name] for name in turned] for _, turned in (*beside, *on_path)])  # (model, what was exchanged)
lies = torch.stack([torch.stack([run.direction @ one.disconnected, run.direction @ one.dormant]) for one, (run, _) in zip(planted, beside, strict=True)]).abs()
with claims():
    claim("with the mean vector at the site no answer of the five models is wrong", all(torch.equal(said, one.label) for said, one in zip(at_mean, planted, strict=True)))
    claim("the learned direction turns every answer in all ten models", (both[:, 0] == 1).all())
    claim("it lies halfway between the disconnected and the dormant direction, in all five", (lies - 0.5**0.5).abs().max() < 0.03)
    claim("beside the path its seen part turns none, and on the path all", not both[:5, 1].any() and (both[5:, 1] == 1).all())
    claim("so does the whole vector: none beside the path, all on it", not both[:5, 3].any() and (both[5:, 3] == 1).all())
    claim("the unseen part alone turns none", not both[:, 2].any())
    claim("on the path the learned direction leans away from the real one, and makes the answers more certain than that does, in all five",
          all(abs(float(run.direction @ one.real)) < 0.9 and certainty(one, run, run.direction) > certainty(one, run, one.real) for one, run in clear))
measured("probing.illusion", "all" if (both[:5, 0] == 1).all() else "none" if not both[:5, 0].any() else "about half")

# %% [markdown]
# Beside the path both checks expose the direction, and on the path both clear it. Even there it is not quite the real direction: along the learned one the answers come out more certain.

# %% [markdown]
# **In a trained model.** Now take the code model's open bracket of section 5, and learn a direction in the neurons of layer 3's MLP, at the last token. What the model sees of a direction there is what its output weights $W_\text{out}$ see: 768 neurons are written into 192 dimensions, so that three quarters of the dimensions are unseen, and on average three quarters of a random direction's squared length.

# %%
def parts(run):
    """Answers that turn, by what is exchanged; last, the unseen share of the squared length."""
    seen, unseen = subspace.split(run.direction, model.W_out[3])
    exchanged = (*map(subspace.along, (run.direction, seen, unseen)), subspace.whole)
    return *(run.turned(exchange) for exchange in exchanged), float(unseen.square().sum())

learned_there = [trial(model, "square", seed, "blocks.3.mlp.hook_post") for seed in range(5)]
neurons = torch.tensor([parts(run) for run in learned_there])
names = ("learned direction", "its seen part", "its unseen part", "whole vector")
table({name: {"answers that turn": mean_interval(values)}
       for name, values in zip(names, neurons.T, strict=False)}, decimals=2)

# %% caption
caption("Share of answers that turn in new pairs whose brackets differ, when the neurons of layer 3 get a donor's component at the last token. Five draws of lines, with 95 % intervals over draws.")

# %% claims
def beyond(run):
    """Share of the pairs that differ where the exchange leads further along the seen part than any line's own vector."""
    seen, _ = subspace.split(run.direction, model.W_out[3])
    base, donor = (run.site.vectors(inputs) for inputs in (run.new.base, run.new.donor))
    own, after = torch.cat([base, donor]) @ seen, (subspace.along(run.direction)(base, donor) @ seen)[run.new.differs]
    return float(((after < own.min()) | (after > own.max())).float().mean())

learned, seen, unseen, all_of_it, share = neurons.T
with claims():
    claim("the output weights see 192 dimensions of 768", (len(model.W_out[3]), int(torch.linalg.matrix_rank(model.W_out[3]))) == (768, 192))
    claim("the learned direction turns half of the answers or more, in all five draws", learned.min() >= 0.5)
    claim("its seen part alone turns less than half as many, in all five", (seen < learned / 2).all())
    claim("the whole vector turns less than one answer in twenty", all_of_it.max() < 0.05)
    claim("more than a quarter of the direction's squared length is unseen, and that part turns nothing", share.min() > 0.25 and not unseen.any())
    claim("in more than half of the pairs the exchange leads beyond every line's own vector, along the seen part, in all five draws", min(map(beyond, learned_there)) > 0.5)

# %% [markdown]
# Judged by the learned direction alone, these neurons decide which bracket is closed in most of the pairs. Exchange all of them, and almost no answer turns. The unseen part turns nothing by itself, but without it more than half of the effect is gone. The direction reads the donor there, too, and writes along the seen part, in most pairs further than any line's own vector reaches. It looks like the planted illusion in a trained model, though not in its pure form, since the seen part has some effect of its own. What a search at these neurons finds in an untrained model, or for arbitrary labels, was not tried.

# %% [markdown]
# ## 7 · Does the bracket count?
#
# In section 4 of the core a probe for *inside brackets* sided with brackets that are *written*, also where they stand in a string and count for nothing. There are two possible reasons. Either the vectors hold written brackets and nothing else, or they also hold whether a bracket counts, and the training files, in which the two hardly ever differ, did not ask for it. We pool all 29 held-out files and fit a probe on half of them, at tokens inside written brackets alone, to say whether the bracket counts. The other half judges. One null is labels shuffled within tokens, the other the model before training.

# %%
pool = (*probing.two_halves(model, contexts=48), probing.further_files(model, contexts=180))
at = [probing.brackets_written(some, model.tokenizer) for some in pool]  # inside a written bracket

def gathered(what):
    """Of all files, at tokens inside written brackets."""
    return torch.cat([what(some)[rows] for some, rows in zip(pool, at, strict=True)])

counts, ids = gathered(lambda some: some.label("in_brackets")), gathered(lambda some: some.ids)
file = torch.cat([some.file[rows] + 100 * i for i, (some, rows) in enumerate(zip(pool, at, strict=True))])
streams = {"trained": gathered(lambda some: some.x[2]),
           "untrained": gathered(lambda some: some.read_by(blank).x[2])}
streams = {name: x / x.square().mean().sqrt() for name, x in streams.items()}  # of equal size

# %%
def tells(seed, x, y):
    """Fit y on half of the files; share right in the others where a bracket counts, and where not."""
    dealt = file.unique()[torch.randperm(29, generator=torch.Generator().manual_seed(seed))]
    ours = torch.isin(file, dealt[:14])
    yes, no = (ours & y).nonzero()[:, 0], (ours & ~y).nonzero()[:, 0]
    rows = torch.cat([yes, no.repeat(-(-len(yes) // len(no)))[: len(yes)]])  # as many of both
    fit = probing.fit_logistic(x[None, rows], y[rows, None], 100.0, tolerance=1e-3)
    right = (fit.logits(x[None])[0, :, 0] > 0) == counts
    return [float(right[~ours & (counts == way)].float().mean()) for way in (True, False)]

# %%
asked_of = {"trained": lambda seed: (streams["trained"], counts),
            "null: before training": lambda seed: (streams["untrained"], counts),
            "null: shuffled within tokens":
                lambda seed: (streams["trained"], probing.shuffled_within(ids, counts, seed))}
decide = {name: torch.tensor([tells(seed, *given(seed)) for seed in range(10)])
          for name, given in asked_of.items()}
table({name: {"right where it counts": float(found[:, 0].mean()),
              "right where it does not": float(found[:, 1].mean()), "mean of both": float(found.mean())}
       for name, found in decide.items()}, decimals=2)

# %% caption
caption("Tokens inside written brackets, in the half of 29 files that a probe was not fitted on: share of right answers, mean over ten ways to halve the files. In fitting, both answers have equal weight.")

# %% claims
with claims():
    claim("29 files", len(file.unique()) == 29)
    claim("the probe is right at four in five, as the mean of both kinds", rounds_to(decide["trained"].mean(), "0.8"))
    claim("in each of ten halvings it is ahead of both nulls", len(decide["trained"]) == 10 and all((decide["trained"] - found).mean(1).min() > 0 for name, found in decide.items() if name.startswith("null")))
    claim("before training it is fewer than two in three", decide["null: before training"].mean() < 2 / 3)
    claim("where the bracket does not count, the probe and shuffled labels are right equally often, to one in a hundred", abs(decide["trained"][:, 1].mean() - decide["null: shuffled within tokens"][:, 1].mean()) < 0.01)

# %% [markdown]
# The vectors hold that, too, at least in part. The probe is right at four in five, as the mean of both kinds of token, and in each of the ten halvings it is ahead of both nulls. Before training it is right at fewer than two in three. But where the bracket does not count, the probe and the one on shuffled labels are right equally often, to one in a hundred: its lead over that null is where the bracket counts. And ten halvings of the same files are not ten experiments.

# %% [markdown]
# ## 8 · Pushing along a direction
#
# The core's interventions exchange a component or take one out. A third one is **steering**: add one and the same arrow to every vector, at every position except the first. We want closing brackets to become more probable. A longer arrow changes more of everything else too: where the text goes on with another token the loss rises, and that rise is its price. Each direction gets the length at which the price is 0.1 nats a token, in six contexts of different files. Here is by how many nats the log-probability of closing brackets rises.

# %%
fit_on, judge_on, _ = pool
wrote, x = at[0], fit_on.x[2]
toward = x[wrote].mean(0) - x[~wrote].mean(0)
alone = replace(fit_on, x=fit_on.x[[2]], y=wrote[:, None], labels=("written",))
closing = torch.tensor([any(c in model.tokenizer.decode([i]) for c in ")]}")
                        for i in range(model.cfg.d_vocab)])
ways = {"mass-mean probe": toward, "logistic probe": probing.fit_chosen(alone).directions[0, 0],
        "the embedding of “)”": model.W_U[:, model.tokenizer(")")["input_ids"][-1]]}
ways |= {f"random {i}": torch.randn(192, generator=torch.Generator().manual_seed(i)) for i in range(6)}
lengths = tuple(float(toward.norm()) * s for s in (0.5, 1.0, 1.5))
steered = probing.steered(model, judge_on.contexts[::8], 2, ways, lengths, closing)
effect, again = steered.at_price(0.1), steered.drawn_at_price(0.1)  # contexts drawn anew
{**{name: round(float(effect[i]), 1) for i, name in enumerate(ways) if i < 3},
 "largest of 6 random": round(float(effect[3:].max()), 1)}

# %% claims
with claims():
    ahead_by = [interval(again[:, a] - again[:, b]) for a, b in ((2, 0), (2, 1))]
    claim("the embedding is ahead of both probes, by the whole paired interval", all(low > 0 for low, _ in ahead_by))
    claim("all three have a larger effect than the six random directions", min(effect[:3]) > max(effect[3:]))
    claim("six contexts, each of another file", len({int(judge_on.file[judge_on.place[:, 0] == i][0]) for i in range(0, 48, 8)}) == 6)

# %% [markdown]
# Both probes' directions do more than six random ones. The embedding of “)” does most, though it is no property of the text at all: it is the answer. Steering shows what a direction *can* do, and not that the model uses the property that it was found by.

# %% [markdown]
# ## What this does not show
#
# - **Made-up pairs.** Whether truth is the loudest contrast in a language model is a question about that model, and nothing here answers it.
# - **One deal of tokens.** The code lengths, and what larger probes learn, come from one deal of files and one order.
# - **Sizes at one place.** How much a hidden layer adds was measured for one property before layer 2, with probes that started at one draw of units.
# - **One direction.** Learned subspaces can have more dimensions, and need not lie in one layer. What a search finds then, and how far its controls get, has not been measured here.
# - **A search can miss.** It goes downhill from a random start. That no direction is found does not show that there is none.
# - **The whole vector is a blunt check.** It brings along everything else in which the donor differs. That it turns nothing shows that the site does not decide alone; other sites may carry the same at the same time.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "No probe's expected loss is below H(Y | H)", "evidence": "counted over 32 cases; a hidden layer reaches it", "control": "always one half",
     "where it fails": "finite samples; vectors that are all different"},
    {"claim": "What can be used depends on the family of probes", "evidence": "exclusive or: nothing for linear probes", "control": "a hidden layer", "where it fails": "–"},
    {"claim": "In these files trained vectors need shorter codes", "evidence": "two properties before layer 2", "control": "before training; control tasks", "where it fails": "one draw of files, one order, no intervals"},
    {"claim": "Larger probes learn coins, and read hardly more", "evidence": "definition before layer 2, up to 32 hidden units", "control": "three control tasks",
     "where it fails": "properties that no linear probe reads"},
    {"claim": "Too weak a penalty makes a probe too sure", "evidence": "definitions, new files", "control": "penalty chosen within the training files", "where it fails": "one deal"},
    {"claim": "Of two contrasts CCS finds the larger one, whether it is the truth or not", "evidence": "five draws, five loudnesses", "control": "largest variation; random direction", "where it fails": "made-up pairs"},
    {"claim": "A learned direction can turn every answer at a site that plays no part", "evidence": "five planted models; layer 3's neurons in part", "control": "its seen part; the whole vector; five models with the site on the path", "where it fails": "one dimension; one trained model"},
    {"claim": "The vectors hold whether a written bracket counts", "evidence": "fitted where the two differ, a probe is right at four in five", "control": "labels shuffled within tokens; before training", "where it fails": "where it does not count, it is no better than on shuffled labels"},
    {"claim": "Steering does not tell a property from its answer", "evidence": "the embedding of “)” does more than both probes", "control": "six random directions at equal price", "where it fails": "one property, six contexts"},
    formulas={"conditional entropy": r"-\sum p(h,y)\log_2 p(y\mid h)"},
    links=[
        ("Voita and Titov 2020, Information-theoretic probing with minimum description length", "https://arxiv.org/abs/2003.12298", "Code lengths."),
        ("Xu et al. 2020, A theory of usable information under computational constraints", "https://arxiv.org/abs/2002.10689", "What a family of probes can use."),
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
# - conditional entropy: the uncertainty about a label that is left when the representation is seen.
# - usable information: by how much the best probe of a family is better for seeing the representation.
# - online code length: the bits it takes to send labels when both sides learn as they are sent.
# - capacity: what a family of probes can learn at all, whatever the vectors mean.
# - removed share: the part of the uncertainty about a label that a probe takes away on new data; 1 − its cross-entropy / that which is left when only the rate is known.
# - regularisation path: what a probe knows at each strength of its penalty.
# - expected calibration error: by how much stated probabilities and true shares differ, on average.
# - calibrated: such that of all cases given a probability, that share is true.
# - contrast-consistent search: the search for a direction that gives statements and their negations opposite, sure answers.
# - distributed alignment search: the search for a direction along which interchange gives the answers that a property would.
# - disconnected: of a direction in which something varies and which no weight reads.
# - dormant: of a direction in which nothing but noise varies and which the answer would follow.
# - split: to divide a direction into what the next weights see and what they do not.
# - steering: to add a direction to the stream.

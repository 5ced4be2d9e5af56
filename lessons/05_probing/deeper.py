# %% [markdown]
# # Probing, deeper
#
# The lesson asked what a probe shows. Here are three questions behind it. How good can a probe be at best, whatever it computes? How much of a label does a probe *learn*, counted in bits? And can one find out what a model holds to be true without any labels at all?

# %% [markdown] contents
# The three sections stand on their own feet, and may be skipped or read in any order. You need the core lesson.

# %% setup

# %%
import torch
from torch import nn

from course_utils import plots, probing, zoo
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import measured, predict, table

# %% [markdown]
# ## 1 · What no probe can beat
#
# A representation leaves some uncertainty about a label. If one and the same vector comes with *yes* in three cases of four, then nobody who sees only the vector can be sure. The **conditional entropy** $H(Y \mid H)$ is that uncertainty, averaged over the vectors:
#
# $$H(Y \mid H) \;=\; -\sum_{h,\,y} p(h, y)\,\log_2 p(y \mid h) .$$
#
# The expected cross-entropy of a probe is never below it, whatever the probe computes. It reaches it exactly if the probe states the true share at every $h$. With few values of $h$ all of this can be counted. Here $h$ has four values, two bits, and the label is their exclusive or, except that one label in eight is turned round.

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

# %% [markdown]
# A linear probe is one family of probes. A network with one hidden layer is another.

# %%
torch.manual_seed(0)
network = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
solver = torch.optim.Adam(network.parameters(), lr=0.02)
with torch.enable_grad():
    for _ in range(800):
        solver.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(network(h)[:, 0], y.float())
        loss.backward()
        solver.step()
hidden = network(h)[:, 0].detach().sigmoid()
table({"linear": {"cross-entropy": cross_entropy(at_rest), "bound": float(bound)},
       "one hidden layer": {"cross-entropy": cross_entropy(hidden), "bound": float(bound)},
       "always one half": {"cross-entropy": cross_entropy(torch.full((32,), 0.5)), "bound": float(bound)}}, unit="bits", decimals=3)

# %% caption
caption("Cross-entropy of three probes over all 32 cases, and the conditional entropy. The label is the exclusive or of two bits, with one label in eight turned round.")

# %% claims
with claims():
    claim("the probe with a hidden layer reaches the bound to a hundredth of a bit", 0 <= cross_entropy(hidden) - float(bound) + 1e-4 < 0.01)
    claim("the linear probe is no better than always saying one half", about(cross_entropy(at_rest), 1.0) and cross_entropy(at_rest) > 0.999)

# %% [markdown]
# The linear probe sees nothing, although all that can be known is there. What matters for a reader is therefore the information that can be used by *a given family of probes*. Xu et al. (2020) call it **usable information**: the uncertainty of the family's best member that sees nothing, less that of its best member that sees $h$. Here it is zero for linear probes, and all of it for a hidden layer.
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
# Control tasks (section 3 of the core) ask whether a probe could have learned a property by heart. Voita & Titov (2020) ask how much it has to learn. Imagine that you send the labels to somebody who has the vectors already. The first few cost a bit each. Then both of you train a probe on what has been sent so far. The next labels cost only as much as that probe is surprised by them, $-\log_2 p$. After each block both train again. The sum is the **online code length**. It is short if few examples are enough, and if what they teach holds.

# %%
model = zoo.load("code-4l", "cpu").requires_grad_(False)
blank = zoo.load("code-4l", "cpu", checkpoint=0).requires_grad_(False)  # before training
tokens, _ = probing.two_halves(model, contexts=24)
order = torch.randperm(len(tokens), generator=torch.Generator().manual_seed(0))
tokens = tokens[order]
tokens_0 = tokens.read_by(blank)
ends = [128, 256, 512, 1024, 2048, 4096, len(tokens)]

def learn(penalty):
    """A learner for the code: logistic regression."""
    def fit(x, y):
        found = probing.fit_logistic(x[None], y[:, None], penalty)
        return lambda rows: found.logits(rows[None])[0, :, 0].sigmoid().clamp(1e-6, 1 - 1e-6)
    return fit

# %%
def code_length(x, y, penalties=(1.0, 10.0, 100.0)):
    """The shortest over three strengths of the penalty, bits a label."""
    lengths = [probing.online_code_length(x, y, ends, learn(p)) for p in penalties]
    return float(min(lengths)) / len(y)

# %%
rows = {}
for name in ("in_brackets", "definition"):
    y = tokens.label(name)
    coins = torch.rand(model.cfg.d_vocab, generator=torch.Generator().manual_seed(0))
    control = probing.control_labels(tokens.ids, coins, y.float().mean())
    share = y.float().mean()
    rows[name.replace("_", " ")] = {
        "trained": code_length(tokens.x[2], y), "null: before training": code_length(tokens_0.x[2], y),
        "null: control task": code_length(tokens.x[2], control),
        "null: knows the rate": float(-(share * share.log2() + (1 - share) * (1 - share).log2()))}
table(rows, unit="bits a label", decimals=2)

# %% caption
caption("Online code length before layer 2, for two properties and three nulls. The order of the tokens is drawn at random.")

# %% claims
with claims():
    claim("both properties take fewer bits in the trained model than before training, by a third or more",
          all(row["trained"] < 0.67 * row["null: before training"] for row in rows.values()))
    claim("and fewer than their control tasks", all(row["trained"] < row["null: control task"] for row in rows.values()))

# %% [markdown]
# The code length takes everything into account at once: how easily a property is read, from how few examples, and how much is learned by heart on the way. It needs no test set, since every label is sent before it is learned from. A caution remains. The order here is random, so that tokens of one file stand in many blocks, and what is learned of a file's names helps with its later tokens.

# %% [markdown]
# ## 3 · Truth without labels
#
# Suppose that a model holds something to be true, and there are no labels to train a probe with. Burns et al. (2022) had an idea. Give it a statement and its negation. Whatever is true, a probe for truth must give the two *opposite* answers, and it should be sure. These two demands can be written as a loss, and no label stands in it. The search for a direction that meets them is **contrast-consistent search**, CCS:
#
# $$L \;=\; \frac1n \sum_i \big(p_i^+ - (1 - p_i^-)\big)^2 + \min(p_i^+, p_i^-)^2 .$$
#
# Does it find truth? In made-up pairs we know. Each pair has a truth, marked along one direction with size 1. It also has another contrast that has nothing to do with truth (say, whether the statement sounds friendly), along a second direction with a *loudness* of our choice. Both turn round with the negation.

# %% prediction
predict("probing.ccs")

# %% answer
loudness = (0.0, 0.5, 1.0, 1.5, 2.0)
found = {"CCS": [], "largest variation of the differences": [], "random direction": []}
for loud in loudness:
    every = [probing.ccs.pairs(loud, seed=seed) for seed in range(5)]
    says = {"CCS": [probing.ccs.ccs(some, seed, starts=3) for seed, some in enumerate(every)],
            "largest variation of the differences": [probing.ccs.first_component(some) for some in every],
            "random direction": [probing.ccs.random_side(some, seed) for seed, some in enumerate(every)]}
    for name, said in says.items():
        found[name].append([probing.ccs.agreement(s, some.truth) for s, some in zip(said, every, strict=True)])
found = {name: torch.tensor(values) for name, values in found.items()}  # (loudness, seed)

# %% figure answer
fig, ax = plots.figure(height=2.6, width=5.2)
for i, (name, values) in enumerate(found.items()):
    ax.plot(loudness, values.mean(1), "o-", color=plots.SERIES[i], label=name)
    ax.plot(loudness, values, ".", color=plots.SERIES[i], alpha=0.4)
ax.set(xlabel="loudness of the other contrast (truth has 1)", ylabel="agreement with the truth", ylim=(0.45, 1.03))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "CCS and the largest variation agree with the truth fully up to loudness 0.5 and hardly more than chance from 1.5 on.",
    "Share of pairs on which each method agrees with the truth, or disagrees throughout, whichever is more: five draws of "
    "400 pairs (dots) and their mean. Half is a guess.",
)  # fmt: skip

# %% claims answer
ccs, first = found["CCS"], found["largest variation of the differences"]
with claims():
    claim("up to a loudness of 0.5 CCS agrees with the truth on more than 0.98 of the pairs, in all five draws", ccs[:2].min() > 0.98)
    claim("from 1.5 on it agrees on less than 0.6, in all five", ccs[3:].max() < 0.6)
    claim("the direction of largest variation gives the same to within 0.03, below 1 and above", (ccs - first)[[0, 1, 3, 4]].abs().max() < 0.03)
measured("probing.ccs", "the louder of the two" if ccs[1].min() > 0.9 and ccs[3].max() < 0.6 else "the truth")

# %% [markdown]
# CCS finds a contrast that turns round with the negation, and of several such contrasts the most prominent one. If that is the truth, it finds the truth. Nothing in its loss knows the word. And a method without any training, the direction along which the pairs' differences vary most, does as well here.

# %% [markdown]
# ## What this does not show
#
# - **Made-up pairs.** Whether truth is the loudest contrast in a language model is a question about that model, and nothing here answers it.
# - **One deal of tokens.** The code lengths come from one deal of files and one order.
# - **No learned subspace.** The syllabus of this subject has one more chapter, directions that are learned so that interchanging along them changes the answer (Geiger et al. 2023), and how these can mislead (Makelov et al. 2023). It is not here yet.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "No probe's expected loss is below H(Y | H)", "evidence": "counted over 32 cases; a hidden layer reaches it", "control": "always one half",
     "where it fails": "finite samples; vectors that are all different"},
    {"claim": "What can be used depends on the family of probes", "evidence": "exclusive or: nothing for linear probes", "control": "a hidden layer", "where it fails": "–"},
    {"claim": "Trained vectors need shorter codes", "evidence": "two properties before layer 2", "control": "before training; control tasks", "where it fails": "one deal, one order"},
    {"claim": "CCS finds the loudest contrast", "evidence": "five draws, five loudnesses", "control": "largest variation; random direction", "where it fails": "made-up pairs"},
    formulas={"conditional entropy": r"-\sum p(h,y)\log_2 p(y\mid h)"},
    links=[
        ("Voita and Titov 2020, Information-theoretic probing with minimum description length", "https://arxiv.org/abs/2003.12298", "Code lengths."),
        ("Xu et al. 2020, A theory of usable information under computational constraints", "https://arxiv.org/abs/2002.10689", "What a family of probes can use."),
        ("Burns et al. 2022, Discovering latent knowledge in language models without supervision", "https://arxiv.org/abs/2212.03827", "CCS."),
    ],
)  # fmt: skip

# %% [markdown] words
# ## Words
#
# - conditional entropy: the uncertainty about a label that is left to one who sees the representation.
# - usable information: by how much the best probe of a family is better for seeing the representation.
# - online code length: the bits it takes to send labels when both sides learn as they are sent.
# - contrast-consistent search: the search for a direction that gives statements and their negations opposite, sure answers.

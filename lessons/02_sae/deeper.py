# %% [markdown]
# # Sparse autoencoders, deeper
#
# What is worth knowing beyond the story of lesson 2.

# %% [markdown] contents
# The core notebook's words are used here without further explanation. The code of every section runs after the setup alone. Section 1 explains the kinds of dictionary that section 2 compares, and the drawing of section 7 shows the crosscoder of section 8; the rest can be read in any order. In the exercise notebook, the exercises marked ◇ use sections 1 and 2.
#
# Sections 1, 3, 5, 8 and 9 show stored results of many small dictionaries of `code-4l` (`models/sae_grid.py`, `models/stored/sae_code.py`). They read the same place as `resid-2`, unless we say otherwise, but each was trained only briefly, on half a million vectors or fewer. So compare them with one another, not with `resid-2`. A range is from the lowest to the highest of three trainings from different starts, unless the caption says otherwise.

# %% setup

# %%
import math
from dataclasses import replace

import torch

from course_utils import plots, sae
from course_utils.page import about, between, caption, claim, claims, measured, predict, rounds_to, table
from course_utils.sae import deeper_diagram, edits, stored
from course_utils.sae.code_view import Panel, shaded_panels
from course_utils.sae.comparison import spread
from course_utils.sae.paired import BOTH, SIDES, second_share
from course_utils.sae.splitting import KEYWORDS

dictionary = sae.load("resid-2")
model = dictionary.model

# %% [markdown]
# ## 1 · Six kinds of dictionary ◇
#
# Which kind of dictionary should one train? The core compares two, ReLU with L1 and TopK. TopK lets us choose how many latents are active, but it allows every vector the same number. ReLU lets the number vary, but makes the activations too small. Three more kinds try to avoid one of these faults or both. Matryoshka nests small dictionaries in a large one, which was meant to help against absorption (section 2). In `course_utils.sae` all six are the same class. They differ in the function between encoder and decoder, or in the loss.

# %% figure
deeper_diagram.six_kinds().captioned("Six functions on the same two vectors of five products (the numbers that the ReLU gets, often called pre-activations). What passes is blue. In the panel of the gated kind a hollow circle marks a closed gate; the product that closes it is not drawn.")

# %% [markdown]
# - **BatchTopK** (Bussmann et al. 2024, [arXiv 2412.06410](https://arxiv.org/abs/2412.06410)): a vector that needs many latents may have them at the expense of one that needs few. After training, a fixed threshold takes the place of the batch.
# - **Matryoshka** (Bussmann et al. 2025, [arXiv 2503.17547](https://arxiv.org/abs/2503.17547)): dictionaries inside a dictionary. Here the first 48, 96 and 192 of 384 latents must each reconstruct on their own, and the losses are added. What is kept is chosen as in BatchTopK.
# - **JumpReLU** (Rajamanoharan et al. 2024, [arXiv 2407.14435](https://arxiv.org/abs/2407.14435)): a learned threshold for each latent. The penalty is on the *number* of active latents and not on their sizes. As a function of the threshold this number is a staircase, so that its gradient is 0 almost everywhere. In the backward pass each step is replaced by a short slope.
# - A **gated** dictionary (Rajamanoharan et al. 2024, [arXiv 2404.16014](https://arxiv.org/abs/2404.16014)): each latent has two products with the vector. One, the gate, decides whether the latent is active, and the other decides how strongly. Only the gate is penalised, so that the activations do not shrink.
#
# Every kind has a smaller error when more latents may be active. So each is trained at three values of its $k$ or its penalty, and error is drawn against L0. This curve is called the **frontier** of a kind; at the same L0, lower is better.

# %% figure
frontier = stored.frontier()
plots.show(
    frontier.plot(),
    "Two panels, error and rise of the loss against L0, six falling curves in each; ReLU with L1 and gated lie highest.",
    f"Error (left) and rise of the model's loss (right) against L0, on held-out modules. Both axes are logarithmic. Lines and large marks are means over three trainings, and the small marks, which lie mostly under them, are the trainings. The lines of BatchTopK and JumpReLU lie nearly on one another. A step of BatchTopK, here with 384 latents, took {frontier.cost[1]:.1f} times as long as one of TopK, one of Matryoshka {frontier.cost[2]:.1f} times.",
)

# %% [markdown]
# At an L0 of 16, read off between trainings, BatchTopK and JumpReLU leave about 25 % of the variance unexplained. TopK leaves between 26 and 27 %, and Matryoshka, whose inner dictionaries must reconstruct, too, between 27 and 28 %. The gated kind leaves about 31 %, and ReLU with L1 nearly half.
#
# So for a small error at a given L0 this figure speaks for BatchTopK or JumpReLU. It is a comparison of short trainings, with one learning rate for all kinds. Longer or better tuned ones might bring the gated kind and ReLU closer. Whether the directions are right is another question: in the core's section 2 a smaller error went with wrong ones.
#
# **Waking the dead.** A latent that is 0 at every vector has the gradient 0, so that training never moves its weights. Two remedies are common. **Resampling** points a dead latent at a vector that is reconstructed badly (Bricken et al. 2023). An **auxiliary loss** lets dead latents try to reconstruct what the living ones leave over (Gao et al. 2024). Our trainer uses the first for ReLU, JumpReLU and gated dictionaries and the second for the others, which is one more difference between them. In every training of the figure fewer than 1 % of the latents are dead.

# %% claims
at = {kind: spread(values) for kind, values in frontier.at(16).items()}
with claims():
    claim("BatchTopK and JumpReLU leave about 25 %, less than TopK in every training", all(at[kind][2] < at["TopK"][1] and between(100 * at[kind][0], 24, 26) for kind in ("BatchTopK", "JumpReLU")))
    claim("TopK leaves between 26 and 27 %, Matryoshka between 27 and 28 %, each training", between(100 * torch.tensor(at["TopK"]), 26, 27) and between(100 * torch.tensor(at["Matryoshka"]), 27, 28))
    claim("gated leaves about 31 %, ReLU with L1 nearly half (45 to 50 %)", rounds_to(100 * at["Gated"][0], "31") and between(at["ReLU with L1"][0], 0.45, 0.5))
    claim("in every training of the figure fewer than 1 % of the latents are dead", frontier.dead.max() < 0.01)
    claim("four kinds lie close together, the other two above them (means)", max(at[kind][0] for kind in ("BatchTopK", "JumpReLU", "TopK", "Matryoshka")) < min(at[kind][0] for kind in ("Gated", "ReLU with L1")))

# %% [markdown]
# ## 2 · Absorption, where it can be counted ◇
#
# A latent with a clean name may have holes that no example shows. Take a broad feature, “closes a bracket” (the *parent*), and a narrow one, “closes a call” (the *child*). Where the child is present, so is the parent. A vector with both can be written with two latents, or with one.

# %% figure
deeper_diagram.absorbed().captioned("A vector with parent and child (the star). Left: two latents, both active. Right: the child's latent has turned from its old place (dashed) towards the sum (blue), and the parent's latent is silent although the parent is there.")

# %% [markdown]
# The second way saves one active latent wherever the child is present, which is what a sparse dictionary is rewarded for. The child's latent has then absorbed the parent. This is **absorption** (Chanin et al. 2024, [arXiv 2409.14507](https://arxiv.org/abs/2409.14507)). Whoever reads the parent's latent believes that it means “closes a bracket”, and misses every bracket that closes a call.
#
# How do we know that another latent stands for the parent? We look at what each latent adds along the parent's direction, and for comparison along a direction that has nothing to do with it:

# %%
W_dec = torch.tensor([[1.0, 0.0],     # the parent's latent
                      [0.6, 0.8],     # the child's, which has turned towards the parent
                      [0.28, -0.96]])  # a latent for something else
f = torch.tensor([0.0, 1.25, 0.7])  # where the child is, and so the parent, and something else


def shares(direction):
    along = (f * (W_dec @ direction)).clamp(min=0)  # (latent,)
    return along / along.sum()


shares(torch.tensor([1.0, 0.0])), shares(torch.tensor([-0.8, -0.6]))

# %% [markdown]
# Along the parent's direction the child's latent supplies four fifths. Along the other direction a single latent supplies everything, though nothing has been absorbed there. Where few latents are active, one of them often supplies most along any direction. So we must ask which latent it is, and how often the same happens along other directions.
#
# On vectors that we made ourselves we know where parents are, and can count. We make ten parents with three children each, in 32 dimensions. A parent is alone as often as with each of its children. Dictionaries of 60 latents are trained.
#
# 1. The latent of a parent or a child is the one with the best F1 for “it is there”, on vectors that are not counted.
# 2. A vector with parent and child is *missed* if the parent's latent is silent.
# 3. A missed vector counts as *absorbed* if the child's latent supplies at least half of what all latents add along the parent's direction.
# 4. One null is the same count along random directions, drawn from a Gaussian with the covariance of the vectors.
# 5. The other null is the share of vectors with the parent alone in which the parent's latent is silent. No child is there that could absorb it.
#
# With $k = 3$, a vector with four features must leave one out. So for every kind we count only in vectors with at most three features; a parent and its child are two.

# %% prediction
predict("sae.absorbed")

# %% figure answer
planted = stored.absorption()
fig, ax = plots.figure(height=3.2)
marks = {"absorbed": ("o", plots.HEAD, "absorbed"), "random": ("^", plots.GREY, "null: along random directions"), "alone": ("x", plots.NULL, "null: silent, and no child there")}
for y in range(len(planted.kinds)):
    for seed in range(stored.FAMILY_SEEDS):
        height, first = y + 0.13 * (seed - 2.5), y == seed == 0
        ends = [float(getattr(planted, key)[y, seed]) for key in marks]
        ax.plot([min(ends), max(ends)], [height] * 2, color=plots.GREY, linewidth=0.8, zorder=0)
        for value, (mark, colour, words) in zip(ends, marks.values(), strict=True):
            ax.plot(value, height, mark, color=colour, markersize=5, fillstyle="none", label=words if first else None)
ax.set(yticks=range(len(planted.kinds)), yticklabels=planted.kinds, xlim=(-0.02, 0.5), ylim=(len(planted.kinds) - 0.5, -0.5), xlabel="share of the vectors")
fig.legend(loc="outside lower center", ncols=3)
active = ", ".join(f"{value:.1f}" for value in planted.l0.mean(1).tolist())
plots.show(fig, "Five rows of six circles, each joined to a triangle and a cross; the circles of TopK with k = 3 and of ReLU lie furthest to the right, far from their nulls.", f"Share of the vectors with a child (for the crosses: with the parent alone), mean over ten parents. Each line is one training, and joins its marks. The six trainings of a kind are on six sets of features, the same and in the same order for every kind. On average so many latents are active, from top to bottom: {active}.")
more, fewer = planted.absorbed[planted.kinds.index("TopK, k = 5")], planted.absorbed[planted.kinds.index("TopK, k = 3")]
measured("sae.absorbed", "less often" if more.max() < fewer.min() else "more often" if more.min() > fewer.max() else "about as often")

# %% [markdown]
# TopK with $k = 3$ absorbs in about a third of the vectors with a child. Along random directions the same latents supply half of the sum in less than half as many, and where the parent is alone its latent is silent in about a tenth. The decoder shows the same: the children's latents have a mean cosine of about 0.6 with their own parent's direction, and of about 0 with those of the other parents.
#
# With $k = 5$ TopK absorbs in about a seventh: where more latents may be active, there is less to be saved. ReLU with L1, at a λ that leaves about as many latents active as $k = 3$, absorbs nearly as often as TopK. BatchTopK with as many active absorbs in about a tenth, so that the number of active latents does not explain everything.
#
# Matryoshka dictionaries were made against absorption. Ours absorbs less than BatchTopK on five of the six sets of features, on average in three vectors of a hundred. That is a favourable case for it, since its inner dictionary has ten latents, just enough for the ten parents.
#
# So absorption happens, with TopK more often where fewer latents may be active. In `code-4l` we have not counted it, because there we know neither the true directions nor which latents belong to children. Chanin et al. take a probe's direction for the true one, and let any other latent supply the half. (They also require that removing this latent has by far the largest effect.) On our vectors and TopK with $k = 3$, some latent supplies half along random directions in about four fifths of the missed vectors. So the half alone would say little about a model, and we know of no null for it that we could trust there.

# %% claims
of = {key: dict(zip(planted.kinds, getattr(planted, key), strict=True)) for key in ("missed", "absorbed", "random", "anyone", "alone", "lean", "others", "l0")}
topk, nested, batch = (of["absorbed"][kind] for kind in ("TopK, k = 3", "Matryoshka", "BatchTopK"))
with claims():
    claim("TopK with k = 3 absorbs in about a third of the vectors (mean of six; 0.3 to 0.4 in each), along random directions in less than half as many, in each", about(topk.mean(), 1 / 3) and between(topk, 0.3, 0.4) and bool((of["random"]["TopK, k = 3"] < topk / 2).all()))
    claim("where the parent is alone its latent is silent in about a tenth (mean; 0.02 to 0.16 in each)", about(of["alone"]["TopK, k = 3"].mean(), 0.1) and between(of["alone"]["TopK, k = 3"], 0.02, 0.16))
    claim("the children's latents have a cosine of about 0.6 with their parent (mean of six), of about 0 with the others (within 0.05 in each)", about(of["lean"]["TopK, k = 3"].mean(), 0.6) and of["others"]["TopK, k = 3"].abs().max() < 0.05)
    claim("with k = 5 TopK absorbs in about a seventh (mean), in each training less than with k = 3 in any", about(of["absorbed"]["TopK, k = 5"].mean(), 1 / 7) and of["absorbed"]["TopK, k = 5"].max() < topk.min())
    claim("ReLU with L1 has about as many active (3 to 3.4) and absorbs nearly as often (means within 0.03)", between(of["l0"]["ReLU with L1"], 3, 3.4) and abs(of["absorbed"]["ReLU with L1"].mean() - topk.mean()) < 0.03)
    claim("BatchTopK with as many active (2.8 to 3) absorbs in about a tenth (mean), in each training less than TopK in any, and more than along random directions", between(of["l0"]["BatchTopK"], 2.8, 3) and about(batch.mean(), 0.1) and batch.max() < topk.min() and bool((batch > of["random"]["BatchTopK"]).all()))
    claim("Matryoshka less than BatchTopK on five of the six sets, on average in three of a hundred", int((nested < batch).sum()) == 5 and rounds_to(100 * nested.mean(), "3"))
    claim("with TopK, k = 3, any latent supplies half along random directions in about four fifths of the missed (each of six)", about(of["anyone"]["TopK, k = 3"] / of["missed"]["TopK, k = 3"], 0.8))

# %% [markdown]
# ## 3 · Splitting, by width
#
# What does a wider dictionary find that a narrow one does not? A narrow dictionary may have one latent for what a wide one divides among several. This is called **feature splitting**. We train dictionaries of 96 to 1 536 latents with $k = 16$, and ask for the F1 of the best latent for a broad label, all keywords, and for its parts, the single keywords.
#
# With $k$ fixed, a latent of a wide dictionary is active more rarely: on average at 16 of 96 tokens in the narrowest and at 16 of 1 536 in the widest. A rare latent cannot be active at all tokens of a common label. So we also train the narrow ones with $k = 4$ and $k = 8$, where, as with 384 latents and $k = 16$, one latent in 24 is active.

# %% prediction
predict("sae.split")

# %% figure answer
splits, at_rate = stored.splits(), stored.splits_at_rate()
random_words = splits.untrained_of("keyword").mean()
plots.show(
    splits.plot({"kind_keyword": "all keywords", "keyword": "one keyword"}, at_rate),
    "F1 of the best latent against width: single keywords rise steeply at first, all keywords together fall at first.",
    f"F1 of the best latent by width. Solid: k = 16, mean and range over three trainings. Dashed: one latent in 24 is active, means over three trainings; at 384 latents this is k = 16 again, trained once more. “One keyword” is the mean over eight keywords, each with a best latent of its own. Crosses: the same for the random model, {splits.control} latents. Latents were chosen on half of the modules, and F1 is from the other half.",
)
all_keywords = splits.of("kind_keyword").mean(1)
measured("sae.split", "it rises" if all_keywords[-1] > all_keywords[0] + 0.03 else "it falls" if all_keywords[-1] < all_keywords[0] - 0.03 else "it stays about the same")

# %% [markdown]
# With $k = 16$ the F1 for all keywords falls from 0.65 to 0.56, and it has fallen by 384 latents. With one latent in 24 active there is no steady fall: 0.58, 0.66, 0.53. So the fall with $k = 16$ may come only from latents being active more rarely.
#
# What holds in both cases is that up to 384 latents single keywords are detected better and better; beyond, with $k = 16$, only a little. This is not because more latents are more tries. The random model's dictionary has 768 tries and reaches 0.08 for single keywords, while the trained model's reaches 0.29 with 96 latents and 0.82 with 768. (A random model can do well at a frequent token, as the core shows for `)`, but these keywords are rare.)
#
# The keyword `for` shows what splitting looks like. With 96 latents and $k = 4$, the best latent for all keywords says yes at more than nine in ten of the `if` and at about nine in ten of the `for`, in each of three trainings, and no latent stands for `for`: the best F1 is about 0.12. With 384 latents and $k = 16$ the best latent for `for` has an F1 between 0.8 and 0.91. So a wider dictionary has room for narrower things. That it gives up the broad ones for them is not shown here.

# %% claims
broad, single = splits.of("kind_keyword").mean(1), splits.of("keyword").mean(1)
fair = at_rate.of("kind_keyword").mean(1)
with claims():
    claim("with k = 16 the F1 for all keywords falls from 0.65 to 0.56, and at 384 latents is no higher than at the end (means)", rounds_to(broad[0], "0.65") and rounds_to(broad[-1], "0.56") and broad[2] <= broad[-1])
    claim("with one latent in 24 active it is 0.58, 0.66 and 0.53 (means over three trainings)", at_rate.widths.tolist() == [96, 192, 384] and [f"{f1:.2f}" for f1 in fair.tolist()] == ["0.58", "0.66", "0.53"])
    claim("single keywords are detected better at each greater width in both cases (means), beyond 384 latents by less than 0.05", bool((single.diff() > 0).all() and (at_rate.of("keyword").mean(1).diff() > 0).all()) and single[-1] - single[2] < 0.05)
    claim("the random model's 768 latents reach 0.08 for single keywords, the trained model's 96 reach 0.29 and its 768 reach 0.82", rounds_to(splits.untrained_of("keyword").mean(), "0.08") and rounds_to(single[0], "0.29") and rounds_to(single[splits.widths.tolist().index(768)], "0.82"))
    says = dict(zip(KEYWORDS, at_rate.broad[0].T, strict=True))
    claim("with 96 latents, k = 4, the latent for all keywords says yes at more than nine in ten of the if and about nine in ten of the for (each training)", says["if"].min() > 0.9 and about(says["for"], 0.9))
    alone = at_rate.of("keyword: for")
    claim("the best F1 for the keyword for is about 0.12 with 96 latents, and 0.8 to 0.91 with 384 (each training)", about(alone[0], 0.12) and between(alone[2], 0.8, 0.91))

# %% [markdown]
# ## 4 · All labels, and stronger rivals
#
# The core follows four latents. At how many of 21 labels does the best latent tell more than simpler readers? On half of the held-out modules we choose the best latent for each label and its threshold; F1 is from the other half. Two rivals are chosen in the same way. The first is the best neuron, out of 3 072 in the MLPs of all four blocks, whether its high or its low values go with the label. The second is the best latent of the random model's dictionary. The third is a **token list**, which says yes at certain tokens and at no others. It holds the tokens that give the best F1 on 3 000 contexts of training text, which is as much text as the dictionary has read.

# %% figure
scores, lists, rivals = stored.label_scores(), stored.token_lists(), stored.pair_lists()
at = {name: i for i, name in enumerate(scores.labels)}
seven = [name for name in scores.labels if scores.low[3, at[name]] > lists[name][2]]
seven.sort(key=lambda name: lists[name][0] - scores.f1[3, at[name]])
rest = sorted((name for name in scores.labels if name not in seven), key=lambda name: lists[name][0] - scores.f1[3, at[name]])
sae.label_rows(scores, lists, [*seven, *rest]).captioned("F1 for all 21 labels, with an example of each; green marks the tokens that have the label. A name is bound where it gets its value, and read where that is used. Bold: the latent's whole interval lies above that of the token list. These labels come first; in each part the order is that of the latent's lead over the list. The random model's dictionary has 1 536 latents, too, but was trained more briefly. A vertical stroke is the F1 of saying yes at every token. Bars are 95\u00a0% intervals (modules resampled).")

# %% [markdown]
# At seven of the 21 labels the latent's whole interval lies above that of the list. No neuron has the higher F1 at these seven, and at four of them the neuron's whole interval lies below the latent's. At the other fourteen labels latents are not special: at six of them the best neuron's whole interval lies above the best latent's.
#
# At names the best of 1 536 latents does worse than saying yes at every token: 0.37 against 0.45. It is not too rare to do better. It is active at 18 % of the tokens, and if all of these were names, its F1 would be 0.76.

# %% claims
latent_f1 = scores.of("latent")
on = (dictionary.encode(stored.held_out().tokens)[:, 1:] > 0).float().mean((0, 1))  # how often each latent is active
base, often = scores.base[at["kind_name"]], on[scores.latent[at["kind_name"]]]
every = float(2 * base / (1 + base))  # F1 of saying yes at every token
with claims():
    claim("at seven of 21 labels the latent's interval lies above the list's", len(scores.labels) == 21 and len(seven) == 7)
    claim("there no neuron has the higher F1, and at four the neuron's interval lies below", all(scores.of("neuron")[name] < latent_f1[name] for name in seven) and len(set(scores.apart("latent", "neuron")) & set(seven)) == 4)
    claim("at six of the other fourteen the neuron's interval lies above the latent's", len(scores.apart("neuron", "latent")) == 6 and not set(scores.apart("neuron", "latent")) & set(seven))
    claim("at names the latent has 0.37 (its whole interval below) and every token 0.45", rounds_to(latent_f1["kind_name"], "0.37") and rounds_to(every, "0.45") and scores.high[3, at["kind_name"]] < every)
    claim("the latent for names is active at 18 % of the tokens, and with precision 1 F1 would be 0.76", rounds_to(100 * often, "18") and rounds_to(2 * often / (often + base), "0.76"))

# %% [markdown]
# ### Lists that see the tokens before
#
# Do the seven latents say something about code that the tokens just before do not? A name after `def` seems to need only the token before. But names are often cut into several tokens, and only the first of these follows `def`. So we need lists that look further back. The first sees only the *token before*. The second sees *pairs*, the token and the one before. The third has a list for each of the *last three* places, and says yes if at any of them there is a token of its list.

# %% figure
marks = {"token before": ("v", plots.SERIES[2], -0.24, "list of tokens before"), "pair": ("^", plots.SERIES[0], -0.08, "list of pairs"),
         "last three": ("D", plots.SERIES[5], 0.08, "lists of the last three tokens"), "latent": ("o", plots.HEAD, 0.24, "latent")}
fig, ax = plots.figure(height=3.8)
for y, name in enumerate(seven):
    rows = rivals[name] | {"latent": tuple(float(end[3, at[name]]) for end in (scores.f1, scores.low, scores.high))}
    for key, (mark, colour, lift, words) in marks.items():
        value, low, high = rows[key]
        ax.errorbar(value, y - lift, xerr=[[value - low], [high - value]], fmt=mark, color=colour, markersize=6, elinewidth=1.2, label=None if y else words)
ax.set(yticks=range(7), yticklabels=[sae.WORDS[name] for name in seven], xlim=(0, 1), ylim=(6.5, -0.5), xlabel="F1 on the modules held out")
fig.legend(loc="outside upper center", ncols=2)
plots.show(fig, "Seven rows; at names after def and after class the lists of the last three tokens lie to the right of the latent, in comments and in brackets the latent lies far to the right of all lists.", "The seven labels: the best latent beside lists that see tokens before. The lists were made from 3 000 contexts of training text, the latent was chosen on half of the held-out modules, and F1 is from the other half; 95 % intervals (modules resampled).")

# %% [markdown]
# At names after `def` and after `class`, the lists of the last three tokens have the higher F1, and the intervals lie apart. There a latent need tell no more than that `def` or `class` was one of the last tokens. Inside comments and brackets the latent's interval lies above those of all three lists. That is to be expected, since the sign that opens them may be far away. At the other three labels the latent has the highest F1, but its interval overlaps that of a list. So only two of the 21 latents clearly tell more than lists of near tokens do. (Lists can fail for want of text as well as of reach: they know no name that they have not seen.)
#
# A random model's dictionary does not come near the latents at these seven labels. In the figure of all labels its F1 there is at most 0.12, and at most 0.15 on average where both dictionaries have 768 latents and the same recipe. At brackets it comes close, since there the token alone is nearly enough.

# %% claims
even = stored.splits().beside_untrained(scores.labels)
seen = {name: [end[1:] for end in rivals[name].values()] for name in seven}  # the lists' intervals
above = [name for name in seven if scores.low[3, at[name]] > max(high for _, high in seen[name])]
below = [name for name in seven if scores.high[3, at[name]] < rivals[name]["last three"][1]]
between_them = [name for name in seven if name not in above + below]
random_f1 = scores.of("untrained")
with claims():
    claim("at names after def and after class the interval of the last three tokens lies above the latent's", sorted(below) == ["class_name", "function_name"])
    claim("in comments and brackets the latent's interval lies above those of all three lists", sorted(above) == ["in_brackets", "in_comment"])
    claim("at the other three the latent has the highest F1, and its interval overlaps a list's", len(between_them) == 3 and all(latent > max(value for value, _, _ in rivals[name].values()) for name in between_them for latent in [float(scores.f1[3, at[name]])]))
    claim("at the seven labels the random model's dictionary has at most 0.12, and with 768 latents and one recipe at most 0.15 (means), always less than the trained model's", max(random_f1[name] for name in seven) <= 0.12 and all(even[name]["null: random model"][0] <= 0.15 and even[name]["null: random model"][0] < even[name]["trained"][0] for name in seven))
    claim("at brackets, opening and closing, its F1 is within 0.1 of the latent's", all(abs(random_f1[name] - float(scores.f1[3, at[name]])) < 0.1 for name in ("opens", "closes")))

# %% [markdown]
# ## 5 · Do two trainings find the same dictionary?
#
# If the latents were *the* features of the model, another training should find them again. Take two trainings that differ in their start and in the order of the vectors, and match their latents one to one. Paulo and Belrose 2025 ([arXiv 2501.16615](https://arxiv.org/abs/2501.16615)) call a latent shared if its partner has a cosine above 0.7 in the encoder and in the decoder. We require this of the decoder only, an easier test. As a null we draw as many random directions, from a Gaussian with the covariance of the data.
#
# The core has told what comes out for `code-4l`: a twentieth of the latents is shared after short trainings, and a third after longer ones. Is that much or little? As a positive control, we let two dictionaries of 96 latents look for the 64 known features of the core's section 2. Each sees fewer vectors than those of `code-4l`.

# %% prediction
predict("sae.shared")

# %% figure answer
shared, longer, known = stored.shared(), stored.shared_longer()["decoder"][1], stored.shared_known()["decoder"]
fig, ax = plots.figure(height=2.8)
for values, colour, words in ((shared.decoder, plots.HEAD, "code-4l, short trainings"), (shared.null, plots.NULL, "null: random directions")):
    plots.band(ax, shared.widths, 100 * values.T, colour=colour, label=words)
ax.plot([stored.LONGER_WIDTH] * 3, 100 * longer, "o", color=plots.HEAD, fillstyle="none", label="code-4l, four times as long")
ax.axhline(100 * known.mean(), color=plots.SERIES[2], linestyle="--", label="64 known features, 96 latents")
ax.set(xscale="log", xlabel="latents", ylabel="shared latents, %", ylim=(-2, 80))
ax.set_xticks(shared.widths.tolist(), [str(w) for w in shared.widths.tolist()])
ax.set_xticks([], minor=True)
fig.legend(loc="outside lower center", ncols=2)
plots.show(fig, "A low line for short trainings, just above the null; circles for longer trainings far above it, and a dashed line above those.", f"Share of the latents of a dictionary that another training has, too. Lines: mean and range over three pairs of trainings. Circles: three pairs of {stored.LONGER_WIDTH} latents, trained four times as long. Dashed: on known features, mean over three sets of them.")
measured("sae.shared", round(known.mean().item(), 3))

# %% [markdown]
# The two dictionaries of known features share about two thirds of their 96 latents, which is as many as there are features. In `code-4l` about one latent in twenty is shared after short trainings, at every width. After four times as many steps, two dictionaries of 192 latents share a third of them, nearly seven times as many.
#
# So two trainings can agree, and the best that we saw in `code-4l` is a third. We did not go on until the share stops rising, and cannot say how far finished trainings would agree. Until one can, it is safer to speak of *a* dictionary of the model than of *its* features.

# %% claims
with claims():
    claim("by the decoder alone it is about one in twenty (3 to 10 %, every width and pair), and more than the null everywhere", between(shared.decoder.min(), 0.03, 0.1) and between(shared.decoder.max(), 0.03, 0.1) and bool((shared.decoder > shared.null).all()))
    again, longer = stored.shared_known(), stored.shared_longer()
    claim("in the control a dictionary sees fewer vectors than in code-4l (500 steps of 1 024)", stored.RECIPE.steps * stored.RECIPE.batch < 500 * 1024)
    claim("on the 64 known features both of two trainings find at least nine in ten, and share about two thirds of the 96 latents, on each of three sets; the null shares at most one latent", again["found"].min() > 0.9 and about(again["decoder"], 2 / 3) and again["null"].max() * 96 < 1.5)
    claim("of 192 latents, after four times as many steps, about a third is shared, by each pair, nearly seven times as many as before (6.5 to 7, means)", about(longer["decoder"][1], 1 / 3) and between(longer["decoder"][1].mean() / longer["decoder"][0].mean(), 6.5, 7) and longer["null"][1].max() < 0.01)

# %% [markdown]
# ## 6 · An edit and what else it changes
#
# Whoever wants to use a latent, to remove a bad habit of a model for example, must know what else the edit does. Does a stronger edit only have more effect, or also more side effects? We take two latents of the core, 378 (the token `)`) and 9 (a parenthesis is open), and three kinds of edit:
#
# 1. The core's ablation sets a latent to 0 where it is active. One says that the latent is **clamped** to 0.
# 2. One can clamp it there to a negative value, such as $-4$ times its mean activation.
# 3. One can **project out** its direction, that is, remove everything along it from every vector.
#
# The *effect* of an edit is how far the loss rises where the latent is active. To clamp to 0 or to project out takes away what the model used there. A clamp below 0 does more: it pushes the vector to where the model never has it, so that its rise measures damage, not use. The *side effect* of an edit is how far the loss rises elsewhere. Even a clamp can have one, because attention carries what was changed to later tokens.
#
# There are two nulls, each with twenty other latents that are active about as often. In the first, at the tokens where our latent is active, the vector is moved along the other latent's direction as far as the lowest clamp moves it along ours. In the second, the other direction is projected out at every token.

# %% figure
made = stored.edits()
plots.show(
    made.plot({378: "the token )", 9: "a parenthesis is open"}),
    "Two panels, effect against side effect: clamps rise steeply and move to the right, each lowest clamp above all twenty other latents.",
    f"Effect (up) and side effect (right) of each edit, on {made.contexts} contexts of {made.modules} held-out modules, with 95\u00a0% intervals (modules resampled). The best edit is far up and far left. The scales of the two panels differ. Small squares and crosses are single other latents, edited at the same tokens or, where they are projected out, everywhere.",
)

# %% [markdown]
# To clamp to 0 costs 0.6 nats where latent 378 is active, 0.4 where latent 9 is, and about 0.002 elsewhere. Stronger clamps cost more in both places. At −4 times the mean the loss rises by 9.6 nats where 378 is active, more than the 7.6 nats of a guess that treats all 2 048 tokens alike. This is damage, and a push as long along one of the others does up to seven nats of it. So a strong clamp makes a large effect, and says little about what a latent is for. To learn that, clamp to 0.
#
# To project out is no way around side effects. For 378 it has somewhat more effect than to clamp to 0, for 9 no more, and for both the side effect is more than six times as large.

# %% claims
zero, far, out = ({i: made.of(i, edit) for i in (378, 9)} for edit in (0, edits.LOWEST, edits.PROJECTED))
with claims():
    claim("clamped to 0: 0.6 nats where 378 is active, 0.4 where 9 is, and about 0.002 (0.001 to 0.002) elsewhere (means)", rounds_to(zero[378][0][0], "0.6") and rounds_to(zero[9][0][0], "0.4") and all(between(zero[i][1][0], 0.001, 0.002) for i in (378, 9)))
    claim("each stronger clamp costs more where the latent is active than the one before, and each of them more elsewhere than the clamp to 0", all(made.of(i, step)[0][0] < made.of(i, step + 1)[0][0] and made.of(i, step + 1)[1][0] > 4 * zero[i][1][0] for i in (378, 9) for step in range(3)))
    claim("at −4 the loss rises by 9.6 nats where 378 is active, its whole interval above the 7.6 nats of a guess among 2 048 tokens", rounds_to(far[378][0][0], "9.6") and model.cfg.d_vocab == 2048 and rounds_to(math.log(2048), "7.6") and far[378][0][1] > math.log(2048))
    claim("as long a push along one of twenty others costs up to seven nats (6.5 to 7.5) at the places of 378", len(made.others(378, edits.LOWEST)[0]) == 20 and between(made.others(378, edits.LOWEST)[0].max(), 6.5, 7.5))
    claim("each lowest clamp has a larger effect than any of the twenty, its whole interval above them", all(far[i][0][1] > made.others(i, edits.LOWEST)[0].max() for i in (378, 9)))
    claim("projected out: for 378 more effect than clamping to 0 (by less than 0.3), for 9 no more; side effects more than six times as large", 0 < out[378][0][0] - zero[378][0][0] < 0.3 and out[9][0][0] <= zero[9][0][0] and all(out[i][1][0] > 6 * zero[i][1][0] for i in (378, 9)))

# %% [markdown]
# ## 7 · Transcoders
#
# A dictionary of the stream says what is there, and not how it came about. Can latents say what an MLP *does*? For this there is a relative of the autoencoder, the transcoder. A second relative, the crosscoder, compares layers (section 8). They differ from the autoencoder in what they read and in what they must predict.

# %% figure
deeper_diagram.three_coders().captioned("Three kinds of dictionary. Each has a layer of latents f, of which few are active at a time.")

# %% [markdown]
# A **transcoder** (Dunefsky et al. 2024, [arXiv 2406.11944](https://arxiv.org/abs/2406.11944)) has the form of a sparse autoencoder and another target. It reads what an MLP reads and predicts what the MLP *writes*. A latent of it is a step of computation: “when this direction is in the input, add that direction to the output”.
#
# We begin with features that we made, because then we know what should come out. There are 64. All of them are in the input, each along a direction of its own. Thirty-two of them are also written to the output, along other directions. An autoencoder of the input has reason to find all 64. A transcoder needs only the 32 that are written: each must be read along its input direction and written along its output direction. To see what chance gives, we shuffle the vectors, so that features and latents no longer belong together, and score again.

# %%
def best_f1(truth, coder, mixed=False):
    """For each feature, the F1 with which the best latent detects that it is active."""
    rng = torch.Generator().manual_seed(9)
    x, _, strength = truth.sample(4000, rng)
    on, there = (coder.encode(x) > 0).float(), (strength > 0).float()
    if mixed:
        there = there[torch.randperm(len(there), generator=rng)]
    return (2 * there.T @ on / (there.sum(0)[:, None] + on.sum(0)).clamp(min=1)).amax(1)

# %%
transcoder = sae.Config(d_in=32, d_out=32, n_latents=64, k=2)
autoencoder = sae.Config(d_in=32, n_latents=96, k=3)
made = dict(both=32, first=32, second=0, d=32, probability=0.04)  # both: read and written; first: only read
truths = [sae.PairedTruth.draw(**made, seed=seed) for seed in range(2)]
coders = {"transcoder": [], "autoencoder of the input": []}
for seed, truth in enumerate(truths):
    run = replace(stored.RECIPE, seed=seed)
    x, _, _ = truth.sample(60_000, torch.Generator().manual_seed(3))
    one = sae.train(transcoder, truth, run, device="cpu", show=False).sae
    other = sae.train(autoencoder, sae.Rows(x), run, device="cpu", show=False).sae
    coders["transcoder"].append(one)
    coders["autoencoder of the input"].append(other)

# %% figure
found = {}
used = truths[0].side == BOTH  # the same in both truths
for name, kind, mixed in (("transcoder", "transcoder", False), ("null: at other vectors", "transcoder", True),
                          ("autoencoder of the input", "autoencoder of the input", False)):  # fmt: skip
    detected = torch.stack([best_f1(truth, coder, mixed) for truth, coder in zip(truths, coders[kind], strict=True)])
    found[name] = {"written": detected[:, used].mean(1), "only read": detected[:, ~used].mean(1)}
rows = {name: {which: spread(values.tolist()) for which, values in row.items()}
        for name, row in found.items()}  # fmt: skip
table(rows, decimals=2, interval="range over 2 sets",
      caption="F1 with which the best latent detects a feature, mean over 32 features each: those that are written to the output, and those that are only read. Two sets of features, one training each. The null is that of the transcoder.")

# %% [markdown]
# The transcoder detects the features that are written, and hardly those that are only read: for these its F1 is 0.15, where chance gives 0.08. The autoencoder shows that they can be found. (It has 96 latents and $k = 3$, the transcoder 64 and 2, so do not compare the two on the features that are written.) The transcoder also knows what a feature is turned into: for at least three quarters of the written features a latent's decoder row has a cosine above 0.9 with the direction in the output.
#
# Now the code model. `mlp-1-transcoder` comes with the course. It reads what the MLP of the second block of `code-4l` reads (MLP 2 in the core's figures, since `mlp-1` counts from 0) and predicts what it writes, with 1 536 latents, at most 16 at a time. How good is it? We put its prediction in the place of what the MLP writes. Beside it we put that of the best *linear map* from the MLP's input to its output, found by least squares on the 48 other contexts.

# %%
def with_one(x):
    return torch.nn.functional.pad(x, (0, 1), value=1.0)  # (row, d + 1)


coder, text = sae.load("mlp-1-transcoder"), stored.held_out().tokens
tokens, module = sae.held_out_contexts(model, limit=16)
x, y = coder.activations(tokens)
among = (text[:, None] == tokens).all(-1).any(1)  # which of the 64 contexts are among the 16
others_x, others_y = coder.activations(text[~among])
linear = torch.linalg.lstsq(with_one(others_x), others_y).solution  # (d + 1, d)

# %%
written = {"transcoder": coder.sae(x), "linear map": with_one(x) @ linear, "mean": y.mean(0).expand_as(y)}
site, measures = sae.Site(model, coder.target), {}
clean = site.losses(tokens).mean()
for name, put in written.items():
    loss = site.losses(tokens, lambda there, put=put: put.view_as(there)).mean()
    measures[name] = {"unexplained, %": float(100 * sae.fvu(y, put)),
                      "rise of the loss, nats": float(loss - clean)}
table(measures, decimals={"unexplained, %": 0, "rise of the loss, nats": 2})

# %% caption
caption(f"Three things in the place of what the MLP writes, on {len(tokens)} contexts of held-out modules: what they leave unexplained of it, and by how much the loss of `code‑4l` rises. As it is, the loss is {clean:.2f} nats.")

# %% [markdown]
# The transcoder leaves about 30 % of the variance of the MLP's output unexplained, the linear map about two thirds. With the transcoder the loss rises by 0.03 nats, with the linear map by 0.10, and with the mean, which says nothing about the token, by about 0.2.
#
# What does a latent of it look like? We chose one whose condition and effect can be read. On the left it is drawn on a program, and on the right are the tokens that its decoder row raises most.

# %% figure
step = 1334
program = "def area(width, height):\n    return width * height\n\n\nclass Box:\n    def name(self):\n        if self.size:\n            return 1\n"
read, spelled = coder.read(program)
active = coder.encode(read)[0][:, step]
gain = model.ln_final.weight if getattr(model.ln_final, "weight", None) is not None else 1.0
raised = (coder.sae.W_dec[step] * gain) @ model.W_U
raised = (raised - raised.mean()).detach()
best = raised.topk(5)
fig = shaded_panels([Panel(f"latent {step} of the transcoder", spelled, active)])
ax = fig.add_axes((0.66, 0.2, 0.3, 0.68))
ax.barh(range(5), best.values, color=plots.HEAD)
ax.set(yticks=range(5), yticklabels=[model.tokenizer.decode([i]) for i in best.indices.tolist()], ylim=(4.6, -0.6), xlabel="logit, per unit of activation")
plots.show(fig, "A program in which the line breaks after the heads of a function and of a class are shaded most; beside it bars for the tokens that the latent raises.", "One latent of the transcoder: where it is active (left), and the five tokens whose logit its decoder row raises most through the unembedding (right).")

# %% [markdown]
# The latent is active at the line break, with its indentation, after the first line of a function or of a class, and more weakly after an `if` line. It raises triple quotes and `...`, with which the body of a function or class often begins. Does the model use this? At 24 places of held-out modules at which it is more active than in half of its places, we subtract the latent's part from what the MLP writes. The probability of triple quotes falls at each of them, on average from 0.23 to 0.20. Of pushes as long along twenty other latents, none lowers the average by more than 0.02.
#
# So this transcoder predicts the MLP better than a linear map does, and this latent is a small part of why the model expects a docstring where one may begin.

# %% claims
steps = coder.encode(tokens)
places = (steps[..., step] > steps[..., step][steps[..., step] > 0].median()).nonzero()
places = places[torch.randperm(len(places), generator=torch.Generator().manual_seed(0))[:24]].tolist()
triple = [i for i in range(model.cfg.d_vocab) if model.tokenizer.decode([i]).strip() in ('"""', "'''")]
others = sae.matched_latents((steps[:, 1:] > 0).float().mean((0, 1)), step, 20)
length = coder.sae.W_dec[step].norm()
rows = torch.cat([torch.zeros(1, 192), coder.sae.W_dec[[step]], length * torch.nn.functional.normalize(coder.sae.W_dec[others])])


def without(context, place):
    """The probability of triple quotes after `place`: as it is, without the latent's part, and pushed along others."""
    def edit(written, hook):
        written[:, place] -= steps[context, place, step] * rows
        return written
    text = tokens[context, : place + 1].expand(len(rows), -1)
    return model.run_with_hooks(text, fwd_hooks=[(coder.target, edit)])[:, -1].softmax(-1)[:, triple].sum(1).detach()


quoted = torch.stack([without(*where) for where in places])  # (place, edit)
before = {i: "".join(spelled[:i]).split("\n")[-1].split()[0] for i in active.nonzero()[:, 0].tolist() if spelled[i].startswith("\n")}
strongest = {word: max(float(active[i]) for i in before if before[i] == word) for word in ("def", "class", "if")}
with claims():
    own, chance, other = (found[name] for name in ("transcoder", "null: at other vectors", "autoencoder of the input"))
    claim("written features are detected (0.6 and more on both sets), those only read hardly: 0.15, where chance gives 0.08 and the autoencoder more than 0.7", own["written"].min() > 0.6 and rounds_to(own["only read"].mean(), "0.15") and rounds_to(chance["only read"].mean(), "0.08") and other["only read"].min() > 0.7)
    claim("it leaves about 30 % of the variance unexplained, the linear map about two thirds", about(measures["transcoder"]["unexplained, %"], 30) and about(measures["linear map"]["unexplained, %"], 100 * 2 / 3))
    rise = {name: row["rise of the loss, nats"] for name, row in measures.items()}
    claim("the loss rises by 0.03 nats with the transcoder, by 0.10 with the linear map, by about 0.2 with the mean", rounds_to(rise["transcoder"], "0.03") and rounds_to(rise["linear map"], "0.10") and about(rise["mean"], 0.2))
    claim("the latent is active after the first lines of a function and of a class, and less than two thirds as much after that of an if", min(strongest["def"], strongest["class"]) * 2 / 3 > strongest["if"] > 0)
    claim("it raises triple quotes and ... most", [model.tokenizer.decode([i]) for i in best.indices[:3].tolist()] == ['"""', "...", "'''"])
    claim("without its part triple quotes fall at each of 24 places, on average from 0.23 to 0.20; along none of twenty others by more than 0.02", len(quoted) == 24 and bool((quoted[:, 1] < quoted[:, 0]).all()) and [f"{share:.2f}" for share in quoted[:, :2].mean(0).tolist()] == ["0.23", "0.20"] and len(others) == 20 and (quoted[:, :1] - quoted[:, 2:]).mean(0).max() < 0.02)
    met = [truth.match(each.W_dec).cosine[truth.side == BOTH] for truth, each in zip(truths, coders["transcoder"], strict=True)]
    claim("for at least three quarters of the written features a decoder row has a cosine above 0.9 with the output's direction, on both truths", all((cosine > 0.9).float().mean() >= 0.75 for cosine in met))

# %% [markdown]
# ## 8 · Crosscoders
#
# If each of two layers has a dictionary of its own, we do not know which latent of one belongs to which of the other. A **crosscoder** (Lindsey et al. 2024, [Sparse Crosscoders](https://transformer-circuits.pub/2024/crosscoders/index.html)) reads and writes several activations with one set of latents: two layers, or two models. Each latent has a direction in each of them, here $d_1$ and $d_2$. The share of the second in the two lengths says where the latent belongs:
#
# $$\text{second share} = \frac{\|d_2\|}{\|d_1\| + \|d_2\|} .$$
#
# Again we begin with features that we made, 72 of them: a third in both activations, a third only in the first, a third only in the second. The second share should then be one half, 0 and 1.

# %%
parts, recovered = {side: [] for side in SIDES}, []
for seed in range(2):
    truth = sae.PairedTruth.draw(24, 24, 24, d=32, probability=0.03, seed=seed)
    truth = truth.laid_beside()
    shape = sae.Config(d_in=64, n_latents=108, k=2, sources=2)
    run = replace(stored.RECIPE, seed=seed)
    crossed = sae.train(shape, truth, run, device="cpu", show=False).sae
    pairs = truth.match(crossed.W_dec)
    recovered.append(pairs.found())
    part = second_share(crossed.source_norms())[pairs.latent]
    for i, side in enumerate(SIDES):
        parts[side] += part[truth.side == i].tolist()
table({side: {"second share": spread(parts[side])} for side in parts},
      decimals=2, corner="feature in", interval="lowest, highest")

# %% caption
caption("The second share of each matched latent: mean, lowest and highest of 48 features. Latents are matched by both directions, laid beside one another. Two sets of features, one training each.")

# %% claims
with claims():
    claim("every feature is found (cosine above 0.9), on both truths", min(recovered) == 1)
    claim("features in both sources have a second share within 0.02 of one half; those in one have less than 0.1 in the other, each of the 48", all(abs(p - 0.5) < 0.02 for p in parts["both"]) and max(parts["first only"]) < 0.1 and min(parts["second only"]) > 0.9)

# %% [markdown]
# The crosscoder finds all 72 and shows where each belongs.
#
# Do two layers of a model have latents of their own? We take two layers of `code-4l`: the residual stream before the second block and before the fourth, each scaled to the same mean square (384 latents, $k = 16$, three trainings). As a null, we pair each token's earlier vector with the later vector of another token, with which it has nothing to do.

# %% figure
layers = stored.crossed()
plots.show(
    layers.plot(),
    "A histogram of the later layer's share: nearly all of the crosscoder's latents lie around one half, those of the null everywhere.",
    f"The later layer's share of each latent's two decoder lengths; the {layers.share.numel():,} latents of three trainings together. From 0.3 to 0.7 a latent counts as being in both layers.".replace(",", "\u202f", 1),
)

# %%
def in_both(share, kept):
    """The median cosine of a latent's two directions, of those in both layers; one for each training."""
    return [float(k[(s > 0.3) & (s < 0.7)].median()) for s, k in zip(share, kept, strict=True)]


some = stored.held_out().tokens[::3]
sides = [sae.Site(model, f"blocks.{layer}.hook_resid_pre").activations(some)[:, 1:].flatten(0, 1)
         for layer in (1, 3)]
alike = torch.cosine_similarity(*(side - side.mean(0) for side in sides), dim=1)
cosines = {"a latent's two directions": spread(in_both(layers.share, layers.kept)),
           "the same in the null": spread(in_both(layers.null_share, layers.null_kept)),
           "a token's two vectors": float(alike.median())}
table({name: {"median cosine": value} for name, value in cosines.items()}, decimals=2,
      corner="earlier and later", interval="range over 3 trainings")

# %% caption
caption("How alike an earlier and a later direction are: for latents in both layers, and for the two vectors of a token, each after subtracting the mean of its layer.")

# %% [markdown]
# About 98 % of the latents are in both layers. A share near one half does not prove that the two directions stand for one feature. In the null they cannot, and still more than a quarter of the latents lie between 0.3 and 0.7. What differs is the cosine of the two directions: it is about 0 in the null, and 0.85 in the crosscoder of the model, a little more than for the two vectors of a token.
#
# So most of these latents say little more than the stream itself does, which differs little before and after the two blocks. Only two in a hundred are mostly in the later layer. It does not follow that the blocks add little. What they add to a vector can belong to a latent that is in both, and with 16 of 384 latents active, rare things may have been left out.

# %% claims
with claims():
    both, null_both = (layers.rows()[name]["both, %"] for name in ("the same token", "null: another token's"))
    claim("about 98 % of the latents are in both layers (97.5 to 99, each training), two in a hundred mostly in the later (1 to 2.5); in the null more than a quarter are in both, in each", between(both, 97.5, 99) and between(layers.rows()["the same token"]["mostly later, %"], 1, 2.5) and null_both[1] > 25)
    claim("the median cosine of such a latent's two directions is 0.85 (0.84 to 0.86, each training), in the null about 0 (at most 0.02)", between(cosines["a latent's two directions"], 0.84, 0.86) and between(cosines["the same in the null"], 0, 0.02))
    claim("a little more than for the two vectors of a token (0.05 to 0.15 more)", between(cosines["a latent's two directions"][0] - cosines["a token's two vectors"], 0.05, 0.15))

# %% [markdown]
# ## 9 · Width, order and scale
#
# Three questions come up when a dictionary is to be larger: how much does width help, does the order of the vectors matter, and what must be kept in memory?

# %% figure
scaling = stored.scaling()
(height, exponent), (first, slope) = scaling.fit(), scaling.fit(torch.arange(5) < 4)
fig, ax = plots.figure(height=2.8)
ax.plot(scaling.widths, 100 * scaling.unexplained, "o", color=plots.HEAD, fillstyle="none")
ax.plot(scaling.widths, 100 * height * scaling.widths**-exponent, "-", color=plots.GREY, label="a power law, fitted to all five widths")
ax.plot(scaling.widths, 100 * first * scaling.widths**-slope, ":", color=plots.NULL, label="fitted to the first four")
ax.set(xscale="log", yscale="log", xlabel="latents", ylabel="variance unexplained, %")
ax.set_xticks(scaling.widths.tolist(), [f"{w:.0f}" for w in scaling.widths.tolist()])
ax.set_yticks([20, 25, 30, 40], ["20", "25", "30", "40"])
ax.set_xticks([], minor=True), ax.set_yticks([], minor=True)
ax.legend(loc="upper right")
plots.show(fig, "Circles fall with width, more slowly at each step, so that the last ones lie above both straight lines.", f"TopK dictionaries of five widths, k = 16, all trained on the same vectors; a circle is one of {scaling.unexplained.shape[1]} trainings. On these logarithmic axes a power law is a straight line.")

# %% [markdown]
# **Width.** Larger dictionaries reconstruct better. Gao et al. 2024 ([arXiv 2406.04093](https://arxiv.org/abs/2406.04093)) fit power laws to the error over widths of several orders of magnitude, for dictionaries trained to convergence. Fitted to our five widths, a power law has the exponent 0.21. But the points do not lie on a straight line: between neighbouring widths the exponent falls from 0.25 to 0.16, and a law fitted to the first four promises too small an error for the fifth. So no single power law fits. All widths saw equally many vectors, so that the widest is the least trained, which may be the reason.
#
# **Order.** Neighbours in a text are alike, so that a batch in the order of the text comes from a few contexts of one file. A dictionary of 384 latents with $k = 16$ then leaves about 30 % of the variance unexplained, and about 26 % if the same vectors are shuffled, in each of three trainings. Here shuffling helps.
#
# **Scale.** For each weight of a dictionary, training keeps four numbers: the weight, its gradient and Adam's two running averages, 16 bytes in single precision. With 131 072 latents in 4 096 dimensions, encoder and decoder have 2 · 131 072 · 4 096 weights, about 1.07 billion, and training keeps 17 GB. A billion vectors of this size take 8 200 GB in half precision. So the vectors are usually not stored: the model computes them as the training needs them, and they are mixed in a buffer.

# %% claims
(mixed, ordered), local = stored.shuffled().unexplained, scaling.local
each = [replace(scaling, unexplained=scaling.unexplained[:, [k]]).fit()[1] for k in range(3)]  # by training


def in_training(d, latents):
    """GB of numbers that a training keeps."""
    return 16 * 2 * latents * d / 1e9


def stored_vectors(d, vectors):
    """GB of vectors in half precision, two bytes a number."""
    return 2 * d * vectors / 1e9


with claims():
    claim("in order the error is higher on every seed than in any training on mixed vectors: about 30 % against about 26 %", ordered.min() > mixed.max() and about(100 * ordered, 30) and about(100 * mixed, 26))
    claim("larger dictionaries reconstruct better (means), and the exponent between neighbouring widths falls at every step", local == sorted(local, reverse=True) and bool((scaling.unexplained.mean(1).diff() < 0).all()))
    claim("a power law has the exponent 0.21, which differs by less than 0.005 between trainings; between neighbouring widths it goes from 0.25 to 0.16", rounds_to(exponent, "0.21") and max(each) - min(each) < 0.005 and rounds_to(local[0], "0.25") and rounds_to(local[-1], "0.16"))
    claim("the law fitted to the first four widths predicts a lower error for the fifth than each of the three that were measured", first * 1536**-slope < scaling.unexplained[-1].min())
    claim("131 072 latents in 4 096 dimensions are about 1.07 billion weights and take 17 GB, a billion vectors about 8 200 GB", rounds_to(2 * 4096 * 2**17 / 1e9, "1.07") and rounds_to(in_training(4096, 2**17), "17") and rounds_to(stored_vectors(4096, 10**9) / 100, "82"))

# %% [markdown]
# ## 10 · What a small λ does
#
# The core's section 3 found that for one latent and one feature of strength $m$ the activation is $m - \lambda/2$. So a small $\lambda$ should do little harm. Is that so with 96 latents and the 64 features of the core's section 2? (For these the trainer divides the vectors by their typical length, 1.66. In units of $m$ the shrinkage is then 0.83 λ.)

# %% prediction
predict("sae.penalty")

# %% figure answer
prices = stored.prices()
scale = float(prices.scale.mean())
factor = prices.factor[:-1].mean(1)  # one for each λ, small to large
plots.show(
    prices.plot(),
    "From λ = 1 to 0.05: the formula rises to nearly 1, while the measured activations rise to less than two thirds.",
    f"Activation over true strength as λ falls, for latents that found a feature: mean over three sets of features, with the range, which is too narrow to see in places. Dotted: what m − {scale / 2:.2f} λ predicts. We take all strengths m that are not shrunk to 0, and divide their mean after the shrinking by their mean before.",
)
last = float(factor[1])  # at λ = 0.1
measured("sae.penalty", "above 0.9" if last > 0.9 else "between 0.7 and 0.9" if last >= 0.7 else "below 0.7")

# %% [markdown]
# No. As $\lambda$ falls from 1 to 0.1, the activations rise from about a quarter of the true strengths to less than two thirds, ever further below the formula. At $\lambda = 0.1$ all features are found, and 93 % of the variance is explained. So the vectors are rebuilt nearly whole, although a feature's own latent gives less than two thirds of its strength. The rest probably comes from other latents that point partly along the feature. There are enough of these: about nine latents are active, where 2.6 features are there.
#
# So no $\lambda$ gives the true strengths: a large one shrinks each activation, and a small one, in trainings of this length, seems to spread it over several latents. (At 0.05 only about three quarters of the features are found, so that this last point is about other features than the rest.) TopK's activations come closer to the true strengths than those of L1 at any of the seven $\lambda$, though they too stay below 1.

# %% claims
with claims():
    claim("from λ = 1 to 0.1 the activations rise (means), from about a quarter (0.25 to 0.28) to less than two thirds, on each of three", bool((factor[1:6] > factor[2:7]).all()) and between(prices.factor[6], 0.25, 0.28) and prices.factor[1].max() < 2 / 3)
    claim("the typical length is 1.66, so that the shrinkage is 0.83 λ", rounds_to(scale, "1.66") and rounds_to(scale / 2, "0.83"))
    claim("ever further below the formula (means)", bool(((prices.alone - factor)[1:-1] > (prices.alone - factor)[2:]).all()))
    claim("at λ = 0.1 all features are found, 93 % is explained, and about nine latents are active where 2.6 features are there", bool((prices.found[1] == 1).all()) and rounds_to(100 * (1 - prices.unexplained[1].mean()), "93") and between(prices.l0[1], 8.5, 10) and rounds_to(prices.active, "2.6"))
    claim("at 0.05 about three quarters are found (0.68 to 0.83)", between(prices.found[0], 0.68, 0.83))
    claim("TopK's activations (k = 3) come closer to the true strengths than those of L1 at any of the seven λ, on each", bool((prices.topk["factor"] > prices.factor[:-1].nan_to_num(0)).all() and (prices.topk["factor"] < 1).all()))

# %% [markdown]
# ## 11 · Width, density, and other methods
#
# How much of a known truth is found when a dictionary is too narrow, or when many features are active at once? And would an older method find it too? We take the core's 64 features in 32 dimensions and vary one thing at a time. A feature counts as found if, matched one to one, a direction lies within a cosine of 0.9.
#
# **PCA** gives the axes of largest variance, at most 32 of them and at right angles to one another. **ICA** looks for axes whose coordinates are as far from a Gaussian as possible, at most 32 too, but not at right angles. The null has as many random directions as the dictionary has latents.

# %% figure
width, density = stored.recovery("width"), stored.recovery("density")
fig, axes = plots.figure(1, 2, height=3.2, sharey=True)
width.plot(axes[0], "latents")
density.plot(axes[1], "share of the vectors in which a feature is active")
axes[1].set(ylabel="")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
plots.show(
    fig,
    "Left: TopK and ReLU rise to 1 with 96 latents and stay there. Right: both are near 1 up to 0.08; at 0.16 TopK has fallen to a tenth and ReLU to nine tenths, at 0.32 both to 0. ICA lies at about a fifth.",
    f"The share of the 64 features that are found: means over three sets of features, with the range. Left, a feature is active in one vector of 25; right, there are 96 latents. TopK is told how many features are active on average; ReLU has λ = {stored.PENALTY} and, like TopK, {stored.LONG.steps} steps. PCA lies on the null.",
)

# %% [markdown]
# With 32 latents about a quarter of the features are found. With 96 all are, by either kind, and more latents do no harm.
#
# On the right the features come more and more often. Both kinds find more than nine tenths as long as about five are active at once. With ten in 32 dimensions the kinds part: ReLU still finds about nine tenths, TopK a tenth. With twenty nothing finds any. So a dictionary finds features that are *sparse*, and how sparse they must be depends on the kind.
#
# Was it of help to tell TopK how many are active? With $k = 5$, half of the true number, it finds about three quarters. With 13 or 16 it finds hardly any. The more latents a vector may use, the better it can be rebuilt from directions that are no features.
#
# ICA finds a sixth to a quarter, as long as there are no more than ten, and PCA none. PCA's axes come from the covariance alone, to which all 64 features contribute, and none of its axes lies along a single one.

# %% claims
few = stored.recovery_k()
topk, relu, ica = ({"width": width.of(kind), "density": density.of(kind)} for kind in ("topk", "relu", "ICA"))
with claims():
    claim("with 32 latents about a quarter is found (0.2 to 0.28), and from 96 on every feature, by either kind on each of three", all(between(kind["width"][:, 0], 0.2, 0.285) and kind["width"][:, 2:].min() == 1 for kind in (topk, relu)))
    claim("either kind finds more than nine tenths up to a density of 0.08, which is about five of 64", all(kind["density"][:, :3].min() > 0.9 for kind in (topk, relu)) and rounds_to(64 * float(density.x[2]), "5"))
    claim("with about ten active (0.16) ReLU finds about nine tenths (0.85 to 0.92) and TopK a tenth (0.07 to 0.11)", between(relu["density"][:, 3], 0.85, 0.92) and between(topk["density"][:, 3], 0.07, 0.115) and rounds_to(64 * float(density.x[3]), "10"))
    claim("with k = 5 it finds about three quarters (0.68 to 0.79), with 13 or 16 at most 3 in 100; with 10 what the figure shows", between(few[5], 0.68, 0.79) and max(few[13].max(), few[16].max()) < 0.035 and few[10].tolist() == topk["density"][:, 3].tolist())
    claim("ICA finds a sixth to a quarter (0.17 to 0.27) up to ten active", between(ica["density"][:, :4], 0.17, 0.27))
    claim("with twenty active none finds any", density.found[:, :, 4].max() == 0 and rounds_to(64 * float(density.x[4]), "20"))
    claim("PCA and the null find none, anywhere", max(curves.of(kind).max() for curves in (width, density) for kind in ("PCA", "random")) == 0)

# %% [markdown] words
# ## Words
#
# - BatchTopK: a kind that keeps the largest products of a whole batch, so that vectors may differ in how many they use.
# - Matryoshka: a kind of dictionary with nested inner ones, each of which must reconstruct alone.
# - JumpReLU: a kind in which each latent has a learned threshold, above which its whole product passes.
# - gated: a kind that computes whether a latent is active apart from how strongly.
# - frontier: error against L0 for one kind of dictionary, at several values of k or the penalty.
# - resampling: pointing a dead latent at a vector that is reconstructed badly.
# - auxiliary loss: a loss in which dead latents rebuild what the living ones leave over.
# - PCA: principal component analysis, the axes of largest variance.
# - ICA: independent component analysis, axes whose coordinates are as far from a Gaussian as possible.
# - token list: a rule that says yes at certain tokens and at no others.
# - absorption: a latent falling silent where a narrower latent has taken its direction in.
# - feature splitting: the division of what one latent stood for among several latents of a wider dictionary.
# - clamped: of a latent, set to a fixed value where it is active.
# - project out: remove everything along a direction from every vector.
# - transcoder: a dictionary that reads what a part of the model reads and predicts what that part writes.
# - crosscoder: a dictionary that reads and writes several activations with one set of latents.

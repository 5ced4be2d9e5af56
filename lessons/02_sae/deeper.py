# %% [markdown]
# # Sparse autoencoders, deeper
#
# What is worth knowing beyond the story of lesson 2. After the setup, each section stands on its own: take them in any order, or none.

# %% [markdown] contents
# The core notebook's words are used here without further explanation. In the exercise notebook, the exercises marked ◇ use sections 1 and 2. Sections 1, 3, 4, 6, 9 and 10 show stored results of many small dictionaries of `code-4l` (`models/sae_grid.py`, `models/stored/sae_code.py`). Unless we say otherwise they read the residual stream before the third block, as `resid-2` does, and were trained equally briefly: compare them with one another, not with `resid-2`. A range is from the lowest to the highest of three trainings from different starts, unless the caption says otherwise.

# %% setup

# %%
from dataclasses import replace

import torch

from course_utils import plots, sae
from course_utils.page import about, between, caption, claim, claims, measured, predict, rounds_to, table
from course_utils.sae import deeper_diagram, effects, stored
from course_utils.sae.code_view import Panel, shaded_panels
from course_utils.sae.comparison import spread
from course_utils.sae.paired import BOTH, SIDES, second_share

dictionary = sae.load("resid-2")
model = dictionary.model

# %% [markdown]
# ## 1 · Six kinds of dictionary ◇
#
# Which kind of dictionary should one train? The core compares two, ReLU with L1 and TopK. TopK fixes the number of active latents, but at the same number for every vector. ReLU lets it vary, but makes the activations too small. Three more kinds try to avoid one of these faults or both, and Matryoshka nests small dictionaries in a large one. In `course_utils.sae` all six are the same class. They differ in the function between encoder and decoder, or in the loss.

# %% figure
deeper_diagram.six_kinds().captioned("Six functions on the same two vectors of five products (the numbers that the ReLU gets, often called pre-activations). What passes is blue. In the gated panel a hollow circle marks a closed gate; the sum that closes it is not drawn.")

# %% [markdown]
# - **BatchTopK** (Bussmann et al. 2024, [arXiv 2412.06410](https://arxiv.org/abs/2412.06410)): a vector that needs many latents may have them at the expense of one that needs few. After training, a fixed threshold takes the place of the batch.
# - **Matryoshka** (Bussmann et al. 2025, [arXiv 2503.17547](https://arxiv.org/abs/2503.17547)): dictionaries inside a dictionary. Here the first 48, 96 and 192 of 384 latents must each reconstruct on their own, and the losses are added. What is kept is chosen as in BatchTopK.
# - **JumpReLU** (Rajamanoharan et al. 2024, [arXiv 2407.14435](https://arxiv.org/abs/2407.14435)): a learned threshold for each latent. The penalty is on the *number* of active latents and not on their sizes. A count has no gradient; training uses a substitute near the threshold.
# - A **gated** dictionary (Rajamanoharan et al. 2024, [arXiv 2404.16014](https://arxiv.org/abs/2404.16014)): one sum decides whether a latent is active, and another decides how strongly. Only the first is penalised, so that the activations do not shrink.
#
# Every kind has a smaller error when more latents may be active. So each is trained at three values of its $k$ or its penalty, and error is drawn against L0. This curve is called the **frontier** of a kind; at the same L0, lower is better.

# %% figure
frontier = stored.frontier()
plots.show(
    frontier.plot(),
    "Two panels, error and rise of the loss against L0, six falling curves in each; ReLU with L1 and gated lie highest.",
    "Error (left) and rise of the model's loss (right) against L0, on held-out modules. Both axes are logarithmic. Small marks are trainings; lines and larger marks are the means over three seeds.",
)

# %% [markdown]
# After trainings as short as ours, BatchTopK and JumpReLU reconstruct best: at an L0 of 16 they leave about 25 % of the variance unexplained. TopK leaves one percentage point more, and Matryoshka, whose inner dictionaries must reconstruct too, one more than TopK. The gated kind leaves about 31 %, and ReLU with L1 nearly half. Whether the directions are right is another question: in the core's section 2 a smaller error went with wrong ones.
#
# **Waking the dead.** A latent that is 0 at every vector has the gradient 0, so that training never moves its weights. Two remedies are common. **Resampling** points a dead latent at a vector that is reconstructed badly (Bricken et al. 2023). An **auxiliary loss** lets dead latents try to reconstruct what the living ones leave over (Gao et al. 2024). The trainer of this course uses the first for ReLU, JumpReLU and gated dictionaries and the second for the others; in no training of the figure is 1 % of the latents dead.

# %% claims
at = {kind: spread(values) for kind, values in frontier.at(16).items()}
with claims():
    claim("BatchTopK and JumpReLU leave about 25 %, less than TopK on every seed, by one percentage point (0.5 to 1.5)", all(at[kind][2] < at["TopK"][1] and about(100 * at[kind][0], 25) and between(100 * (at["TopK"][0] - at[kind][0]), 0.5, 1.5) for kind in ("BatchTopK", "JumpReLU")))
    claim("Matryoshka leaves more than TopK on every seed, by one percentage point (0.5 to 1.5)", at["Matryoshka"][1] > at["TopK"][2] and between(100 * (at["Matryoshka"][0] - at["TopK"][0]), 0.5, 1.5))
    claim("gated leaves about 31 %, ReLU with L1 nearly half (45 to 50 %)", rounds_to(100 * at["Gated"][0], "31") and between(at["ReLU with L1"][0], 0.45, 0.5))
    claim("in no training of the figure is 1 % of the latents dead", frontier.dead.max() < 0.01)
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
# On vectors that we made ourselves we know where the parent is, and can count. We make ten parents with three children each, in 32 dimensions. A parent is alone as often as with each of its children. Dictionaries of 60 latents are trained; the parent's latent is the one that best tells the vectors with the parent alone. In a vector with parent and child, the parent counts as absorbed if its latent is silent and one other latent supplies at least half of what points along the parent's direction. The null is the same count in vectors with the parent alone, where no child is present that could absorb it.

# %% prediction
predict("sae.absorbed")

# %% figure answer
planted = stored.absorption()
names = [{"BatchTopK, nested": "Matryoshka"}.get(kind, kind) for kind in planted.kinds]
fig, ax = plots.figure(height=2.6)
for y in range(len(names)):
    for seed, (null, value) in enumerate(zip(planted.null[y], planted.absorbed[y], strict=True)):
        height, first = y + 0.24 * (seed - 1), y == seed == 0
        ax.plot([null, value], [height] * 2, color=plots.GREY, linewidth=1, zorder=0)
        ax.plot(null, height, "x", color=plots.NULL, label="null: no child there" if first else None)
        ax.plot(value, height, "o", color=plots.HEAD, fillstyle="none", label="a child is there" if first else None)
ax.set(yticks=range(len(names)), yticklabels=names, xlim=(-0.02, 1), ylim=(len(names) - 0.5, -0.5), xlabel="share of the vectors that count as absorbed")
ax.legend(loc="lower right")
active = {name: f"{value:.1f}" for name, value in zip(names, planted.l0.mean(1), strict=True)}
plots.show(fig, "Four rows of three circles, each joined to a cross; TopK's circles lie furthest to the right.", f"Share of the vectors that count as absorbed, mean over ten parents. A line joins the two marks of one training. On average {active['TopK']} latents are active in TopK, {active['BatchTopK']} in BatchTopK, {active['Matryoshka']} in Matryoshka and {active['ReLU with L1']} in ReLU with L1.")
measured("sae.absorbed", names[int(planted.absorbed.mean(1).argmax())])

# %% [markdown]
# TopK absorbs most here: in more than half of the vectors with a child, while its null is below a quarter. A vector holds 2.6 features on average, and where there are more than three, $k = 3$ does not leave TopK a latent for each. A part of its absorption may come from that. BatchTopK, which may take latents from one vector and spend them on another, absorbs in a tenth, and ReLU with L1 in about a quarter. Matryoshka dictionaries were made against absorption: the small inner dictionary, here of exactly ten latents, has room for the parents only. One of its trainings shows hardly any absorption, one a quarter, and one no more than its null, so that from these three we cannot say that it helps.

# %% claims
absorbed, alone = (dict(zip(planted.kinds, value, strict=True)) for value in (planted.absorbed, planted.null))
nested = absorbed["BatchTopK, nested"]
with claims():
    claim("TopK absorbs in more than half of the vectors with a child, on each seed, and most of all kinds", absorbed["TopK"].min() > 0.5 and all(absorbed["TopK"].min() > value.max() for kind, value in absorbed.items() if kind != "TopK"))
    claim("BatchTopK absorbs in about a tenth (0.07 to 0.13), on each seed", between(absorbed["BatchTopK"].min(), 0.07, 0.13) and between(absorbed["BatchTopK"].max(), 0.07, 0.13))
    claim("ReLU with L1 in about a quarter (0.25 to 0.3)", between(absorbed["ReLU with L1"], 0.25, 0.3))
    claim("a vector holds 2.6 features on average", rounds_to(10 * stored.FAMILIES["probability"] * (1 + 3 / 4), "2.6"))
    claim("in TopK's null less than a quarter", alone["TopK"].max() < 0.25)
    claim("of the Matryoshka ones one seed shows hardly any (below 0.01), another about a quarter, and the third no more than its null (within 0.02)", nested.min() < 0.01 and about(nested.max(), 0.25) and (nested - alone["BatchTopK, nested"]).sort().values[1].abs() < 0.02)

# %% [markdown]
# ## 3 · Would a test in the model see absorption?
#
# In `code-4l` nobody knows where a feature is. Following Chanin et al. 2024, we let the direction of a probe stand for it. The feature's own latents are the few that together tell its label best, at most eight. We look at the tokens where the probe rightly says yes and all of these latents are silent. Such a token counts as absorbed if one other latent supplies at least half of what points along the probe's direction. The null asks the same along directions drawn at random with the covariance of the data. (Chanin et al. also require that removing the absorbing latent has by far the largest effect; our count is more generous.)
#
# A low count means something only if the test would see absorption. So we also ask it of the known vectors and TopK dictionaries of section 2, where the parent is absorbed in two fifths or more of all vectors that hold it.

# %%
carried, known = stored.carried(), stored.carried_known()
counts = {"code-4l, eight labels": {key: getattr(carried, key).mean(0) for key in ("missed", "absorbed", "null")}}
for i, most in enumerate(known.most.tolist()):
    name = f"known parents, {'one latent' if most == 1 else f'up to {most} latents'}"
    counts[name] = {key: getattr(known, key)[i] for key in ("missed", "absorbed", "null")}
table({name: {key: spread((100 * value).tolist()) for key, value in row.items()} for name, row in counts.items()},
      decimals=0, unit="%", corner="own latents of a feature")

# %% caption
caption("Of the tokens or vectors with the feature at which the probe rightly says yes: the share at which the feature's own latents are silent (missed), the share that counts as absorbed, and the same along random directions (null). Means over eight labels or ten parents.")

# %% [markdown]
# The test does not see absorption where we know that it is there. With up to eight latents for a parent, those of its children help to tell it, so that few vectors are missed, and no more count as absorbed than in the null. With a single latent nearly half of the vectors are missed and counted, but more than a third are counted along random directions, too. So the low count in `code-4l`, which lies below its null, says nothing. Whether its dictionaries absorb stays open here.

# %% claims
truly = 0.75 * stored.absorption().absorbed[0]  # three of four vectors with a parent have a child
several, single = (100 * known.absorbed).tolist(), (100 * known.null).tolist()
with claims():
    claim("TopK absorbs the parent in two fifths or more of the vectors that hold it (0.4 to 0.48, each of three)", between(truly, 0.4, 0.48))
    claim("with up to eight latents fewer than a tenth are missed, and as many count as absorbed as in the null (within 1 point, each of three trainings)", known.missed[0].max() < 0.1 and all(abs(a - b) < 1 for a, b in zip(several[0], single[0], strict=True)))
    claim("with one latent nearly half of the vectors are missed (45 to 53 %), in the null more than a third are counted, and fewer than are counted along the parent, on each of three", between(known.missed[1], 0.45, 0.53) and known.null[1].min() > 1 / 3 and bool((known.absorbed[1] > known.null[1]).all()))
    claim("in code-4l the count lies below its null on each of three", bool((carried.absorbed.mean(0) < carried.null.mean(0)).all()) and carried.absorbed.shape == (8, 3))

# %% [markdown]
# ## 4 · Splitting, by width
#
# A narrow dictionary may have one latent for what a wide one divides among several. This is called **feature splitting**. We train dictionaries of 96 to 1 536 latents with $k = 16$ and ask for the F1 of the best latent for a broad label, all keywords, and for its parts, the single keywords. But with $k$ fixed a latent of a wide dictionary is active more rarely, which alone changes how well it can tell a large class. So we also train the three narrowest with one latent in 24 active, whatever the width.

# %% prediction
predict("sae.split")

# %% figure answer
splits, at_rate = stored.splits(), stored.splits_at_rate()
labels = {"kind_keyword": "all keywords", "keyword": "one keyword", "closes: ]": "] that closes"}
plots.show(
    splits.plot(labels, at_rate),
    "F1 of the best latent against width: single keywords and the square bracket rise, all keywords together fall at first.",
    "F1 of the best latent by width. Solid: k = 16, mean and range over three trainings. Dashed: one latent in 24 is active, means over three trainings. “One keyword” is the mean over eight keywords, each with a best latent of its own. Chosen on half of the modules, judged on the other half.",
)
all_keywords = splits.of("kind_keyword").mean(1)
measured("sae.split", "it rises" if all_keywords[-1] > all_keywords[0] + 0.03 else "it falls" if all_keywords[-1] < all_keywords[0] - 0.03 else "it stays about the same")

# %% [markdown]
# With $k = 16$ the F1 of the best latent for all keywords falls by about a tenth, all of it between 96 and 384 latents. With one latent in 24 active it rises from 96 to 192 latents and falls from there to 384. So the steady fall may come from the activity, and is no evidence of splitting. What holds in both cases is that single keywords are told better and better, and that `]` gets a latent which tells it well only in wider dictionaries. A wider dictionary has room for narrower things. That it gives up the broad ones for them is not shown here.

# %% claims
broad, single = splits.of("kind_keyword").mean(1), splits.of("keyword").mean(1)
with claims():
    claim("with k = 16 all keywords fall by about a tenth (0.07 to 0.13), at least 0.07 of it up to 384 latents (means)", between(broad[0] - broad[-1], 0.07, 0.13) and broad[0] - broad[2] > 0.07)
    fair = at_rate.of("kind_keyword").mean(1)
    claim("with one latent in 24 active they rise to 192 latents and fall to 384 (means over three trainings, by more than 0.05)", at_rate.widths.tolist() == [96, 192, 384] and fair[1] - fair[0] > 0.05 and fair[1] - fair[2] > 0.05)
    claim("single keywords are told better at each greater width in both cases (means)", bool((single.diff() > 0).all() and (at_rate.of("keyword").mean(1).diff() > 0).all()))
    claim("] has an F1 below 0.5 at 96 latents and above 0.85 from 768 on, each training; with one latent in 24 active it rises, too (means, from 96)", splits.of("closes: ]")[0].max() < 0.5 and splits.of("closes: ]")[3:].min() > 0.85 and bool((at_rate.of("closes: ]").mean(1)[1:] > at_rate.of("closes: ]").mean(1)[0]).all()))

# %% [markdown]
# ## 5 · All labels, and stronger rivals
#
# The core follows four latents. How do all 21 labels fare? Half of the held-out modules choose the best latent for a label and its threshold, and the other half judge. Three others compete: the best of the 3 072 neurons of the four MLPs, the best latent of the random model's dictionary, and a **token list**, which says “yes” at certain tokens and at no others. The list holds the tokens that give the best F1 on the first half.

# %% figure
scores, lists, rivals = stored.label_scores(), stored.token_lists(), stored.pair_lists()
at = {name: i for i, name in enumerate(scores.labels)}
seven = [name for name in scores.labels if scores.low[3, at[name]] > lists[name][2]]
seven.sort(key=lambda name: lists[name][0] - scores.f1[3, at[name]])
rest = sorted((name for name in scores.labels if name not in seven), key=lambda name: lists[name][0] - scores.f1[3, at[name]])
sae.label_rows(scores, lists, [*seven, *rest]).captioned("F1 for all 21 labels, with an example of each; green marks the tokens that have the label. Bold: the latent's whole interval lies above that of the token list. A vertical stroke is the F1 of saying yes at every token. Bars are 95\u00a0% intervals (modules resampled).")

# %% [markdown]
# Latents win at some labels and lose at others. At seven of the 21 the latent's whole interval lies above that of the list, and there no neuron and no random direction has the higher F1. At six of the other fourteen the best neuron's whole interval lies above the best latent's. Saying yes at every token is not always far behind: inside brackets it reaches 0.35, more than the random model's best latent.
#
# Among the labels at which lists win are large classes such as keywords, names and operators, and for these there is a reason in arithmetic. Let a label belong to a share $b$ of the tokens, and a latent be active at a smaller share $a$. Even if every activation is right, precision is 1 and recall $a/b$, so that F1 is no more than $2a/(a + b)$. A single sparse latent cannot tell a large class well.

# %% claims
latent_f1, share = scores.of("latent"), float(scores.base[at["in_brackets"]])
decided = [name for name in rest if lists[name][1] > scores.high[3, at[name]]]
with claims():
    claim("at seven of 21 labels, not closing brackets, the latent's interval lies above the list's", len(scores.labels) == 21 and len(seven) == 7 and "closes" not in seven)
    claim("there no neuron and no random direction has the higher F1", all(max(scores.of("neuron")[name], scores.of("random")[name]) < latent_f1[name] for name in seven))
    claim("at six of the other fourteen the neuron's interval lies above the latent's", len(scores.apart("neuron", "latent")) == 6 and not set(scores.apart("neuron", "latent")) & set(seven))
    claim("inside brackets every token gives 0.35, more than the random model's best latent", rounds_to(2 * share / (1 + share), "0.35") and scores.of("untrained")["in_brackets"] < 0.35)
    claim("keywords, names and operators are among those at which the list's interval lies above the latent's; all of these classes are large (one token in thirty and more)", {"kind_keyword", "kind_name", "kind_operator"} <= set(decided) and all(scores.base[at[name]] > 1 / 30 for name in decided))

# %% [markdown]
# ### Lists that see the token before
#
# Do the seven latents know something about code, or do they only use the token before? Two stronger lists help to find out. The first sees only the *token before*, and can say yes after certain tokens, such as a dot. The second sees *pairs*, the token and the one before. A list of pairs has many more entries, and might be better for that reason alone. So its null is a list of pairs made after the tokens before were exchanged at random: in it the token before carries no information.

# %% figure
marks = {"null: pair": ("+", plots.NULL, 0.0, "null: pairs with other tokens before"), "pair": ("^", plots.SERIES[0], 0.12, "list of pairs"),
         "token before": ("v", plots.SERIES[2], -0.12, "list of tokens before"), "latent": ("o", plots.HEAD, 0.24, "latent")}
fig, ax = plots.figure(height=3.8)
for y, name in enumerate(seven):
    rows = rivals[name] | {"latent": tuple(float(end[3, at[name]]) for end in (scores.f1, scores.low, scores.high))}
    for key, (mark, colour, lift, words) in marks.items():
        value, low, high = rows[key]
        ax.errorbar(value, y - lift, xerr=[[value - low], [high - value]], fmt=mark, color=colour, markersize=7, elinewidth=1.2, label=None if y else words)
ax.set(yticks=range(7), yticklabels=[sae.WORDS[name] for name in seven], xlim=(0, 1), ylim=(6.5, -0.5), xlabel="F1 on the modules held out")
fig.legend(loc="outside upper center", ncols=2)
plots.show(fig, "Seven rows; in all but the one for names after class the latent's interval lies to the right of those of all lists.", "The seven labels: the best latent beside lists that see the token before. All were chosen on half of the held-out modules and judged on the other half; 95 % intervals (modules resampled).")

# %% [markdown]
# At six of the seven the latent's interval lies above those of both lists. At names after `class` the intervals overlap, so there the latent may only be using the token before. Another rule about two tokens might do better than these lists: a pair that the first half of the modules never had is on none, and at four labels the list of pairs does worse than that of the tokens before.
#
# ### The random model, with equal training
#
# In the core, the random model's dictionary was trained on fewer vectors than the other. When both have 768 latents and the same recipe, the trained model has the higher mean F1 at all 21 labels. For opening and closing brackets the random model comes close, since these two labels can be read off the token. At 17 labels it stays below 0.2.

# %% claims
even = {name: tuple(row[key][0] for key in ("trained", "null: random model")) for name, row in stored.splits().beside_untrained(scores.labels).items()}
overlap = [name for name in seven if scores.low[3, at[name]] <= max(rivals[name][key][2] for key in ("pair", "token before"))]
with claims():
    claim("at six of the seven the latent's interval lies above those of both lists, at names after class it overlaps with that of the tokens before", overlap == ["class_name"] and rivals["class_name"]["token before"][2] > scores.low[3, at["class_name"]])
    claim("at four of the seven the list of pairs does worse than that of the tokens before", sum(rivals[name]["pair"][0] < rivals[name]["token before"][0] for name in seven) == 4)
    claim("equally trained, the trained model's mean over seeds is the higher at all 21 labels", len(even) == 21 and all(ours > random for ours, random in even.values()))
    claim("for brackets the random model is less than a tenth below; at 17 labels it stays below 0.2 (means)", all(even[name][0] - even[name][1] < 0.1 for name in ("closes", "opens")) and sum(random < 0.2 for _, random in even.values()) == 17)

# %% [markdown]
# ## 6 · Do two trainings find the same dictionary?
#
# If latents are *the* features of what a dictionary is trained on, another training should find them again. Take two trainings that differ in their start and in the order of the vectors, and match their latents one to one. Paulo and Belrose 2025 ([arXiv 2501.16615](https://arxiv.org/abs/2501.16615)) call a latent shared if its partner has a cosine above 0.7 in the encoder and in the decoder. We require this of the decoder only, an easier test. As a null we draw as many random directions, with the covariance of the data.
#
# Would two trainings agree if there were features to agree on? On the 64 known features of the core's section 2, two dictionaries of 96 latents share about two thirds of their latents, which is as many as there are features.

# %% prediction
predict("sae.shared")

# %% figure answer
shared, longer, known = stored.shared(), stored.shared_longer()["decoder"][1], stored.shared_known()["decoder"]
fig, ax = plots.figure(height=2.8)
for values, colour, words in ((shared.decoder, plots.HEAD, "code-4l, short trainings"), (shared.null, plots.NULL, "null: the data's covariance")):
    plots.band(ax, shared.widths, 100 * values.T, colour=colour, label=words)
ax.plot([stored.LONGER_WIDTH] * 3, 100 * longer, "o", color=plots.HEAD, fillstyle="none", label="code-4l, four times as long")
ax.axhline(100 * known.mean(), color=plots.SERIES[2], linestyle="--", label="64 known features, 96 latents")
ax.set(xscale="log", xlabel="latents", ylabel="shared latents, %", ylim=(-2, 80))
ax.set_xticks(shared.widths.tolist(), [str(w) for w in shared.widths.tolist()])
ax.set_xticks([], minor=True)
fig.legend(loc="outside lower center", ncols=2)
plots.show(fig, "A low line for short trainings, just above the null; circles for longer trainings far above it, and a dashed line above those.", f"Share of the latents of a dictionary that another training has too. Lines: mean and range over three pairs of trainings. Circles: three pairs of {stored.LONGER_WIDTH} latents, trained four times as long. Dashed: on known features, mean over three sets of them.")
measured("sae.shared", round(shared.decoder[-1].mean().item(), 3))

# %% [markdown]
# After our short trainings about one latent in twenty is shared, at every width. But this says more about the trainings than about the model. After four times as many steps, two dictionaries of 192 latents share a third of them, nearly seven times as many. That is still far from the two thirds on known features, and we did not go on until the share stops rising. So we cannot say how far finished trainings of this model would agree. Until one can, it is safer to speak of *a* dictionary of the model than of *its* features.

# %% claims
with claims():
    claim("by the decoder alone it is about one in twenty (3 to 10 %, every width and pair), and more than the null everywhere", between(shared.decoder.min(), 0.03, 0.1) and between(shared.decoder.max(), 0.03, 0.1) and bool((shared.decoder > shared.null).all()))
    again, longer = stored.shared_known(), stored.shared_longer()
    claim("on the 64 known features both of two trainings find at least nine in ten, and share about two thirds of the 96 latents, on each of three sets; the null shares at most one latent", again["found"].min() > 0.9 and about(again["decoder"], 2 / 3) and again["null"].max() * 96 < 1.5)
    claim("of 192 latents, after four times as many steps, about a third is shared, by each pair, nearly seven times as many as before (6.5 to 7, means)", about(longer["decoder"][1], 1 / 3) and between(longer["decoder"][1].mean() / longer["decoder"][0].mean(), 6.5, 7) and longer["null"][1].max() < 0.01)

# %% [markdown]
# ## 7 · An edit and what else it changes
#
# Whoever wants to use a latent, to remove a bad habit of a model for example, must know what else the edit does. We measure both by the loss. A good edit raises the loss where the latent is active, since it removes something that the model used there, and does not change the loss elsewhere. The core takes a latent's part away where it is active, which *clamps* it to 0. One can also clamp it there to a negative value. Or one can project its direction out, which removes everything along it from every vector. Does a stronger edit only have more effect, or also more side effects? Even a clamp can have some where the latent is silent, because attention carries what was changed to later tokens.

# %% claims
tokens, module = sae.held_out_contexts(model, limit=12)
site, f = sae.Site(model, dictionary.hook), dictionary.encode(tokens)
clean = site.losses(tokens)
mean = site.activations(tokens)[:, 1:].flatten(0, 1).mean(0)
scores, share = stored.label_scores(), (f[:, 1:] > 0).float().mean((0, 1))
latents = {label: int(scores.latent[scores.labels.index(label)]) for label in ("opens", "definition")}


def edited_where(label):
    """The rise of the loss where the latent of a label is active, and where it is silent, after each edit."""
    latent = latents[label]
    on = f[:, :-1, latent] > 0  # the loss at a place is that of the next token
    level = f[..., latent][f[..., latent] > 0].mean()
    edits = {f"clamped to {t} ×": effects.clamped(dictionary, latent, t * level) for t in (0, -1, -2, -4)}
    edits["projected out"] = effects.projected(dictionary, latent, mean)
    for i, other in enumerate(sae.matched_latents(share, latent, 2).tolist()):
        edits[f"null: another, {i + 1}"] = effects.projected(dictionary, other, mean)
        edits[f"null, clamped: another, {i + 1}"] = effects.along(dictionary, other, edits["clamped to -4 ×"])
    rises = {f"{label}, {name}": site.losses(tokens, edit) - clean for name, edit in edits.items()}
    return {name: {"where active": rise[on].mean().item(), "where silent": rise[~on].mean().item()} for name, rise in rises.items()}


edited = edited_where("opens") | edited_where("definition")
zero, far = edited["opens, clamped to 0 ×"], edited["opens, clamped to -4 ×"]
out = edited["opens, projected out"]
with claims():
    claim("opening brackets: clamping to zero costs more than half a nat where the latent is active, and about a hundredth elsewhere (less than 0.015)", zero["where active"] > 0.5 and zero["where silent"] < 0.015)
    claim("clamping to minus four times the mean costs more than six nats there, and as far along two others nearly three (2.5 to 3)", far["where active"] > 6 and all(between(edited[f"opens, null, clamped: another, {i}"]["where active"], 2.5, 3) for i in (1, 2)))
    claim("projecting the direction out raises the loss where active somewhat more than clamping to zero (less than half a nat more), and costs about four times as much elsewhere (3 to 5)", 0 < out["where active"] - zero["where active"] < 0.5 and between(out["where silent"] / zero["where silent"], 3, 5))
    claim("names where bound: clamping to zero changes the loss at its places by less than 0.05", abs(edited["definition, clamped to 0 ×"]["where active"]) < 0.05)
    claim("clamping to minus twice the mean raises it by less than 0.2, and to minus four times by more than half a nat", edited["definition, clamped to -2 ×"]["where active"] < 0.2 and edited["definition, clamped to -4 ×"]["where active"] > 0.5)

# %% figure
fig, axes = plots.figure(1, 2, height=3.3)
styles = {"clamped": ("o-", plots.SERIES[0], "clamped to 0, −1, −2, −4 × its mean"),
          "projected": ("D", plots.SERIES[2], "projected out"),
          "null:": ("x", plots.NULL, "null: another projected out"),
          "null,": ("s", plots.NULL, "null: pushed along another as far as −4 ×")}  # fmt: skip
for ax, label in zip(axes, latents, strict=True):
    for start, (mark, colour, words) in styles.items():
        rows = [edited[name] for name in edited if name.startswith(f"{label}, {start}")]
        x, y = [row["where silent"] for row in rows], [row["where active"] for row in rows]
        ax.plot(x, y, mark, color=colour, label=words, fillstyle="none" if mark == "s" else "full")
        for i, t in ((0, "0"), (3, "−4 ×")) if start == "clamped" else ():
            ax.annotate(t, (x[i], y[i]), (-6, 3), textcoords="offset points", color=colour, ha="right", fontsize=10)
    ax.locator_params(axis="x", nbins=4)
    ax.axhline(0, color=plots.GREY, linewidth=0.6)
    ax.axvline(0, color=plots.GREY, linewidth=0.6)
    ax.set(xlabel="rise where silent, nats", title=f"{sae.WORDS[label]} ({latents[label]})")
axes[0].set(ylabel="rise where active, nats")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plots.show(
    fig,
    "Loss where the latent is active against loss where it is silent, for growing edits of two latents.",
    "Rise of the loss at the places where the latent is active (up: the effect that was wanted) and at all others (right: the side effect), on twelve contexts of held-out modules. The best edit is far up and far left. The scales of the two panels differ. Clamps are in units of the latent's mean activation where it is active. Nulls: the direction of another latent, active about as often, projected out; or pushed along at the same tokens and as far as the lowest clamp pushes.",
)

# %% [markdown]
# A stronger edit has more of both. For opening brackets, clamping to 0 raises the loss by more than half a nat where the latent is active, and by about a hundredth of a nat elsewhere. Clamping to −4 times its mean activation costs more than six nats at its places, but a push of that length along either of two other latents also costs nearly three, as the squares show. Projecting the direction out has somewhat more effect than clamping to 0, and about four times the side effect.
#
# For names where they are bound, clamping to 0 changes the loss at its places by less than 0.05 nats. Either the model does not use this latent there, or the rest of the vector says the same. Only the lowest clamp costs more than half a nat. These are two latents on twelve contexts; which is typical we cannot say.

# %% [markdown]
# ## 8 · Transcoders
#
# A dictionary of the stream says what is there, and not how it came about. To follow a computation one wants latents that say what an MLP *does*. Two relatives of the autoencoder answer this. They differ from it in what they read and in what they must predict.

# %% figure
deeper_diagram.three_coders().captioned("Three kinds of dictionary. Each has a layer of latents f, of which few are active at a time.")

# %% [markdown]
# A **transcoder** (Dunefsky et al. 2024, [arXiv 2406.11944](https://arxiv.org/abs/2406.11944)) has the form of a sparse autoencoder and another target. It reads what an MLP reads and predicts what the MLP *writes*. A latent of it is a step of computation: "when this direction is in the input, add that direction to the output".
#
# We begin with features that we made, because then we know what should come out. There are 64. All of them are in the input, each along a direction of its own. Thirty-two of them are also written to the output, along other directions. An autoencoder of the input has reason to find all 64. A transcoder has reason to find only those that matter to the output, in both of their directions.

# %%
def best_f1(truth, coder, seed=9):
    """For each feature, the F1 with which the best latent detects that it is active."""
    x, _, strength = truth.sample(4000, torch.Generator().manual_seed(seed))
    on, there = (coder.encode(x) > 0).float(), (strength > 0).float()
    return (2 * there.T @ on / (there.sum(0)[:, None] + on.sum(0)).clamp(min=1)).amax(1)

# %%
shapes = {"transcoder": sae.Config(d_in=32, d_out=32, n_latents=64, k=2),
          "autoencoder of the input": sae.Config(d_in=32, n_latents=96, k=3)}
made = dict(both=32, first=32, second=0, d=32, probability=0.04)
truths = [sae.PairedTruth.draw(**made, seed=seed) for seed in range(2)]
coders = {kind: [] for kind in shapes}
for seed, truth in enumerate(truths):
    x, _, _ = truth.sample(60_000, torch.Generator().manual_seed(3))
    for (kind, shape), source in zip(shapes.items(), (truth, sae.Rows(x)), strict=True):
        run = replace(stored.RECIPE, seed=seed)
        coders[kind].append(sae.train(shape, source, run, device="cpu", show=False).sae)

# %% figure
found = {}
for kind, each in coders.items():
    detected = torch.stack([best_f1(*pair) for pair in zip(truths, each, strict=True)])
    used = truths[0].side == BOTH  # the same in both truths
    found[kind] = {"written": detected[:, used].mean(1)}
    found[kind]["only read"] = detected[:, ~used].mean(1)
rows = {kind: {which: spread(values.tolist()) for which, values in row.items()}
        for kind, row in found.items()}  # fmt: skip
table(rows, decimals=2, interval="range over 2 sets",
      caption="F1 with which the best latent detects a feature, mean over 32 features each: those that are written to the output, and those that are only read. Two sets of features, one training each.")

# %% [markdown]
# The transcoder detects the features that are written, though not quite as well as the autoencoder does, with 64 latents against 96. Features that do not reach the output get no latent. It also knows what a feature is turned into: for most written features a latent's decoder row has a cosine above 0.9 with the direction in the output.
#
# Now the code model. `mlp-1-transcoder` comes with the course. It reads what the MLP of the second block of `code-4l` reads and predicts what it writes, with 1 536 latents, at most 16 at a time. Its card says how it was trained. We put its prediction in the place of what the MLP writes.

# %%
coder = sae.load("mlp-1-transcoder")
tokens, module = sae.held_out_contexts(model, limit=24)
x, y = coder.activations(tokens)
quality = sae.Quality.of(coder.sae, x, y)
spliced = sae.Spliced.of(coder, tokens, module)
table(spliced, unit="nats")

# %% caption
caption("The loss of `code-4l` on 24 contexts of held-out modules, with something else in the place of what the MLP writes.")

# %% [markdown]
# What does a latent of it look like? We chose one whose condition and effect can be read. On the left a program is shaded with one of them, on the right stand the tokens that its decoder row raises most.

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
plots.show(fig, "A program in which the line breaks after the heads of functions are shaded; beside it bars for the tokens that the latent raises.", "One latent of the transcoder: where it is active (left), and the five tokens whose logit its decoder row raises most through the unembedding (right).")

# %% [markdown]
# The latent is most active at the line break, with its indentation, after the head of a function, and weakly at some other places. It raises triple quotes and `...`. After the head of a function a docstring may begin, and this latent is a step on the way to it. Does the model use the step? At twelve places of held-out modules at which it is strongly active, we subtract the latent's part from what the MLP writes. The probability of triple quotes falls at each of them, from 34 % to 29 % on average. A push as long along one other latent does not lower the average.
#
# As a whole, the transcoder leaves about 30 % of the variance of the MLP's output unexplained. The harm to the model is smaller: with the transcoder in the MLP's place its loss rises by less than 0.05 nats, where the mean of the MLP's output costs about 0.2. By the core's measure the transcoder recovers about 86 % of the loss.

# %% claims
steps = coder.encode(tokens)
places = (steps[..., step] > steps[..., step][steps[..., step] > 0].median()).nonzero()
places = places[torch.randperm(len(places), generator=torch.Generator().manual_seed(0))[:12]].tolist()
triple = [i for i in range(model.cfg.d_vocab) if model.tokenizer.decode([i]).strip() in ('"""', "'''")]
other = int(sae.matched_latents((steps[:, 1:] > 0).float().mean((0, 1)), step, 1))
rows = torch.stack([torch.zeros(192), coder.sae.W_dec[step], coder.sae.W_dec[other] / coder.sae.W_dec[other].norm() * coder.sae.W_dec[step].norm()])


def without(context, place):
    """The probability of triple quotes after `place`: as it is, without the latent's part, and pushed along another."""
    def edit(written, hook):
        written[:, place] -= steps[context, place, step] * rows
        return written
    text = tokens[context, : place + 1].expand(3, -1)
    return model.run_with_hooks(text, fwd_hooks=[(coder.target, edit)])[:, -1].softmax(-1)[:, triple].sum(1).detach()


quoted = torch.stack([without(*where) for where in places])  # (place, edit)
cost, mean_cost = ((change.mean() - spliced.clean.mean()).item() for change in (spliced.spliced, spliced.mean))
with claims():
    own, other = found["transcoder"], found["autoencoder of the input"]
    claim("the transcoder detects written features not quite as well as the autoencoder (less on each set, at most 0.2)", bool((own["written"] < other["written"]).all()) and (own["written"] > other["written"] - 0.2).all())
    claim("the others get no latent (below 0.25 on both sets, where the autoencoder reaches 0.7)", own["only read"].max() < 0.25 and other["only read"].min() > 0.7)
    claim("it leaves about 30 % of the variance unexplained (0.25 to 0.35)", between(quality.unexplained, 0.25, 0.35))
    claim("in the MLP's place it costs less than 0.05 nats (and more than 0.02), the mean about 0.2: about 86 % of the loss recovered", between(cost, 0.02, 0.05) and about(mean_cost, 0.2) and about(100 * spliced.recovered["mean"], 86))
    claim("the latent is most active after the heads of functions, and raises triple quotes and ... most", {spelled[i] for i in active.topk(3).indices} <= {"\n    ", "\n        "} and all("def" in "".join(spelled[: i + 1]).rstrip().split("\n")[-1] for i in active.topk(2).indices) and [model.tokenizer.decode([i]) for i in best.indices[:3].tolist()] == ['\"\"\"', "...", "'''"])
    claim("without its part triple quotes fall at each of twelve places, from 34 % to 29 % on average, and along another not", len(quoted) == 12 and bool((quoted[:, 1] < quoted[:, 0]).all()) and [f"{100 * share:.0f}" for share in quoted[:, :2].mean(0).tolist()] == ["34", "29"] and quoted[:, 2].mean() >= quoted[:, 0].mean())
    met = [truth.match(each.W_dec).cosine[truth.side == BOTH] for truth, each in zip(truths, coders["transcoder"], strict=True)]
    claim("for most written features a decoder row has a cosine above 0.9 with the output's direction (at least three quarters, on both truths)", all((cosine > 0.9).float().mean() >= 0.75 for cosine in met))

# %% [markdown]
# ## 9 · Crosscoders
#
# Train one dictionary on each of two layers, and one does not know which latents correspond. A **crosscoder** (Lindsey et al. 2024, [Sparse Crosscoders](https://transformer-circuits.pub/2024/crosscoders/index.html)) reads and writes several activations with one set of latents: two layers, or two models. Each latent has a direction in each of them, here $d_1$ and $d_2$. The second one's part of their lengths, $\|d_2\| / (\|d_1\| + \|d_2\|)$, says where the latent belongs.
#
# Again we begin with features that we made, 72 of them: a third in both activations, a third only in the first, a third only in the second. The second one's part should then be one half, 0 and 1.

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
table({side: {"second one's part": spread(parts[side])} for side in parts},
      decimals=2, corner="feature in", interval="lowest and highest of 48 features")

# %% caption
caption("Of each matched latent's two lengths, the second one's part. Two sets of features, one training each; all features were found.")

# %% claims
with claims():
    claim("every feature is found (cosine above 0.9), on both truths", min(recovered) == 1)
    claim("features in both sources have a part within 0.02 of one half; those in one have less than 0.1 in the other, each of the 48", all(abs(p - 0.5) < 0.02 for p in parts["both"]) and max(parts["first only"]) < 0.1 and min(parts["second only"]) > 0.9)

# %% [markdown]
# The crosscoder finds all 72 and tells where each belongs.
#
# Now two layers of `code-4l`: the residual stream before the second block and before the fourth, each scaled to the same mean square. As a null, we pair each token's earlier vector with the later vector of another token, with which it has nothing to do.

# %% figure
layers = stored.crossed()
plots.show(
    layers.plot(),
    "A histogram of the later layer's part: the crosscoder's latents against those of the null.",
    "The later layer's part of each latent's decoder length: crosscoders of 384 latents, k = 16, three trainings together. From 0.3 to 0.7 a latent counts as being in both layers.",
)

# %% [markdown]
# Nearly all latents are in both layers. A part near one half is not yet proof of one feature in both: even in the null, where there can be none, more than a quarter of the latents have it. These join an earlier and a later direction that have nothing in common, and the median cosine of the two is 0.01. In the crosscoder of the model it is 0.85. The two vectors of one token, each after subtracting the mean of its layer, have a median cosine of 0.76. So the latents mostly repeat that the stream passes through the two blocks. Anything new that the blocks add should appear as latents of the later layer only, of which there are hardly any among 384.

# %% claims
null_kept = [kept[(share > 0.3) & (share < 0.7)].median() for share, kept in zip(layers.null_share, layers.null_kept, strict=True)]
some, _ = sae.held_out_contexts(model, limit=24)
sides = [sae.Site(model, f"blocks.{layer}.hook_resid_pre").activations(some)[:, 1:].flatten(0, 1) for layer in (1, 3)]
alike = torch.cosine_similarity(*(side - side.mean(0) for side in sides), dim=1)
with claims():
    both, null_both = (layers.rows()[name]["both, %"] for name in ("the same token", "null: another token's"))
    claim("nearly all latents are in both layers (at least 95 %), on each seed; in the null more than a quarter, on each seed", both[1] > 95 and null_both[1] > 25)
    claim("the median cosine of such a latent's two directions is 0.85 (0.84 to 0.86, each seed), in the null 0.01 (at most 0.02)", all(between(c, 0.84, 0.86) for c in layers.kept_in_both) and all(between(c, 0, 0.02) for c in null_kept))
    claim("the two vectors of a token have a median cosine of 0.76", rounds_to(alike.median(), "0.76"))

# %% [markdown]
# ## 10 · Width, order and scale
#
# The core's training loop also works for a large model. Three things matter more there: width, shuffling, and memory.

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
# **Width.** Larger dictionaries reconstruct better. Gao et al. 2024 ([arXiv 2406.04093](https://arxiv.org/abs/2406.04093)) fit power laws to the error over widths of several orders of magnitude, for dictionaries trained to convergence. Fitted to our five widths, a power law has the exponent 0.21, and from one training to another this differs by less than 0.005. But five points are few, and they do not lie on a straight line. Between neighbouring widths the exponent falls from 0.25 to 0.16, and a law fitted to the first four promises too small an error for the fifth. This uncertainty is the larger one by far, and more trainings would not lessen it. All widths saw equally many vectors, so that the widest is the least trained, which may be the reason.
#
# **Order.** Neighbours in a text are alike. If a dictionary is trained in the order of the text, a batch comes from a few contexts of one file. The same dictionary, trained on the same vectors, then leaves about 30 % of the variance unexplained instead of 26 %, in each of three trainings. This is why the vectors are shuffled.
#
# **Scale.** A dictionary of $n$ latents in $d$ dimensions has about $2nd$ weights. With the gradient and Adam's two running averages, four numbers are kept for each, 16 bytes in single precision. For 131 072 latents in 4 096 dimensions that is 17 GB, and a billion vectors in half precision take 8 200 GB. So the vectors are usually not stored. They are harvested as the training needs them, and mixed in a buffer.

# %% claims
(mixed, ordered), local = stored.shuffled().unexplained, scaling.local
each = [replace(scaling, unexplained=scaling.unexplained[:, [k]]).fit()[1] for k in range(3)]  # by training


def in_training(d, latents):
    """GB of numbers that a training keeps."""
    return 16 * 2 * latents * d / 1e9


def stored_vectors(d, vectors):
    """GB of vectors in half precision."""
    return 2 * d * vectors / 1e9


with claims():
    claim("in order the error is higher on every seed than in any training on mixed vectors: about 30 % against about 26 %", ordered.min() > mixed.max() and about(100 * ordered, 30) and about(100 * mixed, 26))
    claim("larger dictionaries reconstruct better (means), and the exponent between neighbouring widths falls at every step", local == sorted(local, reverse=True) and bool((scaling.unexplained.mean(1).diff() < 0).all()))
    claim("a power law has the exponent 0.21, which differs by less than 0.005 between trainings; between neighbouring widths it goes from 0.25 to 0.16", rounds_to(exponent, "0.21") and max(each) - min(each) < 0.005 and rounds_to(local[0], "0.25") and rounds_to(local[-1], "0.16"))
    claim("the law fitted to the first four widths predicts a lower error for the fifth than each of the three that were measured", first * 1536**-slope < scaling.unexplained[-1].min())
    claim("a dictionary has about 2 · latents · dimensions weights", about(sum(p.numel() for p in dictionary.sae.parameters()), 2 * dictionary.sae.config.n_latents * dictionary.sae.config.d_in))
    claim("131 072 latents in 4 096 dimensions take 17 GB, a billion vectors about 8 200 GB", rounds_to(in_training(4096, 2**17), "17") and rounds_to(stored_vectors(4096, 10**9) / 100, "82"))

# %% [markdown]
# ## 11 · What a small λ does
#
# Shrinkage is $\lambda/2$, and so a small $\lambda$ should do little harm. That is so for one latent and one feature. What happens with 96 latents and the 64 features of the core's section 2, as $\lambda$ gets small?

# %% prediction
predict("sae.penalty")

# %% figure answer
prices = stored.prices()
factor = prices.factor[:-1].mean(1)  # one for each λ, small to large
plots.show(
    prices.plot(),
    "Against λ from 0.05 to 1: the formula falls from nearly 1, while the measured activations rise a little and then fall.",
    f"Activation over true strength, for latents that found a feature: mean over three sets of features, with the range. The trainer divides the vectors by their typical length, {float(prices.scale.mean()):.2f}, so that λ/2 here means {float(prices.scale.mean()):.2f} · λ/2 in the units of the strengths m. The dotted line is the average of what is left of them, over the average of those m that are not shrunk to 0.",
)
peak = int(factor.argmax())
measured("sae.penalty", "it rises towards 1" if factor[0] > 0.9 else "it rises, and then falls again" if 0 < peak < len(factor) - 1 and factor[0] < factor[peak] - 0.03 else "it falls" if factor[0] < factor[-1] - 0.03 else "it stays about the same")

# %% [markdown]
# As $\lambda$ falls, the activations rise at first, though ever further below the formula, and at the smallest $\lambda$ they fall again. A small $\lambda$ leaves many latents active, about nineteen where 2.6 features are there, and the strength of a feature is *shared* among several of them. The vectors are rebuilt almost whole, and yet the latent of a feature answers with little more than half of its strength. A large $\lambda$ shrinks each activation, and a small one spreads it out. The fall at the end rests on a single $\lambda$, at which only about three quarters of the features are found at all; from 0.1 to 0.7 all are. TopK's activations come closer to the true strengths than those of L1 at any of the seven $\lambda$, though they too stay below 1.

# %% claims
with claims():
    claim("at λ = 1 the formula is nearly all that happens (within 0.04), on each of the three", bool(((prices.factor[6] - prices.alone[6]).abs() < 0.04).all()))
    claim("at the smallest λ the vectors are rebuilt almost whole (4 % unexplained), the activations are little more than half of the strengths (0.55 to 0.6), and about nineteen latents are active", rounds_to(100 * prices.unexplained[0].mean(), "4") and between(prices.factor[0], 0.55, 0.6) and rounds_to(prices.l0[0].mean(), "19"))
    claim("at the smallest λ about three quarters of the features are found (0.68 to 0.83), from 0.1 to 0.7 all", between(prices.found[0], 0.68, 0.83) and bool((prices.found[1:6] == 1).all()))
    claim("the activations rise and then fall again as λ falls, on each of the three", bool((prices.factor[1] > prices.factor[0]).all() and (prices.factor[1] > prices.factor[6]).all()))
    claim("TopK's activations (k = 3) come closer to the true strengths than those of L1 at any of the seven λ, on each", bool((prices.topk["factor"] > prices.factor[:-1].nan_to_num(0)).all() and (prices.topk["factor"] < 1).all()))

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
# - token list: a rule that says yes at certain tokens and at no others.
# - absorption: a latent falling silent where a narrower latent has taken its direction in.
# - feature splitting: the division of what one latent stood for among several latents of a wider dictionary.
# - transcoder: a dictionary that reads what a part of the model reads and predicts what that part writes.
# - crosscoder: a dictionary that reads and writes several activations with one set of latents.

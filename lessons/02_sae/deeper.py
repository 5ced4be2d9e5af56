# %% [markdown]
# # Sparse autoencoders, deeper
#
# What is worth knowing beyond the story of lesson 2. Each section stands on its own: take them in any order, or none.

# %% [markdown] contents
# The core notebook's words are used here without further explanation. In the exercise notebook, the exercises marked ◇ use sections 1 and 2. Sections 1, 3, 4 and 6 show stored results of many small dictionaries of `code-4l` (`models/sae_grid.py`, `models/stored/sae_code.py`). They were trained briefly, so that they can be compared with one another, and not with the core's `resid-2`. A range is over three trainings from different starts unless the caption says otherwise.

# %% setup

# %%
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
# Which kind of dictionary should one train? The core compares two, ReLU with L1 and TopK. Four more try to have the advantages of both. In `course_utils.sae` all six are one class, with another function between encoder and decoder.

# %% figure
deeper_diagram.six_kinds().captioned("Six functions on the same two vectors of five products (the numbers that the ReLU gets, often called pre-activations). What passes is blue.")

# %% [markdown]
# - **BatchTopK** (Bussmann et al. 2024, [arXiv 2412.06410](https://arxiv.org/abs/2412.06410)): a vector that needs many latents may have them at the expense of one that needs few. After training, a fixed threshold takes the place of the batch.
# - **Matryoshka** (Bussmann et al. 2025, [arXiv 2503.17547](https://arxiv.org/abs/2503.17547)): dictionaries inside a dictionary. Here the first 48, 96 and 192 of 384 latents must each reconstruct on their own, and the losses are added. What is kept is chosen as in BatchTopK.
# - **JumpReLU** (Rajamanoharan et al. 2024, [arXiv 2407.14435](https://arxiv.org/abs/2407.14435)): a learned threshold for each latent. The penalty is on the *number* of active latents and not on their sizes.
# - A **gated** dictionary (Rajamanoharan et al. 2024, [arXiv 2404.16014](https://arxiv.org/abs/2404.16014)): whether a latent is active is computed apart from how strongly, and only the first is penalised.
#
# Which one is best depends on how many latents one may use. So each kind is trained at three values of its $k$ or its penalty, and error is drawn against L0. This curve is called the **frontier** of a kind, and lower is better.

# %% figure
frontier = stored.frontier()
plots.show(
    frontier.plot(),
    "Two panels, error and loss above clean against L0, six falling curves in each; ReLU with L1 and gated lie highest.",
    "Error (left) and rise of the model's loss (right) against L0, on held-out modules. Both axes are logarithmic. Small marks are trainings; lines and larger marks are the means over three seeds.",
)

# %% [markdown]
# Four kinds lie close together. At an L0 of 16, BatchTopK and JumpReLU leave least of the variance unexplained, TopK about 1 % of the variance more, and Matryoshka, whose inner dictionaries must reconstruct too, about 1 % more than TopK. ReLU with L1 leaves nearly half of it unexplained. These trainings are short. That may be hard on ReLU with L1 and on the gated kind, whose penalty must first bring a dictionary to its sparsity, while TopK has it from the first step.
#
# **Waking the dead.** A dead latent gets no gradient, since its ReLU gives zero everywhere, so that training does not move its weights. Two remedies are common. **Resampling** points a dead latent at a vector that is reconstructed badly (Bricken et al. 2023). An **auxiliary loss** lets dead latents try to reconstruct what the living ones leave over (Gao et al. 2024). The trainer of this course uses the first for ReLU and the second for TopK.

# %% claims
at = {kind: spread(values) for kind, values in frontier.at(16).items()}
with claims():
    claim("BatchTopK and JumpReLU leave least, below TopK on every seed, by about 1 % of the variance (0.5 to 1.5)", all(at[kind][2] < at["TopK"][1] and between(100 * (at["TopK"][0] - at[kind][0]), 0.5, 1.5) for kind in ("BatchTopK", "JumpReLU")))
    claim("Matryoshka leaves more than TopK on every seed, by about 1 % of the variance (0.5 to 1.5)", at["Matryoshka"][1] > at["TopK"][2] and between(100 * (at["Matryoshka"][0] - at["TopK"][0]), 0.5, 1.5))
    claim("ReLU with L1 leaves nearly half of all unexplained (45 to 50 %)", between(at["ReLU with L1"][0], 0.45, 0.5))
    claim("four kinds lie close together, the other two above them (means)", max(at[kind][0] for kind in ("BatchTopK", "JumpReLU", "TopK", "Matryoshka")) < min(at[kind][0] for kind in ("Gated", "ReLU with L1")))

# %% [markdown]
# ## 2 · Absorption, where it can be proved ◇
#
# A latent with a clean name may have holes that no example shows. Suppose that a broad feature, the *parent*, is there whenever a narrow one, its *child*, is: "closes a bracket" and "closes a call". A vector with both can be written with two latents, or with one.

# %% figure
deeper_diagram.absorbed().captioned("A vector with parent and child (the star). Left: two latents, both active. Right: the child's latent has turned towards the sum, and the parent's latent is silent although the parent is there.")

# %% [markdown]
# The second way costs one active latent less. The child's latent has then absorbed the parent. This is **absorption** (Chanin et al. 2024, [arXiv 2409.14507](https://arxiv.org/abs/2409.14507)). Whoever reads the parent's latent believes that it means "closes a bracket", and misses every bracket that closes a call.
#
# On vectors that we made ourselves it can be proved, since we know where the parent is. We make ten parents with three children each, in 32 dimensions. A parent is alone as often as with each of its children. Dictionaries of 60 latents are trained. A row with parent and child counts as absorbed if the parent's latent is silent and another latent carries at least half of what is there along the parent's direction. The null is the same count in rows with the parent alone, where no latent of a child has anything to do.

# %% prediction
predict("sae.absorbed")

# %% figure answer
planted = stored.absorption()
names = [{"BatchTopK, nested": "Matryoshka"}.get(kind, kind) for kind in planted.kinds]
fig, ax = plots.figure(height=2.4)
for y in range(len(names)):
    ax.plot(planted.null[y], [y] * 3, "x", color=plots.NULL, markersize=8, label=None if y else "null: no child there")
    ax.plot(planted.absorbed[y], [y] * 3, "o", color=plots.HEAD, markersize=8, fillstyle="none", label=None if y else "a child is there")
ax.set(yticks=range(len(names)), yticklabels=names, xlim=(-0.02, 1), ylim=(len(names) - 0.5, -0.5), xlabel="share of the rows that count as absorbed")
ax.legend(loc="lower right")
plots.show(fig, "Four rows of three circles and three crosses; TopK's circles lie furthest to the right.", "Share of the rows that count as absorbed, mean over ten parents; a mark is one of three trainings. Where three marks lie upon one another, only one is seen.")
measured("sae.absorbed", round(planted.absorbed[planted.kinds.index("TopK")].mean().item(), 2))

# %% [markdown]
# <details><summary>After your guess: what this means</summary>
#
# TopK absorbs most here. In more than half of the rows with a child the parent's latent is silent and another carries the parent, while in the null this is so for less than a quarter. BatchTopK does it in a tenth; it may spend two latents on a row with a child and take them from a row that needs none. Matryoshka dictionaries were made against absorption: the small inner dictionary, here of exactly ten latents, has room for the parents only. One of its trainings shows hardly any absorption, one a quarter, and one no more than its null, so that from these three we cannot say that it helps.
#
# </details>

# %% claims
absorbed, alone = (dict(zip(planted.kinds, value, strict=True)) for value in (planted.absorbed, planted.null))
nested = absorbed["BatchTopK, nested"]
with claims():
    claim("TopK absorbs in more than half of the rows with a child, on each seed, and most of all kinds", absorbed["TopK"].min() > 0.5 and all(absorbed["TopK"].min() > value.max() for kind, value in absorbed.items() if kind != "TopK"))
    claim("BatchTopK absorbs in about a tenth (0.07 to 0.13), on each seed", between(absorbed["BatchTopK"].min(), 0.07, 0.13) and between(absorbed["BatchTopK"].max(), 0.07, 0.13))
    claim("in TopK's null less than a quarter", alone["TopK"].max() < 0.25)
    claim("of the Matryoshka ones one seed shows hardly any (below 0.01), another about a quarter, and the third no more than its null (within 0.02)", nested.min() < 0.01 and about(nested.max(), 0.25) and (nested - alone["BatchTopK, nested"]).sort().values[1].abs() < 0.02)

# %% [markdown]
# ## 3 · Absorption, looked for in the code model
#
# Do the dictionaries of a real model have it, too? In `code-4l` nobody knows where a feature is. Following Chanin et al. 2024, we let the direction of a probe stand for it, and look at tokens at which the probe sees a label and the few latents that together tell it best are all silent. A token counts as absorbed if a single other latent makes up at least half of what there is along the probe's direction. The null asks the same of directions drawn at random.
#
# We looked at eight labels in three dictionaries each, which makes 24 cases. In 23 of them less than 5 % of the tokens count as absorbed. The one that stands out is closing brackets in one dictionary: 7 %, which is every token that its own latents miss, where the null has 3 %. That may be absorption, in one training of three. Elsewhere this criterion finds none to speak of: averaged over the three trainings, the null is larger at seven of the eight labels. Chanin et al. asked for more, namely that ablating the latent has by far the largest effect on the probe.

# %% claims
carried = stored.carried()
missed, absorbed, null = (100 * getattr(carried, name) for name in ("missed", "absorbed", "null"))
closing = carried.labels.index("closes")
with claims():
    claim("eight labels, three dictionaries: at all but one less than 5 % count as absorbed", tuple(absorbed.shape) == (8, 3) and int((absorbed >= 5).sum()) == 1)
    claim("the one is closing brackets: 7 %, all that is missed there, where the null has 3 %", rounds_to(absorbed[closing].max(), "7") and absorbed[closing].max() == missed[closing, absorbed[closing].argmax()] and rounds_to(null[closing, absorbed[closing].argmax()], "3"))
    claim("for seven of the eight labels the null is larger (means over seeds)", int((null.mean(1) > absorbed.mean(1)).sum()) == 7)

# %% [markdown]
# ## 4 · Splitting, by width
#
# What counts as one feature may be a matter of the dictionary's width. When what one latent stood for is divided among several in a wider dictionary, this is called **feature splitting**. We train dictionaries of 96 to 1 536 latents, everything else equal, and ask for the F1 of the best latent for a broad label, all keywords, and for its parts, the single keywords.

# %% prediction
predict("sae.split")

# %% figure answer
splits = stored.splits()
labels = {"kind_keyword": "all keywords", "keyword": "one keyword", "closes: )": ") that closes", "closes: ]": "] that closes", "closes: }": "} that closes"}
plots.show(
    splits.plot(labels),
    "F1 of the best latent against width: single keywords rise, all keywords together fall.",
    "F1 of the best latent by width, mean and range over three trainings. “One keyword” is the mean over eight keywords, each with a best latent of its own. Chosen on half of the modules, judged on the other half.",
)
all_keywords = splits.of("kind_keyword").mean(1)
measured("sae.split", "it rises" if all_keywords[-1] > all_keywords[0] + 0.03 else "it falls" if all_keywords[-1] < all_keywords[0] - 0.03 else "it stays about the same")

# %% [markdown]
# <details><summary>After your guess: what this means</summary>
#
# The narrowest dictionary has the best latent for all keywords together. With more latents single keywords are found better and better, and their class worse, by a tenth. The brackets show another side. There is a latent for `)` at every width, for `]` from 384 or 768 latents on, and for `}` hardly at 1 536. What a dictionary lists as one thing depends on its width, and we know of nothing that would make one width the right one.
#
# </details>

# %% claims
broad, single = splits.of("kind_keyword"), splits.of("keyword")
with claims():
    claim("all keywords together are found best by the narrowest dictionary, and worse in the widest by about a tenth (0.07 to 0.13, means)", bool((broad[0].mean() > broad[1:].mean(1)).all()) and between(broad[0].mean() - broad[-1].mean(), 0.07, 0.13))
    claim("single keywords are found better at each greater width (means)", bool((single.mean(1).diff() > 0).all()))
    claim("the bracket ) has an F1 above 0.8 at every width and seed; ] has one below 0.5 on average at up to 192 latents and above 0.85 from 768 on; } below 0.35 everywhere", splits.of("closes: )").min() > 0.8 and splits.of("closes: ]").mean(1)[:2].max() < 0.5 and splits.of("closes: ]")[3:].min() > 0.85 and splits.of("closes: }").max() < 0.35)

# %% [markdown]
# ## 5 · All labels, and stronger rivals
#
# The core follows four latents. How do all 21 labels fare? Half of the held-out modules choose the best latent for a label and its threshold, and the other half judge. Three others compete: the best of the 3 072 neurons of the four MLPs, the best latent of the random model's dictionary, and a **token list**, whose rule is to say “yes” at the tokens of the list and at no others. At seven of the 21 labels the latent's whole interval lies above that of the list.

# %% figure
scores, lists, rivals = stored.label_scores(), stored.token_lists(), stored.pair_lists()
at = {name: i for i, name in enumerate(scores.labels)}
seven = [name for name in scores.labels if scores.low[3, at[name]] > lists[name][2]]
seven.sort(key=lambda name: lists[name][0] - scores.f1[3, at[name]])
sae.label_rows(scores, lists, [*seven, "closes"]).captioned("F1 for the seven labels and for closing brackets, with an example of each; green marks the tokens that have the label. Bars are 95\u00a0% intervals (modules resampled).")

# %% [markdown]
# At the seven, no neuron and none of as many random directions has the higher F1. But the seven were picked because latents do well there. At six of the other fourteen labels the best neuron's whole interval lies above the best latent's.

# %% claims
latent_f1 = scores.of("latent")
with claims():
    claim("at seven of 21 labels, not closing brackets, the latent's interval lies above the list's", len(scores.labels) == 21 and len(seven) == 7 and "closes" not in seven)
    claim("there no neuron and no random direction has the higher F1", all(max(scores.of("neuron")[name], scores.of("random")[name]) < latent_f1[name] for name in seven))
    claim("at six of the other fourteen the neuron's interval lies above the latent's", len(scores.apart("neuron", "latent")) == 6 and not set(scores.apart("neuron", "latent")) & set(seven))

# %% [markdown]
# ### Lists that see the token before
#
# Do the latents at the seven labels know something about code, or only one token further back? Two stronger lists compete with them to find out. The first sees only the *token before*, and can say yes after certain tokens, such as a dot. The second sees *pairs*, the token and the one before. A list of pairs has many more entries than one of tokens, and might be better for that reason alone. As its null we make the same list from a text in which the tokens before were exchanged at random: it has as many entries, and what it knows can only come from the token itself.

# %% figure
marks = {"null: pair": ("x", plots.NULL, 0.0, "null: pairs with other tokens before"), "pair": ("s", plots.SERIES[5], 0.12, "list of pairs"),
         "token before": ("D", plots.SERIES[3], -0.12, "list of tokens before"), "latent": ("o", plots.HEAD, 0.24, "latent")}
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
# Seeing the token before helps, most of all at imported names and at names after a dot, `def` and `class`. A pair is worth more than its null at each of the seven. Still the latent's interval lies above all lists at six of them. At names after `class` it overlaps with that of the list of tokens before, and the latent may know no more than that.
#
# At the other fourteen labels the latent's interval does not lie above the token list's, and at some, such as keywords, names and operators, the list lies above the latent. These are large classes, and there is a reason in arithmetic. Let a label belong to a share $b$ of the tokens, and a latent be active at a smaller share $a$. Even if every activation is right, precision is 1 and recall $a/b$, so that F1 is no more than $2a/(a + b)$. Several latents together do better: for keywords the best single one has 0.55, and the best set of up to sixteen has 0.84, what the token list has.

# %% [markdown]
# The last control is the random model, with equal training. In the core its dictionary had read fewer vectors than the other. Now both have 768 latents and the same recipe, and we compare six labels. For opening and closing brackets the random model's dictionary comes close. For comments, keywords, the inside of brackets and names where they are bound its F1 stays below 0.2.

# %% claims
others = [name for name in scores.labels if name not in (*seven, "closes")]
six = ("closes", "opens", "in_brackets", "in_comment", "definition", "kind_keyword")
even = stored.splits().beside_untrained(six)
decided = [name for name in others if lists[name][1] > scores.high[3, at[name]]]
lead = {name: max(rivals[name]["pair"][0], rivals[name]["token before"][0]) - lists[name][0] for name in seven}
with claims():
    claim("there are seven labels at which the latent beats the token list; seeing the token before helps most at imported names and at names after a dot, def and class", len(seven) == 7 and set(sorted(lead, key=lead.get)[-4:]) == {"attribute", "function_name", "class_name", "import"})
    claim("a pair is worth more than its null at each of the seven", all(rivals[name]["pair"][0] > rivals[name]["null: pair"][0] for name in seven))
    claim("at six of the seven the latent's interval lies above those of both lists, at names after class it overlaps with that of the tokens before", [name for name in seven if scores.low[3, at[name]] <= max(rivals[name][key][2] for key in ("pair", "token before"))] == ["class_name"] and rivals["class_name"]["token before"][2] > scores.low[3, at["class_name"]])
    claim("at none of the fourteen others does the latent's interval lie above the token list's", not any(scores.low[3, at[name]] > lists[name][2] for name in (*others, "closes")) and len(others) == 13)
    claim("for keywords the best latent has 0.55, the best set and the token list 0.84", [f"{v:.2f}" for v in (scores.of("latent")["kind_keyword"], scores.of("set")["kind_keyword"], lists["kind_keyword"][0])] == ["0.55", "0.84", "0.84"])
    claim("keywords, names and operators are among those at which the list's interval lies above the latent's; all of these classes are large (one token in thirty and more)", {"kind_keyword", "kind_name", "kind_operator"} <= set(decided) and all(scores.base[at[name]] > 1 / 30 for name in decided))
    claim("for brackets the random model's best latent is less than a tenth below the trained one's (means over seeds)", all(0 < even[label]["trained"][0] - even[label]["null: random model"][0] < 0.1 for label in ("closes", "opens")))
    claim("for the other four labels it stays below 0.2 on every seed, and below the trained one's on every seed", all(row["null: random model"][2] < min(0.2, row["trained"][1] + 1e-9) for label, row in even.items() if label not in ("closes", "opens")))

# %% [markdown]
# ## 6 · Do two trainings find the same dictionary?
#
# If the latents were *the* features of a model, another training would find them again. Take two trainings that differ in their start and in the order of the vectors, and match their latents one to one. Paulo and Belrose 2025 ([arXiv 2501.16615](https://arxiv.org/abs/2501.16615)) call a latent shared if its partner has a cosine above 0.7 in the encoder and in the decoder. We ask for the decoder alone, which is easier, and which can be compared with a null: as many directions drawn at random with the covariance of the data.

# %% prediction
predict("sae.shared")

# %% figure answer
shared = stored.shared()
fig, ax = plots.figure(height=2.6)
for values, colour, words in ((shared.decoder, plots.HEAD, "decoder alone"), (shared.null, plots.NULL, "null: the data's covariance")):
    plots.band(ax, shared.widths, 100 * values.T, colour=colour, label=words)
ax.set(xscale="log", xlabel="latents", ylabel="shared latents, %", ylim=(0, None))
ax.set_xticks(shared.widths.tolist(), [str(w) for w in shared.widths.tolist()])
ax.set_xticks([], minor=True)
ax.legend()
plots.show(fig, "Two lines against width; that of two trainings lies above the null at every width.", "Share of latents that two trainings have in common, by the decoder alone: mean and range over three pairs of trainings.")
measured("sae.shared", round(shared.decoder[-1].mean().item(), 3))

# %% [markdown]
# <details><summary>After your guess: what this means</summary>
#
# About one latent in twenty is shared. That is more than chance gives, and far fewer than one would expect of the *true* features of a model. By encoder and decoder together it is fewer still. These trainings are short, so that a part of the disagreement is unfinished work. Longer trainings may agree more. It is safer to speak of *a* dictionary of the model than of *its* features.
#
# </details>

# %% claims
with claims():
    claim("by the decoder alone it is about one in twenty (3 to 10 %, every width and pair), and more than the null everywhere", between(shared.decoder.min(), 0.03, 0.1) and between(shared.decoder.max(), 0.03, 0.1) and bool((shared.decoder > shared.null).all()))
    claim("by encoder and decoder together it is fewer, at every width and for every pair", bool((shared.shared < shared.decoder).all()))

# %% [markdown]
# ## 7 · An edit and what else it changes
#
# Whoever wants to use a latent, to remove a bad habit of a model for example, must know what else the edit does. The core takes a latent's part away where it is active. Two edits are stronger. One can *clamp* the latent to a negative value there. Or one can project its direction out, which removes everything along it from every vector. A good edit raises the loss where the latent is active, which is wanted, and leaves it alone where the latent is silent. Does a stronger edit do more of the first, or only more of the second?

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
styles = {"clamped": ("o-", plots.SERIES[0], "clamped to 0, −1, −2, −4 ×"),
          "projected": ("D", plots.SERIES[2], "projected out"),
          "null:": ("x", plots.NULL, "null: another projected out"),
          "null,": ("s", plots.NULL, "null: another pushed as far as −4 ×")}  # fmt: skip
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
    "Rise of the loss at the places where the latent is active (up: the effect that was wanted) and at all others (right: the side effect), on twelve contexts of held-out modules. The best edit is far up and far left. The scales of the two panels differ. Nulls: the direction of another latent, active about as often, projected out; or pushed along at the same tokens and as far as the lowest clamp pushes.",
)

# %% [markdown]
# The two latents differ most in what the edit achieves at their own places. For opening brackets, clamping to zero raises the loss by more than half a nat where the latent is active, and by about a hundredth of a nat elsewhere. Clamping to four times below zero costs more than six nats at its places. A push of that length along either of two other latents costs nearly three there, as the squares show. Projecting the direction out does somewhat more at its places than clamping to zero does, and costs about four times as much elsewhere.
#
# For names where they are bound, clamping to zero changes the loss at its places by less than 0.05 nats: the model hardly misses what this latent says. Clamping to twice its mean below zero still costs less than 0.2, and only the lowest clamp more than half a nat.

# %% [markdown]
# ## 8 · Transcoders
#
# A dictionary of the stream says what is there, and not how it came about. To follow a computation one wants latents that say what an MLP *does*. Two other coders ask for more than a dictionary; they differ in what goes in and in what must come out.

# %% figure
deeper_diagram.three_coders().captioned("Three coders. Each has a layer of latents f, of which few are active at a time.")

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
recipe = dict(steps=600, batch=512, lr=3e-3, dead_after=20_000)
shapes = {"transcoder": sae.Config(d_in=32, d_out=32, n_latents=64, k=2),
          "autoencoder of the input": sae.Config(d_in=32, n_latents=96, k=3)}
made = dict(both=32, first=32, second=0, d=32, probability=0.04)
truths = [sae.PairedTruth.draw(**made, seed=seed) for seed in range(2)]
coders = {kind: [] for kind in shapes}
for seed, truth in enumerate(truths):
    x, _, _ = truth.sample(60_000, torch.Generator().manual_seed(3))
    for (kind, shape), source in zip(shapes.items(), (truth, sae.Rows(x)), strict=True):
        run = sae.Recipe(**recipe, seed=seed)
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
# The transcoder detects the features that are written nearly as well as the autoencoder does, and is blind to the others. What the MLP does not use, it does not list. It also knows what a feature is turned into: for most written features a latent's decoder row has a cosine above 0.9 with the direction in the output.
#
# Now the code model. `mlp-1-transcoder` comes with the course. It reads what MLP 1 of `code-4l` reads and predicts what it writes, with 1 536 latents, at most 16 at a time. Its card says how it was trained. We put its prediction in the place of what the MLP writes.

# %%
coder = sae.load("mlp-1-transcoder")
tokens, module = sae.held_out_contexts(model, limit=24)
x, y = coder.activations(tokens)
quality = sae.Quality.of(coder.sae, x, y)
spliced = sae.Spliced.of(coder, tokens, module)
table(spliced, unit="nats")

# %% caption
caption("The loss of `code-4l` on 24 contexts of held-out modules, with something else in the place of what MLP 1 writes.")

# %% [markdown]
# What does a latent of it look like? On the left a program is shaded with one of them, on the right stand the tokens that its decoder row raises most.

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
# The latent is most active at the line break after the head of a function, and it raises triple quotes and `...`. After the head of a function a docstring may begin, and this latent is a step on the way to it, with a condition and a consequence. Does the model use the step? At twelve places of held-out modules at which it is strongly active, we subtract the latent's part from what the MLP writes. The probability of triple quotes falls at each of them, from 34 % to 29 % on average. A push as long along another latent does not lower the average.
#
# As a whole, the transcoder leaves about 30 % of the variance of the MLP's output unexplained. The model minds less than this sounds. With the transcoder in the MLP's place its loss rises by less than 0.05 nats, and with the mean of the MLP's output by about 0.2.

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
    claim("the transcoder detects written features nearly as well as the autoencoder (at most 0.2 less on each truth)", (own["written"] > other["written"] - 0.2).all())
    claim("it is blind to the others (below 0.25 on both truths, where the autoencoder reaches 0.7)", own["only read"].max() < 0.25 and other["only read"].min() > 0.7)
    claim("it leaves about 30 % of the variance unexplained (0.25 to 0.35)", between(quality.unexplained, 0.25, 0.35))
    claim("in the MLP's place it costs less than 0.05 nats (and more than 0.02), the mean about 0.2", between(cost, 0.02, 0.05) and about(mean_cost, 0.2))
    claim("the latent is most active after the heads of functions, and raises triple quotes and ... most", {spelled[i] for i in active.topk(3).indices} <= {"\n    ", "\n        "} and all("def" in "".join(spelled[: i + 1]).rstrip().split("\n")[-1] for i in active.topk(2).indices) and [model.tokenizer.decode([i]) for i in best.indices[:3].tolist()] == ['\"\"\"', "...", "'''"])
    claim("without its part triple quotes fall at each of twelve places, from 34 % to 29 % on average, and along another not", len(quoted) == 12 and bool((quoted[:, 1] < quoted[:, 0]).all()) and [f"{100 * share:.0f}" for share in quoted[:, :2].mean(0).tolist()] == ["34", "29"] and quoted[:, 2].mean() >= quoted[:, 0].mean())
    met = [truth.match(each.W_dec).cosine[truth.side == BOTH] for truth, each in zip(truths, coders["transcoder"], strict=True)]
    claim("for most written features a decoder row has a cosine above 0.9 with the output's direction (at least three quarters, on both truths)", all((cosine > 0.9).float().mean() >= 0.75 for cosine in met))

# %% [markdown]
# ## 9 · Crosscoders
#
# Two dictionaries of two layers have latents of their own, and nobody knows which belong together. A **crosscoder** (Lindsey et al. 2024, [Sparse Crosscoders](https://transformer-circuits.pub/2024/crosscoders/index.html)) reads and writes several activations with one set of latents: two layers, or two models. Each latent has a direction in each of them. The lengths of the two say where the latent belongs: if one of them is near 0, it is a latent of the other alone.
#
# Again we begin with features that we made, 72 of them: a third in both sources, a third only in the first, a third only in the second. The second source's part of a latent's decoder length should then be one half, 0 and 1.

# %%
parts, recovered = {side: [] for side in SIDES}, []
for seed in range(2):
    truth = sae.PairedTruth.draw(24, 24, 24, d=32, probability=0.03, seed=seed)
    truth = truth.laid_beside()
    shape = sae.Config(d_in=64, n_latents=108, k=2, sources=2)
    run = sae.Recipe(**recipe, seed=seed)
    crossed = sae.train(shape, truth, run, device="cpu", show=False).sae
    pairs = truth.match(crossed.W_dec)
    recovered.append(pairs.found())
    part = second_share(crossed.source_norms())[pairs.latent]
    for i, side in enumerate(SIDES):
        parts[side] += part[truth.side == i].tolist()
table({side: {"second source's part": spread(parts[side])} for side in parts},
      decimals=2, corner="feature in", interval="lowest and highest of 48 features")

# %% caption
caption("Of each matched latent's decoder lengths, the second source's part. Two truths, one training each.")

# %% claims
with claims():
    claim("every feature is found (cosine above 0.9), on both truths", min(recovered) == 1)
    claim("features in both sources have a part within 0.02 of one half; those in one have less than 0.1 in the other, each of the 48", all(abs(p - 0.5) < 0.02 for p in parts["both"]) and max(parts["first only"]) < 0.1 and min(parts["second only"]) > 0.9)

# %% [markdown]
# Now two layers of `code-4l`: the residual stream before block 1 and before block 3, counted from 0, each scaled to the same mean square. The null gives the later layer's vectors to other tokens. Then nothing can be in both layers, and a crosscoder has no reason to make latents of both.

# %% figure
layers = stored.crossed()
plots.show(
    layers.plot(),
    "A histogram of the later layer's part: the crosscoder's latents against those of the null.",
    "The later layer's part of each latent's decoder length: crosscoders of 384 latents, k = 16, three trainings together. From 0.3 to 0.7 a latent counts as being in both.",
)

# %% [markdown]
# Nearly all latents are in both layers, and about equally. In the null fewer than a third are. A latent in both layers also keeps its direction, nearly: the median cosine of its two directions is 0.84. This is what one expects of a residual stream, to which each block adds its own part. What a block adds for itself would be latents of the later layer alone, and with 384 latents we see hardly any. A wider crosscoder may.

# %% claims
with claims():
    both, null_both = (layers.rows()[name]["both, %"] for name in ("the same token", "null: another token's"))
    claim("nearly all latents are in both layers (at least 95 %), on each seed; in the null fewer than a third on average", both[1] > 95 and null_both[0] < 100 / 3)
    claim("the median cosine of a latent's two directions is 0.84 (0.83 to 0.86, each seed)", all(between(c, 0.83, 0.86) for c in layers.kept_in_both))

# %% [markdown]
# ## 10 · Order, width and scale
#
# A dictionary of a large model is trained by the same few lines as that of a plane. Here is what one has to know beyond that to train one: what more latents buy, why the vectors are mixed, and how much memory it takes.

# %% figure
scaling = stored.scaling()
law = scaling.fit(torch.arange(5) < 4)  # to the first four widths
fig, ax = plots.figure(height=2.8)
ax.plot(scaling.widths, 100 * scaling.unexplained, "o", color=plots.HEAD, fillstyle="none")
ax.plot(scaling.widths, 100 * law[0] * scaling.widths ** -law[1], ":", color=plots.NULL)
ax.text(105, 22, "dotted: a power law, fitted to the first four widths", color=plots.NULL)
ax.set(xscale="log", yscale="log", xlabel="latents", ylabel="variance unexplained, %")
ax.set_xticks(scaling.widths.tolist(), [f"{w:.0f}" for w in scaling.widths.tolist()])
ax.set_yticks([20, 25, 30, 40], ["20", "25", "30", "40"])
ax.set_xticks([], minor=True), ax.set_yticks([], minor=True)
plots.show(fig, "Dots fall with width; the last ones lie above a straight line through the others.", "TopK dictionaries of five widths, k = 16, all trained on the same vectors; a circle is one of three trainings. Both axes are logarithmic.")

# %% [markdown]
# **Width.** Larger dictionaries reconstruct better. Gao et al. 2024 ([arXiv 2406.04093](https://arxiv.org/abs/2406.04093)) fit power laws to the error over widths of several orders of magnitude, for dictionaries trained to convergence. Our five widths follow none: the curve becomes flatter at every step, and a law fitted to the first four promises too much for the fifth.
#
# **Order.** Neighbours in a text are alike. If a dictionary is trained in the order of the text, a batch comes from a few contexts of one file. The same dictionary, trained on the same vectors, then leaves about 30 % of the variance unexplained instead of 26 %. This is why the vectors are shuffled.
#
# **Scale.** A dictionary of $n$ latents in $d$ dimensions has about $2nd$ weights. With the gradient and Adam's two running averages, four numbers are kept for each, 16 bytes in single precision. For 131 072 latents in 4 096 dimensions that is 17 GB, and a billion vectors in half precision take 8 200 GB. So the vectors are usually not stored. They are harvested as the training needs them, and mixed in a buffer.

# %% claims
(mixed, ordered), local = stored.shuffled().unexplained, scaling.local


def in_training(d, latents):
    """GB of numbers that a training keeps."""
    return 16 * 2 * latents * d / 1e9


def stored_vectors(d, vectors):
    """GB of vectors in half precision."""
    return 2 * d * vectors / 1e9


with claims():
    claim("in order the error is higher on every seed than in any training on mixed vectors: about 30 % against about 26 %", ordered.min() > mixed.max() and rounds_to(100 * ordered.mean().item(), "30") and rounds_to(100 * mixed.mean().item(), "26"))
    claim("larger dictionaries reconstruct better (means), and the exponent between neighbouring widths falls at every step", local == sorted(local, reverse=True) and bool((scaling.unexplained.mean(1).diff() < 0).all()))
    claim("the law fitted to the first four widths predicts a lower error for the fifth than each of the three that were measured", law[0] * 1536 ** -law[1] < scaling.unexplained[-1].min())
    claim("a dictionary has about 2 · latents · dimensions weights", about(sum(p.numel() for p in dictionary.sae.parameters()), 2 * dictionary.sae.config.n_latents * dictionary.sae.config.d_in))
    claim("131 072 latents in 4 096 dimensions take 17 GB, a billion vectors about 8 200 GB", rounds_to(in_training(4096, 2**17), "17") and rounds_to(stored_vectors(4096, 10**9) / 100, "82"))

# %% [markdown]
# ## 11 · What a small λ does
#
# Shrinkage is $\lambda/2$, and so a small $\lambda$ should do little harm. That is so for one latent and one feature. What becomes of the activations with 96 latents and the 64 features of the core's section 2, when $\lambda$ is made small?

# %% prediction
predict("sae.penalty")

# %% figure answer
prices = stored.prices()
factor = prices.factor[:-1].mean(1)  # one for each λ, small to large
plots.show(
    prices.plot(),
    "Against λ from 0.05 to 1: the formula falls from nearly 1, while the measured activations rise a little and then fall.",
    "Activation over true strength, for latents that found a feature: mean over three sets of features, with the range. The dotted line is the formula. (λ is in units of the vectors' typical length, by which the trainer divides them; the dotted line takes this into account.)",
)
peak = int(factor.argmax())
measured("sae.penalty", "it rises towards 1" if factor[0] > 0.9 else "it rises, and then falls again" if 0 < peak < len(factor) - 1 and factor[0] < factor[peak] - 0.03 else "it falls" if factor[0] < factor[-1] - 0.03 else "it stays about the same")

# %% [markdown]
# <details><summary>After your guess: why a small λ does not help</summary>
#
# At the right end the formula is nearly all that happens. At the left end it describes less and less. A small $\lambda$ leaves many latents active, about nineteen where 2.6 features are there, and the strength of a feature is *shared* among several of them. The vectors are rebuilt almost whole, and yet the latent of a feature answers with little more than half of its strength. A large $\lambda$ shrinks each activation, and a small one spreads it out. TopK's activations come closer to the true strengths than those of L1 at any of the seven $\lambda$.
#
# </details>

# %% claims
with claims():
    claim("at λ = 1 the formula is nearly all that happens (within 0.04), on each of the three", bool(((prices.factor[6] - prices.alone[6]).abs() < 0.04).all()))
    claim("at the smallest λ the vectors are rebuilt almost whole (4 % unexplained), the activations are little more than half of the strengths (0.55 to 0.6), and about nineteen latents are active", rounds_to(100 * prices.unexplained[0].mean(), "4") and between(prices.factor[0], 0.55, 0.6) and rounds_to(prices.l0[0].mean(), "19"))
    claim("the activations rise and then fall again as λ falls, on each of the three", bool((prices.factor[1] > prices.factor[0]).all() and (prices.factor[1] > prices.factor[6]).all()))
    claim("TopK's activations (k = 3) come closer to the true strengths than those of L1 at any of the seven λ, on each", bool((prices.topk["factor"] > prices.factor[:-1].nan_to_num(0)).all() and (prices.topk["factor"] < 1).all()))

# %% [markdown] words
# ## Words
#
# - BatchTopK: a dictionary that keeps the largest products of a whole batch, so that vectors may differ in how many they use.
# - Matryoshka: of a dictionary with nested inner ones, each of which must reconstruct alone.
# - JumpReLU: a ReLU with a threshold below which the activation is 0 and above which the whole value passes.
# - gated: of a dictionary that computes whether a latent is active apart from how strongly.
# - frontier: error against L0 for one kind of dictionary at several prices.
# - resampling: pointing a dead latent at a vector that is reconstructed badly.
# - auxiliary loss: a loss in which dead latents rebuild what the living ones leave over.
# - token list: a rule that says yes at the tokens of a list and at no others.
# - absorption: a latent falling silent where a narrower latent has taken its direction in.
# - feature splitting: the division of what one latent stood for among several latents of a wider dictionary.
# - transcoder: a dictionary that reads what a part of the model reads and predicts what it writes.
# - crosscoder: a dictionary that reads and writes several activations with one set of latents.

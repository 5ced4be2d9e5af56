# %% [markdown]
# # Toy models of superposition: deeper
#
# *Lesson 1, the second notebook. You may skip it, or take its sections in any order.*
#
# The core lesson left six questions open. Which shapes do many features form in many dimensions? How well can directions be packed, if they are not drawn at random? How do features arrange themselves that come together, or never do? Can a network *compute* in superposition, and not only store? Why is a number that agrees with a theory to one part in a hundred not yet evidence for it? And do the neurons of a real model differ from other directions by more than chance?
#
# You need from the core lesson: the model $\hat x = \mathrm{ReLU}(W^\top W x + b)$, the density $p$ of a feature, its interference, its dimensionality $D_i$, and what a block of features is.

# %% [markdown] contents

# %% setup

# %% [markdown]
# ## 1 · Which shapes appear in a large model?
#
# In a pentagon every feature has dimensionality $D = 2/5$. Each regular shape has its number. The antipodal pair, which Elhage et al. call a **digon**, has $1/2$, the triangle $2/3$, the tetrahedron $3/4$. The **square antiprism**, a square above a square that is turned by 45°, puts eight corners into three dimensions, $3/8$. The dimensionalities of a large model could therefore tell which shapes it is made of. Elhage et al. 2022 see such shapes in a sweep over densities.
#
# The figure shows a sweep of nearly the published size, 200 equally important features in 20 dimensions at 20 densities, stored from three runs. A small one, 40 features in 8 dimensions, is trained here.

# %% figure
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils import zoo
from course_utils.page import about, beside_gpt2, between, caption, claim, claims, measured, predict, table

WHOLE_SWEEP = False  # True: one run of the published sweep too, 3 to 6 minutes on two cores
density = tuple((20 ** -torch.linspace(0, 1, 8)).tolist())
recipe = sp.Recipe(steps=1200, batch=256, lr=0.01, anneal=True)
small = sp.train(sp.Toy(40, 8, density), recipe, seeds=3, show=False)
live = sp.train(sp.canonical(), sp.Recipe()) if WHOLE_SWEEP else small
sweep = sp.density_sweep()
plots.show(
    sweep.plot(live),
    "Left: dimensions per feature fall from 1, with a plateau at one half. Right: the dimensionality of every feature: nearly all that are kept at one half over a range of densities, then in a band below it, beside drawings of six regular shapes.",
    caption="Left, hidden dimensions per represented feature. Right, D of every feature of the three stored runs; dotted, the dimensionalities of the regular shapes that are drawn beside it.",
)

# %% [markdown]
# One line is hit beyond doubt. Over a range of densities nearly all features that are kept gather at $1/2$: the model consists of antipodal pairs. The cloud below 0.2 on the dense side is made of features that are left out. Their arrows are short, and in the formula for $D_i$ the squared length of the own arrow stands above the sum over all arrows.
#
# To the right of the plateau the features form a band, which slides down as features become rarer. It crosses $2/5$ and $3/8$. A band that slides past a height must touch it somewhere, so that these crossings do not show that there are pentagons and antiprisms. A count shows a little more. For each height we take the density at which it holds the most features, and count those within 0.01 of it. At $2/5$ and $3/8$ it is about a third of all features; at heights 0.02 to 0.04 away from them it is between a fifth and a quarter. The heights of triangles and tetrahedra hold no more features than heights near them.
#
# ### Blocks say more than numbers
#
# Five features that share two dimensions with no others are more than five numbers near $2/5$. We train 40 equally important features in 8 dimensions once more, at five densities around that place, six runs each, and cut the eight dimensions into blocks as in section 6 of the core lesson.

# %% figure
toy = sp.Toy(40, 8, (0.4, 0.26, 0.24, 0.22, 0.2))
window = sp.train(toy, sp.Recipe(steps=2500, batch=256, lr=0.01, anneal=True), seeds=6, show=False)
plots.show(
    sp.shares_figure({f"p = {q:.2g}": window.W[:, k] for k, q in enumerate(toy.probability[:, 0].tolist())}),
    "Bars of eight dimensions cut into blocks: only pairs at p = 0.4; pairs and fives at 0.26; fives and eights at 0.24 and 0.22; mostly one large block at 0.2.",
    caption="Each bar is one run. Its pieces are blocks, each as long as the number of dimensions that it fills, with the number of its features. Light: antipodal pairs. Grey: five features in two dimensions. Dark: eight in three.",
)

# %% [markdown]
# At $p = 0.4$ every run consists of digons. At 0.26 blocks of five in two dimensions stand among them, each of them a regular pentagon, and blocks of eight in three dimensions begin to appear. At 0.24 most runs have one. At 0.2 the blocks have merged into large ones.
#
# Are the blocks of eight square antiprisms? Here is one of them, in its own three dimensions.

# %% figure
found = [(W, block) for runs in window.W for W in runs for block in sp.blocks(W)]
eights = [W[:, list(block.features)] for W, block in found if len(block.features) == 8]
plots.show(
    sp.body_figure(min(eights, key=sp.from_antiprism), list(range(8))),
    "Eight arrows in three dimensions: four end at the corners of a square above, four at the corners of a square below that is turned by 45 degrees.",
    caption="Of all blocks of eight in these thirty models, the one that is nearest to an antiprism, turned so that its arrows end in two levels. Its features are numbered 0 to 7.",
)

# %% [markdown]
# This one is close to an antiprism. To see whether others are, we need a number. Dimensionalities do not help, because eight features that fill three dimensions have $3/8$ on average in any arrangement. Angles do. We sort the cosines of all 28 pairs, and compare with 200 sets of eight arrows that fill three dimensions as evenly, but are otherwise random.

# %% figure
null = sp.evenly_spread(200, 8, 3, torch.Generator().manual_seed(0))
plots.show(
    sp.eight_figure(eights, null),
    "Sorted cosines of 28 pairs: the antiprism as a staircase, most trained blocks on it or near it, and random evenly spread sets far more scattered.",
    caption="The cosines of all 28 pairs of eight arrows in three dimensions, sorted. Black: the square antiprism. Blue: every block of eight in the figure above. Grey: 200 random sets that fill three dimensions evenly.",
)

# %% [markdown]
# Most blocks follow the staircase of the antiprism to within 0.05 (root mean square difference); a few are bent, by up to 0.13. Random sets are 0.25 away on average, and 99 in 100 of them are further away than any block. The shapes that Elhage et al. describe are here, in a narrow window of densities. Blocks and angles show them.
#
# > A dimensionality near $3/8$ does not make an antiprism. Twenty-eight angles do.
#
# <details><summary>The theorem behind it: 0 ≤ D ≤ 1, and the sum is at most the rank of W. With proof.</summary>
#
# Write $G = WW^\top$. Then $D_i = \|W_i\|^4 / (W_i^\top G W_i)$. By Cauchy–Schwarz $\|W_i\|^4 \le (W_i^\top G W_i)(W_i^\top G^{+} W_i)$, with equality exactly if $G W_i$ is parallel to $W_i$. It follows that $D_i \le W_i^\top G^{+} W_i$, and these sum to $\operatorname{tr}(G^{+}G) = \operatorname{rank} W$. Equality holds exactly if every non-zero column is an eigenvector of $G$. Random matrices do not use all their room; trained ones nearly do. The dimensionalities of the models with eight dimensions sum to at least 7.9.
# </details>

# %% claims
D = sp.feature_dimensionality(small.W)  # (run, density, feature)
any_W = torch.randn(500, 6, 10, generator=torch.Generator().manual_seed(0))
random_sum = sp.feature_dimensionality(any_W).sum(-1)
steps = (-0.04, -0.03, -0.02, 0.02, 0.03, 0.04)
share = {h: sweep.share_at(h).amax(1) for h in (1 / 2, 2 / 5, 3 / 8, 2 / 3, 3 / 4)}  # within 0.01, at its best density, per run
near = {h: torch.stack([sweep.share_at(h + step).amax(1) for step in steps]).mean() for h in share}
lengths, short = sp.column_norms(small.W[:, 1]), D[:, 1] < 0.25  # p = 0.65
sizes = [[sorted(len(block.features) for block in sp.blocks(W)) for W in runs] for runs in window.W.transpose(0, 1)]  # of each density
fives = [W[:, list(block.features)] for W, block in found if len(block.features) == 5 and abs(block.dimensions - 2) < 0.02]
flat = [torch.linalg.svd(W, full_matrices=False) for W in fives]  # each turned into its own plane
distance, nulls = [sp.from_antiprism(W) for W in eights], [sp.from_antiprism(W) for W in null]
with claims():
    claim("every D lies between 0 and 1, and their sum is at most the rank (trained and random matrices)", bool((D >= 0).all() and (D <= 1 + 1e-5).all() and (D.sum(-1) <= 8 + 1e-3).all() and (random_sum <= 6 + 1e-4).all()))
    claim("the dimensionalities of trained models with eight dimensions sum to at least 7.9; those of random matrices of rank six to less than five on average", D.sum(-1).min() >= 7.9 and random_sum.mean() < 5)
    claim("at its best density the digon holds all features, in all three runs; over at least four neighbouring densities it holds nine in ten", bool((share[1 / 2] > 0.99).all()) and int((sweep.share_at(0.5) > 0.9).all(0).sum()) >= 4)
    claim("for pentagon and antiprism the share is about a third", about(torch.stack([share[2 / 5].mean(), share[3 / 8].mean()]), 1 / 3))
    claim("and nearby heights hold between a fifth and a quarter", between([near[2 / 5], near[3 / 8]], 0.20, 0.25))
    claim("triangles and tetrahedra are no more common than their neighbours", all(near[h] >= share[h].mean() for h in (2 / 3, 3 / 4)))
    claim("on the dense side features with a small D have short arrows (in the small models, p = 0.65: a median below 0.3 where D is below 0.25, above 0.7 elsewhere)", lengths[short].median() < 0.3 and lengths[~short].median() > 0.7)
    claim("at p = 0.4 every run consists of digons", all(size == [2] * 8 for size in sizes[0]))
    claim("at p = 0.26 most runs have a block of five among digons, and some have one of eight; at 0.24 most do (each four of six or more)", sum(5 in size and 2 in size for size in sizes[1]) >= 4 and any(8 in size for size in sizes[1]) and sum(8 in size for size in sizes[2]) >= 4)
    claim("every block of five in two dimensions is a regular pentagon (within 12 degrees)", len(fives) >= 5 and all(sp.read_plane(S[:2, None] * V[:2]).polygon == 5 for _, S, V in flat))
    claim("the block of eight that is drawn is close to an antiprism: its cosines are within 0.03 of it (root mean square)", min(distance) < 0.03)
    claim("at p = 0.2 every run has a block of more than half of the features that it keeps", all(max(size) > sum(size) / 2 for size in sizes[4]))
    claim("most blocks of eight are within 0.05 of the antiprism, all within 0.135", len(eights) >= 5 and sum(d < 0.05 for d in distance) > len(distance) / 2 and max(distance) < 0.135)
    claim("random sets are 0.25 away on average, and 99 in 100 are further away than any block", about(sum(nulls) / len(nulls), 0.25) and sum(d > max(distance) for d in nulls) >= 0.99 * len(nulls))

# %% [markdown]
# ## 2 · How well can directions be packed?
#
# In the core lesson directions were drawn at random, and a guarantee told how many of them with $|\cos| \le \varepsilon$ are sure to exist. How much is gained if one arranges them? Gradient descent can push directions apart. How many with $|\cos| \le 0.2$ does it fit into 64 dimensions?

# %% prediction
predict("superposition.room")

# %% figure answer
d, sizes = 64, (65, 96, 128, 192, 256)
packed = {n: sp.pack(n, d, steps=250) for n in sizes}
plots.show(
    sp.packing_figure(packed, d, 0.2),
    "The largest cosine over the number of directions: random ones and the bound lie near 0.5, optimised ones rise from near 0 to below 0.2, just above the least possible.",
    caption="The largest |cos| of any two among so many directions in 64 dimensions: drawn at random, as the bound promises, after optimisation, and the least that any set can have (Welch 1974).",
)
fitting = [n for n, k in packed.items() if k.coherence <= 0.2]
measured("superposition.room", "more than 250" if max(fitting) > 250 else "about 130" if max(fitting) > 100 else "about 70")

# %% [markdown]
# <details><summary>What came out, and why (open after your prediction)</summary>
#
# Even 256 directions, four to a dimension, stay below 0.2, within a third of what no set can beat. We have not looked for the number at which this ends. The bound promises not even two. It lies close to random directions, because it is made of them: it tells where random directions fail, not where all directions fail.
#
# A layer of 64 dimensions does not hold 256 features at no cost for that. The *largest* overlap is small, but a reader suffers from the sum of many small ones. Training spreads these evenly too: in the small models of section 1 the mean square of the disturbance of a kept feature is between half and four fifths of what random directions of the same lengths would give.
# </details>

# %% claims
exact = []
for k in (3, 4, 5, 6, 7):
    for W in small.W[:, k]:
        kept = sp.column_norms(W) > 0.5
        random = (density[k] / 3 * (W.square().sum() - W.square().sum(0)) / 8)[kept].mean()
        exact.append(sp.disturbance(W, density[k])[kept].mean() / random)
with claims():
    claim("the bound promises not even two directions with |cos| ≤ 0.2 in 64 dimensions", sp.almost_orthogonal_bound(64, 0.2) < 2)
    claim("even 256 directions stay below 0.2", packed[256].coherence < 0.2)
    claim("within a third of what no set can beat", packed[256].coherence < 4 / 3 * sp.welch_bound(256, 64))
    claim("random directions lie close to the bound (within a fifth)", all(abs(k.start / (4 * torch.tensor(float(n)).log() / d).sqrt() - 1) < 0.2 for n, k in packed.items()))
    claim("in the models of section 1 a kept feature is disturbed by half to four fifths of what random directions of the same lengths give (0.50 to 0.81; p ≤ 0.28, three runs)", between(torch.stack(exact), 0.50, 0.81))

# %% [markdown]
# ### The directions of a real model
#
# One list of directions can be read off any language model: its unembedding, the matrix that turns the last hidden state into logits, has one for each token. GPT-2 small has 50,257 tokens in 768 dimensions (Radford et al. 2019), 65 for every dimension. The picture takes those of `code-4l`, the course's own four-layer model of Python code. It shows them a second time after their mean has been subtracted (“centred”). A vector that is common to all tokens adds the same number to all logits, and the softmax does not notice it.

# %% figure
model = zoo.load("code-4l")
tokens = sp.Cosines.of(model.W_U)
plots.show(
    sp.angles_figure(tokens, "code-4l"),
    "Histograms of angles. Random directions: flat in 2 dimensions, a hump around 90 degrees in 20, a narrow spike in 768. Tokens of code-4l: wider and below 90 degrees, nearer to random when centred.",
    caption="Left, angles between 20,000 pairs of random directions. Right, angles between 50,000 pairs of tokens of code-4l, beside random directions in as many dimensions.",
)

# %%
published = sp.token_sizes(tokens=50_257, dimensions=768)
beside_gpt2(sp.token_cosines, {"code-4l": model}, published, source="Radford et al. 2019 (sizes only)")

# %% caption
caption("The root mean square of the cosine of two tokens' directions, as they are and centred, beside that of random directions and the least that is possible (Welch 1974). Of GPT-2 only the sizes are published.")

# %% [markdown]
# The tokens are less spread out than random directions are. The root mean square of the cosine is nearly five times that of random directions, and still nearly twice after centring. So a real matrix holds more directions than dimensions, and uses the room less evenly than chance would. This says nothing yet about features such as “is inside a Python string”, because their directions are not listed in any matrix. Lesson 2 looks for them.
#
# > Directions that are arranged leave more room than random ones, and those of a real model's tokens less.

# %% claims
cosines = sp.token_cosines(model)
with claims():
    claim("GPT-2 small has 65 directions for every dimension", round(published["directions per dimension"]) == 65)
    claim("in code-4l the root mean square cosine is nearly five times that of random directions (4.5 to 5)", between(cosines["as they are"] / cosines["null: random"], 4.5, 5))
    claim("and nearly twice as large after centring (1.8 to 2)", between(cosines["centred"] / cosines["null: random"], 1.8, 2))

# %% [markdown]
# ## 3 · Features that come in pairs
#
# The features of a text need not be independent: whatever names a city names a place. What does a model do with features that come together, or never do? Here four features in two pairs share two dimensions. In the **correlated** case the two of a pair are always active at the same time, with independent sizes. In the **anticorrelated** case they are never active at the same time. The independent case is the control.

# %% prediction
predict("superposition.pairs")

# %% figure answer
recipe = sp.Recipe(steps=600, batch=512, lr=0.02, anneal=True)
pairs = {
    kind: sp.train(sp.Toy(4, 2, (0.4, 0.2, 0.1, 0.05), pairs=kind), recipe, seeds=16, show=False)
    for kind in ("independent", "correlated", "anticorrelated")
}
within = sp.PairGeometry.of(pairs)
plots.show(
    within.plot(),
    "Cosine within pairs: independent at 0 or −1; correlated at +1 when dense and 0 when sparse; anticorrelated at 0 or −1, in the best models always at −1.",
    caption="Each dot is one pair of one of 16 runs; diamonds are the runs with the lowest loss. −1 is opposite, 0 at right angles, +1 the same direction.",
)
together = within.best["correlated"]
rare = together[-1]  # p = 0.05
fig, axes = plots.figure(1, 4, height=2.3)
drawn = {"independent, p = 0.05": ("independent", 3), "correlated, p = 0.05": ("correlated", 3),
         "correlated,\np = 0.4": ("correlated", 0), "anticorrelated,\np = 0.05": ("anticorrelated", 3)}  # fmt: skip
for ax, (title, (kind, k)) in zip(axes, drawn.items(), strict=True):
    sp.arrow_panel(ax, pairs[kind].best().W[0, k])
    ax.set_title(title, fontsize=10, loc="center")
plots.show(
    fig,
    "Four sets of arrows. Correlated and rare: the two of a pair at right angles. Correlated and dense: the two of a pair on one another. Anticorrelated: opposite.",
    caption="The best runs. Features 0 and 1 are one pair, 2 and 3 the other.",
)
measured("superposition.pairs", "at right angles" if rare.abs().max() < 0.3 else "the same direction" if rare.min() > 0.95 else "opposite")

# %% [markdown]
# <details><summary>What came out, and why (open after your prediction)</summary>
#
# Features that come together are best at right angles, since interference between them would hurt nearly every time. When they are so dense that something must give ($p = 0.4$), they share one direction, and the model keeps their sum. Features that exclude each other are best put at opposite ends of one line, where they never meet: the loss of the best models is zero.
#
# About half of the anticorrelated pairs are not opposite. Those runs are stuck: their loss is at least 0.001, where it could be zero. And "opposite" alone proves little, since in the independent control between a tenth and two fifths of the pairs are opposite too. Each feature must pick *some* partner.
# </details>

# %% claims
opposite = {kind: (cosine < -0.95).float().mean().item() for kind, cosine in within.cosine.items()}
stuck = ~(within.cosine["anticorrelated"] < -0.95).all(-1)  # (run, density)
with claims():
    claim("in the best models anticorrelated pairs are opposite at every density, and the loss is zero (below 1e-6)", bool((within.best["anticorrelated"] < -0.95).all()) and pairs["anticorrelated"].best().final_loss.max() < 1e-6)
    claim("in the best models correlated pairs are at right angles where sparse (p ≤ 0.2), within 6 degrees", together[1:].abs().max() < 0.1)
    claim("at p = 0.4 they share one direction", together[0].min() > 0.95)
    claim("about half of the anticorrelated pairs are not opposite (0.35 to 0.65)", between(1 - opposite["anticorrelated"], 0.35, 0.65))
    claim("those runs have a loss of at least 0.001", pairs["anticorrelated"].final_loss[stuck].min() >= 0.001)
    claim("in the independent control between a tenth and two fifths of the pairs are opposite", between(opposite["independent"], 0.1, 0.4))

# %% [markdown]
# ## 4 · Computing in superposition
#
# Storing is not yet computing, and a network that only stored its features would be of no use. Can a layer compute for more features than it has neurons for? Let $x$ be sparse and *signed*, and ask for $|x|$, feature by feature, through a hidden layer of ReLU neurons: $a = \mathrm{ReLU}(W_\text{in}x)$, $y = \mathrm{ReLU}(W_\text{out}a + b)$. One feature takes two neurons, $|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$, so that six neurons without superposition compute three features. We count a feature as computed if less than a quarter of its variance is left unexplained. Half of $|x|$, which one neuron alone can do, does not count.
#
# The control is the same network with a *linear* hidden layer, which can store in superposition but not compute. It gets the same number of runs and steps.

# %% figure
nets = sp.train_abs(12, 6, (1.0, 0.02), seeds=16, steps=1000, lr=0.02, show=False)
linear = sp.train_abs(12, 6, (0.02,), seeds=16, steps=1000, lr=0.02, linear=True, show=False)
plots.show(
    nets.plot(linear),
    "Input weights: one feature per neuron when dense, several when sparse; four of sixteen sparse networks compute more than three features, dense ones at most three, linear ones none.",
    caption="Input weights of the best dense and the best sparse network, and how many of twelve features each of sixteen runs computes (each dot is a run). Dotted: what six neurons can do without superposition.",
)

# %% [markdown]
# No dense network computes more than three features, and the linear control computes none. Of the sixteen sparse networks four go beyond three, and one of these computes five. The neurons of these four serve several features at once. This does not hang on the quarter: with a limit of 15 % or 40 % in its place it is three or four of sixteen, and again no dense one.
#
# Most sparse networks stay at three or below, and most features are not computed: training finds these solutions with difficulty.
#
# > Six neurons *can* compute more than three features, if these are rare. Training seldom arrives there.

# %% claims
dense, sparse = nets.computed().unbind(1)  # (run,)
beyond = {limit: ((nets.unexplained < limit).sum(-1) > 3).sum(0).tolist() for limit in (0.15, 0.25, 0.4)}  # runs, dense and sparse
many = nets.W_in[sparse > 3, 1].abs()  # (run, neuron, feature)
served = (many > many.amax(-1, keepdim=True) / 4).sum(-1).float().mean(1)  # features to which a neuron responds
with claims():
    claim("no dense network computes more than three features", dense.max() <= 3)
    claim("the linear control computes none", linear.computed().max() == 0)
    claim("of the sixteen sparse networks four go beyond three, and one computes five", int((sparse > 3).sum()) == 4 and sparse.max() == 5 and int((sparse == 5).sum()) == 1)
    claim("with a limit of 15 or 40 % it is three or four of them, and no dense one", all(d == 0 and between(s, 3, 4) for d, s in beyond.values()))
    claim("the neurons of these four respond to more than two features on average", bool((served > 2).all()))
    claim("most sparse networks stay at three or below, and most features are not computed", (sparse <= 3).float().mean() > 0.5 and sparse.mean() < 6)

# %% [markdown]
# ## 5 · A number that agrees for the wrong reason
#
# The agreement of one number with a theory is weak evidence. This section is an example. The formulas of the core lesson put the border between keeping one feature, $p/3 - p^2/4$, and an antipodal pair, $p^2/3$, at $p = 4/7 ≈ 0.571$. Does a larger model switch there? Take ten equally important features in five dimensions and follow $\|W\|_F^2/m$, the sum of all squared lengths per dimension. It is 2 when all ten are kept as five antipodal pairs, and 1 when one feature is kept in each dimension. Half-way is 1.5. We stored 256 runs. A run is one random start, from which a model is trained at each of nine densities between 0.4 and 0.8, and between two densities we draw a straight line. On average such a run passes 1.5 at $p = 0.577$. That looks like 4/7.
#
# But the 95 % interval of this mean reaches only 0.0015 to either side, and leaves 4/7 outside. Something else is going on. The pair of the formula has arrows of length exactly 1 and no bias, and a trained model may choose both. Let the pair choose too: for each $p$, we look for the length $w$ and the bias $b$ with the lowest loss.

# %% figure
plots.show(
    sp.curves_figure(),
    "Loss over density: one feature kept is flat at 50 percent, the fixed pair rises through it at 4/7, the pair that chooses stays below it up to p = 1.",
    caption="Two equal features in one dimension. The fixed pair crosses “one feature kept” at 4/7. The pair that chooses its length and bias never crosses it below p = 1.",
)

# %% [markdown]
# A pair that may choose has no reason to give way at 4/7, or anywhere else. Instead it becomes shorter. At $p = 0.3$ its best length is 1.01, at $p = 0.6$ it is 0.87, and at $p = 1$ it is 0.71. The sum $2w^2$ glides down from 2 to 1 without a jump, and passes 1.5 at $p = 0.60$. That is later than the runs do. To see why, look at single models.

# %% figure
ten = sp.Toy(10, 5, tuple(torch.linspace(0.4, 0.8, 9).tolist()))
runs = sp.train(ten, sp.Recipe(steps=600, batch=512, lr=0.02, anneal=True), seeds=32, show=False)
here, stored = sp.CriticalDensity.of(runs), sp.critical()
even = torch.tensor([[sp.even_pairs(W) for W in row] for row in runs.W])  # (run, density)
plots.show(
    stored.plot(here, even),
    "Dots at nine densities fall from 2 to 1 in clusters; up to p = 0.55 models that form five even pairs lie on the curve of the pair that chooses its length, and the others below it.",
    caption="Each mark is one trained model, at one of nine densities; the marks of one density are spread sideways. Grey: 256 stored runs. Purple dots: models trained here that form five pairs with arrows of equal length (within 15 %). Brown crosses: all other models trained here. Dashed: the switch of the formulas, at 4/7. Dotted: half-way.",
)

# %% [markdown]
# Up to $p = 0.55$ the models that form five even pairs follow the shrinking pair. All others lie below it and have a higher loss: they are stuck in arrangements that are worse. From $p = 0.6$ on hardly any model forms even pairs, and other arrangements lose as little. The mean of all runs passes 1.5 before the pair does, because it mixes shrinking pairs with stuck models.
#
# The formula knows neither. It overlooks that pairs shrink instead of giving way, which moves the half-way point up, from 0.571 to 0.60. It overlooks the other arrangements, which move it down again, to 0.577. The two errors nearly cancel, and the number comes out right for the wrong reasons.
#
# > Whoever tests a theory by one number should ask what else would give the same number.

# %% claims
pair = {p: sp.best_pair(p) for p in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)}
mean, low, high = stored.mean_interval()
upto = stored.probability <= 0.61
curve = torch.tensor([2 * sp.best_pair(float(p)).weight ** 2 for p in stored.probability])
with claims():
    claim("256 runs pass half-way at 0.577 on average; the 95 % interval reaches 0.0015 to either side, and 4/7 lies outside", len(stored.crossing) == 256 and round(mean, 3) == 0.577 and (high - low) / 2 < 0.00155 and not low <= 4 / 7 <= high)
    claim("the best length of the pair is 1.01 at p = 0.3, 0.87 at p = 0.6 and 0.71 at p = 1", [round(pair[p].weight, 2) for p in (0.3, 0.6, 1.0)] == [1.01, 0.87, 0.71])
    claim("the pair that chooses is better than keeping one feature at every density below 1 that we try (0.3 to 0.9), and as good at 1", all(pair[p].loss < p / 3 - p**2 / 4 for p in pair if p < 1) and about(pair[1.0].loss, 1 / 3 - 1 / 4))
    claim("its 2w² passes 1.5 at p = 0.60", round(sp.pair_density(1.5), 2) == 0.6)
    glide = torch.tensor([sp.pair_crowding(k / 100) for k in range(40, 101, 2)])
    claim("2w² glides down from 2 to 1 without a jump (steps of 0.02 in p change it by less than 0.1)", about(glide[0], 2) and bool((glide.diff() < 0.001).all()) and glide.diff().abs().max() < 0.1 and about(glide[-1], 1))
    claim("the topmost of the stored runs follow the shrinking pair, up to p = 0.6, to within 0.02", bool(((stored.crowding.amax(0) - curve).abs()[upto] < 0.02).all()))
    early, L = stored.probability <= 0.56, runs.final_loss
    claim("up to p = 0.55 the runs trained here that form five even pairs lie on the curve (within 0.03), all others at least 0.1 below", int(even[:, early].sum(0).min()) >= 5 and (here.crowding - curve).abs()[:, early][even[:, early]].max() < 0.03 and (curve - here.crowding)[:, early][~even[:, early]].min() > 0.1)
    claim("and each of the others has a higher loss than any of those with five even pairs at the same density", all(L[even[:, k], k].max() < L[~even[:, k], k].min() for k in range(4)))
    claim("from p = 0.6 on hardly any run forms even pairs (at most one in twenty), and others lose as little as five even pairs of the best length (within a twentieth)", even[:, ~early].float().mean(0).max() <= 0.05 and all(L[:, k].min() < 1.05 * 5 * sp.best_pair(float(stored.probability[k])).loss for k in range(4, 9)))

# %% [markdown]
# ## 6 · Do neurons of a real model stand out?
#
# Section 8 of the core lesson reads two neurons of `code-4l`: 124, which is strongest in names in capital letters, and 55, which is strongest at colons and full stops. It leaves two questions open. Are neurons different from other directions? And could one of 768 neurons fit a rule such as “capital letters” by chance?
#
# A neuron that is quiet at most tokens and loud at a few has much of its variance in few tokens. We ask of each neuron which share of its variance lies in the strongest hundredth of all tokens, in the twelve programs of the course. We take layer 1, where this share is largest. Beside it stands the same share after a random turn, which makes mixtures of all neurons.

# %%
text = sp.programs(model)
values = sp.activations(model, text)  # (token, neuron), of layer 1
median = {"neurons": sp.spikes(values).median(), "after a random turn": sp.spikes(sp.turned(values)).median()}
table({name: 100 * float(share) for name, share in median.items()}, unit="% of the variance, median")

# %% [markdown]
# So neurons do stand out from other directions of the same space.
#
# We have read the rule of neuron 124 from the same programs on which it was tested. As the null we choose from the neurons of the untrained model the one that fits the rule best on the six programs that chose neuron 124. On the six others fewer than a tenth of its loud tokens, those above half of its maximum, lie in a name in capital letters or directly behind one. Of neuron 124 all do. But it does not respond to all of these names: it is that loud at only 30 % of all tokens at such places.
#
# > Neurons of this model differ from other directions, and neuron 124 fits its rule far better than chance would let it.

# %% claims
half, capitals = text.program < 6, text.in_capitals()
other, fresh = ~half, sp.activations(zoo.load("code-4l", checkpoint=0), text)  # of the untrained model
layers = [float(sp.spikes(sp.activations(model, text, layer)).median()) for layer in range(4)]


def purity(of, where):  # of each neuron: which share of its loud tokens lies in capitals
    on = of[where] > of[where].amax(0) / 2
    return (on & capitals[where][:, None]).sum(0) / on.sum(0)


chosen = int(purity(fresh, half).argmax())
recall = len(text.above_half(values[:, 124].masked_fill(half, 0))) / int(capitals[other].sum())
with claims():
    claim("of the four layers the median share is largest in layer 1, of 768 neurons", len(layers) == model.cfg.n_layers and max(layers) == layers[1] and values.shape[1] == 768)
    claim("in the median neuron three quarters of the variance lie in one token of a hundred (74 to 77 %), after a turn an eighth (11 to 13 %)", between(median["neurons"], 0.74, 0.77) and between(median["after a random turn"], 0.11, 0.13))
    claim("neuron 124 is the first of its layer by this share on the first six programs", int(sp.spikes(values[half]).argmax()) == 124)
    claim("on the six others all its loud tokens lie in a name in capital letters or directly behind one", purity(values, other)[124] == 1)
    claim("these are 30 % of all tokens at such places", round(100 * recall) == 30)
    claim("of the untrained model's neurons, the one that does best on the first six programs has fewer than a tenth of its loud tokens there on the others", purity(fresh, other)[chosen] < 0.1)

# %% [markdown] words
# ## Words
#
# - digon: an antipodal pair, as the smallest of the regular shapes.
# - square antiprism: a square above a square that is turned by 45°, eight corners in three dimensions.
# - correlated: of two features that are active at the same time.
# - anticorrelated: of two features that are never active at the same time.

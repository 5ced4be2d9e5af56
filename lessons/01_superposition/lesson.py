# %% [markdown]
# # Toy models of superposition
#
# *Lesson 1. About two hours with the exercises (an estimate, from the length of the text and ten exercises at five to ten minutes each). The notebook itself runs in under a minute on two processor cores.*
#
# **A puzzle.** Five numbers go in. A matrix squeezes them into two. Its transpose, a bias and a ReLU try to give the five back. Linear algebra says that two numbers cannot hold five. Below is what a trained model does with its two dimensions, when each of the five numbers is zero most of the time: one arrow for each of the five, almost nothing lost.
#
# What has it understood about two dimensions that we have not, and what does it pay? At the end of this lesson you can say when such a thing happens, predict the moment with a pencil, read it off a matrix that nobody has labelled, and name the cases in which the reading misleads.
#
# The lesson follows Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html). Everything claimed below is computed here, and asserted in the cell that computes it.

# %% setup

# %%
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils.grading import measured, predict

stored = sp.plane()
puzzle = stored.W[6, 1]  # density 0.035, importance 0.9^i: the best of 8 trained models
fig, ax = plots.figure(width=3.2, height=3.2)
plots.arrows(ax, puzzle)
ax.set(xlabel="hidden dimension 1", ylabel="hidden dimension 2")
plots.show(fig, "Five arrows of equal length, evenly spaced around a circle, like a pentagon.")
assert sp.read_plane(puzzle).polygon == 5

# %% [markdown]
# ## 1 · Directions, not neurons
#
# *After this section you can say what a feature, a privileged basis and the linear representation hypothesis are, and why one looks for directions rather than neurons.*
#
# Take the smallest case: two features, two hidden numbers. Store the first feature in the first number and the second in the second, and each hidden number, each **neuron**, has one meaning. Now turn the plane by 45 degrees. Nothing is lost: turn it back and you have the features again. But each neuron now answers to both features. It has become **polysemantic**, and no information was squeezed at all.
#
# So the neurons are a matter of coordinates, unless something in the model treats coordinates differently from other directions. An elementwise nonlinearity such as ReLU does: it acts on each coordinate by itself, and makes the basis **privileged**. The hidden layer of this lesson's model is linear, like the residual stream of a transformer: its basis is *not* privileged, and looking at its neurons one by one tells us nothing. What survives every rotation is the set of lengths of, and angles between, directions.
#
# A **feature** in this lesson is one coordinate of the input. (In real models there is no agreed rigorous definition. We will lean on the toy's, because there we know the truth.) The **linear representation hypothesis** says: a network represents a feature by a direction in activation space, the strength of the feature by how far the activation goes in that direction, and several features at once by the sum of their directions. It is a hypothesis. There are known exceptions, such as days of the week laid out on a circle (Engels et al. 2024, [arXiv 2405.14860](https://arxiv.org/abs/2405.14860)); a later lesson looks at them. Our model satisfies it by construction.
#
# **Superposition** is what is left when there are more features than dimensions and the model represents more of them than it has dimensions: their directions cannot all be orthogonal, so they overlap.
#
# In the cell below, look at the two columns of numbers: how strongly each neuron answers to each feature, before and after the turn.

# %%
turn = torch.tensor(torch.pi / 4)
cos, sin = turn.cos(), turn.sin()
rotation = torch.stack([torch.stack([cos, -sin]), torch.stack([sin, cos])])
aligned = torch.eye(2)  # (neuron, feature)
turned = rotation @ aligned
print("aligned, neuron by feature:\n", aligned, "\nturned by 45 degrees:\n", turned)
overlap = turned[:, 0] @ turned[:, 1]
print("overlap of the two feature directions after the turn:", round(float(overlap), 6))

assert (turned.abs() > 0.7).all()  # every neuron answers to every feature ...
assert torch.allclose(turned.mT @ turned, torch.eye(2), atol=1e-6)  # ... and none overlap

# %% [markdown]
# Both neurons of the turned model are polysemantic, and there is no superposition in it. It might seem that a polysemantic neuron is evidence for superposition. It is not, by itself: superposition is one possible cause of it.
#
# **To think about.** The matrix $W^\top W$ (feature × feature) is the same before and after the turn. Why is it, then, the right thing to look at in a layer without a privileged basis?
#
# <details><summary>Answer</summary>
#
# A turn replaces $W$ by $RW$ with $R^\top R = 1$, and $(RW)^\top(RW) = W^\top W$. It holds all lengths and all angles between feature directions, and nothing that depends on the choice of coordinates.
# </details>

# %% [markdown]
# ## 2 · The smallest model in which it can happen
#
# *After this section you can write down the model, and say by hand what an antipodal pair costs.*
#
# $$h = W x, \qquad \hat x = \mathrm{ReLU}(W^\top h + b), \qquad \text{loss} = \sum_i I_i\,(x_i - \hat x_i)^2 .$$
#
# $x$ has shape (feature), $W$ (hidden, feature), $b$ (feature). Each feature is **active** with probability $p$, its **density**, and then uniform on $[0, 1]$; otherwise it is 0. ($1 - p$ is its **sparsity**.) $I_i$ is the **importance** of feature $i$. The loss is summed over features and averaged over samples.
#
# By hand, then: two features, one hidden number. Put them at opposite ends of the line, $W = (1, -1)$, with $b = 0$. Let feature 1 be active at 0.6, alone. Then $h = 0.6$, the readings are $0.6$ and $-0.6$, and the ReLU turns the second into 0. The answer is exact. **Interference**, what one feature does to the reading of another, was there; it was negative, and the ReLU removed it.
#
# If both are active, at 0.6 and 0.2, then $h = 0.4$, and the answer is $(0.4, 0)$: each is wrong by 0.2, the smaller of the two. That is the price, and it is paid only when both are active, with probability $p^2$. Dropping a feature is paid for with probability $p$. As $p$ falls, $p^2$ falls faster. That is the whole idea of the lesson.

# %%
# NBVAL_CHECK_OUTPUT
W, b = torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 2)  # (instance, hidden, feature), …
by_hand = torch.tensor([[[0.6, 0.0], [0.0, 0.3], [0.6, 0.2]]])  # (instance, batch, feature)
x_hat = sp.forward(by_hand, W, b)
for x, y in zip(by_hand[0], x_hat[0], strict=True):
    print([round(v, 2) for v in x.tolist()], "→", [round(v, 2) for v in y.tolist()])
assert torch.allclose(x_hat[0], torch.tensor([[0.6, 0.0], [0.0, 0.3], [0.4, 0.0]]))

# %% [markdown]
# Many such models can be trained at once, since they do not interact: the course's trainer stacks them along a first axis, `(instance, …)`, and each layer becomes one batched matrix product. One instance may be dense, the next sparse.
#
# **To think about.** Without the ReLU, would a model with $W = (1, -1)$ be any good?
#
# <details><summary>Answer</summary>
#
# No. Feature 1 alone at 0.6 would be read as $(0.6, -0.6)$: the second answer is wrong by as much as the first is right. A linear model gains nothing by superposition; its best is to keep the most important directions, as principal component analysis does. The nonlinearity is what cuts the interference away.
# </details>

# %% [markdown]
# ## 3 · Five features in two dimensions
#
# *After this section you can say which shapes appear as features become rarer, and why one training run is not enough to know.*
#
# Five features with importances $1, 0.9, 0.81, 0.73, 0.66$; two hidden dimensions; eight densities from $p = 1$ (every feature always active) to $p = 0.02$ (one time in fifty). Before you train them, commit yourself. Put one of the four choices in place of `None`, and how sure you are.

# %%
predict("superposition.shape", None, sure=0.6)

# %%
density = 50 ** -torch.linspace(0, 1, 8)
importance = 0.9 ** torch.arange(5)
toy = sp.Toy(features=5, hidden=2, probability=tuple(density.tolist()), importance=importance)
recipe = sp.Recipe(steps=1500, batch=384, lr=0.02, anneal=True)
five = sp.train(toy, recipe, seeds=16)
shapes = sp.Shapes.of(five)

# %% [markdown]
# Each of the eight models was trained from 16 random starts. *What to look for*: in the upper rows, the best of the 16 for each density, how many arrows have any length, and the angles between them. Below, how often each shape came out, over all 16.

# %%
plots.show(
    shapes.plot(),
    "Best models by density: two arrows at right angles, then a cross of two opposite pairs, "
    "then a pentagon; bars show how often each shape appears over 16 seeds.",
)
best = shapes.best_readings()
gaps = sp.angle_gaps(shapes.best.W[0, -1])
print("dense:", best[0], "\nsparse:", best[-1])
print("angles between neighbours at p = 0.02:", [round(g) for g in gaps.tolist()])

W_dense = shapes.best.W[0, 0]
cosine = torch.cosine_similarity(W_dense[:, 0], W_dense[:, 1], dim=0)
kept_two = float((0.9 ** torch.arange(2, 5)).sum() / 12)  # variance of three uniform features
assert best[0].dropped == {2, 3, 4} and cosine.abs() < 0.15  # dense: two, at right angles
assert kept_two <= shapes.best.final_loss[0, 0] * 1.02 < kept_two * 1.08
assert best[2].polygon == 4 and len(best[2].antipodal) == 2  # p = 0.33: two antipodal pairs
assert all(r.polygon == 5 for r in best[5:])  # sparse: the pentagon,
assert (gaps - 72).abs().max() < 8  # a regular one
sparse = shapes.counts(7)
assert sparse["pentagon"] >= 10  # of 16
assert best[3].polygon == 4 and min(shapes.counts(3)[s] for s in ("square", "pentagon")) >= 3
measured("superposition.shape", sparse.most_common(1)[0][0])

# %% [markdown]
# Dense features leave no choice: the model keeps the two most important ones, at right angles, and answers with the mean for the other three. At $p = 0.33$ the best model has two **antipodal pairs**, opposite ends of two lines, and drops one feature. From about $p = 0.1$ on, all five share the plane as a pentagon.
#
# The figure might seem to show what *training* does. It shows what the best of 16 trainings does. The bars tell the rest: at $p = 0.19$ square and pentagon come out about equally often, though the square has the lower loss, and at $p = 1$ some runs have not finished dropping the features that they should drop. A shape seen once is an anecdote.
#
# **To think about.** In a pentagon, neighbours have cosine $\cos 72° ≈ 0.31$, which is positive interference, and the ReLU does not remove it. What does?
#
# <details><summary>Answer</summary>
#
# The bias. A slightly negative bias pushes small positive readings below zero, at the cost of making all answers a little too small, which slightly longer columns make up for. Print `shapes.best.b[0, -1]`, and the lengths of the columns, and see.
# </details>

# %% [markdown]
# ## 4 · Twenty features in five dimensions
#
# *After this section you can read superposition off $W^\top W$ when there is no plane to draw it in.*
#
# With five dimensions there are no arrows to look at. What remains is $W^\top W$, shape (feature, feature). On its diagonal stand the squared lengths $\|W_i\|^2$: is feature $i$ there at all? Off it stand the overlaps. The total for one feature, seen by a reader who looks along its direction $\hat W_i = W_i/\|W_i\|$, is its **interference**
#
# $$\sum_{j \ne i} (\hat W_i \cdot W_j)^2 .$$
#
# Here importance falls from 1 to 0.01 over the twenty features. *What to look for*: how far down the diagonal the model gets, and what it pays off the diagonal.

# %%
importance = 100 ** -torch.linspace(0, 1, 20)
densities = (1.0, 0.16, 0.025)
recipe = sp.Recipe(steps=1500, batch=512, lr=0.01, anneal=True)
twenty = sp.train(sp.Toy(20, 5, densities, importance), recipe, seeds=3)
best = twenty.best()

# %% [markdown]
# In the heat maps, look down the diagonal first, then beside it. Below each, blue bars are the lengths of the columns, orange dots their interference.

# %%
fig, axes = plots.figure(2, 3, height=4.6, height_ratios=[1.6, 1])
for k, (above, below) in enumerate(zip(*axes, strict=True)):
    W = best.W[0, k]
    plots.heatmap(above, W.mT @ W, limit=1.2, bar=k == 2, label="$W^T W$")
    above.set(title=f"p = {densities[k]}", xticks=[0, 10, 19], yticks=[0, 10, 19])
    below.bar(range(20), sp.column_norms(W), color=plots.COLOURS[0], label="length")
    leak = sp.interference(W)
    dots = dict(color=plots.COLOURS[5], markersize=3, label="interference")
    below.plot(range(20), leak, "o", **dots)
    below.set(xlabel="feature (important first)", ylim=(0, 5))
axes[1, 0].legend()
plots.show(
    fig,
    "W-transpose-W and column lengths at three densities: five features without overlap "
    "when dense, twice as many with overlap when sparse.",
)

count = sp.represented(twenty.W)  # (seed, instance)
print("features represented, by seed and density:", count.tolist())
W = best.W[0, 0]
assert (count[:, 0] == 5).all() and sp.interference(W)[:5].max() < 0.05  # dense: no overlap
assert (count[:, 1] >= 7).all() and (count[:, 2] >= 10).all()  # sparse: in all three seeds
W = best.W[0, 2]
kept = sp.interference(W)[sp.column_norms(W) > 0.5]
assert kept.min() > 0.8 and kept.max() < 3

# %% [markdown]
# In the dense model five features stand alone, one to a dimension. In the sparsest at least twice as many are there, and each pays with an interference between one and three.
#
# The orange dots of *dropped* features are high too, which might seem to say that they interfere. They do not: their columns are nearly zero. The number says how much a reader along their (tiny, arbitrary) direction would see of the others. Read lengths before you read angles.
#
# **To think about.** Interference of 1 for an antipodal pair, yet the pair is read without error when one of the two is active. Is interference, as defined, a measure of damage?
#
# <details><summary>Answer</summary>
#
# No. It is a property of $W$ alone, and damage also depends on the ReLU, the bias, and how often features are active together. An overlap of $-1$ is harmless when the other is silent; an overlap of $+0.3$ is not. Section 13 has an example in which the same $W$ costs nothing at all in one world and something in another.
# </details>

# %% [markdown]
# ## 5 · A phase diagram from a pencil
#
# *After this section you can predict from two numbers whether a model will superpose, and say how good the prediction is.*
#
# Two features, one dimension; importances 1 and $r$, density $p$ for both. There are three sensible solutions.
#
# - **Keep feature 1**, drop feature 2. For a dropped feature the bias answers with its mean, $p/2$. What remains is its variance, $\mathbb E[x^2] - \mathbb E[x]^2 = p/3 - p^2/4$, times its importance: $\;r\,(p/3 - p^2/4)$.
# - **Keep feature 2**: $\;p/3 - p^2/4$.
# - **Antipodal pair**: wrong only if both are active (probability $p^2$), each by the smaller of the two. The mean square of the smaller of two uniform numbers is $1/6$: $\;p^2(1 + r)/6$.
#
# The smallest wins. `sp.predict_phase` says which; you will write it yourself in the exercises. First the numbers, against a simulation.

# %%
u = torch.rand(2, 1_000_000, generator=torch.Generator().manual_seed(0))
smaller = u.min(0).values.square().mean().item()
print(f"mean square of the smaller of two: {smaller:.4f}   predicted: {1 / 6:.4f}")
p, r = torch.tensor(0.3), torch.tensor(0.5)
x = sp.generate_batch(torch.full((1, 2), 0.3), 1_000_000, torch.Generator().manual_seed(1))
solutions = {
    "keep feature 1": ([[1.0, 0.0]], [0.0, 0.15]),
    "keep feature 2": ([[0.0, 1.0]], [0.15, 0.0]),
    "antipodal pair": ([[1.0, -1.0]], [0.0, 0.0]),
}
for (name, (W, b)), predicted in zip(solutions.items(), sp.phase_losses(p, r), strict=True):
    x_hat = sp.forward(x, torch.tensor([W]), torch.tensor([b]))
    found = sp.loss(x, x_hat, torch.tensor([1.0, r]))
    print(f"{name:16}  loss {found.item():.5f}   predicted {predicted.item():.5f}")
    assert abs(found.item() - predicted.item()) < 5e-4

# %% [markdown]
# Now train a model at each point of a 13 × 13 grid, from $p = 1$ to $0.01$ and from $r = 0.1$ to $10$, and compare. On which share of the grid will *one* training run end where the pencil says? A number between 0 and 1.

# %%
predict("superposition.one_run", None, sure=0.5)

# %%
p, r = torch.logspace(0, -2, 13), torch.logspace(-1, 1, 13)
recipe = sp.Recipe(steps=400, batch=256, lr=0.05, anneal=True)
grid = sp.train(sp.PhaseDiagram.toy(p, r), recipe, seeds=8)
phases = sp.PhaseDiagram.of(grid, p, r)

# %% [markdown]
# *What to look for*: crosses mark the points where the trained model is not in the predicted phase. Compare where they lie in one run, and in the best of eight.

# %%
plots.show(
    phases.plot(),
    "Phases over density and importance: predicted; one training run, with many scattered "
    "errors; the best of eight runs, with errors only on the boundary.",
)
one = phases.agreement_per_seed()
print(f"best of {len(one)} seeds: {phases.agreement():.1%} agree", end=", ")
print(f"balanced over the phases {phases.balanced_accuracy():.1%}")
print(f"one seed: {one.mean():.0%} (from {one.min():.0%} to {one.max():.0%})")
print(f"always 'antipodal': {phases.always_antipodal():.0%}")
assert phases.agreement() > 0.9 > phases.always_antipodal()
assert one.max() < 0.85
wrong = (phases.measured != phases.predicted).nonzero()
close = sp.phase_losses(p[wrong[:, 0]], r[wrong[:, 1]]).sort(0).values
assert (close[1] < 1.2 * close[0]).all()  # where they disagree, two losses are nearly equal
measured("superposition.one_run", one.mean().item())

# %% [markdown]
# The pencil is right about the best of eight runs on well over nine points in ten, and where it is wrong the point lies on a boundary: the two lowest losses differ there by less than a fifth. (At $r = 1$ in the dense corner they do not differ at all, and a coin decides.) Answering "antipodal" everywhere, the null, is right on about three in four, because most of this grid is sparse: that is why the agreement is also given balanced over the phases.
#
# Now the middle panel. A *single* run agrees with the pencil no better than that null does. It might seem that the theory is poor for sparse features. It is the training that is poor: half of all runs start with both weights of the same sign, and such a model has to pass through a worse place to put them at opposite ends. Many never do. Closed forms compare **minima**; gradient descent finds a **local** one. Keep this in mind whenever a paper shows one trained model.
#
# **To think about.** Where does the boundary between "keep one" and "antipodal" lie for $r = 1$?
#
# <details><summary>Answer</summary>
#
# $p/3 - p^2/4 = 2p^2/6$ gives $1/3 = 7p/12$, so $p = 4/7 ≈ 0.571$. Section 9 measures it in a larger model.
# </details>

# %% [markdown]
# ## 6 · What geometry? The dimensionality of a feature
#
# *After this section you can compute which fraction of a dimension a feature has, state the theorem that bounds the sum, and say which shapes appear at this scale and which do not.*
#
# How many dimensions does each represented feature get? On average $D^* = m/\|W\|_F^2$, with $m$ hidden dimensions, since $\|W\|_F^2$ roughly counts represented features. For a single feature, Elhage et al. define the **dimensionality**
#
# $$D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i\cdot W_j)^2},$$
#
# with the sum over all $j$, $i$ included. By hand: alone in a dimension, $D_i = 1/1$. In an antipodal pair, $1/(1 + 1) = 1/2$. In a pentagon, $1/(1 + 2\cos^2 72° + 2\cos^2 144°) = 2/5$. Each shape has its number: the triangle $2/3$, the tetrahedron $3/4$, the square antiprism (eight corners in three dimensions) $3/8$.
#
# Two things hold for every $W$ whatever. $0 \le D_i \le 1$. And $\sum_i D_i \le \operatorname{rank} W$: there are only so many dimensions to hand out, with equality exactly if every non-zero column is an eigenvector of $WW^\top$.
#
# <details><summary>Why</summary>
#
# Write $G = WW^\top$. Then $D_i = \|W_i\|^4 / (W_i^\top G W_i)$. By Cauchy–Schwarz $\|W_i\|^4 \le (W_i^\top G W_i)(W_i^\top G^{+} W_i)$, with equality exactly if $G W_i$ is parallel to $W_i$. So $D_i \le W_i^\top G^{+} W_i$, and these sum to $\operatorname{tr}(G^{+}G) = \operatorname{rank} W$.
# </details>
#
# A small sweep trains here, 40 features in 8 dimensions from 2 seeds. The published one, 200 features of equal importance in 20 dimensions, 20 densities, 10 000 steps, is stored with its recipe, from 3 seeds. The switch, off by default, trains one seed of it.

# %%
WHOLE_SWEEP = False  # True: one seed of the published sweep too, 3 to 6 minutes on two cores

density = tuple((20 ** -torch.linspace(0, 1, 8)).tolist())
recipe = sp.Recipe(steps=1200, batch=256, lr=0.01, anneal=True)
small = sp.train(sp.Toy(40, 8, density), recipe, seeds=2)
# On a GPU try sp.canonical(400, 30), the size of which the paper's text speaks.
live = sp.train(sp.canonical(), sp.Recipe()) if WHOLE_SWEEP else small

D = sp.feature_dimensionality(small.W)  # (seed, instance, feature)
any_W = torch.randn(500, 6, 10, generator=torch.Generator().manual_seed(0))
assert (D >= 0).all() and (D <= 1 + 1e-5).all() and (D.sum(-1) <= 8 + 1e-3).all()
random_sum = sp.feature_dimensionality(any_W).sum(-1)
print("sum of D, random matrices of rank 6:", [round(v, 2) for v in random_sum[:4].tolist()])
print("sum of D, trained models of rank 8: ", [round(v, 2) for v in D.sum(-1)[0].tolist()])
assert (random_sum <= 6 + 1e-4).all() and random_sum.mean() < 5 and (D.sum(-1) > 7.9).all()

# %% [markdown]
# Random matrices waste part of their room; trained ones hand out nearly all of it. *What to look for* in the figure: on the left, a plateau in the average. On the right, every feature of every stored seed: do they gather at the dotted lines? The table below it counts, and for a control it also counts at two heights, $0.33$ and $0.25$, that belong to no shape.

# %%
sweep = sp.sweep()
plots.show(
    sweep.plot(live),
    "Left: dimensions per feature fall from 1, with a plateau at one half. Right: the "
    "dimensionality of every feature; all sit at one half over a range of densities, then in "
    "a band that slides down.",
)
print(f"{len(sweep.loss)} seeds; share of the represented features within 0.01 of a value,")
print("at the density where it is largest, seed by seed:")
heights = {"3/4": 3 / 4, "2/3": 2 / 3, "1/2": 1 / 2, "2/5": 2 / 5, "3/8": 3 / 8}
heights |= {"0.33": 0.33, "0.25": 0.25}  # the controls
largest = {name: sweep.share_at(value).amax(1) for name, value in heights.items()}
for name, share in largest.items():
    mark = "(control)" if "." in name else ""
    print(f"  {name:5} {[f'{s:.0%}' for s in share.tolist()]}", mark)
plateau = (sweep.share_at(1 / 2) > 0.9).all(0)
assert plateau.sum() >= 4 and ((sweep.per_feature - 0.5).abs().amax(0) < 0.04).sum() >= 4
assert all((largest[name] < 0.5).all() for name in ("3/4", "2/3", "2/5", "3/8"))
assert (largest["3/4"] < 0.05).all() and (largest["2/3"] < 0.3).all()
control = torch.stack([largest["0.33"], largest["0.25"]]).mean()
assert control > 0.8 * max(largest["2/5"].mean(), largest["3/8"].mean())
total = sweep.dimensionality.sum(-1)
assert (total <= 20.05).all() and total.min() > 19.5

# %% [markdown]
# One shape stands out beyond doubt at this scale: the **digon**, $D = 1/2$. Over several neighbouring densities more than nine represented features in ten are antipodal, in every seed, and the average sits on a plateau. Beyond it, features crowd together in a narrow band that slides down as they become rarer.
#
# That band crosses $2/5$ and $3/8$, and a figure with lines drawn at those heights might seem to show pentagons and antiprisms. The control says otherwise. At the best density a third or so of the features sit within $0.01$ of $2/5$ or of $3/8$; but as many or more sit within $0.01$ of $0.33$ and of $0.25$, at other densities, where there is no shape. A band that slides past a line must touch it somewhere. Nothing here tells pentagons and antiprisms from that. Triangles are rare and tetrahedra absent. Elhage et al. report more of these shapes; with $n = 200$, $m = 20$ and this recipe we do not find them, and the honest sentence is that one. Larger models ($n = 400$, $m = 30$, as in their text) may differ.
#
# **To think about.** In the best pentagon of section 3, are all five $D_i$ exactly $2/5$? Should they be?
#
# <details><summary>Answer</summary>
#
# Nearly. With unequal importances the columns have slightly unequal lengths, and the $D_i$ differ a little, but they still sum to at most 2, the rank. Compute `sp.feature_dimensionality(shapes.best.W[0, -1])`.
# </details>

# %% [markdown]
# ## 7 · How much room is there?
#
# *After this section you can say how many almost-orthogonal directions fit into $d$ dimensions, when the famous exponential bound is useful, and how far it is from what can be built.*
#
# Exactly orthogonal directions: $d$. Allow every pair a cosine of up to $\varepsilon$, and there are more. In the plane this buys nothing: three directions cannot all be closer to orthogonal than 60 degrees, so for any $\varepsilon < 1/2$ only two fit. In high dimensions it buys a lot, since two *random* directions are nearly orthogonal: $\mathbb E[(u\cdot v)^2] = 1/d$, and
#
# $$P(|u \cdot v| > \varepsilon) \le 2 e^{-d\varepsilon^2/2}.$$
#
# $N$ random vectors have fewer than $N^2/2$ pairs, so something goes wrong with probability below $N^2 e^{-d\varepsilon^2/2}$. As long as that is at most 1, such a set exists: **at least $e^{d\varepsilon^2/4}$ directions fit.**

# %%
for d, epsilon in ((1_000, 0.1), (10_000, 0.1), (768, 0.1), (768, 0.2), (64, 0.2)):
    n = sp.almost_orthogonal_bound(d, epsilon)
    print(f"d = {d:6,}, |cos| ≤ {epsilon}: at least {n:.3g} directions")
u, v = (sp.random_directions(20_000, 50, torch.Generator().manual_seed(s)) for s in (0, 1))
mean_square = (u * v).sum(0).square().mean().item()
print(f"E[(u·v)²] in 50 dimensions: {mean_square:.5f}   predicted: {1 / 50}")

assert sp.almost_orthogonal_bound(1_000, 0.1) < 13 < 1_000  # weaker than d itself
assert sp.almost_orthogonal_bound(10_000, 0.1) > 1e10
assert abs(mean_square * 50 - 1) < 0.05

# %% [markdown]
# For a thousand dimensions and $\varepsilon = 0.1$ the bound promises 12 directions, where an orthogonal basis already gives a thousand. Ten times the dimensions, and it promises tens of billions. An exponential has to be given its exponent first.
#
# The bound is about *random* directions, and random is not the best that one can do. How many with $|\cos| \le 0.2$ can you find in 64 dimensions, by pushing directions apart with gradient descent, from one random start? The bound promises not even two.

# %%
predict("superposition.room", None, sure=0.5)

# %%
d, sizes = 64, (65, 96, 128, 192, 256)
packed = [sp.pack(n, d, steps=250) for n in sizes]
promised = [(4 * torch.tensor(float(n)).log() / d).sqrt() for n in sizes]  # N = exp(d ε²/4)
fig, ax = plots.figure(height=3)
ax.plot(sizes, [k.start for k in packed], "o-", label="random directions")
ax.plot(sizes, promised, "--", color="black", label="what the bound promises")
optimised, limit = [k.coherence for k in packed], [sp.welch_bound(n, d) for n in sizes]
ax.plot(sizes, optimised, "s-", color=plots.COLOURS[5], label="optimised")
ax.plot(sizes, limit, ":", color=plots.GREY, label="nobody can do better (Welch)")
ax.set(xlabel="number of directions in 64 dimensions", ylabel="largest |cos|", ylim=(0, 0.75))
ax.legend(ncols=2)
plots.show(
    fig, "Largest |cos|: random directions 0.5, optimised ones below 0.15, near Welch's limit."
)

# %%
plane = sp.pack(3, 2, steps=250)
print("optimised:", [round(v, 3) for v in optimised])
print("three in the plane:", round(plane.coherence, 3))
assert optimised[-1] < 0.2 and sp.almost_orthogonal_bound(d, 0.2) < 2
assert all(v < 0.5 * k.start for v, k in zip(optimised, packed, strict=True))
assert all(v > least for v, least in zip(optimised, limit, strict=True))
assert optimised[-1] < 1.3 * limit[-1]
assert abs(plane.coherence - 0.5) < 0.01  # in the plane nothing is gained
measured("superposition.room", "more than 250" if optimised[-1] <= 0.2 else "about 130")

# %% [markdown]
# Lower is better. Optimised directions stay below $0.2$ with 256 of them, four to a dimension, where the bound's promise for $\varepsilon = 0.2$ is not even two. No set can beat the dotted line of Welch 1974, and the optimised ones are close to it.
#
# The figure might seem to say that a layer of 64 dimensions holds 256 features at no cost. It says that the *largest* overlap is small. What a reader suffers is the *sum* of many small ones, which is the next section's business.
#
# **To think about.** Why does the curve for random directions lie so close to the bound, when the bound is "only" a bound?
#
# <details><summary>Answer</summary>
#
# Because the bound is made from random directions: it asks for which $N$ the union of all bad events can have probability 1, and for Gaussian-like tails that estimate is nearly sharp. It says where random directions fail, not where all directions fail.
# </details>

# %% [markdown]
# ## 8 · How much do the others disturb?
#
# *After this section you can estimate the interference of a crowd of features, and say when the estimate does not apply.*
#
# Give $n$ features random unit directions in $\mathbb R^d$, each active with density $p$, and read feature $i$ along its direction. The others add $\sum_{j\ne i} x_j\, u_j\cdot u_i$. Its mean square is
#
# $$(n-1)\;\cdot\; p \;\cdot\; \tfrac13 \;\cdot\; \tfrac1d ,$$
#
# how many others, how often active, how large when active ($\mathbb E[x^2] = 1/3$), how far they lean. The cross terms $x_j x_k (u_j \cdot u_i)(u_k\cdot u_i)$ average to zero because independent random directions lean either way. *What to look for*: whether the ratio of measured to predicted is 1 for random directions, and whether it is for trained ones.

# %%
def crowd(W, p, batch=1000):
    """Mean squared disturbance of each represented feature along its own direction."""
    rng = torch.Generator().manual_seed(0)
    x = sp.generate_batch(torch.full((1, W.shape[1]), p), batch, rng)[0]
    overlap = sp.directions(W).mT @ W
    noise = x @ (overlap - torch.diag(overlap.diagonal())).mT  # (batch, feature)
    return noise.square().mean(0)[sp.column_norms(W) > 0.5].mean().item()

ratio = []
for n, p, d in [(n, p, d) for d in (10, 40) for n in (50, 200) for p in (0.02, 0.1, 0.5)]:
    draws = [sp.random_directions(n, d, torch.Generator().manual_seed(s)) for s in range(5)]
    found = sum(crowd(W, p) for W in draws) / 5
    ratio.append(found / sp.expected_interference(n, p, d))
print("measured / predicted, 12 cases, 5 draws each:", [round(v, 2) for v in ratio])
assert max(abs(v - 1) for v in ratio) < 0.15

# %% [markdown]
# And for the trained models of section 6, at three densities, with the same number of features and dimensions:

# %%
for k in (3, 5, 7):
    p, n = small.toy.probability[k, 0].item(), small.W[0, k].square().sum().item()
    ratio_here = crowd(small.W[0, k], p) / sp.expected_interference(n, p, 8)
    print(f"p = {p:.2f}, {n:.0f} features in 8 dimensions:", end=" ")
    print(f"measured / predicted {ratio_here:.2f}, if evenly spread {(n - 8) / (n - 1):.2f}")
    assert ratio_here < 0.9  # trained directions disturb less than random ones

# %% [markdown]
# For random directions the formula holds in all twelve cases, within the scatter of five draws. Trained models disturb less than it says. Part of the reason is that their directions are spread as evenly as possible: then the squared overlaps of one feature sum to $n/d - 1$, where random ones sum to $(n-1)/d$, and the ratio of the two is the last number in each line. What is missing beyond that is in the cross terms, which do not vanish for learned directions. A formula for random directions is a null for trained ones, not a description of them.
#
# **To think about.** Should a trained model make this number as small as possible?
#
# <details><summary>Answer</summary>
#
# Not necessarily. It pays for errors *after* the ReLU. Negative disturbance is removed there, so a model may accept more mean squared overlap if it is of the harmless sign.
# </details>

# %% [markdown]
# ## 9 · Who shares with whom, and where it begins
#
# *After this section you can say how features that come together, or never do, arrange themselves; and you can measure the density at which superposition sets in, with its uncertainty.*
#
# So far features were independent. Real ones are not: some come together, some exclude each other. Four features in two pairs, two dimensions. **Correlated**: the two of a pair are active at the same time, with independent sizes. **Anticorrelated**: never at the same time. The independent case is the control. How will the two of an anticorrelated pair point?

# %%
predict("superposition.pairs", None, sure=0.6)

# %%
recipe = sp.Recipe(steps=600, batch=512, lr=0.02, anneal=True)
pairs = {}
for kind in ("independent", "correlated", "anticorrelated"):
    toy = sp.Toy(4, 2, (0.4, 0.2, 0.1, 0.05), pairs=kind)
    pairs[kind] = sp.train(toy, recipe, seeds=16)
within = sp.PairGeometry.of(pairs)

# %% [markdown]
# Each dot is one pair of one of 16 seeds; diamonds are the lowest-loss seed. *What to look for*: $-1$ is opposite, $0$ at right angles, $+1$ the same direction.

# %%
plots.show(
    within.plot(),
    "Cosine within pairs: independent at 0 or -1; correlated at +1 when dense and 0 when "
    "sparse; anticorrelated at 0 or -1, in the best models always at -1.",
)
opposite = {
    kind: (cosine < -0.95).float().mean().item() for kind, cosine in within.cosine.items()
}
left_over = pairs["anticorrelated"].best().final_loss.max().item()
print("share of pairs that are opposite:", {kind: round(v, 2) for kind, v in opposite.items()})
print(f"loss of the best anticorrelated models: at most {left_over:.1e}")
assert (within.best["anticorrelated"] < -0.95).all() and left_over < 1e-6
together = within.best["correlated"]
assert (together[2:].abs() < 0.25).all()  # sparse and correlated: at right angles
assert (together[0] > 0.9).all()  # dense and correlated: they share one direction
assert opposite["correlated"] < 0.1 < opposite["independent"] < opposite["anticorrelated"]
measured("superposition.pairs", "opposite")

# %% [markdown]
# Features that exclude each other are best put at opposite ends of one line, where they never meet: the loss is zero. Features that come together are best at right angles, since interference between them would hurt nearly every time. When they are so dense that something must give, they share one direction, and the model keeps their sum.
#
# It might seem from the dots that anticorrelated pairs do not care, since many runs leave them at right angles. The diamonds say otherwise: those runs are stuck at a loss above zero. And "opposite" alone proves nothing: in the control, too, about a fifth of pairs are opposite, because each feature must pick *some* partner.
#
# Now the beginning. Ten equally important features in five dimensions: dense, five of them stand alone; sparse, they form five antipodal pairs. At which density does the one turn into the other? The pencil of section 5, applied to each line separately, has an opinion.

# %%
predict("superposition.critical", None, sure=0.5)

# %%
ten = sp.train(sp.Toy(10, 5, tuple(torch.linspace(0.4, 0.8, 9).tolist())), recipe, seeds=8)
critical = sp.CriticalDensity.of(ten)
plots.show(
    critical.plot(theory=4 / 7),
    "Squared norm of W per dimension falls from 2 to 1 with density, crossing 1.5 near 0.57.",
)
low, high = critical.interval()
print(f"8 seeds: {critical.mean:.3f} ± {critical.spread:.3f} (sd)   pencil: {4 / 7:.3f}")
print(f"stored, 256 seeds: {sp.critical().mean:.3f} ± {sp.critical().spread:.3f}")
assert low < 4 / 7 < high and abs(sp.critical().mean - 4 / 7) < 0.02
measured("superposition.critical", critical.mean)

# %% [markdown]
# The line of the closed forms, $p = 4/7$, lies inside what 8 seeds measure. The pencil knew nothing of ten features or five dimensions.
#
# It might seem that there is a sharp transition at $4/7$. The pencil compares two ideal solutions, and between ideal solutions the switch is sharp; what the figure shows is gradual, because each run mixes lines that have paired with lines that have not, and because partly grown columns are also possible. "The critical density" is defined by the halfway line that we drew.
#
# **To think about.** What would you have to change in the sweep to tell a sharp but seed-dependent switch from a gradual one?
#
# <details><summary>Answer</summary>
#
# Look at single dimensions instead of the average: is each line either alone (squared norm 1) or a pair (2), with the mixture changing, or do all lines go through 1.5 together? One seed's columns at $p = 0.57$ answer it.
# </details>

# %% [markdown]
# ## 10 · Computing in superposition
#
# *After this section you can say what it means to compute more functions than there are neurons, and against which null that must be held.*
#
# Storing is not yet computing. Let $x$ be sparse and *signed*, and ask for $|x|$, feature by feature, through a hidden layer of ReLU neurons: $a = \mathrm{ReLU}(W_\text{in}x)$, $y = \mathrm{ReLU}(W_\text{out}a + b)$. One feature takes two neurons, $|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$. So $k$ neurons without superposition compute $k/2$ features. We count a feature as **computed** if less than a quarter of its variance is left unexplained: half of $|x|$, which one neuron alone can do, does not count.
#
# The null is the same network with a *linear* hidden layer, which can store in superposition but not compute.

# %%
nets = sp.train_abs(12, 6, (1.0, 0.05), seeds=12, steps=2000, lr=0.02)
null = sp.train_abs(12, 6, (1.0, 0.05), seeds=4, steps=800, lr=0.02, linear=True)
plots.show(
    nets.plot(null),
    "Input weights: one feature per neuron when dense, several when sparse. With six neurons, "
    "some sparse networks compute more than three features, dense ones at most three, "
    "linear ones none.",
)
dense, sparse = nets.computed().unbind(1)
print(f"computed by 6 neurons, 12 seeds: dense  {dense.int().tolist()}")
print(f"                                 sparse {sparse.int().tolist()}")
print(f"linear hidden layer, 4 seeds: {null.computed().int().tolist()}")
assert dense.max() <= 3 < sparse.max() and null.computed().max() == 0
assert (sparse > 3).float().mean() < 0.5 and sparse.mean() < 6  # but most are not

# %% [markdown]
# *What it shows*: six neurons without superposition can compute three features, and no dense network computes more. Of the twelve sparse ones a few go beyond three: their neurons serve several features at once (rows with more than one strong weight), and much of what leaks is cut off. The linear null computes none.
#
# What it might seem to show, and does not: that superposition makes networks good at this. Most features are not computed, and most sparse seeds stay at three or below; training finds these solutions with difficulty (our networks are trained for seconds). The claim is only that the count *can* exceed the neurons' share.
#
# **To think about.** Neurons in this model have a privileged basis. Would you expect them to be monosemantic when the features are dense?
#
# <details><summary>Answer</summary>
#
# Yes: with dense features each neuron serves one sign of one feature, and nothing else. The basis is privileged, and there is no pressure to share. Look at the rows of `nets.W_in[0, 0]`.
# </details>

# %% [markdown]
# ## 11 · Explore
#
# *After this section you have a feeling for which of the two, rarity or importance, moves the boundary.*
#
# Two sliders: density, and how steeply importance falls. The models behind them were trained beforehand (the best of 8 seeds each). Click a handle and use the arrow keys. The fixed figure shows a part of the same models, for print and for readers without a running notebook.
#
# Try to find: a density at which steep importance leaves a pair, and even importance a pentagon; a model that has dropped exactly one feature.

# %%
sp.explore()

# %% [markdown]
# **To think about.** At $p = 0.33$ and equal importances one of five features is dropped, though all are equally important. Which?
#
# <details><summary>Answer</summary>
#
# Whichever the random start made smallest. Equal importances mean that all five choices have the same loss; a single run shows one of them, and it would be a mistake to ask what is special about that feature.
# </details>

# %% [markdown]
# ## 12 · Now on GPT-2
#
# *After this section you can compare directions of a real model with their null, and say what that is evidence for.*
#
# A language model with 768 dimensions has one direction for each of about 50 000 tokens in its unembedding: far more directions than dimensions, whatever else it does. Are they as orthogonal as random ones? The cell runs where the weights are at hand, or on Colab, and on the course's own small code model, if that is installed.
#
# *What to look for*: how far the solid curves (real directions) are wider than, or shifted from, the dashed ones (random directions of the same dimension). In the right panel the mean direction has been taken out.

# %%
from course_utils import runtime, zoo

known = ("gpt2", "code-4l")
names = [n for n in known if zoo.cached(n) or (n == "gpt2" and runtime.in_colab())]
for name in names:
    W_U = zoo.load(name).W_U  # (d_model, token)
    cosines = sp.Cosines.of(W_U)
    plots.show(
        cosines.plot(name), f"Cosines of unembedding directions of {name}, beside random ones."
    )
    print(name, "·", cosines)
    assert abs(cosines.random.std() * cosines.d**0.5 - 1) < 0.03  # as the pencil says
if "gpt2" not in names:
    print('GPT-2 is not here. Where there is a network, zoo.load("gpt2") brings it (550 MB).')

# %% [markdown]
# Where the solid curve is wider than the dashed one, tokens lean on one another more than chance would have it; where it is shifted, all of them share a direction, which a softmax cannot even see.
#
# It might seem that this shows superposition in a language model. It shows that there are more directions than dimensions, so that they cannot all be orthogonal, and how they differ from random. Tokens are the output's *vocabulary*; whether the model's internal features are in superposition is a question about directions that nobody has handed us.
#
# **To think about.** Why take the mean direction out before comparing?
#
# <details><summary>Answer</summary>
#
# Adding the same vector to every unembedding direction adds the same number to every logit, and the softmax removes it. Such a direction shifts all cosines and means nothing for the model's output.
# </details>

# %% [markdown]
# ## 13 · What this does not show
#
# *After this section you can name two cases in which the readings of this lesson mislead.*
#
# **The same picture, another price.** Below are two worlds. In both, two features share one dimension as an antipodal pair: the same $W$, the same interference of 1, the same $D = 1/2$. In the first the features are independent, in the second they exclude each other. The measures of this lesson cannot tell the two apart, since they are computed from $W$ alone. The loss can.
#
# **The wrong features.** All measures need to know which inputs the features are. Suppose that we are wrong about it, and take a turned set of axes, in which each of our "features" is a mixture of true ones. The model is untouched. Its pentagon is still there. We no longer see it.

# %%
W, b = torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 2)
for kind in ("independent", "anticorrelated"):
    x = sp.Toy(2, 1, (0.3,), pairs=kind).batch(50_000, torch.Generator().manual_seed(0))
    price = sp.loss(x, sp.forward(x, W, b), torch.ones(2)).item()
    D, leak = sp.feature_dimensionality(W[0]), sp.interference(W[0])
    print(f"{kind:15} interference {leak.tolist()}, D {D.tolist()}, loss {price:.4f}")
    assert (price > 0.02) == (kind == "independent")

# %%
mixture = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(3))).Q
fig, axes = plots.figure(1, 2, height=3)
plots.arrows(axes[0], puzzle, title="the true features")
plots.arrows(axes[1], puzzle @ mixture, title="features that we made up")
plots.show(
    fig, "Left: the pentagon. Right: the same model seen through invented features, no shape."
)
wrong = puzzle @ mixture
sums = [round(sp.feature_dimensionality(W).sum().item(), 2) for W in (puzzle, wrong)]
shapes_seen = [sp.read_plane(W).polygon for W in (puzzle, wrong)]
print("corners of the polygon:", shapes_seen, "  sum of D:", sums)
assert sp.read_plane(puzzle).polygon == 5 and sp.read_plane(wrong).polygon == 0
assert all(abs(total - 2) < 0.03 for total in sums)

# %% [markdown]
# Note the sum of the $D_i$: it is 2 for both. No measure that reads only $W$ complains about features that do not exist.
#
# In real models nobody hands us the features. Everything in this lesson started from knowing them. Finding them is the next lesson's subject, and it is the harder half.
#
# Other limits, briefly. Our features are independent, uniform and unstructured, unless we say otherwise; there is no attention, no depth, and almost no computation. The experiments show that superposition *can* be the best solution, and when; that large language models use it is a further claim, for which this lesson has given no evidence. The critical density, the plateau and the shapes belong to these sizes and recipes.
#
# **The puzzle, answered.** Two numbers do not hold five. They hold any *one* of five, and say which, as long as rarely more than one comes at a time: the directions are spread out so that what leaks is negative, or small, and the ReLU with a bias removes it. The model pays when two come together, with probability about $p^2$ instead of $p$. When $p$ passes $4/7$ in the simplest case, the bargain is off.
#
# What stays open: whether real features are like these; which of the ideal shapes appear in larger models; and how one finds the features when nobody says what they are.
#
# **To think about.** Which single measurement in this lesson would you trust least on a model that somebody else trained?
#
# <details><summary>Answer</summary>
#
# There is more than one good answer. Ours: any shape read off a single run, because section 5 shows how often a single run is a local minimum; and any dimensionality whose list of features came from the person who hopes to find it.
# </details>
#
# **Now the exercises**: `course start 01`, then `my/01_superposition.ipynb`. They end with a sealed model, which only you get.

# %% [markdown]
# # Exercises: toy models of superposition
#
# *Eleven exercises on lesson 1, from drawing the data to reading a sealed model. About two and a quarter hours: an estimate from trials; the minutes stand at each.*
#
# Each exercise has a cell to fill in and a cell that marks it. You may do them in any order: a cell that you have not filled in is reported as *not attempted yet*, and later cells that use an answer take the course's own where yours has not passed. If you are stuck, ask: `grade("superposition.forward", forward, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the simplest input on which it differs.
#
# `torch` is all you need. The course's own versions live in `course_utils.superposition`; they are there for reading afterwards. What you write is used: your own functions train a model and measure it.

# %% setup

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import plots, runtime
from course_utils import superposition as sp
from course_utils.grading import checked, grade
from course_utils.page import table

# %% [markdown]
# ## 1 · Draw sparse features
#
# *Why it matters* (10 minutes): everything in the lesson follows from how rarely features meet. If they come together by accident of your code, there is no superposition to see.
#
# *What to write*: for every instance and feature, `batch` samples that are 0 with probability $1 - p$ and otherwise uniform on $[0, 1]$. All independent: of each other, of other samples, of other instances.
#
# *How you know*: the mean of a feature is $p/2$; two features are both active with probability $p^2$.

# %%
def generate_batch(
    probability: Float[Tensor, "instance feature"], batch: int
) -> Float[Tensor, "instance batch feature"]:
    """Sparse features: 0 with probability 1 - p, else uniform on [0, 1], all independent."""
    ### BEGIN SOLUTION
    size = (probability.shape[0], batch, probability.shape[1])
    magnitude = torch.rand(size, dtype=probability.dtype)
    active = torch.rand(size) < probability[:, None, :]
    return torch.where(active, magnitude, 0.0)
    ### END SOLUTION

# %%
grade("superposition.generate_batch", generate_batch)

# %% [markdown]
# ## 2 · The model
#
# *Why it matters* (8 minutes): three symbols, $\mathrm{ReLU}(W^\top W x + b)$, and each of them is needed. The ReLU cuts interference away, the bias decides where it cuts.
#
# *What to write*: $\hat x$ for a stack of models. `x` is (instance, batch, feature), `W` is (instance, hidden, feature), `b` is (instance, feature). Samples are rows, so $Wx$ becomes `x @ W.mT`.
#
# *How you know*: with `W = [[1, -1]]` and no bias, `[0.6, 0.2]` becomes `[0.4, 0]`.

# %%
def forward(
    x: Float[Tensor, "instance batch feature"],
    W: Float[Tensor, "instance hidden feature"],
    b: Float[Tensor, "instance feature"],
) -> Float[Tensor, "instance batch feature"]:
    """ReLU(W^T W x + b) for every sample of every instance."""
    ### BEGIN SOLUTION
    h = x @ W.mT  # (instance, batch, hidden)
    return torch.relu(h @ W + b[:, None])
    ### END SOLUTION

# %%
grade("superposition.forward", forward)

# %% [markdown]
# ## 3 · The loss
#
# *Why it matters* (5 minutes): importance is what makes a model choose. And whether one sums or averages over features decides what "a loss of 0.1" means.
#
# *What to write*: $\sum_i I_i (x_i - \hat x_i)^2$, **summed over features, averaged over the batch**, one number per instance.
#
# *How you know*: if `x` is 1 and `x_hat` is 0 everywhere, the loss is the sum of the importances.

# %%
def loss(
    x: Float[Tensor, "instance batch feature"],
    x_hat: Float[Tensor, "instance batch feature"],
    importance: Float[Tensor, "feature"],
) -> Float[Tensor, "instance"]:
    """Importance-weighted squared error: summed over features, averaged over the batch."""
    ### BEGIN SOLUTION
    return (importance * (x - x_hat) ** 2).sum(-1).mean(-1)
    ### END SOLUTION

# %%
grade("superposition.loss", loss)

# %% [markdown]
# ### Your model, trained
#
# The next cell trains twelve models of five features in two dimensions, four starts at each of three densities, with the three functions above: yours where they have passed, the course's where they have not. It takes a few seconds. In most runs you will see two long arrows at right angles, then two pairs, then a pentagon. Run it again for other starts.

# %%
draw = checked("superposition.generate_batch")
model = checked("superposition.forward")
price = checked("superposition.loss")

density = torch.tensor([1.0, 0.3, 0.05]).repeat_interleave(4)  # (instance,)
importance = 0.9 ** torch.arange(5)
W = (0.5 * torch.randn(12, 2, 5)).requires_grad_()
b = torch.zeros(12, 5, requires_grad=True)
optimizer = torch.optim.Adam([W, b], lr=0.05)
falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 800)
for _ in range(800):
    x = draw(density[:, None].expand(-1, 5), 256).to(W.dtype)
    total = price(x, model(x, W, b), importance)  # (instance,)
    optimizer.zero_grad()
    total.sum().backward()
    optimizer.step()
    falling.step()
best = [4 * k + int(total[4 * k : 4 * k + 4].argmin()) for k in range(3)]
fig, axes = plots.figure(1, 3, height=2.6)
for ax, k in zip(axes, best, strict=True):
    plots.arrows(ax, W[k], title=f"p = {density[k]:.2g}")
plots.show(
    fig,
    "Columns of W at three densities, best of four starts each: "
    "two at right angles, two opposite pairs, a pentagon.",
)

# %% [markdown]
# ## 4 · Interference
#
# *Why it matters* (10 minutes): in more than two dimensions there is nothing to look at. This is the number that replaces the picture.
#
# *What to write*: for one model, $\sum_{j\ne i} (\hat W_i\cdot W_j)^2$ for every feature $i$, with $\hat W_i = W_i/\|W_i\|$, and $W_i$ the $i$-th **column**. For a dropped feature (a column of zeros) say 0.
#
# *How you know*: for `W = [[2, 1]]` it is `[1, 4]`. Why not the other way round?

# %%
def interference(W: Float[Tensor, "hidden feature"]) -> Float[Tensor, "feature"]:
    """What a reader along each feature's direction sees of the others; 0 for a dropped one."""
    ### BEGIN SOLUTION
    unit = W / W.norm(dim=0).clamp(min=1e-12)
    overlap = (unit.mT @ W) ** 2  # (feature i, feature j)
    return overlap.sum(-1) - overlap.diagonal()
    ### END SOLUTION

# %%
grade("superposition.interference", interference)

# %% [markdown]
# ## 5 · Dimensionality
#
# *Why it matters* (8 minutes): a fraction of a dimension per feature, with a theorem behind it: all fractions together are at most the rank.
#
# *What to write*: $D_i = \|W_i\|^2 \,/\, \sum_j (\hat W_i\cdot W_j)^2$, the sum over all $j$, $i$ included; 0 for a dropped feature.
#
# *How you know*: alone 1, antipodal 1/2; and for the sum, see below.

# %%
def feature_dimensionality(W: Float[Tensor, "hidden feature"]) -> Float[Tensor, "feature"]:
    """The fraction of a dimension that each feature has to itself; 0 for a dropped feature."""
    ### BEGIN SOLUTION
    squared = (W**2).sum(0)
    unit = W / squared.sqrt().clamp(min=1e-12)
    shared = ((unit.mT @ W) ** 2).sum(-1)
    return torch.where(squared > 0, squared / shared.clamp(min=1e-30), 0.0)
    ### END SOLUTION

# %%
grade("superposition.feature_dimensionality", feature_dimensionality)

# %% [markdown]
# Both, on the models that were trained above, beside five random directions. The sum of $D$ is at most 2, the number of dimensions. Training drives it there; for random directions it stays below, since part of the plane is used by none of them well.

# %%
leak, share = checked("superposition.interference"), checked("superposition.feature_dimensionality")
random = torch.randn(2, 5)
found = {f"trained, p = {density[k]:.2f}": W[k].detach() for k in best} | {"null: random directions": random}
table({name: {"interference, mean": leak(M).mean(), "sum of D": share(M).sum()} for name, M in found.items()}, decimals=2)

# %% [markdown]
# ## 6 · What the others really do
#
# *Why it matters* (15 minutes): the lesson's formula holds for random directions, whose signs cancel. Trained directions are not random. What does a given $W$ do?
#
# *What to write*: every feature is active with probability $p$, independently of the others, and then uniform on $[0, 1]$. The **disturbance** of feature $i$ is what a reader along its direction gets from all others, $\sum_{j\ne i} x_j\,(\hat W_i\cdot W_j)$. Give the mean of its square, exactly, for every feature; 0 for a dropped one (a column of zeros). Nothing has to be drawn at random. The lesson has the mean and the variance of one feature, and nothing more is needed.
#
# *How you know*: for `W = [[1, -1]]` and `p = 0.5` it is $1/6$ for both, since there is only one other. For `W = [[1, 1, 1]]` it is $11/24$, more than $2/6$. `sp.generate_batch` draws features to check any other case with.

# %%
def disturbance(W: Float[Tensor, "hidden feature"], p: float) -> Float[Tensor, "feature"]:
    """Mean squared disturbance of each feature by the others, exactly; 0 for a dropped feature."""
    ### BEGIN SOLUTION
    unit = W / W.norm(dim=0).clamp(min=1e-30)
    overlap = unit.mT @ W  # (reader i, disturber j)
    overlap = overlap - torch.diag(overlap.diagonal())
    variance, mean = p / 3 - p**2 / 4, p / 2
    return variance * (overlap**2).sum(-1) + (mean * overlap.sum(-1)) ** 2
    ### END SOLUTION

# %%
grade("superposition.disturbance", disturbance)

# %% [markdown]
# ## 7 · How many dimensions are enough
#
# *Why it matters* (10 minutes): "exponentially many features fit" is the most quoted line of the subject. Turned round it is a question that one really has: I want a million nearly orthogonal directions; how wide must the model be?
#
# *What to write*: the number of dimensions in which the argument at the end of section 7 (“A guarantee”) promises $n$ directions with all $|\cos| \le \varepsilon$. One random pair exceeds $\varepsilon$ with probability at most $2e^{-d\varepsilon^2/2}$; bound the number of pairs by $n^2/2$, and give the smallest $d$ at which the sum is at most 1. It is a real number here: do not round.
#
# *How you know*: for a million directions and $\varepsilon = 0.1$ it is about 5 500. And in that many dimensions `sp.almost_orthogonal_bound` gives the million back.

# %%
def dimensions_needed(n: int, epsilon: float) -> float:
    """So many dimensions are sure to hold n unit vectors with all |cos| <= epsilon."""
    ### BEGIN SOLUTION
    return float(4 * torch.tensor(float(n), dtype=torch.float64).log() / epsilon**2)
    ### END SOLUTION

# %%
grade("superposition.dimensions_needed", dimensions_needed)

# %% [markdown]
# ## 8 · Predict the phase of another world
#
# *Why it matters* (20 minutes): a formula that you can only copy is of no use when the world is a little different. Here features are switches: 0, or exactly 1 with probability $p$.
#
# *What to write*: two features of importance 1 and `r` in one dimension, density `p`, and the three solutions of section 4. Derive their losses for switches. Return a code, a whole number (a tensor of integers): 0 (keep feature 1), 1 (keep feature 2) or 2 (antipodal pair, $W = (1, -1)$ and $b = 0$), whichever has the lowest loss; the first of them at a tie. A dropped feature is answered by its bias.
#
# *How you know*: for `r = 1` the boundary lies at `p = 1/3`, not at 4/7. And you can hold each loss against a simulation, as the lesson does.

# %%
def on_off_phase(p: Float[Tensor, "*grid"], r: Float[Tensor, "*grid"]) -> Int[Tensor, "*grid"]:
    """0 keep feature 1, 1 keep feature 2, 2 antipodal pair: the lowest loss wins; features are 0 or 1."""
    ### BEGIN SOLUTION
    dropped = p - p**2  # the variance of a switch
    losses = torch.stack([r * dropped, dropped, p**2 * (1 + r)])  # both on: h = 0, both lost
    return losses.min(0).indices
    ### END SOLUTION

# %%
grade("superposition.on_off_phase", on_off_phase)

# %% [markdown]
# ## 9 · Build one by hand
#
# *Why it matters* (15 minutes): whoever can write down the weights, without training, has understood what training found.
#
# Your task is made from your own seed: so many equally important features, so rare, in two dimensions. `mine.loss(W, b)` is the loss of any model that you propose.

# %%
mine = sp.task(runtime.seed_for("superposition.by_hand"))
plain_W, plain_b = mine.plain()  # arrows of length 1, evenly spaced, no bias
print(mine, "· loss of the plain polygon:", round(mine.loss(plain_W, plain_b), 5))

# %% [markdown]
# *What to write*: `W` of shape (2, features) and `b` of shape (features,), typed, computed or searched for: two numbers are enough, so that nothing need be trained. Every feature gets an arrow. (To drop some and tune the rest can cost as little; training does that, too. Here all are to be kept.) Start from the plain polygon and ask what its neighbours do to each other, what could be done about it, and what that costs.
#
# *How you know*: there is a best polygon, all arrows of one length and all biases alike. Your loss must come at least 95 % of the way from the plain polygon to it.

# %%
def by_hand() -> tuple[Tensor, Tensor]:
    """(W, b) of a model with a low loss on `mine`, written down."""
    ### BEGIN SOLUTION
    angle = 2 * torch.pi * torch.arange(mine.features) / mine.features
    shape = torch.stack([angle.cos(), angle.sin()])
    ones = torch.ones(mine.features)
    lengths, biases = torch.linspace(1.0, 1.5, 11).tolist(), torch.linspace(0, -1.2, 13).tolist()
    choices = [(mine.loss(w * shape, b * ones), w, b) for w in lengths for b in biases]
    _, length, bias = min(choices)
    return length * shape, bias * ones
    ### END SOLUTION

# %%
grade("superposition.by_hand", by_hand)

# %% [markdown]
# ## 10 · Where superposition begins, measured by you
#
# *Why it matters* (20 minutes): an experiment whose answer is an interval. For two features in one dimension of equal importance the formulas of section 4 cross at $4/7 ≈ 0.571$. Ten features in five dimensions change over at 0.577, the mean of 256 stored runs. This looks like 4/7, until one knows how exact such a mean is.
#
# *What to do*: ten equally important features in five dimensions. Follow $\|W\|_F^2/m$, the sum of all squared lengths per dimension, from dense to sparse: it is 1 when one feature is kept in each dimension, and 2 when all ten are kept as five antipodal pairs. For the stored runs we asked where it passes 1.5; you ask where it passes *your own* level. Measure the density at which it does for at least 16 runs of your own, and give the 95 % interval of their **mean**: the mean plus and minus 1.96 standard errors. The **standard error** is the standard deviation over runs divided by the square root of their number. Keep the recipe and the densities, since shorter training crosses elsewhere. What the cell below uses:
#
# - `sp.Toy(features, hidden, densities)`: what to train, one model for each density.
# - `sp.Recipe(steps, batch, lr, anneal)`: how; annealed, the learning rate falls to zero.
# - `sp.train(toy, recipe, seeds=2, first_seed=0)`: trains every density from the starts `first_seed`, `first_seed + 1`, … The stored runs are the starts 0 to 255: take a `first_seed` of your own, 256 or more.
# - `sp.CriticalDensity.of(trained).at(level)`: `.crossing` holds one density for each run.
#
# *How you know*: your interval is compared with that of 256 stored runs. If it misses although you measured honestly, which happens to one in fifty, measure again with more runs.

# %%
level = sp.own_level(runtime.seed_for("superposition.critical_density"))
ten = sp.Toy(10, 5, tuple(torch.linspace(0.4, 0.8, 9).tolist()))
recipe = sp.Recipe(steps=600, batch=512, lr=0.02, anneal=True)
look = sp.CriticalDensity.of(sp.train(ten, recipe, seeds=2, first_seed=0)).at(level)
print("your level:", level, "· crossings of two runs:", [round(v, 3) for v in look.crossing.tolist()])

# %%
def critical_density() -> tuple[Float[Tensor, "run"], tuple[float, float]]:
    """The crossings of your own runs, and the 95 % interval (low, high) of their mean."""
    ### BEGIN SOLUTION
    runs = sp.train(ten, recipe, seeds=20, first_seed=1000, show=False)
    crossings = sp.CriticalDensity.of(runs).at(level).crossing
    half = 1.96 * crossings.std() / len(crossings) ** 0.5
    return crossings, (float(crossings.mean() - half), float(crossings.mean() + half))
    ### END SOLUTION

# %%
grade("superposition.critical_density", critical_density)

# %% [markdown]
# ## 11 · The sealed model
#
# *Why it matters* (15 minutes): everything so far was measured on models whose answer you knew. This one was made for you, from your own seed; nobody else has it.
#
# Some of its features form **antipodal pairs**; five may form a **pentagon**; some may have a dimension to themselves; some were **dropped**. The hidden space has been rotated and the features shuffled, so that neither rows nor order mean anything. Below are the two pictures that a rotation cannot change: the lengths of the columns, and their cosines. The cosines of a dropped feature are noise, the direction of almost nothing: read the lengths first, and pass over its row and its column.

# %%
sealed = sp.sealed(runtime.seed_for("superposition.sealed"))
W_sealed = sealed.W  # (hidden, feature)
length, unit = sp.column_norms(W_sealed), sp.directions(W_sealed)
cosine = unit.mT @ unit  # (feature, feature)
fig, (left, right) = plots.figure(1, 2, height=3.2)
left.bar(range(len(length)), length, color=plots.COLOURS[0])
ticks = range(len(length))
left.set(xlabel="feature", ylabel="length of its column", xticks=ticks)
plots.heatmap(right, cosine, limit=1, label="cosine")
right.set(xlabel="feature", ylabel="feature", xticks=ticks, yticks=ticks)
plots.show(fig, "The sealed W: length of each column, and cosines between all columns.")

# %% [markdown]
# *What to write*: the groups, as sets (lists and tensors of indices will do). A feature that you name nowhere counts as alone in its dimension. `W_sealed` is yours to compute with: you may read the answer off the figure and type it, or write the reader. For example `{"dropped": {3}, "pairs": {(0, 5), (1, 2)}, "pentagon": set()}`.
#
# *How you know*: par is every feature in its right place; it can be reached with certainty.

# %%
def my_reading() -> dict[str, set]:
    """Which features were dropped, which form antipodal pairs, which the pentagon."""
    ### BEGIN SOLUTION
    n = len(length)
    dropped = {i for i in range(n) if length[i] < 0.3}
    kept = [i for i in range(n) if i not in dropped]
    partners = {i: {j for j in kept if j != i and abs(cosine[i, j]) > 0.15} for i in kept}
    pairs = {(i, j) for i in kept for j in partners[i] if i < j and partners[i] == {j}}
    pentagon = {i for i in kept if len(partners[i]) == 4}
    return {"dropped": dropped, "pairs": pairs, "pentagon": pentagon}
    ### END SOLUTION

# %%
grade("superposition.sealed", my_reading)

# %% [markdown]
# ### Again, and again
#
# There are as many sealed models as there are whole numbers: `sp.sealed(1)`, `sp.sealed(2)`, … tell their answer by `.reveal()`. Write the reader as a function of $W$, and see on how many of a hundred it makes no mistake. Then make it harder for it: `W + noise * torch.randn_like(W)` with `noise` 0.05, 0.1 and 0.2. What fails first, the lengths, the pairs or the pentagon? (A sealed model takes about a quarter of a second to make, since its blocks are trained: half a minute for a hundred, once.)
#
# `course progress` shows what you have done, and how well you know what you know.

# %% [markdown]
# # Exercises: toy models of superposition
#
# *Ten exercises on lesson 1, from drawing the data to reading a sealed model. About an hour and a half (an estimate: five to fifteen minutes each).*
#
# Each exercise has a cell to fill in and a cell that marks it. A cell that you have not filled in is reported as *not attempted yet*, and nothing breaks, so you may do the exercises in any order. The two cells between them that train and measure with your functions are not exercises: they need the cells above them to have been run, filled in or not. If you are stuck, ask: `grade("superposition.forward", forward, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the smallest input on which it differs.
#
# `torch` is all you need. The course's own versions live in `course_utils.superposition`; they are there for reading afterwards. What you write is used: from exercise 3 on, your own functions train a model and measure it.

# %% setup

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import plots, runtime
from course_utils import superposition as sp
from course_utils.grading import grade

# %% [markdown]
# ## 1 · Draw sparse features
#
# *Why it matters*: everything in the lesson follows from how rarely features meet. If they come together by accident of your code, there is no superposition to see.
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
batch_report = grade("superposition.generate_batch", generate_batch)
batch_report

# %% [markdown]
# ## 2 · The model
#
# *Why it matters*: three symbols, $\mathrm{ReLU}(W^\top W x + b)$, and each of them is needed. The ReLU cuts interference away, the bias decides where it cuts.
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
forward_report = grade("superposition.forward", forward)
forward_report

# %% [markdown]
# ## 3 · The loss
#
# *Why it matters*: importance is what makes a model choose. And whether one sums or averages over features decides what "a loss of 0.1" means.
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
loss_report = grade("superposition.loss", loss)
loss_report

# %% [markdown]
# ### Your model, trained
#
# The next cell trains twelve models of five features in two dimensions, four starts at each of three densities, with the three functions above: yours where they pass, the course's where they do not yet. It takes a few seconds. *What to look for*: two long arrows at right angles, the others almost gone; then two pairs; then a pentagon. Run it again for other starts.

# %%
draw = generate_batch if batch_report.status == "passed" else sp.generate_batch
model = forward if forward_report.status == "passed" else sp.forward
price = loss if loss_report.status == "passed" else sp.loss

density = torch.tensor([1.0, 0.3, 0.05]).repeat_interleave(4)  # (instance,)
importance = 0.9 ** torch.arange(5)
W = (0.5 * torch.randn(12, 2, 5)).requires_grad_()
b = torch.zeros(12, 5, requires_grad=True)
optimizer = torch.optim.Adam([W, b], lr=0.05)
falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 800)
for _ in range(800):
    x = draw(density[:, None].expand(-1, 5), 256)
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
# *Why it matters*: in more than two dimensions there is nothing to look at. This is the number that replaces the picture.
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
interference_report = grade("superposition.interference", interference)
interference_report

# %% [markdown]
# ## 5 · Dimensionality
#
# *Why it matters*: a fraction of a dimension per feature, with a theorem behind it: all fractions together are at most the rank.
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
dimensionality_report = grade("superposition.feature_dimensionality", feature_dimensionality)
dimensionality_report

# %% [markdown]
# Both, on the models that were trained above. *What to look for*: the sum of $D$, which is at most 2. Training drives it there; the last line shows five random directions for comparison, whose sum stays below: part of the plane is used by none of them well.

# %%
leak = interference if interference_report.status == "passed" else sp.interference
right = dimensionality_report.status == "passed"
share = feature_dimensionality if right else sp.feature_dimensionality
for k in best:
    one = W[k].detach()
    D = share(one)
    print(f"p = {density[k]:.2f}  interference {[round(v, 2) for v in leak(one).tolist()]}")
    print(f"          D            {[round(v, 2) for v in D.tolist()]}  sum {D.sum():.2f}")
    assert D.sum() <= 2 + 1e-4
at_random = share(torch.randn(2, 5))
print(f"random    D            {[round(v, 2) for v in at_random.tolist()]}", end="  ")
print(f"sum {at_random.sum():.2f}")

# %% [markdown]
# ## 6 · The noise of a crowd
#
# *Why it matters*: before one believes that a trained model is special, one has to know what random directions would do.
#
# *What to write*: $n$ features in random unit directions of $\mathbb R^d$, each active with probability $p$ and then uniform on $[0, 1]$. The **disturbance** of feature $i$ by the others is what a reader along its direction $u_i$ sees of them, $\sum_{j\ne i} x_j\,(u_j\cdot u_i)$. Give the mean of its square, over features and directions, as a number.
#
# *How you know*: for $n = 1$ it is 0. For $n = 4$, $p = 1/2$, $d = 2$ it is 1/4.

# %%
def expected_interference(n: int, p: float, d: int) -> float:
    """Mean squared interference on one feature from the others, in random directions."""
    ### BEGIN SOLUTION
    return (n - 1) * p * (1 / 3) / d
    ### END SOLUTION

# %%
grade("superposition.expected_interference", expected_interference)

# %% [markdown]
# ## 7 · How many directions fit
#
# *Why it matters*: "exponentially many features fit" is the most quoted line of the subject. You will know what it says, and when it says nothing.
#
# *What to write*: a number of unit vectors that is sure to exist in $\mathbb R^d$ with all $|\cos| \le \varepsilon$, from the union bound. One random pair exceeds $\varepsilon$ with probability at most $2e^{-d\varepsilon^2/2}$; bound the number of pairs by $N^2/2$, and solve for the largest $N$ at which the sum is at most 1. $N$ is a real number here: do not round.
#
# *How you know*: for $d = 1000$, $\varepsilon = 0.1$ it is about 12, which is embarrassing, and right.

# %%
def almost_orthogonal_bound(d: int, epsilon: float) -> float:
    """So many directions with all |cos| <= epsilon are sure to exist in d dimensions."""
    ### BEGIN SOLUTION
    return float(torch.tensor(d * epsilon**2 / 4, dtype=torch.float64).exp())
    ### END SOLUTION

# %%
grade("superposition.almost_orthogonal_bound", almost_orthogonal_bound)

# %% [markdown]
# ## 8 · Predict the phase
#
# *Why it matters*: a theory that predicts before the training is worth more than an explanation after it.
#
# *What to write*: two features of importance 1 and `r` in one dimension, density `p`. Return a code, a whole number (a tensor of integers): 0 (keep feature 1), 1 (keep feature 2) or 2 (antipodal pair), whichever has the lowest loss; the first of them at a tie. The three losses are in section 5 of the lesson; better, derive them. A dropped feature is answered by its bias.
#
# *How you know*: at `p = 0.9`, `r = 0.5` it is 0; at `p = 0.1`, `r = 1` it is 2.

# %%
def predict_phase(
    p: Float[Tensor, "*grid"], r: Float[Tensor, "*grid"]
) -> Int[Tensor, "*grid"]:
    """0 keep feature 1, 1 keep feature 2, 2 antipodal pair: the lowest loss wins."""
    ### BEGIN SOLUTION
    dropped = p / 3 - p**2 / 4  # the variance of a feature
    losses = torch.stack([r * dropped, dropped, p**2 * (1 + r) / 6])
    return losses.min(0).indices
    ### END SOLUTION

# %%
grade("superposition.predict_phase", predict_phase)

# %% [markdown]
# ## 9 · Where superposition sets in
#
# *Why it matters*: an experiment whose answer is an interval, not a number. Claiming a narrow one that is wrong and a wide one that says nothing are both failures.
#
# *What to do*: ten equally important features in five dimensions. At which density does $\|W\|_F^2/m$ cross 3/2, half-way between "five alone" (1) and "five pairs" (2)? It depends on the start, so measure it over several: raise `seeds` in the cell below to 16 (ten seconds to a minute), and put the **mean minus and plus one standard deviation over your seeds** into the function. Keep the recipe and the densities: shorter or noisier training crosses elsewhere. What the cell uses:
#
# - `sp.Toy(features, hidden, densities)`: what to train, one model for each density.
# - `sp.Recipe(steps, batch, lr, anneal)`: how; annealed, the learning rate falls to zero.
# - `sp.train(toy, recipe, seeds=2, first_seed=0)`: trains every density from the starts `first_seed`, `first_seed + 1`, …; another `first_seed` gives you starts of your own.
# - `sp.CriticalDensity.of(trained)`: `.crossing` holds one density for each seed, `.mean` and `.spread` their mean and standard deviation.
#
# *How you know*: your interval must cover the mean of the course's 256 seeds, and be no wider than three times their standard deviation. Yours is two of your own standard deviations wide. Those vary: with 8 seeds about one honest interval in ten misses or is too wide, with 16 less than half as many. If it happens to you, measure again with more.

# %%
ten = sp.Toy(10, 5, tuple(torch.linspace(0.4, 0.8, 9).tolist()))
recipe = sp.Recipe(steps=600, batch=512, lr=0.02, anneal=True)
look = sp.CriticalDensity.of(sp.train(ten, recipe, seeds=2, first_seed=0))
print("crossing, seed by seed:", [round(v, 3) for v in look.crossing.tolist()])
print(f"mean {look.mean:.3f}, standard deviation over seeds {look.spread:.3f}")

# %%
def critical_density() -> tuple[float, float]:
    """The interval (low, high) that you measured: the two numbers, not the training."""
    ### BEGIN SOLUTION
    # first_seed=1000, seeds=16: mean 0.578, standard deviation 0.012 over seeds.
    return (0.566, 0.590)
    ### END SOLUTION

# %%
grade("superposition.critical_density", critical_density)

# %% [markdown]
# ## 10 · The sealed model
#
# *Why it matters*: everything so far was measured on models whose answer you knew. This one was made for you, from your own seed; nobody else has it.
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
# There are as many sealed models as there are whole numbers: `sp.sealed(1)`, `sp.sealed(2)`, … hold their answer in `.groups`. Write the reader as a function of $W$, and see on how many of a hundred it makes no mistake. Then make it harder for it: `W + noise * torch.randn_like(W)` with `noise` 0.05, 0.1 and 0.2. What fails first, the lengths, the pairs or the pentagon? (A sealed model takes about a quarter of a second to make, since its blocks are trained: half a minute for a hundred, once.)
#
# `course progress` shows what you have done, and how well you know what you know.

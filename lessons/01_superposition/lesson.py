# %% [markdown]
# # Toy models of superposition
#
# *Lesson 1.*
#
# **A puzzle.** Five numbers go in. A matrix squeezes them into two. Its transpose, a bias and a ReLU try to give the five back. Linear algebra tells us that two numbers cannot hold five: the best linear squeeze of these five loses more than half of their variance. Below is what a trained model does with its two dimensions when each of the five numbers is zero most of the time. It draws one arrow for each of the five, and it loses less than a tenth of the variance.
#
# How can two numbers carry five, and what does it cost? At the end of this lesson you can say when such a thing happens, predict it with a short calculation, read it off a matrix that nobody has labelled, and name the cases in which the reading misleads.
#
# The lesson follows Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html). What it concludes is computed here and listed under "Checked here". Three results are too heavy to train on the spot: the models behind the sliders of section 2, the 256 runs of section 7 and the large sweep of the deeper notebook are loaded from files, which `models/stored/superposition.py` makes again.

# %% [markdown] contents

# %% setup

# %%
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils import zoo
from course_utils.page import about, beside_gpt2, between, caption, claim, claims, draw, measured, predict, table

plane = sp.plane()
p = plane.probability[6]  # each feature is active 3.5 times in a hundred
puzzle = plane.W[6, 1]  # (hidden dimension, feature); the best of 8 trained models
weights = 0.9 ** torch.arange(5)  # how much the error of each number counts
variance = p / 3 - p**2 / 4  # of each number
lost = plane.loss[6, 1] / (weights.sum() * variance)
linear = weights[2:].sum() / weights.sum()  # keeps the two that count most
table({"best linear squeeze": 100 * linear, "trained model": 100 * lost}, unit="% of the variance lost", decimals=0)

# %% figure
fig, ax = plots.figure(width=3.6, height=3.6)
plots.arrows(ax, puzzle)
ax.set(xlabel="hidden dimension 1", ylabel="hidden dimension 2")
plots.show(
    fig,
    "Five arrows of nearly equal length, evenly spaced around a circle.",
    caption="What the model learned. Arrow 3 shows where the two hidden numbers go when the fourth of the five inputs is 1 and the others are 0.",
)

# %% claims
with claims():
    claim("the best linear squeeze of these five loses more than half of their variance", linear > 0.5)
    claim("it loses less than a tenth of the variance", lost < 0.1)
    claim("it draws one arrow for each of the five", not sp.read_plane(puzzle).dropped)

# %% [markdown]
# ## 1 · Two features on a line
#
# Five numbers in two are hard to see through at once, so we begin with two numbers in one. Call each number that goes in a **feature**. There are two features, a and b, and one hidden number $h$. Feature a pushes $h$ to the right, feature b pushes it to the left.

# %% figure
draw.features_on_a_line("a", "b")

# %% [markdown]
# Let a be 0.6 and b be 0. Then $h = 0.6$. The reading of a is 0.6, which is right. The reading of b would be $-0.6$, and the **ReLU**, which replaces negative numbers by 0, makes it 0. That is right too. What one feature adds to the reading of another is a **leak**. Here there was a leak, it was negative, and the ReLU removed it.
#
# Now let both be there, 0.6 and 0.2. They pull against each other, $h = 0.4$, and the model answers $(0.4, 0)$. Each answer is wrong by 0.2, the smaller of the two numbers. This is the price, and it is paid only when both features are there at once.
#
# In general there are $n$ features and $m$ hidden numbers:
#
# $$h = W x, \qquad \hat x = \mathrm{ReLU}(W^\top h + b), \qquad \text{loss} = \sum_i I_i\,(x_i - \hat x_i)^2 .$$
#
# $x$ has the shape (feature), $W$ (hidden, feature) and $b$ (feature). Column $i$ of $W$ is the arrow of feature $i$. A feature is active with probability $p$, its **density**, and then it is a number between 0 and 1, all equally likely; otherwise it is 0. Where $p$ is small the features are called sparse. $I_i$ is the **importance** of feature $i$. The loss is summed over features and averaged over samples. Our two features are $W = (1, -1)$ with $b = 0$:

# %%
W, b = torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 2)  # (model, hidden, feature) and (model, feature)
x = torch.tensor([[[0.6, 0.0], [0.0, 0.3], [0.6, 0.2]]])  # (model, sample, feature)
x_hat = sp.forward(x, W, b)
rows = dict(zip(("a alone", "b alone", "both"), torch.cat([x, x_hat], -1)[0], strict=True))
table(rows, columns=("a", "b", "answer for a", "answer for b"), mark="both", decimals=1)

# %% caption
caption("Three samples by hand. Alone, each feature is returned exactly. Together, each is wrong by the smaller of the two.")

# %% [markdown]
# Two arrows at opposite ends of a line are an **antipodal pair**. The pair errs only when both features are active, which has probability $p^2$. A model that drops one of them errs whenever that one is active, which has probability $p$. As $p$ falls, $p^2$ falls faster. So when features are rare it is better to keep both and let them collide now and then. This is the whole idea of the lesson.
#
# A model is said to be in **superposition** when it represents more features than it has dimensions, so that their arrows cannot all be at right angles.
#
# **Question.** Would the model with $W = (1, -1)$ be any good without the ReLU?
#
# <details><summary>Answer</summary>
#
# No. Feature a alone at 0.6 would be answered with $(0.6, -0.6)$: the answer for b, which should be 0, is wrong by 0.6. A linear model gains nothing by superposition. Its best is to keep the most important directions, as principal component analysis does.
# </details>

# %% claims answer
error = (x - x_hat)[0].abs()
with claims():
    claim("alone, each feature is returned exactly", bool((error[:2] < 1e-6).all()))
    claim("together, each is wrong by 0.2, the smaller of the two numbers", about(error[2], 0.2))
    claim("without the ReLU, a alone at 0.6 is answered with (0.6, −0.6)", torch.allclose(x[0, 0] @ W[0].mT @ W[0], torch.tensor([0.6, -0.6])))

# %% [markdown]
# ## 2 · Five features in the plane
#
# Back to five features and two dimensions. Move the two sliders: the density $p$, and how steeply importance falls from feature to feature. Behind every position stands a model that was trained beforehand, the best of eight runs. The figure below them shows a part, for pages without sliders.
#
# Try to find a density below 1 at which even importance (1) gives five long arrows and steep importance (0.5) only four. Try to find a model that has dropped exactly one feature.

# %%
sp.explore()

# %% figure
plots.show(
    plane.plot(),
    "Columns of W for three densities and three kinds of importance: dense models keep two arrows, sparse ones five.",
    caption="Nine of the forty models behind the sliders. From left to right features become rarer. From top to bottom importance falls more steeply: the number is the factor from one feature to the next. An arrow that is missing is a feature that the model has dropped. (Top left the five are alike and always active; then any mixture of them is as good as any other.)",
)

# %% [markdown]
# Two forces are at work. Rarity makes arrows cheap, because collisions are rare. Importance makes some arrows worth more than others, because the loss counts their errors more. Where features are always active ($p = 1$) and importance falls by a tenth at each step, the model keeps the two most important features at right angles. When they become rarer it makes two antipodal pairs and drops the least important feature. When they are rarer still it makes a pentagon.
#
# These models were each the best of several runs. What does a *single* run do? The next cell trains each of eight densities from sixteen random starts. One of the densities is $p = 0.19$.

# %% prediction
predict("superposition.shape")

# %%
density = 50 ** -torch.linspace(0, 1, 8)  # from 1 (always active) to 0.02 (one time in fifty)
toy = sp.Toy(features=5, hidden=2, probability=tuple(density.tolist()), importance=0.9 ** torch.arange(5))
five = sp.train(toy, sp.Recipe(steps=1500, batch=384, lr=0.02, anneal=True), seeds=16)
shapes = sp.Shapes.of(five)
often = [shape for shape, count in shapes.counts(3).items() if count >= 3]

# %% figure answer
plots.show(
    shapes.plot(),
    "Best models by density: two arrows at right angles, then two opposite pairs, then a pentagon; bars count the shapes of all 16 runs.",
    caption="Above, the run with the lowest loss at each density. Below, how often each shape came out of 16 runs. Around the change from square to pentagon both come out.",
)

# %% answer
measured("superposition.shape", ("one", "two", "three or more")[min(len(often), 3) - 1])

# %% [markdown]
# *Open the figure above before you read on.* The best of sixteen runs goes from two arrows to a square to a pentagon. At $p = 0.19$ runs of the same model, trained in the same way, end in two different shapes, each at least four times: some square, some pentagon. The starts differ, and training finds what lies near its start. Such an end is called a **local minimum**: no small step improves it, although a better one may exist elsewhere. From $p = 0.06$ on at least fifteen of sixteen runs find the pentagon. A shape that was seen in one run tells us about that run.

# %% claims answer
best, gaps = shapes.best_readings(), sp.angle_gaps(shapes.best.W[0, -1])
dense = shapes.best.W[0, 0]
right_angle = torch.cosine_similarity(dense[:, 0], dense[:, 1], dim=0).abs() < 0.1
with claims():
    claim("always active, the best model keeps the two most important features at right angles (within 6 degrees)", best[0].dropped == {2, 3, 4} and bool(right_angle))
    claim("rarer, it makes two antipodal pairs and drops the least important feature (p = 0.33)", len(best[2].antipodal) == 2 and best[2].dropped == {4})
    claim("rarer still, it makes a pentagon (from p = 0.11 on)", all(r.polygon == 5 for r in best[4:]))
    claim("neighbours in the pentagon are 72° apart (within 4 degrees, at p = 0.02)", (gaps - 72).abs().max() < 4)
    claim("at p = 0.19 runs end in two different shapes, square and pentagon, each at least four times of sixteen", min(shapes.counts(3)[s] for s in ("square", "pentagon")) >= 4)
    claim("from p = 0.06 on at least fifteen of sixteen runs find the pentagon", min(shapes.counts(k)["pentagon"] for k in (5, 6, 7)) >= 15)

# %% [markdown]
# ### What the bias does in a pentagon
#
# A pair needs no bias. A pentagon does: its neighbours are 72° apart, so that the leak between them is *positive*, and the ReLU does not remove it. Take our sparsest model, and let feature 0 alone be active, first at 0.8 and then at 0.2.

# %%
W, b = shapes.best.W[0, -1], shapes.best.b[0, -1]
strong, weak = torch.tensor([[0.8, 0, 0, 0, 0], [0.2, 0, 0, 0, 0]])
steps = {
    "0.8 goes in: readings": W.mT @ W @ strong,
    "with the bias": W.mT @ W @ strong + b,
    "answers": torch.relu(W.mT @ W @ strong + b),
    "0.2 goes in: answers": torch.relu(W.mT @ W @ weak + b),
}
table(steps, columns=[f"feature {i}" for i in range(5)], decimals=2)

# %% caption
caption("One active feature in the pentagon. Its two neighbours read about 0.3; the bias, about −0.27, leaves about 0.05 of that. A small input does not get through.")

# %% figure
fig, axes = plots.figure(1, 2, width=7.2, height=3.8)
for ax, bias, title in zip(axes, (0.0, float(b[0])), ("without the bias", "with the bias"), strict=True):
    draw.cut_plane(ax, 0.6 * W, read=0, bias=bias)
    ax.set(title=title, xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xlabel="hidden dimension 1")
axes[0].set_ylabel("hidden dimension 2")
plots.show(
    fig,
    "Five arrows twice, with the half-plane in which the reader of feature 0 gives zero: with the bias it covers all other arrows.",
    caption="The five features, each active at 0.6. Where the ground is grey, the reading of feature 0 is zero. Without the bias two neighbours are read along with it; the bias moves the border past them.",
)

# %% [markdown]
# The arrows have length 1.15, so that a fully active neighbour adds $1.15^2 \cos 72° ≈ 0.41$ to a reading. The bias leaves about 0.14 of that, and nothing of a neighbour that is active at 0.6 or less. But it lowers every reading, the right one too. The longer arrows make up for this where a feature is strong; where it is weak, at 0.2, it is lost.
#
# So a pentagon pays even when only one feature is active. How much, and is it still worth it? We split the loss by the number of active features, and compare with two models made by hand: the plain pentagon without a bias, and a square that drops the fifth feature and answers it with its mean.

# %%
x = sp.generate_batch(torch.full((1, 5), 0.02), 400_000, torch.Generator().manual_seed(0))[0]
active = (x > 0).sum(-1)  # (sample,)
square = torch.cat([sp.polygon(4), torch.zeros(2, 1)], 1), torch.tensor([0, 0, 0, 0, 0.01])
plain = sp.polygon(5), torch.zeros(5)
models = {"trained pentagon": (W, b), "pentagon, no bias": plain, "square": square}
prices = {}
for name, (weight, bias) in models.items():
    error = (weights * (x - sp.forward(x, weight, bias)).square()).sum(-1)  # (sample,)
    split = [(error * group).mean() * 1000 for group in (active == 1, active > 1, active >= 0)]
    prices[name] = dict(zip(("one active", "several", "all"), split, strict=True))
table(prices, unit="thousandths of loss", decimals=2, mark="trained pentagon")

# %% caption
caption("Where the loss comes from at p = 0.02: samples with one active feature, with several, and all together (with those in which none is active).")

# %% [markdown]
# Without its bias the pentagon is worse than a square that drops a feature. With it, it loses less than half of what the square loses. And more than half of what it still loses is paid when one feature is active alone, for leaks and weak inputs. Only a pair has the simple price of section 1.

# %% claims
near = (W.mT @ W)[~torch.eye(5, dtype=torch.bool)].view(5, 4).sort().values[:, 2:]  # the two neighbours of each
with claims():
    claim("the arrows have length 1.15 (within 0.03), and the bias is about −0.27", between(sp.column_norms(W), 1.12, 1.18) and about(b, -0.27))
    claim("a fully active neighbour adds about 0.41 to a reading; the bias leaves about 0.14 of that (0.10 to 0.18)", about(near.mean(), 0.41) and between((near + b[:, None]).mean(), 0.10, 0.18))
    claim("with 0.8 the neighbours read about 0.3 (0.28 to 0.35), and the bias leaves about 0.05 of that (0.02 to 0.08)", between(0.8 * near[0], 0.28, 0.35) and between(0.8 * near[0] + b[0], 0.02, 0.08))
    claim("and nothing of a neighbour that is active at 0.6 or less", (0.6 * near + b[:, None]).max() <= 0)
    claim("a feature that is active at 0.8 is answered within 0.04, one at 0.2 is lost (answered below 0.02)", abs(steps["answers"][0] - 0.8) < 0.04 and steps["0.2 goes in: answers"][0] < 0.02)
    claim("without its bias the pentagon is worse than a square that drops a feature", prices["pentagon, no bias"]["all"] > prices["square"]["all"])
    claim("with it, it loses less than half of what the square loses", prices["trained pentagon"]["all"] < prices["square"]["all"] / 2)
    claim("more than half of what it still loses is paid when one feature is active alone", prices["trained pentagon"]["one active"] > prices["trained pentagon"]["all"] / 2)

# %% [markdown]
# ## 3 · Three formulas against training
#
# A good theory says beforehand what will happen. Here is one that fits on the back of an envelope. Take two features in one dimension, of importance 1 and $r$, both with density $p$. There are three sensible things to do.
#
# - *Keep feature 1* and drop feature 2. The bias can still answer with the mean of the dropped feature, $p/2$. What remains is its variance, $\mathbb E[x^2] - \mathbb E[x]^2 = p/3 - p^2/4$, times its importance: $\;r\,(p/3 - p^2/4)$.
# - *Keep feature 2* and drop feature 1: $\;p/3 - p^2/4$.
# - *Antipodal pair.* It is wrong only if both are active, which has probability $p^2$, and then each is wrong by the smaller of the two. The mean square of the smaller of two uniform numbers is $1/6$: $\;p^2(1 + r)/6$.
#
# The smallest of the three losses wins. First we hold the three formulas against a simulation of a million samples.

# %%
p, r = torch.tensor(0.3), torch.tensor(0.5)
x = sp.generate_batch(torch.full((1, 2), 0.3), 1_000_000, torch.Generator().manual_seed(1))
solutions = ([1.0, 0.0], [0.0, 0.15]), ([0.0, 1.0], [0.15, 0.0]), ([1.0, -1.0], [0.0, 0.0])  # (W, b) of each
simulated = {}
for name, (w, b), formula in zip(sp.PHASES, solutions, sp.phase_losses(p, r), strict=True):
    x_hat = sp.forward(x, torch.tensor([[w]]), torch.tensor([b]))
    loss = sp.loss(x, x_hat, torch.tensor([1.0, 0.5]))
    simulated[name] = {"formula": formula.item(), "simulated": loss.item()}
table(simulated, unit="loss", decimals=4)

# %% caption
caption("The loss of three solutions at p = 0.3, r = 0.5, by formula and by simulation. The smallest is the prediction: an antipodal pair.")

# %% [markdown]
# Now train a model at each point of a grid of 13 densities and 13 importances, eight times each, and compare. The share of the grid on which the models end where the formulas say is the agreement. It needs a **null**: the score of an answer that knows nothing of the matter. Here this is the answer "always an antipodal pair".

# %% prediction
predict("superposition.one_run")

# %%
p, r = torch.logspace(0, -2, 13), torch.logspace(-1, 1, 13)
recipe = sp.Recipe(steps=400, batch=256, lr=0.05, anneal=True)
grid = sp.train(sp.PhaseDiagram.toy(p, r), recipe, seeds=8)
phases = sp.PhaseDiagram.of(grid, p, r)

# %% figure answer
plots.show(
    phases.plot(),
    "Phases over density and importance: predicted; one training run, with many scattered errors; the best of eight runs, with errors only on the boundary.",
    caption="What the formulas predict, what one run gives, and what the best of eight runs gives. Crosses mark points outside the predicted phase. In one run they are scattered over the sparse half; in the best of eight only a few are left, on the boundary.",
)

# %% answer
table(phases, unit="%", decimals=0, interval="range over 8 runs", mark="closed forms")

# %% caption answer
caption("Agreement with the trained models. “Balanced” averages over the three phases, so that the commonest one does not decide. The null always answers “antipodal pair”.")

# %% answer
measured("superposition.one_run", phases.agreement_per_seed().mean())

# %% [markdown]
# *Open the outputs above before you read on.* Against the best of eight runs the formulas are right on 96 % of the grid. Where they are wrong, the two lowest of the three losses differ by less than a seventh, so that the point lies on a boundary. The null scores 76 %, because most of this grid is sparse. If each of the three phases counts equally, the null scores a third.
#
# About single runs the formulas are right on about 72 % of the grid, and the null on about half. The theory tells us something about single runs too, but much less. The reason is in the starts. In half of the runs both weights start with the same sign. Where a pair would be best, about two thirds of these runs end without a pair. Of the runs that start with opposite signs, hardly any do. A model whose two arrows point the same way has to pass through a worse place to turn one of them round. Closed forms compare the best solutions of each kind; gradient descent finds the one that is near. Keep this in mind whenever a paper shows one trained model.
#
# **Question.** Where does the boundary between "keep one" and "antipodal pair" lie for $r = 1$?
#
# <details><summary>Answer</summary>
#
# $p/3 - p^2/4 = 2p^2/6$ gives $1/3 = 7p/12$, so $p = 4/7 ≈ 0.571$. Section 7 looks for it in a larger model.
# </details>

# %% claims answer
score, single = phases.rows(), phases.agreement_per_seed().mean()
failed = phases.failures_by_start(sp.train(sp.PhaseDiagram.toy(p, r), sp.Recipe(steps=0), seeds=8).W)
wrong = (phases.measured != phases.predicted).nonzero()
close = sp.phase_losses(p[wrong[:, 0]], r[wrong[:, 1]]).sort(0).values
with claims():
    claim("the three formulas give the simulated losses (within 2 %)", all(abs(s["simulated"] / s["formula"] - 1) < 0.02 for s in simulated.values()))
    claim("against the best of eight runs the formulas are right on 96 % of the grid (within a point)", between(phases.agreement(), 0.95, 0.97))
    claim("where they are wrong, the two lowest losses differ by less than a seventh", bool((close[1] < 8 / 7 * close[0]).all()))
    claim("the null scores 76 % (within a point); if each of the three phases counts equally, a third", between(phases.always_antipodal(), 0.75, 0.77) and about(score["null: always a pair"]["best of 8, balanced"], 100 / 3))
    claim("about single runs the formulas are right on about 72 % of the grid (within 3 points)", between(single, 0.69, 0.75))
    claim("and the null on about half", about(phases.always_antipodal_per_seed().mean(), 0.5))
    claim("in half of the runs both weights start with the same sign", about(failed["same sign"].share, 0.5))
    claim("where a pair would be best, about two thirds of these runs end without a pair (0.6 to 0.73)", between(failed["same sign"].failed, 0.6, 0.73))
    claim("of the runs that start with opposite signs hardly any do (fewer than 6 %)", failed["opposite signs"].failed < 0.06)

# %% [markdown]
# ## 4 · Directions, not neurons
#
# So far we could look at arrows. With more than two dimensions we cannot, and it is tempting to look at the hidden numbers one by one instead. Here is why that fails.
#
# A single hidden number is called a **neuron**. Take two features in two dimensions, one feature to a neuron. Each neuron has one meaning. Now turn the plane by 45 degrees. No information is lost, since turning it back restores everything. But each neuron now answers to both features: it has become **polysemantic**. A neuron that answers to one feature alone is **monosemantic**.

# %%
c = torch.tensor(0.5).sqrt()  # cos 45° = sin 45°
aligned = torch.eye(2)  # (neuron, feature)
turned = torch.stack([torch.stack([c, -c]), torch.stack([c, c])]) @ aligned
table(
    {f"neuron {k + 1}": [*aligned[k], *turned[k]] for k in range(2)},
    columns=("feature 1", "feature 2", "feature 1, turned", "feature 2, turned"), decimals=2,
)  # fmt: skip

# %% caption
caption("The same model before and after a turn: how strongly each neuron answers to each feature. After the turn both neurons answer to both features.")

# %% [markdown]
# There is no superposition in the turned model: two features, two dimensions, two arrows at right angles. So a polysemantic neuron is no proof of superposition. It may be only a matter of coordinates.
#
# Coordinates matter only where something in the model treats them differently from other directions. A ReLU on the hidden numbers would do so, because it acts on each of them by itself. A basis that is marked out in this way is called a **privileged basis**. The hidden layer of our toy has no ReLU, like the residual stream of a transformer. Its basis is not privileged. What survives every turn are the lengths of the arrows and the angles between them, and all of these stand in one matrix, $W^\top W$, of shape (feature, feature). A turn replaces $W$ by $RW$ with $R^\top R = 1$, and $(RW)^\top RW = W^\top W$.
#
# The **linear representation hypothesis** claims that real networks work like our toy: a feature is a direction in the space of activations, its strength is how far the activation goes in that direction, and several features are the sum of theirs. It is a hypothesis, and there are known exceptions, such as days of the week laid out on a circle (Engels et al. 2024, [arXiv 2405.14860](https://arxiv.org/abs/2405.14860)). Our toy satisfies it by construction.

# %% claims
with claims():
    claim("after the turn both neurons answer to both features, equally strongly", bool(about(turned.abs(), 0.5**0.5)))
    claim("the two arrows are at right angles before and after the turn, and the lengths stay 1", torch.allclose(turned.mT @ turned, aligned.mT @ aligned, atol=1e-6))

# %% [markdown]
# ## 5 · Twenty features in five dimensions
#
# Now there is no plane to draw in. What remains is $W^\top W$. On its diagonal stand the squared lengths $\|W_i\|^2$, which tell whether feature $i$ is there at all. Off the diagonal stand the overlaps. Two numbers for each feature sum them up, the **interference** with it and its dimensionality. With $\hat W_i = W_i / \|W_i\|$, the direction of feature $i$,
#
# $$\text{interference}_i = \sum_{j\ne i}(\hat W_i\cdot W_j)^2, \qquad D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i\cdot W_j)^2}.$$
#
# The first adds up the squares of all leaks into feature $i$, as a reader along its direction would see them. The second is the **dimensionality** of the feature: its own squared length as a share of everything that lies along its direction, the sum over $j$ now including $i$ itself. Think of it as the fraction of a dimension that the feature has to itself. By hand, with arrows of length 1: a feature that is alone in its dimension has interference 0 and $D = 1/1$. One of an antipodal pair has interference 1 and $D = 1/(1+1) = 1/2$. One of a pentagon has $D = 1/(1 + 2\cos^2 72° + 2\cos^2 144°) = 2/5$.
#
# The fractions add up. For every $W$ whatever, each $D_i$ lies between 0 and 1, and their sum is at most the number of dimensions. (The deeper notebook proves it.)
#
# Here importance falls from 1 to 0.01 over the twenty features, each time by the same factor. There are three densities and three runs of each.

# %%
densities = (1.0, 0.16, 0.025)
toy = sp.Toy(20, 5, densities, importance=100 ** -torch.linspace(0, 1, 20))
twenty = sp.train(toy, sp.Recipe(steps=1500, batch=512, lr=0.01, anneal=True), seeds=3)
crowd = sp.CrowdedModels.of(twenty)
table(crowd, decimals={"features kept": 0}, interval="range over 3 runs")

# %% caption
caption("How many of twenty features are kept in five dimensions (columns longer than 0.3; mean of three runs), and, of the best run, the mean interference of a kept feature and the sum of all dimensionalities, which can be at most 5.")

# %% figure
plots.show(
    crowd.plot(),
    "W-transpose-W, column lengths and interference at three densities: five features without overlap when dense, about ten and thirteen with overlap when sparse.",
    caption="The best run at each density. Above, WᵀW: the diagonal is dark where a feature is kept, and colour off the diagonal is overlap. Below, the length of each column, and the interference of the features that are kept. Dropped features have no interference to speak of, since their direction is that of almost nothing.",
)

# %% [markdown]
# In the dense model five features stand alone, one to a dimension, without interference. At $p = 0.16$ nine or ten are kept, nearly all in antipodal pairs, with an interference of about 1. At $p = 0.025$ at least twelve are kept, each with an interference between 1 and 2.5. In all three the dimensionalities sum to 5 within a fiftieth: training hands out all the room that there is. Random directions do not, as an exercise shows.
#
# **Question.** One of an antipodal pair has interference 1, and yet the pair is read without error when only one of the two is active. Is interference a measure of damage?
#
# <details><summary>Answer</summary>
#
# No. It is a property of $W$ alone. Damage also depends on the ReLU, the bias, and how often features are active together. An overlap of $-1$ is harmless while the other feature is silent; an overlap of $+0.3$ is not, unless the bias removes it. Section 10 shows the same $W$ at two prices.
# </details>

# %% claims
kept = sp.represented(twenty.W)  # (run, density)
leak = [sp.interference(W)[sp.column_norms(W) > 0.5] for W in twenty.best().W[0]]
with claims():
    claim("by hand: D is 1 alone, 1/2 in a pair and 2/5 in a pentagon", about(sp.feature_dimensionality(sp.polygon(1)), 1) and about(sp.feature_dimensionality(sp.polygon(2)), 1 / 2) and about(sp.feature_dimensionality(sp.polygon(5)), 2 / 5))
    claim("in the dense model five features stand alone, without interference (below 0.05), in all three runs", bool((kept[:, 0] == 5).all()) and leak[0].max() < 0.05)
    claim("at p = 0.16 nine or ten are kept in all three runs, with an interference of about 1 (median)", between(kept[:, 1], 9, 10) and about(leak[1].median(), 1))
    claim("at p = 0.025 at least twelve are kept in all three runs, each with an interference between 1 and 2.5", bool((kept[:, 2] >= 12).all()) and between(leak[2], 0.98, 2.5))
    claim("the dimensionalities sum to 5 within a fiftieth in the best run of each density", between(sp.feature_dimensionality(twenty.best().W[0]).sum(-1), 4.9, 5.001))

# %% [markdown]
# ## 6 · How much room, and how much noise
#
# Our toys put two or three features into each dimension. Could a wide layer hold very many? Exactly orthogonal directions there are only $d$ of in $d$ dimensions. Allow every two a cosine of up to $\varepsilon$, in size, and there may be more.
#
# Two *random* unit vectors in many dimensions are nearly orthogonal: on average $(u\cdot v)^2$ is $1/d$, and the cosine exceeds $\varepsilon$ in size with probability at most $2e^{-d\varepsilon^2/2}$. So draw $N$ of them at random. They have fewer than $N^2/2$ pairs. The probability that any pair is too close is therefore below $N^2 e^{-d\varepsilon^2/2}$. As long as this is at most 1, some draw must succeed, which gives a promise:
#
# $$N = e^{d\varepsilon^2/4} \text{ directions with } |\cos| \le \varepsilon \text{ exist.}$$

# %%
cases = ((1_000, 0.1), (10_000, 0.1), (768, 0.1), (768, 0.2))
room = {f"{d:,} dimensions, |cos| ≤ {eps}": sp.almost_orthogonal_bound(d, eps) for d, eps in cases}
table({name: {"directions promised": f"{n:,.0f}"} for name, n in room.items()})

# %% caption
caption("What the bound promises. It is useless below a few thousand dimensions at ε = 0.1, and then explodes. It is a promise, not a limit: sets that are made by optimisation hold many more (deeper notebook).")

# %% [markdown]
# In a thousand dimensions the bound promises 12 directions, where an orthogonal basis already gives a thousand. With ten times the dimensions it promises seventy billion. The exponent $d\varepsilon^2/4$ has to be well above 1 before the exponential helps. In the plane nothing is gained at all: three directions cannot all be closer to orthogonal than 60 degrees.
#
# Room is one half. The other is noise. A small overlap with each of many features adds up. Give $n$ features random directions in $d$ dimensions and read one of them. The others disturb it by $\sum_{j\ne i} x_j\, u_j\cdot u_i$, whose mean square is
#
# $$(n-1)\;\cdot\; p \;\cdot\; \tfrac13 \;\cdot\; \tfrac1d,$$
#
# which is how many others there are, how often each is active, how large it is then ($\mathbb E[x^2] = 1/3$), and how far it leans over. Ten thousand features of density 0.01 in 768 dimensions disturb each other by 0.043 in mean square, about 0.2 in size, which is not little beside a feature of size 0.5. This is a statement about *random* directions, with their signs cancelling. It is the null for a trained model, whose directions are not random; an exercise asks you to compute what a given $W$ really does.

# %% claims
with claims():
    u, v = (sp.random_directions(20_000, 50, torch.Generator().manual_seed(s)) for s in (0, 1))
    claim("on average (u·v)² is 1/d (20,000 pairs in 50 dimensions, within 5 %)", between((u * v).sum(0).square().mean() * 50, 0.95, 1.05))
    claim("in a thousand dimensions the bound promises 12 directions", int(room["1,000 dimensions, |cos| ≤ 0.1"]) == 12)
    claim("with ten times the dimensions it promises seventy billion", about(room["10,000 dimensions, |cos| ≤ 0.1"], 7e10))
    claim("three directions in the plane: at best 60 degrees (largest |cos| 0.5)", about(sp.pack(3, 2, steps=250).coherence, 0.5))
    noise = sp.expected_interference(10_000, 0.01, 768)
    claim("ten thousand features of density 0.01 in 768 dimensions disturb each other by 0.043 in mean square, about 0.2 in size", 0.0425 < noise < 0.0435 and about(noise**0.5, 0.2))
    draws = [sp.disturbance(sp.random_directions(50, 20, torch.Generator().manual_seed(s)), 0.1).mean() for s in range(50)]
    claim("the formula holds on average over 50 draws of 50 random directions in 20 dimensions (within 3 %)", abs(torch.stack(draws).mean() / sp.expected_interference(50, 0.1, 20) - 1) < 0.03)

# %% [markdown]
# ## 7 · Where superposition begins
#
# The formulas of section 3 put the boundary for equal importance at $p = 4/7 ≈ 0.571$. Does a larger model obey it? Take ten equally important features in five dimensions and follow $\|W\|_F^2/m$, the sum of all squared lengths per dimension. It is 2 when all ten are kept as five antipodal pairs, and 1 when one feature is kept in each dimension. Let us say that superposition begins where it passes 1.5. That half-way line is our choice.

# %% prediction
predict("superposition.critical")

# %% answer
ten = sp.Toy(10, 5, tuple(torch.linspace(0.4, 0.8, 9).tolist()))
runs = sp.train(ten, sp.Recipe(steps=600, batch=512, lr=0.02, anneal=True), seeds=8)
here = sp.CriticalDensity.of(runs)
stored = sp.critical()  # the same, 256 runs
begins = {
    "eight runs, trained here": here.mean_interval(),
    "256 runs, stored": stored.mean_interval(),
    "formulas of section 3": 4 / 7,
}
table(begins, unit="density at which it begins", decimals=3, interval="95 % interval of the mean")

# %% caption answer
caption("Where ‖W‖²/m passes 1.5. The interval is one of the mean over runs (Student's t), not the spread of single runs, which for 256 runs is sixteen times as wide.")

# %% answer
_, low, high = stored.mean_interval()
measured("superposition.critical", "below it" if low > 4 / 7 else "above it" if high < 4 / 7 else "inside")

# %% [markdown]
# *Open the outputs above before you read on.* The measured value, 0.577, is close to $4/7$, and it is tempting to stop here. But 256 runs fix the mean to within 0.0015, and $4/7$ lies outside of that. The formula is close, and it is wrong. Why?
#
# Its pair has arrows of length exactly 1 and no bias, because we decreed it. A model may choose both. So let the pair choose: for each $p$, find the length $w$ and the bias $b$ with the lowest loss. Now the picture changes altogether. At $p = 0.3$ the best length is 1.01. At $p = 0.6$ it is 0.87, and at $p = 1$ it is 0.71. The pair never breaks. It *shrinks*, and it is better than keeping one feature at every density below 1. The sum $2w^2$ stays near 2 up to $p = 0.4$ (2.0 to 2.05), then glides down to 1 without a jump, and passes 1.5 at $p = 0.60$.

# %% figure answer
plots.show(
    stored.plot(),
    "Dots of 256 runs at nine densities fall from 2 to 1 in separate clusters; the upper cluster follows the curve of the best pair, other clusters lie below it.",
    caption="Each dot is one of 256 runs. Black: a pair that chooses its own length and bias. Dashed: the switch of section 3, at 4/7. The topmost cluster follows the black curve; the clusters below it are runs that left out one or two features.",
)

# %% [markdown]
# The dots lie in clusters. The topmost cluster follows the shrinking pair, up to $p = 0.6$, to within 0.02, and no run lies above it there. The runs trained here show what the other clusters are: at $p = 0.5$ they left out a feature, although keeping all ten has the lower loss. At $p = 0.5$ the runs that keep all ten are 43 % of the 256. So the average passes 1.5 earlier than a pair does: it mixes shrinking pairs with runs stuck in local minima. Two errors of opposite direction bring it close to $4/7$.
#
# Two lessons follow. Agreement of one number with a theory is weak evidence, and the error of a mean must be told apart from the spread of single runs before one may say "agrees". And the value 1 at the dense end does not mean that each dimension holds one feature: at $p = 1$ a pair with $w^2 = 1/2$ has the same loss as one feature alone, so that equally important features that are always active may be mixed at will.

# %% claims answer
pair = {p: sp.best_pair(p) for p in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)}
low, high = stored.mean_interval()[1:]
upto = stored.probability <= 0.61
curve = torch.tensor([2 * sp.best_pair(float(p)).weight ** 2 for p in stored.probability])
all_ten = sp.column_norms(runs.W).amin(-1) > 0.5  # (run, density): no feature left out
with claims():
    claim("the measured value is 0.577 (within 0.002)", abs(stored.mean - 0.577) < 0.002)
    claim("256 runs fix the mean to within 0.0015, and 4/7 lies outside", (high - low) / 2 < 0.00155 and not low <= 4 / 7 <= high)
    claim("the spread of 256 single runs is sixteen times as wide as the interval of their mean", about(2 * 1.96 * stored.spread / (high - low), 16))
    claim("the best length of the pair is 1.01 at p = 0.3, 0.87 at p = 0.6 and 0.71 at p = 1", [round(pair[p].weight, 2) for p in (0.3, 0.6, 1.0)] == [1.01, 0.87, 0.71])
    claim("the pair is better than keeping one feature at every density below 1 that we try (0.3 to 0.9)", all(pair[p].loss < p / 3 - p**2 / 4 for p in pair if p < 1))
    claim("its 2w² passes 1.5 at p = 0.60", round(sp.pair_density(1.5), 2) == 0.6)
    glide = torch.tensor([sp.pair_crowding(k / 100) for k in range(10, 101, 2)])
    claim("2w² stays near 2 up to p = 0.4 (2.0 to 2.05), then glides down to 1 without a jump (steps of 0.02 in p change it by less than 0.1)", between(glide[:16], 2.0, 2.05) and bool((glide.diff()[15:] < 0.001).all()) and glide.diff().abs().max() < 0.1 and about(glide[-1], 1))
    claim("the topmost cluster follows the shrinking pair, up to p = 0.6, to within 0.02, and no run lies above it there", bool(((stored.crowding.amax(0) - curve).abs()[upto] < 0.02).all()))
    claim("at p = 0.5 the runs that keep all ten are 43 % of the 256", about(((stored.crowding[:, 2] - curve[2]).abs() < 0.02).float().mean(), 0.43))
    claim("in the runs trained here, those that keep all ten at p = 0.5 lie on the curve (within 0.03), and those that left one out lie at least 0.1 below", bool((((here.crowding[:, 2] - curve[2]).abs() < 0.03) == all_ten[:, 2]).all() and (here.crowding[~all_ten[:, 2], 2] < curve[2] - 0.1).all()))
    claim("keeping all ten has the lower loss (at p = 0.5, of the runs trained here)", runs.final_loss[all_ten[:, 2], 2].max() < runs.final_loss[~all_ten[:, 2], 2].min())
    claim("at p = 1 a pair with w² = 1/2 has the same loss as one feature alone", about(pair[1.0].weight ** 2, 0.5) and about(pair[1.0].loss, 1 / 3 - 1 / 4))

# %% [markdown]
# ## 8 · When a neuron means something
#
# Section 4 told us to mistrust single neurons, because the hidden layer of our toy has no privileged basis. MLPs have one: a ReLU (or a function like it) acts on each neuron. Elhage et al. study this second toy as well. It differs by one ReLU,
#
# $$\hat x = \mathrm{ReLU}\big(W^\top\, \mathrm{ReLU}(W x) + b\big).$$
#
# Ten features in five neurons; importance falls by a fifth at each step; three densities, five runs each. The control is the same model without the inner ReLU. We count how many features a neuron answers to: those for which its weight is at least a quarter of its largest.

# %% prediction
predict("superposition.neurons")

# %% answer
toy = sp.Toy(10, 5, (0.5, 0.2, 0.05), importance=0.8 ** torch.arange(10))
recipe = sp.Recipe(steps=1500, batch=256, lr=0.02)
with_relu = sp.train_neurons(toy, recipe, seeds=5)
without = sp.train_neurons(toy, recipe, seeds=5, linear=True)
table(sp.compare_neurons(with_relu, without), decimals=1, interval="range over 5 runs")

# %% caption answer
caption("How many features a neuron answers to, on average, with a ReLU on the hidden layer and without (the control, “null”); and how many features the model with the ReLU keeps (less than a quarter of their variance lost).")

# %% figure answer
plots.show(
    sp.neurons_figure(with_relu, without),
    "Weights of neurons by features: with the ReLU one dark cell a row at p = 0.5, several at 0.2, most at 0.05; without it, mixtures at every density.",
    caption="Weights of the best run at each density; each row is a neuron. With a ReLU (above) a row at p = 0.5 holds one feature. As features become rarer, rows hold more of them. Without it (below) rows are mixtures everywhere.",
)

# %% answer
counts = {
    "with the ReLU, at p = 0.5": with_relu.answers_to()[:, 0],
    "with the ReLU, at p = 0.05": with_relu.answers_to()[:, 2],
    "without it, at p = 0.5": without.answers_to()[:, 0],
}
one_each = [name for name, count in counts.items() if (count == 1).all()]
measured("superposition.neurons", one_each[0] if one_each else "in none of these")

# %% [markdown]
# *Open the outputs above before you read on.* With the ReLU, at $p = 0.5$, every neuron of every run answers to exactly one feature: all 25 are monosemantic, and the other five features are dropped. At $p = 0.2$ both kinds live side by side, in every run a neuron with several features, and in most a neuron with one. At $p = 0.05$ no neuron is monosemantic. Without the ReLU neurons are mixtures at every density, also at $p = 0.5$.
#
# So polysemantic neurons have two causes, and this experiment separates them. Without the inner ReLU they are a matter of coordinates: any turn of the hidden space would do as well. With it they come from superposition: the model keeps more features than it has neurons, and has to share them. Reading neurons one by one works only with the inner ReLU, and only where features are dense.

# %% claims answer
one, many = with_relu.answers_to() == 1, with_relu.answers_to() > 1  # (run, density, neuron)
with claims():
    claim("with the ReLU, at p = 0.5, all 25 neurons answer to exactly one feature, and five features are kept", int(one[:, 0].sum()) == 25 and bool((with_relu.kept()[:, 0] == 5).all()))
    claim("at p = 0.2 every run has a neuron with several features, and most have one with a single feature", bool(many[:, 1].any(-1).all()) and int(one[:, 1].any(-1).sum()) >= 3)
    claim("at p = 0.05 no neuron is monosemantic, and more features are kept than there are neurons", not one[:, 2].any() and bool((with_relu.kept()[:, 2] > 5).all()))
    claim("without the ReLU a neuron answers to more than three features on average, at every density", bool((without.answers_to().float().mean((0, 2)) > 3).all()))

# %% [markdown]
# ## 9 · Now on GPT-2
#
# A language model has one direction for each token in its unembedding, the matrix that turns the last hidden state into logits. GPT-2 small has 50,257 tokens and 768 dimensions: 65 directions for every dimension. Directions that many cannot be orthogonal. Are they as nearly orthogonal as random ones? We measure the root mean square of the cosine of two of them, which is $1/\sqrt d$ for random directions, on `code-4l`, the course's own four-layer model of Python code, and on GPT-2 where its weights are at hand. We know of no published value for GPT-2, only its sizes.

# %%
model = zoo.load("code-4l")
published = sp.token_sizes(tokens=50_257, dimensions=768)
beside_gpt2(sp.token_cosines, {"code-4l": model}, published, source="Radford et al. 2019 (sizes only)")

# %% caption
caption("The directions of the unembedding: how many there are for each dimension, and the root mean square cosine of two of them as they are, and with the mean direction taken out (“centred”), which the softmax cannot see. “Random” is 1/√d. No set of directions has less than “least possible” (Welch 1974).")

# %% [markdown]
# In `code-4l` two tokens lean on each other nearly five times as much as random directions would, and nearly twice as much after centring. So these directions are not spread out as evenly as they could be.
#
# Does this show superposition? It shows that there are more directions than dimensions, and that they are not random. Tokens are the model's *vocabulary*, which we were given. Whether its internal features are in superposition is a question about directions that nobody has handed us.

# %% claims
own = sp.token_cosines(model)
with claims():
    claim("GPT-2 small has 65 directions for every dimension", round(published["directions per dimension"]) == 65)
    claim("in code-4l two tokens lean on each other nearly five times as much as random directions would (4.5 to 5)", between(own["as they are"] / own["null: random"], 4.5, 5))
    claim("and nearly twice as much after centring (1.8 to 2)", between(own["centred"] / own["null: random"], 1.8, 2))

# %% [markdown]
# ## 10 · What this does not show
#
# **The same picture at two prices.** In both worlds below, two features share one dimension as an antipodal pair: the same $W$, the same interference of 1, the same $D = 1/2$. In the first world the features are independent, in the second they never come together. The measures of this lesson cannot tell the two apart, since they are computed from $W$ alone. The loss can.

# %%
W, b = torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 2)
worlds = {}
for kind in ("independent", "anticorrelated"):
    x = sp.Toy(2, 1, (0.3,), pairs=kind).batch(50_000, torch.Generator().manual_seed(0))
    price = sp.loss(x, sp.forward(x, W, b), torch.ones(2)).item()
    D, leak = sp.feature_dimensionality(W[0]), sp.interference(W[0])
    worlds[kind] = {"interference": leak[0], "D": D[0], "loss": price}
table(worlds, decimals={"interference": 1, "D": 1, "loss": 3})

# %% caption
caption("One W in two worlds, at p = 0.3. What is read off W is the same; the loss is not.")

# %% [markdown]
# **The wrong features.** All measures need to know which inputs the features are. Suppose that we are wrong, and use a turned set of axes, in which each of our "features" is a mixture of true ones. The model is untouched, and its pentagon is still there. We no longer see it.

# %%
mixture = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(3))).Q
invented = puzzle @ mixture  # the same model, read with features that we made up
sums = [sp.feature_dimensionality(W).sum() for W in (puzzle, invented)]
sums

# %% figure
fig, axes = plots.figure(1, 2, width=6.4, height=3.2)
for ax, W, title in zip(axes, (puzzle, invented), ("the true features", "features that we made up"), strict=True):
    plots.arrows(ax, W, title=title)
    ax.set(xlim=(-2, 2), ylim=(-2, 2))
plots.show(
    fig,
    "Left: the pentagon. Right: the same model seen through invented features, without a shape.",
    caption="One model, read with two lists of features. On the right the shape is gone, and yet the dimensionalities sum to 2, the number of dimensions, in both.",
)

# %% [markdown]
# The sum of the dimensionalities is 2 for both lists: this check does not notice that the features are wrong. The shape does, but only because we knew which shape to expect. In real models nobody hands us the features. Everything in this lesson started from knowing them, and finding them is the subject of the next one.
#
# Other limits: our features are independent and uniform; there is no attention and no depth; shapes and densities belong to these sizes and recipes. The experiments show that superposition *can* be the best solution, and when. That large language models use it is a further claim, for which this lesson gives no evidence.
#
# **The puzzle, answered.** Two numbers do not hold five. They hold any *one* of five, and which one it is, as long as rarely more than one comes at a time. The arrows are spread out, so that most leaks are negative and the ReLU removes them; a negative bias cuts the positive ones down. There are two prices. One is paid when features come together, which is rare. The other is paid when a feature comes alone: neighbours leak a little, and weak inputs are lost. Together they are less than what dropping features costs.
#
# What stays open: whether real features are like these, which shapes appear in larger models, and how one finds the features when nobody lists them.

# %% claims
with claims():
    claim("the same W, the same interference of 1, the same D = 1/2 in both worlds", all(w["interference"] == 1 and w["D"] == 0.5 for w in worlds.values()))
    claim("where features never come together the loss is 0, where they are independent it is p²/3 = 0.03", worlds["anticorrelated"]["loss"] < 1e-6 and about(worlds["independent"]["loss"], 0.03))
    claim("the pentagon is not seen with invented features", sp.read_plane(puzzle).polygon == 5 and sp.read_plane(invented).polygon == 0)
    claim("the sum of the dimensionalities is 2 for both lists (within 0.001)", between(sums, 1.999, 2.001))

# %% [markdown]
# ## The lesson on a card
#
# | claim | evidence | control | where it fails |
# | --- | --- | --- | --- |
# | Rare features are kept in superposition, frequent ones are not. | Five features in two dimensions: 2, then 4, then 5 arrows. | Dense models, and all 16 runs beside the best. | Single runs end in other shapes. |
# | A comparison of three losses predicts which. | It is right on 96 % of a grid. | "Always a pair": 76 %, balanced a third. | Near the boundary, and for single runs: 72 %. |
# | $W^\top W$ tells what is kept and what it costs. | Interference and dimensionality, whose sum is the number of dimensions. | Random directions, which use less. | The price depends on what comes together, not on $W$ alone; and the features must be the right ones. |
# | The switch at $4/7$ is near and wrong. | 256 runs: 0.577, and pairs that shrink. | A pair with its own length and bias. | The density at which superposition begins is a convention. |
# | A privileged basis makes neurons readable where features are dense. | 25 of 25 neurons with one feature at $p = 0.5$. | The same model without the ReLU. | Sparse features: no neuron has only one. |
#
# **Formulas.** $\hat x = \mathrm{ReLU}(W^\top W x + b)$ · three losses: $r\,(p/3 - p^2/4)$, $p/3 - p^2/4$, $p^2(1+r)/6$ · interference $\sum_{j\ne i}(\hat W_i\cdot W_j)^2$ · dimensionality $D_i = \|W_i\|^2/\sum_j(\hat W_i\cdot W_j)^2$, with $\sum_i D_i \le m$ · room $e^{d\varepsilon^2/4}$ · noise of random directions $(n-1)\,p/(3d)$.
#
# **To go on.**
#
# - Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html): the source of this lesson; more shapes, learning dynamics, and a long discussion of what superposition may mean for safety.
# - 3Blue1Brown, [How might LLMs store facts](https://www.3blue1brown.com/lessons/mlp): the picture of many nearly orthogonal directions, moving.
# - ARENA, [Intro to Superposition & Sparse Autoencoders](https://www.alignmentforum.org/posts/LnHowHgmrMbWtpkxx/intro-to-superposition-and-sparse-autoencoders-colab): exercises on the same paper, with deep double descent, and on the subject of the next lesson.
#
# **Now the exercises.** `course start 01`, then `my/01_superposition.ipynb`. They end with a sealed model, which is made from your own seed. The deeper notebook, `notebooks/01_superposition_deeper.ipynb`, may be read in any order: which shapes appear in a large model, how well directions can be packed, what trained directions really disturb, features that come in pairs, and networks that compute in superposition.

# %% [markdown] words
# ## Words
#
# - feature: one of the numbers that go into the model; in real models, a property of the input that the model represents (nobody has an agreed definition).
# - ReLU: the function that replaces negative numbers by 0.
# - leak: what one feature adds to the reading of another.
# - interference: the squared overlaps of all other features with the direction of one, summed.
# - density: the probability with which a feature is active; small density is sparsity.
# - importance: the weight of a feature in the loss.
# - antipodal pair: two arrows at opposite ends of a line.
# - superposition: more features represented than there are dimensions, so that their arrows cannot all be at right angles.
# - local minimum: an end of training that no small step improves, although a better one may exist elsewhere.
# - null: the score of an answer that knows nothing of the matter, beside which one that claims to know is held.
# - neuron: a single hidden number.
# - polysemantic: of a neuron that answers to several features.
# - monosemantic: of a neuron that answers to one feature.
# - privileged basis: coordinates that something in the model treats differently from other directions.
# - linear representation hypothesis: features are directions, their strengths lengths, several features a sum.
# - dimensionality: the fraction of a dimension that a feature has to itself.

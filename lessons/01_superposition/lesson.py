# %% [markdown]
# # Toy models of superposition
#
# *Lesson 1.*

# %% setup

# %% [markdown]
# **A puzzle.** Five numbers go in. A matrix squeezes them into two. Its transpose, a bias and a ReLU try to give the five back. How much is lost on the way? A model that always answered with the mean of each number would lose their whole variance: let this be 100 %, with errors in the more important numbers counting more. Linear algebra tells us that two numbers cannot hold five. The best linear squeeze keeps two of them and loses more than half of the variance. Below is what a trained model does when each of the five numbers is zero most of the time. It has an arrow for each of the five, and it loses less than a tenth.

# %% figure
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils import zoo
from course_utils.page import about, between, caption, claim, claims, draw, measured, predict, table

plane = sp.plane()  # models that were trained beforehand, each the best of eight runs
p = plane.probability[6]  # each feature is active 3.5 times in a hundred
puzzle = plane.W[6, 1]  # (hidden dimension, feature)
importance = 0.9 ** torch.arange(5)  # how much the error of each number counts
lost = plane.loss[6, 1] / (importance.sum() * sp.variance(p))
linear = importance[2:].sum() / importance.sum()  # keeps the two that count most
fig, (left, right) = plots.figure(1, 2, height=3.5, width_ratios=[1.15, 1])
plots.arrows(left, puzzle)
left.set(xlabel="hidden dimension 1", ylabel="hidden dimension 2")
shares = [100, 100 * float(linear), 100 * float(lost)]
bars = right.barh(range(3), shares, color=[plots.GREY, plots.GREY, plots.INK], height=0.5)
right.bar_label(bars, fmt="%.0f %%", padding=4)
right.set(xlim=(0, 118), xticks=[], ylim=(2.6, -0.6), title="variance lost")
right.set_yticks(range(3), ["always the mean", "best linear\nsqueeze", "trained\nmodel"])
right.spines[["bottom", "left"]].set_visible(False)
plots.show(
    fig,
    "Five arrows of nearly equal length, evenly spread around a circle; bars of the variance lost: 100, 54 and 9 percent.",
    caption="Left, what the model learned. The five inputs are numbered 0 to 4. Arrow 3 ends where the two hidden numbers go when input 3 is 1 and the others are 0. (Dotted: a circle of radius 1.) Right, what it loses, beside a model without inputs and the best linear one.",
)

# %% claims
with claims():
    claim("the best linear squeeze of these five loses more than half of their variance", linear > 0.5)
    claim("the trained model loses less than a tenth of the variance", lost < 0.1)
    claim("it has an arrow for each of the five", not sp.read_plane(puzzle).dropped)
    claim("the bars: 54 % for the linear squeeze and 9 % for the model", round(100 * float(linear)) == 54 and round(100 * float(lost)) == 9)

# %% [markdown]
# Why should somebody who studies language models care about this toy? Think of what may be true of a piece of text: it is French; it is inside a Python string; it names a bridge. Each of these is false of nearly every word that one reads, and there are certainly more than 768 such things to know, while GPT-2 small has 768 numbers for each word. If a model wants to keep track of all of them, it faces the puzzle above at a large scale: many numbers, each nearly always zero, and too few dimensions.
#
# How can two numbers carry five, and what does it cost? At the end of this lesson you can say when such a thing happens, predict it with a short calculation, read it off a matrix, and name the cases in which the reading misleads. The lesson follows Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html).

# %% [markdown] contents

# %% [markdown]
# ## 1 · Two features on a line
#
# Five numbers in two are hard to see through at once, so we begin with two numbers in one. Call each number that goes in a **feature**. There are two features, $x_1$ and $x_2$, and one hidden number $h$. Feature $x_1$ pushes $h$ to the right, feature $x_2$ pushes it to the left.

# %% figure
draw.features_on_a_line("x₁", "x₂")

# %% [markdown]
# Let $x_1$ be 0.6 and $x_2$ be 0. Then $h = 0.6$. The reading of $x_1$ is 0.6, which is right. The reading of $x_2$ would be $-0.6$, and the **ReLU**, which replaces negative numbers by 0, makes it 0. That is right too. What one feature adds to the reading of another is a **leak**. Here the leak was negative, and the ReLU removed it.
#
# Now let both be active, 0.6 and 0.2. They pull against each other, $h = 0.4$, and the output is $(0.4, 0)$. Both outputs are wrong by 0.2, the smaller of the two numbers. An error of this kind happens only when both features are active at once.
#
# In general there are $n$ features and $m$ hidden numbers:
#
# $$h = W x, \qquad \hat x = \mathrm{ReLU}(W^\top h + b), \qquad \text{loss} = \sum_i I_i\,(x_i - \hat x_i)^2 .$$
#
# $x$ has the shape (feature), $W$ (hidden, feature) and $b$ (feature). Column $i$ of $W$ is the arrow of feature $i$. A feature is active with probability $p$, its **density**, and then it is a number between 0 and 1, all equally likely; otherwise it is 0. Where $p$ is small the features are called sparse. $I_i$ is the **importance** of feature $i$. The loss is summed over features and averaged over samples. For our two features $W = (1, -1)$ and both biases are 0:

# %%
W = torch.tensor([[1.0, -1.0]])  # (hidden, feature)
b = torch.zeros(2)  # (feature,)
x = torch.tensor([[0.6, 0.0], [0.0, 0.3], [0.6, 0.2]])  # (sample, feature)
x_hat = torch.relu(x @ W.T @ W + b)  # (sample, feature)
both = torch.cat([x, x_hat], 1)
rows = {"x₁ alone": both[0], "x₂ alone": both[1], "both": both[2]}
columns = ("x₁", "x₂", "output for x₁", "output for x₂")
table(rows, columns=columns, mark="both", decimals=1)

# %% caption
caption("Three samples by hand. Alone, each feature is returned exactly. Together, each is wrong by the smaller of the two.")

# %% [markdown]
# Two arrows at opposite ends of a line are an **antipodal pair**. The pair is wrong only when both features are active, which has probability $p^2$. A model that drops one of them is wrong whenever that one is active, which has probability $p$. As $p$ falls, $p^2$ falls faster. So when features are rare it is better to keep both and let them collide now and then. A model is said to be in **superposition** when it represents more features than it has dimensions, so that their arrows cannot all be at right angles.
#
# To compare the two at every density, we give each loss as a share of what there is to lose: the variance of the two features together.

# %% figure
plots.show(
    sp.pair_figure(),
    "Loss over density: dropping one of two features loses half of the variance at every density; the pair's curve falls below it at 4/7 and goes to zero.",
    caption="Two equal features in one dimension. Dropping one loses half of the variance, however rare the features are. The pair loses more when both are often active, less than that below p = 4/7, and close to nothing when they are rare. At the left its curve leaves the picture and reaches 200 % at p = 1. The axis of the density is logarithmic. (The formulas follow in section 3.)",
)

# %% [markdown]
# **Question.** Would the model with $W = (1, -1)$ be any good without the ReLU?
#
# <details><summary>Answer</summary>
#
# No. With $x_1 = 0.6$ alone the output would be $(0.6, -0.6)$: the output for $x_2$, which should be 0, is wrong by 0.6. A linear model gains nothing by superposition. Its best is to keep the most important directions, as principal component analysis does.
# </details>

# %% claims
error = (x - x_hat).abs()
share = {q: 100 * sp.phase_losses(torch.tensor(q), torch.tensor(1.0)) / (2 * sp.variance(torch.tensor(q))) for q in (0.01, 0.5, 4 / 7, 0.6, 1.0)}
with claims():
    claim("alone, each feature is returned exactly", bool((error[:2] < 1e-6).all()))
    claim("together, each is wrong by 0.2, the smaller of the two numbers", bool(about(error[2], 0.2)))
    claim("without the ReLU, x₁ = 0.6 alone gives (0.6, −0.6)", torch.allclose(x[0] @ W.T @ W, torch.tensor([0.6, -0.6])))
    claim("dropping one loses half of the variance at every density", all(abs(v[0] - 50) < 0.01 for v in share.values()))
    claim("the pair loses less than that below p = 4/7 and more above it", share[0.5][2] < 50 < share[0.6][2] and abs(share[4 / 7][2] - 50) < 0.01)
    claim("the pair's curve reaches 200 % at p = 1", abs(share[1.0][2] - 200) < 0.01)
    claim("and close to nothing when they are rare (half a percent at p = 0.01)", abs(share[0.01][2] - 0.5) < 0.02)

# %% [markdown]
# ## 2 · Five features in the plane
#
# Back to five features and two dimensions. The lines below train such a model. Every step draws fresh samples, runs the model, and moves $W$ and $b$ a little to lower the loss. Feature $i$ has importance $0.9^i$, and the density is 0.05.

# %%
torch.manual_seed(0)
importance = 0.9 ** torch.arange(5)  # (feature,)
W, b = torch.nn.Parameter(0.5 * torch.randn(2, 5)), torch.nn.Parameter(torch.zeros(5))
adam, seen = torch.optim.Adam([W, b], lr=0.02), {}
for step in range(1501):
    if step in (0, 50, 200, 1500):
        seen[step] = W.detach().clone()  # to look at afterwards
    active = torch.rand(384, 5) < 0.05  # (sample, feature)
    x = active * torch.rand(384, 5)
    x_hat = torch.relu(x @ W.T @ W + b)
    loss = (importance * (x - x_hat) ** 2).sum(1).mean()
    adam.zero_grad()
    loss.backward()
    adam.step()

# %% figure
fig, axes = plots.figure(1, 4, height=2.4)
for ax, (step, arrows) in zip(axes, seen.items(), strict=True):
    plots.arrows(ax, arrows, title=f"step {step}")
    ax.set_axis_off()
plots.show(
    fig,
    "The five arrows at four moments of the training, from a random start to a pentagon.",
    caption="The five columns of W while the model trains. They start anywhere, and end evenly spread around the circle, as in the puzzle. An arrow shorter than 0.3 is grey with a hollow dot. In all figures it is listed as dropped (at step 0 it is only a short start).",
)

# %% [markdown]
# Now change the density $p$ and how steeply importance falls from feature to feature. Behind every position of the two sliders stands a model that was trained in this way beforehand, the best of eight runs.
#
# Two things to look for (with sliders; on a page without them, in the closed figure):
#
# - a density at which even importance (1) gives five long arrows, and steep importance (0.5) only four;
# - a model that has dropped exactly one feature. Which one is it?

# %%
sp.explore()

# %% figure answer
plots.show(
    plane.plot(),
    "Columns of W for three densities and two kinds of importance: dense models keep two arrows, sparse ones five.",
    caption="Six of the forty models behind the sliders. From left to right features become rarer. Above importance is even, below it falls steeply: the number is the factor from one feature to the next. (Top left the five are alike and always active; then any mixture of them is as good as any other.)",
)

# %% [markdown]
# <details><summary>What there is to find</summary>
#
# From p = 0.19 down to 0.02, even importance gives five long arrows and steep importance four or fewer. Exactly one feature is dropped, for instance, at p = 0.33 with the factors 1, 0.9, 0.8 and 0.65. Where importance falls it is the least important one, feature 4. Where the five are alike, chance decides: at p = 0.57 it is feature 2, at p = 0.33 feature 4.
# </details>

# %% [markdown]
# Two forces are at work. Rare features collide rarely, so that superposition costs little. Important features are worth more than others, because the loss counts their errors more.
#
# Behind the sliders stands the best of several runs. What does a *single* run do? We train each of eight densities from sixteen random starts. Call it the same shape if the same number of arrows is kept and they stand at the same angles, whichever way the whole is turned.

# %% prediction
predict("superposition.shape")

# %% figure answer
density = 50 ** -torch.linspace(0, 1, 8)  # from 1 (always active) to 0.02 (one time in fifty)
toy = sp.Toy(5, 2, tuple(density.tolist()), importance=importance)
five = sp.train(toy, sp.Recipe(steps=1500, batch=384, lr=0.02, anneal=True), seeds=16, show=False)
shapes = sp.Shapes.of(five)
different = len(shapes.counts(3))
plots.show(
    shapes.plot(),
    "Best models by density: two arrows at right angles, then a square of two opposite pairs, then a pentagon; bars count the shapes of all 16 runs.",
    caption="Above, the run with the lowest loss at each density. Below, how often each shape came out of 16 runs. Two antipodal pairs at right angles are called a square, five arrows evenly spread a pentagon. At p = 0.19 runs of the same model, trained in the same way, end in both.",
)
measured("superposition.shape", "yes" if different == 1 else "no")

# %% [markdown]
# <details><summary>What came out, and why (open after your prediction)</summary>
#
# The best of sixteen runs goes from two arrows at right angles to a square, which drops the least important feature, and then to a pentagon. At p = 0.19 seven runs end in a square and nine in a pentagon. Where a run ends depends on where it started. An end of training that no small step improves, although a better one may exist elsewhere, is called a **local minimum**. From p = 0.06 on at least fifteen of sixteen runs find the pentagon. A shape that was seen in a single run is a result about that run only.
# </details>

# %% claims
best, gaps = shapes.best_readings(), sp.angle_gaps(shapes.best.W[0, -1])
dense = shapes.best.W[0, 0]
right_angle = torch.cosine_similarity(dense[:, 0], dense[:, 1], dim=0).abs() < 0.1
with claims():
    claim("the model trained in the loop ends as a pentagon", sp.read_plane(seen[1500]).polygon == 5 and sp.read_plane(seen[0]).polygon == 0)
    claim("always active, the best model keeps the two most important features at right angles (within 6 degrees)", best[0].dropped == {2, 3, 4} and bool(right_angle))
    claim("rarer, it makes two antipodal pairs and drops the least important feature (p = 0.33)", len(best[2].antipodal) == 2 and best[2].dropped == {4})
    claim("rarer still, it makes a pentagon (from p = 0.11 on)", all(r.polygon == 5 for r in best[4:]))
    claim("neighbours in the pentagon are 72° apart (within 4 degrees, at p = 0.02)", (gaps - 72).abs().max() < 4)
    claim("at p = 0.19 seven runs end in a square and nine in a pentagon (each within two: other machines round differently)", 5 <= shapes.counts(3)["square"] <= 9 and shapes.counts(3)["square"] + shapes.counts(3)["pentagon"] == 16)
    found = [[sorted(sp.read_plane(W).dropped) for W in row] for row in plane.W]  # (density, factor)
    claim("from p = 0.19 down even importance keeps five, steep importance four or fewer", all(not row[0] and row[4] for row in found[3:]))
    claim("at p = 0.33 one feature is dropped with the factors 1 to 0.65, feature 4; among equal ones it is 2 at p = 0.57", all(d == [4] for d in found[2][:4]) and found[1][0] == [2])
    claim("from p = 0.06 on at least fifteen of sixteen runs find the pentagon", min(shapes.counts(k)["pentagon"] for k in (5, 6, 7)) >= 15)

# %% [markdown]
# ### What the bias does in a pentagon
#
# When features are rare enough, the trained models have five arrows 72° apart: a *pentagon*. (Two antipodal pairs at right angles will be called a *square*.) In an antipodal pair the leak is negative, and the ReLU removes it. In a pentagon it is *positive* between neighbours. What becomes of it? Take the best of the sixteen models at $p = 0.02$ and send three inputs through it: feature 0 alone and strong, feature 0 alone and weak, and two neighbours together.

# %%
W, b = shapes.best.W[0, -1], shapes.best.b[0, -1]  # (hidden, feature), (feature,)
x = torch.zeros(3, 5)  # (sample, feature)
x[0, 0], x[1, 0], x[2, 0], x[2, 1] = 0.8, 0.2, 0.8, 0.8
readings = x @ W.T @ W
x_hat = torch.relu(readings + b)
x_hat.round(decimals=2)

# %% figure
titles = ("strong: feature 0 at 0.8", "weak: feature 0 at 0.2", "two: 0 and 1 at 0.8")
plots.show(
    sp.follow_figure(W, b, dict(zip(titles, x, strict=True))),
    "Three inputs on their way through the pentagon: the place of h among the arrows, five readings, the readings with the bias, and the five outputs.",
    caption="Three inputs on their way through the pentagon (turned so that arrow 0 points up). Top: the diamond h is where the two hidden numbers are. A perpendicular from h onto an arrow's line ends in a hollow dot; this place, times the arrow's length, is the reading. On the grey ground the output for feature 0 is zero. Below: readings, readings with the bias, outputs. Orange lines: what went in. Strong: the neighbours' leaks nearly vanish, and feature 0 comes out right. Weak: the bias takes feature 0 away. Two: both outputs are too large, since each neighbour adds to the other.",
)

# %% [markdown]
# Follow the strong input. The arrows have length 1.15, so that a neighbour's reading of 0.8 is $0.8 \cdot 1.15^2 \cos 72° ≈ 0.33$, about 0.3 in the trained model, where it should be 0. The bias of $-0.27$ leaves 0.04 to 0.05 of it. The bias lowers the right reading too, and for this the arrows are longer than 1: $0.8 \cdot 1.15^2 - 0.27 ≈ 0.8$. For the weak input the same bias is as large as the whole reading, and the output is 0.01 instead of 0.2.
#
# So a pentagon is wrong even when only one feature is active. How much does this cost, and is the pentagon still worth it? We split its loss by the number of active features. We compare it with the same model with its bias set to 0, a plain pentagon with arrows of length 1 and no bias, and a square that replaces the fifth feature by its mean.

# %% figure
generator = torch.Generator().manual_seed(0)
samples = sp.generate_batch(torch.full((1, 5), 0.02), 400_000, generator)[0]
active = (samples > 0).sum(-1)  # (sample,)
arrows = torch.cat([sp.polygon(4), torch.zeros(2, 1)], 1)
models = {  # W, b
    "trained pentagon": (W, b),
    "the same, bias set to 0": (W, 0 * b),
    "arrows of length 1, no bias": (sp.polygon(5), 0 * b),
    "square": (arrows, torch.tensor([0, 0, 0, 0, 0.01])),
}
total = importance.sum() * sp.variance(torch.tensor(0.02))  # 100 % of the variance
groups = {"one active": active == 1, "several": active > 1, "all": active >= 0}
prices = {}
for name, (weight, bias) in models.items():
    answer = torch.relu(samples @ weight.T @ weight + bias)
    error = (importance * (samples - answer) ** 2).sum(1)  # (sample,)
    prices[name] = {g: 100 * (error * group).mean() / total for g, group in groups.items()}
table(prices, unit="% of the variance", decimals=1, mark="trained pentagon")

# %% caption
caption("Where the loss comes from at p = 0.02: samples with one active feature, with several, and all samples together (with those in which no feature is active).")

# %% [markdown]
# With its bias set to 0 the pentagon loses more than twice what the square loses, and a pentagon with shorter arrows and no bias still loses more than the square. With its bias it loses less than half of what the square loses. More than half of what it still loses comes from samples with a single active feature: leaks, and weak inputs.
#
# This is a second kind of cost. Errors from collisions need two active features, and fall with $p^2$. Errors of a feature that is alone fall only with $p$. The variance itself is about $p/3$ for each feature, so that an error which falls with $p$ stays a constant share of it. The share that this pentagon loses does not go to zero as features become rarer: at $p = 0.001$ it still loses more than 4 %.

# %% figure
plots.show(
    sp.plane_figure(five),
    "Loss over density for five features in the plane: two arrows flat at 54 percent, a square falling to 17, the trained models falling to 7.",
    caption="Five features in two dimensions, as in section 2; the axes are those of section 1. Black: the best of sixteen trained models at each density, with its arrows drawn above. Grey, made by hand: two arrows, a square that drops one feature, a pentagon of length 1 without a bias. The trained pentagon still loses 7 % at p = 0.02, and yet it is the best where features are rare, because the square, which drops one of the five, loses 17 %.",
)

# %% claims
import math

near = (W.mT @ W)[~torch.eye(5, dtype=torch.bool)].view(5, 4).sort().values[:, 2:]  # the two neighbours of each
with claims():
    claim("the arrows have length 1.15 (within 0.015), and the bias is −0.27 (within 0.02)", between(sp.column_norms(W), 1.135, 1.165) and between(b, -0.29, -0.25))
    claim("0.8 · 1.15² cos 72° ≈ 0.33, and a neighbour's reading of 0.8 is that on average (within 0.015)", abs(0.8 * 1.15**2 * math.cos(math.radians(72)) - 0.33) < 0.005 and between(0.8 * near.mean(), 0.315, 0.345))
    claim("with 0.8 the neighbours read about 0.3 (0.29 to 0.33), and the bias leaves 0.04 to 0.05 of that", between(0.8 * near[0], 0.29, 0.33) and between((readings[0] + b).sort().values[2:4], 0.035, 0.055))
    claim("0.8 · 1.15² − 0.27 ≈ 0.8 (within 0.015)", abs(0.8 * 1.15**2 - 0.27 - 0.8) < 0.015)
    claim("a feature that is active at 0.8 comes out right (within 0.02), one at 0.2 as 0.01 (within 0.01)", abs(x_hat[0, 0] - 0.8) < 0.02 and abs(x_hat[1, 0] - 0.01) < 0.01)
    claim("two neighbours at 0.8 both come out too large (by 0.25 to 0.4)", between(x_hat[2, :2] - 0.8, 0.25, 0.4))
    claim("with its bias set to 0 the pentagon loses more than twice what the square loses", prices["the same, bias set to 0"]["all"] > 2 * prices["square"]["all"])
    claim("a pentagon with arrows of length 1 and no bias still loses more than the square", prices["arrows of length 1, no bias"]["all"] > prices["square"]["all"])
    claim("with its bias it loses less than half of what the square loses", prices["trained pentagon"]["all"] < prices["square"]["all"] / 2)
    claim("more than half of what it still loses comes from samples with a single active feature", prices["trained pentagon"]["one active"] > prices["trained pentagon"]["all"] / 2)
    rare = range(4, 8)  # p = 0.11 and below
    lost = [sp.share_lost(shapes.best.W[0, k], shapes.best.b[0, k], float(density[k]), importance) for k in rare]
    claim("the pentagon loses less than the square at each density from p = 0.11 down", all(v < sp.square_share(density[k], importance) for v, k in zip(lost, rare, strict=True)))
    claim("the square loses less than two arrows from p = 0.5 down, and falls to 17 % at p = 0.02, where the trained pentagon loses 7 %", sp.square_share(torch.tensor(0.5), importance) < linear and round(100 * sp.square_share(torch.tensor(0.02), importance).item()) == 17 and round(float(prices["trained pentagon"]["all"])) == 7)
    claim("at p = 0.001 this pentagon still loses more than 4 % of the variance, and less than the square", 0.04 < sp.share_lost(W, b, 0.001, importance) < sp.square_share(torch.tensor(0.001), importance))

# %% [markdown]
# ## 3 · Three formulas against training
#
# A good theory tells beforehand what will happen. Here is one that fits on the back of an envelope: the two curves of section 1, for features that need not be equally important. Take two features in one dimension, of importance 1 and $r$, both with density $p$. There are three things a model may do.
#
# - *Keep feature 1* and drop feature 2. The bias can still return the mean of the dropped feature, $p/2$. What remains is its variance, $\mathbb E[x^2] - \mathbb E[x]^2 = p/3 - p^2/4$, times its importance: $\;r\,(p/3 - p^2/4)$.
# - *Keep feature 2* and drop feature 1: $\;p/3 - p^2/4$.
# - *Antipodal pair.* It is wrong only if both are active, which has probability $p^2$, and then each is wrong by the smaller of the two. The mean square of the smaller of two uniform numbers is $1/6$: $\;p^2(1 + r)/6$.
#
# The smallest of the three losses is the prediction. (A simulation of a million samples, checked at the end of this section, gives the same losses.) For example, at $p = 0.3$ and $r = 0.5$ the three lose 33.3, 66.7 and 19.4 % of the variance: the prediction is a pair.
#
# The same comparison at every density and every importance gives a map.

# %% figure
fine_p, fine_r = torch.logspace(0, -2, 200), torch.logspace(-1, 1, 200)
winner = sp.predict_phase(*torch.meshgrid(fine_p, fine_r, indexing="ij"))
fig, ax = plots.figure(width=5.4, height=3.8)
colours = [plots.SERIES[0], plots.SERIES[2], "#DDDDDD"]
ax.contourf(fine_r, fine_p, winner, levels=[-0.5, 0.5, 1.5, 2.5], colors=colours)
ax.set(xscale="log", yscale="log", xlabel="importance r of feature 2", ylabel="density p")
ax.set_ylim(0.01, 1)
ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
ax.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
ax.text(0.24, 0.6, "keep feature 1", color="white", ha="center", fontweight="bold")
ax.text(4.2, 0.6, "keep feature 2", color="white", ha="center", fontweight="bold")
ax.text(1, 0.06, "antipodal pair", ha="center", fontweight="bold")
plots.show(
    fig,
    "A map over importance and density: where features are dense the more important one is kept alone, below that the pair has the lowest loss.",
    caption="Which of the three losses is the lowest. Dense features of unequal importance (above, at the sides): the more important one is kept alone. Rare features (below): both are kept.",
)

# %% [markdown]
# The map says which of the three solutions is the best. It does not say that training finds it. Look at the ground on which training walks: the loss over both weights, $w_1$ and $w_2$, at one point of the map.

# %% figure
starts = {"opposite signs": (0.5, -0.3), "same sign": (0.5, 0.3)}
plots.show(
    sp.surface_figure(0.1, 0.5, starts),
    "The loss over two weights, with deep basins at (1, −1) and (−1, 1): from opposite signs descent reaches one of them, from the same sign it stays near (1, 0).",
    caption="The loss over both weights at p = 0.1, r = 0.5, in % of the variance (dark: low), each output with its best bias. The deep basins are the two antipodal pairs. Orange: gradient descent from the hollow dot to the full one, and what is lost there. With opposite signs it reaches the pair (1, −1). With the same sign it ends near (1, 0), and loses as much as if it had dropped feature 2.",
)

# %% [markdown]
# Gradient descent goes down from where it stands. To reach the pair from the same-sign side, $w_2$ would have to pass through 0. There even the best model loses slightly more than the run does at its end, and descent never goes up. The formulas compare the three solutions, and do not ask how training gets there.
#
# Now train a model at each point of a grid of 13 densities and 13 importances, eight times each, and compare. The share of the grid on which the models end where the map says is the agreement. It needs a **null**: the score of a guess that uses nothing of the theory. Here this is the guess "always an antipodal pair".

# %% prediction
predict("superposition.one_run")

# %% figure answer
from IPython.display import display

p, r = torch.logspace(0, -2, 13), torch.logspace(-1, 1, 13)  # density, importance
recipe = sp.Recipe(steps=400, batch=256, lr=0.05, anneal=True)
grid = sp.train(sp.PhaseDiagram.toy(p, r), recipe, seeds=8, show=False)
phases = sp.PhaseDiagram.of(grid, p, r)
plots.show(
    phases.plot(),
    "Phases over density and importance: predicted; one training run, with many scattered errors; the best of eight runs, with errors only on the boundary.",
    caption="What the formulas predict, what one run gives, and what the best of eight runs gives. Crosses mark points outside the predicted phase. In one run they are scattered over the sparse half; in the best of eight only a few are left, on the boundary.",
)
display(
    table(
        phases, columns=("best of 8", "single run"), unit="%", decimals=0, interval="range over 8 runs",
        mark="closed forms", caption="On how much of the grid the formulas are right, beside the null.",
    )
)  # fmt: skip
places = phases.errors_by_place()
names = {"dense": "above: where one feature is kept", "boundary": "on the boundary", "sparse": "below: where both are kept"}
measured("superposition.one_run", names[max(places, key=places.get)])

# %% [markdown]
# <details><summary>What came out, and why (open after your prediction)</summary>
#
# Against the best of eight runs the formulas are right on 96 % of the grid. Where they are wrong, the two lowest of the three losses differ by less than a seventh, so that the point lies near a boundary. One is a tie, $p = r = 1$. The five others are pairs where the formulas say “keep one”: a trained pair may also change its lengths and its bias, which the formulas hold fixed. The null scores 76 %, because most of this grid is sparse. If each of the three phases counts equally, the null scores a third.
#
# A single run ends where the formulas say on about 71 % of the grid, and where the null says on about half. More than four in five of the exceptions lie in the sparse part, away from the boundary, where the pair would be best by far. The starts are the reason, as in the drawing above. In half of the runs both weights start with the same sign. Where a pair would be best, about two thirds of these runs end without a pair. Of the runs that start with opposite signs, fewer than six in a hundred do.
# </details>

# %% [markdown]
# At $r = 1$ the formulas cross at $p = 4/7 ≈ 0.571$. Larger models switch very near to it: with ten equally important features in five dimensions, 256 runs pass half-way from one feature in each dimension to two at 0.577, with a 95 % interval of $\pm 0.0015$ for the mean, which leaves 4/7 outside (the deeper notebook shows why).

# %% claims
samples = sp.generate_batch(torch.full((1, 2), 0.3), 1_000_000, torch.manual_seed(1))
keep_1, keep_2 = ([1.0, 0.0], [0.0, 0.15]), ([0.0, 1.0], [0.15, 0.0])  # (W, b)
solutions = keep_1, keep_2, ([1.0, -1.0], [0.0, 0.0])
simulated = {}
for name, (w, b), formula in zip(sp.PHASES, solutions, sp.phase_losses(torch.tensor(0.3), torch.tensor(0.5)), strict=True):
    answer = sp.forward(samples, torch.tensor([[w]]), torch.tensor([b]))
    loss = sp.loss(samples, answer, torch.tensor([1.0, 0.5]))
    total = 1.5 * sp.variance(torch.tensor(0.3))  # 100 % of the variance
    found = 100 * loss.item() / total
    simulated[name] = {"formula": 100 * formula / total, "simulated": found}
score, single = phases.rows(), phases.agreement_per_seed().mean()
failed = phases.failures_by_start(sp.train(sp.PhaseDiagram.toy(p, r), sp.Recipe(steps=0), seeds=8, show=False).W)
wrong = (phases.measured != phases.predicted).nonzero()
close = sp.phase_losses(p[wrong[:, 0]], r[wrong[:, 1]]).sort(0).values
with claims():
    claim("at p = 0.3 and r = 0.5 the three lose 33.3, 66.7 and 19.4 % of the variance", [round(float(v["formula"]), 1) for v in simulated.values()] == [33.3, 66.7, 19.4])
    claim("the three formulas give the simulated losses of a million samples (within 1 %)", all(abs(s["simulated"] / s["formula"] - 1) < 0.01 for s in simulated.values()))
    claim("against the best of eight runs the formulas are right on 96 % of the grid (within a point)", between(phases.agreement(), 0.95, 0.97))
    claim("where they are wrong, the two lowest losses differ by less than a seventh", bool((close[1] < 8 / 7 * close[0]).all()))
    apart = wrong[(p[wrong[:, 0]] < 1) | (wrong[:, 1] != 6)]  # all but the tie at p = r = 1
    claim("five of them are pairs where the formulas say “keep one”", len(apart) == 5 and bool((phases.measured[*apart.T] == 2).all()))
    claim("the null scores 76 % (within a point); if each of the three phases counts equally, a third", between(phases.always_antipodal(), 0.75, 0.77) and about(score["null: always a pair"]["best of 8, balanced"], 100 / 3))
    claim("a single run ends where the formulas say on about 71 % of the grid (within 2 points)", between(single, 0.69, 0.73))
    claim("and where the null says on about half", about(phases.always_antipodal_per_seed().mean(), 0.5))
    claim("in half of the runs both weights start with the same sign", about(failed["same sign"].share, 0.5))
    claim("where a pair would be best, about two thirds of these runs end without a pair (0.6 to 0.73)", between(failed["same sign"].failed, 0.6, 0.73))
    claim("of the runs that start with opposite signs, fewer than six in a hundred do", failed["opposite signs"].failed < 0.06)
    claim("more than four in five of the exceptions lie in the sparse part, away from the boundary", places["sparse"] > 0.8 * sum(places.values()))
    (good, low), (stuck, high) = (sp.descend(0.1, 0.5, start) for start in starts.values())
    claim("with opposite signs descent reaches (1, −1) (within 0.02), with the same sign it ends near (1, 0) (within 0.2)", (good[-1] - torch.tensor([1.0, -1.0])).abs().max() < 0.02 and (stuck[-1] - torch.tensor([1.0, 0.0])).abs().max() < 0.2)
    claim("it loses 5 % with opposite signs, and 33 % with the same sign, as much as if it had dropped feature 2", round(100 * low) == 5 and round(100 * high) == round(100 * float(sp.phase_losses(torch.tensor(0.1), torch.tensor(0.5))[0] / (1.5 * sp.variance(torch.tensor(0.1))))) == 33)
    claim("at w₂ = 0 even the best model loses slightly more (by less than a point)", 0 < sp.surface(0.1, 0.5, torch.linspace(0.8, 1.3, 101), torch.zeros(1)).min() - high < 0.01)
    many = sp.critical()
    mean, left, right = many.mean_interval()
    claim("256 runs pass half-way at 0.577 ± 0.0015 (95 % interval of the mean), which leaves 4/7 outside", len(many.crossing) == 256 and round(mean, 3) == 0.577 and (right - left) / 2 < 0.00155 and not left <= 4 / 7 <= right)

# %% [markdown]
# ## 4 · Directions, not neurons
#
# So far we could look at arrows. With more than two dimensions we cannot, and it is tempting to look at the hidden numbers one by one instead. Here is why that fails.
#
# A single hidden number is called a **neuron**. Take two features in two dimensions, one feature to a neuron. Each neuron has one meaning. Now turn the plane by 45 degrees. No information is lost, since turning it back restores everything. But each neuron now responds to both features: it has become **polysemantic**. A neuron that responds to one feature alone is **monosemantic**.

# %%
c = torch.tensor(0.5).sqrt()  # cos 45° = sin 45°
aligned = torch.eye(2)  # (neuron, feature)
turned = torch.stack([torch.stack([c, -c]), torch.stack([c, c])]) @ aligned
turned

# %% figure
fig, axes = plots.figure(1, 2, width=6.4, height=3.2)
for ax, arrows, title in zip(axes, (aligned, turned), ("before", "after a turn of 45°"), strict=True):
    plots.arrows(ax, arrows, labels=("x₁", "x₂"), title=title, colours=plots.SERIES[::2])
    ax.set(xlabel="neuron 1", ylabel="neuron 2", xlim=(-1.6, 1.8), ylim=(-1.6, 1.6))
plots.show(
    fig,
    "Two arrows at right angles: along the axes on the left, turned by 45 degrees on the right.",
    caption="The same two features before and after a turn. On the left each neuron (axis) responds to one feature. On the right both neurons respond to both features, with weights of ±0.71. The arrows are at right angles in both.",
)

# %% [markdown]
# There is no superposition in the turned model: two features, two dimensions, two arrows at right angles. So a polysemantic neuron is no proof of superposition. It may come from the choice of coordinates.
#
# Coordinates matter only where something in the model treats them differently from other directions. A ReLU on the hidden numbers would do so, because it acts on each of them by itself. A basis that is marked out in this way is called a **privileged basis**. The hidden layer of our toy has no ReLU, like the residual stream of a transformer. Nothing in the architecture privileges its basis. (Training can: in transformers the optimiser Adam has been suspected of it.) What survives every turn are the lengths of the arrows and the angles between them, and all of these are in one matrix, $W^\top W$, of shape (feature, feature). A turn replaces $W$ by $RW$ with $R^\top R = I$, and $(RW)^\top RW = W^\top W$.
#
# The **linear representation hypothesis** claims that real networks work like our toy: “is French” or “names a bridge” would be a direction in the space of activations, how strongly it is present would be how far the activation goes in that direction, and several features at once would be the sum of theirs. It is a hypothesis, and there are known exceptions, such as days of the week laid out on a circle (Engels et al. 2024, [arXiv 2405.14860](https://arxiv.org/abs/2405.14860)). Our toy satisfies it by construction.

# %% claims
with claims():
    claim("after the turn both neurons respond to both features, with weights of ±0.71", bool(about(turned.abs(), 0.5**0.5)))
    claim("the two arrows are at right angles before and after the turn, and the lengths stay 1", torch.allclose(turned.mT @ turned, aligned.mT @ aligned, atol=1e-6))

# %% [markdown]
# ## 5 · Twenty features in five dimensions
#
# With more than two dimensions there is no plane to draw in. What remains is $W^\top W$. To learn to read it, we first look at the matrix of a model that we *can* draw: the pentagon of section 2.

# %%
W = shapes.best.W[0, -1]  # (hidden, feature): the pentagon trained at p = 0.02
G = W.T @ W  # (feature, feature)

# %% figure
fig, (left, right) = plots.figure(1, 2, height=3.3)
plots.arrows(left, W)
plots.heatmap(right, G, limit=1.4, bar=False)
for i in range(5):
    for j in range(5):
        text = f"{G[i, j]:.2f}".replace("-", "−")
        dark = abs(G[i, j]) > 0.9
        right.text(j, i, text, ha="center", va="center", fontsize=9, color="white" if dark else plots.INK)
right.set(xlabel="feature", ylabel="feature", xticks=range(5), yticks=range(5))
plots.show(
    fig,
    "The trained pentagon, and its five by five matrix: 1.3 on the diagonal, 0.4 for neighbours, −1.1 for the others.",
    caption="The pentagon trained at p = 0.02, and its WᵀW. Row i tells what each feature adds to the reading of feature i. On the diagonal: the squared lengths. Purple off the diagonal: neighbours, whose positive leaks the bias has to remove. Brown: the other two, whose negative leaks the ReLU removes.",
)

# %% [markdown]
# On the diagonal are the squared lengths $\|W_i\|^2$, which tell whether feature $i$ is kept at all. Off the diagonal are the overlaps. How much of a dimension does one feature have, and how much do the others lie on it? Drop a perpendicular from the tip of every arrow onto the line of arrow 0, square how far out its foot is, and stack the squares.

# %% figure
plots.show(
    sp.share_figure(W),
    "Left: the pentagon with the perpendiculars of all arrows onto arrow 0. Right: their squares as a stacked bar, 1.34 of feature 0 and 2.00 of the others.",
    caption="Left: perpendiculars onto the line of arrow 0. Right: the squared distances of their feet from the middle. The piece of arrow 0 itself is its squared length. The pieces of the others are the interference with feature 0, 2.00 in sum. The share of its own piece is the dimensionality D of feature 0.",
)

# %% [markdown]
# The other arrows' part of the bar is the **interference** with feature 0. The share of the feature's own piece is its **dimensionality** $D_0$: the fraction of a dimension that it has to itself. With $\hat W_i = W_i / \|W_i\|$, the direction of feature $i$, the same in formulas:
#
# $$\text{interference}_i = \sum_{j\ne i}(\hat W_i\cdot W_j)^2, \qquad D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i\cdot W_j)^2} .$$
#
# Only the arrow on whose line we project is normalised. The others keep their lengths, because a longer arrow disturbs more. The sum in the denominator includes $j = i$.
#
# By hand, with arrows of length 1: a feature that is alone in its dimension has interference 0 and $D = 1/1$. One of an antipodal pair has interference 1 and $D = 1/(1+1) = 1/2$. One of a regular pentagon has interference $2\cos^2 72° + 2\cos^2 144° = 1.5$ and $D = 1/(1 + 1.5) = 2/5$. The trained pentagon has longer arrows: its bar has 1.34 and $1.5 \cdot 1.34 ≈ 2.00$, and $D$ is again 0.40. In code, for row 0:

# %%
row = G[0]  # (feature,): what each feature adds to the reading of feature 0
own = row[0]  # the squared length of arrow 0
others = (row[1:] ** 2).sum() / own  # divided by |W_0|^2: along its direction
others.item(), (own / (own + others)).item()  # interference with feature 0, and D

# %% [markdown]
# The fractions add up. For any $W$, each $D_i$ lies between 0 and 1, and their sum is at most the number of dimensions. (The deeper notebook proves it.)
#
# Now twenty features in five dimensions. Importance falls from 1 to 0.01 over the twenty features, each time by the same factor. There are three densities and three runs of each.

# %% figure
densities = (1.0, 0.16, 0.025)
toy = sp.Toy(20, 5, densities, importance=100 ** -torch.linspace(0, 1, 20))
twenty = sp.train(toy, sp.Recipe(steps=1500, batch=512, lr=0.01, anneal=True), seeds=3, show=False)
crowd = sp.CrowdedModels.of(twenty)
display(
    table(
        crowd, decimals={"features kept": 0, "by the best run": 0}, interval="range over 3 runs",
        caption="How many of twenty features are kept in five dimensions (columns longer than 0.3; mean and range of three runs), and, of the best run alone, their number, the mean interference of a kept feature and the sum of all dimensionalities, which can be at most 5.",
    )
)  # fmt: skip
plots.show(
    crowd.plot(),
    "W-transpose-W, column lengths and interference at three densities: five features without overlap when dense, ten and at least twelve with overlap when sparse.",
    caption="The best run at each density. Above, WᵀW, in the colours of the pentagon: the diagonal is dark where a feature is kept, brown and purple off the diagonal are overlaps. Middle, the length of each column. Below, the interference with each kept feature (dropped features have no direction to measure it along).",
)

# %% [markdown]
# In the dense model each of five features has a dimension to itself, without interference. At $p = 0.16$ ten are kept in every run, and the median interference is about 1, as in antipodal pairs. At $p = 0.025$ at least twelve are kept in every run, each with an interference between 1 and 2.5. In the best run of all three densities the dimensionalities sum to 5 within 0.1, which is all the room there is. The published plot of features per dimension over density rests on models with hundreds of features; a sweep over 200 features in 20 dimensions is in the deeper notebook.
#
# **Question.** One of an antipodal pair has interference 1, and yet the pair is read without error when only one of the two is active. Is interference a measure of damage?
#
# <details><summary>Answer</summary>
#
# No. It is a property of $W$ alone. Damage also depends on the ReLU, the bias, and how often features are active together. An overlap of $-1$ is harmless while the other feature is silent; an overlap of $+0.3$ is not, unless the bias removes it. Section 9 shows the same $W$ with two different losses.
# </details>

# %% claims
kept = sp.represented(twenty.W)  # (run, density)
leak = [sp.interference(W)[sp.column_norms(W) > 0.5] for W in twenty.best().W[0]]
with claims():
    claim("interference with feature 0 is 2.00, its own piece 1.34, 1.5 times which is 2.00 (each within 0.02)", abs(others - 2) < 0.02 and abs(own - 1.34) < 0.02 and abs(1.5 * own - 2) < 0.02)
    claim("by hand: D is 1 alone, 1/2 in a pair and 2/5 in a pentagon", about(sp.feature_dimensionality(sp.polygon(1)), 1) and about(sp.feature_dimensionality(sp.polygon(2)), 1 / 2) and about(sp.feature_dimensionality(sp.polygon(5)), 2 / 5))
    claim("in the dense model each of five features has a dimension to itself, without interference (below 0.05), in all three runs", bool((kept[:, 0] == 5).all()) and leak[0].max() < 0.05)
    claim("at p = 0.16 ten are kept in all three runs, with an interference of about 1 (median)", bool((kept[:, 1] == 10).all()) and about(leak[1].median(), 1))
    claim("at p = 0.025 at least twelve are kept in all three runs, each with an interference between 1 and 2.5", bool((kept[:, 2] >= 12).all()) and between(leak[2], 0.98, 2.5))
    claim("the dimensionalities sum to 5 within 0.1 in the best run of each density", between(sp.feature_dimensionality(twenty.best().W[0]).sum(-1), 4.9, 5.001))
    claim("in the trained pentagon D is 2/5, the diagonal 1.3, neighbours 0.4 and the others −1.1 (each within 0.1)", abs(own / (own + others) - 0.4) < 0.005 and (G.diagonal() - 1.32).abs().max() < 0.1 and (near - 0.41).abs().max() < 0.06 and (G.sort().values[:, :2] + 1.07).abs().max() < 0.1)

# %% [markdown]
# ## 6 · How much room, and how much noise
#
# Back to the language model of the beginning. “Is French”, “is inside a Python string” and “names a bridge” are to be directions among 768. In our toys two features that share a dimension are misread when both are present. “Names a bridge” and “is inside a Python string” hardly ever come together, so that they could share a direction at little cost. “Is French” and “names a bridge” meet in a French guide to Paris: if they pointed in opposite directions, each would hide the other there, as $x_1$ and $x_2$ did in section 1.
#
# With thousands of features nobody arranges the directions by hand. Only $d$ directions can be exactly orthogonal in $d$ dimensions. But in many dimensions directions that are drawn at random are *nearly* orthogonal.

# %% figure
fig, ax = plots.figure(height=2.7)
for d, colour in zip((2, 20, 768), ("#D0D0D0", "#8A8A8A", "#222222"), strict=True):
    pairs = [sp.random_directions(20_000, d, torch.Generator().manual_seed(s)) for s in (0, 1)]
    angle = torch.rad2deg((pairs[0] * pairs[1]).sum(0).clamp(-1, 1).arccos())
    ax.hist(angle.numpy(), bins=90, range=(0, 180), density=True, color=colour, label=f"{d} dimensions")
ax.set(xlabel="angle between two random directions (degrees)", ylabel="share per degree", xticks=range(0, 181, 30))
ax.legend()
plots.show(
    fig,
    "Histograms of angles between random directions: flat in 2 dimensions, a hump around 90 degrees in 20, a narrow spike in 768.",
    caption="Angles between 20,000 pairs of random directions. In the plane every angle is equally likely. In 768 dimensions, the width of GPT-2 small, nearly all are within a few degrees of a right angle.",
)

# %% [markdown]
# Nearly orthogonal is not orthogonal: a small overlap with each of many features adds up. Give $n$ features random directions in $d$ dimensions and read one of them. The others disturb the reading by $\sum_{j\ne i} x_j\, u_j\cdot u_i$, whose mean square is
#
# $$(n-1)\;\cdot\; p \;\cdot\; \tfrac13 \;\cdot\; \tfrac1d,$$
#
# which is how many others there are, how often each is active, how large its square is then ($\mathbb E[x^2] = 1/3$), and the mean square of its cosine. The rarer the features are, the more of them fit:

# %% figure
plots.show(
    sp.noise_figure(),
    "Disturbance over the number of features in 768 dimensions for three densities; the lines reach the mean size of a feature at 5,761, 57,601 and 576,001 features.",
    caption="By how much features in random directions disturb the reading of one (lines: the root of the formula; dots: measured on random directions, one draw each). Where a line meets the orange one, the disturbance is as large as an active feature itself. The numbers say how many features that are. With each step to ten times rarer features, ten times as many fit.",
)

# %% [markdown]
# So 768 dimensions have room for many times 768 features of $p = 0.01$ or rarer, if a reader of them tolerates noise of this size. For noise half as large a quarter as many fit, and a strict reader of commoner features finds less room than an orthogonal basis has. The formula is an average over *random* directions. Trained ones need not behave so: the disturbance of a given $W$ has to be computed from $W$.
#
# <details><summary>A guarantee: how many directions are sure to exist, if every two may have a cosine of up to ε in size?</summary>
#
# The cosine of two random ones exceeds $\varepsilon$ with probability at most $2e^{-d\varepsilon^2/2}$. Draw $N$ of them. They have fewer than $N^2/2$ pairs, so that the probability that any pair is too close is below $N^2 e^{-d\varepsilon^2/2}$. As long as this is at most 1, some draw succeeds. This guarantees that
#
# $$N = e^{d\varepsilon^2/4} \text{ directions with } |\cos| \le \varepsilon \text{ exist.}$$
#
# With $|\cos| \le 0.2$ in 768 dimensions the bound guarantees 2,164 directions, nearly three for each dimension. With $|\cos| \le 0.1$ it guarantees 6 in 768 dimensions, where an orthogonal basis already gives 768, and seventy billion in ten thousand dimensions. The exponent $d\varepsilon^2/4$ has to be well above 1 before it helps. The bound is a guarantee and not a limit: sets made by optimisation hold more (deeper notebook).
# </details>

# %% claims
with claims():
    u, v = (sp.random_directions(20_000, 50, torch.Generator().manual_seed(s)) for s in (0, 1))
    claim("on average (u·v)² is 1/d (20,000 pairs in 50 dimensions, within 5 %)", between((u * v).sum(0).square().mean() * 50, 0.95, 1.05))
    claim("in 768 dimensions nearly all random angles are within a few degrees of a right angle (99 % within 6 degrees)", ((angle - 90).abs() < 6).float().mean() > 0.99)
    claim("with |cos| ≤ 0.2 in 768 dimensions the bound guarantees 2,164 directions, nearly three for each dimension (2.8)", int(sp.almost_orthogonal_bound(768, 0.2)) == 2164 and round(2164 / 768, 1) == 2.8)
    claim("with |cos| ≤ 0.1 it guarantees 6 in 768 dimensions and seventy billion in ten thousand (within 5 %)", int(sp.almost_orthogonal_bound(768, 0.1)) == 6 and abs(sp.almost_orthogonal_bound(10_000, 0.1) / 7e10 - 1) < 0.05)
    fits = [1 + 0.25 * 3 * 768 / p for p in (0.1, 0.01, 0.001)]  # mean square 0.5², solved for n
    claim("the lines reach the mean size of a feature at 5,761, 57,601 and 576,001 features", [round(n) for n in fits] == [5761, 57601, 576001] and all(about(sp.expected_interference(round(n), p, 768) ** 0.5, 0.5) for n, p in zip(fits, (0.1, 0.01, 0.001), strict=True)))
    claim("for noise half as large a quarter as many fit", all(about(sp.expected_interference(round(n / 4), p, 768) ** 0.5, 0.25) for n, p in zip(fits, (0.1, 0.01, 0.001), strict=True)))
    draws = [sp.disturbance(sp.random_directions(50, 20, torch.Generator().manual_seed(s)), 0.1).mean() for s in range(50)]
    claim("the formula holds on average over 50 draws of 50 random directions in 20 dimensions (within 3 %)", abs(torch.stack(draws).mean() / sp.expected_interference(50, 0.1, 20) - 1) < 0.03)

# %% [markdown]
# ## 7 · When a neuron means something
#
# In section 4 a neuron could mean anything, because the hidden layer of our toy has no privileged basis. MLPs have one: a ReLU (or a function like it) acts on each neuron. Elhage et al. study this second toy as well. It differs by one ReLU,
#
# $$\hat x = \mathrm{ReLU}\big(W^\top\, \mathrm{ReLU}(W x) + b\big).$$
#
# Ten features in five neurons; importance falls by a fifth at each step; three densities, five runs each. The control is the same model without the inner ReLU. A neuron *responds to* a feature if its weight for it is at least a quarter of its largest weight. We count for how many features this is so. In the drawing below, made by hand, neuron 0 responds to one feature and neuron 1 to two.

# %% figure
by_hand = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.9, -0.8]])  # (neuron, feature)
fig, ax = plots.figure(width=4.6, height=1.9)
plots.heatmap(ax, by_hand, limit=1.2, bar=True, label="weight", aspect="auto")
for neuron in range(2):
    for feature in range(3):
        text = f"{by_hand[neuron, feature]:.1f}".replace("-", "−")
        dark = by_hand[neuron, feature].abs() > 0.85
        ax.text(feature, neuron, text, ha="center", va="center", color="white" if dark else plots.INK)
ax.set(xticks=range(3), yticks=range(2), xlabel="feature", ylabel="neuron")
plots.show(
    fig,
    "A matrix with two rows: the first has one weight of 1, the second has weights 0.9 and −0.8.",
    caption="How to read the weights of neurons: each row is a neuron. The row with one coloured cell is monosemantic, the row with two is polysemantic.",
)

# %% prediction
predict("superposition.neurons")

# %% figure answer
from IPython.display import display

toy = sp.Toy(10, 5, (0.5, 0.2, 0.05), importance=0.8 ** torch.arange(10))
recipe = sp.Recipe(steps=1500, batch=256, lr=0.02)
with_relu = sp.train_neurons(toy, recipe, seeds=5, show=False)
without = sp.train_neurons(toy, recipe, seeds=5, linear=True, show=False)
plots.show(
    sp.neurons_figure(with_relu, without),
    "Weights of neurons by features: with the ReLU one dark cell a row at p = 0.5, several at 0.2, most at 0.05; without it, mixtures at every density.",
    caption="Weights of the best run at each density; each row is a neuron. With a ReLU (above) a row at p = 0.5 holds one feature (a pale second cell is below a quarter of the dark one, and does not count). As features become rarer, rows hold more of them. Without it (below) rows are mixtures everywhere.",
)
display(
    table(
        sp.compare_neurons(with_relu, without), decimals=1, interval="range over 5 runs",
        caption="How many features a neuron responds to, on average, with a ReLU on the hidden layer and without (the control, “null”); and how many features the model with the ReLU keeps (less than a quarter of their variance lost).",
    )
)  # fmt: skip
counts = {
    "with the ReLU, at p = 0.5": with_relu.answers_to()[:, 0],
    "with the ReLU, at p = 0.05": with_relu.answers_to()[:, 2],
    "without it, at p = 0.5": without.answers_to()[:, 0],
}
one_each = [name for name, count in counts.items() if (count == 1).all()]
measured("superposition.neurons", one_each[0] if one_each else "in none of these")

# %% [markdown]
# <details><summary>What came out, and why (open after your prediction)</summary>
#
# With the ReLU, at p = 0.5, every neuron of every run responds to exactly one feature: all 25 are monosemantic, and the other five features are dropped. At p = 0.2 every run has a neuron with several features, and most have one with a single feature. At p = 0.05 no neuron is monosemantic. Without the ReLU neurons are mixtures at every density, also at p = 0.5.
#
# So polysemantic neurons have two causes, and this experiment separates them. Without the inner ReLU they come from the coordinates: any turn of the hidden space would do as well. With it they come from superposition: the model keeps more features than it has neurons, and has to share them. In this toy, neurons can be read one by one only with the inner ReLU, and only where features are dense.
# </details>

# %% claims
one, many = with_relu.answers_to() == 1, with_relu.answers_to() > 1  # (run, density, neuron)
with claims():
    claim("with the ReLU, at p = 0.5, all 25 neurons respond to exactly one feature, and five features are kept", int(one[:, 0].sum()) == 25 and bool((with_relu.kept()[:, 0] == 5).all()))
    claim("at p = 0.2 every run has a neuron with several features, and most have one with a single feature", bool(many[:, 1].any(-1).all()) and int(one[:, 1].any(-1).sum()) >= 3)
    claim("at p = 0.05 no neuron is monosemantic, and more features are kept than there are neurons", not one[:, 2].any() and bool((with_relu.kept()[:, 2] > 5).all()))
    claim("without the ReLU a neuron responds to more than three features on average, at every density", bool((without.answers_to().float().mean((0, 2)) > 3).all()))

# %% [markdown]
# ## 8 · A real vocabulary
#
# One list of directions can be read off any language model: its unembedding, the matrix that turns the last hidden state into logits, has one for each token. GPT-2 small has 50,257 tokens in 768 dimensions (Radford et al. 2019), 65 for every dimension. We measure those of `code-4l`, the course's own four-layer model of Python code: the root mean square of the cosine of two of them, which is $1/\sqrt d$ for random directions. We do so a second time with the mean direction subtracted ("centred"). A vector that is common to all tokens adds the same number to all logits, and the softmax, which divides by the sum over all tokens, does not notice it.

# %%
model = zoo.load("code-4l")
cosines = {"code-4l": sp.token_cosines(model)}
table(cosines, decimals={"directions per dimension": 1, "null: random": 3, "least possible": 3})

# %% caption
caption("The unembedding of code-4l: directions for each dimension, and the root mean square cosine of two of them, as they are and centred. “Random” is 1/√d. No set of so many directions has less than “least possible” (Welch 1974).")

# %% [markdown]
# The cosines are nearly five times as large as those of random directions, and nearly twice as large after centring: these directions are less spread out than they could be. Does this show superposition? It shows more directions than dimensions. But tokens are a list that we were given. Whether features such as “is inside a Python string” are in superposition is a question about directions that nobody has given us.

# %% claims
tokens = sp.token_cosines(model)
with claims():
    claim("GPT-2 small has 65 directions for every dimension", round(sp.token_sizes(50_257, 768)["directions per dimension"]) == 65)
    claim("in code-4l the cosine of two tokens is nearly five times as large as that of random directions (4.5 to 5)", between(tokens["as they are"] / tokens["null: random"], 4.5, 5))
    claim("and nearly twice as large after centring (1.8 to 2)", between(tokens["centred"] / tokens["null: random"], 1.8, 2))

# %% [markdown]
# ## 9 · What this does not show
#
# **The same picture, two losses.** In both worlds below, two features share one dimension as an antipodal pair: the same $W$, the same interference of 1, the same $D = 1/2$. In the first world the features are independent, in the second they never come together. The measures of this lesson cannot tell the two apart, since they are computed from $W$ alone. The loss can.

# %% figure
W, b = torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 2)
worlds = {}
for kind in ("independent", "anticorrelated"):
    x = sp.Toy(2, 1, (0.3,), pairs=kind).batch(50_000, torch.Generator().manual_seed(0))
    price = sp.loss(x, sp.forward(x, W, b), torch.ones(2)).item()
    D, leak = sp.feature_dimensionality(W[0]), sp.interference(W[0])
    share = 100 * price / (2 * sp.variance(torch.tensor(0.3)))
    worlds[kind] = {"interference": leak[0], "D": D[0], "% of the variance lost": share}
table(worlds, decimals=1)

# %% caption
caption("One W in two worlds, at p = 0.3. What is read off W is the same; the loss is not.")

# %% [markdown]
# **The wrong features.** All measures need to know which inputs the features are. Suppose that we are wrong, and use a turned set of axes, in which each of our "features" is a mixture of true ones. The model is untouched, and its pentagon is still there. We no longer see it.

# %%
puzzle = sp.plane().W[6, 1]  # (hidden, feature): the model of the first picture
mixture = torch.linalg.qr(torch.randn(5, 5, generator=torch.manual_seed(3))).Q
invented = puzzle @ mixture  # the same model, read with features that we made up
sums = [sp.feature_dimensionality(W).sum() for W in (puzzle, invented)]
[round(total.item(), 2) for total in sums]  # the true features, and the made-up ones

# %% figure
fig, axes = plots.figure(1, 2, width=6.4, height=3.2)
primed, grey = [f"{i}′" for i in range(5)], (plots.GREY,)
plots.arrows(axes[0], puzzle, title="the true features")
plots.arrows(axes[1], invented, title="features that we made up", labels=primed, colours=grey)
for ax in axes:
    ax.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="hidden dimension 1", ylabel="hidden dimension 2")
plots.show(
    fig,
    "Left: the pentagon. Right: the same model seen through invented features, without a shape.",
    caption="One model, read with two lists of features; the made-up ones are 0′ to 4′, and each is a mixture of all five true ones. On the right the shape is gone, and yet the dimensionalities sum to 2, the number of dimensions, in both.",
)

# %% [markdown]
# The sum of the dimensionalities is 2 for both lists: this check does not notice that the features are wrong. The shape does, but only because we knew which shape to expect. In a real model nobody gives us the list that begins with “is French” and “is inside a Python string”. Everything in this lesson started from knowing the features, and finding them is the subject of the next one.
#
# Other limits: our features are independent and uniform; there is no attention and no depth; shapes and densities belong to these sizes and recipes. The experiments show that superposition *can* be the best solution, and when. That large language models use it is a further claim, for which this lesson gives no evidence.
#
# **The puzzle, answered.** Two numbers cannot hold any five numbers. They can hold any *one* of five, and which one it is, and so they do well as long as rarely more than one comes at a time. The arrows are spread out, so that the largest leaks are negative and the ReLU removes them; a negative bias cuts the positive ones down. The model is wrong when features come together, which is rare. It is also a little wrong when a feature comes alone, because neighbours leak and weak inputs are lost. All of this together loses less than dropping features would.
#
# What stays open: whether real features are like these, which shapes appear in larger models, and how one finds the features when nobody lists them.

# %% claims
with claims():
    claim("the same W, the same interference of 1, the same D = 1/2 in both worlds", all(w["interference"] == 1 and w["D"] == 0.5 for w in worlds.values()))
    claim("where features never come together nothing is lost, where they are independent 19 % of the variance (within 1)", worlds["anticorrelated"]["% of the variance lost"] < 1e-3 and abs(worlds["independent"]["% of the variance lost"] - 19.4) < 1)
    claim("the pentagon is not seen with invented features", sp.read_plane(puzzle).polygon == 5 and sp.read_plane(invented).polygon == 0)
    claim("the sum of the dimensionalities is 2 for both lists (within 0.001)", between(sums, 1.999, 2.001))

# %% [markdown]
# ## The lesson on a card
#
# | claim | evidence | control | where it fails |
# | --- | --- | --- | --- |
# | Rare features are kept in superposition, features that are always active are not. | Five features in two dimensions: 2, then 4, then 5 arrows; loss against density. | Dense models, all 16 runs beside the best, and models made by hand. | Single runs end in other shapes. |
# | A comparison of three losses predicts which. | It is right on 96 % of a grid. | "Always a pair": 76 %, balanced a third. | Near the boundary; for single runs: 71 %; larger models switch near 4/7 and not at it. |
# | $W^\top W$ shows what is kept and what overlaps. | Interference; dimensionalities that sum to the number of dimensions. | The same $W$ in two worlds; invented features. | The loss depends on what comes together, not on $W$ alone; and the features must be the right ones. |
# | A privileged basis makes neurons readable where features are dense. | 25 of 25 neurons with one feature at $p = 0.5$. | The same model without the ReLU. | Sparse features: no neuron has only one; one toy. |
#
# **Formulas.**
#
# - the model: $\hat x = \mathrm{ReLU}(W^\top W x + b)$
# - three losses: keep feature 1, $r\,(p/3 - p^2/4)$; keep feature 2, $p/3 - p^2/4$; pair, $p^2(1+r)/6$
# - interference: $\sum_{j\ne i}(\hat W_i\cdot W_j)^2$
# - dimensionality: $D_i = \|W_i\|^2/\sum_j(\hat W_i\cdot W_j)^2$, with $\sum_i D_i \le m$
# - directions with $|\cos| \le \varepsilon$ that are sure to exist: $e^{d\varepsilon^2/4}$
# - mean square noise of random directions: $(n-1)\,p/(3d)$
#
# **To go on.**
#
# - Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html): the source of this lesson; more shapes, learning dynamics, and a long discussion of what superposition may mean for safety.
# - 3Blue1Brown, [How might LLMs store facts](https://www.3blue1brown.com/lessons/mlp): the picture of many nearly orthogonal directions, moving.
# - ARENA, [Intro to Superposition & Sparse Autoencoders](https://www.alignmentforum.org/posts/LnHowHgmrMbWtpkxx/intro-to-superposition-and-sparse-autoencoders-colab): exercises on the same paper, with deep double descent, and on the subject of the next lesson.
#
# **Now the exercises.** `course start 01`, then `my/01_superposition.ipynb`. They end with a sealed model, which is made from your own seed. The deeper notebook, `notebooks/01_superposition_deeper.ipynb`, may be read in any order: which shapes appear in a large model, how well directions can be packed, what trained directions really disturb, features that come in pairs, networks that compute in superposition, and where superposition begins.
#
# Most models of this lesson train while you read. The models behind the sliders of section 2 and the 256 runs of section 3 are stored; `models/stored/superposition.py` makes them again.

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
# - null: the score of a guess that uses nothing of the theory, for comparison.
# - neuron: a single hidden number.
# - polysemantic: of a neuron that responds to several features.
# - monosemantic: of a neuron that responds to one feature.
# - privileged basis: coordinates that something in the model treats differently from other directions.
# - linear representation hypothesis: features are directions, their strengths lengths, several features a sum.
# - dimensionality: the fraction of a dimension that a feature has to itself.

# %% [markdown]
# # Toy models of superposition
#
# *Lesson 1.*
#
# **A puzzle.** Five numbers go in. Each of them is zero most of the time: it is active in 3.5 cases out of a hundred. A matrix squeezes the five into two numbers. Its transpose, a bias and a ReLU try to give the five back. How much is lost on the way?
#
# We measure the loss as a share of the variance of the five numbers. A model that always answers with the mean of each number loses all of it. Linear algebra says that two numbers cannot hold five: the best linear squeeze keeps two of the five, and loses 60 %. What does a trained model lose?

# %% setup

# %% figure
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils.page import about, between, claim, claims, draw, measured, predict, table

plane = sp.plane()  # models that were trained beforehand, each the best of eight runs
puzzle, p = plane.W[6, 0], plane.probability[6]  # (hidden dimension, feature)
lost = plane.loss[6, 0] / (5 * sp.variance(p))
linear = torch.tensor(3 / 5)  # keeps two of five equal variances
shares = [100, 100 * float(linear), 100 * float(lost)]
plots.show(
    sp.squeeze_figure([*shares[:2], None]),
    "Five inputs, of which one is active, lead to two hidden numbers and from there to five outputs; bars of the variance lost: 100 percent, 60 percent, and a question mark.",
    caption="Left, the model, with an input in which one of five numbers is active. Right, the share of the variance that is lost by a model without inputs, by the best linear squeeze, and by the trained model.",
)

# %% prediction
predict("superposition.puzzle")

# %% figure answer
plots.show(
    sp.answer_figure(puzzle, shares),
    "Five arrows of nearly equal length, evenly spread around a circle; bars of the variance lost: 100, 60 and 10 percent.",
    caption="Left, what the model learned. The five inputs are numbered 0 to 4. Arrow 3 ends where the two hidden numbers go when input 3 is 1 and the others are 0. Dotted: a circle of radius 1. Right, what the model loses.",
)
guesses = {"about 50 %": 50, "about 30 %": 30, "about 10 %": 10, "about 1 %": 1}
measured("superposition.puzzle", min(guesses, key=lambda guess: abs(guesses[guess] - shares[2])))

# %% [markdown]
# Why should somebody who studies language models care about this toy? Think of what may be true of a piece of text: it is French; it is inside a Python string; it names a bridge. Each of these is false of nearly every word that one reads, and there are certainly more than 768 such things to know. GPT-2 small has 768 numbers for each word. If a model wants to keep track of all of them, it faces the puzzle above at a large scale: many numbers, each nearly always zero, and too few dimensions.
#
# At the end of this lesson you can say when two numbers can carry five and at what cost, predict it with a short calculation, read it off a matrix, and name the cases in which the reading misleads. The lesson follows Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html).

# %% [markdown] contents

# %% [markdown]
# ## 1 · Two features on a line
#
# Five numbers in two are hard to see through at once, so we begin with two numbers in one. In this lesson each number that goes in is called a **feature**. There are two features, $x_1$ and $x_2$, and one hidden number $h$. Feature $x_1$ pushes $h$ to the right, feature $x_2$ pushes it to the left.

# %% figure
draw.features_on_a_line("x₁", "x₂")

# %% [markdown]
# Each feature is read in the direction in which it was written. The **reading** of a feature is how far $h$ lies in its direction, times the length of its arrow. Here both arrows have length 1, and the readings are $h$ for $x_1$ and $-h$ for $x_2$. A **ReLU**, which replaces negative numbers by 0, turns the reading into the output.
#
# Let $x_1$ be 0.6 and $x_2$ be 0. Then $h = 0.6$. The reading of $x_1$ is 0.6, which is right. The reading of $x_2$ is $-0.6$, and the ReLU makes it 0. That is right too. What one feature adds to the reading of another is a **leak**. This leak was negative, and the ReLU removed it.
#
# Let both be active, 0.6 and 0.2. They pull against each other, $h = 0.4$, and the output is $(0.4, 0)$. Both outputs are wrong by 0.2, the smaller of the two numbers. An error of this kind is a **collision**: it happens only when both features are active at once.
#
# In general there are $n$ features and $m$ hidden numbers:
#
# $$h = W x, \qquad \hat x = \mathrm{ReLU}(W^\top h + b), \qquad \text{loss} = \sum_i I_i\,(x_i - \hat x_i)^2 .$$
#
# $x$ has the shape (feature), $W$ (hidden, feature) and $b$ (feature). Column $i$ of $W$, written $W_i$, is the arrow of feature $i$. The model writes with $W$ and reads with $W^\top$: the reading of feature $i$ is $W_i \cdot h$. If feature $i$ is active alone, this is $W_i\cdot W_i\,x_i$, which is right whenever the arrow has length 1.
#
# A feature is active with probability $p$, its **density**, and then it is a number between 0 and 1, all equally likely. Otherwise it is 0. Where $p$ is small the features are called sparse. $I_i$ is the **importance** of feature $i$: how much its error counts. The loss is summed over features and averaged over samples. For our two features $W = (1, -1)$ and both biases are 0:

# %%
W = torch.tensor([[1.0, -1.0]])  # (hidden, feature)
b = torch.zeros(2)  # (feature,)
x = torch.tensor([[0.6, 0.0], [0.0, 0.3], [0.6, 0.2]])  # (sample, feature)
x_hat = torch.relu(x @ W.T @ W + b)  # (sample, feature)
both = torch.cat([x, x_hat], 1)
rows = {"x₁ alone": both[0], "x₂ alone": both[1], "both": both[2]}
columns = ("x₁", "x₂", "output for x₁", "output for x₂")
table(rows, columns=columns, mark="both", decimals=1, caption="Three samples by hand.")

# %% [markdown]
# Two arrows at opposite ends of a line are an **antipodal pair**. The pair is wrong only when both features are active, which has probability $p^2$. A model that drops one of them is wrong whenever that one is active, which has probability $p$. As $p$ falls, $p^2$ falls faster. When features are rare it is therefore better to keep both and let them collide now and then. A model is said to be in **superposition** when it represents more features than it has dimensions, so that their arrows cannot all be at right angles.
#
# To compare the two at every density, we give each loss as a share of what there is to lose, the variance of the two features together.

# %% figure
plots.show(
    sp.pair_figure(),
    "Loss over density: dropping one of two features loses half of the variance at every density; the pair's curve falls below it at 4/7 and goes to zero.",
    caption="Two equal features in one dimension. Dropping one loses half of the variance, however rare the features are. The pair loses more when both are often active, less than that below p = 4/7, and close to nothing when they are rare. At the left its curve leaves the picture and reaches 200 % at p = 1. The axis of the density is logarithmic.",
)

# %% [markdown]
# **Question.** What becomes of the model with $W = (1, -1)$ if its ReLU is taken out?
#
# <details><summary>Answer</summary>
#
# It is no longer any good. With $x_1 = 0.6$ alone the output would be $(0.6, -0.6)$: the output for $x_2$, which should be 0, is wrong by 0.6. A linear model gains nothing by superposition. Its best is to keep the most important directions, as principal component analysis does.
# </details>
#
# > Two features can share one dimension by pointing opposite ways. The ReLU hides each of them from the other, and only a collision of both costs anything.

# %% claims
error = (x - x_hat).abs()
share = {q: 100 * sp.phase_losses(torch.tensor(q), torch.tensor(1.0)) / (2 * sp.variance(torch.tensor(q))) for q in (0.01, 0.5, 4 / 7, 0.6, 1.0)}
with claims():
    claim("each of the five numbers of the puzzle is active in 3.5 cases out of a hundred", round(100 * float(p), 1) == 3.5)
    squeeze = torch.linalg.qr(torch.randn(200, 5, 2, generator=torch.manual_seed(0))).Q  # 200 linear ones
    lose = 1 - squeeze.square().sum((1, 2)) / 5  # of five equal variances
    claim("a linear squeeze loses 60 % of five equal variances", bool(((lose - 0.6).abs() < 1e-5).all()) and about(shares[1], 60))
    claim("the trained model has an arrow for each of the five, and loses less than a tenth (9 to 10 %)", not sp.read_plane(puzzle).dropped and between(shares[2], 9, 10))
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
# With five features and two dimensions every arrow is an arrow in a plane. The lines below train such a model. Every step draws fresh samples, runs the model, and moves $W$ and $b$ a little to lower the loss. Feature $i$ has importance $0.9^i$, and the density is 0.05.

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
fig, axes = plots.figure(1, 4, height=2.2)
for ax, (step, arrows) in zip(axes, seen.items(), strict=True):
    sp.arrow_panel(ax, arrows, f"step {step}")
plots.show(
    fig,
    "The five arrows at four moments of the training, from a random start to a pentagon.",
    caption="The five columns of W while the model trains. They start anywhere and end evenly spread around the circle, as a pentagon. In all figures an arrow shorter than 0.3 is grey with a hollow dot, and is counted as dropped; at step 0 it is only a short start.",
)

# %% [markdown]
# The sliders change the density $p$ and how steeply importance falls from feature to feature. Each position shows a model that was trained in this way beforehand, the best of eight runs. On a page without sliders the closed figure shows six of these models.
#
# Look for models that have dropped exactly one feature. Which feature is it? And does a model with steep importance keep as many features as one with even importance?

# %%
sp.explore()

# %% figure answer
plots.show(
    plane.plot(),
    "Columns of W for three densities and two kinds of importance: four, four and five arrows where importance is even; two, three and four where it falls steeply.",
    caption="Six of the forty models behind the sliders. From left to right features become rarer. Above, importance is even; below, it falls steeply: the number is the factor from one feature to the next.",
)

# %% [markdown]
# <details><summary>What there is to find</summary>
#
# Exactly one feature is dropped, for instance, at p = 0.33 with the factors 1, 0.9, 0.8 and 0.65. Where importance falls it is the least important one, feature 4. Where the five are alike, chance decides: at p = 0.57 it is feature 2, at p = 0.33 feature 4. From p = 0.19 down to 0.02, even importance gives five long arrows and steep importance four or fewer.
# </details>

# %% [markdown]
# Two forces are at work. Rare features collide rarely, so that superposition costs little. Important features are worth more than others, because the loss counts their errors more.
#
# The sliders show the best of several runs. A single run can be another matter. We train each of eight densities from sixteen random starts, and count in how many runs the five arrows form a pentagon.

# %% prediction
predict("superposition.shape")

# %% figure answer
density = 50 ** -torch.linspace(0, 1, 8)  # from 1 (always active) to 0.02 (one time in fifty)
toy = sp.Toy(5, 2, tuple(density.tolist()), importance=importance)
five = sp.train(toy, sp.Recipe(steps=1500, batch=384, lr=0.02, anneal=True), seeds=16, show=False)
shapes = sp.Shapes.of(five)
pentagons = shapes.counts(3)["pentagon"]
plots.show(
    shapes.plot(),
    "Best models by density: two arrows at right angles, then a square of two opposite pairs, then a pentagon; bars count the shapes of all 16 runs.",
    caption="Above, the run with the lowest loss at each density; a number that is missing is a feature that was dropped. Below, how many of 16 runs form each shape. Two antipodal pairs at right angles are called a square.",
)
measured("superposition.shape", "0 to 4" if pentagons < 5 else "5 to 12" if pentagons < 13 else "13 to 16")

# %% [markdown]
# <details><summary>What came out, and why (open after your prediction)</summary>
#
# The best of sixteen runs goes from two arrows at right angles to a square, which drops the least important feature, and then to a pentagon. At p = 0.19 seven runs end in a square and nine in a pentagon, although all are the same model, trained in the same way. Where a run ends depends on where it started. From p = 0.06 on at least fifteen of sixteen runs find the pentagon.
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
    claim("at p = 0.19 seven runs end in a square and nine in a pentagon (each within two: other machines round differently)", 5 <= shapes.counts(3)["square"] <= 9 and shapes.counts(3)["square"] + pentagons == 16)
    found = [[sorted(sp.read_plane(W).dropped) for W in row] for row in plane.W]  # (density, factor)
    claim("from p = 0.19 down even importance keeps five, steep importance four or fewer", all(not row[0] and row[4] for row in found[3:]))
    claim("at p = 0.33 one feature is dropped with the factors 1 to 0.65, feature 4; among equal ones it is 2 at p = 0.57", all(d == [4] for d in found[2][:4]) and found[1][0] == [2])
    claim("from p = 0.06 on at least fifteen of sixteen runs find the pentagon", min(shapes.counts(k)["pentagon"] for k in (5, 6, 7)) >= 15)

# %% [markdown]
# ### What the bias does in a pentagon
#
# In an antipodal pair the leak is negative, and the ReLU removes it. In a pentagon the arrows are 72° apart, and the leak between neighbours is *positive*. The ReLU lets it pass. The bias takes care of it, in three steps. In the picture each bar is a reading.

# %% figure
W, b = shapes.best.W[0, -1], shapes.best.b[0, -1]  # the best of sixteen runs at p = 0.02
plain, water = sp.regular(W), torch.full((5,), -0.26)  # a pentagon with arrows of length 1; a bias
x = torch.zeros(3, 5)  # (sample, feature)
x[0, 0], x[1, 0], x[2, 0], x[2, 1] = 0.8, 0.2, 0.8, 0.8
dives = [
    sp.Dive("1. length 1, no bias", plain, 0 * b, x[0]),
    sp.Dive("2. bias −0.26", plain, water, x[0]),
    sp.Dive("3. longer arrows", W, b, x[0]),
    sp.Dive("4. weak input", W, b, x[1]),
    sp.Dive("5. two neighbours", W, b, x[2]),
]
plots.show(
    sp.waterline_figure(dives),
    "Bars of five readings and a waterline, five times: without a bias the neighbours' leaks stand out; with it they drown and bar 0 is too short; with longer arrows bar 0 is right; a weak input drowns; two neighbours are too tall.",
    caption="The bias as water: a bias of −0.26 raises the waterline to 0.26, and the output is what stands out (the number above each bar). The small pentagons show the arrows, turned so that arrow 0 points up, and the hidden numbers h as a diamond, which lies outside the circle where two arrows add up.",
)

# %% [markdown]
# Without a bias two leaks are output (panel 1). A bias of $-0.26$ drowns them, but makes bar 0 too short (2). Panels 3 to 5 show the best of the sixteen models at $p = 0.02$. Each of its features has a bias of its own, between $-0.26$ and $-0.28$, which gives the waterline its small steps. The arrow of feature 0 has length 1.16. Its reading is $0.8 \cdot 1.16^2 ≈ 1.07$, and $1.07 - 0.26 = 0.81$ stands out. Its neighbours' readings grow too, to 0.32 and 0.30, and 0.05 and 0.04 stand out (3).
#
# A weak input drowns (4), and two neighbours that are active together lift each other too high (5). A pentagon is therefore wrong even when only one feature is active: leaks do not drown completely, and weak inputs do. The next figure shows what it all costs. From here on the variance is weighted by importance, as the loss is. Two arrows, which keep the two most important features, therefore lose 54 % and not 60 %.

# %% figure
plots.show(
    sp.plane_figure(five),
    "Loss over density for five features in the plane: two arrows flat at 54 percent, a square falling to 17, the trained models falling to 7. Bars for four densities: collisions shrink from 14 to 3 percent, leaks and own output stay together at about 4.",
    caption="Above, black: the best of sixteen trained models at each density, with its arrows over the frame. Grey, made by hand: two arrows, a square that drops one feature, a pentagon with arrows of length 1 and no bias. Below, what the trained pentagons lose, by cause. Collisions: two or more features are active. In all other samples, leaks: outputs that should be 0. Own output: the output of the one active feature, wrong mostly because weak inputs drown.",
)

# %% [markdown]
# This answers the puzzle. At its density, 0.035, half of what the trained model loses is lost in collisions, and half while a feature is alone. (It is 9 % here, where importance falls, and 10 % in the puzzle, where it was even.) As features become rarer collisions vanish, but the other half stays between 4 and 5 %: these errors come whenever a feature is active, and so does what there is to lose. At $p = 0.02$ the pentagon loses 7 %. The square, which drops a whole feature, loses 17 %, and a pentagon without a bias loses more than the square. At $p = 0.19$ square and pentagon are nearly a tie: the best square loses 25 %, and the nine pentagons lose 27 %.
#
# > Rare features are kept as more arrows than there are dimensions. A negative bias drowns the leaks between neighbours, longer arrows make up for it, and weak inputs are lost.

# %% claims
readings, x_hat = x @ W.T @ W, torch.relu(x @ W.T @ W + b)
near = (W.mT @ W)[~torch.eye(5, dtype=torch.bool)].view(5, 4).sort().values[:, 2:]  # the two neighbours of each
samples = sp.generate_batch(torch.full((1, 5), 0.02), 400_000, torch.Generator().manual_seed(0))[0]
total = importance.sum() * sp.variance(torch.tensor(0.02))  # 100 % of the variance
error = {name: (importance * (samples - torch.relu(samples @ V.T @ V + c)) ** 2).sum(1) / total for name, V, c in (("trained", W, b), ("no bias", W, 0 * b), ("plain", sp.polygon(5), 0 * b))}
loses, square = {name: float(e.mean()) for name, e in error.items()}, sp.square_share(torch.tensor(0.02), importance).item()
one = torch.linspace(0.0005, 0.9995, 1000)[:, None, None] * torch.eye(5)  # (size, feature, input): one active at a time
wrong = (importance * (one - torch.relu(one @ W.T @ W + b)) ** 2).sum(2).mean(0).sum()  # summed over which one it is
single = {q: float(q * (1 - q) ** 4 * wrong / (importance.sum() * sp.variance(torch.tensor(q)))) for q in (0.02, 0.001)}
with claims():
    claim("without a bias, arrows of length 1 leak 0.25 to each neighbour (within 0.005), which a bias of −0.26 drowns", between(dives[0].output[[i for i in range(1, 5) if dives[0].output[i] > 0]], 0.242, 0.252) and int((dives[0].output > 0).sum()) == 3 and int((dives[1].output > 0).sum()) == 1)
    claim("then bar 0 is too short by 0.26", abs(dives[1].output[0] - 0.54) < 1e-5)
    claim("arrow 0 has length 1.16, its bias is −0.26, and all biases lie between −0.26 and −0.28 (each within 0.005)", abs(W[:, 0].norm() - 1.16) < 0.005 and abs(b[0] + 0.26) < 0.005 and between(b, -0.285, -0.255))
    claim("the reading of feature 0 is 0.8 · 1.16² ≈ 1.07, and 1.07 − 0.26 = 0.81 stands out (within 0.01)", abs(0.8 * 1.16**2 - 1.07) < 0.01 and abs(readings[0, 0] - 1.07) < 0.01 and abs(x_hat[0, 0] - 0.81) < 0.01)
    claim("its neighbours' readings are 0.32 and 0.30, of which 0.05 and 0.04 stand out (within 0.01)", bool(((readings[0].sort().values[2:4] - torch.tensor([0.30, 0.32])).abs() < 0.01).all()) and bool(((x_hat[0].sort().values[2:4] - torch.tensor([0.04, 0.05])).abs() < 0.01).all()))
    claim("a feature that is active at 0.2 comes out as 0.01 (within 0.01)", abs(x_hat[1, 0] - 0.01) < 0.01)
    claim("two neighbours at 0.8 both come out too tall (by 0.25 to 0.4)", between(x_hat[2, :2] - 0.8, 0.25, 0.4))
    claim("at p = 0.02 the trained pentagon loses 7 %, and the square 17 %", round(100 * loses["trained"]) == 7 and round(100 * square) == 17)
    bars = [sp.causes(shapes.best.W[0, k], shapes.best.b[0, k], float(density[k]), importance) for k in (5, 6, 7)]
    claim("at p = 0.035 it loses 9 %, and half of this are collisions (0.45 to 0.6)", round(100 * sum(bars[1].values())) == 9 and between(bars[1]["collisions"] / sum(bars[1].values()), 0.45, 0.6))
    claim("from p = 0.06 down leaks and own output together stay between 4 and 5 %", between([bar["leaks"] + bar["own output"] for bar in bars], 0.04, 0.05))
    weak = float(((importance * (one - torch.relu(one @ W.T @ W + b)) ** 2).diagonal(dim1=1, dim2=2).sum(1) * (one.amax((1, 2)) < 0.5)).sum() / (importance * (one - torch.relu(one @ W.T @ W + b)) ** 2).diagonal(dim1=1, dim2=2).sum())
    claim("of what is lost at the own output more than four fifths is lost with inputs below 0.5", weak > 0.8)
    tie = {name: [sp.share_lost(w, c, float(density[3]), importance) for w, c, reading in zip(five.W[:, 3], five.b[:, 3], shapes.readings[3], strict=True) if reading.name == name] for name in ("square", "pentagon")}
    claim("at p = 0.19 the best square loses 25 %, and every pentagon 27 % (each within a point)", abs(min(tie["square"]) - 0.25) < 0.01 and between(tie["pentagon"], 0.26, 0.28))
    claim("the share that is lost with a single active feature is between 4 and 5 % at p = 0.02 and at p = 0.001", between(list(single.values()), 0.04, 0.05))
    claim("a pentagon without a bias loses more than the square, with arrows of length 1 and with longer ones", loses["plain"] > square and loses["no bias"] > square)
    rare = range(4, 8)  # p = 0.11 and below
    lost = [sp.share_lost(shapes.best.W[0, k], shapes.best.b[0, k], float(density[k]), importance) for k in rare]
    claim("the pentagon loses less than the square at each density from p = 0.11 down", all(v < sp.square_share(density[k], importance) for v, k in zip(lost, rare, strict=True)))
    claim("two arrows lose 54 %, the square less than that from p = 0.5 down", round(100 * float(importance[2:].sum() / importance.sum())) == 54 and sp.square_share(torch.tensor(0.5), importance) < 0.54)
    claim("at p = 0.001 this pentagon still loses more than 4 % of the variance, and less than the square", 0.04 < sp.share_lost(W, b, 0.001, importance) < sp.square_share(torch.tensor(0.001), importance))

# %% [markdown]
# ## 3 · Three formulas against training
#
# A good theory tells beforehand what will happen. This one fits on the back of an envelope. Take two features in one dimension, of importance 1 and $r$, both with density $p$. There are three things a model may do.
#
# - *Keep feature 1* and drop feature 2. The bias can still return the mean of the dropped feature, $p/2$. What remains is its variance, $\mathbb E[x^2] - \mathbb E[x]^2 = p/3 - p^2/4$, times its importance: $\;r\,(p/3 - p^2/4)$.
# - *Keep feature 2* and drop feature 1: $\;p/3 - p^2/4$.
# - *Antipodal pair.* It is wrong only if both are active, which has probability $p^2$, and then each is wrong by the smaller of the two. The mean square of the smaller of two uniform numbers is $1/6$: $\;p^2(1 + r)/6$.
#
# The smallest of the three losses is the prediction. For example, at $p = 0.3$ and $r = 0.5$ the three lose 33.3, 66.7 and 19.4 % of the variance, and the prediction is a pair. A simulation of a million samples gives the same losses. The same comparison at every density and every importance gives a map.

# %% figure
plots.show(
    sp.map_figure(),
    "A map over density and importance: where features are dense the more important one is kept alone, where they are rarer the pair has the lowest loss.",
    caption="Which of the three losses is the lowest. Dense features (left): the more important one is kept alone. Rare features (right): both are kept.",
)

# %% [markdown]
# The map says which of the three solutions is the best. To see what training finds, we train a model at each point of a grid of 13 densities and 13 importances, eight times each. The formulas have to do better than a **null**, the score of a guess that uses nothing of the theory. Our guess is that every model becomes an antipodal pair.

# %% prediction
predict("superposition.one_run")

# %% figure answer
p, r = torch.logspace(0, -2, 13), torch.logspace(-1, 1, 13)  # density, importance
recipe = sp.Recipe(steps=400, batch=256, lr=0.05, anneal=True)
grid = sp.train(sp.PhaseDiagram.toy(p, r), recipe, seeds=8, show=False)
phases = sp.PhaseDiagram.of(grid, p, r)
plots.show(
    phases.plot(),
    "What trained models do over density and importance: one training run, with many scattered errors; the best of eight runs, with errors only on the border of the map.",
    caption="What one run gives, and what the best of eight runs gives at each point, under the border that the formulas draw. Crosses: another solution than the map says. In one run they are scattered over the sparse part; in the best of eight only a few are left, near the border.",
)
missed = float((phases.per_seed != 2)[:, phases.predicted == 2].float().mean())  # where a pair is predicted
guesses = {"about one in a hundred": 0.01, "about one in ten": 0.1, "about one in three": 1 / 3, "about two in three": 2 / 3}
measured("superposition.one_run", min(guesses, key=lambda guess: abs(guesses[guess] - missed)))

# %% [markdown]
# <details><summary>What came out (open after your prediction)</summary>
#
# The best of eight runs is where the formulas say on 96 % of the grid, where the null is right on 76 %, because most of this grid is sparse. Where the formulas are wrong, the two lowest of the three losses differ by less than a seventh. One such point is a tie, $p = r = 1$. The five others are pairs where the formulas say “keep one”: a trained pair may also change its lengths and its bias, which the formulas hold fixed.
#
# That null is a weak one: whether a pair is best depends mostly on the density, and a guess by density alone would come much closer. A single run is where the formulas say on about 71 % of the grid. More than a third of the runs where a pair is predicted end without one, also far from the border, where the pair would be best by far.
# </details>
#
# Why do single runs miss what is best? The map knows the lowest valley. A run rolls into the nearest. The picture shows the loss at one point of the map, $p = 0.1$ and $r = 0.5$, over both weights.

# %% figure
starts = (2 / 3) ** 0.5 * torch.randn(30, 2, generator=torch.Generator().manual_seed(0))  # as those of the grid
paths, ends = sp.descend(0.1, 0.5, starts)
plots.show(
    sp.surface_figure(0.1, 0.5, paths, ends),
    "The loss over two weights, with deep basins at (1, −1) and (−1, 1) and shallow ones near (1, 0) and (−1, 0). From opposite signs descent reaches a deep one, from the same sign a shallow one.",
    caption="The loss over both weights; each output has its best bias. The two dark basins are the two antipodal pairs. Thirty random starts (hollow) and where gradient descent leads them (full).",
)

# %% [markdown]
# Every start with opposite signs reaches a pair. Every start with the same sign ends near $(1, 0)$ or $(-1, 0)$, and loses as much as if it had dropped feature 2. An end that no small step improves, although a better one may exist elsewhere, is called a **local minimum**. To reach the pair from there, $w_2$ would have to pass through 0, where even the best model loses slightly more, and descent does not go up. On the grid half of all runs start with the same sign. Where a pair would be best about two thirds of these end without one; of the others, fewer than six in a hundred do.
#
# <details><summary>How near to 4/7?</summary>
#
# At $r = 1$ the formulas cross at $p = 4/7 ≈ 0.571$. Ten equally important features in five dimensions pass half-way from one feature in each dimension to two at a density of 0.577, the mean over 256 runs. This looks like 4/7. But the 95 % interval of this mean reaches only 0.0015 to either side, and leaves 4/7 outside. The deeper notebook finds out why.
# </details>
#
# > Comparing three losses tells which solution is the best. Which one a single run finds depends on where it starts.

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
single = phases.agreement_per_seed().mean()
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
    claim("the null scores 76 % (within a point)", between(phases.always_antipodal(), 0.75, 0.77))
    claim("a single run ends where the formulas say on about 71 % of the grid (within 2 points)", between(single, 0.69, 0.73))
    claim("more than a third of the runs where a pair is predicted end without one (0.34 to 0.39)", between(missed, 0.34, 0.39))
    claim("in half of the runs both weights start with the same sign", about(failed["same sign"].share, 0.5))
    claim("where a pair would be best, about two thirds of these runs end without a pair (0.6 to 0.73)", between(failed["same sign"].failed, 0.6, 0.73))
    claim("of the others, fewer than six in a hundred do", failed["opposite signs"].failed < 0.06)
    places = phases.errors_by_place()
    claim("most exceptions lie in the sparse part, away from the border (more than four in five)", places["sparse"] > 0.8 * sum(places.values()))
    same, last = starts.prod(1) > 0, paths[-1] * paths[-1, :, :1].sign()  # the mirror image (−1, 1) of (1, −1) is the same pair
    claim("every start with opposite signs reaches (1, −1) or (−1, 1) (within 0.02), every other ends near (1, 0) or (−1, 0) (within 0.2)", bool(((last[~same] - torch.tensor([1.0, -1.0])).abs() < 0.02).all()) and bool(((last[same] - torch.tensor([1.0, 0.0])).abs() < 0.2).all()))
    claim("pairs lose 5 %, the others 33 %, as much as if they had dropped feature 2", bool(((100 * ends[~same]).round() == 5).all()) and bool(((100 * ends[same]).round() == 33).all()) and round(100 * float(sp.phase_losses(torch.tensor(0.1), torch.tensor(0.5))[0] / (1.5 * sp.variance(torch.tensor(0.1))))) == 33)
    claim("at w₂ = 0 even the best model loses slightly more (by less than a point)", 0 < sp.surface(0.1, 0.5, torch.linspace(0.8, 1.3, 101), torch.zeros(1)).min() - ends[same].max() < 0.01)
    many = sp.critical()
    mean, left, right = many.mean_interval()
    claim("256 runs pass half-way at 0.577 ± 0.0015 (95 % interval of the mean), which leaves 4/7 outside", len(many.crossing) == 256 and round(mean, 3) == 0.577 and (right - left) / 2 < 0.00155 and not left <= 4 / 7 <= right)

# %% [markdown]
# ## 4 · Directions, not neurons
#
# With more than two dimensions we can no longer draw the arrows, and it is tempting to look at the hidden numbers one by one instead. This section shows why that fails.
#
# A single hidden number is called a **neuron**. Take two features in two dimensions, one feature to a neuron. Each neuron has one meaning. Then turn the plane by 45 degrees. No information is lost, since turning it back restores everything. But each neuron now responds to both features: it has become **polysemantic**. A neuron that responds to one feature alone is **monosemantic**.

# %% figure
half = torch.tensor(0.5).sqrt()  # cos 45° = sin 45°
aligned = torch.eye(2)  # (neuron, feature)
turned = torch.tensor([[half, -half], [half, half]]) @ aligned
fig, axes = plots.figure(1, 2, width=6.4, height=3.0)
for ax, arrows, title in zip(axes, (aligned, turned), ("before", "after a turn of 45°"), strict=True):
    plots.arrows(ax, arrows, labels=("x₁", "x₂"), title=title, colours=plots.SERIES[::2])
    ax.set(xlabel="neuron 1", ylabel="neuron 2", xlim=(-1.6, 1.8), ylim=(-1.6, 1.6))
plots.show(
    fig,
    "Two arrows at right angles: along the axes on the left, turned by 45 degrees on the right.",
    caption="The same two features before and after a turn. On the left each neuron (axis) responds to one feature. On the right both neurons respond to both features, with weights of ±0.71.",
)

# %% [markdown]
# There is no superposition in the turned model: two features, two dimensions, two arrows at right angles. A polysemantic neuron may come from the choice of coordinates alone, and is no proof of superposition.
#
# Coordinates matter only where something in the model treats them differently from other directions. A basis that is marked out in this way is called a **privileged basis**. The hidden layer of our toy does nothing to its single numbers, and neither does the residual stream of a transformer, the numbers that are carried from layer to layer: nothing in the architecture privileges its basis. What survives every turn are the lengths of the arrows and the angles between them. All of these are in one matrix, $W^\top W$, of shape (feature, feature). A turn replaces $W$ by $RW$ with $R^\top R = I$, and $(RW)^\top RW = W^\top W$.
#
# The **linear representation hypothesis** claims that real networks work like our toy. “Is French” or “names a bridge” would be a direction in the space of activations. How strongly it is present would be how far the activation goes in that direction, and several features at once would be the sum of theirs. It is a hypothesis, and there are known exceptions, such as days of the week laid out on a circle (Engels et al. 2024, [arXiv 2405.14860](https://arxiv.org/abs/2405.14860)). Our toy satisfies it by construction.
#
# > Lengths and angles of arrows survive every turn of the hidden space. Single neurons do not.

# %% [markdown]
# ## 5 · Twenty features in five dimensions
#
# What remains to look at is $W^\top W$. To learn to read it, we begin with the matrix of a model that we *can* draw: the pentagon of section 2.

# %% figure
W = shapes.best.W[0, -1]  # (hidden, feature): the pentagon trained at p = 0.02
G = W.T @ W  # (feature, feature)
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
    caption="The pentagon trained at p = 0.02, and its WᵀW. Row i tells what each feature adds to the reading of feature i. On the diagonal: the squared lengths. Purple off the diagonal: neighbours, whose positive leaks the bias has to drown. Brown: the other two, whose negative leaks the ReLU removes.",
)

# %% [markdown]
# On the diagonal are the squared lengths $\|W_i\|^2$, which tell whether feature $i$ is kept at all. Off the diagonal are the overlaps. How much do the others lie on one feature? Drop a perpendicular from the tip of every arrow onto the line of arrow 0, square how far out its foot is, and stack the squares.

# %% figure
plots.show(
    sp.share_figure(W),
    "Left: the pentagon with the perpendiculars of all arrows onto arrow 0. Right: their squares as a stacked bar, 1.34 of feature 0 and 2.00 of the others.",
    caption="Left: perpendiculars onto the line of arrow 0; two feet each lie nearly on one another. Right: the squared distances of the feet from the middle, stacked. Hatched: arrows whose feet lie on the other side of the middle. Their leaks are negative, and the ReLU removes them as long as feature 0 is silent.",
)

# %% [markdown]
# The other arrows' part of the bar is the **interference** with feature 0. The share of the feature's own piece is its **dimensionality** $D_0$: the fraction of a dimension that it has to itself. With $\hat W_i = W_i / \|W_i\|$, the direction of feature $i$, the same in formulas:
#
# $$\text{interference}_i = \sum_{j\ne i}(\hat W_i\cdot W_j)^2, \qquad D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i\cdot W_j)^2} .$$
#
# Only the arrow on whose line we project is normalised. The others keep their lengths, because a longer arrow disturbs more. The sum in the denominator includes $j = i$. In code, for feature 0:

# %%
row = G[0]  # (feature,): what each feature adds to the reading of feature 0
own = row[0]  # the squared length of arrow 0
others = (row[1:] ** 2).sum() / own  # row holds W_0 · W_j; interference takes only the direction of W_0
table({"feature 0": [others, own / (own + others)]}, columns=("interference", "D"), decimals=2)

# %% [markdown]
# Three cases with arrows of length 1 can be worked out on paper. A feature that is alone in its dimension has interference 0 and $D = 1$. One of an antipodal pair has interference 1 and $D = 1/(1+1) = 1/2$. One of a regular pentagon has interference $2\cos^2 72° + 2\cos^2 144° = 1.5$ and $D = 1/(1 + 1.5) = 2/5$. In the trained pentagon all squared lengths, and with them the interference, are 1.34 times as large, 2.00, and $D$ is the same. The two of a pair share one dimension, and the five of a pentagon share two: the dimensionalities of features that share dimensions sum to the number of dimensions. More is not possible. For any $W$, each $D_i$ lies between 0 and 1, and all of them sum to at most the number of dimensions. The deeper notebook has the proof.
#
# With this we can read a model that cannot be drawn: twenty features in five dimensions. Importance falls from 1 to 0.01 over the twenty features, each time by the same factor. There are three densities, and eight runs of each. We put features into one **block** if their arrows are far from a right angle ($|\cos| > 0.2$), or if a chain of other features links them. Then we sort the rows and columns of $W^\top W$ by block.

# %% figure
densities = (1.0, 0.16, 0.025)
toy = sp.Toy(20, 5, densities, importance=100 ** -torch.linspace(0, 1, 20))
twenty = sp.train(toy, sp.Recipe(steps=1500, batch=512, lr=0.01, anneal=True), seeds=8, show=False)
crowd = sp.CrowdedModels.of(twenty)
plots.show(
    crowd.plot(),
    "W-transpose-W of three models with boxes on the diagonal: five single features; five pairs; two pairs and a block of nine features. Bars below share out five dimensions.",
    caption="The best of eight runs at each density. Above, WᵀW of the features that are kept (arrows longer than 0.3), sorted by block, in the colours of the pentagon. Each box is a block. Below, how the blocks share out the five dimensions: a piece is as long as the sum of the dimensionalities of its features, and the number says how many features these are.",
)

# %% [markdown]
# In the dense model five features are kept, and each has a dimension to itself. At $p = 0.16$ ten are kept, in five antipodal pairs, as in section 1. At $p = 0.025$ there are two pairs, and nine features share the other three dimensions.
#
# The bars below the matrices end at whole numbers. Blocks stand at right angles to one another, so that each has dimensions of its own, and its features fill them: two features in one dimension, nine in three. This is so in all eight runs, although the blocks differ. At $p = 0.025$ the most common result, five runs of eight, is one pair and eleven features in four dimensions. Two runs have two pairs and eight features in three; the deeper notebook finds out which shape eight features can form in three dimensions. Random directions do not fall into blocks: thirteen of them in five dimensions form a single block in each of a hundred draws.
#
# **Question.** One of an antipodal pair has interference 1. What does this tell about the damage that is done to it?
#
# <details><summary>Answer</summary>
#
# Little. Interference is a property of $W$ alone. Damage also depends on the ReLU, the bias, and how often features are active together. An overlap of $-1$ is harmless while the other feature is silent. An overlap of $+0.3$ is not, unless the bias removes it. Section 8 shows the same $W$ with two different losses.
# </details>
#
# > $W^\top W$, sorted by block, shows which features share dimensions. Their dimensionalities say how much of them each one has.

# %% claims
kept, runs = sp.represented(twenty.W), [crowd.blocks(k) for k in range(3)]  # (run, density); for each density, of each run
sizes = [[sorted(len(b.features) for b in blocks) for blocks in found] for found in runs]
first = [sorted(len(b.features) for b in sp.blocks(W)) for W in twenty.best().W[0]]
sums = torch.tensor([b.dimensions for found in runs[1:] for blocks in found for b in blocks])
leak = [sp.interference(W)[sp.column_norms(W) > 0.5] for W in twenty.best().W[0]]
with claims():
    claim("after the turn both neurons respond to both features, with weights of ±0.71", bool(about(turned.abs(), 0.5**0.5)))
    claim("the two arrows are at right angles before and after the turn, and the lengths stay 1", torch.allclose(turned.mT @ turned, aligned.mT @ aligned, atol=1e-6))
    claim("in the trained pentagon D is 2/5, the diagonal 1.3, neighbours 0.4 and the others −1.1 (each within 0.1)", abs(own / (own + others) - 0.4) < 0.005 and (G.diagonal() - 1.32).abs().max() < 0.1 and (near - 0.41).abs().max() < 0.06 and (G.sort().values[:, :2] + 1.07).abs().max() < 0.1)
    claim("interference with feature 0 is 2.00, its own piece 1.34 (each within 0.02)", abs(others - 2) < 0.02 and abs(own - 1.34) < 0.02)
    claim("D is 1 alone, 1/2 in a pair and 2/5 in a pentagon", about(sp.feature_dimensionality(sp.polygon(1)), 1) and about(sp.feature_dimensionality(sp.polygon(2)), 1 / 2) and about(sp.feature_dimensionality(sp.polygon(5)), 2 / 5))
    claim("in the dense model five features are kept, each alone and without interference (below 0.05), in all eight runs", bool((kept[:, 0] == 5).all()) and all(size == [1] * 5 for size in sizes[0]) and leak[0].max() < 0.05)
    claim("at p = 0.16 the best run keeps ten in five pairs, with an interference of about 1; the others nine or ten, in pairs or alone", first[1] == [2] * 5 and bool(about(leak[1].median(), 1)) and between(kept[:, 1], 9, 10) and all(max(size) == 2 for size in sizes[1]))
    claim("at p = 0.025 the best run has two pairs, and nine features share three dimensions", first[2] == [2, 2, 9] and abs(sp.blocks(twenty.best().W[0, 2])[-1].dimensions - 3) < 0.07)
    claim("the dimensionalities of every block of all eight runs sum to a whole number (at p = 0.16 and 0.025, within 0.07)", (sums - sums.round()).abs().max() < 0.07)
    claim("at p = 0.025 five runs of eight have one pair and eleven features, two have two pairs and eight (each within one: other machines round differently)", 4 <= sizes[2].count([2, 11]) <= 6 and 1 <= sizes[2].count([2, 2, 8]) <= 3)
    claim("every one of them keeps twelve or thirteen", between(kept[:, 2], 12, 13))
    claim("thirteen random directions in five dimensions form a single block in each of a hundred draws", all(len(sp.blocks(sp.random_directions(13, 5, torch.Generator().manual_seed(s)))) == 1 for s in range(100)))
    claim("the dimensionalities sum to 5 within 0.1 in the best run of each density", between(sp.feature_dimensionality(twenty.best().W[0]).sum(-1), 4.9, 5.001))

# %% [markdown]
# ## 6 · How much room, and how much noise
#
# Let us return to the language model. “Is French”, “is inside a Python string” and “names a bridge” are to be directions among 768. With thousands of features nobody arranges the directions by hand, and only 768 of them can be exactly orthogonal. But in many dimensions directions that are drawn at random are *nearly* orthogonal: in 768 dimensions nearly all angles between them are within 6 degrees of a right angle.
#
# Nearly orthogonal is not orthogonal: a small overlap with each of many features adds up. Give $n$ features random directions $u_j$ in $d$ dimensions and read feature $i$. The others disturb its reading by $\sum_{j\ne i} x_j\, u_j\cdot u_i$. The mean square of this noise is
#
# $$(n-1)\;\cdot\; p \;\cdot\; \tfrac13 \;\cdot\; \tfrac1d,$$
#
# which is how many others there are, how often each is active, how large its square is then ($\mathbb E[x^2] = 1/3$), and the mean square of its cosine. Compare the readings of a feature when it is off and when it is on. We take 1,000 features, 10,000, and 58,000, the number at which the noise (the root of its mean square) is as large as the feature itself, 0.5.

# %% figure
off = {n: sp.random_readings(n) for n in (1_000, 10_000, 58_000)}  # readings of features that are off
plots.show(
    sp.readings_figure(off),
    "Two hills of readings, off and on: far apart with 1,000 features, touching with 10,000, and merged with 58,000.",
    caption="Readings among random directions in 768 dimensions, at a density of 0.01. Grey: the feature is off. Outline: the same feature at 0.5. Dotted: the middle between the two.",
)

# %% [markdown]
# With 1,000 features the two hills are apart. With 10,000 one reading in nine lies on the wrong side of the middle. With 58,000 three readings in ten do. One in nine is already too much: of 10,000 features about 100 are active at once, and more than a thousand others would look active.
#
# How many features fit depends on how rare they are, because $n$ and $p$ enter the formula as a product. At a density of 0.001 ten thousand features disturb one another as little as a thousand do at 0.01. That is 13 features for every dimension, with hills as far apart as those on the left. All this is for *random* directions, each feature read by itself. Trained directions can do better or worse, and their noise has to be computed from $W$.
#
# <details><summary>A guarantee: how many directions are sure to exist, if every two may have a cosine of up to ε in size?</summary>
#
# The cosine of two random ones exceeds $\varepsilon$ with probability at most $2e^{-d\varepsilon^2/2}$. Draw $N$ of them. They have fewer than $N^2/2$ pairs, so that the probability that any pair is too close is below $N^2 e^{-d\varepsilon^2/2}$. As long as this is at most 1, some draw succeeds. This guarantees that
#
# $$N = e^{d\varepsilon^2/4} \text{ directions with } |\cos| \le \varepsilon \text{ exist.}$$
#
# With $|\cos| \le 0.2$ in 768 dimensions the bound guarantees 2,164 directions, nearly three for each dimension. With $|\cos| \le 0.1$ it guarantees 6 in 768 dimensions, where an orthogonal basis already gives 768, and seventy billion in ten thousand dimensions. The exponent $d\varepsilon^2/4$ has to be well above 1 before it helps. It is a guarantee and not a limit.
# </details>
#
# > Random directions in many dimensions are nearly at right angles. How many features they can carry depends on how rarely the features are active.

# %% claims
drawn = [sp.random_directions(20_000, 768, torch.Generator().manual_seed(s)) for s in (2, 3)]
angles = torch.rad2deg((drawn[0] * drawn[1]).sum(0).arccos())
with claims():
    claim("in 768 dimensions nearly all random angles are within 6 degrees of a right angle (99 %)", ((angles - 90).abs() < 6).float().mean() > 0.99)
    u, v = (sp.random_directions(20_000, 50, torch.Generator().manual_seed(s)) for s in (0, 1))
    claim("on average (u·v)² is 1/d (20,000 pairs in 50 dimensions, within 5 %)", between((u * v).sum(0).square().mean() * 50, 0.95, 1.05))
    draws = [sp.disturbance(sp.random_directions(50, 20, torch.Generator().manual_seed(s)), 0.1).mean() for s in range(50)]
    claim("the formula holds on average over 50 draws of 50 random directions in 20 dimensions (within 3 %)", abs(torch.stack(draws).mean() / sp.expected_interference(50, 0.1, 20) - 1) < 0.03)
    claim("and the readings in the picture scatter as it says (within 5 %)", all(abs(values.square().mean() / sp.expected_interference(n, 0.01, 768) - 1) < 0.05 for n, values in off.items()))
    wrong = [sp.wrong_side(values) for values in off.values()]
    claim("with 1,000 features the two hills are apart (fewer than one reading in a thousand lies on the wrong side)", wrong[0] < 0.001)
    claim("with 10,000 one reading in nine lies on the wrong side, with 58,000 three in ten", between(1 / wrong[1], 8.5, 9.5) and between(wrong[2], 0.29, 0.315))
    claim("with 58,000 the noise is as large as the feature itself, 0.5 (within 2 %)", abs(sp.expected_interference(58_000, 0.01, 768) ** 0.5 / 0.5 - 1) < 0.02)
    beyond = (off[10_000] > 0.25).float().mean() * 9_900  # of the 9,900 that are off
    claim("of 10,000 features 100 are active on average, and more than a thousand others look active", beyond > 1000)
    claim("at a density of 0.001 ten thousand features disturb as little as a thousand do at 0.01; that is 13 for every dimension", abs(sp.expected_interference(10_000, 0.001, 768) / sp.expected_interference(1_000, 0.01, 768) - 1) < 0.002 and round(10_000 / 768) == 13)
    claim("with |cos| ≤ 0.2 in 768 dimensions the bound guarantees 2,164 directions, nearly three for each dimension (2.8)", int(sp.almost_orthogonal_bound(768, 0.2)) == 2164 and round(2164 / 768, 1) == 2.8)
    claim("with |cos| ≤ 0.1 it guarantees 6 in 768 dimensions and seventy billion in ten thousand (within 5 %)", int(sp.almost_orthogonal_bound(768, 0.1)) == 6 and abs(sp.almost_orthogonal_bound(10_000, 0.1) / 7e10 - 1) < 0.05)

# %% [markdown]
# ## 7 · When a neuron means something
#
# In section 4 a neuron could mean anything, because the hidden layer of our toy has no privileged basis. In an MLP a ReLU, or a function like it, acts on each neuron by itself, and marks the neurons out. Elhage et al. study this second toy as well. It differs by one ReLU,
#
# $$\hat x = \mathrm{ReLU}\big(W^\top\, \mathrm{ReLU}(W x) + b\big).$$
#
# There are ten features and five neurons. Importance falls by a fifth at each step. We train at three densities, five runs each, and compare with the same model without the inner ReLU. A neuron *responds to* a feature if its weight for it is at least a quarter of its largest weight, and we count for how many features this is so.

# %% prediction
predict("superposition.neurons")

# %% figure answer
toy = sp.Toy(10, 5, (0.5, 0.2, 0.05), importance=0.8 ** torch.arange(10))
recipe = sp.Recipe(steps=1500, batch=256, lr=0.02)
with_relu = sp.train_neurons(toy, recipe, seeds=5, show=False)
without = sp.train_neurons(toy, recipe, seeds=5, linear=True, show=False)
plots.show(
    sp.neurons_figure(with_relu, without),
    "Weights of neurons by features: with the ReLU one dark cell a row at p = 0.5, several at 0.2, most at 0.05; without it, mixtures at every density.",
    caption="Weights of the best run at each density; each row is a neuron. With the inner ReLU (above) a row at p = 0.5 holds one feature; a pale second cell is below a quarter of the dark one and does not count. As features become rarer, rows hold more of them. Without the inner ReLU (below) rows are mixtures everywhere.",
)
from IPython.display import display

display(
    table(
        sp.compare_neurons(with_relu, without), decimals=1, interval="range over 5 runs",
        caption="How many features a neuron responds to, on average, with the inner ReLU and without it; and how many features the model with the inner ReLU returns (less than a quarter of their variance lost).",
    )
)  # fmt: skip
average = float(with_relu.answers_to()[:, 2].float().mean())
measured("superposition.neurons", "about one" if average < 2 else "about three" if average < 5 else "about seven")

# %% [markdown]
# <details><summary>What came out, and why (open after your prediction)</summary>
#
# With the inner ReLU, at p = 0.5, every neuron of every run responds to exactly one feature: all 25 neurons are monosemantic, and the other five features are dropped. At p = 0.2 every run has a neuron with several features, and most have one with a single feature. At p = 0.05 no neuron is monosemantic, and a neuron responds to about seven of the ten features on average. Without the inner ReLU neurons are mixtures at every density, also at p = 0.5.
#
# Polysemantic neurons have two causes, and this experiment separates them. Without the inner ReLU they come from the coordinates: any turn of the hidden space would do as well. With it, at p = 0.05, they come from superposition: the model returns more features than it has neurons, and has to share them. In this toy, neurons can be read one by one only with the inner ReLU, and only where features are dense.
# </details>

# %% claims
one, many = with_relu.answers_to() == 1, with_relu.answers_to() > 1  # (run, density, neuron)
with claims():
    claim("with the inner ReLU, at p = 0.5, all 25 neurons respond to exactly one feature, and five features are returned", int(one[:, 0].sum()) == 25 and bool((with_relu.kept()[:, 0] == 5).all()))
    claim("at p = 0.2 every run has a neuron with several features, and most have one with a single feature", bool(many[:, 1].any(-1).all()) and int(one[:, 1].any(-1).sum()) >= 3)
    claim("at p = 0.05 no neuron is monosemantic, and more features are returned than there are neurons", not one[:, 2].any() and bool((with_relu.kept()[:, 2] > 5).all()))
    claim("there a neuron responds to about seven features on average", about(average, 7))
    claim("without it a neuron responds to more than three features on average, at every density", bool((without.answers_to().float().mean((0, 2)) > 3).all()))

# %% [markdown]
# ## 8 · What this does not show
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
    name = {"independent": "independent", "anticorrelated": "never together"}[kind]
    worlds[name] = {"interference": leak[0], "D": D[0], "% of the variance lost": share}
table(worlds, decimals=1, caption="One W in two worlds, at p = 0.3.")

# %% [markdown]
# **The wrong features.** All measures need to know which inputs the features are. Suppose that we are wrong, and use a turned set of axes, in which each of our “features” is a mixture of all five true ones. The model is untouched, and its pentagon is still there. We no longer see it.

# %% figure
puzzle = sp.plane().W[6, 0]  # (hidden, feature): the model of the puzzle
mixture = torch.linalg.qr(torch.randn(5, 5, generator=torch.manual_seed(3))).Q
invented = puzzle @ mixture  # the same model, read with features that we made up
sums = [sp.feature_dimensionality(W).sum() for W in (puzzle, invented)]
fig, axes = plots.figure(1, 2, width=6.4, height=3.2)
primed, grey = [f"{i}′" for i in range(5)], (plots.GREY,)
plots.arrows(axes[0], puzzle, title=f"true: sum of D = {sums[0]:.2f}")
plots.arrows(axes[1], invented, title=f"made up: sum of D = {sums[1]:.2f}", labels=primed, colours=grey)
for ax in axes:
    ax.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="hidden dimension 1", ylabel="hidden dimension 2")
plots.show(
    fig,
    "Left: the pentagon. Right: the same model seen through invented features, without a shape. The dimensionalities sum to 2 in both.",
    caption="One model, read with two lists of features. The made-up ones are 0′ to 4′, and each is a mixture of all five true ones.",
)

# %% [markdown]
# The sum of the dimensionalities does not notice that the features are wrong. The shape does, but only because we knew which shape to expect. In a real model nobody gives us the list that begins with “is French” and “is inside a Python string”. Everything in this lesson started from knowing the features, and finding them is the subject of the next one.
#
# Other limits: our features are independent and uniform; there is no attention and no depth; shapes and densities belong to these sizes and recipes. The experiments show that superposition *can* be the best solution, and when. That large language models use it is a further claim, for which this lesson gives no evidence.
#
# **The puzzle, answered.** Two numbers cannot hold any five numbers. They can hold any *one* of five, and which one it is, and they do well as long as rarely more than one comes at a time. The arrows are spread out, so that the largest leaks are negative and the ReLU removes them. A negative bias drowns the positive ones. The model is wrong when features come together, which is rare. It is also a little wrong when a feature comes alone, because neighbours leak and weak inputs are lost. All of this together loses less than dropping features would.
#
# What stays open: whether real features are like these, which shapes appear in larger models, and how one finds the features when nobody lists them.

# %% claims
with claims():
    claim("the same W, the same interference of 1, the same D = 1/2 in both worlds", all(w["interference"] == 1 and w["D"] == 0.5 for w in worlds.values()))
    claim("where features never come together nothing is lost, where they are independent 19 % of the variance (within 1)", worlds["never together"]["% of the variance lost"] < 1e-3 and abs(worlds["independent"]["% of the variance lost"] - 19.4) < 1)
    claim("the pentagon is not seen with invented features", sp.read_plane(puzzle).polygon == 5 and sp.read_plane(invented).polygon == 0)
    claim("the sum of the dimensionalities is 2 for both lists (within 0.001)", between(sums, 1.999, 2.001))

# %% [markdown]
# ## The lesson on a card
#
# | claim | evidence | control | where it fails |
# | --- | --- | --- | --- |
# | Rare features are kept in superposition, features that are always active are not. | Five features in two dimensions: 2, then 4, then 5 arrows; loss against density. | Dense models; all 16 runs beside the best; models made by hand. | Single runs end in other shapes. |
# | A comparison of three losses predicts which. | It is right on 96 % of a grid. | The guess "always a pair": 76 %. | Near the border of the map; single runs: 71 %. |
# | $W^\top W$ shows what is kept and what overlaps. | Blocks of features whose dimensionalities sum to whole numbers. | Random directions, which form a single block; the same $W$ in two worlds; made-up features. | The loss depends on what comes together, not on $W$ alone; and the features must be the right ones. |
# | A privileged basis makes neurons readable where features are dense. | Neurons with one feature each at $p = 0.5$. | The same model without the inner ReLU. | Sparse features: no neuron has only one; one toy. |
#
# **To go on.**
#
# - Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html): the source of this lesson; more shapes, learning dynamics, and a long discussion of what superposition may mean for safety.
# - 3Blue1Brown, [How might LLMs store facts](https://www.3blue1brown.com/lessons/mlp): the picture of many nearly orthogonal directions, moving.
# - ARENA, [Intro to Superposition & Sparse Autoencoders](https://www.alignmentforum.org/posts/LnHowHgmrMbWtpkxx/intro-to-superposition-and-sparse-autoencoders-colab): exercises on the same paper, with deep double descent, and on the subject of the next lesson.
#
# **Now the exercises.** `course start 01`, then `my/01_superposition.ipynb`. They end with a sealed model, which is made from your own seed. The deeper notebook, `notebooks/01_superposition_deeper.ipynb`, may be read in any order: which shapes appear in a large model, how well directions can be packed, features that come in pairs, networks that compute in superposition, and a number that agrees with a theory for the wrong reason.
#
# Most models of this lesson train while you read. The models behind the sliders of section 2 and the 256 runs behind “How near to 4/7?” in section 3 are stored; `models/stored/superposition.py` makes them again.

# %% [markdown] words
# ## Words
#
# - feature: one of the numbers that go into the model; in real models, a property of the input that the model represents (nobody has an agreed definition).
# - ReLU: the function that replaces negative numbers by 0.
# - reading: how far the hidden numbers lie in the direction of a feature, times the length of its arrow: $W_i\cdot h$, before bias and ReLU.
# - collision: an error that happens only when two features are active at once.
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
# - block: features that share dimensions among themselves and with no others.

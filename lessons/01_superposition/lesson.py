# %% [markdown]
# # Toy models of superposition
#
# *Lesson 1.*
#
# **A puzzle.** Five numbers go in, and each of them is zero most of the time: it is active in 3.5 cases out of a hundred. A matrix squeezes the five into two numbers, and then its transpose, a bias and a ReLU try to give the five back. How much is lost on the way?
#
# We give the loss as a share of the variance of the five numbers, so that a model which always answers with their means loses all of it. Linear algebra says that two numbers cannot hold five: a linear squeeze does best if it keeps the numbers with the largest variances. Here all five variances are equal, so that it keeps any two of the five and loses 60 %, however rarely they are active. So the question is whether a trained model, which differs from a linear one by no more than a bias and a ReLU, has to lose as much.

# %% setup

# %% figure
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils import zoo
from course_utils.page import about, between, claim, claims, draw, measured, predict, table

p = torch.tensor(0.035)  # how often each number is active
recipe = sp.Recipe(steps=600, batch=384, lr=0.03, anneal=True)
squeezed = sp.train(sp.Toy(5, 2, (float(p),)), recipe, seeds=4, show=False).best()
puzzle, puzzle_b = squeezed.W[0, 0], squeezed.b[0, 0]  # (hidden dimension, feature), (feature,)
lost = sp.share_lost(puzzle, puzzle_b, float(p), torch.ones(5))
linear = torch.tensor(3 / 5)  # keeps two of five equal variances
shares = [100, 100 * float(linear), 100 * lost]
example = torch.tensor([0.0, 0.0, 0.7, 0.0, 0.0])  # (feature,)
plots.show(
    sp.squeeze_figure(example, [*shares[:2], None]),
    "Five inputs, of which one is active, lead to two hidden numbers and from there to five outputs; bars of the variance lost: 100 percent, 60 percent, and a question mark.",
    caption="Left, the model, with an input in which one of five numbers is active. Right, the share of the variance that is lost by a model without inputs, by the best linear squeeze, and by the trained model.",
)

# %% prediction
predict("superposition.puzzle")

# %% figure answer
plots.show(
    sp.answer_figure(puzzle, puzzle_b, example, shares),
    "The network with its numbers: 0.7 goes in and comes out as about 0.7, the other outputs are zero or nearly so. Five arrows spread around a circle. Bars of the variance lost: 100, 60 and 10 percent.",
    caption="Left, the question marks filled in by the best of four trained models; the stronger a circle is filled, the larger the number. Middle, what it learned: arrow 3 ends where the two hidden numbers go when input 3 is 1 and the others are 0; the diamond is where they are now, on arrow 2. Dotted: a circle of radius 1. Right, what the model loses.",
)
guesses = {"about 50 %": 50, "about 30 %": 30, "about 10 %": 10, "about 1 %": 1}
measured("superposition.puzzle", min(guesses, key=lambda guess: abs(guesses[guess] - shares[2])))

# %% [markdown]
# Anybody who studies language models has met this puzzle on a larger scale. Think of what may be true of a piece of text: it is French; it is inside a Python string; it names a bridge. Each of these is false of nearly every word that one reads, and surely one could list more than 768 such things, whereas GPT-2 small has 768 numbers for each token at each layer. If it keeps track of them all, it has to do what our toy does. We come back to these 768 numbers in section 7.
#
# The lesson follows Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html).

# %% [markdown] contents

# %% [markdown]
# ## 1 · Two features on a line
#
# Five numbers in two are hard to see through at once, so we begin with two numbers in one. Each number that goes in is called a **feature** in this lesson. Here there are two of them, $x_1$ and $x_2$, and one hidden number $h$, which $x_1$ pushes to the right and $x_2$ to the left.

# %% figure
draw.features_on_a_line("x₁", "x₂")

# %% [markdown]
# Each feature has one number of its own, and the model uses this number twice. To write $x_1$ into $h$ it multiplies $x_1$ by 1, and to read $x_1$ back it multiplies $h$ by the same 1. For $x_2$ the number is $-1$. Hence $h = x_1 - x_2$, the **reading** of $x_1$ is $1\cdot h$, and the reading of $x_2$ is $-1\cdot h$. A **ReLU**, which replaces negative numbers by 0, turns a reading into an output.
#
# In the first line of the picture $x_1$ is 0.6 and $x_2$ is 0, and yet the reading of $x_2$ is $-0.6$. What one feature adds to the reading of another is a **leak**. But this leak is negative, and so the ReLU removes it, without which the output for $x_2$ would be wrong by 0.6.
#
# In the last line both are active, at 0.6 and 0.2. Here the ReLU cannot help: the two pull against each other, and both outputs are wrong by 0.2, the smaller of the two numbers. An error of this kind, which happens only when both features are active at once, is a **collision**.
#
# In general there are $n$ features and $m$ hidden numbers:
#
# $$h = W x, \qquad \hat x = \mathrm{ReLU}(W^\top h + b), \qquad \text{loss} = \sum_i (x_i - \hat x_i)^2 .$$
#
# $x$ has the shape (feature), $W$ (hidden, feature) and $b$ (feature). Column $i$ of $W$, written $W_i$, is the arrow of feature $i$. The model writes with $W$ and reads with $W^\top$: the reading of feature $i$ is $W_i \cdot h$. If feature $i$ is active alone, this is $W_i\cdot W_i\,x_i$, which is right whenever the arrow has length 1.
#
# A feature is active with probability $p$, its **density**, and then it is a number between 0 and 1, all equally likely. Otherwise it is 0. Where $p$ is small the features are called sparse. The loss is summed over features and averaged over samples. Here are the three cases of the picture in code:

# %%
W = torch.tensor([[1.0, -1.0]])  # (hidden, feature)
b = torch.zeros(2)  # (feature,)
x = torch.tensor([[0.6, 0.0], [0.0, 0.3], [0.6, 0.2]])  # (sample, feature)
h = x @ W.T  # (sample, hidden)
x_hat = torch.relu(h @ W + b)  # (sample, feature)
x_hat

# %% [markdown]
# Two arrows at opposite ends of a line are an **antipodal pair**. The pair is wrong only when both features are active, which has probability $p^2$, whereas a model that drops one of them is wrong whenever that one is active, which has probability $p$. As $p$ falls, $p^2$ falls faster, and this small inequality carries the whole lesson: rare features are better kept both and left to collide now and then. A model that represents more features than it has dimensions, so that their arrows cannot all be at right angles, is in **superposition**.

# %% figure
plots.show(
    sp.pair_figure(),
    "Loss over density: dropping one of two features loses half of the variance at every density; the pair's curve falls below it at 4/7 and goes to zero.",
    caption="Two equal features in one dimension, and what is lost of their variance. Dropping one loses half of it, however rare the features are. The pair loses more when both are often active, less than that below p = 4/7, and close to nothing when they are rare. The axis of the density is logarithmic.",
)

# %% [markdown]
# > Two features can share one dimension by pointing opposite ways. The ReLU hides each of them from the other, and only a collision of both costs anything.

# %% claims
error = (x - x_hat).abs()
spread = [torch.linalg.eigvalsh(sp.generate_batch(torch.full((1, 5), q), 200_000, torch.Generator().manual_seed(0))[0].T.cov()) for q in (0.5, 0.035)]
sent = torch.relu(puzzle.T @ (puzzle @ example) + puzzle_b)  # the five outputs of the puzzle
share = {q: 100 * sp.phase_losses(torch.tensor(q), torch.tensor(1.0)) / (2 * sp.variance(torch.tensor(q))) for q in (0.01, 0.5, 4 / 7, 0.6)}
with claims():
    claim("each of the five numbers of the puzzle is active in 3.5 cases out of a hundred", round(100 * float(p), 1) == 3.5)
    squeeze = torch.linalg.qr(torch.randn(200, 5, 2, generator=torch.manual_seed(0))).Q  # 200 linear ones
    lose = 1 - squeeze.square().sum((1, 2)) / 5  # of five equal variances
    claim("a linear squeeze loses 60 % of five equal variances", bool(((lose - 0.6).abs() < 1e-5).all()) and about(shares[1], 60))
    claim("it does so however rarely the five are active (p = 0.5 and 0.035, within two points)", all(abs(v[:3].sum() / v.sum() - 0.6) < 0.02 for v in spread))
    claim("0.7 comes out as about 0.7 (within 0.05), the other outputs are zero or nearly so (at most 0.05)", abs(sent[2] - 0.7) < 0.05 and bool((sent[[0, 1, 3, 4]] <= 0.05).all()))
    claim("the trained model has an arrow for each of the five, and loses less than a tenth (9 to 10 %)", not sp.read_plane(puzzle).dropped and between(shares[2], 9, 10))
    claim("where x₁ = 0.6 is alone, the reading of x₂ is −0.6", about((x[0] @ W.T @ W)[1], -0.6))
    claim("alone, each feature is returned exactly", bool((error[:2] < 1e-6).all()))
    claim("together, each is wrong by 0.2, the smaller of the two numbers", bool(about(error[2], 0.2)))
    claim("without the ReLU, x₁ = 0.6 alone gives (0.6, −0.6)", torch.allclose(x[0] @ W.T @ W, torch.tensor([0.6, -0.6])))
    claim("dropping one loses half of the variance at every density", all(abs(v[0] - 50) < 0.01 for v in share.values()))
    claim("the pair loses less than that below p = 4/7 and more above it", share[0.5][2] < 50 < share[0.6][2] and abs(share[4 / 7][2] - 50) < 0.01)
    claim("and close to nothing when they are rare (half a percent at p = 0.01)", abs(share[0.01][2] - 0.5) < 0.02)

# %% [markdown]
# ## 2 · Five features in the plane
#
# With five features and two dimensions every feature has an arrow in the plane, and we can watch what training does with the five. Every step below draws fresh samples, runs the model, and moves $W$ and $b$ a little to lower the loss. From now on the errors of some features may count more than those of others. The **importance** $I_i$ of feature $i$ is the weight of its error, so that the loss is $\sum_i I_i\,(x_i - \hat x_i)^2$. Here $I_i = 0.9^i$, and the density is 0.05.

# %%
torch.manual_seed(0)
importance = 0.9 ** torch.arange(5)  # (feature,)
W, b = torch.nn.Parameter(0.5 * torch.randn(2, 5)), torch.nn.Parameter(torch.zeros(5))
adam = torch.optim.Adam([W, b], lr=0.02)
seen = []  # the arrows at every step, to look at afterwards
for _ in range(1001):
    seen.append(W.detach().clone())
    x = (torch.rand(384, 5) < 0.05) * torch.rand(384, 5)  # (sample, feature)
    h = x @ W.T  # (sample, hidden)
    x_hat = torch.relu(h @ W + b)  # (sample, feature)
    loss = (importance * (x - x_hat) ** 2).sum(1).mean()
    adam.zero_grad()
    loss.backward()
    adam.step()

# %% figure
fig, axes = plots.figure(1, 4, height=2.2)
for ax, step in zip(axes, (0, 50, 200, 1000), strict=True):
    sp.arrow_panel(ax, seen[step], f"step {step}", trained=False)
plots.show(
    fig,
    "The five arrows at four moments of the training, from a random start to a pentagon.",
    caption="The five columns of W while the model trains, at p = 0.05 and with importances 0.9^i. They start anywhere and end evenly spread around the circle, as a pentagon.",
)

# %% [markdown]
# Nobody told the arrows to form a pentagon: they had only the loss to go by, and it drove them apart until all five had the same room. Not every model gets that far. How many features are kept depends on how rare they are and on how much each of them counts, and in a running notebook two sliders change both. Each position shows a model that was trained beforehand, the best of eight runs; the figure below has six of the positions.

# %%
sp.explore()  # two sliders, where the notebook runs

# %% figure
plane = sp.plane()  # models that were trained beforehand, each the best of eight runs
plots.show(
    plane.plot(),
    "Columns of W for three densities and two kinds of importance: four, four and five arrows where importance is even; two, three and four where it falls steeply.",
    caption="Six of the forty models behind the sliders. From left to right features become rarer. Above, all five count the same; below, each counts half as much as the one before. An arrow shorter than 0.3 is grey with a hollow dot, and its feature is counted as dropped.",
)

# %% [markdown]
# From left to right more arrows appear, because rare features collide rarely, and then sharing costs little. Where importance falls, the least important features are the first to be dropped, whereas chance decides who goes where all count the same.
#
# All this was the best of several runs, and a single run can be another matter. We train at eight densities from sixteen random starts each, again with importances $0.9^i$, and count in how many runs the five arrows form a pentagon.

# %% prediction
predict("superposition.shape")

# %% figure answer
density = 50 ** -torch.linspace(0, 1, 8)  # from 1 (always active) to 0.02 (one time in fifty)
toy = sp.Toy(5, 2, tuple(density.tolist()), importance=importance)
five = sp.train(toy, sp.Recipe(steps=1000, batch=384, lr=0.02, anneal=True), seeds=16, show=False)
shapes = sp.Shapes.of(five)
pentagons = shapes.counts(3)["pentagon"]
plots.show(
    shapes.plot(),
    "Best models by density: two arrows at right angles, then a square of two opposite pairs, then a pentagon; bars count the shapes of all 16 runs.",
    caption="Above, the run with the lowest loss at each density, with importances 0.9^i; a number that is missing is a feature that was dropped. Below, how many of 16 runs form each shape. Two antipodal pairs at right angles count as a square, even where an arrow is short.",
)
measured("superposition.shape", "0 to 4" if pentagons < 5 else "5 to 12" if pentagons < 13 else "13 to 16")

# %% [markdown]
# <details><summary>What came out (open after your prediction)</summary>
#
# The best of sixteen runs goes from two arrows at right angles, by way of three, to a square, which drops the least important feature, and then to a pentagon. At p = 0.19 the runs divide: about half end in a square and the others in a pentagon, although nothing differs but their random starts and the samples that they happen to draw. From p = 0.06 on nearly all of them find the pentagon.
# </details>
#
# > As features become rarer, more of them are kept: from two arrows to five.

# %% claims
best, gaps = shapes.best_readings(), sp.angle_gaps(shapes.best.W[0, -1])
dense = shapes.best.W[0, 0]
right_angle = torch.cosine_similarity(dense[:, 0], dense[:, 1], dim=0).abs() < 0.1
with claims():
    claim("the model trained in the loop ends as a pentagon", sp.read_plane(seen[1000]).polygon == 5 and sp.read_plane(seen[0]).polygon == 0)
    claim("always active, the best model keeps the two most important features at right angles (within 6 degrees)", best[0].dropped == {2, 3, 4} and bool(right_angle))
    claim("rarer, it makes two antipodal pairs and drops the least important feature (p = 0.33)", len(best[2].antipodal) == 2 and best[2].dropped == {4})
    claim("rarer still, it makes a pentagon (from p = 0.11 on)", all(r.polygon == 5 for r in best[4:]))
    claim("neighbours in the pentagon are 72° apart (within 4 degrees, at p = 0.02)", (gaps - 72).abs().max() < 4)
    claim("at p = 0.19 about half of the runs (five to nine) end in a square, and the others in a pentagon", 5 <= shapes.counts(3)["square"] <= 9 and shapes.counts(3)["square"] + pentagons == 16)
    found = [[sorted(sp.read_plane(W).dropped) for W in row] for row in plane.W]  # (density, factor)
    six = [[found[k][j] for k in (1, 2, 6)] for j in (0, 4)]  # the models in the figure
    claim("in the figure four, four and five features are kept where importance is even, two, three and four where it is halved each time", [[5 - len(d) for d in row] for row in six] == [[4, 4, 5], [2, 3, 4]] and round(float(plane.decay[4]), 2) == 0.5 and plane.loss.numel() == 40)
    claim("where importance falls, the least important ones are dropped first, in all models behind the sliders; where it is even this is not so", all(d == list(range(5 - len(d), 5)) for row in found for d in row[1:]) and any(row[0] != list(range(5 - len(row[0]), 5)) for row in found))
    claim("from p = 0.06 on nearly all find the pentagon (at least fourteen of sixteen)", min(shapes.counts(k)["pentagon"] for k in (5, 6, 7)) >= 14)

# %% [markdown]
# ## 3 · What a pentagon does about its leaks
#
# In an antipodal pair the leak is negative, and the ReLU removes it. In a pentagon neighbouring arrows are only 72° apart, so that the leak between them is *positive* and the ReLU lets it pass. By what we know so far a pentagon should not work, and yet training finds one wherever features are rare.
#
# Take arrows of length 1, and let input 0 be 0.8 and all others 0. The reading of feature 0 is 0.8. Each of its neighbours has the reading $0.8\cos 72° ≈ 0.25$, which becomes an output although it should be 0, while the two others have $0.8\cos 144° ≈ -0.65$, which the ReLU removes. With such leaks a pentagon is a bad idea: at $p = 0.02$ it loses 21 % of the variance, and a square, which drops the least important feature altogether, only 17 %.
#
# Before you look at what training does about the leaks, try to mend the pentagon by hand. Two numbers are free, the same for all five: the length of the arrows, and the bias, which is added to every reading before the ReLU. Here are four settings; the best were found by trying. In a running notebook the two sliders below them try any other, and draw the bias as water: a negative bias raises the waterline, and only what stands out of it becomes an output.

# %%
def lost_by(length, bias):  # five arrows at 72°, in % of the variance
    W, b = length * sp.polygon(5), torch.full((5,), bias)  # (hidden, feature), (feature,)
    return 100 * sp.share_lost(W, b, 0.02, importance)


settings = {"length 1, no bias": (1.0, 0.0), "best length, no bias": (0.92, 0.0),
            "length 1, best bias": (1.0, -0.12), "best of both": (1.15, -0.27)}  # fmt: skip
rows = [{"pentagon": k, "length": v[0], "bias": v[1], "% lost": lost_by(*v)} for k, v in settings.items()]
table(rows)

# %%
sp.try_pentagon(0.02, importance)  # two sliders, where the notebook runs

# %% [markdown]
# Without a bias no length helps much. The best one is even a little shorter than 1, since all that it can do is to make everything smaller, and with it the pentagon loses about as much as the square: five arrows would have no advantage over four. A bias changes this. At length 1 it halves the loss, and where the arrows may grow with it, less than half of what the square loses is left.
#
# The next figure shows how length and bias work together. Panel 1 is the pentagon with which we began; the others are the best of the sixteen runs at $p = 0.02$, which we call the trained pentagon from here on.

# %% figure
W, b = shapes.best.W[0, -1], shapes.best.b[0, -1]  # the best of sixteen runs at p = 0.02
x = torch.zeros(3, 5)  # (sample, feature)
x[0, 0], x[1, 0], x[2, 0], x[2, 1] = 0.8, 0.2, 0.8, 0.8
dives = [
    sp.Dive("1. arrows of length 1, no bias", sp.regular(W), torch.zeros(5), x[0]),
    sp.Dive("2. the trained pentagon", W, b, x[0]),
    sp.Dive("3. trained, a weak input", W, b, x[1]),
    sp.Dive("4. trained, two neighbours", W, b, x[2]),
]
plots.show(
    sp.waterline_figure(dives),
    "Bars of five readings and a waterline, four times: without a bias two leaks stand out; in the trained pentagon they drown and bar 0 is right; a weak input drowns; two neighbours are too tall.",
    caption="The bias as water: a negative bias raises the waterline, and the output is what stands out of it (the number above each bar). The small pentagons show the arrows, turned so that arrow 0 points up, and the hidden numbers h as a diamond. In panel 4 two inputs push h beyond the circle; the bar with a small arrow at its foot goes further down, to the reading beside it.",
)

# %% [markdown]
# Training has found the remedy that you may have found by hand. In the picture the negative biases are a waterline, under which most of a leak drowns (panel 2). The water covers the foot of bar 0 too, and the model makes up for this with longer arrows: arrow 0 has length 1.156, so that its reading is $0.8 \cdot 1.156^2 ≈ 1.07$, of which $1.07 - 0.26 = 0.81$ stands out.
#
# The remedy has its price. A weak input drowns with the leaks (panel 3), and two neighbours that are active together lift each other too high (panel 4). The next figure adds up what all this costs, at every density.

# %% figure
plots.show(
    sp.plane_figure(five),
    "Left, loss over density for five features in the plane: two arrows flat at 54 percent, a square falling to 17, the trained models falling to 7. Right, bars at four densities: collisions shrink, leaks and own output stay together at about 4 percent.",
    caption="Left, black: the best of sixteen trained models at each density. Grey, made by hand: two arrows, a square that drops one feature, a pentagon of length 0.92 without a bias. Right, the loss of the trained pentagons at the four lowest densities, by cause. Collisions: all errors in samples with two or more active features. In the other samples leaks are the errors of silent features, and own output is the error of the active one. Errors count by importance, so that two arrows lose 54 % and not 60 %.",
)

# %% [markdown]
# From $p = 0.11$ down the black curve lies below all the grey ones: that is the advantage of the pentagon with its water. At $p = 0.02$ it loses 7 %, where the square loses 17 %.
#
# The bars show two kinds of errors. Collisions need two active features, and so they fade as features become rarer. Leaks and errors of the own output need only one. When $p$ falls to half, these errors happen about half as often, but the variance is about half as large as well, and so their share of it hardly changes: it stays between 4 and 5 % from $p = 0.06$ down. The puzzle's model, at $p = 0.035$ and with equal importances, loses 9 to 10 %, and a little more than half of this in collisions.
#
# > A negative bias drowns the leaks between neighbours, and longer arrows make up for what it takes away. Without the bias, and with these importances, five arrows would be no better than four.

# %% claims
readings, x_hat = x @ W.T @ W, torch.relu(x @ W.T @ W + b)
near = (W.mT @ W)[~torch.eye(5, dtype=torch.bool)].view(5, 4).sort().values[:, 2:]  # the two neighbours of each
samples = sp.generate_batch(torch.full((1, 5), 0.02), 400_000, torch.Generator().manual_seed(0))[0]
total = importance.sum() * sp.variance(torch.tensor(0.02))  # 100 % of the variance
error = {name: (importance * (samples - torch.relu(samples @ V.T @ V + c)) ** 2).sum(1) / total for name, V, c in (("trained", W, b), ("plain", sp.polygon(5), 0 * b))}
loses, square = {name: float(e.mean()) for name, e in error.items()}, sp.square_share(torch.tensor(0.02), importance).item()
plain_readings = dives[0].readings.sort().values
with claims():
    claim("with arrows of length 1 the readings are 0.8, two of 0.25 and two of −0.65 (within 0.005)", bool(((plain_readings - torch.tensor([-0.647, -0.647, 0.247, 0.247, 0.8])).abs() < 0.005).all()))
    claim("arrow 0 has length 1.156 (within 0.001), its bias is −0.26, and all biases are negative (between −0.25 and −0.29)", abs(W[:, 0].norm() - 1.156) < 0.001 and abs(b[0] + 0.26) < 0.005 and between(b, -0.29, -0.25))
    claim("the reading of feature 0 is 0.8 · 1.156² ≈ 1.07, and 1.07 − 0.26 = 0.81 stands out (within 0.01)", round(0.8 * 1.156**2, 2) == 1.07 and abs(readings[0, 0] - 1.07) < 0.01 and abs(x_hat[0, 0] - 0.81) < 0.01)
    claim("its neighbours' readings are about 0.3, of which most drowns: about 0.04 stands out (within 0.02)", between(readings[0].sort().values[2:4], 0.28, 0.34) and between(x_hat[0].sort().values[2:4], 0.02, 0.06))
    claim("a feature that is active at 0.2 comes out as 0.01 (within 0.01)", abs(x_hat[1, 0] - 0.01) < 0.01)
    claim("two neighbours at 0.8 both come out too tall (by 0.25 to 0.4)", between(x_hat[2, :2] - 0.8, 0.25, 0.4))
    claim("at p = 0.02 the trained pentagon loses 7 %, and the square 17 %", round(100 * loses["trained"]) == 7 and round(100 * square) == 17)
    bars = [sp.causes(shapes.best.W[0, k], shapes.best.b[0, k], float(density[k]), importance) for k in (5, 6, 7)]
    own = sp.causes(puzzle, puzzle_b, 0.035, torch.ones(5))
    claim("the model of the puzzle loses 9 to 10 %, and a little more than half of this are collisions (0.5 to 0.6)", between(100 * sum(own.values()), 9, 10) and between(own["collisions"] / sum(own.values()), 0.5, 0.6))
    claim("from p = 0.06 down the collisions shrink, each time by more than a third", all(bars[k + 1]["collisions"] < 2 / 3 * bars[k]["collisions"] for k in (0, 1)))
    claim("from p = 0.06 down leaks and own output together stay between 4 and 5 %", between([bar["leaks"] + bar["own output"] for bar in bars], 0.04, 0.05))
    claim("a pentagon with arrows of length 1 and no bias loses 21 % at p = 0.02", round(100 * loses["plain"]) == 21)
    by_hand = {name: lost_by(*setting) for name, setting in settings.items()}
    near_by = [(0.90, 0.0), (0.94, 0.0), (1.0, -0.10), (1.0, -0.14), (1.13, -0.27), (1.17, -0.27), (1.15, -0.25), (1.15, -0.29)]
    near_by = torch.tensor([lost_by(*setting) for setting in near_by])
    claim("the settings in the table are the best of their kind: 0.02 more or less of a length or a bias loses more", all(bool((near_by[k] > by_hand[name]).all()) for name, k in (("best length, no bias", [0, 1]), ("length 1, best bias", [2, 3]), ("best of both", [4, 5, 6, 7]))))
    claim("with its best length, and without a bias, the pentagon loses about as much as the square (within a point)", abs(by_hand["best length, no bias"] - 100 * square) < 1)
    claim("at length 1 a bias halves the loss, and with length and bias together it is less than half of the square's", about(by_hand["length 1, best bias"], by_hand["length 1, no bias"] / 2) and by_hand["best of both"] < 50 * square)
    claim("training comes within half a point of the best pentagon by hand", abs(100 * loses["trained"] - by_hand["best of both"]) < 0.5)
    rare = range(4, 8)  # p = 0.11 and below
    lost = [sp.share_lost(shapes.best.W[0, k], shapes.best.b[0, k], float(density[k]), importance) for k in rare]
    claim("the pentagon loses less than the square, the two arrows, and the pentagon without a bias at each density from p = 0.11 down", all(v < min(0.53, sp.square_share(density[k], importance), sp.share_lost(0.92 * sp.polygon(5), torch.zeros(5), float(density[k]), importance)) for v, k in zip(lost, rare, strict=True)))
    claim("two arrows lose 54 %, the square less than that from p = 0.5 down", round(100 * float(importance[2:].sum() / importance.sum())) == 54 and sp.square_share(torch.tensor(0.5), importance) < 0.54)

# %% [markdown]
# ## 4 · Three formulas against training
#
# For two features in one dimension a short calculation tells beforehand what training ought to find. Let their importances be 1 and $r$, and the density of both $p$. If arrows have length 1 or 0 and a pair has no bias, there are three things that a model may do.
#
# - *Keep feature 1* and drop feature 2. The bias can still return the mean of the dropped feature, $p/2$. What remains is its variance, $\mathbb E[x^2] - \mathbb E[x]^2 = p/3 - p^2/4$, times its importance: $\;r\,(p/3 - p^2/4)$.
# - *Keep feature 2* and drop feature 1: $\;p/3 - p^2/4$.
# - *Antipodal pair.* It is wrong only if both are active, which has probability $p^2$, and then each is wrong by the smaller of the two. The mean square of the smaller of two uniform numbers is $1/6$: $\;p^2(1 + r)/6$.
#
# The smallest of the three is the prediction. At $p = 0.3$ and $r = 0.5$ they are about 0.039, 0.078 and 0.023, so that a pair is predicted. The same comparison for every $p$ and $r$ gives a map: where features are dense, the more important one should be kept alone, and where they are rare, both. Elhage et al. speak of a phase change at its border, because there the best of these three becomes another one all at once.
#
# Then we train at each point of a grid of 13 densities and 13 importances, eight times each. A map that is right on most of the grid may be right for a simple reason, so we compare it with a **null**, the score of a guess that uses nothing of the theory: that every model becomes an antipodal pair.

# %% prediction
predict("superposition.one_run")

# %% figure answer
p, r = torch.logspace(0, -2, 13), torch.logspace(-1, 1, 13)  # density, importance
recipe = sp.Recipe(steps=400, batch=128, lr=0.05, anneal=True)
grid = sp.train(sp.PhaseDiagram.toy(p, r), recipe, seeds=8, show=False)
phases = sp.PhaseDiagram.of(grid, p, r)
plots.show(
    phases.plot(),
    "A grid over density and importance, shaded by how many of eight runs end as the formulas say: nearly all where one feature is best kept alone, about five where a pair is best; five crosses on the border.",
    caption="How many of the eight runs at each point end as the formulas say, and in orange the border of their map. Where a pair is best, the shade is uneven: many runs end without one, also far from the border. Crosses: the points where even the best of the eight runs is another solution.",
)
missed = float((phases.per_seed != 2)[:, phases.predicted == 2].float().mean())  # where a pair is predicted
guesses = {"about one in a hundred": 0.01, "about one in ten": 0.1, "about one in three": 1 / 3, "about two in three": 2 / 3}
measured("superposition.one_run", min(guesses, key=lambda guess: abs(guesses[guess] - missed)))

# %% [markdown]
# <details><summary>What came out (open after your prediction)</summary>
#
# Of all runs where a pair is predicted, more than a third end without one, and not only near the border.
# </details>
#
# The map itself is right: if one takes the best of the eight runs, it agrees with the map on 97 % of the grid, where the null reaches 76 %. At the five exceptions training knows better than the map: it has found pairs, and with lengths and biases of their own these lose less than the best of the three formulas allows (the deeper notebook follows this up). To see why so many single runs miss the pair where it is best, look at the landscape of the loss over both weights, at the point $p = 0.1$ and $r = 0.5$ of the map. Training rolls down from where it starts.

# %% figure
starts = (2 / 3) ** 0.5 * torch.randn(30, 2, generator=torch.Generator().manual_seed(0))  # as those of the grid
paths, ends = sp.descend(0.1, 0.5, starts)
plots.show(
    sp.surface_figure(0.1, 0.5, paths, ends),
    "The loss over two weights, with deep basins at (1, −1) and (−1, 1) and shallow ones near (1, 0) and (−1, 0). From opposite signs descent reaches a deep one, from the same sign a shallow one.",
    caption="The loss over both weights; each output has its best bias, and white is a loss above 60 %. The two dark basins are the two antipodal pairs. Thirty random starts (hollow) and where gradient descent leads them (full).",
)

# %% [markdown]
# Every start with opposite signs reaches a pair. Every start with the same sign gets stuck beside $(1, 0)$ or $(-1, 0)$, and loses as much as if it had dropped feature 2. To reach the pair from there, $w_2$ would have to pass through 0, where even the best model loses slightly more, and descent does not go uphill. Such an end, which no small step improves although a better one may exist elsewhere, is a **local minimum**. On the grid, too, most runs that miss a pair start with the same sign.
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
    simulated[name] = {"formula": float(formula), "simulated": loss.item()}
failed = phases.failures_by_start(sp.train(sp.PhaseDiagram.toy(p, r), sp.Recipe(steps=0), seeds=8, show=False).W)
beyond = phases.worse(phases.measured)
wrong = beyond.nonzero()
pairs, beaten = grid.best(), []  # at each exception: what the trained model loses over the least of the three formulas
for i, j in wrong.tolist():
    x, k = sp.generate_batch(p[i].expand(1, 2), 1_000_000, torch.manual_seed(2)), i * len(r) + j
    price = sp.loss(x, sp.forward(x, pairs.W[0, k], pairs.b[0, k][None]), pairs.toy.importance[k])
    beaten.append(float(price / sp.phase_losses(p[i], r[j]).min()))
with claims():
    claim("at p = 0.3 and r = 0.5 the three losses are 0.039, 0.078 and 0.023 (rounded)", all(abs(v["formula"] - goal) < 0.00051 for v, goal in zip(simulated.values(), (0.039, 0.078, 0.023), strict=True)))
    claim("the three formulas give the simulated losses of a million samples (within 1 %)", all(abs(s["simulated"] / s["formula"] - 1) < 0.01 for s in simulated.values()))
    claim("against the best of eight runs the formulas are right on 97 % of the grid (within half a point)", between(phases.agreement(), 0.965, 0.975))
    claim("there are five exceptions", int(beyond.sum()) == 5)
    claim("there training has found pairs, which lose less than the least of the three formulas", bool((phases.measured[beyond] == 2).all()) and max(beaten) < 1)
    claim("the null scores 76 % (within a point)", between(phases.always_antipodal(), 0.75, 0.77))
    claim("more than a third of the runs where a pair is predicted end without one (0.34 to 0.42)", between(missed, 0.34, 0.42))
    same_missed, other_missed = (failed[k].share * failed[k].failed for k in ("same sign", "opposite signs"))
    claim("most runs that miss a pair are runs that start with the same sign (more than nine in ten)", same_missed > 9 * other_missed)
    places = phases.errors_by_place()
    claim("far from the border runs miss the pair too: most exceptions lie there, in the sparse part (more than four in five)", places["sparse"] > 0.8 * sum(places.values()))
    same, last = starts.prod(1) > 0, paths[-1] * paths[-1, :, :1].sign()  # the mirror image (−1, 1) of (1, −1) is the same pair
    claim("every start with opposite signs reaches (1, −1) or (−1, 1) (within 0.02), every other ends near (1, 0) or (−1, 0) (within 0.2)", bool(((last[~same] - torch.tensor([1.0, -1.0])).abs() < 0.02).all()) and bool(((last[same] - torch.tensor([1.0, 0.0])).abs() < 0.2).all()))
    claim("pairs lose 5 %, the others 33 %, as much as if they had dropped feature 2", bool(((100 * ends[~same]).round() == 5).all()) and bool(((100 * ends[same]).round() == 33).all()) and round(100 * float(sp.phase_losses(torch.tensor(0.1), torch.tensor(0.5))[0] / (1.5 * sp.variance(torch.tensor(0.1))))) == 33)
    claim("at w₂ = 0 even the best model loses slightly more (by less than a point)", 0 < sp.surface(0.1, 0.5, torch.linspace(0.8, 1.3, 101), torch.zeros(1)).min() - ends[same].max() < 0.01)

# %% [markdown]
# ## 5 · From arrows to a matrix
#
# With more than two dimensions the arrows can hardly be drawn, and we need something else to look at. The hidden numbers themselves will not do. Suppose that we turn all arrows of a trained model together, as in the left half of the figure. Every hidden number changes, but the readings do not, because a reading is made of lengths and angles, which a turn leaves alone. The turned model therefore gives the same outputs and has the same loss, and training might just as well have ended there.

# %% figure
W = shapes.best.W[0, -1]  # (hidden, feature): the pentagon trained at p = 0.02
plots.show(
    sp.gram_figure(sp.upright(W), 130),
    "A pentagon, the same pentagon turned, and the matrix that both have: 1.3 on the diagonal, 0.4 for neighbours, −1.1 for the others.",
    caption="The trained pentagon of section 3 (p = 0.02, importances 0.9^i), the same after a turn, and their WᵀW. On the diagonal: the squared lengths, which tell whether a feature is kept at all. Purple off the diagonal: neighbours, whose positive leaks the bias has to drown. Brown: the other two, whose negative leaks the ReLU removes.",
)

# %% [markdown]
# What the two models have in common stands in the right half: the matrix $W^\top W$, of shape (feature, feature), whose entry in row $i$ and column $j$ is $W_i\cdot W_j$. That is what input $j$, when it is 1, adds to the reading of feature $i$, so that the matrix is a table of all leaks. In formulas, a turn replaces $W$ by $RW$ with $R^\top R = I$, and $(RW)^\top RW = W^\top W$.
#
# > Lengths and angles of the arrows survive every turn of the hidden space, and $W^\top W$ holds all of them. Single hidden numbers do not survive it.

# %% [markdown]
# ## 6 · Twenty features in five dimensions
#
# Now twenty features are to share five dimensions, and their importance falls from 1 to 0.01. $W^\top W$ tells which of them share with which, once its rows and columns are sorted well. We put two features into one **block** if their arrows are far from a right angle ($|\cos| > 0.2$), or if a chain of other features links them, and sort by block.

# %% figure
densities = (1.0, 0.16, 0.025)
toy = sp.Toy(20, 5, densities, importance=100 ** -torch.linspace(0, 1, 20))
twenty = sp.train(toy, sp.Recipe(steps=1000, batch=256, lr=0.015, anneal=True), seeds=8, show=False)
crowd = sp.CrowdedModels.of(twenty)
plots.show(
    crowd.plot(),
    "W-transpose-W of three models with boxes on the diagonal: five single features; five pairs; two pairs and a block of nine features.",
    caption="The best of eight runs at each density: WᵀW of the features that are kept, sorted by block, in the colours of section 5. Each box is a block. The rarer the features are, the more of them are kept, and the larger is the matrix. Arrows of different blocks have a |cos| below 0.1, so that the limit of 0.2 cuts no close case. As a control, thirteen random directions form one single block.",
)

# %% [markdown]
# Outside the boxes the matrix is nearly white: nobody asked for groups, but the model has divided its features into groups that leave one another alone. Dense features stand alone, rarer ones form pairs, and at $p = 0.025$ two pairs are left beside one large block of nine.
#
# To say how crowded a block is we need a measure, and the plane shows us one. Drop a perpendicular from the tip of every arrow onto the line of arrow 0. The farther out the foot of the perpendicular lies, the more that arrow leaks into the reading of feature 0, and we measure this by the square of its distance from the middle. We take squares because of Pythagoras: on lines at right angles to one another, the squares of an arrow's feet add up to the square of its length, so that nothing of an arrow is counted twice. A negative leak counts as much as a positive one, although the ReLU removes it where one feature is active alone. The measure says how arrows share room, and not what the sharing costs; in a collision negative leaks do harm (section 1).

# %% figure
cases = {"alone": sp.polygon(5)[:, :1], "antipodal pair": sp.polygon(2), "pentagon": sp.regular(W)}
plots.show(
    sp.share_figure(cases),
    "One arrow, a pair and a pentagon with the perpendiculars of all arrows onto arrow 0, and bars of their squares: the own piece is 1 of 1, 1 of 2 and 1 of 2.5.",
    caption="Arrows of length 1. Circles on the grey line: the feet of the perpendiculars; in the pentagon two each lie on one another. Below, the squared distances of the feet from the middle, side by side, in the colours of the arrows.",
)

# %% [markdown]
# The other arrows' part of the bar is the **interference** with feature 0, and the share of the feature's own piece is its **dimensionality** $D_0$, the fraction of a dimension that it has to itself. With $\hat W_i = W_i / \|W_i\|$, the direction of feature $i$, the same in formulas:
#
# $$\text{interference}_i = \sum_{j\ne i}(\hat W_i\cdot W_j)^2, \qquad D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i\cdot W_j)^2} .$$
#
# The sum in the denominator includes $j = i$. Only the arrow on whose line we project is normalised; the others keep their lengths, because a longer arrow disturbs more. The trained pentagon of section 3 has longer arrows than the one in the picture, and therefore more interference, but the same dimensionality:

# %%
W = shapes.best.W[0, -1]  # (hidden, feature): the trained pentagon
G = W.T @ W  # (feature, feature): W_i · W_j
squared = G**2 / G.diagonal()[:, None]  # row i: the squared feet of all arrows on the line of arrow i
interference = squared.sum(1) - squared.diagonal()  # (feature,)
D = squared.diagonal() / squared.sum(1)  # (feature,)
interference.round(decimals=2), D.round(decimals=2)

# %% [markdown]
# For groups like those above, the dimensionalities add up to the dimensions that the group occupies: $2 \cdot \tfrac12 = 1$ for a pair and $5\cdot\tfrac25 = 2$ for a pentagon. The sum cannot be larger than the number of dimensions (the deeper notebook has the proof). For the twenty features we add them up block by block. A single feature occupies one dimension, a pair one as well, and the large block three: nine features in three dimensions, more to a dimension than in a pair or a pentagon. At both lower densities the sums are whole numbers to within 0.07 in all eight runs, although the blocks differ from run to run. This is a surprise, because nothing in the loss asks for whole dimensions, and yet each block takes whole ones. The deeper notebook draws such a block.
#
# > $W^\top W$, sorted by block, shows which features share dimensions, and the sum of their dimensionalities says how many dimensions they share.

# %% claims
kept, runs = sp.represented(twenty.W), [crowd.blocks(k) for k in range(3)]  # (run, density); for each density, of each run
sizes = [[sorted(len(b.features) for b in blocks) for blocks in found] for found in runs]
first = [sorted(len(b.features) for b in sp.blocks(V)) for V in twenty.best().W[0]]
sums = torch.tensor([b.dimensions for found in runs[1:] for blocks in found for b in blocks])
across = []  # the largest |cos| between different blocks of the models in the figure
for V in twenty.best().W[0]:
    unit, groups = sp.directions(V), [list(block.features) for block in sp.blocks(V)]
    across += [(unit[:, a].mT @ unit[:, c]).abs().max() for i, a in enumerate(groups) for c in groups[:i]]
R = torch.tensor([[-0.6, -0.8], [0.8, -0.6]])  # a turn
leak = [sp.interference(V)[sp.column_norms(V) > 0.5] for V in twenty.best().W[0]]
with claims():
    claim("a turn changes every hidden number and leaves WᵀW", torch.allclose((R @ W).T @ (R @ W), W.T @ W, atol=1e-5) and bool(((R @ W - W).abs() > 0.02).all()))
    claim("in the trained pentagon D is 2/5, the diagonal 1.3, neighbours 0.4 and the others −1.1 (each within 0.1)", bool(((D - 0.4).abs() < 0.005).all()) and ((W.T @ W).diagonal() - 1.32).abs().max() < 0.1 and (near - 0.41).abs().max() < 0.06 and ((W.T @ W).sort().values[:, :2] + 1.07).abs().max() < 0.1)
    claim("interference is about 2 in the trained pentagon (within 0.1), and 1.5 in one with arrows of length 1", bool(((interference - 2).abs() < 0.1).all()) and about(sp.interference(sp.polygon(5)), 1.5))
    claim("D is 1 alone, 1/2 in a pair and 2/5 in a pentagon", about(sp.feature_dimensionality(sp.polygon(1)), 1) and about(sp.feature_dimensionality(sp.polygon(2)), 1 / 2) and about(sp.feature_dimensionality(sp.polygon(5)), 2 / 5))
    claim("in the dense model five features are kept, each alone and without interference (below 0.05), in at least seven of the eight runs", sizes[0].count([1] * 5) >= 7 and first[0] == [1] * 5 and leak[0].max() < 0.05)
    claim("at p = 0.16 the best run keeps ten in five pairs, with an interference of about 1; the others nine or ten, in pairs or alone", first[1] == [2] * 5 and bool(about(leak[1].median(), 1)) and between(kept[:, 1], 9, 10) and all(max(size) == 2 for size in sizes[1]))
    claim("at p = 0.025 the best run has two pairs, and nine features share three dimensions", first[2] == [2, 2, 9] and abs(sp.blocks(twenty.best().W[0, 2])[-1].dimensions - 3) < 0.07)
    claim("the dimensionalities of every block of all eight runs sum to a whole number (at p = 0.16 and 0.025, within 0.07)", (sums - sums.round()).abs().max() < 0.07)
    claim("at p = 0.025 nearly every run (at least seven of eight) has one or two pairs and one large block, of eight to twelve", sum(set(size[:-1]) == {2} and len(size) <= 3 and between(size[-1], 8, 12) for size in sizes[2]) >= 7)
    claim("in the figure blocks stand nearly at right angles to one another (|cos| below 0.1)", max(across) < 0.1)
    claim("every one of them keeps twelve to fourteen", between(kept[:, 2], 12, 14))
    claim("thirteen random directions in five dimensions form a single block in each of a hundred draws", all(len(sp.blocks(sp.random_directions(13, 5, torch.Generator().manual_seed(s)))) == 1 for s in range(100)))
    claim("the dimensionalities sum to 5 within 0.1 in the best run of each density", between(sp.feature_dimensionality(twenty.best().W[0]).sum(-1), 4.9, 5.001))

# %% [markdown]
# ## 7 · The waterline in 768 dimensions
#
# Let us return to the language model. The **linear representation hypothesis** claims that real networks work like our toy: “is French” or “names a bridge” would be a direction in the space of activations, its strength the distance in that direction, and several features at once their sum. There are known exceptions, such as days of the week laid out on a circle (Engels et al. 2024, [arXiv 2405.14860](https://arxiv.org/abs/2405.14860)). If the hypothesis holds, how many features fit into 768 dimensions?
#
# Only 768 arrows can be exactly at right angles. But the pentagon did without right angles, and so we look at the angles that come for free, between directions that are drawn at random.

# %% figure
plots.show(
    sp.right_angles_figure(),
    "Four histograms of angles: flat in 2 dimensions, a wide hump around 90 degrees in 10, a narrow one in 100, a spike in 768.",
    caption="Angles between two random directions, 20,000 pairs for each number of dimensions.",
)

# %% [markdown]
# In the plane every angle is equally likely. With more dimensions the angles close in on 90°, and in 768 dimensions nearly every pair comes within 6 degrees of a right angle, although nobody arranged it. This is the room that superposition uses: one can have thousands of arrows and still find nearly any two of them almost at right angles, so that each leaks only a little into the others.
#
# But can one tell from the reading of a feature whether it is on? Small leaks can still add up. Give $n$ features random directions in $d$ dimensions, and read one of them. The leaks of all others together are a noise with the mean square
#
# $$(n-1)\;\cdot\; p \;\cdot\; \tfrac13 \;\cdot\; \tfrac1d,$$
#
# which is how many others there are, how often each is active, how large its square is then ($\mathbb E[x^2] = 1/3$), and the mean square of its cosine. Ten thousand features, drawn at random and read once:

# %%
d, n, p = 768, 10_000, 0.01
directions = torch.nn.functional.normalize(torch.randn(d, n), dim=0)  # (dimension, feature)
cosines = directions[:, 0] @ directions[:, 1:]  # of feature 0 with all others
others = (torch.rand(1000, n - 1) < p) * torch.rand(1000, n - 1)  # (sample, feature)
noise = others @ cosines  # what the others add to the reading of feature 0
round(float(noise.square().mean()), 3), round((n - 1) * p / (3 * d), 3)

# %% [markdown]
# The formula, on the right, gives 0.043; one draw of directions gives a little more or less. The root of 0.043 is 0.21, about as much as a neighbour leaked in panel 1 of section 3. There a waterline near a quarter helped, so we draw the same picture for 120 of the ten thousand features. Three of the 120 are active, the others are silent, and the features outside the picture are active as chance will have it.

# %% figure
counts = {0.01: (1_000, 3_000, 10_000), 0.001: (10_000, 30_000)}  # numbers of features, by density
off = {p: {n: sp.random_readings(n, p) for n in numbers} for p, numbers in counts.items()}  # readings while off
wrong = {p: {n: sp.wrong_side(values) for n, values in found.items()} for p, found in off.items()}
shown = torch.zeros(120)  # (feature,): three of these are active
shown[[18, 55, 92]] = torch.tensor([0.9, 0.5, 0.7])
bars = {p: sp.readings_of(shown, 10_000, p) for p in counts}
plots.show(
    sp.crowd_figure(shown, bars, wrong),
    "Bars of 120 readings and a waterline at 0.25, twice. At p = 0.01 three active features stand out, and ten silent ones as well; at p = 0.001 only the three. Right, curves of wrong readings over the number of features, ten times later at a tenth of the density.",
    caption="Left, readings among 10,000 features in random directions of 768 dimensions. Dark blue: three active features; the black strokes are their strengths. Orange: silent features that stand out of the water. The other features are active with p = 0.01 above and 0.001 below. Right, the share of readings on the wrong side of the waterline, of features that are silent or active at 0.5, half of each. Dots are measured, lines follow from the formula if the noise is normally distributed.",
)

# %% [markdown]
# At $p = 0.01$ the water does not help enough. The three active features stand out, but ten silent ones stand out with them, and the bars do not tell which are which. A higher waterline would drown these ten, and with them every feature that is only weakly active. Of all ten thousand features about 100 are active at once, and more than a thousand others would look active beside them.
#
# At $p = 0.001$ the water is calm. The directions are the same, nothing was trained, and now only the three stand out. The formula says why. It contains $n$ and $p$ only as a product, so that features that are ten times rarer may be ten times as many. At $p = 0.001$ some ten of the ten thousand features, 13 for every dimension, are active at once, and beside these ten a few silent ones still stand out, where it was more than a thousand beside 100. So the puzzle, the pentagon and these 768 dimensions are one story: a waterline drowns small leaks, and rare features seldom add up to large ones. All this is for *random* directions, each feature read by itself. Trained directions can do better or worse.
#
# <details><summary>A guarantee: how many directions are sure to exist, if every two may have a cosine of up to ε in size?</summary>
#
# The cosine of two random ones exceeds $\varepsilon$ with probability at most $2e^{-d\varepsilon^2/2}$. Draw $N$ of them. They have fewer than $N^2/2$ pairs, so that the probability that any pair is too close is below $N^2 e^{-d\varepsilon^2/2}$. As long as this is at most 1, some draw succeeds. This guarantees that
#
# $$N = e^{d\varepsilon^2/4} \text{ directions with } |\cos| \le \varepsilon \text{ exist.}$$
#
# With $|\cos| \le 0.1$ it guarantees 6 in 768 dimensions, where an orthogonal basis already gives 768, and seventy billion in ten thousand dimensions.
# </details>
#
# > Random directions in many dimensions are nearly at right angles. How many features they can carry depends on how rarely the features are active.

# %% claims
drawn = [sp.random_directions(5_000, 768, torch.Generator().manual_seed(s)) for s in (2, 3)]
angles = torch.rad2deg((drawn[0] * drawn[1]).sum(0).arccos())
with claims():
    claim("in 768 dimensions nearly all random angles are within 6 degrees of a right angle (99 %)", ((angles - 90).abs() < 6).float().mean() > 0.99)
    u, v = (sp.random_directions(20_000, 50, torch.Generator().manual_seed(s)) for s in (0, 1))
    claim("on average (u·v)² is 1/d (20,000 pairs in 50 dimensions, within 5 %)", between((u * v).sum(0).square().mean() * 50, 0.95, 1.05))
    draws = [sp.disturbance(sp.random_directions(50, 20, torch.Generator().manual_seed(s)), 0.1).mean() for s in range(50)]
    claim("the formula holds on average over 50 draws of 50 random directions in 20 dimensions (within 3 %)", abs(torch.stack(draws).mean() / sp.expected_interference(50, 0.1, 20) - 1) < 0.03)
    claim("with 10,000 features at a density of 0.01 the formula gives 0.043, and its root is 0.21", round(sp.expected_interference(10_000, 0.01, 768), 3) == 0.043 and round(sp.expected_interference(10_000, 0.01, 768) ** 0.5, 2) == 0.21)
    claim("the noise of the one feature that is read has the mean square of the formula (within 30 %)", abs(noise.square().mean() / sp.expected_interference(10_000, 0.01, 768) - 1) < 0.3)
    claim("the readings scatter as the formula says (within 5 %)", all(abs(values.square().mean() / sp.expected_interference(n, p, 768) - 1) < 0.05 for p, found in off.items() for n, values in found.items()))
    claim("and every dot lies on its line (within half a point)", all(abs(wrong[p][n] - sp.expected_wrong_side(n, p)) < 0.005 for p in wrong for n in wrong[p]))
    claim("with 10,000 features at p = 0.01 one reading in nine lies on the wrong side", between(1 / wrong[0.01][10_000], 8.5, 9.5))
    silent = {p: int((values[shown == 0] > 0.25).sum()) for p, values in bars.items()}
    claim("in the figure ten silent features stand out of the water at p = 0.01 and none at p = 0.001; the three active ones always do", silent == {0.01: 10, 0.001: 0} and all(bool((values[shown > 0] > 0.25).all()) for values in bars.values()))
    spread = {d: torch.rad2deg((sp.random_directions(20_000, d, torch.Generator().manual_seed(0)) * sp.random_directions(20_000, d, torch.Generator().manual_seed(1))).sum(0).clamp(-1, 1).arccos()).std() for d in (2, 10, 100)}
    claim("in the plane every angle is equally likely (a spread of 180° / √12, within 1°), and the spread falls from 2 to 10 to 100 to 768 dimensions", abs(spread[2] - 180 / 12**0.5) < 1 and spread[2] > spread[10] > spread[100] > angles.std())
    claim("the root of the formula, 0.21, is as much as the leak of 0.25 in section 3, within a fifth", abs(sp.expected_interference(10_000, 0.01, 768) ** 0.5 / 0.247 - 1) < 0.2)
    beyond = (off[0.01][10_000] > 0.25).float().mean() * 9_900  # of the 9,900 that are off
    claim("of 10,000 features 100 are active on average, and more than a thousand others look active", beyond > 1000)
    claim("at p = 0.001 ten thousand features, 13 for every dimension, are read with hardly an error (fewer than one in a thousand is wrong)", wrong[0.001][10_000] < 0.001 and round(10_000 / 768) == 13)
    stray = float((off[0.001][10_000] > 0.25).float().mean()) * 9_990
    claim("among all ten thousand, ten of them active on average, a few silent ones stand out at p = 0.001 (two to nine)", between(stray, 2, 9))
    claim("features that are ten times rarer may be ten times as many (the noise is the same within 0.1 %)", all(abs(sp.expected_interference(10 * n, 0.001, 768) / sp.expected_interference(n, 0.01, 768) - 1) < 0.001 for n in counts[0.01]))
    claim("with |cos| ≤ 0.1 it guarantees 6 in 768 dimensions and seventy billion in ten thousand (within 5 %)", int(sp.almost_orthogonal_bound(768, 0.1)) == 6 and abs(sp.almost_orthogonal_bound(10_000, 0.1) / 7e10 - 1) < 0.05)

# %% [markdown]
# ## 8 · When a neuron means something
#
# A single hidden number is called a **neuron**. In section 5 we passed over neurons, because a turn changes all of them. Yet people often look at real neurons one by one, and sometimes they are right to do so.
#
# Take two features in two dimensions, one to a neuron, and turn both arrows by 45 degrees. Before the turn each neuron responds to one feature alone and is called **monosemantic**; after it each has weights of 0.7 in size for both, and is **polysemantic**. Nothing is lost, and nothing is in superposition, since the two arrows are still at right angles. So a polysemantic neuron is no proof of superposition: the choice of coordinates alone can make one.
#
# Coordinates matter only where something in the model treats them differently from other directions. A basis that is marked out in this way is called a **privileged basis**. Our toy has none, and the residual stream of a transformer hardly has one, because every matrix that reads or writes it could be turned along with it (the gains of LayerNorm and the optimiser do mark its coordinates a little). In an MLP it is different: a ReLU, or a function like it, acts on each neuron by itself. Elhage et al. study a toy with such neurons, which differs from ours by one ReLU,
#
# $$\hat x = \mathrm{ReLU}\big(W^\top\, \mathrm{ReLU}(W x) + b\big).$$
#
# We give it ten features and five neurons and train it on dense and on rare features, five runs each, and for comparison once more without the inner ReLU. A neuron *responds to* a feature if its weight for it is at least a quarter of its largest weight.

# %% prediction
predict("superposition.neurons")

# %% figure answer
toy = sp.Toy(10, 5, (0.5, 0.05), importance=0.8 ** torch.arange(10))
recipe = sp.Recipe(steps=1500, batch=256, lr=0.02)
with_relu = sp.train_neurons(toy, recipe, seeds=5, show=False)
without = sp.train_neurons(toy, recipe, seeds=5, linear=True, show=False)  # the control
plots.show(
    sp.neurons_figure(with_relu, neuron=3),
    "Weights of neurons by features with the inner ReLU: at p = 0.5 one outlined cell a row, at p = 0.05 most cells of every row. Below, the weights of one neuron as bars: one above the limit, then most.",
    caption="Weights of the best run at each density, with the inner ReLU; each row is a neuron, purple is positive, brown is negative. Outlined: the features to which it responds. Below, the row in the frame as bars. Bars that end in the grey zone are less than a quarter as long as the longest, and do not count.",
)
average = float(with_relu.answers_to()[:, 1].float().mean())
measured("superposition.neurons", "about one" if average < 2 else "about three" if average < 5 else "about seven")

# %% [markdown]
# <details><summary>What came out (open after your prediction)</summary>
#
# With the inner ReLU and dense features all 25 neurons are monosemantic: five features have a neuron each, and the other five are dropped. With rare features none is, and a neuron responds to about seven features on average. Without the inner ReLU neurons are mixtures at both densities. The count alone should not impress, since ten weights drawn at random respond to six or seven; what tells the models apart is the dense end.
# </details>
#
# Why do rare features spoil the neurons again? When features are dense, sharing does not pay, and the five that are kept get a neuron each, because in other directions about half of the hidden numbers would be negative and the inner ReLU would cut them off. When features are rare, sharing pays, as in section 1, and the inner ReLU cannot prevent it: five neurons return eight or nine features, so that some of them must serve several. Mixed neurons therefore have two causes. Without the inner ReLU it is the coordinates, since any turn of the hidden space would do as well; with it, at $p = 0.05$, it is superposition.
#
# **Two neurons of a real model.** The course's own model of Python code, `code-4l`, has 768 neurons in each of its four MLPs. A neuron that is nearly always quiet, and large now and then, has much of its variance in few tokens. So we ask of each neuron of layer 1 which share of its variance comes from the strongest hundredth of all tokens, in twelve programs of the course. The null is the same share after a random turn, whose coordinates are mixtures of all neurons.

# %%
def spikes(values):  # share of the variance in the strongest hundredth of the tokens
    squares = (values - values.mean(0)) ** 2  # (token, neuron)
    return squares.topk(len(squares) // 100, dim=0).values.sum(0) / squares.sum(0)


model = zoo.load("code-4l")
text, where = sp.programs(model), "blocks.1.mlp.hook_post"  # after the activation function
with torch.no_grad():
    _, cache = model.run_with_cache(text.tokens, names_filter=where, stop_at_layer=2)
values = cache[where][:, 1:].flatten(0, 1)  # (token, neuron), without the first token of each context
share, mixed = spikes(values), sp.turned(values)
round(float(share.median()), 2), round(float(spikes(mixed).median()), 2)

# %% [markdown]
# In the median neuron three quarters of the variance lie in one token out of a hundred, and after the turn an eighth. Activity is rare in the very coordinates in which the activation function acts, and in mixtures of them it is smeared out.
#
# But does a neuron that is seldom active mean one thing? We look at two, which are chosen by a rule. The first has the largest share of all neurons that reach half of their largest activation in at least nine of the twelve programs, so that no single program decides. The second is in the middle, number 384 of 768 in the order of the shares. Before you read on, look for what the tokens of each column have in common.

# %%
widely = (text.best(values) >= values.amax(0) / 2).sum(0) >= 9  # (neuron,)
seldom, middle = int((share * widely).argmax()), int(share.argsort(descending=True)[383])
columns = {f"neuron {n}": values[:, n] for n in (seldom, middle)} | {"null: a turned coordinate": mixed[:, 0]}
table(
    sp.strongest_lines(text, columns),
    caption="The strongest token of each of the twelve programs, between « and », "
    "and the text around it; the first eight of these. A line break is written ⏎.",
)

# %% [markdown]
# Neuron 185 seems to look for commas, but most commas of a program stand in code, and at these it is quiet: its mean activation is 2.2 at the commas of docstrings and 0.0 at all others. It responds to pauses in English sentences. Of the 33 tokens at which it is above half of its maximum, 28 lie in docstrings, to which only 7 % of all tokens belong. (The nine was chosen after a look at the data. With eight, ten or eleven programs the rule finds the same neuron, with seven or twelve another.)
#
# Neuron 250 is quiet most of the time, too, but when it speaks up it does not always say the same. Of its 50 tokens above half of the maximum 19 are the word `import`, and 12 are the letters `se`, as in `secret` or `second`. We see nothing that these have in common, and would call it polysemantic. In the turned coordinate we see no rule at all. The toy shows one way in which neurons like 250 may come about, rare features that share a neuron. Whether it is the reason here cannot be seen from two neurons.
#
# > A turn of the coordinates can make neurons polysemantic where nothing is in superposition. Only where something in the model marks the neurons out can one hope that a single one means something, and where features are rare, even that may not be enough.

# %% claims
one = with_relu.answers_to() == 1  # (run, density, neuron)
with claims():
    angle = torch.deg2rad(torch.tensor(45.0))
    turned = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])  # (neuron, feature)
    claim("after the turn both neurons respond to both features, with weights of 0.7 or −0.7", bool(((turned - torch.tensor([[0.7, -0.7], [0.7, 0.7]])).abs() < 0.01).all()))
    claim("the two arrows are still at right angles, and their lengths are still 1", torch.allclose(turned.mT @ turned, torch.eye(2), atol=1e-6))
    claim("with the inner ReLU, at p = 0.5, all 25 neurons respond to exactly one feature, each run's five to five different ones, and these five are returned (less than a quarter of their variance lost)", int(one[:, 0].sum()) == 25 and bool((with_relu.kept()[:, 0] == 5).all()) and all(len(set(W.abs().argmax(-1).tolist())) == 5 for W in with_relu.W[:, 0]))
    claim("the other five are dropped (more than nine tenths of their variance lost)", bool((with_relu.unexplained[:, 0].sort(-1).values[:, 5:] > 0.9).all()))
    claim("at p = 0.05 no neuron is monosemantic, and eight or nine features are returned", not one[:, 1].any() and between(with_relu.kept()[:, 1], 8, 9))
    claim("in the figure the neuron in the frame responds to one feature at p = 0.5, and to most of the ten at p = 0.05", [int((V[3].abs() >= 0.25 * V[3].abs().max()).sum()) > 5 for V in (with_relu.best(0), with_relu.best(1))] == [False, True])
    claim("without the inner ReLU neurons are mixtures at both densities: on average they respond to more than three features, and at most one of 25 to a single one", bool((without.answers_to().float().mean((0, 2)) > 3).all()) and bool(((without.answers_to() == 1).sum((0, 2)) <= 1).all()))
    mean = [kind.answers_to().float().mean((0, 2)) for kind in (with_relu, without)]  # (density,)
    claim("on average neurons respond to about seven features at p = 0.05 (within a third)", abs(with_relu.answers_to()[:, 1].float().mean() - 7) < 1 / 3)
    row = torch.randn(100_000, 10, generator=torch.Generator().manual_seed(0)).abs()
    claim("a row of ten random weights responds to six or seven features on average", 6 < float((row >= row.amax(1, keepdim=True) / 4).float().sum(1).mean()) < 7)
    rows, dense = sp.random_directions(200, 5, torch.Generator().manual_seed(0)), sp.generate_batch(torch.full((1, 5), 0.5), 500, torch.Generator().manual_seed(0))[0]
    claim("after a random turn about half of the hidden numbers are negative, at p = 0.5", between((dense @ torch.cat([rows, -rows], 1) < 0).float().mean(), 0.44, 0.54))
    claim("code-4l has 768 neurons in each of four MLPs, here read on 16,065 tokens of twelve programs", values.shape == (16_065, 768) and model.cfg.n_layers == 4 and model.cfg.d_mlp == 768 and len(text.program.unique()) == 12)
    wide = (text.best(values) >= values.amax(0) / 2).sum(0)
    found = [int((share * (wide >= k)).argmax()) for k in range(7, 13)]
    claim("with eight to eleven programs the rule finds neuron 185, with seven or twelve another", [n == 185 for n in found] == [False, *[True] * 4, False])
    claim("in the median neuron of layer 1 three quarters of the variance lie in one token of a hundred (74 to 77 %), after a turn an eighth (11 to 13 %)", between(share.median(), 0.74, 0.77) and between(spikes(mixed).median(), 0.11, 0.13))
    claim("the two neurons of the rule are 185 and 250", (seldom, middle) == (185, 250))
    comma = torch.tensor([word == "," for word in text.words])
    at = [float(values[comma & place, 185].mean()) for place in (text.in_docstring, ~text.in_docstring)]
    claim("at commas the mean activation of 185 is 2.2 in docstrings and 0.0 elsewhere, where most commas stand", [round(v, 1) for v in at] == [2.2, 0.0] and (comma & ~text.in_docstring).sum() > comma.sum() / 2)
    loud = {n: text.above_half(values[:, n]) for n in (185, 250)}
    claim("185 is above half of its maximum at 33 tokens, 28 of them in docstrings, to which 7 % of all tokens belong", (len(loud[185]), int(text.in_docstring[loud[185]].sum())) == (33, 28) and round(100 * float(text.in_docstring.float().mean())) == 7)
    said = [text.words[i].strip() for i in loud[250]]
    claim("of the 50 tokens of 250 19 are import and 12 are se", (len(said), said.count("import"), said.count("se")) == (50, 19, 12))
    claim("250 is quiet most of the time: below a tenth of its maximum at more than nine tokens of ten", (values[:, 250] < values[:, 250].max() / 10).float().mean() > 0.9)

# %% [markdown]
# ## 9 · What this does not show
#
# **The same matrix, two losses.** Let two features share one dimension as an antipodal pair, with density 0.3. If they are independent, the pair loses 19 % of the variance. If they never come together, it loses nothing. $W$ is the same, and so are interference and dimensionality: what is computed from $W$ alone cannot tell the two worlds apart.
#
# **The wrong features.** These measures need to know which inputs the features are, and we may be wrong about that. Take the puzzle's model and leave it as it is, but describe its inputs differently: instead of the five numbers, use five random mixtures of them, obtained by a rotation. Each mixture has an arrow too, and here are both sets of arrows.

# %% figure
mixture = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(3))).Q
invented = puzzle @ mixture  # (hidden, mixture): the puzzle's model, read with features that we made up
fig, axes = plots.figure(1, 2, width=5.4, height=2.5)
sp.arrow_panel(axes[0], puzzle, "the five inputs")
sp.arrow_panel(axes[1], invented, "five mixtures of them", trained=False)
for ax in axes:
    ax.set_ylim(-1.5, 2.2)  # the longest arrow stays below the title
plots.show(
    fig,
    "Left, a pentagon of five arrows. Right, five arrows of different lengths in no regular shape.",
    caption="One and the same model, the one of the puzzle. Left, the arrows of its five inputs; right, those of five random mixtures of the inputs.",
)

# %% [markdown]
# The pentagon cannot be seen any more. The sum of the dimensionalities is 2 in either description, so it does not show the mistake. The shape shows it, but only to somebody who knew which shape to expect. In a real model nobody gives us the list that begins with “is French” and “is inside a Python string”. Everything in this lesson started from knowing the features, and finding them is the subject of the next one.
#
# **A small world.** Our features are independent and uniform, and the model has no attention and no depth. The experiments show that superposition *can* be the best solution, and when; that large language models use it is a further claim, for which this lesson gives no evidence.
#
# **The puzzle, answered.** Two numbers cannot hold any five numbers, but they can hold any *one* of five, and which one it is. The arrows are spread out, so that the largest leaks are negative and the ReLU removes them, and a negative bias drowns most of the positive ones. The model is wrong when features come together, which is rare, and a little wrong when a feature comes alone. All of this together loses less than dropping features would.

# %% claims
sums = [sp.feature_dimensionality(V).sum() for V in (puzzle, invented)]
pair, lost = torch.tensor([[[1.0, -1.0]]]), {}
for kind in ("independent", "anticorrelated"):
    x = sp.Toy(2, 1, (0.3,), pairs=kind).batch(50_000, torch.Generator().manual_seed(0))
    price = sp.loss(x, sp.forward(x, pair, torch.zeros(1, 2)), torch.ones(2)).item()
    lost[kind] = price / (2 * sp.variance(torch.tensor(0.3)))  # the share of the variance
with claims():
    claim("as a pair of independent features the two lose 19 % of the variance (within 1), and nothing where they never come together", abs(100 * lost["independent"] - 19.4) < 1 and lost["anticorrelated"] < 1e-5)
    alone = 0.8 * torch.eye(5)  # one feature at a time
    leaks = [(read - read.diag().diag()).clamp(min=0).sum() for read in (alone @ puzzle.T @ puzzle, torch.relu(alone @ puzzle.T @ puzzle + puzzle_b))]
    claim("in the puzzle's model the bias drowns most of the positive leaks of features at 0.8 (more than three quarters)", leaks[1] < leaks[0] / 4)
    claim("it loses less than dropping features would: less than a square, and less than two arrows", shares[2] < 100 * min(0.6, sp.square_share(torch.tensor(0.035), torch.ones(5)).item()))
    claim("the pentagon is not seen with invented features", sp.read_plane(puzzle).polygon == 5 and sp.read_plane(invented).polygon == 0)
    claim("the sum of the dimensionalities is 2 for both lists (within 0.001)", between(sums, 1.999, 2.001))

# %% [markdown]
# ## The lesson on a card
#
# | claim | evidence | control | where it fails |
# | --- | --- | --- | --- |
# | Rare features are kept in superposition, features that are always active are not. | Five features in two dimensions: two to five arrows; loss against density. | All 16 runs beside the best; pentagons made by hand, which only tie with the square if they may have no bias. | Single runs end in other shapes. |
# | For two features in one dimension, comparing three losses tells which are kept and whether they share. | The best of eight runs agrees with it on 97 % of a grid. | The guess “always a pair”: 76 %. | At the border of the map; more than a third of the single runs that should find a pair. |
# | $W^\top W$ shows what is kept and what overlaps. | Blocks of features whose dimensionalities sum to whole numbers, within 0.07. | Random directions, which do not fall apart into blocks; made-up features. | The loss depends on what comes together, not on $W$ alone; and the features must be the right ones. |
# | Thousands of rare features can be read from 768 dimensions. | 10,000 random directions at $p = 0.001$: a waterline keeps all but one reading in a thousand on the right side. | The same directions at $p = 0.01$: one in nine is wrong. | Random directions; each feature read by itself. |
# | A privileged basis makes neurons readable where features are dense. | Neurons with one feature each at $p = 0.5$; in `code-4l`, a neuron for pauses in English sentences. | No inner ReLU; a random turn. | Sparse features: no neuron has only one. In `code-4l`, a neuron for `import` and `se`. |
#
# **To go on.**
#
# - Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html): the source of this lesson, with more shapes and a long discussion of what superposition may mean for safety.
# - 3Blue1Brown, [How might LLMs store facts](https://www.3blue1brown.com/lessons/mlp): the picture of many nearly orthogonal directions, moving.
# - ARENA, [Intro to Superposition & Sparse Autoencoders](https://www.alignmentforum.org/posts/LnHowHgmrMbWtpkxx/intro-to-superposition-and-sparse-autoencoders-colab): exercises on the same paper, and on the subject of the next lesson.
#
# **Now the exercises.** `course start 01`, then `my/01_superposition.ipynb`. They end with a sealed model, which is made from your own seed. The deeper notebook, `notebooks/01_superposition_deeper.ipynb`, asks which shapes appear in a large model, how well directions can be packed, what becomes of features that come in pairs, whether networks compute in superposition, and why a number may agree with a theory for the wrong reason.
#
# The models of the sliders are stored; `models/stored/superposition.py` makes them again.

# %% [markdown] words
# ## Words
#
# - feature: one of the numbers that go into the model; in real models, a property of the input that the model represents (nobody has an agreed definition).
# - ReLU: the function that replaces negative numbers by 0.
# - reading: how far the hidden numbers lie in the direction of a feature, times the length of its arrow: $W_i\cdot h$, before bias and ReLU.
# - collision: an error that happens only when two features are active at once.
# - leak: what one feature adds to the reading of another.
# - interference: the squared overlaps of all others with the direction of one, summed.
# - density: the probability with which a feature is active; small density is sparsity.
# - importance: the weight of a feature in the loss.
# - antipodal pair: two arrows at opposite ends of a line.
# - superposition: more features represented than there are dimensions.
# - local minimum: an end of training that no small step improves.
# - null: the score of a guess that uses nothing of the theory.
# - neuron: a single hidden number.
# - polysemantic: of a neuron that responds to several features.
# - monosemantic: of a neuron that responds to one feature.
# - privileged basis: coordinates that something in the model treats differently from other directions.
# - linear representation hypothesis: features are directions, their strengths lengths, several features a sum.
# - dimensionality: the fraction of a dimension that a feature has to itself.
# - block: features that share dimensions among themselves and with no others.

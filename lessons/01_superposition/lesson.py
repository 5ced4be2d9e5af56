# %% [markdown]
# # Toy models of superposition
#
# *Lesson 1.*
#
# **A puzzle.** Five numbers go in, and each of them is zero most of the time: it is active in 3.5 cases out of a hundred. A matrix squeezes the five into two numbers, and then its transpose, a bias and a ReLU try to give the five back. How much is lost on the way?
#
# We give the loss as a share of the variance of the five numbers, so that a model which always answers with their means loses all of it. Linear algebra says that two numbers cannot hold five: a linear squeeze, even with the best bias, can do no better than to keep the numbers with the largest variances. Here all five variances are equal. It keeps any two of the five and loses 60 %, however rarely they are active. Does a trained model, which adds only a ReLU, have to lose as much?

# %% setup

# %% figure
import torch

from course_utils import plots, sae
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
    f"Five inputs, of which one is active, lead to two hidden numbers and from there to five outputs; bars of the variance lost: {shares[0]} percent, {shares[1]:.0f} percent, and a question mark.",
    caption="Left, the model, with an input in which one of five numbers is active. Right, the share of the variance that is lost by a model which always answers with the means, by the best linear squeeze, and by the trained model.",
)

# %% prediction
predict("superposition.puzzle")

# %% figure answer
plots.show(
    sp.answer_figure(puzzle, puzzle_b, example, shares),
    f"The network with its numbers: 0.7 goes in and comes out as about 0.7, the other outputs are zero or nearly so. Five arrows spread around a circle. Bars of the variance lost: {shares[0]}, {shares[1]:.0f} and {shares[2]:.0f} percent.",
    caption="Left, the best of four trained models gives nearly 0.7 back. Middle, its two hidden numbers as a point of the plane. Now the point is the diamond; the arrow of each input ends where it lies when this input alone is 1. The dotted circle has radius 1.",
)
guesses = {"about 50 %": 50, "about 30 %": 30, "about 10 %": 10, "about 1 %": 1}
measured("superposition.puzzle", min(guesses, key=lambda guess: abs(guesses[guess] - shares[2])))

# %% [markdown]
# The trained model loses 9 %. Language models pose the same puzzle on a larger scale. Think of what may be true of a piece of text: it is French; it is inside a Python string; it names a bridge. Suppose that each of these is false of most texts. The list has no end, but GPT-2 small has only 768 numbers for each token at each layer ([Radford et al. 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf)). What our toy does is one way in which it could keep track of more than 768 things. Section 7 asks how far this way leads.
#
# The lesson follows Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html).

# %% [markdown] contents
# The exercises may be done on the way: 1 to 3 after section 2, number 8 after section 4, 4 and 5 after section 6, 6 and 7 after section 7. `course start 01` makes your copy.

# %% [markdown]
# ## 1 · Two features on a line
#
# Five numbers in two are hard to see through at once, so we begin with two numbers in one. Each number that goes in is called a **feature** in this lesson. Here there are two of them, $x_1$ and $x_2$, and one hidden number $h$, which $x_1$ pushes to the right and $x_2$ to the left.

# %% figure
draw.features_on_a_line("x₁", "x₂", cases=[(0.6, 0.0), (0.0, 0.3), (0.6, 0.2)])

# %% [markdown]
# Each feature has one number of its own, and the model uses this number twice. To write $x_1$ into $h$ it multiplies $x_1$ by 1, and to read $x_1$ back it multiplies $h$ by the same 1. For $x_2$ the number is $-1$. Hence $h = x_1 - x_2$, the **reading** of $x_1$ is $1\cdot h$, and the reading of $x_2$ is $-1\cdot h$. A **ReLU**, which replaces negative numbers by 0, turns a reading into an output.
#
# In the first line of the picture $x_1$ is 0.6 and $x_2$ is 0, and yet the reading of $x_2$ is $-0.6$. What one feature adds to the reading of another is a **leak**. But this leak is negative, and so the ReLU removes it. Without the ReLU the output for $x_2$ would be wrong by 0.6.
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
# Two arrows at opposite ends of a line are an **antipodal pair**. The pair is wrong only when both features are active, which has probability $p^2$. A model that drops one of them misses it each time that it is active, which has probability $p$. As $p$ falls, $p^2$ falls faster, and this small inequality carries the whole lesson: rare features are better kept both and left to collide now and then. A model that represents more features than it has dimensions, so that their arrows cannot all be at right angles (orthogonal), is in **superposition**.

# %% figure
plots.show(
    sp.pair_figure(),
    "Loss over density: dropping one of two features loses half of the variance at every density; the pair's curve falls below it at 4/7 and goes to zero.",
    caption="What two equal features in one dimension lose of their variance. Dropping one of them, and answering with its mean, always loses half. A pair with arrows of length 1 and no bias loses less than that below p = 4/7. Where the features are rare it loses close to nothing. At p = 0.8 it loses everything.",
)

# %% [markdown]
# > Two features can share one dimension by pointing opposite ways. The ReLU hides each of them from the other, and only a collision of both costs anything.

# %% claims
error = (x - x_hat).abs()
spread = [torch.linalg.eigvalsh(sp.generate_batch(torch.full((1, 5), q), 200_000, torch.Generator().manual_seed(0))[0].T.cov()) for q in (0.5, 0.035)]
sent = torch.relu(puzzle.T @ (puzzle @ example) + puzzle_b)  # the five outputs of the puzzle
share = {q: 100 * sp.phase_losses(torch.tensor(q), torch.tensor(1.0)) / (2 * sp.variance(torch.tensor(q))) for q in (0.01, 0.5, 4 / 7, 0.6, 0.8)}
with claims():
    claim("each of the five numbers of the puzzle is active in 3.5 cases out of a hundred", round(100 * float(p), 1) == 3.5)
    squeeze = torch.linalg.qr(torch.randn(200, 5, 2, generator=torch.manual_seed(0))).Q  # 200 linear ones
    lose = 1 - squeeze.square().sum((1, 2)) / 5  # of five equal variances
    unequal = torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0])
    claim("of 200 linear squeezes none loses less than to keep the two largest of five unequal variances", bool((1 - (squeeze.square() * unequal[:, None]).sum((1, 2)) / 15 >= 6 / 15).all()))
    blank = sp.share_lost(torch.zeros(2, 5), (p / 2).expand(5), float(p), torch.ones(5))
    claim("a model which always answers with the means loses all of the variance (within a hundredth)", abs(blank - 1) < 0.01)
    claim("a linear squeeze loses 60 % of five equal variances", bool(((lose - 0.6).abs() < 1e-5).all()) and about(shares[1], 60))
    claim("it does so however rarely the five are active (p = 0.5 and 0.035, within two points)", all(abs(v[:3].sum() / v.sum() - 0.6) < 0.02 for v in spread))
    claim("0.7 comes out as about 0.7 (within 0.05), the other outputs are zero or nearly so (at most 0.05)", abs(sent[2] - 0.7) < 0.05 and bool((sent[[0, 1, 3, 4]] <= 0.05).all()))
    claim("the trained model has an arrow for each of the five, and loses less than a tenth (9 to 10 %)", not sp.read_plane(puzzle).dropped and between(shares[2], 9, 10))
    claim("where x₁ = 0.6 is alone, the reading of x₂ is −0.6", about((x[0] @ W.T @ W)[1], -0.6))
    drawn = sp.generate_batch(torch.full((1, 2), 0.3), 100_000, torch.manual_seed(0))[0] > 0  # (sample, feature)
    claim("both of two features are active with probability p² (p = 0.3, within 5 %)", abs(float(drawn.all(1).float().mean()) / 0.3**2 - 1) < 0.05)
    claim("alone, each feature is returned exactly", bool((error[:2] < 1e-6).all()))
    claim("together, each is wrong by 0.2, the smaller of the two numbers", bool(about(error[2], 0.2)))
    claim("without the ReLU, x₁ = 0.6 alone gives (0.6, −0.6)", torch.allclose(x[0] @ W.T @ W, torch.tensor([0.6, -0.6])))
    kept_one = [100 * sp.share_lost(torch.tensor([[1.0, 0.0]]), torch.tensor([0.0, q / 2]), q, torch.ones(2)) for q in (0.1, 0.5, 1.0)]
    claim("dropping one, and answering with its mean, loses half of the variance (simulated at p = 0.1, 0.5 and 1, within a point), as the formula says of every density", between(kept_one, 49, 51) and all(abs(v[0] - 50) < 0.01 for v in share.values()))
    claim("the pair loses less than that below p = 4/7 and more above it, and at p = 0.8 all of the variance", share[0.5][2] < 50 < share[0.6][2] and abs(share[4 / 7][2] - 50) < 0.01 and abs(share[0.8][2] - 100) < 0.01)
    claim("and close to nothing when they are rare (half a percent at p = 0.01)", abs(share[0.01][2] - 0.5) < 0.02)

# %% [markdown]
# ## 2 · Five features in the plane
#
# With five features and two dimensions every feature has an arrow in the plane. We train another model for the puzzle in the open, and watch its five arrows. Every step draws fresh samples, runs the model, and moves $W$ and $b$ a little to lower the loss.

# %%
torch.manual_seed(0)
W, b = torch.nn.Parameter(0.5 * torch.randn(2, 5)), torch.nn.Parameter(torch.zeros(5))
adam = torch.optim.Adam([W, b], lr=0.02)
seen = []  # the arrows at every step, to look at afterwards
for _ in range(1001):
    seen.append(W.detach().clone())
    x = (torch.rand(384, 5) < 0.035) * torch.rand(384, 5)  # (sample, feature)
    h = x @ W.T  # (sample, hidden)
    x_hat = torch.relu(h @ W + b)  # (sample, feature)
    loss = ((x - x_hat) ** 2).sum(1).mean()
    adam.zero_grad()
    loss.backward()
    adam.step()

# %% figure
fig, axes = plots.figure(1, 4, height=2.0)
for ax, step in zip(axes, (0, 50, 200, 1000), strict=True):
    sp.arrow_panel(ax, seen[step], f"step {step}", trained=False)
    ax.set_ylim(-1.4, 1.6)
plots.show(
    fig,
    "The five arrows at four moments of the training, from a random start to a pentagon.",
    caption="The five columns of W while the model trains, at p = 0.035. They start anywhere and end evenly spread around the circle, as a pentagon.",
)

# %% [markdown]
# The loss does not mention a pentagon. It has driven the arrows apart until neighbours are about 72° from one another, a fifth of the circle.
#
# Does this depend on how rare the features are? We train the same model at eight densities, from always active to one time in fifty, with sixteen random starts each, and count in how many runs the five arrows form a pentagon.

# %% prediction
predict("superposition.shape")

# %% figure answer
density = 50 ** -torch.linspace(0, 1, 8)  # from 1 (always active) to 0.02 (one time in fifty)
five, recipe = sp.Toy(5, 2, tuple(density.tolist())), sp.Recipe(steps=1000, batch=384, lr=0.02, anneal=True)
shapes = sp.Shapes.of(sp.train(five, recipe, seeds=16, show=False))
pentagons = shapes.counts(3)["pentagon"]
plots.show(
    shapes.plot(),
    f"Best models by density: no regular shape where the features are always active, then a square of four arrows, then a pentagon; bars count the shapes of all {len(shapes.readings[0])} runs.",
    caption=f"Above, the run with the lowest loss at each density; a number that is missing is a feature that was dropped. Below, how many of {len(shapes.readings[0])} runs form each shape, where a square is two antipodal pairs at right angles.",
)
measured("superposition.shape", "0 to 4" if pentagons < 5 else "5 to 12" if pentagons < 13 else "13 to 16")

# %% [markdown]
# At $p = 0.19$ eight of the sixteen runs end as a pentagon and eight as a square. Chance decides which, and also how many: sixteen fresh runs give only four pentagons, so that “0 to 4” was no worse an answer.
#
# At $p = 0.57$ and $0.33$ the best run is a square, which drops one feature, but at $0.57$ six of the sixteen runs form no regular shape. From $p = 0.11$ down the best run is a pentagon, and so are all other runs of the figure at these densities. Features that are always active form no regular shape, and even the best run loses 60 %, as the best linear squeeze does.
#
# So far all five features have counted the same. The **importance** $I_i$ of feature $i$ is a weight of its error, with which the loss becomes $\sum_i I_i\,(x_i - \hat x_i)^2$. In a running notebook the two sliders below change density and importance. Where importance falls from feature to feature, the least important ones are the first to be dropped.

# %%
sp.explore()  # two sliders, where the notebook runs

# %% [markdown]
# > Five features that are always active lose as much as in a linear squeeze. The best models of rarer ones form a square, which keeps four of them, and then a pentagon, which keeps all five.

# %% claims
fresh, plane = sp.Shapes.of(sp.train(five, recipe, seeds=16, first_seed=16, show=False)), sp.plane()  # sixteen more runs
both = (shapes, fresh)
lost_at_1 = [100 * sp.share_lost(of.best.W[0, 0], of.best.b[0, 0], 1.0, torch.ones(5)) for of in both]
with claims():
    claim("the model trained in the loop ends as a pentagon, with neighbours 72° apart (within 6 degrees)", sp.read_plane(seen[1000]).polygon == 5 and sp.read_plane(seen[0]).polygon == 0 and (sp.angle_gaps(seen[1000]) - 72).abs().max() < 6)
    claim("always active, the five form no regular shape in any of the 32 runs, and the best of either sixteen loses 60 % (within a point), as the best linear squeeze", all(of.counts(0)["no regular shape"] == 16 for of in both) and between(lost_at_1, 59, 61))
    claim("at p = 0.57 and 0.33 the best of either sixteen is a square, two antipodal pairs, and drops one feature", [round(float(q), 2) for q in density[1:3]] == [0.57, 0.33] and all(one.polygon == 4 and len(one.dropped) == 1 and len(one.antipodal) == 2 for of in both for one in of.best_readings()[1:3]))
    claim("at p = 0.57 six of the sixteen runs of the figure form no regular shape, and seven of the fresh ones", [of.counts(1)["no regular shape"] for of in both] == [6, 7])
    claim("at p = 0.19 eight runs end as a square and eight as a pentagon, of the fresh ones eleven and four", [(of.counts(3)["square"], of.counts(3)["pentagon"]) for of in both] == [(8, 8), (11, 4)])
    claim("the eight densities go from always active to one time in fifty, with sixteen runs each", len(density) == len(shapes.readings) == 8 and density[0] == 1 and abs(density[-1] - 1 / 50) < 1e-6 and {len(runs) for runs in shapes.readings} == {16})
    claim("from p = 0.11 down the best of either sixteen is a pentagon, and so is nearly every other run: all 64 of the figure, and 61 of 64 fresh ones", [round(float(q), 2) for q in density[3:5]] == [0.19, 0.11] and all(one.polygon == 5 and not one.dropped for of in both for one in of.best_readings()[4:]) and [sum(of.counts(k)["pentagon"] for k in (4, 5, 6, 7)) for of in both] == [64, 61])
    found = [[sorted(sp.read_plane(W).dropped) for W in row[1:]] for row in plane.W]  # (density, falling importance)
    claim("where importance falls, the least important ones are dropped first, in all models behind the sliders (five rows of importance, eight densities)", all(d == list(range(5 - len(d), 5)) for row in found for d in row) and plane.loss.shape == (8, 5))

# %% [markdown]
# ## 3 · What a pentagon does about its leaks
#
# In an antipodal pair the leak is negative, and the ReLU removes it. In a pentagon neighbouring arrows are only 72° apart, so that the leak between them is *positive* and the ReLU lets it pass. By what we know so far a pentagon should not work, and yet at low densities training finds hardly anything else.
#
# Take arrows of length 1, and let input 0 be 0.8 and all others 0. The reading of feature 0 is 0.8. Each of its neighbours has the reading $0.8\cos 72° ≈ 0.25$, which becomes an output although it should be 0, while the two others have $0.8\cos 144° ≈ -0.65$, which the ReLU removes. With such leaks a pentagon gains nothing over a square. At the puzzle's density it loses 22 % of the variance. So does a square, although it drops one feature altogether.
#
# Before we look at what training does about the leaks, we mend the pentagon by hand. Two numbers are free, the same for all five: the length of the arrows, and the bias, which is added to every reading before the ReLU. In a running notebook two sliders try any setting, and draw the bias as water: a negative bias raises the **waterline**, and only what stands out of it becomes an output. How little can you lose?

# %%
sp.try_pentagon(0.035)  # two sliders, where the notebook runs

# %% [markdown]
# Here are four settings; the best numbers were found in steps of 0.02.

# %%
def lost_by(length, bias):  # five arrows at 72°, in % of the variance
    W, b = length * sp.polygon(5), torch.full((5,), bias)  # (hidden, feature), (feature,)
    return 100 * sp.share_lost(W, b, 0.035, torch.ones(5))


settings = {"length 1, no bias": (1.0, 0.0), "best length, no bias": (0.92, 0.0),
            "length 1, best bias": (1.0, -0.12), "best of both": (1.14, -0.26)}  # fmt: skip
rows = [{"pentagon": k, "length": v[0], "bias": v[1], "% lost": lost_by(*v)} for k, v in settings.items()]
table(rows)

# %% [markdown]
# Without a bias the best length gains three points. It is a little shorter than 1: a length can only make all readings larger or smaller together. Does training find a better way without a bias? We run the loop of section 2 without it, for fewer steps and eight times at once.

# %%
torch.manual_seed(0)
plain = torch.nn.Parameter(0.5 * torch.randn(8, 2, 5))  # (run, hidden, feature)
adam = torch.optim.Adam([plain], lr=0.02)
for _ in range(600):
    x = (torch.rand(8, 384, 5) < 0.035) * torch.rand(8, 384, 5)  # (run, sample, feature)
    x_hat = torch.relu(x @ plain.mT @ plain)
    loss = ((x - x_hat) ** 2).sum(2).mean(1).sum()
    adam.zero_grad()
    loss.backward()
    adam.step()
without = [100 * sp.share_lost(W, torch.zeros(5), 0.035, torch.ones(5)) for W in plain.detach()]
[round(share) for share in without]  # % of the variance lost by each run

# %% [markdown]
# It does not: all eight runs lose as much as the best that we found by hand. With a bias the loss is halved.

# %% figure
x = torch.zeros(3, 5)  # (sample, feature)
x[0, 0], x[1, 0], x[2, 0], x[2, 1] = 0.8, 0.15, 0.8, 0.8
x[2, 1], x[2, int((puzzle.T @ puzzle)[0, 1:].argmax()) + 1] = 0.0, 0.8  # a neighbour of arrow 0
dives = [
    sp.Dive("1. arrows of length 1, no bias", sp.regular(puzzle), torch.zeros(5), x[0]),
    sp.Dive("2. the puzzle's model", puzzle, puzzle_b, x[0]),
    sp.Dive("3. the same, a weak input", puzzle, puzzle_b, x[1]),
    sp.Dive("4. the same, two neighbours", puzzle, puzzle_b, x[2]),
]
plots.show(
    sp.waterline_figure(dives),
    "Bars of five readings and a waterline, four times: without a bias two leaks stand out; in the trained pentagon most of each drowns and bar 0 is about right; a weak input drowns; two neighbours are too tall.",
    caption="The bias as water: what stands out of it is the output, whose number stands above each bar. An orange stroke lies as high above the water as the input is large. The five biases differ a little, and so the waterline has small steps. The small pentagons show the arrows, turned so that arrow 0 points up.",
)

# %% [markdown]
# In panel 2 the negative biases are a waterline, and most of each leak drowns. The water covers the foot of bar 0 too, but longer arrows make up for this. Arrow 0 has length 1.146, and its reading is $0.8 \cdot 1.146^2 ≈ 1.05$. Of this $1.05 - 0.26 = 0.79$ stands out.
#
# The remedy has its price. In panel 3 a weak input drowns with its leaks, and in panel 4 two neighbours that are active together lift each other too high.

# %% figure
square = torch.cat([sp.polygon(4), torch.zeros(2, 1)], 1)  # (hidden, feature), the last one dropped
arrows = torch.cat([torch.eye(2), torch.zeros(2, 3)], 1)
models = {  # W and b; the two arrows answer a dropped feature by its mean
    "two arrows, by hand": (arrows, (arrows.norm(dim=0) == 0) * p / 2),
    "a square, no bias": (square, torch.zeros(5)),
    "trained without a bias": (plain.detach()[int(torch.tensor(without).argmin())], torch.zeros(5)),
    "the puzzle's model": (puzzle, puzzle_b),
}
parts = {name: sp.causes(W, b, float(p), torch.ones(5)) for name, (W, b) in models.items()}
plots.show(
    sp.causes_figure(parts),
    "Bars of the variance lost, cut by cause. Two arrows: {:.0f} percent, mostly own output. Square: {:.0f}, mostly own output. Trained without a bias: {:.0f}, mostly leaks. The puzzle's model: {:.0f}, more than half of it where several features are active.".format(*(100 * sum(part.values()) for part in parts.values())),
    caption=f"What four models lose at p = {float(p):g}; two arrows have a bias too, which returns the means of the three dropped features. Light: all errors in samples in which several features are active. Where only one is active, its own error is dark, and what silent features put out is grey.",
)

# %% [markdown]
# Two arrows drop three features and lose 60 %. A square drops only one. A pentagon drops none, and what it loses without a bias is mostly leaks. With the bias a ninth of these leaks is left, and in all the puzzle's model loses 9 %. More than half of that is lost where several features are active at once, and this happens in little more than one sample of a hundred.
#
# > A negative bias drowns the leaks between neighbours, and longer arrows make up for what it takes away. Without a bias, five arrows lose 19 %, and four lose 22.

# %% claims
readings, x_hat = x @ puzzle.T @ puzzle, torch.relu(x @ puzzle.T @ puzzle + puzzle_b)
near = (puzzle.mT @ puzzle)[~torch.eye(5, dtype=torch.bool)].view(5, 4).sort().values[:, 2:]  # the two neighbours of each
both, length = x[2] > 0, float(puzzle[:, 0].norm())
loses = {name: 100 * sum(part.values()) for name, part in parts.items()}
by_hand = {row["pentagon"]: row["% lost"] for row in rows}
near_by = [(0.90, 0.0), (0.94, 0.0), (1.0, -0.10), (1.0, -0.14), (1.12, -0.26), (1.16, -0.26), (1.14, -0.24), (1.14, -0.28), (1.12, -0.24), (1.12, -0.28), (1.16, -0.24), (1.16, -0.28)]
near_by = torch.tensor([lost_by(*setting) for setting in near_by])
with claims():
    claim("with arrows of length 1 the readings are 0.8, two of 0.25 and two of −0.65 (within 0.005)", bool(((dives[0].readings.sort().values - torch.tensor([-0.647, -0.647, 0.247, 0.247, 0.8])).abs() < 0.005).all()))
    claim("a pentagon with arrows of length 1 and no bias loses 22 %, and so does a square", round(by_hand["length 1, no bias"]) == round(loses["a square, no bias"]) == 22)
    stretched = [100 * sp.share_lost(k * square, torch.zeros(5), float(p), torch.ones(5)) for k in (0.98, 1.02)]
    claim("a square with arrows of length 0.98 or 1.02 and no bias loses more than one with arrows of length 1", min(stretched) > loses["a square, no bias"])
    claim("where a number of the table is called the best, a step of 0.02 to any side loses more, of length, bias or both", all(bool((near_by[k] > by_hand[name]).all()) for name, k in (("best length, no bias", [0, 1]), ("length 1, best bias", [2, 3]), ("best of both", list(range(4, 12))))))
    claim("without a bias the best length gains three points (rounded)", round(by_hand["length 1, no bias"] - by_hand["best length, no bias"]) == 3)
    claim("the eight runs without a bias are pentagons, and lose as much as the best one by hand (within half a point)", all(sp.read_plane(W).polygon == 5 for W in plain.detach()) and bool(((torch.tensor(without) - by_hand["best length, no bias"]).abs() < 0.5).all()))
    claim("with a bias the loss is halved (0.45 to 0.55 of what the runs without one lose), and training comes within half a point of the best pentagon by hand", between(loses["the puzzle's model"] / loses["trained without a bias"], 0.45, 0.55) and abs(loses["the puzzle's model"] - by_hand["best of both"]) < 0.5)
    claim("all biases are negative and lie within 0.02 of one another, but not within 0.005; that of arrow 0 is −0.26; arrow 0 has length 1.146, its reading is 1.05, and 0.79 stands out", bool((puzzle_b < -0.2).all()) and between(puzzle_b.max() - puzzle_b.min(), 0.005, 0.02) and [round(length, 3), round(float(readings[0, 0]), 2), round(float(x_hat[0, 0]), 2), round(float(puzzle_b[0]), 2)] == [1.146, 1.05, 0.79, -0.26])
    claim("its neighbours' readings are about 0.3, of which most drowns (less than a quarter stands out)", between(readings[0].sort().values[2:4], 0.28, 0.34) and bool((x_hat[0].sort().values[2:4] < 0.07).all()))
    claim("where one feature is active at 0.15, neither it nor a leak comes out", float(x[1].sum()) == float(x[1, 0]) and about(x[1, 0], 0.15) and bool((x_hat[1] == 0).all()))
    claim("two neighbours at 0.8 both come out too tall (by 0.25 to 0.4)", between(x_hat[2, both] - 0.8, 0.25, 0.4))
    claim("two arrows lose 60 %, the square 22, the model without a bias 19 and the puzzle's model 9", [round(v) for v in loses.values()] == [60, 22, 19, 9])
    own, leaks, hits = ({name: 100 * part[kind] for name, part in parts.items()} for kind in ("own output", "leaks", "several active"))
    claim("with two arrows and a square the loss is mostly own output (more than three quarters); they drop three features and one", all(own[name] > 0.75 * loses[name] for name in list(models)[:2]) and [int((models[name][0].norm(dim=0) == 0).sum()) for name in list(models)[:2]] == [3, 1])
    claim("without a bias it is mostly leaks (more than half); with it a ninth of them is left (an eighth to a tenth)", leaks["trained without a bias"] > loses["trained without a bias"] / 2 and between(leaks["trained without a bias"] / leaks["the puzzle's model"], 8, 10))
    claim("more than half of what the puzzle's model loses, it loses where several features are active", hits["the puzzle's model"] > loses["the puzzle's model"] / 2)
    several = sp.generate_batch(torch.full((1, 5), 0.035), 1_000_000, torch.manual_seed(0))[0] > 0  # (sample, feature)
    claim("several are active in little more than one sample of a hundred (1.0 to 1.2)", between(100 * (several.sum(1) > 1).float().mean(), 1.0, 1.2))

# %% [markdown]
# ## 4 · Three formulas against training
#
# For two features in one dimension a short calculation tells beforehand what training ought to find. Let their importances be 1 and $r$, and the density of both $p$. If arrows have length 1 or 0 and a pair has no bias, there are three sensible things that a model may do.
#
# - *Keep feature 1* and drop feature 2. The bias can still return the mean of the dropped feature, $p/2$. What remains is its variance, $\mathbb E[x^2] - \mathbb E[x]^2 = p/3 - p^2/4$, times its importance: $\;r\,(p/3 - p^2/4)$.
# - *Keep feature 2* and drop feature 1: $\;p/3 - p^2/4$.
# - *Antipodal pair.* It is wrong only if both are active, which has probability $p^2$, and then each is wrong by the smaller of the two. The mean square of the smaller of two uniform numbers is $1/6$: $\;p^2(1 + r)/6$.
#
# With $r = 1$ the first and the third are equal at $p = 4/7$. The smallest of the three is the prediction. The same comparison for every $p$ and $r$ gives a map: where features are dense, the more important one should be kept alone, and where they are rare, both. We lay over it what training finds, at 13 densities and 13 importances, eight runs each.

# %% figure
densities, r = torch.logspace(0, -2, 13), torch.logspace(-1, 1, 13)  # density, importance
recipe = sp.Recipe(steps=400, batch=128, lr=0.05, anneal=True)
grid = sp.train(sp.PhaseDiagram.toy(densities, r), recipe, seeds=8, show=False)
phases = sp.PhaseDiagram.of(grid, densities, r)
plots.show(
    phases.plot(),
    f"A map over density and importance with three areas, one for each solution, and a dot for the best model at each point; the dots have the colours of their areas, but for {int(phases.worse(phases.measured).sum())} at the border.",
    caption="The colour of an area says which of the three formulas is the smallest, that of a dot which solution the best of eight trained models is. Black circles mark the dots that differ from their area.",
)

# %% [markdown]
# The best of eight runs agrees with the map on 97 % of the grid. In the five exceptions, all of them at the border, training has found a pair with other lengths and biases, which loses less than the three formulas say.
#
# Is 97 % much? We compare it with a **null** (a baseline), which is the score of a guess that does without what is tested. Here it does without the formulas: it draws one vertical line through the map, and guesses a pair to the right of it and the more important feature to the left. Where the line does best, this is right on 92 %, and so the formulas add five points.
#
# What about a single run?

# %% prediction
predict("superposition.one_run")

# %% figure answer
missed = float((phases.per_seed != 2)[:, phases.predicted == 2].float().mean())  # where a pair is predicted
guesses = {"about one in a hundred": 0.01, "about one in ten": 0.1, "about one in three": 1 / 3, "about two in three": 2 / 3}
starts = (2 / 3) ** 0.5 * torch.randn(30, 2, generator=torch.Generator().manual_seed(0))  # as those of the grid
paths, ends = sp.descend(0.1, 0.5, starts)
plots.show(
    sp.surface_figure(0.1, 0.5, paths, ends),
    "The loss over two weights, with deep basins at (1, −1) and (−1, 1) and shallow ones near (1, 0) and (−1, 0). From opposite signs descent reaches a deep one, from the same sign a shallow one.",
    caption="The loss over both weights, at p = 0.1 and r = 0.5, with the best bias for each output; the two dark basins are the two antipodal pairs. From thirty random starts, the hollow circles, gradient descent leads to the full ones.",
)
measured("superposition.one_run", min(guesses, key=lambda guess: abs(guesses[guess] - missed)))

# %% [markdown]
# Where a pair is predicted, 39 % of the runs, each of 400 steps, end without one, far from the border too. Half of the starts give both weights the same sign, and of these 70 % end without a pair, of the others 5 %. In the picture every start with opposite signs reaches a pair. Every start with the same sign gets stuck beside $(1, 0)$ or $(-1, 0)$. Its $w_2$, the weight of feature 2, is small but not 0, and it loses a tenth of a point less than if it had dropped feature 2. On the shortest way from there to the pair $w_2$ passes through 0, where feature 2 is dropped, and so the loss has to rise first. Such an end, which no small step improves although a better one exists elsewhere, is a **local minimum**.
#
# > Comparing three losses tells, except at the border, what the best run will be. What a single run finds depends on where it starts.

# %% claims
samples = sp.generate_batch(torch.full((1, 2), 0.3), 1_000_000, torch.manual_seed(1))
keep_1, keep_2 = ([1.0, 0.0], [0.0, 0.15]), ([0.0, 1.0], [0.15, 0.0])  # (W, b)
simulated = []  # over what the formula says
for (w, b), formula in zip((keep_1, keep_2, ([1.0, -1.0], [0.0, 0.0])), sp.phase_losses(torch.tensor(0.3), torch.tensor(0.5)), strict=True):
    answer = sp.forward(samples, torch.tensor([[w]]), torch.tensor([b]))
    simulated.append(sp.loss(samples, answer, torch.tensor([1.0, 0.5])).item() / float(formula))
failed = phases.failures_by_start(sp.train(sp.PhaseDiagram.toy(densities, r), sp.Recipe(steps=0), seeds=8, show=False).W)
beyond = phases.worse(phases.measured)
wrong = beyond.nonzero()
pairs, beaten = grid.best(), []  # at each exception: what the trained model loses over the least of the three formulas
for i, j in wrong.tolist():
    x, k = sp.generate_batch(densities[i].expand(1, 2), 1_000_000, torch.manual_seed(2)), i * len(r) + j
    price = sp.loss(x, sp.forward(x, pairs.W[0, k], pairs.b[0, k][None]), pairs.toy.importance[k])
    beaten.append(float(price / sp.phase_losses(densities[i], r[j]).min()))
cells = phases.predicted[wrong[:, 0] + 1, wrong[:, 1]]  # one step rarer than each exception


def score(limit):  # of the guess by a line: a pair below this density, above it the more important feature
    guess = torch.where(densities[:, None] < limit, 2, (r > 1).long())
    tie = (r == 1) & (guess < 2) & (phases.measured < 2)
    return float(((guess == phases.measured) | tie).float().mean())


with claims():
    claim("the three formulas give the simulated losses of a million samples (within 1 %)", between(simulated, 0.99, 1.01))
    claim("in the map dense features keep the more important one alone, rare ones both", bool((phases.predicted[0] == torch.where(r > 1, 1, 0)).all()) and bool((phases.predicted[-1] == 2).all()) and densities[0] == 1)
    claim("against the best of eight runs the formulas are right on 97 % of the grid (within half a point)", between(phases.agreement(), 0.965, 0.975))
    claim("there are five exceptions, and one step rarer than each of them the map has a pair: they lie at the border", len(wrong) == 5 and bool((cells == 2).all()))
    claim("there training has found pairs, which lose less than the least of the three formulas", bool((phases.measured[beyond] == 2).all()) and max(beaten) < 1)
    claim("the guess by one line, drawn where it does best, is right on 92 %", round(100 * max(map(score, densities.tolist()))) == 92)
    claim("39 % of the runs where a pair is predicted, each of 400 steps, end without one", round(100 * missed) == 39 and recipe.steps == 400)
    claim("70 % of those that start with the same sign do, and 5 % of the others", [round(100 * failed[k]) for k in ("same sign", "opposite signs")] == [70, 5])
    places = phases.errors_by_place()
    claim("far from the border runs miss the pair too: most exceptions lie there, in the sparse part (more than four in five)", places["sparse"] > 0.8 * sum(places.values()))
    same, last = starts.prod(1) > 0, paths[-1] * paths[-1, :, :1].sign()  # the mirror image (−1, 1) of (1, −1) is the same pair
    claim("every start with opposite signs reaches (1, −1) or (−1, 1) (within 0.02), every other ends near (1, 0) or (−1, 0) (within 0.2)", bool(((last[~same] - torch.tensor([1.0, -1.0])).abs() < 0.02).all()) and bool(((last[same] - torch.tensor([1.0, 0.0])).abs() < 0.2).all()))
    claim("pairs lose 5 %, the others 33 %", bool(((100 * ends[~same]).round() == 5).all()) and bool(((100 * ends[same]).round() == 33).all()))
    q = (torch.arange(12) + 0.5) / 12  # what an active feature may be in the descent
    dropped = 0.5 * (0.1 * q.square().mean() - 0.05**2) / (1.5 * sp.variance(torch.tensor(0.1)))  # r times the variance of feature 2
    claim("the w₂ of the others is small but not 0 (0.16 to 0.18); where w₂ = 0 the output for feature 2 is constant, and even the best model loses a tenth of a point more (0.05 to 0.15)", between(last[same][:, 1], 0.16, 0.18) and between(100 * (dropped - ends[same]), 0.05, 0.15))

# %% [markdown]
# ## 5 · From arrows to a matrix
#
# With more than two dimensions the arrows can hardly be drawn, and we need something else to look at. The hidden numbers themselves will not do. Suppose that we turn all arrows of a trained model together (a rotation), as in the left half of the figure. Every hidden number changes, but no reading does, because a reading is made of lengths and angles. The turned model gives the same outputs and has the same loss.

# %% figure
plots.show(
    sp.gram_figure(sp.upright(puzzle), 110),
    "A pentagon, the same pentagon turned, and the matrix that both have: 1.3 on the diagonal, 0.4 for neighbours, about −1.1 for the others.",
    caption="The puzzle's model, the same after a turn, and the WᵀW of both. On the diagonal stand the squared lengths; off it, neighbours with their positive leaks are light purple, and the others with their negative leaks are orange.",
)

# %% [markdown]
# What the two models have in common is the matrix $W^\top W$, of shape (feature, feature). Its entry in row $i$ and column $j$ is $W_i\cdot W_j$, which is what input $j$, when it is 1, adds to the reading of feature $i$. So off its diagonal the matrix is a table of all leaks. In formulas, a turn replaces $W$ by $RW$ with $R^\top R = I$, and $(RW)^\top RW = W^\top W$.
#
# > Lengths and angles of the arrows survive every turn of the hidden space, and $W^\top W$ holds all of them. Single hidden numbers do not survive it.

# %% claims
G = puzzle.T @ puzzle  # (feature, feature)
R = torch.tensor([[-0.6, -0.8], [0.8, -0.6]])  # a turn
with claims():
    claim("a turn changes every hidden number, and leaves WᵀW and all outputs", torch.allclose((R @ puzzle).T @ (R @ puzzle), G, atol=1e-5) and bool(((R @ puzzle - puzzle).abs() > 0.01).all()) and torch.allclose(torch.relu((R @ puzzle).T @ (R @ puzzle @ example) + puzzle_b), sent, atol=1e-5))
    claim("in the puzzle's model the diagonal is 1.3 and neighbours 0.4 (within 0.05), and the others −1.1 (within 0.08)", bool((G.diagonal() - 1.3).abs().max() < 0.05) and (near - 0.4).abs().max() < 0.05 and (G.sort().values[:, :2] + 1.1).abs().max() < 0.08)

# %% [markdown]
# ## 6 · How features share dimensions
#
# How much of a dimension has a feature to itself, and how do many features share the dimensions that there are? We begin with arrows that can be drawn. From the tip of every arrow we drop a perpendicular onto the line of arrow 0. The farther out its foot lies, the more that arrow leaks into the reading of feature 0. The bars below the arrows add up the squares of these distances.

# %% figure
cases = {"alone": sp.polygon(5)[:, :1], "antipodal pair": sp.polygon(2), "pentagon": sp.regular(puzzle)}
plots.show(
    sp.share_figure(cases),
    "One arrow, a pair and a pentagon with the perpendiculars of all arrows onto arrow 0, and bars of their squares: the own piece is 1 of 1, 1 of 2 and 1 of 2.5.",
    caption="Circles on the grey line are the feet of the perpendiculars; in the pentagon they coincide in two pairs. Below, the squared distances of the feet from the middle, in the colours of the arrows.",
)

# %% [markdown]
# The other arrows' part of the bar is the **interference** with feature 0. The share of its own piece is the **dimensionality** $D_0$, the fraction of a dimension that the feature has to itself: all of it if it is alone, 1/2 in a pair, 2/5 in a pentagon. In formulas, with $\hat W_i = W_i / \|W_i\|$, the direction of feature $i$:
#
# $$\text{interference}_i = \sum_{j\ne i}(\hat W_i\cdot W_j)^2, \qquad D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i\cdot W_j)^2} .$$
#
# The sum in the denominator includes $j = i$. Only the arrow on whose line we project is normalised, because a longer arrow disturbs more. All of it can be read off $W^\top W$:

# %%
G = puzzle.T @ puzzle  # WᵀW of the puzzle's model, (feature, feature)
squared = G**2 / G.diagonal()[:, None]  # row i: the squared feet of all arrows on the line of arrow i
D = squared.diagonal() / squared.sum(1)  # (feature,)
D.round(decimals=2)

# %% [markdown]
# Five times 2/5 makes 2, the dimensions of the plane. The sum can never be larger than the number of dimensions, which the deeper notebook proves.
#
# Now twenty features are to share five dimensions, at the eight densities of section 2. Their importance falls from 1 to 0.01. A feature counts as kept if its arrow is longer than 0.3, and the rarer the features are, the more of them are kept on average. At $p = 0.33$ the best of eight runs keeps eight. If these shared the five dimensions evenly, each of them would have 5/8.

# %% prediction
predict("superposition.steps")

# %% figure answer
toy = sp.Toy(20, 5, tuple(density.tolist()), importance=100 ** -torch.linspace(0, 1, 20))
recipe = sp.Recipe(steps=1000, batch=256, lr=0.015, anneal=True)
twenty = sp.train(toy, recipe, seeds=8, show=False)
crowd = {f"{q:.2g}": W for q, W in zip(density.tolist(), twenty.best().W[0], strict=True)}  # best runs, by density
plots.show(
    sp.blocks_figure({f"p = {q}": crowd[q] for q in ("0.57", "0.33", "0.11", "0.061")}),
    "Four matrices with boxes on their diagonals: five boxes of one; two of one and three of two; five of two; three of two and one of five. Outside the boxes they are empty.",
    caption="WᵀW of the best of eight runs, at four densities and in the colours of section 5. Its rows and columns are the features that are kept, sorted so that those that share dimensions stand side by side, with a box around them.",
)
room = sp.feature_dimensionality(crowd["0.33"])[sp.column_norms(crowd["0.33"]) > 0.3]  # (kept,)
alone, half = room > 0.9, (room - 0.5).abs() < 0.1
even = "each about 5/8" if (room - 5 / 8).abs().max() < 0.1 else "anything between 1/4 and 1"
measured("superposition.steps", "some 1, the others about 1/2" if bool((alone | half).all()) else even)

# %% [markdown]
# At first each feature has a dimension to itself. At $p = 0.33$ six of the eight have formed pairs, and at $0.11$ all features have. At $0.06$ five of them form a pentagon.
#
# What stands in a box is called a **block**. Two features are in one block if the cosine of their arrows is larger than 0.2 in size, or if a chain of other features links them. Outside the boxes the matrices are empty. So arrows of different blocks are at right angles, and each block has a line, a plane or a larger space to itself, which has a whole number of dimensions. In the trained models the $D$ of the $k$ features of a block sum to its $d$ dimensions, to within a tenth, so that their average is $d/k$. The rarest features form the largest blocks: at $p = 0.02$ half of sixteen runs are one block of thirteen or fourteen features, and $D$ is less than 2/5 on average.
#
# Three features in a plane, as a triangle, would have 2/3. But such blocks hardly form: two of the three go to one line as a pair, and the third has a line to itself. Why?

# %% figure
plots.show(
    sp.three_figure(0.1),
    "A triangle of arrows, and a pair with a third arrow at right angles to it. Bars of the variance lost: the triangle's has a piece for each of three collisions and one for all three features, the other's is one shorter piece.",
    caption="Two ways to keep three equally important features in a plane, with arrows of length 1 and no bias. The bars are cut by collision, and the numbers say between which features. Trained models may choose lengths and biases, and also prefer the pair where p is 0.33 or less.",
)

# %% [markdown]
# A feature that is active alone is returned exactly in either of them, and so the whole loss is collisions. In the pair a collision costs 1/6 for each of the two, as in section 4, which makes 1/3.
#
# In the triangle the leaks are half as large. If two features are active, at $a$ and $b$, the first has the reading $a - b/2$, and so it is wrong by the smaller of $a$ and $b/2$. The mean square of this is $\int_0^{1/2} 2t\,(1-t)(1-2t)\,dt = 1/16$, which makes 1/8 for both. But in the triangle any two can collide, whereas the single feature beside the pair never does. Three times 1/8 is more than 1/3.
#
# > Features share dimensions in blocks: alone, as a pair, or more of them in a larger block. A triangle, which would lie between the first two, costs more than a pair and a single feature, and so $D$ falls from 1 to about 1/2 in a step.

# %% claims
again = sp.train(toy, recipe, seeds=8, first_seed=8, show=False)  # eight fresh runs
models, best = torch.cat([twenty.W, again.W]), [of.best().W[0] for of in (twenty, again)]  # (run, density, hidden, feature)
runs_D = [[sp.feature_dimensionality(W)[sp.column_norms(W) >= 0.3] for W in run] for run in models]  # of the kept features
best_D = [[sp.feature_dimensionality(W)[sp.column_norms(W) >= 0.3].sort().values for W in Ws] for Ws in best]  # for each density, twice
kept = sp.represented(models).float().mean(0)  # (density,)
found = [[sp.blocks(W) for W in run] for run in models]  # of each run and density
every = [block for run in found for blocks in run for block in blocks]
sizes = [[[len(block.features) for block in sp.blocks(Ws[k])] for k in (1, 2, 4, 5)] for Ws in best]  # at the four densities, twice
groups = [[list(block.features) for block in sp.blocks(W)] for W in best[0]]
across = max(float((W[:, a].mT @ W[:, c]).abs().max()) for W, of in zip(best[0], groups, strict=True) for i, a in enumerate(of) for c in of[:i])
rooms = [(sp.feature_dimensionality(W)[a], sp.column_norms(W)[a]) for W, of in zip(best[0], groups, strict=True) for a in of]  # D and lengths
U, S, V = torch.linalg.svd(best[0][5][:, groups[5][-1]], full_matrices=False)
random = [sp.random_directions(8, 5, torch.Generator().manual_seed(s)) for s in range(100)]
random_D = torch.stack([sp.feature_dimensionality(W) for W in random])
three = sp.Toy(3, 2, tuple(density[1:].tolist()))  # three features by themselves, twice eight runs
three = [sp.train(three, recipe, seeds=8, first_seed=first, show=False).best().W[0] for first in (0, 8)]
cost = {q: [sp.collisions(W, q) for W in (sp.triangle(), sp.pair_and_one())] for q in (0.02, 0.1, 0.33, 0.57)}
each = [[v * 3 * float(sp.variance(torch.tensor(0.1))) / 0.1**2 / (0.9 if k == 0 else 1) for who, v in of.items() if len(who) == 2] for k, of in enumerate(cost[0.1])]
with claims():
    claim("D is 1 alone, 1/2 in a pair and 2/5 in a pentagon (within a thousandth), in the puzzle's model too (within 0.005)", all(bool((sp.feature_dimensionality(sp.polygon(n)) - d).abs().max() < 1e-3) for n, d in ((1, 1), (2, 1 / 2), (5, 2 / 5))) and bool(((D - 0.4).abs() < 0.005).all()))
    claim("the sum is never larger than the number of dimensions", bool((sp.feature_dimensionality(models).sum(-1) <= 5 + 1e-3).all()))
    claim("importance falls from 1 to 0.01, and the rarer features are, the more of them are kept, on average over sixteen runs", abs(toy.importance[0, 0] - 1) < 1e-6 and abs(toy.importance[0, -1] - 0.01) < 1e-6 and bool((kept.diff() > 0).all()))
    claim("the four matrices hold five features alone; two alone and three pairs; five pairs; three pairs and a block of five. In the best of eight fresh runs they hold the same, but five pairs at p = 0.06 too", sizes[0] == [[1] * 5, [1, 1, 2, 2, 2], [2] * 5, [2, 2, 2, 5]] and sizes[1] == [*sizes[0][:3], [2] * 5])
    claim("the block of five is a regular pentagon (within 12 degrees) in a plane", sp.read_plane(S[:2, None] * V[:2]).polygon == 5 and S[2] < 0.02)
    claim("outside the boxes no entry is larger than 0.01, in the best run at any density", across < 0.01)
    claim("each block of all 128 models fills a whole number of dimensions, to within a tenth, and blocks of eight fill three; a quarter of a hundred draws of random directions do (20 to 30)", all(abs(block.dimensions - round(block.dimensions)) < 0.1 for block in every) and {round(block.dimensions) for block in every if len(block.features) == 8} == {3} and between(sum(abs(D.sum() - D.sum().round()) < 0.1 for D in random_D), 20, 30))
    claim("blocks of three hardly form (in two of 128 models)", (sum(any(len(block.features) == 3 for block in blocks) for run in found for blocks in run), 8 * len(found)) == (2, 128))
    claim("a collision costs 1/8 in the triangle and 1/3 in the pair (simulated, within a twentieth), and in all the triangle loses more (at p = 0.02, 0.1, 0.33 and 0.57)", between([8 * v for v in each[0]] + [3 * v for v in each[1]], 0.95, 1.05) and (len(each[0]), len(each[1])) == (3, 1) and all(sum(a.values()) > sum(c.values()) for a, c in cost.values()))
    claim("of three features that are trained by themselves the best of either eight runs is a pair beside a single feature from p = 0.33 down, but a triangle at p = 0.57", all(sp.read_plane(of[0]).polygon == 3 and all(sp.read_plane(V).antipodal and sorted(len(block.features) for block in sp.blocks(V)) == [1, 2] for V in of[1:]) for of in three))
    claim("at p = 1 and 0.57 every feature of the best of either eight has a dimension to itself (at least 0.97), and at p = 0.11 about half of one", all(len(V) == 5 and V.min() >= 0.97 for of in best_D for V in of[:2]) and all(about(of[4], 0.5) for of in best_D))
    claim("at p = 0.33 the best of either eight keeps eight, two with a dimension and six with about half of one (in fresh runs 0.43 to 0.57)", all(len(of[2]) == 8 and bool((of[2][6:] > 0.99).all()) for of in best_D) and about(best_D[0][2][:6], 0.5) and between(best_D[1][2][:6], 0.43, 0.57))
    claim("no feature of a best run has a D between 0.6 and 0.95; of all runs with p from 0.57 to 0.19 fewer than one in twenty has one between 0.65 and 0.9", not any(bool(((V > 0.6) & (V < 0.95)).any()) for of in best_D for V in of) and all(((V > 0.65) & (V < 0.9)).float().mean() < 1 / 20 for V in (torch.cat([run[k] for run in runs_D]) for k in (1, 2, 3))))
    claim("in each pair of the best runs the longer arrow has a little more than half (0.6 or less), and in their larger blocks every feature has less than 0.43", all(V.argmax() == lengths.argmax() and V.max() <= 0.6 for V, lengths in rooms if len(V) == 2) and all(V.max() < 0.43 for V, _ in rooms if len(V) > 2))
    claim("of random directions none has a dimension to itself (a hundred draws of eight: one D in a hundred or fewer above 0.85, none above 0.95), and 95 draws or more form a single block", (random_D > 0.85).float().mean() <= 0.01 and random_D.max() < 0.95 and sum(len(sp.blocks(V)) == 1 for V in random) >= 95)
    single = [run[7][0] for run in found if len(run[7]) == 1]
    claim("at p = 0.02 five of the eight runs are a single block, and three of eight fresh ones, each of thirteen or fourteen features, whose D is less than 2/5 on average", [sum(len(run[7]) == 1 for run in half) for half in (found[:8], found[8:])] == [5, 3] and all(len(block.features) in (13, 14) and block.dimensions / len(block.features) < 0.4 for block in single))
    smaller = torch.minimum(*torch.stack([torch.rand(1_000_000, generator=torch.manual_seed(k)) / (k + 1) for k in (0, 1)]))
    claim("the mean square of the smaller of a and b/2 is 1/16 (a million samples, within 1 %)", between(16 * smaller.square().mean(), 0.99, 1.01))

# %% [markdown]
# ## 7 · The waterline in 768 dimensions
#
# The **linear representation hypothesis** claims that real networks work like our toy: “is French” or “names a bridge” would be a direction in the space of activations, the strength of the feature would be how far the activation lies in this direction, and where several features are present their vectors would add up. There are known exceptions, such as days of the week laid out on a circle (Engels et al. 2024, [arXiv 2405.14860](https://arxiv.org/abs/2405.14860)).
#
# In a transformer an MLP can read such directions: it takes dot products, adds biases, and applies a function much like our ReLU. If the hypothesis holds, how many features fit into 768 dimensions?
#
# Only 768 arrows can be exactly at right angles. How large are the angles between directions that are drawn at random?

# %% figure
plots.show(
    sp.right_angles_figure(),
    "Four histograms of angles, in 2, 10, 100 and 768 dimensions, each narrower around 90 degrees than the one before.",
    caption="Angles between two random directions. The more dimensions there are, the nearer the angles come to 90°.",
)

# %% [markdown]
# In 768 dimensions nearly every pair is within 6 degrees of a right angle, so that each feature leaks only a little into any other. But small leaks add up. Give $n$ features random directions in $d$ dimensions, and read one of them. The leaks of all others together are a noise with the mean square
#
# $$(n-1)\;\cdot\; p \;\cdot\; \tfrac13 \;\cdot\; \tfrac1d,$$
#
# which is how many others there are, how often each is active, how large its square is then ($\mathbb E[x^2] = 1/3$), and the mean square of its cosine. For the last one we turn the space, as in section 5, until the direction that we read is the first axis. The cosine is then the first of the $d$ coordinates of the other direction. Their squares sum to 1, so that each is $1/d$ on average. The mean squares of single leaks may be added, because random cosines have random signs: the products of two different leaks cancel on average. Here is one draw of ten thousand features, and beside it the formula:

# %%
d, n, p = 768, 10_000, 0.001
directions = torch.nn.functional.normalize(torch.randn(d, n), dim=0)  # (dimension, feature)
cosines = directions[:, 0] @ directions[:, 1:]  # of feature 0 with all others
others = (torch.rand(2000, n - 1) < p) * torch.rand(2000, n - 1)  # (sample, feature)
noise = others @ cosines  # what the others add to the reading of feature 0
round(float(noise.square().mean()), 4), round((n - 1) * p / (3 * d), 4)

# %% [markdown]
# The root of either number is 0.07, which is the size of the noise. A feature that is active is 0.5 on average.
#
# The remedy of section 3 was longer arrows and a waterline. For each number of features and density we take the best length and waterline of a grid, and ask which share of the variance is lost.

# %% figure
crowds = [sp.crowd(n, p) for p in (0.01, 0.001) for n in (1_000, 3_000, 10_000)]
ten_thousand = crowds[-1]  # p = 0.001
shown = torch.zeros(120)  # (feature,): four of these are active
shown[[18, 45, 72, 99]] = torch.tensor([0.9, 0.5, 0.7, 0.1])
bars = sp.readings_of(shown, 10_000, 0.001)
plots.show(
    sp.crowd_figure(shown, bars, ten_thousand, crowds),
    f"Bars of {len(shown)} readings and a waterline: three active features end near their strokes, a weak one drowns with all silent ones. Right, the variance lost over the number of features, for two densities and for the best linear squeeze, which loses more than twice as much.",
    caption=f"Left, the readings of {len(shown)} of the {ten_thousand.n:,} features. The four in dark blue were switched on for the picture; in most samples none of these {len(shown)} is active. The strokes say where their bars have to end. Right, the share of the variance that is lost.",
)

# %% [markdown]
# In the picture the three strong features end near their strokes, and the weak one drowns with all the silent ones. At $p = 0.001$ ten thousand features lose 6 % of their variance, less than the five of the puzzle. The best linear squeeze keeps 768 of them and loses 92 %.
#
# The noise grows with $np/d$, the number of features that are active at once for each dimension. Where they are active ten times as often, its mean square is ten times as large, and at $p = 0.01$ the ten thousand lose about 40 %. So how many features fit has no answer in one number: it depends on how rare they are.
#
# Standing out of the water does not prove that a feature is active. At $p = 0.001$ ten of the ten thousand are active at a time, on average, and beside them more than twenty silent ones stand out, most of them by less than 0.1.
#
# <details><summary>A guarantee: how many directions are sure to exist, if every two may have a cosine of up to ε in size?</summary>
#
# The cosine of two random ones exceeds $\varepsilon$ in size with probability at most $2e^{-d\varepsilon^2/2}$. Draw $N$ of them. They have fewer than $N^2/2$ pairs, so that the probability that any pair is too close is below $N^2 e^{-d\varepsilon^2/2}$. As long as this is at most 1, some draw succeeds. This guarantees that
#
# $$N = e^{d\varepsilon^2/4} \text{ directions with } |\cos| \le \varepsilon \text{ exist.}$$
#
# With $|\cos| \le 0.1$ it guarantees 6 in 768 dimensions, where an orthogonal basis already gives 768. In ten thousand dimensions it guarantees seventy billion.
# </details>
#
# > Random directions in 768 dimensions are nearly at right angles, and so 768 numbers can return thousands of features, as long as few are active at once.

# %% claims
angles = {}
for k in (2, 10, 100, 768):
    u, v = (sp.random_directions(5_000, k, torch.Generator().manual_seed(s)) for s in (2, 3))
    angles[k] = torch.rad2deg((u * v).sum(0).clamp(-1, 1).arccos())
lost = {(one.p, one.n): 100 * one.lost for one in crowds}
ends = ten_thousand.length**2 * bars - ten_thousand.water  # what stands out
silent = sp.random_readings(10_000, 0.001, samples=1000, read=1000, seed=2)  # readings of silent features
stray = [float((ten_thousand.length**2 * silent - ten_thousand.water > limit).float().mean()) for limit in (0, 0.1)]
with claims():
    claim("in 768 dimensions 99 % of all random angles are within 6 degrees of a right angle", ((angles[768] - 90).abs() < 6).float().mean() > 0.99)
    claim("the spread around 90° falls from 2 to 10 to 100 to 768 dimensions, each time to less than half", all((angles[b] - 90).square().mean() < (angles[a] - 90).square().mean() / 4 for a, b in ((2, 10), (10, 100), (100, 768))))
    u, v = (sp.random_directions(20_000, 50, torch.Generator().manual_seed(s)) for s in (0, 1))
    claim("on average (u·v)² is 1/d (20,000 pairs in 50 dimensions, within 5 %)", between((u * v).sum(0).square().mean() * 50, 0.95, 1.05))
    draws = [sp.disturbance(sp.random_directions(50, 20, torch.Generator().manual_seed(s)), 0.1).mean() for s in range(50)]
    claim("the formula holds on average over 50 draws of 50 random directions in 20 dimensions (within 3 %)", abs(torch.stack(draws).mean() / sp.expected_interference(50, 0.1, 20) - 1) < 0.03)
    claim("the noise of the one feature that is read has the mean square of the formula (within 20 %), the root of either is 0.07, and active features are 0.5 on average", abs(noise.square().mean() / sp.expected_interference(10_000, 0.001, 768) - 1) < 0.2 and all(round(float(v) ** 0.5, 2) == 0.07 for v in (noise.square().mean(), sp.expected_interference(10_000, 0.001, 768))) and abs(others[others > 0].mean() - 0.5) < 0.01)
    claim("ten times the density makes ten times the mean square of the noise", abs(sp.expected_interference(10_000, 0.01, 768) / sp.expected_interference(10_000, 0.001, 768) - 10) < 1e-3)
    claim("the picture has 120 of ten thousand features, four of them active", (len(shown), int((shown > 0).sum()), ten_thousand.n) == (120, 4, 10_000))
    claim("in the picture the three strong features end near their strokes (at most 0.11 off); the weak one and all silent ones drown", (ends - shown)[[18, 45, 72]].abs().max() <= 0.11 and ends[99] < 0 and bool((ends[shown == 0] < 0).all()))
    claim("of ten thousand features 6 % of the variance is lost at p = 0.001, and about 40 % at p = 0.01 (37 to 43)", round(lost[0.001, 10_000]) == 6 and between(lost[0.01, 10_000], 37, 43))
    claim("that is less than the puzzle's model loses", lost[0.001, 10_000] < shares[2])
    claim("a linear squeeze that keeps 768 of 10,000 loses 92 %, and one loses more than twice as much as random directions at every point of the figure", round(100 * (1 - 768 / 10_000)) == 92 and all(100 * (1 - 768 / n) > 2 * value for (_, n), value in lost.items()))
    claim("of ten thousand at p = 0.001 ten are active on average, and more than twenty silent ones stand out (20 to 27)", abs(10_000 * 0.001 - 10) < 1e-9 and between(9_990 * stray[0], 20, 27))
    claim("most of these by less than 0.1 (more than nine in ten)", stray[1] < stray[0] / 10)
    quiet = (sp.generate_batch(torch.full((1, 120), 0.001), 10_000, torch.manual_seed(0))[0] == 0).all(1)  # (sample,)
    claim("in most samples none of 120 features is active (five in six or more)", quiet.float().mean() > 5 / 6)
    claim("with |cos| ≤ 0.1 it guarantees 6 in 768 dimensions and seventy billion in ten thousand (within 5 %)", int(sp.almost_orthogonal_bound(768, 0.1)) == 6 and abs(sp.almost_orthogonal_bound(10_000, 0.1) / 7e10 - 1) < 0.05)

# %% [markdown]
# ## 8 · When a neuron means something
#
# A **neuron** is a single hidden number. In a transformer only those inside of an MLP are called so, and not the 768 of section 7. A turn changes all hidden numbers, as section 5 has shown. When can one of them mean something?
#
# Take two features in two dimensions, one to a neuron, and turn both arrows by 45 degrees.

# %% figure
angle = torch.deg2rad(torch.tensor(45.0))
R = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
fig, axes = plots.figure(1, 2, width=6.0, height=2.5)
for ax, W, title in ((axes[0], torch.eye(2), "one feature a neuron"), (axes[1], R, "turned by 45°")):
    ax.axhline(0, color=plots.GREY, linewidth=0.8)
    ax.axvline(0, color=plots.GREY, linewidth=0.8)
    sp.arrow_panel(ax, W, title)
    ax.text(1.7, 0, "first neuron", va="center", fontsize=9)
    ax.text(0.12, 1.5, "second neuron", ha="left", va="center", fontsize=9)
    ax.set_ylim(-1.6, 1.8)
plots.show(
    fig,
    "Two arrows at right angles: first each on the axis of a neuron, then both turned by 45 degrees, so that each lies between the axes.",
    caption="Two features in two dimensions. The axes are the neurons.",
)

# %% [markdown]
# Before the turn each neuron responds to one feature alone and is called **monosemantic**. After it each has weights of the same size for both, and is **polysemantic**. Whoever sees such a neuron active cannot tell which feature is there. Yet nothing is lost, and nothing is in superposition, since the two arrows are still at right angles. So a polysemantic neuron is no proof of superposition.
#
# Coordinates matter where something in the model treats them differently from other directions. A basis that is marked out in this way is called a **privileged basis**. In our toy neither model nor loss marks one out. Elhage et al. do so by a second ReLU, which acts on each neuron by itself:
#
# $$\hat x = \mathrm{ReLU}\big(W^\top\, \mathrm{ReLU}(W x) + b\big).$$
#
# We train this model with five neurons and ten features of falling importance, on dense and on rare features, twenty runs each. As the control we train it without the inner ReLU. A neuron *responds to* a feature if its weight for it is at least a quarter of its largest weight.

# %% prediction
predict("superposition.neurons")

# %% figure answer
toy = sp.Toy(10, 5, (0.5, 0.05), importance=0.8 ** torch.arange(10))
recipe = sp.Recipe(steps=1500, batch=128, lr=0.02)
with_relu = sp.train_neurons(toy, recipe, seeds=20, show=False)
no_relu = sp.train_neurons(toy, recipe, seeds=20, linear=True, show=False)  # the control
plots.show(
    sp.neurons_figure({"with the inner ReLU": with_relu.best(0), "without it": no_relu.best(0)}),
    "Weights of five neurons by ten features, twice. With the inner ReLU each row has one dot; without it each row has several.",
    caption="Weights of the best run of each kind, at p = 0.5; each row is a neuron. A dot marks a feature to which it responds, and the number beside the row counts its dots.",
)
average = float(with_relu.answers_to()[:, 0].float().mean())
measured("superposition.neurons", "about one" if average < 2 else "about three" if average < 5 else "about seven")

# %% [markdown]
# With the inner ReLU and dense features 94 of 100 neurons are monosemantic, those of all twenty runs together. Without it one of 100 is. Behind a ReLU a neuron is never negative, and so two features cannot share it as the pair of section 1 does. In most runs each neuron keeps a feature of its own, and the other five features are dropped. Where features are rare, the inner ReLU is not enough: at $p = 0.05$ no neuron is monosemantic, and the five return eight or nine features. That is superposition.
#
# The MLPs of a transformer have a privileged basis too: in them a function much like a ReLU acts on each neuron by itself. `code-4l`, the course's own four-layer model of Python code, has 768 neurons in each MLP. (The 768 dimensions of section 7 have nothing to do with them.) We run it on twelve programs. On six of these we choose two neurons of layer 1: the one whose variance lies most in few tokens, and the middle one in this order. On the other six we look at them. The control is one coordinate after a random turn, which mixes all neurons.

# %%
model = zoo.load("code-4l")
text = sp.programs(model)  # twelve programs, as the model reads them
values = sp.activations(model, text)  # (token, neuron), of layer 1
order = sp.spikes(values[text.program < 6]).argsort(descending=True)
seldom, middle = int(order[0]), int(order[383])
columns = {f"neuron {n}": values[:, n] for n in (seldom, middle)}
columns["control: one coordinate after a random turn"] = sp.turned(values)[:, 0]

# %% figure
shown = text.program >= 6
here = text.lines_around(int(values[:, seldom].masked_fill(~shown, 0).argmax()))
plots.show(
    sae.shaded_code(text.words[here], {name: (x[here] / x[shown].max()).clamp(min=0) for name, x in columns.items()}, columns=1, top=1.0),
    "Three lines of code, three times: neuron 124 is dark in a name in capitals, neuron 55 at two colons, and the control is pale in many places.",
    "The line in which neuron 124 is strongest, with its neighbours. The darker a token, the stronger; the darkest shade is the strongest token of all six programs.",
)  # fmt: skip

# %% [markdown]
# Neuron 124 is active in names in capital letters. On the six programs all 83 tokens at which it is above half of its maximum lie in such a name or directly behind one, as only 3 % of all tokens do. As far as its loud tokens tell, it means one thing. The deeper notebook tests this against chance.
#
# Neuron 55 is active at colons and full stops, which are 43 of its 52 loud tokens. Whoever counts these as two features calls it polysemantic. But perhaps the one feature is “here something ends”. No measurement decides this as long as we do not know the features. And if it is polysemantic, this still does not show that the model is in superposition, as the turn by 45° has taught us.
#
# The control answers a little to many things. Of its 186 loud tokens the commonest, the colon, is one in nine.
#
# > A turn can make neurons polysemantic without any superposition, and a ReLU on each neuron can make most of them monosemantic. Whether a neuron of a real model means one thing depends on what counts as a feature.

# %% claims
one = with_relu.answers_to() == 1  # (run, density, neuron)
capitals = text.in_capitals()
loud = {n: text.above_half(values[:, n].masked_fill(~shown, 0)) for n in (seldom, middle)}
said = [text.words[i].strip() for i in loud[middle]]
mixed = [text.words[i].strip() for i in text.above_half(sp.turned(values)[:, 0].masked_fill(~shown, 0))]
with claims():
    claim("after the turn each neuron has weights of the same size for both features", bool(((R.abs() - R.abs()[0, 0]).abs() < 1e-6).all()))
    claim("the two arrows are still at right angles, and their lengths are still 1", torch.allclose(R.mT @ R, torch.eye(2), atol=1e-6))
    claim("with the inner ReLU, at p = 0.5, a neuron responds to 1.1 features on average, and 94 of 100 are monosemantic", round(average, 1) == 1.1 and one[:, 0].numel() == 100 and int(one[:, 0].sum()) == 94)
    whole = one[:, 0].all(1)  # (run,): all five neurons are
    claim("in 17 of 20 runs all five are, and keep five features, one in each neuron (less than a quarter of their variance lost)", int(whole.sum()) == 17 and len(whole) == 20 and bool((with_relu.kept()[whole, 0] == 5).all()) and all(len(set(W.abs().argmax(-1).tolist())) == 5 for W in with_relu.W[whole, 0]))
    claim("these drop the other five (more than nine tenths of their variance lost)", bool((with_relu.unexplained[whole, 0].sort(-1).values[:, 5:] > 0.9).all()))
    linear_one = no_relu.answers_to() == 1
    claim("without the inner ReLU one neuron of 100 is monosemantic", int(linear_one[:, 0].sum()) == 1)
    claim("at p = 0.05 no neuron is, with it or without it; in the figure's models of p = 0.5 all five are with it, and none is without it", not bool(one[:, 1].any()) and not bool(linear_one[:, 1].any()) and bool(one[with_relu.final_loss[:, 0].argmin(), 0].all()) and not bool(linear_one[no_relu.final_loss[:, 0].argmin(), 0].any()))
    claim("there five neurons with the inner ReLU return eight or nine features, in every run (less than a quarter of their variance lost)", set(with_relu.kept()[:, 1].tolist()) == {8, 9})
    claim("code-4l has four layers of 768 neurons, and its activation function is a GELU, which is much like a ReLU", (model.cfg.n_layers, values.shape[1]) == (4, 768) and "gelu" in model.cfg.act_fn)
    claim("the two neurons are 124 and 55, chosen on six of twelve programs and shown on the others", (seldom, middle) == (124, 55) and len(text.program.unique()) == 12 and len(text.program[shown].unique()) == 6)
    claim("on these 124 is above half of its maximum at 83 tokens, and all lie in a name in capital letters or directly behind one, as 3 % of all tokens do", len(loud[124]) == 83 and bool(capitals[loud[124]].all()) and round(100 * float(capitals[shown].float().mean())) == 3)
    claim("of the 186 loud tokens of the control 21 are colons, one in nine, and no other is as frequent", len(mixed) == 186 and mixed.count(":") == 21 and about(21 / 186, 1 / 9) and max(map(mixed.count, set(mixed))) == 21)
    claim("in the shown lines 124 is strongest in or behind a name in capitals, 55 at the two colons", all(text.words[here.start + i].strip() == ":" for i in values[here, 55].topk(2).indices.tolist()) and bool(capitals[here][values[here, 124].topk(5).indices].all()))
    claim("of the 52 loud tokens of 55 there 33 are colons and 10 full stops", (len(said), said.count(":"), said.count(".")) == (52, 33, 10))

# %% [markdown]
# ## 9 · What this does not show
#
# **The wrong features.** To read $W$ as this lesson does one has to know which inputs are the features, and one may be wrong about that. Take the puzzle's model as it is, but describe its inputs by five random mixtures. Each is a weighted sum of the five numbers, and its arrow is the same weighted sum of their arrows.

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
    "Left, a pentagon of five arrows. Right, five arrows in no regular shape.",
    caption="One and the same model, the one of the puzzle. Left, the arrows of its five inputs; right, those of five random mixtures, whose weights have length 1 and are at right angles.",
)

# %% [markdown]
# The pentagon cannot be seen any more. The sum of the dimensionalities does not warn us, because it is 2 in either description. One thing does. The mixtures are less sparse than the inputs, as each of them differs from 0 in 16 cases out of a hundred instead of 3.5. In a real model nobody gives us the list of the features. Finding them is the subject of the next lesson.
#
# **A small world.** Our features are independent (the deeper notebook has others), and the model has no attention and no depth. The experiments show that superposition *can* be the best solution, and when. That large language models use it is a further claim, for which this lesson gives no evidence.
#
# **The puzzle, answered.** Two numbers cannot hold five numbers that may be anything. But while hardly more than one of the five is there at a time, they can say which one it is, and how large. The arrows are spread out, so that the largest leaks are negative and the ReLU removes them, and a negative bias drowns most of the positive ones. The price is 9 %, where keeping two features would cost 60.

# %% claims
sums = [sp.feature_dimensionality(V).sum() for V in (puzzle, invented)]
alone = 0.8 * torch.eye(5)  # one feature at a time
standing = [(read - read.diag().diag()).clamp(min=0).sum() for read in (alone @ G, torch.relu(alone @ G + puzzle_b))]
active = sp.generate_batch(torch.full((1, 5), 0.035), 100_000, torch.manual_seed(0))[0] > 0  # (sample, feature)
with claims():
    claim("the pentagon is not seen with invented features", sp.read_plane(puzzle).polygon == 5 and sp.read_plane(invented).polygon == 0)
    claim("the weights of a mixture have length 1, those of any two are at right angles", torch.allclose(mixture.T @ mixture, torch.eye(5), atol=1e-5))
    claim("the sum of the dimensionalities is 2 for both lists (within 0.001)", between(sums, 1.999, 2.001))
    claim("each mixture differs from 0 in 16 cases out of a hundred", bool(((100 * ((active * 0.5) @ mixture).ne(0).float().mean(0)).round() == 16).all()))
    claim("hardly more than one of the five is there at a time (several in fewer than one sample of fifty)", (active.sum(1) > 1).float().mean() < 1 / 50)
    claim("in the puzzle's model the largest leaks are negative", bool((G.amin(1).abs() > near.amax(1)).all()))
    claim("the bias drowns most of the positive leaks of features at 0.8 (more than three quarters)", standing[1] < standing[0] / 4)
    claim("it loses 9 %, and two arrows 60", [round(loses[name]) for name in ("the puzzle's model", "two arrows, by hand")] == [9, 60])

# %% [markdown]
# ## The lesson on a card
#
# | claim | evidence | control | where it fails |
# | --- | --- | --- | --- |
# | Rare features are kept in superposition. | Five features in two dimensions form a pentagon, which loses 9 %. | The best linear squeeze loses 60 %. | Features that are always active form no regular shape and lose 60 % too. |
# | The loss of three candidates tells which of two features a model keeps in one dimension. | The best of eight runs agrees on 97 % of a grid. | A guess by density alone, without the formulas, agrees on 92 %. | 39 % of the single runs that should find a pair do not. |
# | Features share dimensions in blocks, and their room falls in a step. | Of eight features in five dimensions two are alone and six in pairs. | Random directions nearly always form one block, and none has a dimension to itself. | At $p = 0.02$ half of sixteen runs are one block. With the wrong features the pentagon is not seen. |
# | Thousands of rare features can be returned from 768 dimensions. | 10,000 random directions at $p = 0.001$ lose 6 %. | The best linear squeeze loses 92 %. | At $p = 0.01$ they lose about 40 %. Even at $p = 0.001$ standing out of the water does not prove that a feature is active. |
# | A privileged basis can make neurons mean one thing. | With an inner ReLU and dense features 94 of 100 neurons are monosemantic. | Without the inner ReLU one of 100 is. | With rare features none is. |
#
# **To go on.**
#
# - Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html): the source of this lesson, with more shapes.
# - 3Blue1Brown, [How might LLMs store facts](https://www.3blue1brown.com/lessons/mlp): the picture of many nearly orthogonal directions, moving.
# - ARENA, [Intro to Superposition & Sparse Autoencoders](https://www.alignmentforum.org/posts/LnHowHgmrMbWtpkxx/intro-to-superposition-and-sparse-autoencoders-colab): exercises on the same paper.
#
# **Now the exercises.** `course start 01`, then `my/01_superposition.ipynb`. They end with a trained model of your own, whose shapes you find from $W$ alone. The deeper notebook, `notebooks/01_superposition_deeper.ipynb`, goes on with larger models and with computing in superposition, and tests neuron 124 of section 8 against chance.
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
# - waterline: what a reading has to exceed for an output above 0, the negative of the bias.
# - antipodal pair: two arrows at opposite ends of a line.
# - superposition: more features represented than there are dimensions.
# - local minimum: an end of training that no small step improves.
# - null: the score of something that does without what is tested.
# - neuron: a single hidden number.
# - polysemantic: of a neuron that responds to several features.
# - monosemantic: of a neuron that responds to one feature.
# - privileged basis: coordinates that something in the model treats differently from other directions.
# - linear representation hypothesis: features are directions, their strengths lengths, several features a sum.
# - dimensionality: the fraction of a dimension that a feature has to itself.
# - block: features that share dimensions among themselves and with no others.

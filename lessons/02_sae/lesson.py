# %% [markdown]
# # Sparse autoencoders
#
# *Lesson 2.*
#
# **A puzzle.** `code-4l` is the course's model of Python code. At every token it holds 192 numbers, its residual stream. None of them means anything by itself. Below, four numbers of a new kind have been computed from those 192, at each token of a small program. They are called *latents*, and there are 1 536 of them; each panel shows one. Nobody told the method what to look for: it saw vectors, and no labels.

# %% [markdown] contents
# You need lesson 1: features as directions, interference, why single neurons may mean nothing. From lesson 0 you need the residual stream and hooks.

# %% setup

# %%
import torch

from course_utils import page, plots, sae
from course_utils.page import caption, claim, claims, predict, table
from course_utils.python_text import samples
from course_utils.sae import stored

program = """def greet(self, name):
    if self.carries("wand"):
        print("hello", name)
    return name
"""
dictionary = sae.load("resid-2")  # of the residual stream before the third block
tokens, words = dictionary.read(program)
f = dictionary.encode(tokens)[0]  # (token, latent)
f.shape

# %% figure
shown = {378: "latent 378", 9: "latent 9", 1490: "latent 1490", 138: "latent 138"}
plots.show(
    sae.shaded_code(words, {title: f[:, i] for i, title in shown.items()}),
    "One program four times; latent 378 is active at closing parentheses, 9 inside brackets, 138 at quotes, 1490 everywhere.",
    caption="The program, four times. The ground of a token is as dark as the latent is active there, and white where it is silent. Latent 378 is active at the three closing parentheses and nowhere else, latent 9 inside parentheses, latent 138 at quotes, and latent 1490 at every token.",
)

# %% [markdown]
# Latent 378 looks like a discovery: a number in the model for “a bracket closes here”. Python's own tokenizer says exactly which tokens close a bracket, so we can measure how well it does. **F1** is the harmonic mean of two shares: of the tokens at which a number is high, the share that has the label (**precision**), and of the tokens that have the label, the share at which the number is high (**recall**). It is 1 for a perfect number.

# %% figure
scores = stored.label_scores()
closes = next(row for row in scores.rows() if row["label"] == "closes")
base = closes["base rate"]
contest = {"always yes": 2 * base / (1 + base)} | {
    name.removeprefix("null: "): closes[name]
    for name in ("null: best random direction", "best neuron", "best latent")
}
table({name: {"F1": value} for name, value in contest.items()}, mark="best latent", decimals=2,
      caption="How well one number tells closing brackets from other tokens. The text is 27 modules of the standard library that neither the model nor the dictionary was trained on. The neuron (of 768, each also with its sign turned round), the random direction (of 1 536) and the latent (of 1 536) were chosen on half of the modules and judged on the other half; intervals resample the modules of that half. One token in 28 closes a bracket.")

# %% [markdown]
# No neuron comes near. Has the method found the model's own idea of a closing bracket? Three questions lead there. How are such directions found? When should we believe that they are the right ones? And what does it take to show that a latent means what its best examples suggest? The answer to the last question will not be what the figure suggests.

# %% claims
with claims():
    claim("latent 378 is active at the three closing parentheses and nowhere else", [w for w, on in zip(words, f[:, 378] > 0, strict=True) if on] == [")"] * 3 and words.count(")") == 3)
    claim("latent 1490 is active at every token", bool((f[1:, 1490] > 0).all()))
    claim("latent 9 is silent outside parentheses", float(f[10:19, 9].max()) == 0 and bool((f[20:24, 9] > 0).all()))
    claim("no neuron comes near (intervals apart, by more than 0.3)", page.falling(closes["best latent"], closes["best neuron"]) and closes["best latent"][1] - closes["best neuron"][2] > 0.3)
    claim("one token in 28 closes a bracket (27 to 29)", page.between(1 / base, 27, 29))
    claim("the best latent for closing brackets is 378", scores.latent[scores.labels.index("closes")] == 378)

# %% [markdown]
# ## 1 · A vector as a sum of few directions
#
# Lesson 1 began with features and asked how a model stores them. Now we see only the vectors, and look for the features. We begin in the plane, where everything can be seen. Each vector is made from three directions, 120° apart; each direction is there in one vector of five, with a strength between ½ and 1½.

# %%
angles = torch.tensor([90.0, 210.0, 330.0]).deg2rad()
directions = torch.stack([angles.cos(), angles.sin()], dim=1)  # (feature, d)
plane = sae.Truth(directions, probability=torch.full((3,), 0.2),
                  parent=torch.full((3,), -1), noise=0.02)  # fmt: skip
x, strengths = plane.sample(400, torch.Generator().manual_seed(0))
count = (strengths > 0).sum(dim=1)
table({f"{n} directions": {"vectors": int((count == n).sum())} for n in range(4)})

# %% caption
caption("How many of the 400 vectors hold none, one, two or three of the directions.")

# %% figure
fig, axes = plots.figure(1, 2, width=6.4, height=3.4)
pca = sae.pca_directions(x)[:2]
for ax, rows, title in zip(axes, (directions, pca), ("the three directions", "two principal components"), strict=True):
    ax.plot(*x[count > 0].T, ".", color=plots.GREY, markersize=3)
    plots.arrows(ax, rows.T, title=title, labels=[""] * len(rows))
    ax.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9))
for i, row in enumerate(directions):
    axes[0].text(*(1.72 * row), str(i), color=plots.SERIES[i], fontweight="bold", ha="center", va="center")
plots.show(
    fig,
    "Dots on three rays from the origin; the true directions lie on the rays, two principal components leave two of them aside.",
    caption="The vectors that hold at least one direction. Those that hold just one lie on a ray; the others, between the rays, are sums. Two principal components, at right angles, describe the plane and leave at least two of the rays aside.",
)

# %% [markdown]
# Principal components are at right angles, and there are at most as many as dimensions. The three directions are neither. What singles them out is that each vector needs *few* of them. This is the assumption of **dictionary learning**: there are many directions, more than dimensions, and each vector is the sum of a few of them, with positive strengths.
#
# How are the strengths read off a vector? As in lesson 1: multiply with the direction, and apply a ReLU. Let $x$ be direction 0. Its products with the three directions are $(1, -\tfrac12, -\tfrac12)$, since the cosine of 120° is $-\tfrac12$. The ReLU makes them $(1, 0, 0)$, and once direction 0 is $x$ again.

# %% figure
fig, axes = plots.figure(1, 2, width=6.4, height=3.2)
for ax, point, title in zip(axes, (directions[0], directions[0] + directions[1]), ("x = direction 0", "x = directions 0 + 1"), strict=True):
    page.draw.cut_plane(ax, directions.T, read=0)
    ax.set(title=title, xlim=(-1.7, 1.7), ylim=(-1.7, 1.7))
    ax.plot(*point, "*", color="black", markersize=13)
    for i, row in enumerate(directions):
        foot = row * max(0.0, float(point @ row))
        if foot.norm() > 0:
            ax.plot(*torch.stack([point, foot]).T, ":", color=plots.SERIES[i], linewidth=1.6)
            ax.plot(*foot, "s", color=plots.SERIES[i], markersize=7)
plots.show(
    fig,
    "Direction 0 falls on itself with length one; the sum of two directions falls on each of them with length one half.",
    caption="Reading by products. The star is x, and the dotted lines drop it onto the directions; squares are what is read. Below the horizontal line (grey) the reader of direction 0 gives zero. Left: direction 0 alone is read as 1, and nothing else is read. Right: of the sum of two directions, each is read as ½ only.",
)

# %% [markdown]
# If both directions 0 and 1 are there, the products are $(\tfrac12, \tfrac12, -1)$, the ReLU gives $(\tfrac12, \tfrac12, 0)$, and the sum is only half of $x$. This is the interference of lesson 1: it does harm where features meet.
#
# A **sparse autoencoder** is this reader, with weights that are learned.

# %% figure
sae.autoencoder().captioned("A sparse autoencoder. There are more latents than numbers in x, and only a few of them (blue) are active for any one vector. The reconstruction x̂ is the sum of the directions of the active latents, each as long as the latent is active.")

# %% [markdown]
# $$f = \mathrm{ReLU}\big(W_\text{enc}(x - b_\text{dec}) + b_\text{enc}\big), \qquad \hat x = W_\text{dec}^\top f + b_\text{dec}.$$
#
# $x$ and $b_\text{dec}$ have the shape (d), $f$ and $b_\text{enc}$ (latent); $W_\text{enc}$ and $W_\text{dec}$ have the shape (latent, d). Each entry of $f$ is called a **latent**, and its row of $W_\text{dec}$ is its direction. The **dictionary** is all of these directions together. The bias $b_\text{dec}$ is what all vectors have in common: it is taken away before reading and added again at the end. A negative entry of $b_\text{enc}$ is a threshold: products below it count as zero.

# %%
def encode(x, W_enc, b_enc, b_dec):
    return torch.relu((x - b_dec) @ W_enc.T + b_enc)  # (row, latent)


def decode(f, W_dec, b_dec):
    return f @ W_dec + b_dec  # (row, d)

# %% [markdown]
# What makes training choose the three rays? The reconstruction alone does not. The four directions right, left, up and down rebuild every vector of the plane without any error, but they need two active latents for a vector that lies on a ray at 210°, with strengths of $\cos 30° + \sin 30° ≈ 1.37$ together, where one latent of strength 1 would do. Therefore the loss has a second term, which makes activity cost something. The **L1 norm** of $f$ is the sum of its entries, and $\lambda$ is its weight:
#
# $$\text{loss} = \|x - \hat x\|^2 + \lambda \sum_i f_i .$$
#
# This is called **ReLU with an L1 penalty** (Bricken et al. 2023; Cunningham et al. 2023). One way to cheat is left: make the directions long and the activations small. So every row of $W_\text{dec}$ is set back to length 1 after each step.

# %%
def step(x, weights, adam, penalty):
    W_enc, W_dec, b_enc, b_dec = weights
    f = encode(x, W_enc, b_enc, b_dec)
    error = (x - decode(f, W_dec, b_dec)).square().sum(dim=1)
    loss = (error + penalty * f.sum(dim=1)).mean()
    adam.zero_grad()
    loss.backward()
    adam.step()
    with torch.no_grad():
        W_dec.div_(W_dec.norm(dim=1, keepdim=True))
    return loss.item()

# %%
def train(seed, steps=300, penalty=0.2):
    rng = torch.Generator().manual_seed(seed)
    W = torch.nn.functional.normalize(torch.randn(3, 2, generator=rng), dim=1)
    start = W, W, torch.zeros(3), torch.zeros(2)  # W_enc, W_dec, b_enc, b_dec
    weights = [w.clone().requires_grad_() for w in start]
    adam, path = torch.optim.Adam(weights, lr=0.02), [W]
    for number in range(steps):
        x, _ = plane.batch(number, 256)
        loss = step(x, weights, adam, penalty)
        path.append(weights[1].detach().clone())
    return loss, [w.detach() for w in weights], path


runs = [train(seed) for seed in range(6)]
table({f"start {i}": {"loss at the end": run[0]} for i, run in enumerate(runs)}, decimals=3)

# %% caption
caption("The loss of the last batch, for trainings from six random starts.")

# %% figure
loss, weights, path = min(runs, key=lambda run: run[0])
order = sae.match_features(directions, weights[1]).latent
fig, axes = plots.figure(1, 4, width=7.2, height=2.1)
for ax, number in zip(axes, (0, 20, 60, 300), strict=True):
    ax.plot(*x[count > 0].T, ".", color=plots.GREY, markersize=1.5)
    plots.arrows(ax, path[number][order].T, title=f"step {number}", labels=["", "", ""])
    ax.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), xticks=[], yticks=[])
plots.show(
    fig,
    "Three arrows turn, over 300 steps, until each lies on one of three rays of dots.",
    caption="The three directions of the dictionary while it learns, in the training of the six that ends with the smallest loss. Each colour is the direction that ends on the ray of that colour in the figures above.",
)

# %% [markdown]
# The three arrows turn onto the rays, which they were never shown. Not every start gets there: two of the six end with a larger loss, and each of them has missed a ray. A dictionary is chosen by its loss, which can be known without the truth.
#
# The learned weights read almost as the products did. Each row of the encoder has kept nearly the direction of its row of the decoder. It has become a little shorter, and its threshold is a little below zero: both make the activations smaller, which the second term of the loss asks for.

# %%
W_enc, W_dec, b_enc, b_dec = weights[0][order], weights[1][order], weights[2][order], weights[3]
both = torch.stack([directions[0], directions[0] + directions[1]])
by_hand = encode(both, directions, torch.zeros(3), torch.zeros(2))
learned = encode(both, W_enc, b_enc, b_dec)
names = ("0, by hand", "0 + 1, by hand", "0, learned", "0 + 1, learned")
table(dict(zip(names, torch.cat([by_hand, learned]).tolist(), strict=True)),
      corner="directions in x", columns=("latent 0", "latent 1", "latent 2"), decimals=2)  # fmt: skip

# %% caption
caption("Activations for one direction and for the sum of two, with the directions themselves as encoder (by hand) and with the trained dictionary.")

# %% claims
pca_cosine = sae.cosines(directions, sae.pca_directions(x)).amax(1)
axes4 = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
late = [run for run in runs if run[0] > 1.1 * loss]
on_axes = encode(directions[1:2], axes4, torch.zeros(4), torch.zeros(2))
with claims():
    claim("two principal components leave at least two of the rays aside (cosine below 0.98)", int((pca_cosine < 0.98).sum()) >= 2)
    claim("the sum of two is read as (½, ½, 0)", torch.allclose(by_hand[1], torch.tensor([0.5, 0.5, 0.0]), atol=1e-5))
    claim("direction 0 alone is read as (1, 0, 0)", torch.allclose(by_hand[0], torch.tensor([1.0, 0.0, 0.0]), atol=1e-5))
    claim("right, left, up and down rebuild direction 1 without any error, with two active latents of 1.37 together", torch.allclose(on_axes @ axes4, directions[1:2], atol=1e-5) and int((on_axes > 1e-6).sum()) == 2 and round(on_axes.sum().item(), 2) == 1.37)
    claim("the three arrows turn onto the rays (cosine above 0.99)", bool((sae.match_features(directions, W_dec).cosine > 0.99).all()))
    claim("two of the six end with a larger loss (by a tenth and more), and each of them has missed a ray (cosine below 0.9)", len(late) == 2 and all(bool((sae.match_features(directions, run[1][1]).cosine < 0.9).any()) for run in late))
    claim("each row of the encoder has kept nearly the direction of its row of the decoder (cosine above 0.99), a little shorter (0.9 to 1)", bool((torch.cosine_similarity(W_enc, W_dec) > 0.99).all()) and page.between(W_enc.norm(dim=1), 0.9, 1.0))
    claim("its threshold is a little below zero (b_enc between −0.1 and 0)", page.between(b_enc, -0.1, 0))

# %% [markdown]
# The number of active latents of a vector, on average, is called **L0**. With the L1 penalty, L0 is what comes out of the training. A second kind of dictionary fixes it in advance. **TopK** (Gao et al. 2024) keeps the $k$ largest entries of $W_\text{enc}(x - b_\text{dec}) + b_\text{enc}$, sets the others to 0, and applies the ReLU to those that are kept, so that no more than $k$ are active. Its loss is $\|x - \hat x\|^2$ alone.
#
# ## 2 · Known truth first
#
# In a language model nobody can say whether a direction is right. So the method is first tried where we can. We invent 64 features: random directions in 32 dimensions, each active in one vector of 25, with a strength between ½ and 1½. A dictionary of 96 latents sees the vectors and never the features. About 2.6 features are active at a time, and TopK is given $k = 3$.
#
# To score it, each true feature gets a latent of its own, such that the sum of the cosines is as large as it can be. This **matching** uses each latent once. A feature counts as found when its partner has a cosine above 0.9. Three other methods are scored in the same way:
#
# - **principal component analysis** (PCA), whose axes are the directions of largest variance;
# - **independent component analysis** (ICA), which looks for axes along which the strengths are statistically independent, as our features are;
# - the null: 96 random directions, as many as there are latents.
#
# An axis has no sign, while a feature points one way. So PCA and ICA may use each axis in both directions.

# %% prediction
predict("sae.ica")

# %% [markdown]
# The course's trainer `sae.train` is the loop of section 1 with a schedule for the learning rate, and with a remedy for latents that are never active, which section 3 describes.

# %%
truths = [sae.Truth.draw(**stored.TRUTH, seed=seed) for seed in range(3)]
shape = sae.Config(d_in=32, n_latents=96, k=3)
found = {"TopK": [], "ICA": [], "PCA": [], "random": []}
for truth in truths:
    done = sae.train(shape, truth, stored.RECIPE, device="cpu", show=False)
    others = sae.baselines(truth, tries=96)
    found["TopK"].append(sae.Recovery.of(truth, done.sae.W_dec).found)
    for name, recovery in others.items():
        found[name].append(recovery.found)

# %% figure answer
names = {"TopK": "TopK dictionary", "ICA": "ICA", "PCA": "PCA", "random": "96 random directions"}
fig, ax = plots.figure(height=1.9)
for y, name in enumerate(names):
    ax.plot([100 * value for value in found[name]], [y] * 3, "o", color=plots.NULL if name == "random" else plots.SERIES[0], markersize=7, alpha=0.7)
ax.set(yticks=range(4), yticklabels=list(names.values()), xlim=(-2, 102), ylim=(3.5, -0.5), xlabel="features found, %")
share = sum(found["ICA"]) / 3
plots.show(fig, "The TopK dictionary finds nearly all features, ICA about a fifth, PCA and random directions none.",
           caption=f"The share of 64 features that each method finds, for three truths drawn independently (a dot each). The dictionary finds {100 * sum(found['TopK']) / 3:.0f} % on average and ICA {100 * share:.0f} %. ICA knows that the strengths are independent, which the dictionary is not told, but it has 32 axes, one for each dimension, and the features are twice as many.")
page.measured("sae.ica", "none" if share == 0 else "less than a third" if share < 1 / 3 else "a third to two thirds" if share < 2 / 3 else "nearly all")

# %% [markdown]
# This was the best case: features that are sparse, independent, and fewer than the latents. We take one of these conditions away at a time.

# %%
harder = {  # what is taken away: (the world, the dictionary)
    "enough latents: 32 for 64 features": ({}, {"n_latents": 32}),
    "sparsity: 10 features at a time, k = 10": ({"probability": 0.16}, {"k": 10}),
    "independence: always in pairs, k = 5": (
        {"correlation": "pairs", "together": 1.0}, {"k": 5}),
}
limits = {"nothing": 100 * sum(found["TopK"]) / 3}
for name, (world, change) in harder.items():
    truth = sae.Truth.draw(**stored.TRUTH | world)
    shape = sae.Config(**{"d_in": 32, "n_latents": 96, "k": 3} | change)
    done = sae.train(shape, truth, stored.RECIPE, device="cpu", show=False)
    limits[name] = 100 * sae.Recovery.of(truth, done.sae.W_dec).found
table({name: {"features found": value} for name, value in limits.items()},
      corner="taken away", unit="%", decimals=0)  # fmt: skip

# %% caption
caption("The same measure where one condition is taken away, one training each (first row: the mean of the three above). With 32 latents at most half of the features can have one.")

# %% [markdown]
# Each of the three breaks the method. With too few latents it finds fewer features than it has latents. With ten features active at a time in 32 dimensions it finds hardly any, although $k$ is right. And if two features always come together, the dictionary does not part them: for most pairs a latent lies along their *sum*. A dictionary finds what comes separately in the data, which may be something else than what we mean by a feature. Nothing in the reconstruction warns of it: of these vectors less than a tenth of the variance is left unexplained.

# %% claims answer
x_pairs, _ = truth.sample(4000, torch.Generator().manual_seed(2))
sums = truth.directions.view(32, 2, 32).sum(1)  # of the pairs, which are the last of the three
active = (truths[0].magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1).float()
with claims():
    claim("the dictionary finds nearly all features of all three truths (at least 95 %)", min(found["TopK"]) >= 0.95)
    claim("ICA finds less than a third of them, on each truth", max(found["ICA"]) < 1 / 3)
    claim("PCA and random directions find none", max(found["PCA"]) == 0 and max(found["random"]) == 0)
    claim("about 2.6 features are active at a time (2.5 to 2.7)", page.between(active.mean(), 2.5, 2.7))
    claim("with 32 latents it finds fewer features than it has latents", limits["enough latents: 32 for 64 features"] < 50)
    claim("with ten features active at a time it finds hardly any (less than 10 %)", limits["sparsity: 10 features at a time, k = 10"] < 10)
    claim("for most pairs a latent lies along their sum (cosine above 0.9)", sae.match_features(sums, done.sae.W_dec).found() > 0.5)
    claim("of the vectors made of pairs less than a tenth of the variance is left unexplained", sae.fvu(x_pairs, done.sae(x_pairs)) < 0.1)

# %% [markdown]
# ## 3 · What the penalty does to the activations
#
# How is $\lambda$ chosen, and what does it do besides making activity rare? Look at one latent alone. Its feature is there with strength $m$, and the latent answers with $f$. The error is $(m - f)^2$ and the penalty $\lambda f$. The derivative $-2(m - f) + \lambda$ is zero at
#
# $$f = m - \lambda / 2 .$$
#
# The best answer is too small, by the same amount for every strength. This is called **shrinkage**. It comes from the penalty and does not go away with more training. In a whole dictionary there is a second reason for activations to be small: part of the strength may sit in other latents.
#
# We train ReLU with L1 on the three truths with seven values of $\lambda$, five times as long as above. The trainer divides the vectors by their mean length (the root of the mean square, 1.66 here), so that $\lambda = 0.5$ shrinks one latent alone by $0.5 \cdot 1.66 / 2 ≈ 0.41$, and a strength of 1, the mean, should be answered with about 0.59.

# %% prediction
predict("sae.shrinkage")

# %%
prices = stored.prices()
half, topk = prices.at(0.5), prices.topk

# %% figure answer
plots.show(
    prices.plot(),
    "Against λ: activation over true strength, active latents a vector, and features found, with TopK as a line.",
    caption=f"ReLU with L1 against λ: mean and range over three truths; the brown line is TopK with k = 3. Left: activations of the latents that found a feature, over its true strength; the dotted line is what f = m − λ/2 gives for strengths between ½ and 1½. At λ = 0.5 the activations are {half['factor'].mean():.2f} of the true strengths, where one latent alone would give 0.59. Middle: below λ = 0.5 more latents are active than there are features (2.6), and the strength is shared among them. Right: features found.",
)
page.measured("sae.shrinkage", half["factor"].mean().item())

# %% [markdown]
# <details><summary>After your guess: why the formula is not the whole story</summary>
#
# Why is more missing than the formula says? It describes one latent alone. At the smallest $\lambda$ the vectors are rebuilt almost whole, with 4 % of the variance unexplained, although the latent of a feature answers with little more than half of its strength. The rest must come from other latents, and about nineteen are active where the truth has 2.6. A small $\lambda$ leaves many latents active, a large one shrinks each of them. Either way the activations are too small, and in a real model, where the true strengths are unknown, this cannot be seen.
#
# </details>
#
# TopK has no penalty and does not shrink by one. Its activations come closer to the true strengths, and it needs $k$ instead of $\lambda$: in both kinds somebody has to choose a number, and on a real model the choice is a compromise between few active latents and a small error.
#
# A latent that is never active is called **dead**. It gets no gradient, since its ReLU gives zero everywhere, and so it stays dead. In large dictionaries many latents can die although there would be work for them. Two remedies are common. **Resampling** points a dead latent at a vector that is reconstructed badly (Bricken et al. 2023). An **auxiliary loss** lets dead latents try to reconstruct what the living ones leave over (Gao et al. 2024). The trainer of this course uses the first for ReLU and the second for TopK.

# %% claims answer
with claims():
    claim("λ = 0.5 shrinks one latent alone by about 0.41, to 0.59 of the strength", page.rounds_to(0.25 * prices.scale.mean(), "0.41") and page.rounds_to(prices.alone[4], "0.59"))
    claim("at every λ the activations are smaller than one latent alone would give, on each truth", bool((prices.factor[:-1] < prices.alone[:, None]).all()))
    claim("at the smallest λ 4 % is unexplained, the activations are little more than half of the strengths (0.55 to 0.6), and about nineteen latents are active", page.rounds_to(100 * prices.unexplained[0].mean(), "4") and page.between(prices.factor[0], 0.55, 0.6) and page.rounds_to(prices.l0[0].mean(), "19"))
    claim("below λ = 0.5 more latents are active than there are features, on each truth", bool((prices.l0[:4] > prices.active).all()))
    claim("TopK's activations come closer to the true strengths than those of L1 at every λ, on each truth", bool((topk["factor"] > prices.factor[:-1].nan_to_num(0)).all()))
    claim("the trainer divides by a mean length of 1.66", page.rounds_to(prices.scale[0].mean(), "1.66"))

# %% [markdown]
# ## 4 · One token taken apart
#
# Now the real thing. The vectors are the residual stream of `code-4l` before its third block, 192 numbers for each token. The dictionary has 1 536 latents, eight for each dimension, and TopK with $k = 16$. It was trained on 765 000 vectors, each read about eight times, in random order, and it is loaded here. (`models/sae.py` is its recipe.)
#
# Before any average, look at what it does to one vector. Here is the closing parenthesis of `self.carries("wand")`, with the latents that are active there.

# %%
reading = sae.Reading.of(dictionary, [samples.read(name) for name in samples.names()])
site = sae.Site(dictionary.model, dictionary.hook)
x = site.activations(tokens)[0]  # (token, d)
first, second = 24, 35  # the ")" of carries("wand"), and the ")" of print(...)
b_dec, W_dec = dictionary.sae.b_dec, dictionary.sae.W_dec
missing, left = x[first] - b_dec, [1.0]
for latent in f[first].argsort(descending=True)[:16]:
    missing = missing - f[first, latent] * W_dec[latent]
    left.append((missing.square().sum() / (x[first] - b_dec).square().sum()).item())
table({"missing": {f"after {n}": 100 * left[n] for n in (0, 1, 2, 4, 8, 16)}},
      corner="share of |x − b_dec|²", unit="%", decimals=0)  # fmt: skip

# %% caption
caption("How much of the token's vector is missing after its strongest latents have been added up, one, two, four, eight and all sixteen of them.")

# %% figure
parts = [sae.Anatomy.of(reading, words[place], x[place]) for place in (first, second)]
plots.show(
    sae.anatomies(parts, ('“)” of carries(…)', '“)” of print(…)')),
    "Two columns of sixteen bars each: the activations of the latents at two closing parentheses; five latents are in both.",
    caption="The sixteen active latents of two closing parentheses. Dark bars are latents that both tokens have, light bars are only in one. Beside each number stands a short reading from the course's sample programs: the token at which more than half of its activity lies, or the best of 21 labels if it fits (F1 at least 0.4), or how often it is active if that is more than one token in ten, and “?” where none of these says anything.",
)

# %% [markdown]
# The vector of 192 numbers is nearly rebuilt from sixteen. The first two do most of the work: latent 1490, which is active at half of all tokens, and latent 378. The second parenthesis shares both, and its other latents are mostly different ones. In this sense a dictionary describes a token by a few words out of a large vocabulary. Most of the words we cannot read: more than half of the sixteen have a question mark.
#
# Averages over many tokens say how good the description is:
#
# - *L0*, the active latents of a vector. It is 16 by construction;
# - the **fraction of variance unexplained**: all squared errors together, over all squared distances from the mean;
# - *dead* latents, and **dense** ones, which are active for more than one token in ten;
# - the **loss recovered**. The reconstruction is put in the place of the residual stream, the model goes on from there, and its loss on the next token rises. The rise is compared with that of an ablation, which puts zero or the mean vector there: 1 means that the reconstruction does no harm, 0 that it does as much as the ablation.

# %%
held_out, module = sae.held_out_contexts(dictionary.model, limit=24)
vectors, _ = dictionary.activations(held_out)
quality = sae.Quality.of(dictionary.sae, vectors)
spliced = sae.Spliced.of(dictionary, held_out, module)
table(spliced, unit="nats", decimals=2)

# %% caption
caption("The loss of `code-4l` on the next token, on 24 contexts of held-out modules, with something else in the place of the residual stream before its third block.")

# %% figure
plots.show(
    sae.Density.of(dictionary.sae.encode(vectors)).plot(),
    "A histogram of latents by how often they are active, with a peak near half a token in a hundred.",
    caption="How often each latent is active, on a scale on which each step is ten times more. The grey bar counts latents that are never active on these 6 120 tokens. Latents to the right of the dotted line are dense.",
)

# %% [markdown]
# The dictionary keeps nearly nine tenths of the variance, hardly any of its latents is dead, and about one in a hundred is dense. The reconstruction costs the model 0.2 nats a token. Against zero that is a recovery of about 98 %, against the mean about 95 %: a residual stream of zeros is something that the model has never met, and does far more harm than the mean vector, so that the same reconstruction looks better beside it. A report that does not name its ablation cannot be compared with another one.

# %% claims
recovered = spliced.recovered
cost = (spliced.spliced.mean() - spliced.clean.mean()).item()
facts = sae.card("resid-2")
shared = set(parts[0].latents.tolist()) & set(parts[1].latents.tolist())
with claims():
    claim("the dictionary has 1 536 latents, eight for each of 192 dimensions", dictionary.sae.config.n_latents == 8 * vectors.shape[1] == 1536)
    claim("it was trained on 765 000 vectors, each read about eight times", facts["data"]["vectors"] == 765_000 and page.about(facts["epochs"], 8))
    claim("the two strongest latents are 1490 and 378, and leave less than a third", parts[0].latents[:2].tolist() == [1490, 378] and left[2] < 1 / 3)
    claim("the second parenthesis has both, and five of the sixteen in all", {1490, 378} <= shared and len(shared) == 5)
    claim("more than half of the sixteen have a question mark, in both tokens", min(part.readings.count("?") for part in parts) > 8)
    claim("latent 1490 is active at half of all tokens (0.45 to 0.5)", page.between((reading.rows[:, 1490] > 0).float().mean(), 0.45, 0.5))
    claim("L0 is 16 (no vector has more; some may have fewer)", page.between(quality.l0, 15.9, 16))
    claim("it keeps nearly nine tenths of the variance (0.86 to 0.9)", page.between(1 - quality.unexplained, 0.86, 0.9))
    claim("hardly any of its latents is dead on these contexts (less than 3 %)", quality.dead < 0.03)
    claim("about one latent in a hundred is dense (0.5 to 2 %)", page.between(quality.dense, 0.005, 0.02))
    claim("the reconstruction costs 0.2 nats a token (0.15 to 0.25)", page.between(cost, 0.15, 0.25))
    claim("against zero it recovers about 98 % (97 to 99), against the mean about 95 % (94 to 97)", page.between(recovered["zero"], 0.97, 0.99) and page.between(recovered["mean"], 0.94, 0.97))

# %% [markdown]
# ## 5 · Reading a latent
#
# What does one latent stand for? The usual way is to look at the texts in which it is most active. That flatters the latent: its strongest activations may be clear and the rest a mixture. So we put texts beside them that are drawn at random from *all* its activity. The second thing to read is what its direction does by itself to the next token, through the unembedding. We read three latents in the twelve sample programs of the course. First the one of the puzzle.

# %%
reading.explain(378, count=4)

# %% caption
caption("Latent 378. The ground of a token is as dark as the latent is active, and the token that counts is underlined; the number before a line is its activation. “Promotes” and “suppresses” are the tokens whose logit the latent's direction changes most by itself.")

# %% [markdown]
# At the top and at random alike, these are closing parentheses. Its direction raises line breaks, `->` and `as`, some of what may follow. Next the latent that was the strongest at both parentheses.

# %%
reading.explain(1490, count=4)

# %% caption
caption("Latent 1490, in the same form. It is dense.")

# %% [markdown]
# No token, no label and no word fits. The reason is outside the text: this latent marks a *place*. It is active at every token among the first 64 of every context, and at no token among the last 64. The early part of a context is something that many vectors have in common, and a dictionary spends a latent on it.

# %%
reading.explain(430, count=4)

# %% caption
caption("Latent 430, in the same form.")

# %% [markdown]
# The strongest places of latent 430 are names of modules in import statements, which are many different tokens. Its direction promotes `import`. But of all the places at which it is active only a third are imported names; at random there are others, with smaller activations. It finds nearly all imported names, and it is not only about them.
#
# These are the three kinds one meets: clear, readable only from outside the text, and clear at the top and mixed below. A name for a latent is a hypothesis about where it is active, and F1 says how well the hypothesis does. This is how “monosemantic” becomes a number.

# %% claims
one, three = reading.explain(378, count=4), reading.explain(430, count=4)
seen = [c.tokens[c.centre].strip() for c in (*one.top, *one.random)]
early, late = (reading.f[:, span, 1490] > 0 for span in (slice(1, 65), slice(-64, None)))
with claims():
    claim("at all eight places that are shown latent 378 is active at a closing parenthesis", set(seen) == {")"})
    claim("its direction raises line breaks, -> and as", {"\n", "->", "as"} <= {token.strip(" ") for token, _ in one.promotes})
    claim("latent 1490 is active at every token among the first 64 of every context, and at no token among the last 64", bool(early.all()) and not bool(late.any()))
    claim("of the places at which latent 430 is active a third are imported names (0.3 to 0.36), and it finds nearly all (at least 0.9)", three.label == "import" and page.between(three.precision, 0.3, 0.36) and three.recall > 0.9)
    claim("the direction of 430 promotes import", "import" in {token.strip() for token, _ in three.promotes})

# %% [markdown]
# ## 6 · Is the name right?
#
# Latent 378 was active at closing parentheses, wherever we looked. Two hypotheses say so: it stands for *a bracket closes here*, or it stands for *the token* `)`. The examples cannot decide between them, because nearly everywhere both are true. They differ in two places. A `)` inside a string or a comment closes no bracket of the program. And a `]` closes one, but is another token.

# %% prediction
predict("sae.exceptions")

# %%
def active_at(rows, token, closes):
    """How many such tokens there are, and the share at which each column is active."""
    here = (ids == dictionary.model.tokenizer.convert_tokens_to_ids(token)) & (is_closing == closes)
    return {"tokens": int(here.sum())} | {
        name: 100 * (column[here] > 0).float().mean().item() for name, column in rows.items()
    }


ids = reading.tokens[:, 1:].flatten()
is_closing = reading.labels.flags[:, reading.labels.names.index("closes")]
int(is_closing.sum())

# %% caption
caption("How many tokens of the sample programs close a bracket.")

# %% figure answer
untrained = sae.load("resid-2-untrained")
g = untrained.encode(reading.tokens)[:, 1:].flatten(0, 1) > 0
half_of = reading.labels.halves[0]
hits = (g & is_closing[:, None])[half_of].sum(0)
control = int(sae.f1_score(hits, g[half_of].sum(0), is_closing[half_of].sum()).argmax())
rows = {"latent 378": reading.rows[:, 378], "null: untrained model": g[:, control].float()}
kinds = {"`)` that closes a bracket": (")", True), "`)` in a string or comment": (")", False), "`]` that closes a bracket": ("]", True)}
exceptions = {name: active_at(rows, *kind) for name, kind in kinds.items()}
again = program.replace("hello", "hello (again)")
more, spelled = dictionary.read(again)
plots.show(
    sae.shaded_code(spelled, {"latent 378": dictionary.encode(more)[0][:, 378]}, columns=1),
    "The program with a parenthesis inside its string: the latent is active there too.",
    caption="The program of the puzzle, with a pair of parentheses inside the string. The latent is active at the `)` there as well.",
)
display(table(exceptions, unit={"latent 378": "% active", "null: untrained model": "% active"}, decimals=0, caption="Where the latent is active, in the twelve sample programs. The null is the best latent for closing brackets in a dictionary of the same model before any training, chosen on half of the programs. Latent 378 is the token `)`: it does not leave out a single one that closes nothing, and it misses most of the square brackets."))
share = exceptions["`)` in a string or comment"]["latent 378"]
page.measured("sae.exceptions", "hardly any" if share < 20 else "about half" if share < 80 else "nearly all")

# %% [markdown]
# <details><summary>After your guess: what this means</summary>
#
# An F1 of 0.87 was not enough to tell the two hypotheses apart, and the best examples even less. A test must look where the hypotheses differ. The untrained model makes the same point from another side. Its weights are random numbers, so that it knows nothing about Python, and yet the best latent of *its* dictionary reaches an F1 of 0.82 on closing brackets. Token embeddings are different vectors even when they are random, and a dictionary finds vectors that come back.
#
# </details>
#
# So every label needs a baseline that knows nothing but the token: a **token list**. Each token of the vocabulary is put on the list or not, as is best on the half of the modules that chooses; no model is asked. Which latents know more than the list?

# %% prediction
predict("sae.labels")

# %% figure answer
lists = stored.token_lists()
rank = {name: i for i, name in enumerate(scores.labels)}
latent_row = sae.judging.CONTESTANTS.index("latent")
low, high = scores.low[latent_row], scores.high[latent_row]
wins = [name for name in scores.labels if low[rank[name]] > lists[name][2]]
losses = [name for name in scores.labels if high[rank[name]] < lists[name][1]]
plots.show(
    scores.plot(lists),
    "F1 of a token list, neurons, random directions, latents and probes for 21 labels, sorted by how much latents gain on the list.",
    caption=f"F1 for 21 labels that Python's tokenizer and parser give every token, on the half of 27 modules that chose nothing; labels at which the best latent gains most on the token list are at the top. Bars are 95 % intervals of the latent (modules resampled). At {len(wins)} labels its whole interval lies above the list's: {', '.join(sae.WORDS[name] for name in wins)}. At {len(losses)} it lies below.",
)
page.measured("sae.labels", len(wins))

# %% [markdown]
# The labels at the top have something in common: the token alone does not decide them. A name after a dot may be any name; whether a token stands in a comment depends on a sign far to the left. Latents that tell such labels cannot be the token in disguise, and at each of them the dictionary of the untrained model tells next to nothing (F1 of 0.11 or less). Here training has made something that a dictionary can find. No neuron comes as far at any of them.
#
# Keywords and operators are at the bottom. One reason is arithmetic. A label that belongs to a share $b$ of the tokens, and a latent that is active at a smaller share $a$: even if every activation is right, precision is 1 and recall $a/b$, so that
#
# $$\text{F1} \le \frac{2a}{a + b} .$$
#
# In the sample programs one token in four is an operator (brackets count among them) and latent 378 is active at one in twenty. It can reach no more than 0.33, and reaches 0.31. A TopK dictionary describes a token by sixteen latents, and a latent that is active at a quarter of all tokens would have to earn that place everywhere. Classes of tokens are therefore spread over many latents: the best latent for keywords is mostly active at `return`, `if` and `for`, and the best set of up to sixteen latents reaches 0.84, just what the token list reaches. When a dictionary with more latents cuts a feature into finer ones, this is called **feature splitting** (Bricken et al. 2023).
#
# A **probe** is a direction that was trained on the label itself, by logistic regression. It is the highest of all at nearly every label. The vectors hold what Python's labels say; a single latent, found without labels, finds a part of it.

# %% claims answer
base_of = {name: scores.base[rank[name]].item() for name in scores.labels}
untrained_f1, neuron_f1, latent_f1, probe_f1 = (scores.of(name) for name in ("untrained", "neuron", "latent", "probe"))
operator = reading.labels.flags[:, reading.labels.names.index("kind_operator")]
on = reading.rows[:, 378] > 0
bound = 2 * on.float().mean() / (on.float().mean() + operator.float().mean())
at_348 = [dictionary.model.tokenizer.decode([i]) for i in ids[reading.rows[:, 348] > 0].tolist()]
with claims():
    claim("latent 378 is active at every ) in a string or comment, and at every ) that closes a bracket", exceptions["`)` in a string or comment"]["latent 378"] == exceptions["`)` that closes a bracket"]["latent 378"] == 100)
    claim("it misses most of the square brackets (nine tenths and more)", exceptions["`]` that closes a bracket"]["latent 378"] < 10)
    claim("the untrained model's best latent reaches an F1 of 0.82 on closing brackets", page.rounds_to(untrained_f1["closes"], "0.82"))
    claim("there are 21 labels, and at seven the latent's whole interval lies above the token list's", len(scores.labels) == 21 and len(wins) == 7)
    claim("these are comments, brackets, names where bound, after def, after class, imported, after a dot", set(wins) == {"in_comment", "in_brackets", "definition", "function_name", "class_name", "import", "attribute"})
    claim("at each of them the untrained model's latent has an F1 of 0.11 or less", page.rounds_to(max(untrained_f1[name] for name in wins), "0.11"))
    claim("no neuron comes as far at any of them", all(neuron_f1[name] < latent_f1[name] for name in wins))
    claim("one token in four is an operator, latent 378 is active at one in twenty", page.between(operator.float().mean(), 0.24, 0.26) and page.between(on.float().mean(), 0.045, 0.055))
    claim("it can reach no more than 0.33 on operators, and reaches 0.31", page.rounds_to(bound, "0.33") and page.rounds_to(sae.f1_score((on & operator).sum(), on.sum(), operator.sum()), "0.31"))
    claim("the best latent for keywords is 348, mostly active at return, if and for", scores.latent[rank["kind_keyword"]] == 348 and sum(w.strip() in ("return", "if", "for") for w in at_348) > len(at_348) / 2)
    claim("the best set reaches 0.84 on keywords, just what the token list reaches", page.rounds_to(scores.of("set")["kind_keyword"], "0.84") and page.rounds_to(lists["kind_keyword"][0], "0.84"))
    claim("the probe is the highest at nearly every label (at least 19 of 21)", sum(probe_f1[n] >= max(latent_f1[n], neuron_f1[n], lists[n][0]) for n in scores.labels) >= 19)

# %% [markdown]
# ## 7 · Does the model use it?
#
# A latent that tells a label is a good *description*. Whether the model reads that direction is another question, and an intervention answers it: take the latent away where it is active, and see what becomes of the prediction. Taking it away means
#
# $$x \;\to\; x - f_i\, d_i ,$$
#
# with $f_i$ its activation and $d_i$ its direction, of shape (d). Everything else stays, also what the dictionary does not reconstruct. At the `)` of `print("hello", name)` the model expects a line break. Without latent 378 it expects something else.

# %%
def next_tokens(vectors):
    """The five likeliest next tokens after the second ")", in percent."""
    logits = site.logits(tokens, vectors[None])[0, second]
    p, top = logits.softmax(dim=0).topk(5)
    names = [sae.reading.visible(dictionary.model.tokenizer.decode([i])) for i in top]
    return [f"{name}  {100 * share:.0f} %" for name, share in zip(names, p.tolist(), strict=True)]


without = x.clone()
without[second] -= f[second, 378] * W_dec[378]
table({"as it is": next_tokens(x), "without latent 378": next_tokens(without)},
      columns=("first", "second", "third", "fourth", "fifth"))  # fmt: skip

# %% caption
caption("The five likeliest tokens after `print(\"hello\", name)`, with their probabilities. ⏎ is a line break, with the blanks that follow it.")

# %% [markdown]
# The model no longer ends the line: its first choice is `=`, as if the parenthesis were part of something that goes on. But any change of that length might do some harm. So the null matters: at the *same* places a vector of the *same* length is taken away, along the direction of another latent that is active about *as often*. How far the prediction moves is measured by the **KL divergence** from the untouched prediction to the changed one, in nats: 0 where they agree.
#
# We test the best latents for four labels: 378 for closing brackets, 670 for opening brackets, 234 for names where they are bound, and 348 for keywords.

# %% prediction
predict("sae.causal")

# %% figure answer
bench = sae.Bench.of(dictionary, reading.tokens[:8])
labels = ("closes", "opens", "definition", "kind_keyword")
latents = [int(scores.latent[rank[name]]) for name in labels]
effects = sae.causal_table(bench, labels, latents, count=19)
largest = effects.null_kl.amax(1)
above = int((effects.kl > largest).sum())
plots.show(
    effects.plot(),
    "Four rows of nineteen grey dots, the effects of other directions of equal length, with one blue dot, the latent's own.",
    caption=f"How far the prediction moves where a latent is active, when it is taken away (blue), and when a vector of the same length is taken away there along one of nineteen other latents that are active about as often (grey). At {above} of the four the latent's own direction moves it further than all nineteen.",
)
page.measured("sae.causal", ("none", "one", "two", "three", "all four")[above])

# %% [markdown]
# The test does not ask whether our *name* for a latent is right. Latent 378 is a token detector by section 6, and the model may well read it: after a `)` other things follow than after other tokens. A latent that fails the test may still be a good description. The two questions are independent, and both need their own evidence.
#
# With a latent set to a high value instead of zero, at every token, the same edit is called **steering**. The best-known case is the Golden Gate Bridge of Templeton et al. 2024.

# %% claims answer
line = site.logits(tokens, x[None])[0, second].softmax(0)
cut = site.logits(tokens, without[None])[0, second].softmax(0)
breaks = [i for i in range(len(line)) if (t := dictionary.model.tokenizer.decode([i])) and not t.strip() and "\n" in t]
with claims():
    claim("at the second ) the model expects a line break (0.95 and more), and without latent 378 its first choice is =", float(line[breaks].sum()) > 0.95 and dictionary.model.tokenizer.decode([int(cut.argmax())]).strip() == "=")
    claim("without it, it no longer ends the line (a line break below one third)", float(cut[breaks].sum()) < 1 / 3)
    claim("the latents for closing brackets, opening brackets and names where bound move the prediction further than each of nineteen other directions", bool((effects.kl > largest)[:3].all()))
    claim("the best latent for keywords moves the prediction no further than other directions do (p above 0.1)", effects.p[3] > 0.1)
    claim("the four latents are 378, 670, 234 and 348", latents == [378, 670, 234, 348])

# %% [markdown]
# ## 8 · What the critics say
#
# Dictionaries have been criticised with care, and a part of it can be measured here.
#
# - *A direction that was trained on the label does better.* Kantamneni et al. 2025, [Are Sparse Autoencoders Useful?](https://arxiv.org/abs/2502.16681), could not consistently improve on ordinary probes with latents. Wu et al. 2025, [AxBench](https://arxiv.org/abs/2501.17148), found the plain difference of two means better at detecting a concept. Here a probe is better than the best latent at 18 of the 21 labels, with intervals apart, and never worse.
# - *An untrained network gives nice latents too.* Heap et al. 2025 ([arXiv 2501.17727](https://arxiv.org/abs/2501.17727)) found it in language models, and section 6 found it here, for labels that the token decides.
# - *Two trainings find different latents.* Paulo and Belrose 2025 ([arXiv 2501.16615](https://arxiv.org/abs/2501.16615)) compared dictionaries that differ in their start alone. This lesson reads a single dictionary.
#
# What a dictionary has that a probe has not: it needs no labels, and proposes directions to look at. A probe answers a question that one already has.

# %% claims
with claims():
    claim("a probe is better than the best latent at 18 of the 21 labels (intervals apart), and never worse", len(scores.apart("probe", "latent")) == 18 and not scores.apart("latent", "probe"))

# %% [markdown]
# ## 9 · Now on GPT-2
#
# For GPT-2 small Bloom 2024 [published dictionaries](https://huggingface.co/jbloom/GPT2-Small-SAEs) of the residual stream before every layer, with 24 576 latents for 768 dimensions, four times as many for each dimension as ours, trained with the L1 penalty of section 3. Where its weights can be loaded, `model = zoo.load("gpt2")` and `sae.Stream(model, "blocks.6.hook_resid_pre", tokens)` give `sae.train` what it needs for one of your own; this was not run for this page.
#
# ## 10 · What this does not show
#
# **The puzzle, answered.** The method found a direction that no neuron has, and it is useful to the model. But it does not stand for “a bracket closes here”. It stands for the token `)`, which is also what a dictionary of an untrained model finds. The best examples, a high F1 and an intervention all agreed with the wrong name. What refuted it was a test at the exceptions. Other latents of the same dictionary passed that kind of test: those for comments, for names after a dot, for what stands inside brackets tell what no list of tokens tells.
#
# **A name stays a guess.** The list of tokens is one rival hypothesis. A latent that beats it may still stand for something close to our name and not for it. In the sample programs, a third of the activity of latent 430 is at imported names, and the rest has no name here.
#
# **One dictionary.** Everything about `code-4l` rests on one training, one place and one width. Another start may give other latents. Nothing here says that these 1 536 directions are *the* features of the model.
#
# **What is left over.** A ninth of the variance is not explained, and the loss rises when it is left out. Whatever the model does in that part, no latent shows it.
#
# **A direction that matters is not yet a mechanism.** The test of section 7 does not say which head or neuron reads the direction.

# %% claims
with claims():
    claim("a ninth of the variance is not explained (about)", page.about(quality.unexplained, 1 / 9))
    claim("the F1 of the latent on closing brackets is 0.87", page.rounds_to(latent_f1["closes"], "0.87"))
    claim("24 576 latents for 768 dimensions are four times as many for each dimension as ours", 4 * dictionary.sae.config.n_latents / vectors.shape[1] == 24_576 / 768)

# %% card
page.card(
    {
        "claim": "A sparse dictionary can find features that nobody listed.",
        "evidence": "Known truth: nearly all of 64 features in 32 dimensions.",
        "control": "ICA, PCA, and as many random directions.",
        "where it fails": "Too few latents, dense features, features that always come together.",
    },
    {
        "claim": "The L1 penalty makes activations too small.",
        "evidence": "Activation over true strength for seven λ, three truths.",
        "control": "TopK on the same truths.",
        "where it fails": "Only known truths show it: in a real model the true strengths are unknown.",
    },
    {
        "claim": "Some latents tell what stands around a token better than any neuron.",
        "evidence": "Seven of 21 labels, on modules that chose nothing.",
        "control": "A list of tokens, a dictionary of the untrained model, random directions.",
        "where it fails": "Labels that the token decides: there the list does as well or better.",
    },
    {
        "claim": "The model uses the directions of some latents.",
        "evidence": "Taking away the latents for brackets and bound names moves the prediction.",
        "control": "Other latents, at the same places, of equal length and frequency.",
        "where it fails": "The best latent for keywords; and the test says nothing about our name for a latent.",
    },
    formulas={
        "encoder": r"f = \mathrm{ReLU}(W_\text{enc}(x - b_\text{dec}) + b_\text{enc})",
        "decoder": r"\hat x = W_\text{dec}^\top f + b_\text{dec}",
        "shrinkage of one latent": r"f = m - \lambda/2",
        "variance unexplained": r"\sum\|x - \hat x\|^2 \,/\, \sum\|x - \bar x\|^2",
    },
    links=[
        ("Bricken et al. 2023, Towards Monosemanticity", "https://transformer-circuits.pub/2023/monosemantic-features", "the work that made dictionaries popular, with hundreds of latents to look at"),
        ("Gao et al. 2024, Scaling and evaluating sparse autoencoders", "https://arxiv.org/abs/2406.04093", "TopK, dead latents, and how error falls with size"),
        ("Kantamneni et al. 2025, Are Sparse Autoencoders Useful?", "https://arxiv.org/abs/2502.16681", "a careful test against simple baselines"),
    ],
)

# %% [markdown] words
# ## Words
#
# - F1: the harmonic mean of precision and recall.
# - precision: of the tokens that a number picks, the share that has the label.
# - recall: of the tokens that have the label, the share that a number picks.
# - dictionary learning: finding directions of which every vector needs few, with positive strengths.
# - sparse autoencoder: an encoder with a ReLU or TopK, and a decoder that sums directions, trained to rebuild vectors from few of them.
# - latent: one entry of f, with its direction.
# - dictionary: all directions of a sparse autoencoder together.
# - L1 norm: the sum of the sizes of all entries.
# - L0: how many latents are active in a vector, on average.
# - ReLU with an L1 penalty: a sparse autoencoder whose loss contains the sum of its activations.
# - TopK: a sparse autoencoder that keeps the k largest pre-activations of each vector.
# - matching: giving each true feature a latent of its own, so that the sum of cosines is largest.
# - principal component analysis: directions of largest variance, at right angles.
# - independent component analysis: axes along which strengths are statistically independent, at most one for each dimension.
# - shrinkage: activations that are too small because of a penalty on them.
# - dead: of a latent that is never active.
# - dense: of a latent that is active for more than one token in ten.
# - resampling: pointing a dead latent at a vector that is reconstructed badly.
# - auxiliary loss: a loss in which dead latents rebuild what the living ones leave over.
# - fraction of variance unexplained: squared errors over squared distances from the mean, both summed over all vectors.
# - loss recovered: the share of an ablation's cost that a reconstruction saves.
# - token list: the set of tokens that tells a label best without any model.
# - probe: a direction trained on labels.
# - feature splitting: one feature of a small dictionary becoming several finer ones in a larger one.
# - steering: setting a latent to a high value at every token, and letting the model go on from there.
# - KL divergence: how far one distribution of next tokens is from another, in nats.

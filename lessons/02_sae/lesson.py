# %% [markdown]
# # Sparse autoencoders
#
# *Lesson 2.*
#
# **A puzzle.** `code-4l`, the course's model of Python code, holds 192 numbers at every token, its residual stream, and none of them means anything by itself. From those 192 a method that never saw a label has made 1 536 new numbers, called *latents*; below are four of them, at each token of a small program.

# %% setup

# %%
import torch

from course_utils import sae

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
from course_utils import page, plots
from course_utils.page import caption, claim, claims, predict, table
from course_utils.python_text import samples
from course_utils.sae import stored

four = (378, 9, 1490, 138)
plots.show(
    sae.shaded_code(words, {f"latent {i}": f[:, i] for i in four}),
    "One program four times; latent 378 is active at closing parentheses, 9 inside parentheses, 138 at quotes, 1490 everywhere.",
    caption="One program, four latents. The background of a token is the darker, the more active the latent is there, and white where it is silent.",
)

# %% [markdown]
# What would you call each of the four? Find a name before you read on.
#
# Latent 378 seems to mark closing brackets, latent 9 what stands between them, and latent 138 quotes. Latent 1490 is active everywhere, and less towards the end. The first of these looks like a discovery, a number in the model for “a bracket closes here”. Python's own tokenizer knows which tokens close a bracket, so we can measure how good the name is. **F1** is the harmonic mean of two shares. **Precision** is the share of the tokens at which a number is high that have the label, and **recall** is the share of the tokens with the label at which the number is high. F1 is 1 for a perfect number.

# %% figure
scores = stored.label_scores()
closes = next(row for row in scores.rows() if row["label"] == "closes")
base = closes["base rate"]
contest = {"always yes": 2 * base / (1 + base)} | {
    name.removeprefix("null: "): closes[name]
    for name in ("null: best random direction", "best neuron", "best latent")
}
table({name: {"F1": value} for name, value in contest.items()}, mark="best latent", decimals=2,
      caption="How well one number finds closing brackets. The text is 27 modules of the standard library that neither the model nor the dictionary was trained on. The neuron (of 768, each also with its sign turned round), the random direction (of 1 536) and the latent (of 1 536) were chosen on half of the modules and judged on the other half; intervals resample the modules of that half. One token in 28 closes a bracket, which gives “always yes” its F1.")

# %% [markdown]
# No neuron of the layer before comes near for these brackets. Has the method found the model's own idea of a closing bracket? Three questions lead to an answer. How are such directions found? When should we believe that they are the right ones? And what does it take to show that a latent means what its best examples suggest? At the end we come back to your four names.

# %% [markdown] contents
# You need lesson 1: features as directions, interference, why single neurons may mean nothing. From lesson 0 you need the residual stream and hooks.

# %% claims
with claims():
    claim("latent 378 is active at the three closing parentheses and nowhere else", [w for w, on in zip(words, f[:, 378] > 0, strict=True) if on] == [")"] * 3 and words.count(")") == 3)
    claim("latent 1490 is active at every token, and less towards the end (the last ten tokens, on average, less than two thirds of the first ten)", bool((f[1:, 1490] > 0).all()) and float(f[-10:, 1490].mean()) < 2 / 3 * float(f[1:11, 1490].mean()))
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
                  parent=torch.full((3,), -1), noise=0.02)
x, strengths = plane.sample(400, torch.Generator().manual_seed(0))
count = (strengths > 0).sum(dim=1)
count.bincount()  # vectors with none, one, two and three of the directions

# %% figure
fig, axes = plots.figure(1, 2, width=6.4, height=3.4)
pca = sae.pca_directions(x)[:2]
for ax in axes:
    ax.plot(*x[count > 0].T, ".", color=plots.GREY, markersize=3)
plots.arrows(axes[0], directions.T, title="the three directions", labels=[""] * 3)
axes[1].set(title="two principal components", aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
for i, row in enumerate(directions):
    axes[0].text(*(1.72 * row), str(i), color=plots.SERIES[i], fontweight="bold", ha="center", va="center")
for i, row in enumerate(pca):
    axes[1].plot(*torch.stack([-1.45 * row, 1.45 * row]).T, "--", color=plots.INK, linewidth=1.4)
    axes[1].text(*(1.72 * row), f"PC{i + 1}", color=plots.INK, ha="center", va="center")
for ax in axes:
    ax.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9))
plots.show(
    fig,
    "Dots on three rays from the origin; the true directions lie on the rays, two principal components leave two of them aside.",
    caption="The vectors that hold at least one direction. Those that hold just one lie on a ray; the others, between the rays, are sums. Two principal components, at right angles, describe the plane and leave at least two of the rays aside.",
)

# %% [markdown]
# Principal components are at right angles, and there are at most as many as dimensions. The three directions are neither. What singles them out is that each vector needs *few* of them. This is the assumption of **dictionary learning**: there are many directions, more than dimensions, and each vector is the sum of a few of them, with positive strengths.
#
# How are the strengths read off a vector? As in lesson 1, by multiplying with the direction and applying a ReLU. Let $x$ be direction 0. Its products with the three directions are $(1, -\tfrac12, -\tfrac12)$, since the cosine of 120° is $-\tfrac12$. The ReLU makes them $(1, 0, 0)$, and once direction 0 is $x$ again.

# %% figure
fig, axes = plots.figure(1, 2, width=6.4, height=3.2)
for ax, point, title in zip(axes, (directions[0], directions[0] + directions[1]), ("x = direction 0", "x = directions 0 + 1"), strict=True):
    plots.arrows(ax, directions.T)
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
    caption="Reading by products. The star is x, and the dotted lines drop it onto the directions; squares are what is read. Left: direction 0 alone is read as 1, and nothing else is read. Right: of the sum of two directions, each is read as ½ only.",
)

# %% [markdown]
# If both directions 0 and 1 are there, the products are $(\tfrac12, \tfrac12, -1)$, the ReLU gives $(\tfrac12, \tfrac12, 0)$, and only half of the vector comes back. This is the interference of lesson 1. It does harm where features meet.
#
# A **sparse autoencoder** is this reader, with weights that are learned.

# %% figure
sae.autoencoder().captioned("A sparse autoencoder. There are more latents than numbers in x, and only a few of them (blue) are active for any one vector. The reconstruction x̂ is the sum of the directions of the active latents, each multiplied by its activation.")

# %% [markdown]
# $$f = \mathrm{ReLU}\big(W_\text{enc}(x - b_\text{dec}) + b_\text{enc}\big), \qquad \hat x = W_\text{dec}^\top f + b_\text{dec}.$$
#
# $x$ and $b_\text{dec}$ have the shape (d), $f$ and $b_\text{enc}$ (latent); $W_\text{enc}$ and $W_\text{dec}$ have the shape (latent, d). Each entry of $f$ is called a **latent**, and its row of $W_\text{dec}$ is its direction. The **dictionary** is all of these directions together. The bias $b_\text{dec}$ is what all vectors have in common. It is taken away before reading and added again at the end. A negative entry of $b_\text{enc}$ is a threshold: products below it count as zero.

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
fig, axes = plots.figure(1, 4, width=7.2, height=2.3, sharey=True)
for ax, number in zip(axes, (0, 20, 60, 300), strict=True):
    ax.plot(*x[count > 0].T, ".", color=plots.GREY, markersize=1.5)
    plots.arrows(ax, path[number][order].T, title=f"step {number}", labels=["0", "1", "2"])
    ax.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
plots.show(
    fig,
    "Three arrows turn, over 300 steps, until each lies on one of three rays of dots.",
    caption="The three directions of the dictionary while it learns, in the training of the six that ends with the smallest loss. Each colour is the direction that ends on the ray of that colour in the figures above.",
)

# %% [markdown]
# The three arrows turn onto the rays, which they were never shown. Not every start gets there: two of the six end with a larger loss, and each of them has missed a ray. A dictionary is chosen by its loss, which can be known without the truth.
#
# **Try it.** Train with `train(0, penalty=0.02)` and with `train(0, penalty=1.5)`. What do you expect of the directions, and of the activations? The second value that `train` returns holds the weights.
#
# <details><summary>What happens</summary>
#
# With 0.02 activity costs nearly nothing. One of the directions leaves its ray (its cosine falls below 0.8), and 1.8 latents are active on average, where 0.7 were enough. With 1.5 the directions stay near the rays, but each is answered with about a quarter of its length. Section 3 explains the quarter.
#
# </details>
#
# The learned encoder reads almost as the products did. Each of its rows has kept nearly the direction of the decoder's row. The rows have become a little shorter, and their biases lie a little below zero. Both make the activations smaller, which the second term of the loss asks for.

# %%
W_enc, W_dec, b_enc, b_dec = weights[0][order], weights[1][order], weights[2][order], weights[3]
both = torch.stack([directions[0], directions[0] + directions[1]])
by_hand = encode(both, directions, torch.zeros(3), torch.zeros(2))
learned = encode(both, W_enc, b_enc, b_dec)
names = ("0, by hand", "0 + 1, by hand", "0, learned", "0 + 1, learned")
table(dict(zip(names, torch.cat([by_hand, learned]).tolist(), strict=True)),
      corner="directions in x", columns=("latent 0", "latent 1", "latent 2"), decimals=2)

# %% caption
caption("Activations for one direction and for the sum of two, with the directions themselves as encoder (by hand) and with the trained dictionary.")

# %% [markdown]
# Learning did not remove the interference. By hand each of two directions is read as 0.50, and by the trained dictionary as 0.43 and 0.39. No row of an encoder could be right each time. To answer 1 to direction 0 alone and also to its sum with direction 1 or 2, its products with directions 1 and 2 would have to be 0. But the three directions add up to zero, so that its product with direction 0 would be 0 too, and it would give the same answer to every vector.

# %% claims
pca_cosine = sae.cosines(directions, sae.pca_directions(x)).amax(1)
axes4 = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
late = [run for run in runs if run[0] > 1.1 * loss]
cheap, dear = train(0, penalty=0.02)[1], train(0, penalty=1.5)[1]
cheap_cosine, dear_cosine = (sae.match_features(directions, w[1]).cosine for w in (cheap, dear))
active_at = {n: (encode(x, w[0], w[2], w[3]) > 0).sum(1).float().mean() for n, w in (("cheap", cheap), ("0.2", runs[0][1]))}
on_axes = encode(directions[1:2], axes4, torch.zeros(4), torch.zeros(2))
with claims():
    claim("two principal components leave at least two of the rays aside (cosine below 0.98)", int((pca_cosine < 0.98).sum()) >= 2)
    claim("the sum of two is read as (½, ½, 0)", torch.allclose(by_hand[1], torch.tensor([0.5, 0.5, 0.0]), atol=1e-5))
    claim("direction 0 alone is read as (1, 0, 0)", torch.allclose(by_hand[0], torch.tensor([1.0, 0.0, 0.0]), atol=1e-5))
    claim("right, left, up and down rebuild direction 1 without any error, with two active latents of 1.37 together", torch.allclose(on_axes @ axes4, directions[1:2], atol=1e-5) and int((on_axes > 1e-6).sum()) == 2 and round(on_axes.sum().item(), 2) == 1.37)
    claim("the three arrows turn onto the rays (cosine above 0.99)", bool((sae.match_features(directions, W_dec).cosine > 0.99).all()))
    claim("two of the six end with a larger loss (by a tenth and more), and each of them has missed a ray (cosine below 0.9)", len(late) == 2 and all(bool((sae.match_features(directions, run[1][1]).cosine < 0.9).any()) for run in late))
    claim("each row of the encoder has kept nearly the direction of its row of the decoder (cosine above 0.99), a little shorter (0.9 to 1)", bool((torch.cosine_similarity(W_enc, W_dec) > 0.99).all()) and page.between(W_enc.norm(dim=1), 0.9, 1.0))
    claim("the biases lie a little below zero (b_enc between −0.1 and 0)", page.between(b_enc, -0.1, 0))
    claim("by the trained dictionary the two are read as 0.43 and 0.39", [round(v, 2) for v in learned[1, :2].tolist()] == [0.43, 0.39])
    claim("with 0.02 one direction leaves its ray (cosine below 0.8), and 1.8 latents are active instead of 0.7", int((cheap_cosine < 0.8).sum()) == 1 and page.rounds_to(active_at["cheap"], "1.8") and page.rounds_to(active_at["0.2"], "0.7"))
    claim("with 1.5 the directions stay near the rays (cosine above 0.95), each answered with about a quarter of its length (0.22 to 0.28)", bool((dear_cosine > 0.95).all()) and page.between(encode(directions, dear[0], dear[2], dear[3]).amax(1), 0.22, 0.28))
    claim("the three directions add up to zero", float(directions.sum(0).abs().max()) < 1e-6)

# %% [markdown]
# ### A fixed number of active latents
#
# The number of active latents of a vector, on average, is called **L0**. With the L1 penalty, L0 is what comes out of the training, and it has to be found by trying values of $\lambda$. A second kind of dictionary fixes it in advance. **TopK** (Gao et al. 2024) keeps the $k$ largest products of each vector, sets the others to 0, and applies the ReLU to those that are kept. No more than $k$ latents are active, and the loss is $\|x - \hat x\|^2$ alone.

# %%
def encode_topk(x, W_enc, b_enc, b_dec, k):
    products = (x - b_dec) @ W_enc.T + b_enc  # (row, latent)
    kept = products.topk(k, dim=1)
    f = torch.zeros_like(products).scatter(1, kept.indices, kept.values)
    return torch.relu(f)


one_each = encode_topk(both, W_enc, b_enc, b_dec, k=1)
one_each  # of direction 0, and of the sum of directions 0 and 1

# %% claims
with claims():
    claim("of a sum of two directions only the stronger product is kept", one_each[1].nonzero()[:, 0].tolist() == [int(learned[1].argmax())])

# %% [markdown]
# Here the dictionary of the plane was read with $k = 1$, and of the sum of two directions only the stronger product is kept.
#
# TopK is one of several methods that came after the L1 penalty (the deeper notebook compares six), and it has two advantages. The number of active latents is chosen instead of being found by trial. And no penalty makes the activations smaller than they should be. Section 3 measures how much closer they come.
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
trained = [sae.train(shape, t, stored.RECIPE, device="cpu", show=False) for t in truths]
for truth, done in zip(truths, trained, strict=True):
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
           caption=f"The share of the 64 features that each method finds, for three truths drawn independently (a dot each). The dictionary finds {100 * sum(found['TopK']) / 3:.0f} % on average and ICA {100 * share:.0f} %. ICA knows that the strengths are independent, which the dictionary is not told, but it has 32 axes, one for each dimension, and the features are twice as many.")
page.measured("sae.ica", "none" if share == 0 else "less than a third" if share < 1 / 3 else "a third to two thirds" if share < 2 / 3 else "nearly all")

# %% [markdown]
# <details><summary>After your guess: what ICA lacks</summary>
#
# ICA uses the independence of the strengths, which holds here exactly. What stops it is the number of axes. It has one for each of 32 dimensions, and there are 64 features, so that most of its axes are compromises between several. Looking for few active directions instead of independent ones is what allows more directions than dimensions.
#
# </details>

# %% [markdown]
# This was the best case, with features that are sparse, independent, and fewer than the latents. We take one of these conditions away at a time.

# %%
def train_on(world, **shape):
    """The truth, the dictionary and the share of features found, in %."""
    truth = sae.Truth.draw(**stored.TRUTH | world)
    shape = sae.Config(d_in=32, **shape)
    done = sae.train(shape, truth, stored.RECIPE, device="cpu", show=False)
    return truth, done, 100 * sae.Recovery.of(truth, done.sae.W_dec).found


*_, few = train_on({}, n_latents=32, k=3)
*_, crowded = train_on({"probability": 0.16}, n_latents=96, k=10)
together = {"correlation": "pairs", "together": 1.0}
truth, done, paired = train_on(together, n_latents=96, k=5)

# %% figure
settings = ("latents", "features active at a time", "k", "features active", "found, %")
best = 100 * sum(found["TopK"]) / 3
table(
    {
        "the best case": (96, 2.6, 3, "independently", best),
        "too few latents": (32, 2.6, 3, "independently", few),
        "not sparse": (96, 10.2, 10, "independently", crowded),
        "not independent": (96, 2.6, 5, "always in pairs", paired),
    },
    columns=settings, decimals={"latents": 0, "features active at a time": 1, "k": 0, "found, %": 0},
    caption="Four settings, each with 64 features in 32 dimensions, and the share of the features that a TopK dictionary finds. The first row is the mean of the three trainings above, each other row one training. With 32 latents at most half of the features can have one.",
)

# %% [markdown]
# Each of the three breaks the method. With too few latents it finds fewer features than it has latents. With ten features active at a time in 32 dimensions it finds hardly any, although $k$ is right. And if two features always come together, the dictionary does not part them; for most pairs a latent lies along their *sum*. A dictionary finds what comes separately in the data, which may be something else than what we mean by a feature. Nothing in the reconstruction warns of it. Of the variance of the vectors made of pairs 4 % is left over after reconstruction, and in the best case it was 13 %.

# %% claims
x_pairs, _ = truth.sample(4000, torch.Generator().manual_seed(2))
x_best, _ = truths[0].sample(4000, torch.Generator().manual_seed(2))
sums = truth.directions.view(32, 2, 32).sum(1)  # of the pairs, which are the last of the three
active = (truths[0].magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1).float()
with claims():
    claim("the dictionary finds nearly all features of all three truths (at least 95 %)", min(found["TopK"]) >= 0.95)
    claim("ICA finds less than a third of them, on each truth", max(found["ICA"]) < 1 / 3)
    claim("PCA and random directions find none", max(found["PCA"]) == 0 and max(found["random"]) == 0)
    claim("about 2.6 features are active at a time in the best case (2.5 to 2.7), with pairs too", page.between(active.mean(), 2.5, 2.7) and page.between((truth.magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1).float().mean(), 2.5, 2.7))
    claim("with 32 latents it finds fewer features than it has latents", few < 50)
    claim("with ten features active at a time it finds hardly any (less than 10 %)", crowded < 10)
    claim("for most pairs a latent lies along their sum (cosine above 0.9)", sae.match_features(sums, done.sae.W_dec).found() > 0.5)
    claim("of the variance of the vectors made of pairs 4 % is left over, in the best case 13 %", page.rounds_to(100 * sae.fvu(x_pairs, done.sae(x_pairs)), "4") and page.rounds_to(100 * sae.fvu(x_best, trained[0].sae(x_best)), "13"))

# %% [markdown]
# ## 3 · How many latents should be active?
#
# Somebody has to choose $\lambda$ or $k$. Two wishes pull apart. A vector that is described by few latents is easier to read, and one that is described by many is rebuilt with a smaller error. The error is given as the **fraction of variance unexplained**, which is all squared errors together, over all squared distances from the mean. Every dictionary is a point in a plane with these two axes, and a kind of dictionary is a curve.

# %% figure
prices = stored.prices()
half, topk = prices.at(0.5), prices.topk
kept = stored.kept() | {3: topk}  # k: what was measured
plots.show(
    prices.trade_off(kept),
    "Two falling curves of error against active latents; that of TopK lies below that of ReLU with L1.",
    caption="Error against active latents on the known truth of section 2, for ReLU with L1 and seven values of λ, and for TopK and five of k. Means over three truths; the dictionaries have 96 latents and were trained five times as long as above. The dotted line is the number of features that are active, 2.6.",
)

# %% [markdown]
# With two active latents and more, TopK rebuilds the vectors better than L1 does with as many. On the known truth about 2.6 features are active, and we use $k = 3$ where the lesson compares methods. In a language model nobody knows that number. There one takes the smallest number of latents with which the error, or the harm done to the model, is still acceptable, and says which number it was.
#
# Why is L1 worse? Look at one latent alone. Its feature is there with strength $m$, and the latent answers with $f$. The error is $(m - f)^2$ and the penalty $\lambda f$. The derivative $-2(m - f) + \lambda$ is zero at
#
# $$f = m - \lambda / 2 .$$
#
# The best answer is too small, by the same amount for every strength. This is called **shrinkage**. With the $\lambda = 1.5$ of section 1, a strength of 1 is answered with ¼. It comes from the penalty and does not go away with more training. The trainer divides the vectors by their mean length, and then a feature of strength 1 has the length 0.60. With $\lambda = 0.5$ a latent alone would answer it with $0.60 - 0.25 = 0.35$, which is a little less than 0.6 of its strength.

# %% prediction
predict("sae.shrinkage")

# %% figure answer
plots.show(
    prices.plot(),
    "Against λ: activation over true strength, active latents a vector, and features found, with TopK as a line.",
    caption=f"ReLU with L1 against λ: mean and range over three truths; the black line is TopK with k = 3. Left: activations of the latents that found a feature, over its true strength; the dotted line is what f = m − λ/2 gives. At λ = 0.5 the activations are {half['factor'].mean():.2f} of the true strengths, and those of TopK are {topk['factor'].mean():.2f}. Middle: below λ = 0.5 more latents are active than there are features (dotted), and the strength is shared among them. Right: features found.",
)
page.measured("sae.shrinkage", half["factor"].mean().item())

# %% [markdown]
# <details><summary>After your guess: why the formula is not the whole story</summary>
#
# More is missing than the formula says, since it describes one latent alone. At the smallest $\lambda$ the vectors are rebuilt almost whole, with 4 % of the variance unexplained, although the latent of a feature answers with little more than half of its strength. The rest must come from other latents, and about nineteen are active where the truth has 2.6. A small $\lambda$ leaves many latents active, a large one shrinks each of them. Either way the activations are too small, and in a real model, where the true strengths are unknown, this cannot be seen.
#
# </details>

# %% [markdown]
# TopK has no penalty that pulls its activations down. They come closer to the true strengths than those of L1 at any of the seven $\lambda$.
#
# A latent that is never active is called **dead**. It gets no gradient, since its ReLU gives zero everywhere, and so it stays dead. In large dictionaries many latents can die although there would be work for them. Two remedies are common. **Resampling** points a dead latent at a vector that is reconstructed badly (Bricken et al. 2023). An **auxiliary loss** lets dead latents try to reconstruct what the living ones leave over (Gao et al. 2024). The trainer of this course uses the first for ReLU and the second for TopK.

# %% claims
low_to_high = sorted(kept)
curve = {k: kept[k]["unexplained"].mean().item() for k in low_to_high}
as_many = [prices.error_with(kept[k]["l0"].mean().item()) for k in low_to_high[1:]]
with claims():
    claim("with two active latents and more TopK rebuilds the vectors better than L1 with as many (L1 interpolated)", all(curve[k] < other for k, other in zip(low_to_high[1:], as_many, strict=True)))
    claim("the trainer divides by the mean length: a strength of 1 has the length 0.60", page.rounds_to(1 / prices.scale.mean(), "0.60"))
    claim("a latent alone would answer 0.35, a little less than 0.6 of the strength", page.rounds_to(1 / prices.scale.mean() - 0.25, "0.35") and page.between(prices.alone[4], 0.57, 0.6))
    claim("at every λ the activations are smaller than one latent alone would give, on each truth", bool((prices.factor[:-1] < prices.alone[:, None]).all()))
    claim("at the smallest λ 4 % is unexplained, the activations are little more than half of the strengths (0.55 to 0.6), and about nineteen latents are active", page.rounds_to(100 * prices.unexplained[0].mean(), "4") and page.between(prices.factor[0], 0.55, 0.6) and page.rounds_to(prices.l0[0].mean(), "19"))
    claim("below λ = 0.5 more latents are active than there are features, on each truth", bool((prices.l0[:4] > prices.active).all()))
    claim("TopK's activations (k = 3) come closer to the true strengths than those of L1 at any of the seven λ, on each truth", bool((topk["factor"] > prices.factor[:-1].nan_to_num(0)).all() and (topk["factor"] < 1).all()))

# %% [markdown]
# ## 4 · One token taken apart
#
# The vectors are now the residual stream of `code-4l` before its third block, 192 numbers for each token. The dictionary has 1 536 latents, eight for each dimension, and TopK with $k = 16$. It was trained on 765 000 vectors, each read about eight times, in random order, and it is loaded here. (`models/sae.py` is its recipe.)
#
# Before any average, look at what it does to one vector. Here is the closing parenthesis of `self.carries("wand")`. Its strongest latents are added up one after the other, and each time we ask how much of the vector is still missing.

# %%
site = sae.Site(dictionary.model, dictionary.hook)
x = site.activations(tokens)[0]  # (token, d)
first, second = 24, 35  # the ")" of carries("wand"), and the ")" of print(...)
b_dec, W_dec = dictionary.sae.b_dec, dictionary.sae.W_dec
missing, left = x[first] - b_dec, [1.0]
for latent in f[first].argsort(descending=True)[:16]:
    missing = missing - f[first, latent] * W_dec[latent]
    left.append((missing.square().sum() / (x[first] - b_dec).square().sum()).item())
table({"missing": {f"after {n}": 100 * left[n] for n in (0, 1, 2, 4, 8, 16)}},
      corner="share of |x − b_dec|²", unit="%", decimals=0)

# %% caption
caption("How much of the token's vector is missing after its strongest latents have been added up, one, two, four, eight and all sixteen of them.")

# %% figure
reading = sae.Reading.of(dictionary, [samples.read(name) for name in samples.names()])
parts = [sae.Anatomy.of(reading, words[place], x[place]) for place in (first, second)]
plots.show(
    sae.anatomies(parts, ('“)” of carries(…)', '“)” of print(…)')),
    "Two columns of sixteen bars each: the activations of the latents at two closing parentheses; five latents are in both.",
    caption="The sixteen active latents of two closing parentheses. Filled bars are latents that both tokens have. The reading comes from the course's sample programs. It is the token at which more than half of the latent's activity lies, or the best of 21 labels if it fits (F1 at least 0.4), or how often the latent is active if that is more than one token in ten, and “?” where none of these says anything.",
)

# %% [markdown]
# The vector of 192 numbers is nearly rebuilt from sixteen. The first two do most of the work, latent 1490, which is active at half of all tokens, and latent 378. The second parenthesis shares both, and its other latents are mostly different ones. In this sense a dictionary describes a token by a few words out of a large vocabulary.
#
# Two things in the bars should give pause. Several latents are “mostly at `)`”, so the token has more than one latent of its own. And most of the words cannot be read, with a question mark at more than half of the sixteen, on both sides. We come to one of these in section 5.
#
# Averages over many tokens say how good the description is. Beside L0 and the fraction of variance unexplained one counts dead latents, and **dense** ones, which are active for more than one token in ten.

# %%
held_out, module = sae.held_out_contexts(dictionary.model, limit=16)
vectors, _ = dictionary.activations(held_out)  # (token, d)
quality = sae.Quality.of(dictionary.sae, vectors)
numbers = {"active latents (L0)": quality.l0, "variance unexplained, %": 100 * quality.unexplained,
           "dead latents": 1536 * quality.dead, "dense latents": 1536 * quality.dense}
table({"resid-2": numbers}, columns=tuple(numbers), decimals=0)

# %% caption
caption("The dictionary on 4 080 tokens of held-out modules. “Dead” are latents that are never active on these tokens.")

# %% [markdown]
# The other measure asks the model. The **loss recovered** puts the reconstruction in the place of the residual stream, lets the model go on from there, and looks at how much its loss on the next token rises. The rise is compared with that of an ablation, which puts zero or the mean vector there. A value of 1 means that the reconstruction does no harm, and 0 that it does as much harm as the ablation.

# %%
spliced = sae.Spliced.of(dictionary, held_out, module)
table(spliced, unit="nats", decimals=2)

# %% caption
caption("The loss of `code-4l` on the next token, on the same tokens, with something else in the place of the residual stream before its third block.")

# %% [markdown]
# The reconstruction costs the model 0.19 nats a token. Against zero that is a recovery of 98 %, against the mean of 96 %. A residual stream of zeros is something that the model has never met, and does far more harm than the mean vector, so that the same reconstruction looks better beside it. A report that does not name its ablation cannot be compared with another one.

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
    claim("several latents (three and more) are mostly at ), in both tokens", min(part.readings.count("mostly at “)”") for part in parts) >= 3)
    claim("more than half of the sixteen have a question mark, in both tokens", min(part.readings.count("?") for part in parts) > 8)
    claim("latent 1490 is active at half of all tokens (0.45 to 0.5)", page.between((reading.rows[:, 1490] > 0).float().mean(), 0.45, 0.5))
    claim("L0 is 16 (no vector has more; some may have fewer)", page.between(quality.l0, 15.9, 16))
    claim("the reconstruction costs 0.19 nats a token", page.rounds_to(cost, "0.19"))
    claim("against zero it recovers 98 %, against the mean 96 %", page.rounds_to(100 * recovered["zero"], "98") and page.rounds_to(100 * recovered["mean"], "96"))

# %% [markdown]
# ## 5 · Reading a latent
#
# What does one latent stand for? The usual way is to look at the texts in which it is most active. That flatters the latent, because its strongest activations may be clear and the rest a mixture. So we put texts beside them that are drawn at random from *all* its activity. The second thing to read is what its direction does by itself to the next token, through the unembedding. We read four latents in the twelve sample programs of the course. The first is the one of the puzzle.

# %%
reading.explain(378, count=4)

# %% caption
caption("Latent 378. The background of a token is the darker, the more active the latent is; the framed token is the one that was picked. “Promotes” and “suppresses” name the tokens whose logit the direction changes most, with the change for one unit of activation (before the last norm divides).")

# %% [markdown]
# At the top and at random alike, these are closing parentheses. Its direction raises line breaks, `->` and `as`, some of what may follow. Next comes the latent that was the strongest at the first parenthesis.

# %%
reading.explain(1490, count=4)

# %% [markdown]
# This latent is dense, and no token, no label and no word fits. The reason is outside the text, and shows when the activity is drawn against the place in the context.

# %% figure
fig, ax = plots.figure(height=2.2)
strength = reading.f[:, 1:, 1490]
plots.band(ax, range(1, 256), strength.quantile(torch.tensor([0.1, 0.5, 0.9]), dim=0), colour=plots.HEAD, marker="")
ax.set(xlabel="place in a context of 256 tokens", ylabel="activation", xlim=(0, 256), ylim=(0, None))
plots.show(fig, "The activation falls steadily from the first token and is zero from the middle of the context on.",
           caption="The activation of latent 1490 against the place of the token, over the 63 contexts of the sample programs. The band holds eight of ten contexts.")

# %% [markdown]
# Latent 1490 marks a *place*. Its activation falls steadily, and in the second half of a context it is zero nearly everywhere. How early a token stands is something that many vectors have in common, and a dictionary spends a latent on it.

# %%
reading.explain(430, count=4)

# %% [markdown]
# The strongest places of latent 430 are names of modules in import statements, which are many different tokens. Its direction promotes `import`. But of all the places at which it is active only a third are imported names. At the others its activation is less than half as large, on average. It finds nearly all imported names, and it is not only about them.
#
# Last, one of the many latents with a question mark, the strongest that both parentheses have.

# %%
reading.explain(1381, count=4)

# %% [markdown]
# At the top it follows a closing quote, at random in one of four places. The best of 21 labels fits with an F1 of 0.19, which is no name. Most of the bars in section 4 are of this kind. It would be wrong to conclude that such a latent has no meaning, since we tried only 21 labels and our eyes.
#
# A latent that stands for one thing only is called **monosemantic**. A name for a latent is a hypothesis about where it is active, and F1 says how well the hypothesis does. This is how the word becomes a number.
#
# **Try it.** Latent 840 has a question mark at the second parenthesis. Read `reading.explain(840, count=8)`, give it a name, and then write a snippet that could refute the name, with `dictionary.read` and `dictionary.encode` as in the first cell.
#
# <details><summary>One answer</summary>
#
# Its four strongest places stand right after the word `path`, which suggests “after the word path”. A snippet with other words in the same places is a test of this name. But among the places drawn at random hardly any has to do with paths, so the name is at best right for its top.
#
# </details>

# %% claims
imported = reading.labels.flags[:, reading.labels.names.index("import")]
one, three, unread = (reading.explain(i, count=4) for i in (378, 430, 1381))
seen = [c.tokens[c.centre].strip() for c in (*one.top, *one.random)]
by_place = [reading.f[:, max(1, i) : i + 8, 1490].mean().item() for i in range(0, 128, 8)]
after_path = [("".join(c.tokens[: c.centre + 1])).rstrip("s.(") for c in reading.explain(840, count=4).top]
with claims():
    claim("at all eight places that are shown latent 378 is active at a closing parenthesis", set(seen) == {")"})
    claim("its direction raises line breaks, -> and as", {"\n", "->", "as"} <= {token.strip(" ") for token, _ in one.promotes})
    claim("the activation of 1490 falls steadily (each eight places lower than the eight before, up to 128), and in the second half of a context it is zero nearly everywhere (at 98 % of tokens and more)", by_place == sorted(set(by_place), reverse=True) and (reading.f[:, 128:, 1490] == 0).float().mean() > 0.98)
    claim("of the places at which latent 430 is active a third are imported names (0.3 to 0.36), and it finds nearly all (at least 0.9)", three.label == "import" and page.between(three.precision, 0.3, 0.36) and three.recall > 0.9)
    claim("at other places its activation is less than half as large, on average", reading.rows[:, 430][~imported & (reading.rows[:, 430] > 0)].mean() < 0.5 * reading.rows[:, 430][imported & (reading.rows[:, 430] > 0)].mean())
    claim("the direction of 430 promotes import", "import" in {token.strip() for token, _ in three.promotes})
    claim("1381 is the strongest of the unread latents that both parentheses have; its best label has an F1 of 0.19", next(i for i, r in zip(parts[0].latents.tolist(), parts[0].readings, strict=True) if r == "?" and i in shared) == 1381 and page.rounds_to(unread.f1, "0.19"))
    claim("at the top 1381 follows a closing quote, at random in one of four places", all(c.tokens[c.centre - 1].endswith('"') for c in unread.top) and sum(c.tokens[c.centre - 1].endswith(('"', "'")) for c in unread.random) == 1)
    claim("latent 840 has a question mark at the second parenthesis, and its four strongest places stand right after path", parts[1].readings[parts[1].latents.tolist().index(840)] == "?" and all(text.endswith("path") for text in after_path))

# %% [markdown]
# ## 6 · Is the name right?
#
# At every place that section 5 showed, latent 378 was at a `)`. Two hypotheses predict this. It may stand for *a bracket closes here*, or for *the token* `)`. Examples cannot decide between them, because at most of these places both are true. Here is a program in which they differ.

# %% figure
from course_utils.sae.code_view import Panel, shaded_panels

differ = """def cost(items):  # in pence (not pounds)
    total = sum(items[1:])
    print("cost (net):", total)
    first = items[0]
    return total - first
"""
differ_tokens, spelled = dictionary.read(differ)
outside = (18, 41)  # the ")" in the comment and the one in the string
by_python = torch.tensor([float(w in (")", "]") and i not in outside) for i, w in enumerate(spelled)])
python = Panel("a bracket closes, by Python's tokenizer", spelled, by_python, colour=plots.ANSWER)
plots.show(
    shaded_panels([python], columns=1),
    "A program of five lines, with the tokens that close a bracket in green.",
    caption="Green: the tokens that close a bracket. The `)` in the comment and the one in the string close nothing, and the two `]` close one without being a `)`.",
)

# %% [markdown]
# We ask this of latent 378 here and in all sample programs. A control stands beside it, the **untrained dictionary**. It was trained on a copy of `code-4l` whose weights are random, so that the model knows nothing about Python, with the same recipe but on a sixth of the vectors. A longer training might bring it closer. Of its latents we take the one that is best for closing brackets on half of the sample programs.

# %% prediction
predict("sae.exceptions")

# %% figure answer
untrained = sae.load("resid-2-untrained")
ids, labels = reading.tokens[:, 1:].flatten(), reading.labels
is_closing = labels.flags[:, labels.names.index("closes")]
g = untrained.encode(reading.tokens)[:, 1:].flatten(0, 1) > 0
half_of = labels.halves[0]
hits = (g & is_closing[:, None])[half_of].sum(0)
control = int(sae.f1_score(hits, g[half_of].sum(0), is_closing[half_of].sum()).argmax())
both_on = {"latent 378": reading.rows[:, 378] > 0, "null: untrained dictionary": g[:, control]}
exceptions = {}
for token, closing in ((")", True), (")", False), ("]", True), ("]", False)):
    here = (ids == dictionary.model.tokenizer.convert_tokens_to_ids(token)) & (is_closing == closing)
    exceptions[f"`{token}` " + ("that closes a bracket" if closing else "in a string")] = {
        "tokens": int(here.sum())} | {name: 100 * on[here].float().mean().item() for name, on in both_on.items()}
here_378 = dictionary.encode(differ_tokens)[0][:, 378]
plots.show(
    shaded_panels([python, Panel("latent 378", spelled, here_378)]),
    "The program twice: latent 378 is active at all five closing parentheses and at no square bracket.",
    caption="Latent 378 beside Python's answer. It is active at all five `)`, also at the one in the comment and the one in the string, and at neither `]`.",
)
display(table(exceptions, unit=dict.fromkeys(both_on, "% active"), decimals=0, caption="Where the latents are active in the twelve sample programs, whose comments hold no `)`. Latent 378 does not leave out a single `)` that closes nothing, and it misses most of the square brackets."))
share = exceptions["`)` in a string"]["latent 378"]
page.measured("sae.exceptions", "hardly any" if share < 20 else "about half" if share < 80 else "nearly all")

# %% [markdown]
# <details><summary>After your guess: what this means</summary>
#
# Latent 378 marks the token `)`, whether or not it closes a bracket. An F1 of 0.87 on held-out modules was not enough to tell the two hypotheses apart, and the best examples even less. A test must look where the hypotheses differ. The untrained dictionary makes the same point from another side. Its best latent reaches an F1 of 0.82 on closing brackets. Token embeddings are different vectors even when they are random, and a dictionary finds vectors that come back.
#
# </details>

# %% [markdown]
# How can one tell, for any latent, whether it knows more than the token at which it stands? A second control helps. The **token list** is the best rule that sees only the token: each token of the vocabulary stands on the list or not, as is best for the label on half of the modules, and no model is asked. A latent that knows more than its token must be active at a token in one place and silent at *the same token* in another. Here are three that do this, and one that remains to be judged.

# %% figure
lists, rank = stored.token_lists(), {name: i for i, name in enumerate(scores.labels)}
untrained_f1, neuron_f1, latent_f1, probe_f1 = (scores.of(n) for n in ("untrained", "neuron", "latent", "probe"))
snippets = {
    "attribute": "def rename(box, name):\n    old = box.name\n    box.name = name\n    return old, name\n",
    "in_comment": 'total = 0  # the total of the last line\nprint("the total of the last line")\n',
    "in_brackets": "pair = size, 1\ndraw(size, 1)\nboxes = [size, 1]\n# a note (size, 1)\n",
    "string_closes": "name = \"box\" + 'lid'\nsay(\"box\")  # a \"box\"\n",
}
faces = {}
for name, snippet in snippets.items():
    read, spelling = dictionary.read(snippet)
    latent = int(scores.latent[rank[name]])
    note = f"F1 {latent_f1[name]:.2f}; token list {lists[name][0]:.2f}, untrained dictionary {untrained_f1[name]:.2f}"
    faces[name] = Panel(f"latent {latent}: {sae.WORDS[name]}", spelling, dictionary.encode(read)[0][:, latent], note)
plots.show(
    shaded_panels(list(faces.values())),
    "Four snippets, each shaded with one latent: names after a dot, words of a comment, what stands in parentheses, closing quotes.",
    caption="Four latents and the labels they are best for. Below each stands its F1 for that label on held-out modules, with those of the two controls. Above left, `name` is dark after a dot and white elsewhere. Above right, the same words are dark in the comment and white in the string. Below left, `size, 1` is dark in parentheses only.",
)

# %% [markdown]
# The first three cannot stand for a token, and the token list shows it as a number. For names after a dot it reaches an F1 of 0.32, and the latent 0.64. For the inside of a comment it is 0.30 against 0.73.
#
# Each of them has exceptions of its own. Latent 9 is best for “inside brackets”, yet it is white between square brackets and dark between parentheses of a comment, where Python sees no bracket. Its name should be “inside parentheses”, and it reads the text rather than the syntax. Latent 138 passes less clearly. It is active at nearly every `"` that closes a string, but in the sample programs also at half of those that open one, and its F1 of 0.73 is near the token list's 0.66.
#
# These were four latents. Here are all 21 labels that Python's tokenizer and parser give to tokens.

# %% figure
latent_row = sae.judging.CONTESTANTS.index("latent")
low, high = scores.low[latent_row], scores.high[latent_row]
wins = [name for name in scores.labels if low[rank[name]] > lists[name][2]]
losses = [name for name in scores.labels if high[rank[name]] < lists[name][1]]
plots.show(
    scores.plot(lists),
    "F1 of token list, best latent, untrained dictionary and probe for 21 labels, sorted by how much latents gain on the list.",
    caption="F1 for 21 labels, on the half of 27 modules that chose nothing. Labels at which the best latent gains most on the token list are at the top; bold are those at which its whole interval lies above the list's. Bars are 95 % intervals (modules resampled).",
)

# %% [markdown]
# At seven labels the whole interval of the latent lies above that of the token list. These labels have something in common, the token alone does not decide them. A name after a dot may be any name, and whether a token stands in a comment depends on a sign far to the left. At each of the seven the untrained dictionary has an F1 of 0.11 or less, and no neuron comes as far as the latent. Here training has made something that a dictionary can find. Elsewhere a single neuron is a rival. At seven other labels the best neuron has a higher F1 than the best latent.
#
# Closing brackets are the opposite case, a label that the token nearly decides. There the latent has an F1 of 0.87, the token list 0.93, and the untrained dictionary 0.82. Such a high F1 does not show that a latent knows more than its token.
#
# A **probe** is a direction that was trained on the label itself, by logistic regression. It is the highest of the four at nearly every label. The vectors hold what Python's labels say, and a single latent, found without labels, finds a part of it.
#
# <details><summary>Why latents do badly at large classes such as operators and keywords</summary>
#
# One reason is arithmetic. Let a label belong to a share $b$ of the tokens, and a latent be active at a smaller share $a$. Even if every activation is right, precision is 1 and recall $a/b$, so that F1 is no more than $2a/(a + b)$. Keywords are 5.8 % of the tokens of the sample programs, and latent 348, the best for them, is active at 2.2 %. It can reach no more than 0.55, and it reaches 0.51. It is mostly active at `return`, `if` and `for`. The best set of up to sixteen latents reaches 0.84 for keywords on held-out modules, just what the token list reaches.
#
# </details>

# %% claims
keyword = labels.flags[:, labels.names.index("kind_keyword")]
on = reading.rows[:, 348] > 0
bound = 2 * on.float().mean() / (on.float().mean() + keyword.float().mean())
at_348 = [dictionary.model.tokenizer.decode([i]) for i in ids[on].tolist()]
dark = {name: {i for i, v in enumerate(panel.values.tolist()) if v > 0} for name, panel in faces.items()}
spots = {name: [i for i, w in enumerate(panel.words) if w.strip() in ("name", "the", "size")] for name, panel in faces.items()}
quotes = [ids == dictionary.model.tokenizer.convert_tokens_to_ids('"'), reading.rows[:, 138] > 0]
at_quotes = {n: quotes[1][quotes[0] & labels.flags[:, labels.names.index(n)]].float().mean() for n in ("string_closes", "string_opens")}
with claims():
    claim("latent 378 is active at all five ) of the program and at neither ]", [w for w, v in zip(spelled, here_378.tolist(), strict=True) if v > 0] == [")"] * 5)
    claim("it is active at every ) in a string, and at every ) that closes a bracket", exceptions["`)` in a string"]["latent 378"] == exceptions["`)` that closes a bracket"]["latent 378"] == 100)
    claim("it misses most of the square brackets (nine tenths and more)", exceptions["`]` that closes a bracket"]["latent 378"] < 10)
    claim("no ) stands in a comment of the sample programs", not bool(((ids == dictionary.model.tokenizer.convert_tokens_to_ids(")")) & labels.flags[:, labels.names.index("in_comment")]).any()))
    claim("name is dark at its two places after a dot and white at its four others", [i in dark["attribute"] for i in spots["attribute"]].count(True) == 2 and {faces["attribute"].words[i - 1] for i in spots["attribute"] if i in dark["attribute"]} == {"."} and len(spots["attribute"]) == 6)
    claim("the same words are dark in the comment and white in the string", all(faces["in_comment"].words[i] != '"' for i in dark["in_comment"]) and [i in dark["in_comment"] for i in spots["in_comment"]] == [True, True, False, False])
    claim("size is dark in parentheses, in the comment too, and white elsewhere", [i in dark["in_brackets"] for i in spots["in_brackets"]] == [False, True, False, True])
    claim("the latents are 1084, 828, 9 and 138", [int(scores.latent[rank[name]]) for name in snippets] == [1084, 828, 9, 138])
    claim("names after a dot: token list 0.32, latent 0.64; comments: 0.30 and 0.73; closing quotes: 0.66 and 0.73", [f"{v:.2f}" for n in ("attribute", "in_comment", "string_closes") for v in (lists[n][0], latent_f1[n])] == ["0.32", "0.64", "0.30", "0.73", "0.66", "0.73"])
    claim("latent 138 is active at nearly every double quote that closes a string (0.99 and more) and at half of those that open one (0.5 to 0.55)", at_quotes["string_closes"] > 0.99 and page.between(at_quotes["string_opens"], 0.5, 0.55))
    claim("there are 21 labels, and at seven the latent's whole interval lies above the token list's", len(scores.labels) == 21 and len(wins) == 7)
    claim("at each of the seven the untrained dictionary has an F1 of 0.11 or less, and no neuron comes as far", page.rounds_to(max(untrained_f1[name] for name in wins), "0.11") and all(neuron_f1[name] < latent_f1[name] for name in wins))
    claim("at seven other labels the best neuron has a higher F1 than the best latent", sum(neuron_f1[name] > latent_f1[name] for name in scores.labels) == 7)
    claim("closing brackets: latent 0.87, token list 0.93, untrained dictionary 0.82", [f"{v:.2f}" for v in (latent_f1["closes"], lists["closes"][0], untrained_f1["closes"])] == ["0.87", "0.93", "0.82"])
    claim("keywords are 5.8 % of the tokens, latent 348 is active at 2.2 %, can reach 0.55 and reaches 0.51", scores.latent[rank["kind_keyword"]] == 348 and page.rounds_to(100 * keyword.float().mean(), "5.8") and page.rounds_to(100 * on.float().mean(), "2.2") and page.rounds_to(bound, "0.55") and page.rounds_to(sae.f1_score((on & keyword).sum(), on.sum(), keyword.sum()), "0.51"))
    claim("348 is mostly active at return, if and for", sum(w.strip() in ("return", "if", "for") for w in at_348) > len(at_348) / 2)
    claim("the best set reaches 0.84 on keywords, just what the token list reaches", page.rounds_to(scores.of("set")["kind_keyword"], "0.84") and page.rounds_to(lists["kind_keyword"][0], "0.84"))
    claim("the probe is the highest of the four at nearly every label (at least 19 of 21)", sum(probe_f1[n] >= max(latent_f1[n], untrained_f1[n], lists[n][0]) for n in scores.labels) >= 19)

# %% [markdown]
# ## 7 · Does the model use it?
#
# A latent with a high F1 is a good *description*. Whether the model reads that direction is another question, and an intervention answers it. We take the latent away where it is active, and see what becomes of the prediction. Taking it away means
#
# $$x \;\to\; x - f_i\, d_i ,$$
#
# with $f_i$ its activation and $d_i$ its direction, of shape (d). Everything else stays, also what the dictionary does not reconstruct. We do it at the `)` of `print("hello", name)`, where the model expects a line break. Any change of that length might do some harm, so beside it we take away a vector of the *same* length along the direction of another latent, the one that is active most nearly as often as 378.

# %%
def predicted(vectors, place):
    """The probability of each next token after the token at `place`."""
    return site.logits(tokens, vectors[None])[0, place].softmax(dim=0)


often = (reading.rows > 0).float().mean(dim=0)  # (latent,)
other = int((often - often[378]).abs().argsort()[1])  # the first is 378 itself
after = {"as it is": predicted(x, second)}
for latent in (378, other):
    edited = x.clone()
    edited[second] -= f[second, 378] * W_dec[latent]
    after[latent] = predicted(edited, second)

# %% figure
decode_token = dictionary.model.tokenizer.decode
fig, axes = plots.figure(1, 3, height=2.1)
titles = ("as it is", "without latent 378", f"{other} instead")
for ax, p, title in zip(axes, after.values(), titles, strict=True):
    top = p.topk(5)
    ax.barh(range(5), 100 * top.values, color=plots.HEAD if title == titles[1] else plots.STREAM, height=0.7)
    for y, value in enumerate(top.values.tolist()):
        ax.text(100 * value + 2, y, f"{100 * value:.0f} %" if value > 0.01 else "< 1 %", va="center", fontsize=9)
    ax.set(yticks=range(5), yticklabels=[sae.reading.visible(decode_token([i])) for i in top.indices.tolist()],
           ylim=(4.5, -0.5), xlim=(0, 100), xticks=[], title=title)
plots.show(fig, "Three rows of bars; only without latent 378 is the equals sign the likeliest next token.",
           caption="The five likeliest tokens after `print(\"hello\", name)`. On the right a vector of the same length was taken away along another latent's direction. ⏎ is a line break, with the blanks that follow it.")

# %% [markdown]
# Without latent 378 the model no longer ends the line. Its first choice is `=`, as if the parenthesis were part of something that goes on. The other direction, of equal length, leaves line breaks in front.
#
# One place and one other direction are an example. The test takes all places at which a latent is active, in 25 held-out contexts, and forty other latents that are active about as often. How far the prediction moves is measured by the **KL divergence** from the untouched prediction to the changed one, in nats, which is 0 where they agree. We test eight latents, the best for closing brackets (378), opening brackets (670), inside brackets (9), names where bound (234), names after a dot (1084), imported names (430), keywords (348) and comments (828).

# %% prediction
predict("sae.causal")

# %% figure answer
effects = stored.causal_effects()
largest = effects.null_kl.amax(1)
above = int((effects.kl > largest).sum())
passed = [sae.WORDS[name] for name, yes in zip(effects.labels, effects.kl > largest, strict=True) if yes]
plots.show(
    effects.plot(),
    "Eight rows of forty grey dots, the effects of other directions of equal length, with one blue dot, the latent's own.",
    caption=f"How far the prediction moves where a latent is active, when it is taken away (blue), and when a vector of the same length is taken away there along one of forty other latents that are active about as often (grey). At {above} of the eight the latent's own direction moves it further than all forty: {', '.join(passed)}.",
)
page.measured("sae.causal", above)

# %% [markdown]
# <details><summary>After your guess: what this means</summary>
#
# The best latents for both kinds of bracket, for the inside of brackets and for names after a dot pass. Those for names where bound, imported names, keywords and comments do not, and the one for comments is among the best descriptions of section 6. A latent that fails the test may still be a good description.
#
# </details>

# %% [markdown]
# The test does not ask whether our *name* for a latent is right, and a good name does not make a latent pass. These are two questions, and each needs its own evidence.
#
# The same edit can also put a latent where it is not. With a latent set to a high value, usually at every token, this is called **steering**. The best-known case is the Golden Gate Bridge of Templeton et al. 2024.
#
# **Try it.** Add `40 * W_dec[378]` to `x[37]`, the vector of `return`, and look at `predicted(edited, 37)`. What should the model expect after `return` if it takes the direction for “this was a `)`”?
#
# <details><summary>Answer</summary>
#
# Line breaks. They have more than half of the probability afterwards, and hardly any before. Forty is about the activation that latent 378 has at a real `)`.
#
# </details>

# %% claims
def on_breaks(p):
    """The probability of the tokens that are a line break and blanks."""
    return sum(v for i, v in enumerate(p.tolist()) if v > 1e-6 and (t := decode_token([i])) and not t.strip() and "\n" in t)


steered = x.clone()
steered[37] += 40 * W_dec[378]
passes = dict(zip(effects.labels, (effects.kl > largest).tolist(), strict=True))
with claims():
    claim("at the second ) the model expects a line break (0.95 and more), and without latent 378 its first choice is =", on_breaks(after["as it is"]) > 0.95 and decode_token([int(after[378].argmax())]).strip() == "=")
    claim("without it, it no longer ends the line (a line break below one third), and the other direction leaves line breaks in front", on_breaks(after[378]) < 1 / 3 and on_breaks(after[other]) > 0.9)
    claim("the best latents for both kinds of bracket, the inside of brackets and names after a dot pass, the other four do not", [name for name, yes in passes.items() if yes] == ["closes", "opens", "in_brackets", "attribute"])
    claim("the eight latents are 378, 670, 9, 234, 1084, 430, 348 and 828, with forty others each", effects.latent.tolist() == [378, 670, 9, 234, 1084, 430, 348, 828] and effects.null_kl.shape[1] == 40)
    claim("line breaks have more than half of the probability after return with 40 · W_dec[378], and hardly any before (less than 5 %)", on_breaks(predicted(steered, 37)) > 0.5 and on_breaks(predicted(x, 37)) < 0.05)
    claim("forty is about the activation that 378 has at a real )", page.about(f[[9, 24, 35], 378].mean(), 40))

# %% [markdown]
# ## 8 · What the critics say
#
# Dictionaries have been criticised with care, and a part of it can be measured here.
#
# - *A direction that was trained on the label does better.* Kantamneni et al. 2025, [Are Sparse Autoencoders Useful?](https://arxiv.org/abs/2502.16681), could not consistently improve on ordinary probes with latents. Wu et al. 2025, [AxBench](https://arxiv.org/abs/2501.17148), found the plain difference of two means better at detecting a concept. Here a probe is better than the best latent at 18 of the 21 labels, with intervals apart, and never worse.
# - *An untrained network gives nice latents too.* Heap et al. 2025 ([arXiv 2501.17727](https://arxiv.org/abs/2501.17727)) found it in language models, and section 6 found it here, for closing brackets.
# - *Two trainings find different latents.* Paulo and Belrose 2025 ([arXiv 2501.16615](https://arxiv.org/abs/2501.16615)) compared dictionaries that differ in their start alone. This lesson reads a single dictionary; its deeper notebook compares short trainings of three starts.
#
# A dictionary has one thing that a probe has not. It needs no labels, and proposes directions to look at, while a probe answers a question that one already has.

# %% claims
with claims():
    claim("a probe is better than the best latent at 18 of the 21 labels (intervals apart), and never worse", len(scores.apart("probe", "latent")) == 18 and not scores.apart("latent", "probe"))

# %% [markdown]
# ## 9 · What this does not show
#
# **The puzzle, answered.** Here are the four latents of the beginning once more, with the names that are left.

# %% figure
names_left = {378: "378: the token )", 9: "9: inside parentheses, also of text", 1490: "1490: early in the context", 138: "138: a quote, mostly a closing one"}
plots.show(
    sae.shaded_code(words, {title: f[:, i] for i, title in names_left.items()}),
    "The four panels of the beginning with corrected names.",
    caption="The program of the beginning with corrected names. They still are hypotheses, made to fit what sections 5 and 6 have shown.",
)

# %% [markdown]
# The method found a direction that no neuron has, and the model uses it. But as far as our tests go it does not stand for “a bracket closes here”. It stands for the token `)`, wherever that occurs, and a dictionary of an untrained model finds such a latent too. The best examples, a high F1 and an intervention all agreed with the wrong name. What refuted it was a test at the exceptions. Other latents of the same dictionary passed that kind of test. Those for comments, for names after a dot and for the inside of parentheses know what no list of tokens knows.
#
# **A name stays a guess.** The list of tokens is one rival hypothesis. A latent that beats it may still stand for something close to our name and not for it. In the sample programs, a third of the activity of latent 430 is at imported names, and the rest has no name here.
#
# **One dictionary.** Everything about `code-4l` rests on one training, one place and one width. Another start gives other latents, as short trainings in the deeper notebook show. Nothing here shows that these 1 536 directions are *the* features of the model. On known truths the method was right only while features were sparse, independent and fewer than the latents, and nobody has shown that a language model's features are.
#
# **What is left over.** A ninth of the variance is not explained, and the loss rises when it is left out. Whatever the model does in that part, no latent shows it.
#
# **A direction that matters is not yet a mechanism.** The test of section 7 does not find which head or neuron reads the direction.

# %% claims
with claims():
    claim("a ninth of the variance is not explained (about)", page.about(quality.unexplained, 1 / 9))
    claim("a dictionary of an untrained model finds such a latent too (F1 0.82 on closing brackets; active at nine tenths of the ) in strings and more)", page.rounds_to(untrained_f1["closes"], "0.82") and exceptions["`)` in a string"]["null: untrained dictionary"] > 90)

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
        "claim": "Some latents know what stands around a token, better than the token alone.",
        "evidence": "Seven of 21 labels, on modules that chose nothing.",
        "control": "A list of tokens, a dictionary of the untrained model, random directions.",
        "where it fails": "Labels that the token decides: there the list does as well or better.",
    },
    {
        "claim": "The model uses the directions of some latents.",
        "evidence": "Taking away the latents for brackets, their inside and names after a dot moves the prediction.",
        "control": "Other latents, at the same places, of equal length and frequency.",
        "where it fails": "The best latents for bound and imported names, keywords and comments. The test does not judge our name for a latent.",
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
# - token list: the best rule for a label that sees only the token, without any model.
# - untrained dictionary: a dictionary trained on a copy of the model with random weights, here on a sixth of the vectors.
# - monosemantic: of a latent that stands for one thing only.
# - probe: a direction trained on labels.
# - steering: setting a latent to a high value at every token, and letting the model go on from there.
# - KL divergence: how far one distribution of next tokens is from another, in nats.

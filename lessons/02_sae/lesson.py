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
    "One program four times; latent 378 is active at closing brackets, 9 between brackets, 138 at quotes, 1490 everywhere.",
    caption="One program, four latents. The background of a token is the darker, the more active the latent is there, and white where it is silent.",
)

# %% [markdown]
# What would you call each of the four? Write your names down before you open ours.
#
# <details><summary>Our first names</summary>
#
# Latent 378 marks closing brackets, latent 9 what stands between them, and latent 138 quotes. Latent 1490 is active everywhere, and we have no name for it.
#
# </details>

# %% [markdown]
# Take latent 378 and the name “closing brackets”. Python's own tokenizer knows which tokens close a bracket, so we can measure how good this name is. The latent says “yes” at a token where its activation exceeds a threshold. **Precision** is the share of its yeses that are right. **Recall** is the share of the closing brackets at which it says yes. **F1** is the harmonic mean of the two, and 1 for a perfect latent. The same can be asked of a neuron, or of a direction drawn at random.

# %% figure
scores = stored.label_scores()
closes = next(row for row in scores.rows() if row["label"] == "closes")
base = closes["base rate"]
contest = {"always yes": 2 * base / (1 + base)} | {
    name.removeprefix("null: "): closes[name]
    for name in ("null: best random direction", "best neuron", "best latent")
}
table({name: {"F1": value} for name, value in contest.items()}, mark="best latent", decimals=2,
      caption="How well one number finds closing brackets, in 27 modules of the standard library that neither the model nor the dictionary was trained on. The best of 768 neurons (with either sign), the best of 1 536 random directions and the best of the 1 536 latents, each with its threshold, were chosen on half of the modules and judged on the other half; intervals resample the modules of that half. One token in 28 closes a bracket, which gives “always yes” its F1.")

# %% [markdown]
# No neuron comes near the latent's F1. Has the method found the model's own idea of a closing bracket? We first see how such directions are found, and on vectors that we made ourselves, when they are the right ones. Then we ask what it takes to show that a latent means what its examples suggest. At the end we come back to your four names.

# %% [markdown] contents
# You need lesson 1: features as directions, interference, why single neurons may mean nothing. From lesson 0 you need the residual stream and hooks.

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
                  parent=torch.full((3,), -1),  # no direction depends on another
                  noise=0.02)
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
# Principal components are at right angles, and there are at most as many as dimensions. Their angle says nothing here, since the vectors vary about equally in every direction of the plane. The three directions are not at right angles, and there are more of them. What singles them out is that each vector needs *few* of them. This is the assumption of **dictionary learning**: there are many directions, more than dimensions, and each vector is the sum of a few of them, with positive strengths.
#
# How are the strengths read off a vector? As in lesson 1, by multiplying with the direction and applying a ReLU. Let $x$ be direction 0. Its products with the three directions are $(1, -\tfrac12, -\tfrac12)$, since the cosine of 120° is $-\tfrac12$. The ReLU makes them $(1, 0, 0)$, and once direction 0 is $x$ again.

# %% figure
fig, axes = plots.figure(1, 2, width=6.4, height=3.2)
for ax, point, title in zip(axes, (directions[0], directions[0] + directions[1]), ("x = direction 0", "x = directions 0 + 1"), strict=True):
    plots.arrows(ax, directions.T)
    ax.set(title=title, xlim=(-1.7, 1.7), ylim=(-1.7, 1.7))
    products = directions @ point
    for i, (row, product) in enumerate(zip(directions, products.tolist(), strict=True)):
        ax.plot(*torch.stack([point, product * row]).T, ":", color=plots.SERIES[i], linewidth=1.6)
        ax.plot(*(product * row), "s", color=plots.SERIES[i], markersize=13, fillstyle="full" if product > 0 else "none")
    ax.plot(*point, "*", color="white", markeredgecolor="black", markersize=9)
    ax.plot(*(products.relu() @ directions), "D", color=plots.EDITED, markersize=5)
plots.show(
    fig,
    "Direction 0 falls on itself with length one; of the sum of two directions only half comes back.",
    caption="Reading by products. The star is x, and the dotted lines drop it onto the directions. Full squares are what is read; hollow ones are negative products, which the ReLU sets to 0. The diamond is what comes back. Left: all of x. Right: each of two directions is read as ½, and half of x comes back.",
)

# %% [markdown]
# If both directions 0 and 1 are there, the products are $(\tfrac12, \tfrac12, -1)$, the ReLU gives $(\tfrac12, \tfrac12, 0)$, and only half of the vector comes back. This is the interference of lesson 1. It does harm where features meet.
#
# A **sparse autoencoder** reads in this way, by products and a ReLU, but its weights are learned. It consists of an *encoder*, which reads the strengths, and a *decoder*, which adds the directions up again.

# %% figure
sae.autoencoder().captioned("A sparse autoencoder. There are more latents than numbers in x, and only a few of them (blue) are active for any one vector. The reconstruction x̂ is the sum of the directions of the active latents, each multiplied by its activation.")

# %% [markdown]
# $$f = \mathrm{ReLU}\big(W_\text{enc}(x - b_\text{dec}) + b_\text{enc}\big), \qquad \hat x = W_\text{dec}^\top f + b_\text{dec}.$$
#
# $x$ and $b_\text{dec}$ have the shape (d), $f$ and $b_\text{enc}$ (latent); $W_\text{enc}$ and $W_\text{dec}$ have the shape (latent, d). Each entry of $f$ is called a **latent**, and its row of $W_\text{dec}$ is its direction. The **dictionary** is all of these directions together. The bias $b_\text{dec}$ is what all vectors have in common. It is taken away before reading and added again at the end. Where an entry of $b_\text{enc}$ is negative, its size is a threshold: products below that size count as zero.

# %%
def encode(x, W_enc, b_enc, b_dec):
    return torch.relu((x - b_dec) @ W_enc.T + b_enc)  # (row, latent)


def decode(f, W_dec, b_dec):
    return f @ W_dec + b_dec  # (row, d)

# %% [markdown]
# What makes training choose the three rays? The reconstruction alone does not. The four directions right, left, up and down rebuild every vector of the plane without any error. But a vector on a ray needs two of them, where one latent would do.

# %% figure
sae.two_ways(directions, 1).captioned("The same vector, direction 1, rebuilt in two ways (blue) without any error.")

# %% [markdown]
# Therefore the loss has a second term, which makes activity cost something. The **L1 norm** of $f$ is the sum of its entries, and $\lambda$ is its weight:
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
[round(run[0], 3) for run in runs]  # the loss of the last batch, for six random starts

# %% figure
loss, weights, path = min(runs, key=lambda run: run[0])
order = sae.match_features(directions, weights[1]).latent
failed = max(runs, key=lambda run: run[0])
shown = {f"step {number}": path[number][order] for number in (0, 20, 300)}
shown["missed, step 300"] = failed[1][1][sae.match_features(directions, failed[1][1]).latent]
fig, axes = plots.figure(1, 4, height=2.2, sharey=True)
for ax, (title, rows) in zip(axes, shown.items(), strict=True):
    ax.plot(*x[count > 0][:100].T, ".", color=plots.GREY, markersize=1.5)
    plots.arrows(ax, rows.T, title="", labels=[""] * 3)
    ax.set_title(title, fontsize=10)
    ax.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
plots.show(
    fig,
    "Three arrows turn, over 300 steps, until each lies on one of three rays of dots; from another start one ray is missed.",
    caption="The three directions of the dictionary while it learns, in the training of the six that ends with the smallest loss, and on the right the end of the one with the largest. Colours are those of the rays above, matched at the end.",
)

# %% [markdown]
# The three arrows turn onto the rays, which they were never shown. Not every start gets there: two of the six end with a larger loss, and each of them has missed a ray. A dictionary is chosen by its loss, which can be known without the truth.
#
# **Try it.** Train with `train(0, penalty=0.02)` and with `train(0, penalty=1.5)`. What do you expect of the directions, and of the activations? The second value that `train` returns holds the weights.
#
# <details><summary>What happens</summary>
#
# With 0.02 activity costs nearly nothing. One of the directions leaves its ray (its cosine falls below 0.8), and 1.8 latents are active on average, where 0.7 were enough. With 1.5 the directions stay near the rays, but each is answered with about a quarter of its length. Section 3 explains why.
#
# </details>

# %% [markdown]
# ### What was learned
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
# Learning did not remove the interference. By hand each of two directions is read as 0.50, and by the trained dictionary as 0.43 and 0.39.
#
# <details><summary>Why no row of an encoder is right every time</summary>
#
# Let the row of latent 0 answer 1 to direction 0 alone. If it shall also answer 1 when direction 1 or direction 2 is added, its products with those two must be 0. Now the three directions add up to zero, and a product with a sum is the sum of the products. So the row's product with direction 0 must be 0 as well. Then the 1 can only come from the bias, and the latent answers 1 to every vector, whether direction 0 is there or not.
#
# </details>

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

# %% [markdown]
# Here the trained dictionary of the plane was read with $k = 1$. That is enough for a vector that lies on one ray. Of the sum of two directions only the stronger product is kept, so $k$ must leave room for all features that come together.
#
# TopK is one of several methods that came after the L1 penalty (the deeper notebook compares six), and it has two advantages. The number of active latents is chosen instead of being found by trial. And no penalty makes the activations smaller than they should be, which section 3 measures.

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
    claim("the vectors vary about equally in every direction of the plane (variances of the principal components within a quarter)", (lambda v: v[1] < 1.25 * v[0])(torch.linalg.eigvalsh(x.T.cov())))
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
    claim("of a sum of two directions only the stronger product is kept", one_each[1].nonzero()[:, 0].tolist() == [int(learned[1].argmax())])

# %% [markdown]
# ## 2 · Known truth first
#
# In a language model nobody can say whether a direction is right. So the method is first tried where we can. We invent 64 features: random directions in 32 dimensions, each active in one vector of 25, with a strength between ½ and 1½. A dictionary of 96 latents sees the vectors and never the features. About 2.6 features are active at a time, and TopK is given $k = 3$.
#
# To score it, each true feature gets a latent of its own, so that the sum of their cosines is as large as possible. This **matching** uses each latent once. A feature counts as *found* when its partner has a cosine above 0.9. Three other methods are scored in the same way:
#
# - **principal component analysis** (PCA), whose axes are the directions of largest variance;
# - **independent component analysis** (ICA), which looks for axes along which the strengths are statistically independent, as our features are;
# - 96 random directions, as many as there are latents. A control that shows what chance alone gives is called the **null**.
#
# An axis has no sign, while a feature points one way, so both directions of each axis may be matched. The course's trainer `sae.train` is the loop of section 1 with a schedule for the learning rate, and with a remedy for latents that are never active, which section 3 describes.

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

# %% figure
names = {"TopK": "TopK dictionary", "ICA": "ICA", "PCA": "PCA", "random": "random directions"}
table({names[name]: {"features found, %": (100 * sum(each) / 3, 100 * min(each), 100 * max(each))} for name, each in found.items()}, decimals=0, interval="range over 3 sets", mark="TopK dictionary",
      caption="The share of the 64 features that each method finds: mean over three sets of features, drawn independently, with the lowest and the highest. The last row is the null.")

# %% [markdown]
# The dictionary finds nearly all features, and ICA a quarter. ICA uses the independence of the strengths, which holds here exactly. What stops it is the number of its axes. It has one for each of 32 dimensions, there are 64 features, and so most of its axes are compromises between several. Looking for *few active* directions is what allows more directions than dimensions.
#
# These features were sparse, independent, and fewer than the latents. In a model, some features may always come together, such as the name of a thing and its kind. Therefore the same 64 features now come in 32 pairs, and the two of a pair are always active in the same vectors, each with a strength of its own. As many features as before are active, and $k$ and the rest of the training stay the same.

# %% prediction
predict("sae.pairs")

# %%
def train_on(world, seed=0, n_latents=96, k=3):
    """The features, the dictionary, and two measures in %: features found, variance unexplained."""
    truth = sae.Truth.draw(**stored.TRUTH | world, seed=seed)
    shape = sae.Config(d_in=32, n_latents=n_latents, k=k)
    done = sae.train(shape, truth, stored.RECIPE, device="cpu", show=False)
    return truth, done.sae, *judge(truth, done.sae)


def judge(truth, trained_sae):
    x, _ = truth.sample(4000, torch.Generator().manual_seed(2))
    recovery = sae.Recovery.of(truth, trained_sae.W_dec)
    return 100 * recovery.found, 100 * sae.fvu(x, trained_sae(x)).item()


pairs = [train_on({"correlation": "pairs", "together": 1.0}, seed) for seed in range(3)]

# %% figure answer
best = [judge(truth, done.sae) for truth, done in zip(truths, trained, strict=True)]
apart_found, apart_error = zip(*best, strict=True)
pairs_found, pairs_error = ([row[i] for row in pairs] for i in (2, 3))
measured = {"features found, %": {"independent": apart_found, "in pairs": pairs_found},
            "unexplained, %": {"independent": apart_error, "in pairs": pairs_error}}
sae.pair_failure(pairs[0][0], pairs[0][1], 0, measured).captioned("Left: the vectors that hold one pair, A and B, and nothing else, in the plane of the two directions. No vector lies on A or on B alone, and the latent (blue) points through the middle, along their sum. Right: features found, and the share of the variance that the reconstruction leaves unexplained (section 3 defines it), for independent features and for pairs. A circle is one of three trainings, a bar their mean.").show()
fewer, worse = max(pairs_found) < min(apart_found), min(pairs_error) > max(apart_error)
page.measured("sae.pairs", f"{'fewer' if fewer else 'as many'} features, {'larger' if worse else 'smaller'} error")

# %% [markdown]
# <details><summary>After your guess: what this means</summary>
#
# For each of the 32 pairs a latent lies along the *sum* of the two, and hardly any feature has a latent of its own. One active latent now stands for two features, so that three latents rebuild more of a vector than before. The reconstruction gets better while the features are lost. A dictionary finds what comes separately in the data, which may be something else than what we mean by a feature, and nothing in the error warns of it.
#
# </details>

# %% [markdown]
# Now more features than latents, and features that are not sparse, in one training each.

# %%
*_, few, _ = train_on({}, n_latents=32)
*_, crowded, _ = train_on({"probability": 0.16}, k=10)
few, crowded  # features found, %

# %% [markdown]
# With 32 latents instead of 96, at most half of the features could have one, and 28 % are found, which is fewer than there are latents. With ten features active at a time in 32 dimensions 2 % are found, although $k$ is ten as well.

# %% claims
active = (truths[0].magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1).float()
with claims():
    claim("the dictionary finds nearly all features of all three sets (at least 95 %)", min(found["TopK"]) >= 0.95)
    claim("ICA finds a quarter of them (mean 23 to 27 %)", page.between(sum(found["ICA"]) / 3, 0.23, 0.27))
    claim("PCA and random directions find none", max(found["PCA"]) == 0 and max(found["random"]) == 0)
    claim("about 2.6 features are active at a time in the best case (2.5 to 2.7), with pairs too", page.between(active.mean(), 2.5, 2.7) and page.between((pairs[0][0].magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1).float().mean(), 2.5, 2.7))
    claim("with pairs the error is smaller, on each of the three", max(pairs_error) < min(apart_error))
    claim("with pairs hardly any feature is found (less than 10 %, on each of the three)", max(pairs_found) < 10)
    claim("for each of the 32 pairs a latent lies along the sum (cosine above 0.9, all three trainings)", all(bool((sae.match_features(sae.pair_sums(truth), trained_sae.W_dec).cosine > 0.9).all()) for truth, trained_sae, *_ in pairs))
    claim("with 32 latents 28 % are found, fewer than there are latents", page.rounds_to(few, "28") and few < 50)
    claim("with ten features active at a time 2 % are found", page.rounds_to(crowded, "2"))

# %% [markdown]
# ## 3 · How many latents should be active?
#
# Somebody has to choose $\lambda$ or $k$. Two wishes pull apart. A vector that is described by few latents is easier to read, and one that is described by many is rebuilt with a smaller error. The error is given as the **fraction of variance unexplained**, which is all squared errors together, over all squared distances from the mean. Every dictionary is a point in a plane with these two axes, and a kind of dictionary is a curve.

# %% figure
prices = stored.prices()
topk = prices.topk
kept = stored.kept() | {3: topk}  # k: what was measured
plots.show(
    prices.trade_off(kept),
    "Two falling curves of error against active latents; that of TopK lies below that of ReLU with L1.",
    caption="Error against active latents for the independent features of section 2. Means over three sets of features; the dictionaries have 96 latents and were trained five times as long as above.",
)

# %% [markdown]
# With two active latents and more, TopK rebuilds the vectors better than L1 does with as many. Here we know how many features are there, and use $k = 3$ where the lesson compares methods. In a language model nobody knows that number. There one takes the smallest number of latents with which the error, or the harm done to the model, is still acceptable, and says which number it was.
#
# ### What the penalty does to one latent
#
# Why is L1 worse? Go back to the plane of section 1, and let $x$ be direction 0 with strength 1.

# %% figure
weights_for = {penalty: min((train(seed, penalty=penalty) for seed in range(6)), key=lambda run: run[0])[1] for penalty in (0.6, 1.5)}
weights_for[0.2] = weights
answers = {penalty: encode(directions[:1], w[0], w[2], w[3]).max().item() for penalty, w in sorted(weights_for.items())}
sae.shrinking(directions, (0, 0.2, 0.6, 1.5), answers).captioned("Left: the star is x, and each dot is the reconstruction for which error and penalty together are smallest. The larger λ is, the further it slides towards the origin. Squares are what dictionaries trained with that λ answer (of six starts, the one with the smallest loss). Right: error plus penalty against the activation f of the one latent that is needed. A dot marks the lowest point of each curve.")

# %% [markdown]
# Only one latent is needed, and its activation $f$ can be anything between 0 and 1. An activation of 1 would make the error zero. But each bit of $f$ costs $\lambda$, and near $f = 1$ the error hardly grows when $f$ becomes smaller. So the cheapest answer is below 1. For a feature of strength $m$, error and penalty together are $(m - f)^2 + \lambda f$, whose derivative $-2(m - f) + \lambda$ is zero at
#
# $$f = m - \lambda / 2 .$$
#
# The answer is too small by the same amount for every strength above $\lambda/2$. This is called **shrinkage**. It comes from the penalty and does not go away with more training. The trained dictionaries of the plane do almost what the formula says.
#
# That is one latent for one feature. With 96 latents and 64 features, what becomes of the activations when $\lambda$ is made small?

# %% prediction
predict("sae.penalty")

# %% figure answer
factor = prices.factor[:-1].mean(1)  # one for each λ, small to large
plots.show(
    prices.plot(),
    "Against λ from 0.05 to 1: the formula falls from nearly 1, while the measured activations rise a little and then fall.",
    caption="Activation over true strength, for latents that found a feature: mean over three sets of features, with the range. The dotted line is the formula. (λ is in units of the vectors' typical length, by which the trainer divides them; the dotted line takes this into account.)",
)
peak = int(factor.argmax())
page.measured("sae.penalty", "it rises towards 1" if factor[0] > 0.9 else "it rises, and then falls again" if 0 < peak < len(factor) - 1 and factor[0] < factor[peak] - 0.03 else "it falls" if factor[0] < factor[-1] - 0.03 else "it stays about the same")

# %% [markdown]
# <details><summary>After your guess: why a small λ does not help</summary>
#
# At the right end the formula is nearly all that happens. At the left end it describes less and less, since it knows one latent only. A small $\lambda$ leaves many latents active, about nineteen where 2.6 features are there, and the strength of a feature is *shared* among several of them. The vectors are rebuilt almost whole, with 4 % of the variance unexplained, and yet the latent of a feature answers with little more than half of its strength. A large $\lambda$ shrinks each activation, and a small one spreads it out.
#
# </details>

# %% [markdown]
# TopK has no penalty that pulls its activations down. They come closer to the true strengths than those of L1 at any of the seven $\lambda$. In a language model the true strengths are unknown, so that the shrinkage of a single feature cannot be read off. For the whole vector it can be seen: does the reconstruction get better when it is made longer (Rajamanoharan et al. 2024)?
#
# A latent that is never active is called **dead**. It gets no gradient, since its ReLU gives zero everywhere, and so it stays dead. Two remedies are common. **Resampling** points a dead latent at a vector that is reconstructed badly (Bricken et al. 2023). An **auxiliary loss** lets dead latents try to reconstruct what the living ones leave over (Gao et al. 2024). The trainer of this course uses the first for ReLU and the second for TopK.

# %% claims
low_to_high = sorted(kept)
curve = {k: kept[k]["unexplained"].mean().item() for k in low_to_high}
as_many = [prices.error_with(kept[k]["l0"].mean().item()) for k in low_to_high[1:]]
with claims():
    claim("with two active latents and more TopK rebuilds the vectors better than L1 with as many (L1 interpolated)", all(curve[k] < other for k, other in zip(low_to_high[1:], as_many, strict=True)))
    claim("the trained dictionaries of the plane answer almost what the formula says (within 0.05 of 1 − λ/2, for three λ)", all(abs(answer - (1 - penalty / 2)) < 0.05 for penalty, answer in answers.items()))
    claim("at λ = 1 the formula is nearly all that happens (within 0.04), on each of the three", bool(((prices.factor[6] - prices.alone[6]).abs() < 0.04).all()))
    claim("at the smallest λ 4 % is unexplained, the activations are little more than half of the strengths (0.55 to 0.6), and about nineteen latents are active", page.rounds_to(100 * prices.unexplained[0].mean(), "4") and page.between(prices.factor[0], 0.55, 0.6) and page.rounds_to(prices.l0[0].mean(), "19"))
    claim("the activations rise and then fall again as λ falls, on each of the three", bool((prices.factor[1] > prices.factor[0]).all() and (prices.factor[1] > prices.factor[6]).all()))
    claim("below λ = 0.5 more latents are active than there are features, on each", bool((prices.l0[:4] > prices.active).all()))
    claim("TopK's activations (k = 3) come closer to the true strengths than those of L1 at any of the seven λ, on each", bool((topk["factor"] > prices.factor[:-1].nan_to_num(0)).all() and (topk["factor"] < 1).all()))

# %% [markdown]
# ## 4 · One token taken apart
#
# The vectors are now the residual stream of `code-4l` before its third block, 192 numbers for each token. The dictionary has 1 536 latents, eight for each dimension, and TopK with $k = 16$. It was trained on 765 000 vectors, each read about eight times, in random order, and it is loaded here. (`models/sae.py` is its recipe.)
#
# Before any average, look at what it does to one vector, at the closing parenthesis of `self.carries("wand")`. Its strongest latents are added up one after the other, and each time we ask how much of the vector is still missing.

# %%
site = sae.Site(dictionary.model, dictionary.hook)
x = site.activations(tokens)[0]  # (token, d)
first, second = 24, 35  # the ")" of carries("wand"), and the ")" of print(...)
b_dec, W_dec = dictionary.sae.b_dec, dictionary.sae.W_dec
missing, left = x[first] - b_dec, [1.0]
for latent in f[first].argsort(descending=True)[:16]:
    missing = missing - f[first, latent] * W_dec[latent]
    left.append((missing.square().sum() / (x[first] - b_dec).square().sum()).item())
[f"{100 * left[n]:.0f} % after {n}" for n in (0, 1, 2, 4, 8, 16)]  # missing of |x − b_dec|²

# %% figure
reading = sae.Reading.of(dictionary, [samples.read(name) for name in samples.names()])
parts = [sae.Anatomy.of(reading, words[place], x[place]) for place in (first, second)]
plots.show(
    sae.anatomies(parts, ('“)” of carries(…)', '“)” of print(…)')),
    "Two columns of sixteen bars each: the activations of the latents at two closing parentheses; five latents are in both.",
    caption="The eight strongest of the sixteen active latents at each of two closing parentheses; a line joins those that are in both lists. If a latent is active at more than one token in ten, its reading says how often. Else it is the best of Python's labels, where that fits with an F1 of at least 0.4 in the course's sample programs. Elsewhere stands “?”.",
)

# %% [markdown]
# The vector of 192 numbers is nearly rebuilt from sixteen. The first two leave less than a third, latent 1490, which is active at half of all tokens, and latent 378. The second parenthesis shares both, and its other latents are mostly different ones. In this sense a dictionary describes a token by a few words out of a large vocabulary.
#
# Two things in the bars should give pause. Several latents have the same reading. And most of the words cannot be read, with a question mark at more than half of all sixteen, on both sides. Section 5 reads one of these.
#
# Averages over many tokens say how good the description is. On 4 080 tokens of held-out modules, 12 % of the variance is unexplained. A latent that is active for more than one token in ten is called **dense**; 14 of the 1 536 are, and 20 are never active on these tokens.
#
# Whether the missing 12 % matter can be asked of the model. The reconstruction is put in the place of the residual stream, and the model goes on from there. The **loss recovered** compares how much the loss rises with how much it rises if the mean vector or zeros are put there instead. It is 1 if the reconstruction does no harm, and 0 if it does as much harm as they do.

# %%
held_out, module = sae.held_out_contexts(dictionary.model, limit=16)
vectors, _ = dictionary.activations(held_out)  # (token, d)
quality = sae.Quality.of(dictionary.sae, vectors)
spliced = sae.Spliced.of(dictionary, held_out, module)
table(spliced, unit="nats", decimals=2)

# %% [markdown]
# The reconstruction costs the model 0.19 nats a token. Against zero that is a recovery of 98 %, against the mean of 96 %. A residual stream of zeros is something that the model has never met. It does far more harm than the mean vector, and the same reconstruction looks better beside it.

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
    claim("several latents (three and more) are read as closing brackets, at both tokens", min(part.readings.count("closing brackets") for part in parts) >= 3)
    claim("more than half of the sixteen have a question mark, in both tokens", min(part.readings.count("?") for part in parts) > 8)
    claim("latent 1490 is active at half of all tokens (0.45 to 0.5)", page.between((reading.rows[:, 1490] > 0).float().mean(), 0.45, 0.5))
    claim("L0 is 16 (no vector has more; some may have fewer)", page.between(quality.l0, 15.9, 16))
    claim("on 4 080 tokens 12 % of the variance is unexplained, 14 latents are dense and 20 never active", quality.rows == 4080 and page.rounds_to(100 * quality.unexplained, "12") and round(1536 * quality.dense) == 14 and round(1536 * quality.dead) == 20)
    claim("the reconstruction costs 0.19 nats a token", page.rounds_to(cost, "0.19"))
    claim("against zero it recovers 98 %, against the mean 96 %", page.rounds_to(100 * recovered["zero"], "98") and page.rounds_to(100 * recovered["mean"], "96"))

# %% [markdown]
# ## 5 · Reading a latent
#
# What does one latent stand for? The usual way is to look at the texts in which it is most active. That flatters the latent, because its strongest activations may be clear and the rest a mixture. So we put texts beside them that are drawn at random from *all* its activity. The second thing to read is what its direction does by itself to the next token: multiplied with the unembedding, it raises the score (the *logit*) of some tokens and lowers that of others. We read four latents in the twelve sample programs of the course, first the one of the puzzle.

# %%
reading.explain(378, count=4)

# %% caption
caption("Latent 378; its F1 here is that in the sample programs. The framed token is the one that was picked. “Promotes” names the tokens whose logit the direction raises most, with the change for one unit of activation.")

# %% [markdown]
# At the top and at random alike, these are closing brackets. The direction raises line breaks, `->` and `as`, some of what may follow. For three other latents a shorter form is enough. Latent 1490 was the strongest at the first parenthesis.

# %% figure
sae.strip(reading, 1490, sae.by_place).captioned("Latent 1490. The token that was picked is underlined and stands in the middle column; where nothing stands before it, the context begins. On the right its activation against the place in the context of 256 tokens: median over 63 contexts, and the band that holds eight of ten.")

# %% [markdown]
# No token, no label and no word fits this latent. The graph on the right shows why. It marks a *place*. Its activation falls steadily from the beginning of the context, and in the second half it is zero nearly everywhere. How early a token stands is something that many vectors have in common, and a dictionary spends a latent on it.

# %% figure
sae.strip(reading, 430).captioned("Latent 430. On the right, how many tokens have which activation: green where its best label, imported names, holds, and grey on top of that where it does not.")

# %% [markdown]
# The strongest places of latent 430 are names of modules in import statements, which are many different tokens. But of all the places at which it is active only a third are imported names. At the others its activation is less than half as large, on average. It finds nearly all imported names, and it is not only about them. Reading its strongest places alone would hide that.

# %% figure
quote_before = torch.nn.functional.pad(reading.flags["string_closes"].bool(), (1, -1))[:, 1:].flatten()
sae.strip(reading, 1381, sae.by_rule(quote_before, "after a quote")).captioned("Latent 1381, one of the many latents with a question mark in section 4, and the strongest of them that both parentheses have. Green are the tokens right after a closing quote, which is none of Python's labels but what the left column suggests.")

# %% [markdown]
# The best of Python's labels fits latent 1381 with an F1 of 0.19. But at the top it stands right after a closing quote. If we make this a label of our own, it has an F1 of 0.83 for activations above 10 (on these programs, on which the 10 was chosen too). So a question mark in section 4 does not mean that a latent stands for nothing. Our list of 21 labels may only lack the word. The smaller half of its activations remains a mixture: of the places at or below 10 only 12 % follow a closing quote.
#
# A latent that stands for one thing only is called **monosemantic**. How nearly a latent is so can be measured. A name is a hypothesis about where the latent is active, and F1 says how well the hypothesis does.
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
strong = reading.rows[:, 1381] > 10
weak = (reading.rows[:, 1381] > 0) & ~strong
after_path = [("".join(c.tokens[: c.centre + 1])).rstrip("s.(") for c in reading.explain(840, count=4).top]
with claims():
    claim("at all eight places that are shown latent 378 is active at a closing bracket", set(seen) == {")"})
    claim("its direction raises line breaks, -> and as", {"\n", "->", "as"} <= {token.strip(" ") for token, _ in one.promotes})
    claim("the activation of 1490 falls steadily (each eight places lower than the eight before, up to 128), and in the second half of a context it is zero nearly everywhere (at 98 % of tokens and more)", by_place == sorted(set(by_place), reverse=True) and (reading.f[:, 128:, 1490] == 0).float().mean() > 0.98)
    claim("of the places at which latent 430 is active a third are imported names (0.3 to 0.36), and it finds nearly all (at least 0.9)", three.label == "import" and page.between(three.precision, 0.3, 0.36) and three.recall > 0.9)
    claim("at other places its activation is less than half as large, on average", reading.rows[:, 430][~imported & (reading.rows[:, 430] > 0)].mean() < 0.5 * reading.rows[:, 430][imported & (reading.rows[:, 430] > 0)].mean())
    claim("1381 is the strongest of the unread latents that both parentheses have; its best label has an F1 of 0.19", next(i for i, r in zip(parts[0].latents.tolist(), parts[0].readings, strict=True) if r == "?" and i in shared) == 1381 and page.rounds_to(unread.f1, "0.19"))
    claim("right after a closing quote has an F1 of 0.83 for activations of 1381 above 10; of the others, about half of all, 12 % follow one", page.rounds_to(sae.f1_score((strong & quote_before).sum(), strong.sum(), quote_before.sum()), "0.83") and page.rounds_to(100 * quote_before[weak].float().mean(), "12") and page.between(weak.sum() / (weak.sum() + strong.sum()), 0.45, 0.55))
    claim("at the top 1381 follows a closing quote", all(c.tokens[c.centre - 1].endswith('"') for c in unread.top))
    claim("latent 840 has a question mark at the second parenthesis, and its four strongest places stand right after path", parts[1].readings[parts[1].latents.tolist().index(840)] == "?" and all(text.endswith("path") for text in after_path))

# %% [markdown]
# ## 6 · Is the name right?
#
# At every place that section 5 showed, latent 378 was at a `)`. Two hypotheses predict this. It may stand for *a bracket closes here*, or for *the token* `)`. Examples cannot decide between them, because at most of these places both are true. In the next program they differ at four of the seven framed tokens. Write down, for each hypothesis, where the latent should be active.

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
asked = [i for i, w in enumerate(spelled) if w in (")", "]")]
plots.show(
    shaded_panels([Panel("", spelled, torch.zeros(len(spelled)), asked=asked)]),
    "A program of five lines; its five closing parentheses and two closing square brackets are framed and numbered.",
    caption="The second and the fifth framed token stand in a comment and in a string, and close nothing.",
)

# %% prediction
predict("sae.exceptions")

# %% figure answer
here_378 = dictionary.encode(differ_tokens)[0][:, 378]
plots.show(
    shaded_panels([Panel("a bracket closes, by Python's tokenizer", spelled, by_python, colour=plots.ANSWER), Panel("latent 378", spelled, here_378)]),
    "The program twice: Python marks three parentheses and two square brackets; latent 378 is active at all five closing parentheses and at no square bracket.",
    caption="Left: the tokens that close a bracket. The `)` in the comment and the one in the string close nothing, and the two `]` close one without being a `)`. Right: latent 378.",
)
page.measured("sae.exceptions", ", ".join(str(n) for n, i in enumerate(asked, 1) if here_378[i] > 0))

# %% figure answer
ids, labels = reading.tokens[:, 1:].flatten(), reading.labels
is_closing = labels.flags[:, labels.names.index("closes")]
exceptions, places = {}, {}
for token, closing in ((")", True), (")", False), ("]", True), ("]", False)):
    name = f"`{token}` " + ("that closes a bracket" if closing else "in a string")
    places[name] = (ids == dictionary.model.tokenizer.convert_tokens_to_ids(token)) & (is_closing == closing)
    exceptions[name] = {"tokens": int(places[name].sum()), "latent 378": 100 * (reading.rows[places[name], 378] > 0).float().mean().item()}
table(exceptions, unit={"latent 378": "% active"}, decimals=0, caption="Where latent 378 is active in the twelve sample programs, whose comments hold no `)`.")

# %% [markdown]
# ### Two controls
#
# Latent 378 marks the token `)`, whether or not it closes a bracket, and it misses most of the square brackets. It had an F1 of 0.87 and perfect examples under the wrong name. A test must look where two hypotheses differ.
#
# How much of that F1 did the model have to learn? The first control is a **dictionary of a random model**. We take a copy of `code-4l` whose weights were drawn at random and never trained, so that it knows nothing about Python, and train a dictionary on its vectors. The recipe is the same, with a sixth of the vectors. Of its 1 536 latents we take the one that is best for closing brackets on half of the held-out modules.

# %% prediction
predict("sae.random")

# %% answer
lists, rank = stored.token_lists(), {name: i for i, name in enumerate(scores.labels)}
contestants = ("untrained", "neuron", "latent", "probe", "random")
untrained_f1, neuron_f1, latent_f1, probe_f1, random_f1 = map(scores.of, contestants)
page.measured("sae.random", untrained_f1["closes"])

# %% [markdown]
# <details><summary>After your guess: what this means</summary>
#
# A model that has learned nothing gives a latent that is nearly as good, with an F1 of 0.82 where latent 378 has 0.87. Every token has a vector of its own, its embedding, and these differ from one another even when they are random. A dictionary finds vectors that come back, and `)` comes back often. The random model's latent is active at most `)` in strings, too.
#
# </details>

# %% [markdown]
# The second control needs no model at all. A **token list** is the best rule that sees nothing but the token. Each token of the vocabulary is put on the list or left off it, as is best for the label on half of the modules, and the list says “yes” at the tokens on it. For closing brackets such a list has an F1 of 0.93, and latent 378 has 0.87.
#
# A latent that knows more than its token must be active at a token in one place and silent at *the same token* in another. Three of the next four do this, and the fourth remains to be judged.

# %% figure
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
    faces[name] = Panel(f"latent {latent}: {sae.WORDS[name]}", spelling, dictionary.encode(read)[0][:, latent])
plots.show(
    shaded_panels(list(faces.values())),
    "Four snippets, each shaded with one latent: names after a dot, words of a comment, what stands in parentheses, closing quotes.",
    caption="Four latents and the labels they are best for. Above left, `name` is dark after a dot and white elsewhere. Above right, the same words are dark in the comment and white in the string. Below left, `size, 1` is dark in parentheses only.",
)

# %% [markdown]
# The first three know more than their token, and the token list says how much more. For names after a dot it reaches an F1 of 0.32, and the latent 0.64. For the inside of a comment it is 0.30 against 0.73.
#
# Each of them has exceptions of its own. Latent 9 is best for “inside brackets”, yet it is white between square brackets and dark between parentheses of a comment, where Python sees no bracket. Its name should be “inside parentheses”, and it reads the text rather than the syntax. Latent 138 passes less clearly. It is active at nearly every `"` that closes a string, but in the sample programs also at half of those that open one, and its F1 of 0.73 is near the token list's 0.66.
#
# ### All labels
#
# Python's tokenizer and parser give 21 labels to tokens. The next figure shows the seven at which the best latent beats the token list, and four others. Besides the two controls it shows the best neuron, the best of 1 536 random directions, and a **probe**, which is a direction that was trained on the label itself, by logistic regression.

# %% figure
low, high = (getattr(scores, end)[sae.judging.CONTESTANTS.index("latent")] for end in ("low", "high"))
gain = sorted(scores.labels, key=lambda name: lists[name][0] - latent_f1[name])
wins = [name for name in gain if low[rank[name]] > lists[name][2]]
shown = [*wins, "closes", "kind_number", "kind_name", "kind_operator"]
sae.label_rows(scores, lists, shown).captioned("F1 for eleven labels, with an example of each. Green marks the tokens that have the label. At the labels in bold the whole interval of the best latent lies above that of the token list. Everything was chosen or trained on half of the 27 modules and is judged on the other half; bars are 95 % intervals (modules resampled). “Random model” is the best latent of the dictionary of a random model.")

# %% [markdown]
# The seven labels have something in common: the token alone does not decide them. A name after a dot may be any name, and whether a token stands in a comment depends on a sign far to the left. At each of the seven the random model's dictionary has an F1 of 0.11 or less, and no neuron and no random direction comes as far as the latent. Here training has made something that a dictionary can find.
#
# Elsewhere a latent is often not even the best single number. For names and operators, which are common, the best neuron and the best random direction do better than the best latent. Of all 21 labels the best neuron has a higher F1 than the best latent at seven, and a random direction at five.
#
# The probe is highest at nearly every label. The vectors hold what Python's labels say, and a single latent, found without labels, finds a part of it.
#
# <details><summary>Why latents do badly at large classes such as operators and keywords</summary>
#
# One reason is arithmetic. Let a label belong to a share $b$ of the tokens, and a latent be active at a smaller share $a$. Even if every activation is right, precision is 1 and recall $a/b$, so that F1 is no more than $2a/(a + b)$. Keywords are 5.8 % of the tokens of the sample programs, and latent 348, the best for them, is active at 2.2 %. It can reach no more than 0.55, and it reaches 0.51. It is mostly active at `return`, `if` and `for`. The best set of up to sixteen latents reaches 0.84 for keywords on held-out modules, just what the token list reaches.
#
# </details>

# %% [markdown]
# The deeper notebook has the ten other labels.

# %% claims
random_model = sae.load("resid-2-untrained")
g = random_model.encode(reading.tokens)[:, 1:].flatten(0, 1) > 0
half_of = labels.halves[0]
hits = (g & is_closing[:, None])[half_of].sum(0)
control = int(sae.f1_score(hits, g[half_of].sum(0), is_closing[half_of].sum()).argmax())
at_random = {name: 100 * g[here, control].float().mean().item() for name, here in places.items()}
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
    claim("the two hypotheses differ at four of the seven framed tokens", len(asked) == 7 and sum(bool(by_python[i]) != (spelled[i] == ")") for i in asked) == 4)
    claim("it is active at every ) in a string, and at every ) that closes a bracket", exceptions["`)` in a string"]["latent 378"] == exceptions["`)` that closes a bracket"]["latent 378"] == 100)
    claim("the random model's best latent is nearly as good (F1 0.82, latent 378 0.87), and active at most ) in strings (half and more)", page.rounds_to(untrained_f1["closes"], "0.82") and page.rounds_to(latent_f1["closes"], "0.87") and at_random["`)` in a string"] > 50)
    claim("it misses most of the square brackets (nine tenths and more)", exceptions["`]` that closes a bracket"]["latent 378"] < 10)
    claim("no ) stands in a comment of the sample programs", not bool(((ids == dictionary.model.tokenizer.convert_tokens_to_ids(")")) & labels.flags[:, labels.names.index("in_comment")]).any()))
    claim("name is dark at its two places after a dot and white at its four others", [i in dark["attribute"] for i in spots["attribute"]].count(True) == 2 and {faces["attribute"].words[i - 1] for i in spots["attribute"] if i in dark["attribute"]} == {"."} and len(spots["attribute"]) == 6)
    claim("the same words are dark in the comment and white in the string", all(faces["in_comment"].words[i] != '"' for i in dark["in_comment"]) and [i in dark["in_comment"] for i in spots["in_comment"]] == [True, True, False, False])
    claim("size is dark in parentheses, in the comment too, and white elsewhere", [i in dark["in_brackets"] for i in spots["in_brackets"]] == [False, True, False, True])
    claim("the latents are 1084, 828, 9 and 138", [int(scores.latent[rank[name]]) for name in snippets] == [1084, 828, 9, 138])
    claim("names after a dot: token list 0.32, latent 0.64; comments: 0.30 and 0.73; closing quotes: 0.66 and 0.73", [f"{v:.2f}" for n in ("attribute", "in_comment", "string_closes") for v in (lists[n][0], latent_f1[n])] == ["0.32", "0.64", "0.30", "0.73", "0.66", "0.73"])
    claim("latent 138 is active at nearly every double quote that closes a string (0.99 and more) and at half of those that open one (0.5 to 0.55)", at_quotes["string_closes"] > 0.99 and page.between(at_quotes["string_opens"], 0.5, 0.55))
    claim("there are 21 labels, and at seven the latent's whole interval lies above the token list's", len(scores.labels) == 21 and len(wins) == 7)
    claim("at each of the seven the random model's dictionary has an F1 of 0.11 or less, and no neuron and no random direction comes as far", page.rounds_to(max(untrained_f1[name] for name in wins), "0.11") and all(max(neuron_f1[name], random_f1[name]) < latent_f1[name] for name in wins))
    claim("for names and operators the best neuron and the best random direction do better than the best latent (intervals apart)", {"kind_name", "kind_operator"} <= set(scores.apart("neuron", "latent")) & set(scores.apart("random", "latent")))
    claim("the best neuron has a higher F1 than the best latent at seven of the 21 labels, a random direction at five", [sum(other[name] > latent_f1[name] for name in scores.labels) for other in (neuron_f1, random_f1)] == [7, 5])
    claim("closing brackets: token list 0.93, latent 378 0.87", page.rounds_to(lists["closes"][0], "0.93") and page.rounds_to(latent_f1["closes"], "0.87"))
    claim("keywords are 5.8 % of the tokens, latent 348 is active at 2.2 %, can reach 0.55 and reaches 0.51", scores.latent[rank["kind_keyword"]] == 348 and page.rounds_to(100 * keyword.float().mean(), "5.8") and page.rounds_to(100 * on.float().mean(), "2.2") and page.rounds_to(bound, "0.55") and page.rounds_to(sae.f1_score((on & keyword).sum(), on.sum(), keyword.sum()), "0.51"))
    claim("348 is mostly active at return, if and for", sum(w.strip() in ("return", "if", "for") for w in at_348) > len(at_348) / 2)
    claim("the best set reaches 0.84 on keywords, just what the token list reaches", page.rounds_to(scores.of("set")["kind_keyword"], "0.84") and page.rounds_to(lists["kind_keyword"][0], "0.84"))
    claim("the probe is highest at nearly every label (at least 19 of 21)", sum(probe_f1[n] >= max(latent_f1[n], untrained_f1[n], neuron_f1[n], random_f1[n], lists[n][0]) for n in scores.labels) >= 19)

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
titles = ("as it is", "latent 378 removed", "another direction removed")
for ax, p, title in zip(axes, after.values(), titles, strict=True):
    top = p.topk(5)
    ax.barh(range(5), 100 * top.values, color=plots.HEAD if title == titles[1] else plots.STREAM, height=0.7)
    for y, value in enumerate(top.values.tolist()):
        ax.text(100 * value + 2, y, f"{100 * value:.0f} %" if value > 0.01 else "< 1 %", va="center", fontsize=9)
    ax.set(yticks=range(5), yticklabels=[sae.reading.visible(decode_token([i])).replace("␣", "blank") for i in top.indices.tolist()],
           ylim=(4.5, -0.5), xlim=(0, 100), xticks=[], title=title)
plots.show(fig, "Three rows of bars; only without latent 378 is the equals sign the likeliest next token.",
           caption="The five likeliest tokens after `print(\"hello\", name)`. On the right a vector of the same length was taken away along the direction of another latent. ⏎ is a line break, with the blanks that follow it.")

# %% [markdown]
# Without latent 378 the model no longer ends the line. Its first choice is `=`, which may follow `name` as long as the call is open (we have not tested that this is the reason). The other direction, of equal length, leaves line breaks in front.
#
# One place and one other direction are an example. The test takes all places at which a latent is active, in 25 held-out contexts, and forty other latents, drawn from those that are active about as often. How far the prediction moves is measured by the **KL divergence** from the untouched prediction to the changed one, in nats, which is 0 where they agree. We test eight of the latents of section 6. One of them, 828, is the best for comments, with an F1 of 0.73, and one, 1084, the best for names after a dot, with 0.64.

# %% prediction
predict("sae.causal")

# %% figure answer
effects = stored.causal_effects()
largest = effects.null_kl.amax(1)
passes = dict(zip(effects.labels, (effects.kl > largest).tolist(), strict=True))
plots.show(
    effects.plot({int(i): sae.WORDS[name] for name, i in zip(effects.labels, effects.latent, strict=True)} | {378: "the token “)”", 9: "inside parentheses"}),
    "Eight rows of forty grey strokes, the effects of other directions of equal length, with one blue dot, the latent's own.",
    caption="How far the prediction moves where a latent is active, when it is taken away (blue), and when a vector of the same length is taken away there along one of forty other latents (grey). The axis is logarithmic. On top is the latent that lies furthest from the middle of its others.",
)
page.measured("sae.causal", {(True, True): "both", (True, False): "only comments", (False, True): "only names after a dot", (False, False): "neither"}[passes["in_comment"], passes["attribute"]])

# %% [markdown]
# ### The exceptions once more
#
# Four of the eight lie beyond all forty others: those for `)`, for opening brackets, for the inside of parentheses and for names after a dot. The one for comments does not, if only just, although it is among the best descriptions of section 6: a good description need not go with a large effect.
#
# This test does not ask whether our *name* for a latent is right. But it can be done at the exceptions of section 6. If the model used latent 378 as “a bracket closes here”, it should not need it at a `)` in a string or a comment. So we take it away at every `)` of 94 held-out contexts, and look at the three kinds of place one by one. The null is larger than before: the 160 other latents whose frequency is nearest.

# %% figure
removed = stored.taken_away()
plots.show(
    removed.plot(),
    "Three rows, for a closing parenthesis in code, in a string and in a comment: in each the blue dot lies right of nearly all of 160 grey strokes.",
    caption="The same test at each kind of `)`, with the 95 % interval over modules and the number of places in brackets.",
)

# %% [markdown]
# At a `)` in a string the prediction moves as far as at one that closes a bracket, by 0.57 nats against 0.58, and in a comment by 0.31 nats. One of the 160 other directions moves it as far in code, two in strings and seven in comments. The model uses the direction at the exceptions too. The name “the token `)`” fits this, and “a bracket closes here” does not.
#
# ### Putting a latent where it is not
#
# The same edit can put a latent where it is not. When a latent is set to a high value in this way, usually at every token, this is called **steering**. The best-known case is the Golden Gate Bridge of Templeton et al. 2024.
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
where = {kind: removed.mean(i) for i, kind in enumerate(("code", "string", "comment"))}
with claims():
    claim("at the second ) the model expects a line break (0.95 and more), and without latent 378 its first choice is =", on_breaks(after["as it is"]) > 0.95 and decode_token([int(after[378].argmax())]).strip() == "=")
    claim("without it, it no longer ends the line (a line break below one third), and the other direction leaves line breaks in front", on_breaks(after[378]) < 1 / 3 and on_breaks(after[other]) > 0.9)
    claim("the best latents for both kinds of bracket, the inside of brackets and names after a dot pass, the other four do not", [name for name, yes in passes.items() if yes] == ["closes", "opens", "in_brackets", "attribute"])
    claim("828 is the best for comments (F1 0.73), 1084 for names after a dot (0.64); eight latents with forty others each", dict(zip(effects.labels, effects.latent.tolist(), strict=True)) | {"in_comment": 828, "attribute": 1084} == dict(zip(effects.labels, effects.latent.tolist(), strict=True)) and [f"{latent_f1[n]:.2f}" for n in ("in_comment", "attribute")] == ["0.73", "0.64"] and effects.null_kl.shape == (8, 40))
    claim("378 taken away moves the prediction by 0.58 nats at a ) that closes a bracket, 0.57 in a string and 0.31 in a comment", [f"{mean[0]:.2f}" for mean in where.values()] == ["0.58", "0.57", "0.31"])
    claim("the interval in strings holds the mean at closing brackets, and no interval reaches below 0.2 nats", where["string"][1] < where["code"][0] < where["string"][2] and min(low for _, low, _ in where.values()) > 0.2)
    claim("one of 160 others moves it as far in code, two in strings, seven in comments, in 94 contexts", [removed.further(i) for i in range(3)] == [1, 2, 7] and len(removed.others) == 160)
    claim("line breaks have more than half of the probability after return with 40 · W_dec[378], and hardly any before (less than 5 %)", on_breaks(predicted(steered, 37)) > 0.5 and on_breaks(predicted(x, 37)) < 0.05)
    claim("forty is about the activation that 378 has at a real )", page.about(f[[9, 24, 35], 378].mean(), 40))

# %% [markdown]
# ## 8 · What the critics say
#
# Dictionaries have been criticised with care, and some of the criticism can be measured here.
#
# - *A direction that was trained on the label does better.* Kantamneni et al. 2025, [Are Sparse Autoencoders Useful?](https://arxiv.org/abs/2502.16681), could not consistently improve on ordinary probes with latents. Wu et al. 2025, [AxBench](https://arxiv.org/abs/2501.17148), found the plain difference of two means better at detecting a concept. Here a probe is better than the best latent at 18 of the 21 labels, with intervals apart, and never worse.
# - *An untrained network gives nice latents too.* Heap et al. 2025 ([arXiv 2501.17727](https://arxiv.org/abs/2501.17727)) found it in language models, and section 6 found it here, for closing brackets.
# - *Two trainings find different latents.* Paulo and Belrose 2025 ([arXiv 2501.16615](https://arxiv.org/abs/2501.16615)) compared dictionaries that differ in their start alone. This lesson reads a single dictionary; its deeper notebook compares short trainings of three starts.
#
# A dictionary has one thing that a probe has not. It needs no labels, and proposes directions to look at, while a probe answers a question that one already has. Used in this way it is a first step, and what it proposes has to be tested in other ways.
#
# ## 9 · The puzzle, answered
#
# The four latents of the beginning have other names now. They still are hypotheses.
#
# - Latent 378, “closing brackets”: the token `)`. The `)` of strings and comments and the `]` changed the name.
# - Latent 9, “between brackets”: inside parentheses, also of text. Square brackets and a comment changed it.
# - Latent 138, “quotes”: a quote, mostly a closing one. It is silent at half of those that open a string.
# - Latent 1490: early in the context.
#
# The method found a direction that no neuron of the layer before has, and the model uses it. But as far as our tests go it does not stand for “a bracket closes here”. It stands for the token `)`, wherever that occurs, and a dictionary of a random model finds such a latent too. The best examples and a high F1 agreed with the wrong name, and an intervention at all its places did not contradict it. What refuted the name were the exceptions: the latent is active there, and the model uses it there.
#
# Other latents of the same dictionary passed a first test of that kind. Those for comments, for names after a dot and for the inside of parentheses know what no list of single tokens knows.
#
# ## 10 · What this does not show
#
# - *A name stays a guess.* The list of tokens is one rival hypothesis. A latent that beats it may still stand for something close to our name and not for it. Latent 430 is the best for imported names, and two thirds of the places at which it is active are none.
# - *One dictionary.* Everything about `code-4l` rests on one training, one place and one width. Nothing here shows that these 1 536 directions are *the* features of the model. On known truths the method was right only while features were sparse, independent and fewer than the latents, and nobody has shown that a language model's features are.
# - *What is left over.* Of the variance 12 % is not explained, and the loss rises when it is left out. Whatever the model does in that part, no latent shows it.
# - *A direction that matters is not yet a mechanism.* The tests of section 7 do not find which head or neuron reads the direction.

# %% claims
with claims():
    claim("a probe is better than the best latent at 18 of the 21 labels (intervals apart), and never worse", len(scores.apart("probe", "latent")) == 18 and not scores.apart("latent", "probe"))
    claim("two thirds of the places at which latent 430 is active are not imported names (0.64 to 0.7 in the sample programs)", page.between(1 - three.precision, 0.64, 0.7))

# %% card
page.card(
    {
        "claim": "A sparse dictionary can find features that nobody listed.",
        "evidence": "Known features: nearly all of 64 in 32 dimensions.",
        "control": "ICA, PCA, and as many random directions.",
        "where it fails": "Too few latents, dense features, features that always come together.",
    },
    {
        "claim": "The L1 penalty makes activations too small.",
        "evidence": "Activation over true strength for seven λ, three sets of features.",
        "control": "TopK on the same features.",
        "where it fails": "For single features it cannot be read off in a real model, whose true strengths are unknown.",
    },
    {
        "claim": "Some latents know what stands around a token, better than the token alone.",
        "evidence": "Seven of 21 labels, on held-out modules.",
        "control": "A list of tokens, a dictionary of a random model, neurons, random directions.",
        "where it fails": "Labels that the token decides: there the list does as well or better.",
    },
    {
        "claim": "The model uses the directions of some latents.",
        "evidence": "Taking away the latents for brackets, their inside and names after a dot moves the prediction.",
        "control": "Other latents, at the same places, of equal length and frequency.",
        "where it fails": "The best latents for bound and imported names, keywords and comments. Only a test at its exceptions judges a name.",
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
# - null: what chance alone gives.
# - matching: giving each true feature a latent of its own, so that the sum of cosines is largest.
# - principal component analysis: directions of largest variance, at right angles.
# - independent component analysis: axes along which strengths are statistically independent, at most one for each dimension.
# - shrinkage: activations that are too small because of a penalty on them.
# - dead: of a latent that is never active.
# - dense: of a latent that is active for more than one token in ten.
# - resampling: pointing a dead latent at a vector that is reconstructed badly.
# - auxiliary loss: a loss in which dead latents rebuild what the living ones leave over.
# - fraction of variance unexplained: squared errors over squared distances from the mean, both summed over all vectors.
# - loss recovered: the share of the harm of putting the mean vector or zeros there that a reconstruction avoids.
# - token list: the best rule for a label that sees only the token, without any model.
# - dictionary of a random model: a dictionary trained on the vectors of a copy of the model with random weights, here on a sixth as many.
# - monosemantic: of a latent that stands for one thing only.
# - probe: a direction trained on labels.
# - steering: setting a latent to a high value at every token, and letting the model go on from there.
# - KL divergence: how far one distribution of next tokens is from another, in nats.

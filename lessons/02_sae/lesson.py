# %% [markdown]
# # Sparse autoencoders
#
# *Lesson 2.*
#
# **A puzzle.** At every token `code-4l`, the course's model of Python code, passes 192 numbers from block to block, its residual stream. A method that never saw a label has turned the 192 numbers before the third block into 1 536 new ones, called *latents*. In larger models such latents have been found that stand for a bridge, a bug or a lie, and people use them to read what a model knows and to change what it does (Templeton et al. 2024). Four of ours are drawn below, at each token of a small program.

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

# %% figure
from course_utils import page, plots
from course_utils.page import claim, claims, predict
from course_utils.python_text import samples
from course_utils.sae import stored

four = (378, 9, 1490, 138)
plots.show(
    sae.shaded_code(words, {f"latent {i}": f[:, i] for i in four}),
    "One program four times; latent 378 is active at closing brackets, 9 between brackets, 138 at quotes, 1490 everywhere.",
    caption="One program, four latents. The more active a latent is at a token, the darker its background. White means that the latent is silent.",
)

# %% [markdown]
# What would you call each of the four? Write your names down before you open ours.
#
# <details><summary>Our first names</summary>
#
# Latent 378: closing brackets. Latent 9: inside brackets. Latent 138: closing quotes. Latent 1490: everywhere.
#
# </details>

# %% [markdown]
# The method was told nothing about brackets or quotes, and still the pictures seem to ask for such names. Has it found the model's own idea of a closing bracket, or do we only read one into it? We first see how such latents are found, and when they are the right ones. Then we try to break the names, and take latents out of the model to see what reads them. At the end the four come back, each with a verdict.

# %% [markdown] contents
# You need lesson 1: features as directions, interference, why single neurons may mean nothing. From lesson 0 you need the residual stream and hooks.

# %% claims
with claims():
    claim("378 is active at the three closing parentheses only", [w for w, on in zip(words, f[:, 378] > 0, strict=True) if on] == [")"] * 3 and words.count(")") == 3)
    claim("latent 1490 is active at every token", bool((f[1:, 1490] > 0).all()))
    claim("latent 9 is silent outside parentheses and active at nearly every token between them", float(f[10:19, 9].max()) == 0 and page.between((f[[5, 6, 7, 8, 20, 21, 22, 23, 29, 30, 31, 32, 33, 34], 9] > 0).float().mean(), 0.9, 1))
    claim("138 is active at quotes only, and strongest at the two closing ones", {w for w, on in zip(words, f[:, 138] > 0, strict=True) if on} == {'"'} and sorted(f[:, 138].topk(2).indices.tolist()) == [23, 32])
    claim("192 numbers, 1 536 latents", dictionary.sae.W_dec.shape == (1536, 192))

# %% [markdown]
# ## 1 · A vector as a sum of few directions
#
# Lesson 1 asked how a model stores features. Now we see only the vectors, and look for the features in them. We begin in a plane, with vectors that we made ourselves. Each vector is a sum of some of three directions, 120° apart, with a little noise. A direction is present in one fifth of the vectors, and where it is, its strength is a random number between ½ and 1½.

# %% figure
angles = torch.tensor([90.0, 210.0, 330.0]).deg2rad()
directions = torch.stack([angles.cos(), angles.sin()], dim=1)  # (feature, d)
plane = sae.Truth(directions, probability=torch.full((3,), 0.2), parent=torch.full((3,), -1), noise=0.02)
x, strengths = plane.sample(400, torch.Generator().manual_seed(0))
count = (strengths > 0).sum(dim=1)
fig, ax = plots.figure(width=5.2, height=3.9)
ax.plot(*x[count > 0].T, ".", color=plots.STREAM, markersize=5)
for i, row in enumerate(directions):
    ax.annotate("", row.tolist(), (0, 0), arrowprops=dict(arrowstyle="-|>", color=plots.SERIES[i], linewidth=2.6, shrinkA=0, shrinkB=0))
    ax.text(*(1.75 * row), f"direction {i}", color=plots.INK, fontweight="bold", ha="center", va="center")
ax.set(xlim=(-2.1, 2.1), ylim=(-1.5, 1.9), aspect="equal", xticks=[], yticks=[])
ax.spines[:].set_visible(False)
plots.show(fig, "Dots on three rays from the origin and a few between them; an arrow lies on each ray.", caption="The vectors that hold at least one of the directions. Those between the rays are sums of two or three.")

# %% [markdown]
# The three directions are not at right angles, and there are more of them than dimensions. What singles them out is that each vector needs *few* of them, so that most of the dots lie on a ray. This is the assumption of **dictionary learning**: there are more directions than dimensions, and each vector is the sum of a few of them, with positive strengths.
#
# ### How strengths are read
#
# Suppose the directions are known. As in lesson 1, we take the dot product of a vector with each of them to read the strengths, and a ReLU turns negative products into 0.

# %% figure
sae.read_off(directions, {"x is direction 0": directions[0], "x is direction 0 + direction 1": directions[0] + directions[1]}).captioned("The star is x. On the left it lies on direction 0. On the right, dotted lines lead from it at right angles to the directions with positive products, and meet each as far from the origin as its product says. The blue arrows, head to tail, are the directions with positive products, each as long as its product. They end at x̂, which is what comes back.")

# %% [markdown]
# On the left, the products are (1, −½, −½), since the cosine of 120° is −½. The ReLU makes them (1, 0, 0), and all of $x$ comes back. On the right they are (½, ½, −1). Both directions are there with strength 1 and are read as ½, because each disturbs the product of the other: this is the interference of lesson 1. After the ReLU we have (½, ½, 0), and only half of $x$ comes back.
#
# A **sparse autoencoder** reads in the same way, by products and a ReLU, but its weights are learned. Its *encoder* reads the strengths, and its *decoder* adds the directions up again.

# %% figure
sae.autoencoder().captioned("A sparse autoencoder. There are more latents than numbers in x, but few of them (blue) are active for any one vector. The reconstruction x̂ is the sum of their directions, each multiplied by its activation.")

# %% [markdown]
# $$f = \mathrm{ReLU}\big(W_\text{enc}(x - b_\text{dec}) + b_\text{enc}\big), \qquad \hat x = W_\text{dec}^\top f + b_\text{dec}.$$
#
# $x$ and $b_\text{dec}$ have the shape (d), $f$ and $b_\text{enc}$ (latent); $W_\text{enc}$ and $W_\text{dec}$ have the shape (latent, d). Each entry of $f$ is called a **latent**, and its row of $W_\text{dec}$ is its direction. The **dictionary** is all of these directions together. The bias $b_\text{dec}$, which all vectors have in common, is subtracted before reading and added again at the end. Where the bias $b_\text{enc}$ is negative, it silences small products and makes the others smaller: with −2, a product of 1.5 becomes 0, and a product of 5 becomes 3.
#
# The two matrices have the same shape and need not be equal: a latent may read along one vector and write along another.

# %%
def encode(x, W_enc, b_enc, b_dec):
    return torch.relu((x - b_dec) @ W_enc.T + b_enc)  # (row, latent)


def decode(f, W_dec, b_dec):
    return f @ W_dec + b_dec  # (row, d)

# %% [markdown]
# ### How directions are found
#
# What makes training choose the three rays? A good reconstruction alone does not, because the four directions right, left, up and down rebuild every vector of the plane without any error. But a vector on a ray may need two of them, where one latent would do.

# %% figure
sae.two_ways(directions, 1).captioned("The same vector, direction 1, rebuilt in two ways (blue) without any error.")

# %% [markdown]
# Therefore the loss has a second term, which puts a price on activity. The **L1 norm** of $f$ is the sum of its entries, and $\lambda$ is its weight:
#
# $$\text{loss} = \|x - \hat x\|^2 + \lambda \sum_i f_i .$$
#
# This is called **ReLU with an L1 penalty** (Bricken et al. 2023; Cunningham et al. 2023, [arXiv 2309.08600](https://arxiv.org/abs/2309.08600)). With $\lambda = 0.2$ the left way of the figure costs $0.2 \cdot 1.37 = 0.27$ and the right one $0.2$. One could dodge the price: directions twice as long with activations half as large rebuild the same vector for half of the price. So after each step we set every row of $W_\text{dec}$ back to length 1.

# %%
def train(seed, penalty=0.2, steps=300):
    W = torch.nn.functional.normalize(torch.randn(3, 2, generator=torch.Generator().manual_seed(seed)))
    weights = [w.clone().requires_grad_() for w in (W, W, torch.zeros(3), torch.zeros(2))]
    W_enc, W_dec, b_enc, b_dec = weights
    adam, path = torch.optim.Adam(weights, lr=0.02), [W]
    for number in range(steps):
        x, _ = plane.batch(number, 256)
        f = encode(x, W_enc, b_enc, b_dec)
        error = (x - decode(f, W_dec, b_dec)).square().sum(dim=1)
        loss = (error + penalty * f.sum(dim=1)).mean()
        adam.zero_grad(), loss.backward(), adam.step()
        W_dec.data = torch.nn.functional.normalize(W_dec.data)
        path.append(W_dec.detach().clone())
    return loss.item(), [w.detach() for w in weights], path

# %% figure
runs = [train(seed) for seed in range(6)]
best, worst = min(runs, key=lambda run: run[0]), max(runs, key=lambda run: run[0])
order, missed = (sae.match_features(directions, run[1][1]).latent for run in (best, worst))
sae.turned(x[count > 0], {f"smallest of six losses: {best[0]:.2f}": (best[2], order), f"largest: {worst[0]:.2f}": (worst[2], missed)}).captioned("The directions of the dictionary after 300 steps, from two of six random starts. Hollow circles are where they began, and curves show how their tips moved.")

# %% [markdown]
# On the left the three arrows have turned onto the rays, which the training was never shown. Two of the six starts end with a larger loss, and each of these leaves at least one ray without an arrow. The four with the smaller loss hold all three rays.
#
# Training does not change how strengths are read. In these four, each row of $W_\text{enc}$ points along its own arrow. Of a vector on one ray nine tenths come back, and of a sum of two directions still less than half. The interference stays. In many dimensions directions lie more nearly at right angles, as lesson 1 has shown, and less is lost.
#
# ### A fixed number of active latents
#
# The number of active latents of a vector, on average, is called **L0**. With the L1 penalty, one has to try values of $\lambda$ until L0 suits. **TopK** (Gao et al. 2024) sets a limit in advance: it keeps the $k$ largest products of each vector, sets the others to 0, and applies the ReLU. With $k = 2$ the products $(3, -1, 2, 1)$ become $(3, 0, 2, 0)$. No more than $k$ latents are active, and the loss is $\|x - \hat x\|^2$ alone.

# %%
def encode_topk(x, W_enc, b_enc, b_dec, k):
    products = (x - b_dec) @ W_enc.T + b_enc  # (row, latent)
    kept = products.topk(k, dim=1)
    f = torch.zeros_like(products).scatter(1, kept.indices, kept.values)
    return torch.relu(f)

# %% claims
loss, (W_enc, W_dec, b_enc, b_dec), _ = best
both = torch.stack([directions[0], directions[0] + directions[1]])
products = both @ directions.T
axes4 = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
late = [run for run in runs if run[0] > 1.1 * loss]
on_axes = encode(directions[1:2], axes4, torch.zeros(4), torch.zeros(2))
with claims():
    claim("one vector of five has a direction, with ½ to 1½", page.about((strengths > 0).float().mean(), 0.2) and page.between(strengths[strengths > 0], 0.5, 1.5))
    claim("most vectors with a direction have only one, and each of the three also comes alone", (count[count > 0] == 1).float().mean() > 0.5 and bool((strengths[count == 1] > 0).any(dim=0).all()))
    claim("the products are (1, −½, −½) and (½, ½, −1)", torch.allclose(products, torch.tensor([[1, -0.5, -0.5], [0.5, 0.5, -1]]), atol=1e-5))
    claim("direction 0 comes back whole, a sum of two half", torch.allclose(products.relu() @ directions, torch.tensor([[1.0], [0.5]]) * both, atol=1e-5))
    claim("direction 1 comes back whole from one of the three directions", torch.allclose((directions @ directions[1]).relu() @ directions, directions[1], atol=1e-5) and int((directions @ directions[1] > 1e-6).sum()) == 1)
    claim("right, left, up and down rebuild every vector of the plane", torch.allclose(encode(x, axes4, torch.zeros(4), torch.zeros(2)) @ axes4, x, atol=1e-5))
    claim("directions twice as long with half the activations rebuild the same for half of the price", torch.allclose((on_axes / 2) @ (2 * axes4), directions[1:2], atol=1e-5))
    claim("right, left, up, down rebuild direction 1 without error: left and down, 1.37 together", torch.allclose(on_axes @ axes4, directions[1:2], atol=1e-5) and (on_axes[0] > 1e-6).nonzero()[:, 0].tolist() == [1, 3] and round(on_axes.sum().item(), 2) == 1.37)
    claim("with λ = 0.2 the left way costs 0.27", page.rounds_to(0.2 * on_axes.sum(), "0.27"))
    claim("two of six end with a larger loss, and each leaves a ray without an arrow", len(late) == 2 and all(bool((sae.match_features(directions, run[1][1]).cosine < 0.9).any()) for run in late))
    claim("in the other four the three arrows turn onto the rays", all(bool((sae.match_features(directions, run[1][1]).cosine > 0.99).all()) for run in runs if run[0] <= 1.1 * loss))
    good = [run[1] for run in runs if run[0] <= 1.1 * loss]
    claim("in these four the rows of W_enc have a cosine above 0.99 with those of W_dec, nine tenths of direction 0 come back, and less than half of direction 0 + direction 1", all(torch.nn.functional.cosine_similarity(weights[0], weights[1]).min() > 0.99 for weights in good) and all(page.about(share[0], 0.9) and share[1] < 0.5 for weights in good for share in [(decode(encode(both, weights[0], *weights[2:]), weights[1], weights[3]) * both).sum(1) / both.square().sum(1)]))
    claim("with k = 2 the products (3, −1, 2, 1) become (3, 0, 2, 0)", encode_topk(torch.tensor([[3.0, -1, 2, 1]]), torch.eye(4), torch.zeros(4), torch.zeros(4), 2).tolist() == [[3, 0, 2, 0]])

# %% [markdown]
# ## 2 · Are they the right directions?
#
# Does it also work with many features in many dimensions? We invent 64 features, which are random directions in 32 dimensions. Each is active in one vector of 25, so that about 2.6 are active at a time. A dictionary of 96 latents, TopK with $k = 3$, sees the vectors and never the features.
#
# To score it, we compare the direction of each true feature with that of a latent by their cosine. A **matching** gives each feature one latent, and no latent to two features, such that the sum of the cosines is as large as possible. A feature counts as *found* when its partner has a cosine above 0.9. The error is given as the **fraction of variance unexplained**: the sum of all squared errors, divided by the sum of the squared distances of the vectors from their mean.

# %%
def train_on(world, seed, **kind):
    """The features, the dictionary, and two measures in %: features found, variance unexplained."""
    truth = sae.Truth.draw(**stored.TRUTH | world, seed=seed)
    shape = sae.Config(d_in=32, n_latents=96, **kind)
    learned = sae.train(shape, truth, stored.RECIPE, device="cpu", show=False).sae
    x, _ = truth.sample(4000, torch.Generator().manual_seed(2))
    found = sae.Recovery.of(truth, learned.W_dec).found
    return truth, learned, 100 * found, 100 * sae.fvu(x, learned(x)).item()


truth, learned, found, unexplained = train_on({}, seed=0, k=3)
{"features found, %": round(found), "variance unexplained, %": round(unexplained)}

# %% [markdown]
# The function `sae.train` runs the same kind of loop as section 1, with the loss of TopK and some refinements (`course_utils/sae/training.py`). The dictionary finds nearly every feature. To see what chance alone gives, we also draw 96 random directions, as many as there are latents. Such a control is called the **null**, and it finds none.
#
# The dictionary leaves 13 % of the variance unexplained. Most of this is no fault of its directions. Many vectors hold more than three features, and no more than three latents may be active. So even the true directions, the three strongest in each vector, leave 9 %.
#
# In a model, some features may always come together. So let the 64 features now come in 32 pairs: the two of a pair are always active in the same vectors, each with its own strength. As many features as before are active at a time.

# %% prediction
predict("sae.pairs")

# %% figure answer
joined, by_pairs, *_ = train_on(stored.PAIRS, seed=0, k=3)
sets = stored.sets()  # the same measures for three sets of features, apart and in pairs
(apart_found, pairs_found), (apart_error, pairs_error) = (100 * sets[name] for name in ("found", "unexplained"))
measured = {"features found, %": {"independent": apart_found.tolist(), "in pairs": pairs_found.tolist()},
            "unexplained, %": {"independent": apart_error.tolist(), "in pairs": pairs_error.tolist()}}
sae.pair_failure(joined, by_pairs, 0, measured).captioned("Left: the vectors that hold one pair, A and B, and nothing else, in the plane of the two directions. No vector lies on A or on B alone, and the latent (blue) points along their sum. Right: features found and variance unexplained. A circle is one of three trainings; a bar is their mean, and the number is written above it.").show()
fewer, worse = pairs_found.max() < apart_found.min(), pairs_error.min() > apart_error.max()
page.measured("sae.pairs", f"{'fewer' if fewer else 'as many'} features, {'larger' if worse else 'smaller'} error")

# %% [markdown]
# Only 6 % of the variance is left unexplained, where 13 % was before. But the dictionary finds fewer than one feature in ten. For each of the 32 pairs it has a latent along the sum of the two.
#
# Why would training prefer this? Suppose that a dictionary held the true 64 directions. A vector with two pairs holds four features, but only three latents may be active, and so the three strongest leave 16 % of the variance unexplained. Now suppose that it held the 32 sums instead. Three sums can stand for three pairs, and they leave 6 %. The directions that we call wrong rebuild the vectors better, and so nothing in the error warns us. In section 1 the smaller loss did belong to the true directions, but there each of them also came alone. What a dictionary finds is what comes separately in the data, and this need not be what we mean by a feature.

# %% claims
def fewest(truth, rows, strength):
    """The variance unexplained, %, where each vector is rebuilt from the three of `rows` that are strongest in it."""
    x, strengths = truth.sample(4000, torch.Generator().manual_seed(2))
    three = strength(strengths).topk(3)
    kept = rows[three.indices] * (three.values > 0)[..., None]  # (vector, 3, d)
    best = torch.linalg.pinv(kept @ kept.mT, hermitian=True) @ (kept @ x[..., None])  # least squares
    return 100 * sae.fvu(x, (kept.mT @ best)[..., 0]).item()


apart, pairs = ([sae.Truth.draw(**stored.TRUTH | world, seed=seed) for seed in range(3)] for world in ({}, stored.PAIRS))
active = [(row[0].magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1) for row in (apart, pairs)]
chance = [sae.match_features(truth.directions, sae.random_directions(96, 32, torch.Generator().manual_seed(i))).cosine.max() for i, truth in enumerate(apart)]
true_apart, true_pairs = ([fewest(truth, truth.directions, lambda s: s) for truth in row] for row in (apart, pairs))
by_sums = [fewest(truth, sae.pair_sums(truth), lambda s: s.view(len(s), 32, 2).sum(2)) for truth in pairs]
with claims():
    claim("the dictionary finds nearly all features of all three sets, random directions none", apart_found.min() >= 95 and max(chance) < 0.9)
    claim("64 features in 32 dimensions, one vector of 25 each; about 2.6 at a time, with pairs too", (stored.TRUTH["features"], stored.TRUTH["d"], stored.TRUTH["probability"]) == (64, 32, 1 / 25) and all(page.between(count.float().mean(), 2.5, 2.7) for count in active))
    claim("the two of a pair are always active together", all(bool((on[:, ::2] == on[:, 1::2]).all()) for on in (truth.magnitudes(20_000, torch.Generator().manual_seed(3)) > 0 for truth in pairs)))
    claim("three sets of features", sets["found"].shape == (2, 3))
    claim("more than three features in a quarter of the vectors or more", (active[0] > 3).float().mean() > 0.24)
    claim("13 % unexplained; three true directions for each vector leave 9 %", all(page.rounds_to(error, "13") for error in apart_error.tolist()) and all(page.rounds_to(error, "9") for error in true_apart))
    claim("with pairs three true directions leave 16 %, three sums 6 %", all(page.rounds_to(error, "16") for error in true_pairs) and all(page.rounds_to(error, "6") for error in by_sums))
    claim("with pairs 6 % is unexplained, less than before, on each of the three", pairs_error.max() < apart_error.min() and all(page.rounds_to(error, "6") for error in pairs_error.tolist()))
    claim("with pairs hardly any feature is found", pairs_found.max() < 10)
    claim("each of the 32 pairs has a latent along its sum, on each of the three", bool((sets["sums"][1] == 1).all()) and bool((sae.match_features(sae.pair_sums(joined), by_pairs.W_dec).cosine > 0.9).all()))
    claim("the stored measures of the first set are those of the trainings above", page.about(apart_error[0], unexplained) and round(apart_found[0].item()) == round(found))

# %% [markdown]
# ## 3 · How many latents should be active?
#
# In section 2 we took $k = 3$ because we knew how many features a vector holds on average. For the vectors of a real model nobody knows this number. Can the error tell us? We train dictionaries of both kinds on the 64 independent features, with fewer active latents and with more.

# %% figure
prices = stored.prices()
kept = stored.kept() | {3: prices.topk}  # k: what was measured
plots.show(
    prices.against(kept),
    "Left: features found, at 100 % between two and five active latents, and fewer with many more. Right: two falling curves; with two active latents and more that of TopK lies below that of L1.",
    caption="Features found, and variance unexplained, against the number of active latents. A mark is one of three sets of features, and a line joins their means; all were trained longer than in section 2 (`models/stored/sae.py`). TopK's marks lie left of their k where one of the kept products is negative.",
)

# %% [markdown]
# The error cannot tell, because it falls with every further latent. But we know the features here, and the left panel shows what the error hides. With two to five active latents both kinds find all of them. With a single one, a dictionary may miss most, and with far too many it loses some again. So $k$ need not be exact, but it should not be far from the number of features in a vector.
#
# The error does tell the two kinds apart: TopK leaves less unexplained than L1 does with as many latents. One reason is that the price makes activations too small. Suppose that a latent answers with $f$ to a direction of strength $m$. Error and penalty together are $(m - f)^2 + \lambda f$, and the sum is smallest at $f = m - \lambda / 2$, below the true strength. This is called **shrinkage**.
#
# So we go on with TopK. For the vectors of a language model we take $k = 16$. This is a guess, since here nobody knows the features.

# %% claims
low_to_high = sorted(kept)
curve = {k: kept[k]["unexplained"].mean().item() for k in low_to_high}
curve_l0 = {k: kept[k]["l0"].mean().item() for k in low_to_high}
as_many = [prices.error_with(kept[k]["l0"].mean().item()) for k in low_to_high[1:]]
m, answers = 1.0, torch.linspace(0, 1, 2001)
few = (prices.l0[:-1] >= 2) & (prices.l0[:-1] <= 5)
with claims():
    claim("with two active latents or more TopK leaves less than L1 with as many; three sets, seven λ, five k", low_to_high == [1, 2, 3, 5, 8] and prices.l0.shape == (8, 3) and all(kept[k]["l0"].shape == (3,) for k in kept) and all(curve[k] < other for k, other in zip(low_to_high[1:], as_many, strict=True)) and prices.l0[:-1].mean(1).min() < curve_l0[2] < curve_l0[8] < prices.l0[:-1].mean(1).max())
    claim("TopK's marks lie at their k or left of it", all(curve_l0[k] <= k for k in low_to_high) and curve_l0[3] < 3)
    claim("the more latents are active, the smaller is the error, for both kinds", list(curve.values()) == sorted(curve.values(), reverse=True) and bool((prices.unexplained[:-1].mean(1).diff() > 0).all()) and bool((prices.l0[:-1].mean(1).diff() < 0).all()))
    claim("TopK finds all features with k = 2, 3 and 5, and L1 wherever two to five latents are active, on each of the three sets", all(bool((kept[k]["found"] == 1).all()) for k in (2, 3, 5)) and bool(few.any()) and bool((prices.found[:-1][few] == 1).all()))
    claim("with k = 1 one of the three dictionaries misses more than half; with eight (TopK) or about nineteen (L1) each loses some", int((kept[1]["found"] < 0.5).sum()) == 1 and bool((kept[8]["found"] < 1).all()) and page.about(prices.l0[0].mean(), 19) and bool((prices.found[0] < 0.9).all()))
    claim("error and penalty are smallest at m − λ/2, for three λ", all(abs(float(answers[((m - answers) ** 2 + penalty * answers).argmin()]) - (m - penalty / 2)) < 1e-3 for penalty in (0.2, 0.6, 1.5)))

# %% [markdown]
# ## 4 · One token taken apart
#
# The vectors are now the residual stream of `code-4l` before its third block. The dictionary has 1 536 latents, eight for every dimension, and is of the TopK kind with $k = 16$. It learned from 765 000 vectors, in half an hour on a CPU (`models/sae.py` is the recipe).
#
# Take the vector at the closing parenthesis of `self.carries("wand")`. We add up its active latents, the strongest first, and after each we ask how much of the vector is still missing.

# %% figure
from course_utils.sae.splice import reconstruction

facts = sae.card("resid-2")
site = sae.Site(dictionary.model, dictionary.hook)
x = site.activations(tokens)[0]  # (token, d)
first, second = 24, 35  # the ")" of carries("wand"), and the ")" of print(...)
reading = sae.Reading.of(dictionary, [samples.read(name) for name in samples.names()])
parts = [sae.Anatomy.of(reading, words[place], x[place]) for place in (first, second)]
sae.anatomy_bars(*parts, "the “)” of print(…)").captioned("The latents at the closing parenthesis of carries(…). The eight strongest are drawn. Last column: the squared length of what is missing, as a share of that of x − b_dec. Readings are first names, which section 5 explains. A latent without one has a “?”, and a dash if it is active at more than one token in ten.")

# %% [markdown]
# Sixteen numbers are enough to rebuild 94 % of this vector of 192, and the first two alone leave less than a third of it. The `)` of `print(…)` shares five of all sixteen latents, these two among them. But we cannot read the whole vector, since more than half of its latents have a question mark.
#
# On modules that neither model nor dictionary has seen, 12 % of the variance is unexplained. The sixteen largest principal components, as many as there are active latents, leave 56 %.
#
# Does the model miss what is unexplained? We let it go on from the reconstruction instead of the residual stream, and its loss rises from 2.19 to 2.38 nats a token. With the mean vector in that place it would rise to 6.65. The share of this harm that the reconstruction avoids is called the **loss recovered**, here $(6.65 - 2.38) / (6.65 - 2.19)$, or 96 %.

# %% claims
some = stored.held_out().tokens[::4]  # sixteen contexts
vectors, _ = dictionary.activations(some)  # (token, d)
unexplained_here = sae.fvu(vectors, dictionary.sae(vectors))
singular = torch.linalg.svdvals(vectors - vectors.mean(0))
losses = [site.losses(some, edit).mean() for edit in (None, reconstruction(dictionary), lambda there: vectors.mean(0).expand_as(there))]
recovered = sae.loss_recovered(*(loss[None] for loss in losses))
shared = set(parts[0].latents.tolist()) & set(parts[1].latents.tolist())
with claims():
    claim("1 536 latents, k = 16, trained on 765 000 vectors", (dictionary.sae.config.n_latents, dictionary.sae.config.k, facts["data"]["vectors"]) == (1536, 16, 765_000))
    claim("it learned in half an hour on a CPU", page.about(facts["minutes"], 30) and facts["hardware"]["device"] == "cpu")
    claim("eight latents a dimension", dictionary.sae.config.n_latents == 8 * dictionary.sae.config.d_in)
    claim("the two strongest, 1490 and 378, leave less than a third", parts[0].latents[:2].tolist() == [1490, 378] and parts[0].left[2] < 1 / 3)
    claim("sixteen numbers rebuild 94 % of 192", len(parts[0].latents) == 16 and page.rounds_to(100 * (1 - parts[0].left[-1]), "94") and x.shape[1] == 192)
    claim("the ) of print(…) shares five of the sixteen, with 1490 and 378", {1490, 378} <= shared and len(shared) == 5 and len(parts[1].latents) == 16)
    claim("where a dash stands, it is active at more than one token in ten", all((reading.f[:, 1:, i] > 0).float().mean() > 0.1 for i, text in zip(parts[0].latents.tolist(), parts[0].readings, strict=True) if text == "–"))
    claim("more than half have a question mark", parts[0].readings.count("?") > 8)
    claim("sixteen principal components of the same vectors leave 56 %", page.rounds_to(100 * (1 - singular[:16].square().sum() / singular.square().sum()), "56"))
    claim("sixteen contexts: 12 % unexplained", len(some) == 16 and page.rounds_to(100 * unexplained_here, "12"))
    claim("the loss is 2.19, 2.38 with the reconstruction, 6.65 with the mean: 96 % recovered", [f"{loss:.2f}" for loss in losses] == ["2.19", "2.38", "6.65"] and page.rounds_to(100 * recovered, "96"))

# %% [markdown]
# ## 5 · A name and its number
#
# A name begins with a look at places where a latent is active. Here are eight places of latent 9, from twelve sample programs of the course. The four on top are the strongest, at most one from each context. Since these may flatter a latent, four places drawn at random from *all* its activity stand below.

# %%
reading.explain(9, count=4)

# %% [markdown]
# The token that counts is underlined in orange, and blue shows where the latent is active. “Promotes” names the tokens whose logit the direction raises most through the unembedding, and `)` comes first.
#
# A name says where a latent should be active, so that we can count how often it is right. In the program of the beginning, sixteen tokens stand inside brackets, if we count the opening one. Latent 9 picks fifteen of them, all but the `lo` of `hello`, and no other token.
#
# **Precision** is the share of the picked tokens that the name fits, here 15 of 15. **Recall** is the share of the tokens that the name fits that are picked, here 15 of 16. **F1** is the harmonic mean of the two: twice the hits, divided by the number picked plus the number that fit, here $2 \cdot 15 / (15 + 16) = 0.97$. A perfect name has 1.
#
# From here on we look for names on the sample programs, and judge them on the *held-out text*: 64 contexts of modules of the standard library, which neither the model nor the dictionary has seen in training. Python's own tokenizer says what a bracket or a string is.

# %%
text = stored.held_out()
f_held = dictionary.encode(text.tokens)[:, 1:]  # (context, place, latent)
on = f_held.flatten(0, 1) > 0  # (token, latent)


def score(picked, named):
    hits, fits = (picked & named).sum(), named.sum()
    precision, recall, f1 = hits / picked.sum(), hits / fits, 2 * hits / (picked.sum() + fits)
    all_picked = 2 * fits / (len(named) + fits)  # F1 where every token is picked
    return {"precision": precision, "recall": recall, "F1": f1, "F1, all picked": all_picked}


{name: round(value.item(), 2) for name, value in score(on[:, 9], text.first[:, 1]).items()}

# %% figure
page.table([{"latent": str(i), "first name": name, **score(on[:, i], text.first[:, column])}
            for column, (i, name) in enumerate(zip(sae.names.LATENTS, sae.names.FIRST, strict=True))],
           decimals=2, caption="The four first names, counted on the held-out text. Last column: the F1 of a reader that picks every token.")  # fmt: skip

# %% [markdown]
# Picking every token gives 0.41 for “inside brackets”, and latent 9 gets 0.80. The 0.62 of “everywhere” is worth nothing: the name fits every token, so that the precision is 1 whatever the latent does, and 1490 is active at only 45 % of the tokens. “Closing quotes”, which has 0.78 on the sample programs, has 0.63 here: about half of what 138 picks does not close a string.
#
# ### All latents at once
#
# Python's tokenizer and parser give 21 *labels* to tokens, such as closing bracket or comment. We count every latent against every label on the sample programs. The best label is the *reading* of a latent if its F1 is at least 0.4. A latent that is active for more than one token in ten is called **dense**, and one that is never active is called **dead**.

# %% figure
census = sae.Census.of(reading)
plots.show(
    census.plot((378, 9, 1490, 138)),
    "A cloud of dots, most of them grey and below a dotted line at 0.4; few blue dots above it.",
    caption="A dot is a latent: how often it is active in the sample programs, and how well the best of 21 labels fits it. The dotted line is at 0.4, from which a label is a reading. The dot beside 378 is 670, opening brackets. Six latents are dead.",
)

# %% [markdown]
# Only 37 of the 1 536 have a reading. The four of the puzzle were not drawn at random. We chose them for their clear pictures, and three of them are among the six latents that a label fits best.
#
# A “?” does not mean that a latent stands for nothing, only that none of our labels tells it. Here is one of them. What would you call it, from the strongest places alone?

# %%
reading.explain(1256, count=4)

# %% [markdown]
# The strongest places are all `except`, and the direction promotes `Error`. But two of the four places drawn at random are a variable called `low`.
#
# **Try it.** Put other numbers into the cell. How many of ten latents with a “?” can you name so that the name fits the places drawn at random, too?

# %% claims
from course_utils.python_text.labels import token_labels

labels = reading.labels
of_program = {name: torch.tensor(values) for name, values in token_labels(program, dictionary.model.tokenizer).flags.items()}
within = of_program["in_brackets"] | of_program["opens"]
by_latent = {i: score(on[:, i], text.first[:, column]) for column, i in enumerate(sae.names.LATENTS)}
first_f1 = {i: sae.names.counted(on[:, i], text.first[:, column], text.module) for column, i in enumerate(sae.names.LATENTS)}
with claims():
    claim("the direction of 9 raises ) most", reading.explain(9, count=4).promotes[0][0].strip() == ")")
    claim("9 picks fifteen of the sixteen tokens inside brackets of the first program, all but lo, and no other", int(within.sum()) == 16 and [words[i] for i in (within != (f[:, 9] > 0)).nonzero()[:, 0]] == ["lo"] and words[31] == "lo" and bool(within[31]))
    claim("F1 of fifteen hits among fifteen picked and sixteen there is 0.97", page.rounds_to(score(f[:, 9] > 0, within)["F1"], "0.97"))
    claim("twelve sample programs; 64 contexts held out", len(reading.module.unique()) == 12 and text.tokens.shape == (64, 256))
    claim("inside brackets has 0.80, every token picked 0.41", page.rounds_to(by_latent[9]["F1"], "0.80") and page.rounds_to(by_latent[9]["F1, all picked"], "0.41"))
    claim("everywhere has 0.62 with precision 1 and recall 0.45", page.rounds_to(by_latent[1490]["F1"], "0.62") and float(by_latent[1490]["precision"]) == 1 and page.rounds_to(by_latent[1490]["recall"], "0.45"))
    claim("closing quotes has 0.78 on the sample programs and 0.63 here: about half of what 138 picks does not close a string", page.rounds_to(score(reading.rows[:, 138] > 0, labels.flags[:, labels.names.index("string_closes")])["F1"], "0.78") and page.rounds_to(by_latent[138]["F1"], "0.63") and page.about(1 - by_latent[138]["precision"], 0.5))
    claim("378, 9 and 138 are among the six latents that a label fits best", {378, 9, 138} <= set(census.f1.topk(6).indices.tolist()))
    claim("37 of 1 536 have a reading from 21 labels by the rule of 0.4", int(census.kinds["named"].sum()) == 37 and len(census.f1) == 1536 and len(labels.names) == 21 and sae.anatomy.FITS == 0.4)
    claim("670 has the label opening brackets and the best F1 of all; six latents are dead", int(census.f1.argmax()) == 670 and reading.label(670)[0] == "opens" and int(census.kinds["dead"].sum()) == 6)
    claim("a reading of section 4 has an F1 of at least 0.4", all(reading.label(i)[1] >= 0.4 for i, word in zip(parts[0].latents.tolist(), parts[0].readings, strict=True) if word not in ("?", "–")))
    unnamed = reading.explain(1256, count=4)
    claim("1256 has a “?”; its strongest places are except, two of four drawn at random are low, and it promotes Error", bool(census.kinds["?"][1256]) and {c.tokens[c.centre] for c in unnamed.top} == {"except"} and [c.tokens[c.centre] for c in unnamed.random].count("low") == 2 and "Error" in [token for token, _ in unnamed.promotes])

# %% [markdown]
# ## 6 · Looking for exceptions
#
# A programmer prints the cases that fail. Latent 9 is silent at many tokens inside brackets. Here are eight of these, drawn at random from the sample programs. What do most of them have in common?

# %%
inside = labels.flags[:, [labels.names.index(name) for name in ("opens", "in_brackets")]].any(dim=1)
silent = (inside & (reading.rows[:, 9] == 0)).nonzero()[:, 0]
missed_at = silent[torch.randperm(len(silent), generator=torch.Generator().manual_seed(0))[:8]].tolist()
reading.places(9, missed_at)

# %% [markdown]
# At six of the eight a `[` or a `{` is open, and no `(`. At the other two, the second and the sixth, the bracket was opened before the context begins, so that the model cannot see it. A better name is *a parenthesis is open*: a `(` of the context has not been closed yet, in code or in text. It explains three quarters of all the places inside brackets where latent 9 is silent; at the others the new name is wrong, too.
#
# If this name is right, latent 9 should also be active after a `(` in a comment, where Python sees no brackets. The program below tests it. It also asks about latent 378, which was active at `)` only. Two names predict this: *a bracket closes here*, and *the token* `)`. At four of the seven framed tokens they differ. We put the program after 170 tokens of other code, since most code does not come at the beginning of a file.

# %% figure
from course_utils.sae.code_view import Panel, shaded_panels

differ = """def cost(items):  # in pence (not pounds)
    total = sum(items[1:])
    print("cost (net):", total)
    first = items[0]
    return total - first
"""
differ_tokens, spelled = dictionary.read(differ)
flagged = {name: torch.tensor(values) for name, values in token_labels(differ, dictionary.model.tokenizer).flags.items()}
asked = [i for i, w in enumerate(spelled) if w in (")", "]")]
plots.show(
    shaded_panels([Panel("", spelled, torch.zeros(len(spelled)), asked=asked)]),
    "A program of five lines; its five closing parentheses and two closing square brackets are framed and numbered.",
    caption="The second and the fifth framed token stand in a comment and in a string, and close nothing.",
)

# %% prediction
predict("sae.exceptions")

# %% figure answer
before = reading.tokens[:1, :171]  # of a sample program, with the starting token
placed = dictionary.encode(torch.cat([before, differ_tokens[:, 1:]], dim=1))[0, 170:]  # (token, latent)
placed[0] = 0
plots.show(
    shaded_panels([Panel(f"{i}: {name}?", spelled, placed[:, i]) for i, name in zip(sae.names.LATENTS, sae.names.FIRST, strict=True)]),
    "The program four times: 378 at all five closing parentheses and at no square bracket; 9 between the parentheses of the comment, and not in items[0]; 138 at a closing quote; 1490 nowhere.",
    caption="The program after 170 tokens of other code, with the four latents and their first names. Latent 1490 is silent.",
)
page.measured("sae.exceptions", ", ".join(str(n) for n, i in enumerate(asked, 1) if placed[i, 378] > 0))

# %% [markdown]
# - *Latent 378* is active at tokens 1, 2, 4, 5 and 6. Two of these close nothing, and it is silent at both `]`. Its better name is *the token* `)`.
# - *Latent 9* is active between the parentheses of the comment, as its new name says, and silent in `items[0]`. It has exceptions too, such as the faint `def co`.
# - *Latent 1490* is silent, although it was active at every token of the first program. The next figure shows why.

# %% figure
low, median, high = reading.f[:, 1:, 1490].quantile(torch.tensor([0.1, 0.5, 0.9]), dim=0)
fig, ax = plots.figure(height=2.4)
ax.plot(range(1, 256), median, color=plots.HEAD)
ax.fill_between(range(1, 256), low, high, color=plots.HEAD, alpha=0.2, linewidth=0)
ax.set(xlabel="place in the context", ylabel="activation of latent 1490", xlim=(0, 256), ylim=(-2, None))
plots.show(fig, "A curve that falls from the beginning of the context and is zero in its second half.", caption="Latent 1490 in the sample programs: the median over their contexts, in a band from the tenth to the ninetieth percentile.")

# %% [markdown]
# It marks a *place*, and we call it *early in the context*. On the sample programs the best limit for “early” is the 118th token, and we keep this limit.
#
# The program did not break “closing quotes”. But in the sample programs 138 is active at about half of the `"` that *open* a string. What it picks are quotation marks that are a token of their own, on whichever side of a string. As a name for it, *the token* `"` *or* `'` has an F1 of 0.88 there, where “closing quotes” has 0.78.

# %% figure
decode_token = dictionary.model.tokenizer.decode
left = text.left(decode_token)  # (token, name)
three = sae.names.LATENTS, sae.names.FIRST, sae.names.LEFT
new_f1 = {i: sae.names.counted(on[:, i], named, text.module) for i, named in zip(three[0], left.T, strict=True)}
every = {i: float(score(on[:, i], named)["F1, all picked"]) for i, named in zip(three[0], left.T, strict=True)}
page.table([{"latent": str(i), "first name": old, "its F1": first_f1[i], "better name": new, "its F1 ": new_f1[i], "all picked": every[i]} for i, old, new in zip(*three, strict=True)],
           decimals=2, interval="95 %, modules resampled",
           caption="First and better names on the held-out text. Below each F1 stands its interval: modules were drawn again and again with replacement, and 95 % of the results lie in it. Last column: the better name where every token is picked.")  # fmt: skip

# %% [markdown]
# Each of the new names has the larger F1, with its whole interval above that of the first name. Most closing brackets are a `)`, and most `)` close a bracket, so that the strongest examples need not tell the two names of 378 apart. To test a name, one has to look for the places, however rare, where another name says something else.

# %% claims
closes_here, is_parenthesis = text.first[:, 0], left[:, 0]
is_open = sae.names.still_open([spelled])[0]
only_square = str.maketrans("[{]}()", "(())  ")  # [ and { count as (
spelled_out = [[decode_token([i]) for i in row] for row in reading.tokens[:, 1:].tolist()]
round_open = sae.names.still_open(spelled_out).flatten()
square_open = sae.names.still_open([[word.translate(only_square) for word in row] for row in spelled_out]).flatten()
in_text = [i for i in range(len(spelled)) if is_open[i] and not flagged["in_brackets"][i] and not flagged["opens"][i]]
in_square = slice(asked[-1] - 2, asked[-1])  # [0
early_on = reading.rows[:, 1490] > 0
by_place = [reading.f[:, max(1, i) : i + 8, 1490].mean().item() for i in range(0, 128, 8)]
opening = (reading.tokens[:, 1:].flatten() == dictionary.model.tokenizer.convert_tokens_to_ids('"')) & labels.flags[:, labels.names.index("string_opens")]
with claims():
    claim("the two names of 378 differ at four of seven tokens, of which the second and the fifth close nothing", len(asked) == 7 and [n for n, i in enumerate(asked, 1) if bool(flagged["closes"][i]) != (spelled[i] == ")")] == [2, 3, 5, 7] and [n for n, i in enumerate(asked, 1) if not flagged["closes"][i]] == [2, 5])
    claim("latent 378 is active at tokens 1, 2, 4, 5 and 6, all of them ), and at nothing else", [w for w, v in zip(spelled, placed[:, 378].tolist(), strict=True) if v > 0] == [")"] * 5 and [n for n, i in enumerate(asked, 1) if placed[i, 378] > 0] == [1, 2, 4, 5, 6])
    claim("latent 9 is active at every token between the parentheses of the comment, and silent in items[0]", len(in_text) == 5 and bool((placed[in_text, 9] > 0).all()) and float(placed[in_square, 9].max()) == 0)
    claim("latent 9 is faintly active at def co, where no parenthesis is open", spelled[1:3] == ["def", " co"] and page.between(placed[1:3, 9] / placed[:, 9].max(), 0.1, 0.2) and not is_open[1:3].any())
    claim("latent 138 is active at the closing quote only", [i for i, v in enumerate(placed[:, 138].tolist()) if v > 0] == flagged["string_closes"].nonzero()[:, 0].tolist())
    claim("latent 1490 is silent at every token", float(placed[:, 1490].max()) == 0 and bool((f[1:, 1490] > 0).all()))
    claim("1490 falls, and is zero nearly everywhere in the second half", by_place == sorted(set(by_place), reverse=True) and (reading.f[:, 128:, 1490] == 0).float().mean() > 0.98)
    claim("the best limit for early is the 118th token", text.early == 118 == 1 + max(range(255), key=lambda last: float(score(early_on, torch.arange(255).repeat(63) <= last)["F1"])))
    claim("at six of the eight a [ or { is open, at none a (", sum(square_open[at] for at in missed_at) == 6 and not any(round_open[at] for at in missed_at))
    claim("at three quarters of the tokens inside brackets where 9 is silent no ( is open: 1 141 of 1 537", len(silent) == 1537 and int((~round_open[silent]).sum()) == 1141 and page.about(1141 / 1537, 3 / 4))
    claim("the token \" or ' has 0.88 on the sample programs", page.rounds_to(score(reading.rows[:, 138] > 0, torch.tensor([word in ('"', "'") for row in spelled_out for word in row]))["F1"], "0.88"))
    claim("138 is active at half of the double quotes that open a string", page.between((reading.rows[opening, 138] > 0).float().mean(), 0.5, 0.55))
    claim("the four new names have a larger F1, with intervals apart", all(new_f1[i][1] > first_f1[i][2] for i in four))
    claim("most closing brackets are a ), and most ) close a bracket", closes_here[is_parenthesis].float().mean() > 0.5 and is_parenthesis[closes_here].float().mean() > 0.5)

# %% [markdown]
# ## 7 · What did the model have to learn?
#
# A latent with a good name need not show something that `code-4l` has learned. As a control we take the same model before its training, with random weights, and train a **dictionary of a random model** on its vectors, a sixth as long as ours. For each name we choose, on the sample programs, the best latent of the random model, and the activation above which it best says “yes”. The held-out text judges the choice.

# %% prediction
predict("sae.random")

# %% [markdown]
# The best latent of this dictionary may still miss what is in the vectors, all the more after so short a training. So we also let a **probe** look for each name: a direction that is trained on it, here by logistic regression on the sample programs.

# %% figure answer
rows = {"latent": torch.tensor([new_f1[i] for i in sae.names.LATENTS]), **dict(zip(sae.names.READERS, text.others, strict=True))}
marks = {"latent": ("o", plots.HEAD), "probe, our model": ("D", plots.HEAD), "latent of a random model": ("o", plots.NULL), "probe, random model": ("D", plots.NULL)}
fig, ax = plots.figure(height=3.1)
for lift, (reader, (mark, colour)) in zip((-0.27, -0.09, 0.09, 0.27), marks.items(), strict=True):
    value, low, high = rows[reader].T
    ax.errorbar(value, torch.arange(4) + lift, xerr=torch.stack([value - low, high - value]), fmt=mark, color=colour, markersize=6, elinewidth=1.2, label=reader)
for y in (0, 2):
    ax.axhspan(y - 0.5, y + 0.5, color=plots.TOKEN, linewidth=0, zorder=0)
ax.set(yticks=range(4), yticklabels=[f"{name}: {i}" for i, name in zip(sae.names.LATENTS, sae.names.LEFT, strict=True)], xlim=(0, 1.02), ylim=(3.5, -0.5), xlabel="F1 on the held-out text")
fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
plots.show(
    fig,
    "Four rows with four marks each; the probe of the random model lies above one half in three of them, and both marks of the random model lie below it at “a parenthesis is open”.",
    caption="Four names: latents (circles) and probes (diamonds), of our model (blue) and of a random model (grey), with 95 % intervals. Only at “a parenthesis is open” do both grey marks lie below one half.",
)
page.measured("sae.random", text.others[0, 0, 0].item())

# %% [markdown]
# - *The token* `)` is there before training: the best latent of the random model reaches an F1 of 0.94, and its probe 0.95. Random embeddings of tokens differ from one another too. The probe also finds *the token* `"` *or* `'`, with 0.76, not far from the 0.84 of latent 138.
# - *Early in the context* can be read from the random model by the probe, with 0.91, but not by a latent, with 0.14.
# - *A parenthesis is open* can hardly be read from it. Its best latent reaches 0.25 and its probe 0.43, where picking every token gives 0.38. Latent 9 has 0.93. As far as these two show, the model had to learn the name.
#
# So the good scores of 378 and 1490 say little about what `code-4l` has learned. At the name of 138 our model is ahead of the random one, latent against latent and probe against probe, but much is there before training. Whoever reports a number for a trained model should have the same number for an untrained one. Heap et al. 2025 ([arXiv 2501.17727](https://arxiv.org/abs/2501.17727)) found that untrained networks give nice latents too.
#
# The blue diamonds show that a probe of our model, if one knows what to look for, is at least as good as the latent, at each of the four names. But “a parenthesis is open” is none of our 21 labels, and it was latent 9 that led us to it. What a dictionary offers is directions found without labels.

# %% claims
random_latent, random_probe, our_probe = text.others[..., 0]
untrained = sae.load("resid-2-untrained")
with claims():
    claim("the random model's dictionary has 1 536 latents", untrained.sae.config.n_latents == 1536)
    claim("a parenthesis is open: the random model's latent has 0.25, its probe 0.43, every token picked 0.38", all(page.rounds_to(value, shown) for value, shown in zip((random_latent[1], random_probe[1], every[9]), ("0.25", "0.43", "0.38"), strict=True)))
    claim("the token \" or ': the probe has 0.76, latent 138 has 0.84", page.rounds_to(random_probe[2], "0.76") and page.rounds_to(new_f1[138][0], "0.84"))
    claim("there our latent is ahead of the random model's, and our probe of its probe, by more than 0.1", new_f1[138][0] > random_latent[2] + 0.1 and our_probe[2] > random_probe[2] + 0.1)
    claim("the token ): 0.94 and 0.95", page.rounds_to(random_latent[0], "0.94") and page.rounds_to(random_probe[0], "0.95"))
    claim("early in the context: the probe has 0.91, the latent 0.14", page.rounds_to(random_probe[3], "0.91") and page.rounds_to(random_latent[3], "0.14"))
    claim("only at a parenthesis is open both readers of the random model stay below one half, and the probe is above it at the others", bool((text.others[:2, 1, 0] < 0.5).all()) and bool((random_probe[[0, 2, 3]] > 0.5).all()))
    claim("latent 9 has 0.93", page.rounds_to(new_f1[9][0], "0.93"))
    claim("no latent of the random model's dictionary is active at more than a fifth of the tokens", (untrained.sae.encode(untrained.activations(some)[0]) > 0).float().mean(dim=0).max() < 0.2)
    claim("a parenthesis is open is none of the 21 labels", labels.flags.shape[1] == 21 and not any(torch.equal(label, round_open) for label in labels.flags.T))
    claim("its training was a sixth as long", page.between(sae.card("resid-2-untrained")["rows"] / facts["rows"], 0.16, 0.17))
    claim("a probe of our model is at least as good as the latent at each of the four names", all(our_probe[column] >= new_f1[i][0] for column, i in enumerate(sae.names.LATENTS)))

# %% [markdown]
# ## 8 · Does the model use it?
#
# Whether the model *uses* a latent is another question, and it takes an intervention to answer it. We follow one case from end to end: latent 378 at the `)` of `print("hello", name)`, after which the model expects a line break. Through the unembedding the latent's direction raises a line break more than any other token. So it seems to write the line break into the prediction itself.
#
# To find out, we subtract what the latent contributes to the vector at this token. This is called an **ablation**:
#
# $$x \;\to\; x - f_{378}\, d_{378} ,$$
#
# with $f_{378}$ its activation and $d_{378}$ its direction, of shape (d). Everything else stays, including what the dictionary does not reconstruct.
#
# Five parts of the model read the residual stream after this place: attention and MLP of the third and of the fourth block, and the unembedding. What the latent contributes stays in the stream, so that each of the five has it in its input. This allows a finer intervention. We can subtract it from the input of *some* readers, which then **miss** the latent, and leave it in that of the others. If all five miss it, that is the ablation.

# %% figure
readers = {"attention 3": "blocks.2.ln1.hook_in", "MLP 3": "blocks.2.ln2.hook_in",
           "attention 4": "blocks.3.ln1.hook_in", "MLP 4": "blocks.3.ln2.hook_in", "unembedding": "ln_final.hook_in"}  # fmt: skip
others_than_mlp = [reader for reader in readers if reader != "MLP 3"]
sae.who_reads(tuple(readers), {"all five\nread it": (), "all five\nmiss it": tuple(readers), "MLP 3 alone\nmisses it": ("MLP 3",), "MLP 3 alone\nreads it": others_than_mlp}).captioned(
    "Four cases. Blue: what the latent contributes, in the residual stream and in the input of whoever reads it. Crossed out: it is subtracted from this one input. Each reader adds something of its own to the stream, and the later ones read that too. Blocks are counted from 1: “MLP 3” is the MLP of the third block."
)

# %% [markdown]
# In code, the hooks stand where each reader takes its input from the stream. (In TransformerLens, as in Python, blocks are counted from 0.)

# %%
place, W_dec = 35, dictionary.sae.W_dec  # the ")" of print(…); the directions (latent, d)
model = dictionary.model.requires_grad_(False)  # nothing is trained here


def missed_by(some, along=378):
    """The probability of each next token when some readers miss 378, or a push as long."""
    def subtract(x, hook):
        x = x.clone()  # (1, token, d)
        x[0, place] -= f[place, 378] * W_dec[along]
        return x

    edited = model.run_with_hooks(tokens, fwd_hooks=[(readers[reader], subtract) for reader in some])
    return edited[0, place].softmax(dim=-1)


as_it_is, without = missed_by([]), missed_by(readers)
[decode_token([int(p.argmax())]) for p in (as_it_is, without)]

# %% [markdown]
# As it is, the model expects a line break with eight spaces. Without 378 it expects `=`, which could only follow if the call were still open. So it does use 378, but by which reader?
#
# The null is a *foreign push*: we subtract a vector of the same length along the direction of another latent. We take the twenty latents that are active about as often as 378. Eighteen of them are silent at this token. So these pushes show what any push of this length does, and not what it does to take a latent away that is there.

# %% prediction
predict("sae.path")

# %% figure answer
others = sae.matched_latents(on.float().mean(dim=0), 378, 20)  # active about as often
pushed = torch.stack([missed_by(readers, along=i) for i in others.tolist()])
breaks = [i for i in range(model.cfg.d_vocab) if (t := decode_token([i])) and not t.strip() and "\n" in t]
alone = {reader: missed_by([reader])[breaks].sum().item() for reader in readers}
spared = {reader: missed_by({*readers} - {reader})[breaks].sum().item() for reader in readers}
shares = {"as it is": as_it_is[breaks].sum().item(), "a foreign push, all miss it": pushed[:, breaks].sum(dim=1).mean().item(), "all five miss 378": without[breaks].sum().item()}
fig, ax = plots.figure(height=4)
ax.barh(range(3), [100 * share for share in shares.values()], color=[plots.STREAM, plots.STREAM, plots.ABLATED], edgecolor=[plots.STREAM] * 2 + [plots.INK], height=0.6)
ax.plot(100 * pushed[:, breaks].sum(dim=1), [1] * 20, "|", color=plots.NULL, markersize=9)
for y, reader in enumerate(readers, 4):
    ax.barh(y - 0.2, 100 * alone[reader], 0.36, color=plots.ABLATED, edgecolor=plots.INK, label="it alone misses 378" if y == 4 else None)
    ax.barh(y + 0.2, 100 * spared[reader], 0.36, color=plots.HEAD, label="it alone reads 378" if y == 4 else None)
for y, share in [*enumerate(shares.values()), *((y + d, share) for d, by in ((-0.2, alone), (0.2, spared)) for y, share in enumerate(by.values(), 4))]:
    ax.text(102, y, f"{100 * share:.0f} %", va="center", fontsize=9)
ax.set(yticks=[0, 1, 2, *range(4, 9)], yticklabels=[*shares, *readers], ylim=(8.6, -0.5), xlim=(0, 112), xlabel="probability of a line break, %")
fig.legend(loc="outside upper center", ncols=2)
plots.show(fig, "Three bars, and two for each reader. As it is a line break has 99 %, and 22 % when all five miss 378. When one reader alone misses it, 96 % or more; when one alone reads it, 92 % for MLP 3 and 31 to 63 % for the others.",
           caption="The probability of a line break after `print(\"hello\", name)`. Grey strokes are the twenty foreign pushes, and their bar is the mean.")  # fmt: skip
page.measured("sae.path", max(spared, key=spared.get))

# %% [markdown]
# When all five miss 378, a line break has 22 % instead of 99 %. But no single reader is needed: whichever one misses 378, a line break keeps 96 % or more. The unembedding is no exception. So the first impression was wrong, or at best a part of the story.
#
# Nor does it take all five. If MLP 3 alone reads the latent, a line break still has 92 %. With any other reader alone it has less, though always more than 22 %.
#
# ### Latent 378 in a whole text
#
# One token that we chose proves little. So we take 378 away wherever it is active in the held-out text, at 603 tokens, and ask how far the loss of the next token rises there. If one reader alone misses it, little happens. The loss rises by 0.01 to 0.06 nats, and the five numbers add up to 0.16.
#
# Before you look: how far does it rise when all five miss 378?

# %% figure answer
paths = stored.paths()
of_378 = paths.of(378)
fig, ax = plots.figure(height=3)
for y, (by_itself, all_but) in enumerate(zip(of_378.alone.tolist(), of_378.spared.tolist(), strict=True)):
    for (mean, low, high), up, mark, fill, words_ in ((by_itself, -0.13, "o", "white", "it alone misses 378"), (all_but, 0.13, "o", plots.HEAD, "it alone reads 378")):
        ax.errorbar(mean, y + up, xerr=[[mean - low], [high - mean]], fmt=mark, color=plots.HEAD, markerfacecolor=fill, markersize=7, elinewidth=1.3, label=None if y else words_)
ax.axvline(float(of_378.own[0]), color=plots.INK, linewidth=1.2, label="all five miss 378")
ax.axvspan(float(of_378.own[1]), float(of_378.own[2]), color=plots.STREAM, alpha=0.4, linewidth=0)
ax.set(yticks=range(5), yticklabels=list(readers), ylim=(4.5, -0.5), xlim=(-0.02, 0.85), xlabel="rise of the loss where 378 is active, nats")
fig.legend(loc="outside upper center", ncols=3)
plots.show(fig, "Five rows. Hollow marks, one reader alone misses it, lie below 0.1; filled marks, one alone reads it, lie between 0.14 for MLP 3 and 0.52 for attention 3; a line at 0.64 is the whole.",
           caption="How far the loss rises, with 95 % intervals (modules resampled); that of all five is grey. Twenty foreign pushes, missed by all five, raise it by 0.01 to 0.32.")  # fmt: skip

# %% [markdown]
# The loss rises by 0.64, four times as far as the five parts add up to. Two explanations come to mind.
#
# The first is trivial. While the model is sure of the next token, a weakened signal hardly shows in the loss. So we also measure the **log-odds** of the next token, $\log \frac{p}{1-p}$, which do not level off near $p = 1$. In log-odds the five parts add up to 0.55, and all together cost 1.41. So this explains some of the excess, but not all.
#
# The second is that the readers back one another up: what one of them misses, the others make up for. If so, this should not happen with just any push. It mostly does not. Foreign pushes twice as long cost about as much as 378: in log-odds 1.13 on average, and here the parts add up to 0.97. (In one of the twenty the whole is 2.8 times its parts; for 378 it is 2.6 times.)
#
# So no single reader is needed, but all together are. Whoever tests one path at a time may take a latent that is used for one that is not.
#
# Among the readers MLP 3 matters most. When it alone reads the latent, the loss rises by 0.14, a fifth of the whole. With the next best reader, MLP 4, it rises by 0.31.
#
# ### The other three
#
# For the other latents of the puzzle we do the same, wherever each of them is active.

# %% figure
held_by = {i: paths.of(i) for i in sae.names.LATENTS}
page.table({f"latent {i}": {"all five miss it": tuple(of.own.tolist()), "null: foreign pushes": (float(of.null.mean()), float(of.null.min()), float(of.null.max())),
                            "the unembedding alone misses it": tuple(of.alone[-1].tolist()), "MLP 3 alone reads it": tuple(of.spared[1].tolist())} for i, of in held_by.items()},
           corner="rise of the loss", unit="nats", decimals=2, caption="How far the loss rises where a latent is active, with 95 % intervals (modules resampled); of the twenty foreign pushes the mean, the lowest and the highest, missed by all five.")  # fmt: skip

# %% [markdown]
# Taking 138 away costs most, and more than any of its foreign pushes. As with 378, hardly any of it is lost by the unembedding alone. Taking 1490 away costs less than any foreign push does. So nothing shows that the model uses 1490.
#
# Latent 9 is of another kind. When the unembedding alone misses it, the loss rises by 0.17, half as far as when all miss it, and further than after any foreign push to the unembedding. So latent 9 goes into the prediction by itself. Which next tokens does the model expect without it?

# %% figure
whole, strength = sae.Later.of(dictionary, text.tokens), torch.nn.functional.pad(f_held, (0, 0, 1, 0))  # the first token is silent
signs = {"a line break": breaks} | {f"`{sign}`": [i for i in range(model.cfg.d_vocab) if decode_token([i]).strip() == sign] for sign in ".=(),"}


def expected(latent, missing):
    """In %, how likely each of `signs` is as the next token where a latent is active and these readers miss it."""
    at = (strength[..., latent] > 0) & (torch.arange(256) < 255)  # nothing follows the last token
    p = whole.net.logits(whole.stream(whole.x - strength[..., [latent]] * W_dec[latent], missing)[at]).softmax(dim=-1).mean(dim=0)
    return {sign: 100 * p[ids].sum().item() for sign, ids in signs.items()}


at_9 = {"as it is": expected(9, ()), "all five miss 9": expected(9, tuple(readers)), "the unembedding alone misses 9": expected(9, ["unembedding"])}
page.table([{"next token": sign, **{way: p[sign] for way, p in at_9.items()}} for sign in ("`)`", "a line break")],
           decimals=1, unit="%", caption="What the model expects where latent 9 is active, with and without it.")  # fmt: skip

# %% [markdown]
# Without 9 a `)` loses about two thirds of its probability, and as much if only the unembedding misses it. So the latent itself writes `)` into the prediction.
#
# A line break, which seldom comes while a parenthesis is open, becomes more than twice as likely, but not if only the unembedding misses 9. So other readers learn from 9 that the line does not end here.
#
# A list of promoted tokens was right about 9, and about 378 at best a part of the story. Only an intervention could tell.
#
# ### Adding a latent
#
# To add a direction where a latent is silent is called **steering**. Templeton et al. 2024 made a large model speak of the Golden Gate Bridge whatever it was asked. After `names = [first, second` our model expects a `]`. We add latent 9 there, as strongly as it is active when the line has a `(` instead of the `[`.

# %%
line, _ = dictionary.read("names = [first, second")
added = dictionary.encode(dictionary.read("names = (first, second")[0])[0, -1, 9]
before = sae.Later.of(dictionary, line)
steered = before.x.clone()
steered[0, -1] += added * W_dec[9]
likeliest = {name: before.predicted(x)[0, -1].max(dim=0)
             for name, x in {"as it is": before.x, "9 added": steered}.items()}
{name: (decode_token([int(token)]), round(float(share), 2)) for name, (share, token) in likeliest.items()}

# %% [markdown]
# Now the model wants to close a parenthesis that was never opened. We picked this line because it shows the change well. With eight other latents added as strongly, `)` does not reach a tenth.

# %% claims
on_378 = (strength[..., 378] > 0) & (torch.arange(256) < 255)
of_9 = paths.of(9)
log_odds, doubled = paths.odds[:, 0], paths.odds_null  # each reader alone, all, the excess; (push, the same)
parts_of = 1 - doubled[:, -1] / doubled[:, -2]  # of each push: the readers' sum over the whole
nearest_9 = sae.matched_latents(on.float().mean(dim=0), 9, 8)
with_another = before.predicted(before.x.repeat(8, 1, 1) + added * torch.nn.functional.one_hot(torch.tensor(len(line[0]) - 1), len(line[0]))[:, None] * W_dec[nearest_9][:, None])
lost_9 = [1 - at_9[way]["`)`"] / at_9["as it is"]["`)`"] for way in list(at_9)[1:]]
with claims():
    claim("378 is active at the ), and its direction raises a line break most", words[place] == ")" and f[place, 378] > 0 and reading.explain(378).promotes[0][0].startswith("\n"))
    claim("the likeliest is a line break with eight spaces; a line break has 99 %, and 22 % when all five miss 378, where = is the likeliest", page.rounds_to(100 * as_it_is[breaks].sum(), "99") and page.rounds_to(100 * without[breaks].sum(), "22") and decode_token([int(as_it_is.argmax())]) == "\n" + 8 * " " and decode_token([int(without.argmax())]).strip() == "=")
    claim("when all five miss it, that is the ablation of x", torch.allclose(without, model.run_with_hooks(tokens, fwd_hooks=[(dictionary.hook, lambda x, hook: x - (torch.arange(x.shape[1]) == place)[:, None] * f[place, 378] * W_dec[378])])[0, place].softmax(dim=-1), atol=1e-5))
    claim("eighteen of the twenty other latents are silent at this token", int((f[place, others] == 0).sum()) == 18)
    claim("none of twenty foreign pushes leaves less than 67 %", len(pushed) == 20 and page.rounds_to(100 * pushed[:, breaks].sum(dim=1).min(), "67"))
    claim("whichever one reader misses it, a line break keeps 96 % or more; with MLP 3 alone it has 92 %, with another less, and always more than 22 %", min(alone.values()) > 0.955 and page.rounds_to(100 * spared["MLP 3"], "92") and max(spared, key=spared.get) == "MLP 3" and min(spared.values()) > float(without[breaks].sum()))
    claim("the readers of the stored measurement are these five, in this order, and its foreign pushes are along the same latents", paths.readers == whole.readers == tuple(readers) and paths.other[0].tolist() == others.tolist())
    claim("at 603 tokens: 0.64 when all five miss it, 0.01 to 0.06 for each alone, 0.16 added up, so four times as far; after foreign pushes 0.01 to 0.32", int(on_378.sum()) == 603 and page.rounds_to(of_378.own[0], "0.64") and page.rounds_to(of_378.alone[:, 0].min(), "0.01") and page.rounds_to(of_378.alone[:, 0].max(), "0.06") and page.rounds_to(of_378.alone[:, 0].sum(), "0.16") and page.rounds_to(of_378.own[0] / of_378.alone[:, 0].sum(), "4") and len(of_378.null) == 20 and page.rounds_to(of_378.null.min(), "0.01") and page.rounds_to(of_378.null.max(), "0.32"))
    claim("in log-odds 1.41 and 0.55, and the interval of the difference lies above 0.6", page.rounds_to(log_odds[-2], "1.41") and page.rounds_to(log_odds[:5].sum(), "0.55") and paths.odds[-1, 1] > 0.6)
    claim("foreign pushes twice as long cost 1.13 on average, and their parts add up to 0.97", page.rounds_to(doubled[:, -2].mean(), "1.13") and page.rounds_to(doubled[:, :5].sum(dim=1).mean(), "0.97"))
    claim("in one of the twenty the whole is 2.8 times the parts, more than with 378 (2.6); in the next it is less than 1.8 times", page.rounds_to((1 / parts_of).max(), "2.8") and page.rounds_to(log_odds[-2] / log_odds[:5].sum(), "2.6") and (1 / parts_of).sort().values[-2] < 1.8)
    claim("when MLP 3 alone reads it, 0.14, a fifth of the whole (0.2 to 0.22); with the next best reader, MLP 4, 0.31", page.rounds_to(of_378.by("spared")["MLP 3"], "0.14") and page.between(of_378.by("spared")["MLP 3"] / of_378.own[0], 0.2, 0.22) and sorted(readers, key=of_378.by("spared").get)[:2] == ["MLP 3", "MLP 4"] and page.rounds_to(of_378.by("spared")["MLP 4"], "0.31"))
    claim("138 costs most of the four, more than any of its foreign pushes, and of it the unembedding alone less than 0.02", max(four, key=lambda i: float(paths.of(i).own[0])) == 138 and paths.of(138).own[0] > paths.of(138).null.max() and paths.of(138).by("alone")["unembedding"] < 0.02)
    claim("1490 costs less than any of twenty foreign pushes", paths.of(1490).own[0] < paths.of(1490).null.min())
    claim("without 9 0.33, and 0.17 when the unembedding alone misses it: half as far, and further than any foreign push to the unembedding", page.rounds_to(of_9.own[0], "0.33") and page.rounds_to(of_9.by("alone")["unembedding"], "0.17") and page.about(of_9.by("alone")["unembedding"] / of_9.own[0], 0.5) and of_9.by("alone")["unembedding"] > of_9.null_last.max())
    claim("without 9 ) loses about two thirds, also when the unembedding alone misses it", all(page.about(share, 2 / 3) for share in lost_9))
    claim("a line break becomes more than twice as likely, and less than 1.2 times when the unembedding alone misses it", at_9["all five miss 9"]["a line break"] > 2 * at_9["as it is"]["a line break"] and at_9["the unembedding alone misses 9"]["a line break"] < 1.2 * at_9["as it is"]["a line break"])
    claim("as it is ] is the likeliest, with 9 added )", [decode_token([int(token)]) for _, token in likeliest.values()] == ["]", ")"])
    claim("with eight others added ) does not reach a tenth", len(nearest_9) == 8 and with_another[:, -1, signs["`)`"]].sum(dim=-1).max() < 0.1)

# %% [markdown]
# ## 9 · The puzzle, answered
#
# Has the method found the model's own idea of a closing bracket? As far as our tests go, no: latent 378 stands for the token `)`, and the model uses it. Three more latents, 957, 1079 and 1502, have “closing brackets” as their reading, and they fare no better. None of the four is active at more than a third of the `]` in the held-out text.
#
# But the method has found something else that it was not told. Latent 9 is mostly active where a parenthesis is open, we do not find this in the random model, and the latent writes `)`.

# %% figure
broken = {378: "in comments, and at `]`", 9: "in `[ ]` and `{ }`", 138: "at opening `\"`", 1490: "later in a text"}
page.table([{"latent": str(i), "first name": first, "broken": broken[i], "name that is left": name, "F1": new_f1[i][0], "random model": float(text.others[:2, column, 0].max()),
             "loss without it": f"+{float(paths.of(i).own[0]):.2f}"}
            for column, (i, first, name) in enumerate(zip(sae.names.LATENTS, sae.names.FIRST, sae.names.LEFT, strict=True))],
           decimals=2, caption="The four latents of the puzzle, with the verdicts of sections 6, 7 and 8. “Random model”: the better F1 of its latent and its probe. “Loss without it”: how far the loss rises where the latent is active, in nats.")  # fmt: skip

# %% [markdown]
# No first name survived, although each had seemed to fit the first picture. What broke them was a look at the misses, and at places where another name says something else.
#
# What a latent stands for, whether the model had to learn it, and whether the model uses it are three questions, each with a test of its own. The name of 1490 has the best F1 of the four, and yet nothing shows that the model uses it.
#
# So the verdicts are: 378 stands for a token, which is there before training, and is used. 9 says that a parenthesis is open, which, as far as our controls show, had to be learned, and is used. 138 stands for a token too, of which much is there before training, and is used. 1490 says that a text has only begun, which is there before training, and it is not shown to be used.
#
# [Neuronpedia](https://www.neuronpedia.org) shows latents of larger models one by one. Look there for one with perfect examples, and write a text that could refute its name.

# %% [markdown]
# ## 10 · What this does not show
#
# - *One dictionary.* Everything about `code-4l` rests on one training, one place and one width. Trainings from different starts need not find the same latents (Paulo and Belrose 2025, [arXiv 2501.16615](https://arxiv.org/abs/2501.16615)): in the [deeper notebook](02_sae_deeper.ipynb) two small dictionaries share a twentieth of theirs after short trainings, and a third after four times as many steps. Nothing shows that these are *the* features of the model.
# - *Four latents, chosen by us.* 1 484 of the 1 536 have a question mark, and no latent shows what is in the unexplained part of the variance.
# - *Absence.* No latent and no probe reads “a parenthesis is open” well in the random model. It may still be there in a form that neither can read.
# - *Are dictionaries worth the trouble?* Kantamneni et al. 2025 could not consistently improve on ordinary probes with latents. None of our four latents did better than a probe, either.
# - *Half a mechanism.* We have not looked at which neurons of MLP 3 answer to 378, at how the readers back one another up, nor at which heads read 9.

# %% claims
is_square = (text.tokens[:, 1:] == model.tokenizer.convert_tokens_to_ids("]")).flatten()
sample_parenthesis = (reading.tokens[:, 1:] == model.tokenizer.convert_tokens_to_ids(")")).flatten()
with claims():
    claim("two dictionaries share a twentieth of their latents, and a third after four times as many steps, each pair", all(page.about(share, expected) for share, expected in zip(stored.shared_longer()["decoder"], (1 / 20, 1 / 3), strict=True)))
    claim("1 484 of 1 536 have a question mark", int(census.kinds["?"].sum()) == 1484)
    claim("the name of 1490 has the best F1 of the four", max(four, key=lambda i: new_f1[i][0]) == 1490)
    claim("378, 957, 1079 and 1502 have the reading closing brackets, and none is active at more than a third of the ]", [i for i in census.kinds["named"].nonzero()[:, 0].tolist() if reading.label(i)[0] == "closes"] == [378, 957, 1079, 1502] and bool((on[is_square][:, [378, 957, 1079, 1502]].float().mean(0) < 1 / 3).all()))
    claim("957 is active more often at a ) that leaves no parenthesis open than at one that does, in the sample programs and the held-out text", all(bool(here[~still].float().mean() > here[still].float().mean() + 0.2) for here, still in ((on[is_parenthesis, 957], left[is_parenthesis, 1]), (reading.rows[sample_parenthesis, 957] > 0, round_open[sample_parenthesis]))))
    claim("to take 957 away costs less than a tenth of what 378 costs", paths.of(957).own[0] < 0.1 * paths.of(378).own[0])
    claim("all four first names are broken: 378, 9 and 1490 in the program, 138 at opening quotes", float(placed[:, 1490].max()) == 0 and bool((placed[in_text, 9] > 0).all()) and bool((placed[[i for i in asked if not flagged["closes"][i]], 378] > 0).all()) and (reading.rows[opening, 138] > 0).float().mean() > 0.5)

# %% card
page.card(
    {
        "claim": "A sparse dictionary can find features that nobody listed.",
        "evidence": "Known features: nearly all of 64 in 32 dimensions.",
        "control": "As many random directions as latents.",
        "where it fails": "Features that always come together.",
    },
    {
        "claim": "Latent 9 is active where a parenthesis is open, and this is not found in a random model.",
        "evidence": "F1 on held-out modules, larger than that of its first name.",
        "control": "A dictionary and a probe of a random model.",
        "where it fails": "The token “)” and the place in the context: a probe of a random model reads them too.",
    },
    {
        "claim": "Five parts of the model read latent 378, and they back one another up.",
        "evidence": "When all miss it, the loss rises four times as far as the parts add up to.",
        "control": "Log-odds in place of the loss; foreign pushes, whose parts mostly add up.",
        "where it fails": "One of twenty pushes does the same, and how the readers do it was not measured.",
    },
    links=[
        ("Bricken et al. 2023, Towards Monosemanticity", "https://transformer-circuits.pub/2023/monosemantic-features", "the work that made dictionaries popular, with its latents to look at"),
        ("Gao et al. 2024, Scaling and evaluating sparse autoencoders", "https://arxiv.org/abs/2406.04093", "TopK, dead latents, and how error falls with size"),
        ("Kantamneni et al. 2025, Are Sparse Autoencoders Useful?", "https://arxiv.org/abs/2502.16681", "a careful test against simple baselines"),
    ],
)

# %% [markdown] words
# ## Words
#
# - F1: the harmonic mean of precision and recall.
# - precision: of the tokens picked, the share that has the label.
# - recall: of the tokens with the label, the share picked.
# - dictionary learning: finding directions of which every vector needs few.
# - sparse autoencoder: an encoder and a decoder, trained to rebuild vectors as sums of few directions.
# - latent: one entry of f, with its direction.
# - dictionary: all directions of a sparse autoencoder together.
# - L1 norm: the sum of the sizes of all entries.
# - L0: how many latents are active in a vector, on average.
# - ReLU with an L1 penalty: a sparse autoencoder whose loss contains the sum of its activations.
# - TopK: a sparse autoencoder that keeps the k largest products of each vector.
# - null: what chance alone gives.
# - matching: one latent for each true feature, so that the sum of cosines is largest.
# - shrinkage: activations made too small by a penalty.
# - dead: never active.
# - dense: active for more than one token in ten.
# - fraction of variance unexplained: squared errors over squared distances from the mean.
# - loss recovered: of the harm done by the mean vector, the share that a reconstruction avoids.
# - dictionary of a random model: one trained on a copy of the model with random weights.
# - probe: a direction trained on labels.
# - steering: adding a latent's direction where the latent is silent.
# - ablation: subtracting a latent's part of the vector.
# - miss: of a reader of the residual stream, from whose input alone a latent's part is subtracted.
# - log-odds: log of p over 1 − p.

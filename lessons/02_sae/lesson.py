# %% [markdown]
# # Sparse autoencoders
#
# *Lesson 2.*
#
# **A puzzle.** At every token `code-4l`, the course's model of Python code, holds 192 numbers, its residual stream. A method that never saw a label has turned them into 1 536 new numbers, called *latents*. Four of these are drawn below, at each token of a small program.

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
# Nobody told the method about brackets or quotes, and still the pictures seem to ask for such names. Has it found the model's own idea of a closing bracket, or do we only read one into it? We first see how such latents are found, and when they are the right ones. Then we try to break the names, and add latents to the model and take them out. At the end the four come back, each with a verdict.

# %% [markdown] contents
# You need lesson 1: features as directions, interference, why single neurons may mean nothing. From lesson 0 you need the residual stream and hooks.

# %% claims
with claims():
    claim("378 is active at the three closing parentheses only", [w for w, on in zip(words, f[:, 378] > 0, strict=True) if on] == [")"] * 3 and words.count(")") == 3)
    claim("latent 1490 is active at every token", bool((f[1:, 1490] > 0).all()))
    claim("latent 9 is silent outside parentheses and active at nearly every token between them", float(f[10:19, 9].max()) == 0 and page.between((f[[5, 6, 7, 8, 20, 21, 22, 23, 29, 30, 31, 32, 33, 34], 9] > 0).float().mean(), 0.9, 1))
    claim("138 is strongest at quotes", {words[i] for i in f[:, 138].topk(2).indices} == {'"'})
    claim("192 numbers, 1 536 latents", dictionary.sae.W_dec.shape == (1536, 192))

# %% [markdown]
# ## 1 · A vector as a sum of few directions
#
# Lesson 1 asked how a model stores features. Now we see only the vectors, and look for the features in them. We begin in a plane, with vectors that we made ourselves. Each vector is a sum of some of three directions, which stand 120° apart. A direction is present in one fifth of the vectors, and where it is, its strength is a random number between ½ and 1½.

# %% figure
angles = torch.tensor([90.0, 210.0, 330.0]).deg2rad()
directions = torch.stack([angles.cos(), angles.sin()], dim=1)  # (feature, d)
plane = sae.Truth(directions, probability=torch.full((3,), 0.2), parent=torch.full((3,), -1), noise=0.02)
x, strengths = plane.sample(400, torch.Generator().manual_seed(0))
count = (strengths > 0).sum(dim=1)
fig, ax = plots.figure(width=5.2, height=3.9)
ax.plot(*x[count > 0].T, ".", color=plots.GREY, markersize=5)
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
# Suppose the directions are known. As in lesson 1, we multiply a vector with each of them to read the strengths, and a ReLU turns negative products into 0.

# %% figure
sae.read_off(directions, {"x is direction 0": directions[0], "x is direction 0 + direction 1": directions[0] + directions[1]}).captioned("The star is x, and each product is where x falls on the direction (dotted). The blue arrows, head to tail, are the directions with positive products, each as long as its product. They end at x̂, which is what comes back.")

# %% [markdown]
# On the left, the products are $(1, -\tfrac12, -\tfrac12)$, since the cosine of 120° is $-\tfrac12$. The ReLU makes them $(1, 0, 0)$, and all of $x$ comes back. On the right they are $(\tfrac12, \tfrac12, -1)$. Both directions are there with strength 1 and are read as ½, because each disturbs the product of the other: this is the interference of lesson 1. After the ReLU we have $(\tfrac12, \tfrac12, 0)$, and only half of $x$ comes back.
#
# A **sparse autoencoder** reads in the same way, by products and a ReLU, but its weights are learned. Its *encoder* reads the strengths, and its *decoder* adds the directions up again.

# %% figure
sae.autoencoder().captioned("A sparse autoencoder. There are more latents than numbers in x, but few of them (blue) are active for any one vector. The reconstruction x̂ is the sum of their directions, each multiplied by its activation.")

# %% [markdown]
# $$f = \mathrm{ReLU}\big(W_\text{enc}(x - b_\text{dec}) + b_\text{enc}\big), \qquad \hat x = W_\text{dec}^\top f + b_\text{dec}.$$
#
# $x$ and $b_\text{dec}$ have the shape (d), $f$ and $b_\text{enc}$ (latent); $W_\text{enc}$ and $W_\text{dec}$ have the shape (latent, d). Each entry of $f$ is called a **latent**, and its row of $W_\text{dec}$ is its direction. The **dictionary** is all of these directions together. The bias $b_\text{dec}$, which all vectors have in common, is subtracted before reading and added again at the end. The bias $b_\text{enc}$ works as a threshold where it is negative: with −2, a product of 1.5 becomes 0, and a product of 5 becomes 3.
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
# This is called **ReLU with an L1 penalty** (Bricken et al. 2023; Cunningham et al. 2023). With $\lambda = 0.2$ the left way of the figure costs $0.2 \cdot 1.37 = 0.27$ and the right one $0.2$. One could dodge the price: directions twice as long with activations half as large rebuild the same vector for half of it. So after each step we set every row of $W_\text{dec}$ back to length 1.

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
# On the left the three arrows have turned onto rays that nobody had shown them. Two of the six starts end with a larger loss, and each of these leaves at least one ray without an arrow. The four with the smaller loss hold all three rays.
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
    claim("most vectors with a direction have only one", (count[count > 0] == 1).float().mean() > 0.5)
    claim("the products are (1, −½, −½) and (½, ½, −1)", torch.allclose(products, torch.tensor([[1, -0.5, -0.5], [0.5, 0.5, -1]]), atol=1e-5))
    claim("direction 0 comes back whole, a sum of two half", torch.allclose(products.relu() @ directions, torch.tensor([[1.0], [0.5]]) * both, atol=1e-5))
    claim("right, left, up and down rebuild every vector of the plane", torch.allclose(encode(x, axes4, torch.zeros(4), torch.zeros(2)) @ axes4, x, atol=1e-5))
    claim("directions twice as long with half the activations rebuild the same for half of the price", torch.allclose((on_axes / 2) @ (2 * axes4), directions[1:2], atol=1e-5))
    claim("right, left, up, down rebuild direction 1 without error: two latents, 1.37 together", torch.allclose(on_axes @ axes4, directions[1:2], atol=1e-5) and int((on_axes > 1e-6).sum()) == 2 and round(on_axes.sum().item(), 2) == 1.37)
    claim("with λ = 0.2 the left way costs 0.27", page.rounds_to(0.2 * on_axes.sum(), "0.27"))
    claim("two of six end with a larger loss, and each leaves a ray without an arrow", len(late) == 2 and all(bool((sae.match_features(directions, run[1][1]).cosine < 0.9).any()) for run in late))
    claim("in the other four the three arrows turn onto the rays", all(bool((sae.match_features(directions, run[1][1]).cosine > 0.99).all()) for run in runs if run[0] <= 1.1 * loss))
    claim("with k = 2 the products (3, −1, 2, 1) become (3, 0, 2, 0)", encode_topk(torch.tensor([[3.0, -1, 2, 1]]), torch.eye(4), torch.zeros(4), torch.zeros(4), 2).tolist() == [[3, 0, 2, 0]])

# %% [markdown]
# ## 2 · Are they the right directions?
#
# Does it also work with many features in many dimensions? We invent 64 features, which are random directions in 32 dimensions. Each is active in one vector of 25, so that about 2.6 are active at a time. A dictionary of 96 latents, TopK with $k = 3$, sees the vectors and never the features.
#
# To score it, we compare the direction of each true feature with that of a latent by their cosine. Each feature gets one latent, no latent serves twice, and the sum of the cosines is as large as possible. This is a **matching**. A feature counts as *found* when its partner has a cosine above 0.9. The error is given as the **fraction of variance unexplained**: all squared errors together, over all squared distances from the mean.

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
# The function `sae.train` is the loop of section 1 with some refinements (`course_utils/sae/training.py`). The dictionary finds nearly every feature. To see what chance alone gives, we also draw 96 random directions, as many as there are latents. Such a control is called the **null**, and it finds none.
#
# Yet the dictionary leaves 13 % of the variance unexplained. Most of this is no fault of its directions, since many vectors hold more than three features. The three strongest of the true directions, too, leave 9 %.
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
sae.pair_failure(joined, by_pairs, 0, measured).captioned("Left: the vectors that hold one pair, A and B, and nothing else, in the plane of the two directions. No vector lies on A or on B alone, and the latent (blue) points along their sum. Right: features found and variance unexplained. A circle is one of three trainings, a bar and its number their mean.").show()
fewer, worse = pairs_found.max() < apart_found.min(), pairs_error.min() > apart_error.max()
page.measured("sae.pairs", f"{'fewer' if fewer else 'as many'} features, {'larger' if worse else 'smaller'} error")

# %% [markdown]
# Only 6 % of the variance is left unexplained, where 13 % was before. But of the features, the dictionary finds fewer than one in ten. For each of the 32 pairs it has a latent along the sum of the two.
#
# Why would training prefer this? Take the true 64 directions, and for each vector the three that are strongest in it. They leave 16 % of the variance unexplained, since a vector with two pairs holds four features. Now take the 32 sums instead, again three for each vector: these leave 6 %. The directions that we call wrong rebuild the vectors better, and so nothing in the error warns us. In section 1 the smaller loss did belong to the true directions, but there each of them also came alone. What a dictionary finds is what comes separately in the data, and this need not be what we mean by a feature.

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
    claim("each of the 32 pairs has a latent along its sum, on each of the three", bool((sets["sums"][1] == 1).all()))
    claim("the stored measures of the first set are those of the trainings above", page.about(apart_error[0], unexplained) and round(apart_found[0].item()) == round(found))

# %% [markdown]
# ## 3 · How many latents should be active?
#
# In section 2 we could take $k = 3$ because we knew how many features a vector holds. In general somebody has to choose. The more latents may be active, the smaller is the error, and the more there is to read for each vector.

# %% figure
prices = stored.prices()
kept = stored.kept() | {3: prices.topk}  # k: what was measured
plots.show(
    prices.against(kept),
    "Two falling curves; with two active latents and more that of TopK lies below that of L1.",
    caption="The variance unexplained against the number of active latents, for L1 with seven λ and for TopK with five k. A mark is one of three sets of features, and a line joins their means; all trained five times as long as in section 2. TopK's marks lie left of their k where one of the kept products is negative.",
)

# %% [markdown]
# Where both were measured, with two to eight active latents, TopK leaves less unexplained than L1 does with as many. L1 also does a harm of its own. Let $x$ be one of the plane's directions with strength $m$, and $f$ the activation of its latent. Error and penalty together are $(m - f)^2 + \lambda f$, which is smallest at
#
# $$f = m - \lambda / 2 .$$
#
# The activation is too small by $\lambda/2$. This is called **shrinkage**. At strength 1, dictionaries of the plane that start as the best one above come within 0.05 of the formula, for three $\lambda$.
#
# From here on we take the vectors of a language model, with TopK. Nobody knows how many features they hold. Our $k = 16$ is a choice, like the width.

# %% claims
start = runs.index(best)  # the random start that found all three
weights_for = {0.2: best[1]} | {penalty: train(start, penalty=penalty)[1] for penalty in (0.6, 1.5)}
answers = {penalty: encode(directions, w[0], w[2], w[3]).amax(dim=1).tolist() for penalty, w in weights_for.items()}
low_to_high = sorted(kept)
curve = {k: kept[k]["unexplained"].mean().item() for k in low_to_high}
curve_l0 = {k: kept[k]["l0"].mean().item() for k in low_to_high}
as_many = [prices.error_with(kept[k]["l0"].mean().item()) for k in low_to_high[1:]]

with claims():
    claim("with two active latents or more TopK leaves less than L1 with as many", low_to_high == [1, 2, 3, 5, 8] and len(prices.penalty) == 7 and all(curve[k] < other for k, other in zip(low_to_high[1:], as_many, strict=True)) and prices.l0[:-1].mean(1).min() < curve_l0[2] < curve_l0[8] < prices.l0[:-1].mean(1).max())
    claim("TopK's marks lie at their k or left of it", all(curve_l0[k] <= k for k in low_to_high) and curve_l0[3] < 3)
    claim("the more latents are active, the smaller is the error, for both kinds", list(curve.values()) == sorted(curve.values(), reverse=True) and bool((prices.unexplained[:-1].mean(1).diff() > 0).all()) and bool((prices.l0[:-1].mean(1).diff() < 0).all()))
    claim("trained dictionaries answer almost what the formula says, for three λ and three directions", all(abs(answer - (1 - penalty / 2)) < 0.05 for penalty, three in answers.items() for answer in three))

# %% [markdown]
# ## 4 · One token taken apart
#
# The vectors are now the residual stream of `code-4l` before its third block. The dictionary has 1 536 latents, eight for every dimension, and is of the TopK kind with $k = 16$. It learned from 765 000 vectors, in half an hour on a CPU (`models/sae.py` is the recipe).
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
sae.anatomy_bars(*parts, "the “)” of print(…)").captioned("The latents at the closing parenthesis of carries(…). Last column: the squared length of what is missing, as a share of that of x − b_dec. Readings are first names, which section 5 explains. Latents without one have a “?”, or are active at more than one token in ten, which is then given.")

# %% [markdown]
# Sixteen numbers are enough to rebuild 94 % of this vector of 192, and the first two alone leave less than a third of it. The `)` of `print(…)` shares five of the sixteen latents, these two among them. But we cannot read all of it: more than half of the sixteen have a question mark, most of them among the eight weakest, which the figure does not list.
#
# On sixteen contexts of held-out modules together, 12 % of the variance is unexplained. (The sixteen principal components of these vectors leave 56 %.) Does this matter to the model? We put the reconstruction in the place of the residual stream and let the model go on from there. Its loss rises from 2.19 to 2.38 nats a token. With the mean vector in that place it would rise to 6.65, and the share of this harm that the reconstruction avoids is called the **loss recovered**. It is 96 % here.

# %% claims
some = stored.held_out().tokens[::4]  # sixteen contexts
vectors, _ = dictionary.activations(some)  # (token, d)
unexplained_here = sae.fvu(vectors, dictionary.sae(vectors))
singular = torch.linalg.svdvals(vectors - vectors.mean(0))
losses = [site.losses(some, edit).mean() for edit in (None, reconstruction(dictionary), lambda there: vectors.mean(0).expand_as(there))]
recovered = sae.loss_recovered(*(loss[None] for loss in losses))
shared = set(parts[0].latents.tolist()) & set(parts[1].latents.tolist())
W_dec = dictionary.sae.W_dec
with claims():
    claim("1 536 latents, k = 16, trained on 765 000 vectors", (dictionary.sae.config.n_latents, dictionary.sae.config.k, facts["data"]["vectors"]) == (1536, 16, 765_000))
    claim("it learned in half an hour on a CPU", page.about(facts["minutes"], 30) and facts["hardware"]["device"] == "cpu")
    claim("eight latents a dimension", dictionary.sae.config.n_latents == 8 * dictionary.sae.config.d_in)
    claim("the two strongest, 1490 and 378, leave less than a third", parts[0].latents[:2].tolist() == [1490, 378] and parts[0].left[2] < 1 / 3)
    claim("sixteen numbers rebuild 94 % of 192", len(parts[0].latents) == 16 and page.rounds_to(100 * (1 - parts[0].left[-1]), "94") and x.shape[1] == 192)
    claim("the ) of print(…) shares five of the sixteen, with 1490 and 378", {1490, 378} <= shared and len(shared) == 5 and len(parts[1].latents) == 16)
    claim("where a reading says how often, it is more than one in ten", all(int(text.split()[1]) > 10 for text in parts[0].readings[:8] if text.startswith("at ")))
    claim("more than half have a question mark, most among the eight weakest", parts[0].readings.count("?") > 8 and 2 * parts[0].readings[8:].count("?") > parts[0].readings.count("?"))
    claim("sixteen principal components of the same vectors leave 56 %", page.rounds_to(100 * (1 - singular[:16].square().sum() / singular.square().sum()), "56"))
    claim("sixteen contexts: 12 % unexplained", len(some) == 16 and page.rounds_to(100 * unexplained_here, "12"))
    claim("the loss is 2.19, 2.38 with the reconstruction, 6.65 with the mean: 96 % recovered", [f"{loss:.2f}" for loss in losses] == ["2.19", "2.38", "6.65"] and page.rounds_to(100 * recovered, "96"))

# %% [markdown]
# ## 5 · A name and its number
#
# From here on latent 9 is questioned step by step, and the other three follow more briefly. A name begins with a look at places where the latent is active. Here are eight from twelve sample programs of the course. The four on top are the strongest, at most one from each context. Since these may flatter a latent, four places drawn at random from *all* its activity stand below.

# %%
reading.explain(9, count=4)

# %% [markdown]
# The token that counts is underlined in orange, and blue shows where the latent is active. “Promotes” names the tokens whose logit the direction raises most through the unembedding, and `)` comes first. A latent that stands for one thing only is called **monosemantic**. Is 9 one, for “inside brackets”?
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
# Whoever picks every token gets 0.41 for “inside brackets”, and latent 9 gets 0.80. “Closing brackets” does well too. The 0.62 of “everywhere” is worth nothing: the name fits every token, so that the precision is 1 whatever the latent does, and 1490 is active at only 45 % of the tokens. And half of what 138 picks does not close a string.
#
# ### All latents at once
#
# Python's tokenizer and parser give 21 *labels* to tokens, such as closing bracket or comment. We count every latent against every label on the sample programs. The best label is the *reading* of a latent if its F1 is at least 0.4. A latent that is active for more than one token in ten is called **dense**, and one that is never active is called **dead**.

# %% figure
census = sae.Census.of(reading)
plots.show(
    census.plot((378, 9, 1490, 138)),
    "A cloud of dots, most of them grey and below a dotted line at 0.4; few blue dots above it.",
    caption="A dot is a latent: how often it is active in the sample programs, and how well the best of 21 labels fits it. The dotted line is at 0.4, from which a label is a reading.",
)

# %% [markdown]
# Only 37 of the 1 536 have a reading. A “?” does not mean that a latent stands for nothing, only that none of our labels tells it. The four of the puzzle were not drawn at random. We chose them for their clear pictures, and three of them are among the six latents that a label fits best.
#
# **Try it.** Give the dictionary a line of your own. At each token you see the three strongest latents, with their readings and activations. (Dense latents without a reading are left out.)

# %%
yours = sae.strongest(reading, 'print("a", (1, 25))')
yours

# %% [markdown]
# At the `"` that *opens* the string, the strongest latent is 859, whose reading is “closing quotes”.

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
    claim("twelve sample programs; 64 contexts held out", len(samples.names()) == 12 and text.tokens.shape == (64, 256))
    claim("inside brackets has 0.80, every token picked 0.41", page.rounds_to(by_latent[9]["F1"], "0.80") and page.rounds_to(by_latent[9]["F1, all picked"], "0.41"))
    claim("everywhere has 0.62 with precision 1 and recall 0.45", page.rounds_to(by_latent[1490]["F1"], "0.62") and float(by_latent[1490]["precision"]) == 1 and page.rounds_to(by_latent[1490]["recall"], "0.45"))
    claim("half of what 138 picks does not close a string", page.between(by_latent[138]["precision"], 0.5, 0.55))
    claim("378, 9 and 138 are among the six latents that a label fits best", {378, 9, 138} <= set(census.f1.topk(6).indices.tolist()))
    claim("37 of 1 536 have a reading from 21 labels by the rule of 0.4", int(census.kinds["named"].sum()) == 37 and len(census.f1) == 1536 and len(labels.names) == 21 and sae.anatomy.FITS == 0.4)
    claim("a reading of section 4 has an F1 of at least 0.4", all(reading.label(i)[1] >= 0.4 for i, word in zip(parts[0].latents.tolist(), parts[0].readings, strict=True) if word != "?" and not word.startswith("at ")))
    claim("859 is the strongest at the opening quote, and reads “closing quotes”", [yours.latents[2][0][i] for i in (0, 2)] == [859, "closing quotes"])

# %% [markdown]
# ## 6 · Looking for exceptions
#
# A programmer prints the cases that fail. Latent 9 is silent at many tokens that stand inside brackets. Here are eight of these from the sample programs. What do most of them have in common?

# %% figure
inside = labels.flags[:, [labels.names.index(name) for name in ("opens", "in_brackets")]].any(dim=1)
silent = (inside & (reading.rows[:, 9] == 0)).nonzero()[:, 0]
missed_at = silent[torch.randperm(len(silent), generator=torch.Generator().manual_seed(0))[:8]].tolist()
spelled_out = [[dictionary.model.tokenizer.decode([i]) for i in row] for row in reading.tokens[:, 1:].tolist()]


def around(row, at):
    pieces = ["".join(part) for part in (row[max(0, at - 12) : at], row[at : at + 1], row[at + 1 : at + 5])]
    return " ".join("{}⟦{}⟧{}".format(*pieces).replace("\n", "⏎").split())


page.table([{"place": str(n), "around the token ⟦ ⟧": f"`{around(spelled_out[at // 255], at % 255)}`"} for n, at in enumerate(missed_at, 1)],
           caption="Eight tokens inside brackets at which latent 9 is silent, drawn at random.")  # fmt: skip

# %% [markdown]
# At six of the eight, a `[` or a `{` is open. At none of the eight has the context a `(` that is still open: at the two others the bracket was opened before the context begins, where the model cannot see it. Of all 1 537 such tokens this holds at 1 141. A better name is *a parenthesis is open*: a `(` of the context has not been closed yet, in code or in text.
#
# If this name is right, latent 9 should also be active after a `(` in a comment, where Python sees no brackets. The program below tests it. It also asks about latent 378, which was active at `)` only. Two names predict this: *a bracket closes here*, and *the token* `)`. At four of the seven framed tokens they differ.

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

# %% [markdown]
# We put the program behind 170 tokens of other code, because so far we have seen latent 1490 at the beginning of a text only.

# %% figure answer
before = reading.tokens[:1, :171]  # of a sample program, with the starting token
placed = dictionary.encode(torch.cat([before, differ_tokens[:, 1:]], dim=1))[0, 170:]  # (token, latent)
placed[0] = 0
plots.show(
    shaded_panels([Panel(f"{i}: {name}?", spelled, placed[:, i]) for i, name in zip(sae.names.LATENTS, sae.names.FIRST, strict=True)]),
    "The program four times: 378 at all five closing parentheses and at no square bracket; 9 between parentheses, also in the comment, and not in items[0]; 138 at a closing quote; 1490 nowhere.",
    caption="The program behind 170 tokens of other code, with the four latents and their first names. Latent 1490 is silent.",
)
page.measured("sae.exceptions", ", ".join(str(n) for n, i in enumerate(asked, 1) if placed[i, 378] > 0))

# %% [markdown]
# - *Latent 378* is active at tokens 1, 2, 4, 5 and 6. Two of these close nothing, and it is silent at both `]`. A better name is *the token* `)`.
# - *Latent 9* is active between the parentheses of the comment, as its new name says, and silent in `items[0]`. It has exceptions too, such as the faint `def co`.
# - *Latent 1490* is silent, although it was active at every token of the first program. The next figure shows why.

# %% figure
sae.strip(reading, 1490).captioned("Latent 1490, at three of its strongest places and at three drawn at random; the token that counts is underlined. On the right its activation against the place in the context: the median over the sample programs' contexts, in a band from the tenth to the ninetieth percentile.")

# %% [markdown]
# It marks a *place*. Its activation falls steadily from the beginning of the context, and in the second half it is zero nearly everywhere. A better name is *early in the context*. On the sample programs the best limit for “early” is the 118th token, and we keep this limit.
#
# The program did not break “closing quotes”. But half of what 138 picks on the held-out text closes no string, and in the sample programs it is active at half of the `"` that *open* one. This name is broken too, and we have no better one.

# %% figure
left = text.left(dictionary.model.tokenizer.decode)  # (token, name)
three = sae.names.LATENTS, sae.names.FIRST, sae.names.LEFT
new_f1 = {i: sae.names.counted(on[:, i], named, text.module) for i, named in zip(three[0], left.T, strict=True)}
every = {i: float(score(on[:, i], named)["F1, all picked"]) for i, named in zip(three[0], left.T, strict=True)}
page.table([{"latent": str(i), "first name": old, "its F1": first_f1[i], "better name": "none" if i == 138 else new,
             "its F1 ": None if i == 138 else new_f1[i], "all picked": None if i == 138 else every[i]} for i, old, new in zip(*three, strict=True)],
           decimals=2, interval="95 %, modules resampled",
           caption="First and better names on the held-out text. Below each F1 stands its interval: modules were drawn again and again with replacement, and 95 % of the results lie in it. Last column: the better name where every token is picked.")  # fmt: skip

# %% [markdown]
# Each of the three new names has the larger F1, with its whole interval above that of the first name. For latent 9 it rose from 0.80 to 0.93. Most closing brackets are a `)`, and most `)` close a bracket, so that good examples alone would never have told the two names of 378 apart. To test a name, one has to look for the places, however rare, where another name says something else.

# %% claims
closes_here, is_parenthesis = text.first[:, 0], left[:, 0]
is_open = sae.names.still_open([spelled])[0]
only_square = str.maketrans("[{]}()", "(())  ")  # [ and { count as (
round_open = sae.names.still_open(spelled_out).flatten()
square_open = sae.names.still_open([[word.translate(only_square) for word in row] for row in spelled_out]).flatten()
in_text = [i for i in range(len(spelled)) if is_open[i] and not flagged["in_brackets"][i] and not flagged["opens"][i]]
in_square = slice(asked[-1] - 2, asked[-1])  # [0
by_place = [reading.f[:, max(1, i) : i + 8, 1490].mean().item() for i in range(0, 128, 8)]
opening = (reading.tokens[:, 1:].flatten() == dictionary.model.tokenizer.convert_tokens_to_ids('"')) & labels.flags[:, labels.names.index("string_opens")]
with claims():
    claim("the two names of 378 differ at four of seven tokens", len(asked) == 7 and sum(bool(flagged["closes"][i]) != (spelled[i] == ")") for i in asked) == 4)
    claim("latent 378 is active at all five ) of the program and at nothing else", [w for w, v in zip(spelled, placed[:, 378].tolist(), strict=True) if v > 0] == [")"] * 5)
    claim("latent 9 is active at every token between the parentheses of the comment, and silent in items[0]", len(in_text) == 5 and bool((placed[in_text, 9] > 0).all()) and float(placed[in_square, 9].max()) == 0)
    claim("latent 9 is faintly active at def co, where no parenthesis is open", spelled[1:3] == ["def", " co"] and page.between(placed[1:3, 9] / placed[:, 9].max(), 0.1, 0.2) and not is_open[1:3].any())
    claim("latent 138 is active at the closing quote only", [i for i, v in enumerate(placed[:, 138].tolist()) if v > 0] == flagged["string_closes"].nonzero()[:, 0].tolist())
    claim("latent 1490 is silent at every token", float(placed[:, 1490].max()) == 0 and bool((f[1:, 1490] > 0).all()))
    claim("1490 falls steadily, and is zero nearly everywhere in the second half", by_place == sorted(set(by_place), reverse=True) and (reading.f[:, 128:, 1490] == 0).float().mean() > 0.98)
    claim("the best limit for early is the 118th token", text.early == 118 == 1 + max(range(255), key=lambda last: float(score(reading.rows[:, 1490] > 0, torch.arange(255).repeat(63) <= last)["F1"])))
    claim("at six of the eight a [ or { is open, at none a (", sum(square_open[at] for at in missed_at) == 6 and not any(round_open[at] for at in missed_at))
    claim("at 1 141 of 1 537 tokens inside brackets where 9 is silent no ( is open", len(silent) == 1537 and int((~round_open[silent]).sum()) == 1141)
    claim("latent 9 rose from 0.80 to 0.93", page.rounds_to(first_f1[9][0], "0.80") and page.rounds_to(new_f1[9][0], "0.93"))
    claim("138 is active at half of the double quotes that open a string", page.between((reading.rows[opening, 138] > 0).float().mean(), 0.5, 0.55))
    claim("three new names have a larger F1, with intervals apart", all(new_f1[i][1] > first_f1[i][2] for i in (378, 9, 1490)) and new_f1[138] == first_f1[138])
    claim("most closing brackets are a ), and most ) close a bracket", closes_here[is_parenthesis].float().mean() > 0.5 and is_parenthesis[closes_here].float().mean() > 0.5)

# %% [markdown]
# ## 7 · What did the model have to learn?
#
# A latent with a good name need not show something that `code-4l` has learned. As a control we take the same model before its training, with random weights, and train a **dictionary of a random model** on its vectors. Of its 1 536 latents we choose, on the sample programs, the best one for each name and its best threshold. Then it is counted on the held-out text. (It was trained on a sixth as many vectors as ours.)

# %% prediction
predict("sae.random")

# %% [markdown]
# The best latent of this dictionary may still miss what is in the vectors. So we also let a **probe** look for each name: a direction that is trained on it, here by logistic regression on the sample programs.

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
    "Four rows with four marks each; for two names the probe of the random model lies far to the right, for the other two both marks of the random model lie below one half.",
    caption="Four names: latents (circles) and probes (diamonds), of our model (blue) and of a random model (grey), with 95 % intervals. At “closing quotes” and “a parenthesis is open” both grey marks lie below one half.",
)
page.measured("sae.random", text.others[0, 0, 0].item())

# %% [markdown]
# - *The token* `)` is there before training: the best latent of the random model reaches an F1 of 0.94, and its probe 0.95. Random embeddings of tokens differ from one another too.
# - *A parenthesis is open* can hardly be read from the random model: its best latent reaches 0.25 and its probe 0.43, where picking every token gives 0.38. Latent 9 has 0.93. As far as these two show, the model had to learn the name. For *closing quotes* both stay at about a third.
# - *Early in the context* can be read from the random model by the probe, with 0.91, but not by a latent, with 0.14.
#
# So the good scores of 378 and 1490 say little about what `code-4l` has learned. Whoever reports a number for a trained model should have the same number for an untrained one. Heap et al. 2025 ([arXiv 2501.17727](https://arxiv.org/abs/2501.17727)) found that untrained networks give nice latents too.
#
# The blue diamonds show that a probe of our model, if one knows what to look for, is at least as good as the latent, at each of the four names. But “a parenthesis is open” is none of our 21 labels, and it was latent 9 that led us to it. What a dictionary offers is directions found without labels.

# %% claims
random_latent, random_probe, our_probe = text.others[..., 0]
with claims():
    claim("the random model's dictionary has 1 536 latents", sae.card("resid-2-untrained")["config"]["n_latents"] == 1536)
    claim("a parenthesis is open: the random model's latent has 0.25, its probe 0.43, every token picked 0.38", all(page.rounds_to(value, shown) for value, shown in zip((random_latent[1], random_probe[1], every[9]), ("0.25", "0.43", "0.38"), strict=True)))
    claim("closing quotes: both readers of the random model at about a third", all(page.about(value, 1 / 3) for value in (random_latent[2], random_probe[2])))
    claim("the token ): 0.94 and 0.95", page.rounds_to(random_latent[0], "0.94") and page.rounds_to(random_probe[0], "0.95"))
    claim("early in the context: the probe has 0.91, the latent 0.14", page.rounds_to(random_probe[3], "0.91") and page.rounds_to(random_latent[3], "0.14"))
    claim("for a parenthesis is open and closing quotes both readers of the random model stay below one half", bool((text.others[:2, 1:3, 0] < 0.5).all()))
    claim("a probe of our model is at least as good as the latent at each of the four names", all(our_probe[column] >= new_f1[i][0] for column, i in enumerate(sae.names.LATENTS)))

# %% [markdown]
# ## 8 · Does the model use it?
#
# Whether the model *uses* a latent's direction is another question, and it takes an intervention to answer it. We can add the direction where the latent is silent. To set a latent to a high value, usually at every token, is called **steering**. Templeton et al. 2024 made a large model speak of the Golden Gate Bridge whatever it was asked.
#
# After `names = [first, second` the model expects a `]`. At `second` we add latent 9, as strongly as it is active when the line has `(` in the place of `[`. If its direction means “inside brackets”, nothing new is said. If it means “a parenthesis is open”, the prediction should change.

# %% prediction
predict("sae.steered")

# %%
def predicted(tokens, place, shifts, site=site):
    """The probability of each next token, after each of some shifts of the vector at `place`."""
    edited = site.activations(tokens).repeat(len(shifts), 1, 1)  # (shift, token, d)
    edited[:, place] += shifts
    return site.logits(tokens.expand(len(shifts), -1), edited)[:, place].softmax(dim=-1)


line, _ = dictionary.read("names = [first, second")
strength = dictionary.encode(dictionary.read("names = (first, second")[0])[0, -1, 9]
others = sae.matched_latents(on.float().mean(dim=0), 9, 8)  # active about as often as 9
as_before = predicted(line, -1, torch.zeros(1, 192))
with_9 = predicted(line, -1, strength * W_dec[[9]])
with_another = predicted(line, -1, strength * W_dec[others])

# %% figure answer
decode_token = dictionary.model.tokenizer.decode
plots.show(
    sae.next_tokens({"as it is": as_before, "9 added": with_9, "another added": with_another}, decode_token, "9 added"),
    "Three rows of bars; as it is a closing square bracket is the likeliest, with latent 9 added a closing parenthesis, with another latent again the square bracket.",
    caption="The likeliest tokens after `names = [first, second`. On the right, the eight latents whose frequency is nearest to that of 9 were added as strongly.",
)
page.measured("sae.steered", decode_token([int(with_9.argmax())]))

# %% [markdown]
# With latent 9 added, `)` is the likeliest token, at 0.52. With none of the eight others does it have a tenth.
#
# But we tried several lines, and chose this one because it shows the change well. Section 5 also showed that the direction promotes `)` by itself. To see how much comes by this *direct path*, we add the same vector after the last block, where no block reads it.
#
# So we go to the held-out text. Sixteen of its contexts have a name or keyword where the two names part: a `[` or `{` is open, no `(` is, and 9 is silent. In each of them we draw one, and add 9 there. In every fourth context we also draw one at which a parenthesis is open and 9 is active, and subtract the latent's part from the vector, which is called an **ablation**:
#
# $$x \;\to\; x - f_9\, d_9 ,$$
#
# with $f_9$ its activation and $d_9$ its direction, of shape (d). Everything else stays, including what the dictionary does not reconstruct. The null is the same push along each of the eight other latents.

# %%
rounded, square = (dictionary.model.tokenizer.convert_tokens_to_ids(s) for s in ")]")
after = sae.Site(dictionary.model, "blocks.3.hook_resid_post")  # after the last block


def moved(wanted, strengths, site, token=rounded):
    """How far 9 and eight others move the log-odds of a token, at one place of each context."""
    rng, found = torch.Generator().manual_seed(0), []
    for c in wanted.any(dim=1).nonzero()[:, 0].tolist():
        at = int(torch.multinomial(wanted[c].float(), 1, generator=rng))
        shifts = strengths[c, at] * torch.cat([torch.zeros(1, 192), W_dec[[9]], W_dec[others]])
        odds = predicted(text.tokens[c, : at + 2][None], -1, shifts, site)[:, token].logit()
        found.append(odds[1:] - odds[0])
    return torch.stack(found)  # (place, latent), 9 first

# %% figure answer
vocabulary = range(dictionary.model.cfg.d_vocab)
is_word = torch.tensor([decode_token([i]).strip().isidentifier() for i in vocabulary])[text.tokens[:, 1:]]
opened, active_9 = left[:, 1].view(64, -1), f_held[:, :, 9]
held_words = [[decode_token([i]).translate(only_square) for i in row] for row in text.tokens[:, 1:].tolist()]
in_square = is_word & text.first[:, 1].view(64, -1) & sae.names.still_open(held_words) & ~opened & (active_9 == 0)
in_round = is_word & opened & (active_9 > 0) & (torch.arange(64) % 4 == 0)[:, None]
added, taken = moved(in_square, strength.expand_as(active_9), site), moved(in_round, -active_9, site)
added_after, taken_after = moved(in_square, strength.expand_as(active_9), after), moved(in_round, -active_9, after)
fig, axes = plots.figure(1, 2, height=2.9, sharey=True)
for ax, change, direct, title in zip(axes, (added, taken), (added_after, taken_after), ("added where [ or { is open, no (", "taken away where ( is open"), strict=True):
    rank = change[:, 0].argsort()
    ax.plot(range(len(rank)), change[rank, 1:], "o", color=plots.GREY, markersize=4)
    ax.plot(range(len(rank)), direct[rank, 0], "D", color=plots.HEAD, markersize=6, fillstyle="none")
    ax.plot(range(len(rank)), change[rank, 0], "o", color=plots.HEAD, markersize=7)
    ax.axhline(0, color=plots.INK, linestyle=":", linewidth=1)
    ax.set(title=title, xticks=[], xlabel="sixteen places")
axes[0].set(ylabel="change of the log-odds of “)”")
plots.show(
    fig,
    "Two panels of sixteen columns; on the left the blue marks lie above the grey ones, on the right below nearly all of them.",
    caption="How far latent 9 (blue dots) and eight others (grey) move the log-odds of `)`, at sixteen places each of the held-out text, in the order of the effect of 9. Hollow diamonds: latent 9 by the direct path alone.",
)

# %% [markdown]
# Added where only a `[` or `{` is open, latent 9 raises the odds of `)` at all sixteen places, and at fifteen of them more than each of the others does. Taken away where a parenthesis is open, it lowers them at all sixteen, and again at fifteen more than each of the others. So the direction raises `)` also at places that we did not choose.
#
# But where 9 is added, the direct path alone is as strong. On average, the added latent raises the log-odds by 2.9, and the same vector after the last block also by 2.9. The chosen line was an exception: there the direct path brings `)` to 0.08 only. Nor does `]` become less likely at most places: its odds rise at nine of the sixteen. What we may say is that the direction *writes* `)` into the prediction. That later blocks *read* it as an open parenthesis is not shown.
#
# ### The same question for all four
#
# Does the prediction depend on a latent more than on others? We take 378 away at the `)` of `print("hello", name)`, where the model expects a line break. Any push of this length may disturb a model. So we also push as far against the direction of each of the fifteen other latents that are active at this token, the *rivals* of 378.

# %%
place = 35  # that “)”
rivals = [i for i in range(1536) if f[place, i] > 0 and i != 378]
as_it_is = predicted(tokens, place, torch.zeros(1, 192))
without_378 = predicted(tokens, place, -f[place, 378] * W_dec[[378]])
along_rivals = predicted(tokens, place, -f[place, 378] * W_dec[rivals])  # as long a push

# %% figure
plots.show(
    sae.next_tokens({"as it is": as_it_is, "without 378": without_378, "against a rival": along_rivals}, decode_token, "without 378"),
    "Three rows of bars; without latent 378 the equals sign is the likeliest next token, and after an equal push along a rival nearly always a line break.",
    caption="The likeliest tokens after `print(\"hello\", name)`. On the right a stroke is one of the fifteen rivals, and a bar is their mean. ⏎ is a line break, with the blanks that follow it; ␣ is a blank.",
)

# %% [markdown]
# Without latent 378 the model's first choice is `=`, which could only follow if the call were still open. This does not bring back “closing brackets”: here the `)` does close one, so that both names foretell it. After each of the fifteen other pushes a line break stays the likeliest.
#
# How far the prediction moves is measured by the **KL divergence** of the changed prediction from the untouched one, in nats, which is 0 where the two agree. A latent *beats* a rival where taking the latent away moves the prediction further than the push against the rival. At the `)` above, 378 beats all fifteen.
#
# We repeat this at 100 tokens at which the latent is active, each in the first half of another context. These contexts are drawn from a larger held-out text than that of section 5. A latent like its rivals would beat one half of them. We say that the model *depends* on a latent if the whole 95 % interval of its mean share lies above one half. Twenty latents drawn at random are tested too.

# %% prediction
predict("sae.causal")

# %% figure answer
test = stored.rivals()
drawn = [latent for latent in test.latent.tolist() if latent not in stored.TESTED]
depends = {latent: low > 0.5 for latent, (_, low, _) in test.rows.items()}
plots.show(
    test.plot(dict(zip(sae.names.LATENTS, sae.names.LEFT, strict=True)), drawn),
    "Five rows; the four latents of the puzzle lie above one half with their intervals, and twenty drawn at random are spread widely around one half.",
    caption="The share of its rivals that each latent beats, mean over 100 tokens, with the 95\u00a0% interval from drawing modules again. Below, the means of twenty latents drawn at random from those active in at least a hundred contexts.",
)
page.measured("sae.causal", {4: "all four", 3: "three", 2: "two"}.get(sum(depends[i] for i in four), "one or none"))

# %% [markdown]
# The model depends on all four, in this sense, and also on eight of the twenty that were drawn at random. So the test is not hard to pass. It never looks at a name, and does not separate the direct path from what later blocks read.

# %% claims
break_ids = [i for i in range(dictionary.model.cfg.d_vocab) if (t := decode_token([i])) and not t.strip() and "\n" in t]
pushed = sae.pushes(dictionary, tokens[0], site.activations(tokens)[0], f[place], place, 378)  # 378 first, then its rivals
by_path = [moved(in_square, strength.expand_as(active_9), site, square), predicted(line, -1, strength * W_dec[[9]], after)]
with claims():
    claim("the model expects a line break, and = without latent 378", as_it_is[:, break_ids].sum() > 0.95 and decode_token([int(without_378.argmax())]).strip() == "=")
    claim("after each of fifteen other pushes a line break is the likeliest", len(rivals) == 15 and {int(i) for i in along_rivals.argmax(dim=1)} <= set(break_ids))
    claim("378 beats all fifteen at this token; the edits are those of the cell above", len(pushed) == 16 and bool((pushed[0] > pushed[1:]).all()) and torch.allclose(pushed[0], (as_it_is * (as_it_is / without_378).log()).sum(), atol=1e-3))
    claim("100 tokens each, of twenty latents drawn, too", test.beaten.shape == (25, 100) and len(drawn) == 20)
    claim("the model depends on the four of the puzzle, and on eight of the twenty", all(depends[i] for i in four) and sum(depends[i] for i in drawn) == 8)
    claim("the model expects a ], and with 9 added a )", decode_token([int(as_before.argmax())]) == "]" and decode_token([int(with_9.argmax())]) == ")" and page.rounds_to(with_9[0, rounded], "0.52"))
    claim("with none of the eight others does ) have a tenth", len(others) == 8 and with_another.shape[0] == 8 and with_another[:, rounded].max() < 0.1)
    for words_for, move in zip(("adding 9 raises", "taking 9 away lowers"), (added, -taken), strict=True):
        claim(f"at all sixteen places {words_for} the odds of ), at fifteen more than each of the eight others does", move.shape == (16, 9) and bool((move[:, 0] > 0).all()) and int((move[:, :1] > move[:, 1:]).all(dim=1).sum()) == 15)
    claim("added, 2.9 on average, and 2.9 by the direct path", page.rounds_to(added[:, 0].mean(), "2.9") and page.rounds_to(added_after[:, 0].mean(), "2.9"))
    claim("at the chosen line the direct path brings ) to 0.08", page.rounds_to(by_path[1][0, rounded], "0.08"))
    claim("the odds of ] rise at nine of the sixteen places", int((by_path[0][:, 0] > 0).sum()) == 9)

# %% [markdown]
# ## 9 · The puzzle, answered
#
# Has the method found the model's own idea of a closing bracket? As far as our tests go, no: latent 378 stands for the token `)`. But it has found something else that nobody told it. Latent 9 is active where a parenthesis is open, we do not find this in the random model, and its direction raises `)`.

# %% figure
broken = {378: "in comments, and at `]`", 9: "in `[ ]` and `{ }`", 138: "at opening `\"`", 1490: "later in a text"}
need = {True: "no", False: "as far as we see"}
page.table([{"latent": str(i), "first name": first, "broken": broken[i], "name that is left": "none" if i == 138 else name, "F1": "–" if i == 138 else f"{new_f1[i][0]:.2f}", "all picked": "–" if i == 138 else f"{every[i]:.2f}",
             "had to be learned?": "–" if i == 138 else need[bool(random_probe[column] > 0.9)], "rivals beaten": f"{100 * test.rows[i][0]:.0f} %"}
            for column, (i, first, name) in enumerate(zip(sae.names.LATENTS, sae.names.FIRST, sae.names.LEFT, strict=True))],
           caption="The four latents of the puzzle, with the verdicts of sections 6, 7 and 8. “All picked”: the F1 of the name where every token is picked. Of rivals, a latent like the others beats 50 %.")  # fmt: skip

# %% [markdown]
# No first name survived, although the first picture spoke for each. What broke them was a look at the misses, and at places where another name says something else. What a latent stands for, whether the model had to learn it, and whether the model uses it are three questions, each with a test of its own.
#
# ## 10 · Now on larger models
#
# A published dictionary of [Gemma 2 2B](https://huggingface.co/chanind/gemma-2-2b-batch-topk-matryoshka-saes-w-32k-l0-40) has 32 768 latents. [Neuronpedia](https://www.neuronpedia.org) shows such latents one by one, as section 5 does. Look there for a latent with perfect examples, and write a text that could refute its name.

# %% [markdown]
# ## 11 · What this does not show
#
# - *One dictionary.* Everything about `code-4l` rests on one training, one place and one width, and trainings from different starts find different latents (Paulo and Belrose 2025, [arXiv 2501.16615](https://arxiv.org/abs/2501.16615), and the deeper notebook). Nothing shows that these are *the* features of the model.
# - *Four latents, chosen by us.* 1 484 of the 1 536 have a question mark, and no latent shows what is in the unexplained part of the variance.
# - *Absence.* Where a latent and a probe fail, a name may still be in the random model.
# - *Are dictionaries worth the trouble?* Kantamneni et al. 2025 could not consistently improve on ordinary probes with latents. None of our four latents did better than a probe, either.
# - *No mechanism yet.* The tests of section 8 do not find a head or neuron that reads the direction.

# %% claims
with claims():
    claim("1 484 of 1 536 have a question mark", int(census.kinds["?"].sum()) == 1484)
    claim("the random model's dictionary read a sixth as much", page.between(sae.card("resid-2-untrained")["rows"] / facts["rows"], 0.16, 0.17))
    claim("all four first names are broken: 378, 9 and 1490 in the program, 138 at opening quotes", float(placed[:, 1490].max()) == 0 and bool((placed[in_text, 9] > 0).all()) and bool((placed[[i for i in asked if not flagged["closes"][i]], 378] > 0).all()) and (reading.rows[opening, 138] > 0).any())

# %% card
page.card(
    {
        "claim": "A sparse dictionary can find features that nobody listed.",
        "evidence": "Known features: nearly all of 64 in 32 dimensions.",
        "control": "As many random directions.",
        "where it fails": "Features that always come together.",
    },
    {
        "claim": "The L1 penalty makes activations too small.",
        "evidence": "Dictionaries of the plane answer 1 − λ/2 at strength 1, for three λ.",
        "control": "The formula itself.",
        "where it fails": "With many latents it is not the only harm (deeper notebook).",
    },
    {
        "claim": "Latent 9 is active where a parenthesis is open, and this is not found in a random model.",
        "evidence": "F1 on held-out modules, larger than that of its first name.",
        "control": "A dictionary and a probe of a random model.",
        "where it fails": "The token “)” and the place in the context: a probe of a random model reads them too.",
    },
    {
        "claim": "The direction of latent 9 raises “)” in the prediction.",
        "evidence": "Added, it raises the odds of “)”, and taken away it lowers them, at sixteen places each.",
        "control": "Eight other latents, added and taken away as strongly.",
        "where it fails": "That later blocks read it: on average, the direct path alone is as strong.",
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
# - precision: of the tokens picked, the share that has the label.
# - recall: of the tokens with the label, the share picked.
# - dictionary learning: finding directions of which every vector needs few.
# - sparse autoencoder: an encoder and a decoder, trained to rebuild vectors as sums of few directions.
# - latent: one entry of f, with its direction.
# - dictionary: all directions of a sparse autoencoder together.
# - L1 norm: the sum of the sizes of all entries.
# - L0: how many latents are active in a vector, on average.
# - ReLU with an L1 penalty: a kind whose loss contains the sum of its activations.
# - TopK: a kind that keeps the k largest products of each vector.
# - null: what chance alone gives.
# - matching: one latent for each true feature, so that the sum of cosines is largest.
# - shrinkage: activations made too small by a penalty.
# - dead: never active.
# - dense: active for more than one token in ten.
# - fraction of variance unexplained: squared errors over squared distances from the mean.
# - loss recovered: of the harm done by the mean vector, the share that a reconstruction avoids.
# - dictionary of a random model: one trained on a copy of the model with random weights.
# - monosemantic: standing for one thing only.
# - probe: a direction trained on labels.
# - steering: setting a latent to a high value.
# - ablation: subtracting a latent's part of the vector.
# - KL divergence: how far one prediction is from another, in nats.

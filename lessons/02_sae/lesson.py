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
# Nobody told the method about brackets or quotes, and still the pictures seem to ask for such names. Has it found the model's own idea of a closing bracket, or do we only read one into it? We first see how such latents are found, and when they are the right ones. Then we try to break the names, and we take latents out of the model and put them in, to see what it does with them. At the end the four come back, each with a verdict.

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
# Lesson 1 asked how a model stores features. Now we turn the question round: we see only the vectors, and look for the features in them. We begin in a plane, with vectors that we made ourselves, so that we know what should come out. Each vector is a sum of some of three directions, which stand 120° apart. A direction is present in one fifth of the vectors, and where it is, its strength is a random number between ½ and 1½.

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
# $x$ and $b_\text{dec}$ have the shape (d), $f$ and $b_\text{enc}$ (latent); $W_\text{enc}$ and $W_\text{dec}$ have the shape (latent, d). Each entry of $f$ is called a **latent**, and its row of $W_\text{dec}$ is its direction. The **dictionary** is all of these directions together. The bias $b_\text{dec}$, which all vectors have in common, is subtracted before reading and added again at the end. The bias $b_\text{enc}$ works as a threshold where training has made it negative: with −2, a product of 1.5 becomes 0, and a product of 5 becomes 3.
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
# What makes training choose the three rays? A good reconstruction alone does not, because the four directions right, left, up and down rebuild every vector of the plane without any error. They are wasteful, though: a vector on a ray may need two of them, where one latent would do.

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
# On the left the three arrows have turned onto rays that nobody had shown them. It does not always go so well: two of the six starts end with a larger loss, and each of these leaves at least one ray without an arrow. Happily the loss can be known without knowing the truth, and the four dictionaries with the smaller loss are the ones that hold all three rays.
#
# ### A fixed number of active latents
#
# The number of active latents of a vector, on average, is called **L0**. With the L1 penalty, L0 is whatever comes out of the training, and one has to try values of $\lambda$ until it suits. A second kind of dictionary sets a limit in advance. **TopK** (Gao et al. 2024) keeps the $k$ largest products of each vector, sets the others to 0, and applies the ReLU. With $k = 2$ the products $(3, -1, 2, 1)$ become $(3, 0, 2, 0)$. No more than $k$ latents are active, and the loss is $\|x - \hat x\|^2$ alone.

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
# To score it, we give each true feature one latent, and no latent twice, so that the sum of the cosines is as large as possible. This is a **matching**. A feature counts as *found* when its partner has a cosine above 0.9. The error is given as the **fraction of variance unexplained**: all squared errors together, over all squared distances from the mean.

# %%
def train_on(world, seed, **kind):
    """The features, the dictionary, and two measures in %: features found, variance unexplained."""
    truth = sae.Truth.draw(**stored.TRUTH | world, seed=seed)
    shape = sae.Config(d_in=32, n_latents=96, **kind)
    learned = sae.train(shape, truth, stored.RECIPE, device="cpu", show=False).sae
    x, _ = truth.sample(4000, torch.Generator().manual_seed(2))
    found = sae.Recovery.of(truth, learned.W_dec).found
    return truth, learned, 100 * found, 100 * sae.fvu(x, learned(x)).item()


apart = [train_on({}, seed, k=3) for seed in range(3)]  # three sets of features
[round(found) for *_, found, _ in apart]

# %% [markdown]
# These are the features found on each of the three sets, in percent. The function `sae.train` is the loop of section 1 with some refinements, which `course_utils/sae/training.py` lists. To see what chance alone gives, we also draw 96 random directions, as many as there are latents. Such a control is called the **null**, and it finds none.
#
# So the dictionary finds nearly every feature. Yet it leaves 13 % of the variance unexplained. Most of this is no fault of its directions: many vectors hold more than three features, and even the true directions, the three strongest for each vector, leave 9 %.
#
# These features came and went independently of one another. In a model, some may always come together. So let the 64 features now come in 32 pairs: the two of a pair are always active in the same vectors, each with its own strength. As many features as before are active at a time.

# %% prediction
predict("sae.pairs")

# %% figure answer
pairs = [train_on({"correlation": "pairs", "together": 1.0}, seed, k=3) for seed in range(3)]
apart_found, apart_error = ([row[i] for row in apart] for i in (2, 3))
pairs_found, pairs_error = ([row[i] for row in pairs] for i in (2, 3))
measured = {"features found, %": {"independent": apart_found, "in pairs": pairs_found},
            "unexplained, %": {"independent": apart_error, "in pairs": pairs_error}}
sae.pair_failure(pairs[0][0], pairs[0][1], 0, measured).captioned("Left: the vectors that hold one pair, A and B, and nothing else, in the plane of the two directions. No vector lies on A or on B alone, and the latent (blue) points along their sum. Right: features found and variance unexplained. A circle is one of three trainings, a bar and its number their mean.").show()
fewer, worse = max(pairs_found) < min(apart_found), min(pairs_error) > max(apart_error)
page.measured("sae.pairs", f"{'fewer' if fewer else 'as many'} features, {'larger' if worse else 'smaller'} error")

# %% [markdown]
# Look at the two pairs of bars together. The dictionary rebuilds the vectors better than before, and it lost nearly all of the features. For each of the 32 pairs it has a latent along the sum of the two, and hardly any single feature has a latent.
#
# Why would training prefer this? Take the true 64 directions, and for each vector the three that are strongest in it. They leave 16 % of the variance unexplained, since a vector with two pairs holds four features. Now take the 32 sums instead, again three for each vector: these leave 6 %. The directions that we call wrong rebuild the vectors better, and so nothing in the error warns us. In section 1 the smaller loss belonged to the better dictionary, but there we compared dictionaries of the same vectors. What a dictionary finds is what comes separately in the data, and this need not be what we mean by a feature.

# %% claims
def fewest(truth, rows, strength):
    """The variance unexplained, %, where each vector is rebuilt from the three of `rows` that are strongest in it."""
    x, strengths = truth.sample(4000, torch.Generator().manual_seed(2))
    three = strength(strengths).topk(3)
    kept = rows[three.indices] * (three.values > 0)[..., None]  # (vector, 3, d)
    best = torch.linalg.pinv(kept.mT) @ x[..., None]
    return 100 * sae.fvu(x, (kept.mT @ best)[..., 0]).item()


active = [(row[0][0].magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1).float().mean() for row in (apart, pairs)]
chance = [sae.match_features(truth.directions, sae.random_directions(96, 32, torch.Generator().manual_seed(i))).cosine.max() for i, (truth, *_) in enumerate(apart)]
true_apart, true_pairs = ([fewest(truth, truth.directions, lambda s: s) for truth, *_ in row] for row in (apart, pairs))
by_sums = [fewest(truth, sae.pair_sums(truth), lambda s: s.view(len(s), 32, 2).sum(2)) for truth, *_ in pairs]
with claims():
    claim("the dictionary finds nearly all features of all three sets, random directions none", min(apart_found) >= 95 and max(chance) < 0.9)
    claim("64 features in 32 dimensions, one vector of 25 each; about 2.6 at a time, with pairs too", (stored.TRUTH["features"], stored.TRUTH["d"], stored.TRUTH["probability"]) == (64, 32, 1 / 25) and page.between(active, 2.5, 2.7))
    claim("more than three features in a quarter of the vectors or more", ((apart[0][0].magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1) > 3).float().mean() > 0.24)
    claim("13 % unexplained; three true directions for each vector leave 9 %", all(page.rounds_to(error, "13") for error in apart_error) and all(page.rounds_to(error, "9") for error in true_apart))
    claim("with pairs three true directions leave 16 %, three sums 6 %", all(page.rounds_to(error, "16") for error in true_pairs) and all(page.rounds_to(error, "6") for error in by_sums))
    claim("with pairs the error is smaller, on each of the three", max(pairs_error) < min(apart_error))
    claim("with pairs hardly any feature is found", max(pairs_found) < 10)
    claim("each of the 32 pairs has a latent along its sum", all(bool((sae.match_features(sae.pair_sums(truth), learned.W_dec).cosine > 0.9).all()) for truth, learned, *_ in pairs))

# %% [markdown]
# ## 3 · How many latents should be active?
#
# In section 2 we could take $k = 3$ because we knew how many features a vector holds. In general somebody has to choose $\lambda$ or $k$. The more latents may be active, the smaller is the error, and the more there is to read for each vector. The figure shows this exchange for the vectors of section 2 and both kinds of dictionary.

# %% figure
prices = stored.prices()
kept = stored.kept() | {3: prices.topk}  # k: what was measured
plots.show(
    prices.against(kept),
    "Two falling curves; with two active latents and more that of TopK lies below that of L1.",
    caption="The variance unexplained against the number of active latents, for L1 with seven λ and for TopK with five k. A mark is one of three sets of features, a line joins their means. TopK's marks lie left of their k where one of the kept products is negative.",
)

# %% [markdown]
# With two active latents or more, TopK leaves less unexplained than L1 does with as many. The price of L1 also does a harm of its own. Let $x$ be one of the plane's directions with strength $m$. Its latent answers with an activation $f$, and error and penalty together are $(m - f)^2 + \lambda f$. The derivative $-2(m - f) + \lambda$ is zero at
#
# $$f = m - \lambda / 2 .$$
#
# So the loss is smallest where the activation is too small by $\lambda/2$. This is called **shrinkage**. Dictionaries that we trained on the plane with three different $\lambda$ answer to each of the three directions almost as the formula says. With many latents things are less simple (deeper notebook, section 11).
#
# From here on we take the vectors of a language model, with TopK. Nobody knows how many features they hold, and therefore nobody knows the right $k$. Our $k = 16$ is a choice, like the width.

# %% claims
weights_for = {0.2: best[1]} | {penalty: min((train(seed, penalty=penalty) for seed in range(6)), key=lambda run: run[0])[1] for penalty in (0.6, 1.5)}
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
# The vectors are now the residual stream of `code-4l` before its third block. The dictionary has 1 536 latents, eight for every dimension, and is of the TopK kind with $k = 16$. It learned from 765 000 vectors, by the function `sae.train` of section 2, in half an hour on a CPU (`models/sae.py` is the recipe).
#
# What does it do to one vector? Take the one at the closing parenthesis of `self.carries("wand")`. We add up its active latents, the strongest first, and after each we ask how much of the vector is still missing.

# %% figure
facts = sae.card("resid-2")
site = sae.Site(dictionary.model, dictionary.hook)
x = site.activations(tokens)[0]  # (token, d)
first, second = 24, 35  # the ")" of carries("wand"), and the ")" of print(...)
reading = sae.Reading.of(dictionary, [samples.read(name) for name in samples.names()])
parts = [sae.Anatomy.of(reading, words[place], x[place]) for place in (first, second)]
sae.anatomy_bars(*parts, "the “)” of print(…)").captioned("The latents at the closing parenthesis of carries(…). Last column: the squared length of what is missing, as a share of that of x − b_dec. The reading is a first name, given by a rule of the next section. Where there is none, the line says how often the latent is active, if at more than one token in ten, and else “?”.")

# %% [markdown]
# Sixteen numbers are enough to rebuild 94 % of a vector of 192, and the first two alone leave less than a third of it. The `)` of `print(…)` shares five of the sixteen latents, these two among them. So the vector is a little like a sentence, some of whose words come back elsewhere. But we cannot read all of it: more than half of the sixteen have a question mark, most of them among the eight weakest, which the figure does not list.
#
# That was one vector. On 4 080 tokens of held-out modules together, 12 % of the variance is unexplained. Does this matter to the model? We put the reconstruction in the place of the residual stream and let the model go on from there. Its loss rises from 2.19 to 2.38 nats a token. With the mean vector in that place it would rise to 6.64, and the share of this harm that the reconstruction avoids is called the **loss recovered**. It is 96 % here. How much that means depends on the harm that the mean does.

# %% claims
held_out, module = sae.held_out_contexts(dictionary.model, limit=16)
vectors, _ = dictionary.activations(held_out)  # (token, d)
quality = sae.Quality.of(dictionary.sae, vectors)
spliced = sae.Spliced.of(dictionary, held_out, module)
losses = [f"{getattr(spliced, key).mean().item():.2f}" for key in ("clean", "spliced", "mean")]
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
    claim("4 080 tokens: 12 % unexplained", quality.rows == 4080 and page.rounds_to(100 * quality.unexplained, "12"))
    claim("the loss is 2.19, 2.38 with the reconstruction, 6.64 with the mean: 96 % recovered", losses == ["2.19", "2.38", "6.64"] and page.rounds_to(100 * spliced.recovered["mean"], "96"))

# %% [markdown]
# ## 5 · Reading a latent
#
# A name says where a latent should be active, so that we can count how often it is right. Take latent 138, and say that its name is “quotes”. We let the latent pick the tokens at which its activation is above a threshold, here 10. The program of the beginning has four quotes, and the latent picks two of them and nothing else:
#
# | quote | `"`wand | wand`"` | `"`hello | hello`"` |
# |---|---|---|---|---|
# | latent 138 above 10 | no | yes | no | yes |
#
# **Precision** is the share of the picked tokens that the name fits, here 2 of 2. **Recall** is the share of the quotes that are picked, here 2 of 4. **F1** is the harmonic mean of the two, $2 \cdot 2 / (2 + 4) = 0.67$: twice the hits, divided by the number picked plus the number of quotes. A perfect name has 1.
#
# For 1 536 latents nobody wants to think of names. Python's own tokenizer and parser give 21 *labels* to tokens, such as closing bracket or comment. We count every latent against every label, on twelve sample programs of the course and with a threshold of 0. The best of the 21 is the *reading* of a latent if its F1 is at least 0.4. A latent that is active for more than one token in ten is called **dense**, and one that is never active is called **dead**.

# %% figure
census = sae.Census.of(reading)
plots.show(
    census.plot((378, 9, 1490, 138)),
    "A cloud of dots, most of them grey and below a dotted line at 0.4; few blue dots above it.",
    caption="Every latent of the dictionary in the sample programs, how often it is active and how well the best of 21 labels fits it. Dotted: 0.4, from which a label is a reading. The four of the puzzle have their numbers. The six dead ones have no place on the axis.",
)

# %% [markdown]
# Only 37 of the 1 536 have a reading. A “?” does not mean that a latent stands for nothing, only that none of our 21 labels tells it. Here is one of them. The boxes are from the sample programs, the token that counts is underlined in orange, and “promotes” names the tokens whose logit the direction raises most through the unembedding, per unit of activation. The boxes on top are the strongest. Since these may flatter a latent, texts drawn at random from *all* its activity stand below. What would you call it?

# %%
reading.explain(668, count=4)

# %% [markdown]
# At seven of the eight places it is at the letter `a`, a whole name or the beginning of a word. Among the tokens that it promotes are `wait` and `vailable`, with which such words go on. None of our labels is about letters, and so the latent has no reading.
#
# **Try it.** Give the dictionary a line of your own. At each token you see the three strongest latents, with their readings and activations. (Dense latents without a reading are left out.)

# %%
sae.strongest(reading, 'print("a", (1, 25))')

# %% [markdown]
# At the `"` that *opens* the string, the strongest is 859, whose reading is “closing quotes”. A reading is a first guess, and it can be wrong where one looks closely. So we look closely, first at latent 378.

# %%
reading.explain(378, count=4)

# %% [markdown]
# At its strongest places and at random ones alike, the latent is at a closing bracket. Its direction raises line breaks, `->` and `as`, all of which may follow one, and some others that say less.
#
# To score the name we go to text that the dictionary has never seen, modules of the standard library. Half of the modules choose the threshold and the best of all latents, and the other half judge. Every F1 from here on is judged on texts that have chosen nothing. The best latent for closing brackets is indeed 378. Its F1 is 0.87, where saying “yes” at every token would give 0.07. Since modules differ, we draw them again and again, with replacement, and compute the F1 of each draw. The *interval* holds 95 % of these.
#
# Could a single neuron do the same? The best of the 3 072 neurons of the model's four MLPs reaches 0.81, and its interval overlaps the latent's. It sits in the *first* MLP, which is a first hint that picking closing brackets may not ask for much.
#
# A latent that stands for one thing only is called **monosemantic**, and 378 looks like one. The second latent to read, 1490, was the strongest of section 4.

# %% figure
sae.strip(reading, 1490).captioned("Latent 1490, at three of its strongest places and at three drawn at random; the token that counts is underlined. On the right its activation against the place in the context of 256 tokens: the median over 63 contexts, in a band from the tenth to the ninetieth percentile.")

# %% [markdown]
# It marks a *place*. Its activation falls steadily from the beginning of the context, and in the second half the latent is silent nearly everywhere. In the puzzle it was active at every token, but then the whole program was shorter than half a context. Our first name for it, “everywhere”, is gone. A better one is *early in the context*: in the sample programs the rule “one of the first hundred and some tokens” tells with an F1 of 0.98 where it is active, and the best list of tokens with 0.58.

# %% claims
scores = stored.label_scores()
closes = next(row for row in scores.rows() if row["label"] == "closes")
in_words = {key: f"{closes[key][0]:.2f}" for key in ("best latent", "best neuron")}
one = reading.explain(378, count=4)
letter = reading.explain(668, count=4)
at_668 = [c.tokens[c.centre].strip() for c in (*letter.top, *letter.random)]
seen = [c.tokens[c.centre].strip() for c in (*one.top, *one.random)]
ids, active_1490 = reading.tokens[:, 1:].flatten(), sae.Labels(("active",), reading.rows[:, [1490]] > 0, reading.labels.module)
places = -torch.arange(1.0, 256).repeat(len(reading.tokens))  # the earlier, the larger
early, by_token = sae.Units(places[:, None], active_1490).best("active"), sae.token_list(ids, active_1490, "active")
by_place = [reading.f[:, max(1, i) : i + 8, 1490].mean().item() for i in range(0, 128, 8)]
with claims():
    claim("138 is above 10 at the second and the fourth of the four quotes and nowhere else", [i for i, w in enumerate(words) if w.strip() == '"' or w == '("'][1::2] == (f[:, 138] > 10).nonzero()[:, 0].tolist())
    claim("F1 of two hits among two picked and four there is 0.67", page.rounds_to(sae.f1_score(*torch.tensor([2.0, 2.0, 4.0])), "0.67"))
    claim("a reading of section 4 has an F1 of at least 0.4", all(reading.label(i)[1] >= 0.4 for i, text in zip(parts[0].latents.tolist(), parts[0].readings, strict=True) if text != "?" and not text.startswith("at ")))
    claim("F1: latent 0.87, neuron 0.81, always yes 0.07", list(in_words.values()) == ["0.87", "0.81"] and page.rounds_to(2 * closes["base rate"] / (1 + closes["base rate"]), "0.07"))
    claim("the best neuron is of the first MLP, and the intervals overlap", int(scores.mlp[scores.labels.index("closes")]) == 0 and closes["best neuron"][0] < closes["best latent"][0] and closes["best neuron"][2] > closes["best latent"][1])
    claim("the best latent for closing brackets is 378", scores.latent[scores.labels.index("closes")] == 378)
    claim("four MLPs have 3 072 neurons", (dictionary.model.cfg.n_layers, dictionary.model.cfg.n_layers * dictionary.model.cfg.d_mlp) == (4, 3072))
    claim("the puzzle's program is shorter than half a context", len(words) < 128 and bool((f[1:, 1490] > 0).all()))
    claim("37 of 1 536 have a reading from 21 labels by the rule of 0.4; six are dead", int(census.kinds["named"].sum()) == 37 and int(census.kinds["dead"].sum()) == 6 and len(census.f1) == 1536 and len(scores.labels) == 21 and sae.anatomy.FITS == 0.4)
    claim("859 is the strongest at the opening quote, and reads “closing quotes”", [sae.strongest(reading, 'print("a", (1, 25))').latents[2][0][i] for i in (0, 2)] == [859, "closing quotes"])
    claim("668 has no reading; at seven of eight places it is an a, and it promotes wait and vailable", sae.anatomy.brief(reading, 668) == "?" and at_668.count("a") == 7 and {"wait", "vailable"} <= {token for token, _ in letter.promotes})
    claim("378 is at a closing bracket at all eight places", set(seen) == {")"})
    claim("twelve sample programs, 63 contexts of 256 tokens", len(samples.names()) == 12 and reading.tokens.shape == (63, 256))
    claim("its direction raises line breaks, -> and as", {"\n", "->", "as"} <= {token.strip(" ") for token, _ in one.promotes})
    claim("early in the context: 0.98 by a place of a hundred and some, 0.58 by a list of tokens", page.rounds_to(early.f1, "0.98") and 100 < -early.thresholds[0] < 150 and page.rounds_to(by_token.f1, "0.58"))
    claim("1490 falls steadily, and is zero nearly everywhere in the second half", by_place == sorted(set(by_place), reverse=True) and (reading.f[:, 128:, 1490] == 0).float().mean() > 0.98)

# %% [markdown]
# ## 6 · Is the name right?
#
# At every place that section 5 showed, latent 378 was at a `)`. Two hypotheses predict this: it may stand for *a bracket closes here*, or for *the token* `)`, and at most places both are true. In the next program they differ at four of the seven framed tokens. Write down, for each hypothesis, where the latent should be active.

# %% figure
from course_utils.python_text.labels import token_labels
from course_utils.sae.code_view import Panel, shaded_panels

differ = """def cost(items):  # in pence (not pounds)
    total = sum(items[1:])
    print("cost (net):", total)
    first = items[0]
    return total - first
"""
differ_tokens, spelled = dictionary.read(differ)
by_python = torch.tensor(token_labels(differ, dictionary.model.tokenizer).flags["closes"]).float()
asked = [i for i, w in enumerate(spelled) if w in (")", "]")]
outside = [i for i in asked if not by_python[i]]  # the ")" in the comment and the one in the string
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
    caption="Left: the tokens that close a bracket. Right: latent 378. It is active at the `)` of the comment and of the string, and silent at both `]`.",
)
page.measured("sae.exceptions", ", ".join(str(n) for n, i in enumerate(asked, 1) if here_378[i] > 0))

# %% [markdown]
# The first name was wrong. Latent 378 marks the token `)`, whether or not it closes a bracket. We score this name in the sample programs: one half of the programs chooses a threshold, and in the other half the latent is above it at every `)`, also in strings, and at no other token. That is an F1 of 1.00. On the same tokens “closing brackets” has 0.84.
#
# And yet the wrong name did well: perfect examples, and an F1 of 0.87. In the sample programs most closing brackets are a `)`, and most `)` close a bracket. At such tokens both names say the same, so that more examples of this kind would never have told them apart. To test a name, one has to look for the places, however rare, where another name says something else.
#
# How much of that F1 did the model have to learn? As a control we take `code-4l` before its training, with random weights, and train a **dictionary of a random model** on its vectors, for a sixth as long as ours. Of its 1 536 latents we take the one that is best for closing brackets, chosen and judged as before.

# %% prediction
predict("sae.random")

# %% answer
untrained_f1 = scores.of("untrained")
page.measured("sae.random", untrained_f1["closes"])

# %% [markdown]
# A model that has learned *nothing* gives a latent with an F1 of 0.82, where the trained one gives 0.87. The intervals overlap. A likely reason is that random embeddings differ from one another too, and that of `)` comes back at every `)`. So the score says little about what `code-4l` has learned. Whoever reports a number for a trained model should have the same number for an untrained one.
#
# A second control needs no model at all. A **token list** is a list of tokens, and its rule is to say “yes” at these and at no others. On half of the modules we choose the list whose rule has the largest F1, and on the other half we judge it. For closing brackets it reaches 0.93, more than the latent: whoever knows the token alone has this label already.

# %% claims
lists, rank = stored.token_lists(), {name: i for i, name in enumerate(scores.labels)}
neuron_f1, latent_f1, random_f1 = map(scores.of, ("neuron", "latent", "random"))
labels = reading.labels
is_closing, in_string = (labels.flags[:, rank[name]] for name in ("closes", "in_string"))
token_is = {text: ids == dictionary.model.tokenizer.convert_tokens_to_ids(text) for text in ')]"'}
two_names = sae.Labels(("token", "closes"), torch.stack([token_is[")"], is_closing], dim=1), labels.module)
token_f1, closes_f1 = (sae.Units(reading.rows[:, [378]], two_names).best(name) for name in two_names.names)
with claims():
    claim("latent 378 is active at all five ) of the program and at neither ]", [w for w, v in zip(spelled, here_378.tolist(), strict=True) if v > 0] == [")"] * 5)
    claim("the hypotheses differ at four of seven tokens", len(asked) == 7 and sum(bool(by_python[i]) != (spelled[i] == ")") for i in asked) == 4)
    claim("in the judging half it is above its threshold at every ), also in strings, and nowhere else: 1.00; closing brackets 0.84", token_f1.f1 == 1 and bool((token_is[")"] & in_string & labels.halves[1]).any()) and page.rounds_to(closes_f1.f1, "0.84"))
    claim("most closing brackets are a ), and most ) close a bracket", is_closing[token_is[")"]].float().mean() > 0.5 and token_is[")"][is_closing].float().mean() > 0.5)
    claim("closing brackets: random model 0.82, latent 378 0.87, token list 0.93", [f"{v:.2f}" for v in (untrained_f1["closes"], latent_f1["closes"], lists["closes"][0])] == ["0.82", "0.87", "0.93"])
    claim("the intervals of the two overlap", "closes" not in scores.apart("latent", "untrained"))
    claim("the random model's dictionary has 1 536 latents and read a sixth as much", sae.card("resid-2-untrained")["config"]["n_latents"] == 1536 and page.between(sae.card("resid-2-untrained")["rows"] / facts["rows"], 0.16, 0.17))

# %% [markdown]
# ## 7 · Which latents know more than their token?
#
# Not every latent is so shallow. One that knows more than its token must be active at a token in one place and silent at *the same token* in another. Look for that in the figure.

# %% figure
snippets = {
    "attribute": "def rename(box, name):\n    old = box.name\n    box.name = name\n    return old, name\n",
    "in_comment": 'total = 0  # the total of the last line\nprint("the total of the last line")\n',
    "in_brackets": "pair = size, 1\ndraw(size, 1)\n",
    "string_closes": "name = \"box\" + 'lid'\nsay(\"box\")  # a \"box\"\n",
}
faces = {}
for name, snippet in snippets.items():
    read, spelling = dictionary.read(snippet)
    latent = int(scores.latent[rank[name]])
    faces[name] = Panel(f"latent {latent}: {sae.WORDS[name]}", spelling, dictionary.encode(read)[0][:, latent])
plots.show(
    shaded_panels(list(faces.values())),
    "Four snippets, each shaded with one latent: names after a dot, words of a comment, what stands in a call, closing quotes.",
    caption="Four latents and the labels they are best for. Above left, `name` is dark after a dot and white elsewhere. Above right, the words of the comment are dark, except the end of `total`, and the same words are white in the string. Below left, `size` is dark inside the call only. Below right, the closing quotes are dark and the opening ones white.",
)

# %% [markdown]
# The first three know more than their token. The last one less so than it seems: in the sample programs it is also active at half of the `"` that open a string.
#
# How often do latents know more? At seven of the 21 labels the best latent's whole interval lies above that of the token list. The figure shows these seven, and closing brackets below.

# %% figure
low, high = (getattr(scores, end)[sae.judging.CONTESTANTS.index("latent")] for end in ("low", "high"))
gain = sorted(scores.labels, key=lambda name: lists[name][0] - latent_f1[name])
wins = [name for name in gain if low[rank[name]] > lists[name][2]]
sae.label_rows(scores, lists, [*wins, "closes"]).captioned("F1 for eight labels, with an example of each; green marks the tokens that have the label. Bold: the latent's interval lies above the list's. Bars are 95\u00a0% intervals.")

# %% [markdown]
# At the seven the token alone does not decide: a name after a dot may be any name, and whether a token stands in a comment depends on a sign far to the left. Here the random model's dictionary has no more than 0.11. So what these latents find is not found in this way before training. (The random model's dictionary also copies its vectors less well. Whether a probe would find it there is another question.) A neuron has the higher F1 at none of the seven, although at three of them the intervals overlap.
#
# But these seven were picked because the latents do well at them. At six of the other fourteen labels the best neuron's whole interval lies above the best latent's, so that a dictionary is not better than the neurons at everything.

# %% claims
dark = {name: {i for i, v in enumerate(panel.values.tolist()) if v > 0} for name, panel in faces.items()}
spots = {name: [i for i, w in enumerate(panel.words) if w.strip() in ("name", "the", "size")] for name, panel in faces.items()}
remark = faces["in_comment"]
from_sign, in_quotes = (next(i for i, w in enumerate(remark.words) if sign in w) for sign in "#\"")
dark_part = [i in dark["in_comment"] for i in range(from_sign + 1, remark.words.index("\n"))]
on_138 = reading.rows[:, 138] > 0
opening = on_138[token_is['"'] & labels.flags[:, rank["string_opens"]]].float().mean()
with claims():
    claim("name is dark twice after a dot, white at its four others", [i in dark["attribute"] for i in spots["attribute"]].count(True) == 2 and {faces["attribute"].words[i - 1] for i in spots["attribute"] if i in dark["attribute"]} == {"."} and len(spots["attribute"]) == 6)
    claim("the comment is dark except the end of total, the string white", [w for w, on in zip(remark.words[from_sign + 1 :], dark_part, strict=False) if not on] == ["otal"] and max(dark["in_comment"]) < in_quotes)
    claim("size is dark inside the call, white outside", [i in dark["in_brackets"] for i in spots["in_brackets"]] == [False, True])
    claim("the four latents are 1084, 828, 9 and 138", [int(scores.latent[rank[name]]) for name in snippets] == [1084, 828, 9, 138])
    claim("in the snippet 138 is active at the four closing quotes only", dark["string_closes"] == set([i for i, w in enumerate(faces["string_closes"].words) if w.strip() in "\"'" and w.strip()][1::2]))
    claim("138 is active at half of the double quotes that open a string", page.between(opening, 0.5, 0.55))
    claim("at seven of 21 labels, not closing brackets, the latent's interval lies above the list's", len(scores.labels) == 21 and len(wins) == 7 and "closes" not in wins)
    claim("there the random model has no more than 0.11, and no neuron or random direction has as high an F1", page.rounds_to(max(untrained_f1[name] for name in wins), "0.11") and all(max(neuron_f1[name], random_f1[name]) < latent_f1[name] for name in wins))
    claim("at three of the seven the neuron's interval overlaps the latent's", len(set(wins) - set(scores.apart("latent", "neuron"))) == 3)
    claim("at six of the other fourteen labels the neuron's interval lies above the latent's", len(scores.apart("neuron", "latent")) == 6 and not set(scores.apart("neuron", "latent")) & set(wins) and len(scores.labels) - len(wins) == 14)

# %% [markdown]
# ### From a first name to a better one
#
# Nobody has tried yet to refute these names. In the puzzle 9 looked like “inside brackets”, and for 1084 (“names after a dot”) and 828 (“inside a comment”) we have shown you a figure in which they do what we say.
#
# **Try it.** Write two lines that break each of these names. A name breaks where the latent is active at a token that the name forbids, or silent where the name expects it.

# %%
yours = """pair = draw(size, 1)  # a note
old = box.name
"""
tried_tokens, tried_words = dictionary.read(yours)
tried = dictionary.encode(tried_tokens)[0]  # (token, latent)
plots.show(
    sae.shaded_code(tried_words, {f"latent {i}": tried[:, i] for i in (9, 1084, 828)}),
    "Two lines three times, shaded with latents 9, 1084 and 828.",
    caption="Your lines, with the best latents for the inside of brackets, names after a dot and comments.",
)

# %% figure answer
counter = 'boxes = [size, 1]\npi = 3.14\nnote = "# a note (see box.name)"\n'
counter_tokens, counter_words = dictionary.read(counter)
counter_f, flagged = dictionary.encode(counter_tokens)[0], token_labels(counter, dictionary.model.tokenizer).flags
pairs_of = {9: "in_brackets", 1084: "attribute", 828: "in_comment"}
by_label = {i: torch.tensor(flagged[name]) for i, name in pairs_of.items()}
broken = {i: bool(((counter_f[:, i] > 0) & ~by_label[i]).any()) for i in pairs_of}
plots.show(
    shaded_panels([panel for i, name in pairs_of.items() for panel in (Panel(f"{sae.WORDS[name]}, by Python", counter_words, by_label[i].float(), colour=plots.ANSWER), Panel(f"latent {i}", counter_words, counter_f[:, i]))]),
    "Three lines six times: Python marks only what is between square brackets; the latents are active in the string, and 1084 also at digits after a decimal point and faintly at the start of the line and at its end.",
    caption="Our three lines against the three names: what each name says (left) and what the latent does (right). By Python, no name stands after a dot here, and there is no comment. Each panel has a scale of its own.",
)

# %% [markdown]
# All three names break. Latent 9 is faint between square brackets and dark between the parentheses of a string, where Python sees no brackets. Latent 1084 is dark at `name` in a string and at `1` and `4` of `3.14`, none of which is a name after a dot. And 828 is active in a string that has a `#` in it, although less than in a real comment (8 against 13 where it is strongest).
#
# For latent 9 the figure suggests a better name, *a parenthesis is open*: somewhere before, a `(` has not been closed yet, in code or in text. We test it as the old one was tested, with half of the sample programs choosing the threshold and the other half judging. Its F1 is 0.93, and that of “inside brackets” on the same tokens 0.78, with intervals apart. For the other two we have no new name that we could defend, only the knowledge that the old one says too much.

# %% claims
def still_open(rows):
    """At each token of some contexts: has a ( of the text before it, or in it, not been closed yet?"""
    found = []
    for row in rows.tolist():
        depth = 0
        for word in map(dictionary.model.tokenizer.decode, row):
            depth = max(0, depth + word.count("(") - word.count(")"))
            found.append(depth > 0)
    return torch.tensor(found)


better = sae.Labels(("open", "in_brackets"), torch.stack([still_open(reading.tokens[:, 1:]), labels.flags[:, rank["in_brackets"]]], dim=1), labels.module)
new, old = (sae.Units(reading.rows[:, [9]], better).best(name) for name in better.names)
at = {word: i for i, word in enumerate(counter_words)}
real = dictionary.encode(dictionary.read("pair = draw(size, 1)  # a note\n")[0])[0][:, 828]
with claims():
    claim("9 is faint in square brackets and dark in the parentheses of a string", bool(0 < counter_f[at["size"], 9] < counter_f[:, 9].max() / 2 < counter_f[at["name"], 9]) and by_label[9].nonzero()[:, 0].tolist() == list(range(at["size"], at[" 1"] + 1)))
    claim("1084 is dark at name in a string and at the digits 1 and 4, none a name after a dot", bool((counter_f[[at["name"], at["1"], at["4"]], 1084] > counter_f[:, 1084].max() / 2).all()) and not by_label[1084].any())
    claim("828 is active in a string with #, less than in a real comment", bool((counter_f[:, 828] > 0).any()) and not by_label[828].any() and page.rounds_to(counter_f[:, 828].max(), "8") and page.rounds_to(real.max(), "13"))
    claim("all three names break", all(broken.values()))
    claim("a parenthesis is open: 0.93, inside brackets 0.78, intervals apart", page.rounds_to(new.f1, "0.93") and page.rounds_to(old.f1, "0.78") and new.low > old.high)

# %% [markdown]
# ## 8 · Does the model use it?
#
# A name says what a latent does. Whether the model *uses* its direction is another question, and it takes an intervention to answer it. We subtract the latent's part from the vector, which is called an **ablation**:
#
# $$x \;\to\; x - f_i\, d_i ,$$
#
# with $f_i$ its activation and $d_i$ its direction, of shape (d). Everything else stays, including what the dictionary does not reconstruct.
#
# We begin with one token, the `)` of `print("hello", name)`, where the model expects a line break. Any push of this length may disturb a model, and so we also push as far along others: the fifteen other latents that are active at this token, which the model may use here just as well. They are the *rivals* of 378.

# %%
def predicted(tokens, place, shifts):
    """The probability of each next token, after each of some shifts of the vector at `place`."""
    edited = site.activations(tokens).repeat(len(shifts), 1, 1)  # (shift, token, d)
    edited[:, place] += shifts
    return site.logits(tokens.expand(len(shifts), -1), edited)[:, place].softmax(dim=-1)


place = 35  # that “)”
rivals = [i for i in range(1536) if f[place, i] > 0 and i != 378]
as_it_is = predicted(tokens, place, torch.zeros(1, 192))
without_378 = predicted(tokens, place, -f[place, 378] * W_dec[[378]])
along_rivals = predicted(tokens, place, -f[place, 378] * W_dec[rivals])  # as long a push

# %% figure
decode_token = dictionary.model.tokenizer.decode
plots.show(
    sae.next_tokens({"as it is": as_it_is, "without 378": without_378, "along a rival": along_rivals}, decode_token, "without 378"),
    "Three rows of bars; without latent 378 the equals sign is the likeliest next token, and after an equal push along a rival nearly always a line break.",
    caption="The likeliest tokens after `print(\"hello\", name)`. On the right a vector of the same length was subtracted along each of the fifteen rivals: a stroke is one of them, a bar their mean. ⏎ is a line break, with the blanks that follow it; ␣ is a blank.",
)

# %% [markdown]
# Without latent 378 the model's first choice is `=`, which could only follow if the call were still open. After each of the fifteen other pushes a line break stays the likeliest.
#
# One token is an example. So we make a test of it, in three steps:
#
# 1. At a token at which the latent is active, subtract its part, and measure how far the prediction of the next token moves. The measure is the **KL divergence** of the changed prediction from the untouched one, in nats, which is 0 where the two agree.
# 2. Subtract a vector of the same length along each rival, and note which share of its rivals the latent *beats*, that is, moves the prediction further than they do. At the `)` above, 378 beats all fifteen.
# 3. Repeat this at 100 tokens, each in another held-out context and among its first 127, and take the mean.
#
# A latent like its rivals would beat one half of them. To see how far ordinary latents stray from that, we test twenty drawn at random, too. Only the prediction at the token itself is looked at, so that a latent which matters to later tokens can fail.

# %% prediction
predict("sae.causal")

# %% figure answer
test = stored.rivals()
drawn = [latent for latent in test.latent.tolist() if latent not in stored.TESTED]
depends = {latent: low > 0.5 for latent, (_, low, _) in test.rows.items()}
names_left = {378: "the token “)”", 138: "mostly closing quotes", 9: "a parenthesis is open", 1490: "early in the context", 1084: "names after a dot"}
plots.show(
    test.plot(names_left),
    "Six rows; four latents lie above one half with their intervals, 1084 does not, and twenty drawn at random are spread from a fifth to six sevenths.",
    caption="Above, five latents: the share of their rivals that they beat, mean over 100 tokens, with the 95\u00a0% interval from drawing modules again. Below, the means of twenty latents drawn at random from those active in at least a hundred of the contexts. Dotted: one half.",
)
page.measured("sae.causal", {(True, True): "both", (True, False): "only 9", (False, True): "only 1084", (False, False): "neither"}[depends[9], depends[1084]])

# %% [markdown]
# The latents drawn at random are spread widely, with a mean close to one half. All four of the puzzle lie above one half with their whole intervals, and we say that the model *depends* on such a latent. They are in strong company, though: so do eight of the twenty, and four of these beat more than 378 does. And 1084, whose F1 is about twice that of the best token list, is no more than ordinary here, since eleven of the twenty beat less and nine beat more. A good name does not make a latent important to the prediction.
#
# Nor does importance make a name good. The test asks whether the model uses a direction, and not what for: under the name “a bracket closes here”, which section 6 refuted, 378 would have beaten just as many.
#
# ### Putting a latent where it is not
#
# Instead of subtracting a latent we can add it where it is silent or faint. To set a latent to a high value, usually at every token, is called **steering**. Templeton et al. 2024 made a large model speak of the Golden Gate Bridge whatever it was asked.
#
# Here it can tell two names of latent 9 apart. After `names = [first, second` the model expects a `]`. At `second`, where 9 is faintly active, we add its direction, little by little. If the model takes it for “inside brackets”, it hears what it knows already. If it takes it for “a parenthesis is open”, something should change.

# %% prediction
predict("sae.steered")

# %%
line, _ = dictionary.read("names = [first, second")
added = torch.arange(0, 42, 2.0)  # so much activation
others = sae.matched_latents((reading.rows > 0).float().mean(dim=0), 9, 40)  # active about as often as 9
with_9 = predicted(line, -1, added[:, None] * W_dec[9])  # (added, vocabulary)
with_another = torch.stack([predicted(line, -1, a * W_dec[others]) for a in added])

# %% figure answer
after_parenthesis = dictionary.encode(dictionary.read("names = (first, second")[0])[0, -1, 9].item()
square, rounded = (dictionary.model.tokenizer.convert_tokens_to_ids(text) for text in "])")
fig, ax = plots.figure(height=2.7)
ax.plot(added, 100 * with_another[..., rounded], color=plots.GREY, linewidth=0.8)
for token, text, colour, at in ((square, "]", plots.SERIES[3], 4), (rounded, ")", plots.HEAD, 15)):
    ax.plot(added, 100 * with_9[:, token], color=colour)
    ax.text(added[at], 100 * with_9[at, token] + 5, text, color=colour, fontweight="bold", family="monospace", fontsize=14)
ax.axvline(after_parenthesis, color=plots.INK, linestyle=":", linewidth=1)
ax.text(added[-1] + 0.6, 14, "), others", color=plots.NULL, va="center", fontsize=10)
ax.set(xlabel="activation added at “second”", ylabel="probability, %", ylim=(0, 100), xlim=(0, 47))
plots.show(
    fig,
    "As latent 9 is added, the curve of the square bracket falls from over 60 % to nearly 0 and that of the parenthesis rises from 1 % to 60 %; grey lines of other latents stay low.",
    caption="What the model expects after `names = [first, second`, while latent 9 is added to the vector of `second` alone. Grey: the probability of `)` if one of forty other latents is added instead. Dotted: the activation that 9 has at `second` if the line begins with `(`.",
)
page.measured("sae.steered", decode_token([int(predicted(line, -1, after_parenthesis * W_dec[[9]]).argmax())]))

# %% [markdown]
# The brackets change places. With what a real `(` would add, `)` is the likeliest token and `]` has less than a tenth of the probability, and of the forty others none gives `)` as much as that. “Inside brackets” would not have foretold it. At this line a name that was read off the text has foretold what an edit would do.
#
# We chose this line because it shows the change best of a dozen that we tried. So we also took sixteen held-out contexts, and in each a word at which no parenthesis is open and 9 is silent. At all sixteen, adding latent 9 raises the odds of `)` more than adding any of eight others does. But a `)` stays unlikely there: on average it comes to less than a hundredth, from less than a thousandth. And at words where a parenthesis *is* open and 9 is active, taking 9 away does the opposite: the probability of `)` falls from 12 % on average to less than 1 %, while equal pushes along its rivals leave it nearly as it was.
#
# **Try it.** Write another line in the place of this one, for example `value = items[0`.
#
# <details><summary>What happens</summary>
#
# There `]` keeps more than nine tenths. After `pair = [1, 2`, `return [name`, `print([name` and `items = [box.name` it falls, yet `)` stays below a twentieth. The direction is one of the things that the prediction depends on, and not the only one.
#
# </details>

# %% claims
break_ids = [i for i in range(dictionary.model.cfg.d_vocab) if (t := decode_token([i])) and not t.strip() and "\n" in t]
moved = sae.pushes(dictionary, tokens[0], site.activations(tokens)[0], f[place], place, 378)  # 378 first, then its rivals
beaten = {latent: row[0] for latent, row in test.rows.items()}
by_chance = torch.tensor([beaten[latent] for latent in drawn])
exact, other_line = after_parenthesis * W_dec[[9]], dictionary.read("value = items[0")[0]
steered = predicted(line, -1, exact)[0]
further = [dictionary.read(text)[0] for text in ("pair = [1, 2", "return [name", "print([name", "items = [box.name")]
with claims():
    claim("the model expects a line break, and = without latent 378", as_it_is[:, break_ids].sum() > 0.95 and decode_token([int(without_378.argmax())]).strip() == "=")
    claim("after each of fifteen other pushes a line break is the likeliest", len(rivals) == 15 and {int(i) for i in along_rivals.argmax(dim=1)} <= set(break_ids))
    claim("378 beats all fifteen at this token; the edits are those of the cell above", len(moved) == 16 and bool((moved[0] > moved[1:]).all()) and torch.allclose(moved[0], (as_it_is * (as_it_is / without_378).log()).sum(), atol=1e-3))
    claim("100 tokens each, of twenty latents drawn, too; places 1 to 127", test.beaten.shape == (25, 100) and len(drawn) == 20 and sae.rivals.WITHIN == 128)
    claim("the drawn have a mean close to one half, and lie between a fifth and six sevenths", page.between(by_chance.mean(), 0.45, 0.55) and page.between(by_chance, 0.2, 6 / 7) and by_chance.min() < 0.25 and by_chance.max() > 0.8)
    claim("the model depends on the four of the puzzle, and on eight of the twenty, of which four beat more than 378", all(depends[i] for i in four) and sum(depends[i] for i in drawn) == 8 and int((by_chance > beaten[378]).sum()) == 4)
    claim("1084 is no more than ordinary: eleven of the twenty beat less", not depends[1084] and int((by_chance < beaten[1084]).sum()) == 11)
    claim("378 beats 79 %", page.rounds_to(100 * beaten[378], "79"))
    claim("1084 has twice the F1 of the best token list", page.about(latent_f1["attribute"] / lists["attribute"][0], 2))
    claim("9 is faintly active at second, less than half as strongly as after a parenthesis", 0 < dictionary.encode(line)[0, -1, 9] < after_parenthesis / 2)
    claim("the model expects a ], and with 9 added a )", decode_token([int(with_9[0].argmax())]) == "]" and decode_token([int(steered.argmax())]) == ")")
    claim("] has less than a tenth then, and none of forty others gives ) a tenth", steered[square] < 0.1 and len(others) == 40 and predicted(line, -1, after_parenthesis * W_dec[others])[:, rounded].max() < 0.1)
    claim("after value = items[0 the ] keeps more than nine tenths; in four other lines it falls, and ) stays below a twentieth", predicted(other_line, -1, exact)[0, square] > 0.9 and all(p[1, square] < p[0, square] and p[1, rounded] < 0.05 for p in (predicted(text, -1, torch.cat([0 * exact, exact])) for text in further)))

# %% claims
held_f, is_open = dictionary.encode(held_out), still_open(held_out).view(len(held_out), -1)
is_name = torch.tensor([decode_token([i]).strip().isidentifier() for i in range(dictionary.model.cfg.d_vocab)])[held_out]
is_name[:, :8] = False  # the first tokens say too little


def drawn_places(wanted):
    """(context up to a place, activations there), the place drawn from those `wanted`, in each held-out context."""
    rng = torch.Generator().manual_seed(0)
    for context, f, row in zip(held_out, held_f, wanted, strict=True):
        spot = int(row.nonzero()[torch.randint(int(row.sum()), (1,), generator=rng)])
        yield context[None, : spot + 1], f[spot]


as_strong, raised, taken = torch.cat([torch.zeros(1, 192), 20 * W_dec[[9]], 20 * W_dec[others[:8]]]), [], []
for context, _ in drawn_places(~is_open & is_name & (held_f[..., 9] == 0)):
    raised.append(predicted(context, -1, as_strong)[:, rounded].logit())
for context, there in drawn_places(is_open & is_name & (held_f[..., 9] > 0)):
    also = [i for i in there.topk(9).indices.tolist() if i != 9][:8]  # its strongest rivals
    p = predicted(context, -1, -there[9] * torch.cat([torch.zeros(1, 192), W_dec[[9]], W_dec[also]]))[:, rounded]
    taken.append(torch.stack([p[0], p[1], p[2:].mean()]))
raised, (unedited, after, along) = torch.stack(raised), torch.stack(taken).mean(0)
with claims():
    claim("at sixteen places adding 9 raises the odds of ) more than any of eight others", raised.shape == (16, 10) and bool((raised[:, 1] > raised[:, 0]).all()) and bool((raised[:, 1:2] > raised[:, 2:]).all()))
    claim("there ) comes to less than a hundredth on average, from less than a thousandth", raised.sigmoid().mean(0)[1] < 0.01 and raised.sigmoid().mean(0)[0] < 0.001)
    claim("where a parenthesis is open ) falls from 12 % to less than 1 %, along rivals it stays nearly as it was", len(taken) == 16 and page.rounds_to(100 * unedited, "12") and after < 0.01 and page.about(along, unedited))

# %% [markdown]
# ## 9 · The puzzle, answered
#
# Has the method found the model's own idea of a closing bracket? As far as our tests go, no: latent 378 stands for the token `)`. But it has found something else that nobody told it. Latent 9 is active where a parenthesis is open, and after one line at least the model took it for that. Here is the program of the beginning again, with a new comment and a pair of square brackets, after 170 tokens of other code. Above the panels stand the names that our tests have left.

# %% figure
again = program.replace("name):", 'name):  # (a "friend")').replace("return name", "return [name]")
again_tokens, again_words = dictionary.read(again)
before = reading.tokens[:1, :171]  # of a sample program, with the starting token
placed = dictionary.encode(torch.cat([before, again_tokens[:, 1:]], dim=1))[0, 171:]  # (token, latent)
new_names = {378: "the token “)”", 9: "a parenthesis is open, also in text", 1490: "early in the context", 138: "mostly closing quotes"}
plots.show(
    shaded_panels([Panel(f"{i}: {name}", again_words[1:], placed[:, i]) for i, name in new_names.items()]),
    "The program again: 378 at every closing parenthesis, also in the comment; 9 inside parentheses, not in square brackets; 1490 nowhere; 138 at closing quotes.",
    caption="The program of the first figure, with a comment and square brackets, after 170 tokens of other code. Latent 1490 is silent.",
)

# %% [markdown]
# In the comment, 378 is active at the `)`, which closes nothing, and 9 between the parentheses, where Python sees none; at the square brackets both are silent. Even the new name of 9 has an exception: it is weakly active at `def g`, where no parenthesis is open. And latent 1490 is silent at every token, as its new name says.

# %% figure
everywhere = sae.Labels(("everywhere",), torch.ones(len(ids), 1, dtype=torch.bool), labels.module)
quotes = sae.Units(reading.rows[:, [138]], labels).best("string_closes")
always = sae.Units(reading.rows[:, [1490]], everywhere).judge("everywhere", (0,), (0.0,))
verdicts = {378: ("closing brackets", closes_f1, "also `)` in text, not `]`", token_f1), 9: ("inside brackets", old, "also `(…)` in text", new),
            138: ("closing quotes", quotes, "also half of the opening `\"`", None), 1490: ("everywhere", always, "silent later on", early)}
page.table([{"latent": str(i), "first name": first, "its F1": f"{then.f1:.2f}", "broken": why, "name that is left": new_names[i].split(",")[0], "F1": f"{now.f1:.2f}" if now else "as before", "ablation": f"beats {100 * beaten[i]:.0f} %"}
            for i, (first, then, why, now) in verdicts.items()],
           caption="The four latents of the puzzle. Both F1 are from the sample programs. Ablation: the share of its rivals that the latent beats, mean over 100 tokens; twenty latents drawn at random beat about half of theirs.")

# %% [markdown]
# No first name survived, although the examples spoke for each and the F1 for most. What broke them was looking on purpose: at places where another name says something else, at every place of a kind, and along the whole context. Three of the four have a better name now. That the model uses a direction, and what the direction stands for, are two findings, and each needs a test of its own.
#
# Was it worth the trouble to train a dictionary? Not if you know what you are looking for. A **probe** is a direction that was trained on a label, here by logistic regression. Our probes are better than the best latent at 18 of the 21 labels, with intervals apart, and at no label worse. Kantamneni et al. 2025 ([Are Sparse Autoencoders Useful?](https://arxiv.org/abs/2502.16681)) could not consistently improve on ordinary probes with latents either. But “a parenthesis is open” is none of our 21 labels, and it was latent 9 that led us to it. What a dictionary offers is directions found without labels.
#
# ## 10 · Now on larger models
#
# Published dictionaries can be much larger. One of [Gemma 2 2B](https://huggingface.co/chanind/gemma-2-2b-batch-topk-matryoshka-saes-w-32k-l0-40) has 32 768 latents, learned from 750 million vectors (D. Chanin's card). [Neuronpedia](https://www.neuronpedia.org) shows the latents of such dictionaries one by one, as section 5 does. Look there for a latent with perfect examples, and write the sentence that would refute its name.

# %% [markdown]
# ## 11 · What this does not show
#
# - *An untrained network gives nice latents too*, as section 6 and Heap et al. 2025 ([arXiv 2501.17727](https://arxiv.org/abs/2501.17727)) found.
# - *One dictionary.* Everything about `code-4l` rests on one training, one place and one width, and trainings from different starts find different latents (Paulo and Belrose 2025, [arXiv 2501.16615](https://arxiv.org/abs/2501.16615), and the deeper notebook). Nothing shows that these are *the* features of the model.
# - *Most latents are unread.* 1 484 of the 1 536 have a question mark, and no latent shows what is in the unexplained 12 % of the variance.
# - *No mechanism yet.* The tests of section 8 do not find which head or neuron reads the direction.

# %% claims
brackets = [i for i, w in enumerate(again_words[1:]) if w.strip() in ("[", "]")]
comment = slice(*(again_words[1:].index(w) for w in (" (", "\n    ")))
with claims():
    claim("378 is active at the four ) only, one of them in the comment", [w for w, v in zip(again_words[1:], placed[:, 378].tolist(), strict=True) if v > 0] == [")"] * 4 and bool((placed[comment, 378] > 0).any()))
    claim("latent 9 is active in the comment's parentheses, silent in square brackets", bool((placed[comment, 9][1:-1] > 0).all()) and float(placed[brackets[0] : brackets[1] + 1, 9].max()) == 0)
    claim("latent 9 is weakly active at def g, with about a sixth of its strongest", again_words[1:3] == ["def", " g"] and page.between(placed[:2, 9] / placed[:, 9].max(), 0.12, 0.18))
    claim("latent 1490 is silent at every token", float(placed[:, 1490].max()) == 0)
    claim("latent 138 is active at the three closing quotes only", [i for i, v in enumerate(placed[:, 138].tolist()) if v > 0] == [i for i, w in enumerate(again_words[1:]) if w == '"'][::2])
    claim("all four first names are broken: 378 and 9 by our lines, 138 at opening quotes, 1490 here", bool((here_378 > 0)[outside].any()) and broken[9] and page.between(opening, 0.5, 0.55) and float(placed[:, 1490].max()) == 0)
    claim("three of the four have a new name, each with a larger F1", all(now.f1 > then.f1 for _, then, _, now in verdicts.values() if now) and sum(now is not None for *_, now in verdicts.values()) == 3)
    claim("the F1 spoke for most of the first names: above 0.75 for three of four", sum(then.f1 > 0.75 for _, then, *_ in verdicts.values()) == 3)
    claim("1 484 of 1 536 have a question mark", int(census.kinds["?"].sum()) == 1484)
    claim("a probe is better than the latent at 18 of 21 labels, and at none worse", len(scores.apart("probe", "latent")) == 18 and all(scores.of("probe")[name] > latent_f1[name] for name in scores.labels))

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
        "evidence": "Dictionaries of the plane answer m − λ/2, for three λ.",
        "control": "TopK has no such price, and leaves less unexplained on the features of section 2.",
        "where it fails": "With small λ it is not the only harm (deeper notebook).",
    },
    {
        "claim": "Some latents know what stands around a token, better than the token alone.",
        "evidence": "Seven of 21 labels, on held-out modules.",
        "control": "Lists of tokens, a dictionary of a random model, all 3\u00a0072 neurons, random directions.",
        "where it fails": "Labels that the token decides; and at six of the 21 a single neuron does better.",
    },
    {
        "claim": "What the model predicts depends on the direction of a latent.",
        "evidence": "Ablating 378 beats 79\u00a0% of its rivals; adding 9 turns an expected ] into ).",
        "control": "Pushes as long along other latents, and twenty latents drawn at random.",
        "where it fails": "Four of these twenty beat more. And at most lines adding 9 does little.",
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
# - token list: the best rule for a label that sees only the token.
# - dictionary of a random model: one trained on a copy of the model with random weights.
# - monosemantic: standing for one thing only.
# - probe: a direction trained on labels.
# - steering: setting a latent to a high value.
# - ablation: subtracting a latent's part of the vector.
# - KL divergence: how far one prediction is from another, in nats.

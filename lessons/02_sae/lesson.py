# %% [markdown]
# # Sparse autoencoders
#
# *Lesson 2.*
#
# **A puzzle.** `code-4l` is the course's model of Python code. Python's own tokenizer tells us exactly which tokens close a bracket, which are keywords and which are operators (brackets count among these). Somewhere inside, the model should know this too. We look for a *single number* that tells it: large where the token has the label, small elsewhere. Three kinds of numbers compete: the model's neurons, as many directions drawn at random, and 1 536 numbers of a new kind, the *latents* of a dictionary that was trained without any labels.

# %% [markdown] contents
# You need lesson 1: features as directions, interference, why single neurons may mean nothing. From lesson 0 you need the residual stream and hooks.

# %% setup

# %%
import torch

from course_utils import plots, sae
from course_utils.page import (about, between, caption, card, claim, claims, draw,
                               falling, measured, predict, rising, rounds_to, table)  # fmt: skip
from course_utils.python_text import samples
from course_utils.sae import stored
from course_utils.sae.comparison import Comparison, spread

scores = stored.label_scores()
puzzle = {row["label"]: row for row in scores.rows()
          if row["label"] in ("closes", "kind_keyword", "kind_operator")}  # fmt: skip
kinds = ("best neuron", "null: best random direction", "best latent")
table({label: {kind: row[kind] for kind in kinds} for label, row in puzzle.items()})

# %% caption
caption("How well the best single number of each kind tells a label, as F1: 1 is perfect, and 0 is useless. The text is from modules of the standard library that neither the model nor the dictionary was trained on. Each number and its threshold were chosen on half of the modules and judged on the other half; intervals (95 %) resample the modules of that half.")

# %% [markdown]
# **F1** is the harmonic mean of two shares: of the tokens that the number picks, the share that has the label (**precision**), and of the tokens that have the label, the share that the number picks (**recall**).
#
# For closing brackets one latent is far better than every neuron. So a direction for "a bracket closes here" has been found in the model, and nobody had told the method about brackets. For keywords the best latent of the same dictionary is about as good as the best neuron, and for operators it is worse than a random direction. How are such directions found? When should we believe them? And why does it work for brackets, and so much less for keywords and operators?

# %% claims
closes, keyword, operator = (puzzle[label] for label in ("closes", "kind_keyword", "kind_operator"))
with claims():
    claim("for closing brackets one latent is far better than every neuron (intervals apart)", falling(closes["best latent"], closes["best neuron"]))
    claim("for keywords the best latent is about as good as the best neuron (intervals overlap)", not falling(keyword["best latent"], keyword["best neuron"]) and not rising(keyword["best latent"], keyword["best neuron"]))
    claim("for operators it is worse than a random direction (intervals apart)", rising(operator["best latent"], operator["null: best random direction"]))

# %% [markdown]
# ## 1 · A vector as a sum of few directions
#
# Lesson 1 began with features, and asked how a model stores them. Now we go the other way. We see only the vectors, and look for the features. Here are vectors in the plane, made from three directions. About half of them hold none of the three and lie at the origin. Of the others most hold just one, and some are sums of two or three.

# %%
angles = torch.tensor([90.0, 210.0, 330.0]).deg2rad()
three = torch.stack([angles.cos(), angles.sin()], 1)  # (feature, d)
plane = sae.Truth(three, probability=torch.full((3,), 0.2), parent=torch.full((3,), -1), noise=0.02)
x, _ = plane.sample(400, torch.Generator().manual_seed(0))
shape = sae.Config(d_in=2, n_latents=3, kind="relu", penalty=0.2)
recipes = [sae.Recipe(steps=300, batch=256, lr=0.02, seed=seed) for seed in range(4)]
starts = [sae.train(shape, plane, recipe, device="cpu", show=False) for recipe in recipes]
small = min(starts, key=lambda done: done.history[-1, 1])  # the one with the smallest error
sae.match_features(three, small.sae.W_dec).cosine

# %% figure
fig, axes = plots.figure(1, 2, width=7.2, height=3.6)
for ax, rows, title in zip(axes, (sae.pca_directions(x)[:2], small.sae.W_dec), ("principal components", "a sparse dictionary"), strict=True):
    ax.plot(*x.T, ".", color=plots.GREY, markersize=3)
    plots.arrows(ax, rows.T, title=title)
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
plots.show(
    fig,
    "Dots on three rays from the origin. Two principal axes miss them; three dictionary arrows lie on them.",
    caption="Four hundred vectors (grey). Most lie on one of three rays, some are sums of two or three. Two principal components describe the plane and leave at least two of the rays aside. The three arrows of a sparse dictionary, the best of four trainings, lie on the rays. The numbers above the figure are the cosines of the true directions with the arrows that were found.",
)

# %% [markdown]
# Principal components are at right angles and at most as many as there are dimensions. Features in superposition are neither. What singles the three rays out is that each vector needs *few* of them. This is the assumption of **dictionary learning**: there are many directions, more than dimensions, and each vector is the sum of a few of them, with positive strengths.
#
# How does one read the strengths off a vector? Just as in lesson 1: with the direction itself, and a ReLU. Where the ground is grey below, the reader of direction 0 gives zero.

# %% figure
draw.features_in_a_plane(three.T, read=0)

# %% [markdown]
# By hand. Let $x$ be one unit of direction 0. The three products with the directions are $(1, -\tfrac12, -\tfrac12)$, since the cosine of 120° is $-\tfrac12$. The ReLU makes them $(1, 0, 0)$, and once direction 0 is $x$ again. Now let $x$ be direction 0 plus direction 1. The products are $(\tfrac12, \tfrac12, -1)$, the ReLU gives $(\tfrac12, \tfrac12, 0)$, and the sum is only half of $x$. Interference again, and as in lesson 1 it costs only where features meet.
#
# A **sparse autoencoder** is this reader, with weights that are learned:
#
# $$f = \mathrm{ReLU}\big(W_\text{enc}(x - b_\text{dec}) + b_\text{enc}\big), \qquad \hat x = W_\text{dec}^\top f + b_\text{dec}.$$
#
# $x$ and $b_\text{dec}$ have the shape (d), $f$ and $b_\text{enc}$ (latent); $W_\text{enc}$ and $W_\text{dec}$ have the shape (latent, d). Each entry of $f$ is called a **latent**, and its row of $W_\text{dec}$, a vector of length 1, its direction. The **dictionary** is all of these directions together. The bias $b_\text{dec}$ is what all vectors have in common. It is taken away before reading and added again at the end.

# %%
zero = torch.zeros(3), torch.zeros(2)  # b_enc, b_dec
x = torch.stack([three[0], three[0] + three[1]])
f = sae.encode(x, three, *zero)
x_hat = sae.decode(f, three, zero[1])
rows = dict(zip(("direction 0", "directions 0 and 1"), torch.cat([f, x_hat.norm(dim=1, keepdim=True) / x.norm(dim=1, keepdim=True)], 1), strict=True))
table(rows, columns=("latent 0", "latent 1", "latent 2", "length returned"), decimals=2)

# %% caption
caption("The case by hand, with the three directions as encoder and decoder and no bias. One direction alone is returned whole, a sum of two at half its length.")

# %% [markdown]
# What makes training choose the three rays? Not the reconstruction: the four directions right, left, up and down rebuild every vector of the plane without any error. What they lack is sparsity. Take the unit vector of direction 1, at 210°. With the three rays it costs one active latent of strength 1. With the four axes it costs two, of strengths $\cos 30° + \sin 30° ≈ 1.37$ together. So one puts a price on activity. There are two ways:
#
# - **ReLU with an L1 penalty** (Bricken et al. 2023; Cunningham et al. 2023). The **L1 norm** of $f$ is the sum of its entries. The loss is $\|x - \hat x\|^2 + \lambda \sum_i f_i$, and $\lambda$ is the price.
# - **TopK** (Gao et al. 2024). No price: the $k$ largest entries of $W_\text{enc}(x - b_\text{dec}) + b_\text{enc}$ stay, the others become 0. The loss is $\|x - \hat x\|^2$ alone.
#
# The number of active latents of a vector, on average, is called **L0**. TopK sets it. With L1 it comes out of the training.

# %% claims
axes_found = sae.cosines(three, sae.pca_directions(plane.sample(400, torch.Generator().manual_seed(0))[0])).amax(1)
axes4 = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
on_axes = sae.encode(three[1:2], axes4, torch.zeros(4), torch.zeros(2))
with claims():
    claim("the three arrows of a sparse dictionary lie on the rays (cosine above 0.99)", bool((sae.match_features(three, small.sae.W_dec).cosine > 0.99).all()))
    claim("two principal components leave at least two of the rays aside (cosine below 0.99)", int((axes_found < 0.99).sum()) >= 2)
    claim("direction 0 alone gives (1, 0, 0) and is returned whole", torch.allclose(f[0], torch.tensor([1.0, 0, 0]), atol=1e-5) and torch.allclose(x_hat[0], x[0], atol=1e-5))
    claim("the sum of two gives (½, ½, 0) and half of x", torch.allclose(f[1], torch.tensor([0.5, 0.5, 0]), atol=1e-5) and torch.allclose(x_hat[1], x[1] / 2, atol=1e-5))
    claim("with the four axes direction 1 is rebuilt without any error, by two latents of 1.37 together", torch.allclose(on_axes @ axes4, three[1:2], atol=1e-5) and int((on_axes > 1e-6).sum()) == 2 and round(on_axes.sum().item(), 2) == 1.37)

# %% [markdown]
# ## 2 · Known truth first
#
# In a language model nobody can tell us whether a direction is right. So the method is first tried where we can. We invent 64 features: random directions in 32 dimensions, each active in one vector of 25, with a strength between ½ and 1½. Vectors are sums of the active ones. A dictionary of 96 latents sees the vectors and never the features. About 2.6 features are active at a time, and TopK is told $k = 3$.
#
# To score it, each true feature is given a latent of its own, so that the sum of the cosines is as large as it can be. This **matching** uses each latent once. A feature counts as found when its partner has a cosine above 0.9. Three others are scored in the same way:
#
# - **principal component analysis** (PCA), whose axes are the directions of largest variance;
# - **independent component analysis** (ICA), which looks for axes along which the strengths are statistically independent, just what our features are. It finds at most one axis for each dimension. Both get each axis in both senses, since an axis has no sign;
# - the null: as many random directions as there are latents.

# %% prediction
predict("sae.ica")

# %%
truths = [sae.Truth.draw(**stored.TRUTH, seed=seed) for seed in range(3)]
topk = {"TopK": sae.Config(d_in=32, n_latents=96, k=3)}
dictionaries = Comparison.train(truths, topk, stored.RECIPE)
others = [sae.baselines(truth, tries=96) for truth in truths]
found = {"TopK": dictionaries.found("TopK")} | {name: [each[name].found for each in others] for name in others[0]}

# %% answer
names = {"TopK": "TopK dictionary", "random": "null: 96 random directions"}
shares = {names.get(name, name): tuple(100 * share for share in spread(values)) for name, values in found.items()}
table(shares, columns=("features found",), unit="%", decimals=0, interval="range over 3 truths")

# %% caption answer
caption("The share of 64 features that each method finds, for three truths drawn independently, with one training each.")

# %% answer
share = spread(found["ICA"])[0]
measured("sae.ica", "none" if share == 0 else "less than a third" if share < 1 / 3 else "a third to two thirds" if share < 2 / 3 else "nearly all")

# %% [markdown]
# The dictionary finds nearly all features of all three truths. ICA is told more than the dictionary in one respect, that strengths are independent, and finds less than a third: it has only one axis for each dimension, and the features are twice as many. PCA and random directions find none.
#
# This is the best case. The features are sparse, independent, and fewer than the latents. Take one of these conditions away at a time.

# %%
harder = {
    "enough latents: 32 for 64 features": ({}, {"n_latents": 32}),
    "sparsity: one vector in six, k = 10": ({"probability": 0.16}, {"k": 10}),
    "independence: always in pairs, k = 5": ({"correlation": "pairs", "together": 1.0}, {"k": 5}),
}
limits = {"none of them": shares["TopK dictionary"][0]}
for name, (world, shape) in harder.items():
    changed = [sae.Truth.draw(**stored.TRUTH | world)]
    config = sae.Config(**{"d_in": 32, "n_latents": 96, "k": 3} | shape)
    done = Comparison.train(changed, {"TopK": config}, stored.RECIPE)
    limits[name] = 100 * done.found("TopK")[0]
table(limits, columns=("features found",), corner="taken away", unit="%", decimals=0)

# %% caption
caption("The same measure where one condition is taken away, one training each (first row: the mean of the three above). With 32 latents at most half of the features can have one.")

# %% [markdown]
# Each of the three breaks the method. With too few latents it finds fewer features than it has latents, since one latent has to serve several features. With ten features active at a time in 32 dimensions it finds hardly any, although $k$ is right. And if two features always come together, the dictionary does not part them: for most pairs a latent lies along their *sum*. A dictionary finds what comes separately in the data. That may be something else than what we mean by a feature.

# %% claims answer
best, limited = spread(found["TopK"]), list(limits.values())[1:]
sums = changed[0].directions.view(32, 2, 32).sum(1)  # of the pairs, which are the last of the three
with claims():
    claim("the dictionary finds nearly all features of all three truths (at least 95 %)", best[1] >= 0.95)
    claim("ICA finds less than a third of them, on each truth", max(found["ICA"]) < 1 / 3)
    claim("PCA and random directions find none", max(found["PCA"]) == 0 and max(found["random"]) == 0)
    claim("about 2.6 features are active at a time (2.5 to 2.7)", between((truths[0].magnitudes(20_000, torch.Generator().manual_seed(3)) > 0).sum(1).float().mean(), 2.5, 2.7))
    claim("with 32 latents it finds fewer features than it has latents", limited[0] < 50)
    claim("with ten features active at a time it finds hardly any (less than 10 %)", limited[1] < 10)
    claim("with features always in pairs it finds less than a fifth, and a latent lies along the sum of most pairs (cosine above 0.9)", limited[2] < 20 and sae.match_features(sums, done.runs["TopK"][0].sae.W_dec).found() > 0.5)

# %% [markdown]
# ## 3 · What the price of activity does
#
# Now the other way of asking for sparsity. Look at one latent alone. Its feature is there with strength $m$, and the latent answers with $f$. The error is $(m - f)^2$ and the price $\lambda f$. The derivative $-2(m - f) + \lambda$ is zero at
#
# $$f = m - \lambda / 2 .$$
#
# So the best answer is too small, by the same amount for every strength. This is called **shrinkage**. It comes from the price and does not go away with more training. TopK pays no price.

# %% prediction
predict("sae.shrinkage")

# %%
paid = {"ReLU with L1": sae.Config(d_in=32, n_latents=96, kind="relu", penalty=0.5)}
prices = Comparison(tuple(truths), dictionaries.runs | Comparison.train(truths, paid, stored.RECIPE).runs)
compared = prices.rows()

# %% figure answer
plots.show(
    prices.plot(),
    "Activation against true strength: TopK a little below the diagonal, ReLU with L1 far below it.",
    caption="Each dot is a feature that is there, with the latent that was matched to it, for the first of the three truths (features found with a cosine above 0.9). On the dotted line the activation is the true strength.",
)

# %% answer
table(compared, decimals={"activation / true": 2, "L0": 1, "features found, %": 0, "unexplained, %": 0, "dead, %": 0}, interval="range over 3 truths")

# %% caption answer
caption("TopK and ReLU with L1 on the same three truths. “Activation / true” is the sum of the activations over the sum of the true strengths, where both are there. “Unexplained” is the share of the variance that the reconstruction misses. A latent is dead when none of 4 000 vectors activates it.")

# %% answer
measured("sae.shrinkage", compared["ReLU with L1"]["activation / true"][0])

# %% [markdown]
# With the price of 0.5, at which more features are found than at 0.3 in the figure below, the activations are less than half of the true strengths. The formula alone would predict more, about 0.6. The rest of the strength lies in other latents: about five are active at a time, where TopK uses fewer than three, and the truth has 2.6. The price also costs features, since fewer are found. TopK is not quite faithful either. Its activations are about a tenth too small, although it pays no price; the reason was not looked for here.
#
# A latent that is never active is called **dead**. It gets no gradient, since its ReLU gives zero everywhere, and so it stays dead. Here the truth has 64 features and the dictionary 96 latents, so that a third of the latents have no work. TopK leaves about that many dead, and ReLU with L1 none. In large dictionaries most latents can die although there would be work for them. Two remedies are common. **Resampling** points a dead latent at a vector that is reconstructed badly (Bricken et al. 2023). An **auxiliary loss** lets dead latents try to reconstruct what the living ones leave over (Gao et al. 2024). The trainer of this course uses the first for ReLU and the second for TopK.

# %%
widths = stored.recovery("width")

# %% figure
plots.show(
    widths.plot("latents", log=True),
    "Share of 64 features found against 32 to 256 latents: TopK rises to nearly all, ReLU with L1 rises and falls, ICA stays at a fifth, PCA and random at zero.",
    caption="The share of 64 features that are found by dictionaries of 32 to 256 latents, mean and range over three truths (short trainings of 600 steps, price 0.3).",
)

# %% [markdown]
# How wide should a dictionary be? For TopK more latents than features do no harm here. With L1 the widest dictionary finds hardly any of the features in this short training: with many latents to choose from, the same strength can be shared out among several of them.

# %% claims answer
free, priced = compared["TopK"], compared["ReLU with L1"]
unit = truths[0].sample(4000, torch.Generator().manual_seed(2))[0].square().sum(1).mean().sqrt()
wide = {name: widths.of(name)[:, -1] for name in ("topk", "relu")}
with claims():
    claim("with the price the activations are less than half of the true strengths, on each truth", priced["activation / true"][2] < 0.5)
    claim("at a price of 0.5 more features are found than at 0.3 (means over three truths, 96 latents)", priced["features found, %"][0] / 100 > widths.of("relu")[:, widths.x == 96].mean())
    claim("the formula alone would predict about 0.6", about(1 - 0.5 / 2 * unit, 0.6))
    claim("about five latents are active at a time (4.5 to 5.5), where TopK uses fewer than three", between(priced["L0"], 4.5, 5.5) and free["L0"][2] < 3)
    claim("fewer features are found with the price, on each truth", priced["features found, %"][2] < free["features found, %"][1])
    claim("TopK's activations are about a tenth too small (5 to 15 %)", between(free["activation / true"], 0.85, 0.95))
    claim("TopK leaves about a third of the latents dead (a fifth to two fifths), and ReLU with L1 none", between(free["dead, %"], 20, 40) and priced["dead, %"][2] == 0)
    claim("for TopK more latents than features do no harm: with 256 it finds at least 95 %, on each truth", wide["topk"].min() >= 0.95)
    claim("with L1 the widest dictionary finds hardly any (less than 10 %)", wide["relu"].max() < 0.1)

# %% [markdown]
# ## 4 · A dictionary of the code model
#
# Now the real thing. The vectors are the residual stream of `code-4l` before its third block, 192 numbers for each token. The dictionary has 1 536 latents, eight for each dimension, and TopK with $k = 16$. It was trained on 765 000 vectors, each read about eight times, and is loaded here. (`models/sae.py` is its recipe.) The vectors came in random order. Neighbours in a text are alike, and in the order of the text the dictionary would see one file after the other; that is avoided here, and its effect was not measured.
#
# There is no truth to compare with any more. Four numbers tell whether a dictionary is any good:
#
# - *L0*, the active latents of a vector. It is 16 by construction;
# - the **fraction of variance unexplained**: all squared errors together, over all squared distances from the mean;
# - *dead* latents, and **dense** ones, which are active for more than one token in ten. A dense latent can hardly stand for one rare feature;
# - the **loss recovered**. The reconstruction is put in the place of the residual stream, the model goes on from there, and its loss on the next token rises. The rise is compared with that of an ablation, which puts zero or the mean vector there: 1 means that the reconstruction costs nothing, 0 that it costs as much as the ablation.

# %%
dictionary = sae.load("resid-2")
tokens, module = sae.held_out_contexts(dictionary.model, limit=24)
vectors, _ = dictionary.activations(tokens)
quality = sae.Quality.of(dictionary.sae, vectors)
spliced = sae.Spliced.of(dictionary, tokens, module)
table(spliced, unit="nats")

# %% caption
caption("The loss of `code-4l` on the next token, on 24 contexts of held-out modules, with something else in the place of the residual stream before its third block.")

# %% figure
plots.show(
    sae.Density.of(dictionary.sae.encode(vectors)).plot(),
    "A histogram of latents by how often they are active, with a peak near one token in a hundred.",
    caption="How often each latent is active. The dotted line is one token in ten; latents to the right of it are dense.",
)

# %% [markdown]
# The dictionary keeps nearly nine tenths of the variance with sixteen numbers for each token, hardly any of its latents is dead, and about one in a hundred is dense. The reconstruction costs the model 0.2 nats a token. Against zero that is a recovery of about 98 %, against the mean about 95 %.
#
# The score depends on what it is compared with. A residual stream of zeros is something that the model has never met, and costs far more than the mean vector does. So the same reconstruction scores better against zero than against the mean. A report that names no ablation cannot be compared with another one. Bloom 2024 says in a [report](https://wandb.ai/jbloom/mats_sae_training_gpt2_small_resid_pre_5/reports/GPT2-Small-Residual-Stream-Sparse-AutoEncoders--Vmlldzo2NjkxMTkz) on dictionaries of GPT-2 that such an ablation of the residual stream makes the score look better than it is.

# %% claims
recovered = spliced.recovered
cost = (spliced.spliced.mean() - spliced.clean.mean()).item()
facts = sae.card("resid-2")
with claims():
    claim("the dictionary has 1 536 latents, eight for each of 192 dimensions", dictionary.sae.config.n_latents == 8 * vectors.shape[1] == 1536)
    claim("it was trained on 765 000 vectors, each read about eight times", facts["data"]["vectors"] == 765_000 and about(facts["epochs"], 8))
    claim("L0 is 16 (no row has more; some may have fewer)", between(quality.l0, 15.9, 16))
    claim("it keeps nearly nine tenths of the variance (0.86 to 0.9)", between(1 - quality.unexplained, 0.86, 0.9))
    claim("hardly any of its latents is dead on these contexts (less than 3 %)", quality.dead < 0.03)
    claim("about one latent in a hundred is dense (0.5 to 2 %)", between(quality.dense, 0.005, 0.02))
    claim("the reconstruction costs 0.2 nats a token (0.15 to 0.25)", between(cost, 0.15, 0.25))
    claim("against zero it recovers about 98 % (97 to 99), against the mean about 95 % (94 to 97)", between(recovered["zero"], 0.97, 0.99) and between(recovered["mean"], 0.94, 0.97))

# %% [markdown]
# ## 5 · Reading a latent
#
# What does one latent stand for? The usual way is to look at the texts in which it is most active. That flatters the latent: its strongest activations may be clear and the rest a mixture. So we put texts beside them that are drawn at random from *all* its activity. The second thing to read is what its direction does by itself to the next token, through the unembedding. The third is a label.
#
# The text here is that of the sample programs that come with the course. This is the latent of the puzzle.

# %%
reading = sae.Reading.of(dictionary, [samples.read(name) for name in samples.names()])
bracket = int(scores.latent[scores.labels.index("closes")])
reading.explain(bracket)

# %% caption
caption("One latent. The ground is as dark as the latent is active, and the token that counts is underlined. “Promotes” and “suppresses” are the tokens whose logit the latent's direction changes most by itself.")

# %% [markdown]
# The latent is active at closing brackets: parentheses, and once a brace, at the top and at random alike. Its direction raises line breaks, `->` and `as`, some of what may follow a closing bracket. On these programs it is active for about one token in twenty. Nearly all of these close a bracket, and it misses about a fifth of the closing brackets.
#
# A name for a latent is a hypothesis. It predicts where the latent is active, and since Python tells us exactly which tokens close a bracket, that prediction has an F1. This is how "monosemantic" becomes a number.

# %% claims
about_it = reading.explain(bracket)
closing = [context.tokens[context.centre].strip()[:1] for context in (*about_it.top, *about_it.random)]
with claims():
    claim("at all twelve places that are shown it is active at a closing bracket", set(closing) <= set(")]}"))
    claim("its direction raises line breaks, -> and as", {"\n", "->", "as"} <= {token.strip(" ") for token, _ in about_it.promotes})
    claim("it is active for about one token in twenty", about(about_it.density, 0.05))
    claim("nearly all of these close a bracket (at least nine tenths), and it misses about a fifth of the closing brackets (0.15 to 0.25)", about_it.label == "closes" and about_it.precision >= 0.9 and between(1 - about_it.recall, 0.15, 0.25))

# %% [markdown]
# ## 6 · Do latents tell labels?
#
# Python's tokenizer and parser give twenty-one labels for every token. For each label the best latent competes with others that had the same chance: the best of 768 neurons of the MLP before it, in both senses; the best of 1 536 random directions, which is the null; and a **probe**, a direction that was trained on the label itself (logistic regression). The probe says what *some* direction can tell. Every one of them was chosen on half of 27 held-out modules and judged on the other half.

# %% prediction
predict("sae.labels")

# %% figure answer
plots.show(
    scores.plot(),
    "F1 of five kinds of units for 21 labels: the probe is highest nearly everywhere; latents lie above neurons for some labels and below for others.",
    caption="F1 for each label. At the top are the labels for which latents gain most on neurons, at the bottom those for which they lose most. Diamonds are the best set of up to 16 latents, of which any one may be active.",
)

# %% answer
shown = [row for row in scores.rows()
         if row["label"] in ("closes", "opens", "in_comment", "definition", "in_string", "kind_keyword", "kind_operator")]
columns = ("base rate", "best neuron", "null: best random direction",
           "best latent", "best set of ≤ 16 latents", "probe")
table([{"label": row["label"]} | {name: row[name] for name in columns} for row in shown])

# %% caption answer
caption("Seven of the labels in numbers, with 95 % intervals (modules resampled). “Base rate” is the share of tokens that have the label.")

# %% answer
wins = scores.apart("latent", "neuron")
measured("sae.labels", len(wins))

# %% [markdown]
# At nine of the 21 labels the best latent beats every neuron with its whole interval: brackets, definitions, function names, attributes, imports. At three a neuron beats every latent: operators, names, and opening quotes. Against random directions latents win at fourteen labels, and lose at operators, names and calls.
#
# Why do latents fail at keywords? A TopK dictionary may use sixteen latents for a vector, and it uses them for whatever lowers the error most. "Keyword" is our word. For the model `def` and `return` are followed by quite different things. If the dictionary has a latent for each keyword and none for all of them, then single keywords must be told well.

# %%
words = [dictionary.model.tokenizer.decode([i]).strip() for i in reading.tokens[:, 1:].flatten().tolist()]
is_keyword = reading.labels.flags[:, reading.labels.names.index("kind_keyword")]
chosen = ("def", "return", "if", "for", "in", "import", "not", "class")
flags = torch.stack([is_keyword & torch.tensor([w == word for w in words]) for word in chosen], 1)
each = sae.Units(reading.rows, sae.Labels(
    ("any keyword", *chosen), torch.cat([is_keyword[:, None], flags], 1), reading.labels.module))
split = {name: each.best(name) for name in each.labels.names}
table([{"label": name, "best latent": str(best.units[0]), "F1": (best.f1, best.low, best.high)}
       for name, best in split.items()])

# %% caption
caption("The best latent for all keywords together and for single ones, on the course's sample programs (chosen on half of the twelve programs, judged on the other half; intervals resample programs).")

# %% [markdown]
# So it is. `def` and `class` have a latent that is never wrong on these programs, `for` and `in` one that is nearly never wrong, and the best latent for all keywords together is one that is most active at `return`. It is the same with operators, of which the brackets are a part. A dictionary cuts the world into pieces of its own size, and a label that is coarser than its pieces needs many of them. That is why the best set of up to sixteen latents tells keywords so much better than one. When a dictionary with more latents cuts a feature into finer ones, this is called **feature splitting** (Bricken et al. 2023).

# %% claims answer
latent, neuron, chance, group = (scores.of(name) for name in ("latent", "neuron", "random", "set"))
single = {name: best.f1 for name, best in split.items()}
with claims():
    claim("there are 21 labels", len(scores.labels) == 21)
    claim("at nine of them the best latent beats every neuron with its whole interval, among them closes, opens, definition, function_name, attribute and import", len(wins) == 9 and {"closes", "opens", "definition", "function_name", "attribute", "import"} <= set(wins))
    claim("at three a neuron beats every latent: operators, names, opening quotes", set(scores.apart("neuron", "latent")) == {"kind_operator", "kind_name", "string_opens"})
    claim("against random directions latents win at fourteen labels, and lose at operators, names and calls", len(scores.apart("latent", "random")) == 14 and set(scores.apart("random", "latent")) == {"kind_operator", "kind_name", "call"})
    claim("def and class have a latent that is never wrong on the programs that judge", single["def"] == single["class"] == 1)
    claim("for and in have one that is nearly never wrong (F1 at least 0.95)", min(single["for"], single["in"]) >= 0.95)
    claim("each of the eight keywords is told better by a latent of its own than all together by one", min(single[word] for word in chosen) > single["any keyword"])
    claim("the best set of up to sixteen latents tells keywords far better than one (intervals apart)", "kind_keyword" in scores.apart("set", "latent"))

# %% [markdown]
# ## 7 · Does the model use it?
#
# A latent that tells a label is a good *description*. Whether the model reads that direction is another question, and an intervention answers it: take the latent away wherever it is active, and see what becomes of the prediction. Taking it away means
#
# $$x \;\to\; x - f_i\, d_i ,$$
#
# with $f_i$ its activation and $d_i$ its direction, of shape (d). Everything else stays, also what the dictionary does not reconstruct.
#
# Any change of that length moves the prediction a little. So the null matters: at the *same* places a vector of the *same* length is taken away, along the direction of another latent that is active about *as often*. How far the prediction moves is measured by the **KL divergence** from the untouched prediction to the changed one, in nats: 0 where they agree.

# %% prediction
predict("sae.causal")

# %% answer
bench = sae.Bench.of(dictionary, reading.tokens[:8])
names = ("closes", "opens", "definition", "kind_keyword")
latents = [int(scores.latent[scores.labels.index(name)]) for name in names]
effects = sae.causal_table(bench, names, latents, count=19)
table(effects, decimals={"KL, nats": 3, "null: median": 3, "null: largest": 3, "loss, nats": 3, "null: loss, median": 3, "p": 2})

# %% caption answer
caption("The best latents for four labels, taken away where they are active in eight contexts of the course's programs, beside 19 other latents each. “KL” is how far the prediction moves there, “loss” how much worse it becomes. With 19 others p cannot be below 0.05.")

# %% figure answer
plots.show(
    effects.plot(),
    "For four latents a coloured diamond, its own effect, beside grey dots, the effects of other directions of equal length.",
    caption="How far the prediction moves where a latent is active, when it is taken away (diamond), and when a vector of the same length is taken away along another latent that is active about as often (grey).",
)

# %% answer
above = int((effects.kl > effects.null_kl.amax(1)).sum())
measured("sae.causal", ("none", "one", "two", "three", "all four")[above])

# %% [markdown]
# Three of the four pass: taking away the latents for closing brackets, opening brackets and definitions moves the prediction further than each of the nineteen other directions. For the brackets it is a large effect. Without the latent for opening brackets the loss rises by more than a nat where it was active. For definitions it is small, a few hundredths of a nat, and just above the largest of the null.
#
# The fourth does not pass. The best latent for keywords, which is most active at `return`, moves the prediction no further than other directions of its length do. It describes well where a token is, and this test gives no reason to think that the model needs its direction more than another one. Only the intervention tells the two cases apart.
#
# With a latent set to a high value instead of zero, at every token, the same edit is called **steering**. The best-known case is the Golden Gate Bridge of Templeton et al. 2024.

# %% claims answer
largest = effects.null_kl.amax(1)
with claims():
    claim("the latents for closing brackets, opening brackets and definitions move the prediction further than each of nineteen other directions", bool((effects.kl > largest)[:3].all()))
    claim("without the latent for opening brackets the loss rises by more than a nat where it was active", effects.loss[1] > 1)
    claim("for definitions the effect is a few hundredths of a nat (0.02 to 0.04)", between(effects.kl[2], 0.02, 0.04))
    claim("the best latent for keywords moves the prediction no further than other directions do (p above 0.1)", effects.p[3] > 0.1)
    claim("the best latent for keywords is most active at return", {c.tokens[c.centre].strip() for c in reading.explain(latents[3]).top} == {"return"})

# %% [markdown]
# ## 8 · What the critics say
#
# Dictionaries have been criticised with care, and a part of it can be measured here.
#
# - *A direction that was trained on the label does better.* Kantamneni et al. 2025, [Are Sparse Autoencoders Useful?](https://arxiv.org/abs/2502.16681), could not consistently improve on ordinary probes with latents. Wu et al. 2025, [AxBench](https://arxiv.org/abs/2501.17148), found the plain difference of two means better at detecting a concept. Here a probe is better than the best latent at 18 of the 21 labels, with intervals apart, and never worse.
# - *Several latents are needed for one concept, and nobody tells which.* The best set of up to sixteen latents was chosen with the labels in hand. At that point one has labels and could train a probe, which is better at most labels still.
# - *An untrained network gives nice latents too* (Heap et al. 2025, [arXiv 2501.17727](https://arxiv.org/abs/2501.17727)). This asks for a dictionary of the untrained model, which this lesson does not show.
# - *Two trainings find different latents* (Paulo and Belrose 2025, [arXiv 2501.16615](https://arxiv.org/abs/2501.16615)). This lesson has a single dictionary of the code model, and cannot tell.
#
# What a dictionary has that a probe has not: it needs no labels. It proposes directions that nobody asked for, and among them a bracket. A probe answers a question that one already has.

# %% answer
better = {f"{a} above {b}": scores.apart(a, b) for a, b in (("probe", "latent"), ("latent", "probe"), ("latent", "neuron"), ("neuron", "latent"), ("latent", "random"))}
table({pair: {"labels": len(names), "of": len(scores.labels)} for pair, names in better.items()}, decimals=0)

# %% caption answer
caption("At how many labels one kind of unit is better than another, by intervals that lie apart.")

# %% claims answer
probe_wins = scores.apart("probe", "latent")
with claims():
    claim("a probe is better than the best latent at 18 of the 21 labels (intervals apart), and never worse", len(probe_wins) == 18 and not scores.apart("latent", "probe"))
    claim("the best set of up to sixteen latents is worse than the probe at most labels too", len(scores.apart("probe", "set")) > 10)

# %% [markdown]
# ## 9 · Now on GPT-2
#
# GPT-2 small has published dictionaries for the residual stream before every layer ([Bloom 2024](https://huggingface.co/jbloom/GPT2-Small-SAEs)). Beside them stands ours. Their recipe is the L1 penalty of section 3, with a gradient of its own for dead latents. Their loss recovered is published as a figure only, so that the table compares sizes.

# %%
published = {"dimensions": 768, "latents": 32 * 768, "latents for each dimension": 32, "sparsity": "L1 penalty, 8e-5", "vectors read, million": 300, "source": "Bloom 2024"}
own = {"dimensions": 192, "latents": dictionary.sae.config.n_latents, "latents for each dimension": dictionary.sae.config.n_latents / 192, "sparsity": "TopK, k = 16", "vectors read, million": facts["rows"] / 1e6, "source": "this lesson"}
table({"GPT-2 small, published": published, "code-4l": own}, decimals={"vectors read, million": 0})

# %% caption
caption("The sizes of a published dictionary for GPT-2 small and of the one that this lesson reads.")

# %% [markdown]
# To make one for GPT-2 yourself, where its weights can be loaded: `model = zoo.load("gpt2")`, then `sae.Stream(model, "blocks.6.hook_resid_pre", tokens)` is a source of shuffled vectors for `sae.train`. This was not run for this page.
#
# ## 10 · What this does not show
#
# **A name is a guess.** F1 of 0.87 on closing brackets means that the latent also does something else, or misses something. We gave it the best of 21 names. That none of them fits well does not show that a latent means nothing: perhaps the right name was not on the list.
#
# **One dictionary.** Everything about `code-4l` rests on one training, one place and one width. Another start may give other latents. Nothing here says that these 1 536 directions are *the* features of the model.
#
# **What is left over.** A ninth of the variance is not explained, and the model notices: its loss rises. Whatever the model does in that part, no latent shows it.
#
# **A direction that matters is not yet a mechanism.** The test of section 7 changes the prediction. It does not say which head or neuron reads the direction, nor that taking it away is all that the name promises.
#
# A failure was shown as well: where features always come together, the dictionary of section 2 found their sums, with a good reconstruction, and without any sign that something was wrong.
#
# **The puzzle, answered.** A direction for closing brackets can be found without labels, since few tokens close a bracket, and the vectors of those that do have something in common. No neuron is that direction, and none needs to be. Keywords and operators are *our* classes. The dictionary has pieces for `def`, for `for` and for a closing bracket, and no single piece for the whole class, so that one latent must fail where a set of them does well. A probe, which was told the class, finds a direction for it nevertheless.
#
# What stays open: whether another training finds the same pieces, how large a piece should be, and what the model does with them.

# %% claims
with claims():
    claim("a ninth of the variance is not explained (about)", about(quality.unexplained, 1 / 9))
    claim("the F1 of the latent on closing brackets is 0.87", rounds_to(scores.of("latent")["closes"], "0.87"))
    claim("the reconstruction of pairs that always come together is good (less than a tenth unexplained)", done.quality("TopK")[0].unexplained < 0.1)
    claim("our dictionary has eight latents for each dimension, the one of GPT-2 thirty-two", own["latents for each dimension"] == 8 and published["latents for each dimension"] == 32)

# %% card
card(
    {
        "claim": "A sparse dictionary can find features that nobody listed.",
        "evidence": "Known truth: nearly all of 64 features in 32 dimensions.",
        "control": "ICA, PCA, and as many random directions.",
        "where it fails": "Too few latents, dense features, features that always come together.",
    },
    {
        "claim": "A price on activity makes activations too small.",
        "evidence": "Activation over true strength, three truths.",
        "control": "TopK on the same truths.",
        "where it fails": "Only known truths show it: in a real model the true strengths are unknown.",
    },
    {
        "claim": "Some latents of the code model tell a label far better than any neuron.",
        "evidence": "Closing brackets and eight other labels of 21, on modules that chose nothing.",
        "control": "As many random directions, and a probe as the ceiling.",
        "where it fails": "Broad classes such as keywords, which are split over many latents.",
    },
    {
        "claim": "The model uses the directions of some latents.",
        "evidence": "Taking away the latents for brackets and definitions moves the prediction.",
        "control": "Other latents, at the same places, of equal length and frequency.",
        "where it fails": "The best latent for keywords does not pass. And it shows that a direction matters, and not that our name for it is right.",
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
# - ReLU with an L1 penalty: a sparse autoencoder that pays for the sum of its activations.
# - TopK: a sparse autoencoder that keeps the k largest pre-activations of each vector.
# - matching: giving each true feature a latent of its own, so that the sum of cosines is largest.
# - principal component analysis: directions of largest variance, at right angles.
# - independent component analysis: axes along which strengths are statistically independent, at most one for each dimension.
# - shrinkage: activations that are too small because they are paid for.
# - dead: of a latent that is never active.
# - dense: of a latent that is active for more than one token in ten.
# - resampling: pointing a dead latent at a vector that is reconstructed badly.
# - auxiliary loss: a loss in which dead latents rebuild what the living ones leave over.
# - fraction of variance unexplained: squared errors over squared distances from the mean, both summed over all vectors.
# - loss recovered: the share of an ablation's cost that a reconstruction saves.
# - probe: a direction trained on labels.
# - feature splitting: one feature of a small dictionary becoming several finer ones in a larger one.
# - steering: setting a latent to a high value at every token, and letting the model go on from there.
# - KL divergence: how far one distribution of next tokens is from another, in nats.

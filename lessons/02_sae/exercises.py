# %% [markdown]
# # Exercises: sparse autoencoders
#
# *Sixteen exercises on lesson 2, from the encoder to a sealed dictionary problem, a name and a prediction. About three and three quarter hours: an estimate; the minutes stand at each. Those marked ◇ go beyond the lesson, and say what they need.*
#
# Each exercise has a cell to fill in and a cell that marks it. You may do them in any order: a cell that you have not filled in is reported as *not attempted yet*, and later cells that use an answer take the course's own where yours has not passed. If you are stuck, ask: `grade("sae.encode", encode, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the simplest input on which it differs.
#
# `torch` is all you need, and `scipy` once. The course's own versions live in `course_utils.sae`; they are there for reading afterwards. What you write is used: your own functions train a dictionary.

# %% setup

# %%
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import runtime, sae
from course_utils.grading import checked, grade
from course_utils.page import table

# %% [markdown]
# ## 1 · The encoder
#
# *Why it matters* (8 minutes): there are two biases, each in its own place. Forget one, and the dictionary still trains, and is worse in a way that no error message shows.
#
# *What to write*: $f = \mathrm{ReLU}(W_\text{enc}(x - b_\text{dec}) + b_\text{enc})$ for every row. `x` is (row, d), `W_enc` (latent, d).
#
# *How you know*: with `W_enc = [[1.0]]`, `b_enc = [0.5]` and `b_dec = [1.5]`, the vector `[2.0]` gives `[1.0]`.

# %%
def encode(
    x: Float[Tensor, "row d"],
    W_enc: Float[Tensor, "latent d"],
    b_enc: Float[Tensor, "latent"],
    b_dec: Float[Tensor, "d"],
) -> Float[Tensor, "row latent"]:
    """How strongly each latent is active in each row."""
    ### BEGIN SOLUTION
    return torch.relu((x - b_dec) @ W_enc.T + b_enc)
    ### END SOLUTION

# %%
grade("sae.encode", encode)

# %% [markdown]
# ## 2 · The loss
#
# *Why it matters* (8 minutes): a dictionary that may make its directions long pays less for the same reconstruction, since the activations become small. So the price is put on activation times length.
#
# *What to write*: $\|x - \hat x\|^2 + \lambda \sum_i f_i \|d_i\|$, with $d_i$ the rows of `W_dec`. Sum within a row, and take the **mean** over rows. `penalty` is $\lambda$.
#
# *How you know*: doubling `W_dec` and halving `f`, with the same `x_hat`, changes nothing.

# %%
def loss(
    x: Float[Tensor, "row d"],
    x_hat: Float[Tensor, "row d"],
    f: Float[Tensor, "row latent"],
    W_dec: Float[Tensor, "latent d"],
    penalty: float,
) -> Float[Tensor, ""]:
    """Squared error and the price of activity, averaged over rows."""
    ### BEGIN SOLUTION
    error = ((x - x_hat) ** 2).sum(dim=1)
    price = penalty * (f * W_dec.norm(dim=1)).sum(dim=1)
    return (error + price).mean()
    ### END SOLUTION

# %%
grade("sae.loss", loss)

# %% [markdown]
# ## 3 · TopK
#
# *Why it matters* (12 minutes): TopK asks for sparsity without a price, and so without shrinkage by a price.
#
# *What to write*: of each row the `k` largest stay, all others become 0. What stays and is negative becomes 0 too. Among equals the first latents win, so that exactly `k` places are given away.
#
# *How you know*: `[[-1.0, -3.0, 2.0]]` with `k = 2` gives `[[0.0, 0.0, 2.0]]`, and `[[2.0, 1.0, 2.0, 2.0]]` gives `[[2.0, 0.0, 2.0, 0.0]]`. The lesson's `encode_topk` fails the second of these, since `topk` may take any of several equal numbers: a sort that is `stable` keeps their order.

# %%
def topk(pre: Float[Tensor, "batch latent"], k: int) -> Float[Tensor, "batch latent"]:
    """The k largest of each row, the others and the negative ones zero."""
    ### BEGIN SOLUTION
    kept = pre.argsort(dim=1, descending=True, stable=True)[:, :k]
    f = torch.zeros_like(pre)
    return f.scatter(1, kept, torch.relu(pre.gather(1, kept)))
    ### END SOLUTION

# %%
grade("sae.topk", topk)

# %% [markdown]
# ## 4 ◇ · BatchTopK
#
# *Why it matters* (10 minutes; needs exercise 3 only): some vectors need more latents than others. BatchTopK (Bussmann et al. 2024) lets the rows of a batch share their places.
#
# *What to write*: a batch of $B$ rows has $k \cdot B$ places, with $k$ at least 1 and no larger than the number of latents. They go to the largest numbers wherever they stand; negative ones become 0; among equals the first win, row by row.
#
# *How you know*: `[[5.0, 3.0, 4.0], [1.0, 2.0, 0.5]]` with `k = 1` gives both places to the first row.

# %%
def batchtopk(pre: Float[Tensor, "batch latent"], k: int) -> Float[Tensor, "batch latent"]:
    """The k · batch largest of all, the others and the negative ones zero."""
    ### BEGIN SOLUTION
    flat = pre.flatten()
    kept = flat.argsort(descending=True, stable=True)[: k * len(pre)]
    f = torch.zeros_like(flat).scatter(0, kept, torch.relu(flat[kept]))
    return f.view_as(pre)
    ### END SOLUTION

# %%
grade("sae.batchtopk", batchtopk)

# %% [markdown]
# ## 5 · The decoder's gradient
#
# *Why it matters* (8 minutes): the rows of the decoder are kept at length 1. A gradient along a row would only change its length, which is set back after the step. Adam does not know that, and would remember it.
#
# *What to write*: from each row of `grad` take away its part along the unit row of `rows` with the same number.
#
# *How you know*: every row of the result is at right angles to its row of `rows`. `[[3.0, 4.0]]` along `[[1.0, 0.0]]` leaves `[[0.0, 4.0]]`.

# %%
def without_parallel(
    grad: Float[Tensor, "latent d"], rows: Float[Tensor, "latent d"]
) -> Float[Tensor, "latent d"]:
    """The part of each row of `grad` at right angles to the unit row of `rows`."""
    ### BEGIN SOLUTION
    along = (grad * rows).sum(dim=1, keepdim=True)  # (latent, 1)
    return grad - along * rows
    ### END SOLUTION

# %%
grade("sae.without_parallel", without_parallel)

# %% [markdown]
# ### Your dictionary, trained
#
# The next cell trains a small dictionary with your functions, or with the course's where yours have not passed: 24 invented features in 16 dimensions, 32 latents. It takes a few seconds. Then change `penalty`, and see what becomes of the number of features found and of the active latents.

# %%
encoder, price, project = checked("sae.encode"), checked("sae.loss"), checked("sae.without_parallel")
penalty = 0.3
world = sae.Truth.draw(features=24, d=16, probability=0.06)
start = torch.nn.functional.normalize(torch.randn(32, 16), dim=1)
W_enc, W_dec = start.clone().requires_grad_(), start.clone().requires_grad_()
b_enc, b_dec = torch.zeros(32, requires_grad=True), torch.zeros(16, requires_grad=True)
optimizer = torch.optim.Adam([W_enc, W_dec, b_enc, b_dec], lr=3e-3)
for step in range(1500):
    x, _ = world.batch(step, 256)
    f = encoder(x, W_enc, b_enc, b_dec)
    total = price(x, f @ W_dec + b_dec, f, W_dec, penalty)
    optimizer.zero_grad()
    total.backward()
    W_dec.grad = project(W_dec.grad, W_dec.detach())
    optimizer.step()
    with torch.no_grad():
        W_dec.div_(W_dec.norm(dim=1, keepdim=True))
recovered = sae.Recovery.of(world, W_dec.detach()).found
table({"features found": 100 * recovered, "active latents": 32 * (f > 0).float().mean().item()}, decimals=1)

# %% [markdown]
# ## 6 · Variance unexplained
#
# *Why it matters* (8 minutes): the number that every paper on dictionaries reports. Averages of ratios and ratios of averages differ, and papers differ in which they take.
#
# *What to write*: all squared errors together, over all squared distances from the mean row.
#
# *How you know*: a reconstruction that is the mean row everywhere gives 1, a perfect one 0.

# %%
def fvu(y: Float[Tensor, "row d"], y_hat: Float[Tensor, "row d"]) -> Float[Tensor, ""]:
    """Fraction of variance unexplained: a ratio of sums."""
    ### BEGIN SOLUTION
    centred = y - y.mean(dim=0)
    return ((y - y_hat) ** 2).sum() / (centred**2).sum()
    ### END SOLUTION

# %%
grade("sae.fvu", fvu)

# %% [markdown]
# ## 7 · Loss recovered
#
# *Why it matters* (8 minutes): a small error may be in a direction that the model needs. This number asks the model.
#
# *What to write*: which share of what an ablation costs does the reconstruction save? You are given the model's loss at each token: as it is, with the reconstruction spliced in, and with an ablation, in which every vector is replaced by one and the same, such as the mean. Average each over tokens first.
#
# *How you know*: it is 1 where the reconstruction costs nothing, 0 where it costs as much as the ablation, and negative where it costs more.

# %%
def loss_recovered(
    clean: Float[Tensor, "token"], spliced: Float[Tensor, "token"], ablated: Float[Tensor, "token"]
) -> Float[Tensor, ""]:
    """The share of the ablation's cost that the reconstruction saves."""
    ### BEGIN SOLUTION
    return (ablated.mean() - spliced.mean()) / (ablated.mean() - clean.mean())
    ### END SOLUTION

# %%
grade("sae.loss_recovered", loss_recovered)

# %% [markdown]
# ## 8 · Matching features
#
# *Why it matters* (15 minutes): if one latent may serve several features, a dictionary that mixes them looks better than it is. So each latent is given away once.
#
# *What to write*: the cosine of each true feature with its own latent, in the one-to-one assignment with the largest sum of cosines. There are at least as many latents as features. `scipy.optimize.linear_sum_assignment` finds assignments. Keep the sign of the cosine: a feature and its opposite are two features.
#
# *How you know*: with `truth = torch.eye(2)` and `learned = [[0, 2], [3, 0]]` the answer is `[1, 1]`.

# %%
def match_features(
    truth: Float[Tensor, "feature d"], learned: Float[Tensor, "latent d"]
) -> Float[Tensor, "feature"]:
    """Each true feature's cosine with its partner in the best one-to-one assignment."""
    ### BEGIN SOLUTION
    from scipy.optimize import linear_sum_assignment

    unit = torch.nn.functional.normalize
    cosine = unit(truth, dim=1) @ unit(learned, dim=1).T  # (feature, latent)
    rows, columns = linear_sum_assignment(cosine.numpy(), maximize=True)
    return cosine[rows, columns]
    ### END SOLUTION

# %%
grade("sae.match_features", match_features)

# %% [markdown]
# ## 9 · Top contexts
#
# *Why it matters* (10 minutes): this list is what most people mean when they say that they looked at a latent.
#
# *What to write*: the `count` contexts in which a latent is most active, the strongest first, each as (context, position of its largest activation). At most one from each context, and none in which the latent is silent. Of equal ones the earlier context comes first, and within a context the earlier position.
#
# *How you know*: `[[0.0, 2.0], [3.0, 1.0]]` with `count = 1` gives `[(1, 0)]`.

# %%
def top_contexts(activity: Float[Tensor, "context pos"], count: int) -> list[tuple[int, int]]:
    """(context, position) of the largest activations, at most one from each context."""
    ### BEGIN SOLUTION
    best, place = activity.max(dim=1)
    order = best.argsort(descending=True, stable=True)[:count].tolist()
    return [(c, int(place[c])) for c in order if best[c] > 0]
    ### END SOLUTION

# %%
grade("sae.top_contexts", top_contexts)

# %% [markdown]
# ## 10 · The edit
#
# *Why it matters* (10 minutes): this is the line of code behind every test and every steering of a latent.
#
# *What to write*: the vectors `x` with one latent set to the value `to`. Change x only along that latent's direction, by as much as the latent changes. What the dictionary does not reconstruct stays.
#
# *How you know*: setting a latent to the value that it has changes nothing.

# %%
def latent_effect(
    x: Float[Tensor, "row d"],
    f: Float[Tensor, "row latent"],
    W_dec: Float[Tensor, "latent d"],
    latent: int,
    to: float = 0.0,
) -> Float[Tensor, "row d"]:
    """x with one latent set to `to`."""
    ### BEGIN SOLUTION
    change = to - f[:, latent]  # (row,)
    return x + change[:, None] * W_dec[latent]
    ### END SOLUTION

# %%
grade("sae.latent_effect", latent_effect)

# %% [markdown]
# ## 11 · The sealed dictionary
#
# *Why it matters* (30 minutes): here are vectors made from features that nobody shows you. They were drawn from your own seed, and nobody else has them.
#
# *What you are given*: `problem.x`, twenty thousand vectors in 20 dimensions, and `problem.features`, how many features they were made from: more than there are dimensions. Each vector is a sum of at least two features, so that no single vector shows a feature's direction.
#
# *What to write*: directions, one a row, at most twice as many as there are features. The score is the share of the true features that have a direction of yours of their own with a cosine above 0.9. You pass when it is far above chance and at least 80 %. Train a dictionary of your own making, or use `sae.train(sae.Config(...), sae.Rows(problem.x), sae.Recipe(...))`.
#
# *How you know*: you have no truth to compare with. Look at how many latents are active, at dead latents, and at which directions a second training from another start finds again. (The reconstruction error tells only whether the training is finished.) With more latents than features the surplus need not agree.

# %%
problem = sae.sealed(runtime.seed_for("sae.sealed"))

# %%
def my_directions() -> Float[Tensor, "latent d"]:
    """Directions of the features behind `problem.x`, one a row."""
    ### BEGIN SOLUTION
    config = sae.Config(d_in=20, n_latents=48, k=3)
    recipe = sae.Recipe(steps=800, batch=512, lr=3e-3, dead_after=20_000)
    done = sae.train(config, sae.Rows(problem.x), recipe, device="cpu", show=False)
    return done.sae.W_dec
    ### END SOLUTION

# %%
grade("sae.sealed", my_directions)

# %% [markdown]
# ## 12 · Name a latent
#
# *Why it matters* (25 minutes): a name for a latent is a hypothesis about where it is active. Most names are given after a look at a few strong contexts, and nobody tries them on other text. Yours is tried.
#
# *What you are given*: a latent of `resid-2` drawn for you, and the course's sample programs to read it in. `riddle.explain()` shows contexts. `riddle.words` are the tokens of the programs as text, a list for each context, and `riddle.activity` (context, pos) says how strongly the latent is active at each.
#
# *What to write*: a function that returns a *rule*. The rule is a function of `tokens`, a list of strings, and of `place`, and says True where it expects the latent to be active, that is above 0, at `tokens[place]`. It may look at the tokens before, and may be as plain as a set of tokens. It is run on 48 contexts of held-out modules, and its F1 is compared with that of a rule that we made from the same programs: you pass with four fifths of it.
#
# *How you know*: try the rule on the programs first. If it does well there and badly on the held-out modules, it was made of single cases.

# %%
riddle = sae.nameless(runtime.seed_for("sae.name_latent"))
riddle.explain()

# %%
def name_latent():
    """A rule: tokens (a list of strings) and place (a number) → True where the latent is active."""
    ### BEGIN SOLUTION
    seen = {}  # token → whether the latent was active, at each of its places
    for words, values in zip(riddle.words, riddle.activity.tolist(), strict=True):
        for word, value in zip(words[1:], values[1:], strict=True):
            seen.setdefault(word, []).append(value > 0)
    chosen = {word for word, on in seen.items() if sum(on) > len(on) / 2}

    def rule(tokens, place):
        return tokens[place] in chosen

    return rule
    ### END SOLUTION

# %%
grade("sae.name_latent", name_latent)

# %% [markdown]
# ## 13 · Foretell an ablation
#
# *Why it matters* (20 minutes): whoever understands an edit can say beforehand how large its effect is. This is also how to find out that one does not.
#
# *What you are given*: forty latents of `resid-2` drawn for you, on eight contexts of the sample programs. `told.x` (row, d) is the residual stream, `told.f` (row, latent) says how strongly each of the forty is active, and `told.W_dec` (latent, d) holds their directions, of length 1.
#
# *What to write*: forty numbers, the larger the farther you expect the next-token prediction to move (in KL divergence, that is the mean of $\log p - \log q$ under the first prediction $p$; on average over the rows in which the latent is active) when the latent is taken away there. Give a value for each latent, not a list of latents in order (which is what `argsort` returns). Only the order of the values counts, since the score is their rank correlation with the effects that were measured. Do not run the ablation. You pass at 0.6.
#
# *How you know*: you do not, and this is the point. Write down your reason, then look at the score.

# %%
told = sae.foretold(runtime.seed_for("sae.predict_ablation"))

# %%
def predict_ablation() -> Float[Tensor, "latent"]:
    """How far you expect the prediction to move, for each latent; only the order counts."""
    ### BEGIN SOLUTION
    part = told.f / told.x.norm(dim=1, keepdim=True)  # of the vector's length, what is taken away
    return part.sum(dim=0) / (told.f > 0).sum(dim=0)
    ### END SOLUTION

# %%
grade("sae.predict_ablation", predict_ablation)

# %% [markdown]
# ## 14 ◇ · Wake the dead
#
# *Why it matters* (15 minutes): a dead latent gets no gradient and stays dead. Resampling (Bricken et al. 2023) gives it a new start at a vector that is reconstructed badly.
#
# *What to write*: four new tensors, the others left alone. `dead` says which latents are dead, and `rows` holds one row number of `x` for each of them, in their order (drawn beforehand, badly reconstructed rows more often). For the $i$-th dead latent, let $u$ be the unit vector from `b_dec` to `x[rows[i]]`.
#
# - Its row of `W_dec` becomes $u$.
# - Its row of `W_enc` becomes $u$ too, at a fifth of the *mean length* of the living latents' rows.
# - Its entry of `b_enc` becomes 0.
# - Its row of `average` becomes 0. This is Adam's running average of the gradient of `W_enc`. What is left in it belongs to the latent's past life, and would push the new direction aside.
#
# *How you know*: no row of a living latent has changed, and the new rows of `W_dec` have length 1.

# %%
def resample_dead(
    x: Float[Tensor, "row d"],
    W_enc: Float[Tensor, "latent d"],
    b_enc: Float[Tensor, "latent"],
    W_dec: Float[Tensor, "latent d"],
    b_dec: Float[Tensor, "d"],
    average: Float[Tensor, "latent d"],
    dead: Bool[Tensor, "latent"],
    rows: Int[Tensor, "dead"],
):
    """New W_enc, b_enc, W_dec and average."""
    ### BEGIN SOLUTION
    toward = x[rows] - b_dec  # (dead, d)
    toward = toward / toward.norm(dim=1, keepdim=True)
    length = W_enc[~dead].norm(dim=1).mean()
    W_enc, b_enc, W_dec, average = W_enc.clone(), b_enc.clone(), W_dec.clone(), average.clone()
    W_enc[dead] = 0.2 * length * toward
    b_enc[dead] = 0.0
    W_dec[dead] = toward
    average[dead] = 0.0
    return W_enc, b_enc, W_dec, average
    ### END SOLUTION

# %%
grade("sae.resample_dead", resample_dead)

# %% [markdown]
# ## 15 ◇ · Absorption
#
# *Why it matters* (20 minutes): suppose that a broad feature, the *parent*, is there whenever a narrow one, its *child*, is. A sparse dictionary can save a latent: the child's latent takes the parent's direction into its own, and the parent's latent falls silent wherever the child is. This is called *absorption* (Chanin et al. 2024). The parent's latent then looks like a clean feature, with holes that nobody expects.
#
# *What to write*: the rows in which a feature was absorbed. `direction` is the feature's direction, of any length: use its unit vector $v$. A row counts if three things hold: the feature is present; latent `main`, which stands for it, is silent; and another latent carries it. A latent's contribution along $v$ is $f_j\,(d_j \cdot v)$. Count only latents whose direction has a cosine above 0.025 with $v$, so that no contribution is negative. The feature is carried if the largest of them is above 0 and at least half of their sum.
#
# *How you know*: a row in which the main latent is active is never absorbed, and a row in which nothing else points along the feature is a plain miss.

# %%
def detect_absorption(
    f: Float[Tensor, "row latent"],
    W_dec: Float[Tensor, "latent d"],
    direction: Float[Tensor, "d"],
    present: Bool[Tensor, "row"],
    main: int,
) -> Bool[Tensor, "row"]:
    """The rows in which another latent carries the feature while `main` is silent."""
    ### BEGIN SOLUTION
    v = direction / direction.norm()
    cosine = (W_dec @ v) / W_dec.norm(dim=1)
    carried = f * (W_dec @ v)  # (row, latent)
    carried = torch.where((cosine > 0.025) & (carried > 0), carried, 0.0)
    largest = carried.max(dim=1).values
    enough = (largest > 0) & (largest >= 0.5 * carried.sum(dim=1))
    return present & (f[:, main] == 0) & enough
    ### END SOLUTION

# %%
grade("sae.detect_absorption", detect_absorption)

# %% [markdown]
# ## 16 ◇ · JumpReLU
#
# *Why it matters* (20 minutes): a JumpReLU (Rajamanoharan et al. 2024) lets the whole value through once it exceeds a learned threshold, and so does not shrink. But a threshold has no gradient: nearly everywhere a small change of it changes nothing.
#
# *What to write*: `pre` where it exceeds `threshold` and 0, else 0. To `pre` the gradient is passed on where the value passed. To the threshold $\theta$ goes a *straight-through* gradient: $-\theta/\varepsilon$ times the incoming gradient, summed over the rows in which $|\text{pre} - \theta| < \varepsilon/2$, with $\varepsilon$ = `bandwidth`. Write a `torch.autograd.Function`; its `backward` returns one gradient for each argument, and None for the bandwidth.
#
# *How you know*: with `pre = [[1.02, 0.5]]`, both thresholds 1 and a bandwidth of 0.1, the value is `[[1.02, 0]]`. The gradient of its sum is `[[1, 0]]` for `pre` and `[-10, 0]` for the threshold.

# %%
def jumprelu(
    pre: Float[Tensor, "batch latent"], threshold: Float[Tensor, "latent"], bandwidth: float
) -> Float[Tensor, "batch latent"]:
    """`pre` above the threshold, else 0; with a straight-through gradient for the threshold."""
    ### BEGIN SOLUTION
    class Jump(torch.autograd.Function):
        @staticmethod
        def forward(ctx, pre, threshold):
            ctx.save_for_backward(pre, threshold)
            return torch.where((pre > threshold) & (pre > 0), pre, 0.0)

        @staticmethod
        def backward(ctx, grad):
            pre, threshold = ctx.saved_tensors
            passed = (pre > threshold) & (pre > 0)
            near = (pre - threshold).abs() < bandwidth / 2
            return grad * passed, -(threshold / bandwidth) * (grad * near).sum(dim=0)

    return Jump.apply(pre, threshold)
    ### END SOLUTION

# %%
grade("sae.jumprelu", jumprelu)

# %% [markdown]
# ### Again, and again
#
# There are as many sealed problems as there are whole numbers: `sae.sealed(1)`, `sae.sealed(2)`, … Try one with ReLU and an L1 penalty. Which penalty finds most, and how could you have known it without the truth?

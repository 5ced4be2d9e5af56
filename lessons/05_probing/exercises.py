# %% [markdown]
# # Exercises: probing
#
# *Fourteen exercises on lesson 5, from a difference of two means to networks that nobody else has. Two and a half to three and a half hours: an estimate from how long similar exercises of other lessons took, 5 to 10 minutes each for 1, 4, 5, 7, 8 and 11 to 14, 15 to 20 for 2, 3 and 6, half an hour for 9 and for 10. The four marked ◇ use the lesson's second notebook.*
#
# Each exercise has a cell to fill in and a cell that marks it. A cell that you have not filled in is reported as *not attempted yet*, and nothing breaks, so you may do the exercises in any order. The cells between them use your functions where they pass, and the course's own where they are missing or wrong. If you are stuck, ask: `grade("probing.leace", leace, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the smallest input on which it differs.
#
# The course's own versions live in `course_utils.probing`; they are there for reading afterwards.

# %% setup

# %%
from itertools import pairwise

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import probing, runtime, zoo
from course_utils.grading import checked, grade
from course_utils.page import table

model = zoo.load("code-4l", "cpu").requires_grad_(False)
train, test = probing.two_halves(model, contexts=16)

# %% [markdown]
# ## 1 · From one mean to the other
#
# *Why it matters*: it is the simplest probe there is, and nothing has to be fitted.
#
# *What to write*: the mean of the rows of `x` where `y` is true, minus the mean of the others.
#
# *How you know*: one vector of d numbers, pointing from *false* to *true*, as long as the classes are apart.

# %%
def mass_mean(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "d"]:
    """The direction from the mean of the false rows to that of the true ones."""
    ### BEGIN SOLUTION
    return x[y].mean(0) - x[~y].mean(0)
    ### END SOLUTION

# %%
grade("probing.mass_mean", mass_mean)

# %% [markdown]
# ## 2 · The same, where the rows scatter
#
# *Why it matters*: along some directions vectors scatter widely whatever the property. A step along these says little, and a good reader counts it for less.
#
# *What to write*: the difference of the means, through the inverse of the covariance *within* the classes. Subtract from each row the mean of its own class; the covariance is the mean, over all rows, of the products of the columns of what is left. Then solve covariance · direction = difference.
#
# *How you know*: where rows scatter equally in all directions, it points along the plain difference.

# %%
def mass_mean_iid(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "d"]:
    """The difference of the class means through the inverse covariance within the classes."""
    ### BEGIN SOLUTION
    yes, no = x[y].mean(0), x[~y].mean(0)
    within = torch.where(y[:, None], x - yes, x - no)
    covariance = within.T @ within / len(x)
    return torch.linalg.solve(covariance, yes - no)
    ### END SOLUTION

# %%
grade("probing.mass_mean_iid", mass_mean_iid)

# %% [markdown]
# Both on the code model, with the threshold halfway between the means: how many tokens of new files does each tell rightly?

# %%
rows = {}
y, new = train.label("definition"), test.label("definition")
for name, fit in (("difference", checked("probing.mass_mean")), ("through the covariance", checked("probing.mass_mean_iid"))):
    x = train.x[3].double()
    w = fit(x, y)
    score = (test.x[3].double() - (x[y].mean(0) + x[~y].mean(0)) / 2) @ w
    rows[name] = {"definitions found": float((score[new] > 0).float().mean()),
                  "others left alone": float((score[~new] < 0).float().mean())}
table(rows, decimals=2)

# %% [markdown]
# ## 3 · Logistic regression, all at once
#
# *Why it matters*: the lesson fits its probes at all layers and for all labels in one solve. One after the other they take far longer, and one is tempted to look at a single layer.
#
# *What to write*: for every layer and every label, the direction w and the bias b that minimise
#
# $$\sum_\text{rows} \text{cross-entropy}\big(\sigma(w\cdot x + b),\, y\big) + \frac{\text{penalty}}{2}\,|w|^2 .$$
#
# The bias stands in no penalty. The problems are independent of each other, so it does no harm to minimise their sum. A few hundred steps must do: LBFGS or Newton's method. Return directions and biases, in the dtype of `x`.
#
# *How you know*: scikit-learn's `LogisticRegression(C=1 / penalty, tol=1e-8, max_iter=1000)` gives the same for one layer and one label.

# %%
def fit_logistic(
    x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"], penalty: float
) -> tuple[Float[Tensor, "layer label d"], Float[Tensor, "layer label"]]:
    """Directions and biases of every layer and label."""
    ### BEGIN SOLUTION
    truth = y.to(x.dtype).T  # (label, row)
    rows = torch.cat([x, torch.ones_like(x[..., :1])], 2)[:, None]  # the last weight is the bias
    hold = penalty * torch.eye(x.shape[2] + 1, dtype=x.dtype)
    hold[-1, -1] = 0
    weights = torch.zeros(len(x), y.shape[1], x.shape[2] + 1, dtype=x.dtype)
    for _ in range(25):  # Newton's method
        chance = (rows @ weights[..., None])[..., 0].sigmoid()
        slope = ((chance - truth)[..., None] * rows).sum(2) + weights @ hold
        bend = (rows * (chance * (1 - chance))[..., None]).mT @ rows + hold
        weights = weights - torch.linalg.solve(bend, slope)
    return weights[..., :-1], weights[..., -1]
    ### END SOLUTION

# %%
grade("probing.fit_logistic", fit_logistic)

# %% [markdown]
# ## 4 · Reading or learning?
#
# *Why it matters*: a probe that learns its labels by heart looks like one that reads.
#
# *What to write*: the selectivity. `fit(rows, labels)` returns a function that says yes or no to rows. Fit it on the training rows with the property's labels, and again, anew, with control labels: a token's coin `coins[id]` is compared with the share of true labels among the training rows, and the control label is true where the coin is below it. (The lesson draws the line at a quantile of the coins; here it is drawn at the share itself.) Return the accuracy, which is the share of right answers and no AUC, on the property minus that on the control task, both on the rows that are not for training.
#
# *How you know*: for a probe that always says what is more frequent it is near 0.

# %%
def selectivity(
    x: Float[Tensor, "row d"],
    y: Bool[Tensor, "row"],
    ids: Int[Tensor, "row"],
    coins: Float[Tensor, "d_vocab"],
    train: Bool[Tensor, "row"],
    fit,
) -> Float[Tensor, ""]:
    """Accuracy on the property minus accuracy on its control task."""
    ### BEGIN SOLUTION
    control = coins[ids] < y[train].float().mean()
    found = []
    for labels in (y, control):
        says = fit(x[train], labels[train])
        found.append((says(x[~train]) == labels[~train]).to(x.dtype).mean())
    return found[0] - found[1]
    ### END SOLUTION

# %%
grade("probing.selectivity", selectivity)

# %% [markdown]
# ## 5 · Interchange along a direction
#
# *Why it matters*: it is the experiment that tells *used* from *present*.
#
# *What to write*: each row of `base` with its component along `direction` replaced by that of the same row of `donor`. The direction has any length.
#
# *How you know*: the result's product with the direction is the donor's; everything at right angles to it is the base's.

# %%
def interchange(
    base: Float[Tensor, "row d"], donor: Float[Tensor, "row d"], direction: Float[Tensor, "d"]
) -> Float[Tensor, "row d"]:
    """`base` with the donor's component along `direction`."""
    ### BEGIN SOLUTION
    u = direction / direction.norm()
    return base + ((donor - base) @ u)[:, None] * u
    ### END SOLUTION

# %%
grade("probing.interchange", interchange)

# %% [markdown]
# ## 6 · Erase, and change as little as possible
#
# *Why it matters*: an eraser that changes more than it must takes other things with it, and one no longer knows what the model misses.
#
# *What to write*: the rows without the property, by LEACE. Centre the rows. In coordinates in which their covariance is the unit matrix, take the direction of the difference of the class means and project it out. Go back to the old coordinates, and add the mean again. The covariance is over all rows (divide by n), and it has full rank.
#
# *How you know*: the two class means become equal, and the rows change less than by projecting out the difference of the means as it is.

# %%
def leace(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "row d"]:
    """The rows without the property, changed as little as possible."""
    ### BEGIN SOLUTION
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    white = (vectors / values.sqrt()) @ vectors.T
    root = (vectors * values.sqrt()) @ vectors.T
    u = white @ (x[y].mean(0) - x[~y].mean(0))
    u = u / u.norm()
    return x - torch.outer(centred @ white @ u, u) @ root
    ### END SOLUTION

# %%
grade("probing.leace", leace)

# %% [markdown]
# ## 7 · Erase by repeating
#
# *Why it matters*: it is the older way (iterative nullspace projection, Ravfogel et al. 2020): fit a probe, take its direction out, fit another to what is left, and so on. It needs no theory, and each round takes out one more dimension.
#
# *What to write*: centre the rows. In each of `rounds` rounds, let `probing.basics.least_squares` fit a probe to what is left (centred rows) and to y. It returns a direction, of any length. Remove the component along it from what is left. Add the mean again at the end.
#
# *How you know*: after every round the rows have one dimension less.

# %%
def inlp(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], rounds: int) -> Float[Tensor, "row d"]:
    """The rows after so many rounds."""
    ### BEGIN SOLUTION
    left = x - x.mean(0)
    for _ in range(rounds):
        v = probing.basics.least_squares(left, y)
        left = left - torch.outer(left @ v, v) / (v @ v)
    return left + x.mean(0)
    ### END SOLUTION

# %%
grade("probing.inlp", inlp)

# %% [markdown]
# Your two erasers on the code model, before layer 2: how far apart are the class means still, as a share of what it was, and how much was changed? (Squared length of the change, as a share of the rows' variance.)

# %%
y = train.label("in_brackets")
x = train.x[2].double()
rows = {}
for name, gone in (("LEACE", checked("probing.leace")(x, y)),
                   ("one round", checked("probing.inlp")(x, y, 1)),
                   ("five rounds", checked("probing.inlp")(x, y, 5))):
    apart = (gone[y].mean(0) - gone[~y].mean(0)).norm() / (x[y].mean(0) - x[~y].mean(0)).norm()
    changed = (gone - x).square().sum() / (x - x.mean(0)).square().sum()
    rows[name] = {"means still apart": float(apart), "changed": float(changed)}
table(rows, decimals=3)

# %% [markdown]
# ## 8 · What is left after erasing
#
# *Why it matters*: that the old probe fails after erasing is no wonder, since its direction is gone. The question is whether a *new* one finds the property.
#
# *What to write*: two accuracies, before and after erasing, as a tensor of two numbers in the dtype of `x`. `eraser(rows, labels)` returns a map of rows, `fit(rows, labels)` a function that says yes or no to rows. Fit both on the training rows alone. Judge on the others: once a probe on `x` as it is, once a new probe on the erased rows.
#
# *How you know*: with an eraser that changes nothing, the two numbers are equal.

# %%
def erase_and_measure(
    x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], train: Bool[Tensor, "row"], eraser, fit
) -> Float[Tensor, "2"]:
    """Accuracy on new rows before erasing, and of a new probe after it."""
    ### BEGIN SOLUTION
    erase = eraser(x[train], y[train])
    before, after = fit(x[train], y[train]), fit(erase(x)[train], y[train])
    return torch.stack([(before(x[~train]) == y[~train]).to(x.dtype).mean(),
                        (after(erase(x)[~train]) == y[~train]).to(x.dtype).mean()])
    ### END SOLUTION

# %%
grade("probing.erase_and_measure", erase_and_measure)

# %% [markdown]
# ## 9 · Nine sealed networks
#
# *Why it matters*: this is what the lesson is for.
#
# *What is given*: `networks`, nine networks that were made for you alone. For each, `network.h` holds the hidden vectors of all 256 inputs, `network.label` says for each input whether the property is true, and `network.answer(h)` gives the answer to any hidden vectors.
#
# *What to answer*: for each of the nine, in order, one of the three words `"used"`, `"unused"` (which is short for *present, not used*) and `"absent"`.
#
# *How you know*: two experiments for each network. Judge a probe on inputs on which it was not fitted.

# %%
networks = probing.sealed(runtime.seed_for("probing.sealed"))
[tuple(network.h.shape) for network in networks]

# %%
def kinds() -> list[str]:
    """One word for each network."""
    ### BEGIN SOLUTION
    rng = torch.Generator().manual_seed(0)
    found = []
    for network in networks:
        h, y = network.h.double(), network.label
        half = torch.rand(256, generator=rng) < 0.5
        w, b = probing.basics.fit_logistic(h[half][None], y[half][:, None], 1.0)
        right = ((h[~half] @ w[0, 0] + b[0, 0] > 0) == y[~half]).double().mean()
        if right < 0.9:
            found.append("absent")
            continue
        donor = torch.randperm(256, generator=rng)
        differ = y != y[donor]
        direction = probing.basics.mass_mean(h, y)
        out = probing.basics.interchange(h, h[donor], direction).float()
        turned = (network.answer(out) != network.answer(network.h))[differ].double().mean()
        found.append("used" if turned > 0.5 else "unused")
    return found
    ### END SOLUTION

# %%
grade("probing.sealed", kinds)

# %% [markdown]
# ## 10 · Where will it be wrong?
#
# *Why it matters*: an explanation that says only what is known already has not been tested. A good one foretells a *failure* that nobody has seen.
#
# *What is given*: `narrow`, three networks of your own, each seen on its 128 usual inputs only, where property and rival agree. There they make no mistake. The right answer follows the rival; each network follows the property on *some* inputs, and which ones is decided by a single bit of the input. `network.bits` (128, 8), `network.h` and `network.label` describe the usual inputs, `network.property` is the unit direction along which the property stands in h, and `network.answer(h)` gives the answer to any hidden vectors. `network.unusual` (128, 8) holds the bits of the other inputs, where property and rival differ, in an order of their own. Their hidden vectors you do not get.
#
# *What to answer*: for each network, 128 times True or False: will it be wrong on this unusual input?
#
# *How you know*: you do not, until you are marked. But one column of `network.bits`, or its opposite, should explain the experiment without an exception.

# %%
narrow = probing.narrow(runtime.seed_for("probing.foretell_errors"))
[(tuple(network.bits.shape), tuple(network.unusual.shape)) for network in narrow]

# %%
def foretell_errors() -> list[Bool[Tensor, "input"]]:
    """For each network: on which of its unusual inputs it will be wrong."""
    ### BEGIN SOLUTION
    found = []
    for network in narrow:
        u, h = network.property, network.h
        other = h - 2 * (h @ u)[:, None] * u  # the property turned round: its features are +1 or −1
        turned = network.answer(other) != network.answer(h)
        agree = (network.bits == turned[:, None]).float().mean(0)  # of each bit
        bit = int((agree - 0.5).abs().argmax())
        found.append(network.unusual[:, bit] == bool(agree[bit] > 0.5))
    return found
    ### END SOLUTION

# %%
grade("probing.foretell_errors", foretell_errors)

# %% [markdown]
# ## 11 · What is left open ◇
#
# *Why it matters*: it is what no probe can beat.
#
# *What to write*: H(Y | H) in bits. `counts[h, y]` says how often each value of h came with each value of y. A value of h that never came adds nothing.
#
# *How you know*: 0 if every h comes with one y only; H(Y) if h says nothing.

# %%
def conditional_entropy(counts: Float[Tensor, "h y"]) -> Float[Tensor, ""]:
    """The uncertainty about y of one who sees h, in bits."""
    ### BEGIN SOLUTION
    p = counts / counts.sum()
    given = p / p.sum(1, keepdim=True).clamp(min=1e-30)
    nats = -torch.xlogy(p, given).sum()
    return nats / torch.log(torch.tensor(2.0, dtype=counts.dtype))
    ### END SOLUTION

# %%
grade("probing.conditional_entropy", conditional_entropy)

# %% [markdown]
# ## 12 · Send the labels ◇
#
# *Why it matters*: one number for how easily a property is read and how much has to be learned for it.
#
# *What to write*: the online code length in bits. The labels before `ends[0]` cost one bit each. Each later block reaches to the next of `ends`, the last of which is the number of rows. `learn(rows, labels)`, called with *all* rows before the block, returns a function that gives the probability of *true* for rows; a label costs −log₂ of the probability of what it is.
#
# *How you know*: a learner that always says ½ costs one bit a label.

# %%
def online_code_length(
    x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], ends: list[int], learn
) -> Float[Tensor, ""]:
    """Bits to send y to one who has x."""
    ### BEGIN SOLUTION
    total = torch.tensor(float(ends[0]), dtype=x.dtype)
    for start, end in pairwise(ends):
        chance = learn(x[:start], y[:start])(x[start:end])
        of_truth = torch.where(y[start:end], chance, 1 - chance)
        total = total - of_truth.log2().sum()
    return total
    ### END SOLUTION

# %%
grade("probing.online_code_length", online_code_length)

# %% [markdown]
# ## 13 · Opposite and sure ◇
#
# *Why it matters*: a loss without labels. Take one of its two terms away, and it has a trivial solution.
#
# *What to write*: the loss of contrast-consistent search, from the probabilities $p^+$ given to statements and $p^-$ given to their negations: the mean of $(p^+ + p^- - 1)^2 + \min(p^+, p^-)^2$ over pairs. A probe is trained on it, so use torch's operations: its gradient is compared too.
#
# *How you know*: 0 for answers 1 and 0, and ¼ for ½ and ½.

# %%
def ccs_loss(positive: Float[Tensor, "pair"], negative: Float[Tensor, "pair"]) -> Float[Tensor, ""]:
    """The mean over pairs of both terms."""
    ### BEGIN SOLUTION
    opposite = (positive + negative - 1) ** 2
    unsure = torch.minimum(positive, negative) ** 2
    return (opposite + unsure).mean()
    ### END SOLUTION

# %%
grade("probing.ccs_loss", ccs_loss)

# %% [markdown]
# ## 14 · What the weights see ◇
#
# *Why it matters*: a direction that was learned by interchange can read where no later weight looks. Take that part away, and an illusion does nothing.
#
# *What to write*: the part of `direction` that can change `h @ weights`. The rest, `direction` minus your answer, must give zero: `rest @ weights == 0`. The columns of `weights` need not be at right angles, and may depend on each other.
#
# *How you know*: done twice, it changes nothing more.

# %%
def seen_part(direction: Float[Tensor, "d"], weights: Float[Tensor, "d out"]) -> Float[Tensor, "d"]:
    """The projection of the direction on the span of the columns of weights."""
    ### BEGIN SOLUTION
    coefficients = torch.linalg.pinv(weights) @ direction
    return weights @ coefficients
    ### END SOLUTION

# %%
grade("probing.seen_part", seen_part)

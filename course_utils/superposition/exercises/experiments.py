"""Exercises 9 and 10: a model built by hand, and an experiment whose answer is an interval."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from course_utils import superposition as sp
from course_utils.grading.kinds import Answer, wrong

# 9 · by_hand

Weights = tuple[Tensor, Tensor]
NO_ARROW = "{short} of the {n} features {have} no arrow to speak of. A model that keeps all is asked for."


def _weights(answer: Any) -> Weights:
    W, b = answer
    return torch.as_tensor(W).detach().double(), torch.as_tensor(b).detach().double()


def _weights_form(answer: Weights, task: sp.Task) -> str:
    W, b = answer
    if tuple(W.shape) == (task.features, 2):
        return "Your W has a row for each feature. Its shape is (hidden, feature): transpose it."
    if tuple(W.shape) != (2, task.features) or tuple(b.shape) != (task.features,):
        return f"W has the shape (2, {task.features}) and b the shape ({task.features},); yours are {tuple(W.shape)} and {tuple(b.shape)}."
    if not (W.isfinite().all() and b.isfinite().all()):
        return "W or b holds a number that is not finite."
    short = int((sp.column_norms(W) < 0.3).sum())
    return NO_ARROW.format(short=short, have="has" if short == 1 else "have", n=task.features) if short else ""


def _weights_score(answer: Weights, task: sp.Task) -> float:
    """0 for the plain polygon, 1 for the best one."""
    plain, best = _ends(task)
    return (plain - task.loss(*answer)) / (plain - best)


@lru_cache(maxsize=16)
def _ends(task: sp.Task) -> tuple[float, float]:
    return task.loss(*task.plain()), task.loss(*task.best())


def _weights_explain(answer: Weights, task: sp.Task) -> str:
    (W, b), n = answer, task.features
    length = sp.column_norms(W)
    if not (sp.angle_gaps(W) - 360 / n).abs().max() < 12:
        return f"The arrows are not evenly spaced: {n} of them around a circle are {360 / n:.0f} degrees apart."
    if b.max() > 0.02:
        return "A bias is positive: it adds to every reading, also where no feature is active."
    if b.min() > -0.05:
        return "The arrows are spread well. Neighbours still lean on one another, by the cosine of their angle: what could push small readings below zero?"
    return f"The shape is right. Your arrows have length {length.mean():.2f} and your bias is {b.mean():.2f}: both can be tuned, and they depend on one another."


def _random_arrows(task: sp.Task, rng: torch.Generator) -> Weights:
    return sp.random_directions(task.features, 2, rng).double(), torch.zeros(task.features).double()


def _polygon(length: float, bias: float) -> Callable[[sp.Task], Weights]:
    return lambda task: (length * sp.polygon(task.features).double(), torch.full((task.features,), bias).double())


Answer(
    id="superposition.by_hand",
    equivalent=("off by one",),  # the same polygon, with its corners numbered from another one on
    truth=sp.task,
    key=lambda task: tuple(value.double() for value in task.best()),
    score=_weights_score,
    null=_random_arrows,
    canonical=_weights,
    form=_weights_form,
    explain=_weights_explain,
    expects="Give two tensors, W of shape (2, features) and b of shape (features,).",
    share=0.95,
    effort=20.0,
    why="The loss is flat around the best polygon, so that 95 % of the way from the plain polygon to it needs no exact search.",
    hints=(
        "Start with arrows of length 1, evenly spaced: the cosines and sines of 2π i / n. `mine.loss(W, b)` is the price. Now change b, the same for all features.",
        "A negative bias cuts small positive readings away, and lowers the right ones too. Longer arrows make up for that.",
        "Two numbers, the length and the bias: a loop over a grid of both finds the pair with the lowest loss in seconds.",
    ),
    misconceptions=(
        wrong("the plain polygon", _polygon(1.0, 0.0), "This is the regular polygon without a bias. Its neighbours are read along with each feature: a negative bias cuts that away."),
        wrong("a small bias, arrows of length 1", _polygon(1.0, -0.1), "Your bias cuts a little of the neighbours away, and lowers the right readings by as much. Longer arrows make up for that, and then the bias can cut more: tune both."),
        wrong("a bias of the mean", lambda task: _polygon(1.0, task.probability / 2)(task), "Your bias is the mean of a feature, p/2. That is right for a feature that is dropped; here all are kept, and a positive bias adds to every reading."),
        wrong("all alike", lambda task: (torch.ones(2, task.features).double() * 0.5**0.5, torch.zeros(task.features).double()), "All arrows point the same way, so that every reading is the sum of all features."),
        wrong("two ends of a line", lambda task: (torch.stack([(-1.0) ** torch.arange(task.features), torch.zeros(task.features)]).double(), torch.zeros(task.features).double()), "You use one of the two dimensions: all features at its two ends. Spread the arrows over the plane."),
    ),
)  # fmt: skip


# 10 · critical_density

FEWEST = 16
Measured = tuple[tuple[float, ...], tuple[float, float]]
SPREAD = "Your interval is the spread of single runs. How well {n} runs fix the *mean* is asked for: the standard deviation divided by √{n}, times 1.96 either way."
TWICE = "Your interval is two standard deviations of single runs either way. How well {n} runs fix the *mean* is asked for: divide by √{n}."
ERROR = "Your interval is the mean plus and minus *one* standard error, which covers the truth in two of three experiments. A 95 % interval reaches 1.96 of them either way."
FEW = "You measured {n} runs. At least sixteen are asked for, since fewer do not tell their own spread."
LESSON = "Your runs cross where those of the cell's recipe pass {other:g}, and your own level is {own:g}. Is it `.at(level)`? And are features, densities and recipe those of the cell? Shorter training crosses elsewhere."
ENDS = "Your interval reaches from the smallest crossing to the largest. How well your runs fix the *mean* is asked for: the standard deviation divided by the root of their number, times 1.96 either way."
HALF = "Your interval looks like a middle and half a width. Give its two ends: the mean minus that half, and plus it."
GRID = "Your crossings are densities at which models were trained, so that many are equal. A crossing lies between two of these: go along a straight line between them, as `.crossing` does."


def _truth(seed: int) -> tuple[float, float, float]:
    """The learner's level, and mean and standard deviation of the 256 stored runs at it."""
    level = sp.own_level(seed)
    stored = sp.critical().at(level)
    return level, stored.mean, stored.spread


def _measured(answer: Any) -> Measured:
    crossings, ends = answer
    runs = tuple(float(v) for v in crossings)
    low, high = (float(end) for end in ends)
    return runs, (low, high)


def _interval(runs: tuple[float, ...], reach: float) -> tuple[float, float]:
    """The mean plus and minus `reach` standard errors."""
    values = torch.tensor(runs, dtype=torch.float64)
    half = reach * values.std().item() / math.sqrt(len(runs))
    return values.mean().item() - half, values.mean().item() + half


def _fault(answer: Measured, truth: tuple[float, float, float]) -> str:
    """What is wrong with an experiment, in a sentence; "" where nothing is."""
    (runs, (low, high)), (level, mean, spread) = answer, truth
    n, values = len(runs), torch.tensor(runs, dtype=torch.float64)
    if 0 < high < low and abs(low - values.mean().item()) < values.std().item() / 4:
        return HALF
    if lost := int((~values.isfinite()).sum()):
        return f"{lost} of your crossings {'are' if lost > 1 else 'is'} nan: {'these runs do' if lost > 1 else 'this run does'} not cross your level between the densities. Leave such runs out, and train others."
    if not low < high:
        return "The first end of your interval must be the lower one."
    if n < FEWEST:
        return FEW.format(n=n)
    if (low, high) == (min(runs), max(runs)):
        return ENDS
    if len(set(runs)) < n - 2 and ((values * 20 - (values * 20).round()).abs() < 1e-4).all():
        return GRID
    if len(set(runs)) < n - 2:  # a tie or two may be chance
        return "Many of your crossings are equal. Every run has a start of its own: measure each once."
    if not 0 < min(runs) < max(runs) < 1:
        return "A density lies between 0 and 1, so that each crossing does too."
    if _copied(values, level):
        return "These are runs of the stored 256. Take a `first_seed` of 256 or more, so that the runs are your own."
    center, scatter = values.mean().item(), values.std().item()
    if abs(center - mean) > 4 * spread / math.sqrt(n):
        for other in (1.5, *sp.LEVELS):
            if abs(center - sp.critical().at(other).mean) < 3 * spread / math.sqrt(n) and other != level:
                return LESSON.format(other=other, own=level)
        return f"Your runs cross at {center:.3f} on average, further from what 256 runs give than chance allows. Keep the recipe and the densities of the cell."
    if not 0.45 < scatter / spread < 1.9:
        return f"Your crossings scatter by {scatter:.4f}, which is not how runs of this model scatter. Give one crossing for each run, as measured."
    reach = (high - low) / 2 / (scatter / math.sqrt(n))
    if abs((low + high) / 2 - center) > 0.35 * scatter / math.sqrt(n):
        return "The middle of your interval is not the mean of your crossings."
    for wanted, say in ((1.0, ERROR), (math.sqrt(n), SPREAD), (2 * math.sqrt(n), TWICE), (1.96 * math.sqrt(n), TWICE)):
        if abs(reach / wanted - 1) < 0.06:
            return say.format(n=n)
    if not 1.75 < reach < 2.35:
        much = "wide" if reach > 2 else "narrow"
        return f"Your interval reaches {reach:.1f} standard errors either way, too {much} for 95 %: it takes 1.96 of them, or a little more for few runs."
    own = 1.96 * spread / math.sqrt(len(sp.critical().crossing))
    apart = high < mean - own or low > mean + own
    nearest = min((1.5, *sp.LEVELS), key=lambda other: abs(center - sp.critical().at(other).mean))
    if apart and nearest != level:
        return LESSON.format(other=nearest, own=level)
    if apart:
        return "Your interval and that of the stored runs do not overlap. One honest experiment in fifty ends so: measure again with another `first_seed`, or with more runs."
    return ""


def _copied(values: Tensor, level: float) -> bool:
    """Whether they are stored crossings, in any order, or a piece of them in theirs, as another machine gives it."""
    stored = sp.critical().at(level).crossing.double()
    same = (values[:, None] - stored).abs().amin(1) < 1e-7  # a tie or two may be chance
    if same.sum() > 2:
        return True
    pieces = stored.unfold(0, min(len(values), len(stored)), 1)  # (piece, run)
    return bool(((pieces - values[: pieces.shape[1]]).abs().amax(1) < 2e-3).any())


def _honest(truth: tuple[float, float, float], n: int = 24) -> tuple[float, ...]:
    """n crossings with exactly the mean and the standard deviation of the stored ones."""
    z = torch.special.ndtri((torch.arange(n, dtype=torch.float64) + 0.5) / n)
    return tuple((truth[1] + truth[2] * z / z.std()).tolist())


def _with(reach: float, n: int = 24) -> Callable[[tuple[float, float, float]], Measured]:
    return lambda truth: (_honest(truth, n), _interval(_honest(truth, n), reach))


def _at_lesson(truth: tuple[float, float, float]) -> Measured:
    stored = sp.critical()
    runs = _honest((1.5, stored.mean, stored.spread))
    return runs, _interval(runs, 1.96)


Answer(
    id="superposition.critical_density",
    chance=True,
    truth=_truth,
    key=_with(1.96),
    score=lambda answer, truth: float(not _fault(answer, truth)),
    canonical=_measured,
    explain=_fault,
    expects="Give (crossings, (low, high)): one density for each run, and the 95 % interval of their mean.",
    share=1.0,
    why="An experiment is sound or it is not: enough runs of its own, the right level, an interval of the mean.",
    effort=120.0,  # sixteen runs take 10 to 15 s of processor time, and who measures again takes more of them
    hints=(
        "Run the given cell with `seeds=16` and a `first_seed` of your own, 256 or more, and take the crossings at your level: `.at(level).crossing`.",
        "A single run says little about the mean. How little is told by the standard error, the standard deviation over runs divided by the root of their number.",
        "low, high = mean − 1.96 · sd/√n, mean + 1.96 · sd/√n; n is the number of runs.",
    ),
    misconceptions=(
        wrong("spread of single runs", _with(math.sqrt(24)), SPREAD.format(n=24)),
        wrong("two standard deviations of single runs", _with(2 * math.sqrt(24)), TWICE.format(n=24)),
        wrong("one standard error", _with(1.0), ERROR),
        wrong("too few runs", _with(1.96, 8), FEW.format(n=8)),
        wrong("far too narrow", _with(0.1), "Your interval is a tenth of a standard error wide or so: no experiment with so few runs fixes a mean like that."),
        wrong("no commitment", lambda truth: (_honest(truth), (0.0, 1.0)), "From 0 to 1 everything is covered and nothing is said. How well do your runs fix their mean?"),
        wrong("sparsity in place of density", lambda truth: (tuple(1 - v for v in _honest(truth)), tuple(1 - end for end in reversed(_interval(_honest(truth), 1.96)))),
              "This is the sparsity, 1 − p. The density p is asked for."),
        wrong("percent", lambda truth: (tuple(100 * v for v in _honest(truth)), tuple(100 * end for end in _interval(_honest(truth), 1.96))),
              "This is in percent. A density lies between 0 and 1."),
        wrong("the lesson's level", _at_lesson, "Your runs cross where ‖W‖²/m passes 1.5, the level of the lesson. Use your own: `.at(level)`."),
        wrong("a middle and half a width", lambda truth: (_honest(truth), (truth[1], 0.1 * truth[2])), HALF),
        wrong("from the smallest to the largest", lambda truth: (_honest(truth), (min(_honest(truth)), max(_honest(truth)))), ENDS),
    ),
)  # fmt: skip

"""How well a single unit tells a label: F1 of the best latent, neuron, random direction, beside a trained probe.

1. Text is split by module into two halves. On the first, every unit gets the threshold that is best for the label, and
   the best unit is chosen; on the second it is judged. No unit, threshold or label sees the half it is judged on.
2. A null has as many tries as what it is the null of: the random directions are as many as the latents.
3. Intervals resample modules, since tokens of one module are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.intervals import bootstrap_weights

THRESHOLDS = 24  # candidates for each unit: quantiles of its values, closer together towards the top
DRAWS = 400  # resamples of modules


@dataclass(frozen=True)
class Labels:
    """Exact labels of rows, and the module that each row is from."""

    names: tuple[str, ...]
    flags: Bool[Tensor, "row label"]
    module: Int[Tensor, "row"]

    @property
    def halves(self) -> tuple[Bool[Tensor, "row"], Bool[Tensor, "row"]]:
        """Rows to choose on, rows to judge on: modules taken in turn."""
        first = self.module % 2 == 0
        return first, ~first


@dataclass(frozen=True)
class Best:
    """The best unit (or set of units) for a label.

    Attributes:
        units: which; one, or several whose union is the prediction.
        thresholds: of each.
        f1, precision, recall: on the half that chose nothing.
        low, high: 95 % interval of F1, modules resampled.
        chosen_f1: on the half that chose, always a little too good.
    """

    label: str
    units: tuple[int, ...]
    thresholds: tuple[float, ...]
    f1: float
    precision: float
    recall: float
    low: float
    high: float
    chosen_f1: float


def f1_score(hits: Tensor, predicted: Tensor, actual: Tensor) -> Tensor:
    """2 · hits / (predicted + actual): the harmonic mean of precision and recall."""
    return 2 * hits / (predicted + actual).clamp(min=1)


def best_threshold(values: Float[Tensor, "row"], flag: Bool[Tensor, "row"]) -> float:
    """The value above which to say yes so that F1 is largest; halfway between two rows."""
    ordered = values.sort(descending=True)
    hits = flag[ordered.indices].cumsum(0)
    score = f1_score(hits, torch.arange(1, len(hits) + 1), flag.sum())
    score[:-1][ordered.values[:-1] == ordered.values[1:]] = -1.0  # no threshold lies between equals
    at = int(score.argmax())
    below = ordered.values[min(at + 1, len(values) - 1)]
    return float(ordered.values[at] + below) / 2


@dataclass(frozen=True)
class Units:
    """Real-valued units over labelled rows: latents, neurons or directions.

    Args:
        values: (row, unit); a unit predicts a label where it exceeds a threshold.
    """

    values: Float[Tensor, "row unit"]
    labels: Labels
    _cache: dict = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def signed(cls, values: Float[Tensor, "row unit"], labels: Labels) -> Units:
        """Every unit in both senses: unit u and unit u + n, which is its negative."""
        return cls(torch.cat([values, -values], 1), labels)

    @property
    def thresholds(self) -> Float[Tensor, "candidate unit"]:
        """Quantiles of each unit's values on the first half; of a sparse unit, of its positive ones, and 0."""
        if "thresholds" not in self._cache:
            values = self.values[self.labels.halves[0]]
            shares = 1 - torch.logspace(-3.3, -0.05, THRESHOLDS - 1)
            found = []
            for block in values.split(256, dim=1):
                ordered = block.sort(dim=0).values
                sparse = (ordered[0] >= 0) & ((ordered > 0).float().mean(0) < 0.5)
                alive = (ordered > 0).sum(0)
                top = torch.where(sparse, alive.clamp(min=1), len(ordered))
                at = len(ordered) - top + (shares[:, None] * (top - 1)).long()
                picked = ordered.gather(0, at)
                least = torch.where(sparse, 0.0, ordered[0])
                found.append(torch.cat([picked, least[None]]))
            self._cache["thresholds"] = torch.cat(found, 1)
        return self._cache["thresholds"]

    def chosen(self) -> tuple[Float[Tensor, "unit label"], Float[Tensor, "unit label"]]:
        """On the first half: each unit's best F1 for each label, and the threshold that gives it."""
        if "chosen" not in self._cache:
            first = self.labels.halves[0]
            values, flags = self.values[first], self.labels.flags[first].float()
            actual = flags.sum(0)
            best = torch.full((values.shape[1], flags.shape[1]), -1.0)
            at = torch.zeros_like(best)
            for row in self.thresholds:
                on = (values > row).float()
                score = f1_score(on.T @ flags, on.sum(0)[:, None], actual)
                better = score > best
                best, at = torch.where(better, score, best), torch.where(better, row[:, None], at)
            self._cache["chosen"] = best, at
        return self._cache["chosen"]

    def best(self, label: str) -> Best:
        """The unit that is best for the label on the first half, judged on the second."""
        score, _ = self.chosen()
        column = self.labels.names.index(label)
        unit = int(score[:, column].argmax())
        first = self.labels.halves[0]
        return self.judge(label, (unit,), (best_threshold(self.values[first, unit], self.labels.flags[first, column]),))

    def best_set(self, label: str, size: int) -> Best:
        """Up to `size` units whose union tells the label: each adds most to F1 on the first half, while one adds."""
        _, at = self.chosen()
        column = self.labels.names.index(label)
        first = self.labels.halves[0]
        flag = self.labels.flags[first, column]
        on = self.values[first] > at[:, column]
        said, units, reached = torch.zeros_like(flag), [], 0.0
        for _ in range(size):
            new = (on & ~said[:, None]).float()
            hits = (said & flag).sum() + flag.float() @ new
            score = f1_score(hits, said.sum() + new.sum(0), flag.sum())
            if float(score.max()) <= reached:
                break
            reached = float(score.max())
            units.append(int(score.argmax()))
            said |= on[:, units[-1]]
        return self.judge(label, tuple(units), tuple(float(at[u, column]) for u in units))

    def judge(self, label: str, units: tuple[int, ...], thresholds: tuple[float, ...]) -> Best:
        """How well the union of `units` above `thresholds` tells the label, on the second half."""
        column = self.labels.names.index(label)
        on = (self.values[:, list(units)] > torch.tensor(thresholds)).any(1)
        return judged(label, on, self.labels, column, units, thresholds)


def judged(
    label: str, on: Bool[Tensor, "row"], labels: Labels, column: int,
    units: tuple[int, ...] = (), thresholds: tuple[float, ...] = (),
) -> Best:  # fmt: skip
    """A prediction of rows judged on the second half, with an interval over its modules."""
    first, second = labels.halves
    flag = labels.flags[:, column]
    counts = torch.stack([on & flag, on, flag], 1).double()
    modules = labels.module[second].unique()
    per_module = torch.zeros(int(labels.module.max()) + 1, 3, dtype=torch.double)
    per_module.index_add_(0, labels.module[second], counts[second])
    per_module = per_module[modules]
    hits, predicted, actual = per_module.sum(0)
    again = bootstrap_weights(len(modules), DRAWS) @ per_module * len(modules)
    spread = f1_score(again[:, 0], again[:, 1], again[:, 2])
    low, high = spread.quantile(torch.tensor([0.025, 0.975], dtype=torch.double)).tolist()
    return Best(
        label, units, thresholds, f1_score(hits, predicted, actual).item(), (hits / predicted.clamp(min=1)).item(),
        (hits / actual.clamp(min=1)).item(), low, high, f1_score(*counts[first].sum(0)).item(),
    )  # fmt: skip


def probe_direction(
    x: Float[Tensor, "row d"], labels: Labels, label: str, penalty: float = 1e-4
) -> tuple[Float[Tensor, "d"], Bool[Tensor, "row"]]:
    """Logistic regression on the first half: its direction, and which rows it says yes to.

    The threshold is the one that gives the largest F1 on the first half.
    """
    first, _ = labels.halves
    flag = labels.flags[:, labels.names.index(label)].float()
    centre, scale = x[first].mean(0), x[first].std(0)
    z = (x - centre) / scale
    w, b = torch.zeros(z.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    solver = torch.optim.LBFGS([w, b], max_iter=60, line_search_fn="strong_wolfe")
    train_z, train_flag = z[first], flag[first]

    def closure() -> Tensor:
        solver.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(train_z @ w + b, train_flag)
        loss = loss + penalty * w.square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        solver.step(closure)
    with torch.no_grad():
        score = z @ w + b
        return w / scale, score > best_threshold(score[first], flag[first])


def probe(x: Float[Tensor, "row d"], labels: Labels, label: str, penalty: float = 1e-4) -> Best:
    """What a direction that was trained on the label can tell, judged on the second half."""
    _, on = probe_direction(x, labels, label, penalty)
    return judged(label, on, labels, labels.names.index(label))

"""What every intervention returns: values with named axes, their baselines, and what can be said of them.

A `Sweep` keeps the metric of every cell for every prompt. From it: `mean()`, `effect()` (the change from the
run that was patched), `recovery()` (0 is the corrupt run, 1 the clean one), `interval()` (bootstrap over
prompts), `top()`, `select()`, `plot()`, and a readable `print`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..intervals import bootstrap_weights, interval
from .places import whole_number

QUANTITIES = ("value", "effect", "recovery")


def no_gap(one: Float[Tensor, "prompt"], other: Float[Tensor, "prompt"]) -> bool:
    """Whether two runs have the same mean, as near as their precision can tell."""
    scale = float(torch.maximum(one.abs().max(), other.abs().max()))
    return abs(float(one.mean() - other.mean())) <= 16 * torch.finfo(one.dtype).eps * scale


@dataclass(frozen=True)
class Axis:
    """One swept axis: its name and the label of each of its entries."""

    name: str
    labels: tuple[Any, ...]


@dataclass(frozen=True, repr=False)
class Sweep:
    """The metric under every intervention.

    Attributes:
        values: (*axes, prompt), on the CPU.
        axes: one Axis for each leading dimension of `values`.
        base: (prompt,) the metric of the run that was patched; clean, corrupt: of the two runs (corrupt is
            None when no corrupt prompts were given).
        title: what was done, for people. metric: the metric's name.
        route: "restart" (the fast path), "hooks" (TransformerLens, one forward per cell) or "gradient".
    """

    values: Float[Tensor, "*axes prompt"]
    axes: tuple[Axis, ...]
    base: Float[Tensor, "prompt"]
    clean: Float[Tensor, "prompt"]
    corrupt: Float[Tensor, "prompt"] | None
    title: str
    metric: str
    route: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    def axis(self, name: str) -> Axis:
        """The axis of that name.

        Raises:
            KeyError: there is none; the message lists those there are.
        """
        for axis in self.axes:
            if axis.name == name:
                return axis
        raise KeyError(f"no axis {name!r}; this sweep has {', '.join(self.names)}")

    def mean(self) -> Float[Tensor, "*axes"]:
        """The metric of every cell, averaged over prompts."""
        return self.values.mean(-1)

    def effect(self, per_prompt: bool = False) -> Float[Tensor, "*axes"]:
        """The change that each intervention makes to the run it is made on."""
        change = self.values - self.base
        return change if per_prompt else change.mean(-1)

    def recovery(self, per_prompt: bool = False) -> Float[Tensor, "*axes"]:
        """(value − corrupt) / (clean − corrupt): 0 is the corrupt run, 1 the clean one.

        The ratio is of the means over prompts, which single prompts with a small gap cannot blow up;
        with `per_prompt` it is taken prompt by prompt, and is no number where a prompt has no gap.

        Raises:
            ValueError: no corrupt prompts were given, or the two runs do not differ.
        """
        if self.corrupt is None:
            raise ValueError("recovery is measured between two runs, but no corrupt prompts were given: use effect()")
        if per_prompt:
            if torch.equal(self.clean, self.corrupt):
                raise ValueError("the clean and the corrupt run have the same metric, so there is nothing to recover")
            return (self.values - self.corrupt) / (self.clean - self.corrupt)
        gap = self.clean.mean() - self.corrupt.mean()
        if no_gap(self.clean, self.corrupt):
            raise ValueError("the clean and the corrupt run have the same metric, so there is nothing to recover")
        return (self.mean() - self.corrupt.mean()) / gap

    def get(self, quantity: str) -> Float[Tensor, "*axes"]:
        """ "value", "effect" or "recovery", averaged over prompts.

        Raises:
            ValueError: another word.
        """
        if quantity not in QUANTITIES:
            raise ValueError(f"a quantity is one of {', '.join(QUANTITIES)}, not {quantity!r}")
        return {"value": self.mean, "effect": self.effect, "recovery": self.recovery}[quantity]()

    def interval(
        self, quantity: str = "effect", level: float = 0.95, clusters: Sequence[Any] | Tensor | None = None
    ) -> tuple[Float[Tensor, "*axes"], Float[Tensor, "*axes"]]:
        """Bootstrap interval (low, high) of every cell: prompts drawn anew with replacement, percentiles.

        The same draws serve all cells and, for "recovery", the gap in the denominator.

        Args:
            clusters: a label for each prompt; prompts with the same one (of one template, of one module) are drawn
                together.
        """
        self.get(quantity)  # says what is missing, if anything is
        if not 0 < level < 1:
            raise ValueError(f"level is a share between 0 and 1, such as 0.95, not {level}")
        share = bootstrap_weights(self.values.shape[-1], draws=1000, clusters=clusters)
        flat = self.values.double().flatten(0, -2) if self.axes else self.values.double()[None]
        base, gap = share @ self.base.double(), None
        if quantity == "recovery":
            base = share @ self.corrupt.double()
            gap = share @ self.clean.double() - base
        low_high = []
        for cells in flat.split(max(1, 2**24 // len(share))):
            resampled = share @ cells.T  # (draw, cell)
            if quantity != "value":
                resampled = resampled - base[:, None]
            if gap is not None:
                resampled = resampled / gap[:, None]
            low_high.append(torch.stack(interval(resampled, level)))
        low, high = torch.cat(low_high, dim=1).to(self.values.dtype)
        shape = self.values.shape[:-1]
        return low.reshape(shape), high.reshape(shape)

    def select(self, **labels: Any) -> Sweep:
        """Fix some axes at a label, or keep only some labels: `sweep.select(layer=3, head=[0, 1])`.

        Raises:
            KeyError: no such axis, or no such label on it.
        """
        values, axes = self.values, list(self.axes)
        for name, wanted in labels.items():
            at = [axis.name for axis in axes].index(self.axis(name).name)
            several = isinstance(wanted, (list, tuple, range)) and wanted not in axes[at].labels
            chosen = list(wanted) if several else [wanted]
            missing = [label for label in chosen if label not in axes[at].labels]
            if missing:
                raise KeyError(f"axis {name!r} has no label {missing[0]!r}")
            index = [axes[at].labels.index(label) for label in chosen]
            values = values.movedim(at, 0)[index].movedim(0, at)
            if several:
                axes[at] = Axis(name, tuple(chosen))
            else:
                values = values.squeeze(at)
                del axes[at]
        return replace(self, values=values, axes=tuple(axes))

    def top(self, k: int = 10, quantity: str = "effect") -> list[tuple[dict[str, Any], float]]:
        """The k cells that matter most (largest absolute effect), each with its labels and its quantity."""
        flat, k = self.get(quantity).flatten(), whole_number(k, "k, the number of cells,")
        order = self.effect().flatten().abs().argsort(descending=True, stable=True)[:k]
        cells = list(itertools.islice(itertools.product(*(a.labels for a in self.axes)), flat.numel()))
        return [(dict(zip(self.names, cells[i], strict=True)), float(flat[i])) for i in order.tolist()]

    def rows(self, quantity: str | None = None) -> dict[str, dict[str, Any]]:
        """What `page.table` shows: a row for each entry of the first axis; in columns the second, or the one number.

        Each entry is (value, low, high) with the bootstrap interval over prompts; of one prompt, the value alone.

        Raises:
            ValueError: no axis, or more than two: fix some with `select`.
        """
        if len(self.axes) not in (1, 2):
            raise ValueError(
                f"a table has one or two axes, not {', '.join(self.names) or 'none'}: fix some with select()"
            )
        quantity = quantity or self.usual
        shown = torch.stack([self.get(quantity).double(), *self.interval(quantity)], -1)
        shown = (shown if len(self.axes) == 2 else shown.unsqueeze(1)).tolist()
        several = self.values.shape[-1] > 1
        columns = [f"{self.names[1]} {x}" for x in self.axes[1].labels] if len(self.axes) == 2 else [quantity]
        return {
            f"{self.names[0]} {label}": {
                name: tuple(entry) if several else entry[0] for name, entry in zip(columns, row, strict=True)
            }
            for label, row in zip(self.axes[0].labels, shown, strict=True)
        }

    @property
    def usual(self) -> str:
        """The quantity that is shown unless another is asked for: recovery where it was measured between two runs."""
        return "effect" if self.corrupt is None or "gradient" in self.route else "recovery"

    def plot(self, quantity: str | None = None, ax: Any = None, labels: dict[str, Sequence] | None = None) -> Any:
        """Draw it: a heat map for two axes, bars with intervals for one, one map per entry for three.

        Args:
            quantity: "value", "effect" or "recovery" (the default where it is defined).
            ax: matplotlib axes to draw one map or one row of bars into.
            labels: other tick labels for an axis, such as `{"position": ["The", "cat", …]}`.
        """
        from .drawing import plot_sweep

        return plot_sweep(self, quantity, ax, labels or {})

    def __repr__(self) -> str:
        shape = " × ".join(f"{len(axis.labels)} {axis.name}" for axis in self.axes) or "one cell"
        lines = [f"{self.title}: {shape}, {self.values.shape[-1]} prompts, {self.metric}"]
        ends = [f"clean {float(self.clean.mean()):.4g}"]
        if self.corrupt is not None:
            ends.append(f"corrupt {float(self.corrupt.mean()):.4g}")
        lines.append("  " + ", ".join(ends))
        for cell, effect in self.top(5):
            at = ", ".join(f"{name} {label}" for name, label in cell.items())
            lines.append(f"  {effect:+9.4g}  {at}")
        return "\n".join(lines)

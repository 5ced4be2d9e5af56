"""The input on which an answer and the reference differ, cut down to what one can check by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from course_utils.grading.compare import SMALL, first_place, show

ROW = 12  # numbers of one row that are shown beside one another


@dataclass(frozen=True)
class Counterexample:
    """The simplest declared input on which an answer and the reference differ, or on which the answer `stopped`.

    `of` says what of the result is compared where it is not the value itself; `labels` names the axes of arguments
    and of the result ("return"), so that the part of an argument that belongs to a part of the result can be shown.
    """

    names: tuple[str, ...]
    args: tuple
    expected: Any = None
    given: Any = None
    stopped: bool = False
    of: str = ""
    labels: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return "The input on which it stopped:" if self.stopped else "The simplest input on which it differs:"

    def rows(self) -> list[tuple[str, str]]:
        """(label, text) pairs: of large tensors the first row that differs, and what of the arguments goes with it."""
        few = self._rows(4)
        return few if self.stopped or self._tells(few) else self._rows(8)

    def _tells(self, rows: list[tuple[str, str]]) -> bool:
        """Whether what is printed of two results differs, and of each small input all that differs in it."""
        small = [one for one in self.args if isinstance(one, Tensor) and one.is_floating_point() and one.numel() <= SMALL]
        blurred = any(len(one.unique()) > len(one.double().round(decimals=4).unique()) for one in small)
        return not blurred and rows[-1][1] != rows[-2][1]

    def _rows(self, digits: int) -> list[tuple[str, str]]:
        inputs = list(zip(self.names, self.args, strict=False))
        if self.stopped:
            return [(name, show(value, brief=True)) for name, value in inputs]
        results = [
            (f"{said}{self.of and f', {self.of}'}", value)
            for said, value in (("expected", self.expected), ("given", self.given))
        ]
        place = first_place(self.given, self.expected)
        if place is None:
            return [(name, show(value, digits=digits)) for name, value in inputs + results]
        if self.expected.shape[-1] <= ROW:
            place = place[:-1]
        return [self._part(name, value, place, digits) for name, value in inputs] + [
            (f"{name}{_index(place, value)}", show(value[place], digits=digits)) for name, value in results
        ]

    def _part(self, name: str, value: Any, place: tuple[int, ...], digits: int) -> tuple[str, str]:
        """The argument where it is small, or the part of it that belongs to that place in the result."""
        if not isinstance(value, Tensor) or value.numel() <= SMALL:
            return name, show(value, digits=digits)
        if value.shape == self.expected.shape:
            return f"{name}{_index(place, value)}", show(value[place], digits=digits)
        at = dict(zip(self.labels.get("return", []), place, strict=False))
        index = [at.get(label) for label in self.labels.get(name, [])]
        part = value
        for axis in reversed(range(len(index))):
            if index[axis] is not None and index[axis] < part.shape[axis]:
                part = part.select(axis, index[axis])
        if part is value or part.numel() > SMALL:
            return name, show(value, brief=True)
        return f"{name}[{', '.join(':' if i is None else str(i) for i in index)}]", show(part, digits=digits)


def _index(place: tuple[int, ...], value: Any) -> str:
    if not place:
        return ""
    rest = [":"] * (value.dim() - len(place)) if isinstance(value, Tensor) else []
    return f"[{', '.join([*map(str, place), *rest])}]"

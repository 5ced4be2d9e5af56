"""How heads are written in answers: (layer, head), "1.3", lists and sets of them, brought into one form."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import patching

HeadName = tuple[int, int]


def heads(group: Any) -> set[HeadName]:
    """A set of heads, from any collection of them, from a single one, or from None for none.

    Raises:
        TypeError, ValueError: if it holds something else.
    """
    if group is None:
        return set()
    if isinstance(group, (Tensor, np.ndarray)):
        group = group.tolist()
    if isinstance(group, str) or (isinstance(group, tuple) and len(group) == 2 and not _is_collection(group[0])):
        return {patching.head(group)}
    return {patching.head(one) for one in group}


def _is_collection(value: Any) -> bool:
    return isinstance(value, Iterable)


def unknown(found: Iterable[HeadName], layers: int, per_layer: int) -> str:
    """A sentence about the first head that the model does not have, else ""."""
    for layer, number in sorted(found):
        if not (0 <= layer < layers and 0 <= number < per_layer):
            return f"There is no head {layer}.{number}: layers are 0 to {layers - 1}, heads 0 to {per_layer - 1}."
    return ""

"""Plain data of whatever an answer returns, so that none of a learner's own code runs when it is compared and shown.

Tensors of a subclass become tensors, numbers and containers of a subclass those of Python; what is of a class of the
learner's own becomes `Foreign`, with its text made now, inside the limits of the call; it can be called if they can.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

DEPTH = 20  # a list may hold itself
KNOWN = ("builtins", "torch", "numpy", "course_utils", "transformer_lens", "collections", "fractions", "decimal")


@dataclass(frozen=True)
class Foreign:
    """An object of a class of the learner's own: the class's name, and how the object shows itself."""

    kind: str
    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class ForeignFunction(Foreign):
    """One that can be called: a functools.partial, an object with `__call__`."""

    __wrapped__: Callable  # by this name the function inside is found, and the line in which it raises

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)


def plain(value: Any, depth: int = DEPTH) -> Any:
    """`value`, with nothing in it whose comparison or text is the learner's code."""
    if isinstance(value, Tensor):
        if type(value) is Tensor:
            return value
        with torch._C.DisableTorchFunctionSubclass():
            return value.as_subclass(Tensor)
    if depth == 0 or value is None or isinstance(value, (type, bool)):
        return value
    if (named := torch.return_types.__name__ == type(value).__module__) or type(value) in (tuple, list, set, frozenset):
        return value if named else type(value)(plain(item, depth - 1) for item in value)
    if type(value) is dict:
        return {plain(key, depth - 1): plain(item, depth - 1) for key, item in value.items()}
    if type(value).__module__.partition(".")[0] in KNOWN:
        return value
    for kind in (str, int, float, complex):
        if isinstance(value, kind):
            return kind.__new__(kind, value) if kind is not str else str.__str__(value)
    if isinstance(value, Mapping):
        return {plain(key, depth - 1): plain(value[key], depth - 1) for key in value}
    if isinstance(value, (tuple, list, set, frozenset)):
        bare = next(kind for kind in (tuple, list, set, frozenset) if isinstance(value, kind))
        return bare(plain(item, depth - 1) for item in value)
    if type(value).__module__ == "generator" or hasattr(type(value), "__next__"):
        return value
    text = " ".join(repr(value).split())[:200]
    name = type(value).__name__
    return ForeignFunction(name, text, value) if callable(value) else Foreign(name, text)

"""An exception that a learner's function raised, in a sentence or two: what, in which line, which shapes met there."""

import ast
import inspect
import linecache
import re
import textwrap
import traceback
from types import FrameType
from typing import Any

from torch import Tensor

from course_utils.grading.limits import HEADROOM, quietly

HERE = __file__.rpartition("/")[0]
STUB = "YOUR CODE HERE"

ADVICE = (  # what an error's text says → what to do about it
    (r"\.T\b", "`.T` turns round all axes of a stack; `.mT` turns round the last two."),
    (r"einsum\(\)", "In einsum each letter is one axis, and a letter that stands twice must have one length everywhere."),
    (r"size of tensor a .* must match the size of tensor b|shape mismatch: value tensor|broadcast", "Shapes are laid over each other from the right; an axis of length 1 (`[:, None]`) stretches."),
    (r"mat1 and mat2|batch1|must have the same (?:reduction|contraction)|size mismatch|Expected size for first two dimensions", "In a product `a @ b` the last axis of `a` is as long as the last but one of `b`; `.mT` turns the last two axes round."),
    (r"expected (?:scalar type|m1 and m2|mat1 and mat2).*dtype|have the same dtype|but found (?:Double|Float|Long)", "Two dtypes meet: make new tensors with `dtype=` that of the inputs."),
    (r"is singular|could not be completed because", "Its columns, or its rows, depend on each other, so that there is no inverse. `torch.linalg.pinv` does what can be done, or leave out what depends on the others."),
    (r"Dimension out of range", "There is no such axis: they count from 0, or from −1 backwards."),
    (r"only (?:one element|integer) tensors|can be converted to Python scalars|truth value|Boolean value of Tensor", "A tensor of several numbers stands where one number, or one truth value, is needed."),
    (r"index .* out of bounds|out of range", "An index lies beyond the end of an axis."),
    (r"not callable", "Something stands before parentheses that is no function."),
    (r"torch\.return_types", "Along an axis `max`, `min`, `sort` and their like return two things, values and indices: take one (`.values`, `.indices`)."),
    (r"non-empty TensorList|stack expects a non-empty|expected a non-empty list", "Nothing was collected for this input (no rows, or no rounds), and of nothing `stack` and `cat` make no tensor: work on the whole tensor, or write into `torch.zeros(…)`."),
    (r"returned an invalid gradient", "`backward` gives each argument a gradient of the argument's own shape: sum over the axes that it does not have (over rows, dim=0, where each latent has one number)."),
    (r"incorrect number of gradients", "`backward` returns one gradient for each argument of `forward`, and None where there is none."),
)  # fmt: skip


def stub(inner: Any, frame_line: int) -> str:
    """What to say where the learner's own `raise NotImplementedError` was reached: "" for an unwritten answer."""
    try:
        lines, first = inspect.getsourcelines(inner)
        tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return ""
    at = frame_line - first
    marked = [index for index, line in enumerate(lines[:at]) if STUB in line]
    if marked:
        written = [line for line in lines[marked[-1] + 1 : at] if line.strip() and not line.strip().startswith("#")]
    else:
        body = getattr(tree, "body", [])
        own = body[1:] if isinstance(tree, ast.FunctionDef) and ast.get_docstring(tree) is not None else body
        written = [node for node in own if node.lineno <= at]
    if not written:
        return ""
    return (
        f"You have written something, and line {at + 1} of your function, `{lines[at].strip()}`, is still reached. Take "
        "that line out; if it stands in a branch, that branch is still to be written."
    )


def explained(error: BaseException, inner: Any) -> tuple[str, bool]:
    """What to say of this exception, and whether the answer was attempted at all."""
    code = getattr(inner, "__code__", None)
    stack = list(traceback.walk_tb(error.__traceback__))
    own = [(frame, line) for frame, line in stack if code is None or frame.f_code.co_filename == code.co_filename]
    text = quietly(lambda: " ".join(str(error).split()), "with a message that cannot be shown")[:240]
    if isinstance(error, NotImplementedError) and not text and own and own[-1] == stack[-1]:
        return (said, True) if (said := stub(inner, own[-1][1])) else ("Not attempted yet.", False)
    if isinstance(error, SystemExit):
        return "Your function called exit(), which would end the notebook; return a value instead.", True
    if isinstance(error, RecursionError):
        return "Your function calls itself without end; give the recursion a case in which it stops.", True
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return (
            f"Your function asked for more than {HEADROOM >> 30} GB of memory; check the shapes that it builds.",
            True,
        )
    if "leaf Variable that requires grad" in text:
        return "Your function changes one of its inputs in place; work on a copy (`.clone()`).", True
    said = f"Your function raised {type(error).__name__}{': ' + text if text else ''}"
    own = [(frame, line) for frame, line in own if not frame.f_code.co_filename.startswith(HERE)]
    if not own:
        return f"{said}. {_listed(text)}".strip(), True
    frame, line = own[-1]
    source = linecache.getline(frame.f_code.co_filename, line).strip()
    number = line - frame.f_code.co_firstlineno + 1 if frame.f_code is code else line
    said += f" in line {number} of {frame.f_code.co_name}: `{source}`."
    return " ".join(part for part in (said, _shapes(frame, source), _advice(text, frame, source)) if part), True


def _tensors(frame: FrameType, source: str) -> dict[str, Tensor]:
    """The tensors that this line names."""
    named = dict.fromkeys(re.findall(r"(?<![.\w])[A-Za-z_]\w*", source))
    space = {**frame.f_globals, **frame.f_locals}
    return {name: space[name] for name in named if type(space.get(name)) is Tensor}


def _shapes(frame: FrameType, source: str) -> str:
    found = [f"`{name}` {tuple(value.shape)}" for name, value in _tensors(frame, source).items()][:5]
    return f"The shapes there: {', '.join(found)}." if found else ""


def _advice(text: str, frame: FrameType, source: str) -> str:
    if any(value.dim() > 2 and f"{name}.T" in source for name, value in _tensors(frame, source).items()):
        return ADVICE[0][1]
    return _listed(text)


def _listed(text: str) -> str:
    return next((said for sign, said in ADVICE if re.search(sign, text)), "")

"""What every exercise is: an id, hints, misconceptions, a check that returns a verdict; and the register of all."""

import copy
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from course_utils.grading import guard
from course_utils.grading.compare import difference, show
from course_utils.grading.counterexample import Counterexample
from course_utils.register import lessons

MOST = 20.0  # seconds that a call may take, however long the reference takes


@dataclass(frozen=True)
class Misconception:
    """A usual mistake: how it is made, and what a good teacher says to the person who made it."""

    name: str
    make: Callable
    say: str


wrong = Misconception


@dataclass(frozen=True)
class Verdict:
    """What checking one answer came to."""

    passed: bool
    message: str
    misconception: str | None = None
    counterexample: Counterexample | None = None
    attempted: bool = True
    printed: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Exercise:
    """What all kinds share. `id` is "<lesson>.<name>"; constructing one registers it.

    `survivors` maps the names (with * for anything) of changes of the reference's source that the grader lets pass
    to the reason why such an answer is right all the same. `alternatives` are other right ways to write the answer;
    they pass on every seed.
    """

    id: str
    misconceptions: tuple[Misconception, ...] = ()
    hints: tuple[str, ...] = ()
    equivalent: tuple[str, ...] = ()
    survivors: Mapping[str, str] = field(default_factory=dict)
    alternatives: tuple[Callable, ...] = ()
    points: int = 1
    _cache: dict = field(default_factory=dict, repr=False)
    registry: ClassVar[dict[str, "Exercise"]] = {}

    def __post_init__(self) -> None:
        self.registry[self.id] = self

    def check(self, answer: Any, seed: int, watch: bool = True) -> Verdict:
        """Check `answer` on the inputs of `seed`; `watch` notices calls of the reference itself."""
        raise NotImplementedError

    def agrees(self, answer: Any, seed: int) -> bool:
        """Whether `answer` passes on the inputs of `seed`."""
        return self.check(answer, seed, watch=False).passed

    def cached(self, key: tuple, compute: Callable[[], Any]) -> Any:
        if key not in self._cache:
            if len(self._cache) > 40:
                self._cache.clear()
            self._cache[key] = compute()
        return self._cache[key]

    def call(
        self, function: Callable, args: tuple, seconds: float, reference: Callable | None, seed: int | None = None
    ) -> tuple[guard.Outcome, Verdict | None]:
        """The outcome of a guarded call, and a verdict where there is no value."""
        limit = guard.LIMIT + min(30 * seconds, MOST)
        outcome = guard.call(function, args, limit=limit, reference=reference, seed=seed)
        if outcome.used_reference and not outcome.problem:
            said = f"This calls the course's own `{reference.__name__}`; write the steps yourself."
            return outcome, Verdict(False, said, attempted=False)
        if outcome.problem:
            return outcome, Verdict(False, outcome.problem, attempted=outcome.attempted, printed=outcome.printed)
        if outcome.left:
            said = f"Your function leaves {' and '.join(outcome.left)} changed for everything that comes after it; put it back."
            return outcome, Verdict(False, said, printed=outcome.printed)
        return outcome, None


@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction:
    """A question put before a figure: one of `choices`, or a number `between` two, right within `tolerance`."""

    id: str
    question: str
    choices: tuple[str, ...] = ()
    between: tuple[float, float] = ()
    tolerance: float = 0.0
    registry: ClassVar[dict[str, "Prediction"]] = {}

    def __post_init__(self) -> None:
        number = len(self.between) == 2 and self.between[0] < self.between[1] and self.tolerance > 0
        if bool(self.choices) == number:
            raise ValueError(
                f"{self.id} asks for one of several choices, or for a number between two, with a tolerance"
            )
        self.registry[self.id] = self


def find(id: str, registry: dict) -> Any:
    """The declaration of that id; a KeyError in one sentence names the nearest ones otherwise."""
    lesson = id.partition(".")[0]
    if id not in registry and lesson in lessons():
        load(lesson)
    if id not in registry:
        known = ", ".join(sorted(name for name in registry if name.startswith(lesson + "."))) or "none in this lesson"
        raise KeyError(f"There is no {id!r}; known here: {known}.")
    return registry[id]


def load(lesson: str) -> None:
    """Import every file of `course_utils/<lesson>/exercises/`: declaring an exercise registers it."""
    package = importlib.import_module(f"course_utils.{lesson}.exercises")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def declared() -> list[Exercise]:
    """Every declared exercise, of every lesson there is."""
    for lesson in lessons():
        load(lesson)
    return [Exercise.registry[id] for id in sorted(Exercise.registry)]


def unfit(answer: Any, reference: Callable, args: tuple) -> str:
    """One sentence where `answer` is no function that takes these arguments, else ""."""
    name = reference.__name__
    if inspect.isclass(answer):
        return f"`{answer.__name__}` is a class; pass the function `{name}` itself."
    if not callable(answer):
        return f"You passed {show(answer)}; pass the function itself, without parentheses: `{name}`."
    try:
        inspect.signature(answer).bind(*args)
    except TypeError:
        wanted = ", ".join(list(inspect.signature(reference).parameters)[: len(args)])
        return f"Your function must take {len(args)} argument{'s' * (len(args) != 1)}: ({wanted})."
    except ValueError:
        pass  # built-in functions have no signature to look at
    return ""


_WORKING: WeakKeyDictionary[nn.Module, nn.Module] = WeakKeyDictionary()  # a module → the copy that answers are given


def fresh(value: Any, grad: bool = False) -> Any:
    """A copy to hand to an answer: what it does to it does not reach the next answer."""
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(grad)
    if isinstance(value, nn.Module):
        if value not in _WORKING or _module_changed("model", value, _WORKING[value]):
            _WORKING[value] = copy.deepcopy(value)  # it takes longer than to run a small model
        return _WORKING[value]
    if isinstance(value, (list, tuple)):
        return type(value)(fresh(item) for item in value)
    return {key: fresh(item) for key, item in value.items()} if isinstance(value, dict) else value


def changed(name: str, before: Any, after: Any, grad: bool = False) -> str:
    """One sentence on what a call did to its argument `name`, which was handed over by `fresh(before, grad)`, else ""."""
    if isinstance(before, nn.Module):
        return _module_changed(name, before, after)
    if isinstance(before, (Tensor, list, tuple, dict)) and difference(after, before, 0.0, 0.0):
        copied = f"`{name}.clone()`" if isinstance(before, Tensor) else f"`list({name})`"
        return f"Your function changes its input `{name}` in place; work on a copy ({copied})."
    if isinstance(before, Tensor) and (after.requires_grad != grad or after.is_leaf and after.grad is not None):
        return (
            f"Your function leaves `requires_grad` or `.grad` of its input `{name}` changed, and a second call adds to "
            f"what the first one left. Work on a copy: `{name}.clone().requires_grad_(True)`."
        )
    return ""


def _module_changed(name: str, before: nn.Module, after: nn.Module) -> str:
    old, new = list(before.modules()), list(after.modules())  # walked along once: TransformerLens nests deeply
    if _hooks(old) != _hooks(new):
        return (
            f"Your function leaves hooks on `{name}`, and whatever runs it next runs them too. Use "
            f"`{name}.run_with_hooks(…)`, which takes them off again, or take them off yourself."
        )
    pairs = [(old, new), *((_held(old, kind), _held(new, kind)) for kind in ("_parameters", "_buffers"))]
    if any(len(a) != len(b) for a, b in pairs):
        return f"Your function gives `{name}` other parts, parameters or buffers than it had. Work on a copy (`copy.deepcopy({name})`)."
    if [m.training for m in old] != [m.training for m in new]:
        return f"Your function leaves `{name}` in another mode: `.train()` or `.eval()` lasts. Put it back."
    weights, buffers = (list(zip(*both, strict=True)) for both in pairs[1:])
    if any(a.requires_grad != b.requires_grad for a, b in weights):
        return f"Your function leaves `requires_grad` of weights of `{name}` changed. Put it back."
    if any((a.grad is None) != (b.grad is None) for a, b in weights):
        return f"Your function leaves gradients on the weights of `{name}`, and the next backward pass adds to them."
    if _settings(before) != _settings(after):
        return f"Your function leaves settings in `{name}.cfg` changed. Put them back."
    if any(a.dtype != b.dtype or a.device != b.device or not torch.equal(a, b) for a, b in (*weights, *buffers)):
        return f"Your function changes weights of `{name}`. Work on a copy (`copy.deepcopy({name})`), or with hooks."
    return ""


def _settings(module: nn.Module) -> dict[str, Any]:
    """The plain values of its configuration, if it has one."""
    found = getattr(getattr(module, "cfg", None), "__dict__", {})
    return {name: value for name, value in found.items() if isinstance(value, (bool, int, float, str))}


def _held(modules: list[nn.Module], kind: str) -> list[Tensor]:
    """The tensors that they hold themselves; one that is held twice comes twice."""
    return [value for one in modules for value in getattr(one, kind).values() if value is not None]


def _hooks(modules: list[nn.Module]) -> int:
    """How many hooks there are, but for those that TransformerLens itself keeps on its modules."""
    found = 0
    for one in modules:
        if hasattr(one, "fwd_hooks"):
            found += len(one.fwd_hooks) + len(one.bwd_hooks)
            continue
        for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"):
            hooks = getattr(one, kind, {}).values()
            found += sum(not str(getattr(hook, "__module__", "")).startswith("transformer_lens") for hook in hooks)
    return found


def same(before: Any, after: Any) -> bool:
    """Whether two values agree to the last digit."""
    return not difference(after, before, 0.0, 0.0)

"""What a call may change besides returning a value: remembered before, put back after, and named.

Random states and rebound globals are put back without a word. Modes of torch and settings of the process that a call
leaves changed would spoil the cells that come after, so each is put back and told.
"""

import contextlib
import gc
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import overrides
from torch.utils import _device


@dataclass(frozen=True)
class Setting:
    """Something global: its name, how it is read, and how it is put back."""

    name: str
    read: Callable[[], Any]
    put: Callable[[Any], Any]


def _environment() -> dict[str, str]:
    """All of it but what libraries write on their own: torch's first optimiser names the compiler's cache, and an
    import of scikit-learn settles how OpenMP is loaded.
    """
    own = ("TORCHINDUCTOR_", "TRITON_", "KMP_")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


def _put_environment(values: dict[str, str]) -> None:
    for name in _environment().keys() - values.keys():
        del os.environ[name]
    os.environ.update({name: value for name, value in values.items() if os.environ.get(name) != value})


def _modes() -> tuple:
    """The stack of torch's function modes, of which an entered device is one, and the device that is current."""
    stack = tuple(overrides._get_current_function_mode_stack())
    return stack, _device.CURRENT_DEVICE, getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)


def _put_modes(before: tuple) -> None:
    stack, device, context = before
    while overrides._get_current_function_mode_stack():
        overrides._pop_mode()
    for mode in stack:
        overrides._push_mode(mode)
    _device.CURRENT_DEVICE = device
    torch._GLOBAL_DEVICE_CONTEXT.device_context = context


def _autocast() -> tuple:
    torch.autocast_increment_nesting()
    depth = torch.autocast_decrement_nesting()
    return torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu"), depth


def _put_autocast(before: tuple) -> None:
    enabled, dtype, depth = before
    torch.set_autocast_enabled("cpu", enabled)
    torch.set_autocast_dtype("cpu", dtype)
    while _autocast()[2] > depth:  # torch empties the cache of cast weights only at depth 0: it would keep stale ones
        torch.autocast_decrement_nesting()
    torch.clear_autocast_cache()


def _handlers() -> dict:
    names = [name for name in ("SIGALRM", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2") if hasattr(signal, name)]
    return {name: signal.getsignal(getattr(signal, name)) for name in names}


def _put_handlers(before: dict) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    if hasattr(signal, "alarm"):
        signal.alarm(0)
    for name, handler in before.items():
        if handler is not None:
            signal.signal(getattr(signal, name), handler)


SETTINGS = (
    Setting("the device that tensors are made on", _modes, _put_modes),
    Setting("gradients (torch.set_grad_enabled)", torch.is_grad_enabled, torch.set_grad_enabled),
    Setting("the default dtype (torch.set_default_dtype)", torch.get_default_dtype, torch.set_default_dtype),
    Setting("autocast", _autocast, _put_autocast),
    Setting("the number of threads", torch.get_num_threads, torch.set_num_threads),
    Setting("deterministic algorithms", torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    Setting("anomaly detection", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    Setting("the precision of matrix products", torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    Setting("numpy's error handling (np.seterr)", np.geterr, lambda before: np.seterr(**before)),
    Setting("the environment (os.environ)", _environment, _put_environment),
    Setting("the working directory", os.getcwd, os.chdir),
    Setting("a signal's handler", _handlers, _put_handlers),
    Setting("the garbage collector", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    Setting(
        "the filters of warnings",
        lambda: list(warnings.filters),
        lambda old: warnings.filters.__setitem__(slice(None), old),
    ),
    Setting("the limit of recursion", sys.getrecursionlimit, sys.setrecursionlimit),
)
SILENT = {"the limit of recursion", "the filters of warnings"}  # libraries change them on their own


@contextlib.contextmanager
def restored(inner: Any, left: list[str]) -> Iterator[None]:
    """Put back what the block changes: random states, the globals of `inner` and of the notebook, and SETTINGS.

    `left` receives the names of settings that were left changed. `exit` and `quit` raise within the block.
    """
    spaces = {id(space): space for space in (getattr(inner, "__globals__", {}), vars(sys.modules["__main__"]))}
    before = {key: dict(space) for key, space in spaces.items()}
    dice = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    settings = [(setting, setting.read()) for setting in SETTINGS]
    for space in spaces.values():
        for name in ("exit", "quit"):  # IPython's own do not raise: they ask the kernel to stop
            if name not in space or type(space[name]).__name__ in ("ExitAutocall", "ZMQExitAutocall", "Quitter"):
                space[name] = _leave
    try:
        yield
    finally:
        for setting, value in settings:
            try:
                changed = setting.read() != value
            except OSError:  # a working directory that is gone
                changed = True
            if changed:
                setting.put(value)
                if setting.name not in SILENT:
                    left.append(setting.name)
        random.setstate(dice[0])
        np.random.set_state(dice[1])
        torch.set_rng_state(dice[2])
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
        for key, space in spaces.items():
            for name in space.keys() - before[key].keys():
                if not name.startswith("__"):  # what torch.compile keeps there must stay
                    del space[name]
            space.update((name, value) for name, value in before[key].items() if space.get(name, before) is not value)


def _leave(code: Any = None) -> None:
    raise SystemExit(code)

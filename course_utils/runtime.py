"""Where am I running: the device, the seeds, the learner, Colab.

1. `setup(LEARNER)` is called by the first cell of every notebook: it remembers the learner, seeds the
   generators, sets the one figure style, and prints one line.
2. `device()` picks cuda, mps or cpu, in this order; the environment variable COURSE_DEVICE overrides it.
3. `learner_seed()` turns the learner into a number, and `seed_for(name)` turns that number and a name into
   another: what is made for one learner (a sealed model, an interpretive question) is the same each time and
   on each machine.
4. `strict()` says that an autograder is running: failures are exceptions, and nothing is written.

torch is imported inside the functions, so that `import course_utils.runtime` takes milliseconds.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import random
import secrets
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils import learner_file

if TYPE_CHECKING:
    import torch

DISTRIBUTION = "mechinterp-course"
SEED_LIMIT = 2**31  # every seed is in [0, SEED_LIMIT): accepted by random, numpy and torch alike

_learner = ""  # what the first cell of this notebook said; set by setup()


def device() -> torch.device:
    """The device to compute on: COURSE_DEVICE if it is set, else the first of cuda, mps, cpu that works here.

    Raises:
        RuntimeError: COURSE_DEVICE names something that is unknown or not usable on this machine.
    """
    import torch

    usable = ["cpu"]
    if torch.backends.mps.is_available():
        usable.insert(0, "mps")
    if torch.cuda.is_available():
        usable.insert(0, "cuda")
    wanted = os.environ.get("COURSE_DEVICE", "").strip().lower()
    if not wanted:
        return torch.device(usable[0])
    kind, _, index = wanted.partition(":")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if kind not in usable or (":" in wanted and not (index.isdecimal() and int(index) < count)):
        raise RuntimeError(
            f"COURSE_DEVICE is {wanted!r}, which is not usable on this machine: "
            f"choose one of {', '.join(usable)}, or unset it."
        )
    return torch.device(wanted)


def set_seed(seed: int) -> None:
    """Seed the global generators of Python, numpy and torch (all devices) with `seed` in [0, 2**31)."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def learner_seed() -> int:
    """The seed of this learner, in [0, 2**31).

    The first of these that is there decides: the name given to `setup` (upper and lower case and spaces do
    not matter); under nbgrader's autograder, the name of the submission's folder, which is the student's; the
    user name of a JupyterHub; the number kept with the progress. If there is none yet, a random one is drawn
    and kept; in strict mode nothing is written and the seed is 0.
    """
    for name in (_learner, _submitter(), os.environ.get("JUPYTERHUB_USER", "")):
        if _normalised(name):
            return _hash("learner", _normalised(name))
    kept = learner_file.read().get("seed")
    if isinstance(kept, int) and 0 <= kept < SEED_LIMIT:
        return kept
    if strict():
        return 0
    drawn = secrets.randbelow(SEED_LIMIT)

    def keep(progress: dict) -> None:
        if not isinstance(progress.get("seed"), int):  # another notebook may have drawn one in the meantime
            progress["seed"] = drawn

    return learner_file.record(keep).get("seed", 0)  # a disk that cannot be written costs a sentence


def seed_for(name: str) -> int:
    """A seed in [0, 2**31) for the thing called `name`: for one learner the same on every machine."""
    return _hash(str(learner_seed()), name)


def published_seed_for(name: str) -> int:
    """The seed with which the notebooks that the course publishes were built."""
    return _hash("0", name)


def strict() -> bool:
    """Whether an autograder is running: COURSE_STRICT is set (and not 0), or nbgrader is executing."""
    return os.environ.get("COURSE_STRICT", "") not in ("", "0") or bool(os.environ.get("NBGRADER_EXECUTION"))


def in_colab() -> bool:
    """Whether this Python is a Google Colab kernel, which imports `google.colab` before anything else."""
    return "google.colab" in sys.modules


def setup(learner: str = "") -> None:
    """Prepare a notebook: the learner, the seeds, the figure style; print the device, the seed, the versions.

    The global generators are seeded with 0 for everybody, so that a lesson shows everyone the same; only what
    is made from `learner_seed` or `seed_for` differs from learner to learner.

    Args:
        learner: what the reader wrote in `LEARNER`; empty for nobody in particular.
    """
    global _learner
    import torch

    from course_utils import plots

    _learner = learner
    set_seed(0)
    plots.style()
    versions = (
        f"course {importlib.metadata.version(DISTRIBUTION)}",
        f"torch {torch.__version__}",
        f"transformer-lens {importlib.metadata.version('transformer-lens')}",
    )
    print(f"{device()} · your seed {learner_seed()} · {' · '.join(versions)}")  # a line of a page 800 pixels wide


def _submitter() -> str:
    """The student whom nbgrader is grading, else "": it runs in `autograded/STUDENT/ASSIGNMENT`."""
    return Path.cwd().parent.name if os.environ.get("NBGRADER_EXECUTION") == "autograde" else ""


def _normalised(name: str) -> str:
    """`name` without spaces, case and letter variants: "Ada  LOVELACE " and "ada lovelace" are one."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _hash(*parts: str) -> int:
    """A number in [0, SEED_LIMIT) that depends on every part; unlike `hash`, the same in every process."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:8], "big") % SEED_LIMIT

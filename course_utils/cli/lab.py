"""Open JupyterLab at the course: the portable twin of `make lab`."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

from course_utils.cli.checkout import Stop
from course_utils.cli.start import start


def lab(root: Path, options: list[str]) -> int:
    """Copy what is missing into my/, then run JupyterLab in `root` until it is stopped; returns its exit code.

    The first time it opens at the first lesson; later where the learner was. `options` are handed to it.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise Stop(f'JupyterLab is not installed in {sys.prefix}: `pip install -e ".[lab]"` in {root} brings it.')
    first_time = not any((root / "my").glob("*.ipynb"))
    for line in start(root):
        if "there already" not in line:
            print(line)
    return _become(command(root, options, first_time))


def _become(command: list[str]) -> int:
    """Run `command` in place of this process, so that Ctrl-C and every other signal are its own."""
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], command)
    with subprocess.Popen(command) as running:  # Windows cannot replace a process
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return running.wait()


def command(root: Path, options: list[str], first_time: bool) -> list[str]:
    """What is run: this Python's JupyterLab, with the course as its root folder."""
    lessons = sorted((root / "notebooks").glob("*.ipynb"))
    place = [f"--LabApp.default_url=/lab/tree/notebooks/{lessons[0].name}"] if first_time and lessons else []
    if getattr(os, "geteuid", lambda: 1)() == 0:  # in a container everybody is root, and JupyterLab would refuse
        place.append("--allow-root")
    return [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}", *place, *options]

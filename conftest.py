"""Notebooks under pytest (nbval): each as a new learner's on a machine without a network, and the time it took.

A notebook's kernel takes its environment from this process when its first cell is set up, so that is where the
environment is arranged. Nothing here depends on the clock: the times are printed beside the budgets, no more.
"""

import os
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

BUDGETS = {"notebooks": 60, "solutions": 40, "exercises": 15}  # seconds on two quiet cores


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    if item.path.suffix != ".ipynb":
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_HOME", tempfile.mkdtemp(prefix="course-home-"))
        patch.setenv("COURSE_STRICT", "1" if item.path.parent.name == "solutions" else "")
        patch.setenv("JUPYTERHUB_USER", "a learner other than the one who built the notebooks")
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.delenv("NBGRADER_EXECUTION", raising=False)
        if "PYTEST_XDIST_WORKER" in os.environ and "OMP_NUM_THREADS" not in os.environ:
            patch.setenv("OMP_NUM_THREADS", "1")  # two workers that take two cores each wait for one another
        return (yield)


def pytest_terminal_summary(terminalreporter):
    seconds = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            notebook = Path(getattr(report, "nodeid", "").split("::")[0])
            if notebook.suffix == ".ipynb":
                seconds[notebook] += report.duration
    if seconds:
        terminalreporter.section("notebooks")
    for notebook, took in sorted(seconds.items()):
        budget = BUDGETS.get(notebook.parent.name)
        terminalreporter.write_line(f"{notebook}: {took:.0f} s" + (f" (budget {budget} s)" if budget else ""))

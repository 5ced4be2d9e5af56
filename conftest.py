"""What pytest runs: all, or with `--lesson 03` what belongs to one lesson; and how notebooks run under it (nbval).

1. To a lesson belong its notebooks, the tests that bear its room's name (`tests/test_induction_….py`), and of other
   tests the cases that name it (`[03_induction]`, `[induction.heads]`).
2. Each notebook runs as a new learner's on a machine without a network. Its kernel takes its environment from this
   process when its first cell is set up, so that is where the environment is arranged.
3. The end says what a lesson's run was made of, and the time that each notebook took, beside its budget; nothing here
   depends on the clock.
"""

import os
import re
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

BUDGETS = {"notebooks": 60, "solutions": 40, "exercises": 15}  # seconds on two quiet cores
WANTED = pytest.StashKey[str]()  # the folder of the lesson that alone is tested, such as 03_induction
HOMES = pytest.StashKey[dict[Path, tempfile.TemporaryDirectory]]()  # by notebook: where its progress lies


def pytest_addoption(parser):
    parser.addoption("--lesson", metavar="NN", help="test what belongs to one lesson: 03, or 03_induction")


def pytest_configure(config):
    wanted = config.getoption("lesson")
    if wanted is not None:
        found = [name for name in _lessons(config) if name == wanted or name.startswith(f"{wanted}_")]
        if len(found) != 1:
            raise pytest.UsageError(f"there is no lesson {wanted!r}: there is {', '.join(_lessons(config))}.")
        config.stash[WANTED] = found[0]


def pytest_ignore_collect(collection_path, config):
    """Files of other lessons are not even read."""
    wanted = config.stash.get(WANTED, None)
    others = set(_lessons(config)) - {wanted} if wanted else ()
    return any(_names(collection_path, lesson) for lesson in others) or None


def pytest_collection_modifyitems(config, items):
    """What belongs to the wanted lesson; the longest files first, so that no worker ends with a long one alone."""
    long = {item.path for item in items if item.path.suffix == ".ipynb" or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)  # stable: all else stays in its order
    wanted = config.stash.get(WANTED, None)
    if wanted:
        kept = [item for item in items if _belongs(item, wanted)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def _lessons(config):
    return sorted(path.parent.name for path in config.rootpath.glob("lessons/[0-9][0-9]_*/lesson.py"))


def _names(path, lesson):
    """Whether a file bears the name of the lesson `lesson`, such as 03_induction."""
    if path.suffix == ".ipynb":
        return path.stem in (lesson, f"{lesson}_deeper")
    room = lesson.partition("_")[2]
    return re.match(rf"test_{room}(_|\.py$)", path.name) is not None


def _belongs(item, lesson):
    case = item.callspec.id if hasattr(item, "callspec") else ""
    room = lesson.partition("_")[2]
    return _names(item.path, lesson) or re.search(rf"{lesson}(_deeper)?\b|(^|\W){room}\.\w", case) is not None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    if item.path.suffix != ".ipynb":
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        homes = item.config.stash.setdefault(HOMES, {})
        if item.path not in homes:
            homes[item.path] = tempfile.TemporaryDirectory(prefix="course-home-", ignore_cleanup_errors=True)
        patch.setenv("COURSE_HOME", homes[item.path].name)
        patch.setenv("COURSE_STRICT", "1" if item.path.parent.name == "solutions" else "")
        patch.setenv("JUPYTERHUB_USER", "a learner other than the one who built the notebooks")
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.delenv("NBGRADER_EXECUTION", raising=False)
        if "PYTEST_XDIST_WORKER" in os.environ and "OMP_NUM_THREADS" not in os.environ:
            patch.setenv("OMP_NUM_THREADS", "1")  # two workers that take two cores each wait for one another
        return (yield)


def pytest_unconfigure(config):
    for home in config.stash.get(HOMES, {}).values():
        home.cleanup()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A blank exercise runs to its end, and its grader says that nothing was attempted."""
    result = yield
    blank = item.path.suffix == ".ipynb" and item.path.parent.name == "exercises"
    if blank and item.cell.metadata.get("nbgrader", {}).get("grade"):
        said = " ".join(out.get("data", {}).get("text/plain", "") + out.get("text", "") for out in item.test_outputs)
        assert "not attempted" in said.lower(), f"a blank exercise is graded with {said!r}"
    return result


def pytest_terminal_summary(terminalreporter, config):
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    files = {report.nodeid.split("::")[0] for report in reports if "::" in getattr(report, "nodeid", "")}
    if WANTED in config.stash:
        terminalreporter.section(f"of lesson {config.stash[WANTED]}")
        terminalreporter.write_line(" ".join(sorted(files)))
    seconds = defaultdict(float)
    for report in reports:
        notebook = Path(getattr(report, "nodeid", "").split("::")[0])
        if notebook.suffix == ".ipynb":
            seconds[notebook] += report.duration
    if seconds:
        terminalreporter.section("notebooks")
    for notebook, took in sorted(seconds.items()):
        budget = BUDGETS.get(notebook.parent.name)
        terminalreporter.write_line(f"{notebook}: {took:.0f} s" + (f" (budget {budget} s)" if budget else ""))

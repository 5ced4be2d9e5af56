"""What every test can rely on: no learner's progress is touched, and two workers do not fight for cores."""

import os
import shutil
import tempfile

# Before torch is imported anywhere, also in the processes and kernels that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
for name in ("COURSE_STRICT", "NBGRADER_EXECUTION", "COURSE_SOURCE"):
    os.environ.pop(name, None)
_HOME = tempfile.mkdtemp(prefix="course-home-")
os.environ["COURSE_HOME"] = _HOME

import pytest  # noqa: E402


def pytest_unconfigure():
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def progress_of_its_own(tmp_path_factory, monkeypatch):
    """Each test begins with no progress; returns the folder where it would be kept."""
    home = tmp_path_factory.getbasetemp() / "home" / os.urandom(4).hex()
    monkeypatch.setenv("COURSE_HOME", str(home))
    return home

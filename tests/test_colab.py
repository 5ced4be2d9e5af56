"""The Colab road: the first cell installs the course's core there, replaces nothing, and elsewhere does nothing.

Colab is stood in for by a clean virtual environment with pip, in which the packages of this one are there as
Colab's are, but the course is not, and whose kernel has imported a module called google.colab.
"""

import runpy
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import version
from pathlib import Path

import build
import from_source
import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from run_notebook import KernelOfThisPython
from test_build import points, write

ROOT = Path(__file__).resolve().parents[1]
KEPT = ("torch", "numpy", "ipykernel", "ipython", "tornado", "pyzmq")
SETUP = from_source.setup_cell("https://host/course")
BLANK = sorted(ROOT.glob("exercises/*.ipynb"))


# --- what the cell asks for


@pytest.fixture
def asked(monkeypatch):
    """The commands that the setup cell would run; it runs none."""
    commands = []
    monkeypatch.setattr(subprocess, "check_call", commands.append)  # which raises where pip fails
    return commands


def run_setup_cell(folder):
    (folder / "setup_cell.py").write_text(SETUP, encoding="utf8")
    runpy.run_path(str(folder / "setup_cell.py"))


def test_elsewhere_nothing_is_installed(asked, tmp_path, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    run_setup_cell(tmp_path)
    assert asked == []
    assert "your seed" in capsys.readouterr().out


@pytest.mark.parametrize(("override", "source"), [(None, "git+https://host/course"), ("/a/checkout", "/a/checkout")])
def test_on_colab_the_core_is_installed_beside_what_is_there(asked, tmp_path, monkeypatch, override, source):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    if override:
        monkeypatch.setenv("COURSE_SOURCE", override)
    run_setup_cell(tmp_path)
    (command,) = asked
    assert command[:4] == [sys.executable, "-mpip", "install", "-q"]
    assert command[4] == source  # no extra: the core alone
    assert command[5:] == [f"{package}=={version(package)}" for package in KEPT]


# --- doing it


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """The folder of a virtual environment like Colab's; its own packages are in its own site-packages."""
    root = tmp_path_factory.mktemp("colab")
    there, own = root / "there", root / "env"
    there.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not any(name in entry.name.lower() for name in ("mechinterp", "course_utils", ".pth")):
            (there / entry.name).symlink_to(entry)
    venv.create(own, with_pip=True)
    packages = site_packages(own)
    for entry in (*packages.glob("setuptools*"), *packages.glob("pkg_resources*")):
        shutil.rmtree(entry)  # older Pythons bring one along, which would hide the one that is there
    (packages / "there.pth").write_text(f"{there}\nimport google.colab\n", encoding="utf8")
    (packages / "google" / "colab").mkdir(parents=True)
    (packages / "google" / "colab" / "__init__.py").write_text('"""A stand-in."""\n', encoding="utf8")
    return own


def python(environment):
    return environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def site_packages(environment):
    return next(path for path in environment.rglob("site-packages"))


def run(nb, environment, folder, monkeypatch, course):
    """Execute `nb` in a kernel of `environment`, in an empty folder."""
    for name in ("PYTHONPATH", "COURSE_STRICT", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"):  # the last hides pip's words
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_SOURCE", str(course))
    monkeypatch.setenv("COURSE_HOME", str(folder / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    manager = type("KernelOfColab", (KernelOfThisPython,), {"python": str(python(environment))})
    work = folder / "work"
    work.mkdir()
    resources = {"metadata": {"path": str(work)}}
    NotebookClient(nb, kernel_manager_class=manager, timeout=300, resources=resources).execute()
    return nb


def pip_list(environment):
    code = "from importlib.metadata import distributions as d; print(*sorted(f'{p.name}=={p.version}' for p in d()))"
    done = subprocess.run([python(environment), "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.slow
def test_the_stand_in_has_everything_but_the_course(colab):
    there = pip_list(colab)
    assert {f"{package}=={version(package)}" for package in KEPT} <= there
    assert not any(name.startswith("mechinterp") for name in there)
    code = "import sys; assert 'google.colab' in sys.modules; import course_utils"
    done = subprocess.run([python(colab), "-c", code], capture_output=True, text=True, cwd=colab, check=False)
    assert "ModuleNotFoundError: No module named 'course_utils'" in done.stderr


@pytest.mark.slow
def test_what_would_replace_colabs_own_is_refused(colab, tmp_path, monkeypatch):
    """A course that wanted another tornado does not get it: pip ends with an error, and so does the cell."""
    greedy = tmp_path / "greedy"
    greedy.mkdir()
    project = '[project]\nname = "greedy"\nversion = "1"\ndependencies = ["tornado<6"]\n'
    (greedy / "pyproject.toml").write_text(project, encoding="utf8")
    before = pip_list(colab)
    nb = new_notebook(cells=[new_code_cell(SETUP)])
    with pytest.raises(CellExecutionError, match="CalledProcessError"):
        run(nb, colab, tmp_path, monkeypatch, course=greedy)
    said = "".join(output.get("text", "") for output in nb.cells[0].outputs)
    assert "Cannot install" in said and "tornado" in said
    assert pip_list(colab) == before


@pytest.mark.slow
def test_a_notebook_runs_on_colab(colab, tmp_path, monkeypatch):
    """The blank exercises of the first lesson, or of a tiny one where there is none yet."""
    before = pip_list(colab)
    if BLANK:
        nb = nbformat.read(BLANK[0], as_version=4)
    else:
        nb = list(build.targets(write(tmp_path / "tiny"), [], points))[1].nb
    nb.cells.append(new_code_cell("import course_utils; print(course_utils.__file__)"))
    run(nb, colab, tmp_path, monkeypatch, course=ROOT)
    setup = next(cell for cell in nb.cells if cell.cell_type == "code")
    assert "your seed" in "".join(output.get("text", "") for output in setup.outputs)
    assert Path(nb.cells[-1].outputs[0].text).is_relative_to(site_packages(colab))  # the wheel, not the checkout
    after = pip_list(colab)
    assert before < after
    assert {entry.split("==")[0] for entry in after - before} == {"mechinterp-course"}

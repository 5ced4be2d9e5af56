"""Building .venv: nothing to do takes no time, and whatever is missing is one sentence, not a traceback."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import bootstrap
import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tools/bootstrap.py"


@pytest.fixture
def checkout(tmp_path):
    """What the bootstrap and the Makefile look at, in a folder of its own whose name has a space."""
    folder = tmp_path / "the course"
    (folder / "tools").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", "Makefile", "tools/bootstrap.py"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def built(checkout: Path, extra: str) -> None:
    """As if .venv had been built: an interpreter and a stamp."""
    python = Path(bootstrap.python_in(str(checkout)))
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    Path(bootstrap.stamp(str(checkout), extra)).write_text(bootstrap.fingerprint(str(checkout)))


def one_sentence(capsys) -> str:
    said = capsys.readouterr()
    assert said.err.endswith(".\n") and len(said.err.splitlines()) == 1, said.err
    assert "Traceback" not in said.err + said.out
    return said.err


# ---- the Python


def test_an_old_python_can_read_the_script():
    text = SCRIPT.read_text(encoding="utf8")
    tree = ast.parse(text, feature_version=(3, 4))
    assert "from __future__ import print_function" in text, "for Python 2"
    assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree)), "formatted strings came with 3.6"


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 14)])
def test_an_unsupported_python_is_named_with_those_that_are_supported(version):
    with pytest.raises(bootstrap.Stop) as stopped:
        bootstrap.check_python(str(ROOT), version, "/some/python")
    said = str(stopped.value)
    assert "3.11 to 3.13" in said and "{}.{}".format(*version) in said and "/some/python" in said
    assert "make lab PYTHON=" in said


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_the_supported_pythons_pass(version):
    assert bootstrap.check_python(str(ROOT), version) is None


def test_a_python_without_venv_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(bootstrap.Stop, match=r"without its ensurepip module.*apt install python3\.\d+-venv"):
        bootstrap.check_venv_module()


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_without_any_python_make_says_so(checkout):
    done = subprocess.run([shutil.which("make"), "lab"], cwd=checkout, env={"PATH": str(checkout)},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode != 0
    assert "No Python was found: install Python 3.11 to 3.13" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_lab_and_make_test_build_what_they_need_and_then_do_it(checkout):
    def planned(target: str) -> list[str]:
        outer = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
        done = subprocess.run(["make", "-n", target, f"PYTHON={sys.executable}"], cwd=checkout,
                              env=outer, capture_output=True, text=True, check=True)  # fmt: skip
        return done.stdout.splitlines()

    assert planned("lab") == [f"{sys.executable} tools/bootstrap.py lab", ".venv/bin/course lab"]
    first, *rest = planned("test")
    assert first == f"{sys.executable} tools/bootstrap.py dev"
    assert ".venv/bin/ruff check ." in rest and any("-m pytest -n 2 --dist loadfile" in line for line in rest)


# ---- nothing to do


@pytest.mark.parametrize(("there", "wanted"), [("lab", "lab"), ("dev", "dev"), ("dev", "lab")])
def test_with_nothing_to_do_it_says_nothing_and_takes_no_time(checkout, there, wanted):
    built(checkout, there)
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "tools/bootstrap.py", wanted], cwd=checkout,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.perf_counter() - begun < 5, "about 0.1 s; the rest is for a busy machine"


def test_the_environment_is_built_again_when_a_list_changes_or_the_course_moves(checkout, tmp_path):
    def installed(extra="dev", where=checkout):
        return bootstrap.is_installed(str(where), extra)

    assert not installed()
    built(checkout, "lab")
    assert installed("lab") and not installed("dev"), "the tests need more than the lab"
    built(checkout, "dev")
    assert installed("dev")
    with (checkout / "constraints.txt").open("a") as file:
        file.write("# another day\n")
    assert not installed()
    built(checkout, "dev")
    moved = tmp_path / "moved"
    checkout.rename(moved)
    assert not installed(where=moved)


def test_an_environment_made_elsewhere_or_broken_is_made_again(checkout):
    assert not bootstrap.works(str(checkout))
    built(checkout, "dev")
    python, config = Path(bootstrap.python_in(str(checkout))), checkout / ".venv/pyvenv.cfg"
    python.unlink()
    python.symlink_to(sys.executable)
    config.write_text(f"command = python -m venv {checkout / '.venv'}\n")
    assert bootstrap.works(str(checkout))
    config.write_text("command = python -m venv /elsewhere/.venv\n")
    assert not bootstrap.works(str(checkout))


# ---- what can be missing


def test_a_full_disk_is_noticed_before_anything_is_made(checkout, capsys, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.26e9))
    assert bootstrap.main(["lab"], str(checkout)) == 1
    said = one_sentence(capsys)
    assert "1.3 GB free" in said and "make room" in said
    assert not (checkout / ".venv").exists()


def test_without_a_network_the_first_installation_says_so(checkout):
    """The real thing: a real environment is made, and its pip finds nobody at home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run([sys.executable, "tools/bootstrap.py", "lab"], cwd=checkout, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "needs a network" in done.stderr
    assert "run the same command again" in done.stderr
    assert not bootstrap.is_installed(str(checkout), "lab"), "the next run tries again"


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk became full"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: 'x'", "who owns .venv"),
        ("WARNING: Retrying … Failed to establish a new connection: [Errno 111]\nERROR: No matching distribution "
         "found for torch>=2.6", "needs a network.*stopped at torch>=2.6"),
        ("ReadTimeoutError: Read timed out.", "needs a network"),
        ("ERROR: ResolutionImpossible: a and b\nhelp: see the documentation", "last words(.|\n)*ResolutionImpossible"),
    ],
)  # fmt: skip
def test_pips_complaints_become_a_sentence(complaint, sentence):
    assert re.search(sentence, bootstrap.explain(complaint))


def test_an_interruption_and_an_unwritable_folder_are_sentences_too(checkout, capsys, monkeypatch):
    read_only = OSError(30, "Read-only file system")
    for error, code, word in ((KeyboardInterrupt(), 130, "Interrupted"), (read_only, 1, "Read-only")):

        def fail(*args, error=error):
            raise error

        monkeypatch.setattr(bootstrap, "install", fail)
        monkeypatch.setattr(bootstrap, "check_disk", lambda root: None)
        assert bootstrap.main(["lab"], str(checkout)) == code
        assert word in one_sentence(capsys)


def test_an_unknown_environment_is_refused(capsys):
    assert bootstrap.main(["everything"], str(ROOT)) == 1
    assert "it is one of dev, lab" in one_sentence(capsys)

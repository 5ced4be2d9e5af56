"""One list of dependencies, and everything else that names versions agrees with it."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import course_utils

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = {canonicalize_name(need.name): need for need in
               (Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()
                if line and not line.startswith("#"))}  # fmt: skip
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())
PINNED_BY_TORCH = ("nvidia-", "cuda-", "triton")  # its CUDA build names their exact versions itself
MINORS = [11, 12, 13]


def tracked() -> list[str]:
    """What git knows of, and what would be committed next; also where there is no git, in an unpacked archive."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                            cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def declared() -> list[Requirement]:
    lines = PROJECT["dependencies"] + [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
    return [need for need in map(Requirement, lines) if need.name != PROJECT["name"]]


def arriving_with(*extras: str) -> dict[str, str]:
    """Every distribution that the installed course needs, directly or not, with its version."""
    seen, found = set(), {}
    todo = [(PROJECT["name"], extra) for extra in ("", *extras)]
    while todo:
        if (at := todo.pop()) in seen:
            continue
        seen.add(at)
        distribution = metadata.distribution(at[0])
        found[canonicalize_name(at[0])] = distribution.version
        for need in map(Requirement, distribution.requires or []):
            if need.marker is None or need.marker.evaluate({"extra": at[1]}):
                todo += [(canonicalize_name(need.name), extra) for extra in ("", *need.extras)]
    return found


# ---- the lists agree


def test_every_dependency_has_a_tested_version_within_its_range():
    for need in declared():
        pin = CONSTRAINTS[canonicalize_name(need.name)]
        (exact,) = pin.specifier
        assert exact.operator == "==", pin
        assert need.specifier.contains(exact.version, prereleases=True), f"{pin} is outside {need}"


def test_the_tested_versions_are_complete_and_are_those_installed_here():
    installed = arriving_with("lab", "teach", "dev")
    del installed[PROJECT["name"]]
    missing = {name for name in installed.keys() - CONSTRAINTS.keys() if not name.startswith(PINNED_BY_TORCH)}
    assert not missing, f"constraints.txt has no version for {sorted(missing)}"
    both = {name: (version, CONSTRAINTS[name].specifier) for name, version in installed.items() if name in CONSTRAINTS}
    assert {name: (is_here, wanted) for name, (is_here, wanted) in both.items() if is_here not in wanted} == {}


def test_torch_has_no_upper_limit_but_in_the_tested_versions():
    (torch,) = [need for need in declared() if need.name == "torch"]
    assert [part.operator for part in torch.specifier] == [">="]
    assert "torch" in CONSTRAINTS


def test_the_supported_pythons_agree():
    supported = SpecifierSet(PROJECT["requires-python"])
    assert [minor for minor in range(30) if f"3.{minor}.0" in supported] == MINORS
    classified = re.findall(r"Python :: 3\.(\d+)", "\n".join(PROJECT["classifiers"]))
    assert [int(minor) for minor in classified] == MINORS
    makefile = (ROOT / "Makefile").read_text()
    assert f"(3, {MINORS[0]}) <= sys.version_info[:2] < (3, {MINORS[-1] + 1})" in makefile
    assert all(f"python3.{minor}" in makefile for minor in MINORS)
    (conda,) = [line for line in CONDA["dependencies"] if isinstance(line, str) and line.startswith("python")]
    assert f"{conda.split('=')[1].split()[0]}.0" in supported
    for text in (makefile, (ROOT / "README.md").read_text()):
        ranges = re.findall(r"3\.(\d+) to 3\.(\d+)", text)
        assert ranges and set(ranges) == {(str(MINORS[0]), str(MINORS[-1]))}


def test_conda_takes_torch_from_its_channel_and_all_else_from_pyproject():
    plain = [line for line in CONDA["dependencies"] if isinstance(line, str)]
    assert [re.split(r"[=<>]", line)[0] for line in plain] == ["python", "pip", "pytorch"]
    (torch,) = [need for need in declared() if need.name == "torch"]
    assert plain[2].removeprefix("pytorch") == str(torch.specifier)
    (pip,) = [line["pip"] for line in CONDA["dependencies"] if isinstance(line, dict)]
    assert pip == ["-e .[lab]"]
    assert CONDA["channels"][0] == "conda-forge"


def test_repo2docker_can_read_the_conda_environment(tmp_path):
    pytest.importorskip("repo2docker", reason="jupyter-repo2docker is not installed")
    (tmp_path / "environment.yml").write_text((ROOT / "environment.yml").read_text())
    done = subprocess.run([sys.executable, "-m", "repo2docker", "--no-build", str(tmp_path)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    chosen = re.search(r"environment for python=(\S+)", done.stdout + done.stderr)
    assert f"{chosen.group(1)}.0" in SpecifierSet(PROJECT["requires-python"])
    assert "unspecified" not in done.stdout + done.stderr
    assert '--file "environment.yml"' in done.stdout + done.stderr


def test_the_version_is_the_same_wherever_it_stands():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert course_utils.__version__ == metadata.version(PROJECT["name"]) == citation["version"]


def test_what_the_package_imports_arrives_with_its_core():
    """Colab gets the core only, so nothing may come from an extra."""
    core = arriving_with()
    providers = metadata.packages_distributions()
    stray = set()
    for path in (ROOT / "course_utils").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for top in {name.split(".")[0] for name in names}:
                if top in sys.stdlib_module_names or top in ("course_utils", "google"):
                    continue
                if not any(canonicalize_name(one) in core for one in providers.get(top, [])):
                    stray.add(f"{path.relative_to(ROOT)}: {top}")
    assert not stray


# ---- importing is quick and quiet


def test_importing_is_silent_touches_no_network_and_brings_nothing_heavy():
    question = """
import sys, socket
def refuse(*args, **more):
    raise AssertionError("a socket was opened")
socket.socket.connect = socket.getaddrinfo = refuse
before = set(sys.modules)
import course_utils
print(" ".join(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    assert line.split() == ["course_utils"]
    assert done.stderr == ""


@pytest.mark.parametrize("module", ["course_utils.learner_file", "course_utils.runtime", "course_utils.cli"])
def test_what_every_notebook_and_command_starts_with_is_light(module):
    question = f"import sys, {module}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    heavy = {"torch", "matplotlib", "ipywidgets", "transformer_lens", "transformers", "sklearn", "scipy"}
    assert not heavy & set(done.stdout.split())
    assert done.stderr == "" and len(done.stdout.splitlines()) == 1


# ---- what is in the repository


def test_nothing_that_tools_leave_behind_is_tracked():
    left = re.compile(
        r"(^|/)(uv\.lock|__pycache__|\.ipynb_checkpoints|\.jupyter_cache|\.pytest_cache|\.ruff_cache|\.venv|my|gradebook\.db"
        r"|.*\.egg-info|.*\.log|.*\.pyc|\.DS_Store|nbgrader\.db)(/|$)"
    )
    assert [name for name in tracked() if left.search(name)] == []


def test_tracked_files_are_small():
    limits = {".safetensors": 30e6, ".ipynb": 900e3, ".npz": 2e6}
    heavy = [(name, (ROOT / name).stat().st_size) for name in tracked()]
    assert [(name, size) for name, size in heavy if size > limits.get(Path(name).suffix, 300e3)] == []
    assert sum(size for name, size in heavy if name.endswith(".safetensors")) < 60e6


REGISTRIES = re.compile(
    r"\b(py[p]i|download\.pytorch|files\.pythonhosted|registry\.npmjs|conda\.anaconda)\.\w+|index-url[= ]+\S*//",
    re.IGNORECASE,
)
PLACES = re.compile(r"(?<![\w./])/(root|work|home/\w+|Users/\w+|tmp/\w+)/|file:[/]{3}|[A-Z]:\\Users")


@pytest.mark.parametrize("pattern", [REGISTRIES, PLACES], ids=["registries", "places"])
def test_nothing_names_a_registry_or_a_place_on_somebodys_machine(pattern):
    found = []
    for name in tracked():
        if name.endswith((".safetensors", ".npz", ".png", ".pt")):
            continue
        for number, line in enumerate((ROOT / name).read_text(encoding="utf8").splitlines(), 1):
            if match := pattern.search(re.sub(r'"image/png": "[^"]*"', "", line)):
                found.append(f"{name}:{number}: {match.group()}")
    assert found == []


def test_each_license_says_what_it_covers():
    code, text = (ROOT / "LICENSE").read_text(), (ROOT / "LICENSE-TEXT").read_text()
    assert "MIT License" in code and "LICENSE-TEXT" in code
    assert "creativecommons.org/licenses/by/4.0" in text and "LICENSE" in text
    assert PROJECT["license"] == "MIT AND CC-BY-4.0"

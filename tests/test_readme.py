"""The README says what is so: its example runs, and what it names exists."""

import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import bootstrap
import readme_figure

from course_utils import zoo
from course_utils.cli import _parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_there_is_an_example_and_it_asserts_something():
    assert len(EXAMPLES) == 1
    assert EXAMPLES[0].count("\nassert ") >= 2


def test_the_example_runs_and_the_grader_says_the_sentence(tmp_path):
    script = tmp_path / "example.py"
    script.write_text(EXAMPLES[0], encoding="utf8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) > 5, "it prints what the grader says"


def test_the_map_tells_the_lessons_that_are_here_from_those_that_are_planned():
    rows = re.findall(r"^\| `(\d\d_\w+)` \| .+ \| (\*\*here\*\*|planned) \|$", README, re.MULTILINE)
    assert [name for name, _ in rows] == sorted(name for name, _ in rows)
    here = {name for name, state in rows if state == "**here**"}
    assert here == {path.parent.name for path in (ROOT / "lessons").glob("*/lesson.py")}
    for name in here:
        assert (ROOT / "notebooks" / f"{name}.ipynb").exists()
        assert find_spec(f"course_utils.{name.partition('_')[2]}.exercises")


def test_what_it_links_to_is_there_and_the_figure_can_be_read_aloud():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links and [link for link in links if not (ROOT / link).exists()] == []
    (alt,) = re.findall(r"!\[([^\]]+)\]", README)
    assert len(alt) > 60


def test_the_figure_and_its_alt_text_are_the_lessons_own():
    picture, alt = readme_figure.figure()
    text, file = readme_figure.shown(README, alt)
    assert text == README, "python tools/readme_figure.py brings it up to date"
    assert (ROOT / file).read_bytes() == picture, "python tools/readme_figure.py brings it up to date"
    assert picture.startswith(b"\x89PNG") and len(picture) < 200e3


def test_the_commands_that_it_names_exist():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^make (\w+)|`make (\w+)", README, re.MULTILINE))
    for target in {one or other for one, other in targets}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"
    (commands,) = [action.choices for action in _parser()._actions if action.dest == "command"]
    assert set(re.findall(r"`course (\w+)", README)) == set(commands), "each is named, and no other"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {extra for group in re.findall(r"\.\[([\w,]+)\]", README) for extra in group.split(",")}
    assert named and named <= set(extras)


def test_the_disk_that_it_asks_for_is_what_the_build_asks_for():
    assert f"asks for {bootstrap.GB_NEEDED} GB of free disk" in README


def test_the_bundled_models_are_as_many_as_it_says():
    number = {"one": 1, "two": 2, "three": 3, "four": 4, "seven": 7}
    said = re.search(
        r"(\w+) trained on Python code.*?and\s+(\w+) that name the\s+indirect.*?: (\w+) that learned to, and (\w+)"
        r".*?and\s+(\w+) that tells",
        README,
        re.DOTALL,
    )
    kinds = ("code-", "ioi-", "ioi-natural", "ioi-planted", "brackets")
    there = [sum(name.startswith(kind) for name in zoo.available()) for kind in kinds]
    assert [number[word] for word in said.groups()] == there
    assert set(re.findall(r'zoo\.load\("([^"]+)"', README)) <= {*zoo.available()}

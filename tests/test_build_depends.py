"""What decides whether a notebook is executed again: nothing stale, nothing needless."""

import ast

import build
import pytest
from depends import Package, fingerprint
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from statements import canonical

FILES = {
    "__init__.py": '"""A course."""\n__version__ = "1"\n',
    "plots.py": "SIZE = 3\nBLUE = 'b'\n\ndef figure():\n    return SIZE\n\ndef other():\n    return BLUE\n",
    "runtime.py": "def setup(name):\n    from course_utils import plots\n    plots.figure()\n",
    "tiny/__init__.py": "from .measures import Result, mean, spread\nfrom .stored import plane\n",
    "tiny/measures.py": (
        "import math\nfrom . import shared as sh\n\n"
        "class Result:\n    def plot(self):\n        return drawn(self)\n\n"
        "def mean(x):\n    '''The mean.'''\n    return Result() if sh.deep.total(x) else None  # why\n\n"
        "def spread(x):\n    return math.sqrt(x)\n\ndef drawn(x):\n    return 1\n"
    ),
    "tiny/shared.py": "from course_utils.tiny import deep\n",
    "tiny/deep.py": "def total(x):\n    return 1\n\ndef unused(x):\n    return 2\n",
    "tiny/stored.py": "def plane():\n    return _load('plane')\n\ndef _load(name):\n    return name\n",
    "tiny/stored_results/plane.npz": "plane",
    "tiny/stored_results/sweep.npz": "sweep",
    "tiny/exercises/__init__.py": "",
    "tiny/exercises/first.py": (
        "from course_utils import tiny\nfrom course_utils.grading import Function\n\n"
        "def inputs():\n    return 1\n\n"
        "mean = Function('tiny.mean', reference=tiny.mean, inputs=inputs)\n\n"
        "Function('tiny.spread', reference=tiny.spread)\n"
    ),
    "loud.py": "LIST = []\n\ndef add(x):\n    LIST.append(x)\n\nadd(1)\n",
    "grading/__init__.py": "from .grade import grade\nfrom .kinds import Function\n",
    "grading/grade.py": "def grade(id, answer):\n    return id\n",
    "grading/kinds.py": "class Function:\n    pass\n",
    "zoo/__init__.py": "from .loading import load\n",
    "zoo/loading.py": "def load(name):\n    return open(name + '/card.json'), 'card', 'model', 'checkpoints'\n",
    "zoo/weights/code-4l/card.json": "{}",
    "zoo/weights/code-4l/model.safetensors": "weights",
    "zoo/weights/ioi/card.json": "{}",
    "zoo/weights/ioi/model.safetensors": "weights",
    "text/__init__.py": "from . import samples\n",
    "text/samples/__init__.py": "def read(name):\n    return name\n",
    "text/samples/dungeon.py": "print('a program')\n",
}  # fmt: skip


@pytest.fixture
def changed(tmp_path):
    """Whether a change of one file changes what `code`, the cells of a notebook, depends on."""
    folder = tmp_path / "course_utils"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf8")

    def ask(code, file, old, new):
        nb = new_notebook(cells=[new_code_cell(cell) for cell in code.split("\n---\n")])
        before = fingerprint(nb, Package(folder))
        text = (folder / file).read_text(encoding="utf8") if (folder / file).exists() else ""
        assert old in text
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text.replace(old, new, 1) if old else new, encoding="utf8")
        return fingerprint(nb, Package(folder)) != before

    return ask


MEAN = "from course_utils import tiny as t\n---\nt.mean(3).plot()"
MODEL = 'from course_utils import zoo\nzoo.load("code-4l")'
GRADE = 'from course_utils.grading import grade\n---\ngrade("tiny.mean", 1)'


@pytest.mark.parametrize(
    ("code", "file", "old", "new"),
    [
        (MEAN, "tiny/measures.py", "Result()", "Result"),  # the function itself
        (MEAN, "tiny/measures.py", "drawn(self)", "drawn(1)"),  # a method of what it returns
        (MEAN, "tiny/measures.py", "return 1", "return 2"),  # what that method calls
        (MEAN, "tiny/deep.py", "return 1", "return 3"),  # through two modules' names
        (MEAN, "tiny/__init__.py", "from .measures import Result, mean", "from .deep import total as mean"),
        ("from course_utils.tiny import mean as f\nf", "tiny/deep.py", "return 1", "return 3"),
        ("import course_utils.tiny.measures\ncourse_utils.tiny.measures.mean", "tiny/deep.py", "return 1", "return 3"),
        ("from course_utils.tiny.measures import *\nmean", "tiny/deep.py", "return 1", "return 3"),
        ("from course_utils import tiny\nshow(tiny)", "tiny/deep.py", "return 1", "return 3"),  # a module as a value
        ("def f():\n    from course_utils import tiny\n    return tiny.mean", "tiny/deep.py", "return 1", "return 3"),
        ("from course_utils import runtime\nruntime.setup('')", "plots.py", "SIZE = 3", "SIZE = 4"),
        ("import course_utils", "__init__.py", '"1"', '"2"'),  # the first cell prints the version
        ("import course_utils.loud", "loud.py", "add(1)", "add(2)"),  # what an import does
        ("import course_utils.loud", "loud.py", "LIST.append", "LIST.remove"),
        (MODEL, "zoo/weights/code-4l/card.json", "{}", '{"sha256": 1}'),
        (MEAN + "\n---\nname = 'ioi'", "zoo/weights/ioi/card.json", "{}", '{"sha256": 1}'),
        ("from course_utils import tiny\ntiny.plane()", "tiny/stored_results/plane.npz", "plane", "other"),
        ("from course_utils.text import samples as s\ns.read(x)", "text/samples/dungeon.py", "program", "game"),
        (GRADE, "tiny/exercises/first.py", "reference=tiny.mean", "reference=tiny.spread"),
        (GRADE, "tiny/exercises/first.py", "return 1", "return 2"),  # its inputs
        (GRADE, "tiny/deep.py", "return 1", "return 3"),  # its reference
        (GRADE, "grading/kinds.py", "pass", "x = 1"),
        (GRADE.replace("mean", "spread"), "tiny/measures.py", "math.sqrt(x)", "x"),  # declared without a name
    ],
)
def test_nothing_is_stale(changed, code, file, old, new):
    assert changed(code, file, old, new)


@pytest.mark.parametrize(
    ("code", "file", "old", "new"),
    [
        (MEAN, "tiny/measures.py", "math.sqrt(x)", "x"),  # another function of the module
        (MEAN, "tiny/deep.py", "return 2", "return 3"),
        (MEAN, "tiny/measures.py", "The mean.", "The average."),  # a docstring
        (MEAN, "tiny/measures.py", "# why", "# because"),
        (MEAN, "tiny/measures.py", "import math\n", "import math\n\n\n"),
        (MEAN, "tiny/stored.py", "_load('plane')", "_load('sweep')"),
        (MEAN, "tiny/stored_results/plane.npz", "plane", "other"),
        (MEAN, "plots.py", "SIZE = 3", "SIZE = 4"),
        ("from course_utils import runtime\nruntime.setup('')", "plots.py", "'b'", "'c'"),
        ("from course_utils import tiny\ntiny.plane()", "tiny/stored_results/sweep.npz", "sweep", "other"),
        (MODEL, "zoo/weights/ioi/card.json", "{}", '{"sha256": 1}'),
        (MODEL, "zoo/weights/new/card.json", "", "{}"),  # a model is added
        (MODEL, "zoo/weights/code-4l/model.safetensors", "weights", "others"),  # its card has the checksum
        (MODEL + "\n---\n'This model, code-4l, is a model.'", "zoo/weights/ioi/card.json", "{}", '{"a": 1}'),
        (GRADE, "tiny/exercises/first.py", "reference=tiny.spread", "reference=None"),  # another exercise
        (GRADE, "tiny/exercises/second.py", "", "Function('tiny.second')\n"),  # an exercise is added
        (GRADE, "tiny/measures.py", "math.sqrt(x)", "x"),
    ],
)
def test_nothing_is_needless(changed, code, file, old, new):
    assert not changed(code, file, old, new)


def test_moving_a_function_executes_nothing(changed):
    moved = "\n\ndef unused(x):\n    return 2\n"
    code = "from course_utils.tiny import shared\nshared.deep.unused(1)"
    assert not changed(code, "plots.py", FILES["plots.py"], FILES["plots.py"] + moved)
    assert not changed(code, "tiny/deep.py", moved, "\n\nfrom course_utils.plots import unused\n")
    assert changed(code, "plots.py", "return 2", "return 3")


def test_text_and_comments_of_a_notebook_do_not_count_and_its_code_does(tmp_path):
    def made_from(*cells):
        return fingerprint(new_notebook(cells=list(cells)), Package(tmp_path))

    first = made_from(new_markdown_cell("text"), new_code_cell("x = 1"))
    assert first == made_from(new_markdown_cell("other"), new_code_cell("# why\nx = 1"), new_markdown_cell("more"))
    for other in ("x = 2", "y = 1", "x = 1\n1", "x == 1", "x = 1.0", "x = '1'"):
        assert made_from(new_code_cell(other)) != first
    assert made_from(new_code_cell("x = 1"), new_code_cell("x")) != made_from(new_code_cell("x = 1\nx"))


def test_every_part_of_a_syntax_tree_counts_but_what_says_nothing():
    def same(one, two):
        return canonical(ast.parse(one)) == canonical(ast.parse(two))

    assert same("def f(a):\n    'doc'\n    return a", "def f(a):\n\n    return  a  # comment")
    assert same("class A:\n    'doc'\n    x = 1", "class A:\n    x = 1")
    assert not same("def f(a):\n    x = 'doc'", "def f(a):\n    x = 'other'")
    for one, two in [("f(a, *b)", "f(*a, b)"), ("a < b", "a > b"), ("-a", "+a"), ("f'{a:.2f}'", "f'{a:.3f}'"),
                     ("def f(a=1): a", "def f(a=2): a"), ("@g\ndef f(): a", "def f(): a"), ("a[1:]", "a[:1]"),
                     ("x: int = 1", "x: str = 1"), ("import a", "import a as b"), ("f(a=1)", "f(b=1)")]:  # fmt: skip
        assert not same(one, two), one


def test_the_lessons_depend_on_the_models_that_they_name():
    """Every notebook of this course: the cards that it depends on are of models that its code or the package names."""
    course = build.own_package(build.package_folder())
    bundled = set(course._cards)
    for target in build.targets(build.ROOT, [], lambda exercise: 1):
        code = [ast.parse(cell.source) for cell in target.nb.cells if cell.cell_type == "code"]
        named = {name for name in bundled for tree in code if f"'{name}'" in ast.unparse(tree)}
        depended = {path.parent.name for path in course.data(course.reach(code)) if path.name == "card.json"}
        assert named <= depended
        assert depended < bundled, f"{target.path.name} would be executed again for every model"

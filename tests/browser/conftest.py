"""A browser and a JupyterLab for the tests here; skipped where there is no Chromium, unless CI asks for it."""

import os
import shutil
from pathlib import Path

import harness
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

PROBE = {  # a notebook about the harness itself: what it must see, and what it must not miss
    "figures": """\
import ipywidgets as widgets
from course_utils import plots
from course_utils.runtime import setup
setup()

def draw(height=1, still=0):
    fig, ax = plots.figure()
    ax.bar([0], [height])
    ax.set_ylim(0, 9)
    plots.show(fig, alt="A bar.")

widgets.interact(draw, height=(1, 9), still=(0, 9));""",
    "page": "from IPython.display import HTML, display\nfor i in range(40): display(HTML('<p>filler</p>'))",
    "report": "print('a report')",
    "outside": 'HTML(\'<img src="https://example.invalid/x.png" alt="">\')',
    "failing": "raise ValueError('as it should')",
    "after": "print('not reached')",
}
VIEWS = {  # every view of course_utils.views, of numbers that need no model
    "setup": """\
import torch
from course_utils import views
from course_utils.patching import Axis, Sweep
from course_utils.runtime import setup
setup()
tokens = ["<bos>", "if", " x", "<y:", "\\n    "]
scores = torch.randn(2, 5, 5).masked_fill(torch.ones(5, 5, dtype=torch.bool).triu(1), -torch.inf)""",
    "attention": "views.attention(scores.softmax(-1), tokens, layer=0)",
    "again": "views.attention(torch.eye(5)[None], tokens, layer=1)",
    "lens": 'views.logit_lens(torch.eye(5).expand(3, 5, 5) * 5, tokens, ["<a>", "b", " c", "\\t", "e"])',
    "sweep": """\
axes = (Axis("layer", (0, 1)), Axis("head", (0, 1, 2)))
values = torch.arange(12.0).reshape(2, 3, 2) / 10
views.sweep(Sweep(values, axes, torch.zeros(2), torch.ones(2), torch.zeros(2), "z", "logit difference", "restart"))""",
}
PAGE = {  # what a page of a lesson is made of
    "setup": """\
from course_utils.grading.exercise import Prediction
from course_utils.page import draw, measured, predict
from course_utils.runtime import setup
setup()
Prediction(id="demo.shape", question="Which <shape>?", choices=("pentagon", "a square", "neither of the two"))
Prediction(id="demo.share", question="Which share?", between=(0, 1), tolerance=0.1)""",
    "choice": 'predict("demo.shape")',
    "number": 'predict("demo.share")',
    "between": "print('not waited for')",
    "figure": "draw.ablations()",
    "frames": 'draw.frames(lambda k: draw.induction_circuit(steps=k), [1, 2, 3], list("abc"), alt="Steps.")',
}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def browser():
    if harness.chromium_path() is None:
        reason = "no Chromium is installed here (Debian: apt install chromium)"
        if os.environ.get("COURSE_REQUIRE_BROWSER", "") not in ("", "0"):
            pytest.fail(f"{reason}, and COURSE_REQUIRE_BROWSER is set")
        pytest.skip(reason)
    with harness.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """JupyterLab on a copy of this course and of the tests' own notebooks, so that nothing here is changed."""
    course = tmp_path_factory.mktemp("course")
    for folder in ("notebooks", "exercises"):
        (course / folder).mkdir()
        for path in (ROOT / folder).glob("*.ipynb"):
            shutil.copy(path, course / folder)
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
        for file, sources in {
            "97_page.ipynb": PAGE,
            "98_views.ipynb": VIEWS,
            "99_probe.ipynb": PROBE,
        }.items():
            cells = [new_code_cell(source, id=name) for name, source in sources.items()]
            nbformat.write(new_notebook(cells=cells, metadata=metadata), course / folder / file)
    with harness.Server(course, tmp_path_factory.mktemp("scratch")) as server:
        yield server

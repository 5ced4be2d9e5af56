"""Lessons in kinds of cells: what is folded, what is refused, and what a lesson's text gives of itself."""

import re

import build
import cell_kinds
import contents
import nbformat
import pytest
from from_source import SourceError, lesson
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_build import points, write

TITLE = "# %% [markdown]\n# # Tiny\n# A puzzle.\n\n# %% [markdown] contents\n# Skip what has a ◇.\n\n# %% setup\n"
FORM = f"""{TITLE}
# %% [markdown]
# ## 1 · Squares of `x`
# A **square** is a number times itself.
#
# **So it goes.** Not `**this**`, nor $x**y**$.

# %% prediction
predict("tiny.square")

# %% answer
squares = [x * x for x in range(4)]
squares

# %% figure answer
draw(squares)

# %% caption
caption("Squares grow.")

# %% [markdown]
# ## 2 · Cubes
# A **cube** is one more.

# %% claims
claim("the last square is nine", squares[-1] == 9)

# %% [markdown] words
# ## Words
#
# - square: a number times itself.
# - cube: a square times its number.
"""


@pytest.fixture
def built(tmp_path):
    """From a source for the lesson to its cells by id."""

    def cells(source=FORM):
        script = tmp_path / "lesson.py"
        script.write_text(source, encoding="utf8")
        return {cell.id: cell for cell in lesson(script, "https://host/course").cells}

    return cells


def folded(cell):
    """In how many of the three ways the cell's source is folded."""
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
    form = cell.metadata.get("cellView") == "form" and cell.source.startswith("# @title ")
    return hidden + form + ("hide-input" in cell.metadata.get("tags", []))


def closed(cell):
    """In how many of the three ways its outputs are."""
    hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden", False)
    return hidden + cell.metadata.get("collapsed", False) + ("hide-output" in cell.metadata.get("tags", []))


# --- what is folded


def test_all_but_experiments_are_folded_and_only_answers_are_closed(built):
    code = [cell for cell in built().values() if cell.cell_type == "code"]
    kinds = ["setup", "prediction", "experiment", "figure", "claims"]
    assert [cell_kinds.kind(cell) for cell in code] == kinds
    assert [folded(cell) for cell in code] == [3, 3, 0, 3, 3]
    assert [closed(cell) for cell in code] == [0, 0, 3, 3, 0]
    assert code[2].source == "squares = [x * x for x in range(4)]\nsquares"
    assert not any("title" in cell.metadata for cell in built().values())


def test_an_open_caption_is_text_and_a_closed_one_stays_an_output(built):
    source = FORM.replace("Squares grow.", "Squares *grow* < `x`.")
    (printed,) = (cell for cell in built(source).values() if "caption" in cell.metadata.get("tags", []))
    assert printed.cell_type == "markdown"
    assert printed.source == "<p><small>Squares *grow* &lt; <code>x</code>.</small></p>"
    (kept,) = (
        cell
        for cell in built(source.replace("# %% caption", "# %% caption answer")).values()
        if "caption" in cell.metadata.get("tags", [])
    )
    assert kept.cell_type == "code" and folded(kept) == closed(kept) == 3


def test_folding_keeps_the_tags_of_the_source(built):
    cells = built(FORM.replace("# %% figure answer", '# %% figure tags=["wide"]'))
    tags = next(cell.metadata.tags for cell in cells.values() if "wide" in cell.metadata.get("tags", []))
    assert tags == ["wide", "figure", "hide-input"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [("", ("experiment", False)), ("answer", ("experiment", True)), ("figure answer", ("figure", True))],
)
def test_kinds(title, kind):
    assert cell_kinds.kind_of(title) == kind


@pytest.mark.parametrize("title", ["claim", "figure caption", "setup answer", "Figure"])
def test_what_is_no_kind_is_refused(built, title):
    with pytest.raises(SourceError, match=rf"lesson\.py: .*{title}.* is no kind of cell"):
        built(FORM.replace("# %% figure answer", f"# %% {title}"))


# --- what is refused


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("squares\n\n", "x = 1\n" * 14 + "\n", "has 15 lines of code; 14 are the most for an experiment"),
        ("squares\n\n", "assert squares\n\n", "asserts"),
        ("squares\n\n", "for x in squares:\n    print(x)\n\n", "prints columns or prints in a loop"),
        ("squares\n\n", "[print(x) for x in squares]\n\n", "prints columns or prints in a loop"),
        ("squares\n\n", "print(f'{squares[0]:8.3f}')\n\n", "prints columns"),
        ("squares\n\n", "print(f'{squares[0]:>9}')\n\n", "prints columns"),
        ("squares\n\n", "print(1, end=' ')\n\n", "prints columns"),
        ("squares\n\n", "print('a\\tb')\n\n", "prints columns"),
        ("squares\n\n", "claim('x', squares)\n\n", "calls claim(), which belongs into a '# %% claims' cell"),
        ("squares\n\n", "card({'claim': 'x'})\n\n", "calls card(), which belongs into a '# %% card' cell"),
        ("# %% caption\n", "# %% card\n", "is marked 'card' and calls no card()"),
        ("squares\n\n", "page.predict('x')\n\n", "calls predict(), which belongs into a '# %% prediction' cell"),
        ("squares\n\n", "measured('tiny.x', 'nine')\n\n", "gives the answer away: pass what the cell computed"),
        ("squares\n\n", "squares\n\n# %%\nmeasured('tiny.x', x)\n\n", "mark it 'answer'"),
        ("squares[-1] == 9)", "True)", "which holds or fails whatever was measured"),
        ("# %% claims\n", "# %% claims answer\n", "the list of claims is closed without it"),
        ("# %% caption\n", "# %% [markdown]\n# In between.\n\n# %% caption\n", "a figure without a caption"),
        ('claim("the last square is nine", squares[-1] == 9)', "squares", "is marked 'claims' and calls no claim()"),
        ('caption("Squares grow.")', "squares", "is marked 'caption' and calls no caption()"),
        ('predict("tiny.square")', "squares", "is marked 'prediction' and calls no predict()"),
        ("draw(squares)", "draw(squares)\n" * 31, "has 31 lines; 30 are the most"),
        ("# %% [markdown] contents\n# Skip", "# %% [markdown]\n# Skip", "has one cell '# %% [markdown] contents'"),
        ("## 2 · Cubes", "## 1 · Squares of `x`", "two sections are called"),
        ("is one more", "is **one more**", "'one more' is in bold, and no list of words has it"),
        ("A **cube**", "A cube", "'cube' is in the list of words, and the text has it in bold 0 times"),
        ("A **cube**", "**Cube**, a **cube**", "'cube' is in the list of words, and the text has it in bold 2 times"),
        ("[markdown] contents", "[markdown] content", "'content' marks no text"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_form_is_refused(built, old, new, sentence):
    assert FORM.count(old) == 1
    with pytest.raises(SourceError) as error:
        built(FORM.replace(old, new))
    assert sentence in str(error.value) and "lesson.py: " in str(error.value)


@pytest.mark.parametrize(
    "code",
    ["print(f'{x:.2f} and {y:+.1%}')", "zoo.card('code-4l')", "print('a', 'b')", "x = 1\n" * 12 + "# why\n" * 9 + "y"],
)
def test_what_fits_is_accepted(built, code):
    cells = built(FORM.replace("squares\n\n", f"squares\n\n# %%\n{code}\n\n"))
    assert code in [cell.source for cell in cells.values()]


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("plots.show(fig, alt='a', caption='b')", 1),
        ("plots.show(fig, 'a', 'b')", 1),
        ("plots.show(fig, 'a')", 0),
        ("caption('a')", 1),
        ("draw.circuit(found)", 1),
        ("draw.circuit(found).captioned('b')", 1),
        ("draw.frames(lambda k: draw.circuit(k), [1], caption='b')", 1),
        ("table(rows, caption='a'), table(more, caption='b')", 2),
    ],
)
def test_what_has_a_caption(code, count):
    assert cell_kinds.captions(code) == count


def test_all_faults_are_named_at_once(built):
    source = FORM.replace("squares\n\n", "assert squares\n\n").replace("A **cube**", "A cube")
    with pytest.raises(SourceError) as error:
        built(source)
    assert len(str(error.value).splitlines()) == 2


# --- contents and words


def test_contents_stand_at_the_top_with_links_and_minutes(built):
    assert built()["tiny-1"].source == (
        "Skip what has a ◇.\n\n"
        "*About 5 minutes to read: an estimate, from 200 words a minute and 2 minutes for a figure or a table.*\n\n"
        "- [1 · Squares of `x`](#cell-id=1-squares-of-x) · 2 min\n"
        "- [2 · Cubes](#cell-id=2-cubes) · 1 min\n"
        "- [Words](#cell-id=words) · 1 min"
    )


def test_minutes_are_of_words_and_of_what_has_a_caption():
    cells = [
        new_markdown_cell("# T\n" + "word " * 400),
        new_code_cell("plots.show(fig, alt='these words are not read', caption='four words are read')"),
        new_markdown_cell("one [two](https://a.b/c) `three`\n## A\n" + "word " * 100 + "\n## B\nx", id="x"),
        new_code_cell("'these are not read'"),
        new_code_cell("caption('four words are read')"),
        new_code_cell("claim(f'{n} words are read', these == 'are not')"),
    ]
    assert contents.sections(cells) == [
        contents.Section(None, "", 401 + 4 + 3, 1),
        contents.Section("A", "x", 100, 0),
        contents.Section("B", "x", 1 + 4 + 3, 1),
    ]
    assert [part.minutes for part in contents.sections(cells)] == [408 / 200 + 2, 0.5, 8 / 200 + 2]


def test_words_are_linked_to_their_definitions_in_order(built):
    assert list(built().values())[-1].source == (
        "## Words\n\n"
        "<details><summary>2 words, each linked to its definition</summary>\n\n"
        "- [**cube**](#cell-id=2-cubes): a square times its number.\n"
        "- [**square**](#cell-id=1-squares-of-x): a number times itself.\n\n"
        "</details>"
    )


def test_every_link_leads_to_a_cell(built):
    cells = built()
    for cell in (cells["tiny-1"], cells["words"]):
        links = re.findall(r"\]\(#cell-id=(.*?)\)", cell.source)
        assert links and set(links) <= set(cells)


def test_a_page_made_by_nbconvert_has_the_places_that_links_name():
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter().from_notebook_node(new_notebook(cells=[new_markdown_cell("# T", id="a-cell")]))
    assert f'id="{contents.anchor("a-cell")[1:]}"' in page


# --- the deeper notebook and the glossary


DEEPER = FORM.replace("# # Tiny", "# # Tiny, deeper").replace("square:", "square: in the deeper sense,")


def test_the_deeper_part_is_a_notebook_of_its_own(tmp_path):
    root = write(tmp_path, lesson=FORM)
    (root / "lessons" / "01_tiny" / "deeper.py").write_text(DEEPER, encoding="utf8")
    names = [target.path.relative_to(root).as_posix() for target in build.targets(root, ["01"], points)]
    assert names == [
        "notebooks/01_tiny.ipynb",
        "notebooks/01_tiny_deeper.ipynb",
        "exercises/01_tiny.ipynb",
        "solutions/01_tiny.ipynb",
    ]
    (root / "notebooks").mkdir()
    for name in ("01_tiny", "01_tiny_deeper", "02_none_deeper"):
        nbformat.write(new_notebook(), root / "notebooks" / f"{name}.ipynb")
    assert build.leftovers(root) == ["notebooks/02_none_deeper.ipynb has no source: delete it."]
    (root / "lessons" / "01_tiny" / "deeper.py").unlink()
    assert "notebooks/01_tiny_deeper.ipynb has no source: delete it." in build.leftovers(root)


def test_the_glossary_has_the_words_of_all_lessons_and_is_kept_current(tmp_path):
    root = write(tmp_path)
    assert build.keep_glossary(root, write=False) == []  # no words, no page
    write(tmp_path, lesson=FORM)
    assert build.keep_glossary(root, write=False) == [
        "docs/glossary.md is not what the lessons give: run make notebooks."
    ]
    (root / "lessons" / "01_tiny" / "deeper.py").write_text(DEEPER, encoding="utf8")
    assert build.keep_glossary(root, write=True) == build.keep_glossary(root, write=False) == []
    lines = (root / "docs" / "glossary.md").read_text(encoding="utf8").splitlines()
    assert lines[0] == "# Glossary"
    link = "[Tiny](../notebooks/01_tiny.ipynb#cell-id=2-cubes)"
    deeper = "[Tiny, deeper](../notebooks/01_tiny_deeper.ipynb#cell-id=2-cubes)"
    assert lines[4] == f"**cube**: a square times its number. {link} · a square times its number. {deeper}"
    assert lines[6].startswith("**square**: a number times itself. [Tiny]")
    (root / "docs" / "glossary.md").write_text("edited", encoding="utf8")
    assert len(build.keep_glossary(root, write=False)) == 1


def test_the_committed_glossary_is_what_the_lessons_give():
    assert build.keep_glossary(build.ROOT, write=False) == []


# --- the page on how to write a lesson


PAGE = (build.ROOT / "docs" / "writing-a-lesson.md").read_text(encoding="utf8")


def test_the_example_on_the_page_is_a_lesson(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    write(tmp_path, lesson=example)
    target = next(build.targets(tmp_path, [], points))
    assert build.build(target, lambda said: None) == []
    claims = next(cell for cell in target.nb.cells if cell.cell_type == "code" and cell_kinds.kind(cell) == "claims")
    assert "✓ the sum of the four squares is thirty" in claims.outputs[0].data["text/plain"]
    assert [len(cell.outputs) for cell in target.nb.cells if cell_kinds.kind(cell) == "figure"] == [2]


def test_the_page_knows_all_kinds_of_cell():
    marks = set(re.findall(r"^\| `# %% (\w+)`", PAGE, re.M))
    assert marks == set(cell_kinds.TITLES)
    assert f"at most {cell_kinds.EXPERIMENT_LINES} lines of code" in PAGE
    assert f"at most {cell_kinds.MAX_LINES['figure']} lines" in PAGE

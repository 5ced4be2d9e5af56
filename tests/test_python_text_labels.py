"""Token labels against snippets labelled by hand, and against what must hold for any text."""
import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from course_utils.python_text import samples
from course_utils.python_text.labels import MEANINGS, LabelError, char_labels, token_labels
from course_utils.zoo.tokens import BOS
from models.bpe import train_bpe


def flags_at(text, needle, nth=0, labels=None):
    """The set of labels of the first letter of the nth occurrence of `needle`."""
    labels = labels or char_labels(text)
    place = -1
    for _ in range(nth + 1):
        place = text.index(needle, place + 1)
    return {name for name, row in labels.flags.items() if row[place]}


def depths(text):
    return char_labels(text).bracket_depth.tolist()


HAND = [
    # text, needle, which occurrence, its labels
    ("@cache\ndef f(a, *b, key=1, **c): pass\n", "cache", 0, {"kind_name", "use"}),
    ("@app.route('/')\ndef f(): pass\n", "route", 0, {"kind_name", "attribute", "call"}),
    ("@cache\ndef f(a, *b, key=1, **c): pass\n", "f(", 0, {"kind_name", "definition", "function_name"}),
    ("def f(a, *b, key=1, **c): pass\n", "a", 0, {"kind_name", "definition", "parameter", "in_brackets"}),
    ("def f(a, *b, key=1, **c): pass\n", "b", 0, {"kind_name", "definition", "parameter", "in_brackets"}),
    ("def f(a, *b, key=1, **c): pass\n", "key", 0, {"kind_name", "definition", "parameter", "in_brackets"}),
    ("def f(a, *b, key=1, **c): pass\n", "1", 0, {"kind_number", "in_brackets"}),
    ("def f(a, *b, key=1, **c): pass\n", "pass", 0, {"kind_keyword"}),
    ("async def go(): await x\n", "go", 0, {"kind_name", "definition", "function_name"}),
    ("f = lambda q: q\n", "q", 0, {"kind_name", "definition", "parameter"}),
    ("f = lambda q: q\n", "q", 1, {"kind_name", "use"}),
    ("class A(B, metaclass=M): x: int = 3\n", "A", 0, {"kind_name", "definition", "class_name"}),
    ("class A(B, metaclass=M): x: int = 3\n", "metaclass", 0, {"kind_name", "in_brackets"}),
    ("class A(B, metaclass=M): x: int = 3\n", "x", 0, {"kind_name", "definition"}),
    ("import os.path as p, sys\n", "os", 0, {"kind_name", "import"}),
    ("import os.path as p, sys\n", "p,", 0, {"kind_name", "import", "definition"}),
    ("import os.path as p, sys\n", "sys", 0, {"kind_name", "import", "definition"}),
    ("import os.path\n", "os", 0, {"kind_name", "import", "definition"}),
    ("from math import (sin as s, cos)\n", "math", 0, {"kind_name", "import"}),
    ("from math import (sin as s, cos)\n", "sin", 0, {"kind_name", "import", "in_brackets"}),
    ("from math import (sin as s, cos)\n", "cos", 0, {"kind_name", "import", "in_brackets", "definition"}),
    ("x = y.z(w)\n", "y", 0, {"kind_name", "use"}),
    ("x = y.z(w)\n", "z", 0, {"kind_name", "attribute", "call"}),
    ("x = y.z(w)\n", "(", 0, {"kind_operator", "opens"}),
    ("x = y.z(w)\n", ")", 0, {"kind_operator", "closes"}),
    ("x = f(w)\n", "f", 0, {"kind_name", "use", "call"}),
    ("for k in r: pass\n", "k", 0, {"kind_name", "definition"}),
    ("for k in r: pass\n", "in", 0, {"kind_keyword"}),
    ("with a as b: pass\n", "b", 0, {"kind_name", "definition"}),
    ("if (n := 3): pass\n", "n", 0, {"kind_name", "definition", "in_brackets"}),
    ("try: pass\nexcept (A, B) as err: raise err\n", "err", 0, {"kind_name", "definition"}),
    ("try: pass\nexcept (A, B) as err: raise err\n", "err", 1, {"kind_name", "use"}),
    ("del gone\n", "gone", 0, {"kind_name"}),
    ("x = 1  # note (a\n", "# note", 0, {"kind_comment", "in_comment"}),
    ("x = 1  # note (a\n", "(", 0, {"kind_comment", "in_comment"}),
    ("x = 'it''s'\n", "it", 0, {"kind_string", "in_string"}),
    ("x = rb'it'\n", "rb", 0, {"kind_string", "in_string", "string_opens"}),
    ("x = 'it'\n", "'", 1, {"kind_string", "in_string", "string_closes"}),
    ('x = """it"""\n', '"""', 1, {"kind_string", "in_string", "string_closes"}),
    ("x = \"a 'b' c\"\n", "b", 0, {"kind_string", "in_string"}),
    ("'''Doc'''\nx = 1\n", "Doc", 0, {"kind_string", "in_string", "in_docstring"}),
    ("def f():\n    'doc'\n    'no doc'\n", "doc", 0, {"kind_string", "in_string", "in_docstring"}),
    ("def f():\n    'doc'\n    'no doc'\n", "no doc", 0, {"kind_string", "in_string"}),
    ("x = 1\n'late'\n", "late", 0, {"kind_string", "in_string"}),
    ("f'doc {x}'\n", "doc", 0, {"kind_string", "in_string"}),
    ("naïve = größe\n", "naïve", 0, {"kind_name", "definition"}),
    ("naïve = größe\n", "größe", 0, {"kind_name", "use"}),
    ("'é'; ü = ñ.é(ü)\n", "é", 1, {"kind_name", "attribute", "call"}),
    ("x = 1 + \\\n    yy\n", "yy", 0, {"kind_name", "use"}),
    ("match x:\n    case [1, *rest]: pass\n", "match", 0, {"kind_keyword"}),
    ("match x:\n    case [1, *rest]: pass\n", "case", 0, {"kind_keyword"}),
    ("match x:\n    case [1, *rest]: pass\n", "rest", 0, {"kind_name", "definition", "in_brackets"}),
    ("match x:\n    case {'k': v, **more}: pass\n", "more", 0, {"kind_name", "definition", "in_brackets"}),
    ("match x:\n    case P(q=0) as pt: pass\n", "pt", 0, {"kind_name", "definition"}),
    ("match = 3\nprint(match)\n", "match", 0, {"kind_name", "definition"}),
]


@pytest.mark.parametrize("text, needle, nth, expected", HAND)
def test_labelled_by_hand(text, needle, nth, expected):
    assert flags_at(text, needle, nth) == expected


@pytest.mark.parametrize("string", ["f'a {b + (c)!r} d'", "f'{x:{width}}'", "F\"{d['k']}\"", "f'''{a}\n{b}'''",
                                    "rf'{a}\\d'", "f'{{}}'", "f'{a}' f'{b}'.join(c)"])
def test_an_f_string_is_one_string(string):
    text = f"x = {string}\n"
    labels = char_labels(text)
    first = text.index(string)
    end = first + len("f'{a}'") if ".join" in string else first + len(string)
    assert labels.flags["in_string"][first:end].all()
    assert len(set(labels.token[first:end].tolist())) == 1
    for name in ("use", "definition", "kind_name", "kind_operator", "opens", "in_brackets"):
        assert not labels.flags[name][first:end].any(), name


def test_bracket_depth_counts_open_brackets_outside_strings_and_comments():
    assert depths("a(b[c])\n") == [0, 0, 1, 1, 2, 1, 0, 0]
    assert depths("('(', # )\n1)\n")[-3:] == [1, 0, 0]
    assert depths("f'{(1)}' + (2)\n")[-4:] == [0, 1, 0, 0]


def test_indentation_is_that_of_the_logical_line():
    text = ("if a:\n    x = (1,\n  2)\n    # inner\n    if b:\n        y = 3\n  # between\n"
            "z = 4 + \\\n        5\n")
    level = char_labels(text).indentation

    def at(needle):
        return int(level[text.index(needle)])

    assert [at("if a"), at("x ="), at("2)"), at("# inner"), at("y ="), at("# between"), at("z ="), at("5")] == [
        0, 1, 1, 1, 2, 0, 0, 0]


@pytest.mark.parametrize("broken", ["x = (1,\n", "x = 'abc\n", "if x:\n  y\n z\n", 'x = """abc\n', "def f(:\n  pass\n",
                                    "x = = 1\n", "(]\n"])
def test_broken_source_says_where_or_is_labelled_in_part(broken):
    with pytest.raises(LabelError, match=r"not complete Python \(line \d+: .*partial=True"):
        char_labels(broken)
    part = char_labels("good = 1\n" + broken, partial=True)
    assert not part.parsed
    assert flags_at("good = 1\n" + broken, "good", labels=part) == {"kind_name"}
    assert part.known >= len("good = 1")


def characters():
    """A tokenizer of which every byte is a token, and `BOS`."""
    return train_bpe(["x"], 257)


def test_tokens_take_the_label_of_their_first_letter_and_spanning_ones_are_counted():
    words = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Split(":", "merged_with_previous")
    labels = token_labels("def f(a): return\n", words)
    assert labels.strings == ("def f(a):", " return\n")
    assert labels.flags["kind_keyword"].tolist() == [True, True]
    assert labels.flags["function_name"].tolist() == [False, False]
    assert labels.flags["line_start"].tolist() == [True, False]
    assert labels.spanning == 0.5


@pytest.mark.parametrize("name", samples.names())
def test_token_labels_agree_with_character_labels_on_the_samples(name):
    text = samples.read(name)
    labels, chars = token_labels(text, characters()), char_labels(text)
    assert labels.strings[0] == "" and labels.known.all() and not labels.spanning
    assert not any(row[0] for row in labels.flags.values()) and labels.owner[0] == -1
    where = np.cumsum([0] + [len(c.encode()) for c in text])[:-1] + 1           # of each letter's first byte
    for flag, row in chars.flags.items():
        assert (labels.flags[flag][where] == row).all(), flag
    assert (labels.bracket_depth[where] == chars.bracket_depth).all()
    assert set(labels.flags) == set(MEANINGS)
    # one first token for each line that has one
    assert labels.flags["line_start"].sum() == sum(bool(line.strip()) for line in text.split("\n"))


def test_kinds_exclude_each_other_and_nested_labels_nest():
    for name in samples.names():
        flags = char_labels(samples.read(name)).flags
        assert sum(row.astype(int) for key, row in flags.items() if key.startswith("kind_")).max() == 1
        for inner, outer in (("in_docstring", "in_string"), ("parameter", "definition"), ("call", "kind_name"),
                             ("function_name", "definition"), ("string_closes", "in_string"), ("use", "kind_name"),
                             ("import", "kind_name"), ("opens", "kind_operator")):
            assert not (flags[inner] & ~flags[outer]).any(), (inner, outer)
        assert not (flags["use"] & flags["definition"]).any()
        assert flags["opens"].sum() == flags["closes"].sum()


def test_contexts_are_the_text_cut_with_its_labels():
    text = samples.read("graphs")
    labels = token_labels(text, characters())
    tokens, cut = labels.contexts(100)
    assert tokens.shape == (len(text.encode()) // 99, 100) == cut["use"].shape
    assert (tokens[:, 0] == labels.ids[0]).all() and not cut["use"][:, 0].any()
    assert (tokens[:, 1:].flatten().numpy() == labels.ids[1:1 + tokens.shape[0] * 99]).all()
    assert (cut["use"][:, 1:].flatten().numpy() == labels.flags["use"][1:1 + tokens.shape[0] * 99]).all()
    assert characters().decode([0]) == "" and characters().id_to_token(0) == BOS

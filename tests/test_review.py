"""What a review of the exercises found: a test for each finding that no other test here would notice if it came back.

Most are held by declared mistakes (`test_mutation_proof.py`) or by the tests of a lesson's exercises. Here stand the
rest: single rows that break a rule, sentences that sent a learner the wrong way, cells that go on with an answer.
"""

import ast
import builtins
import contextlib
import io
import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils import induction as ind
from course_utils.grading import session
from course_utils.grading.exercise import Exercise, find
from course_utils.grading.grade import grade
from course_utils.grading.kinds import Function

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted(path.stem for path in (ROOT / "exercises").glob("*.ipynb"))
SEED = 5


def check(id, answer, seed=SEED):
    return find(id, Exercise.registry).check(answer, seed)


# Samplers: one bad row in thousands


def batch_of(p, n, number=torch.rand, gate=None):
    size = len(p), n, p.shape[1]
    gate = torch.rand(size) < p[:, None] if gate is None else gate
    return torch.where(gate, number(size), 0.0)


def last_row_zero(p, n):
    x = batch_of(p, n)
    x[:, -1] = 0
    return x


def as_many_in_each(p, n):
    """Every sample of instance k has the same number of active features, wherever the rates are equal."""
    order = torch.rand(len(p), n, p.shape[1]).argsort(-1).argsort(-1)
    equal = (p == p[:, :1]).all(-1)[:, None, None]
    count = (p[:, :1] * p.shape[1]).round().clamp(min=1)[:, None]
    return batch_of(p, n, gate=torch.where(equal, order < count, torch.rand(len(p), n, p.shape[1]) < p[:, None]))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (last_row_zero, "A feature of probability 1 is active in every sample"),
        (as_many_in_each, ""),
        (lambda p, n: batch_of(p, n).double(), "It returns float64 where float32 came in"),
        (lambda p, n: batch_of(p, n) * 1.01, "between 0 and 1"),
    ],
    ids=["the last row is zero", "a fixed number of active features", "another dtype", "up to 1.01"],
)
def test_samples_of_features_that_break_a_rule_are_refused(answer, says):
    for seed in range(3):
        verdict = check("superposition.generate_batch", answer, seed)
        assert not verdict.passed and says in verdict.message, (seed, verdict.message)


def test_one_exact_zero_of_single_precision_is_no_fault():
    """torch.rand gives 0 once in 2 ** 24 draws: a feature that is always active may be 0 there."""

    def unlucky(p, n):
        x = batch_of(p, n)
        always = (p == 1).nonzero()
        if len(always):
            k, i = always[0].tolist()
            x[k, 17, i] = 0.0
        return x

    assert all(check("superposition.generate_batch", unlucky, seed).passed for seed in range(5))


def repeated(edit):
    def answer(d_vocab, batch, length):
        block = torch.randint(1, d_vocab, (batch, length))
        tokens = torch.cat([torch.zeros(batch, 1, dtype=torch.long), block, block], 1)
        edit(tokens, length, d_vocab)
        return tokens

    return answer


def zero_row(tokens, length, d_vocab):
    tokens[-1] = 0


def unrepeated_row(tokens, length, d_vocab):
    tokens[-1, length + 1 :] = (tokens[-1, length + 1 :] % (d_vocab - 1)) + 1


def a_wrong_repeat_in_a_hundred(tokens, length, d_vocab):
    tokens[::100, -1] = (tokens[::100, -1] % (d_vocab - 1)) + 1


def no_bos_in_one_row(tokens, length, d_vocab):
    tokens[::200, 0] = 1


def zero_now_and_then(tokens, length, d_vocab):
    tokens[::50, 2] = tokens[::50, length + 2] = 0


def a_copy_inside_the_block(tokens, length, d_vocab):
    tokens[:, 4] = tokens[:, length + 4] = tokens[:, 1]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (zero_row, "nowhere else|Every sequence starts|token 0"),
        (unrepeated_row, "position by position, what the first does: not so in"),
        (a_wrong_repeat_in_a_hundred, "position by position, what the first does: not so in"),
        (no_bos_in_one_row, "Every sequence starts with BOS"),
        (zero_now_and_then, "BOS|token 0"),
        (a_copy_inside_the_block, "the token at position 1|position 4"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_repeated_tokens_of_which_few_rows_are_wrong_are_refused(edit, says):
    for seed in range(3):
        verdict = check("induction.repeated_tokens", repeated(edit), seed)
        assert not verdict.passed and re.search(says, verdict.message), (seed, verdict.message)


def test_rows_that_are_exchanged_are_not_told_that_they_were_drawn_anew():
    def exchanged(d_vocab, batch, length):
        block = torch.randint(1, d_vocab, (batch, length))
        return torch.cat([torch.zeros(batch, 1, dtype=torch.long), block, block.flip(0)], 1)

    message = check("induction.repeated_tokens", exchanged).message
    assert message.startswith("The second half is not the first one again") and "drawn anew" not in message


# Sentences


def bias_without_its_axis(x, W, b):
    h = torch.einsum("ibf,ihf->ibh", x, W)
    return (torch.einsum("ibh,ihf->ibf", h, W) + b).relu()


@torch.no_grad()
def under_no_grad(x, W, b):
    h = torch.einsum("ibf,ihf->ibh", x, W)
    return (torch.einsum("ibh,ihf->ibf", h, W) + b[:, None]).relu()


def root_with_epsilon(W):
    unit = W / (W.square().sum(0) + 1e-6).sqrt()
    return ((unit.mT @ W) ** 2).fill_diagonal_(0).sum(-1)


def half_of_the_squares(x, x_hat, importance):
    return 0.5 * (importance * (x - x_hat) ** 2).sum(-1).mean(-1)


def at_most_0(loss, early, late):
    gain = loss[:, late] - loss[:, early]
    return torch.stack([gain.mean().clamp(max=0), gain.std() / len(gain) ** 0.5])


def at_least_0(loss, early, late):
    gain = loss[:, late] - loss[:, early]
    return torch.stack([gain.mean().clamp(min=0), gain.std() / len(gain) ** 0.5])


@pytest.mark.parametrize(
    ("id", "answer", "says"),
    [
        ("superposition.forward", bias_without_its_axis, r"`\[:, None\]` puts an axis of length 1"),
        ("superposition.forward", under_no_grad, "`torch.no_grad` cuts it off"),
        ("superposition.interference", root_with_epsilon, "1e-06`. Look at the number in it"),
        ("superposition.loss", half_of_the_squares, "Every number is half of what it should be"),
        ("induction.icl_score", at_most_0, "All is right but the first entry"),
        ("induction.icl_score", at_least_0, "What lies below 0 is cut off"),
        ("induction.predict_ablation", [[True, False]], "one for each rival"),
    ],
    ids=["missing axis", "no_grad", "ε in the root", "half", "at most 0", "at least 0", "rivals"],
)
def test_a_mistake_is_told_by_what_it_is(id, answer, says):
    verdict = check(id, answer)
    assert not verdict.passed and re.search(says, verdict.message), verdict.message


def test_a_gate_that_is_the_magnitude_is_told_by_what_it_does():
    """`mask * rand * p`, and a mask that is used again, give samples of one distribution: the sentence fits both."""

    def scaled(p, n):
        return batch_of(p, n) * p[:, None]

    assert "exceeds p" in check("superposition.generate_batch", scaled).message


def test_an_array_is_shown_in_one_line():
    for answer in (np.arange(24.0).reshape(6, 4), lambda W: np.arange(24.0).reshape(6, 4), lambda W: torch.ones(9, 9)):
        assert "\n" not in check("superposition.interference", answer).message


def test_how_often_guessing_does_as_well_is_said_of_a_guess():
    answer = [[rival % 2 == 0 for rival in range(12)]] * 3
    message = check("induction.predict_ablation", answer).message
    assert "guessing does as well" not in message and "guesses at random score as much" in message


def test_a_head_that_hand_built_weights_lack_is_not_said_to_look_where_it_should():
    """Its sentence never gives two shares of attention that cannot both be right."""
    layout = ind.subspaces(24, 49, "previous", "next")
    plan = ind.HeadPlan
    first = plan("position", "position", "token", "previous", shift=-1)
    second = plan("token", "previous", "token", "next")
    for sharpness in (1.0, 2.0, 3.0, 4.0, 6.0, 8.0):
        faint = plan("position", "position", "token", "previous", shift=-1, sharpness=sharpness)
        blunt = plan("token", "previous", "token", "next", sharpness=sharpness)
        for heads in ([[faint], [second]], [[first], [blunt]]):
            message = ind.judge(ind.build(layout, heads, "next"), [4, 12]).message
            shares = [float(share) for share in re.findall(r"\b[01]\.\d\d\b", message)]
            assert sum(shares) <= 1.01, message
            assert message.count("the token before") <= 1 or "while" not in message, message


def test_no_attribute_of_a_sealed_model_is_its_answer():
    for sealed in (ind.sealed(SEED), ind.crowd(SEED), *ind.rivals(SEED)):
        told = str(sealed.reveal())
        for name in dir(sealed):
            value = getattr(sealed, name)
            assert callable(value) or name.startswith("_") or str(value) != told, name  # what Tab offers


# Words that misled, and what stands in their place


def text_of(lesson):
    cells = json.loads((ROOT / "exercises" / f"{lesson}.ipynb").read_text())["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def test_hints_name_what_the_notebook_names():
    hints = find("induction.hand_built", Exercise.registry).hints
    assert "after division by √d_head" in hints[2]  # how large the scores must be
    assert not any("`previous`" in hint for hint in hints)  # the letters T, P, B of the notebook
    text = text_of("03_induction")
    assert "nothing but BOS until" not in text and "of their attention" in text
    assert "A reminder of lesson 0" in text and "For your own three it is no answer" in text


HOURS = {"a quarter": 0.25, "a half": 0.5, "three quarter": 0.75}
NUMBERS = {"two": 2, "three": 3, "four": 4}


@pytest.mark.parametrize("lesson", ["01_superposition", "02_sae", "04_ioi"])
def test_the_minutes_at_the_exercises_are_what_the_notebook_says_of_all(lesson):
    text = text_of(lesson)
    said = re.search(r"[Aa]bout (two|three|four)(?: and (a quarter|a half|three quarter))? hours?", text)
    told = NUMBERS[said[1]] + HOURS.get(said[2], 0)
    minutes = [int(found) for found in re.findall(r"\*Why it matters\* \((\d+) minutes", text)]
    assert len(minutes) >= 10 and abs(sum(minutes) / 60 - told) <= 0.25, (sum(minutes), said[0])


# Cells that go on with an answer


def between(lesson):
    """The code of an exercise notebook that no learner writes and that grades nothing."""
    cells = json.loads((ROOT / "exercises" / f"{lesson}.ipynb").read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in code[1:] if "nbgrader" not in cell["metadata"]]


@pytest.mark.parametrize("lesson", LESSONS)
def test_cells_between_exercises_need_no_cell_of_the_learners(lesson):
    """Every cell that a learner writes may fail to parse: nothing that other cells read comes from there."""
    known, missing = set(dir(builtins)) | {"display", "grade", "checked", "get_ipython"}, set()
    setup = json.loads((ROOT / "exercises" / f"{lesson}.ipynb").read_text())["cells"]
    first = next("".join(cell["source"]) for cell in setup if cell["cell_type"] == "code")
    for number, source in enumerate([first, *between(lesson)]):
        tree = ast.parse("\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))))
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        made |= {alias.asname or alias.name.split(".")[0] for node in ast.walk(tree)
                 if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}  # fmt: skip
        made |= {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        made |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        known |= made
        if number:
            missing |= {node.id for node in names if isinstance(node.ctx, ast.Load)} - known
    assert not missing


def other_form(value):
    """The same value as another right answer may give it: laid out otherwise, with a gradient, a number of numpy."""
    if isinstance(value, torch.Tensor):
        value = value.mT.contiguous().mT if value.dim() > 1 else value
        wanted = value.is_floating_point() and torch.is_grad_enabled() and not value.requires_grad
        return value.clone().requires_grad_() if wanted else value
    if type(value) is tuple:
        return tuple(map(other_form, value))
    return np.float64(value) if type(value) is float else value


@pytest.mark.parametrize("lesson", LESSONS)
def test_cells_between_exercises_go_on_with_any_form_that_passes(lesson, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    monkeypatch.setattr(session, "_passed", {})
    monkeypatch.setattr(plt, "show", lambda: None)
    used = [id for source in between(lesson) for id in re.findall(r'checked\("([\w.]+)"', source)]
    for id in used:
        exercise = find(id, Exercise.registry)
        if isinstance(exercise, Function):
            session.remember(id, lambda *a, f=exercise.reference, **k: other_form(f(*a, **k)), passed=True)
    space = {"display": lambda *things: None, "checked": session.checked, "grade": grade, "__name__": "__main__"}
    for source in between(lesson):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(source, lesson, "exec"), space)
        assert "so the course's own is used" not in said.getvalue().replace(
            "not passed (your last try counts), so the course's own is used", ""
        )
    plt.close("all")

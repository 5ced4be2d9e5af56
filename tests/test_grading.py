"""The engine on small exercises of its own: what passes, what fails, what is said, what is recorded."""

import contextlib
import gc
import itertools
import json
import multiprocessing
import random
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import torch

from course_utils import learner_file
from course_utils.grading import NotPassed, checked, grade, guard, limits, session, state
from course_utils.grading.exercise import Exercise, Prediction
from course_utils.grading.independence import pairs, threshold, too_even, triples
from course_utils.grading.kinds import Answer, Function, Sampler, Stat, wrong
from course_utils.grading.predictions import measured, predict
from course_utils.grading.proof import prove

resource = pytest.importorskip("resource")


def interference(W):
    unit = W / W.norm(dim=0).clamp(min=1e-8)
    overlap = (unit.mT @ W) ** 2
    return overlap.sum(-1) - overlap.diagonal()


def with_self(W):
    return interference(W) + (W**2).sum(0)


def weights(rng):
    yield (torch.tensor([[1.0, 0.5], [0.0, 0.5]]),)
    yield (torch.randn(2, 5, generator=rng),)
    dropped = torch.randn(3, 6, generator=rng)
    dropped[:, 2] = 0
    yield (dropped,)


def sparse(n, p):
    return torch.rand(n) * (torch.rand(n) < p)


def sparse_stats(x, n, p):
    active = x[x != 0]
    return [
        Stat("share of active entries", len(active) / n, p, (p * (1 - p) / n) ** 0.5),
        Stat("mean of the active", active.mean().item(), 0.5, (1 / 12 / (n * p)) ** 0.5),
    ]


@pytest.fixture(autouse=True)
def demo(monkeypatch, tmp_path):
    monkeypatch.setattr(Exercise, "registry", {})
    monkeypatch.setattr(Prediction, "registry", {})
    monkeypatch.setattr(session, "_passed", {})
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    yield {
        "function": Function(
            id="demo.interference",
            reference=interference,
            inputs=weights,
            grads=(0,),
            hints=("Normalise one side only.", "Leave out j = i."),
            misconceptions=(
                wrong("self term", with_self, "The sum leaves out j = i; yours has it."),
                wrong(
                    "not squared",
                    lambda W: (W / W.norm(dim=0).clamp(min=1e-8)).mT @ W @ torch.ones(W.shape[1]),
                    "Square each overlap first.",
                ),
            ),
        ),
        "sampler": Sampler(
            id="demo.sparse",
            reference=sparse,
            inputs=lambda rng: iter([(20_000, 0.1), (20_000, 0.4)]),
            statistics=sparse_stats,
            equivalent=("off by one",),
            misconceptions=(
                wrong("swapped", lambda n, p: torch.rand(n) * (torch.rand(n) >= p), "Zero and non-zero are swapped."),
                wrong("all ones", lambda n, p: (torch.rand(n) < p).float(), "The magnitudes must be uniform, not 1."),
            ),
        ),
        "answer": Answer(
            id="demo.labels",
            truth=lambda seed: {letter: (seed + 5 * i) % 3 for i, letter in enumerate("abcdefghijkl")},
            score=lambda answer, truth: sum(answer[key] == value for key, value in truth.items()) / len(truth),
            null=lambda truth, rng: {key: int(torch.randint(3, (1,), generator=rng)) for key in truth},
            expects="Give a dict from letter to 0, 1 or 2.",
            misconceptions=(
                wrong("counted from one", lambda truth: {k: v + 1 for k, v in truth.items()}, "Count from 0."),
            ),
        ),
        "pair": Answer(
            id="demo.density",
            truth=lambda seed: (0.28, 0.32),
            score=lambda answer, truth: 1 - abs(answer[0] - truth[0]) - abs(answer[1] - truth[1]),
            share=0.95,
            canonical=lambda answer: (float(answer[0]), float(answer[1])),
            expects="Give two numbers.",
            alike="A constant.",
        ),
    }


@pytest.mark.parametrize(("sides", "passes"), [(576, True), (40, False)])
def test_a_guess_that_can_hit_the_truth_decides_only_where_it_does_so_often(monkeypatch, sides, passes):
    """With 499 draws alone, one right answer in a hundred would fail where a guess in 576 is right."""
    monkeypatch.setattr(Exercise, "registry", {})
    exercise = Answer(
        id="demo.die",
        truth=lambda seed: seed % sides,
        score=lambda answer, truth: float(answer == truth),
        null=lambda truth, rng: int(torch.randint(sides, (), generator=rng)),
        expects="Give a number.",
    )
    found = [exercise.check(seed % sides, seed).passed for seed in range(1000, 1300)]
    assert found == [passes] * 300


def test_right_answers_written_otherwise_pass(demo):
    def with_loops(W):
        total = torch.zeros(W.shape[1])
        for i in range(W.shape[1]):
            for j in range(W.shape[1]):
                if i != j:
                    total[i] = total[i] + (W[:, i] @ W[:, j] / W[:, i].norm().clamp(min=1e-8)) ** 2
        return total

    def in_double(W):
        return own(W.double()).to(W.dtype)

    def own(W):
        G = W.mT @ W
        norms = W.norm(dim=0).clamp(min=1e-8)
        return ((G / norms[:, None]) ** 2 * (1 - torch.eye(len(G), dtype=W.dtype))).sum(1)

    def as_a_view(W):
        return torch.stack([own(W), own(W)], 1)[:, 0]

    for answer in (with_loops, in_double, own, as_a_view, lambda W: own(W) + 1e-7):
        report = grade("demo.interference", answer)
        assert report.status == "passed", report


def test_what_passes_is_of_the_dtype_that_later_cells_go_on_with(demo):
    report = grade("demo.interference", lambda W: interference_again(W).double())
    assert report.status == "failed" and "float64 where float32 came in" in report.message


def interference_again(W):
    return slow_with_self(W) - (W**2).sum(0)


def test_a_misconception_is_named_with_the_smallest_input(demo):
    report = grade("demo.interference", slow_with_self)
    assert (report.status, report.misconception) == ("failed", "self term")
    assert report.message == "The sum leaves out j = i; yours has it."
    assert report.counterexample.args[0].shape == (2, 2)
    assert "expected  [0.25, 0.5]" in repr(report) and "given  [1.25, 1]" in repr(report)


def slow_with_self(W):
    return (((W / W.norm(dim=0).clamp(min=1e-8)).mT @ W) ** 2).sum(1)


def test_an_unknown_mistake_shows_the_difference_not_a_misconception(demo):
    report = grade("demo.interference", lambda W: slow_with_self(W) * 3)
    assert report.misconception is None and report.counterexample is not None and "differ" in report.message


def test_right_values_with_wrong_gradients_fail(demo):
    report = grade("demo.interference", lambda W: (lambda s: s - (W**2).sum(0).detach())(slow_with_self(W)))
    assert report.status == "failed" and "gradient" in report.message
    report = grade("demo.interference", lambda W: slow_with_self(W.detach()) - (W.detach() ** 2).sum(0))
    assert report.status == "failed" and "gradient does not flow" in report.message


def test_editing_the_input_is_said(demo):
    def edits(W):
        out = slow_with_self(W) - (W**2).sum(0)
        with torch.no_grad():
            W[0, 0] = 9
        return out

    report = grade("demo.interference", edits)
    assert report.status == "failed" and "`W` in place" in report.message


def test_sampler_names_the_mistake_and_the_statistic(demo):
    assert (
        grade("demo.sparse", lambda n, p: torch.where(torch.rand(n) < p, torch.rand(n), torch.zeros(n))).status
        == "passed"
    )
    assert (
        grade("demo.sparse", lambda n, p: torch.where(torch.rand(n) < p, torch.zeros(n), torch.rand(n))).misconception
        == "swapped"
    )
    report = grade("demo.sparse", lambda n, p: 0.5 * torch.rand(n) * (torch.rand(n) < p))
    assert report.misconception is None and "mean of the active" in report.message
    report = grade("demo.sparse", lambda n, p: (torch.manual_seed(0), torch.rand(n) * (torch.rand(n) < p))[1])
    assert report.status == "failed" and "same numbers" in report.message


def test_answers_are_scored_against_the_key_and_the_null(demo):
    from course_utils import runtime

    truth = demo["answer"].truth(runtime.seed_for("demo.labels"))
    assert grade("demo.labels", truth).status == "passed"
    assert grade("demo.labels", lambda: dict(truth)).status == "passed"
    one_off = truth | {"a": 7}
    assert grade("demo.labels", one_off).status == "passed"
    three_off = truth | {"a": 7, "b": 7, "c": 7}
    assert grade("demo.labels", three_off).status == "failed"
    assert grade("demo.labels", {k: v + 1 for k, v in truth.items()}).misconception == "counted from one"


def test_the_proof_holds_here_and_fails_where_it_should(demo):
    for exercise in demo.values():
        proof = prove(exercise)
        assert not proof.gaps, proof.gaps
    weak = Function(
        id="demo.weak",
        reference=interference,
        inputs=lambda rng: iter([(torch.eye(2),)]),  # no overlap anywhere: nothing can be told apart
        misconceptions=(wrong("doubled", lambda W: 2 * interference(W), "Twice too large."),),
    )
    gaps = " ".join(prove(weak).gaps)
    assert "'doubled' passes" in gaps and "'scaled' passes" in gaps
    twins = Function(
        id="demo.twins",
        reference=interference,
        inputs=weights,
        misconceptions=(wrong("one", with_self, "One."), wrong("two", with_self, "Two.")),
    )
    assert any("'two' is taken for one" in gap for gap in prove(twins).gaps)


def test_hints_come_in_steps(demo):
    wrong_answer = lambda W: slow_with_self(W)  # noqa: E731
    assert "2 hints at hand" in repr(grade("demo.interference", wrong_answer))
    assert grade("demo.interference", wrong_answer, hint=1).hint == "Normalise one side only."
    assert grade("demo.interference", wrong_answer, hint=9).hint == "Leave out j = i."
    assert "none" in grade("demo.density", (0.1, 0.5), hint=1).hint


def test_unknown_ids_are_named(demo):
    with pytest.raises(KeyError, match=r"demo\.interference"):
        grade("demo.nothing", interference)
    with pytest.raises(KeyError, match="none in this lesson"):
        grade("no such lesson", interference)


def test_strict_mode_raises_and_writes_nothing(demo, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(NotPassed, match="leaves out j = i"):
        grade("demo.interference", slow_with_self)
    with pytest.raises(NotPassed, match="Not attempted"):
        grade("demo.interference", lambda W: (_ for _ in ()).throw(NotImplementedError))
    Prediction(id="demo.p", question="Which?", choices=("a", "b"))
    predict("demo.p", "a"), measured("demo.p", "a")
    assert not learner_file.path().exists()


def test_progress_is_recorded_and_a_pass_stays(demo):
    grade("demo.interference", slow_with_self)
    grade("demo.interference", lambda W: slow_with_self(W) - (W**2).sum(0))
    grade("demo.interference", slow_with_self, hint=2)
    entry = learner_file.read()["exercises"]["demo.interference"]
    assert entry["status"] == "passed" and entry["attempts"] == 3 and entry["hints"] == 2
    assert entry["misconceptions"] == {"self term": 2}


def test_a_broken_progress_file_is_set_aside(demo, capsys):
    learner_file.home().mkdir(exist_ok=True)
    learner_file.path().write_text('{"exercises": {"half')
    assert learner_file.read() == {}
    grade("demo.density", (0.28, 0.33))
    kept = list(learner_file.home().glob("progress.broken-*.json"))
    assert len(kept) == 1 and kept[0].read_text() == '{"exercises": {"half'
    assert "kept as" in capsys.readouterr().out
    assert learner_file.read()["exercises"]["demo.density"]["status"] == "passed"


def _count(home, times):
    import os

    os.environ["COURSE_HOME"] = home

    def add(state):
        state["n"] = state.get("n", 0) + 1

    for _ in range(times):
        learner_file.update(add)


def test_two_notebooks_at_once_lose_nothing(demo, tmp_path):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_count, args=(str(tmp_path), 40)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert learner_file.read()["n"] == 120


def test_a_crash_half_way_leaves_the_old_file(demo, monkeypatch):
    learner_file.update(lambda state: state.update(seed=7))
    monkeypatch.setattr(
        json, "dump", lambda state, file, **more: (file.write('{"se'), (_ for _ in ()).throw(OSError("disk full")))[0]
    )
    with pytest.raises(OSError, match="disk full"):
        learner_file.update(lambda state: state.update(seed=8))
    assert learner_file.read() == {"seed": 7}


def test_an_unwritable_home_does_not_cost_the_report(demo, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    learner_file.update(lambda state: state.update(seed=1))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "file" / "below"))
    assert grade("demo.density", (0.28, 0.33)).status == "passed"
    assert "could not be recorded" in capsys.readouterr().out


def test_the_modes_of_the_notebook_do_not_reach_the_grader(demo):
    def right(W):
        return slow_with_self(W) - (W**2).sum(0)

    modes = torch.no_grad(), torch.inference_mode(), torch.device("meta"), torch.autocast("cpu", torch.bfloat16)
    for mode in modes:
        with mode:
            assert grade("demo.interference", right).status == "passed"
            assert grade("demo.interference", lambda W: right(W.detach())).status == "failed"


def test_a_report_cannot_spoil_the_next_grading(demo):
    report = grade("demo.interference", slow_with_self)
    report.counterexample.args[0].zero_()
    report.counterexample.expected.zero_()
    assert grade("demo.interference", lambda W: slow_with_self(W) - (W**2).sum(0)).status == "passed"


def test_only_the_learners_own_stub_is_not_attempted(demo):
    report = grade("demo.interference", lambda W: W.to_sparse().softmax(0))
    assert report.status == "failed" and "raised NotImplementedError" in report.message


def test_what_a_wrong_answer_printed_is_shown(demo):
    report = grade("demo.interference", lambda W: (print("shape", tuple(W.shape)), slow_with_self(W))[1])
    assert "shape (2, 2)" in repr(report) and report.misconception == "self term"


@pytest.mark.parametrize("draw", ["numpy", "random"])
def test_samplers_may_draw_from_any_generator(demo, draw):
    def with_numpy(n, p):
        return torch.from_numpy(np.random.rand(n) * (np.random.rand(n) < p)).float()

    def with_random(n, p):
        return torch.tensor([random.random() if random.random() < p else 0.0 for _ in range(n)])

    assert grade("demo.sparse", {"numpy": with_numpy, "random": with_random}[draw]).status == "passed"


def test_a_sampler_that_fails_at_its_second_call_gets_a_sentence(demo):
    calls = []

    def once(n, p):
        calls.append(n)
        return torch.where(torch.rand(n) < p, torch.rand(n), torch.zeros(n)) if len(calls) % 2 else None

    assert "second call" in grade("demo.sparse", once).message


class Nasty:
    def __repr__(self):
        raise ValueError("no repr")

    def __eq__(self, other):
        raise ValueError("no eq")

    __hash__ = None


def test_values_that_misbehave_get_a_sentence(demo):
    loop = []
    loop.append(loop)
    for value in (Nasty(), loop, 10**5000, torch.ones(2).to_sparse(), torch.tensor(1.0, device="meta")):
        for id in ("demo.interference", "demo.labels", "demo.density"):
            report = grade(
                id, (lambda W, value=value: value) if id == "demo.interference" else (lambda value=value: value)
            )
            assert report.status == "failed" and report.message and repr(report) and report._repr_html_()


def test_arguments_in_the_wrong_order_are_said(demo):
    for arguments in ((interference, "demo.interference"), (None, interference), ("demo.density", (0, 1), "1")):
        with pytest.raises(TypeError, match="by name"):
            grade(*arguments)


def test_a_progress_file_of_another_shape_is_set_aside(demo):
    learner_file.home().mkdir(exist_ok=True)
    for text in ('{"exercises": []}', "null", '{"predictions": {"a": 1}}', "[" * 100_000):
        learner_file.path().write_text(text)
        assert learner_file.read() == {} and not learner_file.path().exists()


def swallows_in_a_recursion():
    while True:
        with contextlib.suppress(BaseException):
            swallows_in_a_recursion()


def grows_without_end():
    return [None for _ in itertools.repeat(0)]


def waits():
    time.sleep(60)


HARD = [grows_without_end, waits]
if sys.version_info < (3, 12):  # newer interpreters cannot be stopped while a recursion swallows exceptions
    HARD += [swallows_in_a_recursion]


@pytest.mark.parametrize("endless", HARD, ids=lambda f: f.__name__)
def test_loops_that_are_hard_to_stop_end_and_leave_nothing_behind(endless):
    before = sys.gettrace(), sys.getprofile(), sys.getrecursionlimit(), resource.getrlimit(resource.RLIMIT_AS)
    assert "still running" in guard.call(endless, limit=0.2).problem
    assert before == (sys.gettrace(), sys.getprofile(), sys.getrecursionlimit(), resource.getrlimit(resource.RLIMIT_AS))


def test_an_object_that_wraps_itself_is_graded(demo):
    def answer(W):
        return slow_with_self(W)

    answer.__wrapped__ = answer
    assert grade("demo.interference", answer).status == "failed"


def test_stop_button_reaches_the_learner_and_everything_is_restored(demo):
    code = """
        import _thread, sys, threading, time
        from course_utils.grading import guard
        def slow():
            end = time.time() + 20
            while time.time() < end: pass
        threading.Timer(1.5, _thread.interrupt_main).start()
        try:
            guard.call(slow, limit=4)  # from a quarter of it on the clock sends signals of its own
        except KeyboardInterrupt:
            print("stopped by hand")
        print(sys.gettrace(), sys.getprofile(), guard.call(lambda: 5).value)
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "stopped by hand\nNone None 5\n", done.stderr


def works(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return "value"


def test_a_call_within_a_call_ends_by_its_own_limit():
    def outer():
        return guard.call(works, (60,), limit=0.1).problem, guard.call(works, (0.2,), limit=10).value

    problem, value = guard.call(outer, limit=2).value
    assert "still running after 0.1 s" in problem and value == "value"


def test_no_signal_arrives_late():
    for _ in range(20):  # calls that end just about at their limit
        outcome = guard.call(works, (0.05,), limit=0.05)
        assert outcome.value == "value" or "still running" in outcome.problem
    time.sleep(0.05)
    assert threading.active_count() < 10


def test_without_the_main_thread_calls_still_work():
    found = []
    thread = threading.Thread(target=lambda: found.append(guard.call(lambda: 3).value))
    thread.start(), thread.join()
    assert found == [3]


def test_a_slow_first_import_is_not_broken_off(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass\nx = 5\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def imports():
        import slow_to_import

        return slow_to_import.x

    assert guard.call(imports, limit=0.1).value == 5


def test_the_collection_of_garbage_is_not_charged_to_the_call():
    heap = [[number] for number in range(400_000)]  # as large as that of a notebook

    def collects():
        for _ in range(8):
            gc.collect()
        return len(heap)

    used = limits.processor_seconds()
    outcome = guard.call(collects, limit=0.1)
    assert limits.processor_seconds() - used > 0.1, "the collections took longer than the limit"
    assert outcome.value == 400_000, outcome.problem
    assert "still running" in guard.call(lambda: [gc.collect(), works(60)], limit=0.1).problem
    assert not any(isinstance(getattr(one, "__self__", None), limits.Clock) for one in gc.callbacks)


def test_a_destructor_that_loops_while_garbage_is_collected_is_ended(monkeypatch):
    monkeypatch.setattr(limits, "COLLECTING", 0.5)

    class Loops:
        def __del__(self):
            while True:
                pass

    def leaves_it():
        knot = Loops()
        knot.itself = knot
        del knot
        gc.collect()
        works(60)

    assert "still running" in guard.call(leaves_it, limit=0.2).problem


def test_the_work_of_other_threads_is_not_charged_to_the_call():
    stop = threading.Event()

    def works():
        while not stop.is_set():
            torch.ones(200, 200) @ torch.ones(200, 200)

    threads = [threading.Thread(target=works) for _ in range(2)]
    for thread in threads:
        thread.start()
    used, by_main = time.process_time(), limits.processor_seconds()
    outcome = guard.call(lambda: time.sleep(0.6) or 3, limit=0.15)
    used, by_main = time.process_time() - used, limits.processor_seconds() - by_main
    stop.set()
    for thread in threads:
        thread.join()
    assert outcome.value == 3, outcome.problem
    assert by_main < used, "the other threads did work"


def test_builtins_and_callable_objects_are_called(demo):
    assert guard.call(len, ([1, 2],)).value == 2
    assert guard.underlying(len) is len
    assert guard.call(torch.nn.Identity(), (3,)).value == 3


def test_numbers_of_any_kind_are_numbers(demo):
    def share(n, p):
        return n * p

    def inputs(rng):
        yield from ((0, 0.5), (2, 0.5), (7, 0.1))

    Function(
        id="demo.number", reference=share, inputs=inputs, misconceptions=(wrong("sum", lambda n, p: n + p, "Sum."),)
    )
    for answer in (
        lambda n, p: 0 if n == 0 else n * p,
        lambda n, p: np.float32(n * p),
        lambda n, p: torch.tensor(n * p),
        lambda n, p: torch.tensor(n * p, dtype=torch.float64),
    ):
        assert grade("demo.number", answer).status == "passed"
    assert "differ" in grade("demo.number", lambda n, p: int(n * p)).message
    assert "expected a number" in grade("demo.number", lambda n, p: [n * p]).message


def test_large_differences_are_shown_at_one_entry(demo):
    def product(p, r):
        return p * r

    def grid(rng):
        yield torch.arange(20.0), torch.arange(20.0)

    Function(id="demo.grid", reference=product, inputs=grid)
    report = grade("demo.grid", lambda p, r: p * r + 5 * (p == 13))
    assert dict(report.counterexample.rows()).keys() == {"p[13]", "r[13]", "expected[13]", "given[13]"}
    assert "169" in repr(report) and "174" in repr(report)


def test_an_answer_that_stops_shows_where_it_stopped_or_the_smaller_difference(demo):
    def stops(W):
        if W.shape[0] == 3:
            raise ValueError("no")
        return slow_with_self(W) - (W**2).sum(0)

    report = grade("demo.interference", stops)
    assert "raised ValueError: no" in report.message and "The input on which it stopped" in repr(report)
    assert "expected" not in repr(report)

    def differs_first(W):
        return 3 * stops(W)

    report = grade("demo.interference", differs_first)
    assert "differ" in report.message and report.counterexample.args[0].shape == (2, 2)


def test_what_an_answer_leaves_changed_is_put_back_and_named(demo, tmp_path):
    import gc
    import os
    import signal

    def leaves(change):
        def answer(W):
            change()
            return interference_again(W)

        return answer

    meta = torch.device("meta")
    changes = {
        "the device": lambda: meta.__enter__(),
        "gradients": lambda: torch.set_grad_enabled(False),
        "default dtype": lambda: torch.set_default_dtype(torch.float64),
        "autocast": lambda: torch.autocast("cpu", torch.bfloat16).__enter__(),
        "threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
        "precision": lambda: torch.set_float32_matmul_precision("medium"),
        "np.seterr": lambda: np.seterr(all="ignore"),
        "os.environ": lambda: os.environ.update(COURSE_TEST="1"),
        "directory": lambda: os.chdir(tmp_path),
        "signal": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
        "garbage": gc.disable,
    }
    for name, change in changes.items():
        before = [setting.read() for setting in state.SETTINGS]
        report = grade("demo.interference", leaves(change))
        assert report.status == "failed" and name in report.message and "put it back" in report.message, (name, report)
        assert before == [setting.read() for setting in state.SETTINGS], name
    torch.autocast_increment_nesting()
    assert torch.autocast_decrement_nesting() == 0  # deeper, later autocasts would keep stale weights in their cache
    assert torch.ones(2).device.type == "cpu"
    assert grade("demo.interference", interference_again).status == "passed"


def test_the_first_optimiser_of_a_process_leaves_nothing_changed():
    """torch notes the place of its compiler's cache in the environment when the first optimiser is made."""
    code = """
import os, torch
from course_utils.grading import state
left = []
with state.restored(None, left):
    torch.optim.LBFGS([torch.zeros(2, requires_grad=True)])
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = "somewhere"
assert left == [], left
with state.restored(None, left):
    os.environ["COURSE_TEST"] = "1"
assert left == ["the environment (os.environ)"] and "COURSE_TEST" not in os.environ, left
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_what_a_model_is_left_with_is_named(demo):
    def twice(model, x):
        return model(x) * 2

    def thrice(model, x):
        return model(x) + model(x)

    def inputs(rng):
        yield torch.nn.Linear(2, 2), torch.ones(1, 2)

    Function(id="demo.model", reference=twice, inputs=inputs)

    def weights(model, x):
        out = thrice(model, x)
        with torch.no_grad():
            model.weight.add_(1)
        return out

    said = {
        "leaves hooks": lambda model, x: (thrice(model, x), model.register_forward_hook(lambda *a: None))[0],
        "another mode": lambda model, x: (thrice(model, x), model.eval())[0],
        "requires_grad": lambda model, x: (thrice(model, x), model.requires_grad_(False))[0],
        "gradients on": lambda model, x: (thrice(model, x), thrice(model, x).sum().backward())[0],
        "changes weights": weights,
        "buffers than it had": lambda model, x: (thrice(model, x), model.register_buffer("kept", x))[0],
        "other parts": lambda model, x: (thrice(model, x), model.add_module("more", torch.nn.Linear(2, 2)))[0],
    }
    for part, answer in said.items():
        report = grade("demo.model", answer)
        assert report.status == "failed" and part in report.message, (part, report)
        assert grade("demo.model", lambda model, x: model(x) + model(x)).status == "passed"


class Slow:
    """An object whose every look takes for ever."""

    def __repr__(self):
        while True:
            pass

    __str__ = __eq__ = __len__ = __repr__
    __hash__ = None


class Leaving(Exception):
    def __str__(self):
        raise SystemExit


class Watching(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *args, **kwargs):
        while True:
            pass


def test_the_clock_covers_what_a_learner_wrote_to_be_shown_and_compared(demo):
    import signal

    def ignores(W):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            pass

    def closes(W):
        print("gone")
        sys.stdout.close()
        return interference_again(W) * 2

    start = time.perf_counter()
    answers = {
        "still running": [ignores, lambda W: Slow(), lambda W: [Slow()]],
        "raised Leaving": [lambda W: (_ for _ in ()).throw(Leaving())],
        "twice": [closes],
        "shape": [lambda W: torch.zeros(3).as_subclass(Watching)],
    }
    for part, functions in answers.items():
        for function in functions:
            report = grade("demo.interference", function)
            assert report.status == "failed" and part in report.message, (part, report)
    for id in ("demo.labels", "demo.density"):
        assert grade(id, Slow()).status == grade(id, lambda: Slow()).status == "failed"
    assert time.perf_counter() - start < 60


def test_imports_of_the_first_case_are_charged_to_nobody(demo):
    import os

    calls = []

    def slow_at_first(x):
        end = time.process_time() + (0.5 if not calls else 0)
        calls.append(1)
        while time.process_time() < end:
            os.getpid()
        return 2 * x

    Function(id="demo.first", reference=slow_at_first, inputs=lambda rng: iter([(1.0,), (2.0,)]))
    start = time.process_time()
    report = grade("demo.first", lambda x: [None for _ in itertools.repeat(0)])
    assert "still running after 0." in report.message and time.process_time() - start < 8, report


def test_a_function_compiled_by_torch_and_numbers_of_numpy_are_right(demo):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = grade("demo.interference", torch.compile(interference_again, backend="eager"))
    assert report.status == "passed", report

    def slow(module, inputs):
        until = time.process_time() + 2 * guard.LIMIT
        while time.process_time() < until:
            pass
        return module

    assert grade("demo.interference", torch.compile(interference_again, backend=slow)).status == "passed"
    Function(id="demo.number", reference=lambda n: n / 2, inputs=lambda rng: iter([(1,), (4,)]))
    assert grade("demo.number", lambda n: np.array(n / 2)).status == "passed"


def test_the_published_answer_is_known(demo):
    from course_utils import runtime

    Answer(
        id="demo.own",
        truth=lambda seed: seed,
        score=lambda answer, truth: float(answer == truth),
        share=1.0,
        why="a test",
        expects="Give a number.",
    )
    assert "published notebook" in grade("demo.own", runtime.published_seed_for("demo.own")).message
    assert "published" not in grade("demo.own", 1).message
    assert not prove(Exercise.registry["demo.own"]).gaps


def test_an_answer_that_suits_every_learner_is_a_gap_unless_it_is_said_why(demo):
    def same(**more):
        return Answer(
            id="demo.same",
            truth=lambda seed: 3,
            score=lambda answer, truth: float(answer == truth),
            expects="Give a number.",
            **more,
        )

    assert any("the key of another seed passes" in gap for gap in prove(same()).gaps)
    assert not any("seed" in gap for gap in prove(same(alike="Everybody is asked the same.")).gaps)
    own = Answer(id="demo.own", truth=lambda seed: seed, score=lambda a, t: float(a == t), expects="", alike="No.")
    assert any("differs by seed" in gap for gap in prove(own).gaps)


def test_other_ways_to_write_it_and_stated_ranges_are_proven(demo):
    wrong_way = Function(
        id="demo.ways", reference=interference, inputs=weights, alternatives=(interference_again, with_self)
    )
    assert next(gap for gap in prove(wrong_way).gaps if "other way" in gap).startswith("the other way 1")
    narrow = Function(id="demo.narrow", reference=interference, inputs=weights, ranges={"W": (0, 1), "V": (0, 1)})
    gaps = " ".join(prove(narrow).gaps)
    assert "'W' lies outside" in gaps and "'V', which is no argument" in gaps


def test_later_cells_go_on_with_what_passed_or_with_the_courses_own(demo, capsys):
    assert checked("demo.interference")(torch.eye(2)).tolist() == [0, 0]
    assert "not passed (your last try counts)" in capsys.readouterr().out
    grade("demo.interference", interference_again)
    mine = checked("demo.interference")
    assert mine.__name__ == "interference_again" and not capsys.readouterr().out
    with pytest.raises((AttributeError, TypeError)) as error:
        mine("no matrix")
    assert "interference" not in "".join(str(entry.statement) for entry in error.traceback)
    assert "yours passed, and raises" in capsys.readouterr().out
    grade("demo.interference", slow_with_self)
    assert checked("demo.interference").__name__ == "interference"
    grade("demo.density", lambda: (0.28, 0.33))
    assert checked("demo.density") == (0.28, 0.33) and checked("demo.labels", "ours") == "ours"


def columns_of(draws):
    return {f"column {i}": column for i, column in enumerate(draws.T)}


@pytest.mark.parametrize("seed", range(20))
def test_honest_draws_are_independent_by_threes_and_their_means_differ(seed):
    rng = torch.Generator().manual_seed(seed)
    first, second = ((torch.rand(2000, 12, generator=rng) < 0.3).double() for _ in range(2))
    limit = threshold(300)
    assert all(abs(stat.z) < limit for stat in triples(columns_of(first)))
    assert not too_even(columns_of(first), columns_of(second))


def test_what_only_three_columns_together_show_is_found():
    u = torch.rand(2000, 3, generator=torch.Generator().manual_seed(0))
    u[:, 2] = (u[:, 0] + u[:, 1]) % 1
    active = (u < 0.2).double()
    assert all(abs(stat.z) < threshold(3) for stat in pairs(columns_of(active)))
    assert max(abs(stat.z) for stat in triples(columns_of(active))) > threshold(300)


def test_draws_that_share_a_range_out_are_too_even():
    def shared_out():
        return (torch.rand(500, 12).argsort(0) + torch.rand(500, 12)) / 500

    assert "from call to call" in too_even(columns_of(shared_out()), columns_of(shared_out()))


def test_a_function_is_an_answer_only_where_a_rule_is_asked_for():
    options = dict(truth=lambda seed: lambda x: x * x, score=lambda rule, truth: float(rule(3) == 9), expects="A rule.")
    rule = Answer(id="demo.rule", rule=True, **options)
    assert rule.check(lambda x: x * x, 0).passed and rule.check(lambda: lambda x: x * x, 0).passed
    assert "argument" in Answer(id="demo.value", **options).check(lambda x: x * x, 0).message

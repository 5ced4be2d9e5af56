"""Where am I running: devices, seeds, the learner, strict mode, the setup line."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from course_utils import learner_file, runtime

ADA, ADA_SEALED = 1037219030, 1552209861  # see test_seeds_do_not_change_between_releases


@pytest.fixture(autouse=True)
def nowhere_in_particular(monkeypatch, tmp_path):
    """No hub, no autograder, no learner, progress in a folder of the test's own."""
    for name in ("COURSE_DEVICE", "COURSE_STRICT", "JUPYTERHUB_USER", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(runtime, "_learner", "")


# --- the device


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_device_is_the_first_of_cuda_mps_cpu(monkeypatch, cuda, mps, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert runtime.device() == torch.device(chosen)


def test_the_override_wins(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    wanted = {"cpu": "cpu", " CPU ": "cpu", "cuda:1": "cuda:1", "cuda": "cuda", "": "cuda"}
    for override, device in wanted.items():
        monkeypatch.setenv("COURSE_DEVICE", override)
        assert runtime.device() == torch.device(device)


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "gpu", "cpu:x", "cpu:", "mps", "cuda:99", "quantum"])
def test_an_unusable_device_is_one_sentence(monkeypatch, wanted):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: wanted == "cuda:99")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("COURSE_DEVICE", wanted)
    with pytest.raises(RuntimeError, match=r"^COURSE_DEVICE is '.*', which is not usable .*, or unset it\.$"):
        runtime.device()


# --- seeds


def test_one_seed_governs_all_three_generators():
    def draw():
        return random.random(), np.random.rand(), torch.rand(()).item()

    runtime.set_seed(7)
    first = draw()
    runtime.set_seed(7)
    assert draw() == first
    runtime.set_seed(8)
    assert all(a != b for a, b in zip(first, draw(), strict=True))


def test_the_learner_is_the_same_however_the_name_is_typed(monkeypatch):
    seeds = set()
    for name in ("Ada Lovelace", "ada lovelace", " ADA  LOVELACE\n", "adalovelace"):
        monkeypatch.setattr(runtime, "_learner", name)
        seeds.add(runtime.learner_seed())
    assert len(seeds) == 1
    monkeypatch.setattr(runtime, "_learner", "Grace Hopper")
    assert runtime.learner_seed() not in seeds


def test_seeds_do_not_change_between_releases(monkeypatch):
    """A published seed must mean the same sealed model next year: these values are part of the contract."""
    monkeypatch.setattr(runtime, "_learner", "Ada Lovelace")
    assert runtime.learner_seed() == ADA
    assert runtime.seed_for("superposition.sealed") == ADA_SEALED


def test_a_thousand_learners_get_a_thousand_seeds(monkeypatch):
    seeds = set()
    for i in range(1000):
        monkeypatch.setattr(runtime, "_learner", f"learner {i}")
        seeds.update((runtime.learner_seed(), runtime.seed_for("a"), runtime.seed_for("b")))
    assert len(seeds) == 3000
    assert all(0 <= seed < runtime.SEED_LIMIT for seed in seeds)


def test_who_the_learner_is_goes_by_rank(monkeypatch, tmp_path):
    learner_file.update(lambda progress: progress.update(seed=11))
    assert runtime.learner_seed() == 11
    monkeypatch.setenv("JUPYTERHUB_USER", "hub user")
    hub = runtime.learner_seed()
    monkeypatch.setattr(runtime, "_learner", "hub user")
    assert runtime.learner_seed() == hub  # the name decides, not where it came from
    monkeypatch.setattr(runtime, "_learner", "somebody")
    assert runtime.learner_seed() not in (11, hub)


def test_a_random_seed_is_drawn_once_and_kept(monkeypatch, tmp_path):
    seed = runtime.learner_seed()
    assert seed == runtime.learner_seed() == learner_file.read()["seed"]
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "elsewhere"))
    assert runtime.learner_seed() != seed


def test_a_nonsensical_kept_seed_is_replaced():
    learner_file.update(lambda progress: progress.update(seed="seven", exercises={"a": {}}))
    seed = runtime.learner_seed()
    assert seed == runtime.learner_seed()
    assert learner_file.read() == {"seed": seed, "exercises": {"a": {}}}


def test_strict_mode_writes_nothing(monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    assert runtime.strict()
    assert runtime.learner_seed() == 0
    assert not learner_file.home().exists()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"COURSE_STRICT": ""}, False),
        ({"COURSE_STRICT": "0"}, False),
        ({"COURSE_STRICT": "1"}, True),
        ({"NBGRADER_EXECUTION": "autograde"}, True),
        ({"NBGRADER_EXECUTION": "validate"}, True),
    ],
)
def test_strict(monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert runtime.strict() is expected


def test_an_autograder_uses_the_students_name_not_the_teachers(monkeypatch, tmp_path):
    folder = tmp_path / "autograded" / "Ada Lovelace" / "01_superposition"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("JUPYTERHUB_USER", "teacher")
    teacher = runtime.learner_seed()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert runtime.learner_seed() == ADA != teacher


# --- the first cell


def test_setup_prints_one_line(capsys):
    runtime.setup("Ada Lovelace")
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert printed.startswith(f"{runtime.device()} · your seed {ADA} · course ")
    assert f"torch {torch.__version__}" in printed
    assert "transformer-lens 4" in printed
    assert len(printed) - len(str(ADA)) + len(str(runtime.SEED_LIMIT)) <= 90  # as wide as a cell of 800 pixels


def test_setup_makes_a_lesson_the_same_for_everybody():
    runtime.setup("one")
    first = torch.rand(3)
    runtime.setup("another")
    assert torch.equal(torch.rand(3), first)


def test_colab_is_known_by_its_module(monkeypatch):
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    assert not runtime.in_colab()
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert runtime.in_colab()


def test_importing_the_runtime_is_quick_and_silent():
    heavy = {"torch", "numpy", "matplotlib", "IPython"}
    code = f"import sys, course_utils.runtime; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")

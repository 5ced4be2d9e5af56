"""Recipes, the training loop, and the text: what is trained on, and that an interruption loses nothing."""
import json
import shutil
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F

from course_utils.python_text import modules
from course_utils.zoo import ZooError
from course_utils.zoo.shape import Shape
from models import code_models, renaming, train
from models import corpus as text
from models.loop import rate
from models.loop import train as run_training
from models.recipe import FAMILIES, Recipe, recipe, recipes

CPU = torch.device("cpu")
TINY = Shape(n_layers=1, d_model=16, n_heads=2, d_head=8, n_ctx=16, d_vocab=11)


@dataclass(frozen=True, kw_only=True)
class Counting(Recipe):
    """A family of its own, in ten lines: the next token is the last one plus one."""

    break_at: int = -1
    family = "counting"

    def loss(self, model, step):
        if step == self.break_at:
            raise KeyboardInterrupt
        start = torch.randint(11, (self.batch, 1), generator=self.generator(step))
        tokens = (start + torch.arange(17)) % 11
        return F.cross_entropy(model(tokens[:, :-1]).float().mT, tokens[:, 1:])

    def watch(self, model):
        return {"held-out": self.loss(model, -2).item()}

    def evaluate(self, folder):
        return {"rows": []}


def counting(**changes):
    options = dict(name="tiny", purpose="Counts.", shape=TINY, steps=24, minutes=1, batch=4, warmup=4, watch_every=5,
                   checkpoints=(6, 12))
    return Counting(**options | changes)


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_an_interrupted_run_resumed_equals_an_uninterrupted_one(tmp_path, optimiser):
    whole_model, whole = run_training(counting(optimiser=optimiser), tmp_path / "whole", CPU)
    with pytest.raises(KeyboardInterrupt):
        run_training(counting(optimiser=optimiser, break_at=9), tmp_path / "parts", CPU)
    model, run = run_training(counting(optimiser=optimiser), tmp_path / "parts", CPU)
    assert run.losses == whole.losses and run.watched == whole.watched and run.step == 24
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), whole_model.parameters(), strict=True))


def test_a_run_killed_between_two_saves_repeats_the_lost_steps_exactly(tmp_path):
    _, whole = run_training(counting(), tmp_path / "whole", CPU)
    run_training(counting(), tmp_path / "run", CPU, stop_at=7)
    saved = (tmp_path / "run" / "state.pt").read_bytes()
    run_training(counting(), tmp_path / "run", CPU, stop_at=15)
    (tmp_path / "run" / "state.pt").write_bytes(saved)                  # as if killed at step 15, last saved at 7
    (tmp_path / "run" / "state.tmp").write_bytes(saved[:100])           # and while it was writing
    _, run = run_training(counting(), tmp_path / "run", CPU)
    assert run.losses == whole.losses


def test_training_learns_and_the_rate_warms_up_and_falls_to_zero(tmp_path, capsys):
    _, run = run_training(counting(steps=60, learning_rate=1e-2), tmp_path, CPU)
    shown = capsys.readouterr().err
    assert "60/60" in shown and "loss " in shown
    assert run.losses[-1] < 0.8 * run.losses[0]
    rates = [rate(counting(), step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(2e-3 / 4) and max(rates) == 2e-3 and rates[69] == 2e-3
    assert 0 < rates[-1] < 1e-4 and rates[70:] == sorted(rates[70:], reverse=True)


def test_minutes_become_steps_by_the_speed_of_the_first_ones(tmp_path):
    _, run = run_training(counting(steps=10**6), tmp_path, CPU, minutes=0.002)
    assert len(run.plans) == 1 and run.plans[0][1] == run.total == run.step < 10**4


def test_make_writes_a_model_with_its_card_and_refuses_to_overwrite(tmp_path):
    assert train.make(counting(), tmp_path, CPU, stop_at=10) is None
    with pytest.raises(ZooError, match="--resume to go on, or --force"):
        train.make(counting(), tmp_path, CPU)
    folder = train.make(counting(), tmp_path, CPU, resume=True)
    card = json.loads((folder / "card.json").read_text())
    assert set(card["files"]) == {"model.safetensors", "checkpoints/step-000006.safetensors",
                                  "checkpoints/step-000012.safetensors"}
    assert card["checkpoints"] == [0, 6, 12, 24] and card["steps"] == 24 and card["tokens"] == 24 * 4 * 16
    assert card["minutes"] >= 0 and card["hardware"]["device"] == "cpu" and card["training_loss"][-1][0] == 24
    assert not (tmp_path / ".work" / "tiny").exists()                   # nothing that a later --resume would take up
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(ZooError, match="finished model: give --force"):
        train.make(counting(), tmp_path, CPU, resume=True)
    train.make(counting(), tmp_path, CPU, force=True)
    assert (folder / "model.safetensors").read_bytes() == before        # the same seed gives the same model


def test_finish_waits_for_the_end(tmp_path):
    train.make(counting(), tmp_path, CPU, stop_at=10)
    with pytest.raises(ZooError, match="step 10 of 24"):
        train.finish(counting(), tmp_path, CPU)


def test_the_command_names_what_it_cannot_do(capsys, tmp_path):
    for wrong in ([], ["code-4l", "--all"], ["code-5l"]):
        with pytest.raises(SystemExit):
            train.main(wrong)
    (tmp_path / "code-4l").mkdir()
    (tmp_path / "code-4l" / "card.json").write_text("{}")
    assert train.main(["code-4l", "--out", str(tmp_path)]) == 1
    assert "--force" in capsys.readouterr().err


def test_every_recipe_is_found_by_its_name_and_has_sixteen_checkpoints_where_the_lesson_needs_them():
    assert {"code-attn-2l", "code-4l"} <= set(recipes()) and "code_models" in FAMILIES
    assert len(recipe("code-attn-2l").checkpoints) >= 16
    with pytest.raises(ValueError, match=r"no recipe called 'gpt5'; there are: .*code-4l"):
        recipe("gpt5")


# --- the text

def module(name, body):
    return modules.Module(name, "made-up", body)


def code(names, lines=40):
    return "\n".join(f"{name} = compute({index}, {name!r})" for index, name in enumerate(names * (lines // len(names))))


@pytest.fixture(scope="module")
def corpus():
    return text.corpus(("python", "einops", "click"))


def test_no_held_out_file_leaks_into_training(corpus):
    assert len(corpus.train) > 300 and len(corpus.held_out) > 10
    assert not {m.name for m in corpus.train} & {m.name for m in corpus.held_out}
    assert all(modules.is_held_out(m.name) for m in corpus.held_out)
    assert not any(modules.is_held_out(m.name) for m in corpus.train)
    windows = set().union(*(text.shingles(m.text) for m in corpus.held_out))
    for m in corpus.train:
        own = text.shingles(m.text)
        assert len(own & windows) <= text.NEAR_COPY * max(1, len(own)), m.name


def test_the_split_depends_on_the_name_alone():
    assert modules.is_held_out("json") and modules.is_held_out("queue")
    assert not modules.is_held_out("json.decoder") and not modules.is_held_out("random")
    share = sum(modules.is_held_out(f"package.module_{i}") for i in range(4000)) / 4000
    assert abs(share - modules.HELD_OUT_SHARE) < 0.02


def test_near_copies_are_removed_from_training():
    kept_out = module("a", code([f"alpha_{i}" for i in range(20)]))
    lines = kept_out.text.split("\n")
    copy = module("b", "\n".join(["import os", *lines[:30], "# the end"]))
    part = module("c", "\n".join([*code([f"other_{i}" for i in range(20)], 400).split("\n"), *lines[:12]]))
    fresh = module("d", code([f"beta_{i}" for i in range(20)]))
    train_side, dropped = text.remove_near_copies([copy, part, fresh], [kept_out])
    assert [m.name for m in train_side] == ["d"] and set(dropped) == {"b", "c"}


def test_tests_vendored_copies_data_and_licence_headers_are_left_out(corpus):
    names = {m.name for m in (*corpus.train, *corpus.held_out)}
    left_out = {"test", "tests", "encodings", "pydoc_data", "_vendor"}
    assert not any(left_out.intersection(name.split(".")) for name in names)
    assert modules.clean("x = 1\n" * 20) is None                                       # too short
    assert modules.clean("table = [" + "1234567890, " * 100 + "]\n") is None            # numbers
    body = "def function():\n    return 'something'\n" * 30
    assert modules.clean("# Copyright 1999 Somebody\n# Licensed to all\n\n" + body) == body


def test_only_permissively_licensed_packages_are_read():
    found = text.sources()
    assert {"python", "torch", "numpy"} <= set(found)
    assert all(entry["version"] and not text.COPYLEFT.search(entry["licence"]) for entry in found.values())


def test_held_out_modules_can_be_read_by_name():
    assert "json" in modules.held_out_modules()
    assert "def dumps" in modules.read_module("json")
    with pytest.raises(ValueError, match="held_out_modules"):
        modules.read_module("no.such.module")


def test_renaming_is_consistent_and_keeps_what_python_means():
    pool = tuple(f"word{chr(97 + i)}{chr(97 + j)}" for i in range(26) for j in range(26))
    source = ("class Reader(Base):\n    LIMIT = 3\n\n    def read(self, source):\n        # read the source\n"
              "        return [self.read(part) for part in source if len(part) < self.LIMIT]\n")
    renamed = renaming.rename(source, pool, 0)
    assert renamed == renaming.rename(source, pool, 0) != renaming.rename(source, pool, 1)
    compile(renamed, "renamed", "exec")
    for kept in ("class ", "def ", "self", "len(", "return", "for ", " in ", " the "):
        assert renamed.count(kept) == source.count(kept)
    new = renamed.split("def ")[1].split("(")[0]
    assert renamed.count(new) >= 3 and "read" not in renamed and "source" not in renamed     # the comment too
    assert renamed.split("class ")[1][0].isupper() and renamed.split("\n    ")[1].split(" =")[0].isupper()


def test_the_tokens_of_a_recipe_are_made_once_and_start_every_context(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    small = text.Corpus(tuple(module(f"m{i}", code([f"name_{i}_{j}" for j in range(20)], 200)) for i in range(6)),
                        (module("held", code(["held"], 200)),), ())
    monkeypatch.setattr(code_models, "_corpus", lambda: small)
    tiny = code_models.CodeRecipe(name="t", purpose="", shape=Shape(1, 16, 2, 8, 32, 300), steps=2, minutes=1, batch=3,
                                  renamings=1)
    tiny.prepare()
    folder = tiny._cache()
    monkeypatch.setattr(code_models, "_corpus", lambda: pytest.fail("made twice"))
    tiny.prepare()
    windows = tiny.windows("train", 3, tiny.generator(0))
    assert windows.shape == (3, 33) and (windows[:, 0] == 0).all() and windows.max() < 300
    assert tiny.loss(tiny.model(), 1).item() == tiny.loss(tiny.model(), 1).item() != tiny.loss(tiny.model(), 2).item()
    assert tiny.data_facts()["sizes"]["train"]["modules"] == 6 and set(tiny.held_out_texts()) == {"held"}
    shutil.rmtree(folder)

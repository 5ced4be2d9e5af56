"""The shipped dictionaries do what their cards say; the stored results say what the lesson says of them."""

import pytest
import torch

from course_utils import plots, sae, zoo
from course_utils.sae import edits, effects, judging, stored
from course_utils.sae.shipped import DICTIONARIES

NAMES = sae.available()


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


def test_the_one_that_the_lesson_reads_is_there_and_wide_enough():
    assert stored.SHIPPED in NAMES
    config = sae.card(stored.SHIPPED)["config"]
    assert config["n_latents"] >= 8 * config["d_in"]


def test_a_card_says_what_a_reader_asks(name):
    about = sae.card(name)
    for key in ("purpose", "config", "recipe", "rows", "epochs", "data", "minutes", "hardware", "licence", "measured"):
        assert about[key], key
    assert about["rows"] == about["recipe"]["steps"] * about["recipe"]["batch"]
    assert about["hook"].startswith("blocks.") and about["model"] in zoo.available()


def test_loading_one_leaves_the_dice_alone(name):
    before = torch.get_rng_state()
    sae.load(name)
    assert torch.equal(before, torch.get_rng_state())


def test_it_does_on_held_out_modules_what_its_card_says(name):
    dictionary, about = sae.load(name), sae.card(name)
    assert (dictionary.sae.W_dec.norm(dim=1) - 1).abs().max() < 2e-3
    tokens, _ = sae.held_out_contexts(dictionary.model, limit=60)
    x, y = dictionary.activations(tokens)
    quality = sae.Quality.of(dictionary.sae, x, y)
    assert quality.unexplained == pytest.approx(about["measured"]["unexplained"], rel=0.15)
    assert quality.l0 == pytest.approx(about["measured"]["l0"], abs=0.3)
    assert quality.cosine == pytest.approx(about["measured"]["cosine"], abs=0.02)


def test_a_damaged_dictionary_is_named_with_what_to_do(tmp_path):
    name = stored.SHIPPED
    folder = tmp_path / "dictionaries" / name
    folder.mkdir(parents=True)
    for file in (DICTIONARIES / name).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    data = bytearray((folder / "dictionary.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "dictionary.safetensors").write_bytes(bytes(data))
    with pytest.raises(zoo.ZooError, match=rf"python -m models\.sae {name}"):
        sae.load(name, tmp_path / "dictionaries")
    with pytest.raises(zoo.ZooError, match="There is no dictionary 'nothing'"):
        sae.load("nothing")


def test_chance_finds_nothing_and_a_dictionary_finds_a_truth_if_it_is_wide_enough():
    curves = stored.recovery("width")
    assert curves.of("random").max() == 0
    wide = curves.x >= 96
    assert (curves.of("topk")[:, wide] > 0.9).all() and (curves.of("ICA").amax() < 0.5)
    narrow = curves.x < 64  # fewer latents than features: at most so many can be found
    assert (curves.of("topk")[:, narrow] <= curves.x[narrow] / 64).all()
    _, ax = plots.figure()
    curves.plot(ax, "latents")
    assert len(ax.lines) == 5
    dense = stored.recovery("density")
    assert dense.of("random").max() == 0 and (dense.of("topk")[:, dense.x < 0.1] > 0.9).all()


def test_a_latent_tells_closing_brackets_hardly_better_than_a_neuron_and_a_probe_tells_everything_better():
    scores = stored.label_scores()
    latent, neuron, chance, probe = (scores.of(who) for who in ("latent", "neuron", "random", "probe"))
    assert latent["closes"] > 0.85 > neuron["closes"] > 0.75 > 0.5 > chance["closes"]
    assert "closes" not in scores.apart("latent", "neuron") and scores.apart("neuron", "latent")
    assert scores.mlp[scores.labels.index("closes")] == 0 and set(scores.mlp.tolist()) == {0, 1, 2, 3}
    common = [label for label, base in zip(scores.labels, scores.base, strict=True) if base > 0.01]
    assert all(probe[label] > latent[label] for label in common)
    assert scores.of("set")["kind_keyword"] > latent["kind_keyword"] + 0.15
    measured = [c for c, _ in scores._there()]
    low, f1, high = (getattr(scores, name)[measured] for name in ("low", "f1", "high"))
    assert (low <= f1).all() and (f1 <= high).all()
    assert len(scores.rows()) == len(scores.labels)



def test_judging_runs_on_a_little_text():
    dictionary = sae.load(stored.SHIPPED)
    from course_utils.python_text import samples

    tokens, flags, module = sae.labelled(dictionary.model, [samples.read(n) for n in samples.names()[:4]], 12)
    rows = torch.stack([flags[n][:, 1:].flatten() for n in ("closes", "opens")], 1)
    labels = sae.Labels(("closes", "opens"), rows, module.repeat_interleave(255))
    found = judging.score_labels(dictionary, None, tokens, labels)
    assert found.of("latent")["closes"] > 0.6 > found.of("random")["closes"]
    assert all(name != "untrained" for _, name in found._there())


def test_a_parent_s_latent_falls_silent_where_a_child_fires_and_more_often_where_fewer_may_be_active():
    table = stored.absorption()
    absorbed = dict(zip(table.kinds, table.absorbed, strict=True))
    assert (table.absorbed[:4] > table.random[:4]).all() and (table.absorbed[0] > table.alone[0] + 0.15).all()
    assert absorbed["TopK, k = 3"].min() > absorbed["TopK, k = 5"].max() and table.lean[0].min() > 0.5
    assert (table.random <= table.anyone).all() and (table.absorbed <= table.missed).all()


def test_the_stored_absorption_is_what_its_recipe_measures():
    truth = sae.Truth.draw(**stored.FAMILIES, seed=0)
    config = sae.Config(d_in=32, n_latents=60, **stored.FAMILY_KINDS["TopK, k = 3"])
    done = sae.train(config, truth, stored.RECIPE, device="cpu", show=False)
    found = sae.Families.of(truth, done, stored.FEW)
    assert found.absorbed.mean() == pytest.approx(float(stored.absorption().absorbed[0, 0]), abs=0.08)
    assert found.random.mean() < found.absorbed.mean() - 0.1


def test_the_stored_edits_are_clamps_and_a_projection_with_twenty_others_each():
    made = stored.edits()
    assert made.own.shape == (2, len(edits.LEVELS) + 1, 2, 3)
    assert made.null.shape == (2, 2, stored.PATH_OTHERS, 2)
    for latent in stored.EDITED:
        effects = [made.of(latent, edit)[edits.ACTIVE] for edit in range(len(edits.LEVELS))]
        assert all(low < mean < high for mean, low, high in effects)
        assert [mean for mean, _, _ in effects] == sorted(mean for mean, _, _ in effects)


def test_three_edits_do_what_their_names_say():
    dictionary = sae.load(stored.SHIPPED)
    tokens, _ = sae.held_out_contexts(dictionary.model, limit=2)
    there = sae.Site(dictionary.model, dictionary.hook).activations(tokens)[:, 1:]
    active = dictionary.encode(tokens)[:, 1:, 378]
    row = dictionary.sae.W_dec[378]
    clamp = effects.clamped(dictionary, 378, -5.0)
    moved = clamp(there) - there
    torch.testing.assert_close(moved @ row, torch.where(active > 0, -5.0 - active, 0.0), atol=1e-3, rtol=1e-3)
    pushed = effects.along(dictionary, 9, clamp)(there) - there
    torch.testing.assert_close(pushed.norm(dim=-1), moved.norm(dim=-1), atol=1e-3, rtol=1e-3)
    mean = there.flatten(0, 1).mean(0)
    left = effects.projected(dictionary, 378, mean)(there)
    torch.testing.assert_close(((left - mean) @ row), torch.zeros_like(active), atol=1e-3, rtol=0)

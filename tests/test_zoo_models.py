"""The bundled code models do what their cards say: measured again, on text and random tokens made here."""
import time

import pytest
import torch
from tokenizers import Tokenizer

from course_utils import zoo
from course_utils.python_text import labels, samples
from course_utils.python_text.contexts import labelled_contexts
from course_utils.zoo import table
from course_utils.zoo.cards import WEIGHTS
from course_utils.zoo.shape import Shape
from models import behaviours
from models.evaluation import finished
from models.recipe import recipe

NAMES = ("code-attn-2l", "code-4l")


def model(name, checkpoint=None):
    return finished(recipe(name), WEIGHTS / name, checkpoint)


def tokenizer(name):
    return Tokenizer.from_file(str(WEIGHTS / name / "tokenizer.json"))


def measured(name, what):
    """The card's row whose title begins with `what`."""
    return next(row for row in zoo.card(name)["measured"]["rows"] if row["what"].startswith(what))


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def contexts():
    """{model: contexts of the sample programs with their labels}."""
    texts = [samples.read(sample) for sample in samples.names()]
    return {name: labelled_contexts(texts, tokenizer(name), 256, 1000) for name in NAMES}


def test_it_loads_offline_within_two_seconds_and_runs(name, monkeypatch):
    monkeypatch.setattr("socket.create_connection", lambda *a, **k: pytest.fail("tried to connect"))
    zoo.load(name, device="cpu")                                         # the imports
    start = time.process_time()
    bridge = zoo.load(name, device="cpu")
    assert time.process_time() - start < 2
    tokens = bridge.to_tokens(samples.read("graphs"))[:, :256]
    with torch.no_grad():
        loss = bridge(tokens, return_type="loss").item()
        own = behaviours.window_losses(model(name), tokens).mean().item()
    assert loss == pytest.approx(own, abs=1e-3) and loss < 3.5


def test_everything_together_is_small():
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) < 60e6
    assert sum(path.stat().st_size for path in (WEIGHTS / "code-attn-2l").rglob("*")) < 30e6


def test_the_card_says_what_a_reader_asks(name):
    card = zoo.card(name)
    for key in ("purpose", "shape", "parameters", "steps", "tokens", "seed", "hardware", "minutes", "licence", "data",
                "training_loss", "measured", "checkpoints"):
        assert card[key] or key == "seed", key
    assert card["data"]["sources"]["python"]["version"] and card["parameters"] == sum(
        p.numel() for p in recipe(name).model().parameters())
    assert Shape(**card["shape"]) == recipe(name).shape


def test_samples_are_predicted_as_the_held_out_text_is(name, contexts):
    tokens, _ = contexts[name]
    losses = behaviours.window_losses(model(name), tokens).mean().item()
    untrained = behaviours.window_losses(model(name, 0), tokens[:40]).mean().item()
    assert losses < 0.6 * untrained
    assert losses == pytest.approx(measured(name, "held-out loss")["value"], abs=0.6)


def test_the_losses_on_the_card_beat_counting_and_show_no_memorising():
    rows = {name: measured(name, "held-out loss") for name in NAMES}
    assert rows["code-4l"]["value"] < rows["code-4l"]["beside"]["5-gram"] - 0.3
    assert rows["code-attn-2l"]["value"] < rows["code-attn-2l"]["beside"]["5-gram"] - 0.1
    for row in rows.values():
        beside = row["beside"]
        assert beside["5-gram"] < beside["trigram"] < beside["bigram"] < beside["untrained"]
        assert beside["training text"] > row["value"] - 0.4


def test_heads_do_on_fresh_random_tokens_what_the_card_says(name):
    scores = behaviours.heads(model(name), torch.Generator().manual_seed(20_000), batch=12)
    null = behaviours.heads(model(name, 0), torch.Generator().manual_seed(20_000), batch=12)
    for key, what in (("prefix", "induction head"), ("previous", "previous-token head")):
        row = measured(name, what)
        best = scores[key].max().item()
        assert best == pytest.approx(row["value"], abs=0.05)
        assert best > 5 * null[key].max().item() and best > 5 * scores[key].median().item()
    assert scores["accuracy"] > 20 * max(null["accuracy"], 0.001)
    assert scores["loss_repeat"] < scores["loss_first"] - 1


def test_the_attention_only_model_has_an_induction_head_that_copies_in_its_second_layer():
    card = zoo.card("code-attn-2l")["measured"]["heads"]
    prefix, previous = torch.tensor(card["prefix"]), torch.tensor(card["previous"])
    assert divmod(int(previous.argmax()), 4)[0] == 0 and divmod(int(prefix.argmax()), 4)[0] == 1
    assert prefix.max() > 0.4 and previous.max() > 0.6
    layer, head = divmod(int(prefix.argmax()), 4)
    again = behaviours.copying(model("code-attn-2l"))
    assert again[layer, head] > 0.5
    assert again[layer, head].item() == pytest.approx(card["copying"][layer][head], abs=0.01)


def test_the_change_is_seen_in_the_checkpoints():
    card = zoo.card("code-attn-2l")
    seen = card["measured"]["checkpoints"]
    assert len(card["checkpoints"]) >= 16 and [entry["step"] for entry in seen] == card["checkpoints"]
    prefix = [entry["prefix"] for entry in seen]
    assert max(prefix[:5]) < 0.05 < 0.4 < prefix[-1]
    assert sum(0.05 < score < 0.45 for score in prefix) >= 4               # several inside the change itself
    for place in (3, len(seen) - 1):
        fresh = behaviours.heads(model("code-attn-2l", seen[place]["step"]), torch.Generator().manual_seed(5), batch=8)
        assert fresh["prefix"].max().item() == pytest.approx(prefix[place], abs=0.05)


@pytest.mark.parametrize("what, flag, signs", [("closing brackets", "closes", behaviours.BRACKETS),
                                               ("closing quotes", "string_closes", behaviours.QUOTES)])
def test_brackets_and_strings_are_closed_by_the_right_sign(what, flag, signs, contexts):
    tokens, flags = contexts["code-4l"]
    contestants = {"model": model("code-4l"), "untrained": model("code-4l", 0)}
    found = behaviours.forced_choice(contestants, tokens, flags[flag],
                                     behaviours.groups_of(tokenizer("code-4l"), signs))
    row = measured("code-4l", what)
    assert found["places"] > 200 and row["value"] > row["beside"]["5-gram"] + 0.05
    assert found["model"] > max(0.75, found["untrained"] + 0.3, found["always the same"] + 0.3)


def test_names_that_stood_before_are_repeated(contexts):
    found = behaviours.repeated_names({"model": model("code-4l"), "untrained": model("code-4l", 0)},
                                      *contexts["code-4l"], tokenizer("code-4l"))
    assert found["repeated"]["model"] > found["new"]["model"] + 0.1 > found["repeated"]["untrained"] + 0.1
    row = measured("code-4l", "p of the next part of a repeated name")
    assert row["value"] > row["beside"]["5-gram"] and min(found["places"]) > 500


def test_hardly_any_token_spans_two_python_tokens(name):
    spans = [labels.token_labels(samples.read(s), tokenizer(name)).spanning for s in samples.names()]
    assert sum(spans) / len(spans) < 0.02


def test_the_folder_of_code_4l_is_one_that_hugging_face_can_load():
    from transformers import AutoModelForCausalLM, AutoTokenizer
    folder = str(WEIGHTS / "code-4l")
    theirs, words = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    tokens = torch.tensor([words("def f(x):\n    return x")["input_ids"]])
    with torch.no_grad():
        torch.testing.assert_close(theirs(tokens).logits.float(), model("code-4l")(tokens), rtol=2e-2, atol=2e-2)


def test_the_table_prints_what_the_cards_say():
    plain = table.report()
    for name in zoo.available():
        assert name in plain and f"{zoo.card(name)['parameters']:,}" in plain
    assert f"{measured('code-4l', 'held-out loss')['value']:.3f}" in plain and "5-gram" in plain

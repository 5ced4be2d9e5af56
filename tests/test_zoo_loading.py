"""`zoo.load`: the bundled road with every way in which a file can be wrong, and Hugging Face's road offline."""
import json
import shutil
import time

import pytest
import torch

from course_utils import zoo
from course_utils.zoo import cards, loading
from course_utils.zoo.shape import Shape, from_gpt2
from course_utils.zoo.tokens import BOS
from models.bpe import train_bpe
from models.plain import Plain, gpt2_weights, native_weights

NATIVE = Shape(n_layers=2, d_model=16, n_heads=2, d_head=16, n_ctx=32, d_vocab=300, norm="LNPre")
GPT2 = Shape(n_layers=2, d_model=16, n_heads=2, d_head=8, n_ctx=32, d_vocab=300, d_mlp=32, tied=True)


def make(root, name, shape, layout):
    """A model's folder in the zoo's format, untrained."""
    model = Plain(shape, seed=3)
    with torch.no_grad():                               # every parameter counts, biases and norms too
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
    weights = (gpt2_weights if layout == "gpt2" else native_weights)(model)
    cards.write_weights(root / name / "model.safetensors", weights)
    cards.write_weights(root / name / cards.checkpoint_file(5), weights)
    train_bpe(["def f(x): return x\n" * 50], 300).save(str(root / name / "tokenizer.json"))
    from dataclasses import asdict
    cards.write_card(root / name, {"name": name, "layout": layout, "shape": asdict(shape), "seed": 3, "steps": 10,
                                   "checkpoints": [0, 5, 10]})
    model.load_state_dict({key: value.half().float() for key, value in model.state_dict().items()})
    return model.eval()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("weights")
    return root, {"native": make(root, "native", NATIVE, "native"), "gpt2-like": make(root, "gpt2-like", GPT2, "gpt2")}


@pytest.fixture
def weights(made, tmp_path, monkeypatch):
    """A copy that a test may break."""
    shutil.copytree(made[0], tmp_path / "weights")
    monkeypatch.setattr(loading, "WEIGHTS", tmp_path / "weights")
    return tmp_path / "weights"


@pytest.mark.parametrize("name", ["native", "gpt2-like"])
def test_the_bridge_computes_what_the_plain_module_computes(weights, made, name):
    bridge, plain = zoo.load(name, device="cpu"), made[1][name]
    tokens = torch.randint(300, (3, 32), generator=torch.Generator().manual_seed(0))
    assert not bridge.training and torch.is_grad_enabled()
    with torch.no_grad():
        torch.testing.assert_close(bridge(tokens), plain(tokens), rtol=1e-4, atol=1e-5)
        logits, cache = bridge.run_with_cache(tokens)
        torch.testing.assert_close(cache["blocks.1.attn.hook_pattern"], plain.patterns(tokens)[1], rtol=1e-4, atol=1e-5)
    for matrix in (bridge.W_Q, bridge.W_K, bridge.W_V, bridge.W_O):
        assert matrix.shape[:2] == (2, 2)
    for hook in ("hook_embed", "hook_pos_embed", "blocks.0.hook_resid_pre", "blocks.0.attn.hook_z",
                 "blocks.0.attn.hook_q", "blocks.1.hook_resid_post", "ln_final.hook_normalized"):
        assert hook in cache
    bridge.enable_compatibility_mode()
    with torch.no_grad():
        torch.testing.assert_close(bridge(tokens).log_softmax(-1), logits.log_softmax(-1), rtol=1e-3, atol=1e-4)


def test_gpt2_layout_has_the_hooks_that_path_patching_needs(weights):
    bridge = zoo.load("gpt2-like", device="cpu")
    bridge.set_use_split_qkv_input(True)
    _, cache = bridge.run_with_cache(torch.zeros(1, 4, dtype=torch.long))
    assert cache["blocks.0.hook_q_input"].shape == (1, 4, 2, 16)


@pytest.mark.parametrize("name", ["native", "gpt2-like"])
def test_the_tokenizer_starts_every_text_and_gives_it_back(weights, name):
    bridge = zoo.load(name, device="cpu")
    text = "def fé(x):\n    return 'ü'  # \U0001f40d\n"
    tokens = bridge.to_tokens(text)
    assert tokens[0, 0] == 0 and bridge.tokenizer.bos_token == BOS and (tokens[0, 1:] != 0).all()
    assert bridge.to_string(tokens[0, 1:]) == text
    assert (bridge.to_tokens(text, prepend_bos=False)[0] == tokens[0, 1:]).all()


@pytest.mark.parametrize("name", ["native", "gpt2-like"])
def test_loaded_twice_equal_to_the_last_bit_and_random_state_untouched(weights, name):
    state = torch.get_rng_state()
    first, second = (zoo.load(name, device="cpu").state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_checkpoints(weights):
    assert zoo.checkpoints("native") == (0, 5, 10)
    tokens = torch.zeros(1, 4, dtype=torch.long)
    untrained, five, last, final = (zoo.load("native", device="cpu", checkpoint=c)(tokens) for c in (0, 5, 10, None))
    assert torch.equal(last, final) and torch.equal(five, final) and not torch.equal(untrained, final)
    torch.testing.assert_close(untrained, Plain(NATIVE, 3)(tokens), rtol=1e-4, atol=1e-5)
    with pytest.raises(zoo.ZooError, match="no checkpoint of step 7: choose from 0, 5, 10"):
        zoo.load("native", checkpoint=7)


def damage(path, how):
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(data[:-100])
    elif how == "corrupted":
        path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
    elif how == "empty":
        path.write_bytes(b"")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("how, says", [("missing", "is missing"), ("truncated", "is truncated"),
                                       ("empty", "is truncated"), ("corrupted", "SHA-256 differs")])
def test_a_damaged_file_is_named_in_one_sentence_that_says_what_to_do(weights, file, how, says):
    damage(weights / "native" / file, how)
    with pytest.raises(zoo.ZooError) as raised:
        zoo.load("native", device="cpu")
    message = str(raised.value)
    assert says in message and str(weights / "native" / file) in message and "\n" not in message
    assert "git checkout" in message and "python -m models.train native" in message


@pytest.mark.parametrize("content, says", [
    (None, "is missing"), ("", "not a readable card"), ("[1]", "not a card of this course"), ("{}", "not a card"),
    (json.dumps({"format": cards.FORMAT + 1, "files": {}}), "later version of the course .*update the course")])
def test_a_wrong_card_is_named(weights, content, says):
    path = weights / "native" / "card.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(zoo.ZooError, match=says) as raised:
        zoo.load("native", device="cpu")
    assert "\n" not in str(raised.value)


def test_what_is_no_safetensors_file_is_named_even_if_its_hash_is_right(weights):
    (weights / "native" / "model.safetensors").write_bytes(b"x" * 500)
    cards.write_card(weights / "native", {k: v for k, v in zoo.card("native").items() if k not in ("files", "format")})
    with pytest.raises(zoo.ZooError, match="no safetensors file"):
        zoo.load("native", device="cpu")


def test_weights_move_between_the_layouts_and_back(made):
    plain = made[1]["gpt2-like"]
    back = from_gpt2(gpt2_weights(plain))
    assert back.keys() == plain.state_dict().keys()
    assert all(torch.equal(back[key], value) for key, value in plain.state_dict().items())


# --- Hugging Face's road

@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """An empty cache, and a hub at an address where nobody answers."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.parametrize("name", ["gpt2", "no-such-person/no-such-model", "x" * 300, "a b/c?"])
def test_without_a_network_one_sentence_names_the_bundled_models(no_network, name):
    assert not zoo.cached(name)
    start = time.monotonic()
    with pytest.raises(zoo.ZooError) as raised:
        zoo.load(name)
    assert time.monotonic() - start < 10
    assert "\n" not in str(raised.value) and all(bundled in str(raised.value) for bundled in zoo.available())


def test_offline_mode_is_respected(no_network, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("socket.create_connection", lambda *a, **k: pytest.fail("tried to connect"))
    with pytest.raises(zoo.ZooError, match="cannot be reached"):
        zoo.load("gpt2")


@pytest.fixture(scope="module")
def tiny_gpt2(tmp_path_factory):
    """A folder in Hugging Face format, made with transformers alone."""
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    config = GPT2Config(vocab_size=300, n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
    model = GPT2LMHeadModel(config).eval()
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=train_bpe(["def f(x): return x\n" * 50], 300), bos_token=BOS,
                            eos_token=BOS, pad_token=BOS, add_bos_token=True).save_pretrained(folder)
    return folder, model


def test_a_folder_in_hugging_face_format(tiny_gpt2, no_network):
    folder, model = tiny_gpt2
    assert zoo.cached(str(folder))
    bridge = zoo.load(str(folder), device="cpu")
    tokens = bridge.to_tokens("def f(x): return x")
    with torch.no_grad():
        torch.testing.assert_close(bridge(tokens), model(tokens).logits, rtol=1e-4, atol=1e-5)
    assert not bridge.training
    with pytest.raises(zoo.ZooError, match="Only bundled models have checkpoints"):
        zoo.load(str(folder), checkpoint=3)


def test_a_model_in_the_cache_needs_no_network(tiny_gpt2, no_network, tmp_path):
    folder, model = tiny_gpt2
    snapshot = tmp_path / "hub" / "models--somebody--tiny" / "snapshots" / "abc123"
    shutil.copytree(folder, snapshot)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("abc123")
    assert zoo.cached("somebody/tiny") and not zoo.cached("somebody/other")
    bridge = zoo.load("somebody/tiny", device="cpu")
    tokens = bridge.to_tokens("def f(x): return x")
    with torch.no_grad():
        torch.testing.assert_close(bridge(tokens), model(tokens).logits, rtol=1e-4, atol=1e-5)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(zoo.ZooError, match="holds no config"):
        zoo.load(str(tmp_path))

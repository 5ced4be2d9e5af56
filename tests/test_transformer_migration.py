"""Every row of lesson 0's table "TransformerLens 2.x → 4.x" holds for the installed version."""

import importlib
from pathlib import Path

import pytest
import torch
import transformer_lens
import transformer_lens.model_bridge.sources.native  # registers what boot_native builds
from transformer_lens import FactoredMatrix, TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge

from course_utils import zoo

LESSON = Path(__file__).resolve().parents[1] / "lessons" / "00_transformer" / "deeper.py"


@pytest.fixture(scope="module")
def model():
    return zoo.load("code-4l", device="cpu")


@pytest.fixture(scope="module")
def folded():
    model = zoo.load("code-4l", device="cpu")
    model.enable_compatibility_mode()
    return model


@pytest.fixture(scope="module")
def tokens(model):
    return model.to_tokens("values = [names, lines")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("HookedTransformer", "boot_transformers"),
        ("HookedTransformerConfig", "TransformerBridgeConfig"),
        ("utils", "utilities"),
        ("train", "tools.training"),
        ("loading_from_pretrained", ""),
    ],
)
def test_what_is_gone_says_where_it_went(old, new):
    with pytest.raises(ImportError, match=f"removed in TransformerLens 4.*{new}"):
        getattr(transformer_lens, old)


def test_models_are_booted_and_folded_apart(model, folded, tokens):
    assert callable(TransformerBridge.boot_transformers)
    assert isinstance(model, TransformerBridge)
    assert torch.all(folded.ln_final.weight == 1) and not torch.all(model.ln_final.weight == 1)
    assert torch.allclose(model(tokens).log_softmax(-1), folded(tokens).log_softmax(-1), atol=1e-3)


def test_a_model_from_scratch():
    config = TransformerBridgeConfig(
        d_model=16, d_head=8, n_heads=2, n_layers=1, n_ctx=8, d_vocab=11, attn_only=True, act_fn="gelu_new",
        architecture="TransformerLensNative",
    )  # fmt: skip
    assert TransformerBridge.boot_native(config)(torch.tensor([[1, 2, 3]])).shape == (1, 3, 11)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("transformer_lens.utilities", "get_act_name"),
        ("transformer_lens.tools.training", "train"),
        ("transformer_lens.supported_models", "OFFICIAL_MODEL_NAMES"),
        ("transformer_lens.tools.analysis", "attribution_patch"),
        ("transformer_lens.patching", "get_act_patch_resid_pre"),
    ],
)
def test_what_moved_is_there(module, name):
    assert hasattr(importlib.import_module(module), name)


def test_attribution_and_lens_in_one_call(folded, tokens):
    from transformer_lens.tools.analysis import direct_logit_attribution, logit_lens

    _, cache = folded.run_with_cache(tokens)
    apart, labels = cache.decompose_resid(return_labels=True, pos_slice=-1)
    by_hand = cache.logit_attrs(apart, tokens="]", incorrect_tokens=")", pos_slice=-1)
    at_once = direct_logit_attribution(folded, tokens, "]", ")")
    assert at_once.labels == labels and torch.allclose(at_once.attribution, by_hand, atol=1e-4)
    assert len(cache.accumulated_resid()) == len(logit_lens(folded, tokens, targets="]").labels) == 5


def test_hooks_and_names_are_unchanged(model, tokens):
    from transformer_lens.utilities import get_act_name

    assert get_act_name("z", 2) == "blocks.2.attn.hook_z"
    plain, cache = model.run_with_cache(tokens)
    assert cache["z", 2] is cache["blocks.2.attn.hook_z"]
    edit = ("blocks.2.attn.hook_z", lambda z, hook: z * 0)
    edited = model.run_with_hooks(tokens, fwd_hooks=[edit])
    with model.hooks(fwd_hooks=[edit]):
        assert torch.equal(model(tokens), edited)
    assert torch.equal(model(tokens), plain) and not torch.allclose(edited, plain)
    model.add_hook(*edit)
    assert torch.equal(model(tokens), edited)
    model.reset_hooks()
    assert torch.equal(model(tokens), plain)


def test_weights_are_unchanged(model):
    shapes = {"W_E": 2, "W_pos": 2, "W_Q": 4, "W_K": 4, "W_V": 4, "W_O": 4, "W_in": 3, "W_out": 3, "W_U": 2}
    assert {name: getattr(model, name).ndim for name in shapes} == shapes
    assert isinstance(model.QK, FactoredMatrix) and isinstance(model.OV, FactoredMatrix)


def test_a_part_of_the_run_and_its_loss_are_unchanged(model, tokens):
    assert model(tokens, return_type="loss").ndim == 0
    half = model(tokens, stop_at_layer=2)
    assert torch.allclose(model(half, start_at_layer=2), model(tokens), atol=1e-4)


def test_the_lesson_has_this_table():
    text = LESSON.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("# | `") or "| unchanged" in line]
    assert "# | TransformerLens 2.x | TransformerLens 4.x |" in text and len(rows) >= 10

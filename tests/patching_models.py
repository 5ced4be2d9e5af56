"""Small random models of each kind for the tests of patching, and prompts for them. All biases are non-zero."""

from __future__ import annotations

import functools
import tempfile

import torch
import transformer_lens.model_bridge.sources.native  # noqa: F401  (attaches boot_native)
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel

from course_utils.patching import Question

VOCABULARY, LENGTH = 23, 7
KINDS = ("attention only", "attention only, no norm", "native", "native LNPre", "gpt2", "gpt2 folded")


def randomise(model: torch.nn.Module, seed: int = 0, scale: float = 0.35) -> None:
    """Every parameter, biases and norms too, away from its initial value; large enough to bend the softmax."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.add_((scale * noise).to(parameter.dtype))


def native(dtype: torch.dtype = torch.float64, **changes: object) -> TransformerBridge:
    """A `boot_native` bridge."""
    config = dict(
        d_model=24, d_head=6, n_layers=3, n_ctx=LENGTH + 2, n_heads=4, d_vocab=VOCABULARY, act_fn="gelu", seed=0
    )
    model = TransformerBridge.boot_native(TransformerBridgeConfig(**{**config, **changes}), dtype=dtype)
    randomise(model)
    return model.eval()


def gpt2(
    dtype: torch.dtype = torch.float64, layers: int = 3, scale: float = 0.35, **changes: object
) -> TransformerBridge:
    """A GPT-2-format bridge, by way of a folder on disk."""
    config = dict(vocab_size=VOCABULARY, n_positions=LENGTH + 2, n_embd=24, n_layer=layers, n_head=4)
    theirs = GPT2LMHeadModel(GPT2Config(**{**config, **changes}))
    randomise(theirs, scale=scale)
    with tempfile.TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        return TransformerBridge.boot_transformers(folder, dtype=dtype).eval()


@functools.cache
def model_of(kind: str, dtype: torch.dtype = torch.float64) -> TransformerBridge:
    """One of KINDS, made once per process; the tests leave it as it is (that is one of the tests)."""
    if kind == "attention only":
        return native(dtype, attn_only=True)
    if kind == "attention only, no norm":
        return native(dtype, attn_only=True, normalization_type=None)
    if kind == "native":
        return native(dtype)
    if kind == "native LNPre":
        return native(dtype, normalization_type="LNPre", act_fn="gelu_new")
    model = gpt2(dtype)
    if kind == "gpt2 folded":
        model.enable_compatibility_mode()
    return model


def prompts(batch: int = 3, length: int = LENGTH, seed: int = 1, shared: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Clean and corrupt prompts that agree on their first `shared` tokens."""
    generator = torch.Generator().manual_seed(seed)
    clean = torch.randint(VOCABULARY, (batch, length), generator=generator)
    corrupt = (clean + torch.randint(1, VOCABULARY, (batch, length), generator=generator)) % VOCABULARY
    corrupt[:, :shared] = clean[:, :shared]
    return clean, corrupt


def answers(batch: int = 3, seed: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """Correct and wrong token ids."""
    generator = torch.Generator().manual_seed(seed)
    pair = torch.stack([torch.randperm(VOCABULARY, generator=generator)[:2] for _ in range(batch)])
    return pair[:, 0], pair[:, 1]


ASKED = {"ablation", "direction", "reference", "groups", "named", "attention_mask", "memory", "route"}


def ask(model: TransformerBridge, clean: torch.Tensor, corrupt: torch.Tensor | None, metric: object, **how: object):
    """A question, and the options that are left for its methods; `named` are the question's own positions."""
    mine = {"positions" if name == "named" else name: how[name] for name in how.keys() & ASKED}
    return Question(model, clean, corrupt, metric, **mine), {k: v for k, v in how.items() if k not in ASKED}


def sweep(model, site, clean, corrupt, metric, **how):
    """One sweep of a question of its own."""
    question, rest = ask(model, clean, corrupt, metric, **how)
    return question.sweep(site, **rest)


def path_patch(model, clean, corrupt, metric, **how):
    """One path patch of a question of its own."""
    question, rest = ask(model, clean, corrupt, metric, **how)
    return question.path_patch(**rest)


def attribute(model, site, clean, corrupt, metric, **how):
    """One attribution of a question of its own."""
    question, rest = ask(model, clean, corrupt, metric, **how)
    return question.attribute(site, **rest)


def attribute_edges(model, clean, corrupt, metric, **how):
    """Edge attribution of a question of its own."""
    question, rest = ask(model, clean, corrupt, metric, **how)
    return question.attribute_edges(**rest)


def of_circuit(method, model, circuit, clean, metric, corrupt=None, **how):
    """`run`, `faithfulness`, `completeness` or `minimality` of a question of its own."""
    question, rest = ask(model, clean, corrupt, metric, **how)
    return getattr(question, method)(circuit, **rest)

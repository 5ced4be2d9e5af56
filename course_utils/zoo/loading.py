"""`load`: from a name to a TransformerLens bridge in evaluation mode.

Bundled models come from `weights/`, checked against their cards. Two roads:

- the GPT-2 layout goes through `TransformerBridge.boot_transformers`, with every hook that TransformerLens has
  for GPT-2 (`use_split_qkv_input` and `use_attn_result` included);
- the native layout (attention only, which no Hugging Face class is) is built as TransformerLens's own native
  model: all residual, attention-score, pattern, q, k, v and z hooks, `W_Q` … `W_O`, but no
  `use_split_qkv_input`; to change what a head's key reads, change `hook_k`.

Any other name is Hugging Face's: a folder, then the local cache, then, if it can be reached, the hub.
"""
from __future__ import annotations

import os
import socket
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

import torch

from course_utils.zoo.shape import Shape, gpt2_config, initial_weights, to_gpt2

from .cards import WEIGHTS, ZooError, checked_bytes, checkpoint_file, read_card, read_weights

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

HUB_SECONDS = 3.0           # how long to try for a connection before saying that there is none


def available() -> tuple[str, ...]:
    """Names of the bundled models."""
    return tuple(sorted(path.parent.name for path in WEIGHTS.glob("*/card.json")))


def card(name: str) -> dict:
    """The card of a bundled model: what it is, what it read, what it was measured to do."""
    return read_card(_folder(name))


def checkpoints(name: str) -> tuple[int, ...]:
    """Training steps of which `load(name, checkpoint=step)` has the weights; 0 is the untrained model."""
    return tuple(card(name)["checkpoints"])


def cached(name: str) -> bool:
    """Whether `load(name)` needs no network: bundled, a folder, or in Hugging Face's cache with its weights."""
    return name in available() or _local_folder(name) is not None


def load(name: str, device: str | torch.device | None = None,
         checkpoint: int | None = None) -> TransformerBridge:
    """A model in evaluation mode, with its tokenizer, in float32.

    Args:
        name: one of `available()`, or a folder in Hugging Face format, or a name on the Hugging Face hub.
        device: where to put it; by default `runtime.device()`.
        checkpoint: for bundled models, one of `checkpoints(name)`; None is the finished model.

    Raises:
        ZooError: no such model, checkpoint or connection, or a damaged file; the message says what to do.
    """
    if device is None:
        from course_utils import runtime
        device = runtime.device()
    device = torch.device(device)
    if _is_bundled(name):
        with torch.random.fork_rng(devices=[]):             # building a model draws weights that are then replaced
            return _load_bundled(name, device, checkpoint)
    if checkpoint is not None:
        raise ZooError(f"Only bundled models have checkpoints here, and {name!r} is none of them: "
                       f"choose from {_names()}.")
    return _load_hugging_face(name, device)


def _names() -> str:
    return ", ".join(repr(name) for name in available()) or "none (run `make models`)"


def _is_bundled(name: str) -> bool:
    return os.path.basename(name) == name != "" and not name.startswith(".") and os.path.isdir(WEIGHTS / name)


def _folder(name: str) -> Path:
    if not _is_bundled(name):
        raise ZooError(f"There is no bundled model called {name!r}: choose from {_names()}.")
    return WEIGHTS / name


def _load_bundled(name: str, device: torch.device, checkpoint: int | None) -> TransformerBridge:
    folder = _folder(name)
    about = read_card(folder)
    shape, layout = Shape(**about["shape"]), about["layout"]
    if checkpoint is not None and checkpoint not in about["checkpoints"]:
        steps = ", ".join(map(str, about["checkpoints"]))
        raise ZooError(f"{name} has no checkpoint of step {checkpoint}: choose from {steps}.")
    if checkpoint == 0:
        weights = initial_weights(shape, about["seed"])
        weights = to_gpt2(weights, shape) if layout == "gpt2" else weights
    else:
        final = checkpoint in (None, about["steps"])
        weights = read_weights(folder, about, "model.safetensors" if final else checkpoint_file(checkpoint))
    weights = {key: value.float() for key, value in weights.items()}
    tokenizer = None
    if "tokenizer.json" in about["files"]:
        from .tokens import wrapped
        tokenizer = wrapped(checked_bytes(folder, about, "tokenizer.json"), shape.n_ctx, folder)
    return (_gpt2 if layout == "gpt2" else _native)(name, shape, weights, tokenizer, device)


def _native(name: str, shape: Shape, weights: dict, tokenizer, device: torch.device) -> TransformerBridge:
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module
    from transformer_lens.model_bridge.sources.native import NativeModel

    config = TransformerBridgeConfig(
        d_model=shape.d_model, d_head=shape.d_head, n_heads=shape.n_heads, n_layers=shape.n_layers,
        n_ctx=shape.n_ctx, d_vocab=shape.d_vocab, d_vocab_out=shape.d_out or -1,
        attention_dir="causal" if shape.causal else "bidirectional",
        d_mlp=shape.d_mlp or None, attn_only=not shape.d_mlp, act_fn="gelu_new",
        normalization_type=shape.norm or None, eps=1e-5, init_weights=False,
        architecture="TransformerLensNative", device=str(device))
    model = NativeModel(config)
    model.load_state_dict(weights)
    bridge = build_bridge_from_module(model.to(device), architecture="TransformerLensNative", tl_config=config,
                                      tokenizer=tokenizer, device=device, model_name=name)
    return bridge.eval()


def _gpt2(name: str, shape: Shape, weights: dict, tokenizer, device: torch.device) -> TransformerBridge:
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(**gpt2_config(shape)))
    model.load_state_dict(weights, strict=False)
    model.tie_weights()
    return TransformerBridge.boot_transformers(name, hf_model=model.to(device).eval(), tokenizer=tokenizer,
                                               device=device).eval()


def _local_folder(name: str) -> Path | None:
    """A folder with the config and weights of this name: given directly, or in Hugging Face's cache."""
    if os.path.isdir(name):
        return Path(name) if os.path.isfile(os.path.join(name, "config.json")) else None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError
    try:
        config = try_to_load_from_cache(name, "config.json")
        weights = [try_to_load_from_cache(name, f"{stem}{index}") for index in ("", ".index.json")
                   for stem in ("model.safetensors", "pytorch_model.bin")]
    except HFValidationError:
        return None
    there = isinstance(config, str) and any(isinstance(found, str) for found in weights)
    return Path(config).parent if there else None


def _hub_answers() -> bool:
    """Whether a connection to the hub (or the proxy before it) can be opened, within `HUB_SECONDS`."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return False
    address = urlparse(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    proxy = urllib.request.getproxies().get(address.scheme)
    if proxy and not urllib.request.proxy_bypass(address.hostname or ""):
        address = urlparse(proxy if "//" in proxy else f"//{proxy}")
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname, port), timeout=HUB_SECONDS).close()
    except OSError:
        return False
    return True


def _load_hugging_face(name: str, device: torch.device) -> TransformerBridge:
    from transformer_lens.model_bridge import TransformerBridge

    if os.path.isdir(name) and not os.path.isfile(os.path.join(name, "config.json")):
        raise ZooError(f"The folder {name} holds no config.json, so it is no model in Hugging Face format: "
                       f"give another folder, or one of the bundled models ({_names()}).")
    folder = _local_folder(name)
    if folder is None and not _hub_answers():
        raise ZooError(f"{name!r} is neither bundled nor in the local Hugging Face cache, and the hub cannot be "
                       f"reached from here: use a bundled model ({_names()}), or load it once with a network.")
    try:
        bridge = TransformerBridge.boot_transformers(str(folder or name), device=device)
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ZooError(f"{name!r} could not be loaded ({reason}): check the name, "
                       f"or use a bundled model ({_names()}).") from error
    return bridge.eval()

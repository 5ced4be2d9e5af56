"""Exercises 5 and 6: exchange one head's output; exchange one message on its direct path to the logits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_utils import ioi
from course_utils.grading.inputs import Inputs, ids, small_model
from course_utils.grading.kinds import Function, wrong

Z = "blocks.{}.attn.hook_z"
Put = Callable[[Tensor, Any, int, int], Tensor]

# 5 · noise_heads


def _pairs(rng: torch.Generator) -> Inputs:
    for seed, batch, length in ((0, 1, 2), (1, 2, 4), (2, 3, 6)):
        clean = ids(rng, 11, batch, length)
        other = clean.clone()
        other[:, length // 2] = (other[:, length // 2] + 1 + ids(rng, 10, batch)) % 11
        yield small_model(seed, mlps=True), clean, other
    yield small_model(3, layers=3, mlps=True), ids(rng, 11, 2, 5), ids(rng, 11, 2, 5)
    for size in (4.0, 0.05):
        yield small_model(4, size=size, mlps=True), ids(rng, 11, 2, 5), ids(rng, 11, 2, 5)


def _each_head(model: Any, base: Tensor, put: Put, donor: Any, read: Any = (slice(None), -1)) -> Tensor:
    found = []
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def hook(z: Tensor, hook: Any, layer: int = layer, head: int = head) -> Tensor:
                return put(z.clone(), donor, layer, head)

            found.append(model.run_with_hooks(base, fwd_hooks=[(Z.format(layer), hook)])[read])
    return torch.stack(found).unflatten(0, (model.cfg.n_layers, model.cfg.n_heads))


def _of(model: Any, tokens: Tensor) -> Any:
    return model.run_with_cache(tokens)[1]


def _exchange(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    z[:, :, head] = donor["z", layer][:, :, head]
    return z


def _last_only(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    z[:, -1, head] = donor["z", layer][:, -1, head]
    return z


def _zero(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    z[:, :, head] = 0
    return z


def _mean(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    z[:, :, head] = donor["z", layer].mean(0)[:, head]
    return z


def _whole_layer(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    return donor["z", layer].clone()


def _all_but(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    kept = z[:, :, head].clone()
    z[:] = donor["z", layer]
    z[:, :, head] = kept
    return z


def _added(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    z[:, :, head] += donor["z", layer][:, :, head]
    return z


Function(
    id="ioi.noise_heads",
    reference=ioi.noise_heads,
    inputs=_pairs,
    rtol=1e-3,
    atol=1e-4,
    survivors={"`z.clone()` → `z`": "The hook may write into the value that it is handed: nobody else reads it."},
    hints=(
        "Two runs give what you need: `_, donor = model.run_with_cache(other)`, and then one run of `clean` for each head, with a hook at `blocks.{layer}.attn.hook_z`.",
        "The hook gets z of shape (batch, pos, head, d_head). It returns z with `[:, :, head]` replaced by that of `donor[\"z\", layer]`.",
        "A function that is made in a loop sees the loop's last values when it runs. Give it its own: `def put(z, hook, layer=layer, head=head)`.",
    ),
    misconceptions=(
        wrong("clean and other exchanged", lambda m, c, o: _each_head(m, o, _exchange, _of(m, c)), "You run the other prompts and put the clean head in. That is denoising, which asks what one head can bring back; noising runs the clean prompts."),
        wrong("last position only", lambda m, c, o: _each_head(m, c, _last_only, _of(m, o)), "You exchange the head at the last position only. What it writes at earlier positions is read by later heads: exchange all positions."),
        wrong("zeros", lambda m, c, o: _each_head(m, c, _zero, None), "You put zeros in. The head is to say what it says on the other prompts."),
        wrong("mean over the prompts", lambda m, c, o: _each_head(m, c, _mean, _of(m, o)), "You put the mean over the other prompts in. Each clean prompt gets the value of its own partner, row by row."),
        wrong("whole layer", lambda m, c, o: _each_head(m, c, _whole_layer, _of(m, o)), "You exchange all heads of the layer. One at a time."),
        wrong("all but one", lambda m, c, o: _each_head(m, c, _all_but, _of(m, o)), "You exchange all heads of the layer *but* the one that is asked for."),
        wrong("added", lambda m, c, o: _each_head(m, c, _added, _of(m, o)), "You add the other value to the head's own. It is to stand in its place."),
        wrong("every position's logits", lambda m, c, o: _each_head(m, c, _exchange, _of(m, o), read=slice(None)), "You return the logits of all positions. Those of the last one are asked for: `[:, -1]`."),
        wrong("change of the logits", lambda m, c, o: _each_head(m, c, _exchange, _of(m, o)) - m(c)[:, -1], "You subtract the clean logits. The logits themselves are asked for; the change is taken later, of the metric."),
        wrong("nothing exchanged", lambda m, c, o: _each_head(m, c, lambda z, *_: z, None), "Nothing is exchanged. The hook has to *return* the new z."),
    ),
)  # fmt: skip


# 6 · direct_path


def _paths(rng: torch.Generator) -> Inputs:
    yield small_model(0, mlps=True), ids(rng, 11, 1, 3), ids(rng, 11, 1, 3), (0, 1), "frozen"
    for seed, layers, head, mlps in ((1, 2, (0, 0), "recomputed"), (2, 2, (1, 2), "recomputed"), (3, 3, (0, 2), "frozen"),
                                     (5, 3, (1, 0), "frozen"), (4, 3, (0, 1), "recomputed"), (6, 2, (1, 1), "frozen")):  # fmt: skip
        yield small_model(seed, layers=layers, mlps=True), ids(rng, 11, 2, 5), ids(rng, 11, 2, 5), head, mlps
    yield small_model(7, size=4.0, mlps=True), ids(rng, 11, 2, 4), ids(rng, 11, 2, 4), (0, 1), "recomputed"
    yield small_model(9, size=9.0, mlps=True), ids(rng, 11, 2, 4), ids(rng, 11, 2, 4), (0, 2), "frozen"


def _path(model: Any, clean: Tensor, other: Tensor, head: tuple[int, int], mlps: str, *, heads: bool = True,
          first_mlp: int = 0, sign: float = 1.0, swap: bool = False, at: Any = slice(None), whole: bool = False) -> Tensor:  # fmt: skip
    """`direct_path` with something left out or changed."""
    layer, number = head
    here, there = _of(model, clean), _of(model, other)
    change = sign * (there["z", layer] - here["z", layer])
    message = (
        torch.einsum("bphe,hed->bpd", change, model.W_O[layer])
        if whole
        else change[:, :, number] @ model.W_O[layer, number]
    )
    kept = torch.zeros_like(message)
    kept[:, at] = message[:, at]
    base, values = (other, there) if swap else (clean, here)
    hooks = [(f"blocks.{layer}.hook_attn_out", lambda out, hook: out + kept)]
    for later in range(layer, model.cfg.n_layers):
        if later > layer and heads:
            hooks.append((Z.format(later), lambda z, hook, later=later: values["z", later]))
        if mlps == "frozen" and later >= layer + first_mlp:
            hooks.append((f"blocks.{later}.hook_mlp_out", lambda out, hook, later=later: values["mlp_out", later]))
    return model.run_with_hooks(base, fwd_hooks=hooks)


def _other_way(mlps: str) -> str:
    return "recomputed" if mlps == "frozen" else "frozen"


Function(
    id="ioi.direct_path",
    reference=ioi.direct_path,
    inputs=_paths,
    rtol=1e-3,
    atol=1e-4,
    survivors={"`layer > at` → `layer >= at`": "The heads of the sender's own layer cannot hear it, so freezing them changes nothing."},
    hints=(
        "The message is what the head writes in `other` minus what it writes in `clean`: the difference of its z, times W_O. Add it to the stream with a hook at `blocks.{layer}.hook_attn_out`.",
        "Every later head must not hear it: give it its z of the clean run, with hooks at `blocks.{later}.attn.hook_z`.",
        "With mlps=\"frozen\" the MLPs of this layer and of the later ones get their `mlp_out` of the clean run, at `blocks.{later}.hook_mlp_out`. The MLP of the sender's own layer reads after its heads.",
    ),
    misconceptions=(
        wrong("later heads not frozen", lambda *a: _path(*a, heads=False), "Later heads hear the message and act on it. On the direct path they keep their z of the clean run."),
        wrong("frozen and recomputed exchanged", lambda m, c, o, h, mlps: _path(m, c, o, h, _other_way(mlps)), "Frozen and recomputed are exchanged: frozen MLPs keep their outputs of the clean run."),
        wrong("MLPs always frozen", lambda m, c, o, h, mlps: _path(m, c, o, h, "frozen"), "You freeze the MLPs always. With \"recomputed\" they belong to the path and read the message."),
        wrong("MLPs never frozen", lambda m, c, o, h, mlps: _path(m, c, o, h, "recomputed"), "You never freeze the MLPs. With \"frozen\" they keep their outputs of the clean run."),
        wrong("own layer's MLP not frozen", lambda *a: _path(*a, first_mlp=1), "The MLP of the sender's own layer is not frozen. It reads the stream after the heads of its layer have written, so it would hear the message."),
        wrong("message turned round", lambda *a: _path(*a, sign=-1.0), "Your message has the wrong sign: what the head writes in `other` minus what it writes in `clean`."),
        wrong("last position only", lambda *a: _path(*a, at=slice(-1, None)), "You add the message at the last position only. It is asked for at all positions, so that the logits at all of them are right."),
        wrong("whole layer's message", lambda *a: _path(*a, whole=True), "You send what the whole layer writes. The message is that of one head: index z and W_O by it."),
        wrong("run on the other prompts", lambda *a: _path(*a, swap=True), "You run the other prompts. Everything but the message is as on the clean ones."),
        wrong("no message", lambda m, c, o, h, mlps: m(c), "These are the clean logits: the message does not arrive. A hook has to return the changed value."),
    ),
)  # fmt: skip

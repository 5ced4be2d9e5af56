"""Exercises 8 and 9: take heads away; tell one head's keys what another would have said."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils.induction.exercises.inputs import Inputs, small_model, some_tokens
from course_utils.grading.kinds import Function, wrong

Head = tuple[int, int]
Z = "blocks.{}.attn.hook_z"

# 8 · ablate_heads


def _ablations(rng: torch.Generator) -> Inputs:
    plain, normed = small_model(int(torch.randint(8, (), generator=rng)), None), small_model(3)
    yield plain, some_tokens(rng, 2, 3), [(0, 1)], "zero"
    yield plain, some_tokens(rng, 3, 4), [(1, 1)], "mean"
    yield normed, some_tokens(rng, 4, 6), [(0, 2), (0, 0)], "mean"
    yield normed, some_tokens(rng, 4, 7), [(1, 1), (0, 1), (1, 2)], "zero"
    yield normed, some_tokens(rng, 5, 8), [(0, 1), (1, 0)], "mean"
    yield normed, some_tokens(rng, 2, 5), [], "mean"


def _hooked(
    model: Any, tokens: Tensor, heads: Sequence[Head], put: Callable[[Tensor, int, str], Tensor], site: str
) -> Tensor:
    """A run with `put(value, head, name of the hook point)` at the site of each of these heads."""

    def at(layer: int, name: str) -> Callable:
        def hook(value: Tensor, hook: Any) -> Tensor:
            value = value.clone()
            for where, head in heads:
                if where == layer:
                    value = put(value, head, name)
            return value

        return hook

    names = {layer: site.format(layer) for layer, _ in heads}  # a hook's own name is another one in a bridge
    return model.run_with_hooks(tokens, fwd_hooks=[(name, at(layer, name)) for layer, name in names.items()])


def _ablated(wanted: Callable[[Tensor, str], Tensor], at: Any = slice(None)) -> Callable:
    """An `ablate_heads` that puts `wanted(z of the whole layer, ablation)[:, :, head]` in at some positions."""

    def ablate(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
        _, seen = model.run_with_cache(tokens)

        def put(z: Tensor, head: int, name: str) -> Tensor:
            z[:, at, head] = wanted(seen[name], ablation)[:, at, head]
            return z

        return _hooked(model, tokens, heads, put, Z)

    return ablate


def _zero_or_mean(z: Tensor, ablation: str) -> Tensor:
    return z.mean(0, keepdim=True).expand_as(z) if ablation == "mean" else torch.zeros_like(z)


def _one_after_the_other(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    """Each head's mean is taken over a run in which the heads before it are ablated already."""

    def put(z: Tensor, head: int, name: str) -> Tensor:
        z[:, :, head] = _zero_or_mean(z, ablation)[:, :, head]
        return z

    return _hooked(model, tokens, heads, put, Z)


def _at_position(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    _, seen = model.run_with_cache(tokens)

    def put(z: Tensor, head: int, name: str) -> Tensor:
        z[:, head] = _zero_or_mean(seen[name], ablation)[:, head]
        return z

    return _hooked(model, tokens, heads, put, Z)


def _whole_layer(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    every = [(layer, head) for layer in {at for at, _ in heads} for head in range(model.cfg.n_heads)]
    return _ablated(_zero_or_mean)(model, tokens, every, ablation)


def _pattern(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    _, seen = model.run_with_cache(tokens)

    def put(pattern: Tensor, head: int, name: str) -> Tensor:
        pattern[:, head] = _zero_or_mean(seen[name], ablation)[:, head]
        return pattern

    return _hooked(model, tokens, heads, put, "blocks.{}.attn.hook_pattern")


_ablate = _ablated(_zero_or_mean)

Function(
    id="induction.ablate_heads",
    reference=ind.ablate_heads,
    inputs=_ablations,
    rtol=1e-3,
    atol=1e-4,
    hints=(
        "A head's output before W_O is z, at `blocks.{layer}.attn.hook_z`, of shape (batch, pos, head, d_head). A hook is a function of (z, hook) that returns what the model shall go on with.",
        "Take the means first, from a run without hooks: `model.run_with_cache(tokens)`. Then run once with a hook for each layer concerned: model.run_with_hooks(tokens, fwd_hooks=[(name, hook), …]).",
        "z = z.clone(); z[:, :, head] = 0, or = clean_z.mean(0)[:, head]: the mean over the batch, at each position its own. A hook does not know its layer (`hook.name` is the bridge's own name of the place): make one for each layer, with functools.partial.",
    ),
    misconceptions=(
        wrong("always zero", _ablated(lambda z, ablation: torch.zeros_like(z)),
              "You put in zeros where the mean is asked for. Zero is as foreign to the rest of the model as any value: with ablation=\"mean\", put in the head's mean over the batch."),
        wrong("always mean", _ablated(lambda z, ablation: _zero_or_mean(z, "mean")),
              "You put in the mean where zero is asked for. Look at `ablation`."),
        wrong("only the last position", _ablated(_zero_or_mean, slice(-1, None)),
              "You ablate at the last position only. A head in the first layer works at every position, and later heads read it there: z[:, :, head]."),
        wrong("only the first head", lambda model, tokens, heads, ablation: _ablate(model, tokens, heads[:1], ablation),
              "Only the first head of the list is ablated. All of them are silent in the same run."),
        wrong("only the last head", lambda model, tokens, heads, ablation: _ablate(model, tokens, heads[-1:], ablation),
              "Only the last head of the list is ablated. All of them are silent in the same run: one run with all the hooks. And a hook made in a loop sees the loop's last value: give it its own with functools.partial."),
        wrong("position in place of head", _at_position,
              "You index the positions in place of the heads. z is (batch, pos, head, d_head): z[:, :, head]."),
        wrong("only one head of a layer", lambda model, tokens, heads, ablation: _ablate(model, tokens, list({layer: (layer, head) for layer, head in heads}.values()), ablation),
              "Of two heads in one layer only the last is ablated. Does your loop overwrite a hook, or does each hook look at one head only?"),
        wrong("whole layer", _whole_layer,
              "You silence every head of the layer. z has an axis for heads: z[:, :, head]."),
        wrong("mean over positions too", _ablated(lambda z, ablation: z.mean((0, 1), keepdim=True).expand_as(z) if ablation == "mean" else torch.zeros_like(z)),
              "Your mean runs over the positions as well. What a head writes on average differs from position to position: average over the batch only, z.mean(0)."),
        wrong("mean over positions only", _ablated(lambda z, ablation: z.mean(1, keepdim=True).expand_as(z) if ablation == "mean" else torch.zeros_like(z)),
              "You average over the positions of each sequence. The mean is over the batch, axis 0: over what the head does in *other* sequences."),
        wrong("mean over heads", _ablated(lambda z, ablation: z.mean(2, keepdim=True).expand_as(z) if ablation == "mean" else torch.zeros_like(z)),
              "You put in the mean of the layer's heads. Each head is replaced by its own mean over the batch."),
        wrong("means of an ablated run", _one_after_the_other,
              "Your means come from the run that is already ablated: a head in the second layer is averaged after the first has been changed. Take the means from a clean run first."),
        wrong("pattern in place of output", _pattern,
              "You change the attention pattern. Ablating a head replaces its output: hook_z, not hook_pattern."),
        wrong("layer and head exchanged", lambda model, tokens, heads, ablation: _ablate(model, tokens, [(head % model.cfg.n_layers, layer % model.cfg.n_heads) for layer, head in heads], ablation),
              "Layer and head are exchanged: a pair is (layer, head)."),
        wrong("nothing ablated", lambda model, tokens, heads, ablation: model(tokens),
              "This is the run without ablation. Does your hook return the changed z, and is it handed to run_with_hooks?"),
    ),
)  # fmt: skip


# 9 · path_patch_k


def _paths(rng: torch.Generator) -> Inputs:
    plain, normed = small_model(int(torch.randint(8, 16, (), generator=rng)), None), small_model(5)
    cases = [(plain, 1, 3), (plain, 2, 5), (normed, 2, 4), (normed, 3, 7), (small_model(6, "LNPre", 4, 3), 2, 6)]
    for number, (model, batch, length) in enumerate(cases):
        late = 2 if number == 4 else 1
        sender, receiver = (late - 1, (number + 1) % 3), (late, number % 3)
        yield model, some_tokens(rng, batch, length), some_tokens(rng, batch, length), sender, receiver


def _patched(
    heard: Callable[..., Tensor],
    site: str = "k",
    at: Any = slice(None),
    all_heads: bool = False,
    norm: bool = True,
    through: str | None = None,
    on_other: bool = False,
) -> Callable:
    """A `path_patch_k` whose receiver hears the residual stream `heard(model, here, there, sender, late)`."""

    def patch(model: Any, clean: Tensor, other: Tensor, sender: Head, receiver: Head) -> Tensor:
        (_, here), (_, there) = model.run_with_cache(clean), model.run_with_cache(other)
        late, listener = receiver
        stream = heard(model, here, there, sender, late)
        stream = model.blocks[late].ln1(stream) if norm else stream
        made_by = (through or site).upper()
        W, b = getattr(model, f"W_{made_by}")[late], getattr(model, f"b_{made_by}")[late]
        value = torch.einsum("bpd,hde->bphe", stream, W) + b

        def hook(old: Tensor, hook: Any) -> Tensor:
            new = old.clone()
            which = slice(None) if all_heads else slice(listener, listener + 1)
            new[:, at, which] = value[:, at, which]
            return new

        base = other if on_other else clean
        return model.run_with_hooks(base, fwd_hooks=[(f"blocks.{late}.attn.hook_{site}", hook)])

    return patch


def _resid(cache: Any, layer: int) -> Tensor:
    return cache[f"blocks.{layer}.hook_resid_pre"]


def _says(model: Any, cache: Any, head: Head) -> Tensor:
    return cache[Z.format(head[0])][:, :, head[1]] @ model.W_O[head]


def _message(model: Any, here: Any, there: Any, sender: Head, late: int) -> Tensor:
    return _resid(here, late) - _says(model, here, sender) + _says(model, there, sender)


def _everywhere(model: Any, clean: Tensor, other: Tensor, sender: Head, receiver: Head) -> Tensor:
    """The sender's z replaced for everybody who reads it."""
    _, there = model.run_with_cache(other)
    name = Z.format(sender[0])

    def hook(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        z[:, :, sender[1]] = there[name][:, :, sender[1]]
        return z

    return model.run_with_hooks(clean, fwd_hooks=[(name, hook)])


_path = _patched(_message)

Function(
    id="induction.path_patch_k",
    reference=ind.path_patch_k,
    inputs=_paths,
    rtol=1e-3,
    atol=1e-4,
    hints=(
        "Three runs: cache the clean one, cache the other, then run on clean with one hook. Everything happens in what that hook puts in.",
        "The message: what the sender writes in the other run minus what it writes in the clean one, (z_other − z_clean)[:, :, head] @ model.W_O[layer, head], of shape (batch, pos, d_model).",
        "The receiver hears resid_pre (clean) + message, through its layer's norm: model.blocks[layer].ln1(…) @ model.W_K[layer, head] + model.b_K[layer, head]. Put that into `blocks.{layer}.attn.hook_k` at [:, :, head].",
    ),
    misconceptions=(
        wrong("whole layer in place of the path", _patched(lambda model, here, there, sender, late: _resid(there, late)),
              "You give the receiver's keys the whole residual stream of the other run: embeddings and every head. Only the sender's message may differ: resid_pre of the clean run, with one head's output exchanged."),
        wrong("every head of the sender's layer", _patched(lambda model, here, there, sender, late: _resid(here, late) - here[f"blocks.{sender[0]}.hook_attn_out"] + there[f"blocks.{sender[0]}.hook_attn_out"]),
              "You exchange what all heads of the sender's layer write. The path starts at one head: (z_other − z_clean)[:, :, head] @ W_O[layer, head]."),
        wrong("sender patched for everybody", _everywhere,
              "You replace the sender's output itself, so every head that reads it, and the logits too, hear the change. Only the receiver's keys may hear it: leave the residual stream alone and change hook_k."),
        wrong("queries", _patched(_message, "q"),
              "You patch the receiver's queries. K-composition is about its keys: W_K, b_K and hook_k."),
        wrong("values", _patched(_message, "v"),
              "You patch the receiver's values. What it looks at is decided by its keys: W_K, b_K and hook_k."),
        wrong("keys made with W_Q", _patched(_message, through="q"),
              "You make keys with W_Q and b_Q. Keys are made with W_K and b_K."),
        wrong("keys put into the queries", _patched(_message, "q", through="k"),
              "You make the right keys and put them into hook_q. Keys belong into hook_k."),
        wrong("run on the other sequence", _patched(_message, on_other=True),
              "Your last run is on `other`. Run on `clean`: only the one message comes from `other`."),
        wrong("every receiver", _patched(_message, all_heads=True),
              "You change the keys of all heads of the receiver's layer. Only one head listens: hook_k at [:, :, head]."),
        wrong("clean message not taken out", _patched(lambda model, here, there, sender, late: _resid(here, late) + _says(model, there, sender)),
              "You add what the sender says in the other run and leave in what it says in the clean one: the receiver hears both. The message is the difference, other minus clean."),
        wrong("message taken out only", _patched(lambda model, here, there, sender, late: _resid(here, late) - _says(model, here, sender)),
              "You only take the clean message out. That is an ablation of the path; patching puts what the sender says in the other run in its place."),
        wrong("runs exchanged", lambda model, clean, other, sender, receiver: _path(model, other, clean, sender, receiver),
              "The two runs are exchanged. The model runs on `clean`, and one message comes from `other`."),
        wrong("sign of the message", _patched(lambda model, here, there, sender, late: _resid(here, late) + _says(model, here, sender) - _says(model, there, sender)),
              "Your message has the wrong sign: it is other minus clean."),
        wrong("norm forgotten", _patched(_message, norm=False),
              "The receiver's layer normalises what it reads. Pass the changed residual stream through model.blocks[layer].ln1 before W_K."),
        wrong("only the last position", _patched(_message, at=slice(-1, None)),
              "You change the key of the last position only. The receiver looks *back*: the keys of all positions hear the message."),
        wrong("sender and receiver exchanged", lambda model, clean, other, sender, receiver: _path(model, clean, other, (sender[0], receiver[1]), (receiver[0], sender[1])),
              "The heads of sender and receiver are exchanged. A pair is (layer, head); the first one speaks."),
        wrong("nothing patched", lambda model, clean, other, sender, receiver: model(clean),
              "This is the clean run. Does your hook return the changed keys, and does the message differ from zero?"),
    ),
)  # fmt: skip

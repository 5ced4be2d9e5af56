"""Exercise 9: change what one input of one head reads of another."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils.grading.inputs import Inputs, ids, small_model
from course_utils.grading.kinds import Function, wrong

Head = tuple[int, int]
Z = "blocks.{}.attn.hook_z"


def _paths(rng: torch.Generator) -> Inputs:
    plain, normed = small_model(int(torch.randint(8, 16, (), generator=rng)), None), small_model(5)
    deep = small_model(6, "LNPre", 4, 3)
    cases = [  # never as many positions as heads: a bias of all heads would then broadcast
        (plain, 1, 2, "k"), (plain, 2, 5, "q"), (normed, 2, 4, "v"), (normed, 3, 7, "k"), (deep, 2, 6, "q"),
        (deep, 2, 5, "v"), (deep, 3, 6, "k"),
    ]  # fmt: skip
    for number, (model, batch, length, reads) in enumerate(cases):
        late = 2 if number >= 4 else 1
        sender, receiver = (late - 1, (number + 1) % 3), (late, number % 3)
        yield model, ids(rng, 11, batch, length), ids(rng, 11, batch, length), sender, receiver, reads
    yield small_model(4, size=9.0), ids(rng, 11, 2, 5), ids(rng, 11, 2, 5), (0, 1), (1, 2), "k"
    yield plain, ids(rng, 11, 2, 5), ids(rng, 11, 2, 5), (0, 1), (1, 1), "k"  # the same number in both layers


def _patched(
    heard: Callable[..., Tensor],
    site: str | Mapping[str, str] = "",
    at: Any = slice(None),
    all_heads: bool = False,
    norm: bool = True,
    through: str | Mapping[str, str] = "",
    on_other: bool = False,
    made_for: Callable[[Head, Head], int] = lambda sender, receiver: receiver[1],
) -> Callable:
    """A `path_patch` whose receiver reads the residual stream `heard(model, here, there, sender, late)`.

    `site` and `through` say where it is put in and by which matrix it is made, instead of the input that is asked for:
    one letter, or a letter for each; `made_for` says for which head it is made.
    """

    def patch(model: Any, clean: Tensor, other: Tensor, sender: Head, receiver: Head, reads: str) -> Tensor:
        (_, here), (_, there) = model.run_with_cache(clean), model.run_with_cache(other)
        late, listener = receiver
        stream = heard(model, here, there, sender, late)
        stream = model.blocks[late].ln1(stream) if norm else stream
        put_at = (site.get(reads, reads) if isinstance(site, Mapping) else site) or reads
        made_by = ((through.get(reads, reads) if isinstance(through, Mapping) else through) or reads).upper()
        W, b = getattr(model, f"W_{made_by}")[late], getattr(model, f"b_{made_by}")[late]
        value = torch.einsum("bpd,hde->bphe", stream, W) + b
        value[:, :, listener] = value[:, :, made_for(sender, receiver)]

        def hook(old: Tensor, hook: Any) -> Tensor:
            new = old.clone()
            which = slice(None) if all_heads else slice(listener, listener + 1)
            new[:, at, which] = value[:, at, which]
            return new

        base = other if on_other else clean
        return model.run_with_hooks(base, fwd_hooks=[(f"blocks.{late}.attn.hook_{put_at}", hook)])

    return patch


def _resid(cache: Any, layer: int) -> Tensor:
    return cache[f"blocks.{layer}.hook_resid_pre"]


def _says(model: Any, cache: Any, head: Head) -> Tensor:
    return cache[Z.format(head[0])][:, :, head[1]] @ model.W_O[head]


def _message(model: Any, here: Any, there: Any, sender: Head, late: int) -> Tensor:
    return _resid(here, late) - _says(model, here, sender) + _says(model, there, sender)


def _everywhere(model: Any, clean: Tensor, other: Tensor, sender: Head, receiver: Head, reads: str) -> Tensor:
    """The sender's z replaced for everybody who reads it."""
    _, there = model.run_with_cache(other)
    name = Z.format(sender[0])

    def hook(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        z[:, :, sender[1]] = there[name][:, :, sender[1]]
        return z

    return model.run_with_hooks(clean, fwd_hooks=[(name, hook)])


def _behind_the_norm(model: Any, clean: Tensor, other: Tensor, sender: Head, receiver: Head, reads: str) -> Tensor:
    """The message added to the normed stream, or, what is the same, its image added to the input."""
    (_, here), (_, there) = model.run_with_cache(clean), model.run_with_cache(other)
    late, reader = receiver
    message = _says(model, there, sender) - _says(model, here, sender)
    made = message @ getattr(model, f"W_{reads.upper()}")[late, reader]

    def hook(old: Tensor, hook: Any) -> Tensor:
        new = old.clone()
        new[:, :, reader] += made
        return new

    return model.run_with_hooks(clean, fwd_hooks=[(f"blocks.{late}.attn.hook_{reads}", hook)])


def _added_to_the_input(model: Any, clean: Tensor, other: Tensor, sender: Head, receiver: Head, reads: str) -> Tensor:
    """The input as it should be, added to what stands there."""
    (_, here), (_, there) = model.run_with_cache(clean), model.run_with_cache(other)
    late, reader = receiver
    stream = model.blocks[late].ln1(_message(model, here, there, sender, late))
    made = stream @ getattr(model, f"W_{reads.upper()}")[receiver] + getattr(model, f"b_{reads.upper()}")[receiver]

    def hook(old: Tensor, hook: Any) -> Tensor:
        new = old.clone()
        new[:, :, reader] += made
        return new

    return model.run_with_hooks(clean, fwd_hooks=[(f"blocks.{late}.attn.hook_{reads}", hook)])


def _at_a_position(model: Any, clean: Tensor, other: Tensor, sender: Head, receiver: Head, reads: str) -> Tensor:
    """All heads at the position that has the receiver's number."""
    place = receiver[1]
    return _patched(_message, at=slice(place, place + 1), all_heads=True)(model, clean, other, sender, receiver, reads)


def _all_inputs(model: Any, clean: Tensor, other: Tensor, sender: Head, receiver: Head, reads: str) -> Tensor:
    """Queries, keys and values, whichever is asked."""
    (_, here), (_, there) = model.run_with_cache(clean), model.run_with_cache(other)
    late, reader = receiver
    stream = model.blocks[late].ln1(_message(model, here, there, sender, late))

    def hook(old: Tensor, hook: Any, name: str) -> Tensor:
        new = old.clone()
        new[:, :, reader] = stream @ getattr(model, f"W_{name}")[receiver] + getattr(model, f"b_{name}")[receiver]
        return new

    hooks = [(f"blocks.{late}.attn.hook_{name.lower()}", partial(hook, name=name)) for name in "QKV"]
    return model.run_with_hooks(clean, fwd_hooks=hooks)


def _norm_held(model: Any, here: Any, there: Any, sender: Head, late: int) -> Tensor:
    """The stream divided by the number that its norm has in the clean run."""
    name = f"blocks.{late}.ln1.hook_scale"
    stream = _message(model, here, there, sender, late)
    if name not in here:
        return stream
    flat = (stream - stream.mean(-1, keepdim=True)) / here[name]
    norm = model.blocks[late].ln1
    return flat * norm.weight + norm.bias if getattr(norm, "weight", None) is not None else flat


_path = _patched(_message)

Function(
    id="induction.path_patch",
    reference=ind.path_patch,
    inputs=_paths,
    survivors={
        "`model.run_with_cache(*": "What more is cached is not read.",
        "`old.clone()` → `old`": "The value is made for this run, and nobody else reads it.",
    },
    rtol=1e-3,
    atol=1e-4,
    hints=(
        "Three runs: cache the clean one, cache the other, then run on clean with one hook. Everything happens in what that hook puts in. What does the receiver read, and which part of it is the sender's?",
        "The message is what the sender writes into the stream in the other run minus what it writes in the clean one: (z_other − z_clean)[:, :, head] @ model.W_O[layer, head], of shape (batch, pos, d_model). The receiver's layer reads `blocks.{layer}.hook_resid_pre` through its norm, model.blocks[layer].ln1.",
        "For the keys: model.blocks[layer].ln1(resid_pre + message) @ model.W_K[layer, head] + model.b_K[layer, head]. Put that into `blocks.{layer}.attn.hook_k` at [:, :, head]; queries and values likewise.",
    ),
    misconceptions=(
        wrong("whole layer in place of the path", _patched(lambda model, here, there, sender, late: _resid(there, late)),
              "You give the receiver the whole residual stream of the other run: embeddings and every head. Only the sender's message may differ: resid_pre of the clean run, with one head's output exchanged."),
        wrong("every head of the sender's layer", _patched(lambda model, here, there, sender, late: _resid(here, late) - here[f"blocks.{sender[0]}.hook_attn_out"] + there[f"blocks.{sender[0]}.hook_attn_out"]),
              "You exchange what all heads of the sender's layer write. The path starts at one head: (z_other − z_clean)[:, :, head] @ W_O[layer, head]."),
        wrong("stream before the sender", _patched(lambda model, here, there, sender, late: _resid(here, sender[0]) - _says(model, here, sender) + _says(model, there, sender)),
              "You take the residual stream before the *sender's* layer. The receiver reads the stream before its own layer, with all that the earlier ones have written."),
        wrong("made for the sender's number", _patched(_message, made_for=lambda sender, receiver: sender[1]),
              "You take the sender's number to choose among the receiver's matrices. W and b are the receiver's: model.W_K[layer, head] with both numbers of the receiver."),
        wrong("caches exchanged", _patched(lambda model, here, there, sender, late: _message(model, there, here, sender, late)),
              "Clean and other are exchanged in what you read from the caches. The stream is the clean run's, and the sender's part alone comes from `other`."),
        wrong("all inputs", _all_inputs,
              "You change the queries, the keys and the values of the receiver. Only the input that `reads` names gets the message."),
        wrong("message alone", _patched(lambda model, here, there, sender, late: _says(model, there, sender) - _says(model, here, sender)),
              "You give the receiver the message alone. It reads the whole clean stream, in which one part is exchanged: resid_pre + message."),
        wrong("added to the input", _added_to_the_input,
              "You add the new input to the one that stands there. Put it in its place, with = and not with +=."),
        wrong("normed apart", _patched(lambda model, here, there, sender, late: model.blocks[late].ln1(_resid(here, late)) + model.blocks[late].ln1(_says(model, there, sender) - _says(model, here, sender)), norm=False),
              "You normalise the stream and the message apart and add the two. Add them first: the norm is of the sum."),
        wrong("norm held fixed", _patched(_norm_held, norm=False),
              "You hold the norm at its number in the clean run, as the lesson did for one score. Here the receiver's norm sees the changed stream: pass it through model.blocks[layer].ln1."),
        wrong("sender patched for everybody", _everywhere,
              "You replace the sender's output itself, so every head that reads it, and the logits too, get the change. Only one input of the receiver may: leave the residual stream alone and change hook_q, hook_k or hook_v."),
        wrong("message behind the norm", _behind_the_norm,
              "You add the message after the norm. The receiver's norm sees the changed stream: it divides by another number then. Change the stream first, pass it through model.blocks[layer].ln1, and make the input of that."),
        wrong("always keys", _patched(_message, site="k", through="k"),
              "You patch the keys whatever is asked. Look at `reads`: it names the input, and with it W, b and the hook."),
        wrong("always queries", _patched(_message, site="q", through="q"),
              "You patch the queries whatever is asked. Look at `reads`: it names the input, and with it W, b and the hook."),
        wrong("always values", _patched(_message, site="v", through="v"),
              "You patch the values whatever is asked. Look at `reads`: it names the input, and with it W, b and the hook."),
        wrong("queries and keys exchanged", _patched(_message, site={"q": "k", "k": "q"}, through={"q": "k", "k": "q"}),
              "Queries and keys are exchanged: \"q\" goes by W_Q, b_Q and hook_q, \"k\" by W_K, b_K and hook_k."),
        wrong("hooks of queries and keys exchanged", _patched(_message, site={"q": "k", "k": "q"}),
              "What you make of the queries goes into hook_k, and what you make of the keys into hook_q. \"q\" goes by W_Q, b_Q and hook_q, \"k\" by W_K, b_K and hook_k."),
        wrong("matrices of queries and keys exchanged", _patched(_message, through={"q": "k", "k": "q"}),
              "You make the queries with W_K and the keys with W_Q. \"q\" goes by W_Q, b_Q and hook_q, \"k\" by W_K, b_K and hook_k."),
        wrong("always put into the queries", _patched(_message, site="q"),
              "You put every input into hook_q. Keys belong into hook_k, values into hook_v."),
        wrong("position in place of head", _at_a_position,
              "You index the positions in place of the heads. The value is (batch, pos, head, d_head): value[:, :, head]."),
        wrong("always made with W_K", _patched(_message, through="k"),
              "You make every input with W_K and b_K. Each has its own matrix: `reads` names it."),
        wrong("always made with W_Q", _patched(_message, through="q"),
              "You make every input with W_Q and b_Q. Each has its own matrix: `reads` names it."),
        wrong("always put into the keys", _patched(_message, site="k"),
              "You put every input into hook_k. Queries belong into hook_q, values into hook_v."),
        wrong("run on the other sequence", _patched(_message, on_other=True),
              "Your last run is on `other`. Run on `clean`: only the one message comes from `other`."),
        wrong("every receiver", _patched(_message, all_heads=True),
              "You overwrite all heads of the receiver's layer. Only one head is the receiver: [:, :, head] of the hook's value."),
        wrong("clean message not taken out", _patched(lambda model, here, there, sender, late: _resid(here, late) + _says(model, there, sender)),
              "You add what the sender writes in the other run and leave in what it writes in the clean one, so that the receiver reads both. The message is the difference, other minus clean."),
        wrong("message taken out only", _patched(lambda model, here, there, sender, late: _resid(here, late) - _says(model, here, sender)),
              "You only take the clean message out. That is an ablation of the path; patching puts what the sender writes in the other run in its place."),
        wrong("runs exchanged", lambda model, clean, other, sender, receiver, reads: _path(model, other, clean, sender, receiver, reads),
              "The two runs are exchanged. The model runs on `clean`, and one message comes from `other`."),
        wrong("sign of the message", _patched(lambda model, here, there, sender, late: _resid(here, late) + _says(model, here, sender) - _says(model, there, sender)),
              "Your message has the wrong sign: it is other minus clean."),
        wrong("norm forgotten", _patched(_message, norm=False),
              "The receiver's layer normalises what it reads. Pass the changed residual stream through model.blocks[layer].ln1 before W_Q, W_K or W_V."),
        wrong("only the last position", _patched(_message, at=slice(-1, None)),
              "You change the last position only. All positions read the message, keys and values above all: the receiver looks *back*."),
        wrong("queries at the last position only", lambda model, clean, other, sender, receiver, reads: _patched(_message, at=slice(-1, None) if reads == "q" else slice(None))(model, clean, other, sender, receiver, reads),
              "Keys and values are right, and of the queries you change the last position only. Every position asks, and the logits at all of them are compared."),
        wrong("sender and receiver exchanged", lambda model, clean, other, sender, receiver, reads: _path(model, clean, other, (sender[0], receiver[1]), (receiver[0], sender[1]), reads),
              "The heads of sender and receiver are exchanged. A pair is (layer, head); the sender writes."),
        wrong("nothing patched", lambda model, clean, other, sender, receiver, reads: model(clean),
              "This is the clean run. Does your hook return the changed value, and does the message differ from zero?"),
    ),
)  # fmt: skip

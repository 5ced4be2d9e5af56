"""Exercise 8: take heads away."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils.grading.inputs import Inputs, ids, small_model
from course_utils.grading.kinds import Function, wrong

Head = tuple[int, int]
Z = "blocks.{}.attn.hook_z"


def _ablations(rng: torch.Generator) -> Inputs:
    plain, normed = small_model(int(torch.randint(8, (), generator=rng)), None), small_model(3)
    yield plain, ids(rng, 11, 2, 3), [(0, 1)], "zero"
    yield plain, ids(rng, 11, 3, 4), [(1, 1)], "mean"
    yield normed, ids(rng, 11, 4, 6), [(0, 2), (0, 0)], "mean"
    yield normed, ids(rng, 11, 4, 7), [(1, 1), (0, 1), (1, 2)], "zero"
    for _ in range(2):  # other tokens in the same shape
        yield normed, ids(rng, 11, 5, 8), [(0, 1), (1, 0)], "mean"
    yield normed, ids(rng, 11, 2, 5), [], "mean"
    yield small_model(4, size=4.0), ids(rng, 11, 3, 5), [(0, 1), (1, 0)], "zero"


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


def _late_bound(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    """One hook for each pair, all of which use the last pair's layer to choose heads and means."""
    _, seen = model.run_with_cache(tokens)
    if not heads:
        return model(tokens)
    last = heads[-1][0]

    def hook(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        for layer, head in heads:
            if layer == last:
                z[:, :, head] = _zero_or_mean(seen[Z.format(last)], ablation)[:, :, head]
        return z

    return model.run_with_hooks(tokens, fwd_hooks=[(Z.format(layer), hook) for layer in {at for at, _ in heads}])


def _late_bound_heads(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    """One hook for each pair in its own layer, all of which silence the last pair's head."""
    return _ablate(model, tokens, [(layer, heads[-1][1]) for layer, _ in heads], ablation)


def _added_up(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    clean = model(tokens)
    return clean + sum(_ablate(model, tokens, [head], ablation) - clean for head in heads)


def _clean_taken_away(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    """What the head wrote in the clean run, less what it should write, is taken out of the stream after its layer."""
    _, seen = model.run_with_cache(tokens)

    def put(resid: Tensor, head: int, name: str) -> Tensor:
        layer = int(name.split(".")[1])
        z = seen[Z.format(layer)]
        return resid - (z - _zero_or_mean(z, ablation))[:, :, head] @ model.W_O[layer, head]

    return _hooked(model, tokens, heads, put, "blocks.{}.hook_resid_post")


def _rolled_means(model: Any, tokens: Tensor, heads: Sequence[Head], ablation: str) -> Tensor:
    return _ablated(lambda z, ablation: _zero_or_mean(z, ablation).roll(1, 2))(model, tokens, heads, ablation)


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
        wrong("layer and head exchanged", lambda model, tokens, heads, ablation: _ablate(model, tokens, [(head, layer) for layer, head in heads], ablation),
              "Layer and head are exchanged: a pair is (layer, head)."),
        wrong("effects added up", _added_up,
              "You add up the effects of single ablations. All the heads of the list are silent in the same run, so that a later head meets what the earlier ones no longer write."),
        wrong("mean over the other sequences", _ablated(lambda z, ablation: (z.sum(0, keepdim=True) - z) / (len(z) - 1) if ablation == "mean" else torch.zeros_like(z)),
              "Your mean leaves out the sequence itself. It is over the whole batch, the same for every sequence: z.mean(0)."),
        wrong("output of the clean run taken away", _clean_taken_away,
              "You take away what each head wrote in the clean run. Once an earlier head is silent, a later one writes something else: replace its z in the run itself, with a hook at hook_z."),
        wrong("hooks of a loop see its last layer", _late_bound,
              "Every hook acts as if it were in the last layer of your loop: a function made in a loop sees the loop's variable as it is at the end. Give each its own, with functools.partial or a default argument (layer=layer)."),
        wrong("hooks of a loop see its last head", _late_bound_heads,
              "Every hook silences the last head of your loop: a function made in a loop sees the loop's variable as it is at the end. Give each its own, with functools.partial or a default argument (head=head)."),
        wrong("means of one sequence", _ablated(lambda z, ablation: z[:1].expand_as(z) if ablation == "mean" else torch.zeros_like(z)),
              "You put in what the head does in the first sequence. The mean is over all sequences of the batch: z.mean(0)."),
        wrong("mean of the last head's", _rolled_means,
              "The means go to other heads than they were taken from. Index both sides alike: z[:, :, head] = clean_z.mean(0)[:, head]."),
        wrong("nothing ablated", lambda model, tokens, heads, ablation: model(tokens),
              "This is the run without ablation. Does your hook return the changed z, and is it handed to run_with_hooks?"),
    ),
)  # fmt: skip

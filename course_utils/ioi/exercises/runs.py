"""Exercises 5 and 6: exchange one head's output; exchange one message on its direct path to the logits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_utils import ioi
from course_utils.grading.inputs import Inputs, ids, small_model
from course_utils.grading.kinds import Function, wrong

Z = "blocks.{}.attn.hook_z"
Message = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor, int, int], Tensor]
Put = Callable[[Tensor, Any, int, int], Tensor]

# 5 · noise_heads


def _pairs(rng: torch.Generator) -> Inputs:
    for seed, heads, batch, length in ((0, 3, 1, 3), (1, 2, 2, 4), (2, 4, 3, 6)):
        clean = ids(rng, 11, batch, length)
        other = clean.clone()
        other[:, length // 2] = (other[:, length // 2] + 1 + ids(rng, 10, batch)) % 11
        yield small_model(seed, heads=heads, mlps=True), clean, other
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


def _first_layers(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    z[:, :, head] = donor["z", 0][:, :, head]
    return z


def _one_for_all(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    z[:, :, head] = donor["z", layer][0, :, head]
    return z


def _position(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
    z[:, head] = donor["z", layer][:, head]
    return z


def _at(positions: slice) -> Put:
    def put(z: Tensor, donor: Any, layer: int, head: int) -> Tensor:
        z[:, positions, head] = donor["z", layer][:, positions, head]
        return z

    return put


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


def _mask(where: Tensor, z: Tensor, head: int) -> Tensor:
    """(batch, pos, head, 1): this head, at these positions."""
    return where[:, :, None, None] & (torch.arange(z.shape[2]) == head)[:, None]


def _heads_that_stay(model: Any, clean: Tensor, other: Tensor) -> Tensor:
    donor, hooks, found = _of(model, other), [], []
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            hooks.append((Z.format(layer), lambda z, hook, at=(layer, head): _exchange(z.clone(), donor, *at)))
            found.append(model.run_with_hooks(clean, fwd_hooks=hooks)[:, -1])
    return torch.stack(found).unflatten(0, (model.cfg.n_layers, model.cfg.n_heads))


def _inside(name: str, axis: int) -> Callable:
    """The head's `name` exchanged, a value inside of attention with heads on that axis."""

    def exchanged(model: Any, clean: Tensor, other: Tensor) -> Tensor:
        donor, found = _of(model, other), []
        for layer in range(model.cfg.n_layers):
            for head in range(model.cfg.n_heads):

                def put(x: Tensor, hook: Any, layer: int = layer, head: int = head) -> Tensor:
                    return x.index_copy(axis, torch.tensor([head]), donor[name, layer].narrow(axis, head, 1))

                found.append(model.run_with_hooks(clean, fwd_hooks=[(f"blocks.{layer}.attn.hook_{name}", put)])[:, -1])
        return torch.stack(found).unflatten(0, (model.cfg.n_layers, model.cfg.n_heads))

    return exchanged


def _linear(model: Any, clean: Tensor, other: Tensor) -> Tensor:
    here, there, base = _of(model, clean), _of(model, other), model(clean)[:, -1]
    change = [(there["z", n] - here["z", n])[:, -1] for n in range(model.cfg.n_layers)]
    return torch.stack([base + torch.einsum("bhe,hed->hbd", one, W) @ model.W_U for one, W in zip(change, model.W_O, strict=True)])


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
        wrong("last position only", lambda m, c, o: _each_head(m, c, _at(slice(-1, None)), _of(m, o)), "You exchange the head at the last position only. What it writes at earlier positions is read by later heads: exchange all positions."),
        wrong("zeros", lambda m, c, o: _each_head(m, c, lambda z, d, n, h: z * ~_mask(c == c, z, h), None), "You put zeros in. The head is to say what it says on the other prompts."),
        wrong("mean over the prompts", lambda m, c, o: _each_head(m, c, _mean, _of(m, o)), "You put the mean over the other prompts in. Each clean prompt gets the value of its own partner, row by row."),
        wrong("whole layer", lambda m, c, o: _each_head(m, c, _whole_layer, _of(m, o)), "You exchange all heads of the layer. One at a time."),
        wrong("all but one", lambda m, c, o: _each_head(m, c, _all_but, _of(m, o)), "You exchange all heads of the layer *but* the one that is asked for."),
        wrong("layer 0's z in every layer", lambda m, c, o: _each_head(m, c, _first_layers, _of(m, o)), "In every layer you put the head's z of layer 0 in. Each layer has a z of its own: `donor[\"z\", layer]`."),
        wrong("added", lambda m, c, o: _each_head(m, c, _added, _of(m, o)), "You add the other value to the head's own. It is to stand in its place."),
        wrong("heads that stay exchanged", _heads_that_stay, "The heads that you exchanged before stay exchanged: your list of hooks grows. Begin each run with its own hook alone."),
        wrong("first position left out", lambda m, c, o: _each_head(m, c, _at(slice(1, None)), _of(m, o)), "You leave out the first position. What a head writes there is read too: exchange all positions."),
        wrong("last position left out", lambda m, c, o: _each_head(m, c, _at(slice(-1)), _of(m, o)), "You leave out the last position, where the logits are read. Exchange all positions."),
        wrong("where the tokens differ", lambda m, c, o: _each_head(m, c, lambda z, d, n, h: torch.where(_mask(c != o, z, h), d["z", n], z), _of(m, o)), "You exchange only where the tokens differ. Later positions have read them: exchange all positions."),
        wrong("half-way", lambda m, c, o: _each_head(m, c, lambda z, d, n, h: torch.where(_mask(c == c, z, h), (z + d["z", n]) / 2, z), _of(m, o)), "You put in the mean of the two values. The head is to say what it says on the other prompts."),
        wrong("values in place of outputs", _inside("v", 2), "You exchange what the head *could* read (`hook_v`); where it looks stays as on the clean prompts. Exchange what it says: `hook_z`."),
        wrong("pattern in place of outputs", _inside("pattern", 1), "You exchange where the head looks, not what it says: `hook_z` in place of `hook_pattern`."),
        wrong("head on the axis of positions", lambda m, c, o: _each_head(m, c, _position, _of(m, o)), "`z[:, h]` is a position; z is (batch, pos, head, d_head), so that one head is `z[:, :, h]`."),
        wrong("one donor for all", lambda m, c, o: _each_head(m, c, _one_for_all, _of(m, o)), "Every prompt gets the value of the first of the other prompts. Row by row: `[:, :, head]` on both sides."),
        wrong("straight to the logits", _linear, "You add what the head writes, through W_U, to the clean logits. Then nothing later hears it: run the model with the exchange in place."),
        wrong("every position's logits", lambda m, c, o: _each_head(m, c, _exchange, _of(m, o), read=slice(None)), "You return the logits of all positions. Those of the last one are asked for: `[:, -1]`."),
        wrong("change of the logits", lambda m, c, o: _each_head(m, c, _exchange, _of(m, o)) - m(c)[:, -1], "You subtract the clean logits. The logits themselves are asked for; the change is taken later, of the metric."),
        wrong("nothing exchanged", lambda m, c, o: _each_head(m, c, lambda z, *_: z, None), "Nothing is exchanged. The hook has to *return* the new z; if it does, is your cache one of the `clean` run?"),
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


def _difference(here: Sequence[Tensor], there: Sequence[Tensor], W_O: Tensor, layer: int, head: int) -> Tensor:
    """What one head writes in the other run minus what it writes in this one; `here`, `there`: z of each layer."""
    return (there[layer] - here[layer])[:, :, head] @ W_O[layer, head]


@dataclass(frozen=True, kw_only=True)
class _Path:
    """`direct_path` with something left out or changed."""

    message: Message = _difference
    at: str = "blocks.{}.hook_attn_out"
    add: Callable[[Tensor, Tensor], Tensor] = lambda out, message: out + message
    heads: str = "own"  # later heads keep the z of this run: of their own one, of the other one, of none
    hold: str = "z"  # which values inside of attention later heads keep, several with spaces between
    reach: int = 99  # of how many later layers
    norm: bool = False  # the final norm keeps its scale of this run
    outputs: str = "own"  # the same of the MLPs that are frozen
    first: int = 0  # of the frozen MLPs, counted from the sender's layer
    last: int = 99
    late: bool = False  # the hooks see the last layer's values
    base: str = "own"
    frozen_first: bool = False  # the message's hook comes last

    def __call__(self, model: Any, clean: Tensor, other: Tensor, head: tuple[int, int], mlps: str) -> Tensor:
        layer, number = head
        runs = {"own": _of(model, clean), "other": _of(model, other)}
        z = [[runs[which]["z", n] for n in range(model.cfg.n_layers)] for which in ("own", "other")]
        message = self.message(*z, model.W_O, layer, number)
        hooks = []
        for n in range(layer, model.cfg.n_layers):
            at = model.cfg.n_layers - 1 if self.late else n
            if layer < n <= layer + self.reach and self.heads:
                held = [(f"blocks.{n}.attn.hook_{name}", runs[self.heads][name, at]) for name in self.hold.split()]
                hooks += [(name, _held(value)) for name, value in held]
            if mlps == "frozen" and layer + self.first <= n <= layer + self.last:
                hooks.append((f"blocks.{n}.hook_mlp_out", _held(runs[self.outputs]["mlp_out", at])))
        sent = [(self.at.format(layer), lambda out, hook: self.add(out, message))]
        if self.norm:
            hooks.append(("ln_final.hook_scale", _held(runs["own"]["ln_final.hook_scale"])))
        hooks = hooks + sent if self.frozen_first else sent + hooks
        return model.run_with_hooks(clean if self.base == "own" else other, fwd_hooks=hooks)


def _held(value: Tensor) -> Callable:
    return lambda out, hook: value


def _at_the_end(here: Sequence[Tensor], there: Sequence[Tensor], W_O: Tensor, layer: int, head: int) -> Tensor:
    message = _difference(here, there, W_O, layer, head)
    return torch.cat([torch.zeros_like(message[:, :-1]), message[:, -1:]], 1)


def _of_the_layer(here: Sequence[Tensor], there: Sequence[Tensor], W_O: Tensor, layer: int, head: int) -> Tensor:
    return torch.einsum("bphe,hed->bpd", there[layer] - here[layer], W_O[layer])


def _plain_exchange(m: Any, c: Tensor, o: Tensor, head: tuple[int, int], mlps: str) -> Tensor:
    donor = _of(m, o)
    return m.run_with_hooks(c, fwd_hooks=[(Z.format(head[0]), lambda z, hook: _exchange(z.clone(), donor, *head))])


def _added_to_the_logits(m: Any, c: Tensor, o: Tensor, head: tuple[int, int], mlps: str) -> Tensor:
    return m(c) + (_of(m, o)["z", head[0]] - _of(m, c)["z", head[0]])[:, :, head[1]] @ m.W_O[head] @ m.W_U


def _of_the_other_run(m: Any, c: Tensor, o: Tensor, head: tuple[int, int], mlps: str) -> Tensor:
    return _Path(outputs="own" if mlps == "frozen" else "other")(m, c, o, head, "frozen")


def _other_way(mlps: str) -> str:
    return "recomputed" if mlps == "frozen" else "frozen"


LATE = "A function that is made in a loop sees the loop's variable when it is *called*: all of yours hold the last layer's values. Give each its own: `lambda z, hook, keep=here[\"z\", n]: keep`."


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
        wrong("later heads not frozen", _Path(heads=""), "Later heads hear the message and act on it. On the direct path they keep their z of the clean run."),
        wrong("where they look held", _Path(hold="q k"), "You hold where later heads look; what they take from there still carries the message. Hold `hook_z`."),
        wrong("only the next layer held", _Path(reach=1), "You hold the heads of the next layer alone. Every later layer keeps its own z."),
        wrong("only the MLP told", _Path(at="blocks.{}.hook_resid_mid"), "At `hook_resid_mid` of this model only the MLP hears the message; the stream goes round it. Add it at `hook_attn_out`."),
        wrong("final norm held", _Path(norm=True), "You hold the scale of the final norm. The norm is to see the message: hold the later heads, and with \"frozen\" the MLPs, and nothing else."),
        wrong("frozen and recomputed exchanged", lambda m, c, o, h, mlps: _Path()(m, c, o, h, _other_way(mlps)), "Frozen and recomputed are exchanged: frozen MLPs keep their outputs of the clean run."),
        wrong("MLPs always frozen", lambda m, c, o, h, mlps: _Path()(m, c, o, h, "frozen"), "You freeze the MLPs always. With \"recomputed\" they belong to the path and read the message."),
        wrong("MLPs never frozen", lambda m, c, o, h, mlps: _Path()(m, c, o, h, "recomputed"), "You never freeze the MLPs. With \"frozen\" they keep their outputs of the clean run."),
        wrong("own layer's MLP not frozen", _Path(first=1), "The MLP of the sender's own layer is not frozen. It reads the stream after the heads of its layer have written, so it would hear the message."),
        wrong("message turned round", _Path(message=lambda here, there, *of: _difference(there, here, *of)), "Your message has the wrong sign: what the head writes in `other` minus what it writes in `clean`."),
        wrong("last position only", _Path(message=_at_the_end), "You add the message at the last position only. It is asked for at all positions, so that the logits at all of them are right."),
        wrong("whole layer's message", _Path(message=_of_the_layer), "You send what the whole layer writes. The message is that of one head: index z and W_O by it."),
        wrong("run on the other prompts", _Path(base="other", heads="other", outputs="other"), "You run the other prompts. Everything but the message is as on the clean ones."),
        wrong("value in place of difference", _Path(message=lambda here, there, W_O, n, h: there[n][:, :, h] @ W_O[n, h]), "You add all that the head writes in `other`. What it writes in `clean` is in the stream already: the message is the difference."),
        wrong("the two runs exchanged", _Path(message=lambda here, there, *of: _difference(there, here, *of), heads="other", outputs="other"), "Your two caches are exchanged: the message is what the head writes in `other` minus what it writes in `clean`, and what is held is held at its value of `clean`."),
        wrong("plain exchange", _plain_exchange, "You exchange the head's z, and all that comes later hears it: that is exercise 5. On the direct path the later heads keep their z of the clean run, and with \"frozen\" the MLPs their outputs."),
        wrong("hooks that see the last layer", _Path(late=True), LATE),
        wrong("heads held at the other run", _Path(heads="other"), "Your later heads get their z of the *other* run. They are not to hear the message, so they keep what they have on the clean one."),
        wrong("everything held at the other run", _Path(heads="other", outputs="other"), "What you hold, you hold at its values of the *other* run. Later heads and frozen MLPs are not to hear the message: they keep what they have on the clean one."),
        wrong("frozen MLPs held at the other run", _Path(outputs="other"), "Your frozen MLPs get their outputs of the *other* run. They are not to hear the message, so they keep what they have on the clean one."),
        wrong("recomputed MLPs held at the other run", _of_the_other_run, "With \"recomputed\" your MLPs get what they write in the *other* run, where everything differs. They are to read the clean stream with the message in it: let them run, with no hook."),
        wrong("denoising", _Path(message=lambda here, there, *of: _difference(there, here, *of), base="other", heads="other", outputs="other"), "You run the other prompts and send the clean message. That is denoising; here the clean prompts run, and the message comes from the other ones."),
        wrong("W_O of head 0", _Path(message=lambda here, there, W_O, n, h: (there[n] - here[n])[:, :, h] @ W_O[n, 0]), "You multiply by the W_O of head 0. Each head has its own: `W_O[layer, head]`."),
        wrong("W_O indexed by head first", _Path(message=lambda here, there, W_O, n, h: (there[n] - here[n])[:, :, h] @ W_O[h, n]), "W_O is indexed the wrong way round: first the layer, then the head."),
        wrong("only the own layer's MLP frozen", _Path(last=0), "Only the MLP of the sender's own layer is frozen. The later ones would hear the message too: all MLPs from the sender's layer on keep their outputs."),
        wrong("head on the axis of positions", _Path(message=lambda here, there, W_O, n, h: (there[n] - here[n])[:, h] @ W_O[n, h]), "You pick a position, not a head: z is (batch, pos, head, d_head), so one head is `[:, :, head]`."),
        wrong("the layer's output replaced", _Path(add=lambda out, message: message), "Your hook puts the message in the place of all that the layer's attention writes. Add it: `out + message`."),
        wrong("before the layer", _Path(at="blocks.{}.hook_resid_pre"), "Your message enters before the sender's layer, so that the heads of that very layer hear it. A head speaks after its layer's attention: add the message at `blocks.{layer}.hook_attn_out`."),
        wrong("before the layer, its MLP free", _Path(at="blocks.{}.hook_resid_pre", first=1), "Your message enters before the sender's layer, so that the heads of that very layer hear it, and so does its MLP, which \"frozen\" holds too. Add the message at `blocks.{layer}.hook_attn_out`, and freeze the MLPs from the sender's own layer on."),
        wrong("at the MLP's output", _Path(at="blocks.{}.hook_mlp_out"), "You add the message to what the layer's MLP writes: with \"frozen\" it is overwritten there, with \"recomputed\" that MLP does not read it. Add it at `blocks.{layer}.hook_attn_out`, which comes before the MLP."),
        wrong("after the MLP", _Path(at="blocks.{}.hook_mlp_out", frozen_first=True), "Your message enters after the MLP of the sender's own layer. With \"recomputed\" that MLP reads it too: add it at `blocks.{layer}.hook_attn_out`."),
        wrong("straight into the logits", _added_to_the_logits, "You add the message times W_U to the clean logits. Then the final norm, and with \"recomputed\" the MLPs, never see it: add it to the stream, with a hook, and let the model run on."),
        wrong("no message", lambda m, c, o, h, mlps: m(c), "These are the clean logits: the message does not arrive. A hook has to return the changed value."),
    ),
)  # fmt: skip

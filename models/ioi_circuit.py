"""Which circuit a model uses for indirect objects, measured (Wang et al., 2022): what the card of `ioi-natural` says.

Clean prompts are changed towards prompts of three other names ("ABC") or with S2 exchanged for IO ("flip"):

1. where the information is: the residual stream replaced, layer by layer, at one role's position;
2. who speaks to the logits: each head's direct path, MLPs on the way recomputed;
3. who speaks to those heads: the direct paths to their queries, keys and values, and from which position;
4. what every head looks at from END, and what it writes there for IO and for S (direct logit attribution).

Effects are changes of the logit difference, IO minus S, as a share of its clean mean; intervals are 95 % bootstrap
intervals over prompts. A share of −1 takes away the whole difference, −2 turns it round.
"""
from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import patching
from course_utils.intervals import mean_interval
from course_utils.ioi.prompts import Layout, Prompts, corrupt, draw
from models.plain import Plain

IMPORTANT = 0.1         # share of the logit difference from which on a head is followed further
MOST = 6                # heads followed at each step


def behaviour(model: Any, prompts: Prompts) -> dict:
    """Right answers, IO before S, and the logit difference, with intervals."""
    rows = torch.arange(len(prompts))
    with torch.no_grad():
        logits = model(prompts.tokens)[rows, prompts.positions["END"]]
    gap = logits[rows, prompts.answer] - logits[rows, prompts.wrong]
    return {"right": number((logits.argmax(-1) == prompts.answer).float()), "IO before S": number((gap > 0).float()),
            "logit difference": number(gap), "probability": number(logits.softmax(-1)[rows, prompts.answer])}


def number(values: Float[Tensor, "prompt"]) -> dict:
    """Mean and bootstrap interval over prompts."""
    return {name: round(value, 4) for name, value in zip(("mean", "low", "high"), mean_interval(values), strict=True)}


def looks_from(model: Any, prompts: Prompts, layer: int, head: int, query: str) -> dict:
    """What a head looks at from one role's position: mean probability on the others'."""
    with torch.no_grad():
        _, cache = model.run_with_cache(prompts.tokens, names_filter=lambda name: name.endswith("hook_pattern"))
    rows, places = torch.arange(len(prompts)), roles(prompts)
    pattern = cache[f"blocks.{layer}.attn.hook_pattern"][rows, head, places[query]]
    return {"from": query, "BOS": round(pattern[:, 0].mean().item(), 3)} | {
        role: round(pattern[rows, at].mean().item(), 3) for role, at in places.items()}


@torch.no_grad()
def writes(model: Plain, prompts: Prompts) -> dict[str, dict]:
    """What each head and MLP adds at END, directly, to the logits of IO and of S, above the mean of all names.

    The final LayerNorm's scale is the run's own.
    """
    rows, end, names = torch.arange(len(prompts)), prompts.positions["END"], prompts.layout.names
    x, parts = model.embed(prompts.tokens), {}
    for number_, layer in enumerate(model.layers):
        z, W_O = layer.attn.z(layer.ln1(x)), layer.attn.o.weight
        out = torch.einsum("bhe,dhe->hbd", z[rows, end], W_O.view(W_O.shape[0], *z.shape[2:]))
        parts |= {f"{number_}.{head}": out[head] for head in range(len(out))}
        x = x + layer.attn.o(z.flatten(2))
        if hasattr(layer, "mlp"):
            written = layer.mlp(layer.ln2(x))
            parts[f"m{number_}"], x = written[rows, end], x + written
    scale = x[rows, end].var(-1, unbiased=False, keepdim=True).add(1e-5).sqrt()
    found = {}
    for name, part in parts.items():
        normed = (part - part.mean(-1, keepdim=True)) / scale * getattr(model.ln_out, "weight", 1.0)
        logits = normed @ model.head.weight.mT
        logits = logits - logits[:, names].mean(1, keepdim=True)
        found[name] = {"IO": number(logits[rows, prompts.answer]), "S": number(logits[rows, prompts.wrong])}
    return found


def roles(prompts: Prompts) -> dict[str, Tensor]:
    """The positions that have names here: those of the prompts, and the ones after the three names."""
    at = prompts.positions
    return at | {f"after {role}": at[role] + 1 for role in ("IO", "S1", "S2")}


def _cells(sweep: Any, scale: float, least: float = 0.0, most: int | None = None) -> list[dict]:
    """Every cell's effect as a share, with its interval, the largest first."""
    low, high = (bound.flatten() / scale for bound in sweep.interval("effect"))
    effects = sweep.effect().flatten() / scale
    labels = [[]]
    for axis in sweep.axes:
        labels = [[*before, label] for before in labels for label in axis.labels]
    cells = [{"at": ".".join(map(str, label)), "share": round(effects[i].item(), 4), "low": round(low[i].item(), 4),
              "high": round(high[i].item(), 4)} for i, label in enumerate(labels)]
    chosen = sorted((cell for cell in cells if abs(cell["share"]) >= least), key=lambda cell: -abs(cell["share"]))
    return chosen[:most]


def measured_circuit(model: Any, plan: Layout, n: int, rng: torch.Generator) -> dict:
    """The four measurements, on n prompts."""
    clean = draw(plan, n, rng)
    others = {family: corrupt(clean, family, rng).tokens for family in ("ABC", "flip")}
    metric = patching.logit_diff(clean.answer, clean.wrong, clean.positions["END"])
    found: dict = {"prompts": n, "behaviour": behaviour(model, clean)}
    scale = found["behaviour"]["logit difference"]["mean"]
    asked = {family: patching.Question(model, clean.tokens, tokens, metric, direction="noising", positions=roles(clean))
             for family, tokens in others.items()}
    found["information"] = {family: _cells(ask.sweep("resid_pre"), scale) for family, ask in asked.items()}

    def paths(family: str, least: float, **how) -> list[dict]:
        found = asked[family].path_patch(mlps="recomputed", **how)
        return _cells(found, scale, least, None if least == 0 else MOST)

    found["to the logits"] = {family: paths(family, 0.0) for family in others}
    loudest = {}
    for cell in (cell for family in others for cell in found["to the logits"][family]):
        loudest[cell["at"]] = max(abs(cell["share"]), loudest.get(cell["at"], 0.0))
    speakers = sorted((head for head in loudest if loudest[head] >= IMPORTANT), key=lambda head: -loudest[head])[:MOST]
    found["from END"] = {f"{layer}.{head}": looks_from(model, clean, layer, head, "END")
                         for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)}
    found["output heads"] = {head: _head(model, clean, paths, head) for head in speakers}
    return found


def _head(model: Any, clean: Prompts, paths: Any, head: str) -> dict:
    """One output head: who speaks to its query, keys and values, and from where."""
    layer, found = patching.head(head)[0], {"hears": {}}
    for side in "qkv":
        receiver = f"{head}.{side}"
        senders = ["embed", *(f"{i}.{h}" for i in range(layer) for h in range(model.cfg.n_heads)),
                   *(f"m{i}" for i in range(layer) if not model.cfg.attn_only)]
        for family in ("ABC", "flip"):
            loud = paths(family, IMPORTANT / 4, senders=senders, receivers=receiver)
            if loud:
                names = [cell["at"] for cell in loud]
                where = {role: {c["at"]: c["share"] for c in paths(family, 0.0, senders=names, receivers=receiver,
                                                                   positions=role)} for role in roles(clean)}
            for cell in loud:
                cell["from"] = max(where, key=lambda role, at=cell["at"], where=where: abs(where[role][at]))
                cell["from share"] = where[cell["from"]][cell["at"]]
                if "." in cell["at"]:
                    cell["looks at"] = looks_from(model, clean, *patching.head(cell["at"]), cell["from"])
            found["hears"][f"{side}, {family}"] = loud
    return found

"""What is read off a single run: what each part writes at END, where a head looks, and what it copies.

1. `unembedding`, `head_dla` – direct logit attribution of heads, the final norm's scale held.
2. `writes` – what every head and MLP adds, directly, to the logits of IO and of S.
3. `looks` – the attention from one role's position to the others.
4. `copying_score` – for which share of names a head raises (or lowers) the logit of the name that it reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.intervals import mean_interval
from course_utils.ioi.behaviour import roles
from course_utils.ioi.prompts import Prompts


def unembedding(model: Any) -> Float[Tensor, "d_model d_vocab"]:
    """W_U with the final norm's weight multiplied in: what reads a stream that was centred and scaled."""
    weight = getattr(model.ln_final, "weight", None)
    return model.W_U.detach() if weight is None else weight.detach()[:, None] * model.W_U.detach()


def head_dla(
    z: Float[Tensor, "batch head d_head"],
    W_O: Float[Tensor, "head d_head d_model"],
    scale: Float[Tensor, "batch"],
    direction: Float[Tensor, "batch d_model"],
) -> Float[Tensor, "batch head"]:
    """What each head adds, directly, to a difference of logits.

    Args:
        z: the heads' outputs at the last token, before W_O.
        scale: what the final LayerNorm divides by there.
        direction: of each prompt, the column of `unembedding` of the right name minus that of the wrong one.

    What a head writes is centred, as the final LayerNorm centres it, and divided by the scale of this run.
    """
    written = torch.einsum("bhe,hed->bhd", z, W_O)
    written = written - written.mean(-1, keepdim=True)
    return torch.einsum("bhd,bd->bh", written, direction) / scale[:, None]


@dataclass(frozen=True, repr=False)
class Writes:
    """Per part and prompt: what it adds at END to the logit of IO, and of S, above the mean of all names.

    `parts` names the rows: heads such as "0.2", MLPs such as "m1".
    """

    parts: tuple[str, ...]
    io: Float[Tensor, "part batch"]
    s: Float[Tensor, "part batch"]

    def rows(self) -> dict[str, dict[str, tuple[float, float, float]]]:
        """For `page.table`: a row for each part, with 95 % intervals over prompts."""
        return {
            part: {"to IO": mean_interval(self.io[i]), "to S": mean_interval(self.s[i]),
                   "IO − S": mean_interval(self.io[i] - self.s[i])}
            for i, part in enumerate(self.parts)
        }  # fmt: skip

    def difference(self, part: str) -> float:
        """What this part adds to the logit difference, averaged over prompts."""
        i = self.parts.index(part)
        return float((self.io[i] - self.s[i]).mean())


@torch.no_grad()
def writes(model: Any, prompts: Prompts) -> Writes:
    """Direct logit attribution of every head and MLP at END, the final LayerNorm's scale held."""
    _, cache = model.run_with_cache(prompts.tokens)
    rows, end, names = torch.arange(len(prompts)), prompts.positions["END"], prompts.layout.names
    scale = cache["ln_final.hook_scale"][rows, end]  # (batch, 1)
    W_U, found = unembedding(model), {}
    for layer in range(model.cfg.n_layers):
        z = cache["z", layer][rows, end]  # (batch, head, d_head)
        for head in range(model.cfg.n_heads):
            found[f"{layer}.{head}"] = z[:, head] @ model.W_O[layer, head]
        if not getattr(model.cfg, "attn_only", False):
            found[f"m{layer}"] = cache["mlp_out", layer][rows, end]
    io, s = [], []
    for written in found.values():
        logits = (written - written.mean(-1, keepdim=True)) / scale @ W_U
        logits = logits - logits[:, names].mean(1, keepdim=True)
        io.append(logits[rows, prompts.answer])
        s.append(logits[rows, prompts.wrong])
    return Writes(tuple(found), torch.stack(io), torch.stack(s))


@torch.no_grad()
def looks(model: Any, prompts: Prompts, head: tuple[int, int], query: str = "END") -> dict[str, float]:
    """Mean attention of one head from one role's position to the positions of `roles`."""
    _, cache = model.run_with_cache(prompts.tokens, names_filter=lambda name: name.endswith("hook_pattern"))
    rows, places = torch.arange(len(prompts)), roles(prompts)
    pattern = cache["pattern", head[0]][rows, head[1], places[query]]
    return {role: float(pattern[rows, at].mean()) for role, at in places.items()}


def copying_score(written: Float[Tensor, "name name"], k: int) -> Float[Tensor, ""]:
    """The share of names that a head raises among the k most raised when it reads them.

    Args:
        written: entry (i, j) is what the head adds to the logit of name j when it reads name i.
    """
    own = written.diagonal()[:, None]
    return ((written > own).sum(1) < k).to(written.dtype).mean()


@torch.no_grad()
def read_and_written(model: Any, names: Int[Tensor, "name"], layer: int, head: int) -> Float[Tensor, "name name"]:
    """What a head adds to each name's logit when it attends to each name alone, without the final norm's scale.

    The head reads the name's stream as its layer finds it when the name stands alone after the starting token.
    """
    start = torch.full_like(names, model.tokenizer.bos_token_id)
    _, cache = model.run_with_cache(torch.stack([start, names], 1))
    stream = model.blocks[layer].ln1(cache["resid_pre", layer])[:, 1]
    written = (stream @ model.W_V[layer, head] + model.b_V[layer, head]) @ model.W_O[layer, head]
    logits = (written - written.mean(-1, keepdim=True)) @ unembedding(model)
    return logits[:, names]


def copying(model: Any, names: Int[Tensor, "name"], k: int = 5) -> dict[str, dict[str, float]]:
    """For `page.table`: of every head, the share of names that it raises, and that it lowers, when it reads them."""
    found = {}
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            written = read_and_written(model, names, layer, head)
            found[f"{layer}.{head}"] = {
                "raises it": float(copying_score(written, k)),
                "lowers it": float(copying_score(-written, k)),
            }
    return found

"""What a model does, each beside what would do it without understanding.

`heads`: each head's attention on a block of random tokens repeated once (Olsson et al. 2022), and whether it
copies what it attends to. `forced_choice`: closing brackets and quotes, against n-grams and the untrained model.
`repeated_names`: how identifiers go on that stood in the context before, and those that did not.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .labels import LabelError, token_labels
from .ngrams import NGram
from .plain import Plain

BRACKETS = (")", "]", "}")
QUOTES = ("'", '"', "'''", '"""')


@torch.no_grad()
def in_parts(model: Plain, windows: Int[Tensor, "window pos"], read, size: int = 32) -> Tensor:
    """read(logits, tokens) of `size` windows at a time, joined; logits[i] predict tokens[i]."""
    return torch.cat([read(model(part[:, :-1]), part[:, 1:]) for part in windows.split(size)])


def token_losses(model: Plain, windows: Int[Tensor, "window pos"]) -> Float[Tensor, "window pos"]:
    """Cross-entropy in nats of every token but the first of each window."""
    return in_parts(model, windows, lambda logits, tokens: F.cross_entropy(
        logits.float().mT, tokens, reduction="none"))


def repeated_block(vocab: int, batch: int, length: int, rng: torch.Generator) -> Int[Tensor, "batch pos"]:
    """The starting token, then a random block twice; (batch, 1 + 2 · length)."""
    block = torch.randint(1, vocab, (batch, length), generator=rng)
    return F.pad(torch.cat([block, block], dim=1), (1, 0))


@torch.no_grad()
def heads(model: Plain, rng: torch.Generator, batch: int = 32, length: int = 60) -> dict[str, Tensor | float]:
    """Scores of every head (layer, head), and how well the model does on the repeat.

    `prefix`: mean attention, in the repeat, to the token after the earlier occurrence of the current token.
    `previous`: mean attention to the token before. `accuracy`: share of the repeat's tokens (from its second on)
    predicted first; `loss_first`, `loss_repeat`: nats in the two halves.
    """
    tokens = repeated_block(model.shape.d_vocab, batch, length, rng)
    patterns = model.patterns(tokens).mean(1)                           # (layer, head, query, key)
    logits = model(tokens[:, :-1])
    losses = F.cross_entropy(logits.mT, tokens[:, 1:], reduction="none")
    right = logits[:, length + 1:].argmax(-1) == tokens[:, length + 2:]
    return {"prefix": patterns[..., length + 1:, :].diagonal(2, -2, -1).mean(-1),
            "previous": patterns.diagonal(-1, -2, -1).mean(-1),
            "accuracy": right.float().mean().item(), "loss_first": losses[:, :length].mean().item(),
            "loss_repeat": losses[:, length + 1:].mean().item()}


@torch.no_grad()
def copying(model: Plain) -> Float[Tensor, "layer head"]:
    """Σ Re λ / Σ |λ| over the eigenvalues of each head's W_E W_OV W_U: 1 copies, −1 suppresses, 0 neither.

    Norms' weights are left out: read it for models whose norms have none (Elhage et al. 2021).
    """
    embed, unembed = model.tok_embed.weight, model.head.weight          # both (vocab, d_model)
    scores = []
    for layer in model.layers:
        v = layer.attn.v.weight.view(model.shape.n_heads, -1, model.shape.d_model)
        o = layer.attn.o.weight.view(model.shape.d_model, model.shape.n_heads, -1)
        for head in range(model.shape.n_heads):
            values = torch.linalg.eigvals(v[head] @ (embed.T @ unembed) @ o[:, head])
            scores.append(values.real.sum() / values.abs().sum())
    return torch.stack(scores).view(model.shape.n_layers, -1)


def labelled_contexts(texts: Sequence[str], tokenizer, n_ctx: int,
                      limit: int) -> tuple[Int[Tensor, "context pos"], dict[str, Tensor]]:
    """Contexts of `n_ctx` tokens with their labels, of as many texts as it takes to have `limit` of them."""
    parts = []
    for text in texts:
        try:
            parts.append(token_labels(text, tokenizer).contexts(n_ctx))
        except LabelError:                  # written for another version of Python
            continue
        if sum(len(tokens) for tokens, _ in parts) >= limit:
            break
    rows = {name: torch.cat([labels[name] for _, labels in parts])[:limit] for name in parts[0][1]}
    return torch.cat([tokens for tokens, _ in parts])[:limit], rows


def groups_of(tokenizer, signs: Sequence[str]) -> list[list[int]]:
    """For each sign, the tokens that are this sign, with or without a blank before it."""
    vocabulary = {i: tokenizer.decode([i]) for i in range(1, tokenizer.get_vocab_size())}
    return [[i for i, string in vocabulary.items() if string.strip() == sign] for sign in signs]


def forced_choice(models: dict[str, Plain | NGram], tokens: Int[Tensor, "context pos"], where: Tensor,
                  groups: list[list[int]]) -> dict:
    """Which of several signs comes here? Places are the marked tokens that are one of them.

    Returns {model: mean over signs of the share recognised}; always naming the same sign scores 1 / signs.
    Places before the fifth token are left out, so that n-grams see all that they can use.
    """
    groups = [group for group in groups if group]               # a small vocabulary may lack a sign
    kinds = torch.full((max(max(group) for group in groups) + 1,), -1)
    for kind, group in enumerate(groups):
        kinds[group] = kind
    flat = torch.tensor([i for group in groups for i in group])
    belongs = F.one_hot(kinds[flat], len(groups)).float()                           # (sign token, sign)
    truth = torch.where(tokens < len(kinds), kinds[tokens.clamp(max=len(kinds) - 1)], -1)
    places = where.bool() & (truth >= 0)
    places[:, :5] = False
    answer = truth[places]
    present = [kind for kind in range(len(groups)) if (answer == kind).any()]
    scores: dict = {}
    for name, model in models.items():
        if isinstance(model, NGram):
            windows = tokens.unfold(1, model.n, 1)[places[:, model.n - 1:]].numpy()
            chances = torch.from_numpy(model.among(windows, flat.numpy())).float()
        else:
            rows = in_parts(model, tokens, lambda logits, _: logits[..., flat].softmax(-1))
            chances = rows[places[:, 1:]]
        guess = (chances @ belongs).argmax(-1)
        scores[name] = sum((guess[answer == k] == k).float().mean().item() for k in present) / len(present)
    return {**scores, "always the same": 1 / len(present), "places": len(answer)}


def name_masks(tokens: Int[Tensor, "context pos"], labels: dict[str, Tensor],
               tokenizer) -> tuple[Bool[Tensor, "context pos"], Bool[Tensor, "context pos"]]:
    """Where the second and later tokens of names stand: of names seen before in this context, and of new ones.

    Names that begin before the fifth token are left out, so that n-grams see all that they can use.
    """
    bare = [tokenizer.decode([i]).strip() for i in range(tokenizer.get_vocab_size())]
    again, fresh = torch.zeros_like(tokens, dtype=torch.bool), torch.zeros_like(tokens, dtype=torch.bool)
    for row, (ids, owners, named) in enumerate(zip(tokens.tolist(), labels["owner"].tolist(),
                                                   labels["kind_name"].tolist(), strict=True)):
        seen, start = set(), 1
        for place in range(1, len(ids) + 1):
            if place == len(ids) or owners[place] != owners[start]:
                name = "".join(bare[i] for i in ids[start:place])
                if named[start] and place - start > 1 and start >= 5:
                    (again if name in seen else fresh)[row, start + 1:place] = True
                seen.add(name)
                start = place
    return again, fresh


def repeated_names(models: dict[str, Plain | NGram], tokens: Int[Tensor, "context pos"],
                   labels: dict[str, Tensor], tokenizer) -> dict:
    """How the later tokens of a name are predicted: of names that stood in this context before, and of new ones.

    Returns {"repeated": {model: mean p}, "new": {model: mean p}, "places": (repeated, new)}.
    """
    again, fresh = name_masks(tokens, labels, tokenizer)
    found: dict = {"repeated": {}, "new": {}, "places": (int(again.sum()), int(fresh.sum()))}
    for name, model in models.items():
        if isinstance(model, NGram):
            windows = tokens.unfold(1, model.n, 1)
            chances = [torch.from_numpy(model.probabilities(windows[mask[:, model.n - 1:]].numpy()))
                       for mask in (again, fresh)]
        else:
            p = in_parts(model, tokens, lambda logits, following: logits.softmax(-1).gather(
                -1, following[..., None]).squeeze(-1))
            chances = [p[mask[:, 1:]] for mask in (again, fresh)]
        found["repeated"][name], found["new"][name] = (float(np.mean(c.numpy())) for c in chances)
    return found

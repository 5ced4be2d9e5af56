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
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.induction.scores.circuits import copying_score
from course_utils.induction.scores.measures import (
    prefix_matching_score,
    previous_token_score,
    repeat_accuracy,
    repeated_tokens,
    token_losses,
)
from course_utils.python_text.contexts import name_masks
from models.ngrams import NGram
from models.plain import Plain

BRACKETS = (")", "]", "}")
QUOTES = ("'", '"', "'''", '"""')


@torch.no_grad()
def in_parts(model: Plain, windows: Int[Tensor, "window pos"], read) -> Tensor:
    """read(logits, tokens) of 32 windows at a time, joined; logits[i] predict tokens[i]."""
    return torch.cat([read(model(part[:, :-1]), part[:, 1:]) for part in windows.split(32)])


def window_losses(model: Plain, windows: Int[Tensor, "window pos"]) -> Float[Tensor, "window pos"]:
    """Cross-entropy in nats of every token but the first of each window, which may be one longer than the context."""
    return in_parts(model, windows, lambda logits, tokens: F.cross_entropy(
        logits.float().mT, tokens, reduction="none"))


@torch.no_grad()
def heads(model: Plain, rng: torch.Generator, batch: int = 32, length: int = 60) -> dict[str, Tensor | float]:
    """Scores of every head (layer, head) on repeated random tokens, and how well the model does on the repeat."""
    tokens = repeated_tokens(model.shape.d_vocab, batch, length, generator=rng)
    patterns, logits = model.patterns(tokens), model(tokens)            # (layer, batch, head, query, key)
    losses = token_losses(logits, tokens)
    return {"prefix": prefix_matching_score(patterns, length), "previous": previous_token_score(patterns),
            "accuracy": repeat_accuracy(logits, tokens, length).item(),
            "loss_first": losses[:, :length].mean().item(), "loss_repeat": losses[:, length + 1:].mean().item()}


@torch.no_grad()
def copying(model: Plain) -> Float[Tensor, "layer head"]:
    """The copying score of each head (Elhage et al. 2021).

    Norms' weights are left out: read it for models whose norms have none.
    """
    scores = []
    for layer in model.layers:
        W_V = layer.attn.v.weight.view(model.shape.n_heads, -1, model.shape.d_model).mT
        W_O = layer.attn.o.weight.T.view(model.shape.n_heads, -1, model.shape.d_model)
        scores.append(copying_score(model.tok_embed.weight, W_V, W_O, model.head.weight.T))
    return torch.stack(scores)


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

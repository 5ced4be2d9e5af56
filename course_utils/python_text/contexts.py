"""Python text cut into a model's contexts, with its labels; where names return, and where new ones stand."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from course_utils.python_text.labels import LabelError, token_labels


def labelled_contexts(texts: Sequence[str], tokenizer, n_ctx: int,
                      limit: int) -> tuple[Int[Tensor, "context pos"], dict[str, Tensor]]:
    """Contexts of `n_ctx` tokens with their labels, of as many texts as it takes to have `limit` of them.

    Beside the labels of every position, `text` says which of the texts each context is from: (context,).
    """
    parts = []
    for number, text in enumerate(texts):
        try:
            tokens, labels = token_labels(text, tokenizer).contexts(n_ctx)
        except LabelError:                  # written for another version of Python
            continue
        parts.append((tokens, {**labels, "text": torch.full((len(tokens),), number)}))
        if sum(len(tokens) for tokens, _ in parts) >= limit:
            break
    rows = {name: torch.cat([labels[name] for _, labels in parts])[:limit] for name in parts[0][1]}
    return torch.cat([tokens for tokens, _ in parts])[:limit], rows


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

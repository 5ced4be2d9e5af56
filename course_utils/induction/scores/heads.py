"""Every head of any model by two scores: does it look at the token before, does it match prefixes?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import patching, plots
from course_utils.induction.scores.measures import (
    prefix_matching_score,
    previous_token_score,
    repeat_accuracy,
    repeated_tokens,
)

_FRAMES = (plots.COLOURS[5], plots.COLOURS[3], plots.COLOURS[4])  # told apart from each other and from the heat map


@dataclass(frozen=True)
class HeadScores:
    """Scores on random tokens, repeated once.

    Attributes:
        prefix, previous: prefix-matching and previous-token score of every head.
        accuracy: share of the repeat's tokens, from its second on, that the model predicts first.
        length: of the block. prompts: how many.
    """

    prefix: Float[Tensor, "layer head"]
    previous: Float[Tensor, "layer head"]
    accuracy: float
    length: int
    prompts: int

    def top(self, k: int = 5, score: str = "prefix") -> list[tuple[str, float]]:
        """The k heads with the highest score, as ("layer.head", score)."""
        values = getattr(self, score)
        order = values.flatten().argsort(descending=True)[:k].tolist()
        return [(f"{i // values.shape[1]}.{i % values.shape[1]}", float(values.flatten()[i])) for i in order]

    def __str__(self) -> str:
        rows = [
            f"{name:18}" + "  ".join(f"{head} {value:.2f}" for head, value in self.top(5, which))
            for name, which in (("prefix matching", "prefix"), ("previous token", "previous"))
        ]
        first = f"{self.prompts} prompts, blocks of {self.length}; repeat predicted first: {self.accuracy:.2f}"
        return "\n".join([first, *rows])

    def plot(self, marked: Mapping[str, str] | None = None) -> Figure:
        """Both scores of all heads, layer × head; `marked` heads ("layer.head": what is said of them) get a frame."""
        marked = marked or {}
        fig, axes = plots.figure(1, 2, height=max(2.2, 0.28 * len(self.prefix) + 1.2), sharey=True)
        kinds = list(dict.fromkeys(marked.values()))
        for ax, name, values in zip(
            axes, ("prefix matching", "previous token"), (self.prefix, self.previous), strict=True
        ):
            plots.heatmap(ax, values, signed=False, limit=1.0)
            for place, kind in marked.items():
                layer, head = patching.head(place)
                colour = _FRAMES[kinds.index(kind) % len(_FRAMES)]
                label = (
                    kind if ax is axes[1] and list(marked.values()).index(kind) == list(marked).index(place) else None
                )
                ax.plot(head, layer, "s", markersize=10, markeredgewidth=2, fillstyle="none", color=colour, label=label)
            ax.set(title=name, xlabel="head", xticks=range(values.shape[1]), yticks=range(values.shape[0]))
        axes[0].set(ylabel="layer")
        if marked:
            fig.legend(loc="outside lower center", ncols=len(kinds))
        return fig


@torch.no_grad()
def head_scores(model: Any, length: int | None = None, prompts: int = 16, seed: int = 0) -> HeadScores:
    """Score every head of a TransformerLens bridge on random tokens of its vocabulary, repeated once.

    Prompts start with the tokenizer's BOS token, or with token 0 where there is none. A vocabulary that is large enough
    gives distinct tokens. `length` of the block is 50, or what fits into the context twice.
    """
    length = min(50, (model.cfg.n_ctx - 1) // 2) if length is None else length
    tokenizer = getattr(model, "tokenizer", None)
    bos = getattr(tokenizer, "bos_token_id", None) or 0
    generator = torch.Generator().manual_seed(seed)
    d_vocab = model.cfg.d_vocab
    tokens = repeated_tokens(d_vocab, prompts, length, distinct=length < d_vocab, bos=bos, generator=generator)
    tokens = tokens.to(model.W_E.device)
    found: dict[int, tuple[Tensor, Tensor]] = {}

    def look(pattern: Float[Tensor, "batch head query key"], hook: Any, layer: int) -> None:
        found[layer] = prefix_matching_score(pattern, length).cpu(), previous_token_score(pattern).cpu()

    hooks = [
        (f"blocks.{layer}.attn.hook_pattern", lambda pattern, hook, layer=layer: look(pattern, hook, layer))
        for layer in range(model.cfg.n_layers)
    ]
    logits = model.run_with_hooks(tokens, fwd_hooks=hooks)
    prefix, previous = (torch.stack([found[layer][k] for layer in sorted(found)]) for k in (0, 1))
    return HeadScores(prefix, previous, repeat_accuracy(logits, tokens, length).item(), length, prompts)

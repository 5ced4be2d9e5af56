"""The stored results of lesson 3.

`spread`: the live training, 32 seeds and 8 one-layer controls. `checkpoints`: `code-attn-2l` along its training, on
held-out modules. `ablations`: with heads taken away; `pair_losses`: the same, apart by whether a token and the one
before it have stood side by side before. `head_sets`: what every set of its heads keeps by itself. `context_gain`:
seeing only the last so many tokens. `formation` and `long_blocks` (`formation.py`): the live training with something
barred or made possible.
"""

from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from course_utils import zoo
from course_utils.induction.code.results import GAIN_RUNS, HEADS, KINDS, PAIR_RUNS, RUNS, head_sets_in_order
from course_utils.induction.code.stored import FOLDER  # noqa: F401 (for `save`)
from course_utils.induction.code.text import TextLosses, Windows, code_windows, losses_of
from course_utils.induction.scores.heads import head_scores
from course_utils.induction.scores.measures import prefix_matching_score, repeated_tokens, token_losses
from course_utils.induction.scores.roles import repeat_gain
from course_utils.patching import ablation_hooks
from course_utils.python_text import modules
from models.stored.formation import make_formation, make_long_blocks
from models.stored.spread import make_spread

MODEL = "code-attn-2l"
REFERENCE = 128  # windows or prompts over which a mean is taken
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
LATE = (240, 244, 248, 252)  # the tokens whose loss context_gain measures, as positions in a window


def held_out_windows(model: Any) -> Windows:
    """Every whole window of the standard library's held-out modules."""
    return code_windows(model, [modules.read_module(name) for name in modules.held_out_modules()])


def make_checkpoints() -> dict[str, Tensor]:
    """The recipe of `checkpoints`."""
    windows, losses, scores = held_out_windows(zoo.load(MODEL, "cpu")), [], []
    for step in zoo.checkpoints(MODEL):
        model = zoo.load(MODEL, "cpu", checkpoint=step)
        losses.append(TextLosses.of(losses_of(model, windows.tokens), windows))
        scores.append(head_scores(model, length=60, prompts=32))
    return {
        "step": torch.tensor(zoo.checkpoints(MODEL)),
        "prefix": torch.stack([s.prefix for s in scores]),
        "previous": torch.stack([s.previous for s in scores]),
        "accuracy": torch.tensor([s.accuracy for s in scores]),
        **_flat(TextLosses.stacked(losses)),
    }


def make_ablations() -> dict[str, Tensor]:
    """The recipe of `ablations`."""
    model, length = zoo.load(MODEL, "cpu"), 60
    windows = held_out_windows(model)
    drawn = torch.Generator().manual_seed(0)
    blocks, others = (repeated_tokens(model.cfg.d_vocab, 64, length, generator=drawn) for _ in range(2))
    losses, repeat, first, prefix = [], [], [], []
    for kind in KINDS:
        for heads in RUNS.values():
            hooks = _hooks(model, heads, kind, windows.tokens[_spread_out(len(windows))])
            losses.append(TextLosses.of(losses_of(model, windows.tokens, hooks), windows))
            seen: list[Tensor] = []
            look = ("blocks.1.attn.hook_pattern", lambda pattern, hook, seen=seen: seen.append(pattern.detach()))
            hooks = [*_hooks(model, heads, kind, others), look]
            with torch.no_grad():
                nats = token_losses(model.run_with_hooks(blocks, fwd_hooks=hooks), blocks)
            repeat.append(nats[:, length + 1 :].mean(1))
            first.append(nats[:, :length].mean(1))
            prefix.append(prefix_matching_score(seen[0], length)[1])
    shape = (len(KINDS), len(RUNS))
    parts = {"repeat": repeat, "first": first, "prefix": prefix}
    found = {name: torch.stack(rows).unflatten(0, shape) for name, rows in parts.items()}
    flat = _flat(TextLosses.stacked(losses))
    runs = {name: value.unflatten(0, shape) if value.ndim == 2 else value for name, value in flat.items()}
    return {**found, **runs}


def _hooks(model: Any, heads: Sequence[tuple[int, int]], kind: str, reference: Tensor) -> list:
    """Those of `ablation_hooks`; zeros need no reference."""
    return ablation_hooks(model, heads, kind, None if kind == "zero" else reference)


def make_pair_losses() -> dict[str, Tensor]:
    """The recipe of `pair_losses`. Every fourth window is enough: what is resampled is modules, not windows."""
    model = zoo.load(MODEL, "cpu")
    windows = held_out_windows(model)
    tokens, module = windows.tokens[::4], windows.module[::4]
    seen = pairs_seen(tokens)
    kinds = torch.stack([seen, ~seen])[:, :, 1:]  # (kind, window, pos)
    totals = []
    for heads in PAIR_RUNS.values():
        hooks = ablation_hooks(model, heads, "mean", windows.tokens[_spread_out(len(windows))]) if heads else []
        totals.append((losses_of(model, tokens, hooks) * kinds).sum(-1))
    return {"total": torch.stack(totals), "count": kinds.sum(-1).float(), "module": module}


def make_head_sets(seeds: int = 5) -> dict[str, Tensor]:
    """The recipe of `head_sets`: for each seed 16 texts of random tokens, and the means over 48 others."""
    model, rows = zoo.load(MODEL, "cpu"), []
    for seed in range(seeds):
        drawn = repeated_tokens(model.cfg.d_vocab, 64, 60, generator=torch.Generator().manual_seed(seed))
        blocks, reference = drawn.split([16, 48])
        without = [[head for head in HEADS if head not in kept] for kept in head_sets_in_order()]
        gains = [repeat_gain(model, blocks, 60, heads, reference).mean() for heads in without]
        rows.append(torch.stack(gains) / gains[-1])  # the last set is the whole model
    return {"share": torch.stack(rows)}


def pairs_seen(tokens: Tensor) -> Tensor:
    """Where the token before and the token itself have stood side by side earlier in the window: (window, pos)."""
    found = torch.zeros_like(tokens, dtype=torch.bool)
    for row, ids in zip(found, tokens.tolist(), strict=True):
        seen: set[tuple[int, int]] = set()
        for place, pair in enumerate(pairwise(ids), start=1):
            row[place] = pair in seen
            seen.add(pair)
    return found


def make_context_gain() -> dict[str, Tensor]:
    """The recipe of `context_gain`."""
    model = zoo.load(MODEL, "cpu")
    windows = held_out_windows(model)
    tokens = windows.tokens
    start = tokens[:1, :1].expand(len(tokens), 1)
    loss = []
    for run in GAIN_RUNS:
        rows = []
        for width in WIDTHS:
            prompts = torch.stack([torch.cat([start, tokens[:, p - width : p + 1]], 1) for p in LATE], 1).flatten(0, 1)
            hooks = ablation_hooks(model, RUNS[run], "mean", prompts[_spread_out(len(prompts)), :-1])
            nats = losses_of_last(model, prompts, hooks)
            rows.append(nats.view(len(tokens), len(LATE)).mean(1))
        hooks = ablation_hooks(model, RUNS[run], "mean", tokens[_spread_out(len(tokens))])
        rows.append(losses_of(model, tokens, hooks)[:, [p - 1 for p in LATE]].mean(1))
        loss.append(torch.stack(rows))
    return {"width": torch.tensor([*WIDTHS, tokens.shape[1] - 1]), "loss": torch.stack(loss), "module": windows.module}


@torch.no_grad()
def losses_of_last(model: Any, prompts: Tensor, hooks: list) -> Tensor:
    """The loss of each prompt's last token."""
    nats = []
    for part in prompts.split(128):
        logits = model.run_with_hooks(part[:, :-1], fwd_hooks=hooks)[:, -1]
        nats.append(torch.nn.functional.cross_entropy(logits, part[:, -1], reduction="none"))
    return torch.cat(nats)


def _spread_out(count: int) -> Tensor:
    """REFERENCE places evenly spread over `count`."""
    return torch.linspace(0, count - 1, min(REFERENCE, count)).long()


def _flat(losses: TextLosses) -> dict[str, Tensor]:
    return {f"losses_{field.name}": getattr(losses, field.name) for field in fields(losses)}


def _small(arrays: dict[str, Tensor]) -> dict[str, Tensor]:
    """Values per window in half precision."""
    return {name: v.half() if v.is_floating_point() and v.numel() > 2000 else v for name, v in arrays.items()}


MAKERS = {
    "formation": lambda: _small(make_formation()),
    "long_blocks": lambda: _small(make_long_blocks()),
    "spread": lambda: _small(make_spread()),
    "checkpoints": lambda: _small(make_checkpoints()),
    "ablations": lambda: _small(make_ablations()),
    "pair_losses": lambda: _small(make_pair_losses()),
    "head_sets": lambda: _small(make_head_sets()),
    "context_gain": lambda: _small(make_context_gain()),
}

"""What probes read and are asked: a model's residual stream on Python text, at every layer, with exact labels.

Tokens of one file are not independent: a file's names and habits return. So text is divided by file, never by token,
and intervals draw files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.patching.harvesting import harvest, plain_forward
from course_utils.python_text import modules
from course_utils.python_text.contexts import labelled_contexts

#: In the order of a figure: what a token is, where it stands, what a parser says of it.
LABELS = (
    "opens", "closes", "kind_keyword", "kind_number", "in_string", "in_docstring", "in_comment", "in_brackets",
    "definition", "attribute", "call", "parameter",
)  # fmt: skip


def hooks(model: Any) -> list[str]:
    """The residual stream before every layer, and after the last."""
    last = model.cfg.n_layers - 1
    return [f"blocks.{layer}.hook_resid_pre" for layer in range(last + 1)] + [f"blocks.{last}.hook_resid_post"]


def stream_of(model: Any, tokens: Int[Tensor, "*lines pos"], place: int) -> Float[Tensor, "*lines pos d"]:
    """The residual stream at one of `hooks(model)`, at every position: what `onwards` goes on from."""
    rows = harvest(model, hooks(model)[place], tokens.flatten(0, -2), start=0)
    return rows.unflatten(0, tokens.shape)


def onwards(model: Any, stream: Float[Tensor, "context pos d"], place: int) -> Float[Tensor, "context pos d"]:
    """What the unembedding reads when the residual stream at this place is this; what comes before is not run again.

    A gradient reaches the stream, not the model's weights.
    """
    net = plain_forward(model)
    if net is None:  # something is left on the model, or its architecture is another
        for block in model.blocks[place:]:
            (stream,) = block(stream)
        return model.ln_final(stream)
    return net.ln_final(net.forward(stream, net.visible(stream.shape[1]), first_layer=place)[0])


@dataclass(frozen=True)
class Tokens:
    """Rows to train probes on or to judge them on.

    Attributes:
        x: the stream at each of `hooks(model)`.
        y: the labels, named by `labels`.
        ids: the token that each row stands at.
        file: the file it is from; rows of one file belong together.
        contexts, place: all that the model read, and where in it the row is from: context and position.
    """

    x: Float[Tensor, "layer row d"]
    y: Bool[Tensor, "row label"]
    ids: Int[Tensor, "row"]
    file: Int[Tensor, "row"]
    labels: tuple[str, ...]
    contexts: Int[Tensor, "context pos"] = field(repr=False)
    place: Int[Tensor, "row 2"] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: Any) -> Tokens:
        """Some of the rows."""
        return replace(
            self, x=self.x[:, rows], y=self.y[rows], ids=self.ids[rows], file=self.file[rows], place=self.place[rows]
        )

    def label(self, name: str) -> Bool[Tensor, "row"]:
        return self.y[:, self.labels.index(name)]

    def read_by(self, model: Any) -> Tokens:
        """The same rows in another model's stream."""
        x = torch.stack(harvest(model, hooks(model), self.contexts))
        width = self.contexts.shape[1] - 1
        return replace(self, x=x[:, self.place[:, 0] * width + self.place[:, 1] - 1])


def read(model: Any, files: Sequence[str], contexts: int = 40, labels: Sequence[str] = LABELS) -> Tokens:
    """Every token of so many contexts, from the given files: the first contexts of each, about as many from each.

    Args:
        files: dotted names of the standard library's modules.
    """
    each = -(-contexts // len(files))
    parts = []
    for number, name in enumerate(files):
        tokens, flags = labelled_contexts([modules.read_module(name)], model.tokenizer, model.cfg.n_ctx, each)
        parts.append((tokens, torch.stack([flags[label] for label in labels], 2), torch.full((len(tokens),), number)))
    read = torch.cat([tokens for tokens, _, _ in parts])[:contexts]
    y = torch.cat([flags for _, flags, _ in parts])[:contexts, 1:].flatten(0, 1).bool()
    width = read.shape[1] - 1
    file = torch.cat([number for _, _, number in parts])[:contexts].repeat_interleave(width)
    place = torch.cartesian_prod(torch.arange(len(read)), torch.arange(1, width + 1))
    x = torch.stack(harvest(model, hooks(model), read))
    return Tokens(x, y, read[:, 1:].flatten(), file, tuple(labels), read, place)


def two_halves(model: Any, contexts: int = 40, seed: int = 0) -> tuple[Tokens, Tokens]:
    """Held-out files, which the model was not trained on, dealt into two groups: to train probes, and to judge them."""
    files = _held_out(True)
    order = torch.randperm(len(files), generator=torch.Generator().manual_seed(seed)).tolist()
    dealt = [files[i] for i in order]
    half = len(dealt) // 2
    return read(model, dealt[:half], contexts), read(model, dealt[half:], contexts)


def further_files(model: Any, contexts: int = 90) -> Tokens:
    """The held-out files that `two_halves` leaves out, for what was thought of only after its files had been seen."""
    return read(model, _held_out(False), contexts)


def _held_out(usual: bool) -> list[str]:
    """The held-out files of usual size, or the others: very short ones, and long ones, which take long to label."""
    return [name for name in modules.held_out_modules() if (2500 < len(modules.read_module(name)) < 40_000) == usual]

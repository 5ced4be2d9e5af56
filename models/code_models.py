"""Recipes of the code models: what they read and how long.

`code-attn-2l` reads Python whose identifiers were renamed to random words (see `renaming.py`), with one file in
five left as it is; `code-4l` reads Python as it is. Each context is `BOS` and the tokens from a random place on.
"""
from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.zoo import tokens
from course_utils.zoo.shape import Shape
from models import bpe, renaming
from models import corpus as text
from models.plain import Plain
from models.recipe import Recipe


@lru_cache(maxsize=1)
def _corpus() -> text.Corpus:
    return text.corpus()


@dataclass(frozen=True, kw_only=True)
class CodeRecipe(Recipe):
    """A language model of Python. `renamings` copies of the text, all but `as_it_is` of whose files are renamed."""

    renamings: int = 0
    as_it_is: float = 0.2
    packages: tuple[str, ...] | None = None

    family = "code"

    def _cache(self) -> Path:
        facts = [self.shape.d_vocab, self.renamings, self.as_it_is, self.packages, sorted(text.sources().items()),
                 text.PACKAGE_CHARS, bpe.PIECES]
        key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
        return text.cache_dir() / f"code-{key}"

    def _variant(self, module: text.Module, seed: int, pool: tuple[str, ...]) -> str:
        left = int.from_bytes(hashlib.sha256(f"{seed} {module.name}".encode()).digest()[:4], "big") / 2**32
        return module.text if left < self.as_it_is else renaming.rename(module.text, pool, seed)

    def prepare(self) -> None:
        """Write tokenizer and token streams to the cache, unless they are there."""
        folder = self._cache()
        if (folder / "facts.json").exists():
            return
        unfinished = folder.with_suffix(".tmp")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        corpus = _corpus()
        order = sorted(corpus.train, key=lambda m: hashlib.sha256(b"shuffle " + m.name.encode()).digest())
        sides = {"held_out": [m.text for m in corpus.held_out]}
        if self.renamings:
            pool = renaming.word_pool(m.text for m in corpus.train)
            sides["train"] = [self._variant(m, seed, pool) for seed in range(self.renamings) for m in order]
            sides["held_out_renamed"] = [renaming.rename(m.text, pool, 0) for m in corpus.held_out]
        else:
            sides["train"] = [m.text for m in order]
        tokenizer = bpe.train_bpe(sides["train"][: len(order)], self.shape.d_vocab)
        tokenizer.save(str(unfinished / "tokenizer.json"))
        sizes = {}
        for side, texts in sides.items():
            row = bpe.stream(tokenizer, texts)
            np.save(unfinished / f"{side}.npy", row)
            sizes[side] = {"modules": len(texts), "characters": sum(map(len, texts)), "tokens": len(row)}
        texts = {m.name: m.text for m in corpus.held_out}
        (unfinished / "held_out.json").write_text(json.dumps(texts), encoding="utf-8")
        facts = {"sizes": sizes, "fingerprint": corpus.fingerprint(), "near_copies_removed": len(corpus.near_copies),
                 "sources": text.sources()}
        (unfinished / "facts.json").write_text(json.dumps(facts, indent=1))
        unfinished.rename(folder)

    def stream(self, side: str) -> np.ndarray:
        """A row of tokens: "train", "held_out", or "held_out_renamed"."""
        return _load(str(self._cache() / f"{side}.npy"))

    def held_out_texts(self) -> dict[str, str]:
        """{module name: text} of what the model has never seen."""
        return json.loads((self._cache() / "held_out.json").read_text(encoding="utf-8"))

    def windows(self, side: str, count: int, rng: torch.Generator) -> Tensor:
        """(count, n_ctx + 1) tokens: `BOS`, then a random stretch of the stream."""
        row, length = self.stream(side), self.shape.n_ctx
        starts = torch.randint(len(row) - length, (count,), generator=rng).numpy()
        rows = np.stack([row[start:start + length] for start in starts]).astype(np.int64)
        return F.pad(torch.from_numpy(rows), (1, 0))

    def loss(self, model: Plain, step: int) -> Tensor:
        """Cross-entropy of the next token, in nats."""
        return next_token_loss(model, self.windows("train", self.batch, self.generator(step)))

    def watch(self, model: Plain) -> dict[str, float]:
        """Held-out loss, and the best head's prefix-matching score in the last layer."""
        rng = torch.Generator().manual_seed(1)
        found = {}
        for side, label in (("held_out", "held-out"), ("held_out_renamed", "renamed")):
            if side == "held_out" or self.renamings:
                found[label] = next_token_loss(model, self.windows(side, 24, rng)).item()
        block = torch.randint(1, self.shape.d_vocab, (8, 60), generator=rng)
        repeated = F.pad(torch.cat([block, block], 1), (1, 0)).to(model.pos.weight.device)
        patterns = model.patterns(repeated).mean(1)                                # (layer, head, query, key)
        found["prefix"] = patterns[..., 61:, :].diagonal(2, -2, -1).mean(-1).max().item()
        found["previous"] = patterns.diagonal(-1, -2, -1).mean(-1).max().item()
        return found

    def write_extras(self, folder: Path) -> None:
        """The tokenizer, and for GPT-2's layout what Hugging Face needs to load the folder."""
        shutil.copyfile(self._cache() / "tokenizer.json", folder / "tokenizer.json")
        if self.layout == "gpt2":
            from course_utils.zoo.shape import gpt2_config
            (folder / "config.json").write_text(json.dumps(gpt2_config(self.shape), indent=1) + "\n")
            (folder / "tokenizer_config.json").write_text(json.dumps({
                "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": tokens.BOS, "eos_token": tokens.BOS,
                "pad_token": tokens.BOS, "unk_token": tokens.BOS, "model_max_length": self.shape.n_ctx,
                "add_bos_token": True}, indent=1) + "\n")

    def evaluate(self, folder: Path) -> dict:
        """Losses, behaviours and head scores, each with its controls."""
        from models.evaluation import evaluate
        return evaluate(self, folder)

    def data_facts(self) -> dict:
        """Sizes, versions and licences of the text, and what was done to it."""
        facts = json.loads((self._cache() / "facts.json").read_text())
        facts["transformation"] = "none" if not self.renamings else (
            f"{self.renamings} copies; in {1 - self.as_it_is:.0%} of the files every identifier is renamed "
            "consistently to one to three random words")
        return facts


@lru_cache(maxsize=8)
def _load(path: str) -> np.ndarray:
    return np.load(path)


def next_token_loss(model: Plain, windows: Tensor) -> Tensor:
    """Mean cross-entropy in nats over (batch, n_ctx + 1) tokens."""
    windows = windows.to(model.pos.weight.device)
    return F.cross_entropy(model(windows[:, :-1]).float().flatten(0, 1), windows[:, 1:].flatten())


RECIPES = (
    CodeRecipe(
        name="code-attn-2l",
        purpose="Two attention layers, with the checkpoints of its training: to see induction heads come into being.",
        shape=Shape(n_layers=2, d_model=128, n_heads=4, d_head=64, n_ctx=256, d_vocab=1024, norm="LNPre"),
        steps=4340, minutes=20, batch=16, learning_rate=6e-3, optimiser="muon", weight_decay=0.05, renamings=2,
        watch_every=50,
        checkpoints=(200, 400, 700, 1000, 1100, 1200, 1250, 1300, 1350, 1400, 1450, 1500, 1550, 1600, 1700, 1800, 2000,
                     2400, 3000)),
    CodeRecipe(
        name="code-4l",
        purpose="Four layers with MLPs in GPT-2's format: a small real language model of Python.",
        shape=Shape(n_layers=4, d_model=192, n_heads=4, d_head=48, n_ctx=256, d_vocab=2048, d_mlp=768, tied=True),
        steps=6000, minutes=60, batch=16, learning_rate=6e-3, optimiser="muon", weight_decay=0.05, layout="gpt2",
        watch_every=200),
)

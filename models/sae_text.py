"""The contexts that the dictionaries of `code-4l` are trained on, in its tokens; and labelled ones to judge them.

They are cut from the same corpus (`corpus.py`), so that the held-out modules are held out for the dictionaries too.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int
from tokenizers import Tokenizer
from torch import Tensor

from course_utils import zoo
from course_utils.python_text import modules
from course_utils.sae.reading import LABELS, labelled
from course_utils.sae.units import Labels
from course_utils.zoo.cards import WEIGHTS
from models import bpe
from models.corpus import cache_dir, corpus

MODEL = "code-4l"


def training_contexts(model: str = MODEL) -> tuple[Int[Tensor, "context pos"], dict]:
    """All whole contexts of the training side, each with the starting token before it; and what they were cut from."""
    text, n_ctx = corpus(), zoo.card(model)["shape"]["n_ctx"]
    facts = {"fingerprint": text.fingerprint(), "modules": len(text.train),
             "characters": sum(len(module.text) for module in text.train)}  # fmt: skip
    path = cache_dir() / f"{model}-contexts-{facts['fingerprint']}.npy"
    if not path.exists():
        tokenizer = Tokenizer.from_file(str(WEIGHTS / model / "tokenizer.json"))
        row = bpe.stream(tokenizer, [module.text for module in text.train])
        body = row[: len(row) // (n_ctx - 1) * (n_ctx - 1)].reshape(-1, n_ctx - 1)
        np.save(path, np.pad(body, ((0, 0), (1, 0))))
    tokens = torch.from_numpy(np.load(path).astype(np.int32)).long()
    return tokens, {**facts, "tokens": tokens[:, 1:].numel()}


def held_out_reading(every: int) -> tuple[Tensor, Labels]:
    """One context in `every` of the held-out modules, with the labels of all their positions but the first."""
    model = zoo.load(MODEL, "cpu")
    texts = [modules.read_module(name) for name in modules.held_out_modules()]
    tokens, flags, module = labelled(model, texts, 10**9)
    rows = torch.stack([flags[name][::every, 1:].flatten() for name in LABELS], 1)
    return tokens[::every], Labels(LABELS, rows, module[::every].repeat_interleave(tokens.shape[1] - 1))


def training_reading(limit: int) -> tuple[Tensor, Labels]:
    """So many contexts of training modules drawn at random, with the labels of all their positions but the first."""
    known = corpus().train
    drawn = torch.randperm(len(known), generator=torch.Generator().manual_seed(0)).tolist()
    tokens, flags, module = labelled(zoo.load(MODEL, "cpu"), [known[i].text for i in drawn], limit)
    rows = torch.stack([flags[name][:, 1:].flatten() for name in LABELS], 1)
    return tokens, Labels(LABELS, rows, module.repeat_interleave(tokens.shape[1] - 1))

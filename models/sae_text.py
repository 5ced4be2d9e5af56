"""The contexts that the dictionaries of `code-4l` are trained on: what the model itself was trained on, in its tokens.

They are cut from the same corpus (`corpus.py`), so that the held-out modules are held out for the dictionaries too.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int
from tokenizers import Tokenizer
from torch import Tensor

from course_utils import zoo
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

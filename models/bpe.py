"""Byte-level BPE for Python, and long streams of its tokens.

Pieces are cut so that no token ever spans a bracket, a quote or a line end together with something else:
a line end takes the indentation that follows it, a word or a sign takes the one blank before it. What a token
is in Python's own grammar is then nearly always well defined (`labels.py` reports the rest).
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from course_utils.zoo.tokens import BOS

PIECES = r"""\n *| ?_*[^\W\d_]+|_+| ?\d| ?(?:\"\"\"|'''|["'()\[\]{}])| ?[^\s\w()\[\]{}"']+|\s"""


def train_bpe(texts: Iterable[str], vocab: int) -> Tokenizer:
    """A tokenizer of `vocab` tokens; token 0 is `BOS`, which starts every document and every context."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PIECES), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab, special_tokens=[BOS], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), max_token_length=24)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, 0)])
    return tokenizer


def stream(tokenizer: Tokenizer, texts: Sequence[str]) -> np.ndarray:
    """All texts in one row of tokens (uint16), each with `BOS` before it."""
    parts = []
    for start in range(0, len(texts), 256):
        for encoded in tokenizer.encode_batch_fast(list(texts[start:start + 256]), add_special_tokens=False):
            parts.append(np.array([0, *encoded.ids], dtype=np.uint16))
    return np.concatenate(parts)

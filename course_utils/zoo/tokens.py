"""The bundled models' tokenizers, as transformers and TransformerLens want them."""

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

BOS = "<|endoftext|>"


def wrapped(data: bytes, n_ctx: int, folder: Path) -> Any:
    """The tokenizer of a `tokenizer.json`, given as bytes, as transformers and TransformerLens want it."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_buffer(data), bos_token=BOS, eos_token=BOS,
                                   pad_token=BOS, unk_token=BOS, model_max_length=n_ctx,
                                   clean_up_tokenization_spaces=False, add_bos_token=True, name_or_path=str(folder))

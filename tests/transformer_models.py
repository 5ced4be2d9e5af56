"""What the tests of lesson 0's module share: models loaded once, text, pairs of random tokens."""

import functools

import torch
from patching_models import LENGTH, answers, prompts

from course_utils import transformer as tf
from course_utils import zoo
from course_utils.python_text import samples

BUNDLED = ["code-4l", "code-attn-2l"]


@functools.cache
def bundled(name):
    return zoo.load(name, device="cpu")


@functools.cache
def folded():
    """`code-4l` with its LayerNorms folded into the weights."""
    model = zoo.load("code-4l", device="cpu")
    model.enable_compatibility_mode()
    return model


@torch.no_grad()
def run(model, tokens):
    return model.run_with_cache(tokens)


def text_tokens(name, batch=3, length=40):
    """Windows of a sample program."""
    ids = bundled(name).to_tokens(samples.read("calculator")[:3000])[0]
    return torch.stack([ids[start : start + length] for start in range(0, batch * length, length)])


def of_pairs(batch=3):
    """Pairs of random tokens for a random model; they differ from position 2 on."""
    clean, corrupt = prompts(batch, shared=2)
    correct, wrong = answers(batch)
    return tf.Pairs(clean, corrupt, correct, wrong, 2, ("x",) * LENGTH, (("", ""),) * batch)

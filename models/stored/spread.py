"""The stored result `spread` of lesson 3: the lesson's own training over many seeds, and what formed in each.

`course_utils.induction.toys.seeds` says what is measured.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.induction.scores.circuits import INPUTS, composition_score, copying_score
from course_utils.induction.scores.interventions import path_patch_qkv, repeat_log_prob
from course_utils.induction.scores.measures import repeated_tokens
from course_utils.induction.toys.model import Weights, as_bridge
from course_utils.induction.toys.training import Recipe, Shape, Trained, train


def make_spread() -> dict[str, Tensor]:
    """The recipe of `spread`: the lesson's own training, continued to step 600."""
    recipe = Recipe(steps=600)
    return measure(train(Shape(), recipe, seeds=32), train(Shape(n_layers=1), recipe, seeds=8))


def measure(trained: Trained, control: Trained) -> dict[str, Tensor]:
    """The arrays of `Spread`, from models of two layers and from models of one."""
    curves, weights, seeds = trained.curves, trained.weights, range(trained.curves.seeds)
    matrices = [(weights[s].W_E, weights[s].W_V[1], weights[s].W_O[1], weights[s].W_U) for s in seeds]
    return {
        "step": curves.step,
        "accuracy": curves.accuracy,
        "icl": curves.icl,
        "prefix": curves.best_prefix(),
        "previous": curves.best_previous(),
        "control": control.curves.accuracy,
        "patched": torch.stack([listening(weights[s], trained.recipe.probe_length) for s in seeds]),
        "composition": torch.stack([mean_composition(weights[s], weights[s]) for s in seeds]),
        "unrelated": torch.stack([mean_composition(weights[s - 1], weights[s]) for s in seeds]),
        "copying": torch.stack([copying_score(*each) for each in matrices]),
        "final_prefix": curves.prefix[-1, :, 1],
    }


def listening(weights: Weights, length: int) -> Float[Tensor, "3"]:
    """The effect on the log-probability of the repeat when all of layer 1 hears all of layer 0 wrongly: by q, k, v."""
    generator = torch.Generator().manual_seed(11)
    clean, other = (
        repeated_tokens(weights.d_vocab, 64, length, distinct=True, generator=generator) for _ in range(2)
    )
    heads = range(weights.n_heads)
    senders, receivers = [(0, h) for h in heads], [(1, h) for h in heads]
    metric = repeat_log_prob(clean, length)
    return path_patch_qkv(as_bridge(weights, "cpu"), clean, other, metric, senders, receivers).effect()


def mean_composition(writer: Weights, reader: Weights) -> Float[Tensor, "3"]:
    """Composition scores by q, k, v, averaged over all heads of the writer's layer 0 and of the reader's layer 1."""
    OV, QK, later = writer.W_OV[0][:, None], reader.W_QK[1][None], reader.W_OV[1][None]
    return torch.stack([composition_score(OV, QK, later, kind).mean() for kind in INPUTS])

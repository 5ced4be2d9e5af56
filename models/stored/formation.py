"""The stored results `formation` and `long_blocks` of lesson 3: the toy's training under other conditions.

`formation`: keys smeared, or parts of the second layer deaf. `long_blocks`: one layer, and no block fits into another
twice, so that no distance is right for two lengths.

The trainer of the lesson with another forward pass (`course_utils.induction.toys.formation` says what is asked).
Smeared keys: k′ = σ(m) k + (1 − σ(m)) k of the position before, m learned for each head, 0 at the start.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.induction.scores.measures import repeat_accuracy, repeated_tokens
from course_utils.induction.toys.formation import CONDITIONS
from course_utils.induction.toys.training import Recipe, Shape, _Stack

SEEDS = 4  # of every condition
INPUTS = "qkv"
LONG_SEEDS, LENGTHS = 2, range(8, 32)


class Altered(_Stack):
    """One model that trains with smeared keys, or with some inputs of its second layer cut off from the first."""

    def __init__(self, shape: Shape, recipe: Recipe, seed: int, smeared: bool = False, deaf: str = "") -> None:
        super().__init__(shape, recipe, [seed], torch.device("cpu"))
        self.smeared, self.deaf = smeared, deaf
        self.mix = torch.nn.Parameter(torch.zeros(1, shape.n_layers, shape.n_heads))
        if smeared:
            self.optimizer.add_param_group({"params": [self.mix]})

    def logits(self, tokens: Int[Tensor, "1 batch pos"]) -> Float[Tensor, "1 batch pos d_vocab"]:
        seeds, batch, length = tokens.shape
        heads, d_head = self.shape.n_heads, self.shape.d_head
        x = F.embedding(tokens + self.first_row, self.W_E.flatten(0, 1)) + self.W_pos[:, None, :length]
        x = embedded = x.flatten(1, 2)
        for layer in range(self.shape.n_layers):
            W = self.W_QKV[:, layer].unflatten(-1, (3, heads * d_head))
            read = [embedded if layer > 0 and name in self.deaf else x for name in INPUTS]
            q, k, v = (
                (x @ W[:, :, i]).view(seeds, batch, length, heads, d_head).transpose(2, 3) for i, x in enumerate(read)
            )
            if self.smeared:
                share = self.mix[:, layer].sigmoid()[:, None, :, None, None]
                before = torch.cat([k[..., :1, :], k[..., :-1, :]], -2)
                k = share * k + (1 - share) * before
            z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            z = z.transpose(2, 3).reshape(seeds, batch * length, heads * d_head)
            x = torch.baddbmm(x, z, self.W_O[:, layer])
        return (x @ self.W_U).view(seeds, batch, length, -1)

    @torch.no_grad()
    def accuracy(self) -> Tensor:
        """On the probes of the lesson's trainer: (1,)."""
        return repeat_accuracy(self.logits(self.probe[None]), self.probe[None], self.recipe.probe_length)


def make_formation() -> dict[str, Tensor]:
    """The recipe of `formation`: twenty trainings that know nothing of each other, and their histories side by side.

    The stored file was put together in this way from trainings that ran one by one; the whole has not run as one
    command. A test trains one of the twenty again and finds the beginning of its stored history.
    """
    recipe = Recipe(steps=600)
    found = [[train_condition(name, recipe, seed) for seed in range(SEEDS)] for name in CONDITIONS]
    accuracy = torch.stack([torch.stack(rows, 1) for rows in found], 1)
    return {"step": torch.arange(0, recipe.steps + 1, recipe.every), "accuracy": accuracy}


def train_condition(condition: str, recipe: Recipe, seed: int) -> Float[Tensor, "record"]:
    """The accuracy on the repeat along one training under a condition of `CONDITIONS`."""
    layers = 2 if condition.startswith("two") else 1
    deaf = {"keys": "k", "queries": "q"}.get(condition.split()[-1], "") if "deaf" in condition else ""
    model = Altered(Shape(n_layers=layers), recipe, seed, "smeared" in condition, deaf)
    history = [model.accuracy()]
    for step in range(1, recipe.steps + 1):
        model.step()
        if step % recipe.every == 0:
            history.append(model.accuracy())
    return torch.cat(history)


def make_long_blocks() -> dict[str, Tensor]:
    """The recipe of `long_blocks`: accuracy of models of one layer, trained on blocks of 16 to 31, by length."""
    models = [Altered(Shape(n_layers=1), Recipe(shortest=16), seed) for seed in range(LONG_SEEDS)]
    for model in models:
        for _ in range(model.recipe.steps):
            model.step()
    return {"accuracy": torch.stack([by_length(model) for model in models])}


@torch.no_grad()
def by_length(model: Altered) -> Float[Tensor, "length"]:
    """The accuracy on the repeat of 32 blocks of every length in `LENGTHS`."""
    generator, found = torch.Generator().manual_seed(11), []
    for length in LENGTHS:
        tokens = repeated_tokens(model.shape.d_vocab, 32, length, distinct=True, generator=generator)[None]
        found.append(repeat_accuracy(model.logits(tokens), tokens, length))
    return torch.cat(found)

"""Pairs on which two ablations disagree about a head, and on which it shows over which prompts a mean was taken."""

from transformer_lens.model_bridge import TransformerBridge

from course_utils.patching import ablated
from course_utils.transformer.pairs import Pairs, bracket_pairs
from course_utils.transformer.removal import Removal, removal

SHOWS = 0.03  # logits by which the means over other prompts must differ, at the least
DRAWS = 8


def verdict_pairs(model: TransformerBridge, seed: int, n: int = 16) -> Pairs:
    """n pairs of a call or an index, or of a list with a bracket inside that has been closed.

    They are drawn anew until the head about which zero and mean ablation disagree most loses another amount with its
    mean over the clean prompts, or over the corrupt ones, than with its mean over all.
    """
    return verdict_draw(model, seed, n)[0]


def verdict_draw(model: TransformerBridge, seed: int, n: int = 16) -> tuple[Pairs, Removal, Removal]:
    """The pairs of `verdict_pairs`, and what taking components away costs on them: by zeros, by means."""
    for draw in range(DRAWS):
        pairs = bracket_pairs(model.tokenizer, n, seed + 1000 * draw, ("call", "nested")[(seed + draw) % 2])
        zero, mean = (removal(model, pairs, kind) for kind in ("zero", "mean"))
        heads = [label for label in zero.labels if "." in label]
        widest = max(heads, key=lambda label: abs(zero.of(label)[1] - mean.of(label)[1]))
        whole = pairs.difference(model(pairs.clean).detach()).mean()
        others = (
            float(whole - pairs.difference(ablated(model, pairs.clean, [widest], "mean", over)).mean())
            for over in (pairs.clean, pairs.corrupt)
        )
        if all(abs(other - mean.of(widest)[1]) > SHOWS for other in others):
            break
    return pairs, zero, mean

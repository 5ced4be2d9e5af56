"""Are a probe's probabilities true? Of the rows to which it gives 0.3, about 0.3 should have the label."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.intervals import bootstrap_weights, interval


@dataclass(frozen=True)
class Reliability:
    """What is said and what is so, in bins of what is said, with 95 % intervals over files. Empty bins are left out.

    Attributes:
        says: the mean probability in each bin.
        so: the share of the bin's rows that have the label; `low` and `high` are its interval, over draws of files in
            which the bin has rows.
        count: the bin's rows.
        error: the expected calibration error (Naeini et al. 2015) with its interval: by how much `says` and `so`
            differ, on average over rows. Chance alone makes it larger than 0, the more so the fewer rows a bin has,
            and most in the draws.
        errors: the same error for each draw of files. The same files are drawn in every call, so that the errors of two
            probes on the same rows can be subtracted, draw by draw.
    """

    says: Float[Tensor, "bin"]
    so: Float[Tensor, "bin"]
    low: Float[Tensor, "bin"]
    high: Float[Tensor, "bin"]
    count: Int[Tensor, "bin"]
    error: tuple[float, float, float]
    errors: Float[Tensor, "draw"]


def reliability(
    p: Float[Tensor, "row"], y: Bool[Tensor, "row"], file: Int[Tensor, "row"], bins: int = 10
) -> Reliability:
    """How the probabilities of rows compare with their labels, in so many bins of equal width from 0 to 1.

    Args:
        file: rows of one file are drawn together.

    Raises:
        ValueError: a probability is not between 0 and 1, or p, y and file are not of the same rows.
    """
    if not p.shape == y.shape == file.shape:
        raise ValueError(f"Probabilities, labels and files are of the same rows, not {len(p)}, {len(y)}, {len(file)}.")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("Probabilities lie between 0 and 1: of logits take the sigmoid first.")
    p, y, file = p.double().cpu(), y.double().cpu(), file.cpu()
    at, member = (p * bins).long().clamp(max=bins - 1), (file[:, None] == file.unique()).double()
    inside = torch.nn.functional.one_hot(at, bins).double()
    inside = inside[:, inside.any(0)]  # (row, bin)
    count, said, so = (torch.einsum("rf,rb,r->fb", member, inside, of) for of in (torch.ones_like(p), p, y))
    weights = bootstrap_weights(len(count))
    counts, says, sos = (weights @ of for of in (count, said, so))
    low, high = zip(*(interval((s / n)[n > 0]) for s, n in zip(sos.T, counts.T, strict=True)), strict=True)
    errors = (says - sos).abs().sum(1) / counts.sum(1)
    count, said, so = count.sum(0), said.sum(0), so.sum(0)
    error = (said - so).abs().sum() / count.sum()
    return Reliability(
        said / count, so / count, torch.stack(low), torch.stack(high), count.long(),
        (float(error), *(float(end) for end in interval(errors))), errors,
    )  # fmt: skip

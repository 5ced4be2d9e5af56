"""What no probe can beat: the uncertainty that a representation leaves about a label."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def conditional_entropy(counts: Float[Tensor, "h y"]) -> Float[Tensor, ""]:
    """H(Y | H) in bits, from how often each value of h comes with each value of y.

    The expected cross-entropy of a probe that sees h, whatever it computes, is never smaller; the probe that says the
    true share at every h reaches it (Shannon 1948).
    """
    joint = counts / counts.sum()
    share = joint / joint.sum(1, keepdim=True)
    return -torch.xlogy(joint, share).nan_to_num().sum() / torch.log(torch.tensor(2.0, dtype=counts.dtype))

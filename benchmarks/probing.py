"""Logistic probes of 5 layers × 12 labels: one solve against scikit-learn, layer by layer and label by label.

    python benchmarks/probing.py [--rounds 3] [--threads 2] [--device cpu]

20 000 rows of 256 dimensions, correlated as activations are (standard deviations fall over two orders of magnitude),
penalty 1 on both sides, scikit-learn's default solver and tolerance with enough iterations to arrive. Printed: seconds
of each (scikit-learn's over all 60 fits), their ratio within rounds, and the losses on 20 000 rows that neither saw.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from course_utils import probing

LAYERS, LABELS, ROWS, D = 5, 12, 20_000, 256


def drawn(seed: int) -> tuple[Tensor, Tensor]:
    world, rng = torch.Generator().manual_seed(0), torch.Generator().manual_seed(seed)
    mix = torch.linalg.qr(torch.randn(LAYERS, D, D, generator=world)).Q * torch.logspace(0, -2, D)[:, None]
    seen = torch.randn(D, LABELS, generator=world)
    base = torch.randn(ROWS, D, generator=rng)
    y = base @ seen / D**0.5 + 0.5 * torch.randn(ROWS, LABELS, generator=rng) > 1.0
    return base @ mix, y


def one_by_one(x: Tensor, y: Tensor) -> probing.Probes:
    found = torch.zeros(LAYERS, LABELS, D + 1)
    for layer in range(LAYERS):
        rows = x[layer].numpy()
        for label in range(LABELS):
            fitted = LogisticRegression(max_iter=5000).fit(rows, y[:, label].numpy())
            found[layer, label] = torch.tensor([*fitted.coef_[0], *fitted.intercept_])
    return probing.Probes(found[..., :-1], found[..., -1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    (x, y), (new_x, new_y) = drawn(1), drawn(2)
    here = x.to(args.device), y.to(args.device)
    probing.fit_logistic(*here)
    times: dict[str, list[float]] = {"course": [], "scikit-learn": []}
    for _ in range(args.rounds):
        began = time.perf_counter()
        ours = probing.fit_logistic(*here)
        held = ours.bias.cpu()  # waits for the device
        times["course"].append(time.perf_counter() - began)
        began = time.perf_counter()
        theirs = one_by_one(x, y)
        times["scikit-learn"].append(time.perf_counter() - began)
    ours = probing.Probes(ours.directions.cpu(), held)
    ratios = [b / a for a, b in zip(*times.values(), strict=True)]
    for name, probes in (("course", ours), ("scikit-learn", theirs)):
        logits = probes.logits(new_x)
        loss = F.binary_cross_entropy_with_logits(logits, new_y.float().expand_as(logits))
        print(f"{name:13} {statistics.median(times[name]):8.2f} s   loss on new rows {loss:.5f}")
    print(f"{statistics.median(ratios):.1f} × as fast ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()

"""The canonical sweep of toy models, raced against the straightforward published design.

    python benchmarks/superposition.py [--steps 200] [--threads 2] [--device cpu]

200 features in 20 dimensions, 20 instances of different density, batches of 1024. Both sides train the same models by
Adam at 1e-3. The baseline is written as the model was published: einsums over [batch, instance, feature], two full
random draws a step, autograd, Adam as it comes. Printed: milliseconds a step (the median of interleaved rounds, so that
both meet the same weather), the ratio, the loss that both reach over the same number of steps and seeds, and the share
of the machine's own matrix-product peak that the course's trainer achieves.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import superposition as sp
from course_utils.superposition.training import _Stack

FEATURES, HIDDEN, INSTANCES, BATCH, LR = 200, 20, 20, 1024, 1e-3


class Baseline:
    """The published design: [batch, instance, feature], einsum, autograd."""

    def __init__(self, toy: sp.Toy, seed: int, device: torch.device) -> None:
        torch.manual_seed(seed)
        start = torch.randn(INSTANCES, FEATURES, HIDDEN, device=device)
        self.W = torch.nn.Parameter(start * (2 / (FEATURES + HIDDEN)) ** 0.5)  # the same start as the course's
        self.b = torch.nn.Parameter(torch.zeros(INSTANCES, FEATURES, device=device))
        self.optimizer = torch.optim.Adam([self.W, self.b], lr=LR)
        self.p, self.importance = toy.probability.to(device), toy.importance.to(device)

    def step(self) -> None:
        size, device = (BATCH, INSTANCES, FEATURES), self.W.device
        magnitude = torch.rand(size, device=device)
        x = torch.where(torch.rand(size, device=device) <= self.p, magnitude, torch.zeros((), device=device))
        h = torch.einsum("bif,ifh->bih", x, self.W)
        x_hat = torch.relu(torch.einsum("bih,ifh->bif", h, self.W) + self.b)
        loss = (self.importance * (x - x_hat) ** 2).mean(0).sum()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def weights(self) -> tuple[Tensor, Tensor]:
        return self.W.detach().mT.cpu(), self.b.detach().cpu()


class Course:
    """The course's trainer, step by step."""

    def __init__(self, toy: sp.Toy, seed: int, device: torch.device) -> None:
        self.stack, self.count = _Stack(toy, sp.Recipe(batch=BATCH, lr=LR), 1, seed, device), 0

    def step(self) -> None:
        self.stack.step(self.count)
        self.count += 1

    def weights(self) -> tuple[Tensor, Tensor]:
        return self.stack.weights()


def seconds(run: Callable[[], None], times: int, device: torch.device) -> float:
    start = time.perf_counter()
    for _ in range(times):
        run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / times


def peak(device: torch.device) -> float:
    """Floating-point operations a second in a large single-precision matrix product: the best of ten."""
    side = 8192 if device.type == "cuda" else 2048
    a, b = torch.randn(2, side, side, device=device)
    torch.mm(a, b)
    return max(2 * side**3 / seconds(lambda: torch.mm(a, b), 1, device) for _ in range(10))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200, help="steps for the comparison of losses")
    parser.add_argument("--rounds", type=int, default=9, help="interleaved timing rounds")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device, toy = torch.device(args.device), sp.canonical(FEATURES, HIDDEN, INSTANCES)

    sides = {"published design": Baseline, "course": Course}
    racers = {name: side(toy, 0, device) for name, side in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for racer in racers.values():
        seconds(racer.step, 3, device)  # warm up
    for _ in range(args.rounds):
        for name, racer in racers.items():
            times[name].append(seconds(racer.step, 5, device))
    step = {name: statistics.median(found) for name, found in times.items()}
    for name, found in times.items():
        low, high = 1e3 * min(found), 1e3 * max(found)
        print(f"{name:18} {1e3 * step[name]:7.2f} ms a step   (rounds {low:.2f} to {high:.2f})")
    ratios = [slow / fast for slow, fast in zip(*times.values(), strict=True)]
    low, high = min(ratios), max(ratios)
    print(f"ratio              {statistics.median(ratios):7.2f}          (rounds {low:.2f} to {high:.2f})")

    work = 5 * 2 * INSTANCES * BATCH * FEATURES * HIDDEN  # five matrix products a step, forward and backward
    best = peak(device)
    speed = work / step["course"]
    print(f"matrix products    {speed / 1e9:7.1f} GFLOP/s, {speed / best:.0%} of the measured peak of {best / 1e9:.0f}")

    for name, side in sides.items():
        losses = []
        for seed in range(args.seeds):
            racer = side(toy, seed, device)
            for _ in range(args.steps):
                racer.step()
            W, b = racer.weights()
            losses.append(sp.evaluate(toy, W[None], b[None], batch=2048).sum().item())
        spread = statistics.stdev(losses) if args.seeds > 1 else float("nan")
        print(f"{name:18} loss of all instances after {args.steps} steps: "
              f"{statistics.mean(losses):.2f} ± {spread:.2f} over {args.seeds} seeds")  # fmt: skip


if __name__ == "__main__":
    main()

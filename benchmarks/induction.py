"""Several seeds of the induction training together, raced against one after the other, and against TransformerLens.

    python benchmarks/induction.py [--seeds 3] [--threads 2] [--device cpu]

Each side trains the lesson's models (two attention layers, d_model 64, 4 heads) by Adam on the same kind of batches.
*Together* is one batched program for all seeds; *one after the other* is the same program with one seed each, step by
step; *TransformerLens* is its native model, one for each seed, with the usual training loop. Printed: milliseconds for
a step of all seeds (the median of interleaved rounds, so that all meet the same weather), the ratios, and the loss
that each reaches on the repeat after `--steps` steps.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F

from course_utils import induction as ind
from course_utils.induction.toys.training import _Stack

SHAPE, RECIPE = ind.Shape(), ind.Recipe()


class Course:
    """The course's trainer: groups of seeds, each a batched program."""

    def __init__(self, groups: list[list[int]], device: torch.device) -> None:
        self.stacks = [_Stack(SHAPE, RECIPE, group, device) for group in groups]

    def step(self) -> None:
        for stack in self.stacks:
            stack.step()

    def losses(self) -> list[float]:
        return [loss for stack in self.stacks for loss in stack.measure(0).loss.tolist()]


class TransformerLens:
    """One native model for each seed, the usual loop."""

    def __init__(self, seeds: int, device: torch.device) -> None:
        stacks = [_Stack(SHAPE, RECIPE, [seed], torch.device("cpu")) for seed in range(seeds)]
        self.generators = [stack.generators[0] for stack in stacks]
        self.models = [ind.as_bridge(stack.weights()[0].to(device)).train() for stack in stacks]
        self.optimizers = []
        for model in self.models:
            for name, parameter in model.named_parameters():
                parameter.requires_grad_("bias" not in name)  # the lesson's model has none
            trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
            self.optimizers.append(torch.optim.Adam(trained, lr=RECIPE.lr))
        self.device = device

    def step(self) -> None:
        for model, optimizer, generator in zip(self.models, self.optimizers, self.generators, strict=True):
            tokens = ind.repeating(RECIPE, SHAPE, generator).to(self.device)
            F.cross_entropy(model(tokens)[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).backward()
            optimizer.step()
            optimizer.zero_grad()

    @torch.no_grad()
    def losses(self) -> list[float]:
        length = RECIPE.probe_length
        probe = torch.Generator().manual_seed(7)
        tokens = ind.repeated_tokens(SHAPE.d_vocab, RECIPE.probes, length, distinct=True, generator=probe)
        tokens = tokens.to(self.device)
        return [ind.token_losses(m(tokens), tokens)[:, length + 1 :].mean().item() for m in self.models]


def seconds(run: Callable[[], None], times: int, device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(times):
        run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=15, help="interleaved timing rounds of ten steps")
    parser.add_argument("--steps", type=int, default=300, help="steps for the comparison of losses")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = torch.device(args.device)
    sides = {
        "together": lambda: Course([list(range(args.seeds))], device),
        "one after the other": lambda: Course([[seed] for seed in range(args.seeds)], device),
        "TransformerLens": lambda: TransformerLens(args.seeds, device),
    }
    racers = {name: make() for name, make in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for racer in racers.values():
        seconds(racer.step, 5, device)  # warm up
    for _ in range(args.rounds):
        for name, racer in racers.items():
            times[name].append(seconds(racer.step, 10, device))
    print(f"{args.seeds} seeds on {device}, {args.threads} threads, torch {torch.__version__}")
    for name, found in times.items():
        low, middle, high = (1e3 * f(found) for f in (min, statistics.median, max))
        print(f"{name:20} {middle:7.2f} ms a step of all seeds   (rounds {low:.2f} to {high:.2f})")
    for slow in list(sides)[1:]:
        ratios = [s / f for s, f in zip(times[slow], times["together"], strict=True)]
        low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
        print(f"{slow} / together: {middle:.2f}   (rounds {low:.2f} to {high:.2f})")
    for name, make in sides.items():
        racer = make()
        for _ in range(args.steps):
            racer.step()
        print(f"{name:20} loss on the repeat after {args.steps} steps: {', '.join(f'{x:.3f}' for x in racer.losses())}")


if __name__ == "__main__":
    main()

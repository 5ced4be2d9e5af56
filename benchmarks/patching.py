"""Interventions against transformer-lens 4.3, in the same run, interleaved: `python benchmarks/patching.py`.

Each job is timed `--repeats` times, ours and theirs in turn, and the median of the ratios is printed. Where
TransformerLens needs minutes it runs a random sample of its cells (one cell is one forward, all of one cost) and
the time is scaled to all of them; the table says how many were timed. To its cells are added the runs that fill the
caches it needs, and nothing else; ours is timed whole, from the call to the result with its two baselines.

"share of peak": matrix products that ours really does (counted by torch), per second, against the best rate
measured on this machine for a product of 1024 × 768 × 3072. "memory": peak of the resident set while ours runs, in
all and above what it was before (Linux). Counting slows every operation down, so both are seen in a run of their
own, which is not timed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformer_lens import patching as theirs
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.tools.analysis.attribution_patching import EdgeAttributionConfig, attribution_patch
from transformers import GPT2Config, GPT2LMHeadModel

from course_utils import patching, zoo


@dataclass(frozen=True)
class Job:
    """One row: `ours()` does all of it; `theirs(n)` does (at least) n of its `cells` and returns seconds per cell.

    sample: how many of their cells are timed in each repeat. overhead: seconds that all their cells need once.
    """

    name: str
    target: float
    ours: Callable[[], Any]
    theirs: Callable[[int], float]
    cells: int
    sample: int
    overhead: float = 0.0


def gpt2(device: str, **shape: int) -> TransformerBridge:
    """A model in GPT-2's format with random weights; GPT-2 small's shape but for `shape`."""
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(attn_implementation="eager", **shape))
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return TransformerBridge.boot_transformers(folder, device=device).eval()


def prompts(model: Any, batch: int, length: int, device: str) -> tuple:
    """Random clean and corrupt prompts that share no token, two answers, and a metric for each side."""
    generator = torch.Generator().manual_seed(1)
    vocabulary = model.cfg.d_vocab
    clean = torch.randint(vocabulary, (batch, length), generator=generator)
    corrupt = (clean + torch.randint(1, vocabulary, (batch, length), generator=generator)) % vocabulary
    right, wrong = torch.randint(model.W_U.shape[-1], (2, batch), generator=generator)
    rows = torch.arange(batch)
    clean, corrupt, right, wrong, rows = (x.to(device) for x in (clean, corrupt, right, wrong, rows))

    def metric(logits: torch.Tensor) -> torch.Tensor:
        return logits[rows, -1, right] - logits[rows, -1, wrong]

    return clean, corrupt, right, wrong, metric


def clock(work: Callable[[], Any], device: str) -> float:
    if device != "cpu":
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def their_cache(model: Any, tokens: torch.Tensor, device: str) -> tuple[Any, float]:
    """TransformerLens's cache of what these jobs read, and the seconds it took (the second time)."""
    kept: list = []

    def fill() -> None:
        with torch.no_grad():
            names = ("hook_resid_pre", "hook_z", "hook_in")
            kept.append(model.run_with_cache(tokens, names_filter=lambda hook: hook.endswith(names))[1])

    fill()
    return kept[0], clock(fill, device)


def sweep_job(
    name: str,
    target: float,
    model: Any,
    site: str,
    batch: int,
    length: int,
    sample: int,
    device: str,
    again: bool = False,
    route: str = "auto",
) -> Job:
    """A sweep by layer and position, for heads by layer, position and head.

    again: of a question that has been asked something before, and has its runs; else the question is new.
    """
    clean, corrupt, right, wrong, metric = prompts(model, batch, length, device)
    by = ("layer", "position") if site == "resid_pre" else ("layer", "position", "head")
    setter = theirs.layer_pos_patch_setter if site == "resid_pre" else theirs.layer_pos_head_vector_patch_setter
    limits = [model.cfg.n_layers, length, model.cfg.n_heads][: len(by)]
    cache, overhead = their_cache(model, clean, device)
    cells = 1
    for limit in limits:
        cells *= limit

    def their_cells(n: int) -> float:
        chosen = [[random.randrange(limit) for limit in limits] for _ in range(n)]
        table = pd.DataFrame(chosen, columns=["layer", "pos", "head"][: len(by)])
        with torch.no_grad():
            took = clock(
                lambda: theirs.generic_activation_patch(
                    model, corrupt, cache, metric, setter, site, index_df=table, reduce="none"
                ),
                device,
            )
        return took / n

    ours = patching.logit_diff(right, wrong)
    asked = patching.Question(model, clean, corrupt, ours, route=route)
    return Job(
        name,
        target,
        lambda: (asked if again else replace(asked)).sweep(site, by),
        their_cells,
        cells,
        min(sample, cells),
        overhead,
    )


def path_job(name: str, target: float, model: Any, batch: int, length: int, sample: int, device: str) -> Job:
    """Every head to the q, k and v of every later head."""
    clean, corrupt, right, wrong, metric = prompts(model, batch, length, device)
    layers, heads = model.cfg.n_layers, model.cfg.n_heads
    caches, seconds = zip(*(their_cache(model, tokens, device) for tokens in (clean, corrupt)), strict=True)

    def their_cells(n: int) -> float:
        # A call of theirs does all destinations of one source: from the layer before the last, one per head.
        took, calls = 0.0, -(-n // heads)
        for i in range(calls):
            with torch.no_grad():
                took += clock(
                    lambda i=i: theirs.get_act_patch_direct_path(
                        model,
                        corrupt,
                        *caches,
                        lambda logits: metric(logits).mean(),
                        layers - 2,
                        random.randrange(heads),
                        component="qkv"[i % 3],
                        verbose=False,
                    ),
                    device,
                )
        return took / (calls * heads)

    cells = 3 * heads * heads * layers * (layers - 1) // 2
    ours = patching.logit_diff(right, wrong)
    return Job(
        name,
        target,
        lambda: patching.Question(model, clean, corrupt, ours).path_patch(receivers="qkv"),
        their_cells,
        cells,
        min(sample, cells),
        sum(seconds),
    )


def edge_job(name: str, target: float, model: Any, batch: int, length: int, sample: int, device: str) -> Job:
    """Edge attribution; theirs goes pair by pair, so a "cell" is a pair."""
    clean, corrupt, right, wrong, _ = prompts(model, batch, length, device)

    def their_pairs(n: int) -> float:
        took = 0.0
        for i in range(n):
            took += clock(
                lambda i=i: attribution_patch(
                    model,
                    clean[i : i + 1],
                    corrupt[i : i + 1],
                    lambda logits: logits[0, -1, right[i]] - logits[0, -1, wrong[i]],
                    config=EdgeAttributionConfig(granularity="edge"),
                ),
                device,
            )
        return took / n

    ours = patching.logit_diff(right, wrong)
    return Job(
        name,
        target,
        lambda: patching.Question(model, clean, corrupt, ours).attribute_edges(by_position=True),
        their_pairs,
        batch,
        min(sample, batch),
    )


def peak_rate(device: str) -> float:
    """The best multiply-add rate of a matrix product on this machine, in FLOP/s."""
    a, b = torch.randn(1024, 768, device=device), torch.randn(768, 3072, device=device)
    return 2 * 1024 * 768 * 3072 / min(clock(lambda: a @ b, device) for _ in range(30))


def watch(work: Callable[[], Any]) -> tuple[int, int, int]:
    """Floating-point operations of matrix products in work(), resident bytes before it and at its fullest moment."""
    proc = Path("/proc/self")

    def resident(what: str) -> int:
        lines = (proc / "status").read_text().splitlines() if proc.exists() else []
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))

    if proc.exists():
        (proc / "clear_refs").write_text("5")  # the peak starts again from here
    before = resident("VmRSS:")
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops(), before, resident("VmHWM:")


def race(job: Job, repeats: int, device: str) -> None:
    """Time a job and print its row."""
    job.theirs(min(job.sample, 12))  # to warm up, as the watched run does for ours
    flops, resident, fullest = watch(job.ours)
    ratios, seconds, each, rates, best = [], [], [], [], 0.0
    for _ in range(repeats):
        before = peak_rate(device)
        half = -(-job.sample // 2)  # theirs before and after ours, so that a busy machine is busy for both
        slow = job.theirs(half)
        fast = clock(job.ours, device)
        slow = (slow + job.theirs(half)) / 2
        after = peak_rate(device)
        best = max(best, before, after)
        ratios.append((slow * job.cells + job.overhead) / fast)
        seconds.append(fast)
        each.append(slow)
        rates.append(flops / fast / max(before, after))
    ratio = statistics.median(ratios)
    print(
        f"| {job.name} | {job.cells} ({job.sample} × {repeats} timed) | "
        f"{statistics.median(each) * job.cells + job.overhead:.1f} s | "
        f"{statistics.median(seconds):.2f} s | **{ratio:.1f} ×** ({min(ratios):.1f}–{max(ratios):.1f}) | "
        f"{job.target:g} × | {statistics.median(rates):.0%} of {best / 1e9:.0f} GFLOP/s | "
        f"{fullest / 2**30:.2f} GiB (+{(fullest - resident) / 2**30:.2f}) | "
        f"{'met' if ratio >= job.target else 'NOT MET'} |",
        flush=True,
    )


JOBS = ("resid_pre", "z", "ioi", "code", "hooks", "paths", "edges")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sample", type=int, default=102, help="cells of TransformerLens timed in each repeat")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    random.seed(0)
    gpu, device = args.device != "cpu", args.device
    print(f"torch {torch.__version__}, {args.threads} threads, {device}; medians of {args.repeats} interleaved repeats")
    print("| job | cells | transformer-lens | ours | ratio (range) | at least | share of peak | memory | |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    if {"resid_pre", "z"} & set(args.jobs):
        model = gpt2(device)
        for site, target in (("resid_pre", 60 if gpu else 6), ("z", 60 if gpu else 5)):
            if site in args.jobs:
                name = f"{site}, GPT-2-small shape, 4 × 15 tokens"
                race(sweep_job(name, target, model, site, 4, 15, args.sample, device), args.repeats, device)
        del model
    for job, zoo_name in (("ioi", "ioi-natural"), ("code", "code-4l")):
        if job in args.jobs:
            model = zoo.load(zoo_name, device)
            for site, target in (("resid_pre", 7), ("z", 10)):
                for again in (False, True):
                    name = f"{site}, {zoo_name}, 64 × 18 tokens, {'asked before' if again else 'a new question'}"
                    race(sweep_job(name, target, model, site, 64, 18, args.sample, device, again), args.repeats, device)
            del model
    if "hooks" in args.jobs:
        model = zoo.load("brackets", device)
        for batch in (8, 64):
            name = f"z through hooks, brackets, {batch} × 32 tokens"
            race(sweep_job(name, 2, model, "z", batch, 32, args.sample, device, route="hooks"), args.repeats, device)
        name = "z, brackets, 64 × 32 tokens"
        race(sweep_job(name, 2, model, "z", 64, 32, args.sample, device), args.repeats, device)
        del model
    if "edges" in args.jobs:
        model = gpt2(device, n_layer=4)
        name = "edges by position, GPT-2 shape of 4 layers, 64 pairs × 15 tokens"
        race(edge_job(name, 20 if gpu else 3, model, 64, 15, args.sample, device), args.repeats, device)
        del model
    if "paths" in args.jobs:
        name = "direct paths, all heads → q, k, v, GPT-2 shape of 6 layers, 4 × 15 tokens"
        race(path_job(name, 10, gpt2(device, n_layer=6), 4, 15, args.sample, device), args.repeats, device)


if __name__ == "__main__":
    main()

"""The path patching of lesson 4, section 5, on a model of GPT-2 small's shape: `python benchmarks/ioi.py`.

The weights are random (no published weights are needed to take the time) and so are the prompts' tokens; as in the
lesson the two prompts of a pair differ in one token (S2), here two thirds of the way through. The questions are the
section's: every head to the logits with MLPs kept and with MLPs recomputed, then four early heads to the queries,
keys and values of three later ones. The first line's time includes the runs that all of them share.

The budget is two minutes for all together, and names no number of prompts. The lesson asks 128; a few are timed here,
and the last line scales the time to 128, so that a budget met by few prompts is not read as met by the lesson's.
"""

from __future__ import annotations

import argparse
import os
import time

import torch
from patching import gpt2, prompts

from course_utils import patching

BUDGET = 120.0  # seconds
LESSON = 128  # prompts
SENDERS = ("0.1", "3.0", "5.5", "6.9")
RECEIVERS = ("9.6", "9.9", "10.0")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument("--length", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = gpt2("cpu")
    clean, other, right, wrong, _ = prompts(model, args.prompts, args.length, "cpu")
    place = 2 * args.length // 3
    corrupt = clean.clone()
    corrupt[:, place] = other[:, place]
    noise = patching.Question(model, clean, corrupt, patching.logit_diff(right, wrong)).noising()
    asked = [(f"every head to the logits, MLPs {mlps}", "heads", "logits", mlps) for mlps in ("frozen", "recomputed")]
    for reads in "qkv":
        into = [f"{head}.{reads}" for head in RECEIVERS]
        asked.append((f"four heads to {reads} of three", list(SENDERS), into, "recomputed"))
    print(f"torch {torch.__version__}, {args.threads} threads, {args.prompts} × {args.length} tokens")
    total = 0.0
    for name, senders, receivers, mlps in asked:
        start = time.perf_counter()
        noise.path_patch(senders, receivers, mlps=mlps)
        took = time.perf_counter() - start
        total += took
        print(f"{name}: {took:.1f} s", flush=True)
    for count, seconds in ((args.prompts, total), (LESSON, total * LESSON / args.prompts)):
        how = "measured" if count == args.prompts else "scaled"
        verdict = "met" if seconds <= BUDGET else "NOT MET"
        print(f"{count} prompts ({how}): {seconds:.1f} s of {BUDGET:g} s, {verdict}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

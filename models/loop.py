"""The training loop: resumable, with a progress bar, on any device.

1. The learning rate warms up, stays, and falls to zero over the last part of the plan.
2. The state (weights, optimiser, every loss so far) is written every few minutes, and on interruption, to a
   temporary file that then takes the old one's place: there is always a whole one.
3. What a step does depends on the step's number and the state alone, so a resumed run goes on as if nothing
   had happened.
"""
from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from models.recipe import Recipe

SAVE_SECONDS = 120.0
TIMED_STEPS = 20          # after so many steps a plan given in minutes becomes one in steps


@dataclass
class Run:
    """A training under way, or finished: `plans` holds (step, total) whenever the total was set anew."""

    step: int = 0
    total: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    watched: list[dict[str, float]] = field(default_factory=list)
    plans: list[tuple[int, int]] = field(default_factory=list)


def rate(recipe: Recipe, step: int, total: int) -> float:
    """Learning rate of step `step` (from 0) when `total` are planned."""
    left = (total - step) / max(1.0, recipe.decay * total)
    return recipe.learning_rate * min(1.0, (step + 1) / recipe.warmup, max(left, 0.0))


def precision(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it faster, else float32."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.bfloat16
    flags = Path("/proc/cpuinfo").read_text() if device.type == "cpu" and os.path.exists("/proc/cpuinfo") else ""
    return torch.bfloat16 if "avx512_bf16" in flags or "amx_bf16" in flags else torch.float32


def optimisers(recipe: Recipe, model: nn.Module) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for the matrices between the embeddings and AdamW for the rest."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and n.startswith("layers")]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    groups = [{"params": others, "weight_decay": 0.0}]
    fused = all(p.device.type in ("cpu", "cuda") for p in others)
    if recipe.optimiser == "muon":
        return [torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95), fused=fused),
                torch.optim.Muon(matrices, lr=recipe.learning_rate, weight_decay=recipe.weight_decay,
                                 adjust_lr_fn="match_rms_adamw")]
    groups.append({"params": matrices, "weight_decay": recipe.weight_decay})
    return [torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95), fused=fused)]


def _write(path: Path, state: dict) -> None:
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def _words(run: Run) -> str:
    """The loss of late, and what was watched last."""
    recent = sum(run.losses[-20:]) / len(run.losses[-20:])
    watched = (f"{k} {v:.3f}" for k, v in (run.watched[-1] if run.watched else {}).items() if k != "step")
    return " ".join((f"loss {recent:.3f}", *watched))


def train(recipe: Recipe, work: Path, device: torch.device, *, minutes: float | None = None,
          keep: Callable[[nn.Module, int], None] = lambda model, step: None,
          stop_at: int | None = None) -> tuple[nn.Module, Run]:
    """Train, or go on training from what lies in `work`.

    Args:
        minutes: plan this many from now (measured on the first steps); else the recipe's steps, or what an
            earlier call had planned.
        keep: called with the model after each step that the recipe lists as a checkpoint.
        stop_at: leave after this step, as if interrupted (for tests).
    """
    work.mkdir(parents=True, exist_ok=True)
    path = work / "state.pt"
    model, run = recipe.model().to(device), Run()
    steppers = optimisers(recipe, model)
    if path.exists():
        state = torch.load(path, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        for stepper, saved in zip(steppers, state["optimisers"], strict=True):
            stepper.load_state_dict(saved)
        run = Run(**state["run"])
    run.total = run.total or recipe.steps
    dtype = precision(device)
    parameters = list(model.parameters())

    def save() -> None:
        _write(path, {"model": model.state_dict(), "optimisers": [s.state_dict() for s in steppers],
                      "run": vars(run)})

    def note() -> None:
        if run.step in recipe.checkpoints:
            keep(model, run.step)
        if run.step % recipe.watch_every == 0 or run.step == run.total:
            model.eval()
            with torch.no_grad():
                run.watched.append({"step": run.step, **recipe.watch(model)})
            soon = math.ceil(run.step / (1 - recipe.decay))     # the plan in which the rate begins to fall now
            if 0 < soon < run.total and recipe.done(run.watched[-1]):
                run.total = soon
                run.plans.append((run.step, run.total))
            model.train()

    started = saved_at = last = time.monotonic()
    done_here = 0
    often = 1 if sys.stderr.isatty() else 60  # seconds; a log wants fewer lines than a terminal
    bar = tqdm(total=run.total, initial=run.step, desc=recipe.name, mininterval=often)
    if run.step == 0 and not run.watched:
        note()
    try:
        while run.step < run.total and run.step != stop_at:
            for stepper in steppers:
                for group in stepper.param_groups:
                    group["lr"] = rate(recipe, run.step, run.total)
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                loss = recipe.loss(model, run.step)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            for stepper in steppers:
                stepper.step()
                stepper.zero_grad()
            run.step, done_here = run.step + 1, done_here + 1
            run.losses.append(loss.item())
            if minutes is not None and done_here == TIMED_STEPS:
                each = (time.monotonic() - started) / TIMED_STEPS
                run.total = max(run.step, run.step + int(60 * minutes / each) - TIMED_STEPS)
                run.plans.append((run.step, run.total))
            note()
            now = time.monotonic()
            run.seconds, last = run.seconds + now - last, now
            bar.total = run.total
            bar.set_postfix_str(_words(run), refresh=False)
            bar.update()
            if now - saved_at > SAVE_SECONDS:
                save()
                saved_at = now
    finally:
        bar.close()
        save()
    return model.eval(), run

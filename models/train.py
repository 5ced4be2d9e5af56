"""Train a bundled model from nothing, or measure it again: `python -m models.train NAME`.

The running state lies in `OUT/.work/NAME` (OUT is the package's `weights` folder unless `--out` names another)
and is written every two minutes; `--resume` goes on from there. When the training is done, weights, tokenizer
and card are put into `OUT/NAME`, and the model is measured.
"""
from __future__ import annotations

import argparse
import platform
import shutil
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch

from course_utils.zoo.cards import WEIGHTS, ZooError, checkpoint_file, read_card, write_card, write_weights
from models.loop import Run, precision, train
from models.recipe import Recipe, recipe, recipes


def processor() -> str:
    """What the machine calls its processor or accelerator."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def make(chosen: Recipe, out: Path, device: torch.device, *, minutes: float | None = None, resume: bool = False,
         force: bool = False, stop_at: int | None = None) -> Path | None:
    """Train `chosen` and put it into `out/NAME`; the finished folder, or None if stopped at step `stop_at`.

    Raises:
        ZooError: a finished model or an unfinished training is in the way, and neither flag says what to do.
    """
    folder, work = out / chosen.name, out / ".work" / chosen.name
    if (folder / "card.json").exists() and not force:
        raise ZooError(f"{folder} holds a finished model: give --force to train it again, or --out another folder.")
    if (work / "state.pt").exists() and not resume:
        if not force:
            raise ZooError(f"{work} holds an unfinished training: give --resume to go on, or --force to start anew.")
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    chosen.prepare()
    _, run = train(chosen, work, device, minutes=minutes, stop_at=stop_at, keep=lambda model, step: write_weights(
        work / checkpoint_file(step), chosen.weights(model)))
    if run.step < run.total:
        return None
    finish(chosen, out, device)
    shutil.rmtree(work)
    return folder


def finish(chosen: Recipe, out: Path, device: torch.device) -> Path:
    """Put a completed training's weights, tokenizer and card into `out/NAME`, and measure the model."""
    folder, work = out / chosen.name, out / ".work" / chosen.name
    state = torch.load(work / "state.pt", map_location="cpu", weights_only=True)
    run = Run(**state["run"])
    if run.step < run.total:
        raise ZooError(f"The training in {work} is at step {run.step} of {run.total}: give --resume to go on.")
    shutil.rmtree(folder, ignore_errors=True)
    model = chosen.model()
    model.load_state_dict(state["model"])
    write_weights(folder / "model.safetensors", chosen.weights(model))
    kept = [step for step in chosen.checkpoints if 0 < step < run.step]
    for step in kept:
        (folder / checkpoint_file(step)).parent.mkdir(exist_ok=True)
        shutil.copyfile(work / checkpoint_file(step), folder / checkpoint_file(step))
    chosen.write_extras(folder)
    card = describe(chosen, run, device) | {"checkpoints": [0, *kept, run.step]}
    write_card(folder, card)
    write_card(folder, card | {"measured": chosen.evaluate(folder)})
    return folder


def describe(chosen: Recipe, run: Run, device: torch.device) -> dict:
    """Everything that the card says before the model is measured."""
    tokens = run.step * chosen.batch * chosen.shape.n_ctx
    every = max(1, run.step // 200)
    curve = [[i, round(sum(run.losses[max(0, i - every):i]) / len(run.losses[max(0, i - every):i]), 4)]
             for i in range(every, run.step + 1, every)]
    model = chosen.model()
    return {
        "name": chosen.name, "family": chosen.family, "purpose": chosen.purpose, "layout": chosen.layout,
        "shape": asdict(chosen.shape), "parameters": sum(p.numel() for p in model.parameters()),
        "steps": run.step, "batch": chosen.batch, "tokens": tokens, "seed": chosen.seed,
        "optimiser": {"kind": chosen.optimiser, "learning_rate": chosen.learning_rate, "warmup": chosen.warmup,
                      "decay": chosen.decay, "weight_decay": chosen.weight_decay,
                      "plans": [list(plan) for plan in run.plans]},
        "hardware": {"device": device.type, "processor": processor(), "threads": torch.get_num_threads(),
                     "precision": str(precision(device)).removeprefix("torch."),
                     "torch": torch.__version__, "python": platform.python_version()},
        "minutes": round(run.seconds / 60, 1), "trained": time.strftime("%Y-%m-%d", time.gmtime()),
        "licence": "MIT, as the course; the training text is not included", "data": chosen.data_facts(),
        "training_loss": curve, "watched": run.watched,
    }


def measure(name: str, out: Path = WEIGHTS) -> None:
    """Measure a finished model again and write the numbers into its card."""
    folder, chosen = out / name, recipe(name)
    card = read_card(folder)
    chosen.prepare()
    write_card(folder, card | {"measured": chosen.evaluate(folder)})


def annotate(name: str, note: str, out: Path = WEIGHTS) -> None:
    """Put a remark about the training (a shared machine, say) into a finished model's card."""
    write_card(out / name, read_card(out / name) | {"note": note})


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(recipes()), help="which model")
    parser.add_argument("--all", action="store_true", help="every model, one after the other")
    parser.add_argument("--minutes", type=float, help="train about this long from now, instead of the recipe's steps")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder for the finished model and the state")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted training")
    parser.add_argument("--force", action="store_true", help="train again what is already there")
    parser.add_argument("--measure", action="store_true", help="do not train; measure the finished model again")
    parser.add_argument("--note", help="do not train; put this remark into the finished model's card")
    parser.add_argument("--threads", type=int, help="processor threads to use")
    chosen = parser.parse_args(arguments)
    if bool(chosen.name) == chosen.all:
        parser.error("name one model, or give --all")
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    from course_utils import runtime
    signal.signal(signal.SIGTERM, signal.default_int_handler)       # so that being ended saves the state too
    try:
        for name in sorted(recipes()) if chosen.all else [chosen.name]:
            if chosen.note:
                annotate(name, chosen.note, chosen.out)
            elif chosen.measure:
                measure(name, chosen.out)
            else:
                folder = make(recipe(name), chosen.out, runtime.device(), minutes=chosen.minutes,
                              resume=chosen.resume, force=chosen.force)
                print(f"{name} is ready in {folder}")
    except ZooError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the state is saved: give --resume to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

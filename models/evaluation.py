"""Everything that a code model's card claims, measured on the finished files: `evaluate(recipe, folder)`.

Losses are over whole held-out windows, the early tokens of a window included, although n-grams see more than
the model does there. Each number comes with its controls: n-grams over the same tokens, the untrained model.
"""
from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Int
from tokenizers import Tokenizer
from torch import Tensor

from course_utils.induction.code.text import score_positions
from course_utils.python_text.contexts import labelled_contexts
from course_utils.zoo.cards import checkpoint_file, read_card, read_weights
from course_utils.zoo.shape import from_gpt2
from models import behaviours
from models.ngrams import NGram
from models.plain import Plain

if TYPE_CHECKING:
    from models.code_models import CodeRecipe

WINDOWS = 600
NGRAMS = {"bigram": 2, "trigram": 3, "5-gram": 5}


def finished(recipe: CodeRecipe, folder: Path, checkpoint: int | None = None) -> Plain:
    """The model in the files of `folder`, as a plain module."""
    card = read_card(folder)
    model = recipe.model().eval()
    if checkpoint != 0:
        final = checkpoint in (None, card["steps"])
        weights = read_weights(folder, card, "model.safetensors" if final else checkpoint_file(checkpoint))
        weights = {name: value.float() for name, value in weights.items()}
        model.load_state_dict(from_gpt2(weights) if recipe.layout == "gpt2" else weights)
    return model


def spread_windows(row: np.ndarray, n_ctx: int, count: int) -> Int[Tensor, "window pos"]:
    """Up to `count` stretches that do not overlap, evenly spread over the row, the starting token before each."""
    whole = len(row) // n_ctx
    chosen = np.unique(np.linspace(0, whole - 1, min(count, whole)).astype(int))
    cut = row[: whole * n_ctx].reshape(whole, n_ctx)[chosen].astype(np.int64)
    return torch.nn.functional.pad(torch.from_numpy(cut), (1, 0))


def mean_and_error(losses: Tensor) -> dict[str, float]:
    """Mean over all tokens, and its standard error over windows."""
    means = losses.mean(1)
    return {"nats": round(means.mean().item(), 4), "error": round(means.std().item() / math.sqrt(len(means)), 4)}


def icl_with_error(losses: Tensor) -> dict[str, float]:
    """Olsson et al.'s score, with their places 50 and 500 of 512 scaled to this context: late minus early loss."""
    early, late = score_positions(losses.shape[1])
    difference = losses[:, late - 8:late + 8].mean(1) - losses[:, early - 8:early + 8].mean(1)
    return {"nats": round(difference.mean().item(), 4), "early": early, "late": late,
            "error": round(difference.std().item() / math.sqrt(len(difference)), 4)}


def _rounded(value):
    if isinstance(value, Tensor):
        return [[round(x, 4) for x in row] for row in value.tolist()]
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def _losses(recipe: CodeRecipe, model: Plain, untrained: Plain, grams: dict[str, NGram]) -> tuple[dict, dict]:
    n_ctx, row = recipe.shape.n_ctx, recipe.stream("held_out")
    held_out = behaviours.window_losses(model, spread_windows(row, n_ctx, WINDOWS))
    found = {"held-out": mean_and_error(held_out),
             "training text": mean_and_error(behaviours.window_losses(
                 model, spread_windows(recipe.stream("train"), n_ctx, WINDOWS)))}
    if recipe.renamings:
        found["held-out, renamed"] = mean_and_error(behaviours.window_losses(
            model, spread_windows(recipe.stream("held_out_renamed"), n_ctx, WINDOWS)))
    for name, gram in grams.items():
        found[name] = {"nats": round(float(gram.loss(row).mean()), 4)}
    found["untrained"] = mean_and_error(behaviours.window_losses(untrained, spread_windows(row, n_ctx, 60)))
    found["uniform"] = {"nats": round(math.log(recipe.shape.d_vocab), 4)}
    facts = recipe.data_facts()["sizes"]["held_out"]
    bits = found["held-out"]["nats"] / math.log(2) * facts["tokens"] / facts["characters"]
    return found, {"bits per character": round(bits, 4), "in-context learning": icl_with_error(held_out)}


def _heads(model: Plain, untrained: Plain) -> dict:
    found = behaviours.heads(model, torch.Generator().manual_seed(7))
    null = behaviours.heads(untrained, torch.Generator().manual_seed(7))
    found["untrained"] = {"prefix": null["prefix"].max().item(), "previous": null["previous"].max().item(),
                          "accuracy": null["accuracy"]}
    if model.shape.norm != "LN":
        found["copying"] = behaviours.copying(model)
        found["untrained"]["copying"] = behaviours.copying(untrained).abs().max().item()
    return _rounded(found)


def _checkpoints(recipe: CodeRecipe, folder: Path, steps: list[int]) -> list[dict]:
    """The training seen through the checkpoints."""
    windows = spread_windows(recipe.stream("held_out"), recipe.shape.n_ctx, WINDOWS // 6)
    found = []
    for step in steps:
        model = finished(recipe, folder, step)
        losses = behaviours.window_losses(model, windows)
        scores = behaviours.heads(model, torch.Generator().manual_seed(7), batch=16)
        found.append({"step": step, "held-out": mean_and_error(losses)["nats"], "icl": icl_with_error(losses)["nats"],
                      "prefix": scores["prefix"].max().item(), "previous": scores["previous"].max().item(),
                      "accuracy": scores["accuracy"], "loss_repeat": scores["loss_repeat"]})
    return [_rounded(entry) for entry in found]


def evaluate(recipe: CodeRecipe, folder: Path) -> dict:
    """All measurements, ready for the card."""
    model, untrained = finished(recipe, folder), finished(recipe, folder, 0)
    train = recipe.stream("train")
    grams = {name: NGram(train, n, recipe.shape.d_vocab) for name, n in NGRAMS.items()}
    losses, more = _losses(recipe, model, untrained, grams)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokens, labels = labelled_contexts(list(recipe.held_out_texts().values()), tokenizer,
                                                  recipe.shape.n_ctx, WINDOWS)
    contestants = {"model": model, "untrained": untrained, **grams}
    choice = {name: behaviours.forced_choice(contestants, tokens, labels[flag],
                                             behaviours.groups_of(tokenizer, signs))
              for name, flag, signs in (("closing brackets", "closes", behaviours.BRACKETS),
                                        ("closing quotes", "string_closes", behaviours.QUOTES))}
    found = {"loss": losses, **more, "heads": _heads(model, untrained), "forced choice": _rounded(choice),
             "names": _rounded(behaviours.repeated_names(contestants, tokens, labels, tokenizer)),
             "checkpoints": _checkpoints(recipe, folder, read_card(folder)["checkpoints"])}
    return {"rows": rows(found), **found}


def rows(found: dict) -> list[dict]:
    """The lines of `course models`: what was measured, its value, and what stands beside it."""
    nats = {name: entry["nats"] for name, entry in found["loss"].items()}
    lines = [{"what": "held-out loss (nats per token)", "value": nats.pop("held-out"), "beside": nats},
             {"what": "held-out bits per character", "value": found["bits per character"], "beside": {}},
             {"what": "in-context learning score (nats)", "value": found["in-context learning"]["nats"],
              "beside": {"error": found["in-context learning"]["error"]}}]
    for what, scores in found["forced choice"].items():
        beside = {name: score for name, score in scores.items() if name not in ("model", "places")}
        lines.append({"what": f"{what}: the right one (mean over signs)", "value": scores["model"], "beside": beside})
    for which in ("repeated", "new"):
        scores = found["names"][which]
        lines.append({"what": f"p of the next part of a {which} name", "value": scores["model"],
                      "beside": {name: score for name, score in scores.items() if name != "model"}})
    for what, key in (("previous-token head", "previous"), ("induction head: prefix matching", "prefix")):
        scores = torch.tensor(found["heads"][key])
        layer, head = divmod(int(scores.argmax()), scores.shape[1])
        others = scores.flatten().sort(descending=True).values
        lines.append({"what": f"{what}, best is {layer}.{head}", "value": found["heads"][key][layer][head],
                      "beside": {"second": round(others[1].item(), 4), "median": round(others.median().item(), 4),
                                 "untrained, best": found["heads"]["untrained"][key]}})
        if key == "prefix" and "copying" in found["heads"]:
            copying = found["heads"]["copying"]
            lines.append({"what": f"copying score of {layer}.{head}", "value": copying[layer][head],
                          "beside": {"median": round(torch.tensor(copying).median().item(), 4),
                                     "untrained, largest": found["heads"]["untrained"]["copying"]}})
    lines.append({"what": "repeated random tokens predicted first", "value": found["heads"]["accuracy"],
                  "beside": {"untrained": found["heads"]["untrained"]["accuracy"]}})
    return lines

"""Recipe of `ioi-natural`: a small GPT-2 that learns the English of `ioi_english`, indirect objects included.

Nobody told it how. Which circuit it found is in its card, by path patching (`ioi_circuit.py`). Three seeds of the
same recipe found three circuits; `ioi-natural` is the one in which heads compose.
"""
from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int
from torch import Tensor

from course_utils.ioi import words as ioi_words
from course_utils.ioi.prompts import Layout, draw, layout
from course_utils.zoo.shape import Shape
from models import ioi_english
from models.behaviours import window_losses
from models.code_models import next_token_loss
from models.evaluation import finished, mean_and_error
from models.plain import Plain, gpt2_weights
from models.recipe import Recipe

POOL = 20_000           # texts that are written; every batch rewords its own
HELD_OUT_SEED = 20_221_101


@lru_cache(maxsize=2)
def pool(count: int, n_ctx: int, seed: int) -> Tensor:
    """(count, n_ctx) ids."""
    return ioi_english.write(count, n_ctx, seed)


@lru_cache(maxsize=1)
def prompts() -> Layout:
    """All templates, as the word tokenizer reads them."""
    return layout(ioi_words.encode, 0)


def repeated(windows: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch pos"]:
    """Where a name, place or object stands that stood in the same text before."""
    words = (*ioi_words.NAMES, *ioi_words.PLACES, *ioi_words.OBJECTS)
    ids = torch.tensor([ioi_words.vocabulary().index(f" {word}") for word in words])
    before = (windows[:, :, None] == windows[:, None]).tril(-1).any(2)
    return before & torch.isin(windows, ids)


@dataclass(frozen=True, kw_only=True)
class NaturalRecipe(Recipe):
    """A language model of `ioi_english`."""

    texts: int = POOL
    emphasis: float = 4.0           # how much more
    reading: str = ""               # its circuit in words, written by hand from the measurements of the bundled weights

    family = "ioi"

    def batch_of(self, texts: Tensor, count: int, rng: torch.Generator) -> Tensor:
        """(count, n_ctx + 1) ids: texts drawn from a pool and reworded."""
        return ioi_english.reworded(texts[torch.randint(len(texts), (count,), generator=rng)], rng)

    def loss(self, model: Plain, step: int) -> Tensor:
        """Cross-entropy of the next token, in nats, where a name, place or object that the text repeats counts more."""
        windows = self.batch_of(pool(self.texts, self.shape.n_ctx + 1, 0), self.batch, self.generator(step))
        weights = 1 + self.emphasis * repeated(windows)[:, 1:].float()
        windows, weights = windows.to(model.pos.weight.device), weights.to(model.pos.weight.device)
        losses = F.cross_entropy(model(windows[:, :-1]).float().mT, windows[:, 1:], reduction="none")
        return (losses * weights).sum() / weights.sum()

    def watch(self, model: Plain) -> dict[str, float]:
        """Loss on texts of another pool; indirect objects: right answers, and logit difference."""
        rng = torch.Generator().manual_seed(HELD_OUT_SEED + 1)
        texts = self.batch_of(pool(500, self.shape.n_ctx + 1, HELD_OUT_SEED), 128, rng)
        batch = draw(prompts(), 256, rng)
        rows = torch.arange(len(batch))
        logits = model(batch.tokens.to(model.pos.weight.device))[rows, batch.positions["END"]].float().cpu()
        gap = logits[rows, batch.answer] - logits[rows, batch.wrong]
        return {"held-out": next_token_loss(model, texts).item(), "gap": gap.mean().item(),
                "right": (logits.argmax(-1) == batch.answer).float().mean().item()}

    def done(self, watched: dict[str, float]) -> bool:
        """The indirect objects are right."""
        return watched["right"] >= 0.99

    def write_extras(self, folder: Path) -> None:
        """The word tokenizer."""
        ioi_words.write(folder)

    def data_facts(self) -> dict:
        """The kinds of stories, and how many texts."""
        return {"texts": self.texts, "kinds": ioi_english.KINDS, "generator": "models/ioi_english.py",
                "emphasis on repeated words": self.emphasis}

    def evaluate(self, folder: Path) -> dict:
        """Loss, the other things that it learned, and its circuit for indirect objects."""
        from course_utils.zoo.loading import _gpt2
        from course_utils.zoo.tokens import wrapped
        from models.ioi_circuit import measured_circuit, writes

        plain = finished(self, folder)
        rng = torch.Generator().manual_seed(HELD_OUT_SEED)
        texts = self.batch_of(pool(500, self.shape.n_ctx + 1, HELD_OUT_SEED), 500, rng)
        with torch.no_grad():
            losses = window_losses(plain, texts)
        found = {"loss": mean_and_error(losses), "other behaviours": other_behaviours(plain)}
        tokenizer = wrapped((folder / "tokenizer.json").read_bytes(), self.shape.n_ctx, folder)
        model = _gpt2(self.name, self.shape, gpt2_weights(plain), tokenizer, torch.device("cpu"))
        found["circuit"] = measured_circuit(model, prompts(), 192, rng)
        found["circuit"]["writes"] = writes(plain, draw(prompts(), 192, rng))
        return {"rows": rows(found), "reading": self.reading, **found}


@torch.no_grad()
def other_behaviours(model: Plain) -> dict[str, float]:
    """Share of prompts on which the right continuation is the likeliest of its kind; for years, the mean probability
    of numbers that are greater than the first (among numbers)."""
    def last(text: str) -> Tensor:
        return model(torch.tensor([[0, *ioi_words.encode(text)]]))[0, -1]

    def ids(*words: str) -> list[int]:
        return [ioi_words.encode(word)[0] for word in words]

    rng, scores = random.Random(HELD_OUT_SEED), {"pronoun": [], "list": [], "place": [], "years": []}
    for _ in range(100):
        name, place = rng.choice(ioi_words.NAMES), rng.choice(ioi_words.PLACES)
        a, b, c = rng.sample(ioi_words.OBJECTS, 3)
        his, her = last(f"{name} lost")[ids("his", "her")]
        scores["pronoun"].append((her > his).item() == (name in ioi_words.WOMEN))
        listed = last(f"{name} took the {a}, the {b}, the {c}. Again {name} took the {a}, the")[ids(*ioi_words.OBJECTS)]
        scores["list"].append(ioi_words.OBJECTS[listed.argmax()] == b)
        back = last(f"{name} left the old {a} at the {place}. Later {name} went back to the")[ids(*ioi_words.PLACES)]
        scores["place"].append(ioi_words.PLACES[back.argmax()] == place)
        start = rng.randint(20, 80)
        chance = last(f"The trip lasted from {start} to").softmax(-1)[ids(*ioi_words.NUMBERS)]
        scores["years"].append(chance[start - 9:].sum().item())
    return {what: sum(right) / len(right) for what, right in scores.items()}


def rows(found: dict) -> list[dict]:
    """The lines of the table: what was measured, its value, and what stands beside it."""
    measured = found["circuit"]["behaviour"]
    lines = [{"what": "held-out loss (nats per token)", "value": found["loss"]["nats"],
              "beside": {"error": found["loss"]["error"]}}]
    for what in ("right", "IO before S", "logit difference"):
        lines.append({"what": f"indirect objects: {what}", "value": measured[what]["mean"],
                      "beside": {"low": measured[what]["low"], "high": measured[what]["high"]}})
    lines += [{"what": f"right on: {what}", "value": share, "beside": {}}
              for what, share in found["other behaviours"].items()]
    circuit = found["circuit"]
    for cell in circuit["to the logits"]["flip"][:6]:
        looks = {f"looks at {role}": share for role, share in circuit["from END"][cell["at"]].items()
                 if role != "from" and share >= 0.05}
        wrote = {f"writes for {name}": circuit["writes"][cell["at"]][name]["mean"] for name in ("IO", "S")}
        lines.append({"what": f"S2 exchanged: direct path {cell['at']} → logits, share of the difference",
                      "value": cell["share"], "beside": {"low": cell["low"], "high": cell["high"], **looks, **wrote}})
    for head, about in circuit["output heads"].items():
        for cell in about["hears"]["q, flip"][:1]:
            looks = {f"looks from {cell['from']} at {role}": share for role, share in cell.get("looks at", {}).items()
                     if role != "from" and share >= 0.2}
            lines.append({"what": f"S2 exchanged: direct path {cell['at']} → query of {head}", "value": cell["share"],
                          "beside": {"low": cell["low"], "high": cell["high"], **looks}})
    return lines


def _natural(suffix: str, seed: int, reading: str) -> NaturalRecipe:
    return NaturalRecipe(
        name=f"ioi-natural{suffix}", seed=seed, reading=reading,
        purpose="A small GPT-2 that learned indirect objects among other things: its circuit is for you to find.",
        shape=Shape(n_layers=4, d_model=128, n_heads=4, d_head=32, n_ctx=48, d_vocab=len(ioi_words.vocabulary()),
                    d_mlp=256, tied=True),
        steps=2500, minutes=4, batch=32, learning_rate=6e-3, optimiser="muon", weight_decay=0.05, layout="gpt2",
        watch_every=125)


RECIPES = (
    _natural("", 0, (
        "Composed, and shallow. Head 0.2 looks from END at S2. What it writes there goes two ways that weigh about "
        "the same: it enters the queries of 1.0, 1.2 and 1.3, which then look at the word after IO, where the name "
        "stands since layer 0, eight to eleven times as much as at the word after S1, and raise IO; and, with the "
        "MLPs on the way, it lowers S, helped by 0.3 and 1.1. Heads 2.1, 2.2, 2.3 and 3.0 raise both names alike. No "
        "comparison of S2 with S1 is needed: with another name at S1 the logit difference grows.")),
    _natural("-b", 1, (
        "Subtraction, early. Head 0.0 looks from END at S2 and, with the MLPs on the way, lowers S; 1.0 does the same "
        "from the word after S2, to which 0.0 has copied the name. Heads 1.1, 1.2, 1.3 and 2.0 raise both names "
        "alike; no output head hears at its query or key which name to avoid.")),
    _natural("-c", 2, (
        "Subtraction, late. Heads 2.3, 3.0 and 3.1 look from END at S2 (attention 0.94 to 1.00) and lower S; 0.2, 1.0 "
        "and 1.1 have told them its name at S2 itself. 3.0 and 3.1 also raise IO a little. Heads 1.0 to 1.3 raise "
        "both names alike; no output head hears at its query or key which name to avoid.")),
)

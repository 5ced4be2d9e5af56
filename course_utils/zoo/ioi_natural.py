"""Recipe of `ioi-natural`: a small GPT-2 that learns the English of `ioi_english`, indirect objects included.

Nobody told it how. Which circuit it found is in its card, by path patching (`ioi_circuit.py`).
"""
from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from . import ioi_english, ioi_words
from .behaviours import token_losses
from .code_models import next_token_loss
from .evaluation import finished, mean_and_error
from .ioi_prompts import Layout, draw, layout
from .plain import Plain, Shape, gpt2_weights
from .recipe import Recipe

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


@dataclass(frozen=True, kw_only=True)
class NaturalRecipe(Recipe):
    """A language model of `ioi_english`."""

    texts: int = POOL

    family = "ioi"

    def batch_of(self, texts: Tensor, count: int, rng: torch.Generator) -> Tensor:
        """(count, n_ctx + 1) ids: texts drawn from a pool and reworded."""
        return ioi_english.reworded(texts[torch.randint(len(texts), (count,), generator=rng)], rng)

    def loss(self, model: Plain, step: int) -> Tensor:
        """Cross-entropy of the next token, in nats."""
        texts = pool(self.texts, self.shape.n_ctx + 1, 0)
        return next_token_loss(model, self.batch_of(texts, self.batch, self.generator(step)))

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

    def write_extras(self, folder: Path) -> None:
        """The word tokenizer."""
        ioi_words.write(folder)

    def data_facts(self) -> dict:
        """The kinds of stories, and how many texts."""
        return {"texts": self.texts, "kinds": ioi_english.KINDS, "generator": "course_utils/zoo/ioi_english.py"}

    def evaluate(self, folder: Path) -> dict:
        """Loss, the other things that it learned, and its circuit for indirect objects."""
        from .ioi_circuit import circuit
        from .loading import _gpt2
        from .tokens import wrapped

        plain = finished(self, folder)
        rng = torch.Generator().manual_seed(HELD_OUT_SEED)
        texts = self.batch_of(pool(500, self.shape.n_ctx + 1, HELD_OUT_SEED), 500, rng)
        with torch.no_grad():
            losses = token_losses(plain, texts)
        found = {"loss": mean_and_error(losses), "other behaviours": other_behaviours(plain)}
        tokenizer = wrapped((folder / "tokenizer.json").read_bytes(), self.shape.n_ctx, folder)
        model = _gpt2(self.name, self.shape, gpt2_weights(plain), tokenizer, torch.device("cpu"))
        found["circuit"] = circuit(model, prompts(), 192, rng)
        return {"rows": rows(found), **found}


@torch.no_grad()
def other_behaviours(model: Plain) -> dict[str, float]:
    """Share of prompts on which the right continuation is likelier than the wrong ones."""
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
        scores["years"].append((chance[start - 9:].sum() > 0.9).item())
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
    for cell in found["circuit"]["to the logits"]["ABC"][:5]:
        head = found["circuit"]["output heads"].get(cell["at"], {}).get("looks at", {})
        looks = {f"looks at {role}": head[role] for role in ("IO", "S1", "S2") if role in head}
        lines.append({"what": f"direct path {cell['at']} → logits, share of the logit difference",
                      "value": cell["share"], "beside": {"low": cell["low"], "high": cell["high"], **looks}})
    return lines


def _natural(suffix: str, seed: int) -> NaturalRecipe:
    return NaturalRecipe(
        name=f"ioi-natural{suffix}", seed=seed,
        purpose="A small GPT-2 that learned indirect objects among other things: its circuit is for you to find.",
        shape=Shape(n_layers=4, d_model=128, n_heads=4, d_head=32, n_ctx=48, d_vocab=len(ioi_words.vocabulary()),
                    d_mlp=256, tied=True),
        steps=2500, minutes=4, batch=32, learning_rate=6e-3, optimiser="muon", weight_decay=0.05, layout="gpt2",
        watch_every=125)


RECIPES = (_natural("", 0), _natural("-b", 1), _natural("-c", 2))

"""The learned IOI model: its measures find what was planted elsewhere, and its card says what is so."""

import pytest
import torch

from course_utils import ioi, zoo
from course_utils.ioi.prompts import draw
from models import ioi_circuit
from models.ioi_natural import RECIPES, other_behaviours, prompts
from models.ioi_planted import RECIPES as PLANTED

RECIPE = RECIPES[0]


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module", params=[recipe.name for recipe in RECIPES])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model(name):
    return zoo.load(name, device="cpu")


@pytest.fixture(scope="module")
def about(name):
    return zoo.card(name)


def test_a_steps_loss_is_its_own():
    from dataclasses import replace
    small = replace(RECIPE, texts=100, batch=4)
    plain = small.model()
    assert small.loss(plain, 3).item() == small.loss(plain, 3).item() != small.loss(plain, 4).item()


def test_an_untrained_model_does_nothing():
    plain = RECIPE.model().eval()
    found = other_behaviours(plain)
    assert found["list"] < 0.3 and found["place"] < 0.3 and 0.3 < found["pronoun"] < 0.7 and found["years"] < 0.7


def test_intervals_hold_the_mean():
    values = torch.randn(500, generator=rng()) + 3
    found = ioi_circuit.number(values)
    assert found["low"] < found["mean"] < found["high"]
    assert abs(found["high"] - found["low"] - 2 * 1.96 / 500 ** 0.5) < 0.05


@pytest.mark.parametrize("recipe", PLANTED[:2], ids=lambda recipe: recipe.name)
def test_the_measures_find_a_planted_circuit(recipe):
    """Path patching, told nothing, arrives at the output head and at who speaks to its query."""
    _, inhibition, output = recipe.nodes
    found = ioi_circuit.measured_circuit(zoo.load(recipe.name, device="cpu"), recipe.plan, 32, rng(5))
    assert found["behaviour"]["right"]["mean"] == 1.0
    first, second = found["to the logits"]["flip"][:2]
    assert first["at"] == f"{output.layer}.{output.head}" and first["share"] < -1.5 and abs(second["share"]) < 0.3
    heard = found["output heads"][first["at"]]["hears"]["q, flip"]
    assert heard[0]["at"] == f"{inhibition.layer}.{inhibition.head}" and heard[0]["from"] == "END"
    assert heard[0]["looks at"]["S2"] > 0.5
    moved = {cell["at"]: cell["share"] for cell in found["information"]["flip"]}
    assert moved["0.S2"] < -1.5 and abs(moved["2.S2"]) < 0.3, "what S2 knows has left for END before layer 2"


def test_it_identifies_indirect_objects_among_other_things(model, about):
    fresh = ioi.make_ioi_batch(model.tokenizer, 300, rng(21), ioi.TEMPLATES)
    found = ioi_circuit.behaviour(model, fresh)
    stated = about["measured"]["circuit"]["behaviour"]
    assert found["right"]["mean"] >= 0.95 and stated["right"]["mean"] >= 0.95
    assert abs(found["logit difference"]["mean"] - stated["logit difference"]["mean"]) < 1.0
    others = about["measured"]["other behaviours"]
    assert min(others["list"], others["place"]) >= 0.95 and others["pronoun"] >= 0.8 and others["years"] >= 0.7


def test_its_card_describes_its_circuit_with_intervals(about):
    found = about["measured"]["circuit"]
    heads = found["to the logits"]["ABC"]
    assert len(heads) == RECIPE.shape.n_layers * RECIPE.shape.n_heads
    assert all(cell["low"] <= cell["share"] <= cell["high"] for cell in heads)
    assert abs(heads[0]["share"]) >= ioi_circuit.IMPORTANT and found["output heads"][heads[0]["at"]]["hears"]


def test_its_strongest_direct_path_is_found_again_on_fresh_prompts(model, about):
    from course_utils import patching
    stated = about["measured"]["circuit"]["to the logits"]["ABC"]
    fresh = ioi.make_ioi_batch(model.tokenizer, 64, rng(22), ioi.TEMPLATES)
    metric = patching.logit_diff(fresh.answer, fresh.wrong, fresh.positions["END"])
    other = ioi.corrupt(fresh, "ABC", rng(23)).tokens
    found = patching.Question(model, fresh.tokens, other, metric, direction="noising").path_patch(mlps="recomputed")
    shares = found.effect() / found.clean.mean()
    for cell in stated[:2]:
        layer, head = map(int, cell["at"].split("."))
        assert abs(shares[layer, head] - cell["share"]) < 0.15


def test_only_one_of_the_three_seeds_composes_heads():
    """What the cards say in words, held against what they say in numbers."""
    heard = {recipe.name: {(head, cell["at"]) for head, about in output_heads(recipe.name).items()
                           for cell in about["hears"]["q, flip"] if cell["high"] < -0.1} for recipe in RECIPES}
    assert heard == {"ioi-natural": {("1.0", "0.2"), ("1.2", "0.2"), ("1.3", "0.2")},
                     "ioi-natural-b": set(), "ioi-natural-c": set()}
    found = zoo.card("ioi-natural")["measured"]["circuit"]
    for head in ("1.0", "1.2", "1.3"):
        assert found["from END"][head]["after IO"] > 5 * found["from END"][head]["after S1"]
        assert found["writes"][head]["IO"]["low"] > found["writes"][head]["S"]["high"]
    for name, head in (("ioi-natural-b", "0.0"), ("ioi-natural-c", "2.3")):
        subtracts = zoo.card(name)["measured"]["circuit"]
        assert subtracts["from END"][head]["S2"] > 0.7 and subtracts["writes"][head]["S"]["high"] < -4
    assert all(zoo.card(recipe.name)["measured"]["reading"] == recipe.reading for recipe in RECIPES)


def output_heads(name):
    return zoo.card(name)["measured"]["circuit"]["output heads"]


def test_the_composing_heads_lose_ioi_without_what_they_hear():
    """On fresh prompts: with 0.2's output at END from prompts whose S2 is IO, the movers look at the other name."""
    model = zoo.load("ioi-natural", device="cpu")
    fresh = ioi.make_ioi_batch(model.tokenizer, 64, rng(31), ioi.TEMPLATES)
    flipped = ioi.corrupt(fresh, "flip", rng())
    rows, end = torch.arange(64), fresh.positions["END"]

    def looks(batch, hooks=()):
        kept = {}
        pattern = ("blocks.1.attn.hook_pattern", lambda value, hook: kept.update(pattern=value.detach()))
        with torch.no_grad():
            model.run_with_hooks(batch.tokens, fwd_hooks=[*hooks, pattern])
        return [kept["pattern"][rows, 3, end, fresh.positions[role] + 1].mean().item() for role in ("IO", "S1")]

    z = {}
    with torch.no_grad():
        model.run_with_hooks(flipped.tokens, fwd_hooks=[
            ("blocks.0.attn.hook_z", lambda value, hook: z.update(z=value.detach().clone()))])

    def exchanged(value, hook):
        value = value.clone()
        value[rows, end, 2] = z["z"][rows, end, 2]
        return value

    io, s = looks(fresh)
    io_after, s_after = looks(fresh, [("blocks.0.attn.hook_z", exchanged)])
    assert io > 5 * s and s_after > 5 * io_after


def test_what_parts_write_adds_up_to_the_logits():
    """The direct contributions of embedding, heads and MLPs are all there is, up to biases."""
    from course_utils.zoo.cards import WEIGHTS
    from models.evaluation import finished
    plain = finished(RECIPE, WEIGHTS / RECIPE.name)
    batch = draw(prompts(), 64, rng(41))
    found = ioi_circuit.writes(plain, batch)
    with torch.no_grad():
        logits = plain(batch.tokens)[torch.arange(64), batch.positions["END"]]
    gap = (logits[torch.arange(64), batch.answer] - logits[torch.arange(64), batch.wrong]).mean().item()
    total = sum(entry["IO"]["mean"] - entry["S"]["mean"] for entry in found.values())
    assert abs(total - gap) < 0.02 * gap


def test_prompts_fit_its_context():
    assert prompts().rows.shape[1] <= RECIPE.shape.n_ctx

"""The planted circuits: the algorithm, interchange, and what the bundled models promise, on fresh prompts."""

import pytest
import torch

from course_utils import ioi, zoo
from course_utils.ioi.planted import counterfactual, planted_nodes
from course_utils.ioi.prompts import draw
from models.ioi_interchange import aligned, mean_values, node_mask, run, subset_answers, swapped_answers
from models.ioi_planted import RECIPES, PlantedRecipe, verify
from models.loop import rate, train

SMALL = RECIPES[-1]                                    # two templates


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def untrained():
    """Random and loud, so that every replacement is felt."""
    model = SMALL.model().eval()
    numbers = rng(9)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(std=0.3, generator=numbers)
    return model


@pytest.fixture(scope="module")
def pairs():
    return draw(SMALL.plan, 40, rng(1)), draw(SMALL.plan, 40, rng(2))


def bridge_answers(model, base, edits=()):
    """TransformerLens's answer at END, with hooks that put other values into z."""
    with torch.no_grad():
        logits = model.run_with_hooks(base.tokens, fwd_hooks=list(edits))
    return logits[torch.arange(len(base)), base.positions["END"]].argmax(-1)


def test_the_algorithm(pairs):
    base, donor = pairs
    assert torch.equal(counterfactual(base, donor, []), base.answer)
    assert torch.equal(counterfactual(base, base, ["detection"]), base.answer)
    assert torch.equal(counterfactual(base, donor, ["detection"]), counterfactual(base, donor, ["inhibition"]))
    assert torch.equal(counterfactual(base, donor, ["inhibition", "output"]), donor.answer)
    flipped = ioi.corrupt(base, "flip", rng())
    assert torch.equal(counterfactual(base, flipped, ["detection"]), base.wrong)
    same = base.first == donor.first
    assert torch.equal(counterfactual(base, donor, ["detection"]) == base.answer, same)


def test_circuits_rise():
    with pytest.raises(ValueError, match="layers must rise"):
        planted_nodes((0, 1), (0, 2), (1, 0))
    assert [node.position for node in planted_nodes((0, 1), (1, 2), (2, 0))] == ["S2", "END", "END"]


def test_a_run_is_the_models_own(untrained, pairs):
    base, _ = pairs
    with torch.no_grad():
        logits, z = run(untrained, base)
        whole = untrained(base.tokens)[torch.arange(len(base)), base.positions["END"]]
        own, _ = run(untrained, base, torch.ones(z.shape[:-1], dtype=torch.bool), z)
    torch.testing.assert_close(logits, whole)
    torch.testing.assert_close(own, logits)


def test_values_move_to_where_the_base_has_the_node(untrained, pairs):
    base, donor = pairs
    rows = torch.arange(len(base))
    with torch.no_grad():
        z = run(untrained, donor)[1]
    moved = aligned(z, base, donor, rows, SMALL.nodes)
    mask = node_mask(base, SMALL.nodes, 3, 4)
    assert mask.sum() == 3 * len(base)
    for node in SMALL.nodes:
        here, there = base.positions[node.position], donor.positions[node.position]
        assert torch.equal(moved[node.layer, rows, here, node.head], z[node.layer, rows, there, node.head])
    assert torch.equal(moved[~mask], z[~mask])
    assert (base.positions["S2"] != donor.positions["S2"]).any()


def test_subsets_agree_with_one_run_each(untrained, pairs):
    base, donor = (prompts[:6] for prompts in pairs)
    with torch.no_grad():
        values = run(untrained, donor)[1]
        all_answers = subset_answers(untrained, base, values, SMALL.nodes)
        assert all_answers.shape == (4096, 6)
        free = ~node_mask(base, SMALL.nodes, 3, 4)
        for subset in [0, 4095, *torch.randint(4096, (40,), generator=rng()).tolist()]:
            chosen = torch.tensor([subset >> bit & 1 for bit in range(12)], dtype=torch.bool).view(3, 1, 1, 4)
            logits, _ = run(untrained, base, free & chosen, values)
            assert torch.equal(logits.argmax(-1), all_answers[subset]), subset
    assert (all_answers != all_answers[0]).any(0).float().mean() > 0.5, "in an untrained model they are felt"


def test_means_are_over_prompts(untrained, pairs):
    with torch.no_grad():
        z = run(untrained, pairs[0])[1]
    torch.testing.assert_close(mean_values(z)[1, 7, 3, 2], z[1, :, 3, 2].mean(0))


def test_an_untrained_model_keeps_neither_promise():
    found = verify(SMALL.model().eval(), SMALL.plan, SMALL.nodes, 16, rng())
    assert found["right"] < 0.5 and found["swapped"]["output"]["all"] < 0.5
    assert found["others"]["resampled"]["largest"] > 0.1


def test_a_steps_loss_is_its_own():
    model = SMALL.model()
    assert SMALL.loss(model, 7).item() == SMALL.loss(model, 7).item() != SMALL.loss(model, 8).item()


def test_no_two_variants_share_a_head_in_a_role():
    for other in RECIPES:
        for recipe in RECIPES:
            if other is not recipe:
                assert not {(n.role, n.layer, n.head) for n in recipe.nodes} & {
                    (n.role, n.layer, n.head) for n in other.nodes}
    assert len(RECIPES) >= 4 and {len(recipe.templates) for recipe in RECIPES} == {1, 2}


def test_two_templates_put_the_roles_elsewhere():
    plan = SMALL.plan
    assert plan.ends[0] == plan.ends[1] and not set(plan.slots[0, :3].tolist()) & set(plan.slots[1, :3].tolist())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_bundled_model_keeps_both_promises(recipe):
    from models.evaluation import finished
    model = finished(recipe, zoo.cards.WEIGHTS / recipe.name)
    with torch.no_grad():
        found = verify(model, recipe.plan, recipe.nodes, 100, rng(11))
    assert found["right"] >= 0.99
    assert all(shares["differing"] >= 0.99 for shares in found["swapped"].values()), found["swapped"]
    assert all(shares["largest"] <= 0.01 for shares in found["others"].values()), found["others"]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_transformer_lens_sees_the_same_circuit(recipe):
    model = zoo.load(recipe.name, device="cpu")
    assert ioi.planted_circuit(recipe.name) == recipe.nodes
    base = ioi.make_ioi_batch(model.tokenizer, 64, rng(12), recipe.templates)
    donor = ioi.make_ioi_batch(model.tokenizer, 64, rng(13), recipe.templates)
    rows = torch.arange(64)
    assert (bridge_answers(model, base) == base.answer).all()
    with torch.no_grad():
        _, cache = model.run_with_cache(donor.tokens)
    for node in recipe.nodes:
        name = f"blocks.{node.layer}.attn.hook_z"

        def put(z, hook, node=node, name=name):
            z = z.clone()
            z[rows, base.positions[node.position], node.head] = cache[name][
                rows, donor.positions[node.position], node.head]
            return z

        assert (bridge_answers(model, base, [(name, put)]) == counterfactual(base, donor, [node.role])).all()

    def others(z, hook):
        layer = int(hook.name.split(".")[1])
        keep = node_mask(base, recipe.nodes, recipe.shape.n_layers, recipe.shape.n_heads)[layer]
        return torch.where(keep[..., None], z, cache[hook.name])

    edits = [(f"blocks.{layer}.attn.hook_z", others) for layer in range(recipe.shape.n_layers)]
    assert (bridge_answers(model, base, edits) == base.answer).float().mean() >= 0.98


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_card_says_what_was_measured(recipe):
    about = zoo.card(recipe.name)
    found = about["measured"]
    assert about["data"]["circuit"] == [node.as_dict() for node in recipe.nodes]
    assert found["right"] >= 0.99 and found["pairs"] >= 500
    assert all(shares["all"] >= 0.99 and shares["differing"] >= 0.99 for shares in found["swapped"].values())
    subsets = 2 ** (recipe.shape.n_layers * recipe.shape.n_heads)
    assert all(s["largest"] <= 0.01 and s["subsets"] == subsets for s in found["others"].values())
    assert about["files"]["model.safetensors"]["bytes"] < 1_000_000


def test_models_without_a_planted_circuit_say_so():
    for name in set(zoo.available()) - set(ioi.planted_models()):
        with pytest.raises(ValueError, match="nothing was planted"):
            ioi.planted_circuit(name)
    assert set(ioi.planted_models()) == {recipe.name for recipe in RECIPES}


def test_swapping_with_oneself_changes_nothing(untrained, pairs):
    base, _ = pairs
    with torch.no_grad():
        plain = run(untrained, base)[0].argmax(-1)
    assert torch.equal(swapped_answers(untrained, base, base, SMALL.nodes), plain)


class Quick(PlantedRecipe):
    """Content with itself from the first look on."""

    def watch(self, model):
        return {}

    def done(self, watched):
        return True


def test_a_content_recipe_settles_and_a_broken_training_goes_on_as_if_nothing_had_happened(tmp_path):
    settings = {field: getattr(SMALL, field) for field in SMALL.__dataclass_fields__ if field != "family"}
    quick = Quick(**settings | {"steps": 40, "watch_every": 8, "batch": 4, "warmup": 1})
    straight, run = train(quick, tmp_path / "a", torch.device("cpu"))
    assert run.plans == [(8, 10)] and run.step == run.total == 10
    assert rate(quick, 7, 40) == quick.learning_rate == rate(quick, 8, 10) > rate(quick, 9, 10) > 0
    train(quick, tmp_path / "b", torch.device("cpu"), stop_at=9)
    resumed, again = train(quick, tmp_path / "b", torch.device("cpu"))
    assert again.losses == run.losses and again.plans == run.plans
    for name, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name

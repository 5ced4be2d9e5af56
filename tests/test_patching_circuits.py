"""Circuits: a set algebra, runs against hooks and TransformerLens's faithfulness, and the criteria's theorems."""

from __future__ import annotations

import pytest
import torch
from patching_models import (
    LENGTH,
    VOCABULARY,
    answers,
    attribute_edges,
    model_of,
    native,
    of_circuit,
    path_patch,
    prompts,
    sweep,
)
from transformer_lens.tools.analysis import attribution_patching as theirs

from course_utils import patching
from course_utils.patching import Circuit

CORRECT, WRONG = answers()
METRIC = patching.logit_diff(CORRECT, WRONG)
KINDS = ["attention only", "native", "gpt2", "gpt2 folded"]


def difference(logits):
    rows = torch.arange(3)
    return logits[rows, -1, CORRECT] - logits[rows, -1, WRONG]


def random_edges(model, share, seed=0):
    whole = list(Circuit.whole(model, "edges"))
    taken = torch.rand(len(whole), generator=torch.Generator().manual_seed(seed)) < share
    return Circuit.edges([e for e, t in zip(whole, taken.tolist(), strict=True) if t])


def test_set_algebra_is_that_of_sets():
    a, b = Circuit.nodes("0.1", "m0", "1.2"), Circuit.nodes("1.2", "2.3")
    assert a | b == Circuit.nodes("0.1", "m0", "1.2", "2.3") and a & b == Circuit.nodes("1.2")
    assert a - b == Circuit.nodes("0.1", "m0") and a ^ b == (a | b) - (a & b)
    assert a & b <= a <= a | b and a & b < a and not a <= b
    assert "0.1" in a and (1, 2) in a and "2.3" not in a and len(a) == 3
    assert [str(node) for node in a] == ["0.1", "m0", "1.2"]
    assert len({a, Circuit.nodes("m0", "1.2", "0.1")}) == 1
    edges = Circuit.edges("embed->0.1.q", "0.1 -> logits", ("m0", "m1"))
    assert "0.1->logits" in edges and "embed->logits" not in edges
    assert str(edges).splitlines() == ["a circuit of 3 edges", "  0.1.q ← embed", "  m1 ← m0", "  logits ← 0.1"]
    assert str(a).splitlines() == ["a circuit of 3 nodes", "  layer 0: 0.1  m0", "  layer 1: 1.2"]


@pytest.mark.parametrize("wrong", ["1.2.q->0.1", "0.1->0.2.q", "m1->m1", "m0", "0.1->5"])
def test_what_is_no_edge_is_refused(wrong):
    with pytest.raises(ValueError):
        Circuit.edges(wrong)


def test_nodes_and_edges_do_not_mix():
    with pytest.raises(ValueError, match="cannot be combined"):
        Circuit.nodes("0.1") | Circuit.edges("0.1->logits")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of", ["nodes", "edges"])
def test_everything_is_the_model_and_nothing_is_the_other_run(kind, of):
    model, (clean, corrupt) = model_of(kind), prompts()
    whole = of_circuit("run", model, Circuit.whole(model, of), clean, METRIC, corrupt=corrupt)
    with torch.no_grad():
        torch.testing.assert_close(whole, difference(model(clean)), atol=1e-9, rtol=1e-9)
        if of == "edges":
            nothing = of_circuit("run", model, Circuit.edges(), clean, METRIC, corrupt=corrupt)
            torch.testing.assert_close(nothing, difference(model(corrupt)), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ablation", ["resample", "mean", "zero"])
def test_nodes_equal_transformerlens_hooks(kind, ablation):
    model, (clean, corrupt) = model_of(kind), prompts()
    reference = torch.randint(VOCABULARY, (5, LENGTH), generator=torch.Generator().manual_seed(9))
    mlps = kind != "attention only"
    circuit = Circuit.nodes(["0.1", "1.0", "1.3", "2.2"] + ["m1"] * mlps)
    source = {"resample": corrupt, "mean": reference, "zero": clean}[ablation]
    hooks = []
    with torch.no_grad():
        cache = model.run_with_cache(source)[1]
        for layer in range(3):
            names = [f"blocks.{layer}.attn.hook_z"] + [f"blocks.{layer}.hook_mlp_out"] * mlps
            for name in names:
                new = cache[name]
                new = new.mean(0, keepdim=True) if ablation == "mean" else new * (ablation != "zero")
                new = new.expand(3, *new.shape[1:])

                def hook(value, hook, layer=layer, new=new):
                    for head in range(4) if value.ndim == 4 else []:
                        if (layer, head) not in circuit:
                            value[:, :, head] = new[:, :, head]
                    if value.ndim == 3 and f"m{layer}" not in circuit:
                        value[:] = new
                    return value

                hooks.append((name, hook))
        expected = difference(model.run_with_hooks(clean, fwd_hooks=hooks))
    how = {"resample": {"corrupt": corrupt}, "mean": {"reference": reference}, "zero": {}}[ablation]
    ours = of_circuit("run", model, circuit, clean, METRIC, ablation=ablation, **how)
    torch.testing.assert_close(ours, expected, atol=1e-9, rtol=1e-9)


def test_several_circuits_run_together_as_they_run_alone():
    model, (clean, corrupt) = model_of("native"), prompts()
    circuits = [Circuit.nodes("0.1", "m2"), random_edges(model, 0.5), Circuit.whole(model)]
    together = of_circuit("run", model, circuits, clean, METRIC, corrupt=corrupt, memory=1)
    alone = [of_circuit("run", model, one, clean, METRIC, corrupt=corrupt) for one in circuits]
    torch.testing.assert_close(together, torch.stack(alone), atol=1e-10, rtol=1e-10)


def test_nodes_at_stated_positions_equal_transformerlens_hooks():
    model, (clean, corrupt) = model_of("native"), prompts()
    circuit, s2 = Circuit.nodes("0.1", "1.0", "m1", "2.2"), torch.tensor([2, 5, 4])
    kept = {"0.1": slice(None), "1.0": s2, "m1": [1, 6], "2.2": -1}
    with torch.no_grad():
        cache, hooks = model.run_with_cache(corrupt)[1], []
        for layer in range(3):

            def z_hook(z, hook, layer=layer):
                new = cache[hook.name].reshape(z.shape).clone()
                for (here, head), name in {(0, 1): "0.1", (1, 0): "1.0", (2, 2): "2.2"}.items():
                    if here == layer:
                        rows = torch.arange(3) if name == "1.0" else slice(None)
                        new[rows, kept[name], head] = z[rows, kept[name], head]
                return new

            def mlp_hook(out, hook, layer=layer):
                new = cache[f"blocks.{layer}.hook_mlp_out"].clone()
                if layer == 1:
                    new[:, kept["m1"]] = out[:, kept["m1"]]
                return new

            hooks += [(f"blocks.{layer}.attn.hook_z", z_hook), (f"blocks.{layer}.hook_mlp_out", mlp_hook)]
        expected = difference(model.run_with_hooks(clean, fwd_hooks=hooks))
    at = {"1.0": s2, "m1": [[1, 6]], "2.2": -1}
    ours = of_circuit("run", model, circuit, clean, METRIC, corrupt=corrupt, at=at)
    torch.testing.assert_close(ours, expected, atol=1e-9, rtol=1e-9)
    how = of_circuit("faithfulness", model, circuit, clean, METRIC, corrupt=corrupt, at=at)
    torch.testing.assert_close(how.circuit, ours, atol=1e-12, rtol=1e-12)
    with torch.no_grad():
        torch.testing.assert_close(how.whole, difference(model(clean)), atol=1e-9, rtol=1e-9)
    with pytest.raises(ValueError, match="a circuit of edges"):
        of_circuit("run", model, Circuit.edges("0.1->logits"), clean, METRIC, corrupt=corrupt, at={"0.1": -1})


@pytest.mark.parametrize("kind", ["native", "gpt2 folded"])
def test_edges_from_all_or_none_of_a_writer_are_nodes(kind):
    """Cutting every edge out of a writer is ablating that writer."""
    model, (clean, corrupt) = model_of(kind), prompts()
    nodes = Circuit.whole(model) - Circuit.nodes("0.2", "1.1", "m1")
    kept = [(w, r) for w, r in Circuit.whole(model, "edges") if w.layer is None or w in nodes]
    by_edges = of_circuit("run", model, Circuit.edges(kept), clean, METRIC, corrupt=corrupt)
    by_nodes = of_circuit("run", model, nodes, clean, METRIC, corrupt=corrupt)
    torch.testing.assert_close(by_edges, by_nodes, atol=1e-9, rtol=1e-9)


def test_all_edges_but_one_is_a_path_patch():
    model, (clean, corrupt) = model_of("gpt2"), prompts()
    for name in ["0.1->2.3.k", "m0->m1", "1.2->logits"]:
        circuit = Circuit.whole(model, "edges") - Circuit.edges(name)
        sender, receiver = name.split("->")
        expected = path_patch(model, clean, corrupt, METRIC, senders=[sender], receivers=receiver, direction="noising")
        ours = of_circuit("run", model, circuit, clean, METRIC, corrupt=corrupt)
        torch.testing.assert_close(ours, expected.values[0], atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("ablation", ["corrupt", "mean"])
def test_edges_equal_transformerlens_faithfulness(ablation):
    model, (clean, corrupt) = model_of("gpt2"), prompts(batch=1)
    reference = torch.randint(VOCABULARY, (4, LENGTH), generator=torch.Generator().manual_seed(5))
    right, wrong = int(CORRECT[0]), int(WRONG[0])
    circuit, kept = random_edges(model, 0.6), []
    kinds = {"q": "q_input", "k": "k_input", "v": "v_input", "mlp": "mlp_in", "logits": "logits"}
    for w, r in circuit:
        for position in range(LENGTH):
            kind = "embed" if w.layer is None else "mlp_out" if w.head is None else "attn_head_out"
            sender = theirs.Node(kind, position, layer=w.layer, head=w.head)
            layer = 2 if r.layer is None else r.layer
            kept.append((sender, theirs.Node(kinds[r.input], position, layer=layer, head=r.head)))
    expected = theirs.faithfulness(
        model,
        clean,
        corrupt,
        lambda logits: logits[0, -1, right] - logits[0, -1, wrong],
        kept,
        theirs.FaithfulnessConfig(ablation=ablation),
        mean_tokens=reference if ablation == "mean" else None,
    )
    how = {"corrupt": corrupt} if ablation == "corrupt" else {"ablation": "mean", "reference": reference}
    ours = of_circuit("run", model, circuit, clean, patching.logit_diff([right], [wrong]), **how)
    gap = expected.full_metric - expected.corrupt_metric
    assert float(ours) == pytest.approx(expected.corrupt_metric + expected.recovered * gap, abs=1e-8)


def test_faithfulness_ends():
    model, (clean, corrupt) = model_of("native"), prompts()
    for of in ("nodes", "edges"):
        whole = of_circuit("faithfulness", model, Circuit.whole(model, of), clean, METRIC, corrupt=corrupt)
        empty = of_circuit("faithfulness", model, Circuit(frozenset(), of), clean, METRIC, corrupt=corrupt)
        assert whole.recovered == pytest.approx(1) and whole.difference == pytest.approx(0, abs=1e-10)
        assert empty.recovered == pytest.approx(0, abs=1e-10)
        low, high = whole.interval()
        assert low == pytest.approx(1) and high == pytest.approx(1)


def test_the_whole_model_is_complete_and_a_dead_head_is_not_needed():
    model, (clean, corrupt) = native(attn_only=True), prompts()
    with torch.no_grad():
        model.blocks[1].attn.o.weight[:, 12:18] = 0  # head 2 of layer 1 writes nothing
    whole = Circuit.whole(model)
    complete = of_circuit("completeness", model, whole, clean, METRIC, corrupt=corrupt, draws=6, greedy=2)
    assert complete.worst[1] < 1e-9 and len(complete.subsets) >= 7
    scores = of_circuit("minimality", model, whole, clean, METRIC, corrupt=corrupt, draws=4).scores
    least = min(scores, key=scores.get)
    assert str(least) == "1.2" and scores[least] < 1e-10
    assert sorted(scores.values())[1] > 1e-4


def test_greedy_completeness_grows_by_the_worst_part():
    """Each step of the search takes the part whose removal widens the difference most."""
    model, (clean, corrupt) = model_of("native"), prompts()
    whole = Circuit.whole(model)
    circuit = whole - Circuit.nodes("2.1", "m2")
    found = of_circuit("completeness", model, circuit, clean, METRIC, corrupt=corrupt, draws=0, greedy=3)
    plain = of_circuit("faithfulness", model, circuit, clean, METRIC, corrupt=corrupt)
    assert len(found.subsets) == 3 and all(a < b for a, b in zip(found.subsets, found.subsets[1:], strict=False))
    assert found.worst[1] == float(found.differences.max()) and plain.difference > 0
    first, ask = found.subsets[0], patching.Question(model, clean, corrupt, METRIC)
    gaps = [
        (ask.run(circuit - Circuit.nodes(node)).mean() - ask.run(whole - Circuit.nodes(node)).mean()).abs()
        for node in circuit
    ]
    assert float(found.differences[0]) == pytest.approx(float(max(gaps)), abs=1e-9) and len(first) == 1


def test_top_parts_of_a_sweep_make_a_circuit():
    model, (clean, corrupt) = model_of("native"), prompts()
    heads = sweep(model, "z", clean, corrupt, METRIC)
    assert Circuit.top(heads, 3) == Circuit.nodes([(c["layer"], c["head"]) for c, _ in heads.top(3)])
    edges = attribute_edges(model, clean, corrupt, METRIC)
    best = Circuit.top(edges, 10)
    assert len(best) == 10 and best <= Circuit.whole(model, "edges")


@pytest.mark.parametrize("circuit", [Circuit.nodes("0.9"), Circuit.nodes("7.0"), Circuit.edges("m0->logits")])
def test_parts_that_do_not_exist_are_refused(circuit):
    model, (clean, corrupt) = model_of("attention only"), prompts()
    with pytest.raises(ValueError, match="this model has no"):
        of_circuit("run", model, circuit, clean, METRIC, corrupt=corrupt)

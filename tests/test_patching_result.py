"""The result type: named axes, recovery, intervals, selection, printing, drawing."""

from __future__ import annotations

import dataclasses

import matplotlib.figure
import matplotlib.pyplot as plt
import pytest
import torch
from patching_models import answers, model_of, prompts, sweep

from course_utils import patching
from course_utils.patching import Axis, Circuit, Sweep

METRIC = patching.logit_diff(*answers())


def made(prompts_=40, seed=0):
    """A sweep whose truth is known: 2 layers × 3 positions, recovery 0, ½, 1 by position."""
    g = torch.Generator().manual_seed(seed)
    noise = torch.randn(2, 3, prompts_, generator=g, dtype=torch.float64)
    clean = 4 + torch.randn(prompts_, generator=g, dtype=torch.float64)
    corrupt = -2 + torch.randn(prompts_, generator=g, dtype=torch.float64)
    share = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)[None, :, None]
    values = corrupt + share * (clean - corrupt) + 0.3 * noise
    axes = (Axis("layer", (0, 1)), Axis("position", ("A", "B", "C")))
    return Sweep(values, axes, corrupt, clean, corrupt, "made up", "logit difference", "restart")


def test_recovery_runs_from_corrupt_to_clean():
    sweep = made(4000)
    expected = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64).expand(2, 3)
    torch.testing.assert_close(sweep.recovery(), expected, atol=0.01, rtol=0)
    for end, value in (("clean", 1.0), ("corrupt", 0.0)):
        at_end = dataclasses.replace(sweep, values=getattr(sweep, end).expand(2, 3, -1))
        torch.testing.assert_close(at_end.recovery(), torch.full((2, 3), value, dtype=torch.float64))
        torch.testing.assert_close(at_end.recovery(per_prompt=True), at_end.values * 0 + value)
    torch.testing.assert_close(sweep.effect(), sweep.mean() - sweep.base.mean())


def test_the_ratio_is_of_means_so_no_single_prompt_blows_it_up():
    sweep = made()
    clean = sweep.clean.clone()
    clean[0] = sweep.corrupt[0] + 1e-12
    odd = dataclasses.replace(sweep, clean=clean)
    assert float(odd.recovery().abs().max()) < 2 < float(odd.recovery(per_prompt=True).abs().max())


def test_intervals_cover_as_often_as_they_say():
    covered = {"effect": 0, "recovery": 0}
    truth = {"effect": 3.0, "recovery": 0.5}
    for seed in range(120):
        sweep = made(40, seed)
        for quantity in covered:
            low, high = sweep.interval(quantity, level=0.9)
            covered[quantity] += int(low[0, 1] <= truth[quantity] <= high[0, 1])
    for quantity, count in covered.items():
        assert 0.80 <= count / 120 <= 0.97, quantity


def test_intervals_shrink_with_the_root_of_the_prompts_and_surround_the_mean():
    width = []
    for count in (50, 800):
        low, high = made(count).interval("value")
        assert ((low <= made(count).mean()) & (made(count).mean() <= high)).all()
        width.append(float((high - low).mean()))
    assert 3 < width[0] / width[1] < 5.3


def test_selection_keeps_the_values_of_what_it_names():
    sweep = made()
    assert torch.equal(sweep.select(layer=1).values, sweep.values[1])
    assert sweep.select(layer=1).names == ("position",)
    some = sweep.select(position=["C", "A"])
    assert torch.equal(some.values, sweep.values[:, [2, 0]]) and some.axis("position").labels == ("C", "A")
    with pytest.raises(KeyError, match="no axis 'head'; this sweep has layer, position"):
        sweep.select(head=1)
    with pytest.raises(KeyError, match="no label 7"):
        sweep.select(layer=7)


def test_top_is_in_order_of_absolute_effect():
    top = made().top(6)
    sizes = [abs(value) for _, value in top]
    assert sizes == sorted(sizes, reverse=True) and {cell["position"] for cell, _ in top[:2]} == {"C"}


def test_it_is_frozen_and_prints_what_it_is():
    sweep = made()
    with pytest.raises(dataclasses.FrozenInstanceError):
        sweep.title = "other"
    lines = str(sweep).splitlines()
    assert lines[0] == "made up: 2 layer × 3 position, 40 prompts, logit difference"
    assert lines[1].startswith("  clean ") and "corrupt" in lines[1] and "position C" in lines[2]


def test_recovery_without_corrupt_prompts_says_what_to_use():
    sweep = dataclasses.replace(made(), corrupt=None)
    with pytest.raises(ValueError, match=r"use effect\(\)"):
        sweep.recovery()


def drawn(figure):
    assert isinstance(figure, matplotlib.figure.Figure)
    labels = [text for ax in figure.axes for text in (ax.get_xlabel(), ax.get_ylabel())]
    labels += [ax.get_title(loc=side) for ax in figure.axes for side in ("left", "center")]  # the house style is left
    figure.canvas.draw()
    plt.close(figure)
    return labels


def test_sweeps_draw_themselves_with_labelled_axes():
    labels = drawn(made().plot(labels={"position": ["the", "cat", "sat"]}))
    assert {"layer", "position", "made up", "recovered share of the\nlogit difference"} <= set(labels)
    assert "change of the\nlogit difference" in drawn(made().select(layer=0).plot("effect"))
    model, (clean, corrupt) = model_of("native"), prompts()
    cube = sweep(model, "z", clean, corrupt, METRIC, by=("layer", "head", "position"))
    assert "layer 2" in drawn(cube.plot())
    with pytest.raises(ValueError, match="fix some with select"):
        sweep(model, "z", clean, corrupt, METRIC, by=()).plot()


@pytest.mark.parametrize(
    "circuit", [Circuit.nodes("0.1", "m1", "2.3"), Circuit.edges("embed->0.1.q", "0.1->m1", "m1->2.0.v", "2.0->logits")]
)
def test_circuits_draw_themselves(circuit):
    figure = circuit.plot()
    texts = {text.get_text() for text in figure.axes[0].texts}
    names = {str(n) for n in circuit} if circuit.of == "nodes" else {"embed", "0.1", "m1", "2.0", "logits"}
    assert names <= texts

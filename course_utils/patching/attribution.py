"""Attribution patching: all effects at once, to first order (Nanda 2023; Syed 2023), and its integrated form.

1. One forward and one backward of the base run give the gradient of the metric at every activation; prompts do
   not influence each other, so a batch of pairs needs no more passes than one pair.
2. The estimated effect of a replacement is (donor − base) · gradient, summed over what is patched together.
3. `steps` > 0 averages the gradient over that many points (midpoints) between the two runs instead of taking it
   at the base run: over the embeddings (`path="inputs"`, as in EAP-IG, Hanna et al. 2024; the scores of the
   embeddings then add up to the whole gap), or over one layer's activations at a time (`path="activations"`).

The result is a Sweep of estimates, with the axes of the exact `sweep`, so that the two can be laid side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from .grid import Grid, Selection, make_grid, refuse_missing_site
from .places import Positions, whole_number
from .restart import take
from .result import Sweep
from .runs import Ready, exactly, ready
from .unrolled import HEAD_SITES, PATTERN_SITES, Unsupported

if TYPE_CHECKING:
    from .question import Question

PATHS = ("inputs", "activations")


@exactly
def attribute(
    self: Question,
    site: str,
    by: Sequence[str] | None = None,
    *,
    layers: Selection | None = None,
    heads: Selection | None = None,
    neurons: Selection | None = None,
    positions: Selection | Mapping[str, Positions] | None = None,
    values: Tensor | Callable[[Tensor, Tensor], Tensor] | None = None,
    steps: int = 0,
    path: str = "inputs",
) -> Sweep:
    """First-order estimates of what `sweep` with the same arguments measures.

    Args:
        steps: 0 for the gradient at the base run; m ≥ 1 for its average over m midpoints of the path.
        path: "inputs" or "activations" (see the module).
        Everything else: as in `sweep`.

    Returns:
        a Sweep with route "gradient"; its values are the base run's metric plus the estimated effect.

    Raises:
        ValueError: as `sweep`, or a metric that cannot be differentiated.
        NotImplementedError: a model that the plain forward cannot stand for.
    """
    refuse_missing_site(self.model, site)
    self.refuse_without_donor(values)
    refuse_path(steps, path)
    grid = make_grid(self.model.cfg, site, by, self.clean, layers, heads, neurons, positions, self.positions)
    sites = tuple(dict.fromkeys((site, "resid_pre")))
    now = ready_or_refuse(self, sites)
    base, after = now.base_value, now.replacements(("resid_pre",))
    after = {**after, **now.replacements((site,), values)}
    # −∞ minus −∞, where a key is not seen, is no change
    change = [(new - old).nan_to_num(0.0) for new, old in zip(after[site], now.base[site], strict=True)]
    slopes = average_gradients(now, site, after, steps, path)
    terms = [d * g for d, g in zip(change, slopes, strict=True)]
    whole = site in PATTERN_SITES or site == "post"
    scores = _by_axes(torch.stack([t if whole else t.sum(-1) for t in terms]), site, grid)
    return Sweep(
        values=(base + scores).cpu(),
        axes=grid.axes,
        base=base.cpu(),
        clean=now.ends[0].cpu(),
        corrupt=None if now.ends[1] is None else now.ends[1].cpu(),
        title=f"{site}, estimated by gradients" + (f" integrated over {path}" if steps else ""),
        metric=self.metric.name,
        route="gradient",
    )


def refuse_path(steps: int, path: str) -> None:
    """Raises ValueError when there is no such integration path."""
    if path not in PATHS:
        raise ValueError(f"path is one of {', '.join(PATHS)}, not {path!r}")
    whole_number(steps, "steps, the points on the path (0: the gradient at the base run),")


def ready_or_refuse(question: Question, sites: tuple[str, ...], length: int | None = None) -> Ready:
    """The runs with these sites kept.

    Raises:
        NotImplementedError: the plain forward does not compute what this model computes.
    """
    try:
        return ready(question, sites, sites, length)
    except Unsupported as why:
        need = "paths, attributions and circuits need the plain forward, sweeps do not"
        raise NotImplementedError(f"{why}; {need}") from None


def path_points(steps: int) -> list[float]:
    """Where gradients are taken between the base run (0) and the donor run (1)."""
    return [0.0] if steps == 0 else [(i + 0.5) / steps for i in range(steps)]


def gradients(
    now: Ready, resid: Float[Tensor, "batch pos d_model"], keep: tuple[str, ...], **how: Any
) -> tuple[dict[str, list[Tensor]], dict[str, list[Tensor]], Tensor]:
    """Activations at the kept sites, the metric's gradients there, and its gradient at the last residual stream."""
    with torch.enable_grad():
        final, kept = now.model.forward(resid.detach().requires_grad_(), now.base.visible, keep=keep, **how)
        flat = [x for site in keep for x in kept[site]]
        value = now.read(take(final, now.need, 0)).sum()
        if not value.requires_grad:
            raise ValueError(f"{now.question.metric.name!r} cannot be differentiated, so its gradients say nothing")
        *slopes, last = torch.autograd.grad(value, [*flat, final], materialize_grads=True)
    parts = iter(slopes)
    grouped = {site: [next(parts) for _ in kept[site]] for site in keep}
    return {site: [x.detach() for x in kept[site]] for site in keep}, grouped, last


def average_gradients(
    now: Ready, site: str, after: dict[str, list[Tensor]], steps: int, path: str
) -> list[Float[Tensor, "batch ..."]]:
    """Per layer the gradient at `site`, averaged over the path."""
    points, before = path_points(steps), now.base
    if path == "inputs" or steps == 0:
        total: list[Tensor] | None = None
        for point in points:
            resid = torch.lerp(before["resid_pre"][0], after["resid_pre"][0], point)
            _, slopes, _ = gradients(now, resid, (site,))
            total = slopes[site] if total is None else [a + b for a, b in zip(total, slopes[site], strict=True)]
        return [x / len(points) for x in total]
    out = []
    for layer in range(now.model.n_layers):
        total_here: Tensor | float = 0.0
        for point in points:
            between = before[site][layer] + point * (after[site][layer] - before[site][layer]).nan_to_num(0.0)

            def edit(number: int, value: Tensor, layer: int = layer, between: Tensor = between) -> Tensor:
                # the difference keeps `value` in the graph, so that its gradient is the activation's
                return value + (between - value).detach().nan_to_num(0.0) if number == layer else value

            resid = before["resid_pre"][layer]
            _, slopes, _ = gradients(now, resid, (site,), edit={site: edit}, first_layer=layer)
            total_here = total_here + slopes[site][0]
        out.append(total_here / len(points))
    return out


def _by_axes(scores: Tensor, site: str, grid: Grid) -> Float[Tensor, "*axes batch"]:
    """Sum (layer, batch, …) scores over what is not an axis, pick the labels of what is, in the grid's order."""
    last = ["head"] if site in HEAD_SITES else ["neuron"] if site == "post" else []
    dims = ["layer", "batch", "position", *last]
    if site in PATTERN_SITES:
        dims = ["layer", "batch", "head", "position", "source"]
    axes = {axis.name: axis for axis in grid.axes}
    for name in [d for d in dims if d != "batch"]:
        at = dims.index(name)
        if name not in axes:
            scores = scores.sum(at)
            dims.remove(name)
        elif name == "position":
            b = dims.index("batch")
            by_place = scores.movedim((b, at), (0, 1))  # (batch, position, …)
            rows = torch.arange(by_place.shape[0], device=scores.device)
            picked = torch.stack([by_place[rows, place] for place in grid.places], dim=1)
            scores = picked.movedim((0, 1), (b, at))
        elif name != "source":
            scores = scores.index_select(at, torch.tensor(axes[name].labels, device=scores.device))
    return scores.permute([dims.index(name) for name in (*axes, "batch")])

"""Random models, questions, sites and cells: the fast path, TransformerLens's hooks, and a twin made of plain hooks.

A draw that fails names its seed: `draw(SEED)` is the whole of it.
"""

from __future__ import annotations

import random
import warnings

import pytest
import torch
from patching_models import gpt2, native
from patching_twin import forward, patched, seen

from course_utils import patching

VOCABULARY, DRAWS, CELLS = 11, 48, 8
CHOICES = {
    "normalization_type": ["LN", "LNPre", None],
    "attention_dir": ["causal", "bidirectional"],
    "act_fn": ["gelu", "gelu_new", "relu"],
    "attn_only": [True, False, False],
}
MODELS = {}


def a_model(dice):
    """One of sixteen models, made when first drawn."""
    seed = dice.randrange(16)
    if seed not in MODELS:
        own = random.Random(seed)
        heads, dtype = own.randint(1, 3), own.choice([torch.float64, torch.float64, torch.float32])
        layers = own.randint(1, 3)
        if own.random() < 0.3:
            shape = {"vocab_size": VOCABULARY, "n_positions": 8, "n_embd": 6 * heads, "n_head": heads}
            model = gpt2(dtype, layers, **shape)
            if own.random() < 0.5:
                model.enable_compatibility_mode()
        else:
            changes = {name: own.choice(values) for name, values in CHOICES.items()}
            d_head = own.choice([2, 5])
            model = native(dtype, n_layers=layers, n_heads=heads, d_head=d_head, d_model=12, d_mlp=own.choice([5, 16]),
                           n_ctx=8, d_vocab=VOCABULARY, **changes)  # fmt: skip
        MODELS[seed] = model
    return MODELS[seed]


def a_metric(dice, generator, batch, length, mask):
    """A metric, and the same from all logits. Stated positions are none of the padding, which stands on the right."""
    ids, wrong = torch.randint(VOCABULARY, (2, batch), generator=generator)
    rows, n = torch.arange(batch)[:, None], dice.choice([1, 1, 2])
    places = torch.stack([torch.randperm(length, generator=generator)[: min(n, length)] for _ in range(batch)])
    places = places if mask is None else places % mask.sum(1, keepdim=True)
    kind = dice.choice(["logit_diff", "log_prob", "own", "all"])
    if kind == "logit_diff":
        read = lambda x: (x[rows, places, ids[:, None]] - x[rows, places, wrong[:, None]]).mean(1)  # noqa: E731
        return patching.logit_diff(ids, wrong, places), read
    if kind == "log_prob":
        return patching.log_prob(ids, places), lambda x: x.log_softmax(-1)[rows, places, ids[:, None]].mean(1)
    if kind == "own":
        own = lambda x: (x.softmax(-1) * x).sum((-1, -2))  # noqa: E731
        return patching.metric(own, places), lambda x: own(x[rows, places])
    return lambda x: x[:, :, 1].sum(1), lambda x: x[:, :, 1].sum(1)


def draw(seed):
    """Yield (what, ours, the twin's, the tolerance) for some cells of one random question."""
    dice, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    model = a_model(dice)
    cfg, batch, length = model.cfg, dice.randint(1, 3), dice.randint(1, 7)
    clean, corrupt = torch.randint(VOCABULARY, (2, batch, length), generator=generator)
    shared = dice.randint(0, length)
    corrupt[:, :shared] = clean[:, :shared]
    mask = None
    if dice.random() < 0.3:  # padding on the right
        mask = torch.arange(length) < torch.randint(1, length + 1, (batch, 1), generator=generator)
        mask = None if mask.all() else mask
    metric, read = a_metric(dice, generator, batch, length, mask)
    ablation = dice.choice(["resample", "resample", "zero"] + ["mean"] * (mask is None))
    how = {"ablation": ablation, "attention_mask": mask, "memory": dice.choice([None, 1, 3000])}
    if ablation == "resample":
        how["direction"] = dice.choice(["denoising", "noising"])
    if ablation == "mean":
        how["reference"] = torch.randint(VOCABULARY, (dice.randint(1, 4), length), generator=generator)
    asked = [patching.Question(model, clean, corrupt, metric, route=route, **how) for route in ("auto", "hooks")]
    base = corrupt if how.get("direction") == "denoising" else clean
    other = clean if base is corrupt else corrupt

    sites = [s for s in patching.SITES if not (cfg.attn_only and s in ("resid_mid", "mlp_out", "post"))]
    site = dice.choice(sites)
    before = seen(model, base, mask)
    wanted = {"resample": other, "mean": how.get("reference"), "zero": base}[ablation]
    source = seen(model, wanted, mask)
    hidden = before["pattern", 0].isnan() | torch.zeros(length, length, dtype=torch.bool)
    if getattr(cfg, "attention_dir", "causal") == "causal":
        hidden = hidden | torch.ones(length, length, dtype=torch.bool).triu(1)
    if mask is not None:
        hidden = hidden | ~mask[:, None, None]

    def activation(run, layer):
        if site == "result":
            return torch.einsum("bthe,hed->bthd", run["z", layer], model.W_O[layer].detach())
        if site == "attn_scores":
            scores = torch.einsum("bqhd,bkhd->bhqk", run["q", layer], run["k", layer]) / cfg.d_head**0.5
            return scores.masked_fill(hidden, -torch.inf) if len(scores) == batch else scores
        return run[site, layer]

    def put(layer):
        old, new = activation(before, layer), activation(source, layer)
        if ablation == "mean":
            new = new.mean(0, keepdim=True).expand_as(old)
        return torch.zeros_like(old) if ablation == "zero" else new

    donor = {layer: put(layer) for layer in range(cfg.n_layers)}
    own = None
    if dice.random() < 0.3:  # values of one's own
        own = lambda donor, base: 0.5 * donor + base.flip(0)  # noqa: E731
        donor = {layer: own(new, activation(before, layer)) for layer, new in donor.items()}
    donor["hidden"] = hidden

    axes = ["layer", "position"]
    axes += ["head"] * (site in ("z", "result", "q", "k", "v", "pattern", "attn_scores"))
    axes += ["source"] * (site in ("pattern", "attn_scores")) + ["neuron"] * (site == "post")
    by = dice.sample(axes, dice.randint(0, len(axes)))
    limits = {"layer": cfg.n_layers, "position": length, "head": cfg.n_heads, "source": length, "neuron": cfg.d_mlp}
    named = torch.randint(length, (2, batch), generator=generator)
    more = {}
    if "position" in by and dice.random() < 0.5:
        more["positions"], limits["position"] = {"one": named[0], "two": named[1]}, 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sweeps = {"restart": asked[0].sweep(site, by, values=own, **more)}
        no_hook = site == "attn_scores" and cfg.architecture == "TransformerLensNative"
        if not (no_hook or (site == "result" and own is not None)):
            sweeps["hooks"] = asked[1].sweep(site, by, values=own, **more)
    for route, found in sweeps.items():
        assert found.route == route
    tolerance = 1e-9 if model.W_E.dtype == torch.float64 else 3e-4
    for _ in range(CELLS):
        at = {name: dice.randrange(limits[name]) for name in by}
        places = None
        if "position" in at:
            places = named[at["position"]] if "positions" in more else torch.full((batch,), at["position"])
        layers = [at["layer"]] if "layer" in at else range(cfg.n_layers)
        cell = [at.get(name) for name in ("head", "source", "neuron")]
        expected = read(patched(model, base, mask, site, donor, layers, places, *cell))
        for route, found in sweeps.items():
            ours = found.values[tuple(at[name] for name in by)]
            yield f"seed {seed}: {site} {at} of {asked[0]}, {route}", ours, expected, tolerance
    plain = [read(forward(model, tokens, mask)) for tokens in (clean, corrupt)]
    yield f"seed {seed}: clean", sweeps["restart"].clean, plain[0], tolerance
    yield f"seed {seed}: corrupt", sweeps["restart"].corrupt, plain[1], tolerance


@pytest.mark.parametrize("first", range(0, DRAWS, 8))
def test_random_cells_of_random_questions_agree_with_plain_hooks(first):
    for seed in range(first, first + 8):
        for what, ours, expected, tolerance in draw(seed):
            assert ours.shape == expected.shape, what
            scale = 1 + float(expected.abs().max())
            assert float((ours - expected).abs().max()) <= tolerance * scale, what

"""An independent implementation of one intervention: TransformerLens's plain hooks, one forward, loops over prompts."""

from __future__ import annotations

from functools import partial

import torch

HOOKS = {
    "resid_pre": "hook_resid_pre",
    "resid_mid": "hook_resid_mid",
    "resid_post": "hook_resid_post",
    "attn_out": "hook_attn_out",
    "mlp_out": "hook_mlp_out",
    "post": "mlp.hook_post",
    "pattern": "attn.hook_pattern",
    "attn_scores": "attn.hook_attn_scores",
    **{site: f"attn.hook_{site}" for site in "zqkv"},
}


def forward(model, tokens, mask=None, hooks=()):
    """All logits."""
    more = {} if mask is None else {"attention_mask": mask.long()}
    with torch.no_grad(), model.hooks(fwd_hooks=list(hooks)):
        return model(tokens, **more)


def seen(model, tokens, mask=None):
    """Every activation that `HOOKS` names, by (site, layer)."""
    kept, hooks = {}, []
    for site, name in HOOKS.items():
        for layer in range(model.cfg.n_layers):
            full = f"blocks.{layer}.{name}"
            if full in model.hook_dict and not (model.cfg.attn_only and site in ("resid_mid", "mlp_out", "post")):
                hooks.append((full, lambda value, hook, key=(site, layer): kept.update({key: value.clone()})))
    forward(model, tokens, mask, hooks)
    return kept


def replaced(site, value, new, places, head, source, neuron):
    """`value` with one cell's part taken from `new`. places: a position per prompt, or None for all."""
    out = value.clone()
    for b in range(len(value)):
        p = slice(None) if places is None else int(places[b])
        h = slice(None) if head is None else head
        if site in ("pattern", "attn_scores"):
            s = slice(None) if source is None else source
            out[b, h, p, s] = new[b, h, p, s]
        elif site in ("z", "q", "k", "v", "result"):
            out[b, p, h] = new[b, p, h]
        else:
            n = slice(None) if neuron is None else neuron
            out[b, p, n] = new[b, p, n]
    return out


def patched(model, tokens, mask, site, donor, layers, places=None, head=None, source=None, neuron=None):
    """All logits of one forward with one cell patched. donor: what may be put in, by layer."""
    W_O = model.W_O.detach()
    before: dict = {}
    hooks = []
    for layer in layers:
        at = f"blocks.{layer}."

        def edit(value, hook, layer=layer):
            new = replaced(site, value, donor[layer], places, head, source, neuron)
            return value.copy_(new)  # hook_resid_mid is a branch: what it returns goes nowhere

        def keep_z(z, hook, layer=layer):
            before[layer] = z.clone()

        def edit_attn_out(value, hook, layer=layer):
            old = torch.einsum("bthe,hed->bthd", before[layer], W_O[layer])
            new = replaced("result", old, donor[layer], places, head, None, None)
            return value + (new - old).sum(2)

        def keep_scores(q_or_k, hook, layer, which):
            before[which, layer] = q_or_k.clone()

        def edit_pattern(pattern, hook, layer=layer):
            q, k = before["q", layer], before["k", layer]
            scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / model.cfg.d_head**0.5
            hidden = donor["hidden"]
            new = replaced(site, scores, donor[layer], places, head, source, neuron).masked_fill(hidden, -torch.inf)
            return new.softmax(-1)

        if site == "result":
            hooks += [(at + "attn.hook_z", keep_z), (at + "hook_attn_out", edit_attn_out)]
        elif site == "attn_scores":
            for which in "qk":
                hooks.append((at + f"attn.hook_{which}", partial(keep_scores, layer=layer, which=which)))
            hooks.append((at + "attn.hook_pattern", edit_pattern))
        else:
            hooks.append((at + HOOKS[site], edit))
    return forward(model, tokens, mask, hooks)

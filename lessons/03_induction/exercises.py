# %% [markdown]
# # Exercises: induction heads
#
# *Thirteen exercises on lesson 3, from the tokens that a head is tested with to three models that nobody has opened. About two and a half hours (an estimate: five to twenty minutes each).*
#
# Each exercise has a cell to fill in and a cell that marks it. A cell that you have not filled in is reported as *not attempted yet*, and nothing breaks, so you may do the exercises in any order. The cells between them use your functions where they pass, and the course's own where they do not yet. If you are stuck, ask: `grade("induction.icl_score", icl_score, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the smallest input on which it differs. Where an answer gets a score, *par* is what a careful answer reaches.
#
# The course's own versions live in `course_utils.induction`; they are there for reading afterwards. Patterns are (batch, head, query, key) throughout, BOS is token 0 and stands at position 0, and a repeated block stands at positions $1 \dots L$ and again at $L + 1 \dots 2L$.

# %% setup

# %%
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import induction as ind
from course_utils import plots, runtime, zoo
from course_utils.grading import grade

# %% [markdown]
# ## 1 · Random tokens, repeated
#
# *Why it matters*: in random text nothing predicts the next token. In random text that is repeated, only the repetition does. So whatever a model gets right here, it got from its context.
#
# *What to write*: BOS (token 0), then `length` random tokens, then the same tokens again: a tensor of shape (batch, 1 + 2 · length). Tokens are drawn uniformly from 1 to `d_vocab` − 1, each independently of all others.
#
# *How you know*: `repeated_tokens(100, 2, 3)` has two rows of seven, and each row has its own block.

# %%
def repeated_tokens(d_vocab: int, batch: int, length: int) -> Int[Tensor, "batch pos"]:
    """BOS, a block of random tokens, the same block again; a block of its own for each row."""
    ### BEGIN SOLUTION
    block = torch.randint(1, d_vocab, (batch, length))
    return torch.cat([torch.zeros(batch, 1, dtype=torch.long), block, block], dim=1)
    ### END SOLUTION

# %%
tokens_report = grade("induction.repeated_tokens", repeated_tokens)
tokens_report

# %% [markdown]
# ## 2 · The previous-token score
#
# *Why it matters*: an induction head is the second half of a pair. This finds the first half.
#
# *What to write*: for each head, the attention that a query gives to the position just before it, averaged over the batch and over all queries **that have a position before them**.
#
# *How you know*: it lies between 0 and 1, and a head that always looks one back has exactly 1.

# %%
def previous_token_score(
    pattern: Float[Tensor, "batch head query key"]
) -> Float[Tensor, "head"]:
    """Mean attention to the position before."""
    ### BEGIN SOLUTION
    return pattern.diagonal(-1, -2, -1).mean(dim=(0, -1))
    ### END SOLUTION

# %%
previous_report = grade("induction.previous_token_score", previous_token_score)
previous_report

# %% [markdown]
# ## 3 · The prefix-matching score
#
# *Why it matters*: an induction head attends to the token **after** the earlier occurrence of the current one, and that is often told wrong. Getting the offset right is understanding the head.
#
# *What to write*: `pattern` comes from a block of `length` tokens, repeated. For each head, the attention from the queries of the second copy to the token that came after the earlier occurrence of the query's token, averaged over batch and queries. All `length` queries of the second copy count.
#
# *How you know*: draw `A B C A B C` behind a BOS, number the positions, and follow one query back.

# %%
def prefix_matching_score(
    pattern: Float[Tensor, "batch head query key"], length: int
) -> Float[Tensor, "head"]:
    """Mean attention of the second copy to the token after the earlier occurrence."""
    ### BEGIN SOLUTION
    queries = torch.arange(length + 1, 2 * length + 1)
    keys = queries - (length - 1)
    return pattern[:, :, queries, keys].mean(dim=(0, -1))
    ### END SOLUTION

# %%
prefix_report = grade("induction.prefix_matching_score", prefix_matching_score)
prefix_report

# %% [markdown]
# ### Your measures, on a model that reads code
#
# `code-attn-2l` has two layers of four heads and was trained on Python. Here are your three functions at work on it. *What to look for*: one head in each layer stands out, and they are not the same kind.

# %%
draw = repeated_tokens if tokens_report.status == "passed" else ind.repeated_tokens
right = previous_report.status == "passed"
look_back = previous_token_score if right else ind.previous_token_score
right = prefix_report.status == "passed"
match = prefix_matching_score if right else ind.prefix_matching_score

model = zoo.load("code-attn-2l", "cpu").requires_grad_(False)
length = 40
tokens = draw(model.cfg.d_vocab, 16, length)  # (batch, pos)
logits, cache = model.run_with_cache(tokens)
previous = torch.stack([look_back(cache["pattern", layer]) for layer in range(2)])
prefix = torch.stack([match(cache["pattern", layer], length) for layer in range(2)])
fig, axes = plots.figure(1, 2, height=2.0)
for ax, name in zip(axes, ("previous token", "prefix matching"), strict=True):
    score = previous if name == "previous token" else prefix  # (layer, head)
    plots.heatmap(ax, score, signed=False, limit=1)
    ax.set(title=name, xlabel="head", ylabel="layer", xticks=range(4), yticks=range(2))
plots.show(fig, "Both scores of the eight heads: 0.2 looks one back, 1.1 matches prefixes.")
assert previous.argmax() == 2 and prefix.argmax() == 4 + 1

# %% [markdown]
# ## 4 · Does it copy?
#
# *Why it matters*: looking at the right token is half of an induction head. The other half is to say it.
#
# *What to write*: the OV circuit of one head, from token to logit, is $W_E W_V W_O W_U$, a (d_vocab, d_vocab) matrix. Its eigenvalues $\lambda$ are complex numbers; return $\sum \mathrm{Re}\,\lambda \,/\, \sum |\lambda|$. A head that raises the logit of what it attends to has positive ones ([Elhage et al. 2021](https://transformer-circuits.pub/2021/framework/index.html)).
#
# *How you know*: between −1 and 1; a head whose circuit is the identity has 1. For a vocabulary of thousands, find a smaller matrix with the same eigenvalues.

# %%
def copying_score(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> Float[Tensor, ""]:
    """Sum of the real parts of the OV circuit's eigenvalues, over the sum of their sizes."""
    ### BEGIN SOLUTION
    # AB and BA have the same eigenvalues but for zeros: this one is only (d_head, d_head)
    values = torch.linalg.eigvals(W_O @ (W_U @ W_E) @ W_V)
    return values.real.sum() / values.abs().sum()
    ### END SOLUTION

# %%
copying_report = grade("induction.copying_score", copying_score)
copying_report

# %% [markdown]
# The same score for every head of `code-attn-2l`. *What to look for*: is the head that copies most the one that matches prefixes?

# %%
copies = copying_score if copying_report.status == "passed" else ind.copying_score
for layer in range(2):
    for head in range(4):
        OV = model.W_V[layer, head], model.W_O[layer, head]
        score = copies(model.W_E, *OV, model.W_U)
        print(f"{layer}.{head}  copying {score:+.2f}  prefix {prefix[layer, head]:.2f}")

# %% [markdown]
# ## 5 · The in-context-learning score
#
# *Why it matters*: it is what [Olsson et al. (2022)](https://arxiv.org/abs/2209.11895) follow through training, and it says in one number whether a longer context helps.
#
# *What to write*: `loss[b, i]` is the loss of sequence `b` at index `i`, in nats. Return the mean loss at index `late` minus the mean loss at index `early`: one position each, averaged over the sequences.
#
# *How you know*: negative is better. A model that ignores its context has about 0.

# %%
def icl_score(loss: Float[Tensor, "batch pos"], early: int, late: int) -> Float[Tensor, ""]:
    """Mean loss at `late` minus mean loss at `early`, in nats."""
    ### BEGIN SOLUTION
    return loss[:, late].mean() - loss[:, early].mean()
    ### END SOLUTION

# %%
icl_report = grade("induction.icl_score", icl_score)
icl_report

# %% [markdown]
# Your score on repeated random tokens: early in the first copy, late in the second. *What to look for*: the control beside it, the same model on as many tokens that are **not** repeated.

# %%
gain = icl_score if icl_report.status == "passed" else ind.icl_score
apart = torch.cat([tokens[:, : length + 1], tokens.roll(1, 0)[:, length + 1 :]], 1)
early, late = length // 2, length + length // 2
with_repeat = gain(ind.token_losses(logits, tokens), early, late)
without = gain(ind.token_losses(model(apart), apart), early, late)
print(f"late minus early, in nats: repeated {with_repeat:+.2f}, not repeated {without:+.2f}")

# %% [markdown]
# ## 6 · Who reads whom
#
# *Why it matters*: the induction head's key must hear what the previous-token head wrote. Does that show in the weights, before any token is read?
#
# *What to write*: rows are what goes in, so the earlier head writes `x @ W_OV`. A later head reads by its query (`kind="q"`, through `W_QK`), its key (`"k"`, through `W_QK` from the other side) or its value (`"v"`, through `W_OV_later`): Q-, K- and V-composition. With $M$ for what reads, return $\|W_{OV} M\| / (\|W_{OV}\|\,\|M\|)$ in Frobenius norms. `W_QK` is $W_Q W_K^\top$: which side is the key's?
#
# *How you know*: between 0 and 1, and unchanged when either head's weights are doubled.

# %%
def composition_score(
    W_OV: Float[Tensor, "d_model d_model"],
    W_QK: Float[Tensor, "d_model d_model"],
    W_OV_later: Float[Tensor, "d_model d_model"],
    kind: str,
) -> Float[Tensor, ""]:
    """How strongly the later head reads, by its q, k or v, what the earlier one writes."""
    ### BEGIN SOLUTION
    M = {"q": W_QK, "k": W_QK.mT, "v": W_OV_later}[kind]
    return (W_OV @ M).norm() / (W_OV.norm() * M.norm())
    ### END SOLUTION

# %%
composition_report = grade("induction.composition_score", composition_score)
composition_report

# %% [markdown]
# Each head of the first layer, read by head 1.1 of `code-attn-2l`. *What to look for*: which of the twelve numbers stand out against $1/\sqrt{d_{model}}$, about what two heads score that have nothing to do with each other? Which head's message to 1.1's keys would you bet on? Write it down; exercise 9 intervenes.

# %%
reads = composition_score if composition_report.status == "passed" else ind.composition_score
W_OV, W_QK = model.W_V @ model.W_O, model.W_Q @ model.W_K.mT  # (layer, head, d_model, d_model)
by_key = []
for head in range(4):
    scores = {k: float(reads(W_OV[0, head], W_QK[1, 1], W_OV[1, 1], k)) for k in "qkv"}
    print(f"0.{head} → 1.1   " + "   ".join(f"{k} {v:.2f}" for k, v in scores.items()))
    by_key.append(scores["k"])
chance = model.cfg.d_model**-0.5
print(f"unrelated    {chance:.2f}")
assert by_key[3] > 1.4 * chance > 1.2 * by_key[2]

# %% [markdown]
# ## 7 · Write one by hand
#
# *Why it matters*: a hand-made replacement is the strongest test of understanding. If you can write the weights, nothing about the mechanism is hidden from you.
#
# *What is given*: a vocabulary of 24 tokens, 49 positions, two layers of one head each, no LayerNorm. The residual stream is cut into four subspaces: `T` holds the token (one-hot, written by $W_E$), `P` the position (one-hot, written by $W_{pos}$), `B` and `N` are empty, 24 dimensions each, for what your heads write. $W_U$ reads the logits from `N`. A head's own dimensions are 49, as many as its largest subspace needs.
#
# *What to write*: the blocks of $W_Q$, $W_K$, $W_V$ and $W_O$ of both heads, so that a block of distinct random tokens, repeated once, is completed without a mistake **at every length**. An entry such as `W_V[0, 0, T, :24]` is the block from the token's subspace into the first 24 of head 0.0's own dimensions. Scores are divided by $\sqrt{49} = 7$ before the softmax.
#
# *How you know*: `print(ind.judge(write_heads()))` says how accurate it is at several lengths, and if it is not 1 everywhere, which of the two heads does not do its part.

# %%
layout = ind.Subspaces({"next": 24, "before": 24, "position": 49, "token": 24})
T, P, B, N = (layout[name] for name in ("token", "position", "before", "next"))
W_E, W_pos = torch.zeros(24, layout.d_model), torch.zeros(49, layout.d_model)
W_U = torch.zeros(layout.d_model, 24)
W_E[:, T], W_pos[:, P], W_U[N] = torch.eye(24), torch.eye(49), torch.eye(24)
print({name: (layout[name].start, layout[name].stop) for name in layout.sizes})

# %%
def write_heads() -> ind.Weights:
    """Two layers of one head: what each looks at, and what it copies where."""
    W_Q, W_K, W_V = torch.zeros(3, 2, 1, layout.d_model, 49)  # (layer, head, d_model, d_head)
    W_O = torch.zeros(2, 1, 49, layout.d_model)
    ### BEGIN SOLUTION
    one, sharp = torch.eye(24), 20 * 7.0
    # 0.0: the query at position p meets the key at position p - 1, and notes its token in B
    W_Q[0, 0, P] = sharp * torch.diag(torch.ones(48), -1)
    W_K[0, 0, P] = torch.eye(49)
    W_V[0, 0, T, :24], W_O[0, 0, :24, B] = one, one
    # 1.0: the token here meets the note of the same token, and what stands there goes to N
    W_Q[1, 0, T, :24], W_K[1, 0, B, :24] = sharp * one, one
    W_V[1, 0, T, :24], W_O[1, 0, :24, N] = one, one
    ### END SOLUTION
    return ind.Weights(W_E, W_pos, W_Q, W_K, W_V, W_O, W_U)

# %%
built_report = grade("induction.hand_built", write_heads)
built_report

# %% [markdown]
# Where your two heads look, on one block of six. *What to look for*: the stripe just below the diagonal on the left. On the right nothing but BOS until the repeat begins, and then a stripe five back.

# %%
weights = write_heads() if built_report.status == "passed" else ind.hand_built(24, 49)
block = ind.repeated_tokens(24, 1, 6, distinct=True)
fig, axes = plots.figure(1, 2, height=3.0)
for layer, ax in enumerate(axes):
    seen = ind.run(weights, block).pattern[layer, 0, 0]  # (query, key)
    plots.heatmap(ax, seen, signed=False, limit=1)
    ax.set(title=f"head {layer}.0", xlabel="key (position)", ylabel="query (position)")
plots.show(fig, "Attention of the two hand-made heads on a block of six tokens, repeated.")

# %% [markdown]
# ## 8 · Take heads away
#
# *Why it matters*: a score says what a head looks like. Only an intervention says whether the model needs it.
#
# *What to write*: the logits of `model` on `tokens` when every head in `heads` is silenced, at all positions, in one run. With `ablation="zero"` its output `z` (at `blocks.{layer}.attn.hook_z`, shape (batch, pos, head, d_head)) becomes 0; with `"mean"` it becomes its mean over the batch, at each position its own, **as it is in the run without ablation**.
#
# *How you know*: with `heads=[]` nothing changes.

# %%
def ablate_heads(
    model, tokens: Int[Tensor, "batch pos"], heads: list[tuple[int, int]], ablation: str
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits without these heads, given as (layer, head)."""
    ### BEGIN SOLUTION
    _, clean = model.run_with_cache(tokens)

    def silence(z, hook, layer):
        z = z.clone()
        for head in (head for at, head in heads if at == layer):
            z[:, :, head] = clean["z", layer].mean(0)[:, head] if ablation == "mean" else 0
        return z

    layers = {layer for layer, _ in heads}
    hooks = [(f"blocks.{n}.attn.hook_z", partial(silence, layer=n)) for n in layers]
    return model.run_with_hooks(tokens, fwd_hooks=hooks)
    ### END SOLUTION

# %%
ablate_report = grade("induction.ablate_heads", ablate_heads)
ablate_report

# %% [markdown]
# Every head of `code-attn-2l` taken away, one at a time. *What to look for*: which two matter most for the repeat, and whether zero and mean agree on the others.

# %%
ablate = ablate_heads if ablate_report.status == "passed" else ind.ablate_heads
loss = ind.token_losses(logits, tokens)[:, length + 1 :].mean()
print(f"loss on the repeat, nothing taken away: {loss:.2f} nats")
for layer in range(2):
    for head in range(4):
        rise = []
        for ablation in ("zero", "mean"):
            without = ablate(model, tokens, [(layer, head)], ablation)
            rise.append(ind.token_losses(without, tokens)[:, length + 1 :].mean() - loss)
        print(f"without {layer}.{head}:  zero {rise[0]:+.2f}  mean {rise[1]:+.2f}")

# %% [markdown]
# ## 9 · One path
#
# *Why it matters*: the heads are both needed, but does the second hear the first, and by its key? That is a statement about one path, and one can change that path alone.
#
# *What to write*: run `model` on `clean`, but compute the **keys of the receiver** as if the sender had said what it says in `other`. The sender's message is what it writes, $z W_O$; exchange it in the residual stream that the receiver's layer reads (`blocks.{layer}.hook_resid_pre`), pass that through the layer's norm (`model.blocks[layer].ln1`), and make keys of it with `model.W_K` and `model.b_K`. Put them in at `blocks.{layer}.attn.hook_k`, (batch, pos, head, d_head), for the receiver only. The sender is always in the layer before the receiver's. Return the logits.
#
# *How you know*: with `other` the same as `clean`, nothing changes.

# %%
def path_patch_k(
    model,
    clean: Int[Tensor, "batch pos"],
    other: Int[Tensor, "batch pos"],
    sender: tuple[int, int],
    receiver: tuple[int, int],
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits on `clean` when the receiver's keys hear what the sender says in `other`."""
    ### BEGIN SOLUTION
    (early, speaker), (late, listener) = sender, receiver
    _, here = model.run_with_cache(clean)
    _, there = model.run_with_cache(other)
    change = (there["z", early] - here["z", early])[:, :, speaker] @ model.W_O[early, speaker]
    heard = model.blocks[late].ln1(here["resid_pre", late] + change)
    keys = heard @ model.W_K[late, listener] + model.b_K[late, listener]

    def hear(k, hook):
        k = k.clone()
        k[:, :, listener] = keys
        return k

    return model.run_with_hooks(clean, fwd_hooks=[(f"blocks.{late}.attn.hook_k", hear)])
    ### END SOLUTION

# %%
path_report = grade("induction.path_patch_k", path_patch_k)
path_report

# %% [markdown]
# Each head of the first layer speaks to the keys of 1.1 as in another sequence. *What to look for*: which paths carry the answer? Is it what the weights promised in exercise 6?

# %%
patch = path_patch_k if path_report.status == "passed" else ind.path_patch_k
other = draw(model.cfg.d_vocab, 16, length)
rise = []
for head in range(4):
    told = ind.token_losses(patch(model, tokens, other, (0, head), (1, 1)), tokens)
    rise.append(float(told[:, length + 1 :].mean() - loss))
    print(f"0.{head} → keys of 1.1: loss on the repeat {rise[-1]:+.2f} nats")
assert rise[2] == max(rise) and rise[2] > 2 > 1 > max(rise[:2])

# %% [markdown]
# Head 0.2, the previous-token head, carries most of it, 0.3 a good part, the other two next to nothing. The composition scores by key had 0.3 well above chance, and 0.2 not: the weights alone would have missed the path that matters most. A score from weights is a place to start, not evidence that a path is used, nor that it is not. What these numbers *might* seem to show is how the two share the work in ordinary code; these were random tokens.

# %% [markdown]
# ## 10 · When does the change come?
#
# *Why it matters*: the three curves below are often drawn as one event. Are they?
#
# `code-attn-2l` was saved at 21 steps of its training. The next cell measures, at each of them, the best head's previous-token score and prefix-matching score, and the share of repeated random tokens that the model predicts first.

# %%
steps = zoo.checkpoints("code-attn-2l")
curves = {"previous": [], "prefix": [], "accuracy": []}
probe = draw(model.cfg.d_vocab, 16, 50)
for step in steps:
    young = zoo.load("code-attn-2l", "cpu", checkpoint=step).requires_grad_(False)
    out, seen = young.run_with_cache(probe)
    patterns = [seen["pattern", layer] for layer in range(2)]
    curves["previous"].append(max(float(look_back(p).max()) for p in patterns))
    curves["prefix"].append(max(float(match(p, 50).max()) for p in patterns))
    curves["accuracy"].append(float(ind.repeat_accuracy(out, probe, 50)))
fig, ax = plots.figure(height=2.8)
for name, values in curves.items():
    ax.plot(steps, [v / values[-1] for v in values], marker="o", markersize=3, label=name)
ax.axhline(0.5, color=plots.GREY, linewidth=0.8)
ax.set(xlabel="training step", ylabel="share of its final value")
ax.legend()
plots.show(fig, "Both head scores and the accuracy along training, over their final values.")

# %% [markdown]
# *What to write*: for each curve the step at which it **first passes half of its final value**, on straight lines between the checkpoints. `curves` and `steps` are yours to compute with; the figure is too coarse to read it off. Where the curves rise the checkpoints are 50 steps apart. Right is within 35 steps for the two scores, and within 450 for the accuracy, which is much noisier. (Half of the *final* value: a longer training would move the mark. It is a convention, good for comparing curves of one training.)
#
# *How you know*: three different numbers. Which comes first?

# %%
def phase_change() -> dict[str, float]:
    """The step at which each curve is half-way: previous, prefix, accuracy."""
    ### BEGIN SOLUTION
    found = {}
    for name, values in curves.items():
        half = values[-1] / 2
        k = next(i for i, value in enumerate(values) if value >= half)
        share = (half - values[k - 1]) / (values[k] - values[k - 1])
        found[name] = steps[k - 1] + share * (steps[k] - steps[k - 1])
    return found
    ### END SOLUTION

# %%
grade("induction.phase_change", phase_change)

# %% [markdown]
# *To think about*: why does the previous-token score come before prefix matching, and the accuracy last?
#
# <details><summary>One answer</summary>
#
# An induction head's keys have nothing to match until an earlier head writes the token before, so prefix matching cannot pay earlier than that; a previous-token head pays by itself, since the token before helps to predict. And the accuracy is a matter of winning: the copied token must beat a thousand others, which takes a strong head, not only a rightly placed one. The order that you measured fits this account. One training does not prove it.
#
# </details>

# %% [markdown]
# ## 11 · Name the heads of a crowd
#
# *Why it matters*: from here on you work on models that you have not seen. This one has two layers of six heads and was made from your own seed; its heads were shuffled, its residual stream was turned at random, and noise was added to every weight.
#
# Below, each head's attention on one kind of input, blocks of eight tokens repeated, averaged over 32 of them. The picture is at **one** block length, and shows where heads look, not what they copy.

# %%
def portrait(model, length: int, alt: str) -> None:
    """Each head's mean attention, (query, key), on blocks of `length` tokens, repeated."""
    tokens = ind.repeated_tokens(model.cfg.d_vocab, 32, length, distinct=True)
    _, cache = model.run_with_cache(tokens)
    n_layers, n_heads = model.cfg.n_layers, model.cfg.n_heads
    fig, axes = plots.figure(n_layers, n_heads, height=1.4 * n_layers)
    for layer in range(n_layers):
        for head in range(n_heads):
            ax, seen = axes[layer, head], cache["pattern", layer][:, head].mean(0)
            plots.heatmap(ax, seen, signed=False, limit=1, bar=False)
            ax.set(title=f"{layer}.{head}", xticks=[], yticks=[])
    plots.show(fig, alt)

crowd = ind.crowd(runtime.seed_for("induction.name_heads"))
portrait(crowd.model, 8, "Mean attention of the twelve heads of the crowd, query by key.")

# %% [markdown]
# *What to write*: which heads are
#
# - `"previous"`: more than half of their attention is on the token before, whatever the block length;
# - `"induction"`: more than half of the second copy's attention is on the token after the earlier occurrence, whatever the block length, **and** their copying score is above 1/2;
# - `"same token"`: more than half of it is on the earlier occurrence of the current token, `length` back (a duplicate-token head).
#
# Heads as (layer, head), in sets. The rest is named nowhere. `crowd.model` is a TransformerLens bridge like any other: run it at any block length, cache it, hook it.
#
# *How you know*: par is every head in its place; each does what it does clearly.

# %%
def my_names() -> dict[str, set[tuple[int, int]]]:
    """The heads of each role."""
    ### BEGIN SOLUTION
    model, scores = crowd.model, {"previous": [], "induction": [], "same token": []}
    for n in (6, 20):
        tokens = ind.repeated_tokens(model.cfg.d_vocab, 16, n, distinct=True)
        _, cache = model.run_with_cache(tokens)
        pattern = torch.stack([cache["pattern", layer] for layer in range(2)])
        queries = torch.arange(n + 1, 2 * n + 1)
        scores["previous"].append(ind.previous_token_score(pattern))  # (layer, head)
        scores["induction"].append(ind.prefix_matching_score(pattern, n))
        scores["same token"].append(pattern[..., queries, queries - n].mean((1, -1)))
    copies = ind.copying_score(model.W_E, model.W_V, model.W_O, model.W_U)
    scores["induction"].append(copies)
    found = {name: torch.stack(each).amin(0) > 0.5 for name, each in scores.items()}
    places = {name: mask.nonzero().tolist() for name, mask in found.items()}
    return {name: {(layer, head) for layer, head in at} for name, at in places.items()}
    ### END SOLUTION

# %%
grade("induction.name_heads", my_names)

# %% [markdown]
# ## 12 · Predict before you cut
#
# *Why it matters*: an explanation that predicts nothing explains nothing. Here is another crowd, and a list of twelve ablations, each of one or two heads. The crowd has two previous-token heads and two induction heads; **who listens to whom** differs from crowd to crowd, and it decides what breaks. An induction head together with what it listens to is a **chain**. Two induction heads may listen to the same head or to different ones, by their keys or, as a few do, by their queries; and what they listen to need not be a previous-token head.
#
# *What to write*: for each ablation in `rival.ablations`, in their order, `True` if the model no longer completes half of a block (zero ablation, blocks of 16), `False` if it goes on. First work out the wiring: without which heads of the first layer does each induction head lose its place? Its own prefix-matching score tells, in a run in which they are silenced; `path_patch_k` tells only about keys, and `ind.path_patch_qkv` about all three inputs. Then predict all twelve. You can of course run them, and at the end you should; but a prediction counts for more when it is made before.
#
# *How you know*: it follows from the wiring. One whole chain is enough.

# %%
rival = ind.crowd(runtime.seed_for("induction.predict_ablation"))
portrait(rival.model, 8, "Mean attention of the twelve heads of the second crowd.")
for number, group in enumerate(rival.ablations):
    print(f"{number:2}  without " + " and ".join(f"{a}.{b}" for a, b in sorted(group)))

# %%
def my_predictions() -> list[bool]:
    """For each ablation whether it breaks the model, in the order of `rival.ablations`."""
    ### BEGIN SOLUTION
    # Who listens to whom: which induction heads still look right without some of the first layer.
    model, n = rival.model, 16
    tokens = ind.repeated_tokens(model.cfg.d_vocab, 16, n, distinct=True)
    copies = ind.copying_score(model.W_E, model.W_V, model.W_O, model.W_U)[1]

    def looking(without: set) -> set:
        hooks = ind.ablation_hooks(model, sorted(without), "zero")
        with model.hooks(fwd_hooks=hooks):
            _, cache = model.run_with_cache(tokens)
        score = torch.minimum(ind.prefix_matching_score(cache["pattern", 1], n), copies)
        return {(1, int(head)) for head in (score > 0.5).nonzero()}

    first = {frozenset(head for head in group if head[0] == 0) for group in rival.ablations}
    left = {heads: looking(heads) for heads in first}  # the induction heads that still work
    return [
        not left[frozenset(head for head in group if head[0] == 0)] - group
        for group in rival.ablations
    ]
    ### END SOLUTION

# %%
grade("induction.predict_ablation", my_predictions)

# %% [markdown]
# *To think about*: suppose an ablation of one head changes nothing. Does that show that the model does not use it?
#
# <details><summary>One answer</summary>
#
# No. In a crowd with two chains each head of a chain is used, and none of them is needed, since the other chain does the same work. Single ablations find what has no substitute. Take away the substitute first, or look at the path itself, before you call a head idle.
#
# </details>

# %% [markdown]
# ## 13 · Three sealed models
#
# *Why it matters*: here is what the lesson was for. Three models of two layers and five heads, made from your seed, named A, B and C in an order that nobody knows. All three have a previous-token head. **One has an induction head. One does not complete anything. One completes blocks of `sealed.length` tokens another way.** Which is which, and how do you know?

# %%
sealed = ind.sealed(runtime.seed_for("induction.sealed"))
print(f"said to complete blocks of {sealed.length}; another length: {sealed.other}")
for name, model in sealed.models.items():
    print(f"model {name}")
    portrait(model, sealed.length, f"Mean attention of the ten heads of model {name}.")

# %% [markdown]
# *What to write*: for each of the three,
#
# - `"induction"`: the set of its induction heads, as in exercise 11: at **every** block length, and copying;
# - `"needs"`: the set of heads each of which, zero-ablated **alone**, brings the accuracy at `sealed.length` below a half; a model that completes nothing needs nothing;
# - `"accuracy"`: the share of the repeat, from its second token on, that it predicts first in blocks of `sealed.other` distinct tokens. Predict it from the mechanism first. Right is within 0.1.
#
# `sealed.models["A"]` is a bridge; `ind.repeat_accuracy(logits, tokens, length)` gives the accuracy. For example `{"A": {"induction": {(1, 3)}, "needs": {(0, 2), (1, 3)}, "accuracy": 0.95}, "B": …}`.
#
# *How you know*: par is nine of nine.

# %%
def my_findings() -> dict[str, dict]:
    """What each of the sealed models has, needs and does."""
    ### BEGIN SOLUTION
    def accuracy(model, length, without=()):
        tokens = ind.repeated_tokens(model.cfg.d_vocab, 16, length, distinct=True)
        logits = ind.ablate_heads(model, tokens, list(without), "zero")
        return float(ind.repeat_accuracy(logits, tokens, length))

    found = {}
    for name, model in sealed.models.items():
        copies = ind.copying_score(model.W_E, model.W_V, model.W_O, model.W_U)  # (layer, head)
        looks = [ind.head_scores(model, n).prefix for n in (sealed.length, sealed.other)]
        both = torch.stack([*looks, copies]).amin(0) > 0.5
        heads = [(layer, head) for layer in range(2) for head in range(5)]
        works = accuracy(model, sealed.length) > 0.5
        needs = {h for h in heads if works and accuracy(model, sealed.length, [h]) < 0.5}
        induction = {tuple(at) for at in both.nonzero().tolist()}
        elsewhere = accuracy(model, sealed.other)
        found[name] = {"induction": induction, "needs": needs, "accuracy": elsewhere}
    return found
    ### END SOLUTION

# %%
grade("induction.sealed", my_findings)

# %% [markdown]
# ### Again, and again
#
# There are as many sealed models as there are whole numbers: `ind.sealed(1)`, `ind.sealed(2)`, … of which `.reveal()` says how they were built and what there is to find. (For your own three it is no answer.) Write your examination as a function of a model, and see on how many of twenty it agrees.
#
# Two things to try. Replace the zero ablation by the mean over the batch: for some models one head drops out of `needs`. Their prompts are all of one length, so what that head says (*where* the earlier occurrence was) is the same in all of them, and its mean says it too. And some of the models that have an induction head need no previous-token head: find out what their first layer does in its place, and which input of the induction head hears it.
#
# `course progress` shows what you have done, and how well you know what you know.

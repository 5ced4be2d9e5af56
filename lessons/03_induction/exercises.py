# %% [markdown]
# # Exercises: induction heads
#
# *Thirteen exercises on lesson 3, from the tokens that a head is tested with to three models that nobody has opened. About three hours and a half: an estimate from trials, 5 to 10 minutes each for 1 to 6, 15 to 25 for 7 to 11, half an hour each for 12 and 13. The one marked ◇ uses the lesson's second notebook.*
#
# Each exercise has a cell to fill in and a cell that marks it. A cell that you have not filled in is reported as *not attempted yet*, and nothing breaks, so you may do the exercises in any order. The cells between them use your functions where they pass, and the course's own where they are missing, wrong, or not yet readable as Python (run the cell with the answer again after you have mended it). If you are stuck, ask: `grade("induction.icl_score", icl_score, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the simplest input on which it differs. Where an answer gets a score, *par* is what a careful answer reaches.
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
from course_utils.grading import checked, grade
from course_utils.page import table

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
grade("induction.repeated_tokens", repeated_tokens)

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
grade("induction.previous_token_score", previous_token_score)

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
grade("induction.prefix_matching_score", prefix_matching_score)

# %% [markdown]
# ### Your measures, on a model that reads code
#
# `code-attn-2l` has two layers of four heads and was trained on Python. Here are your three functions at work on it. One head in each layer stands out, and they are not of the same kind.

# %%
draw, look_back, match = (
    checked(f"induction.{name}") for name in ("repeated_tokens", "previous_token_score", "prefix_matching_score")
)

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
plots.show(fig, "Both scores of the eight heads, as two small heat maps.", "Both scores of the eight heads.")

# %% [markdown]
# ## 4 · Does it copy?
#
# *Why it matters*: looking at the right token is half of an induction head. The other half is to raise its logit.
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
grade("induction.copying_score", copying_score)

# %% [markdown]
# The same score for every head of `code-attn-2l`. Is the head that copies most the one that matches prefixes?

# %%
copies = checked("induction.copying_score")
rows = {}
for layer, head in [(layer, head) for layer in range(2) for head in range(4)]:
    OV = model.W_V[layer, head], model.W_O[layer, head]
    scores = {"copying": float(copies(model.W_E, *OV, model.W_U)), "prefix matching": float(prefix[layer, head])}
    rows[f"{layer}.{head}"] = scores
table(rows, corner="head", signed=True, decimals=2)

# %% [markdown]
# ## 5 · The in-context-learning score, and how sure you are of it
#
# *Why it matters*: this score is what [Olsson et al. (2022)](https://arxiv.org/abs/2209.11895) follow through training. A number without its error is not a result, and the obvious way to compute the error is wrong here.
#
# *What to write*: `loss[b, i]` is the loss of sequence `b` at index `i`, in nats. Return two numbers in one tensor. The first is the mean loss at index `late` minus the mean loss at index `early`: one position each, averaged over the sequences. The second is the standard error of that number. The sequences are independent of one another; what happens at two positions of *one* sequence is not.
#
# *How you know*: negative scores are better, and a model that ignores its context has about 0. If all sequences gain exactly the same, the error is 0, however different the sequences are.

# %%
def icl_score(loss: Float[Tensor, "batch pos"], early: int, late: int) -> Float[Tensor, "2"]:
    """Mean loss at `late` minus mean loss at `early`, and the standard error of that, in nats."""
    ### BEGIN SOLUTION
    gain = loss[:, late] - loss[:, early]
    return torch.stack([gain.mean(), gain.std() / len(gain) ** 0.5])
    ### END SOLUTION

# %%
grade("induction.icl_score", icl_score)

# %% [markdown]
# Your score on repeated random tokens, early in the first copy and late in the second. The control beside it is the same model on as many tokens that are **not** repeated. Is the control's score zero within its error?

# %%
gain = checked("induction.icl_score")
apart = torch.cat([tokens[:, : length + 1], tokens.roll(1, 0)[:, length + 1 :]], 1)
early, late = length // 2, length + length // 2
rows = {}
for name, text in (("repeated", tokens), ("control: not repeated", apart)):
    score, error = gain(ind.token_losses(model(text), text), early, late).tolist()
    rows[name] = {"score (nats)": score, "standard error": error}
table(rows, signed=True, decimals=2)

# %% [markdown]
# ## 6 · Who reads whom, in the weights ◇
#
# *Why it matters*: the induction head's keys must read what the previous-token head wrote. Does that show in the weights, before any token is read?
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
grade("induction.composition_score", composition_score)

# %% [markdown]
# Each head of the first layer, read by head 1.1 of `code-attn-2l`. About $1/\sqrt{d_{model}}$ is what two heads score that have nothing to do with each other. The core has shown by an intervention which head's message to 1.1's keys carries most. Would the weights alone have told you?

# %%
reads = checked("induction.composition_score")
W_OV, W_QK = model.W_V @ model.W_O, model.W_Q @ model.W_K.mT  # (layer, head, d_model, d_model)
rows = {
    f"0.{head}": {
        way: float(reads(W_OV[0, head], W_QK[1, 1], W_OV[1, 1], kind))
        for kind, way in (("q", "queries"), ("k", "keys"), ("v", "values"))
    } | {"null: unrelated": model.cfg.d_model**-0.5}
    for head in range(4)
}
table(rows, corner="writer", decimals=3)

# %% [markdown]
# ## 7 · Write one by hand
#
# *Why it matters*: a hand-made replacement is the strongest test of understanding. If you can write the weights, nothing about the mechanism is hidden from you.
#
# *What is given*: a vocabulary of 24 tokens, 49 positions, two layers of one head each, no LayerNorm. The residual stream is cut into four subspaces: `T` holds the token (one-hot, written by $W_E$), `P` the position (one-hot, written by $W_{pos}$), `B` and `N` are empty, 24 dimensions each, for what your heads write. $W_U$ reads the logits from `N`. A head's own dimensions are 49, as many as its largest subspace needs.
#
# *What to write*: the blocks of $W_Q$, $W_K$, $W_V$ and $W_O$ of both heads, so that a block of distinct random tokens, repeated once, is completed without a mistake **at every length**. An entry such as `W_V[0, 0, T, :24]` is the block from the token's subspace into the first 24 of head 0.0's own dimensions. Scores are divided by $\sqrt{49} = 7$ before the softmax.
#
# Everything else is zero. An attention score decides only if it is large against the others. About 20 after the division by 7 makes it decide everywhere.
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
grade("induction.hand_built", write_heads)

# %% [markdown]
# Where your two heads look, on one block of six. On the left, a stripe just below the diagonal. On the right, until the repeat begins no note matches and the attention is spread evenly; then there is a stripe five back.

# %%
weights = checked("induction.hand_built", otherwise=ind.hand_built(24, 49))
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
# A reminder of lesson 0: `logits, cache = model.run_with_cache(tokens)` keeps all activations (`cache["z", 0]`), and `model.run_with_hooks(tokens, fwd_hooks=[(name, function), …])` lets `function(value, hook)` return what the model goes on with, for this run alone. (A hook that is added with `model.add_hook` stays on the model. Do not leave any behind: later cells use the same model.)
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
grade("induction.ablate_heads", ablate_heads)

# %% [markdown]
# Every head of `code-attn-2l` taken away, one at a time. The two that the core has ablated are among them. Does any other matter for the repeat, and do zero and mean agree on it?

# %%
ablate = checked("induction.ablate_heads")
model.reset_hooks()
loss = ind.token_losses(model(tokens), tokens)[:, length + 1 :].mean()
rows = {}
for layer, head in [(layer, head) for layer in range(2) for head in range(4)]:
    without = {kind: ablate(model, tokens, [(layer, head)], kind) for kind in ("zero", "mean")}
    losses = {kind: ind.token_losses(out, tokens)[:, length + 1 :].mean() for kind, out in without.items()}
    rows[f"{layer}.{head}"] = {f"{kind} ablation": float(losses[kind] - loss) for kind in losses}
table(rows, corner="without", unit="nats", signed=True, decimals=2)

# %% [markdown]
# ## 9 · One path
#
# *Why it matters*: two heads are both needed. Does the second read the first, and by which of its inputs? That is a statement about one path, and one can change that path alone.
#
# *What to write*: the logits of `model` on `clean` when **one input of the receiver, and nothing else in the model**, is what it would be if the sender had written what it writes in `other`. `reads` names the input: `"q"`, `"k"` or `"v"`. The sender is always in the layer before the receiver's, and the model has attention only. The names: `blocks.{layer}.hook_resid_pre` is what a layer reads, `model.blocks[layer].ln1` the norm before its heads, `blocks.{layer}.attn.hook_z`, `hook_q`, `hook_k`, `hook_v` are (batch, pos, head, d_head), and the matrices and biases are `model.W_Q[layer, head]`, `model.b_Q[layer, head]` and so on, `model.W_O[layer, head]`.
#
# *How you know*: with `other` the same as `clean`, nothing changes. Draw the path before you write: what does the sender change, through what does it pass, and where does it end?

# %%
def path_patch(
    model,
    clean: Int[Tensor, "batch pos"],
    other: Int[Tensor, "batch pos"],
    sender: tuple[int, int],
    receiver: tuple[int, int],
    reads: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits on `clean` when one input of the receiver reads what the sender writes in `other`."""
    ### BEGIN SOLUTION
    (early, writer), (late, reader) = sender, receiver
    _, here = model.run_with_cache(clean)
    _, there = model.run_with_cache(other)
    message = (there["z", early] - here["z", early])[:, :, writer] @ model.W_O[early, writer]
    stream = model.blocks[late].ln1(here["resid_pre", late] + message)
    W, b = {"q": (model.W_Q, model.b_Q), "k": (model.W_K, model.b_K), "v": (model.W_V, model.b_V)}[reads]
    made = stream @ W[late, reader] + b[late, reader]

    def put(value, hook):
        value = value.clone()
        value[:, :, reader] = made
        return value

    return model.run_with_hooks(clean, fwd_hooks=[(f"blocks.{late}.attn.hook_{reads}", put)])
    ### END SOLUTION

# %%
grade("induction.path_patch", path_patch)

# %% [markdown]
# The lesson's twelve messages, made with your function: each head of the first layer to each input of 1.1, as in another sequence.

# %%
patch = checked("induction.path_patch")
other = draw(model.cfg.d_vocab, 16, length)
rows = {}
for head in range(4):
    told = {way: patch(model, tokens, other, (0, head), (1, 1), way[0]) for way in ("queries", "keys", "values")}
    rise = {way: ind.token_losses(out, tokens)[:, length + 1 :].mean() - loss for way, out in told.items()}
    rows[f"0.{head}"] = {way: float(nats) for way, nats in rise.items()}
table(rows, corner="from", unit="nats", signed=True, decimals=2, mark=lambda nats: nats >= 1)

# %% [markdown]
# The composition scores by key had 0.3 well above chance, and 0.2 not: the weights alone would have missed the path that matters most.

# %% [markdown]
# ## 10 · Half-way
#
# *Why it matters*: three curves along a training are often drawn as one event, and their order is read as cause and effect. To put them in order one needs a rule, and the rule decides more than one would like.
#
# *What to write*: the step at which a curve **first reaches or passes the middle** between its value at checkpoint number `since` and its value at the last checkpoint, on straight lines between the checkpoints. What lies before `since` is not looked at. A curve may rise or fall, and go back and forth; it never ends at the value with which it began.
#
# *How you know*: for steps 0, 10, 20, 40 and values 2, 3, 5, 6 the middle is 4, and it is passed at step 15.

# %%
def half_way(
    steps: Float[Tensor, "checkpoint"], values: Float[Tensor, "checkpoint"], since: int
) -> Float[Tensor, ""]:
    """The step at which a curve has made half of its way from checkpoint `since` to the end."""
    ### BEGIN SOLUTION
    steps, values = steps[since:], values[since:]
    share = (values - values[0]) / (values[-1] - values[0])
    after = int((share >= 0.5).nonzero()[0])
    part = (0.5 - share[after - 1]) / (share[after] - share[after - 1])
    return steps[after - 1] + part * (steps[after] - steps[after - 1])
    ### END SOLUTION

# %%
grade("induction.half_way", half_way)

# %% [markdown]
# `code-attn-2l` was saved at 21 steps of its training. At each of them: the best head's previous-token score and prefix-matching score, and the share of repeated random tokens that the model ranks first.

# %%
steps = torch.tensor(zoo.checkpoints("code-attn-2l"), dtype=torch.float)
curves = {"previous token": [], "prefix matching": [], "accuracy": []}
probe = draw(model.cfg.d_vocab, 16, 50)
for step in steps.int().tolist():
    young = zoo.load("code-attn-2l", "cpu", checkpoint=step).requires_grad_(False)
    out, seen = young.run_with_cache(probe)
    patterns = [seen["pattern", layer] for layer in range(2)]
    curves["previous token"].append(max(float(look_back(p).max()) for p in patterns))
    curves["prefix matching"].append(max(float(match(p, 50).max()) for p in patterns))
    curves["accuracy"].append(float(ind.repeat_accuracy(out, probe, 50)))
half = checked("induction.half_way")
begin = steps.int().tolist().index(1000)
rows = {
    name: {f"since {start}": float(half(steps, torch.tensor(values), since)) for start, since in (("step 0", 0), ("step 1 000", begin))}
    for name, values in curves.items()
}  # fmt: skip
table(rows, corner="half-way by step", decimals=0)

# %% [markdown]
# Try what the deeper notebook does: end the way at step 2 000 instead (cut `steps` and `values` off), and put the loss on new names beside these curves (`ind.checkpoints().losses.estimate("new")`). Which orders survive, and which were made by the rule?

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
# - `"previous"`: more than half of their attention, from all positions, is on the token before, whatever the block length;
# - `"induction"`: more than half of their attention from the second copy is on the token after the earlier occurrence, whatever the block length, **and** their copying score is above 1/2;
# - `"same token"`: more than half of their attention from the second copy is on the earlier occurrence of the current token, `length` back (a duplicate-token head).
#
# Heads as (layer, head), in sets. The rest is named nowhere. `crowd.model` is a TransformerLens bridge like any other: run it at any block length up to 31, cache it, hook it.
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
# *Why it matters*: an explanation that predicts nothing explains nothing. Here are three more crowds, the *rivals*, each with a list of twelve ablations of one or two heads. Each rival has two previous-token heads and two induction heads. *Which reads which* differs from rival to rival, and it decides what breaks. An induction head together with what it reads is a *chain*. An induction head may read one head of the first layer or two, of which either is enough. Two induction heads may read the same head or different ones, by their keys or, as a few do, by their queries; and what they read need not be a previous-token head.
#
# *What to write*: for each rival, and for each ablation in `rival.ablations` in their order, `True` if the model no longer completes half of a block (zero ablation, blocks of 16), `False` if it goes on. So three lists of twelve. First work out the wiring: without which heads of the first layer, alone or in pairs, does each induction head lose its place? The induction head's own prefix-matching score tells, in a run in which those heads are silenced. To cache such a run, hand the hooks of `ind.ablation_hooks(model, heads, "zero")` to `with model.hooks(fwd_hooks=…):` and cache inside. Or exchange single messages with your `path_patch`.
#
# Then predict. Write it as a function of one rival, and use it three times. Measure in cells of your own, and let the graded function return what you found. You can of course run the ablations, and at the end you should; but a prediction counts for more when it is made before.
#
# *How you know*: it follows from the wiring. One whole chain is enough.

# %%
rivals = ind.rivals(runtime.seed_for("induction.predict_ablation"))
portrait(rivals[0].model, 8, "Mean attention of the twelve heads of the first rival.")
names = [[" and ".join(f"{a}.{b}" for a, b in sorted(group)) for group in rival.ablations] for rival in rivals]
table({f"ablation {k}": {f"rival {r}": names[r][k] for r in range(3)} for k in range(12)})

# %%
def my_predictions() -> list[list[bool]]:
    """For each rival, for each of its ablations, whether it breaks the model."""
    ### BEGIN SOLUTION
    def predict(rival) -> list[bool]:
        # Which reads which: the induction heads that still look right without some of the first layer.
        model, n = rival.model, 16
        tokens = ind.repeated_tokens(model.cfg.d_vocab, 16, n, distinct=True)
        copies = ind.copying_score(model.W_E, model.W_V, model.W_O, model.W_U)[1]

        def looking(without: set) -> set:
            hooks = ind.ablation_hooks(model, sorted(without), "zero")
            with model.hooks(fwd_hooks=hooks):
                _, cache = model.run_with_cache(tokens)
            score = torch.minimum(ind.prefix_matching_score(cache["pattern", 1], n), copies)
            return {(1, int(head)) for head in (score > 0.5).nonzero()}

        first = [frozenset(head for head in group if head[0] == 0) for group in rival.ablations]
        left = {heads: looking(heads) for heads in set(first)}  # the induction heads that still work
        return [not left[heads] - group for heads, group in zip(first, rival.ablations, strict=True)]

    return [predict(rival) for rival in rivals]
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
# *Why it matters*: here is what the lesson was for. Three models of two layers and five heads, made from your seed, named A, B and C in an order that nobody knows. All three have a previous-token head. **One has an induction head. One does not complete anything. One completes blocks of `sealed.length` tokens another way.** Which is which, how do they work, and how do you know?

# %%
sealed = ind.sealed(runtime.seed_for("induction.sealed"))
print(f"said to complete blocks of {sealed.length}; another length: {sealed.other}")
for name, sealed_model in sealed.models.items():
    print(f"model {name}")
    portrait(sealed_model, sealed.length, f"Mean attention of the ten heads of model {name}.")

# %% [markdown]
# *What to write*: for each of the three,
#
# - `"induction"`: the set of its induction heads, as in exercise 11: at **every** block length, and copying;
# - `"needs"`: the set of heads each of which, zero-ablated **alone**, brings the accuracy at `sealed.length` below a half; a model that completes nothing needs nothing;
# - `"reads"`: how it works inside. The messages, from a head of the first layer to the `"queries"`, `"keys"` or `"values"` of a needed head of the second, without which the accuracy at `sealed.length` falls below a half. One message at a time is exchanged for what the sender writes in a text of as many random tokens in which nothing repeats (your `path_patch`). A model may need no message at all;
# - `"accuracy"`: the share of the repeat, from its second token on, that it ranks first in blocks of `sealed.other` distinct tokens. Predict it from the mechanism, then measure it; right is within 0.1.
#
# `sealed.models["A"]` is a bridge; `ind.repeat_accuracy(logits, tokens, length)` gives the accuracy. The form, with heads that do not exist: `{"A": {"induction": {(1, 7)}, "needs": {(0, 8), (1, 7)}, "reads": {((0, 8), "keys")}, "accuracy": 0.95}, "B": …}`.
#
# *How you know*: par is twelve of twelve. The four answers about one model must fit together.

# %%
def my_findings() -> dict[str, dict]:
    """What each of the sealed models has, needs, reads and does."""
    ### BEGIN SOLUTION
    def blocks(length):
        return ind.repeated_tokens(64, 16, length, distinct=True)

    def accuracy(model, length, without=()):
        tokens = blocks(length)
        return float(ind.repeat_accuracy(ind.ablate_heads(model, tokens, list(without)), tokens, length))

    def fails_without(model, length, sender, reader, way):
        tokens, other = blocks(length), blocks(2 * length)[:, : 2 * length + 1]  # in which nothing repeats
        return ind.repeat_accuracy(patch(model, tokens, other, sender, reader, way[0]), tokens, length) < 0.5

    found, n = {}, sealed.length
    heads = [(layer, head) for layer in range(2) for head in range(5)]
    for name, one in sealed.models.items():
        copies = ind.copying_score(one.W_E, one.W_V, one.W_O, one.W_U)  # (layer, head)
        looks = [ind.head_scores(one, length).prefix for length in (n, sealed.other)]
        both = torch.stack([*looks, copies]).amin(0) > 0.5
        works = accuracy(one, n) > 0.5
        needs = {head for head in heads if works and accuracy(one, n, [head]) < 0.5}
        ways = [(s, r, way) for s in heads[:5] for r in needs if r[0] for way in ("queries", "keys", "values")]
        reads = {(s, way) for s, r, way in ways if fails_without(one, n, s, r, way)}
        induction = {tuple(at) for at in both.nonzero().tolist()}
        found[name] = {"induction": induction, "needs": needs, "reads": reads, "accuracy": accuracy(one, sealed.other)}
    return found
    ### END SOLUTION

# %%
grade("induction.sealed", my_findings)

# %% [markdown]
# ### Again, and again
#
# There are as many sealed models as there are whole numbers: `ind.sealed(1)`, `ind.sealed(2)`, … of which `.reveal()` says how they were built and what there is to find. (For your own three it is no answer.) Write your examination as a function of a model, and see on how many of twenty it agrees.
#
# Two things to try. Replace the zero ablation by the mean over the batch: for some models one head drops out of `needs`. Their prompts are all of one length, so what that head writes (*where* the earlier occurrence was) is the same in all of them, and its mean holds it too. And some of the models that have an induction head need no previous-token head: find out what their first layer does in its place.
#
# `course progress` shows what you have done, and how well you know what you know.

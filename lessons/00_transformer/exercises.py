# %% [markdown]
# # Exercises: inside a transformer
#
# *Ten exercises on lesson 0, from ten quick questions to an operation on a running model. About an hour and a half (an estimate: five to fifteen minutes each).*
#
# Each exercise has a cell to fill in and a cell that marks it. A cell that you have not filled in is reported as *not attempted yet*, and nothing breaks, so you may do the exercises in any order. The cells between them try your functions out on `code-4l`: yours where they pass, the course's where they do not yet. They are not exercises; they need the cells above them to have been run, filled in or not. If you are stuck, ask: `grade("transformer.logit_lens", logit_lens, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the smallest input on which it differs.
#
# `torch` is all you need, and `einops.einsum` if you like it. The course's own versions live in `course_utils.transformer`; they are there for reading afterwards.

# %% setup

# %%
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import patching, plots, runtime, zoo  # noqa: F401 (patching is for exercise 9)
from course_utils import transformer as tf
from course_utils.grading import grade

model = zoo.load("code-4l", device="cpu")  # small enough for any processor

# %% [markdown]
# ## 1 · Ten quick questions
#
# *Why it matters*: nothing here is about interpretability, and everything in this course leans on it. Two minutes now save an hour later.
#
# *What to write*: a dict from the number of the question to the answer, a number (to two digits after the point) or a shape. Answer from the head first. Leave out what you do not know.
#
# 1. `a` has shape (2, 5, 8), `b` has shape (4, 8, 3). Which shape has `torch.einsum("bpd,hde->bphe", a, b)`?
# 2. `x = [[1, 2], [3, 4]]`, `y = [[1, 0], [1, 1]]`. What is `torch.einsum("ij,ij->i", x, y)`? (Two numbers.)
# 3. Which shape has `torch.ones(3, 1, 4) + torch.ones(5, 1)`?
# 4. Two logits, 100 and 100 + ln 3. Which probability does the softmax give the second?
# 5. A model knows nothing and gives each of 2048 tokens the same probability. What is its cross-entropy loss, in nats?
# 6. Two random matrices, of shapes (192, 48) and (48, 192). Which rank has their product?
# 7. What is the largest singular value of `[[3, 0], [0, -5]]`?
# 8. A batch of 2 prompts of 10 tokens goes through an attention layer with 4 heads of 48 dimensions. Which shape have the attention patterns?
# 9. All scores of a head are zero, and the mask is causal. How much attention does the token at position 2 (counting from 0) give to position 0?
# 10. What is the derivative of $\mathrm{ReLU}(3x - 1)^2$ at $x = 1$?
#
# *How you know*: each wrong answer is told what to read.

# %%
def self_check() -> dict[int, float | tuple]:
    """The number of each question, and your answer: a number, or a shape such as (2, 3)."""
    ### BEGIN SOLUTION
    return {
        1: (2, 5, 4, 3), 2: (1, 7), 3: (3, 5, 4), 4: 0.75, 5: 7.62,
        6: 48, 7: 5, 8: (2, 4, 10, 10), 9: 1 / 3, 10: 12,
    }
    ### END SOLUTION

# %%
grade("transformer.self_check", self_check)

# %% [markdown]
# ## 2 · The stream is a sum
#
# *Why it matters*: everything else in the lesson rests on this one line of arithmetic. If the parts add up to the whole, one may ask what each part does.
#
# *What to write*: the residual stream after the last layer, from all that was written into it: the token embedding, the positional embedding, every head of every layer (its `z` through its own `W_O`), every attention layer's bias `b_O`, and every MLP's output, in which its bias is already contained.
#
# *How you know*: with one layer, one head, `embed = [1, 1]`, `pos_embed = [2, 2]`, `z = 3`, `W_O = [1, 1]`, `b_O = [10, 20]` and `mlp_out = [100, 100]` it is `[116, 126]`.

# %%
def residual_stream(
    embed: Float[Tensor, "batch pos d_model"],
    pos_embed: Float[Tensor, "batch pos d_model"],
    z: Float[Tensor, "layer batch pos head d_head"],
    W_O: Float[Tensor, "layer head d_head d_model"],
    b_O: Float[Tensor, "layer d_model"],
    mlp_out: Float[Tensor, "layer batch pos d_model"],
) -> Float[Tensor, "batch pos d_model"]:
    """The residual stream after the last layer: the sum of all that was written into it."""
    ### BEGIN SOLUTION
    stream = embed + pos_embed
    for layer in range(len(z)):
        for head in range(z.shape[3]):
            stream = stream + z[layer, :, :, head] @ W_O[layer, head]
        stream = stream + b_O[layer] + mlp_out[layer]
    return stream
    ### END SOLUTION

# %%
stream_report = grade("transformer.residual_stream", residual_stream)
stream_report

# %% [markdown]
# On `code-4l`, whose cache holds both the parts and the whole. *What to look for*: a difference that is nothing but rounding; and, as a control, what is missing when a single head is left out.

# %%
add_up = residual_stream if stream_report.status == "passed" else tf.residual_stream
pairs = tf.bracket_pairs(model.tokenizer, 64, seed=0)
with torch.no_grad():
    logits, cache = model.run_with_cache(pairs.clean)
    layers = range(model.cfg.n_layers)
    z = torch.stack([cache[f"blocks.{i}.attn.hook_z"] for i in layers])
    mlps = torch.stack([cache[f"blocks.{i}.hook_mlp_out"] for i in layers])
    rest = model.W_O, model.b_O, mlps
    parts = cache["hook_embed"], cache["hook_pos_embed"].expand_as(cache["hook_embed"])
    without_one = z.clone()
    without_one[0, :, :, 0] = 0  # head 0.0 says nothing
    whole = cache[f"blocks.{layers[-1]}.hook_resid_post"]
    error = (add_up(*parts, z, *rest) - whole).abs().max()
    gap = (add_up(*parts, without_one, *rest) - whole).abs().max()
print(pairs)
print(f"largest difference {error:.1e}; without head 0.0 {gap:.2f}")
assert error < 1e-3 < 0.01 < gap

# %% [markdown]
# ## 3 · The logit lens, by hand
#
# *Why it matters*: the lens asks what the model would say if it stopped here. The one thing to get right is the final norm, which the model never leaves out.
#
# *What to write*: the final LayerNorm and the unembedding, on a residual stream with any axes before the last. The norm takes the mean over the last axis off, divides by $\sqrt{\text{mean square} + \varepsilon}$ of what is left, multiplies by `w` and adds `b`. Then `W_U` and `b_U`.
#
# *How you know*: `[3, 1, -1]` is `[2, 0, -2]` without its mean, whose mean square is 8/3.

# %%
def logit_lens(
    resid: Float[Tensor, "*place d_model"],
    w: Float[Tensor, "d_model"],
    b: Float[Tensor, "d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    b_U: Float[Tensor, "d_vocab"],
    eps: float,
) -> Float[Tensor, "*place d_vocab"]:
    """Logits as if the model stopped here: final LayerNorm, then unembedding."""
    ### BEGIN SOLUTION
    centred = resid - resid.mean(-1, keepdim=True)
    scale = torch.sqrt((centred**2).mean(-1, keepdim=True) + eps)
    return (centred / scale * w + b) @ W_U + b_U
    ### END SOLUTION

# %%
lens_report = grade("transformer.logit_lens", logit_lens)
lens_report

# %% [markdown]
# Your lens at every depth, on 128 prompts that end inside an open bracket: the clean and the corrupt ones. *What to look for*: at which depth the right closing token (blue) leaves the wrong one (orange) behind. Each is right as often as it is wrong, and so at depth 0, where the last token has heard nothing of the bracket, both are at the same height.

# %%
look = logit_lens if lens_report.status == "passed" else tf.logit_lens
closes = torch.cat([pairs.correct, pairs.wrong])  # for clean, then for corrupt prompts
other = torch.cat([pairs.wrong, pairs.correct])
with torch.no_grad():
    all_logits, usual = model.run_with_cache(pairs.everyone)
    depths = [usual["blocks.0.hook_resid_pre"]]
    depths += [usual[f"blocks.{i}.hook_resid_post"] for i in layers]
    last = torch.stack(depths)[:, :, -1]  # (depth, batch, d_model)
    seen = look(last, *tf.final_norm(model), model.W_U, model.b_U, model.cfg.eps)
rows = torch.arange(len(closes))
lines = [seen[:, rows, ids].mean(1) for ids in (closes, other)]  # (depth) each
fig, ax = plots.figure(height=2.8)
for line, name, colour in zip(lines, ("closes it", "closes another"), (0, 1), strict=True):
    ax.plot(range(len(line)), line, marker="o", color=plots.COLOURS[colour], label=name)
ax.set(xlabel="layers read so far", ylabel="logit seen by the lens", xticks=range(len(depths)))
ax.legend()
plots.show(fig, "Two lines over depth that start together; the right closing token ends higher.")
gap = lines[0] - lines[1]
assert gap[0].abs() < 1e-3 and gap[-1] > 1
assert torch.allclose(seen[-1], all_logits[:, -1], atol=1e-3)  # at the end: the model itself

# %% [markdown]
# ## 4 · Who votes for the bracket
#
# *Why it matters*: direct logit attribution is the first question one asks of a model, because it costs one run and no gradient. You will know exactly what it adds up, and so what it leaves out.
#
# *What to write*: what each head adds directly to logit(correct) − logit(wrong) at one position. `z` is from that position: (layer, batch, head, d_head). Push it through `W_O`; do to it what the final norm does, with its `scale` **held** at the value that the whole stream had (one number for each prompt); take the dot product with the difference of two columns of `W_U`. The weights here are as the model was trained: nothing is folded into them, so the norm's centring and its `w` are yours to do.
#
# *How you know*: with one head, `z = 1`, `W_O = [2, 0, 0]`, `scale = 2`, `w = [3, 1, 1]`, and the correct and the wrong token read the first and the second coordinate, it is 7/3.

# %%
def head_attribution(
    z: Float[Tensor, "layer batch head d_head"],
    W_O: Float[Tensor, "layer head d_head d_model"],
    scale: Float[Tensor, "batch"],
    w: Float[Tensor, "d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    correct: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"],
) -> Float[Tensor, "layer head batch"]:
    """What each head adds directly to logit(correct) - logit(wrong)."""
    ### BEGIN SOLUTION
    written = torch.einsum("lbhe,lhed->lhbd", z, W_O)
    normed = (written - written.mean(-1, keepdim=True)) / scale[:, None] * w
    direction = W_U[:, correct] - W_U[:, wrong]  # (d_model, batch)
    return torch.einsum("lhbd,db->lhb", normed, direction)
    ### END SOLUTION

# %%
attribution_report = grade("transformer.head_attribution", head_attribution)
attribution_report

# %% [markdown]
# This number is a head's **direct attribution**; below we say *vote* for short. On `code-4l`, averaged over prompts, beside a control in which every prompt is asked about the two closing tokens of another prompt. *What to look for*: few heads vote at all. For another prompt's brackets little is left; that it is not zero is chance, since 64 prompts are not many.

# %%
share = head_attribution if attribution_report.status == "passed" else tf.head_attribution
scale = cache["ln_final.hook_scale"][:, -1, 0]
known = z[:, :, -1], model.W_O, scale, tf.final_norm(model)[0], model.W_U
with torch.no_grad():
    votes = share(*known, pairs.correct, pairs.wrong).mean(-1)  # (layer, head)
    mixed = torch.arange(len(pairs)).roll(1)
    control = share(*known, pairs.correct[mixed], pairs.wrong[mixed]).mean(-1)
fig, axes = plots.figure(1, 2, height=2.6)
for ax, grid, name in zip(axes, (votes, control), ("its own brackets", "another prompt's"), strict=True):
    plots.heatmap(ax, grid, limit=float(votes.abs().max()), label="logits", bar=ax is axes[1])
    ax.set(title=name, xlabel="head", ylabel="layer", xticks=range(4), yticks=range(4))
plots.show(fig, "Votes of each head: a few dark cells on the left, only pale ones on the right.")
assert votes.max() > 2 * control.abs().max()

# %% [markdown]
# ## 5 · Where a head looks: the QK circuit
#
# *Why it matters*: queries and keys mean nothing by themselves; any rotation of both leaves the head as it was. Their product is what the head does.
#
# *What to write*: $W_Q W_K^\top$ for every head, with the query's side first. There may be any axes (layers, heads) before the last two, or none.
#
# *How you know*: for `W_Q = [[1], [2]]` and `W_K = [[3], [5]]` it is `[[3, 5], [6, 10]]`.

# %%
def qk_circuit(
    W_Q: Float[Tensor, "*head d_model d_head"], W_K: Float[Tensor, "*head d_model d_head"]
) -> Float[Tensor, "*head d_model d_model"]:
    """W_Q W_K^T for every head."""
    ### BEGIN SOLUTION
    return W_Q @ W_K.mT
    ### END SOLUTION

# %%
qk_report = grade("transformer.qk_circuit", qk_circuit)
qk_report

# %% [markdown]
# ## 6 · What a head moves: the OV circuit
#
# *Why it matters*: where a head looks and what it carries away from there are decided by different weights, and may be studied apart.
#
# *What to write*: the matrix that takes a residual stream at the key, as a **row** on its left, to what the head writes at the query.
#
# *How you know*: for `W_V = [[1], [2]]` and `W_O = [[3, 5]]` it is `[[3, 5], [6, 10]]`.

# %%
def ov_circuit(
    W_V: Float[Tensor, "*head d_model d_head"], W_O: Float[Tensor, "*head d_head d_model"]
) -> Float[Tensor, "*head d_model d_model"]:
    """What each head writes for what it reads, as a matrix."""
    ### BEGIN SOLUTION
    return W_V @ W_O
    ### END SOLUTION

# %%
ov_report = grade("transformer.ov_circuit", ov_circuit)
ov_report

# %% [markdown]
# Singular values of both circuits, for every head, beside a random matrix of the same size. *What to look for*: all of them break off at `d_head`. A head reads and writes a small part of the stream, and there is room for others beside it.

# %%
qk = qk_circuit if qk_report.status == "passed" else tf.qk_circuit
ov = ov_circuit if ov_report.status == "passed" else tf.ov_circuit
with torch.no_grad():
    circuits = {"QK": qk(model.W_Q, model.W_K), "OV": ov(model.W_V, model.W_O)}
fig, axes = plots.figure(1, 2, height=2.6, sharey=True)
noise = torch.linalg.svdvals(torch.randn(model.cfg.d_model, model.cfg.d_model))
for ax, (name, circuit) in zip(axes, circuits.items(), strict=True):
    values = torch.linalg.svdvals(circuit).flatten(0, 1)  # (layer and head, d_model)
    values = values / values[:, :1]  # in units of the largest
    ax.semilogy(values.T.clamp(min=1e-9), color=plots.COLOURS[0], linewidth=0.8)
    ax.semilogy(noise / noise[0], color=plots.GREY, linestyle="--")
    ax.axvline(model.cfg.d_head, color="black", linewidth=0.8)
    ax.set(title=name, xlabel="number of the singular value")
    assert values[:, model.cfg.d_head :].max() < 1e-4
axes[0].set_ylabel("relative to the largest")
plots.show(fig, "Singular values of 16 heads fall to nothing at d_head; a random matrix's do not.")

# %% [markdown]
# ## 7 · Mean ablation
#
# *Why it matters*: a vote says what a component writes. Only taking it away says what is lost. With zeros one also takes away what it always says, whatever the prompt; with its mean one takes away only what is particular to this prompt.
#
# *What to write*: `z` with the given heads replaced by their mean over the **reference prompts**, position by position. The other heads stay as they are, `z` itself too (hooks may edit in place, but a function that others call had better not).
#
# *How you know*: ablating with a reference of one prompt puts that prompt in; ablating no head changes nothing.

# %%
def mean_ablate(
    z: Float[Tensor, "batch pos head d_head"],
    reference: Float[Tensor, "prompt pos head d_head"],
    heads: list[int],
) -> Float[Tensor, "batch pos head d_head"]:
    """`z` with these heads replaced by their mean over the reference prompts."""
    ### BEGIN SOLUTION
    ablated = z.clone()
    ablated[:, :, heads] = reference.mean(0)[:, heads]
    return ablated
    ### END SOLUTION

# %%
ablate_report = grade("transformer.mean_ablate", mean_ablate)
ablate_report

# %% [markdown]
# Your function as a hook, on each head in turn. The reference holds every prompt with both brackets, so that its mean does not say which is open. *What to look for*: the head that stands out in both directions; and heads off the dotted line, whose vote is not what is lost without them.

# %%
ablate = mean_ablate if ablate_report.status == "passed" else tf.mean_ablate
with torch.no_grad():
    base = pairs.difference(logits).mean()
    cost = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in layers:
        name = f"blocks.{layer}.attn.hook_z"
        for head in range(model.cfg.n_heads):

            def hook(z, hook, name=name, head=head):
                return ablate(z, usual[name], [head])

            run = model.run_with_hooks(pairs.clean, fwd_hooks=[(name, hook)])
            cost[layer, head] = base - pairs.difference(run).mean()
fig, ax = plots.figure(width=5.2, height=3.2)
ax.axline((0, 0), slope=1, color=plots.GREY, linewidth=0.8, linestyle=":")
ax.plot(votes.flatten(), cost.flatten(), "o")
for layer, head in ((cost > 0.5) | (cost - votes > 0.3)).nonzero().tolist():
    ax.annotate(f"{layer}.{head}", (votes[layer, head] + 0.03, cost[layer, head] + 0.05))
ax.set(xlabel="direct vote (logits)", ylabel="lost without it (logits)")
plots.show(fig, "Each head's vote against what its removal costs: most at zero, one far out.")
order = [grid.flatten().argsort(descending=True) for grid in (cost, votes)]
assert order[0][0] == order[1][0] and not order[0].equal(order[1])
assert cost.max() > 1.5 * cost.flatten()[order[0][1]]

# %% [markdown]
# ## 8 · Reading an attention pattern
#
# *Why it matters*: one looks at a pattern and sees what one expects. A number over all prompts, beside what an indifferent head would show, does not.
#
# *What to write*: for each head, how much attention it gives to tokens of a kind: **summed** over the keys of that kind, **averaged** over all queries, of all prompts together, that can see at least one such key (a query sees itself and what is before it). `kind` marks the tokens: (batch, key).
#
# *How you know*: with three tokens, of which only the middle one is of the kind, and rows `[1, 0, 0]`, `[0.25, 0.75, 0]`, `[0.5, 0.2, 0.3]`, it is (0.75 + 0.2)/2.

# %%
def attention_to(
    pattern: Float[Tensor, "batch head query key"], kind: Bool[Tensor, "batch key"]
) -> Float[Tensor, "head"]:
    """Attention of each head to keys of a kind, over the queries that can see one."""
    ### BEGIN SOLUTION
    to_kind = (pattern * kind[:, None, None]).sum(-1)  # (batch, head, query)
    can_see = kind.cumsum(-1) > 0  # (batch, query)
    total = (to_kind * can_see[:, None]).sum((0, 2))
    return total / can_see.sum().clamp(min=1)
    ### END SOLUTION

# %%
reader_report = grade("transformer.attention_to", attention_to)
reader_report

# %% [markdown]
# How much every head looks at the open bracket, beside a head that looks at everything alike. *What to look for*: whether the head that exercise 7 found is among those that look there; and another that looks there as much, and whose removal costs far less. Attention says where a head reads, not what it carries, and not who listens.

# %%
read = attention_to if reader_report.status == "passed" else tf.attention_to
opened = torch.zeros_like(pairs.clean, dtype=torch.bool)
opened[:, pairs.opener] = True
patterns = [cache[f"blocks.{i}.attn.hook_pattern"] for i in layers]
at_bracket = torch.stack([read(pattern, opened) for pattern in patterns])  # (layer, head)
evenly = read(tf.evenly(patterns[0]), opened)[0]
fig, ax = plots.figure(height=2.6)
names = [f"{i}.{j}" for i in layers for j in range(model.cfg.n_heads)]
colours = [plots.COLOURS[i == int(cost.argmax())] for i in range(len(names))]
ax.bar(names, at_bracket.flatten(), color=colours)
ax.axhline(evenly, color="black", linewidth=0.8, linestyle="--")
ax.set(xlabel="head (orange: the one that exercise 7 found)", ylabel="attention to the bracket")
plots.show(fig, "Attention of 16 heads to the open bracket; a dashed line marks an even spread.")
assert at_bracket.flatten()[cost.argmax()] > 2 * evenly
as_much = at_bracket > 0.9 * at_bracket.flatten()[cost.argmax()]
assert (cost[as_much] < 0.6 * cost.max()).any()

# %% [markdown]
# ## 9 · Three nodes
#
# *Why it matters*: knowing which heads matter one by one is not knowing a set that does the work. Here is the test: an operation on a running model, with a budget.
#
# These pairs are yours, made from your seed. The corrupt prompt opens the other bracket, and so the model closes the other one. You may take **three** head outputs, each at one position, from the clean run and put them into the corrupt one, all at once. You are scored by how much of the way from corrupt (0) to clean (1) the logit difference comes. Par is what a greedy search reaches; 95 % of it will do.

# %%
mine = tf.bracket_pairs(model.tokenizer, 16, runtime.seed_for("transformer.transplant"), "call")
runs = tf.Transplant.of(model, mine)
print(mine)
print("positions:", dict(enumerate(mine.words)))
anywhere = {(0, 0, 2), (1, 2, 5), (3, 0, 6)}  # layer, head, position
print(f"three nodes at random recover {runs.recovery(anywhere):.2f}")
loud = [divmod(i, model.cfg.n_heads) for i in votes.flatten().argsort(descending=True)[:3].tolist()]
everywhere = {(*head, p) for head in loud for p in range(len(mine.words))}
print(f"{loud}, the largest votes of exercise 4, at all positions: {runs.recovery(everywhere):.2f}")
assert runs.recovery(everywhere) < 0.8

# %% [markdown]
# *What to write*: the three nodes, each `(layer, head, position)`. Which heads, and at which position do they act? `patching.Question(…).sweep` with `by=("layer", "head", "position")` tries every node alone (`hint=1` writes the call out). What a set does you learn only from trying the set: `runs.recovery({...})`, in cells of your own.
#
# *How you know*: three good nodes do clearly better than the three loudest heads at all their positions.

# %%
def my_nodes() -> set[tuple[int, int, int]]:
    """Up to three nodes, each (layer, head, position)."""
    ### BEGIN SOLUTION
    # The three that do most alone, from a sweep by layer, head and position; tried as a set.
    return {(2, 2, -1), (1, 0, -1), (0, 3, -1)}
    ### END SOLUTION

# %%
grade("transformer.transplant", my_nodes)

# %% [markdown]
# ## 10 · A vote is not a need
#
# *Why it matters*: this is the most common wrong step in the subject: a component has a large direct attribution, so it must be important; or it has none, so it may be left out of the picture.
#
# Again the pairs are yours, this time with a bracket that was opened and closed in between. The next cell measures all twenty components, heads and MLPs: the direct vote of each, and what is lost when it is set to zero at every position. Before you run it: which head would you guess that nobody can do without?

# %%
ours = tf.bracket_pairs(model.tokenizer, 16, runtime.seed_for("transformer.votes"), "nested")
found = tf.removal(model, ours, "zero")
print(found)

# %% [markdown]
# *What to write*: three names, such as `"1.3"` for a head and `"m2"` for an MLP.
#
# - `needed`: among those that vote (a tenth of a logit or more, in either direction), the one without which most is lost.
# - `unmissed`: its vote exceeds by most what is lost without it (where nothing is lost, or the answer even gets better, count the loss as zero).
# - `silent`: among the others, the one without which most is lost.
#
# *How you know*: by no single column of the table can all three be found.

# %%
def my_names() -> dict[str, str]:
    """The components that are needed, unmissed and silent."""
    ### BEGIN SOLUTION
    vote, loss = found.direct.mean(1), found.loss.mean(1)
    needed = torch.where(vote.abs() < 0.1, 0.0, loss)
    silent = torch.where(vote.abs() < 0.1, loss, 0.0)
    scores = {"needed": needed, "unmissed": vote - loss.clamp(min=0), "silent": silent}
    return {key: found.labels[int(score.argmax())] for key, score in scores.items()}
    ### END SOLUTION

# %%
grade("transformer.votes", my_names)

# %% [markdown]
# ### Further
#
# Which fourth node adds most to your three, and what does it do alone? Then take the set that works for these prompts to `tf.bracket_pairs(model.tokenizer, 16, 0, "nested")`, where another bracket was opened and closed in between (mind that the last position has another number: −1 stays the last), and to `tf.quote_pairs(model.tokenizer, 16, 0)`. What carries over, and what was only true of the prompts that you looked at?
#
# And measure exercise 10 once more with `tf.removal(model, ours, "mean")`. The silent one's loss is another now. What does that say of what it writes on every prompt alike?
#
# `course progress` shows what you have done, and how well you know what you know.

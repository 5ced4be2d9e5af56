# %% [markdown]
# # Exercises: inside a transformer
#
# *Ten exercises on lesson 0, from ten quick questions to an operation on a running model. About two hours (an estimate from trials: five to twenty minutes each).*
#
# Each exercise has a cell to fill in and a cell that marks it. A cell that you have not filled in is reported as *not attempted yet*, and nothing breaks, so you may do the exercises in any order. The cells between them try your functions out on `code-4l`: yours where they pass, the course's where they do not yet, so that no mistake of yours stops a later cell. If you are stuck, ask: `grade("transformer.logit_lens", logit_lens, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the simplest input on which it differs.
#
# `torch` is all you need, and `einops.einsum` if you like it. The course's own versions live in `course_utils.transformer`; they are there for reading afterwards.

# %% setup

# %%
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import patching, plots, runtime, zoo
from course_utils import transformer as tf
from course_utils.grading import checked, grade

model = zoo.load("code-4l", device="cpu")  # small enough for any processor
layers = range(model.cfg.n_layers)
pairs = tf.bracket_pairs(model.tokenizer, 64, seed=0)
with torch.no_grad():  # what later cells try your functions on
    logits, cache = model.run_with_cache(pairs.clean)
    all_logits, usual = model.run_with_cache(pairs.everyone)  # clean and corrupt prompts
z = torch.stack(
    [cache[f"blocks.{i}.attn.hook_z"] for i in layers]
)  # (layer, batch, pos, head, d_head)

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
# 8. A batch of 2 prompts of 10 tokens goes through an attention layer with 4 heads of 48 dimensions. Which shape have the attention patterns? (In TransformerLens batch and heads come first.)
# 9. All scores of a head are zero, and the mask is causal. How much attention does the token at position 2 (counting from 0) give to position 0?
# 10. What is the derivative of $\mathrm{ReLU}(3x - 1)^2$ at $x = 1$?
#
# *How you know*: each wrong answer is told what to read.


# %%
def self_check() -> dict[int, float | tuple]:
    """The number of each question, and your answer: a number, or a shape such as (2, 3)."""
    ### BEGIN SOLUTION
    return {
        1: (2, 5, 4, 3),
        2: (1, 7),
        3: (3, 5, 4),
        4: 0.75,
        5: 7.62,
        6: 48,
        7: 5,
        8: (2, 4, 10, 10),
        9: 1 / 3,
        10: 12,
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
grade("transformer.residual_stream", residual_stream)

# %% [markdown]
# On `code-4l`, whose cache holds both the parts and the whole; and, as a control, with head 0.0 left out.

# %%
add_up = checked("transformer.residual_stream")
with torch.no_grad():
    mlps = torch.stack([cache[f"blocks.{i}.hook_mlp_out"] for i in layers])
    embedded = cache["hook_embed"], cache["hook_pos_embed"].expand_as(cache["hook_embed"])
    without_one = z.clone()
    without_one[0, :, :, 0] = 0  # head 0.0 adds nothing
    whole = cache[f"blocks.{layers[-1]}.hook_resid_post"]
    off = [
        (add_up(*embedded, x, model.W_O, model.b_O, mlps) - whole).abs().max()
        for x in (z, without_one)
    ]
print(f"largest difference from the stream {off[0]:.1e}; without head 0.0 {off[1]:.2f}")

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
grade("transformer.logit_lens", logit_lens)

# %% [markdown]
# Your lens at every depth, on 128 prompts that end inside an open bracket: the clean and the corrupt ones.

# %%
look = checked("transformer.logit_lens")
closes = torch.cat([pairs.correct, pairs.wrong])  # for clean, then for corrupt prompts
other = torch.cat([pairs.wrong, pairs.correct])
with torch.no_grad():
    depths = [usual["blocks.0.hook_resid_pre"]]
    depths += [usual[f"blocks.{i}.hook_resid_post"] for i in layers]
    last = torch.stack(depths)[:, :, -1]  # (depth, batch, d_model)
    seen = look(last, *tf.final_norm(model), model.W_U, model.b_U, model.cfg.eps)
rows = torch.arange(len(closes))
fig, ax = plots.figure(height=2.8)
for ids, name, colour in (
    (closes, "the right closing token", plots.ANSWER),
    (other, "the wrong one", plots.EDITED),
):
    ax.plot(
        range(len(depths)), seen[:, rows, ids].mean(1), marker="o", color=colour, label=name
    )
ax.set(
    xlabel="layers read so far", ylabel="logit seen by the lens", xticks=range(len(depths))
)
ax.legend()
plots.show(
    fig,
    alt="Two lines over depth that start together; the right closing token ends higher.",
    caption="Each token is right as often as wrong, so at depth 0, where the last position has not read the bracket, both are at the same height. Where do they part? And is a mean that has parted a sign that the model knows? Count on how many prompts the right one is ahead there.",
)

# %% [markdown]
# ## 4 · Who adds to the right bracket
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
grade("transformer.head_attribution", head_attribution)

# %% [markdown]
# On `code-4l`, averaged over prompts, beside a control in which every prompt is asked about the two closing tokens of another one.

# %%
share = checked("transformer.head_attribution")
scale = cache["ln_final.hook_scale"][:, -1, 0]
known = z[:, :, -1], model.W_O, scale, tf.final_norm(model)[0], model.W_U
with torch.no_grad():
    added = share(*known, pairs.correct, pairs.wrong).mean(-1)  # (layer, head)
    mixed = torch.arange(len(pairs)).roll(1)
    control = share(*known, pairs.correct[mixed], pairs.wrong[mixed]).mean(-1)
fig, axes = plots.figure(1, 2, height=2.6)
for ax, grid, name in zip(
    axes, (added, control), ("its own brackets", "another prompt's"), strict=True
):
    tf.draw_heads(ax, grid, "logits", limit=float(added.abs().max()), bar=ax is axes[1])
    ax.set_title(name)
plots.show(
    fig,
    alt="Direct attribution of each head: a few dark cells on the left, only pale ones on the right.",
    caption="What each head adds directly to the right bracket's lead. Few heads add anything. On the right little is left; that it is not zero is chance, since 64 prompts are not many: with another shift than `roll(1)` a cell may have the other sign.",
)

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
grade("transformer.qk_circuit", qk_circuit)

# %% [markdown]
# Singular values of every head's circuit, beside a random matrix of the same size.

# %%
qk = checked("transformer.qk_circuit")
with torch.no_grad():
    values = torch.linalg.svdvals(qk(model.W_Q, model.W_K)).flatten(
        0, 1
    )  # (layer and head, d_model)
    noise = torch.linalg.svdvals(torch.randn(model.cfg.d_model, model.cfg.d_model))
fig, ax = plots.figure(height=2.6)
ax.semilogy((values / values[:, :1]).T.clamp(min=1e-9), color=plots.HEAD, linewidth=0.8)
ax.semilogy(noise / noise[0], color=plots.NULL, linestyle="--")
ax.axvline(model.cfg.d_head, color=plots.INK, linewidth=0.8)
ax.set(xlabel="number of the singular value", ylabel="relative to the largest")
plots.show(
    fig,
    alt="Singular values of 16 heads fall to nothing at d_head; a random matrix's do not.",
    caption="Blue: all 16 heads. They break off at d_head = 48 (the line): a head compares only a part of the stream. Grey: a random matrix.",
)

# %% [markdown]
# ## 6 · What a head moves: find it by its weights
#
# *Why it matters*: weights can point to a head before any experiment is made. Section 4 of the lesson asks the same of head 2.2, with another scale.
#
# *What to write*: for every head, how much more its OV circuit raises the matching closing token than the others. `read` has a row for each opening sign: what the head reads there. Pass it through `W_V` and `W_O` of each head, and on through `W_U`, the unembedding's columns of the closing tokens, in the same order. Where the i-th sign is fed, the i-th closing token is the matching one. Take its score minus the **mean of the other closing tokens' scores**, and average over the signs that were fed.
#
# *How you know*: with two signs, `read` and `W_U` the identity, `W_V = [[1], [2]]` and `W_O = [[3, 5]]` (one head), the scores are `[[3, 5], [6, 10]]`, and the answer is ((3 − 5) + (10 − 6))/2 = 1.


# %%
def matching_score(
    read: Float[Tensor, "sign d_model"],
    W_V: Float[Tensor, "head d_model d_head"],
    W_O: Float[Tensor, "head d_head d_model"],
    W_U: Float[Tensor, "d_model sign"],
) -> Float[Tensor, "head"]:
    """How much more each head's OV circuit raises the matching closing token than the others."""
    ### BEGIN SOLUTION
    scores = read @ W_V @ W_O @ W_U  # (head, fed, closing)
    matching = scores.diagonal(dim1=-2, dim2=-1)
    others = (scores.sum(-1) - matching) / (scores.shape[-1] - 1)
    return (matching - others).mean(-1)
    ### END SOLUTION


# %%
grade("transformer.matching_score", matching_score)

# %% [markdown]
# On `code-4l`, fed with brackets and with quotes. No prompt of ours is involved: the text is the start token and the sign.

# %%
score = checked("transformer.matching_score")


def by_weights(opening, closing):
    """The score of every head: (layer, head)."""
    ids = [model.tokenizer.encode(sign, add_special_tokens=False)[0] for sign in opening]
    ends = [model.to_single_token(sign) for sign in closing]
    with torch.no_grad():
        _, short = model.run_with_cache(
            torch.tensor([[model.tokenizer.bos_token_id, i] for i in ids])
        )
        reads = [short[f"blocks.{i}.ln1.hook_normalized"][:, 1] for i in layers]
        return torch.stack(
            [
                score(reads[i], model.W_V[i], model.W_O[i], model.W_U[:, ends])
                for i in layers
            ]
        )


# %%
fig, axes = plots.figure(1, 2, height=2.6)
for ax, signs, name in zip(
    axes,
    (([" (", " [", " {"], ")]}"), ([" '", ' "'], "'\"")),
    ("brackets", "quotes"),
    strict=True,
):
    tf.draw_heads(ax, by_weights(*signs), "logits before the norm", bar=ax is axes[1])
    ax.set_title(name)
plots.show(
    fig,
    alt="Two maps of 16 heads. For brackets three heads stand out, 2.2 most; for quotes two others.",
    caption="Each head's matching score. Which heads would you test for brackets, and which for quotes?",
)

# %% [markdown]
# ## 7 · Mean ablation
#
# *Why it matters*: direct attribution shows what a part adds. Only taking the part away shows what is lost. Its mean removes only what is particular to this prompt, while zeros also remove what it adds on every prompt alike. Which of the two costs more, only the experiment tells.
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
grade("transformer.mean_ablate", mean_ablate)

# %% [markdown]
# Your function as a hook, on each head in turn. The reference holds every prompt with both brackets, so that its mean does not tell which is open.

# %%
ablate = checked("transformer.mean_ablate")


def replace(layer, head):
    def hook(z, hook):
        return ablate(z, usual[hook.name], [head])

    return f"blocks.{layer}.attn.hook_z", hook


with torch.no_grad():
    base = pairs.difference(logits).mean()
    ablated = [
        [model.run_with_hooks(pairs.clean, fwd_hooks=[replace(i, j)]) for j in range(4)]
        for i in layers
    ]
    cost = torch.tensor(
        [[base - pairs.difference(run).mean() for run in row] for row in ablated]
    )
    adds = tf.attribution(
        model, pairs.clean, pairs.correct, pairs.wrong
    ).heads()  # exercise 4's number

# %%
fig, ax = plots.figure(width=5.2, height=3.2)
ax.axline((0, 0), slope=1, color=plots.NULL, linewidth=0.8, linestyle=":")
ax.plot(adds.flatten(), cost.flatten(), "o", color=plots.HEAD)
for layer, head in ((cost > 0.5) | (cost - adds > 0.3)).nonzero().tolist():
    ax.annotate(f"{layer}.{head}", (adds[layer, head] + 0.03, cost[layer, head] + 0.05))
ax.set(xlabel="adds directly (logits)", ylabel="lost without it (logits)")
plots.show(
    fig,
    alt="Each head's direct attribution against what its removal costs: most at zero, one far out.",
    caption="One head stands out both ways. On the dotted line a head adds what is lost without it; above the line, more is lost: others may read it, or the norm changes.",
)

# %% [markdown]
# ## 8 · Reading an attention pattern
#
# *Why it matters*: one looks at a pattern and sees what one expects. A number over all prompts, beside what an indifferent head would show, does not.
#
# *What to write*: for each head, how much attention it gives to tokens of a kind: **summed** over the keys of that kind, **averaged** over all queries, of all prompts together, that can see at least one such key (a query sees itself and what is before it). Where no prompt holds such a token, give 0. The pattern may have any float dtype. `kind` marks the tokens: (batch, key).
#
# *How you know*: with three tokens, of which only the middle one is of the kind, and rows `[1, 0, 0]`, `[0.25, 0.75, 0]`, `[0.5, 0.2, 0.3]`, it is (0.75 + 0.2)/2.


# %%
def attention_to(
    pattern: Float[Tensor, "batch head query key"], kind: Bool[Tensor, "batch key"]
) -> Float[Tensor, "head"]:
    """Attention of each head to keys of a kind, over queries that can see one, else 0."""
    ### BEGIN SOLUTION
    to_kind = (pattern * kind[:, None, None]).sum(-1)  # (batch, head, query)
    can_see = kind.cumsum(-1) > 0  # (batch, query)
    total = (to_kind * can_see[:, None]).sum((0, 2))
    return total / can_see.sum().clamp(min=1)
    ### END SOLUTION


# %%
grade("transformer.attention_to", attention_to)

# %% [markdown]
# How much every head looks at the open bracket, beside a head that looks at everything alike.

# %%
read = checked("transformer.attention_to")
opened = torch.zeros_like(pairs.clean, dtype=torch.bool)
opened[:, pairs.opener] = True
patterns = [cache[f"blocks.{i}.attn.hook_pattern"] for i in layers]
at_bracket = torch.stack([read(pattern, opened) for pattern in patterns])  # (layer, head)
even = read(tf.evenly(patterns[0]), opened)[0]
fig, ax = plots.figure(height=2.6)
names = [f"{i}.{j}" for i in layers for j in range(4)]
ax.bar(
    names,
    at_bracket.flatten(),
    color=[plots.HEAD if name == "2.2" else plots.SERIES[1] for name in names],
)
ax.axhline(even, color=plots.NULL, linewidth=1.2, linestyle="--")
ax.set(xlabel="head (dark: 2.2)", ylabel="attention to the bracket")
plots.show(
    fig,
    alt="Attention of 16 heads to the open bracket; a dashed line marks an even spread.",
    caption="Dashed: an even spread. Some head looks at the bracket as much as 2.2, and costs far less to remove (exercise 7). Which?",
)

# %% [markdown]
# ## 9 · Three nodes, one head barred
#
# *Why it matters*: what a set of heads does need not be the sum of what they do one by one. Two of them may say the same, or one may speak only through another. Whether it is so here, only running the set can tell: an operation on a running model, with a budget and a handicap.
#
# These pairs are yours, made from your seed. The corrupt prompt opens the other bracket, and so the model closes the other one. You may take **three** head outputs, each at one position, from the clean run and put them into the corrupt one, all at once. One of the lesson's three heads (1.0, 2.2, 3.2) is **barred** for you. You are scored by how much of the way from corrupt (0) to clean (1) the logit difference comes. Par is what a greedy search reaches without the barred head; 95 % of it will do.

# %%
seed = runtime.seed_for("transformer.transplant")
mine = tf.bracket_pairs(model.tokenizer, 16, seed, "call")
runs = tf.Transplant.of(model, mine)
print(mine)
print("positions:", dict(enumerate(mine.words)))
print("barred: head {}.{}".format(*tf.barred_head(seed)))
print(
    f"three nodes taken at random recover {runs.recovery({(0, 0, 2), (1, 2, 5), (3, 0, 6)}) + 0.0:.2f}"
)

# %% [markdown]
# *What to write*: the three nodes, each `(layer, head, position)`. `patching.Question(model, mine.clean, mine.corrupt, mine.metric).sweep("z", by=("layer", "head", "position"))` tries every node alone, as in section 6 of the lesson. What a set does you learn only from trying it: `runs.recovery({…})`, in cells of your own.
#
# *How you know*: `runs.recovery(my_nodes())` is the number that is scored. Hold it against the sum of what your three nodes recover alone. Is it more, less, or the same, and what would you expect if two of them said the same?


# %%
def my_nodes() -> set[tuple[int, int, int]]:
    """Up to three nodes, each (layer, head, position)."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        alone = patching.Question(model, mine.clean, mine.corrupt, mine.metric)
        alone = alone.sweep("z", by=("layer", "head", "position")).recovery()
        alone[tf.barred_head(seed)] = -torch.inf
        best = alone.flatten().argsort(descending=True)[:12].tolist()
        left = [
            tuple(int(i) for i in torch.unravel_index(torch.tensor(at), alone.shape))
            for at in best
        ]
        chosen = set()
        for _ in range(3):  # the node that adds most to those there are
            chosen.add(
                max(
                    (node for node in left if node not in chosen),
                    key=lambda n: runs.recovery(chosen | {n}),
                )
            )
    return chosen
    ### END SOLUTION


# %%
grade("transformer.transplant", my_nodes)

# %% [markdown]
# ## 10 · Two ablations, two verdicts
#
# *Why it matters*: "without this head so much is lost" is a sentence about what was put in its place. Here you find the head about which two honest measurements disagree most.
#
# Again the pairs are yours, and this time nothing is measured for you. For every head, measure what the lead loses, averaged over the clean prompts of `ours`, once with **zeros** in the head's place, and once with its **mean over `ours.everyone`**, a mean for each position, at every position. Use hooks or `patching`, as you like (`tf.removal` would print it all, and you would learn nothing). The lead is read at the last position, and nothing is folded into the weights: the model is as it was trained.

# %%
ours = tf.verdict_pairs(model, runtime.seed_for("transformer.verdicts"))
print(ours)

# %% [markdown]
# *What to write*: the head whose two losses lie furthest apart, and both losses, to two digits after the point: `{"head": "2.1", "zero": 0.12, "mean": -0.34}`. A loss is positive where the model does worse without the head.
#
# *How you know*: both numbers are compared with a measurement on your own pairs. Before you measure, guess: will it be a head that adds much to the lead?


# %%
def my_verdicts() -> dict[str, str | float]:
    """The head about which the two ablations disagree most, and what each of them says is lost."""
    ### BEGIN SOLUTION
    place, found = "blocks.{}.attn.hook_z", []
    with torch.no_grad():
        whole = ours.difference(model(ours.clean)).mean()
        _, seen = model.run_with_cache(ours.everyone)

        def lost(layer, head, value):
            def hook(z, hook):
                z = z.clone()
                z[:, :, head] = value
                return z

            hooks = [(place.format(layer), hook)]
            run = model.run_with_hooks(ours.clean, fwd_hooks=hooks)
            return float(whole - ours.difference(run).mean())

        for layer in layers:
            mean = seen[place.format(layer)].mean(0)  # (pos, head, d_head)
            for head in range(4):
                both = lost(layer, head, 0.0), lost(layer, head, mean[:, head])
                found.append((f"{layer}.{head}", *both))
    head, zero, mean = max(found, key=lambda one: abs(one[1] - one[2]))
    return {"head": head, "zero": zero, "mean": mean}
    ### END SOLUTION


# %%
grade("transformer.verdicts", my_verdicts)

# %% [markdown]
# ### Further
#
# Which fourth node adds most to your three, and what does it do alone? Take your set to `tf.bracket_pairs(model.tokenizer, 16, 0, "nested")`, where another bracket was opened and closed in between (−1 stays the last position), and to `tf.quote_pairs(model.tokenizer, 16, 0)`. What carries over, and what was only true of the prompts that you looked at?
#
# For the head of exercise 10: how much of what it writes is the same on all prompts? The deeper notebook, section 1, has a way to ask.
#
# `course progress` shows what you have done, and how well you know what you know.

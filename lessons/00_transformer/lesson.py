# %% [markdown]
# # Inside a transformer
#
# *Lesson 0. You need PyTorch, and to have met transformers once.*
#
# **A puzzle.** The course brings a small language model that has read Python. Show it `values = [names, lines, size`. For every piece of text that could come next it gives a score. Two of these scores stand on the left below: that of `]`, which would be right, and that of `)`, which would be wrong. The **lead** is the difference: how far the right one is ahead. The model knows which bracket to close.
#
# It is built from twenty parts: in each of four layers, four attention heads and one MLP, which works at each position by itself. On the right stand three of the twenty. The light bar says how much a part *adds* to the lead. The dark bar says how much of the lead is *lost* when the part writes zeros instead of its output.

# %% setup

# %%
import torch

from course_utils import patching, plots, zoo
from course_utils import transformer as tf
from course_utils.page import about, between, card, claim, claims, draw, measured, predict, rounds_to, table

torch.set_grad_enabled(False)  # nothing is trained in this lesson
model = zoo.load("code-4l", device="cpu")
model.enable_compatibility_mode()  # same predictions, simpler weights: see section 4
prompt = "values = [names, lines, size"  # the example of this lesson, and its tokens
words = ["start", "values", "=", "[", "names", ",", "lines", ",", "size"]
pairs = tf.bracket_pairs(model.tokenizer, 128, seed=0)  # 128 prompts like it
opener, last = pairs.opener, len(words) - 1  # positions 3 and 8
closers = torch.tensor([model.to_single_token(sign) for sign in ")]}"])
lead = pairs.difference(model(pairs.clean)).mean().item()
puzzle = tf.removal(model, pairs, "zero")  # what each part adds, and what is lost without it

# %% figure
ours = model(model.to_tokens(prompt))[0, -1, closers].tolist()
fig, (left, right) = plots.figure(columns=2, height=3.0, width_ratios=(1, 2.6))
left.bar([0, 1], [ours[1], ours[0]], 0.6, color=[plots.ANSWER, plots.EDITED])
left.plot([0.4, 1.3], [ours[1]] * 2, color=plots.INK, linewidth=0.8)
left.annotate("", (1, ours[1]), (1, ours[0]), arrowprops=dict(arrowstyle="<->", shrinkA=0, shrinkB=0))
left.text(1.08, (ours[0] + ours[1]) / 2, f"lead {ours[1] - ours[0]:.2f}", va="center")
left.set_xticks([0, 1], ["]", ")"], fontsize=13)
left.set(ylabel="score", title="our prompt", xlim=(-0.5, 2.1), ylim=(0, 16))


def draw_puzzle(ax):
    """Three parts: what each adds, and what is lost without it."""
    shown = {"m0": "m0\nthe first MLP", "3.2": "3.2\none of the heads", "m3": "m3\nthe last MLP"}
    for shift, k, label, colour in ((-0.19, 0, "adds", plots.SERIES[1]), (0.19, 1, "lost without it", plots.SERIES[0])):
        ax.bar([i + shift for i in range(3)], [puzzle.of(x)[k] for x in shown], 0.38, label=label, color=colour)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.axhline(lead, color=plots.NULL, linestyle="--")
    ax.text(2.45, lead + 0.2, f"whole lead {lead:.2f}", ha="right", color=plots.NULL)
    ax.set_xticks(range(3), shown.values())
    ax.set(ylim=(-0.6, 7.4))
    ax.legend(loc="upper right", ncols=2)


draw_puzzle(right)
right.set(title="mean of 128 prompts")
plots.show(
    fig,
    alt="Left: the score of the square bracket, 13.9, is 3.22 above that of the round one. Right: m0 adds 0.6 and 5.5 is lost without it, more than the lead of 5.2; one head adds 0.7 and 0.9 is lost; m3 adds 1.3 and less than nothing is lost.",
    caption="Left: two scores, and the lead. Right: three parts, on 128 prompts like ours. In each of them a round, square or curly bracket is open, and the lead is that of the right closing bracket over one wrong one, drawn at random. Where more than the whole lead is lost, the wrong bracket is ahead.",
)

# %% [markdown]
# If the lead were a plain sum, both bars of a part would be equal. For the head they nearly are. But look at `m0`: it adds little, and without it the whole lead is gone. And look at `m3`: it adds much, and without it nothing is lost. Which bar do you believe?

# %% [markdown] contents
# At the end of this lesson you can answer that, and you have used the everyday tools of the field: hooks, caches, attribution, ablation and patching. You also know what each of them cannot show. Every number below is computed in this notebook, except one published number in section 11.
#
# The exercises begin with ten quick questions on einsum, broadcasting, softmax and the like, each with a pointer to what to read (`course start 00`, then `my/00_transformer.ipynb`). Look at them first: if more than three of them are new to you, read what they point to and come back. The deeper notebook has what the story does not need.

# %% claims
adds, lost = ({x: puzzle.of(x)[k] for x in puzzle.labels} for k in (0, 1))
with claims():
    claim("on our prompt the lead is 3.22", rounds_to(ours[1] - ours[0], "3.22"))
    claim("the lead is 5.19 on average over 128 prompts", rounds_to(lead, "5.19"))
    claim(
        "`m0` adds little, less than an eighth of the lead, and without it the whole lead is gone",
        adds["m0"] < lead / 8 and lead <= lost["m0"] < 1.1 * lead,
    )
    claim(
        "`m3` adds a quarter of the lead, and without it nothing is lost",
        about(adds["m3"], lead / 4) and lost["m3"] < 0,
    )
    claim(
        "the two bars of the head, 3.2, lie less than a quarter of a logit apart",
        abs(adds["3.2"] - lost["3.2"]) < 0.25,
    )

# %% [markdown]
# ## 1 · Break it and mend it
#
# First ask the model. It reads **tokens**, pieces of text with a number each. It answers with one score for every token that could come next. These scores are its **logits**, and their softmax gives probabilities.

# %%
texts = [f"values = {sign}names, lines, size" for sign in "([{"]
texts += ["error = [code, object, path"]
answers = {}
for text in texts:
    logits = model(model.to_tokens(text))  # (batch, pos, d_vocab)
    answers[text] = logits[0, -1].softmax(-1)[closers].tolist()  # after the last token

# %% figure
table(
    {f"`{text}`": row for text, row in answers.items()},
    columns=("`)`", "`]`", "`}`"),
    unit="probability",
    corner="prompt",
    decimals=2,
    caption="The probability of each closing bracket. The rest, up to one, goes to other tokens, such as a comma. In the last row the model is wrong.",
)

# %% [markdown]
# Only a bracket several tokens back tells which one must close. Something carries that fact to the end of the text.
#
# How often is the model right? `pairs.clean` holds 128 prompts, and we count those on which the right one of the three brackets gets the largest logit. Such a share needs something to compare it with. The **null** is what one sees when nothing has been learned: here, a model of the same shape with random weights.

# %%
untrained = zoo.load("code-4l", device="cpu", checkpoint=0)
intact = pairs.right(model(pairs.clean))
nothing_learned = pairs.right(untrained(pairs.clean))
{"trained": round(intact, 2), "untrained": round(nothing_learned, 2)}

# %% [markdown]
# **Attention heads** are the parts that move something from one position to another. Each looks back over the text and brings something from where it looks. At least one of the sixteen must carry the bracket.
#
# To find it, we take heads away, one at a time. Taking a part away to see what is missed is called **ablation**; the plainest kind writes zeros instead of its output.

# %% prediction
predict("transformer.heads")

# %% [markdown]
# `run_with_hooks` runs the model and calls your function in the middle, with what has been computed there. The model goes on with what your function returns. Such a function is a **hook**. The name `blocks.2.attn.hook_z` means layer 2, attention, and `z`: what each head has gathered, before it is written. Its shape is (batch, pos, head, d_head).


# %%
def zeros_for(head):
    def hook(z, hook):  # z: (batch, pos, head, d_head)
        z = z.clone()
        z[:, :, head] = 0.0
        return z

    return hook


share = torch.zeros(4, 4)  # (layer, head)
for layer in range(4):
    for head in range(4):
        edit = (f"blocks.{layer}.attn.hook_z", zeros_for(head))
        ablated_logits = model.run_with_hooks(pairs.clean, fwd_hooks=[edit])
        share[layer, head] = pairs.right(ablated_logits)

# %% figure answer
worst = share.min().item()
steps = ("a third or less", "a third to a half", "a half to two thirds", "more than two thirds")
display(measured("transformer.heads", steps[sum(worst > edge for edge in (1 / 3, 1 / 2, 2 / 3))]))
fig, ax = plots.figure(width=3.4, height=2.8)
tf.draw_heads(ax, share, "right bracket (share)", numbers=True, bar=False)
plots.show(
    fig,
    alt="Share of right brackets with one head ablated: nine in ten or so for fifteen heads, less than six in ten for head 2 of layer 2.",
    caption=f"The share of right brackets. Each cell is one experiment: this head is ablated, everything else is as it was. The share falls clearly in one cell only, head 2 of layer 2, to {worst:.2f}. It does not fall to a third, which is what guessing gives: something else carries a part of the answer.",
)

# %% [markdown]
# Heads are named by layer and number, both counted from 0: 2.2 is head 2 of layer 2.
#
# Did you notice 0.1 and 1.1? Without them the model does *better* on these prompts. Zeros can also take away what misleads.
#
# Is 2.2 needed for other prompts of this kind, or only for these 128? Draw five more sets, and count which share of the right answers is lost without it:


# %%
def lost_without_2_2(seed):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    edit = ("blocks.2.attn.hook_z", zeros_for(2))
    ablated_logits = model.run_with_hooks(more.clean, fwd_hooks=[edit])
    return 1 - more.right(ablated_logits) / more.right(model(more.clean))


on_new_sets = [lost_without_2_2(seed) for seed in range(1, 6)]
[round(x, 2) for x in on_new_sets]

# %% [markdown]
# The other direction is to mend it. Break the model more thoroughly: ablate all twelve heads of layers 1, 2 and 3. Then take one head's output from the **cache** of the healthy run, in which every intermediate value was kept, and put it into the broken run. Putting an activation of one run into another is called **patching**. As a control, give back each other head instead. How many answers are right then?

# %%
_, healthy = model.run_with_cache(pairs.clean)  # every activation of the healthy run


def broken(give_back=None):
    """The logits with the heads of layers 1 to 3 ablated, but for one (layer, head)."""

    def hook(z, hook):
        new = torch.zeros_like(z)
        if give_back and hook.layer() == give_back[0]:
            head = give_back[1]
            new[:, :, head] = healthy[hook.name][:, :, head]
        return new

    hooks = [(f"blocks.{layer}.attn.hook_z", hook) for layer in (1, 2, 3)]
    return model.run_with_hooks(pairs.clean, fwd_hooks=hooks)


# %% figure
none_back = pairs.right(broken())
back = torch.tensor(
    [[pairs.right(broken((layer, head))) for head in range(4)] for layer in (1, 2, 3)]
)
fig, ax = plots.figure(width=3.4, height=2.3)
tf.draw_heads(ax, back, "right bracket (share)", numbers=True, bar=False)
ax.set_yticks(range(3), (1, 2, 3))
plots.show(
    fig,
    alt="Share of right brackets when one head is given back to a model without the heads of layers 1 to 3: 0.84 for 2.2, at most about a half for any other.",
    caption=f"The share of right brackets when all twelve heads of layers 1 to 3 are ablated, and the one of the cell is given back. With nothing given back, {none_back:.2f} are right, which is guessing.",
)

# %% [markdown]
# You have checked a causal claim about a language model from both sides. Without this head, much is lost: to that extent it is **necessary**. In a model without the others, it alone brings most back: to that extent it is **sufficient**. Layer 0 was left whole in this test; section 9 says why.
#
# This drawing will grow with the lesson. Each column is a token's way through the layers, upwards.

# %% figure
draw.road(words, opener, {"2.2": ""}, unknown=("2.2",), answer="]").captioned(
    "After section 1. Head 2.2 brings something to the last token, and the answer needs it. Where it looks, what it brings, and who has prepared that, is open."
)

# %% claims
others = [x for i, x in enumerate(share.flatten().tolist()) if i != 10]
other_heads = back.flatten()[[i for i in range(12) if i != 6]]
with claims():
    claim(
        "with `values` each of the three brackets is closed by its own kind; with `error` the model is wrong",
        [max(range(3), key=row.__getitem__) for row in answers.values()] == [0, 1, 2, 0],
    )
    claim(
        "the trained model is right on 93 % of the prompts, the untrained one on about a third",
        rounds_to(intact, "0.93") and between(nothing_learned, 0.28, 0.38),
    )
    claim(
        "the whole model makes nine errors, with 0.1 ablated one is left, with 1.1 three",
        round(128 * (1 - intact)) == 9
        and round(128 * (1 - share[0, 1].item())) == 1
        and round(128 * (1 - share[1, 1].item())) == 3,
    )
    claim(
        "with 2.2 ablated 39 % of the right answers are lost; with any other single head less than a tenth",
        rounds_to(1 - share[2, 2].item() / intact, "0.39") and min(others) > 0.9 * intact,
    )
    claim(
        "on five other sets of prompts, between 32 and 41 % of the right answers are lost with 2.2 ablated",
        between(on_new_sets, 0.32, 0.41),
    )
    claim(
        "with all twelve heads ablated the model is about as good as guessing",
        about(none_back, 1 / 3),
    )
    claim(
        "giving back 2.2 mends more than eight tenths of what was lost; giving back any other head mends less than a third of it",
        back[1, 2] - none_back > 0.8 * (intact - none_back)
        and other_heads.max() - none_back < (intact - none_back) / 3,
    )

# %% [markdown]
# ## 2 · What is asked, and on which scale
#
# **Mechanistic interpretability** takes a trained model that nobody designed to be read, and asks *how it computes*: which parts, reading what, writing what, and what would happen if one of them were changed. A set of parts and connections for which one can say this is a **circuit**. (On the word: Saphra & Wiegreffe 2024, [arXiv 2410.09087](https://arxiv.org/abs/2410.09087).)
#
# Every lesson follows the same loop. *Decompose*: into which parts? *Describe*: what does each do? *Validate*: does the description predict an experiment that it was not made from?
#
# Effects need a unit. We use two: the lead, in logits, and the *share right*, the share of prompts on which the right bracket has the largest logit of the three.
#
# They also need a zero and a one. **Minimal pairs** are two prompts that differ in one thing, here the bracket: `values = [names, lines, size` and its twin, `values = (names, lines, size`. The run on the first is the **clean** run, the run on its twin the **corrupt** one. The lead of a pair is the logit of the clean prompt's bracket minus that of the twin's, in both runs: `]` minus `)` here. In the corrupt run it is negative. Among our pairs both orders are equally frequent.

# %%
low = pairs.difference(model(pairs.corrupt)).mean().item()  # the lead in the corrupt run


def recovered(logits):
    """How far this run has come from the corrupt run (0) to the clean one (1)."""
    return (pairs.difference(logits).mean().item() - low) / (lead - low)


# %% figure
draw.recovery_line((low, lead), [("", 0, 0.21, "an example: a lead of −3.0")]).captioned(
    "When something is changed in the corrupt run, its recovery says how far the new lead has come on the way to the clean one. Means over 128 pairs."
)

# %% [markdown]
# The **recovery** of a change is
#
# $$\text{recovery} = \frac{\text{new lead} - \text{corrupt lead}}{\text{clean lead} - \text{corrupt lead}}$$
#
# In the example, a change lifts the lead of the corrupt run from −5.15 to −3.00: (−3.00 + 5.15)/(5.19 + 5.15) = 0.21. On average the wrong bracket is still far ahead, and most answers are as wrong as before. Lead and share right can therefore tell different stories about the same experiment.

# %% claims
with claims():
    claim(
        "the lead in the corrupt run is as far below zero as in the clean run above, within a twentieth of a logit",
        abs(low + lead) < 0.05,
    )
    claim(
        "lifting the lead from −5.15 to −3.00 is a recovery of 0.21",
        rounds_to(low, "-5.15") and rounds_to((-3.00 - low) / (lead - low), "0.21"),
    )
    mixture = 0.21 * model(pairs.clean) + 0.79 * model(pairs.corrupt)  # of the logits: lifts each lead so far
    claim(
        "with the logits of the two runs mixed so that the recovery is 0.21, the right bracket is ahead on fewer than one prompt in five",
        rounds_to(recovered(mixture), "0.21") and pairs.right(mixture) < 1 / 5,
    )

# %% [markdown]
# ## 3 · The residual stream is a running sum
#
# At each position the model keeps one vector, of length `d_model`, which is 192. It starts as the embedding of the token plus that of the position. Each head and each MLP reads the vector, computes something, and *adds* its result. At the end a matrix, the **unembedding**, turns it into logits. This vector is the **residual stream** (Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html)).

# %% figure
draw.columns(words, marked=(opener,)).captioned(
    "The whole model on our prompt. Each grey line is a residual stream, one for each token, which runs upwards. In each layer four heads (small dots) read it and add to it, then the MLP (large dot) does. Only heads read other streams, and only those to their left. Yellow: the one stream that starts with the bracket. The answer is read at the top of the last one."
)

# %% [markdown]
# Two things follow from the picture. Heads of the same layer do not see each other's output. And a part of layer 0 can reach the logits *directly*, past all later layers, because what it added is still in the sum.
#
# Check the sum: collect the outputs of all parts, and add them up. `error` is how far that is from the stream, and it is zero up to rounding.

# %%
parts = tf.components(model, healthy)  # (component, batch, pos, d_model)
stream = healthy["blocks.3.hook_resid_post"]  # after the last layer
error = (parts.total() - stream).abs().max()
f"{error:.4f} of a length of {stream[:, -1].norm(dim=-1).mean():.1f}"

# %% [markdown]
# Writing to the stream is a plain sum. Reading it is not. Before each part, and before the logits, a **LayerNorm** brings the stream to a fixed length. What that does when a part goes away can be drawn in two dimensions:

# %% figure
draw.norm_stretches((3, 4), (2, 8)).captioned(
    "A toy. The stream (black) is the sum of two arrows. To the right: the direction in which the unembeddings of the two brackets differ. A stream's shadow on it (green) is the lead. Upwards: everything else. The arc is the length to which the norm brings every stream."
)

# %% [markdown]
# The whole stream has the lead 5, and the part adds 2 of it. Take the part away, and one expects 3. But the arrow that is left is shorter, and the norm stretches it to the old length. The lead becomes 7.8.
#
# In symbols, for a vector $x$ with $d$ entries:
#
# $$\text{LayerNorm}(x) = \frac{x - \bar x}{\sqrt{\frac1d\sum_i (x_i - \bar x)^2 + \varepsilon}} \odot w + b$$
#
# The norm subtracts the mean of the entries and divides by their typical size, called the **scale**. That is the vector's length divided by $\sqrt d$. At the end of our prompts the stream is 209.7 long, so the scale is $209.7/\sqrt{192} = 15.13$. (The weights $w$ and $b$, (d_model) each, are learned.)

# %% claims
at_end = {x: parts[x][:, -1].norm(dim=-1).mean().item() for x in ("embed", "m0")}
final_scale = healthy["ln_final.hook_scale"][:, -1].mean().item()
length = stream[:, -1].norm(dim=-1).mean().item()
toy, rest = torch.tensor([5.0, 12.0]), torch.tensor([3.0, 4.0])
with claims():
    claim(
        "the sum of all parts is the stream, up to rounding (one part in 100 000)",
        error < 1e-5 * stream.norm(dim=-1).max(),
    )
    claim(
        "in the toy the lead is 5; without the part it is 3 before the norm stretches what is left, and 7.8 after",
        rounds_to((rest * toy.norm() / rest.norm())[0].item(), "7.8"),
    )
    claim(
        "at the end the stream is 209.7 long on average, and the scale is 15.13",
        rounds_to(length, "209.7") and rounds_to([length / 192**0.5, final_scale], "15.13"),
    )

# %% [markdown]
# ## 4 · Hooks, caches, and the shape of everything
#
# A **hook point** is a named place in the computation. `run_with_cache` returns what passed each of them; `run_with_hooks` lets you change it. The cache also takes short names: `cache["z", 2]` is `cache["blocks.2.attn.hook_z"]`.

# %%
tokens = model.to_tokens(prompt)
_, one = model.run_with_cache(tokens)  # the cache of our one prompt
one["resid_pre", 2].shape, one["z", 2].shape, one["pattern", 2].shape

# %% [markdown]
# `resid_pre` is the stream before the layer, (batch, pos, d_model). `z` is what each head has gathered, (batch, pos, head, d_head). `pattern` is the attention, (batch, head, query, key). Others are `mlp_out`, the output of the MLP, and `resid_post`, the stream after the layer.
#
# One mistake with hooks gives no error: you compute a new tensor and forget to return it. The hook then changes nothing.


# %%
def forgets(z, hook):
    z = z * 0  # a new tensor, which nobody receives


point = "blocks.2.attn.hook_z"
as_before = model.run_with_hooks(tokens, fwd_hooks=[(point, forgets)])
(as_before - model(tokens)).abs().max()

# %% [markdown]
# `enable_compatibility_mode()`, which we called at the start, multiplied each norm's $w$ and $b$ into the weights that read after it. This is called **folding**. It also subtracts from what each part writes the mean of its entries, which every norm would take away in any case. The predictions stay the same, and there are fewer things to keep in mind. (The deeper notebook shows what folding does to ablation.)

# %% claims
original = zoo.load("code-4l", device="cpu")
apart = model(tokens).log_softmax(-1) - original(tokens).log_softmax(-1)
with claims():
    claim("a hook that does not return changes nothing", (as_before - model(tokens)).abs().max() == 0)
    claim(
        "folding changes log-probabilities by less than a thousandth, and weights by more than a tenth",
        apart.abs().max() < 1e-3 and (model.W_U - original.W_U).abs().max() > 0.1,
    )
    claim(
        "folded, what `m0` and 2.2 write has the mean zero",
        max(parts[x].mean(-1).abs().max().item() for x in ("m0", "2.2")) < 1e-4,
    )

# %% [markdown]
# ## 5 · A head opened: where it looks, what it moves
#
# A head does two things, with two pairs of weights. Queries and keys decide *where it looks*. Values and the output matrix decide *what it moves*.

# %% figure
draw.head_opened("2.2", source="[", destination="size").captioned(
    "One head between two positions. W_Q and W_K give the score, and so the amount that is moved. W_V and W_O make what is moved."
)

# %% [markdown]
# A head's **pattern** has a row for each position that looks (the **query**), and a column for each that can be looked at (the **key**). Each row sums to one, and no position sees a later one. The last row of 2.2 on our prompt, drawn:

# %% figure
pattern = one["pattern", 2][0, 2]  # head 2.2: (query, key)
arcs = {(last, key): weight for key, weight in enumerate(pattern[-1].tolist()) if weight > 0.1}
draw.attention_arcs(words, arcs, name="2.2", marked=[opener]).captioned(
    "Where 2.2 looks from the last token of our prompt. The arrowhead stands at the token that looks, because what is read moves from the bracket to the end. Weights below 0.1 are left out."
)

# %% [markdown]
# Attention alone does not say which head matters. How much does each head give the bracket, on average over the 128 prompts?

# %%
looks = {}
for layer in range(4):
    pattern_at_end = healthy["pattern", layer][:, :, -1]  # (batch, head, key)
    for head in range(4):
        looks[f"{layer}.{head}"] = pattern_at_end[:, head, opener].mean().item()
{head: round(x, 2) for head, x in sorted(looks.items(), key=lambda item: -item[1])[:4]}

# %% [markdown]
# Head 1.0 looks at the bracket even more than 2.2 does, and ablating it costs hardly an answer.
#
# Why a head looks there, and what it takes, is in the weights. With stream vectors as rows:
#
# - the **QK circuit** $W_Q W_K^\top$, (d_model, d_model), takes the query's stream on its left and the key's on its right and gives the score;
# - the **OV circuit** $W_V W_O$, (d_model, d_model), takes the key's stream and gives what is added at the query.
#
# Their rank is at most d_head = 48 of 192, so a head reads and writes only a part of the stream.
#
# **Why 2.2 looks at the bracket.** A key is made from the stream, and the stream is a sum of what the parts have written. A key is therefore a sum as well, one term for each part that wrote there (with the norm's scale held). Each of these terms, multiplied with the query of the last token, gives a piece of the score. The chart below shows, piece by piece, how far the bracket is ahead of the other words and of the commas:

# %%
written = tf.components(model, one, layer=1).parts[:, 0]  # layers 0, 1: (part, pos, d_model)
scale = one["blocks.2.ln1.hook_scale"][0]  # (pos, 1): what the norm divides by there
keys = written / scale @ model.W_K[2, 2]  # (part, pos, d_head)
query = one["q", 2][0, -1, 2] / 48**0.5  # head 2.2, last token: (d_head,)
score = keys @ query  # (part, pos)
whole_score = score.sum(0) + model.b_K[2, 2] @ query
(whole_score - one["attn_scores", 2][0, 2, -1]).abs().max()  # the model's own

# %% figure
names = tf.components(model, one, layer=1).labels
chosen = {"m0": ["m0"], "m1": ["m1"], "the embedding": ["embed"]}
chosen["the eight heads"] = [x for x in names if "." in x]
terms = {part: score[[names.index(x) for x in xs]].sum(0) for part, xs in chosen.items()}
terms["position and biases"] = whole_score - sum(terms.values())
commas, plain_words = [5, 7], [4, 6, 8]
fig, ax = plots.figure(height=2.7)
pale = {plots.MLP: "#E9C4D8", plots.NULL: plots.STREAM}
for i, (part, row) in enumerate(terms.items()):
    colour = plots.MLP if part == "m0" else plots.NULL
    for shift, at, label, fill in ((-0.2, plain_words, " over the words", colour), (0.2, commas, " over the commas", pale[colour])):
        ahead = (row[opener] - row[at].mean()).item()
        ax.barh(i + shift, ahead, 0.38, color=fill)
        ax.text(max(ahead, 0) + 0.06, i + shift, f"{ahead:+.2f}{label}", va="center", fontsize=9)
ax.axvline(0, color="black", linewidth=0.8)
ax.set(yticks=range(5), yticklabels=[f"written by {x}" if x[0] == "m" else x for x in terms], ylim=(4.6, -0.6))
ax.set(xlabel="how far the score of the bracket is ahead (before the softmax)", xlim=(-0.6, 7.6))
plots.show(
    fig,
    alt="The bracket's score is ahead of the words by 5.5 and of the commas by 2.2 because of what m0 has written; every other part gives less than 1.",
    caption="The score of head 2.2 from the last token of our prompt, taken apart by who has written what is compared. The head finds the bracket by what m0 has written there.",
)

# %% claims
mean_row = healthy["pattern", 2][:, 2, -1].mean(0)  # head 2.2, from the last token: (key,)
with claims():
    claim(
        "on our prompt 2.2 gives the bracket 0.71 of its attention",
        rounds_to(pattern[-1, opener].item(), "0.71"),
    )
    claim(
        "on average over 128 prompts 2.2 gives the bracket 0.63 of its attention, and bracket and commas together more than nine tenths",
        rounds_to(mean_row[opener].item(), "0.63")
        and mean_row[opener] + mean_row[commas].sum() > 0.9,
    )
    claim(
        "on average 1.0 gives the bracket more attention than 2.2 does, and with 1.0 ablated less than a tenth of the right answers is lost",
        looks["1.0"] > looks["2.2"] and share[1, 0] > 0.9 * intact,
    )

# %% [markdown]
# **What 2.2 takes from the bracket.** Feed its OV circuit with an opening bracket. The shortest text that has one is the start token and `[`. Take the stream that layer 2 reads at `[`, pass it through $W_V W_O$, and on through the unembedding $W_U$. None of our prompts is involved.

# %% prediction
predict("transformer.copy")


# %%
def moves(signs, layer, head):
    """What a head's OV circuit adds to each logit, fed with these: (sign, d_vocab)."""
    ids = [model.tokenizer.encode(sign, add_special_tokens=False)[0] for sign in signs]
    short = torch.tensor([[model.tokenizer.bos_token_id, i] for i in ids])
    _, cache = model.run_with_cache(short)
    read = cache[f"blocks.{layer}.ln1.hook_normalized"][:, 1]  # (sign, d_model)
    return read @ model.W_V[layer, head] @ model.W_O[layer, head] @ model.W_U


brackets = (" (", " [", " {")
raised = moves(brackets, layer=2, head=2)  # (sign, d_vocab)

# %% figure answer
top = {s: [model.tokenizer.decode([i]).strip() for i in row.topk(3).indices] for s, row in zip(brackets, raised, strict=True)}
options = {"]": "the closing bracket", "[": "the same bracket"}
display(measured("transformer.copy", options.get(top[" ["][0], "neither bracket")))
match = torch.zeros(4, 4)  # a bracket's own partner, minus the mean of the two other closers
for layer in range(4):
    for head in range(4):
        scores = moves(brackets, layer, head)[:, closers] / final_scale
        partner = scores.diagonal()
        match[layer, head] = (partner - (scores.sum(1) - partner) / 2).mean()
fig, ax = plots.figure(width=3.4, height=2.8)
tf.draw_heads(ax, match, "logits", numbers=True, signed=True, limit=None, bar=False)
plots.show(
    fig,
    alt="A map of 16 heads: the OV circuit of 2.2 raises the matching closing bracket most, then 3.2 and 1.0.",
    caption="Fed an opening bracket, 2.2 raises "
    + "; ".join(f"`{x}` most for `{sign.strip()}`" for sign, (x, *_) in top.items())
    + ". The map shows for every head how much more its OV circuit raises the matching closing bracket than the two others, divided by the 15.13 of section 3, so that the numbers are logits. After 2.2 come 3.2 and 1.0.",
)

# %% [markdown]
# The ablation of section 1 was measured on prompts; this test needs none of them, only what the model makes of a bracket alone. Where the head looks and what it moves can be drawn as one arrow.

# %% figure
draw.road(words, opener, {"2.2": "[ → ]"}, mlps={("m0", opener): ""}, answer="]").captioned(
    "After section 5. Head 2.2 finds the bracket by what m0 has written there (orange), and carries to the last stream what closes it."
)

# %% claims
written_all = tf.components(model, healthy, layer=1)
keys_all = written_all.parts / healthy["blocks.2.ln1.hook_scale"] @ model.W_K[2, 2]
score_all = torch.einsum("cbph,bh->cp", keys_all, healthy["q", 2][:, -1, 2]) / 48**0.5 / 128
ranked = match.flatten().sort(descending=True)
order = [f"{i // 4}.{i % 4}" for i in ranked.indices.tolist()]


def by_m0(at):
    """The share of the bracket's advantage over these positions that m0 has written: our prompt, all."""
    ahead = score_all[:, opener] - score_all[:, at].mean(1)
    ours = terms["m0"][opener] - terms["m0"][at].mean()
    whole = whole_score[opener] - whole_score[at].mean()
    return (ours / whole).item(), (ahead[written_all.labels.index("m0")] / ahead.sum()).item()


with claims():
    claim(
        "of the bracket's advantage over the other words, and of that over the commas, `m0` has written more than eight tenths, on our prompt and on average over 128",
        min(*by_m0(plain_words), *by_m0(commas)) > 0.8,
    )
    claim(
        "the softmax of the scores gives the 0.71 of the pattern",
        rounds_to(whole_score.softmax(0)[opener].item(), "0.71"),
    )
    claim(
        "fed an opening bracket, the OV circuit of 2.2 raises the matching closing bracket above all other tokens",
        [row[0] for row in top.values()] == list(")]}"),
    )
    claim(
        "of all heads 2.2 raises the matching bracket most; 3.2 and 1.0 come next, and each of the other thirteen does less than four tenths of what 2.2 does",
        order[0] == "2.2" and set(order[1:3]) == {"3.2", "1.0"} and ranked.values[3] < 0.4 * ranked.values[0],
    )

# %% [markdown]
# ## 6 · Direct logit attribution
#
# The stream at the end is a sum, and the unembedding is linear. In between comes the final norm: subtracting the mean is linear too, dividing by the scale is not. Hold the scale fixed at the value that it had in this run, and a logit becomes a sum of terms, one for each part.
#
# For a part whose output at the last position is $x$, with the final norm's weights $w$ (all ones once they are folded), the term is
#
# $$\left(\frac{x - \bar x}{\text{scale}} \odot w\right) \cdot \left(W_U[:, \text{right}] - W_U[:, \text{wrong}]\right)$$
#
# This is **direct logit attribution**. We take it for a difference of two logits, since a number added to all logits changes nothing. By hand, for head 2.2 on our prompt:

# %%
vector = one["z", 2][0, -1, 2] @ model.W_O[2, 2]  # the output of 2.2: (d_model,)
direction = model.W_U[:, closers[1]] - model.W_U[:, closers[0]]  # `]` minus `)`
along = vector @ direction  # folded: the mean is zero already
scale = one["ln_final.hook_scale"][0, -1]
f"{along:.1f} along the direction, divided by {scale.item():.1f}: {(along / scale).item():.2f}"

# %% [markdown]
# This is 2.2's term, 1.86 of a lead of 3.22. The same for all parts, on all prompts:

# %%
added = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)

# %% figure
largest = [part for part, _ in added.top(9)][::-1]
fig, ax = plots.figure(height=2.9)
for i, part in enumerate(largest):
    mean, spread = added[part].mean().item(), 1.96 * added[part].std().item() / 128**0.5
    colour = plots.HEAD if "." in part else plots.MLP if part[0] == "m" else plots.NULL
    ax.barh(i, mean, 0.62, color=colour, xerr=spread, error_kw=dict(linewidth=1.2, ecolor=plots.INK))
    ax.text(mean + (spread + 0.03 if mean > 0 else -spread - 0.03), i, f"{mean:+.2f}", va="center", ha="left" if mean > 0 else "right")
ax.axvline(0, color="black", linewidth=0.8)
ax.set_yticks(range(len(largest)), [{"b_O": "biases of heads", "embed": "embedding", "pos": "position", "b_out": "biases of MLPs"}.get(x, x) for x in largest])
ax.set(xlabel="term of the lead (logits)", xlim=(-0.6, 2.1))
plots.show(
    fig,
    alt="Terms of the lead: 2.2 has 1.6, m3 1.3, 3.2 0.7, 1.0 and m0 a little less than that, all others less.",
    caption=f"The nine largest terms, means over 128 prompts, with 95 % intervals of the mean. All terms together are {added.total().mean():.2f}, the whole lead. Those of m0, 3.2 and m3 are the light bars of the puzzle.",
)

# %% [markdown]
# One thing is in none of these numbers: what a part does by preparing what *later* parts read. Terms are **direct effects**. An **indirect effect** works through later parts.
#
# *Question.* The heads of layer 0 have terms of practically zero. Must that be so?
#
# <details><summary>Answer</summary>
#
# No. Such a head could look at the bracket's embedding and, through its OV circuit, write the direction of the closing one. Nothing forbids it. In this model layer 0 prepares what later layers use.
# </details>

# %% claims
ours = tf.attribution(model, tokens, closers[1:2], closers[:1])
with claims():
    claim(
        "the terms sum to the model's own lead, prompt by prompt, to a thousandth",
        (added.total() - added.target).abs().max() < 1e-3,
    )
    claim(
        "on our prompt the output of 2.2 is 31.5 along the direction, the scale is 16.9, the term 1.86, the lead 3.22",
        rounds_to(along.item(), "31.5")
        and rounds_to(scale.item(), "16.9")
        and rounds_to([(along / scale).item(), ours["2.2"].item()], "1.86")
        and rounds_to(ours.target.item(), "3.22"),
    )
    claim(
        "on average 2.2 has the largest term, 30 % of the lead",
        added.top(1)[0][0] == "2.2"
        and rounds_to((added["2.2"].mean() / added.target.mean()).item(), "0.30"),
    )
    claim(
        "the five largest terms are those of 2.2, m3, 3.2, 1.0 and m0",
        {x for x, _ in added.top(5)} == {"2.2", "m3", "3.2", "1.0", "m0"},
    )
    claim(
        "the terms of the heads of layer 0 are less than a twentieth of a logit each",
        added.heads()[0].abs().max() < 0.05,
    )

# %% [markdown]
# ## 7 · Reading early, and ablation in three ways
#
# If the last stream can be turned into logits, so can earlier ones. Pass the stream at some depth through the final norm and the unembedding, as if the remaining layers were not there. This is the **logit lens** ([nostalgebraist 2020](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens)). Depth 0 is the embedding, depth 4 the model's own answer.

# %% prediction
predict("transformer.depth")

# %%
streams = [healthy["resid_pre", 0]]
streams += [healthy["resid_post", layer] for layer in range(4)]
at_the_end = torch.stack(streams)[:, :, -1]  # (depth, batch, d_model), last position
lens = model.unembed(model.ln_final(at_the_end))  # (depth, batch, d_vocab)
lens.shape

# %% figure answer
right_by_depth = [pairs.right(logits[:, None]) for logits in lens]
round_leads = (lens[..., closers].argmax(-1) == 0).float().mean(1).tolist()  # (depth,)
first = "the round one" if round_leads[1] > 0.75 else "the right one" if right_by_depth[1] > 0.75 else "each on some"
display(measured("transformer.depth", {"the round one": "the round one, whatever is open", "the right one": "the right one"}.get(first, "each on about a third")))
fig, ax = plots.figure(width=6, height=2.9)
ax.plot(range(5), right_by_depth, marker="o", color=plots.ANSWER)
ax.plot(range(5), round_leads, marker="s", color=plots.EDITED)
ax.axhline(1 / 3, color=plots.NULL, linestyle=":")
ax.text(4.45, 1 / 3 - 0.09, "a third", color=plots.NULL, ha="right")
ax.text(3.05, right_by_depth[3] - 0.12, "the right one is ahead", color=plots.ANSWER, fontweight="bold")
ax.text(1.0, round_leads[1] + 0.05, ") is ahead, right or wrong", color=plots.EDITED, fontweight="bold")
ax.set(xticks=range(5), xlabel="depth: layers read", ylabel="share of prompts", ylim=(0, 1.1), xlim=(-0.2, 4.5))
plots.show(
    fig,
    alt="The right bracket is ahead on about a third of the prompts at depths 0 to 2, and on most from depth 3; the round bracket is ahead on nearly all at depths 1 and 2.",
    caption="The logit lens at the last position, 128 prompts. Where `)` is right and ahead, a prompt counts in both lines. At depth 0, the embeddings of the last word and its position, the round one is never ahead: the square one is on about half of the prompts, the curly one on the others, and by chance it is the right one on a third. After layers 0 and 1 the round bracket is ahead nearly always. The right one overtakes it in layer 2, where head 2.2 works.",
)

# %% [markdown]
# The lens reads the *last* position, with the *final* vocabulary. An empty reading does not mean that the model does not know. The answer may be at another position, or in a form that the unembedding does not read.
#
# The other tool of this section is ablation. Something has to be written instead of a part's output, and there are three usual choices.
#
# - **Zero ablation** writes zeros, often a value that the part never takes.
# - **Mean ablation** writes the part's average over a stated set of prompts. What is the same on all of them stays. Our set, `pairs.everyone`, holds every prompt and its twin, so that the average tells nothing about the bracket.
# - **Resample ablation** writes the part's output on another prompt, in this lesson its twin.

# %% prediction
predict("transformer.exchange")

# %%
kinds = {kind: tf.removal(model, pairs, kind) for kind in ("mean", "resample")}
kinds["zero"] = puzzle  # from the start of the lesson
lost_lead = {kind: found.of("2.2")[1] for kind, found in kinds.items()}

# %% figure answer
from course_utils.intervals import mean_interval

costs = {
    part: {k: mean_interval(kinds[k].loss[puzzle.labels.index(part)]) for k in ("zero", "mean", "resample")}
    for part in ("2.2", "m3")
}
ratio = costs["2.2"]["resample"][0] / costs["2.2"]["mean"][0]
factor = {"about the same": 1, "about one and a half times": 1.5, "about twice": 2, "about four times": 4}
display(measured("transformer.exchange", min(factor, key=lambda name: abs(factor[name] - ratio))))
table(
    costs,
    unit="logits of lead lost",
    signed=True,
    decimals=2,
    corner="part",
    caption="Three ablations. Means over 128 prompts, with their 95 % intervals (prompts resampled). For 2.2, the twin's output costs about twice what the mean costs: the mean lies between the outputs of the two prompts, and the twin's output raises the wrong bracket. For m3, zeros and the mean do not even agree on the sign.",
)

# %% [markdown]
# What a part writes is partly the same on all prompts. The mean keeps that constant, zeros remove it, and later parts were trained with it. For 2.2 the constant does not matter to the mean lead: zeros and mean cost the same. It does matter to the answers, of which 0.57 are right with zeros and 0.72 with the mean. A report of an ablation says what was written instead, from where, and in which unit the loss is counted.

# %% claims
with_mean = tf.shares_without(model, pairs, [["2.2"]])[0]
square_at_0 = (lens[0][:, closers].argmax(-1) == 1).float().mean().item()
with claims():
    claim(
        "at depths 1 and 2 the round bracket is ahead on more than four prompts in five, whatever is open",
        min(round_leads[1:3]) > 0.8,
    )
    claim(
        "the right bracket is ahead on three prompts in four from depth 3 on, and on fewer than two in three before",
        min(right_by_depth[3:]) >= 0.75 and max(right_by_depth[:3]) < 2 / 3,
    )
    claim(
        "at depth 0 the round bracket is never ahead, the square one on about half of the prompts, and the right one on a third",
        round_leads[0] == 0 and between(square_at_0, 0.4, 0.6) and about(right_by_depth[0], 1 / 3),
    )
    claim("for 2.2, resampling costs twice what the mean costs, 2.0 when rounded", rounds_to(ratio, "2.0"))
    claim(
        "for 2.2, zeros and the mean both cost 2.27 of the lead; with zeros 0.57 of the answers are right, with the mean 0.72",
        rounds_to([lost_lead["zero"], lost_lead["mean"]], "2.27")
        and rounds_to(share[2, 2].item(), "0.57") and rounds_to(with_mean, "0.72"),
    )
    claim(
        "for `m3` the lead rises with zeros and falls with the mean (every interval apart from zero)",
        costs["m3"]["zero"][2] < 0 < costs["m3"]["mean"][1],
    )

# %% [markdown]
# ## 8 · Activation patching
#
# Run both prompts of a pair. Take an activation from the clean run and put it into the corrupt one. If the answer turns towards the clean one, then what tells the two prompts apart passes there.

# %% figure
draw.activation_patching("2.2", clean=("[names, lines, size", "]"), corrupt=("(names, lines, size", ")"))

# %% [markdown]
# Putting clean into corrupt is **denoising**, and asks what is *enough* to bring the answer back. The other way round is **noising**, and asks what is *needed* to keep it. (Resample ablation with the twin, of section 7, is noising.)
#
# `patching.Question` holds the two sets of prompts and the lead; `sweep` patches one place after the other. First the stream before each layer, at each position:

# %%
ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
recovery = ask.sweep("resid_pre").recovery()  # (layer, position)

# %% figure
roles = ["start", "name", "=", "opener", "word", ",", "word", ",", "last word"]
fig, ax = plots.figure(height=2.9)
plots.heatmap(ax, recovery, signed=False, limit=1, label="recovery", origin="lower", aspect="auto", bar=False)
for at, value in enumerate(recovery.flatten().tolist()):
    if value > 0.05:
        shade = "white" if value > 0.6 else "black"
        ax.text(at % 9, at // 9, f"{value:.2f}", ha="center", va="center", color=shade)
ax.set(xticks=range(9), yticks=range(4), ylabel="before layer")
ax.set_xticklabels(roles)
plots.show(
    fig,
    alt="Recovery by patching the stream: at the opening bracket 1.00, 0.77, 0.50, 0.14 before layers 0 to 3; at the last word 0, 0.22, 0.45, 0.83.",
    caption="Where the answer is: recovery, averaged over 128 pairs. Positions are named by their role, layers go upwards. Each cell patches the stream at one place, before one layer.",
)

# %% [markdown]
# This is what the lens could not see. Before layer 1 the bracket's own position holds 0.77 of the answer, and the last token has 0.22 already. Before layer 3 the last token has 0.83. No position between them holds anything.
#
# For single heads, patching is a hook like the ablation of section 1, with the clean run's values where the zeros were:


# %%
def clean_2_2(z, hook):  # z: (batch, pos, head, d_head)
    z = z.clone()
    z[:, :, 2] = healthy[hook.name][:, :, 2]
    return z


edit = ("blocks.2.attn.hook_z", clean_2_2)
patched_logits = model.run_with_hooks(pairs.corrupt, fwd_hooks=[edit])
by_hand = recovered(patched_logits)

# %% [markdown]
# From section 7 you know the other direction: the twin's output of 2.2, put into the clean run, takes away 4.58 of the 10.3 logits that lie between the two runs. That is 0.44.

# %% prediction
predict("transformer.recovery")

# %%
by_head = ask.sweep("z").recovery()  # (layer, head)

# %% figure answer
noised = lost_lead["resample"] / (lead - low)
apart = by_head[2, 2].item() - noised
display(measured("transformer.recovery", "about the same" if abs(apart) < 0.05 else "clearly more" if apart > 0 else "clearly less"))
fig, ax = plots.figure(width=3.4, height=2.8)
tf.draw_heads(ax, by_head, "recovery", numbers=True, bar=False)
plots.show(
    fig,
    alt="Recovery by patching one head: 2.2 0.44, then 1.0 and 3.2 with 0.18, then 0.3 with 0.11.",
    caption=f"Recovery with the output of one head patched from clean into corrupt. No other head brings back as much as 2.2 ({by_head[2, 2]:.2f}, by hand {by_hand:.2f}), yet alone it brings back less than half. 1.0 and 3.2 follow.",
)

# %% [markdown]
# The two directions ask different questions, and here they must give the same number. In every pair either prompt can play the clean one, and both orders are equally frequent among our pairs, so that noising and denoising are one experiment.
#
# **A test.** The OV circuits, attribution and patching name the same two helpers, 1.0 and 3.2. A description should predict an experiment that it was not made from: without 2.2, 1.0 and 3.2 together, the model should guess, and be worse than without 2.2 and two other heads drawn at random.

# %% prediction
predict("transformer.trio")

# %%
trio = ["2.2", "1.0", "3.2"]
others = [name for name in looks if name not in trio]  # the other 13 heads
dice = torch.Generator().manual_seed(0)
mixed = [[others[i] for i in torch.randperm(13, generator=dice)] for _ in range(10)]
fresh_sets = [tf.bracket_pairs(model.tokenizer, 128, seed=seed) for seed in range(10, 20)]
by_set = []
for prompts, order in zip(fresh_sets, mixed, strict=True):
    sets = [["2.2"], ["2.2", *order[:2]], trio]  # each head at its mean
    by_set.append(tf.shares_without(model, prompts, sets))
by_set = torch.tensor(by_set)  # (set of prompts, set of heads): share right

# %% figure answer
without_trio = by_set[:, 2].mean().item()
bins = ("about a third: it guesses", "about two fifths", "about half", "two thirds or more")
display(measured("transformer.trio", bins[sum(without_trio > edge for edge in (0.367, 0.45, 0.58))]))
fig, ax = plots.figure(width=5.6, height=2.9)
labels = ("2.2", "2.2 and two\nat random", "2.2, 1.0, 3.2")
for i, colour in enumerate((plots.HEAD, plots.GREY, plots.HEAD)):
    ax.plot(i + torch.linspace(-0.14, 0.14, 10), by_set[:, i], "o", color=colour, markersize=5)
    ax.plot([i - 0.24, i + 0.24], [by_set[:, i].mean()] * 2, color=plots.INK, linewidth=2)
    ax.text(i + 0.28, by_set[:, i].mean(), f"{by_set[:, i].mean():.2f}", va="center", fontweight="bold")
ax.axhline(1 / 3, color=plots.NULL, linestyle=":")
ax.text(-0.45, 1 / 3 - 0.05, "guessing", color=plots.NULL)
ax.set_xticks(range(3), labels)
ax.set(ylabel="share right", xlabel="heads ablated (mean)", xlim=(-0.5, 2.65), ylim=(0.2, 0.9))
plots.show(
    fig,
    alt="Share right on ten sets of prompts: around 0.74 without 2.2, 0.68 with two random heads beside it, 0.40 without the three, where guessing gives 0.33.",
    caption="One dot for each of ten fresh sets of 128 prompts; bars are means. Grey: two heads drawn at random, anew for each set.",
)

# %% [markdown]
# On each of the ten sets the three matter more than 2.2 and two at random. But the model does not quite guess: 0.40 are right on average, where guessing gives a third. Who is missing? Search, on our first 128 prompts, for the fourth head that costs most beside the three. Then test it on the ten fresh sets, against a fourth head drawn at random.

# %% answer
as_fourth = tf.shares_without(model, pairs, [[*trio, name] for name in others])
found = others[as_fourth.index(min(as_fourth))]
fourth = []
for prompts, order in zip(fresh_sets, mixed, strict=True):
    random = order[3] if order[2] == found else order[2]
    fourth.append(tf.shares_without(model, prompts, [[*trio, found], [*trio, random]]))
fourth = torch.tensor(fourth)  # (set of prompts, two)
found

# %% figure answer
compared = {"the three": by_set[:, 2], f"the three and {found}": fourth[:, 0], "the three and one at random": fourth[:, 1]}
table(
    {name: (x.mean().item(), x.min().item(), x.max().item()) for name, x in compared.items()},
    columns=("mean", "lowest set", "highest set"), unit="share right", decimals=2, corner="heads ablated",
    caption="The fourth head, on the ten fresh sets of 128 prompts.",
)  # fmt: skip

# %% claims
low_end, high_end = (end[2, 2].item() for end in ask.sweep("z").interval("recovery"))
rank = [f"{i // 4}.{i % 4}" for i in by_head.flatten().argsort(descending=True).tolist()]
at_bracket, at_last = recovery[:, opener], recovery[:, -1]
in_between = recovery[:, [p for p in range(len(roles)) if p not in (opener, len(roles) - 1)]]
with claims():
    claim(
        "before layer 0 all of the answer is at the bracket; before layer 1 it is 0.77 there and 0.22 at the last token",
        at_bracket[0] > 0.99
        and rounds_to(at_bracket[1].item(), "0.77")
        and rounds_to(at_last[1].item(), "0.22"),
    )
    claim(
        "before layer 3 it is 0.14 at the bracket and 0.83 at the last token",
        rounds_to(at_bracket[3].item(), "0.14") and rounds_to(at_last[3].item(), "0.83"),
    )
    claim("no position between them recovers more than 5 %", in_between.abs().max() < 0.05)
    claim(
        "2.2 recovers 0.44 of the lead, in the interval between 0.40 and 0.50, more than any other head; 1.0 and 3.2 come next, with 0.18 each, then 0.3 with 0.11",
        rounds_to([by_head[2, 2].item(), by_hand], "0.44")
        and between((low_end, high_end), 0.4, 0.5)
        and rank[0] == "2.2" and set(rank[1:3]) == {"1.0", "3.2"} and rank[3] == "0.3"
        and rounds_to([by_head[1, 0].item(), by_head[3, 2].item()], "0.18")
        and rounds_to(by_head[0, 3].item(), "0.11"),
    )

# %% [markdown]
# Without 0.3 too, the model guesses. Yet 0.3 adds nothing to the logits directly, so some later part must read what it brings.
#
# (On doing patching well: Zhang & Nanda 2023, [arXiv 2309.16042](https://arxiv.org/abs/2309.16042); Heimersheim & Nanda 2024, [arXiv 2404.15255](https://arxiv.org/abs/2404.15255).)

# %% claims
noise_too = []
for seed in range(1, 4):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    again = patching.Question(model, more.clean, more.corrupt, more.metric)
    kept = again.noising().sweep("z", layers=[2]).recovery()[0, 2].item()
    noise_too.append(again.sweep("z", layers=[2]).recovery()[0, 2].item() - (1 - kept))
_, two_random, three = by_set.T
four, one_random = fourth.T
with claims():
    claim(
        "noising and denoising of 2.2 give the same number, within a hundredth, on these prompts and on three other sets",
        max(abs(x) for x in (*noise_too, by_head[2, 2].item() - noised)) < 0.01
        and rounds_to(lost_lead["resample"], "4.58") and rounds_to(lead - low, "10.3") and rounds_to(noised, "0.44"),
    )
    claim(
        "without the three heads 0.40 of the brackets are right on average, above a third by more than four standard errors of this mean over ten sets",
        rounds_to(three.mean().item(), "0.40") and three.mean() - 1 / 3 > 4 * three.std() / 10**0.5,
    )
    claim(
        "with two other heads drawn at random beside 2.2, at least 0.08 more of the prompts are right, on each of the ten sets",
        (two_random - three).min() >= 0.08,
    )
    claim("the search finds 0.3, which adds less than a hundredth of a logit directly", found == "0.3" and added["0.3"].mean().abs() < 0.01)
    claim(
        "on each of the ten sets ablating 0.3 as well costs at least 0.03 more, a random fourth head less than 0.01 on average; without the four 0.33 are right on average",
        (three - four).min() >= 0.03 and abs((three - one_random).mean()) < 0.01 and rounds_to(four.mean().item(), "0.33"),
    )

# %% [markdown]
# *Question.* Patching compares two prompts. What can it never find?
#
# <details><summary>Answer</summary>
#
# Whatever both prompts share: that a list is being written, that something must be closed at all. It is the same in both runs, so that no patch reveals who works it out.
# </details>

# %% [markdown]
# ## 9 · An MLP opened
#
# The puzzle's other half is `m0`. An MLP is a row of neurons. Each reads one direction of the stream, is cut off where the result is negative, and adds another direction, as much as it is active:

# %% figure
draw.mlp_opened("m0", neurons=8)

# %% [markdown]
# At each position $\text{out} = \text{GELU}(x W_\text{in} + b_\text{in})\, W_\text{out} + b_\text{out}$, with $W_\text{in}$ of shape (d_model, d_mlp) and $W_\text{out}$ of shape (d_mlp, d_model). GELU is a smooth ReLU. `m0` has 768 neurons.
#
# **What later layers read.** The bracket itself is still in the stream after layer 0. Do later heads read *it*, or what `m0` has made of it? The stream is a sum of two lanes: what entered `m0` (`resid_mid`: the embeddings and what the heads of layer 0 have added) and what `m0` made of it (`mlp_out`). In the corrupt run, turn one lane to its clean value and leave the other: add the difference of that lane between the two runs.

# %%
_, corrupt = model.run_with_cache(pairs.corrupt)
entered, out = "blocks.0.hook_resid_mid", "blocks.0.hook_mlp_out"
change = {x: (healthy[x] - corrupt[x])[:, opener] for x in (entered, out)}  # (batch, d_model)


def add_at_bracket(change):
    """Recovery when this is added to the stream after layer 0, at the bracket."""

    def hook(x, hook):
        x = x.clone()
        x[:, opener] += change
        return x

    hooks = [("blocks.1.hook_resid_pre", hook)]
    return recovered(model.run_with_hooks(pairs.corrupt, fwd_hooks=hooks))


# %%
gate = tf.through_first_mlp(model, pairs)  # the same, for m0's output at other places
lengths = {name: x.norm(dim=-1, keepdim=True) for name, x in change.items()}
longer = lengths[out] / lengths[entered]  # how many times longer m0's is, pair by pair
as_long, as_short = (add_at_bracket(x) for x in (change[entered] * longer, change[out] / longer))
through = {"made": add_at_bracket(change[out]), "entered": add_at_bracket(change[entered])}

# %% figure
draw.lanes(
    {
        "what entered m0,\nat the bracket": ({(0, False)}, through["entered"]),
        "what m0 made,\nat the bracket": ({(0, True)}, through["made"]),
        "what m0 made,\nat the end": ({(1, True)}, gate["last"]),
        "what m0 made,\nat both": ({(0, True), (1, True)}, gate["both"]),
        "all that went\npast m0": ({(0, False), (1, False)}, gate["past it"]),
    },
    ["[", "size"],
).captioned(
    f"Five experiments, with the recovery above. Each stream has two lanes: on the left what entered m0, on the right what m0 (pink) made of it. Green lanes are clean, pale ones corrupt. In the last experiment what entered m0 is clean at all positions. Controls for length, at the bracket: what entered m0, made as long as what m0 made, gives {as_long:.2f}; what m0 made, made as short, {as_short:.2f}."
)  # fmt: skip

# %% [markdown]
# Later layers do not read the bracket's embedding. They read what `m0` has made of it: a translation. It takes both its direction and its length, which is about ten times that of what entered.
#
# These are the numbers that section 8 found in the stream before layer 1: 0.77 at the bracket, 0.22 at the last token. Both pass through `m0`. Alone they add up to 0.77 + 0.22 = 0.99, and together they bring back the whole answer, to a few hundredths; with `m0`'s output clean at all positions it is 1.00. What goes past `m0` turns nothing. Such a place, through which everything that is used must pass, is a **bottleneck**.
#
# **Who reads it.** If we patch the output of `m0`, all its readers get it. To learn who matters, give it to one reader alone. This is **path patching**.

# %% figure
draw.path_patching("m0", "2.2", clean=("[names, lines, size", "]"), corrupt=("(names, lines, size", ")"))

# %% [markdown]
# One arrow by hand: from `m0` to the values of 2.2. Take the stream that layer 2 reads in the corrupt run. Exchange in it the output of `m0` for the clean one. Let the norm and $W_V$ of 2.2 read that, and nobody else.

# %%
moved = corrupt["resid_pre", 2] - corrupt["mlp_out", 0] + healthy["mlp_out", 0]
values = model.blocks[2].ln1(moved) @ model.W_V[2, 2] + model.b_V[2, 2]


def for_2_2(v, hook):  # v: (batch, pos, head, d_head)
    v = v.clone()
    v[:, :, 2] = values
    return v


edit = ("blocks.2.attn.hook_v", for_2_2)
one_arrow = recovered(model.run_with_hooks(pairs.corrupt, fwd_hooks=[edit]))
round(one_arrow, 2)

# %% [markdown]
# `ask.path_patch(senders, readers)` does the same for any sender and any reader. With its arrows the drawing is complete:

# %% figure
readers = ["1.0.v", "2.2.v", "3.2.v", "2.2.k", "m1"]  # v: values, k: keys
from_m0 = ask.path_patch(["m0"], readers, pairs=True).recovery()[0]  # (reader,)
from_m0 = dict(zip(readers, from_m0.tolist(), strict=True))
senders = ["1.0", "2.2", "3.2", "0.3", "m0", "m3"]
to_logits = ask.path_patch(senders, "logits").recovery()  # (sender,)
to_logits = dict(zip(senders, to_logits.tolist(), strict=True))
feeding = ["0.3", "0.2", ["0.3", "0.2"]]  # at the last token, to m0
to_m0 = ask.path_patch(feeding, ["m0"], positions=last).recovery().flatten().tolist()
draw.road(
    words, opener, {"0.3": ""} | {x: f"{from_m0[x + '.v']:.2f}" for x in trio},
    thick={"0.3": to_m0[0]} | {x: from_m0[x + ".v"] for x in trio},
    mlps={("m0", opener): f"{gate['opener']:.2f}", ("m0", last): f"{gate['last']:.2f}", ("m3", last): ""},
    logits={x: f"{to_logits[x]:.2f}" for x in (*trio, "m0", "m3")},
    handed={"0.3": f"{to_m0[0]:.2f} to m0"}, skipped="past m0:\nnothing", answer="]",
).captioned(
    "The road of the bracket. Pink: recovery with the output of m0 clean at that position. Blue: one arrow alone, from m0 to what a head brings (its values). Green: from a part to the logits alone. Each number is an experiment of its own: they are not amounts of a flow, and need not add up. Head 2.2 has 0.44 when all its output is patched, 0.29 for what its values get from m0 alone, 0.31 for what it passes to the logits alone."
)  # fmt: skip

# %% [markdown]
# This is how the model closes a bracket:
#
# 1. At the bracket, `m0` translates it into a form that later layers read.
# 2. Heads 1.0, 2.2 and 3.2 look back from the last token, find that form, and bring it along; 2.2 brings most.
# 3. What they write there raises the closing bracket of the same kind. `m3` reads it and adds to it.
# 4. A second, smaller road: 0.3, with a little help from 0.2, brings the bracket's *embedding* to the last token before `m0` has run. There `m0` translates it.
# 5. The norm and the unembedding turn the sum into logits.
#
# That is why 0.3 has no direct attribution and yet matters: `m0` reads it. And it is why layer 0 had to be left whole in section 1.

# %% claims
sums = [tf.through_first_mlp(model, tf.bracket_pairs(model.tokenizer, 128, seed=seed)) for seed in range(1, 6)]
sums.append(gate)
with claims():
    claim(
        "the output of `m0` brings back 0.77, all that the bracket's position holds; what entered it brings back nothing (less than 0.01)",
        rounds_to(through["made"], "0.77")
        and abs(through["made"] - at_bracket[1]) < 0.01
        and abs(through["entered"]) < 0.01,
    )
    claim("the output of `m0` differs by ten times as much as its input", about(longer.mean().item(), 10))
    claim(
        "made as long, what entered `m0` brings back 0.04 only; made as short, its output brings back 0.07",
        rounds_to(as_long, "0.04") and rounds_to(as_short, "0.07"),
    )
    claim(
        "on these prompts and on five other sets, the output of `m0` at the bracket and at the last token, each alone, add up to between 0.98 and 1.01, and everywhere it brings back 1.00",
        between([x["opener"] + x["last"] for x in sums], 0.98, 1.01)
        and rounds_to([x["everywhere"] for x in sums], "1.00")
        and rounds_to(gate["opener"] + gate["last"], "0.99"),
    )
    claim(
        "on these six sets everything but the output of `m0`, at all positions, brings back less than a hundredth",
        max(abs(x["past it"]) for x in sums) < 0.01,
    )

# %% [markdown]
# **How many neurons?** The output of an MLP is a fixed bias plus what its neurons add. Whatever `m0` tells about the bracket is therefore in the activations of its neurons.

# %% prediction
predict("transformer.neurons")

# %%
best_first = tf.neuron_order(model, pairs[:32])  # by what each recovers alone
fresh = tf.bracket_pairs(model.tokenizer, 64, seed=5)  # not those of the order
sizes = (1, 5, 16, 50, 128, 256, 768)
best_sets = tf.neuron_recovery(model, fresh, [best_first[:size] for size in sizes])
random_order = torch.randperm(768, generator=torch.Generator().manual_seed(0))
random_sets = tf.neuron_recovery(model, fresh, [random_order[:size] for size in sizes])

# %% figure answer
half = next(size for size, x in zip(sizes, best_sets, strict=True) if x >= best_sets[-1] / 2)
bins = {1: "one", 5: "two to five", 16: "six to fifty", 50: "six to fifty"}
display(measured("transformer.neurons", bins.get(half, "more than fifty")))
fig, ax = plots.figure(width=6, height=3)
ax.plot(sizes, best_sets, marker="o", color=plots.MLP, label="the best neurons")
ax.plot(sizes, random_sets, marker="o", color=plots.NULL, linestyle="--", label="null: random neurons")
ax.set(xscale="log", xticks=sizes, xticklabels=sizes, xlabel="neurons of m0 patched at the bracket", ylabel="recovery")
ax.minorticks_off()
ax.legend()
plots.show(
    fig,
    alt="Recovery rises slowly with the number of the best neurons, and needs hundreds of random ones.",
    caption="Neurons of m0 patched together at the bracket, best first. The order was found on 32 prompts, the recovery measured on 64 others. No single neuron does it, nor do five; fifty bring back more than half. The best 256 bring back more than all 768, so that some of the rest work against them.",
)

# %% [markdown]
# Does a single one of these neurons stand for a bracket? The deeper notebook looks at what the best four answer to. None of them does; each is **polysemantic**, which means that it answers to several things. Why a model would store things in this way is the subject of lessons 1 and 2.

# %% claims
random_50 = tf.neuron_recovery(
    model,
    fresh,
    [torch.randperm(768, generator=torch.Generator().manual_seed(seed))[:50] for seed in range(5)],
)
with claims():
    claim(
        "the values of 2.2 get 0.29 from `m0`, by hand too, those of 1.0 0.19, those of 3.2 0.11; the keys of 2.2 get 0.10, and so does `m1`",
        rounds_to(one_arrow, "0.29")
        and all(
            rounds_to(from_m0[reader], x)
            for reader, x in (("2.2.v", "0.29"), ("1.0.v", "0.19"), ("3.2.v", "0.11"), ("2.2.k", "0.10"), ("m1", "0.10"))
        ),
    )
    claim(
        "of the arrows to the logits those of 2.2, 0.31, and of `m3`, 0.22, carry most",
        sorted(to_logits, key=to_logits.get)[-2:] == ["m3", "2.2"]
        and rounds_to(to_logits["2.2"], "0.31") and rounds_to(to_logits["m3"], "0.22"),
    )
    claim(
        "0.3 passes nothing to the logits; at the last token it gives `m0` 0.18, and with 0.2 together 0.22, which is what `m0` holds there",
        abs(to_logits["0.3"]) < 0.001 and rounds_to(to_m0[0], "0.18")
        and rounds_to([to_m0[2], gate["last"], at_last[1].item()], "0.22"),
    )
    claim("the best single neuron brings back less than a tenth of the lead", best_sets[0] < 0.1)
    claim(
        "five neurons bring back less than half of what all 768 do, and 50 bring back more than half",
        best_sets[1] < best_sets[-1] / 2 < best_sets[3],
    )
    claim("the best 256 bring back more than all 768", best_sets[5] > best_sets[6])
    claim(
        "50 of the best bring back at least four times as much as any of five random sets of 50",
        best_sets[3] >= 4 * max(random_50),
    )

# %% [markdown]
# ## 10 · The puzzle answered
#
# Take `m3` first. It is the last part, and only the final norm comes after it. Write zeros as in the puzzle, and once more with the norm's scale held where it was in the whole run:

# %%
name = "blocks.3.hook_mlp_out"
zeros = (name, lambda out, hook: torch.zeros_like(out))
hold = ("ln_final.hook_scale", lambda scale, hook: healthy["ln_final.hook_scale"])
without_m3 = model.run_with_hooks(pairs.clean, fwd_hooks=[zeros])
scale_held = model.run_with_hooks(pairs.clean, fwd_hooks=[zeros, hold])

# %% [markdown]
# For `m0`, ask what happens to the others: their direct attribution in the whole model, and once more with zeros for `m0`.


# %%
def terms_without(*hooks):
    """Each part's direct attribution, and the run's cache, with these hooks."""
    with model.hooks(fwd_hooks=list(hooks)):
        then = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
        _, cache = model.run_with_cache(pairs.clean)
    return then, cache


no_m0 = ("blocks.0.hook_mlp_out", lambda out, hook: torch.zeros_like(out))
without_m0, cache = terms_without(no_m0)
looks_without = cache["pattern", 2][:, 2, -1, opener].mean().item()  # of head 2.2
parts_lost = {x: (added[x] - without_m0[x]).mean().item() for x in ("m0", "1.0", "2.2", "3.2", "m3")}

# %% figure
ends = {x: pairs.difference(y).mean().item() for x, y in (("held", scale_held), ("free", without_m3))}
term = added["m3"].mean().item()
parts_lost["all others"] = (added.target - without_m0.target).mean().item() - sum(parts_lost.values())
fig, (left, middle, right) = plots.figure(columns=3, height=3.6, width_ratios=(1.9, 1.35, 1), sharey=True)
draw_puzzle(left)
left.set(title="the puzzle", ylabel="logits", xticklabels=("m0", "3.2", "m3"))
stretch = ends["held"] - ends["free"]
heights, colours = (term, stretch, term + stretch), (plots.MLP, plots.HEAD, plots.SERIES[0])
middle.bar(range(3), heights, 0.7, bottom=(0, term, 0), color=colours)
for i, (value, height) in enumerate(zip(heights, (term, term, 0), strict=True)):
    middle.text(i, height + 0.12, f"{value:+.2f}".replace("-", "−"), ha="center", fontweight="bold")
middle.set(title="m3: lost without it", xticks=range(3), xticklabels=("its\nterm", "the\nstretch", "lost"))
low_end = 0.0
for part, value in parts_lost.items():
    right.bar(0, value, 0.7, bottom=low_end, color={"m": plots.MLP, "a": plots.NULL}.get(part[0], plots.HEAD), edgecolor="white")
    right.text(0.42, low_end + value / 2, f"{part}  {value:.2f}", va="center", fontsize=9)
    low_end += value
right.set(title="m0: lost without it", xlim=(-0.5, 1.9), xticks=[0], xticklabels=["each part's\nterm"])
for ax in (middle, right):
    ax.axhline(0, color="black", linewidth=0.8)
plots.show(
    fig,
    alt="Three panels in one scale. The puzzle's bars. For m3: its term, 1.30, and the stretch of the rest, −1.53, give the −0.23 of the dark bar. For m0: the terms of all other parts that are lost with it are stacked to the 5.47 of the dark bar.",
    caption="The puzzle once more, and its two strange dark bars taken apart, in the same scale. Middle: without m3 its term is lost, and the norm stretches the rest. Right: how much of its term each part loses when m0 is gone; together this is the dark bar of m0. Means over 128 prompts.",
)

# %% [markdown]
# **m3.** With the scale held, the lead falls from 5.19 to 3.89, by `m3`'s term. That is arithmetic. But the stream without `m3` is shorter: the norm divides by 11.0 where it divided by 15.1. As in the toy, the terms of all other parts grow, and the lead ends at 5.42. The dark bar of `m3` is short because two effects happen to cancel: its term, and its share in the norm.
#
# The *answers* say something else. On these prompts 0.98 are right without `m3`, and 0.93 with it: `m3` raises the round bracket where that is right, and hardly the square one where that is right; and all nine errors of the whole model are round brackets. Section 8 of the deeper notebook takes this apart.
#
# **m0.** On average it has a small direct effect, and it has a large indirect one. Without it, 2.2 gives the bracket 0.10 of its attention where it gave 0.63, and like the other heads it has little to move. The mean lead is then −0.27. About 0 is what a model has that does not see the bracket, whatever it says instead. That is how 5.47 of 5.19 can be lost.
#
# The same holds, in small, for 2.2. It adds 1.58, and 2.27 is lost without it. The difference is what `m3` and 3.2 no longer get to read: without 2.2 their terms fall by 0.57 and 0.11.
#
# **Both bars are right, and each answers its own question.** The light one: what does a part add to the final sum, all else as it was? The dark one: how does the answer change when the part is gone, and every later part and the norm must do without it? They differ for `m0` because others read it, and for `m3` because of the norm. Whether the *decision* changes is a third question.
#
# *Question.* A colleague ranks all heads of a large model by direct attribution, ablates the ten largest one by one, finds that hardly anything changes, and concludes that attribution is useless. What else could it be?
#
# <details><summary>Answer</summary>
#
# The norm, as here. Or later parts that compensate for what is missing, which has been found in large models and is called self-repair (McGrath et al. 2023, [arXiv 2307.15771](https://arxiv.org/abs/2307.15771)). Or several heads that do the same, so that no single one is needed. In each case the attribution is right about the intact run, and the ablation about what is needed.
# </details>

# %% claims
with model.hooks(fwd_hooks=[zeros]):
    _, then = model.run_with_cache(pairs.clean, names_filter="ln_final.hook_scale")
shorter = then["ln_final.hook_scale"][:, -1].mean().item()
says_round = model(pairs.clean)[:, -1, closers].argmax(-1) == 0
round_errors = int((says_round & (pairs.correct != closers[0])).sum())
halves = tf.split(added, pairs, closers[0], closers[1], (")", "]"))
without_2_2, _ = terms_without(*patching.ablation_hooks(model, ["2.2"], "zero"))
falls = {x: (added[x] - without_2_2[x]).mean().item() for x in ("2.2", "m3", "3.2")}
means_m0 = {x: without_m0[x].mean().abs().item() for x in ("1.0", "2.2", "3.2", "m3")}
with claims():
    claim(
        "with the scale held, the lead falls by 1.30, from 5.19 to 3.89; the stretch of the rest gives 1.53, so that −0.23 is lost",
        rounds_to(ends["held"], "3.89") and rounds_to([term, lead - ends["held"]], "1.30")
        and rounds_to(ends["free"] - ends["held"], "1.53") and rounds_to(puzzle.of("m3")[1], "-0.23"),
    )
    claim(
        "without `m3` the scale falls from 15.1 to 11.0, and the lead rises to 5.42; 0.98 of the answers are right",
        rounds_to(final_scale, "15.1") and rounds_to(shorter, "11.0") and rounds_to(ends["free"], "5.42")
        and rounds_to(pairs.right(without_m3), "0.98"),
    )
    claim(
        "where `)` is right `m3` adds more than two logits to its lead over `]`, the other way less than half a logit in size; all nine errors are round brackets",
        halves.terms["m3"][0] > 2 and abs(halves.terms["m3"][1]) < 0.5 and round_errors == 9 == round(128 * (1 - intact)),
    )
    claim(
        "without `m0` the lead is −0.27, so that 5.47 is lost; each of the four other terms is less than a fifth of what it was",
        rounds_to(without_m0.target.mean().item(), "-0.27") and rounds_to(puzzle.of("m0")[1], "5.47")
        and all(x < added[part].mean() / 5 for part, x in means_m0.items()),
    )
    claim("without `m0`, 2.2 gives the bracket 0.10 of its attention, not 0.63", rounds_to(looks_without, "0.10") and rounds_to(looks["2.2"], "0.63"))
    claim(
        "without 2.2 the term of `m3` falls by 0.57 and that of 3.2 by 0.11; with its own 1.58 this is the 2.27 that is lost, to two hundredths",
        rounds_to(falls["m3"], "0.57") and rounds_to(falls["3.2"], "0.11") and rounds_to(added["2.2"].mean().item(), "1.58")
        and abs(sum(falls.values()) - puzzle.of("2.2")[1]) < 0.02 and rounds_to(puzzle.of("2.2")[1], "2.27"),
    )

# %% [markdown]
# ## 11 · What this does not show
#
# *Other prompts.* All bracket prompts so far came from one template. Here are two others: a call or an index, and a list with a bracket inside that has been closed again.


# %%
def elsewhere(template):
    these = tf.bracket_pairs(model.tokenizer, 96, seed=2, template=template)
    question = patching.Question(model, these.clean, these.corrupt, these.metric)
    (best, first), (second, next_one) = question.sweep("z").top(2, "recovery")
    names = ["{layer}.{head}".format(**cell) for cell in (best, second)]
    return these.texts[0][0], names[0], first, names[1], next_one


# %% figure
elsewhere_found = {name: elsewhere(name) for name in ("list", "call", "nested")}
columns = ("example", "best", "recovers", "second", "recovers (second)")
table(
    elsewhere_found, columns=columns, decimals=2, corner="template",
    caption="The two heads that recover most when their output alone is patched, on 96 pairs of each template.",
)  # fmt: skip

# %% [markdown]
# *Other models.* In GPT-2 small, Wang et al. 2022 found the heads that write the answer of another task, which of two names comes next. They have large direct attributions. When all of them are set to their means, only about 5 % of the lead is lost, because backup heads take over. Our model's three heads with the largest direct attribution, 2.2, 3.2 and 1.0, cost three quarters of the lead in the same experiment.

# %% claims
largest = [part for part, _ in added.top(40) if "." in part][:3]
logits = patching.ablated(model, pairs.clean, largest, "mean", pairs.everyone)
with claims():
    claim(
        "2.2 recovers most on all three templates, and more than half on none",
        all(row[1] == "2.2" and row[2] < 0.5 for row in elsewhere_found.values()),
    )
    claim(
        "the second head is 0.3 on the nested template, and not on the others",
        [name for name, row in elsewhere_found.items() if row[3] == "0.3"] == ["nested"],
    )
    claim(
        "the three heads with the largest direct attribution are 2.2, 3.2 and 1.0; set to their means, 76 % of the lead is lost",
        largest == ["2.2", "3.2", "1.0"]
        and rounds_to(1 - pairs.difference(logits).mean().item() / lead, "0.76"),
    )

# %% [markdown]
# *What each tool shows*, and what it does not:
#
# | tool | what it answers | what it does not show |
# |:---|:---|:---|
# | attention pattern | where a head looks | what it takes from there, and whether that is used |
# | QK and OV circuits | what a head would look for, and move, given an input | which inputs it meets |
# | direct logit attribution | what each part adds to the logits, the norm's scale held | what works through later parts; what a mean over prompts cancels |
# | logit lens | what the stream would give if the model stopped here | what is known elsewhere, or in another form |
# | ablation | what changes without a part, given what stands in its place | how the part does it |
# | activation and path patching | where the difference between two prompts passes | everything that the two prompts share |
#
# And all of this is one training run of one small model. Whether another run has such a head at all, we have not looked.

# %% [markdown]
# ## 12 · What to take along

# %% card
card(
    {"claim": "Head 2.2 carries the open bracket to the end",
     "evidence": "ablation, patching, its OV circuit, its attribution",
     "control": "every other head; other prompts; an untrained model",
     "where it fails": "patched alone it brings back less than half of the lead: 1.0, 3.2 and 0.3 carry a part"},
    {"claim": "Later layers read the bracket from m0, not from the embedding",
     "evidence": "patching what m0 adds, and what enters it, at the bracket; path patching",
     "control": "each of the two without the other, and at the other's length",
     "where it fails": "one template; which directions m0 uses is open"},
    {"claim": "m0 holds the bracket in dozens of neurons; the best four answer to much else",
     "evidence": "patched sets of neurons on fresh prompts; all tokens of the vocabulary",
     "control": "random sets of the same size",
     "where it fails": "neurons were ranked one by one; better sets may exist"},
    {"claim": "What a part adds and what is lost without it are two questions",
     "evidence": "m0 and m3",
     "control": "scale held; zeros against mean; right answers beside the lead",
     "where it fails": "that two ablations disagree does not say which is right"},
    formulas={
        "residual stream": r"x_L = x_0 + \sum_{\text{heads}} z\,W_O + \sum_{\text{MLPs}} \text{out} + \sum b_O",
        "QK and OV": r"W_Q W_K^\top,\quad W_V W_O",
        "direct attribution": r"\left(\tfrac{x - \bar x}{\text{scale}} \odot w\right)\cdot(W_U[:, \text{right}] - W_U[:, \text{wrong}])",
        "recovery": r"\frac{\text{patched} - \text{corrupt}}{\text{clean} - \text{corrupt}}",
    },
    links=[
        ("A Mathematical Framework for Transformer Circuits", "https://transformer-circuits.pub/2021/framework/index.html",
         "Where the residual stream, QK and OV come from. Read its first third."),
        ("How to use and interpret activation patching", "https://arxiv.org/abs/2404.15255",
         "What denoising and noising can and cannot show."),
        ("ARENA, chapter 1", "https://arena-chapter1-transformer-interp.streamlit.app/",
         "Another course with exercises on the same tools, on GPT-2."),
    ],
)  # fmt: skip

# %% [markdown]
# *Now the exercises*: `course start 00`, then `my/00_transformer.ipynb`. They begin with the self-check.

# %% [markdown] words
# ## Words
#
# - tokens: pieces of text with a number each; what a model reads.
# - logits: the scores that a model gives to every token that could come next.
# - null: what one would see if there were nothing to see.
# - attention heads: parts that move something from one position to another.
# - ablation: taking a part away to see what is missed.
# - hook: a function that is called in the middle of a run and may change what was computed.
# - cache: every intermediate value of a run.
# - patching: putting an activation of one run into another.
# - necessary: without it, the behaviour is lost.
# - sufficient: it alone brings the behaviour back.
# - lead: the right bracket's logit minus the wrong one's.
# - mechanistic interpretability: the study of how a trained model computes, part by part.
# - circuit: a set of parts and connections that carries out some piece of behaviour.
# - minimal pairs: two prompts that differ in one thing.
# - clean: the run whose answer is the right one.
# - corrupt: the run of the twin prompt.
# - recovery: 0 if a changed run is the corrupt one, 1 if it has become the clean one.
# - unembedding: the matrix that turns the last stream into logits.
# - residual stream: the vector at each position that every part reads from and adds to.
# - LayerNorm: subtracts a vector's mean and divides by its size.
# - scale: the number that a LayerNorm divides by.
# - hook point: a named place in the computation.
# - folding: multiplying a norm's weights into the weights that read after it.
# - pattern: how much each position looks at each other one; rows sum to one.
# - query: the position that looks, or the vector with which it looks.
# - key: the position that can be looked at, or the vector that it offers.
# - QK circuit: $W_Q W_K^\top$, where a head looks.
# - OV circuit: $W_V W_O$, what a head moves.
# - direct logit attribution: the term that a part adds to a logit, the final norm's scale held.
# - direct effects: what reaches the logits without passing through later parts.
# - indirect effect: what works through later parts.
# - logit lens: the final norm and unembedding applied to an early stream.
# - zero ablation: zeros in the place of a part's output.
# - mean ablation: its average over a stated set of prompts in its place.
# - resample ablation: its output on another prompt in its place.
# - denoising: clean activations put into the corrupt run.
# - noising: corrupt activations put into the clean run.
# - bottleneck: a place through which everything that is used must pass.
# - path patching: changing what one reader gets from one sender.
# - polysemantic: answering to several things.

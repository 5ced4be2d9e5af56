# %% [markdown]
# # Inside a transformer
#
# *Lesson 0. You need PyTorch, and to have met transformers once.*
#
# **A puzzle.** The course brings a small language model that has read Python. It has four layers. Each layer has four attention heads, and one MLP, a small network that works at each position by itself. Show the model `values = [names, lines, size`, and it knows that a square bracket should close this, not a round one.
#
# Below are four of its twenty parts. The *lead* is the score of the right bracket minus the score of the wrong one; on average over 128 such prompts it is 5.19, the dashed line. The light bar says how much a part adds to the lead. The dark bar says how much of the lead is lost when the part writes zeros in place of its output.

# %% setup

# %%
import torch

from course_utils import patching, plots, zoo
from course_utils import transformer as tf
from course_utils.page import about, between, card, claim, claims, draw
from course_utils.page import measured, predict, rounds_to, table

torch.set_grad_enabled(False)  # nothing is trained in this lesson
model = zoo.load("code-4l", device="cpu")
model.enable_compatibility_mode()  # same predictions, simpler weights: see section 4
prompt = "values = [names, lines, size"  # the example of this lesson
pairs = tf.bracket_pairs(model.tokenizer, 128, seed=0)  # 128 prompts like it
lead = pairs.difference(model(pairs.clean)).mean().item()

# %% figure
puzzle = tf.removal(model, pairs, "zero")
four = ["m0", "2.2", "3.2", "m3"]
fig = puzzle.plot(four)
fig.axes[0].axhline(lead, color=plots.NULL, linestyle="--")
fig.axes[0].set_ylim(-0.6, 7)
plots.show(
    fig,
    alt="Two bars for each of four parts. m0 adds 0.6 and loses 5.5, more than the lead of 5.2; m3 adds 1.3 and loses less than nothing; the dark bars of 2.2 and 3.2 are a little longer than the light ones.",
    caption="Two heads (layer.number) and two MLPs (m and the layer). Light: what the part adds to the lead of the right bracket. Dark: how far the lead falls when the part writes zeros. Dashed: the whole lead. Means over 128 prompts.",
)

# %% [markdown]
# If the lead were a plain sum, both bars of a part would be equal. For head 3.2 they are close; for head 2.2 the dark one is half as long again. But look at `m0`, the first MLP: it adds little, and without it the whole lead is gone. And look at `m3`, the last MLP: it adds much, and without it nothing is lost. Which bar should one believe?

# %% [markdown] contents
# At the end of this lesson you can answer that, and you have used the everyday tools of the field: hooks, caches, direct logit attribution, the logit lens, ablation and patching. You also know what each of them cannot show. Every number below is computed in this notebook, except one published number in section 11.
#
# The exercises begin with ten quick questions on einsum, broadcasting, softmax and the like, each with a pointer to what to read (`course start 00`, then `my/00_transformer.ipynb`). Look at them first: if more than three of them are new to you, read what they point to and come back. The deeper notebook has what the story does not need.

# %% claims
adds, lost = ({x: puzzle.of(x)[k] for x in puzzle.labels} for k in (0, 1))
with claims():
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
        "for 3.2 the two bars lie less than a quarter of a logit apart, for 2.2 the dark one is longer by 0.69",
        abs(adds["3.2"] - lost["3.2"]) < 0.25 and rounds_to(lost["2.2"] - adds["2.2"], "0.69"),
    )

# %% [markdown]
# ## 1 · Break it and mend it
#
# First ask the model. It reads **tokens**, pieces of text with a number each. It answers with one score for every token that could come next. These scores are its **logits**, and their softmax gives probabilities.

# %%
closers = torch.tensor([model.to_single_token(sign) for sign in ")]}"])
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
    caption="The probability of each closing bracket. The rest, up to one, goes to other tokens, such as a comma. In the last row the model errs: it prefers the round bracket.",
)

# %% [markdown]
# Only a bracket several tokens back tells which one must close. So something carries that fact to the end of the text. `pairs.clean` holds 128 prompts in which one of the three brackets is open. On which share of them does the right one of the three get the largest logit? The **null**, what one would see if nothing had been learned, is an untrained model of the same shape.

# %%
untrained = zoo.load("code-4l", device="cpu", checkpoint=0)
intact = pairs.right(model(pairs.clean))
nothing_learned = pairs.right(untrained(pairs.clean))
table({"trained": intact, "null: untrained": nothing_learned}, columns=("right",))

# %% claims
with claims():
    claim(
        "with `values` each of the three brackets is closed by its own kind; with `error` the model errs",
        [max(range(3), key=row.__getitem__) for row in answers.values()] == [0, 1, 2, 0],
    )
    claim(
        "the trained model is right on 93 % of the prompts, the untrained one on about a third",
        rounds_to(intact, "0.93") and between(nothing_learned, 0.28, 0.38),
    )

# %% [markdown]
# **Attention heads** are the parts that move something from one position to another. Each looks back over the text and brings something from where it looks. At least one of the sixteen must carry the bracket.
#
# To find it, we take heads away, one at a time. Taking a part away to see what is missed is called **ablation**; the plainest kind writes zeros in place of its output.

# %% prediction
predict("transformer.heads")

# %% [markdown]
# `run_with_hooks` runs the model and calls your function in the middle, with what has been computed there. What the function returns takes its place. Such a function is a **hook**. The name `blocks.2.attn.hook_z` means layer 2, attention, and `z`: what each head has gathered, before it is written. Its shape is (batch, pos, head, d_head).


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
fig, ax = plots.figure(width=4.6, height=3)
tf.draw_heads(ax, share, "right bracket (share)", numbers=True)
plots.show(
    fig,
    alt="Share of right brackets with one head ablated: nine in ten or so for fifteen heads, less than six in ten for head 2 of layer 2.",
    caption=f"Each cell is one experiment: this head is ablated, everything else is as it was. The share of right brackets falls clearly in one cell only, head 2 of layer 2, to {worst:.2f}. It does not fall to a third, which is what guessing gives: something else carries a part of the answer.",
)

# %% [markdown]
# Heads are named by layer and number, both counted from 0: 2.2 is head 2 of layer 2. Is it needed for other prompts of this kind, or only for these 128? Draw five more sets.


# %%
def without_2_2(seed):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    edit = ("blocks.2.attn.hook_z", zeros_for(2))
    whole = more.right(model(more.clean))
    rest = more.right(model.run_with_hooks(more.clean, fwd_hooks=[edit]))
    return {"intact": whole, "2.2 ablated": rest, "answers lost": 1 - rest / whole}


on_new_sets = {f"seed {seed}": without_2_2(seed) for seed in range(1, 6)}
table(on_new_sets, decimals=2)

# %% claims
others = [x for i, x in enumerate(share.flatten().tolist()) if i != 10]
with claims():
    claim(
        "with 2.2 ablated 39 % of the right answers are lost; with any other single head less than a tenth",
        rounds_to(1 - share[2, 2].item() / intact, "0.39") and min(others) > 0.9 * intact,
    )
    claim(
        "on five other sets of prompts, between 32 and 41 % of the right answers are lost with 2.2 ablated",
        between([row["answers lost"] for row in on_new_sets.values()], 0.32, 0.41),
    )

# %% [markdown]
# Now mend it. Break the model more thoroughly: ablate all twelve heads of layers 1, 2 and 3. Then take one head's output from the **cache** of the healthy run, in which every intermediate value was kept, and put it into the broken run. Putting an activation of one run into another is called **patching**. As a control, give back each other head in its place. How many answers are right then?

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


# %%
none_back = pairs.right(broken())
back = torch.tensor(
    [[pairs.right(broken((layer, head))) for head in range(4)] for layer in (1, 2, 3)]
)
back_rows = {f"layer {layer}": back[layer - 1].tolist() for layer in (1, 2, 3)}
back_rows["nothing given back"] = [none_back] * 4
table(
    back_rows, columns=("head 0", "head 1", "head 2", "head 3"), decimals=2,
    corner="given back", mark=lambda x: x > 0.5,
)  # fmt: skip

# %% claims
other_heads = back.flatten()[[i for i in range(12) if i != 6]]
with claims():
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
# You have checked a causal claim about a language model from both sides. Without this head, much is lost: to that extent it is **necessary**. In a model without the others, it alone brings most back: to that extent it is **sufficient**.
#
# (Layer 0 was left whole in this test. Why, sections 5 and 9 will show.)
#
# This is how far we are. We know that a part is needed, head 2.2. Where it looks, what it carries, and who prepared that, is open.

# %% [markdown]
# ## 2 · What is asked, and on which scale
#
# **Mechanistic interpretability** takes a trained model that nobody designed to be read, and asks *how it computes*: which parts, reading what, writing what, and what would happen if one of them were changed. A set of parts and connections for which one can say this is a **circuit**. We use the word mechanistic in its narrow sense, in which an explanation makes a claim about causes (Saphra & Wiegreffe 2024, [arXiv 2410.09087](https://arxiv.org/abs/2410.09087)).
#
# Every lesson follows the same loop. *Decompose*: into which parts? *Describe*: what does each do? *Validate*: does the description predict an experiment that it was not made from?
#
# Effects need a unit. We use two: the **lead**, in logits, and the *share right*, the share of prompts on which the right bracket has the largest logit of the three. **Minimal pairs** are two prompts that differ in one thing, here the bracket: `values = [names, lines, size` and `values = (names, lines, size`. The run on the first is the **clean** run, the run on its twin the **corrupt** one. In both we follow the bracket that is right in the clean run. Its lead is 5.19 in the clean run and −5.15 in the corrupt one.
#
# When something is changed, its **recovery** says how far the new lead has come on the way from the corrupt run to the clean one:
#
# $$\text{recovery} = \frac{\text{new lead} - \text{corrupt lead}}{\text{clean lead} - \text{corrupt lead}}$$
#
# If a change lifts the lead of the corrupt run from −5.15 to −3.00, its recovery is (−3.00 + 5.15)/(5.19 + 5.15) = 0.21. How are lead and share right related? Mix the logits of the two runs, more and more of the clean one:

# %%
low = pairs.difference(model(pairs.corrupt)).mean().item()
mixed = {}
for share_clean in torch.linspace(0, 1, 21).tolist():
    logits = share_clean * model(pairs.clean) + (1 - share_clean) * model(pairs.corrupt)
    recovery = (pairs.difference(logits).mean().item() - low) / (lead - low)
    mixed[recovery] = pairs.right(logits)

# %% figure
fig, ax = plots.figure(width=6, height=3.1)
ax.plot(list(mixed), list(mixed.values()), color=plots.SERIES[0], marker="o", markersize=4)
ax.axhline(1 / 3, color=plots.NULL, linestyle=":")
ax.text(1.0, 1 / 3 + 0.02, "guessing", color=plots.NULL, ha="right")
ends = ("corrupt run", 0, low, plots.EDITED), ("undecided", 0.5, 0, plots.NULL), ("clean run", 1, lead, plots.ANSWER)
ax.set_xticks([at for _, at, _, _ in ends], [f"recovery {at}\n{name}\nlead {x:+.1f}" for name, at, x, _ in ends])
for mark, (*_, colour) in zip(ax.get_xticklabels(), ends, strict=True):
    mark.set_color(colour)
ax.set(ylabel="share right", ylim=(0, 1.02))
plots.show(
    fig,
    alt="The share right against the recovery: it rises from 0.02 to 0.93 in two steps, with a flatter part in the middle.",
    caption="The two units of this lesson, means over 128 pairs. Each point is one mixture of the logits of the two runs. The lead moves evenly. The share right hardly moves near the two ends: there the answer is far from changing.",
)

# %% claims
right_low = pairs.right(model(pairs.corrupt))
with claims():
    claim(
        "the lead in the corrupt run is as far below zero as in the clean run above, within a twentieth of a logit",
        abs(low + lead) < 0.05,
    )
    claim(
        "lifting the lead from −5.15 to −3.00 is a recovery of 0.21",
        rounds_to(low, "-5.15") and rounds_to((-3.00 - low) / (lead - low), "0.21"),
    )
    shares = list(mixed.values())
    claim(
        "the first and the last tenth of the way change the share right by less than 0.06, some tenth between by more than 0.12",
        max(shares[2] - shares[0], shares[-1] - shares[-3]) < 0.06
        and max(b - a for a, b in zip(shares, shares[2:], strict=False)) > 0.12,
    )
    claim(
        "the clean prompt's bracket leads on 2 % of the corrupt prompts", rounds_to(right_low, "0.02")
    )

# %% [markdown]
# The same experiment can therefore look large in one unit and small in the other. Section 8 has an example.

# %% [markdown]
# ## 3 · The residual stream is a running sum
#
# At each position the model keeps one vector, of length `d_model`, which is 192. It starts as the embedding of the token plus that of the position. Each head and each MLP reads the vector, computes something, and *adds* its result. At the end a matrix, the **unembedding**, turns it into logits. This vector is the **residual stream** (Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html)).

# %%
words = ["start", "values", "=", "[", "names", ",", "lines", ",", "size"]  # of `prompt`
opener, last = pairs.opener, len(words) - 1  # positions 3 and 8
opener, last

# %% figure
draw.columns(words, marked=(opener,)).captioned(
    "The whole model on our prompt. Each grey line is a residual stream, one for each token, which runs upwards. In each layer four heads (small dots) read it and add to it, then the MLP (large dot) does. Only heads read other streams, and only those to their left. Yellow: the one stream that starts with the bracket. The answer is read at the top of the last one."
)

# %% [markdown]
# Two things follow from the picture. Heads of the same layer do not see each other's output. And a part of layer 0 can reach the logits *directly*, past all later layers, because what it added is still in the sum.
#
# Check the sum: collect the outputs of all parts, and add them up. `error` is how far that is from the stream, and it is zero up to rounding. The parts differ much in length:

# %%
parts = tf.components(model, healthy)  # (component, batch, pos, d_model)
stream = healthy["blocks.3.hook_resid_post"]  # after the last layer
error = (parts.total() - stream).abs().max()
long_ones = ("embed", "m0", "2.2", "m3")
at_end = {x: parts[x][:, -1].norm(dim=-1).mean().item() for x in long_ones}
at_end["the whole stream"] = stream[:, -1].norm(dim=-1).mean().item()
table(at_end, columns=("length at the last position",), decimals=1)

# %% claims
with claims():
    claim(
        "the sum of all parts is the stream, up to rounding (one part in 100 000)",
        error < 1e-5 * stream.norm(dim=-1).max(),
    )
    claim(
        "what `m0` adds is more than ten times as long as the embedding of the token",
        at_end["m0"] > 10 * at_end["embed"],
    )

# %% [markdown]
# Writing to the stream is a plain sum. Reading it is not. Before each part, and before the logits, a **LayerNorm** subtracts from the vector its mean and divides it by its size, called the **scale**. For a vector $x$ with $d$ entries:
#
# $$\text{LayerNorm}(x) = \frac{x - \bar x}{\sqrt{\frac1d\sum_i (x_i - \bar x)^2 + \varepsilon}} \odot w + b$$
#
# The weights $w$ and $b$, (d_model) each, are learned. A part that adds something long makes the scale larger, and everything else counts for less.
#
# A toy: along the direction in which `]` and `)` differ, three parts add 6, 3 and −1, and the scale is 4. The lead is (6 + 3 − 1)/4 = 2, and the second part adds 3/4 of it. Take it away, and one expects (6 − 1)/4 = 1.25. But the vector has become shorter. If the scale falls to 3, the lead is (6 − 1)/3 = 1.67. The puzzle hangs on this.

# %%
toy = {"whole": (6, 3, -1, 4), "scale held": (6, 0, -1, 4), "scale falls": (6, 0, -1, 3)}
toy_leads = {name: (a + b + c) / scale for name, (a, b, c, scale) in toy.items()}
toy_leads

# %% figure
fig, ax = plots.figure(width=6, height=2.8)
for i, (a, b, c, scale) in enumerate(toy.values()):
    first, second, third = (x / scale for x in (a, b, c))
    for value, base, colour, label in (
        (first, 0, plots.SERIES[0], "first part"),
        (second, first, plots.SERIES[1], "second part"),
        (third, 0, plots.SERIES[3], "third part"),
    ):
        ax.bar(i, value, 0.5, bottom=base, color=colour, label=label if i == 0 else None)
    ax.text(i + 0.28, first / 2, f"lead {(a + b + c) / scale:.2f}")
ax.axhline(0, color="black", linewidth=0.8)
ax.set_xticks(range(3), toy)
ax.set(ylabel="logits", xlim=(-0.5, 3.6))
ax.legend(loc="upper right")
plots.show(
    fig,
    alt="Three stacked bars of a toy: lead 2.00; 1.25 without the second part and with the scale held; 1.67 when the scale falls too.",
    caption="The toy, whole and twice without the second part. When the scale falls, what the others add is divided by 3 in place of 4: each of their terms grows by a third.",
)

# %% claims
with claims():
    claim(
        "in the toy the lead is 2; without the second part it is 1.25 with the scale held and 1.67 without",
        [round(x, 2) for x in toy_leads.values()] == [2.0, 1.25, 1.67],
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

# %% claims
with claims():
    claim("a hook that does not return changes nothing", (as_before - model(tokens)).abs().max() == 0)

# %% [markdown]
# `enable_compatibility_mode()`, which we called at the start, multiplied each norm's $w$ and $b$ into the weights that read after it. This is called **folding**. The predictions stay the same, there are fewer things to keep in mind, and a part's output has mean zero already. (The deeper notebook shows what it does to ablation.)

# %%
original = zoo.load("code-4l", device="cpu")
apart = model(tokens).log_softmax(-1) - original(tokens).log_softmax(-1)
apart.abs().max()

# %% claims
with claims():
    claim(
        "folding changes log-probabilities by less than a thousandth, and weights by more than a tenth",
        apart.abs().max() < 1e-3 and (model.W_U - original.W_U).abs().max() > 0.1,
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
# A head's **pattern** has a row for each position that looks (the **query**), and a column for each that can be looked at (the **key**). Each row sums to one, and no position sees a later one. This is the last row of 2.2 on our prompt:

# %%
pattern = one["pattern", 2][0, 2]  # head 2.2: (query, key)
pattern[-1]  # from the last token

# %% figure
arcs = {(last, key): weight for key, weight in enumerate(pattern[-1].tolist()) if weight > 0.1}
draw.attention_arcs(words, arcs, name="2.2", marked=[opener]).captioned(
    "Where 2.2 looks from the last token of our prompt. The arrowhead stands at the token that looks, because what is read moves from the bracket to the end. Weights below 0.1 are left out."
)

# %%
looks = {
    f"{layer}.{head}": healthy["pattern", layer][:, head, -1, opener].mean().item()
    for layer in range(4)
    for head in range(4)
}
looks["2.2"], looks["1.0"]  # means over 128 prompts

# %% claims
mean_row = healthy["pattern", 2][:, 2, -1].mean(0)  # head 2.2, from the last token: (key,)
commas = [place for place, word in enumerate(words) if word == ","]
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
        "on average 1.0 gives the bracket more attention than 2.2 does", looks["1.0"] > looks["2.2"]
    )

# %% [markdown]
# Our prompt is a typical one: on average over the 128 the bracket gets 0.63. But attention alone does not say which head matters. Head 1.0 looks at the bracket even more than 2.2 does, and ablating it costs hardly an answer. (The deeper notebook has a second such case, with open quotes.)
#
# A pattern shows where a head looks. It does not show why it looks there, what it takes, nor whether any later part uses it. The weights say more. With stream vectors as rows:
#
# - the **QK circuit** $W_Q W_K^\top$, (d_model, d_model), takes the query's stream on its left and the key's on its right and gives the score;
# - the **OV circuit** $W_V W_O$, (d_model, d_model), takes the key's stream and gives what is added at the query.
#
# Their rank is at most d_head = 48 of 192, so a head reads and writes only a part of the stream.
#
# **Why 2.2 looks at the bracket.** The stream that it reads is a sum, so its score is a sum too, as long as the norm's scale is held. Take the query of the last token, and let the output of each part at a position be a key of its own:

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
chosen["the eight heads of layers 0 and 1"] = [x for x in names if "." in x]
terms = {part: score[[names.index(x) for x in xs]].sum(0) for part, xs in chosen.items()}
terms["position and biases"] = whole_score - sum(terms.values())
terms["the sum, as the model has it"] = whole_score
places = {"bracket": [opener], "commas": commas, "other words": [4, 6, 8]}
table(
    {part: {f"at the {w}": row[at].mean().item() for w, at in places.items()} for part, row in terms.items()},
    decimals=2,
    signed=True,
    mark="m0",
    unit="score",
    corner="output of",
    caption="The score of head 2.2 from the last token of our prompt, taken apart by who has written what it compares with. What matters is the difference between columns. Of the bracket's advantage over the other words, more than eight tenths is in the row of m0, on this prompt and on average over 128.",
)

# %% claims
written_all = tf.components(model, healthy, layer=1)
keys_all = written_all.parts / healthy["blocks.2.ln1.hook_scale"] @ model.W_K[2, 2]
score_all = torch.einsum("cbph,bh->cp", keys_all, healthy["q", 2][:, -1, 2]) / 48**0.5 / 128
ahead = score_all[:, opener] - score_all[:, [4, 6, 8]].mean(1)
exps = whole_score.exp()
with claims():
    claim(
        "the score of the bracket is −0.65, those of the commas are −2.22 and −2.37",
        rounds_to(whole_score[opener].item(), "-0.65")
        and rounds_to(whole_score[commas[0]].item(), "-2.22")
        and rounds_to(whole_score[commas[1]].item(), "-2.37"),
    )
    claim(
        "of the bracket's advantage over the other words, `m0` has written more than eight tenths, on our prompt and on average over 128",
        min(
            (terms["m0"][opener] - terms["m0"][[4, 6, 8]].mean())
            / (whole_score[opener] - whole_score[[4, 6, 8]].mean()),
            ahead[written_all.labels.index("m0")] / ahead.sum(),
        )
        > 0.8,
    )
    claim(
        "the softmax of the scores gives the 0.71 of the pattern",
        rounds_to((exps[opener] / exps.sum()).item(), "0.71"),
    )

# %% [markdown]
# The softmax turns these scores into the arcs above: the bracket has −0.65, the commas −2.22 and −2.37, and $e^{-0.65}$ is 0.71 of the sum over all nine positions. The head does not find the bracket by its embedding. It finds it by the output of `m0` there.
#
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

# %%
match = torch.zeros(4, 4)  # a bracket's own partner, minus the mean of the others
for layer in range(4):
    for head in range(4):
        scores = moves(brackets, layer, head)[:, closers]
        partner = scores.diagonal()
        others = (scores.sum(1) - partner) / 2  # mean of the two other closers
        match[layer, head] = (partner - others).mean()

# %% figure answer
top = {s: [model.tokenizer.decode([i]).strip() for i in row.topk(3).indices] for s, row in zip(brackets, raised, strict=True)}
options = {"]": "the closing bracket", "[": "the same bracket"}
display(measured("transformer.copy", options.get(top[" ["][0], "neither bracket")))
fig, ax = plots.figure(width=4.6, height=3)
tf.draw_heads(ax, match, "logits", numbers=True, signed=True, limit=None)
plots.show(
    fig,
    alt="A map of 16 heads: the OV circuit of 2.2 raises the matching closing bracket most, then 3.2 and 1.0.",
    caption="Fed an opening bracket, 2.2 raises "
    + "; ".join(f"`{x}` most for `{sign.strip()}`" for sign, (x, *_) in top.items())
    + ". It does not copy the bracket; it writes its partner. The map shows for every head how much more its OV circuit raises the matching closing bracket than the two others, before the norm: after 2.2 come 3.2 and 1.0.",
)

# %% claims
ranked = match.flatten().sort(descending=True)
order = [f"{i // 4}.{i % 4}" for i in ranked.indices.tolist()]
with claims():
    claim(
        "fed an opening bracket, the OV circuit of 2.2 raises the matching closing bracket above all other tokens",
        [row[0] for row in top.values()] == list(")]}"),
    )
    claim(
        "of all heads 2.2 raises the matching bracket most; 3.2 and 1.0 come next, and each of the other thirteen does less than four tenths of what 2.2 does",
        order[0] == "2.2"
        and set(order[1:3]) == {"3.2", "1.0"}
        and ranked.values[3] < 0.4 * ranked.values[0],
    )

# %% [markdown]
# The ablation of section 1 was measured on prompts; this test needs none of them, only what the model makes of a bracket alone. Both can now be drawn as one arrow.

# %% figure
draw.columns(words, heads={"2.2": (opener, last)}, mlps=[("m0", opener)], labels={"2.2": "[ → ]"}, answer="]").captioned(
    "What is known after section 5. Head 2.2 finds the bracket by what m0 has written there, and carries to the last stream what closes it."
)  # fmt: skip

# %% [markdown]
# ## 6 · Direct logit attribution
#
# The stream at the end is a sum, and the unembedding is linear. Between them stands the final norm. Subtracting the mean is linear too; dividing by the scale is not. Hold the scale fixed at the value that it had in this run, and a logit becomes a sum of terms, one for each part.
#
# In the toy of section 3 the terms are 6/4 = 1.5, 3/4 = 0.75 and −1/4 = −0.25. They sum to the lead of 2.
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
scale = one["ln_final.hook_scale"][0, -1].item()
along.item(), scale, (along / scale).item()

# %% [markdown]
# The output of 2.2 is 31.5 along that direction, the scale is 16.9, and so its term is 1.86 of a lead of 3.22. Now for all parts, on all prompts:

# %%
added = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
(added.total() - added.target).abs().max()  # the terms against the model's own lead

# %% figure
table(
    added,
    unit="logits",
    signed=True,
    decimals=2,
    corner="part",
    caption="The eight largest terms, means over 128 prompts, with their 95 % intervals (prompts resampled). These are the light bars of the first figure.",
)

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
        and rounds_to(scale, "16.9")
        and rounds_to([along.item() / scale, ours["2.2"].item()], "1.86")
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

# %% [markdown]
# A mean can hide two opposite things: a part may push towards the round bracket whatever is open. `m0` and `m3` do, and the deeper notebook takes this apart.
#
# One thing is in none of these numbers: what a part does by preparing what *later* parts read. Terms are **direct effects**. An **indirect effect** works through later parts.
#
# *Question.* The heads of layer 0 have terms of practically zero. Must that be so?
#
# <details><summary>Answer</summary>
#
# No. Such a head could look at the bracket's embedding and, through its OV circuit, write the direction of the closing one. Nothing forbids it. In this model layer 0 prepares what later layers use.
# </details>

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
right_by_depth = [pairs.right(logits[:, None]) for logits in lens]
round_leads = (lens[..., closers].argmax(-1) == 0).float().mean(1)  # (depth,)

# %% figure answer
leads_from = next(depth for depth in range(5) if right_by_depth[depth] >= 0.75)
display(measured("transformer.depth", str(leads_from)))
table(
    {
        str(depth): {"right one of three leads": right_by_depth[depth], "`)` leads, whatever is open": round_leads[depth].item()}
        for depth in range(5)
    },
    decimals=2,
    unit="share of prompts",
    corner="layers read",
    caption="The logit lens at the last position, 128 prompts. Guessing among three brackets is right on a third. After layers 0 and 1 the round bracket leads nearly always. The right bracket overtakes it in layer 2, where head 2.2 works.",
)

# %% claims
with claims():
    claim(
        "the right bracket leads on three prompts in four from depth 3 on, and on fewer than two in three before",
        leads_from == 3 and max(right_by_depth[:3]) < 2 / 3,
    )
    claim(
        "at depths 1 and 2 the round bracket leads on more than four prompts in five, whatever is open",
        round_leads[1:3].min() > 0.8,
    )

# %% [markdown]
# The lens reads the *last* position, with the *final* vocabulary. An empty reading does not mean that the model does not know. The answer may be at another position, or in a form that the unembedding does not read. Section 8 looks there.
#
# The other tool of this section is ablation. Something has to stand in the place of what is taken away, and there are three usual choices.
#
# - **Zero ablation** writes zeros, often a value that the part never takes.
# - **Mean ablation** writes the part's average over a stated set of prompts. What is the same on all of them stays. Our set, `pairs.everyone`, holds every prompt and its twin, so that the average tells nothing about the bracket.
# - **Resample ablation** writes the part's output on another prompt, in this lesson its twin.

# %% prediction
predict("transformer.exchange")

# %%
kinds = {kind: tf.removal(model, pairs, kind) for kind in ("zero", "mean", "resample")}
kinds["mean"].of("2.2")  # what it adds directly, and what is lost with its mean instead

# %% figure answer
from course_utils.intervals import mean_interval

costs = {
    part: {k: mean_interval(found.loss[found.labels.index(part)]) for k, found in kinds.items()}
    for part in ("2.2", "0.3", "m3")
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
    caption="Three ablations. Means over 128 prompts, with their 95 % intervals (prompts resampled). For 2.2, the twin's output costs about twice what the mean costs: the mean lies between the outputs of the two prompts, and the twin's argues for the wrong bracket. For m3, zeros and the mean do not even agree on the sign.",
)

# %% claims
with claims():
    claim("for 2.2, resampling costs twice what the mean costs, 2.0 when rounded", rounds_to(ratio, "2.0"))
    claim(
        "for 2.2, zero and mean differ by less than a twentieth",
        abs(costs["2.2"]["zero"][0] / costs["2.2"]["mean"][0] - 1) < 0.05,
    )
    claim(
        "for `m3` the lead rises with zeros and falls with the mean (every interval apart from zero)",
        costs["m3"]["zero"][2] < 0 < costs["m3"]["mean"][1],
    )
    claim(
        "for 0.3 zeros change the lead by less than a tenth of a logit, and the mean costs more than a third of one",
        abs(costs["0.3"]["zero"][0]) < 0.1 and costs["0.3"]["mean"][0] > 1 / 3,
    )

# %% [markdown]
# What a part writes is partly the same on all prompts. The mean keeps that constant, zeros remove it, and later parts were trained with it. Whoever reports an ablation has to say what was put in the place, and from where.

# %% [markdown]
# ## 8 · Activation patching
#
# Run both prompts of a pair. Take an activation from the clean run and put it into the corrupt one. If the answer turns towards the clean one, then what tells the two prompts apart passes there.

# %% figure
draw.activation_patching("2.2", clean=("[names, lines, size", "]"), corrupt=("(names, lines, size", ")"))

# %% [markdown]
# Putting clean into corrupt is **denoising**, and asks what is *enough* to bring the answer back. The other way round is **noising**, and asks what is *needed* to keep it. (Resample ablation with the twin, of section 7, is noising.) By hand it is a hook, like the ablation of section 1, but with the clean run's values in place of zeros:


# %%
def clean_2_2(z, hook):  # z: (batch, pos, head, d_head)
    z = z.clone()
    z[:, :, 2] = healthy[hook.name][:, :, 2]
    return z


def recovered(logits):
    return (pairs.difference(logits).mean().item() - low) / (lead - low)


edit = ("blocks.2.attn.hook_z", clean_2_2)
patched_logits = model.run_with_hooks(pairs.corrupt, fwd_hooks=[edit])
by_hand = recovered(patched_logits)

# %% [markdown]
# We look at the number in a moment, beside that of every other head. `patching.Question` holds the two sets of prompts and the lead; `sweep` patches one place after the other. First the stream before each layer, at each position:

# %%
ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
grid = ask.sweep("resid_pre")
recovery = grid.recovery()  # (layer, position)

# %% figure
roles = ["start", "name", "=", "opener", "word", ",", "word", ",", "last word"]
fig, ax = plots.figure(height=2.9)
plots.heatmap(ax, recovery, signed=False, limit=1, label="recovery", origin="lower", aspect="auto")
for at, value in enumerate(recovery.flatten().tolist()):
    if value > 0.05:
        shade = "white" if value > 0.6 else "black"
        ax.text(at % 9, at // 9, f"{value:.2f}", ha="center", va="center", color=shade)
ax.set(xticks=range(9), yticks=range(4), ylabel="before layer")
ax.set_xticklabels(roles)
plots.show(
    fig,
    alt="Recovery by patching the stream: at the opening bracket 1.00, 0.77, 0.50, 0.14 before layers 0 to 3; at the last word 0, 0.22, 0.45, 0.83.",
    caption="Where the answer is, averaged over 128 pairs. Positions are named by their role, layers go upwards. Each cell is one experiment: the stream at that place, before that layer, comes from the clean run.",
)

# %% claims
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

# %% [markdown]
# This is what the lens could not see. Before layer 1 the bracket's own position holds 0.77 of the answer, and the last token has 0.22 already. Before layer 3 the last token has 0.83.
#
# Now patch the output of single heads, each at all positions.

# %% prediction
predict("transformer.recovery")

# %%
by_head = ask.sweep("z").recovery()  # (layer, head)

# %% figure answer
display(measured("transformer.recovery", by_head[2, 2].item()))
fig, ax = plots.figure(width=4.6, height=3)
tf.draw_heads(ax, by_head, "recovery", numbers=True)
plots.show(
    fig,
    alt="Recovery by patching one head: 2.2 0.44, then 1.0 and 3.2 with 0.18, then 0.3 with 0.11.",
    caption=f"Recovery with the output of one head patched from clean into corrupt. No other head brings back as much as 2.2 ({by_head[2, 2]:.2f}, by hand {by_hand:.2f}), yet alone it brings back less than half. 1.0 and 3.2 follow, with {by_head[1, 0]:.2f} and {by_head[3, 2]:.2f}.",
)

# %% claims
low_end, high_end = (end[2, 2].item() for end in ask.sweep("z").interval("recovery"))
rank = [f"{i // 4}.{i % 4}" for i in by_head.flatten().argsort(descending=True).tolist()]
with claims():
    claim(
        "2.2 recovers 0.44 of the lead, in the interval between 0.40 and 0.50, more than any other head; 1.0 and 3.2 come next, with 0.18 each",
        rounds_to([by_head[2, 2].item(), by_hand], "0.44")
        and between((low_end, high_end), 0.4, 0.5)
        and rank[0] == "2.2" and set(rank[1:3]) == {"1.0", "3.2"}
        and rounds_to([by_head[1, 0].item(), by_head[3, 2].item()], "0.18"),
    )

# %% [markdown]
# In section 1 we gave 2.2 back to a broken model, and most answers were right again. Count both experiments in both units of section 2:


# %%
def in_both_units(logits):
    return recovered(logits), pairs.right(logits)


patched = in_both_units(patched_logits)
ablated_12, given_back = in_both_units(broken()), in_both_units(broken((2, 2)))

# %%
both_units = {
    "patched into the corrupt run": {
        "recovery, before": 0.0, "after": patched[0], "share right, before": right_low, "after ": patched[1],
    },
    "given back (section 1)": {
        "recovery, before": ablated_12[0], "after": given_back[0],
        "share right, before": ablated_12[1], "after ": given_back[1],
    },
}  # fmt: skip
table(both_units, decimals=2, corner="head 2.2")

# %% claims
with claims():
    claim(
        "patched, 2.2 moves the recovery by 0.44 and the share right from 0.02 to 0.55",
        rounds_to(patched[0], "0.44") and rounds_to(patched[1], "0.55"),
    )
    claim(
        "given back, it moves the recovery by 0.18, from 0.57 to 0.75, and the share right from 0.33 to 0.84",
        rounds_to([given_back[0] - ablated_12[0]], "0.18")
        and rounds_to(ablated_12[0], "0.57") and rounds_to(given_back[0], "0.75")
        and rounds_to(ablated_12[1], "0.33") and rounds_to(given_back[1], "0.84"),
    )

# %% [markdown]
# Patched, 2.2 starts from a model whose other heads argue for the other bracket. Given back, it starts from one that is nearly undecided. There a push of 0.18 decides half of all answers; from the corrupt end a push of 0.44 does no more. "Sufficient" therefore always means sufficient against something, and the unit belongs to the statement.
#
# The OV circuits, attribution and patching name the same two helpers, 1.0 and 3.2. A description should predict an experiment that it was not made from. The prediction: with 2.2, 1.0 and 3.2 ablated together, the model is close to guessing, which is right on 0.33. We call up to 0.40 close. And it is clearly worse than with 2.2 and two other heads drawn at random. We ask it of five fresh sets of prompts.


# %%
def left(heads, seed):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    return more.right(patching.ablated(model, more.clean, heads, "mean", more.everyone))


trio = ["2.2", "1.0", "3.2"]
others = [name for name in looks if name not in trio]  # the other 13 heads
dice = torch.Generator().manual_seed(0)
draws = [[others[i] for i in torch.randperm(13, generator=dice)[:2]] for _ in range(6)]
tests = {}
for seed in range(10, 15):
    randomly = [left(["2.2", *two], seed) for two in draws]
    tests[f"seed {seed}"] = {
        "2.2": left(["2.2"], seed), "2.2, 1.0, 3.2": left(trio, seed),
        "null: 2.2 and two at random": sum(randomly) / 6,
    }  # fmt: skip

# %% figure
table(
    tests,
    decimals=2,
    unit="share right",
    corner="ablated (mean)",
    caption="Right brackets left, on five fresh sets of 128 prompts. Null: the mean of six random draws of two of the other 13 heads. Guessing gives 0.33.",
)

# %% [markdown]
# Half of the prediction holds. The three heads matter much more than random ones, on every set. But the model without them is close to guessing on some sets only, and a single set of 128 prompts cannot decide it: its share has a standard error of 0.04. On average more is right than guessing gives. Something may carry the rest. So search, on our first 128 prompts: ablate each of the other 13 heads as a fourth. Then test what the search finds on prompts that it has not seen, against a fourth head drawn at random.

# %%
as_fourth = {name: left([*trio, name], 0) for name in others}
found = min(as_fourth, key=as_fourth.get)
rest = [name for name in others if name != found]
fourth = {}
for seed in range(15, 20):
    randomly = [left([*trio, rest[i]], seed) for i in torch.randperm(12, generator=dice)[:2]]
    fourth[f"seed {seed}"] = {
        "the three": left(trio, seed), f"and {found}": left([*trio, found], seed),
        "null: and one at random": sum(randomly) / 2,
    }  # fmt: skip
table(fourth, decimals=2, unit="share right", corner="ablated (mean)")

# %% claims
three, random_ones = (
    [row[name] for row in tests.values()] for name in ("2.2, 1.0, 3.2", "null: 2.2 and two at random")
)
with claims():
    claim(
        "without the three heads between 0.38 and 0.47 of the brackets are right; only on some of the five sets is that 0.40 or less",
        between(three, 0.38, 0.47) and 0 < sum(x <= 0.40 for x in three) < 5,
    )
    claim(
        "with two other heads drawn at random beside 2.2, at least 0.15 more of the prompts are right, on each of the five sets",
        min(r - t for r, t in zip(random_ones, three, strict=True)) >= 0.15,
    )
    claim("the search finds 0.3", found == "0.3")
    claim(
        "on five new sets, ablating 0.3 as well costs between 0.03 and 0.08 more, a random fourth head less than 0.02 on average",
        between([row["the three"] - row["and 0.3"] for row in fourth.values()], 0.03, 0.08)
        and abs(sum(row["the three"] - row["null: and one at random"] for row in fourth.values())) / 5 < 0.02,
    )

# %% [markdown]
# The search finds 0.3, and on all five new sets it costs more than a random fourth head. Its direct attribution is zero, so some later part must read it: section 9 will find which. The description lacked a part, and it took a test to show that.

# %% claims
with claims():
    claim(
        "0.3 adds less than a hundredth of a logit directly, and patched alone recovers 0.11",
        added["0.3"].mean().abs() < 0.01 and rounds_to(by_head[0, 3].item(), "0.11"),
    )

# %% [markdown]
# (On doing patching well: Zhang & Nanda 2023, [arXiv 2309.16042](https://arxiv.org/abs/2309.16042); Heimersheim & Nanda 2024, [arXiv 2404.15255](https://arxiv.org/abs/2404.15255).)
#
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
# **What later layers read.** The stream after layer 0 is the sum of the input of `m0` (`resid_mid`) and its output (`mlp_out`). The bracket's own embedding is in the input. Patch each of the two alone, at the bracket's position only. As a control, stretch the input's change to the length of the output's.

# %%
_, corrupt = model.run_with_cache(pairs.corrupt)
entered, out = "blocks.0.hook_resid_mid", "blocks.0.hook_mlp_out"
difference = {x: (healthy[x] - corrupt[x])[:, opener] for x in (entered, out)}


def add_at_bracket(change):
    """Recovery when this is added to the stream after layer 0, at the bracket."""

    def hook(x, hook):
        x = x.clone()
        x[:, opener] += change
        return x

    hooks = [("blocks.1.hook_resid_pre", hook)]
    return recovered(model.run_with_hooks(pairs.corrupt, fwd_hooks=hooks))


# %%
through = {name: add_at_bracket(change) for name, change in difference.items()}
lengths = {name: x.norm(dim=-1, keepdim=True) for name, x in difference.items()}
ratio = lengths[out] / lengths[entered]  # how many times longer m0's is, pair by pair
stretched = add_at_bracket(difference[entered] * ratio)
through[out], through[entered], stretched

# %% figure
fig, ax = plots.figure(width=6, height=2.3)
shown = {
    "the output of m0": (through[out], plots.MLP), "its input": (through[entered], plots.STREAM),
    "its input, stretched": (stretched, plots.NULL),
}  # fmt: skip
for i, (value, colour) in enumerate(shown.values()):
    ax.barh(-i, value, 0.6, color=colour)
    ax.text(max(value, 0) + 0.01, -i, f"{abs(value):.2f}", va="center")
ax.set(yticks=[0, -1, -2], yticklabels=shown, xlabel="recovery, patched at the bracket", xlim=(0, 1))
plots.show(
    fig,
    alt="The output of m0 recovers 0.77, its input 0.00, its input stretched to the same length 0.04.",
    caption="Only the output of m0 is read. Stretched to its length, the bracket's own vector still recovers 0.04 only.",
)

# %% claims
with claims():
    claim(
        "the output of `m0` brings back 0.77, all that the bracket's position holds; its input brings back nothing (less than 0.01)",
        rounds_to(through[out], "0.77")
        and abs(through[out] - at_bracket[1]) < 0.01
        and abs(through[entered]) < 0.01,
    )
    claim("the output of `m0` differs by ten times as much as its input", about(ratio.mean().item(), 10))
    claim("stretched, the input of `m0` still brings back 0.04 only", rounds_to(stretched, "0.04"))

# %% [markdown]
# This is a **bottleneck**, a place through which everything that is used must pass. The bracket's embedding is still in the stream, and later layers do not read it there. They read what `m0` has made of it. One might think that the output counts for more only because it is ten times longer, and the norm divides by it. The control says that length alone is not the reason: at the same length the input's direction is hardly read. (Length is needed too: the deeper notebook makes the output as short as the input.)
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
one_arrow

# %% [markdown]
# `path_patch` does the same for any sender and any reader. The drawing shows what the arrows carry.

# %%
readers = ["1.0.v", "2.2.v", "3.2.v", "2.2.k", "m1"]  # v: values, k: keys
from_m0 = ask.path_patch(["m0"], readers, pairs=True).recovery()[0]  # (reader,)
from_m0 = dict(zip(readers, from_m0.tolist(), strict=True))
senders = ["1.0", "2.2", "3.2", "0.3", "m0", "m3"]
to_logits = ask.path_patch(senders, "logits").recovery()  # (sender,)
to_logits = dict(zip(senders, to_logits.tolist(), strict=True))
feeding = ["0.3", "0.2", ["0.3", "0.2"]]  # at the last token, to m0
to_m0 = ask.path_patch(feeding, ["m0"], positions=last).recovery().flatten().tolist()
m0_ends = ask.sweep("mlp_out", by=("layer", "position"), layers=[0]).recovery()[0]

# %% figure
draw.columns(
    words,
    heads=dict.fromkeys([*trio, found], (opener, last)),
    mlps=[("m0", opener), ("m0", last), ("m3", last)],
    labels={name: (f"from m0 {from_m0[name + '.v']:.2f}", f"to logits {to_logits[name]:.2f}") for name in trio}
    | {"0.3": ("", f"to m0 {to_m0[0]:.2f}"), ("m0", last): f"to logits {to_logits['m0']:.2f}"}
    | {("m3", last): f"to logits {to_logits['m3']:.2f}"},
    crossed={opener: "not read later"},
    answer="]",
).captioned(
    "The road of the bracket, with the recovery of each arrow alone: one sender's output is clean for one reader, everything else is corrupt. From m0, exchanged at all positions: to the values of the head. m0 translates the bracket where it stands; 1.0, 2.2 and 3.2 read that. 0.3 fetches the bracket before m0 has read it, and m0 at the last token reads it there. Not drawn: m0 to the keys of 2.2, and to m1, 0.10 each."
)

# %% claims
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
        "0.3 passes nothing to the logits; at the last token it gives `m0` 0.18, and with 0.2 together 0.22",
        abs(to_logits["0.3"]) < 0.001 and rounds_to(to_m0[0], "0.18") and rounds_to(to_m0[2], "0.22"),
    )
    claim(
        "`m0` at the last token recovers 0.22, what the last token holds before layer 1",
        rounds_to([m0_ends[last].item(), at_last[1].item()], "0.22"),
    )

# %% [markdown]
# The strongest of the arrows from `m0` goes to the values of 2.2, with 0.29. The open arrow of 0.3 finds its end, too: it passes nothing to the logits. It fetches the bracket's *embedding* to the last token, and there `m0` reads it. In section 8 the last token held 0.22 already before layer 1. This is how: 0.3 alone gives `m0` 0.18 there, and 0.3 together with 0.2 gives it 0.22.
#
# The output of an MLP is a fixed bias plus what its neurons add. Whatever `m0` tells about the bracket is therefore in the activations of its neurons. How many of them does it take?

# %% prediction
predict("transformer.neurons")

# %%
best_first = tf.neuron_order(model, pairs[:32])  # by what each recovers alone
fresh = tf.bracket_pairs(model.tokenizer, 64, seed=5)  # not those of the order
sizes = (1, 5, 16, 50, 128, 256, 768)
best_sets = tf.neuron_recovery(model, fresh, [best_first[:size] for size in sizes])
mixed = torch.randperm(768, generator=torch.Generator().manual_seed(0))
random_sets = tf.neuron_recovery(model, fresh, [mixed[:size] for size in sizes])

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

# %% claims
random_50 = tf.neuron_recovery(
    model,
    fresh,
    [torch.randperm(768, generator=torch.Generator().manual_seed(seed))[:50] for seed in range(5)],
)
with claims():
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
# Does a single one of these neurons stand for a bracket? The deeper notebook looks at what the best four answer to. None of them does; each is **polysemantic**, which means that it answers to several unrelated things. Why a model would store things in this way is the subject of lessons 1 and 2.

# %% [markdown]
# ## 10 · The puzzle answered
#
# Take `m3` first. It is the last part, and only the final norm comes after it. So write zeros in its place once as before, and once with the norm's scale held where it was in the whole run.

# %%
name = "blocks.3.hook_mlp_out"
_, everyone = model.run_with_cache(pairs.everyone, names_filter=name)
average = everyone[name].mean(0, keepdim=True)  # (1, pos, d_model)
zeros = (name, lambda out, hook: torch.zeros_like(out))
level = (name, lambda out, hook: average.expand_as(out))
hold = ("ln_final.hook_scale", lambda scale, hook: healthy["ln_final.hook_scale"])
ways = {"its own output": [], "zeros": [zeros], "its mean": [level]}
ways["zeros, scale held"] = [zeros, hold]
ends = {x: model.run_with_hooks(pairs.clean, fwd_hooks=ways[x]) for x in ways}

# %% figure
m3_rows = {}
for way, logits in ends.items():
    with model.hooks(fwd_hooks=[x for x in ways[way] if x is not hold]):
        scales = model.run_with_cache(pairs.clean)[1]["ln_final.hook_scale"]
    divides = (healthy["ln_final.hook_scale"] if hold in ways[way] else scales)[:, -1].mean()
    m3_rows[way] = {"lead": pairs.difference(logits).mean(), "norm divides by": divides, "share right": pairs.right(logits)}
table(
    m3_rows,
    unit={"lead": "logits"},
    corner="in place of m3",
    decimals=2,
    caption="The final norm and the answers with something else in the place of m3. Means over 128 prompts.",
)

# %% claims
rows = {way: {k: float(x) for k, x in row.items()} for way, row in m3_rows.items()}
wrong = {way: pairs.correct != closers[x[:, -1, closers].argmax(-1)] for way, x in ends.items()}
says_round = ends["its own output"][:, -1, closers].argmax(-1) == 0
new_sets = []
for seed in range(1, 6):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    without = more.right(model.run_with_hooks(more.clean, fwd_hooks=[zeros]))
    new_sets.append(without - more.right(model(more.clean)))
with claims():
    claim(
        "with the scale held, the lead falls by 1.30, from 5.19 to 3.89: `m3`'s direct attribution",
        rounds_to(rows["zeros, scale held"]["lead"], "3.89") and rounds_to(added["m3"].mean().item(), "1.30"),
    )
    claim(
        "without `m3` the scale falls from 15.1 to 11.0, and the lead rises to 5.42",
        rounds_to(rows["its own output"]["norm divides by"], "15.1")
        and rounds_to(rows["zeros"]["norm divides by"], "11.0") and rounds_to(rows["zeros"]["lead"], "5.42"),
    )
    claim(
        "with zeros the share right rises from 0.93 to 0.98, and on no one of five other sets does it fall; with the mean it is 0.91",
        rounds_to(rows["its own output"]["share right"], "0.93")
        and rounds_to(rows["zeros"]["share right"], "0.98")
        and rounds_to(rows["its mean"]["share right"], "0.91")
        and min(new_sets) >= 0,
    )
    claim(
        "all nine errors of the whole model are round brackets; with zeros three errors are left",
        int(wrong["its own output"].sum()) == 9
        and bool(says_round[wrong["its own output"]].all())
        and int(wrong["zeros"].sum()) == 3,
    )
    m3_to_round = tf.split(added, pairs, closers[0], closers[1], (")", "]")).preference("m3")
    claim("`m3` pushes towards the round bracket whatever is open, by more than a logit", m3_to_round > 1)
    claim("with its mean in its place, the lead falls by 0.98", rounds_to(lead - rows["its mean"]["lead"], "0.98"))

# %% [markdown]
# With the scale held, the lead falls from 5.19 to 3.89, by the 1.30 of `m3`'s direct attribution. That is arithmetic. With zeros alone the stream is shorter too: the norm divides by 11.0 where it divided by 15.1. As in the toy, the terms of all other parts grow: 3.89 · 15.1/11.0 = 5.34, and 5.42 was measured (the ratio differs from prompt to prompt). The short dark bar of `m3` is the sum of two effects that happen to cancel: its term, and its share in the norm.
#
# The right answers say something else again. All nine errors of the whole model are round brackets where another one is right. With zeros three are left, because `m3` pushes towards the round bracket whatever is open, and that push is gone with it. Its mean keeps the push and takes away what follows the open bracket, and the share right falls to 0.91. So a part can add to the mean lead and still cost answers.
#
# Now `m0`. It adds little, and without it the lead is gone. Look at what happens to the others:

# %%
def terms_without(part):
    """Everybody's direct attribution, and the run's cache, with zeros for this part."""
    if part[0] == "m":
        name = f"blocks.{part[1]}.hook_mlp_out"
        hooks = [(name, lambda out, hook: torch.zeros_like(out))]
    else:
        hooks = patching.ablation_hooks(model, [part], "zero")
    with model.hooks(fwd_hooks=hooks):
        then = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
        _, cache = model.run_with_cache(pairs.clean)
    return then, cache


# %%
without_m0, cache = terms_without("m0")
looks_without = cache["pattern", 2][:, 2, -1, opener].mean().item()  # of head 2.2
without_2_2_terms, _ = terms_without("2.2")

# %% figure
runs = {"whole model": added, "without m0": without_m0, "without 2.2": without_2_2_terms}
rows_m0 = {
    part: {name: x[part].mean().item() for name, x in runs.items()} for part in ("m0", "1.0", "2.2", "3.2", "m3")
}
rows_m0["the lead"] = {name: x.target.mean().item() for name, x in runs.items()}
table(
    rows_m0, decimals=2, signed=True, unit="logits", corner="adds directly",
    caption="The terms of five parts, and the lead, in the whole model and with zeros in the place of one part. Means over 128 prompts.",
)  # fmt: skip

# %% claims
with claims():
    claim(
        "with zeros in the place of `m0` 5.47 of the lead is lost, so that it is −0.27; with its mean 5.23 is lost",
        rounds_to(kinds["zero"].of("m0")[1], "5.47") and rounds_to(rows_m0["the lead"]["without m0"], "-0.27") and rounds_to(kinds["mean"].of("m0")[1], "5.23"),
    )
    claim(
        "without `m0`, 2.2 gives the bracket 0.10 of its attention where it gave 0.63, and adds less than a fifth of what it added",
        rounds_to(looks_without, "0.10") and rounds_to(looks["2.2"], "0.63")
        and abs(rows_m0["2.2"]["without m0"]) < rows_m0["2.2"]["whole model"] / 5,
    )
    fall = {x: rows_m0[x]["whole model"] - rows_m0[x]["without 2.2"] for x in ("2.2", "m3", "3.2")}
    claim(
        "without 2.2 the term of `m3` falls from 1.30 to 0.73 and that of 3.2 from 0.71 to 0.60; with 1.58 this is 2.26",
        rounds_to(rows_m0["m3"]["without 2.2"], "0.73") and rounds_to(rows_m0["3.2"]["without 2.2"], "0.60")
        and rounds_to(sum(fall.values()), "2.26"),
    )

# %% [markdown]
# `m0` has a small direct effect and a large indirect one. Without it, 2.2 gives the bracket 0.10 of its attention where it gave 0.63, and has little to move. The lead is then −0.27: the model is undecided, slightly on the wrong side, and so 5.47 of 5.19 can be lost. With its mean in place of zeros 5.23 is lost, nearly as much.
#
# The same holds, in small, for 2.2. It adds 1.58, and 2.27 is lost without it. Somebody reads it, and the right column says who: the term of `m3` falls from 1.30 to 0.73, and that of 3.2 from 0.71 to 0.60. Together with 1.58 this is 2.26.
#
# Now the puzzle's chart can be drawn again, for the same four parts, with all four numbers.

# %%
losses = {}
for part in four:
    layer = part[-1] if part[0] == "m" else part[0]
    gone = (f"blocks.{layer}.hook_mlp_out", lambda out, hook: torch.zeros_like(out))
    hooks = [gone] if part[0] == "m" else patching.ablation_hooks(model, [part], "zero")
    held = model.run_with_hooks(pairs.clean, fwd_hooks=[*hooks, hold])
    zero, mean = (kinds[kind].of(part)[1] for kind in ("zero", "mean"))
    lost_held = lead - pairs.difference(held).mean().item()
    losses[part] = added[part].mean().item(), lost_held, zero, mean

# %% figure
fig, ax = plots.figure(height=2.9)
labels = ("adds directly", "lost: zeros, scale held", "lost: zeros", "lost: its mean")
for k, (label, colour) in enumerate(zip(labels, (1, 3, 0, 2), strict=True)):
    at = [i + 0.2 * (k - 1.5) for i in range(4)]
    ax.bar(at, [x[k] for x in losses.values()], 0.2, color=plots.SERIES[colour], label=label)
ax.axhline(0, color="black", linewidth=0.8)
ax.axhline(lead, color=plots.NULL, linestyle="--")
ax.set_xticks(range(4), losses)
ax.set(xlabel="head or MLP", ylabel="logits", ylim=(-0.6, 8.2))
ax.legend(loc="upper center", ncols=2)
plots.show(
    fig,
    alt="Four bars for m0, 2.2, 3.2 and m3. For m0 the first is short and three are long; for m3 the first two are equal and the third is below zero; for 2.2 they lie between 1.5 and 2.4, for 3.2 below 0.9.",
    caption="The first figure again, with two more bars for each part. Dashed: the whole lead. For m3 holding the scale makes what is lost equal to what it adds. For m0 and 2.2 it does not: a part of the loss is what later parts no longer get.",
)

# %% claims
with claims():
    claim(
        "m3 with the scale held loses what it adds, to a hundredth; 2.2 with zeros or the mean loses 2.27",
        abs(losses["m3"][0] - losses["m3"][1]) < 0.01 and rounds_to(losses["2.2"][2:], "2.27"),
    )

# %% [markdown]
# **Both bars are right, and each answers its own question.** The light one: what does a part add to the final sum, all else as it was? The dark one: how does the answer change when the part is gone, and every later part and the norm must do without it? They differ for `m0` because others read it, and for `m3` because of the norm. Whether the *decision* changes is a third question.
#
# *Question.* A colleague ranks all heads of a large model by direct attribution, ablates the ten largest one by one, finds that hardly anything changes, and concludes that attribution is useless. What else could it be?
#
# <details><summary>Answer</summary>
#
# The norm, as here. Or later parts that compensate for what is missing, which has been found in large models and is called self-repair (McGrath et al. 2023, [arXiv 2307.15771](https://arxiv.org/abs/2307.15771)). Or several heads that do the same, so that no single one is needed. In each case the attribution is right about the intact run, and the ablation about what is needed.
# </details>

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


elsewhere_found = {name: elsewhere(name) for name in ("list", "call", "nested")}
columns = ("example", "best", "recovers", "second", "recovers (second)")
table(elsewhere_found, columns=columns, decimals=2, corner="template")

# %% claims
with claims():
    claim(
        "2.2 recovers most on all three templates, and more than half on none",
        all(row[1] == "2.2" and row[2] < 0.5 for row in elsewhere_found.values()),
    )
    claim(
        "the second head is 0.3 on the nested template, and not on the others",
        [name for name, row in elsewhere_found.items() if row[3] == "0.3"] == ["nested"],
    )

# %% [markdown]
# *Other models.* In GPT-2 small, Wang et al. 2022 found the heads that write the answer of another task, which of two names comes next. They have large direct attributions. With their means in their place, all together, only about 5 % of the lead is lost, because backup heads take over. Our model's three heads with the largest direct attribution, 2.2, 3.2 and 1.0, cost three quarters of the lead in the same experiment. One cannot be inferred from the other.

# %% claims
largest = [part for part, _ in added.top(40) if "." in part][:3]
logits = patching.ablated(model, pairs.clean, largest, "mean", pairs.everyone)
with claims():
    claim(
        "the three heads with the largest direct attribution are 2.2, 3.2 and 1.0; with their means in their place 76 % of the lead is lost",
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
    {"claim": "m0 holds the bracket in dozens of polysemantic neurons",
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
# - polysemantic: answering to several unrelated things.

# %% [markdown]
# # Inside a transformer
#
# *Lesson 0. You need PyTorch, and to have met transformers once.*
#
# **A puzzle.** The course brings a small language model that has read Python. It has four layers. Each layer has four attention heads, and one MLP, a small network that works at each position by itself. Show the model `values = [names, lines, size`, and it knows that a square bracket should close this, not a round one.
#
# Below are its twenty parts. The light bar says how much a part *adds* to the lead of the right bracket, the score of the right bracket minus the score of the wrong one. The dark bar says how much of that lead is *lost* when the part is taken away.
#
# If the lead were a plain sum, both bars of a part would be equal. For some parts they nearly are. But look at `m0`, the first MLP: it adds little, and without it the whole lead is gone. And look at `m3`, the last MLP: it adds more than any other part but one, and without it nothing is lost. Which bar should one believe?
#
# At the end of this lesson you can answer that, and you have used the everyday tools of the field: hooks, caches, direct logit attribution, the logit lens, ablation and patching. You also know what each of them cannot show.

# %% [markdown] contents
# Every number below is computed in this notebook, except one published number in section 12. The deeper notebook has what the story does not need: which kinds of explanation there are, how ablation depends on the way weights are written down, all pairs of heads, and a table for those who come from TransformerLens 2.

# %% setup

# %%
import torch

from course_utils import patching, plots, views, zoo
from course_utils import transformer as tf
from course_utils.page import about, between, caption, card, claim, claims, draw
from course_utils.page import measured, predict, table

torch.set_grad_enabled(False)  # nothing is trained in this lesson
model = zoo.load("code-4l", device="cpu")
pairs = tf.bracket_pairs(model.tokenizer, 128, seed=0)  # prompts such as the one above
puzzle = tf.removal(model, pairs, "zero")
lead = pairs.difference(model(pairs.clean)).mean().item()

# %% figure
plots.show(
    puzzle.plot(),
    alt="Two bars for each of 20 parts. Both are long for head 2.2; m0 adds little and loses most; m3 adds much and loses nothing.",
    caption="Sixteen heads (layer.number) and four MLPs (m and the layer). Light: what the part adds to the lead of the right bracket. Dark: what the lead loses when the part's output is replaced by zeros. Means over 128 prompts.",
)

# %% claims
adds, lost = ({x: puzzle.of(x)[k] for x in puzzle.labels} for k in (0, 1))
with claims():
    claim(
        "`m0` adds little, less than a fifth of the lead, and without it the whole lead is gone, within a tenth",
        adds["m0"] < lead / 5 and about(lost["m0"], lead),
    )
    claim(
        "`m3` adds more than any other part but one, and without it nothing is lost",
        sorted(adds, key=adds.get)[-2] == "m3" and lost["m3"] < 0,
    )

# %% [markdown]
# ## 1 · Break it and mend it
#
# First ask the model. A model reads **tokens**, pieces of text with a number each. It answers with one score for every token that could come next; these scores are its **logits**, and their softmax gives probabilities.

# %%
closers = torch.tensor([model.to_single_token(sign) for sign in ")]}"])
answers = {}
for sign in "([{":
    prompt = f"values = {sign}names, lines, size"
    logits = model(model.to_tokens(prompt))  # (batch, pos, d_vocab)
    probability = logits[0, -1].softmax(-1)[closers]  # after the last token
    answers[f"`{prompt}`"] = dict(
        zip(("`)`", "`]`", "`}`"), probability.tolist(), strict=True)
    )
table(
    answers,
    unit="probability",
    corner="prompt",
)

# %% caption
caption(
    "The probability of each closing bracket. The rest, up to one, goes to other tokens such as a comma."
)

# %% [markdown]
# Only a bracket several tokens back tells which one must close. So something carries that fact to the end of the text. `pairs.clean` holds 128 such prompts. `pairs.corrupt` holds their twins, in which another bracket is open. On which share of the prompts does the right one of the three brackets get the largest logit? An untrained model with the same shape is the **null** here: what one would see if nothing had been learned.

# %%
untrained = zoo.load("code-4l", device="cpu", checkpoint=0)
intact = pairs.right(model(pairs.clean))
null = untrained(pairs.clean)
table(
    {"trained": {"right": intact, "null: untrained": pairs.right(null)}},
    unit="share of 128 prompts",
    decimals=2,
)

# %% claims
with claims():
    claim(
        "each of the three brackets is closed by its own kind: the right one of the three is the likeliest",
        all(
            max(row, key=row.get) == f"`{close}`"
            for row, close in zip(answers.values(), ")]}", strict=True)
        ),
    )
    claim(
        "the trained model is right on more than nine prompts in ten, the untrained one on at most half",
        intact > 0.9 and pairs.right(null) <= 0.5,
    )

# %% [markdown]
# **Attention heads** are the parts that move something from one position to another. Each looks back over the text and copies something from where it looks. At least one of the sixteen must carry the bracket. We silence them one at a time and count right answers.

# %% prediction
predict("transformer.heads")

# %% [markdown]
# Silencing is the plainest kind of **ablation**, which means taking a part away to see what is missed. `run_with_hooks` runs the model and calls your function in the middle, with what has been computed there. What the function returns takes its place. Such a function is a **hook**. The name `blocks.2.attn.hook_z` means layer 2, attention, and `z`: what each head has gathered, before it is written. Its shape is (batch, pos, head, d_head).


# %%
def silence(head):
    def hook(z, hook):  # z: (batch, pos, head, d_head)
        z = z.clone()
        z[:, :, head] = 0.0
        return z

    return hook


share = torch.zeros(4, 4)  # (layer, head)
for layer in range(4):
    for head in range(4):
        edit = (f"blocks.{layer}.attn.hook_z", silence(head))
        share[layer, head] = pairs.right(
            model.run_with_hooks(pairs.clean, fwd_hooks=[edit])
        )

# %% figure answer
fig, ax = plots.figure(width=4.6, height=3)
tf.draw_heads(ax, share, "right bracket (share)", numbers=True)
plots.show(
    fig,
    alt="Share of right brackets with one head silenced: about as before for fifteen heads, lower by a third for head 2 of layer 2.",
    caption="Each cell is one experiment: this head is silenced, everything else is as it was. The share of right brackets falls clearly in one cell only.",
)

# %% answer
heads = [(layer, head) for layer in range(4) for head in range(4)]
needed = [at for at in heads if share[at] < 0.9 * intact]
kinds = ("none", "one", "two to five", "two to five", "two to five", "two to five")
number = kinds[len(needed)] if len(needed) < 6 else "six or more"
measured("transformer.heads", number)

# %% [markdown]
# We call this head 2.2: layer 2, head 2, both counted from 0. Is it so for other prompts of this kind, or only for these 128?


# %%
def without_2_2(seed):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    edit = ("blocks.2.attn.hook_z", silence(2))
    whole = more.right(model(more.clean))
    rest = more.right(model.run_with_hooks(more.clean, fwd_hooks=[edit]))
    return {"intact": whole, "without 2.2": rest, "right answers lost": 1 - rest / whole}


again = {f"seed {seed}": without_2_2(seed) for seed in range(5)}
table(again, decimals=2, corner="128 prompts each", unit="share")

# %% claims answer
others = [x for i, x in enumerate(share.flatten().tolist()) if i != 10]
with claims():
    claim(
        "without 2.2 a third of the right answers is lost; without any other single head less than a tenth",
        needed == [(2, 2)]
        and about(1 - share[2, 2].item() / intact, 1 / 3)
        and min(others) > 0.9 * intact,
    )
    claim(
        "on five sets of prompts, between 20 and 35 % of the right answers are lost without 2.2",
        between([row["right answers lost"] for row in again.values()], 0.20, 0.35),
    )

# %% [markdown]
# It is so on all five sets. But the model does not fall to a third, which is what guessing among three would give. So something else carries a part of the answer. Section 8 finds it.
#
# Now mend it. Break the model more thoroughly: silence all twelve heads of layers 1, 2 and 3. Then take one head's output from the **cache** of the healthy run, in which every intermediate value was kept, and put it into the broken run. Putting an activation of one run into another is called **patching**. As a control, give back each other head in its place.

# %%
_, healthy = model.run_with_cache(pairs.clean)  # every activation of the healthy run


def broken(give_back=None):
    """Share right with the heads of layers 1 to 3 silent, but for one (layer, head)."""
    kept = dict([give_back] if give_back else [])

    def hook(z, hook):
        new = torch.zeros_like(z)
        if (head := kept.get(hook.layer())) is not None:
            new[:, :, head] = healthy[hook.name][:, :, head]
        return new

    hooks = [(f"blocks.{layer}.attn.hook_z", hook) for layer in (1, 2, 3)]
    return pairs.right(model.run_with_hooks(pairs.clean, fwd_hooks=hooks))


# %%
back = torch.tensor([[broken((layer, head)) for head in range(4)] for layer in (1, 2, 3)])
rows = {f"layer {layer}": row for layer, row in zip((1, 2, 3), back.tolist(), strict=True)}
table(
    rows,
    columns=("head 0", "head 1", "head 2", "head 3"),
    unit="share right",
    mark=[("layer 2", "head 2")],
    decimals=2,
)

# %% claims
rest = back.flatten()[[i for i in range(12) if i != 6]]
with claims():
    claim(
        "with all twelve heads silent the model is right on fewer than half of the prompts",
        broken() < 0.5,
    )
    claim(
        "giving back 2.2 mends more than half of what was lost; giving back any other head mends less than a third of it",
        back[1, 2] - broken() > (intact - broken()) / 2
        and rest.max() - broken() < (intact - broken()) / 3,
    )

# %% [markdown]
# You have checked a causal claim about a language model from both sides. Without this head, much is lost: to that extent it is **necessary**. In a model without the others, it alone brings most back: to that extent it is **sufficient**. A third question is whether it is **specific**, needed for closing brackets and for little else. On ordinary code we can ask how much worse each next token is predicted, in nats, when the head's output is replaced by its average:

# %%
from course_utils.python_text import samples

texts = [model.to_tokens(samples.read(name))[:, :128] for name in samples.names()]
code = torch.cat(texts)  # (12 programs, 128 tokens)
closes = torch.isin(code[:, 1:], closers)


def damage(head):
    with model.hooks(fwd_hooks=patching.ablation_hooks(model, [head], "mean", code)):
        worse = model(code, return_type="loss", loss_per_token=True)
    worse = worse - model(code, return_type="loss", loss_per_token=True)
    return {
        "closing brackets": worse[closes].mean().item(),
        "all other tokens": worse[~closes].mean().item(),
    }


# %%
harm = {head: damage(head) for head in ("2.2", "1.0", "3.2", "2.1")}
table(
    harm,
    unit="nats",
    corner="mean put in place of",
    signed=True,
)

# %% caption
caption(
    "How much worse ordinary code is predicted without one head: 12 sample programs that the model has never read, their first 128 tokens."
)

# %% claims
with claims():
    claim(
        "without 2.2, closing brackets suffer at least three times as much as other tokens, but other tokens suffer too",
        harm["2.2"]["closing brackets"] >= 3 * harm["2.2"]["all other tokens"] > 0,
    )
    claim(
        "without 1.0, closing brackets suffer at least ten times as much as other tokens",
        harm["1.0"]["closing brackets"] >= 10 * harm["1.0"]["all other tokens"],
    )
    claim(
        "of these four heads, 2.2 is the one without which closing brackets suffer most",
        max(harm, key=lambda head: harm[head]["closing brackets"]) == "2.2",
    )

# %% [markdown]
# So 2.2 matters mainly, and not only, for closing brackets. Head 1.0 costs less, but is the more specific of the two: other tokens hardly notice that it is gone. We do not know yet what it reads, what it writes, or who prepared what it reads.
#
# *Question.* We silenced heads by writing zeros. Is a silent head the same as a head that is not there?
#
# <details><summary>Answer</summary>
#
# Not for the parts that read its output. They were trained with that head present, and zero may be a value that it never takes. Section 7 shows a head for which zeros and the average give opposite answers.
# </details>
#
# The exercises of this lesson begin with ten quick questions on einsum, broadcasting, softmax and the like, each with a pointer to what to read (`course start 00`, then `my/00_transformer.ipynb`). If more than three of them are new to you, read first and come back.

# %% [markdown]
# ## 2 · What is being asked
#
# **Mechanistic interpretability** takes a trained model that nobody designed to be read, and asks *how it computes*: which parts, reading what, writing what, and what would happen if one of them were changed. It does not ask which words of the prompt mattered; the deeper notebook sets the two beside each other.
#
# Four words come up again and again.
#
# - A **feature** is something about the input that a model represents. Often one can find it as a direction in its activations. No agreed rigorous definition exists: some mean a property that people can name, some a direction that the model uses. Say which, whenever it matters.
# - A **circuit** is a set of parts and connections between them that carries out some piece of behaviour, so that one can say what each does and what happens when it is changed.
# - A **polysemantic** neuron answers to several unrelated things.
# - **Superposition** means that a model represents more features than it has dimensions, as directions that overlap. It is one possible cause of polysemantic neurons, not the only one. Lesson 1 is about it.
#
# Every lesson follows the same loop. *Decompose*: into which parts? *Describe*: what does each do? *Validate*: does the description predict an experiment that it was not made from?
#
# The word *mechanistic* is used in several senses (Saphra & Wiegreffe 2024, [arXiv 2410.09087](https://arxiv.org/abs/2410.09087)). We use the narrow one: an explanation makes a claim about causes.

# %% [markdown]
# ## 3 · The residual stream is a running sum
#
# At each position the model keeps one vector, of length `d_model`, here 192. It starts as the embedding of the token plus that of the position. Each head and each MLP reads the vector, computes something, and *adds* its result. At the end a matrix, the **unembedding**, turns it into logits. This vector is the **residual stream** (Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html)).

# %% figure
draw.transformer(model.cfg.n_layers, model.cfg.n_heads, highlight=("2.2", "m0")).captioned(
    "One position of the model. The stream runs upwards. In each layer four heads read it and add to it, then the MLP does. Heads also read other positions, which this drawing leaves out. Filled: the two parts that this lesson is most about."
)

# %% [markdown]
# Two things follow from the picture. Heads of the same layer do not see each other's output. And a part of layer 0 can reach the logits *directly*, past all later layers, because what it added is still in the sum. (A later part can add the opposite and so cancel it. Elhage et al. describe parts that do.)
#
# Check the sum: collect what every part has written, and add it up.

# %%
parts = tf.components(model, healthy)  # (component, batch, pos, d_model)
stream = healthy["blocks.3.hook_resid_post"]  # after the last layer
error = (parts.total() - stream).abs().max().item()
length = {
    x: parts[x][:, -1].norm(dim=-1).mean().item() for x in ("embed", "m0", "2.2", "m3")
}
length["the whole stream"] = stream[:, -1].norm(dim=-1).mean().item()
table(
    length, columns=("length of what it adds",), corner="at the last position", decimals=1
)

# %% claims
with claims():
    claim(
        "the sum of all parts is the stream, up to rounding (one part in 100 000)",
        error < 1e-5 * stream.norm(dim=-1).max(),
    )
    claim(
        "what `m0` adds is more than ten times as long as the embedding of the token",
        length["m0"] > 10 * length["embed"],
    )

# %% [markdown]
# Writing to the stream is a plain sum. Reading it is not. Before each part, and before the logits, a **LayerNorm** subtracts from the vector its mean and divides it by its size, called the **scale**. For a vector $x$ with $d$ entries:
#
# $$\text{LayerNorm}(x) = \frac{x - \bar x}{\sqrt{\frac1d\sum_i (x_i - \bar x)^2 + \varepsilon}} \odot w + b$$
#
# The weights $w$ and $b$, (d_model) each, are learned. So a part that adds something long makes everything else count for less to whoever reads next. The puzzle hangs on this.

# %% [markdown]
# ## 4 · Hooks, caches, and the shape of everything
#
# A **hook point** is a named place in the computation. `run_with_cache` returns what passed each of them; `run_with_hooks` lets you change it. The cache also takes short names: `cache["z", 2]` is `cache["blocks.2.attn.hook_z"]`.

# %%
_, cache = model.run_with_cache("values = [names, lines, size")
meaning = {
    "resid_pre": "the stream before the layer",
    "q": "queries", "k": "keys", "v": "values",
    "pattern": "attention: a softmax over keys", "z": "values averaged under the pattern",
    "attn_out": "what all heads of the layer add", "resid_mid": "the stream between heads and MLP",
    "post": "the MLP's neurons", "mlp_out": "what the MLP adds", "resid_post": "the stream after the layer",
}  # fmt: skip
table(
    [
        {"name": name, "shape": str(tuple(cache[name, 2].shape)), "what it is": text}
        for name, text in meaning.items()
    ]
)

# %% [markdown]
# From top to bottom this is one layer. The shapes are (batch, pos, d_model) for the stream, (batch, pos, head, d_head) for what belongs to a head, (batch, head, query, key) for the pattern, and (batch, pos, d_mlp) for the neurons.
#
# Three things go wrong with hooks. *One*: you compute a new tensor and forget to return it. *Two*: you attach a hook with `add_hook`, and it stays for all later runs; `run_with_hooks` and the block `with model.hooks(…)` remove theirs. *Three*: you edit a tensor in place that somebody else holds, such as a cache; write `clone()` first.

# %%
tokens, place = pairs.clean[:1], "blocks.2.attn.hook_z"


def forgets(z, hook):
    z = z * 0  # a new tensor, which nobody receives


def replaces(z, hook):
    return z * 0


moved = {}
moved["hook that forgot to return"] = model.run_with_hooks(tokens, fwd_hooks=[(place, forgets)])
moved["hook that returned"] = model.run_with_hooks(tokens, fwd_hooks=[(place, replaces)])
model.add_hook(place, replaces)
moved["the next run after add_hook"] = model(tokens)
model.reset_hooks()
moved["after reset_hooks"] = model(tokens)
by = {name: (logits - model(tokens)).abs().max().item() for name, logits in moved.items()}
table(by, columns=("logits moved by at most",), decimals=2)

# %% claims
with claims():
    claim(
        "a hook that does not return changes nothing, and one that was added stays until it is reset",
        torch.equal(moved["hook that forgot to return"], model(tokens))
        and torch.equal(moved["after reset_hooks"], model(tokens))
        and torch.allclose(
            moved["the next run after add_hook"], moved["hook that returned"]
        )
        and not torch.allclose(moved["hook that returned"], model(tokens), atol=0.1),
    )

# %% [markdown]
# One more step before we use weights. The norm's own $w$ and $b$ can be multiplied into the weights that read after it, which is called **folding**: fewer things to keep in mind, the same predictions. `enable_compatibility_mode()` does it, and also takes out of the weights what makes no difference, such as a number added to all logits alike. From here on the model is a folded one.

# %%
before, weights = model(tokens).log_softmax(-1), model.W_U.clone()
model.enable_compatibility_mode()
_, healthy = model.run_with_cache(pairs.clean)  # once more, from the folded model
shift = (model(tokens).log_softmax(-1) - before).abs().max().item()
table(
    {
        "log-probabilities": shift,
        "weights of the unembedding": (model.W_U - weights).abs().max().item(),
    },
    columns=("changed by at most",),
    decimals=4,
)

# %% claims
with claims():
    claim(
        "folding changes log-probabilities by less than a thousandth, and weights by more than a tenth",
        shift < 1e-3 and (model.W_U - weights).abs().max() > 0.1,
    )

# %% [markdown]
# *Question.* You run with a hook on `blocks.0.hook_resid_post` and one on `blocks.1.hook_resid_pre`. Which edit wins?
#
# <details><summary>Answer</summary>
#
# They are two names for the same place on the stream, passed one after the other. The second sees what the first has left, and has the last word.
# </details>

# %% [markdown]
# ## 5 · A head opened: where it looks, what it moves
#
# A head does two things, with two pairs of weights. Queries and keys decide *where it looks*. Values and the output matrix decide *what it moves*.

# %% figure
draw.head_opened("2.2", source="[", destination="size").captioned(
    "One head between two positions. W_Q and W_K make the weight of the arrow; W_V and W_O make what travels along it. The product of each pair is all that matters."
)

# %% [markdown]
# A head's **pattern** has a row for each position that looks (the **query**), and a column for each that can be looked at (the **key**). Each row sums to one, and no position sees a later one. This is the last row of 2.2, averaged over the 128 prompts:

# %%
attention = healthy["pattern", 2][:, 2, -1].mean(0)  # head 2.2, from the last token: (key,)
words = ["start", *(word.strip() for word in pairs.words[1:])]
arcs = {(8, key): weight for key, weight in enumerate(attention.tolist()) if weight > 0.02}
draw.attention_arcs(words, arcs, name="2.2", marked=[pairs.opener]).captioned(
    "Where 2.2 looks from the last token, averaged over all prompts. The words are those of the first one."
)

# %% claims
commas = [place for place, word in enumerate(words) if word == ","]
even = 1 / len(words)
looks = {
    f"{layer}.{head}": healthy["pattern", layer][:, head, -1, pairs.opener].mean().item()
    for layer in range(4)
    for head in range(4)
}
with claims():
    claim(
        "from the last token 2.2 gives the open bracket more than four times what an even spread over nine tokens would give",
        looks["2.2"] > 4 * even,
    )
    claim(
        "bracket and commas together get more than nine tenths of its attention",
        attention[pairs.opener] + attention[commas].sum() > 0.9,
    )
    claim(
        "head 1.0 gives the bracket more attention than 2.2 does",
        looks["1.0"] > looks["2.2"],
    )

# %% [markdown]
# The pattern fits the story. But 1.0 looks at the bracket even more, and silencing it costs hardly an answer. Attention is where a hypothesis begins. Try it on quotes: `data = names["size`, whose twin has `'` in the same place. (A square bracket is open too, the same one in both.)

# %% prediction
predict("transformer.quotes")

# %%
quotes = tf.quote_pairs(model.tokenizer, 128, seed=0)
_, cache = model.run_with_cache(quotes.clean)
without = tf.removal(model, quotes, "mean")
whole = quotes.difference(model(quotes.clean)).mean().item()
rows = {}
for layer, head in heads:
    looks_there = cache["pattern", layer][:, head, -1, quotes.opener].mean().item()
    gone = without.of(f"{layer}.{head}")[1] / whole
    rows[f"{layer}.{head}"] = {"attention to the quote": looks_there, "share of the lead lost": gone}

# %% answer
best = sorted(rows, key=lambda head: rows[head]["share of the lead lost"])[::-1]
table(
    {head: rows[head] for head in dict.fromkeys([*best[:3], "2.2"])},
    decimals=2,
    corner="head",
)

# %% claims answer
kinds = {
    "2.2": "the same head",
    **{f"2.{k}": "another head of that layer" for k in (0, 1, 3)},
}
display(measured("transformer.quotes", kinds.get(best[0], "a head of another layer")))
with claims():
    claim(
        "head 2.3 is the one that a quote's lead loses most without, more than half of it",
        best[0] == "2.3" and rows["2.3"]["share of the lead lost"] > 0.5,
    )
    claim(
        "2.2 and 2.3 both give the quote more than six tenths of their attention, but without 2.2 less than a sixth is lost",
        min(rows[h]["attention to the quote"] for h in ("2.2", "2.3")) > 0.6
        and rows["2.2"]["share of the lead lost"] < 1 / 6,
    )

# %% [markdown]
# Two heads look at the same place, and only one of them matters for the answer. A pattern shows where a head looks. It does not show what the head takes from there, nor whether any later part uses it.
#
# For that, read the weights. With stream vectors as rows:
#
# - the **QK circuit** $W_Q W_K^\top$, (d_model, d_model), takes the query's stream on its left and the key's on its right and gives the score;
# - the **OV circuit** $W_V W_O$, (d_model, d_model), takes the key's stream and gives what is added at the query.
#
# Why only the products? Put any invertible matrix $R$ between $W_Q$ and $W_K^\top$, and its inverse beside it: all scores stay, and both matrices look different. What is real is the product. Its rank is at most d_head, here 48 of 192, so that a head reads and writes only a part of the stream. TransformerLens keeps it as two thin matrices, a `FactoredMatrix`.
#
# Feed 2.2's OV circuit with an opening bracket: take the stream that layer 2 reads at `[` in the shortest of texts, the start token and `[`; pass it through $W_V W_O$, and on through the unembedding $W_U$. None of our prompts is involved.

# %% prediction
predict("transformer.copy")


# %%
def moves(signs, layer, head):
    """What a head's OV circuit adds to each logit, fed with these tokens: (sign, d_vocab)."""
    ids = [model.tokenizer.encode(sign, add_special_tokens=False)[0] for sign in signs]
    prompts = torch.tensor([[model.tokenizer.bos_token_id, i] for i in ids])
    _, cache = model.run_with_cache(prompts)
    read = cache[f"blocks.{layer}.ln1.hook_normalized"][:, 1]  # (sign, d_model)
    return read @ model.OV[layer, head].AB @ model.W_U


fed = {"2.2": (" (", " [", " {"), "2.3": (' "', " '")}
first = {}
for head, signs in fed.items():
    for sign, row in zip(signs, moves(signs, 2, int(head[2])), strict=True):
        first[sign] = [model.tokenizer.decode([i]) for i in row.topk(3).indices]

# %% answer
table(
    [
        {
            "fed": f"`{sign.strip()}`",
            "head": head,
            "raises most": "  ".join(f"`{x.strip()}`" for x in first[sign] if x.strip()),
        }
        for head in fed
        for sign in fed[head]
    ]
)


# %%
def matching(layer, head):
    """The score of each fed bracket's own partner, minus the mean of the two others."""
    scores = moves((" (", " [", " {"), layer, head)[:, closers]
    return (1.5 * scores.diagonal() - scores.sum(1) / 2).mean().item()


match = torch.tensor([[matching(layer, head) for head in range(4)] for layer in range(4)])

# %% figure answer
fig, ax = plots.figure(width=4.6, height=3)
tf.draw_heads(ax, match, "matching minus others (logits before the norm)")
plots.show(
    fig,
    alt="A map of 16 heads: the OV circuit of 2.2 raises the matching closing bracket most, then 3.2 and 1.0.",
    caption="For every head: fed an opening bracket, how much more its OV circuit raises the matching closing bracket than the two others.",
)

# %% claims answer
ranked = match.flatten().sort(descending=True)
names = [f"{i // 4}.{i % 4}" for i in ranked.indices.tolist()]
top = first[" ["][0]
kind = (
    "the closing bracket"
    if top.strip() == "]"
    else "the same bracket"
    if top.strip() == "["
    else "neither bracket"
)
display(measured("transformer.copy", kind))
with claims():
    claim(
        "fed an opening bracket, the OV circuit of 2.2 raises the matching closing bracket above all other tokens",
        [first[x][0].strip() for x in fed["2.2"]] == list(")]}"),
    )
    claim(
        "fed a quote, that of 2.3 raises a token with the same quote most",
        all(first[x][0].strip() == x.strip() for x in fed["2.3"]),
    )
    claim(
        "of all heads 2.2 raises the matching bracket most; 3.2 and 1.0 come next, and each of the other thirteen does less than four tenths of what 2.2 does",
        names[0] == "2.2"
        and set(names[1:3]) == {"3.2", "1.0"}
        and ranked.values[3] < 0.4 * ranked.values[0],
    )

# %% [markdown]
# The head does not copy what it sees; it translates an opening bracket into the closing one. Weights, read without our prompts, point to the same head that the ablation found. That is evidence of another kind, and worth more for it. Two further heads come next, 3.2 and 1.0. Remember them.

# %% [markdown]
# ## 6 · Direct logit attribution
#
# The stream at the end is a sum, and the unembedding is linear. Between them stands the final norm. Subtracting the mean is linear too; dividing by the scale is not. Hold the scale fixed at the value that it had in this run, and a logit becomes a sum of terms, one per part. For a part that has written $x$ at the last position:
#
# $$\text{term} = \left(\frac{x - \bar x}{\text{scale}} \odot w\right) \cdot \left(W_U[:, \text{right}] - W_U[:, \text{wrong}]\right)$$
#
# ($w$ is the final norm's weight, all ones once it is folded.) This is **direct logit attribution**. We take it for a difference of two logits, since a number added to all logits changes nothing.

# %%
added = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
shuffle = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(0))
null = tf.attribution(model, pairs.clean, pairs.correct[shuffle], pairs.wrong[shuffle])
rows = added.rows()
for part, row in rows.items():
    row["null: brackets of another prompt"] = (
        null[part].mean().item() if part in null.labels else None
    )
table(
    rows,
    unit="logits",
    signed=True,
    corner="part",
)

# %% caption
caption(
    "The eight largest terms, 128 prompts, prompts resampled for the interval. Null: each prompt asked about the two brackets of another one."
)

# %%
written = healthy["z", 2][:, -1, 2] @ model.W_O[2, 2]  # (batch, d_model): what 2.2 adds
scale = healthy["ln_final.hook_scale"][:, -1]  # (batch, 1)
direction = (model.W_U[:, pairs.correct] - model.W_U[:, pairs.wrong]).mT  # (batch, d_model)
by_hand = (written / scale * direction).sum(-1)  # folded: the mean is out already
(by_hand - added["2.2"]).abs().max()

# %% claims
term = added.terms.mean(1)
with claims():
    claim(
        "the terms sum to the model's own logit difference, prompt by prompt, to a thousandth",
        (added.total() - added.target).abs().max() < 1e-3,
    )
    claim(
        "by hand, 2.2's term is the same to a thousandth",
        (by_hand - added["2.2"]).abs().max() < 1e-3,
    )
    claim(
        "2.2 has the largest term, 25 to 35 % of the lead",
        added.top(1)[0][0] == "2.2"
        and between(added["2.2"].mean() / added.target.mean(), 0.25, 0.35),
    )
    claim(
        "the five largest terms are those of 2.2, m3, 3.2, 1.0 and m0",
        {x for x, _ in added.top(5)} == {"2.2", "m3", "3.2", "1.0", "m0"},
    )
    claim(
        "with the brackets of another prompt no term is larger than a third of 2.2's",
        null.terms.mean(1).abs().max() < added["2.2"].mean() / 3,
    )

# %% [markdown]
# A mean can hide two opposite things. A part may favour the round bracket *whatever* is open, simply because round brackets are common. Averaged over both kinds of prompts, such a **preference** cancels, and so it never shows in the table above. Split the term by which bracket is open. Call $x$ the term for `)` over `]` where `)` is right, and $y$ the term for `]` over `)` where `]` is right. Half the sum, $(x + y)/2$, is the **evidence**, which follows the open bracket. Half the difference, $(x - y)/2$, is the preference.

# %%
many = tf.bracket_pairs(model.tokenizer, 512, seed=1)
terms = tf.attribution(model, many.clean, many.correct, many.wrong)
halves = tf.split(terms, many, closers[0], closers[1], (")", "]"))
kept = {
    part: row
    for part, row in halves.rows().items()
    if part in ("m0", "1.0", "2.2", "3.2", "m3", "all")
}
table(
    kept,
    unit="logits",
    signed=True,
    corner="part",
)

# %% caption
caption(
    "Mean terms over some 170 of 512 fresh prompts: those in which a round or a square bracket is open and the other is the wrong answer."
)

# %% claims
evidence, prefers = halves.evidence, halves.preference
chosen = closers[model(many.clean)[:, -1, closers].argmax(-1)]
shares_right = [(chosen == close)[many.correct == close].float().mean() for close in closers[:2]]
with claims():
    claim(
        "the lead of `)` where it is right is at least three times the lead of `]` where that is right",
        halves.terms["all"][0] >= 3 * halves.terms["all"][1],
    )
    claim(
        "`m0` and `m3` prefer the round bracket by more than a logit, whatever is open",
        min(prefers("m0"), prefers("m3")) > 1,
    )
    claim(
        "2.2 leans the other way: it prefers the square one, and its evidence is the largest of all parts",
        prefers("2.2") < -0.5
        and max((x for x in halves.terms if x != "all"), key=evidence) == "2.2",
    )
    claim(
        "the model is right more often where `)` is right than where `]` is",
        shares_right[0] > shares_right[1],
    )
    claim(
        "where `]` is right, `m3` adds next to nothing to its lead, less than a third of a logit",
        abs(halves.terms["m3"][1]) < 1 / 3,
    )

# %% [markdown]
# Round brackets are what the model favours whatever is open, and the two MLPs carry that preference. Most evidence comes from 2.2 and from `m3`, but they differ in where it counts: 2.2 adds most where the square bracket is right and the preference must be overcome, `m3` where the round one is right and the lead is large anyway. The model errs more often in the first case.
#
# One thing is not in any of these numbers: whatever a part does by preparing what *later* parts read. Terms are **direct effects**. An **indirect effect** works through later parts.
#
# *Question.* The heads of layer 0 have terms of practically zero. Must that be so?
#
# <details><summary>Answer</summary>
#
# No. Such a head could look at the bracket's embedding and, through its OV circuit, write the direction of the closing one. Nothing forbids it. In this model layer 0 prepares what later layers use.
# </details>

# %% [markdown]
# ## 7 · Reading early, and taking away
#
# If the last stream can be turned into logits, so can earlier ones. Pass the stream at some depth through the final norm and the unembedding, as if the remaining layers were not there. This is the **logit lens** ([nostalgebraist 2020](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens)). Depth 0 is the embedding, depth 4 the model's own answer.

# %% prediction
predict("transformer.depth")

# %%
read = tf.lens(model, healthy)[:, :, -1]  # (depth, batch, d_vocab)
shares = [pairs.right(depth[:, None]) for depth in read]
round_first = (read[..., closers].argmax(-1) == 0).float().mean(1)  # (depth,)
by_depth = [
    {
        "layers read": str(depth),
        "right one of three leads": shares[depth],
        "`)` leads, whatever is open": round_first[depth].item(),
    }
    for depth in range(5)
]

# %% answer
table(
    by_depth,
    decimals=2,
    unit="share of prompts",
)

# %% caption answer
caption(
    "The logit lens at the last position, 128 prompts. Guessing among three brackets would be right on a third."
)

# %% claims answer
leads = next(depth for depth in range(5) if shares[depth] >= 0.75)
display(measured("transformer.depth", str(leads)))
with claims():
    claim(
        "the right bracket leads on three prompts in four from depth 3 on, and on fewer than two in three before",
        leads == 3 and max(shares[:3]) < 2 / 3,
    )
    claim(
        "at depths 1 and 2 the round bracket leads on more than four prompts in five, whatever is open",
        round_first[1:3].min() > 0.8,
    )

# %% [markdown]
# The preference for round brackets comes first, and the right bracket overtakes it in layer 2, where head 2.2 works. But the lens reads the *last* position, with the *final* vocabulary. An empty reading does not mean that the model does not know. After layer 0 the answer may be there at another position, or in a form that the unembedding does not read. Section 8 looks.
#
# To know what a part does for the answer, take it away. Something has to stand in its place, and there are three usual choices.

# %% figure
draw.ablations("2.2")

# %% [markdown]
# - **Zero ablation** writes zeros, often a value that the part never takes.
# - **Mean ablation** writes the part's average over a stated set of prompts. What is the same on all of them stays. Our set, `pairs.everyone`, holds every prompt and its twin, so that the average tells nothing about the bracket.
# - **Resample ablation** writes the part's output on another prompt, here the twin.

# %% prediction
predict("transformer.exchange")

# %%
from course_utils.intervals import mean_interval

kinds = {
    "zero": puzzle,
    **{kind: tf.removal(model, pairs, kind) for kind in ("mean", "resample")},
}
costs = {
    part: {
        kind: mean_interval(found.loss[found.labels.index(part)])
        for kind, found in kinds.items()
    }
    for part in ("2.2", "0.3", "m3")
}

# %% answer
table(
    costs,
    unit="logits of lead lost",
    signed=True,
    corner="part",
)

# %% caption answer
caption(
    "Three ways to take a part away (zeros: in the model as loaded). Mean over 128 prompts; below it the 95 % interval, prompts resampled."
)

# %% claims answer
ratio = costs["2.2"]["resample"][0] / costs["2.2"]["mean"][0]
choices = {
    "about the same": 1,
    "about one and a half times": 1.5,
    "about twice": 2,
    "about four times": 4,
}
display(
    measured(
        "transformer.exchange", min(choices, key=lambda name: abs(choices[name] - ratio))
    )
)
with claims():
    claim(
        "for 2.2, resampling costs about twice what the mean costs",
        between(ratio, 1.75, 2.25),
    )
    claim(
        "for 2.2, zero and mean differ by less than a fifth",
        abs(costs["2.2"]["zero"][0] / costs["2.2"]["mean"][0] - 1) < 0.2,
    )
    claim(
        "for 0.3 the model does better with zeros and worse with the mean; for `m3` too (every interval apart from zero)",
        all(costs[x]["zero"][2] < 0 < costs[x]["mean"][1] for x in ("0.3", "m3")),
    )

# %% [markdown]
# Resampling costs about twice as much because a twin's output does not leave the model undecided; it argues for the wrong bracket. For 0.3 and `m3`, zeros and mean do not even agree on the *sign*. Zeros remove a constant that later parts were trained to find there. The mean keeps it. Neither number is *the* effect of a part. Whoever reports an ablation has to say what was put in the place, and from where. (The deeper notebook shows that zero ablation even depends on whether the weights are folded.)

# %% [markdown]
# ## 8 · Activation patching
#
# **Minimal pairs** are two prompts that differ in one thing. Run both. Take an activation from the first, the **clean** run, and put it into the second, the **corrupt** one. If the answer turns towards the clean one, then what tells the two prompts apart passes there.

# %% figure
draw.activation_patching("2.2", clean=("v = [ a , b", "]"), corrupt=("v = ( a , b", ")"))

# %% [markdown]
# Putting clean into corrupt is **denoising**, and asks what is *enough* to bring the answer back. The other way round is **noising**, and asks what is *needed* to keep it. The result is given as **recovery**: 0 if the patched run is still the corrupt one, 1 if it has become the clean one. `patching.Question` holds the two sets of prompts and what is measured, here the lead of the right bracket; `sweep` tries one place after the other. First the stream before each layer, at each position:

# %%
ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
grid = ask.sweep("resid_pre")
recovery = grid.recovery()  # (layer, position)

# %% figure
views.sweep(
    grid,
    labels={"position": words},
    alt="Recovery by patching the stream: at the bracket before the early layers, at the last position before the last layer.",
)

# %% caption
caption(
    "Where the answer is. Each cell is one experiment: the stream at that place comes from the clean run. Below: before layer 0. Above: before layer 3."
)

# %% claims
at_bracket, at_end = recovery[:, pairs.opener], recovery[:, -1]
between_them = recovery[
    :, [p for p in range(len(words)) if p not in (pairs.opener, len(words) - 1)]
]
with claims():
    claim(
        "before layer 0 all of the answer is at the bracket; before layer 3 less than 30 % of it is there, and more than 70 % is at the last token",
        at_bracket[0] > 0.99 and at_bracket[3] < 0.3 and at_end[3] > 0.7,
    )
    claim(
        "before layer 1 the bracket's own position still decides three quarters of the answer",
        about(at_bracket[1], 0.75),
    )
    claim(
        "before layers 1 and 2 both places hold a part of it, at least a tenth each",
        min(*at_bracket[1:3], *at_end[1:3]) >= 0.1,
    )
    claim(
        "no position between them recovers more than 5 %", between_them.abs().max() < 0.05
    )

# %% [markdown]
# Here is what the lens could not see: after layer 0, most of the answer sits at the bracket's own position. Now patch single heads, at all positions.

# %% prediction
predict("transformer.recovery")

# %%
heads = ask.sweep("z")
on_quotes = patching.Question(model, quotes.clean, quotes.corrupt, quotes.metric).sweep("z")
best_of = {
    name: found.top(4, "recovery")
    for name, found in (("brackets", heads), ("quotes", on_quotes))
}
low, high = heads.interval("recovery")

# %% figure answer
fig, axes = plots.figure(1, 2, height=2.9)
for ax, (name, found) in zip(
    axes, (("brackets", heads), ("quotes", on_quotes)), strict=True
):
    tf.draw_heads(ax, found.recovery(), "recovery", limit=1, bar=name == "quotes")
    ax.set_title(name)
plots.show(
    fig,
    alt="Recovery by patching one head: for brackets 2.2, then 1.0 and 3.2; for quotes mostly 2.3.",
    caption="How much of the lead one head brings back, patched from clean into corrupt. Left: brackets. Right: quotes.",
)

# %% claims answer
two_two = heads.recovery()[2, 2].item()
display(measured("transformer.recovery", two_two))
with claims():
    claim(
        "2.2 recovers between 40 and 50 % of the lead, more than any other head",
        between((low[2, 2], high[2, 2]), 0.4, 0.5) and heads.recovery().argmax() == 10,
    )
    claim(
        "1.0 and 3.2 come next",
        {"{layer}.{head}".format(**cell) for cell, _ in best_of["brackets"][1:3]}
        == {"1.0", "3.2"},
    )
    claim(
        "for quotes 2.3 alone recovers more than 60 %",
        on_quotes.recovery()[2, 3] > 0.6 and on_quotes.recovery().argmax() == 11,
    )

# %% [markdown]
# "The bracket head" was too simple a name. No other head is needed as much as 2.2, yet alone it brings back less than half of the lead. Section 1 gave 2.2 back and had most right answers again. The difference is what the others do: there they were silent, here they argue for the other bracket. "Sufficient" always means sufficient against something. The OV circuits, attribution and patching name the same two helpers, 1.0 and 3.2.
#
# A description should predict an experiment that it was not made from. The prediction: take away 2.2, 1.0 and 3.2 together, and the model should be close to guessing, and clearly worse than without 2.2 and two heads drawn at random. We ask it of fresh prompts, five sets.


# %%
def left(heads, seed):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    return more.right(patching.ablated(model, more.clean, heads, "mean", more.everyone))


unnamed = [name for name in looks if name not in ("2.2", "1.0", "3.2", "0.3")]
rng = torch.Generator().manual_seed(0)
draws = [["2.2", *(unnamed[i] for i in torch.randperm(12, generator=rng)[:2])] for _ in "abcd"]
tests = {
    f"seed {seed}": {
        "2.2": left(["2.2"], seed), "2.2, 1.0, 3.2": left(["2.2", "1.0", "3.2"], seed),
        "2.2, 1.0, 3.2, 0.3": left(["2.2", "1.0", "3.2", "0.3"], seed),
        "null: 2.2 and two at random": sum(left(trio, seed) for trio in draws) / len(draws),
    } for seed in range(10, 15)
}  # fmt: skip

# %%
table(
    tests,
    decimals=2,
    unit="share right",
    corner="taken away (mean)",
)

# %% caption
caption(
    "Right brackets left, on five fresh sets of 128 prompts. Guessing among three gives 0.33. Null: the mean of four draws of two heads, from those that no other column names."
)

# %% claims
three, four = (
    [row[name] for row in tests.values()]
    for name in ("2.2, 1.0, 3.2", "2.2, 1.0, 3.2, 0.3")
)
random_ones = [row["null: 2.2 and two at random"] for row in tests.values()]
with claims():
    claim(
        "without the three heads at most half of the brackets are right, on each of the five sets",
        max(three) <= 0.52,
    )
    claim(
        "with two other heads drawn at random beside 2.2, at least a quarter more of the prompts are right, on each of the five sets",
        min(r - t for r, t in zip(random_ones, three, strict=True)) >= 0.25,
    )
    claim("without the three heads more than a third are right, on each of the five sets", min(three) > 0.34)
    claim(
        "taking 0.3 away as well costs more on every set",
        all(f < t for f, t in zip(four, three, strict=True)),
    )

# %% [markdown]
# The prediction holds, and it also shows what the description lacks. The model without the three still does better than guessing, and a fourth head, 0.3, carries part of the rest. Attribution and patching gave it little; only its mean ablation, in section 7, pointed to it. The deeper notebook tries all 105 pairs beside 2.2: exchanging 1.0 or 3.2 for 0.3 costs as much. The list of parts was not complete, and it took a test to show it.
#
# (On doing this well: Zhang & Nanda 2023, [arXiv 2309.16042](https://arxiv.org/abs/2309.16042); Heimersheim & Nanda 2024, [arXiv 2404.15255](https://arxiv.org/abs/2404.15255).)
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
# The puzzle's other half is `m0`. What does it do at the bracket? An MLP is a row of neurons. Each reads one direction of the stream, is cut off where the result is negative, and adds another direction, as much as it is active:

# %% figure
draw.mlp_opened("m0", neurons=8)

# %% [markdown]
# At each position $\text{out} = \text{GELU}(x W_\text{in} + b_\text{in})\, W_\text{out} + b_\text{out}$, with $W_\text{in}$ of shape (d_model, d_mlp) and $W_\text{out}$ of shape (d_mlp, d_model). GELU is a smooth ReLU. `m0` has 768 neurons.
#
# First ask how much of the bracket goes *through* `m0`. The stream after layer 0 at the bracket's position is the sum of what entered `m0` (`resid_mid`) and of what `m0` added (`mlp_out`). Patch each alone, at that position only.

# %%
_, corrupt = model.run_with_cache(pairs.corrupt)
entered, out = "blocks.0.hook_resid_mid", "blocks.0.hook_mlp_out"


def at_the_bracket(**sources):
    """Recovery with resid_mid and mlp_out of layer 0, at the bracket, from these runs."""

    def hook(x, hook):
        source = sources["entered" if hook.name == entered else "out"]
        x = x.clone()
        x[:, pairs.opener] = source[hook.name][:, pairs.opener]
        return x

    lead = pairs.difference(
        model.run_with_hooks(pairs.corrupt, fwd_hooks=[(entered, hook), (out, hook)])
    ).mean()
    return ((lead - grid.corrupt.mean()) / (grid.clean.mean() - grid.corrupt.mean())).item()


# %%
through = {
    "both": at_the_bracket(entered=healthy, out=healthy),
    "what `m0` added": at_the_bracket(entered=corrupt, out=healthy),
    "what entered `m0`": at_the_bracket(entered=healthy, out=corrupt),
}
table(through, columns=("recovery",), corner="clean at the bracket", decimals=2)

# %% claims
with claims():
    claim(
        "what `m0` added brings back all that the two together bring back, about three quarters, and what entered it brings back nothing (less than 1 %)",
        about(through["both"], 0.75)
        and abs(through["what `m0` added"] - through["both"]) < 0.01
        and abs(through["what entered `m0`"]) < 0.01,
    )

# %% [markdown]
# That is a **bottleneck**: later layers do not read the bracket from its embedding at all, although the embedding is still in the stream. They read what `m0` has made of it. So it must be in the neurons. Is there one for `[`?

# %% prediction
predict("transformer.neurons")

# %%
order = tf.neuron_order(model, pairs[:32])  # by what each recovers alone, the best first
fresh = tf.bracket_pairs(
    model.tokenizer, 64, seed=5
)  # prompts that the order was not made from
sizes = (1, 5, 16, 50, 128, 256, 768)
best_sets = tf.neuron_recovery(model, fresh, [order[:size] for size in sizes])
mixed = torch.randperm(768, generator=torch.Generator().manual_seed(0))
random_sets = tf.neuron_recovery(model, fresh, [mixed[:size] for size in sizes])

# %% figure answer
fig, ax = plots.figure(width=6, height=3)
ax.plot(sizes, best_sets, marker="o", color=plots.MLP, label="the best neurons")
ax.plot(
    sizes,
    random_sets,
    marker="o",
    color=plots.NULL,
    linestyle="--",
    label="null: random neurons",
)
ax.set(
    xscale="log",
    xticks=sizes,
    xticklabels=sizes,
    xlabel="neurons of m0 patched at the bracket",
    ylabel="recovery",
)
ax.legend()
plots.show(
    fig,
    alt="Recovery rises slowly with the number of the best neurons, and needs hundreds of random ones.",
    caption="Neurons of m0 patched together at the bracket, best first. The order was found on 32 prompts, the recovery measured on 64 others.",
)

# %% [markdown]
# It takes many neurons. The best 256 even bring back more than all 768, so that some of the rest work against them. What does a single one answer to? Give the model each of its 2048 tokens alone, and see where the neuron is active.

# %%
rows = tf.neuron_readings(model, pairs, order[:4].tolist())
table(
    rows,
    decimals=2,
)

# %% caption
caption(
    "The four neurons that recover most alone: mean activation at each bracket, how many of the 2048 tokens make them active, and the four tokens that do so most."
)

# %% claims answer
half = next(
    size for size, share in zip(sizes, best_sets, strict=True) if share >= best_sets[-1] / 2
)
amount = (
    "one"
    if half == 1
    else "two to five"
    if half < 6
    else "six to fifty"
    if half <= 50
    else "more than fifty"
)
display(measured("transformer.neurons", amount))
many_random = tf.neuron_recovery(
    model,
    fresh,
    [
        torch.randperm(768, generator=torch.Generator().manual_seed(seed))[:50]
        for seed in range(5)
    ],
)
with claims():
    claim(
        "the best single neuron brings back less than a tenth of the lead",
        best_sets[0] < 0.1,
    )
    claim(
        "five neurons bring back less than half of what all 768 do, and 50 bring back more than half",
        best_sets[1] < best_sets[-1] / 2 < best_sets[3],
    )
    claim("the best 256 bring back more than all 768", best_sets[5] > best_sets[6])
    claim(
        "50 of the best bring back at least four times as much as any of five random sets of 50",
        best_sets[3] >= 4 * max(many_random),
    )
    claim(
        "each of the four best neurons is active, above 1, on more than one token in eight",
        all(row["share of tokens above 1"] > 1 / 8 for row in rows),
    )

# %% [markdown]
# The bracket is written across dozens of neurons, each of which answers to many other tokens. They are polysemantic. It takes a set of them to say "square", and the same neurons take part in saying other things. Which directions `m0` uses, and why a model would store things in this way, is the subject of lessons 1 and 2.

# %% [markdown]
# ## 10 · The puzzle answered
#
# Take `m3` first. It is the last part, and only the final norm comes after it. So hold the norm's scale where it was in the whole run, and take `m3` away once more.

# %%
place = "blocks.3.hook_mlp_out"
_, everyone = model.run_with_cache(pairs.everyone, names_filter=place)
average = everyone[place].mean(0, keepdim=True)  # (1, pos, d_model)
zeros = (place, lambda out, hook: torch.zeros_like(out))
level = (place, lambda out, hook: average.expand_as(out))
hold = ("ln_final.hook_scale", lambda scale, hook: healthy["ln_final.hook_scale"])
ways = {"intact": [], "zeros": [zeros], "zeros, scale held": [zeros, hold], "its mean": [level]}

# %%
ends = {}
for name, hooks in ways.items():
    logits = model.run_with_hooks(pairs.clean, fwd_hooks=hooks)
    difference = pairs.difference(logits).mean().item()
    ends[name] = {"lead": difference, "right brackets": pairs.right(logits)}
table(
    ends,
    unit={"lead": "logits", "right brackets": "share"},
    corner="in place of m3",
    decimals=2,
)

# %% claims
norm_before = healthy["ln_final.hook_scale"][:, -1].mean()
with model.hooks(fwd_hooks=[zeros]):
    norm_after = model.run_with_cache(pairs.clean)[1]["ln_final.hook_scale"][:, -1].mean()
again = []
for seed in range(1, 5):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    cached = model.run_with_cache(more.clean)[1]["ln_final.hook_scale"]
    keep = ("ln_final.hook_scale", lambda scale, hook, cached=cached: cached)
    again.append(
        more.right(model.run_with_hooks(more.clean, fwd_hooks=[zeros, keep]))
        - more.right(model(more.clean))
    )
with claims():
    claim(
        "with the scale held, the lead falls by `m3`'s direct attribution, as it must: this is arithmetic",
        abs(ends["intact"]["lead"] - ends["zeros, scale held"]["lead"] - added["m3"].mean())
        < 1e-2,
    )
    claim(
        "without `m3` the norm divides by a number that is 20 to 35 % smaller, and the lead rises",
        between(1 - norm_after / norm_before, 0.2, 0.35)
        and ends["zeros"]["lead"] > ends["intact"]["lead"],
    )
    claim(
        "even with the scale held no right answer is lost, on none of five sets of prompts",
        ends["zeros, scale held"]["right brackets"] >= ends["intact"]["right brackets"]
        and min(again) >= 0,
    )
    claim(
        "with its mean in its place, the lead falls by more than half a logit and right answers by at most 3 %",
        ends["intact"]["lead"] - ends["its mean"]["lead"] > 0.5
        and 1 - ends["its mean"]["right brackets"] / ends["intact"]["right brackets"]
        <= 0.03,
    )

# %% [markdown]
# Two things hide behind the short dark bar of `m3`. The first is the norm. `m3` writes a long vector. Without it the stream is shorter, is divided by a smaller number, and everything that the other parts added counts for more. In the lead, that makes up for what `m3` added.
#
# The second is what its term is made of. Hold the scale, and the lead does fall, but not one right answer is lost. Section 6 says why: `m3` adds most to `)` where `)` is right, and there the lead is large anyway. Where the decision is close, `]` against `)`, it adds next to nothing. For *choosing* the bracket, `m3` is hardly needed. Its term is large on average because it is large where the decision is safe.
#
# Now `m0`. It adds little, and without it the lead is gone. Is that about zeros too? It is not: its mean costs as much (checked below). Look at what happens to the others:

# %%
without_m0 = [("blocks.0.hook_mlp_out", lambda out, hook: torch.zeros_like(out))]
with model.hooks(fwd_hooks=without_m0):
    then = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
    _, cache = model.run_with_cache(pairs.clean)

# %%
reads = {
    name: c["pattern", 2][:, 2, -1, pairs.opener].mean().item()
    for name, c in (("intact", healthy), ("without m0", cache))
}
rows = {
    part: {"intact": added[part].mean().item(), "without m0": then[part].mean().item()}
    for part in ("1.0", "2.2", "3.2", "m3")
}
table(rows, decimals=2, signed=True, unit="logits", corner="direct attribution")

# %% claims
with claims():
    claim(
        "zeros or mean: without `m0` at least nine tenths of the lead are lost",
        min(lost["m0"], kinds["mean"].of("m0")[1]) >= 0.9 * lead,
    )
    claim(
        "without `m0`, 2.2 looks at the bracket less than half as much, and adds less than a fifth of what it added",
        reads["without m0"] < reads["intact"] / 2
        and abs(rows["2.2"]["without m0"]) < rows["2.2"]["intact"] / 5,
    )

# %% [markdown]
# `m0` has a small direct effect and a large indirect one. At the bracket it is the bottleneck of section 9: what later parts read of the bracket is what `m0` wrote. Without it, 2.2 does not find the bracket, and has little to move.

# %% figure
alone = {f"{i // 4}.{i % 4}": x for i, x in enumerate(heads.recovery().flatten().tolist())}
carriers, last = ("1.0", "2.2", "3.2", "0.3"), len(words) - 1
path = [edge for head in carriers[:3] for edge in (f"m0->{head}", f"{head}->logits")]
at = {"m0": pairs.opener} | dict.fromkeys((*carriers, "logits"), last)
draw.circuit(["0.3", *path], tokens=words, at=at).captioned(
    "The road of the bracket. m0 writes it at the bracket, three heads fetch it to the last "
    "token and add to the logits. 0.3 is in layer 0: it fetches the bracket before m0 has read "
    "it, and reaches the logits only through later parts, which this lesson has not followed. "
    "Patched alone, the heads bring back "
    + ", ".join(f"{alone[head]:.2f} ({head})" for head in carriers)
    + f" of the lead, and m0 at the bracket {through['what `m0` added']:.2f}."
)

# %% claims
with claims():
    claim(
        "0.3 adds next to nothing directly, less than a twentieth of a logit, and patched alone recovers at least 5 %",
        added["0.3"].mean().abs() < 0.05 and alone["0.3"] >= 0.05,
    )

# %% [markdown]
# **Both bars are right, and each answers its own question.** The light one: what does a part add to the final sum, all else as it was? The dark one: how does the answer change when the part is gone and every later part, and the norm, must do without it? They differ for `m0` because others read it, and for `m3` because of the norm. And a third question, whether the *decision* changes, has another answer again: for `m3` it hardly does, because its term is largest where the lead is large anyway. None of them is "importance".
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
# *Other prompts.* Everything so far used one template. Here are others: a call or an index; a list with a bracket inside that has been closed again. After them, as a control, the same list with its inner bracket left open.


# %%
def elsewhere(template):
    these = tf.bracket_pairs(model.tokenizer, 96, seed=2, template=template)
    question = patching.Question(model, these.clean, these.corrupt, these.metric)
    row = {"example": f"`{these.texts[0][0]}`"}
    for what, (cell, value) in zip(("most", "next"), question.sweep("z").top(2, "recovery"), strict=True):
        row |= {what: "{layer}.{head}".format(**cell), f"{what} recovers": value}
    return row


others = {template: elsewhere(template) for template in ("list", "call", "nested")}
table(others, decimals=2, corner="template")


# %%
def inner(close):
    """2.2's attention from the last token to the outer and the inner bracket, the inner one closed or not."""
    text = "values = [names(lines" + (")" if close else "") + ", size"
    tokens = model.to_tokens(text)
    words = [model.tokenizer.decode([i]).strip() for i in tokens[0]]
    _, cache = model.run_with_cache(tokens)
    row = cache["pattern", 2][0, 2, -1]
    return {
        "outer `[`": row[words.index("[")].item(),
        "inner `(`": row[words.index("(")].item(),
    }


nested = {"inner one closed": inner(True), "inner one open": inner(False)}
table(nested, decimals=2, corner="one prompt", unit="2.2's attention")

# %% claims
with claims():
    claim(
        "2.2 recovers most on all three templates, and more than six tenths on none",
        all(
            row["most"] == "2.2" and row["most recovers"] < 0.6 for row in others.values()
        ),
    )
    claim(
        "the second head is 0.3 on the nested template, and not on the others",
        [name for name, row in others.items() if row["next"] == "0.3"] == ["nested"],
    )
    claim(
        "2.2 looks more at the outer bracket when the inner one is closed, and more at the inner one when that is open",
        nested["inner one closed"]["outer `[`"] > nested["inner one closed"]["inner `(`"]
        and nested["inner one open"]["inner `(`"] > nested["inner one open"]["outer `[`"],
    )

# %% [markdown]
# So 2.2 tells open from closed. How it does, this lesson has not asked. The last table is one pair of prompts, an example and no measurement.
#
# | tool | what it answers | what it does not show |
# |---|---|---|
# | attention pattern | where a head looks | what it takes from there, and whether that is used |
# | QK and OV circuits | what a head would look for, and move, given an input | which inputs it meets |
# | direct logit attribution | what each part adds to the logits, the norm's scale held | what works through later parts; what a mean over prompts cancels |
# | logit lens | what the stream would give if the model stopped here | what is known elsewhere, or in another form |
# | ablation | what changes without a part, given what stands in its place | how the part does it |
# | activation patching | where the difference between two prompts passes | everything that the two prompts share |
#
# None of them shows that a description is complete. And all of this is one training run of one small model. Whether another run has such a head at all, we have not looked.

# %% [markdown]
# ## 12 · Now on GPT-2
#
# In GPT-2 small, Wang et al. 2022 found the heads that write the answer of another task (which of two names comes next). They have large direct attributions. Knocked out together, replaced by their mean, they cost little, because backup heads take over. Here is our model, measured in the same way: its three heads with the largest direct attribution, replaced by their mean together.

# %% figure
from course_utils.page import beside_gpt2


def knocked_out(some_model):
    these = tf.bracket_pairs(some_model.tokenizer, 64, seed=0)
    found = tf.attribution(some_model, these.clean, these.correct, these.wrong)
    loud = [label for label, _ in found.top(40) if "." in label][:3]
    whole = these.difference(some_model(these.clean)).mean()
    rest = these.difference(
        patching.ablated(some_model, these.clean, loud, "mean", these.everyone)
    ).mean()
    return {
        "task": "closing a bracket",
        "heads": ", ".join(loud),
        "share of the lead lost": (1 - rest / whole).item(),
    }


here = knocked_out(model)
beside_gpt2(
    lambda m: here if m is model else knocked_out(m),
    {"code-4l": model},
    {
        "task": "which of two names",
        "heads": "9.9, 9.6, 10.0",
        "share of the lead lost": 0.05,
    },
    source="Wang et al. 2022, arXiv 2211.00593",
    caption="All heads with the largest direct attribution replaced by their mean at once.",
)

# %% claims
with claims():
    claim(
        "in our model more than six tenths of the lead are lost with these three heads",
        here["share of the lead lost"] > 0.6,
    )

# %% [markdown]
# Two models, two tasks, one question, and opposite answers. In our model these heads are needed together. In GPT-2 they hardly are. One cannot be inferred from the other; each has to be measured.

# %% [markdown]
# ## 13 · What to take along

# %% card
card(
    {"claim": "Head 2.2 carries the open bracket to the end",
     "evidence": "ablation, patching, its OV circuit, its attribution",
     "control": "every other head; other prompts; an untrained model",
     "where it fails": "it is not enough alone: 1.0, 3.2 and 0.3 carry a part"},
    {"claim": "Later layers read the bracket from m0, not from the embedding",
     "evidence": "patching what m0 adds, and what enters it, at the bracket",
     "control": "each of the two without the other",
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
        "direct attribution": r"\left(\tfrac{x - \bar x}{\text{scale}} \odot w\right)\cdot(W_U[:, r] - W_U[:, w])",
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
# - Attention heads: parts that move something from one position to another.
# - ablation: taking a part away to see what is missed.
# - hook: a function that is called in the middle of a run and may change what was computed.
# - cache: every intermediate value of a run.
# - patching: putting an activation of one run into another.
# - necessary: without it, the behaviour is lost.
# - sufficient: it alone brings the behaviour back.
# - specific: it is needed for this behaviour and for little else.
# - Mechanistic interpretability: the study of how a trained model computes, part by part.
# - feature: something about the input that a model represents.
# - circuit: a set of parts and connections that carries out some piece of behaviour.
# - polysemantic: answering to several unrelated things.
# - Superposition: more features than dimensions, as directions that overlap.
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
# - preference: the part of a term that favours one answer whatever is right.
# - evidence: the part of a term that follows what is right.
# - direct effects: what reaches the logits without passing through later parts.
# - indirect effect: what works through later parts.
# - logit lens: the final norm and unembedding applied to an early stream.
# - Zero ablation: zeros in the place of a part's output.
# - Mean ablation: its average over a stated set of prompts in its place.
# - Resample ablation: its output on another prompt in its place.
# - Minimal pairs: two prompts that differ in one thing.
# - clean: the run whose answer is the right one.
# - corrupt: the run of the twin prompt.
# - denoising: clean activations put into the corrupt run.
# - noising: corrupt activations put into the clean run.
# - recovery: 0 if the patched run is the corrupt one, 1 if it has become the clean one.
# - bottleneck: a place through which everything that is used must pass.

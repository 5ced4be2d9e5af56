# %% [markdown]
# # Inside a transformer: deeper
#
# *What lesson 0's story did not need. Its sections can be read in any order, or not at all.*

# %% [markdown] contents
# Each section asks one question and can be read alone. As a reminder: 2.2 is the head that carries an open bracket to the end of a prompt; the *lead* is the right bracket's logit minus the wrong one's. `model` is the model as it is loaded, `folded` the same after `enable_compatibility_mode()`.

# %% setup

# %%
import itertools

import torch

from course_utils import patching, plots, zoo
from course_utils import transformer as tf
from course_utils.page import claim, claims, measured, predict, rounds_to, table
from course_utils.python_text import samples

torch.set_grad_enabled(False)
model = zoo.load("code-4l", device="cpu")
pairs = tf.bracket_pairs(model.tokenizer, 128, seed=0)

# %% [markdown]
# ## 1 · Three things called an explanation
#
# - A model that is **interpretable by design** is simple enough to be read: a short decision list, or the dozen lines of Python with a stack that close brackets. Nothing needs explaining. The price is paid in what such a model can do.
# - **Local attribution** takes one prediction and asks which *inputs* it depended on: erase a word, or follow the gradient, and see what changes. The model stays a box.
# - Mechanistic interpretability asks how the model computes: which parts, reading what, writing what.
#
# Local attribution in its plainest form: exchange one token for that of another prompt (the bracket for its twin's), and see how far the lead moves.

# %%
other = pairs.clean.roll(1, dims=0)  # the words of another prompt
other[:, pairs.opener] = pairs.corrupt[:, pairs.opener]  # the twin's bracket
roles = ["name", "=", "opener", "word", ",", "word", ",", "last word"]
lead, moved = pairs.difference(model(pairs.clean)), {}
for position in range(1, pairs.clean.shape[1]):
    tokens = pairs.clean.clone()
    tokens[:, position] = other[:, position]
    moved[f"{position}: {roles[position - 1]}"] = (pairs.difference(model(tokens)) - lead).abs().mean().item()

# %% figure
table(
    moved, columns=("lead moved by",), unit="logits", corner="token exchanged", decimals=2,
    caption="How far the lead moves, in either direction, when one token is exchanged for that of another prompt. Means over 128 prompts.",
)  # fmt: skip

# %% claims
at_bracket = list(moved.values())[pairs.opener - 1]
with claims():
    claim(
        "exchanging the open bracket moves the lead more than three times as much as exchanging any other token",
        at_bracket > 3 * sorted(moved.values())[-2],
    )

# %% [markdown]
# That is true and useful, and it does not say *how*: the same table would come from a model that counts brackets, copies one, or looks up a memorised line. The lesson's question begins here.

# %% [markdown]
# ## 2 · What "zero" means depends on how the weights are written
#
# Folding multiplies the norms' weights into the weights that read after them, and moves the values' bias, which a head adds whatever it looks at, from its `z` into the layer's bias. The predictions stay as they are. Does zero ablation?

# %%
folded = zoo.load("code-4l", device="cpu")
folded.enable_compatibility_mode()
found = {}
for kind in ("zero", "mean"):
    found[f"{kind}, as loaded"] = tf.removal(model, pairs, kind)
    found[f"{kind}, folded"] = tf.removal(folded, pairs, kind)

# %% figure
heads = ("0.1", "0.2", "0.3", "2.2", "3.2")
fig, axes = plots.figure(columns=2, height=3.0, sharey=True)
for ax, kind in zip(axes, ("zero", "mean"), strict=True):
    placed = []
    for head, colour in zip(heads, plots.SERIES, strict=False):
        ends = [found[f"{kind}, {how}"].of(head)[1] for how in ("as loaded", "folded")]
        ax.plot([0, 1], ends, marker="o", color=colour)
        height = ends[1] + (0.17 if any(abs(ends[1] - y) < 0.15 for y in placed) else 0)
        placed.append(height)
        ax.text(1.06, height, head, va="center", color=colour, bbox=dict(facecolor="white", edgecolor="none", pad=0.6))
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_xticks([0, 1], ("as loaded", "folded"))
    ax.set(title=f"{kind} ablation", xlim=(-0.2, 1.4))
axes[0].set_ylabel("lead lost (logits)")
plots.show(
    fig,
    alt="Lead lost for five heads, as loaded and folded. With zeros the lines of 0.1, 0.2 and 0.3 have a slope; with the mean all lines are level.",
    caption="Lead lost without each of five heads, before and after folding. With the mean nothing depends on how the weights are written down; with zeros it does. Means over 128 prompts.",
)


# %%
def common(layer, head):
    """The share of a head's z, at the last position, that is the same on all prompts."""
    z = cache["z", layer][:, -1, head]  # (batch, d_head)
    return (z.mean(0).square().sum() / z.square().sum(-1).mean()).item()


_, cache = folded.run_with_cache(pairs.clean)
constant = {"0.3": common(0, 3), "2.2": common(2, 2)}

# %% figure
table(
    constant, columns=("share that is the same on all prompts",), corner="head", decimals=2,
    caption="How much of what a head gathers at the last position is the same on all 128 prompts.",
)  # fmt: skip

# %% claims
loss = {kind: one.loss.mean(1) for kind, one in found.items()}
with claims():
    claim(
        "for 0.3, zeros make the model better as loaded, and better by at least 0.1 logit less once folded",
        found["zero, as loaded"].of("0.3")[1] < 0
        and found["zero, folded"].of("0.3")[1] - found["zero, as loaded"].of("0.3")[1]
        >= 0.1,
    )
    claim(
        "the mean does not care about folding: no part's loss changes by more than a hundredth of a logit",
        (loss["mean, as loaded"] - loss["mean, folded"]).abs().max() < 0.01,
    )
    claim(
        "almost all that 0.3 gathers is the same on all prompts, 0.99 of it, and 0.57 of what 2.2 gathers",
        rounds_to(constant["0.3"], "0.99") and rounds_to(constant["2.2"], "0.57"),
    )

# %% [markdown]
# What a head writes on all prompts alike includes the values' bias, and almost all that 0.3 gathers is the same on all prompts. Folding moves the bias elsewhere, so that zeros in the place of 0.3 take away another thing than before.
#
# An effect that depends on how one writes the weights down is not a fact about the model alone. Is mean ablation the right one, then? It depends on its set of prompts: average over prompts with round brackets only, and the "neutral" value argues for the round one.

# %% [markdown]
# ## 3 · All pairs beside 2.2
#
# The lesson took 2.2, 1.0 and 3.2 away together. Is this the worst trio? Take 2.2 away together with each of the 105 pairs of other heads, on the first three of the ten sets of prompts that the lesson used for its test.

# %%
names = [f"{layer}.{head}" for layer in range(4) for head in range(4)]
names.remove("2.2")
every_pair = list(itertools.combinations(names, 2))
sets = [["2.2"], *(["2.2", a, b] for a, b in every_pair)]
left = []
for seed in (10, 11, 12):
    some = tf.bracket_pairs(folded.tokenizer, 128, seed=seed)
    left.append(tf.shares_without(folded, some, sets))  # share right, each head at its mean
left = torch.tensor(left)  # (seed, 2.2 alone and 105 pairs)

# %% figure
mean = dict(zip(every_pair, left.mean(0)[1:].tolist(), strict=True))
alone, median = left[:, 0].mean().item(), left.mean(0)[1:].median().item()
lowest = sorted(mean, key=mean.get)
fig, ax = plots.figure(width=6.4, height=2.6)
for rank, pair in enumerate(lowest):
    known = rank < 3
    ax.plot(rank, mean[pair], "o", color=plots.HEAD if known else plots.GREY, markersize=6 if known else 4)
    if known:
        ax.text(5, mean[pair] - 0.035 + 0.045 * rank, f"{pair[0]}, {pair[1]}: {mean[pair]:.2f}", color=plots.HEAD, va="center")
ax.axhline(alone, color=plots.INK, linewidth=1)
ax.text(104, alone + 0.02, f"2.2 alone: {alone:.2f}", ha="right")
ax.axhline(1 / 3, color=plots.NULL, linestyle=":")
ax.text(104, 1 / 3 - 0.05, "guessing", ha="right", color=plots.NULL)
ax.set(xlabel="pairs of heads, lowest first", ylabel="share right", ylim=(0.25, 0.95), xlim=(-2, 106), xticks=[0, 35, 70, 104])
plots.show(
    fig,
    alt="105 pairs of heads by the share right when they are ablated together with 2.2: three pairs lie far below the others, which are near 2.2 alone.",
    caption="The share right with 2.2 and one pair of heads ablated, for each of the 105 pairs. Means over three sets of 128 prompts.",
)

# %% claims
trio = {frozenset(pair) for pair in itertools.combinations(("0.3", "1.0", "3.2"), 2)}
with claims():
    claim(
        "in the mean of three sets, the three lowest pairs are those of 0.3, 1.0 and 3.2",
        {frozenset(pair) for pair in lowest[:3]} == trio,
    )
    claim(
        "the three differ among themselves by less than a tenth, so which is the lowest is not decided",
        mean[lowest[2]] - mean[lowest[0]] < 0.1,
    )
    claim(
        "the median pair leaves at least 0.2 more of the brackets right than any of the three",
        median - mean[lowest[2]] > 0.2,
    )
    claim(
        "with 1.0 and 3.2 beside 2.2, these three sets give the lesson's 0.40 within the error of 384 prompts, 0.05",
        abs(mean["1.0", "3.2"] - 0.40) < 0.05,
    )

# %% [markdown]
# Head 0.3, which has no direct attribution at all and came fourth when single heads were patched, is as good a third as 1.0 or 3.2. Any two of the three, together with 2.2, carry most of the answer.

# %% [markdown]
# ## 4 · Where a head looks, from the weights alone
#
# By layer 2 much has been added to token and position, and a QK circuit is hard to read. In layer 0 the stream *is* token plus position. The course's other code model, `code-attn-2l`, has two layers of attention and no MLPs. What would its heads of layer 0 look at if they saw positions only? The part of the score that comes from positions is $\text{pos}_i\, W_Q W_K^\top\, \text{pos}_j^\top$, where both vectors are divided by the scale that the norm has on a real text at that position. Then we add the part that comes from tokens.

# %%
small = zoo.load("code-attn-2l", device="cpu")
sample = small.to_tokens(samples.read("dungeon"))[:, :128]
_, cache = small.run_with_cache(sample)
scale = cache["blocks.0.ln1.hook_scale"][0]  # (pos, 1): of token plus position
future = torch.ones(128, 128, dtype=torch.bool).triu(1)


def to_previous(head, *terms):
    """Attention to the token before, from the parts of the score that these terms make."""
    qk = tf.qk_circuit(small.W_Q[0, head], small.W_K[0, head])  # (d_model, d_model)
    read = [(x - x.mean(-1, keepdim=True)) / scale for x in terms]
    scores = sum(x @ qk @ x.mT for x in read) / small.cfg.d_head**0.5  # (query, key)
    return scores.masked_fill(future, -torch.inf).softmax(-1).diagonal(-1).mean().item()


# %%
position, token = small.W_pos[:128], small.W_E[sample[0]]
on_text = tf.attention_at_offset(cache["pattern", 0], 1).tolist()
looks = {
    f"0.{head}": {
        "positions alone": to_previous(head, position),
        "positions and tokens": to_previous(head, position, token),
        "on the text": on_text[head],
    }
    for head in range(4)
}
table(looks, decimals=2, corner="head", unit="attention to the token before")

# %% claims
with claims():
    claim(
        "the weights of 0.2 make it look at the token before, and on the text it does: more than nine tenths both times",
        min(looks["0.2"]["positions alone"], looks["0.2"]["on the text"]) > 0.9,
    )
    claim(
        "0.1 looks like a weaker one from positions alone, more than 0.6, but gives less than 0.35 once tokens are added, and on the text",
        looks["0.1"]["positions alone"] > 0.6
        and max(looks["0.1"]["positions and tokens"], looks["0.1"]["on the text"]) < 0.35,
    )

# %% [markdown]
# Head 0.2 is a **previous-token head**; lesson 3 is about what it is good for. Head 0.1 is the warning: weights tell the truth only when everything that enters them is put in.

# %% [markdown]
# ## 5 · Is 2.2 needed for closing brackets only?
#
# The lesson calls 2.2 necessary. It is **specific** if it is needed for closing brackets and for little else. Replace the head's output by its average on ordinary code, 12 programs that the model has never read, and see how much worse each next token is predicted. The loss is the negative logarithm of the probability of the token that came, in nats (the unit of the natural logarithm).

# %%
closers = torch.tensor([model.to_single_token(sign) for sign in ")]}"])
programs = [model.to_tokens(samples.read(name))[:, :128] for name in samples.names()]
code = torch.cat(programs)  # (12 programs, 128 tokens)
closes = torch.isin(code[:, 1:], closers)


def damage(head):
    with model.hooks(fwd_hooks=patching.ablation_hooks(model, [head], "mean", code)):
        worse = model(code, return_type="loss", loss_per_token=True)
    worse = worse - model(code, return_type="loss", loss_per_token=True)
    return worse[closes].mean().item(), worse[~closes].mean().item()


# %%
harm = {head: damage(head) for head in ("2.2", "1.0", "3.2", "2.1")}
table(harm, columns=("closing brackets", "other tokens"), unit="nats", signed=True)

# %% claims
with claims():
    claim(
        "with 2.2 ablated, closing brackets suffer at least three times as much as other tokens, but other tokens suffer too",
        harm["2.2"][0] >= 3 * harm["2.2"][1] > 0,
    )
    claim(
        "with 1.0 ablated, closing brackets suffer at least ten times as much as other tokens",
        harm["1.0"][0] >= 10 * harm["1.0"][1],
    )
    claim(
        "of these four heads, 2.2 is the one without which closing brackets suffer most",
        max(harm, key=lambda head: harm[head][0]) == "2.2",
    )

# %% [markdown]
# Head 2.2 matters mainly, and not only, for closing brackets. Head 1.0 costs less, but is the more specific of the two: other tokens hardly notice that it is gone.

# %% [markdown]
# ## 6 · Quotes
#
# In `data = names["size` a square bracket is open, and a quote inside it. The twin has `'` where this prompt has `"`; the bracket is the same in both. Which head closes quotes?

# %% prediction
predict("transformer.quotes")

# %%
quotes = tf.quote_pairs(model.tokenizer, 128, seed=0)
_, on_quotes = model.run_with_cache(quotes.clean)
quote_lead = quotes.difference(model(quotes.clean)).mean()
quote_heads = {}
for name in (f"{a}.{b}" for a in range(4) for b in range(4)):
    layer, head = map(int, name.split("."))
    attention = on_quotes["pattern", layer][:, head, -1, quotes.opener].mean().item()
    logits = patching.ablated(model, quotes.clean, [name], "mean", quotes.everyone)
    gone = 1 - (quotes.difference(logits).mean() / quote_lead).item()
    quote_heads[name] = {"attention to the quote": attention, "lead lost (share)": gone}

# %% figure answer
by_loss = sorted(quote_heads, key=lambda head: -quote_heads[head]["lead lost (share)"])
kind = {"2.2": "the same head"} | {f"2.{k}": "another head of that layer" for k in (0, 1, 3)}
display(measured("transformer.quotes", kind.get(by_loss[0], "a head of another layer")))
fig, ax = plots.figure(width=5.4, height=3.3)
for name, both in quote_heads.items():
    x, y = both.values()
    known = name in ("2.2", "2.3")
    ax.plot(x, y, "o", color=plots.HEAD if known else plots.GREY, markersize=8 if known else 6)
    if known or y > 0.1 or x > 0.3:
        ax.annotate(name, (x, y), xytext=(0, 6), textcoords="offset points", ha="center", fontweight="bold" if known else None)
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xlabel="attention to the open quote", ylabel="share of the lead lost without it", xlim=(-0.04, 1.04))
plots.show(
    fig,
    alt="Sixteen heads by their attention to the quote and what is lost without them: 2.3 looks at it and is needed, 2.2 looks at it and is hardly needed.",
    caption="Quotes, 128 prompts, each head's mean in its place. Heads 2.3 and 2.2 both give the quote most of their attention, and of the two the lead depends on 2.3.",
)

# %% claims
with claims():
    claim(
        "head 2.3 is the one that a quote's lead loses most without, more than half of it",
        by_loss[0] == "2.3" and quote_heads["2.3"]["lead lost (share)"] > 0.5,
    )
    claim(
        "2.2 and 2.3 give the quote 0.90 and 0.99 of their attention, but without 2.2 less than a sixth of the lead is lost",
        rounds_to(quote_heads["2.2"]["attention to the quote"], "0.90")
        and rounds_to(quote_heads["2.3"]["attention to the quote"], "0.99")
        and quote_heads["2.2"]["lead lost (share)"] < 1 / 6,
    )

# %%
ask_quotes = patching.Question(model, quotes.clean, quotes.corrupt, quotes.metric)
by_head_quotes = ask_quotes.sweep("z").recovery()
round(by_head_quotes[2, 3].item(), 2)  # of 2.3

# %% claims
with claims():
    claim(
        "for quotes 2.3, patched alone, recovers more than six tenths",
        by_head_quotes[2, 3] > 0.6 and by_head_quotes.argmax() == 11,
    )

# %% [markdown]
# So quotes have a head of their own, 2.3, and patching says the same. That 2.2 looks at the quote as well is no evidence that anything uses it there: a head must look somewhere.

# %% [markdown]
# ## 7 · What single neurons of m0 answer to
#
# Give the model each of its 2048 tokens alone, and see where a neuron is active.

# %%
best_first = tf.neuron_order(folded, pairs[:32])  # by what each recovers alone
readings = tf.neuron_readings(folded, pairs, best_first[:4].tolist())

# %% figure
table(
    readings,
    decimals=2,
    caption="The four neurons that recover most alone: mean activation at each bracket, the share of the 2048 tokens that make them active, and the four tokens that do so most.",
)

# %% claims
with claims():
    claim(
        "each of the four best neurons is active, above 1, on more than one token in eight",
        all(row["share of tokens above 1"] > 1 / 8 for row in readings),
    )

# %% [markdown]
# Each of these neurons is active on more than one token in eight, so none of them stands for a bracket alone.

# %% [markdown]
# ## 8 · Evidence and preference
#
# A mean over prompts can hide two opposite things. Split the terms by which bracket is open. Let $a$ be what a part adds to the lead of `)` over `]` where `)` is right, and $b$ what it adds to the lead of `]` over `)` where `]` is right. The **preference** is $(a - b)/2$: it favours one bracket whatever is open. The **evidence** is $(a + b)/2$: it follows the open bracket. In a mean over both kinds of prompts only the evidence is left.

# %%
many = tf.bracket_pairs(folded.tokenizer, 512, seed=1)  # fresh prompts
many_terms = tf.attribution(folded, many.clean, many.correct, many.wrong)
halves = tf.split(many_terms, many, closers[0], closers[1], (")", "]"))
{part: [round(x, 2) for x in halves.terms[part]] for part in ("m0", "2.2", "m3")}  # a, b

# %% figure
plots.show(
    halves.plot(["m0", "1.0", "2.2", "3.2", "m3"]),
    alt="Evidence and preference of five parts. The MLPs prefer the round bracket, by 2.6 and more than 1; head 2.2 has the largest evidence and prefers the square one.",
    caption="The terms of five parts, split. The two MLPs favour the round bracket whatever is open; 2.2 favours the square one and has the most evidence. From those of 512 fresh prompts, some 170, in which a round or a square bracket is open and the other one is wrong.",
)

# %% claims
terms_128 = tf.attribution(folded, pairs.clean, pairs.correct, pairs.wrong)
of_the_lesson = tf.split(terms_128, pairs, closers[0], closers[1], (")", "]"))
evidence, prefers = halves.evidence, halves.preference
chosen_sign = closers[folded(many.clean)[:, -1, closers].argmax(-1)]
right_of = [(chosen_sign == c)[many.correct == c].float().mean() for c in closers[:2]]
with claims():
    claim(
        "where `)` is right `m0` adds 3.56, where `]` is right −1.58: preference 2.57, evidence 0.99",
        rounds_to(halves.terms["m0"][0], "3.56")
        and rounds_to(halves.terms["m0"][1], "-1.58")
        and rounds_to(prefers("m0"), "2.57")
        and rounds_to(evidence("m0"), "0.99"),
    )
    claim(
        "where `]` is right `m3` adds 0.09 on these prompts, and −0.35 on the lesson's 128",
        rounds_to(halves.terms["m3"][1], "0.09") and rounds_to(of_the_lesson.terms["m3"][1], "-0.35"),
    )
    claim("`m0` and `m3` prefer the round bracket by more than a logit", min(prefers("m0"), prefers("m3")) > 1)
    claim(
        "2.2 prefers the square one by more than half a logit, and its evidence is the largest of all parts",
        prefers("2.2") < -0.5
        and max((x for x in halves.terms if x != "all"), key=evidence) == "2.2",
    )
    claim(
        "the lead of `)` where it is right is at least three times the lead of `]` where that is right",
        halves.terms["all"][0] >= 3 * halves.terms["all"][1],
    )
    claim("the model is right more often where `)` is right than where `]` is", right_of[0] > right_of[1])

# %% [markdown]
# Where `)` is right, `m0` adds 3.56 to its lead. Where `]` is right it adds −1.58: it pushes towards `)` again. It pushes towards `)` both times, by 2.57 on average, and what changes with the bracket is 0.99.
#
# The lead of `)` where it is right is three times that of `]` where that is right, and the model errs more often on square brackets; the prompt with `error` was one of them. Where `]` is right, `m3` adds next to nothing to its lead: 0.09 on these prompts, −0.35 on the lesson's 128, of which only some twenty are of this kind.

# %% [markdown]
# ## 9 · Open or closed
#
# Does 2.2 tell a bracket that is open from one that has been closed again? Take 128 nested prompts such as `values = [names(lines), size`, and each of them once more without the inner closing bracket. Where does 2.2 look from the last token?


# %%
nested = tf.bracket_pairs(folded.tokenizer, 128, seed=0, template="nested")
closed = [clean for clean, _ in nested.texts]
still_open = [text.replace("),", ",") for text in closed]
texts = {"inner one closed": closed, "inner one open": still_open}
inner = 2 + nested.opener  # the bracket after the word that follows the outer one
looked = {}
for name, those in texts.items():
    ids = torch.cat([folded.to_tokens(text) for text in those])
    _, cache = folded.run_with_cache(ids)
    looked[name] = cache["pattern", 2][:, 2, -1][:, [nested.opener, inner]]  # (prompt, 2)

# %% figure
fig, ax = plots.figure(width=5.4, height=2.9)
for i, weights in enumerate(looked.values()):
    for shift, k, colour, label in ((-0.19, 0, plots.SERIES[0], "to the outer bracket"), (0.19, 1, plots.SERIES[1], "to the inner bracket")):
        mean, spread = weights[:, k].mean().item(), weights[:, k].std().item()
        ax.bar(i + shift, mean, 0.36, color=colour, label=label if i == 0 else None, yerr=spread, error_kw=dict(linewidth=1.2))
        ax.text(i + shift + 0.02, mean + 0.02, f"{mean:.2f}", ha="left")
ax.set_xticks([0, 1], looked)
ax.set(ylabel="attention of 2.2", ylim=(0, 1.25))
ax.legend(loc="upper center", ncols=2)
plots.show(
    fig,
    alt="With the inner bracket closed 2.2 looks mostly at the outer one; with the inner one open it looks mostly at that.",
    caption="Attention of 2.2 from the last token, 128 nested prompts with and without the inner closing bracket. Bars: means; lines: standard deviation over prompts.",
)

# %% claims
outer_more = {name: int((weights[:, 0] > weights[:, 1]).sum()) for name, weights in looked.items()}
with claims():
    claim(
        "with the inner bracket closed, 2.2 gives the outer one 0.59 of its attention on average, and more than the inner one on 118 of 128 prompts",
        rounds_to(looked["inner one closed"][:, 0].mean().item(), "0.59") and outer_more["inner one closed"] == 118,
    )
    claim(
        "with the inner bracket open, 2.2 gives it 0.83 of its attention on average, and more than the outer one on every prompt",
        rounds_to(looked["inner one open"][:, 1].mean().item(), "0.83") and outer_more["inner one open"] == 0,
    )

# %% [markdown]
# It does tell them apart: with the inner bracket open, 2.2 looks at that one on every prompt; once it has been closed, at the outer one on 118 of 128. Which part tells it that a bracket has been closed, this lesson has not measured.

# %% [markdown]
# ## 10 · If you come from TransformerLens 2
#
# Most of what you know still works. `HookedTransformer` does not: TransformerLens 4 wraps the Hugging Face model itself, in a `TransformerBridge`.
#
# | TransformerLens 2.x | TransformerLens 4.x |
# |---|---|
# | `HookedTransformer.from_pretrained(name)` | `TransformerBridge.boot_transformers(name)`, then `model.enable_compatibility_mode()` |
# | `….from_pretrained_no_processing(name)` | `boot_transformers(name)` alone |
# | `HookedTransformer(config)` | `TransformerBridge.boot_native(config)`, after importing `transformer_lens.model_bridge.sources.native` |
# | `HookedTransformerConfig` | `TransformerBridgeConfig` |
# | `transformer_lens.utils` | `transformer_lens.utilities` |
# | `transformer_lens.train` | `transformer_lens.tools.training` |
# | `….loading_from_pretrained` | for the names of models: `….supported_models` |
# | attribution from `cache.decompose_resid` and `cache.logit_attrs` | these, or in one call `direct_logit_attribution`, in `transformer_lens.tools.analysis` |
# | logit lens from `cache.accumulated_resid` | that, or `logit_lens`, in the same place |
# | attribution patching by hand | `attribution_patch`, in the same place |
# | `run_with_cache`, `run_with_hooks`, `hooks`, `add_hook`, `reset_hooks` | unchanged |
# | `blocks.2.attn.hook_z`, `cache["z", 2]` | unchanged |
# | `W_E`, `W_Q`, …, `W_U`, `QK`, `OV`, `FactoredMatrix` | unchanged |
# | `patching.get_act_patch_resid_pre` and its kin | unchanged |
# | `return_type="loss"`, `stop_at_layer`, `start_at_layer` | unchanged |
#
# Each row is tried against the installed version by the course's tests.

# %% [markdown] words
# ## Words
#
# - interpretable by design: simple enough to be read without an explanation.
# - Local attribution: which inputs one prediction depended on.
# - specific: needed for one behaviour and for little else.
# - preference: the part of a term that favours one answer whatever is right.
# - evidence: the part of a term that follows what is right.
# - previous-token head: a head that looks at the token before.

# %% [markdown]
# # Inside a transformer: deeper
#
# *What lesson 0's story did not need. Its sections can be read in any order, or not at all.*

# %% [markdown] contents
# Each section asks one question and can be read alone. As a reminder: 2.2 is the head that carries an open bracket to the end of a prompt; the *lead* is the right bracket's logit minus the wrong one's. `model` is the model as it is loaded, `folded` the same after `enable_compatibility_mode()`.

# %% setup

# %%
import torch

from course_utils import patching, plots, zoo
from course_utils import transformer as tf
from course_utils.intervals import mean_interval
from course_utils.page import beside_gpt2, between, caption, claim, claims, draw
from course_utils.page import measured, predict, rising, rounds_to, table
from course_utils.python_text import samples

torch.set_grad_enabled(False)
model = zoo.load("code-4l", device="cpu")
folded = zoo.load("code-4l", device="cpu")
folded.enable_compatibility_mode()
pairs = tf.bracket_pairs(model.tokenizer, 128, seed=0)
closers = torch.tensor([model.to_single_token(sign) for sign in ")]}"])

# %% [markdown]
# ## 1 · Does an ablation depend on how the weights are written?
#
# Folding multiplies the norms' weights into the weights that read after them. It also moves the values' bias, which a head adds whatever it looks at, from its `z` into the layer's bias. The predictions stay as they are. Do the measurements? We ablate each part twice, as the model is loaded and folded.

# %%
found = {}
for kind in ("zero", "mean"):
    found[f"{kind}, as loaded"] = tf.removal(model, pairs, kind)
    found[f"{kind}, folded"] = tf.removal(folded, pairs, kind)

# %% figure
heads = ("0.1", "0.3", "2.2")
fig, axes = plots.figure(columns=2, height=3.0, sharey=True)
for ax, kind in zip(axes, ("zero", "mean"), strict=True):
    for head, colour in zip(heads, plots.SERIES, strict=False):
        ends = [found[f"{kind}, {how}"].of(head)[1] for how in ("as loaded", "folded")]
        ax.plot([0, 1], ends, marker="o", color=colour)
        ax.text(1.06, ends[1], head, va="center", color=colour, bbox=dict(facecolor="white", edgecolor="none", pad=0.6))
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_xticks([0, 1], ("as loaded", "folded"))
    ax.set(title=f"{kind} ablation", xlim=(-0.2, 1.4))
axes[0].set_ylabel("lead lost (logits)")
plots.show(
    fig,
    alt="Lead lost for three heads, as loaded and folded. With zeros the line of 0.3 has a slope; with the mean all lines are level.",
    caption="Lead lost without each of three heads, before and after folding. Means over 128 prompts.",
)


# %% claims
def common(layer, head):
    """The share of the squared length of a head's z, at the last position, that its mean over prompts keeps."""
    z = cache["z", layer][:, -1, head]  # (batch, d_head)
    return (z.mean(0).square().sum() / z.square().sum(-1).mean()).item()


_, cache = folded.run_with_cache(pairs.clean)
round_only = cache["z", 2][pairs.correct == closers[0]][:, -1, 2].mean(0) - folded.run_with_cache(pairs.everyone)[1]["z", 2][:, -1, 2].mean(0)
raises = round_only @ folded.W_O[2, 2] @ folded.W_U[:, closers]  # more than the mean over everyone does
constant = {"0.3": common(0, 3), "2.2": common(2, 2)}
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
    claim("folding takes the values' bias out of `z`: it is zero afterwards, and was not before", folded.b_V.abs().max() == 0 < model.b_V.abs().max())
    claim("the mean of 2.2 over prompts with `(` raises `)` over the two others more than the mean over everyone", raises[0] > raises[1:].max())
    claim(
        "the mean over prompts keeps 0.99 of the squared length of the `z` of 0.3 at the last position, and 0.57 for 2.2",
        rounds_to(constant["0.3"], "0.99") and rounds_to(constant["2.2"], "0.57"),
    )

# %% [markdown]
# With the mean nothing changes. With zeros it does, most visibly for 0.3. Take a head's `z` at the last position, and ask how much of its squared length the mean over all prompts keeps. For 0.3 it is 0.99: almost everything that this head gathers is the same on all prompts, and as loaded the values' bias is part of it. For 2.2 it is 0.57. Folding takes the bias out of `z`, so that zeros in the place of 0.3 take away another thing than before.
#
# An effect that depends on how one writes the weights down is not a fact about the model alone. Is mean ablation the right one, then? It depends on its set of prompts. The mean of 2.2 over prompts with round brackets only raises `)` and is not neutral at all.

# %% [markdown]
# The same numbers show how often the two bars of the lesson's puzzle agree. Here are all twenty parts, folded: what each adds to the lead, and what is lost without it.

# %% figure
fig, axes = plots.figure(width=5.2, columns=2, height=3.9, sharey=True)
named = {"zero": {"m0": (0.15, 0), "m3": (0.15, 0), "2.2": (-0.15, 0.1), "m1": (-0.15, -0.1), "0.0": (-0.15, 0.25), "0.1": (0.15, -0.05), "0.2": (0.15, -0.15)}}
named["mean"] = {"m0": (0.15, 0), "m3": (0.15, 0), "2.2": (-0.15, 0.1), "m1": (-0.15, 0.3), "0.3": (-0.15, 0)}
for ax, (kind, labels) in zip(axes, named.items(), strict=True):
    twenty = found[f"{kind}, folded"]
    ax.plot([-1, 6], [-1, 6], color=plots.NULL, linestyle="--", linewidth=1, zorder=0)
    ax.axhline(0, color="black", linewidth=0.6, zorder=0)
    for x in twenty.labels:
        ax.plot(*twenty.of(x), "o", color=plots.MLP if x[0] == "m" else plots.HEAD, markersize=5)
    for x, (right, up) in labels.items():
        at = twenty.of(x)
        ax.text(at[0] + right, at[1] + up, x, va="center", ha="left" if right > 0 else "right", fontsize=8)
    ax.text(2.5, 3.2, "equal", color=plots.NULL, ha="right")
    ax.set(aspect="equal", xlim=(-1.7, 3.3), ylim=(-1.2, 6), title=f"{kind} ablation", xlabel="adds directly (logits)")
axes[0].set_ylabel("lead lost without it (logits)")
plots.show(
    fig,
    alt="Two scatters of twenty parts. With zeros m0 lies far above the line of equality, m3 far below, and heads 0.0, 0.1, 0.2 and m1, which add nothing, up to 0.7 off. With means most lie near the line; m0, head 2.2, m1 and head 0.3 lie above it.",
    caption="What each of twenty parts adds to the lead, and what is lost without it: means over 128 prompts. Blue: heads; pink: MLPs. Named: what lies more than 0.4 off the line, and m3.",
)

# %% [markdown]
# With zeros seven parts lie more than 0.4 off the line. For heads 0.0, 0.1 and 0.2, which add nothing, that is the zeros' doing: with their means they lie within 0.2 of it. The zeros also hid one: without head 0.3 nothing was lost on the left, and 0.41 is on the right.
#
# With means, all that lies far off the line lies *above* it: `m0`, `m1`, 2.2 and 0.3. Without these, later parts miss something that they read.

# %% claims
of_both = {kind: found[f"{kind}, folded"] for kind in ("zero", "mean")}
off = {kind: {x: one.of(x)[1] - one.of(x)[0] for x in one.labels} for kind, one in of_both.items()}
far = {kind: {x for x, by in one.items() if abs(by) > 0.4} for kind, one in off.items()}
layer_0 = ("0.0", "0.1", "0.2")
with claims():
    claim("with zeros, more than 0.4 off the line are heads 0.0, 0.1, 0.2 and 2.2, `m0`, `m1` and `m3`", far["zero"] == {*layer_0, "2.2", "m0", "m1", "m3"})
    claim(
        "heads 0.0, 0.1 and 0.2 add less than 0.05 in size, and with their means they lie within 0.2 of the line",
        max(abs(of_both["zero"].of(x)[0]) for x in layer_0) < 0.05 and max(abs(off["mean"][x]) for x in layer_0) < 0.2,
    )
    claim("zeros for head 0.3 cost less than 0.05 in size, its mean 0.41", abs(of_both["zero"].of("0.3")[1]) < 0.05 and rounds_to(of_both["mean"].of("0.3")[1], "0.41"))
    claim("with means, more than 0.4 off the line are `m0`, `m1`, head 2.2 and head 0.3, all above it", far["mean"] == {"m0", "m1", "2.2", "0.3"} and min(off["mean"][x] for x in far["mean"]) > 0)

# %% [markdown]
# ## 2 · Is 2.2 needed for brackets only?
#
# The lesson calls 2.2 necessary. It is **specific** if it is needed for closing brackets and for little else. That makes a difference to anyone who wants to remove a behaviour, or to say what a head is for.
#
# Replace a head's output by its average on ordinary code, the first 128 tokens of 12 programs, and see how much worse each next token is predicted. The loss is the negative logarithm of the probability of the token that came, in nats (the unit of the natural logarithm).

# %%
programs = [model.to_tokens(samples.read(name))[:, :128] for name in samples.names()]
code = torch.cat(programs)  # (12 programs, 128 tokens)
closes = torch.isin(code[:, 1:], closers)


def damage(head):
    with model.hooks(fwd_hooks=patching.ablation_hooks(model, [head], "mean", code)):
        worse = model(code, return_type="loss", loss_per_token=True)
    worse = worse - model(code, return_type="loss", loss_per_token=True)
    return worse[closes], worse[~closes]  # of each closing bracket, of each other token


harm = {head: damage(head) for head in ("2.2", "1.0", "3.2", "2.1")}

# %% figure
fig, ax = plots.figure(width=6.2, height=2.9)
for shift, k, label, colour in ((-0.19, 0, "closing brackets", plots.SERIES[0]), (0.19, 1, "other tokens", plots.SERIES[1])):
    heights = [both[k].mean().item() for both in harm.values()]
    ax.bar([i + shift for i in range(4)], heights, 0.38, label=label, color=colour)
    for i, y in enumerate(heights):
        mean, low_end, high_end = mean_interval(list(harm.values())[i][k])
        ax.plot([i + shift] * 2, [low_end, high_end], color=plots.INK, linewidth=1)
        ax.text(i + shift + (-0.02, 0.02)[k], max(y, 0) + 0.008, f"{y:.3f}".replace("-", "−"), ha=("right", "left")[k], fontsize=8)
ax.axhline(0, color="black", linewidth=0.8)
ax.set_xticks(range(4), harm)
ax.set(xlabel="head set to its mean", ylabel="loss added (nats)")
ax.legend()
plots.show(
    fig,
    alt="Loss added without each of four heads, on closing brackets and on other tokens: without 2.2 and 1.0 closing brackets suffer far more than other tokens do.",
    caption="What it costs to predict the next token without each of four heads, on 12 programs, with 95 % intervals (tokens resampled). Head 2.1, of the same layer as 2.2, stands for comparison.",
)

# %% claims
loss_of = {head: [x.mean().item() for x in found] for head, found in harm.items()}
spread = {head: [mean_interval(x) for x in found] for head, found in harm.items()}
with claims():
    claim("there are 12 programs, and 25 of the predicted tokens are closing brackets", len(programs) == 12 and closes.sum() == 25)
    claim("without 2.2 closing brackets suffer at least three times as much as other tokens, but other tokens suffer too", loss_of["2.2"][0] >= 3 * loss_of["2.2"][1] and spread["2.2"][1][1] > 0)
    claim("without 1.0 closing brackets suffer at least ten times as much as other tokens, and less than without 2.2", loss_of["2.2"][0] > loss_of["1.0"][0] >= 10 * loss_of["1.0"][1])
    claim("for 2.2 and 1.0 the intervals of closing brackets and of other tokens lie apart", all(rising(spread[x][1], spread[x][0]) for x in ("2.2", "1.0")))
    claim("for 3.2 the interval of closing brackets contains the mean of other tokens", between(loss_of["3.2"][1], *spread["3.2"][0][1:]))
    claim("for 2.1 the interval of closing brackets contains zero", spread["2.1"][0][1] < 0 < spread["2.1"][0][2])

# %% [markdown]
# Head 2.2 matters mainly, and not only, for closing brackets. Head 1.0 costs less, but is the more specific of the two: other tokens hardly notice that it is gone. For 3.2, which brings the bracket in the lesson's prompts, we see no sign here that it serves brackets more than other tokens, and for 2.1, the comparison, none that it serves brackets at all. With only 25 closing brackets the intervals are wide.
#
# What opens and closes in Python is not always a bracket. In `data = names["size` a square bracket is open, and a quote inside it. The twin has `'` where this prompt has `"`; the bracket is the same in both. Which head closes quotes?

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
    if known or y > 0.07 or x > 0.3:
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

# %% [markdown]
# So on these prompts quotes depend on another head than brackets do, 2.3. That 2.2 looks at the quote as well is no evidence that anything uses it there: a head must look somewhere.

# %% [markdown]
# ## 3 · How does 2.2 know that a bracket is closed?
#
# A head that looks for opening brackets would be misled by code such as `values = [names(lines), size`, where the nearest one has been closed again. Does 2.2 tell a bracket that is open from one that has been closed again? Take 128 such prompts, and each of them once more without the inner closing bracket. Where does 2.2 look from the last token?


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
ax.set(ylabel="attention of 2.2", ylim=(0, 1.25), yticks=[0, 0.25, 0.5, 0.75, 1])
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
# It does tell them apart: with the inner bracket open, 2.2 looks at that one on every prompt; once it has been closed, at the outer one on 118 of 128.
#
# Who tells it? Attention has two sides. The key at the inner bracket cannot know: when it is made, the closing bracket has not been read. So the news must be in the query, at the last token. To find out who brings it there we need twins of equal length. We write `1` where `)` stood, which makes `[names(lines1, size` with the inner bracket open, and give the query of 2.2 one part's output from the closed prompt.

# %%
opened = nested.clean.clone()
opened[:, inner + 2] = folded.tokenizer.encode("1", add_special_tokens=False)[-1]  # in the place of `)`
(_, shut), (_, ajar) = folded.run_with_cache(nested.clean), folded.run_with_cache(opened)
parts_shut, parts_ajar = (tf.components(folded, cache, layer=1) for cache in (shut, ajar))


def to_outer(stream):
    """On how many prompts 2.2 gives the outer bracket more, if its query is made from this: (batch, d_model)."""
    query = folded.blocks[2].ln1(stream[:, None])[:, 0] @ folded.W_Q[2, 2] + folded.b_Q[2, 2]
    scores = torch.einsum("bh,bph->bp", query, ajar["k", 2][:, :, 2])
    return int((scores[:, nested.opener] > scores[:, inner]).sum())


# %%
query_stream = ajar["resid_pre", 2][:, -1]
news = {part: (parts_shut[part] - parts_ajar[part])[:, -1] for part in parts_shut.labels}
told = {"nothing": to_outer(query_stream), "everything": to_outer(query_stream + sum(news.values()))}
told |= {part: to_outer(query_stream + news[part]) for part in ("m0", "1.0", "m1", "embed")}
told |= {"m0 and 1.0": to_outer(query_stream + news["m0"] + news["1.0"])}
told

# %% claims
alone = {part: to_outer(query_stream + change) for part, change in news.items()}
mid = ajar["resid_mid", 0][:, -1]
through_m0 = {}
for head in ("0.0", "0.1", "0.2", "0.3"):
    made = folded.blocks[0].mlp(folded.blocks[0].ln2((mid + news[head])[:, None]))[:, 0]
    through_m0[head] = to_outer(query_stream + made - ajar["mlp_out", 0][:, -1])
with claims():
    claim("the keys at both brackets are the same in both prompts", (shut["k", 2] - ajar["k", 2])[:, [nested.opener, inner], 2].abs().max() < 1e-4)
    claim("with everything from the closed prompt 2.2 looks more at the outer bracket on 118 of 128 prompts, with nothing on none", told["everything"] == 118 and told["nothing"] == 0)
    claim("with the output of `m0` alone on 60, with that of any other part alone on one at the most, with `m0` and 1.0 on 105", alone["m0"] == 60 and max(x for part, x in alone.items() if part != "m0") <= 1 and told["m0 and 1.0"] == 105)
    claim("of the heads of layer 0, 0.3 alone, through `m0`, makes it 14, and no other more than 2", through_m0["0.3"] == 14 and max(x for head, x in through_m0.items() if head != "0.3") <= 2)

# %% [markdown]
# Again it is `m0`, now at the last token: its output alone turns 2.2 to the outer bracket on 60 of the prompts, and with that of head 1.0 as well on 105. No other part does so by itself. What `m0` knows it must have from the heads of layer 0, because an MLP sees one position only and the last token is the same in both prompts. Head 0.3 brings most of it, as it brings the bracket in the lesson.

# %% [markdown]
# ## 4 · What does m0 turn the bracket into?
#
# In the lesson later layers read the bracket from the output of `m0` and not from its input, however long that is made. The reason must be where it points. Once in whole numbers: an MLP reads a direction of the stream, cuts the result off below zero, and adds that much of another direction. Let it read the second of two entries minus 1, and add (3, 0) that many times, and let `(` be (0, 1) and `[` be (0, 2). At `(` it reads 0 and adds nothing. At `[` it reads 1, and the stream becomes (3, 2). A head that reads the first entry alone finds 0 for both brackets before the MLP, however long the arrows are, and 3 for `[` after it.
#
# In the model we take the direction of the stream that a head turns into lead, $W_V W_O$ times the difference of the two unembeddings, and ask how far the input of `m0`, and its output, differ in this direction between a prompt and its twin.

# %%
(_, clean), (_, twin) = (folded.run_with_cache(x) for x in (pairs.clean, pairs.corrupt))
lanes = {site: (clean[site, 0] - twin[site, 0])[:, pairs.opener] for site in ("resid_mid", "mlp_out")}
answer = (folded.W_U[:, pairs.correct] - folded.W_U[:, pairs.wrong]).T  # (batch, d_model)
cosine = {}
for layer, head in ((layer, head) for layer in range(4) for head in range(4)):
    reads = answer @ (folded.W_V[layer, head] @ folded.W_O[layer, head]).T  # what the head turns into lead
    for site, difference in lanes.items():
        cosine[f"{layer}.{head}", site] = torch.cosine_similarity(difference, reads).mean().item()

# %% figure
fig, axes = plots.figure(columns=3, height=2.9)
for ax, tip, title in zip(axes, ((0, 2), (3, 2)), ("toy: before the MLP", "toy: after it"), strict=False):
    ax.annotate("", tip, (0, 0), arrowprops=dict(arrowstyle="-|>", color=plots.ANSWER, linewidth=2.5, shrinkA=0, shrinkB=0))
    ax.annotate("", (0, 1), (0, 0), arrowprops=dict(arrowstyle="-|>", color=plots.EDITED, linewidth=2.5, shrinkA=0, shrinkB=0))
    ax.text(tip[0] + 0.1, tip[1] + 0.12, "[", color=plots.ANSWER, fontweight="bold")
    ax.text(0.15, 0.9, "(", color=plots.EDITED, fontweight="bold")
    ax.plot([0, tip[0]], [0, 0], color=plots.ANSWER, linewidth=5, solid_capstyle="butt")
    ax.set(title=title, xlim=(-0.3, 3.5), ylim=(-0.3, 2.6), xticks=range(4), yticks=range(3), xlabel="what the head reads")
axes[0].set_ylabel("all else")
for (name, site), c in ((key, c) for key, c in cosine.items() if key[0] in ("2.2", "1.0", "3.2")):
    colour = plots.MLP if site == "mlp_out" else plots.NULL
    axes[2].annotate("", (c, (1 - c * c) ** 0.5), (0, 0), arrowprops=dict(arrowstyle="-|>", color=colour, linewidth=1.8, shrinkA=0, shrinkB=0))
    if site == "mlp_out":
        axes[2].text(c + 0.03, (1 - c * c) ** 0.5, f"head {name}", fontsize=8, va="bottom" if c < 0.5 else "top")
axes[2].text(-0.13, 0.25, "input", fontsize=8, color=plots.NULL, ha="right")
axes[2].set(title="measured", xlim=(-0.6, 1.1), ylim=(-0.12, 1.2), xlabel="what the head reads", xticks=(0, 1), yticks=(0, 1))
plots.show(
    fig,
    alt="Toy: before the MLP both brackets stand upright over zero of what the head reads; after it one leans to 3. Measured: the input of m0 is nearly upright, the output of m0 leans to the right for three heads.",
    caption="What it means to translate. Measured: the direction of the difference between the runs, all drawn equally long (mean cosine over 128 pairs); pink: of the output of m0, grey: of its input.",
)

# %% claims
with claims():
    claim(
        "for heads 2.2, 1.0 and 3.2 the mean cosine is below 0.1 in size for the input of `m0`; for its output 0.28 for head 1.0, and 0.45 to 0.55 for the two others; for no other head is it above 0.2",
        max(abs(cosine[x, "resid_mid"]) for x in ("2.2", "1.0", "3.2")) < 0.1 and rounds_to(cosine["1.0", "mlp_out"], "0.28")
        and between([cosine["2.2", "mlp_out"], cosine["3.2", "mlp_out"]], 0.45, 0.55)
        and max(abs(c) for (x, site), c in cosine.items() if site == "mlp_out" and x not in ("2.2", "1.0", "3.2")) < 0.2,
    )

# %% [markdown]
# The input of `m0` differs nearly at right angles to what the three heads read, with mean cosines below 0.1. For the output they are 0.28 for head 1.0 and about a half for 2.2 and 3.2, more than for any other head.

# %% [markdown]
# ## 5 · m0, neuron by neuron
#
# In the lesson `m0` is a translator of brackets. One would like to open it, and find a neuron that stands for `[`. An MLP is a row of neurons. Each reads one direction of the stream, is cut off where the result is negative, and adds another direction, as much as it is active:

# %% figure
draw.mlp_opened("m0", neurons=8)

# %% [markdown]
# At each position $\text{out} = \text{GELU}(x W_\text{in} + b_\text{in})\, W_\text{out} + b_\text{out}$, with $W_\text{in}$ of shape (d_model, d_mlp) and $W_\text{out}$ of shape (d_mlp, d_model). GELU is a smooth ReLU. The output is a fixed bias plus what the neurons add, so whatever `m0` tells about the bracket is in the activations of its 768 neurons. How many does it take?

# %% prediction
predict("transformer.neurons")

# %%
best_first = tf.neuron_order(folded, pairs[:32])  # by what each recovers alone
fresh = tf.bracket_pairs(folded.tokenizer, 64, seed=5)  # not those of the order
sizes = (1, 5, 16, 50, 128)
sets = [best_first[:size].tolist() for size in sizes]
at_clean, at_twin = (tf.at_opener(folded, x, pairs.opener) for x in (pairs.clean, pairs.corrupt))
change = (at_clean - at_twin).abs().mean(0) * folded.W_out[0].norm(dim=-1)  # (d_mlp,)
dice = torch.Generator().manual_seed(7)
null_sets = []  # five for each set: other neurons, in random order, until their output changes as much in sum
for best in sets * 5:
    rest = torch.tensor([i for i in torch.randperm(768, generator=dice).tolist() if i not in best])
    enough = int((change[rest].cumsum(0) < change[best].sum()).sum()) + 1
    null_sets.append(rest[:enough].tolist())
recovers = tf.neuron_recovery(folded, fresh, [*sets, *null_sets, range(768)])

# %% figure answer
best_sets, nulls, all_of_them = recovers[:5], torch.tensor(recovers[5:30]).view(5, 5), recovers[30]
as_much = nulls.mean(0).tolist()  # of each size, over five sets
half = next((size for size, x in zip(sizes, best_sets, strict=True) if x >= all_of_them / 2), 768)
bins = {1: "one", 5: "two to five", 16: "six to fifty", 50: "six to fifty"}
display(measured("transformer.neurons", bins.get(half, "more than fifty")))
fig, ax = plots.figure(width=6.2, height=3.1)
ax.plot(sizes, best_sets, marker="o", color=plots.MLP, linewidth=2.4)
ax.plot(sizes, as_much, color=plots.NULL, linestyle="--")
ax.plot(sizes * 5, nulls.flatten(), ".", color=plots.NULL)
ax.axhline(all_of_them, color=plots.NULL, linewidth=0.8)
ax.text(1, all_of_them + 0.02, "all 768 neurons", color=plots.NULL)
ax.text(13, 0.45, "the best", color=plots.MLP, fontweight="bold", ha="right")
ax.text(54, as_much[3] + 0.04, "others that change as much", color=plots.NULL, ha="center")
ax.set(xscale="log", xticks=sizes, xticklabels=sizes, xlabel="how many of the best (logarithmic)", ylabel="recovery", ylim=(-0.12, 0.95))
ax.minorticks_off()
plots.show(
    fig,
    alt="Recovery rises slowly with the number of the best neurons, and passes half of what all bring back between 16 and 50; other neurons that change as much bring back little.",
    caption="Neurons of m0 patched together at the bracket, best first. The order was found on 32 prompts, the recovery measured on 64 others. Null, five times for each set: other neurons, drawn at random, as many as it takes for their outputs to change as much, in sum, between a prompt and its twin; the line is their mean.",
)

# %% [markdown]
# No single neuron does it, nor do five; fifty bring back more than half of what all of them do. And from sixteen on it is not only that these neurons react to the exchange of the bracket: others that react as much bring back less than a third of it, in each of five draws.
#
# Does one of them at least stand for a bracket? Give the model each of its 2048 tokens alone, and see where a neuron is active.

# %%
readings = tf.neuron_readings(folded, pairs, best_first[:4].tolist())

# %% figure
table(
    readings,
    decimals=2,
    caption="The four neurons that recover most alone: mean activation at each bracket, the share of the 2048 tokens that make them active, and the four tokens that do so most.",
)

# %% claims
with claims():
    claim("the best single neuron brings back less than a tenth of the lead", best_sets[0] < 0.1)
    claim(
        "five neurons bring back less than half of what all 768 do, and 50 bring back more than half",
        best_sets[1] < all_of_them / 2 < best_sets[3],
    )
    claim("the best 16, 50 or 128 bring back more than three times what any of the five nulls of their size does", all(x > 3 * y for x, y in zip(best_sets[2:], nulls.max(0).values[2:].tolist(), strict=True)))
    share_above_1 = (tf.vocabulary_activations(folded) > 1).float().mean(0)  # of the tokens, for each neuron
    claim(
        "each of the four best neurons is active, above 1, on more than one token in eight, which more than half of the 768 are not",
        all(row["share of tokens above 1"] > 1 / 8 for row in readings) and share_above_1.median() < 1 / 8,
    )
    claim("each of the four is above 1 on more than 200 tokens", min(row["share of tokens above 1"] for row in readings) * 2048 > 200)
    by_bracket = [sorted(row[f"at `{sign}`"] for sign in "([{") for row in readings]
    claim("at least one of the four is more active at one bracket than at the two others by more than 2", max(x[2] - x[1] for x in by_bracket) > 2)

# %% [markdown]
# None of the four stands for a bracket and nothing else, though some react to one far more than to the others. Each is active on more than one token in eight, that is on hundreds of tokens, and more than half of the neurons of `m0` are not. A neuron is **polysemantic** if it answers to several things, and tokens as different as those in the last column suggest that these do. Why a model would store things in this way is the subject of lessons 1 and 2.

# %% [markdown]
# ## 6 · Evidence and preference
#
# In the lesson the logit lens shows the right bracket ahead on a third of the prompts after layer 0, as if nothing were known. Which bracket does it show instead?

# %% prediction
predict("transformer.depth")

# %%
(_, read), streams = folded.run_with_cache(pairs.clean), []
streams += [read["resid_pre", 0][:, -1], *(read["resid_post", layer][:, -1] for layer in range(4))]
lens = folded.unembed(folded.ln_final(torch.stack(streams)))[..., closers]  # (depth, batch, bracket)
leading = torch.stack([(lens.argmax(-1) == i).float().mean(1) for i in range(3)])  # (bracket, depth)

# %% figure answer
first = leading[:, 1].argmax().item() if leading[:, 1].max() > 0.75 else 2
display(measured("transformer.depth", ("the round one, whatever is open", "the square one, whatever is open", "each on about a third")[first]))
fig, ax = plots.figure(width=5.6, height=2.8)
ax.plot(range(5), [pairs.right(folded.unembed(folded.ln_final(x))[:, None]) for x in streams], marker="o", color=plots.ANSWER)
ax.plot(range(5), leading[0], marker="s", color=plots.EDITED)
ax.text(3.0, 0.98, "right one ahead", color=plots.ANSWER, fontweight="bold", ha="center")
ax.text(1.5, 1.02, ") ahead, right or wrong", color=plots.EDITED, fontweight="bold", ha="center")
ax.set(xticks=range(5), xlabel="depth: layers read", ylabel="share of prompts", ylim=(-0.03, 1.14), xlim=(-0.2, 4.4))
plots.show(
    fig,
    alt="The right bracket is ahead on about a third of the prompts at depths 0 and 1, on 0.42 at depth 2, 0.88 at depth 3 and 0.93 at depth 4; the round bracket is ahead on nearly all at depths 1 and 2.",
    caption="The logit lens at the last position, 128 prompts. A prompt on which the round bracket is right and ahead counts in both lines.",
)

# %% claims
with claims():
    claim("at depths 1 and 2 the round bracket is ahead on more than four prompts in five, whatever is open", leading[0, 1:3].min() > 0.8)

# %% [markdown]
# The model begins by preferring the round bracket. In the lesson `m0` adds little to the mean lead, and on our own prompt it speaks against the answer. A mean over prompts can hide what has opposite signs on different ones. Split the terms by which bracket is open. Let $a$ be what a part adds to the lead of `)` over `]` where `)` is right, and $b$ what it adds to the lead of `]` over `)` where `]` is right. The **preference** is $(a - b)/2$: it favours one bracket whatever is open. The **evidence** is $(a + b)/2$: it follows the open bracket. In a mean over both kinds of prompts only the evidence is left.

# %%
many = tf.bracket_pairs(folded.tokenizer, 512, seed=1)  # fresh prompts
many_terms = tf.attribution(folded, many.clean, many.correct, many.wrong)
halves = tf.split(many_terms, many, closers[0], closers[1], (")", "]"))
{part: [round(x, 2) for x in halves.terms[part]] for part in ("m0", "2.2", "m3")}  # a, b

# %% figure
plots.show(
    halves.plot(["m0", "1.0", "2.2", "3.2", "m3"]),
    alt="Evidence and preference of five parts. The MLPs prefer the round bracket, by 2.6 and more than 1; head 2.2 has the largest evidence and prefers the square one.",
    caption="The terms of five parts, split. The two MLPs favour the round bracket whatever is open; 2.2 favours the square one and has the most evidence. From those 161 of 512 fresh prompts in which a round or a square bracket is open and the other one is the wrong one.",
)

# %% claims
evidence, prefers = halves.evidence, halves.preference
chosen_sign = closers[folded(many.clean)[:, -1, closers].argmax(-1)]
right_of = [(chosen_sign == c)[many.correct == c].float().mean() for c in closers[:2]]


of_two_kinds = torch.isin(many.correct, closers[:2]) & torch.isin(many.wrong, closers[:2])
with claims():
    claim("161 of the 512 prompts are of the two kinds", of_two_kinds.sum() == 161)
    claim(
        "where `)` is right `m0` adds 3.56, where `]` is right −1.58: preference 2.57, evidence 0.99",
        rounds_to(halves.terms["m0"][0], "3.56") and rounds_to(halves.terms["m0"][1], "-1.58")
        and rounds_to(prefers("m0"), "2.57") and rounds_to(evidence("m0"), "0.99"),
    )
    claim(
        "where `]` is right `m3` adds 0.09",
        rounds_to(halves.terms["m3"][1], "0.09"),
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
# Where `)` is right, `m0` adds 3.56 to its lead. Where `]` is right it adds −1.58 to that one's lead, which is again a push towards `)`. So its preference for `)` is 2.57, and its evidence 0.99.
#
# The lead of `)` where it is right is at least three times that of `]` where that is right, and the model errs more often on square brackets; the prompt with `error` was one of them. Where `]` is right, `m3` adds next to nothing to its lead (0.09).

# %% [markdown]
# ## 7 · If you come from TransformerLens 2
#
# `HookedTransformer` is gone: TransformerLens 4 wraps the Hugging Face model itself, in a `TransformerBridge`. What keeps its name stands at the end of the table.
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
# The course's tests try these names on the installed version.

# %% [markdown]
# ## 8 · Now on GPT-2
#
# In GPT-2 small, Wang et al. 2022 ([arXiv 2211.00593](https://arxiv.org/abs/2211.00593)) found three heads that write the answer of another task: which of two names comes next. These heads have large direct attributions. Replaced by their means all together, they cost only about 5 % of the logit difference, because backup heads take over. Here `code-4l` is asked the same: how much of the lead goes with the three heads of largest direct attribution?

# %%
def without_the_loudest(one):
    """The three heads with the largest direct attribution, and the share of the lead lost without them."""
    some = tf.bracket_pairs(one.tokenizer, 64, seed=0)
    terms = tf.attribution(one, some.clean, some.correct, some.wrong)
    loudest = [name for name, _ in terms.top(40) if "." in name][:3]
    left = some.difference(tf.ablated(one, some.clean, loudest, "mean", some.everyone)).mean()
    lost = 1 - left.item() / some.difference(one(some.clean)).mean().item()
    return {"task": "which bracket closes", "heads": ", ".join(loudest), "share lost": lost}

published = {"task": "which of two names", "heads": "9.9, 9.6, 10.0", "share lost": "about 5 %"}
beside_gpt2(without_the_loudest, {"code-4l": model}, published, source="Wang et al. 2022")

# %% caption
caption("The three heads with the largest direct attribution, replaced by their means together: how much of the logit difference, or of the lead, is lost.")

# %% claims
ours = without_the_loudest(model)
with claims():
    claim("in code-4l the three are 1.0, 2.2 and 3.2, and more than two thirds of the lead go with them", set(ours["heads"].split(", ")) == {"1.0", "2.2", "3.2"} and ours["share lost"] > 2 / 3)

# %% [markdown]
# In `code-4l` more than two thirds of the lead go with its three heads. The two models do different tasks, and the numbers cannot be compared one by one. But a large direct attribution alone does not say how much is lost without a head. That has to be measured.

# %% [markdown]
# ## 9 · What is asked, and what the words mean
#
# Three things are called an explanation of a model.
#
# - A model that is *interpretable by design* is simple enough to be read: a short decision list, or a dozen lines of Python with a stack that close brackets. Nothing needs explaining. The price is paid in what such a model can do.
# - *Local attribution* takes a single prediction and asks which inputs it depended on: erase a word, or follow the gradient, and see what changes. The model stays a box.
# - *Mechanistic interpretability* asks how the model computes: which parts, reading what, writing what.
#
# The word *mechanistic* is used in a narrow and in a broad sense (Saphra & Wiegreffe 2024, [arXiv 2410.09087](https://arxiv.org/abs/2410.09087)). In the narrow one an explanation makes a claim about causes: change this part, and that will happen. In the broad one any study of a model's insides counts. This course means the narrow one.
#
# Three more words come up in every lesson.
#
# - A *feature* is something about the input that a model represents. Often one can find it as a direction in its activations. No agreed rigorous definition exists: some mean a property that people can name, some a direction that the model uses. Say which, whenever it matters.
# - A *circuit* is a set of parts and connections that carries out some piece of behaviour, so that one can say what each does and what happens when it is changed.
# - *Superposition* means that a model represents more features than it has dimensions, as directions that overlap. It is one possible cause of polysemantic neurons and not the only one, so that such a neuron is no proof of it. Lesson 1 is about it.

# %% [markdown] words
# ## Words
#
# - specific: needed for one behaviour and for little else.
# - polysemantic: answering to several things.
# - preference: the part of a term that favours one answer whatever is right.
# - evidence: the part of a term that follows what is right.

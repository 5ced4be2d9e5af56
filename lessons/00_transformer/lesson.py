# %% [markdown]
# # Inside a transformer
#
# *Lesson 0. You need PyTorch, and to have met transformers once.*
#
# **A puzzle.** This course brings a small language model that has read Python. Show it `values = [names, lines, size`, and it gives a score to every piece of text that could come next. On the left below are two of these scores, that of `]`, which would be right, and that of `)`, which would be wrong. How far the right one is ahead is called its **lead**. The model knows which bracket to close.
#
# But how does it know? It is built from twenty parts: four layers, each with four attention heads and one MLP. Heads are named by layer and number, both counted from 0, so that `3.2` is head 2 of layer 3, and MLPs by their layer, `m0` to `m3`. In the middle below are three of the twenty on this prompt, on the right the same three on 128 prompts like it, for each of which one of the two other brackets counts as the wrong one. The light bar says how much a part *adds* to the lead, the dark bar how much of the lead is *lost* when the part writes zeros instead of its output.

# %% setup

# %%
import torch

from course_utils import patching, plots, zoo
from course_utils.intervals import mean_interval
from course_utils import transformer as tf

torch.set_grad_enabled(False)  # nothing is trained in this lesson
model = zoo.load("code-4l", device="cpu")
model.enable_compatibility_mode()  # same predictions, simpler weights: see section 2
ours = tf.one_pair(model.tokenizer, "values = [names, lines, size", "(")  # ( would be wrong
pairs = tf.bracket_pairs(model.tokenizer, 128, seed=0)  # 128 prompts like it
closers = torch.tensor([model.to_single_token(sign) for sign in ")]}"])
lead = pairs.difference(model(pairs.clean)).mean().item()  # on average over the 128
our_puzzle = tf.removal(model, ours, "zero")  # both bars of every part
puzzle = tf.removal(model, pairs, "zero")

# %% figure
from course_utils.page import about, between, card, claim, claims, draw, measured, predict, rounds_to, table

scores = model(ours.clean)[0, -1, closers].tolist()
our_lead = ours.difference(model(ours.clean)).item()
fig, (left, *right) = plots.figure(columns=3, height=3.3, width_ratios=(1, 1.7, 1.7))
left.bar([0, 1], [scores[1], scores[0]], 0.6, color=[plots.ANSWER, plots.EDITED])
left.plot([0.4, 1.3], [scores[1]] * 2, color=plots.INK, linewidth=0.8)
left.annotate("", (1, scores[1]), (1, scores[0]), arrowprops=dict(arrowstyle="<->", shrinkA=0, shrinkB=0))
left.text(1.12, sum(scores[:2]) / 2, f"lead\n{our_lead:.1f}", va="center")
left.set_xticks([0, 1], ["]", ")"], fontsize=13)
left.set(ylabel="score", title="two scores", xlim=(-0.5, 2.3), ylim=(0, 16))
shown = ["m0", "3.2", "m3"]
for ax, found, height, title in zip(right, (our_puzzle, puzzle), (our_lead, lead), ("our prompt", "mean of 128 prompts"), strict=True):
    for shift, k, label, colour in ((-0.2, 0, "adds", plots.SERIES[1]), (0.2, 1, "lost without it", plots.SERIES[0])):
        for i, y in enumerate(found.of(x)[k] for x in shown):
            ax.bar(i + shift, y, 0.38, label="" if i else label, color=colour)
            up = y > -0.1  # a hairline's number stands above it, clear of the bar beside it
            ax.text(i + shift, max(y, 0) + 0.14 if up else y - 0.14, f"{y:.1f}".replace("-", "−"), ha="center", va="bottom" if up else "top", fontsize=9)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.axhline(height, color=plots.NULL, linestyle="--", zorder=0)
    ax.text(2.5, height + 0.12, f"lead {height:.1f}", ha="right", color=plots.NULL)
    ax.set_xticks(range(3), ["m0", "head 3.2", "m3"])
    ax.set(ylim=(-2.2, 7.8), title=title)
right[0].legend(loc="upper left")
plots.show(
    fig,
    alt=f"The score of the square bracket is {our_lead:.2f} above that of the round one. Then two bars for each of three parts. Our prompt: m0 adds {our_puzzle.of('m0')[0]:.1f}, and {our_puzzle.of('m0')[1]:.1f} is lost; m3 adds next to nothing, and without it the lead rises by {-our_puzzle.of('m3')[1]:.1f}. Mean: m0 adds {puzzle.of('m0')[0]:.1f}, and {puzzle.of('m0')[1]:.1f} is lost, more than the lead of {lead:.1f}; m3 adds {puzzle.of('m3')[0]:.1f}, and less than nothing is lost.",
    caption="Left: two scores, with a scale of their own. Middle and right: three parts. A bar below zero: the part takes away from the lead, or the lead rises without it. The 128 prompts have a round, square or curly bracket open.",
)

# %% [markdown]
# If the lead were a sum of twenty contributions that leave one another alone, the two bars of a part would be equal, and those of head 3.2 nearly are. The two MLPs are stranger. On our prompt `m0` takes away from the lead, and yet the lead falls without it. `m3` adds next to nothing, and yet the lead rises without it. Over the 128 prompts `m0` adds 0.6 on average, but without it 5.5 are lost. That is more than the lead of 5.2, so that on average the wrong bracket is then ahead. Which bar do you believe?

# %% [markdown] contents
# The exercises begin with quick questions on einsum, softmax and the like. A second, deeper notebook has what the story does not need. A line *Checked here* opens to statements that the code has just tested.

# %% claims
adds, lost = ({x: puzzle.of(x)[k] for x in puzzle.labels} for k in (0, 1))
kinds_of_pair = [(pairs.correct == a) & (pairs.wrong == b) for a in closers for b in closers if a != b]


def moves_if_alike(values):
    """How far a mean over the prompts moves if each of the six pairs of brackets counts alike."""
    return abs(sum(values[kind].mean() for kind in kinds_of_pair) / 6 - values.mean()).item()


shown_at, (our_m0, our_m3, our_head) = [puzzle.labels.index(x) for x in shown], (our_puzzle.of(x) for x in ("m0", "m3", "3.2"))
with claims():
    cfg = model.cfg
    claim("the model has twenty parts: four heads and an MLP in each of four layers; its sizes are those of section 2",
          (cfg.n_layers, cfg.n_heads, len(puzzle.labels)) == (4, 4, 20) and (cfg.d_model, cfg.d_head, cfg.d_mlp, cfg.d_vocab) == (192, 48, 768, 2048) and model.W_in.shape[1:] == (192, 768) and model.W_out.shape[1:] == (768, 192))
    card_of = zoo.card("code-4l")
    claim("it has 2.2 million weights and was trained in about an hour, 65 minutes, on 10.6 million tokens", (rounds_to(card_of["parameters"] / 1e6, "2.2"), round(card_of["minutes"]), rounds_to(card_of["data"]["sizes"]["train"]["tokens"] / 1e6, "10.6")) == (True, 65, True))
    claim(
        "were each of the six pairs of brackets counted alike, no bar, nor the mean lead, would move by as much as 0.25",
        len({int(kind.sum()) for kind in kinds_of_pair}) > 1 and max(moves_if_alike(x) for values in (puzzle.direct, puzzle.loss) for x in [*values[shown_at], pairs.difference(model(pairs.clean))]) < 0.25,
    )
    claim("on our prompt `m0` takes more than a logit away, and without it more than a logit is lost; `m3` adds less than 0.1 in size, and without it the lead rises by more than a logit",
          our_m0[0] < -1 and our_m0[1] > 1 and abs(our_m3[0]) < 0.1 and our_m3[1] < -1)
    claim("on the 128 prompts `m0` adds 0.6 to a mean lead of 5.2, and without it 5.5 are lost, so that the lead is below zero; `m3` adds more than twice as much, and without it nothing is lost",
          rounds_to(adds["m0"], "0.6") and rounds_to(lost["m0"], "5.5") and rounds_to(lead, "5.2") and lead < lost["m0"] and adds["m3"] > 2 * adds["m0"] and lost["m3"] < 0)
    claim("the two bars of head 3.2 differ by less than 0.2, on our prompt too", max(abs(x - y) for x, y in ((adds["3.2"], lost["3.2"]), our_head)) < 0.2)

# %% [markdown]
# ## 1 · Break it and mend it
#
# Which part makes the model close the right bracket? The model reads **tokens**, pieces of text with a number each, and answers with one score for every token that could come next. These scores are its **logits**, and their softmax gives probabilities. In front of every prompt stands a start token.

# %%
words = ["start", "values", "=", "[", "names", ",", "lines", ",", "size"]  # our prompt's tokens
opener, last = 3, 8  # the positions of the bracket and of the last token
texts = [f"values = {sign}names, lines, size" for sign in "([{"]
texts += ["error = [code, object, path"]
answers = []
for text in texts:
    logits = model(model.to_tokens(text))  # (batch, pos, d_vocab)
    answers.append(logits[0, -1].softmax(-1)[closers].tolist())  # after the last token

# %% figure
fig, ax = plots.figure(width=6.2, height=2.5)
plots.heatmap(ax, torch.tensor(answers), signed=False, limit=0.6, bar=False, aspect="auto")
for row, (text, found) in enumerate(zip(texts, answers, strict=True)):
    for column, value in enumerate(found):
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=11, color="white" if value > 0.3 else "black")
    right = "([{".index(next(sign for sign in text if sign in "([{"))
    ax.add_patch(plots.plt.Rectangle((right - 0.47, row - 0.44), 0.94, 0.88, fill=False, edgecolor=plots.ANSWER, linewidth=3))
ax.set_xticks(range(3), ")]}", fontsize=13)
ax.set_yticks(range(4), texts, family="monospace")
ax.xaxis.tick_top()
ax.tick_params(length=0)
plots.show(
    fig,
    alt="Four prompts and the probabilities of three closing brackets. In the first three the right one is likeliest; in the last the round one is, though a square one is open.",
    caption="The probability of each closing bracket; green frames the right one. The rest goes to other tokens, most of it to the comma. In the last row the model is wrong.",
)

# %% [markdown]
# The token that tells which bracket must close stands several places back, so something in the model must carry that fact to the end of the text.
#
# One prompt proves little, and so most numbers of this lesson are means over 128. Here are three of them. The bracket stands at the same place in all.

# %%
[model.tokenizer.decode(row[1:]) for row in pairs.clean[:3].tolist()]

# %% [markdown]
# The lead says *by how much* the right bracket is ahead of one wrong one. The **share right** says *on how many* prompts it is ahead of both. They can disagree. The lead may fall from 5 to 1 on every prompt, and no answer changes. If one lead of 0.1 falls to −0.1, an answer is lost, and the mean lead hardly moves.
#
# To judge such a number we need a **null**, what one sees where there is nothing to find. Ours is a model of the same shape with random weights, which should guess: a third right, give or take 0.04 on 128 prompts.

# %%
untrained = zoo.load("code-4l", device="cpu", checkpoint=0)
intact = pairs.right(model(pairs.clean))  # the share right, from the logits of the 128 prompts
nothing_learned = pairs.right(untrained(pairs.clean))  # and pairs.difference gives each prompt's lead
{"trained": round(intact, 2), "untrained": round(nothing_learned, 2)}

# %% [markdown]
# **Attention heads** are the parts that move something from one position to another: each looks back over the text and brings something from where it looks. An **MLP** works at each position by itself. Therefore at least one of the sixteen heads must carry the bracket, and to find it we take heads away, one at a time. Taking a part away to see what is missed is called **ablation**; the plainest kind writes zeros instead of its output.

# %% prediction
predict("transformer.heads")

# %% [markdown]
# The model is run by the library TransformerLens; `course_utils` is the course's own. The library's `run_with_hooks` runs the model, calls your function in the middle with what has been computed there, and goes on with what the function returns. Such a function is a **hook**. The name `blocks.2.attn.hook_z` means layer 2, attention, and `z`: what each head has gathered, before it is written.


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

# %% [markdown]
# Then the other way round: we break the model more thoroughly, by ablating all twelve heads of layers 1, 2 and 3, while layer 0 stays whole, and see which single head mends it. That head's output comes from the *clean* run, in which nothing is ablated. Its **cache** holds every intermediate value. Putting an activation of one run into another is called **patching**.

# %%
_, clean = model.run_with_cache(pairs.clean)  # every activation of the clean run


def broken(give_back=None):
    """The logits with the heads of layers 1 to 3 ablated, but for one (layer, head)."""

    def hook(z, hook):
        new = torch.zeros_like(z)
        if give_back and hook.layer() == give_back[0]:
            head = give_back[1]
            new[:, :, head] = clean[hook.name][:, :, head]
        return new

    hooks = [(f"blocks.{layer}.attn.hook_z", hook) for layer in (1, 2, 3)]
    return model.run_with_hooks(pairs.clean, fwd_hooks=hooks)


# %% figure answer
worst = share.min().item()
steps = ("a third or less", "a third to a half", "a half to two thirds", "more than two thirds")
display(measured("transformer.heads", steps[sum(worst > edge for edge in (1 / 3, 1 / 2, 2 / 3))]))
none_back = pairs.right(broken())
back = torch.tensor([[pairs.right(broken((layer, head))) for head in range(4)] for layer in (1, 2, 3)])
fig, (left, right) = plots.figure(columns=2, height=3.2)
tf.draw_heads(left, share, numbers=True, bar=False)
tf.draw_heads(right, back, numbers=True, bar=False)
right.set(ylim=(-1.5, 2.5))  # rows as on the left
right.set_yticks(range(3), (1, 2, 3))
right.text(1.5, -1, "layer 0 is left whole", ha="center", va="center", color=plots.NULL)
left.set_title("without this head")
right.set_title("with only this one of the twelve")
plots.show(
    fig,
    alt=f"Two maps of heads. Left, share of right brackets with one head ablated: {sorted(share.flatten().tolist())[1]:.2f} or more for fifteen heads, {worst:.2f} for head 2 of layer 2. Right, with one of twelve given back: {back.max():.2f} for the same head, {back.flatten().sort().values[-2]:.2f} or less for any other.",
    caption=f"The share right, of 128 prompts; each cell is one experiment. Left: this head is ablated, all else is as it was. Right: all heads of layers 1 to 3 are ablated, and this one is given back. With none given back it is {none_back:.2f}: the model then closes every prompt with ).",
)

# %% [markdown]
# Head 2.2 stands out both times. Without it the share right falls from 0.93 to 0.57. To that extent it is **necessary**. Given back alone, it lifts the share from 0.33 to 0.84. To that extent it is **sufficient**.
#
# Both have their limits. All answers that are lost without head 2.2 have `[` or `{` open; where `(` is open the model stays right, for a reason that section 4 will show. Nor does head 2.2 alone bring the whole *lead* back: with head 2.2 it is 2.64, and the whole model has 5.19. And two heads seem to do harm: without head 0.1 or 1.1 the model is right a little more often, on 0.99 or 0.98 of the prompts. This lesson does not find out why.
#
# You have just done **mechanistic interpretability**: you took a trained model that nobody designed to be read, and asked *how it computes*. A set of parts and connections that computes something is a **circuit**. In the search for one we *decompose* the model into parts, *describe* what each does, and *validate* the description on an experiment that was not used to find it. (How this differs from other explanations, and what a *feature* is: section 9 of the deeper notebook.)

# %% claims
others = [x for i, x in enumerate(share.flatten().tolist()) if i != 10]
only_2_2, none_lead = (pairs.difference(broken(head)).mean().item() for head in ((2, 2), None))
other_heads = back.flatten()[[i for i in range(12) if i != 6]]
comma = model.to_single_token(",")
commas = [model(model.to_tokens(text))[0, -1].softmax(-1)[comma].item() for text in texts]
no_heads = [(f"blocks.{layer}.attn.hook_z", lambda z, hook: torch.zeros_like(z)) for layer in range(4)]


def chosen(prompts, hooks):
    return closers[model.run_with_hooks(prompts.clean, fwd_hooks=hooks)[:, -1, closers].argmax(-1)]


kinds = []  # on four sets, with zeros for 2.2: answers that were right and are wrong, their right bracket, the wrong one; with zeros for all heads
for more in (pairs, *(tf.bracket_pairs(model.tokenizer, 128, seed=seed) for seed in range(1, 4))):
    plain, without_2_2 = chosen(more, []), chosen(more, [("blocks.2.attn.hook_z", zeros_for(2))])
    gone = (plain == more.correct) & (without_2_2 != more.correct)
    kinds.append((gone.sum() / (plain == more.correct).sum(), more.correct[gone], without_2_2[gone], chosen(more, no_heads)))
with claims():
    claim("the nine tokens of our prompt are those that the lesson names, and the bracket stands at the same position in all prompts", [model.tokenizer.decode([i]).strip() for i in ours.clean[0, 1:].tolist()] == words[1:] and opener == ours.opener == pairs.opener and last == pairs.clean.shape[1] - 1)
    claim("after each of the four prompts the comma has more than half of what the three brackets leave", all(c > (1 - sum(row)) / 2 for c, row in zip(commas, answers, strict=True)))
    claim("with `values` each of the three brackets is closed by its own kind; with `error` the model is wrong", [max(range(3), key=row.__getitem__) for row in answers] == [0, 1, 2, 0])
    claim("the trained model is right on 93 % of the prompts, the untrained one on 37 %, less than a standard error (0.04) from a third",
          rounds_to(intact, "0.93") and rounds_to(nothing_learned, "0.37") and rounds_to((2 / 9 / 128) ** 0.5, "0.04") and abs(nothing_learned - 1 / 3) < (2 / 9 / 128) ** 0.5)
    claim("without head 2.2 the share right is 0.57, more than a third of the right answers lost; without any other single head at least 0.89",
          rounds_to(share[2, 2].item(), "0.57") and 1 - share[2, 2].item() / intact > 1 / 3 and min(others) >= 0.89)
    claim("with head 2.2 alone of the twelve the share right is 0.84 and the mean lead 2.64; with none of them 0.33 and 0.76; the whole model has a lead of 5.19",
          rounds_to(back[1, 2].item(), "0.84") and rounds_to(none_back, "0.33") and rounds_to(only_2_2, "2.64") and rounds_to(none_lead, "0.76") and rounds_to(lead, "5.19"))
    claim("without head 0.1 the share right is 0.99, without head 1.1 0.98, more than the 0.93 of the whole model", rounds_to(share[0, 1].item(), "0.99") and rounds_to(share[1, 1].item(), "0.98"))
    claim("giving back any other head mends less than a third of what was lost", other_heads.max() - none_back < (intact - none_back) / 3)
    claim("with zeros for the twelve heads the model puts `)` ahead on every prompt; so it does on four sets with zeros for all sixteen",
          (closers[broken()[:, -1, closers].argmax(-1)] == closers[0]).all() and all((ahead == closers[0]).all() for *_, ahead in kinds))
    claim("without head 2.2, in each of four sets, between 30 and 40 % of the right answers are lost; none of them has ( open, and more than nine in ten go to `)`",
          all(between(gone, 0.3, 0.4) and (had != closers[0]).all() and (got == closers[0]).float().mean() > 0.9 for gone, had, got, _ in kinds))

# %% [markdown]
# ## 2 · The stream is a running sum
#
# How do the parts work together? At each position the model keeps one vector, with `d_model` = 192 entries. It starts as the **embedding** of the token, a learned vector, plus that of the position. Each head and each MLP reads the vector, computes something, and *adds* its result to it. Biases are added too. At the end, after a norm that we come to below, a matrix, the **unembedding**, turns the sum into logits. This vector is the **residual stream** (Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html)).
#
# Our model is called `code-4l`. It has 2.2 million weights, and was trained in about an hour on 10.6 million tokens of Python, from the standard library and well-known packages. In it a head gathers vectors of `d_head` = 48 entries, an MLP has `d_mlp` = 768 neurons, and there are 2048 tokens.

# %% figure
draw.columns(words, marked=(opener,)).captioned(
    "The whole model on our prompt. Each grey line is a residual stream, one for each token, which runs upwards. In each layer four heads (small dots) read it and add to it, then the MLP (large dot) does. Only heads read other streams, and only those to their left; one such reading is drawn, of head 2.2. Yellow: the stream that starts with the bracket. The last stream stands apart only to leave room; the answer is read at its top."
)

# %% [markdown]
# One consequence will matter: a part of layer 0 can reach the logits *directly*, because what it added is still in the sum. To check the sum, we add up the embeddings, the biases and the outputs of all parts.

# %%
parts = tf.components(model, clean)  # (component, batch, pos, d_model)
stream = clean["resid_post", 3]  # after layer 3, the last: (batch, pos, d_model)
(parts.total() - stream).abs().max() / stream.abs().max()

# %% [markdown]
# The sum and the stream agree up to rounding. `resid_post` is the stream after a layer, `resid_pre` the one before it. A named place such as these is a **hook point**: a cache holds what passed there, and a hook may change it.
#
# Writing to the stream is a plain sum, but reading it is not, because before each part, and before the logits, a **LayerNorm** subtracts the mean of the stream's entries and brings what is left to a fixed length. In two dimensions, and without the mean, one can see what the length does when a part goes away.

# %% figure
draw.norm_stretches((3, 4), (2, 8)).captioned(
    "A toy. The stream (black) is the sum of two arrows, (3, 4) and (2, 8). The horizontal axis is the direction in which the unembeddings of the two brackets differ. A stream's shadow on it (green) is the lead. The arc is the length to which the norm brings every stream."
)

# %% [markdown]
# The whole stream is (5, 12). Its lead is 5, of which the part adds 2, so that without the part one expects 3. But (3, 4) is 5 long where (5, 12) was 13 long, and so the norm stretches it by 13/5 = 2.6, and the lead becomes 3 · 2.6 = 7.8. The part did add to the lead, and yet without it the lead is larger.
#
# In symbols, for a vector $x$ with $d$ entries:
#
# $$\text{LayerNorm}(x) = \frac{x - \bar x}{\text{scale}} \odot w + b, \qquad \text{scale} = \sqrt{\tfrac1d \textstyle\sum_i (x_i - \bar x)^2 + \varepsilon}$$
#
# The **scale** is the typical size of an entry once the mean is subtracted; $w$ and $b$, (d_model) each, are learned. `enable_compatibility_mode()`, called at the start, moved $w$, $b$ and the subtraction of the mean into the weights. No prediction changes, and from here on a norm only divides by its scale.

# %% claims
original = zoo.load("code-4l", device="cpu")
apart = model(pairs.clean).log_softmax(-1) - original(pairs.clean).log_softmax(-1)
whole, rest = torch.tensor([5.0, 12.0]), torch.tensor([3.0, 4.0])
with claims():
    claim("the parts sum to the stream, up to rounding", (parts.total() - stream).abs().max() < 1e-5 * stream.abs().max())
    claim(
        "in the toy the lead is 5, of which the part adds 2; without the part the stretch is 2.6 and the lead 7.8",
        whole[0] == 5 and (whole - rest).tolist() == [2, 8] and rounds_to((whole.norm() / rest.norm()).item(), "2.6") and rounds_to((rest * whole.norm() / rest.norm())[0].item(), "7.8"),
    )
    claim(
        "the model made simpler has the same log-probabilities on the 128 prompts, to a thousandth, with other weights",
        apart.abs().max() < 1e-3 and (model.W_U - original.W_U).abs().max() > 0.1,
    )
    claim("the entries of each part's output have the mean zero", parts.parts.mean(-1).abs().max() < 1e-3)
    norms = [(f"blocks.{a}.ln{k}", clean[site, a]) for a in range(4) for k, site in ((1, "resid_pre"), (2, "resid_mid"))]
    norms.append(("ln_final", stream))
    claim(
        "each of the nine norms only divides by its scale",
        all((clean[f"{name}.hook_out"] - x / clean[f"{name}.hook_scale"]).abs().max() < 1e-3 for name, x in norms),
    )

# %% [markdown]
# ## 3 · What each part adds
#
# Now we can compute the light bars. The stream at the end is a sum, the unembedding is linear, and between the two stands only the final norm. If we hold its scale at the value that it had in this run, the lead becomes a sum of terms, one for each part, and for the embeddings and the biases. Let $x$, of shape (d_model), be a part's output at the last position. Its term is
#
# $$\frac{x}{\text{scale}} \cdot \left(W_U[:, \text{right}] - W_U[:, \text{wrong}]\right)$$
#
# This is **direct logit attribution**. For head 2.2 on our prompt it takes five lines.

# %%
_, one = model.run_with_cache(ours.clean)  # the cache of our one prompt
vector = one["z", 2][0, -1, 2] @ model.W_O[2, 2]  # the output of 2.2: (d_model,)
direction = model.W_U[:, closers[1]] - model.W_U[:, closers[0]]  # `]` minus `)`
along, scale = vector @ direction, one["ln_final.hook_scale"][0, -1].item()  # the mean is 0
f"{along:.1f} along the direction, divided by {scale:.1f}: {along / scale:.2f}"

# %% [markdown]
# So head 2.2 adds 1.86 of our prompt's lead of 3.22. `tf.attribution` does the same for all parts.

# %%
added = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
ours_too = tf.attribution(model, ours.clean, ours.correct, ours.wrong)

# %% figure
steps_up = {"embeddings": ["embed", "pos_embed"], "heads 0.0 to 0.3": [f"0.{b}" for b in range(4)], "m0": ["m0"], "head 1.0": ["1.0"]}
steps_up |= {"heads 1.1 to 1.3": ["1.1", "1.2", "1.3"], "m1": ["m1"], "head 2.2": ["2.2"], "other heads of layer 2": ["2.0", "2.1", "2.3"]}
steps_up |= {"m2": ["m2"], "head 3.2": ["3.2"], "other heads of layer 3": ["3.0", "3.1", "3.3"], "m3": ["m3"], "biases": ["b_O", "bias"]}
fig, axes = plots.figure(columns=2, height=3.8, sharey=True)
for ax, terms, title in zip(axes, (ours_too, added), ("our prompt", "mean of 128 prompts"), strict=True):
    at = 0.0
    for row, (name, group) in enumerate(steps_up.items()):
        term = sum(terms[part].mean().item() for part in group)
        colour = plots.MLP if name[0] == "m" else plots.HEAD if "head" in name else plots.GREY
        ax.barh(row, term, 0.7, left=at, color=colour)
        ax.plot([at + term] * 2, [row - 0.35, min(row + 1.35, 12.35)], color=plots.INK, linewidth=0.7)
        ax.text(7.4, row, f"{round(term, 2) + 0.0:+.2f}".replace("-", "−"), va="center", ha="right", fontsize=9)
        at += term
    ax.axvline(0, color=plots.GREY, linewidth=0.8, zorder=0)
    ax.set(title=f"{title}: lead {at:.2f}", xlabel="lead so far (logits)", xlim=(-2, 7.5), ylim=(12.6, -0.6))
axes[0].set_yticks(range(13), steps_up, fontsize=9)
plots.show(
    fig,
    alt="Two staircases of terms that add up to the lead. Our prompt: m0 takes 1.26 away, head 2.2 adds 1.86, m3 next to nothing. Mean of 128: m0 adds 0.56, head 2.2 1.58, m3 1.30.",
    caption="The lead as a sum, from the first part to the last: each bar begins where the one above it ends, and its number stands on the right. Blue: heads; pink: MLPs; grey: what is neither.",
)

# %% [markdown]
# Head 2.2 has the largest term both times, although nothing was ablated. The pink terms of `m0` and `m3` are the puzzle's light bars.
#
# The heads of layer 0 add practically nothing. They may matter all the same, because a term is only a **direct effect**. What works through *later* parts, which read an output and compute with it, is an **indirect effect**, and is in none of these numbers.
#
# The same idea can be applied to the stream at some depth: we pass it through the final norm and the unembedding, as if the remaining layers were missing. This is the **logit lens** ([nostalgebraist 2020](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens)). Depth 0 is the embedding, and depth 4 gives the model's own answer.

# %%
streams = [clean["resid_pre", 0]]
streams += [clean["resid_post", layer] for layer in range(4)]
at_the_end = torch.stack(streams)[:, :, -1]  # (depth, batch, d_model), last position
lens = model.unembed(model.ln_final(at_the_end))  # (depth, batch, d_vocab)
share_right = [pairs.right(logits[:, None]) for logits in lens]
{f"depth {depth}": round(x, 2) for depth, x in enumerate(share_right)}

# %% [markdown]
# The right bracket comes ahead in layer 2, between depths 2 and 3, which is where head 2.2 works. At depth 1, after layer 0, the lens shows a third right, as good as chance. That does not mean that nothing has been found by then. The lens sees direct effects only, and those of the *last* position.

# %% claims
with claims():
    claim(
        "the terms sum to the model's own lead, prompt by prompt and on our prompt, to a thousandth",
        max((x.total() - x.target).abs().max() for x in (added, ours_too)) < 1e-3 and sorted(x for group in steps_up.values() for x in group) == sorted(added.labels),
    )
    claim(
        "on our prompt the term of head 2.2 is 1.86, by hand too, of a lead of 3.22",
        rounds_to([(along / scale).item(), ours_too["2.2"].item()], "1.86") and rounds_to(ours_too.target.item(), "3.22"),
    )
    claim("on our prompt and on average head 2.2 has the largest term of all parts", ours_too.top(1)[0][0] == added.top(1)[0][0] == "2.2")
    claim(
        "at depths 0 to 2 the right bracket is ahead on 0.34, 0.34 and 0.42 of the prompts, then on 0.88 and 0.93",
        all(rounds_to(x, y) for x, y in zip(share_right, ("0.34", "0.34", "0.42", "0.88", "0.93"), strict=True)),
    )
    claim("the terms of the heads of layer 0 are less than 0.1 each on our prompt, and less than 0.02 on average", ours_too.heads()[0].abs().max() < 0.1 and added.heads()[0].abs().max() < 0.02)
    claim(
        "on our prompt `m0` adds −1.26, and `m3` less than 0.1 in size; on average they add 0.56 and 1.30",
        rounds_to(ours_too["m0"].item(), "-1.26") and abs(ours_too["m3"].item()) < 0.1 and rounds_to(added["m0"].mean().item(), "0.56") and rounds_to(added["m3"].mean().item(), "1.30"),
    )

# %% [markdown]
# ## 4 · A head opened
#
# Why does head 2.2 look at the bracket, and what does it take from it? A head does two things, with two pairs of weights. Its queries and keys decide *where it looks*, its values and its output matrix *what it moves*.

# %% figure
draw.head_opened("2.2", source="[", destination="size").captioned(
    "One head between two positions. W_Q and W_K give the score, and so the amount that is moved. W_V and W_O make what is moved."
)

# %% [markdown]
# Here is a head in whole numbers, with vectors of two entries and the query (1, 1). The softmax turns scores into weights that sum to one; here it takes powers of 2 in the place of powers of e.
#
# | position | key | score: query · key | power of 2 | weight | value | weight · value |
# |---|---|---|---|---|---|---|
# | first | (2, 1) | 3 | 8 | 8/12 | (6, 0) | (4, 0) |
# | second | (1, 0) | 1 | 2 | 2/12 | (0, 6) | (0, 1) |
# | third | (0, 1) | 1 | 2 | 2/12 | (6, 6) | (1, 1) |
#
# The head gathers the sum, (5, 2), most of it from the first position, because that key fits the query.
#
# A head's **pattern** has a row for each position that looks (the **query**), and a column for each that can be looked at (the **key**). Each row sums to one, and no position sees a later one. Below is the pattern of head 2.2 on our prompt.

# %% figure
pattern = one["pattern", 2][0, 2]  # head 2.2: (query, key)
fig, ax = plots.figure(width=5.2, height=3.4)
plots.heatmap(ax, pattern, signed=False, limit=1, bar=False, aspect="auto")
for at, weight in enumerate(pattern.flatten().tolist()):
    if weight > 0.1:
        ax.text(at % 9, at // 9, f"{weight:.2f}", ha="center", va="center", fontsize=10, color="white" if weight > 0.5 else "black")
ax.stairs([i - 0.5 for i in range(9)], [i - 0.5 for i in range(10)], baseline=None, color=plots.NULL, linewidth=0.8)  # up to here a position sees
ax.set_xticks(range(9), words)
ax.set_yticks(range(9), words)
ax.set(xlabel="key: is looked at", ylabel="query: looks")
plots.show(
    fig,
    alt=f"A triangle of attention weights. From every position after the bracket nearly all or most of the attention goes to the bracket; the last token gives it {pattern[-1, opener]:.2f}.",
    caption="The whole pattern of head 2.2. Weights below 0.1 have no number. Above the stairs all are zero. The last row is the token from which the answer is read.",
)

# %% [markdown]
# From every later position head 2.2 looks at the bracket. But attention does not tell how much the answer depends on it. From the last token head 1.0 gives the bracket a little more attention than head 2.2 does. Yet without head 1.0 hardly an answer is lost (section 1). To learn why a head looks there, and what it takes, we look at two matrices that its weights make. (Stream vectors are rows here.)
#
# - the **QK circuit** $W_Q W_K^\top$, (d_model, d_model), makes the score. If $x_i$ is the stream at the position that looks and $x_j$ that at the position which is looked at, the score is $x_i\, W_Q W_K^\top x_j^\top / \sqrt{48}$, up to biases;
# - the **OV circuit** $W_V W_O$, (d_model, d_model), makes what is moved: $x_j\, W_V W_O$, times the weight, is added at the position that looks.
#
# **Why head 2.2 looks at the bracket.** A key is made from the stream, and the stream is the sum of what the parts wrote. To find the part that makes the bracket's key fit, we take the parts one by one. The bracket competes for attention with the tokens after it. So we ask of each part: what if it had written at the bracket what it writes, on average, at the later tokens? Only the keys of head 2.2 are computed from the stream that is changed so.

# %%
written = tf.components(model, clean, layer=1)  # what layers 0 and 1 wrote, part by part
query = clean["q", 2][:, -1, 2]  # of head 2.2, at the last token: (batch, d_head)


def attention_to_bracket(stream):
    """What head 2.2 gives the bracket if its keys are made from this: (batch, pos, d_model)."""
    keys = model.blocks[2].ln1(stream) @ model.W_K[2, 2] + model.b_K[2, 2]
    scores = torch.einsum("bph,bh->bp", keys, query) / 48**0.5
    return scores.softmax(-1)[:, opener].mean().item()


# %%
without_part = {}
for part in written.labels:
    stream = clean["resid_pre", 2].clone()
    stream[:, opener] += written[part][:, opener + 1 :].mean(1) - written[part][:, opener]
    without_part[part] = attention_to_bracket(stream)
as_it_is = attention_to_bracket(clean["resid_pre", 2])
{"as it is": round(as_it_is, 2)} | {x: round(without_part[x], 2) for x in ("m0", "m1", "embed")}

# %% [markdown]
# Without the output of `m0` at the bracket, the attention that head 2.2 gives it falls from 0.63 to 0.03. Exchange the embedding or any other part, and head 2.2 still gives the bracket more than half. So it finds the bracket by the output of `m0`.
#
# **What head 2.2 takes from the bracket.** We take our prompt with each of the three brackets. The stream that layer 2 reads at the bracket goes through $W_V W_O$, and on through the unembedding $W_U$.

# %% prediction
predict("transformer.copy")


# %%
of_three = torch.cat([model.to_tokens(text) for text in texts[:3]])
_, by_sign = model.run_with_cache(of_three)  # our prompt with (, with [ and with {


def moves(written, layer, head):
    """What a head's OV circuit makes of this at the bracket, (sign, d_model): (sign, d_vocab)."""
    read = written / by_sign[f"blocks.{layer}.ln1.hook_scale"][:, opener]
    out = read @ model.W_V[layer, head] @ model.W_O[layer, head]
    return out @ model.W_U / by_sign["ln_final.hook_scale"][:, -1]


raised = moves(by_sign["resid_pre", 2][:, opener], layer=2, head=2)

# %% figure answer
top = [model.tokenizer.decode([i]).strip() for i in raised.argmax(-1)]  # of all tokens, for each bracket
options = {"]": "the closing bracket", "[": "the same bracket"}
display(measured("transformer.copy", options.get(top[1], "neither bracket")))
ov = {f"{a}.{b}": moves(by_sign["resid_pre", a][:, opener], a, b)[:, closers] for a in range(4) for b in range(4)}
ov = {name: x - x.mean(1, keepdim=True) for name, x in ov.items()}  # (fed, closing): above the mean of the three
three = ("2.2", "3.2", "1.0")
maps = {f"head {name}": ov[name] for name in three}
fig, axes = plots.figure(columns=3, width=6.0, height=2.6)
for ax, (name, values) in zip(axes, maps.items(), strict=True):
    plots.heatmap(ax, values, limit=1.6, bar=False)
    for i in range(3):
        ax.add_patch(plots.plt.Rectangle((i - 0.47, i - 0.47), 0.94, 0.94, fill=False, edgecolor=plots.ANSWER, linewidth=2.5))
    for at, value in enumerate(values.flatten().tolist()):
        ax.text(at % 3, at // 3, f"{round(value, 1) + 0.0:.1f}".replace("-", "−"), ha="center", va="center", color="white" if abs(value) > 1 else "black")
    ax.set_xticks(range(3), ")]}", fontsize=12)
    ax.set_yticks(range(3), "([{", fontsize=12)
    ax.set_title(name)
    ax.tick_params(length=0)
    ax.set(xlabel="raised", ylabel="read")
plots.show(
    fig,
    alt="Three grids of three opening brackets by three closing ones. For 2.2 the diagonal is high, for 3.2 and 1.0 less so.",
    caption="What an OV circuit makes of the bracket in our prompt: how far it raises each closing one above the mean of the three, in logits (purple; orange: below the mean). Each of the three heads raises the matching one most (the diagonal, framed). In each of the thirteen other heads the mean of the diagonal is smaller.",
)

# %% [markdown]
# In `values = [names, lines, size`, and with `(` or `{` in the place of the `[`, the token that head 2.2 raises most of all 2048 is the one that closes the bracket. The head is not alone. Heads 3.2 and 1.0 also raise the matching bracket, and from the last token all three give the open one more attention, on average, than any other position.
#
# **Why `(` survives.** For `[` and `{` head 2.2 raises the right bracket and lowers `)`. For `(` it does little, and on most other prompts with `(` it raises some other token most. But with zeros for all sixteen heads the model puts `)` ahead on every prompt: `)` is its **default**. Head 2.2 does most to overrule the default, and where `(` is open the default is right.

# %% claims
weights = torch.tensor([[1.0, 1.0]]) @ torch.tensor([[2.0, 1.0], [1.0, 0.0], [0.0, 1.0]]).T  # the toy's scores
weights = 2**weights / (2**weights).sum()
looks = {f"{a}.{b}": clean["pattern", a][:, b, -1, opener].mean().item() for a in range(4) for b in range(4)}
diagonal = {name: x.diagonal().mean().item() for name, x in ov.items()}
order = sorted(diagonal, key=diagonal.get, reverse=True)
above_all = []  # on four sets, for ( and [ and {: how often head 2.2 raises the closing bracket above all other tokens
for more in (tf.bracket_pairs(model.tokenizer, 128, seed=seed) for seed in range(4)):
    _, run = model.run_with_cache(more.clean)
    highest = (model.blocks[2].ln1(run["resid_pre", 2][:, opener]) @ model.W_V[2, 2] @ model.W_O[2, 2] @ model.W_U).argmax(-1)
    above_all.append([(highest == more.correct)[more.correct == c].float().mean() for c in closers])
with claims():
    claim(
        "from the last token head 1.0 gives the bracket a little more of its attention than head 2.2, less than 0.1; zeros for it cost less than half of what zeros for head 2.2 cost",
        0 < looks["1.0"] - looks["2.2"] < 0.1 and lost["1.0"] < lost["2.2"] / 2,
    )
    claim("from the last token, on average, heads 1.0, 2.2 and 3.2 give the bracket more attention than any other position", all(clean["pattern", int(x[0])][:, int(x[2]), -1].mean(0).argmax() == opener for x in three))
    claim("each row of the pattern sums to one, and no position sees a later one", (pattern.sum(-1) - 1).abs().max() < 1e-5 and pattern.triu(1).abs().max() == 0)
    claim("in the toy the head gathers (5, 2)", torch.allclose(weights @ torch.tensor([[6.0, 0.0], [0.0, 6.0], [6.0, 6.0]]), torch.tensor([5.0, 2.0])))
    claim("the attention that is computed from the stream is the model's own", abs(as_it_is - looks["2.2"]) < 1e-4)
    claim(
        "without the output of `m0` the bracket has 0.03 of the attention, where it had 0.63; without any other part's, or an embedding, more than half",
        rounds_to(without_part["m0"], "0.03") and rounds_to(as_it_is, "0.63") and min(x for part, x in without_part.items() if part != "m0") > 0.5,
    )
    by_closer = {text: clean["pattern", 2][pairs.correct == model.tokenizer.convert_tokens_to_ids(text), 2, -1].mean(0) for text in ")]}"}
    claim("head 2.2 gives a [ or a { more than 0.7 on average, a ( about a third",
          min(by_closer["]"][opener], by_closer["}"][opener]) > 0.7 and about(by_closer[")"][opener], 1 / 3))
    claim("from every position after the bracket head 2.2 gives the bracket most of its attention", pattern[opener + 1 :, opener].min() > 0.5)
    claim("for `[` and `{` head 2.2 raises the right bracket by more than 1.5 above the mean of the three and lowers `)` by more than 1.2 below it; for `(` it moves none by more than 0.5",
          ov["2.2"].diagonal()[1:].min() > 1.5 and ov["2.2"][1:, 0].max() < -1.2 and ov["2.2"][0].abs().max() < 0.5)
    claim("on our prompt, whichever bracket it reads, the OV circuit of head 2.2 raises the matching closing bracket above all other tokens", (raised.argmax(-1) == closers).all())
    claim("in each of four sets of 128 prompts it does so for every [ and {, but for fewer than a third of the (", all(x < 1 / 3 and y == z == 1 for x, y, z in above_all))
    claim(
        "of all heads, head 2.2 raises the matching bracket most; heads 3.2 and 1.0 come next; of the other thirteen head 3.1 raises it most, but where it reads [ not above the two others",
        order[:4] == ["2.2", "3.2", "1.0", "3.1"] and ov["3.1"][1].argmax() != 1,
    )
    claim("each of the three raises the matching one most, whichever it reads", all(ov[x].argmax(1).tolist() == [0, 1, 2] for x in three))

# %% [markdown]
# ## 5 · What is lost
#
# What does a dark bar measure? Section 1 wrote zeros where a head's output had been. One can also write what the part might have written, and for this we need a second prompt. **Minimal pairs** are two prompts that differ in one thing, here `values = [names, lines, size` and its **twin**, `values = (names, lines, size`. The wrong bracket, over which the lead is measured, is always the twin's. The run on the first is the **clean** run, the run on the twin the **corrupt** one.
#
# - **Zero ablation** writes zeros, which the part may never write by itself.
# - **Mean ablation** writes the part's average over a stated set of prompts. Our set, `pairs.everyone`, holds every prompt and its twin, so that the average does not tell the two apart.
# - **Resample ablation** writes the part's output on another prompt, in this lesson the twin.
#
# Zeros take away two things, what the part says about this prompt and what it says on every prompt. The mean takes away only the first.
#
# The hooks so far copied what they were given, wrote something into it and returned it. `tf.writing(new, head=2)` makes such a hook.

# %% prediction
predict("transformer.exchange")

# %%
_, both = model.run_with_cache(pairs.everyone)  # every prompt, and then every twin
z_2_2 = both["z", 2][:, :, 2]  # of head 2.2: (prompts and twins, pos, d_head)


def with_2_2(new):
    """The logits when head 2.2 writes something new."""
    edit = ("blocks.2.attn.hook_z", tf.writing(new, head=2))
    return model.run_with_hooks(pairs.clean, fwd_hooks=[edit])


ablated = {"zeros": with_2_2(0.0), "its mean": with_2_2(z_2_2.mean(0)), "the twin's": with_2_2(z_2_2[128:])}

# %% figure answer
factor = {"about the same": 1, "about one and a half times": 1.5, "about twice": 2, "about four times": 4}


def with_mlp(layer, new):
    return model.run_with_hooks(pairs.clean, fwd_hooks=[(f"blocks.{layer}.hook_mlp_out", tf.writing(new))])


def costs_of(made):
    return {name: mean_interval(added.target - pairs.difference(logits)) for name, logits in made.items()}


m3_wrote = both["mlp_out", 3]
without_m3 = {"zeros": with_mlp(3, 0.0), "its mean": with_mlp(3, m3_wrote.mean(0)), "the twin's": with_mlp(3, m3_wrote[128:])}
costs = {"head 2.2": costs_of(ablated), "m3": costs_of(without_m3)}
ratio = costs["head 2.2"]["the twin's"][0] / costs["head 2.2"]["its mean"][0]
display(measured("transformer.exchange", min(factor, key=lambda name: abs(factor[name] - ratio))))
fig, axes = plots.figure(columns=2, height=3.0, sharey=True)
for ax, (part, found), colour in zip(axes, costs.items(), (plots.HEAD, plots.MLP), strict=True):
    for i, (mean, low_end, high_end) in enumerate(found.values()):
        ax.bar(i, mean, 0.6, color=colour, yerr=[[mean - low_end], [high_end - mean]], error_kw=dict(ecolor=plots.INK))
        ax.text(i, max(high_end, 0) + 0.12, f"{mean:.2f}".replace("-", "−"), ha="center", fontsize=11)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title=f"instead of the output of {part}", ylim=(-0.6, 5.4), xticks=range(3), xticklabels=found)
axes[0].set(ylabel="lead lost (logits)")
plots.show(
    fig,
    alt="Lead lost with three ablations. For head 2.2: 2.27 with zeros, 2.27 with the mean, 4.58 with the twin's output. For m3: below zero with zeros, about one with the mean, more than two with the twin's.",
    caption="Three ablations of two parts: the lead that is lost. Means over 128 prompts, with 95 % intervals (prompts resampled).",
)

# %% [markdown]
# For head 2.2 zeros and the mean cost the same lead, and the twin's output costs twice as much. The reason is that its own output favours the right bracket, its mean favours neither, and the twin's output favours the wrong bracket about as strongly as its own favours the right one. Going from +1 to 0 costs half of what going from +1 to −1 costs.
#
# For `m3` even the sign depends on what is written instead. With zeros the lead rises (section 10 shows why), with the mean or the twin's output it falls. The puzzle's dark bar is only one of three answers, that of the zeros. So a report of an ablation must say what was written instead.

# %% claims
answer = (model.W_U[:, pairs.correct] - model.W_U[:, pairs.wrong]).T  # (batch, d_model)
instead = {"its own": z_2_2[:128, -1], "its mean": z_2_2[:, -1].mean(0), "the twin's": z_2_2[128:, -1]}
instead = {name: ((z @ model.W_O[2, 2]) * answer).sum(-1) / clean["ln_final.hook_scale"][:, -1, 0] for name, z in instead.items()}
instead = {name: x.mean().item() for name, x in instead.items()}  # the term of head 2.2 with each output
with claims():
    claim("for head 2.2 zeros and the mean cost the same, to a twentieth of a logit; 2.27 when rounded; the twin's output costs 4.58, 2.0 times the mean when rounded",
          abs(costs["head 2.2"]["zeros"][0] - costs["head 2.2"]["its mean"][0]) < 0.05 and rounds_to([costs["head 2.2"][x][0] for x in ("zeros", "its mean")], "2.27") and rounds_to(costs["head 2.2"]["the twin's"][0], "4.58") and rounds_to(ratio, "2.0"))
    claim("the term of head 2.2 is 1.58 with its own output, less than 0.05 in size with its mean, and −1.60 with the twin's",
          rounds_to(instead["its own"], "1.58") and abs(instead["its mean"]) < 0.05 and rounds_to(instead["the twin's"], "-1.60"))
    claim(
        "for `m3` the lead rises with zeros, by 0.23, and falls with the mean, by 0.98, and with the twin's output, by 2.30 (every interval apart from zero)",
        costs["m3"]["zeros"][2] < 0 < min(costs["m3"][x][1] for x in ("its mean", "the twin's")) and all(rounds_to(costs["m3"][x][0], y) for x, y in (("zeros", "-0.23"), ("its mean", "0.98"), ("the twin's", "2.30"))),
    )

# %% [markdown]
# ## 6 · Which heads bring it?
#
# Section 4 leaves us with a sketch: three heads look at the bracket, and by their weights they raise the one that closes it. But do they bring it to the end when the model runs?

# %% figure
draw.road(words, opener, {"1.0": "?", "2.2": "?", "3.2": "?"}, answer="]", key="what we know so far").captioned(
    "The streams of the bracket and of the last token. We do not know yet whether these heads bring the bracket, who else does, and what they read in its stream. The map will grow with the lesson."
)

# %% [markdown]
# **Activation patching** looks for the places that make a difference between the prompts of a pair. We take an activation from the clean run and put it into the corrupt one.

# %% figure
draw.activation_patching("head 2.2", clean=("[names, lines, size", "]"), corrupt=("(names, lines, size", ")")).captioned(
    "Activation patching. The model reads the prompt of the corrupt run, but head 2.2 writes what it wrote in the clean run. All that comes after is computed anew (blue)."
)

# %% [markdown]
# This direction, clean into corrupt, is called **denoising**, and asks which part is *sufficient* to bring the answer back. The other is **noising**, such as resampling from the twin, and asks which part is *necessary* to keep it. They are the two questions of section 1, now asked with a twin.
#
# To say how far the answer comes back, we take the lead of the clean prompt's bracket over the twin's in both runs. In the corrupt run it is negative. The **recovery** of a change is
#
# $$\text{recovery} = \frac{\text{new lead} - \text{corrupt lead}}{\text{clean lead} - \text{corrupt lead}}$$
#
# By hand, for the output of head 2.2 at the last token:

# %%
corrupt_logits, corrupt = model.run_with_cache(pairs.corrupt)
low = pairs.difference(corrupt_logits).mean().item()  # the lead in the corrupt run
edit = ("blocks.2.attn.hook_z", tf.writing(clean["z", 2][:, last, 2], at=last, head=2))
patched_logits = model.run_with_hooks(pairs.corrupt, fwd_hooks=[edit])
patched_lead = pairs.difference(patched_logits).mean().item()
f"from {low:.2f} to {patched_lead:.2f}, where the clean run has {lead:.2f}"

# %% [markdown]
# Head 2.2 recovers (−0.80 + 5.15)/(5.19 + 5.15) = 0.42, less than half.
#
# `patching.Question` holds the pairs and the lead, and its `sweep` patches one place after the other: here every head at the last token, and then the whole stream at every position.

# %%
ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
by = ("layer", "head", "position")
by_head = ask.sweep("z", by, positions=[last]).recovery()[..., 0]  # (layer, head)
recovery = ask.sweep("resid_pre").recovery()  # (layer, position)

# %% figure
fig, (left, ax) = plots.figure(columns=2, height=3.0, width_ratios=(1, 2.1))
tf.draw_heads(left, by_head, numbers=True, bar=False, aspect="auto")
left.set_title("one head, last token")
plots.heatmap(ax, recovery, signed=False, limit=1, origin="lower", aspect="auto", bar=False)
for at, value in enumerate(recovery.flatten().tolist()):
    if value > 0.05:
        shade = "white" if value > 0.6 else "black"
        ax.text(at % 9, at // 9, f"{value:.2f}", ha="center", va="center", color=shade)
ax.set(xticks=range(9), yticks=range(4), ylabel="before layer", title="the stream at one position")
ax.set_xticklabels(words, fontsize=9)
plots.show(
    fig,
    alt=f"Left, recovery by patching one head at the last token: {by_head[2, 2]:.2f} for 2.2, {by_head[0, 3]:.2f} for 0.3, {by_head[1, 0]:.2f} for 1.0, {by_head[3, 2]:.2f} for 3.2, little for all others. Right, by patching the stream: at the opening bracket less from layer to layer, at the last word more.",
    caption="Recovery of the mean lead of 128 pairs; each cell is one experiment. Left: the output of one head. Right: the stream at one place, before one layer; cells without a number are below 0.05.",
)

# %% [markdown]
# On the left four heads stand out. Three of them we know from section 4. The fourth, head 0.3, is new.
#
# On the right, the bracket's position brings back less from layer to layer and the last one more, as if the answer moved. But nothing leaves the bracket's stream. Once clean it stays clean in every later layer, because all tokens before it are the same in both runs. What changes is that *fewer readers are left*. A patch before layer 2 comes too late for the heads of layer 1, which have read the corrupt stream already.

# %% claims
rank = [f"{i // 4}.{i % 4}" for i in by_head.flatten().argsort(descending=True).tolist()]
at_bracket, at_last = recovery[:, opener], recovery[:, -1]
here = (torch.arange(9) == opener)[:, None]  # (pos, 1)
with model.hooks(fwd_hooks=[("blocks.1.hook_resid_pre", lambda x, hook: torch.where(here, clean[hook.name], x))]):
    _, kept = model.run_with_cache(pairs.corrupt)
still_clean = [(kept["resid_pre", a] - clean["resid_pre", a])[:, opener].abs().max() for a in (2, 3)]
in_between = recovery[:, [p for p in range(9) if p not in (opener, last)]]
with claims():
    claim(
        "patching head 2.2 lifts the lead from −5.15 to −0.80, where the clean run has 5.19: a recovery of 0.42, by the sweep too",
        rounds_to(low, "-5.15") and rounds_to(patched_lead, "-0.80") and rounds_to(lead, "5.19")
        and rounds_to([(patched_lead - low) / (lead - low), by_head[2, 2].item()], "0.42"),
    )
    claim(
        "head 2.2 recovers most; heads 0.3, 1.0 and 3.2 follow with more than 0.15 each, and no other recovers as much as 0.06",
        rank[0] == "2.2" and set(rank[1:4]) == {"0.3", "1.0", "3.2"} and by_head.flatten().sort().values[-4] > 0.15 and by_head.flatten().sort().values[-5] < 0.06,
    )
    claim(
        "from layer to layer a patch brings back less at the bracket and more at the last token; no other position recovers as much as 0.05",
        bool((at_bracket.diff() < 0).all() and (at_last.diff() > 0).all()) and in_between.abs().max() < 0.05,
    )
    claim("patched before layer 1, the bracket's stream is clean before layers 2 and 3 as well", max(still_clean) < 1e-3)

# %% [markdown]
# ## 7 · Are they enough?
#
# Are these four heads all that carry the bracket? A description should predict an experiment that was not used to find it. On ten other sets of prompts we set the three heads of section 4 to their means, and then head 0.3 as well. Lastly we leave *only* the four as they are, and set all other heads to their means. The null is the same with four other heads.

# %% prediction
predict("transformer.trio")

# %%
three, four = ["2.2", "3.2", "1.0"], ["2.2", "3.2", "1.0", "0.3"]
everything = [f"{layer}.{head}" for layer in range(4) for head in range(4)]
new_sets = [tf.bracket_pairs(model.tokenizer, 64, seed=seed) for seed in range(10, 20)]
runs = [tf.Without(model, prompts) for prompts in new_sets]  # sets heads to their means


def without(heads):
    """The mean lead on each of the ten sets with these heads at their means."""
    return torch.tensor([run.heads(heads)[1] for run in runs])


three_gone, four_gone, all_gone = without(three), without(four), without(everything)
only_four = without([head for head in everything if head not in four])

# %% figure answer
whole = without([])
bins = ("less than a tenth", "about a quarter", "about a half", "more than two thirds")
display(measured("transformer.trio", bins[sum(three_gone.mean() / whole.mean() > edge for edge in (0.1, 0.375, 2 / 3))]))
null = ["0.0 1.1 2.0 3.0".split(), "0.1 1.2 2.1 3.1".split(), "0.2 1.3 2.3 3.3".split()]
others_gone = torch.stack([without(some) for some in null]).mean(0)
only_others = torch.stack([without([x for x in everything if x not in some]) for some in null]).mean(0)
fig, (left, right) = plots.figure(columns=2, height=3.3, width_ratios=(1.5, 1), sharey=True)
panels = {left: {"the three": three_gone, "the three\nand head 0.3": four_gone, "all\nsixteen": all_gone, "four others": others_gone}, right: {"the four": only_four, "four others": only_others}}
for ax, found in panels.items():
    for i, (name, values) in enumerate(found.items()):
        colour = plots.NULL if "others" in name or "sixteen" in name else plots.HEAD
        ax.plot(i + torch.linspace(-0.16, 0.16, 10), values, "o", color=colour, markersize=5)
        ax.plot([i - 0.26, i + 0.26], [values.mean()] * 2, color=plots.INK, linewidth=2)
        ax.text(i, values.max() + 0.25, f"{values.mean():.2f}".replace("-", "−"), ha="center", fontweight="bold")
    ax.axhline(whole.mean(), color=plots.NULL, linestyle=":", zorder=0)
    ax.set(xlim=(-0.5, len(found) - 0.5), xticks=range(len(found)), xticklabels=found, ylim=(-0.5, 7))
left.set(title="without these heads", ylabel="mean lead (logits)")
right.set_title("with only these heads")
plots.show(
    fig,
    alt=f"The lead on ten sets of prompts: {three_gone.mean():.2f} without the three, {four_gone.mean():.2f} without head 0.3 as well, about zero without all sixteen, {others_gone.mean():.2f} without four others; {only_four.mean():.2f} with only the four, {only_others.mean():.2f} with only four others.",
    caption="The mean lead when heads are set to their means. Dots: ten other sets of 64 prompts; bars: their means; grey: for comparison; dotted: no head set to its mean. Four others: one head of each layer, the mean of three such choices.",
)

# %% [markdown]
# Without the three a quarter of the lead is left, and without head 0.3 as well less than a tenth. With *only* the four the lead is as good as whole, and the share right is 0.99. Four others are neither needed nor enough. So of sixteen heads these four carry the bracket, with all MLPs at work.
#
# The left map of section 1 hardly showed three of them. Zeros for head 1.0 or 3.2 cost lead but hardly an answer, and section 1 counted answers. Zeros for head 0.3 cost no lead at all, although its mean costs 0.41. Zeros take away two things, what the head tells of the bracket and what it writes on every prompt. The loss of the one and the gain of the other happen to cancel.

# %% claims
with claims():
    claim(
        "of the mean lead a quarter is left without the three, 1.24 of 5.17, and without head 0.3 as well less than a tenth; on each of the ten sets less is left without the four than without the three",
        about(three_gone.mean() / whole.mean(), 1 / 4) and rounds_to([three_gone.mean().item()], "1.24") and rounds_to([whole.mean().item()], "5.17") and four_gone.mean() < whole.mean() / 10 and (four_gone < three_gone).all(),
    )
    share_of_four = torch.tensor([run.heads([x for x in everything if x not in four])[0] for run in runs])
    claim("with only the four the share right is 0.99, and on each set at least 0.96", rounds_to(share_of_four.mean().item(), "0.99") and share_of_four.min() >= 0.96)
    claim("ten sets of 64 prompts, no prompt of which is among the first 128", len(new_sets) == 10 and all(len(x.clean) == 64 and not (x.clean[:, None] == pairs.clean).all(-1).any() for x in new_sets))
    claim("with all sixteen heads at their means the mean lead is less than 0.2 in size", abs(all_gone.mean()) < 0.2)
    claim("with only the four more than 0.98 of the lead is kept, 5.10, on each set more than 0.93; without the four 0.45 is left", rounds_to([only_four.mean().item()], "5.10") and rounds_to([four_gone.mean().item()], "0.45") and only_four.mean() > 0.98 * whole.mean() and (only_four / whole).min() > 0.93)
    claim("without four others the lead is whole, to a twentieth of a logit, and with only these less than 0.2 logits are left",
          abs(others_gone.mean() - whole.mean()) < 0.05 and abs(only_others.mean()) < 0.2)
    claim("the null has twelve heads in three sets of four, one of each layer, none of them of the four", sorted(sum(null, four)) == everything and all(sorted(x[0] for x in some) == list("0123") for some in null))
    claim("zeros for head 1.0 or 3.2 cost 0.9 of lead, and less than 0.02 of the share right", rounds_to([lost["1.0"], lost["3.2"]], "0.9") and min(share[1, 0], share[3, 2]) > intact - 0.02)
    claim("zeros for head 0.3 cost less than 0.05 of lead in size, its mean 0.41", abs(lost["0.3"]) < 0.05 and rounds_to(lead - tf.Without(model, pairs).heads(["0.3"])[1], "0.41"))

# %% [markdown]
# ## 8 · What do they read?
#
# Heads 1.0, 2.2 and 3.2 look at the bracket's stream. Do they read the bracket itself there, its embedding, or something that the model has made of it?
#
# Before head 1.0 only layer 0 has worked. Its MLP, `m0`, is two matrices with a GELU between them, a function that sets negative numbers nearly to zero. It reads the stream and *adds* to it what it has made. So the bracket has two ways to the later layers: through `m0`, as its *output*, or past `m0`, as it was before. The way past it is the **bypass**.

# %% figure
draw.mlp_lanes("[").captioned(
    "The bracket's stream in layer 0, after the heads. It forks: what m0 reads also goes on past it. At A we exchange what is on the bypass, at B what m0 writes."
)

# %% [markdown]
# In the corrupt run we exchange one of the two for that of the clean run, at the bracket. The other stays corrupt.

# %% prediction
predict("transformer.lane")

# %%
place = {"bypass": "blocks.0.hook_resid_mid", "output": "blocks.0.hook_mlp_out"}  # of m0


def exchanged(side, prompts, run, donor, at):
    """The logits when the bypass, or the output of m0, comes from the donor's cache at these positions."""
    stream = run["resid_pre", 1] - run[place[side]] + donor[place[side]]
    edit = ("blocks.1.hook_resid_pre", tf.writing(stream[:, at], at))
    return model.run_with_hooks(prompts, fwd_hooks=[edit])


def recovered(side, at):
    """The recovery on the 128 pairs."""
    new = pairs.difference(exchanged(side, pairs.corrupt, corrupt, clean, at)).mean().item()
    return (new - low) / (lead - low)


# %% figure answer
bins = ("less than a tenth", "about a quarter", "about a half", "nearly all of it")
through = {(side, where): recovered(side, at) for side in place for where, at in {"bracket": [opener], "all": list(range(9))}.items()}
display(measured("transformer.lane", bins[sum(through["bypass", "bracket"] / recovery[1, opener].item() > edge for edge in (0.1, 0.375, 0.75))]))
table({name: {"at the bracket": through[side, "bracket"], "at every position": through[side, "all"]} for side, name in {"bypass": "the bypass (A)", "output": "the output of m0 (B)"}.items()},
      decimals=2, corner="exchanged", caption=f"The recovery, on the 128 pairs. Both together, that is the whole stream, bring back {recovery[1, opener]:.2f} at the bracket and all at every position.")  # fmt: skip

# %% [markdown]
# What comes to later layers on the bypass brings back nothing, and the output of `m0` brings back all of the 0.77. Exchanged at every position, it brings back the whole lead. So all that later layers use of the bracket has passed through `m0`. Such a place is called a **bottleneck**.
#
# On our prompt we can watch the answer. Its text says `[` all the time. Now one of the two comes, at the bracket, from the prompt with another bracket.

# %%
answered = {}  # with either of the two from the prompts with (, [ and {
for side in place:
    logits = exchanged(side, ours.clean.expand(3, -1), one, by_sign, [opener])
    answered[side] = logits[:, -1].softmax(-1)[:, closers]  # (sign, closer)

# %% figure
fig, axes = plots.figure(columns=2, width=6.4, height=2.7)
for ax, (side, values) in zip(axes, answered.items(), strict=True):
    plots.heatmap(ax, values, signed=False, limit=0.6, bar=False, aspect="auto")
    for at, value in enumerate(values.flatten().tolist()):
        ax.text(at % 3, at // 3, f"{value:.2f}", ha="center", va="center", fontsize=11, color="white" if value > 0.33 else "black")
    for i in range(3):  # the bracket that matches what was put in
        ax.add_patch(plots.plt.Rectangle((i - 0.47, i - 0.45), 0.94, 0.9, fill=False, edgecolor=plots.ANSWER, linewidth=2.5))
    ax.set_xticks(range(3), ")]}", fontsize=13)
    ax.set_yticks(range(3), ["from (", "its own, [", "from {"], fontsize=11)
    ax.tick_params(length=0)
    ax.set(xlabel="closed", title={"bypass": "bypass exchanged", "output": "output of m0 exchanged"}[side])
fig.get_layout_engine().set(wspace=0.12)
plots.show(
    fig,
    alt="Two grids of probabilities. With the bypass exchanged the square bracket is closed whichever bracket it is from. With the output of m0 exchanged the model closes the bracket that the output is from.",
    caption="The answer to our prompt, whose text keeps its [. In each row the bypass (left) or the output of m0 (right) comes, at the bracket, from the prompt with another bracket. Green frames the bracket that would close that one.",
)

# %% [markdown]
# The answer follows the *output* of `m0`: the model closes the bracket that the output is from. What is on the bypass makes no difference. In this sense `m0` *translates* the bracket: it reads which one it is, and writes that in a form from which the later heads make the answer. So the three heads read the output of `m0`, and not the bracket itself.
#
# But 0.77 is not the whole lead. Nor does the answer always follow: where the text has `(`, the output of another bracket rarely turns it. So some of what the model knows of the bracket takes another way. One head has not been placed yet, 0.3.

# %% figure
draw.road(
    words, opener, {"0.3": "?", "1.0": "", "2.2": "", "3.2": ""}, thick={x: by_head[int(x[0]), int(x[2])].item() for x in three},
    mlps={("m0", opener): ""}, skipped="past m0:\nnothing", answer="]", key="what we know so far",
).captioned(
    "The map grows. Orange: here the bracket stands translated. The thicker a head's line, the more it recovered in section 6. Head 0.3 reads the bracket before m0 has run. So who translates what it brings?"
)  # fmt: skip

# %% claims
differs = {side: (clean[x] - corrupt[x])[:, [opener]] for side, x in place.items()}
lengths = {side: x.norm(dim=-1, keepdim=True) for side, x in differs.items()}
dice = torch.Generator().manual_seed(0)


def as_long(difference):  # recovery if the bracket's stream differs by this, made as long as the output's difference
    longer = difference * lengths["output"] / difference.norm(dim=-1, keepdim=True)
    edit = ("blocks.1.hook_resid_pre", tf.writing(corrupt["resid_pre", 1][:, [opener]] + longer, [opener]))
    return (pairs.difference(model.run_with_hooks(pairs.corrupt, fwd_hooks=[edit])).mean().item() - low) / (lead - low)


def raised_by(written):  # what the three heads make of this, above the mean of the three: (head, sign, closer)
    grid = torch.stack([moves(written, int(x[0]), int(x[2]))[:, closers] for x in three])
    return grid - grid.mean(-1, keepdim=True)


of_bypass, of_output = (raised_by(by_sign[x][:, opener]) for x in place.values())
matching = of_output.sum(0).diagonal().mean()  # by all three together
by_chance = [as_long(x - x.mean(-1, keepdim=True)) for x in torch.randn(10, *differs["output"].shape, generator=dice)]
random_streams = torch.randn(1000, 3, 192, generator=dice) * by_sign[place["bypass"]][:, opener].std(-1, keepdim=True)
at_random = torch.stack([raised_by(x).sum(0).diagonal().mean() for x in model.blocks[0].mlp(model.blocks[0].ln2(random_streams))])
too_long = as_long(differs["bypass"])
sums = [tf.through_first_mlp(model, tf.bracket_pairs(model.tokenizer, 64, seed=seed)) for seed in range(1, 4)]
by_text = []  # on four sets of 128: how often the answer follows the output, where the text has ( and where it has [ or {
for more in (tf.bracket_pairs(model.tokenizer, 128, seed=seed) for seed in range(4)):
    (_, run), (_, other) = (model.run_with_cache(side) for side in (more.clean, more.corrupt))
    same = closers[exchanged("output", more.corrupt, other, run, [opener])[:, -1, closers].argmax(-1)] == more.correct
    by_text.append([same[(more.wrong == closers[0]) == is_round].float().mean() for is_round in (True, False)])
with claims():
    claim("on our prompt the answer is `]` whichever bracket the bypass is from, and matches the bracket that the output of `m0` is from", answered["bypass"].argmax(1).tolist() == [1, 1, 1] and answered["output"].argmax(1).tolist() == [0, 1, 2])
    claim("so it is with the output in more than nine of ten prompts with [ or {, on each of four sets of 128, but in fewer than one of five with (", all(x < 0.2 and y > 0.9 for x, y in by_text))
    claim("the output of `m0` recovers 0.77 at the bracket, as the whole stream there does, and the whole lead at all positions; the bypass less than 0.01 in size in both cases; at all positions so it is on three other sets of 64",
          rounds_to([through["output", "bracket"], at_bracket[1].item()], "0.77") and between([through["output", "all"], *(x["everywhere"] for x in sums)], 0.99, 1.01) and max(abs(x) for x in (through["bypass", "bracket"], through["bypass", "all"], *(x["past it"] for x in sums))) < 0.01)
    claim("fed the bypass, no head moves a closing bracket by more than 0.1; fed the output, each raises the matching one most, but for head 2.2 with (, where it moves none by more than 0.15",
          of_bypass.abs().max() < 0.1 and (of_output.argmax(-1) == torch.arange(3)).flatten()[1:].all() and of_output[0, 0].abs().max() < 0.15)
    claim("the bypass differs between the runs a tenth as much as the output; made as long, its difference recovers 0.04, less than each of ten random directions, which disturb the corrupt answer",
          about(lengths["bypass"].mean() / lengths["output"].mean(), 0.1) and rounds_to(too_long, "0.04") and min(by_chance) > too_long)
    claim("with three random streams for `m0` to read in the place of the three brackets, the heads raise the closing brackets as far in fewer than one of a hundred draws, of 1000", (at_random >= matching).float().mean() < 0.01)

# %% [markdown]
# ## 9 · Who writes, and who reads
#
# Which parts read the output of `m0`, and which way does the rest of the lead take? A patch of `m0` reaches all its readers at once. **Path patching** changes what one reader gets from one writer, and nothing else.

# %% figure
draw.path_patching("m0", ("2.2", "3.2", "m1", "logits"), chosen="2.2").captioned(
    "Two patches of m0 in the corrupt run. Left, all its readers get its clean output. Right, only head 2.2 does, and the others still get the corrupt one."
)

# %% [markdown]
# By hand, for the values of head 2.2: they alone are computed from a stream with the clean output of `m0` in it.

# %%
mixed = corrupt["resid_pre", 2] - corrupt["mlp_out", 0] + clean["mlp_out", 0]
values = model.blocks[2].ln1(mixed) @ model.W_V[2, 2] + model.b_V[2, 2]  # (batch, pos, d_head)
edit = ("blocks.2.attn.hook_v", tf.writing(values, head=2))
one_reader = model.run_with_hooks(pairs.corrupt, fwd_hooks=[edit])
by_hand = (pairs.difference(one_reader).mean().item() - low) / (lead - low)
round(by_hand, 2)

# %% [markdown]
# `ask.path_patch` does the same for any writer and reader. Our first writer is `m0`. As readers we try the values of each later head, the later MLPs and the logits, and the keys of head 2.2, which section 4 has shown to matter. (What all other queries and keys bring back together is counted below.) Here are those to which it brings back more than 0.03.

# %%
readers = [f"{layer}.{head}.v" for layer in (1, 2, 3) for head in range(4)]
readers += ["2.2.k", "m1", "m2", "m3", "logits"]
found = ask.path_patch(["m0"], readers, pairs=True).recovery()[0].tolist()
from_m0 = dict(zip(readers, found, strict=True))
{reader: round(x, 2) for reader, x in from_m0.items() if x > 0.03}

# %% [markdown]
# The three heads read `m0` with their values, from which they make what they move. Head 2.2 reads it with its keys too, by which it finds the bracket, as section 4 has shown.
#
# The second writer is head 0.3, at the last token. Which MLP reads there what it has brought?

# %%
mlps = ["m0", "m1", "m2", "m3"]
from_0_3 = ask.path_patch(["0.3"], mlps, positions=last, pairs=True).recovery()[0]
{mlp: round(x, 2) + 0.0 for mlp, x in zip(mlps, from_0_3.tolist(), strict=True)}

# %% [markdown]
# Of the MLPs only `m0` reads it. Head 0.3 moves the bracket before `m0` has run, and `m0` translates it at the last token.
#
# The third writers are the three heads together. How much does `m3` get from them?

# %%
to_m3 = ask.path_patch([three], ["m3"]).recovery().item()
round(to_m3, 2)

# %% figure
at = {x: from_m0[f"{x}.v"] for x in three}
draw.road(
    words, opener, {"0.3": "", "1.0": f"{at['1.0']:.2f}", "2.2": f"{at['2.2']:.2f}, keys {from_m0['2.2.k']:.2f}", "3.2": f"{at['3.2']:.2f}"},
    thick=at | {"0.3": from_0_3[0].item()},
    mlps={("m0", opener): "", ("m1", opener): f"{from_m0['m1']:.2f}", ("m0", last): f"{from_0_3[0]:.2f}, from 0.3", ("m3", last): f"{to_m3:.2f}, from heads"},
    skipped="past m0:\nnothing", answer="]", to_logits=f"{from_m0['logits']:.2f}, from m0", key="recovery when one reader alone\ngets the clean output",
).captioned(
    "The whole map, with the numbers of the three cells above. On the blue lines and beside m1: this reader gets the clean output of m0. The other numbers name their writer. Readers that we tried and that are not drawn get less than 0.03."
)  # fmt: skip

# %% [markdown]
# This is the model's algorithm in five sentences:
#
# 1. At the bracket, `m0` reads which bracket it is, and writes this in a form that the heads can use.
# 2. By this writing, to which `m1` adds a little, head 2.2 finds the bracket, and heads 1.0, 2.2 and 3.2 move it to the last token.
# 3. Head 0.3 moves the bracket itself there, before `m0` has run. At the last token `m0` translates it, in part for the logits straight away.
# 4. `m3` reads what the heads have brought, and on average adds to the lead.
# 5. Where the heads bring nothing, the default `)` stays.
#
# The numbers of the map belong to readers tried alone, so they need not add up. The map draws six readers of `m0`: three values, the keys of head 2.2, `m1` and the logits. Together they bring back 0.75, and all other inputs of later parts, together, 0.12.
#
# The map predicts an experiment that was not used to find it. If `m0` is read at two positions only, the bracket's and the last, then it should be enough to exchange its output at these two.

# %%
two = [opener, last]
both_sides = {side: exchanged(side, pairs.corrupt, corrupt, clean, two) for side in place}
{side: round(pairs.right(logits), 2) for side, logits in both_sides.items()}

# %% [markdown]
# The text is the corrupt prompt's. Yet on 95 % of the pairs the model now closes the bracket of the clean one. (With nothing exchanged it is right on 93 %.) So of what `m0` writes, the answer uses two positions, and four heads bring it to the end.

# %% claims
m1_at_bracket = ask.path_patch(["m0"], ["m1"], positions=opener).recovery().item()
drawn = [*(f"{x}.v" for x in three), "2.2.k", "m1", "logits"]
not_drawn = [x for x in (*(f"{a}.{b}.{c}" for a in (1, 2, 3) for b in range(4) for c in "qkv"), "m2", "m3") if x not in drawn]
on_the_map, off_the_map = (ask.path_patch(["m0"], some).recovery().item() for some in (drawn, not_drawn))
to_logits = ask.path_patch(["m0"], ["logits"], positions=last).recovery().item()  # from the last token alone
m1_reads = ask.path_patch(["m1"], ["2.2.k", "2.2.v"], pairs=True).recovery()[0]
follows, with_round = {side: [] for side in place}, []  # on four sets: how often the answer is the clean prompt's bracket
for more in (tf.bracket_pairs(model.tokenizer, 128, seed=seed) for seed in range(4)):
    (_, run), (_, other) = (model.run_with_cache(side) for side in (more.clean, more.corrupt))
    for side in place:
        logits = exchanged(side, more.corrupt, other, run, two)
        follows[side].append(more.right(logits))
    with_round.append((closers[logits[:, -1, closers].argmax(-1)] == more.correct)[more.wrong == closers[0]].float().mean())  # of the output
seven = [x for x in range(9) if x not in two]
with claims():
    claim("by hand and by the library the values of head 2.2 get the same from `m0`, 0.29", rounds_to(by_hand, "0.29") and abs(by_hand - from_m0["2.2.v"]) < 1e-4)
    claim("from `m0` the values of the three heads get more than 0.1 each, those of head 2.2 most; its keys and `m1` get 0.10, the logits 0.12, and no other reader as much as 0.03",
          min(at.values()) > 0.1 and max(from_m0, key=from_m0.get) == "2.2.v" and rounds_to([from_m0["m1"], from_m0["2.2.k"]], "0.10") and rounds_to(from_m0["logits"], "0.12") and max(abs(x) for name, x in from_m0.items() if name not in drawn) < 0.03)
    claim("`m1` gets 0.10 at the bracket alone, too; from it the keys and the values of head 2.2 get more than 0.04 each", rounds_to(m1_at_bracket, "0.10") and m1_reads.min() > 0.04)
    claim("the six inputs on the map together recover 0.75, all other queries, keys, values and MLPs together 0.12", len(drawn) == 6 and rounds_to(on_the_map, "0.75") and rounds_to(off_the_map, "0.12"))
    claim("the logits get from `m0` at the last token alone what they get from all its positions", abs(to_logits - from_m0["logits"]) < 1e-4)
    claim("head 0.3 adds less than a hundredth of a logit directly; `m0` at the last token gets 0.18 from it, the other MLPs less than 0.01 each",
          added["0.3"].mean().abs() < 0.01 and rounds_to(from_0_3[0].item(), "0.18") and from_0_3[1:].abs().max() < 0.01)
    claim("`m3` gets 0.18 from the three heads", rounds_to(to_m3, "0.18"))
    claim("with the output of `m0` exchanged at two positions the answer follows it on 95 % of the prompts, and on at least that many in three other sets; with the bypass on fewer than 5 %; where the text has ( it is followed on more than nine in ten; the whole model is right on 93 %",
          rounds_to(follows["output"][0], "0.95") and min(follows["output"]) >= 0.95 and max(follows["bypass"]) < 0.05 and min(with_round) > 0.9 and rounds_to(intact, "0.93"))
    claim("the clean output of `m0` at the other seven positions brings back less than 0.03", abs(recovered("output", seven)) < 0.03)

# %% [markdown]
# ## 10 · The puzzle answered
#
# Why are the two bars of a part not equal? When a part writes zeros, three things happen to the lead:
#
# - The part's own term is gone. This is the light bar.
# - The later parts that *read* it write something else.
# - The final *norm* divides the new stream by another scale.
#
# The lead that is lost is exactly the sum of the three. In the toy of section 2 nothing reads the part, its own term is 2, and the norm turns the 3 that is left into 7.8. Together that makes 2 + 0 − 4.8 = −2.8, which is 5 − 7.8.

# %%
edits = {"m0": ("blocks.0.hook_mlp_out", tf.writing(0.0)), "m3": ("blocks.3.hook_mlp_out", tf.writing(0.0))}
edits["3.2"] = ("blocks.3.attn.hook_z", tf.writing(0.0, head=2))


def causes(some, run, part, adds):
    """What the lead loses when a part writes zeros: its own term, by its readers, by the norm."""
    with model.hooks(fwd_hooks=[edits[part]]):
        _, without_it = model.run_with_cache(some.clean)
    direction = (model.W_U[:, some.correct] - model.W_U[:, some.wrong]).T  # (batch, d_model)
    before, after = ((x["resid_post", 3][:, -1] * direction).sum(-1) for x in (run, without_it))
    scale_before, scale_after = (x["ln_final.hook_scale"][:, -1, 0] for x in (run, without_it))
    by_readers = ((before - after) / scale_before).mean().item() - adds
    by_norm = (after / scale_before - after / scale_after).mean().item()
    return adds, by_readers, by_norm


# %% figure
split = {"our prompt": {x: causes(ours, one, x, our_puzzle.of(x)[0]) for x in shown}}
split["mean of 128 prompts"] = {x: causes(pairs, clean, x, puzzle.of(x)[0]) for x in shown}
fig, axes = plots.figure(rows=2, columns=2, width=6.0, height=4.2, sharex=True, sharey=True)
for axes_row, (title, found), height in zip(axes, split.items(), (our_lead, lead), strict=True):
    for ax, part in zip(axes_row, ("m0", "m3"), strict=True):
        adds, by_readers, by_norm = found[part]
        total = adds + by_readers + by_norm
        bars = ((0, adds, plots.SERIES[1]), (adds, by_readers, plots.NOTE), (adds + by_readers, by_norm, plots.GREY), (0, total, plots.SERIES[0]))
        for i, (start, size, colour) in enumerate(bars):
            ax.bar(i, size, 0.66, bottom=start, color=colour)
            up = size > -0.1  # a bar's number stands at the end to which it goes, a hairline's above it
            ax.text(i, max(start, start + size) + 0.15 if up else start + size - 0.15, f"{round(size, 2) + 0.0:.2f}".replace("-", "−"), ha="center", va="bottom" if up else "top", fontsize=8)
        for i, y in enumerate((adds, adds + by_readers, total)):
            ax.plot([i - 0.33, i + 1.33], [y, y], color=plots.INK, linewidth=0.7)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.axhline(height, color=plots.NULL, linestyle="--", zorder=0)
        ax.text(-0.42, height + 0.1, f"lead {height:.1f}", color=plots.NULL, fontsize=8)
        ax.set(ylim=(-2.6, 7.2), ylabel=f"{title}\n(logits)" if part == "m0" else "", title=part if height == our_lead else "")
        ax.set_xticks(range(4), ["adds", "its\nreaders", "norm", "lost"], fontsize=8.5)
plots.show(
    fig,
    alt="The puzzle's bars of the two MLPs, each dark bar as the sum of three: " + "; ".join(f"{title}, {part}: adds {a:.2f}, readers {b:.2f}, norm {c:.2f}, lost {a + b + c:.2f}" for title, found in split.items() for part, (a, b, c) in found.items() if part != "3.2") + ".",
    caption="The puzzle's two MLPs again. Each of the first three bars begins where the one before it ends; together they make the dark bar, what is lost with zeros. Rounded numbers may add up to a hundredth more or less. Head 3.2, whose two bars are nearly equal, is left out.",
)

# %% [markdown]
# **m3.** No part reads `m3`, so that only the norm can set its bars apart. Without `m3` the stream is shorter, and on our prompt the norm divides it by 11.6 instead of 16.9. All other terms then count for more. On average over the 128 prompts the lead rises, although `m3` had added to it.
#
# **m0.** On average most of what is lost without `m0`, 4.9 of 5.5, is lost by its readers. They no longer find a bracket to bring.
#
# On our prompt the light bar of `m0` lies below zero, because `m0` pushes towards the default, `)`, whatever is open. Yet without `m0` our prompt keeps 2.1 of its lead. Has the bracket found a way past the bottleneck? We run our prompt with each of the three brackets.

# %%
mean_of_m0 = both["mlp_out", 0].mean(0)  # over the prompts and their twins: (pos, d_model)
m0_writes = {"its own output": [], "zeros": [edits["m0"]]}
m0_writes["its mean"] = [("blocks.0.hook_mlp_out", tf.writing(mean_of_m0))]
closed, ahead = {}, {}  # for (, [ and {
for name, hooks in m0_writes.items():
    logits = model.run_with_hooks(of_three, fwd_hooks=hooks)[:, -1, closers]  # (sign, closer)
    closed[name] = [")]}"[i] for i in logits.argmax(-1)]
    ahead[name] = logits[:, 1] - logits[:, 0]  # `]` over `)`
closed

# %% figure
fig, ax = plots.figure(width=5.8, height=2.9)
for group, (name, values) in enumerate(ahead.items()):
    for i, value in enumerate(values.tolist()):
        at, up = 4 * group + i, value > 0
        ax.bar(at, value, 0.8, color=plots.ANSWER if i == 1 else plots.GREY)
        ax.text(at, value + (0.2 if up else -0.2), f"{value:.1f}".replace("-", "−"), ha="center", va="bottom" if up else "top", fontsize=9)
        ax.text(at, 5.6, closed[name][i], ha="center", fontsize=13, fontweight="bold")
ax.text(-0.8, 5.6, "closed:", ha="right")
ax.text(-0.8, -9.7, "open:", ha="right")
ax.axhline(0, color="black", linewidth=0.8)
ax.set_xticks([0, 1, 2, 4, 5, 6, 8, 9, 10], [sign if sign != "[" else f"[\n{name}" for name in ahead for sign in "([{"], fontsize=11)
ax.tick_params(axis="x", length=0)
ax.set(xlabel="what m0 writes", ylabel="] ahead of ) (logits)", xlim=(-2.2, 11), ylim=(-8.6, 7.4), yticks=(-6, -3, 0, 3))
plots.show(
    fig,
    alt="Three groups of three bars, how far the square bracket is ahead of the round one. With the model's own m0 the bars differ widely, and each bracket is closed by its own kind. With zeros all three are above zero and the square one is closed; with the mean all three are below zero and the round one is closed.",
    caption="Our prompt with each of the three brackets open. A bar above zero: ] is ahead of ). Green: our own [, so that the bar is the lead that is left. The answers are the same on more than nine in ten of 128 prompts and their twins.",
)

# %% [markdown]
# The bracket has found no way past `m0`. With zeros the model closes `]` whatever is open, and with the mean it closes `)`. Over the 128 prompts and their twins the lead differs by ten logits when the bracket is exchanged; without the output of `m0` it differs by less than 0.3.
#
# Then why `]` here and `)` there? Whatever is open, `m0` also writes something that favours the default, `)`. Its mean keeps this and takes away the rest, and so `)` comes out. Zeros take this away too, and `]` happens to come out ahead, with no bracket likely any more: all three together have less than a thousandth of the probability. So most of our 2.1 is no knowledge of `[`. Where `(` is open, `]` is ahead too, by more than half as much.
#
# **Each bar answers its own question.** The light one asks what a part adds to the final sum. The dark one asks how the lead changes when every later part and the norm must work with zeros. A part that others read, such as `m0`, can add little and be needed. A part such as `m3`, which lengthens the stream, can add much, and yet nothing is lost when it writes zeros.

# %% claims
again, by_readers_again, default = [], [], []  # on four sets; default: what is closed with zeros or the mean, and how far the lead differs in a pair
for seed in range(4):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    plain, (_, run), (_, everyone) = tf.removal(model, more, "zero"), model.run_with_cache(more.clean), model.run_with_cache(more.everyone)
    mean_there = everyone["mlp_out", 0].mean(0)
    by_readers_again.append(causes(more, run, "m0", plain.of("m0")[0])[1] / plain.of("m0")[1])
    again.append((more.difference(model(more.clean)).mean().item(), plain.of("m0"), plain.of("m3")))
    three_runs = [model.run_with_hooks(more.everyone, fwd_hooks=hooks) for hooks in ([], [edits["m0"]], [("blocks.0.hook_mlp_out", tf.writing(mean_there))])]
    (_, zeros, by_mean), is_round = (x[:, -1, closers].argmax(-1) for x in three_runs), torch.cat([more.correct, more.wrong]) == closers[0]
    differ = [(more.difference(x[:128]) - more.difference(x[128:])).mean().item() for x in three_runs]
    default.append(((zeros == 1).float().mean(), (by_mean == 0).float().mean(), (zeros == 1)[is_round].float().mean(), differ[0], differ[1:]))
pushes = by_sign["mlp_out", 0][:, -1] @ direction / by_sign["ln_final.hook_scale"][:, -1, 0]
unlikely = model.run_with_hooks(of_three, fwd_hooks=[edits["m0"]])[:, -1].softmax(-1)[:, closers].sum(-1).max()
with model.hooks(fwd_hooks=[("blocks.0.hook_mlp_out", tf.writing(mean_of_m0))]):
    terms_without_m0 = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
held = {}  # what is lost with the final scale held
for name, some, run in (("our prompt", ours, one), ("mean of 128 prompts", pairs, clean)):
    for part in shown:
        logits = model.run_with_hooks(some.clean, fwd_hooks=[edits[part], ("ln_final.hook_scale", lambda x, hook, run=run: run[hook.name])])
        held[name, part] = (some.difference(model(some.clean)) - some.difference(logits)).mean().item()
with model.hooks(fwd_hooks=[edits["m3"]]):
    shorter = model.run_with_cache(ours.clean)[1]["ln_final.hook_scale"][0, -1].item()
with claims():
    claim("the three causes add up to the dark bars, and the readers of `m3` lose nothing, to a thousandth", all(abs(sum(split[name][x]) - found.of(x)[1]) < 1e-3 and abs(split[name]["m3"][1]) < 1e-3 for name, found in zip(split, (our_puzzle, puzzle), strict=True) for x in shown))
    claim("with the final scale held, a part's own term and its readers are all that is lost", all(abs(held[name, x] - sum(split[name][x][:2])) < 1e-3 for name, x in held))
    claim("on our prompt the scale is 16.9, and with zeros for `m3` 11.6", rounds_to(scale, "16.9") and rounds_to(shorter, "11.6"))
    claim("on average 4.9 of the 5.5 that zeros for `m0` cost are lost by its readers, on three other sets more than three quarters; with its mean at all positions the terms of `m3` and of heads 2.2, 3.2 and 1.0 are less than a twentieth of what they were",
          rounds_to(split["mean of 128 prompts"]["m0"][1], "4.9") and rounds_to(lost["m0"], "5.5") and min(by_readers_again[1:]) > 3 / 4 and all(terms_without_m0[x].mean().abs() < added[x].mean() / 20 for x in ("2.2", "m3", "3.2", "1.0")))
    claim("with zeros for `m0` 2.1 of our prompt's lead are left, and where `(` is open `]` is ahead of `)`, too, by more than half as much; all three brackets have less than 0.001 of the probability together", rounds_to(ahead["zeros"][1].item(), "2.1") and ahead["zeros"].min() > ahead["zeros"][1] / 2 and unlikely < 0.001)
    claim("on our prompt and on more than nine in ten of four sets of 128 prompts and their twins the model closes `]` with zeros and `)` with the mean, whatever is open; where `(` is open, on more than eight in ten", closed["zeros"] == ["]"] * 3 and closed["its mean"] == [")"] * 3 and all(zeros > 0.9 and mean > 0.9 and zeros_round > 0.8 for zeros, mean, zeros_round, *_ in default))
    claim("on these four sets the lead differs by more than 9.9 between a prompt and its twin; with zeros or the mean it differs by less than 0.3 on average, in the wrong direction", all(apart_own > 9.9 and between(some, -0.3, 0) for *_, apart_own, some in default))
    claim("whichever bracket is open on our prompt, `m0` puts `)` ahead of `]` by more than a logit", pushes.max() < -1)
    claim("on three other sets of 128 prompts `m0` adds less than a fifth of the lead, and with zeros for it more than nine tenths are lost; `m3` adds more than `m0`, and with zeros for it nothing is lost",
          all(m0[0] < own / 5 and m0[1] > 0.9 * own and m3[0] > m0[0] and m3[1] < 0 for own, m0, m3 in again[1:]))

# %% [markdown]
# ## 11 · What this does not show
#
# The lesson's prompts came from one template. On three sets of 64 pairs each we tried two others, a call such as `type = values(offset, start` and a list such as `type = (values(offset), start`. On both `m0` is a bottleneck again, and the same four heads alone keep at least nine tenths of the lead. But in the list head 0.3 recovers more than head 2.2.
#
# Another model may differ in more. In GPT-2 small, Wang et al. 2022 ([arXiv 2211.00593](https://arxiv.org/abs/2211.00593)) found the heads that write the answer of another task. When all of them are set to their means, only about 5 % of the lead is lost, because backup heads take over. This lesson shows one training run of one small model. What carries over is the way to ask: which question does each bar answer?

# %% claims
templates = {(name, seed): tf.bracket_pairs(model.tokenizer, 64, seed=seed, template=name) for name in ("call", "nested") for seed in (2, 3, 4)}
in_list = [patching.Question(model, x.clean, x.corrupt, x.metric).sweep("z", by, positions=[x.clean.shape[1] - 1]).recovery()[..., 0] for (name, _), x in templates.items() if name == "nested"]
past = [abs(tf.through_first_mlp(model, x)["past it"]) for x in templates.values()]
elsewhere = [tf.Without(model, x) for x in templates.values()]
alone = [run.heads([x for x in looks if x not in four])[1] / run.heads([])[1] for run in elsewhere]
with claims():
    claim("on three sets of 64 pairs of each, what goes past `m0` recovers less than a hundredth, and the four heads alone keep at least nine tenths of the lead", max(past) < 0.01 and min(alone) >= 0.9)
    claim("in the list head 0.3 recovers most at the last token, and more than 0.05 more than head 2.2", all(x.argmax() == 3 and x[0, 3] > x[2, 2] + 0.05 for x in in_list))

# %% card
card(
    {"claim": "Head 2.2 brings the open bracket to the end",
     "evidence": "ablation, attribution, its attention, its OV circuit, patching",
     "control": "each other head in its place",
     "where it fails": "where ( is open the default is right without it; patched alone it recovers less than half"},
    {"claim": "It is one of four, with heads 1.0, 3.2 and 0.3",
     "evidence": "the four, and all but the four, set to their means, on ten other sets of prompts",
     "control": "four other heads, one of each layer",
     "where it fails": "on other templates the four have other shares"},
    {"claim": "Later layers read the bracket from m0, not from the embedding",
     "evidence": "the answer follows the output of m0; path patching",
     "control": "the bypass exchanged in the same way; the readers that the map does not draw",
     "where it fails": "another model could read the embedding itself"},
    {"claim": "What a part adds and what is lost without it are two questions",
     "evidence": "both bars of a part, split into its own term, its readers and the norm",
     "control": "means instead of zeros",
     "where it fails": "zeros for m0 take away more than the bracket"},
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
# *Now the exercises*: `course start 00`, then `my/00_transformer.ipynb`.

# %% [markdown] words
# ## Words
#
# - tokens: pieces of text with a number each; what a model reads.
# - logits: the scores that a model gives to every token that could come next.
# - share right: how often the right bracket is ahead of both others.
# - null: what one sees where there is nothing to find.
# - MLP: a part that works at each position by itself.
# - embedding: the vector with which a token enters the stream.
# - attention heads: parts that move something from one position to another.
# - ablation: taking a part away to see what is missed.
# - hook: a function called in the middle of a run, which may change what was computed.
# - cache: every intermediate value of a run.
# - patching: putting an activation of one run into another.
# - necessary: without it, the behaviour is lost.
# - sufficient: it alone brings the behaviour back.
# - lead: the right bracket's logit minus the wrong one's.
# - mechanistic interpretability: the study of how a trained model computes.
# - default: the answer that the model gives when its heads bring nothing, `)`.
# - circuit: a set of parts and connections that computes something.
# - minimal pairs: two prompts that differ in one thing.
# - twin: the second prompt of a minimal pair.
# - clean: the run on the first prompt of a pair.
# - corrupt: the run on its twin.
# - recovery: 0 if a changed run is the corrupt one, 1 if it has become the clean one.
# - unembedding: the matrix that turns the last stream into logits.
# - residual stream: the vector at each position that every part reads from and adds to.
# - LayerNorm: subtracts a vector's mean and divides by its size.
# - scale: the number that a LayerNorm divides by.
# - hook point: a named place in the computation.
# - pattern: how much each position looks at each other one.
# - query: the position that looks, or the vector with which it looks.
# - key: the position that can be looked at, or the vector that it offers.
# - QK circuit: $W_Q W_K^\top$, where a head looks.
# - OV circuit: $W_V W_O$, what a head moves.
# - direct logit attribution: the term that a part adds to a logit, the final norm's scale held.
# - direct effect: what reaches the logits without passing through later parts.
# - indirect effect: what works through later parts.
# - logit lens: the final norm and unembedding applied to an early stream.
# - zero ablation: zeros in the place of a part's output.
# - mean ablation: a part's average over a stated set of prompts in the place of its output.
# - resample ablation: a part's output on another prompt in the place of its own.
# - activation patching: patching between the clean and the corrupt run, one place at a time.
# - denoising: clean activations put into the corrupt run.
# - noising: corrupt activations put into the clean run.
# - bypass: the way past an MLP, on which its input goes on unchanged.
# - bottleneck: a place through which everything that is used must pass.
# - path patching: changing what one reader gets from one sender.

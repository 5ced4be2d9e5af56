# %% [markdown]
# # Induction heads
#
# **A puzzle.** A small language model, trained on Python, reads this program:
#
# ```python
# def wozzle_frint(quab):
#     return quab + 1
#
# print(wozzle_frint(3))
# ```
#
# &nbsp;
#
# We made the name up. The model reads it as eight tokens, from `w` to `int`. When the name comes for the first time, each of the seven after the `w` gets a probability below 5 %. When it comes again, four of them get more than one half, although not a single weight has changed in between. The figure shows two moments of the same training: after 1 000 steps the model cannot do this, and at the end, after 4 340 steps, it can.

# %% setup

# %% figure
import torch

from course_utils import induction as ind
from course_utils import plots, zoo

model = zoo.load("code-attn-2l", "cpu").requires_grad_(False)
young = zoo.load("code-attn-2l", "cpu", checkpoint=1000).requires_grad_(False)
program = ind.with_name(model, "wozzle_frint")
tokens, parts = program.tokens, list(program.parts)
ids = tokens[0].tolist()  # token 0 starts every text
starts, quab = ([span.start for span in spans] for spans in (program.names, program.arguments))

chance = {when: (-ind.token_losses(one(tokens), tokens)[0]).exp()
          for when, one in (("after 1 000 steps", young), ("at the end of training", model))}  # fmt: skip
plots.show(ind.expected(program, chance), "Probability of each token of a program, at two moments: at the end four of the eight parts of the returning name have more than one half.",
           "The probability that the model gives to each token before it sees it, at two moments of its training; ␣ is a space and ⏎ a line break. Shaded: the name and the argument. Orange: the two w and the two qu, to which the lesson returns.")  # fmt: skip

# %% [markdown]
# The model does not expect *that* the name will come: the second `w` has a probability below 1 %, like the first. But once the name has begun, the model expects what comes *next*. Two details are stranger, and the end of the lesson explains them. The first `w` has a space before it and the second has none, so that to the model they are two different tokens, and yet it finds the one from the other. And with the argument `quab` it is the other way round: when `quab` returns, its first part is expected and its second is not.
#
# A network with fixed weights picks up a name while it reads. Large language models do more of this kind and pick up a whole task from examples in the prompt (Brown et al. 2020). It is called **in-context learning**, and looking up what came before is a simple form of it. In this lesson we write the responsible part by hand, watch it form, find it in this model, and take it out.
#
# In a running notebook the next cell has a field: try a name of your own.

# %%
ind.try_name(model, {"after 1 000 steps": young})  # a field for a name, where the notebook runs

# %% claims
from course_utils.page import about, between, caption, card, claim, claims, draw, measured, predict, rising, table

early, late = (chance[when] for when in chance)
name = {when: [chance[when][k + 1 : k + 8] for k in starts] for when in chance}  # the seven parts after the w
with claims():
    claim("the figure marks two w and two qu", [parts[k].strip("␣") for k in (*starts, *quab)] == ["w", "w", "qu", "qu"])
    claim("the name has eight parts, and the first time each of the seven after the w has a probability below 5 %, at both moments",
          parts[starts[0]:starts[0] + 8] == ["␣w", "o", "z", "z", "le", "_f", "r", "int"] and max(name[when][0].max() for when in name) < 0.05)
    claim("the second time the mean of the seven is still below 5 % after 1 000 steps, and above one half at the end",
          name["after 1 000 steps"][1].mean() < 0.05 and late[starts[1] + 1 : starts[1] + 8].mean() > 0.5)
    claim("at the end four of the seven parts have a probability above one half", (late[starts[1] + 1 : starts[1] + 8] > 0.5).sum() == 4)
    claim("the w itself has a probability below 1 %, both times and at both moments",
          max(values[starts].max() for values in chance.values()) < 0.01)
    claim("the two w are different tokens, the first with a space", [parts[k] for k in starts] == ["␣w", "w"] and ids[starts[0] + 1] != ids[starts[1] + 1])
    claim("when quab returns, its first part has more than 0.85 and its second less than 0.1",
          late[quab[1]] > 0.85 and late[quab[1] + 1] < 0.1)  # fmt: skip

# %% [markdown] contents
# You need lesson 0: the residual stream, hooks, attention heads, ablation and path patching. The second notebook of this lesson may be skipped.

# %% [markdown]
# The lesson follows Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), and Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895). Results that are too heavy to compute while this notebook runs are loaded from files; the text calls them stored.

# %% [markdown]
# ## 1 · One head is not enough
#
# A name that returns is a case of a general pattern: `… A B … A → B`. B followed A once, and when A comes again, the model should predict B. Completing this pattern, for any A and any B, is called **induction**. Our first case is from `wozzle_frint`: A is `le` and B is `_f`.
#
# Can one head find “the `_f` that comes after a `le`”? Take four texts that end in A. In (i) and (ii) B came after A, in (iii) and (iv) D did; C is some other token.
#
# A head sees at each position the token that stands there, but nothing of its neighbours: that a B came after an A cannot be read off the B. The last token is A in all four texts, so the head always asks the same question. How a position answers depends only on what stands there: its place and its token. The same is true of what the position contributes to the logit of B minus that of D. We write each contribution on a card, and the head adds the cards up. (The softmax divides the sum by a positive number, which changes its size but not its sign.) If the sum is above zero, the model prefers B to D.

# %% figure
words = {"(i)": "ABCDA", "(ii)": "CDABA", "(iii)": "CBADA", "(iv)": "ADCBA"}
example = {(1, "B"): 3, (3, "B"): 2, (1, "D"): -1, (3, "D"): -2}  # by place, from 0, and token
ind.four_texts(words, {"(i)": "B", "(ii)": "B", "(iii)": "D", "(iv)": "D"}, example).captioned(
    "Above: the four texts and the cards of an example. A number above zero speaks for B, one below zero for D; a card without a "
    "number has 0. The sums are right (✓) for (i) and (ii) and wrong (✗) for (iii) and (iv). Below: the cards of both texts, position by "
    "position, sorted by letter."
)

# %% [markdown]
# The lower half of the figure is the heart of the proof. Texts (i) and (ii) together hold the same cards as (iii) and (iv), so that the two totals are equal, whatever is written on the cards. A head that is right on (i) and (ii) has two sums above zero on the left, and therefore a total above zero. The total on the right is the same, so at least one of the two sums in it is above zero, which is wrong. No single head gets all four right, whatever is written on its cards. Several heads in one layer can, in a roundabout way (the second notebook shows it), but Sanford, Hsu and Telgarsky 2024 prove that for this task a model of one layer must be exponentially larger than one of two layers ([arXiv 2408.14332](https://arxiv.org/abs/2408.14332)).
#
# <details><summary>Why a head adds up cards</summary>
#
# Let $s_j$ be the attention score of position $j$ and $v_j$ what it contributes to the logit of B minus that of D, both seen from the last token, which is A in all four texts. Let $c$ be what the last token's embedding adds without any attention. The lead for B is
#
# $$\Big(\sum_j e^{s_j} v_j\Big) \Big/ \Big(\sum_j e^{s_j}\Big) + c .$$
#
# Multiply by the denominator, which is positive. The sign is that of $\sum_j e^{s_j} (v_j + c)$. Each term depends on one position and its token: it is the card. (We take the logits to be read from the stream up to a positive factor; an offset in the last norm is not covered.)
#
# </details>

# %% claims
total = {name: sum(example.get(card, 0) for card in enumerate(text)) for name, text in words.items()}
with claims():
    both = [sorted((place, letter) for name in pair for place, letter in enumerate(words[name])) for pair in (("(i)", "(ii)"), ("(iii)", "(iv)"))]
    claim("(i) and (ii) together hold the same cards as (iii) and (iv) together", both[0] == both[1])
    claim("the example's sums are above zero for all four texts, which is right for (i) and (ii) alone", min(total.values()) > 0)

# %% [markdown]
# ## 2 · Two heads, written by hand
#
# What one head lacks, a head in an earlier layer can write down for it.

# %% figure
draw.induction_circuit(previous="P", induction="I", tokens=("z", "le", "_f"))

# %% [markdown]
# A **previous-token head** (P) in the first layer looks one position back and writes what it finds there into the residual stream. We call what it writes a *note*: a vector that means “the token before me was `le`”. An **induction head** (I) in the second layer compares the current token with these notes. A match leads it to the token *after* the earlier occurrence of the current one, and this token it copies.
#
# A head has three inputs, and what an earlier head wrote can be read through any of them: through its *queries* (what it searches for), its *keys* (what each position offers) or its *values* (what is copied). In the plan the second head reads the notes through its keys: **K-composition** (Elhage et al.).
#
# A plan that is understood can be written down as weights. Give everything a block of dimensions of its own in the residual stream: `token` and `position`, one-hot, written by the embeddings; `previous` for the notes; `next` for the answer, from which the logits are read. A head is then four choices:
#
# | | query reads | key reads | copies from | to | what its matrices do |
# |---|---|---|---|---|---|
# | previous-token head | `position`, one back | `position` | `token` | `previous` | $W_Q$ shifts by one, the other three copy |
# | induction head | `token` | `previous` | `token` | `next` | all four copy |
#
# Each of $W_Q$, $W_K$, $W_V$ and $W_O$ holds one block that copies or shifts, and zeros elsewhere. One number is left: the **sharpness**, which is the attention score of a match, where everything else scores 0. The scale of $W_Q$ sets it. Here it is 20, so that after the softmax a match gets nearly everything.

# %%
layout = ind.subspaces(4, 6, "previous", "next")  # 4 tokens, 6 positions
previous = ind.HeadPlan("position", "position", "token", "previous", shift=-1, sharpness=20)
induction = ind.HeadPlan("token", "previous", "token", "next", sharpness=20)
tiny = ind.build(layout, [[previous], [induction]], unembed="next")
text = torch.tensor([[0, 1, 2, 3, 1, 2]])  # BOS a b c a b, so that next comes c
_, cache = ind.as_bridge(tiny).run_with_cache(text)
names = ("blocks.0.hook_resid_pre", "blocks.1.hook_resid_pre", "blocks.1.hook_resid_post")
streams = [cache[name][0] for name in names]  # each (position, d_model)

# %% figure
fig, axes = plots.figure(3, 1, width=5.8, height=5.5)
ticks = ["BOS", *"abc", *"012345", "BOS", *"abc", "BOS", *"abc"]
for ax, stream, title in zip(axes, streams, ("embedded", "after the\nfirst head", "after the\nsecond head"), strict=True):
    plots.heatmap(ax, stream, signed=False, limit=1, bar=False, aspect="auto")
    ax.set_xticks(range(18), ticks if ax is axes[0] else [""] * 18, fontsize=8)
    ax.tick_params(length=0, labelbottom=False, labeltop=True)
    for place in layout.sizes:
        middle = (layout[place].start + layout[place].stop - 1) / 2
        ax.text(middle, -1.75, place if ax is axes[0] else "", ha="center", fontsize=10, fontweight="bold")
        ax.axvline(layout[place].start - 0.5, color=plots.NULL, linewidth=1)
    ax.set_yticks(range(6), ["0  BOS", "1  a", "2  b", "3  c", "4  a", "5  b"], fontsize=9)
    ax.set(ylabel=title)
ring = dict(marker="o", markersize=14, clip_on=False, zorder=9, fillstyle="none", markeredgewidth=2.4, linestyle="")
axes[1].plot(layout["previous"].start + 2, 3, color=plots.NOTE, **ring)
axes[2].plot(layout["next"].start + 3, 5, color=plots.ANSWER, **ring)
plots.show(
    fig, "The residual stream in three panels: tokens and positions; then notes of the token before; then the answers.",
    "The whole residual stream for BOS a b c a b: a row for each position, a column for each dimension; dark is 1, white "
    "is 0. Orange ring: the note that c follows b; green ring: the answer that it leads to. BOS sees only itself and so notes itself.",
)  # fmt: skip

# %% [markdown]
# In the row of c the first head has noted b. The last row, b, searches for that note, finds it at c, and c is written into its `next`. In the rows of the first a, b and c nothing matches, and the second head spreads its attention evenly over all that it sees, which gives the pale wedge.
#
# We test it on a starting token (**BOS**), a block of random tokens, and the same block again, the *repeat*. The tokens of the block cannot be foreseen beyond ruling out those that have come, and neither can the first token of the repeat, since nothing announces it. All later ones can, because the tokens of a block are different here. We therefore measure from the second token of the repeat on.
#
# - The **accuracy on the repeat** is the share of these tokens that the model ranks first.
# - The **gain from repetition** is the mean loss on the block minus the mean loss on these tokens, in nats (a loss with the natural logarithm; one nat less means $e$ times the probability).
#
# Written for 39 tokens besides BOS and tested on blocks of distinct tokens, the model makes no mistake at any length from 2 to 32. Two heads are enough where we proved that one is not, and we know what every one of their weights is for.

# %% claims
every_length = ind.judge(ind.hand_built(40, 65), lengths=range(2, 33))
four = torch.tensor([[0, *("ABCD".index(letter) + 1 for letter in text)] for text in words.values()])
note, answer = streams[1][:, layout["previous"]], streams[2][:, layout["next"]]
with claims():
    claim("every position but BOS carries a note of the token before it, and BOS one of itself", note.argmax(-1).tolist() == [0, 0, 1, 2, 3, 1])
    claim("after the second a the answer is b, after the second b it is c", answer[4:].argmax(-1).tolist() == [2, 3])
    claim("in the last row, where b matches, c gets more than 0.999; in those of the first a, b and c, where nothing matches, every token in sight gets the same share",
          answer[-1, 3] > 0.999 and all((answer[row, : row + 1] - 1 / (row + 1)).abs().max() < 1e-3 for row in (1, 2, 3)))
    claim("the hand-built model is right on all four texts of section 1",
          ind.run(ind.hand_built(5, 6), four).logits[:, -1].argmax(-1).tolist() == ["ABCD".index(right) + 1 for right in "BBDD"])
    claim("it makes no mistake at any length from 2 to 32", min(every_length.accuracy.values()) == 1 and len(every_length.accuracy) == 31)  # fmt: skip

# %% [markdown]
# ## 3 · Does training find it?
#
# We train a small model of two attention layers with four heads each. A training text is BOS and one block of random tokens, repeated until the text has 64 tokens. They are drawn from a vocabulary of 63. The block's length, 8 to 31, is drawn anew for each text, and no single distance is right in all of them. The control is a model with *one* layer, trained in the same way.
#
# We follow two scores of each head, which ask whether it looks where the heads of the plan look.
#
# - The **previous-token score** of a head is its mean attention to the position before.
# - The **prefix-matching score** of a head is its mean attention, from the tokens of the repeat, to the token *after* the earlier occurrence. In blocks of length $L$ that token is $L - 1$ positions back.
#
# The test has blocks of 24 tokens. A guess among all 63 tokens is right one time in 63. A guess among the tokens of the block that have not come back yet is better: 1 in 23, then 1 in 22, and so on to 1 in 1, on average 0.16.

# %%
recipe = ind.Recipe(steps=350)
live = ind.train(recipe=recipe, seeds=1, keep=(150, 280, 350))  # two layers of four heads
flat = ind.train(ind.Shape(n_layers=1), recipe, seeds=1)  # the control

# %% figure
text = ind.repeated_tokens(64, 1, 12, distinct=True, generator=torch.Generator().manual_seed(0))
matcher = live.curves.prefix[-1, 0, 1].argmax().item()  # of the second layer
stages = {step: ind.run(weights[0], text).pattern[1, 0, matcher] for step, weights in live.kept.items() if step != 280}
plots.show(
    ind.forming(live.curves, flat.curves, stages, 12),
    "Accuracy and head scores against steps, two layers and one; below, a head's attention before and after the change.",
    "Above: a model of two layers and one of one layer, trained while this notebook ran; dotted lines: the steps shown below. "
    "Below: the attention, on BOS and a block of twelve, twice, of the head of the second layer that matches prefixes best at the end.",
)  # fmt: skip

# %% [markdown]
# The model with two layers learns the task, most of it in one steep change. The maps show what happened in between: at step 150 no head of the second layer matches prefixes yet, and at the end this one gives most of its attention to the token after the earlier occurrence, as in the plan. Of 32 seeds of two layers (a stored result) none fails, and the accuracy passes one half at step 209 ± 9, mean and standard deviation.
#
# On its way the accuracy rests for a while just above 0.8. At step 280 the first layer writes notes only up to about the 20th token of a text, and a token without a note cannot be found: 20 of 24 is a little more than 0.8. At the end it writes them up to about the 24th (the second notebook shows them). The previous-token score is a mean over all positions of a text, and therefore it stays below one half.
#
# The control ends at about a third, twice as high as the better guess. Section 9 finds out how it gets so far.
#
# **What does the circuit need in order to form?** If training finds the plan, then changing the *model* before training should matter where the plan needs what we change. We try three changes.
#
# - *Deaf keys*: the second layer's keys are computed from the embeddings alone, so that they cannot read what the first layer wrote.
# - *Deaf queries*: the same for the second layer's queries.
# - *Smeared keys* (Olsson et al. 2022), in a model of one layer: each key is mixed with the key of the position before, so that it holds the token before without a previous-token head.

# %% prediction
predict("induction.deaf_keys")

# %% figure answer
formation = ind.formation()  # stored: four seeds of each
looks_of = {"one layer, smeared keys": plots.SERIES[3], "two layers": plots.INK, "two layers, deaf queries": plots.SERIES[1],
            "two layers, deaf keys": plots.SERIES[2], "one layer": plots.GREY}  # fmt: skip
fig, ax = plots.figure(height=2.7)
for condition, colour in looks_of.items():
    rows = formation.along(condition)  # (record, seed)
    ax.fill_between(formation.step, rows.amin(1), rows.amax(1), color=colour, alpha=0.25, linewidth=0)
    ax.plot(formation.step, rows.mean(1), color=colour, label=condition)
ax.set(xlabel="step", ylabel="accuracy on the repeat", ylim=(-0.03, 1.03))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(fig, f"Accuracy against steps: smeared keys pass one half first, then two layers and deaf queries; one layer and deaf keys stay below one half to the last step, {formation.step[-1]}.",
           "Accuracy along the training: mean of four seeds, and from the lowest to the highest (a stored result).")  # fmt: skip
stopped = [what for what in ("keys", "queries") if formation.final(f"two layers, deaf {what}").max() < 0.5]
measured("induction.deaf_keys", {2: "both", 0: "neither"}.get(len(stopped), f"deaf {stopped[0]} alone" if stopped else ""))

# %% [markdown]
# The plan leads us to expect what we see. Its keys read the notes, and with deaf keys the models are below one half after 600 steps, though still rising. Its query asks for the current token, which is in the stream from the start, and with deaf queries the models learn the task about as fast as without.
#
# Smeared keys are the opposite experiment. Deaf keys take from two layers all that the first one writes; smeared keys give one layer a single thing, the key of the position before. A card of section 1 then depends on two neighbouring tokens, so that the proof no longer holds, and one layer learns the task in less than half the steps that two layers need.

# %% claims
curves, change, abrupt = live.curves, live.curves.change(), live.curves.duration(0.1, 0.7)
many = ind.spread()  # stored: 32 seeds of two layers
steps, ends = many.change(), {name: formation.final(name) for name in looks_of}
learned = {name: formation.change(name, 0.95) for name in looks_of}  # the step at which 0.95 is passed
deaf = formation.along("two layers, deaf keys")
long_texts = ind.repeated_tokens(64, 64, 31, distinct=True, generator=torch.Generator().manual_seed(3))
passes = {step: ind.run(live.kept[step][0], long_texts) for step in (280, 350)}
noting = {step: one.pattern[0].diagonal(-1, -2, -1).mean(0).amax(0) for step, one in passes.items()}  # attention one back, of the best head
found = {step: (one.logits[:, 32:-1].argmax(-1) == long_texts[:, 33:]).float().mean(0) for step, one in passes.items()}  # of the repeat, from its second token on
edge = {step: int((row > 1 / 3).sum()) for step, row in noting.items()}
with claims():
    claim("the toys have 63 tokens besides BOS, four heads a layer and blocks of 8 to 31 tokens, and are tested on blocks of 24",
          (ind.Shape().d_vocab - 1, ind.Shape().n_heads, ind.Recipe().shortest, ind.Recipe().longest, ind.Recipe().probe_length) == (63, 4, 8, 31, 24))
    claim("the control has one layer and the same recipe", (flat.shape.n_layers, live.shape.n_layers) == (1, 2) and flat.recipe == live.recipe)
    claim("the two-layer model reaches an accuracy above 0.95", (curves.accuracy[-1] > 0.95).all())
    claim("the one-layer model ends at about a third, twice the guess among the tokens that have not come back, 0.16", about(flat.curves.accuracy[-1].item(), 1 / 3) and round(sum(1 / k for k in range(1, 24)) / 23, 2) == 0.16 and about(flat.curves.accuracy[-1].item(), 2 * sum(1 / k for k in range(1, 24)) / 23))
    claim("with two layers the accuracy goes from a tenth to seven tenths in less than a third of the steps before it", (abrupt < change / 3).all())
    claim("the best previous-token score of the two-layer model stays below one half", curves.best_previous().max() < 0.5)
    claim("a third of some head's attention goes one back up to about the 20th token at step 280, up to about the 24th at the end, and later nowhere a sixth",
          about(edge[280], 20) and about(edge[350], 24) and all((row[: edge[step]] > 1 / 3).all() and row[edge[step] :].max() < 1 / 6 for step, row in noting.items()))
    claim("in blocks of 31 the repeat is right at nine of ten tokens up to there, in the mean, and at fewer than one in ten beyond",
          all(row[: edge[step] - 1].mean() > 0.9 and row[edge[step] - 1 :].mean() < 0.1 for step, row in found.items()))
    claim("at step 280 the accuracy is between 0.8 and 0.9", between(curves.accuracy[curves.step == 280].item(), 0.8, 0.9))
    claim("at step 150 no head of the two-layer model has a prefix-matching score above 0.1; at the end the head of the maps has more than one half",
          curves.prefix[curves.step == 150][:, 0].max() < 0.1 and curves.prefix[-1, 0, 1, matcher] > 0.5)
    claim("all 32 two-layer models learn the task", steps.numel() == 32 and many.accuracy[-1].min() > 0.95)
    claim("they pass one half at step 209 ± 9 (mean and standard deviation over seeds)", round(steps.mean().item()) == 209 and round(steps.std().item()) == 9)
    claim("with smeared keys one layer passes an accuracy of 0.95 in all four seeds; without, it stays below 0.4 to the last step, 600",
          ends["one layer, smeared keys"].min() > 0.95 and formation.along("one layer").max() < 0.4 and formation.step[-1] == 600)
    claim("it passes 0.95 in less than half the steps that two layers need", learned["one layer, smeared keys"].max() < learned["two layers"].min() / 2)
    claim("with deaf keys two layers stay below one half in all four seeds, to step 600; with deaf queries they pass 0.95 in all four",
          deaf.max() < 0.5 and ends["two layers, deaf queries"].min() > 0.95 and {len(end) for end in ends.values()} == {4})
    claim("with deaf keys the mean of the seeds still rises in the last hundred steps", (deaf[-1] - deaf[formation.step <= formation.step[-1] - 100][-1]).mean() > 0.02)
    claim("with deaf queries the models pass one half, and 0.95, within a fifth of the steps that they need without, in the mean of the seeds",
          0.8 < formation.change("two layers, deaf queries").mean() / formation.change("two layers").mean() < 1.2
          and 0.8 < learned["two layers, deaf queries"].mean() / learned["two layers"].mean() < 1.2)  # fmt: skip

# %% [markdown]
# ## 4 · Two heads in a model of code
#
# Now back to the model of the puzzle. `code-attn-2l` has two layers of four attention heads each and no MLPs, and it was trained on 18 million tokens of Python. In four fifths of its training files all names had been replaced by random words, which can be foreseen only by looking them up.
#
# Head 1.2 means layer 1, head 2; counting starts at 0. We let the model read BOS and a block of six random tokens, twice, and look at the attention of two heads of each layer.

# %% figure
rng = torch.Generator().manual_seed(0)
block = ind.repeated_tokens(model.cfg.d_vocab, 1, 6, distinct=True, generator=rng)
_, cache = model.run_with_cache(block)
fig, axes = plots.figure(2, 2, width=5.2, height=4.7)
for (layer, head), ax in zip(((0, 0), (0, 2), (1, 1), (1, 2)), axes.flat, strict=True):
    plots.heatmap(ax, cache["pattern", layer][0, head], signed=False, limit=1, bar=False)
    ax.set(title=f"head {layer}.{head}")
    letters = ["BOS", *"abcdefabcdef"]
    ax.set_xticks(range(13), letters, fontsize=9)
    ax.get_xticklabels()[0].set(rotation=90)
    ax.set_yticks(range(13), [""] * 13 if ax in axes[:, 1] else letters, fontsize=9)
    for line in (0.5, 6.5):  # where the block begins, and where it begins again
        ax.axhline(line, color=plots.NULL, linewidth=0.8, linestyle=":")
        ax.axvline(line, color=plots.NULL, linewidth=0.8, linestyle=":")
for ax in axes[1]:
    ax.set(xlabel="token looked at")
for ax in axes[:, 0]:
    ax.set(ylabel="token that looks")
plots.show(
    fig, "Attention patterns of four heads on BOS a b c d e f a b c d e f.",
    "Attention of four heads on BOS and six random tokens, called a to f, twice; a row shows where one token looks; the darker, "
    "the more. Dotted: where the block begins and where it begins again.",
)  # fmt: skip

# %% prediction
predict("induction.which_head")

# %% figure answer
two = ind.head_scores(model, length=50)  # 16 texts
names = [f"head {layer}.{head}" for layer in range(2) for head in range(4)]
_, cache = model.run_with_cache(tokens)
looks_on_program = looks = cache["pattern", 1][0, 1]  # of head 1.1: (query, key)
upper, lower = [0, *range(1, 11)], range(27, 35)
weights = {(i, j): looks[q, k].item() for i, q in enumerate(lower) for j, k in enumerate(upper) if k and looks[q, k] >= 0.05}
after = model(tokens)[0].softmax(-1)[range(27, 35), tokens[0, 28:36]].tolist()
ind.looked_up(["BOS", *parts[:10]], parts[26:34], weights, after, first=2).captioned(
    "The head that matches prefixes best, head 1.1, at work on the puzzle: where it looks from each part of the returning "
    "name; the thicker, the more attention. Attention to BOS, and what is below 0.05, is left out. "
    "Below: the probability that the model gives to the token that comes next."
).show()
measured("induction.which_head", names[two.prefix.flatten().argmax()])

# %% [markdown]
# Both heads of the plan are there, in a model that nobody wrote by hand. Head 1.1 is an induction head: on blocks of 50 random tokens it gives 0.65 of its attention to the token after the earlier occurrence, and every other head gives it less than 0.05. Head 0.2 is a previous-token head, with 0.95 of its attention over the whole text one position back. On the program head 1.1 goes along the name: BOS apart, it looks most at the part that came next the first time.
#
# **When did the heads form?** The model was saved at 21 steps of its training. We follow its loss on names in 29 modules of Python's standard library that it was not trained on (a stored result), cut into *windows* of 256 tokens. A **repeated name** has stood earlier in its window. A **new name** has not, even if parts of it have. The loss on a name starts at its second token, since nothing announces the first. Each band, hardly wider than its line, is a 95 % **bootstrap interval**: how much the mean changes when the modules are drawn again.
#
# Between steps 1 000 and 2 000 the loss on repeated names falls by more than two nats.

# %% prediction
predict("induction.new_names")

# %% figure answer
training = ind.checkpoints()
fell = {f"{what} names": training.fallen(what, 1000, 2000) for what in ("repeated", "new")}
plots.show(
    training.plot(),
    "The loss on repeated names falls steeply between steps 1 000 and 2 000, that on new ones far less; the scores of head 0.2 "
    "and head 1.1 rise in the same time.",
    "The training of the code model. Above: loss on names. Below: the previous-token score of head 0.2 and the prefix-matching score of head 1.1 (solid), and "
    "the highest such score of the other seven heads (dotted). Bands, in the upper panel: 95 % interval, modules resampled.",
)  # fmt: skip
measured("induction.new_names", fell["new names"][0])

# %% [markdown]
# Here the two losses part: on repeated names the loss falls by 2.3 nats, on new ones by 0.42, and in the same thousand steps the scores of both heads rise steeply, that of the previous-token head first. But curves cannot say which of these changes caused which. For that we have to intervene.

# %% claims
others = training.prefix.flatten(1)[:, [0, 1, 2, 3, 4, 6, 7]]
prefix, back = two.prefix.flatten().tolist(), two.previous.flatten().tolist()
with claims():
    claim("head 0.2 has a previous-token score of 0.95, and no other head passes 0.2",
          round(back[2], 2) == 0.95 and max(back[:2] + back[3:]) < 0.2)
    claim("head 1.1 has a prefix-matching score of 0.65, and no other head passes 0.05",
          round(prefix[5], 2) == 0.65 and max(prefix[:5] + prefix[6:]) < 0.05)
    claim("from each part of the returning name, head 1.1 gives the part that followed the first time more attention than any other position but BOS",
          all(looks[q, 1:].argmax() + 1 == q - 24 for q in lower))
    claim("the loss on repeated names falls by more than two nats, and at least four times as much as that on new ones",
          fell["repeated names"][1] > max(2, 4 * fell["new names"][2]))
    claim("the loss falls by 2.3 nats on repeated names and by 0.42 on new ones",
          (round(fell["repeated names"][0], 1), round(fell["new names"][0], 2)) == (2.3, 0.42))
    claim("the model has two layers of four heads, no MLPs and a window of 256 tokens", (model.cfg.n_layers, model.cfg.n_heads, model.cfg.n_ctx, model.cfg.attn_only) == (2, 4, 256, True))
    claim("the model saw 18 million tokens, of files of which 80 % had every identifier replaced by random words",
          round(zoo.card("code-attn-2l")["tokens"] / 1e6) == 18 and "in 80% of the files every identifier is renamed" in zoo.card("code-attn-2l")["data"]["transformation"])
    claim("there are 21 checkpoints, the last at step 4 340, and windows from 29 modules",
          (len(training.step), training.step[-1].item(), len(training.losses.module.unique())) == (21, 4340, 29))
    claim("at step 1 000 no head has a prefix-matching score above 0.05; at the end head 1.1 has more than 0.6, and no other head ever passes 0.05",
          training.prefix[training.at(1000)].max() < 0.05 and training.prefix[-1, 1, 1] > 0.6 and others.max() < 0.05)
    claim("the previous-token score passes one half by step 1 500, the prefix-matching score only after step 1 700",
          training.previous[training.at(1500), 0, 2] > 0.5 > training.prefix[training.at(1700), 1, 1])
    claim("both scores rise by more than a third of the way from 0 to 1 between steps 1 000 and 2 000",
          all((score[training.at(2000)] - score[training.at(1000)]).item() > 1 / 3 for score in (training.previous[:, 0, 2], training.prefix[:, 1, 1])))  # fmt: skip

# %% [markdown]
# ## 5 · What does the later head read?
#
# Two heads stand out, the previous-token head 0.2 and the induction head 1.1. Do they work together as in the plan? We call what one head writes, as far as another head reads it, a **message**. **Path patching** (lesson 0) exchanges one message and leaves everything else as it was.
#
# Each text is a block of 60 random tokens and its repeat. A sender is a head of the first layer, or the token's embedding. While the model runs on one text, one input of the induction head (its queries, its keys or its values) gets what the sender writes on *another* text.
#
# On random tokens a model of code does worse than guessing, even on the repeat, presumably because it expects code. What counts is the difference: on the block, which has not come before, the loss is almost five nats higher. So there are about five nats to lose.

# %%
reader, rng = 1, torch.Generator().manual_seed(0)  # the reader: head 1 of layer 1
clean, other = ind.repeated_tokens(model.cfg.d_vocab, 32, 60, generator=rng).split(16)
_, here = model.run_with_cache(clean)  # what every part of the model does on one set of texts
_, there = model.run_with_cache(other)  # and on the other

def written(cache):
    """What each sender adds to the stream that the second layer reads."""
    heads = {f"0.{head}": cache["z", 0][:, :, head] @ model.W_O[0, head] for head in range(4)}
    return {"token": cache["embed"]} | heads

def right_token(logits):
    """Mean log-probability of the right token on the repeat, from its second on, per text."""
    return -ind.token_losses(logits, clean)[:, 61:].mean(1)  # of the tokens 62 to 120

# %%
weights = {"q": (model.W_Q, model.b_Q), "k": (model.W_K, model.b_K), "v": (model.W_V, model.b_V)}

def with_message(sender, way):
    """Logits on `clean`; one input of the reader (q, k or v) gets what the sender writes on `other`."""
    changed = here["resid_pre", 1] + written(there)[sender] - written(here)[sender]
    W, b = weights[way]
    exchanged = model.blocks[1].ln1(changed) @ W[1, reader] + b[1, reader]  # after the norm
    def put(old, hook):
        old[:, :, reader] = exchanged
        return old
    return model.run_with_hooks(clean, fwd_hooks=[(f"blocks.1.attn.hook_{way}", put)])

fallen = right_token(model(clean)) - right_token(with_message("0.2", "k"))
f"previous-token head to the keys: {fallen.mean():.1f} nats lost"

# %% [markdown]
# Four heads and three inputs make twelve messages. The plan names one of them, from the previous-token head to the keys, and the cell has exchanged it: the right token loses 4.8 nats.

# %% prediction
predict("induction.messages")

# %% figure answer
intact, inputs = right_token(model(clean)), {"queries": "q", "keys": "k", "values": "v"}
heard = {sender: {name: ind.mean_interval(intact - right_token(with_message(sender, way))) for name, way in inputs.items()} for sender in written(here)}
lost = {f"{sender} to {way}": row[way][0] for sender, row in heard.items() for way in row}
worth = [path for path in lost if lost[path] >= 1]
queries = torch.arange(62, 121)  # the repeat, from its second token on
back = {k: here["pattern", 0][:, :, queries, queries - k].mean((0, 2)) for k in (60, 2, 1, 0)}  # each (head,)
costs = torch.tensor([[row[way][0] for way in inputs] for row in heard.values()])
looking = torch.cat([torch.zeros(1, 4), torch.stack(list(back.values()), 1)])  # the embedding looks nowhere
plots.show(
    ind.grids({"lost when exchanged": (costs, list(inputs)),
               "where the head looks": (looking, ["earlier\noccurrence", "two\nback", "one\nback", "current\ntoken"])},
              ["token", *(f"head 0.{head}" for head in range(4))], "sender", ("nats, by the input", "position"), least=0.2),
    "Left: five of twelve messages of heads cost more than two nats, those of the token less than a tenth of one. Right: head 0.2 looks one back, head 0.3 two back, head 0.0 at the current token and its earlier occurrence.",
    "Left: fall of the log-probability of the right token when one input of the induction head gets what one sender writes on another text. The first row is the "
    "token's embedding, which no head has touched. Right: mean attention of the heads from the repeat. Means over 16 texts; numbers below 0.2 are left out.",
)  # fmt: skip
measured("induction.messages", len(worth))

# %% [markdown]
# Five of the twelve messages cost more than a nat, and the plan names only one of them. They come from three heads. The right half of the figure shows where these look.
#
# - The *previous-token head* 0.2 looks one back and leaves a note of the token before. The keys read it, as in the plan, and so do the queries.
# - The *two-back head* 0.3 looks two back, so its note is of the token *two* before. The keys read it.
# - The *copier*, head 0.0, looks at the current token and at its earlier occurrence. These are the same token, so what it writes can serve as a copy of that token. The queries and the values read it. Wang et al. 2022 call such a head a duplicate-token head ([arXiv 2211.00593](https://arxiv.org/abs/2211.00593)).
#
# Head 0.1 looks at the current token too, like a second copier, but none of its messages costs a nat, and we leave it aside.
#
# The embedding itself, in the first row, costs less than a tenth of a nat through any input. What the induction head knows of a token has gone through another head.
#
# A head that is read through the keys of a later one takes part in K-composition; through its queries, in **Q-composition**; through its values, in **V-composition**. The drawing has the messages that count, at the second `le` of `wozzle_frint`.

# %% figure answer
first_f, le_again = parts.index("_f") + 1, len(parts) - parts[::-1].index("le")  # positions of the first _f and the second le
share, likely = looks_on_program[le_again, first_f].item(), late[le_again].item()
ind.circuit(("z", "le", "_f"), worth, attention=share, chance=likely).captioned(
    "The circuit of the code model; X is the token before A. Arrows in layer 0: where each head looks. A letter on a message: the input of the induction head that reads it. "
    "From the second le, the induction head asks with “le” and with “after z”. At _f it finds “after le” and “z two before”, looks there, and "
    "passes on what the copier wrote. Not drawn: the copier looks at the earlier occurrence of the same token too."
)

# %% [markdown]
# So the two heads do work together, and the plan is extended in two ways. First, the induction head takes the token not from its embedding but from the copier, for the query and for the value. Second, it seems to compare *two* tokens: the current one with the notes of the previous-token head, and the one before it with the notes of the two-back head.
#
# **So far.** One head cannot look up what came after a token. Two can, if the first writes a note that the keys of the second read, and training finds such a pair. The code model has one too, but its induction head reads five messages, and the plan names one of them. Does the head really compare (section 6)? Are these heads the whole of it (section 7)? And what becomes of the two riddles (section 8)?

# %% claims
import math

five = {"0.2 to keys", "0.3 to keys", "0.0 to queries", "0.0 to values", "0.2 to queries"}
nats, evenly = ind.token_losses(model(clean), clean), math.log(model.cfg.d_vocab)
on_block, on_repeat = nats[:, :60].mean().item(), nats[:, 61:].mean().item()
with claims():
    claim("on the repeat the loss is between 0.4 and 0.5 nats above that of guessing evenly, and on the block between 4.75 and 5 nats above that on the repeat",
          model.cfg.d_vocab == 1024 and between(on_repeat - evenly, 0.4, 0.5) and between(on_block - on_repeat, 4.75, 5))
    claim("on the repeat the right token has the first rank at about a fifth of the positions", about(ind.repeat_accuracy(model(clean), clean, 60).item(), 1 / 5))
    claim("the five messages that cost more than 2.5 nats are head 0.2 and head 0.3 to the keys, head 0.0 and head 0.2 to the queries, and head 0.0 to the values",
          {path for path in lost if lost[path] > 2.5} == five == set(worth))
    claim("of the other seven messages of heads none costs as much as a nat, by its interval",
          all(row[way][2] < 1 for sender, row in heard.items() for way in row if f"{sender} to {way}" not in five))
    claim("head 0.1 gives the current token more than four fifths of its attention", back[0][1] > 0.8)
    claim("the token's embedding costs less than a tenth of a nat through any input, by its interval", max(high for _, _, high in heard["token"].values()) < 0.1)
    claim("the drawing is of the first _f and the second le", parts[first_f - 1] == "_f" and parts[le_again - 1] == "le" and parts.count("le") == 2)
    claim("the message that the plan names costs 4.8 nats", round(fallen.mean().item(), 1) == 4.8 and round(fallen.mean().item(), 2) == round(lost["0.2 to keys"], 2))
    claim("head 0.2 looks one back and head 0.3 two back, each with more than three quarters of its attention", min(back[1][2], back[2][3]) > 0.75)
    claim("head 0.0 looks at the current token and at its earlier occurrence, with more than four fifths of its attention together, and at least two fifths each",
          back[0][0] + back[60][0] > 0.8 and min(back[0][0], back[60][0]) > 0.4)
    claim("on the program these heads look where the arrows come from: at the first _f the copier looks most at _f itself, head 0.2 one back and head 0.3 two back; at the second le head 0.2 looks one back",
          [cache["pattern", 0][0, head, at].argmax().item() for head, at in ((0, first_f), (2, first_f), (3, first_f), (2, le_again))] == [first_f, first_f - 1, first_f - 2, le_again - 1])
    claim("at the second le the copier looks at nothing but this le and the first, with at least two fifths of its attention each",
          cache["pattern", 0][0, 0, le_again, [first_f - 1, le_again]].min() > 0.4 and cache["pattern", 0][0, 0, le_again, [first_f - 1, le_again]].sum() > 0.99)  # fmt: skip

# %% [markdown]
# ## 6 · Is it a match?
#
# Path patching shows what the induction head reads. It does not show that the head *compares* the messages in its queries with those in its keys. One place in the name can show it: `z` comes twice in a row, and then `le`. When the name has returned as far as the second `z`, two places of the earlier name stand right after a `z`: the second `z` of that name, and `le`. Only `le` is right, and the plan of section 2 cannot choose.
#
# The drawing shows how the code model can. Its query asks twice, once with each of its two messages.

# %% figure
first_z, right, asking = starts[0] + 3, starts[0] + 5, starts[1] + 4  # positions of the first z of all, of the first le, and of the last z
_, cache = model.run_with_cache(tokens)
share, likely = cache["pattern", 1][0, 1, asking, first_z + 2].item(), late[asking].item()
ind.two_ticks(parts[first_z - 2 : first_z + 3], first_z - 1, asking, attention=share, chance=likely).captioned(
    "The second z of the returning name, at position 30, asks (Q). With “z”, from the copier, it asks for the note “after z”; with “after z”, "
    "from the previous-token head, for the note “z two before”. Three places of the earlier name and their two notes, which the keys hold. "
    "A tick: the note is what its row asks for."
)

# %% [markdown]
# If the head compares, each tick adds to its attention score, and `le` wins with two ticks against one. The score can be taken apart to see whether it does. What the head reads at a position is a sum of seven parts: the token's embedding, the position's, what each of the four heads of the first layer wrote there, and a bias. A score is query times key, so it is a sum over 49 *pairs*, each one part of the query with one part of the key. (A norm divides each sum by one number, which we hold fixed.) The cell computes two of them, one for each row of the drawing.

# %%
def part(head):
    """What a head of layer 0 wrote at each position, as the norm passes it on."""
    wrote = cache["z", 0][0, :, head] @ model.W_O[0, head]  # (position, d_model)
    return (wrote - wrote.mean(-1, keepdim=True)) / cache["blocks.1.ln1.hook_scale"][0]

def pair(asks, noted):
    """The score of one pair from the asking z, at the positions from 1 on; above the mean of them."""
    query = part(asks)[asking] @ model.W_Q[1, reader]
    keys = part(noted)[1 : asking + 1] @ model.W_K[1, reader]
    scores = keys @ query / model.cfg.d_head**0.5
    return scores - scores.mean()

row_above, row_below = pair(2, 3), pair(0, 2)  # 0.2 asks for notes of 0.3; 0.0 for notes of 0.2
rows = {"two-back 0.3": row_above, "previous-token 0.2": row_below, "both": row_above + row_below}
at = slice(first_z, first_z + 3)
table({name: row[at] for name, row in rows.items()}, columns=parts[at], mark={("both", "le")})

# %% caption
caption("The scores of the two pairs at the three places of the drawing, each less its mean over all places; the heads are those whose notes are read.")

# %% [markdown]
# Each tick of the drawing adds between 2.5 and 3.5 to the score, and where there is no tick the pair lowers it. No other place in the program has half the score of `le`, which gets 89 % of the attention. So the head finds the place where *two* tokens match. On random tokens the same two of the 49 pairs favour the right place most.
#
# **In weights alone.** If the head compares tokens, the comparison must stand in its weights, where it can be read without any text. We follow one token through them. These are the ways that it takes, for the query, for the key, and for what is copied in the end:
#
# ```
# asks:    le  →  copier 0.0          →  W_Q of 1.1  ↘
#                                                      score
# noted:   le  →  previous-token 0.2  →  W_K of 1.1  ↗
#
# copied:  _f  →  copier 0.0          →  W_V and W_O of 1.1  →  W_U  →  logits
# ```
#
# The upper two first. The previous-token head has a note for each of the 1 024 tokens, and $W_K$ makes a key of each. Which key fits the query of `le` best?
#
# Attention depends only on the differences between scores, so we count them from their mean over all notes. The unit is what a token gets from its own note, in the mean over all tokens: a score of 1 is a usual match, and 0 is any note. (Positions are left out.)

# %%
def normed(x):
    x = x - x.mean(-1, keepdim=True)
    return x / x.square().mean(-1, keepdim=True).sqrt()

def above_mean(scores):
    return scores - scores.mean(-1, keepdim=True)

E, W_OV = normed(model.W_E), model.W_V @ model.W_O
asked, noted = E @ W_OV[0, 0], E @ W_OV[0, 2]  # what copier and previous-token head write for each token
queries, keys = asked @ model.W_Q[1, reader], noted @ model.W_K[1, reader]
scores = above_mean(queries @ keys.mT)  # (token asked for, token noted)
matches = scores / scores.diag().mean()
best = matches[ids[right]].topk(4)  # for the query of le
words = [model.tokenizer.decode([k]).replace(" ", "␣") for k in best.indices]
table({"query of le": best.values}, columns=words, decimals=2)

# %% caption
caption("The four notes that fit the query of le best, of 1 024; unit: the mean score of a token's own note.")

# %% [markdown]
# The note of `le` comes first, and the next one has about two thirds of its score. Does every token find its own note in this way? For the **null**, which is what a measurement gives where there is nothing to find, we turn all notes by one random rotation.
#
# Before you look: `w`, without a space before it, and `␣w`, with one, are two tokens, and each has a note of its own. Which note does `w` like best?

# %% figure answer
turn = torch.linalg.qr(torch.randn(128, 128, generator=torch.Generator().manual_seed(0)))[0]
null = above_mean(queries @ (noted @ turn @ model.W_K[1, reader]).mT) / scores.diag().mean()
chosen = (starts[0], starts[1], 2, 3, 5, 6, 7, 8, 9, 16, 10, 11)  # of the parts
some, labels = [ids[k + 1] for k in chosen], [parts[k] for k in chosen]
fig, axes = plots.figure(1, 2, height=3.6, sharey=True)
for ax, (title, values) in zip(axes, {"the model": matches, "null: notes turned": null}.items(), strict=True):
    shown = values[some][:, some].clamp(min=0)
    image = plots.heatmap(ax, shown, signed=False, limit=1.25, bar=False)
    for i, j in ((1, 0), (1, 1), (8, 9), (9, 8)) if ax is axes[0] else ():  # the row of w; the bracket and the space
        ax.text(j, i, f"{shown[i, j]:.2f}", ha="center", va="center", fontsize=6.5, color="w" if shown[i, j] > 0.7 else plots.INK)
    ax.set_xticks(range(len(some)), labels, rotation=90, fontsize=9, family="monospace")
    ax.set_yticks(range(len(some)), labels, fontsize=9, family="monospace")
    ax.tick_params(length=0)
    ax.set(title=title, xlabel="note of")
axes[0].set(ylabel="query of")
fig.colorbar(image, ax=axes, label="score (1: own note, in the mean)", shrink=0.8)
plots.show(fig, "Two tables of twelve by twelve tokens: in the model a dark diagonal, with the notes turned none.",
           "How well the note of a token (column) fits the query of a token (row), for twelve parts of the program; what is below the mean is left white. Numbered: what w likes, and the bracket and the space, to which section 8 returns.")  # fmt: skip

# %% [markdown]
# Of all tokens 94 % like their own note best, and with the notes turned fewer than one in 300. Such a table of queries against keys, token by token, is a **QK circuit** (Elhage et al.). For a head that reads embeddings it is $W_E W_Q W_K^\top W_E^\top$; here the copier and the previous-token head stand between.
#
# But `w` likes the note of `␣w` best, and its own only next. To the query of `w` the two notes are nearly the same. Section 8 comes back to this.
#
# **It copies too.** Now the lowest line of the diagram. The query of `le` leads the head to `_f`. What does it pass on from there? The copier has written a copy of `_f` at that place, the head's $W_V W_O$ carries it to the position that asked, and $W_U$ makes of it a number for each logit. Such a table, from the token looked at to the logits, is an **OV circuit**: $W_E W_V W_O W_U$, here with the copier between. We take the row of `_f`, for each head of the layer, and count as before.

# %%
raised = {f"head 1.{head}": above_mean(asked @ W_OV[1, head] @ model.W_U) for head in (1, 0, 2, 3)}
usual_copy = raised["head 1.1"].diag().mean()
found = ids[right + 1]  # the _f
most = raised["head 1.1"][found].topk(4).indices
row_of_f = {name: logits[found, most] / usual_copy for name, logits in raised.items()}
table(row_of_f, columns=[model.tokenizer.decode([k]) for k in most], decimals=2, mark={("head 1.1", "_f")})

# %% caption
caption("What each head adds to four logits when it looks at _f; unit: what head 1.1 adds to a token's own logit, in the mean. Columns: the logits that head 1.1 raises most.")

# %% [markdown]
# The induction head raises `_f` most, and the other heads hardly raise it. In the same way it copies 79 % of all tokens, and none of the others copies 2 %.
#
# So it is a match, of two tokens at once, and what the head finds it copies.
#
# <details><summary>The copying score, one number for such a table</summary>
#
# A head that copies has large positive numbers on the diagonal of its OV circuit. Their sum is the sum of the table's eigenvalues $\lambda$. The **copying score** of Elhage et al. divides it by the largest sum that eigenvalues of these sizes could have: $\sum \mathrm{Re}\,\lambda / \sum |\lambda|$, which is 1 if all are positive. Here it is 0.99. With the copies turned at random it is never above 0.1 (20 rotations), but another head of the layer reaches 0.54: a positive sum of the diagonal is less than a largest entry in each row. The second notebook looks behind this number, and an exercise computes it.
#
# </details>

# %% claims
W_QK = model.W_Q[1, reader] @ model.W_K[1, reader].mT
comparisons = ((E @ W_OV[0, 0], E @ W_OV[0, 2]), (E @ W_OV[0, 2], E @ W_OV[0, 3]))  # what asks, what was noted
match = [ind.own_note_first(asks, notes, W_QK) for asks, notes in comparisons]
rng = torch.Generator().manual_seed(0)
turns = [torch.linalg.qr(torch.randn(128, 128, generator=rng))[0] for _ in range(20)]
turned = [max(ind.own_note_first(asks, notes @ turn, W_QK) for asks, notes in comparisons) for turn in turns]
own_logit = [ind.own_note_first(asked, model.W_U.mT, W_OV[1, head]) for head in range(4)]
turned_logit = max(ind.own_note_first(asked @ turn, model.W_U.mT, W_OV[1, reader]) for turn in turns)
copied, turned_copies = ([ind.copying_score(asked @ turn, model.W_V[1, head], model.W_O[1, head], model.W_U).item() for turn, head in which]
                         for which in ([(torch.eye(128), head) for head in range(4)], [(turn, reader) for turn in turns]))  # fmt: skip
raw = model.W_E - model.W_E.mean(-1, keepdim=True)
rest = [head for head in range(4) if head != reader]  # the other heads of layer 1, in the same tables
rest_match = [ind.own_note_first(asks, notes, model.W_Q[1, head] @ model.W_K[1, head].mT) for head in rest for asks, notes in comparisons]
at_z = ind.score_parts(model, tokens, length=1, head=reader).score[:, :, 0, asking, 1 : asking + 1]
attention, rows = looks_on_program[asking, 1 : asking + 1], row_below + row_above
pairs = ind.score_parts(model, clean, length=60, head=reader)  # the 16 texts of random tokens
preference = pairs.preference().mean(-1)  # (part of the query, part of the key)
with claims():
    claim("there are 49 pairs, and together they give the attention at the second z of the returning name", preference.numel() == 49 and (at_z.sum((0, 1)).softmax(-1) * looks_on_program[asking, 1:asking + 1].sum() - attention).abs().max() < 1e-4)
    claim("the two pairs computed by hand are what the course computes for them",
          max((row - at_z[pair] + at_z[pair].mean()).abs().max() for row, pair in ((row_below, (2, 4)), (row_above, (4, 5)))) < 1e-3)
    claim("the drawing has the parts o z z le _f, and the asking z is the second of the returning name", parts[first_z - 2 : first_z + 3] == ["o", "z", "z", "le", "_f"] and [parts[k - 1] for k in (asking - 1, asking)] == ["z", "z"])
    claim("the lower row scores highest at the three positions after a z: z and le of the first coming, and the asking z", set((row_below.topk(3).indices + 1).tolist()) == {right - 1, right, asking} == {k + 1 for k in range(1, asking) if parts[k - 1] == "z"})
    claim("the upper row scores highest at the two positions with a z two before: le and _f", set((row_above.topk(2).indices + 1).tolist()) == {right, right + 1} == {k + 2 for k in range(1, asking - 1) if parts[k - 1] == "z"})
    claim("each tick of the drawing adds between 2.5 and 3.5, and where there is none the pair lowers the score",
          between([row_below[right - 2], row_below[right - 1], row_above[right - 1], row_above[right]], 2.5, 3.5) and max(row_above[right - 2], row_below[right]) < 0)
    claim("from both rows together no place has half as much as le, which gets 89 % of the attention", rows.topk(2).values[1] < rows[right - 1] / 2 and round(100 * attention[right - 1].item()) == 89)
    claim("on random tokens these two pairs prefer the right position most, and no other by a quarter as much",
          set(preference.flatten().topk(2).indices.tolist()) == {2 * 7 + 4, 4 * 7 + 5} and preference.flatten().topk(3).values[2] < preference.flatten().topk(3).values[1] / 4)
    claim("of all 1 024 notes that of le fits the query of le best, and the next has about two thirds of its score", best.indices[0] == ids[right] and len(scores) == 1024 and about((best.values[1] / best.values[0]).item(), 2 / 3))
    claim("94 % of the tokens match their own note best, and 91 % in the second comparison", round(match[0], 2) == round((matches.argmax(1) == torch.arange(1024)).float().mean().item(), 2) == 0.94 and round(match[1], 2) == 0.91)
    claim("if the embeddings keep their own lengths, about four fifths match their own note best", about(ind.own_note_first(raw @ W_OV[0, 0], raw @ W_OV[0, 2], W_QK), 4 / 5))
    claim("the token looked at in the table of logits is _f; head 1.1 raises it most, and each of the others raises it by less than a fifth of the unit", parts[right] == "_f" and most[0] == found == ids[right + 1] and max(values[0] for name, values in row_of_f.items() if name != "head 1.1") < 1 / 5)
    claim("with the notes turned at random, fewer than one token in 300 matches itself best, for both comparisons and in each of 20 rotations", max(turned) < 1 / 300)
    claim("in the OV circuit through the copier the largest entry is the token's own in 79 % of the rows; for each of the three other heads in fewer than 2 %, and with the copies turned, in 20 rotations, in fewer than 1 %",
          round(100 * own_logit[reader]) == 79 and max(own_logit[head] for head in rest) < 0.02 and turned_logit < 0.01)
    claim("the copying score through the copier is 0.99 for the induction head and at most 0.54 for the others; with the copies turned at random it is never above 0.1, in 20 rotations",
          [round(copied[reader], 2), round(max(copied[head] for head in rest), 2)] == [0.99, 0.54] and len(turned_copies) == 20 and max(turned_copies) < 0.1)
    claim("with each of the three other heads of layer 1 fewer than one token in 100 matches itself best, in both comparisons", len(rest_match) == 6 and max(rest_match) < 1 / 100)  # fmt: skip

# %% [markdown]
# ## 7 · Needed, enough, specific
#
# The drawing of section 5 has four of the model's eight heads: the induction head, the previous-token head, the copier and the two-back head. Are they the whole of the look-up? We ask three questions of them. For each we take heads away by *mean ablation* (lesson 0): at each position a head's output is replaced by its mean over many texts.
#
# - Are they **needed**? Take one of them away: how much of the look-up is lost?
# - Are they **enough**? Take all *others* away: how much is left?
# - Are they **specific**? Take one of them away: what else is lost?
#
# The first two questions we ask on random tokens, of the gain from repetition. The third needs texts in which there is more to do than to look up: code. There a token and the one before it are a **known pair** if the two have stood side by side earlier in the window, and an *unknown pair* if they have not. Only a known pair can be looked up by an exact match. Taking away a head that is specific to the look-up should therefore cost much on known pairs and little on unknown ones.

# %%
rng = torch.Generator().manual_seed(0)
blocks, reference = ind.repeated_tokens(model.cfg.d_vocab, 64, 60, generator=rng).split([16, 48])
circuit = [(1, 1), (0, 2), (0, 0), (0, 3)]
every = [*circuit, (0, 1), (1, 0), (1, 2), (1, 3)]
intact = ind.repeat_gain(model, blocks, 60)

def left(without):
    """The share of the gain that is left when these heads are set to their means."""
    return ind.share_left(ind.repeat_gain(model, blocks, 60, without, reference), intact)

one_less = {head: left([head]) for head in every}
one_more = {head: left(every[k + 1 :]) for k, head in enumerate(every)}  # it and those before it stay
f"with the four heads only, {one_more[0, 3][0]:.2f} of the gain is left"

# %% figure
roles = dict(zip(every, ("induction 1.1", "previous-token 0.2", "copier 0.0", "two-back 0.3"), strict=False))
named = {head: roles.get(head, f"head {head[0]}.{head[1]}") for head in every}
needed = {named[head]: (1 - share, 1 - high, 1 - low) for head, (share, low, high) in one_less.items()}
enough = {named[head]: share for head, share in one_more.items()}
code = ind.pair_losses()  # stored
specific = {name: tuple(code.cost(name[-3:], kind) for kind in ("known", "unknown")) for name in named.values()}
plots.show(
    ind.three_questions(needed, enough, specific),
    "Bars and marks for eight heads. The four of the circuit are each needed for more than half of the gain, and with the fourth of them most of it is back; known pairs need the induction head, unknown ones do not.",
    "The four heads of the circuit, above the dotted line, and the four others as the control. Left: the share of the gain that is lost without the head. "
    "Middle: the share that is left with it and those above it, when all below it are taken away. Less than 0 left, or more than 100 lost: the repeat is predicted worse than the block. Right: the extra loss on code "
    f"without the head (a stored result). Lines: 95 % interval, {len(blocks)} texts or {len(code.module.unique())} of the modules resampled.",
)  # fmt: skip

# %% [markdown]
# **Needed.** Without any one of the four more than half of the gain is lost, and without any one of the others at most 13 %.
#
# **Enough.** Read the bars in the middle downwards: each row adds one head. The textbook pair, the first two, keeps nothing, although each of its heads has the score of its role. What the queries and values read is missing. With the copier a third of the gain is back, and with the two-back head 91 %. No other set of four heads keeps even half of it.
#
# **Specific.** Without the induction head known pairs cost 1.7 nats more, and unknown ones hardly anything. The two-back head comes next. The previous-token head and the copier matter to unknown pairs too, so they have other uses.
#
# On code the four are *not* enough: with them only, even known pairs cost 0.9 nats more than in the intact model. Part of what is missing there is head 0.1.
#
# So the four heads are needed for the look-up, and on random tokens they are nearly all of it. Of the four, the induction head and the two-back head cost little elsewhere, in the mean.

# %% claims
sets, four = ind.head_sets(), tuple(sorted(circuit))  # stored
four_only, five_only = ([code.cost(f"{kept} alone", kind)[0] for kind in ("known", "unknown")] for kept in ("0.0, 0.2, 0.3, 1.1", "0.0, 0.1, 0.2, 0.3, 1.1"))
with claims():
    claim("16 texts are judged, with the means over 48 others", (len(blocks), len(reference)) == (16, 48))
    claim("without any one of the four more than half of the gain is lost", min(needed[named[head]][1] for head in circuit) > 0.5)
    claim("without head 0.1 13 % of it is lost, and without any of the other three less than 1 %",
          round(100 * needed["head 0.1"][0]) == 13 and max(needed[name][0] for name in ("head 1.0", "head 1.2", "head 1.3")) < 0.01)
    claim("the textbook pair keeps nothing of the gain", max(enough[name][2] for name in ("induction 1.1", "previous-token 0.2")) < 0)
    claim("with the copier about a third is left, and with the two-back head 91 %",
          about(enough["copier 0.0"][0], 1 / 3) and round(100 * enough["two-back 0.3"][0]) == 91)
    claim("in each of five draws of texts (a stored result) no other set of four heads keeps half, and the four keep more than 90 %",
          sets.share.shape == (5, 256) and all((max(shares) < 0.5) if heads != four else min(shares) > 0.9 for heads, shares in sets.of_size(4).items()))
    claim("no set of fewer heads keeps more than 36 %", max(max(shares) for size in range(4) for shares in sets.of_size(size).values()) < 0.36)
    claim("without the induction head known pairs cost 1.7 nats, and unknown ones 0.02",
          [round(specific["induction 1.1"][k][0], digits) for k, digits in ((0, 1), (1, 2))] == [1.7, 0.02])
    claim("without the two-back head unknown pairs cost less than a tenth of a nat, and known ones more than half a nat",
          specific["two-back 0.3"][1][2] < 0.1 and specific["two-back 0.3"][0][1] > 0.5)
    claim("without the previous-token head unknown pairs cost more than 0.4 nats, and without the copier more than 2",
          specific["previous-token 0.2"][1][0] > 0.4 and specific["copier 0.0"][1][0] > 2)
    claim("without any of the four heads outside the circuit unknown pairs cost more than known ones (intervals apart)",
          all(rising(*specific[named[head]]) for head in every[4:]))
    claim("with the four only known pairs cost 0.9 nats and unknown ones 1.3", [round(value, 1) for value in four_only] == [0.9, 1.3])
    claim("with head 0.1 as a fifth both cost less", all(five < four for five, four in zip(five_only, four_only, strict=True)))  # fmt: skip

# %% [markdown]
# ## 8 · The puzzle, answered
#
# Back to the name of the first page. With the four heads only, the model should still look it up, and without the induction head it should not. One name proves little, so we put 32 names of random syllables, such as `wovzob_kunmin`, into the same program. The gain of a name is the loss on its parts after the first when it comes first, minus the same when it returns.

# %% figure
def expects(without):
    """The probability of each part of the program without some heads."""
    logits = ind.ablate_heads(model, tokens, without, "mean", reference[:, : len(ids)])
    return (-ind.token_losses(logits, tokens)[0]).exp()

programs, again = ind.invented(model, 32), slice(starts[1] + 1, starts[1] + 8)
runs = {"intact": ([], plots.INK), "the four only": (every[4:], plots.HEAD), "without the\ninduction head": ([(1, 1)], plots.EDITED)}
likely = {title: expects(without) if without else late for title, (without, _) in runs.items()}
gains = {title: ind.name_gain(model, programs, without, reference) for title, (without, _) in runs.items()}
fig, (ax, dots) = plots.figure(2, 1, height=3.7, height_ratios=[1.4, 1])
for k, (title, (_, colour)) in enumerate(runs.items()):
    ax.bar([place + 0.26 * (k - 1) for place in range(7)], likely[title][again], 0.25, color=colour, label=title)
    dots.plot(gains[title], [-k + 0.015 * (n - 15.5) for n in range(32)], ".", color=colour, markersize=4)
ax.set_xticks(range(7), parts[again], family="monospace", fontsize=11)
ax.set(xlabel="part of the returning name wozzle_frint", ylabel="probability", ylim=(0, 1.03))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
dots.axvline(0, color=plots.NULL, linewidth=0.8, linestyle=":")
dots.set_yticks(range(0, -len(runs), -1), list(runs))
dots.set(xlabel="gain from the return of a name (nats)")
plots.show(fig, "Bars for seven parts: with the four heads only all but r have more than a quarter, without the induction head none has a tenth. Dots for 32 names: the four only gain more than half as much as the intact model; without the induction head the gain is less than a tenth of that.",
           "Above: the probability of the parts of the name when it returns, after its w; where no orange bar is seen, it is near zero. Below: 32 invented names, a dot for each.")  # fmt: skip

# %% [markdown]
# Without the induction head the name is lost: each of the 32 names gains less than a tenth of what it gains in the intact model. With the four heads only each gains more than half of it.
#
# The `r` of `wozzle_frint` is missing, and `le` and `_f` have less than in the intact model. The `r` is the work of head 0.1, which section 5 left aside: as a fifth head it brings the `r` back to 0.97, and none of the other three does. Four other parts have even more than in the intact model, so what the other heads add is not always a help.
#
# The two-back head does what the drawing of section 6 says: without it the attention from the asking `z` to `le` falls from 0.89 to 0.18. In a running notebook you can take heads away from a name of your own.

# %%
def less(*heads):
    """The model without some heads, as a function from tokens to logits."""
    return lambda text: ind.ablate_heads(model, text, heads, "mean", reference[:, : text.shape[1]])

fewer = {f"without {role}": less(head) for head, role in roles.items()}
ind.try_name(model, fewer | {"the four only": less(*every[4:])})

# %% [markdown]
# **Two different `w`.** The second `w`, which has no space before it, likes the note of `␣w` even a little better (0.87 in the table of section 6) than its own (0.83). To its query the two are nearly the same token. So from the second `w` the head looks at what came after the first.
#
# **The argument.** In the same way the model expects `qu` when the argument returns. The first `qu` came after a bracket, and the second comes after a space. In the table of section 6 the note of the bracket fits the space, too, and of the notes that stand before it in the program this one fits best. From the space the head therefore looks at the first `qu`.
#
# But then `ab` should be expected too, and it is not. The model prefers `ant`, which would make `quant`, as in `quantity`. What does each head add straight to the logits, to `ab` more than to `ant`?

# %%
space, qu = quab[1], quab[0] + 1  # positions of the space after return, and of the first qu
logits, cache = model.run_with_cache(tokens)
ant = logits[0, space + 1].argmax().item()  # what the model expects after the second qu
vote = model.W_U[:, ids[qu + 1]] - model.W_U[:, ant]  # ab minus ant
vote = (vote - vote.mean()) / cache["ln_final.hook_scale"][0, space + 1]
said = {f"{layer}.{head}": (cache["z", layer][0, space + 1, head] @ model.W_O[layer, head] @ vote).item()
        for layer, head in every}
named = {"induction 1.1": said["1.1"], "copier 0.0": said["0.0"], "head 0.1": said["0.1"]}
named["the five others, together"] = sum(said.values()) - sum(named.values())
table({name: {"ab over ant": x} for name, x in named.items()}, decimals=1, signed=True, unit="logits")

# %% [markdown]
# The induction head has found `ab` and raises it over `ant` by 3.7. But the copier and head 0.1, which look only at the two `qu` and cannot know what followed, together raise `ant` over `ab` by 8.0. With their direct contributions set to their means, `ab` comes first.
#
# So the induction head finds the name although its first token has changed. It finds the argument too, but there the copier and head 0.1 outvote it.

# %% claims
whole, four_gain, headless_gain = gains.values()
four_likely, fifth = likely["the four only"][again], {head: expects([h for h in every[4:] if h != head])[again] for head in every[4:]}
caught = []
ablated = ind.ablation_hooks(model, [(0, 3)], "mean", reference[:, : len(ids)])
model.run_with_hooks(tokens, fwd_hooks=[*ablated, ("blocks.1.attn.hook_pattern", lambda x, hook: caught.append(x[0, reader, asking, right].item()))])
space_id, bracket, w_id = (model.tokenizer.encode(text, add_special_tokens=False)[-1] for text in (" ", "f(", "w"))
means = reference[:, : len(ids)]
usual = model.run_with_cache(means)[1]["z", 0][:, space + 1].mean(0)  # (head, d_head)
shift = sum((usual[head] - cache["z", 0][0, space + 1, head]) @ model.W_O[0, head] for head in (0, 1))
then = model.run_with_hooks(tokens, fwd_hooks=[("blocks.1.hook_resid_post", lambda x, hook: x + shift)])[0, space + 1].softmax(-1)
with claims():
    claim("there are 32 names, and wovzob_kunmin is one of them", len(programs.names) == 32 and "wovzob_kunmin" in programs.names)
    claim("without the induction head no part after the w has a probability above a tenth", likely["without the\ninduction head"][again].max() < 0.1)
    claim("with the four heads only six of the seven parts have more than a quarter, and r has less than a tenth",
          parts[again] == ["o", "z", "z", "le", "_f", "r", "int"] and (four_likely > 0.25).sum() == 6 and four_likely[5] < 0.1)
    claim("with head 0.1 as a fifth r has 0.97, and with any of the other three it stays below a fifth", round(fifth[0, 1][5].item(), 2) == 0.97 and max(fifth[h][5] for h in every[5:]) < 0.2)
    claim("with the four only, le, _f and r have less than in the intact model, and the other four parts more", [parts[again][k] for k in range(7) if four_likely[k] < late[again][k]] == ["le", "_f", "r"])
    claim("without the two-back head the attention from the asking z to le falls from 0.89 to 0.18", (round(attention[right - 1].item(), 2), round(caught[0], 2)) == (0.89, 0.18))
    claim("in each of the 32 names the four only gain more than half of what the intact model gains, and without the induction head less than a tenth",
          (four_gain > whole / 2).all() and (headless_gain < whole / 10).all())
    claim("of the twelve notes ␣w has the best for w: 0.87 against 0.83 for its own, in the unit of the table; no other of all 1 024 tokens has a better one",
          matches[w_id].argmax() == ids[starts[0] + 1] != w_id and [round(matches[w_id, token].item(), 2) for token in (ids[starts[0] + 1], w_id)] == [0.87, 0.83])
    claim("from the second w the head gives the o after the first more attention than any other position but BOS", looks_on_program[starts[1] + 1, 1:].argmax() + 1 == starts[0] + 2)
    claim("the first qu comes after ( and the second after a space", ids[qu - 1] == bracket and ids[space] == space_id and parts[space] == "qu")
    claim("the space and the bracket match each other's note with more than half of what they match their own", min(matches[space_id, bracket] / matches[space_id, space_id], matches[bracket, space_id] / matches[bracket, bracket]) > 0.5)
    claim("of the tokens before the space none has a better note for it than (", max(matches[space_id, token] for token in ids[1:space]) <= matches[space_id, bracket])
    claim("from the space the head gives the first qu most of its attention, and without the head qu has a probability below 1 %",
          looks_on_program[space, qu] > 0.5 and likely["without the\ninduction head"][space] < 0.01)
    claim("after the second qu the most probable token is ant", model.tokenizer.decode([ant]) == "ant")
    claim("there the induction head raises ab over ant by 3.7; the copier and head 0.1 each raise ant, together by 8.0", round(said["1.1"], 1) == 3.7 and max(said["0.0"], said["0.1"]) < 0 and round(said["0.0"] + said["0.1"], 1) == -8.0)
    claim("the two look there at nothing but the two qu, with more than 0.99 of their attention", all(cache["pattern", 0][0, head, space + 1, [qu, space + 1]].sum() > 0.99 for head in (0, 1)))
    claim("with their direct contributions at their means ab comes first", then.argmax() == ids[qu + 1])  # fmt: skip

# %% [markdown]
# ## 9 · How far this goes
#
# **How much of in-context learning is it?** Olsson et al. propose that induction heads bring about most of it, on evidence that they call causal for small models of attention alone, and correlational for large ones. In the code model we measure the loss on four tokens late in each window, with only the eight tokens before each of them in view, and with the whole window. The difference is what context further back is worth (a stored result). How much of it is left without the induction head?

# %% prediction
predict("induction.remains")

# %% figure answer
context = ind.context_gain()
left_of = {n: context.remaining("1.1", n) for n in (4, 8, 16, 32)}
plots.show(
    context.plot({"1.1": "without induction\nhead 1.1", "1.2": "without head 1.2"}),
    "The share of the gain left without the induction head falls from below a third to near zero as the context lies further back; without head 1.2 it stays within a tenth of one.",
    "The share of the intact model's gain that is left without a head, for context further back than so many tokens; bars: 95 % "
    "interval, modules resampled. Head 1.2, of the same layer, is the control. With less in view the tokens also stand at other positions; this is not corrected for.",
)  # fmt: skip
measured("induction.remains", left_of[8][0])

# %% [markdown]
# Beyond eight tokens 19 % of the gain is left without the induction head, and beyond 32 next to nothing. So in this model distant context is used through this head, and nearer context in other ways as well.
#
# **A perfect score from the wrong mechanism.** A head can match prefixes perfectly without reading anything. We write one, in a model with a *single* layer, that looks 15 positions back, whatever token is there.

# %%
layout = ind.subspaces(64, 65, "next")
counts = ind.HeadPlan("position", "position", "token", "next", shift=-15, sharpness=20)
clock = ind.build(layout, [[counts]], unembed="next")

# %% figure
lengths, rng = range(8, 32), torch.Generator().manual_seed(3)
blocks_of = {n: ind.repeated_tokens(64, 64, n, distinct=True, generator=rng) for n in lengths}
by_length = {title: [ind.repeat_accuracy(ind.run(w, t).logits, t, n).item() for n, t in blocks_of.items()]
             for title, w in {"counts 15 back,\nby hand": clock, "one layer, trained": flat.weights, "two layers, trained": live.weights}.items()}  # fmt: skip
fig, ax = plots.figure(height=2.5)
for (title, values), colour in zip(by_length.items(), (plots.EDITED, plots.GREY, plots.INK), strict=True):
    ax.plot(lengths, values, color=colour, label=title)
ax.set(xlabel="length of the block in the test", ylabel="accuracy on the repeat", ylim=(-0.03, 1.03))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(fig, "Accuracy against block length: a spike at 16 for the counting head, a low spike at 24 for one layer, above seven tenths everywhere for two layers.",
           "The counting head and the two models of section 3, tested with blocks of every length from 8 to 31 (64 texts each).")  # fmt: skip

# %% [markdown]
# With blocks of 16 the counting head passes for a perfect induction head, and with any other length it fails. The trained model with one layer has its best with blocks of 24 and stays below a fifth at every other length: it, too, goes by distance. So a score at one length cannot tell a head that reads from one that counts, and scores at several lengths can.
#
# The model with two layers is right at nearly every token up to a length of 23, and then falls, since it writes notes only up to about the 24th token (section 3). Head 1.1 of the code model has a prefix-matching score above one half at each length.
#
# **Other models.** We have taken apart one training run of one small model, whose training text had mostly renamed names. `code-4l`, the larger model of lesson 0, was trained on code as it is, and to it, too, each of eight invented names that return is worth more than two nats. In large models Olsson et al. find heads with high prefix-matching and copying scores, which appear where in training in-context learning suddenly gets better. Whether those match two tokens and read a copier, as here, scores cannot tell. Sections 5 to 7 are a way to find out.
#
# <details><summary>Why one layer is best at 24</summary>
#
# In training a block comes over and over. So the token 24 places before the predicted one is right for blocks of 24, 12 and 8, and no other distance is right at as many places of the training texts. (In the test a block comes only twice, so that with 12 or 8 nothing stands so far back.) The control is training on blocks of 16 to 31 only, none of which fits into another twice. Two models of one layer that were trained so (a stored result) stay below a sixth at every length.
#
# </details>

# %% claims
by_hand, one_layer, two_layers = (dict(zip(lengths, values, strict=True)) for values in by_length.values())
only = ind.run(clock, blocks_of[16])
# one text of 63 tokens for each length of the block: a distance is right at every place that it can reach back from, if the length divides it
right_at = {back: sum(63 - back for n in range(8, 32) if back % n == 0) for back in range(1, 63)}
larger, rng = zoo.load("code-4l", "cpu").requires_grad_(False), torch.Generator().manual_seed(4)
texts_of = {n: ind.repeated_tokens(model.cfg.d_vocab, 8, n, distinct=True, generator=rng) for n in lengths}
matched = [ind.prefix_matching_score(model.run_with_cache(t)[1]["pattern", 1], n)[1].item() for n, t in texts_of.items()]
few = ind.invented(larger, 8)
with claims():
    claim("64 texts for every length from 8 to 31", [*blocks_of] == [*range(8, 32)] and all(len(texts) == 64 for texts in blocks_of.values()))
    claim("beyond eight tokens 19 % of the gain is left without head 1.1", round(100 * left_of[8][0]) == 19)
    claim("beyond 32 tokens the share left without head 1.1 is less than 5 % in size, by its interval", max(map(abs, left_of[32])) < 0.05)
    claim("beyond 4, 8 and 16 tokens between a tenth and a third is left, less the further back", 1 / 3 > left_of[4][0] > left_of[8][0] > left_of[16][0] > 0.1)
    claim("without head 1.2 the share left is within a tenth of one at every distance", about([context.remaining("1.2", n)[0] for n in left_of], 1))
    claim("with blocks of 16 the head that counts is always right and has a prefix-matching score above 0.99; at every other length it is right less than one time in ten",
          by_hand[16] == 1 and ind.prefix_matching_score(only.pattern, 16).item() > 0.99 and max(by_hand[n] for n in lengths if n != 16) < 0.1)
    claim("the trained model with one layer has its best at 24 and at every other length stays below a fifth",
          one_layer[24] > 0.2 > max(one_layer[n] for n in lengths if n != 24))
    claim("the trained model with two layers is right at nineteen of twenty tokens at every length up to 23, and at between seven and nine tenths at 31",
          min(two_layers[n] for n in range(8, 24)) > 0.95 and between(two_layers[31], 0.7, 0.9))
    claim("head 1.1 of the code model has a prefix-matching score above one half at every length from 8 to 31", min(matched) > 0.5)
    claim("24 back is right for blocks of 24, 12 and 8 among those of 8 to 31, and no other distance is right at as many places of the training texts",
          [n for n in range(8, 32) if 24 % n == 0] == [8, 12, 24] and max(count for back, count in right_at.items() if back != 24) < right_at[24])
    claim("trained on blocks of 16 to 31 only, neither of two models of one layer reaches a sixth at any length from 8 to 31", ind.long_blocks().shape == (2, 24) and ind.long_blocks().max() < 1 / 6)
    claim("code-4l was trained on code as it is, and each of eight invented names that return is worth more than two nats to it",
          zoo.card("code-4l")["data"]["transformation"] == "none" and ind.name_gain(larger, few).min() > 2)  # fmt: skip

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "One head of one layer cannot be right on all four texts A B … A → B", "evidence": "a proof, by cards that can be counted",
     "control": "two heads in two layers, written by hand: right on all four", "where it fails": "several heads in one layer can (second notebook)"},
    {"claim": "A previous-token head and an induction head are a plan that works",
     "evidence": "weights written by hand, right at every length from 2 to 32", "control": "a head that counts: right at one length",
     "where it fails": "a token that came twice before, with different successors, as z in the puzzle"},
    {"claim": "Two layers learn the task within 600 steps only if the keys of the second can read the first",
     "evidence": "training with deaf keys, and one layer with smeared keys", "control": "deaf queries; one layer; two layers",
     "where it fails": "shown for small toys, four seeds, 600 steps"},
    {"claim": "The induction head of code-attn-2l compares two tokens with notes", "evidence": "scores taken apart; tables in weights alone",
     "control": "notes turned at random; the other heads of the layer", "where it fails": "one model"},
    {"claim": "Four of eight heads keep 91 % of the gain from repetition", "evidence": "what the four keep on random tokens",
     "control": "all other sets of heads: no other of four keeps half, no smaller one more than 36\u00a0%", "where it fails": "on code the four are not enough"},
    {"claim": "The induction head is needed where a pair is known, and hardly elsewhere in the mean", "evidence": "what its absence costs on code",
     "control": "the four heads outside the circuit", "where it fails": "the previous-token head and the copier serve other things too"},
    {"claim": "Distant context goes through the induction head", "evidence": "the gain from context beyond 32 tokens, without it",
     "control": "another head of its layer", "where it fails": "nearer context; one model, trained on renamed names"},
    formulas={"score of a query at i for a key at j": r"x_i W_Q W_K^\top x_j^\top / \sqrt{d_\mathrm{head}}",
              "K-composition: what the key reads at j holds the note of the token before": r"x_j = \dots + x_{j-1} W_V W_O + \dots",
              "copying score": r"\sum \mathrm{Re}\,\lambda / \sum |\lambda| \text{ over the eigenvalues of the path's table}"},
    links=[
        ("Olsson et al. 2022, In-context Learning and Induction Heads", "https://arxiv.org/abs/2209.11895",
         "Six arguments, from small to large models, each with its strength stated."),
        ("Singh et al. 2024, What needs to go right for an induction head?", "https://arxiv.org/abs/2404.07129",
         "Interventions on the training, much further than section 3."),
        ("ARENA, chapter 1: transformer interpretability", "https://arena-chapter1-transformer-interp.streamlit.app/",
         "Exercises on the same circuit in another small model."),
    ],
)  # fmt: skip

# %% [markdown]
# Now the exercises: `course start 03`, then `my/03_induction.ipynb`. They end with sealed models made for you.

# %% [markdown] words
# ## Words
#
# - in-context learning: getting better at a task from what comes earlier in the text, with no change of weights.
# - induction: completing A B … A with B, for any A and B.
# - QK circuit: the table $W_E W_Q W_K^\top W_E^\top$ of who attends to whom, token by token.
# - OV circuit: the table $W_E W_V W_O W_U$ of which logits attending to a token raises.
# - previous-token head: a head that attends to the position before.
# - induction head: a head that attends to the token after the earlier occurrence of the current one, and copies it.
# - K-composition: a head's keys read what an earlier head has written.
# - sharpness: the attention score of a match, where all else scores 0.
# - BOS: the token that starts every text.
# - accuracy on the repeat: the share of a repeated block, from its second token on, that the model ranks first.
# - gain from repetition: loss on a random block minus loss on its repeat.
# - previous-token score: a head's mean attention to the position before.
# - prefix-matching score: a head's mean attention, in the repeat, to the token after the earlier occurrence.
# - repeated name: a name that occurred earlier in the same window.
# - new name: a name that is in its window for the first time.
# - bootstrap interval: the middle 95 % of a number computed again and again on resampled data.
# - message: what one head writes, as far as another head reads it.
# - path patching: changing the message of one part to one input of another, and leaving everything else as it was.
# - Q-composition: a head's queries read what an earlier head has written.
# - V-composition: a head's values read what an earlier head has written.
# - copying score: the sum of the real parts of the eigenvalues of the OV circuit over the sum of their sizes.
# - known pair: a token and the one before it, if they have stood side by side earlier in the window.
# - null: what a measurement gives where there is nothing to find.
# - needed: without these heads, the behaviour goes.
# - enough: with these heads alone, the behaviour stays.
# - specific: without these heads, the behaviour goes and little else.

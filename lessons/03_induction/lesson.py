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
# We made the name up. When it comes for the first time, the model gives its parts almost no probability. When it comes again, the model expects most of the parts after the first one, although not a single weight has changed in between. The figure shows this at two moments of the same training: after 1 000 steps the model cannot do it at all, and at the end, after 4 340 steps, it can.

# %% setup

# %% figure
from itertools import combinations

import torch

from course_utils import induction as ind
from course_utils import plots, zoo

model = zoo.load("code-attn-2l", "cpu").requires_grad_(False)
young = zoo.load("code-attn-2l", "cpu", checkpoint=1000).requires_grad_(False)
program = "def wozzle_frint(quab):\n    return quab + 1\n\nprint(wozzle_frint(3))\n"
ids = [0, *model.tokenizer.encode(program, add_special_tokens=False)]  # token 0 starts every text
tokens = torch.tensor([ids])

def visible(part):
    return part.replace("\n", "⏎").replace(" ", "␣")

parts = ["⏎" if "\n" in part else visible(part) for part in (model.tokenizer.decode([i]) for i in ids[1:])]
starts = [k for k, part in enumerate(parts) if part.strip("␣") == "w"]

chance = {when: (-ind.token_losses(one(tokens), tokens)[0]).exp()
          for when, one in (("after 1 000 steps", young), ("at the end of training", model))}  # fmt: skip
plots.show(ind.expected(parts, chance), "Probability of each token of a program, at two moments: at the end most parts of the returning name are expected.",
           "The probability that the model gives to each token before it sees it, at two moments of its training; ␣ is a space and ⏎ a line break. Shaded: the invented name, both times. Orange: the two w and the two qu, to which the lesson returns.")  # fmt: skip

# %% [markdown]
# The second `w` has a probability below 1 %, like the first: *that* the name will come, the model does not foresee. But once the name has begun, it expects what comes *next*. Two details are stranger, and the end of the lesson explains them. The first `w` has a space before it and the second has none, so that to the model they are two different tokens, and yet it finds the one from the other. And with the argument `quab` it is the other way round: when `quab` returns, its first part is expected and its second is not.
#
# So a network with fixed weights picks up a name while it reads. Large language models do more of this kind and pick up a whole task from examples in the prompt (Brown et al. 2020). It is called **in-context learning**, and looking up what came before is a simple form of it. In this lesson we write the part that is responsible by hand, watch it form, find it in this model, and take it out.

# %% claims
from course_utils.page import between, card, claim, claims, draw, falling, measured, predict, table

early, late = (chance[when] for when in chance)
name = {when: [chance[when][k + 1 : k + 8] for k in starts] for when in chance}  # the seven parts after the w
quab = [k for k, part in enumerate(parts) if part == "qu"]
with claims():
    claim("the figure marks two w and two qu", (len(starts), len(quab)) == (2, 2))
    claim("the first time, the mean probability of the seven parts after the w is below 5 % at both moments",
          max(name[when][0].mean() for when in name) < 0.05)
    claim("the second time it is still below 5 % after 1 000 steps, and above one half at the end",
          name["after 1 000 steps"][1].mean() < 0.05 and late[starts[1] + 1 : starts[1] + 8].mean() > 0.5)
    claim("at the end four of the seven parts have a probability above one half", (late[starts[1] + 1 : starts[1] + 8] > 0.5).sum() == 4)
    claim("the w itself has a probability below 1 %, both times and at both moments",
          max(values[starts].max() for values in chance.values()) < 0.01)
    claim("the two w are different tokens, the first with a space", [parts[k] for k in starts] == ["␣w", "w"] and ids[starts[0] + 1] != ids[starts[1] + 1])
    claim("when quab returns, its first part has more than 0.85 and its second less than 0.1",
          late[quab[1]] > 0.85 and late[quab[1] + 1] < 0.1)  # fmt: skip

# %% [markdown] contents
# You need lesson 0: the residual stream, hooks, attention heads, ablation and path patching. The exercises take some three and a half hours, by our estimate. The second notebook of this lesson may be skipped.

# %% [markdown]
# The lesson follows Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), and Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895). Results that are too heavy to compute while this notebook runs are loaded from files; the text calls them stored.

# %% [markdown]
# ## 1 · One head is not enough
#
# A name that returns is a case of a general pattern: `… A B … A → B`. B followed A once, and when A comes again, the model should predict B. Completing this pattern, for any A and any B, is called **induction**. We follow one case through the lesson: A is `le` and B is `_f`, inside `wozzle_frint`.
#
# A head decides where to look by the token that it asks for and the tokens that it finds, and it may know their positions as well. Can it find “the `_f` that comes after a `le`”? Take four texts that end in A. In (i) and (ii) B came after A, in (iii) and (iv) D did. A head weighs the positions of the text by its attention and adds up what each contributes. The softmax divides all contributions by the same positive number, and because that cannot change the sign of their sum, we leave it out. Then each position adds a number that depends on the position and on the token there, and on nothing else. Think of it as a card. If the sum of the cards is above zero, the model prefers B to D.

# %% figure
words = {"(i)": "ABCDA", "(ii)": "CDABA", "(iii)": "CBADA", "(iv)": "ADCBA"}
example = {(1, "B"): 3, (3, "B"): 2, (1, "D"): -1, (3, "D"): -2}  # by place, from 0, and token
ind.four_texts(words, {"(i)": "B", "(ii)": "B", "(iii)": "D", "(iv)": "D"}, example).captioned(
    "Above: the four texts and the cards of an example, a head that likes B, most of all at position 2. A card without a number "
    "has 0. Its sums are right (✓) for (i) and (ii) and wrong (✗) for (iii) and (iv). Below: the cards of both texts, position by "
    "position, sorted by letter."
)

# %% [markdown]
# The lower half of the figure is the whole proof. Texts (i) and (ii) together hold the same cards as (iii) and (iv), so that the two totals are equal, whatever is written on the cards. A head that is right on (i) and (ii) has two sums above zero on the left, and therefore a total above zero. Then the total on the right is above zero too, so at least one of the two sums in it is above zero, which is wrong. No single head gets all four right, whatever its weights. Several heads in one layer can, in a roundabout way, but Sanford, Hsu and Telgarsky 2024 prove that for this task a model of one layer must be exponentially larger than one of two layers ([arXiv 2408.14332](https://arxiv.org/abs/2408.14332)).
#
# <details><summary>Why a head adds up cards</summary>
#
# Let $s_j$ be the attention score of position $j$ and $v_j$ what it contributes to the logit of B minus that of D, both seen from the last token, which is A in all four texts. Let $c$ be what the last token's embedding adds without any attention. The lead for B is
#
# $$\Big(\sum_j e^{s_j} v_j\Big) \Big/ \Big(\sum_j e^{s_j}\Big) + c .$$
#
# Multiply by the denominator, which is positive. The sign is that of $\sum_j e^{s_j} (v_j + c)$. Each term depends on one position and its token: it is the card.
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
# A head has three inputs, and what an earlier head wrote can be read through any of them: through its *queries* (what it searches for), its *keys* (what each position offers) or its *values* (what is copied). In the plan the second head reads the notes through its keys. Elhage et al. call this **K-composition**.
#
# A plan that is understood can be written down as weights. Give everything a block of dimensions of its own in the residual stream: `token` and `position`, one-hot, written by the embeddings; `previous` for the notes; `next` for the answer, from which the logits are read. A head is then four choices:
#
# | | query reads | key reads | copies from | to | matrices |
# |---|---|---|---|---|---|
# | previous-token head | `position`, one back | `position` | `token` | `previous` | $W_Q$ shifts by one, the other three copy |
# | induction head | `token` | `previous` | `token` | `next` | all four copy |
#
# Each of $W_Q$, $W_K$, $W_V$ and $W_O$ holds one block that copies or shifts, and zeros elsewhere. One number is left, the scale of $W_Q$. We call it the **sharpness**: the attention score of a match, where everything else scores 0. Here it is 20, so that after the softmax a match gets nearly everything.

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
    ax.set_yticks(range(6), ["BOS", "a", "b", "c", "a", "b"], fontsize=9)
    ax.set(ylabel=title)
ring = dict(marker="o", markersize=14, clip_on=False, zorder=9, fillstyle="none", markeredgewidth=2.4, linestyle="")
axes[1].plot(layout["previous"].start + 2, 3, color=plots.NOTE, **ring)
axes[2].plot(layout["next"].start + 3, 5, color=plots.ANSWER, **ring)
plots.show(
    fig, "The residual stream in three panels: tokens and positions; then notes of the token before; then the answers.",
    "The whole residual stream for BOS a b c a b: a row for each position, a column for each dimension; dark is 1, white "
    "is 0. Orange ring: in the row of c, the first head has noted b. BOS sees itself alone, and the first a has BOS before it, so that both rows note BOS. Green ring: the last row (b) searches for that note, "
    "finds it at c, and c is written into its `next`. Where nothing matches, the second head spreads its attention evenly "
    "over all that it sees; that is the pale wedge.",
)  # fmt: skip

# %% [markdown]
# We test it on a starting token (**BOS**), a block of random tokens, and the same block again, the *repeat*. Because the tokens are random, nothing foretells the block. If they are all different, as here, the block foretells the repeat, all but its first token, since nothing says that the repeat begins there. That is why both measures start at the second token of the repeat.
#
# - The **accuracy on the repeat** is the share of these tokens that the model ranks first.
# - The **gain from repetition** is the mean loss on the block minus the mean loss on these tokens, in nats (a loss with the natural logarithm; one nat less means $e$ times the probability).
#
# Written for 40 tokens and tested on blocks of distinct tokens, the model makes no mistake at any length from 2 to 32, although the plan never mentions a length. So two heads are enough where we proved that one is not, and we know what every one of their weights is for.

# %% claims
every_length = ind.judge(ind.hand_built(40, 65), lengths=range(2, 33))
note, answer = streams[1][:, layout["previous"]], streams[2][:, layout["next"]]
with claims():
    claim("every position but BOS carries a note of the token before it, and BOS one of itself", note.argmax(-1).tolist() == [0, 0, 1, 2, 3, 1])
    claim("after the second a the answer is b, after the second b it is c", answer[4:].argmax(-1).tolist() == [2, 3])
    claim("in the last row, where b matches, c gets more than 0.999; in that of the first c, where nothing matches, all four tokens in sight get a quarter",
          answer[-1, 3] > 0.999 and (answer[3] - 0.25).abs().max() < 1e-3)
    claim("it makes no mistake at any length from 2 to 32", min(every_length.accuracy.values()) == 1 and len(every_length.accuracy) == 31)  # fmt: skip

# %% [markdown]
# ## 3 · Does training find it?
#
# We train small models of two attention layers with four heads each on BOS and a block of random tokens over and over. There are 63 tokens besides BOS. The block's length, 8 to 31, is drawn anew for each text, so that no single distance is right in all of them. The control is a model with *one* layer, trained in the same way.
#
# Besides the accuracy we follow two scores of each head. They ask whether it looks where the two heads of the plan look.
#
# - The **previous-token score** of a head is its mean attention to the position before.
# - The **prefix-matching score** of a head is its mean attention, from the tokens of the repeat, to the token *after* the earlier occurrence. In blocks of length $L$ that token is $L - 1$ positions back.
#
# The test has blocks of 24 tokens, where guessing would give an accuracy of 1 in 63.

# %% prediction
predict("induction.one_layer")

# %%
recipe = ind.Recipe(steps=350)
live = ind.train(recipe=recipe, seeds=2, keep=(150, 350))  # two layers of four heads
flat = ind.train(ind.Shape(n_layers=1), recipe, seeds=1)  # the control

# %% figure answer
text = ind.repeated_tokens(64, 1, 12, distinct=True, generator=torch.Generator().manual_seed(0))
matcher = live.curves.prefix[-1, 0, 1].argmax().item()  # of the first toy's second layer
stages = {step: ind.run(weights[0], text).pattern[1, 0, matcher] for step, weights in live.kept.items()}
plots.show(
    ind.forming(live.curves, flat.curves, stages, 12),
    "Accuracy and head scores against steps, two layers and one; below, a head's attention before and after the change.",
    "Above: two models of two layers and one of one layer, trained while this notebook ran; pale lines: the steps shown below. "
    "Below: the attention of one head of a model's second layer on BOS and a block of twelve, twice; the darker, the "
    "more. It is the head that matches prefixes best at the end. The dark line lies one position to the right of the earlier occurrence.",
)  # fmt: skip
measured("induction.one_layer", flat.curves.accuracy[-1].item())

# %% [markdown]
# Both models with two layers learn the task, and they learn most of it in one steep change. The maps show what happened in between: at step 150 no head of the second layer matches prefixes yet, and at the end this one gives most of its attention to the token after the earlier occurrence, which is where the plan wants it to look. The training asked for nothing but good predictions, and still it found this half of the plan. No head of the control gets half as far. (In a stored result of 32 seeds of two layers the change comes at step 209 ± 9, mean and standard deviation, and no seed fails. Why it is steep, the deeper notebook asks in section 8.)
#
# The model with one layer still ends near a third, far above guessing. That does not contradict section 1, which says that one head cannot be right on *every* text, and in section 9 we shall see that this third comes from the length of the blocks in the test. (The orange score ends below one half for a reason that the deeper notebook shows, section 9: notes are written up to position 31 only, and no block is longer.)
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
ends = list(formation.finals().items())
plots.show(ind.shares(dict(ends[k] for k in (2, 0, 1, 4, 3)), "accuracy on the repeat after 600 steps"),
           "Accuracy after 600 steps: one with smeared keys, two layers and deaf queries; below one half with one layer and with deaf keys.",
           "Mean of four seeds, and from the lowest to the highest (a stored result). In brackets: the step, in the mean, at which the accuracy passes one half.")  # fmt: skip
stopped = [what for what in ("keys", "queries") if formation.final(f"two layers, deaf {what}").max() < 0.5]
measured("induction.deaf_keys", {2: "both", 0: "neither"}.get(len(stopped), f"deaf {stopped[0]} alone" if stopped else ""))

# %% [markdown]
# With deaf keys two layers stay below one half: all heads of the first layer are there, but nothing that they write can be looked for. With deaf queries the models learn the task, only a little later in the mean. The plan leads us to expect both, because its keys read the notes, while its query asks for the current token, which is in the stream from the start. Deaf keys take away more than the token before, it is true: they cannot read any head of the first layer. But with smeared keys, which do hold the token before, a single layer learns the task, in less than half the steps that two layers need.

# %% claims
curves, change, abrupt = live.curves, live.curves.change(), live.curves.duration(0.25, 0.75)
many = ind.spread()  # stored: 32 seeds of two layers, 8 of one
steps = many.change()
smeared, deaf, control = (formation.final(f"{name}") for name in ("one layer, smeared keys", "two layers, deaf keys", "two layers, deaf queries"))
with claims():
    claim("the toys have 63 tokens besides BOS, four heads a layer and blocks of 8 to 31 tokens, and are tested on blocks of 24",
          (ind.Shape().d_vocab - 1, ind.Shape().n_heads, ind.Recipe().shortest, ind.Recipe().longest, ind.Recipe().probe_length) == (63, 4, 8, 31, 24))
    claim("both two-layer models reach an accuracy above 0.95", (curves.accuracy[-1] > 0.95).all())
    claim("the one-layer model ends between 0.28 and 0.38", between(flat.curves.accuracy[-1].item(), 0.28, 0.38))
    claim("from a quarter to three quarters takes less than a third of the steps before it", (abrupt < change / 3).all())
    claim("a head of each two-layer model ends with a prefix-matching score above 0.6, and no head of the one-layer model with more than 0.3",
          curves.best_prefix()[-1].min() > 0.6 and flat.curves.best_prefix()[-1].max() < 0.3)
    claim("the best previous-token score of each two-layer model ends between 0.35 and 0.5", all(between(score, 0.35, 0.5) for score in curves.best_previous()[-1].tolist()))
    claim("at step 150 no head of the first two-layer model has a prefix-matching score above 0.1; at the end the head of the maps has more than one half",
          curves.prefix[curves.step == 150][:, 0].max() < 0.1 and curves.prefix[-1, 0, 1, matcher] > 0.5)
    claim("all 32 two-layer models change, and none of the 8 controls reaches one half", steps.numel() == 32 and not steps.isnan().any() and many.control.max() < 0.5)
    claim("the step is 209 ± 9 (mean and standard deviation over seeds)", round(steps.mean().item()) == 209 and round(steps.std().item()) == 9)
    claim("with smeared keys one layer passes an accuracy of 0.95 in all four seeds; without, it stays below 0.4",
          smeared.min() > 0.95 and formation.final("one layer").max() < 0.4)
    claim("it changes in less than half the steps that two layers need", formation.change("one layer, smeared keys").max() < formation.change("two layers").min() / 2)
    claim("with deaf keys two layers stay below one half in all four seeds; with deaf queries they pass 0.95 in all four",
          deaf.max() < 0.5 and control.min() > 0.95 and len(deaf) == len(control) == len(smeared) == 4)
    claim("with deaf queries the change comes later than without in the mean of the seeds, by less than a fifth",
          1 < formation.change("two layers, deaf queries").mean() / formation.change("two layers").mean() < 1.2)  # fmt: skip

# %% [markdown]
# ## 4 · Two heads in a model of code
#
# In the toys training finds the circuit of the plan, as long as the keys of the second layer can read the first. Now back to the model of the puzzle. `code-attn-2l` has two attention layers of four heads each and was trained on 18 million tokens of Python. In four fifths of its training files all names had been replaced by random words.
#
# The name head 1.2 means layer 1, head 2; counting starts at 0. We let the model read BOS and a block of six random tokens, twice, and look at the attention of two heads of each layer.

# %% figure
rng = torch.Generator().manual_seed(0)
block = ind.repeated_tokens(model.cfg.d_vocab, 1, 6, distinct=True, generator=rng)
_, cache = model.run_with_cache(block)
fig, axes = plots.figure(2, 2, width=5.2, height=4.8)
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
    ax.set(xlabel="is looked at")
for ax in axes[:, 0]:
    ax.set(ylabel="looks")
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
# Both heads of the plan are there, in a model that nobody wrote by hand. Head 1.1 is an induction head: on random tokens it gives about two thirds of its attention to the token after the earlier occurrence, and no other head gives a twentieth. Head 0.2 is a previous-token head, with nearly all of its attention one position back. On the program one can watch head 1.1 go along the name: from the second `w` it looks at `o`, from `o` at `z`, and so on, each time at the part that came next the first time.
#
# **When did the heads form?** The model was saved at 21 steps of its training. We follow its losses on 29 modules of Python's standard library that were held out of the training, cut into *windows* of 256 tokens (a stored result). The loss on names is taken from their second token on, and split in two: a **repeated name** has occurred in its window before, a **new name** has not. New means the whole name; its parts may well have stood before. Each band in the figure is a 95 % **bootstrap interval**, which says how much the mean changes when the modules are drawn again.
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
    "the highest such score of the other seven heads (dotted). Bands: 95 % interval, modules resampled. Between steps 1 000 and 2 000 the loss fell by "
    f"{fell['repeated names'][0]:.2f} nats on repeated names and by {fell['new names'][0]:.2f} on new ones.",
)  # fmt: skip
measured("induction.new_names", fell["new names"][0])

# %% [markdown]
# Here the two losses part: on repeated names the loss falls at least four times as much as on new ones, and in the same thousand steps the scores of both heads rise steeply. That is what we should see if the model began to look names up. But curves cannot say which of these changes caused which. For that we have to intervene.

# %% claims
right_place, on_bos = [looks[q, q - 24].item() for q in lower], [looks[q, 0].item() for q in lower]
others = training.prefix.flatten(1)[:, [0, 1, 2, 3, 4, 6, 7]]
prefix, back = two.prefix.flatten().tolist(), two.previous.flatten().tolist()
with claims():
    claim("head 0.2 has a previous-token score of 0.95, and no other head passes 0.2",
          round(back[2], 2) == 0.95 and max(back[:2] + back[3:]) < 0.2)
    claim("head 1.1 has a prefix-matching score of 0.65, and no other head passes 0.05",
          round(prefix[5], 2) == 0.65 and max(prefix[:5] + prefix[6:]) < 0.05)
    claim("from each part of the returning name, head 1.1 gives the part that followed the first time more attention than any other position but BOS",
          all(looks[q, 1:].argmax() + 1 == q - 24 for q in lower))
    claim("of the rest, more than half is on BOS", all(bos > (1 - there) / 2 for there, bos in zip(right_place, on_bos, strict=True)))
    claim("the loss on repeated names falls by more than two nats, and at least four times as much as that on new ones",
          fell["repeated names"][1] > max(2, 4 * fell["new names"][2]))
    claim("the model saw 18 million tokens, of files of which 80 % had every identifier replaced by random words",
          round(zoo.card("code-attn-2l")["tokens"] / 1e6) == 18 and "in 80% of the files every identifier is renamed" in zoo.card("code-attn-2l")["data"]["transformation"])
    claim("there are 21 checkpoints, the last at step 4 340, and windows from 29 modules",
          (len(training.step), training.step[-1].item(), len(training.losses.module.unique())) == (21, 4340, 29))
    claim("at step 1 000 no head has a prefix-matching score above 0.05; at the end head 1.1 has more than 0.6, and no other head ever passes 0.05",
          training.prefix[training.at(1000)].max() < 0.05 and training.prefix[-1, 1, 1] > 0.6 and others.max() < 0.05)
    claim("both scores rise by more than a third of the way from 0 to 1 between steps 1 000 and 2 000",
          all((score[training.at(2000)] - score[training.at(1000)]).item() > 1 / 3 for score in (training.previous[:, 0, 2], training.prefix[:, 1, 1])))  # fmt: skip

# %% [markdown]
# ## 5 · What does the later head read?
#
# Two heads stand out, the previous-token head 0.2 and the induction head 1.1. Do they work together as in the plan? We call what one head writes, as far as another head reads it, a **message**. **Path patching** (lesson 0) changes one message and leaves everything else as it was. We choose a sender, which is a head of the first layer, and one input of the induction head: its queries, its keys or its values. The model runs on one text, but this one input gets what the sender writes on *another* text, with another block and its repeat. (The blocks have 60 tokens, drawn one by one, so that now and then a token comes twice in a block.) The embedding of the tokens can be exchanged in the same way, as if it were one more sender.

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
    return -ind.token_losses(logits, clean)[:, 61:].mean(1)

# %%
def with_message(sender, reads):
    """Logits on `clean`; some inputs (q, k, v) of the reader get what the sender writes on `other`."""
    changed = here["resid_pre", 1] + written(there)[sender] - written(here)[sender]
    stream = model.blocks[1].ln1(changed)  # the norm, then
    def put(way):  # in place of the reader's queries, keys or values
        W, b = getattr(model, f"W_{way.upper()}")[1, reader], getattr(model, f"b_{way.upper()}")[1, reader]
        def hook(old, hook):
            old[:, :, reader] = stream @ W + b
            return old
        return hook
    return model.run_with_hooks(clean, fwd_hooks=[(f"blocks.1.attn.hook_{way}", put(way)) for way in reads])

fallen = right_token(model(clean)) - right_token(with_message("0.2", "k"))
f"previous-token head to the keys: {fallen.mean():.1f} nats lost"

# %% [markdown]
# With four heads in the first layer and three inputs there are twelve messages from heads. The plan names one of them, from the previous-token head to the keys, and the cell has exchanged it: the right token loses almost five nats.

# %% prediction
predict("induction.messages")

# %% figure answer
intact, inputs = right_token(model(clean)), {"queries": "q", "keys": "k", "values": "v"}
heard = {sender: {name: ind.mean_interval(intact - right_token(with_message(sender, reads))) for name, reads in inputs.items()} for sender in written(here)}
lost = {f"{sender} to {way}": row[way][0] for sender, row in heard.items() for way in row}
worth = [path for path in lost if lost[path] >= 1]
queries = torch.arange(62, 121)  # the repeat, from its second token on
back = {k: here["pattern", 0][:, :, queries, queries - k].mean((0, 2)) for k in (60, 3, 2, 1, 0)}  # each (head,)
costs = torch.tensor([[row[way][0] for way in inputs] for row in heard.values()])
looking = torch.cat([torch.zeros(1, 5), torch.stack(list(back.values()), 1)])  # the embedding looks nowhere
plots.show(
    ind.grids({"lost without the message": (costs, list(inputs)),
               "where the head looks": (looking, ["60 …", 3, 2, 1, 0])},
              ["token", *(f"head 0.{head}" for head in range(4))], "sender", ("nats, by the input", "positions back (60: earlier occurrence)"), least=0.2),
    "Left: five of twelve messages of heads cost more than two nats, those of the token none. Right: head 0.2 looks one back, head 0.3 two back, head 0.0 at the same token.",
    "Left: fall of the log-probability of the right token when one input of the induction head gets what one sender writes on another text. The first row is the "
    f"token's embedding, which no head has touched; the largest number there is {max(row[0] for row in heard['token'].values()):.2f}. Right: mean attention of the heads from the repeat; "
    "0 back is the token itself. Means over 16 texts; numbers below 0.2 are left out.",
)  # fmt: skip
measured("induction.messages", len(worth))

# %% [markdown]
# Five of the twelve messages cost more than a nat, and the plan had foreseen only one of them. The right half of the figure shows what they are about.
#
# - The *previous-token head* 0.2 looks one back and leaves a note of the token before, as in the plan.
# - The *two-back head* 0.3 looks two back, so its note is of the token *two* before.
# - The *copier*, head 0.0, looks at the current token and at its earlier occurrence. These are the same token, so what it writes is a copy of that token. (Wang et al. 2022, [arXiv 2211.00593](https://arxiv.org/abs/2211.00593), call such a head a duplicate-token head.)
#
# The embedding itself, in the first row, costs less than a tenth of a nat, through any one input and through all three together. So what the induction head knows of a token reaches it through other heads. Two messages of head 0.1 cost more than half a nat; we meet this head again in section 8.
#
# A head that is read through the keys of a later one takes part in K-composition; through its queries, in **Q-composition**; through its values, in **V-composition**. The drawing has the messages that count, at the second `le` of `wozzle_frint`.

# %% figure answer
le_again, first_f = 31, 7  # positions of the second le and of the first _f
share, likely = looks_on_program[le_again, first_f].item(), late[le_again].item()
ind.circuit(("z", "le", "_f"), worth, attention=share, chance=likely).captioned(
    "The circuit of the code model. Arrows in layer 0: where each head looks. A letter on a message: the input of the induction head that reads it. "
    "From the second le, the induction head asks with “le” and with “after z”. At _f it finds “after le” and “two after z”, looks there, and "
    "passes on what the copier wrote. Not drawn: the copier looks at the earlier occurrence of the same token too."
)

# %% [markdown]
# So the plan is there, extended in two ways. First, the induction head takes the token not from its embedding but from the copy that the copier has made of it, for the query and for the value. Second, it seems to compare *two* tokens: the current one with the notes of the previous-token head, and the one before it with the notes of the two-back head. That helps where a token has occurred twice with different tokens after it (deeper notebook, section 1).

# %% claims
five = {"0.2 to keys", "0.3 to keys", "0.0 to queries", "0.0 to values", "0.2 to queries"}
redrawn = ind.repeated_tokens(model.cfg.d_vocab, 32, 60, generator=torch.Generator().manual_seed(1)).split(16)
again = ind.heard(model, *redrawn, length=60, receiver=(1, 1))

token_to_all = ind.mean_interval(intact - right_token(with_message("token", "qkv")))
with claims():
    claim("the five messages that cost more than 2.5 nats are head 0.2 and head 0.3 to the keys, head 0.0 and head 0.2 to the queries, and head 0.0 to the values",
          {path for path in lost if lost[path] > 2.5} == five == set(worth))
    claim("of the other seven messages of heads none costs as much as a nat, by its interval, and the two of head 0.1 to the queries and the values alone cost more than half a nat",
          all(row[way][2] < 1 for sender, row in heard.items() for way in row if f"{sender} to {way}" not in five)
          and {path for path in lost if path not in five and lost[path] > 0.5} == {"0.1 to queries", "0.1 to values"})
    claim("for the keys of head 1.1, no sender matters more than head 0.2 (intervals apart)",
          all(falling(heard["0.2"]["keys"], heard[sender]["keys"]) for sender in heard if sender != "0.2"))
    claim("the token's embedding costs less than a tenth of a nat through any input and through all three together, by its interval",
          max(high for _, _, high in (*heard["token"].values(), token_to_all)) < 0.1)
    claim("with another draw of the texts no mean of a head differs by more than 0.25 nats",
          max(abs(again[head][way][0] + heard[head][way][0]) for head in again for way in inputs) < 0.25)
    claim("the message that the plan names costs almost five nats", between(fallen.mean().item(), 4.6, 5) and round(fallen.mean().item(), 2) == round(lost["0.2 to keys"], 2))
    claim("head 0.2 looks one back and head 0.3 two back, each with more than three quarters of its attention", min(back[1][2], back[2][3]) > 0.75)
    claim("head 0.0 looks at the current token and at its earlier occurrence, with more than four fifths of its attention together, and at least two fifths each",
          back[0][0] + back[60][0] > 0.8 and min(back[0][0], back[60][0]) > 0.4)  # fmt: skip

# %% [markdown]
# ## 6 · Is it a match?
#
# Path patching shows that the induction head 1.1 reads five messages. It does not show that the head *compares* those in its queries with those in its keys. To test this we take the attention score apart. What the head reads at any position is a sum of seven parts: the token's embedding, the position's, what each of the four heads of the first layer wrote there, and a bias. (A norm divides the sum by one number, which we hold fixed.) A score is query times key, so it is a sum over 49 *pairs*, each one part of the query with one part of the key.
#
# What matters is only how a score compares with the scores of other positions. So we compute the *preference* of a pair: its score at the right position minus its mean score at the other positions, with BOS left out. One unit more multiplies a position's weight in the softmax by $e$, before the weights are divided by their sum. Here is one pair, the copier 0.0 in the query and the previous-token head 0.2 in the key, at the second `le` of the program, where `_f` is right.

# %%
_, cache = model.run_with_cache(tokens)
le_again, first_f = 31, 7  # positions of the second le and of the first _f in the program

def part(head, at):
    """What a head of layer 0 wrote at some positions; as the norm passes it on, less its mean and divided."""
    wrote = cache["z", 0][0, at, head] @ model.W_O[0, head]  # (position, d_model)
    return (wrote - wrote.mean(-1, keepdim=True)) / cache["blocks.1.ln1.hook_scale"][0, at]

query = part(0, slice(le_again, le_again + 1)) @ model.W_Q[1, reader]  # the copier, in the query
keys = part(2, slice(1, le_again + 1)) @ model.W_K[1, reader]  # the previous-token head, in the keys
scores = (query @ keys.mT)[0] / model.cfg.d_head**0.5  # at the positions from 1 on, without BOS
here_f = torch.arange(1, le_again + 1) == first_f  # the right position
preference = scores[here_f].mean() - scores[~here_f].mean()
f"copier in the query, previous-token head in the key: {preference:.1f}"

# %% [markdown]
# The next figure has the scores of this pair at every position, those of one other pair, and the sum of the remaining 47.

# %% figure
at_le = ind.score_parts(model, tokens, length=1, head=reader).score[:, :, 0, le_again, 1 : le_again + 1]
level = at_le - at_le.mean(-1, keepdim=True)  # (part of the query, part of the key, position)
rows = {"copier in the query, previous-token head in the key": level[2, 4],
        "previous-token head in the query, two-back head in the key": level[4, 5]}  # fmt: skip
rows["the other 47 pairs"] = level.sum((0, 1)) - level[2, 4] - level[4, 5]
rows["attention, after the softmax"] = looks_on_program[le_again, 1 : le_again + 1]
fig, axes = plots.figure(4, 1, height=5.4, sharex=True)
places = range(1, le_again + 1)
for ax, (title, values) in zip(axes, rows.items(), strict=True):
    ax.bar(places, values, color=[plots.ANSWER if place == first_f else plots.GREY for place in places])
    ax.axhline(0, color=plots.NULL, linewidth=0.8)
    ax.set_title(title, loc="left", fontsize=10)
    ax.set(ylim=(0, 1) if ax is axes[3] else (-3.2, 4.4), ylabel="share" if ax is axes[3] else "score", xlim=(0.3, le_again + 0.7))
axes[3].set_xticks(places, parts[:le_again], rotation=90, fontsize=9, family="monospace")
axes[3].tick_params(axis="x", length=0)
plots.show(fig, "Bars for the 31 positions: two pairs of parts have their highest bar at _f, and so has the attention.",
           "Where the induction head looks from the second le, and why. The upper three rows add up to the attention score; of each row its mean is taken off, since only differences count. Green: _f, the token after the first le.")  # fmt: skip

# %% [markdown]
# The first pair is highest at `_f`, where the note says “after `le`”. The second is about as high at both `le` as there: this name has two `z` in a row, so that a `z` stands two before each of the three. One comparison alone can be mistaken. Only at `_f` do both agree. Is that so in general? The map has the preference of all 49 pairs, averaged over random tokens instead of taken at one position of the program.

# %% figure
pairs = ind.score_parts(model, clean, length=60, head=1)  # the 16 texts of random tokens
plots.show(
    pairs.plot({"0.0": "copier\n0.0", "0.1": "head\n0.1", "0.2": "previous-\ntoken 0.2", "0.3": "two-back\n0.3"}),
    "A grid of seven by seven pairs, of which two are dark: the copier with the previous-token head, and that with the two-back head.",
    "By how much each pair of parts prefers the right position, in units of the attention score: mean over the repeat in 16 texts of random tokens. "
    "Numbers below 0.3 in size are left out.",
)  # fmt: skip

# %% [markdown]
# Two of the 49 pairs stand out, and they are the two comparisons of the drawing: the copy of the current token is compared with the notes of the token before, and the query's own note of the token before is compared with the two-back notes. Together they make up 87 % of the whole preference. The token's embedding, with which the plan asks, hardly contributes.
#
# **In weights alone.** If the head compares tokens, this can be read off the weights without any text. For a head that reads embeddings, the table $W_E W_Q W_K^\top W_E^\top$ says how much each token looks for each other one; Elhage et al. call it the **QK circuit**. Here two heads stand before it: for each of the 1 024 tokens we compute what the copier writes and what the previous-token head writes, and $W_Q$ and $W_K$ of the induction head turn the two into a table of scores, with a row for each token asked for and a column for each token noted. If the circuit matches tokens, the largest entry of each row lies on the diagonal. At random that happens for one row in 1 024.

# %%
def normed(x):
    x = x - x.mean(-1, keepdim=True)
    return x / x.square().mean(-1, keepdim=True).sqrt()

E, W_OV = normed(model.W_E), model.W_V @ model.W_O
W_QK = model.W_Q[1, reader] @ model.W_K[1, reader].mT
asked, noted = E @ W_OV[0, 0], E @ W_OV[0, 2]  # what copier and previous-token head write for each token
matches = asked @ W_QK @ noted.mT  # (token asked for, token noted)
own = matches.argmax(1) == torch.arange(1024)  # matches its own note best?
f"{own.float().mean():.2f}"

# %% [markdown]
# Of the tokens 0.94 match the note of themselves better than any other, though no text has been read. For the second comparison, too, it is more than nine in ten. Two controls give the **null**, what a measurement gives where there is nothing to find. If we turn all notes by one random rotation, which keeps their lengths and their angles to one another, fewer than one token in 300 matches itself, in each of 20 rotations. And if another head of the second layer reads the same notes, fewer than one in 100 does.
#
# **It copies too.** An induction head must also raise the logit of the token that it finds. The table $W_E W_V W_O W_U$, the **OV circuit**, says which logits looking at a token raises. Here the copier stands before it again, so the table is $E\, W_{OV}^{0.0} W_{OV}^{1.1} W_U$, with the heads' names above and $E$ the embeddings after the norm. An eigenvalue $\lambda$ that is positive belongs to a mixture of tokens that raises its own logits, and the **copying score** of Elhage et al., $\sum \mathrm{Re}\,\lambda / \sum |\lambda|$, is 1 if all of them are positive. This path has a copying score of 0.99. With the copies turned at random the score lies between −0.3 and 0.1, in 20 rotations. (Other paths are in the deeper notebook, section 3.)

# %% claims
source = {"token": E, **{f"0.{head}": E @ W_OV[0, head] for head in range(4)}}
copied = ind.copying_score(source["0.0"], model.W_V[1, reader], model.W_O[1, reader], model.W_U).item()
comparisons = (("0.0", "0.2"), ("0.2", "0.3"))
match = [ind.own_note_first(source[asks], source[note], W_QK) for asks, note in comparisons]
foreign = [ind.own_note_first(source[asks], source[note], model.W_Q[1, one] @ model.W_K[1, one].mT) for asks, note in comparisons for one in (0, 2, 3)]
rng = torch.Generator().manual_seed(0)
turns = [torch.linalg.qr(torch.randn(E.shape[1], E.shape[1], generator=rng))[0] for _ in range(20)]
turned = [max(ind.own_note_first(source[asks], source[note] @ turn, W_QK) for asks, note in comparisons) for turn in turns]
turned_copies = [ind.copying_score(source["0.0"] @ turn, model.W_V[1, reader], model.W_O[1, reader], model.W_U).item() for turn in turns]
best = pairs.largest(2)
rebuilt = pairs.total().masked_fill(~torch.ones(121, 121).tril().bool(), -torch.inf).softmax(-1)
mean = pairs.preference().mean(-1)
with claims():
    claim("the pair computed by hand is what the course computes for it", (scores - at_le[2, 4]).abs().max() < 1e-3)
    claim("the first pair scores highest at _f, and so do the 49 together, and the attention", all(one.argmax() == first_f - 1 for one in (level[2, 4], level.sum((0, 1)), rows["attention, after the softmax"])))
    claim("the three positions where the second pair scores highest are _f and both le, within 0.2 of one another, and two before each stands z",
          level[4, 5].topk(3).values.min() > level[4, 5].max() - 0.2 and {parts[k] for k in level[4, 5].topk(3).indices} == {"_f", "le"} and {parts[k - 2].strip("␣") for k in level[4, 5].topk(3).indices} == {"z"})
    claim("the 49 pairs together give the attention pattern of head 1.1 to one part in ten thousand", (rebuilt - here["pattern", 1][:, 1]).abs().max() < 1e-4)
    claim("the largest pair is head 0.0 with head 0.2 and the second head 0.2 with head 0.3 (intervals apart), and no other is half as large as the second",
          list(best)[:2] == ["0.0 · 0.2", "0.2 · 0.3"] and falling(best["0.0 · 0.2"], best["0.2 · 0.3"])
          and mean.flatten().sort().values[-3] < best["0.2 · 0.3"][0] / 2)
    claim("with the notes turned at random, fewer than one token in 300 matches itself best, for both comparisons and in each of 20 rotations", max(turned) < 1 / 300)
    claim("read by one of the other heads of layer 1, fewer than one token in 100 matches itself best, for both comparisons", max(foreign) < 0.01)
    claim("with what head 0.0 writes turned at random, the copying score of the path lies between −0.3 and 0.1 in each of 20 rotations",
          between(min(turned_copies), -0.3, 0.1) and between(max(turned_copies), -0.3, 0.1))
    claim("these two pairs make up 87 % of the whole preference", round((best["0.0 · 0.2"][0] + best["0.2 · 0.3"][0]) / best["all"][0], 2) == 0.87)
    claim("the token's own embedding in the query contributes less than a twentieth of what head 0.0 does", mean[0].sum() < mean[2].sum() / 20)
    claim("through head 0.0 and head 0.2, and through head 0.2 and head 0.3, more than nine tokens in ten match themselves best, by the first pair 0.94",
          min(match) > 0.9 and round(match[0], 2) == round(own.float().mean().item(), 2) == 0.94)
    claim("the copying score through the copier and the induction head is 0.99", round(copied, 2) == 0.99)  # fmt: skip

# %% [markdown]
# ## 7 · Needed, enough, specific
#
# Let us collect what we have. While the model reads, the previous-token head 0.2 and the two-back head 0.3 leave notes of the token before and of the one before that, and the copier 0.0 leaves a copy of the current token. When a token returns, the induction head 1.1 compares it and its predecessor with these notes, looks where both match, and passes on the copy that the copier has left there. Whether these four heads are the whole of it can be asked in three ways.
#
# - Are they **needed**? Take them away: how much of the behaviour is left?
# - Are they **enough**? Take everything *else* away: how much is left?
# - Are they **specific**? Take them away: what else is lost?
#
# The behaviour's number is the gain from repetition. A head is taken away by *mean ablation* (lesson 0): at each position its output is replaced by its mean over other texts. We give the share of the intact model's gain that is left. A share below 0 means that the repeat is then predicted worse than the block, and a share above 1 that the removal has hurt the block more than the repeat.
#
# First, *enough*. The textbook pair is the previous-token head and the induction head.

# %%
rng = torch.Generator().manual_seed(0)
drawn = ind.repeated_tokens(model.cfg.d_vocab, 64, 60, generator=rng)
blocks, reference = drawn.split([16, 48])
every = [(layer, head) for layer in range(2) for head in range(4)]
intact = ind.repeat_gain(model, blocks, 60)

def kept_by(heads):
    """The share of the gain that is left when all heads but these are set to their means."""
    without = [head for head in every if head not in heads]
    return ind.share_left(ind.repeat_gain(model, blocks, 60, without, reference), intact)

pair = [(0, 2), (1, 1)]
f"the textbook pair alone keeps {kept_by(pair)[0]:.2f} of the gain"

# %% [markdown]
# **The textbook pair alone keeps nothing.** These are the two heads that section 4 had singled out, and each has the score of its role, yet together they cannot do the task at all. Scores say where heads look; they do not say whether these heads are a circuit. So we add the copier, whose copies the queries and the values read, and leave out only the two-back head, whose note serves the match of the second token.

# %% prediction
predict("induction.enough")

# %% figure answer
circuit = [(0, 0), (0, 2), (0, 3), (1, 1)]
sets = {"0.2, 1.1": pair, "0.2, 0.3, 1.1": [(0, 3), *pair]}
sets |= {"0.0, 0.2, 1.1": [(0, 0), *pair], "0.0, 0.2, 0.3, 1.1": circuit}
enough = {name: kept_by(heads) for name, heads in sets.items()}
threes = [[(0, head) for head in three] for three in combinations(range(4), 3)]
others = [[*three, (1, head)] for three in threes for head in range(4)]
best_rival = max(kept_by(heads) for heads in others if heads != circuit)
ind.circuits_alone({tuple(name.split(", ")): share for name, share in enough.items()}).captioned(
    "The share of the gain that is left with the named heads alone, in bold (16 texts), and its 95 % interval (texts resampled). "
    f"Hollow: messages that are missing. The best of the 15 other sets of three heads of layer 0 and one of layer 1 keeps {best_rival[0]:.2f}."
).show()
measured("induction.enough", enough["0.0, 0.2, 1.1"][0])

# %% [markdown]
# With the copier beside the pair about a third of the gain is back, and with the two-back head as well nine tenths. Without the copier the two-back head adds next to nothing, because the induction head asks with copies and passes copies on. No other set of three heads of the first layer and one of the second keeps as much as half.
#
# Next, *needed* and *specific*, for each head alone. Beside random tokens we now use code, where the gain is the loss on new names minus that on repeated ones. For *specific* we need text in which nothing can be looked up, and a new name is not always that: for a fifth of its tokens, the token and the one before it have stood side by side earlier in the window. The table counts these apart, as a *known* and an *unknown* pair.

# %% figure answer
left = {}  # share of the gain left without each head
for layer, head in every:
    gain = ind.repeat_gain(model, blocks, 60, [(layer, head)], reference)
    left[f"{layer}.{head}"] = ind.share_left(gain, intact)
does = {"1.1": "induction head 1.1", "0.2": "previous-token head 0.2", "0.3": "two-back head 0.3", "0.0": "copier 0.0"}
code = ind.name_losses()  # stored
kinds = {"cost: repeated name": "repeated", "cost: new name, known pair": "pair seen", "cost: new name, unknown pair": "pair unseen"}
measures = {head: {"left on random tokens": left[head], "left on code": code.left(head)} | {title: code.cost(head, kind) for title, kind in kinds.items()} for head in left}
shown = {name: measures[head] for head, name in does.items()}
others = [head for head in left if head not in does]
shown["each of the other four"] = {what: "{:.2f} to {:.2f}".format(*(round(most(measures[head][what][0] for head in others), 2) + 0.0 for most in (min, max))).replace("-", "−") for what in measures["1.1"]}
table(shown, corner="without", decimals=2,
      caption="The share of the gain that is left without a head, on random tokens (16 texts) and on code (29 modules, stored), and what its absence costs on the names of the code, in nats per token. Below each number its 95 % interval; the last row gives the lowest and the highest number.")  # fmt: skip

# %% [markdown]
# Without the induction head or the previous-token head next to nothing is left of the gain, on random tokens and on code alike. The copier is needed nearly as much. The two-back head is needed less, and less on code (0.71 left) than on random tokens (0.42). Without any other head most of the gain stays.
#
# Last, *specific*. Where the pair is unknown, nothing can be looked up, and there the model does as well without the induction head as with it, or without the two-back head. So on names these two serve the looking up and nothing else that we can see. (Section 9 asks what the induction head does for other tokens.) (Where the pair is known, a new name is looked up like a repeated one, and its loss without the induction head rises by two nats.) The previous-token head is less specific: without it unknown pairs cost half a nat more, so something else reads its notes too. The copier is not specific at all. Without it even unknown pairs cost more than all that repetition ever gained.
#
# And are the four *enough* on code? Nearly: with them alone the loss on repeated names is 0.74 nats, against 0.45 in the intact model, and with head 0.1 as a fifth it is 0.45 again. With the textbook pair alone it is 7.9, more than for guessing. (New names suffer more, so that the share of the gain is above 1 and tells little here.)

# %% claims
repeated = dict(zip(ind.NAME_RUNS, code.loss(("repeated",)), strict=True))
redrawn = []
for seed in (1, 2):
    rng = torch.Generator().manual_seed(seed)
    drawn_again, means = ind.repeated_tokens(model.cfg.d_vocab, 64, 60, generator=rng).split([16, 48])
    gains = [ind.repeat_gain(model, drawn_again, 60, [head for head in every if head not in heads], means) for heads in (every, *sets.values())]
    redrawn.append([ind.share_left(gain, gains[0])[0] for gain in gains[1:]])
with claims():
    claim("the pair alone keeps −0.02 of the gain, and with the two-back head less than 0.06", enough["0.2, 0.3, 1.1"][0] < 0.06 and round(enough["0.2, 1.1"][0], 2) == -0.02)
    claim("with head 0.0 beside it, it keeps between 0.33 and 0.38; with head 0.3 beside it, less than 0.06; with both, about nine tenths",
          between(enough["0.0, 0.2, 1.1"][0], 0.33, 0.38) and enough["0.2, 0.3, 1.1"][0] < 0.06 and between(enough["0.0, 0.2, 0.3, 1.1"][0], 0.88, 0.93))
    claim("with two other draws of the texts these shares differ by less than 0.03",
          max(abs(a - b[0]) for one in redrawn for a, b in zip(one, enough.values(), strict=True)) < 0.03)
    claim("no other set of three heads and one keeps as much as half", best_rival[0] < 0.5)
    claim("without head 0.2 or without head 1.1, less than a twentieth of the gain is left; without head 0.0 about a seventh, without head 0.3 about two fifths",
          max(left["0.2"][0], left["1.1"][0]) < 0.05 and between(left["0.0"][0], 0.12, 0.16) and between(left["0.3"][0], 0.38, 0.45))
    claim("without any other head at least 0.86 are left", min(left[head][0] for head in left if head not in does) > 0.86)
    claim("on code less than a tenth is left without head 1.1, head 0.2 or head 0.0, by its interval, 0.71 without head 0.3 (0.42 on random tokens), and all of it without any other head",
          max(measures[head]["left on code"][2] for head in ("1.1", "0.2", "0.0")) < 0.1 and round(code.left("0.3")[0], 2) == 0.71 and round(left["0.3"][0], 2) == 0.42
          and min(code.left(head)[0] for head in others) > 0.99)
    claim("for a fifth of the tokens of new names the pair is known", round((code.count[1].sum() / code.count[1:].sum()).item(), 1) == 0.2)
    claim("where the pair is unknown, without head 1.1 or head 0.3 the loss changes by less than 0.05 nats, by the interval; where it is known, without head 1.1 by two nats",
          all(abs(edge) < 0.05 for head in ("1.1", "0.3") for edge in code.cost(head, "pair unseen")[1:]) and round(code.cost("1.1", "pair seen")[0]) == 2)
    claim("where the pair is unknown, head 0.2 costs between 0.45 and 0.65 nats, by its interval, and head 0.0 more than the gain of the intact model",
          code.cost("0.2", "pair unseen")[1] > 0.45 and code.cost("0.2", "pair unseen")[2] < 0.65 and code.cost("0.0", "pair unseen")[1] > code.gain()[0])
    claim("on code the loss on repeated names is 0.45 in the intact model, 0.74 with the four alone, 0.45 with head 0.1 as a fifth and 7.9 with the pair alone, more than the ln 1024 of guessing",
          [round(repeated[run].item(), 2) for run in ("intact", "0.0, 0.2, 0.3, 1.1 alone", "0.0, 0.1, 0.2, 0.3, 1.1 alone")] == [0.45, 0.74, 0.45] and round(repeated["0.2, 1.1 alone"].item(), 1) == 7.9)
    claim("with the four alone the share of the gain on code is above 1", code.left("0.0, 0.2, 0.3, 1.1 alone")[1] > 1)  # fmt: skip

# %% [markdown]
# ## 8 · The puzzle, answered
#
# With the four heads alone the model should still look up the name of the first page, and without the induction head 1.1 it should not. We also put 32 names of random syllables, such as `wovzob_kunmin`, into the same program. For each the gain is the loss on the name's parts when it comes first, minus their loss when it returns, from the second part on.

# %% figure
def expects(without):
    """The probability of each part of the program without some heads."""
    logits = ind.ablate_heads(model, tokens, without, "mean", reference[:, : len(ids)])
    return (-ind.token_losses(logits, tokens)[0]).exp()

five = [(0, 1), *circuit]
but_four, but_five = ([head for head in every if head not in heads] for heads in (circuit, five))
alone, fifth, headless = expects(but_four), expects(but_five), expects([(1, 1)])
programs = ind.invented(model, 32)
bars = {"intact": (late, plots.INK), "the four alone": (alone, plots.HEAD), "the four and\nhead 0.1": (fifth, plots.SERIES[1])}
fig, (ax, dots) = plots.figure(2, 1, height=4.1, height_ratios=[1.1, 1])
again = slice(starts[1] + 1, starts[1] + 8)
for k, (title, (values, colour)) in enumerate(bars.items()):
    ax.bar([place + 0.26 * (k - 1) for place in range(7)], values[again], 0.25, color=colour, label=title)
ax.set_xticks(range(7), parts[again], family="monospace", fontsize=11)
ax.set(xlabel="part of the returning name wozzle_frint", ylabel="probability", ylim=(0, 1.03))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
rows = {"intact": ([], plots.INK), "the four alone": (but_four, plots.HEAD), "the four and head 0.1": (but_five, plots.SERIES[1]),
        "textbook pair alone": ([head for head in every if head not in pair], plots.EDITED), "without the induction head": ([(1, 1)], plots.EDITED)}
for k, (taken, colour) in enumerate(rows.values()):
    worth_each = ind.name_gain(model, programs, taken, reference)
    dots.plot(worth_each, [-k + 0.012 * (n - 15.5) for n in range(32)], ".", color=colour, markersize=4)
dots.axvline(0, color=plots.NULL, linewidth=0.8, linestyle=":")
dots.set_yticks(range(0, -len(rows), -1), list(rows))
dots.set(xlabel="gain from the return of a name (nats)")
plots.show(fig, "Bars for seven parts: with the four heads alone all but r have more than a quarter, with head 0.1 as well r too. Dots for 32 names: the four alone gain nearly as much as the intact model, the pair or the model without the induction head next to nothing.",
           "Above: the probability of the parts of the name when it comes for the second time, after its w. "
           "Below: 32 invented names, a dot for each. All heads that are taken away are set to their means over random tokens.")  # fmt: skip

# %% [markdown]
# Without the induction head no part has a probability above a tenth: the model can no longer look the name up. With the four heads alone, six of the seven parts have more than a quarter, so what was found on random tokens reads the program too. But one part is lost, `r`, and what it lacks is head 0.1: with it as a fifth head `r` has 0.97, with any of the other three in its place less than 0.15. It helps on two ways. One goes through the values of the induction head, which looks at the first `r`, where head 0.1 looks at the token itself. The other goes straight to the logits, from the current token `_f`, without any look-up. Each way alone gives `r` about one half, and both together nine tenths, nearly all that the fifth head brings.
#
# The 32 names agree. In each of them the four heads alone gain more than one half of what the intact model gains, and the textbook pair less. In the mean the four keep more than four fifths, and more than nine tenths with head 0.1 as a fifth; the pair keeps less than a tenth.

# %% claims
whole = ind.name_gain(model, programs)
ways = {f"{title} alone": [head for head in every if head not in heads] for title, heads in sets.items()} | {"five alone": but_five}
each_name = {title: ind.name_gain(model, programs, taken, reference) for title, taken in ways.items()}
on_names = {title: ind.share_left(gain, whole) for title, gain in each_name.items()}
four_on_names = on_names["0.0, 0.2, 0.3, 1.1 alone"]
f_again = le_again + 1  # position of the second _f

means = reference[:, : len(ids)]
own = (cache["z", 0][:, :, 1] - model.run_with_cache(means)[1]["z", 0][:, :, 1].mean(0)) @ model.W_O[0, 1]  # of head 0.1, against its mean

def expects_r(*paths):
    """The probability of r with the four alone, when what head 0.1 writes reaches "v", the values of head 1.1, or "logits"."""
    stream = []
    def values(old, hook):
        if "v" in paths:
            old[:, :, 1] = model.blocks[1].ln1(stream[0] + own) @ model.W_V[1, 1] + model.b_V[1, 1]
        return old
    hooks = [("blocks.1.hook_resid_pre", lambda x, hook: stream.append(x)), ("blocks.1.attn.hook_v", values),
             ("blocks.1.hook_resid_post", lambda x, hook: x + own * ("logits" in paths))]
    logits = model.run_with_hooks(tokens, fwd_hooks=[*ind.ablation_hooks(model, but_four, "mean", means), *hooks])
    return (-ind.token_losses(logits, tokens)[0]).exp()[f_again].item()

reached = {paths: expects_r(*paths) for paths in ((), ("v",), ("logits",), ("v", "logits"))}
with claims():
    claim("there are 32 names, and wovzob_kunmin is one of them", len(programs.names) == 32 and "wovzob_kunmin" in programs.names)
    claim("the four alone keep more than four fifths, by the interval, and no other set of section 7 keeps a third",
          four_on_names[1] > 0.8 and max(on_names[f"{title} alone"][0] for title in sets if sets[title] != circuit) < 1 / 3)
    claim("the textbook pair alone keeps less than a tenth", on_names["0.2, 1.1 alone"][2] < 0.1)
    claim("with head 0.1 as a fifth more than nine tenths are left, more than with the four (intervals apart)",
          on_names["five alone"][1] > 0.9 and falling(on_names["five alone"], four_on_names))
    claim("in each of the 32 names the four alone gain more than half of what the intact model gains, and the textbook pair less",
          (each_name["0.0, 0.2, 0.3, 1.1 alone"] > whole / 2).all() and (each_name["0.2, 1.1 alone"] < whole / 2).all())
    claim("with the four alone r has 0.08; what head 0.1 writes brings it to between 0.4 and 0.6 through the values of head 1.1 alone, likewise straight to the logits alone, and to about nine tenths by both",
          round(reached[()], 2) == 0.08 and between(reached[("v",)], 0.4, 0.6) and between(reached[("logits",)], 0.4, 0.6) and between(reached[("v", "logits")], 0.87, 0.93))  # fmt: skip

# %% [markdown]
# **`w` and `␣w` are different tokens, and the second `quab` comes after a space, not after a bracket.** How does the induction head find these? The answer lies in the table of section 6. Each of its rows belongs to a token that is asked for, and says how well the note of *every* token matches. Here are the rows of `w` and of the single space.

# %% figure
w_id, space_id, bracket = (model.tokenizer.encode(text, add_special_tokens=False)[-1] for text in ("w", " ", "f("))
rows_of = {"w": (w_id, matches[w_id].topk(5).indices.tolist()), "␣": (space_id, matches[space_id].topk(8).indices.tolist())}
space, qu = 17, 11  # positions of the space after return, and of the first qu
logits, cache = model.run_with_cache(tokens)
ant = logits[0, space + 1].argmax().item()
vote = (model.W_U[:, ids[qu + 1]] - model.W_U[:, ant]) / cache["ln_final.hook_scale"][0, space + 1]
vote = vote - vote.mean()  # as the last norm takes the mean off
said = {f"{layer}.{head}": (cache["z", layer][0, space + 1, head] @ model.W_O[layer, head] @ vote).item() for layer, head in every}
lead = (logits[0, space + 1, ids[qu + 1]] - logits[0, space + 1, ant]).item()
votes = {"induction\nhead 1.1": said["1.1"], "other heads\nof layer 1": sum(said[f"1.{head}"] for head in (0, 2, 3)), "copier 0.0": said["0.0"], "head 0.1": said["0.1"]}
votes["all the rest"] = lead - sum(votes.values())
fig, axes = plots.figure(1, 3, height=2.5, width_ratios=[1, 1, 1.25])
for ax, (title, (asked_id, notes)) in zip(axes, rows_of.items(), strict=False):
    score = matches[asked_id] / matches[asked_id, asked_id]
    wanted = bracket if asked_id == space_id else ids[starts[0] + 1]
    ax.barh(range(len(notes)), score[notes], color=[plots.NOTE if note == wanted else plots.GREY for note in notes])
    ax.set_yticks(range(len(notes)), [visible(model.tokenizer.decode([note])) for note in notes], family="monospace")
    ax.set(title=f"asked for: {title}", xlabel="score of the note,\nits own = 1", ylabel="note of")
axes[2].barh(list(votes), votes.values(), color=[plots.HEAD if value > 0 else plots.EDITED for value in votes.values()])
axes[2].axvline(0, color=plots.NULL, linewidth=0.8)
axes[2].set(title="at the second qu", xlabel="for ab (right)\nor ant (left)")
for ax in axes:
    ax.invert_yaxis()
plots.show(fig, "Asked for w, the notes of tokens with a w score highest; asked for a space, those of spaces, and the bracket comes eighth. At the second qu the induction head votes for ab; the copier and head 0.1 vote for ant, together more than twice as strongly.",
           "Left and middle: the notes that score highest when the induction head asks for w (five) and for a single space (eight). "
           "Orange: the note that is there in the program. Right: what each head adds, at the second qu, directly to the logit of ab minus that of ant; "
           f"the rest are the other two heads of layer 0, embeddings and biases. The sum is {lead:.1f}.".replace("-", "−"))  # fmt: skip

# %% [markdown]
# When the induction head asks for `w`, the five notes that score highest are all of a w, small or capital, with at most one sign before it. The best of them is that of `␣w`: `w` is one of the few tokens whose own note is not the best. So the second `w` finds the note of `␣w`, and this comparison is the largest of the 49 there, too. When the head asks for a space, notes of spaces and of tokens that begin with white space score highest, and that of the bare bracket comes eighth, with more than six tenths of a space's own. That is enough in this program, where no token before has left a better note. So from the space after `return` the head finds the first `qu`, and without the head the prediction of `qu` is gone.
#
# One step later, at the second `qu`, the induction head finds `ab` as well and votes for it, which means that it raises the logit of `ab` above that of `ant`. Still the model prefers `ant`, which would make `quant`, as in `quantity`. The votes for it come from the copier and head 0.1, which write straight to the logits too, and together they are more than twice as strong. Both look at nothing but the token `qu`, so they cannot know what followed it the first time. If we set these two direct votes to their means, `ab` wins, with more than one half. The look-up works here as it did with the name, and is outvoted.

# %% claims
best_notes = {title: [model.tokenizer.decode([i]) for i in notes] for title, (_, notes) in rows_of.items()}
r = first_f + 1  # position of the first r
r_with = {head: expects([one for one in but_four if one != head])[f_again].item() for head in but_four}  # a fifth head
usual = model.run_with_cache(reference[:, : len(ids)])[1]["z", 0][:, space + 1].mean(0)  # (head, d_head)
without_votes = cache["resid_post", 1][0, space + 1] - sum((cache["z", 0][0, space + 1, head] - usual[head]) @ model.W_O[0, head] for head in (0, 1))
then = (model.ln_final(without_votes[None, None]) @ model.W_U + model.b_U)[0, 0].softmax(-1)
at_w = ind.score_parts(model, tokens, length=1, head=reader).score[:, :, 0, starts[1] + 1, 1 : starts[1] + 2]
at_o = (at_w - at_w.mean(-1, keepdim=True))[:, :, starts[0] + 1]  # at the o after the first w
with claims():
    claim("from r head 0.1 looks at r itself", model.run_with_cache(tokens)[1]["pattern", 0][0, 1, r, r] > 0.95)
    claim("without head 1.1 no part after the w has a probability above a tenth", headless[again].max() < 0.1)
    claim("with the four heads alone six of the seven parts have more than a quarter; r has 0.08, and 0.96 in the intact model",
          (alone[again] > 0.25).sum() == 6 and round(alone[f_again].item(), 2) == 0.08 and round(late[f_again].item(), 2) == 0.96)
    claim("with head 0.1 as fifth head r has 0.97, with any of the other three less than 0.15",
          round(r_with[0, 1], 2) == 0.97 and max(r_with[head] for head in r_with if head != (0, 1)) < 0.15)
    claim("the five best notes for w are all a w, with at most one mark before it, first that of ␣w, then its own",
          best_notes["w"][:2] == [" w", "w"] and all(note.lower()[-1] == "w" and len(note) <= 2 and not note[:-1].isalpha() for note in best_notes["w"]))
    claim("the seven best notes for the single space begin with white space, the best is its own, and the eighth is that of (",
          all(note[0].isspace() for note in best_notes["␣"][:7]) and best_notes["␣"][0] == " " and best_notes["␣"][7] == "(")
    claim("for the single space the note of ( has more than 0.6 of its own, and ( is what stands before the first qu", 0.6 < matches[space_id, bracket] / matches[space_id, space_id] < 1 and ids[qu - 1] == bracket)
    claim("at the second w the largest of the 49 pairs for the o after the first is the copier with the previous-token head, and o gets the highest score",
          at_o.flatten().argmax() == 2 * 7 + 4 and at_w.sum((0, 1)).argmax() == starts[0] + 1)
    claim("with the direct votes of head 0.0 and head 0.1 at their means ab comes first, with more than one half", then.argmax() == ids[qu + 1] and then.max() > 0.5)
    claim("of the tokens before the space none has a better note for it than (, and none is a single space",
          max(matches[space_id, token] for token in ids[1:space]) <= matches[space_id, bracket] and space_id not in ids[:space])
    claim("_f has 0.65 with the four alone and 0.93 in the intact model", (round(alone[le_again].item(), 2), round(late[le_again].item(), 2)) == (0.65, 0.93))
    claim("head 1.1 gives qu 0.71 of its attention from the space, and without head 1.1 qu has a probability below 1 %",
          round(looks_on_program[space, qu].item(), 2) == 0.71 and headless[space] < 0.01)
    claim("from the first part of quab head 1.1 gives the second more than 0.6 of its attention; the most probable token there is ant",
          looks_on_program[space + 1, qu + 1] > 0.6 and model.tokenizer.decode([ant]) == "ant")
    claim("there head 1.1 votes for ab by more than 3, and head 0.0 and head 0.1 each vote for ant, together more than twice as strongly; no other part of the figure does",
          said["1.1"] > 3 and max(said["0.0"], said["0.1"]) < 0 and said["0.0"] + said["0.1"] < -2 * said["1.1"]
          and min(votes["other heads\nof layer 1"], votes["all the rest"]) > 0)
    claim("these two heads look there at nothing but the two qu, with more than 0.99 of their attention",
          all(cache["pattern", 0][0, head, space + 1, [qu, space + 1]].sum() > 0.99 for head in (0, 1)))
    claim("the votes of all parts together are what the model says",
          abs(sum(said.values()) + ((cache["embed"][0, space + 1] + cache["pos_embed"][0, space + 1] + model.b_O.sum(0)) @ vote).item() - lead) < 1e-3)  # fmt: skip

# %% [markdown]
# ## 9 · How far this goes
#
# **How much of in-context learning is it?** Olsson et al. propose that induction heads bring about most of it, on evidence that they call causal for small models of attention alone and correlational for large ones. In the code model we set the induction head 1.1 to its mean and measure the loss on tokens late in a window twice, first when the model sees only the eight tokens before each of them, and then when it sees the whole window. The difference is the gain from context further back than eight tokens (a stored result).

# %% prediction
predict("induction.remains")

# %% figure answer
context = ind.context_gain()
left_of = {n: context.remaining("1.1", n) for n in (4, 8, 16, 32)}
plots.show(
    context.plot({"1.1": "without induction\nhead 1.1", "1.2": "without head 1.2"}),
    "The share of the gain left without the induction head falls from below a third to zero as the context lies further back; without head 1.2 it stays near one.",
    "The share of the intact model's gain that is left without a head, for context further back than so many tokens; bars: 95 % "
    "interval, modules resampled. Each mark doubles the distance. Head 1.2, of the same layer, is for comparison.",
)  # fmt: skip
measured("induction.remains", left_of[8][0])

# %% [markdown]
# In this model the use of distant context goes through the induction head, since beyond 32 tokens next to nothing of the gain is left without it. Nearer context is used in other ways as well. And the induction head does not do it alone: without the previous-token head that it reads, no more is left at any of the four distances.
#
# **A perfect score from the wrong mechanism.** A head can match prefixes perfectly, and its model can be right throughout a test, without reading anything. We write one, in a model with a *single* layer, that looks 15 positions back, whatever token is there.

# %%
layout = ind.subspaces(64, 65, "next")
counts = ind.HeadPlan("position", "position", "token", "next", shift=-15, sharpness=20)
clock = ind.build(layout, [[counts]], unembed="next")

# %% figure
lengths, rng = range(8, 32), torch.Generator().manual_seed(3)
blocks_of = {n: ind.repeated_tokens(64, 100, n, distinct=True, generator=rng) for n in lengths}
by_length = {title: [ind.repeat_accuracy(ind.run(w, t).logits, t, n).min().item() for n, t in blocks_of.items()]
             for title, w in {"counts 15 back,\nby hand": clock, "one layer, trained": flat.weights, "two layers, trained\n(the worse of two)": live.weights}.items()}  # fmt: skip
by_length["one layer, trained on\n16 to 31 (better of two)"] = ind.long_blocks().amax(0).tolist()  # stored
fig, ax = plots.figure(height=2.7)
for (title, values), colour in zip(by_length.items(), (plots.EDITED, plots.GREY, plots.INK, plots.SERIES[1]), strict=True):
    ax.plot(lengths, values, color=colour, label=title)
ax.set(xlabel="length of the block in the test", ylabel="accuracy on the repeat", ylim=(-0.03, 1.03))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(fig, "Accuracy against block length: a spike at 16 for the counting head, a low spike at 24 for one layer, above three quarters everywhere for two layers, below a sixth for one layer that was trained on long blocks alone.",
           "Four kinds of models tested with blocks of every length from 8 to 31 (100 texts each, 32 for the stored one).")  # fmt: skip

# %% [markdown]
# With blocks of 16 the counting head passes for a perfect induction head, and with any other length it fails. The trained model with one layer gives itself away in the same manner: in section 3 it had reached a third, with blocks of 24, and at every other length it stays below a fifth. Why at 24? In training a block comes over and over, so that the token 24 places before the one to be predicted is right for blocks of 24, and also for those of 12 and 8. Over all lengths that it was trained on, no distance is right at more places. (A test text has two blocks only: in blocks of 12 or 8 nothing stands so far back, and the habit does not help.) And models of one layer that are trained on blocks of 16 to 31 alone, none of which fits into another twice, have no such spike (a stored result of two seeds). The models with two layers stay above three quarters at every length. So a score at one length cannot tell a head that reads from a head that goes by distance, while a test with several lengths can.
#
# **Other models.** The circuit was found in one training run of one small model, whose training text had mostly renamed names. `code-4l`, trained on code as it is, has no head that gives half of its attention to the token after the earlier occurrence, and yet the return of an invented name is worth nearly as much to it (deeper notebook, section 10). GPT-2 small has several induction heads (Wang et al. 2022). So a model can look names up without one strong induction head.

# %% claims
shares = {n: context.remaining("1.1", n) for n in (4, 8, 16, 32)}
at = {title: dict(zip(lengths, values, strict=True)) for title, values in by_length.items()}
by_hand, one_layer, two_layers, long_only = at.values()
only = ind.run(clock, blocks_of[16])
# one text of 63 tokens for each length of the block: a distance is right at every place that it can reach back from, if the length divides it
right_at = {back: sum(63 - back for n in range(8, 32) if back % n == 0) for back in range(1, 63)}
larger = zoo.load("code-4l", "cpu").requires_grad_(False)
with claims():
    claim("beyond 32 tokens less than 0.05 is left without head 1.1, by its interval", shares[32][2] < 0.05)
    claim("beyond 4, 8 and 16 tokens between a tenth and a third is left, less the further back", 1 / 3 > shares[4][0] > shares[8][0] > shares[16][0] > 0.1)
    claim("without head 1.2 at least nine tenths are left at every distance", all(context.remaining("1.2", n)[0] > 0.9 for n in shares))
    claim("without head 0.2 no more is left than without head 1.1, beyond 4, 8, 16 and 32 tokens", all(context.remaining("0.2", n)[0] <= context.remaining("1.1", n)[0] for n in shares))
    claim("with blocks of 16 the head that counts is always right and has a prefix-matching score above 0.99; at every other length it is right less than one time in ten",
          by_hand[16] == 1 and ind.prefix_matching_score(only.pattern, 16).item() > 0.99 and max(by_hand[n] for n in lengths if n != 16) < 0.1)
    claim("the trained model with one layer does best at 24, and at every other length stays below a fifth",
          max(one_layer, key=one_layer.get) == 24 and max(one_layer[n] for n in lengths if n != 24) < 0.2)
    claim("each trained model with two layers stays above three quarters at every length", min(two_layers.values()) > 0.75)
    claim("with blocks of 16 to 31 alone a model of one layer stays below a sixth at every length", max(long_only.values()) < 1 / 6)
    claim("looking back by 24 is right at more places of the training texts than looking back by any other distance", max(right_at, key=right_at.get) == 24)
    claim("code-4l was trained on code as it is, and no head of it has a prefix-matching score above one half",
          zoo.card("code-4l")["data"]["transformation"] == "none" and ind.head_scores(larger, length=50).prefix.max() < 0.5)
    claim("the gain from the return of an invented name is more than nine tenths of that of code-attn-2l", ind.name_gain(larger, ind.invented(larger, 32)).mean() > 0.9 * whole.mean())  # fmt: skip

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "One head of one layer cannot complete A B … A → B", "evidence": "a proof, by four texts",
     "control": "two heads of one layer can (deeper notebook)", "where it fails": "many heads in one layer: a matter of size"},
    {"claim": "A previous-token head and an induction head are a plan that works",
     "evidence": "weights written by hand, right at every length from 2 to 32", "control": "a head that counts: right at one length",
     "where it fails": "blocks in which a token occurs twice (deeper notebook, section 8)"},
    {"claim": "Two layers learn the task within 600 steps only if the keys of the second can read the first",
     "evidence": "training with deaf keys, and one layer with smeared keys", "control": "deaf queries; one layer; two layers",
     "where it fails": "shown for small toys, four seeds, 600 steps"},
    {"claim": "In code-attn-2l four heads match two tokens and copy", "evidence": "twelve messages; scores taken apart; "
     "weights from end to end; the four alone are nearly enough, on random tokens and on invented names",
     "control": "15 other sets of heads; notes turned at random or read by other heads", "where it fails": "one model; repeated names in code, as the r of the puzzle, need head 0.1 as well"},
    {"claim": "On names the induction head serves the look-up alone, the copier does not", "evidence": "what each costs on names in code",
     "control": "new names whose pair of tokens is unknown", "where it fails": "one model"},
    {"claim": "In code-attn-2l distant context goes through the induction head, nearer context only in part", "evidence": "without it nearly none of the gain from context beyond 32 tokens is left",
     "control": "another head of its layer; the previous-token head, which it reads, is needed as much", "where it fails": "one model, trained on text with renamed names"},
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
# Now the exercises: `course start 03`, then `my/03_induction.ipynb`. They end with three sealed models that are made for you alone.

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
# - null: what a measurement gives where there is nothing to find.
# - needed: without these heads, the behaviour goes.
# - enough: with these heads alone, the behaviour stays.
# - specific: without these heads, the behaviour goes and little else.

# %% [markdown]
# # Induction heads
#
# **A puzzle.** A small model has read Python and little else. Now it reads this program:
#
# ```python
# def wozzle_frint(quab):
#     return quab + 1
#
# print(wozzle_frint(3))
# ```
#
# We made the name up. When it comes for the first time, the model gives its parts almost no probability, as it should. When it comes for the second time, the model expects most of those after its first. No weight has changed in between.
#
# The figure shows the probability that the model gives to every token before it sees it, at two moments of the same training. After 1 000 steps it cannot do this at all. At the end, after 4 340 steps, it can.

# %% setup

# %% figure
from itertools import combinations

import torch
from IPython.display import display

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
plots.show(ind.expected(parts, chance), "Probability of each token of a program: at the end most parts of the returning name are expected.",
           "The probability that the model gives to each token of the program. Shaded: the invented name, both times. Orange marks: the two w and the two qu, to which the lesson returns.")  # fmt: skip

# %% claims
from course_utils.page import about, between, card, claim, claims, draw, falling, measured, predict, table

early, late = (chance[when] for when in chance)
name = {when: [chance[when][k + 1 : k + 8] for k in starts] for when in chance}  # the seven parts after the w
quab = [k for k, part in enumerate(parts) if part == "qu"]
with claims():
    claim("the figure marks two w and two qu", (len(starts), len(quab)) == (2, 2))
    claim("the first time, the mean probability of the seven parts after the w is below 5 % at both moments",
          max(name[when][0].mean() for when in name) < 0.05)
    claim("the second time it is still below 5 % after 1 000 steps, and 0.58 at the end",
          name["after 1 000 steps"][1].mean() < 0.05 and round(late[starts[1] + 1 : starts[1] + 8].mean().item(), 2) == 0.58)
    claim("at the end four of the seven parts have a probability above one half", (late[starts[1] + 1 : starts[1] + 8] > 0.5).sum() == 4)
    claim("the w itself has a probability below 1 %, both times and at both moments",
          max(values[starts].max() for values in chance.values()) < 0.01)
    claim("the two w are different tokens", ids[starts[0] + 1] != ids[starts[1] + 1])
    claim("when quab returns, its first part has 0.88 and its second 0.06",
          [round(late[quab[1] + k].item(), 2) for k in (0, 1)] == [0.88, 0.06])  # fmt: skip

# %% [markdown]
# Over the seven parts after the `w`, the mean probability the second time is 0.58. The `w` itself is as improbable as ever: the model did not foresee *that* the name would come. Once the name has begun, it knows what comes *next*. Two details return at the end. The first `w` has a space before it (␣) and the second has none, so that they are two different tokens. The argument `quab` behaves the other way round: when it returns, its first part `qu` has a probability of 0.88 and its second part `ab` only 0.06.
#
# How does a network with fixed weights pick up a name while it reads? Large language models do more of this when they learn a task from examples in the prompt. It is called **in-context learning**, and looking up what came before is a simple form of it. At the end of this lesson you can find the responsible part in a model that you have not seen, write it by hand, take it out, and say which other parts it needs.

# %% [markdown] contents
# You need lesson 0: the residual stream, hooks, attention heads, ablation and path patching. The exercises take about three and a half hours (an estimate, from trials). The second notebook of this lesson may be skipped.

# %% [markdown]
# The lesson follows Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), and Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895). The figures are computed while this notebook runs. Results that are too heavy for that are loaded from files, which scripts make again; the text calls them stored.

# %% [markdown]
# ## 1 · One head is not enough
#
# A name that returns is a case of a general pattern: `… A B … A → B`. B followed A once, and when A comes again, the model should predict B. Completing this pattern, for any A and any B, is called **induction**.
#
# Could one attention head do it? Take the plainest transformer: one layer of attention, no norm, no biases. The last token of the text, call it $q$, looks at all tokens $s$ up to itself. Each of them gets a share of the attention, and the head adds something to the output that depends on the token it looks at:
#
# $$\text{logits} \;=\; W_E[q]\,W_U \;+\; \sum_{s} A(q, s)\; W_E[s]\,W_V W_O W_U .$$
#
# Two tables of tokens decide everything. How much attention $q$ gives to $s$ comes from the **QK circuit**, $W_E W_Q W_K^\top W_E^\top$, which has a row for each $q$ and a column for each $s$. What looking at $s$ adds to the logits comes from the **OV circuit**, $W_E W_V W_O W_U$.
#
# For `A B … A → B` the head would have to look from A at B *because A stood before it*. The QK circuit has an entry for the pair (A, B). It has no entry for "B, with an A in front of it". Here is the smallest case in which that is fatal. Four texts end in A. In the first two, B came after A; in the last two, D came after A.
#
# | | place 1 | place 2 | place 3 | place 4 | last | right answer |
# |---|---|---|---|---|---|---|
# | (i) | A | B | C | D | A | B |
# | (ii) | C | D | A | B | A | B |
# | (iii) | C | B | A | D | A | D |
# | (iv) | A | D | C | B | A | D |
#
# No single head gets all four right, whatever its size and weights, and even if it knows positions. The proof has three steps.
#
# 1. *The sign of a sum.* Let $s_j$ be the attention score of place $j$ and $v_j$ what that place contributes to the logit of B minus that of D. The head's advantage for B is $\big(\sum_j e^{s_j} v_j\big) \big/ \big(\sum_j e^{s_j}\big) + c$, where $c$ is what the embedding of the last token adds without any attention. The last token is among the places it looks at; it is A in all four texts. Multiply by the denominator, which is positive: the sign is that of $\sum_j e^{s_j} (v_j + c)$. Each term of this sum depends on one place and its token, and on nothing else.
# 2. *The same terms twice.* Read the table down its columns. At place 1 the texts (i) and (ii) have A and C; the texts (iii) and (iv) have C and A. At place 2 they have B and D, and B and D; it is the same at places 3 and 4, and the last place is always A. So the sums for (i) and (ii) together consist of the same terms as the sums for (iii) and (iv) together.
# 3. *The contradiction.* In (i) and (ii) B is right, so both sums must be positive. In (iii) and (iv) D is right, so both must be negative. The two totals are equal, and cannot be both.
#
# We try to refute the argument with a hundred thousand heads with random scores and contributions, and as many pairs of heads.

# %%
A, B, C, D = range(4)
texts = torch.tensor([[A, B, C, D], [C, D, A, B], [C, B, A, D], [A, D, C, B]])
sign = torch.tensor([1, 1, -1, -1])  # is B right, or D?

def right_of_four(heads, n=100_000):
    """The share of n random one-layer models that get 0, 1, … 4 of the four texts right."""
    # score and value: model, head, place, token
    score, value = 4 * torch.randn(2, n, heads, 4, 4, generator=rng)
    place = torch.arange(4)
    attention = score[..., place, texts].softmax(-1)  # model, head, text, place
    advantage = (attention * value[..., place, texts]).sum((1, 3))
    advantage = advantage + torch.randn(n, 1, generator=rng)  # the last token by itself
    return torch.bincount((sign * advantage > 0).sum(1), minlength=5) / n

# %%
rng = torch.Generator().manual_seed(0)
count = {f"{heads} head{'s' * (heads > 1)}": right_of_four(heads) for heads in (1, 2)}
told = "The share of 100 000 random one-layer models that get so many of the four right."
table(count, columns=("none right", "1", "2", "3", "all 4 right"), decimals=4, caption=told)

# %% claims
with claims():
    claim("no random head gets all four right", count["1 head"][4] == 0)
    claim("some random pairs of heads do", count["2 heads"][4] > 0)

# %% [markdown]
# Two heads side by side can do it for these four places, in a roundabout way (deeper notebook). The price is size: Sanford, Hsu and Telgarsky 2024 prove that one layer must be exponentially larger for this task than two ([arXiv 2408.14332](https://arxiv.org/abs/2408.14332)). In section 3 we train one and see how far it gets.

# %% [markdown]
# ## 2 · Build one by hand
#
# With two layers there is a plan.

# %% figure
draw.induction_circuit(previous="P", induction="I")

# %% [markdown]
# A **previous-token head** (P) in the first layer looks one position back and writes what it finds there into the residual stream. We call what it writes a *note*: a vector that means "the token before me was A". An **induction head** (I) in the second layer compares the current token with these notes. It attends to the token *after* the earlier occurrence of the current one, and copies it. Looking at the earlier occurrence itself would give it the wrong token to copy.
#
# The second head reads, with its keys, what the first head has written, which Elhage et al. call **K-composition**. A head has three inputs, and a head before it can be read through any of them: through its *queries* (what it searches for), its *keys* (what each place offers) or its *values* (what is copied).
#
# A plan that is understood can be written down as weights. Give everything a block of dimensions of its own in the residual stream: `token` and `position`, one-hot, written by the embeddings; `previous` for the notes; `next` for the answer, from which the logits are read. A head is then four choices:
#
# | | query reads | key reads | copies from | to | |
# |---|---|---|---|---|---|
# | previous-token head | `position`, one back | `position` | `token` | `previous` | $W_Q$ shifts by one, the other three copy |
# | induction head | `token` | `previous` | `token` | `next` | all four copy |
#
# $W_Q$, $W_K$ and $W_V$ have shape (d_model, d_head), and $W_O$ has shape (d_head, d_model). Each holds one block that copies or shifts, and zeros elsewhere. One number is left: the scale of $W_Q$. We call it the **sharpness** $\beta$. It is the attention score of a match, where everything else scores 0; after the softmax a match has $e^\beta$ times the weight of anything else. (Scores are divided by $\sqrt{d_\text{head}}$ before the softmax, so $W_Q$ carries $\beta\sqrt{d_\text{head}}$.)

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
fig, axes = plots.figure(1, 3, height=4.0, sharey=True)
ticks = ["BOS", *"abc", *"012345", "BOS", *"abc", "BOS", *"abc"]
for ax, stream, title in zip(axes, streams, ("embedded", "after the first head", "after the second"), strict=True):
    plots.heatmap(ax, stream, signed=False, limit=1, bar=False, aspect="auto")
    ax.set_xticks(range(18), ticks, fontsize=8, rotation=90)
    for place in layout.sizes:
        middle = (layout[place].start + layout[place].stop - 1) / 2
        ax.text(middle, -0.75, place, ha="center", fontsize=8)
        ax.axvline(layout[place].start - 0.5, color=plots.NULL, linewidth=1)
    ax.set_title(title, pad=18)
axes[0].set_yticks(range(6), ["BOS", "a", "b", "c", "a", "b"])
axes[0].set(ylabel="token at the position")
ring = dict(marker="o", markersize=11, clip_on=False, zorder=9, fillstyle="none", markeredgewidth=2, linestyle="")
axes[1].plot(layout["previous"].start + 2, 3, color=plots.NOTE, **ring)
axes[2].plot(layout["next"].start + 3, 5, color=plots.ANSWER, **ring)
plots.show(
    fig, "The residual stream in three panels: tokens and positions; then notes of the token before; then the answers.",
    "The whole residual stream for BOS a b c a b: a row for each position, a column for each dimension; dark is 1, white "
    "is 0. Orange ring: in the row of c, the first head has noted b. Green ring: the last row (b) searches for that note, "
    "finds it at c, and c is written into its `next`. In the rows of the first a, b and c nothing matches, so the second "
    "head spreads its attention evenly over all that it sees; that is the pale wedge.",
)  # fmt: skip

# %% claims
note, answer = streams[1][:, layout["previous"]], streams[2][:, layout["next"]]
with claims():
    claim("every position but BOS carries a note of the token before it", note.argmax(-1)[1:].tolist() == [0, 1, 2, 3, 1])
    claim("after the second a the answer is b, after the second b it is c", answer[4:].argmax(-1).tolist() == [2, 3])

# %% [markdown]
# The plan never mentions a length, so it must work at every length that fits into the context. We test it as we shall test every model in this lesson: a starting token (**BOS**), a block of random tokens, and the same block again, the *repeat*. For models written by hand the tokens of a block are all different. In random text no token can be foreseen, except by the repetition, and the first token of the repeat not even by that. So both measures of this lesson start at the second. The **accuracy on the repeat** is the share of its tokens, from the second on, that the model ranks first. The **gain from repetition** is the mean loss on the block minus the mean loss on the repeat, from its second token on, in nats: what it is worth to the model that the block came before.
#
# How sharp must the induction head be? Let the previous-token head be as sharp as you like, and give the induction head the sharpness $\beta$. There are up to 64 places to look at, and one is right.

# %% prediction
predict("induction.sharpness")

# %% answer
rng = torch.Generator().manual_seed(1)
betas = (0.1, 0.3, 0.5, 0.6, 0.68, 0.71, 0.8, 1.0, 4.0, 20.0)
right = {f"β = {beta}": {} for beta in betas}
for beta in betas:
    verdict = ind.judge(ind.hand_built(40, 65, (20.0, beta)), lengths=[4, 16, 32])
    right[f"β = {beta}"] = {f"blocks of {n}": share for n, share in verdict.accuracy.items()}
lowest = {beta: min(right[f"β = {beta}"].values()) for beta in betas}
threshold = min(beta for beta in betas if lowest[beta] == 1)
told = "Accuracy on the repeat, for three lengths of the block (32 texts each)."
display(table(right, decimals=2, caption=told))
measured("induction.sharpness", f"about {threshold:.1f}")

# %% claims
highest = {beta: max(right[f"β = {beta}"].values()) for beta in betas}
every = ind.judge(ind.hand_built(40, 65), lengths=range(2, 33))
with claims():
    claim("at β = 0.68 it is never right and at β = 0.71 always, at all three lengths", highest[0.68] == 0 and lowest[0.71] == 1)
    claim("with β = 20 it makes no mistake at any length from 2 to 32", min(every.accuracy.values()) == 1)

# %% [markdown]
# A pencil predicts the result. Before normalising, the right place has weight $e^\beta$ and every other place has weight $e^0 = 1$. Each place adds its weight to the logit of its own token. All tokens of a block are different, so the right token has come once so far and is supported by one place, with $e^\beta$. A token that has come twice is supported by two places with weight 1 each. The current token is always such a one.
#
# <details><summary>The answer</summary>
#
# The right token wins exactly if $e^\beta > 2$. The threshold is $\ln 2 \approx 0.69$, whatever the length: a match needs only a little more than twice the weight of any other place. In the table the model is never right at $\beta = 0.68$ and always at 0.71.
#
# </details>
#
# If tokens may occur twice *within* a block, no sharpness is enough: because two notes are then equally good matches.

# %% claims
rng, doubled = torch.Generator().manual_seed(2), {}
for length in (4, 16, 32):
    test = ind.repeated_tokens(40, 64, length, generator=rng)  # tokens drawn with replacement
    doubled[length] = ind.repeat_accuracy(ind.run(ind.hand_built(40, 65), test).logits, test, length)
with claims():
    claim("where tokens may occur twice in a block, the sharp model is right less often the longer the block, and below 0.65 at 32",
          doubled[4] > doubled[16] > doubled[32] and doubled[32] < 0.65)  # fmt: skip

# %% [markdown]
# ## 3 · Train one, and ask what it needs in order to form
#
# Does gradient descent find this circuit? We train small models of two attention layers with four heads each on BOS and a block of random tokens over and over. The block's length, 8 to 31, is drawn anew for each text, so that no fixed distance gives the answer away. The control is a model with *one* layer, trained in the same way.
#
# Besides the accuracy and the two losses, whose difference is the gain, we follow two scores on blocks of length $L$. By two such properties, prefix matching and copying, Olsson et al. 2022 define an induction head.
#
# - The **previous-token score** of a head is its mean attention to the position before.
# - The **prefix-matching score** of a head is the mean attention, from the tokens of the repeat, to the token *after* the earlier occurrence, $L - 1$ positions back.
#
# There are 63 tokens besides BOS, so guessing gives an accuracy of 1 in 63. (A model that knows which tokens of the block are still to come, and nothing of their order, does better: 0.16 with blocks of 24 tokens.) What will the model with one layer reach?

# %% prediction
predict("induction.one_layer")

# %%
live = ind.train(seeds=3)  # two layers of four heads
flat = ind.train(ind.Shape(n_layers=1), seeds=1)  # the control
many = ind.spread()  # stored: 32 seeds of two layers, 8 of one

# %% figure answer
picture = live.curves.plot()
picture.set_size_inches(6.6, 3.7)
plots.show(
    picture,
    "Losses, accuracy and head scores against steps, three seeds: accuracy and prefix matching rise at about step 200.",
    "Three models of two layers, trained while this notebook ran. Dotted: the step at which the accuracy passes one half. "
    "For some two hundred steps little happens. Then the loss on the repeat falls, and accuracy and prefix matching rise "
    f"together. The model with one layer ends at an accuracy of {flat.curves.accuracy[-1].item():.2f}.",
)  # fmt: skip
measured("induction.one_layer", flat.curves.accuracy[-1].item())

# %% claims
curves = live.curves
change, abrupt = curves.change(), curves.duration(0.25, 0.75)
one_layer = flat.curves.accuracy[-1].item()
with claims():
    claim("all three two-layer models reach an accuracy above 0.95", (curves.accuracy[-1] > 0.95).all())
    claim("from a quarter to three quarters takes less than a third of the steps before it", (abrupt < change / 3).all())
    claim("the one-layer model ends between 0.25 and 0.4", between(one_layer, 0.25, 0.4))
    claim("a head of each two-layer model ends with a prefix-matching score above 0.6, and no head of the one-layer model with more than 0.3",
          curves.best_prefix()[-1].min() > 0.6 and flat.curves.best_prefix()[-1].max() < 0.3)
    claim("the loss on the first block, which nothing can predict, rises by more than 0.1 nats at the change and falls again",
          (curves.loss_first.amax(0) > curves.loss_first[-1] + 0.1).all())
    pattern = ind.run(live.weights, ind.repeated_tokens(64, 32, 31, distinct=True, generator=torch.Generator().manual_seed(6))).pattern
    back = pattern[:, 0].diagonal(-1, -2, -1).mean(1).amax(1)  # (seed, key): attention one back, best head
    claim("the best head of the first layer gives the place before more than one half over places 1 to 28, and less than a fifth over places 34 to 60",
          (back[:, 1:29].mean(1) > 0.5).all() and (back[:, 34:61].mean(1) < 0.2).all())
    steps, took = many.change(), many.change(0.75) - many.change(0.25)
    claim("all 32 two-layer models change, and none of the 8 controls reaches one half", not steps.isnan().any() and many.control.max() < 0.5)
    claim("the step is 209 ± 9 (mean and standard deviation over seeds)", round(steps.mean().item()) == 209 and round(steps.std().item()) == 9)
    claim("from a quarter to three quarters takes 28 steps (median)", round(took.median().item()) == 28)  # fmt: skip

# %% [markdown]
# <details><summary>What came out</summary>
#
# All three models with two layers pass an accuracy of 0.95. The model with one layer ends between 0.25 and 0.4, above either kind of guessing and below one half; what it uses, we have not taken apart. A stored result has 32 seeds of two layers and 8 of one: all 32 change, at step 209 ± 9 (mean and standard deviation), and no control does.
#
# Two details of the curves. The best previous-token score lags behind and stays near one half because it is an average over all places: no block is longer than 31, and only up to about there do the heads look one back. And the loss on the first block rises for a while at the change, which we have not explained.
#
# </details>
#
# **Why so suddenly?** From a quarter of the accuracy to three quarters takes 28 steps, after some two hundred in which little happens. One idea is that each half of the circuit is useless without the other. In the model built by hand this can be tested. We turn up both sharpnesses from zero and measure the gain from repetition.

# %%
test = ind.repeated_tokens(
    40, 32, 16, distinct=True, generator=torch.Generator().manual_seed(1)
)
pays = {}
for first in (0.0, 1.0, 2.0, 4.0, 8.0):  # sharpness of P
    row = {}
    for second in (0.0, 1.0, 2.0, 4.0, 8.0):  # sharpness of I
        logits = ind.run(ind.hand_built(40, 65, (first, second)), test).logits
        loss = ind.token_losses(logits, test).mean(0)
        row[f"I: {second:.0f}"] = (loss[:16].mean() - loss[17:].mean()).item()
    pays[f"P: {first:.0f}"] = row
told = "Gain from repetition (nats) by the sharpness of P (rows) and of I (columns)."
table(pays, decimals=2, caption=told, mark=lambda nats: nats > 0.5)

# %% claims
with claims():
    claim("with either head blunt, sharpening the other from 0 to 8 adds less than 0.04 nats; with the other at 8 it adds more than 0.9",
          max(pays["P: 0"]["I: 8"], pays["P: 8"]["I: 0"]) - pays["P: 0"]["I: 0"] < 0.04
          and pays["P: 8"]["I: 8"] - max(pays["P: 0"]["I: 8"], pays["P: 8"]["I: 0"]) > 0.9)  # fmt: skip

# %% [markdown]
# While one head is blunt, sharpening the other from 0 to 8 adds less than 0.04 nats; when the other is sharp, it adds more than 0.9. So gradient descent has little to climb until both have begun, and then each makes the other worth more. That this is what happens in the trained toys remains an idea; the experiment that follows gives one piece of evidence for it.
#
# **What does it need in order to form?** If the plan of section 2 is how these models come to do it, then two interventions *on the training* have predictable results.
#
# - Give one layer what it lacks. With *smeared keys*, each key is mixed with the key of the position before, in a proportion that is learned. Olsson et al. 2022 made this change. The key of B then holds A from the start, with no previous-token head, and one layer should be enough.
# - Take from two layers what they need. With *deaf keys*, the keys of the second layer are computed from the embeddings alone, so that no note can reach them. The matched control makes the *queries* deaf in the same way.

# %% prediction
predict("induction.deaf_keys")

# %% answer
formation = ind.formation()  # stored: four seeds of each
told = (
    "Accuracy on the repeat after 600 steps: mean over four seeds, and beside it "
    "the lowest and the highest seed."
)
seeds = "lowest and highest seed"
display(table(formation, interval=seeds, decimals=2, caption=told))
measured("induction.deaf_keys", formation.final("two layers, deaf keys").mean().item())

# %% claims
smeared, deaf, control = (formation.final(f"{name}") for name in ("one layer, smeared keys", "two layers, deaf keys", "two layers, deaf queries"))
with claims():
    claim("with smeared keys one layer passes an accuracy of 0.95 in all four seeds; without, it stays below 0.4",
          smeared.min() > 0.95 and formation.final("one layer").max() < 0.4)
    claim("it changes in less than half the steps that two layers need",
          formation.change("one layer, smeared keys").max() < formation.change("two layers").min() / 2)
    claim("with deaf keys two layers stay below one half in all four seeds", deaf.max() < 0.5)
    claim("with deaf queries they pass 0.95 in all four", control.min() > 0.95)  # fmt: skip

# %% [markdown]
# <details><summary>What came out</summary>
#
# Both predictions hold in all four seeds. With smeared keys one layer learns the task, in less than half the steps that two layers need: where one half is there from the start, there is less to wait for. With deaf keys two layers stay below one half within 600 steps, almost three times as long as the change takes otherwise; their accuracy still rises slowly when training ends. With deaf queries they learn it, a little later than without.
#
# </details>
#
# So it matters for the training of these toys what the second layer's keys can read, and not what its queries can. In the plan of section 2 the query asks for the current token, which is in the stream from the start. We look at the three finished toys. All heads of the first layer send the messages of *another* text to the queries of all heads of the second layer, or to their keys, or to their values.

# %%
rng, composed = torch.Generator().manual_seed(4), {}
clean, other = ind.repeated_tokens(64, 32, 24, distinct=True, generator=rng).split(16)
layers = [[(layer, head) for head in range(4)] for layer in range(2)]
for seed in range(3):
    bridge, metric = ind.as_bridge(live.weights[seed]), ind.repeat_log_prob(clean, 24)
    sweep = ind.path_patch_qkv(bridge, clean, other, metric, *layers)
    composed[f"seed {seed}"] = ind.by_input(sweep)
told = (
    "Change of the log-probability of the right token on the repeat when one input of "
    "the second layer hears about another text (16 texts, 95 % interval, resampled)."
)
table(composed, unit="nats", signed=True, decimals=2, caption=told)

# %% claims
with claims():
    claim("the keys lose more than 7 nats in each of the three toys", max(row["keys"][0] for row in composed.values()) < -7)
    claim("that is more than the 4.1 nats of guessing among 63 tokens", about(torch.tensor(63.0).log(), 4.1) and max(row["keys"][0] for row in composed.values()) < -torch.tensor(63.0).log())
    claim("the queries and the values lose less than 0.02 nats", max(abs(row[way][0]) for row in composed.values() for way in ("queries", "values")) < 0.02)

# %% [markdown]
# The finished toys read the first layer through their keys alone, while their queries and values take the token from the embedding, as in the plan. That is why deaf queries do not keep toys from learning. The loss of more than 7 nats exceeds the 4.1 of guessing among 63 tokens: with notes about another text the model is confidently wrong.

# %% [markdown]
# ## 4 · The same on real text
#
# Back to the model of the puzzle: `code-attn-2l` has two attention layers of four heads each and was trained on 18 million tokens of Python. In most of that text the names were replaced by random ones, so that looking them up pays. We ask whether it has the two heads.
#
# A name such as 1.2 means layer 1, head 2; counting starts at 0. We let the model read BOS and a block of six random tokens, twice, and look at the attention of four of its eight heads. Each row shows where one token looks.

# %% figure
rng = torch.Generator().manual_seed(0)
block = ind.repeated_tokens(model.cfg.d_vocab, 1, 6, distinct=True, generator=rng)
_, cache = model.run_with_cache(block)
fig, axes = plots.figure(2, 2, width=6.4, height=5.9)
for (layer, head), ax in zip(((0, 0), (0, 2), (0, 3), (1, 1)), axes.flat, strict=True):
    plots.heatmap(ax, cache["pattern", layer][0, head], signed=False, limit=1, bar=False)
    ax.set(title=f"head {layer}.{head}")
    letters = ["BOS", *"abcdefabcdef"]
    ax.set_xticks(range(13), ["BOS ", *letters[1:]], fontsize=9)
    ax.get_xticklabels()[0].set_fontsize(6.5)
    ax.set_yticks(range(13), letters, fontsize=9)
    for line in (0.5, 6.5):  # where the block begins, and where it begins again
        ax.axhline(line, color=plots.NULL, linewidth=0.8, linestyle=":")
        ax.axvline(line, color=plots.NULL, linewidth=0.8, linestyle=":")
for ax in axes[1]:
    ax.set(xlabel="is looked at")
for ax in axes[:, 0]:
    ax.set(ylabel="looks")
plots.show(
    fig, "Attention patterns of four heads on BOS a b c d e f a b c d e f, each with lines of its own.",
    "Attention of four heads on BOS and six random tokens, called a to f, twice; the darker, the more. Dotted: where the "
    "block begins and where it begins again. What rests in the first column looks at BOS.",
)  # fmt: skip

# %% prediction
predict("induction.which_head")

# %% answer
found = ind.head_scores(model, length=50)
eight = {
    f"{layer}.{head}": {"previous-token score": found.previous[layer, head].item(),
                        "prefix-matching score": found.prefix[layer, head].item()}
    for layer in range(2) for head in range(4)
}  # fmt: skip
told = "Both scores of all eight heads (16 texts, blocks of 50). Marked: above one half."
display(table(eight, corner="head", decimals=2, mark=lambda x: x > 0.5, caption=told))
best = max(eight, key=lambda head: eight[head]["prefix-matching score"])
measured("induction.which_head", best)

# %% claims
with claims():
    claim("0.2 has a previous-token score of 0.95, and no other head passes 0.2",
          round(eight["0.2"]["previous-token score"], 2) == 0.95 and max(r["previous-token score"] for h, r in eight.items() if h != "0.2") < 0.2)
    claim("1.1 has a prefix-matching score of 0.65, and no other head passes 0.05",
          round(eight["1.1"]["prefix-matching score"], 2) == 0.65 and max(r["prefix-matching score"] for h, r in eight.items() if h != "1.1") < 0.05)  # fmt: skip

# %% [markdown]
# Scores on random tokens find candidates. Here is the candidate at work on the puzzle: the head with the highest prefix-matching score, on the program with `wozzle_frint`.

# %% figure answer
_, cache = model.run_with_cache(tokens)
looks_on_program = looks = cache["pattern", 1][0, 1]  # of head 1.1: (query, key)
upper, lower = [0, *range(1, 11)], range(27, 35)
weights = {(i, j): looks[q, k].item() for i, q in enumerate(lower) for j, k in enumerate(upper) if looks[q, k] >= 0.05}
after = model(tokens)[0].softmax(-1)[range(27, 35), tokens[0, 28:36]].tolist()
ind.looked_up(["BOS", *parts[:10]], parts[26:34], weights, after, first=2).captioned(
    "Where head 1.1 looks from each part of the returning name; the thicker, the more attention. Grey: what rests on BOS. "
    "Attention below 0.05 is left out. Below: the probability that the model gives to the token that comes next."
)

# %% claims
right_place = [looks[q, q - 24].item() for q in lower]
with claims():
    claim("from six of the eight parts of the returning name, 1.1 gives more than 0.6 of its attention to the part that followed the first time; from the w 0.46, from the first z 0.34",
          sum(w > 0.6 for w in right_place) == 6 and [round(right_place[i], 2) for i in (0, 2)] == [0.46, 0.34])  # fmt: skip

# %% [markdown]
# <details><summary>What came out</summary>
#
# Head 1.1 matches prefixes, and 0.2 looks one position back. On the program, 1.1 looks one step further than the same part: from the second `w` at `o`, from `o` at `z`, and so on, with more than 0.6 of its attention for six of the eight parts.
#
# </details>
#
# **When did this come about?** The model was saved at 21 steps of its training.
#
# We follow the loss on the tokens of names from the second on (the first is a matter of *which* name comes), and split it: of a **repeated name**, which stood in this window before, and of a **new name**, which did not. The **in-context-learning score** is the loss late in a window minus the loss early in it, as in Olsson et al. (our windows have 256 tokens, theirs 512, so that only the sign can be compared).
#
# The figure shows 739 windows of 29 held-out modules of Python's standard library (a stored result). Every 95 % interval of this lesson is a **bootstrap interval**: draw as many modules (or texts) again with replacement, compute the number again, 2 000 times, and take the middle 95 %.
#
# Between steps 1 000 and 2 000 the loss on repeated names falls by more than two nats. If the model has learned to look names up, new names should gain little. By how many nats does the loss on *new* names fall in the same time?

# %% prediction
predict("induction.new_names")

# %% figure answer
training = ind.checkpoints()
fell = {f"{what} names": training.fallen(what, 1000, 2000) for what in ("repeated", "new")}
plots.show(
    training.plot(),
    "The loss of repeated names falls steeply between steps 1 000 and 2 000, that of new ones far less; the "
    "in-context-learning score and the scores of heads 0.2 and 1.1 change in the same time.",
    "The training of the code model. Top: loss per token. Middle: in-context-learning score. Bottom: one head of each "
    "layer stands out (solid); the best of the other seven is dotted. Bands: 95 % interval, modules resampled. Between steps "
    f"1 000 and 2 000 repeated names fell by {fell['repeated names'][0]:.2f} nats and new ones by {fell['new names'][0]:.2f}.",
)  # fmt: skip
measured("induction.new_names", fell["new names"][0])

# %% claims
others = training.prefix.flatten(1)[:, [0, 1, 2, 3, 4, 6, 7]]
with claims():
    claim("the loss on repeated names falls by more than two nats, and at least four times as much as that on new ones",
          fell["repeated names"][1] > max(2, 4 * fell["new names"][2]))
    claim("they fell by 2.32 and by 0.42 nats", [round(row[0], 2) for row in fell.values()] == [2.32, 0.42])
    claim("there are 21 checkpoints, the last at step 4 340, and 739 windows from 29 modules",
          (len(training.step), training.step[-1].item(), len(training.losses.module), len(training.losses.module.unique())) == (21, 4340, 739, 29))
    claim("at step 1 000 no head has a prefix-matching score above 0.05; at the end 1.1 has more than 0.6, and no other head ever passes 0.05",
          training.prefix[training.at(1000)].max() < 0.05 and training.prefix[-1, 1, 1] > 0.6 and others.max() < 0.05)
    claim("0.2 ends with a previous-token score above 0.9, and the others never pass 0.35",
          training.previous[-1, 0, 2] > 0.9 and training.previous[:, :, [0, 1, 3]].max() < 0.35)
    short, long = (training.order(1000, end) for end in (2000, 4340))
    claim("measured to step 2 000, the loss on new names is half-way before both heads' scores, by its interval; measured to the end, after them",
          short["loss, new names"][2] < min(short["previous-token score of 0.2"], short["prefix matching of 1.1"])
          and long["loss, new names"][1] > max(long["previous-token score of 0.2"], long["prefix matching of 1.1"]))  # fmt: skip

# %% [markdown]
# <details><summary>What came out</summary>
#
# The loss on repeated names fell by 2.32 nats and that on new names by 0.42. So most of the change was in names that can be looked up and little of it in Python as such.
#
# </details>
#
# **Which came first?** The curves do not say: the loss on new names is half-way before both heads' scores if one measures to step 2 000, and after them if one measures to the end (the deeper notebook has the table). A cause has to be shown by an intervention.

# %% [markdown]
# ## 5 · Which head reads which, and through which input?
#
# Two heads stand out, and the question is whether they work together as in the plan. **Path patching** (lesson 0) changes one message and leaves everything else as it was. We run the model on a text. But the queries, or the keys, or the values of 1.1 are computed as if *one* head of the first layer had written what it writes for *another* text.
#
# Without a library, the experiment takes a dozen lines. What a head writes is its output `z` times its $W_O$. The difference between the two texts is added to what 1.1 reads, and only the chosen input of 1.1 gets to see it.

# %%
rng = torch.Generator().manual_seed(0)
clean, other = ind.repeated_tokens(model.cfg.d_vocab, 32, 60, generator=rng).split(16)
_, here = model.run_with_cache(clean)
_, there = model.run_with_cache(other)

def with_message(sender, reads):
    """Logits on `clean`; the q, k or v of 1.1 gets the message of head 0.sender about `other`."""
    message = (there["z", 0] - here["z", 0])[:, :, sender] @ model.W_O[0, sender]
    stream = model.blocks[1].ln1(here["resid_pre", 1] + message)
    W, b = getattr(model, f"W_{reads.upper()}"), getattr(model, f"b_{reads.upper()}")
    def put(old, hook):
        old[:, :, 1] = stream @ W[1, 1] + b[1, 1]  # of head 1 alone
        return old
    return model.run_with_hooks(clean, fwd_hooks=[(f"blocks.1.attn.hook_{reads}", put)])

# %% [markdown]
# There are four heads in the first layer and three inputs of 1.1, so twelve messages. According to the plan, one of them matters: from 0.2 to the keys.

# %% prediction
predict("induction.messages")

# %%
def right_token(logits):
    """Mean log-probability of the right token on the repeat, from its second on, per text."""
    return -ind.token_losses(logits, clean)[:, 61:].mean(1)

intact = right_token(model(clean))
heard = {}
for sender in range(4):
    rows = {}
    for reads, name in (("q", "queries"), ("k", "keys"), ("v", "values")):
        rows[name] = ind.mean_interval(right_token(with_message(sender, reads)) - intact)
    heard[f"0.{sender}"] = rows

# %% figure answer
told = (
    "Change of the log-probability of the right token when one input of 1.1 gets one head's message about another text. "
    "Mean over 16 texts, 95 % interval in small type (texts resampled). Marked: at least one nat lost."
)
display(table(heard, unit="nats", signed=True, corner="from", mark=lambda nats: nats <= -1, caption=told))
worth = {f"{head} to {way}": row[way][0] for head, row in heard.items() for way in row if row[way][0] <= -1}
ind.circuit(("X", "A", "B"), worth, "nats").captioned(
    "The messages to 1.1 that cost at least one nat, in the geometry of the plan; the thicker the arrow, the more is lost "
    "(the number, in nats). What each of them says is the result of the next pages."
).show()
measured("induction.messages", len(worth))

# %% claims
lost = {(head, way): -row[way][0] for head, row in heard.items() for way in row}
needed = [path for path in lost if lost[path] >= 1]
again = []
for seed in (1, 2):
    rng = torch.Generator().manual_seed(seed)
    both = ind.repeated_tokens(model.cfg.d_vocab, 32, 60, generator=rng).split(16)
    again.append(ind.heard(model, *both, length=60, receiver=(1, 1)))
with claims():
    claim("for the keys of 1.1, no head of the first layer matters more than 0.2", max(heard, key=lambda head: lost[head, "keys"]) == "0.2")
    claim("0.2 matters most to the keys, then to the queries, and least to the values (intervals apart)",
          falling(*((-heard["0.2"][way][2], -heard["0.2"][way][1]) for way in ("keys", "queries", "values"))))
    claim("the five messages that cost more than 2.5 nats are 0.2 and 0.3 to the keys, 0.0 and 0.2 to the queries, and 0.0 to the values",
          {path for path in lost if lost[path] > 2.5} == {("0.2", "keys"), ("0.3", "keys"), ("0.0", "queries"), ("0.0", "values"), ("0.2", "queries")})
    claim("each of the other seven costs less than one nat", len(needed) == 5 and max(lost[path] for path in lost if path not in needed) < 1)
    claim("with two other draws of the texts no mean differs by more than 0.25 nats",
          max(abs(one[head][way][0] + lost[head, way]) for one in again for head, way in lost) < 0.25)  # fmt: skip

# %% [markdown]
# <details><summary>What came out</summary>
#
# Five messages matter, and the plan has one. The keys of 1.1 need 0.2 most, as planned (4.8 nats). They also need 0.3 (3.1 nats). The queries need 0.0 (4.3) and 0.2 (2.8). The values need 0.0 (3.5).
#
# </details>
#
# Elhage et al. have a name for each column. A head that is read through the keys of a later one takes part in K-composition; through its queries, in **Q-composition**; through its values, in **V-composition**. What is each message for? To find out we take an attention score apart.
#
# **One score.** What 1.1 reads at any position is a sum of seven parts: the token's embedding, the position's, what each of the four heads of the first layer wrote there, and a bias. (Before 1.1 reads it, a norm divides the sum by one number; we hold that number fixed.) Queries and keys are linear in what is read. So a score, query times key, is a sum over *pairs*: this part of the query with that part of the key.
#
# Take the program again: the second `le` looks back at the first `_f`, which followed the first `le`. We compute one pair by hand: in the query, what 0.0 wrote at `le`; in the key, what 0.2 wrote at `_f`.

# %%
_, cache = model.run_with_cache(tokens)
le, f = 31, 7  # positions of the second le and of the first _f

def part(head, position):
    """What a head of the first layer wrote at a position, as the norm passes it to 1.1: (d_model,)"""
    wrote = cache["z", 0][0, position, head] @ model.W_O[0, head]
    return (wrote - wrote.mean()) / cache["blocks.1.ln1.hook_scale"][0, position]

query, key = part(0, le) @ model.W_Q[1, 1], part(2, f) @ model.W_K[1, 1]
one_pair = (query @ key / model.cfg.d_head**0.5).item()
f"{one_pair:.2f}"

# %% [markdown]
# That is one pair of 49. A score matters only in comparison with the scores of other places, so we also ask by how much each pair prefers this place: its score here less its mean at the other places (without BOS, at which a head rests when it finds nothing).

# %%
on_program = ind.score_parts(model, tokens, length=1, head=1)
row = on_program.score[:, :, 0, le, : le + 1]  # (query part, key part, place)
elsewhere = [place for place in range(1, le + 1) if place != f]
preferred = row[..., f] - row[..., elsewhere].mean(-1)
largest = preferred.flatten().argsort(descending=True)[:4].tolist()
at_le = {}
for asks, note in (divmod(k, 7) for k in largest):
    name = f"{on_program.parts[asks]} in the query, {on_program.parts[note]} in the key"
    at_le[name] = row[asks, note, f].item(), preferred[asks, note].item()
at_le["all 49 pairs together"] = row[..., f].sum().item(), preferred.sum().item()
table({name: {"score": score, "preference": more} for name, (score, more) in at_le.items()},
      signed=True, decimals=2)

# %% caption
caption("The second `le` and the note at the first `_f`: the four pairs that prefer this place most, and all pairs together.")

# %% claims
with claims():
    claim("the pair computed by hand is what the course computes for it", abs(one_pair - at_le["0.0 in the query, 0.2 in the key"][0]) < 1e-4)
    claim("the two largest pairs are 0.0 with 0.2 and 0.2 with 0.3, and make up nine tenths of the whole preference",
          list(at_le)[:2] == ["0.0 in the query, 0.2 in the key", "0.2 in the query, 0.3 in the key"]
          and about(sum(at_le[name][1] for name in list(at_le)[:2]) / preferred.sum().item(), 0.9))  # fmt: skip

# %% [markdown]
# Two pairs, 0.0 with 0.2 and 0.2 with 0.3, make up nine tenths of the whole preference at this place. The heat map has the same for the 16 texts of random tokens, averaged over the repeat.

# %% figure
pairs = ind.score_parts(model, clean, length=60, head=1)
best = pairs.largest(3)
plots.show(
    pairs.plot(), "A heat map of seven by seven parts: the query's part 0.0 with the key's part 0.2 and the query's 0.2 with the key's 0.3 stand out.",
    f"By how much the scores of 1.1 prefer the right place, for all 49 pairs: which part of the query (rows) meets which "
    f"part of the key (columns). Together {best['all'][0]:.1f}. A preference of 1 multiplies the attention by e. Pairs below 0.3 in size carry no number.",
)  # fmt: skip

# %% claims
share = (best["0.0 · 0.2"][0] + best["0.2 · 0.3"][0]) / best["all"][0]
in_sight = torch.ones(121, 121).tril().bool()
rebuilt = pairs.total().masked_fill(~in_sight, -torch.inf).softmax(-1)
with claims():
    claim("the 49 pairs together give the attention pattern of 1.1 to one part in ten thousand",
          (rebuilt - here["pattern", 1][:, 1]).abs().max() < 1e-4)
    claim("the largest pair is 0.0 in the query with 0.2 in the key, the second is 0.2 in the query with 0.3 in the key (intervals apart)",
          list(best)[:2] == ["0.0 · 0.2", "0.2 · 0.3"] and falling(best["0.0 · 0.2"], best["0.2 · 0.3"]))
    claim("these two pairs make up 87 % of the whole preference", round(share.item() if hasattr(share, "item") else share, 2) == 0.87)
    claim("the two preferences are 4.1 and 2.6", (round(best["0.0 · 0.2"][0], 1), round(best["0.2 · 0.3"][0], 1)) == (4.1, 2.6))
    claim("the token's own embedding in the query contributes less than a twentieth of what 0.0 does",
          pairs.preference()[0].sum(0).mean() < pairs.preference()[2].sum(0).mean() / 20)  # fmt: skip

# %% [markdown]
# The same two pairs make up 87 % of the preference. What the four heads write depends on where they look.

# %%
queries, looks = torch.arange(62, 121), {}  # the repeat, from its second token on
for head in range(4):
    pattern = here["pattern", 0][:, head]  # (text, query, key)
    back = {f"{k} back": pattern[:, queries, queries - k].mean().item() for k in (3, 2, 1, 0, 60)}
    looks[f"0.{head}"] = back
told = (
    "Mean attention of the first layer's heads from the repeat (16 texts). 60 back is the "
    "earlier occurrence of the same token. Marked: above a quarter."
)
table(looks, corner="head", decimals=2, mark=lambda x: x > 0.25, caption=told)

# %% claims
with claims():
    claim("0.2 looks one back with 0.90 of its attention, 0.3 two back with 0.81",
          (round(looks["0.2"]["1 back"], 2), round(looks["0.3"]["2 back"], 2)) == (0.90, 0.81))
    claim("0.0 looks at the current token with 0.45 of its attention and at its earlier occurrence with 0.42",
          (round(looks["0.0"]["0 back"], 2), round(looks["0.0"]["60 back"], 2)) == (0.45, 0.42))  # fmt: skip

# %% [markdown]
# Head 0.2 leaves a note of the token before, as planned. Head 0.3 leaves a note of the token *two* before. Head 0.0 looks at the current token here (0.45) and where it stood earlier (0.42); both are the same token, so 0.0 writes a copy of it. With this the pairs can be read:
#
# - *0.0 in the query with 0.2 in the key*: the current token, copied by 0.0, is compared with notes of the token before. This is the plan of section 2, except that the query reads the copy and not the embedding.
# - *0.2 in the query with 0.3 in the key*: the token before the current one is compared with notes of the token two before. This is not in the plan. It asks whether the *previous* token matches as well.
#
# Together they look for a place where the last *two* tokens were the same as here. In `… X A B … X A` such a head prefers the place after X A to a place after A alone.

# %% figure
share, likely = looks_on_program[le, f].item(), late[le].item()
a, b = (at_le[f"{asks} in the query, {note} in the key"][0] for asks, note in (("0.0", "0.2"), ("0.2", "0.3")))
ind.circuit(
    ("z", "le", "_f"), worth, pairs=[("“le, copied” meets “after le”", a), ("“after z” meets “two after z”", b)],
    attention=share, chance=likely,
).captioned(
    "One token of the puzzle through the whole circuit: from the second le, 1.1 asks for “le” and for “after z”, and finds both "
    f"at _f. The two pairs give scores of {a:.2f} and {b:.2f}; after the softmax _f has {share:.2f} of the attention; 1.1 copies "
    f"what 0.0 wrote there, and _f gets a probability of {likely:.2f}. Thin green line: where le stood before, 0.0 finds it too."
)

# %% claims
with claims():
    claim("the attention is 0.79 and the probability 0.93", (round(share, 2), round(likely, 2)) == (0.79, 0.93))
    claim("all five messages are drawn", set(worth) == {"0.2 to keys", "0.3 to keys", "0.0 to queries", "0.2 to queries", "0.0 to values"})

# %% [markdown]
# Now the five messages have a meaning:
#
# | from | to queries (Q-composition) | to keys (K-composition) | to values (V-composition) |
# |---|---|---|---|
# | 0.0 | a copy of the current token: what is asked for | | a copy of the token that is looked at: what is copied (shown below) |
# | 0.1 | | | |
# | 0.2 | the token before: the second thing asked for | the note “after A”: the plan | |
# | 0.3 | | the note “two after X”: what the second question finds | |
#
# Why this model takes its query from 0.0, while the toys take theirs from the embedding, we do not know. The deeper notebook tests the match of two tokens on texts in which A comes twice, after different tokens. Akyürek et al. 2024 ([arXiv 2401.12973](https://arxiv.org/abs/2401.12973)) study such *n-gram heads*.
#
# **From end to end, in weights alone.** If this is right, it can be read off the weights without any text. Take a token $t$. Its query, through 0.0, is $\hat W_E[t]\, W_{OV}^{0.0} W_Q$. The key of a place after a token $u$ is $\hat W_E[u]\, W_{OV}^{0.2} W_K$. (Here $\hat W_E$ are the embeddings as the first norm passes them on, and $W_{OV} = W_V W_O$ belongs to the head named above it.) Their product is a table with a row for each of the 1 024 tokens asked for, and a column for each token noted. If the circuit matches tokens, the largest entry of each row lies on the diagonal. At random that happens for one row in 1 024.

# %%
def normed(x):
    x = x - x.mean(-1, keepdim=True)
    return x / x.square().mean(-1, keepdim=True).sqrt()

E, W_OV = normed(model.W_E), model.W_V @ model.W_O
W_QK = model.W_Q[1, 1] @ model.W_K[1, 1].mT  # of head 1.1
source = {"token": E, **{f"0.{head}": E @ W_OV[0, head] for head in range(4)}}
match = {}
for asks in source:
    found = {note: ind.own_note_first(source[asks], source[note], W_QK) for note in source}
    match[f"{asks} in the query"] = {f"{note} in the key": found[note] for note in source}
told = "Share of the 1 024 tokens that match themselves best (0.001 at random)."
table(match, decimals=3, mark=lambda share: share > 0.25, caption=told)

# %% claims
with claims():
    claim("through 0.0 in the query and 0.2 in the key 94 % of the tokens match themselves best, through 0.2 and 0.3 91 %",
          (round(match["0.0 in the query"]["0.2 in the key"], 2), round(match["0.2 in the query"]["0.3 in the key"], 2)) == (0.94, 0.91))
    claim("with the token's own embedding in the query, 0.21 do", round(match["token in the query"]["0.2 in the key"], 2) == 0.21)
    claim("the pair 0.3 with 0.3, on text, prefers the right place by less than a tenth of what 0.0 with 0.2 does",
          abs(pairs.preference()[5, 5].mean()) < best["0.0 · 0.2"][0] / 10)  # fmt: skip

# %% [markdown]
# The two pairs that the scores named are the two that match tokens in the weights: 94 % of the tokens match themselves best through the first and 91 % through the second. A third entry is marked, 0.3 with 0.3. It would compare the token two before *here* with the token two before *there*, which points one place too early. On text that pair contributes little.
#
# A match is not always a match of the same token. Here are the five notes of 1 024 that match best, for two tokens of the program: the bare `w` and a single space.

# %%
table_of_scores = source["0.0"] @ W_QK @ source["0.2"].mT / model.cfg.d_head**0.5  # (asked, noted)
nearest = {}
for asked in ("w", " "):
    own = model.tokenizer.encode(asked, add_special_tokens=False)[-1]
    row = table_of_scores[own] / table_of_scores[own, own]
    nearest[visible(asked)] = {
        f"note {k}": f"{visible(model.tokenizer.decode([i]))}  {row[i]:.2f}"
        for k, i in enumerate(row.argsort(descending=True)[:5].tolist(), 1)
    }
told = "The five notes that match best, with their scores; a token's own note scores 1."
table(nearest, corner="asked", caption=told)

# %% claims
bracket = row[model.tokenizer.encode("f(", add_special_tokens=False)[-1]].item()  # the last row is that of the space
with claims():
    claim("for w the note ␣w comes first, with 1.06 of the score of its own, and the third note has less than 0.75",
          [nearest["w"]["note 1"], nearest["w"]["note 2"]] == ["␣w  1.06", "w  1.00"] and float(nearest["w"]["note 3"].split()[1]) < 0.75)
    claim("for a single space the note of ␣( is among the five, and that of ( has 0.62",
          "␣(" in str(nearest["␣"]) and round(bracket, 2) == 0.62)

# %% [markdown]
# For `w` the note `␣w` comes first, even before `w` itself. This is a fuzzy match: the bare `w` of the puzzle finds the note that the `␣w` left. A single space also matches the notes of opening brackets, that of `(` (not among the five) with 0.62 of the score of its own, which will explain a detail in section 8.
#
# **Does it copy?** The other half of an induction head is its OV circuit. A head that copies raises the logit of the token that it attends to. Elhage et al. measure this by the eigenvalues $\lambda$ of $W_E W_V W_O W_U$, a table from token to logit: the **copying score** is $\sum \mathrm{Re}\,\lambda / \sum |\lambda|$. It is 1 if all eigenvalues are positive, and near 0 for a matrix without preference. Beside the trained model we put a **null**: what the measurement gives where there is nothing to find, here the same model before training.

# %%
untrained = zoo.load("code-attn-2l", "cpu", checkpoint=0).requires_grad_(False)
copying = {one: ind.copying_score(m.W_E, m.W_V, m.W_O, m.W_U).flatten() for one, m in
           (("trained", model), ("null: untrained", untrained))}  # fmt: skip
heads = [f"{layer}.{head}" for layer in range(2) for head in range(4)]
through = ind.copying_score(source["0.0"], model.W_V, model.W_O, model.W_U)[1]
rows = {head: {one: copying[one][k].item() for one in copying} for k, head in enumerate(heads)}
for k, head in enumerate(heads):
    rows[head]["through the copy of 0.0"] = through[k - 4].item() if k > 3 else None
told = (
    "Copying score of each head, trained and, as a null, untrained. Last column: of the "
    "second layer's heads, when they read what 0.0 makes of the token."
)
table(rows, corner="head", signed=True, decimals=2, mark="1.1", caption=told)

# %% claims
with claims():
    claim("1.1 has the highest copying score, above 0.6", copying["trained"].argmax() == 5 and copying["trained"][5] > 0.6)
    claim("1.1 has a copying score of 0.76 from the embedding and of 0.99 through the copy of 0.0",
          (round(copying["trained"][5].item(), 2), round(through[1].item(), 2)) == (0.76, 0.99))
    claim("no other head passes 0.35, and no head of the untrained model 0.2 in size",
          copying["trained"][[0, 1, 2, 3, 4, 6, 7]].max() < 0.35 and copying["null: untrained"].abs().max() < 0.2)  # fmt: skip

# %% [markdown]
# Head 1.1 matches prefixes, and it copies: by Olsson's definition it is an induction head. But its values also need 0.0. The score looks at eigenvalues, and a token can raise its own logit without raising it *most*: from the embedding only 23 % of the tokens raise their own logit more than any other, although the score is 0.76.

# %% claims
raised = {}
for what in ("token", "0.0"):
    logits = source[what] @ W_OV[1, 1] @ model.W_U  # (token looked at, logit)
    raised[what] = (logits.argmax(-1) == torch.arange(1024)).float().mean().item()
with claims():
    claim("through its embedding 23 % of the tokens raise their own logit most, through the copy of 0.0 79 %",
          (round(raised["token"], 2), round(raised["0.0"], 2)) == (0.23, 0.79))

# %% [markdown]
# Through the copy that 0.0 makes of the token, 79 % do, and the score is 0.99. In its values as in its queries, 1.1 is tuned to the copy, which is the fifth message.
#
# **In short.** Head 0.0 copies the current token, 0.2 notes the token before, 0.3 the token two before. Head 1.1 asks for a place whose two notes match the two latest tokens, and raises the logit of the token that 0.0 copied there.

# %% [markdown]
# ## 6 · Needed, enough, specific
#
# Three questions about a set of heads differ.
#
# - Is it **needed**? Take it away: how much of the behaviour is left?
# - Is it **enough**? Take everything *else* away: how much is left?
# - Is it **specific**? Take it away: what else is lost?
#
# The behaviour's number is the gain from repetition of section 2, on random tokens. A head is taken away by *mean ablation* (lesson 0): at each position its output is replaced by its mean over other texts. Setting it to zero instead would put the later heads into a state that no text brings about.
#
# First, *needed* and *specific*, for each head alone. The cost on code comes from the stored windows.

# %%
rng = torch.Generator().manual_seed(0)
drawn = ind.repeated_tokens(model.cfg.d_vocab, 64, 60, generator=rng)
blocks, reference = drawn.split([16, 48])
every = [(layer, head) for layer in range(2) for head in range(4)]
intact = ind.repeat_gain(model, blocks, 60)
left = {}  # share of the gain left without each head
for layer, head in every:
    gain = ind.repeat_gain(model, blocks, 60, [(layer, head)], reference)
    left[f"{layer}.{head}"] = ind.share_left(gain, intact)

# %% figure
code = ("repeated names", "new names", "all of code")
cost, needed = ind.ablations().rows(), {}  # stored
for name, share in left.items():
    needed[name] = {"gain left without it": share} | {f"extra loss on {text} (nats)": cost[name][text] for text in code}
    on_names, on_new = (cost[name][text][0] for text in code[:2])
    needed[name]["repeated / new"] = on_names / on_new if max(on_names, on_new) > 0.1 else None
told = (
    "Each head set to its mean. Share of the gain left on random tokens (16 texts); cost "
    "on code (29 modules). Marked: the four heads of the circuit."
)
circuit_heads = ("0.0", "0.2", "0.3", "1.1")
table(needed, corner="head", decimals=2, mark=circuit_heads, caption=told)

# %% claims
names, new, all_of_code = (f"extra loss on {text} (nats)" for text in code)
with claims():
    claim("without 0.2 or without 1.1, less than a twentieth of the gain is left; without 0.0 0.14, without 0.3 0.42",
          max(left["0.2"][0], left["1.1"][0]) < 0.05 and (round(left["0.0"][0], 2), round(left["0.3"][0], 2)) == (0.14, 0.42))
    claim("without 0.2 the repeat is predicted a little worse than the first block, by its interval", left["0.2"][2] < 0)
    claim("without 0.1 0.87 are left, and without 1.0, 1.2 or 1.3 all of it, to within 2 %",
          round(left["0.1"][0], 2) == 0.87 and all(abs(left[head][0] - 1) < 0.02 for head in ("1.0", "1.2", "1.3")))
    ratio = {head: row["repeated / new"] for head, row in needed.items()}
    claim("the loss of 1.1 costs 6.1 times as much on repeated names as on new ones, 0.3 4.7, 0.2 3.2, 0.0 1.6, and no other head as much as 1",
          [round(ratio[head], 1) for head in ("1.1", "0.3", "0.2", "0.0")] == [6.1, 4.7, 3.2, 1.6]
          and all((ratio[head] or 0) < 1 for head in ("0.1", "1.0", "1.2", "1.3")))
    claim("on all of code the costliest head is 0.0 (intervals apart)",
          all(falling(needed["0.0"][all_of_code], needed[head][all_of_code]) for head in left if head != "0.0"))  # fmt: skip

# %% [markdown]
# Each of the four heads of the circuit is needed, 0.3 in part. (Without 0.2 the share is a little below zero: the repeat is then predicted slightly worse than the first block.)
#
# Without 0.0 the induction of this model is nearly gone, but the model is worse at everything, and 0.0 is neither a previous-token head nor an induction head. That a behaviour breaks when something is removed does not show that the behaviour is its job. The last column says how specific each loss is: 1.1 costs 6.1 times as much on repeated names as on new ones and 0.3 costs 4.7 times as much, while 0.2 has 3.2 and 0.0 only 1.6.
#
# Now *enough*. We keep a few heads and set all the others to their means. The textbook pair is the previous-token head and the induction head, 0.2 and 1.1. How much of the gain from repetition do these two keep?

# %% prediction
predict("induction.enough")

# %%
def kept_by(heads):
    """The share of the gain that is left when all heads but these are set to their means."""
    without = [head for head in every if head not in heads]
    return ind.share_left(ind.repeat_gain(model, blocks, 60, without, reference), intact)

pair, circuit = [(0, 2), (1, 1)], [(0, 0), (0, 2), (0, 3), (1, 1)]
sets = {"0.2, 1.1": pair, "0.2, 0.3, 1.1": [(0, 3), *pair]}
sets |= {"0.0, 0.2, 1.1": [(0, 0), *pair], "0.0, 0.2, 0.3, 1.1": circuit}
enough = {name: kept_by(heads) for name, heads in sets.items()}
threes = [[(0, head) for head in three] for three in combinations(range(4), 3)]
others = [[*three, (1, head)] for three in threes for head in range(4)]
best_rival = max(kept_by(heads) for heads in others if heads != circuit)

# %% figure answer
ends = "; ".join(f"{name}: {share[1]:.2f} to {share[2]:.2f}" for name, share in enough.items()).replace("-", "−")
ind.circuits_alone({tuple(name.split(", ")): share[0] for name, share in enough.items()}).captioned(
    "The share of the gain that is left with the named heads alone (16 texts). Hollow: messages that are missing. "
    f"95 % intervals, texts resampled: {ends}. The best of the 15 other sets of three heads and one keeps {best_rival[0]:.2f}."
).show()
measured("induction.enough", enough["0.2, 1.1"][0])

# %% claims
with claims():
    claim("the pair alone keeps less than a twentieth of the gain", abs(enough["0.2, 1.1"][0]) < 0.05)
    claim("with 0.0 beside it, it keeps 0.35; with 0.3 beside it, less than 0.05; with both, 0.91",
          (round(enough["0.0, 0.2, 1.1"][0], 2), round(enough["0.0, 0.2, 0.3, 1.1"][0], 2)) == (0.35, 0.91) and enough["0.2, 0.3, 1.1"][0] < 0.05)
    redrawn = []
    for seed in (1, 2):
        rng = torch.Generator().manual_seed(seed)
        blocks, reference = ind.repeated_tokens(model.cfg.d_vocab, 64, 60, generator=rng).split([16, 48])
        intact = ind.repeat_gain(model, blocks, 60)
        redrawn.append({name: kept_by(heads)[0] for name, heads in sets.items()})
    claim("with two other draws of the texts these shares differ by less than 0.03",
          max(abs(one[name] - enough[name][0]) for one in redrawn for name in sets) < 0.03)
    claim("no other set of three heads and one keeps as much as half", best_rival[0] < 0.5)  # fmt: skip

# %% [markdown]
# <details><summary>What came out</summary>
#
# The two heads of the textbook are both needed, and together they keep none of the gain. The four heads of the drawing in section 5 keep 0.91 of it; without 0.3, 0.35.
#
# </details>
#
# Section 5 predicts what the pair lacks. Without 0.0 the query has no current token to ask for, and the values have no copy to move. Without 0.3 only the match of the current token is left.
#
# A caution on *needed*: where several heads do the same work, taking one away shows nothing. In the trained toys all four heads of the second layer match prefixes, and none of them alone is needed (the deeper notebook has the experiment).

# %% [markdown]
# ## 7 · What this does not show
#
# **Induction heads are not all of in-context learning.** We set 1.1 to its mean, so that no induction head is left in the code model, and measure the loss of tokens late in a window when the model sees only the last few tokens before them, then more and more (a stored result). Of the gain from context *further back than eight tokens*, which share is left without 1.1?

# %% prediction
predict("induction.remains")

# %% figure answer
context = ind.context_gain()
left_of = {n: context.remaining("1.1", n) for n in (4, 8, 16, 32)}
told = "; ".join(f"beyond {n} tokens {share:.2f} ({low:.2f} to {high:.2f})" for n, (share, low, high) in left_of.items())
plots.show(
    context.plot(), "Loss of a late token against how much is seen: intact it falls all the way; without 1.1 it stays from some 32 tokens on.",
    "Loss of tokens late in a window against how many tokens before them are seen. Bands: 95 % interval, modules resampled. "
    f"Share of the gain that is left without 1.1, by distance, with its interval: {told}.",
)  # fmt: skip
measured("induction.remains", left_of[8][0])

# %% claims
shares = {n: context.remaining("1.1", n) for n in (4, 8, 16, 32)}
with claims():
    claim("beyond 32 tokens less than a tenth is left without 1.1, by its interval", shares[32][2] < 0.1)
    claim("the shares left without 1.1 are 0.29, 0.19, 0.11 and 0.01", [round(shares[n][0], 2) for n in (4, 8, 16, 32)] == [0.29, 0.19, 0.11, 0.01])
    claim("without 1.2 at least nine tenths are left at every distance", all(context.remaining("1.2", n)[0] > 0.9 for n in shares))

# %% [markdown]
# <details><summary>What came out</summary>
#
# Without 1.1, the share of the gain that is left is 0.29, 0.19, 0.11 and 0.01 for context beyond 4, 8, 16 and 32 tokens. In this model the use of distant context goes through one head, and the use of near context only in part. Without 1.2, a head of the same layer, at least nine tenths are left at every distance.
#
# </details>
#
# **A perfect score from the wrong mechanism.** Here is a head, in a model with a *single* layer, that looks 15 places back, whatever stands there.

# %%
layout = ind.subspaces(40, 65, "next")
counts = ind.HeadPlan("position", "position", "token", "next", shift=-15, sharpness=20)
clock = ind.build(layout, [[counts]], unembed="next")
rng, found = torch.Generator().manual_seed(5), {}
for length in (15, 16, 17, 24):
    test = ind.repeated_tokens(40, 32, length, distinct=True, generator=rng)
    done = ind.run(clock, test)
    prefix = ind.prefix_matching_score(done.pattern, length).item()
    accuracy = ind.repeat_accuracy(done.logits, test, length).item()
    found[f"blocks of {length}"] = {"prefix matching": prefix, "accuracy": accuracy}
told = "A head that counts positions, tested with four block lengths (32 texts each)."
table(found, decimals=2, mark="blocks of 16", caption=told)

# %% claims
with claims():
    claim("at a length of 16 both scores are perfect", min(found["blocks of 16"].values()) > 0.99)
    claim("at the other three lengths both are below 0.1", max(max(row.values()) for name, row in found.items() if name != "blocks of 16") < 0.1)

# %% [markdown]
# Only a test with several block lengths tells a head that reads from a head that counts.
#
# **Other models.** The circuit of sections 5 and 6 was found in one training run of one small model, whose training text had been changed to reward copying. The course's `code-4l` has 16 heads and MLPs and was trained on code with its names as they were: none of its heads passes one half in either score, and it ranks fewer than one in ten tokens of the repeat first. In GPT-2 small, with 144 heads, Wang et al. 2022 ([arXiv 2211.00593](https://arxiv.org/abs/2211.00593)) name the induction heads 5.5, 5.8, 5.9 and 6.9 and the previous-token heads 2.2 and 4.11, as parts of a larger circuit. Olsson et al. 2022 report that the in-context-learning score falls to about −0.4 nats when induction heads form; in ours it ends at −0.58.

# %% claims
four = ind.head_scores(zoo.load("code-4l", "cpu").requires_grad_(False), length=50)
with claims():
    claim("none of the 16 heads of code-4l passes one half in either score, and the model ranks fewer than one in ten tokens of the repeat first",
          four.prefix.numel() == 16 and max(four.prefix.max(), four.previous.max()) < 0.5 and four.accuracy < 0.1)
    claim("the in-context-learning score of code-attn-2l ends at −0.58", round(training.losses.estimate("icl")[-1].item(), 2) == -0.58)  # fmt: skip

# %% [markdown]
# ## 8 · The puzzle, answered
#
# The circuit was found on random tokens and need not be the one at work on code. So it makes a prediction about the program of the first page: without one of the four heads of the circuit the returning name should suffer, and without one of the other four it should not. The means are over random tokens, as in section 6.

# %%
elsewhere = reference[:, : len(ids)]  # random tokens, as many as the program has
without, mean = {"intact": chance["at the end of training"]}, {}
for layer, head in every:
    logits = ind.ablate_heads(model, tokens, [(layer, head)], "mean", elsewhere)
    without[f"{layer}.{head}"] = (-ind.token_losses(logits, tokens)[0]).exp()
for run, probability in without.items():
    mean[run] = probability[starts[1] + 1 : starts[1] + 8].mean().item()  # after the w
told = (
    "Mean probability of the seven parts of the returning name, intact and with each "
    "head set to its mean. Marked: below 0.1."
)
table({"mean": mean}, corner="without", decimals=2, mark=lambda p: p < 0.1, caption=told)

# %% figure
shown = {"intact": without["intact"], "without 1.1, the induction head": without["1.1"], "without 0.1, not in the circuit": without["0.1"]}
plots.show(ind.expected(parts, shown), "The returning name is expected by the intact model and without 0.1; without 1.1 it is not.",
           "The first figure again: the intact model, the model without its induction head, and without a head that is not in the circuit.")  # fmt: skip

# %% claims
with claims():
    claim("without 0.0, 0.2, 0.3 or 1.1 it is below 0.05", max(mean[head] for head in ("0.0", "0.2", "0.3", "1.1")) < 0.05)
    one_part = [(run[starts[1] + 1 : starts[1] + 8]) for run in (without["intact"], without["0.1"])]
    worst = (one_part[0] - one_part[1]).argmax()
    claim("without 0.1 one part falls from 0.96 to 0.13", [round(run[worst].item(), 2) for run in one_part] == [0.96, 0.13])
    claim("without any other head it stays between 0.5 and 0.65", all(0.5 < mean[head] < 0.65 for head in ("0.1", "1.0", "1.2", "1.3")))

# %% [markdown]
# The prediction holds, on one program: 0.58 intact, below 0.05 without a head of the circuit, between 0.5 and 0.65 without another. So the circuit found on random tokens is also what completes this name, though not alone: without 0.1 the mean hardly changes, but one part falls from 0.96 to 0.13.
#
# When the model reads `␣w` `o` `z` for the first time, 0.2 leaves at each part a note of the part before, and 0.3 a note of the part before that. When `w` comes again, 0.0 copies it into the query of 1.1, which searches for a place with a matching note and finds `o`: the note left there by `␣w` matches `w` too. It raises the logit of the copy of `o` that 0.0 left there; then, at `o`, it finds the next part.
#
# **And `quab`?** When the argument returns after `return ␣`, its first part is expected with 0.88, although the word before was different the first time: there it stood after `(`. Does the circuit do this too?

# %%
space, qu = 17, 11  # positions of the space after return, and of the first qu
row = on_program.score[:, :, 0, space, : space + 1]
preferred = row[..., qu] - row[..., [k for k in range(1, space + 1) if k != qu]].mean(-1)
i, j = on_program.parts.index("0.0"), on_program.parts.index("0.2")
argument = {
    "attention of 1.1 from the space to qu": looks_on_program[space, qu].item(),
    "preference of 1.1 for qu": preferred.sum().item(),
    "of which 0.0 in the query with 0.2 in the key": preferred[i, j].item(),
    "probability of qu, intact": without["intact"][space].item(),
    "probability of qu, without 1.1": without["1.1"][space].item(),
}
table(argument, decimals=2)

# %% claims
after_bracket = model(tokens)[0, starts[1]].softmax(-1)[ids[qu]]
with claims():
    claim("1.1 gives qu 0.71 of its attention, and without 1.1 qu has a probability below 1 %",
          round(looks_on_program[space, qu].item(), 2) == 0.71 and without["1.1"][space] < 0.01)
    claim("more than half of the preference is the pair 0.0 with 0.2", preferred[i, j] > preferred.sum() / 2)
    claim("from the first part of quab 1.1 gives the second 0.63 of its attention; that part gets 0.06, and less than 1 % without 1.1",
          round(looks_on_program[space + 1, qu + 1].item(), 2) == 0.63 and without["1.1"][space + 1] < 0.01)
    claim("the most probable token there is ant", model.tokenizer.decode([model(tokens)[0, space + 1].argmax().item()]) == "ant")
    claim("at the second opening bracket the model gives qu 0.75", round(after_bracket.item(), 2) == 0.75)

# %% [markdown]
# The circuit does this too. 1.1 gives the first `qu` 0.71 of its attention, mostly through the pair 0.0 with 0.2, and without 1.1 the prediction is gone. A single space also matches the note of an opening bracket, as section 5 found. So 1.1 does not need the very same token, only one that the weights treat alike. The second part `ab` is found as well, with 0.63 of the attention, but its probability stays at 0.06; the model prefers `ant`, which continues `qu` in ordinary code.
#
# This also explains what the model expects in place of the `w` of the returning name. That `w` follows a bracket, and the earlier bracket was followed by `qu`. The induction head looks that up and is wrong: at the second bracket the model expects `qu` with 0.75.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "One head of one layer cannot complete A B … A → B", "evidence": "a proof; 100 000 random heads",
     "control": "random pairs of heads can, now and then", "where it fails": "many heads in one layer: a matter of size"},
    {"claim": "A previous-token head and an induction head are a plan that works",
     "evidence": "weights written by hand, right at every length", "control": "a sharpness below ln 2: never right",
     "where it fails": "where two notes are alike (a pair that occurs twice)"},
    {"claim": "Keys that can hold the token before have to be there for the change to come",
     "evidence": "training with smeared and with deaf keys", "control": "deaf queries; one layer; two layers",
     "where it fails": "shown for small toys, four seeds, 600 steps"},
    {"claim": "In code-attn-2l four heads match two tokens and copy", "evidence": "twelve messages; scores taken apart; "
     "weights from end to end; the four alone are nearly enough", "control": "15 other sets of heads; untrained weights; three draws of texts",
     "where it fails": "one model, random tokens"},
    {"claim": "Distant context goes through 1.1", "evidence": "its removal, by distance", "control": "1.2, of the same layer",
     "where it fails": "near context, of which a good part is left"},
    formulas={"score of a query at i for a key at j": r"x_i W_Q W_K^\top x_j^\top / \sqrt{d_\mathrm{head}}",
              "K-composition: what the key reads at j holds the note of the token before": r"x_j = \dots + x_{j-1} W_V W_O + \dots",
              "copying score": r"\sum \mathrm{Re}\,\lambda / \sum |\lambda| \text{ of } W_E W_V W_O W_U"},
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
# - in-context learning: getting better at a task from what stands earlier in the text, with no change of weights.
# - induction: completing A B … A with B, for any A and B.
# - QK circuit: the table W_E W_Q W_Kᵀ W_Eᵀ of who attends to whom, token by token.
# - OV circuit: the table W_E W_V W_O W_U of which logits attending to a token raises.
# - previous-token head: a head that attends to the position before.
# - induction head: a head that attends to the token after the earlier occurrence of the current one, and copies it.
# - K-composition: a head's keys read what an earlier head has written.
# - sharpness: the attention score of a match, where all else scores 0.
# - BOS: the token that starts every text.
# - accuracy on the repeat: the share of a repeated block, from its second token on, that the model ranks first.
# - previous-token score: a head's mean attention to the position before.
# - prefix-matching score: a head's mean attention, in the repeat, to the token after the earlier occurrence.
# - in-context-learning score: loss late in a text minus loss early in it.
# - repeated name: a name that occurred earlier in the same window.
# - new name: a name that is in its window for the first time.
# - bootstrap interval: the middle 95 % of a number computed again and again on resampled data.
# - Q-composition: a head's queries read what an earlier head has written.
# - V-composition: a head's values read what an earlier head has written.
# - path patching: changing the message of one part to one input of another, and leaving everything else as it was.
# - copying score: the sum of the real parts of the eigenvalues of the OV circuit over the sum of their sizes.
# - null: what a measurement gives where there is nothing to find.
# - needed: without these heads, the behaviour goes.
# - enough: with these heads alone, the behaviour stays.
# - specific: without these heads, the behaviour goes and little else.
# - gain from repetition: loss on a random block minus loss on its repeat.

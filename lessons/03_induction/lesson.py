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
# &nbsp;
#
# We made the name up. When it comes for the first time, the model gives its parts almost no probability, as it should. When it comes for the second time, the model expects most of those after its first. No weight has changed in between.
#
# The figure shows the probability that the model gives to every token before it sees it, at two moments of the same training. After 1 000 steps it cannot do this at all. At the end, after 4 340 steps, it can. In most of the text that it was trained on, the names had been replaced by random ones, so that looking them up paid. Section 7 has a model that was trained on code as it is, and that hardly foresees random tokens that are repeated.

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
           "The probability that the model gives to each token of the program; a box for each token, ␣ is a space and ⏎ a line break. Shaded: the invented name, both times. Orange: the two w and the two qu, to which the lesson returns.")  # fmt: skip

# %% [markdown]
# At the end of training the parts after the `w` are expected when the name returns: their mean probability is 0.58. The `w` itself is as improbable as ever. The model did not foresee *that* the name would come; once the name has begun, it knows what comes *next*.
#
# Two details will be explained at the end. The first `w` has a space before it and the second has none, so that they are two different tokens. And the argument `quab` behaves the other way round: when it returns, its first part `qu` has a probability of 0.88 and its second part `ab` only 0.06.
#
# How does a network with fixed weights pick up a name while it reads? Large language models do more of this when they learn a task from examples in the prompt. It is called **in-context learning**, and looking up what came before is a simple form of it. At the end of this lesson you can find the responsible part in a model that you have not seen, write it by hand, take it out, and say which other parts it needs.

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

# %% [markdown] contents
# You need lesson 0: the residual stream, hooks, attention heads, ablation and path patching. The exercises take about three and a half hours (an estimate, from trials). The second notebook of this lesson may be skipped.

# %% [markdown]
# The lesson follows Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), and Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895). The figures are computed while this notebook runs. Results that are too heavy for that are loaded from files, which scripts make again; the text calls them stored.

# %% [markdown]
# ## 1 · One head is not enough
#
# A name that returns is a case of a general pattern: `… A B … A → B`. B followed A once, and when A comes again, the model should predict B. Completing this pattern, for any A and any B, is called **induction**.
#
# Could one attention head do it? From the second A it would have to look at B *because A stood before it*. The figure shows all that a head can go by.

# %% figure
ind.attention_table().captioned(
    "The scores of one head. In the row of A there is one number for B, wherever B stands and whatever stood before it. The "
    "column that the task needs does not exist."
)

# %% [markdown]
# This table is called the **QK circuit** of the head. In lesson 0's names, where $W_E$ embeds tokens and $W_U$ turns the stream into logits, it is $W_E W_Q W_K^\top W_E^\top$: a row for each token $q$ that looks, a column for each token $s$ that is looked at. A second table, the **OV circuit** $W_E W_V W_O W_U$, says what looking at $s$ adds to the logits. In the plainest transformer, one layer of attention without norm and biases, these two decide everything. If $q$ is the last token and $A(q, s)$ the share of its attention that $s$ gets,
#
# $$\text{logits} \;=\; W_E[q]\,W_U \;+\; \sum_{s} A(q, s)\; W_E[s]\,W_V W_O W_U .$$
#
# Could knowing positions help? The smallest case has four texts that end in A. In the first two, B came after A; in the last two, D did. No single head gets all four right, whatever its size and weights.

# %% figure
words = {"(i)": "ABCDA", "(ii)": "CDABA", "(iii)": "CBADA", "(iv)": "ADCBA"}
ind.four_texts(words, {"(i)": "B", "(ii)": "B", "(iii)": "D", "(iv)": "D"}).captioned(
    "Each place of a text contributes one card: a number that depends on the place and on the token there, and on nothing else. "
    "A head adds up the cards of its text. Above: the four texts. Below: the cards of two texts together, sorted by place."
)

# %% [markdown]
# The head's lead for B over D has the sign of a sum of such cards. In (i) and (ii) B is right, so both sums must be above zero, and so must their total. In (iii) and (iv) D is right, so both must be below zero, and so must their total. But the two totals are sums of the same cards, as the figure shows column by column. They are equal, and cannot be both.
#
# <details><summary>Why the lead has the sign of a sum of cards</summary>
#
# Let $s_j$ be the attention score of place $j$ and $v_j$ what that place contributes to the logit of B minus that of D, both seen from the last token, which is A in all four texts and is itself one of the places. Let $c$ be what the last token's embedding adds without any attention. The lead for B is
#
# $$\Big(\sum_j e^{s_j} v_j\Big) \Big/ \Big(\sum_j e^{s_j}\Big) + c .$$
#
# Multiply by the denominator, which is positive. The sign is that of $\sum_j e^{s_j} (v_j + c)$. Each term depends on one place and its token, and on nothing else: it is the card.
#
# </details>
#
# We try to refute the argument with a hundred thousand random heads, and as many pairs of heads.

# %%
A, B, C, D = range(4)
texts = torch.tensor([[A, B, C, D, A], [C, D, A, B, A], [C, B, A, D, A], [A, D, C, B, A]])
sign = torch.tensor([1, 1, -1, -1])  # is B right, or D?

def right_of_four(heads, n=100_000):
    """The share of n random one-layer models that get 0, 1, … 4 of the four texts right."""
    # score and value: model, head, place, token
    score, value = 4 * torch.randn(2, n, heads, 5, 4, generator=rng)
    place = torch.arange(5)
    attention = score[..., place, texts].softmax(-1)  # model, head, text, place
    lead = (attention * value[..., place, texts]).sum((1, 3))  # model, text
    lead = lead + torch.randn(n, 1, generator=rng)  # what the last token adds without attention
    return torch.bincount((sign * lead > 0).sum(1), minlength=5) / n

# %% figure
rng = torch.Generator().manual_seed(0)
count = {f"{heads} head{'s' * (heads > 1)}": right_of_four(heads) for heads in (1, 2)}
table(count, columns=("none right", "1", "2", "3", "all 4 right"), decimals=4,
      caption="The share of 100 000 random one-layer models that get so many of the four right.")

# %% [markdown]
# Two heads side by side can do it for these four places, in a roundabout way (deeper notebook, section 1). The price is size: Sanford, Hsu and Telgarsky 2024 prove that one layer must be exponentially larger for this task than two ([arXiv 2408.14332](https://arxiv.org/abs/2408.14332)).

# %% claims
with claims():
    claim("no random head gets all four right", count["1 head"][4] == 0)
    claim("some random pairs of heads do", count["2 heads"][4] > 0)
    cards = [sorted((place, letter) for name in pair for place, letter in enumerate(words[name])) for pair in (("(i)", "(ii)"), ("(iii)", "(iv)"))]
    claim("(i) and (ii) together hold the same cards as (iii) and (iv) together", cards[0] == cards[1])

# %% [markdown]
# ## 2 · Build one by hand
#
# With two layers there is a plan.

# %% figure
draw.induction_circuit(previous="P", induction="I")

# %% [markdown]
# A **previous-token head** (P) in the first layer looks one position back and writes what it finds there into the residual stream. We call what it writes a *note*: a vector that means "the token before me was A". An **induction head** (I) in the second layer compares the current token with these notes. It attends to the token *after* the earlier occurrence of the current one, and copies it. Looking at the earlier occurrence itself would give it the wrong token to copy.
#
# A head has three inputs, and a head before it can be read through any of them: through its *queries* (what it searches for), its *keys* (what each place offers) or its *values* (what is copied). In the plan the second head reads the first one's notes through its keys. Elhage et al. call this **K-composition**.
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
fig, axes = plots.figure(3, 1, width=5.8, height=5.9)
ticks = ["BOS", *"abc", *"012345", "BOS", *"abc", "BOS", *"abc"]
for ax, stream, title in zip(axes, streams, ("embedded", "after the\nfirst head", "after the\nsecond head"), strict=True):
    plots.heatmap(ax, stream, signed=False, limit=1, bar=False, aspect="auto")
    ax.set_xticks(range(18), ticks, fontsize=8)
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
    "is 0. Orange ring: in the row of c, the first head has noted b. Green ring: the last row (b) searches for that note, "
    "finds it at c, and c is written into its `next`. In the rows of the first a, b and c nothing matches, so the second "
    "head spreads its attention evenly over all that it sees; that is the pale wedge. (The first row has no place before "
    "it, so its note is of itself.)",
)  # fmt: skip

# %% [markdown]
# We test the model as we shall test every model in this lesson: a starting token (**BOS**), a block of random tokens, and the same block again, the *repeat*. For models written by hand the tokens of a block are all different. The tokens of the block are random, so nothing foretells them. In the repeat everything is foretold by the block, except its first token, since nothing says that the repeat begins there. So both measures of this lesson start at the second token of the repeat.
#
# - The **accuracy on the repeat** is the share of these tokens that the model ranks first.
# - The **gain from repetition** is the mean loss on the block minus the mean loss on these tokens, in nats (a loss with the natural logarithm; one nat less means $e$ times the probability). It is how much the earlier block helps.
#
# How sharp must the induction head be? Let the previous-token head be as sharp as you like, and give the induction head the sharpness $\beta$. There are up to 64 places to look at, and one is right.

# %% prediction
predict("induction.sharpness")

# %% figure answer
rng = torch.Generator().manual_seed(1)
betas = (0.1, 0.68, 0.71, 20.0)
right = {f"β = {beta}": {} for beta in betas}
for beta in betas:
    verdict = ind.judge(ind.hand_built(40, 65, (20.0, beta)), lengths=[4, 16, 32])
    right[f"β = {beta}"] = {f"blocks of {n}": share for n, share in verdict.accuracy.items()}
lowest = {beta: min(right[f"β = {beta}"].values()) for beta in betas}
threshold = min(beta for beta in betas if lowest[beta] == 1)
display(table(right, decimals=2, caption="Accuracy on the repeat, for three lengths of the block (32 texts each)."))
measured("induction.sharpness", f"about {threshold:.1f}")

# %% [markdown]
# Pencil and paper predict the result. Before normalising, the right place has weight $e^\beta$ and every other place has weight $e^0 = 1$. Each place adds its weight to the logit of its own token. All tokens of a block are different, so the right token has come once so far and is supported by one place, with $e^\beta$. A token that has come twice is supported by two places with weight 1 each. The current token is always such a one.
#
# <details><summary>The answer</summary>
#
# The right token wins exactly if $e^\beta > 2$. The threshold is $\ln 2 \approx 0.69$, whatever the length: a match needs only a little more than twice the weight of any other place. In the table the model is never right at $\beta = 0.68$ and always at 0.71. The plan never mentions a length, and it works at every length that fits into the context.
#
# If tokens may occur twice *within* a block, no sharpness is enough, because two notes are then equally good matches.
#
# </details>

# %% claims
highest = {beta: max(right[f"β = {beta}"].values()) for beta in betas}
every = ind.judge(ind.hand_built(40, 65), lengths=range(2, 33))
note, answer = streams[1][:, layout["previous"]], streams[2][:, layout["next"]]
rng, doubled = torch.Generator().manual_seed(2), {}
for length in (4, 16, 32):
    test = ind.repeated_tokens(40, 64, length, generator=rng)  # tokens drawn with replacement
    doubled[length] = ind.repeat_accuracy(ind.run(ind.hand_built(40, 65), test).logits, test, length)
with claims():
    claim("every position but BOS carries a note of the token before it", note.argmax(-1)[1:].tolist() == [0, 1, 2, 3, 1])
    claim("after the second a the answer is b, after the second b it is c", answer[4:].argmax(-1).tolist() == [2, 3])
    claim("at β = 0.68 it is never right and at β = 0.71 always, at all three lengths", highest[0.68] == 0 and lowest[0.71] == 1)
    claim("with β = 20 it makes no mistake at any length from 2 to 32", min(every.accuracy.values()) == 1)
    claim("where tokens may occur twice in a block, the sharp model is right less often the longer the block, and below 0.65 at 32",
          doubled[4] > doubled[16] > doubled[32] and doubled[32] < 0.65)  # fmt: skip

# %% [markdown]
# ## 3 · Train one, and ask what it needs in order to form
#
# Does gradient descent find this circuit? We train small models of two attention layers with four heads each on BOS and a block of random tokens over and over. The vocabulary has 63 tokens besides BOS. The block's length, 8 to 31, is drawn anew for each text, so that no single distance gives the answer away. The control is a model with *one* layer, trained in the same way.
#
# Besides the accuracy on the repeat we follow two scores of each head, on repeated blocks of length $L$. They ask whether it looks where the two heads of the plan look.
#
# - The **previous-token score** of a head is its mean attention to the position before.
# - The **prefix-matching score** of a head is the mean attention, from the tokens of the repeat, to the token *after* the earlier occurrence, $L - 1$ positions back.
#
# The test has blocks of 24 tokens. Guessing would give an accuracy of 1 in 63. What will the model with one layer reach?

# %% prediction
predict("induction.one_layer")

# %%
live = ind.train(seeds=3, keep=(150, 220, 450))  # two layers of four heads
flat = ind.train(ind.Shape(n_layers=1), seeds=1)  # the control
many = ind.spread()  # stored: 32 seeds of two layers, 8 of one

# %% figure answer
text = ind.repeated_tokens(64, 1, 12, distinct=True, generator=torch.Generator().manual_seed(0))
matcher = live.curves.prefix[-1, 0, 1].argmax().item()  # of the first toy's second layer
stages = {step: ind.run(weights[0], text).pattern[1, 0, matcher] for step, weights in live.kept.items()}
plots.show(
    ind.forming(live.curves, flat.curves, stages, 12, f"1.{matcher}"),
    "Accuracy and head scores against steps, two layers and one; below, a head's attention before, during and after the change.",
    "Above: three models of two layers and one of one layer, trained while this notebook ran; grey: the steps shown below. The orange score stays "
    "near one half although the accuracy is near 1: it is a mean over all places, and no block is longer than 31, so that "
    "notes at later places are hardly ever needed, and the heads do not write them. Below: the attention of one head of the "
    "first model on BOS and a block of twelve, twice; the darker, the more. The dark line at the end lies one place to the right "
    "of the earlier occurrence.",
)  # fmt: skip
measured("induction.one_layer", flat.curves.accuracy[-1].item())

# %% [markdown]
# <details><summary>What came out</summary>
#
# All three models with two layers pass an accuracy of 0.95. The model with one layer ends between 0.25 and 0.4. A stored result has 32 seeds of two layers and 8 of one: all 32 change, at step 209 ± 9 (mean and standard deviation), and no control reaches one half.
#
# How does one layer get even so far? It goes by distance. With blocks of 8, 12, 16, 20, 28 or 31 tokens the same model stays below 0.15, while those with two layers stay above 0.85. A distance of 24 is the best bet that there is, perhaps because blocks of 8, of 12 and of 24 tokens all bring a token back after 24 places.
#
# </details>
#
# **Why so suddenly?** From a quarter of the accuracy to three quarters takes 28 steps, after some two hundred in which little happens. One idea is that each half of the circuit is useless without the other. In the model built by hand this can be tested. We turn up both sharpnesses from zero and measure the gain from repetition.

# %% figure
test = ind.repeated_tokens(40, 32, 16, distinct=True, generator=torch.Generator().manual_seed(1))
pays, sharp = {}, (0.0, 1.0, 2.0, 4.0, 8.0)
for first in sharp:
    row = {}
    for second in sharp:
        loss = ind.token_losses(ind.run(ind.hand_built(40, 65, (first, second)), test).logits, test).mean(0)
        row[f"I: {second:.0f}"] = (loss[:16].mean() - loss[17:].mean()).item()
    pays[f"P: {first:.0f}"] = row
table(pays, decimals=2, mark=lambda nats: nats > 0.5,
      caption="Gain from repetition (nats) by the sharpness of the previous-token head P (rows) and of the induction head I (columns). Marked: more than half a nat.")

# %% [markdown]
# While one head is blunt, sharpening the other from 0 to 8 adds less than 0.04 nats; when the other is sharp, it adds more than 0.9. So gradient descent has little to climb until both have begun, and then each makes the other worth more. That this is what happens in the trained toys remains an idea; the experiment that follows gives one piece of evidence for it.
#
# **What does it need in order to form?** If these models come to do it by the plan of section 2, changes of the *model* before training should matter in a way that the plan predicts. We make three.
#
# - *Smeared keys*, in one layer: each key is mixed with the key of the position before, in a proportion that is learned. Olsson et al. 2022 made this change. A key then holds the token before, with no previous-token head.
# - *Deaf keys*, in two layers: the keys of the second layer are computed from the embeddings alone, without what the first layer wrote.
# - *Deaf queries*, in two layers: the same is done to the queries of the second layer instead.

# %% prediction
predict("induction.deaf_keys")

# %% figure answer
formation = ind.formation()  # stored: four seeds of each
display(table(formation, interval="lowest and highest seed", decimals=2,
              caption="Accuracy on the repeat after 600 steps: mean over four seeds, and beside it the lowest and the highest seed."))
stopped = [what for what in ("keys", "queries") if formation.final(f"two layers, deaf {what}").max() < 0.5]
measured("induction.deaf_keys", {2: "both", 0: "neither"}.get(len(stopped), f"deaf {stopped[0]} alone" if stopped else ""))

# %% [markdown]
# <details><summary>What came out</summary>
#
# With deaf keys two layers stay below one half within 600 steps, almost three times as long as the change takes otherwise; their accuracy still rises slowly when training ends. With deaf queries they learn the task, a little later than without. So it matters for the training of these toys what the second layer's keys can read, and not what its queries can. In the plan the query asks for the current token, which is in the stream from the start.
#
# With smeared keys one layer learns the task, in less than half the steps that two layers need: where one half is there from the start, there is less to wait for. All of this holds in each of the four seeds.
#
# </details>
#
# Do the finished toys use the inputs that the plan names? We call what one head writes, as far as another head reads it, a **message**. We run each toy on a text, but compute one input of its second layer (the queries, the keys or the values) as if all heads of the first layer had written what they write for *another* text.

# %% figure answer
rng, composed = torch.Generator().manual_seed(4), {}
clean, other = ind.repeated_tokens(64, 32, 24, distinct=True, generator=rng).split(16)
layers = [[(layer, head) for head in range(4)] for layer in range(2)]
for seed in range(3):
    bridge, metric = ind.as_bridge(live.weights[seed]), ind.repeat_log_prob(clean, 24)
    sweep = ind.path_patch_qkv(bridge, clean, other, metric, *layers)
    composed[f"seed {seed}"] = ind.by_input(sweep)
table(composed, unit="nats", signed=True, decimals=2,
      caption="Change of the log-probability of the right token on the repeat when one input of the second layer gets the messages about another text (16 texts; 95 % interval, texts resampled).")

# %% [markdown]
# <details><summary>What came out</summary>
#
# The finished toys read the first layer through their keys alone, while their queries and values take the token from the embedding, as in the plan. It fits that deaf queries do not keep toys from learning. The loss of more than 7 nats exceeds the 4.1 of guessing among 63 tokens: with notes about another text the model is confidently wrong.
#
# </details>

# %% claims
curves, change, abrupt = live.curves, live.curves.change(), live.curves.duration(0.25, 0.75)
steps, took = many.change(), many.change(0.75) - many.change(0.25)
pattern = ind.run(live.weights, ind.repeated_tokens(64, 32, 31, distinct=True, generator=torch.Generator().manual_seed(6))).pattern
back = pattern[:, 0].diagonal(-1, -2, -1).mean(1).amax(1)  # (seed, key): attention one back, best head
blocks = {n: ind.repeated_tokens(64, 100, n, distinct=True, generator=torch.Generator().manual_seed(3)) for n in (8, 12, 16, 20, 28, 31)}
lengths = {n: [ind.repeat_accuracy(ind.run(w, t).logits, t, n).min().item() for w in (flat.weights, live.weights)] for n, t in blocks.items()}
smeared, deaf, control = (formation.final(f"{name}") for name in ("one layer, smeared keys", "two layers, deaf keys", "two layers, deaf queries"))
losses = {way: [row[way][0] for row in composed.values()] for way in ("queries", "keys", "values")}
with claims():
    claim("all three two-layer models reach an accuracy above 0.95", (curves.accuracy[-1] > 0.95).all())
    claim("the one-layer model ends between 0.25 and 0.4", between(flat.curves.accuracy[-1].item(), 0.25, 0.4))
    claim("with blocks of 8, 12, 16, 20, 28 and 31 the one-layer model is below 0.15, and each two-layer model above 0.85",
          all(one < 0.15 and two > 0.85 for one, two in lengths.values()))
    claim("from a quarter to three quarters takes less than a third of the steps before it", (abrupt < change / 3).all())
    claim("a head of each two-layer model ends with a prefix-matching score above 0.6, and no head of the one-layer model with more than 0.3",
          curves.best_prefix()[-1].min() > 0.6 and flat.curves.best_prefix()[-1].max() < 0.3)
    claim("the best previous-token score of each two-layer model ends between 0.4 and 0.6", ((curves.best_previous()[-1] - 0.5).abs() < 0.1).all())
    claim("the best head of the first layer gives the place before more than one half over places 1 to 28, and less than a fifth over places 34 to 60",
          (back[:, 1:29].mean(1) > 0.5).all() and (back[:, 34:61].mean(1) < 0.2).all())
    claim("all 32 two-layer models change, and none of the 8 controls reaches one half", not steps.isnan().any() and many.control.max() < 0.5)
    claim("the step is 209 ± 9 (mean and standard deviation over seeds)", round(steps.mean().item()) == 209 and round(steps.std().item()) == 9)
    claim("from a quarter to three quarters takes 28 steps (median)", round(took.median().item()) == 28)
    claim("with either head blunt, sharpening the other from 0 to 8 adds less than 0.04 nats; with the other at 8 it adds more than 0.9",
          max(pays["P: 0"]["I: 8"], pays["P: 8"]["I: 0"]) - pays["P: 0"]["I: 0"] < 0.04
          and pays["P: 8"]["I: 8"] - max(pays["P: 0"]["I: 8"], pays["P: 8"]["I: 0"]) > 0.9)
    claim("with smeared keys one layer passes an accuracy of 0.95 in all four seeds; without, it stays below 0.4",
          smeared.min() > 0.95 and formation.final("one layer").max() < 0.4)
    claim("it changes in less than half the steps that two layers need", formation.change("one layer, smeared keys").max() < formation.change("two layers").min() / 2)
    claim("with deaf keys two layers stay below one half in all four seeds, with deaf queries they pass 0.95 in all four", deaf.max() < 0.5 and control.min() > 0.95)
    claim("the keys of all three toys lose more than 7 nats, more than the 4.1 of guessing among 63 tokens", max(losses["keys"]) < -7 and about(torch.tensor(63.0).log(), 4.1))
    claim("the queries and the values lose less than 0.02 nats", max(map(abs, losses["queries"] + losses["values"])) < 0.02)  # fmt: skip

# %% [markdown]
# ## 4 · The same on real text
#
# Back to the model of the puzzle: `code-attn-2l` has two attention layers of four heads each and was trained on 18 million tokens of Python. We ask whether it has the two heads of the plan.
#
# A name such as 1.2 means layer 1, head 2; counting starts at 0. We let the model read BOS and a block of six random tokens, twice, and look at the attention of two heads of each layer. Each row shows where one token looks.

# %% figure
rng = torch.Generator().manual_seed(0)
block = ind.repeated_tokens(model.cfg.d_vocab, 1, 6, distinct=True, generator=rng)
_, cache = model.run_with_cache(block)
fig, axes = plots.figure(2, 2, width=5.6, height=5.2)
for (layer, head), ax in zip(((0, 0), (0, 2), (1, 1), (1, 2)), axes.flat, strict=True):
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
    "block begins and where it begins again. A head that finds nothing looks at BOS, the first column.",
)  # fmt: skip

# %% prediction
predict("induction.which_head")

# %% figure answer
two = ind.head_scores(model, length=50)
eight = {
    f"{layer}.{head}": {"previous-token score": two.previous[layer, head].item(),
                        "prefix-matching score": two.prefix[layer, head].item()}
    for layer in range(2) for head in range(4)
}  # fmt: skip
display(table(eight, corner="head", decimals=2, mark=lambda x: x > 0.5,
              caption="Both scores of all eight heads (16 texts, blocks of 50). Marked: above one half."))
best = max(eight, key=lambda head: eight[head]["prefix-matching score"])
measured("induction.which_head", best)

# %% [markdown]
# Scores on random tokens find candidates. The figure shows the candidate at work on the puzzle: the head with the highest prefix-matching score, on the program with `wozzle_frint`.

# %% figure answer
_, cache = model.run_with_cache(tokens)
looks_on_program = looks = cache["pattern", 1][0, 1]  # of head 1.1: (query, key)
upper, lower = [0, *range(1, 11)], range(27, 35)
weights = {(i, j): looks[q, k].item() for i, q in enumerate(lower) for j, k in enumerate(upper) if k and looks[q, k] >= 0.05}
after = model(tokens)[0].softmax(-1)[range(27, 35), tokens[0, 28:36]].tolist()
ind.looked_up(["BOS", *parts[:10]], parts[26:34], weights, after, first=2).captioned(
    "Where head 1.1 looks from each part of the returning name; the thicker, the more attention. Most of the rest is on BOS, "
    "which is not drawn, and attention below 0.05 is left out. Below: the probability that the model gives to the token "
    "that comes next."
)

# %% [markdown]
# <details><summary>What came out</summary>
#
# Head 1.1 matches prefixes, and 0.2 looks one position back. On the program, 1.1 looks one step further than the same part: from the second `w` at `o`, from `o` at `z`, and so on, with more than 0.6 of its attention for six of the eight parts.
#
# </details>
#
# **When did this come about?** The model was saved at 21 steps of its training. We follow its losses on 29 modules of Python's standard library that were held out of the training, cut into 739 *windows* of 256 tokens (a stored result).
#
# The loss on names is taken from their second token on, since the first is a matter of *which* name comes, and split in two. A **repeated name** stood in its window before, a **new name** did not. The **in-context-learning score** of Olsson et al. is the loss late in a window minus the loss early in it. (Their windows have 512 tokens, so that only the sign of our score can be compared with theirs.)
#
# Every 95 % interval of this lesson is a **bootstrap interval**: draw as many modules (or texts) again with replacement, compute the number again, 2 000 times, and take the middle 95 %.
#
# Between steps 1 000 and 2 000 the loss on repeated names falls by more than two nats. By how many nats does the loss on *new* names fall in the same time?

# %% prediction
predict("induction.new_names")

# %% figure answer
training = ind.checkpoints()
fell = {f"{what} names": training.fallen(what, 1000, 2000) for what in ("repeated", "new")}
plots.show(
    training.plot(),
    "The loss of repeated names falls steeply between steps 1 000 and 2 000, that of new ones far less; the "
    "in-context-learning score and the scores of heads 0.2 and 1.1 change in the same time.",
    "The training of the code model. Top: loss per token of names. Middle: in-context-learning score. Bottom: one head of each "
    "layer stands out (solid); the best of the other seven is dotted. Bands: 95 % interval, modules resampled. Between steps "
    f"1 000 and 2 000 repeated names fell by {fell['repeated names'][0]:.2f} nats and new ones by {fell['new names'][0]:.2f}.",
)  # fmt: skip
measured("induction.new_names", fell["new names"][0])

# %% [markdown]
# <details><summary>What came out</summary>
#
# The loss on repeated names fell by 2.32 nats and that on new names by 0.42. So, token for token, names that can be looked up changed more than five times as much as new ones. (They are few, so that in sum the small falls of all other tokens are more.)
#
# </details>
#
# The curves change together, but which of them caused which they do not say, not even in which order they came (deeper notebook, section 7). A cause has to be shown by an intervention.

# %% claims
right_place, on_bos = [looks[q, q - 24].item() for q in lower], [looks[q, 0].item() for q in lower]
others = training.prefix.flatten(1)[:, [0, 1, 2, 3, 4, 6, 7]]
with claims():
    claim("0.2 has a previous-token score of 0.95, and no other head passes 0.2",
          round(eight["0.2"]["previous-token score"], 2) == 0.95 and max(r["previous-token score"] for h, r in eight.items() if h != "0.2") < 0.2)
    claim("1.1 has a prefix-matching score of 0.65, and no other head passes 0.05",
          round(eight["1.1"]["prefix-matching score"], 2) == 0.65 and max(r["prefix-matching score"] for h, r in eight.items() if h != "1.1") < 0.05)
    claim("from six of the eight parts of the returning name, 1.1 gives more than 0.6 of its attention to the part that followed the first time; from the w 0.46, from the first z 0.34",
          sum(w > 0.6 for w in right_place) == 6 and [round(right_place[i], 2) for i in (0, 2)] == [0.46, 0.34])
    claim("of the rest, more than half is on BOS", all(bos > (1 - there) / 2 for there, bos in zip(right_place, on_bos, strict=True)))
    claim("the loss on repeated names falls by more than two nats, and at least four times as much as that on new ones",
          fell["repeated names"][1] > max(2, 4 * fell["new names"][2]))
    claim("they fell by 2.32 and by 0.42 nats", [round(row[0], 2) for row in fell.values()] == [2.32, 0.42])
    claim("there are 21 checkpoints, the last at step 4 340, and 739 windows from 29 modules",
          (len(training.step), training.step[-1].item(), len(training.losses.module), len(training.losses.module.unique())) == (21, 4340, 739, 29))
    claim("at step 1 000 no head has a prefix-matching score above 0.05; at the end 1.1 has more than 0.6, and no other head ever passes 0.05",
          training.prefix[training.at(1000)].max() < 0.05 and training.prefix[-1, 1, 1] > 0.6 and others.max() < 0.05)
    claim("0.2 ends with a previous-token score above 0.9, and the others never pass 0.35",
          training.previous[-1, 0, 2] > 0.9 and training.previous[:, :, [0, 1, 3]].max() < 0.35)  # fmt: skip

# %% [markdown]
# ## 5 · Which head reads which, and through which input?
#
# Two heads stand out, and the question is whether they work together as in the plan. **Path patching** (lesson 0) changes one message and leaves everything else as it was. Here the model runs on one text, and one input of 1.1 (its queries, its keys or its values) is computed as if *one* head of the first layer had written what it writes for *another* text.
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
# There are four heads in the first layer and three inputs of 1.1, so twelve messages. The plan names one of them: from 0.2 to the keys.

# %% prediction
predict("induction.messages")

# %% figure answer
def right_token(logits):
    """Mean log-probability of the right token on the repeat, from its second on, per text."""
    return -ind.token_losses(logits, clean)[:, 61:].mean(1)

intact, inputs = right_token(model(clean)), {"queries": "q", "keys": "k", "values": "v"}
heard = {f"0.{sender}": {name: ind.mean_interval(right_token(with_message(sender, reads)) - intact) for name, reads in inputs.items()} for sender in range(4)}
display(table(
    heard, unit="nats", signed=True, corner="from", mark=lambda nats: nats <= -1,
    caption="Change of the log-probability of the right token when one input of 1.1 gets one head's message about another text. "
    "Mean over 16 texts, 95 % interval in small type (texts resampled). Marked: at least one nat lost."))
worth = {f"{head} to {way}": -row[way][0] for head, row in heard.items() for way in row if row[way][0] <= -1}
ind.circuit(("X", "A", "B"), worth, known=False).captioned(
    "The messages that cost at least one nat, in the geometry of the plan: a head of layer 0, what it has written at a place, the "
    "change in nats without it, and the letter of the input of 1.1 that reads it. The boxes of one frame are written at the "
    "same time. What do they say?"
).show()
measured("induction.messages", len(worth))

# %% [markdown]
# <details><summary>What came out</summary>
#
# Five messages matter, and the plan has one. The keys of 1.1 need 0.2 most, as in the plan (4.8 nats). They also need 0.3 (3.1 nats). The queries need 0.0 (4.3) and 0.2 (2.8). The values need 0.0 (3.5).
#
# </details>
#
# Elhage et al. have a name for each letter. A head that is read through the keys (K) of a later one takes part in K-composition; through its queries (Q), in **Q-composition**; through its values (V), in **V-composition**.
#
# **What does each message say?** What a head writes depends on where it looks.

# %% figure answer
queries, looks = torch.arange(62, 121), {}  # the repeat, from its second token on
for head in range(4):
    pattern = here["pattern", 0][:, head]  # (text, query, key)
    back = {f"{k} back": pattern[:, queries, queries - k].mean().item() for k in (3, 2, 1, 0, 60)}
    looks[f"0.{head}"] = back
table(looks, corner="head", decimals=2, mark=lambda x: x > 0.25,
      caption="Mean attention of the first layer's heads from the repeat (16 texts). 0 back is the current token itself, 60 back "
      "its earlier occurrence. Marked: above a quarter.")

# %% [markdown]
# Head 0.2 looks one back, so it leaves a note of the token before, as in the plan. Head 0.3 looks two back, so its note is of the token *two* before. Head 0.0 looks at the current token (0.45) and at its earlier occurrence (0.42). Both are the same token, so 0.0 writes a copy of it. With this the boxes can be filled, here for a part of the puzzle: the second `_f` of `wozzle_frint`, and what 1.1 finds from there.

# %% figure answer
f_again, r = 32, 8  # positions of the second _f and of the first r
share, likely = looks_on_program[f_again, r].item(), late[f_again].item()
ind.circuit(("le", "_f", "r"), worth, known=True, attention=share, chance=likely).captioned(
    "The same five messages with what they say. Arrows in layer 0: where each head looks. From the second _f, 1.1 searches for "
    "“_f” and for “after le”. At r it finds a note of _f one before (0.2) and a note of le two before (0.3). So r gets "
    f"{share:.2f} of the attention of 1.1, which copies what 0.0 wrote there, and r gets a probability of {likely:.2f}."
)

# %% [markdown]
# So the plan is there, with two additions. The query reads the token from a copy that 0.0 made of it, and so do the values; why this model does not take it from the embedding, as the toys do, we do not know. And 1.1 compares *two* tokens: the current one with notes of the token before, and the one before it with notes of the token two before. In `… X A B … X A` such a head should prefer the place after X A to a place after A alone. The deeper notebook tests this (section 4).
#
# **Is it these pairs that meet?** That 1.1 reads the messages does not show that its queries compare them with its keys in this way. An attention score can be taken apart. What 1.1 reads at any position is a sum of seven parts: the token's embedding, the position's, what each of the four heads of the first layer wrote there, and a bias. (Before 1.1 reads it, a norm divides the sum by one number; we hold that number fixed.) Queries and keys are linear in what is read. So a score, query times key, is a sum over 49 *pairs*: this part of the query with that part of the key. Here is one of them, for the same two places.

# %%
_, cache = model.run_with_cache(tokens)

def part(head, position):
    """What a head of the first layer wrote at a position, as the norm passes it to 1.1: (d_model,)"""
    wrote = cache["z", 0][0, position, head] @ model.W_O[0, head]
    return (wrote - wrote.mean()) / cache["blocks.1.ln1.hook_scale"][0, position]

query, key = part(0, f_again) @ model.W_Q[1, 1], part(2, r) @ model.W_K[1, 1]
one_pair = (query @ key / model.cfg.d_head**0.5).item()
f"0.0 in the query with 0.2 in the key: {one_pair:.2f}"

# %% [markdown]
# A score matters only in comparison with the scores of other places. So the table has the *preference* of each pair too: its score at the right place less its mean at the other places (without BOS, at which a head rests when it finds nothing). A preference of 1 multiplies the attention by $e$.

# %% figure
on_program = ind.score_parts(model, tokens, length=1, head=1)
pairs = ind.score_parts(model, clean, length=60, head=1)  # the 16 texts of random tokens
row = on_program.score[:, :, 0, f_again, : f_again + 1]  # (query part, key part, place)
preferred = row[..., r] - row[..., [place for place in range(1, f_again + 1) if place != r]].mean(-1)
best, at_r = pairs.largest(3), {}
for name, on_random in best.items():
    if " · " not in name:  # the others together, and all
        continue
    asks, note = (on_program.parts.index(one) for one in name.split(" · "))
    at_r[name.replace("·", "with")] = [row[asks, note, r].item(), preferred[asks, note].item(), on_random]
rest = [whole - sum(entry[k] for entry in at_r.values()) for k, whole in enumerate((row[..., r].sum().item(), preferred.sum().item()))]
at_r["the other 46 pairs together"] = [*rest, best["the other 46 pairs together"]]
at_r["all 49 pairs"] = [row[..., r].sum().item(), preferred.sum().item(), best["all"]]
columns = ("score at r", "preference for r", "random tokens: preference")
table({name: dict(zip(columns, entry, strict=True)) for name, entry in at_r.items()}, signed=True, decimals=2,
      corner="part of the query with part of the key", mark=("0.0 with 0.2", "0.2 with 0.3"), caption="The pairs that prefer the right place most. Left: from the second _f of the program. Right: mean over the repeat in 16 texts of random tokens, 95 % interval, texts resampled. Marked: the two pairs of the drawing.")

# %% [markdown]
# The two pairs of the drawing are the largest, on the program and on random tokens, where they make up 87 % of the whole preference. The token's own embedding, with which the toys ask, contributes next to nothing.
#
# **From end to end, in weights alone.** If this is right, it can be read off the weights without any text. Take a token $t$. Its query, through 0.0, is $\hat W_E[t]\, W_{OV}^{0.0} W_Q$. The key of a place after a token $u$ is $\hat W_E[u]\, W_{OV}^{0.2} W_K$. (Here $\hat W_E$ are the embeddings after the first layer's norm, each with mean 0 and mean square 1, and $W_{OV} = W_V W_O$ belongs to the head named above it.) Their product is a table with a row for each of the 1 024 tokens asked for, and a column for each token noted. If the circuit matches tokens, the largest entry of each row lies on the diagonal. At random that happens for one row in 1 024.

# %%
def normed(x):
    x = x - x.mean(-1, keepdim=True)
    return x / x.square().mean(-1, keepdim=True).sqrt()

E, W_OV = normed(model.W_E), model.W_V @ model.W_O
W_QK = model.W_Q[1, 1] @ model.W_K[1, 1].mT  # of head 1.1
asked, noted = E @ W_OV[0, 0], E @ W_OV[0, 2]  # what 0.0 and 0.2 write for each token
own = (asked @ W_QK @ noted.mT).argmax(1) == torch.arange(1024)  # matches its own note best?
f"{own.float().mean():.2f}"

# %% figure
source = {"token": E, **{f"0.{head}": E @ W_OV[0, head] for head in range(4)}}
match = {}
for asks in source:
    found = {note: ind.own_note_first(source[asks], source[note], W_QK) for note in source}
    match[f"{asks} in the query"] = {f"{note} in the key": found[note] for note in source}
table(match, decimals=3, mark=lambda share: share > 0.25,
      caption="The same for other parts: share of the 1 024 tokens that match themselves best (0.001 at random). Marked: above a quarter.")

# %% [markdown]
# The two pairs that the scores named are the two that match tokens best in the weights: 94 % of the tokens match themselves best through the first and 91 % through the second. A third entry is marked, 0.3 with 0.3. It compares the token two before *here* with the token two before *there*, which points one place too early. On random tokens that pair contributes less than a twentieth of what the first does.
#
# A match is not always a match of the same token. The table has the five notes of 1 024 that match best, for two tokens of the program: the bare `w` and a single space.

# %% figure
table_of_scores = source["0.0"] @ W_QK @ source["0.2"].mT / model.cfg.d_head**0.5  # (asked, noted)
nearest = {}
for asked in ("w", " "):
    own = model.tokenizer.encode(asked, add_special_tokens=False)[-1]
    row = table_of_scores[own] / table_of_scores[own, own]
    nearest[visible(asked)] = {
        f"note {k}": f"{visible(model.tokenizer.decode([i]))}  {row[i]:.2f}"
        for k, i in enumerate(row.argsort(descending=True)[:5].tolist(), 1)
    }
table(nearest, corner="asked", caption="The five notes that match best, with their scores; a token's own note scores 1.")

# %% [markdown]
# For `w` the note `␣w` comes first, even before `w` itself. This is a fuzzy match: the bare `w` of the puzzle finds the note that the `␣w` left. A single space also matches notes of brackets. The best are those with a space before them, `␣[` and `␣(`; the bare `(`, which is not among the five, still has 0.62 of the score of the space's own note. This will explain a detail of the puzzle.
#
# **It copies too.** Olsson et al. define an induction head by two properties, matching prefixes and copying. A head copies if its OV circuit raises the logit of the token that it attends to. Elhage et al. measure this by the eigenvalues $\lambda$ of $W_E W_V W_O W_U$, a table from token to logit: the **copying score** is $\sum \mathrm{Re}\,\lambda / \sum |\lambda|$. It is 1 if all eigenvalues are positive, and near 0 for a matrix without preference. Beside the trained model we put a **null**: what the measurement gives where there is nothing to find, here the same model before training. A second measure needs no eigenvalues: the share of tokens that raise their own logit more than any other.

# %% figure
untrained = zoo.load("code-attn-2l", "cpu", checkpoint=0).requires_grad_(False)
copying = {one: ind.copying_score(m.W_E, m.W_V, m.W_O, m.W_U) for one, m in (("trained", model), ("null: untrained", untrained))}
raised = {what: ind.copying_diagonal(source[what], model.W_V[1], model.W_O[1], model.W_U) for what in ("token", "0.0")}
rows = {f"1.{head}": {
    "copying score": copying["trained"][1, head].item(), "null: untrained": copying["null: untrained"][1, head].item(),
    "raise themselves most": raised["token"][head].item(), "the same, through the copy of 0.0": raised["0.0"][head].item(),
} for head in range(4)}  # fmt: skip
table(rows, corner="head", decimals=2, mark="1.1",
      caption="The heads of the second layer. Left: copying score, trained and, as a null, untrained. Right: share of the 1 024 tokens that raise their own logit most (0.001 at random), from their embedding, and from what 0.0 writes for them.")

# %% [markdown]
# Head 1.1 matches prefixes, and it copies. The last two columns show what its values need 0.0 for. From the embedding only 23 % of the tokens raise their own logit most, although the score is 0.76; from the copy that 0.0 makes of the token, 79 % do. (A score made of eigenvalues can be high without that; the deeper notebook says how, in section 6.) In its values as in its queries, 1.1 is tuned to the copy.
#
# **In short.** Head 0.0 copies the current token, 0.2 notes the token before, 0.3 the token two before. Head 1.1 asks for a place whose two notes match the two latest tokens, and raises the logit of the token that 0.0 copied there.

# %% claims
lost = {(head, way): -row[way][0] for head, row in heard.items() for way in row}
five = {("0.2", "keys"), ("0.3", "keys"), ("0.0", "queries"), ("0.0", "values"), ("0.2", "queries")}
again = []
for seed in (1, 2):
    rng = torch.Generator().manual_seed(seed)
    both = ind.repeated_tokens(model.cfg.d_vocab, 32, 60, generator=rng).split(16)
    again.append(ind.heard(model, *both, length=60, receiver=(1, 1)))
in_sight = torch.ones(121, 121).tril().bool()
rebuilt = pairs.total().masked_fill(~in_sight, -torch.inf).softmax(-1)
of_two = (best["0.0 · 0.2"][0] + best["0.2 · 0.3"][0]) / best["all"][0]
with claims():
    claim("for the keys of 1.1, no head of the first layer matters more than 0.2", max(heard, key=lambda head: lost[head, "keys"]) == "0.2")
    claim("0.2 matters most to the keys, then to the queries, and least to the values (intervals apart)",
          falling(*((-heard["0.2"][way][2], -heard["0.2"][way][1]) for way in ("keys", "queries", "values"))))
    claim("the five messages that cost more than 2.5 nats are 0.2 and 0.3 to the keys, 0.0 and 0.2 to the queries, and 0.0 to the values",
          {path for path in lost if lost[path] > 2.5} == five)
    claim("each of the other seven costs less than one nat, and the drawings have the five", len(worth) == 5 and max(lost[path] for path in lost if path not in five) < 1)
    claim("they cost 4.8, 3.1, 4.3, 2.8 and 3.5 nats",
          [round(lost[path], 1) for path in (("0.2", "keys"), ("0.3", "keys"), ("0.0", "queries"), ("0.2", "queries"), ("0.0", "values"))] == [4.8, 3.1, 4.3, 2.8, 3.5])
    claim("with two other draws of the texts no mean differs by more than 0.25 nats",
          max(abs(one[head][way][0] + lost[head, way]) for one in again for head, way in lost) < 0.25)
    claim("0.2 looks one back with 0.90 of its attention, 0.3 two back with 0.81",
          (round(looks["0.2"]["1 back"], 2), round(looks["0.3"]["2 back"], 2)) == (0.90, 0.81))
    claim("0.0 looks at the current token with 0.45 of its attention and at its earlier occurrence with 0.42",
          (round(looks["0.0"]["0 back"], 2), round(looks["0.0"]["60 back"], 2)) == (0.45, 0.42))
    claim("the attention of the example is 0.78 and the probability 0.96", (round(share, 2), round(likely, 2)) == (0.78, 0.96))  # fmt: skip

# %% claims
bracket = row[model.tokenizer.encode("f(", add_special_tokens=False)[-1]].item()  # the last row is that of the space
with claims():
    claim("the pair computed by hand is what the course computes for it", abs(one_pair - at_r["0.0 with 0.2"][0]) < 1e-4)
    claim("the 49 pairs together give the attention pattern of 1.1 to one part in ten thousand",
          (rebuilt - here["pattern", 1][:, 1]).abs().max() < 1e-4)
    claim("of the 49, the largest pair is 0.0 with 0.2 and the second 0.2 with 0.3, on the program and on random tokens (there with intervals apart)",
          [(on_program.parts[k // 7], on_program.parts[k % 7]) for k in preferred.flatten().argsort(descending=True)[:2].tolist()] == [("0.0", "0.2"), ("0.2", "0.3")]
          and list(best)[:2] == ["0.0 · 0.2", "0.2 · 0.3"] and falling(best["0.0 · 0.2"], best["0.2 · 0.3"]))
    claim("these two pairs make up 87 % of the whole preference on random tokens", round(of_two, 2) == 0.87)
    claim("the token's own embedding in the query contributes less than a twentieth of what 0.0 does",
          pairs.preference()[0].sum(0).mean() < pairs.preference()[2].sum(0).mean() / 20)
    claim("the pair 0.3 with 0.3, on random tokens, prefers the right place by less than a twentieth of what 0.0 with 0.2 does",
          abs(pairs.preference()[5, 5].mean()) < best["0.0 · 0.2"][0] / 20)
    claim("through 0.0 in the query and 0.2 in the key 94 % of the tokens match themselves best, through 0.2 and 0.3 91 %",
          (round(match["0.0 in the query"]["0.2 in the key"], 2), round(match["0.2 in the query"]["0.3 in the key"], 2)) == (0.94, 0.91))
    claim("for w the note ␣w comes first, then w itself, and the third note has less than 0.75",
          [nearest["w"][f"note {k}"].split()[0] for k in (1, 2)] == ["␣w", "w"] and float(nearest["w"]["note 3"].split()[1]) < 0.75)
    claim("for a single space the notes of ␣[ and ␣( are among the five, that of ( is not and has 0.62",
          {"␣[", "␣("} <= {entry.split()[0] for entry in nearest["␣"].values()} and "(" not in {entry.split()[0] for entry in nearest["␣"].values()} and round(bracket, 2) == 0.62)
    claim("of all eight heads 1.1 has the highest copying score, 0.76; no other passes 0.35, and no head of the untrained model 0.2 in size",
          copying["trained"].argmax() == 5 and round(copying["trained"][1, 1].item(), 2) == 0.76
          and copying["trained"].flatten()[[0, 1, 2, 3, 4, 6, 7]].max() < 0.35 and copying["null: untrained"].abs().max() < 0.2)
    claim("for 1.1, 23 % of the tokens raise their own logit most through their embedding and 79 % through the copy of 0.0",
          (round(raised["token"][1].item(), 2), round(raised["0.0"][1].item(), 2)) == (0.23, 0.79))  # fmt: skip

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

# %% [markdown]
# First, *enough*. The textbook pair is 0.2 and 1.1, and section 5 says what it lacks: without 0.0 there is no copy for the query and the values to read. So let us add 0.0, and leave out only 0.3, whose note serves the match of the second token. How much of the gain do these three heads keep, with the other five set to their means?

# %% prediction
predict("induction.enough")

# %% figure answer
pair, circuit = [(0, 2), (1, 1)], [(0, 0), (0, 2), (0, 3), (1, 1)]
sets = {"0.2, 1.1": pair, "0.2, 0.3, 1.1": [(0, 3), *pair]}
sets |= {"0.0, 0.2, 1.1": [(0, 0), *pair], "0.0, 0.2, 0.3, 1.1": circuit}
enough = {name: kept_by(heads) for name, heads in sets.items()}
threes = [[(0, head) for head in three] for three in combinations(range(4), 3)]
others = [[*three, (1, head)] for three in threes for head in range(4)]
best_rival = max(kept_by(heads) for heads in others if heads != circuit)
ind.circuits_alone({tuple(name.split(", ")): share for name, share in enough.items()}).captioned(
    "The share of the gain that is left with the named heads alone (16 texts), and its 95 % interval (texts resampled). "
    f"Hollow: messages that are missing. The best of the 15 other sets of three heads and one keeps {best_rival[0]:.2f}."
).show()
measured("induction.enough", enough["0.0, 0.2, 1.1"][0])

# %% [markdown]
# <details><summary>What came out</summary>
#
# Without 0.3 the three heads keep 0.35 of the gain: the match of the current token alone is worth about a third. The two heads of the textbook, without 0.0, keep none of it. The four heads of the drawing in section 5 keep 0.91.
#
# </details>
#
# Next, *needed* and *specific*, for each head alone. The cost on code comes from the stored windows.

# %% figure
left = {}  # share of the gain left without each head
for layer, head in every:
    gain = ind.repeat_gain(model, blocks, 60, [(layer, head)], reference)
    left[f"{layer}.{head}"] = ind.share_left(gain, intact)
code = ("repeated names", "new names", "all of code")
cost, needed = ind.ablations().rows(), {}  # stored
for head, share in left.items():
    needed[head] = {"gain left without it": share} | {f"extra loss on {text} (nats)": cost[head][text] for text in code}
    on_names, on_new = (cost[head][text][0] for text in code[:2])
    needed[head]["repeated / new"] = on_names / on_new if max(on_names, on_new) > 0.1 else None
table(needed, corner="head", decimals=2, mark=("0.0", "0.2", "0.3", "1.1"),
      caption="Each head set to its mean. Share of the gain left on random tokens (16 texts); cost on code (29 modules). Marked: the four heads of the circuit.")

# %% [markdown]
# Each of the four heads of the circuit is needed, 0.3 in part. (Without 0.2 the share is a little below zero: the repeat is then predicted slightly worse than the first block.)
#
# Without 0.0 the induction of this model is nearly gone, but the model is worse at everything, and 0.0 is neither a previous-token head nor an induction head. That a behaviour breaks when something is removed does not show that the behaviour is its job. The last column says how specific each loss is: how many times as much it costs on repeated names as on new ones. 1.1 is the most specific of the four, and 0.0 the least.
#
# A caution on *needed*: where several heads do the same work, taking one away shows nothing. In the trained toys all four heads of the second layer match prefixes, and none of them alone is needed (deeper notebook, section 9).

# %% claims
names, new, all_of_code = (f"extra loss on {text} (nats)" for text in code)
ratio, redrawn = {head: row["repeated / new"] for head, row in needed.items()}, []
for seed in (1, 2):
    rng = torch.Generator().manual_seed(seed)
    blocks, reference = ind.repeated_tokens(model.cfg.d_vocab, 64, 60, generator=rng).split([16, 48])
    intact = ind.repeat_gain(model, blocks, 60)
    redrawn.append({name: kept_by(heads)[0] for name, heads in sets.items()})
with claims():
    claim("the pair alone keeps less than a twentieth of the gain", abs(enough["0.2, 1.1"][0]) < 0.05)
    claim("with 0.0 beside it, it keeps 0.35; with 0.3 beside it, less than 0.05; with both, 0.91",
          (round(enough["0.0, 0.2, 1.1"][0], 2), round(enough["0.0, 0.2, 0.3, 1.1"][0], 2)) == (0.35, 0.91) and enough["0.2, 0.3, 1.1"][0] < 0.05)
    claim("with two other draws of the texts these shares differ by less than 0.03",
          max(abs(one[name] - enough[name][0]) for one in redrawn for name in sets) < 0.03)
    claim("no other set of three heads and one keeps as much as half", best_rival[0] < 0.5)
    claim("without 0.2 or without 1.1, less than a twentieth of the gain is left; without 0.0 0.14, without 0.3 0.42",
          max(left["0.2"][0], left["1.1"][0]) < 0.05 and (round(left["0.0"][0], 2), round(left["0.3"][0], 2)) == (0.14, 0.42))
    claim("without 0.2 the repeat is predicted a little worse than the first block, by its interval", left["0.2"][2] < 0)
    claim("without 0.1 0.87 are left, and without 1.0, 1.2 or 1.3 all of it, to within 2 %",
          round(left["0.1"][0], 2) == 0.87 and all(abs(left[head][0] - 1) < 0.02 for head in ("1.0", "1.2", "1.3")))
    claim("the loss of 1.1 costs 6.1 times as much on repeated names as on new ones, 0.3 4.7, 0.2 3.2, 0.0 1.6, and no other head as much as 1",
          [round(ratio[head], 1) for head in ("1.1", "0.3", "0.2", "0.0")] == [6.1, 4.7, 3.2, 1.6]
          and all((ratio[head] or 0) < 1 for head in ("0.1", "1.0", "1.2", "1.3")))
    claim("on all of code the costliest head is 0.0 (intervals apart)",
          all(falling(needed["0.0"][all_of_code], needed[head][all_of_code]) for head in left if head != "0.0"))  # fmt: skip

# %% [markdown]
# ## 7 · What this does not show
#
# **How much of in-context learning is it?** We set 1.1 to its mean, so that no induction head is left in the code model, and measure the loss of tokens late in a window when the model sees only the last few tokens before them, then more and more (a stored result). Of the gain from context *further back than eight tokens*, which share is left without 1.1?

# %% prediction
predict("induction.remains")

# %% figure answer
context = ind.context_gain()
left_of = {n: context.remaining("1.1", n) for n in (4, 8, 16, 32)}
plots.show(
    context.plot(), "Loss of a late token against how much is seen: intact it falls all the way; without 1.1 it stays from some 32 tokens on.",
    "Left: loss of tokens late in a window against how many tokens before them are seen. Right: the share of the intact model's "
    "gain that is left without a head, for context further back than so many tokens; bars: 95 % interval, modules "
    "resampled. 1.2 is a head of the same layer, for comparison.",
)  # fmt: skip
measured("induction.remains", left_of[8][0])

# %% [markdown]
# <details><summary>What came out</summary>
#
# Without 1.1, the share of the gain that is left is 0.29, 0.19, 0.11 and 0.01 for context beyond 4, 8, 16 and 32 tokens. In this model the use of distant context goes through this head of the second layer. It needs 0.2, which 1.1 reads, as much: without 0.2 still less is left beyond 4, 8 and 16 tokens. The use of near context goes through 1.1 only in part. Without 1.2 at least nine tenths are left at every distance.
#
# </details>
#
# **A perfect score from the wrong mechanism.** A head can match prefixes perfectly, and its model can always be right, without reading anything. We write one, in a model with a *single* layer, that looks 15 places back, whatever stands there.

# %%
layout = ind.subspaces(40, 65, "next")
counts = ind.HeadPlan("position", "position", "token", "next", shift=-15, sharpness=20)
clock = ind.build(layout, [[counts]], unembed="next")

# %% figure
rng, found = torch.Generator().manual_seed(5), {}
for length in (15, 16, 17, 24):
    test = ind.repeated_tokens(40, 32, length, distinct=True, generator=rng)
    done = ind.run(clock, test)
    prefix = ind.prefix_matching_score(done.pattern, length).item()
    accuracy = ind.repeat_accuracy(done.logits, test, length).item()
    found[f"blocks of {length}"] = {"prefix matching": prefix, "accuracy": accuracy}
table(found, decimals=2, mark="blocks of 16", caption="A head that counts positions, tested with four block lengths (32 texts each).")

# %% [markdown]
# Only a test with several block lengths tells a head that reads from a head that counts. The one-layer model of section 3, too, is far worse at every other length that we tried.
#
# **Other models.** The circuit of sections 5 and 6 was found in one training run of one small model, whose training text had been changed to reward copying. What do others have?

# %% figure
four = ind.head_scores(zoo.load("code-4l", "cpu").requires_grad_(False), length=50)
named = {"prefix": ((5, 5), (5, 8), (5, 9), (6, 9)), "previous": ((2, 2), (4, 11))}  # Wang et al. 2022
gpt2 = {what: torch.zeros(12, 12) for what in named}
for what, heads in named.items():
    gpt2[what][tuple(zip(*heads, strict=True))] = 1
plots.show(
    ind.head_maps({"code-attn-2l": (two.prefix, two.previous), "code-4l": (four.prefix, four.previous),
                   "GPT-2 small, as published": (gpt2["prefix"], gpt2["previous"])}),
    "Maps of the heads of three models, layer by layer: two heads stand out in the first, six are named in the third of 144.",
    "Every head of three models, layers upwards; the area of a circle is its score on random tokens (blocks of 50). For GPT-2 "
    "small no score was measured here: circles mark the heads that Wang et al. 2022 name.",
)  # fmt: skip

# %% [markdown]
# - `code-attn-2l`, the model of this lesson, has one head of each kind.
# - `code-4l`, with 16 heads and MLPs, was trained on code with its names as they were. Four of its heads match prefixes in part, the best with a score of 0.49. Yet it ranks fewer than one in ten tokens of the repeat first.
# - In GPT-2 small, with 144 heads, Wang et al. ([arXiv 2211.00593](https://arxiv.org/abs/2211.00593)) name four induction heads and two previous-token heads, as parts of a larger circuit.

# %% claims
shares = {n: context.remaining("1.1", n) for n in (4, 8, 16, 32)}
with claims():
    claim("beyond 32 tokens less than a tenth is left without 1.1, by its interval", shares[32][2] < 0.1)
    claim("the shares left without 1.1 are 0.29, 0.19, 0.11 and 0.01", [round(shares[n][0], 2) for n in (4, 8, 16, 32)] == [0.29, 0.19, 0.11, 0.01])
    claim("without 1.2 at least nine tenths are left at every distance", all(context.remaining("1.2", n)[0] > 0.9 for n in shares))
    claim("without 0.2 still less is left than without 1.1, beyond 4, 8 and 16 tokens", all(context.remaining("0.2", n)[0] < context.remaining("1.1", n)[0] for n in (4, 8, 16)))
    claim("at a length of 16 both scores of the head that counts are perfect", min(found["blocks of 16"].values()) > 0.99)
    claim("at the other three lengths both are below 0.1", max(max(row.values()) for name, row in found.items() if name != "blocks of 16") < 0.1)
    claim("in code-attn-2l one head of each kind passes one half", ((two.prefix > 0.5).sum(), (two.previous > 0.5).sum()) == (1, 1))
    claim("of the 16 heads of code-4l four have a prefix-matching score above 0.2, the best 0.49, and the model ranks fewer than one in ten tokens of the repeat first",
          four.prefix.numel() == 16 and (four.prefix > 0.2).sum() == 4 and round(four.prefix.max().item(), 2) == 0.49 and four.accuracy < 0.1)  # fmt: skip

# %% [markdown]
# ## 8 · The puzzle, answered
#
# The circuit was found on random tokens and need not be the one at work on code. So it makes a prediction about the program of the first page: without one of the four heads of the circuit the returning name should suffer, and without one of the other four it should not. The means are over random tokens, as in section 6.

# %% figure
elsewhere = reference[:, : len(ids)]  # random tokens, as many as the program has
without, mean = {"intact": chance["at the end of training"]}, {}
for layer, head in every:
    logits = ind.ablate_heads(model, tokens, [(layer, head)], "mean", elsewhere)
    without[f"{layer}.{head}"] = (-ind.token_losses(logits, tokens)[0]).exp()
for run, probability in without.items():
    mean[run] = probability[starts[1] + 1 : starts[1] + 8].mean().item()  # after the w
display(table({"mean": mean}, corner="without", decimals=2, mark=lambda p: p < 0.1,
      caption="Mean probability of the seven parts of the returning name, intact and with each head set to its mean. Marked: below 0.1."))
plots.show(ind.expected(parts, {"without 1.1, the induction head": without["1.1"]}), "Without 1.1 the returning name is not expected.",
           "The first figure again, for the model without its induction head.")  # fmt: skip

# %% [markdown]
# The prediction holds, on one program: the four heads whose loss breaks the name are the four of the circuit. So the circuit found on random tokens is also what completes this name, though not alone: without 0.1 the mean hardly changes, but one part is nearly lost.
#
# When the model reads `␣w` `o` `z` for the first time, 0.2 leaves at each part a note of the part before, and 0.3 a note of the part before that. When `w` comes again, 0.0 copies it into the query of 1.1, which searches for a place with a matching note and finds `o`: the note left there by `␣w` matches `w` too. It raises the logit of the copy of `o` that 0.0 left there; then, at `o`, it finds the next part.
#
# **And `quab`?** When the argument returns after `return ␣`, its first part is expected with 0.88, although the word before was different the first time: there it stood after `(`. Does the circuit do this too?

# %% figure
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
table(argument, decimals=2, caption="The space after return, and the first qu.")

# %% [markdown]
# It does. From the space 1.1 looks at the first `qu`, mostly through the pair 0.0 with 0.2, and without 1.1 the prediction is gone. A single space also matches the note of an opening bracket, as section 5 found. So 1.1 does not need the very same token, only one that the weights treat alike. The second part `ab` is found as well, with 0.63 of the attention, but its probability stays at 0.06; the model prefers `ant`, which continues `qu` in ordinary code.
#
# This also explains what the model expects in place of the `w` of the returning name. That `w` follows a bracket, and the earlier bracket was followed by `qu`. The induction head looks that up and is wrong: at the second bracket the model expects `qu` with 0.75.

# %% claims
after_bracket = model(tokens)[0, starts[1]].softmax(-1)[ids[qu]]
one_part = [(run[starts[1] + 1 : starts[1] + 8]) for run in (without["intact"], without["0.1"])]
worst = (one_part[0] - one_part[1]).argmax()
with claims():
    claim("without 0.0, 0.2, 0.3 or 1.1 the mean is below 0.05", max(mean[head] for head in ("0.0", "0.2", "0.3", "1.1")) < 0.05)
    claim("without 0.1 one part falls from 0.96 to 0.13", [round(run[worst].item(), 2) for run in one_part] == [0.96, 0.13])
    claim("without any other head the mean stays between 0.5 and 0.65", all(0.5 < mean[head] < 0.65 for head in ("0.1", "1.0", "1.2", "1.3")))
    claim("1.1 gives qu 0.71 of its attention, and without 1.1 qu has a probability below 1 %",
          round(looks_on_program[space, qu].item(), 2) == 0.71 and without["1.1"][space] < 0.01)
    claim("more than half of the preference is the pair 0.0 with 0.2", preferred[i, j] > preferred.sum() / 2)
    claim("from the first part of quab 1.1 gives the second 0.63 of its attention; that part gets 0.06, and less than 1 % without 1.1",
          round(looks_on_program[space + 1, qu + 1].item(), 2) == 0.63 and without["1.1"][space + 1] < 0.01)
    claim("the most probable token there is ant", model.tokenizer.decode([model(tokens)[0, space + 1].argmax().item()]) == "ant")
    claim("at the second opening bracket the model gives qu 0.75", round(after_bracket.item(), 2) == 0.75)  # fmt: skip

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "One head of one layer cannot complete A B … A → B", "evidence": "a proof; 100 000 random heads",
     "control": "random pairs of heads can, now and then", "where it fails": "many heads in one layer: a matter of size"},
    {"claim": "A previous-token head and an induction head are a plan that works",
     "evidence": "weights written by hand, right at every length", "control": "a sharpness below ln 2: never right",
     "where it fails": "where two notes are alike (a pair that occurs twice)"},
    {"claim": "Keys that can hold the token before have to be there for the change to come within 600 steps",
     "evidence": "training with smeared and with deaf keys", "control": "deaf queries; one layer; two layers",
     "where it fails": "shown for small toys, four seeds, 600 steps"},
    {"claim": "In code-attn-2l four heads match two tokens and copy", "evidence": "twelve messages; scores taken apart; "
     "weights from end to end; the four alone are nearly enough", "control": "15 other sets of heads; untrained weights; three draws of texts",
     "where it fails": "one model, random tokens"},
    {"claim": "In code-attn-2l distant context goes through 1.1, near context only in part", "evidence": "its removal, by distance",
     "control": "1.2, of the same layer; 0.2, which it reads, is needed as much", "where it fails": "one model, whose training text rewarded copying"},
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
# - message: what one head writes, as far as another head reads it.
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

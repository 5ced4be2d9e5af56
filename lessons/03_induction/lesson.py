# %% [markdown]
# # Induction heads
#
# **A puzzle.** A small model has read Python and little else. Now it reads four lines around a function called `wozzle_frint`. We made the name up. When the name comes for the first time, the model gives its parts almost no chance, as it should. When it comes for the second time, the model knows how it goes on. No weight has changed in between.
#
# The figure below shows the chance that the model gives to every token before it sees it, at two moments of the same training: after 1 000 steps, and at the end, after 4 340. At step 1 000 it could not do this at all.
#
# How does a network with fixed weights learn a name while it reads? What appeared in it between the two moments, and how would you show that you have found the cause? At the end of this lesson you can find the responsible part in a model that you have not seen, write it by hand, take it out, and say which other parts it needs.

# %% [markdown] contents
# You need lesson 0: the residual stream, hooks, attention heads, ablation and path patching. The exercises take about three and a half hours (an estimate, from trials). What the course knows beyond this story is in the second notebook of this lesson, which may be skipped.

# %% setup

# %%
from itertools import combinations

import torch

from course_utils import induction as ind
from course_utils import plots, zoo
from course_utils.page import about, beside_gpt2, between, caption, card, claim, claims
from course_utils.page import draw, falling, measured, predict, table

program = "def wozzle_frint(quab):\n    return quab + 1\n\nprint(wozzle_frint(3))\n"
model = zoo.load("code-attn-2l", "cpu").requires_grad_(False)
young = zoo.load("code-attn-2l", "cpu", checkpoint=1000).requires_grad_(False)
# token 0 starts every text
ids = [0, *model.tokenizer.encode(program, add_special_tokens=False)]
tokens = torch.tensor([ids])
loss = {when: ind.token_losses(one(tokens), tokens)[0] for when, one in
        (("after 1 000 steps", young), ("at the end", model))}  # fmt: skip
chance = {when: (-nats).exp() for when, nats in loss.items()}

# %% figure
parts = [model.tokenizer.decode([i]) for i in ids[1:]]  # the first token has no chance
parts = ["⏎" if "\n" in part else part.replace(" ", "␣") for part in parts]
starts = [k for k, part in enumerate(parts) if part.strip("␣") == "w"]
fig, axes = plots.figure(2, 1, height=4.2, sharex=True)
for ax, (name, values) in zip(axes, chance.items(), strict=True):
    for start in starts:
        ax.axvspan(start - 0.5, start + 7.5, color=plots.TOKEN, linewidth=0)
    ax.bar(range(len(parts)), values, 0.7, color=plots.SERIES[0])
    ax.set(ylabel="chance", ylim=(0, 1), xlim=(-0.6, len(parts) - 0.4), title=name)
for start, label in zip(starts, ("first time", "second time"), strict=True):
    axes[0].text(start + 3.5, 0.86, label, ha="center")
axes[1].set_xticks(range(len(parts)), parts, rotation=90, fontsize=8, family="monospace")
plots.show(
    fig, "Chance of each token of a program: at the end of training most parts of the returning name are expected, "
    "after 1 000 steps none.",
    "The chance that the model gives to each token of the program. Shaded: the invented name, both times. After 1 000 "
    "steps its parts are improbable both times. At the end they are improbable the first time and expected the second.",
)  # fmt: skip

# %% claims
name = {when: [chance[when][k + 1 : k + 8] for k in starts] for when in chance}  # the seven parts after the w
with claims():
    claim(
        "the first time, the mean chance of the seven parts after the w is below 5 % at both moments",
        max(name[when][0].mean() for when in name) < 0.05,
    )
    claim("the second time it is still below 5 % after 1 000 steps", name["after 1 000 steps"][1].mean() < 0.05)
    claim("at the end, most of the seven parts have more than an even chance", (name["at the end"][1] > 0.5).sum() >= 4)
    claim("the w itself has less than a 1 % chance, both times and at both moments",
          max(values[starts].max() for values in chance.values()) < 0.01)  # fmt: skip
    claim("the two w are different tokens", ids[starts[0] + 1] != ids[starts[1] + 1])

# %% [markdown]
# The model does not know *that* the name will come: the `w` of the second occurrence is as improbable as ever. It knows what comes *next* once the name has begun. Keep this difference in mind; the whole mechanism is in it. A second detail returns at the end: the first `w` has a space before it (␣) and the second has none, so that they are two different tokens.
#
# The lesson follows Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), and Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895). The figures are computed while this notebook runs. Five results are too heavy for that and are loaded from files, each of which has a script that makes it again; the text calls them stored.

# %% [markdown]
# ## 1 · One layer is not enough
#
# A name that returns is a case of a general pattern: `… A B … A → B`. A stands somewhere, B follows it, and when A comes again, the model should predict B. Completing this pattern, for any A and any B, is called **induction**.
#
# Could one attention head do it? Take the plainest transformer: one layer of attention, no norm, no biases. The last token of the text, call it $q$, looks at all tokens $s$ before it. Each of them gets a share of the attention, and the head adds something to the output that depends on the token it looks at:
#
# $$\text{logits} \;=\; W_E[q]\,W_U \;+\; \sum_{s} A(q, s)\; W_E[s]\,W_V W_O W_U .$$
#
# Two tables of tokens decide everything. How much attention $q$ gives to $s$ comes from the **QK circuit**, $W_E W_Q W_K^\top W_E^\top$, which has a row for each $q$ and a column for each $s$. What looking at $s$ adds to the logits comes from the **OV circuit**, $W_E W_V W_O W_U$.
#
# For `A B … A → B` the head would have to look from A at B *because A stood before it*. The QK circuit has an entry for the pair (A, B). It has no entry for "B, with an A in front of it". That looks fatal, and here is the smallest case in which it is. Four texts end in A. In the first two, B came after A; in the last two, D came after A.
#
# | | place 1 | place 2 | place 3 | place 4 | last | right answer |
# |---|---|---|---|---|---|---|
# | (i) | A | B | C | D | A | B |
# | (ii) | C | D | A | B | A | B |
# | (iii) | C | B | A | D | A | D |
# | (iv) | A | D | C | B | A | D |
#
# No single head gets all four right, whatever its size and weights. Write the advantage of B over D as $N/Z + c$. Here $Z = \sum_j e^{s_j}$ is the denominator of the softmax over the places $j$, $N = \sum_j e^{s_j} v_j$ adds up what each place contributes to B minus D, and $c$ is what the last token contributes by itself. Since $Z$ is positive, the advantage has the sign of $N + cZ$, and that is *a sum over places of a number that depends only on the token at that place*. Now compare the texts. Texts (i) and (ii) together have an A and a C at place 1, and so have texts (iii) and (iv). The same holds at each of the other places. So the two sums for (i) and (ii) add up to the same total as the two sums for (iii) and (iv). But the first total has to be positive, and the second negative. That is impossible.
#
# An argument about *all* weights deserves an attempt to refute it: a hundred thousand heads with random scores and contributions, and as many pairs of heads.

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

rng = torch.Generator().manual_seed(0)
count = {f"{heads} head{'s' * (heads > 1)}": right_of_four(heads) for heads in (1, 2)}
table(count, columns=("none right", "1", "2", "3", "all 4 right"), decimals=4)

# %% caption
caption("The share of 100 000 random one-layer models that get so many of the four texts right. The last column is the one that matters.")

# %% claims
with claims():
    claim("no random head gets all four right", count["1 head"][4] == 0)
    claim("some random pairs of heads do", count["2 heads"][4] > 0)

# %% [markdown]
# Two heads side by side can do it for these four places, in a roundabout way that the deeper notebook explains. What grows is the price: Sanford, Hsu and Telgarsky 2024 prove that a one-layer transformer must be exponentially larger for this task than a two-layer one ([arXiv 2408.14332](https://arxiv.org/abs/2408.14332)). In section 3 we train one and see how far it gets.

# %% [markdown]
# ## 2 · Build one by hand
#
# With two layers there is a plan.

# %% figure
draw.induction_circuit(previous="0.0", induction="1.0")

# %% [markdown]
# A **previous-token head** in the first layer looks one position back and writes what it finds there into the residual stream. We call what it writes a *note*, which is a metaphor: it is a vector that means "the token before me was A". An **induction head** in the second layer compares the current token with these notes. It attends to the token *after* the earlier occurrence of the current one, and copies it. It is often said to look at the earlier occurrence itself; it does not, for that would be the wrong token to copy.
#
# The second head reads, with its keys, what the first head has written. Elhage et al. call this **K-composition**. A head has three inputs, and a head before it can be read through any of them: through its *queries* (what it searches for), its *keys* (what each place offers) or its *values* (what is copied).
#
# A plan that is understood can be written down as weights. Give everything a place of its own in the residual stream: `token` and `position`, one-hot, written by the embeddings; `previous` for the notes; `next` for the answer, from which the logits are read. A head is then four choices:
#
# | | query reads | key reads | copies from | to | |
# |---|---|---|---|---|---|
# | previous-token head | `position`, one back | `position` | `token` | `previous` | $W_Q$ shifts by one, the other three copy |
# | induction head | `token` | `previous` | `token` | `next` | all four copy |
#
# $W_Q$, $W_K$ and $W_V$ have shape (d_model, d_head), and $W_O$ has shape (d_head, d_model). Each is an identity matrix between two of these places and zero elsewhere. One number is left: the scale of $W_Q$. We call it the **sharpness** $\beta$. It is the attention score of a match, where everything else scores 0; after the softmax a match has $e^\beta$ times the weight of anything else. (Scores are divided by $\sqrt{d_\text{head}}$ before the softmax, so $W_Q$ carries $\beta\sqrt{d_\text{head}}$.)

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
fig, axes = plots.figure(1, 3, height=3.0, sharey=True)
edges = [layout[name].start for name in layout.sizes]
centres = [(layout[name].start + layout[name].stop - 1) / 2 for name in layout.sizes]
titles = ("embedded", "after the first head", "after the second")
for ax, stream, title in zip(axes, streams, titles, strict=True):
    plots.heatmap(ax, stream, signed=False, limit=1, bar=False, aspect="auto")
    ax.set_xticks(centres, layout.sizes, rotation=35, ha="right")
    for edge in edges[1:]:
        ax.axvline(edge - 0.5, color="white", linewidth=1.5)
    ax.set(title=title)
axes[0].set_yticks(range(6), ["BOS", "a", "b", "c", "a", "b"])
axes[0].set(ylabel="position")
plots.show(
    fig, "The residual stream in three panels: tokens and positions; then notes of the token before; then the answers.",
    "The whole residual stream for BOS a b c a b, one row for each position; bright is 1, dark is 0. In the second panel "
    "the row of c carries the note b. The last row (b) searches for that note, finds it at c, and in the third panel c "
    "stands in its `next`.",
)  # fmt: skip

# %% claims
note, answer = streams[1][:, layout["previous"]], streams[2][:, layout["next"]]
with claims():
    claim("every position but BOS carries a note of the token before it", note.argmax(-1)[1:].tolist() == [0, 1, 2, 3, 1])
    claim("after the second a the answer is b, after the second b it is c", answer[4:].argmax(-1).tolist() == [2, 3])

# %% [markdown]
# The plan never mentions a length. So it must work at every length that fits into the context. We test it with what will be the test of every model in this lesson: a starting token (**BOS**), a block of random tokens, and the same block again, the *repeat*. In random text no token can be foreseen, except by the repetition. The measure is the **accuracy on the repeat**: the share of its tokens, from the second on, that the model ranks first. (The first token of the repeat cannot be foreseen.)
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
table(right, decimals=2)

# %% caption answer
caption("Accuracy on the repeat of the hand-built model, for three lengths of the block and ten sharpnesses of the induction head (32 texts each).")

# %% claims answer
lowest = {beta: min(right[f"β = {beta}"].values()) for beta in betas}
highest = {beta: max(right[f"β = {beta}"].values()) for beta in betas}
threshold = min(beta for beta in betas if lowest[beta] == 1)
every = ind.judge(ind.hand_built(40, 65), lengths=range(2, 33))
with claims():
    claim("at β = 0.68 it is never right and at β = 0.71 always, at all three lengths", highest[0.68] == 0 and lowest[0.71] == 1)
    claim("with β = 20 it makes no mistake at any length from 2 to 32", min(every.accuracy.values()) == 1)
measured("induction.sharpness", f"about {threshold:.1f}")

# %% [markdown]
# A pencil finds the threshold. Before normalising, the right place has weight $e^\beta$ and every other place has weight $e^0 = 1$. Each place adds its weight to the logit of its own token. The right token has not been repeated yet, so one place supports it, with $e^\beta$. A token that has been repeated is supported by two places, with weight 2 together, and there is always one of those: the current token itself. So the answer wins exactly if $e^\beta > 2$. The threshold is $\ln 2 \approx 0.69$, whatever the length.
#
# So induction does not need sharp attention. A little more than twice the weight of any other place is enough to be right. What happens when the *first* head is blurred too is in the deeper notebook.

# %% [markdown]
# ## 3 · Train one, and ask what it needs in order to form
#
# We built the circuit because we knew what to build. Does gradient descent find it? We train small models of two attention layers with four heads each on BOS and a block of random tokens over and over. The block's length, 8 to 31, is drawn anew for each text, so that no fixed distance gives the answer away. The control is a model with *one* layer, trained in the same way.
#
# Besides the accuracy we follow three measurements on blocks of length $L$:
#
# - the **previous-token score** of a head: its mean attention to the position before;
# - the **prefix-matching score** of a head: the mean attention, from the tokens of the repeat, to the token *after* the earlier occurrence, which stands $L - 1$ positions back;
# - the **in-context-learning score**: the loss in the middle of the repeat minus the loss in the middle of the first block. Negative is better.
#
# Olsson et al. 2022 define an induction head by two properties on repeated random tokens: it matches prefixes, and it copies what it finds.
#
# Chance is an accuracy of 1 in 63. What will the model with one layer reach?

# %% prediction
predict("induction.one_layer")

# %%
live = ind.train(seeds=3)  # two layers of four heads
flat = ind.train(ind.Shape(n_layers=1), seeds=1)  # the control

# %% figure answer
plots.show(
    live.curves.plot(),
    "Loss, accuracy, head scores and in-context-learning score against steps, three seeds: all change at about step 200.",
    "Three models, trained while this notebook ran. Dotted: the step at which the accuracy passes one half. For some two "
    "hundred steps little happens. Then accuracy, prefix matching and the in-context-learning score change together.",
)  # fmt: skip

# %% claims answer
curves = live.curves
change, abrupt = curves.change(), curves.duration(0.25, 0.75)
one_layer = flat.curves.accuracy[-1].item()
with claims():
    claim("all three two-layer models reach an accuracy above 0.95", (curves.accuracy[-1] > 0.95).all())
    claim("from a quarter to three quarters takes less than a third of the steps before it", (abrupt < change / 3).all())
    claim("the one-layer model stays between 0.25 and 0.4: far above chance, and below one half", between(one_layer, 0.25, 0.4))
    claim("a head of each two-layer model ends with a prefix-matching score above 0.6, and no head of the one-layer model with more than 0.3",
          curves.best_prefix()[-1].min() > 0.6 and flat.curves.best_prefix()[-1].max() < 0.3)
    claim("the loss on the first block, which nothing can predict, rises by more than 0.1 nats at the change and falls again",
          (curves.loss_first.amax(0) > curves.loss_first[-1] + 0.1).all())  # fmt: skip
measured("induction.one_layer", one_layer)

# %% [markdown]
# The loss on the first block gets worse for a while at the change. One would expect that of a model that begins to copy, and does so where there is no repetition yet.
#
# Three seeds are few. A stored result holds the same training for 32 seeds and 8 one-layer controls. (A seed decides the first weights and the training texts alike.)

# %% figure
many = ind.spread()
plots.show(
    many.plot(), "Accuracy of 32 two-layer seeds, all of which jump near step 209, and of 8 one-layer seeds, none of which does.",
    "Left, accuracy on the repeat: 32 models of two layers and 8 of one layer. Right, the step at which the accuracy "
    "passes one half, for the 32. The random start shifts the moment by a few per cent.",
)  # fmt: skip

# %% claims
steps, took = many.change(), many.change(0.75) - many.change(0.25)
with claims():
    claim("all 32 two-layer models change, and none of the 8 controls reaches one half", not steps.isnan().any() and many.control.max() < 0.5)
    claim("the step is 209 ± 9 (mean and standard deviation over seeds)", round(steps.mean().item()) == 209 and round(steps.std().item()) == 9)
    claim("from a quarter to three quarters takes 28 steps (median)", round(took.median().item()) == 28)
    claim("if 9 % of all trainings failed, none of 32 would fail in fewer than one case in twenty", 0.91 ** len(steps) < 0.05)

# %% [markdown]
# Thirty-two successes exclude frequent failures and not rare ones: if 9 % of all trainings failed, none of 32 would fail in fewer than one case in twenty. And the step belongs to this recipe; the code model of the next section takes about seven times as many.
#
# **What does it need in order to form?** Prefix matching and accuracy rise together, but so do other curves. If the plan of section 2 is how these models come to do it, then two interventions *on the training* have predictable results.
#
# - Give one layer what it lacks. With *smeared keys*, each key is mixed with the key of the position before, in a proportion that is learned. Olsson et al. 2022 made this change. The key of B then holds A from the start, with no previous-token head, and one layer should be enough.
# - Take from two layers what they need. With *deaf keys*, the keys of the second layer are computed from the embeddings alone, so that no note can reach them. The matched control makes the *queries* deaf in the same way.

# %% prediction
predict("induction.deaf_keys")

# %% answer
formation = ind.formation()  # stored: four seeds of each
table(formation, interval="lowest and highest seed", decimals=2)

# %% caption answer
caption("Accuracy on the repeat after 600 steps, mean over four seeds with the lowest and the highest seed below it, and the step at which it passes one half.")

# %% claims answer
smeared, deaf, control = (formation.final(f"{name}") for name in ("one layer, smeared keys", "two layers, deaf keys", "two layers, deaf queries"))
with claims():
    claim("with smeared keys one layer passes an accuracy of 0.95 in all four seeds; without, it stays below 0.4",
          smeared.min() > 0.95 and formation.final("one layer").max() < 0.4)
    claim("it changes in less than half the steps that two layers need",
          formation.change("one layer, smeared keys").max() < formation.change("two layers").min() / 2)
    claim("with deaf keys two layers stay below one half in all four seeds", deaf.max() < 0.5)
    claim("with deaf queries they pass 0.95 in all four", control.min() > 0.95)  # fmt: skip
measured("induction.deaf_keys", deaf.mean().item())

# %% [markdown]
# Both predictions hold in all four seeds. One layer learns the task as soon as its keys can hold the token before, and learns it faster than two layers, which have to build the note first. Two layers do not learn it while the second layer's keys cannot reach a note, although everything else is there. Cutting off the queries in the same way is no obstacle. So in these toys K-composition is not only what the finished model uses. Something in the keys has to be within reach of the training for the change to come. (Deaf keys were trained for 600 steps, almost three times as long as the change takes otherwise. What a longer training would find, we have not measured. Singh et al. 2024, linked at the end, intervene on many more parts.)

# %% [markdown]
# ## 4 · The same on real text
#
# Back to the model of the puzzle: `code-attn-2l` has two attention layers of four heads each and was trained on 18 million tokens of Python. In most of that text the names were replaced by random ones, so that looking them up pays. It was saved at 21 steps of its training.
#
# Names are cut into several tokens, as `wozzle_frint` was. The first of them is a matter of *which* name comes, the later ones of how it goes on. We follow the loss on these later tokens, and split it: of a **repeated name**, which stood in this window before, and of a **new name**, which did not. The in-context-learning score is as in Olsson et al., loss late in the window minus loss early in it. Their windows have 512 tokens and they read at 500 and 50; ours have 256, and we read at 250 and 25, averaged over 16 tokens around each. The values can therefore not be compared with theirs; the sign can.
#
# The figure shows 739 windows of 29 held-out modules of Python's standard library (a stored result). Windows of one module resemble one another, so the intervals resample whole modules: draw 29 modules with replacement, compute the number again, repeat 2 000 times, and take the middle 95 %. This is a **bootstrap interval**; every interval of this lesson is one, and each caption says what was resampled.
#
# Between steps 1 000 and 2 000 the loss on repeated names falls by more than two nats. By how many does the loss on *new* names fall in the same time?

# %% prediction
predict("induction.new_names")

# %%
training = ind.checkpoints()
fell = {f"{what} names": training.fallen(what, 1000, 2000) for what in ("repeated", "new")}
f"{len(training.step)} checkpoints, to step {training.step[-1]:.0f}"

# %% figure answer
plots.show(
    training.plot(),
    "The loss of repeated names falls steeply between steps 1 000 and 2 000, that of new ones far less; the "
    "in-context-learning score and the scores of heads 0.2 and 1.1 change in the same time.",
    "The training of the code model. Top: loss per token. Middle: in-context-learning score. Bottom: one head of each "
    "layer stands out (solid); the best of the other seven is dotted. Bands: 95 % interval, modules resampled.",
)  # fmt: skip

# %% claims answer
others = training.prefix.flatten(1)[:, [0, 1, 2, 3, 4, 6, 7]]
with claims():
    claim("the loss on repeated names falls by more than two nats, and at least four times as much as that on new ones",
          fell["repeated names"][1] > max(2, 4 * fell["new names"][2]))
    claim("there are 21 checkpoints, the last at step 4 340, and 739 windows from 29 modules",
          (len(training.step), training.step[-1].item(), len(training.losses.module), len(training.losses.module.unique())) == (21, 4340, 739, 29))
    claim("at step 1 000 no head has a prefix-matching score above 0.05; at the end 1.1 has more than 0.6, and no other head ever passes 0.05",
          training.prefix[training.at(1000)].max() < 0.05 and training.prefix[-1, 1, 1] > 0.6 and others.max() < 0.05)
    claim("0.2 ends with a previous-token score above 0.9, and the others never pass 0.35",
          training.previous[-1, 0, 2] > 0.9 and training.previous[:, :, [0, 1, 3]].max() < 0.35)  # fmt: skip
measured("induction.new_names", fell["new names"][0])

# %% [markdown]
# **Which came first?** It is tempting to read an order off these curves: first the previous-token head, then the induction head, then the gain. Take the step at which each quantity has made half of its way, and the answer depends on where the way ends.

# %%
ends = {f"to step {end}": training.order(1000, end) for end in (2000, 4340)}
steps = {name: {end: ends[end][name] for end in ends} for name in ends["to step 2000"]}
table(steps, unit="step", decimals=0)

# %% caption
caption("The step at which each quantity has made half of its way from its value at step 1 000. Losses and their score with a 95 % interval, modules resampled; the head scores without one.")

# %% claims
short, long = ends.values()
def middle(steps):
    return lambda name: steps[name][0] if isinstance(steps[name], tuple) else steps[name]

with claims():
    claim("prefix matching is half-way after about seven times as many steps as the accuracy of the toys",
          about(short["prefix matching of 1.1"] / many.change().mean().item(), 7))
    claim("measured to step 2 000, the loss on new names is the first of the six to be half-way, and prefix matching the last",
          min(short, key=middle(short)) == "loss, new names" and max(short, key=middle(short)) == "prefix matching of 1.1")
    claim("measured to the end, the loss on new names comes after both heads' scores, by its interval",
          long["loss, new names"][1] > max(long["previous-token score of 0.2"], long["prefix matching of 1.1"]))
    claim("either way, the loss on repeated names is half-way before the score of 0.2, which is before that of 1.1",
          all(e["loss, repeated names"][2] < e["previous-token score of 0.2"] < e["prefix matching of 1.1"] for e in ends.values()))  # fmt: skip

# %% [markdown]
# Measured to step 2 000, the loss on new names comes first of all (its interval overlaps that of the loss on repeated names); measured to the end, it comes last. Both are correct, so the order of half-way points does not tell what causes what. And one row does not fit the tempting story: the loss on repeated names is half-way *before* either head's score is.
#
# A curve that rises together with another, or a little before it, is a place to start. The cause has to be shown by an intervention, as in the toys above, and as in sections 5 and 6 for this model.

# %% [markdown]
# ## 5 · Which head reads which, and through which input?
#
# Here is the plan again, with the two heads that stand out in the code model. Nobody told this model the plan. Does it follow it?

# %% figure
draw.induction_circuit(previous="0.2", induction="1.1")

# %% [markdown]
# One experiment asks this. **Path patching** (lesson 0) changes one message and leaves everything else as it was. We run the model on a text. But the queries, or the keys, or the values of 1.1 are computed as if *one* head of the first layer had written what it writes for *another* text. If the message was needed, the model gets worse at the repeat. There are four heads in the first layer and three inputs of 1.1, so twelve messages. According to the plan, one of them matters: from 0.2 to the keys.

# %% prediction
predict("induction.messages")

# %% answer
rng = torch.Generator().manual_seed(0)
clean, other = ind.repeated_tokens(model.cfg.d_vocab, 32, 60, generator=rng).split(16)
heard = ind.heard(model, clean, other, length=60, receiver=(1, 1))
table(heard, unit="nats", signed=True, corner="from", mark=lambda nats: nats <= -1)

# %% caption answer
caption("Change of the log-probability of the right token on the repeat when one input of 1.1 gets one head's message about another text. Mean over 16 texts, 95 % interval below it (texts resampled). Marked: at least one nat lost. 0 would mean that the message does not matter.")

# %% claims answer
lost = {(head, way): -row[way][0] for head, row in heard.items() for way in row}
needed = [path for path in lost if lost[path] >= 1]
with claims():
    claim("for the keys of 1.1, no head of the first layer matters more than 0.2", max(heard, key=lambda head: lost[head, "keys"]) == "0.2")
    claim("0.2 matters most to the keys, then to the queries, and least to the values (intervals apart)",
          falling(*((-heard["0.2"][way][2], -heard["0.2"][way][1]) for way in ("keys", "queries", "values"))))
    claim("the other messages that cost at least one nat are 0.3 to the keys, 0.0 to the queries and to the values, and 0.2 to the queries",
          set(needed) == {("0.2", "keys"), ("0.3", "keys"), ("0.0", "queries"), ("0.0", "values"), ("0.2", "queries")})
    claim("each of the other seven costs less than one nat", len(needed) == 5 and max(lost[path] for path in lost if path not in needed) < 1)  # fmt: skip
measured("induction.messages", len(needed))

# %% [markdown]
# The plan holds where it makes a statement: the keys of 1.1 need 0.2 most. But the table contains more than the plan. Five messages matter and not one. What are the other four for?
#
# Path patching tells that a message matters. It does not tell what is compared with what. For that we take the attention scores apart. What 1.1 reads at any position is a sum: the token's embedding, the position's, what each head of the first layer wrote there, the biases. (Between them and 1.1 stands a norm, which divides everything by one number; we hold that number fixed, and the sum stays a sum.) Queries and keys are linear in it. So a score, query times key, is a sum over *pairs*: this part of the query times that part of the key. With seven parts there are 49 pairs, and together they give the score exactly.
#
# What matters in a score is the comparison with other places. So for each pair we take its score at the right place minus its mean score at the other places.

# %%
pairs = ind.score_parts(model, clean, length=60, head=1)
table(pairs.largest(3), unit="score", signed=True)

# %% caption
caption("By how much the scores of 1.1 prefer the right place to the others, for the three largest of 49 pairs (part of the query · part of the key), the rest, and all. Mean over 16 texts, 95 % interval, texts resampled. A preference of 1 multiplies the attention by e.")

# %% figure
plots.show(
    pairs.plot(), "A heat map of seven by seven parts: the query's part 0.0 with the key's part 0.2 and the query's 0.2 with the key's 0.3 stand out.",
    "The same preference for all 49 pairs: which part of the query (rows) meets which part of the key (columns).",
)  # fmt: skip

# %% claims
best = pairs.largest(3)
share = (best["0.0 · 0.2"][0] + best["0.2 · 0.3"][0]) / best["all"][0]
_, cache = model.run_with_cache(clean)
visible = torch.ones(121, 121).tril().bool()
again = pairs.total().masked_fill(~visible, -torch.inf).softmax(-1)
with claims():
    claim("the 49 pairs together give the attention pattern of 1.1 to one part in ten thousand",
          (again - cache["pattern", 1][:, 1]).abs().max() < 1e-4)
    claim("the largest pair is 0.0 in the query with 0.2 in the key, the second is 0.2 in the query with 0.3 in the key (intervals apart)",
          list(best)[:2] == ["0.0 · 0.2", "0.2 · 0.3"] and falling(best["0.0 · 0.2"], best["0.2 · 0.3"]))
    claim("these two pairs make up between four fifths and nine tenths of the whole preference", between(share, 0.8, 0.9))
    claim("the token's own embedding in the query contributes less than a twentieth of what 0.0 does",
          pairs.preference()[0].sum(0).mean() < pairs.preference()[2].sum(0).mean() / 20)  # fmt: skip

# %% [markdown]
# Two pairs do most of the work. Where do the four heads look? A head's attention to the positions 0, 1, 2, … back tells.

# %%
_, seen = model.run_with_cache(clean)
looks = {}
for head, pattern in enumerate(seen["pattern", 0].mean(0)):  # (query, key)
    shares = {f"{k} back": pattern.diagonal(-k).mean().item() for k in (0, 1, 2, 3, 60)}
    looks[f"0.{head}"] = shares
table(looks, corner="head", decimals=2, mark=lambda share: share > 0.25)

# %% caption
caption("Mean attention of the first layer's heads to the position itself and to positions before it, on the same 16 texts. In the repeat, 60 back is the earlier occurrence of the same token.")

# %% claims
farthest = {head: max(row, key=row.get) for head, row in looks.items()}
with claims():
    claim("0.2 looks one back and 0.3 two back more than anywhere else; 0.0 and 0.1 look at the token itself most",
          farthest == {"0.0": "0 back", "0.1": "0 back", "0.2": "1 back", "0.3": "2 back"})  # fmt: skip

# %% [markdown]
# So the pairs have a meaning. Head 0.2 leaves a note of the token before, as planned, and 0.3 leaves a note of the token before that. Head 0.0 looks at the current token itself and writes it anew. Then:
#
# - *0.0 in the query with 0.2 in the key*: the current token (as 0.0 has written it) is compared with the notes of the token before. This is the plan of section 2, except that the query does not read the embedding; it reads the copy that 0.0 has made of it.
# - *0.2 in the query with 0.3 in the key*: the token before the current one is compared with the notes of the token *two* before. This is not in the plan. It asks whether the *previous* token matches as well.
#
# Together they look for a place where the last *two* tokens were the same as here. In `… X A B … X A` such a head prefers the place after X A to a place after A alone.

# %% figure
ind.two_token_circuit(this=best["0.0 · 0.2"][0], before=best["0.2 · 0.3"][0])

# %% caption
caption("The circuit of code-attn-2l on repeated tokens. Two notes at B (by 0.2 and 0.3) meet two parts of the query at the second A (by 0.0 and 0.2); the numbers are the preferences of the table above. The embeddings themselves, and head 0.1, play a small part and are left out.")

# %% [markdown]
# The deeper notebook puts that to a test of its own, with texts in which A stands twice, after different tokens. Olsson et al. mention heads that match more than the current token, and Akyürek et al. 2024 ([arXiv 2401.12973](https://arxiv.org/abs/2401.12973)) study such *n-gram heads*.
#
# **From end to end, in weights alone.** If this is right, one can read it off the weights without running any text. Take a token $t$. Its query, through 0.0, is $\hat W_E[t]\, W_{OV}^{0.0} W_Q$. The key of a place after a token $u$ is $\hat W_E[u]\, W_{OV}^{0.2} W_K$. (Here $\hat W_E$ are the embeddings as the first norm passes them on, and $W_{OV} = W_V W_O$ belongs to the head named above it.) Their product is a table with a row for each of the 1 024 tokens asked for, and a column for each token noted. If the circuit matches tokens, the largest entry of each row lies on the diagonal. By chance that happens for one row in 1 024.

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
table(match, decimals=3, mark=lambda share: share > 0.25)

# %% caption
caption("The share of the 1 024 tokens that match themselves best, for each part of the query and each part of the key of 1.1, computed from weights alone. By chance 0.001. Marked: more than a quarter.")

# %% claims
with claims():
    claim("through 0.0 in the query and 0.2 in the key more than nine tokens in ten match themselves best",
          match["0.0 in the query"]["0.2 in the key"] > 0.9)
    claim("through 0.2 in the query and 0.3 in the key nine in ten do", about(match["0.2 in the query"]["0.3 in the key"], 0.9))
    claim("with the token's own embedding in the query, a fifth does", about(match["token in the query"]["0.2 in the key"], 0.2))
    claim("the pair 0.3 with 0.3, on text, prefers the right place by less than a tenth of what 0.0 with 0.2 does",
          abs(pairs.preference()[5, 5].mean()) < best["0.0 · 0.2"][0] / 10)  # fmt: skip

# %% [markdown]
# The two pairs that the scores named are the two that match tokens in the weights. (A third entry is marked, 0.3 with 0.3. It would compare the token two before *here* with the token two before *there*, which points to the earlier occurrence of A itself, one place too early. On text that pair contributes little. A table of weights shows which token would match best, and not how strongly.)
#
# **Does it copy?** The other half of an induction head is its OV circuit. A head that copies raises the logit of the token that it attends to. Elhage et al. measure this by the eigenvalues $\lambda$ of $W_E W_V W_O W_U$, a table from token to logit: the **copying score** is $\sum \mathrm{Re}\,\lambda / \sum |\lambda|$. It is 1 if all eigenvalues are positive, and near 0 for a matrix without preference. Beside the trained model we put a **null**: what the measurement gives where there is nothing to find, here the same model before training.

# %%
untrained = zoo.load("code-attn-2l", "cpu", checkpoint=0).requires_grad_(False)
copying = {one: ind.copying_score(m.W_E, m.W_V, m.W_O, m.W_U).flatten() for one, m in
           (("trained", model), ("null: untrained", untrained))}  # fmt: skip
heads = [f"{layer}.{head}" for layer in range(2) for head in range(4)]
rows = {head: {one: copying[one][k].item() for one in copying} for k, head in enumerate(heads)}
table(rows, corner="head", signed=True, decimals=2, mark="1.1")

# %% caption
caption("The copying score of each head, in the trained model and, as a null, in the same model before training.")

# %% claims
with claims():
    claim("1.1 has the highest copying score, above 0.6", copying["trained"].argmax() == 5 and copying["trained"][5] > 0.6)
    claim("no other head passes 0.35, and no head of the untrained model 0.2 in size",
          copying["trained"][[0, 1, 2, 3, 4, 6, 7]].max() < 0.35 and copying["null: untrained"].abs().max() < 0.2)  # fmt: skip

# %% [markdown]
# So 1.1 matches prefixes, and it copies. By Olsson's definition it is an induction head. What the values need 0.0 for (the table of twelve messages) is in the deeper notebook: 0.0 and 1.1 copy together.

# %% [markdown]
# ## 6 · Needed, enough, specific
#
# Three questions about a set of heads are often taken for one.
#
# - Is it **needed**? Take it away: how much of the behaviour is left?
# - Is it **enough**? Take everything *else* away: how much is left?
# - Is it **specific**? Take it away: what else is lost?
#
# The behaviour gets a number: the **gain from repetition**, the mean loss on a block of random tokens minus the loss when the block comes again. Only the repetition makes the two differ. A head is taken away by *mean ablation* (lesson 0): at each position its output is replaced by its mean over other texts of the same kind.
#
# First, *needed* and *specific*, for each head alone. The cost on code comes from the stored windows.

# %%
rng = torch.Generator().manual_seed(0)
drawn = ind.repeated_tokens(model.cfg.d_vocab, 64, 60, generator=rng)
blocks, reference = drawn.split([16, 48])
every = [(layer, head) for layer in range(2) for head in range(4)]
intact = ind.repeat_gain(model, blocks, 60)
left, cost, needed = {}, ind.ablations().rows(), {}
code = ("repeated names", "new names", "all of code")
for layer, head in every:
    gain, name = ind.repeat_gain(model, blocks, 60, [(layer, head)], reference), f"{layer}.{head}"
    left[name] = ind.share_left(gain, intact)
    costs = {f"{text} (nats)": cost[name][text] for text in code}
    needed[name] = {"gain left without it": left[name]} | costs
table(needed, corner="head", decimals=2)

# %% caption
caption("Each head set to its mean. Second column: the share of the gain from repetition that is left on random tokens (16 texts, resampled). Then what its absence costs on code, in nats per token (739 windows; 29 modules resampled).")

# %% claims
names, new, all_of_code = (f"{text} (nats)" for text in ("repeated names", "new names", "all of code"))
with claims():
    claim("without 0.2 or without 1.1, less than a twentieth of the gain is left; without 0.0 about a seventh, without 0.3 four tenths",
          max(left["0.2"][0], left["1.1"][0]) < 0.05 and about(left["0.0"][0], 1 / 7) and about(left["0.3"][0], 0.4))
    claim("without 0.1 nine tenths are left, and without 1.0, 1.2 or 1.3 all of it, to within 2 %",
          about(left["0.1"][0], 0.9) and all(abs(left[head][0] - 1) < 0.02 for head in ("1.0", "1.2", "1.3")))
    claim("1.1 is specific: it costs more than four times as much on repeated names as on new ones", needed["1.1"][names][1] > 4 * needed["1.1"][new][2])
    claim("0.2 is less so: its absence costs 2 to 4 times as much on repeated names as on new ones",
          between(needed["0.2"][names][0] / needed["0.2"][new][0], 2, 4))
    claim("on all of code the costliest head is 0.0 (intervals apart)",
          all(falling(needed["0.0"][all_of_code], needed[head][all_of_code]) for head in left if head != "0.0"))  # fmt: skip

# %% [markdown]
# Head 0.0 is a warning. The induction of this model is nearly gone without it, so it is needed. But without it the model is worse at everything, and it is neither a previous-token head nor an induction head. "Ablating it destroys the behaviour" is true of a power supply too. What singles out 1.1 is that its loss is specific.
#
# Now *enough*. We keep a few heads and set all the others to their means. The textbook pair is the previous-token head and the induction head, 0.2 and 1.1. How much of the gain from repetition do these two keep?

# %% prediction
predict("induction.enough")

# %% answer
def kept_by(heads):
    """The share of the gain that is left when all heads but these are set to their means."""
    without = [head for head in every if head not in heads]
    return ind.share_left(ind.repeat_gain(model, blocks, 60, without, reference), intact)

pair, circuit = [(0, 2), (1, 1)], [(0, 0), (0, 2), (0, 3), (1, 1)]
sets = {"0.2, 1.1": pair, "0.0, 0.2, 1.1": [(0, 0), *pair], "0.2, 0.3, 1.1": [(0, 3), *pair]}
sets |= {"0.0, 0.2, 0.3, 1.1": circuit}
enough = {name: kept_by(heads) for name, heads in sets.items()}
threes = [[(0, head) for head in three] for three in combinations(range(4), 3)]
others = [[*three, (1, head)] for three in threes for head in range(4)]
best_rival = max(kept_by(heads) for heads in others if heads != circuit)
null = {"null: the best of the 15 other sets of three and one": best_rival}
rows = {name: {"gain left": share} for name, share in (enough | null).items()}
table(rows, decimals=2, mark="0.0, 0.2, 0.3, 1.1")

# %% caption answer
caption("The share of the gain from repetition that is left when only the named heads are kept (16 texts, resampled). The null takes every other choice of three heads of the first layer and one of the second, and shows the best.")

# %% claims answer
with claims():
    claim("the pair alone keeps less than a twentieth of the gain", abs(enough["0.2, 1.1"][0]) < 0.05)
    claim("with 0.0 beside it, it keeps about a third; with 0.0 and 0.3, about nine tenths",
          about(enough["0.0, 0.2, 1.1"][0], 1 / 3) and about(enough["0.0, 0.2, 0.3, 1.1"][0], 0.9))
    claim("no other set of three heads and one keeps as much as half", best_rival[0] < 0.5)  # fmt: skip
measured("induction.enough", enough["0.2, 1.1"][0])

# %% [markdown]
# The two heads of the textbook are both needed, and together they keep *none* of the gain. The four heads of the drawing above keep nine tenths of it. What section 5 read off the scores predicts this: without 0.0 the query has no token to ask for, and without 0.3 only the match of the current token is left.
#
# **When no single head is needed.** In our trained toys all four heads of the second layer match prefixes. We set the first $n$ of them to zero.

# %%
rng = torch.Generator().manual_seed(3)
test = ind.repeated_tokens(64, 64, 24, distinct=True, generator=rng)
bridges = [ind.as_bridge(live.weights[seed]) for seed in range(3)]
kept = {}
for seed, bridge in enumerate(bridges):
    without = [ind.ablate_heads(bridge, test, [(1, head) for head in range(n)]) for n in range(5)]
    kept[f"seed {seed}"] = [ind.repeat_accuracy(logits, test, 24).item() for logits in without]
table(kept, columns=("none taken", "one", "two", "three", "all four"), decimals=2)

# %% caption
caption("Accuracy of three toys on the repeat when so many of the second layer's four heads are set to zero (64 texts).")

# %% claims
alone = [[ind.repeat_accuracy(ind.ablate_heads(b, test, [(1, h)]), test, 24).item() for h in range(4)] for b in bridges]
scores = [ind.prefix_matching_score(ind.run(live.weights[seed], test).pattern, 24)[1] for seed in range(3)]
with claims():
    claim("all four heads of the second layer have a prefix-matching score above 0.6, in each of the three", min(s.min() for s in scores) > 0.6)
    claim("whichever single one is taken away, the accuracy stays above 0.8", min(min(row) for row in alone) > 0.8)
    claim("without all four it is below 0.1", max(row[4] for row in kept.values()) < 0.1)

# %% [markdown]
# Somebody who ablates heads one by one finds no induction head in these models. Redundancy hides from single ablations; here the attention patterns gave it away.

# %% [markdown]
# ## 7 · Now on GPT-2
#
# Wang et al. 2022 ([arXiv 2211.00593](https://arxiv.org/abs/2211.00593)) name induction heads and previous-token heads among the 26 heads of a larger circuit in GPT-2 small. The table puts these beside the course's models, measured with the scores of this lesson.

# %%
def strong_heads(one):
    """How many heads, and those with a score above one half on repeated random tokens."""
    scores = ind.head_scores(one, length=50)
    found = {"heads": str(scores.prefix.numel())}
    for kind, name in (("prefix", "induction"), ("previous", "previous token")):
        strong = [head for head, score in scores.top(12, kind) if score > 0.5]
        found[name] = ", ".join(strong) or "none"
    return found

four = zoo.load("code-4l", "cpu").requires_grad_(False)
published = {"heads": "144", "induction": "5.5, 5.8, 5.9, 6.9", "previous token": "2.2, 4.11"}
own = {"code-attn-2l": model, "code-4l": four}
beside_gpt2(strong_heads, own, published, source="Wang et al. 2022")

# %% caption
caption("Induction heads (by prefix matching) and previous-token heads. The published ones were named by their effect in a task; the others have a score above one half on repeated random tokens (16 texts).")

# %% claims
score = training.losses.estimate("icl")
ours, fours = strong_heads(model), strong_heads(four)
with claims():
    claim("in code-attn-2l exactly 1.1 and 0.2 pass one half", (ours["induction"], ours["previous token"]) == ("1.1", "0.2"))
    claim("in code-4l no head passes one half in prefix matching, and the model ranks fewer than one in ten tokens of the repeat first",
          fours["induction"] == "none" and ind.head_scores(four, length=50).accuracy < 0.1)
    claim("the in-context-learning score of code-attn-2l is smaller than 0.15 nats in size at step 1 000, and −0.58 at the end",
          abs(score[training.at(1000)]) < 0.15 and round(score[-1].item(), 2) == -0.58)  # fmt: skip

# %% [markdown]
# Olsson et al. 2022 report an in-context-learning score of less than 0.15 nats in size before induction heads form and of about 0.4 after, in models with contexts of 512 tokens; ours changes in the same direction. A score finds candidates and no more. Whether a candidate copies, and whether the model needs it, are the questions of sections 5 and 6, and they can have other answers.

# %% [markdown]
# ## 8 · What this does not show
#
# **Induction heads are not all of in-context learning.** Set 1.1 to its mean, and no induction head is left in the code model. What share of what the model gains from its context is left? That depends on what is called context. We measure the loss of tokens late in a window when the model sees only the last few tokens before them, then more and more (a stored result). Of the gain from context *further back than eight tokens*, which share is left without 1.1?

# %% prediction
predict("induction.remains")

# %% figure answer
context = ind.context_gain()
plots.show(
    context.plot(), "Loss of a late token against how much is seen: intact it falls all the way; without 1.1 it stays from some 32 tokens on.",
    "Loss of tokens late in a window against how many tokens before them are seen. Without 1.1 the loss stops falling "
    "after some tens of tokens. Bands: 95 % interval, modules resampled.",
)  # fmt: skip

# %% answer
beyond = {}
for n in (4, 8, 16, 32):
    shares = {f"left without {head}": context.remaining(head, n) for head in ("1.1", "1.2")}
    beyond[f"beyond {n} tokens"] = {"gain (nats)": context.gain(n)[0].item(), **shares}
table(beyond, decimals=2)

# %% caption answer
caption("What context further back than so many tokens saves, and the share of it that is left when a head is set to its mean (95 % interval, modules resampled). 1.2 is the comparison: a head of the same layer.")

# %% claims answer
shares = {n: context.remaining("1.1", n) for n in (4, 8, 16, 32)}
with claims():
    claim("beyond 32 tokens less than a tenth is left without 1.1, by its interval", shares[32][2] < 0.1)
    claim("beyond eight tokens about a fifth is left, beyond four about three tenths", about(shares[8][0], 0.2) and about(shares[4][0], 0.3))
    claim("without 1.2 at least nine tenths are left at every distance", all(context.remaining("1.2", n)[0] > 0.9 for n in shares))
    claim("beyond 32 tokens it seems to be more than all, by its interval", context.remaining("1.2", 32)[1] > 1)
measured("induction.remains", shares[8][0])

# %% [markdown]
# So the honest sentence has a distance in it: in *this* model, one training run, the use of distant context goes through one head, and the use of near context does not. (Without 1.2 more than all of the gain seems to be left beyond 32 tokens. That is no improvement: the gain is a difference, and the loss at short context got worse. The deeper notebook has a case in which the in-context-learning score is fooled in the same way.)
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
table(found, decimals=2, mark="blocks of 16")

# %% caption
caption("A head that counts positions, tested with four block lengths (32 texts each).")

# %% claims
with claims():
    claim("at a length of 16 both scores are perfect", min(found["blocks of 16"].values()) > 0.99)
    claim("at the other three lengths both are below 0.1", max(max(row.values()) for name, row in found.items() if name != "blocks of 16") < 0.1)

# %% [markdown]
# A test with one block length cannot tell a head that reads from a head that counts. Vary what should not matter.
#
# **One model.** The circuit of sections 5 and 6 was found in one training run of one small model, whose training text had been changed to reward copying. Toys with other random starts all form induction heads (section 3), but whether another code model would use a second pair of heads to match two tokens, we do not know. And a circuit that is enough on random tokens is not thereby the circuit on code.
#
# **The puzzle, answered.** Everything about the heads was measured on other texts, so it predicts something about the program with `wozzle_frint`: without one of the four heads of the circuit, the returning name should suffer, without one of the other four it should not.

# %%
again = slice(starts[1] + 1, starts[1] + 8)  # the seven parts after the returning w
without = {}
for run in ("intact", *left):
    losses = ind.token_losses(ind.ablate_heads(model, tokens, ind.RUNS[run]), tokens)[0]
    without[run] = (-losses).exp()[again].mean().item()
rows = {run: {"mean chance": share} for run, share in without.items()}
table(rows, corner="without", decimals=2)

# %% caption
caption("The mean chance that the model gives to the seven parts of the returning name, intact and with each head set to zero.")

# %% claims
with claims():
    claim("without 0.2 or 1.1 it is below 0.05", max(without["0.2"], without["1.1"]) < 0.05)
    claim("without 0.0 or 0.3 it is less than six tenths of what it is intact", max(without["0.0"], without["0.3"]) < 0.6 * without["intact"])
    claim("without any other head it stays above 0.4", min(without[h] for h in ("0.1", "1.0", "1.2", "1.3")) > 0.4)

# %% [markdown]
# When the model reads `␣w` `o` `z` for the first time, 0.2 leaves at each part a note of the part before, and 0.3 a note of the part before that. When `w` comes again, 1.1 searches for a place with a matching note, finds `o`, and raises its logit; then, at `o`, it finds the next part. The weights have not learned the name. They have learned to look it up. (That a bare `w` finds the note of a `␣w`, although they are two tokens, is examined in the deeper notebook.)

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "One head cannot complete A B … A → B", "evidence": "a proof; 100 000 random heads",
     "control": "random pairs of heads can, now and then", "where it fails": "many heads in one layer: a matter of size"},
    {"claim": "A previous-token head and an induction head are a plan that works",
     "evidence": "weights written by hand, right at every length", "control": "a sharpness below ln 2: never right",
     "where it fails": "where two notes are alike (a pair that occurs twice)"},
    {"claim": "Keys that can hold the token before have to be there for the change to come",
     "evidence": "training with smeared and with deaf keys", "control": "deaf queries; one layer; two layers",
     "where it fails": "shown for small toys, four seeds, 600 steps"},
    {"claim": "In code-attn-2l four heads match two tokens and copy", "evidence": "twelve messages; scores taken apart; "
     "weights from end to end; the four alone are nearly enough", "control": "15 other sets of heads; untrained weights",
     "where it fails": "one model, random tokens"},
    {"claim": "Distant context goes through 1.1", "evidence": "its removal, by distance", "control": "1.2, of the same layer",
     "where it fails": "near context, of which a good part is left"},
    formulas={"score of a query at i for a key at j": r"x_i W_Q W_K^\top x_j^\top / \sqrt{d_\mathrm{head}}",
              "K-composition": r"x_j \ni x_{j-1} W_V W_O \text{ of an earlier head}",
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
# - induction: completing A B … A with B, for any A and B.
# - QK circuit: the table W_E W_Q W_Kᵀ W_Eᵀ of who attends to whom, token by token.
# - OV circuit: the table W_E W_V W_O W_U of which logits attending to a token raises.
# - previous-token head: a head that attends to the position before.
# - induction head: a head that attends to the token after the earlier occurrence of the current one, and copies it.
# - K-composition: a head's keys read what an earlier head has written.
# - sharpness: the attention score of a match, where all else scores 0.
# - BOS: the token that starts every text.
# - accuracy on the repeat: the share of a repeated block, from its second token on, that the model ranks first.
# - previous-token score: mean attention to the position before.
# - prefix-matching score: mean attention, in the repeat, to the token after the earlier occurrence.
# - in-context-learning score: loss late in a text minus loss early in it.
# - repeated name: a name that stood in the same window before.
# - new name: a name that did not.
# - bootstrap interval: the middle 95 % of a number computed again and again on resampled data.
# - path patching: changing the message of one part to one input of another, and leaving everything else as it was.
# - copying score: the sum of the real parts of the eigenvalues of the OV circuit over the sum of their sizes.
# - null: what a measurement gives where there is nothing to find.
# - needed: without it, the behaviour goes.
# - enough: with it alone, the behaviour stays.
# - specific: without it, little else goes.
# - gain from repetition: loss on a random block minus loss on its repeat.

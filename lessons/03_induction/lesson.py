# %% [markdown]
# # Induction heads
#
# *Lesson 3. About four hours with the exercises (an estimate, from the length of the text and thirteen exercises at five to twenty minutes each). The notebook itself runs in under a minute on two processor cores.*
#
# **A puzzle.** A small model has read Python, and nothing else. Now it reads four lines around a function called `wozzle_frint`. We made the name up. When it comes for the first time, the model gives its parts almost no chance, as it should. When it comes for the second time, the model knows how it goes on. No weight has changed in between.
#
# Below, the chance that it gives to every token before it sees it, at two moments of the same training: after 1 000 steps, and at the end, after 4 340. At step 1 000 it had been learning for a quarter of its time, and could not do it at all.
#
# How does a network with fixed weights learn a name while it reads? What appeared in it between these two moments, did it come slowly or at once, and how would you show that you have found the cause? At the end of this lesson you can find that part in a model you have not seen, build it by hand, take it out, and say how much of what the model gains from its context goes with it, and how much does not.
#
# The lesson follows Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), and Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895). What the figures show is computed here, and asserted in the cell that computes it.

# %% setup

# %%
import torch

from course_utils import induction as ind
from course_utils import plots, zoo
from course_utils.grading import measured, predict

program = "def wozzle_frint(quab):\n    return quab + 1\n\nprint(wozzle_frint(3))\n"
young = zoo.load("code-attn-2l", "cpu", checkpoint=1000)
model = zoo.load("code-attn-2l", "cpu")
ids = [0, *model.tokenizer.encode(program, add_special_tokens=False)]
tokens = torch.tensor([ids])  # token 0 starts every text
loss = {"step 1000": ind.token_losses(young(tokens), tokens)[0].detach()}
loss["step 4340"] = ind.token_losses(model(tokens), tokens)[0].detach()
parts = [model.tokenizer.decode([i]) for i in ids[1:]]  # the first has no loss
parts = ["⏎" if "\n" in part else part.replace(" ", "␣") for part in parts]
first = [k for k, part in enumerate(parts) if part.strip("␣") == "w"]

# %%
fig, ax = plots.figure(height=2.9)
for name, shift, colour in zip(loss, (-0.2, 0.2), (plots.GREY, plots.COLOURS[0]), strict=True):
    x = torch.arange(len(parts)) + shift
    ax.bar(x, (-loss[name]).exp(), 0.4, color=colour, label=name)
for k in first:
    ax.axvspan(k - 0.5, k + 7.5, color=plots.COLOURS[1], alpha=0.2, linewidth=0)
ax.set_xticks(range(len(parts)), parts, rotation=90, fontsize=8, family="monospace")
ax.set(ylabel="chance given to the token", ylim=(0, 1), xlim=(-0.6, len(parts) - 0.4))
ax.legend(loc="upper left")
plots.show(
    fig,
    "Chance of each token of a program: the invented name is improbable at first; when it "
    "returns, the trained model expects most of its parts, the young one none of them.",
)
chance = {name: (-values).exp() for name, values in loss.items()}
once, again = ({n: p[k + 1 : k + 8].mean().item() for n, p in chance.items()} for k in first)
for name in loss:
    print(f"{name}: parts of the name after its first, mean chance", end=" ")
    print(f"{once[name]:.3f} the first time, {again[name]:.3f} the second")
assert max(once.values()) < 0.05 and again["step 1000"] < 0.05 and again["step 4340"] > 0.4
assert chance["step 4340"][first].max() < 0.01  # the w itself, both times
assert ids[first[0] + 1] != ids[first[1] + 1]  # and it is not the same token

# %% [markdown]
# Shaded, the invented name, both times. At the end of training the model gives every part of it after the first a far better chance when it returns, and more than an even one to most of them.
#
# It might seem that the model has "remembered the word". The first `w` of the second occurrence is as improbable as ever: the model does not know *that* the name will come. It knows what comes *next*, once the name has begun. Keep this difference; the whole mechanism is in it.
#
# And look closely: the first `w` has a space before it (␣), the second has none. They are two different tokens. We come back to that at the end.

# %% [markdown]
# ## 1 · One layer is not enough
#
# *After this section you can read off two matrices what a one-layer model can say, and prove that one attention head cannot complete a repetition.*
#
# Take the plainest transformer: attention only, no LayerNorm, no biases, one layer. Its **residual stream** at a position starts as the token's embedding, each head adds something, and the sum is read off as logits. For the last token $q$ of a text, with earlier tokens $s$,
#
# $$\text{logits} \;=\; W_E[q]\,W_U \;+\; \sum_{\text{heads}} \sum_{s} A(q, s)\; W_E[s]\,W_V W_O W_U .$$
#
# The first term sees $q$ alone. In the second, $A(q,s)$, the attention from $q$ to $s$, is a softmax over scores, and these come from a table with one row and one column for every token, the **QK circuit** $W_E W_Q W_K^\top W_E^\top$: *who looks at whom*. The other factor is another such table, the **OV circuit** $W_E W_V W_O W_U$: *looking at $s$ raises which logits*. So what a head of a one-layer model says has the form: "$s$ stood somewhere before, $q$ stands here, so $o$ is more probable". Elhage et al. call that a **skip-trigram**, and write it $s \ldots q \to o$. (Positions, left out of the formula, add a preference for some distances. And through the softmax's denominator, *how much* is said about $s$ depends on what else stands there: a loophole.)
#
# The smallest case: letters with one opening bracket among them, then a dot. What comes next is the bracket that closes it. Three skip-trigrams, `( … . → )` and so on, do it. We train four one-head models, and look for the three in their tables.

# %%
names = ["(", "[", "{", "a", "b", "c", "d", ".", ")", "]", "}"]
letters, dot, openers, closers = slice(3, 7), 7, slice(0, 3), slice(8, 11)

def sentences(n, rng):
    """n sentences (n, 7) and, for each, which of the three brackets closes it."""
    body = torch.randint(3, 7, (n, 6), generator=rng)
    kind = torch.randint(3, (n,), generator=rng)
    body[torch.arange(n), torch.randint(6, (n,), generator=rng)] = kind
    return torch.cat([body, torch.full((n, 1), dot)], 1), kind

rng = torch.Generator().manual_seed(0)
sizes = {"W_E": (11, 16), "W_pos": (7, 16), "W_U": (16, 11), "W_O": (1, 1, 8, 16)}
sizes |= dict.fromkeys(("W_Q", "W_K", "W_V"), (1, 1, 16, 8))  # (layer, head, d_model, d_head)
four = {name: 0.2 * torch.randn(4, *size, generator=rng) for name, size in sizes.items()}
one_layer = ind.Weights(**{n: W.requires_grad_() for n, W in four.items()})  # side by side

# %%
optimizer = torch.optim.AdamW(four.values(), lr=0.02, weight_decay=1.0)
for _ in range(200):
    text, kind = sentences(64, rng)
    last = ind.run(one_layer, text).logits[..., -1, :]  # (model, sentence, token)
    wanted = last.log_softmax(-1)[:, torch.arange(64), 8 + kind]
    optimizer.zero_grad()
    (-wanted.mean(1).sum()).backward()
    optimizer.step()

# %% [markdown]
# *What to look for*: on the left, in the row of the dot, whether it looks for brackets. On the right, in the rows of the brackets, which closing bracket each raises.

# %%
W = {name: matrix.detach() for name, matrix in four.items()}
QK = W["W_E"] @ W["W_Q"][:, 0, 0] @ W["W_K"][:, 0, 0].mT @ W["W_E"].mT / 8**0.5
OV = W["W_E"] @ W["W_V"][:, 0, 0] @ W["W_O"][:, 0, 0] @ W["W_U"]  # both (model, token, token)
sought = QK[:, dot, openers] > QK[:, dot, letters].amax(-1, keepdim=True)  # (model, bracket)
shown = sought.sum(-1).argmax()  # one that looks for all three
fig, axes = plots.figure(1, 2, height=3.1)
plots.heatmap(axes[0], QK[shown], label="attention score")
plots.heatmap(axes[1], OV[shown], label="logit")
axes[0].set(title="QK: who looks", xlabel="at whom", ylabel="token here")
axes[1].set(title="OV: looking at whom", xlabel="raises what", ylabel="token there")
for ax in axes:
    ax.set_xticks(range(11), names)
    ax.set_yticks(range(11), names)
plots.show(
    fig, "Two token-by-token tables: the dot looks for openers; each opener raises its closer."
)

# %%
text, kind = sentences(500, rng)
right = ind.run(one_layer, text).logits[..., -1, closers].argmax(-1) == kind
print("four models, share right:", right.float().mean(1).tolist(), "(by chance 1/3)")
print("brackets that the dot looks for:", sought.sum(-1).tolist())
assert (right.float().mean(1) > 0.99).all() and (sought.sum(-1) >= 2).all()
assert (OV[:, openers, closers].argmax(-1) == torch.arange(3)).all()

# %% [markdown]
# Nothing was run to find out: the skip-trigrams stand in the tables. (A model that looks for two brackets only says the third when it finds neither: also a way.) It might seem that every entry means something. Most do not: no text ends in a letter, so nothing in the data ever asks what a letter looks for. Those rows are by-products, and can be as colourful as the others.
#
# **Now a repetition.** The name `wozzle` comes again: after the second `w`, say the `o` that stood after the first. In signs: `… A B … A → B`, for whatever A and B. Is this a skip-trigram? The head would have to look from A at B *because A stood before it there*, and the QK table has an entry for (A, B), but none for "B, with A before it".
#
# The smallest case that can tell: four texts, each ending in A. In the first two, B came after A; in the last two, D did.
#
# | | 1 | 2 | 3 | 4 | last | answer |
# |---|---|---|---|---|---|---|
# | (i) | A | B | C | D | A | B |
# | (ii) | C | D | A | B | A | B |
# | (iii) | C | B | A | D | A | D |
# | (iv) | A | D | C | B | A | D |
#
# **No single head can get all four right, whatever its size and its weights.** The advantage of B over D is $N/Z + c$, where $Z = \sum_j e^{s_j}$ is the softmax's denominator, $N = \sum_j e^{s_j} v_j$, and $c$ is what the last token says by itself. It is positive exactly if $N + cZ$ is, which is *a sum over places of something that depends on the token at that place alone*. Now compare: texts (i) and (ii) together have at place 1 an A and a C; so have (iii) and (iv). The same holds at each place. So the sum over (i) and (ii) equals the sum over (iii) and (iv). But the first must be positive, and the second negative.
#
# An argument about *all* weights is worth an attempt to refute it: a hundred thousand heads with random scores and values, and as many pairs of heads.

# %%
def right_of_four(heads, n=100_000):
    """How many of n random one-layer models get 0, 1, … 4 of the four texts right."""
    A, B, C, D = range(4)
    texts = torch.tensor([[A, B, C, D], [C, D, A, B], [C, B, A, D], [A, D, C, B]])
    score, value = 4 * torch.randn(2, n, heads, 4, 4, generator=rng)  # head, place, token
    own = torch.randn(n, generator=rng)  # what the last token says by itself
    place = torch.arange(4)
    right = 0
    for tokens, sign in zip(texts, (1, 1, -1, -1), strict=True):
        attention = score[..., place, tokens].softmax(-1)
        advantage = (attention * value[..., place, tokens]).sum((-1, -2)) + own
        right = right + (sign * advantage > 0)
    return torch.bincount(right, minlength=5)

for heads in (1, 2):
    count = right_of_four(heads)
    print(f"{heads} head{'s' * (heads > 1)}: 0, 1, 2, 3, 4 right in", count.tolist())
    assert (count[4] == 0) == (heads == 1)

# %% [markdown]
# One head: never. Two heads: now and then, so depth is not the only way out. Two heads can do it for these fixed places, in a roundabout manner (see below). What grows is the price: Sanford, Hsu and Telgarsky 2024 prove that a one-layer transformer needs to be exponentially larger for this task than a two-layer one ([arXiv 2408.14332](https://arxiv.org/abs/2408.14332)). In section 3 we train one and see how far it comes.
#
# **To think about.** How can *two* heads of one layer get all four texts right?
#
# <details><summary>Answer</summary>
#
# By subtracting, and through the loophole. Let one head look at place 1 if A stands there, and otherwise at place 2, and let it lower the token that it finds (A itself counts for nothing). Then the token at place 2 is lowered exactly if A did not come before it. Let the other head do the same with places 3 and 4. Neither head looks at the answer; both together rule out the alternative. It takes a head for every place, which is the price.
# </details>

# %% [markdown]
# ## 2 · Build one by hand
#
# *After this section you can write down the weights of a two-layer model that completes any repetition, and say why each matrix is what it is.*
#
# The task, stated exactly: a starting token (BOS), a block of distinct random tokens, the same block again. From the second token of the repeat on, each must be predicted first. (The repeat's first token cannot be foreseen.)
#
# Work backwards from the end.
#
# 1. *What must be true at the end?* The token that stood after the earlier A must be written where the logits are read. Some head has to copy it: its OV circuit takes the token at the place it looks at, and writes it to the output.
# 2. *Where must that head look?* At the place where the *token before* was A. Its query can ask for A, because A stands here. Its key has to answer with the token *before* its own. No token embedding knows that.
# 3. *Who can know it?* A head of an earlier layer, which looks one place back and leaves a note: "the token before me was A".
#
# So: a **previous-token head** in the first layer, and in the second an **induction head**, which looks at the token *after* the earlier occurrence of the current one, and copies it. (It is often said to look at the earlier occurrence itself. It does not; that would be the wrong token to copy.) The second reads with its key what the first has written: **K-composition**.
#
# Give everything a place of its own in the residual stream: `token` and `position`, one-hot, written by the embeddings; `previous`, for the notes; `next`, for the answer. A head is then four choices and a number:
#
# | | query reads | key reads | copies from | to | |
# |---|---|---|---|---|---|
# | previous-token head | `position`, one back | `position` | `token` | `previous` | $W_Q$ shifts by one, the others copy |
# | induction head | `token` | `previous` | `token` | `next` | all four copy |
#
# $W_Q$ and $W_K$ have shape (d_model, d_head), $W_V$ too, $W_O$ (d_head, d_model), and each is an identity matrix between two of these places, and zero elsewhere. Only the shift is different, and only the scale of $W_Q$, the **sharpness** $\beta$, is a number: it is the attention score of a match, where all else scores 0.

# %%
layout = ind.subspaces(4, 6, "previous", "next")  # 4 tokens, 6 positions
previous = ind.HeadPlan("position", "position", "token", "previous", shift=-1, sharpness=20)
induction = ind.HeadPlan("token", "previous", "token", "next", sharpness=20)
tiny = ind.build(layout, [[previous], [induction]], unembed="next")
text = torch.tensor([[0, 1, 2, 3, 1, 2]])  # BOS a b c a b: next is c
_, cache = ind.as_bridge(tiny).run_with_cache(text)
streams = [cache[name][0] for name in ("blocks.0.hook_resid_pre", "blocks.1.hook_resid_pre")]
streams.append(cache["blocks.1.hook_resid_post"][0])  # each (position, d_model)

# %% [markdown]
# The whole residual stream, before the first layer, between the two, and at the end, one row for each position of `BOS a b c a b`. *What to look for*: first, what the note says in the row of c. Then follow the last row, b, through the three panels: what it asks for, where the answer to that stands, and what arrives.

# %%
fig, axes = plots.figure(1, 3, height=2.8, sharey=True)
titles = ("embedded", "after the first head", "after the second")
edges = [layout[name].start for name in layout.sizes]
centres = [(layout[name].start + layout[name].stop - 1) / 2 for name in layout.sizes]
for ax, stream, title in zip(axes, streams, titles, strict=True):
    plots.heatmap(ax, stream, signed=False, limit=1, bar=False, aspect="auto")
    ax.set_xticks(centres, layout.sizes, rotation=35, ha="right")
    for edge in edges[1:]:
        ax.axvline(edge - 0.5, color="white", linewidth=1.5)
    ax.set(title=title)
axes[0].set_yticks(range(6), ["BOS", "a", "b", "c", "a", "b"])
axes[0].set(ylabel="position")
plots.show(
    fig,
    "The residual stream in three panels: tokens and positions; then a note of the previous "
    "token at each position; then, in the last row, the answer c.",
)
note, answer = streams[1][:, layout["previous"]], streams[2][:, layout["next"]]
assert note.argmax(-1).tolist() == [0, 0, 1, 2, 3, 1]  # BOS has nothing before it but itself
assert answer[4:].argmax(-1).tolist() == [2, 3]  # after the second a: b; after the second b: c

# %% [markdown]
# In the second panel the row of c carries the note "b". The last row asks, with its token, "whose note says b?", finds c, and copies c's token. The third panel has it in `next`.
#
# (It might seem that the model now says something only where there is a repetition. Look at `next` in the first rows: where no note matches, the second head spreads its attention evenly, and writes a faint mixture of everything.)
#
# The plan never mentions a length. So it must work at every length that fits into the context:

# %%
# NBVAL_CHECK_OUTPUT
by_hand = ind.hand_built(d_vocab=40, n_ctx=65)  # the same plan for 40 tokens, 65 positions
verdict = ind.judge(by_hand, lengths=range(2, 33))
lowest = min(verdict.accuracy.values())
print("lengths tried:", len(verdict.accuracy), "  lowest accuracy:", lowest)
print("BOS and blocks of 2 to 32 random tokens, twice:", verdict.message)
assert all(share == 1.0 for share in verdict.accuracy.values())

# %% [markdown]
# **How sharp must it look?** The previous-token head shall be as sharp as you like, and the induction head have sharpness $\beta$. There are up to 64 keys, of which one is right. At which $\beta$ does the accuracy become 1?

# %%
predict("induction.sharpness", None, sure=0.5)

# %% [markdown]
# With a pencil. Before normalising, the right key speaks with weight $e^\beta$, every other with $e^0 = 1$. Each speaks for its own token. The right token has not been repeated yet, so it has one key: $e^\beta$. The tokens that *have* been repeated have two keys each, hence weight 2, and there is always one of those, the current token itself. So the answer wins exactly if $e^\beta > 2$: the threshold is $\ln 2 ≈ 0.69$, whatever the length.
#
# If the *first* head has a sharpness $\alpha$ of its own, its notes are blurred. A note at place $j$ is written with $j + 1$ keys in sight: the right token gets $e^\alpha/(e^\alpha + j)$ of it, every other token in sight $1/(e^\alpha + j)$. The same bookkeeping as before then says that, after the $p$-th token of a block of $L$, the right key wins exactly if
#
# $$\exp\frac{\beta e^\alpha}{e^\alpha + p + 1} \;>\; \exp\frac{\beta}{e^\alpha + p} + \exp\frac{2\beta}{e^\alpha + L + p} .$$
#
# On the left the right key; on the right the two keys of the current token A itself, whose notes now hold a little A as well. Counting the places $p$ at which this holds predicts the accuracy itself, without a fitted number. *What to look for*: do the measured map and the pencil's differ anywhere? Where does the boundary flatten, and what does a longer block change?

# %%
def pencil(alpha, beta, length):
    """The predicted accuracy of the hand-built model at each sharpness: (beta, alpha)."""
    p, a, b = torch.arange(1, length), alpha.exp()[:, None], beta[:, None, None]
    right = (b * a / (a + p + 1)).exp()
    itself = (b / (a + p)).exp() + (2 * b / (a + length + p)).exp()
    return (right > itself).float().mean(-1)

alpha, beta = torch.linspace(0.5, 8, 16), torch.logspace(-1, 1, 17)
maps = {}
for length in (4, 32):
    test = ind.repeated_tokens(40, 4, length, distinct=True, generator=rng)
    models = [ind.hand_built(40, 65, (a, b)) for b in beta.tolist() for a in alpha.tolist()]
    shares = [ind.repeat_accuracy(ind.run(m, test).logits, test, length) for m in models]
    maps[length] = torch.stack(shares).view(17, 16), pencil(alpha, beta, length)

# %%
fig, axes = plots.figure(1, 4, height=2.9, sharey=True)
panels = [(name, L, k) for L in maps for k, name in enumerate(("measured", "pencil"))]
for ax, (name, length, k) in zip(axes, panels, strict=True):
    colours = dict(cmap=plots.SEQUENTIAL, vmin=0, vmax=1)
    image = ax.pcolormesh(alpha, beta, maps[length][k], **colours)
    ax.set(title=f"{name}\nL = {length}", xlabel="sharpness α", yscale="log")
axes[0].set(ylabel="sharpness β")
fig.colorbar(image, ax=axes, label="accuracy")
plots.show(fig, "Accuracy over both sharpnesses, measured and predicted: the same maps.")
for length, (found, said) in maps.items():
    off = (found - said).abs().max().item()
    print(f"blocks of {length}: largest difference in {found.numel()} cells {off:.3f}")
    assert off < 0.05  # a tie or two
fine = {b: ind.judge(ind.hand_built(40, 65, (20.0, b)), [4, 16, 32]) for b in (0.68, 0.71)}
print("α = 20:", {f"β = {b}": list(v.accuracy.values()) for b, v in fine.items()})
assert set(fine[0.68].accuracy.values()) == {0} and set(fine[0.71].accuracy.values()) == {1}
measured("induction.sharpness", "about 0.7")

# %% [markdown]
# The pencil is right in every cell, up to a tie. With a sharp first head the switch from never right to always right lies between $\beta = 0.68$ and $0.71$, at all three lengths. Where the first head is blurred, long blocks suffer first: their late notes are the faintest, so at a given $\beta$ a longer block asks for a larger $\alpha$.
#
# It might seem that sharp attention is needed for induction. It is needed for *certainty*. Being right only takes a little more than twice the weight of any other key, and for real models, whose embeddings already favour some tokens, a trained head may be far from sharp and yet useful.
#
# **To think about.** What goes wrong without BOS, if a text starts at once with the block?
#
# <details><summary>Answer</summary>
#
# The first token has nothing before it, so the previous-token head can only look at that token itself, and notes at A: "the token before me was A". When A returns, two keys answer, A's own and the one after it, with weight $e^\beta$ each. A has one more key, the current one, with weight 1. So A wins by a little, and the second token of the repeat is wrong; all others are right. With BOS, the useless note is BOS's. Try it with a moderate sharpness, `ind.run(ind.hand_built(40, 65, (20.0, 3.0)), test[:, 1:])`: at $\beta = 20$ the difference is smaller than a 32-bit float can hold.
# </details>

# %% [markdown]
# ## 3 · Train one, and watch
#
# *After this section you can name four measurements that tell an induction head, say how abruptly it forms and how much the moment varies, and what a model without a second layer does instead.*
#
# We built one because we knew what to build. Does gradient descent find it? The data: BOS, and then a block of distinct random tokens over and over. Its length, 8 to 31, is drawn anew for each text, so that no position tells where the earlier occurrence stands. We measure on blocks of length $L = 24$, twice:
#
# - **accuracy** on the repeat, from its second token on (by chance $1/63$);
# - the **previous-token score** of a head: its mean attention to the position before;
# - the **prefix-matching score** of a head: the mean attention, from the tokens of the repeat, to the token *after* the earlier occurrence, which in a block of length $L$ stands $L - 1$ back;
# - the **in-context-learning score**: the loss in the middle of the repeat minus the loss in the middle of the first block. Negative is better.
#
# Olsson et al. 2022 define an induction head by two properties on repeated random tokens: it matches prefixes, *and* it copies what it finds. Both count, and random tokens matter: nothing else can make their continuation probable.
#
# The control is a model with one layer, same data, same steps. What accuracy will it reach?

# %%
predict("induction.one_layer", None, sure=0.6)

# %%
live = ind.train(seeds=3)  # two layers of four heads
flat = ind.train(ind.Shape(n_layers=1), seeds=1)  # the control

# %% [markdown]
# *What to look for*: one axis of steps for everything. Does the accuracy creep up, or jump? Which lines move before the dotted line (accuracy one half), which with it? And what does the loss on the *first* block do there, which nothing can predict?

# %%
plots.show(
    live.curves.plot("three models, trained here"),
    "Loss, accuracy, head scores and in-context-learning score against steps, three seeds: "
    "after a plateau all change within some tens of steps.",
)
curves = live.curves
change, abrupt = curves.change(), curves.duration(0.25, 0.75)
print("accuracy passes one half at step", [round(s) for s in change.tolist()])
print("steps from a quarter to three quarters:", [round(s) for s in abrupt.tolist()])
print("final accuracy:", [round(a, 3) for a in curves.accuracy[-1].tolist()])
print("with one layer:", [round(a, 3) for a in flat.curves.accuracy[-1].tolist()])
print("best previous-token score:", [round(s, 2) for s in curves.best_previous()[-1].tolist()])
worst = curves.step[curves.loss_first.argmax(0)]  # when the loss on the first block is worst
assert ((worst - change).abs() < 0.4 * change).all()
assert curves.best_previous()[-1].max() < 0.75
assert (curves.accuracy[-1] > 0.95).all() and (abrupt < 0.35 * change).all()
assert (curves.best_prefix()[-1] > 0.6).all() and (curves.best_prefix()[0] < 0.1).all()
assert (curves.icl[-1] < -3).all() and (curves.icl[0].abs() < 0.5).all()
assert (curves.loss_first.amax(0) > curves.loss_first[-1] + 0.1).all()  # the bump
assert 0.1 < flat.curves.accuracy[-1].max() < 0.5 and flat.curves.best_prefix()[-1] < 0.3
measured("induction.one_layer", "about 0.3")

# %% [markdown]
# For some two hundred steps next to nothing happens; then, within a few dozen, accuracy goes from a quarter to three quarters. Prefix matching, the in-context-learning score and the loss go with it. The one-layer control never gets there. It is not at chance either: without a second layer it is right about three times in ten.
#
# Look at the loss on the first block. It gets *worse* at the change, for a while, as one would expect of a model that begins to copy, and does so where there is nothing to copy yet.
#
# And the previous-token score stays near one half, though the accuracy is near 1. It might seem that no head does the job completely. The next figure shows where the average comes from.

# %%
pattern = ind.run(live.weights, ind.repeated_tokens(64, 32, 31, generator=rng)).pattern
back = pattern[:, 0].diagonal(-1, -2, -1).mean(1)  # (seed, head, key): attention one back
best = back.amax(1)  # (seed, key)
fig, ax = plots.figure(height=2.6)
for seed, row in enumerate(best):
    ax.plot(row, label=f"seed {seed}", color=plots.COLOURS[seed])
ax.axvline(31, color=plots.GREY, linestyle=":", linewidth=1, label="longest block")
ax.set(xlabel="place that is looked at, from the place after it", ylim=(0, 1.03))
ax.set(ylabel="attention, best head")
ax.legend()
plots.show(fig, "Attention to the token before is high up to position 29 and zero after it.")
near, far = best[:, 1:29].mean(1), best[:, 34:61].mean(1)
print("places 1 to 28:", [round(v, 2) for v in near.tolist()], end="   ")
print("34 to 60:", [round(v, 2) for v in far.tolist()])
assert (near > 0.5).all() and (far < 0.2).all()

# %% [markdown]
# No block is longer than 31 tokens, so a note at a later place is hardly ever needed, and none is written there. A score is an average, also over places where the job does not exist. (And several heads share the work: the curve is that of the best head at each place.)
#
# **How much does the moment vary?** Three seeds say little. Stored with its recipe: the same training for 32 seeds, and 8 controls.

# %%
many = ind.spread()
plots.show(
    many.plot(),
    "Accuracy against steps for 32 two-layer seeds, all of which jump, and 8 one-layer seeds, "
    "none of which does; beside it a histogram of the step of the change.",
)
steps, took = many.change(), many.change(0.75) - many.change(0.25)
mean, spread = steps.mean(), steps.std()
print(f"{len(steps)} seeds: step {mean:.0f} ± {spread:.0f} (standard deviation)", end=", ")
print(f"{steps.min():.0f} to {steps.max():.0f}; 1/4 to 3/4 in {took.median():.0f} (median)")
low, high = many.control[-1].min(), many.control[-1].max()
print(f"one layer, {many.control.shape[1]} seeds: final accuracy {low:.2f} to {high:.2f}")
assert not steps.isnan().any() and (took < steps / 2).all() and many.control.max() < 0.5
assert abs(mean - 209) < 1 and spread < 0.1 * mean  # the stored result, as the text says
assert 0.5 * mean < change.min() and change.max() < 2 * mean

# %% [markdown]
# Every two-layer seed changes, and no control does. The moment is nearly the same for all: step $209 \pm 9$, and some 28 steps from a quarter to three quarters. The random start decides a few per cent of *when*, and nothing of *whether*.
#
# It might seem that this step is a property of induction heads. It is a property of this recipe; the code model of the next section takes 1 500 steps of another. And that prefix matching and accuracy rise together is no discovery here, where the task is nothing but repetition. In real text it is a question.
#
# **To think about.** Before the change, the loss on the repeat already falls a little. What has the model learned by then?
#
# <details><summary>Answer</summary>
#
# What one layer can: which tokens are in this text at all, and with what distance they tend to return. Compare with the control, whose loss ends there.
# </details>

# %% [markdown]
# ## 4 · The same on real text
#
# *After this section you can compute the in-context-learning score on a model of code, split its loss into names that stood there before and names that did not, and say which head changed when.*
#
# Back to the model of the puzzle: two attention layers, four heads each, LayerNorm, 18 million tokens of Python, in most of which the identifiers were renamed at random, so that looking them up pays. It has 21 checkpoints.
#
# Olsson et al. define the in-context-learning score as the loss at the 500th token minus the loss at the 50th, in contexts of 512. Our context has 256, so we read at 250 and 25, averaged over 16 tokens around each. The numbers are therefore not comparable with theirs (they report less than 0.15 nats in magnitude before the change, about 0.4 after); the sign is.
#
# And we split the loss. Names are cut into several tokens, as `wozzle_frint` was. The first token says that a name comes, the later ones how it goes on. Of these later tokens, some belong to a name that stood in this window before (**repeated**), others to one that did not (**new**). The figures say "identifiers" for names.
#
# The figure is from 739 windows of held-out modules of the standard library, stored with its recipe. Between step 1 000 and step 2 000 the loss on repeated names falls by 2.3 nats. By how many does the loss on *new* names fall?

# %%
predict("induction.new_names", None, sure=0.5)

# %%
training = ind.checkpoints()
plots.show(
    training.plot(),
    "Loss of repeated names falls steeply between steps 1200 and 1800 while that of new ones "
    "hardly moves; the in-context-learning score and heads 0.2 and 1.1 move with it.",
)
at = {int(step): k for k, step in enumerate(training.step)}
losses = training.losses
for what in ("loss", "repeated", "new", "icl"):
    values = losses.estimate(what)
    row = [f"{step}: {values[at[step]]:+.2f}" for step in (0, 400, 1000, 1500, 2000, 4340)]
    print(f"{what:9}", "   ".join(row))
repeated, new = losses.estimate("repeated"), losses.estimate("new")
names = {"repeated": repeated, "new": new}
fell = {name: (v[at[1000]] - v[at[2000]]).item() for name, v in names.items()}
print("fallen from step 1000 to 2000:", {name: round(v, 2) for name, v in fell.items()})
assert fell["repeated"] > 4 * fell["new"] and abs(fell["repeated"] - 2.3) < 0.1
assert losses.estimate("icl")[at[1000]] > -0.15 and losses.estimate("icl")[-1] < -0.4
assert training.prefix[at[1000]].max() < 0.05  # no induction head yet
assert training.prefix.flatten(1)[:, [0, 1, 2, 3, 4, 6, 7]].max() < 0.05  # all but 1.1
assert training.previous[:, :, [0, 1, 3]].max() < 0.35  # all but 0.2
measured("induction.new_names", fell["new"])

# %% [markdown]
# Between steps 1 000 and 2 000 the loss on repeated names falls by more than two nats, on new ones by less than half a nat. In that window a previous-token head (0.2) and an induction head (1.1) come up, and the in-context-learning score with them. No other head ever gets any prefix matching worth the name, or more than about a quarter of the previous-token score (0.3, for a while).
#
# Which head changed when? Here is the step at which each quantity has made half of its way from step 1 000 to the end, with two quantities for comparison that are not, or not only, about induction.

# %%

rise = {"previous-token score of 0.2": training.previous[:, 0, 2]}
rise["prefix matching of 1.1"] = training.prefix[:, 1, 1]
rise["in-context-learning score"] = -losses.estimate("icl")
rise |= {"loss, repeated names": -repeated, "loss, new names": -new}
rise["loss, all tokens"] = -losses.estimate("loss")
start, half = at[1000], {}
for name, values in rise.items():
    progress = (values - values[start]).float()
    progress[:start] = 0
    progress = progress / progress[-1]
    half[name] = training.halfway(progress.clamp(max=1))
    print(f"{name:28} half of its way by step {half[name]:.0f}")
induction_like = [half[name] for name in list(rise)[:4]]
assert max(induction_like) < 1650 < min(half["loss, new names"], half["loss, all tokens"])

# %% [markdown]
# The four that belong to induction make half their way within some hundred and fifty steps of one another. The loss on new names, and that on all tokens, come later.
#
# Now look at it work. The second layer reads the program of the puzzle. *What to look for*: in 1.1, where the rows of the second `wozzle_frint` (from row 27 on) look; and where all other rows look, for which there is nothing to copy.

# %%
from course_utils import views

_, cache = model.run_with_cache(tokens)
pattern = cache["blocks.1.attn.hook_pattern"][0]  # (head, query, key)
views.attention(
    pattern, [model.tokenizer.decode([i]) for i in ids], layer=1,
    alt="Head 1.1 looks at the start nearly everywhere, but along a slanted stripe where the "
    "name returns: each part at the place after that part's first occurrence.",
)  # fmt: skip
here, there = (k + 1 for k in reversed(first))  # where the name stands, again and first
stripe = torch.stack([pattern[:, here + k, there + k + 1] for k in range(8)], 1)
for head, row in enumerate(stripe.tolist()):
    print(f"1.{head}, from each part of the name:", [round(a, 2) for a in row])
start = pattern[1, 1:there + 8, 0].mean()
print(f"1.1, to the start, before anything has returned: {start:.2f}")
assert stripe[1].mean() > 0.5 and stripe[[0, 2, 3]].max() < 0.1 and start > 0.5

# %% [markdown]
# The stripe suggests an answer to the puzzle: each part of the returning name looks at what came after that part the first time. (Even the `w`, whose first occurrence is another token.) Where nothing has returned, 1.1 rests on the starting token. But a pattern is where a hypothesis begins; it has still to be tested.
#
# Do the numbers hold on text that we can read? The course's own sample programs are the same on every machine. Two checkpoints, live:

# %%
windows = ind.code_windows(model)  # 74 windows of 256 tokens
text_losses = {}
for name, one in (("step 1000", young), ("step 4340", model)):
    text_losses[name] = ind.TextLosses.of(ind.losses_of(one, windows.tokens), windows)
    row = {w: text_losses[name].estimate(w).item() for w in ("loss", "repeated", "new", "icl")}
    print(name, {what: round(value, 2) for what, value in row.items()})
before, after = (text_losses[name] for name in ("step 1000", "step 4340"))
drop = {w: (before.estimate(w) - after.estimate(w)).item() for w in ("repeated", "new")}
assert drop["repeated"] > 2 > 1 > drop["new"] > 0.3
assert 0.1 < (before.estimate("new") - before.estimate("repeated")).item() < 0.5

# %% [markdown]
# The in-context-learning score on so few windows is uncertain, which is why the figure uses ten times as many. The split is clear even here.
#
# It might seem that repeated names are easy *because* an induction head copies them. Names that return may also be commoner names. At step 1 000, before there is any induction head, repeated names are indeed easier, by about a quarter of a nat: that much is not the head's doing, or not alone.
#
# **To think about.** Does a head with a prefix-matching score of 0.65 on *random* tokens look at the right place 65 % of the time in code?
#
# <details><summary>Answer</summary>
#
# Nobody has measured that here. Code repeats on all scales: a token has many earlier occurrences, and "the token after the earlier occurrence" is not one place. Random tokens make the question well posed; they do not make it the question about code.
# </details>

# %% [markdown]
# ## 5 · Mechanism: who tells whom what
#
# *After this section you can show by an intervention that the second head reads the first with its keys, and say what composition scores and eigenvalues add, and where they mislead.*
#
# Section 2 makes three predictions about any model that works as our hand-built one does.
#
# 1. The induction head's **keys** depend on what the previous-token heads write. Its queries and values do not.
# 2. In the weights: what those heads write lies where $W_K$ reads.
# 3. The induction head's OV circuit copies: it raises the token that it sees.
#
# For the first, an intervention made for such a question: **path patching**. Take two texts that share nothing, $x$ and $x'$. Run $x$. But let the first layer's heads tell *the keys* of the second layer, and nobody else, what they would say in $x'$. Do the same for the queries, and for the values. How much of the log-probability of the repeat is lost? All heads of a layer are taken together, since they share the work: one of them alone might change nothing because the others do it. Which of the three will matter in the models that we trained?

# %%
predict("induction.input", None, sure=0.7)

# %%
test = ind.repeated_tokens(64, 128, 24, distinct=True, generator=rng)
clean, other = test.split(64)
metric = ind.repeat_log_prob(clean, 24)
early, late = [(0, h) for h in range(4)], [(1, h) for h in range(4)]
bridges = [ind.as_bridge(live.weights[seed]) for seed in range(3)]
told = [ind.path_patch_qkv(b, clean, other, metric, early, late) for b in bridges]

# %%
fig, ax = plots.figure(height=2.8)
for seed, sweep in enumerate(told):
    effect, (low, high) = sweep.effect(), sweep.interval()
    error = torch.stack([effect - low, high - effect])
    x = torch.arange(3) + 0.25 * (seed - 1)
    ax.bar(x, effect, 0.25, yerr=error, color=plots.COLOURS[seed], label=f"seed {seed}")
ax.set_xticks(range(3), ["queries", "keys", "values"])
ax.set(ylabel="change of log-prob. (nats)", xlabel="input that hears another text")
ax.legend()
plots.show(fig, "Only the keys: hearing another text costs about 8 nats, elsewhere nothing.")

# %%
def told_in_words(sweep):
    """The effect on each input, with its 95 % interval."""
    rows = zip("qkv", sweep.effect(), *sweep.interval(), strict=True)
    return "   ".join(f"{n} {e:+.2f} [{low:+.2f}, {high:+.2f}]" for n, e, low, high in rows)

for seed, sweep in enumerate(told):
    print(f"seed {seed}:", told_in_words(sweep))
    lost = -sweep.effect()
    assert lost[1] > 4.2 and lost[1] >= 5 * lost[[0, 2]].abs().max()
print(f"stored, {len(many.patched)} seeds: keys lose at least", end=" ")
print(f"{many.key_ratio().min():.0f} times what queries or values do")
assert many.key_ratio().min() >= 5
measured("induction.input", "keys")

# %% [markdown]
# The keys, by a factor that has no need of statistics, in these seeds and in all stored ones. When the keys hear notes about another text, the model is worse off than before the change: it copies, with confidence, from the wrong places, and loses more than the $\ln 63 ≈ 4.1$ nats of an even guess.
#
# Now the second prediction, from weights alone. If a head writes with $W_{OV}$ and a later one reads with a matrix $M$ ($W_{QK}$ for queries, its transpose for keys, $W_{OV}$ for values), the **composition score** of Elhage et al. 2021 is $\|W_{OV} M\| / (\|W_{OV}\|\,\|M\|)$ in Frobenius norms. It is a number between 0 and 1 that needs a baseline, or better three: matrices that are unrelated score $1/\sqrt{d_\text{model}}$ on average, whatever their rank; the same two matrices, one of them turned at random; and the first layer of one seed with the second layer of *another*, both trained, never having met.

# %%
drawn = ind.random_composition(64, 16, 200, rng)
for seed in range(3):
    later = live.weights[seed]
    own = ind.mean_composition(later, later)  # over all pairs of heads: q, k, v
    foreign = ind.mean_composition(live.weights[seed - 1], later)
    lines = (f"{k} {a:.3f} ({b:.3f})" for k, a, b in zip("qkv", own, foreign, strict=True))
    print(f"toy, seed {seed}, own (with another seed's first layer):", "   ".join(lines))
    assert own[1] > 1.15 * foreign[1] and own[1] > drawn.quantile(0.95)
    assert own[[0, 2]].max() < drawn.quantile(0.05)  # the others: below chance
print(f"random: {drawn.mean():.3f}, 95 % below {drawn.quantile(0.95):.3f} (1/√64 = 0.125)")

# %%
W = [getattr(model, f"W_{letter}").detach() for letter in "QKVO"]
scores = ind.composition_scores(*W)  # (q k v, writer, reader)
print("code model, readers 1.1: q k v by writer")
for head in range(4):
    print(f"   0.{head}", [round(s, 3) for s in scores[:, head, 1].tolist()])
turned = ind.turned_composition((W[2] @ W[3])[0, 2], (W[0] @ W[1].mT)[1, 1].mT, 100, rng)
print(f"   0.2, turned at random: {turned.mean():.3f} ± {turned.std():.3f} (1/√128 = 0.088)")
assert abs(scores[1, 2, 1] - 0.088) < 0.01 and scores[1, 3, 1] > 0.13  # k: 0.2, 0.3
assert scores[0, 0, 1] < 0.075 and scores[2, 0, 1] > 0.1  # 0.0: q, v
assert scores[0, 2, 1] > 0.1  # q: 0.2

# %% [markdown]
# In the toys the keys stand out against random matrices and against another seed's, and queries and values lie *below* chance: the matrices avoid one another. On the code model it is less clear. The previous-token head 0.2 scores hardly more by 1.1's keys than unrelated matrices do; the largest key score belongs to 0.3. A composition score asks how much of *all* that one head can write another could read. It does not know which part is ever written, nor what the softmax makes of it.
#
# So the intervention again, on the code model: each head of the first layer in turn tells each input of 1.1 about another text.

# %%
d_vocab = model.cfg.d_vocab
clean, other = ind.repeated_tokens(d_vocab, 32, 60, generator=rng).split(16)
metric = ind.repeat_log_prob(clean, 60)
code_told = {}
for head in range(4):
    code_told[head] = ind.path_patch_qkv(model, clean, other, metric, [(0, head)], [(1, 1)])
    print(f"0.{head} → 1.1:", told_in_words(code_told[head]))
low, high = code_told[2].interval()
assert high[1] < low[0] and high[0] < low[2]  # 0.2: keys, then queries, then values
assert code_told[2].effect()[1] < -3

_, seen = model.run_with_cache(clean, names_filter="blocks.0.attn.hook_pattern")
steps_back = seen["blocks.0.attn.hook_pattern"].mean(0)  # (head, query, key)
back = torch.stack([steps_back.diagonal(-k, -2, -1).mean(-1) for k in (0, 1, 2, 3, 60)], 1)
for head in range(4):
    print(f"0.{head} looks 0, 1, 2, 3, 60 back:", [round(a, 2) for a in back[head].tolist()])
assert back.argmax(1).tolist() == [0, 0, 1, 2] and back[0, 4] > 0.3

# %% [markdown]
# By the keys, 0.2 matters most, as it should. But the table has more in it than the plan of section 2. The keys also hear 0.3. The queries and the values hear 0.0, which looks at the current token itself, and in the repeat as much at its earlier occurrence, one block back. And the queries hear 0.2, for which the plan has no use at all. (Of the five large effects in this table, the composition scores put three above chance, one at it, and one below.)
#
# **A hypothesis, and its test.** The last lines say where these heads look: 0.3 looks *two* places back. So at each place there is a note of the token before, by 0.2, and of the one before that, by 0.3. If the queries hear 0.2 because they ask for *two* tokens, "X A was here", and the keys answer with both notes, then 1.1 matches two tokens, not one. That can be refuted. Random tokens, in which A stands twice, once after X and followed by B, once after Y and followed by C. At the end stands X A. A head that matches one token has no reason to prefer B to C.
#
# *What to look for*: the preference for B, in nats; and which of the messages it needs, by the same path patching.

# %%
from course_utils import patching

def two_contexts(n):
    """BOS … X A B … Y A C … X A, the two places in either order; the ids of B and C."""
    text = torch.randint(1, d_vocab, (n, 60), generator=rng)
    x, a, b, y, c = torch.randint(1, d_vocab, (5, n), generator=rng)
    turned = torch.arange(n) % 2  # in every other text Y A C comes first
    for first, triple in ((10 + 20 * turned, (x, a, b)), (30 - 20 * turned, (y, a, c))):
        for k, token in enumerate(triple):
            text[torch.arange(n), first + k] = token
    text[:, -2], text[:, -1] = x, a
    return torch.nn.functional.pad(text, (1, 0)), b, c

double, B, C = two_contexts(300)
strangers = torch.randint(1, d_vocab, double.shape, generator=rng)
ask = patching.Question(
    model, double, strangers, patching.logit_diff(B, C), direction="noising"
)
heard = ask.path_patch(["0.1", "0.2", "0.3"], ["1.1.q", "1.1.k"], pairs=True)

# %%
senders, ways = ("0.1", "0.2", "0.3"), ("queries", "keys")
effect, (low, high) = heard.effect(), heard.interval()  # (sender, input)
intact = heard.clean.mean().item()
fig, ax = plots.figure(height=2.5)
for k, way in enumerate(ways):
    error = torch.stack([effect - low, high - effect])[..., k]
    bars = [f"{sender} → {way}" for sender in senders]
    ax.barh(bars, effect[:, k], xerr=error, color=plots.COLOURS[k])
ax.axvline(-intact, color="black", linestyle=":", label="nothing left of the preference")
ax.invert_yaxis()
ax.set(xlabel="change of the preference for B (nats)", ylabel="message that is changed")
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
plots.show(
    fig, "Preference for the two-token match: gone when queries miss 0.2 or keys miss 0.3."
)
print(f"preference for B, nothing changed: {intact:.2f} nats; with a changed message")
for sender, (to_queries, to_keys) in zip(senders, (intact + effect).tolist(), strict=True):
    print(f"   from {sender}: to queries {to_queries:+.2f}, to keys {to_keys:+.2f}")
needed = torch.tensor([[False, False], [True, True], [False, True]])  # the hypothesis
assert 2 < intact < 5 and (-effect[needed] > 0.6 * intact).all()
assert (-effect[~needed] < 0.3 * intact).all()

# %%
single = double.clone()
single[:, -2] = strangers[:, -2]  # the null: at the end Z A, and Z is new
last = model(single)[:, -1].detach()
null = last.gather(1, B[:, None]) - last.gather(1, C[:, None])
print("after Z A: {:+.2f} [{:+.2f}, {:+.2f}]".format(*ind.mean_interval(null[:, 0])))
assert null.mean().abs() < 0.5 * intact

# %% [markdown]
# The model prefers B by some three to four nats (from sample to sample), and after a Z that stood nowhere it has no such preference. It needs, of the six messages tried, the three that the hypothesis names: the queries must hear the token before (0.2), the keys must hear the token before *and* the one before that (0.2, 0.3). (In the hypothesis, 0.2 to the keys serves a match of one token, too; the other two only a match of two.) 0.3 to the queries, and 0.1, change little. So this induction head prefers the place after "X A" to a place after "A" alone. No definition in this lesson asked for that; the queries' effect in the table did.
#
# It might seem that we now know the circuit. We know that it matches two tokens rather than one. Whether it would match three, how the two matches are weighed, and what 0.0 contributes to the queries, we have not measured.
#
# The third prediction: the OV circuit copies. $W_E W_V W_O W_U$ is a square matrix, token by token. If it raises what it sees, its eigenvalues are positive, and its diagonal stands out. The **copying score** is $\sum \mathrm{Re}\,\lambda / \sum|\lambda|$: 1 if all are positive, 0 for a random matrix.

# %%
def eigenvalues(W_E, W_V, W_O, W_U):
    """The eigenvalues of W_E W_V W_O W_U that are not zero by rank."""
    return torch.linalg.eigvals(W_O @ (W_U @ W_E) @ W_V)

toy = live.weights[0]
W_E, W_V, W_O, W_U = (getattr(model, f"W_{x}").detach() for x in "EVOU")
shown = {"toy, layer 1, head 0": eigenvalues(toy.W_E, toy.W_V[1, 0], toy.W_O[1, 0], toy.W_U)}
for head in (1, 0):
    shown[f"code model, 1.{head}"] = eigenvalues(W_E, W_V[1, head], W_O[1, head], W_U)
fig, axes = plots.figure(1, 3, height=2.7)
for ax, (name, values) in zip(axes, shown.items(), strict=True):
    ax.plot(values.real, values.imag, ".", color=plots.COLOURS[0])
    limit = 1.1 * values.abs().max().item()
    ax.axvline(0, color=plots.GREY, linewidth=0.8)
    ax.set(title=name, xlabel="real part", xlim=(-limit, limit), ylim=(-limit, limit))
axes[0].set(ylabel="imaginary part")
plots.show(fig, "Eigenvalues of OV circuits: positive for induction heads, not for 1.0.")

# %%
copying = ind.copying_score(W_E, W_V, W_O, W_U)
diagonal = ind.copying_diagonal(W_E, W_V, W_O, W_U)
for layer in range(2):
    print(f"layer {layer}: copying", [f"{c:+.2f}" for c in copying[layer]], end="   ")
    print("raised most by itself", [f"{d:.1%}" for d in diagonal[layer]])
each = [live.weights[seed] for seed in range(3)]
toys = torch.stack([ind.copying_score(w.W_E, w.W_V[1], w.W_O[1], w.W_U) for w in each])
print(f"toys, layer 1: {toys.min():.2f} to {toys.max():.2f};", end=" ")
others = torch.cat([copying[0], copying[1, [0, 2, 3]]])
assert copying[1, 1] > 0.6 > 0.35 > others.max() and diagonal[1, 1] > 10 * 20 / d_vocab
untrained = zoo.load("code-attn-2l", "cpu", checkpoint=0)
null = ind.copying_score(*(getattr(untrained, f"W_{x}").detach() for x in "EVOU"))
print(f"untrained code model: {null.min():.2f} to {null.max():.2f}")
assert toys.min() > 0.8 and null.abs().max() < 0.2

# %% [markdown]
# The values of 1.1 hear 0.0, as we saw, and the table above leaves that out. So once more, for the token together with what each head of the first layer makes of it:

# %%
through = torch.zeros(4, 4)  # (head of layer 0, head of layer 1)
for head in range(4):
    passed = W_E + W_E @ W_V[0, head] @ W_O[0, head]  # as if that head saw this token alone
    through[head] = ind.copying_diagonal(passed, W_V[1], W_O[1], W_U)
    print(f"with 0.{head}: raised most by itself", [f"{d:.1%}" for d in through[head]])
rest = torch.cat([through[0, [0, 2, 3]], through[1:].flatten()])
assert through[0, 1] > 0.6 > 0.4 > rest.max()

# %% [markdown]
# The induction heads copy, the others do not. It might seem that the positive eigenvalues make a head an induction head. They make it a head that copies *what it looks at*; where it looks is another question, and a head that looks at random places with such an OV circuit would do harm.
#
# **To think about.** In the code model, attending to a token raises that token most for fewer than a quarter of all tokens, by the first table. How can the head be useful all the same?
#
# <details><summary>Answer</summary>
#
# The first table leaves out half of what the head reads. Its values hear 0.0, and with what 0.0 makes of the token, four tokens in five are raised most by themselves; with any other head, or for any other reader, it is three in ten at most. So 0.0 and 1.1 copy together. (This is the weights' side of it: LayerNorm is left out, and 0.0 is taken to look at that token alone.)
# </details>

# %% [markdown]
# ## 6 · Take it away
#
# *After this section you can say what a model loses without these heads, on repeated tokens and on ordinary text, beside what it loses without any other head.*
#
# A mechanism that we believe in must be *needed*. Each head of the code model in turn is set to zero, or to its mean at that position (which leaves what it says on average), at all positions. Two texts: random tokens repeated, where only induction helps, and 739 windows of held-out code. *What to look for*: orange are the previous-token head and the induction head. On which kind of text do they stand out among the others?

# %%
predict("induction.ablation", None, sure=0.6)

# %%
gone = ind.ablations()
plots.show(
    gone.plot("mean"),
    "What each ablation costs: on repeated tokens 0.2 and 1.1 most; on repeated names these "
    "two and 0.0; on new names 1.1 far less; on all tokens 0.0 most by far.",
)
kinds = [(what, "mean") for what in ("repeat", "repeated", "new", "loss")]
for what, kind in [*kinds, ("repeated", "zero")]:
    nats = gone.cost(what, kind)
    row = (f"{run} {mean:+.2f}" for run, (mean, _, _) in nats.items() if len(run) == 3)
    print(f"{what:9} {kind}", "  ".join(row))
cost = {what: gone.cost(what) for what in ("repeat", "repeated", "new", "loss")}
rest = ("1.0", "1.2", "1.3")  # the other heads of the second layer
assert cost["repeat"]["1.1"][1] > max(cost["repeat"][run][2] for run in rest) + 2
assert cost["repeated"]["1.1"][1] > 2 and max(cost["repeated"][run][2] for run in rest) < 0.1
assert cost["repeated"]["1.1"][1] > 4 * cost["new"]["1.1"][2]
assert cost["loss"]["0.0"][1] > cost["loss"]["1.1"][2]  # yet the costliest is another
ratio = {run: cost["repeated"][run][0] / cost["new"][run][0] for run in ("0.0", "0.2", "1.1")}
assert cost["new"]["0.2"][1] > cost["new"]["1.1"][2] and ratio["1.1"] > 5 > ratio["0.2"] > 2
measured("induction.ablation", "repeated names")

# %%
level = {run: gone.repeat[1, k].mean().item() for k, run in enumerate(ind.RUNS)}
print(f"random tokens: first block {gone.first[1, 0].mean():.2f} nats, repeat", end=" ")
print(", ".join(f"{run} {level[run]:.2f}" for run in ("intact", "1.1", "0.2")), end="; ")
share = ind.repeat_accuracy(model(clean), clean, 60).item()
print(f"an even guess {torch.tensor(d_vocab).log():.2f}; intact accuracy {share:.2f}")
assert abs(level["1.1"] - gone.first[1, 0].mean()) < 0.4
assert level["intact"] > 7 and share < 0.4  # above ln 1024

# %% [markdown]
# On random tokens even the intact model is a bad predictor: its loss on the repeat is above that of an even guess, and it is right one time in four or five. It copies, against habits that are sure of something else; what repetition gains it is 5 of the 12.3 nats that they cost in the first block. Without 0.2 or 1.1 nothing of that gain is left. On repeated names 1.1 costs 2.7 nats, and the other three heads of its layer next to nothing; zero ablation says the same. (That 0.3 costs three nats on random tokens needs no new story: section 5 has it.) On *new* names 1.1 costs a sixth of that. (Not nothing: a name that is new as a whole often has parts that stood there before, as `get_size` after `get_name`.) And on all tokens of ordinary code, the most costly head by far is another one, 0.0, without which the model is lost altogether, induction included.
#
# That is worth a second look. "Ablating it destroys the behaviour" holds for 0.0 too, and 0.0 is neither a previous-token head nor an induction head. An ablation shows that something is *needed*, also if it is needed like a power supply. What makes the case for 1.1 is that three things agree: where it looks, whom it hears, and that the loss is specific to what it is said to do. For 0.2 the third holds only in part: without it, new names and all tokens cost a nat, too. A note of the token before serves more than induction.
#
# Does the ablation of *one* head always tell? In our toys all four heads of the second layer match prefixes.

# %%
test = ind.repeated_tokens(64, 64, 24, distinct=True, generator=rng)
print("toys, accuracy with the first 0, 1, 2, 3, 4 heads of the second layer set to zero")
kept = torch.zeros(3, 5)
for seed, bridge in enumerate(bridges):
    for n in range(5):
        logits = ind.ablate_heads(bridge, test, [(1, h) for h in range(n)])
        kept[seed, n] = ind.repeat_accuracy(logits, test, 24)
    print(f"seed {seed}:", [round(a, 2) for a in kept[seed].tolist()])
    alone = [ind.ablate_heads(bridge, test, [(1, h)]) for h in range(4)]
    assert min(ind.repeat_accuracy(logits, test, 24) for logits in alone) > 0.8
    matches = ind.prefix_matching_score(ind.run(live.weights[seed], test).pattern, 24)
    assert matches[1].min() > 0.6  # all four
assert (kept[:, 1] > 0.8).all() and (kept[:, 4] < 0.1).all()

# %% [markdown]
# Take any one away, and nearly nothing happens; take all, and everything is gone. Somebody who ablates heads one by one finds no induction head in these models. Redundancy hides from single ablations, and the attention patterns are what gave it away.
#
# **To think about.** Why does the mean ablation of 1.1 on *code* leave the loss on repeated names at about the level of new names, and not far above it, as on random tokens?
#
# <details><summary>Answer</summary>
#
# Because in code a name can also be guessed from habit, as a new name is. On random tokens habit is wrong.
# </details>

# %% [markdown]
# ## 7 · Now on GPT-2
#
# *After this section you can find the candidates for induction heads in a model that somebody else trained.*
#
# The same two scores for every head of GPT-2 small, twelve layers of twelve heads. Wang et al. 2022 ([arXiv 2211.00593](https://arxiv.org/abs/2211.00593)) name induction heads (5.5, 5.8, 5.9, 6.9) and previous-token heads (2.2, 4.11) among the 26 heads of a larger circuit. They get a frame in the figure. The cell runs where the weights are at hand, or on Colab, and on the course's own four-layer code model.
#
# *What to look for*: do the framed heads stand out? And how many stand out that have no frame?

# %%
from course_utils import runtime

published = dict.fromkeys(("5.5", "5.8", "5.9", "6.9"), "induction (Wang et al. 2022)")
published |= dict.fromkeys(("2.2", "4.11"), "previous token (Wang et al. 2022)")
known = ("gpt2", "code-4l")
for name in [n for n in known if zoo.cached(n) or (n == "gpt2" and runtime.in_colab())]:
    scored = ind.head_scores(zoo.load(name), length=50)
    plots.show(
        scored.plot(published if name == "gpt2" else None),
        f"Prefix-matching and previous-token score of every head of {name}.",
    )
    print(name, "·", scored)
    if name == "code-4l":
        assert scored.prefix.max() > 0.4 and scored.accuracy < 0.2
    if name == "gpt2":
        strong = {head for head, score in scored.top(12)}
        print("published among the twelve highest:", sorted(strong & set(published)))
if not zoo.cached("gpt2"):
    print('GPT-2 is not here. Where there is a network, zoo.load("gpt2") brings it (550 MB).')

# %% [markdown]
# A score finds candidates, and no more: in the code model of four layers a head has 0.49, and yet the model predicts one token in twenty of the repeat. Whether a candidate copies, and whether the model needs it, are the other two questions, and section 6 showed that they can have other answers. And a low score does not clear a head: one that matches something softer than identity can be missed.
#
# **To think about.** GPT-2 may have more than ten heads with a high score. What would you expect of an ablation of one of them?
#
# <details><summary>Answer</summary>
#
# Little, as in our toys, where four heads do the same work. Take them together, or measure what each adds when the others are gone.
# </details>

# %% [markdown]
# ## 8 · What this does not show
#
# *After this section you can say how much in-context learning there is without induction heads, and name three cases in which the measurements of this lesson mislead.*
#
# **Induction heads are not all of in-context learning.** Take the code model, replace head 1.1 by its mean, and no induction head is left. What share of what the model gains from its context is left? That depends on what is called context. We measure the loss of tokens late in a window when the model sees only the last few tokens before them, then more and more. *What to look for*: how long do the curves run together, and how far does each fall after that?

# %%
predict("induction.remains", None, sure=0.5)

# %%
context = ind.context_gain()
plots.show(
    context.plot(["intact", "1.1", "0.2", "1.2"]),
    "Loss of a late token against how many tokens of context are seen: intact it falls all "
    "the way; without head 1.1 it falls for the first tens of tokens and then stays.",
)
left = {}
for beyond in (4, 8, 16, 32):
    gain = context.gain(beyond)[0]
    row = {run: context.remaining(run, beyond) for run in ("1.1", "1.2")}
    left[beyond] = row["1.1"]
    cells = (f"without {run}: {m:4.0%} [{a:.0%}, {b:.0%}]" for run, (m, a, b) in row.items())
    print(f"beyond the last {beyond:2} tokens: gain {gain:.2f} nats;", "   ".join(cells))
assert left[4][0] > 0.2 > left[16][0] and left[32][0] < 0.1
assert left[4][1] > left[8][0] > left[16][0] > left[32][0]
assert all(context.remaining("1.2", beyond)[0] > 0.75 for beyond in left)
measured("induction.remains", left[8][0])

# %% [markdown]
# Further back than 32 tokens, next to nothing is left: in *this* model, one training run, the use of distant context goes through one head (without 0.2, which 1.1 needs, less still is left). That 1.2 leaves more than all is no gain, as the next paragraphs explain. Count context from eight tokens on, and about a fifth is left; from four on, about three tenths. The in-context-learning score, which compares position 25 with position 250, sees only what is far away: it goes from $-0.58$ to $-0.08$ (below), and would have told us that about 14 % is left.
#
# So the honest sentence has a distance in it. And it is about a model with two attention layers and nothing else, trained on text in which names had been shuffled so that copying pays.
#
# **A better score from a worse model.** The in-context-learning score is a difference. It also grows when the loss *early* in the text gets worse.

# %%
removed = ind.ablations()
print("zero-ablated   loss   in-context-learning score")
for run in ("intact", "1.2", "1.0", "1.3", "1.1"):
    row = removed.row(run, "zero")
    print(f"{run:12} {row.estimate('loss'):6.2f} {row.estimate('icl'):+10.2f}")
worse, better = removed.cost("loss", "zero")["1.2"], removed.cost("icl", "zero")["1.2"]
print("1.2, changes: loss {:+.2f} [{:+.2f}, {:+.2f}]".format(*worse), end=", ")
print("score {:+.2f} [{:+.2f}, {:+.2f}]".format(*better))
assert worse[1] > 0.2 and better[2] < -0.1  # by their intervals: worse, and "better"
silent = removed.row("1.1", "mean").estimate("icl").item()
print(f"1.1 set to its mean, as above: score {silent:+.2f}")
assert 0.1 < silent / removed.row("intact", "mean").estimate("icl").item() < 0.17

# %% [markdown]
# Without head 1.2 the model is a third of a nat worse on every token, and its in-context-learning score is clearly *better*: early tokens suffer more than late ones. Read alone, the score says that 1.2 hinders in-context learning. Always look at the two losses of which it is made.
#
# **A perfect score from the wrong mechanism.** Here is a head, in a model with a *single* layer, that looks 15 places back, whatever stands there. We write it by hand, with one line.

# %%
layout = ind.subspaces(40, 65, "next")
counts = ind.HeadPlan("position", "position", "token", "next", shift=-15, sharpness=20)
clock = ind.build(layout, [[counts]], unembed="next")
for length in (16, 15, 17, 24):
    test = ind.repeated_tokens(40, 32, length, distinct=True, generator=rng)
    done = ind.run(clock, test)
    prefix = ind.prefix_matching_score(done.pattern, length).item()
    share = ind.repeat_accuracy(done.logits, test, length).item()
    print(f"blocks of {length}: prefix matching {prefix:.2f}, accuracy {share:.2f}")
    assert (prefix > 0.99 and share == 1) if length == 16 else (prefix < 0.01 and share < 0.1)

# %% [markdown]
# With blocks of 16 it passes the tests of where it looks and of what it says: it attends to the token after the earlier occurrence, and the accuracy is 1. It matches nothing. A test with one block length cannot tell a reader from a clock, and nothing keeps training from finding the clock, if the data has one length only. Vary what should not matter.

# %% [markdown]
# **Correlation of the bump with the heads.** In section 4 the score and the heads rise together. So do other things. Over the checkpoints between steps 1 000 and 2 000, we correlate the in-context-learning score with everything that we have a curve of.

# %%
span = slice(at[1000], at[2000] + 1)
icl = losses.estimate("icl")[span].double()
curves_of = {"prefix matching of 1.1": training.prefix[span, 1, 1]}
for layer, head in [(0, 0), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]:
    name = f"previous-token score of {layer}.{head}"
    curves_of[name] = training.previous[span, layer, head]
curves_of |= {"the number of the step": training.step[span], "loss, new names": new[span]}
correlation = {}
for name, values in curves_of.items():
    correlation[name] = torch.corrcoef(torch.stack([icl, values.double()]))[0, 1].item()
    print(f"{name:28} r = {correlation[name]:+.2f}")
assert correlation["prefix matching of 1.1"] < -0.95
assert abs(correlation["the number of the step"]) > 0.9
assert abs(correlation["loss, new names"]) > 0.9

# %% [markdown]
# Prefix matching correlates almost perfectly. So, nearly, do the loss on names that were not there to be copied, and the number of the step, which causes nothing. Whatever moves steadily in these thousand steps does. The correlation would be as good if the heads were a by-product. What speaks for them is section 6: take the head away, and the gain goes with it.
#
# Even then: necessary in a trained model is not the same as necessary for learning it. Şahin et al. 2025 ([arXiv 2511.05743](https://arxiv.org/abs/2511.05743)) trained models without the loss of those tokens that an induction head could predict. They report fewer and weaker induction heads, and in-context abilities that do not rest on copying largely kept.
#
# **What stays open.** A definition by *equal* tokens is too narrow for our own model: the puzzle's two `w` differ by a space. Is that an accident? Random text, a word with a space before it or without, then B, and at the end the bare word: how much does 1.1 look at B?

# %%
words = [model.tokenizer.decode([i]) for i in range(d_vocab)]
bare = torch.tensor([i for i, w in enumerate(words) if w.isalpha() and " " + w in words])
spaced = torch.tensor([words.index(" " + words[i]) for i in bare])
found = {"the same token": bare, "the word with a space": spaced, "another": spaced.roll(50)}
for name, earlier in found.items():
    text = torch.randint(1, d_vocab, (4 * len(bare), 41), generator=rng)
    text[:, 0], text[:, 16], text[:, -1] = 0, earlier.repeat(4), bare.repeat(4)
    _, cache = model.run_with_cache(text)
    found[name] = cache["blocks.1.attn.hook_pattern"][:, 1, -1, 17].mean().item()
print(len(bare), "words; attention to B, after", {k: round(v, 3) for k, v in found.items()})
same, spaced_too, another = found.values()
assert spaced_too > 0.4 * same > 5 * another

# %% [markdown]
# The spelling with a space does more than half as well as the token itself. Whether that is because the embeddings are alike, or a match that was learned, we have not tested. Olsson et al. 2022 discuss heads of larger models which complete $A^* B^* \ldots A \to B$, where $A^*$ and $B^*$ only resemble $A$ and $B$: **fuzzy copying**, which could be translation, or analogy.
#
# **The puzzle, answered.** Everything about the heads was measured on other texts, so it predicts something about this one: without 1.1 or 0.2 the returning name should be lost; without the other heads of the second layer, not.

# %%
parts_again = slice(first[1] + 1, first[1] + 8)  # of the name, after the returning w
without = {}
for run, heads in ind.RUNS.items():
    lost = ind.token_losses(ind.ablate_heads(model, tokens, heads), tokens)[0]
    without[run] = (-lost).exp()[parts_again].mean().item()
print("mean chance, heads set to zero:", {k: round(v, 3) for k, v in without.items()})
assert max(without["1.1"], without["0.2"]) < 0.05 and without["0.3"] < 0.6 * without["intact"]
assert min(without[run] for run in ("1.0", "1.2", "1.3")) > 0.4

# %% [markdown]
# So it is. (0.3, too, is missed, as the match of two tokens would have it; and 0.0, the power supply.) When the model reads `␣w` `o` `z` for the first time, head 0.2 leaves at each part a note of the part before. When `w` comes again, head 1.1 asks for a place whose note is like `w`, finds `o`, and raises it; then, at `o`, it asks for the note `o`, and finds the next. The weights have not learned the name. They have learned to look it up. Between steps 1 000 and 2 000 the two heads formed, within some hundreds of steps, while what the model says about *new* names changed far less. What remains without 1.1 is the near context, which other heads use.
#
# **To think about.** Which result of this lesson would you most like to see repeated on another model before you believe it?
#
# <details><summary>Answer</summary>
#
# There is more than one good answer. Ours: that so little distant in-context gain is left without one head. It was measured on a model with eight heads whose training text had been made to reward copying. In a model with more heads, redundancy alone would change the number.
# </details>
#
# **Now the exercises**: `course start 03`, then `my/03_induction.ipynb`. They end with three sealed models, which only you get.

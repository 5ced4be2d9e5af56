# %% [markdown]
# # Induction heads, deeper
#
# What is worth knowing beyond the story of lesson 3. The sections do not depend on one another: take them in any order, or none. Sections 1 to 5 are mostly about the model that reads code, 6 to 9 about smaller ones. The exercise marked ◇ uses section 4.

# %% [markdown] contents
# The core notebook's words are used here without further explanation. The heads of the code model go by their roles: the copier (head 0.0), the previous-token head (0.2), the two-back head (0.3) and the induction head (1.1).

# %% setup

# %%
import torch

from course_utils import induction as ind
from course_utils import patching, plots, zoo
from course_utils.page import about, beside_gpt2, between, caption, claim, claims, measured, predict, table

model = zoo.load("code-attn-2l", "cpu").requires_grad_(False)
d_vocab = model.cfg.d_vocab
live = ind.train(seeds=3)  # toys as in section 3 of the core
many = ind.spread()  # 32 seeds of two layers and 8 of one, stored
f"three toys; the lowest of their final accuracies is {live.curves.accuracy[-1].min():.3f}"

# %% [markdown]
# ## 1 · The match of two tokens, tested
#
# Does the induction head of the code model look for one token or for two? The core (section 6) took its attention scores apart and read a match of two tokens off them. That is a hypothesis about texts in which A occurs twice. Take random tokens in which A comes once after X and before B, and once after Y and before C. The text ends in X A. A head that matches one token has no reason to prefer B to C. One that matches two prefers B. The null ends in Z A, where Z is a random token.

# %%
def two_contexts(n, rng):
    """BOS … X A B … Y A C … X A, the two places in either order; the ids of B and C."""
    text = torch.randint(1, d_vocab, (n, 60), generator=rng)
    x, a, b, y, c = torch.randint(1, d_vocab, (5, n), generator=rng)
    turned = torch.arange(n) % 2  # in every other text Y A C comes first
    for first, triple in ((10 + 20 * turned, (x, a, b)), (30 - 20 * turned, (y, a, c))):
        for k, token in enumerate(triple):
            text[torch.arange(n), first + k] = token
    text[:, -2], text[:, -1] = x, a
    return torch.nn.functional.pad(text, (1, 0)), b, c

def preference(text, b, c):
    """Logit of B minus logit of C at the end."""
    last = model(text)[:, -1]
    return (last.gather(1, b[:, None]) - last.gather(1, c[:, None]))[:, 0]

# %% figure
found = []
for seed in range(5):
    rng = torch.Generator().manual_seed(seed)
    double, b, c = two_contexts(300, rng)
    single = double.clone()
    single[:, -2] = torch.randint(1, d_vocab, (300,), generator=rng)
    after = {"after X A": preference(double, b, c), "null: after Z A": preference(single, b, c)}
    found.append({end: {"B over C": ind.mean_interval(values)} for end, values in after.items()})
table(found[-1], unit="nats", signed=True, decimals=2, corner="the text ends",
      caption="Preference for B over C: mean of 300 texts. 95 % interval, texts resampled. Four other samples are in the checks.")

# %% [markdown]
# If so, which messages make the difference? The hypothesis names three: from the previous-token head to the queries (the token before, here) and to the keys (the token before, there), and from the two-back head to the keys (the token two before, there). Three others, two from head 0.1 and one from the two-back head to the queries, are a control.

# %% figure
strangers = torch.nn.functional.pad(torch.randint(1, d_vocab, (300, 60), generator=rng), (1, 0))
ask = patching.Question(model, double, strangers, patching.logit_diff(b, c), direction="noising")
sweep = ask.path_patch(["0.1", "0.2", "0.3"], ["1.1.q", "1.1.k"], pairs=True)
each = torch.stack([sweep.effect(), *sweep.interval()], -1)  # (sender, input, 3)
ways, changed = ("to the queries", "to the keys"), {}
for sender, row in zip(("0.1", "0.2", "0.3"), each.tolist(), strict=True):
    changed[sender] = {way: tuple(entry) for way, entry in zip(ways, row, strict=True)}
ind.two_contexts({f"{sender} {way}": changed[sender][way] for sender, way in (("0.2", ways[0]), ("0.2", ways[1]), ("0.3", ways[1]))}).captioned(
    "The three messages that the hypothesis names, where they are written, and what the preference for B loses without each. At "
    "the place of B both notes match the end of the text; at the place of C only “after A” does."
).show()
named = {"0.1": "head 0.1", "0.2": "previous-token head", "0.3": "two-back head"}
table({named[sender]: row for sender, row in changed.items()}, unit="nats", signed=True, decimals=2, corner="from", mark=lambda nats: nats < -1,
              caption="Change of the preference for B when one message to the induction head is about another text: mean of 300 texts, 95 % interval, texts resampled. Marked: a loss of more than one nat.")

# %% claims
intact = sweep.clean.mean().item()
wanted = [changed["0.2"]["to the queries"], changed["0.2"]["to the keys"], changed["0.3"]["to the keys"]]
rest = [changed["0.1"]["to the queries"], changed["0.1"]["to the keys"], changed["0.3"]["to the queries"]]
with claims():
    claim("in each of the five samples the preference for B lies between 2.5 and 4.5 nats",
          all(between(row["after X A"]["B over C"][0], 2.5, 4.5) for row in found))
    claim("in each of the five, after Z A it is less than a quarter of that in size",
          all(abs(row["null: after Z A"]["B over C"][0]) < row["after X A"]["B over C"][0] / 4 for row in found))
    claim("each of the three messages that the hypothesis names is worth more than six tenths of the preference", min(-e[0] for e in wanted) > 0.6 * intact)
    claim("the three together are worth more than twice the preference", sum(-e[0] for e in wanted) > 2 * intact)
    claim("each of the other three is worth less than three tenths", max(-e[0] for e in rest) < 0.3 * intact)  # fmt: skip

# %% [markdown]
# So the induction head of this model prefers the place after X A to a place after A alone. What the three messages are worth does not add up: each by itself costs most of the preference, and the three together more than twice of it. The match at B needs all of them.
#
# Whether it would match three tokens we have not measured. Olsson et al. 2022 mention in a footnote that heads may match several tokens, and Akyürek et al. 2024 study *n-gram heads* in models trained for in-context learning of formal languages ([arXiv 2401.12973](https://arxiv.org/abs/2401.12973)).

# %% [markdown]
# ## 2 · Two different w
#
# In the puzzle the first `w` has a space before it and the second has none. The core (section 8) reads off the weights that this does not matter to the match. Does it hold in texts, and for other words? We take random text, a word with a space before it or without, then B, and at the end the bare word. How much attention does the induction head give to B? Since it matches the token before as well, we ask twice: with another token before the word at the end than at its first coming, and with the same.

# %% figure
vocabulary = [model.tokenizer.decode([i]) for i in range(d_vocab)]
bare = torch.tensor([i for i, word in enumerate(vocabulary) if word.isalpha() and " " + word in vocabulary])
spaced = torch.tensor([vocabulary.index(" " + vocabulary[i]) for i in bare])
earlier = {"the same token": bare, "the word with a space": spaced}
earlier |= {"null: another word with a space": spaced.roll(50)}
rng, attention = torch.Generator().manual_seed(0), {}
for name, token in earlier.items():
    text = torch.randint(1, d_vocab, (4 * len(bare), 41), generator=rng)
    text[:, 0], text[:, 16], text[:, -1] = 0, token.repeat(4), bare.repeat(4)
    attention[name] = {}
    for title in ("another token before it", "the same token before it"):
        text[:, -2] = text[:, 15] if title.startswith("the same") else text[:, -2]
        _, cache = model.run_with_cache(text)
        attention[name][title] = ind.mean_interval(cache["pattern", 1][:, 1, -1, 17])
table(attention, decimals=3, corner="before B",
      caption="Attention of the induction head from a bare word to B, by what came before B and by the token before the word. Every word of the vocabulary that exists in both forms, four texts each; 95 % interval, texts resampled.")

# %% claims
same, with_space, another = (list(row.values()) for row in attention.values())  # each: another token before it, the same
with claims():
    claim("the word with a space gets between half and nine tenths of what the same token gets, whatever stands before it", all(between(a[0] / b[0], 0.5, 0.9) for a, b in zip(with_space, same, strict=True)))
    claim("another word with a space gets less than a fifth of what the same token gets, whatever stands before it", all(a[0] < 0.2 * b[0] for a, b in zip(another, same, strict=True)))
    claim("with the same token before it, the same token gets more than twice the attention", same[1][0] > 2 * same[0][0])

# %% [markdown]
# A word that came with a space before it is found too, somewhat less well than the same token, and another word is not. The column on the right says why the attention is larger in the core, about two thirds on random blocks: there the token before returns too, and that match more than doubles it.
#
# Whether the two forms match because their embeddings are alike or because the match was learned, we have not tested. Olsson et al. 2022 discuss heads of larger models which complete $A^* B^* \ldots A \to B$, where $A^*$ and $B^*$ only resemble $A$ and $B$.

# %% [markdown]
# ## 3 · What the OV circuit raises
#
# The copying score of the core condenses the eigenvalues of $W_E W_V W_O W_U$ into one number. What does that number hide? Here are the eigenvalues for a toy's induction head, for the induction head of the code model, and for its neighbour, head 1.0, which is none.

# %% figure
def eigenvalues(W_E, W_V, W_O, W_U):
    """The eigenvalues of W_E W_V W_O W_U that are not zero by rank."""
    return torch.linalg.eigvals(W_O @ (W_U @ W_E) @ W_V)

toy = live.weights[0]
W_E, W_V, W_O, W_U = model.W_E, model.W_V, model.W_O, model.W_U
shown = {"toy, induction head": eigenvalues(toy.W_E, toy.W_V[1, 0], toy.W_O[1, 0], toy.W_U)}
for head in (1, 0):
    shown[f"code model, head 1.{head}"] = eigenvalues(W_E, W_V[1, head], W_O[1, head], W_U)
fig, axes = plots.figure(1, 3, height=2.8)
for ax, (name, values) in zip(axes, shown.items(), strict=True):
    ax.plot(values.real, values.imag, ".", color=plots.SERIES[0])
    limit = 1.1 * values.abs().max().item()
    ax.axvline(0, color=plots.NULL, linewidth=0.8)
    ax.set(title=name, xlabel="real part", xlim=(-limit, limit), ylim=(-limit, limit))
axes[0].set(ylabel="imaginary part")
plots.show(
    fig, "Eigenvalues of three OV circuits: mostly positive for the two induction heads, on both sides for head 1.0.",
    "Eigenvalues of the OV circuits of two induction heads (left, middle: head 1.1) and of head 1.0, which is none (right). Each panel has a "
    "scale of its own, since models and heads differ in the size of their weights; what counts is the side of zero.",
)  # fmt: skip

# %% [markdown]
# Positive eigenvalues do not mean that each token raises itself most. Take two tokens and the matrix [[2, 3], [1, 2]], whose rows are the tokens looked at and whose columns are the logits. Its eigenvalues are $2 \pm \sqrt{3}$, both positive, so that the copying score is 1. But the first token raises the logit of the second more than its own. So we count, for each head of the second layer, the share of tokens that raise themselves most. And since the values of the induction head need the copier (the core's section 5), we count again for the token together with what a head of the first layer writes for it, as if that head looked at this token alone.

# %% figure
rows = {"the embedding alone": ind.copying_diagonal(W_E, W_V[1], W_O[1], W_U)}
for head in range(4):
    passed = W_E + W_E @ W_V[0, head] @ W_O[0, head]
    rows[f"with what head 0.{head} writes for it"] = ind.copying_diagonal(passed, W_V[1], W_O[1], W_U)
table(rows, columns=("head 1.0", "head 1.1", "head 1.2", "head 1.3"), decimals=3, mark=lambda share: share > 0.5,
      caption="The share of 1 024 tokens whose own logit is the one that attending to them raises most, for the heads of the second layer of the code model (weights alone, norms left out). By chance 0.001. Marked: more than half.")

# %% claims
untrained = zoo.load("code-attn-2l", "cpu", checkpoint=0).requires_grad_(False)
straight, before = (ind.copying_score(m.W_E, m.W_V, m.W_O, m.W_U).flatten() for m in (model, untrained))
def normed(x):
    x = x - x.mean(-1, keepdim=True)
    return x / x.square().mean(-1, keepdim=True).sqrt()

def through(head, m):
    """Copying score of each head of the second layer behind a head of the first."""
    return ind.copying_score(normed(m.W_E) @ m.W_V[0, head] @ m.W_O[0, head], m.W_V[1], m.W_O[1], m.W_U)

each = [live.weights[seed] for seed in range(3)]
toys_copy = torch.stack([ind.copying_score(w.W_E, w.W_V[1], w.W_O[1], w.W_U) for w in each])
other = torch.cat([rows[name][[0, 2, 3]] for name in rows])
example = torch.tensor([[2.0, 3.0], [1.0, 2.0]])
with claims():
    claim("both eigenvalues of the example are positive, and its first token raises the second most",
          (torch.linalg.eigvals(example).real > 0).all() and example[0].argmax() == 1)
    claim("all twelve heads of the toys' second layers have a copying score above 0.8", toys_copy.min() > 0.8)
    claim("for head 1.1 the embedding alone raises itself most for less than a quarter of the tokens; with head 0.0, for four fifths",
          rows["the embedding alone"][1] < 0.25 and about(rows["with what head 0.0 writes for it"][1].item(), 0.8))
    claim("of all eight heads 1.1 has the highest copying score, 0.76, and no other has half of it",
          straight.argmax() == 5 and round(straight[5].item(), 2) == 0.76 and straight[[0, 1, 2, 3, 4, 6, 7]].max() < straight[5] / 2)
    claim("behind head 0.0 it is 0.99, behind head 0.1 0.84, behind head 0.2 or head 0.3 below 0.1 in size",
          [round(through(head, model)[1].item(), 2) for head in (0, 1)] == [0.99, 0.84] and max(abs(through(head, model)[1]) for head in (2, 3)) < 0.1)
    claim("no head of the untrained model has a copying score above 0.1 in size, straight or behind head 0.0", max(before.abs().max(), through(0, untrained).abs().max()) < 0.1)
    claim("with another head of the first layer, or for another reader, it is less than a third",
          max(other.max(), *(rows[f"with what head 0.{h} writes for it"][1] for h in (1, 2, 3))) < 1 / 3)  # fmt: skip

# %% [markdown]
# The copying score tells the same. Straight from the embedding head 1.1 has 0.76, more than twice as much as any other head, and before training none has more than 0.1. Through the copier it has 0.99 and through head 0.1, which copies as well, 0.84. Through the previous-token head or the two-back head, whose notes are about other tokens, the score is between −0.1 and 0.1.
#
# So the copier, head 0.0, and the induction head, head 1.1, copy together. A head that copies is not thereby an induction head: where it looks is another question, and one that looks at random places with such an OV circuit would do harm.

# %% [markdown]
# ## 4 · Composition scores ◇
#
# Path patching needs a model that runs, and a run for each path. It would save much work to see in the weights alone which head reads which. Does K-composition show in the weights, before any token is read? Take the smallest case, a stream of two dimensions. A head writes into the first dimension only, so its table of what it makes of its input is $W_{OV} = \begin{pmatrix}1&0\\1&0\end{pmatrix}$ (rows in, columns out). One later head reads the first dimension, $M = \begin{pmatrix}1&0\\0&0\end{pmatrix}$, and another the second, $M' = \begin{pmatrix}0&0\\0&1\end{pmatrix}$. The product $W_{OV} M$ is $W_{OV}$ itself, since nothing that is written gets lost, and $W_{OV} M'$ is zero. The **composition score** of Elhage et al. 2021 is the size of the product, divided by the sizes of the two: $\|W_{OV} M\| / (\|W_{OV}\|\,\|M\|)$, where $\|\cdot\|$ is the root of the sum of the squared entries. Here it is 1 for the first reader and 0 for the second. For queries $M$ is $W_{QK} = W_Q W_K^\top$ of the later head, for keys its transpose, for values $W_{OV}$.
#
# A score needs a null. Two unrelated matrices score $1/\sqrt{d_\text{model}}$ in the root mean square, which is 0.125 for the toys' 64 dimensions and 0.088 for the code model's 128. A matched null takes the writers of one seed with the readers of another, or turns the same writer's output at random.

# %% figure
toys = {}
for k, way in enumerate(("queries", "keys", "values")):
    own, foreign = many.composition[:, k], many.unrelated[:, k]
    scores = {"own writers": own.mean().item(), "null: another seed's": foreign.mean().item()}
    toys[way] = scores | {"seeds above the null": str(int((own > foreign).sum()))}
table(toys, decimals=3, mark="keys",
      caption="Composition score of the toys by input, mean over all pairs of heads and 32 seeds; the null takes the first layer of another seed. Last column: in how many of the 32 the own writers score higher.")

# %% [markdown]
# The keys of the toys score above the null in all 32 seeds, as they should if K-composition is what these toys use. Queries and values score *below* it, in all 32: about half of what unrelated matrices give. So they do not only leave the notes alone, they avoid them. That makes sense if a note that leaks into a query or a value does harm (the value at B would then raise A too); we have not tested it.
#
# Now the code model, head by head.

# %% figure
rng = torch.Generator().manual_seed(0)
W_OV, W_QK = model.W_V @ model.W_O, model.W_Q @ model.W_K.mT
scores = ind.composition_scores(model.W_Q, model.W_K, model.W_V, model.W_O)
scores = scores[:, :, 1]  # (q k v, writer), read by 1.1
reader = {"queries": W_QK[1, 1], "keys": W_QK[1, 1].mT, "values": W_OV[1, 1]}
code, null = {}, {}
for head in range(4):
    for way in reader:
        draws = ind.turned_composition(W_OV[0, head], reader[way], 100, rng)
        null[f"head 0.{head}", way] = [draws.quantile(q).item() for q in (0.025, 0.5, 0.975)]
    code[f"head 0.{head}"] = {way: f"{scores[k, head]:.3f}" + " ↑" * (scores[k, head] > null[f"head 0.{head}", way][2]).item() for k, way in enumerate(reader)}
    code[f"head 0.{head}"] |= {f"null: {way}": "{:.3f} to {:.3f}".format(*null[f"head 0.{head}", way][::2]) for way in reader}
table(code, corner="writer",
      caption="Composition score of each head of the first layer, read by the induction head of the code model. Null: the writer's output turned at random, the middle 95 of 100 draws. ↑: above the null.")

# %% claims
above = {f"{cell[0]} to {cell[1]}" for cell, draws in null.items() if scores[list(reader).index(cell[1]), int(cell[0][-1])] > draws[2]}
at = {f"{head} to {way}": scores[k, int(head[-1])].item() for head in code for k, way in enumerate(reader)}
with claims():
    claim("in the example the first reader scores 1 and the second 0",
          [round(ind.composition_score(torch.tensor([[1.0, 0], [1, 0]]), M, M, "q").item(), 6) for M in (torch.tensor([[1.0, 0], [0, 0]]), torch.tensor([[0.0, 0], [0, 1]]))] == [1, 0])
    claim("in all 32 toys the keys score above the null, and in none the queries or the values",
          toys["keys"]["seeds above the null"] == "32" and all(toys[w]["seeds above the null"] == "0" for w in ("queries", "values")))
    claim("queries and values score between 0.4 and 0.6 of the null",
          all(between(toys[w]["own writers"] / toys[w]["null: another seed's"], 0.4, 0.6) for w in ("queries", "values")))
    claim("in the code model four of the twelve scores lie above their null: head 0.0 to the values, head 0.2 to the queries and the keys, head 0.3 to the keys",
          above == {"head 0.0 to values", "head 0.2 to queries", "head 0.2 to keys", "head 0.3 to keys"})
    claim("of these head 0.2 to the keys is the lowest, less than 0.005 above the null's middle", min(above, key=at.get) == "head 0.2 to keys" and at["head 0.2 to keys"] - null["head 0.2", "keys"][1] < 0.005)
    claim("head 0.0 to the queries lies below its null", at["head 0.0 to queries"] < null["head 0.0", "queries"][0])  # fmt: skip

# %% [markdown]
# On the toys the score points to the keys, rightly. On the code model four of the twelve scores lie above their null, and all four are among the five messages that path patching found. So far the score does well. But it does not see the fifth, from the copier to the queries, which even lies below its null. And its order misleads: the message that costs most of all, from the previous-token head to the keys, has the lowest of the four, 0.092, which is above what unrelated matrices give (0.088) by a hair. A composition score asks how much of *all* that one head can write another could read. It knows neither which part is ever written, nor what the softmax makes of it. So a high score is no evidence that a path matters, and a low one no evidence that it does not. (The table from end to end in the core's section 6 does better because it puts the tokens in.)

# %% [markdown]
# ## 5 · Three ways to misread a training curve
#
# A curve that rises when another rises is tempting evidence, and training curves offer much of it. Here are three wrong readings of our own. Olsson et al. follow one number through the training of language models. Their **in-context-learning score** is the loss late in a window minus the loss early in it: the more negative, the more the model gains from its context. (Their windows have 512 tokens and ours 256, so that only the sign can be compared.) In the code model it changes in the same time as the heads of the core's section 4.

# %% figure
training = ind.checkpoints()  # stored
fig, ax = plots.figure(height=2.8)
training.line(ax, "icl", plots.SERIES[2])
ax.axhline(0, color=plots.NULL, linewidth=0.8, linestyle=":")
ax.set(xlabel="training step", ylabel="in-context-learning\nscore (nats)")
plots.show(fig, "The in-context-learning score falls from about zero to below minus one half, most steeply between steps 1 000 and 2 000.",
           "The in-context-learning score of the code model along its training. Band: 95 % interval, modules resampled.")  # fmt: skip

# %% [markdown]
# **Correlation.** Over the checkpoints between steps 1 000 and 2 000 the heads' scores rise and the in-context-learning score falls, which is its good direction. So do other things. We correlate it with everything that we have a curve of.

# %% figure
span = slice(training.at(1000), training.at(2000) + 1)
icl = training.losses.estimate("icl")[span].double()
curves = {"prefix matching of the induction head": training.prefix[:, 1, 1]}
curves |= {"score of the previous-token head": training.previous[:, 0, 2]}
curves |= {"loss, new names": training.losses.estimate("new")}
curves |= {"the number of the step": training.step}
pairs = {name: torch.stack([icl, values[span].double()]) for name, values in curves.items()}
r = {name: torch.corrcoef(pair)[0, 1].item() for name, pair in pairs.items()}
table({name: {"correlation": value} for name, value in r.items()}, signed=True, decimals=2,
      caption="Correlation of each curve with the in-context-learning score over the checkpoints from step 1 000 to step 2 000.")

# %% [markdown]
# The number of the step causes nothing. Whatever moves steadily in these thousand steps correlates. What supports the heads is an intervention, as in the core's sections 3, 5 and 7.
#
# Even then, needed in a trained model is not the same as needed to learn it. Şahin et al. 2025 ([arXiv 2511.05743](https://arxiv.org/abs/2511.05743)) train models whose loss leaves out the tokens that an induction head could predict. These models have fewer and weaker induction heads. Yet they largely keep those in-context abilities that do not rest on copying.
#
# **A difference.** The in-context-learning score is the late loss minus the early loss. It also improves when the *early* loss gets worse. We set each head of the second layer to its mean, as in the core's section 7.

# %% figure
removed = ind.ablations()  # stored: 739 windows of held-out code
both = {what: removed.cost(what, "mean") for what in ("loss", "icl")}
rows = {}
for head in ("1.0", "1.1", "1.2", "1.3"):
    rows[f"without head {head}"] = {"change of the loss": both["loss"][head], "change of the score": both["icl"][head]}
table(rows, unit="nats", signed=True, decimals=2, mark=("without head 1.2", "without head 1.3"),
      caption="Change of the mean loss on code (positive is worse) and of the in-context-learning score (negative is “better”) when a head is set to its mean. 95 % interval, modules resampled. Marked: loss worse, score better.")

# %% [markdown]
# Read alone, the score would tell us that heads 1.2 and 1.3 hinder in-context learning. Always look at the two losses of which it is made.
#
# **An order.** It is tempting to read an order off the core's curves: first the previous-token head, then the induction head, then the gain. Take the step at which each quantity is half-way between its value at step 1 000 and its value at a later checkpoint.

# %% figure
ends = {f"half-way between step 1 000 and step {name}": training.order(1000, end) for name, end in (("2 000", 2000), ("4 340", 4340))}
plots.show(
    ind.half_ways(ends), "Half-way steps of six quantities, for two choices of the end; the loss on new names moves from first to last.",
    "The step at which each quantity is half-way. Bars: 95 % interval of losses, modules resampled. The scores of heads (orange, "
    "blue) come from one set of 16 texts and have no interval.",
)  # fmt: skip

# %% [markdown]
# The order depends on the step at which we let the measurement end. The loss on new names is the first of the six if it ends at step 2 000, and the last if it ends at step 4 340. In both cases the loss on repeated names is half-way *before* the score of either head, though the heads are needed for it. A loss and a score are different scales: half of one need not go with half of the other.

# %% claims
short, long = ends.values()
score = training.losses.estimate("icl")
with claims():
    claim("the in-context-learning score ends below −0.5, and more than half of its fall lies between steps 1 000 and 2 000",
          score[-1] < -0.5 and score[training.at(1000)] - score[training.at(2000)] > (score[0] - score[-1]) / 2)
    claim("prefix matching correlates with the in-context-learning score at −0.95 or below", r["prefix matching of the induction head"] <= -0.95)
    claim("the loss on new names and the number of the step correlate with it at more than 0.9 in size",
          min(abs(r["loss, new names"]), abs(r["the number of the step"])) > 0.9)
    claim("without head 1.2, and without head 1.3, the loss is worse and the in-context-learning score better, both by their intervals",
          all(both["loss"][head][1] > 0 and both["icl"][head][2] < 0 for head in ("1.2", "1.3")))
    claim("measured to step 2 000, the loss on new names is half-way before both heads' scores, by its interval; measured to the end, after them",
          short["loss, new names"][2] < min(short["previous-token score of head 0.2"], short["prefix matching of head 1.1"])
          and long["loss, new names"][1] > max(long["previous-token score of head 0.2"], long["prefix matching of head 1.1"]))
    claim("its mark is the first of the six measured to step 2 000, and the last measured to the end",
          min(short, key=lambda what: short[what][0] if isinstance(short[what], tuple) else short[what]) == "loss, new names"
          and max(long, key=lambda what: long[what][0] if isinstance(long[what], tuple) else long[what]) == "loss, new names")
    claim("either way, the loss on repeated names is half-way before the score of head 0.2, which is before that of head 1.1",
          all(e["loss, repeated names"][2] < e["previous-token score of head 0.2"] < e["prefix matching of head 1.1"] for e in ends.values()))  # fmt: skip

# %% [markdown]
# ## 6 · When no single head is needed
#
# Ablation is the usual test of what a head is for, and there is a case in which it finds nothing. In the trained toys all four heads of the second layer match prefixes. We set each of them to its mean, and then all four.

# %% figure
rng = torch.Generator().manual_seed(3)
test = ind.repeated_tokens(64, 64, 24, distinct=True, generator=rng)
gone = {"intact": [], **{f"without head 1.{head}": [(1, head)] for head in range(4)}, "without all four": [(1, head) for head in range(4)]}
kept = {}
for seed in range(3):
    bridge = ind.as_bridge(live.weights[seed])
    without = {name: ind.ablate_heads(bridge, test, heads, "mean") for name, heads in gone.items()}
    kept[f"seed {seed}"] = {name: ind.repeat_accuracy(logits, test, 24).item() for name, logits in without.items()}
table(kept, decimals=2, caption="Accuracy of three toys on the repeat when heads of the second layer are set to their means over the 64 texts.")

# %% [markdown]
# Whichever single head is taken away, the accuracy stays above 0.99. Somebody who ablates heads one by one would miss all four, although their attention patterns show them. The four do the same work, so three are left when one is gone.

# %% claims
scores = [ind.prefix_matching_score(ind.run(live.weights[seed], test).pattern, 24)[1] for seed in range(3)]
with claims():
    claim("all four heads of the second layer have a prefix-matching score above 0.6, in each of the three", min(s.min() for s in scores) > 0.6)
    claim("whichever single one is taken away, the accuracy stays above 0.99", min(row[f"without head 1.{h}"] for row in kept.values() for h in range(4)) > 0.99)
    claim("without all four it is below 0.1", max(row["without all four"] for row in kept.values()) < 0.1)

# %% [markdown]
# ## 7 · What one layer can do: skip-trigrams
#
# What is left for a model whose heads cannot read one another? Beside what the current token alone foretells, a one-layer model without positions can only use facts of the form "$s$ came somewhere before, $q$ is here, so $o$ is more probable". Elhage et al. 2021 call such a fact a **skip-trigram** and write it $s \ldots q \to o$. Its two halves can be read off two tables: the QK circuit has an entry for ($q$, $s$), and the OV circuit one for ($s$, $o$).
#
# The smallest case: letters with one opening bracket among them, then a dot. What comes next is the bracket that closes it. Three skip-trigrams, `( … . → )` and so on, do it. We train four one-head models and look for the three in their tables.

# %%
names = ["(", "[", "{", "a", "b", "c", "d", ".", ")", "]", "}"]
letters, dot, openers, closers = slice(3, 7), 7, slice(0, 3), slice(8, 11)
rng = torch.Generator().manual_seed(0)

def sentences(n):
    """n sentences (n, 7) and, for each, which of the three brackets closes it."""
    body = torch.randint(3, 7, (n, 6), generator=rng)
    kind = torch.randint(3, (n,), generator=rng)
    body[torch.arange(n), torch.randint(6, (n,), generator=rng)] = kind
    return torch.cat([body, torch.full((n, 1), dot)], 1), kind

sizes = {"W_E": (11, 16), "W_pos": (7, 16), "W_U": (16, 11), "W_O": (1, 1, 8, 16)}
sizes |= dict.fromkeys(("W_Q", "W_K", "W_V"), (1, 1, 16, 8))  # (layer, head, d_model, d_head)
four = {name: 0.2 * torch.randn(4, *size, generator=rng) for name, size in sizes.items()}

# %%
models = ind.Weights(**{name: W.requires_grad_() for name, W in four.items()})  # four, side by side
optimizer = torch.optim.AdamW(four.values(), lr=0.02, weight_decay=1.0)
for _ in range(200):
    text, kind = sentences(64)
    last = ind.run(models, text).logits[..., -1, :]  # (model, sentence, token)
    loss = -last.log_softmax(-1)[:, torch.arange(64), 8 + kind].mean(1).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
W = {name: matrix.detach() for name, matrix in four.items()}
QK = W["W_E"] @ W["W_Q"][:, 0, 0] @ W["W_K"][:, 0, 0].mT @ W["W_E"].mT / 8**0.5
OV = W["W_E"] @ W["W_V"][:, 0, 0] @ W["W_O"][:, 0, 0] @ W["W_U"]  # both (model, token, token)

# %% figure
sought = QK[:, dot, openers] > QK[:, dot, letters].amax(-1, keepdim=True)  # (model, bracket)
shown = sought.sum(-1).argmax()
fig, axes = plots.figure(1, 2, height=3.3)
fig.get_layout_engine().set(wspace=0.12)
plots.heatmap(axes[0], QK[shown], label="attention score")
plots.heatmap(axes[1], OV[shown], label="logit")
axes[0].set(title="QK circuit", xlabel="attended to", ylabel="token here")
axes[1].set(title="OV circuit", xlabel="logit that is raised", ylabel="attended to")
for ax in axes:
    ax.set_xticks(range(11), names)
    ax.set_yticks(range(11), names)
plots.show(
    fig, "Two token-by-token tables: the dot attends to openers; each opener raises its closer.",
    "The tables of one of the four models. Left, the row of the dot: it attends to opening brackets. Right, the rows "
    "of the brackets: of the three closing brackets each raises its own most. No text ends in a letter, so the letters' rows on the left "
    "are by-products of training.",
)  # fmt: skip

# %% [markdown]
# Some of the models look for two of the three brackets only. When they find neither, they predict the third, and are right.
#
# **Two heads in one layer.** The core's section 1 proves that no single head completes its four texts. How about heads at random, one or two?

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
# Some pairs can do it. Here is one way, by subtracting. (How the pairs among the random ones do it we have not looked at.)

# %% figure
words = {"(i)": "ABCDA", "(ii)": "CDABA", "(iii)": "CBADA", "(iv)": "ADCBA"}
right_answers = {"(i)": "B", "(ii)": "B", "(iii)": "D", "(iv)": "D"}
ind.two_that_subtract(words, right_answers).captioned(
    "Blue dots: where the two heads look, the first at place 1 or 2, the second at place 3 or 4. A head looks at the first of "
    "its two places if A is there, otherwise at the second, and lowers the token that it finds (A itself counts for nothing). "
    "Crossed out: what is lowered. B and D are the candidates, and the one that is not crossed out came after A."
)

# %% [markdown]
# Neither head looks at the answer; together they rule out the alternative. In this manner a longer text takes more heads, one for every pair of places.

# %% claims
text, kind = sentences(500)
right = ind.run(models, text).logits[..., -1, closers].argmax(-1) == kind
spared = {name: {t[k] for k in (1, 3) if t[k - 1] == "A"} & set("BD") for name, t in words.items()}
def subtracts(first):
    """Attention scores (text, place) and what each token adds to the lead of B, for the head that looks at `first` or at the place after it."""
    score = torch.zeros(4, 5)
    score[:, first + 1] = 20.0
    score[:, first] = 40.0 * (texts[:, first] == A)
    lead = -1.0 * (texts == B) + 1.0 * (texts == D)
    return (score.softmax(-1) * lead).sum(-1)

with claims():
    claim("two such heads, with a softmax, get all four texts right", ((subtracts(0) + subtracts(2)) * sign > 0).all())
    claim("no random head gets all four right, and some random pairs do", count["1 head"][4] == 0 and count["2 heads"][4] > 0)
    claim("all four models close more than 99 % of 500 new sentences rightly; by chance a third", (right.float().mean(1) > 0.99).all())
    claim("in all four, each opening bracket raises its own closing bracket most of the three",
          (OV[:, openers, closers].argmax(-1) == torch.arange(3)).all())
    claim("in all four, the dot prefers at least two of the three brackets to every letter, and in at least one exactly two",
          (sought.sum(-1) >= 2).all() and (sought.sum(-1) == 2).any())
    claim("in each of the four texts the candidate that is not crossed out is the right answer",
          all(spared[name] == {right_answers[name]} for name in words))  # fmt: skip

# %% [markdown]
# ## 8 · How sharp must the heads be?
#
# The hand-built model of the core's section 2 has a sharpness of 20. How far can it be turned down? After the softmax a match has $e^\beta$ times the weight of anything else, where $\beta$ is the sharpness. Let the previous-token head be as sharp as you like, and give the induction head the sharpness $\beta$. There are up to 64 places to look at, and one is right.

# %% prediction
predict("induction.sharpness")

# %% figure answer
rng = torch.Generator().manual_seed(1)
betas = torch.tensor([0.1, 0.3, 0.5, 0.6, 0.68, 0.71, 0.8, 1.0, 2.0, 4.0])
accuracy = {n: [] for n in (4, 16, 32)}
for beta_here in betas.tolist():
    verdict = ind.judge(ind.hand_built(40, 65, (20.0, beta_here)), lengths=list(accuracy))
    for n, share in verdict.accuracy.items():
        accuracy[n].append(share)
fig, ax = plots.figure(height=2.8)
for n, colour, width in zip(accuracy, plots.SERIES, (7, 4, 1.5), strict=False):
    ax.plot(betas, accuracy[n], marker="o", linewidth=width, color=colour, label=f"blocks of {n}")
ax.axvline(torch.tensor(2.0).log(), color=plots.NULL, linestyle=":", label="ln 2")
ax.set(xlabel="sharpness β of the induction head", ylabel="accuracy on the repeat", xscale="log", ylim=(-0.05, 1.05))
ax.set_xticks([0.1, 0.3, 0.69, 1.5, 4], ["0.1", "0.3", "0.69", "1.5", "4"])
ax.minorticks_off()
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(fig, "Accuracy jumps from 0 to 1 at the same sharpness, near 0.69, for three lengths.",
           "Accuracy of the hand-built model against the sharpness of its induction head, for three lengths of the block; the lines lie on one another.")  # fmt: skip
measured("induction.sharpness", f"about {min(beta for beta, *right in zip(betas.tolist(), *accuracy.values(), strict=True) if min(right) == 1):.1f}")

# %% [markdown]
# Pencil and paper predict the result. Before normalising, the right place has weight $e^\beta$ and every other place has weight $e^0 = 1$. Each place adds its weight to the logit of its own token. All tokens of a block are different, so the right token has come once so far and is supported by one place, with $e^\beta$. A token that has come twice is supported by two places with weight 1 each, and the current token is always such a one.
#
# <details><summary>The answer</summary>
#
# The right token wins exactly if $e^\beta > 2$. The threshold is $\ln 2 \approx 0.69$, whatever the length: a match needs only a little more than twice the weight of any other place.
#
# If tokens may occur twice *within* a block, no sharpness is enough, because two notes are then equally good matches.
#
# </details>

# %% [markdown]
# **Why in one steep change?** The toys of the core learn in one steep change. In the model written by hand we can make either head blunt (sharpness 0, the same attention everywhere) or sharp (8) or anything between, and measure the gain from repetition.

# %% figure
test = ind.repeated_tokens(40, 32, 16, distinct=True, generator=torch.Generator().manual_seed(1))

def worth_of(*sharp):
    """Gain from repetition of the model written by hand, by the sharpness of P and of I."""
    loss = ind.token_losses(ind.run(ind.hand_built(40, 65, sharp), test).logits, test).mean(0)
    return (loss[:16].mean() - loss[17:].mean()).item()

sharp = (0.0, 2.0, 4.0, 8.0)
worth_at = torch.tensor([[worth_of(first, second) for second in sharp] for first in sharp])  # (sharpness of P, of I)
ticks = [f"{one:.0f}" for one in sharp]
plots.show(ind.grids({"gain from repetition (nats)": (worth_at, ticks)}, ticks, "sharpness of\nprevious-token head P", ("sharpness of induction head I",), least=0),
           "Four by four cells: the gain is near zero in the first row and in the first column, and grows towards the corner where both heads are sharp.",
           "The gain from repetition of the model written by hand, by the sharpness of its two heads (32 texts).")  # fmt: skip

# %% [markdown]
# Along the upper and the left edge, where one head is blunt, sharpening the other gains next to nothing, at most 0.04 nats. Along the lower and the right edge, where one head is sharp, sharpening the other gains more than 0.9. (The logits of this model are at most 1, so that even a right answer has a low probability; a trained model gains more.) So neither head is worth anything without the other, and each is worth more the further the other has come. This fits the steep change, though it does not prove that the toys change for this reason, and it leaves open what makes the first of the two begin.

# %% claims
upper, left_edge, lower, right_edge = worth_at[0], worth_at[:, 0], worth_at[-1], worth_at[:, -1]
at = {beta_here: [accuracy[n][k] for n in accuracy] for k, beta_here in enumerate(betas.tolist())}
doubled, rng = {}, torch.Generator().manual_seed(2)
for length in (4, 16, 32):
    test = ind.repeated_tokens(40, 64, length, generator=rng)  # tokens drawn with replacement
    doubled[length] = ind.repeat_accuracy(ind.run(ind.hand_built(40, 65), test).logits, test, length)
with claims():
    claim("at β = 0.68 and below it is never right and at 0.71 and above always, at all three lengths",
          all(set(right) == {0.0 if beta_here < 0.69 else 1.0} for beta_here, right in at.items()))
    claim("with either hand-written head blunt, sharpening the other adds at most 0.04 nats; with the other at 8 it adds more than 0.9",
          max((edge - edge[0]).max() for edge in (upper, left_edge)) < 0.045 and min(edge[-1] - edge[0] for edge in (lower, right_edge)) > 0.9)
    claim("the sharper one head, the more is gained by sharpening the other from 0 to 8",
          all((gain.diff() > 0).all() for gain in (worth_at[:, -1] - worth_at[:, 0], worth_at[-1] - worth_at[0])))
    claim("the logits of this model are at most 1", ind.run(ind.hand_built(40, 65, (8.0, 8.0)), test).logits.max() <= 1 + 1e-6)
    claim("where tokens may occur twice in a block, the sharp model is right less often the longer the block", 1 > doubled[4] > doubled[16] > doubled[32])  # fmt: skip

# %% [markdown]
# ## 9 · What the finished toys read, and where their notes are
#
# The core's section 3 shows what the toys need in order to form. Do the finished toys use the inputs that the plan names? We run each toy on a text, but compute one input of its second layer (the queries, the keys or the values) as if all heads of the first layer had written what they write for *another* text.

# %% figure
rng, composed = torch.Generator().manual_seed(4), {}
clean, other = ind.repeated_tokens(64, 32, 24, distinct=True, generator=rng).split(16)
layers = [[(layer, head) for head in range(4)] for layer in range(2)]
for seed in range(3):
    bridge, metric = ind.as_bridge(live.weights[seed]), ind.repeat_log_prob(clean, 24)
    composed[f"seed {seed}"] = ind.by_input(ind.path_patch_qkv(bridge, clean, other, metric, *layers))
table(composed, unit="nats", signed=True, decimals=2,
      caption="Change of the log-probability of the right token on the repeat when one input of the second layer gets the messages about another text (16 texts; 95 % interval, texts resampled).")

# %% [markdown]
# The finished toys read the first layer through their keys alone, while their queries and values take the token from the embedding, as in the plan. The loss of more than 7 nats exceeds the 4.1 of guessing among 63 tokens: with notes about another text the model is confidently wrong.
#
# **Where are the notes?** The previous-token score of the toys stays near one half although their accuracy is near 1. The score is an average over all positions. Where does it come from?

# %% figure
pattern = ind.run(live.weights, ind.repeated_tokens(64, 32, 31, generator=rng)).pattern
back = pattern[:, 0].diagonal(-1, -2, -1).mean(1)  # (seed, head, key): attention one back
best = back.amax(1)  # (seed, key)
fig, ax = plots.figure(height=2.8)
for seed, row in enumerate(best):
    ax.plot(row, label=f"seed {seed}", color=plots.SERIES[seed])
ax.axvline(31, color=plots.NULL, linestyle=":", linewidth=1.4, label="longest block")
ax.set(xlabel="place that is attended to from the place after it", ylabel="attention, best head", ylim=(0, 1.03))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plots.show(
    fig, "Attention to the token before is high up to place 29 and near zero after it.",
    "Attention to the place before, for each place, of the best head of the first layer. No block is longer than 31 "
    "tokens, so a note at a later place is hardly ever needed, and none is written there.",
)  # fmt: skip

# %% claims
near, far = best[:, 1:29].mean(1), best[:, 34:61].mean(1)
lost = {way: [row[way][0] for row in composed.values()] for way in ("queries", "keys", "values")}
with claims():
    claim("the keys of all three toys lose more than 7 nats, more than the 4.1 of guessing among 63 tokens",
          max(lost["keys"]) < -7 and round(torch.tensor(63.0).log().item(), 1) == 4.1)
    claim("the queries and the values lose less than 0.02 nats", max(map(abs, lost["queries"] + lost["values"])) < 0.02)
    claim("on average over places 1 to 28 it is above one half in each of the three seeds, over places 34 to 60 below a fifth",
          (near > 0.5).all() and (far < 0.2).all())

# %% [markdown]
# ## 10 · What a failure on random tokens means
#
# The core's circuit was found in one small model, trained on text with renamed names. `code-4l` has four layers with MLPs and was trained on code as it is. Of a repeat of random tokens it ranks fewer than one in ten first. Does it then do no induction? Here are the heads of both models.

# %% figure
models = {"code-attn-2l": model, "code-4l": zoo.load("code-4l", "cpu").requires_grad_(False)}
measured_on = {name: ind.head_scores(one, length=50) for name, one in models.items()}
plots.show(
    ind.head_maps({name: (one.prefix, one.previous) for name, one in measured_on.items()}),
    "Maps of the heads of two models, layer by layer: in the first one head of each kind stands out, in the second several are small.",
    "Every head of two models, layers upwards; the area of a circle is its score on random tokens (blocks of 50).",
)  # fmt: skip

# %% [markdown]
# In `code-4l` four heads match prefixes in part and none strongly. Random tokens are far from what this model was trained on, though. So we also give it the core's program with 32 invented names. On both kinds of text we count how many tokens of the second coming, from its second on, the model ranks first, and measure the gain.

# %% figure
def ranked_first(one, programs):
    """The share of a returning name's later parts that the model ranks first, for each program."""
    hits = one(programs.tokens)[:, :-1].argmax(-1) == programs.tokens[:, 1:]
    return torch.stack([row[[place - 1 for place in places]].float().mean() for row, places in zip(hits, programs.second, strict=True)])

rows = {}
for name, one in models.items():
    blocks = ind.repeated_tokens(one.cfg.d_vocab, 16, 50, generator=torch.Generator().manual_seed(0))
    programs = ind.invented(one, 32)
    rows[name] = {"random: ranked first": measured_on[name].accuracy, "random: gain (nats)": ind.mean_interval(ind.repeat_gain(one, blocks, 50))}
    rows[name] |= {"names: ranked first": ind.mean_interval(ranked_first(one, programs)), "names: gain (nats)": ind.mean_interval(ind.name_gain(one, programs))}
table(rows, decimals=2, corner="model",
      caption="The second coming of random tokens (16 blocks of 50) and of 32 invented names in a program: the share of tokens ranked first, and the gain from repetition; 95 % interval, blocks or names resampled.")

# %% claims
two, four = measured_on.values()
with claims():
    claim("in code-attn-2l one head of each kind passes one half", ((two.prefix > 0.5).sum(), (two.previous > 0.5).sum()) == (1, 1))
    claim("in code-4l four heads have a prefix-matching score above 0.2, and none passes one half",
          (four.prefix > 0.2).sum() == 4 and four.prefix.max() < 0.5)
    claim("code-4l ranks fewer than one in ten tokens of the repeat first", four.accuracy < 0.1)
    claim("code-attn-2l ranks a fifth of them first", round(two.accuracy, 1) == 0.2)
    claim("of returning invented names both rank between 0.65 and 0.85 of the parts first, by the intervals", all(between(edge, 0.65, 0.85) for row in rows.values() for edge in row["names: ranked first"][1:]))
    claim("the gains of code-4l are at least 0.9 times those of code-attn-2l", all(rows["code-4l"][what][0] > 0.9 * rows["code-attn-2l"][what][0] for what in ("random: gain (nats)", "names: gain (nats)")))  # fmt: skip

# %% [markdown]
# With names `code-4l` does as well as the core's model: both rank about three quarters of the returning parts first. Of random tokens neither ranks many first, not even the model whose circuit we know by heart, but the repeat helps both by several nats. So a low accuracy on random tokens is no evidence against induction, and heads with moderate scores are none either. What does the looking up in `code-4l`, only interventions could show, as in the core's sections 5 to 7; we have not made them.

# %% [markdown]
# ### Now on GPT-2
#
# In GPT-2 small, Wang et al. 2022 ([arXiv 2211.00593](https://arxiv.org/abs/2211.00593)) named induction heads and previous-token heads by their part in another task. Our heads are named by their scores on random tokens, and so is GPT-2 where its weights are on this machine.

# %%
def strong_heads(one):
    """How many heads there are, and those with a score above one half on repeated random tokens."""
    scores = ind.head_scores(one, length=50)
    strong = {kind: [head for head, score in scores.top(12, kind) if score > 0.5]
              for kind in ("prefix", "previous")}
    named = {kind: ", ".join(heads) or "none" for kind, heads in strong.items()}
    return {"heads": str(scores.prefix.numel()), "induction": named["prefix"],
            "previous token": named["previous"]}

published = {"heads": "144", "induction": "5.5, 5.8, 5.9, 6.9", "previous token": "2.2, 4.11"}
beside_gpt2(strong_heads, models, published, source="Wang et al. 2022")

# %% caption
caption("The published heads were named by their effect in a task, the others by a score above one half on blocks of 50 random tokens.")

# %% claims
here = {name: strong_heads(one) for name, one in models.items()}
with claims():
    claim("of code-attn-2l 1.1 and 0.2 are named, and no head of code-4l",
          [(x["induction"], x["previous token"]) for x in here.values()] == [("1.1", "0.2"), ("none", "none")])  # fmt: skip

# %% [markdown] words
# ## Words
#
# - skip-trigram: "s came before, q is here, so o is more probable"; beside the current token alone, all that one layer without positions can use.
# - in-context-learning score: loss late in a text minus loss early in it.
# - composition score: how much of what one head writes lies where a later one reads, between 0 and 1.

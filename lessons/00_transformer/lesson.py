# %% [markdown]
# # Inside a transformer
#
# *Lesson 0. About three hours with the exercises (an estimate, from the length of the text and the exercises at five to ten minutes each). The notebook itself runs in under a minute on two processor cores. You need PyTorch, and to have met transformers once.*
#
# **A puzzle.** The course brings a small language model that has read Python: four layers, sixteen attention heads, and four MLPs, small networks that work at each position by itself. Show it `values = [names, lines, size` and it knows that a square bracket should close this, not a round one. Below are its twenty parts. A blue bar says how much a part *speaks* for the right bracket: what it adds, in the end, to the right one's score minus the wrong one's. An orange bar says how much of that score is *lost* when the part is taken away.
#
# If the model were a committee that adds up votes, the two bars of each part would be equal. For `2.2` and `3.2` the orange one is longer, by less than half. But `m0`, the first MLP, says about as much as head `1.0`, and without it everything is lost. And `m3`, the last MLP, speaks up more than any part but `2.2`, and without it the model does no worse. Which bar should one believe?
#
# At the end of this lesson you can answer that, and you have the field's everyday tools in your hands: hooks, caches, direct logit attribution, the logit lens, ablation and patching. You also know what none of them shows. The numbers below are computed here, and what the story rests on is asserted in the cell that computes it.

# %% setup

# %%
import torch

from course_utils import patching, plots, views, zoo
from course_utils import transformer as tf
from course_utils.grading import measured, predict
from course_utils.python_text import samples

torch.set_grad_enabled(False)  # nothing is trained in this lesson
model = zoo.load("code-4l", device="cpu")
pairs = tf.bracket_pairs(model.tokenizer, 128, seed=0)  # prompts such as the one above
puzzle = tf.removal(model, pairs, "zero")
plots.show(
    puzzle.plot(),
    "Two bars for each of 20 parts: what it says, and what is lost without it. Both are "
    "long for head 2.2; MLP 0 says a little and its loss is largest; MLP 3 speaks up and "
    "nothing is lost.",
)
says, lost = zip(*(puzzle.of(part) for part in ("2.2", "m0", "m3")), strict=True)
score = pairs.difference(model(pairs.clean)).mean().item()
print(f"right over wrong bracket, on average: {score:.2f}")
print("2.2, m0, m3 say", [round(v, 2) for v in says], "lost:", [round(v, 2) for v in lost])
assert all(1 < puzzle.of(head)[1] / puzzle.of(head)[0] < 1.6 for head in ("2.2", "3.2"))
assert [says[0], says[2]] == sorted(puzzle.of(x)[0] for x in puzzle.labels)[:-3:-1]
assert lost[1] > 0.85 * score and abs(says[1] - puzzle.of("1.0")[0]) < 0.15
assert says[2] > 0.15 * score and lost[2] < 0

# %% [markdown]
# ## 1 · Ten minutes: break it and mend it
#
# *After this section you have broken a behaviour of a language model by silencing one of its parts, and mended it by giving that part back.*
#
# First ask it. A model reads **tokens**, pieces of text with a number each, and answers with a score for each token that could come next, its **logit**. Their softmax gives probabilities.

# %%
closers = torch.tensor([model.to_single_token(sign) for sign in ")]}"])
for opener in "([{":
    tokens = model.to_tokens(f"values = {opener}names, lines, size")  # (batch, pos)
    logits = model(tokens)  # (batch, pos, d_vocab)
    chance = logits[0, -1].softmax(-1)  # after the last token
    of_each = zip(")]}", chance[closers].tolist(), strict=True)
    said = "   ".join(f"{sign} {p:.2f}" for sign, p in of_each)
    print(f"values = {opener}names, lines, size   →   {said}")
print("as tokens:", model.to_str_tokens(f"values = {opener}names, lines, size"))

# %% [markdown]
# A comma could come too, so the three do not add up to one. What matters here is *which* bracket is the likeliest of the three. Only a bracket several tokens back tells, so something must carry it to the end.
#
# (`<|endoftext|>` is a token that starts every text.) `pairs.clean` holds 128 such prompts, `pairs.corrupt` their twins, which differ in the bracket only. On how many of the clean ones has the right one of the three the largest logit, and on how many in an untrained model?

# %%
print(pairs)


def right(logits, pairs=pairs):
    """Share of clean prompts on which the right one of the three brackets scores highest."""
    chosen = closers[logits[:, -1, closers].argmax(-1)]
    return (chosen == pairs.correct).float().mean().item()


intact = right(model(pairs.clean))
untrained = right(zoo.load("code-4l", device="cpu", checkpoint=0)(pairs.clean))
print(f"right bracket: {intact:.2f}   untrained model: {untrained:.2f}   chance: 0.33")
assert intact > 0.75 and 0.15 < untrained < 0.52

# %% [markdown]
# **Attention heads** are the parts that move things from one position to another: each looks back over the text and copies something from where it looks. Some of the sixteen must be carrying the bracket. In the opening figure, three heads have an orange bar near one logit or above. How many of them, silenced alone, cost right *answers*? Put one of the choices in place of `None`, and how sure you are.

# %%
predict("transformer.heads", None, sure=0.6)

# %% [markdown]
# Here is how to silence a head, the plainest kind of **ablation**: taking a part away. `run_with_hooks` runs the model and calls your function in the middle, with what has been computed there; what you return takes its place. The name `blocks.2.attn.hook_z` means: layer 2, attention, what each head has gathered, before it is written. Its shape is (batch, pos, head, d_head).

# %%
def silence(head):
    def hook(z, hook):  # z: (batch, pos, head, d_head)
        z[:, :, head] = 0.0
        return z

    return hook


share = torch.zeros(4, 4)  # (layer, head)
for layer in range(4):
    for head in range(4):
        edit = (f"blocks.{layer}.attn.hook_z", silence(head))
        share[layer, head] = right(model.run_with_hooks(pairs.clean, fwd_hooks=[edit]))

# %% [markdown]
# *What to look for*: dark squares. Each is one experiment: one head silenced, all the rest as it was.

# %%
fig, ax = plots.figure(width=4.6, height=3)
tf.draw_heads(ax, share, "right bracket (share)", numbers=True)
plots.show(
    fig,
    "Share of right brackets with one head silenced: about as before for fifteen heads; for "
    "head 2 of layer 2 it falls by a third.",
)
needed = (share < 0.9 * intact).sum().item()
others = torch.cat([share.flatten()[:10], share.flatten()[11:]])  # all but head 2.2
print(f"intact {intact:.2f}; without 2.2 {share[2, 2]:.2f};", end=" ")
print(f"without any other head {others.min():.2f} or more")
assert needed == 1 and share[2, 2] < 0.8 * intact and others.min() > intact - 0.08
measured("transformer.heads", "one")

# %% [markdown]
# One head. We call it **2.2**, layer 2, head 2 (both counted from 0). Without it the model loses a third of its right answers; without any other single head it does about as well as before. Is that so for other prompts of this kind, or only for these 128?

# %%
for seed in (1, 2, 3):
    more = tf.bracket_pairs(model.tokenizer, 128, seed=seed)
    edit = ("blocks.2.attn.hook_z", silence(2))
    without = model.run_with_hooks(more.clean, fwd_hooks=[edit])
    shares = right(model(more.clean), more), right(without, more)
    print(f"another 128 prompts: intact {shares[0]:.2f}, without 2.2 {shares[1]:.2f}")
    assert shares[1] < 0.87 * shares[0]

# %% [markdown]
# It is so, if a little weaker: between a fifth and a third of the right answers. But the model does not fall to chance, so something else must still be carrying a part of the answer. Section 10 looks for it.
#
# Now mend it. Break the model more thoroughly: silence *all twelve* heads of layers 1, 2 and 3. Then take one head's output from the **cache** of the healthy run, where every intermediate value was kept, and put it into the broken run. This is **patching**. The control is to give back another head in its place. And since what is given back was computed with all other heads at work, at last let 2.2 work *by itself*: it runs on what is left, with the eleven others silent.

# %%
_, healthy = model.run_with_cache(pairs.clean)  # every activation of the healthy run


def hush(layer, keep=None):
    """A hook that silences a layer's heads, but for one that is put back from the cache."""
    place = f"blocks.{layer}.attn.hook_z"

    def hook(z, hook):
        z = torch.zeros_like(z)
        if keep is not None:
            z[:, :, keep] = healthy[place][:, :, keep]
        return z

    return place, hook


def broken(give_back=(0, None)):
    """Share right with the heads of layers 1 to 3 silent, but for one (layer, head)."""
    layer, head = give_back
    hooks = [hush(k, head if k == layer else None) for k in (1, 2, 3)]
    return right(model.run_with_hooks(pairs.clean, fwd_hooks=hooks))


back = {f"{layer}.{head}": broken((layer, head)) for layer in (1, 2, 3) for head in range(4)}

# %%
print(f"intact {intact:.2f}, broken {broken():.2f}; with one head given back:")
for layer in (1, 2, 3):
    print("   ".join(f"{layer}.{head} {back[f'{layer}.{head}']:.2f}" for head in range(4)))
rest = [value for head, value in back.items() if head != "2.2"]
assert broken() < 0.55 and back["2.2"] > broken() + 0.25 and max(rest) < broken() + 0.2
only = (torch.arange(4) == 2)[:, None]  # (head, 1)
live = ("blocks.2.attn.hook_z", lambda z, hook: z * only)
alone = right(model.run_with_hooks(pairs.clean, fwd_hooks=[hush(1), live, hush(3)]))
print(f"2.2 at work by itself: {alone:.2f}")
assert alone > 0.8

# %% [markdown]
# Without these heads the model guesses. Giving back 2.2 mends most of it; giving back any other head mends little or nothing. At work by itself, 2.2 does at least as well. You have checked a causal claim about a language model in both directions: this head is *needed*, and of the heads of these three layers it alone is nearly *enough*.
#
# It might seem that head 2.2 "is the bracket mechanism". You have not seen what it reads, what it writes, who prepared what it reads, or what else it does, and all of this is about one kind of prompt. The rest of the lesson fills in what can be filled in.
#
# **To think about.** We silenced heads by writing zeros. Is a head that says nothing the same as a head that is not there?
#
# <details><summary>Answer</summary>
#
# Not for the parts that read its output: they were trained with that head present, and zero may be something that it never says. Section 9 shows a head for which zeros and its average give opposite answers.
# </details>

# %% [markdown]
# *A self-check.* The exercises of this lesson begin with ten quick questions, on einsum, broadcasting, softmax, the singular value decomposition, the shapes of attention and the chain rule, each with a pointer to what to read (`course start 00`, then `my/00_transformer.ipynb`). If more than three of them are new to you, read first and come back.

# %% [markdown]
# ## 2 · What is being asked
#
# *After this section you can say which question mechanistic interpretability asks, which neighbouring questions it does not, and what the words feature, circuit and superposition mean and do not mean.*
#
# Three different things are called an explanation of a model.
#
# - **A model that is interpretable by design** is simple enough to be read: a short decision list, or the dozen lines of Python with a stack that close brackets. Nothing needs explaining; the price is paid in what such a model can do.
# - **Local attribution** takes one prediction and says which *inputs* it depended on: erase a word, or follow the gradient, and see what changes. The model stays a box.
# - **Mechanistic interpretability** takes a trained model that nobody designed to be read and asks *how it computes*: which parts, reading what, writing what, and what would happen if one of them were changed.
#
# Local attribution in its plainest form: exchange one token for that of another prompt (the bracket for its twin's), and see how far the score of the right bracket over the wrong one moves.

# %%
other = pairs.clean.roll(1, dims=0)  # the words of another prompt
other[:, pairs.opener] = pairs.corrupt[:, pairs.opener]  # the other bracket
before, moved = pairs.difference(model(pairs.clean)), []
for position in range(1, pairs.clean.shape[1]):
    tokens = pairs.clean.clone()
    tokens[:, position] = other[:, position]
    moved.append((pairs.difference(model(tokens)) - before).abs().mean().item())
for word, change in zip(pairs.words[1:], moved, strict=True):
    print(f"{word!r:12} {change:5.2f}  " + "#" * round(4 * change))
at_bracket = moved.pop(pairs.opener - 1)
assert at_bracket > 3 * max(moved)

# %% [markdown]
# The open bracket decides, the words hardly matter. That is true, useful, and says nothing about *how*: with the same table, the model could be counting brackets, copying one, or looking up a memorised line.
#
# A **feature** is something about the input that a model represents, and that one can, with luck, find as a direction in its activations. No agreed rigorous definition exists: some mean a property that people can name, some a direction that the model uses, some whatever a dictionary-learning method returns. Say which, whenever it matters.
#
# A **circuit** is a set of parts and the connections between them that carries out some piece of behaviour, so that one can say what each does and what happens when it is changed. How complete and how small it has to be must be stated with it.
#
# **Superposition** means that a model represents more features than it has dimensions, as directions that overlap. It is a hypothesis about why single neurons often answer to several unrelated things. Such a **polysemantic** neuron is not by itself proof of superposition: a mere change of coordinates makes neurons polysemantic, too. Lesson 1 is about this.
#
# And *mechanistic* itself has several senses; Saphra & Wiegreffe 2024, [arXiv 2410.09087](https://arxiv.org/abs/2410.09087), list four, two of them technical. In the narrow one of these, an explanation makes a claim about causes: change this part, and that will happen. In the broad one, any study of a model's insides counts. We aim at the narrow one, by a loop that all lessons share: **decompose** (into which parts?), **describe** (what does each do?), **validate** (does the description predict an intervention that it was not made from?).
#
# **To think about.** A saliency map shows that a classifier of skin images looks at a ruler beside the lesion. Which of the three questions has been answered?
#
# <details><summary>Answer</summary>
#
# The second: which part of the input the prediction depended on. It is a valuable thing to know. Which parts of the network detect the ruler, whether they are the same that detect scale bars, and what would happen to other predictions without them, is not answered.
# </details>

# %% [markdown]
# ## 3 · The residual stream is a running sum
#
# *After this section you can draw a transformer as one stream that every part reads from and adds to, and check on numbers that it is a sum.*
#
# At each position the model keeps one vector, of length `d_model` = 192 here. It starts as the embedding of the token plus that of the position. Each head and each MLP then reads the vector, computes something, and *adds* its result. Nobody ever overwrites anything. At the end a matrix, the **unembedding**, turns it into logits. This vector is the **residual stream** (Elhage et al. 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html)).

# %%
fig = tf.draw_stream(model.cfg.n_layers, model.cfg.n_heads, highlight=("2.2",))
plots.show(
    fig,
    "A stream from left to right. In each layer four heads above and an MLP below read from "
    "it and add to it; at its end the final norm and the unembedding make logits.",
)

# %% [markdown]
# The names `pre`, `mid` and `post` mark places on the stream: `resid_pre` of layer 2 is what has been added up before that layer. Two consequences of the picture. Parts of the same layer's attention do not see each other's output. And a part in layer 0 can speak *directly* to the end, past all later layers, because what it wrote is still in the sum.
#
# Check it: collect what every part has written, and add it up.

# %%
parts = tf.components(model, healthy)  # (component, batch, pos, d_model)
stream = healthy["blocks.3.hook_resid_post"]  # after the last layer
error = (parts.total() - stream).abs().max().item()
print(f"{len(parts.labels)} parts, from {parts.labels[0]!r} to {parts.labels[-1]!r}")
print(f"largest difference between their sum and the stream: {error:.1e}")
lengths = [healthy[f"blocks.{k}.hook_resid_pre"][:, -1].norm(dim=-1).mean() for k in range(4)]
print("length of the stream before each layer:", [round(v.item(), 1) for v in lengths])
length = {x: parts[x][:, -1].norm(dim=-1).mean().item() for x in ("embed", "m0", "2.2")}
print("length of what each writes:", {name: round(v, 1) for name, v in length.items()})
assert error < 1e-5 * stream.norm(dim=-1).max() and len(parts.labels) == 2 + 4 * (4 + 1) + 1
assert length["m0"] > 10 * length["embed"]

# %% [markdown]
# The sum is exact up to rounding. (`b_O` is what the attention layers add whatever they see, a bias.) Note the lengths: next to what `m0` adds, the embedding is short. It is still in the sum, but a small part of it.
#
# It might seem that reading the stream is as linear as writing it. It is not: before each part, and before the logits, a **LayerNorm** takes the mean out of the vector's 192 numbers and divides them by their size. A part that adds something large makes everything else smaller *for whoever reads next*, without having touched it. Keep this in mind; the puzzle hangs on it.
#
# **To think about.** One direction of the stream is special: the mean, (1, 1, …, 1), which LayerNorm takes out. In the rest, none is, once the norms' own scales, which act number by number, are multiplied into the weights that read after them (the next section does it): rotate what every part writes, undo the rotation in every weight that reads, and the model computes the same. Why then does anyone talk about directions in it?
#
# <details><summary>Answer</summary>
#
# Because directions mean something relative to the weights: the direction that head 2.2 writes and the direction that the unembedding reads for `]` can be compared, and their inner product survives any rotation. What means nothing is a single coordinate.
# </details>

# %% [markdown]
# ## 4 · Hooks, caches, and the shape of everything
#
# *After this section you can read any activation of any model that TransformerLens loads, and change it, and you know three ways in which a hook goes wrong.*
#
# A **hook point** is a named place in the model's computation. `run_with_cache` returns what passed each of them; `run_with_hooks` lets you change it. The names follow a scheme, and the cache takes short forms: `cache["z", 2]` is `cache["blocks.2.attn.hook_z"]`.

# %%
text = "values = [names, lines, size"
logits, cache = model.run_with_cache(text)
stream, per_head = "batch pos d_model", "batch pos head d_head"
axes = {"resid_pre": stream, "q": per_head, "k": per_head, "v": per_head}
axes |= {"attn_scores": "batch head query key", "pattern": "the same; softmax over keys"}
axes |= {"z": per_head, "attn_out": stream, "resid_mid": stream}
axes |= {"post": "batch pos d_mlp", "mlp_out": stream, "resid_post": stream}
for name, meaning in axes.items():
    print(f"{name:12} {tuple(cache[name, 2].shape)!s:18} {meaning}")
for name in ("W_E", "W_Q", "W_O", "W_in", "W_U"):
    print(f"{name:12} {tuple(getattr(model, name).shape)}")
batch, pos, cfg = 1, len(model.to_str_tokens(text)), model.cfg
assert cache["z", 2].shape == (batch, pos, cfg.n_heads, cfg.d_head)
assert cache["pattern", 2].shape == (batch, cfg.n_heads, pos, pos)
assert torch.allclose(cache["pattern", 2].sum(-1), torch.ones(1), atol=1e-5)
assert logits.shape == (batch, pos, cfg.d_vocab)

# %% [markdown]
# Reading the table from top to bottom is one layer. The stream is read; each head makes queries, keys and values; their products are the scores, the softmax over keys is the **pattern**; `z` is the average of the values under the pattern; `W_O` turns it into what is added, `attn_out`. Then the MLP: `post` are its neurons after the nonlinearity, `mlp_out` is what it adds.
#
# A hook is a function of two arguments: the tensor, and the hook point, which one rarely needs. Three things go wrong with hooks; the first two are shown below. **One**: you compute a new tensor and forget to return it; nothing happens, silently. **Two**: you attach a hook with `add_hook`, and it stays for all later runs. `run_with_hooks`, and the block `with model.hooks(...)`, remove theirs even after an error. **Three**: an edit in place changes the tensor that others hold, too (`silence` in section 1 is safe only because nobody else does); when you take values from a cache, write `clone()`.

# %%
tokens, place = model.to_tokens(text), "blocks.2.attn.hook_z"
plain = model(tokens)


def forgets(z, hook):
    z = z * 0  # a new tensor, which nobody receives


def remembers(z, hook):
    return z * 0


same = model.run_with_hooks(tokens, fwd_hooks=[(place, forgets)])
changed = model.run_with_hooks(tokens, fwd_hooks=[(place, remembers)])
afterwards = model(tokens)
model.add_hook(place, remembers)
still = model(tokens)
model.reset_hooks()
runs = {"forgot to return": same, "returned": changed, "the run after it": afterwards}
runs |= {"after add_hook": still, "after reset_hooks": model(tokens)}
for name, logits in runs.items():
    print(f"{name:18} logits moved by at most {(logits - plain).abs().max():.2f}")
assert all(torch.allclose(x, plain, atol=1e-4) for x in (same, afterwards, model(tokens)))
assert not torch.allclose(changed, plain, atol=0.1)
assert torch.allclose(still, changed, atol=1e-4)

# %% [markdown]
# One more thing before we use weights. LayerNorm has a scale and a bias of its own, which can be multiplied into the weights that read after it. `enable_compatibility_mode()` does this (it **folds** them), and takes out of the weights what makes no difference: what adds the same to all coordinates, which the next LayerNorm removes, or to all logits, which the softmax ignores. The values' bias, which a head adds whatever it looks at, moves into `b_O`. Predictions stay as they are, and weights become easier to compare. From here on, the model is a folded one.

# %%
before = model(tokens).log_softmax(-1)
W_before = model.W_U.clone()
model.enable_compatibility_mode()
shift = (model(tokens).log_softmax(-1) - before).abs().max().item()
by = (model.W_U - W_before).abs().max().item()
print(f"log-probabilities moved by at most {shift:.1e}, weights of W_U by up to {by:.2f}")
assert shift < 1e-3 and not torch.allclose(model.W_U, W_before)
_, healthy = model.run_with_cache(pairs.clean)  # once more, from the folded model

# %% [markdown]
# <details><summary>You come from TransformerLens 2?</summary>
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
# </details>

# %% [markdown]
# **To think about.** You run with a hook on `blocks.0.hook_resid_post` and one on `blocks.1.hook_resid_pre`. Which of the two edits wins?
#
# <details><summary>Answer</summary>
#
# They are two names for the same place on the stream, passed one after the other: the second sees what the first has left, and has the last word. Try it.
# </details>

# %% [markdown]
# ## 5 · Where a head looks
#
# *After this section you can read an attention pattern, compare it with what evenly spread attention would give, and say why attention is not importance.*
#
# A head's pattern has a row for each position that looks (the **query**) and a column for each that can be looked at (the **key**); each row sums to one, and nobody sees the future. *What to look for*: the last row of head 2.2, from `size`.

# %%
bracket = "values = [names, lines, size"
_, cache = model.run_with_cache(bracket)
views.attention(
    cache["pattern", 2][0],
    model.to_str_tokens(bracket),
    layer=2,
    alt="Attention of layer 2; from the last token, head 2.2 looks mostly at the bracket.",
)

# %% [markdown]
# Below the figure a running notebook has the same to explore. One prompt is an anecdote, so now all 128, beside what an even spread over the nine tokens would give.

# %%
patterns = torch.stack([healthy["pattern", layer] for layer in range(4)])  # (layer, batch, …)
to_bracket = patterns[..., -1, pairs.opener].mean(1)  # (layer, head): from the last token
even = 1 / pairs.clean.shape[1]
print(f"attention from the last token to the open bracket (evenly spread: {even:.2f})")
for layer in range(4):
    print("  ".join(f"{layer}.{head} {to_bracket[layer, head]:.2f}" for head in range(4)))
commas = [p for p, word in enumerate(pairs.words) if word == ","]
to_commas = patterns[2][:, 2, -1, commas].mean(0)  # (comma,)
print("2.2 to the commas:", [round(v, 2) for v in to_commas.tolist()])
assert to_bracket[2, 2] > 4 * even and to_bracket[1, 0] > to_bracket[2, 2]
assert to_commas.sum() + to_bracket[2, 2] > 0.9

# %% [markdown]
# From the last token, 2.2 looks mostly at the open bracket; nearly all the rest goes to the two commas. That fits the story so far. But 1.0 looks there even more, and silencing it costs hardly an answer. Now open a *quote* in place of a bracket: `data = names["size` and its twin with `'`. Which head, when silenced, will cost most of the right quote's lead?

# %%
predict("transformer.quotes", None, sure=0.5)

# %%
quotes = tf.quote_pairs(model.tokenizer, 128, seed=0)
_, cache = model.run_with_cache(quotes.clean)
to_quote = cache["pattern", 2][:, 2:, -1, quotes.opener].mean(0)  # heads 2.2 and 2.3
without = tf.removal(model, quotes, "zero")
whole = quotes.difference(model(quotes.clean)).mean().item()
print(f"{quotes.texts[0][0]}   right over wrong quote {whole:.2f}")
for head, attention in zip(("2.2", "2.3"), to_quote.tolist(), strict=True):
    print(f"  {head} gives it {attention:.2f}; without {head}, {without.of(head)[1]:.2f} lost")
heads = [label for label in without.labels if "." in label]
assert max(heads, key=lambda head: without.of(head)[1]) == "2.3" and to_quote.min() > 0.6
assert abs(without.of("2.2")[1]) < 0.15 * whole and without.of("2.3")[1] > 0.5 * whole
measured("transformer.quotes", "another head of that layer")

# %% [markdown]
# Quotes have a head of their own, 2.3. But look again at the two lines. *Both* heads give the quote most of their attention; from the last token their patterns look alike. Silence 2.3, and most of the answer is gone; silence 2.2, and hardly a tenth of it. Attention says where a head looks. It does not say what it takes from there, nor whether anybody uses it. An attention pattern is where a hypothesis begins.
#
# **To think about.** A head gives 0.9 of its attention to the first token of every text. What may that mean?
#
# <details><summary>Answer</summary>
#
# Attention has to go somewhere, since each row sums to one. Many heads rest on the first token when they have nothing to do, and write little from there. Whether they do is a question about their values, or about an ablation, not about the pattern.
# </details>

# %% [markdown]
# ## 6 · What the weights say: QK and OV
#
# *After this section you can take a head apart into the two circuits that its weights make, say why their rank is at most d_head, and read from them what a head would copy.*
#
# A head has four matrices, and they only ever act in pairs. With stream vectors as rows:
#
# - $W_Q W_K^\top$, shape (d_model, d_model), takes a query's stream on its left and a key's on its right and gives the score: the **QK circuit**. It says *where to look*.
# - $W_V W_O$, shape (d_model, d_model), takes the stream of the key and gives what is added at the query: the **OV circuit**. It says *what is moved* once it has been looked at.
#
# Each is a tall matrix times a flat one, with d_head = 48 in between, so its rank is at most 48, out of 192: a head reads, and writes, only a part of the stream. TransformerLens keeps such products as a `FactoredMatrix` and never builds the large matrix unless asked.

# %%
ov = model.OV[2, 2]  # a FactoredMatrix: W_V and W_O of head 2.2
print(type(ov).__name__, tuple(ov.shape), "kept as", tuple(ov.A.shape), tuple(ov.B.shape))
full = ov.AB  # the product, (d_model, d_model)
values = torch.linalg.svdvals(full)
print("singular values 1, 48 and 49:", [round(values[i].item(), 6) for i in (0, 47, 48)])
assert torch.allclose(full, tf.ov_circuit(model.W_V[2, 2], model.W_O[2, 2]), atol=1e-5)
assert values[47] > 0.1 and values[48] < 1e-4 * values[0]
assert torch.allclose(ov.S[:48], values[:48], rtol=1e-3)

# %% [markdown]
# Suppose that 2.2 looks at an opening bracket. What would it add to the logits? Take the stream at `[` as layer 2 reads it in the shortest of texts, `<|endoftext|>` and this one token; pass it through $W_V W_O$, and on through the unembedding $W_U$. No prompt of our kind is involved. Of all 2,048 tokens, which does it raise most?

# %%
predict("transformer.copy", None, sure=0.5)

# %%
def copies(signs, layer, head):
    """What a head's OV circuit adds to each logit, fed with these signs: (sign, d_vocab)."""
    ids = [model.tokenizer.encode(sign, add_special_tokens=False)[0] for sign in signs]
    prompts = torch.tensor([[model.tokenizer.bos_token_id, i] for i in ids])
    _, cache = model.run_with_cache(prompts)
    read = cache[f"blocks.{layer}.ln1.hook_normalized"][:, 1]  # (sign, d_model)
    return read @ model.OV[layer, head].AB @ model.W_U


signs = {"2.2": (" (", " [", " {"), "2.3": (' "', " '")}
added = {name: copies(these, 2, int(name[2])) for name, these in signs.items()}
best = {}
for name, these in signs.items():
    for sign, row in zip(these, added[name], strict=True):
        best[sign] = [model.tokenizer.decode([i]) for i in row.topk(4).indices.tolist()]
        print(f"head {name} fed {sign!r} raises most: {best[sign]}")
assert best[" ("][0] == ")" and best[" ["][0] == "]" and best[" {"][0] == "}"
assert all(best[sign][0].strip() == sign.strip() for sign in signs["2.3"])
measured("transformer.copy", "the closing bracket")

# %% [markdown]
# Fed an opening bracket, the head's weights raise the matching *closing* one above all other tokens. It does not copy what it sees; it translates it. (Head 2.3 does the same for quotes, where opening and closing are one sign.) *What to look for* in the figure: the diagonal of the left table. Its control is on the right: for every head, how much more the matching bracket gets than the two others.

# %%
def diagonal(layer, head):
    """The matching bracket's score, less the mean of the two others."""
    scores = copies((" (", " [", " {"), layer, head)[:, closers]
    matching = scores.diagonal()
    return (matching - (scores.sum(1) - matching) / 2).mean().item()


match = torch.tensor([[diagonal(layer, head) for head in range(4)] for layer in range(4)])

# %%
fig, (left, middle) = plots.figure(1, 2, height=2.9)
brackets = added["2.2"][:, closers]
plots.heatmap(left, brackets, label="added to the logit")
left.set(xticks=range(3), yticks=range(3), xticklabels=list(")]}"), yticklabels=list("([{"))
left.set(xlabel="logit of", ylabel="token looked at", title="OV circuit of 2.2")
tf.draw_heads(middle, match, "matching minus others")
middle.set_title("all heads")
plots.show(
    fig,
    "Left: the OV circuit of head 2.2 raises each matching closing bracket most. Right: by "
    "how much, for all 16 heads; most for 2.2, then 3.2 and 1.0.",
)
ranked = match.flatten().sort(descending=True)
named = [f"{i // 4}.{i % 4}" for i in ranked.indices[:3].tolist()]
for head, value in zip(named, ranked.values[:3].tolist(), strict=True):
    print(f"{head} {value:.1f}", end="   ")
assert (brackets.argmax(-1) == torch.arange(3)).all()
assert ranked.indices[0] == 10 and ranked.values[0] > 1.2 * ranked.values[1]
assert set(named) == {"2.2", "3.2", "1.0"} and ranked.values[3] < 0.4 * ranked.values[0]

# %% [markdown]
# Read without any of our prompts, the weights point to the head that the ablation found. That is a second reason to believe it, from other evidence. After it come 3.2 and 1.0, two more heads with a blue bar in the first figure; each of the other thirteen does less than half as much as 2.2. (The numbers are before the final norm, which divides by about 15 here.)
#
# The QK circuit is harder to read here, since by layer 2 much has been added to token and position. A cleaner example stands in the course's other code model, `code-attn-2l`, two layers of attention and nothing else. In layer 0 the stream is token plus position, so one can ask for the part of the score that comes from positions alone: $\text{pos}_i\, W_Q W_K^\top\, \text{pos}_j^\top$, each position divided by what the norm divides the whole stream by. Then add the part that comes from the tokens alone.

# %%
small = zoo.load("code-attn-2l", device="cpu")
sample = small.to_tokens(samples.read("dungeon"))[:, :128]
_, cache = small.run_with_cache(sample)
scale = cache["blocks.0.ln1.hook_scale"][0]  # (pos, 1): the norm of token plus position
terms = [x - x.mean(-1, keepdim=True) for x in (small.W_pos[:128], small.W_E[sample[0]])]
future = torch.ones(128, 128, dtype=torch.bool).triu(1)
from_weights, with_tokens, on_text = [], [], []
for head in range(4):
    qk = tf.qk_circuit(small.W_Q[0, head], small.W_K[0, head])  # (d_model, d_model)
    scores = 0.0
    for term, out in zip(terms, (from_weights, with_tokens), strict=True):
        read = term / scale
        scores = scores + read @ qk @ read.mT / small.cfg.d_head**0.5  # (query, key)
        guess = scores.masked_fill(future, -torch.inf).softmax(-1)
        out.append(guess.diagonal(-1).mean().item())
    on_text.append(tf.attention_at_offset(cache["pattern", 0], 1)[head].item())
print("attention of 0.0 to 0.3 to the token before")
print("  from positions alone:", [round(v, 2) for v in from_weights])
print("  and from tokens:     ", [round(v, 2) for v in with_tokens])
print("  on real code:        ", [round(v, 2) for v in on_text])
assert from_weights[2] > 0.9 and on_text[2] > 0.9  # 0.2: weights say it, text confirms it
assert from_weights[1] > 0.6 and max(with_tokens[1], on_text[1]) < 0.35  # 0.1: not so

# %% [markdown]
# Head 0.2 is a **previous-token head**: its weights make each position look at the one before, and on real code it does. Lesson 3 is about what it is good for. Head 0.1 is the warning. Read from positions alone, it looks like another one, if a weaker one: 0.7 of its attention. On text it is not: add the part of the score that comes from the *tokens*, and the 0.2 of real code are there. Weights tell the whole truth only when everything that enters them is put in.
#
# **To think about.** Why can one not learn anything from $W_Q$ alone, without $W_K$?
#
# <details><summary>Answer</summary>
#
# Because they only act together. Put any invertible matrix $R$ of shape (d_head, d_head) between them, $W_Q R$ and $W_K R^{-\top}$: every score is the same, and each of the two matrices looks different. What is real is their product. The same holds for $W_V$ and $W_O$.
# </details>

# %% [markdown]
# ## 7 · Direct logit attribution
#
# *After this section you can split a logit into terms that sum to it, one per part of the model, and say what the split leaves out.*
#
# The stream at the end is a sum, and the unembedding is linear. Between them stands the final LayerNorm. Taking the mean out is linear, too; dividing by a number, the **scale**, is not. Hold that number fixed at its value in this run, and the logit is a sum of terms, one per part: what the part has written (its mean taken out), divided by the scale, times the direction that the unembedding reads for the token. This is **direct logit attribution**, DLA for short. We take it for a difference of two logits, right minus wrong bracket, since a constant added to all logits means nothing.

# %%
said = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
print(said)
error = (said.total() - said.target).abs().max().item()
print(f"largest difference between the sum of the terms and the logit difference: {error:.1e}")
assert error < 1e-4

# %% [markdown]
# The terms sum to the logit difference, prompt by prompt. Once by hand, for 2.2, and once with TransformerLens's own tool, which calls the heads `L2H2`:

# %%
from transformer_lens.tools.analysis import direct_logit_attribution

written = healthy["z", 2][:, -1, 2] @ model.W_O[2, 2]  # (batch, d_model): what 2.2 adds
scale = healthy["ln_final.hook_scale"][:, -1]  # (batch, 1)
direction = (model.W_U[:, pairs.correct] - model.W_U[:, pairs.wrong]).mT  # (batch, d_model)
by_hand = (written / scale * direction).sum(-1)  # folded: the mean is out already
theirs = direct_logit_attribution(
    model, pairs.clean, pairs.correct, pairs.wrong, unit="head"
)
of_2_2 = theirs.attribution[theirs.labels.index("L2H2")]
print("2.2, first prompts:", [round(v, 3) for v in by_hand[:4].tolist()])
assert torch.allclose(by_hand, said["2.2"], atol=1e-4)
assert torch.allclose(of_2_2, said["2.2"], atol=1e-3)

# %% [markdown]
# *What to look for*: how few terms matter; and beside them, as a control, the same terms when each prompt's right and wrong brackets are replaced by those of another prompt, which has nothing to do with it.

# %%
shuffle = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(0))
null = tf.attribution(model, pairs.clean, pairs.correct[shuffle], pairs.wrong[shuffle])
fig, (above, below) = plots.figure(2, 1, height=4.6, sharey=True)
said.plot(above)
null.plot(below)
above.set_title("right minus wrong bracket")
below.set_title("control: the brackets of another prompt")
plots.show(
    fig,
    "What each part says directly: head 2.2 is largest, then MLP 3, heads 3.2 and 1.0 and MLP "
    "0; with shuffled brackets all are near zero.",
)
mean, shuffled = said.terms.mean(1), null.terms.mean(1)
share = (said["2.2"].mean() / said.target.mean()).item()
print(f"2.2 gives {share:.0%} of the mean difference;", end=" ")
print(f"the largest shuffled term is {shuffled.abs().max():.2f}")
assert said.top(1)[0][0] == "2.2" and 0.2 < share < 0.6
assert {label for label, _ in said.top(5)} == {"2.2", "m3", "3.2", "1.0", "m0"}
assert shuffled.abs().max() < 0.3 * mean.max()

# %% [markdown]
# Head 2.2 speaks loudest, but it gives only about a third of the lead. `m3`, 3.2, 1.0 and `m0` speak for the right bracket, too; most parts say nothing about it.
#
# It might seem that parts without a bar have nothing to do with it. They have only nothing to do with it *directly*. Whatever works by preparing what a later part reads, is invisible here: all that 2.2 reads, the embedding and earlier parts have written.
#
# **To think about.** The heads of layer 0 have bars of practically zero. Could it be otherwise for a head that reads only the embeddings of tokens and positions?
#
# <details><summary>Answer</summary>
#
# Yes: it could look at the bracket's embedding and, through its OV circuit, write the direction of the closing one. Nothing forbids it. This model happens to let layer 0 prepare and later layers speak.
# </details>

# %% [markdown]
# ## 8 · The logit lens
#
# *After this section you can read what the stream would say if the model stopped early, and say why an empty reading does not mean that nothing is known.*
#
# If the last stream can be turned into logits, so can earlier ones: pass the stream at some depth through the final norm and the unembedding, as if the remaining layers were not there. This is the **logit lens** ([nostalgebraist 2020](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens)). Depth 0 is the embedding, depth 4 the model's own answer. From which depth on will the right one of the three brackets lead on at least three prompts in four?

# %%
predict("transformer.depth", None, sure=0.5)

# %% [markdown]
# First one prompt. *What to look for*: in the last column, after `b`, the depth at which the bracket appears.

# %%
text = "return [a, b"
_, cache = model.run_with_cache(text)
depths = ["embedding"] + [f"after layer {k}" for k in range(4)]
views.logit_lens(
    tf.lens(model, cache)[:, 0],
    model.to_str_tokens(text),
    model,
    layers=depths,
    alt="The likeliest next token at five depths; at the last position ] comes after layer 2.",
)
best = tf.lens(model, cache)[:, 0, -1].argmax(-1)  # (depth,)
names = [model.tokenizer.decode([i]) for i in best.tolist()]
assert "]" not in names[:3] and names[3:] == ["]", "]"]

# %%
read = tf.lens(model, healthy)[:, :, -1]  # (depth, batch, d_vocab)
assert torch.allclose(read[-1], model(pairs.clean)[:, -1], atol=1e-3)  # depth 4 is the model
share = [right(depth[:, None]) for depth in read]
rows = range(len(pairs))
chance = read.softmax(-1)[:, rows, pairs.correct].mean(1)  # (depth,)
lead = (read[:, rows, pairs.correct] - read[:, rows, pairs.wrong]).mean(1)  # (depth,)
for depth, (correct, p) in enumerate(zip(share, chance.tolist(), strict=True)):
    print(f"depth {depth}: right {correct:.2f}, p {p:.3f}, lead {lead[depth]:+.2f}")
round_first = read[..., closers].argmax(-1) == 0  # (depth, batch)
always = round_first.float().mean(1).tolist()
print("')' is the likeliest of the three on", [f"{value:.0%}" for value in always])
leads = next(depth for depth in range(5) if share[depth] >= 0.75)
assert min(always[1:3]) > 0.8 and max(always[3:]) < 0.55 and (lead.diff() > 0.2).all()
assert leads == 3 and max(share[:3]) < 0.65 and chance[0] < 0.001 and chance[3] > 2 * chance[2]
with model.hooks(fwd_hooks=tf.ablation_hooks(model, ["2.2"], "mean", pairs.everyone)):
    _, without = model.run_with_cache(pairs.clean)
third = right(tf.lens(model, without)[3])
print(f"depth 3, with 2.2's average in its place: right {third:.2f}")
assert third < 0.65
measured("transformer.depth", str(leads))

# %% [markdown]
# At depths 1 and 2 the lens names the round bracket on nearly all prompts, whatever is open, and so is right on a third or a little more. (The right one's lead over one wrong one grows before that, but not enough to overcome this habit.) The right bracket comes out ahead between depth 2 and depth 3, which is layer 2, where head 2.2 works; with its average in place of what it says, most of that gain is gone.
#
# It might seem that the model does not know the bracket before. The lens looks at the *last* position, with the *final* vocabulary. At depth 1 most of the answer is there, but at another position, the bracket's own, and in a form that the unembedding does not read. How do we know? Put the stream of the other bracket's prompt into this run, at that place and depth, and see what happens. That is section 10.
#
# **To think about.** In the lowest row of the figure each token predicts itself. Has the model learned that?
#
# <details><summary>Answer</summary>
#
# No. At depth 0 the lens reads the embedding of the present token with the unembedding, and in this model, before folding, the two were one matrix. It is no prediction at all, and training never had a reason to make it one.
# </details>

# %% [markdown]
# ## 9 · Three ways to take something away
#
# *After this section you can ablate a part in three ways, say what each asks, and show a part on which they disagree.*
#
# To know what a part does for the answer, take it away. But something has to stand in its place.
#
# - **Zero** ablation: zeros. Easy, and often a value that the part never takes.
# - **Mean** ablation: its average over a stated set of prompts. What is the same on all of them stays; what tells them apart goes. Our set, `pairs.everyone`, is all prompts and their twins, so that the average says nothing about the bracket.
# - **Resample** ablation: its output on another prompt; here, on the twin. It does not only take the right information away, it puts wrong information in.
#
# Mean ablation of head 2.2 costs a number of logits. What will resampling cost, beside it?

# %%
predict("transformer.exchange", None, sure=0.5)

# %%
ablations = {"zero, as loaded": puzzle}  # from the first cell, before anything was folded
for kind in ("zero", "mean", "resample"):
    ablations[f"{kind}, folded" if kind == "zero" else kind] = tf.removal(model, pairs, kind)
shown = {kind: a for kind, a in ablations.items() if kind != "zero, folded"}
fig = tf.compare_losses(shown, ("0.0", "0.1", "0.2", "0.3", "2.2", "3.2", "m3"))
plots.show(
    fig,
    "Logits lost by zero, mean and resample ablation: zero and mean agree for 2.2, and "
    "resampling is twice the mean; for 0.3 and for MLP 3 zero and mean disagree in sign.",
)
losses = {kind: ablation.of("2.2")[1] for kind, ablation in ablations.items()}
print("2.2:", {kind: round(value, 2) for kind, value in losses.items()})
ratio = losses["resample"] / losses["mean"]
assert 1.6 < ratio < 2.4 and 0.8 < losses["zero, folded"] / losses["mean"] < 1.25
measured("transformer.exchange", "about twice")

# %% [markdown]
# For 2.2, zero and mean agree, and resampling costs about twice as much: a twin's output does not leave the model undecided, it makes a case for the wrong bracket. Neither number is *the* effect of the head. They answer different questions.
#
# For others the kinds of ablation do not even agree on the sign. Take 0.3, with intervals over prompts, and ask how much of what it writes is the same on all prompts:

# %%
interval = {}
for kind, ablation in ablations.items():
    each = ablation.loss[ablation.labels.index("0.3")]  # (prompt,)
    draws = torch.randint(128, (1000, 128), generator=torch.Generator().manual_seed(0))
    ends = each[draws].mean(1).quantile(torch.tensor([0.025, 0.975])).tolist()
    interval[kind] = ends
    print(f"0.3, {kind:16} {each.mean():+.2f} lost (95 %: {ends[0]:+.2f} to {ends[1]:+.2f})")
for layer, head in ((0, 3), (2, 2)):
    z = healthy["z", layer][:, -1, head]  # (batch, d_head)
    common = (z.mean(0).square().sum() / z.square().sum(-1).mean()).item()
    print(f"{layer}.{head}: {common:.0%} of its z is the same on all prompts")
unfolded = tf.removal(zoo.load("code-4l", device="cpu"), pairs, "mean").loss.mean(1)
apart = (unfolded - ablations["mean"].loss.mean(1)).abs().max().item()
print(f"mean ablation of any part, folded or not: at most {apart:.1e} logits apart")
assert interval["zero, as loaded"][1] < 0 < interval["mean"][0] and apart < 5e-3
assert ablations["zero, folded"].of("0.3")[1] > ablations["zero, as loaded"].of("0.3")[1] + 0.1

# %% [markdown]
# With zeros in place of 0.3 the model does *better*; with its mean, worse. Nearly all of what this head writes is the same on all prompts, and later parts were trained with that constant present. Zeros take it away with the rest; the mean leaves it in place.
#
# Now compare the first two lines of the output: the same model with the same predictions, before and after folding. Folding moves a constant out of each head's `z` into a bias, so that "zero" means something else. Mean and resample ablation do not care. An effect that depends on how one writes the weights down is not a fact about the model alone.
#
# It might seem that mean ablation is therefore the right one. It depends on the set: average over prompts with *round* brackets only, and the "neutral" value says round. Whoever reports an ablation has to say what was put in the place, and from where.
#
# **To think about.** You resample from prompts with the *same* bracket and other words. What should happen to the loss of 2.2?
#
# <details><summary>Answer</summary>
#
# Nearly nothing, if what the head carries is the bracket and not the words. It is a good control, and section 10 makes it.
# </details>

# %% [markdown]
# ## 10 · Activation patching
#
# *After this section you can find where in a model, and at which position, a piece of information sits, with two prompts that differ only in it.*
#
# **Minimal pairs** are two prompts that differ in one thing. Run both. Take one activation from the first, the **clean** run, and put it into the second, the **corrupt** one. If the answer turns towards the clean one, then what tells the two prompts apart passes there. Putting clean into corrupt is called **denoising**, the other way round **noising**. As a number: **recovery**, 0 if the corrupt run stays as it was, 1 if it becomes the clean one. What is measured is `pairs.metric`, the right bracket's logit minus the wrong one's.
#
# `sweep` does this for every layer and position: here the stream before each layer. *What to look for*: two columns, and the layer at which one hands over to the other.

# %%
ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
grid = ask.sweep("resid_pre")
words = ["start", *(word.strip() for word in pairs.words[1:])]
views.sweep(
    grid,
    labels={"position": words},
    alt="Recovery by patching the stream: at the bracket early, at the last position late.",
)
recovery = grid.recovery()  # (layer, position)
bracket, last = recovery[:, pairs.opener], recovery[:, -1]
between = recovery[:, [p for p in range(9) if p not in (pairs.opener, 8)]]
print("at the bracket, by layer:", [round(v, 2) for v in bracket.tolist()])
print("at the last token:       ", [round(v, 2) for v in last.tolist()])
assert bracket[0] > 0.99 and bracket[1] > 0.5 and 0.25 < bracket[2] < 0.75 and bracket[3] < 0.3
assert last[0].abs() < 0.01 and 0.25 < last[2] < 0.75 and last[3] > 0.7
assert between.abs().max() < 0.05

# %% [markdown]
# The figure is a map of where the answer *is*. Before layer 0, only at the bracket itself. Before layer 3, nearly all at the last token. In between it is on its way, in more than one step: before layers 1 and 2, *both* places hold part of it. The tokens between, which the model has also read, hold next to nothing. And here is what the logit lens could not see: after layer 0, the bracket's own position still decides most of the answer, although the lens, at the last position, reads little.
#
# Now heads, with quotes beside brackets. 2.2 is the head that the model could not do without. Patched in alone, which share of the gap will it bring back?

# %%
predict("transformer.recovery", None, sure=0.5)

# %%
swaps = {}
for name, these in (("brackets", pairs), ("quotes", quotes)):
    ask = patching.Question(model, these.clean, these.corrupt, these.metric)
    swaps[name] = ask.sweep("z")
fig, axes = plots.figure(1, 2, height=2.9)
for ax, (name, result) in zip(axes, swaps.items(), strict=True):
    tf.draw_heads(ax, result.recovery(), "recovery", limit=1, bar=name == "quotes")
    ax.set_title(name)
plots.show(
    fig, "Recovery by patching one head: brackets 2.2, then 1.0 and 3.2; quotes mostly 2.3."
)
recovered = {name: result.recovery().flatten() for name, result in swaps.items()}
for name, values in recovered.items():
    low, high = (end.flatten() for end in swaps[name].interval("recovery"))
    first, second = values.argsort(descending=True)[:2].tolist()
    print(f"{name}: {first // 4}.{first % 4} recovers {values[first]:.2f}", end=" ")
    print(f"({low[first]:.2f} to {high[first]:.2f}), the next {values[second]:.2f}; ", end="")
    print(f"all sixteen add up to {values.sum():.2f}")
assert recovered["brackets"].argmax() == 10 and 0.3 < recovered["brackets"][10] < 0.6
assert recovered["quotes"].argmax() == 11 and recovered["quotes"][11] > 0.6
measured("transformer.recovery", recovered["brackets"][10].item())

# %% [markdown]
# 2.3 carries most of a quote alone. 2.2 carries somewhat less than half of a bracket; 1.0 and 3.2 come next. "One head" was true of what the model cannot do *without*. It is not true of what it does it *with*. So the description predicts something that it was not made from: take away two more heads beside 2.2, and no two should cost more than 1.0 and 3.2. Try all 105 pairs.

# %%
import itertools

names = [f"{layer}.{head}" for layer in range(4) for head in range(4)]
away = {head: tf.ablation_hooks(model, [head], "mean", pairs.everyone) for head in names}
names.remove("2.2")
left = {}
for first, second in itertools.combinations(names, 2):
    hooks = [*away["2.2"], *away[first], *away[second]]
    left[first, second] = right(model.run_with_hooks(pairs.clean, fwd_hooks=hooks))
lowest = sorted(left, key=left.get)[:4]
without = right(model.run_with_hooks(pairs.clean, fwd_hooks=away["2.2"]))
middle = torch.tensor(list(left.values())).median().item()
print(f"right without 2.2 {without:.2f}, and without two more: median {middle:.2f}; lowest:")
print("   ".join(f"{a}, {b} {left[a, b]:.2f}" for a, b in lowest))
trio = itertools.combinations(("0.3", "1.0", "3.2"), 2)
assert set(lowest[:3]) == set(trio) and left["1.0", "3.2"] < 0.46
assert abs(middle - without) < 0.06 and left[lowest[3]] > left[lowest[2]] + 0.03

# %% [markdown]
# It holds, by a little: without 2.2, 1.0 and 3.2 the model is close to guessing, while the median pair costs nothing beyond 2.2. But exchange either of the two for 0.3, and nearly as much is lost. The map gave that head less; what was left over in section 1 passes through it as well.
#
# One more control. A clean run must matter only through what tells the two prompts apart: patch from a prompt with the *same* bracket and other words, and nothing should happen.

# %%
pool = tf.bracket_pairs(model.tokenizer, 400, seed=1).everyone
of_same = [pool[pool[:, pairs.opener] == sign] for sign in pairs.clean[:, pairs.opener]]
alike = torch.stack([prompts[k % 50] for k, prompts in enumerate(of_same)])


def effect(donors):
    """Change of the logit difference, head by head, with its output from the donors."""
    ask = patching.Question(model, pairs.clean, donors, pairs.metric, direction="noising")
    return ask.sweep("z").effect()


twin, same = effect(pairs.corrupt), effect(alike)
print(f"2.2 from its twin {twin[2, 2]:+.2f}; same bracket, other words {same[2, 2]:+.2f}")
assert same[2, 2].abs() < 0.15 * twin[2, 2].abs()

# %% [markdown]
# For the choice of bracket, the words in what 2.2 carries do not matter. Whether it carries words for other ends, this measure, one bracket against another, cannot see.
#
# It might seem from these maps that the rest of the model is idle. Patching only sees what *differs* between the two prompts. What they share, that a list is being written, that something must be closed at all, is the same in both runs, and no patch can reveal who works it out.
#
# Denoising, as in the maps, asks what is enough to bring the answer back; noising asks what is needed to keep it. They need not agree, and a later lesson uses both. (On doing it well: Zhang & Nanda 2023, [arXiv 2309.16042](https://arxiv.org/abs/2309.16042); Heimersheim & Nanda 2024, [arXiv 2404.15255](https://arxiv.org/abs/2404.15255).)
#
# **To think about.** Recovery of single heads adds up to something near 1 for brackets. Must it?
#
# <details><summary>Answer</summary>
#
# No. Heads can work in series: patching 1.0 changes what 2.2 reads, and both will be credited for the same thing. Or they can back each other up, so that each alone recovers little. Only for a model that is linear in its heads must single effects add up.
# </details>

# %% [markdown]
# ## 11 · What does not follow
#
# *After this section you can explain how a part can speak for the answer and be dispensable, and how another can say little and be indispensable.*
#
# Back to the puzzle: `m3`, the last MLP, adds to the right bracket's lead, and with zeros in its place nothing is lost. No part comes after it that could step in, only the final norm. So hold the norm's scale where it was in the whole run, and take `m3` away once more. Then put its mean in its place.

# %%
place = "blocks.3.hook_mlp_out"
_, everyone = model.run_with_cache(pairs.everyone, names_filter=place)
average = everyone[place].mean(0, keepdim=True)  # (1, pos, d_model)
remove = (place, lambda out, hook: torch.zeros_like(out))
level = (place, lambda out, hook: average.expand_as(out))
hold = ("ln_final.hook_scale", lambda scale, hook: healthy["ln_final.hook_scale"])
whole, loses = pairs.difference(model(pairs.clean)), {}
ways = {"zeros": [remove], "zeros, scale held": [remove, hold], "its mean": [level]}
print(f"m3 says {said['m3'].mean():+.3f}")
for name, hooks in ways.items():
    with model.hooks(fwd_hooks=hooks):
        logits, without = model.run_with_cache(pairs.clean)
    loses[name] = (whole - pairs.difference(logits)).mean().item()
    size = without["ln_final.hook_scale"][:, -1].mean().item()
    print(f"  {name:18} {loses[name]:+.3f} lost, the norm divides by {size:.1f}")
before = healthy["ln_final.hook_scale"][:, -1].mean().item()
print(f"  in the whole run the norm divides by {before:.1f}")
assert abs(loses["zeros, scale held"] - said["m3"].mean()) < 1e-3
assert loses["zeros"] < 0 and loses["its mean"] > 0.5 * said["m3"].mean()

# %% [markdown]
# With the scale held, what is lost is exactly what `m3` said, to the third decimal. So its vote was real. But `m3` also writes a long vector, most of it about other things, and a long stream is divided by a large number. Put zeros in its place, the stream gets shorter, and *everybody else's* vote counts for more. Here the gain is even a little larger than the loss. Its mean keeps the stream long, and then most of its vote is missed. So "taking `m3` away changes nothing" was true, and was as much about the zeros as about `m3`.
#
# The other way round, `m0` says no more than others and all is lost without it. Is that about the zeros, too? It writes nearly the whole length of the stream (section 3), so that taking it out is like pulling the plug. Compare its mean; then, without breaking anything, put its output from the clean run into the corrupt one, at one position; then look at what is left of the others' votes, without `m0` and without 2.2.

# %%
remove = ("blocks.0.hook_mlp_out", lambda out, hook: torch.zeros_like(out))
left = {}
with model.hooks(fwd_hooks=[remove]):
    left["m0"] = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
    _, without = model.run_with_cache(pairs.clean)
with model.hooks(fwd_hooks=tf.ablation_hooks(model, ["2.2"], "mean", pairs.everyone)):
    left["2.2"] = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
lost = {kind: round(ablations[kind].of("m0")[1], 2) for kind in ("zero, as loaded", "mean")}
print("lost without m0:", lost, f"of {whole.mean():.2f}")
print("says      whole run   without m0   with 2.2 at its mean")
for part in ("m0", "1.0", "2.2", "3.2", "m3"):
    values = [run[part].mean().item() for run in (said, left["m0"], left["2.2"])]
    print(f"{part:6}" + "".join(f"{value:+13.2f}" for value in values))
looks = [c["pattern", 2][:, 2, -1, pairs.opener].mean().item() for c in (healthy, without)]
print(f"2.2's attention to the bracket: {looks[0]:.2f}, without m0 {looks[1]:.2f}")
assert left["m0"]["2.2"].mean().abs() < 0.2 * said["2.2"].mean() and looks[1] < 0.5 * looks[0]
ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
fed = ask.sweep("mlp_out").recovery()[0]
print(f"m0 alone, patched at the bracket: recovers {fed[pairs.opener]:.2f}")
assert abs(fed[pairs.opener] - bracket[1]) < 0.03  # what the whole stream brings back there
passed = {part: (said[part] - left["2.2"][part]).mean().item() for part in said.labels}
assert abs(sum(passed.values()) - ablations["mean"].of("2.2")[1]) < 1e-2  # the books balance
assert left["2.2"]["m3"].mean() < 0.85 * said["m3"].mean() and lost["mean"] > 4

# %% [markdown]
# Zeros or mean, all is lost: without `m0`, 2.2 no longer finds the bracket, and nobody has much left to say about it. The patch is the cleaner evidence: `m0`'s output at the bracket's place alone brings back as much as the whole stream there before layer 1 (section 10), so what later parts read of the bracket there is what `m0` has made of it. In the tools' words: `m0` has a small **direct effect** and a large **indirect** one. And without 2.2, `m3` says less than before: part of what the last MLP said was 2.2's word, passed on. The losses of all parts, 2.2's own among them, sum to what its mean ablation costs: that is why 2.2's orange bar is longer than its blue one.
#
# So both bars were right, and each answers its own question. Blue: what does a part say to the logits, all else as it was? Orange: how does the answer change when it is gone, and all who read it have to do without? Neither is "importance".
#
# **To think about.** A colleague ranks all heads of a large model by direct logit attribution, ablates the ten largest one by one, finds that nothing much changes, and concludes that attribution is useless. What else could it be?
#
# <details><summary>Answer</summary>
#
# The norm, as here. Or later parts that compensate for what is missing. Or heads that do the same thing, so that no single one is needed. In each case the attribution is right about what was said in the intact run, and the ablation is right about what is needed. They differ, and that is a finding.
# </details>

# %% [markdown]
# ## 12 · Now on GPT-2
#
# *After this section you can run this lesson's main experiment on a model that somebody else trained.*
#
# Nothing above was made for our model. The cell runs where GPT-2's weights are at hand, or on Colab: the same prompts, the same two bars, for the twelve parts with the longest ones out of 156.

# %%
from course_utils import runtime

if zoo.cached("gpt2") or runtime.in_colab():
    gpt2 = zoo.load("gpt2", device="cpu")
    theirs = tf.bracket_pairs(gpt2.tokenizer, 8, seed=0)
    said_there = tf.attribution(gpt2, theirs.clean, theirs.correct, theirs.wrong)
    both = tf.removal(gpt2, theirs, "zero")
    fig = both.plot(most=12)
    plots.show(fig, "GPT-2: what twelve parts say for the right bracket, and what each loses.")
    print(said_there)
    above = (said_there.target > 0).float().mean().item()
    print(f"right bracket above the wrong one on {above:.0%}")
    assert (said_there.total() - said_there.target).abs().max() < 1e-2
else:
    print('GPT-2 is not here. Where there is a network, zoo.load("gpt2") brings it (550 MB).')

# %% [markdown]
# Ask of every bar what section 11 asked: is what is said what is lost? We make no claim here about GPT-2; the cell asserts only that the terms sum to the logit difference.
#
# **To think about.** In a model with 144 heads, silencing any one of them may change almost nothing. Has the method failed?
#
# <details><summary>Answer</summary>
#
# It has told you that no single head is needed. That can mean that several share the work. Silence them together (`tf.ablated` takes a list), or patch, which asks what is enough and not what is needed.
# </details>

# %% [markdown]
# ## 13 · What this does not show
#
# *After this section you can name the limits of each tool, and one finding of this lesson that changes with the prompts.*
#
# **Other prompts.** Everything so far was measured on one template. Below, on two others: a call, `data = names(lines, size` against `data = names[lines, size`; and a list with a bracket inside that has already been closed.

# %%
for template in ("list", "call", "nested"):
    these = tf.bracket_pairs(model.tokenizer, 128, seed=2, template=template)
    sweep = patching.Question(model, these.clean, these.corrupt, these.metric).sweep("z")
    (best, value), (second, runner_up) = sweep.top(2, "recovery")
    share = (these.difference(model(these.clean)) > 0).float().mean()
    print(f"{these.texts[0][0]!r:42} right {share:.2f};", end=" ")
    names = ["{layer}.{head}".format(**cell) for cell in (best, second)]
    print(f"{names[0]} recovers {value:.2f}, {names[1]} {runner_up:.2f}")
    assert names[0] == "2.2" and value < 0.6
    assert (names[1] == "0.3") == (template == "nested")
_, cache = model.run_with_cache(these.clean)  # the nested ones
looks = cache["pattern", 2][:, 2, -1].mean(0)  # (key,)
print("where 2.2 looks in a nested one:", end=" ")
print({w: round(v, 2) for w, v in zip(these.words, looks.tolist(), strict=True) if v > 0.1})
inner = these.opener + 2  # a bracket that has been closed again
comma = these.words.index(",")
assert looks[these.opener] > 2 * looks[inner] and abs(looks[inner] - looks[comma]) < 0.1

# %% [markdown]
# Head 2.2 comes first in all three, and in none of them alone; with the nested bracket 0.3 comes second, not 1.0. In a nested prompt, 2.2 looks mostly at the bracket that is still open. Some of its attention goes to the one that has been closed, but no more than to the comma: 2.2 does tell open from closed. How, this lesson has not asked.
#
# The tools, each with what it cannot say:
#
# | tool | what it answers | what it does not show |
# |---|---|---|
# | attention pattern | where a head looks | what it takes from there, and whether that is used |
# | QK, OV circuits | what a head would look for, and move, given an input | which inputs it meets; what the biases, norms and other heads add |
# | direct logit attribution | what each part says to the logits, the norm's scale held | anything that works through later parts; what happens when the part is gone |
# | logit lens | what the stream would say if the model stopped here | what is known in another place, or in another form |
# | ablation | what changes without a part, given what stands in its place | how the part does it; what it would take to do it |
# | activation patching | where the difference between two prompts passes | everything that the two prompts share |
#
# None of them shows that a description is *complete*. That needs validation, of which section 10's pairs were a small example, and they turned up a head that the description had left out. The later lessons go further.
#
# **The puzzle, answered.** Both bars are right. The blue one counts what a part adds to the final sum in the run as it was. The orange one counts what changes when it is gone, which includes what others can no longer read from it (`m0`), and how the final norm rescales what remains (`m3`). A committee that adds up votes has neither. A transformer has both, which is why removing is an experiment and not a subtraction.
#
# What stays open: how 2.2 knows which bracket is still open; what exactly `m0` writes at the bracket's place, and in which directions; and whether a whole list of parts, each with its description, would let you rebuild the behaviour.
#
# **To think about.** Which of this lesson's claims would you check first, if it were somebody else's paper?
#
# <details><summary>Answer</summary>
#
# There is more than one good answer. Ours: whether "the one head" survives other prompts and another kind of ablation (sections 9, 10 and 13 do part of this, and it became three); and whether another training run of the same model has such a head at all, which this lesson has not looked at.
# </details>
#
# **Now the exercises**: `course start 00`, then `my/00_transformer.ipynb`. They begin with the self-check.

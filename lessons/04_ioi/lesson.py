# %% [markdown]
# # Indirect object identification
#
# **A puzzle.** A small model reads: *When Mary and John went to the store, John gave a book to*. It says *Mary*, with a probability of nearly 1. Exchange the second *John* for *Mary*, and it says *John*. The answer hangs on the one word before *gave*.
#
# There are two ways to get this right. The model may look for the name that occurs *twice*, and avoid it. Or it may avoid the *last* name that it has read, without asking whether that name occurred before. On these sentences both give the same answers. The third pair of bars does not decide it either: when somebody else gives the book, neither way has a reason to avoid Mary or John, and the model is undecided.
#
# In a larger model, GPT-2 small, researchers have found an answer. Is it the same here? At the end of this lesson you can settle such a question: find the parts that produce a behaviour, draw the circuit, state how much of the behaviour it explains, and predict what the model says on sentences that nobody has tried.

# %% [markdown] contents
# You need lesson 0: the residual stream, direct logit attribution, ablation, activation patching and path patching; and from lesson 3 the previous-token heads. The exercises take about four hours (an estimate from how long similar ones took). What the course knows beyond this story is in the second notebook of this lesson, which may be skipped. Intervals are 95 % intervals of a mean, with the prompts resampled.

# %% setup

# %% figure
import torch

from course_utils import ioi, patching, plots, zoo
from course_utils.page import about, beside_gpt2, between, caption, card, claim, claims
from course_utils.page import draw, measured, predict, table
from course_utils.patching import Circuit

model = zoo.load("ioi-natural", "cpu").requires_grad_(False)
template = ioi.TEXTS["as in the template"]
texts = {"John gives": template, "Mary gives": template.replace("{S}", "{IO}"), "a third person gives": ioi.TEXTS["a third gives"]}
giver = ioi.outside(model, (0, 2), texts, n=128)  # 128 variants; IO is Mary
p = {text: (float(one.p_io.mean()), float(one.p_s.mean())) for text, one in giver.items()}
fig, ax = plots.figure(height=2.5)
for i, (name, colour) in enumerate((("Mary", plots.SERIES[0]), ("John", plots.SERIES[1]))):
    at = [k + 0.36 * i - 0.18 for k in range(3)]
    ax.bar(at, [both[i] for both in p.values()], 0.34, color=colour, label=name)
    for x, both in zip(at, p.values(), strict=True):
        ax.text(x, both[i] + 0.02, f"{both[i]:.2f}", ha="center", va="bottom", fontsize=9)
ax.set(ylabel="probability", ylim=(0, 1.12), xticks=range(3), xticklabels=list(giver), yticks=(0, 0.5, 1))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "Probability of the two names: Mary when John gives, John when Mary gives, about half each when a third gives.",
    "The mean probability of the two names after “When Mary and John went to the store, … gave a book to”, by who gives. "
    "128 prompts with other names, places and objects.",
)  # fmt: skip

# %% [markdown]
# The lesson follows Wang et al. 2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), on a model that is small enough for every experiment to run while you read. `ioi-natural` has the architecture of GPT-2 with four layers of four heads and was trained on invented stories, of which sentences like these are a part. Nobody put a circuit into it.

# %% claims
with claims():
    claim("when John gives, Mary has a mean probability above 0.99", p["John gives"][0] > 0.99)
    claim("when Mary gives, John has", p["Mary gives"][1] > 0.99)
    claim("when a third person gives, each of the two has between 0.4 and 0.6, and together they have more than 0.9",
          all(0.4 < share < 0.6 for share in p["a third person gives"]) and sum(p["a third person gives"]) > 0.9)  # fmt: skip

# %% [markdown]
# ## 1 · The behaviour
#
# In *When Mary and John went to the store, John gave a book to*, the name that comes next is the indirect object of *gave*. **Indirect object identification** is to say it. The name that should come is called **IO**, the other one **S**, for the subject of the second clause. S occurs at two places, **S1** and **S2**. Whoever is named at S2 is the **giver**. **END** is the last token, where the answer is due. Half of the prompts name IO first, the other half S.
#
# A circuit is found by comparing runs, and each prompt gets partners for that. In **flip**, S2 becomes the other name, and the right answer changes from IO to S. In **third**, S2 becomes a name that has not occurred. In **ABC**, all three names are new and different.

# %% figure
ioi.partners_drawn().captioned("One prompt and its three partners. Orange: the names that were changed. Every position keeps its meaning.")

# %%
def prompts(n, seed, **how):
    """n prompts, drawn by the seed."""
    rng = torch.Generator().manual_seed(seed)
    return ioi.make_ioi_batch(model.tokenizer, n, rng, **how)

clean = prompts(128, 0)
logits = model(clean.tokens[:1])[0, -1]
best = logits.topk(5)
prompt = model.tokenizer.decode(clean.tokens[0, 1:].tolist())
table({model.tokenizer.decode([i]): {"logit": float(logits[i]), "probability": float(logits.softmax(-1)[i])}
       for i in best.indices.tolist()}, decimals=2, corner=f"{prompt} …")

# %% [markdown]
# The table shows the five most probable next tokens after one prompt. As a measure we take the **logit difference**: the logit of IO minus the logit of S, at END.
#
# $$\Delta \;=\; \text{logit}_\text{END}(\text{IO}) - \text{logit}_\text{END}(\text{S}).$$
#
# It is the logarithm of the ratio of the two probabilities, and it adds up over the parts of the model. It does not change when both names become more probable.
#
# Over 256 prompts of six different sentences, IO comes first of all 294 tokens in at least 99 of 100. There is something to explain, and it does not depend on one sentence. From here on the prompts are of the sentence above, whose positions are easy to name. Their mean logit difference is about 12, and less than a logit above or below in each draw of prompts.

# %% claims
sets = {"IO first": prompts(128, 2, orders=["ABBA"]), "S first": prompts(128, 2, orders=["BABA"]),
        "six sentences, mixed": prompts(256, 3, templates=ioi.TEMPLATES)}  # fmt: skip
said = {name: ioi.behaviour(model, some) for name, some in sets.items()}
with claims():
    claim("IO ranks above S in every prompt, in either order", all(one.logit_diff.min() > 0 for name, one in said.items() if "first" in name))
    claim("over six sentences IO ranks first of all tokens in at least 99 of 100 prompts", said["six sentences, mixed"].right.float().mean() >= 0.99)
    claim("the mean logit difference is within 0.8 of 12 in either order and over both",
          all(abs(float(one.logit_diff.mean()) - 12) < 0.8 for one in (said["IO first"], said["S first"], ioi.behaviour(model, clean))))  # fmt: skip

# %% [markdown]
# ## 2 · Where the answer is worked out
#
# Take the pair clean and flip. Their prompts differ at one token, S2, and their answers are opposite. At the bottom of the model all of the difference is at S2. At the top it must be at END, where the logits are read. Somewhere in between it is moved.
#
# Activation patching follows it. Run the flipped prompts, and put in the residual stream of the clean run at one position, after some layer. The recovery is 0 where this changes nothing and 1 where it brings all of the clean logit difference back.

# %% prediction
predict("ioi.leaves")

# %%
places = ("IO", "S1", "S2", "after S2", "END")
denoise = ioi.asked(model, clean, "flip")
streams = denoise.sweep("resid_pre", by=("position", "layer"))
streams = streams.select(position=list(places))

# %% figure answer
fig, ax = plots.figure(height=2.5, width=6.0)
found = streams.recovery()  # (position, layer)
plots.heatmap(ax, found, signed=False, limit=1.0, bar=False, aspect="auto")
for (place, layer), value in ((divmod(i, 4), float(x)) for i, x in enumerate(found.flatten())):
    ax.text(layer, place, f"{value + 0.0:.2f}".replace("-0.00", "0.00"), ha="center", va="center", fontsize=9, color="white" if value > 0.6 else "black")
ax.set(xticks=range(4), xticklabels=["embedding", "after layer 0", "after layer 1", "after layer 2"], yticks=range(5), yticklabels=places)
plots.show(
    fig, "Recovery by position and layer: all at S2 in the embedding, and from layer 0 on nearly all at END.",
    "Recovery when the clean residual stream is put into the flipped run, at one position and after one layer (128 prompts).",
)  # fmt: skip

# %% figure answer
ioi.carried(float(found[4, 1]), float(found[3, 1])).captioned(
    "What is known so far. Who gives is read at S2 within layer 0, and most of it is taken to END at once; the numbers are the "
    "recoveries after layer 0."
)

# %% claims answer
recovered = {place: streams.select(position=place).recovery() for place in places}
with claims():
    claim("in the embedding all of it is at S2", recovered["S2"][0] > 0.999)
    claim("after layer 0 nothing of it is left at S2", recovered["S2"][1:].abs().max() < 0.01)
    claim("after layer 0 almost nine tenths are at END, and the rest at the position after S2",
          about(recovered["END"][1], 0.88) and about(recovered["after S2"][1], 0.12))
    claim("after layer 1 all of it is at END", recovered["END"][2] > 0.99)  # fmt: skip
first_layer = next(layer for layer in range(4) if recovered["END"][layer] > 0.5)
measured("ioi.leaves", ("", "already after layer 0", "after layer 1", "after layer 2")[first_layer])

# %% [markdown]
# The drawing will grow with the lesson. Each column is a word of the sentence, time runs from left to right and layers from bottom to top. What the boxes with a question mark are, we find next.

# %% [markdown]
# ## 3 · Which heads
#
# Which heads speak for IO and against S? (A head is named by its layer and its number: 1.0 is head 0 of layer 1. That a head “speaks for” a name is short for: what it writes at END raises the name's logit.) The quickest look is direct logit attribution (lesson 0): what each head writes at END, read by the unembedding, with the final norm's scale held.

# %% figure
written = ioi.writes(model, clean)
rows = written.rows()
heads = sorted((h for h in rows if "." in h), key=lambda h: -rows[h]["to IO"][0])
loud = [h for h in heads if max(abs(rows[h]["to IO"][0]), abs(rows[h]["to S"][0])) > 0.15]
fig, ax = plots.figure(height=2.6)
for i, (column, colour) in enumerate((("to IO", plots.SERIES[0]), ("to S", plots.SERIES[1]))):
    mean, low, high = zip(*(rows[h][column] for h in loud), strict=True)
    at = [k + 0.38 * i - 0.19 for k in range(len(loud))]
    ax.bar(at, mean, 0.36, color=colour, label=column.replace("to", "to the logit of"))
    ax.vlines(at, low, high, color=plots.INK, linewidth=1.0)
ax.axhline(0, color=plots.INK, linewidth=0.8)
ax.set(xticks=range(len(loud)), xticklabels=loud, xlabel="head", ylabel="adds at END (logits)")
ax.legend()
plots.show(
    fig, "Direct attribution of heads: 2.1 to 2.3 raise both names alike, 1.0, 1.2 and 1.3 raise IO more, 0.3 and 1.1 lower S.",
    "What a head adds, directly, to the logit of IO and of S, each above the mean of all 80 names (128 prompts, with "
    "intervals). The heads that are not drawn add less than 0.15 to either.",
)  # fmt: skip

# %% [markdown]
# Heads that copy a name from the prompt are **name movers**. The movers 1.0, 1.2 and 1.3 raise IO, and raise S less. Heads 2.1, 2.2 and 2.3 raise both names alike, which makes no difference between them. Heads 0.3 and 1.1 lower S.
#
# Direct attribution sees what a head adds to the logits itself. It does not see what later parts make of its output. To include that, exchange the outputs: run the clean prompts, and give one head the output $z$ that it has on the flipped prompts (noising).

# %% prediction
predict("ioi.quiet")

# %%
noise = ioi.asked(model, clean, "flip", direction="noising")
by_head = noise.sweep("z")
scale = by_head.clean.mean()
share = by_head.effect() / scale  # (layer, head)

# %% figure answer
fig, axes = plots.figure(1, 2, height=3.6, sharey=True)
names = [f"{layer}.{head}" for layer in range(4) for head in range(4)]
direct = {head: written.difference(head) / float(scale) for head in names}
changed = dict(zip(names, share.flatten().tolist(), strict=True))
for ax, found, title in zip(axes, (direct, changed), ("adds directly to IO − S", "change when it is exchanged"), strict=True):
    ax.barh(range(16), [found[h] for h in names], color=plots.HEAD)
    ax.axvline(0, color=plots.INK, linewidth=0.8)
    ax.set(title=title, yticks=range(16), yticklabels=names, xlabel="share of the clean logit difference")
axes[0].invert_yaxis()
plots.show(
    fig, "Two bar charts of sixteen heads: direct attribution is largest for 1.2, 1.3 and 1.0, the exchange for 0.2 and 0.3.",
    "The same sixteen heads, seen in two ways (128 prompts). Left: direct attribution to the logit difference. Right: its "
    "change when the head gets its output on the flipped prompt. −1 means that all of it is gone, −2 that it is turned round.",
)  # fmt: skip
candidates = {"2.1, the loudest": (2, 1), "1.2, which adds most to IO − S": (1, 2),
              "0.2, which adds next to nothing": (0, 2), "1.1, which lowers S most": (1, 1)}  # fmt: skip
measured("ioi.quiet", min(candidates, key=lambda name: float(share[candidates[name]])))

# %% [markdown]
# The two orders have little in common. The heads on which most depends are in layer 0, and what they write means little to the unembedding. The loud movers matter less than a quarter each. To see why, we need to know what they read.

# %% claims answer
with claims():
    claim("2.1 adds more than three logits to each of the two names, and less than half a logit to their difference",
          min(rows["2.1"]["to IO"][1], rows["2.1"]["to S"][1]) > 3 and abs(written.difference("2.1")) < 0.5)
    claim("1.0, 1.2 and 1.3 add between 0.9 and 1.5 logits each to the difference, and are the three that add most",
          all(between(written.difference(h), 0.9, 1.5) for h in ("1.0", "1.2", "1.3")) and set(sorted(direct, key=direct.get)[-3:]) == {"1.0", "1.2", "1.3"})
    claim("0.3 and 1.1 lower S by more than half a logit and add less than 0.15 to IO", all(rows[h]["to S"][2] < -0.5 and abs(rows[h]["to IO"][0]) < 0.15 for h in ("0.3", "1.1")))
    claim("0.2 adds less than 0.2 logits to the difference, of more than eleven", abs(written.difference("0.2")) < 0.2 and scale > 11)
    claim("exchanging 0.2 takes away more than all of the difference, by its interval", by_head.interval("effect")[1][0, 2] / scale < -1)
    claim("0.3 comes next, with six tenths", about(share[0, 3], -0.6) and share.flatten().argsort()[1] == 3)
    claim("each head of layer 1 takes between 0.15 and 0.25", all(between(-x, 0.15, 0.25) for x in share[1]))
    claim("no head of layers 2 and 3 changes it by more than 0.03, and neither do 0.0 and 0.1",
          max(share[2:].abs().max(), share[0, :2].abs().max()) < 0.03)  # fmt: skip

# %% [markdown]
# ## 4 · Notes, and who reads them
#
# From END, the movers do not look at *Mary* at all. They look at the word after it, *and*. What is there? Lesson 3 had previous-token heads, which leave at each word a note of the word before. Here all four heads of layer 0 do this, but only at some words. The arcs show where these heads look from *and*, from *went* and from the comma.

# %% figure
first = sets["IO first"]  # as Mary is named first in the example
_, cache = model.run_with_cache(first.tokens)
pattern = cache["pattern", 0].mean((0, 1))  # (reader, read), the mean over prompts and the four heads
words = ("When", "Mary", "and", "John", "went", "to", "the", "store", ",")
arcs = {(q - 1, k - 1): float(pattern[q, k]) for q in (3, 5, 9) for k in (2, 4) if k < q}
draw.attention_arcs(words, arcs, "", (1, 3)).captioned(
    "Attention to the two names from “and”, from “went” and from the comma, averaged over the four heads of layer 0 and "
    "128 prompts. From “went” there is next to none."
)

# %% [markdown]
# What these heads write at *and* or at the comma is called a **note** here. A note is no more than a part of the residual stream at one word that depends on an earlier word. Is it what the answer is made from? Exchange it by hand: let layer 0 write at one word what it would write if a name were another, and leave the name itself as it is.

# %%
def with_note(some, name_at, note_at):
    """P(stranger) when layer 0 writes at `note_at` as if `name_at` were a stranger's."""
    stranger = ioi.corrupt(some, "third", torch.Generator().manual_seed(1)).names[:, 2]
    donor = some.tokens.clone()
    donor[:, name_at] = stranger
    _, other = model.run_with_cache(donor)

    def exchange(z, hook):  # z: (batch, position, head, d_head)
        z[:, note_at] = other["z", 0][:, note_at]
        return z

    with model.hooks(fwd_hooks=[("blocks.0.attn.hook_z", exchange)]):
        p = model(some.tokens)[:, -1].softmax(-1)
    return float(p.gather(1, stranger[:, None]).mean())

# %% figure
second = sets["S first"]  # here the answer is the name that comes second
strangers = {"first name,\nnote at “and”": with_note(first, 2, 3), "first name,\nat “went”": with_note(first, 2, 5),
             "first name,\nat the comma": with_note(first, 2, 9), "second name,\nnote at “went”": with_note(second, 4, 5),
             "second name,\nat the comma": with_note(second, 4, 9)}  # fmt: skip
fig, ax = plots.figure(height=2.4)
ax.bar(range(5), strangers.values(), 0.6, color=plots.NOTE)
for k, value in enumerate(strangers.values()):
    ax.text(k, value + 0.02, f"{value:.2f}", ha="center", va="bottom", fontsize=9)
ax.set(xticks=range(5), xticklabels=list(strangers), ylabel="P(stranger)", ylim=(0, 1.12), yticks=(0, 0.5, 1))
plots.show(
    fig, "Probability of a name that is not in the prompt: nearly 1 with the first name's note at and, or the second's at the comma.",
    "The mean probability of a name that is nowhere in the prompt, when only a note of it was put in (128 prompts). Left: "
    "the answer is the first name, and the note of the first name is exchanged. Right: the same for the second.",
)  # fmt: skip

# %% [markdown]
# Put Alice's note at *and*, and the model says *Alice*, although no Alice is in the prompt. It reads the note and not the name: a stranger put in at Mary's own position, after layer 0, changes nothing.
#
# Why is the second name noted at the comma, and not at *went*? Whether a word takes a note is decided by the word itself, since its query says what to look for. Write *went* in the comma's place, and the attention to both names is gone. Write *and* in the place of *went*, and it appears there. In all six sentences of this lesson the first name is noted at *and*, and the second at the comma or full stop that ends the clause, never at the verb. A likely reason is that the verbs differ from sentence to sentence while these marks are always there; we have not tested that.

# %% claims
def to_names(some, at, names=(4, 2)):
    """Mean attention of layer 0's heads from one position to the second and the first name: (head, name)."""
    _, cache = model.run_with_cache(some)
    return cache["pattern", 0][:, :, at][..., list(names)].mean(0)

went = first.tokens[0, 5]
moved, placed = first.tokens.clone(), first.tokens.clone()
moved[:, 9], placed[:, 5] = went, first.tokens[:, 3]
noted = []  # of each sentence: attention to the first name from "and", to the second at the verb, and at the mark
for text in ioi.TEMPLATES:
    some = prompts(64, 5, templates=[text], orders=["ABBA"])
    a, b = int(some.positions["IO"][0]), int(some.positions["S1"][0])
    mark = next(i for i in range(b, some.tokens.shape[1]) if model.tokenizer.decode([int(some.tokens[0, i])]).strip() in (",", "."))
    noted.append([float(to_names(some.tokens, at, (name,)).mean()) for at, name in ((a + 1, a), (b + 1, b), (mark, b))])
stranger = ioi.corrupt(first, "third", torch.Generator().manual_seed(1)).names[:, 2]
renamed = first.tokens.clone()
renamed[:, 2] = stranger
_, other = model.run_with_cache(renamed)

def at_the_name(stream, hook):
    """Mary's own position, after layer 0, from the run with the stranger."""
    stream[:, 2] = other["resid_pre", 1][:, 2]
    return stream

with model.hooks(fwd_hooks=[("blocks.1.hook_resid_pre", at_the_name)]):
    by_name = float(model(first.tokens)[:, -1].softmax(-1).gather(1, stranger[:, None]).mean())
with claims():
    claim("the stranger at Mary's own position, after layer 0, gets a probability below 0.01", by_name < 0.01)
    claim("from “and” each of the four heads gives more than eight tenths of its attention to the first name", to_names(first.tokens, 3, (2,)).min() > 0.8)
    claim("from the comma they give most of it to the names, and on average more to the second than to the first",
          pattern[9, 4] + pattern[9, 2] > 0.5 and pattern[9, 4] > 1.4 * pattern[9, 2])
    claim("from “went” each gives less than 0.06 to either name", to_names(first.tokens, 5).max() < 0.06)
    claim("a note at “and” makes the stranger's probability larger than 0.9, a note at “went” does nothing",
          strangers["first name,\nnote at “and”"] > 0.9 and max(v for k, v in strangers.items() if "went" in k) < 0.01)
    claim("so does the second name's note at the comma", strangers["second name,\nat the comma"] > 0.9)
    claim("with “went” in the comma's place no head gives a name more than 0.03", to_names(moved, 9).max() < 0.03)
    claim("with “and” in the place of “went” every head gives the two names more than 0.8 together", to_names(placed, 5).sum(1).min() > 0.8)
    claim("in all six sentences the first name gets more than 0.8 from “and”, the second less than 0.05 from the verb and more than 0.35 from the mark",
          all(x > 0.8 and y < 0.05 and z > 0.35 for x, y, z in noted))  # fmt: skip

# %% [markdown]
# **Who reads what.** Now the boxes with question marks have names. From END, 0.2 and 0.3 look at the giver's name at S2. At the word after S2 there is a note too, since 0.3 also looks at S2 from there, and 1.1 reads it. The movers read the note of the first name, when the second name gives. And 2.1 reads the comma, where both names are noted; 2.2 and 2.3 do so too, if less.

# %% figure
at = {"0.2": "S2", "0.3": "S2", "1.1": "after S2", "1.0": "after IO", "1.2": "after IO", "1.3": "after IO", "2.1": "before S2"}
looks = {head: ioi.looks(model, first, patching.head(head)) for head in at}
seen = {head: looks[head][place] for head, place in at.items()}
ioi.reading(seen | {"movers": (seen["1.0"] + seen["1.2"] + seen["1.3"]) / 3}).captioned(
    "The heads that were found, in the column of the word from which they look. Blue: the mean attention to the place from "
    "which the line comes (128 prompts that name IO first). Orange: a name, and its note at a later word."
)

# %% [markdown]
# The last question about a head is what it does with what it reads. Wang et al. let a head read one name, and ask where that name ranks among all names in what the head adds to the logits. The share of names that end up among its five most raised is the **copy score**. Since our movers read notes, we let them read the note. By chance the score is 5 of 80, or 0.06.

# %%
heads = [(1, 0), (1, 2), (1, 3), (2, 1), (1, 1)]
alone = ioi.copying(model, clean.layout.names)
from_and = ioi.copying_notes(model, first, heads, "IO", "after IO")
from_comma = ioi.copying_notes(model, first, heads, "S", "before S2")
scores = {}
for name in from_and:
    raised = {"note at “and”": from_and[name][0], "note at the comma": from_comma[name][0],
              "the name alone": alone[name]["raises it"]}
    lowered = {"lowers: note at “and”": from_and[name][1]}
    scores[name] = raised | lowered
table(scores, decimals=2, mark=lambda x: x > 0.9)

# %% caption
caption("Copy scores of four heads that raise what they read, and of 1.1, which lowers it: the share of the 80 names among a head's five most raised (or, in the last column, most lowered).")

# %% [markdown]
# From a note the movers and 2.1 copy every name. From a name alone they copy clearly fewer. Head 1.1 does the opposite and lowers what it reads, and so does 0.3. Head 0.2 is different: it reads the giver, and what it writes is for most names neither the name nor its opposite. Perhaps it is not the logits that read it.

# %% claims
with claims():
    claim("0.2 gives about eight tenths of its attention to S2, 1.1 more than nine tenths to the word after it, and 2.1 more than 0.95 to the comma",
          about(seen["0.2"], 0.8) and seen["1.1"] > 0.9 and seen["2.1"] > 0.95)
    claim("2.2 and 2.3 give more to the comma than to any other place that has a name here", all(max(to := ioi.looks(model, first, head), key=to.get) == "before S2" for head in ((2, 2), (2, 3))))
    claim("1.0, 1.2 and 1.3 give at least three quarters to the word after IO, and to IO itself less than 0.02",
          all(looks[h]["after IO"] > 0.75 and looks[h]["IO"] < 0.02 for h in ("1.0", "1.2", "1.3")))
    claim("0.3 looks at S2 from the word after it as well, more than at any other place that has a name here",
          max((look := ioi.looks(model, first, (0, 3), "after S2")), key=look.get) == "S2")
    claim("from a note the movers and 2.1 raise more than 0.95 of the names, from the name alone the movers raise between 0.3 and 0.6",
          all(min(from_and[h][0], from_comma[h][0]) > 0.95 for h in ("1.0", "1.2", "1.3", "2.1")) and all(between(alone[h]["raises it"], 0.3, 0.6) for h in ("1.0", "1.2", "1.3")))
    claim("1.1 lowers more than 0.95 of the names that it reads at “and”, and 0.3 more than nine in ten of the names themselves",
          from_and["1.1"][1] > 0.95 and alone["0.3"]["lowers it"] > 0.9)
    claim("0.2 does either for fewer than a quarter of the names", max(alone["0.2"].values()) < 0.25)  # fmt: skip

# %% [markdown]
# ## 5 · The answer depends on the question
#
# “How important is this head?” has no answer until three things are fixed: which run is changed, what replaces the head's output, and what is measured. The drawing shows four ways to ask. In noising, the clean run gets one head's output from another prompt: what is lost without it? In denoising, the other prompt's run gets one head's clean output: what can it bring back alone? With flip the road is twice as long as with ABC.

# %% figure
ioi.asks_drawn().captioned(
    "Where each experiment starts (dot), and where it would end if the exchanged part were all that matters (tip). In units "
    "of the clean logit difference."
)

# %%
asks = {"noising, flip": noise, "noising, ABC": ioi.asked(model, clean, "ABC", direction="noising"),
        "denoising, flip": denoise, "denoising, ABC": ioi.asked(model, clean, "ABC"),
        "mean": ioi.asked(model, clean, "ABC", ablation="mean"),
        "zero": ioi.asked(model, clean, ablation="zero")}
asked = {name: {} for name in ("0.0", "0.2", "0.3", "1.0", "1.1", "1.2", "1.3", "2.1")}
for how, ask in asks.items():
    found = ask.sweep("z")
    for name in asked:
        effect = found.effect()[patching.head(name)] / found.clean.mean()
        asked[name][how] = float(effect)
table(asked, signed=True, decimals=2, mark=lambda x: abs(x) >= 0.1)

# %% caption
caption("Change of the logit difference as a share of its clean mean, asked in the four ways of the drawing, and with the head's output set to its mean over ABC prompts or to zero. Marked: a tenth and more.")

# %% [markdown]
# Three differences are worth a reason.
#
# - **A longer road.** The movers lose three times as much or more with flip as with ABC. With flip their output is exchanged for one that favours S, with ABC for one that favours neither.
# - **Necessary is not sufficient.** With ABC, a mover brings back about a tenth alone, and less than half of that is lost without it. Something makes up for a mover that is gone. The second notebook measures what.
# - **Zero is no prompt.** Head 0.0 matters with zeros only. Its output is nearly the same on all prompts, and later parts count on it; its mean serves them equally well.
#
# And 2.1 seems to be in the way: without it the difference grows.

# %% claims
with claims():
    claim("noised with ABC, 1.0, 1.2 and 1.3 cost less than a tenth each, and with flip at least three times as much",
          all(abs(asked[h]["noising, ABC"]) < 0.1 and asked[h]["noising, flip"] < 3 * asked[h]["noising, ABC"] < 0 for h in ("1.0", "1.2", "1.3")))
    claim("denoised with ABC, they bring back about a tenth each, more than twice what noising with ABC takes",
          all(between(asked[h]["denoising, ABC"], 0.08, 0.15) and asked[h]["denoising, ABC"] > 2 * -asked[h]["noising, ABC"] for h in ("1.0", "1.2", "1.3")))
    claim("0.0 matters with zeros only: more than a quarter there, and less than 0.05 in the other five",
          asked["0.0"]["zero"] < -0.25 and max(abs(x) for how, x in asked["0.0"].items() if how != "zero") < 0.05)
    claim("without 2.1 the difference grows: by more than 0.05 with ABC, the mean or zeros, and by less than 0.02 with flip",
          min(asked["2.1"][how] for how in ("noising, ABC", "mean", "zero")) > 0.05 and abs(asked["2.1"]["noising, flip"]) < 0.02)  # fmt: skip

# %% [markdown]
# ## 6 · Who tells whom
#
# A head's effect can be direct, to the logits, or pass through other parts. Path patching separates these: one head's output, as on the flipped prompt, reaches one receiver, and every other head keeps what it wrote. The MLPs on the way can be kept too, or they can read the changed output and pass on what they make of it. Both are asked here, for messages to the logits.

# %%
ways = {"direct": noise.path_patch(mlps="frozen").effect() / scale,
        "direct and through MLPs": noise.path_patch(mlps="recomputed").effect() / scale,
        "all paths": share}

# %% figure
shown = ("0.2", "0.3", "1.0", "1.1", "1.2", "1.3")
paths = {way: {h: float(found[patching.head(h)]) for h in shown} for way, found in ways.items()}
fig, ax = plots.figure(height=2.5)
for i, ((way, found), colour) in enumerate(zip(paths.items(), (plots.HEAD, plots.MLP, plots.GREY), strict=True)):
    ax.bar([k + 0.27 * i - 0.27 for k in range(6)], found.values(), 0.25, color=colour, label=way)
ax.axhline(0, color=plots.INK, linewidth=0.8)
ax.set(xticks=range(6), xticklabels=shown, xlabel="head", ylabel="change (share of\nthe clean difference)")
ax.legend(loc="lower right")
plots.show(
    fig, "Three bars for each of six heads: 0.2 has no direct effect, more than half through MLPs, and more than all over all paths.",
    "Change of the logit difference when one head's output reaches the logits as on the flipped prompt. Blue: MLPs keep "
    "their outputs. Pink: MLPs read it too. Grey: all paths, as in section 3.",
)  # fmt: skip

# %% [markdown]
# What 0.2 writes means nothing to the unembedding, and that is why direct attribution overlooked it. MLPs read it. Whose name do they move? Let 0.2 say, on this path alone, that a third person gives: the logit of S rises by almost three, and that of IO changes by less than one. The MLPs had lowered the giver.
#
# This is only part of what 0.2 does. The rest must pass through other heads. All four heads of layer 0 are asked: which input of the movers does each of them reach?

# %% prediction
predict("ioi.input")

# %% answer
heard = {}
for reads, name in (("q", "queries"), ("k", "keys"), ("v", "values")):
    receivers = [f"{head}.{reads}" for head in ("1.0", "1.2", "1.3")]
    told = noise.path_patch(["0.2", "0.0", "0.1", "0.3"], receivers, mlps="recomputed")
    low, high = told.interval("effect")
    for i, sender in enumerate(told.axis("sender").labels):
        entry = (told.effect()[i], low[i], high[i])
        heard.setdefault(sender, {})[name] = tuple(float(x / scale) for x in entry)
table(heard, corner="from", signed=True, decimals=2, mark=lambda x: abs(x) >= 0.1)

# %% caption answer
caption("Change of the logit difference when one input of the movers 1.0, 1.2 and 1.3 together receives the output of one head of layer 0 as on the flipped prompt.")

# %% figure answer
rng = torch.Generator().manual_seed(1)
givers = {"the second gives": first, "the first gives": ioi.corrupt(first, "flip", rng), "a third gives": ioi.corrupt(first, "third", rng)}
movers = {who: {h: ioi.looks(model, one, patching.head(h)) for h in ("1.0", "1.2", "1.3")} for who, one in givers.items()}
fig, axes = plots.figure(1, 3, height=2.5, sharey=True)
for ax, (who, found) in zip(axes, movers.items(), strict=True):
    for i, (place, label) in enumerate((("after IO", "note of the first name"), ("before S2", "note of the second name"))):
        ax.bar([k + 0.36 * i - 0.18 for k in range(3)], [found[h][place] for h in found], 0.34, color=plots.SERIES[i], label=label)
    ax.set(xticks=range(3), xticklabels=list(found), xlabel="head", title=who, ylim=(0, 1.02), yticks=(0, 0.5, 1))
axes[0].set(ylabel="attention from END")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
plots.show(
    fig, "The movers read the note of the first name when the second gives, that of the second when the first gives, and "
    "both when a third gives.",
    "Mean attention of the three movers to the notes of the two names, by who gives (128 prompts).",
)  # fmt: skip
measured("ioi.input", "their " + max(heard["0.2"], key=lambda name: abs(heard["0.2"][name][0])))

# %% [markdown]
# A query says what to look for. What 0.2 puts into the movers' queries says whom not to look for, and their attention turns away from the note of the giver. In GPT-2 small the heads that do this are called S-inhibition heads.
#
# Every arrow can be measured in this way. The black arrows below were patched from the flipped prompts. The orange ones, the notes of the two names, were patched from prompts with other names (ABC), since what they hold does not depend on the giver.

# %% figure answer
token, avoid = ioi.Part("giver", ("embed",), "S2"), ioi.Part("0.2", ("0.2",), "END")
lower, leave = (ioi.Part("0.3", ("0.3",), at) for at in ("END", "after S2"))
read, move = ioi.Part("1.1", ("1.1",), "END"), ioi.Part("1.0, 1.2, 1.3", ("1.0", "1.2", "1.3"), "END")
notes = [ioi.Part(f"note of {name}", ("0.0", "0.1", "0.2", "0.3"), at) for name, at in (("IO", "after IO"), ("S", "before S2"))]
flips = [(token, avoid, "v"), (token, lower, "v"), (avoid, move, "q"), (leave, read, "v")]
flips += [(part, ioi.LOGITS, "") for part in (avoid, lower, read, move)]
others = ioi.asked(model, first, "ABC", direction="noising")
named = [(note, move, reads) for note in notes for reads in "vk"]
circuit = ioi.measured_diagram({"giver": (noise, flips), "all names": (others, named)})
ioi.circuit_drawn(circuit).captioned(
    "The circuit as it was measured; the orange numbers are over prompts that name IO first, the others over both orders. At each arrow: the change of the logit difference, as a "
    "share of its clean mean, when this message is another prompt's, and the input that reads it (Q, K or V). The arrow from "
    "0.2 to the logits passes through MLPs. Two more arrows were measured and are below a tenth: the note of IO to the "
    "movers' keys, the note of S to their values. Not drawn: 2.1 to 2.3, which raise both names alike."
)

# %% [markdown]
# Read it from the bottom.
#
# 1. Heads of layer 0 leave notes of the two names, at *and* and at the comma.
# 2. 0.2 reads the giver's name. It passes it on to the queries of the movers, and to MLPs, which lower that name.
# 3. The movers turn away from the note that matches (by its keys) and copy the other one (by its values).
# 4. 0.3 lowers the giver too, directly and by way of 1.1.
#
# The shares need not add up to one: the softmax and the final norm bend what arrives together. Hold the drawing against the two accounts of the puzzle. Which of them does it favour? Section 8 puts that to the test.

# %% claims answer
spread = {who: [f[at] for f in found.values() for at in ("after IO", "before S2")] for who, found in movers.items()}
high = {arrow.name: arrow.effect[2] for arrow in circuit.arrows["giver"]}
third = [ioi.asked(model, clean, "third", direction="noising", metric=ioi.above_names(clean, who)) for who in (clean.wrong, clean.answer)]
rises = [float(ask.path_patch([["0.2"]], "logits", mlps="recomputed").effect()[0]) for ask in third]
with claims():
    claim("directly, 0.2 changes the difference by less than 0.03, through MLPs by almost six tenths, over all paths by more than twice that",
          abs(paths["direct"]["0.2"]) < 0.03 and about(paths["direct and through MLPs"]["0.2"], -0.58) and paths["all paths"]["0.2"] < 2 * paths["direct and through MLPs"]["0.2"])
    claim("when 0.2 says through MLPs that a third gives, S rises by 2.5 to 3 logits and IO changes by less than one", 2.5 < rises[0] < 3 and abs(rises[1]) < 1)
    claim("0.2 tells the movers' queries more than half of the difference", heard["0.2"]["queries"][2] < -0.5)
    claim("none of the other eleven messages changes it by more than 0.1",
          max(abs(entry[0]) for sender, row in heard.items() for name, entry in row.items() if (sender, name) != ("0.2", "queries")) < 0.1)
    claim("when the second gives, all three movers read the note of the first at least four times as much as that of the second, and when the first gives that of the second ten times as much",
          all(f["after IO"] > 4 * f["before S2"] for f in movers["the second gives"].values()) and all(f["before S2"] > 10 * f["after IO"] for f in movers["the first gives"].values()))
    claim("when a third gives, each note gets between 0.35 and 0.65", min(spread["a third gives"]) > 0.35 and max(spread["a third gives"]) < 0.65)
    claim("every black arrow lowers the difference by more than a tenth, by its interval, and the one from the token to 0.2 most",
          max(high.values()) < -0.1 and circuit.effect("giver → 0.2, values") < -1.3 and min(high, key=high.get) == "giver → 0.2, values")
    claim("the note of IO matters by the movers' values (more than half), the note of S by their keys (more than three tenths)",
          circuit.effect("note of IO → 1.0, 1.2, 1.3, values") < -0.5 and circuit.effect("note of S → 1.0, 1.2, 1.3, keys") < -0.3)
    claim("the other two note arrows are below a tenth", max(abs(circuit.effect("note of IO → 1.0, 1.2, 1.3, keys")), abs(circuit.effect("note of S → 1.0, 1.2, 1.3, values"))) < 0.1)  # fmt: skip

# %% [markdown]
# ## 7 · How far to trust it
#
# The drawing says that these parts do it and the others do not. The test is to keep the drawn parts and take away everything else. All other heads are set to their means over the ABC prompts, which hold no information about who gives; the MLPs stay. Write $F(C)$ for the mean logit difference when only $C$ is left, $F(M)$ for the whole model and $F(\varnothing)$ for no head. The **faithfulness** of $C$ is
#
# $$\frac{F(C) - F(\varnothing)}{F(M) - F(\varnothing)}.$$

# %%
mlps = Circuit.mlps(model)
six_heads = Circuit.nodes("0.2", "0.3", "1.0", "1.1", "1.2", "1.3")
both = Circuit.nodes("2.1", "2.2", "2.3")
proposals = {"0.2 alone": Circuit.nodes("0.2"),
             "0.2 and movers": Circuit.nodes("0.2", "1.0", "1.2", "1.3"),
             "the six": six_heads, "the six and 2.1–2.3": six_heads | both,
             "2.1–2.3 alone": both}
kept = {name: asks["mean"].faithfulness(heads | mlps) for name, heads in proposals.items()}
round(kept["the six"].recovered, 2)

# %% [markdown]
# The six heads of the drawing keep more than the whole model has: about one and a quarter times the logit difference. By this measure nothing is missing. A share above 1 only means that parts were left out which had held the difference back.
#
# But does the model with these six heads *do the task*? Ask for the probability of IO, which is nearly 1 in the whole model.

# %% prediction
predict("ioi.six")

# %% answer
p_io = ioi.asked(model, clean, "ABC", ablation="mean", metric=ioi.probability_of(clean))
probability = {name: float(p_io.run(heads | mlps).mean()) for name, heads in proposals.items()}
measured("ioi.six", probability["the six"])

# %% figure answer
fig, ax = plots.figure(height=3.0, width=5.6)
whole_p = float(p_io.run(Circuit.whole(model)).mean())
ax.plot([1], [whole_p], "D", color=plots.ANSWER, markersize=8)
ax.annotate("whole model", (1, whole_p), xytext=(-9, -3), textcoords="offset points", ha="right", fontsize=9)
for name, one in kept.items():
    low, high_end = one.interval()
    ax.plot([low, high_end], [probability[name]] * 2, color=plots.HEAD, linewidth=1)
    ax.plot(one.recovered, probability[name], "o", color=plots.HEAD)
    ax.annotate(name, (high_end, probability[name]), xytext=(5, -3), textcoords="offset points", fontsize=9)
ax.set(xlabel="faithfulness (logit difference)", ylabel="P(IO)", xlim=(-0.1, 1.75), ylim=(-0.05, 1.12))
plots.show(
    fig, "Faithfulness against the probability of IO: the six at 1.25 and 0.24, with 2.1 to 2.3 at 1.13 and 0.98.",
    "What is left when only the named heads and the MLPs are kept: by the logit difference (across) and by the probability "
    "of IO (upwards). 128 prompts.",
)  # fmt: skip

# %% [markdown]
# The two measures answer different questions. The logit difference asks *which of the two names*. It does not ask whether *a name of this prompt* comes at all, and the probability does. That second part of the behaviour is the business of 2.1, 2.2 and 2.3, which copy both names from their notes at the comma. An analysis by the logit difference alone would have counted these heads as useless. Choose the measure by the behaviour that you mean to explain, and look at a second one.
#
# An average over prompts and one draw of prompts can mislead too. Exchanging 0.2 lowers the difference in every single prompt. On three other draws of 96 prompts the main numbers change by less than 0.15. The second notebook shows the single prompts, and asks at which positions the heads are needed.

# %% claims answer
alone_02 = by_head.effect(per_prompt=True)[0, 2]
again = []
for seed in range(3):
    drawn = prompts(96, 10 + seed)
    ask = ioi.asked(model, drawn, "flip", seed, direction="noising")
    left = ioi.asked(model, drawn, "ABC", seed, ablation="mean").faithfulness(six_heads | mlps).recovered
    swept = ask.sweep("z")
    z = swept.effect() / swept.clean.mean()
    again.append([float(z[0, 2]), float(z[0, 3]), ioi.measured_arrow(ask, avoid, move, "q").effect[0], left])
ranges = torch.tensor(again).amax(0) - torch.tensor(again).amin(0)
with claims():
    claim("the six keep about one and a quarter times the logit difference", about(kept["the six"].recovered, 1.25))
    claim("with the six the probability of IO is below one third", probability["the six"] < 1 / 3)
    claim("2.1, 2.2 and 2.3 bring it above nine tenths, and the logit difference nearer to that of the whole model",
          probability["the six and 2.1–2.3"] > 0.9 and kept["the six and 2.1–2.3"].interval()[1] < kept["the six"].interval()[0])
    claim("alone, these three keep less than a twentieth of the logit difference", abs(kept["2.1–2.3 alone"].recovered) < 0.05)
    claim("exchanging 0.2 lowers the difference in every prompt", alone_02.max() < 0)
    claim("over three draws the effects of 0.2 and 0.3, of 0.2 on the movers' queries, and the faithfulness of the six differ by less than 0.15", ranges.max() < 0.15)  # fmt: skip

# %% [markdown]
# ## 8 · A prediction that could fail
#
# An explanation earns trust by saying something that one would not have guessed. The two accounts of the puzzle were these:
#
# - *the repeated name is avoided*, as in GPT-2 small;
# - *the last name is avoided*, whether it occurred before or not.
#
# Build sentences in which they part. In *… John gave a book from Mary to*, both names occur twice, and the last one is Mary. English has no right answer to that, and whatever the model says is no mistake. But the two accounts expect different things.

# %% prediction
predict("ioi.twice")

# %% answer
found = ioi.outside(model, (0, 2))  # ten texts, 128 prompts each
gap = {name: float(one.logit_diff.mean()) for name, one in found.items()}
slope = gap["as in the template"] / found["as in the template"].leaning
line = {name: slope * one.leaning for name, one in found.items()}
expects = {**dict.fromkeys(found, ("Mary", "Mary")), "IO twice, before the giver": ("–", "Mary"),
           "IO twice, after the giver": ("–", "John"), "a third after the giver": ("Mary", "–"),
           "S had lunch, a third gives": ("Mary", "–"),
           "a third gives": ("–", "–"), "S2 removed": ("–", "–")}
measured("ioi.twice", "John" if gap["IO twice, after the giver"] < -1 else
         "Mary" if gap["IO twice, after the giver"] > 1 else "neither: about even")

# %% figure answer
rows = [(ioi.read_words(model, ioi.TEXTS[name], (0, 2)), dict(zip(("repeated", "last"), expects[name], strict=True)), line[name], gap[name])
        for name in sorted(gap, key=gap.get, reverse=True)]
ioi.texts_drawn(rows, 16, "Ten texts with the attention of 0.2 on their words, the line's logit difference and the measured one.").captioned(
    "Ten texts, from most for Mary to most for John. Blue ground: the attention of 0.2 from the last word. Beside each text: "
    "which name either account expects (– : neither). Right: the logit difference Mary − John, as the line expects it (grey "
    "bar) and as it is measured (dot), averaged over both orders of the first two names.")  # fmt: skip

# %% [markdown]
# Look at the last row first: Mary occurs twice, and so does John, and the model prefers John. The account of the repeated name expected nothing, the account of the last name expected this.
#
# But on two texts in the middle of the list the model is somewhere between the accounts. The drawing of section 6 says why it need not be all or nothing: what counts is how 0.2 *shares out* its attention. If that is right, the logit difference of any text should follow from it. Take the attention of 0.2 to John minus that to Mary, and scale it so that the text of the template comes out right. This is the **line**: the grey bars. Nothing in it was fitted to the other texts.
#
# Three of the nine other texts are near the template and two near zero, so that they test little. Four are a test. The line has the sign of all four right. It is off by less than two logits on three of them and by more than four on *Mary had lunch and John gave*, where something speaks for Mary that is not in the drawing.

# %% [markdown]
# **Where the account fails.** All ten texts have an opening clause with both names, and then a giver. The training text holds another kind of sentence too, with a single clause: *John went to the store with Mary and gave a book to*. Here 0.2 looks at Mary, the last name, with nearly nine tenths of its attention. The line expects *John*, by more than seven logits.

# %% prediction
predict("ioi.single")

# %% answer
single = {"went with": "{S} went to the {place} with {IO} and gave a {object} to",
          "had lunch with": "In the morning {S} had lunch with {IO} and gave a {object} to"}
other_kind = ioi.outside(model, (0, 2), single, n=128)
single_gap = {name: float(one.logit_diff.mean()) for name, one in other_kind.items()}
single_line = {name: slope * one.leaning for name, one in other_kind.items()}
one = single_gap["went with"]
measured("ioi.single", "Mary, against the line" if one > 1 else
         "John, as the line expects" if one < -1 else "neither: about even")

# %% figure answer
rows = [(ioi.read_words(model, text, (0, 2)), {"repeated": "–", "last": "John"}, single_line[name], single_gap[name]) for name, text in single.items()]
ioi.texts_drawn(rows, 16, "Two sentences of a single clause: the line expects John, the model says Mary.").captioned(
    "Two sentences of a single clause, drawn as above.")  # fmt: skip

# %% [markdown]
# The model is right, and our account is wrong by some twenty logits. For sentences of a single clause the model must use something else, which overrules what 0.2 does here; what it is we have not found. The circuit of section 6 explains the sentences it was found on and others of their form, and no more. We would not have known without looking for a text on which our own account should fail.

# %% claims answer
tests = ("IO twice, after the giver", "a third after the giver", "S had lunch, a third gives", "IO twice, before the giver")
off = {name: abs(gap[name] - line[name]) for name in found}
near = [name for name in found if name not in tests and gap[name] > 1 and name != "as in the template"]
with claims():
    claim("with IO named after the giver the model prefers S, by more than seven logits", gap["IO twice, after the giver"] < -7)
    claim("with IO named twice but before the giver it prefers IO, by more than eight", gap["IO twice, before the giver"] > 8)
    claim("on the two texts where only the account of the repeated name expects IO, between 1 logit and a third of the template's difference is found",
          all(between(gap[name], 1, gap["as in the template"] / 3) for name in ("a third after the giver", "S had lunch, a third gives")))
    claim("on the two texts where neither account expects a name, the difference is within half a logit of none", max(abs(gap["a third gives"]), abs(gap["S2 removed"])) < 0.5)
    claim("the line has the right sign on all four texts that test it", all(gap[name] * line[name] > 0 for name in tests))
    claim("three of them are within two logits of it, and the fourth more than four above it",
          all(off[name] < 2 for name in tests[:3]) and gap[tests[3]] - line[tests[3]] > 4)
    claim("three texts are within two logits of the template, and two within half a logit of zero", len(near) == 3 and all(abs(gap[name] - gap["as in the template"]) < 2 for name in near))
    claim("in a single clause 0.2 looks at IO more than at S, by more than a half, and the line expects S by more than seven logits",
          all(one.leaning < -0.5 and slope * one.leaning < -7 for one in other_kind.values()))
    claim("after “went with” IO gets about nine tenths of it", about(other_kind["went with"].to_io.mean(), 0.9))
    claim("the model prefers IO by more than eight logits there, in both", min(single_gap.values()) > 8)  # fmt: skip

# %% [markdown]
# ## 9 · The same methods where the truth is known
#
# The methods could themselves be wrong, and models with a *known* circuit are a test for them. Four `ioi-planted` models were trained so that exactly three of their 96 nodes do the work, where a **node** is a head at one position. Every method ranks the nodes by the size of its effect: the **ROC curve** goes down this list and plots the share of true nodes found against the share of others taken with them, and the area under it, the **AUC**, is the probability that a true node ranks above another, 1 for a perfect ranking and 0.5 for chance.

# %% figure
curves = {"exchange (noising, flip)": [], "estimate by one gradient": [], "null: size of the head's weights": []}
for name in ioi.planted_models():
    planted, nodes = zoo.load(name, "cpu").requires_grad_(False), ioi.planted_circuit(name)
    ask = ioi.asked(planted, ioi.make_ioi_batch(planted.tokenizer, 32, torch.Generator().manual_seed(0)), "flip", direction="noising")
    swept = ask.sweep("z", by=ioi.BY)
    found = ioi.ranking(nodes, swept), ioi.ranking(nodes, ask.attribute("z", by=ioi.BY)), ioi.weight_size(planted, nodes, swept)
    for method, one in zip(curves.values(), found, strict=True):
        method.append(one)
fig, ax = plots.figure(height=2.8, width=6.4)
for (label, ranked), colour, style in zip(curves.items(), (plots.SERIES[0], plots.SERIES[5], plots.NULL), ("-", "-", "--"), strict=True):
    score, truth = torch.cat([one.score / one.score.max() for one in ranked]), torch.cat([one.truth for one in ranked])
    area = sum(one.auc for one in ranked) / len(ranked)
    ax.plot(*ioi.roc(score, truth), color=colour, linewidth=2, linestyle=style, label=f"{label}\nmean AUC {area:.2f}")
ax.set(xlabel="share of other nodes taken", ylabel="share of true nodes found", xlim=(-0.02, 1), ylim=(0, 1.03))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "ROC curves: the exact exchange is perfect, the gradient estimate below it, the weights near chance.",
    "ROC curves over four planted models together, each method's effects scaled to a largest one of 1. The slanted pieces of "
    "the null are ties: one head's weights are the same at all positions.",
)  # fmt: skip

# %% [markdown]
# The exchange that we used finds all three true nodes in all four models, and an estimate by one gradient, a popular short cut, does not. These circuits are sharper than what training alone makes, and passing an easy test is a weaker recommendation than failing it is a warning. The second notebook compares all methods, and shows why the gradient fails.

# %% claims
exchange, gradient, size = curves.values()
with claims():
    claim("noising with flip ranks the three true nodes first in all four models", all(one.found == 3 for one in exchange) and len(exchange) == 4)
    claim("the gradient alone misses a true node in at least three models of four", sum(one.found < 3 for one in gradient) >= 3)
    claim("the size of the weights has a mean AUC between 0.35 and 0.75, and never all three on top",
          between(sum(one.auc for one in size) / 4, 0.35, 0.75) and all(one.found < 3 for one in size))  # fmt: skip

# %% [markdown]
# ## 10 · Beside GPT-2, and what this does not show
#
# Below is the circuit that Wang et al. found in GPT-2 small, on the same words. Compare it with the drawing of section 6.

# %% figure
ioi.gpt2_drawn().captioned(
    "GPT-2 small's circuit after Wang et al. 2022, with its twelve layers in four rows. Letters: the input that reads "
    "(Q, K or V). Eight backup name movers, which begin to copy when the name movers are removed, are not drawn."
)

# %% [markdown]
# The right side has its counterpart here: name movers, and heads that tell their queries whom to avoid. The left side does not. GPT-2 small has duplicate-token heads and induction heads, which notice at S2 that a name has occurred before. Here 0.2 reads the name off its token. And GPT-2's movers read the name itself, while ours read notes.
#
# The same measurement of the behaviour, on GPT-2 small as published, and on the lesson's model:

# %%
published = {"logit difference": "3.56", "IO above S": "0.993", "P(IO)": "0.49"}

def measure(one):
    """The behaviour on 64 prompts of the first sentence."""
    some = ioi.make_ioi_batch(one.tokenizer, 64, torch.Generator().manual_seed(0))
    entries = ioi.behaviour(one, some).entries()
    return {name: entries[name] for name in published}

beside_gpt2(measure, {"ioi-natural": model}, published, source="Wang et al. 2022")

# %% caption
caption("The behaviour in GPT-2 small and here. The published numbers are over more than 100 000 prompts of 15 sentences.")

# %% claims
ours = measure(model)
with claims():
    claim("the small model's logit difference is at least three times GPT-2's published one", ours["logit difference"][0] > 3 * 3.56)

# %% [markdown]
# The small model does the task more decidedly, and in sentences of this form in a simpler way. Its training text is simpler too: in it, whoever receives is never named between the giver and *to*, and avoiding the last name costs nothing there. Whether that is why it never came to detect a repetition, we have not tested.
#
# - **One model.** `ioi-natural-b` and `ioi-natural-c` are the same recipe with other random starts. They do the task equally well with other heads in other roles, which the second notebook draws.
# - **One form of sentence.** Sentences of a single clause work in another way (section 8).
# - **Heads only.** The MLPs were kept throughout. They do part of the work (section 6), and what they compute was not opened.
# - **A measure chooses.** With the logit difference alone, three heads that the task needs would have been overlooked.
#
# **The puzzle, answered.** In sentences with an opening clause the model avoids names in proportion to the attention of 0.2. That is usually the last name, whether it occurred before or not. One sentence, with Mary after the giver, decided between the accounts; the circuit told us which sentence to try.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "The giver's name is carried from S2 to END by layer 0", "evidence": "the residual stream, patched by position and layer",
     "control": "other positions recover nothing", "where it fails": "an eighth goes by way of the next position"},
    {"claim": "Names are read from notes at “and” and at the comma", "evidence": "a stranger's note makes the model say the stranger",
     "control": "the same at “went”: nothing", "where it fails": "why these words and no others is a guess"},
    {"claim": "0.2 tells the movers' queries and the MLPs whom to avoid", "evidence": "path patching",
     "control": "eleven other messages to the movers", "where it fails": "which MLP does what was not opened"},
    {"claim": "Six heads decide which of the two names", "evidence": "faithfulness above one", "control": "0.2 alone, 0.2 and the movers, 2.1 to 2.3",
     "where it fails": "they do not make the model say a name of the prompt"},
    {"claim": "After an opening clause names are avoided as 0.2 attends to them, not because they are repeated", "evidence": "a predicted failure; four texts that test the line",
     "control": "IO named twice before the giver", "where it fails": "four logits off on that control; sentences of a single clause, altogether"},
    {"claim": "Exchanging with flip finds a planted circuit", "evidence": "four models with known truth", "control": "the size of the weights",
     "where it fails": "gradients at one point; planted circuits are easy"},
    formulas={"logit difference": r"\mathrm{logit}(\mathrm{IO}) - \mathrm{logit}(\mathrm{S})",
              "faithfulness": r"\frac{F(C) - F(\varnothing)}{F(M) - F(\varnothing)}"},
    links=[
        ("Wang et al. 2022, Interpretability in the Wild", "https://arxiv.org/abs/2211.00593", "The circuit in GPT-2 small, with every experiment."),
        ("Heimersheim and Nanda 2024, How to use and interpret activation patching", "https://arxiv.org/abs/2404.15255", "What each way of patching asks."),
        ("Zhang and Nanda 2023, Towards best practices of activation patching", "https://arxiv.org/abs/2309.16042", "How corruption and metric change the result."),
    ],
)  # fmt: skip

# %% [markdown]
# Now the exercises: `course start 04`, then `my/04_ioi.ipynb`. They end with a sealed model that was made for you alone.

# %% [markdown] words
# ## Words
#
# - Indirect object identification: saying who receives, after a sentence that names a giver.
# - IO: the name that should come next, of the one who receives.
# - S: the other name, of the one who gives.
# - S1: the place of S in the first clause.
# - S2: the place of S in the second clause, before the verb.
# - giver: whoever is named at S2.
# - END: the last token, where the answer is due.
# - flip: the partner prompt in which S2 has become IO.
# - third: the partner prompt in which S2 has become a name that has not occurred.
# - ABC: the partner prompt with three new names.
# - logit difference: logit of IO minus logit of S at END.
# - name movers: heads that copy a name from the prompt to the answer.
# - note: a part of the residual stream at one word that depends on an earlier word.
# - copy score: the share of names that a head puts among its five most raised when it reads them.
# - faithfulness: the share of a behaviour that a circuit keeps when everything else is ablated.
# - line: the logit difference expected from the attention of 0.2, scaled on the template.
# - node: a head at one position.
# - ROC curve: share of true things found against share of others taken, down a ranked list.
# - AUC: the probability that a true thing ranks above one that is not.

# %% [markdown]
# # Indirect object identification
#
# **A puzzle.** A small model reads: *When Mary and John went to the store, John gave a book to*. It says *Mary*, with a probability of nearly 1. Exchange the second *John* for *Mary*, and it says *John*. The answer hangs on the one word before *gave*.
#
# There are two ways to get this right. The model may look for the name that occurs *twice*, and avoid it. Or it may avoid the *last* name that it has read, without asking whether that name occurred before. On these sentences both give the same answers. A third person as giver does not decide it either: then neither way has a reason to avoid Mary or John, and the model is undecided.
#
# In a larger model, GPT-2 small, researchers have found an answer. Is it the same here? At the end of this lesson you can settle such a question: find the parts that produce a behaviour, draw the circuit, state how much of the behaviour it explains, and predict what the model says on sentences that nobody has tried.

# %% [markdown] contents
# You need lesson 0: the residual stream, direct logit attribution, ablation, activation patching and path patching; and from lesson 3 the previous-token heads. In all figures Mary stands for the right name and John for the other, whatever the names in the prompts are. The exercises take about four hours (an estimate from how long similar ones took). Intervals are 95 % intervals of a mean, with the prompts resampled.

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
    "128 prompts for each, with other names, places and objects.",
)  # fmt: skip

# %% [markdown]
# The lesson follows Wang et al. 2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), on a small model. `ioi-natural` has the architecture of GPT-2 with four layers of four heads and was trained on invented stories, of which sentences like these are a part. Nobody put a circuit into it.

# %% claims
with claims():
    claim("when John gives, Mary has a mean probability above 0.99", p["John gives"][0] > 0.99)
    claim("when Mary gives, John has", p["Mary gives"][1] > 0.99)
    claim("when a third person gives, each of the two has between 0.4 and 0.6, and together they have more than 0.9",
          all(0.4 < share < 0.6 for share in p["a third person gives"]) and sum(p["a third person gives"]) > 0.9)  # fmt: skip

# %% [markdown]
# ## 1 · The behaviour
#
# In *When Mary and John went to the store, John gave a book to*, the name that comes next is the indirect object of *gave*. **Indirect object identification** is the task of predicting it. The name that should come is called **IO**, the other one **S**, for the subject of the second clause. S occurs at two places, **S1** and **S2**. Whoever is named at S2 is the **giver**. **END** is the last token, where the answer is due. Half of the prompts name IO first, the other half S.
#
# A circuit is found by comparing runs, and each prompt gets partners for that. In **flip**, S2 becomes the other name, and the right answer changes from IO to S. In **third**, S2 becomes a name that has not occurred. In **ABC**, all three names are new and different.

# %% figure
ioi.partners_drawn().captioned("One prompt and its three partners. Above the first prompt: the labels of its positions. Orange: the names that were changed.")

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
# It is the logarithm of the ratio of the two probabilities, and it adds up over the parts of the model. It does not change when both become more probable by the same factor.
#
# Over 256 prompts of six differently worded sentences, IO is the most probable of all tokens in at least 99 of 100. From here on the prompts have the wording above, whose positions are easy to name. Their mean logit difference is about 12: three draws of 128 prompts stay within 0.8 of it.

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
# Activation patching follows it: run the flipped prompts, and put in the residual stream of the clean run at one position, after some layer. The recovery is 0 where this changes nothing and 1 where it brings all of the clean logit difference back. In the code, `asked` fixes which two runs are compared and which of them is changed, and `sweep` patches one place after another.

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
    "What is known so far. Who gives is read at S2 within layer 0, and most of it is taken to END at once. The rest waits at the "
    "next word and follows in layer 1. The numbers are the recoveries after layer 0."
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
measured("ioi.leaves", ("", "after layer 0", "after layer 1", "after layer 2")[first_layer])

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
shown = [h for h in heads if max(abs(rows[h]["to IO"][0]), abs(rows[h]["to S"][0])) > 0.15]
fig, ax = plots.figure(height=2.6)
for i, (column, colour) in enumerate((("to IO", plots.SERIES[0]), ("to S", plots.SERIES[1]))):
    mean, low, high = zip(*(rows[h][column] for h in shown), strict=True)
    at = [k + 0.38 * i - 0.19 for k in range(len(shown))]
    ax.bar(at, mean, 0.36, color=colour, label={"to IO": "to the logit of IO (Mary)", "to S": "to the logit of S (John)"}[column])
    ax.vlines(at, low, high, color=plots.GREY, linewidth=1.0)
ax.axhline(0, color=plots.INK, linewidth=0.8)
ax.set(xticks=range(len(shown)), xticklabels=shown, xlabel="head", ylabel="adds at END (logits)")
ax.legend()
plots.show(
    fig, "Direct attribution of heads: 2.1 to 2.3 raise both names alike, 1.0, 1.2 and 1.3 raise IO more, 0.3 and 1.1 lower S.",
    "What a head adds, directly, to the logit of IO and of S, each above the mean of all 80 names (128 prompts, with "
    "intervals). The heads that are not drawn add less than 0.15 to either.",
)  # fmt: skip

# %% [markdown]
# Wang et al. call heads that copy a name from the prompt **name movers**. Heads 1.0, 1.2 and 1.3 raise IO, and raise S less. We call these three *the movers*; section 4 tests whether they copy. Heads 2.1, 2.2 and 2.3 raise both names alike, which makes no difference between them. Heads 0.3 and 1.1 lower S.
#
# Direct attribution sees what a head adds to the logits itself. It does not see what later parts make of its output. Patching does: run the clean prompts, and give one head the output $z$ (before it is multiplied by $W_O$) that it has on the flipped prompts. Patching a clean run with the output of another one is called noising.

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
for ax, found, title in zip(axes, (direct, changed), ("adds directly to IO − S", "change when it is patched"), strict=True):
    ax.barh(range(16), [found[h] for h in names], color=plots.HEAD)
    ax.axvline(0, color=plots.INK, linewidth=0.8)
    ax.set(title=title, yticks=range(16), yticklabels=names, xlabel="share of the clean logit difference")
axes[0].invert_yaxis()
plots.show(
    fig, "Two bar charts of sixteen heads: direct attribution is largest for 1.2, 1.3 and 1.0, the exchange for 0.2 and 0.3.",
    "The same sixteen heads, seen in two ways (128 prompts). Left: direct attribution to the logit difference. Right: its "
    "change when the head gets its output on the flipped prompt. −1 means that all of it is gone, −2 that it is turned round.",
)  # fmt: skip
candidates = {"0.2": (0, 2), "0.3": (0, 3), "1.2": (1, 2), "2.1": (2, 1)}
measured("ioi.quiet", min(candidates, key=lambda name: float(share[candidates[name]])))

# %% [markdown]
# The two orders agree on who takes part, and not on who matters. Most depends on two heads of layer 0, 0.2 and 0.3, although what they write adds little to IO − S. The movers, which add most to it, matter less than a quarter each. To see why, we need to know what the heads read.

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
# From END, the movers give less than two hundredths of their attention to *Mary*. They look at the word after it, *and*. What is there? All four heads of layer 0 copy names to later words, but only to some. The arcs show where these heads look from *and*, from *went* and from the comma. An arrow runs from the word that is looked at to the word that looks: the way the name travels.

# %% figure
first = sets["IO first"]  # as Mary is named first in the example
_, cache = model.run_with_cache(first.tokens)
pattern = cache["pattern", 0].mean((0, 1))  # (reader, read), the mean over prompts and the four heads
words = ("When", "Mary", "and", "John", "went", "to", "the", "store", ",")
arcs = {(q - 1, k - 1): float(pattern[q, k]) for q in (3, 5, 9) for k in (2, 4) if k < q}
draw.attention_arcs(words, arcs, "", (1, 3)).captioned(
    "Attention to the two names from “and”, from “went” and from the comma, averaged over the four heads of layer 0 and "
    "128 prompts. Each arrow ends at the word from which the heads look. The faint ones to “went” are below 0.06."
)

# %% [markdown]
# What these heads write at *and* or at the comma is called a **note** here: a part of the residual stream at one word that depends on an earlier word. Is the answer made from notes? Forge one. Run the model on a prompt where Mary is replaced by a stranger, Anna, and keep what layer 0 writes at *and*. Put this into the run on the prompt with Mary. Now the text says *Mary*, and the note at *and* says *Anna*.

# %%
def with_note(some, name_at, note_at, heads=(0, 1, 2, 3)):
    """P(stranger) when heads of layer 0 write at `note_at` as if a stranger stood at `name_at`."""
    stranger = ioi.corrupt(some, "third", torch.Generator().manual_seed(1)).names[:, 2]
    donor = some.tokens.clone()
    donor[:, name_at] = stranger
    _, other = model.run_with_cache(donor)

    def forge(z, hook):  # z: (batch, position, head, d_head)
        z[:, note_at, heads] = other["z", 0][:, note_at, heads]
        return z

    with model.hooks(fwd_hooks=[("blocks.0.attn.hook_z", forge)]):
        p = model(some.tokens)[:, -1].softmax(-1)
    return float(p.gather(1, stranger[:, None]).mean())

# %% figure
second = sets["S first"]  # here the answer is the name that comes second
strangers = {"first name,\nnote at “and”": with_note(first, 2, 3), "first name,\nat “went”": with_note(first, 2, 5),
             "first name,\nat the comma": with_note(first, 2, 9), "second name,\nnote at “went”": with_note(second, 4, 5),
             "second name,\nat the comma": with_note(second, 4, 9)}  # fmt: skip
pairs = [(prompts(128, seed, orders=["ABBA"]), prompts(128, seed + 1, orders=["BABA"])) for seed in (2, 12, 22)]
by_two, by_others = ([(with_note(a, 2, 3, two), with_note(b, 4, 9, two)) for a, b in pairs] for two in ((2, 3), (0, 1)))
fig, ax = plots.figure(height=2.4)
ax.bar(range(5), strangers.values(), 0.6, color=plots.NOTE)
for k, value in enumerate(strangers.values()):
    ax.text(k, value + 0.02, f"{value:.2f}", ha="center", va="bottom", fontsize=9)
ax.set(xticks=range(5), xticklabels=list(strangers), ylabel="P(stranger)", ylim=(0, 1.12), yticks=(0, 0.5, 1))
plots.show(
    fig, "Probability of a name that is not in the prompt: nearly 1 with the first name's note at and, or the second's at the comma.",
    "The mean probability of a stranger who is nowhere in the prompt, when one word holds a forged note of him (128 prompts). "
    "Left three: the answer is the first name, and its note is forged. Right two: the same for the second name.",
)  # fmt: skip

# %% [markdown]
# With Anna's note at *and*, the model says *Anna*, although no Anna is in the prompt. It reads the note and not the name: a stranger put in at Mary's own position, after layer 0, changes nothing.
#
# **Who writes the notes?** All four heads of layer 0 do, and not in equal parts. If only 0.2 and 0.3 forge, the stranger gets about a quarter at *and* and seven tenths at the comma. If only 0.0 and 0.1 do, he gets less than a hundredth at *and* and three tenths at the comma. The comma holds both names: from there, these heads look at the second name with about half of their attention, and at the first with about a quarter.
#
# Why is the second name noted at the comma, and not at *went*? Attention depends on the query, and the query on the word that looks. Write *went* in the comma's place, and the attention to both names is gone. Write *and* in the place of *went*, and it appears there. In all six wordings of this lesson the first name is noted at *and*, and the second at the comma or full stop that ends the clause, never at the verb.

# %% claims
def to_names(some, at, names=(4, 2)):
    """Mean attention of layer 0's heads from one position to the second and the first name: (head, name)."""
    _, cache = model.run_with_cache(some)
    return cache["pattern", 0][:, :, at][..., list(names)].mean(0)

moved, placed = first.tokens.clone(), first.tokens.clone()
moved[:, 9], placed[:, 5] = first.tokens[:, 5], first.tokens[:, 3]
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
    claim("from the comma they give on average about half to the second name and about a quarter to the first", about(pattern[9, 4], 0.48) and about(pattern[9, 2], 0.26))
    claim("forged by 0.2 and 0.3 alone, the stranger gets about a quarter at “and” and seven tenths at the comma, by 0.0 and 0.1 alone less than 0.01 and about three tenths, in each of three draws",
          all(between(x, 0.2, 0.3) and between(y, 0.65, 0.8) for x, y in by_two) and all(x < 0.01 and between(y, 0.25, 0.35) for x, y in by_others))
    claim("from “went” each gives less than 0.06 to either name", to_names(first.tokens, 5).max() < 0.06)
    claim("the first name's note at “and” and the second's at the comma make the stranger's probability larger than 0.9, notes at “went” do nothing",
          min(strangers["first name,\nnote at “and”"], strangers["second name,\nat the comma"]) > 0.9 and max(v for k, v in strangers.items() if "went" in k) < 0.01)
    claim("with “went” in the comma's place no head gives a name more than 0.03", to_names(moved, 9).max() < 0.03)
    claim("with “and” in the place of “went” every head gives the two names more than 0.8 together", to_names(placed, 5).sum(1).min() > 0.8)
    claim("in all six sentences the first name gets more than 0.8 from “and”, the second less than 0.05 from the verb and more than 0.35 from the mark",
          all(x > 0.8 and y < 0.05 and z > 0.35 for x, y, z in noted))  # fmt: skip

# %% [markdown]
# **Who reads what.** Now the boxes with question marks have names. From END, 0.2 and 0.3 look at the giver's name at S2. At the word after S2 there is a note too, since 0.3 also looks at S2 from there, and 1.1 reads it. On these prompts, where the second name gives, the movers read the note of the first. And 2.1, 2.2 and 2.3 read the comma, where both names are noted.

# %% figure
at = {"0.2": "S2", "0.3": "S2", "1.1": "after S2", "1.0": "after IO", "1.2": "after IO", "1.3": "after IO", "2.1": "before S2"}
looks = {head: ioi.looks(model, first, patching.head(head)) for head in at}
seen = {head: looks[head][place] for head, place in at.items()}
ioi.reading(seen | {"movers": (seen["1.0"] + seen["1.2"] + seen["1.3"]) / 3}).captioned(
    "The heads that were found, in the column of the word from which they look. Blue: the mean attention to the place from "
    "which the line comes (128 prompts that name IO first). Orange: a name, and its note at a later word; the comma also holds a weaker note of Mary. Grey ground: END."
)

# %% [markdown]
# What does a head do with what it reads? Let it read one name alone, and see whether that name is among the five of all 80 that the head raises most. The share of names for which it is so is the **copy score** (Wang et al. use it too). By chance it is 5 of 80, or 0.06. Our movers read notes, so they are given the note of each name.

# %%
heads = [(1, 0), (1, 2), (1, 3), (2, 1), (1, 1)]
from_and = ioi.copying_notes(model, first, heads, "IO", "after IO")
from_comma = ioi.copying_notes(model, first, heads, "S", "before S2")
table({name: {"note at “and”": from_and[name][0], "note at the comma": from_comma[name][0]}
       for name in from_and}, decimals=2, corner="head")

# %% caption
caption("Copy scores of the three movers, of 2.1 and of 1.1.")

# %% [markdown]
# The movers and 2.1 copy every name. From the names themselves, instead of notes, the movers copy about half. Head 1.1 copies none: it lowers what it reads, and so does 0.3. Head 0.2 is different: it reads the giver, and what it writes is for most names neither the name nor its opposite. Perhaps it is not the logits that read it.

# %% claims
alone = ioi.copying(model, clean.layout.names)
with claims():
    claim("0.2 gives about eight tenths of its attention to S2, 1.1 more than nine tenths to the word after it, and 2.1 more than 0.95 to the comma",
          about(seen["0.2"], 0.8) and seen["1.1"] > 0.9 and seen["2.1"] > 0.95)
    claim("and so do 2.2 and 2.3", all(ioi.looks(model, first, head)["before S2"] > 0.95 for head in ((2, 2), (2, 3))))
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
# “How important is this head?” has no answer until three things are fixed: which run is changed, what replaces the head's output, and what is measured. The drawing shows four experiments. In noising, the clean run gets one head's output from another prompt: what is lost without it? In denoising, the other prompt's run gets one head's clean output: what can it bring back alone? Between clean and flip the logit difference changes its sign, so that the largest possible change is twice as large as between clean and ABC. Two more ways replace a head's output by its mean over ABC prompts, or by zero.

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
asked = {name: {} for name in ("0.2", "0.0", "1.0", "1.2", "1.3", "2.1")}
for how, ask in asks.items():
    found = ask.sweep("z")
    for name in asked:
        effect = found.effect()[patching.head(name)] / found.clean.mean()
        asked[name][how] = float(effect)
table({name: asked[name] for name in ("0.2", "1.2", "0.0", "2.1")}, signed=True, decimals=2, corner="head")

# %% caption
caption("Change of the logit difference as a share of its clean mean, for four heads: in the four ways of the drawing, and with the output set to its mean over ABC prompts or to zero.")

# %% [markdown]
# Three rows show why the question matters.
#
# - **1.2: another partner, another size.** It loses more than four times as much with flip as with ABC. With flip its output is replaced by one that favours S, with ABC by one that favours neither.
# - **1.2: enough for a tenth, and hardly missed.** With ABC, its clean output alone brings back about a tenth. Taking it from the clean run costs less than half of that. Something makes up for a mover that is gone; the second notebook finds it.
# - **0.0: zero is no prompt.** For which of the two names is said, it matters with zeros only: later parts count on its output, and its mean serves them equally well. (That it writes notes at the comma, the logit difference cannot see; section 7 comes to that.)
#
# Without 2.1 the difference grows, as if it were in the way. Section 7 shows what it is for.

# %% claims
with claims():
    claim("noised with ABC, 1.0, 1.2 and 1.3 cost less than a tenth each, and with flip at least three times as much",
          all(abs(asked[h]["noising, ABC"]) < 0.1 and asked[h]["noising, flip"] < 3 * asked[h]["noising, ABC"] < 0 for h in ("1.0", "1.2", "1.3")))
    claim("1.2 loses more than four times as much with flip as with ABC", asked["1.2"]["noising, flip"] < 4 * asked["1.2"]["noising, ABC"] < 0)
    claim("denoised with ABC, they bring back about a tenth each, more than twice what noising with ABC takes",
          all(between(asked[h]["denoising, ABC"], 0.08, 0.15) and asked[h]["denoising, ABC"] > 2 * -asked[h]["noising, ABC"] for h in ("1.0", "1.2", "1.3")))
    claim("0.0 matters with zeros only: more than a quarter there, and less than 0.05 in the other five",
          asked["0.0"]["zero"] < -0.25 and max(abs(x) for how, x in asked["0.0"].items() if how != "zero") < 0.05)
    claim("without 2.1 the difference grows: by more than 0.05 with ABC, the mean or zeros, and by less than 0.02 with flip",
          min(asked["2.1"][how] for how in ("noising, ABC", "mean", "zero")) > 0.05 and abs(asked["2.1"]["noising, flip"]) < 0.02)  # fmt: skip

# %% [markdown]
# ## 6 · Who tells whom
#
# A head's effect can be direct, to the logits, or pass through other parts. Path patching separates these: one head's output, as on the flipped prompt, reaches one receiver, and every other head keeps what it wrote. The MLPs on the way can be kept too, or they can read the changed output and pass on what they make of it. The figure shows both, for messages to the logits.

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
# What 0.2 writes changes no logit directly, and that is why direct attribution overlooked it. MLPs read it. Which name do they change? Give the MLPs alone the output that 0.2 has when a third person gives: the logit of S (John) rises by almost three, and that of IO (Mary) changes by less than one. On the clean prompt, then, the MLPs use what 0.2 writes to lower the giver.
#
# More of what 0.2 does passes through other heads. Do the movers read it, and by which input? The next experiment gives one input of the movers the changed output of one head of layer 0.

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
means = {sender: {name: entry[0] for name, entry in row.items()} for sender, row in heard.items()}
table(means, corner="from", signed=True, decimals=2, mark=lambda x: abs(x) >= 0.1)

# %% caption answer
caption("Change of the logit difference when one input of the movers 1.0, 1.2 and 1.3 together receives the output of one head of layer 0 as on the flipped prompt.")

# %% figure answer
rng = torch.Generator().manual_seed(1)
givers = {"John gives": first, "Mary gives": ioi.corrupt(first, "flip", rng), "a third person gives": ioi.corrupt(first, "third", rng)}
movers = {who: {h: ioi.looks(model, one, patching.head(h)) for h in ("1.0", "1.2", "1.3")} for who, one in givers.items()}
fig, axes = plots.figure(1, 3, height=2.5, sharey=True)
for ax, (who, found) in zip(axes, movers.items(), strict=True):
    for i, (place, label) in enumerate((("after IO", "to “and” (note of Mary)"), ("before S2", "to the comma (note of John)"))):
        ax.bar([k + 0.36 * i - 0.18 for k in range(3)], [found[h][place] for h in found], 0.34, color=plots.SERIES[i], label=label)
    ax.set(xticks=range(3), xticklabels=list(found), xlabel="head", title=who, ylim=(0, 1.02), yticks=(0, 0.5, 1))
axes[0].set(ylabel="attention from END")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
plots.show(
    fig, "The movers read the note of Mary when John gives, that of John when Mary gives, and both when a third gives.",
    "Mean attention of the three movers from END to the notes of the two names, by who gives (128 prompts that name Mary first).",
)  # fmt: skip
measured("ioi.input", "their " + max(heard["0.2"], key=lambda name: abs(heard["0.2"][name][0])))

# %% [markdown]
# The movers' attention swings away from the note of the giver. How does a query find the note that it must avoid? A head's attention to a word is large where its query at END and the word's key have a large product: the *score* before the softmax. The query is linear in what 0.2 writes, once the norm's scale is held. So the part of the score that comes from 0.2 can be computed for every giver and every name's note at *and*.

# %% figure answer
movers_at = ((1, 0), (1, 2), (1, 3))
scores = {f"message of 0.{head}": ioi.note_scores(model, first, (0, head), movers_at) for head in (2, 1)}
fig, axes = plots.figure(1, 2, height=3.3, sharey=True)
for ax, (title, found) in zip(axes, scores.items(), strict=True):
    image = plots.heatmap(ax, found, signed=True, limit=4.0, bar=ax is axes[1])
    ax.set(title=title, xlabel="whose note is at “and” (80 names)", xticks=[], yticks=[])
axes[0].set(ylabel="who gives (80 names)")
plots.show(
    fig, "Two grids of 80 by 80 names: with the message of 0.2 a dark diagonal of negative scores, with that of 0.1 nothing.",
    "What a head's message at END adds to the movers' attention scores, averaged over the three: one row for each giver, one "
    "column for each name's note, each row minus its mean. Left: 0.2. The diagonal is the giver's own note. Right: 0.1, as a null.",
)  # fmt: skip

# %% [markdown]
# For every giver, the message of 0.2 lowers one score most, that of the giver's own note, and by 3.3 on average. Subtracting 3.3 before the softmax divides a weight by more than 25. The scores of other notes change much less. So 0.2's part of the query points away from the key of one note: it decides which note the movers do not read. In GPT-2 small the heads that do this are called S-inhibition heads.
#
# Every arrow can be measured by path patching. The black arrows below were patched from the flipped prompts. The orange ones, the notes of the two names, were patched from prompts with other names (ABC), since what they hold does not depend on the giver.

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
    "The circuit as it was measured. At an arrow: the change of the logit difference, as a share of its clean mean, when this "
    "message is another prompt's, and the input that reads it (Q, K or V). Arrows without a number, those of 0.3 and 1.1, are between −0.2 and "
    "−0.65. From 0.2 to the logits the way leads through MLPs. Orange: prompts that name IO first."
)

# %% [markdown]
# Read it from the bottom.
#
# 1. The heads of layer 0, 0.2 among them, write notes of the two names, at *and* and at the comma.
# 2. At END, 0.2 reads the giver's name. It changes the queries of the movers, and MLPs read it and lower that name.
# 3. The movers attend less to the note whose key matches, and copy the other one.
# 4. 0.3 lowers the giver too, directly and through 1.1.
#
# The shares need not add up to one: softmax and norm are not linear.

# %% claims answer
spread = {who: [f[at] for f in found.values() for at in ("after IO", "before S2")] for who, found in movers.items()}
high = {arrow.name: arrow.effect[2] for arrow in circuit.arrows["giver"]}
third = [ioi.asked(model, clean, "third", direction="noising", metric=ioi.above_names(clean, who)) for who in (clean.wrong, clean.answer)]
rises = [float(ask.path_patch([["0.2"]], "logits", mlps="recomputed").effect()[0]) for ask in third]
with claims():
    claim("directly, 0.2 changes the difference by less than 0.03, through MLPs by almost six tenths, over all paths by more than twice that",
          abs(paths["direct"]["0.2"]) < 0.03 and about(paths["direct and through MLPs"]["0.2"], -0.58) and paths["all paths"]["0.2"] < 2 * paths["direct and through MLPs"]["0.2"])
    claim("when 0.2 has, for the MLPs, its output with a third giver, S rises by 2.5 to 3 logits and IO changes by less than one", 2.5 < rises[0] < 3 and abs(rises[1]) < 1)
    claim("0.2 tells the movers' queries more than half of the difference", heard["0.2"]["queries"][2] < -0.5)
    claim("none of the other eleven messages changes it by more than 0.1",
          max(abs(entry[0]) for sender, row in heard.items() for name, entry in row.items() if (sender, name) != ("0.2", "queries")) < 0.1)
    claim("when John, the second, gives, all three movers read the note of Mary at least four times as much as that of John, and when Mary gives that of John ten times as much",
          all(f["after IO"] > 4 * f["before S2"] for f in movers["John gives"].values()) and all(f["before S2"] > 10 * f["after IO"] for f in movers["Mary gives"].values()))
    draws = [(first, scores["message of 0.2"], scores["message of 0.1"])]
    draws += [(one, *(ioi.note_scores(model, one, (0, head), movers_at) for head in (2, 1))) for one, _ in pairs[1:]]
    own = [(float(x.diagonal().mean()), bool((x.argmin(1) == torch.arange(80)).all()), float(x[~torch.eye(80, dtype=bool)].std()), float(null.abs().max())) for _, x, null in draws]
    claim("in each of three draws 0.2 lowers the score of the giver's note by 3.3 on average, and of 80 notes lowers it most for every giver", all(between(score, -3.4, -3.2) and lowest for score, lowest, _, _ in own))
    claim("the scores of other notes have a standard deviation of less than 0.8, and the message of 0.1 changes no score by more than 0.3", all(other < 0.8 and null < 0.3 for _, _, other, null in own))
    claim("when a third gives, each note gets between 0.35 and 0.65", min(spread["a third person gives"]) > 0.35 and max(spread["a third person gives"]) < 0.65)
    claim("every black arrow lowers the difference by more than a tenth, by its interval, and the one from the token to 0.2 most",
          max(high.values()) < -0.1 and circuit.effect("giver → 0.2, values") < -1.3 and min(high, key=high.get) == "giver → 0.2, values")
    claim("the note of IO matters by the movers' values (more than half), the note of S by their keys (more than three tenths)",
          circuit.effect("note of IO → 1.0, 1.2, 1.3, values") < -0.5 and circuit.effect("note of S → 1.0, 1.2, 1.3, keys") < -0.3)
    claim("the arrows from the giver to 0.3, from 0.3 to 1.1, and from both to the logits are between −0.65 and −0.2",
          all(between(circuit.effect(name), -0.65, -0.2) for name in ("giver → 0.3, values", "0.3 → 1.1, values", "0.3 → logits", "1.1 → logits")))
    claim("the other two note arrows are below a tenth", max(abs(circuit.effect("note of IO → 1.0, 1.2, 1.3, keys")), abs(circuit.effect("note of S → 1.0, 1.2, 1.3, values"))) < 0.1)  # fmt: skip

# %% [markdown]
# ## 7 · How far to trust it
#
# The drawing says that these parts do it and the others do not. The test is to keep the drawn parts and take away everything else. All other heads are set, at every word, to their means over the ABC prompts, which hold no information about the names; the MLPs stay. A head that is kept is kept at every word. So of the notes, what 0.2 and 0.3 write stays, and what 0.0 and 0.1 write is lost. Write $F(C)$ for the mean logit difference when only $C$ is left, $F(M)$ for the whole model and $F(\varnothing)$ for no head. The **faithfulness** of $C$ is
#
# $$\frac{F(C) - F(\varnothing)}{F(M) - F(\varnothing)}.$$

# %%
mlps = Circuit.mlps(model)
six_heads = Circuit.nodes("0.2", "0.3", "1.0", "1.1", "1.2", "1.3")
kept_six = asks["mean"].faithfulness(six_heads | mlps)
round(kept_six.recovered, 2)

# %% [markdown]
# The six heads of the drawing keep more than the whole model has: about one and a quarter times the logit difference. A share above 1 means that parts were left out which had held the difference back.
#
# There is a second measure of the same behaviour: the probability of IO, which is nearly 1 in the whole model.

# %% prediction
predict("ioi.six")

# %% answer
both = Circuit.nodes("2.1", "2.2", "2.3")
proposals = {"0.2 alone": Circuit.nodes("0.2"), "0.2 and movers": Circuit.nodes("0.2", "1.0", "1.2", "1.3"),
             "the six": six_heads, "the six and 2.1–2.3": six_heads | both, "2.1–2.3 alone": both}
kept = {name: asks["mean"].faithfulness(heads | mlps) for name, heads in proposals.items()}
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
# The two measures answer different questions. The logit difference asks *which of the two names*. It does not ask whether *a name of this prompt* comes at all, and the probability does. With the six, IO gets less than a third. Add 2.1, 2.2 and 2.3, and it does the task. The next drawing shows the nine heads.

# %% figure answer
def loses(some, senders, receivers="logits", at=None, seed=0):
    """Change of the logits of IO and of S, above the mean of all names, when a message is that of ABC."""
    found = []
    for who in (some.answer, some.wrong):
        ask = ioi.asked(model, some, "ABC", seed, direction="noising", metric=ioi.above_names(some, who))
        found.append(float(ask.path_patch([senders], receivers, mlps="recomputed", positions=at).effect()[0]))
    return found

late, values = ["2.1", "2.2", "2.3"], ["2.1.v", "2.2.v", "2.3.v"]
to_logits = loses(clean, late)
from_comma_on = loses(clean, ["0.0", "0.1", "0.2", "0.3"], values, "before S2")
(a, b), (c, d) = ((f"{-x:.1f}" for x in pair) for pair in (to_logits, from_comma_on))
ioi.both_questions_drawn().captioned(
    "The circuit of the whole task. Black: which of the two names? These are the six heads, measured in section 6. Orange: "
    "a name of this prompt? 2.1 to 2.3 read both names at the comma and raise both. With their message to the logits from a "
    f"prompt with other names, the logit of Mary falls by {a} and that of John by {b} against the mean of all names; with "
    f"only layer 0's message at the comma from there, read by their values, by {c} and {d}."
)

# %% [markdown]
# By the logit difference alone, 2.1 to 2.3 would have counted as useless. These nine heads are a circuit that does the task, with notes written by 0.2 and 0.3 alone; with 0.0 and 0.1 as well, the probability of IO rises by less than 0.04.
#
# On three other draws of 96 prompts the main numbers change by less than 0.15.

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
for_task = []
for seed in (0, 10, 11):
    drawn = prompts(128, seed)
    ask = ioi.asked(model, drawn, "ABC", seed, ablation="mean", metric=ioi.probability_of(drawn))
    nine, eleven = (float(ask.run(Circuit.nodes(*heads) | mlps).mean()) for heads in
                    (("0.2", "0.3", "1.0", "1.1", "1.2", "1.3", *late), ("0.0", "0.1", "0.2", "0.3", "1.0", "1.1", "1.2", "1.3", *late)))
    for_task.append((nine, eleven, loses(drawn, late, seed=seed), loses(drawn, ["0.0", "0.1", "0.2", "0.3"], values, "before S2", seed)))
ranges = torch.tensor(again).amax(0) - torch.tensor(again).amin(0)
with claims():
    claim("the six keep about one and a quarter times the logit difference", about(kept["the six"].recovered, 1.25))
    claim("with the six the probability of IO is below one third", probability["the six"] < 1 / 3)
    claim("2.1, 2.2 and 2.3 bring it above nine tenths, and the logit difference nearer to that of the whole model",
          probability["the six and 2.1–2.3"] > 0.9 and kept["the six and 2.1–2.3"].interval()[1] < kept["the six"].interval()[0])
    claim("in each of three draws, with 2.1–2.3's message from other names both names fall by 7 to 8.5 logits, and with layer 0's at the comma, read by their values, by 6 to 7",
          all(between(x, -8.5, -7) for row in for_task for x in row[2]) and all(between(x, -7, -6) for row in for_task for x in row[3]))
    claim("with 0.0 and 0.1 as well, P(IO) rises by less than 0.04 in each", all(0 < eleven - nine < 0.04 for nine, eleven, _, _ in for_task))
    claim("alone, these three keep less than a twentieth of the logit difference", abs(kept["2.1–2.3 alone"].recovered) < 0.05)
    claim("exchanging 0.2 lowers the difference in every prompt", alone_02.max() < 0)
    claim("over three draws the effects of 0.2 and 0.3, of 0.2 on the movers' queries, and the faithfulness of the six differ by less than 0.15", ranges.max() < 0.15)  # fmt: skip

# %% [markdown]
# ## 8 · A prediction that could fail
#
# An explanation is tested best on sentences that nobody has tried. The two accounts of the puzzle were these:
#
# - *the repeated name is avoided*, as in GPT-2 small;
# - *the last name is avoided*, whether it occurred before or not.
#
# Build sentences on which they differ. In *… John gave a book from Mary to*, both names occur twice, and the last one is Mary. English has no right answer here. Look at the circuit of section 6 before you choose.

# %% prediction
predict("ioi.twice")

# %% [markdown]
# The circuit also gives a number. Take the attention of 0.2 to John minus that to Mary, and scale it so that the template's sentence comes out right. This expected logit difference is the **line**. Nothing else is fitted.

# %% figure answer
def preferred(difference):
    """The name that a mean logit difference Mary − John stands for."""
    return "Mary" if difference > 1 else "John" if difference < -1 else "neither: about even"

found = ioi.outside(model, (0, 2))  # ten texts, 128 prompts each
gap = {name: float(one.logit_diff.mean()) for name, one in found.items()}
slope = gap["as in the template"] / found["as in the template"].leaning
line = {name: slope * one.leaning for name, one in found.items()}
expects = {"as in the template": ("Mary", "Mary"), "IO twice, before the giver": ("–", "Mary"), "a third after the giver": ("Mary", "–"),
           "S had lunch, a third gives": ("Mary", "–"), "IO twice, after the giver": ("–", "John")}  # fmt: skip
rows = [(ioi.read_words(model, ioi.TEXTS[name], (0, 2)), dict(zip(("repeated", "last"), expects[name], strict=True)), line[name], gap[name])
        for name in sorted(expects, key=gap.get, reverse=True)]
ioi.texts_drawn(rows, 16, "Five texts with the attention of 0.2 on their words, the line's logit difference and the measured one.").captioned(
    "The sentence of the template and four that test the accounts. Blue ground: the attention of 0.2 from the last word. Beside each text: "
    "which name the model should prefer if it avoids the repeated name, or the last (– : neither). Right: the logit difference Mary − John, as the line expects it (grey "
    "bar) and measured (dot), averaged over both orders of the first two names.")  # fmt: skip

# %% answer
measured("ioi.twice", preferred(gap["IO twice, after the giver"]))

# %% [markdown]
# In the last row Mary occurs twice, and so does John, and the model prefers John. The account of the last name expected this; that of the repeated name expected nothing.
#
# In two rows a third person is the last name, and the model is somewhere between the accounts. The line says why it need not be all or nothing: 0.2 shares its attention, and what counts is how much goes to either name. The line has the sign of all four tests right. It is off by less than two logits on three of them, and by more than four where Mary had lunch and John gave: something speaks for Mary there that is not in the drawing.
#
# **Another kind of sentence.** All these texts have an opening clause with both names, and then a giver. The training text also holds sentences of a single clause: *John went to the store with Mary and gave a book to*. Here 0.2 looks at Mary, the last name, with nearly nine tenths of its attention. The line expects *John*, by more than seven logits.

# %% prediction
predict("ioi.single")

# %% answer
single = {"went with": "{S} went to the {place} with {IO} and gave a {object} to",
          "had lunch with": "In the morning {S} had lunch with {IO} and gave a {object} to"}
other_kind = ioi.outside(model, (0, 2), single, n=128)
single_gap = {name: float(one.logit_diff.mean()) for name, one in other_kind.items()}
single_line = {name: slope * one.leaning for name, one in other_kind.items()}
measured("ioi.single", preferred(single_gap["went with"]))

# %% [markdown]
# English expects *Mary* here, and the model says *Mary*: our account is wrong by more than fifteen logits, and so it is on *In the morning John had lunch with Mary and gave a book to*. In sentences of a single clause something else decides; whether 0.2 acts there as well, and what it is that decides, we have not found. The circuit explains the sentences it was found on and others of their form, and no more.

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
    claim("the model prefers IO by more than eight logits there, in both", min(single_gap.values()) > 8)
    claim("the line is off by more than fifteen logits in both", min(single_gap[name] - single_line[name] for name in single) > 15)  # fmt: skip

# %% [markdown]
# ## 9 · Beside GPT-2, and what this does not show
#
# Below is the circuit that Wang et al. found in GPT-2 small, on the same words. Compare it with the drawing of section 7.

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
# The small model does the task more decidedly, and in sentences of this form in a simpler way. Its training text is simpler too: in it, whoever receives is never named between *gave* and *to*. The last name before *gave* is the receiver only in sentences of a single clause, such as *John met Mary and gave a book to Mary*. Whether that is why it never came to detect a repetition, and why the account fails in such sentences, we have not tested.
#
# - **One model.** `ioi-natural-b` and `ioi-natural-c` are the same recipe with other random starts. They do the task equally well with other heads in other roles, which the second notebook draws.
# - **Heads only.** The MLPs were kept throughout. They do part of the work (section 6), and we have not opened them.
# - **Methods.** They could be wrong themselves. The second notebook tests them on models whose circuit is known.
#
# **The puzzle, answered.** In sentences with an opening clause the model avoids the name that 0.2 looks at. That is usually the last name, whether it occurred before or not. One sentence, with Mary after the giver, decided against avoiding only what is repeated; the circuit told us which sentence to try.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "The giver's name is carried from S2 to END by layer 0", "evidence": "the residual stream, patched by position and layer",
     "control": "other positions recover nothing", "where it fails": "an eighth goes by way of the next position"},
    {"claim": "Names are read from notes at “and” and at the comma", "evidence": "a stranger's note makes the model say the stranger",
     "control": "the same at “went”: nothing", "where it fails": "why these words and no others is a guess"},
    {"claim": "0.2 tells the movers' queries and the MLPs whom to avoid", "evidence": "path patching; the score of each name's note",
     "control": "eleven other messages to the movers; the message of 0.1", "where it fails": "which MLP does what was not opened"},
    {"claim": "Six heads decide which of the two names, three make it a name of the prompt", "evidence": "faithfulness, and the probability of IO", "control": "0.2 alone, 0.2 and the movers, 2.1 to 2.3 alone",
     "where it fails": "the six keep more than the whole model has"},
    {"claim": "After an opening clause names are avoided as 0.2 attends to them, not because they are repeated", "evidence": "a predicted failure; four texts that test the line",
     "control": "IO named twice before the giver", "where it fails": "four logits off on that control; sentences of a single clause, altogether"},
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

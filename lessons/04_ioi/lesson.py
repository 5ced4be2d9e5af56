# %% [markdown]
# # Indirect object identification
#
# **A puzzle.** A small model reads: *When Mary and John went to the store, John gave a book to*. It says *Mary*, with a probability of nearly 1. Exchange the second *John* for *Mary*, and it says *John*. The answer hangs on the one word before *gave*.
#
# There are two simple ways to get this right. The model may look for the name that occurs *twice*, and avoid it. Or it may avoid the *last* name that it has read, repeated or not. On these sentences both give the same answers. By the logits of Mary and John, a third person as giver does not tell them apart: neither way then has a reason to avoid one of these two.
#
# GPT-2 small, a larger model, notices the repetition: so Wang et al. found in 2022. Here we find the parts that produce the behaviour in a small model, draw their circuit, and let it predict sentences on which the two ways differ.

# %% [markdown] contents
# You need lesson 0: the residual stream, direct logit attribution, ablation, activation patching and path patching. In the figures Mary stands for the name that is right when John gives, and John for the other, whatever the names in the prompts are. The exercises take about four hours (an estimate). Intervals are 95 % intervals of a mean, with the prompts resampled.

# %% setup

# %% figure
import torch

from course_utils import ioi, patching, plots, zoo
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import draw, measured, predict, rounds_to, table

model = zoo.load("ioi-natural", "cpu").requires_grad_(False)
template = ioi.TEXTS["as in the template"]
texts = {"John gives": template, "Mary gives": template.replace("{S}", "{IO}"), "a third person gives": ioi.TEXTS["a third gives"]}
giver = ioi.outside(model, (0, 2), texts, n=128)  # 128 variants; IO is Mary
p = {text: (float(one.p_io.mean()), float(one.p_s.mean())) for text, one in giver.items()}

def by_giver(values, labels, ylabel):
    """Two bars for each giver: one for Mary and one for John."""
    fig, ax = plots.figure(height=2.2)
    for i, (label, colour) in enumerate(zip(labels, plots.SERIES, strict=False)):
        at = [k + 0.36 * i - 0.18 for k in range(3)]
        ax.bar(at, [both[i] for both in values.values()], 0.34, color=colour, label=label)
        for x, both in zip(at, values.values(), strict=True):
            ax.text(x, both[i] + 0.02, f"{both[i]:.2f}", ha="center", va="bottom", fontsize=9)
    ax.set(ylabel=ylabel, ylim=(0, 1.12), xticks=range(3), xticklabels=list(values), yticks=(0, 0.5, 1))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig

plots.show(
    by_giver(p, ("Mary", "John"), "probability"), "Probability of the two names: Mary when John gives, John when Mary gives, about half each when a third gives.",
    "The mean probability of the two names after “When Mary and John went to the store, … gave a book to”, by who gives. "
    "128 prompts for each, with other names, places and objects. When a third person gives, Mary and John are mere labels, so that their means must be alike; in about half of these prompts one of the two has more than 0.9.",
)  # fmt: skip

# %% [markdown]
# The lesson follows Wang et al. 2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), on a small model. `ioi-natural` has the architecture of GPT-2 with four layers of four heads and was trained on invented stories, of which sentences like these are a part.

# %% claims
def end_of(text):
    """END's logits on one prompt."""
    return model(torch.tensor([[model.tokenizer.bos_token_id, *model.tokenizer.encode(text, add_special_tokens=False)]]))[0, -1]

sure = [end_of(text).softmax(-1).max(-1) for text in (ioi.EXAMPLE, ioi.OTHER)]
with claims():
    claim("on the two sentences of the puzzle the model says Mary and John, each with a probability above 0.999",
          [model.tokenizer.decode([int(i)]).strip() for _, i in sure] == ["Mary", "John"] and min(float(x) for x, _ in sure) > 0.999)
    claim("when John gives, Mary has a mean probability above 0.99", p["John gives"][0] > 0.99)
    claim("when Mary gives, John has", p["Mary gives"][1] > 0.99)
    claim("when a third person gives, the two have more than 0.9 together, and in 40 to 60 of 100 prompts one of them has more than 0.9 alone",
          sum(p["a third person gives"]) > 0.9 and between((torch.maximum(giver["a third person gives"].p_io, giver["a third person gives"].p_s) > 0.9).float().mean(), 0.4, 0.6))  # fmt: skip

# %% [markdown]
# ## 1 · The behaviour
#
# In *When Mary and John went to the store, John gave a book to*, the name that comes next is the indirect object of *gave*. **Indirect object identification** is the task of predicting it. The name that should come is called **IO**, the other one **S**, for the subject of the second clause. S occurs at two places, **S1** and **S2**. Whoever is named at S2 is the **giver**. **END** is the last token, where the answer is due.

# %% figure
ioi.partners_drawn().captioned("One prompt, with the labels of its positions, and its three partners. Orange-red: the names that were changed.")

# %% [markdown]
# The other three lines are partners of the first. In **flip**, S2 becomes the other name, and the right answer changes from IO to S. In **third**, S2 becomes a name that has not occurred. In **ABC**, all three names are new and different.
#
# As a measure of the behaviour we take the **logit difference**: the logit of IO minus the logit of S, at END.
#
# $$\Delta \;=\; \text{logit}_\text{END}(\text{IO}) - \text{logit}_\text{END}(\text{S}).$$
#
# It is the logarithm of the ratio of the two probabilities, and it adds up over the parts of the model. Here are some logits after the sentence of the puzzle.

# %%
words = model.tokenizer.encode(ioi.EXAMPLE, add_special_tokens=False)
prompt = torch.tensor([[model.tokenizer.bos_token_id, *words]])
logits = model(prompt)[0, -1]
named = {model.tokenizer.decode([i]).strip(): i for i in [*logits.topk(3).indices.tolist(), words[3]]}
table({name: {"logit": float(logits[i])} for name, i in named.items()}, decimals=2, corner="next token")

# %% caption
caption("The three most probable next tokens and John.")

# %% [markdown]
# The logit difference is 15.59 − 3.84 = 11.75, which makes Mary more than a hundred thousand times as probable as John. Even some names that stand nowhere in the sentence come before John. It looks as if the model not only raised Mary but also pushed the giver down.
#
# From here on we look at many prompts of this wording, with other names, places and objects. In about half of them IO is named first, in the others S. Their mean logit difference is about 12, and IO ranks above S in every one of them.

# %%
def prompts(n, seed, **how):
    """n prompts, drawn by the seed."""
    rng = torch.Generator().manual_seed(seed)
    return ioi.make_ioi_batch(model.tokenizer, n, rng, **how)

def difference(some, logits):
    """The logit difference of each prompt, of END's logits."""
    return (logits.gather(1, some.answer[:, None]) - logits.gather(1, some.wrong[:, None]))[:, 0]

clean = prompts(128, 0)

# %% claims
sets = {"IO first": prompts(128, 2, orders=["ABBA"]), "S first": prompts(128, 2, orders=["BABA"])}
said = {name: ioi.behaviour(model, some) for name, some in (sets | {"both first": clean}).items()}
of = {name: float(logits[i]) for name, i in named.items()}
with claims():
    claim("on the example the logits are 15.59 and 3.84, and their difference 11.75", rounds_to(of["Mary"], "15.59") and rounds_to(of["John"], "3.84") and rounds_to(of["Mary"] - of["John"], "11.75"))
    claim("that is a ratio of probabilities above 100 000", float((logits[named["Mary"]] - logits[named["John"]]).exp()) > 1e5)
    claim("the other two of the table are names, stand nowhere in the sentence, and come before John", len(of) == 4 and all(name in ioi.NAMES and name not in ioi.EXAMPLE and of[name] > of["John"] for name in set(of) - {"Mary", "John"}))
    claim("128 prompts, and 128 of either order, with more than 40 names, and several places and objects", all(len(some) == 128 and len(some.answer.unique()) > 40 and len(some.tokens.unique()) > 60 for some in (clean, *sets.values())))
    claim("IO ranks above S in every prompt, in either order", all(one.logit_diff.min() > 0 for one in said.values()))
    claim("IO is named first in 45 to 55 of 100 prompts", between((clean.positions["IO"] < clean.positions["S1"]).float().mean(), 0.45, 0.55))
    claim("the mean logit difference is within 0.8 of 12 in either order and over both", all(abs(float(one.logit_diff.mean()) - 12) < 0.8 for one in said.values()))  # fmt: skip

# %% [markdown]
# ## 2 · Where the answer is worked out
#
# Take the pair clean and flip. Their prompts differ at one token, S2, and their answers are opposite. At the bottom of the model all of the difference is at S2, and at the top it must be at END, because the logits are read there. Somewhere in between it is moved.
#
# Activation patching follows it: run the flipped prompts, and put in the residual stream of the clean run at one position, after some layer. This direction is denoising (lesson 0): it asks what is enough to bring the answer back. The recovery is 0 where this changes nothing and 1 where it brings all of the clean logit difference back.

# %% prediction
predict("ioi.leaves")

# %%
some = clean[:48]
_, kept_streams = model.run_with_cache(some.tokens)
flipped = ioi.corrupt(some, "flip", torch.Generator().manual_seed(0)).tokens

def gap_after(layer, at):
    """The flipped prompts' logit difference with the clean stream at one word."""
    def put(stream, hook):
        stream[:, at] = kept_streams["resid_pre", layer][:, at]
        return stream
    with model.hooks(fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", put)]):
        return difference(some, model(flipped)[:, -1]).mean()

low, high = (difference(some, model(x)[:, -1]).mean() for x in (flipped, some.tokens))
found = torch.tensor([[(gap_after(k, at) - low) / (high - low) for k in range(4)] for at in range(1, 15)])

# %% figure answer
fig, ax = plots.figure(height=2.5)
shown = ["When", "Mary", "and", "John", "went", "to", "the", "store", ",", "John", "gave", "a", "book", "to"]
plots.heatmap(ax, found.T, signed=False, limit=1.0, bar=False, aspect="auto", origin="lower")
for (place, layer), value in ((divmod(i, 4), float(x)) for i, x in enumerate(found.flatten())):
    if value > 0.01:
        ax.text(place, layer, f"{value:.2f}", ha="center", va="center", fontsize=10, color="white" if value > 0.6 else "black")
ax.set(xticks=range(14), xticklabels=shown, yticks=range(4), yticklabels=["embedding", "after layer 0", "after layer 1", "after layer 2"])
ax.set_xticks([x + 0.5 for x in range(13)], minor=True)
ax.set_yticks([y + 0.5 for y in range(3)], minor=True)
ax.grid(which="minor", color="#DDDDDD", linewidth=0.8)
ax.tick_params(which="minor", length=0)
plots.show(
    fig, "Recovery by position and layer: all at S2 in the embedding, most of it at END after layer 0, and all of it there after layer 1.",
    "Recovery when the clean residual stream is put into the flipped run, at one word and after one layer (48 prompts; Mary "
    "and John stand for the first two names, in either order). Empty cells recover less than 0.01.",
)  # fmt: skip
first_layer = next(layer for layer in range(4) if found[13][layer] > 0.5)  # END is the last of 14 words
measured("ioi.leaves", ("", "after layer 0", "after layer 1", "after layer 2")[first_layer])

# %% [markdown]
# Layer 0 already carries 0.87 of the difference to END. At that point S2 holds nothing but its own token, so what is read there cannot say whether the name has occurred before. An eighth takes a detour by the next word, *gave*.

# %% claims
recovered = dict(enumerate(found, start=1))  # by position: S2 is 10, END 14
with claims():
    claim("in the embedding all of it is at S2", recovered[10][0] > 0.999)
    claim("after layer 0 nothing of it is left at S2", recovered[10][1:].abs().max() < 0.01)
    claim("after layer 0, 0.87 of it are at END, and about an eighth at the position after S2",
          rounds_to(recovered[14][1], "0.87") and about(recovered[11][1], 1 / 8))
    claim("after layer 1 all of it is at END", recovered[14][2] > 0.99)
    claim("of the other words, whether before S2, where nothing differs, or after it, none recovers as much as 0.01 after any layer", max(float(recovered[at].abs().max()) for at in recovered if at not in (10, 11, 14)) < 0.01)  # fmt: skip

# %% [markdown]
# ## 3 · Which parts
#
# A head is named by its layer and its number: 1.0 is head 0 of layer 1. The quickest look at what the parts do is direct logit attribution (lesson 0): what each head and each MLP adds at END, read by the unembedding, with the final norm's scale held.

# %% figure
written = ioi.writes(model, clean)
rows = written.rows()
large = {part: row for part, row in rows.items() if max(abs(row[to][0]) for to in ("to IO", "to S")) > 0.3}
heads = sorted((h for h in large if "." in h), key=lambda h: -large[h]["to IO"][0])
shown = heads + [part for part in large if "." not in part]
fig, ax = plots.figure(height=2.8)
for i, (column, colour) in enumerate((("to IO", plots.SERIES[0]), ("to S", plots.SERIES[1]))):
    mean, low, high = zip(*(rows[part][column] for part in shown), strict=True)
    at = [k + 0.38 * i - 0.19 for k in range(len(shown))]
    ax.bar(at, mean, 0.36, color=colour, label={"to IO": "to the logit of IO (Mary)", "to S": "to the logit of S (John)"}[column])
    ax.vlines(at, low, high, color="#F0A000", linewidth=1.4)
ax.axhline(0, color=plots.INK, linewidth=0.8)
ax.axvline(len(heads) - 0.5, color=plots.NULL, linewidth=0.8, linestyle=":")
ax.set(xticks=range(len(shown)), xticklabels=[part.replace("m", "MLP ") for part in shown], ylabel="adds at END (logits)")
ax.legend()
plots.show(
    fig, "Direct attribution: 2.1 to 2.3 raise both names alike, 1.0, 1.2 and 1.3 raise IO more, 0.3 and 1.1 lower S; the MLPs raise IO and lower S.",
    "What a head or an MLP adds, directly, to the logit of IO and of S, each above the mean of all 80 names (128 prompts; thin "
    "lines: intervals). The parts that are not drawn add less than 0.3 to either.",
)  # fmt: skip

# %% [markdown]
# Look at three groups of heads. Heads 1.0, 1.2 and 1.3 raise IO, and S much less. Wang et al. call heads that copy the right name from the prompt **name movers**; we call these three *the movers*, and section 4 tests whether they copy. Heads 2.1, 2.2 and 2.3 raise both names alike. Heads 0.3 and 1.1 lower S.
#
# More than half of the logit difference, 55 %, is added by the MLPs on the right, which raise IO and lower S. But an MLP only works on what heads have brought to its word, so we follow the heads first.
#
# Direct attribution does not see what later parts make of a head's output. Patching does. This time its direction is noising, which asks what the answer needs: run the clean prompts, but give one head the output $z$ (before it is multiplied by $W_O$) that it has on the flipped prompts. The scale is reversed too: the **turn** says how far the logit difference moves, 0 where it stays as in the clean run, 1 where it becomes that of the flipped one. At a turn of one half the two names are about even, and beyond it the model prefers John.

# %% prediction
predict("ioi.quiet")

# %%
noise = ioi.asked(model, clean, "flip", direction="noising")
by_head = noise.sweep("z")
turn = 1 - by_head.recovery()  # (layer, head): 0 as in the clean run, 1 as in the flipped one

# %% figure answer
names, total = [f"{layer}.{head}" for layer in range(4) for head in range(4)], float(by_head.clean.mean())
direct = {head: written.difference(head) / total for head in names}
turned = dict(zip(names, turn.flatten().tolist(), strict=True))
fig, ax = plots.figure(height=2.9, width=6.0)
ax.plot([0, 0.15], [0, 0.15], color=plots.NULL, linewidth=0.8, linestyle="--")
ax.scatter(direct.values(), turned.values(), s=42, color=plots.HEAD, zorder=3)
for text, head, shift in (("0.2", "0.2", (8, -4)), ("0.3", "0.3", (8, -4)), ("1.1", "1.1", (-7, 8)), ("1.0", "1.0", (-10, -18)), ("1.3", "1.3", (-6, 8)),
                          ("1.2", "1.2", (2, -15)), ("the other ten heads", "3.0", (2, -14))):  # fmt: skip
    ax.annotate(text, (direct[head], turned[head]), xytext=shift, textcoords="offset points", fontsize=10)
for line in (ax.axhline, ax.axvline):
    line(0, color=plots.NULL, linewidth=0.8)
ax.set(xlabel="adds directly to IO − S (share of the clean logit difference)", ylabel="turn when patched", xlim=(-0.03, 0.15), ylim=(-0.12, 0.8))
plots.show(
    fig, "Sixteen heads: the movers turn the answer by what they add; 0.2 adds almost nothing and turns it most.",
    "The sixteen heads (128 prompts): across, direct attribution; upwards, the turn when the head gets "
    "its output on the flipped prompt. On the dashed line a head turns the answer by just what it adds.",
)  # fmt: skip
candidates = {"0.2": (0, 2), "0.3": (0, 3), "1.2": (1, 2), "2.1": (2, 1)}
measured("ioi.quiet", max(candidates, key=lambda name: float(turn[candidates[name]])))

# %% [markdown]
# Head 0.2 adds next to nothing, and yet exchanging it turns the answer by 0.70. That is enough to make the model prefer John. The movers lie on the dashed line: exchanging one of them turns the answer by about what it adds. A head that adds so little and matters so much must have readers. We first ask what the movers read.

# %% claims
def wrote(*parts):
    """The share of the logit difference that these parts add directly."""
    return sum(written.difference(part) for part in parts) / total

with claims():
    claim("2.1, 2.2 and 2.3 each raise both names by more than one logit, and by the same amount within 0.2 logits",
          all(min(rows[h]["to IO"][1], rows[h]["to S"][1]) > 1 and abs(written.difference(h)) < 0.2 for h in ("2.1", "2.2", "2.3")))
    claim("1.0, 1.2 and 1.3 raise IO by more than 1.4 logits and S by less than 0.6, and are the three heads that add most to the difference",
          all(rows[h]["to IO"][1] > 1.35 and rows[h]["to IO"][0] > 1.4 and rows[h]["to S"][0] < 0.6 for h in ("1.0", "1.2", "1.3")) and set(sorted(direct, key=direct.get)[-3:]) == {"1.0", "1.2", "1.3"})
    claim("0.3 and 1.1 lower S by more than half a logit and add less than 0.15 to IO", all(rows[h]["to S"][2] < -0.5 and abs(rows[h]["to IO"][0]) < 0.15 for h in ("0.3", "1.1")))
    claim("the MLPs add 55 % of the difference", rounds_to(wrote("m0", "m1", "m2", "m3"), "0.55"))
    claim("together the MLPs raise IO and lower S, by more than two logits each", sum(rows[f"m{k}"]["to IO"][0] for k in range(4)) > 2 and sum(rows[f"m{k}"]["to S"][0] for k in range(4)) < -2)
    claim("in the flipped run the two names are as far apart, the other way, within a twentieth, so that they are even at a turn of about a half", abs(float(by_head.corrupt.mean()) / total + 1) < 0.05)
    claim("0.2 adds less than 0.02 of the difference", abs(direct["0.2"]) < 0.02)
    claim("exchanging 0.2 turns the answer by 0.70, so that S is above IO by more than four logits", rounds_to(turn[0, 2], "0.70") and float(by_head.mean()[0, 2]) < -4)
    claim("0.3 comes next, with 0.3", rounds_to(turn[0, 3], "0.3") and turn.flatten().argsort()[-2] == 3)
    claim("each mover turns it by what it adds, within 0.01", all(abs(turned[h] - direct[h]) < 0.01 for h in ("1.0", "1.2", "1.3")))
    claim("the other ten heads turn it by less than 0.03 and add less than 0.03",
          all(abs(turned[h]) < 0.03 and abs(direct[h]) < 0.03 for h in names if h not in ("0.2", "0.3", "1.0", "1.1", "1.2", "1.3")))  # fmt: skip

# %% [markdown]
# ## 4 · What the movers read
#
# One would expect the movers to look at *Mary*, but from END they give that word less than two hundredths of their attention. They look at the next one, *and*. That makes sense only if *and* has something to say about Mary. It has: the heads of layer 0 copy names to some later words. Why to these words is not known.

# %% figure
first = sets["IO first"]  # as Mary is named first in the example
_, cache = model.run_with_cache(first.tokens)
pattern = cache["pattern", 0].mean((0, 1))  # (reader, read), the mean over prompts and the four heads
spoken = ("When", "Mary", "and", "John", "went", "to", "the", "store", ",")
arcs = {(q - 1, k - 1): float(pattern[q, k]) for q in (3, 5, 9) for k in (2, 4) if k < q}
draw.attention_arcs(spoken, arcs, "", (1, 3)).captioned(
    "Attention from “and”, from “went” and from the comma to the two names. An arrow runs from the name that is read to the word that reads it; averaged over the four heads of layer 0 and "
    "128 prompts. The faint arrows to “went” are below 0.06."
)

# %% [markdown]
# What these heads write at *and* or at the comma is called a **note** here: a part of the residual stream at one word that depends on an earlier word. To test whether the answer is made from notes, we forge one. Run the model on a prompt where Mary is replaced by a stranger, Anna, and keep what layer 0 writes at *and*. Put this into the run on the prompt with Mary. Now the text says *Mary*, and the note at *and* says *Anna*.

# %%
def forged(some, donor, at, heads=(0, 1, 2, 3)):
    """END's logits when these heads write at some words what they write there on the donor."""
    _, other = model.run_with_cache(donor, names_filter="blocks.0.attn.hook_z")

    def forge(z, hook):  # z: (batch, position, head, d_head)
        for word in at:
            z[:, word, list(heads)] = other["z", 0][:, word, list(heads)]
        return z

    with model.hooks(fwd_hooks=[("blocks.0.attn.hook_z", forge)]):
        return model(some.tokens)[:, -1]

# %%
def with_note(some, name_at, note_at, heads=(0, 1, 2, 3)):
    """P(stranger) when these heads write at a word as if a stranger stood at `name_at`."""
    stranger = ioi.corrupt(some, "third", torch.Generator().manual_seed(1)).names[:, 2]
    donor = some.tokens.clone()
    donor[:, name_at] = stranger
    p = forged(some, donor, [note_at], heads).softmax(-1)
    return float(p.gather(1, stranger[:, None]).mean())

# %% figure
stranger = ioi.corrupt(first, "third", torch.Generator().manual_seed(1)).names[:, 2]
_, other = model.run_with_cache(torch.where(torch.arange(first.tokens.shape[1]) == 2, stranger[:, None], first.tokens))

def at_the_name(stream, hook):  # Mary's own position, after layer 0, from the run with the stranger
    stream[:, 2] = other["resid_pre", 1][:, 2]
    return stream

with model.hooks(fwd_hooks=[("blocks.1.hook_resid_pre", at_the_name)]):
    p_by_name = model(first.tokens)[:, -1].softmax(-1)
by_name, still = (float(p_by_name.gather(1, who[:, None]).mean()) for who in (stranger, first.answer))
second = sets["S first"]  # here the answer is the name that comes second
strangers = {"at Mary\nherself": by_name, "at “and”": with_note(first, 2, 3), "at “went”": with_note(first, 2, 5), "at the\ncomma": with_note(first, 2, 9),
             "at “went” ": with_note(second, 4, 5), "at the\ncomma ": with_note(second, 4, 9)}  # fmt: skip
fig, ax = plots.figure(height=2.6)
at = (0, 1, 2, 3, 4.8, 5.8)
ax.bar(at, strangers.values(), 0.6, color=plots.NOTE)
for k, value in zip(at, strangers.values(), strict=True):
    ax.text(k, value + 0.02, f"{value:.2f}", ha="center", va="bottom", fontsize=10)
for x, words_below in ((2, "the first name forged"), (5.3, "the second name forged")):
    ax.text(x, -0.42, words_below, ha="center", fontsize=10, fontweight="bold")
ax.set(xticks=at, xticklabels=list(strangers), ylabel="P(stranger)", ylim=(0, 1.12), yticks=(0, 0.5, 1))
plots.show(
    fig, "Probability of a name that is not in the prompt: nearly 1 with the first name's note at and, or the second's at the comma, else small.",
    "The mean probability of a stranger who is nowhere in the prompt, when one word holds a forged note of the stranger (128 prompts); the forged name is the one that is the answer. "
    "Leftmost: the stranger's stream is put in at Mary's own word, after layer 0.",
)  # fmt: skip

# %% [markdown]
# The model follows the note: it says *Anna*, although no Anna is in the prompt. Put the stranger in at Mary's own word instead, after layer 0, and the model goes on to say *Mary*.
#
# All four heads of layer 0 write these notes, and head 0.2 counts most: if its part alone is left out of the forgery at *and*, the probability of the stranger falls below a fifth.
#
# Who reads these notes? We let a head read the word at which it looks from END, and put each of the 80 names in turn in Mary's place. A head that copies her name from a note raises that name, whichever it is. Its **copy score** is the share of the 80 names that are then among the five that the head raises most. By chance it is 5/80 = 0.06. The next column asks the same of John's name, and the last one how often his is among the five that the head lowers most. The movers have a second row, for the comma, where they look when Mary gives.

# %%
movers, late = ["1.0", "1.2", "1.3"], ["2.1", "2.2", "2.3"]
readers = {"movers": (movers, "after IO", "“and”"),
           "movers, if Mary gives": (movers, "before S2", "the comma"),
           "2.1, 2.2, 2.3": (late, "before S2", "the comma"), "1.1": (["1.1"], "after S2", "“gave”"),
           "0.3": (["0.3"], "S2", "S2, the giver"), "0.2": (["0.2"], "S2", "S2, the giver")}
copied = {}  # by row: for Mary and for John, of each head the shares raised and lowered
for row, (heads_of, place, _) in readers.items():
    at = [patching.head(h) for h in heads_of]
    copied[row] = [list(ioi.copying_notes(model, first, at, role, place).values()) for role in ("IO", "S")]

def mean_of(row, role, column):
    return sum(one[column] for one in copied[row][role]) / len(copied[row][role])

table({row: {"reads": word, "copies Mary": mean_of(row, 0, 0), "copies John": mean_of(row, 1, 0),
             "lowers John": mean_of(row, 1, 1)} for row, (_, _, word) in readers.items()},
      decimals=2, corner="heads")

# %% caption
caption("What heads make of the word that they read (prompts that name IO first; means over the heads of a row). By chance each number is 0.06.")

# %% [markdown]
# From *and* the movers copy Mary, for every name of the 80, and John no more often than by chance. The comma holds both names, but a mover that reads it raises John by about twice as many logits as Mary. That is why we call it the note of John. Heads 2.1, 2.2 and 2.3 read the comma, whether John or Mary gives.
#
# Heads 1.1 and 0.3 lower the giver. Only head 0.2 fits no column: it reads the giver, but copies that name no more often than by chance, and lowers it for only a fifth of the names. Other parts must make use of what it writes.

# %% claims
def to_names(some, at, names=(4, 2)):  # mean attention of layer 0's heads from one position: (head, name)
    _, cache = model.run_with_cache(some, names_filter="blocks.0.attn.hook_pattern")
    return cache["pattern", 0][:, :, at][..., list(names)].mean(0)

parts_forged = [[with_note(some[:32], *at, [h for h in range(4) if h != out]) for out in range(4)] for some, at in ((first, (2, 3)), (second, (4, 9)))]
looks = {head: ioi.looks(model, first, patching.head(head)) for head in (*movers, *late, "1.1", "0.2", "0.3")}
back = ioi.corrupt(first, "flip", torch.Generator().manual_seed(1))
late_too = [ioi.looks(model, back, patching.head(head))["before S2"] for head in late]
_, by_first = model.run_with_cache(first.tokens)

def from_comma(head):
    """What one head of layer 1 would add to the logits of the first and of the second name by reading the comma alone."""
    stream = model.blocks[1].ln1(by_first["resid_pre", 1][:, 9])
    out = (stream @ model.W_V[1, head] + model.b_V[1, head]) @ model.W_O[1, head]
    logits = (out - out.mean(-1, keepdim=True)) / by_first["ln_final.hook_scale"][:, -1] @ ioi.unembedding(model)
    return [(logits.gather(1, who[:, None])[:, 0] - logits[:, first.layout.names].mean(1)).mean() for who in (first.answer, first.wrong)]

at_comma = [from_comma(head) for head in (0, 2, 3)]
raises = {row: [[one[0] for one in role] for role in both] for row, both in copied.items()}
with claims():
    claim("the stranger at Mary's own position, after layer 0, gets a probability below 0.01, and Mary one above 0.99", by_name < 0.01 and still > 0.99)
    claim("from “and” each of the four heads gives more than eight tenths of its attention to the first name, from “went” less than 0.06 to either",
          to_names(first.tokens, 3, (2,)).min() > 0.8 and to_names(first.tokens, 5).max() < 0.06)
    claim("the first name's note at “and” and the second's at the comma make the stranger's probability larger than 0.9, the first's at the comma and notes at “went” less than 0.1",
          min(strangers["at “and”"], strangers["at the\ncomma "]) > 0.9 and max(strangers[k] for k in ("at the\ncomma", "at “went”", "at “went” ")) < 0.1)
    claim("leaving 0.2 out of the forgery lowers the stranger's probability more than leaving out any other head, at “and” to less than a fifth",
          all(min(row) == row[2] for row in parts_forged) and parts_forged[0][2] < 0.2)
    claim("leaving out any one head lowers it", all(max(row) < strangers[word] for row, word in zip(parts_forged, ("at “and”", "at the\ncomma "), strict=True)))
    claim("0.2 and 0.3 look at S2 more than anywhere else that has a name; 1.1 gives more than nine tenths to the word after it", all(max(looks[h], key=looks[h].get) == "S2" for h in ("0.2", "0.3")) and looks["1.1"]["after S2"] > 0.9)
    claim("2.1, 2.2 and 2.3 give more than 0.95 to the comma, and more than 0.9 when Mary gives", all(looks[head]["before S2"] > 0.95 for head in late) and min(late_too) > 0.9)
    claim("1.0, 1.2 and 1.3 give at least three quarters to the word after IO, and to IO itself less than 0.02", all(looks[h]["after IO"] > 0.75 and looks[h]["IO"] < 0.02 for h in movers))
    claim("from “and” each mover copies every first name, and the second name for fewer than a tenth", min(raises["movers"][0]) == 1 and max(raises["movers"][1]) < 0.1)
    claim("from the comma each mover copies every second name, and raises it by 1.8 to 2.5 times as many logits as the first", min(raises["movers, if Mary gives"][1]) == 1 and all(between(b / a, 1.8, 2.5) for a, b in at_comma))
    claim("1.1 lowers more than 0.85 of the givers from “gave”, 0.3 more than 0.95 from S2", mean_of("1.1", 1, 1) > 0.85 and mean_of("0.3", 1, 1) > 0.95)
    claim("0.2 raises the giver for 0.06 of the names, as by chance, and lowers it for 0.20", rounds_to(mean_of("0.2", 1, 0), "0.06") and rounds_to(mean_of("0.2", 1, 1), "0.20"))  # fmt: skip

# %% [markdown]
# ## 5 · Who tells the movers
#
# Something tells the movers to read the note of Mary rather than that of John. Head 0.2 may be the sender, because it reads the giver at END. Path patching shows where its message goes: we change the output of this head to that of the flipped prompt, and choose on which paths the change may travel.

# %%
ways = {"straight to the logits": 1 - noise.path_patch(mlps="frozen").recovery(),
        "also through MLPs": 1 - noise.path_patch(mlps="recomputed").recovery(),
        "also through heads": turn}  # this is the patching of section 3

# %% figure
paths = {way: {h: float(found[patching.head(h)]) for h in ("0.2",)} for way, found in ways.items()}
ioi.paths_drawn([found["0.2"] for found in paths.values()]).captioned(
    "Three experiments with head 0.2, and, beside the logits, the turn in each (128 prompts). Orange-red: what is as on the flipped prompt, from the head to the logits; "
    "grey: parts that are frozen, so that they write what they write in the clean run. Not drawn: in the third, the heads also write to the MLPs."
)

# %% [markdown]
# Straight to the logits head 0.2 does next to nothing, and that is why direct attribution overlooked it. MLPs read its message, and along this path alone the answer turns by 0.29. But the larger part passes through other heads. To see whether these are the movers, we send the changed output of one head of layer 0, straight or through the MLP between them, to one input of the movers: their queries, keys or values.

# %% prediction
predict("ioi.input")

# %% answer
heard = {}  # by input of the movers: the turn for each head of layer 0
for reads, name in (("q", "queries"), ("k", "keys"), ("v", "values")):
    receivers = [f"{mover}.{reads}" for mover in ("1.0", "1.2", "1.3")]
    told = noise.path_patch(["0.0", "0.1", "0.2", "0.3"], receivers, mlps="recomputed")
    heard[name] = 1 - told.recovery()

# %% figure answer
fig, ax = plots.figure(height=2.0, width=5.6)
grid = torch.stack(list(heard.values()))
plots.heatmap(ax, grid, signed=False, limit=0.5, bar=False, aspect="auto")
for (y, x), value in ((divmod(i, 4), float(v)) for i, v in enumerate(grid.flatten())):
    ax.text(x, y, f"{value:.2f}".replace("-", "−") if abs(value) >= 0.005 else "0", ha="center", va="center", fontsize=10, color="white" if value > 0.25 else "black")
ax.set(xticks=range(4), xticklabels=("0.0", "0.1", "0.2", "0.3"), xlabel="message of head", yticks=range(3), yticklabels=[f"movers' {name}" for name in heard])
plots.show(
    fig, "Twelve messages to the movers: of the four to their queries that of 0.2 matters, those to keys and values are near 0.",
    "The turn when one input of the movers 1.0, 1.2 and 1.3 together receives one head's output as on the flipped prompt.",
)  # fmt: skip
measured("ioi.input", "their " + max(heard, key=lambda name: abs(float(heard[name][2]))))

# %% [markdown]
# The movers hear head 0.2 through their queries, with a turn of 0.32. The messages of the three other heads to the queries stay below 0.05. Keys and values could not show much here: *and* and the comma stand before S2, so what is read there is the same in both runs. What the message changes is *where the movers look*. The other path from this head, by the MLPs, counts about as much: 0.29. Exchanged together they turn the answer by 0.66, nearly all of the 0.70 of section 3.

# %% claims
with claims():
    claim("directly, 0.2 turns the answer by less than 0.02, also through MLPs by 0.29, over all paths by more than twice that",
          abs(paths["straight to the logits"]["0.2"]) < 0.02 and rounds_to(paths["also through MLPs"]["0.2"], "0.29") and paths["also through heads"]["0.2"] > 2 * paths["also through MLPs"]["0.2"])
    claim("exchanged together, its messages to the movers' queries and to the logits turn it by 0.66", rounds_to(1 - noise.path_patch([["0.2"]], [*(f"{mover}.q" for mover in movers), "logits"], mlps="recomputed").recovery()[0], "0.66"))
    claim("0.2 to the movers' queries turns it by 0.32, and none of the other eleven messages by more than 0.05",
          rounds_to(heard["queries"][2], "0.32") and sorted(float(x.abs()) for row in heard.values() for x in row)[-2] < 0.05)  # fmt: skip

# %% [markdown]
# ## 6 · How one name is avoided
#
# A query decides where a head looks. So look at where the movers look when somebody else gives.

# %% figure
rng = torch.Generator().manual_seed(1)
givers = {"John gives": first, "Mary gives": ioi.corrupt(first, "flip", rng), "a third person gives": ioi.corrupt(first, "third", rng)}
reading = {who: {h: ioi.looks(model, one, patching.head(h)) for h in movers} for who, one in givers.items()}
swing = {who: [sum(f[at] for f in found.values()) / 3 for at in ("after IO", "before S2")] for who, found in reading.items()}
plots.show(
    by_giver(swing, ("to “and”\n(note of Mary)", "to the comma\n(note of John)"), "attention from END"),
    "The movers read the note of Mary when John gives, that of John when Mary gives, and both when a third gives.",
    "Mean attention of the movers from END to the two notes, by who gives (128 prompts that name Mary first).",
)  # fmt: skip

# %% [markdown]
# The movers look away from the note of the giver, and when a third person gives they read both notes. We follow the sentence of the puzzle by hand, through the mover 1.2. How much it attends to a word depends on a *score*, the product of its query at END and the word's key; a softmax turns scores into attention. With the scale of the norm held, the query is linear in what head 0.2 writes. So the score is what the message of this head adds, plus what is there without it.

# %%
_, cache = model.run_with_cache(prompt)
root = model.cfg.d_head**0.5
query = cache["q", 1][0, -1, 2]  # of head 1.2, at END
keys = cache["k", 1][0, [3, 9], 2]  # at “and” (note of Mary) and at the comma (note of John)
score = keys @ query / root

message = cache["z", 0][0, -1, 2] @ model.W_O[0, 2]  # what head 0.2 writes at END
message = (message - message.mean()) / cache["blocks.1.ln1.hook_scale"][0, -1]
read = message * model.blocks[1].ln1.weight @ model.W_Q[1, 2]
adds = keys @ read / root
table({name: dict(zip(("note of Mary", "note of John"), values.tolist(), strict=True))
       for name, values in {"score without the message": score - adds, "the message adds": adds,
                            "sum: the score": score}.items()}, decimals=2, corner="mover 1.2")

# %% caption
caption("The scores of the mover 1.2 for the two notes, on the sentence of the puzzle, and what the message of head 0.2 adds to them.")

# %% [markdown]
# Without the message both notes would be read. With it, the softmax makes of the gap a ratio of more than 130 to 1. It may look odd that the message adds to Mary's note. But a softmax sees only the gaps between scores, and all that counts is that John's note gets less than Mary's. A single mover can still go wrong: on this sentence head 1.3 reads the comma.
#
# Now let each of the 80 names give in turn. The left panel shows what the message then adds to the movers' scores for the notes of the 80 names. The right panel asks about the other path, in eight prompts in which a third person gives: all heads are frozen, and the message moves the 80 logits through the MLPs, and straight.

# %% figure
movers_at = ((1, 0), (1, 2), (1, 3))
panels = {"scores of the movers": [ioi.note_scores(model, first, (0, head), movers_at) for head in (2, 3)],
          "logits, heads frozen": [ioi.mlp_answers(model, first, (0, head)) for head in (2, 3)]}
fig, axes = plots.figure(1, 2, height=2.7, sharey=True)
for ax, (title, (by_02, by_03)) in zip(axes, panels.items(), strict=True):
    order = by_02.diagonal().argsort()
    others_of = by_02.masked_fill(torch.eye(80, dtype=torch.bool), float("nan"))[order]
    lowest, highest = (others_of.nan_to_num(fill).aminmax(dim=1)[which] for which, fill in ((0, 99.0), (1, -99.0)))
    ax.vlines(range(80), lowest, highest, color=plots.NULL, alpha=0.45, linewidth=1.6, label="79 other names")
    ax.plot(by_03.diagonal()[order], "o", color=plots.SERIES[1], markersize=3, label="the giver, message of 0.3")
    ax.plot(by_02.diagonal()[order], "o", color=plots.SERIES[0], markersize=3.5, label="the giver")
    ax.axhline(0, color=plots.INK, linewidth=0.8)
    ax.set(title=title, xlabel="80 givers, in order", xticks=[])
axes[0].set(ylabel="message adds")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plots.show(
    fig, "Two panels. For each of 80 givers the giver's own value lies below those of all other names, in the scores and in the logits.",
    "What the message of head 0.2 adds for the giver's own name (dark) and for the 79 others (grey, from the lowest to the highest), less the means over names and over givers. "
    "Light: what the message of head 0.3 adds for the giver.",
)  # fmt: skip

# %% [markdown]
# In both panels, for every giver, the giver's own value is the lowest of the 80. One message does two things at once: to the movers it says *do not read this note*, to the MLPs *do not say this name*.
#
# The control is head 0.3, which reads the giver too. Averaged over the givers, its message changes the movers' score of the giver's note about six times less. With all heads frozen it lowers the giver's logit about half as much, and part of this goes straight to the logits, as section 3 has shown.

# %% claims
spread = [f[at] for f in reading["a third person gives"].values() for at in ("after IO", "before S2")]
another = prompts(128, 12, orders=["ABBA"])
draws = [panels, {"scores of the movers": [ioi.note_scores(model, another, (0, head), movers_at) for head in (2, 3)],
                  "logits, heads frozen": [ioi.mlp_answers(model, another, (0, head)) for head in (2, 3)]}]  # fmt: skip
own = {title: [[float(x.diagonal().mean()) for x in one[title]] for one in draws] for title in panels}
ratio = score.softmax(0)[0] / score.softmax(0)[1]
ln, stream = model.blocks[1].ln1, cache["resid_pre", 1][0, -1]
normed = (stream - stream.mean()) / cache["blocks.1.ln1.hook_scale"][0, -1] - message
query_without = (normed * ln.weight + ln.bias) @ model.W_Q[1, 2] + model.b_Q[1, 2]
with claims():
    claim("all three movers read the note of Mary at least four times as much as that of John when John gives, and that of John ten times as much when Mary gives",
          all(f["after IO"] > 4 * f["before S2"] for f in reading["John gives"].values()) and all(f["before S2"] > 10 * f["after IO"] for f in reading["Mary gives"].values()))
    claim("when a third gives, each note gets between 0.35 and 0.65", between(spread, 0.35, 0.65))
    claim("without the message the softmax over the two would give each more than a fifth", (score - adds).softmax(0).min() > 0.2)
    claim("with the scale held, the query of the stream without the message gives the score without it (to a hundredth)", torch.allclose(keys @ query_without / root, score - adds, atol=0.01))
    claim("with it the ratio is between 130 and 140", between(ratio, 130, 140))
    claim("the message adds to the score of Mary's note and takes from that of John's", adds[0] > 0 > adds[1])
    claim("on the example 1.3 gives more than 0.75 to the comma", cache["pattern", 1][0, 3, -1, 9] > 0.75)
    claim("of 80 notes the message of 0.2 lowers the giver's most, and of 80 logits, with all heads frozen, the giver's, for every giver, in each of two draws",
          all((one[title][0].argmin(1) == torch.arange(80)).all() for one in draws for title in panels))
    claim("the message of 0.3 changes the score of the giver's note about six times less, in each of two draws", all(between(by_02 / by_03, 5.5, 6.5) for by_02, by_03 in own["scores of the movers"]))
    claim("with all heads frozen it lowers the giver's logit by 0.45 to 0.55 of what the message of 0.2 does, in each of two draws", all(between(by_03 / by_02, 0.45, 0.55) for by_02, by_03 in own["logits, heads frozen"]))  # fmt: skip

# %% [markdown]
# ## 7 · The circuit
#
# The circuit has two halves. One is the notes, which all four heads of layer 0 write at *and* and at the comma. Both words stand before S2, so the notes cannot depend on who gives. The other half is the message about the giver, and the six heads that send, read or pass it on: 0.2, 0.3, 1.0, 1.1, 1.2 and 1.3. The movers join the halves: their queries hear the message, and their values copy a note. The drawing shows the second half, measured by the turn.

# %% figure
token, avoid = ioi.Part("giver", ("embed",), "S2"), ioi.Part("0.2", ("0.2",), "END")
lower, leave = (ioi.Part("0.3", ("0.3",), at) for at in ("END", "after S2"))
read, move = ioi.Part("1.1", ("1.1",), "END"), ioi.Part("1.0, 1.2, 1.3", ("1.0", "1.2", "1.3"), "END")
flips = [(token, avoid, "v"), (token, lower, "v"), (avoid, move, "q"), (leave, read, "v")]  # to 0.3 at both words
flips += [(part, ioi.LOGITS, "") for part in (avoid, lower, read, move)]
circuit = ioi.measured_diagram({"giver": (noise, flips)})
ioi.circuit_drawn(circuit).captioned(
    "The message, as it was measured; the notes at “and” and at the comma, which heads 0.0 to 0.3 write before S2, are not drawn. At an arrow: the turn when this message is that of the flipped prompt, and the input that reads it (Q or V); the two arrows from the giver to 0.3 have one number together."
)

# %% [markdown]
# At END, head 0.2 reads the giver, and its message takes two paths of about equal width: by the queries of the movers, which then copy the other name, and by the MLPs, which lower the giver. On the left head 0.3 does a smaller share of the same work, directly and through head 1.1.
#
# When the messages of the six to the logits are exchanged at once, the turn is 0.99. With those of the ten other heads it is less than 0.02. So nearly everything in the answer that depends on the giver comes from the six.

# %% claims
six = ["0.2", "0.3", "1.0", "1.1", "1.2", "1.3"]
turns = {arrow.name: arrow.turn for arrow in circuit.arrows["giver"]}
at_once = {len(part): float(1 - noise.path_patch([part], "logits", mlps="recomputed").recovery()[0]) for part in (six, [h for h in names if h not in six])}
with claims():
    claim("every arrow turns the answer by more than a tenth, by its interval, and the one from the token to 0.2 most", min(one[1] for one in turns.values()) > 0.1 and max(turns, key=turns.get) == "giver → 0.2, values")
    claim("the two paths from 0.2 differ by less than 0.05", abs(turns[f"0.2 → {move.name}, queries"][0] - turns["0.2 → logits"][0]) < 0.05)
    claim("0.3 turns it less than 0.2, by the arrow that it reads and by the arrows that leave it",
          turns["giver → 0.3, values"][0] < turns["giver → 0.2, values"][0] and max(turns["0.3 → logits"][0], turns["0.3 → 1.1, values"][0]) < min(turns[f"0.2 → {move.name}, queries"][0], turns["0.2 → logits"][0]))
    claim("with the messages of the six to the logits exchanged at once the turn is 0.99, with those of the ten others below 0.02", rounds_to(at_once[6], "0.99") and abs(at_once[10]) < 0.02)  # fmt: skip

# %% [markdown]
# ## 8 · Is it enough?
#
# We keep the six and set the ten others, at every word, to their means over the ABC prompts, which hold no information about the names. The MLPs stay. Heads 0.0 and 0.1 are among the ten, so the notes lose two of their four writers.

# %%
abc = ioi.corrupt(clean, "ABC", torch.Generator().manual_seed(0)).tokens
_, means = model.run_with_cache(abc, names_filter=lambda name: name.endswith("attn.hook_z"))

def keep(some, heads):
    """END's logits, and the final norm's divisor there, when all other heads are at their means."""
    def others(z, layer):  # z: (batch, position, head, d_head)
        mine = [int(h[2]) for h in heads if h[0] == str(layer)]
        out = means["z", layer].mean(0).expand_as(z).clone()
        out[:, :, mine] = z[:, :, mine]
        return out
    hooks = [(f"blocks.{k}.attn.hook_z", lambda z, hook, k=k: others(z, k)) for k in range(4)]
    with model.hooks(fwd_hooks=hooks):
        logits, cache = model.run_with_cache(some.tokens, names_filter="ln_final.hook_scale")
    return logits[:, -1], cache["ln_final.hook_scale"][:, -1, 0]

# %% [markdown]
# Let $F(C)$ be the mean logit difference when only the heads of the set $C$ are left. $M$ is the whole model, and $\varnothing$ is no head at all. The **faithfulness** of $C$ is the share of the behaviour that $C$ keeps:
#
# $$\frac{F(C) - F(\varnothing)}{F(M) - F(\varnothing)}.$$

# %%
kept_sets = {"the six heads": six, "whole model": names, "no head": []}
left = {name: keep(clean, heads) for name, heads in kept_sets.items()}
F = {name: float(difference(clean, logits).mean()) for name, (logits, _) in left.items()}
table({name: {"logit difference": value} for name, value in F.items()}, decimals=1, corner="what is kept")

# %% [markdown]
# The six keep more than the whole model has: a faithfulness of 1.25. The reason is the final norm, which divides the stream at END by its size. With ten heads at their means it divides by 4.2 in place of almost 6, and every difference of logits is stretched. From here on faithfulness is taken with the divisor of the whole model.
#
# A second measure of the same behaviour is the probability of IO, nearly 1 in the whole model.

# %% prediction
predict("ioi.six")

# %% answer
def kept(some, sets):
    """Of each set: faithfulness with the whole model's divisor, and P(IO)."""
    (whole, whole_scale), rows = keep(some, names), []
    bias = model.ln_final.bias @ model.W_U + model.b_U  # is not divided
    fixed = difference(some, bias.expand_as(whole))
    for logits, scale in (keep(some, heads) for heads in ([], *sets)):
        p = logits.softmax(-1).gather(1, some.answer[:, None])
        held = (difference(some, logits) - fixed) * scale / whole_scale + fixed
        rows.append((float(held.mean()), float(p.mean())))
    (none, _), total = rows[0], float(difference(some, whole).mean())
    return [((held - none) / (total - none), p) for held, p in rows[1:]]

measured("ioi.six", kept(clean, [six])[0][1])

# %% figure answer
writers = ["0.0", "0.1"]  # of notes, beside 0.2 and 0.3
ours_are = [six, six + writers, six + late, six + writers + late]
ours = kept(clean, ours_are)
dice, few = torch.Generator().manual_seed(0), clean[:32]
random_sets = [[[names[i] for i in torch.randperm(16, generator=dice)[:len(one)]] for _ in range(40)] for one in ours_are]
null = [kept(few, sets) for sets in random_sets]
fig, axes = plots.figure(1, 2, height=3.6, sharey=True)
for which, (ax, label) in enumerate(zip(axes, ("faithfulness", "P(IO)"), strict=True)):
    ax.axvline(1, color=plots.ANSWER, linewidth=1.2)
    for y, (one, values, chosen) in enumerate(zip(ours, null, random_sets, strict=True)):
        for i, (other, heads) in enumerate(zip(values, chosen, strict=True)):
            ax.plot(other[which], y + 0.26 + 0.06 * (i % 6), "o", color=plots.SERIES[1] if "0.2" in heads else plots.NULL, markersize=3.5, alpha=0.7)
        ax.plot(one[which], y, "o", color=plots.HEAD, markersize=9)
        aside = 0.05 if one[which] < 0.8 else -0.05
        ax.text(one[which] + aside, y, f"{one[which]:.2f}", ha="left" if aside > 0 else "right", va="center", fontsize=10)
    ax.set(xlabel=label, xlim=(-0.1, 1.12), ylim=(3.8, -0.4), yticks=range(4), yticklabels=("the six", "the six,\n0.0 and 0.1", "the six\nand 2.1–2.3", "all eleven"))
plots.show(
    fig, "Two panels, four sets of heads. By faithfulness the six lie right of all random sixes; by P(IO) the six lie at 0.24, all eleven at 1.",
    "Large dots: what is left when only these heads and the MLPs are kept, by the logit difference and by the probability of IO (128 prompts). "
    "Small dots: forty random sets of as many heads, light where they hold head 0.2 (32 prompts).",
)  # fmt: skip

# %% [markdown]
# With the six, IO gets a probability of only 0.24, although they keep about nine tenths of the logit difference: all of it where IO is named first, and 0.77 where S is. Names that stand nowhere in the prompt get more than half. The logit difference asks *which of the two names* comes, and not whether *a name of this prompt* comes at all.
#
# Two things are missing. One is the other writers of the notes: the six together with heads 0.0 and 0.1 give IO 0.62. The other is heads 2.1, 2.2 and 2.3, which raise both names alike: the six together with these give 0.98. All eleven heads, notes and message, give 0.999. They keep 0.98 of the logit difference, but not alike in both orders: 0.84 where IO is named first, and 1.15 where S is. What belongs to a circuit depends on what is measured.
#
# The control is forty random sets. No random six keeps as much of the logit difference as the six. On average those with head 0.2 keep about half and those without it less than a tenth. So this test speaks for head 0.2; for the five others the path patching of sections 5 to 7 is the better evidence. By the probability of IO, many random sixes do better than ours.

# %% claims
again = [kept(prompts(64, seed), ours_are) for seed in (10, 11)]
after_six = left["the six heads"][0].softmax(-1)
elsewhere = after_six[:, clean.layout.names].sum(1) - sum(after_six.gather(1, who[:, None])[:, 0] for who in (clean.answer, clean.wrong))
with_02 = [one[0] for one, heads in zip(null[0], random_sets[0], strict=True) if "0.2" in heads]
here = kept(few, [six, six + writers])
without = [one[0] for one, heads in zip(null[0], random_sets[0], strict=True) if "0.2" not in heads]
by_order = {order: kept(some, [six, six + writers + late]) for order, some in sets.items()}
with claims():
    claim("the faithfulness of the six is 1.25", rounds_to((F["the six heads"] - F["no head"]) / (F["whole model"] - F["no head"]), "1.25"))
    claim("with the six the final norm divides by 4.2, in the whole model by 5.8 to 6", rounds_to(left["the six heads"][1].mean(), "4.2") and between(left["whole model"][1].mean(), 5.8, 6))
    claim("with the whole model's divisor the faithfulness of the six is between 0.84 and 0.92, in each of three draws", between([ours[0][0], *(row[0][0] for row in again)], 0.84, 0.92))
    claim("where IO is named first the six have a faithfulness of 1.0 and all eleven of 0.84, where S is, 0.77 and 1.15",
          [rounds_to(by_order[order][which][0], text) for order, texts in (("IO first", ("1.0", "0.84")), ("S first", ("0.77", "1.15"))) for which, text in enumerate(texts)] == [True] * 4)
    claim("with the six the probability of IO is 0.24, in each of three draws below 0.3, and names that are not in the prompt have more than a half together",
          rounds_to(ours[0][1], "0.24") and max([ours[0][1], *(row[0][1] for row in again)]) < 0.3 and elsewhere.mean() > 0.5)
    claim("with 0.0 and 0.1 the probability is 0.62, in each of three draws above a half", rounds_to(ours[1][1], "0.62") and min(one[1][1] for one in (ours, *again)) > 0.5)
    claim("with 2.1, 2.2 and 2.3 the probability is 0.98, in each of three draws above 0.96", rounds_to(ours[2][1], "0.98") and min(one[2][1] for one in (ours, *again)) > 0.96)
    claim("with all eleven the probability is 0.999 and the faithfulness 0.98; in each of three draws above 0.99, and between 0.93 and 1",
          rounds_to(ours[3][1], "0.999") and rounds_to(ours[3][0], "0.98") and all(one[3][1] > 0.99 and 0.93 < one[3][0] < 1 for one in (ours, *again)))
    claim("no random six keeps as much of the logit difference as the six, on the same prompts", len(null[0]) == 40 and max(one[0] for one in null[0]) < here[0][0])
    claim("the random sixes with 0.2 keep about half on average, each more than a third, and those without it less than a tenth",
          between(sum(with_02) / len(with_02), 0.45, 0.55) and min(with_02) > 1 / 3 and sum(without) / len(without) < 0.1)
    claim("by the probability of IO more than ten of forty random sixes, and of forty random eights, do better than ours", all(sum(one[1] > here[i][1] for one in null[i]) > 10 for i in (0, 1)))  # fmt: skip

# %% [markdown]
# ## 9 · A prediction that could fail
#
# The two ways of the beginning were to avoid *the repeated name*, as GPT-2 small does, or *the last name*, repeated or not. We need sentences on which they differ. In *… John gave a book from Mary to* both names occur twice, and the last one is Mary.

# %% prediction
predict("ioi.twice")

# %% [markdown]
# The circuit has an account of its own: the more head 0.2 attends to a name, the more that name is avoided. So take its attention to John minus that to Mary, and multiply it by one factor, chosen so that the sentence of section 1 comes out right. The result is the circuit's **forecast** of the logit difference.

# %% figure answer
texts = {"template": ioi.TEXTS["as in the template"], "both twice": ioi.TEXTS["IO twice, after the giver"],
         "John had lunch": ioi.TEXTS["S had lunch, a third gives"], "went with": "{S} went to the {place} with {IO} and gave a {object} to"}
expects = {"template": ("Mary", "Mary"), "both twice": ("–", "John"), "John had lunch": ("Mary", "–"), "went with": ("–", "John")}
found = ioi.outside(model, (0, 2), texts)  # 128 prompts each
gap = {name: float(one.logit_diff.mean()) for name, one in found.items()}
slope = gap["template"] / found["template"].leaning
forecast = {name: slope * one.leaning for name, one in found.items()}
ioi.texts_drawn(
    [(ioi.read_words(model, text, [(0, 2)]), dict(zip(("repeated", "last"), expects[name], strict=True)), forecast[name], gap[name]) for name, text in texts.items()],
    16, "Four texts with the attention of 0.2 on their words, the forecast logit difference and the measured one: the first sets the scale, two have the same side, the last the opposite one.",
).captioned(
    "Blue ground: the attention of head 0.2 from the last word. Beside each text: the name that the model should say if it avoids the repeated name, or the last (– : neither), and the logit difference Mary − John, as forecast (grey bar; the first row sets its scale) and as measured (dot; 128 prompts)."
)  # fmt: skip

# %% answer
leads = gap["both twice"]
measured("ioi.twice", "Mary" if leads > 1 else "John" if leads < -1 else "neither: about even")

# %% [markdown]
# After *John gave a book from Mary to* the model says John: the logit difference is −8.3. Both names are repeated, so avoiding only *the repeated name* would leave the two even. In the third row, *… John had lunch and Anna gave a book to*, Anna is the last name, so avoiding only *the last name* would leave Mary and John even, and the model leans to Mary by about two logits. Nor does a name have to be repeated to be avoided: after *…, Anna gave a book to*, Anna's logit is six below the mean of all names.
#
# So neither way alone is what the model does. There are two things that these rows do not show. They do not exclude a mixture of both ways, which avoids the repeated name and, where repetition decides nothing, the last one. And they do not single out head 0.2. Its forecast has the right side in both rows, but so has a forecast from the attention of head 0.3. What speaks for head 0.2 is the patching.
#
# The last row, *John went to the store with Mary and gave a book to*, is where the account fails. Mary is the last name, head 0.2 gives her about nine tenths of its attention, and the model says Mary all the same. The mixture and the last-name way fail here as well. In this sentence the two names are not joined by *and*. The second notebook asks what the movers read there.

# %% claims
drawn = [(found, gap, forecast)]
for seed in (1, 2):
    more = ioi.outside(model, (0, 2), texts, n=64, seed=seed)
    lean = {name: float(one.logit_diff.mean()) for name, one in more.items()}
    drawn.append((more, lean, {name: one.leaning * lean["template"] / more["template"].leaning for name, one in more.items()}))
by_03 = ioi.outside(model, (0, 3), texts, n=64)
third_gives = [ioi.told(model.tokenizer, ioi.TEXTS["a third gives"], 96, torch.Generator().manual_seed(seed)) for seed in (1, 2)]
anna = [float((logits.gather(1, some.c[:, None])[:, 0] - logits[:, clean.layout.names].mean(1)).mean()) for some in third_gives for logits in [model(some.tokens)[:, -1]]]
with claims():
    claim("after “John gave … from Mary” the mean logit difference is −8.3, and S is above IO in more than 95 of 100 prompts", rounds_to(gap["both twice"], "-8.3") and (found["both twice"].logit_diff < 0).float().mean() > 0.95)
    claim("after “John had lunch and Anna gave” it leans to IO by 1.5 to 3 logits, in each of three draws", between([lean["John had lunch"] for _, lean, _ in drawn], 1.5, 3))
    claim("there 0.2 gives more than a fifth of its attention to S, and less than a twentieth to IO, in each of three draws", all(one["John had lunch"].to_s.mean() > 0.2 and one["John had lunch"].to_io.mean() < 0.05 for one, _, _ in drawn))
    claim("the forecast has the right side on both, and on “went with” the wrong one, in each of three draws",
          all(lean[name] * line[name] > 0 for _, lean, line in drawn for name in ("both twice", "John had lunch")) and all(line["went with"] < -7 and lean["went with"] > 7 for _, lean, line in drawn))
    claim("a forecast from the attention of 0.3 has the same sides in all four texts", all(by_03[name].leaning * forecast[name] > 0 for name in texts))
    claim("when Anna gives, her logit is six below the mean of all names, in each of two draws", all(rounds_to(x, "-6") for x in anna))
    claim("after “went with” IO gets about nine tenths of the attention of 0.2, in each of three draws", all(about(one["went with"].to_io.mean(), 0.9) for one, _, _ in drawn))  # fmt: skip

# %% [markdown]
# ## 10 · Beside GPT-2, and what this does not show
#
# Here is our circuit beside the one that Wang et al. found in GPT-2 small.

# %% figure
ioi.beside_drawn().captioned(
    "Two circuits for the same task: the left one without heads 0.3 and 1.1, the right one after Wang et al. 2022, without negative and backup name movers. Black: depends on who gives; gold: the names and their notes, whoever gives; letters: the input that reads."
)

# %% [markdown]
# In both, heads copy a name, and others tell their queries whom to avoid. On the right these are called S-inhibition heads. Our other path, by the MLPs, is not drawn on the right: Wang et al. did not open them. Below, the two differ. GPT-2 small has duplicate-token heads and induction heads (those of lesson 3), which notice at S2 that a name has occurred before. Here head 0.2 reads the name off its token, whether it is new or not. GPT-2's movers read the name itself, ours read notes. And GPT-2's queries are told the place of S even more than its token; we asked for the token alone.
#
# - **One model.** `ioi-natural-b` and `ioi-natural-c` are the same recipe with other random starts. They do the task with other heads in other roles, which the second notebook draws.
# - **Heads first.** The MLPs were kept throughout. We know what they are told and that they lower the giver, but not how their neurons do it.
# - **One kind of sentence.** The circuit was measured where two names are joined by *and* and somebody gives in a clause of its own.

# %% claims
new_giver = ioi.looks(model, givers["a third person gives"], (0, 2))
with claims():
    claim("0.2 looks at S2 with more than a half when the giver is known, and when the giver is new", min(looks["0.2"]["S2"], new_giver["S2"]) > 0.5)

# %% [markdown]
# **The puzzle, answered.** Where two names are joined by *and* and then somebody gives, head 0.2 reads the giver, and the parts that read its message avoid that name, whether repeated or not. Neither way of the beginning is the whole rule: a new name is avoided too, and so is a repeated one that is not the last.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "The giver's name is carried from S2 to END by layer 0", "evidence": "the residual stream, patched at every position and layer",
     "control": "the other two words after S2 recover nothing", "where it fails": "an eighth goes by way of the next word"},
    {"claim": "Names are read from notes at “and” and at the comma", "evidence": "a stranger's note makes the model say the stranger",
     "control": "the same at “went”: below 0.1", "where it fails": "the comma holds both names; why these words is not known"},
    {"claim": "Head 0.2 tells the movers' queries and the MLPs whom to avoid", "evidence": "path patching; the score of each name's note, and each name's logit with all heads frozen",
     "control": "the messages of the three other heads to the queries", "where it fails": "a single mover may read the other note; with all heads frozen the message of head 0.3 lowers the giver too, half as much"},
    {"claim": "Six heads decide which of the two names comes; with heads 2.1 to 2.3 it is a name of the prompt", "evidence": "faithfulness, and the probability of IO",
     "control": "forty random sets of as many heads", "where it fails": "random sixes with head 0.2 keep about half; by the probability of IO many random sixes do better"},
    {"claim": "What head 0.2 looks at is avoided", "evidence": "a forecast from its attention, right in two new texts", "control": "avoid the repeated name; avoid the last name; the attention of head 0.3",
     "where it fails": "in the text whose names are not joined by “and” the model says the name that head 0.2 looks at; a forecast from head 0.3 has the same sides"},
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
# - name movers: heads that copy the right name from the prompt to the answer.
# - turn: how far an exchange moves the logit difference from the clean run's (0) to the partner's (1).
# - note: a part of the residual stream at one word that depends on an earlier word.
# - copy score: the share of names that a head puts among its five most raised when it reads them.
# - faithfulness: the share of a behaviour that a circuit keeps when everything else is ablated.
# - forecast: the logit difference expected from the attention of 0.2, scaled on the sentence of section 1.

# %% [markdown]
# # Indirect object identification
#
# **A puzzle.** A small model reads: *When Mary and John went to the store, John gave a book to*. It says *Mary*, with a probability of nearly 1. Exchange the second *John* for *Mary*, and it says *John*. The answer hangs on the one word before *gave*.
#
# There are two simple ways to get this right. The model may look for the name that occurs *twice*, and avoid it. Or it may avoid the *last* name that it has read, repeated or not. On these sentences both give the same answers.
#
# GPT-2 small, a larger model, notices the repetition, as Wang et al. 2022 found ([Interpretability in the Wild](https://arxiv.org/abs/2211.00593)). Here we find the parts that produce the behaviour in a small model, draw their circuit, and let it predict sentences on which the two ways differ.

# %% [markdown] contents
# You need lesson 0: the residual stream, direct logit attribution, ablation, activation patching and path patching. The prompts have many names; in the figures *Mary* and *John* stand for the two of each prompt, and John is the one who gives.

# %% setup

# %% figure
from math import exp

import torch

from course_utils import ioi, patching, plots, zoo
from course_utils.page import about, between, card, claim, claims
from course_utils.page import measured, predict, rounds_to, table

model = zoo.load("ioi-natural", "cpu").requires_grad_(False)
template = ioi.TEXTS["as in the template"]
texts = {"John gives": template, "Mary gives": template.replace("{S}", "{IO}")}
giver = ioi.outside(model, (0, 2), texts, n=128)  # 128 variants; IO is Mary
p = {text: (float(one.p_io.mean()), float(one.p_s.mean())) for text, one in giver.items()}

ioi.puzzle_drawn(p["John gives"][0], p["Mary gives"][1]).captioned(
    "The puzzle. On the right: what the model says, and with what mean probability (128 prompts of either kind, with other names, places and objects)."
)

# %% [markdown]
# The model, `ioi-natural`, has the architecture of GPT-2 with four layers of four heads and was trained on invented stories, of which sentences like these are a part.

# %% claims
def end_of(text):
    """END's logits on one prompt."""
    return model(torch.tensor([[model.tokenizer.bos_token_id, *model.tokenizer.encode(text, add_special_tokens=False)]]))[0, -1]

sure = [end_of(text).softmax(-1).max(-1) for text in (ioi.EXAMPLE, ioi.OTHER)]
with claims():
    claim("on the two sentences of the puzzle the model says Mary and John, each with a probability above 0.999",
          [model.tokenizer.decode([int(i)]).strip() for _, i in sure] == ["Mary", "John"] and min(float(x) for x, _ in sure) > 0.999)
    claim("when John gives, Mary has a mean probability above 0.99", p["John gives"][0] > 0.99)
    claim("when Mary gives, John has", p["Mary gives"][1] > 0.99)  # fmt: skip

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
john = words[3]  # When, Mary, and, John
named = {model.tokenizer.decode([i]).strip(): float(logits[i])
         for i in (*logits.topk(3).indices.tolist(), john)}
table({name: {"logit": value} for name, value in named.items()}, decimals=2, corner="next token",
      caption="The three most probable next tokens, and John.")

# %% [markdown]
# The logit difference is 15.59 − 3.84 = 11.75, which makes Mary more than a hundred thousand times as probable as John. Even some names that stand nowhere in the sentence come before John. It looks as if the model not only raised Mary but also pushed the giver down.
#
# From here on we look at many prompts of this wording. In about half of them IO is named first, in the others S. Their mean logit difference is about 12, and IO ranks above S in every one of them.

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
with claims():
    claim("on the example the logits are 15.59 and 3.84, and their difference 11.75", rounds_to(named["Mary"], "15.59") and rounds_to(named["John"], "3.84") and rounds_to(named["Mary"] - named["John"], "11.75"))
    claim("that is a ratio of probabilities above 100 000", exp(named["Mary"] - named["John"]) > 1e5)
    claim("the other two of the table are names, stand nowhere in the sentence, and come before John", len(named) == 4 and all(name in ioi.NAMES and name not in ioi.EXAMPLE and named[name] > named["John"] for name in set(named) - {"Mary", "John"}))
    claim("128 prompts, and 128 of either order, with more than 40 names, and more than ten places and objects", all(len(some) == 128 and len(some.answer.unique()) > 40 and min(len(some.tokens[:, at].unique()) for at in (8, 13)) > 10 for some in (clean, *sets.values())))
    claim("IO ranks above S in every prompt, in either order", all(one.logit_diff.min() > 0 for one in said.values()))
    claim("IO is named first in 45 to 55 of 100 prompts", between((clean.positions["IO"] < clean.positions["S1"]).float().mean(), 0.45, 0.55))
    claim("the mean logit difference is within 0.8 of 12 in either order and over both", all(abs(float(one.logit_diff.mean()) - 12) < 0.8 for one in said.values()))  # fmt: skip

# %% [markdown]
# ## 2 · Where the answer is worked out
#
# Take the pair clean and flip. Their prompts differ at one token, S2, and their answers are opposite. At the bottom of the model all of the difference is at S2, and at the top it must be at END, because the logits are read there. Somewhere in between it is moved.
#
# Activation patching follows it. We run the flipped prompts, and at one word, after some layer, we replace the residual stream by that of the clean run at the same word. This direction is denoising (lesson 0): it asks what is enough to bring the answer back. The recovery is 0 where this changes nothing and 1 where it brings all of the clean logit difference back.

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
    "Recovery when the clean residual stream is put into the flipped run, at one word, in the embedding or after a layer (48 prompts; Mary "
    "and John stand for the first two names, in either order). Empty cells recover less than 0.01.",
)  # fmt: skip
first_layer = next(layer for layer in range(4) if found[13][layer] > 0.5)  # END is the last of 14 words
measured("ioi.leaves", ("", "after layer 0", "after layer 1", "after layer 2")[first_layer])

# %% [markdown]
# Layer 0 already carries 0.87 of the difference to END. The rest, an eighth, takes a detour over the next word, *gave*.
#
# This narrows the puzzle down. When layer 0 fetches something from S2, nothing has been written there yet: S2 holds its own word and its place. So END learns from it that it is *John*, and not that it is a *second* John. To notice the repetition, END would have to read the first *John* as well.

# %% figure
ioi.circuit_after(2).captioned(
    "The circuit so far, on the sentence of the puzzle. Some part of layer 0 fetches the giver from S2 and writes at END, the last word. A question mark stands for what is not known yet. This drawing grows with every section."
)

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
heads = sorted((h for h in large if "." in h), key=lambda h: -written.difference(h))
shown = heads + [part for part in large if "." not in part]
fig, ax = plots.figure(height=2.8)
for i, (column, colour) in enumerate((("to IO", plots.SERIES[0]), ("to S", plots.SERIES[1]))):
    mean, low, high = zip(*(rows[part][column] for part in shown), strict=True)
    at = [k + 0.38 * i - 0.19 for k in range(len(shown))]
    ax.bar(at, mean, 0.36, color=colour, label={"to IO": "to the logit of IO (Mary)", "to S": "to the logit of S (John)"}[column])
    ax.vlines(at, low, high, color="#F0A000", linewidth=2.6)
ax.axhline(0, color=plots.INK, linewidth=0.8)
ax.axvline(len(heads) - 0.5, color=plots.NULL, linewidth=0.8, linestyle=":")
ax.set(xticks=range(len(shown)), xticklabels=[part.replace("m", "MLP ") for part in shown], ylabel="adds at END (logits)")
ax.legend()
plots.show(
    fig, "Direct attribution: 2.1 to 2.3 and 3.0 raise both names, 1.0, 1.2 and 1.3 raise IO more, 0.3 and 1.1 lower S; together the MLPs raise IO and lower S.",
    "What a head or an MLP adds, directly, to the logit of IO and of S, each above the mean of all 80 names (128 prompts; thin "
    "lines: 95 % intervals of the mean, with the prompts resampled). The heads stand in the order of the difference between the two bars. The parts that are not drawn add less than 0.3 to either.",
)  # fmt: skip

# %% [markdown]
# Heads 1.0, 1.2 and 1.3 raise IO, and S much less. Wang et al. call heads that copy the right name from the prompt **name movers**; we call these three *the movers*, and section 4 tests whether they copy. Heads 0.3 and 1.1 lower S.
#
# Heads 2.1, 2.2 and 2.3, which we call *the late heads*, raise both names, and more the one that is named second. Head 3.0 raises the one that is named first. The figure shows the mean over both orders, in which this favours neither name by much.
#
# More than half of the logit difference, 55 %, is added by the MLPs, which together raise IO and lower S. An MLP cannot look at other words. All that it knows of the names has been brought to END by heads, so we follow the heads first.
#
# Direct attribution does not see what later parts make of a head's output. Patching does. This time its direction is noising, which asks what the answer needs: run the clean prompts, but give one head the output $z$ that it has on the flipped prompts. From here on we count how many logits of the difference are *lost*. When all 12 are lost, the two names are even. When 24 are lost, John is as far ahead as Mary was, as on the flipped prompts.

# %% prediction
predict("ioi.quiet")

# %%
noise = ioi.asked(model, clean, "flip", direction="noising")  # the clean runs, with parts of the flipped ones
by_head = noise.sweep("z")  # one head at a time
lost = -by_head.effect()  # (layer, head): logits of the difference

# %% figure answer
every_head, total = [f"{layer}.{head}" for layer in range(4) for head in range(4)], float(by_head.clean.mean())
direct = {head: written.difference(head) for head in every_head}
cost = dict(zip(every_head, lost.flatten().tolist(), strict=True))
fig, ax = plots.figure(height=2.9, width=6.0)
ax.plot([0, 1.75], [0, 3.5], color=plots.NULL, linewidth=0.8, linestyle="--")
ax.scatter(direct.values(), cost.values(), s=42, color=plots.HEAD, alpha=0.7, zorder=3)
for head, shift in (("0.2", (8, -4)), ("0.3", (8, -4)), ("1.1", (-7, 8)), ("1.0", (5, -10)), ("1.3", (-6, 8)), ("1.2", (7, -7))):
    ax.annotate(head, (direct[head], cost[head]), xytext=shift, textcoords="offset points", fontsize=10)
ax.text(0.05, -0.8, "the other ten heads", va="top", fontsize=10)
for line in (ax.axhline, ax.axvline):
    line(0, color=plots.NULL, linewidth=0.8)
ax.axhline(total, color=plots.NULL, linewidth=0.8, linestyle=":")
ax.text(1.75, total - 0.3, "here the two names are even", ha="right", va="top", fontsize=10)
ax.set(xlabel="adds directly to IO − S (logits)", ylabel="lost when patched (logits)", xlim=(-0.35, 1.75), ylim=(-2.6, 19))
plots.show(
    fig, "Sixteen heads: patching a mover loses twice what it adds; 0.2 adds almost nothing and its patching loses most, more than the whole difference.",
    "The sixteen heads (128 prompts): across, direct attribution; upwards, the logits that are lost when the head gets "
    "its output on the flipped prompt. On the dashed line a head loses twice what it adds.",
)  # fmt: skip
candidates = {"0.2": (0, 2), "0.3": (0, 3), "1.2": (1, 2), "2.1": (2, 1)}
measured("ioi.quiet", max(candidates, key=lambda name: float(lost[candidates[name]])))

# %% [markdown]
# Head 0.2 adds next to nothing, and yet exchanging it loses more than 16 logits, so that the model prefers John. The movers lie on the dashed line: each loses twice what it adds, because it no longer raises Mary and raises John instead. A head that adds so little and matters so much must have readers. We first ask what the movers read.

# %% figure
ioi.circuit_after(3).captioned(
    "The circuit so far. Dark is what is new: the movers, and head 0.2, which fetches the giver. The question marks stand for what comes next: what the movers read, and who reads head 0.2."
)

# %% claims
def wrote(*parts):
    """The share of the logit difference that these parts add directly."""
    return sum(written.difference(part) for part in parts) / total  # total: the clean logit difference

by_order = [(ioi.writes(model, sets["IO first"]).rows(), "to IO", "to S"), (ioi.writes(model, sets["S first"]).rows(), "to S", "to IO")]
with claims():
    claim("2.1, 2.2 and 2.3 each raise both names by more than half a logit, in either order, and the one that is named second more",
          all(one[h][second_named][0] > one[h][first_named][0] > 0.5 for h in ("2.1", "2.2", "2.3") for one, first_named, second_named in by_order))
    claim("3.0 raises the one that is named first by more than 1.5 logits, in either order, and moves the other by less than 0.2", all(one["3.0"][first_named][0] > 1.5 and abs(one["3.0"][second_named][0]) < 0.2 for one, first_named, second_named in by_order))
    claim("over both orders each of the four favours one of the two names by less than 0.3 logits", all(abs(written.difference(h)) < 0.3 for h in ("2.1", "2.2", "2.3", "3.0")))
    claim("1.0, 1.2 and 1.3 raise IO by more than 1.4 logits and S by less than 0.6, and are the three heads that add most to the difference",
          all(rows[h]["to IO"][1] > 1.35 and rows[h]["to IO"][0] > 1.4 and rows[h]["to S"][0] < 0.6 for h in ("1.0", "1.2", "1.3")) and set(sorted(direct, key=direct.get)[-3:]) == {"1.0", "1.2", "1.3"})
    claim("0.3 and 1.1 lower S by more than half a logit and add less than 0.15 to IO", all(rows[h]["to S"][2] < -0.5 and abs(rows[h]["to IO"][0]) < 0.15 for h in ("0.3", "1.1")))
    claim("the MLPs add 55 % of the difference", rounds_to(wrote("m0", "m1", "m2", "m3"), "0.55"))
    claim("together the MLPs raise IO and lower S, by more than two logits each", sum(rows[f"m{k}"]["to IO"][0] for k in range(4)) > 2 and sum(rows[f"m{k}"]["to S"][0] for k in range(4)) < -2)
    claim("the clean difference is about 12, and in the flipped run the names are as far apart, the other way, within a twentieth", about(total, 12) and abs(float(by_head.corrupt.mean()) / total + 1) < 0.05)
    claim("0.2 adds less than 0.25 logits", abs(direct["0.2"]) < 0.25)
    claim("exchanging 0.2 loses more than 16 logits, so that S is above IO by more than four", between(lost[0, 2], 16, 17) and float(by_head.mean()[0, 2]) < -4)
    claim("0.3 comes next, with 7", rounds_to(lost[0, 3], "7") and lost.flatten().argsort()[-2] == 3)
    claim("each mover loses twice what it adds, within a quarter of a logit", all(abs(cost[h] - 2 * direct[h]) < 0.25 for h in ("1.0", "1.2", "1.3")))
    claim("the other ten heads lose less than 0.6 logits and add less than 0.35",
          all(abs(cost[h]) < 0.6 and abs(direct[h]) < 0.35 for h in every_head if h not in ("0.2", "0.3", "1.0", "1.1", "1.2", "1.3")))  # fmt: skip

# %% [markdown]
# ## 4 · What the movers read
#
# One would expect the movers to look at *Mary*. But from END they give that word less than two hundredths of their attention. Where Mary is named first, they look at the word after her, *and*, with 0.85. That makes sense only if something about Mary stands there. Heads of layer 0 do read names from some later words, and *and* and the comma are such words. Why just these, we do not know.
#
# What these heads write at *and* or at the comma is called a **note** here: a part of the residual stream at one word that depends on an earlier word. The comma reads both names, and John more.
#
# To test whether the answer is made from notes, we forge one. Run the model on a prompt where Mary is replaced by a stranger, Anna, and keep what layer 0 writes at *and*. Put this into the run on the prompt with Mary. Now the text says *Mary*, and the note at *and* says *Anna*.

# %%
def with_note(some, name_at, note_at, heads=(0, 1, 2, 3)):
    """P(stranger) when these heads of layer 0 write at `note_at` as if a stranger stood at `name_at`."""
    stranger = ioi.corrupt(some, "third", torch.Generator().manual_seed(1)).names[:, 2]  # not in the prompt
    donor = some.tokens.clone()
    donor[:, name_at] = stranger
    _, other = model.run_with_cache(donor, names_filter="blocks.0.attn.hook_z")

    def forge(z, hook):  # z: (batch, position, head, d_head)
        z[:, note_at, list(heads)] = other["z", 0][:, note_at, list(heads)]
        return z

    with model.hooks(fwd_hooks=[("blocks.0.attn.hook_z", forge)]):
        p = model(some.tokens)[:, -1].softmax(-1)
    return float(p.gather(1, stranger[:, None]).mean())

# %% figure
first, second = sets["IO first"], sets["S first"]  # in the second the answer is the name that comes second
stranger = ioi.corrupt(first, "third", torch.Generator().manual_seed(1)).names[:, 2]
_, other = model.run_with_cache(torch.where(torch.arange(first.tokens.shape[1]) == 2, stranger[:, None], first.tokens))

def at_the_name(stream, hook):  # Mary's own position, after layer 0, from the run with the stranger
    stream[:, 2] = other["resid_pre", 1][:, 2]
    return stream

with model.hooks(fwd_hooks=[("blocks.1.hook_resid_pre", at_the_name)]):
    p_by_name = model(first.tokens)[:, -1].softmax(-1)
by_name, still = (float(p_by_name.gather(1, who[:, None]).mean()) for who in (stranger, first.answer))
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
# All four heads of layer 0 write the note at *and*, and head 0.2 counts most: if its part alone is left out of the forgery, the probability of the stranger falls below a fifth. So head 0.2 has two jobs, at different words. At *and* and at the comma it writes notes. At END it does what section 3 found and section 5 follows.
#
# Who reads these notes? We put each of the 80 names in turn in Mary's place, and let a head read *and* alone. The **copy score** of the head is the share of the 80 names that are then among the five that it raises most. Other words and their names are tested in the same way. The last column asks the same of the five that it lowers most.

# %% figure
movers, late = ["1.0", "1.2", "1.3"], ["2.1", "2.2", "2.3"]
readers = {"movers": (movers, "“and”", "Mary", "IO", "after IO"), "movers, if Mary gives": (movers, "the comma", "John", "S", "before S2"),
           "late heads": (late, "the comma", "John", "S", "before S2"), "late heads ": (late, "the comma", "Mary", "IO", "before S2"), "1.1": (["1.1"], "“gave”", "John", "S", "after S2"),
           "0.3": (["0.3"], "S2", "John", "S", "S2"), "0.2": (["0.2"], "S2", "John", "S", "S2")}  # fmt: skip
copied = {row: torch.tensor(list(ioi.copying_notes(model, first, [patching.head(h) for h in heads_of], role, place, k=5).values())).T
          for row, (heads_of, _, _, role, place) in readers.items()}  # by row: (raised and lowered, head)
table({row: {"read": word, "for the name": name, "copy score": float(copied[row][0].mean()), "among the lowest five": float(copied[row][1].mean())}
       for row, (_, word, name, _, _) in readers.items()}, decimals=2, corner="heads",
      caption="What heads make of the word that they read (prompts that name Mary first; means over the heads of a row). By chance each number is 5/80 = 0.06.")  # fmt: skip

# %% [markdown]
# The movers copy from either note: Mary from *and*, and John from the comma, where they look when Mary gives. The late heads read the comma, whoever gives, and copy both names from it, John more often.
#
# Heads 1.1 and 0.3 lower the giver. Head 0.2 reads the giver too, but it copies that name no more often than by chance, and it lowers it for a fifth of the names, much less often than the other two. Other parts must make use of what it writes.

# %% figure
ioi.circuit_after(4).captioned(
    "The circuit so far. New, in gold: the first job of head 0.2, which with the other heads of layer 0 (the dots) writes notes, and the movers that read them. Not drawn: the note at the comma names Mary too, and the late heads read it."
)

# %% claims
def to_names(some, at, names=(4, 2)):  # mean attention of layer 0's heads from one position: (head, name)
    _, cache = model.run_with_cache(some, names_filter="blocks.0.attn.hook_pattern")
    return cache["pattern", 0][:, :, at][..., list(names)].mean(0)

_, cache = model.run_with_cache(first.tokens)
by_comma, by_mover = cache["pattern", 0][:, :, 9].mean((0, 1)), cache["pattern", 1][:, [0, 2, 3], -1].mean((0, 1))
parts_forged = [[with_note(some, *at, [h for h in range(4) if h != out]) for out in range(4)] for some, at in ((first, (2, 3)), (second, (4, 9)))]
looks = {head: ioi.looks(model, first, patching.head(head)) for head in (*movers, *late, "1.1", "0.2", "0.3")}
back = ioi.corrupt(first, "flip", torch.Generator().manual_seed(1))
late_too = [ioi.looks(model, back, patching.head(head))["before S2"] for head in late]
with claims():
    claim("the stranger at Mary's own position, after layer 0, gets a probability below 0.01, and Mary one above 0.99", by_name < 0.01 and still > 0.99)
    claim("from “and” each of the four heads gives more than eight tenths of its attention to the first name, from “went” less than 0.06 to either",
          to_names(first.tokens, 3, (2,)).min() > 0.8 and to_names(first.tokens, 5).max() < 0.06)
    claim("the first name's note at “and” and the second's at the comma make the stranger's probability larger than 0.9, the first's at the comma and notes at “went” less than 0.1",
          min(strangers["at “and”"], strangers["at the\ncomma "]) > 0.9 and max(strangers[k] for k in ("at the\ncomma", "at “went”", "at “went” ")) < 0.1)
    claim("leaving 0.2 out of the forgery lowers the stranger's probability more than leaving out any other head, at “and” to less than a fifth",
          all(min(row) == row[2] for row in parts_forged) and parts_forged[0][2] < 0.2)
    claim("leaving out any one head at “and” lowers it by more than a tenth", max(parts_forged[0]) < strangers["at “and”"] - 0.1)
    claim("from the comma they give the second name more than the first, and the first more than a fifth, by their mean", by_comma[4] > by_comma[2] + 0.1 and by_comma[2] > 0.2)
    claim("the movers give the word after IO 0.85 of their attention", rounds_to(by_mover[3], "0.85"))
    claim("0.2 and 0.3 look at S2 more than anywhere else that has a name; 1.1 gives more than nine tenths to the word after it", all(max(looks[h], key=looks[h].get) == "S2" for h in ("0.2", "0.3")) and looks["1.1"]["after S2"] > 0.9)
    claim("2.1, 2.2 and 2.3 give more than 0.95 to the comma, and more than 0.9 when Mary gives", all(looks[head]["before S2"] > 0.95 for head in late) and min(late_too) > 0.9)
    claim("1.0, 1.2 and 1.3 give at least three quarters to the word after IO, and to IO itself less than 0.02", all(looks[h]["after IO"] > 0.75 and looks[h]["IO"] < 0.02 for h in movers))
    claim("each mover copies every first name from “and”, and every second name from the comma", copied["movers"][0].min() == 1 == copied["movers, if Mary gives"][0].min())
    claim("2.1, 2.2 and 2.3 each copy both names from the comma, for more than half of the names, and John more often, for more than 0.95", all(high > max(low, 0.95) and low > 0.5 for high, low in zip(copied["late heads"][0], copied["late heads "][0], strict=True)))
    claim("1.1 lowers more than 0.85 of the givers from “gave”, 0.3 more than 0.95 from S2", copied["1.1"][1].item() > 0.85 and copied["0.3"][1].item() > 0.95)
    claim("0.2 raises the giver for 0.06 of the names, as by chance, and lowers it for 0.20", rounds_to(copied["0.2"][0], "0.06") and rounds_to(copied["0.2"][1], "0.20"))  # fmt: skip

# %% [markdown]
# ## 5 · Who tells the movers
#
# Something tells the movers to read the note of Mary rather than that of John. Head 0.2 may be the sender, because from END it gives S2 0.80 of its attention. What a head writes at END for later parts to read is called its **message**.
#
# How does it find the giver? A head of layer 0 sees only words and their places. *John* is the same word at S1 and at S2, so the place must make the difference. The next figure shows the attention *score* (what the softmax turns into attention) that a name would get from this head at each place.

# %% figure
_, cache = model.run_with_cache(first.tokens)
stream = model.W_E[first.layout.names][:, None] + model.W_pos[1:15]  # (name, place, d_model): all that layer 0 sees
key = model.blocks[0].ln1(stream) @ model.W_K[0, 2] + model.b_K[0, 2]
name_scores = key @ cache["q", 0][:, -1, 2].mean(0) / model.cfg.d_head**0.5  # (name, place), for the mean query at END
by_place, (lowest, highest) = name_scores.mean(0), name_scores.aminmax(dim=0)
by_word = (cache["k", 0][:, 1:, 2] @ cache["q", 0][:, -1, 2].mean(0)).mean(0) / model.cfg.d_head**0.5  # of the word itself
no_name = [at for at in range(14) if at not in (1, 3, 9)]
fig, ax = plots.figure(height=2.4)
ax.fill_between(range(14), lowest, highest, color=plots.NULL, alpha=0.35, linewidth=0)
ax.plot(by_place, color=plots.HEAD, linewidth=2)
for at, role in ((1, "IO"), (3, "S1"), (9, "S2")):
    ax.plot(at, by_place[at], "o", color=plots.HEAD, markersize=7)
    ax.text(at, highest[at] + 0.2, role, ha="center", va="bottom", fontsize=10)
ax.plot(no_name, by_word[no_name], "x", color=plots.INK, markersize=6)
ax.set(xticks=range(14), xticklabels=[model.tokenizer.decode([i]).strip() for i in words], ylabel="score", ylim=(min(0, float(by_word.min())) - 0.4, 7.2))
plots.show(
    fig, f"The score of a name rises from {by_place[0]:.1f} at the first word to {by_place[6]:.1f} at the seventh and stays between {by_place[6:].min():.1f} and {by_place[6:].max():.1f} from there.",
    "Head 0.2: the score that a name would get if it stood at this word, for the mean query at END (128 prompts that name Mary first). Line: the mean of 80 names; grey: from the lowest to the highest. Crosses: the words that do stand there and are no names.",
)  # fmt: skip

# %% [markdown]
# The score of a name rises steeply up to the seventh word, and by less than one from there. At S2 it is higher than at S1 by 2.2, and this gives S2 nine times the attention. Whether the name has occurred before does not enter the score at all: a new name at S2 would get the same one. So this head speaks for avoiding the *last* name. Section 9 tests whether the whole model does so.
#
# Path patching shows where the message of this head goes. We change its output to that of the flipped prompt, and choose on which paths the change may travel.

# %%
ways = {"straight to the logits": -noise.path_patch(["0.2"], mlps="frozen").effect()[0],
        "also through MLPs": -noise.path_patch(["0.2"], mlps="recomputed").effect()[0],
        "also through heads": lost[0, 2]}  # this is the patching of section 3

# %% figure
ioi.paths_drawn([float(found) for found in ways.values()]).captioned(
    "Three experiments with head 0.2, and, at the top, how many logits of the difference are lost in each (128 prompts). Orange-red: what is as on the flipped prompt, from the head to the logits; "
    "grey: parts that are frozen, so that they write what they write in the clean run. Not drawn: in the third, the heads also write to the MLPs."
)

# %% [markdown]
# Head 0.2 tells the logits next to nothing directly, and that is why direct attribution overlooked it. MLPs read its message, and on this path 7 logits are lost. The larger part passes through other heads. Are these the movers? We send the changed output of one head of layer 0 to one input of the movers: their queries, keys or values.

# %% prediction
predict("ioi.input")

# %% answer
heard = {}  # by input of the movers: the logits lost, for each head of layer 0
for reads, name in (("q", "queries"), ("k", "keys"), ("v", "values")):
    receivers = [f"{mover}.{reads}" for mover in ("1.0", "1.2", "1.3")]
    told = noise.path_patch(["0.0", "0.1", "0.2", "0.3"], receivers, mlps="recomputed")
    heard[name] = -told.effect()

# %% figure answer
fig, ax = plots.figure(height=2.0, width=5.6)
grid = torch.stack(list(heard.values()))
plots.heatmap(ax, grid, signed=False, limit=12.0, bar=False, aspect="auto")
for (y, x), value in ((divmod(i, 4), float(v)) for i, v in enumerate(grid.flatten())):
    ax.text(x, y, f"{value:.1f}".replace("-", "−") if abs(value) >= 0.05 else "0", ha="center", va="center", fontsize=10, color="white" if value > 6 else "black")
ax.set(xticks=range(4), xticklabels=("0.0", "0.1", "0.2", "0.3"), xlabel="message of head", yticks=range(3), yticklabels=[f"movers' {name}" for name in heard])
plots.show(
    fig, "Twelve messages to the movers: of the four to their queries that of 0.2 matters, those to keys and values are near 0.",
    "The logits lost when one input of the movers 1.0, 1.2 and 1.3 together receives one head's output as on the flipped prompt, straight or through MLP 0.",
)  # fmt: skip
measured("ioi.input", "their " + max(heard, key=lambda name: abs(float(heard[name][2]))))

# %% [markdown]
# The movers hear head 0.2 through their queries. So the message changes *where the movers look*. The notes that they read stand before S2 and are the same in both runs; this is why keys and values do not matter here. Section 7 exchanges the notes too.
#
# The other path from head 0.2, by the MLPs, counts about as much. On both at once 15 logits are lost, nearly as many as on all paths.

# %% figure
ioi.circuit_after(5).captioned(
    "The circuit so far. New: the second job of head 0.2, at END. Its message goes to the queries of the movers (Q) and to the MLPs."
)

# %% claims
from_end = cache["pattern", 0][:, 2, -1].mean(0)
with claims():
    claim("0.2 gives S2 0.80 and S1 0.09 of its attention", rounds_to(from_end[10], "0.80") and rounds_to(from_end[4], "0.09"))
    claim("its mean score for a name rises with the place, by four up to the seventh, and by less than one from there", (by_place[:7].diff() > 0).all() and about(by_place[6] - by_place[0], 4) and between(by_place[6:] - by_place[6], -0.3, 1))
    claim("from S1 to S2 it rises by 2.2, and S2 gets nine times the attention", rounds_to(by_place[9] - by_place[3], "2.2") and about(from_end[10] / from_end[4], 9))
    claim("directly, 0.2 loses less than 0.5 logits, also through MLPs 7, over all paths more than twice that",
          abs(ways["straight to the logits"]) < 0.5 and rounds_to(ways["also through MLPs"], "7") and lost[0, 2] > 2 * ways["also through MLPs"])
    claim("exchanged together, its messages to the movers' queries and to the logits lose 15", rounds_to(-noise.path_patch([["0.2"]], [*(f"{mover}.q" for mover in movers), "logits"], mlps="recomputed").effect()[0], "15"))
    claim("0.2 to the movers' queries loses 7.4, and none of the other eleven messages more than one",
          rounds_to(heard["queries"][2], "7.4") and sorted(float(x.abs()) for row in heard.values() for x in row)[-2] < 1)  # fmt: skip

# %% [markdown]
# ## 6 · How one name is avoided
#
# How does the message keep the movers from one note? A query decides where a head looks, so we first compare where the movers look when John, Mary or a third person gives.

# %% figure
rng = torch.Generator().manual_seed(1)
givers = {"John gives": first, "Mary gives": ioi.corrupt(first, "flip", rng), "a third person gives": ioi.corrupt(first, "third", rng)}
reading = {who: {h: ioi.looks(model, one, patching.head(h)) for h in movers} for who, one in givers.items()}
def by_giver(values, labels, ylabel):
    """Two bars for each giver."""
    fig, ax = plots.figure(height=2.2)
    for i, (label, colour) in enumerate(zip(labels, plots.SERIES, strict=False)):
        at = [k + 0.36 * i - 0.18 for k in range(len(values))]
        ax.bar(at, [both[i] for both in values.values()], 0.34, color=colour, label=label)
        for x, both in zip(at, values.values(), strict=True):
            ax.text(x, both[i] + 0.02, f"{both[i]:.2f}", ha="center", va="bottom", fontsize=9)
    ax.set(ylabel=ylabel, ylim=(0, 1.12), xticks=range(len(values)), xticklabels=list(values), yticks=(0, 0.5, 1))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig

swing = {who: [sum(f[at] for f in found.values()) / 3 for at in ("after IO", "before S2")] for who, found in reading.items()}
plots.show(
    by_giver(swing, ("to “and”\n(note of Mary)", "to the comma\n(note of John)"), "attention from END"),
    "The movers read the note of Mary when John gives, that of John when Mary gives, and both when a third gives.",
    "Mean attention of the movers from END to the two notes, by who gives (128 prompts that name Mary first).",
)  # fmt: skip

# %% [markdown]
# The movers look away from the note of the giver, and when a third person gives they read both notes. We follow the sentence of the puzzle by hand, through the mover 1.2. How much it attends to a word depends on a *score*, the product of its query at END and the word's key; a softmax turns scores into attention. If the scale of the norm is held, the query is a linear function of the stream at END. So the score is a sum: what the message of head 0.2 adds, and what is there without it.

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
                            "sum: the score": score}.items()}, decimals=1, corner="mover 1.2",
      caption="Scores of the mover 1.2 on the sentence of the puzzle; the message is that of head 0.2.")

# %% [markdown]
# Without the message both notes would be read. With it, the softmax makes of the gap a ratio of more than 130 to 1. It may look odd that the message adds to Mary's note. But a softmax sees only the gaps between scores, and all that counts is that John's note gets less than Mary's. A single mover can go wrong: on this very sentence head 1.3 reads the comma, while the two others read *and*.
#
# Now let each of the 80 names give in turn. The left panel shows what the message then adds to the movers' scores for the notes of the 80 names. The right panel shows what it adds to their 80 logits on the other path, through the MLPs and straight, with all heads frozen.

# %% figure
movers_at = ((1, 0), (1, 2), (1, 3))
panels = {"to the score of a name's note": [ioi.note_scores(model, first, (0, head), movers_at) for head in (2, 3)],
          "to a name's logit, heads frozen": [ioi.mlp_answers(model, first, (0, head)) for head in (2, 3)]}
fig, axes = plots.figure(1, 2, height=2.7, sharey=True)
for ax, (title, (by_02, by_03)) in zip(axes, panels.items(), strict=True):
    order = by_02.diagonal().argsort()
    others_of = by_02.masked_fill(torch.eye(80, dtype=torch.bool), float("nan"))[order]
    lowest, highest = (others_of.nan_to_num(fill).aminmax(dim=1)[which] for which, fill in ((0, 99.0), (1, -99.0)))
    ax.vlines(range(80), lowest, highest, color=plots.NULL, alpha=0.45, linewidth=1.6, label="79 other names")
    ax.plot(by_03.diagonal()[order], "o", color=plots.SERIES[1], markersize=3, label="the giver, message of 0.3")
    ax.plot(by_02.diagonal()[order], "o", color=plots.SERIES[0], markersize=3.5, label="the giver, message of 0.2")
    ax.axhline(0, color=plots.INK, linewidth=0.8)
    ax.set(title=title, xlabel="80 givers, the lowest first", xticks=[])
axes[0].set(ylabel="message adds")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plots.show(
    fig, "Two panels. For each of 80 givers the giver's own value lies below those of all other names, in the scores and in the logits.",
    "What the message of head 0.2 adds for the giver's own name and for the 79 others (grey: from the lowest to the highest), in attention scores and in logits. "
    "Subtracted are what all names have in common, which a softmax does not see, and what a name gets whoever gives.",
)  # fmt: skip

# %% [markdown]
# In both panels, for every giver, the giver's own value is the lowest of the 80. One message does two things at once: to the movers it says *do not read this note*, to the MLPs *do not say this name*. The message of head 0.3, which reads the giver too, does the first about a sixth as much, and the second about half as much.

# %% figure
ioi.circuit_after(6).captioned(
    "The circuit so far. New: what the message says. It keeps the movers from the note of John, and has the MLPs lower his name."
)

# %% claims
spread = [f[at] for f in reading["a third person gives"].values() for at in ("after IO", "before S2")]
another = prompts(128, 12, orders=["ABBA"])
draws = [panels, {"to the score of a name's note": [ioi.note_scores(model, another, (0, head), movers_at) for head in (2, 3)],
                  "to a name's logit, heads frozen": [ioi.mlp_answers(model, another, (0, head)) for head in (2, 3)]}]  # fmt: skip
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
    claim("on the example 1.3 gives more than 0.75 to the comma, and 1.0 and 1.2 more than 0.75 to “and”", cache["pattern", 1][0, 3, -1, 9] > 0.75 and cache["pattern", 1][0, [0, 2], -1, 3].min() > 0.75)
    claim("of 80 notes the message of 0.2 lowers the giver's most, and of 80 logits, with all heads frozen, the giver's, for every giver, in each of two draws",
          all((one[title][0].argmin(1) == torch.arange(80)).all() for one in draws for title in panels))
    claim("the message of 0.3 changes the score of the giver's note about a sixth as much, in each of two draws", all(between(by_02 / by_03, 5.5, 6.5) for by_02, by_03 in own["to the score of a name's note"]))
    claim("with all heads frozen it lowers the giver's logit by 0.45 to 0.55 of what the message of 0.2 does, in each of two draws", all(between(by_03 / by_02, 0.45, 0.55) for by_02, by_03 in own["to a name's logit, heads frozen"]))  # fmt: skip

# %% [markdown]
# ## 7 · The circuit
#
# How much is each arrow of the drawing worth? To measure the notes as well as the message, we take ABC as the partner: its three other names favour neither Mary nor John. We exchange what one part tells the logits, straight or through MLPs, and count the logits that are lost. If all were exchanged, the whole difference of about 12 would be lost.

# %%
def loss(ask, heads, at="END", reads=""):
    """The logits that are lost when what these heads write at one word comes from the other prompt."""
    readers = [f"{mover}.{reads}" for mover in movers] if reads else "logits"
    return -float(ask.path_patch([heads], readers, mlps="recomputed", positions=at).effect()[0])

tellers = {"movers": movers, "MLPs, told by 0.2": ["0.2"], "0.3": ["0.3"], "1.1": ["1.1"],
           "late heads": late, "3.0": ["3.0"], "all heads at once": every_head}

def by_part(some):
    ask = ioi.asked(model, some, "ABC", direction="noising")
    return {part: loss(ask, heads) for part, heads in tellers.items()}

worth = {"Mary first": by_part(first), "John first": by_part(second)}

# %% figure
told = worth["Mary first"]
ioi.circuit_after(7, {("movers", "logits"): told["movers"], ("MLPs", "logits"): told["MLPs, told by 0.2"], ("0.3", "logits"): told["0.3"], ("1.1", "logits"): told["1.1"]}).captioned(
    "The whole circuit where Mary is named first. At an arrow: the logits that are lost when this one message to the logits comes from the ABC prompt. V, K and Q: the input that reads. Not drawn: the late heads and 3.0."
)

# %% figure
table({part: {order: values[part] for order, values in worth.items()} for part in tellers}, decimals=1, signed=True, unit="logits", mark="all heads at once", corner="exchanged",
      caption="The logits lost when one part's message to the logits comes from the ABC prompt, in 128 prompts of either order. Negative: the difference grows.")

# %% [markdown]
# Taken one by one, the parts make up about nine tenths of what is lost when all heads are exchanged at once. Head 0.2's message through the MLPs and heads 0.3 and 1.1 are worth the same in both orders.
#
# The movers are not. Where Mary is named first they read mostly *and*, which notes her alone, and they bring five logits. Where John is named first they read mostly the comma, which notes both names, and they bring one.
#
# The late heads raise the name that stands second. So they work against Mary where she is first, and for her where John is.
#
# Each input of the movers matters. Exchanged alone, the message to their queries costs four logits, the keys of John's note five and the values of Mary's note seven. The three do not add up: a mover with one wrong input reads another note, or copies another name.
#
# The keys of John's note are a surprise. The movers give this note less than a fifth of their attention, but its keys matter much. We exchange only its keys, its values or both.

# %%
_, of_abc = model.run_with_cache(ioi.asked(model, first, "ABC", direction="noising").corrupt)

def a_stranger(x, hook):  # x: (batch, position, head, d_head); the note at the comma, as the movers see it
    x[:, 9, [0, 2, 3]] = of_abc[hook.name][:, 9, [0, 2, 3]]
    return x

def at_the_comma(inputs):
    """The movers' attention to the comma, and the logits lost, with these inputs of ABC there."""
    with model.hooks(fwd_hooks=[(f"blocks.1.attn.hook_{one}", a_stranger) for one in inputs]):
        logits, cache = model.run_with_cache(first.tokens)
    gap = difference(first, logits[:, -1]).mean() - difference(first, model(first.tokens)[:, -1]).mean()
    return cache["pattern", 1][:, [0, 2, 3], -1, 9].mean().item(), -gap.item()

# %% figure
cases = {"nothing": ("", "John"), "values": ("v", "a stranger"), "keys": ("k", "John"), "keys and values": ("kv", "a stranger")}
comma = {case: at_the_comma(inputs) for case, (inputs, _) in cases.items()}
table({case: {"they look at the comma": f"{comma[case][0]:.2f}", "they find there": who, "logits lost": f"{comma[case][1] + 0.0:.1f}".replace("-", "−")}
       for case, (_, who) in cases.items()}, corner="exchanged at the comma",
      caption="John's note, as the movers see it (the same prompts). The first row is the clean run.")  # fmt: skip

# %% [markdown]
# With a stranger's keys the message *not John* no longer fits the note, and the movers read the comma. If they find John there, they copy him, and five logits are lost. If they find a stranger, John gains nothing, and only two are lost. So the keys of John's note keep the movers from its values.
#
# Now we can walk the sentence of the puzzle through the circuit.
#
# - ***and*:** layer 0 looks back at Mary, and notes her name here.
# - **The comma:** layer 0 looks back at both names, more at John, and notes both.
# - ***gave*:** head 0.3 looks back at the second John, and writes his name here.
# - **END, layer 0:** head 0.2 looks back at the second John. Its message is *not John*.
# - **END, layer 1:** the movers carry this message in their *queries*. The *key* of a note says whose it is, and the message fits Mary's better than John's. So 1.0 and 1.2 read *and*; 1.3 errs, as in section 6. The *values* there say Mary, and they copy her name.
# - **END, beside the movers:** MLPs hear *not John* too, and lower him. So do head 0.3, which looks at him, and head 1.1, which looks at *gave*.
#
# %% claims
six, abc_ask = ["0.2", "0.3", "1.0", "1.1", "1.2", "1.3"], ioi.asked(model, first, "ABC", direction="noising")
at_once = [float(1 - noise.path_patch([part], "logits", mlps="recomputed").recovery()[0]) for part in (six, [h for h in every_head if h not in six])]
three_draws = [(first, second), *((prompts(128, seed, orders=["ABBA"]), prompts(128, seed + 1, orders=["BABA"])) for seed in (12, 22))]
draws = [worth, *({"Mary first": by_part(a), "John first": by_part(b)} for a, b in three_draws[1:])]
read_at = [[float(model.run_with_cache(some.tokens)[1]["pattern", 1][:, [0, 2, 3], -1, at].mean()) for some, at in ((a, 3), (b, 9))] for a, b in three_draws]
straight, layer_0 = abc_ask.path_patch([["0.2"]]), ["0.0", "0.1", "0.2", "0.3"]
def into_movers(some):
    """The logits lost with the message to their queries, the keys of John's note, the values of Mary's."""
    ask = ioi.asked(model, some, "ABC", direction="noising")
    return loss(ask, ["0.2"], "END", "q"), loss(ask, layer_0, "before S2", "k"), loss(ask, layer_0, "after IO", "v")
inputs_of = [into_movers(a) for a, _ in three_draws]
walk = [model.run_with_cache(prompt)[1]["pattern", k][0] for k in (0, 1)]  # by layer: (head, from, to)
elsewhere = [loss(abc_ask, layer_0, "after S1", reads) for reads in "kv"] + [loss(abc_ask, [h], "END", "q") for h in ("0.0", "0.1", "0.3")]
with model.hooks(fwd_hooks=[(f"blocks.1.attn.hook_{one}", a_stranger) for one in "kv"]):
    after_both = model(first.tokens)[:, -1]
(mary, john), (mary_then, john_then) = (
    [float((x.gather(1, who[:, None])[:, 0] - x[:, first.layout.names].mean(1)).mean()) for who in (first.answer, first.wrong)]
    for x in (model(first.tokens)[:, -1], after_both))
with claims():
    claim("on the ABC prompts the two names are even, within half a logit", abs(float(straight.corrupt.mean())) < 0.5)
    claim("all at once lose about 12 where Mary is named first, in each of three draws", all(rounds_to(one["Mary first"]["all heads at once"], "12") for one in draws))
    claim("one by one the parts make up about nine tenths of it, in either order and each of three draws", all(between(sum(list(by.values())[:-1]) / by["all heads at once"], 0.85, 0.95) for one in draws for by in one.values()))
    claim("the MLPs, 0.3 and 1.1 are worth the same in both orders, within 0.4 logits, in each of three draws", all(abs(one["Mary first"][part] - one["John first"][part]) < 0.4 for one in draws for part in ("MLPs, told by 0.2", "0.3", "1.1")))
    claim("the movers bring five logits where Mary is first, and the late heads less than −2; where John is first one, and the late heads more than 3, in each of three draws",
          all(rounds_to(one["Mary first"]["movers"], "5") and one["Mary first"]["late heads"] < -2 and rounds_to(one["John first"]["movers"], "1") and one["John first"]["late heads"] > 3 for one in draws))
    claim("queries cost four logits, keys five and values seven, in the first draw, and within half a logit of that in two more", all(map(rounds_to, inputs_of[0], ("4", "5", "7"))) and all(abs(a - b) < 0.5 for one in inputs_of for a, b in zip(one, inputs_of[0], strict=True)))
    claim("the message to the queries costs half as much as in section 5, within a tenth", about(inputs_of[0][0], heard["queries"][2] / 2))
    claim("the movers give *and* 0.85 of their attention where Mary is first, the comma 0.88 where John is; in two more draws more than 0.8 each", rounds_to(read_at[0][0], "0.85") and rounds_to(read_at[0][1], "0.88") and min(map(min, read_at)) > 0.8)
    claim("by keys from Mary's note less than 0.2 is lost, and by values from John's nothing", loss(abc_ask, layer_0, "after IO", "k") < 0.2 and loss(abc_ask, layer_0, "before S2", "v") < 0)
    claim("what layer 0 writes at “went”, by keys and values, and what 0.0, 0.1 and 0.3 tell the queries is worth less than 0.4", max(map(abs, elsewhere)) < 0.4)
    claim("with the late heads and 3.0 exchanged nothing is lost: the difference grows by 0.3 to 0.8 logits", between(loss(abc_ask, [*late, "3.0"], "END"), -0.8, -0.3))
    claim("with a stranger's keys the movers give the comma more than a half, in the clean run less than a fifth", comma["keys"][0] > 0.5 and comma["keys and values"][0] > 0.5 and comma["nothing"][0] < 0.2)
    claim("five logits are lost with the keys, two with keys and values, and none with the values", rounds_to(comma["keys"][1], "5") and rounds_to(comma["keys and values"][1], "2") and comma["values"][1] < 0)
    claim("with keys and values exchanged Mary's logit, above the mean of all names, falls by more than two, and John's does not rise", mary - mary_then > 2 and john_then <= john)
    claim("the keys of John's note are worth the same by hand and by path patching", abs(comma["keys"][1] - inputs_of[0][1]) < 0.01)
    claim("on the sentence of the puzzle each head of layer 0 gives Mary more than eight tenths from “and”, and from the comma they give John more than Mary, by their mean", walk[0][:, 3, 2].min() > 0.8 and walk[0][:, 9, 4].mean() > walk[0][:, 9, 2].mean() > 0.2)
    claim("there 0.3 gives the second John more than 0.85 from “gave” and looks at him most from END, 0.2 gives him more than three quarters, and 1.1 gives “gave” more than nine tenths", walk[0][3, 11, 10] > 0.85 and int(walk[0][3, -1].argmax()) == 10 and walk[0][2, -1, 10] > 0.75 and walk[1][1, -1, 11] > 0.9)
    claim("with flip, the messages of the six to the logits, exchanged at once, lose 0.99 of what is lost altogether, those of the ten others less than 0.02", rounds_to(at_once[0], "0.99") and abs(at_once[1]) < 0.02)  # fmt: skip

# %% [markdown]
# ## 8 · Is it enough?
#
# The drawing holds six heads: 0.2, 0.3, 1.1 and the three movers. Do they suffice for the behaviour? We keep *the six* and set the ten others, at every word, to their means over the ABC prompts, which hold no information about the names. The MLPs stay. Heads 0.0 and 0.1 are among the ten, so the notes lose two of their writers.

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
#
# One precaution is needed. With ten heads at their means the stream at END is smaller, and the final norm, which divides it by its size, stretches what is left. So we hold the divisor of the whole model. Without this the six would keep 1.25, more than there is.
#
# A second measure of the same behaviour is the probability of IO, nearly 1 in the whole model.

# %% prediction
predict("ioi.six")

# %%
def kept(some, sets):
    """Of each set: faithfulness, with the whole model's divisor, and P(IO)."""
    runs = [keep(some, heads) for heads in (every_head, [], *sets)]
    held = runs[0][1]  # the divisor of the whole model
    F = [float((difference(some, logits) * scale / held).mean()) for logits, scale in runs]
    p = [float(logits.softmax(-1).gather(1, some.answer[:, None]).mean()) for logits, _ in runs]
    return [((x - F[1]) / (F[0] - F[1]), y) for x, y in zip(F[2:], p[2:], strict=True)]

# %% figure answer
ours_are = [six, six + late]
ours = kept(clean[:64], ours_are)
dice = torch.Generator().manual_seed(0)
random_sets = [[[every_head[i] for i in torch.randperm(16, generator=dice)[:len(one)]] for _ in range(40)] for one in ours_are]
null = [kept(clean[:64], sets) for sets in random_sets]
fig, axes = plots.figure(1, 2, height=2.5, sharey=True)
for which, (ax, label) in enumerate(zip(axes, ("faithfulness", "P(IO)"), strict=True)):
    ax.axvline(1, color=plots.ANSWER, linewidth=1.2)
    for y, (one, values, chosen) in enumerate(zip(ours, null, random_sets, strict=True)):
        for i, (other, heads) in enumerate(zip(values, chosen, strict=True)):
            ax.plot(other[which], y + 0.24 + 0.06 * (i % 6), "o", color=plots.SERIES[1] if "0.2" in heads else plots.NULL, markersize=3.5, alpha=0.7)
        ax.plot(one[which], y, "o", color=plots.HEAD, markersize=9)
        aside = 0.05 if one[which] < 0.8 else -0.05
        ax.text(one[which] + aside, y, f"{one[which]:.2f}", ha="left" if aside > 0 else "right", va="center", fontsize=10)
    ax.set(xlabel=label, xlim=(-0.1, 1.12), ylim=(1.8, -0.4), yticks=range(2), yticklabels=("the six", "the six and\nthe late heads"))
for colour, label, size in ((plots.HEAD, "our heads", 9), (plots.SERIES[1], "random, with 0.2", 4), (plots.NULL, "random, without 0.2", 4)):
    axes[0].plot([], [], "o", color=colour, markersize=size, label=label)
axes[0].plot([], [], color=plots.ANSWER, linewidth=1.2, label="as much as the whole model")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plots.show(
    fig, f"Two panels, two sets of heads. By faithfulness the six lie right of all random sixes; by P(IO) the six lie at {ours[0][1]:.2f}, with the late heads at {ours[1][1]:.2f}.",
    "What is left when only some heads and the MLPs are kept, by the logit difference and by the probability of IO, beside forty random sets of as many heads each (the same 64 prompts).",
)  # fmt: skip
measured("ioi.six", round(ours[0][1], 2))

# %% [markdown]
# With the six, IO gets a probability of only 0.20, although they keep about nine tenths of the logit difference. Names that stand nowhere in the prompt get more than half, together. The logit difference asks *which of the two names* comes, and not whether *a name of this prompt* comes at all.
#
# The late heads contribute to the second, because they raise both names: with them IO gets 0.98. Other heads can do most of this too, since with all heads but these three IO still gets 0.84. What belongs to a circuit depends on what is measured.
#
# By the probability of IO, more than ten of the forty random sixes do better than ours. But no random six keeps as much of the logit difference, and those that hold head 0.2 come nearest. For the five others the path patching of sections 5 to 7 is the better evidence.
#
# Head 0.2 is needed in both of its jobs. If it is silent at END, the six keep less than a half; if it is silent where it writes notes, about 0.7. So the six are enough to decide *which of the two names* comes, and head 0.2 does two jobs among them.

# %% claims
again = [kept(prompts(64, seed), ours_are) for seed in (10, 11)]
only_late = [kept(some, [[h for h in every_head if h not in late]])[0][1] for some in (clean[:64], prompts(64, 10), prompts(64, 11))]
left = {name: keep(clean, heads) for name, heads in {"the six heads": six, "whole model": every_head, "no head": []}.items()}
F = {name: float(difference(clean, logits).mean()) for name, (logits, _) in left.items()}
after_six = left["the six heads"][0].softmax(-1)
elsewhere = after_six[:, clean.layout.names].sum(1) - sum(after_six.gather(1, who[:, None])[:, 0] for who in (clean.answer, clean.wrong))
with_02 = [one[0] for one, heads in zip(null[0], random_sets[0], strict=True) if "0.2" in heads]
without = [one[0] for one, heads in zip(null[0], random_sets[0], strict=True) if "0.2" not in heads]

def without_job(some, at):
    """Faithfulness of the six when head 0.2 is at its mean at these words too."""
    def gone(z, hook):
        z[:, at, 2] = means["z", 0].mean(0)[at, 2]
        return z
    (whole, held), (nothing, low) = keep(some, every_head), keep(some, [])
    with model.hooks(fwd_hooks=[("blocks.0.attn.hook_z", gone)]):
        logits, scale = keep(some, six)
    F = [float((difference(some, x) * y / held).mean()) for x, y in ((logits, scale), (nothing, low), (whole, held))]
    return (F[0] - F[1]) / (F[2] - F[1])

jobs = [[without_job(some, at) for at in ([14], [3, 5, 9])] for some in (clean[:64], prompts(64, 10), prompts(64, 11))]  # END; the notes
with claims():
    claim("as it is, without the whole model's divisor, the faithfulness of the six is 1.25", rounds_to((F["the six heads"] - F["no head"]) / (F["whole model"] - F["no head"]), "1.25"))
    claim("with no head the logit difference is near 0 (less than 0.2 in size)", abs(F["no head"]) < 0.2)
    claim("with the six the final norm divides by 4.2, in the whole model by 5.8 to 6", rounds_to(left["the six heads"][1].mean(), "4.2") and between(left["whole model"][1].mean(), 5.8, 6))
    claim("with the whole model's divisor the faithfulness of the six is between 0.84 and 0.92, in each of three draws", between([ours[0][0], *(row[0][0] for row in again)], 0.84, 0.92))
    claim("with the six the probability of IO is 0.20, in each of three draws below 0.25, and names that are not in the prompt have more than a half together",
          rounds_to(ours[0][1], "0.20") and max([ours[0][1], *(row[0][1] for row in again)]) < 0.25 and elsewhere.mean() > 0.5)
    claim("with the late heads the probability is 0.98, in each of three draws above 0.96", rounds_to(ours[1][1], "0.98") and min(one[1][1] for one in (ours, *again)) > 0.96)
    claim("with only the late heads at their means it is 0.84, in each of three draws above 0.8", rounds_to(only_late[0], "0.84") and min(only_late) > 0.8)
    claim("no random six keeps as much of the logit difference as the six; of the nines two keep more than ours", all(len(one) == 40 for one in null) and max(one[0] for one in null[0]) < ours[0][0] and sum(one[0] > ours[1][0] for one in null[1]) == 2)
    claim("the random sixes with 0.2 keep more than half on average, each more than a third, and those without it less than a tenth",
          sum(with_02) / len(with_02) > 0.5 and min(with_02) > 1 / 3 and sum(without) / len(without) < 0.1)
    claim("without the message of 0.2 at END the six keep less than a half, without what it writes at “and”, “went” and the comma about 0.7, in each of three draws", all(end < 0.5 and about(notes, 0.7) for end, notes in jobs))
    claim("by the probability of IO more than ten of forty random sixes do better than ours", sum(one[1] > ours[0][1] for one in null[0]) > 10)  # fmt: skip

# %% [markdown]
# ## 9 · A prediction that could fail
#
# Does the whole model avoid the *last* name, as head 0.2 does, or the *repeated* name, as GPT-2 small does? We need sentences on which the two differ. In *… John gave a book from Mary to* both names occur twice, and the last one is Mary.

# %% prediction
predict("ioi.twice")

# %% [markdown]
# The circuit gives an answer of its own: the more head 0.2 attends to a name, the more that name is avoided. Its **forecast** of the logit difference is the attention of head 0.2 to John minus that to Mary, times one factor. The factor is chosen so that the forecast is right for the first of six sentences, the one that we know.

# %% answer
opening = "When {A} and {B} went to the {place}, "  # A and B: Mary and John, in either order
sentences = [template, opening + "{S} gave a {object} from {IO} to",  # S: John, IO: Mary, C: Anna
             opening + "{IO} had lunch and {S} gave a {object} to",
             opening + "{S} had lunch and {C} gave a {object} to",
             "Later, {A} and {B} met. Then {S} had lunch and {C} gave a {object} to",
             "{S} went to the {place} with {IO} and gave a {object} to"]
outcomes = ioi.outside(model, (0, 2), {text: text for text in sentences}, n=128)
differences = {text: float(one.logit_diff.mean()) for text, one in outcomes.items()}
factor = differences[template] / outcomes[template].leaning  # leaning: attention to John minus to Mary
forecasts = {text: factor * one.leaning for text, one in outcomes.items()}

# %% figure answer
expects = {1: "Mary", -1: "John", 0: "–"}  # a rule that avoids John expects Mary
people = {"A": "Mary", "B": "John", "IO": "Mary", "S": "John", "C": "Anna", "place": "store", "object": "book"}
def signed(value, note=""):
    return f"{value:+.1f}".replace("-", "−") + note

rows = {str(k): {"sentence": text.format(**people), "avoid last": expects[ioi.by_rule(text)["last"]], "avoid repeated": expects[ioi.by_rule(text)["repeated"]],
                 "to John": f"{one.to_s.mean():.2f}", "to Mary": f"{one.to_io.mean():.2f}",
                 "forecast": signed(forecasts[text], " (set)" if k == 1 else ""), "model": signed(differences[text])}
        for k, (text, one) in enumerate(outcomes.items(), start=1)}  # fmt: skip
display(table(rows, corner="", caption="Six sentences: whom each rule expects (– is nobody), how much head 0.2 looks at John and at Mary from END, and the logit difference Mary − John as the circuit forecasts it and as it is "
              "(means over 128 prompts each, with other names, and with either of the two first where “and” joins them). In the first sentence the forecast is right by construction."))  # fmt: skip
measured("ioi.twice", "neither: about even" if abs(differences[sentences[1]]) < 0.5 else "Mary" if differences[sentences[1]] > 0 else "John")

# %% [markdown]
# In the second and the third sentence both names occur twice, so that avoiding the repeated name decides nothing. The model avoids the last one. In the third, head 0.2 also looks at Mary, who had lunch, and the forecast is too small. In the fourth, Anna is last. But head 0.2 still gives John a quarter of its attention, and the model leans towards Mary.
#
# Six sentences can be picked to prove anything, so we take all 36 ways to go on after *When Mary and John went to the store*: nobody, John, Mary or Anna has lunch, then one of the three gives, and the gift may come from one of the others. A rule that avoids John expects the logit difference of the first sentence, one that avoids Mary its negative, and one that avoids neither 0.

# %% figure answer
lunch, after = ["", "{S} had lunch and ", "{IO} had lunch and ", "{C} had lunch and "], ["", " from {S}", " from {IO}", " from {C}"]
endings = [a + b + " gave a {object}" + c + " to" for a in lunch for b in ("{S}", "{IO}", "{C}") for c in after if b not in c]
avoided = [ioi.by_rule(opening + ending) for ending in endings]  # 1 for John, -1 for Mary, 0 for neither

def tested(seed):
    """The measured logit differences of the 36 sentences, what is expected of them, and where layer 0 looks."""
    measured_ones, leaning = ioi.leanings(model, [opening + ending for ending in endings], 64, seed)
    expected = {rule: differences[template] * torch.tensor([one[rule] for one in avoided]) for rule in ("last", "repeated")}
    return measured_ones, expected | {"forecast": factor * leaning[:, 2]}, leaning

found, expected, leaning = tested(0)
off = {way: float((guess - found).abs().mean()) for way, guess in expected.items()}
fig, axes = plots.figure(1, 3, height=2.9, sharey=True)
for ax, (way, title) in zip(axes, {"forecast": "forecast", "last": "avoid the last name", "repeated": "avoid the repeated name"}.items(), strict=True):
    ax.plot([-15, 15], [-15, 15], color=plots.NULL, linewidth=0.8, linestyle="--")
    ax.plot(expected[way], found, "o", color=plots.HEAD if way == "forecast" else plots.NULL, markersize=5, alpha=0.75)
    ax.set(title=title, xlabel="expected", xlim=(-16, 16), ylim=(-16, 16), xticks=(-10, 0, 10), yticks=(-10, 0, 10))
    ax.text(15, -14.5, f"misses by {off[way]:.1f}", ha="right", fontsize=10)
axes[0].set(ylabel="measured Mary − John")
plots.show(
    fig, f"Three panels, expected against measured logit differences of 36 sentences. The forecast misses by {off['forecast']:.1f} logits on average, the last name by {off['last']:.1f}, the repeated name by {off['repeated']:.1f}.",
    "The logit difference after 36 endings of “When Mary and John went to the store, …”, as it is expected and as it is (64 prompts each). "
    "On the dashed line an expectation is right; below it stands its mean distance in logits.",
)  # fmt: skip

# %% [markdown]
# In 24 of the 36 sentences the last name is John or Mary, and in all of them the model prefers the other one. There the forecast is no better than the rule of the last name. It is better in the twelve where Anna is last, because head 0.2 still gives some attention to the names before her. A new name is avoided too: where Anna gives, her logit is six below the mean of all names.
#
# The last two sentences were chosen because the forecast fails on them. In the fifth, which opens otherwise, head 0.2 looks at John no less than in the fourth, but the model leans the other way, towards the repeated name. We do not know why.
#
# The sixth sentence can be walked like the puzzle. At *and*, layer 0 notes Mary; at END, head 0.2 looks at Mary too, and its message is *not Mary*. But the movers still read *and* most, and the late heads hardly anything else. With the two names exchanged in the message, the logit difference moves by about five. With them exchanged in this one note, it moves by about thirty, and John is ahead. The note decides, and the forecast knows only the message.
#
# So the circuit explains much after the opening on which it was found, and not after every opening.

# %% claims
draws_of = [(found, expected, leaning), tested(1), tested(2)]
rule = torch.tensor([one["last"] for one in avoided])
missed = [{way: (guess - values).abs() for way, guess in guesses.items()} for values, guesses, _ in draws_of]
_, twice, lunch_first, anna_last, later, went_with = sentences
anna_gives = [ioi.told(model.tokenizer, ioi.TEXTS["a third gives"], 96, torch.Generator().manual_seed(seed)) for seed in (1, 2)]
anna_is = [float((logits.gather(1, some.c[:, None])[:, 0] - logits[:, clean.layout.names].mean(1)).mean()) for some in anna_gives for logits in [model(some.tokens)[:, -1]]]
def walked(seed):
    """The sixth sentence: attention at “and” and to it, and the differences with the two names exchanged in what layer 0 writes."""
    some = ioi.told(model.tokenizer, went_with, 96, torch.Generator().manual_seed(seed))
    io, s = some.io[:, None], some.s[:, None]
    donor = torch.where(some.tokens == io, s, torch.where(some.tokens == s, io, some.tokens))
    runs = [ioi.forged(model, some.tokens, donor, *how) for how in (([],), ([-1], (2,)), ([8],), (range(1, 8),))]  # 8 is “and”
    looks_at = model.run_with_cache(some.tokens)[1]
    means_of = [float(x) for x in (looks_at["pattern", 0][:, :, 8, 7].mean(), looks_at["pattern", 1][:, [0, 2, 3], -1, 8].mean(), looks_at["pattern", 2][:, 1:, -1, 8].mean(0).min())]
    return *means_of, [(x.gather(1, io) - x.gather(1, s))[:, 0] for x in runs]

sixth, to = [walked(seed) for seed in (1, 2)], lambda x: float(x.mean())
from_03 = differences[template] / ioi.outside(model, (0, 3), {template: template})[template].leaning
by_03 = [(values, from_03 * leaning[:, 3]) for values, _, leaning in draws_of]
with claims():
    claim("in the second and the third sentence the repeated name decides nothing, and the model avoids the last name by more than five logits",
          all(ioi.by_rule(text)["repeated"] == 0 and ioi.by_rule(text)["last"] * differences[text] > 5 for text in (twice, lunch_first)))
    claim("in the third head 0.2 gives Mary more than a fifth, and the forecast is too small by more than three logits", outcomes[lunch_first].to_io.mean() > 0.2 and differences[lunch_first] - forecasts[lunch_first] > 3)
    claim("in the fourth the last name decides nothing, head 0.2 gives John about a quarter, and the model leans to Mary by 1 to 4 logits", ioi.by_rule(anna_last)["last"] == 0 and about(outcomes[anna_last].to_s.mean(), 0.25) and between(differences[anna_last], 1, 4))
    claim("in the fifth head 0.2 gives John at least as much as in the fourth, at most 0.4, the forecast is Mary by more than three logits, and the model leans to John by more than one", between(outcomes[later].to_s.mean(), float(outcomes[anna_last].to_s.mean()), 0.4) and forecasts[later] > 3 and differences[later] < -1)
    claim("in the sixth it gives Mary more than nine tenths, the forecast is John by more than ten logits, and the model says Mary with a probability above 0.95", outcomes[went_with].to_io.mean() > 0.9 and forecasts[went_with] < -10 and outcomes[went_with].p_io.mean() > 0.95)
    claim("there layer 0 gives Mary more than six tenths from “and”, the movers give “and” more than a half, by their mean, and each late head more than nine tenths, in each of two draws", all(notes > 0.6 and read > 0.5 and by_late > 0.9 for notes, read, by_late, *_ in sixth))
    claim("the message of 0.2 exchanged moves the difference by about five, the note at “and” by about thirty, so that John is above Mary in every prompt, and what layer 0 writes at all the words before it by less than three, in each of two draws",
          all(rounds_to(to(at_end) - to(clean_run), "5") and about(to(at_and) - to(clean_run), -30) and at_and.max() < 0 and abs(to(before) - to(clean_run)) < 3 for *_, (clean_run, at_end, at_and, before) in sixth))
    claim("36 endings, and the last name is John or Mary in 24", len(set(endings)) == 36 and int((rule != 0).sum()) == 24)
    claim("in all 24 the model prefers the other one, in each of three draws", all((rule * values)[rule != 0].min() > 0 for values, *_ in draws_of))
    claim("on these the forecast misses by as much as the last name within a tenth, in each of three draws", all(about(one["forecast"][rule != 0].mean(), one["last"][rule != 0].mean()) for one in missed))
    claim("where Anna is last, by less than two thirds of it, in each of three draws", all(one["forecast"][rule == 0].mean() < one["last"][rule == 0].mean() * 2 / 3 for one in missed))
    claim("over all 36 by less than the last name, and this by less than half of the repeated name, in each of three draws", all(one["forecast"].mean() < one["last"].mean() < one["repeated"].mean() / 2 for one in missed))
    claim("where Anna gives, her logit is six below the mean of all names, in each of two draws", all(rounds_to(x, "-6") for x in anna_is))
    claim("a forecast from 0.3 misses by more, in each of three draws", all((guess - values).abs().mean() > one["forecast"].mean() for (values, guess), one in zip(by_03, missed, strict=True)))  # fmt: skip

# %% [markdown]
# Try a sentence of your own. In braces stand Mary (`{IO}`), John (`{S}`), Anna (`{C}`), a place and an object; the model knows only the words of its stories.

# %%
yours = "When {IO} and {S} went to the {place}, {IO} gave a {object} to"
one = ioi.outside(model, (0, 2), {yours: yours})[yours]
table({"0.2 looks at John": float(one.to_s.mean()), "0.2 looks at Mary": float(one.to_io.mean()),
       "Mary − John, forecast": factor * one.leaning, "Mary − John": float(one.logit_diff.mean())},
      decimals=2)

# %% [markdown]
# ## 10 · Beside GPT-2, and what this does not show
#
# Wang et al. found how GPT-2 small does the same task. Here is our circuit beside theirs.

# %% figure
ioi.beside_drawn().captioned(
    "Two circuits for the same task: the left one without heads 0.3 and 1.1, the right one after Wang et al. 2022, without negative and backup name movers. Black: depends on who gives; gold: the names and their notes, whoever gives; letters: the input that reads. Each panel shows the words that its circuit uses."
)

# %% [markdown]
# In both, heads copy a name, and a message to their queries says whom to avoid; on the right the heads that send it are called S-inhibition heads. Below, the two differ. GPT-2 small has duplicate-token heads and induction heads (those of lesson 3), which notice at S2 that a name has occurred before. Here head 0.2 reads the name off its token, whether it is new or not. GPT-2's movers read the name itself, ours read notes.
#
# - **One model.** `ioi-natural-b` and `ioi-natural-c` are the same recipe with other random starts. They do the task with other circuits, which the second notebook, `04_ioi_deeper`, draws.
# - **Heads first.** The MLPs were kept throughout, and they add more than half of the logit difference. We know what they are told, and that together they lower S and raise IO. The second notebook opens the one that lowers S most.
# - **One opening.** The circuit was measured on one opening, and section 9 shows two sentences that it does not explain.
#
# **The puzzle, answered.** In sentences that begin like the first one, the model avoids the last name that it has read, whether it is repeated or not. Head 0.2 scores a name by its place and not by its repetition, and the parts that hear this head avoid the name that it looks at most. An earlier name is avoided a little.

# %% claims
new_giver = ioi.looks(model, givers["a third person gives"], (0, 2))
with claims():
    claim("0.2 looks at S2 with more than a half when the giver is known, and when the giver is new", min(looks["0.2"]["S2"], new_giver["S2"]) > 0.5)

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
    {"claim": "Six heads decide which of the two names comes; with the late heads (2.1 to 2.3) it is a name of the prompt", "evidence": "faithfulness, and the probability of IO",
     "control": "forty random sets of as many heads", "where it fails": "random sixes with head 0.2 keep more than half on average; other heads can do most of what the late heads do; by the probability of IO many random sixes do better"},
    {"claim": "What head 0.2 looks at is avoided", "evidence": "a forecast from its attention, on 36 endings of one opening", "control": "avoid the repeated name; avoid the last name; the attention of head 0.3",
     "where it fails": "after “Later, Mary and John met” it does not hold for an early name; after “John went to the store with Mary” the model says the very name that head 0.2 looks at"},
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
# - note: a part of the residual stream at one word that depends on an earlier word.
# - message: what a head writes at END for later parts to read.
# - copy score: the share of names that a head puts among its five most raised when it reads them.
# - faithfulness: the share of a behaviour that a circuit keeps when everything else is ablated.
# - forecast: the logit difference expected from the attention of 0.2, scaled on the first sentence of section 9.

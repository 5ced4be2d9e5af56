# %% [markdown]
# # Indirect object identification
#
# **A puzzle.** A small model reads: *When Mary and John went to the store, John gave a book to*. It says *Mary*, with a probability of nearly 1. Exchange the second *John* for *Mary*, and it says *John*. So it depends on the one word before *gave*.
#
# There are two simple ways to get this right. The model may look for the name that stands *twice*, and avoid it. Or it may avoid the *last* name it has seen, without asking whether it stood there before. On these sentences both give the same answers. The third pair of bars below does not decide it either: when somebody else gives the book, no name stands twice and the last name is neither of the two, and the model is undecided.
#
# In a larger model, GPT-2 small, the answer is known: some heads detect the repeated name, others pass that on, and a third kind copies the other name. Does the small model do the same? At the end of this lesson you can answer such a question: find the parts that produce a behaviour, draw the circuit, state how much of the behaviour it explains, and predict what the model says on sentences that nobody has tried.

# %% [markdown] contents
# You need lesson 0: the residual stream, direct logit attribution, ablation, activation patching and path patching; and from lesson 3 the previous-token heads. The exercises take about four hours (an estimate from how long similar ones took). What the course knows beyond this story is in the second notebook of this lesson, which may be skipped.

# %% setup

# %%
import torch

from course_utils import ioi, patching, plots, zoo
from course_utils.page import about, beside_gpt2, between, caption, card, claim, claims
from course_utils.page import measured, predict, table
from course_utils.patching import Circuit

model = zoo.load("ioi-natural", "cpu").requires_grad_(False)
texts = {"John gives": ioi.TEXTS["as in the template"],
         "Mary gives": ioi.TEXTS["as in the template"].replace("{S}", "{IO}"),
         "a third person gives": ioi.TEXTS["a third gives"]}
giver = ioi.outside(model, (0, 2), texts, n=128)  # 128 variants; IO is Mary

# %% figure
fig, ax = plots.figure(height=2.4)
for i, (name, colour) in enumerate((("p_io", plots.SERIES[0]), ("p_s", plots.SERIES[1]))):
    heights = [float(getattr(giver[text], name).mean()) for text in giver]
    ax.bar([k + 0.36 * i - 0.18 for k in range(3)], heights, 0.34, color=colour, label=("Mary", "John")[i])
ax.set(ylabel="probability", ylim=(0, 1.05), xticks=range(3), xticklabels=list(giver))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plots.show(
    fig, "Probability of the two names: Mary when John gives, John when Mary gives, about half each when a third gives.",
    "The mean probability that the model gives to the two names after “When Mary and John went to the store, … gave a "
    "book to”, by who gives. Mean over 128 prompts with other names, places and objects.",
)  # fmt: skip

# %% claims
p = {text: (float(one.p_io.mean()), float(one.p_s.mean())) for text, one in giver.items()}
with claims():
    claim("when John gives, Mary has a mean probability above 0.99", p["John gives"][0] > 0.99)
    claim("when Mary gives, John has", p["Mary gives"][1] > 0.99)
    claim("when a third person gives, each of the two has between 0.4 and 0.6, and together they have more than 0.9",
          all(0.4 < share < 0.6 for share in p["a third person gives"]) and sum(p["a third person gives"]) > 0.9)  # fmt: skip

# %% [markdown]
# The lesson follows Wang et al. 2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), on a model that is small enough for every experiment to run while you read. `ioi-natural` has the architecture of GPT-2 with four layers of four heads and was trained on invented stories, of which sentences like these are a part. Nobody put a circuit into it.

# %% [markdown]
# ## 1 · The behaviour
#
# In *When Mary and John went to the store, John gave a book to*, the name that comes next is the indirect object of *gave*. **Indirect object identification** is to say it. The name that should come is called **IO**, the other one **S**, for the subject of the second clause. S stands at two places, **S1** and **S2**. **END** is the last token, where the answer is due. Half of the prompts name IO first, the other half S.
#
# A circuit is found by comparing runs. So each prompt gets partners in which something was exchanged and every position kept its meaning. Three kinds of partner are used here. In **flip**, S2 becomes the other name, so that S is now the right answer. In **third**, S2 becomes a name that has not occurred. In **ABC**, all three names are new and different, so that nothing repeats.

# %%
clean = ioi.make_ioi_batch(model.tokenizer, 128, torch.Generator().manual_seed(0))
rng = torch.Generator().manual_seed(1)
kinds = {"clean": clean}
kinds |= {kind: ioi.corrupt(clean, kind, rng) for kind in ("flip", "third", "ABC")}
answer = {"clean": "IO", "flip": "S", "third": "none", "ABC": "none"}
rows = {}
for kind, some in kinds.items():
    text = model.tokenizer.decode(some.tokens[0, 1:].tolist())
    rows[kind] = {"first prompt": text, "right answer": answer[kind]}
table(rows)

# %% caption
caption("One prompt, its three partners, and the right answer to each.")

# %% [markdown]
# As a measure we take the **logit difference**: the logit of IO minus the logit of S, at END.
#
# $$\Delta \;=\; \text{logit}_\text{END}(\text{IO}) - \text{logit}_\text{END}(\text{S}).$$
#
# It is the logarithm of the ratio of the two probabilities, it adds up over the parts of the model, and it does not change when both names become more probable. The last point is a strength and a weakness, and section 6 comes back to it.

# %%
def prompts(n, seed, **how):
    """n prompts, drawn by the seed."""
    rng = torch.Generator().manual_seed(seed)
    return ioi.make_ioi_batch(model.tokenizer, n, rng, **how)

sets = {"IO first": prompts(128, 2, orders=["ABBA"]),
        "S first": prompts(128, 2, orders=["BABA"]),
        "six sentences, mixed": prompts(256, 3, templates=ioi.TEMPLATES)}
said = {name: ioi.behaviour(model, some) for name, some in sets.items()}
table({name: one.entries() for name, one in said.items()})

# %% caption
caption("What the model says, with 95 % intervals (prompts resampled). IO above all: IO ranks first among all 294 tokens.")

# %% claims
with claims():
    claim("IO ranks above S in every prompt, in either order", all(one.logit_diff.min() > 0 for name, one in said.items() if "first" in name))
    claim("over six sentences IO ranks first of all tokens in at least 99 of 100 prompts", said["six sentences, mixed"].right.float().mean() >= 0.99)
    claim("the mean logit difference is between 10 and 14 in each set", all(between(one.logit_diff.mean(), 10, 14) for one in said.values()))

# %% [markdown]
# So there is something to explain, and it is not a matter of one order or one sentence. From here on the prompts are of the first sentence, *When … and … went to the …*, whose positions are easy to name.

# %% [markdown]
# ## 2 · Where the answer is worked out
#
# Take the pair clean and flip. Their prompts differ at one token, S2, and their answers are opposite. At the bottom of the model all of the difference stands at S2. At the top it must stand at END, where the logits are read. Somewhere in between it is moved.
#
# Activation patching follows it. Run the flipped prompts, and put in the residual stream of the clean run at one position and before one layer. The recovery is 0 where this changes nothing and 1 where it brings all of the clean logit difference back.

# %% prediction
predict("ioi.leaves")

# %%
places = ("IO", "S1", "S2", "after S2", "END")
denoise = ioi.asked(model, clean, "flip")
streams = denoise.sweep("resid_pre", by=("position", "layer"))
streams = streams.select(position=list(places))

# %% figure answer
fig, ax = plots.figure(height=2.6)
streams.plot(ax=ax)
ax.set(xlabel="before layer", ylabel="", title="")
plots.show(
    fig, "Recovery by position and layer: all at S2 before layer 0, and from layer 1 on nearly all at END.",
    "Recovery when the clean residual stream is put into the flipped run at one position, before one layer (128 prompts).",
)  # fmt: skip

# %% claims answer
recovered = {place: streams.select(position=place).recovery() for place in places}
with claims():
    claim("before layer 0 all of it stands at S2", recovered["S2"][0] > 0.999)
    claim("from layer 1 on S2 has nothing to say", recovered["S2"][1:].abs().max() < 0.01)
    claim("before layer 1 almost nine tenths stand at END, and the rest at the position after S2",
          about(recovered["END"][1], 0.88) and about(recovered["after S2"][1], 0.12))
    claim("before layer 2 all of it stands at END", recovered["END"][2] > 0.99)  # fmt: skip
first_layer = next(layer for layer in range(4) if recovered["END"][layer] > 0.5)
measured("ioi.leaves", ("", "already after layer 0", "after layer 1", "after layer 2")[first_layer])

# %% [markdown]
# Hold the figure against the first account of the puzzle. To know that a name stands twice, the model has to compare S2 with the names before it, and then to carry the result to END. Each of these is a step of attention, so they need two layers, one after the other. What is carried within the first layer can only have been read off the *token* at S2, which says who gives and nothing about who stood there before.

# %% [markdown]
# ## 3 · Which heads
#
# Which heads speak for IO and against S? (A head is named by its layer and its number: 1.0 is head 0 of layer 1.) The quickest look is direct logit attribution (lesson 0): what each head writes at END, read by the unembedding, with the final norm's scale held. Both names are given, each compared with the mean of all 80 names.

# %%
written = ioi.writes(model, clean)
rows = written.rows()
heads = sorted((h for h in rows if "." in h), key=lambda h: -rows[h]["to IO"][0])
table({head: rows[head] for head in heads}, unit="logits", signed=True)

# %% caption
caption("Direct logit attribution at END: what a head adds to the logit of IO, of S, and to their difference (95 % interval, prompts resampled). All sixteen heads, in the order of what they add to IO.")

# %% claims
direct = {head: written.difference(head) for head in heads}
with claims():
    claim("2.1 adds more than three logits to each of the two names, and less than half a logit to their difference",
          min(rows["2.1"]["to IO"][1], rows["2.1"]["to S"][1]) > 3 and abs(direct["2.1"]) < 0.5)
    claim("1.0, 1.2 and 1.3 add between 0.9 and 1.5 logits each to the difference", all(between(direct[h], 0.9, 1.5) for h in ("1.0", "1.2", "1.3")))
    claim("0.2 adds less than 0.2 logits to the difference, of more than eleven", abs(direct["0.2"]) < 0.2 and denoise.sweep("z").clean.mean() > 11)  # fmt: skip

# %% [markdown]
# Heads that copy names from the prompt are **name movers**. Here 1.0, 1.2 and 1.3 raise IO and raise S less. The head 2.1 raises both alike, which makes no difference between them. And 0.2 adds next to nothing to either.
#
# Direct attribution sees what a head says to the unembedding and not what it says to later parts. So exchange the outputs themselves: run the clean prompts, and give one head the output $z$ that it has on the flipped prompts (noising). A change of minus one times the clean difference means that all of it is gone, and minus two that it is turned round.

# %% prediction
predict("ioi.quiet")

# %%
noise = ioi.asked(model, clean, "flip", direction="noising")
by_head = noise.sweep("z")
share = by_head.effect() / by_head.clean.mean()  # (layer, head)

# %% figure answer
fig, ax = plots.figure(height=2.4, width=4.6)
plots.heatmap(ax, share, limit=1.5)
ax.set(xlabel="head", ylabel="layer", xticks=range(4), yticks=range(4))
for (layer, head), value in ((divmod(i, 4), float(x)) for i, x in enumerate(share.flatten())):
    ax.text(head, layer, f"{value:+.2f}".replace("-", "−"), ha="center", va="center", fontsize=9,
            color="white" if abs(value) > 0.8 else "black")  # fmt: skip
plots.show(
    fig, "Change of the logit difference when one head is exchanged: head 0.2 −1.4, head 0.3 −0.6, all four heads of "
    "layer 1 about −0.2.",
    "Change of the logit difference when one head's output is that of the flipped prompt, as a share of its clean mean "
    "(128 prompts).",
)  # fmt: skip

# %% claims answer
low, high = (bound / by_head.clean.mean() for bound in by_head.interval("effect"))
with claims():
    claim("exchanging 0.2 takes away more than all of the difference, by its interval", high[0, 2] < -1)
    claim("0.3 comes next, with six tenths", about(share[0, 3], -0.6) and share.flatten().argsort()[1] == 3)
    claim("each head of layer 1 takes between 0.15 and 0.3", all(between(-x, 0.15, 0.3) for x in share[1]))
    claim("no head of layers 2 and 3 changes it by more than 0.03, and neither do 0.0 and 0.1",
          max(share[2:].abs().max(), share[0, :2].abs().max()) < 0.03)  # fmt: skip
measured("ioi.quiet", "more than all of it" if share[0, 2] < -0.9 else "about half" if share[0, 2] < -0.4 else "about a quarter")

# %% [markdown]
# Compare the map with the table of direct attribution, head by head. The two orders have little in common. To see why, look at what the heads of both lists attend to from END.

# %%
first = sets["IO first"]  # as Mary is named first in the example
columns = {"Mary": "IO", "and": "after IO", "John": "S1", "the comma": "before S2",
           "John, again": "S2", "gave": "after S2"}
rows, shown = {}, {}
for name in ("0.2", "0.3", "1.1", "1.0", "1.2", "1.3", "2.1"):
    rows[name] = ioi.looks(model, first, patching.head(name))
    shown[name] = {word: rows[name][place] for word, place in columns.items()}
table(shown, decimals=2, mark=lambda share: share >= 0.3)

# %% caption
caption("Mean attention from END on 128 prompts that name IO first. The columns are the positions of the example's words. Marked: 0.3 and more.")

# %% claims
with claims():
    claim("0.2 gives about eight tenths of its attention to S2", about(rows["0.2"]["S2"], 0.8))
    claim("1.1 gives more than nine tenths to the position after S2", rows["1.1"]["after S2"] > 0.9)
    claim("1.0, 1.2 and 1.3 give at least three quarters to the position after IO", all(rows[h]["after IO"] > 0.75 for h in ("1.0", "1.2", "1.3")))
    claim("2.1 gives more than 0.95 to the comma before S2", rows["2.1"]["before S2"] > 0.95)

# %% [markdown]
# 0.2, on which most depends, looks at the giver. The name movers of layer 1 do not look at a name at all: they look at the word after it, *and*. Heads of layer 0 have left a note there which name has just passed, as previous-token heads do in lesson 3. The second name is noted in the same way, at the comma.
#
# How do the movers know which note to read? Their choice must depend on the giver. The figure follows it through three kinds of prompt.

# %% figure
fig, axes = plots.figure(1, 3, height=2.5, sharey=True)
givers = {"the second gives": first, "the first gives": ioi.corrupt(first, "flip", rng), "a third gives": ioi.corrupt(first, "third", rng)}
movers = {who: {h: ioi.looks(model, one, patching.head(h)) for h in ("1.0", "1.2", "1.3")} for who, one in givers.items()}
for ax, (who, found) in zip(axes, movers.items(), strict=True):
    for i, (at, label) in enumerate((("after IO", "note of the first"), ("before S2", "note of the second"))):
        ax.bar([k + 0.36 * i - 0.18 for k in range(3)], [found[h][at] for h in found], 0.34, color=plots.SERIES[i], label=label)
    ax.set(xticks=range(3), xticklabels=list(found), xlabel="head", title=who, ylim=(0, 1.35))
axes[0].set(ylabel="attention from END")
axes[0].legend(loc="upper left")
plots.show(
    fig, "The movers read the note of the first name when the second gives, that of the second when the first gives, and "
    "both when a third gives.",
    "Mean attention of the three movers to the notes of the two names, by who gives (128 prompts). They turn away from the "
    "note of the giver.",
)  # fmt: skip

# %% claims
with claims():
    claim("when the second gives, all three read the note of the first at least four times as much as that of the second",
          all(f["after IO"] > 4 * f["before S2"] for f in movers["the second gives"].values()))
    claim("when the first gives, they read the note of the second at least ten times as much",
          all(f["before S2"] > 10 * f["after IO"] for f in movers["the first gives"].values()))
    claim("when a third gives, each note gets between 0.35 and 0.65",
          all(between(f[at], 0.35, 0.65) for f in movers["a third gives"].values() for at in ("after IO", "before S2")))  # fmt: skip

# %% [markdown]
# The last question about a head is what it does with what it looks at. Feed a head each name alone, as its layer finds it, and ask where that name ranks among all names in what the head adds to the logits. Wang et al. count how often it is among the top five, and call that the **copy score**. For a head that *lowers* what it reads, count the bottom five.

# %%
copies = ioi.copying(model, clean.layout.names)
table({head: copies[head] for head in shown}, decimals=2)

# %% caption
caption("Share of the 80 names that a head puts among its five most raised, or its five most lowered, when it reads the name alone. By chance: 5 of 80, which is 0.06.")

# %% claims
with claims():
    claim("0.3 lowers what it reads for more than nine names in ten", copies["0.3"]["lowers it"] > 0.9)
    claim("1.1 lowers it for between 0.4 and 0.6 of the names, and raises it for none", between(copies["1.1"]["lowers it"], 0.4, 0.6) and copies["1.1"]["raises it"] == 0)
    claim("the three movers raise it for between a quarter and six tenths, several times as often as chance", all(between(copies[h]["raises it"], 0.25, 0.6) for h in ("1.0", "1.2", "1.3")))
    claim("0.2 does either for fewer than a quarter of the names", max(copies["0.2"].values()) < 0.25)

# %% [markdown]
# So far there are four kinds: 0.2 reads the giver and writes something that, for most names, is neither the name nor its opposite. 0.3 and 1.1 lower the giver's name. Three movers copy the other name. And 2.1 copies from the comma. It has the highest copy score of all and makes no difference between the two names: to copy is not yet to choose.

# %% [markdown]
# ## 4 · The answer depends on the question
#
# Before we go on to paths, one caution. “How important is this head?” has no answer until it is said what takes the place of its output, in which run, and what is read. Here are six ways to ask, side by side.

# %%
asks = {"noising, flip": noise, "denoising, flip": denoise,
        "noising, ABC": ioi.asked(model, clean, "ABC", direction="noising"),
        "denoising, ABC": ioi.asked(model, clean, "ABC"),
        "mean": ioi.asked(model, clean, "ABC", ablation="mean"),
        "zero": ioi.asked(model, clean, ablation="zero")}
rows = {name: {} for name in ("0.0", "0.2", "0.3", "1.0", "1.1", "1.2", "1.3", "2.1")}
for how, ask in asks.items():
    found = ask.sweep("z")
    for name in rows:
        effect = found.effect()[patching.head(name)] / found.clean.mean()
        rows[name][how] = float(effect)
table(rows, signed=True, decimals=2, mark=lambda x: abs(x) >= 0.1)

# %% caption
caption("Change of the logit difference, as a share of its clean mean. noising: the clean run with one head as in the other prompts. denoising: the other prompts with one head as in the clean run. mean: over the ABC prompts. Marked: a tenth and more.")

# %% claims
with claims():
    claim("noised with ABC, 1.0, 1.2 and 1.3 cost less than a tenth each; noised with flip, more than 0.15",
          all(abs(rows[h]["noising, ABC"]) < 0.1 and rows[h]["noising, flip"] < -0.15 for h in ("1.0", "1.2", "1.3")))
    claim("denoised with ABC, they bring back about a tenth each, more than twice what noising with ABC takes",
          all(between(rows[h]["denoising, ABC"], 0.08, 0.15) and rows[h]["denoising, ABC"] > 2 * -rows[h]["noising, ABC"] for h in ("1.0", "1.2", "1.3")))
    claim("0.0 matters with zeros only: more than a quarter there, and less than 0.05 in the other four",
          rows["0.0"]["zero"] < -0.25 and max(abs(x) for how, x in rows["0.0"].items() if how != "zero") < 0.05)
    claim("without 2.1 the difference grows: by more than 0.05 with ABC, the mean or zeros, and by less than 0.02 with flip",
          min(rows["2.1"][how] for how in ("noising, ABC", "mean", "zero")) > 0.05 and abs(rows["2.1"]["noising, flip"]) < 0.02)  # fmt: skip

# %% [markdown]
# Each difference has its reason.
#
# - **flip against ABC.** With flip, a mover's output is exchanged for one that favours S. With ABC, it becomes one that favours neither. The first question asks for a larger change (the movers lose four to five times as much), and it sees only what depends on the giver.
# - **Noising against denoising.** Denoising asks what one head alone can bring back (is it sufficient?), noising what is lost without it (is it necessary?). For the movers the two answers differ by a factor of two and more. Something makes up for a mover that is gone. It is no other head; the deeper notebook measures what it is.
# - **Zero against the rest.** Zeros take away what a head says on *every* prompt as well. Head 0.0 says something that later parts count on, and it is the same for all prompts: its mean does as well.
# - **What gets larger.** Without 2.1 the difference grows. That head raises both names, so it seems only to be in the way. Section 6 shows what it is for.

# %% [markdown]
# ## 5 · Who tells whom
#
# A head's effect can be direct, to the logits, or pass through other parts. Path patching separates these: the message of one head reaches one receiver as in the flipped prompt, and every other head keeps what it said. What about the MLPs on the way? Either they are kept too, or they read the message and pass on what they make of it. Both are asked here, for every head to the logits.

# %%
scale = by_head.clean.mean()
ways = {"direct": noise.path_patch(mlps="frozen").effect() / scale,
        "direct and through MLPs": noise.path_patch(mlps="recomputed").effect() / scale,
        "all paths": share}
rows = {name: {way: float(found[patching.head(name)]) for way, found in ways.items()}
        for name in ("0.2", "0.3", "1.0", "1.1", "1.2", "1.3")}
table(rows, signed=True, decimals=2)

# %% caption
caption("Change of the logit difference when a head tells the logits what it says in the flipped prompt, as a share of the clean difference. direct: MLPs keep their outputs. all paths: the exchange of section 3.")

# %% claims
with claims():
    claim("directly, 0.2 tells the logits nearly nothing: less than 0.03", abs(rows["0.2"]["direct"]) < 0.03)
    claim("through MLPs it takes almost six tenths of the difference", about(rows["0.2"]["direct and through MLPs"], -0.58))
    claim("all its paths together take more than twice that", rows["0.2"]["all paths"] < 2 * rows["0.2"]["direct and through MLPs"])
    claim("1.2 and 1.3 say at least seven tenths of what they say directly, without any MLP",
          all(rows[h]["direct"] / rows[h]["all paths"] > 0.7 for h in ("1.2", "1.3")))  # fmt: skip

# %% [markdown]
# What 0.2 writes means nothing to the unembedding. MLPs read it and lower the giver's name. That is why direct attribution overlooked it. But it explains only part: the other part must go through heads, and the movers are the candidates. Through which input?

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
caption("Change of the logit difference when one head of layer 0 tells the movers 1.0, 1.2 and 1.3 together, through one input, what it says in the flipped prompt (95 % interval, prompts resampled).")

# %% claims answer
with claims():
    claim("0.2 tells their queries more than half of the difference", heard["0.2"]["queries"][2] < -0.5)
    claim("none of the other eleven messages changes it by more than 0.1",
          max(abs(entry[0]) for sender, row in heard.items() for name, entry in row.items() if (sender, name) != ("0.2", "queries")) < 0.1)  # fmt: skip
measured("ioi.input", "their " + max(heard["0.2"], key=lambda name: abs(heard["0.2"][name][0])))

# %% [markdown]
# In GPT-2 small, the heads that tell the name movers whom *not* to look for are called S-inhibition heads, and they speak to the movers' queries. The table says whether that step is the same here. The step before it differs in any case: 0.2 has read the name off the token, and no head has checked whether it stood there before.
#
# The two shares of 0.2, to the logits by way of MLPs and to the movers, need not add up to its whole effect: the softmax and the final norm bend what arrives together.
#
# Every arrow can now be measured in the same way. The black arrows below were patched from the flipped prompts. The grey ones, the notes of the two names, were patched from prompts with other names (ABC), since what they carry does not depend on the giver; here IO is named first, as in the example.

# %%
token, avoid = ioi.Part("giver", ("embed",), "S2"), ioi.Part("0.2", ("0.2",), "END")
lower, leave = (ioi.Part("0.3", ("0.3",), at) for at in ("END", "after S2"))
read = ioi.Part("1.1", ("1.1",), "END")
move = ioi.Part("1.0, 1.2, 1.3", ("1.0", "1.2", "1.3"), "END")
writers, noted = ("0.0", "0.1", "0.2", "0.3"), {"IO": "after IO", "S": "before S2"}
notes = [ioi.Part(f"note of {name}", writers, at) for name, at in noted.items()]
flips = [(token, avoid, "v"), (token, lower, "v"), (avoid, move, "q"),
         (leave, read, "v")]
flips += [(part, ioi.LOGITS, "") for part in (avoid, lower, read, move)]
others = ioi.asked(model, first, "ABC", direction="noising")
names = [(note, move, reads) for note in notes for reads in "vk"]
circuit = ioi.measured_diagram({"giver": (noise, flips), "all names": (others, names)})
table(circuit, signed=True, decimals=2)

# %% caption
caption("Every arrow: what one part tells another, exchanged, and the change of the logit difference as a share of its clean mean (95 % interval, 128 prompts resampled). MLPs on the way read the message. A note is what the four heads of layer 0 write at the word after a name, or at the comma.")

# %% figure
columns = ("Mary", "and", "John", "went …", ",", "John", "gave", "a book", "to")
place = {"giver": (5, -0.95), "note of IO": (1, 0), "note of S": (3.87, 0), "0.3": (5.83, 0), "0.2": (7.79, 0),
         "1.0, 1.2, 1.3": (1.7, 1.5), "1.1": (4.4, 1.5), "logits": (6.2, 3.0)}
words = {"0.2": "whom to avoid", "0.3": "lowers, notes giver", "1.1": "lowers giver", "1.0, 1.2, 1.3": "copy the other"}
strong = [arrow for arrow in circuit.arrows["all names"] if abs(arrow.effect[0]) > 0.2]
ioi.Diagram({"giver": circuit.arrows["giver"], "all names": strong}).draw(columns, place, words).captioned(
    "The circuit as it was measured, from the words to the logits. At each arrow: the change of the logit difference, as a "
    "share of its clean mean, when this message is another prompt's, and the input that reads it (Q, K or V). Black: from "
    "flipped prompts. Grey: from prompts with other names; of the four such arrows, the two above 0.2 are drawn. Not drawn: the MLPs, which read what is on its way to the "
    "logits, and 2.1 to 2.3, which raise both names alike."
)

# %% claims
high = {arrow.name: arrow.effect[2] for arrow in circuit.arrows["giver"]}
with claims():
    claim("every black arrow lowers the difference by more than a tenth, by its interval", max(high.values()) < -0.1)
    claim("the token at S2, read by 0.2, is the strongest: it takes more than all of the difference", circuit.effect("giver → 0.2, values") < -1.3)
    claim("the movers together tell the logits about seven tenths of the difference", about(circuit.effect("1.0, 1.2, 1.3 → logits"), -0.7))
    claim("with IO first, the movers copy from the note of IO: exchanged in their values it costs more than half", circuit.effect("note of IO → 1.0, 1.2, 1.3, values") < -0.5)
    claim("and they know the note of S by their keys: exchanged there it costs more than three tenths", circuit.effect("note of S → 1.0, 1.2, 1.3, keys") < -0.3)
    claim("the other two note arrows are below a tenth", max(abs(circuit.effect("note of IO → 1.0, 1.2, 1.3, keys")), abs(circuit.effect("note of S → 1.0, 1.2, 1.3, values"))) < 0.1)

# %% [markdown]
# Read it from the bottom. The giver's name is read by 0.2 and 0.3. (0.3 does so at two positions: at END, and at the word after S2, where 1.1 finds it.) 0.2 tells the movers whom to avoid, and tells MLPs to lower that name. 0.3 and 1.1 lower it too. The movers compare that with the notes of the two names, turn away from the giver's (by their keys), and copy the other (by their values). All of it works without knowing whether any name stands twice. (The movers do compare the giver with the notes of earlier names. But the result only decides which note is read. When a third person gives, no note matches, and they read both; and 0.2 by way of MLPs, 0.3 and 1.1 lower the giver without any comparison.)
#
# Beside it, the classes that Wang et al. found in GPT-2 small:

# %%
classes = {
    "previous-token heads: 2.2, 4.11": "0.0 to 0.3, which leave the notes",
    "duplicate-token heads: 0.1, 0.10, 3.0": "none",
    "induction heads: 5.5, 5.8, 5.9, 6.9": "none",
    "S-inhibition heads: 7.3, 7.9, 8.6, 8.10": "0.2, from the token alone",
    "name movers: 9.9, 10.0, 9.6": "1.0, 1.2, 1.3",
    "negative name movers: 10.7, 11.10": "none; 0.3 and 1.1 lower the giver",
    "backup name movers: eight heads": "none found",
}
table({gpt2: {"here": one} for gpt2, one in classes.items()}, corner="GPT-2 small")

# %% caption
caption("The seven classes of GPT-2 small's published circuit (Wang et al. 2022), and what plays each part here. Extra here: heads that raise both names alike (2.1 to 2.3).")

# %% [markdown]
# ## 6 · How far to trust it
#
# A drawing is a claim: these parts do it, the others do not. The test is to keep the drawn parts and take away everything else. All other heads are set to their means over the ABC prompts, which hold no information about who gives; the MLPs stay. Write $F(C)$ for the mean logit difference when only $C$ is left, $F(M)$ for the whole model and $F(\varnothing)$ for no head. The **faithfulness** of $C$ is
#
# $$\frac{F(C) - F(\varnothing)}{F(M) - F(\varnothing)}.$$
#
# The circuit of the giver has six heads: 0.2, 0.3, 1.0, 1.1, 1.2 and 1.3.

# %% prediction
predict("ioi.six")

# %% answer
mlps = Circuit.mlps(model)
six_heads = Circuit.nodes("0.2", "0.3", "1.0", "1.1", "1.2", "1.3")
both = Circuit.nodes("2.1", "2.2", "2.3")
some = Circuit.nodes("0.2", "1.0", "1.2", "1.3")
proposals = {"0.2 alone": Circuit.nodes("0.2"), "0.2 and the movers": some,
             "the six": six_heads,
             "the six, and 2.1, 2.2, 2.3": six_heads | both, "2.1, 2.2, 2.3": both}
p_io = ioi.asked(model, clean, "ABC", ablation="mean", metric=ioi.probability_of(clean))
rows = {}
for name, heads in proposals.items():
    left = asks["mean"].faithfulness(heads | mlps)
    rows[name] = {"faithfulness": (left.recovered, *left.interval()),
                  "P(IO)": float(p_io.run(heads | mlps).mean())}
table(rows, decimals=2)

# %% caption answer
caption("What is left of the behaviour when only these heads and the MLPs are kept: the share of the logit difference (95 % interval, 128 prompts resampled), and the mean probability of IO.")

# %% claims answer
with claims():
    claim("the six keep about one and a quarter times the logit difference", about(rows["the six"]["faithfulness"][0], 1.25))
    claim("with the six the probability of IO is below one third", rows["the six"]["P(IO)"] < 1 / 3)
    claim("2.1, 2.2 and 2.3 bring it above nine tenths, and the logit difference nearer to that of the whole model",
          rows["the six, and 2.1, 2.2, 2.3"]["P(IO)"] > 0.9 and rows["the six, and 2.1, 2.2, 2.3"]["faithfulness"][2] < rows["the six"]["faithfulness"][1])
    claim("alone, these three keep less than a twentieth of the logit difference", abs(rows["2.1, 2.2, 2.3"]["faithfulness"][0]) < 0.05)  # fmt: skip
measured("ioi.six", rows["the six"]["faithfulness"][0])

# %% [markdown]
# The two columns answer different questions. The logit difference asks *which of the two names*. It does not ask whether *a name of this prompt* comes at all, and the probability does. That second part of the behaviour is the business of 2.1, 2.2 and 2.3: they raise both names, which they find noted at the comma. An analysis by the logit difference alone would have counted these heads as useless, or as harmful. Choose the measure by the behaviour you mean to explain, and look at a second one. A share above 1 means that parts were left out which had held the difference back; the deeper notebook finds how. And heads that only push S down, as 0.3 and 1.1 do, count in the difference although they do nothing for IO against all other tokens.
#
# Where a head works matters as well. The next test keeps heads only at stated positions. A **node** is a head at one position. Its score is the share of the log-probability of IO that is kept, which has hardly any room to overshoot, minus 0.01 for each node, so that naming everything is worth little. The nine nodes in the table were found by a search that started from 26 nodes named in the sections above (`ioi.START`) and added or dropped one node at a time (`Bench.grown`, four minutes on one core). They are tested here on prompts that the search did not see.

# %%
fresh = ioi.bench("ioi-natural", n=48, seed=7)  # the search used seed 0
nine = sorted(ioi.FOUND)
movers_only = [node for node in nine if node[2] == "END" and node[0] < 2]
pool, dice = sorted(fresh.all_nodes()), torch.Generator().manual_seed(0)
nines = [[pool[i] for i in torch.randperm(128, generator=dice)[:9]] for _ in range(20)]
nines = sorted(nines, key=fresh.worth)
nodes = {"the nine": nine, "without 2.1 and 2.3": [n for n in nine if n[0] < 2],
         "0.2 and the movers at END": movers_only, "no node": [], "all 128": pool,
         "0.0 at the comma, 2.1 at END": [(0, 0, "before S2"), (2, 1, "END")],
         "the same heads at S2": [(layer, head, "S2") for layer, head, _ in nine],
         "null: best of 20 random nines": nines[-1], "null: the tenth best": nines[-10]}
table({name: {"nodes": f"{len(set(some))}", "kept": fresh.kept(some),
              "score": fresh.worth(some)} for name, some in nodes.items()}, decimals=2)

# %% caption
caption("Proposed circuits of nodes, tested on 48 fresh prompts: how many nodes, the share of the log-probability of IO that is kept, and the score. Everything outside is set to its mean over ABC prompts.")

# %% claims
score = {name: fresh.worth(some) for name, some in nodes.items()}
with claims():
    claim("the nine keep more than nine tenths, on prompts that the search did not see", fresh.kept(nine) > 0.9)
    claim("they score above all the other proposals", max(score, key=score.get) == "the nine")
    claim("0.0 at the comma and 2.1 at END alone keep between 0.4 and 0.6, and the best random nine holds both",
          between(fresh.kept(nodes["0.0 at the comma, 2.1 at END"]), 0.4, 0.6) and set(nodes["0.0 at the comma, 2.1 at END"]) <= set(nines[-1]))
    claim("at the wrong positions the same heads keep nothing: less than a tenth", fresh.kept(nodes["the same heads at S2"]) < 0.1)
    claim("of twenty random nines the tenth best scores below a tenth, and the best less than half of what the nine score",
          score["null: the tenth best"] < 0.1 and score["null: best of 20 random nines"] < score["the nine"] / 2)

# %% [markdown]
# One random nine keeps nearly half, which asks for an explanation: it happens to hold 0.0 at the comma and 2.1 at END. These two alone keep as much, since they raise a name of the prompt, whether it is the right one or not. A null is worth reading as well. The four nodes 0.2 and the movers at END are worse than nothing: what they read, the notes, is an average there. And 0.2 has two jobs: at END it reads the giver, and after IO and at the comma it is one of the heads that take notes.
#
# The nine are *a* small circuit and not *the* circuit: heads that do the same job can stand in for one another, and a search that pays for each node leaves out what the rest can spare. That is one way in which “the circuit” of a behaviour is less definite than the drawing suggests.
#
# **Single prompts.** An average over prompts can hide that prompts differ. Here is the effect of four exchanges of section 3, prompt by prompt.

# %% figure
fig, ax = plots.figure(height=2.6)
spread = {name: (by_head.effect(per_prompt=True)[patching.head(name)] / by_head.clean.mean()) for name in ("0.2", "0.3", "1.1", "1.2")}
for i, values in enumerate(spread.values()):
    jitter = 0.3 * (torch.rand(len(values), generator=torch.Generator().manual_seed(i)) - 0.5)
    ax.scatter(values, i + jitter, s=7, color=plots.SERIES[0], alpha=0.6)
    ax.plot([values.mean()] * 2, [i - 0.35, i + 0.35], color=plots.EDITED)
ax.set(yticks=range(4), yticklabels=list(spread), ylabel="head", xlabel="change of the logit difference, as a share of the clean mean")
ax.axvline(0, color=plots.NULL, linewidth=1)
plots.show(
    fig, "Effects of exchanging four heads, one dot for each prompt: wide clouds around their means, nearly all on one side of zero.",
    "The effect of exchanging one head with the flipped prompt, one dot for each of 128 prompts; the line is the mean.",
)  # fmt: skip

# %% claims
with claims():
    claim("exchanging 0.2 lowers the difference in every prompt", spread["0.2"].max() < 0)
    claim("for each of the other three it does so in at least nine prompts of ten", all((values < 0).float().mean() >= 0.9 for values in spread.values()))
    claim("for 1.2 the standard deviation over prompts is more than a third of the mean effect", spread["1.2"].std() > spread["1.2"].mean().abs() / 3)

# %% [markdown]
# **Other draws.** All of this came from one draw of 128 prompts. Here are the main numbers on three.

# %%
again = {}
for seed in range(3):
    drawn = prompts(96, 10 + seed)
    ask = ioi.asked(model, drawn, "flip", seed, direction="noising")
    kept = ioi.asked(model, drawn, "ABC", seed, ablation="mean")
    z = ask.sweep("z").effect() / ask.sweep("z").clean.mean()
    path = ioi.measured_arrow(ask, avoid, move, "q").effect[0]
    again[f"draw {seed}"] = {
        "0.2 exchanged": float(z[0, 2]), "0.3 exchanged": float(z[0, 3]),
        "0.2 → movers' queries": path,
        "faithfulness of the six": kept.faithfulness(six_heads | mlps).recovered}
table(again, signed=True, decimals=2)

# %% caption
caption("Four results on three independent draws of 96 prompts. Effects as a share of the clean difference.")

# %% claims
with claims():
    claim("from draw to draw no number changes by more than 0.15",
          all(max(row[name] for row in again.values()) - min(row[name] for row in again.values()) < 0.15 for name in again["draw 0"]))

# %% [markdown]
# ## 7 · A prediction that could fail
#
# An explanation earns trust by saying something that one would not have guessed. The two accounts of the puzzle were these:
#
# - *the repeated name is avoided* (detection, as in GPT-2 small);
# - *the last name is avoided* (0.2 reads whichever name it finds last).
#
# So build sentences in which they part. In *… John gave a book from Mary to*, both names stand twice, and the last one is Mary. English has no right answer to that, so whatever the model says is no mistake. It is a case in which the two accounts expect different things.

# %% prediction
predict("ioi.twice")

# %% answer
found = ioi.outside(model, (0, 2))
either = {"as in the template": ("IO", "IO"), "longer distance": ("IO", "IO"),
          "S three times": ("IO", "IO"), "three names": ("IO", "IO"),
          "IO twice, before the giver": ("undecided", "IO"),
          "IO twice, after the giver": ("undecided", "S"),
          "a third after the giver": ("IO", "undecided"),
          "S had lunch, a third gives": ("IO", "undecided"),
          **dict.fromkeys(("a third gives", "S2 removed"), ("undecided", "undecided"))}
rows, people = [], {"A": "Mary", "B": "John", "IO": "Mary", "S": "John", "C": "Anna"}
for name, (one, other) in either.items():
    text = ioi.TEXTS[name].format(**people, place="store", object="book")
    entry = found[name].entries()["IO − S"]
    rows.append({"text": text, "repeated": one, "last": other, "IO − S": entry})
table(rows, decimals=2)

# %% caption answer
caption("Ten texts: which name each account expects (Mary is IO, John is S), and the logit difference that the model gives (95 % interval, 128 prompts resampled).")

# %% claims answer
gap = {name: float(one.logit_diff.mean()) for name, one in found.items()}
with claims():
    claim("with IO named after the giver the model prefers S, by more than seven logits", gap["IO twice, after the giver"] < -7)
    claim("with IO named twice but before the giver it prefers IO, by more than eight", gap["IO twice, before the giver"] > 8)
    claim("a third name after the giver takes away more than half of the difference, and not all of it", between(gap["a third after the giver"], 1, gap["as in the template"] / 2))
    claim("when S is named twice and a third gives, less than a third of the difference is left, and it is above 1", between(gap["S had lunch, a third gives"], 1, gap["as in the template"] / 3))
    claim("the two texts in which neither account expects a preference are within half a logit of none", max(abs(gap["a third gives"]), abs(gap["S2 removed"])) < 0.5)
measured("ioi.twice", "John" if gap["IO twice, after the giver"] < -1 else "Mary" if gap["IO twice, after the giver"] > 1 else "neither: about even")

# %% [markdown]
# Each row tests both accounts. The two texts with IO named twice decide between them; look at their signs. On the two texts where only the account of the repeated name expects IO, the model is somewhere in between. The drawing says why it need not be all or nothing: what counts is how 0.2 shares out its attention. If the story is right, the logit difference on *any* text should follow from that attention alone. Calibrate on the template, where 0.2 gives S so much more attention than IO and the difference is so many logits, draw a straight line through this point and zero, and see where the other texts fall.

# %% figure
fig, ax = plots.figure(height=3.6)
slope = gap["as in the template"] / found["as in the template"].leaning
ax.plot([-0.9, 1.0], [-0.9 * slope, slope], color=plots.NULL, linewidth=1.2)
for name, one in found.items():
    ax.scatter(one.leaning, gap[name], s=26, color=plots.SERIES[0], zorder=3)
named = [name for name in found if found[name].leaning < 0.6]
for name in named:
    down, left = name == "S2 removed", name == "IO twice, before the giver"
    ax.annotate(name, (found[name].leaning, gap[name]), xytext=(-7 if left else 7, -12 if down else 3),
                textcoords="offset points", fontsize=9, ha="right" if left else "left")
ax.annotate("the four others,\nin which S is the last name", (0.8, 10.6), xytext=(0.62, 6.2), fontsize=9)
ax.set(xlabel="attention of 0.2 from END: to S minus to IO", ylabel="logit difference IO − S", xlim=(-0.95, 1.05))
plots.show(
    fig, "Logit difference against the attention of head 0.2 for ten texts: the points lie near a line through zero.",
    "Each text once: how much more 0.2 looks at S than at IO, and the logit difference (means over 128 prompts). The line "
    "goes through zero and the text of the template; nothing was fitted to the others.",
)  # fmt: skip

# %% claims
off = {name: gap[name] - slope * found[name].leaning for name in found if name != "as in the template"}
pairs = torch.tensor([[found[name].leaning, gap[name]] for name in off])
correlation = torch.corrcoef(pairs.T)[0, 1]
with claims():
    claim("over the nine texts that were not used, attention and logit difference correlate with more than 0.95", correlation > 0.95)
    claim("the largest distance from the line is below five logits, of a range of more than twenty", max(map(abs, off.values())) < 5 and max(gap.values()) - min(gap.values()) > 20)
    claim("“IO twice, before the giver” lies above the line by more than two logits", off["IO twice, before the giver"] > 2)

# %% [markdown]
# One head's attention from one position tells how ten different sentences come out. It does not tell everything. “IO twice, before the giver” lies above the line, so something speaks for IO there that is not in the drawing; one candidate is that a name which stands in two places can be copied from two. That remains to be shown.
#
# **Where the account fails.** All ten texts have an opening clause with both names, and then a giver. The training text holds another kind of sentence too, with a single clause: *John went to the store with Mary and gave a book to*. Here the last name is the right answer. What does the account say, and what does the model?

# %%
single = {"went with": "{S} went to the {place} with {IO} and gave a {object} to",
          "had lunch with": "In the morning {S} had lunch with {IO} and gave a {object} to"}
other_kind = ioi.outside(model, (0, 2), single, n=128)
rows = {name: {"the line says": slope * one.leaning, **one.entries()}
        for name, one in other_kind.items()}
table(rows, signed=True, decimals=2)

# %% caption
caption("Two sentences of a single clause: the logit difference that the line of the figure expects, and what is measured (95 % intervals, 128 prompts resampled).")

# %% claims
with claims():
    claim("0.2 looks at IO more than at S, by more than a half, so that the line expects S by more than seven logits",
          all(one.leaning < -0.5 and slope * one.leaning < -7 for one in other_kind.values()))
    claim("the model prefers IO by more than eight logits, in both", all(one.logit_diff.mean() > 8 for one in other_kind.values()))

# %% [markdown]
# The model is right, and the account is wrong: by some twenty logits, with the sign turned round. For sentences of a single clause the model must use something else, which overrules what 0.2 does here; what it is we have not found. So the circuit of section 5 explains the sentences it was found on and others of their form, and no more. We would not have known without looking for a text on which our own account should fail.

# %% [markdown]
# ## 8 · The same methods where the truth is known
#
# Everything so far was found with methods that could themselves be wrong. A model with a *known* circuit is a test for them. The four `ioi-planted` models have three layers of four heads, attention only. They were trained by interchange so that exactly three heads do the work: one detects at S2 which of the two names is repeated, one moves that to END, one says the other name. Each head at each of eight positions is a node, so 96 nodes, of which three are true.
#
# Every method ranks all nodes by the size of its effect. The **ROC curve** goes down this list and plots the share of true nodes found against the share of other nodes taken with them. The area under it, the **AUC**, is the probability that a true node ranks above one that is not: 1 for a perfect ranking, 0.5 for chance. Among the methods is **attribution patching**, which estimates every exchange from one gradient: the change of an activation times the slope of the metric there. *Integrated gradients* averages the slope along the way from one activation to the other, here in ten steps.

# %% prediction
predict("ioi.method")

# %%
rankings, rows = {}, {}
for name in ioi.planted_models():
    one = zoo.load(name, "cpu").requires_grad_(False)
    some = ioi.make_ioi_batch(one.tokenizer, 32, torch.Generator().manual_seed(0))
    rankings[name] = ioi.methods(one, ioi.planted_circuit(name), some)
methods = list(rankings["ioi-planted"])
values = {m: torch.tensor([r[m].auc for r in rankings.values()]) for m in methods}
complete = {m: sum(r[m].found == 3 for r in rankings.values()) for m in methods}
for m, v in values.items():
    rows[m] = {"AUC": tuple(float(x) for x in (v.mean(), v.min(), v.max())),
               "all three on top": f"in {complete[m]} of 4"}

# %% figure answer
fig, ax = plots.figure(height=3.0, width=4.8)
shown = ("noising, flip", "integrated gradients, flip", "attribution, flip", "attribution, ABC", "null: size of W_V W_O")
for method, colour in zip(shown, (*plots.SERIES[:4], plots.NULL), strict=True):
    score = torch.cat([one[method].score / one[method].score.max() for one in rankings.values()])
    truth = torch.cat([one[method].truth for one in rankings.values()])
    false, true = ioi.roc(score, truth)
    ax.plot(false, true, color=colour, label=method, linewidth=1.6, linestyle="--" if "null" in method else "-")
ax.set(xlabel="share of other nodes taken", ylabel="share of true nodes found")
ax.legend(fontsize=8)
plots.show(fig, "ROC curves of five rankings: noising and integrated gradients perfect, attribution below, weight size near chance.",
           "ROC curves, the four planted models together (each method's effects scaled to a largest one of 1).")  # fmt: skip

# %% answer
table(rows, interval="lowest and highest model", decimals=2)

# %% caption answer
caption("How well each method ranks 96 nodes in four planted models (32 prompts each): the mean AUC with the lowest and the highest model below it, and in how many models the three true nodes are the top three.")

# %% claims answer
with claims():
    claim("noising, and denoising with flip, rank the three true nodes first in all four models",
          all(complete[method] == 4 for method in ("noising, flip", "noising, ABC", "denoising, flip")))
    claim("so does integrated gradients with flip, and so do the mean and zeros", all(complete[m] == 4 for m in ("integrated gradients, flip", "mean ablation", "zero ablation")))
    claim("attribution by the gradient alone misses a true node with flip in at least three models of four", complete["attribution, flip"] <= 1)
    claim("both baselines have a mean AUC between 0.35 and 0.75, and never all three on top",
          all(between(values[m].mean(), 0.35, 0.75) and complete[m] == 0 for m in ("null: size of W_V W_O", "null: random")))  # fmt: skip
failing = [m for m, name in (("attribution by the gradient", "attribution, flip"), ("denoising", "denoising, flip"), ("zero ablation", "zero ablation")) if complete[name] <= 1]
measured("ioi.method", failing[0] if failing else "none")

# %% [markdown]
# Where a ranking is not perfect, there is a reason. A head whose attention is saturated gives no slope where it stands, although the whole exchange changes everything; averaging the slope along the way repairs that (the deeper notebook shows it). And with ABC there is little for one node alone to bring back. Two cautions. These circuits are sharper than anything that training alone makes, so this is an easy test, and a method that fails it is warned against more clearly than one that passes is recommended. And three nodes of a circuit are not its arrows.

# %% [markdown]
# ## 9 · Now on GPT-2, and what this does not show
#
# The same measurement of the behaviour, on GPT-2 small as published, and on the lesson's model.

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
# The small model does the task more decidedly, and in sentences of this form in a simpler way. Its training text is simpler as well: in it, whoever receives is never named between the giver and *to*, so that avoiding the last name costs nothing there. Whether that is why it never came to detect a repetition, we have not tested.
#
# - **One model.** `ioi-natural-b` and `ioi-natural-c` are the same recipe with other random starts. They do the task as well, with other heads in other roles. The deeper notebook puts the three side by side.
# - **One form of sentence.** Sentences of a single clause work in another way (section 7).
# - **Heads only.** The MLPs were kept throughout. They do part of the work (section 5), and what they compute was not opened.
# - **A measure chooses.** With the logit difference alone, three heads of the circuit would have been overlooked.
#
# **The puzzle, answered.** In these sentences the model avoids names in proportion to the attention of 0.2, which is usually the last name, whether it stood there before or not. It took one sentence to show it, and the circuit to know which.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "The giver's name is carried from S2 to END by layer 0", "evidence": "the residual stream, patched by position and layer",
     "control": "other positions recover nothing", "where it fails": "an eighth goes by way of the next position"},
    {"claim": "0.2 tells the movers' queries and the MLPs whom to avoid", "evidence": "path patching, on three draws of prompts",
     "control": "eleven other messages to the movers", "where it fails": "which MLP does what was not opened"},
    {"claim": "Six heads decide which of the two names", "evidence": "faithfulness above one", "control": "the same heads elsewhere; random nodes",
     "where it fails": "they do not make the model say a name of the prompt"},
    {"claim": "After an opening clause names are avoided as 0.2 attends to them, usually the last, not the repeated one", "evidence": "a predicted failure; ten texts near one line",
     "control": "IO named twice before the giver", "where it fails": "sentences of a single clause, altogether"},
    {"claim": "Exact exchanges find a planted circuit", "evidence": "four models with known truth", "control": "weight size and chance",
     "where it fails": "gradients at one point miss saturated heads; planted circuits are easy"},
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
# - END: the last token, where the answer is due.
# - flip: the partner prompt in which S2 has become IO.
# - third: the partner prompt in which S2 has become a name that has not occurred.
# - ABC: the partner prompt with three new names.
# - logit difference: logit of IO minus logit of S at END.
# - name movers: heads that copy a name from the prompt to the answer.
# - copy score: the share of names that a head puts among its five most raised when it reads them.
# - faithfulness: the share of a behaviour that a circuit keeps when everything else is ablated.
# - node: a head at one position.
# - ROC curve: share of true things found against share of others taken, down a ranked list.
# - AUC: the probability that a true thing ranks above one that is not.
# - attribution patching: the effect of an exchange estimated as change of an activation times slope of the metric.

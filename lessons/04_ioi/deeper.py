# %% [markdown]
# # Indirect object identification, deeper
#
# **A puzzle.** In the first notebook three heads, the movers, copied the right name. They add more than three logits to a logit difference of about eleven and a half. Take all three away, and only about one and a half logits are lost. Something makes up for the rest. In GPT-2 small there are backup heads, which start to copy when others are gone. Is it so here too?

# %% [markdown] contents
# This notebook goes on from the first one of the lesson. Its sections can be read alone. Most of them show a way in which a measurement can mislead: by the norm, by what replaces a part, by what is measured, by a gradient, or by the one model that was trained. Where intervals are given, they are 95 % intervals of a mean, with the prompts resampled.

# %% setup

# %% figure
from dataclasses import replace

import torch

from course_utils import ioi, patching, plots, zoo
from course_utils.intervals import mean_interval
from course_utils.page import about, between, caption, card, claim, claims
from course_utils.page import measured, predict, rounds_to, table

model = zoo.load("ioi-natural", "cpu").requires_grad_(False)
clean = ioi.make_ioi_batch(model.tokenizer, 96, torch.Generator().manual_seed(0))
abc = ioi.corrupt(clean, "ABC", torch.Generator().manual_seed(0)).tokens
movers = ["1.0", "1.2", "1.3"]
by_mean = ioi.repair(model, clean, movers, abc)
fig, ax = plots.figure(height=2.0)
bars = {"whole model": by_mean.whole, "expected, if only what the\nmovers add directly is lost": by_mean.whole - by_mean.lost_direct,
        "without the movers, measured": by_mean.without}  # fmt: skip
for y, (values, colour) in enumerate(zip(bars.values(), (plots.GREY, plots.HEAD, plots.INK), strict=True)):
    value, low, high = mean_interval(values)
    ax.barh(y, value, 0.62, color=colour)
    ax.hlines(y, low, high, color="#F0A000", linewidth=1.6)
    ax.text(high + 0.15, y, f"{value:.1f}", va="center", fontsize=10)
ax.set(yticks=range(3), yticklabels=list(bars), xlabel="logit difference", xlim=(0, 13.5))
ax.invert_yaxis()
plots.show(fig, "Three bars: without the movers more is left than the whole model's difference less what they added.",
           "The logit difference with all heads, as it would be if only the direct part of the movers were lost, and as it is when they are set to their means over ABC prompts (96 prompts; thin lines: 95 % intervals).")

# %% [markdown]
# ## 1 · Who makes up for the loss?
#
# Somebody who removes a part and sees little change may conclude that it does little, or that another part stands in for it. Both can be wrong.
#
# Taking a head away loses what it added directly. If less is lost in the end than that, something has made up for it. This is **self-repair**, which McGrath et al. 2023 and Rushing and Nanda 2024 study in larger models. There are three candidates. Later heads may copy more, as backup heads do. The MLPs may react, and push the giver's name down more. Or the final LayerNorm, which divides the stream by its size, divides by less when a part is gone.
#
# Four steps tell them apart. First we subtract what the heads add directly. Then the later heads react, and then the MLPs, while the norm divides as in the whole model. Last, we let the norm use its new divisor, which multiplies what is left by one number.
#
# A head can be taken away in two ways. Its output becomes the mean of its outputs on ABC prompts, or it is exchanged for its output on one of them. Neither carries the names of the prompt.

# %% prediction
predict("ioi.repair")

# %%
taken = {"the movers": movers, "2.1, 2.2, 2.3": ["2.1", "2.2", "2.3"]}
ways = {"at their means": "mean", "exchanged": "resample"}
repairs = {(name, way): ioi.repair(model, clean, heads, abc, ablation)
           for name, heads in taken.items() for way, ablation in ways.items()}

# %% figure answer
fig, axes = plots.figure(1, 2, height=3.4, sharey=True)
steps = ("whole\nmodel", "added\ndirectly", "later\nheads", "MLPs", "final\nnorm", "in the\nend")
for ax, way in zip(axes, ways, strict=True):
    one = repairs["the movers", way]
    then = [one.whole, one.whole - one.lost_direct, one.whole - one.lost_direct + one.reacted("heads"), one.whole - one.lost_at_scale, one.without]
    heights = [float(x.mean()) for x in then]
    for k, values, colour in ((0, one.whole, plots.GREY), (5, one.without, plots.INK)):
        value, low, high = mean_interval(values)
        ax.bar(k, value, 0.62, color=colour)
        ax.vlines(k, low, high, color="#F0A000", linewidth=1.6)
        ax.text(k, high + 0.2, f"{value:.1f}", ha="center", fontsize=10)
    for k, colour in ((1, plots.HEAD), (2, plots.HEAD), (3, plots.MLP), (4, plots.SERIES[3])):
        low, high = sorted(heights[k - 1 : k + 1])
        ax.bar(k, high - low, 0.62, bottom=low, color=colour)
        ax.text(k, high + 0.2, f"{heights[k] - heights[k - 1]:+.1f}".replace("-", "−"), ha="center", fontsize=10)
    for k in range(5):
        ax.plot([k + 0.31, k + 0.69], [heights[k]] * 2, color=plots.NULL, linewidth=0.8)
    ax.set(title=f"the movers {way}", xticks=range(6), xticklabels=steps, ylim=(0, 14))
axes[0].set(ylabel="logit difference")
plots.show(
    fig, "Two waterfalls: with the movers at their means the norm gives back most of the loss; with their outputs exchanged it gives back as much as the MLPs lose.",
    "From the logit difference of the whole model to that without the movers, in four steps (96 prompts; thin lines: 95 % intervals). Left: the movers at their means. Right: their outputs are those of one ABC prompt each.",
)  # fmt: skip
m, e, both = (repairs[key].entries() for key in (("the movers", "at their means"), ("the movers", "exchanged"), ("2.1, 2.2, 2.3", "at their means")))
measured("ioi.repair", "the final norm" if m["lost"][0] < m["lost directly"][0] / 2 and m["lost, divisor held"][0] > m["lost directly"][0] else "later heads")

# %% [markdown]
# With the movers at their means, 3.9 logits are lost when the norm is held. Its smaller divisor then gives back 2.5 of them. No backup heads step in: all later heads together add no more than before. The MLPs add half a logit less, because the movers' outputs are part of what they read.
#
# More than half of what the norm gives back comes from our way of taking the heads away. With the outputs exchanged it gives back only one logit. The MLPs lose as much as that, and in the end about as much is lost as the movers had added.
#
# Why does the divisor depend on what replaces the movers? We compare what the three of them write together with what stands in its place.

# %% answer
def written(tokens):
    """What the movers write together at END, and the rest of the last stream there; both less their mean."""
    _, cache = model.run_with_cache(tokens)
    rows, end = torch.arange(len(tokens)), clean.positions["END"]
    out = sum(cache["z", 1][rows, end, head] @ model.W_O[1, head] for head in (0, 2, 3))
    return [x - x.mean(-1, keepdim=True) for x in (out, cache["resid_post", 3][rows, end] - out)]

(own, rest), (other, _) = written(clean.tokens), written(abc)
cosine = torch.nn.functional.cosine_similarity
in_place = {"their own": own, "exchanged": other, "their means": other.mean(0).expand_as(other)}
table({name: {"length": mean_interval(x.norm(dim=-1)), "cosine with the rest": mean_interval(cosine(x, rest, dim=-1)),
              "length of the stream with it": mean_interval((x + rest).norm(dim=-1))}
       for name, x in in_place.items()}, decimals=2, corner="outputs of the movers")

# %% caption answer
caption("The sum of the three movers' outputs at END, the cosine between it and the rest of the last stream, and the length of that stream with each (96 prompts; the rest is that of the clean run).")

# %% [markdown]
# A mean of many outputs is much shorter than each of them, because what differs among them cancels. An exchanged output is nearly as long as the movers' own. But their own points partly the same way as the rest of the stream, and the exchanged one does not. So with either, the stream is shorter: the divisor falls by about a quarter with means, and by about 15 % with an exchange.
#
# The same happens with heads that seem to be in the way. With 2.1, 2.2 and 2.3 at their means the logit difference is *larger* by nearly four logits. It looks as if these heads worked against the answer; such heads are called *negative*. With their outputs exchanged it changes by less than a logit. They raise both names by a large amount. At their means this part is gone, the stream is shorter, and the norm stretches what remains. In GPT-2 small, by contrast, the two negative name movers lower the logit of IO itself.

# %% figure answer
table({f"{name} {way}": one.entries() for (name, way), one in repairs.items()}, decimals=2, corner="heads",
      caption="What is lost of the logit difference (a negative loss is a gain), and the divisor as a share of the whole model's (96 prompts).")  # fmt: skip

# %% [markdown]
# **The puzzle, answered.** No head stands in for the movers. Most of what seems to be repaired is the norm's answer to short means. With their outputs exchanged, the norm still gives back about a quarter of what is lost by then, but the MLPs lose as much, and the two cancel. So before a part is called repaired or negative, exchange it in place of its mean, and look at the divisor.

# %% claims
draws = [repairs]
for seed in (10, 11):
    drawn = ioi.make_ioi_batch(model.tokenizer, 96, torch.Generator().manual_seed(seed))
    others = ioi.corrupt(drawn, "ABC", torch.Generator().manual_seed(seed)).tokens
    draws.append({(name, way): ioi.repair(model, drawn, heads, others, how) for name, heads in taken.items() for way, how in ways.items()})
mean_of, exchanged = ([one["the movers", way] for one in draws] for way in ways)
with claims():
    claim("of between eleven and twelve logits about one and a half are lost with the movers at their means, which had added more than three directly",
          between(float(by_mean.whole.mean()), 11, 12) and between(m["lost"][0], 1.35, 1.65) and m["lost directly"][0] > 3)
    claim("the norm gives back 2.5 of 3.9 logits", rounds_to(m["lost, divisor held"][0] - m["lost"][0], "2.5") and rounds_to(m["lost, divisor held"][0], "3.9"))
    claim("all later heads together add no more than before, and change by less than 0.2, with either way and in each of three draws", all(-0.2 < float(one.reacted("heads").mean()) <= 0 for one in (*mean_of, *exchanged)))
    claim("the MLPs add half a logit less, in each of three draws by 0.4 to 0.7", rounds_to(by_mean.reacted("MLPs").mean(), "-0.5") and all(between(-one.reacted("MLPs").mean(), 0.4, 0.7) for one in mean_of))
    claim("the divisor falls by about a quarter (24 % to 29 %) with means, and by about 15 % (14 % to 17 %) with an exchange, in each of three draws",
          all(between((one.scale_without / one.scale).mean(), 0.71, 0.76) for one in mean_of) and all(between((one.scale_without / one.scale).mean(), 0.83, 0.86) for one in exchanged))
    claim("exchanged, it gives back one logit, about a quarter (a fifth to three tenths) of what is lost by then, and with means more than twice that, in each of three draws",
          all(rounds_to((one.lost_at_scale - one.lost).mean(), "1") and between((one.lost_at_scale - one.lost).mean() / one.lost_at_scale.mean(), 0.2, 0.3) for one in exchanged)
          and all((a.lost_at_scale - a.lost).mean() > 2 * (b.lost_at_scale - b.lost).mean() for a, b in zip(mean_of, exchanged, strict=True)))
    claim("the movers' means together are a third as long as their own outputs, and exchanged outputs more than nine tenths", about(in_place["their means"].norm(dim=-1).mean() / own.norm(dim=-1).mean(), 1 / 3) and between(other.norm(dim=-1).mean() / own.norm(dim=-1).mean(), 0.9, 1))
    claim("their own outputs have a cosine of about a half with the rest of the stream, and the exchanged ones of less than 0.05 in size", about(cosine(own, rest, dim=-1).mean(), 0.5) and abs(cosine(other, rest, dim=-1).mean()) < 0.05)
    claim("exchanged, what the norm gives back and what the MLPs lose differ by less than 0.3 logits, and the loss in the end from what the movers add directly by less than 0.2, in each of three draws",
          all(abs(float((one.lost_at_scale - one.lost + one.reacted("MLPs")).mean())) < 0.3 and abs(float((one.lost - one.lost_direct).mean())) < 0.2 for one in exchanged))
    claim("with 2.1, 2.2 and 2.3 at their means the difference grows by 3.5 to 4 logits, with their outputs exchanged it changes by less than 0.8, in each of three draws",
          all(between(-one["2.1, 2.2, 2.3", "at their means"].lost.mean(), 3.5, 4) and abs(float(one["2.1, 2.2, 2.3", "exchanged"].lost.mean())) < 0.8 for one in draws))
    claim("with them at their means and the divisor held, it grows by less than one logit", -1 < both["lost, divisor held"][0] < 0)  # fmt: skip

# %% [markdown]
# ## 2 · Four ways to ask
#
# “How important is this head?” has no answer until it is said which run is changed and what replaces the head's output. Papers differ in both.
#
# In noising, the clean run gets one head's output from another prompt: what is lost without it? In denoising, the other prompt's run gets one head's clean output: what can it bring back alone? The other prompt can be flip, with the opposite answer, or ABC, with none.

# %%
asks = {"noising, flip": ioi.asked(model, clean, "flip", direction="noising"),
        "noising, ABC": ioi.asked(model, clean, "ABC", direction="noising"),
        "denoising, flip": ioi.asked(model, clean, "flip"),
        "denoising, ABC": ioi.asked(model, clean, "ABC"),
        "mean": ioi.asked(model, clean, "ABC", 0, ablation="mean"),
        "zero": ioi.asked(model, clean, ablation="zero")}
swept = {how: ask.sweep("z") for how, ask in asks.items()}
asked = {how: {head: float(one.effect()[patching.head(head)] / one.clean.mean())
               for head in ("0.0", "0.2", "1.0", "1.2", "1.3")} for how, one in swept.items()}
table(asked, signed=True, decimals=2, corner="way to ask")

# %% caption
caption("The change of the logit difference when one head is exchanged, as a share of the clean difference (96 prompts). With flip −2 turns the answer completely, and with ABC −1 leaves the names even.")

# %% figure
shown = {how: {head: asked[how][head] for head in ("0.2", "1.2")} for how in list(asks)[:4]}
ioi.asks_drawn(shown).captioned(
    "Four questions put to two heads, in units of the clean logit difference (96 prompts). Dot: the run that is changed. Grey "
    "line: how far the exchange could go if the head were all that matters. Arrows: how far it goes for head 0.2 and for the mover 1.2, whose second arrow is hardly more than its tip."
)

# %% [markdown]
# Compare the two rows of ABC. The clean output of the mover 1.2, put into the ABC run, brings back about an eighth of the logit difference. Replacing it in the clean run costs half of that or less.
#
# The last two rows replace the output by its mean over ABC prompts, or by zero. No prompt gives zero. Setting head 0.0 to zero costs more than a quarter of the logit difference, and not because of the norm: its divisor hardly changes. Replacing the output in the five other ways costs almost nothing. So any usual output of this head seems to do, as long as all other heads work. Sections 4 and 5 take others away as well, and there head 0.0 matters.
#
# So say which run is changed, and what comes in place of the output. An exchange asks what the names of this prompt do through a head. Zero asks, besides, what the head does on every prompt.

# %% claims
of_12 = [[asked[how]["1.2"] for how in ("noising, ABC", "denoising, ABC")]]
for seed in (10, 11):
    drawn = ioi.make_ioi_batch(model.tokenizer, 128, torch.Generator().manual_seed(seed))
    done = [ioi.asked(model, drawn, "ABC", seed, direction=way).sweep("z", layers=[1], heads=[2]) for way in ("noising", "denoising")]
    of_12.append([float(one.effect()[0, 0] / one.clean.mean()) for one in done])
no_00 = [ioi.repair(model, ioi.make_ioi_batch(model.tokenizer, 96, torch.Generator().manual_seed(seed)), ["0.0"], None, "zero") for seed in (0, 10, 11)]
with claims():
    claim("denoised with ABC, 1.2 brings back about an eighth, and noising with ABC takes at most 0.55 of that, in each of three draws",
          all(about(back, 1 / 8) and 0 < -other < 0.55 * back for other, back in of_12))
    claim("0.0 matters with zeros only: more than a quarter there, and less than 0.05 in the other five",
          asked["zero"]["0.0"] < -0.25 and max(abs(asked[how]["0.0"]) for how in asked if how != "zero") < 0.05)
    claim("with zeros the divisor changes by less than a twentieth, and with it held more than two logits are lost too, in each of three draws", all(abs((one.scale_without / one.scale).mean() - 1) < 0.05 and one.lost_at_scale.mean() > 2 for one in no_00))  # fmt: skip

# %% [markdown]
# ## 3 · Which words hold notes
#
# The first notebook found notes of the names at *and* and at the comma. Does layer 0 take notes there because of these words, or because of their places? To find out, we write seven words in turn at two places of the prompt: where the comma stands, and where *went* stands.
#
# At each place we ask two questions about the second name. Do the movers copy it from this word, if they read the word alone? And if a note of a stranger is forged there, as in the first notebook, does the model say the stranger?

# %%
def with_word(some, at, word):
    """The prompts with another word at one position."""
    tokens = some.tokens.clone()
    tokens[:, at] = model.tokenizer.encode(word, add_special_tokens=False)[-1]
    return replace(some, tokens=tokens)

def with_note(some, name_at, note_at):
    """P(stranger) when layer 0 writes at `note_at` as if a stranger stood at `name_at`."""
    stranger = ioi.corrupt(some, "third", torch.Generator().manual_seed(1)).names[:, 2]
    donor = some.tokens.clone()
    donor[:, name_at] = stranger
    p = ioi.forged(model, some.tokens, donor, [note_at]).softmax(-1)
    return float(p.gather(1, stranger[:, None]).mean())

# %%
def noted(word, seed=2):
    """By place: the movers' copy score for the second name, and P(stranger) with a forged note of him."""
    rng, found = torch.Generator().manual_seed(seed), {}
    first, second = (ioi.make_ioi_batch(model.tokenizer, 128, rng, orders=[order])
                     for order in ("ABBA", "BABA"))
    for place, at, role in (("comma", 9, "before S2"), ("“went”", 5, "after S1")):
        read = ioi.copying_notes(model, with_word(first, at, word), [(1, 0), (1, 2), (1, 3)], "S", role)
        found[f"copied, place of the {place}"] = sum(score for score, _ in read.values()) / 3
        found[f"P(stranger), place of the {place}"] = with_note(with_word(second, at, word), 4, at)
    return {key: found[key] for key in sorted(found, reverse=True)}

by_word = {word: noted(word) for word in (",", "and", ".", "to", "the", "went", "met")}
table(by_word, decimals=2, corner="word")

# %% caption
caption("Seven words at two places: the mean copy score of the three movers for the second name (by chance 0.06), and the mean probability of a stranger whose note is forged there (128 prompts; the second name is the answer).")

# %% [markdown]
# The word decides whether a name is noted there. From the comma, *and*, the full stop and *to* the movers copy nearly every name, at either place. From *went* and *met* they copy no more than by chance, also where the comma stood. Why the model came to take notes at the first four we do not know.
#
# A note that is there need not be used. At the place of the comma, a forged note at *and* or at the full stop makes the model say the stranger. At *to* it does not: the movers give this word less than a fifth of their attention, where they give *and* more than three quarters. At the place of *went* no note gets far: the movers go on reading the comma.

# %% claims
tables = [by_word, *({word: noted(word, seed) for word in by_word} for seed in (12, 22))]
copied = {word: [one[word][key] for one in tables for key in one[word] if key.startswith("copied")] for word in by_word}
forged = {(word, place): [one[word][f"P(stranger), place of the {place}"] for one in tables] for word in by_word for place in ("comma", "“went”")}
some, attention = ioi.make_ioi_batch(model.tokenizer, 128, torch.Generator().manual_seed(2), orders=["BABA"]), {}
for word in ("to", "and"):
    _, cache = model.run_with_cache(with_word(some, 9, word).tokens, names_filter="blocks.1.attn.hook_pattern")
    attention[word] = float(cache["pattern", 1][:, [0, 2, 3], -1, 9].mean())
with claims():
    claim("from the comma, “and”, the full stop and “to” the movers copy more than 0.95 of the names, at either place, in each of three draws", all(min(copied[word]) > 0.95 for word in (",", "and", ".", "to")))
    claim("from “went” and “met” they copy less than a tenth, in each of three draws", all(max(copied[word]) < 0.1 for word in ("went", "met")))
    claim("at the place of the comma a note at the comma, “and” or the full stop gives the stranger more than 0.95, at “to” less than 0.05, in each of three draws", all(min(forged[word, "comma"]) > 0.95 for word in (",", "and", ".")) and max(forged["to", "comma"]) < 0.05)
    claim("at that place the movers give “to” less than a fifth of their attention, and “and” more than three quarters", attention["to"] < 0.2 and attention["and"] > 0.75)
    claim("at the place of “went” no word gives the stranger more than 0.4, in each of three draws", max(max(forged[word, "“went”"]) for word in by_word) < 0.4)  # fmt: skip

# %% [markdown]
# ## 4 · Complete, and minimal?
#
# A circuit can keep the behaviour and still be the wrong explanation, if other parts could do the same or some of its own do nothing. Let $F(C)$ be the mean logit difference when only the heads in $C$ work and all others are at their means. $M$ is the set of all heads. Wang et al. ask two questions about a circuit $C$.
#
# The first is **completeness**: take the same heads $K$ away from the circuit and from the model; do they still agree? If the model goes on where the circuit stops, something outside can do the same job. The second is **minimality**: does each head $v$ matter, after *some* other heads are gone?
#
# $$\text{incompleteness}(K) = |F(C \setminus K) - F(M \setminus K)|, \qquad \text{minimality}(v) = \max_K |F(C \setminus (K \cup \{v\})) - F(C \setminus K)|.$$
#
# We test the six heads of the first notebook, and eleven heads, which are all of layers 0 and 1 with 2.1 to 2.3. As $K$ we try ten sets: no head, head 0.2, the movers, 0.3 with 1.1, and six random halves of the sixteen heads; of each, the part that lies in $C$. The MLPs stay throughout. Section 1 warns of means: with many heads at their means the final norm divides by less. So every $F$ is computed with the divisor of the whole model.
#
# A circuit should be nearer to the model than others of its size. Beside the six stand random sixes, and beside the eleven the six with five random others.

# %%
heads = [f"{a}.{b}" for a in range(4) for b in range(4)]
six, eleven = ["0.2", "0.3", "1.0", "1.1", "1.2", "1.3"], [*heads[:8], "2.1", "2.2", "2.3"]
dice = torch.Generator().manual_seed(0)
halves = [[h for h in heads if torch.rand((), generator=dice) < 0.5] for _ in range(6)]
removed = [[], ["0.2"], ["1.0", "1.2", "1.3"], ["0.3", "1.1"], *halves]

def random_of(pool, n):
    return [pool[i] for i in torch.randperm(len(pool), generator=dice)[:n]]

circuits = {"the six": [six], "null: random sixes": [random_of(heads, 6) for _ in range(5)], "the eleven": [eleven],
            "null: the six and five others": [six + random_of([h for h in heads if h not in six], 5) for _ in range(5)]}
left = ioi.Remaining(model, clean[:32], abc)
gaps = {name: [left.incompleteness(one, removed)[1] for one in some] for name, some in circuits.items()}  # [1]: held

# %% figure
fig, ax = plots.figure(height=2.4)
for y, (name, found) in enumerate(gaps.items()):
    null = name.startswith("null")
    for i, gap in enumerate(found):
        ax.plot(gap, [y + 0.13 * (i - (len(found) - 1) / 2)] * len(gap), "o", markersize=5, alpha=0.6, color=plots.NULL if null else plots.HEAD)
ax.axvline(0, color=plots.INK, linewidth=0.8)
ax.set(yticks=range(len(gaps)), yticklabels=[name.removeprefix("null: ") for name in gaps], xlabel="circuit less model (logits)")
ax.invert_yaxis()
distance = {name: [float(gap.abs().mean()) for gap in found] for name, found in gaps.items()}
plots.show(fig, "Four rows of dots: the six lie up to a logit and a half below the model, random sixes up to ten; the eleven lie at zero, the six with five others within a logit and a half.",
           "How far a circuit is from the model after the same heads have been taken from both: a dot for each of ten sets, a line of dots for each circuit (the divisor held; 32 prompts). "
           f"Mean distance: the six {distance['the six'][0]:.2f}, the eleven {distance['the eleven'][0]:.2f} logits.")  # fmt: skip

# %% [markdown]
# The six come near. They are off by about half a logit on average, and random sixes by more than two. But the six are not complete. With nothing removed they keep a logit or more less than the model, so that other heads contribute.
#
# The eleven are within about half a logit, whichever of the ten sets is removed. On average they are off by less than a quarter of a logit, and none of the circuits of the six with five others is nearer.

# %% figure
def changes(left):
    """The largest change that each head makes, over the ten sets."""
    sets = {h: [({*eleven} - {*k} | {h}, {*eleven} - {*k} - {h}) for k in removed] for h in heads}
    left.all(one for pairs in sets.values() for pair in pairs for one in pair)
    return {h: max(abs(left(there)[1] - left(gone)[1]) for there, gone in pairs) for h, pairs in sets.items()}

outside = [h for h in heads if h not in eleven]
scores = changes(left)
fig, ax = plots.figure(height=2.5)
ax.axhline(max(scores[h] for h in outside), color=plots.NULL, linewidth=0.8, linestyle="--", zorder=0)
for x, h in enumerate([*eleven, *outside]):
    ax.bar(x, scores[h], 0.6, color=plots.HEAD if h in eleven else plots.NULL)
    ax.text(x, scores[h] * 1.12, f"{scores[h]:.2f}", ha="center", fontsize=9, bbox=dict(facecolor="white", edgecolor="none", pad=0.5))
ax.set(xticks=range(16), xticklabels=[*eleven, *outside], xlabel="head (the last five: outside of the eleven)", ylabel="changes at most (logits)", yscale="log", ylim=(0.03, 20))
plots.show(fig, "Minimality of eleven heads, and five others: 0.2 and 0.3 change the difference most, 2.1 to 2.3 hardly more than the heads outside.",
           "The largest change of the logit difference over ten sets that are removed first (the divisor held; 32 prompts): for a head of the eleven when it is removed too, for the last five when it is added. Dashed: the largest of these five.")  # fmt: skip

# %% [markdown]
# The eleven are not minimal. A maximum over ten sets is never zero, and the five heads outside show how large it gets by itself. The eight heads of layers 0 and 1 stand well above this. Head 2.2 does not, and 2.1 and 2.3 stand between. These three contribute to whether a name of the prompt comes at all, which the logit difference does not see.
#
# So test a circuit after removals, against circuits of its own size and with the divisor held. The six miss something, and the eleven hold something that this measure does not need.

# %% claims
drawn = {0: (gaps, scores)}
for seed in (10, 11):
    some = ioi.make_ioi_batch(model.tokenizer, 96, torch.Generator().manual_seed(seed))
    again = ioi.Remaining(model, some[:32], ioi.corrupt(some, "ABC", torch.Generator().manual_seed(seed)).tokens)
    drawn[seed] = {name: [again.incompleteness(one, removed)[1] for one in found] for name, found in circuits.items() if name != "null: random sixes"}, changes(again)
off = {name: [[float(gap.abs().mean()) for gap in one[name]] for one, _ in drawn.values() if name in one] for name in circuits}
with claims():
    claim("the six are off by 0.4 to 0.7 logits on average, in each of three draws, and each of five random sixes by more than two", between([x[0] for x in off["the six"]], 0.4, 0.7) and min(off["null: random sixes"][0]) > 2)
    claim("with nothing removed the six keep 1 to 1.5 logits less than the model, in each of three draws", all(between(-one["the six"][0][0], 1, 1.5) for one, _ in drawn.values()))
    claim("the eleven are within 0.55 logits of the model for each of the ten sets, and on average within a quarter, in each of three draws", all(one["the eleven"][0].abs().max() < 0.55 for one, _ in drawn.values()) and max(x[0] for x in off["the eleven"]) < 0.25)
    claim("none of five circuits of the six with five others is nearer on average, in any of three draws", all(min(null) > ours[0] for null, ours in zip(off["null: the six and five others"], off["the eleven"], strict=True)))
    claim("each of the eight of layers 0 and 1 changes the difference by more than twice what any head outside does, in each of three draws", all(min(one[h] for h in eleven[:8]) > 2 * max(one[h] for h in outside) for _, one in drawn.values()))
    claim("2.2 changes it by less than a quarter, and at most 0.06 more than any head outside; 2.1 and 2.3 by less than 0.85, in each of three draws", all(one["2.2"] < 0.25 and one["2.2"] < max(one[h] for h in outside) + 0.06 and max(one["2.1"], one["2.3"]) < 0.85 for _, one in drawn.values()))
    claim("0.2 and 0.3 change it most, in each of three draws", all(sorted(one, key=one.get)[-2:] == ["0.3", "0.2"] for _, one in drawn.values()))  # fmt: skip

# %% [markdown]
# ## 5 · Where the heads are needed
#
# A head may do one job at one word and another job elsewhere. A circuit of whole heads does not tell them apart, so the next test keeps heads only at stated positions. A **node** is a head at one position. Everything else is set to its mean over ABC prompts.
#
# Let $F(N)$ be the mean log-probability of IO when only the nodes in $N$ work. The *share kept* of $N$ is $(F(N) - F(\emptyset)) / (F(M) - F(\emptyset))$, as in the faithfulness of the first notebook: 0 with no head at all and 1 for the whole model. A search started from 26 of the 128 nodes, those at which the first notebook had found something. It added or dropped one node at a time, where adding had to raise the share by more than 0.01 and dropping to cost less. It ended with these nine:

# %% figure
nine = sorted(ioi.FOUND)
ioi.nodes_drawn(nine).captioned("The nine nodes that the search found, each in the column of the word at which it is kept.")

# %% [markdown]
# Head 0.2 is there twice. At END it reads the giver, and at *and* and the comma it is one of the heads that take notes. We test the nine on prompts that the search did not see. Nearly all heads are at their means here, so that the norm divides by less. The search took each run's own divisor; we also hold that of the whole model.

# %%
def share_kept(seed):
    """A function of nodes: the share of the log-probability of IO that they keep, with either divisor."""
    some = ioi.make_ioi_batch(model.tokenizer, 48, torch.Generator().manual_seed(seed))
    others = ioi.corrupt(some, "ABC", torch.Generator().manual_seed(seed)).tokens
    answer = some.answer[:, None]
    left = ioi.Remaining(model, some, others, read=lambda last: last.log_softmax(-1).gather(1, answer)[:, 0])
    whole, empty = torch.tensor(left(left.names)), torch.tensor(left(()))
    return lambda nodes: ((torch.tensor(left(nodes)) - empty) / (whole - empty)).tolist()

fresh = share_kept(7)  # the search used seed 0

# %% figure
pool = [(layer, head, role) for layer in range(4) for head in range(4) for role in sorted(ioi.roles(clean))]
def random_nines(kept):
    """Of twenty random nines of a pool, those that keep most come first (the divisor held)."""
    dice = torch.Generator().manual_seed(0)
    return {name: sorted(([some[i] for i in torch.randperm(len(some), generator=dice)[:9]] for _ in range(20)), key=lambda one: -kept(one)[1])
            for name, some in (("of all 128", pool), ("of the 26", sorted(ioi.START)))}  # fmt: skip

nodes = {"the nine": nine, "without 2.1 and 2.3": [n for n in nine if n[0] < 2], "0.3 for 0.2 at END": sorted({*nine, (0, 3, "END")} - {(0, 2, "END")}),
         "0.2 and the movers at END": [n for n in nine if n[2] == "END" and n[0] < 2], "0.0 at the comma, 2.1 at END": [(0, 0, "before S2"), (2, 1, "END")],
         "the seven heads at S2": sorted({(layer, head, "S2") for layer, head, _ in nine})}  # fmt: skip
nulls = {f"null: {k} of 20 nines {name}": some[at] for name, some in random_nines(fresh).items() for k, at in (("best", 0), ("tenth", 9))}
table({name: {"nodes": f"{len(some)}", **dict(zip(("kept", "kept, divisor held"), fresh(some), strict=True))} for name, some in (nodes | nulls).items()}, decimals=2, corner="nodes that are kept",
      caption="The share kept by sets of nodes, with the divisor of their own run and with that of the whole model (48 fresh prompts); of twenty random nines the best and the tenth. A negative share: IO is less probable than with no head at all.")  # fmt: skip

# %% [markdown]
# The nine keep more than nine tenths with either divisor. With head 0.3 in the place of head 0.2 at END, about nine tenths are kept as well, since 0.3 reads the giver too. Without 2.1 and 2.3 less than a third is left: these two raise both names of the prompt, and to the log-probability it matters most that a name of the prompt comes at all.
#
# The best random nine shows the same. It holds a head of layer 0 at the comma and head 2.1 at END, and two such nodes alone keep a fifth to a third, with a logit difference of less than a tenth of the model's. They raise the right name and the wrong one. Reading a null, and not only its score, can show a part of the mechanism.
#
# Head 0.2 and the movers at END keep less than nothing: no notes of this prompt are there for the movers to copy. And nines from the 26 keep more than nines of all nodes, so that a part of the work was done when the 26 were chosen. The random nines were not searched for. A search from random starts would be the harder null, and we have not run it.
#
# So nine nodes are enough, but they are one small circuit among others. Each circuit answers its own question:
#
# | circuit | question | measured by | what it leaves out |
# |---|---|---|---|
# | six heads (first notebook) | which of the two names? | logit difference | whether any name of the prompt comes |
# | nine heads (first notebook) | the whole task? | probability of IO | heads 0.0 and 0.1, which write notes as well |
# | eleven heads (section 4) | does it fail as the model fails? | agreement after the same removals | positions |
# | nine nodes (this section) | how few heads at positions are enough? | log-probability of IO, less a price | parts that others can replace, such as head 0.3 |

# %% claims
kept = [fresh, share_kept(8), share_kept(9)]
both = {name: [one(some) for one in kept] for name, some in nodes.items()}
pair = nodes["0.0 at the comma, 2.1 at END"]
nines = [random_nines(one) for one in kept]
by_pair, raised, to_03 = [], [], ioi.looks(model, clean, (0, 3))
for seed in (7, 8, 9):
    some = ioi.make_ioi_batch(model.tokenizer, 48, torch.Generator().manual_seed(seed))
    asked_of = model, some, ioi.corrupt(some, "ABC", torch.Generator().manual_seed(seed)).tokens
    differences = ioi.Remaining(*asked_of)
    by_pair.append(differences(pair)[1] / differences(differences.names)[1])
    for name in (some.answer, some.wrong):
        (_, there), (_, none) = ioi.Remaining(*asked_of, read=lambda last, name=name: last.log_softmax(-1).gather(1, name[:, None])[:, 0]).all([pair, ()])
        raised.append(there - none)
with claims():
    claim("the search started from 26 of 128 nodes and ended with nine", len(ioi.START) == 26 and len(pool) == 128 and len(nine) == 9)
    claim("the nine keep more than nine tenths with either divisor, in each of three draws", all(min(x) > 0.9 for x in both["the nine"]))
    claim("with 0.3 for 0.2 at END about nine tenths are kept, with either divisor in each of three draws, and 0.3 gives S2 more than anything else that has a name", all(about(x, 0.9) for x in both["0.3 for 0.2 at END"]) and max(to_03, key=to_03.get) == "S2")
    claim("without 2.1 and 2.3 less than a third is left, the divisor held, in each of three draws", all(held < 1 / 3 for _, held in both["without 2.1 and 2.3"]))
    claim("0.0 at the comma and 2.1 at END alone keep a fifth to a third, the divisor held, with a logit difference of less than a tenth of the model's in size, in each of three draws",
          between([held for _, held in both["0.0 at the comma, 2.1 at END"]], 0.195, 1 / 3) and max(map(abs, by_pair)) < 0.1)
    claim("they raise the log-probability of the right name and of the wrong one by more than one, in each of three draws", min(raised) > 1)
    claim("the best random nine of all 128 holds a head of layer 0 at the comma and 2.1 at END, in each of three draws", all((2, 1, "END") in one["of all 128"][0] and any(n[0] == 0 and n[2] == "before S2" for n in one["of all 128"][0]) for one in nines))
    claim("0.2 and the movers at END alone keep less than nothing, in each of three draws", all(max(x) < 0 for x in both["0.2 and the movers at END"]))
    claim("of twenty nines of the 26 the best and the tenth keep more than those of all nodes, in each of three draws", all(one(some["of the 26"][at])[1] > one(some["of all 128"][at])[1] for one, some in zip(kept, nines, strict=True) for at in (0, 9)))
    claim("at the wrong positions the same heads keep nothing: less than a tenth, in each of three draws", all(max(x) < 0.1 for x in both["the seven heads at S2"]))  # fmt: skip

# %% [markdown]
# ## 6 · Methods where the truth is known
#
# Which method can be trusted? Models with a *known* circuit show it. Four `ioi-planted` models were trained so that exactly three of their 96 nodes do the work: exchanging these three changes the answer as it should, and exchanging all others changes nothing. They were trained with exact exchanges, so that the test favours these.
#
# Every method ranks the nodes by the size of its effect. A perfect ranking has the three true nodes on top, so that the last of them stands at place 3. Exact methods run the model anew for every node. **Attribution patching** estimates every exchange from one gradient: the change of an activation times the slope of the logit difference there. **Integrated gradients** averages the slope over ten steps from one activation to the other.

# %% prediction
predict("ioi.method")

# %% answer
rankings = {}
for name in ioi.planted_models():
    one = zoo.load(name, "cpu").requires_grad_(False)
    some = ioi.make_ioi_batch(one.tokenizer, 32, torch.Generator().manual_seed(0))
    rankings[name] = ioi.methods(one, ioi.planted_circuit(name), some)
methods = list(rankings["ioi-planted"])
last = {m: [of_model[m].last for of_model in rankings.values()] for m in methods}

# %% figure answer
fig, ax = plots.figure(height=3.4)
for y, (method, places) in enumerate(last.items()):
    aside = [y + 0.14 * (i - 1.5) for i in range(4)]
    ax.plot(places, aside, "o", markersize=6, alpha=0.8, color=plots.NULL if method.startswith("null") else plots.SERIES[0])
ax.axvline(3, color=plots.ANSWER, linewidth=1, zorder=0)
ax.set(yticks=range(len(methods)), yticklabels=[m.removeprefix("null: ") for m in methods], xscale="log", xlim=(2.7, 110), xlabel="place of the last true node among 96")
ax.set_xticks([3, 5, 10, 20, 50, 96], labels=["3", "5", "10", "20", "50", "96"])
ax.minorticks_off()
ax.invert_yaxis()
plots.show(fig, "Twelve rows of four dots. Noising, denoising with flip, integrated gradients and the ablations have all dots at 3; attribution has none there; denoising with ABC has one at about 50; the two nulls lie far right.",
           "Ten methods and two nulls (grey: the size of W_V W_O, and a random ranking): how far down its ranking the last of the three true nodes stands, in each of four planted models (32 prompts). At 3 the ranking is perfect.")  # fmt: skip
failing = [name for name in ("noising, ABC", "denoising, ABC", "mean ablation", "zero ablation") if max(last[name]) > 3]
measured("ioi.method", failing[0] if failing else "none of these")

# %% [markdown]
# Two kinds of ranking fail besides the nulls. Denoising with ABC misses two of the three nodes in one model, although it is exact. In every model only the last node brings back much, more than ten logits. The first two nodes say which name is to be copied. In the run with three other names they can say this, but the right name is not there to be copied.
#
# One gradient misses a true node in every model. With flip it misses by few places. The next figure shows why. We take the true node at S2 of one planted model, which one gradient puts at place six, and move its output in small steps from its value to that in the flipped prompt.

# %%
planted, (detection, _, output) = zoo.load("ioi-planted", "cpu"), ioi.planted_circuit("ioi-planted")
some = ioi.make_ioi_batch(planted.tokenizer, 128, torch.Generator().manual_seed(0))
flipped = ioi.corrupt(some, "flip", torch.Generator().manual_seed(0)).tokens
rows, at, site = torch.arange(128), some.positions, f"blocks.{detection.layer}.attn.hook_z"
there = planted.requires_grad_(False).run_with_cache(flipped)[1][site][rows, at["S2"], detection.head]

def on_the_way(share):
    """The logit differences, and the attention of the last of the three nodes to IO, at a share of the way."""
    def move(z, hook):
        z[rows, at["S2"], detection.head] += share * (there - z[rows, at["S2"], detection.head])
        return z

    with planted.hooks(fwd_hooks=[(site, move)]):
        logits, cache = planted.run_with_cache(some.tokens)
    return (ioi.logit_diff(logits, at["END"], some.answer, some.wrong),
            cache["pattern", output.layer][rows, output.head, at["END"], at["IO"]])

# %% figure
shares = torch.linspace(0, 1, 21)
curve, reads = (torch.stack(x) for x in zip(*(on_the_way(float(share)) for share in shares), strict=True))  # (share, prompt)
orders = {"Mary first": at["IO"] < at["S1"], "John first": at["IO"] > at["S1"]}
fig, axes = plots.figure(1, 2, height=2.6)
for (name, which), colour in zip(orders.items(), (plots.SERIES[0], plots.SERIES[5]), strict=True):
    for ax, values in zip(axes, (curve, reads), strict=True):
        ax.plot(shares, values[:, which].mean(1), "o-", color=colour, markersize=3, label=name)
axes[0].axhline(0, color=plots.NULL, linewidth=1)
axes[0].annotate("the gradient\nis taken here", (0, float(curve[0].mean())), xytext=(0.0, -4), fontsize=9, arrowprops=dict(arrowstyle="->", color=plots.INK))
axes[0].set(ylabel="logit difference")
axes[1].set(ylabel="attention of the last node to IO")
axes[1].legend()
for ax in axes:
    ax.set(xlabel="share of the way to the other prompt's value")
plots.show(fig, "Two panels. The logit difference is flat, falls in one step and is flat again, at another share for either order of the names; the attention falls in the same steps.",
           "The true node at S2 moved from its own value to the flipped prompt's: the mean logit difference along the way, and the attention from END to IO of the last of the three true nodes (64 prompts for either order of the names).")  # fmt: skip

# %% [markdown]
# At the left end the curve is flat. There one gradient estimates less than a tenth of a logit for this node, where the exchange changes about 29. Between the node and the answer lies a softmax, in the attention of the last of the three nodes. It is **saturated**: nearly all its weight lies on one place, and a small change moves none of it. Farther on the attention goes over to the other name, and the answer goes with it. The exchange itself sees this, and so does the slope averaged over the whole way.
#
# In `ioi-natural` one gradient does better. It ranks the same node first as the exact exchange does, but its estimate for this node is off by about eleven logits.

# %%
ask = ioi.asked(model, clean, "flip", 0, direction="noising")
exact = ask.sweep("z", by=ioi.BY).effect().flatten()
estimates = {name: ask.attribute("z", by=ioi.BY, steps=steps).effect().flatten()
             for name, steps in (("one gradient", 0), ("integrated, ten steps", 10))}

# %% figure
fig, ax = plots.figure(height=3.2, width=5.6)
ax.plot([-18, 2], [-18, 2], color=plots.NULL, linewidth=1)
for (name, found), colour, marker in zip(estimates.items(), (plots.SERIES[5], plots.SERIES[0]), "os", strict=True):
    ax.scatter(exact, found, s=26, color=colour, marker=marker, label=name, alpha=0.85, zorder=3)
ax.annotate("head 0.2 at END", (float(exact.min()), float(estimates["one gradient"][exact.argmin()])), xytext=(-6, 8), textcoords="offset points", fontsize=9)
ax.set(xlabel="exact effect (logits)", ylabel="estimate (logits)")
ax.legend(loc="lower right")
plots.show(
    fig, "Estimates against exact effects: for head 0.2 at END one gradient lies far above the diagonal, the integrated one nearer to it.",
    "All nodes of ioi-natural, noised with flip (96 prompts): the exact effect and two estimates. On the line an estimate is right. Both marks farthest left are head 0.2 at END.",
)  # fmt: skip

# %% [markdown]
# Integrated gradients are nearer there, and off by three logits still. So a small estimate is no evidence that a part does nothing, and a large one is worth checking by an exact exchange.

# %% claims
slope = curve.mean(1).diff() / 0.05
error = {name: float((e - exact).abs().max()) for name, e in estimates.items()}
one_gradient = rankings["ioi-planted"]["attribution, flip"]
true_at_s2 = int(one_gradient.truth.nonzero()[0])  # the others are at END, which comes later in the sweep
alone = [one["denoising, ABC"].score[one["denoising, ABC"].truth].sort().values for one in rankings.values()]
with claims():
    claim("noising, denoising with flip, integrated gradients, the mean and zeros rank the three true nodes first in all four models", all(last[m] == [3] * 4 for m in methods if m.startswith(("noising", "integrated", "mean", "zero")) or m == "denoising, flip"))
    claim("denoising with ABC misses two of the three in one model, although it is exact, and none in the others", sorted(r["denoising, ABC"].found for r in rankings.values()) == [1, 3, 3, 3])
    claim("one gradient misses a true node in every model, with flip or ABC; with flip the last one is at place six or before", all(min(last[m]) > 3 for m in ("attribution, flip", "attribution, ABC")) and max(last["attribution, flip"]) <= 6)
    claim("in each of the nulls the last true node stands below place 15, in each model", all(min(last[m]) > 15 for m in methods if m.startswith("null")))
    claim("one gradient puts the node at S2 at place six, with an estimate of less than a tenth of a logit, where the exchange changes about 29", int((one_gradient.score >= one_gradient.score[true_at_s2]).sum()) == 6 and one_gradient.score[true_at_s2] < 0.1 and about(float((curve[0] - curve[-1]).mean()), 29))
    claim("denoised with ABC, two of the true nodes bring back less than two logits in each model, and the last more than ten", all(one[1] < 2 and one[2] > 10 for one in alone))
    claim("the last of the three nodes gives IO more than 0.95 of its attention at the left end, and less than 0.05 at the right", reads[0].mean() > 0.95 and reads[-1].mean() < 0.05)
    claim("over shares and prompts, the logit difference goes with that attention: they correlate above 0.9", torch.corrcoef(torch.stack([curve.flatten(), reads.flatten()]))[0, 1] > 0.9)
    claim("the first twentieth of the way changes it by less than 0.1, at a slope of less than a twentieth of the steepest", abs(float(curve[1].mean() - curve[0].mean())) < 0.1 and slope[0].abs() < slope.abs().max() / 20)
    claim("in ioi-natural both estimates put the same node first as the exact effect does", all(int(e.abs().argmax()) == int(exact.abs().argmax()) for e in estimates.values()))
    claim("the largest error of one gradient is at this node and about eleven logits, that of the integrated estimate three", about(error["one gradient"], 11) and int((estimates["one gradient"] - exact).abs().argmax()) == int(exact.abs().argmax()) and rounds_to(error["integrated, ten steps"], "3"))
    claim("over the nodes, each estimate correlates with the exact effect above 0.9", all(torch.corrcoef(torch.stack([e, exact]))[0, 1] > 0.9 for e in estimates.values()))  # fmt: skip

# %% [markdown]
# ## 7 · Where the forecast fails
#
# The first notebook's forecast fails on *John went to the store with Mary and gave a book to*. Head 0.2 looks at Mary, so that the forecast is John. But the note at *and* decides, and the model says Mary. When does head 0.2 decide, and when does a note?
#
# We make a second prompt in which the two names have changed places. From it we take either the output of head 0.2 at END, or what layer 0 writes at one word or at two: the word to which the movers attend most, and the word with the second most attention.

# %%
def exchanged(text, seed=1):
    """Logit differences with the names exchanged in one thing; prompts that name Mary first where there is a choice."""
    some = ioi.told(model.tokenizer, text, 128, torch.Generator().manual_seed(seed))
    tokens, io, s = some.tokens[1::2], some.io[1::2, None], some.s[1::2, None]
    donor = torch.where(tokens == io, s, torch.where(tokens == s, io, tokens))
    _, cache = model.run_with_cache(tokens, names_filter="blocks.1.attn.hook_pattern")
    read = cache["pattern", 1][:, [0, 2, 3], -1, 1:].mean((0, 1))  # by word, over prompts and movers
    first, second = (read.topk(2).indices + 1).tolist()
    things = {"nothing": ([],), "head 0.2": ([-1], (2,)), "word read most": ([first],),
              "word read next": ([second],), "both words": ([first, second],)}
    runs = {name: ioi.forged(model, tokens, donor, *at) for name, at in things.items()}
    return {name: (x.gather(1, io) - x.gather(1, s))[:, 0] for name, x in runs.items()}, read[first - 1]

# %% figure
told = {"When Mary and John went to the store, John gave a book to": ioi.TEXTS["as in the template"],
        "John went to the store with Mary and gave a book to": "{S} went to the {place} with {IO} and gave a {object} to",
        "When Mary came back, John had lunch. Then John gave a book to": "When {IO} came back, {S} had lunch. Then {S} gave a {object} to",
        "John had lunch with Mary and gave a book to": "{S} had lunch with {IO} and gave a {object} to",
        "When Mary went to the store, John came back. Then John gave a book to": "When {IO} went to the {place}, {S} came back. Then {S} gave a {object} to"}  # fmt: skip
moved = {text: exchanged(slots)[0] for text, slots in told.items()}
widths = [high - low for row in moved.values() for _, low, high in map(mean_interval, row.values())]
table({text: {way: float(values.mean()) for way, values in row.items()} for text, row in moved.items()}, signed=True, decimals=1, corner="names exchanged in",
      caption=f"The mean logit difference Mary − John, as it is and with the two names exchanged in one thing (64 prompts each; 95 % intervals reach at most {max(widths) / 2:.1f} logits to either side).")  # fmt: skip

# %% [markdown]
# In the first sentence there are two notes, at *and* and at the comma. With both exchanged nothing changes: head 0.2 avoids John's note wherever it is. With head 0.2 exchanged, the model says John. Exchanging the note of Mary alone turns the answer too, since John is then in both. Exchanging the one of John alone makes Mary's lead larger.
#
# In the second sentence there is one note, at *and*. Exchanging it turns the answer, the next word adds nothing, and exchanging head 0.2 does not turn it.
#
# That suggests a rule. If the answer stays when both words are exchanged, there are two notes, and head 0.2 decides between them. If it turns, there is one note, which decides. We made this rule from the first two sentences, and it holds for the three others: there are two notes in the third and the fifth, and one in the fourth.
#
# In the third and the fifth the movers give the comma more than nine tenths of their attention, and still there is a second note, at the full stop. So count notes by exchanging them, and not by the attention that they get.

# %% claims
draws = {text: [exchanged(slots, seed) for seed in (1, 2, 3)] for text, slots in told.items()}
means = {text: [{way: float(values.mean()) for way, values in one.items()} for one, _ in found] for text, found in draws.items()}
first, went_with, third, lunch_with, fifth = means.values()
known = ioi.outside(model, (0, 2), dict(list(told.items())[:2]), n=64)
base, other_text = known.values()
with claims():
    claim("on the second sentence the forecast is John, and the model prefers Mary, each by more than seven logits", float(base.logit_diff.mean()) / base.leaning * other_text.leaning < -7 and other_text.logit_diff.mean() > 7)
    claim("in the first sentence both words exchanged leave the answer within half a logit, in each of three draws", all(abs(one["both words"] - one["nothing"]) < 0.5 for one in first))
    claim("in the first, the third and the fifth both words leave it above five, and 0.2 and the word read most each turn it, in each of three draws",
          all(one["both words"] > 5 and max(one["head 0.2"], one["word read most"]) < -1 for one in (*first, *third, *fifth)))
    claim("there the word read next alone makes the difference larger by more than three logits, in each of three draws", all(one["word read next"] > one["nothing"] + 3 for one in (*first, *third, *fifth)))
    claim("in the second and the fourth both words turn it, as the word read most does alone (within a logit), and 0.2 and the word read next leave it above ten, in each of three draws",
          all(one["both words"] < -10 and abs(one["both words"] - one["word read most"]) < 1 and min(one["head 0.2"], one["word read next"]) > 10 for one in (*went_with, *lunch_with)))
    claim("in the third and the fifth the movers give the word that they read most more than nine tenths, in each of three draws", all(share > 0.9 for text in list(told)[2::2] for _, share in draws[text]))  # fmt: skip

# %% [markdown]
# ## 8 · Inside an MLP
#
# In the first notebook the MLPs did more than half of the work, and none was opened. The MLP of layer 1 lowers the giver most. It has 256 **neurons**: each has one activation at END, and adds this activation times a direction of its own to the stream. How many of them does it take to lower one giver, and is there a neuron for each name?
#
# On 1 600 prompts we take the mean activation of each neuron for each of the 80 givers. What is specific to a giver is this mean less the mean over all givers. Times the neuron's direction it says how far the neuron lowers this giver and not the others. For each giver we keep the neurons that lower it most.

# %%
post = "blocks.1.mlp.hook_post"
names = clean.layout.names

def tuned(some):
    """For each giver and neuron: the mean activation at END, and what is specific to the giver's logit."""
    _, cache = model.run_with_cache(some.tokens, names_filter=[post, "ln_final.hook_scale"])
    mean = torch.stack([cache[post][some.wrong == name, -1].mean(0) for name in names])  # (name, neuron)
    of_names = ioi.unembedding(model)[:, names]
    away = model.W_out[1] @ (of_names - of_names.mean(1, keepdim=True))  # (neuron, name)
    return mean, (mean - mean.mean(0)) * away.T / cache["ln_final.hook_scale"][:, -1].mean()

mean, lowers = tuned(ioi.make_ioi_batch(model.tokenizer, 1600, torch.Generator().manual_seed(10)))
order = lowers.argsort(1)  # (name, neuron), the neuron that lowers the giver most first

# %% [markdown]
# The test is made on 400 other prompts. At END we set some neurons to their mean over all givers, so that they do not tell who gives: the ten that lower this giver most, the ten of some other giver, or ten drawn at random.

# %%
def silenced(chosen, mean, seed=20):
    """The logit differences with these neurons, (name, some), at their mean over givers."""
    some = ioi.make_ioi_batch(model.tokenizer, 400, torch.Generator().manual_seed(seed))
    giver = (some.wrong[:, None] == names).long().argmax(1)
    off = torch.zeros(len(mean), mean.shape[1], dtype=torch.bool).scatter(1, chosen, True)[giver]

    def put(x, hook):  # x: (batch, position, neuron)
        x[:, -1] = torch.where(off, mean.mean(0), x[:, -1])
        return x

    logits = model.run_with_hooks(some.tokens, fwd_hooks=[(post, put)])[:, -1]
    return (logits.gather(1, some.answer[:, None]) - logits.gather(1, some.wrong[:, None]))[:, 0]

# %% figure
def tried(order, mean, seed=20):
    """The logits that are lost, prompt by prompt, with five choices of neurons."""
    rng, none = torch.Generator().manual_seed(seed), order[:, :0]
    choices = {"all 256": order, "its thirty": order[:, :30], "its ten": order[:, :10], "null: another giver's ten": order.roll(7, 0)[:, :10],
               "null: ten at random": torch.stack([torch.randperm(256, generator=rng)[:10] for _ in order])}
    whole = silenced(none, mean, seed)
    return {name: whole - silenced(chosen, mean, seed) for name, chosen in choices.items()}

at_mean = tried(order, mean)
table({name: {"logits lost": mean_interval(values)} for name, values in at_mean.items()}, decimals=1, mark="its ten", corner="neurons at their mean")

# %% caption
caption("The logit difference that is lost when neurons of the MLP of layer 1 no longer tell who gives (400 prompts).")

# %% figure
serves = torch.bincount(order[:, :10].flatten(), minlength=256)  # of how many givers' tens a neuron is one
fig, ax = plots.figure(height=2.0)
ax.bar(range(256), serves.sort(descending=True).values, 1.0, color=plots.MLP)
ax.set(xlabel="neurons, sorted", ylabel="givers", xlim=(-1, 100))
plots.show(fig, f"Bars that fall from {int(serves.max())} to 0; {int((serves > 0).sum())} of the 256 neurons have one.",
           "Of how many givers' tens a neuron is one. There are 80 givers, and the first hundred neurons are shown.")

# %% [markdown]
# Ten neurons of 256 do about three quarters of what this MLP does for a giver, and thirty do nearly all of it. The ten of another giver do less than half as much, and ten at random hardly anything.
#
# But there is no neuron for each name. The tens of all 80 givers together hold fewer than fifty neurons. Some two dozen of these are each in the tens of fifteen givers or more, and fill more than four fifths of all places. So a giver is lowered by a combination of neurons, most of which serve many names.

# %% claims
again = []  # two more draws, of both sets of prompts
for seed in (11, 12):
    other_mean, other_lowers = tuned(ioi.make_ioi_batch(model.tokenizer, 1600, torch.Generator().manual_seed(seed)))
    other_order = other_lowers.argsort(1)
    again.append(({name: float(v.mean()) for name, v in tried(other_order, other_mean, seed + 10).items()}, torch.bincount(other_order[:, :10].flatten(), minlength=256)))
neurons = [({name: float(v.mean()) for name, v in at_mean.items()}, serves), *again]
with claims():
    claim("256 neurons and 80 names", mean.shape == lowers.shape == (80, 256) and not mean.isnan().any())
    claim("the MLP of layer 1 lowers the giver by more than the three others together", float(-lowers.sum(1).mean()) > 2 and ioi.writes(model, clean).rows()["m1"]["to S"][0] < sum(ioi.writes(model, clean).rows()[f"m{k}"]["to S"][0] for k in (0, 2, 3)))
    claim("a giver's ten do about three quarters of what all do, thirty more than nine tenths, in each of three draws", all(about(lost_with["its ten"] / lost_with["all 256"], 3 / 4) and lost_with["its thirty"] > 0.9 * lost_with["all 256"] for lost_with, _ in neurons))
    claim("the ten of another giver do less than half as much, and ten at random less than a tenth, in each of three draws", all(lost_with["null: another giver's ten"] < lost_with["its ten"] / 2 and lost_with["null: ten at random"] < lost_with["its ten"] / 10 for lost_with, _ in neurons))
    claim("the tens hold fewer than fifty neurons; about 24 are each in those of fifteen givers or more, and fill more than four fifths of the places, in each of three draws", all(int((count > 0).sum()) < 50 and about(int((count >= 15).sum()), 24) and count[count >= 15].sum() > 0.8 * count.sum() for _, count in neurons))

# %% [markdown]
# ## 9 · The same training, three circuits
#
# The training of a model starts from random weights. Train it once more on the same kind of text from another random start. Does the second model have the circuit of the first?
#
# There are two such models, `ioi-natural-b` and `ioi-natural-c`. Like `ioi-natural` they are right on nearly every prompt. We measure their circuits as in section 7 of the first notebook, by path patching with ABC. The numbers are the share of the logit difference that is lost: at 1 the names are even.

# %%
others = {name: zoo.load(name, "cpu").requires_grad_(False) for name in ("ioi-natural-b", "ioi-natural-c")}
layer0 = ("0.0", "0.1", "0.2", "0.3")
giver, note = ioi.Part("giver", ("embed",), "S2"), ioi.Part("note", layer0, "before S2")
avoid, mark = ioi.Part("0.0", ("0.0",), "END"), ioi.Part("0.0 ", ("0.0",), "after S2")
lower, raise_b = ioi.Part("1.0", ("1.0",), "END"), ioi.Part("1.1, 1.2, 1.3", ("1.1", "1.2", "1.3"), "END")
read, relay = ioi.Part("0.2", ("0.2",), "S2"), ioi.Part("1.0, 1.1", ("1.0", "1.1"), "S2")
late = ioi.Part("late", ("2.3", "3.0", "3.1"), "END")
raise_c = ioi.Part("1.0, 1.1, 1.3", ("1.0", "1.1", "1.3"), "END")
ends = {"ioi-natural-b": [(giver, avoid), (mark, lower), (note, raise_b), (avoid,), (lower,), (raise_b,)],
        "ioi-natural-c": [(giver, read), (read, relay), (read, late), (relay, late), (note, raise_c),
                          (late,), (raise_c,)]}

# %%
def arrows(name, seed=2, reads="v"):
    """The share that is lost with every arrow of one model, with its interval; heads are read by one input."""
    some = ioi.make_ioi_batch(model.tokenizer, 128, torch.Generator().manual_seed(seed), orders=["ABBA"])
    ask = ioi.asked(others[name], some, "ABC", direction="noising")
    pairs = [(one[0], one[1], reads) if one[1:] else (one[0], ioi.LOGITS, "") for one in ends[name]]
    found = [ioi.measured_arrow(ask, *pair) for pair in pairs if reads == "v" or pair[2]]
    return {arrow.name: (-arrow.effect[0], -arrow.effect[2], -arrow.effect[1]) for arrow in found}

lost = {name: arrows(name) for name in others}

# %% figure
b, c = lost
wide = [max(high - low for _, low, high in lost[name].values()) / 2 for name in lost]
ioi.circuit_of_b({name: share[0] for name, share in lost[b].items()}).captioned(
    f"The circuit of ioi-natural-b as it was measured (128 prompts that name Mary first; 95 % intervals reach at most {wide[0]:.2f} to either side). At an arrow: the share of the logit difference that is lost when this message is that of the ABC prompt; V: it is read by the values. "
    "Head 0.0 works at two words, and the arrows to it have one number together. Every arrow to the logits includes what the MLPs make of it. Gold: a path that raises both names."
)

# %% figure
ioi.circuit_of_c({name: share[0] for name, share in lost[c].items()}).captioned(
    f"The circuit of ioi-natural-c, measured in the same way (95 % intervals: at most {wide[1]:.2f} to either side)."
)

# %% [markdown]
# In `ioi-natural-b` head 0.0 reads the giver from END and tells the logits, straight and through MLPs. In `ioi-natural-c` head 0.2 reads the giver at S2. Heads 1.0 and 1.1 pass this on there, and three late heads read it from END.
#
# What do these heads make of the name that they read? The table says so, beside the heads of `ioi-natural` that read a name from END.

# %% figure
first = ioi.make_ioi_batch(model.tokenizer, 128, torch.Generator().manual_seed(2), orders=["ABBA"])
spec = [("ioi-natural", "0.2", "END", "S2"), ("ioi-natural", "0.3", "END", "S2"), ("ioi-natural", "1.1", "END", "after S2"), ("ioi-natural", "1.0, 1.2, 1.3", "END", "after IO"),
        (b, "0.0", "END", "S2"), (b, "1.0", "END", "after S2"), (b, "1.1, 1.2, 1.3", "END", "before S2"), (c, "0.2", "S2", "S2"), (c, "1.0, 1.1", "S2", "S2"), (c, "2.3, 3.0, 3.1", "END", "S2"), (c, "1.0, 1.1, 1.3", "END", "before S2")]  # fmt: skip
word = {"S2": "John", "after IO": "“and”", "after S2": "“gave”", "before S2": "the comma"}
holds = {"S2": ("S",), "after S2": ("S",), "after IO": ("IO",), "before S2": ("IO", "S")}  # whose name is read there
def to_logits(name, heads, seed=2):
    """The share of the logit difference that is lost with what these heads tell the logits from END."""
    some = ioi.make_ioi_batch(model.tokenizer, 128, torch.Generator().manual_seed(seed), orders=["ABBA"])
    ask = ioi.asked(others.get(name, model), some, "ABC", direction="noising")
    return -ioi.measured_arrow(ask, ioi.Part(heads, tuple(heads.split(", ")), "END"), ioi.LOGITS).effect[0]

heads_do = {}
for name, heads, query, place in spec:
    one, chosen = others.get(name, model), [patching.head(h) for h in heads.split(", ")]
    looks = sum(ioi.looks(one, first, h, query)[place] for h in chosen) / len(chosen)
    scores = {role: torch.tensor(list(ioi.copying_notes(one, first, chosen, role, place).values())).mean(0).tolist() for role in holds[place]}
    heads_do[f"{name.removeprefix('ioi-')}: {heads} at {query}"] = {
        "look at": word[place], "attention": looks, "raise Mary": scores["IO"][0] if "IO" in scores else None, "raise John": scores["S"][0] if "S" in scores else None,
        "lower John": scores["S"][1] if "S" in scores else None, "tell the logits": to_logits(name, heads) if query == "END" else None}  # fmt: skip
table(heads_do, decimals=2, corner="model and heads",
      caption="Mean attention to the word that the heads read most; for which share of 80 names they put the name that they read among the five that they raise, or lower, most (by chance 0.06); and the share of the logit difference that is lost with what they tell the logits (128 prompts that name Mary first).")  # fmt: skip

# %% [markdown]
# The three models have something in common. In each, some heads read the giver at S2, or at a word that has read him, and tell the logits to lower him. In `ioi-natural` these are 0.3 and 1.1. With them about a third of the difference is lost; with such heads of the two others, more than three quarters. What changes with the giver is what these heads read, and not where they look.
#
# Head 0.2 of `ioi-natural` is of another kind. It hardly lowers the name that it reads. The MLPs do this for it, and it changes where the movers look. Neither of the others has movers that copy one name and not the other. Their gold heads copy both names from the comma, whoever gives.
#
# So far all three models gave the same answers. Do they on other sentences? `ioi-natural` avoids the last name. Two of these circuits read the giver from END, and the third reads him where he stands, at S2. Before you look: what do they say if Mary is named after the giver?

# %% prediction
predict("ioi.starts")

# %% answer
seeds = {"ioi-natural": model} | others
texts = {"John gave … to": "as in the template", "Anna gave … to": "a third gives",
         "John had lunch and Anna gave … to": "S had lunch, a third gives",
         "John gave … from Anna to": "a third after the giver",
         "John gave … from Mary to": "IO twice, after the giver"}
said = {name: ioi.outside(one, (0, 2), {text: ioi.TEXTS[text] for text in texts.values()}, n=384)
        for name, one in seeds.items()}
gaps = {shown: {name: mean_interval(found[text].logit_diff) for name, found in said.items()}
        for shown, text in texts.items()}
table(gaps, signed=True, decimals=1, unit="logits", corner="When Mary and John …")

# %% caption answer
caption("The mean logit difference Mary − John of the three models after five sentences that begin like that of the puzzle (384 prompts each).")

# %% answer
says = {name: gaps["John gave … from Mary to"][name][1] > 0 for name in others}
measured("ioi.starts", "both" if all(says.values()) else
         next((f"only {name}" for name in says if says[name]), "neither"))

# %% [markdown]
# Where Mary is named after the giver, the first two models say John and the third says Mary. In the third, head 0.2 reads the giver where he stands, and two of the three late heads go on giving him more than nine tenths of their attention. A third name after the giver, as in the fourth sentence, costs the first two most of the difference, and the third less than a third.
#
# The second sentence is the null: nobody is to be avoided, and all three are near 0. In the third sentence John occurs twice and does not give. If only repetition counted, it would score like the first. The models score 15 to 35 % of that.
#
# So one training gave three circuits, which share one way of lowering the giver and weigh it differently. What is found in one model is a statement about that model, until others are looked at.

# %% claims
draws = {name: [lost[name], arrows(name, 12)] for name in others}
straight = ioi.asked(others[b], first, "ABC", direction="noising").path_patch([["0.0"]], mlps="frozen").recovery()[0]
not_values = [abs(share[0]) for name in others for reads in "qk" for share in arrows(name, reads=reads).values()]
share_left = {name: gaps["John had lunch and Anna gave … to"][name][0] / gaps["John gave … to"][name][0] for name in seeds}
after_giver = [gaps["John gave … from Anna to"][name][0] / gaps["John gave … to"][name][0] for name in seeds]
named_late = ioi.told(model.tokenizer, ioi.TEXTS["IO twice, after the giver"], 128, torch.Generator().manual_seed(5)).tokens
_, cache = others[c].run_with_cache(named_late, names_filter="blocks.3.attn.hook_pattern")
goes_on = cache["pattern", 3][:, :2, -1, 10].mean(0)  # 3.0 and 3.1, to S2
sent = {key: [to_logits(*key, seed) for seed in (2, 12)] for key in (("ioi-natural", "0.3, 1.1"), ("ioi-natural", "0.2"), (b, "0.0, 1.0"), (c, "2.3, 3.0, 3.1"))}
lowering, raising = (("0.0 at END", "1.0 at END", "3.1 at END"), ("1.2, 1.3 at END", "1.0, 1.1, 1.3 at END"))
rows_of = {kind: [row for key, row in heads_do.items() if not key.startswith("natural:") and key.endswith(which)] for kind, which in (("lower", lowering), ("raise", raising))}
last_mary = gaps["John gave … from Mary to"]
with claims():
    claim("in ioi-natural-b what 0.0 sends to the logits is worth 0.77, more than half of it straight, and in ioi-natural-c what the late heads send 0.87, in two draws within 0.05",
          rounds_to(lost[b]["0.0 → logits"][0], "0.77") and 1 - straight > 0.77 / 2 and rounds_to(lost[c]["late → logits"][0], "0.87") and all(abs(one[key][0] - lost[name][key][0]) < 0.05 for name in others for one in draws[name] for key in one))
    claim("none of the messages between parts, sent to queries or keys, is worth 0.03", max(not_values) < 0.03)
    claim("the heads that lower do so for more than 0.95 of the givers, and look at the word with more than 0.7", len(rows_of["lower"]) == 3 and all(row["lower John"] > 0.95 and row["attention"] > 0.7 for row in rows_of["lower"]))
    claim("the gold heads raise more than 0.95 of either name and give the comma more than 0.95", len(rows_of["raise"]) == 2 and all(min(row["raise Mary"], row["raise John"], row["attention"]) > 0.95 for row in rows_of["raise"]))
    claim("0.2 of ioi-natural lowers a fifth of the givers", rounds_to(heads_do["natural: 0.2 at END"]["lower John"], "0.2"))
    claim("0.3 and 1.1 of ioi-natural lower more than 0.85 of the givers", min(heads_do[key]["lower John"] for key in ("natural: 0.3 at END", "natural: 1.1 at END")) > 0.85)
    claim("with what 0.3 and 1.1 tell the logits about a third of the difference is lost, and as much with 0.2; with the black heads at END of the two others more than three quarters, in each of two draws",
          all(about(sent["ioi-natural", heads], 1 / 3) for heads in ("0.3, 1.1", "0.2")) and min(sent[b, "0.0, 1.0"] + sent[c, "2.3, 3.0, 3.1"]) > 0.75)
    claim("with a third name after the giver less than a third of the difference is left in the first two, and more than two thirds in the third", max(after_giver[:2]) < 1 / 3 and after_giver[2] > 2 / 3)
    claim("with Mary named there, 3.0 and 3.1 of the third give S2 more than nine tenths of their attention", goes_on.min() > 0.9)
    claim("all three are right, with IO first of all tokens, on at least 97 of 100 prompts", all(float(ioi.behaviour(one, clean).right.float().mean()) >= 0.97 for one in seeds.values()))
    claim("all three are undecided when a third gives, within one logit", max(abs(x[0]) for x in gaps["Anna gave … to"].values()) < 1)
    claim("when John had lunch and a third gives, between 0.15 and 0.35 of the first difference is left in each", all(between(x, 0.15, 0.35) for x in share_left.values()))
    claim("with Mary named after the giver the first two prefer John and the third prefers Mary, each by more than three logits", last_mary["ioi-natural"][0] < -3 and last_mary[b][0] < -3 and last_mary[c][0] > 3)  # fmt: skip

# %% [markdown]
# ## 10 · GPT-2 small
#
# Wang et al. found the circuit of GPT-2 small, with which others are compared. The table lists the paper's main figures. Where the weights of GPT-2 small are on this machine (run `zoo.load("gpt2")` once with a network), each is measured as well. There, too, one would ask how much of the repair by backup heads is the norm's.

# %% figure
gpt2 = zoo.load("gpt2").requires_grad_(False) if zoo.cached("gpt2") else None
rows = ioi.paper_rows(gpt2)
table([row if gpt2 else {k: row[k] for k in ("figure", "paper")} for row in rows],
      caption="Figures of Wang et al. 2022 for GPT-2 small" + (", and the same measured here, with the distance within which the two are expected, since the prompts differ." if gpt2 else "."))  # fmt: skip

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "The final norm gives back part of what removed movers added, more than half of it because means are short", "evidence": "the change with its divisor held", "control": "an exchange in place of the mean",
     "where it fails": "one model; GPT-2 small has backup heads"},
    {"claim": "The word decides whether a name is noted there", "evidence": "seven words at two places", "control": "“went” and “met” at the place of the comma",
     "where it fails": "a note need not be used; why these words is not known"},
    {"claim": "Eleven heads are nearly complete, the six are not", "evidence": "three classes and ten random sets, the norm's divisor held", "control": "random elevens; the six with five random others",
     "where it fails": "one null of six is as near in other draws; sets that were not tried; MLPs kept throughout"},
    {"claim": "Nine nodes are enough", "evidence": "more than nine tenths of the log-probability, on fresh prompts", "control": "the same heads at S2; random nines of all nodes and of the 26",
     "where it fails": "with head 0.3 for 0.2 at END they keep nearly as much"},
    {"claim": "A gradient misses saturated nodes", "evidence": "four planted models; the curve from one value to the other", "control": "integrated gradients, exact exchanges",
     "where it fails": "in ioi-natural one gradient ranks well"},
    {"claim": "With one note that note decides, with two head 0.2 decides between them", "evidence": "notes or head 0.2 exchanged, in five sentences", "control": "three of the sentences were no part of making the rule; the word that the movers read next",
     "where it fails": "sentences of this kind; how many notes a sentence has is not forecast"},
    {"claim": "A giver is lowered by a few neurons of one MLP, which serve many givers", "evidence": "ten of 256 at their mean, chosen on other prompts", "control": "the ten of another giver; ten at random",
     "where it fails": "one MLP of four, at END alone"},
    {"claim": "Three starts share heads that lower the giver, with different weights, and give two answers where Mary is named after the giver", "evidence": "path patching, attention, copy scores, sentences", "control": "queries and keys; a sentence with nobody to avoid",
     "where it fails": "three starts are few"},
    links=[
        ("McGrath et al. 2023, The Hydra Effect", "https://arxiv.org/abs/2307.15771", "Self-repair in a large model."),
        ("Rushing and Nanda 2024, Explorations of Self-Repair in Language Models", "https://arxiv.org/abs/2402.15390", "How much of self-repair is the norm, in larger models."),
        ("Hanna et al. 2024, Have Faith in Faithfulness", "https://arxiv.org/abs/2403.17806", "Integrated gradients for the edges of circuits."),
        ("Conmy et al. 2023, Towards Automated Circuit Discovery", "https://arxiv.org/abs/2304.14997", "Searching for circuits by machine."),
    ],
)  # fmt: skip

# %% [markdown] words
# ## Words
#
# - self-repair: less is lost without a part than it had added directly.
# - completeness: circuit and model still agree after the same parts are taken from both.
# - minimality: every part of a circuit matters after some other parts are gone.
# - node: a head at one position.
# - Attribution patching: the effect of an exchange estimated as change of an activation times slope of the logit difference.
# - Integrated gradients: the same with the slope averaged over the way from one activation to the other.
# - neurons: the parts of an MLP, each with one activation and one direction that it writes.
# - saturated: of a softmax whose weight lies on one place, so that small changes move nothing.

# %% [markdown]
# # Indirect object identification, deeper
#
# **A puzzle.** In the first notebook, three heads copied the indirect object. Take all three away, and of eleven and a half logits that speak for the right name about one and a half are lost. But these heads alone had put more than three logits there. Who makes up for the rest? In GPT-2 small there are backup heads, which start to copy when others are gone. Here the answer is another one, and it concerns every measurement of this kind.

# %% [markdown] contents
# This notebook goes on from the first one of the lesson. Its sections can be read in any order.

# %% setup

# %%
import torch

from course_utils import ioi, plots, zoo
from course_utils.page import between, caption, card, claim, claims
from course_utils.page import measured, predict, table
from course_utils.patching import Circuit

model = zoo.load("ioi-natural", "cpu").requires_grad_(False)
clean = ioi.make_ioi_batch(model.tokenizer, 96, torch.Generator().manual_seed(0))
abc = ioi.corrupt(clean, "ABC", torch.Generator().manual_seed(0)).tokens
mean = ioi.asked(model, clean, "ABC", 0, ablation="mean")
mlps, whole = Circuit.mlps(model), Circuit.whole(model)

# %% [markdown]
# ## 1 · Who makes up for the loss?
#
# Taking a head away loses what it said directly. If less is lost in the end than that, something has made up for it. This is **self-repair**, which McGrath et al. 2023 and Rushing and Nanda 2024 study in larger models. There are three candidates. Later heads may copy more, as backup heads do. MLPs may lower the giver further. Or it is the final LayerNorm: it divides the stream by its size, and where a loud part is gone, there is less to divide by.
#
# They can be told apart. Take heads away (set to their means over ABC prompts), and note three losses of the logit difference: what the heads said directly, the loss with the norm's divisor held at its intact value, and the actual loss. What lies between the first and the second is the doing of later heads and MLPs. What lies between the second and the third is the doing of the norm.

# %% prediction
predict("ioi.repair")

# %% answer
sets = {"1.2": ["1.2"], "the movers": ["1.0", "1.2", "1.3"],
        "0.3 and 1.1": ["0.3", "1.1"], "2.1": ["2.1"],
        "2.1, 2.2, 2.3": ["2.1", "2.2", "2.3"]}
repairs = {name: ioi.repair(model, clean, heads, abc) for name, heads in sets.items()}
rows = {name: one.entries() for name, one in repairs.items()}
table(rows, signed=True, decimals=2, corner="without")

# %% caption answer
caption("Loss of the logit difference when heads are set to their means (95 % interval, 96 prompts resampled): what they said directly; with the final norm's divisor held; and as it is. divisor: mean of its new value over the old one.")

# %% claims answer
m, both = rows["the movers"], rows["2.1, 2.2, 2.3"]
with claims():
    claim("without the movers less than half of what they said directly is lost in the end", m["lost"][0] < m["lost directly"][0] / 2)
    claim("with the divisor held, at least as much is lost as they said directly", m["lost, divisor held"][0] > m["lost directly"][0])
    claim("the divisor falls by about a quarter", between(m["divisor"], 0.7, 0.8))
    claim("without 2.1, 2.2 and 2.3 the difference grows by more than three logits, and with the divisor held by less than one",
          both["lost"][0] < -3 and abs(both["lost, divisor held"][0]) < 1)  # fmt: skip
measured("ioi.repair", "the final norm" if m["lost"][0] < m["lost directly"][0] / 2 and m["lost, divisor held"][0] > m["lost directly"][0] else "later heads")

# %% [markdown]
# Read each row from left to right, and note at which step the loss shrinks. Whoever finds “repair” in an ablation should take this step apart before looking for backup heads.
#
# The last two rows are about heads that seemed to be in the way. Removing 2.1, 2.2 and 2.3 makes the difference larger, as removing a *negative* head would. The middle column says how much of that is left when the divisor is held. These heads speak for both names alike, and loudly. In GPT-2 small, by contrast, the two negative name movers lower the logit of IO itself.

# %% [markdown]
# ## 2 · Complete, and minimal?
#
# Faithfulness asks whether a circuit does what the model does. Wang et al. add two questions. **Completeness**: take any part $K$ of the circuit away, from the circuit and from the model; do they still agree? If the model goes on where the circuit stops, something outside can do the same job. **Minimality**: does each part $v$ matter, after *some* other parts are gone?
#
# $$\text{incompleteness}(K) = |F(C \setminus K) - F(M \setminus K)|, \qquad \text{minimality}(v) = \max_K |F(C \setminus (K \cup \{v\})) - F(C \setminus K)|.$$
#
# There are too many sets $K$ to try them all. Three kinds are tried: the classes of the circuit, random halves, and those that a greedy search finds, which adds the head that widens the difference most. (The MLPs are in every circuit and never in $K$.)

# %%
kinds = {"avoids (0.2)": ["0.2"], "movers": ["1.0", "1.2", "1.3"],
         "lower (0.3, 1.1)": ["0.3", "1.1"]}
six = Circuit.nodes("0.2", "0.3", "1.0", "1.1", "1.2", "1.3")
layers = Circuit.nodes([f"{a}.{b}" for a in (0, 1) for b in range(4)])
layers = layers | Circuit.nodes("2.1", "2.2", "2.3")
classes = {name: Circuit.nodes(heads) for name, heads in kinds.items()}

def both_without(circuit, k):
    """The mean logit difference of circuit and model, each without k."""
    return [float(x) for x in mean.run([(circuit | mlps) - k, whole - k]).mean(-1)]

rows = {}
for name, k in {"nothing": Circuit.nodes([]), **classes}.items():
    (a, model_left), (b, _) = both_without(six, k), both_without(layers, k)
    rows[name] = {"the six": a, "the eleven": b, "the model": model_left}
table(rows, corner="without", unit="logits", decimals=2)

# %% caption
caption("Mean logit difference when a class of heads is removed from the six heads of the circuit, from the eleven heads of layers 0 and 1 with 2.1 to 2.3, and from the whole model (96 prompts).")

# %% claims
with claims():
    claim("without 0.3 and 1.1 the six keep more than two logits more than the model does", rows["lower (0.3, 1.1)"]["the six"] - rows["lower (0.3, 1.1)"]["the model"] > 2)
    claim("the eleven stay within one logit of the model, whichever class is removed", all(abs(r["the eleven"] - r["the model"]) < 1 for r in rows.values()))

# %% [markdown]
# The six are faithful in their own way (they overshoot) and not complete: without 0.3 and 1.1 the model loses more than they do. The eleven follow the model within a logit. That makes the larger set the better explanation and the smaller one the better summary.

# %%
halves = mean.completeness(layers | mlps, subsets=list(classes.values()), draws=20)
greedy = mean.completeness(layers | mlps, draws=0, greedy=2)
needed = mean.minimality(layers | mlps, subsets=list(classes.values()), draws=10).scores
scores = {str(part): score for part, score in needed.items() if "." in str(part)}
ranked = sorted(scores, key=scores.get)
table({head: {"changes at most": scores[head]} for head in ranked},
      unit="logits", decimals=2, corner="head")

# %% caption
caption("Minimality of the eleven heads: the largest change of the logit difference when the head is removed, over 14 sets of other parts removed before it (the classes, ten random halves, and none).")

# %% claims
with claims():
    claim("over the classes and twenty random halves the incompleteness of the eleven is at most one logit, and a greedy search of two steps finds no more",
          halves.worst[1] < 1 and greedy.worst[1] < 1)
    claim("every head of the eleven changes the difference by more than half a logit after some set", min(scores.values()) > 0.5)
    claim("0.2 and 0.3 change it by more than seven", min(scores["0.2"], scores["0.3"]) > 7)  # fmt: skip

# %% [markdown]
# Each of the eleven matters for something. Note that 0.3 matters as much as 0.2 once other parts are gone, though its single exchange in the first notebook had less than half the effect. A search over single heads does not see that.

# %% [markdown]
# ## 3 · Effects estimated by gradients
#
# An exact exchange costs a run of the model for each node. A first-order estimate needs one gradient for all of them: change of the activation, times the slope of the metric. How good is it? Here are all heads at eight positions, exact against estimated, with the plain gradient and with integrated gradients in ten steps.

# %%
ask = ioi.asked(model, clean, "flip", 0, direction="noising")
by = ("position", "layer", "head")
exact = ask.sweep("z", by=by).effect().flatten()
estimates = {name: ask.attribute("z", by=by, steps=steps).effect().flatten()
             for name, steps in (("one gradient", 0), ("integrated, ten steps", 10))}
error = {name: float((e - exact).abs().max()) for name, e in estimates.items()}
error

# %% figure
fig, axes = plots.figure(1, 2, height=3.0, sharex=True, sharey=True)
for ax, (name, estimate) in zip(axes, estimates.items(), strict=True):
    ax.plot([-18, 2], [-18, 2], color=plots.NULL, linewidth=1)
    ax.scatter(exact, estimate, s=14, color=plots.SERIES[0])
    ax.set(title=name, xlabel="exact effect (logits)")
axes[0].set(ylabel="estimated effect (logits)")
plots.show(
    fig, "Estimated against exact effects of 128 nodes, on the diagonal for small ones and off it for the largest.",
    "Each dot is a head at one position: its exact effect on the logit difference (exchanged with the flipped prompt), and "
    "the estimate. On the grey line they agree.",
)  # fmt: skip

# %% claims
strongest = int(exact.abs().argmax())
ratio = {name: float(e[strongest] / exact[strongest]) for name, e in estimates.items()}
with claims():
    claim("both estimates put the same node first as the exact effect does", all(int(e.abs().argmax()) == strongest for e in estimates.values()))
    claim("the largest error of the integrated estimate is smaller than that of the single gradient", error["integrated, ten steps"] < error["one gradient"])
    claim("over the nodes, each estimate correlates with the exact effect above 0.9", all(torch.corrcoef(torch.stack([e, exact]))[0, 1] > 0.9 for e in estimates.values()))

# %% [markdown]
# In this model one gradient is good enough to know where to look. In the planted models of the first notebook it was not. The reason can be drawn: take the true node at S2, and move its output from its value to the other prompt's in small steps.

# %%
planted = zoo.load("ioi-planted", "cpu").requires_grad_(False)
detection = ioi.planted_circuit("ioi-planted")[0]
some = ioi.make_ioi_batch(planted.tokenizer, 64, torch.Generator().manual_seed(0))
moved = ioi.asked(planted, some, "flip", direction="noising")
shares, curve = torch.linspace(0, 1, 21), []
for share in shares:
    def on_the_way(donor, base, share=share):
        return base + share * (donor - base)

    step = moved.sweep("z", by=by, values=on_the_way)
    node = step.select(position="S2", layer=detection.layer, head=detection.head)
    curve.append(float(node.mean()))
slope = torch.tensor(curve).diff() / 0.05

# %% figure
fig, ax = plots.figure(height=2.6, width=5.0)
ax.plot(shares, curve, color=plots.SERIES[0])
ax.axhline(0, color=plots.NULL, linewidth=1)
ax.set(xlabel="share of the way to the other prompt's value", ylabel="logit difference")
plots.show(
    fig, "The logit difference is flat at first, falls in two steps, and is flat again.",
    "The planted detection node moved from its own value to the flipped prompt's: the mean logit difference along the way "
    "(64 prompts). The gradient is taken at the left end.",
)  # fmt: skip

# %% claims
with claims():
    claim("the whole way changes the logit difference by more than 25 logits", curve[0] - curve[-1] > 25)
    claim("the first twentieth of the way changes it by less than one, at a slope of less than a twentieth of the steepest", abs(curve[1] - curve[0]) < 1 and slope[0].abs() < slope.abs().max() / 20)

# %% [markdown]
# At the left end the curve is flat. A softmax stands between this node and the answer, and it is **saturated**: all its weight lies on one place, and a small change moves none of it. The gradient there says that the node does not matter. Averaged over the way, it says the right thing. So a small estimate is no evidence that a part does nothing, while a large one is worth checking by an exact exchange.

# %% [markdown]
# ## 4 · Three seeds, three circuits
#
# `ioi-natural-b` and `ioi-natural-c` are trained by the same recipe as `ioi-natural`, from other random starts. All three are right on nearly every prompt. Do they do it in the same way?

# %%
seeds = {"ioi-natural": model}
for name in ("ioi-natural-b", "ioi-natural-c"):
    seeds[name] = zoo.load(name, "cpu").requires_grad_(False)
loud, said, maps = {}, {}, {}
for name, one in seeds.items():
    flipped = ioi.asked(one, clean, "flip", 0, direction="noising").sweep("z")
    maps[name] = flipped.effect() / flipped.clean.mean()
    size = float(flipped.clean.mean())
    top = flipped.top(5, "effect")
    loud[name] = [(f"{cell['layer']}.{cell['head']}", x / size) for cell, x in top]
    said[name] = ioi.outside(one, (0, 2), n=64)
columns = ("first", "second", "third", "fourth", "fifth")
table({name: {c: f"{head}: {x:+.2f}" for c, (head, x) in zip(columns, top, strict=True)}
       for name, top in loud.items()})

# %% caption
caption("The five heads whose exchange with the flipped prompt changes the logit difference most, with the change as a share of the clean difference (96 prompts).")

# %%
texts = ("as in the template", "a third gives", "IO twice, before the giver",
         "a third after the giver", "IO twice, after the giver")
gaps = {name: {text: float(one.logit_diff.mean()) for text, one in found.items()}
        for name, found in said.items()}
rows = {text: {name: gaps[name][text] for name in gaps} for text in texts}
table(rows, signed=True, decimals=1, unit="logits")

# %% caption
caption("The mean logit difference IO − S of the three models on five texts (64 prompts each).")

# %% claims
last = rows["IO twice, after the giver"]
with claims():
    claim("in ioi-natural-b one head, 0.0, takes nearly twice the difference, and none of the heads of layers 2 and 3 a tenth",
          between(-maps["ioi-natural-b"][0, 0], 1.8, 2.1) and maps["ioi-natural-b"][2:].abs().max() < 0.1)
    claim("in ioi-natural-c heads of layers 2 and 3 are among the five", sum(head[0] in "23" for head, _ in loud["ioi-natural-c"]) >= 2)
    claim("all three are undecided when a third gives, within one logit", max(map(abs, rows["a third gives"].values())) < 1)
    claim("with IO named after the giver the first two prefer S and the third prefers IO", last["ioi-natural"] < -3 and last["ioi-natural-b"] < -3 and last["ioi-natural-c"] > 3)  # fmt: skip

# %% [markdown]
# The behaviour on the training sentences is the same, and so is the answer when a third person gives: none of the three detects a repetition. But the heads differ, and so does the failure. In `ioi-natural-b` one head of layer 0 reads the giver and MLPs lower that name. In `ioi-natural-c` heads of layers 2 and 3 do it late, and it is not misled by a name after the giver. What was found in one model is a statement about that model. Three starts are few, and the next one may bring a fourth way.

# %% [markdown]
# ## 5 · GPT-2 small, row by row
#
# The paper's main figures, each with how near a measurement on our prompts is expected to come. The measured column is filled where the weights of GPT-2 small are on this machine (run `zoo.load("gpt2")` once with a network), and says that it is empty otherwise. No number in it is copied from anywhere.

# %%
gpt2 = zoo.load("gpt2").requires_grad_(False) if zoo.cached("gpt2") else None
rows = ioi.paper_rows(gpt2)
table(rows)

# %% caption
caption("Figures of Wang et al. 2022 for GPT-2 small, the same measured here, and the distance within which the two are expected, since the prompts differ.")

# %% [markdown]
# One comparison needs no weights. The paper finds that taking all three name movers away costs about 5 % of the logit difference, because backup heads take over. The small model loses more, and what it keeps is kept by the final norm (section 1). Whether the norm has a part in GPT-2's 5 % could be found by holding its divisor in the same way; we have not seen it done on this circuit.

# %% claims
kept = repairs["the movers"]
with claims():
    claim("without its movers the small model loses between 8 % and 18 % of the logit difference", between(float(kept.lost.mean() / kept.whole.mean()), 0.08, 0.18))
    claim("the paper's seven classes hold 26 heads", sum(len(heads) for heads, _ in ioi.CLASSES.values()) == 26)

# %% [markdown]
# **The puzzle, answered.** Nobody steps in. With the movers gone the stream is smaller, the final norm divides it by less, and what is left of the answer counts for more.

# %% [markdown]
# ## The card

# %% card
card(
    {"claim": "The final norm makes up for removed movers", "evidence": "the loss with its divisor held", "control": "what the heads said directly",
     "where it fails": "mean ablation, one model; other models have backup heads"},
    {"claim": "Eleven heads are complete within a logit", "evidence": "classes, random halves, a greedy search", "control": "six heads, which are not",
     "where it fails": "sets that were not tried; MLPs kept throughout"},
    {"claim": "A gradient misses saturated nodes", "evidence": "the curve from one value to the other", "control": "integrated gradients",
     "where it fails": "in ioi-natural one gradient ranks well"},
    {"claim": "Three starts, three circuits, two failures", "evidence": "exchanges and texts, for each", "control": "the same prompts",
     "where it fails": "three starts are few"},
    links=[
        ("Rushing and Nanda 2024, Explorations of Self-Repair in Language Models", "https://arxiv.org/abs/2402.15390", "How much of self-repair is the norm, in larger models."),
        ("Hanna et al. 2024, Have Faith in Faithfulness", "https://arxiv.org/abs/2403.17806", "Integrated gradients for the edges of circuits."),
        ("Conmy et al. 2023, Towards Automated Circuit Discovery", "https://arxiv.org/abs/2304.14997", "Searching for circuits by machine."),
    ],
)  # fmt: skip

# %% [markdown] words
# ## Words
#
# - self-repair: less is lost without a part than it had said directly.
# - Completeness: circuit and model still agree after the same parts are taken from both.
# - Minimality: every part of a circuit matters after some other parts are gone.
# - saturated: of a softmax whose weight lies on one place, so that small changes move nothing.

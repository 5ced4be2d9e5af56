# %% [markdown]
# # Exercises: indirect object identification
#
# *Fifteen exercises on lesson 4, from the prompts to a sealed model whose circuit nobody has opened. About four hours: an estimate after one trial; the minutes stand at each. The four marked ◇ use the lesson's second notebook.*
#
# Each exercise has a cell to fill in and a cell that marks it. A cell that you have not filled in is reported as *not attempted yet*, and nothing breaks, so you may do the exercises in any order. The cells between them use your functions where they pass, and the course's own where they are missing or wrong. If you are stuck, ask: `grade("ioi.head_dla", head_dla, hint=1)`, then `hint=2`. When an answer is wrong, you are told what kind of mistake it looks like, or shown the smallest input on which it differs. Where an answer gets a score, *par* is what a careful answer reaches.
#
# The course's own versions live in `course_utils.ioi`; they are there for reading afterwards.

# %% setup

# %%
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_utils import ioi, runtime, zoo
from course_utils.grading import checked, grade
from course_utils.intervals import mean_interval
from course_utils.page import table

model = zoo.load("ioi-natural", "cpu").requires_grad_(False)
clean = ioi.make_ioi_batch(model.tokenizer, 64, torch.Generator().manual_seed(0))
at, rows = clean.positions, torch.arange(64)

# %% [markdown]
# ## 1 · New names, and nothing else
#
# *Why it matters* (12 minutes): a circuit is found by comparing runs. If a corruption moves a word, or leaves a trace of the old answer, then what you find is the trace.
#
# *What to write*: ABC prompts. `places` (batch, 3) holds the positions of IO, S1 and S2 in each row. Write three new names there, drawn at random from `names`, all three different, and none of them a name that stands in the row already. Everything else stays. Draw anew at every call, and set no seed.
#
# *How you know*: no row of the result has a name twice, and no name that it had before.

# %%
def new_names(
    tokens: Int[Tensor, "batch pos"], places: Int[Tensor, "batch 3"], names: Int[Tensor, "name"]
) -> Int[Tensor, "batch pos"]:
    """The same prompts with three new names at IO, S1 and S2."""
    ### BEGIN SOLUTION
    chance = torch.rand(len(tokens), len(names))
    here = (tokens[:, None] == names[:, None]).any(2)  # (batch, name): it stands in the prompt
    chance[here] = -1.0
    drawn = names[chance.topk(3, dim=1).indices]
    return tokens.scatter(1, places, drawn)
    ### END SOLUTION

# %%
grade("ioi.new_names", new_names)

# %% [markdown]
# ## 2 · The logit difference
#
# *Why it matters* (5 minutes): every effect of the lesson is a change of this number.
#
# *What to write*: for each prompt the logit of `right` minus the logit of `wrong`, at its own position `end`. (Prompts of unequal length are padded after END, so the last position is not always the right one.)
#
# *How you know*: one number per prompt, positive where the model prefers the right name.

# %%
def logit_diff(
    logits: Float[Tensor, "batch pos d_vocab"],
    end: Int[Tensor, "batch"],
    right: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"],
) -> Float[Tensor, "batch"]:
    """Logit of the right name minus that of the wrong one, at `end`."""
    ### BEGIN SOLUTION
    rows = torch.arange(len(logits))
    return logits[rows, end, right] - logits[rows, end, wrong]
    ### END SOLUTION

# %%
grade("ioi.logit_diff", logit_diff)

# %% [markdown]
# Your measure on your prompts: the clean ones, and the same with new names, scored with the *old* names, with 95 % intervals (prompts resampled). What should the second row be, on average?

# %%
gap, renamed = checked("ioi.logit_diff"), checked("ioi.new_names")
places = torch.stack([at["IO"], at["S1"], at["S2"]], 1)
abc = renamed(clean.tokens, places, clean.layout.names)
table({
    name: {"logit difference": mean_interval(gap(model(tokens), at["END"], clean.answer, clean.wrong))}
    for name, tokens in (("clean", clean.tokens), ("ABC", abc))
}, signed=True, decimals=2)

# %% [markdown]
# ## 3 · Direct logit attribution of heads
#
# *Why it matters* (12 minutes): it is the quickest look at who speaks for the answer, and the lesson shows what it overlooks.
#
# *What to write*: `z` (batch, head, d_head) are the heads' outputs at END in one layer, `W_O` (head, d_head, d_model) their output matrices. The final LayerNorm subtracts the mean over d_model and divides by `scale`, which is given per prompt. `direction` is the unembedding of the right name minus that of the wrong one, per prompt, with the norm's weight already multiplied in. Return what each head adds to the logit difference.
#
# *How you know*: with the embedding, the MLPs and the biases, these numbers add up to the logit difference.

# %%
def head_dla(
    z: Float[Tensor, "batch head d_head"],
    W_O: Float[Tensor, "head d_head d_model"],
    scale: Float[Tensor, "batch"],
    direction: Float[Tensor, "batch d_model"],
) -> Float[Tensor, "batch head"]:
    """What each head adds, directly, to the logit difference."""
    ### BEGIN SOLUTION
    written = torch.einsum("bhe,hed->bhd", z, W_O)
    written = written - written.mean(-1, keepdim=True)
    return torch.einsum("bhd,bd->bh", written, direction) / scale[:, None]
    ### END SOLUTION

# %%
grade("ioi.head_dla", head_dla)

# %% [markdown]
# All sixteen heads of `ioi-natural`. Which head that you know from the lesson is missing from the loud ones?

# %%
attribute = checked("ioi.head_dla")
_, cache = model.run_with_cache(clean.tokens)
scale = cache["ln_final.hook_scale"][rows, at["END"], 0]
W_U = ioi.unembedding(model)  # with the final norm's weight
direction = (W_U[:, clean.answer] - W_U[:, clean.wrong]).T
direct = [attribute(cache["z", n][rows, at["END"]], model.W_O[n], scale, direction).mean(0) for n in range(4)]
table({f"layer {n}": {f"head {h}": float(x) for h, x in enumerate(row)} for n, row in enumerate(direct)},
      unit="logits", signed=True, decimals=2)

# %% [markdown]
# ## 4 · Does it copy?
#
# *Why it matters* (10 minutes): where a head looks is half of what it does.
#
# *What to write*: entry (i, j) of `written` is what a head adds to the logit of name j when it reads name i. Return the share of names i for which name i itself is among the `k` that are raised most. Where other names are raised *exactly* as much, they do not count as ahead.
#
# *How you know*: 1 for a head that copies every name; about k / n for a head that has nothing to do with names.

# %%
def copying_score(written: Float[Tensor, "name name"], k: int) -> Float[Tensor, ""]:
    """The share of names that a head puts among its k most raised when it reads them."""
    ### BEGIN SOLUTION
    own = written.diagonal()[:, None]
    ahead = (written > own).sum(1)
    return (ahead < k).to(written.dtype).mean()
    ### END SOLUTION

# %%
grade("ioi.copying_score", copying_score)

# %% [markdown]
# A *planted* model was trained so that a few heads, known beforehand, do the task. This is the last layer of one; one of its heads was trained to say names. Which?

# %%
copies = checked("ioi.copying_score")
planted = zoo.load("ioi-planted", "cpu").requires_grad_(False)
names = clean.layout.names
table({f"2.{h}": {"copy score": float(copies(ioi.read_and_written(planted, names, 2, h), 5)), "null: chance": 5 / 80}
       for h in range(4)}, decimals=2)

# %% [markdown]
# ## 5 · Exchange one head
#
# *Why it matters* (18 minutes): an attribution says what a head says. Only an intervention says what the model does with it.
#
# *What to write*: for every head of every layer, run the `clean` prompts with that head's z, at all positions, as it is on the `other` prompts, row by row. Return the logits at the last position, for all heads: (layer, head, batch, d_vocab). The hook point is `blocks.{layer}.attn.hook_z`, of shape (batch, pos, head, d_head); `_, cache = model.run_with_cache(other)` gives `cache["z", layer]`.
#
# *How you know*: with `other` the same as `clean` nothing changes.

# %%
def noise_heads(
    model, clean: Int[Tensor, "batch pos"], other: Int[Tensor, "batch pos"]
) -> Float[Tensor, "layer head batch d_vocab"]:
    """The last logits of `clean` when one head's z is that of `other`, for every head."""
    ### BEGIN SOLUTION
    _, donor = model.run_with_cache(other)
    found = []
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def put(z, hook, layer=layer, head=head):
                z = z.clone()
                z[:, :, head] = donor["z", layer][:, :, head]
                return z

            name = f"blocks.{layer}.attn.hook_z"
            logits = model.run_with_hooks(clean, fwd_hooks=[(name, put)])
            found.append(logits[:, -1])
    return torch.stack(found).unflatten(0, (model.cfg.n_layers, model.cfg.n_heads))
    ### END SOLUTION

# %%
grade("ioi.noise_heads", noise_heads)

# %% [markdown]
# Your sweep on `ioi-natural-b`: the same recipe from another random start. Is the important head the one of the lesson's model?

# %%
sweep = checked("ioi.noise_heads")
model_b = zoo.load("ioi-natural-b", "cpu").requires_grad_(False)
flipped = ioi.corrupt(clean, "flip", torch.Generator().manual_seed(1)).tokens
base = gap(model_b(clean.tokens), at["END"], clean.answer, clean.wrong).mean()
logits = sweep(model_b, clean.tokens, flipped)  # (layer, head, batch, d_vocab)
noised = (logits[..., rows, clean.answer] - logits[..., rows, clean.wrong]).mean(-1)
share = (noised - base) / base
table({f"layer {n}": {f"head {h}": float(x) for h, x in enumerate(row)} for n, row in enumerate(share)},
      signed=True, decimals=2, mark=lambda x: abs(x) > 0.3)

# %% [markdown]
# ## 6 · One message, straight to the logits
#
# *Why it matters* (35 minutes): a head can speak to the logits, to MLPs, or to other heads. These are different mechanisms, and a single exchange mixes them.
#
# *What to write*: the logits on `clean` when one head tells them, on the *direct path*, what it says in `other`. Its message, the difference of what it writes, is added to the stream after its layer's heads; every head of a later layer keeps its z of the clean run. With `mlps="frozen"` the MLPs from the sender's layer on keep their outputs of the clean run too; with `"recomputed"` they read the message.
#
# The hook points: `blocks.{layer}.hook_attn_out` and `blocks.{layer}.hook_mlp_out`, both (batch, pos, d_model), and `blocks.{layer}.attn.hook_z`. In the cache: `cache["z", layer]`, `cache["mlp_out", layer]`. The matrix: `model.W_O[layer, head]`.
#
# *How you know*: for a head of the last layer, with frozen MLPs, only the final norm bends what would otherwise be a straight line.

# %%
def direct_path(
    model,
    clean: Int[Tensor, "batch pos"],
    other: Int[Tensor, "batch pos"],
    head: tuple[int, int],
    mlps: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits on `clean` when `head` = (layer, head) tells them what it says in `other`."""
    ### BEGIN SOLUTION
    at, number = head
    _, here = model.run_with_cache(clean)
    _, there = model.run_with_cache(other)
    change = (there["z", at] - here["z", at])[:, :, number]
    message = change @ model.W_O[at, number]
    hooks = [(f"blocks.{at}.hook_attn_out", lambda out, hook: out + message)]
    for n in range(at, model.cfg.n_layers):
        if n > at:
            keep = here["z", n]
            hooks.append((f"blocks.{n}.attn.hook_z", lambda z, hook, keep=keep: keep))
        if mlps == "frozen":
            out = here["mlp_out", n]
            hooks.append((f"blocks.{n}.hook_mlp_out", lambda x, hook, out=out: out))
    return model.run_with_hooks(clean, fwd_hooks=hooks)
    ### END SOLUTION

# %%
grade("ioi.direct_path", direct_path)

# %% [markdown]
# The lesson's head 0.2, by both ways. How much of what it tells the logits do MLPs carry?

# %%
path = checked("ioi.direct_path")
whole = gap(model(clean.tokens), at["END"], clean.answer, clean.wrong).mean()
told = {mlps: path(model, clean.tokens, flipped, (0, 2), mlps) for mlps in ("frozen", "recomputed")}
table({f"MLPs {mlps}": {"change": float((gap(out, at["END"], clean.answer, clean.wrong).mean() - whole) / whole)}
       for mlps, out in told.items()}, signed=True, decimals=2)

# %% [markdown]
# ## 7 · Everything but the circuit
#
# *Why it matters* (12 minutes): whether a circuit is enough is asked by taking everything else away, and what is put in its place decides the answer.
#
# *What to write*: `z` where `keep` (batch, pos, head) is true. Elsewhere the mean over the `reference` prompts **of the same template**, position by position and head by head. `template` and `reference_template` say which template each prompt has.
#
# *How you know*: in another template the same position holds another word. A mean over all templates would be a mean over different words.

# %%
def mean_ablate_except(
    z: Float[Tensor, "batch pos head d_head"],
    reference: Float[Tensor, "n pos head d_head"],
    keep: Bool[Tensor, "batch pos head"],
    template: Int[Tensor, "batch"],
    reference_template: Int[Tensor, "n"],
) -> Float[Tensor, "batch pos head d_head"]:
    """z inside the circuit, the template's mean outside."""
    ### BEGIN SOLUTION
    means = [reference[reference_template == which].mean(0) for which in template]
    return torch.where(keep[..., None], z, torch.stack(means))
    ### END SOLUTION

# %%
grade("ioi.mean_ablate_except", mean_ablate_except)

# %% [markdown]
# ## 8 · Faithfulness
#
# *Why it matters* (4 minutes): it is the number by which circuits are judged, and there are two wrong ways to average it.
#
# *What to write*: from the metric per prompt of the circuit, of the whole model and with everything ablated: the share that the circuit keeps, (F(C) − F(∅)) / (F(M) − F(∅)), where each F is a mean over prompts.
#
# *How you know*: 1 for the whole model, 0 for nothing. A circuit can pass 1, where it lacks parts that lower the measure, or where the final norm divides by less, as in section 8 of the lesson.

# %%
def faithfulness(
    circuit: Float[Tensor, "batch"],
    whole: Float[Tensor, "batch"],
    empty: Float[Tensor, "batch"],
) -> Float[Tensor, ""]:
    """The share of the behaviour that the circuit keeps."""
    ### BEGIN SOLUTION
    return (circuit.mean() - empty.mean()) / (whole.mean() - empty.mean())
    ### END SOLUTION

# %%
grade("ioi.faithfulness", faithfulness)

# %% [markdown]
# ## 9 · How good is a ranking?
#
# *Why it matters* (10 minutes): in a planted model it is known which nodes do the task. There this number says how much a method that ranks nodes can be trusted.
#
# *What to write*: `score` ranks nodes, `truth` marks the true ones. Return the probability that a true node, drawn at random, scores higher than one that is not; equal scores count one half.
#
# *How you know*: 1 when all true nodes are on top; 1/2 when every node has the same score.

# %%
def auc(score: Float[Tensor, "node"], truth: Bool[Tensor, "node"]) -> Float[Tensor, ""]:
    """The area under the ROC curve."""
    ### BEGIN SOLUTION
    true, other = score[truth][:, None], score[~truth][None]
    won = (true > other).to(score.dtype) + (true == other).to(score.dtype) / 2
    return won.mean()
    ### END SOLUTION

# %%
grade("ioi.auc", auc)

# %% [markdown]
# ## 10 · Incompleteness ◇
#
# *Why it matters* (6 minutes): a circuit can be faithful and still lack the parts that would step in if one of its own failed.
#
# *What to write*: `values` holds the metric per prompt for every set of parts that is left. `circuit`, `model` and `removed` are sets of names: `model` holds the names of all parts and is no network. Return $|F(C \setminus K) - F(M \setminus K)|$, with means over prompts. $K$ may hold any parts of the model.
#
# *How you know*: with K empty it is the difference between the circuit and the model.

# %%
def incompleteness(
    values: dict[frozenset[str], Tensor],
    circuit: frozenset[str],
    model: frozenset[str],
    removed: frozenset[str],
) -> Float[Tensor, ""]:
    """How far the circuit without K is from the model without K."""
    ### BEGIN SOLUTION
    return (values[circuit - removed].mean() - values[model - removed].mean()).abs()
    ### END SOLUTION

# %%
grade("ioi.incompleteness", incompleteness)

# %% [markdown]
# ## 11 · Minimality ◇
#
# *Why it matters* (15 minutes): a part that changes nothing may be useless, or it may have a double. Only removing the double too can tell.
#
# *What to write*: the largest $|F(C \setminus (K \cup \{v\})) - F(C \setminus K)|$ over all sets $K$ of other parts of the circuit, with means over prompts. `values` is as in exercise 10.
#
# *How you know*: of two parts that do the same job, each has a large value.

# %%
def minimality(
    values: dict[frozenset[str], Tensor], circuit: frozenset[str], part: str
) -> Float[Tensor, ""]:
    """The most that the part changes, after any other parts of the circuit are gone."""
    ### BEGIN SOLUTION
    changes = []
    for left in values:
        if left <= circuit and part in left:
            changes.append((values[left - {part}].mean() - values[left].mean()).abs())
    return torch.stack(changes).max()
    ### END SOLUTION

# %%
grade("ioi.minimality", minimality)

# %% [markdown]
# ## 12 · One gradient for every exchange ◇
#
# *Why it matters* (12 minutes): exact exchanges cost a run each. One backward pass estimates them all, and fails in ways that one should know.
#
# *What to write*: `metric` maps z (batch, head, d_head) to one number per prompt. Estimate, for each head, the effect of putting its `donor` value into the `base` run: change times slope, with the slope where the run is, summed over d_head, a mean over prompts.
#
# *How you know*: it is exact where the metric is a straight line.

# %%
def attribution_patch(
    metric: nn.Module,
    base: Float[Tensor, "batch head d_head"],
    donor: Float[Tensor, "batch head d_head"],
) -> Float[Tensor, "head"]:
    """The first-order estimate of exchanging each head."""
    ### BEGIN SOLUTION
    at = base.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(metric(at).sum(), at)
    return ((donor - base) * slope).sum(-1).mean(0)
    ### END SOLUTION

# %%
grade("ioi.attribution_patch", attribution_patch)

# %% [markdown]
# ## 13 · The slope along the way ◇
#
# *Why it matters* (12 minutes): a saturated head has no slope where it is. On the way to the other value it has.
#
# *What to write*: the same, with the slope averaged over the straight way from `base` to `donor`. All heads go the way together. Cut it into `steps` equal pieces and take the slope in the middle of each.
#
# *How you know*: with one head and many steps it comes as near to the exact effect as you like.

# %%
def integrated_gradients(
    metric: nn.Module,
    base: Float[Tensor, "batch head d_head"],
    donor: Float[Tensor, "batch head d_head"],
    steps: int,
) -> Float[Tensor, "head"]:
    """The estimate with the slope averaged along the way."""
    ### BEGIN SOLUTION
    slopes = []
    for k in range(steps):
        at = (base + (k + 0.5) / steps * (donor - base)).requires_grad_(True)
        slopes.append(torch.autograd.grad(metric(at).sum(), at)[0])
    return ((donor - base) * torch.stack(slopes).mean(0)).sum(-1).mean(0)
    ### END SOLUTION

# %%
grade("ioi.integrated_gradients", integrated_gradients)

# %% [markdown]
# ## 14 · A sealed model
#
# *Why it matters* (35 minutes): this is what a circuit analysis is. Nobody tells you which heads, and the answer can be wrong.
#
# *What is given*: `mine.model` has three layers of four heads, attention only, and identifies indirect objects. Exactly three nodes do the work, each a head at one position. `mine.prompts` are 64 prompts of the kind it was trained on. It was made for you; other learners have other heads, and the steps need not be read through the same inputs.
#
# *What to answer*: the nodes, as (layer, head, position) with a position by its role (`"IO"`, `"S1"`, `"S2"`, `"END"`, `"after S1"` …), and the edges: from head to an input `q`, `k` or `v` of another head, or to the logits, all in one dictionary, such as `{"nodes": {(0, 1, "S2")}, "edges": {"0.1->1.2.k", "1.2->logits"}}`. `ask.sweep("z", by=("position", "layer", "head"))` and `ask.path_patch(senders, receivers, positions=…)` are at hand. Both give a result to read: `.top(6)` lists the six largest effects with their places, `.effect()` is the mean change of the logit difference, and `.clean` holds its clean value, prompt by prompt. A path counts as an edge when its message alone, exchanged from the flipped prompts, changes the logit difference by more than its clean value. There are weaker messages too; they do not count.
#
# *How it is scored*: nodes and edges by F1 against the truth, and the share of the behaviour that your nodes alone keep, less 0.02 for each; a third each.

# %%
mine = ioi.sealed(runtime.seed_for("ioi.sealed"))
ask = ioi.asked(mine.model, mine.prompts, "flip", direction="noising")
print(mine.tell(0))
print(ask)

# %%
def my_circuit() -> dict[str, set]:
    """The nodes and edges of the sealed model's circuit."""
    ### BEGIN SOLUTION
    clean_value = float(ask.sweep("z").clean.mean())
    cells = ask.sweep("z", by=("position", "layer", "head")).top(3)
    nodes = sorted((cell["layer"], cell["head"], cell["position"]) for cell, _ in cells)
    edges = set()
    for i, (layer, head, place) in enumerate(nodes):
        sender = f"{layer}.{head}"
        receivers = [f"{n}.{h}.{x}" for n, h, _ in nodes[i + 1 :] for x in "qkv"] + ["logits"]
        for receiver in receivers:
            effect = ask.path_patch([sender], [receiver], positions=place).effect()
            if abs(float(effect)) > clean_value:
                edges.add(f"{sender}->{receiver}")
    return {"nodes": set(nodes), "edges": edges}
    ### END SOLUTION

# %%
grade("ioi.sealed", my_circuit)

# %% [markdown]
# ## 15 · Say it before you see it
#
# *Why it matters* (30 minutes): a circuit that only describes is a drawing. One that predicts interventions nobody has run is an explanation.
#
# *What is given*: `other`, a second sealed model, and `other.exchanges`, six interventions on it. Each takes a `base` and a `donor` prompt (rows of `other.prompts`) and gives some nodes of the base run the values that they have in the donor's run. Some of the nodes are in the circuit, some are not.
#
# *What to answer*: the six names that the model will say. To predict them you have to know which nodes matter and *what* each of them carries: a name, or the place of a name. Work that out from exchanges of your own on other prompts: `other.prompts` has `tokens` and, for each role, `positions[role]`, a place for each row; the hook of exercise 5 exchanges one head. The list that is graded must come from your account and not from running these six. You are told whether it is right, not how much of it is.

# %%
other = ioi.sealed(runtime.seed_for("ioi.exchanges"))
for number, one in enumerate(other.exchanges):
    print(f"{number}: {[f'{layer}.{head} at {place}' for layer, head, place in one.nodes]}")
    print(f"   base   {other.tell(one.base)}\n   donor  {other.tell(one.donor)}")

# %%
def predictions() -> list[int]:
    """The six names that will be said, as token ids."""
    ### BEGIN SOLUTION
    again = ioi.asked(other.model, other.prompts, "flip", direction="noising")
    cells = again.sweep("z", by=("position", "layer", "head")).top(3)
    nodes = sorted((cell["layer"], cell["head"], cell["position"]) for cell, _ in cells)
    said = []
    for one in other.exchanges:
        base, donor = (other.prompts[torch.tensor([i])] for i in (one.base, one.donor))
        a, b = sorted((int(base.positions["IO"]), int(base.positions["S1"])))
        if nodes[2] in one.nodes:  # the last head carries a name
            said.append(int(donor.answer))
        elif nodes[0] in one.nodes or nodes[1] in one.nodes:  # the others carry a place
            said.append(int(base.tokens[0, b if donor.first.bool() else a]))
        else:
            said.append(int(base.answer))
    return said
    ### END SOLUTION

# %%
grade("ioi.exchanges", predictions)

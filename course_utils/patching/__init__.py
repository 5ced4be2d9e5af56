"""Causal interventions: one vocabulary, one question, one result type.

    from course_utils import patching
    from course_utils.patching import Circuit

    metric = patching.logit_diff(correct, wrong)              # ids per prompt; read at the last position
    metric = patching.log_prob(correct, position=ends)        # at one stated position per prompt
    metric = patching.logit(answer, [[3, 4, 5]])              # a mean over several positions of every prompt
    metric = lambda logits: …                                 # or any function of all the logits

    ask = patching.Question(model, clean, corrupt, metric)                       # clean put into corrupt
    ask = patching.Question(model, clean, corrupt, metric, direction="noising")  # corrupt put into clean
    ask = patching.Question(model, clean, metric=metric, ablation="zero")
    ask = patching.Question(model, clean, metric=metric, ablation="mean", reference=others, groups=template)
    ask = patching.Question(model, clean, corrupt, metric, positions={"S2": s2, "END": -1})

**Sweeps** put activations of one run into another, one cell at a time.

    ask.sweep("resid_pre").plot()                                    # layer × position
    ask.sweep("z")                                                   # layer × head
    ask.sweep("z", by=("position", "layer", "head"))                 # at the question's named positions
    ask.sweep("pattern", by=("layer", "head", "position", "source"))
    ask.sweep("resid_pre", values=lambda donor, base: base + 3 * direction)  # what is put in is yours to say

**Paths**: what senders tell receivers along the direct path between them.

    ask.path_patch()                                                 # each head → logits
    ask.path_patch(receivers=["9.9.q", "9.6.q"])                     # each head → these together
    ask.path_patch(senders=["2.2"], receivers="qkv")                 # → each head's q, k, v
    ask.path_patch(mlps="recomputed", positions="S2")                # MLPs belong to the path; senders speak at S2

**Attribution**: the same effects estimated by gradients.

    ask.attribute("z", steps=10)                                     # the axes of the sweep; integrated gradients
    ask.attribute_edges(steps=5)                                     # EAP-IG; steps=0 (the default) is EAP

**Circuits** are values: sets of nodes or edges.

    circuit = Circuit.nodes("9.9", "9.6", "8.10") | Circuit.mlps(model)
    circuit = Circuit.top(ask.attribute_edges(), 200)
    ask.run(circuit)                                                 # the metric per prompt, with the rest ablated
    ask.faithfulness(circuit, at={"9.9": "END"})
    ask.completeness(circuit, greedy=5), ask.minimality(circuit)

**Heads taken away** in a run of the model itself: `patching.ablation_hooks(model, ["2.2"], "mean", reference)`.

Each sweep, path patch and attribution returns a `Sweep`: named axes, `mean()`, `effect()`, `recovery()`,
`interval()`, `select(layer=3)`, `top(10)`, `plot()`, and per-prompt `values`. A head is "2.1", "L2H1" or (2, 1). The
model is never changed. GPT-2-format and plain `boot_native` models, causal or bidirectional, take the fast path
(`restart`); sweeps of any other bridge, and of one with hooks left on it, go through TransformerLens's hooks.

- What is asked: `question`, `metrics`, `prompts`, `places` (positions), `nodes` (names of parts), `grid` (cells of a
  sweep).
- How it is answered: `sweeps`, `paths` with `path_runs`, `attribution`, `edges`, `circuit` with `circuit_runs`,
  `criteria`, `ablation`. What comes back: `result`, drawn by `drawing`.
- Underneath: `unrolled` (the plain forward), `restart` (many interventions in one), `sites`, `runs` (shared by what is
  asked), `trust` (may the plain forward stand in?), `hooked` (the road through TransformerLens's hooks) with `steers`
  (does a hook point do what its name says?); `harvesting` (activations of many contexts, by the plain forward).

Direct logit attribution, the logit lens, interchange on subspaces and sparse probes are in
`transformer_lens.tools.analysis` and are not written again here.
"""

from .ablation import ablated, ablation_hooks
from .circuit import Circuit
from .criteria import Completeness, Faithfulness, Minimality
from .metrics import Metric, log_prob, logit, logit_diff, metric
from .nodes import Reader, Writer, head, reader, writer
from .question import Question
from .result import Axis, Sweep
from .unrolled import SITES

__all__ = [
    "SITES",
    "Axis",
    "Circuit",
    "Completeness",
    "Faithfulness",
    "Metric",
    "Minimality",
    "Question",
    "Reader",
    "Sweep",
    "Writer",
    "ablated",
    "ablation_hooks",
    "head",
    "log_prob",
    "logit",
    "logit_diff",
    "metric",
    "reader",
    "writer",
]

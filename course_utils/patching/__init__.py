"""Causal interventions: one vocabulary, one result type, and every sweep in one line.

    from course_utils import patching
    from course_utils.patching import Circuit

    metric = patching.logit_diff(correct, wrong)              # ids per prompt; read at the last position
    metric = patching.log_prob(correct, position=ends)        # or at one stated position per prompt
    metric = patching.metric(lambda logits: …, positions=-1)  # or any function of (batch, position, d_vocab)

**Sweeps**: put activations of one run into another, one cell at a time.

    patching.sweep(model, "resid_pre", clean, corrupt, metric).plot()                   # layer × position
    patching.sweep(model, "z", clean, corrupt, metric, direction="noising")             # layer × head
    patching.sweep(model, "pattern", clean, corrupt, metric, by=("layer", "head", "position", "source"))
    patching.sweep(model, "z", clean, corrupt, metric, by=("position", "layer", "head"),
                   positions={"S2": s2, "END": -1})                                     # named, one per prompt
    patching.sweep(model, "mlp_out", clean, None, metric, ablation="zero")
    patching.sweep(model, "z", clean, None, metric, ablation="mean", reference=others, groups=template)

**Paths**: what senders tell receivers along the direct path between them.

    patching.path_patch(model, clean, corrupt, metric)                                  # each head → logits
    patching.path_patch(model, clean, corrupt, metric, receivers=["9.9.q", "9.6.q"])    # each head → these together
    patching.path_patch(model, clean, corrupt, metric, senders=["2.2"], receivers="qkv")  # → each head's q, k, v
    patching.path_patch(model, clean, corrupt, metric, mlps="recomputed")               # MLPs belong to the path

**Attribution**: the same effects estimated by gradients, for a whole batch of pairs.

    patching.attribute(model, "z", clean, corrupt, metric)               # the axes of the sweep it estimates
    patching.attribute(model, "z", clean, corrupt, metric, steps=10)     # integrated gradients
    patching.attribute_edges(model, clean, corrupt, metric, steps=5)     # EAP-IG; steps=0 (the default) is EAP

**Circuits** are values: sets of nodes or edges.

    circuit = Circuit.nodes("9.9", "9.6", "8.10") | Circuit.mlps(model)
    circuit = Circuit.top(patching.attribute_edges(model, clean, corrupt, metric), 200)
    patching.run(model, circuit, clean, metric, ablation="mean", reference=others)      # per prompt
    patching.faithfulness(model, circuit, clean, metric, corrupt=corrupt, at={"9.9": -1})
    patching.completeness(model, circuit, clean, metric, corrupt=corrupt, greedy=5)
    patching.minimality(model, circuit, clean, metric, corrupt=corrupt)

Each sweep, path patch and attribution returns a `Sweep`: named axes, `mean()`, `effect()`, `recovery()`,
`interval()`, `select(layer=3)`, `top(10)`, `plot()`, and per-prompt `values`. Prompts are (batch, pos) token ids, or
strings, of one length. The model is never changed. GPT-2-format and plain `boot_native` bridges take the fast path
(`restart`), in compatibility mode or not; sweeps of any other bridge take one forward per cell.

Direct logit attribution, the logit lens, interchange on subspaces and sparse probes are in
`transformer_lens.tools.analysis` and are not written again here.
"""

from .attribution import attribute
from .circuit import Circuit
from .circuit_runs import run
from .criteria import Completeness, Faithfulness, Minimality, completeness, faithfulness, minimality
from .edges import attribute_edges
from .metrics import Metric, log_prob, logit, logit_diff, metric
from .nodes import Reader, Writer
from .paths import path_patch
from .result import Axis, Sweep
from .sweeps import sweep
from .unrolled import SITES

__all__ = [
    "SITES",
    "Axis",
    "Circuit",
    "Completeness",
    "Faithfulness",
    "Metric",
    "Minimality",
    "Reader",
    "Sweep",
    "Writer",
    "attribute",
    "attribute_edges",
    "completeness",
    "faithfulness",
    "log_prob",
    "logit",
    "logit_diff",
    "metric",
    "minimality",
    "path_patch",
    "run",
    "sweep",
]

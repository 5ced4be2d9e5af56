"""Lesson 0: inside a transformer. What one computes by hand to see what TransformerLens's tools compute.

    from course_utils import transformer as tf, zoo
    model = zoo.load("code-4l")
    pairs = tf.bracket_pairs(model.tokenizer, 64, seed=0)                # clean | corrupt, one token apart
    tf.components(model, cache).total()                                  # = the residual stream
    tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)       # terms that sum to the logit difference
    tf.ablated(model, pairs.clean, ["2.1"], "mean", pairs.everyone)      # logits without head 2.1
    tf.attention_to(cache["pattern", 2], pairs.clean == opening)         # how much each head gives to open brackets

1. `residual` – the residual stream as a sum of components.
2. `readout` – the logit lens; direct logit attribution with the final norm's scale held.
3. `circuits` – QK and OV.
4. `ablation` – mean ablation of heads by hand; `ablation_hooks` and `ablated` are `course_utils.patching`'s.
5. `patterns` – reading attention patterns.
6. `pairs` – minimal pairs for brackets and quotes. Sweeps over them are `course_utils.patching`'s.
7. `transplant` – several head outputs from the clean run in the corrupt one, together.
8. `split` – a term's evidence for the right bracket, and its preference for one of them.
9. `neurons` – an MLP opened: what sets of its neurons carry.
10. `removal` – what a component says, beside what is lost without it.
11. `schematic` – a map with a cell for every head.
12. `verdicts` – pairs on which zero and mean ablation disagree.
13. `without` – the model without each of several sets of heads: how often it is right, and its lead.
14. `bottleneck` – what passes through the first MLP, and what passes it by.
15. `writing` – the hook that writes something else at some positions, or for one head.
"""

from course_utils.patching import ablated, ablation_hooks

from .ablation import mean_ablate
from .bottleneck import through_first_mlp
from .circuits import matching_score, ov_circuit, qk_circuit
from .neurons import at_opener, neuron_order, neuron_readings, neuron_recovery, vocabulary_activations
from .pairs import BRACKETS, QUOTES, Pairs, bracket_pairs, one_pair, quote_pairs
from .patterns import attention_to, evenly
from .readout import Attribution, attribution, final_norm, head_attribution, lens, logit_lens
from .removal import Removal, removal
from .residual import Components, components, residual_stream
from .schematic import draw_heads
from .split import Split, split
from .transplant import Node, Transplant, barred_head, best_nodes
from .verdicts import verdict_pairs
from .without import Without
from .writing import writing

__all__ = [
    "BRACKETS", "QUOTES", "Attribution", "Components", "Node", "Pairs", "Removal", "Split", "Transplant", "Without",
    "ablated", "ablation_hooks", "at_opener", "attention_to", "attribution",
    "barred_head", "best_nodes", "bracket_pairs", "components", "draw_heads", "evenly", "final_norm",
    "head_attribution", "lens", "logit_lens", "matching_score", "mean_ablate", "neuron_order",
    "neuron_readings", "neuron_recovery", "one_pair", "ov_circuit", "qk_circuit", "quote_pairs", "removal",
    "residual_stream", "split", "through_first_mlp", "verdict_pairs", "vocabulary_activations", "writing",
]  # fmt: skip

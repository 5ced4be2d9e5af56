"""Lesson 3: induction heads (Elhage et al. 2021; Olsson et al. 2022).

1. `scores` – what an induction head is recognised by (its attention, its weights alone), how its scores come about
   (`parts`), and what is lost without it (`interventions`, `roles`).
2. `toys` – attention only, nothing but matrices: written by hand, or trained, several at once, also with something
   barred (`formation`).
3. `drawing` – four texts as cards, the toys as they form, the code model's circuit, its heads' roles.
4. `code` – a model that reads code: along its training, and with heads taken away; stored results.
5. `unknown` – models to examine, and how they are made.
"""

from course_utils.induction.code.along import Checkpoints
from course_utils.induction.code.names import Program, Programs, invented, name_gain, with_name
from course_utils.induction.code.results import GAIN_RUNS, PAIR_RUNS, RUNS, Ablations, ContextGain, HeadSets, PairLosses
from course_utils.induction.code.stored import (
    ablations,
    checkpoints,
    context_gain,
    formation,
    head_sets,
    long_blocks,
    pair_losses,
    spread,
)
from course_utils.induction.code.text import TextLosses, Windows, code_windows, losses_of, score_positions
from course_utils.induction.drawing import (
    circuit,
    expected,
    forming,
    four_texts,
    grids,
    half_ways,
    head_maps,
    looked_up,
    three_questions,
    try_name,
    two_contexts,
    two_that_subtract,
    two_ticks,
)
from course_utils.induction.scores.circuits import (
    composition_score,
    composition_scores,
    copying_diagonal,
    copying_score,
    own_note_first,
    turned_composition,
)
from course_utils.induction.scores.heads import HeadScores, head_scores
from course_utils.induction.scores.interventions import (
    ablate_heads,
    by_input,
    path_patch,
    path_patch_qkv,
    repeat_log_prob,
)
from course_utils.induction.scores.measures import (
    half_way,
    icl_estimate,
    icl_score,
    prefix_matching_score,
    previous_token_score,
    repeat_accuracy,
    repeated_tokens,
    token_losses,
)
from course_utils.induction.scores.parts import ScoreParts, score_parts
from course_utils.induction.scores.roles import repeat_gain, share_left
from course_utils.induction.toys.curves import Curves
from course_utils.induction.toys.formation import Formation
from course_utils.induction.toys.handbuilt import HeadPlan, Judgement, Subspaces, build, hand_built, judge, subspaces
from course_utils.induction.toys.model import ForwardPass, Weights, as_bridge, run
from course_utils.induction.toys.seeds import Spread
from course_utils.induction.toys.training import Recipe, Shape, Trained, repeating, train
from course_utils.induction.unknown.crowd import Crowd, crowd, rivals
from course_utils.induction.unknown.sealed import Findings, Sealed, examine, sealed
from course_utils.intervals import mean_interval
from course_utils.patching import ablation_hooks

__all__ = [
    "GAIN_RUNS", "PAIR_RUNS", "RUNS", "Ablations", "Checkpoints", "ContextGain", "Crowd", "Curves", "Findings",
    "Formation", "ForwardPass", "HeadPlan", "HeadScores", "HeadSets", "Judgement", "PairLosses", "Program",
    "Programs", "Recipe", "ScoreParts", "Sealed", "Shape", "Spread", "Subspaces", "TextLosses", "Trained", "Weights",
    "Windows", "ablate_heads", "ablation_hooks", "ablations", "as_bridge", "build", "by_input", "checkpoints",
    "circuit", "code_windows", "composition_score", "composition_scores", "context_gain", "copying_diagonal",
    "copying_score", "crowd", "examine", "expected", "formation", "forming", "four_texts", "grids", "half_way",
    "half_ways", "hand_built", "head_maps", "head_scores", "head_sets", "icl_estimate", "icl_score", "invented",
    "judge", "long_blocks", "looked_up", "losses_of", "mean_interval", "name_gain", "own_note_first",
    "pair_losses", "path_patch", "path_patch_qkv", "prefix_matching_score", "previous_token_score", "repeat_accuracy",
    "repeat_gain", "repeat_log_prob", "repeated_tokens", "repeating", "rivals", "run", "score_parts",
    "score_positions", "sealed", "share_left", "spread", "subspaces", "three_questions", "token_losses", "train",
    "try_name", "turned_composition", "two_contexts", "two_that_subtract", "two_ticks", "with_name",
]  # fmt: skip

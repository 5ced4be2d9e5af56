"""Lesson 3: induction heads (Elhage et al. 2021; Olsson et al. 2022).

1. `model` – attention only, nothing but matrices: by hand, trained, or as a TransformerLens bridge.
2. `measures`, `heads`, `circuits` – what an induction head is recognised by: its attention; its weights alone.
3. `interventions` – heads taken away; which input of a head hears another head.
4. `handbuilt` – write one, and be told which half is missing.
5. `training`, `curves`, `seeds` – train small models, several at once; when the change comes, and how that varies.
6. `code_text`, `code_results` – a model that reads code: along its training, and with heads taken away.
7. `stored`, `recipes` – what is too heavy for a lesson, and how to make it again.
8. `planted`, `sealed`, `crowd` – unknown models to examine, and how they are made.
"""

from course_utils.induction.code.results import GAIN_RUNS, RUNS, Ablations, Checkpoints, ContextGain
from course_utils.induction.code.stored import ablations, checkpoints, context_gain, spread
from course_utils.induction.code.text import TextLosses, Windows, code_windows, losses_of, score_positions
from course_utils.induction.scores.circuits import (
    composition_score,
    composition_scores,
    copying_diagonal,
    copying_score,
    random_composition,
    turned_composition,
)
from course_utils.induction.scores.heads import HeadScores, head_scores
from course_utils.induction.scores.interventions import ablate_heads, path_patch_k, path_patch_qkv, repeat_log_prob
from course_utils.induction.scores.measures import (
    icl_score,
    prefix_matching_score,
    previous_token_score,
    repeat_accuracy,
    repeated_tokens,
    token_losses,
)
from course_utils.induction.toys.curves import Curves
from course_utils.induction.toys.handbuilt import HeadPlan, Subspaces, Verdict, build, hand_built, judge, subspaces
from course_utils.induction.toys.model import Run, Weights, as_bridge, of_bridge, run
from course_utils.induction.toys.seeds import Spread, mean_composition
from course_utils.induction.toys.training import Recipe, Shape, Trained, repeating, train
from course_utils.induction.unknown.crowd import Crowd, crowd
from course_utils.induction.unknown.sealed import Findings, Sealed, examine, sealed
from course_utils.intervals import mean_interval
from course_utils.patching import ablation_hooks

__all__ = [
    "GAIN_RUNS", "RUNS", "Ablations", "Checkpoints", "ContextGain", "Crowd", "Curves", "Findings", "HeadPlan",
    "HeadScores", "Recipe", "Run", "Sealed", "Shape", "Spread", "Subspaces", "TextLosses", "Trained", "Verdict",
    "Weights", "Windows", "ablate_heads", "ablation_hooks", "ablations", "as_bridge", "build",
    "checkpoints", "code_windows", "composition_score", "composition_scores", "context_gain", "copying_diagonal",
    "copying_score", "crowd", "examine", "hand_built", "head_scores", "icl_score", "judge", "losses_of",
    "mean_composition", "mean_interval", "of_bridge", "path_patch_k", "path_patch_qkv", "prefix_matching_score",
    "previous_token_score", "random_composition", "repeat_accuracy", "repeat_log_prob", "repeated_tokens", "repeating",
    "run", "score_positions", "sealed", "spread", "subspaces", "token_losses", "train", "turned_composition",
]  # fmt: skip

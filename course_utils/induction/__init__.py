"""Lesson 3: induction heads (Elhage et al. 2021; Olsson et al. 2022).

1. `model` – attention only, nothing but matrices: by hand, trained, or as a TransformerLens bridge.
2. `measures`, `heads`, `circuits` – what an induction head is recognised by: its attention; its weights alone.
3. `interventions` – heads taken away; which input of a head hears another head.
4. `handbuilt` – write one, and be told which half is missing.
5. `training`, `curves` – train small models, several seeds at once, and see when the change comes.
"""

from .circuits import (
    composition_score,
    composition_scores,
    copying_diagonal,
    copying_score,
    random_composition,
    turned_composition,
)
from .curves import Curves
from .handbuilt import HeadPlan, Subspaces, Verdict, build, hand_built, judge, subspaces
from .heads import HeadScores, head_scores
from .interventions import ablate_heads, path_patch_k, path_patch_qkv, repeat_log_prob
from .measures import (
    icl_score,
    prefix_matching_score,
    previous_token_score,
    repeat_accuracy,
    repeated_tokens,
    token_losses,
)
from .model import Run, Weights, as_bridge, of_bridge, run
from .training import Recipe, Shape, Trained, repeating, train

__all__ = [
    "Curves", "HeadPlan", "HeadScores", "Recipe", "Run", "Shape", "Subspaces", "Trained", "Verdict", "Weights",
    "ablate_heads", "as_bridge", "build", "composition_score", "composition_scores", "copying_diagonal",
    "copying_score", "hand_built", "head_scores", "icl_score", "judge", "of_bridge", "path_patch_k",
    "path_patch_qkv", "prefix_matching_score", "previous_token_score", "random_composition", "repeat_accuracy",
    "repeat_log_prob", "repeated_tokens", "repeating", "run", "subspaces", "token_losses", "train",
    "turned_composition",
]  # fmt: skip

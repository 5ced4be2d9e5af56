"""The exercises of lesson 3, "Induction heads", with the mistakes that people make in them."""

from course_utils.grading.induction import (
    checkpoints,
    circuits,
    crowd,
    handbuilt,
    interventions,
    measures,
    predictions,
    sealed,
    tokens,
)

__all__ = [
    "checkpoints",
    "circuits",
    "crowd",
    "handbuilt",
    "interventions",
    "measures",
    "predictions",
    "sealed",
    "tokens",
]

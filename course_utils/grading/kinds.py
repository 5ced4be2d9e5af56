"""The names that a lesson's `exercises/` declares its exercises with."""

from course_utils.grading.answer import Answer
from course_utils.grading.exercise import Prediction, wrong
from course_utils.grading.function import POSITIVE, REAL, UNIT, Function
from course_utils.grading.sampler import Rule, Sampler, Stat

__all__ = ["POSITIVE", "REAL", "UNIT", "Answer", "Function", "Prediction", "Rule", "Sampler", "Stat", "wrong"]

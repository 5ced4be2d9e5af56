"""Graders that know the usual mistakes: `grade` an exercise, `predict` before a figure, `measured` in its cell."""

from course_utils.grading.grade import grade
from course_utils.grading.predictions import measured, predict
from course_utils.grading.report import NotPassed, Report

__all__ = ["NotPassed", "Report", "grade", "measured", "predict"]

"""Graders that know the usual mistakes: `grade` an exercise, `predict` before a figure, `measured` in its cell.

`checked` gives later cells the learner's answer where it has passed, and the course's own where it has not.
"""

from course_utils.grading.grade import grade
from course_utils.grading.predictions import measured, predict
from course_utils.grading.report import NotPassed, Report
from course_utils.grading.session import checked

__all__ = ["NotPassed", "Report", "checked", "grade", "measured", "predict"]

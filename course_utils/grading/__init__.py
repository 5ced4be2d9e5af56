"""Graders that know the usual mistakes: `grade` an exercise.

`checked` gives later cells the learner's answer where it has passed, and the course's own where it has not.

What lives here is the engine; it knows no lesson. What is asked stands in `course_utils/<lesson>/exercises/`.

- Declaring: `kinds` gives the names; `exercise`, `function`, `sampler`, `answer`; `independence` of draws; random `inputs`.
- Calling what a learner wrote: `guard`, with `limits` of time and memory, `state` that is put back, `plain` values;
  `repeated` calls, for what is kept from one to the next.
- Further inputs besides those that an exercise declares: `variants`; how large numbers are and what rounding takes: `rounding`.
- Saying what is wrong: `compare`, `counterexample`; `diagnosis`, with `patterns` in what each of the `trials` showed
  (the `places` that are wrong, the `shapes`, the `conditions`, by the names of `axes`; of `several` results each), and
  with `repairs` (what undoes the usual `slips`); `explain` for exceptions; `report` for what is shown.
- In the notebook: `grade`, `session` (what later cells go on with), `predictions` and `asking` (a page has their `predict` and `measured`).
- For authors: `proof` (every declared mistake is met by its name), `mutants` with `mutations` of the reference's source.
"""

from course_utils.grading.grade import grade
from course_utils.grading.report import NotPassed, Report
from course_utils.grading.session import checked

__all__ = ["NotPassed", "Report", "checked", "grade"]

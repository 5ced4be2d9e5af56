"""What a learner installs: one room a lesson, what lessons share, and single files below all of them.

- Lessons' rooms: `transformer`, `superposition`, `sae`, `induction`, `ioi`, `probing`. Each holds its ideas, and in
  `exercises/` what it asks: references' declarations, inputs, misconceptions.
- Shared rooms: `patching` (causal interventions), `views` (what can be pointed at), `zoo` (load a model, its card),
  `python_text` (exact labels of Python text), `page` (what a page of a lesson is made of: claims, tables, predictions),
  `grading` (the engine; knows no lesson), `cli` (the command `course`).
- Single files: `runtime` (device, seeds, learner), `plots`, `captions` (what is printed below a figure), `intervals`
  (the bootstrap), `brackets` (strings for the bracket model), `progress_bar`, `learner_file` (what a learner has done),
  `stored` (results too heavy for a lesson), `register` (which exercises there are).

How models are made is not here but in `models/`, beside this folder.
"""

__version__ = "0.1.0"

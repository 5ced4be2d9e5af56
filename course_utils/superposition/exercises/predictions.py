"""What lesson 1 asks before its experiments, in the core and in the deeper notebook."""

from course_utils.grading.kinds import Prediction

Prediction(id="superposition.shape", choices=("one", "two", "three or more"),
           question="Sixteen runs at p = 0.19, alike but for their random starts. How many different shapes will come out at least three times?")  # fmt: skip
Prediction(id="superposition.one_run", between=(0, 1), tolerance=0.1,
           question="On which share of the 13 × 13 grid will a single training run end where the formulas say?")  # fmt: skip
Prediction(id="superposition.neurons", choices=("with the ReLU, at p = 0.5", "with the ReLU, at p = 0.05", "without it, at p = 0.5", "in none of these"),
           question="Where will every neuron of every run respond to exactly one feature?")  # fmt: skip
Prediction(id="superposition.room", choices=("64", "about 70", "about 130", "more than 250"),
           question="How many directions with all |cos| ≤ 0.2 can you find in 64 dimensions by optimising?")  # fmt: skip
Prediction(id="superposition.pairs", choices=("opposite", "at right angles", "the same direction"),
           question="Two features that are never active together, in a model that must share dimensions: how will they point in the best of 16 runs?")  # fmt: skip

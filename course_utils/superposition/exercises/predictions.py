"""What lesson 1 asks before its experiments, in the core and in the deeper notebook."""

from course_utils.grading.kinds import Prediction

Prediction(id="superposition.shape", choices=("yes", "no"),
           question="Sixteen runs at p = 0.19 differ only in their random start. Will their arrows all form the same shape?")  # fmt: skip
Prediction(id="superposition.one_run", choices=("above: where one feature is kept", "on the boundary", "below: where both are kept"),
           question="Not every single run will end where the map says. Where will most of these exceptions lie?")  # fmt: skip
Prediction(id="superposition.neurons", choices=("with the ReLU, at p = 0.5", "with the ReLU, at p = 0.05", "without it, at p = 0.5", "in none of these"),
           question="Where will every neuron of every run respond to exactly one feature?")  # fmt: skip
Prediction(id="superposition.room", choices=("64", "about 70", "about 130", "more than 250"),
           question="How many directions with all |cos| ≤ 0.2 can you find in 64 dimensions by optimising?")  # fmt: skip
Prediction(id="superposition.pairs", choices=("opposite", "at right angles", "the same direction"),
           question="Two features that are never active together, in a model that must share dimensions: how will they point in the best of 16 runs?")  # fmt: skip

"""What lesson 1 asks before its experiments, in the core and in the deeper notebook."""

from course_utils.grading.kinds import Prediction

Prediction(id="superposition.puzzle", choices=("about 50 %", "about 30 %", "about 10 %", "about 1 %"),
           question="How much of the variance does the trained model lose?")  # fmt: skip
Prediction(id="superposition.shape", choices=("0 to 4", "5 to 12", "13 to 16"),
           question="Sixteen runs at p = 0.19 differ only in what they draw at random. How many of them end as a pentagon?")  # fmt: skip
Prediction(id="superposition.one_run", choices=("about one in a hundred", "about one in ten", "about one in three", "about two in three"),
           question="Where the formulas say “antipodal pair”: how many single runs end without a pair?")  # fmt: skip
Prediction(id="superposition.steps", choices=("each about 5/8", "some 1, the others about 1/2", "anything between 1/4 and 1"),
           question="Eight features share five dimensions. What will their dimensionalities be?")  # fmt: skip
Prediction(id="superposition.neurons", choices=("about one", "about three", "about seven"),
           question="To how many of the ten features does a neuron respond, on average, with the inner ReLU and dense features (p = 0.5)?")  # fmt: skip
Prediction(id="superposition.room", choices=("64", "about 70", "about 130", "more than 250"),
           question="How many directions with all |cos| ≤ 0.2 can you find in 64 dimensions by optimising?")  # fmt: skip
Prediction(id="superposition.pairs", choices=("the same direction", "at right angles", "opposite"),
           question="Two features that are always active together, at p = 0.05: how will they point in the best of 16 runs?")  # fmt: skip

"""What lesson 2 asks before its experiments."""

from course_utils.grading.kinds import Prediction

Prediction(id="sae.ica", choices=("none", "less than a third", "a third to two thirds", "nearly all"),
           question="Which share of the 64 features will ICA find, on average over three truths?")  # fmt: skip
Prediction(id="sae.shrinkage", between=(0, 1.5), tolerance=0.1,
           question="ReLU with L1 at λ = 0.5: what will activation over true strength be? (1 is faithful.)")  # fmt: skip
Prediction(id="sae.exceptions", choices=("hardly any", "about half", "nearly all"),
           question="At which share of the “)” inside strings of the sample programs will latent 378 be active?")  # fmt: skip
Prediction(id="sae.causal", between=(0, 8), tolerance=1,
           question="How many of these eight latents will move the prediction further than each of forty other directions of the same length?")  # fmt: skip

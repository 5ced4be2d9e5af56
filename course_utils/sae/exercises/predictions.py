"""What lesson 2 asks before its experiments."""

from course_utils.grading.kinds import Prediction

Prediction(id="sae.ica", choices=("none", "less than a third", "a third to two thirds", "nearly all"),
           question="Which share of the 64 features will ICA find, on average over three truths?")  # fmt: skip
Prediction(id="sae.shrinkage", between=(0, 1.5), tolerance=0.1,
           question="ReLU with L1 at λ = 0.5: what will activation over true strength be? (1 is faithful.)")  # fmt: skip
Prediction(id="sae.exceptions", choices=("hardly any", "about half", "nearly all"),
           question="At which share of the “)” inside strings and comments will latent 378 be active?")  # fmt: skip
Prediction(id="sae.labels", between=(0, 21), tolerance=2,
           question="For how many of the 21 labels will the best latent's interval lie wholly above the token list's?")  # fmt: skip
Prediction(id="sae.causal", choices=("none", "one", "two", "three", "all four"),
           question="Of these four latents, how many will move the prediction more than each of nineteen other directions of the same length?")  # fmt: skip

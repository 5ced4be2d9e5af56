"""What lesson 2 asks before its experiments."""

from course_utils.grading.kinds import Prediction

Prediction(id="sae.pairs",
           choices=("fewer features, larger error", "fewer features, smaller error", "as many features, larger error",
                    "as many features, smaller error"),
           question="If the features always come in pairs, what will the same training give, compared with before?")  # fmt: skip
Prediction(id="sae.penalty", choices=("above 0.9", "between 0.7 and 0.9", "below 0.7"),
           question="As λ falls from 1 to 0.1, m − λ/2 rises to more than nine tenths of the strengths. Where does the measured activation over true strength end?")  # fmt: skip
Prediction(id="sae.exceptions", choices=("1, 3, 4, 6, 7", "1, 2, 4, 5, 6", "1, 4, 6", "1, 2, 3, 4, 5, 6, 7"),
           question="At which of the seven framed tokens will latent 378 be active?")  # fmt: skip
Prediction(id="sae.random", between=(0, 1), tolerance=0.1,
           question="Of all latents for a model with random weights, which F1 will the best one reach for the token “)”?")  # fmt: skip
Prediction(id="sae.path", choices=("attention 3", "MLP 3", "attention 4", "MLP 4", "unembedding"),
           question="Four of the five readers miss latent 378. With which one that still reads it is a line break most likely?")  # fmt: skip
Prediction(id="sae.absorbed", choices=("less often", "about as often", "more often"),
           question="With k = 5 instead of 3, how often will TopK absorb a parent?")  # fmt: skip
Prediction(id="sae.split", choices=("it rises", "it stays about the same", "it falls"),
           question="From 96 to 1 536 latents, all with k = 16, what will the F1 of the best latent for all keywords do?")  # fmt: skip
Prediction(id="sae.shared", between=(0, 1), tolerance=0.1,
           question="64 known features: which share of their 96 latents will two trainings have in common?")  # fmt: skip

"""What lesson 3 asks the reader to predict before its main figures."""

from course_utils.grading.kinds import Prediction

Prediction(
    id="induction.sharpness",
    choices=("about 0.1", "about 0.7", "about 4.0", "it grows with the length"),
    question="At which sharpness of the induction head does the hand-built model become right?",
)
Prediction(
    id="induction.deaf_keys",
    choices=("deaf keys alone", "deaf queries alone", "both", "neither"),
    question="Deaf keys or deaf queries: which keep models of two layers from reaching an accuracy of one half in 600 steps?",
)
Prediction(
    id="induction.which_head",
    choices=("head 0.0", "head 0.2", "head 1.1", "head 1.2"),
    question="Which of these heads matches prefixes, as the induction head of the plan does?",
)
Prediction(
    id="induction.new_names",
    between=(0, 3),
    tolerance=0.15,
    question="By how many nats does the loss on new names fall between steps 1\u00a0000 and 2\u00a0000?",
)
Prediction(
    id="induction.messages",
    between=(0, 12),
    tolerance=0.5,
    question="How many of the twelve messages to the induction head cost at least one nat when they come from another text?",
)
Prediction(
    id="induction.remains",
    between=(0, 1),
    tolerance=0.1,
    question="Without its induction head, what share of the gain from context beyond eight tokens is left?",
)

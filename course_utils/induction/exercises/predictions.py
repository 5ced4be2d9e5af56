"""What lesson 3 asks the reader to predict before its main figures."""

from course_utils.grading.exercise import Prediction

Prediction(id="induction.sharpness", choices=("about 0.1", "about 0.7", "about 4", "it grows with the length"),
           question="At which sharpness of the induction head does the hand-built model become right?")
Prediction(id="induction.one_layer", choices=("about 0.02", "about 0.3", "above 0.9"),
           question="Which accuracy on the repeat does a trained one-layer model reach?")
Prediction(id="induction.new_names", between=(0, 3), tolerance=0.15,
           question="By how many nats does the loss on new names fall between steps 1000 and 2000?")
Prediction(id="induction.input", choices=("queries", "keys", "values", "all three"),
           question="Which input of the second layer has to hear the first layer correctly?")
Prediction(id="induction.ablation", choices=("all names alike", "repeated names", "new names", "neither"),
           question="On which names of ordinary code does the model lose most when head 1.1 is set to its mean?")
Prediction(id="induction.remains", between=(0, 1), tolerance=0.08,
           question="Without its induction head, which share of the gain from context beyond eight tokens is left?")

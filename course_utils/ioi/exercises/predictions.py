"""What a reader of lesson 4 is asked before each main figure."""

from course_utils.grading.exercise import Prediction

Prediction(id="ioi.leaves", choices=("already after layer 0", "after layer 1", "after layer 2", "only in layer 3"),
           question="Only the token S2 differs between the two prompts. From which layer on does the stream at END carry most of that difference?")  # fmt: skip
Prediction(id="ioi.quiet", choices=("about a twentieth", "about a quarter", "about half", "more than all of it"),
           question="Head 0.2 adds almost nothing to the logit difference by direct attribution. Its output is exchanged for that of the prompt with the other giver. How much of the logit difference goes?")  # fmt: skip
Prediction(id="ioi.input", choices=("their queries", "their keys", "their values", "nothing: both speak to the logits alone"),
           question="Which input of the heads 1.0, 1.2 and 1.3 does head 0.2 speak to?")  # fmt: skip
Prediction(id="ioi.six", between=(0, 1.5), tolerance=0.1,
           question="The six heads and the MLPs are kept, and the ten other heads are set to their means. Which share of the logit difference is left (1 is all of it)?")  # fmt: skip
Prediction(id="ioi.twice", choices=("Mary", "John", "neither: about even"),
           question="In “… went to the store, John gave a book from Mary to”, both names stand twice. Which of the two does the model say next?")  # fmt: skip
Prediction(id="ioi.method", choices=("none", "attribution by the gradient", "denoising", "zero ablation"),
           question="In four models the true circuit is known. Which of these methods misses a true node with S2 exchanged, in at least three of the four?")  # fmt: skip
Prediction(id="ioi.repair", choices=("later heads", "the MLPs", "the final norm", "nothing: all of it is lost"),
           question="Three heads that copy the right name are set to their means. They had added more than three logits directly, and the logit difference falls by about one and a half. What makes up for most of the rest?")  # fmt: skip

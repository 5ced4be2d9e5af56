"""What a reader of lesson 4 is asked before each main figure."""

from course_utils.grading.exercise import Prediction

Prediction(id="ioi.leaves", choices=("after layer 0", "after layer 1", "after layer 2", "later than that"),
           question="Only the token S2 differs between the two prompts. From which layer on does the stream at END carry most of that difference?")  # fmt: skip
Prediction(id="ioi.quiet", choices=("0.2", "0.3", "1.2", "2.1"),
           question="One head of the clean run gets the output that it has on the flipped prompt. With which of these heads does the logit difference change most?")  # fmt: skip
Prediction(id="ioi.input", choices=("their queries", "their keys", "their values", "none of these: it goes through other heads"),
           question="Through which input of the movers 1.0, 1.2 and 1.3 does the message of head 0.2 matter most?")  # fmt: skip
Prediction(id="ioi.six", between=(0, 1), tolerance=0.1,
           question="The six heads and the MLPs are kept, and the ten other heads are set to their means. Which probability does IO get, averaged over prompts?")  # fmt: skip
Prediction(id="ioi.twice", choices=("Mary", "John", "neither: about even"),
           question="In “When Mary and John went to the store, John gave a book from Mary to”, both names occur twice. Which of the two does the model prefer?")  # fmt: skip
Prediction(id="ioi.method", choices=("noising, ABC", "denoising, ABC", "mean ablation", "zero ablation", "none of these"),
           question="Four models have a known circuit of three nodes. All of the methods below run the model anew for every node. Which of them fails to rank the three on top in one of the models?")  # fmt: skip
Prediction(id="ioi.repair", choices=("later heads", "the final norm", "the MLPs", "nothing: all of it is lost"),
           question="Three heads that copy the right name are set to their means. They had added more than three logits directly, and the logit difference falls by about one and a half. What makes up for most of the rest?")  # fmt: skip
Prediction(id="ioi.starts", choices=("only ioi-natural-b", "only ioi-natural-c", "both", "neither"),
           question="After “When Mary and John went to the store, John gave a book from Mary to”, ioi-natural says John, so that it avoids Mary. Which of the two other models says Mary?")  # fmt: skip

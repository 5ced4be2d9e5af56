"""What a reader of lesson 0 is asked before each main figure."""

from course_utils.grading.kinds import Prediction

Prediction(id="transformer.heads", choices=("a third or less", "a third to a half", "a half to two thirds", "more than two thirds"),
           question="Sixteen heads, ablated one at a time. In the worst of the sixteen cases: on which share of the prompts is the right bracket still the likeliest of the three?")  # fmt: skip
Prediction(id="transformer.copy", choices=("neither bracket", "the same bracket", "the closing bracket", "nothing readable"),
           question="The OV circuit of head 2.2 is fed an opening bracket. Which token's logit does it raise most?")  # fmt: skip
Prediction(id="transformer.depth", choices=("the right one", "the round one, whatever is open", "the square one, whatever is open", "each on about a third"),
           question="Read the stream through the final norm and the unembedding after one layer of four. Which of the three brackets is ahead there, on at least three prompts in four?")  # fmt: skip
Prediction(id="transformer.exchange", choices=("about the same", "about one and a half times", "about twice", "about four times"),
           question="Ablate head 2.2 in two ways: its mean in its place, or its output on the twin prompt, where the other bracket is open. How much lead does the second way cost, compared with the first?")  # fmt: skip
Prediction(id="transformer.quotes", choices=("the same head", "another head of that layer", "a head of another layer", "many heads"),
           question="A quote was opened last, inside a square bracket: which head costs most when it is ablated?")  # fmt: skip
Prediction(id="transformer.trio", choices=("less than a tenth", "about a quarter", "about a half", "more than two thirds"),
           question="Heads 2.2, 1.0 and 3.2 are ablated together, each set to its mean, on ten fresh sets of prompts. How much of the mean lead is left?")  # fmt: skip
Prediction(id="transformer.lane", choices=("less than a tenth", "about a quarter", "about a half", "nearly all of it"),
           question="Before layer 1, the stream at the bracket brings back 0.77 of the lead when it is patched. Patch only the bypass (A), which holds the bracket's embedding, and leave what m0 writes (B) as it is in the corrupt run. How much of the 0.77 comes back?")  # fmt: skip
Prediction(id="transformer.neurons", choices=("one", "two to five", "six to fifty", "more than fifty"),
           question="The first MLP, m0, has 768 neurons. Put a set of them, at the open bracket, from the run with the right bracket into the run with the wrong one. How many of the best does it take to bring back half of what all 768 bring back?")  # fmt: skip

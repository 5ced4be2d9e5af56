"""What lesson 5 asks before it shows."""

from course_utils.grading.kinds import Prediction

Prediction(id="probing.unusual", choices=("as decided, and right", "as decided, and wrong on half of them", "undecided: near even odds"),
           question="A probe was right on all usual inputs, and decided: its log odds are 6 or more in size. What does it say of the unusual ones?")  # fmt: skip
Prediction(id="probing.turned", choices=("all in both", "all in one and none in the other", "about half in both", "none in either"),
           question="Networks A and B have the same hidden vectors, and the same answers on usual inputs. Along the property's direction each hidden vector gets the component of another in which the property differs. How many answers turn?")  # fmt: skip
Prediction(id="probing.expects", choices=("a closing bracket", "an opening bracket", "a comma", "a line break"),
           question="In the indented line “return result”, each token gets the component of tokens inside written brackets. Which token's probability grows most, at the end of the line?")  # fmt: skip
Prediction(id="probing.line_break", choices=("hardly at all", "half as far", "as far, or nearly", "further than twice as far"),
           question="The two lines of a pair swap the component of their line breaks along this one direction. How far do the log odds of “=”, after the name, go towards those of the other line, compared with a swap of the whole vectors?")  # fmt: skip
Prediction(id="probing.ccs", choices=("the truth", "the larger of the two", "a mixture of both", "neither"),
           question="In made-up pairs, truth and one other contrast turn round with the negation. Which of them does contrast-consistent search find?")  # fmt: skip
Prediction(id="probing.illusion", choices=("none", "about half", "all"),
           question="At a site, replacing every vector by the mean changes none of the answers. Now a direction is learned at this site, such that interchange along it turns the answers with the property. How many answers does it turn, in new pairs that differ in the property?")  # fmt: skip

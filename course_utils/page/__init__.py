"""What a page of a lesson is made of. A lesson's author needs to read only this.

    from course_utils.page import about, claim, claims, draw, measured, predict, table

**Figure.** One call, with the caption that everybody reads and the alt text for those who cannot see it:

    plots.show(fig, alt="Loss falls from 6.9 to 3.1 nats.", caption="The loss falls in two steps.")
    draw.induction_circuit(previous="0.2", induction="1.1")          # a drawing of the course; list: help(draw)

A drawing shows itself as the last line of a cell, with its own alt text and caption (`.captioned("…")` for another);
`draw.frames` shows a change, side by side in print and under a slider live. The colours of parts are in `plots`: HEAD,
MLP, NOTE, ANSWER, EDITED and the others, one meaning each; curves and bars that stand for none take `plots.SERIES`.

**Table.** A value that shows itself, as the last line of an experiment:

    table(losses, unit="nats")                                        # {"0.2": 1.31, "1.1": (0.84, 0.80, 0.87)}
    table(heard, columns=("queries", "keys", "values"), unit="nats", signed=True, mark=lambda x: x <= -1)
    table([{"head": "0.2", "score": (0.93, 0.90, 0.95), "null": 0.02}, …], mark="0.2", caption="…")

`(value, low, high)` is a number with its interval; a column whose name begins with "null" is set in grey. A result of
your own gets a table by a method `rows()` that returns a dictionary or list as above: then `table(result)` works.

**Caption.** `caption("…")` under a table whose caption stands in a cell of its own.

**Prediction.** `predict("induction.input")` asks: choices and sliders where the notebook is live, text elsewhere. After
the figure, `measured("induction.input", most_needed)` scores it; what it is given must be computed, never a literal.
Declare questions with `Prediction(id=…, question=…, choices=(…))`, or `between=(0, 1), tolerance=0.1` for a number.

**Claims.** The conclusions, in the words of the text, each with the condition that fails if it is false:

    with claims():
        claim("no head of layer 0 matters more to the keys than 0.2", loss["0.2"] == max(loss.values()))
        claim("about a third of the gain is left", about(left, 1 / 3))
        claim("the keys lose more than the queries (intervals apart)", falling(keys, queries))

`about` is within a tenth; `rounds_to(x, "0.33")`, `between(x, low, high)`, `rising(…)` and `falling(…)` are in
`numbers`. A literal condition and one that is no truth value are refused.

**Now on GPT-2.** The published result, the lesson's model, and GPT-2 itself where its weights are, in one table:

    beside_gpt2(measure, {"code-4l": model}, {"share copied": "most of 144 heads"}, source="Olsson et al. 2022, fig. 3")

**The card** that ends a lesson:

    card({"claim": "…", "evidence": "…", "control": "…", "where it fails": "…"}, …,
         formulas={"induction score": r"\\frac{1}{n}\\sum_i A_{i, i-n+1}"}, links=[("Title", "https://…", "Why.")])

`refusals(source)` names the claims and measurements in a cell that cannot fail or give an answer away.

Files: `claims`, `numbers` (comparisons), `refusals`, `tables`, `rows` (from results to the rows of a table),
`cards`, `gpt2`; and the room `draw`.
"""

from course_utils.captions import caption
from course_utils.grading.predictions import measured, predict

from . import draw
from .cards import card
from .claims import ClaimError, claim, claims
from .gpt2 import beside_gpt2
from .numbers import about, between, falling, rising, rounds_to
from .refusals import refusals
from .tables import table

__all__ = [
    "ClaimError",
    "about",
    "beside_gpt2",
    "between",
    "caption",
    "card",
    "claim",
    "claims",
    "draw",
    "falling",
    "measured",
    "predict",
    "refusals",
    "rising",
    "rounds_to",
    "table",
]

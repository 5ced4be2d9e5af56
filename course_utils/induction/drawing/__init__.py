"""Lesson 3, drawn.

`cards` – four texts as cards, one head that cannot sort them and two that can. `circuit` – the four heads of
`code-attn-2l`, and the toys that are trained with something barred. `ticks` – the match of two tokens, drawn.
`contexts` – the same, tested. `program` – a program's tokens: how likely they are, where a head looks. `own_name` – a
field for a name of the reader's own. `scored` – toys as they form; the heads of whole models by their scores. `roles` –
three questions about each head; grids of numbers.
"""

from course_utils.induction.drawing.cards import four_texts, two_that_subtract
from course_utils.induction.drawing.circuit import circuit
from course_utils.induction.drawing.contexts import half_ways, two_contexts
from course_utils.induction.drawing.own_name import try_name
from course_utils.induction.drawing.program import expected, looked_up
from course_utils.induction.drawing.roles import grids, three_questions
from course_utils.induction.drawing.scored import forming, head_maps
from course_utils.induction.drawing.ticks import two_ticks

__all__ = [
    "circuit", "expected", "forming", "four_texts", "grids", "half_ways", "head_maps", "looked_up",
    "three_questions", "try_name", "two_contexts", "two_that_subtract", "two_ticks",
]  # fmt: skip

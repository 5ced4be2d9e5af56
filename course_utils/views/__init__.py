"""Views to look into a model with: each is a figure with alt text and, below it, something to point at.

    from course_utils import views

    views.attention(cache["pattern", 1], tokens, layer=1)           # the heads of a layer, through circuitsvis
    views.logit_lens(lens(model, cache), tokens, model)             # what each depth would say, at each position
    views.sweep(question.sweep("z"))                                 # every cell with its bootstrap interval

The figure tells the story wherever the notebook goes. What lies below it is an addition for a running notebook: the
attention view is circuitsvis' own, without its calls to other hosts; the other two are plain HTML tables, folded,
whose cells show their exact values where the mouse or the keyboard is. Nothing is fetched from anywhere.

`patterns`, `lens` and `sweeps` are a view each; `legible` writes tokens so that they can be read, `table` makes the
HTML, `bundle` carries circuitsvis' script. Drawings of mechanisms are in `page/draw`.
"""

from .legible import legible
from .lens import logit_lens
from .patterns import attention
from .sweeps import sweep

__all__ = ["attention", "legible", "logit_lens", "sweep"]

"""Mechanisms, drawn by code: each is called before its first equation.

    from course_utils.page import draw

    draw.transformer(n_layers=4, n_heads=4, highlight=("2.2", "m0"))     # the stream, and what reads and adds
    draw.head_opened("2.2")                                              # Q, K, V, O between two positions
    draw.mlp_opened("m0")                                                # neurons, between what they read and add
    draw.induction_circuit(previous="0.2", induction="1.1", steps=3)     # A B … A, the note, the match, the copy
    draw.features_on_a_line("A", "B", cases=[(0.6, 0.2)])   # one dimension, two features, two ReLUs
    draw.features_in_a_plane(W, read=0)                                  # arrows, and where the reader gives zero
    draw.attention_arcs(tokens, {(9, 3): 0.94}, name="2.2")              # (reader, read): weight
    draw.circuit(found, tokens=tokens, at={"1.1": 4})                    # a patching.Circuit, or names of parts
    draw.columns(tokens, heads={"2.2": (3, 8)}, mlps=[("m0", 3)])        # every position's stream, and the parts found
    draw.road(tokens, 3, {"2.2": "0.29"}, mlps={("m0", 3): "0.77"})    # from one token to the answer
    draw.norm_stretches((3, 4), (2, 8))                                 # what the norm does when a part goes
    draw.activation_patching("2.2", clean=("f ( x", ")"), corrupt=("f [ x", "]"))
    draw.path_patching("m0", ("1.0", "2.2", "m1"), chosen="2.2")        # for all readers, and for one alone
    draw.mlp_lanes("[", "m0")                                           # past an MLP, and through it
    draw.ablations("2.2")                                                # intact, zero, mean, resample

Each returns a `Picture`, which shows itself as the last line of a cell, with its alt text and its caption;
`.captioned("…")` gives it another caption, `.show()` shows it anywhere, `.fig` is the matplotlib figure.

    draw.frames(lambda k: draw.induction_circuit(steps=k), [1, 2, 3], ["the note", "the match", "the copy"], alt="…")

`frames` draws one thing for several values: side by side on a page, under a slider in a live notebook.
`cut_plane(ax, W, read)` draws the plane into axes of your own.

Files: `sheet` (paper and shapes), `stream`, `columns`, `road`, `norm`, `lanes`, `induction`, `plane`, `arcs`, `diagram`
(of circuits), `experiment`, `framing`. A new drawing begins with `sheet(height)` and measures in inches; the colours of
parts are those of `plots`.
"""

from .arcs import attention_arcs
from .columns import columns
from .diagram import circuit
from .experiment import ablations, activation_patching, path_patching
from .framing import Frames, frames
from .induction import induction_circuit
from .lanes import mlp_lanes
from .norm import norm_stretches
from .plane import cut_plane, features_in_a_plane, features_on_a_line
from .road import road
from .sheet import Picture, Sheet, sheet
from .stream import head_opened, mlp_opened, transformer

__all__ = [
    "Frames",
    "Picture",
    "Sheet",
    "ablations",
    "activation_patching",
    "attention_arcs",
    "circuit",
    "columns",
    "cut_plane",
    "features_in_a_plane",
    "features_on_a_line",
    "frames",
    "head_opened",
    "induction_circuit",
    "mlp_lanes",
    "mlp_opened",
    "norm_stretches",
    "path_patching",
    "road",
    "sheet",
    "transformer",
]

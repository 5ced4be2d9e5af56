"""The models that come with the course: `load`, what they are, what they were measured to do.

    from course_utils import zoo
    model = zoo.load("code-4l")                             # a TransformerLens bridge, offline
    young = zoo.load("code-attn-2l", checkpoint=1000)       # one of zoo.checkpoints("code-attn-2l")
    gpt2 = zoo.load("gpt2")                                 # Hugging Face's; zoo.cached("gpt2") says if it is here

`loading` – from a name to a bridge. `cards` – files, checksums, and what to do when one is wrong. `shape` – the
architectures and their initial weights. `tokens` – tokenizers. `table` – `course models`, the cards as a table.

Recipes and training are in `models/`: `python -m models.train NAME` trains one again.
"""
from .cards import ZooError
from .loading import available, cached, card, checkpoints, load

__all__ = ["ZooError", "available", "cached", "card", "checkpoints", "load"]

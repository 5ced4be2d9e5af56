"""circuitsvis in a notebook without a network: its own bundle once, then one small element per figure.

circuitsvis asks an outside host for its script, or, where there is no network, writes 1.3 MB into every figure.
Here the script that came with the installed package is written into one output of the notebook, compressed; the other
figures wait until it is there. When the cell that carries it is run again, it carries it again. Where each output
lives in a frame of its own (Colab), every figure has to bring it.
"""

import base64
import functools
import gzip
import json
import secrets
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from course_utils import runtime

LOAD = """<script>
if (!window.CircuitsVis && !window.courseLoadsCircuitsVis) window.courseLoadsCircuitsVis = (async () => {
  const bytes = Uint8Array.from(atob("%s"), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text() + "\\nwindow.CircuitsVis = CircuitsVis;";
  document.head.append(script);
  script.remove();
})();
</script>"""
CALL = """<div id="%(name)s" style="max-width:640px" role="group" aria-label="interactive view">%(meanwhile)s</div>
<script>
(function draw() {
  const place = document.getElementById("%(name)s");
  if (!place) return;
  if (!window.CircuitsVis) { setTimeout(draw, 200); return; }
  window.CircuitsVis.render("%(name)s", window.CircuitsVis.%(view)s, %(properties)s);
})();
</script>"""
MISSING = "This release of circuitsvis does not bring its bundle, so the interactive view cannot be shown."
MEANWHILE = (
    "The interactive view appears here once the first such cell of this notebook has been run and shown; "
    "the figure above shows the same."
)

_carrier: tuple[Any, Any] | None = None  # the cell that carries the bundle, and which of its runs


def element(view: str, **properties: Any) -> str:
    """HTML that draws one of circuitsvis' views; `properties` are JSON values in its JavaScript's own names."""
    if not _bundle().is_file():
        return f"<p>{MISSING}</p>"
    text = json.dumps(properties, separators=(",", ":")).replace("<", "\\u003c")
    name = f"course-attention-{secrets.token_hex(8)}"  # also unlike those of an earlier kernel, still on the page
    call = CALL % {"name": name, "meanwhile": MEANWHILE, "view": view, "properties": text}
    return f"{LOAD % _packed()}\n{call}" if _carries() else call


def _carries() -> bool:
    """Whether the output that is being made has to bring the bundle; remembers that it does."""
    global _carrier
    if runtime.in_colab():
        return True
    cell, run = _running_cell()
    if _carrier is None or (cell is not None and cell == _carrier[0] and run != _carrier[1]):
        _carrier = (cell, run)
        return True
    return False


def _running_cell() -> tuple[Any, Any]:
    """The id of the cell that is being run, if the front end tells, and the number of this run."""
    from IPython import get_ipython

    shell = get_ipython()
    parent = getattr(shell, "get_parent", dict)() or {}
    return parent.get("metadata", {}).get("cellId"), getattr(shell, "execution_count", None)


def _bundle() -> Traversable:
    return files("circuitsvis").joinpath("dist", "cdn", "iife.js")


@functools.cache
def _packed() -> str:
    """The bundle of the installed circuitsvis, compressed, in base64."""
    script = _bundle().read_text(encoding="utf8")
    script = script.rpartition("\n//# sourceMappingURL=")[0] or script  # a debugger would fetch the map
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()

"""Executing a notebook, and making its outputs repeatable.

1. `execute` runs the cells in a fresh kernel of this Python: no network, no progress of anybody, on the CPU.
2. `clean` takes out what differs from run to run or is too heavy: times, widgets, scripts, progress bars.
3. `flaws` says what is still wrong with the outputs.
"""

import base64
import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode, writes
from PIL import Image

MAX_BYTES = 900_000
CELL_TIMEOUT = 600  # seconds
DROPPED = ("application/javascript", "application/vnd.jupyter.widget-view+json")
PROGRESS_BAR = re.compile(r"^.*\d+%\|.*\n?", re.M)  # as tqdm draws it
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")


class RunError(Exception):
    """One sentence on the cell that failed, and its error."""


class KernelOfThisPython(AsyncKernelManager):
    """Starts the running Python's kernel, whatever "python3" is called elsewhere on this machine."""

    python = sys.executable

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(argv=[self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"])


def execute(nb: NotebookNode, *, strict: bool) -> None:
    """Run all cells of `nb` in place; `strict` turns a failed grade into an error.

    Raises:
        RunError: a cell failed, took too long, or ended its kernel.
    """
    with tempfile.TemporaryDirectory(prefix="course-build-") as folder:
        home, work = Path(folder, "home"), Path(folder, "work")
        home.mkdir()
        work.mkdir()
        (home / "progress.json").write_text('{"seed": 0}', encoding="utf8")  # the same learner at every build
        unwanted = ("JUPYTERHUB_USER", "NBGRADER_EXECUTION", "COURSE_STRICT", "COURSE_SOURCE", "MPLBACKEND")
        environment = {key: value for key, value in os.environ.items() if key not in unwanted}
        environment |= {
            "COURSE_HOME": str(home),
            "COURSE_DEVICE": "cpu",
            "COURSE_STRICT": "1" if strict else "",
            "HF_HUB_OFFLINE": "1",
            "IPYTHONDIR": str(home / "ipython"),
            "PYTHONHASHSEED": "0",
        }
        client = NotebookClient(
            nb, timeout=CELL_TIMEOUT, resources={"metadata": {"path": str(work)}}, record_timing=False,
            store_widget_state=False, coalesce_streams=True, kernel_manager_class=KernelOfThisPython,
        )  # fmt: skip
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            cell = next(cell for cell in nb.cells if any(o.output_type == "error" for o in cell.get("outputs", ())))
            raise RunError(f"cell {cell.id!r} failed.\n{error}") from None
        except (CellTimeoutError, DeadKernelError) as error:
            raise RunError(str(error)) from None


def clean(nb: NotebookNode) -> None:
    """Take out of the outputs, in place, what differs between runs or what no page may carry."""
    nb.metadata.pop("widgets", None)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell.outputs = [output for output in cell.outputs if _keep(output)]


def _keep(output: NotebookNode) -> bool:
    """Clean one output in place; whether anything of it is left."""
    if output.output_type == "stream":
        if output.name == "stderr":
            output.text = PROGRESS_BAR.sub("", output.text)
        return bool(output.text.strip())
    if output.output_type == "error":  # of a cell that is meant to raise
        output.traceback = [f"{output.ename}: {output.evalue}"]
        return True
    dropped = [kind for kind in DROPPED if kind in output.data]
    if "<script" in "".join(output.data.get("text/html", "")):
        dropped.append("text/html")
    for kind in dropped:
        del output.data[kind]
        output.metadata.pop(kind, None)
    if "image/png" in output.data:
        output.data["image/png"] = _smallest(output.data["image/png"])
    return bool(set(output.data) - ({"text/plain"} if dropped else set()))


def _smallest(png: str) -> str:
    """The same pixels in fewer bytes, without the text that names a version or a date."""
    stream = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        image.save(stream, format="png", optimize=True)
    return base64.b64encode(stream.getvalue()).decode()


def flaws(nb: NotebookNode) -> list[str]:
    """A sentence for everything in the outputs that a reader, or the next build, would suffer from."""
    found = []
    size = len(writes(nb).encode())
    if size > MAX_BYTES:
        sizes = {cell.id: len(json.dumps(cell.get("outputs", []))) for cell in nb.cells}
        largest = ", ".join(f"{name} ({sizes[name] // 1000} kB)" for name in sorted(sizes, key=sizes.get)[:-4:-1])
        found.append(f"it has {size // 1000} kB, {MAX_BYTES // 1000} are the most; the largest cells: {largest}")
    for cell in nb.cells:
        for output in cell.get("outputs", ()):
            data, metadata = output.get("data", {}), output.get("metadata", {})
            text = output.get("text", "") + data.get("text/plain", "")
            if "image/png" in data and not metadata.get("image/png", {}).get("alt", "").strip():
                found.append(f"cell {cell.id!r} draws a figure without alt text: end it with plots.show(fig, alt=…)")
            if output.get("name") == "stderr":
                found.append(f"cell {cell.id!r} prints a warning: {text.strip().splitlines()[0]}")
            if ADDRESS.search(text):
                found.append(f"cell {cell.id!r} shows a memory address, which differs at every run")
            if any(kind in data for kind in DROPPED) or "<script" in data.get("text/html", ""):
                found.append(f"cell {cell.id!r} carries a script or a widget, which no page shows")
    return found

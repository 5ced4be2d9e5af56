"""JupyterLab as a learner meets it: the course's own server, a real Chromium, a keyboard.

    with Server(course_folder) as server, chromium() as browser:
        notebook = Notebook.open(browser, server, "notebooks/01_superposition.ipynb")
        notebook.run_all()
        assert notebook.errors() == []

Cells are named by their ids, which the build makes from the sections of a lesson.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from course_utils.cli.lab import command
from course_utils.cli.start import start

QUIET = (  # what a browser would otherwise ask of the network by itself
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)
# The notebook of the window in front, as the code of JupyterLab sees it.
PANEL = "window.jupyterapp.shell.currentWidget"


def chromium_path() -> str | None:
    """An installed Chromium or Chrome; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The installed Chromium, without a window."""
    root = getattr(os, "geteuid", lambda: 1)() == 0  # its sandbox refuses to work for root
    flags = [*QUIET, "--no-sandbox"] if root else list(QUIET)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        yield browser
        browser.close()


class Server:
    """JupyterLab on a copy of a course, started as `course lab` starts it, without a password for the test.

    Args:
        course: a folder with `notebooks/` and `exercises/`; the latter are brought to `my/` first.
        scratch: an empty folder for the learner's progress and Jupyter's own files.
    """

    def __init__(self, course: Path, scratch: Path) -> None:
        self.course, self.scratch = course, scratch
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Server":
        start(self.course)
        options = [
            "--no-browser", "--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0",
            "--IdentityProvider.token=", "--ServerApp.password=", "--LabApp.expose_app_in_browser=True",
        ]  # fmt: skip
        hidden = ("PYTEST_CURRENT_TEST", "COURSE_STRICT", "NBGRADER_EXECUTION", "JUPYTERHUB_USER")
        environment = {key: value for key, value in os.environ.items() if key not in hidden}
        folders = (
            "COURSE_HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR",
        )  # fmt: skip
        environment |= {name: str(self.scratch / name.lower()) for name in folders} | {"HF_HUB_OFFLINE": "1"}
        self.log = (self.scratch / "server.log").open("w", encoding="utf8")
        self.process = subprocess.Popen(
            command(self.course, options, False), env=environment, stdout=self.log, stderr=subprocess.STDOUT
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/api/status", timeout=5):
                return
            time.sleep(0.2)
        raise RuntimeError(f"JupyterLab did not start:\n{Path(self.log.name).read_text(encoding='utf8')}")

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@dataclass
class Notebook:
    """A notebook that is open in JupyterLab."""

    page: Page
    outside: list[str] = field(default_factory=list)  # addresses asked for that are not this machine's

    @classmethod
    def open(cls, browser: Browser, server: Server, path: str) -> "Notebook":
        """Open `path` in a window of its own and wait until its kernel is idle."""
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        notebook = cls(page)
        page.on("request", lambda request: notebook._note(request.url))
        name = Path(path).stem.replace("_", "-")
        page.goto(f"{server.url}/lab/workspaces/auto-{name}/tree/{path}?reset", wait_until="domcontentloaded")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=120_000)
        return notebook

    def run_all(self, seconds: float = 300) -> None:
        """Run all cells and wait until the last one is done, or one has failed."""
        # The promise is not awaited: it may settle long after the cells are done.
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs'); }")
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self._until(self._ran, seconds, "the cells to be run")

    def run(self, cell_id: str, seconds: float = 60) -> None:
        """Run one cell again and wait until it is done."""
        before = self._count(cell_id)
        self.output(cell_id)  # scrolled to
        self.page.evaluate(
            f"name => {{ const notebook = {PANEL}.content;"
            " notebook.activeCellIndex = notebook.widgets.findIndex(cell => cell.model.id === name);"
            " window.jupyterapp.commands.execute('notebook:run-cell'); }",
            cell_id,
        )
        self._until(lambda: self._count(cell_id) not in (None, before) and self._idle(), seconds, "the cell to be run")

    def _count(self, cell_id: str) -> int | None:
        return next(cell["execution_count"] for cell in self.cells() if cell["id"] == cell_id)

    def _ran(self) -> bool:
        waiting = [cell for cell in self.cells() if "".join(cell["source"]).strip() and not cell["execution_count"]]
        return bool(self.errors()) or (not waiting and self._idle())

    def _idle(self) -> bool:
        return self.page.evaluate(f"() => {PANEL}.sessionContext.session.kernel.status === 'idle'")

    def cells(self) -> list[dict]:
        """The code cells as they are now, in nbformat's words."""
        cells = self.page.evaluate(f"() => {PANEL}.context.model.toJSON().cells")
        return [cell for cell in cells if cell["cell_type"] == "code"]

    def errors(self) -> list[str]:
        """What went wrong in which cell."""
        return [
            f"{cell['id']}: {output['ename']}: {output['evalue']}"
            for cell in self.cells()
            for output in cell["outputs"]
            if output["output_type"] == "error"
        ]

    def widgets(self) -> list[str]:
        """The ids of the cells that show a widget."""
        view = "application/vnd.jupyter.widget-view+json"
        return [cell["id"] for cell in self.cells() if any(view in o.get("data", {}) for o in cell["outputs"])]

    def output(self, cell_id: str) -> Locator:
        """The place where the outputs of a cell are shown, scrolled into view."""
        index = self.page.evaluate(
            f"name => {PANEL}.content.widgets.findIndex(cell => cell.model.id === name)", cell_id
        )
        assert index >= 0, f"no cell is called {cell_id}"
        self.page.evaluate(f"index => {{ {PANEL}.content.scrollToItem(index, 'start'); }}", index)
        cell = self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"] .jp-Cell-outputArea')
        cell.wait_for(state="attached", timeout=30_000)
        return cell

    def text(self, cell_id: str) -> str:
        """What a reader sees below a cell. It is drawn once it is in view, which may take a moment."""
        output = self.output(cell_id)
        for _ in range(50):
            if said := output.inner_text().strip():
                return said
            self.page.wait_for_timeout(100)
        return ""

    def images(self, cell_id: str) -> list[str]:
        """The figures below a cell, also those that a widget shows: the addresses that hold their pixels."""
        return self.output(cell_id).locator("img").evaluate_all("images => images.map(image => image.src)")

    def sliders(self, cell_id: str) -> Locator:
        """The handles of the sliders below a cell."""
        return self.output(cell_id).locator(".widget-slider .noUi-handle")

    def press_and_see(self, cell_id: str, slider: int, key: str = "ArrowRight", seconds: float = 60) -> bool:
        """Press `key` on a slider of a cell; whether a figure below the cell changes (in `seconds` at most)."""
        handle = self.sliders(cell_id).nth(slider)
        handle.scroll_into_view_if_needed()
        before = self.images(cell_id)
        handle.focus()
        handle.press(key)
        with contextlib.suppress(TimeoutError):
            self._until(lambda: self.images(cell_id) not in (before, []), seconds, "another figure")
            return True
        return False

    def _until(self, true: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:.0f} s for {what}")
            self.page.wait_for_timeout(200)

    def _note(self, url: str) -> None:
        host = urlsplit(url).hostname
        if host not in (None, "127.0.0.1", "localhost"):
            self.outside.append(url)

    def close(self) -> None:
        """Close the window without asking, and leave the file as it was."""
        self.page.close(run_before_unload=False)

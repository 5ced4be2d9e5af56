"""Take the README's figure and its alt text out of the built lesson, so that they never differ.

    python tools/readme_figure.py

1. Find the cell of notebooks/01_superposition.ipynb that draws `DRAWS`.
2. Write its picture, byte for byte, to the file that the README shows.
3. Put its alt text into the README.
"""

import base64
import json
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "notebooks/01_superposition.ipynb"
DRAWS = "shapes.plot()"
SHOWN = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")


def figure(root: Path = ROOT) -> tuple[bytes, str]:
    """The picture and its alt text, as the notebook has them.

    Raises:
        LookupError: no cell of the notebook draws it.
    """
    for cell in json.loads((root / NOTEBOOK).read_text(encoding="utf8"))["cells"]:
        for output in cell.get("outputs", ()) if DRAWS in "".join(cell["source"]) else ():
            if "image/png" in output.get("data", {}):
                alt = output["metadata"]["image/png"]["alt"]
                return base64.b64decode("".join(output["data"]["image/png"])), alt
    raise LookupError(f"No cell of {NOTEBOOK} draws {DRAWS}: say in tools/readme_figure.py which figure to show.")


def shown(readme: str, alt: str) -> tuple[str, str]:
    """The README with that alt text, and the file that it shows."""
    file = SHOWN.search(readme).group(1)
    lines = textwrap.wrap(f"![{alt}]({file})", 120, break_long_words=False, break_on_hyphens=False)
    return SHOWN.sub(lambda _: "\n".join(lines), readme, count=1), file


def main(root: Path = ROOT) -> int:
    readme = root / "README.md"
    try:
        picture, alt = figure(root)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    text, file = shown(readme.read_text(encoding="utf8"), alt)
    for path, content in ((readme, text.encode()), (root / file, picture)):
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            print(f"{path.relative_to(root)}: brought up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Take the README's figure out of the built lesson, so that the two never differ: python tools/readme_figure.py

The README shows `![ALT](FILE)`; the figure of notebooks/01_superposition.ipynb whose alt text is ALT is written
to FILE, byte for byte.
"""

import base64
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "notebooks/01_superposition.ipynb"


def figure(root: Path = ROOT) -> tuple[Path, bytes]:
    """Where the README's figure belongs, and what the notebook says it is.

    Raises:
        LookupError: the notebook has no figure of that alt text.
    """
    alt, file = re.search(r"!\[([^\]]+)\]\(([^)]+)\)", (root / "README.md").read_text(encoding="utf8")).groups()
    alt = " ".join(alt.split())
    for cell in json.loads((root / NOTEBOOK).read_text(encoding="utf8"))["cells"]:
        for output in cell.get("outputs", ()):
            if output.get("metadata", {}).get("image/png", {}).get("alt") == alt:
                return root / file, base64.b64decode("".join(output["data"]["image/png"]))
    raise LookupError(f"{NOTEBOOK} has no figure whose alt text is the README's: {alt!r}.")


def main() -> int:
    try:
        path, content = figure()
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
        print(f"{path.relative_to(ROOT)}: {len(content) // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

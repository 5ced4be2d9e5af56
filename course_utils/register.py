"""Which exercises and predictions there are, read from the text of their declarations: nothing is imported.

A table of what has been passed must not wait for torch and for every lesson's models.
"""

import ast
from pathlib import Path

ROOM = Path(__file__).parent  # the package


def lessons() -> list[str]:
    """The topic rooms that ask something: those with a folder `exercises`."""
    return sorted(folder.parent.name for folder in ROOM.glob("*/exercises") if (folder / "__init__.py").exists())


def ids(kind: str) -> list[str]:
    """The ids of all declared exercises ("exercise") or predictions ("prediction"), sorted."""
    found = []
    for lesson in lessons():
        for file in sorted((ROOM / lesson / "exercises").glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf8"))):
                if isinstance(node, ast.Call):
                    named = [keyword.value for keyword in node.keywords if keyword.arg == "id"]
                    if (ast.unparse(node.func) == "Prediction") == (kind == "prediction"):
                        found += [value.value for value in named if isinstance(value, ast.Constant)]
    return sorted(id for id in found if id.partition(".")[0] in lessons())

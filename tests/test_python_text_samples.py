"""The sample programs: valid, runnable, varied, and of the size that the lessons count on."""
import ast
import subprocess
import sys

import pytest

from course_utils.python_text import samples


@pytest.mark.parametrize("name", samples.names())
def test_a_sample_compiles_and_runs(name, tmp_path):
    text = samples.read(name)
    compile(text, name, "exec")
    path = tmp_path / f"{name}_copy.py"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", "-X", "utf8", str(path)], capture_output=True, text=True,
                          encoding="utf-8", timeout=60, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_there_are_about_forty_kilobytes_of_them():
    sizes = [len(samples.read(name).encode()) for name in samples.names()]
    assert 38_000 <= sum(sizes) <= 48_000 and len(sizes) >= 10 and max(sizes) < 0.2 * sum(sizes)


def test_their_style_varies():
    kinds = {type(node).__name__ for name in samples.names() for node in ast.walk(ast.parse(samples.read(name)))}
    assert {"AsyncFunctionDef", "ClassDef", "Lambda", "Match", "JoinedStr", "YieldFrom", "With", "Try", "DictComp",
            "Nonlocal", "Starred", "Assert", "While"} <= kinds


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="no sample called 'poem': choose from async_kitchen, "):
        samples.read("poem")

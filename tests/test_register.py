"""The register of ids: what is read from the text is what importing declares, and reading it imports no topic."""

import subprocess
import sys

from course_utils import register
from course_utils.grading.exercise import Prediction, declared


def test_the_ids_read_from_the_text_are_those_declared():
    assert register.ids("exercise") == [exercise.id for exercise in declared()]
    assert register.ids("prediction") == sorted(Prediction.registry)
    assert {id.partition(".")[0] for id in register.ids("exercise")} == set(register.lessons())


def test_a_table_of_progress_imports_neither_torch_nor_a_topic(tmp_path):
    code = (
        "import sys; from course_utils.cli.progress import progress; progress(); "
        "print([name for name in sys.modules if name == 'torch' or name.startswith('course_utils.superposition')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"COURSE_HOME": str(tmp_path)}
    )
    assert run.stdout.strip() == "[]"

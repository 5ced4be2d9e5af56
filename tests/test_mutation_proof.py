"""The proof that every grader, of every lesson there is, rejects wrong answers under their own names."""

import pytest

from course_utils.grading.exercise import declared
from course_utils.grading.proof import prove, table

EXERCISES = declared()
FEWEST = 5  # misconceptions; an exercise for which fewer are sensible says so in FEWER
FEWER: dict[str, str] = {}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_proof(exercise, capsys):
    proof = prove(exercise)
    with capsys.disabled():
        print("\n" + table([proof]).rsplit("\n", 1)[0])
    assert not proof.gaps, "\n".join(proof.gaps)
    assert proof.named == proof.misconceptions
    assert proof.rejected + len(proof.equivalent) == proof.mutants > 0
    assert proof.misconceptions >= FEWEST or exercise.id in FEWER
    names = [known.name for known in exercise.misconceptions]
    assert len(set(names)) == len(names)
    assert exercise.hints and all(known.say.endswith((".", "?")) for known in exercise.misconceptions)

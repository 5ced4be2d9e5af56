"""The proof that every grader, of every lesson there is, rejects wrong answers under their own names."""

import pytest

from course_utils.grading.answer import Answer
from course_utils.grading.exercise import declared
from course_utils.grading.mutants import survey
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


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if not isinstance(e, Answer)], ids=lambda e: e.id)
def test_changes_of_the_references_source_are_noticed_or_equivalent_for_a_stated_reason(exercise, capsys):
    found = survey(exercise)
    with capsys.disabled():
        print(f"\n{found}")
    assert found.mutants >= 20 and not found.unexplained and not found.idle, repr(found)
    assert all(reason.endswith(".") for reason in exercise.survivors.values())

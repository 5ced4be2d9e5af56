"""Stored results: the recorded files, their makers, and what is said of a file that is missing or another one."""

import hashlib

import pytest
import torch

import models.stored as makers
from course_utils import stored
from course_utils.induction.code import stored as induction
from course_utils.sae import stored as sae
from course_utils.superposition import stored as superposition

ROOMS = (superposition, sae, induction)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_stored_result_is_the_recorded_one_and_has_a_maker(room):
    assert {path.stem for path in room.FOLDER.glob("*.npz")} == set(room.SHA256)
    for name, digest in room.SHA256.items():
        assert hashlib.sha256((room.FOLDER / f"{name}.npz").read_bytes()).hexdigest() == digest
        assert makers.MAKERS[name][0].FOLDER == room.FOLDER
    assert sum(len(room.SHA256) for room in ROOMS) == len(makers.MAKERS)


def test_what_is_saved_is_loaded_in_single_precision_and_saving_twice_gives_the_same_file(tmp_path):
    arrays = {"W": torch.rand(3, 4).half(), "step": torch.arange(3)}
    digest = makers.save(tmp_path, "once", arrays)
    assert digest == makers.save(tmp_path, "once", arrays)
    found = stored.load(tmp_path, "once", digest)
    assert found["W"].dtype == torch.float32 and torch.equal(found["W"], arrays["W"].float())
    assert found["step"].dtype == torch.int64 and found["step"].tolist() == [0, 1, 2]


def test_a_damaged_or_missing_result_is_named_with_its_maker(tmp_path):
    with pytest.raises(RuntimeError, match=r"missing.*models\.stored plane"):
        stored.load(tmp_path, "plane", "0")
    (tmp_path / "plane.npz").write_bytes(b"not the file")
    with pytest.raises(RuntimeError, match=r"not the one.*models\.stored plane"):
        stored.load(tmp_path, "plane", "0")

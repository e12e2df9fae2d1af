"""The hidden folder of a film: when it stays, and who may use it."""

from pathlib import Path

import pytest

from photochrom.errors import PhotoError, WriteError
from photochrom.jobs.film_folder import work_folder


def stopped(target: Path, error: BaseException) -> None:
    """Work that makes a segment and ends with an error."""

    def work() -> None:
        with work_folder(target) as folder:
            (folder / "segment-00000.mkv").write_bytes(b"x")
            raise error

    with pytest.raises(type(error)):
        work()


def test_it_stays_after_an_interrupt_and_a_full_disk(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    for error in (KeyboardInterrupt(), WriteError(str(target), "there is no room on the disk")):
        stopped(target, error)
        assert (tmp_path / ".a.mp4.photochrom" / "segment-00000.mkv").exists()


def test_it_goes_after_another_error(tmp_path: Path) -> None:
    stopped(tmp_path / "a.mp4", PhotoError("a.mp4", "is damaged"))
    assert not (tmp_path / ".a.mp4.photochrom").exists()


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    with work_folder(tmp_path / "a.mp4") as folder:
        (folder / ".photochrom-1.part").write_bytes(b"half")
    with work_folder(tmp_path / "a.mp4") as folder:
        assert not (folder / ".photochrom-1.part").exists()


def test_two_runs_cannot_make_one_result(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    with (
        work_folder(target),
        pytest.raises(WriteError, match="is being made by another process"),
        work_folder(target),
    ):
        pass

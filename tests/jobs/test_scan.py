"""Which files of a folder are photos."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.jobs.scan import Scan, is_result
from photochrom.media import photo as media
from photochrom.media import provenance


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for name in ("a.jpg", "sub/b.PNG", "sub/deep/c.tif", "notes.txt", ".hidden.jpg", ".trash/d.jpg"):
        path = tmp_path / "box" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "box"


def names(scan: Scan) -> list[str]:
    return [path.relative_to(scan.folder).as_posix() for path in scan]


def test_photos_in_the_order_of_names(box: Path) -> None:
    assert names(Scan(box, recursive=True)) == ["a.jpg", "sub/b.PNG", "sub/deep/c.tif"]
    assert names(Scan(box)) == ["a.jpg"]
    assert names(Scan(box, recursive=True, leave_out=box / "sub/../sub")) == ["a.jpg"]


def test_a_result_is_known_by_its_provenance_and_not_by_its_name(box: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(box / "harbour.color.png")
    photo = media.open(box / "harbour.color.png")
    photo.pages[0].pixels, photo.pages[0].space = np.zeros((4, 4, 3), np.uint8), "rgb"
    provenance.mark(photo, "photochrom", "1")
    (box / "a.color.png").write_bytes(media.encode(photo))
    assert is_result(box / "a.color.png")
    assert not is_result(box / "harbour.color.png")
    assert not is_result(box / "nowhere.png")
    assert names(Scan(box)) == ["a.jpg", "harbour.color.png"]


def test_special_files_are_said_and_not_opened(box: Path) -> None:
    os.mkfifo(box / "pipe.jpg")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(box / "s.png"))
    scan = Scan(box)
    assert names(scan) == ["a.jpg"]
    assert [(Path(p.path).name, p.code) for p in scan.problems] == [
        ("pipe.jpg", "not_a_file"),
        ("s.png", "not_a_file"),
    ]
    listener.close()


def test_a_photo_without_a_suffix_is_a_photo(tmp_path: Path) -> None:
    for name in ("scan", "Smith, A. wedding", "backup.jpg_original", "film"):
        Image.new("L", (8, 8)).save(tmp_path / name, "JPEG")
    (tmp_path / "film").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(99))
    (tmp_path / "notes").write_text("Dear diary")
    os.mkfifo(tmp_path / "pipe")
    scan = Scan(tmp_path)
    assert names(scan) == ["Smith, A. wedding", "scan"]
    assert scan.left_out == {
        "a JPEG file whose name ends with .jpg_original": 1,
        "Matroska or WebM is a video format": 1,
    }
    assert scan.problems == []


def test_a_folder_that_cannot_be_listed_does_not_stop_the_scan(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests run as root, whom no permission stops.
    honest = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return honest(path)

    monkeypatch.setattr("os.scandir", scandir)
    scan = Scan(box, recursive=True)
    assert names(scan) == ["a.jpg", "sub/b.PNG"]
    (problem,) = scan.problems
    assert problem.path == str(box / "sub/deep")
    assert "cannot be listed" in str(problem)


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    scan = Scan(tmp_path / "gone")
    assert names(scan) == []
    assert len(scan.problems) == 1

"""Which file a photo came from."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

from photochrom.pipeline.origin import Origin


def test_digest_of_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"photo")
    expected = hashlib.sha256(b"photo").hexdigest()
    opened = BytesIO(b"photo")
    opened.read()
    for source in (path, str(path), b"photo", bytearray(b"photo"), opened):
        assert Origin.of(source).digest == expected
    assert Origin().digest == ""
    assert Origin.of(tmp_path / "gone").digest == ""


def test_place_is_that_of_the_real_path_and_does_not_tell_it(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "link").symlink_to("box", target_is_directory=True)
    first, second = Origin.of(tmp_path / "box/a.jpg"), Origin.of(tmp_path / "link/a.jpg")
    assert (first.place, first.name) == (second.place, "a.jpg")
    assert first.place != Origin.of(tmp_path / "box/b.jpg").place
    assert len(first.place) == 16
    assert Origin.of(b"", "a.jpg").place == ""


def test_bytes_that_were_read_from_a_path_have_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"photo")
    read = Origin.of(path.read_bytes(), "a.jpg", place=str(path.resolve()))
    opened = Origin.of(path)
    assert (read.name, read.place, read.digest) == (opened.name, opened.place, opened.digest)
    assert (
        Origin.of(b"", "a.jpg", place="s3://box/a.jpg").place != Origin.of(b"", place="s3://box/b.jpg").place
    )

"""A zip archive that is made while it is sent: it is sound, and never whole in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from photochrom.studio.service import ResultFile
from photochrom.studio.store import Store
from photochrom.studio.zip_stream import CHUNK, zip_stream


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(1 << 30, tmp_path)
    yield made
    made.close()


def result(store: Store, name: str, data: bytes) -> ResultFile:
    return ResultFile(store.write(data, "client"), name, ".png", None, "PNG")


def test_the_archive_holds_every_result_under_a_name_of_its_own(store: Store) -> None:
    names = ["a.png", "A.png", "祖母.png", "empty.png"]
    contents = [bytes(range(256)) * 9000, b"second", b"third", b""]
    results = [result(store, name, data) for name, data in zip(names, contents, strict=True)]
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(store, results)))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.color.png", "A (2).color.png", "祖母.color.png", "empty.color.png"]
        assert [archive.read(name) for name in archive.namelist()] == contents


def test_parts_are_sent_as_they_are_read(store: Store) -> None:
    results = [result(store, f"{n}.png", bytes(4 * CHUNK)) for n in range(2)]
    parts = list(zip_stream(store, results))
    assert len(parts) == 9
    assert max(map(len, parts)) < 1.1 * CHUNK


def test_a_member_above_4_gib_has_zip64_records(store: Store) -> None:
    blob = store.write(b"", "client")
    large = (4 << 30) + 1
    with blob.path.open("r+b") as file:
        file.truncate(large)  # a hole: it takes no room on the disk
    stated = ResultFile(type(blob)(blob.path, large, blob.owner), "large.tif", ".tif", None, "TIFF")
    head = next(stream := zip_stream(store, [stated]))
    stream.close()
    # APPNOTE 4.5.3: both sizes are in the extra field 0x0001, and the record needs version 4.5.
    assert head[:6] == b"PK\x03\x04\x2d\x00"
    assert b"\x01\x00\x10\x00" in head[: 30 + 40]


def test_no_photos_make_an_empty_archive(store: Store) -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(store, [])))) as archive:
        assert archive.namelist() == []

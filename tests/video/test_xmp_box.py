"""XMP boxes, laid out by hand after ISO 14496-12."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from photochrom.video.xmp_box import append_xmp, read_xmp

UUID = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def test_a_packet_is_found_between_other_boxes(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 5) + b"12345"
    path.write_bytes(box(b"ftyp", b"isom") + box(b"uuid", b"x" * 20) + large + box(b"uuid", UUID + b"<xmp/>"))
    assert read_xmp(path) == b"<xmp/>"


def test_an_appended_packet_is_read_and_the_film_still_plays(films: Any) -> None:
    path = films.make("in.mp4", "-c:v", "libx264", frames=3, size="64x48")
    assert read_xmp(path) is None
    append_xmp(path, b"<x:xmpmeta/>")
    assert read_xmp(path) == b"<x:xmpmeta/>"
    assert films.stream(path)["nb_read_frames"] == "3"


def test_other_files_and_broken_boxes_have_none(tmp_path: Path) -> None:
    for number, data in enumerate(
        (b"", b"abc", b"\x1aE\xdf\xa3" * 10, box(b"ftyp", b"") + struct.pack(">I4s", 3, b"uuid"))
    ):
        path = tmp_path / str(number)
        path.write_bytes(data)
        assert read_xmp(path) is None

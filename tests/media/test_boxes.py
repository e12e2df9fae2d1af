"""Metadata in the boxes of JPEG 2000 and JPEG XL. The files are built by hand, as ISO 15444-1 says."""

from __future__ import annotations

import struct
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom.media import photo as media
from photochrom.media.boxes import EXIF, IPTC, XMP, boxes
from photochrom.media.xmp import DC, Packet

PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="album 4"/></rdf:RDF></x:xmpmeta>'
)
RECORD = b"\x1c\x02\x78\x00\x05Ida B"


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def exif_block() -> bytes:
    tags = Image.Exif()
    tags[0x010E] = "Ida on the pier"
    return tags.tobytes()[6:]


def test_boxes_of_every_size() -> None:
    long = struct.pack(">I4sQ", 1, b"long", 19) + b"abc"
    assert list(boxes(box(b"one ", b"x") + long + struct.pack(">I4s", 0, b"last") + b"rest")) == [
        (b"one ", b"x"),
        (b"long", b"abc"),
        (b"last", b"rest"),
    ]
    assert list(boxes(b"\xff\x4f\xff\x51")) == []
    assert list(boxes(box(b"one ", b"x") + struct.pack(">I4s", 99, b"cut "))) == [(b"one ", b"x")]


def test_metadata_of_a_jpeg_2000_is_kept(grey: np.ndarray) -> None:
    data = imagecodecs.jpeg2k_encode(grey, level=0)
    data += box(b"uuid", XMP + PACKET) + box(b"uuid", EXIF + exif_block()) + box(b"uuid", IPTC + RECORD)
    photo = media.open(data, name="a.jp2")
    assert photo.notes == []
    assert photo.iptc == RECORD
    with Image.open(BytesIO(media.encode(photo))) as out:
        assert out.getexif()[0x010E] == "Ida on the pier"
        packet = Packet(out.info["xmp"])
    assert packet.get(DC, "source") == "album 4"
    assert packet.get(DC, "description") == "Ida B"  # IPTC 2:120, which PNG holds as XMP


def test_metadata_of_a_jpeg_xl_is_kept(grey: np.ndarray) -> None:
    stream = imagecodecs.jpegxl_encode(grey, lossless=True)
    data = (
        bytes.fromhex("0000000c4a584c200d0a870a") + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"jxlc", stream)
    )
    data += box(b"Exif", bytes(4) + exif_block()) + box(b"xml ", PACKET)
    photo = media.open(data, name="a.jxl")
    assert photo.notes == []
    assert np.array_equal(photo.pages[0].pixels, grey)
    assert photo.exif == exif_block()
    assert Packet(photo.xmp).get(DC, "source") == "album 4"


def test_compressed_metadata_is_said(grey: np.ndarray) -> None:
    stream = imagecodecs.jpegxl_encode(grey, lossless=True)
    data = (
        bytes.fromhex("0000000c4a584c200d0a870a") + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"jxlc", stream)
    )
    photo = media.open(data + box(b"brob", b"Exif\x0b\x02"), name="a.jxl")
    assert photo.notes == ["The compressed metadata of the JPEG XL was left out."]


@pytest.mark.parametrize("method", [1, 2])
def test_the_profile_of_a_jpeg_2000_counts(grey: np.ndarray, method: int) -> None:
    # A grey profile of gamma 1 makes 128 much lighter; an enumerated colour space (method 1) is no profile.
    from photochrom.media.icc import gamma_profile

    linear = gamma_profile(1.0, None)
    assert linear is not None
    ImageCms.ImageCmsProfile(BytesIO(linear))
    colr = box(b"colr", bytes([method, 0, 0]) + (linear if method == 2 else struct.pack(">I", 17)))
    data = imagecodecs.jpeg2k_encode(np.full_like(grey, 128), level=0)
    at = data.index(b"jp2h") - 4
    end = at + int.from_bytes(data[at : at + 4], "big")
    inner = b"".join(box(kind, body) for kind, body in boxes(data[at + 8 : end]) if kind != b"colr")
    data = data[:at] + box(b"jp2h", inner + colr) + data[end:]
    pixels = media.open(data, name="a.jp2").pages[0].pixels
    # IEC 61966-2-1 of linear 128/255: 1.055 * 0.50196 ** (1 / 2.4) - 0.055 = 0.7367 of 255
    assert np.abs(pixels.astype(int) - (188 if method == 2 else 128)).max() <= 1

"""Photoshop files. They are built by hand, as Adobe's specification says."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from photochrom.errors import UnreadableError, UnsupportedError
from photochrom.media import photo as media
from photochrom.media.xmp import DC, Packet

PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="album 4"/></rdf:RDF></x:xmpmeta>'
)
RECORD = b"\x1c\x02\x78\x00\x05Ida B"


def resource(number: int, body: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + b"\0" * (len(body) % 2)


def psd(
    array: np.ndarray, mode: int, *, resources: bytes = b"", packed: bool = False, bits: int = 0
) -> bytes:
    """A flattened PSD of (H, W) or (H, W, C) samples."""
    planes = array[None] if array.ndim == 2 else np.moveaxis(array, 2, 0)
    bits = bits or 8 * array.dtype.itemsize
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", len(planes), *planes.shape[1:], bits, mode)
    sections = bytes(4) + struct.pack(">I", len(resources)) + resources + bytes(4)
    plain = planes.astype(planes.dtype.newbyteorder(">"))
    if not packed:
        return head + sections + struct.pack(">H", 0) + plain.tobytes()
    rows = [imagecodecs.packbits_encode(row.tobytes()) for plane in plain for row in plane]
    counts = struct.pack(f">{len(rows)}H", *map(len, rows))
    return head + sections + struct.pack(">H", 1) + counts + b"".join(rows)


@pytest.fixture
def grey16(grey: np.ndarray) -> np.ndarray:
    return (grey.astype(np.uint16) << 8) + grey[::-1]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits(grey16: np.ndarray, packed: bool, channels: int) -> None:
    array = grey16 if channels == 1 else np.dstack([grey16] * 3)
    photo = media.open(psd(array, 1 if channels == 1 else 3, packed=packed), name="a.psd")
    assert (photo.bits, photo.notes) == (16, [])
    assert np.abs(photo.pages[0].pixels.astype(int) - grey16).max() <= 1


def test_a_further_channel_is_said(grey16: np.ndarray) -> None:
    photo = media.open(psd(np.dstack([grey16] * 2), 1), name="a.psd")
    assert photo.notes == ["A channel that is neither colour nor alpha was left out."]


@pytest.mark.parametrize("depth", [8, 16])
def test_metadata_is_kept(grey: np.ndarray, grey16: np.ndarray, depth: int) -> None:
    tags = Image.Exif()
    tags[0x010E], tags[0x0112] = "Ida on the pier", 6
    resources = resource(1005, struct.pack(">IHHIHH", 300 << 16, 1, 1, 600 << 16, 1, 1))
    resources += resource(1028, RECORD) + resource(1058, tags.tobytes()[6:]) + resource(1060, PACKET)
    photo = media.open(psd(grey if depth == 8 else grey16, 1, resources=resources), name="a.psd")
    assert photo.pages[0].pixels.shape == grey.shape  # Photoshop shows the pixels as they are stored
    assert (photo.dpi, photo.iptc) == ((300.0, 600.0), RECORD)
    again = media.open(media.encode(photo), name="a.tif")
    assert again.exif is not None
    assert b"Ida on the pier" in again.exif
    assert again.iptc == RECORD
    assert Packet(again.xmp).get(DC, "source") == "album 4"


def test_other_depths_are_not_damage(grey: np.ndarray) -> None:
    with pytest.raises(
        UnsupportedError, match="PSD with 32 bits a sample in this color mode is not supported yet"
    ):
        media.open(psd(grey.astype(np.float32), 1), name="a.psd")


def test_a_cut_file_is_damaged(grey16: np.ndarray) -> None:
    with pytest.raises(UnreadableError, match="damaged"):
        media.open(psd(grey16, 1)[:-99], name="a.psd")

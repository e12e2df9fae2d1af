"""Damaged EXIF: what is sound stays, and nobody is told about it by a library."""

from __future__ import annotations

import struct
import warnings
from io import BytesIO

import pytest
from PIL import Image

from photochrom.media import exif
from photochrom.media import photo as media


def with_bad_entry(block, count):
    """The block with an entry of `count` rationals in its first directory, far behind the end."""
    order, directory = exif.parse(block)
    bad = exif.Field(5, count, b"\0" * 12)  # longer than 4 bytes, so that an offset is written
    data = exif.from_directory(directory | {0x011A: bad}, order)
    place = data.index(struct.pack(order + "HHI", 0x011A, 5, count))
    return data[: place + 8] + struct.pack(order + "I", 0x7FFF_FFFF) + data[place + 12 :]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("count", [1, 0x0FFF_FFFF])
def test_an_absurd_entry_goes_and_the_rest_stays(request, grey, format, count):
    saved, coloured, orientation_exif = map(
        request.getfixturevalue, ("saved", "coloured", "orientation_exif")
    )
    block = with_bad_entry(orientation_exif(1)[6:], count)
    data = saved(grey, format, exif=b"Exif\0\0" + block)
    photo = media.open(data)
    assert photo.notes == ["Damaged entries of the EXIF metadata were left out."]
    out = media.encode(coloured(photo))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = Image.open(BytesIO(out)).getexif()
        assert read[0x013B] == "Grandmother"
        assert 0x011A not in read
        assert read.get_ifd(0x8769)[0x9003] == "1938:07:01 12:00:00"
        assert read.get_ifd(0x8825)[1] == "N"


def test_a_directory_that_is_cut_off(orientation_exif):
    block = orientation_exif(1)[6:]
    for size in range(len(block)):
        mended, _ = exif.without_damage(block[:size])
        assert exif.without_damage(mended)[1] is False
        assert len(mended) == size


def test_a_sound_block_stays_as_it_is(orientation_exif):
    block = orientation_exif(6)[6:]
    assert exif.without_damage(block) == (block, False)


@pytest.mark.parametrize(("unit", "scale"), [(2, 1.0), (3, 2.54)])
def test_resolution(unit, scale):
    made = Image.Exif()
    made[0x011A], made[0x011B], made[0x0128] = 300.0, 150.0, unit
    assert exif.resolution(made.tobytes()[6:]) == pytest.approx((300 * scale, 150 * scale))
    assert exif.resolution(Image.Exif().tobytes()[6:]) is None

"""The parts of a JPEG: against Pillow's own reading of them, and how much of a picture is missing."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from photochrom.media import jpeg_parts
from photochrom.media.icc import srgb


def decode(data):
    with Image.open(BytesIO(data)) as image:
        image.load()
        return np.asarray(image)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_bare_picture_has_the_same_pixels(saved, colour, mode, progressive):
    image = Image.fromarray(colour).convert(mode)
    data = saved(image, "JPEG", progressive=progressive, icc_profile=srgb(), comment=b"words", dpi=(300, 300))
    parts = jpeg_parts.split(data + b"something else")
    assert (parts.width, parts.height, parts.components) == (44, 30, len(image.getbands()))
    assert (parts.bits, parts.ended, parts.rest) == (8, True, b"something else")
    assert parts.frame == (0xC2 if progressive else 0xC0)
    assert jpeg_parts.icc_of(parts.segments) == srgb()
    assert b"words" not in parts.bare
    np.testing.assert_array_equal(decode(parts.bare + b"\xff\xd9"), decode(data))
    assert jpeg_parts.lost(parts, decode) == 0


def test_a_long_profile_is_put_together(saved, grey):
    profile = bytes(range(256)) * 700
    data = saved(grey, "JPEG", icc_profile=profile)
    assert jpeg_parts.icc_of(jpeg_parts.split(data).segments) == profile


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_how_much_is_missing(saved, share):
    noise = np.random.default_rng(0).integers(0, 256, (320, 320), dtype=np.uint8)
    data = saved(noise, "JPEG", quality=90)
    start = data.index(b"\xff\xda")
    parts = jpeg_parts.split(data[: start + int((len(data) - start) * share)])
    assert not parts.ended
    # Every block of noise takes about the same number of bytes.
    assert jpeg_parts.lost(parts, decode) == pytest.approx(1 - share, abs=0.05)


def test_restart_markers_belong_to_the_scan(saved, colour):
    data = saved(colour, "JPEG", restart_marker_blocks=1)
    assert b"\xff\xd1" in data
    parts = jpeg_parts.split(data)
    assert parts.ended
    assert len(parts.scans) == 1
    assert jpeg_parts.lost(parts, decode) == 0


def test_a_progressive_picture_whose_last_scan_is_cut(saved, colour):
    data = saved(np.kron(colour, np.ones((4, 4, 1), np.uint8)), "JPEG", progressive=True)
    assert jpeg_parts.has_whole_luma(jpeg_parts.split(data[:-40]))
    first = data.index(b"\xff\xda")
    second = data.index(b"\xff\xda", first + 2)
    assert not jpeg_parts.has_whole_luma(jpeg_parts.split(data[: second + 20]))


@pytest.mark.parametrize("rest", [b"\xff", b"\xff\xe0\0", b"\xff" * 50, b"\xff\xda\0\2"])
def test_stumps(rest):
    parts = jpeg_parts.split(b"\xff\xd8" + rest)
    assert parts.frame == 0
    assert not parts.ended

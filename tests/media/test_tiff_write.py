"""TIFF out: tifffile and Pillow read what was given."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.media import exif
from photochrom.media.icc import grey_srgb, srgb
from photochrom.media.model import Page, TiffSettings
from photochrom.media.tiff_write import write


def written(pages, settings=(), order="<", tags=None, xmp=None, dpi=None):
    return write(pages, settings, tags=tags or {}, order=order, xmp=xmp, dpi=dpi)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 5, 8, 32773])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["grey", "rgb", "rgb and alpha"])
def test_pixels_are_those_given(deep, order, compression, bits, kind):
    pixels = deep if bits == 16 else (deep >> 8).astype(np.uint8)
    alpha = np.ascontiguousarray(pixels[..., 2])
    page = Page(pixels[..., 0] if kind == "grey" else pixels, "luma" if kind == "grey" else "rgb")
    want = page.pixels
    if kind == "rgb and alpha":
        page.alpha = alpha
        want = np.dstack([pixels, alpha])
    data = written([page], [TiffSettings(compression, True, order, {})], order)
    with tifffile.TiffFile(BytesIO(data)) as read:
        assert (read.byteorder, len(read.pages)) == (order, 1)
        assert read.pages[0].compression == compression
        assert read.pages[0].tags[34675].value == (grey_srgb() if kind == "grey" else srgb())
        np.testing.assert_array_equal(read.pages[0].asarray(), want)
    if bits == 8 and kind != "grey":
        np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(data))), want)


def test_pages_have_their_own_tags_and_packets(grey, colour):
    def software(words):
        return {305: exif.Field(2, len(words), words)}

    settings = [
        TiffSettings(8, True, "<", software(b"not used\0")),
        TiffSettings(1, False, "<", software(b"B\0")),
    ]
    settings[1].xmp = b"<second/>"
    data = written(
        [Page(grey), Page(colour, "rgb"), Page(grey[:5])], settings, tags=software(b"A\0"), xmp=b"<first/>"
    )
    with tifffile.TiffFile(BytesIO(data)) as read:
        assert [page.shape for page in read.pages] == [(30, 44), (30, 44, 3), (5, 44)]
        assert [page.software for page in read.pages] == ["A", "B", ""]
        assert [page.tags[700].value if 700 in page.tags else None for page in read.pages] == [
            b"<first/>",
            b"<second/>",
            None,
        ]
        assert [page.compression for page in read.pages] == [8, 1, 8]


@pytest.mark.parametrize("order", ["<", ">"])
def test_resolution_is_written_where_there_is_none(grey, order):
    assert Image.open(BytesIO(written([Page(grey)], order=order, dpi=(300, 72.5)))).info["dpi"] == (300, 72.5)
    own = {
        code: exif.Field(5, 1, struct.pack(order + "II", 600, 1))
        for code in (exif.X_RESOLUTION, exif.Y_RESOLUTION)
    }
    data = written([Page(grey)], order=order, tags=own, dpi=(300, 72.5))
    assert Image.open(BytesIO(data)).tag_v2[282] == 600


@pytest.mark.parametrize("fax", [2, 3, 4, 7])
def test_compressions_that_would_lose_something_become_deflate(grey, fax):
    with tifffile.TiffFile(BytesIO(written([Page(grey)], [TiffSettings(fax, False, "<", {})]))) as read:
        assert read.pages[0].compression == 8
        np.testing.assert_array_equal(read.pages[0].asarray(), grey)


@pytest.mark.parametrize("order", ["<", ">"])
def test_much_becomes_a_bigtiff(grey, colour, monkeypatch, order):
    monkeypatch.setattr("photochrom.media.tiff_write.CLASSIC_LIMIT", 100)
    monkeypatch.setattr("photochrom.media.tiff_write.STRIP_PIXELS", 100)
    data = written([Page(grey), Page(colour, "rgb")], order=order)
    with tifffile.TiffFile(BytesIO(data)) as read:
        assert read.is_bigtiff
        assert len(read.pages[0].dataoffsets) == 15  # two rows of 44 pixels in each
        np.testing.assert_array_equal(read.pages[0].asarray(), grey)
        np.testing.assert_array_equal(read.pages[1].asarray(), colour)

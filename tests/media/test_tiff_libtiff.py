"""TIFF pages that libtiff decodes, against what was put into them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.media.fault import Damaged, Unsupported
from photochrom.media.tiff_libtiff import by_libtiff, open_page


def test_16_bit_lzw_in_tiles_with_prediction():
    # Tiles of 16 x 16 that reach over both edges, made with Pillow's libtiff by declaring bytes.
    class Tiles:
        samplesperpixel, planarconfig, predictor, compression = 1, 1, 2, 5
        bitspersample, fillorder = 16, 1
        imagewidth, imagelength, tilewidth, tilelength, is_tiled = 24, 20, 16, 16, True
        dataoffsets: tuple[int, ...] = ()
        databytecounts: tuple[int, ...] = ()

    class Whole:
        byteorder = "<"

    pixels = np.random.default_rng(0).integers(0, 65536, (32, 32), dtype=np.uint16)
    body = b""
    for top in (0, 16):
        for left in (0, 16):
            tile = pixels[top : top + 16, left : left + 16]
            differences = np.concatenate([tile[:, :1], np.diff(tile, axis=1)], axis=1)
            out = BytesIO()
            rows = np.ascontiguousarray(differences).view(np.uint8)
            Image.fromarray(rows).save(out, "TIFF", compression="tiff_lzw")
            page = tifffile.TiffFile(BytesIO(out.getvalue())).pages[0]
            start, size = page.dataoffsets[0], page.databytecounts[0]
            Tiles.dataoffsets += (len(body),)
            Tiles.databytecounts += (size,)
            body += out.getvalue()[start : start + size]
    got = by_libtiff(BytesIO(body), Whole, Tiles)
    np.testing.assert_array_equal(got[0], pixels[:20, :24])


def tiff(pixels, **options):
    out = BytesIO()
    tifffile.imwrite(out, pixels, **options)
    return BytesIO(out.getvalue())


@pytest.mark.parametrize("codec", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "raw"])
def test_a_page_is_what_pillow_reads_itself(saved, colour, codec):
    file = BytesIO(saved(colour, "TIFF", compression=codec))
    with tifffile.TiffFile(file) as read:
        image = open_page(file, read, read.pages[0], 2)
    np.testing.assert_array_equal(np.asarray(image), colour)


def test_the_meaning_is_the_one_that_is_given(saved, grey):
    file = BytesIO(saved(grey, "TIFF", compression="tiff_lzw"))
    with tifffile.TiffFile(file) as read:
        black_is_zero, white_is_zero = (open_page(file, read, read.pages[0], kind) for kind in (1, 0))
    np.testing.assert_array_equal(np.asarray(black_is_zero), grey)
    np.testing.assert_array_equal(np.asarray(white_is_zero), 255 - grey)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize(
    ("codec", "predictor"),
    [("lzw", False), ("lzw", True), ("zstd", False), ("zstd", True), ("packbits", False)],
)
def test_16_bits_of_every_layout(deep, order, planar, predictor, codec):
    pixels = np.ascontiguousarray(np.moveaxis(deep, -1, 0)) if planar == "separate" else deep
    file = tiff(
        pixels,
        photometric="rgb",
        planarconfig=planar,
        byteorder=order,
        compression=codec,
        predictor=predictor,
        rowsperstrip=7,
    )
    with tifffile.TiffFile(file) as read:
        got = by_libtiff(file, read, read.pages[0])
    want = pixels if planar == "separate" else deep.reshape(1, 30, -1)
    assert got.dtype == np.uint16
    np.testing.assert_array_equal(got, want)


def test_a_page_whose_data_is_not_there_is_damaged(deep):
    file = tiff(deep, photometric="rgb", compression="lzw")
    with tifffile.TiffFile(file) as read:
        page = read.pages[0]
        short = BytesIO(file.getvalue()[: page.dataoffsets[0] + 10])
        with pytest.raises(Damaged):
            by_libtiff(short, read, page)


def test_prediction_of_floating_point_is_refused(deep):
    file = tiff(deep, photometric="rgb", compression="lzw")
    with tifffile.TiffFile(file) as read:
        page = read.pages[0]
        page.predictor = 3
        with pytest.raises(Unsupported, match="prediction is not supported"):
            by_libtiff(file, read, page)

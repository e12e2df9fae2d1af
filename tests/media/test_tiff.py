"""TIFF: depth, compression, pages and tags, read back with tifffile and Pillow."""

from __future__ import annotations

import struct
from io import BytesIO

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.errors import PhotoError
from photochrom.media import photo as media
from photochrom.media import provenance

WEIGHTS = np.array([19595, 38470, 7471], dtype=np.int64)


def tiff(pixels, **options):
    out = BytesIO()
    tifffile.imwrite(out, pixels, **options)
    return out.getvalue()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("compression", "predictor"), [(None, False), ("zlib", False), ("zlib", True)])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_16_bit_rgb(request, order, compression, predictor, planar):
    deep, coloured = map(request.getfixturevalue, ("deep", "coloured"))
    pixels = np.moveaxis(deep, -1, 0) if planar == "separate" else deep
    data = tiff(
        np.ascontiguousarray(pixels),
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
        predictor=predictor or None,
        byteorder=order,
        rowsperstrip=7,
    )
    photo = media.open(data)
    want = ((deep.astype(np.int64) * WEIGHTS).sum(-1) + 0x8000) >> 16
    np.testing.assert_array_equal(photo.pages[0].pixels, want)
    out = media.encode(coloured(photo))
    with tifffile.TiffFile(BytesIO(out)) as read:
        assert read.byteorder == order
        assert read.pages[0].compression == (8 if compression else 1)
        np.testing.assert_array_equal(read.asarray(), photo.pages[0].pixels)
        assert read.pages[0].dtype == np.uint16


@pytest.mark.parametrize("compression", [cv2.IMWRITE_TIFF_COMPRESSION_LZW, 32773])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_by_opencv_with_lzw(deep, coloured, compression, channels):
    pixels = deep[..., 0] if channels == 1 else deep
    done, data = cv2.imencode(".tif", pixels, [cv2.IMWRITE_TIFF_COMPRESSION, compression])
    assert done
    photo = media.open(data.tobytes())
    rgb = deep[..., ::-1].astype(np.int64)
    want = pixels if channels == 1 else ((rgb * WEIGHTS).sum(-1) + 0x8000) >> 16
    np.testing.assert_array_equal(photo.pages[0].pixels, want)
    out = media.encode(coloured(photo))
    with tifffile.TiffFile(BytesIO(out)) as read:
        assert read.pages[0].compression == compression
    back = cv2.imdecode(np.frombuffer(out, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(back[..., ::-1], photo.pages[0].pixels)
    np.testing.assert_array_equal(media.open(out).pages[0].pixels, want)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_min_is_white(dtype):
    pixels = np.arange(12, dtype=dtype).reshape(3, 4)
    photo = media.open(tiff(pixels, photometric="miniswhite"))
    np.testing.assert_array_equal(photo.pages[0].pixels, np.iinfo(dtype).max - pixels)


def test_16_bit_alpha_survives(deep, coloured):
    alpha = deep[..., 1] ^ 0x1234
    data = tiff(np.dstack([deep, alpha]), photometric="rgb", extrasamples=["unassalpha"])
    out = media.encode(coloured(media.open(data)))
    got = tifffile.imread(BytesIO(out))
    assert got.shape == (30, 44, 4)
    np.testing.assert_array_equal(got[..., 3], alpha)


def test_multiplied_alpha_is_divided_out():
    alpha = np.array([[65535, 32768, 0]], np.uint16)
    colour = np.array([[40000, 10000, 0]], np.uint16)
    both = np.dstack([colour, alpha])
    data = tiff(both, photometric="minisblack", extrasamples=["assocalpha"], planarconfig="contig")
    page = media.open(data).pages[0]
    assert page.pixels[0].tolist() == [40000, 20000, 0]
    np.testing.assert_array_equal(page.alpha, alpha)


def test_every_page_comes_out(coloured, grey, deep):
    out = BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(grey, photometric="minisblack", description="first", metadata=None)
        writer.write(deep, photometric="rgb", description="second", metadata=None, compression="zlib")
        writer.write(grey[:9, :7], photometric="minisblack", subfiletype=1, metadata=None)
    photo = media.open(out.getvalue())
    assert [page.pixels.shape for page in photo.pages] == [(30, 44), (30, 44)]
    with tifffile.TiffFile(BytesIO(media.encode(coloured(photo)))) as read:
        assert [page.dtype for page in read.pages] == [np.uint8, np.uint16]
        assert [page.description for page in read.pages] == ["first", "second"]
        assert [int(page.compression) for page in read.pages] == [1, 8]
        for page, want in zip(read.pages, photo.pages, strict=True):
            np.testing.assert_array_equal(page.asarray(), want.pixels)
    with pytest.raises(PhotoError, match="choose TIFF"):
        media.encode(photo, format="PNG")


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_tags_and_compression_of_8_bits(saved, coloured, grey, orientation_exif, compression):
    # Pillow writes nested directories into uncompressed files alone.
    nested = compression == "raw"
    exif = Image.Exif()
    exif.load(orientation_exif(1))
    if not nested:
        exif = Image.Exif()
        exif[0x013B] = "Grandmother"
    exif[0x010E], exif[0x010F], exif[0x8298] = "A pier", "Kodak", "Family"
    data = saved(grey, "TIFF", compression=compression, exif=exif, dpi=(300, 600))
    photo = media.open(data)
    assert photo.dpi == (300, 600)
    provenance.mark(photo, "model", "1")
    out = media.encode(coloured(photo))
    back = Image.open(BytesIO(out))
    assert back.mode == "RGB"
    assert back.info["compression"] == ("tiff_adobe_deflate" if compression == "jpeg" else compression)
    assert back.info["dpi"] == (300, 600)
    read = back.getexif()
    assert [read[t] for t in (0x010E, 0x010F, 0x8298, 0x013B)] == ["A pier", "Kodak", "Family", "Grandmother"]
    if nested:
        assert read.get_ifd(0x8769)[0x9003] == "1938:07:01 12:00:00"
        assert read.get_ifd(0x8769)[0x829A] == 0.5
        assert read.get_ifd(0x8825)[1] == "N"
    np.testing.assert_array_equal(np.asarray(back.convert("L")), photo.pages[0].pixels[..., 0])
    assert b"compositeWithTrainedAlgorithmicMedia" in back.tag_v2[700]


def test_one_bit_becomes_png_and_fax_pages_stay_together(saved, coloured, grey):
    image = Image.fromarray(grey).convert("1")
    photo = media.open(saved(image, "TIFF", compression="group4"), name="fax.tif")
    assert media.extension_for(photo, None) == ".png"
    assert Image.open(BytesIO(media.encode(coloured(photo)))).format == "PNG"
    both = media.open(saved(image, "TIFF", save_all=True, append_images=[image]), name="fax.tif")
    assert media.extension_for(both, None) == ".tif"
    assert Image.open(BytesIO(media.encode(coloured(both)))).n_frames == 2


def test_bigtiff_in_and_out(deep, coloured, monkeypatch):
    data = tiff(
        deep, photometric="rgb", bigtiff=True, description="old", metadata=None, resolution=(200, 200)
    )
    photo = media.open(data)
    monkeypatch.setattr("photochrom.media.tiff_write.CLASSIC_LIMIT", 100)
    with tifffile.TiffFile(BytesIO(media.encode(coloured(photo)))) as read:
        assert read.is_bigtiff
        assert read.pages[0].description == "old"
        np.testing.assert_array_equal(read.asarray(), photo.pages[0].pixels)


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.float32), np.zeros((4, 4), np.int16), np.zeros((4, 4), np.uint32)]
)
def test_numbers_that_are_no_pixels(pixels):
    with pytest.raises(PhotoError, match=r"scan\.tif: .*convert it to 16-bit TIFF"):
        media.open(tiff(pixels, photometric="minisblack"), name="scan.tif")


def test_a_page_that_is_cut_off(deep):
    data = tiff(deep, photometric="rgb")
    with pytest.raises(PhotoError):
        media.open(data[: len(data) // 2], name="scan.tif")


def test_pages_that_go_round_in_a_circle():
    pages = [np.full((4, 4), level, np.uint8) for level in (10, 20)]
    file = BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for page in pages:
            writer.write(page, photometric="minisblack")
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(BytesIO(data)) as found:
        offsets = [page.offset for page in found.pages]
    # A directory is a count, 12 bytes an entry, and where the next one is: 0 after the last.
    count = int.from_bytes(data[offsets[1] : offsets[1] + 2], "little")
    end = offsets[1] + 2 + 12 * count
    data[end : end + 4] = offsets[0].to_bytes(4, "little")
    with pytest.raises(PhotoError, match="points back"):
        media.open(bytes(data), name="circle.tif")


def test_more_pages_than_a_photo_has(monkeypatch):
    monkeypatch.setattr("photochrom.media.tiff.MOST_PAGES", 2)
    file = BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for level in range(3):
            writer.write(np.full((4, 4), level, np.uint8), photometric="minisblack")
    with pytest.raises(PhotoError, match="more than 2 pages"):
        media.open(file.getvalue(), name="many.tif")


def test_exif_of_a_bigtiff_is_kept(grey, coloured):
    # An Exif directory with 8-byte offsets, built from its definition: libtiff and tifffile write none.
    def entry(code, kind, count, value):
        return struct.pack("<HHQ", code, kind, count) + value.ljust(8, b"\0")

    data = bytearray(tiff(grey, photometric="minisblack", bigtiff=True, metadata=None))
    (at,) = struct.unpack_from("<Q", data, 8)
    (count,) = struct.unpack_from("<Q", data, at)
    entries = [bytes(data[at + 8 + 20 * i : at + 28 + 20 * i]) for i in range(count)]
    data += b"\0" * (len(data) % 2)
    date, inner = b"1938:07:01 12:00:00\0", len(data)
    data += struct.pack("<Q", 2) + entry(0x829A, 5, 1, struct.pack("<II", 1, 2))
    data += entry(0x9003, 2, len(date), struct.pack("<Q", inner + 56)) + bytes(8) + date
    entries.append(entry(0x8769, 13, 1, struct.pack("<Q", inner)))
    struct.pack_into("<Q", data, 8, len(data))
    data += struct.pack("<Q", len(entries)) + b"".join(sorted(entries, key=lambda e: e[1::-1])) + bytes(8)
    photo = media.open(bytes(data))
    read = Image.open(BytesIO(media.encode(coloured(photo)))).getexif()
    assert read.get_ifd(0x8769)[0x9003] == "1938:07:01 12:00:00"
    assert read.get_ifd(0x8769)[0x829A] == 0.5


def test_tags_of_the_content_stay_and_those_of_the_storage_go(grey, coloured):
    kept = {
        33550: ("d", 3, (0.5, 0.5, 0.0)),  # GeoTIFF: ModelPixelScale
        34735: ("H", 4, (1, 1, 0, 0)),  # GeoTIFF: GeoKeyDirectory
        42113: ("s", 0, "-9999"),  # GDAL: no data
        700 + 32768: ("s", 0, "private"),  # 33468: a program's own
        40961 - 1: ("s", 0, "0100"),
        315: ("s", 0, "Ida"),
        32781: ("s", 0, "img-7"),
    }
    gone = {
        330: ("I", 1, 8),
        301: ("H", 768, tuple(range(768))),
        37724: ("B", 4, (1, 2, 3, 4)),
        512: ("H", 1, 1),
    }
    extra = [(code, *value, True) for code, value in (kept | gone).items()]
    photo = media.open(tiff(grey, photometric="minisblack", extratags=extra, metadata=None))
    with tifffile.TiffFile(BytesIO(media.encode(coloured(photo)))) as read:
        tags = read.pages[0].tags
        for code, (_, _, value) in kept.items():
            assert tags[code].value == value or code == 42113
        assert 42113 in tags
        assert not [code for code in gone if code in tags]
        np.testing.assert_array_equal(read.pages[0].asarray()[..., 0], grey)


def test_every_page_is_marked_and_keeps_its_own_xmp(grey, coloured):
    def packet(number):
        return (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="page {number}"/>'
            "</rdf:RDF></x:xmpmeta>"
        ).encode()

    out = BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for number in range(3):
            xmp = [(700, "B", len(packet(number)), packet(number), True)] if number != 1 else []
            writer.write(grey, photometric="minisblack", metadata=None, extratags=xmp)
    photo = media.open(out.getvalue())
    provenance.mark(photo, "m", "1", source_name="album.tif")
    with tifffile.TiffFile(BytesIO(media.encode(coloured(photo)))) as read:
        found = [bytes(page.tags[700].value) for page in read.pages]
    for number, xmp in enumerate(found):
        mark = provenance.read(media.Photo([], "a", "TIFF", xmp=xmp))
        assert (mark.model, mark.source_name) == ("m", "album.tif")
        assert (f"page {number}".encode() in xmp) is (number != 1)


def test_what_tifffile_logs_stays_with_it(grey, caplog, capfd):
    extra = [(42113, "s", 0, "-9999", True)]
    media.open(tiff(grey, photometric="minisblack", extratags=extra, metadata=None))
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_a_reduced_copy_is_noted(grey):
    out = BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(grey, photometric="minisblack", metadata=None)
        writer.write(grey[:9, :7], photometric="minisblack", subfiletype=1, metadata=None)
    assert media.open(out.getvalue()).notes == ["Reduced copies and masks in the TIFF were left out."]

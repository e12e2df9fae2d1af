"""TIFF pages of every kind of pixel, against tifffile, Pillow and scikit-image."""

from __future__ import annotations

import struct
import sys
from io import BytesIO

import numpy as np
import pytest
import skimage.color
import tifffile
from PIL import Image, ImageCms

from photochrom.errors import Remedy, UnreadableError, UnsupportedError
from photochrom.media import photo as media

WEIGHTS = np.array([19595, 38470, 7471], dtype=np.int64)


def tiff(pixels, **options):
    out = BytesIO()
    tifffile.imwrite(out, pixels, **options)
    return out.getvalue()


def luma(rgb):
    return ((rgb.astype(np.int64) * WEIGHTS).sum(-1) + 0x8000) >> 16


def without_tag(data, code):
    """The little-endian TIFF less one entry of its first directory."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = [data[at + 2 + 12 * i : at + 14 + 12 * i] for i in range(count)]
    kept = [entry for entry in entries if struct.unpack_from("<H", entry)[0] != code]
    body = struct.pack("<H", len(kept)) + b"".join(kept) + data[at + 2 + 12 * count : at + 6 + 12 * count]
    return data[:at] + body.ljust(6 + 12 * count, b"\0") + data[at + 6 + 12 * count :]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("extra", [1, 2])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_rgb_and_infrared(deep, dtype, planar, extra, compression):
    pixels = np.dstack([deep, deep[..., :extra] ^ 77]).astype(dtype)
    stored = np.ascontiguousarray(np.moveaxis(pixels, -1, 0)) if planar == "separate" else pixels
    data = tiff(
        stored,
        photometric="rgb",
        planarconfig=planar,
        extrasamples=["unspecified"] * extra,
        compression=compression,
        predictor=compression is not None,
    )
    photo = media.open(data)
    np.testing.assert_array_equal(photo.pages[0].pixels, luma(pixels[..., :3]))
    assert photo.pages[0].alpha is None
    assert photo.notes == ["A channel that is neither colour nor alpha was left out."]


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_alpha_of_8_bits(colour, planar, kind):
    alpha = np.full(colour.shape[:2], 128, np.uint8)
    pixels = np.dstack([colour // 2, alpha])
    stored = np.ascontiguousarray(np.moveaxis(pixels, -1, 0)) if planar == "separate" else pixels
    page = media.open(tiff(stored, photometric="rgb", planarconfig=planar, extrasamples=[kind])).pages[0]
    np.testing.assert_array_equal(page.alpha, alpha)
    scale = 255 / 128 if kind == "assocalpha" else 1
    assert np.abs(page.pixels - luma(colour // 2) * scale).max() <= 2


def test_lab_of_16_bits_is_read_by_its_lightness():
    light = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    lab = np.dstack([light, np.zeros_like(light), np.zeros_like(light)])
    photo = media.open(tiff(lab, photometric="cielab"))
    values = np.dstack([light / 65535 * 100, np.zeros((32, 32, 2))])
    want = skimage.color.lab2rgb(values)[..., 1] * 65535  # neutral: the white point does not matter
    assert photo.pages[0].pixels.dtype == np.uint16
    assert np.abs(photo.pages[0].pixels - want).max() <= 8
    assert photo.pages[0].thumbnail is None


def test_lab_of_16_bits_in_colour_agrees_with_littlecms(colour):
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    soft = Image.fromarray(colour // 4 + 96)
    eight = np.asarray(ImageCms.applyTransform(soft, to_lab))
    ab = eight[..., 1:].view(np.int8).astype(np.int64) * 256  # Pillow gives signed bytes
    lab = np.dstack([eight[..., 0].astype(np.uint16) * 257, ab.astype(np.int16).view(np.uint16)])
    photo = media.open(tiff(lab, photometric="cielab"))
    want = np.asarray(soft.convert("L")).astype(int)
    assert np.abs(photo.pages[0].pixels / 257 - want).mean() < 1
    assert photo.pages[0].thumbnail is not None


def test_cmyk_of_16_bits_without_a_profile_keeps_its_depth(deep):
    cmyk = np.dstack([deep, deep[..., 0] // 2])
    photo = media.open(tiff(cmyk, photometric="separated"))
    key = (65535 - cmyk[..., 3:].astype(np.int64)) / 65535
    want = luma(np.rint((65535 - cmyk[..., :3].astype(np.int64)) * key))
    assert np.abs(photo.pages[0].pixels - want).max() <= 1
    assert photo.notes == []


def cmyk_profile():
    # LittleCMS makes no CMYK profile, so a table of one cell that is Pillow's formula stands for a press.
    def tag(kind, body):
        return kind + bytes(4) + body

    table = b""
    for corner in range(16):
        c, m, y, k = (corner >> shift & 1 for shift in (3, 2, 1, 0))
        light = 255 * (1 - k) * (3 - c - m - y) // 3
        table += bytes([light, 128, 128])
    ramp = bytes(range(256))
    lut = (
        bytes([4, 3, 2, 0])
        + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
        + ramp * 4
        + table
        + ramp * 3
    )
    white = tag(b"XYZ ", struct.pack(">3i", 63190, 65536, 54061))
    words = tag(b"text", b"x\0")
    tags = {
        b"A2B0": tag(b"mft1", lut),
        b"wtpt": white,
        b"desc": tag(b"desc", struct.pack(">I", 2) + b"x\0" + bytes(78)),
    }
    tags[b"cprt"] = words
    index, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        index += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab "
    ) + bytes(12)
    head += b"acsp" + bytes(24) + struct.pack(">I3i", 0, 63190, 65536, 54061)
    return head.ljust(128, b"\0") + index + body


@pytest.mark.parametrize("installed", [True, False])
def test_cmyk_of_16_bits_with_a_profile(deep, monkeypatch, installed):
    if not installed:
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
    profile = cmyk_profile()
    cmyk = np.dstack([deep, deep[..., 0] // 2])
    photo = media.open(tiff(cmyk, photometric="separated", iccprofile=profile))
    eight = Image.frombytes(
        "CMYK", (44, 30), ((cmyk.astype(np.uint32) + 128) // 257).astype(np.uint8).tobytes()
    )
    to_srgb = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), "CMYK", "RGB", 1, 0x2000
    )
    want = np.asarray(ImageCms.applyTransform(eight, to_srgb).convert("L")).astype(float)
    scale = 257 if installed else 1
    assert photo.pages[0].pixels.dtype == (np.uint16 if installed else np.uint8)
    assert np.abs(photo.pages[0].pixels / scale - want).max() <= 1.5
    assert bool(photo.notes) is not installed


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_without_a_photometric_tag_black_is_zero(deep, bits, channels):
    pixels = (deep if bits == 16 else deep >> 8).astype(np.uint16 if bits == 16 else np.uint8)
    pixels = pixels[..., 0] if channels == 1 else pixels
    data = without_tag(tiff(pixels, photometric="rgb" if channels == 3 else "minisblack", metadata=None), 262)
    photo = media.open(data)
    np.testing.assert_array_equal(photo.pages[0].pixels, pixels if channels == 1 else luma(pixels))
    assert photo.notes == ["The TIFF does not say whether 0 is black or white; black was assumed."]


@pytest.mark.parametrize("codec", ["webp", "jpegxl", "jpeg2000", "png"])
def test_compressions_that_pillow_does_not_know(colour, codec):
    options = {"lossless": True} if codec == "webp" else {}
    data = tiff(colour, photometric="rgb", compression=codec, compressionargs=options or None)
    want = tifffile.imread(BytesIO(data))
    np.testing.assert_array_equal(media.open(data).pages[0].pixels, luma(want))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_odd_depths_become_16_bits(deep, bits):
    pixels = (deep[..., 0] >> (16 - bits)).astype(np.uint16)
    data = tiff(imagecodecs_packed(pixels, bits), photometric="minisblack", metadata=None)
    photo = media.open(patched(data, pixels.shape, bits))
    np.testing.assert_array_equal(photo.pages[0].pixels, np.rint(pixels / ((1 << bits) - 1) * 65535))
    assert photo.bits == bits


def imagecodecs_packed(pixels, bits):
    rows = [np.unpackbits(row.astype(">u2").view(np.uint8)).reshape(-1, 16)[:, 16 - bits :] for row in pixels]
    return np.stack([np.packbits(row.reshape(-1)) for row in rows])


def patched(data, shape, bits):
    """The bytes of an 8-bit TIFF, called a picture of another width and depth."""
    data = bytearray(data)
    (at,) = struct.unpack_from("<I", data, 4)
    for place in range(at + 2, at + 2 + 12 * struct.unpack_from("<H", data, at)[0], 12):
        code = struct.unpack_from("<H", data, place)[0]
        if code in (256, 258):
            struct.pack_into("<HIHH", data, place + 2, 3, 1, shape[1] if code == 256 else bits, 0)
    return bytes(data)


def test_old_style_jpeg(grey):
    stream = BytesIO()
    Image.fromarray(grey).save(stream, "JPEG", quality=95)
    body = stream.getvalue()
    # TIFF 6.0, section 22: a whole JPEG that tag 513 points at.
    entries = [
        (256, 4, 44),
        (257, 4, 30),
        (258, 3, 8),
        (259, 3, 6),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, 30),
    ]
    entries += [(279, 4, len(body)), (512, 3, 1), (513, 4, 8), (514, 4, len(body))]
    at = 8 + len(body) + len(body) % 2
    data = b"II*\0" + struct.pack("<I", at) + body.ljust(at - 8, b"\0") + struct.pack("<H", len(entries))
    data += b"".join(struct.pack("<HHII", *(code, kind, 1, value)) for code, kind, value in entries) + bytes(
        4
    )
    photo = media.open(data)
    want = np.asarray(Image.open(BytesIO(body))).astype(int)
    assert np.abs(photo.pages[0].pixels - want).max() <= 1


@pytest.mark.parametrize("compression", ["webp", "jpegxl"])
def test_without_the_extra_it_is_named(colour, monkeypatch, compression):
    data = tiff(colour, photometric="rgb", compression=compression)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(UnsupportedError, match=r"a TIFF with .* needs a further package") as caught:
        media.open(data)
    assert caught.value.remedy is Remedy.INSTALL_CODECS


def test_raw_samples_are_no_picture(deep):
    with pytest.raises(UnsupportedError, match="neither grey nor in a color space"):
        media.open(tiff(deep[..., 0], photometric="cfa"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", ["jpeg", "zlib", "lzw", None])
def test_bigtiff_in_tiles_of_8_bits(colour, order, compression):
    pixels = np.kron(colour, np.ones((2, 2, 1), np.uint8))
    data = tiff(
        pixels, photometric="rgb", bigtiff=True, byteorder=order, tile=(16, 32), compression=compression
    )
    want = luma(tifffile.imread(BytesIO(data)))
    assert np.abs(media.open(data).pages[0].pixels - want).max() <= (1 if compression == "jpeg" else 0)


def test_a_damaged_page_is_no_other_error(grey):
    data = tiff(grey, photometric="minisblack", compression="zlib")
    page = tifffile.TiffFile(BytesIO(data)).pages[0]
    broken = bytearray(data)
    broken[page.dataoffsets[0] : page.dataoffsets[0] + 20] = bytes(20)
    with pytest.raises(UnreadableError, match="damaged"):
        media.open(bytes(broken))


def test_icclab_of_8_bits_is_read(tmp_path, grey):
    # L* by the formula of CIE 15 for grey sRGB (IEC 61966-2-1); the file has rounded it to 1/255 of 100.
    rgb = np.repeat(grey[..., None], 3, axis=2)
    lightness = skimage.color.rgb2lab(rgb)[..., 0]
    stored = np.dstack([np.rint(lightness * 2.55).astype(np.uint8), np.full((*grey.shape, 2), 128, np.uint8)])
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="icclab")
    photo = media.open(tmp_path / "a.tif")
    assert np.abs(photo.pages[0].pixels / 257.0 - grey).max() <= 1

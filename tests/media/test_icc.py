"""Colour profiles, held against LittleCMS and against the formula of a profile's curve."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom.media import icc, icc_matrix
from photochrom.media import photo as media
from photochrom.media.strips import luma_16

# Adobe RGB (1998): primaries adapted to D50, gamma 563 / 256.
ADOBE = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]


def profile(space, tags):
    """An ICC profile (version 2) of ready-made tags."""
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78), **tags}
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    start, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12x4s", start + len(body), b"", 0x02100000, b"mntr", space, b"XYZ ", b"acsp"
    )
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def grey_profile(value=1.8):
    return profile(b"GRAY", {b"kTRC": gamma(value)})


def rgb_profile(value=563 / 256):
    tags = {b"rTRC": gamma(value), b"gTRC": gamma(value), b"bTRC": gamma(value)}
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), ADOBE, strict=True):
        tags[name] = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in column))
    return profile(b"RGB ", tags)


def expected_grey(levels, top, value):
    """sRGB levels of grey levels with a gamma, by the definitions."""
    linear = (levels / top) ** (round(value * 256) / 256)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return encoded * top


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_grey_profile_is_applied_and_replaced(saved, coloured, grey, format):
    options = {"quality": 100} if format == "JPEG" else {}
    data = saved(grey, format, icc_profile=grey_profile(), **options)
    stored = np.asarray(Image.open(BytesIO(data)))
    photo = media.open(data)
    want = expected_grey(stored.astype(float), 255, 1.8)
    assert np.abs(photo.pages[0].pixels - want).max() <= 0.51
    assert np.abs(photo.pages[0].pixels.astype(int) - stored).max() > 10
    out = Image.open(BytesIO(media.encode(coloured(photo))))
    described = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(out.info["icc_profile"])))
    assert described.startswith("sRGB")


def test_grey_profile_at_16_bits(raw_png, png_chunk):
    import zlib

    levels = np.arange(65536).reshape(256, 256)
    chunk = png_chunk(b"iCCP", b"g\0\0" + zlib.compress(grey_profile()))
    got = media.open(raw_png(levels, 16, 0, chunk)).pages[0].pixels.astype(float)
    assert np.abs(got - expected_grey(levels, 65535, 1.8)).max() <= 1
    assert len(np.unique(got)) > 40_000


def test_rgb_profile_at_8_bits(saved, colour):
    data = saved(colour, "PNG", icc_profile=rgb_profile())
    source, target = ImageCms.ImageCmsProfile(BytesIO(rgb_profile())), ImageCms.createProfile("sRGB")
    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    want = ImageCms.profileToProfile(
        Image.fromarray(colour), source, target, intent, outputMode="RGB", flags=flags
    )
    page = media.open(data).pages[0]
    np.testing.assert_array_equal(page.pixels, np.asarray(want.convert("L")))
    np.testing.assert_array_equal(page.thumbnail, np.asarray(want))


def test_rgb_profile_at_16_bits_agrees_with_littlecms(colour):
    source, target = ImageCms.ImageCmsProfile(BytesIO(rgb_profile())), ImageCms.createProfile("sRGB")
    want = ImageCms.profileToProfile(
        Image.fromarray(colour), source, target, outputMode="RGB", renderingIntent=1
    )
    got = icc_matrix.matrix_profile(rgb_profile()).to_srgb_16(colour.astype(np.uint16) * 257)
    assert np.abs(got / 257 - np.asarray(want)).max() <= 1.0
    notes: list[str] = []
    found = icc.profile_of(rgb_profile(), "RGB", notes)
    luma = found.luma_16(colour.astype(np.uint16) * 257)
    assert np.abs(luma / 257 - np.asarray(want.convert("L"))).max() <= 1.2
    assert notes == []


def test_rgb_profile_of_tables_is_interpolated(colour, monkeypatch):
    exact = icc.profile_of(rgb_profile(), "RGB", []).luma_16(colour.astype(np.uint16) * 257)
    monkeypatch.setattr(icc, "matrix_profile", lambda data: None)
    by_tables = icc.profile_of(rgb_profile(), "RGB", []).luma_16(colour.astype(np.uint16) * 257)
    assert np.abs(exact.astype(int) - by_tables).max() / 257 < 5
    assert np.abs(exact.astype(int) - by_tables).mean() / 257 < 0.5


def test_grey_curve_agrees_with_littlecms_where_that_is_exact():
    opened = ImageCms.ImageCmsProfile(BytesIO(grey_profile()))
    curve = icc.Profile(grey_profile(), "L", opened).grey_curve(8).astype(int)
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    out = ImageCms.profileToProfile(ramp, opened, ImageCms.createProfile("sRGB"), 1, outputMode="RGB")
    assert np.abs(curve - np.asarray(out)[0, :, 0])[16:].max() <= 1


def test_a_grey_profile_with_a_raised_black_still_has_black():
    table = np.round(np.linspace(3000, 65535, 16)).astype(">u2")
    raised = profile(b"GRAY", {b"kTRC": b"curv\0\0\0\0" + struct.pack(">I", 16) + table.tobytes()})
    curve = icc.profile_of(raised, "L", []).grey_curve(16)
    assert (curve[0], curve[-1]) == (0, 65535)
    assert (np.diff(curve.astype(int)) >= 0).all()


def test_srgb_is_left_alone(saved, colour, grey, deep):
    for data in (icc.srgb(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        page = media.open(saved(colour, "PNG", icc_profile=data)).pages[0]
        np.testing.assert_array_equal(page.pixels, np.asarray(Image.fromarray(colour).convert("L")))
    page = media.open(saved(grey, "PNG", icc_profile=icc.grey_srgb())).pages[0]
    np.testing.assert_array_equal(page.pixels, grey)
    assert icc.profile_of(icc.srgb(), "L", []) is None
    assert luma_16(deep).shape == deep.shape[:2]


def test_a_profile_for_another_kind_of_picture_is_passed_over(saved, colour):
    cmyk = Image.fromarray(colour).convert("CMYK")
    photo = media.open(saved(cmyk, "JPEG", icc_profile=rgb_profile()))
    assert photo.notes == ["The ICC profile is for another kind of picture; sRGB was assumed."]


@pytest.mark.parametrize("damage", [b"not a profile", b"\0" * 200, "cut", "tags"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_broken_profile_is_passed_over(saved, colour, damage, format):
    whole = rgb_profile()
    broken = {"cut": whole[:150], "tags": whole[:128] + b"\xff" * 300}.get(damage, damage)
    data = saved(colour, format, icc_profile=broken)
    photo = media.open(data)
    want = np.asarray(Image.open(BytesIO(data)).convert("L"))
    np.testing.assert_array_equal(photo.pages[0].pixels, want)
    assert photo.notes == ["The ICC profile is broken; sRGB was assumed."]


def test_our_profiles_are_sound_and_always_the_same():
    for data, space in ((icc.srgb(), "RGB "), (icc.grey_srgb(), "GRAY")):
        opened = ImageCms.ImageCmsProfile(BytesIO(data)).profile
        assert opened.xcolor_space == space
        assert struct.unpack(">I", data[:4])[0] == len(data)
    curve = icc.Profile(icc.grey_srgb(), "L", ImageCms.ImageCmsProfile(BytesIO(icc.grey_srgb()))).grey_curve(
        16
    )
    assert np.abs(curve.astype(int) - np.arange(65536)).max() <= 2
    icc.srgb.cache_clear()
    assert icc.srgb()[24:36] == struct.pack(">6H", 2020, 1, 1, 0, 0, 0)


def test_lab_tiff(saved, colour):
    lab = ImageCms.profileToProfile(
        Image.fromarray(colour // 2 + 60),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    got = media.open(saved(lab, "TIFF")).pages[0].pixels.astype(int)
    want = np.asarray(Image.fromarray(colour // 2 + 60).convert("L"))
    assert np.abs(got - want).mean() < 2

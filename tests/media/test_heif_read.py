"""AVIF and HEIC: more than 8 bits, several pictures in a file, and metadata."""

from __future__ import annotations

import sys
from io import BytesIO

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from photochrom.media import photo as media
from photochrom.media import provenance


@pytest.fixture
def ramp():
    y, x = np.mgrid[0:64, 0:96]
    return (x * 9 + y * 2).astype(np.uint16)


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("channels", [1, 3])
def test_avif_keeps_its_depth(ramp, bits, channels):
    levels = ramp << (bits - 10)
    picture = levels if channels == 1 else np.dstack([levels] * 3)
    data = imagecodecs.avif_encode(picture, bitspersample=bits, level=100)
    photo = media.open(data)
    want = np.asarray(imagecodecs.avif_decode(data)).astype(np.int64)
    want = want if want.ndim == 2 else want @ [299, 587, 114] / 1000
    assert (photo.bits, photo.pages[0].pixels.dtype, photo.notes) == (bits, np.uint16, [])
    assert np.abs(photo.pages[0].pixels - want / ((1 << bits) - 1) * 65535).max() <= 1
    notes: list[str] = []
    media.encode(photo, notes=notes)
    assert notes == [f"AVIF was written with 8 bits a sample; the photo has {bits}."]
    notes.clear()
    assert tifffile.imread(BytesIO(media.encode(photo, format="tiff", notes=notes))).dtype == np.uint16
    assert notes == []


def test_avif_without_the_extra_says_that_it_lost_depth(ramp, monkeypatch):
    data = imagecodecs.avif_encode(ramp, bitspersample=10, level=100)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    photo = media.open(data)
    assert photo.notes == ["The picture has 10 bits a sample and was read at 8 bits."]
    np.testing.assert_array_equal(photo.pages[0].pixels, np.asarray(Image.open(BytesIO(data)).convert("L")))


def test_avif_of_8_bits_is_read_by_pillow(saved, colour):
    photo = media.open(saved(colour, "AVIF"))
    assert (photo.bits, photo.notes) == (8, [])


@pytest.mark.parametrize("alpha", [False, True])
def test_heic_keeps_ten_bits(ramp, alpha):
    wide = (ramp << 6).astype(np.uint16)
    planes = np.dstack([wide] * 3 + ([wide] if alpha else []))
    mode = "RGBA;16" if alpha else "RGB;16"
    out = BytesIO()
    pillow_heif.from_bytes(mode=mode, size=(96, 64), data=planes.tobytes()).save(out, quality=-1)
    photo = media.open(out.getvalue())
    assert (photo.bits, photo.pages[0].pixels.dtype) == (10, np.uint16)
    assert np.abs(photo.pages[0].pixels - ramp / 1023 * 65535).max() <= 2 * 64
    assert (photo.pages[0].alpha is not None) is alpha
    notes: list[str] = []
    provenance.mark(photo, "m", "1")
    again = media.encode(photo, notes=notes)
    assert notes == []
    assert pillow_heif.open_heif(BytesIO(again), convert_hdr_to_8bit=False).info["bit_depth"] == 10
    assert provenance.read(again).model == "m"


def test_further_pictures_of_a_heic_are_noted(colour):
    image = pillow_heif.from_pillow(Image.fromarray(colour))
    image.add_from_pillow(Image.fromarray(colour[::-1].copy()))
    out = BytesIO()
    image.save(out)
    assert media.open(out.getvalue()).notes == ["A further picture in the same file was left out."]


def heic(pixels, **options):
    out = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(out, quality=95, **options)
    return out.getvalue()


@pytest.mark.parametrize("turn", [1, 6])
def test_heic_goes_round(colour, coloured, orientation_exif, turn):
    big = np.kron(colour, np.ones((4, 4, 1), np.uint8))
    data = heic(big, exif=orientation_exif(turn))
    photo = media.open(data, name="a.heic")
    reference = pillow_heif.open_heif(BytesIO(data)).to_pillow()
    assert photo.format == "HEIF"
    np.testing.assert_array_equal(photo.pages[0].pixels, np.asarray(reference.convert("L")))
    assert photo.pages[0].thumbnail is not None
    provenance.mark(photo, "m", "1")
    before = photo.pages[0].pixels.astype(int)
    out = media.encode(coloured(photo))
    assert media.extension_for(photo, None) == ".heic"
    back = pillow_heif.open_heif(BytesIO(out))
    assert back.size == reference.size
    assert np.abs(np.asarray(back.to_pillow().convert("L")) - before).mean() < 6
    exif = Image.Exif()
    exif.load(back.info["exif"])
    assert exif[0x013B] == "Grandmother"
    assert exif.get(0x0112, 1) == 1
    assert provenance.read(out).model == "m"

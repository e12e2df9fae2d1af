"""HEIC and camera RAW, with the packages of the `photo` extra."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pillow_heif
import pytest
import rawpy
from PIL import Image

from photochrom.media import photo as media
from photochrom.media import provenance


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


def test_raw_is_developed_at_16_bits(monkeypatch, deep):
    # There is no RAW encoder, so rawpy's own interface stands for a camera here.
    class Raw:
        class sizes:
            width, height = 44, 30

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return None

        def postprocess(self, *, output_bps, use_camera_wb):
            assert (output_bps, use_camera_wb) == (16, True)
            return deep

    monkeypatch.setattr(rawpy, "imread", lambda file: Raw())
    photo = media.open(b"FUJIFILMCCD-RAW 0201" + bytes(200), name="a.RAF")
    assert (photo.format, photo.bits) == ("RAW", 16)
    assert photo.pages[0].pixels.dtype == np.uint16
    assert media.extension_for(photo, None) == ".tif"
    assert media.encode(photo)[:2] == b"II"


def test_a_damaged_raw_is_a_photo_error():
    with pytest.raises(media.PhotoError, match=r"a\.RAF: is damaged"):
        media.open(b"FUJIFILMCCD-RAW 0201" + bytes(200), name="a.RAF")

"""Camera RAW, with the package of the `photo` extra."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import rawpy
import tifffile

from photochrom.errors import UnreadableError
from photochrom.media import photo as media


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


def test_a_raw_that_ends_early_prints_nothing(capfd):
    tags = [
        (50706, "B", 4, (1, 4, 0, 0), True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, (0, 1, 1, 2), True),
        (50708, "s", 0, "Test Cam", True),
        (50714, "I", 1, 0, True),
        (50717, "I", 1, 4095, True),
        (50721, "2i", 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
        (50728, "2I", 3, (1, 1, 1, 1, 1, 1), True),
    ]
    out = BytesIO()
    pattern = np.random.default_rng(0).integers(200, 4000, (64, 80)).astype(np.uint16)
    tifffile.imwrite(out, pattern, photometric="cfa", extratags=tags, metadata=None)
    photo = media.open(out.getvalue(), name="a.dng")
    assert (photo.format, photo.pages[0].pixels.shape) == ("RAW", (64, 80))
    with pytest.raises(UnreadableError, match=r"a\.dng: is damaged"):
        media.open(out.getvalue()[:6000], name="a.dng")
    assert capfd.readouterr() == ("", "")

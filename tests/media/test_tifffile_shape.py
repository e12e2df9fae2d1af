"""tifffile writes the array's shape as the description; of a picture that has gained colour it would be wrong."""

from io import BytesIO

import numpy as np
import pytest
import tifffile

from photochrom.media import photo as media


@pytest.mark.parametrize(("description", "kept"), [(None, None), ("Aunt Ida, 1938", "Aunt Ida, 1938")])
def test_stale_shape_is_dropped_and_a_caption_kept(description: str | None, kept: str | None) -> None:
    file = BytesIO()
    tifffile.imwrite(file, np.zeros((4, 5), np.uint16), description=description)
    photo = media.open(file.getvalue())
    photo.pages[0].pixels = np.zeros((4, 5, 3), np.uint16)
    photo.pages[0].space = "rgb"
    with tifffile.TiffFile(BytesIO(media.encode(photo))) as tiff:
        assert tiff.pages[0].asarray().shape == (4, 5, 3)
        assert (tiff.pages[0].description or None) == kept

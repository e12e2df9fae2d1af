"""Decoding of one photo to 8-bit sRGB on white, for training and evaluation.

`photochrom.media` reads photos for the product. It keeps bit depth, alpha, pages and metadata, and refuses some photos
that are good enough for training. This module must read a hundred thousand photos fast. It decodes JPEGs at a fraction
of their size, and reads only pixels. Both use Pillow.
"""

import io
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

MAX_PIXELS = 100_000_000
"""Larger pictures are refused before they are decoded, because a few kilobytes can unpack to gigabytes."""

# The content decides and not the name. Image.open would try all of Pillow's 40 formats.
_PLUGINS: dict[bytes, Any] = {
    b"\xff\xd8": JpegImageFile,
    b"\x89PNG": PngImageFile,
    b"RIFF": WebPImageFile,
    b"BM": BmpImageFile,
    b"II": TiffImageFile,
    b"MM": TiffImageFile,
}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class BrokenPhoto(ValueError):
    """A photo that cannot be read. The message is one line with its name and the reason."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, " ".join(reason.split())
        super().__init__(f"{name}: {self.reason}")


def decode(data: bytes, name: str, short_side: int | None = None) -> NDArray[np.uint8]:
    """Decode a JPEG, PNG, WebP, BMP or TIFF to (H, W, 3) uint8 sRGB, upright, transparent parts on white.

    Raises
    ------
    BrokenPhoto
        If it is damaged, too large, or of another format.
    """
    plugin = next((plugin for magic, plugin in _PLUGINS.items() if data.startswith(magic)), None)
    if plugin is None:
        raise BrokenPhoto(name, "not a JPEG, PNG, WebP, BMP or TIFF" if data else "the file is empty")
    try:
        with plugin(io.BytesIO(data)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise BrokenPhoto(name, f"{width} x {height} pixels are too many")
            if short_side is not None:
                # A JPEG can be decoded at 1/2, 1/4 or 1/8, several times faster. `reduced` does the rest.
                scale = 2 * short_side / min(width, height)
                image.draft(None, (round(width * scale), round(height * scale)))
            # Load before reading the orientation. A TIFF turns itself while loading, and a PNG may end with its tags.
            image.load()
            turn = _turn(image)
            picture = _to_srgb(image)
            return reduced(np.asarray(picture.transpose(turn) if turn is not None else picture), short_side)
    except (BrokenPhoto, MemoryError):
        raise
    except Exception as error:
        # Damaged files make Pillow raise OSError, SyntaxError, struct.error, ValueError, KeyError and more.
        raise BrokenPhoto(name, str(error) or type(error).__name__) from error


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return _UPRIGHT.get(image.getexif().get(0x0112, 1))
    except Exception:
        return None  # some of ImageNet's photos have damaged tags, but their pixels are whole


def _to_srgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # convert() would clip all values above 255 to white.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    icc = image.info.get("icc_profile")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        image = Image.new("RGBA", image.size, "white")
        image.alpha_composite(over)
        image = image.convert("RGB")
    if icc and image.mode in ("RGB", "CMYK"):
        transform = _profile(icc, image.mode)
        if transform is not None:
            converted = ImageCms.applyTransform(image, transform)
            assert converted is not None
            return converted
    return image.convert("RGB")


@lru_cache(maxsize=64)
def _profile(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the transform from an embedded profile to sRGB. None if it is sRGB already or damaged."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "srgb" in ImageCms.getProfileDescription(profile).lower():
            return None
        return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (OSError, ImageCms.PyCMSError):
        return None


def reduced(rgb: NDArray[np.uint8], short_side: int | None) -> NDArray[np.uint8]:
    """Reduce `rgb` (H, W, 3) so that its shorter side has at most `short_side` pixels."""
    height, width, _ = rgb.shape
    if short_side is None or min(height, width) <= short_side:
        return rgb
    scale = short_side / min(height, width)
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)

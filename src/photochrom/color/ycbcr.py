"""Y'CbCr of films: the matrices and quantization ranges of ITU-R BT.601, BT.709 and BT.2020.

Y' is in [0, 1]; Cb and Cr are centred on 0 and lie in [-0.5, 0.5]. `photochrom.color.luma` is the same for photos,
which know BT.601 in full range alone.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color._arrays import Array, namespace
from photochrom.color.lab import lab_to_rgb

__all__ = ["BT601", "BT709", "BT2020", "Matrix", "Range", "ab_to_chroma"]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A non-constant-luminance Y'CbCr matrix.

    Attributes
    ----------
    name : as the standard is called
    red, blue : the weights of R' and B' in Y'; that of G' is the rest
    """

    name: str
    red: float
    blue: float

    @property
    def green(self) -> float:
        """The weight of G' in Y'."""
        return 1 - self.red - self.blue

    @property
    def cr_to_red(self) -> float:
        """R' - Y' of a Cr of 1."""
        return 2 * (1 - self.red)

    @property
    def cb_to_blue(self) -> float:
        """B' - Y' of a Cb of 1."""
        return 2 * (1 - self.blue)

    @property
    def cr_to_green(self) -> float:
        """G' - Y' of a Cr of 1."""
        return -self.cr_to_red * self.red / self.green

    @property
    def cb_to_green(self) -> float:
        """G' - Y' of a Cb of 1."""
        return -self.cb_to_blue * self.blue / self.green

    def luma(self, rgb: Array) -> Array:
        """Y' ``(...)`` of R'G'B' ``(..., 3)`` in [0, 1]."""
        return self.red * rgb[..., 0] + self.green * rgb[..., 1] + self.blue * rgb[..., 2]

    def to_rgb(self, luma: Array, cb: Array, cr: Array) -> Array:
        """R'G'B' ``(..., 3)``, not clipped, of Y', Cb and Cr ``(...)``."""
        xp = namespace(luma)
        red = luma + self.cr_to_red * cr
        green = luma + self.cb_to_green * cb + self.cr_to_green * cr
        return xp.stack([red, green, luma + self.cb_to_blue * cb], axis=-1)


BT601 = Matrix("BT.601", 0.299, 0.114)
BT709 = Matrix("BT.709", 0.2126, 0.0722)
BT2020 = Matrix("BT.2020", 0.2627, 0.0593)


@dataclass(frozen=True, slots=True)
class Range:
    """How Y'CbCr is held in integers (BT.601-7 section 2.5.3, BT.2100 table 9).

    Attributes
    ----------
    bits : 8 to 16
    full : whether Y' fills all levels, as in JPEG; else the limited range of television: 16 to 235 at 8 bit
    """

    bits: int = 8
    full: bool = False

    @property
    def black(self) -> int:
        """The level of Y' = 0."""
        return 0 if self.full else 16 << (self.bits - 8)

    @property
    def luma_levels(self) -> int:
        """How many levels Y' = 1 lies above black."""
        return (1 << self.bits) - 1 if self.full else 219 << (self.bits - 8)

    @property
    def chroma_levels(self) -> int:
        """How many levels a Cb or Cr of 1 would have."""
        return (1 << self.bits) - 1 if self.full else 224 << (self.bits - 8)

    @property
    def neutral(self) -> int:
        """The level of a Cb or Cr of 0."""
        return 1 << (self.bits - 1)

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """What holds one sample."""
        return np.uint8 if self.bits == 8 else np.uint16

    def luma(self, plane: NDArray[Any]) -> NDArray[np.float32]:
        """Y' as float32, in [0, 1] but for levels below black and above white, of a plane of integers."""
        return np.asarray(
            (plane.astype(np.float32) - np.float32(self.black)) * np.float32(1 / self.luma_levels), np.float32
        )

    def chroma(self, plane: NDArray[Any]) -> NDArray[np.float32]:
        """Cb or Cr as float32 of a plane of integers."""
        levels = plane.astype(np.float32) - np.float32(self.neutral)
        return np.asarray(levels * np.float32(1 / self.chroma_levels), np.float32)


def ab_to_chroma(ab: Array, luma: Array, matrix: Matrix) -> tuple[Array, Array]:
    """Cb and Cr of the colour that has these a and b and this Y' in `matrix`.

    As `photochrom.color.gamut.ab_to_chroma`, which knows BT.601 alone: the L* that goes with the luma is found by
    bisection. The film's R'G'B' are taken for sRGB, as players take them.

    Parameters
    ----------
    ab : (..., 2) in Lab units
    luma : (...) in [0, 1]

    Returns
    -------
    cb, cr : (...) in [-0.5, 0.5], within the gamut of `luma`.
    """
    xp = namespace(ab)
    low = xp.zeros_like(ab[..., :1])
    high = low + 100.0
    for _ in range(10):
        middle = (low + high) / 2
        darker = matrix.luma(lab_to_rgb(xp.concat([middle, ab], axis=-1)))[..., None] < luma[..., None]
        low, high = xp.where(darker, middle, low), xp.where(darker, high, middle)
    rgb = lab_to_rgb(xp.concat([(low + high) / 2, ab], axis=-1))
    found = matrix.luma(rgb)
    cb = (rgb[..., 2] - found) / matrix.cb_to_blue
    cr = (rgb[..., 0] - found) / matrix.cr_to_red
    scale = chroma_scale(luma, cb, cr, matrix)
    return cb * scale, cr * scale


def chroma_scale(luma: Array, cb: Array, cr: Array, matrix: Matrix) -> Array:
    """The largest s in [0, 1] for which (luma, s cb, s cr) lies in the R'G'B' cube; all of one shape."""
    xp = namespace(luma)
    off = matrix.to_rgb(luma * 0, cb, cr)
    highest, lowest = xp.max(off, axis=-1), -xp.min(off, axis=-1)
    # 1e-6 only avoids 0/0 at greys, where any s will do.
    up = (1 - luma) / xp.clip(highest, 1e-6, None)
    down = luma / xp.clip(lowest, 1e-6, None)
    return xp.clip(xp.minimum(up, down), 0.0, 1.0)

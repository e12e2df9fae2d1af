"""Y'CbCr of photos and films: the matrices and the integer ranges of ITU-R BT.601, BT.709 and BT.2020.

Y' is in [0, 1]. Cb and Cr are centred on 0 and lie in [-0.5, 0.5]. Photos have the matrix of BT.601 and the full range;
`photochrom.color.luma` has short functions for them.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from photochrom.color._arrays import Array, namespace

__all__ = ["BT601", "BT709", "BT2020", "Matrix", "Range"]


class Matrix(NamedTuple):
    """A non-constant-luminance Y'CbCr matrix.

    Attributes
    ----------
    name : the name of the standard
    red, blue : the weights of R' and B' in Y'; the weight of G' is the rest
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

    def chroma(self, rgb: Array) -> tuple[Array, Array]:
        """Cb and Cr ``(...)`` of R'G'B' ``(..., 3)`` in [0, 1]."""
        red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
        from_blue, from_red = 1 / self.cb_to_blue, 1 / self.cr_to_red
        cb = -self.red * from_blue * red + -self.green * from_blue * green + 0.5 * blue
        cr = 0.5 * red + -self.green * from_red * green + -self.blue * from_red * blue
        return cb, cr

    def to_rgb(self, luma: Array, cb: Array, cr: Array) -> Array:
        """R'G'B' ``(..., 3)``, not clipped, of Y', Cb and Cr ``(...)``."""
        xp = namespace(luma)
        red = luma + self.cr_to_red * cr
        green = luma + self.cb_to_green * cb + self.cr_to_green * cr
        return xp.stack([red, green, luma + self.cb_to_blue * cb], axis=-1)


BT601 = Matrix("BT.601", 0.299, 0.114)
BT709 = Matrix("BT.709", 0.2126, 0.0722)
BT2020 = Matrix("BT.2020", 0.2627, 0.0593)


class Range(NamedTuple):
    """The integers that store Y'CbCr (BT.601-7 section 2.5.3, BT.2100 table 9).

    Attributes
    ----------
    bits : 8 to 16
    full : whether Y' fills all levels, as in JPEG; otherwise the limited range of television: 16 to 235 at 8 bits
    """

    bits: int = 8
    full: bool = False

    @property
    def black(self) -> int:
        """The level of Y' = 0."""
        return 0 if self.full else 16 << (self.bits - 8)

    @property
    def luma_levels(self) -> int:
        """The number of levels from black to Y' = 1."""
        return (1 << self.bits) - 1 if self.full else 219 << (self.bits - 8)

    @property
    def chroma_levels(self) -> int:
        """The number of levels from a Cb or Cr of 0 to one of 1."""
        return (1 << self.bits) - 1 if self.full else 224 << (self.bits - 8)

    @property
    def neutral(self) -> int:
        """The level of a Cb or Cr of 0."""
        return 1 << (self.bits - 1)

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """The type of a sample."""
        return np.uint8 if self.bits == 8 else np.uint16

    def luma(self, plane: NDArray[Any]) -> NDArray[np.float32]:
        """Y' as float32 of a plane of integers. It is in [0, 1], except for levels below black and above white."""
        return np.asarray(
            (plane.astype(np.float32) - np.float32(self.black)) * np.float32(1 / self.luma_levels), np.float32
        )

    def chroma(self, plane: NDArray[Any]) -> NDArray[np.float32]:
        """Cb or Cr as float32 of a plane of integers."""
        levels = plane.astype(np.float32) - np.float32(self.neutral)
        return np.asarray(levels * np.float32(1 / self.chroma_levels), np.float32)

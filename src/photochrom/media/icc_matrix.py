"""RGB profiles made of three tone curves and a matrix, computed at full precision (ICC.1:2022, 8.3.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.color.srgb import linear_to_srgb

__all__ = ["SRGB_TO_D50", "MatrixProfile", "grey_table", "matrix_profile", "to_d50"]

# The columns of the sRGB profile: the primaries of sRGB, adapted by Bradford from D65 to D50, the white of profiles.
SRGB_TO_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
D50 = np.array([63190, 65536, 54061]) / 65536
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True, slots=True)
class MatrixProfile:
    """Three tables of 65,536 linear values, and the matrix from linear RGB to linear sRGB."""

    curves: NDArray[np.float32]  # (3, 65536)
    matrix: NDArray[np.float32]  # (3, 3)

    def to_srgb_16(self, rgb: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Convert (h, w, 3) uint16 from this profile to uint16 sRGB, clipped to the sRGB gamut."""
        linear = np.stack([self.curves[i][rgb[..., i]] for i in range(3)], axis=-1)
        linear = np.clip(linear @ self.matrix.T, 0.0, 1.0)
        encoded: NDArray[np.uint16] = np.round(linear_to_srgb(linear) * 65535).astype(np.uint16)
        return encoded


def to_d50(primaries: tuple[float, ...]) -> NDArray[np.float64] | None:
    """The matrix from linear RGB to XYZ of D50; None if the primaries do not span a color space.

    The adaptation is Bradford's, as in ICC.1:2022, annex E.

    Parameters
    ----------
    primaries : x and y of the white point, of red, of green and of blue
    """
    x, y = np.array(primaries, dtype=np.float64).reshape(4, 2).T
    if not (np.all(y > 0) and np.all(x + y <= 1.0001)):
        return None
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])  # columns: white, red, green, blue
    white, colors = xyz[:, 0], xyz[:, 1:]
    if abs(np.linalg.det(colors)) < 1e-6:
        return None
    matrix = colors * np.linalg.solve(colors, white)
    gain = (BRADFORD @ D50) / (BRADFORD @ white)
    return np.asarray(np.linalg.inv(BRADFORD) @ np.diag(gain) @ BRADFORD @ matrix)


def matrix_profile(data: bytes) -> MatrixProfile | None:
    """The matrix and curves of an RGB profile; None if it consists of tables or is damaged."""
    try:
        tags = _tags(data)
        # If a profile has both, the tables take precedence.
        if b"A2B0" in tags or b"A2B1" in tags:
            return None
        columns = [struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = np.stack([_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")])
    except (KeyError, struct.error, ValueError):
        return None
    matrix = np.linalg.inv(SRGB_TO_D50) @ (np.array(columns, dtype=np.float64).T / 65536)
    return MatrixProfile(curves.astype(np.float32), matrix.astype(np.float32))


def grey_table(data: bytes) -> NDArray[np.float64] | None:
    """sRGB grey, 0 to 1, for each of 65,536 levels of a grey profile; None if it has no curve.

    The darkest level becomes black (black point compensation).
    """
    try:
        tags = _tags(data)
        linear = None if b"A2B0" in tags else _curve(tags[b"kTRC"])
    except (KeyError, struct.error, ValueError):
        return None
    if linear is None or not linear[-1] > linear[0]:
        return None
    return np.asarray(linear_to_srgb(np.clip((linear - linear[0]) / (linear[-1] - linear[0]), 0.0, 1.0)))


def _tags(data: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", data, 128)
    entries = [struct.unpack_from(">4sII", data, 132 + 12 * i) for i in range(min(count, 100))]
    return {name: data[start : start + size] for name, start, size in entries}


def _curve(tag: bytes) -> NDArray[np.float64]:
    x = np.linspace(0.0, 1.0, 65536)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return x
        if count == 1:
            return np.asarray(np.power(x, struct.unpack_from(">H", tag, 12)[0] / 256))
        table = np.frombuffer(tag, ">u2", count, 12) / 65535
        return np.interp(x, np.linspace(0.0, 1.0, count), table)
    if tag[:4] != b"para":
        raise ValueError("unknown curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    size = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}[kind]
    values = [v / 65536 for v in struct.unpack_from(f">{size}i", tag, 12)]
    g, a, b, c, d, e, f = {
        0: lambda: [values[0], 1.0, 0.0, 0.0, -1.0, 0.0, 0.0],
        1: lambda: [*values, 0.0, -values[2] / (values[1] or 1.0), 0.0, 0.0],
        2: lambda: [*values[:3], 0.0, -values[2] / (values[1] or 1.0), values[3], values[3]],
        3: lambda: [*values, 0.0, 0.0],
        4: lambda: values,
    }[kind]()
    return np.asarray(np.where(x >= d, np.power(np.maximum(a * x + b, 0.0), g) + e, c * x + f))

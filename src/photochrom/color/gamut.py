"""The sRGB gamut in Y'CbCr: the largest chroma at a luma, and colours of a given luma.

Reducing chroma moves a colour towards the grey of its own luma, so its luma stays exactly the same. Clipping R, G and B
would change it.
"""

from photochrom.color._arrays import Array, namespace
from photochrom.color.lab import lab_to_rgb
from photochrom.color.ycbcr import BT601, Matrix


def in_gamut(rgb: Array, axis: int = -1, tolerance: float = 1e-6) -> Array:
    """Return whether every channel is in [0, 1] within `tolerance`. The channel axis is dropped."""
    xp = namespace(rgb)
    return xp.all((rgb >= -tolerance) & (rgb <= 1 + tolerance), axis=axis)


def chroma_limit(luma: Array, cb: Array, cr: Array, matrix: Matrix = BT601) -> Array:
    """Return the largest s in [0, 1] for which (luma, s cb, s cr) is inside the R'G'B' cube.

    Parameters
    ----------
    luma, cb, cr : arrays of one shape
        Luma in [0, 1], cb and cr centred on 0.
    matrix
        Photos have that of BT.601.
    """
    xp = namespace(luma)
    red, blue = matrix.cr_to_red * cr, matrix.cb_to_blue * cb
    green = matrix.cb_to_green * cb + matrix.cr_to_green * cr
    highest = xp.maximum(xp.maximum(red, green), blue)
    lowest = -xp.minimum(xp.minimum(red, green), blue)
    # 1e-6 is far below one level of 16 bit. It only avoids 0/0 at greys, where any s is right.
    return xp.clip(
        xp.minimum((1 - luma) / xp.clip(highest, 1e-6, None), luma / xp.clip(lowest, 1e-6, None)), 0.0, 1.0
    )


def reduce_chroma(luma: Array, cb: Array, cr: Array, matrix: Matrix = BT601) -> tuple[Array, Array]:
    """Return cb and cr. They are scaled down together where the colour is outside the R'G'B' cube."""
    limit = chroma_limit(luma, cb, cr, matrix)
    return cb * limit, cr * limit


def ab_to_chroma(ab: Array, luma: Array, matrix: Matrix = BT601) -> tuple[Array, Array]:
    """Return Cb and Cr of the colour with these a and b and this luma.

    L* and luma are different greys: a pure blue has L* 32 but a luma of 0.11. Therefore bisection first finds the L*
    that gives the luma, which grows with L* at a fixed ab. After ten halvings the error is at most 0.002. The R'G'B' of
    a film is treated as sRGB, as players do.

    Parameters
    ----------
    ab : (..., 2) in Lab units
    luma : (...) in [0, 1]
    matrix
        Photos have that of BT.601.

    Returns
    -------
    cb, cr : (...) in [-0.5, 0.5], within the gamut of `luma`.
    """
    xp = namespace(ab)
    low = xp.zeros_like(ab[..., :1])
    high = low + 100.0
    # A fixed-point iteration from the grey's L* has an error of 0.05 in luma at blues, for any number of steps.
    for _ in range(10):
        middle = (low + high) / 2
        darker = matrix.luma(lab_to_rgb(xp.concat([middle, ab], axis=-1)))[..., None] < luma[..., None]
        low, high = xp.where(darker, middle, low), xp.where(darker, high, middle)
    cb, cr = matrix.chroma(lab_to_rgb(xp.concat([(low + high) / 2, ab], axis=-1)))
    return reduce_chroma(luma, cb, cr, matrix)

"""The sRGB gamut seen from Y'CbCr: how much chroma a luma can carry, and colours of a given luma.

Reducing chroma moves a colour straight towards the grey of its own luma, so luma is kept exactly
(clipping R, G and B would change it).
"""

from photochrom.color._arrays import Array, namespace
from photochrom.color.lab import lab_to_rgb
from photochrom.color.luma import CB_TO_BLUE, CB_TO_GREEN, CR_TO_GREEN, CR_TO_RED, rgb_to_luma, rgb_to_ycbcr


def in_gamut(rgb: Array, axis: int = -1, tolerance: float = 1e-6) -> Array:
    """Whether every channel lies in [0, 1] within `tolerance`; the channel axis is dropped."""
    xp = namespace(rgb)
    return xp.all((rgb >= -tolerance) & (rgb <= 1 + tolerance), axis=axis)


def chroma_limit(luma: Array, cb: Array, cr: Array) -> Array:
    """The largest s in [0, 1] for which (luma, s cb, s cr) is a colour of the sRGB cube.

    Parameters
    ----------
    luma, cb, cr : arrays of one shape
        Full-range Rec. 601: luma in [0, 1], cb and cr centred on 0.
    """
    xp = namespace(luma)
    red, green, blue = CR_TO_RED * cr, CB_TO_GREEN * cb + CR_TO_GREEN * cr, CB_TO_BLUE * cb
    highest = xp.maximum(xp.maximum(red, green), blue)
    lowest = -xp.minimum(xp.minimum(red, green), blue)
    # 1e-6 is far below one level of 16 bit; it only avoids 0/0 at greys, where any s will do.
    return xp.clip(
        xp.minimum((1 - luma) / xp.clip(highest, 1e-6, None), luma / xp.clip(lowest, 1e-6, None)), 0.0, 1.0
    )


def reduce_chroma(luma: Array, cb: Array, cr: Array) -> tuple[Array, Array]:
    """Return cb and cr, scaled down together where the colour would leave the sRGB cube."""
    limit = chroma_limit(luma, cb, cr)
    return cb * limit, cr * limit


def ab_to_chroma(ab: Array, luma: Array) -> tuple[Array, Array]:
    """Cb and Cr of the colour that has these a and b and this Rec. 601 luma.

    L* and luma are different greys (a pure blue has L* 32 but a luma of 0.11), so the L* which goes with the
    luma is found first, by bisection: luma grows with L* at a fixed ab. Ten halvings bring it within 0.002.

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
    # A fixed-point iteration from the grey's L* is 0.05 of luma off at blues, however many steps it takes.
    for _ in range(10):
        middle = (low + high) / 2
        darker = rgb_to_luma(lab_to_rgb(xp.concat([middle, ab], axis=-1)))[..., None] < luma[..., None]
        low, high = xp.where(darker, middle, low), xp.where(darker, high, middle)
    ycbcr = rgb_to_ycbcr(lab_to_rgb(xp.concat([(low + high) / 2, ab], axis=-1)))
    return reduce_chroma(luma, ycbcr[..., 1], ycbcr[..., 2])

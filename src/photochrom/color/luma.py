"""Rec. 601 luma and full-range Y'CbCr (ITU-R BT.601-7, as JFIF uses it), all on sRGB-encoded values.

Y' is in [0, 1]; Cb and Cr are centred on 0 and lie in [-0.5, 0.5].
"""

from photochrom.color._arrays import Array, channels, matmul_channels, namespace

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
CR_TO_RED = 2 * (1 - LUMA_WEIGHTS[0])
CB_TO_BLUE = 2 * (1 - LUMA_WEIGHTS[2])
CR_TO_GREEN = -CR_TO_RED * LUMA_WEIGHTS[0] / LUMA_WEIGHTS[1]
CB_TO_GREEN = -CB_TO_BLUE * LUMA_WEIGHTS[2] / LUMA_WEIGHTS[1]


def rgb_to_luma(rgb: Array, axis: int = -1) -> Array:
    """Rec. 601 luma of sRGB in [0, 1]; the channel axis is dropped."""
    xp = namespace(rgb)
    red, green, blue = channels(rgb, axis)
    return xp.squeeze(LUMA_WEIGHTS[0] * red + LUMA_WEIGHTS[1] * green + LUMA_WEIGHTS[2] * blue, axis=axis)


def rgb_to_ycbcr(rgb: Array, axis: int = -1) -> Array:
    """Convert sRGB in [0, 1] to full-range Y'CbCr (Cb, Cr centred on 0)."""
    namespace(rgb)
    r, g, b = LUMA_WEIGHTS
    return matmul_channels(
        (
            LUMA_WEIGHTS,
            (-r / CB_TO_BLUE, -g / CB_TO_BLUE, 0.5),
            (0.5, -g / CR_TO_RED, -b / CR_TO_RED),
        ),
        rgb,
        axis,
    )


def ycbcr_to_rgb(ycbcr: Array, axis: int = -1) -> Array:
    """Convert full-range Y'CbCr (Cb, Cr centred on 0) to sRGB, unclipped."""
    namespace(ycbcr)
    return matmul_channels(
        ((1.0, 0.0, CR_TO_RED), (1.0, CB_TO_GREEN, CR_TO_GREEN), (1.0, CB_TO_BLUE, 0.0)), ycbcr, axis
    )

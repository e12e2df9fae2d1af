"""CIE 1976 L*a*b* (CIE 15:2004) of sRGB pictures, D65, 2-degree observer.

L is in [0, 100]. For the sRGB gamut, a and b are within [-86.2, 98.3] and [-107.9, 94.5].
"""

from photochrom.color._arrays import Array, array_namespace, channels, namespace
from photochrom.color.srgb import linear_to_srgb, linear_to_xyz, srgb_to_linear, xyz_to_linear

WHITE = (0.95047, 1.0, 1.08883)
AB_SCALE = 110.0
"""Nets divide ab by this constant to get values in [-1, 1]. It is defined only here."""

# CIE 15 gives (6/29)^3 and its tangent. 0.008856 and 7.787 are the rounded values that scikit-image uses.
_THRESHOLD = 0.008856
_SLOPE = 7.787
_OFFSET = 16 / 116


def xyz_to_lab(xyz: Array, axis: int = -1) -> Array:
    """Convert CIE XYZ (Y = 1 for white) to L*a*b* along `axis`."""
    xp = namespace(xyz)
    fx, fy, fz = (_f(channel / white) for channel, white in zip(channels(xyz, axis), WHITE, strict=True))
    return xp.concat([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=axis)


def lab_to_xyz(lab: Array, axis: int = -1) -> Array:
    """Convert L*a*b* to CIE XYZ (Y = 1 for white) along `axis`; negative Z is clipped to 0."""
    xp = namespace(lab)
    lightness, a, b = channels(lab, axis)
    fy = (lightness + 16) / 116
    fx, fz = fy + a / 500, xp.clip(fy - b / 200, 0.0, None)
    return xp.concat([_f_inverse(f) * white for f, white in zip((fx, fy, fz), WHITE, strict=True)], axis=axis)


def rgb_to_lab(rgb: Array, axis: int = -1) -> Array:
    """Convert sRGB in [0, 1] to L*a*b*.

    Parameters
    ----------
    rgb : array, three channels on `axis`
        ``axis=-1`` for pictures ``(H, W, 3)``, ``axis=1`` for nets ``(B, 3, H, W)``.

    Returns
    -------
    array of the same shape: L in [0, 100], a and b in about [-110, 110].
    """
    return xyz_to_lab(linear_to_xyz(srgb_to_linear(rgb), axis), axis)


def lab_to_rgb(lab: Array, axis: int = -1, *, clip: bool = True) -> Array:
    """Convert L*a*b* to sRGB. `clip` clips it to [0, 1]; without it, colours outside the gamut stay outside."""
    rgb = linear_to_srgb(xyz_to_linear(lab_to_xyz(lab, axis), axis))
    return array_namespace(rgb).clip(rgb, 0.0, 1.0) if clip else rgb


def grey_to_lightness(grey: Array) -> Array:
    """Return the L* in [0, 100] of a neutral sRGB grey in [0, 1], elementwise, as `rgb_to_lab` does for R = G = B."""
    namespace(grey)
    return 116 * _f(srgb_to_linear(grey)) - 16


def lightness_to_grey(lightness: Array) -> Array:
    """Return the neutral sRGB grey in [0, 1] with this L* in [0, 100], elementwise."""
    namespace(lightness)
    return linear_to_srgb(_f_inverse((lightness + 16) / 116))


def _f(t: Array) -> Array:
    xp = array_namespace(t)
    cube_root = xp.clip(t, _THRESHOLD, None) ** (1 / 3)
    return xp.where(t > _THRESHOLD, cube_root, _SLOPE * t + _OFFSET)


def _f_inverse(f: Array) -> Array:
    xp = array_namespace(f)
    # 0.2068966 is where scikit-image switches branches: f(_THRESHOLD) to seven digits.
    return xp.where(f > 0.2068966, f**3, (f - _OFFSET) / _SLOPE)

"""Colour differences between L*a*b* colours: CIE 1976 and CIEDE2000. About 1 is just noticeable.

Both are measures and differentiable losses. Where the formula has no derivative (identical colours, greys), the
gradient is 0 instead of NaN.
"""

from math import pi, radians

from photochrom.color._arrays import Array, array_namespace, channels, namespace

# Below this chroma a colour has no hue. The paper says 0, but the square of this value is still a normal float32.
_NEUTRAL = 1e-12
# Exactly opposite hues must count as at most half a turn apart, and float32 angles have steps of 5e-7.
_HALF_TURN = pi + 1e-6


def cie76(lab1: Array, lab2: Array, axis: int = -1) -> Array:
    """Euclidean distance in L*a*b*, the CIE 1976 colour difference.

    Parameters
    ----------
    lab1, lab2 : arrays of the same namespace, three channels on `axis`
        Shapes must be equal or broadcast to each other.

    Returns
    -------
    array of the (broadcast) shape without the channel axis, >= 0.

    Raises
    ------
    TypeError
        If an input does not hold floating-point numbers.
    ValueError
        If there are not three channels on `axis`.
    """
    xp = namespace(lab1)
    namespace(lab2)
    pairs = zip(channels(lab1, axis), channels(lab2, axis), strict=True)
    return xp.squeeze(_root(sum((one - two) ** 2 for one, two in pairs)), axis=axis)


def ciede2000(lab1: Array, lab2: Array, axis: int = -1) -> Array:
    """CIEDE2000 colour difference with kL = kC = kH = 1.

    After Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula: implementation notes, supplementary
    test data, and mathematical observations", Color Research and Application 30 (2005).

    Parameters
    ----------
    lab1, lab2 : arrays of the same namespace, three channels on `axis`
        Shapes must be equal or broadcast to each other. The order does not matter.

    Returns
    -------
    array of the (broadcast) shape without the channel axis, >= 0.

    Raises
    ------
    TypeError
        If an input does not hold floating-point numbers.
    ValueError
        If there are not three channels on `axis`.
    """
    xp = namespace(lab1)
    namespace(lab2)
    lightness1, a1, b1 = channels(lab1, axis)
    lightness2, a2, b2 = channels(lab2, axis)

    # Step 1 of the paper: stretch a near the neutral axis, then compute chroma and hue.
    mean_plain_chroma = (_root(a1**2 + b1**2) + _root(a2**2 + b2**2)) / 2
    stretch = 1.5 - 0.5 * _saturating(mean_plain_chroma)
    a1, a2 = a1 * stretch, a2 * stretch
    chroma1, chroma2 = _root(a1**2 + b1**2), _root(a2**2 + b2**2)
    hue1, hue2 = _hue(a1, b1, chroma1), _hue(a2, b2, chroma2)

    # Step 2: differences. For a neutral the hue is multiplied by a chroma of 0, here and in step 3.
    turn = hue2 - hue1
    far = xp.abs(turn) > _HALF_TURN
    turn = xp.where(far, turn - 2 * pi * xp.sign(turn), turn)
    d_lightness = lightness2 - lightness1
    d_chroma = chroma2 - chroma1
    d_hue = 2 * _root(chroma1 * chroma2) * xp.sin(turn / 2)

    # Step 3: means and weights.
    mean_lightness = (lightness1 + lightness2) / 2 - 50
    mean_chroma = (chroma1 + chroma2) / 2
    total = hue1 + hue2
    # The mean on the short side of the circle, in [0, 2 pi).
    opposite = xp.where(total < 2 * pi, total + 2 * pi, total - 2 * pi)
    mean_hue = xp.where(far, opposite, total) / 2
    weight_t = (
        1
        - 0.17 * xp.cos(mean_hue - radians(30))
        + 0.24 * xp.cos(2 * mean_hue)
        + 0.32 * xp.cos(3 * mean_hue + radians(6))
        - 0.20 * xp.cos(4 * mean_hue - radians(63))
    )
    scaled_lightness = d_lightness / (1 + 0.015 * mean_lightness**2 / (20 + mean_lightness**2) ** 0.5)
    scaled_chroma = d_chroma / (1 + 0.045 * mean_chroma)
    scaled_hue = d_hue / (1 + 0.015 * mean_chroma * weight_t)
    angle = radians(30) * xp.exp(-(((mean_hue - radians(275)) / radians(25)) ** 2))
    rotation = -2 * _saturating(mean_chroma) * xp.sin(2 * angle)
    squared = scaled_lightness**2 + scaled_chroma**2 + scaled_hue**2 + rotation * scaled_chroma * scaled_hue
    return xp.squeeze(_root(squared), axis=axis)


def _root(x: Array) -> Array:
    """Return the square root with gradient 0 instead of infinity at 0. Values below 0 by rounding count as 0."""
    xp = array_namespace(x)
    return xp.where(x > 0, xp.where(x > 0, x, 1.0) ** 0.5, 0.0)


def _hue(a: Array, b: Array, chroma: Array) -> Array:
    """Hue angle in [0, 2 pi); 0 for neutrals."""
    xp = array_namespace(a)
    neutral = chroma <= _NEUTRAL
    # atan2(0, 0) has no gradient, so neutrals use the hue of (1, 0).
    angle = xp.atan2(xp.where(neutral, 0.0, b), xp.where(neutral, 1.0, a))
    return xp.where(angle < 0, angle + 2 * pi, angle)


def _saturating(chroma: Array) -> Array:
    """``sqrt(C^7 / (C^7 + 25^7))``, from 0 for greys to 1; written so that it has a gradient near 0."""
    ratio = chroma / 25
    return ratio**3.5 / (1 + ratio**7) ** 0.5

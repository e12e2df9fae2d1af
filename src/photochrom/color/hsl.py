"""Hue, saturation, lightness (Joblove and Greenberg 1978) of sRGB pictures: for moving colours by hand.

Hue is in turns, [0, 1): 0 red, 1/3 green, 2/3 blue. Saturation and lightness are in [0, 1].
"""

from photochrom.color._arrays import Array, array_namespace, channels, namespace


def rgb_to_hsl(rgb: Array, axis: int = -1) -> Array:
    """Convert sRGB in [0, 1] to hue, saturation and lightness along `axis`.

    Parameters
    ----------
    rgb : array, three channels on `axis`
        ``axis=-1`` for pictures ``(H, W, 3)``, ``axis=1`` for nets ``(B, 3, H, W)``.

    Returns
    -------
    array of the same shape: hue in [0, 1), saturation and lightness in [0, 1].
        A grey has hue 0 and saturation 0, and its gradients are finite.

    Raises
    ------
    TypeError
        If `rgb` does not hold floating-point numbers.
    ValueError
        If there are not three channels on `axis`.
    """
    xp = namespace(rgb)
    red, green, blue = channels(rgb, axis)
    high = xp.max(rgb, axis=axis, keepdims=True)
    low = xp.min(rgb, axis=axis, keepdims=True)
    spread = high - low
    grey = spread <= 0
    # Greys divide by 1, because 0/0 makes the gradient NaN even on the branch that is not taken.
    divisor = xp.where(grey, 1.0, spread)
    sixths = xp.where(
        red == high,
        (green - blue) / divisor,
        xp.where(green == high, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    # Applied twice, because the first gives 1 - 1e-9 for -1e-9, which float32 rounds to 1.
    hue = _fraction(_fraction(sixths / 6))
    # 1 - |2 l - 1| would round to 0 for a colour one step from white. These two forms do not.
    range_ = xp.where(high + low <= 1, high + low, (1 - high) + (1 - low))
    saturation = xp.where(grey, 0.0, spread / xp.where(grey, 1.0, range_))
    return xp.concat([hue, saturation, (high + low) / 2], axis=axis)


def hsl_to_rgb(hsl: Array, axis: int = -1) -> Array:
    """Convert hue, saturation and lightness to sRGB in [0, 1] along `axis`.

    Parameters
    ----------
    hsl : array, three channels on `axis`
        Hue in turns (any real number: it wraps), saturation and lightness in [0, 1].

    Returns
    -------
    array of the same shape, sRGB.

    Raises
    ------
    TypeError
        If `hsl` does not hold floating-point numbers.
    ValueError
        If there are not three channels on `axis`.
    """
    xp = namespace(hsl)
    hue, saturation, lightness = channels(hsl, axis)
    amplitude = saturation * xp.minimum(lightness, 1 - lightness)

    def channel(offset: int) -> Array:
        twelfths = 12 * _fraction(hue + offset / 12)
        return lightness - amplitude * xp.clip(xp.minimum(twelfths - 3, 9 - twelfths), -1.0, 1.0)

    return xp.concat([channel(offset) for offset in (0, 8, 4)], axis=axis)


def _fraction(x: Array) -> Array:
    return x - array_namespace(x).floor(x)

"""Colorfulness of a picture (Hasler and Suesstrunk 2003, "Measuring colourfulness in natural images")."""

from photochrom.color._arrays import Array, array_namespace, channels, namespace

MATRIX = ((1.0, -1.0, 0.0), (0.5, 0.5, -1.0))
"""From R, G and B to the opponents: red minus green, and yellow minus blue."""


def colorfulness(rgb: Array, *, axis: int = -1, signed: bool = True, smooth: float = 0.0) -> Array:
    """Return the colorfulness in the units of `rgb`. For [0, 1], the paper's figure is 255 times larger.

    Parameters
    ----------
    rgb : (..., 3 on `axis`, and height and width as the other two of the last three dimensions)
    signed : True for equation 10 of the paper
        False takes the absolute values of the opponents, as DDColor's script and the tables after it do (Kang et al.
        2023, arXiv:2212.11613). It is lower, as what is red and what is green no longer spread apart.
    smooth : added below the roots, whose slope is then finite at grey; the result is still 0 there

    Returns
    -------
    (...): 0 for grey. In the paper's units about 15 is slightly and above 100 extremely colourful.
    """
    xp = namespace(rgb)
    split = channels(rgb, axis)
    over = (-3, -2, -1)
    means, variances = [], []
    for row in MATRIX:
        opponent = sum(weight * channel for weight, channel in zip(row, split, strict=True) if weight)
        opponent = opponent if signed else xp.abs(opponent)
        means.append(xp.mean(opponent, axis=over))
        variances.append(xp.var(opponent, axis=over))
    return of_moments(xp.stack(means, axis=-1), xp.stack(variances, axis=-1), smooth)


def of_moments(means: Array, variances: Array, smooth: float = 0.0) -> Array:
    """Return the colorfulness ``(...)`` from the means and variances ``(..., 2)`` of both opponents over a picture."""
    xp = array_namespace(means)
    spread, distance = xp.sum(variances, axis=-1), xp.sum(means**2, axis=-1)
    roots = [xp.sqrt(x + smooth**2) - smooth for x in (spread, distance)]
    return roots[0] + 0.3 * roots[1]

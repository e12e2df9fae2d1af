"""Propagation: colours that are known at some points are spread over the rest of a picture.

First, the known colours together scale the chroma of the whole picture. Then Gaussian process regression (Rasmussen and
Williams 2006, chapter 2) spreads the remaining differences: similar places follow, and others stay as predicted. The
kernel of similarity is the rational quadratic one (ibid., equation 4.19, alpha = 1) of place, luma, predicted colour,
and the coordinates that a net has learned, if there are any. NumPy runs this module for photos, and torch runs it to
learn the coordinates.
"""

from photochrom.color._arrays import Array, namespace

PLAIN = (0.2, 0.15, 10.0)
"""The kernel's units: share of the picture's mean side, luma in [0, 1], and ab in Lab units."""
LEARNED = (0.5, 0.25, 18.0)
"""The units beside learned coordinates. They are larger, because learned coordinates only add distance."""
NOISE = 0.02
"""A hint's variance, relative to 1 for the predictions. Two different hints at one place give their mean."""
AT_ONCE = 2_000_000
"""The largest number of kernel entries at once. 500 hints at 256 x 256 would need half a gigabyte."""
DOUBT = 500.0
"""The squared chroma, in Lab units, of one more known colour that agrees with the prediction, as a prior."""


def propagated(
    ab: Array, luma: Array, at: Array, known: Array, affinity: Array | None = None, given: Array | None = None
) -> Array:
    """Return a prediction's colours after known colours are spread over them.

    Parameters
    ----------
    ab : (B, 2, h, w) as predicted, Lab units
    luma : (B, 1, h, w) in [0, 1]
    at : (B, K) integers
        The cells, row by row, where colours are known.
    known : (B, K, 2)
        The known colours.
    affinity : (B, P + 1, h, w) or None
        What a net has learned: the coordinates and the amplitude of each cell's error, relative to other cells.
    given : (B, K) of 1 and 0, or None
        Which known colours count, if the pictures of a batch have different numbers of them. The first one must count.

    Returns
    -------
    (B, 2, h, w)
    """
    xp = namespace(ab)
    batch, _, height, width = ab.shape
    flat = xp.matrix_transpose(xp.reshape(ab, (batch, 2, height * width)))
    factor = chroma_gain(_taken(xp, flat, at), known, given)
    flat = flat * factor
    coordinates = None if affinity is None else affinity[:, :-1]
    amplitude = None if affinity is None else xp.reshape(affinity[:, -1:], (batch, height * width))
    cells = places(ab, luma, coordinates)
    moved = flat + regression(cells, amplitude, at, known - _taken(xp, flat, at), given)
    return xp.reshape(xp.matrix_transpose(moved), ab.shape)


def chroma_gain(predicted: Array, known: Array, given: Array | None = None) -> Array:
    """Return the factor of the whole picture's chroma that several known colours together imply.

    It is the slope of known on predicted colours. Each known colour may imply a factor from 0 to 2. The slope is
    computed with each known colour left out once. The result is the slope nearest to 1, or 1 if some slopes are above
    and some below. A single known colour, which may belong to an unusual object, therefore changes no distant places.

    Parameters
    ----------
    predicted, known : (B, K, 2) in Lab units
    given : (B, K) of 1 and 0, or None

    Returns
    -------
    (B, 1, 1) in [0, 2]
    """
    xp = namespace(predicted)
    weight = xp.sum(predicted**2, axis=-1)
    off = xp.sum((known - predicted) * predicted, axis=-1)
    off = xp.where(xp.abs(off) > weight, xp.sign(off) * weight, off)
    if given is not None:
        weight, off = weight * given, off * given
    slopes = (xp.sum(off, axis=1, keepdims=True) - off) / (
        xp.sum(weight, axis=1, keepdims=True) - weight + DOUBT
    )
    if given is not None:
        slopes = xp.where(given > 0, slopes, slopes[:, :1])
    least, most = xp.min(slopes, axis=1, keepdims=True), xp.max(slopes, axis=1, keepdims=True)
    return (1 + xp.clip(least, 0, None) + xp.clip(most, None, 0))[..., None]


def places(ab: Array, luma: Array, affinity: Array | None = None) -> Array:
    """Return the coordinates of each cell in the space in which near cells have similar colours.

    Parameters
    ----------
    ab : (B, 2, h, w) as predicted, Lab units
    luma : (B, 1, h, w) in [0, 1]
    affinity : (B, P, h, w) or None
        Learned coordinates, in addition to those of place, luma and colour.

    Returns
    -------
    (B, h w, 5 + P)
    """
    xp = namespace(ab)
    batch, _, height, width = ab.shape
    reach, like_luma, like_color = PLAIN if affinity is None else LEARNED
    unit = reach * (height * width) ** 0.5
    # Zeros with the right device and type.
    zero = luma * 0
    rows, columns = (
        zero + xp.reshape(_arange(xp, n, ab) + 0.5, shape) / unit
        for n, shape in ((height, (1, 1, height, 1)), (width, (1, 1, 1, width)))
    )
    found = [rows, columns, luma / like_luma, ab / like_color]
    found += [] if affinity is None else [affinity]
    stacked = xp.concat(found, axis=1)
    return xp.matrix_transpose(xp.reshape(stacked, (batch, stacked.shape[1], height * width)))


def regression(
    cells: Array, amplitude: Array | None, at: Array, rest: Array, given: Array | None = None
) -> Array:
    """Return the change of each cell's colour by which the picture agrees with the known colours.

    Parameters
    ----------
    cells : (B, N, P), see `places`
    amplitude : (B, N) > 0 or None
        The amplitude of each cell's error, relative to other cells. None means equal amplitudes.
    at : (B, K) integers
        The cells where colours are known.
    rest : (B, K, 2)
        The known colour minus the predicted one.
    given : (B, K) of 1 and 0, or None
        Which known colours count, if the pictures of a batch have different numbers of them.

    Returns
    -------
    (B, N, 2)
    """
    xp = namespace(cells)
    known = _taken(xp, cells, at)
    if amplitude is not None:
        rest = rest / _taken(xp, amplitude[..., None], at)
    among = kernel(known, known)
    if given is not None:
        # A colour that does not count has no neighbours and a rest of 0, so its weight becomes 0.
        among = among * given[:, :, None] * given[:, None, :]
        rest = rest * given[:, :, None]
    numbers = _arange(xp, at.shape[1], cells)
    noise = NOISE * xp.astype(numbers[:, None] == numbers[None, :], cells.dtype)
    weights = xp.linalg.solve(among + noise, rest)
    step = max(1, AT_ONCE // at.shape[1])
    parts = [cells[:, i : i + step] for i in range(0, cells.shape[1], step)]
    moved = xp.concat([kernel(part, known) @ weights for part in parts], axis=1)
    return moved if amplitude is None else moved * amplitude[..., None]


def kernel(first: Array, second: Array) -> Array:
    """Return the rational quadratic kernel ``(B, N, K)``, in (0, 1], of places ``(B, N, P)`` and ``(B, K, P)``."""
    xp = namespace(first)
    squares = xp.sum(first**2, axis=-1)[:, :, None] + xp.sum(second**2, axis=-1)[:, None, :]
    far = squares - 2 * first @ xp.matrix_transpose(second)
    # Rounding can make the distance of a place from itself negative.
    return 1 / (1 + xp.clip(far, 0, None) / 2)


def _taken(xp: Array, x: Array, at: Array) -> Array:
    """Return the rows ``(B, K, P)`` of ``x (B, N, P)`` at ``(B, K)``."""
    return xp.stack([xp.take(x[i], at[i], axis=0) for i in range(x.shape[0])])


def _arange(xp: Array, count: int, like: Array) -> Array:
    extra = {"device": like.device} if hasattr(like, "device") else {}
    return xp.arange(count, dtype=like.dtype, **extra)

"""Colours that are known at points, spread over the rest of a picture.

First the picture as a whole becomes as vivid as they say together. Then Gaussian process regression (Rasmussen and
Williams 2006, chapter 2) of what is left of them: places that are alike follow, others stay as predicted. What is alike
is for a kernel to say, the rational quadratic one (ibid., equation 4.19, alpha = 1) of place, luma and predicted colour
and, where a net has learned them, of coordinates of its own. One implementation serves NumPy, for photos, and torch, to
learn those coordinates by.
"""

from photochrom.color._arrays import Array, namespace

PLAIN = (0.2, 0.15, 10.0)
"""One unit of the kernel: share of the picture's mean side, luma in [0, 1], ab in Lab units."""
LEARNED = (0.5, 0.25, 18.0)
"""The same beside learned coordinates, which can only tell more apart."""
NOISE = 0.02
"""Variance of a hint against 1 of what it corrects: two that contradict each other at one place meet in the middle."""
AT_ONCE = 2_000_000
"""Entries of the kernel: 500 hints at 256 x 256 would take half a gigabyte."""
DOUBT = 500.0
"""Squared chroma, in Lab units, by which the predicted chroma counts as if one more colour were known to confirm it."""


def propagated(
    ab: Array, luma: Array, at: Array, known: Array, affinity: Array | None = None, given: Array | None = None
) -> Array:
    """A prediction's colours where they meet what is known.

    Parameters
    ----------
    ab : (B, 2, h, w) as predicted, Lab units
    luma : (B, 1, h, w) in [0, 1]
    at : (B, K) integers
        The cells, row by row, where colours are known.
    known : (B, K, 2)
        Those colours.
    affinity : (B, P + 1, h, w) or None
        What a net has learned: coordinates, and by how much, in proportion, each cell may be off.
    given : (B, K) of 1 and 0, or None
        Which of the known colours count, where the pictures of a batch have different numbers; the first one does.

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
    """How vivid a picture is, in proportion to what was predicted, by what several known colours say together.

    It is the slope of known on predicted colours, of which each says something between nothing and twice as vivid.
    Of all slopes that leave one of them out the one nearest to 1 counts, and 1 if they disagree: what a single one
    says, which may be of a thing that its owner knows to be odd, changes nothing far away.

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
    """Where each cell of a picture lies in the space in which near cells have like colours.

    Parameters
    ----------
    ab : (B, 2, h, w) as predicted, Lab units
    luma : (B, 1, h, w) in [0, 1]
    affinity : (B, P, h, w) or None
        Coordinates that a net has learned, beside those of place, luma and colour.

    Returns
    -------
    (B, h w, 5 + P)
    """
    xp = namespace(ab)
    batch, _, height, width = ab.shape
    reach, like_luma, like_color = PLAIN if affinity is None else LEARNED
    unit = reach * (height * width) ** 0.5
    # A picture of zeros on the right device and of the right kind.
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
    """How far each cell's colour moves so that the picture meets what is known of it.

    Parameters
    ----------
    cells : (B, N, P), see `places`
    amplitude : (B, N) > 0 or None
        How much, in proportion, each cell's prediction may be off; the same everywhere, if None.
    at : (B, K) integers
        The cells where colours are known.
    rest : (B, K, 2)
        The known colour less the predicted one.
    given : (B, K) of 1 and 0, or None
        Which of them count, where the pictures of a batch have different numbers of them.

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
        # What does not count is alone with a rest of nothing, and its weight becomes 0.
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
    """The rational quadratic kernel ``(B, N, K)``, in (0, 1], of places ``(B, N, P)`` and ``(B, K, P)``."""
    xp = namespace(first)
    squares = xp.sum(first**2, axis=-1)[:, :, None] + xp.sum(second**2, axis=-1)[:, None, :]
    far = squares - 2 * first @ xp.matrix_transpose(second)
    # Rounding brings a place's distance from itself below 0.
    return 1 / (1 + xp.clip(far, 0, None) / 2)


def _taken(xp: Array, x: Array, at: Array) -> Array:
    """The rows ``(B, K, P)`` of ``x (B, N, P)`` at ``(B, K)``."""
    return xp.stack([xp.take(x[i], at[i], axis=0) for i in range(x.shape[0])])


def _arange(xp: Array, count: int, like: Array) -> Array:
    extra = {"device": like.device} if hasattr(like, "device") else {}
    return xp.arange(count, dtype=like.dtype, **extra)

"""Marks of age on the net's input. The truth stays as it is, so the net learns to colour old prints.

Every mark is a function of one photo (1, 1, H, W) in [0, 1] and of that photo's own random generator. The marks of a
photo therefore do not depend on the other photos of the batch or on the number of processes, and a resumed run repeats
them.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.luma import LUMA_WEIGHTS, rgb_to_luma

Rng = np.random.Generator

# Shares of red, green and blue in the grey of a film, as centres of Dirichlet distributions: panchromatic film,
# orthochromatic film (not sensitive to red, so lips are dark), and early plates (sensitive only to blue, so skies are
# white).
FILMS = ((0.30, 0.42, 0.28), (0.04, 0.52, 0.44), (0.02, 0.13, 0.85))
FILM_ODDS = (0.6, 0.25, 0.15)


def mix_to_grey(rgb: Tensor, rngs: Sequence[Rng], share: float) -> Tensor:
    """Convert to grey, a `share` of the photos with the sensitivity of an old film.

    Old films do not follow Rec. 601. A net trained only on Rec. 601 takes a red that such a film shows dark for a dark
    object.

    Parameters
    ----------
    rgb : (B, 3, H, W) sRGB in [0, 1]
    rngs : one per photo
    share : the probability that a photo gets such a film; the others get their Rec. 601 luma

    Returns
    -------
    (B, 1, H, W) in [0, 1]. Neutral colours keep their grey, except for rounding.

    Raises
    ------
    ValueError
        If there is not one generator per photo.
    """
    _one_each(rgb, rngs)
    grey: Tensor = rgb_to_luma(rgb, axis=1)[:, None]
    for i, rng in enumerate(rngs):
        if rng.random() < share:
            centre = FILMS[rng.choice(len(FILMS), p=FILM_ODDS)]
            weights = rng.dirichlet(30 * np.array(centre))
            # Film sums linear light. Squares approximate the curve of sRGB, which is slow to compute.
            light = torch.einsum("chw,c->hw", rgb[i].square(), torch.tensor(weights).to(rgb))
            grey[i, 0] = light.sqrt().clamp(0, 1)
    return grey


def degrade(grey: Tensor, rngs: Sequence[Rng], share: float) -> Tensor:
    """Age a `share` of a batch of grey photos with blur, grain, toning, fading, scratches and JPEG compression.

    Parameters
    ----------
    grey : (B, 1, H, W) in [0, 1]; it is not changed
    rngs : one per photo; all marks of the photo are drawn from it
    share : the probability that a photo is old; an old photo gets each mark with the probability in `MARKS`

    Returns
    -------
    (B, 1, H, W) in [0, 1], on the device of `grey`.

    Raises
    ------
    ValueError
        If there is not one generator per photo.
    """
    _one_each(grey, rngs)
    out = grey.clone()
    for i, rng in enumerate(rngs):
        if rng.random() >= share:
            continue
        photo = out[i : i + 1]
        for probability, mark in MARKS:
            if rng.random() < probability:
                photo = mark(photo, rng).clamp(0, 1)
        out[i : i + 1] = photo
    return out


def blur(photo: Tensor, rng: Rng) -> Tensor:
    """Blur by a Gaussian of 0.4 to 1.6 pixels, as an old lens, camera shake or the scan of a small print does."""
    sigma = rng.uniform(0.4, 1.6)
    radius = math.ceil(2.5 * sigma)
    bell = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel = (bell / bell.sum()).tolist()
    # A sum of shifted copies. On a CPU a convolution of a single channel takes three times as long.
    for dim in (2, 3):
        sides = (radius, radius, 0, 0) if dim == 3 else (0, 0, radius, radius)
        padded = F.pad(photo, sides, mode="replicate")
        length = photo.shape[dim]
        photo = torch.zeros_like(photo)
        for shift, weight in enumerate(kernel):
            photo.add_(padded.narrow(dim, shift, length), alpha=weight)
    return photo


def grain(photo: Tensor, rng: Rng) -> Tensor:
    """Add film grain of 1 to 2.5 pixels. Its deviation is 0.01 to 0.06 in mid grey and half in black and white."""
    deviation, coarseness = rng.uniform(0.01, 0.06), rng.uniform(1.0, 2.5)
    height, width = photo.shape[2:]
    noise = _normal(photo, rng, math.ceil(height / coarseness), math.ceil(width / coarseness))
    if noise.shape != photo.shape:
        noise = F.interpolate(noise, size=(height, width), mode="bilinear")
        # Interpolation averages neighbours and weakens the noise. This restores a deviation of 1.
        noise = noise / noise.std().clamp_min(1e-3)
    return photo + deviation * noise * (0.5 + 2 * photo * (1 - photo))


def sepia(photo: Tensor, rng: Rng) -> Tensor:
    """Tone the print from brown to cream and take the luma of the result, as a colour scan of it is read."""
    black, white, bend = 0.0, 0.0, 0.0
    # Each channel is dark + (paper - dark) x + bend x (1 - x). Their luma has the same form, so one sum is enough.
    for weight, darkest, palest in zip(LUMA_WEIGHTS, (0.2, 0.1, 0.05), (1.0, 0.95, 0.8), strict=True):
        black += weight * rng.uniform(0, darkest)
        white += weight * rng.uniform(palest - 0.15, palest)
        bend += weight * rng.uniform(-0.3, 0.3)
    return black + (white - black) * photo + bend * photo * (1 - photo)


def fade(photo: Tensor, rng: Rng) -> Tensor:
    """Change the gamma by a factor of up to 1.65, raise black to at most 0.15, and lower white to at least 0.8."""
    gamma = math.exp(rng.uniform(-0.5, 0.5))
    black, white = rng.uniform(0, 0.15), rng.uniform(0.8, 1.0)
    return black + (white - black) * photo**gamma


def scratch(photo: Tensor, rng: Rng) -> Tensor:
    """Draw one to three straight scratches of up to 2 pixels, white or black, across the photo."""
    height, width = photo.shape[2:]
    rows = torch.arange(height, dtype=photo.dtype, device=photo.device)[:, None]
    columns = torch.arange(width, dtype=photo.dtype, device=photo.device)
    for _ in range(rng.integers(1, 4)):
        angle, thickness, ink = rng.uniform(0, math.pi), rng.uniform(0.5, 2.0), float(rng.random() < 0.7)
        row, column, opacity = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(0.3, 0.9)
        distance = ((rows - row) * math.cos(angle) + (columns - column) * math.sin(angle)).abs_()
        # A soft edge of one pixel on either side, because the line falls between pixels.
        cover = (opacity * (thickness / 2 + 0.5 - distance)).clamp_(0, opacity)
        photo = torch.lerp(photo, torch.full_like(photo, ink), cover)
    return photo


def jpeg(photo: Tensor, rng: Rng) -> Tensor:
    """Save as an 8-bit JPEG of quality 20 to 80 and read it back. A photo on a GPU goes to the CPU and back."""
    import cv2

    quality = int(rng.integers(20, 81))
    pixels = (photo[0, 0] * 255).round().byte().cpu().numpy()
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    return torch.from_numpy(decoded).to(photo).div_(255)[None, None]


Mark = Callable[[Tensor, Rng], Tensor]
MARKS: tuple[tuple[float, Mark], ...] = (
    (0.4, blur),
    (0.6, grain),
    (0.2, sepia),
    (0.7, fade),
    (0.1, scratch),
    (0.3, jpeg),
)
"""Each mark's probability on an old photo. Photos get them in this order: lens, film, print, storage, scan."""


def _normal(photo: Tensor, rng: Rng, height: int, width: int) -> Tensor:
    """Standard normal noise (1, 1, height, width) on the photo's device."""
    # Drawn on the photo's device. Drawing with NumPy and copying to a GPU costs more than all the marks together.
    source = torch.Generator(photo.device).manual_seed(int(rng.integers(2**62)))
    return torch.randn(1, 1, height, width, generator=source, device=photo.device, dtype=photo.dtype)


def _one_each(photos: Tensor, rngs: Sequence[Rng]) -> None:
    if len(rngs) != len(photos):
        raise ValueError(f"{len(photos)} photos need as many generators, got {len(rngs)}")

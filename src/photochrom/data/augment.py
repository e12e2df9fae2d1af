"""Crops, flips and the marks of age, on whole batches.

Age is put on the network's input only: the truth keeps its colours, so the net learns to colour an old print.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F


def random_crops(
    photos: list[NDArray[np.uint8]], size: int, rng: np.random.Generator, *, smallest: float = 0.6
) -> Tensor:
    """Random square crops of between `smallest` and all of the short side, flipped half of the time.

    Returns
    -------
    (B, 3, size, size) float32 sRGB in [0, 1].
    """
    import cv2

    batch = np.empty((len(photos), size, size, 3), np.uint8)
    for i, photo in enumerate(photos):
        height, width = photo.shape[:2]
        side = max(1, round(min(height, width) * rng.uniform(smallest, 1.0)))
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        crop = photo[top : top + side, left : left + side]
        how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        square = np.asarray(cv2.resize(crop, (size, size), interpolation=how)) if side != size else crop
        batch[i] = square[:, ::-1] if rng.random() < 0.5 else square
    return torch.from_numpy(batch).permute(0, 3, 1, 2).float().div_(255)


def age(grey: Tensor, rng: np.random.Generator, *, share: float) -> Tensor:
    """Fade, blur and grain a `share` of a batch of grey photos ``(B, 1, H, W)`` in [0, 1]."""
    out = grey.clone()
    for i in range(len(grey)):
        if rng.random() >= share:
            continue
        x = out[i : i + 1]
        if rng.random() < 0.7:
            # Gamma and a lifted black or dulled white: how prints fade and scanners expose.
            x = x.clamp(0, 1) ** float(np.exp(rng.uniform(-0.5, 0.5)))
            black, white = rng.uniform(0, 0.15), rng.uniform(0.8, 1.0)
            x = black + (white - black) * x
        if rng.random() < 0.4:
            scale = rng.uniform(0.4, 0.9)
            small = [max(8, round(side * scale)) for side in x.shape[2:]]
            x = F.interpolate(x, size=small, mode="bilinear", antialias=True)
            x = F.interpolate(x, size=grey.shape[2:], mode="bilinear")
        if rng.random() < 0.6:
            # From `rng`, not from torch's global generator: a resumed run must draw the same grain.
            grain = torch.from_numpy(rng.standard_normal(x.shape, dtype=np.float32)).to(x)
            x = x + grain * rng.uniform(0.01, 0.08)
        out[i : i + 1] = x.clamp(0, 1)
    return out


def random_hints(ab: Tensor, rng: np.random.Generator, *, share: float) -> Tensor:
    """Hints as a user would give them: squares of the true mean ab (Zhang et al. 2017, section 3.2).

    Parameters
    ----------
    ab : (B, 2, H, W) true colours
    share : the probability that a photo gets any; their number is geometric with mean 8

    Returns
    -------
    (B, 3, H, W): ab and mask, zero where there is no hint.
    """
    batch, _, height, width = ab.shape
    hints = ab.new_zeros(batch, 3, height, width)
    for i in range(batch):
        if rng.random() >= share:
            continue
        for _ in range(rng.geometric(1 / 8)):
            side = int(rng.integers(1, 10))
            top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
            window = (slice(top, top + side), slice(left, left + side))
            hints[(i, slice(0, 2), *window)] = ab[(i, slice(None), *window)].mean(dim=(1, 2))[:, None, None]
            hints[(i, 2, *window)] = 1
    return hints

"""A loss on the distribution of colours in a batch, compared with the truth."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

SIDES = (1, 4, 16)
"""Photos are compared by their mean colours, and by those of 4 x 4 and 16 x 16 parts."""
DIRECTIONS = 16


def distribution_loss(prediction: Tensor, truth: Tensor) -> Tensor:
    """Sliced Wasserstein distance between the colours of a batch and the true ones (Bonneel et al. 2015).

    The colour of one thing cannot be known from its grey, but how many things of a batch are blue or brown can nearly
    be known. A mean of plausible colours is brown, so a pixel loss makes too many photos brown; here they then have to
    become other colours. The loss does not say which ones, so it is used together with a classification or pixel loss.

    Parameters
    ----------
    prediction, truth : (B, C, H, W) ab or another colour in any unit

    Returns
    -------
    Scalar in the unit of the input, the mean over three sizes of parts. Its gradient reaches only `prediction`.

    Raises
    ------
    ValueError
        If shapes differ.
    """
    if prediction.shape != truth.shape:
        raise ValueError(f"expected two of one shape, got {tuple(prediction.shape)} and {tuple(truth.shape)}")
    directions = _directions(truth.shape[1]).to(truth.device)
    distances = []
    for side in SIDES:
        # Not as a matrix product, which autocast would round to half precision.
        projected = (
            (_parts(colors, side)[..., None] * directions).sum(dim=1)
            for colors in (prediction, truth.detach())
        )
        first, second = (each.sort(dim=0).values for each in projected)
        distances.append((first - second).abs().mean())
    return torch.stack(distances).mean()


def _parts(colors: Tensor, side: int) -> Tensor:
    """The mean colours ``(N, C)`` of side x side parts of each photo."""
    size = (min(side, colors.shape[2]), min(side, colors.shape[3]))
    return F.adaptive_avg_pool2d(colors.float(), size).permute(0, 2, 3, 1).flatten(end_dim=2)


def _directions(channels: int) -> Tensor:
    """Unit vectors ``(C, DIRECTIONS)``, the same in every call."""
    found = np.random.default_rng(0).normal(size=(channels, DIRECTIONS))
    return torch.from_numpy((found / np.linalg.norm(found, axis=0)).astype(np.float32))

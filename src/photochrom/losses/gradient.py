"""Where colours change: the differences between neighbouring pixels, predicted against true."""

from torch import Tensor
from torch.nn import functional as F


def gradient_loss(prediction: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute error of the differences between horizontal and between vertical neighbours.

    It punishes bleeding and blotches, and is blind to a colour cast: it accompanies a pixel loss.
    (The gradient difference loss of Mathieu et al. 2016, arXiv:1511.05440, with the signs of the differences kept,
    since an edge from green to red is not one from red to green.)

    Parameters
    ----------
    prediction, truth : (B, C, H, W) ab or another colour in any unit, sides of at least 2

    Raises
    ------
    ValueError
        If shapes differ or a side is shorter than 2.
    """
    if prediction.shape != truth.shape or min(truth.shape[2:]) < 2:
        raise ValueError(
            f"expected two (B, C, H, W) of one shape and sides of at least 2, got {tuple(prediction.shape)} "
            f"and {tuple(truth.shape)}"
        )
    horizontal, vertical = (F.l1_loss(prediction.diff(dim=d), truth.diff(dim=d)) for d in (3, 2))
    return (horizontal + vertical) / 2

"""The gradient loss: it compares the differences between neighbouring pixels with the true ones."""

from torch import Tensor
from torch.nn import functional as F


def gradient_loss(prediction: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute error of the differences between horizontal and between vertical neighbours.

    It penalises bleeding and blotches but not a colour cast, so it is used together with a pixel loss. It is the
    gradient difference loss of Mathieu et al. 2016 (arXiv:1511.05440), but the differences keep their signs, because an
    edge from green to red is not an edge from red to green.

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

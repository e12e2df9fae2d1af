"""As colourful as the truth, neither more nor less."""

import torch
from torch import Tensor


def colorfulness(rgb: Tensor) -> Tensor:
    """Colorfulness of each photo (Hasler and Suesstrunk 2003, "Measuring colorfulness in natural images").

    Parameters
    ----------
    rgb : (B, 3, H, W) sRGB in [0, 1]

    Returns
    -------
    (B,): 0 for a grey photo, about 0.4 for an extremely colourful one. 255 times this is the paper's figure.
        Its gradient is finite everywhere, and 0 for a photo of a single grey.

    Raises
    ------
    ValueError
        If there are not three channels.
    """
    if rgb.ndim != 4 or rgb.shape[1] != 3:
        raise ValueError(f"expected (B, 3, H, W), got {tuple(rgb.shape)}")
    red, green, blue = rgb.flatten(2).unbind(dim=1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1)
    mean = opponents.mean(dim=2)
    variance = opponents.var(dim=2, correction=0)
    # A thousandth of an 8-bit level: it keeps the root's slope finite at grey.
    tiny = 0.001 / 255
    spread = (variance.sum(dim=1) + tiny * tiny).sqrt() - tiny
    distance = (mean.square().sum(dim=1) + tiny * tiny).sqrt() - tiny
    return spread + 0.3 * distance


def colorfulness_loss(prediction: Tensor, truth: Tensor) -> Tensor:
    """Absolute difference between the mean colorfulness of a batch as predicted and as it truly is.

    A photo's own colorfulness cannot be known from its grey, that of a batch nearly can. A loss that rewards more
    of it without end paints every wall orange; this one is 0 at the truth.

    Parameters
    ----------
    prediction, truth : (B, 3, H, W) sRGB in [0, 1]; their sizes may differ

    Returns
    -------
    Scalar; its gradient reaches `prediction` alone.
    """
    return (colorfulness(prediction).mean() - colorfulness(truth.detach()).mean()).abs()

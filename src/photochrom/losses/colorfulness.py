"""A loss on the colorfulness of a batch, compared with the truth."""

from torch import Tensor

from photochrom.color import colorfulness as hasler

SMOOTH = 0.001 / 255
"""A thousandth of an 8-bit level."""


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
    found: Tensor = hasler.colorfulness(rgb, axis=1, smooth=SMOOTH)
    return found


def colorfulness_loss(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return the absolute difference between the mean colorfulness of predictions and of the truth.

    The colorfulness of one photo cannot be known from its grey, but that of a batch can nearly be known. A loss that
    always rewards more colorfulness makes every wall orange. This one is 0 at the truth.

    Parameters
    ----------
    prediction, truth : (B, 3, H, W) sRGB in [0, 1]; their sizes may differ

    Returns
    -------
    Scalar. Its gradient reaches only `prediction`.
    """
    return (colorfulness(prediction).mean() - colorfulness(truth.detach()).mean()).abs()

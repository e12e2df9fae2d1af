"""Pixel losses: L1, mean squared error and Huber's loss, on ab or on RGB."""

from typing import Literal, get_args

from torch import Tensor, nn
from torch.nn import functional as F

PixelKind = Literal["l1", "mse", "huber"]


class PixelLoss(nn.Module):
    """Mean error over all pixels and channels; see `pixel_loss`."""

    def __init__(self, kind: PixelKind, delta: float) -> None:
        super().__init__()
        self.kind = kind
        self.delta = delta

    def forward(self, prediction: Tensor, truth: Tensor) -> Tensor:
        """Return the scalar loss of two tensors of one shape. ValueError if their shapes differ."""
        # PyTorch would broadcast (B, 1, H, W) against (B, 2, H, W), and the net would train with a wrong loss.
        if prediction.shape != truth.shape:
            raise ValueError(
                f"prediction {tuple(prediction.shape)} and truth {tuple(truth.shape)} differ in shape"
            )
        if self.kind == "l1":
            return F.l1_loss(prediction, truth)
        if self.kind == "mse":
            return F.mse_loss(prediction, truth)
        return F.huber_loss(prediction, truth, delta=self.delta)

    def extra_repr(self) -> str:
        return f"{self.kind}, delta={self.delta}" if self.kind == "huber" else self.kind


def pixel_loss(kind: PixelKind, delta: float = 1.0) -> PixelLoss:
    """Build a pixel loss.

    Parameters
    ----------
    kind
        "l1": mean absolute error (pix2pix). "mse": mean squared error. "huber": half the square below `delta` and
        linear above (Huber 1964). Zhang et al. 2017 train siggraph17 with it. Their `delta` is one ab unit, which is
        1/110 if the net predicts ab / 110.
    delta : the error at which Huber's loss becomes linear, in the units of the prediction

    Raises
    ------
    ValueError
        If there is no such kind or `delta` is not above 0.
    """
    if kind not in get_args(PixelKind):
        raise ValueError(f"no pixel loss {kind!r}; there are {', '.join(get_args(PixelKind))}")
    if delta <= 0:
        raise ValueError(f"delta must be above 0, got {delta}")
    return PixelLoss(kind, delta)

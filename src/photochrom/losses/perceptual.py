"""The perceptual loss: the distance of two photos in the features of a frozen encoder."""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from photochrom.losses.pixel import PixelKind, pixel_loss


class PerceptualLoss(nn.Module):
    """The weighted sum of feature and pixel losses (Johnson et al. 2016, arXiv:1603.08155, equation 2).

    Every activation of C channels and H x W pixels adds its mean squared error ``|difference|^2 / (C H W)``. The paper
    uses relu2_2 or relu3_3 of VGG-16. DeOldify uses several activations and their absolute error.

    Parameters
    ----------
    encoder : takes rgb (B, 3, H, W) in [0, 1], normalises it and returns a list of activations
        It is frozen and set to eval mode here, and stays so.
    feature_weights : one weight for each activation; an activation of weight 0 is not compared
    pixel_weight : the weight of the pixel loss
    distance : the error of activations, "mse" as in the paper, or "l1"
    pixel : the error of pixels

    Raises
    ------
    ValueError
        If no weight is above 0, or one is below 0.
    """

    def __init__(
        self,
        encoder: nn.Module,
        feature_weights: Sequence[float],
        pixel_weight: float = 1.0,
        *,
        distance: PixelKind = "mse",
        pixel: PixelKind = "mse",
    ) -> None:
        super().__init__()
        weights = (*feature_weights, pixel_weight)
        if min(weights) < 0 or max(weights) <= 0:
            raise ValueError(f"weights must not be below 0, and one above it, got {weights}")
        self.encoder = encoder.requires_grad_(False).eval()
        self.feature_weights = tuple(feature_weights)
        self.pixel_weight = pixel_weight
        self.feature_loss = pixel_loss(distance)
        self.pixel_loss = pixel_loss(pixel)

    def forward(self, prediction: Tensor, truth: Tensor) -> Tensor:
        """Return the scalar loss of two photos (B, 3, H, W), sRGB in [0, 1]. The gradient reaches only `prediction`."""
        truth = truth.detach()
        loss = prediction.new_zeros(())
        if self.pixel_weight:
            loss = loss + self.pixel_weight * self.pixel_loss(prediction, truth)
        with torch.no_grad():
            wanted = self.encoder(truth)
        seen = self.encoder(prediction)
        if len(seen) != len(self.feature_weights):
            raise ValueError(
                f"the encoder gives {len(seen)} activations for {len(self.feature_weights)} weights"
            )
        for weight, ours, theirs in zip(self.feature_weights, seen, wanted, strict=True):
            if weight:
                loss = loss + weight * self.feature_loss(ours, theirs)
        return loss

    def train(self, mode: bool = True) -> Self:
        """Set the mode of all but the encoder, whose batch norms must keep the statistics of its own training."""
        super().train(mode)
        self.encoder.eval()
        return self

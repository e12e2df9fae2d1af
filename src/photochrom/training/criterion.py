"""A generator's loss against the truth: the terms that a recipe weighs."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.data.spaces import Space
from photochrom.losses.colorfulness import colorfulness_loss
from photochrom.losses.distribution import distribution_loss
from photochrom.losses.gradient import gradient_loss
from photochrom.losses.perceptual import PerceptualLoss
from photochrom.losses.pixel import pixel_loss
from photochrom.training.settings import Pixel


class Criterion(nn.Module):
    """Pixels, gradients, distribution, colorfulness and features, as `settings` weighs them.

    Parameters
    ----------
    features : the frozen encoder of the perceptual loss, needed where its weight is above 0
    """

    def __init__(self, settings: Pixel, space: Space, features: nn.Module | None = None) -> None:
        super().__init__()
        self.settings, self.space = settings, space
        self.pixel = pixel_loss(settings.kind, settings.delta)
        self.perceptual: PerceptualLoss | None = None
        if settings.perceptual:
            if features is None:
                raise ValueError("the perceptual loss needs an encoder")
            distance = settings.feature_distance
            self.perceptual = PerceptualLoss(features, settings.feature_weights, 0.0, distance=distance)

    def forward(self, output: Tensor, truth: Tensor, rgb: Tensor, grey: Tensor) -> Tensor:
        """The weighed sum of the `terms`."""
        return self.weighed(self.terms(output, truth, rgb, grey))

    def weighed(self, terms: dict[str, Tensor]) -> Tensor:
        """The sum of `terms` as the recipe weighs them; 0 where there are none."""
        return sum((getattr(self.settings, name) * term for name, term in terms.items()), torch.zeros(()))

    def terms(self, output: Tensor, truth: Tensor, rgb: Tensor, grey: Tensor) -> dict[str, Tensor]:
        """Each term with a weight above 0 by its name in the recipe, not yet weighed.

        Parameters
        ----------
        output, truth : (B, C, h, w) in the net's own range
            Smaller than the picture, they are enlarged bilinearly to become one.
        rgb, grey : (B, 3, H, W) and (B, 1, H, W) in [0, 1], the true picture and the grey that gets the colours
        """
        weights, terms = self.settings, dict[str, Tensor]()
        if weights.pixel:
            terms["pixel"] = self.pixel(output, truth)
        if weights.gradient:
            terms["gradient"] = gradient_loss(output, truth)
        if weights.distribution:
            terms["distribution"] = distribution_loss(output, truth)
        if weights.colorfulness or self.perceptual is not None:
            if output.shape[2:] != grey.shape[2:]:
                output = F.interpolate(output, size=grey.shape[2:], mode="bilinear")
            picture = self.space.to_rgb(output, grey)
            if weights.colorfulness:
                terms["colorfulness"] = colorfulness_loss(picture, rgb)
            if self.perceptual is not None:
                terms["perceptual"] = self.perceptual(picture, rgb)
        return terms

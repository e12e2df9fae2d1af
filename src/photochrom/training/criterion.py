"""A generator's loss against the truth: the terms that a recipe weighs."""

from torch import Tensor, nn

from photochrom.data.spaces import Space
from photochrom.losses.colourfulness import colourfulness_loss
from photochrom.losses.gradient import gradient_loss
from photochrom.losses.perceptual import PerceptualLoss
from photochrom.losses.pixel import pixel_loss
from photochrom.training.recipe import Pixel


class Criterion(nn.Module):
    """Pixels, gradients, colourfulness and features, as `settings` weighs them.

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
        """The weighed sum.

        Parameters
        ----------
        output, truth : (B, C, H, W) in the net's own range
        rgb, grey : the true picture and the net's input, in [0, 1]
        """
        weights = self.settings
        loss: Tensor = weights.pixel * self.pixel(output, truth)
        if weights.gradient:
            loss = loss + weights.gradient * gradient_loss(output, truth)
        if weights.colourfulness or self.perceptual is not None:
            picture = self.space.to_rgb(output, grey)
            if weights.colourfulness:
                loss = loss + weights.colourfulness * colourfulness_loss(picture, rgb)
            if self.perceptual is not None:
                loss = loss + weights.perceptual * self.perceptual(picture, rgb)
        return loss

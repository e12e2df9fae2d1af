"""Wrappers that give a trained generator the product's interface: L* in, ab in Lab units out."""

from typing import Any

from torch import Tensor, nn

from photochrom.color.lab import lightness_to_grey
from photochrom.data.spaces import Space
from photochrom.modelfile.names import (
    AB,
    AFFINITY,
    CONFIDENCE,
    HINTS,
    LIGHTNESS,
    LOGITS,
    PRIOR_STRENGTH,
    TEMPERATURE,
)


class ColorNet(nn.Module):
    """A picture-to-picture net with its colour space."""

    inputs = (LIGHTNESS,)
    outputs = (AB,)

    def __init__(self, net: nn.Module, space: Space) -> None:
        super().__init__()
        self.net, self.space = net, space

    def forward(self, lightness: Tensor) -> Tensor:
        """Predict ``ab (B, 2, H, W)`` for ``lightness (B, 1, H, W)`` in [0, 100]."""
        grey = lightness_to_grey(lightness)
        return self.space.to_ab(self.net(self.space.grey_to_input(grey)), grey)


class DistributionNet(nn.Module):
    """A net that predicts a distribution over ab bins and takes hints."""

    inputs: tuple[str, ...] = (LIGHTNESS, HINTS, TEMPERATURE, PRIOR_STRENGTH)

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net
        learned = () if net.affinity is None else (AFFINITY,)
        self.outputs = (AB, CONFIDENCE, LOGITS, *learned)

    def forward(
        self, lightness: Tensor, hints: Tensor, temperature: Tensor, prior_strength: Tensor
    ) -> tuple[Tensor, ...]:
        """Call the net's ``predict``."""
        result: tuple[Tensor, ...] = self.net.predict(lightness, hints, temperature, prior_strength)
        return result


class UnhintedNet(DistributionNet):
    """A net that predicts a distribution and takes no hints."""

    inputs = (LIGHTNESS, TEMPERATURE, PRIOR_STRENGTH)

    def forward(  # type: ignore[override]
        self, lightness: Tensor, temperature: Tensor, prior_strength: Tensor
    ) -> tuple[Tensor, ...]:
        """Call the net's ``predict`` without hints."""
        return super().forward(lightness, None, temperature, prior_strength)  # type: ignore[arg-type]


def export_wrapper(net: Any, space: Space) -> ColorNet | DistributionNet:
    """Wrap `net` in the interface of its kind."""
    if not hasattr(net, "predict"):
        return ColorNet(net, space)
    return DistributionNet(net) if net.takes_hints else UnhintedNet(net)

"""Colour spaces of the nets: a net's input for a grey photo, its target, and the meaning of its output.

A signed net has inputs and outputs in [-1, 1] (tanh), another one in [0, 1]. A discriminator gets both together,
``torch.cat([x, y], dim=1)``: `inputs` + `outputs` channels.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

import torch
from torch import Tensor

from photochrom.color.hsl import hsl_to_rgb, rgb_to_hsl
from photochrom.color.lab import AB_SCALE, grey_to_lightness, lab_to_rgb, rgb_to_lab


@dataclass(frozen=True)
class Space(ABC):
    """The conversion between photos and the tensors of a net.

    Parameters
    ----------
    inputs : 1, or 3 for a net of colour photos, which gets the grey three times
    signed : whether input and output of the net are in [-1, 1] or in [0, 1]

    Raises
    ------
    ValueError
        If `inputs` is neither 1 nor 3.
    """

    inputs: int = 1
    signed: bool = True

    outputs: ClassVar[int] = 3

    def __post_init__(self) -> None:
        if self.inputs not in (1, 3):
            raise ValueError(f"a net sees the grey once or three times, not {self.inputs} times")

    def grey_to_input(self, grey: Tensor) -> Tensor:
        """Convert grey photos (B, 1, H, W) in [0, 1] to the net's input (B, inputs, H, W) in its range."""
        return self._to_net(grey).expand(-1, self.inputs, -1, -1)

    @abstractmethod
    def target(self, rgb: Tensor) -> Tensor:
        """Convert sRGB photos (B, 3, H, W) in [0, 1] to the net's target (B, outputs, H, W) in its range."""

    @abstractmethod
    def to_rgb(self, y: Tensor, grey: Tensor) -> Tensor:
        """Convert a prediction to photos, (B, 3, H, W) sRGB clipped to [0, 1].

        Parameters
        ----------
        y : (B, outputs, H, W), the net's prediction
        grey : (B, 1, H, W) in [0, 1], from which `grey_to_input` made the net's input
        """

    def to_ab(self, y: Tensor, grey: Tensor) -> Tensor:
        """Convert a prediction to a and b, (B, 2, H, W) in Lab units. The product uses only these."""
        ab: Tensor = rgb_to_lab(self.to_rgb(y, grey), axis=1)[:, 1:]
        return ab

    def _to_net(self, unit: Tensor) -> Tensor:
        return unit * 2 - 1 if self.signed else unit

    def _from_net(self, y: Tensor) -> Tensor:
        return (y + 1) / 2 if self.signed else y


@dataclass(frozen=True)
class Lab(Space):
    """L* in; a and b divided by 110 out (Zhang et al. 2016 and later). Pictures get the L* of the input."""

    outputs: ClassVar[int] = 2

    def grey_to_input(self, grey: Tensor) -> Tensor:
        return super().grey_to_input(grey_to_lightness(grey) / 100)

    def target(self, rgb: Tensor) -> Tensor:
        scaled: Tensor = rgb_to_lab(rgb, axis=1)[:, 1:] / AB_SCALE
        return scaled if self.signed else (scaled + 1) / 2

    def to_rgb(self, y: Tensor, grey: Tensor) -> Tensor:
        lab = torch.cat([grey_to_lightness(grey), self.to_ab(y, grey)], dim=1)
        rgb: Tensor = lab_to_rgb(lab, axis=1)
        return rgb

    def to_ab(self, y: Tensor, grey: Tensor) -> Tensor:
        return AB_SCALE * (y if self.signed else y * 2 - 1)


@dataclass(frozen=True)
class Rgb(Space):
    """Grey in; red, green and blue out (pix2pix). The net must also reproduce the grey."""

    def target(self, rgb: Tensor) -> Tensor:
        return self._to_net(rgb)

    def to_rgb(self, y: Tensor, grey: Tensor) -> Tensor:
        return self._from_net(y).clamp(0, 1)


@dataclass(frozen=True)
class Hsl(Space):
    """Grey in; hue, saturation and lightness out.

    Hue is an angle, but the losses treat it as a number. Both ends of its range are red, and an unsure net predicts the
    middle, which is cyan. The published systems had this fault, and it is kept. A hue outside the range wraps.
    """

    def target(self, rgb: Tensor) -> Tensor:
        return self._to_net(rgb_to_hsl(rgb, axis=1))

    def to_rgb(self, y: Tensor, grey: Tensor) -> Tensor:
        hue, saturation, lightness = torch.split(self._from_net(y), 1, dim=1)
        hsl = torch.cat([hue, saturation.clamp(0, 1), lightness.clamp(0, 1)], dim=1)
        # Rounding in float32 can make a saturated colour larger than 1.
        rgb: Tensor = hsl_to_rgb(hsl, axis=1).clamp(0, 1)
        return rgb


SPACES: dict[str, type[Space]] = {"lab": Lab, "rgb": Rgb, "hsl": Hsl}


def space(name: str, inputs: int = 1, signed: bool = True) -> Space:
    """Build the space of a name.

    Raises
    ------
    ValueError
        If there is no such space (the message names the nearest) or `inputs` is neither 1 nor 3.
    """
    if name not in SPACES:
        near = get_close_matches(name.lower(), SPACES, n=1, cutoff=0)[0]
        raise ValueError(
            f"no colour space {name!r}; did you mean {near!r}? There are {', '.join(map(repr, SPACES))}"
        )
    return SPACES[name](inputs, signed)

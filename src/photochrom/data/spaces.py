"""Colour spaces of the nets: what one sees of a grey photo, what it shall predict, and what that means.

A signed net takes and gives [-1, 1] (tanh), another one [0, 1]. A discriminator sees input and colours side by side,
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
    """What stands between photos and a net.

    Parameters
    ----------
    inputs : 1, or 3 for a net of colour photos, which sees the grey three times
    signed : whether the net's range is [-1, 1] or [0, 1], of its input and of its output

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
        """The net's input (B, inputs, H, W), in its range, of grey photos (B, 1, H, W) in [0, 1]."""
        return self._to_net(grey).expand(-1, self.inputs, -1, -1)

    @abstractmethod
    def target(self, rgb: Tensor) -> Tensor:
        """What the net shall predict, (B, outputs, H, W) in its range, of sRGB photos (B, 3, H, W) in [0, 1]."""

    @abstractmethod
    def to_rgb(self, y: Tensor, grey: Tensor) -> Tensor:
        """The photo that a prediction means, (B, 3, H, W) sRGB clipped into [0, 1].

        Parameters
        ----------
        y : (B, outputs, H, W), the net's prediction
        grey : (B, 1, H, W) in [0, 1], what the net saw before it became its input
        """

    def to_ab(self, y: Tensor, grey: Tensor) -> Tensor:
        """The a and b of a prediction (B, 2, H, W) in Lab units: all that the product takes of it."""
        ab: Tensor = rgb_to_lab(self.to_rgb(y, grey), axis=1)[:, 1:]
        return ab

    def _to_net(self, unit: Tensor) -> Tensor:
        return unit * 2 - 1 if self.signed else unit

    def _from_net(self, y: Tensor) -> Tensor:
        return (y + 1) / 2 if self.signed else y


@dataclass(frozen=True)
class Lab(Space):
    """L* in; a and b out, divided by 110 (Zhang et al. 2016 and after), on the L* of the input."""

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
    """Grey in; red, green and blue out: the net has to give the grey back as well (pix2pix)."""

    def target(self, rgb: Tensor) -> Tensor:
        return self._to_net(rgb)

    def to_rgb(self, y: Tensor, grey: Tensor) -> Tensor:
        return self._from_net(y).clamp(0, 1)


@dataclass(frozen=True)
class Hsl(Space):
    """Grey in; hue, saturation and lightness out.

    Hue is an angle and the losses take it for a number: between its two ends, both red, a net that is unsure learns
    the cyan in the middle. So did the systems that tried it, and it is kept. A hue beyond the range wraps.
    """

    def target(self, rgb: Tensor) -> Tensor:
        return self._to_net(rgb_to_hsl(rgb, axis=1))

    def to_rgb(self, y: Tensor, grey: Tensor) -> Tensor:
        hue, saturation, lightness = torch.split(self._from_net(y), 1, dim=1)
        hsl = torch.cat([hue, saturation.clamp(0, 1), lightness.clamp(0, 1)], dim=1)
        # The last digit of float32 can carry a full colour past 1.
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

"""Photos to measure. Values that several metrics need are computed only once."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor

from photochrom.color.lab import rgb_to_lab

Network: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From rgb (B, 3, H, W) in [0, 1] to logits (B, classes) and pooled features (B, D). It preprocesses its input."""

Answer = TypeVar("Answer")


class Photos:
    """A batch of photos for the metrics.

    If all metrics get the same object, Lab values and networks are computed once for all of them. If the truth's
    objects are reused, they are computed once for all models.

    Parameters
    ----------
    rgb : (B, 3, H, W) floating-point sRGB in [0, 1]

    Raises
    ------
    TypeError
        If `rgb` does not hold floating-point numbers.
    ValueError
        If its shape is different, or values are not finite or outside [0, 1].
    """

    def __init__(self, rgb: Tensor) -> None:
        if not rgb.is_floating_point():
            raise TypeError(
                f"photos are floating-point sRGB in [0, 1], not {rgb.dtype}; divide 8 bits by 255"
            )
        if rgb.ndim != 4 or rgb.shape[1] != 3 or rgb.numel() == 0:
            raise ValueError(f"expected (B, 3, H, W), got {tuple(rgb.shape)}")
        low, high = (float(x) for x in rgb.detach().aminmax())
        # NaN fails both comparisons. Rounding errors outside [0, 1] are allowed.
        if not (low >= -1e-5 and high <= 1 + 1e-5):
            raise ValueError(f"photos are sRGB in [0, 1], but these values run from {low:g} to {high:g}")
        self.rgb = rgb.detach().clamp(0, 1)
        self._kept: dict[int, tuple[Any, Any]] = {}

    def __len__(self) -> int:
        return len(self.rgb)

    @cached_property
    def lab(self) -> Tensor:
        """L*a*b* ``(B, 3, H, W)``."""
        lab: Tensor = rgb_to_lab(self.rgb, axis=1)
        return lab

    @cached_property
    def pieces(self) -> list["Photos"]:
        """The single photos on a CPU, or the whole batch on an accelerator.

        A single photo fits into the processor's cache, which halves the time. The figure of a photo then does not
        depend on the other photos of the batch, not even in its last digit.
        """
        if self.rgb.device.type != "cpu" or len(self) == 1:
            return [self]
        return [Photos(photo) for photo in torch.split(self.rgb, 1)]

    def once(self, function: Callable[[Tensor], Answer]) -> Answer:
        """Return `function` of these photos ``(B, 3, H, W)``. It is called only the first time."""
        key = id(function)
        if key not in self._kept:
            with torch.no_grad():
                # The function is kept too, because otherwise another function could get its id.
                self._kept[key] = (function, function(self.rgb))
        answer: Answer = self._kept[key][1]
        return answer

    def seen_by(self, network: Network) -> tuple[Tensor, Tensor]:
        """Return the logits and features of `network` for these photos.

        Raises
        ------
        ValueError
            If they are not two tensors ``(B, ...)``, or not finite.
        """
        logits, features = self.once(network)
        for what, tensor in (("logits", logits), ("features", features)):
            if tensor.ndim != 2 or len(tensor) != len(self):
                raise ValueError(
                    f"the network's {what} are {tuple(tensor.shape)}, not one row for each of {len(self)} photos"
                )
            if not bool(torch.isfinite(tensor).all()):
                raise ValueError(f"the network's {what} are not finite")
        return logits, features


def as_photos(photos: "Photos | Tensor") -> Photos:
    """Return `Photos` as they are, or make them from a tensor."""
    return photos if isinstance(photos, Photos) else Photos(photos)

"""Validation during a run: the PSNR of the pictures that the product would make with the generator."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.lab import grey_to_lightness, lab_to_rgb
from photochrom.color.luma import rgb_to_luma
from photochrom.data.augment import center_crops
from photochrom.data.spaces import Space
from photochrom.training.batches import Photos
from photochrom.training.export_wrapper import ColorNet, export_wrapper

COUNT, AT_ONCE, SHOWN = 64, 8, 4


class Validation:
    """A fixed set of up to 64 photos, cropped in the middle to `size`."""

    def __init__(self, photos: Photos, size: int) -> None:
        count = min(COUNT, len(photos))
        few = photos.take(np.arange(count))
        self.rgb = center_crops(few, np.arange(count), size)

    def measure(self, net: Any, space: Space) -> tuple[float, Tensor]:
        """Return the mean PSNR in dB, and the first photos as rows of grey, ours and truth ``(3, rows * H, 3 * W)``."""
        device = next(net.parameters()).device
        was_training = net.training
        net.eval()
        pictures = torch.cat(
            [colorized(net, space, part.to(device)).cpu() for part in torch.split(self.rgb, AT_ONCE)]
        )
        net.train(was_training)
        errors = ((pictures - self.rgb) ** 2).mean(dim=(1, 2, 3)).clamp(min=1e-10)
        shown = self.rgb[:SHOWN]
        grey = rgb_to_luma(shown, axis=1)[:, None].expand_as(shown)
        rows = [torch.cat(row, dim=2) for row in zip(grey, pictures[:SHOWN], shown, strict=True)]
        return float((-10 * errors.log10()).mean()), torch.cat(rows, dim=1)


@torch.no_grad()
def colorized(net: Any, space: Space, rgb: Tensor) -> Tensor:
    """Colorize the grey version of `rgb` ``(B, 3, H, W)`` as the product does, without hints."""
    grey = rgb_to_luma(rgb, axis=1)[:, None]
    lightness = grey_to_lightness(grey)
    model = export_wrapper(net, space)
    if isinstance(model, ColorNet):
        ab = model(lightness)
    else:
        # The mean of the plain posterior, because it minimises the squared error.
        ab, *_ = net.predict(lightness, None, lightness.new_tensor(1.0), lightness.new_tensor(0.0))
    ab = F.interpolate(ab, size=lightness.shape[2:], mode="bilinear")
    rgb_out: Tensor = lab_to_rgb(torch.cat([lightness, ab], dim=1), axis=1)
    return rgb_out

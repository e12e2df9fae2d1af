"""Metric of the colour changes that the grey photo does not show."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from photochrom.metrics.photos import Photos
from photochrom.metrics.ratio import RatioToTruth

CELL = 8
"""Side of a cell in pixels."""
FLAT = 2.0
"""A pair of cells is flat if the L* of the two differs by less than this."""


class ABDetail(RatioToTruth):
    """Change of ab in flat pairs of cells, relative to the truth. Below 1, the colours are too even.

    1. The photo is divided into cells of 8x8 pixels from its upper left corner. Pixels that do not fill a cell at the
       right and at the bottom are ignored. A cell has the mean L*, a* and b* (CIE, D65) of its pixels.
    2. A cell forms a pair with its right neighbour and a pair with its lower neighbour. A pair is used if the L* of
       its two cells in the *truth* differs by less than 2. So the pairs are the same for every model.
    3. The change of a pair is the Euclidean distance ``hypot(a1 - a2, b1 - b2)`` of its cells.
    4. The result is the sum of the changes of all predictions, divided by the sum of the changes of all truths.

    Raises
    ------
    ValueError
        By ``update()``, if a photo is smaller than 16x16 pixels. By ``compute()``, if there is no flat pair or if the
        truths are grey.
    """

    wanted = "true photos whose colour changes where L* is flat"

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        height, width = truth.rgb.shape[2:]
        if min(height, width) < 2 * CELL:
            raise ValueError(
                f"ab detail needs photos of at least {2 * CELL}x{2 * CELL}, got {width}x{height}"
            )
        ours, true = (avg_pool2d(photos.lab.to(torch.float64), CELL) for photos in (prediction, truth))
        row = torch.zeros(len(true), 3, dtype=torch.float64, device=true.device)
        for direction in (2, 3):
            (d_ours, d_true) = (cells.diff(dim=direction) for cells in (ours, true))
            flat = (d_true[:, 0].abs() < FLAT).to(torch.float64)
            changes = [torch.hypot(d[:, 1], d[:, 2]) * flat for d in (d_ours, d_true)]
            row += torch.stack([x.flatten(1).sum(dim=1) for x in (*changes, flat)], dim=1)
        return row

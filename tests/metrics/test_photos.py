"""Photos are checked once, and what metrics share is computed once."""

import pytest
import torch
from torch import Tensor

from photochrom.metrics.pixel import MSE


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), TypeError, "divide 8 bits by 255"),
        (torch.full((1, 3, 4, 4), 200.0), ValueError, "run from 200 to 200"),
        (torch.full((1, 3, 4, 4), float("nan")), ValueError, "run from nan"),
        (torch.zeros(3, 4, 4), ValueError, r"expected \(B, 3, H, W\)"),
        (torch.zeros(1, 1, 4, 4), ValueError, r"expected \(B, 3, H, W\)"),
        (torch.zeros(1, 3, 4, 5), ValueError, "differ in shape"),
        (torch.zeros(0, 3, 4, 4), ValueError, r"expected \(B, 3, H, W\)"),
    ],
)
def test_what_is_no_photo_raises(bad: Tensor, error: type[Exception], message: str) -> None:
    metric = MSE()
    with pytest.raises(error, match=message):
        metric.update(bad, torch.zeros(1, 3, 4, 4))
    assert len(metric.rows) == 0

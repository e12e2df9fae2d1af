"""ab detail against loops over cells with scikit-image's Lab, and its rules on made-up cells."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab
from torch import Tensor

from photochrom.metrics.detail import ABDetail


def cells(photo: Tensor) -> NDArray[np.float64]:
    """Mean Lab of whole cells of 8x8 pixels, ``(rows, columns, 3)``."""
    lab = rgb2lab(photo.permute(1, 2, 0).double().numpy())
    height, width = (side // 8 for side in lab.shape[:2])
    return np.array(
        [
            [lab[8 * i : 8 * i + 8, 8 * j : 8 * j + 8].mean(axis=(0, 1)) for j in range(width)]
            for i in range(height)
        ]
    )


def changes(photo: Tensor, truth: Tensor) -> tuple[float, float]:
    """Sum of the changes of a photo and of its truth, over the flat pairs, pair by pair."""
    ours, true = cells(photo), cells(truth)
    sums = np.zeros(2)
    for i, j in np.ndindex(true.shape[:2]):
        for k, m in ((i + 1, j), (i, j + 1)):
            if k < true.shape[0] and m < true.shape[1] and abs(true[i, j, 0] - true[k, m, 0]) < 2:
                sums += [np.linalg.norm(x[i, j, 1:] - x[k, m, 1:]) for x in (ours, true)]
    return float(sums[0]), float(sums[1])


def mosaic(*rows: list[tuple[float, float, float]]) -> Tensor:
    """A photo ``(1, 3, H, W)`` of plain cells with these L*, a* and b*."""
    lab = np.array(rows, np.float64).repeat(8, axis=0).repeat(8, axis=1)
    return torch.from_numpy(lab2rgb(lab)).permute(2, 0, 1)[None]


def figure(prediction: Tensor, truth: Tensor) -> float:
    metric = ABDetail()
    metric.update(prediction, truth)
    return float(metric.compute())


@pytest.mark.parametrize("cut", [0, 3])
def test_against_loops_with_scikit_image(cut: int, prediction: Tensor, truth: Tensor) -> None:
    # With `cut`, the last cells are not whole.
    height, width = (side - cut for side in truth.shape[2:])
    prediction, truth = prediction[..., :height, :width], truth[..., :height, :width]
    sums = [changes(p, t) for p, t in zip(prediction, truth, strict=True)]
    ours, true = (sum(x) for x in zip(*sums, strict=True))
    assert min(true for _, true in sums) > 1
    metric = ABDetail()
    metric.update(prediction[:2], truth[:2])
    metric.update(prediction[2:], truth[2:])
    assert float(metric.compute()) == pytest.approx(ours / true, rel=1e-3)


def test_only_pairs_count_whose_true_lightness_is_flat() -> None:
    # The upper pair is flat in the truth; the lower cells and the pairs across are not.
    truth = mosaic([(50, 0, 0), (51.9, 3, 4)], [(70, 30, 0), (74, -30, 0)])
    prediction = mosaic([(50, 0, 0), (54, 0, 1)], [(70, 0, 0), (70, 20, 0)])
    assert figure(prediction, truth) == pytest.approx(1 / 5, rel=1e-3)


def test_right_and_lower_neighbours_count_and_diagonal_ones_do_not() -> None:
    # Changes of the truth: 3 to the right, 4 below, and twice the other two sides of the square; 5 is the diagonal.
    truth = mosaic([(60, 0, 0), (60, 3, 0)], [(60, 0, 4), (60, 3, 4)])
    prediction = mosaic([(60, 0, 0), (60, 7, 0)], [(60, 0, 0), (60, 7, 0)])
    assert figure(prediction, truth) == pytest.approx(14 / 14, rel=1e-3)
    assert figure(mosaic([(60, 0, 0)] * 2, [(60, 0, 2)] * 2), truth) == pytest.approx(4 / 14, rel=1e-3)


def test_what_changes_inside_cells_does_not_count() -> None:
    truth = mosaic([(60, 0, 0), (60, 3, 0)], [(60, 0, 4), (60, 3, 4)])
    stripes = mosaic([(60, 20, 0)] * 2, [(60, 20, 0)] * 2)
    stripes[..., ::2] = mosaic([(60, -20, 0)] * 2, [(60, -20, 0)] * 2)[..., ::2]
    assert figure(stripes, truth) == pytest.approx(0, abs=1e-3)


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_what_cannot_be_measured_is_said() -> None:
    small = torch.rand(1, 3, 15, 40)
    with pytest.raises(ValueError, match="ab detail needs photos of at least 16x16, got 40x15"):
        ABDetail().update(small, small)
    grey = torch.full((1, 3, 16, 16), 0.5)
    steep = mosaic([(20, 0, 0), (40, 30, 0)], [(60, 0, 30), (80, 0, 0)])
    for truth in (grey, steep):
        with pytest.raises(
            ValueError, match=r"ABDetail needs true photos whose colour changes where L\* is flat"
        ):
            figure(steep, truth)

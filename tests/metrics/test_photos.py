"""Photos are checked once, and what metrics share is computed once."""

import numpy as np
import pytest
import skimage.color
import torch
from torch import Tensor

from photochrom.metrics.photos import Photos, as_photos
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


def test_lab_is_scikit_images(truth: Tensor) -> None:
    expected = skimage.color.rgb2lab(truth.permute(0, 2, 3, 1).double().numpy())
    np.testing.assert_allclose(Photos(truth).lab.permute(0, 2, 3, 1).numpy(), expected, atol=1e-3)


def test_a_rounding_error_beyond_the_gamut_is_clipped() -> None:
    photos = Photos(torch.tensor([-5e-6, 0.5, 1 + 5e-6]).view(1, 3, 1, 1))
    assert photos.rgb.flatten().tolist() == [0, 0.5, 1]


def test_a_function_is_called_once_for_each_object(truth: Tensor) -> None:
    calls: list[Tensor] = []

    def mean(rgb: Tensor) -> Tensor:
        calls.append(rgb)
        return rgb.mean(dim=(1, 2, 3))

    photos = Photos(truth)
    first = photos.once(mean)
    assert photos.once(mean) is first
    assert len(calls) == 1
    torch.testing.assert_close(first, truth.flatten(1).mean(dim=1))
    assert as_photos(photos) is photos
    as_photos(truth).once(mean)
    assert len(calls) == 2


def test_pieces_are_the_photos_in_order(truth: Tensor) -> None:
    photos = Photos(truth)
    assert [piece.rgb.shape for piece in photos.pieces] == [(1, 3, 48, 40)] * 5
    assert torch.equal(torch.cat([piece.rgb for piece in photos.pieces]), truth)
    (only,) = Photos(truth[:1]).pieces
    assert len(only) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((torch.zeros(4, 2), torch.zeros(5, 2)), "logits are .* not one row for each of 5 photos"),
        ((torch.zeros(5, 2), torch.zeros(5)), "features are .* not one row for each of 5 photos"),
        ((torch.zeros(5, 2), torch.full((5, 2), float("inf"))), "features are not finite"),
    ],
)
def test_what_a_network_gives_is_checked(truth: Tensor, answer: tuple[Tensor, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Photos(truth).seen_by(lambda _: answer)

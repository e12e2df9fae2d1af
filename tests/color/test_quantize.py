import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab
from photochrom.color.quantize import (
    BIN,
    NEIGHBOURS,
    SIGMA,
    ab_bins,
    annealed_mean,
    class_weights,
    prior_of,
    soft_encode,
    softmax,
)

# Five bins on a cross, far enough from each other to work by hand.
CROSS = np.array([[0.0, 0.0], [10.0, 0.0], [-10.0, 0.0], [0.0, 10.0], [0.0, -10.0]])


@pytest.fixture(scope="module")
def colors() -> NDArray[np.float64]:
    """(40, 2) random ab inside and a little outside the gamut."""
    return np.random.default_rng(3).uniform(-90, 90, (40, 2))


def test_bins_lie_on_the_grid() -> None:
    bins = ab_bins()
    assert (bins.shape, bins.dtype) == ((261, 2), np.float32)
    np.testing.assert_array_equal(bins % BIN, 0)
    assert len(np.unique(bins, axis=0)) == len(bins)
    np.testing.assert_array_equal(np.lexsort((bins[:, 1], bins[:, 0])), np.arange(len(bins)))
    with pytest.raises(ValueError, match="read-only"):
        bins[0] = 0


def test_bins_contain_grey_and_the_primaries() -> None:
    present = {(a, b) for a, b in ab_bins().tolist()}
    assert (0.0, 0.0) in present
    corners = np.array([[r, g, b] for r in (0.0, 1.0) for g in (0.0, 1.0) for b in (0.0, 1.0)])
    for a, b in rgb_to_lab(corners)[:, 1:]:
        assert (float(np.round(a / 10) * 10), float(np.round(b / 10) * 10)) in present


@pytest.mark.parametrize("size", [BIN, 20.0])
def test_bins_are_those_that_the_gamut_touches(size: float, cube: NDArray[np.float64]) -> None:
    ab = rgb_to_lab(cube.reshape(-1, 3))[:, 1:]
    bins = ab_bins(size).astype(float)
    per_axis = np.abs(ab[:, None] - bins).max(axis=-1)
    assert per_axis.min(axis=1).max() <= size / 2 + 1e-6
    # And no bin is far from every colour: half a bin, and what the 1/16 steps of the cube leave between them.
    assert per_axis.min(axis=0).max() <= size / 2 + 10


def encode_slowly(
    ab: NDArray[np.float64], bins: NDArray[np.float64], count: int, sigma: float
) -> list[dict[int, float]]:
    result = []
    for color in ab:
        distances = [float(np.hypot(*(color - centre))) for centre in bins]
        nearest = sorted(range(len(bins)), key=distances.__getitem__)[:count]
        weights = [np.exp(-(distances[i] ** 2) / (2 * sigma**2)) for i in nearest]
        result.append({i: float(w / sum(weights)) for i, w in zip(nearest, weights, strict=True)})
    return result


@pytest.mark.parametrize(("count", "sigma"), [(NEIGHBOURS, SIGMA), (3, 8.0), (1, 5.0)])
def test_soft_encoding_equals_a_loop(colors: NDArray[np.float64], count: int, sigma: float) -> None:
    bins = ab_bins().astype(np.float64)
    expected = encode_slowly(colors, bins, count, sigma)
    encoded = soft_encode(colors, bins, neighbours=count, sigma=sigma)
    tensors = soft_encode(torch.from_numpy(colors), torch.from_numpy(bins), neighbours=count, sigma=sigma)
    for indices, weights in (encoded, (tensors[0].numpy(), tensors[1].numpy())):
        assert indices.shape == weights.shape == (40, count)
        for row_indices, row_weights, row in zip(indices, weights, expected, strict=True):
            assert dict(zip(row_indices.tolist(), row_weights.tolist(), strict=True)) == pytest.approx(
                row, abs=1e-9
            )


@given(st.floats(-128, 128), st.floats(-128, 128))
@settings(max_examples=30)
def test_weights_sum_to_one_even_far_from_the_gamut(a: float, b: float) -> None:
    indices, weights = soft_encode(np.array([a, b], dtype=np.float32), ab_bins())
    assert weights.dtype == np.float32
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    assert len(set(indices.tolist())) == NEIGHBOURS
    assert (weights >= 0).all()


def test_soft_encoding_keeps_leading_axes() -> None:
    picture = np.zeros((2, 4, 3, 2), dtype=np.float32)
    indices, weights = soft_encode(picture, ab_bins())
    assert indices.shape == weights.shape == (2, 4, 3, NEIGHBOURS)
    nets = soft_encode(torch.from_numpy(picture), torch.tensor(ab_bins()))
    assert nets[0].dtype == torch.int64
    assert nets[1].dtype == torch.float32


def test_a_bin_centre_encodes_to_itself_first() -> None:
    bins = ab_bins()
    indices, weights = soft_encode(bins, bins)
    np.testing.assert_array_equal(indices[:, 0], np.arange(len(bins)))
    assert (weights.argmax(axis=-1) == 0).all()


def test_soft_encoding_refuses_what_is_no_ab() -> None:
    with pytest.raises(ValueError, match="ab values"):
        soft_encode(np.zeros((4, 3)), CROSS)
    with pytest.raises(TypeError, match="floating-point"):
        soft_encode(np.zeros((4, 2), dtype=np.int64), CROSS)


def test_annealed_mean_worked_by_hand() -> None:
    # Probabilities 1/2 at (0, 0), 1/4 at (10, 0), 1/4 at (0, 10), by halves of logits.
    logits = np.log([2.0, 1.0, 1e-30, 1.0, 1e-30])
    np.testing.assert_allclose(annealed_mean(logits, CROSS, temperature=1.0), [2.5, 2.5], atol=1e-9)
    # Temperature 1/2 squares them: 4, 1, 1 of 6.
    np.testing.assert_allclose(annealed_mean(logits, CROSS, temperature=0.5), [10 / 6, 10 / 6], atol=1e-9)


def test_annealed_mean_goes_from_the_mean_to_the_mode() -> None:
    logits = np.random.default_rng(4).normal(size=(6, 261))
    bins = ab_bins().astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(annealed_mean(logits, bins, temperature=1.0), probabilities @ bins, atol=1e-9)
    mode = bins[logits.argmax(axis=-1)]
    np.testing.assert_allclose(annealed_mean(logits, bins, temperature=1e-4), mode, atol=1e-6)


def test_annealed_mean_serves_nets_and_large_logits() -> None:
    logits = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(0)) * 1000
    bins = torch.tensor(CROSS, dtype=torch.float32)
    ab = annealed_mean(logits, bins, axis=1)
    assert (ab.shape, ab.dtype) == ((2, 2, 3, 4), torch.float32)
    shifted = annealed_mean(logits.movedim(1, -1).numpy() + 7, CROSS.astype(np.float32))
    np.testing.assert_allclose(ab.movedim(1, -1).numpy(), shifted, atol=1e-3)


def test_gradients_of_the_annealed_mean() -> None:
    logits = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    bins = torch.tensor(CROSS)
    assert torch.autograd.gradcheck(lambda x: annealed_mean(x, bins), (logits.requires_grad_(),))


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_a_temperature_of_zero_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        annealed_mean(np.zeros(5), CROSS, temperature=temperature)


def test_integer_logits_are_refused() -> None:
    with pytest.raises(TypeError, match="floating-point"):
        annealed_mean(np.zeros(5, dtype=np.int64), CROSS)


@given(st.lists(st.floats(1e-6, 1.0), min_size=2, max_size=20), st.floats(0.01, 1.0))
@settings(max_examples=30)
def test_class_weights_have_mean_one_under_the_prior(counts: list[float], mix: float) -> None:
    prior = np.array(counts) / sum(counts)
    weights = class_weights(prior, mix)
    assert (prior * weights).sum() == pytest.approx(1)
    # The rarer, the heavier.
    assert (np.diff(weights[np.argsort(prior)]) <= 1e-9 * weights.max()).all()


def test_class_weights_worked_by_hand() -> None:
    prior = np.array([0.75, 0.25, 0.0, 0.0])
    # Mixed half and half with 1/4 each: 1/2, 1/4, 1/8, 1/8; inverses 2, 4, 8, 8; mean under the prior 2.5.
    np.testing.assert_allclose(class_weights(prior), np.array([2, 4, 8, 8]) / 2.5)
    np.testing.assert_allclose(class_weights(prior, mix=1.0), 1.0)
    np.testing.assert_allclose(class_weights(torch.from_numpy(prior)).numpy(), class_weights(prior))


def test_prior_is_the_mean_of_the_encodings(colors: NDArray[np.float64]) -> None:
    bins = ab_bins().astype(np.float64)
    expected = np.zeros(len(bins))
    for row in encode_slowly(colors, bins, NEIGHBOURS, SIGMA):
        for index, weight in row.items():
            expected[index] += weight / len(colors)
    prior = prior_of(colors.reshape(5, 8, 2), bins)
    assert prior.sum() == pytest.approx(1)
    np.testing.assert_allclose(prior, expected, atol=1e-12)
    tensor = prior_of(torch.from_numpy(colors).float(), torch.tensor(ab_bins()))
    assert tensor.dtype == torch.float32
    np.testing.assert_allclose(tensor.numpy(), expected, atol=1e-6)


def test_softmax_is_that_of_scipy() -> None:
    logits = np.random.default_rng(0).normal(0, 50, (4, 5, 6))
    for axis in (0, 1, -1):
        np.testing.assert_allclose(
            softmax(logits, axis=axis), scipy.special.softmax(logits, axis=axis), rtol=1e-12, atol=1e-300
        )

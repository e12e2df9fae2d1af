import numpy as np
import pytest
import skimage.color
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photochrom.color.difference import cie76, ciede2000
from photochrom.color.lab import rgb_to_lab

# Table 1 of Sharma, Wu and Dalal (2005), all 34 pairs: L1 a1 b1, L2 a2 b2, CIEDE2000.
SHARMA = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)

lab_color = st.tuples(st.floats(0, 100), st.floats(-100, 100), st.floats(-100, 100)).map(np.array)


@pytest.fixture(scope="module")
def pairs() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """500 random pairs of sRGB colours as L*a*b*."""
    one, two = rgb_to_lab(np.random.default_rng(2).uniform(0, 1, (2, 500, 3)))
    return one, two


@pytest.mark.parametrize("row", SHARMA, ids=[str(number) for number in range(1, 35)])
def test_the_pairs_that_sharma_printed(row: NDArray[np.float64]) -> None:
    one, two, expected = row[:3], row[3:6], row[6]
    for first, second in ((one, two), (two, one)):
        assert ciede2000(first, second) == pytest.approx(expected, abs=6e-5)
        tensors = torch.from_numpy(first.copy()), torch.from_numpy(second.copy())
        assert ciede2000(*tensors).item() == pytest.approx(expected, abs=6e-5)
        single = ciede2000(first.astype(np.float32), second.astype(np.float32))
        assert single == pytest.approx(expected, abs=2e-4)


def test_differences_equal_scikit_image(pairs: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    np.testing.assert_allclose(ciede2000(*pairs), skimage.color.deltaE_ciede2000(*pairs), rtol=0, atol=1e-9)
    np.testing.assert_allclose(cie76(*pairs), skimage.color.deltaE_cie76(*pairs), rtol=0, atol=1e-12)


def test_a_photo_against_its_grey(chelsea: NDArray[np.uint8]) -> None:
    lab = rgb_to_lab(chelsea[::6, ::6] / 255)
    grey = lab * [1.0, 0.0, 0.0]
    np.testing.assert_allclose(ciede2000(lab, grey), skimage.color.deltaE_ciede2000(lab, grey), atol=1e-9)


def test_single_precision_is_close(pairs: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    single = [x.astype(np.float32) for x in pairs]
    for difference in (cie76, ciede2000):
        np.testing.assert_allclose(difference(*single), difference(*pairs), rtol=1e-4, atol=1e-4)


@given(lab_color, lab_color)
@settings(max_examples=30)
def test_symmetric_and_zero_only_for_the_same(one: NDArray[np.float64], two: NDArray[np.float64]) -> None:
    assert ciede2000(one, one) == cie76(one, one) == 0
    for difference in (cie76, ciede2000):
        forth, back = float(difference(one, two)), float(difference(two, one))
        assert forth >= 0
        assert forth == pytest.approx(back, abs=1e-9)
    if np.abs(one - two).max() > 1e-3:
        assert ciede2000(one, two) > 0


def test_gradients_are_right() -> None:
    one = torch.tensor([[50.0, 20.0, -30.0], [70.0, -25.0, 35.0], [30.0, 40.0, 10.0]], dtype=torch.float64)
    two = torch.tensor([[55.0, 30.0, -10.0], [60.0, 10.0, 45.0], [35.0, 30.0, -20.0]], dtype=torch.float64)
    for difference in (cie76, ciede2000):
        assert torch.autograd.gradcheck(difference, (one.requires_grad_(), two.requires_grad_()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([50.0, 20.0, -30.0], [50.0, 20.0, -30.0]),
        ([50.0, 0.0, 0.0], [50.0, 0.0, 0.0]),
        ([50.0, 0.0, 0.0], [50.0, 20.0, -30.0]),
        ([50.0, 0.0, 0.0], [80.0, 0.0, 0.0]),
        ([50.0, 1e-20, 0.0], [50.0, 20.0, -30.0]),
        ([50.0, 1e-8, 0.0], [50.0, 0.0, 1e-8]),
        ([0.0, 0.0, 0.0], [100.0, 0.0, 0.0]),
        ([50.0, 30.0, 0.0], [50.0, -30.0, 0.0]),
    ],
    ids=[
        "same",
        "same grey",
        "grey and colour",
        "two greys",
        "almost grey",
        "two almost grey",
        "black and white",
        "opposite hues",
    ],
)
def test_gradients_stay_finite(one: list[float], two: list[float], dtype: torch.dtype) -> None:
    for difference in (cie76, ciede2000):
        first, second = (torch.tensor(x, dtype=dtype, requires_grad=True) for x in (one, two))
        difference(first, second).backward()
        assert torch.isfinite(first.grad).all()
        assert torch.isfinite(second.grad).all()


def test_gradient_descent_finds_the_color() -> None:
    target = torch.tensor([[60.0, 30.0, -20.0], [40.0, -30.0, 10.0]])
    # Almost grey: an exact grey has no chroma gradient to start from.
    guess = torch.tensor([[50.0, 0.1, 0.1], [50.0, 0.1, 0.1]], requires_grad=True)
    optimizer = torch.optim.Adam([guess], lr=2.0)
    for _ in range(80):
        optimizer.zero_grad()
        ciede2000(guess, target).sum().backward()
        optimizer.step()
    assert ciede2000(guess, target).max() < 1

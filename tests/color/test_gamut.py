import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photochrom.color.gamut import ab_to_chroma, chroma_limit, in_gamut, reduce_chroma
from photochrom.color.lab import rgb_to_lab
from photochrom.color.luma import rgb_to_luma, rgb_to_ycbcr, ycbcr_to_rgb
from photochrom.color.ycbcr import BT601, BT709, BT2020, Matrix

MATRICES = [BT601, BT709, BT2020]
luma_value = st.floats(0.0, 1.0)
chroma_value = st.floats(-0.5, 0.5)


def merged(luma: float, cb: float, cr: float) -> NDArray[np.float64]:
    return np.asarray(ycbcr_to_rgb(np.array([luma, cb, cr])))


def test_every_color_of_the_cube_keeps_its_chroma(cube: NDArray[np.float64]) -> None:
    luma, cb, cr = np.moveaxis(rgb_to_ycbcr(cube), -1, 0)
    colored = np.hypot(cb, cr) > 1e-9
    np.testing.assert_allclose(chroma_limit(luma, cb, cr)[colored], 1.0, atol=1e-12)


def test_a_limit_worked_by_hand() -> None:
    # Luma 0.5 and Cr 0.5: red is 0.5 + 0.701 and meets 1 at s = 0.5 / 0.701; green falls more slowly.
    assert chroma_limit(*np.array([0.5, 0.0, 0.5])) == pytest.approx(0.5 / 0.701)
    assert chroma_limit(*np.array([0.0, 0.2, 0.2])) == 0
    assert chroma_limit(*np.array([1.0, 0.2, 0.2])) == 0


@given(luma_value, chroma_value, chroma_value)
@settings(max_examples=30)
def test_the_limit_is_the_largest_share_in_the_cube(luma: float, cb: float, cr: float) -> None:
    share = float(chroma_limit(*np.array([luma, cb, cr])))
    assert 0 <= share <= 1
    assert in_gamut(merged(luma, share * cb, share * cr), tolerance=1e-12)
    if share < 1 and max(abs(cb), abs(cr)) > 1e-3:
        more = share + 1e-6
        assert not in_gamut(merged(luma, more * cb, more * cr), tolerance=0.0)


@given(luma_value, chroma_value, chroma_value)
@settings(max_examples=30)
def test_reduced_chroma_keeps_luma_and_hue(luma: float, cb: float, cr: float) -> None:
    small_cb, small_cr = reduce_chroma(*np.array([luma, cb, cr]))
    rgb = merged(luma, small_cb, small_cr)
    assert rgb_to_luma(rgb) == pytest.approx(luma, abs=1e-12)
    assert in_gamut(rgb, tolerance=1e-12)
    assert small_cb * cr == pytest.approx(small_cr * cb, abs=1e-15)


def test_both_libraries_and_precisions_agree() -> None:
    luma, cb, cr = np.random.default_rng(1).uniform([[0], [-0.5], [-0.5]], [[1], [0.5], [0.5]], (3, 50))
    exact = chroma_limit(luma, cb, cr)
    single = chroma_limit(*(torch.from_numpy(x).float() for x in (luma, cb, cr)))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), exact, rtol=0, atol=1e-5)
    assert chroma_limit(*np.stack([luma, cb, cr]).astype(np.float32)).dtype == np.float32


def test_gradients_of_reduced_chroma() -> None:
    luma, cb, cr = (
        torch.tensor(values, dtype=torch.float64, requires_grad=True)
        for values in ([0.5, 0.3, 0.8], [0.1, -0.4, 0.3], [-0.2, 0.45, 0.1])
    )
    assert torch.autograd.gradcheck(reduce_chroma, (luma, cb, cr))
    grey = torch.zeros(3, requires_grad=True)
    sum(reduce_chroma(torch.tensor([0.0, 0.5, 1.0]), grey, grey)).sum().backward()
    assert torch.isfinite(grey.grad).all()


def test_integers_are_refused() -> None:
    with pytest.raises(TypeError, match="floating-point"):
        chroma_limit(np.array([128]), np.array([0]), np.array([0]))
    with pytest.raises(TypeError, match="floating-point"):
        in_gamut(np.zeros(3, dtype=np.uint8))


def test_ab_becomes_the_chroma_of_the_color_it_came_from(cube: NDArray[np.float64]) -> None:
    colors = cube.reshape(-1, 3)
    ycbcr = rgb_to_ycbcr(colors)
    ab, luma = rgb_to_lab(colors)[:, 1:], rgb_to_luma(colors)
    # 0.004 is one level of 8 bit.
    np.testing.assert_allclose(np.stack(ab_to_chroma(ab, luma), axis=-1), ycbcr[:, 1:], rtol=0, atol=0.004)
    single = ab_to_chroma(torch.from_numpy(ab).float(), torch.from_numpy(luma).float())
    assert single[0].dtype == torch.float32
    np.testing.assert_allclose(torch.stack(single, dim=-1).numpy(), ycbcr[:, 1:], rtol=0, atol=0.004)


@given(st.floats(-128, 128), st.floats(-128, 128), luma_value)
@settings(max_examples=30)
def test_any_ab_becomes_a_chroma_that_its_luma_can_carry(a: float, b: float, luma: float) -> None:
    cb, cr = ab_to_chroma(np.array([a, b]), np.array(luma))
    assert in_gamut(merged(luma, float(cb), float(cr)), tolerance=1e-9)


def test_no_ab_is_no_chroma() -> None:
    chroma = ab_to_chroma(np.zeros((3, 5, 2)), np.linspace(0, 1, 15).reshape(3, 5))
    assert chroma[0].shape == chroma[1].shape == (3, 5)
    # CIE's white and the matrix agree to four digits.
    assert np.abs(chroma).max() < 1e-4


@pytest.mark.parametrize("matrix", MATRICES)
def test_chroma_of_ab_is_that_of_the_colour(matrix: Matrix) -> None:
    rgb = np.random.default_rng(2).random((200, 3))
    luma, (cb, cr) = matrix.luma(rgb), matrix.chroma(rgb)
    found = ab_to_chroma(rgb_to_lab(rgb)[:, 1:], luma, matrix)
    # Ten halvings find L* within 0.1.
    assert np.abs(found[0] - cb).max() < 0.004
    assert np.abs(found[1] - cr).max() < 0.004


@pytest.mark.parametrize("matrix", MATRICES)
def test_scaled_chroma_touches_the_cube(matrix: Matrix) -> None:
    random = np.random.default_rng(4)
    luma, cb, cr = random.random(100), random.uniform(-0.5, 0.5, 100), random.uniform(-0.5, 0.5, 100)
    scale = chroma_limit(luma, cb, cr, matrix)
    rgb = matrix.to_rgb(luma, cb * scale, cr * scale)
    assert rgb.min() > -1e-9
    assert rgb.max() < 1 + 1e-9
    reduced = scale < 1
    assert reduced.any()
    edge = np.minimum(rgb.min(-1), 1 - rgb.max(-1))
    assert np.abs(edge[reduced]).max() < 1e-9

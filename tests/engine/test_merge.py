"""The luma promise, the gamut and the guided filter, without a network."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photochrom.engine.merge import guided_coefficients, merge_rgb, merge_ycbcr
from photochrom.engine.resize import reduced


def vivid(rng: np.random.Generator, shape: tuple[int, int] = (8, 8)) -> np.ndarray:
    """Colours far outside the gamut, so that the limit on chroma has work to do."""
    return rng.uniform(-130, 130, (*shape, 2)).astype(np.float32)


@settings(max_examples=40)
@given(
    height=st.integers(1, 150),
    width=st.integers(1, 150),
    deep=st.booleans(),
    strength=st.floats(0, 1.5),
    seed=st.integers(0, 99),
)
def test_luma_is_kept_at_every_pixel(height: int, width: int, deep: bool, strength: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    dtype = np.uint16 if deep else np.uint8
    luma = rng.integers(0, np.iinfo(dtype).max, (height, width), dtype, endpoint=True)
    out = merge_rgb(luma, guided_coefficients(vivid(rng), reduced(luma)), strength)
    assert out.shape == (height, width, 3)
    assert out.dtype == dtype
    if deep:
        after = np.rint(out.astype(np.float64) @ (0.299, 0.587, 0.114))
        assert np.abs(after - luma).max() <= 2
    else:
        after = np.asarray(Image.fromarray(out).convert("L")).astype(int)
        assert np.abs(after - luma).max() <= 1


@pytest.mark.parametrize("halved", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (130, 131), (129, 64)])
def test_jpeg_planes_keep_luma_exactly(halved: bool, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    luma = rng.integers(0, 256, shape, np.uint8)
    out = merge_ycbcr(luma, guided_coefficients(vivid(rng), reduced(luma)), 1.0, halved=halved)
    np.testing.assert_array_equal(out[..., 0], luma)


def test_jpeg_chroma_agrees_with_rgb() -> None:
    luma = cv2.resize(np.arange(40, 200, dtype=np.uint8)[None], (160, 90))
    ab = np.tile(np.float32([20, -30]), (8, 8, 1))
    coefficients = guided_coefficients(ab, reduced(luma))
    rgb = merge_rgb(luma, coefficients, 1.0)
    ycbcr = merge_ycbcr(luma, coefficients, 1.0, halved=False)
    assert np.abs(to_rgb(ycbcr).astype(int) - rgb).max() <= 2


def to_rgb(ycbcr: np.ndarray) -> np.ndarray:
    """OpenCV's full-range conversion; it wants Y, Cr, Cb."""
    return cv2.cvtColor(np.ascontiguousarray(ycbcr[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)


def test_strength_zero_is_grey_and_more_is_more() -> None:
    luma = np.full((40, 40), 128, np.uint8)
    ab = np.tile(np.float32([15, 10]), (8, 8, 1))
    coefficients = guided_coefficients(ab, reduced(luma))
    spread = [float(np.ptp(merge_rgb(luma, coefficients, s), axis=-1).mean()) for s in (0.0, 0.5, 1.0, 1.5)]
    assert spread[0] == 0
    assert spread[0] < spread[1] < spread[2] < spread[3]


def test_flat_colour_comes_out_as_predicted() -> None:
    from skimage.color import rgb2lab

    luma = np.full((64, 64), 140, np.uint8)
    ab = np.tile(np.float32([22, -18]), (16, 16, 1))
    out = merge_rgb(luma, guided_coefficients(ab, reduced(luma)), 1.0)
    np.testing.assert_allclose(rgb2lab(out)[..., 1:].reshape(-1, 2).mean(axis=0), [22, -18], atol=0.7)


def test_chroma_follows_the_edge_of_the_luma() -> None:
    """Colour predicted at 8x8 over an edge that falls inside a cell must not bleed as bilinear does."""
    luma = np.full((256, 256), 60, np.uint8)
    luma[:, 140:] = 190
    ab = np.zeros((8, 8, 2), np.float32)
    ab[:, :4] = [30, 0]
    ab[:, 4] = [11, 0]
    out = merge_rgb(luma, guided_coefficients(ab, reduced(luma)), 1.0).astype(int)
    redness = (out[..., 0] - out[..., 1]).mean(axis=0)
    bilinear = cv2.resize(ab[..., 0], (256, 256))[128]
    step = redness[136] - redness[144]
    smooth = (bilinear[136] - bilinear[144]) / 30 * (redness[20] - redness[250])
    assert step > 3 * smooth


def test_threads_do_not_change_the_result() -> None:
    rng = np.random.default_rng(0)
    luma = rng.integers(0, 256, (300, 200), np.uint8)
    coefficients = guided_coefficients(vivid(rng), reduced(luma))
    with ThreadPoolExecutor(3) as pool:
        np.testing.assert_array_equal(
            merge_rgb(luma, coefficients, 1.0), merge_rgb(luma, coefficients, 1.0, pool)
        )
        np.testing.assert_array_equal(
            merge_ycbcr(luma, coefficients, 1.0, halved=True),
            merge_ycbcr(luma, coefficients, 1.0, halved=True, pool=pool),
        )


def test_strips_leave_no_seam() -> None:
    """Enlarged coefficients equal OpenCV's own bilinear enlargement of the whole, strip borders included."""
    from photochrom.engine.merge import enlarged_rows

    coefficients = np.random.default_rng(0).random((4, 20, 30), np.float32)
    whole = np.stack([cv2.resize(plane, (170, 333)) for plane in coefficients])
    strips = [enlarged_rows(coefficients, top, min(top + 64, 333), (333, 170)) for top in range(0, 333, 64)]
    np.testing.assert_allclose(np.concatenate(strips, axis=1), whole, atol=1e-4)

"""Y'CbCr of films, against scikit-image and the numbers of the standards."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2ycbcr

from photochrom.color.ycbcr import BT601, BT709, BT2020, Matrix, Range

MATRICES = [BT601, BT709, BT2020]


def split(rgb: np.ndarray, matrix: Matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    luma = matrix.luma(rgb)
    return luma, (rgb[..., 2] - luma) / matrix.cb_to_blue, (rgb[..., 0] - luma) / matrix.cr_to_red


def test_bt601_in_limited_range_is_scikit_images() -> None:
    rgb = np.random.default_rng(0).random((20, 20, 3))
    held = Range(8)
    levels = rgb2ycbcr(rgb)  # Y in [16, 235], Cb and Cr in [16, 240]
    y, cb, cr = split(rgb, BT601)
    assert np.allclose(levels[..., 0], held.black + held.luma_levels * y, atol=0.01)
    assert np.allclose(levels[..., 1], held.neutral + held.chroma_levels * cb, atol=0.01)
    assert np.allclose(levels[..., 2], held.neutral + held.chroma_levels * cr, atol=0.01)


@pytest.mark.parametrize(
    ("matrix", "numbers"),
    [
        # ITU-R BT.709-6, item 3.3: Cr = (R - Y) / 1.5748, Cb = (B - Y) / 1.8556.
        (BT709, (1.5748, 1.8556)),
        # ITU-R BT.2020-2, table 4: 1.4746 and 1.8814.
        (BT2020, (1.4746, 1.8814)),
        # ITU-R BT.601-7, section 2.5.2: 1.402 and 1.772.
        (BT601, (1.402, 1.772)),
    ],
)
def test_scales_are_the_standards(matrix: Matrix, numbers: tuple[float, float]) -> None:
    assert (round(matrix.cr_to_red, 4), round(matrix.cb_to_blue, 4)) == numbers


@pytest.mark.parametrize("matrix", MATRICES)
def test_round_trip(matrix: Matrix) -> None:
    rgb = np.random.default_rng(1).random((50, 3))
    assert np.allclose(matrix.to_rgb(*split(rgb, matrix)), rgb, atol=1e-12)
    assert np.allclose(matrix.chroma(rgb), split(rgb, matrix)[1:], atol=1e-12)


@pytest.mark.parametrize(
    ("held", "levels"),
    [
        # BT.601-7, section 2.5.3: Y from 16 to 235, chroma 16 to 240 around 128; BT.2100, table 9, for 10 bits.
        (Range(8), (16, 235, 128, 240)),
        (Range(10), (64, 940, 512, 960)),
        (Range(8, full=True), (0, 255, 128, 255.5)),
        (Range(12), (256, 3760, 2048, 3840)),
    ],
)
def test_levels(held: Range, levels: tuple[float, ...]) -> None:
    ends = (held.black, held.black + held.luma_levels, held.neutral, held.neutral + held.chroma_levels / 2)
    assert ends == levels
    assert held.luma(np.array([ends[0], ends[1]], held.dtype)).tolist() == pytest.approx([0, 1])
    assert held.chroma(np.array([held.neutral], held.dtype)).tolist() == [0]

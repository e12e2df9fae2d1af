"""What every conversion of three channels must do, whatever its formula: one rota for all of them."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from photochrom.color.difference import cie76, ciede2000
from photochrom.color.gamut import in_gamut
from photochrom.color.hsl import hsl_to_rgb, rgb_to_hsl
from photochrom.color.lab import lab_to_rgb, lab_to_xyz, rgb_to_lab, xyz_to_lab
from photochrom.color.luma import rgb_to_luma, rgb_to_ycbcr, ycbcr_to_rgb
from photochrom.color.srgb import linear_to_srgb, linear_to_xyz, srgb_to_linear, xyz_to_linear

Convert = Callable[..., Any]

# Each with the way from rgb to colours it accepts.
CONVERSIONS: list[tuple[Convert, Convert]] = [
    (linear_to_xyz, srgb_to_linear),
    (xyz_to_linear, lambda rgb: linear_to_xyz(srgb_to_linear(rgb))),
    (xyz_to_lab, lambda rgb: linear_to_xyz(srgb_to_linear(rgb))),
    (lab_to_xyz, rgb_to_lab),
    (rgb_to_lab, lambda rgb: rgb),
    (lab_to_rgb, rgb_to_lab),
    (rgb_to_ycbcr, lambda rgb: rgb),
    (ycbcr_to_rgb, rgb_to_ycbcr),
    (rgb_to_hsl, lambda rgb: rgb),
    (hsl_to_rgb, rgb_to_hsl),
    (rgb_to_luma, lambda rgb: rgb),
]
DIFFERENCES = [cie76, ciede2000]
DROPS_CHANNELS = {rgb_to_luma}


def name(value: object) -> str:
    return getattr(value, "__name__", "")


conversions = pytest.mark.parametrize(("convert", "prepare"), CONVERSIONS, ids=name)
differences = pytest.mark.parametrize("difference", DIFFERENCES, ids=name)


@conversions
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_and_dtype_are_kept(
    convert: Convert, prepare: Convert, dtype: str, inner: NDArray[np.float64]
) -> None:
    pixels = prepare(inner).astype(dtype)
    expected = pixels.shape[:-1] if convert in DROPS_CHANNELS else pixels.shape

    picture = convert(pixels)
    assert isinstance(picture, np.ndarray)
    assert (picture.shape, picture.dtype) == (expected, pixels.dtype)

    tensor = convert(torch.from_numpy(pixels))
    assert isinstance(tensor, torch.Tensor)
    assert (tuple(tensor.shape), tensor.dtype) == (expected, getattr(torch, dtype))


@conversions
def test_libraries_and_axes_agree(convert: Convert, prepare: Convert, inner: NDArray[np.float64]) -> None:
    pixels = prepare(inner)
    expected = convert(pixels)
    batch = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))[None]
    keeps = convert not in DROPS_CHANNELS
    for result in (convert(batch, axis=1), convert(torch.from_numpy(batch), axis=1).numpy()):
        shaped = np.moveaxis(result[0], 0, -1) if keeps else result[0]
        np.testing.assert_allclose(shaped, expected, rtol=0, atol=1e-12)


@conversions
def test_a_single_color_and_no_color_pass(convert: Convert, prepare: Convert) -> None:
    color = prepare(np.array([0.2, 0.5, 0.7]))
    tail = () if convert in DROPS_CHANNELS else (3,)
    assert convert(color).shape == tail
    assert convert(np.empty((0, 3))).shape == (0, *tail)


@conversions
def test_the_input_is_not_written(convert: Convert, prepare: Convert, inner: NDArray[np.float64]) -> None:
    pixels = np.array(prepare(inner))
    before = pixels.copy()
    convert(pixels)
    np.testing.assert_array_equal(pixels, before)


@conversions
def test_integers_are_refused(convert: Convert, prepare: Convert) -> None:
    with pytest.raises(TypeError, match="floating-point"):
        convert(np.zeros((2, 2, 3), dtype=np.uint8))
    with pytest.raises(TypeError, match="floating-point"):
        convert(torch.zeros((2, 2, 3), dtype=torch.uint8))


@conversions
@pytest.mark.parametrize("count", [1, 2, 4])
def test_another_number_of_channels_is_refused(convert: Convert, prepare: Convert, count: int) -> None:
    with pytest.raises(ValueError, match="3 channels on axis -1"):
        convert(np.zeros((3, 3, count)))
    with pytest.raises(ValueError, match="3 channels on axis 1"):
        convert(torch.zeros((3, count, 3, 3)), axis=1)


@conversions
def test_single_precision_is_close(convert: Convert, prepare: Convert, cube: NDArray[np.float64]) -> None:
    # Colours without a tie between channels: hue is a circle, and near its seam rounding may go either way.
    pixels = prepare(cube[(np.diff(np.sort(cube, axis=-1), axis=-1) > 0).all(axis=-1)])
    exact = convert(pixels)
    tolerance = 1e-5 * max(1.0, float(np.abs(exact).max()))
    single = pixels.astype(np.float32)
    np.testing.assert_allclose(convert(single), exact, rtol=0, atol=tolerance)
    np.testing.assert_allclose(convert(torch.from_numpy(single)).numpy(), exact, rtol=0, atol=tolerance)


@conversions
def test_gradients_are_right(convert: Convert, prepare: Convert, inner: NDArray[np.float64]) -> None:
    pixels = torch.from_numpy(prepare(inner[:, :2])).requires_grad_()
    assert torch.autograd.gradcheck(convert, (pixels,))


@conversions
def test_gradients_are_finite_on_the_whole_cube(
    convert: Convert, prepare: Convert, cube: NDArray[np.float64]
) -> None:
    for dtype in (torch.float32, torch.float64):
        pixels = torch.from_numpy(np.array(prepare(cube))).to(dtype).requires_grad_()
        convert(pixels).sum().backward()
        assert torch.isfinite(pixels.grad).all()


@pytest.mark.parametrize("transfer", [srgb_to_linear, linear_to_srgb], ids=name)
def test_transfer_functions_take_any_shape(transfer: Convert) -> None:
    values = np.linspace(0.001, 0.999, 10).reshape(5, 2)
    exact = transfer(values)
    assert exact.shape == (5, 2)
    single = transfer(torch.from_numpy(values).float())
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), exact, rtol=0, atol=1e-6)
    assert torch.autograd.gradcheck(transfer, (torch.from_numpy(values).requires_grad_(),))
    # Outside the gamut too: a power of a negative number would be none.
    outside = torch.linspace(-1, 2, 31, requires_grad=True)
    (gradient,) = torch.autograd.grad(transfer(outside).sum(), outside)
    assert torch.isfinite(transfer(outside)).all()
    assert torch.isfinite(gradient).all()
    with pytest.raises(TypeError, match="floating-point"):
        transfer(np.arange(5))


@differences
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_differences_drop_the_channels(difference: Convert, dtype: str, inner: NDArray[np.float64]) -> None:
    one = rgb_to_lab(inner).astype(dtype)
    two = one[::-1].copy()
    expected = difference(one, two)
    assert (expected.shape, expected.dtype) == (one.shape[:-1], one.dtype)
    nets = [torch.from_numpy(np.moveaxis(x, -1, 0)[None].copy()) for x in (one, two)]
    result = difference(*nets, axis=1)
    assert result.dtype == getattr(torch, dtype)
    np.testing.assert_allclose(
        result[0].numpy(), expected, rtol=0, atol=1e-4 if dtype == "float32" else 1e-10
    )
    np.testing.assert_allclose(difference(one, two[0, 0]), difference(one, one * 0 + two[0, 0]), rtol=1e-6)


@differences
def test_differences_refuse_what_is_no_color(difference: Convert) -> None:
    good, whole = np.zeros((4, 3)), np.zeros((4, 3), dtype=np.int64)
    for pair in ((good, whole), (whole, good)):
        with pytest.raises(TypeError, match="floating-point"):
            difference(*pair)
    for pair in ((good, good[:, :2]), (good[:, :2], good)):
        with pytest.raises(ValueError, match="3 channels"):
            difference(*pair)


def test_in_gamut_serves_both_libraries() -> None:
    pixels = np.array([[0.0, 0.5, 1.0], [-0.1, 0.5, 1.0], [0.0, 0.5, 1.1]])
    assert in_gamut(pixels).tolist() == [True, False, False]
    assert in_gamut(torch.from_numpy(pixels.T.copy()[None]), axis=1).tolist() == [[True, False, False]]
    assert in_gamut(pixels, tolerance=0.2).all()


def test_color_maths_does_not_load_torch() -> None:
    modules = ["difference", "gamut", "hsl", "lab", "luma", "quantize", "srgb"]
    code = "import sys\n" + "".join(f"import photochrom.color.{module}\n" for module in modules)
    code += "import numpy as np; photochrom.color.lab.rgb_to_lab(np.zeros((2, 3)))\n"
    code += "sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

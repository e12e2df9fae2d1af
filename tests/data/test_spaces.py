"""What nets see and predict, against scikit-image and through ONNX Runtime."""

import warnings
from typing import Any, cast

import numpy as np
import onnxruntime
import pytest
import skimage.color
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from photochrom.color.hsl import rgb_to_hsl
from photochrom.color.lab import lightness_to_grey, rgb_to_lab
from photochrom.color.luma import rgb_to_luma
from photochrom.data.spaces import SPACES, Space, space

NAMES = list(SPACES)
both = pytest.mark.parametrize("signed", [False, True])


def colors(count: int = 2, height: int = 5, width: int = 7) -> Tensor:
    """Random colours, and among them the corners and greys that formulas trip over."""
    rgb = torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    corners = torch.tensor([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], dtype=torch.float64)
    rgb[0].view(3, -1)[:, :8] = corners.T
    rgb[0].view(3, -1)[:, 8:12] = torch.linspace(0.1, 0.9, 4)
    return rgb


def grey_of(rgb: Tensor) -> Tensor:
    grey: Tensor = rgb_to_luma(rgb, axis=1)[:, None]
    return grey


def own_grey(rgb: Tensor) -> Tensor:
    """The grey whose L* is that of the colour."""
    grey: Tensor = lightness_to_grey(rgb_to_lab(rgb, axis=1)[:, :1])
    return grey


def unit(y: Tensor, signed: bool) -> Tensor:
    return (y + 1) / 2 if signed else y


@both
def test_what_a_lab_net_sees_and_shall_predict(signed: bool) -> None:
    rgb = colors()
    lab = skimage.color.rgb2lab(rgb.permute(0, 2, 3, 1).numpy()).transpose(0, 3, 1, 2)
    lab_space = space("lab", 1, signed)
    seen, wanted = lab_space.grey_to_input(own_grey(rgb)).numpy(), lab_space.target(rgb).numpy()
    np.testing.assert_allclose(seen, lab[:, :1] / 50 - 1 if signed else lab[:, :1] / 100, atol=1e-5)
    scaled = lab[:, 1:] / 110
    np.testing.assert_allclose(wanted, scaled if signed else (scaled + 1) / 2, atol=1e-5)
    assert lab_space.outputs == wanted.shape[1] == 2


@both
def test_what_rgb_and_hsl_nets_see_and_shall_predict(signed: bool) -> None:
    rgb = colors()
    for name, expected in (("rgb", rgb), ("hsl", rgb_to_hsl(rgb, axis=1))):
        here = space(name, 1, signed)
        assert here.outputs == 3
        torch.testing.assert_close(unit(here.target(rgb), signed), expected)
        torch.testing.assert_close(unit(here.grey_to_input(grey_of(rgb)), signed), grey_of(rgb))


@both
@pytest.mark.parametrize("name", NAMES)
def test_ranges(name: str, signed: bool) -> None:
    here, rgb = space(name, 1, signed), colors().float()
    ends = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)
    lowest = -1 if signed else 0
    torch.testing.assert_close(
        here.grey_to_input(ends).flatten(), torch.tensor([lowest, 1.0]), atol=1e-6, rtol=0
    )
    target = here.target(rgb)
    assert target.min() >= lowest
    assert target.max() <= 1
    # A net may give what it likes; a picture it must be.
    wild = torch.randn(2, here.outputs, 5, 7, generator=torch.Generator().manual_seed(2)) * 3
    picture = here.to_rgb(wild, grey_of(rgb))
    assert picture.shape == (2, 3, 5, 7)
    assert picture.min() >= 0
    assert picture.max() <= 1
    assert here.to_ab(wild, grey_of(rgb)).shape == (2, 2, 5, 7)


@both
@pytest.mark.parametrize("name", NAMES)
def test_round_trips(name: str, signed: bool) -> None:
    here, rgb = space(name, 3, signed), colors()
    y = here.target(rgb)
    torch.testing.assert_close(here.to_rgb(y, own_grey(rgb)), rgb, atol=2e-5, rtol=0)
    torch.testing.assert_close(here.to_ab(y, grey_of(rgb)), rgb_to_lab(rgb, axis=1)[:, 1:])


def test_a_lab_picture_has_the_lightness_of_its_input() -> None:
    # Chroma that fits into the gamut at this lightness, or clipping would change it.
    y = torch.tensor([10.0, -15.0]).view(1, 2, 1, 1) / 110
    grey = torch.full((1, 1, 1, 1), 0.5)
    lab = rgb_to_lab(space("lab").to_rgb(y, grey), axis=1).flatten()
    expected = skimage.color.rgb2lab(np.full((1, 1, 3), 0.5))[0, 0, 0]
    np.testing.assert_allclose(lab, [expected, 10, -15], atol=1e-3)


@both
@pytest.mark.parametrize("name", NAMES)
def test_a_net_of_color_photos_sees_the_grey_three_times(name: str, signed: bool) -> None:
    grey = torch.rand(2, 1, 3, 4)
    once, thrice = (space(name, inputs, signed).grey_to_input(grey) for inputs in (1, 3))
    assert thrice.shape == (2, 3, 3, 4)
    assert torch.equal(thrice, once.repeat(1, 3, 1, 1))


@both
@pytest.mark.parametrize("name", NAMES)
def test_gradcheck(name: str, signed: bool) -> None:
    rgb = torch.tensor([[0.2, 0.45, 0.8], [0.75, 0.3, 0.5]], dtype=torch.float64).T.reshape(1, 3, 1, 2)
    here, grey = space(name, 1, signed), own_grey(rgb)
    y = here.target(rgb).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: here.to_rgb(y, grey), (y,), atol=1e-4)
    assert torch.autograd.gradcheck(lambda y: here.to_ab(y, grey), (y,), atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_at_black_white_and_grey(name: str) -> None:
    here, rgb = space(name), colors().float()
    y = here.target(rgb).requires_grad_()
    (here.to_rgb(y, grey_of(rgb)).sum() + here.to_ab(y, grey_of(rgb)).sum()).backward()
    assert y.grad is not None
    assert torch.isfinite(y.grad).all()
    assert y.grad.abs().sum() > 0


@pytest.mark.parametrize("name", NAMES)
def test_nothing_given_is_changed(name: str) -> None:
    here, rgb = space(name, 3), colors()
    grey, y = grey_of(rgb), here.target(rgb)
    before = rgb.clone(), grey.clone(), y.clone()
    here.grey_to_input(grey)
    here.to_rgb(y, grey)
    here.to_ab(y, grey)
    assert all(torch.equal(x, was) for x, was in zip((rgb, grey, y), before, strict=True))


def test_a_hue_beyond_the_turn_wraps() -> None:
    here, grey = space("hsl", 1, False), torch.full((1, 1, 1, 1), 0.5)
    y = torch.tensor([0.3, 0.6, 0.4]).view(1, 3, 1, 1)
    turned = y + torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    torch.testing.assert_close(here.to_rgb(turned, grey), here.to_rgb(y, grey))


class Exported(nn.Module):
    """A photo in, ab out, with a net of one convolution between."""

    def __init__(self, here: Space) -> None:
        super().__init__()
        self.space = here
        self.net = nn.Conv2d(here.inputs, here.outputs, 3, padding=1)
        # Around the middle of the range: at black or white no colour would be left to compare.
        nn.init.constant_(cast(Tensor, self.net.bias), 0.2 if here.signed else 0.5)

    def forward(self, grey: Tensor) -> Tensor:
        return self.space.to_ab(self.net(self.space.grey_to_input(grey)), grey)


@pytest.mark.parametrize(
    ("name", "inputs", "signed"), [("lab", 1, True), ("rgb", 3, True), ("hsl", 1, False)]
)
def test_exports_to_onnx(name: str, inputs: int, signed: bool) -> None:
    torch.manual_seed(3)
    module = Exported(space(name, inputs, signed)).eval()
    sides: dict[int, Any] = dict.fromkeys((0, 2, 3), torch.export.Dim.DYNAMIC)
    with warnings.catch_warnings():
        # The exporter warns of its own internals.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module, (torch.rand(2, 1, 6, 8),), dynamo=True, verbose=False, dynamic_shapes=(sides,)
        )
    assert program is not None
    session = onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    grey = torch.rand(3, 1, 10, 5)
    got: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: grey.numpy()})[0]
    with torch.no_grad():
        expected = module(grey).numpy()
    assert expected.std() > 1
    np.testing.assert_allclose(got, expected, atol=1e-3)


def test_wrong_settings_raise() -> None:
    with pytest.raises(
        ValueError, match=r"no colour space 'Lap'; did you mean 'lab'\? There are 'lab', 'rgb', 'hsl'"
    ):
        space("Lap")
    with pytest.raises(ValueError, match="once or three times, not 2 times"):
        space("rgb", 2)

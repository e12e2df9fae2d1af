"""Zhang et al. 2016: the published keys and shapes by hand, and the release's forward by the functions alone."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.quantize import ab_bins
from photochrom.nets.eccv16 import Eccv16, eccv16, hull_bins

# Under its own name pytest would take the builder for a test.
from photochrom.nets.eccv16 import test_eccv16 as tiny

# Every weight of the published file. A plain convolution has a bias of its first size, the transposed one of its
# second; a norm, written with one size, has weight, bias, running_mean, running_var and num_batches_tracked.
PRETRAINED = """
model1.0 64 1 3 3     model1.2 64 64 3 3     model1.4 64
model2.0 128 64 3 3   model2.2 128 128 3 3   model2.4 128
model3.0 256 128 3 3  model3.2 256 256 3 3   model3.4 256 256 3 3  model3.6 256
model4.0 512 256 3 3  model4.2 512 512 3 3   model4.4 512 512 3 3  model4.6 512
model5.0 512 512 3 3  model5.2 512 512 3 3   model5.4 512 512 3 3  model5.6 512
model6.0 512 512 3 3  model6.2 512 512 3 3   model6.4 512 512 3 3  model6.6 512
model7.0 512 512 3 3  model7.2 512 512 3 3   model7.4 512 512 3 3  model7.6 512
model8.0 512 256 4 4  model8.2 256 256 3 3   model8.4 256 256 3 3  model8.6 313 256 1 1
"""
TRANSPOSED = ("model8.0",)

# The published bins: for each a from -90 to 100, the lowest and the highest b.
ROWS = """
50 90    20 90    0 90     -20 90   -30 100  -40 100  -50 100  -50 100  -60 100  -70 100
-80 90   -80 90   -90 90   -100 90  -100 80  -110 80  -110 80  -110 70  -110 70  -90 0
"""


def published_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"model_out.weight": (2, 313, 1, 1)}
    for key, sizes in re.findall(r"(model\S+)((?: \d+)+)", PRETRAINED):
        shape = tuple(map(int, sizes.split()))
        shapes[f"{key}.weight"] = shape
        shapes[f"{key}.bias"] = shape[1:2] if key in TRANSPOSED else shape[:1]
        if len(shape) == 1:
            shapes |= {f"{key}.running_mean": shape, f"{key}.running_var": shape}
            shapes[f"{key}.num_batches_tracked"] = ()
    return shapes


def published_looking(net: Eccv16, seed: int = 0) -> dict[str, Tensor]:
    """Random weights under the published keys, with bins of their own; `net` only gives the sizes."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for key, value in net.state_dict().items():
        if key.endswith("running_var"):
            state[key] = torch.rand(value.shape, generator=generator) + 0.5
        elif key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(7)
        elif key != "log_weights":
            scale = (2 / value[0].numel()) ** 0.5 if value.dim() == 4 else 0.3
            state[key] = torch.randn(value.shape, generator=generator) * scale
    state["model8.6.weight"] *= 4
    state["model_out.weight"] = torch.rand(2, 313, 1, 1, generator=generator) * 2 - 1
    return state


def released(state: dict[str, Tensor], lightness: Tensor) -> Tensor:
    """The release's result, ``ab (B, 2, H, W)``, from the weights and the paper's table alone."""

    def conv(x: Tensor, key: str, stride: int = 1, dilation: int = 1) -> Tensor:
        weight, bias = state[f"{key}.weight"], state[f"{key}.bias"]
        return F.conv2d(x, weight, bias, stride, padding=dilation, dilation=dilation).relu()

    x = (lightness - 50) / 100
    for number, (count, stride, dilation) in enumerate(
        [(2, 2, 1), (2, 2, 1), (3, 2, 1), (3, 1, 1), (3, 1, 2), (3, 1, 2), (3, 1, 1)], start=1
    ):
        for i in range(count):
            x = conv(x, f"model{number}.{2 * i}", stride if i == count - 1 else 1, dilation)
        norm = f"model{number}.{2 * count}"
        mean, variance, weight, bias = (
            state[f"{norm}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        x = (x - mean) / (variance + 1e-5).sqrt() * weight + bias
    x = F.conv_transpose2d(x, state["model8.0.weight"], state["model8.0.bias"], 2, padding=1).relu()
    x = conv(conv(x, "model8.2"), "model8.4")
    x = F.conv2d(x, state["model8.6.weight"], state["model8.6.bias"])
    x = torch.einsum("bkhw,ck->bchw", torch.softmax(x, dim=1), state["model_out.weight"][:, :, 0, 0])
    return 110 * F.interpolate(x, scale_factor=4, mode="bilinear")


def lightness(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 100


def test_bins_are_the_published_ones_in_their_order() -> None:
    ends = [int(x) for x in ROWS.split()]
    rows = zip(range(-90, 101, 10), ends[::2], ends[1::2], strict=True)
    expected = [(a, b) for a, low, high in rows for b in range(low, high + 1, 10)]
    assert len(expected) == 313
    np.testing.assert_array_equal(hull_bins(), expected)
    assert {tuple(x) for x in ab_bins().tolist()} < {tuple(x) for x in hull_bins().tolist()}
    assert not hull_bins().flags.writeable
    torch.testing.assert_close(tiny().bins, torch.tensor(expected).float())


def test_keys_and_shapes_are_the_published_ones() -> None:
    with torch.device("meta"):
        net = eccv16()
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    assert shapes.pop("log_weights") == (313,)
    assert shapes == published_shapes()
    # 32.2 million, as the release counts them with its last layer, which is no parameter here.
    count = sum(
        int(np.prod(shape))
        for key, shape in published_shapes().items()
        if "running" not in key and "num" not in key
    )
    assert sum(p.numel() for p in net.parameters()) == count - 626 == 32_235_385
    assert sum(p.numel() for p in tiny().parameters()) == 131_725


@pytest.mark.parametrize("counted", [True, False])
def test_published_weights_load_and_give_the_releases_result(counted: bool) -> None:
    net = tiny()
    state = published_looking(net)
    # Files from before torch 0.4.1 do not count batches.
    given = {key: x for key, x in state.items() if counted or not key.endswith("num_batches_tracked")}
    net.log_weights.fill_(1)
    net.load_state_dict(given)
    assert not net.log_weights.any()
    torch.testing.assert_close(net.bins, state["model_out.weight"][:, :, 0, 0].T * 110)
    x = lightness(2, 1, 32, 48)
    expected = released(state, x)
    net.eval()
    with torch.no_grad():
        ab, _, _ = net.predict(x, None, torch.tensor(1.0), torch.tensor(1.0))
        colder, _, _ = net.predict(x, None, torch.tensor(0.38), torch.tensor(1.0))
    assert ab.shape == (2, 2, 8, 12)
    assert expected.std() > 1
    torch.testing.assert_close(
        F.interpolate(ab, scale_factor=4, mode="bilinear"), expected, rtol=1e-3, atol=0.02
    )
    assert (colder - ab).abs().mean() > 1


def test_other_weights_do_not_load() -> None:
    net = tiny()
    state = published_looking(net)
    with pytest.raises(RuntimeError, match=r"model5\.0\.weight"):
        net.load_state_dict(state | {"model5.0.weight": torch.zeros(8, 8, 3, 3)})
    del state["model_out.weight"]
    with pytest.raises(RuntimeError, match=r"model_out\.weight"):
        net.load_state_dict(state)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 40)])
def test_logits_are_at_a_quarter_of_the_size(height: int, width: int) -> None:
    net = tiny().eval()
    with torch.no_grad():
        prediction = net(lightness(2, 1, height, width))
    assert prediction.logits.shape == (2, 313, height // 4, width // 4)
    assert prediction.ab is None
    assert (net.multiple, net.stride, net.takes_hints) == (8, 4, False)


def test_training_leaves_the_last_layer_alone() -> None:
    torch.manual_seed(2)
    net = tiny()
    before = net.model_out.weight.clone()
    # Even if somebody thaws everything.
    net.requires_grad_(True)
    optimizer = torch.optim.AdamW(net.parameters(), 0.1, weight_decay=0.5)
    net(lightness(2, 1, 16, 16)).logits.square().mean().backward()
    optimizer.step()
    assert torch.equal(net.model_out.weight, before)

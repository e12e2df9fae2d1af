"""Zhang et al. 2017: the published keys and shapes by hand, and the release's forward by the functions alone."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.nets.siggraph17 import siggraph17

# Under its own name pytest would take the builder for a test.
from photochrom.nets.siggraph17 import test_siggraph17 as tiny

# Every weight of the published file; how to read it: tests/nets/test_eccv16.py.
PRETRAINED = """
model1.0 64 4 3 3          model1.2 64 64 3 3         model1.4 64
model2.0 128 64 3 3        model2.2 128 128 3 3       model2.4 128
model3.0 256 128 3 3       model3.2 256 256 3 3       model3.4 256 256 3 3  model3.6 256
model4.0 512 256 3 3       model4.2 512 512 3 3       model4.4 512 512 3 3  model4.6 512
model5.0 512 512 3 3       model5.2 512 512 3 3       model5.4 512 512 3 3  model5.6 512
model6.0 512 512 3 3       model6.2 512 512 3 3       model6.4 512 512 3 3  model6.6 512
model7.0 512 512 3 3       model7.2 512 512 3 3       model7.4 512 512 3 3  model7.6 512
model8up.0 512 256 4 4     model3short8.0 256 256 3 3
model8.1 256 256 3 3       model8.3 256 256 3 3       model8.5 256
model9up.0 256 128 4 4     model2short9.0 128 128 3 3
model9.1 128 128 3 3       model9.3 128
model10up.0 128 128 4 4    model1short10.0 128 64 3 3
model10.1 128 128 3 3
model_class.0 529 256 1 1  model_out.0 2 128 1 1
"""


def published_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for key, sizes in re.findall(r"(model\S+)((?: \d+)+)", PRETRAINED):
        shape = tuple(map(int, sizes.split()))
        shapes[f"{key}.weight"] = shape
        shapes[f"{key}.bias"] = shape[1:2] if "up" in key else shape[:1]
        if len(shape) == 1:
            shapes |= {f"{key}.running_mean": shape, f"{key}.running_var": shape}
            shapes[f"{key}.num_batches_tracked"] = ()
    return shapes


def published_looking(seed: int = 0) -> dict[str, Tensor]:
    """Random weights under the published keys, of a narrow net."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for key, value in tiny().state_dict().items():
        if key.endswith("running_var"):
            state[key] = torch.rand(value.shape, generator=generator) + 0.5
        elif key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(7)
        elif key != "log_weights":
            scale = (2 / value[0].numel()) ** 0.5 if value.dim() == 4 else 0.3
            state[key] = torch.randn(value.shape, generator=generator) * scale
    return state


def released(state: dict[str, Tensor], lightness: Tensor, hints: Tensor) -> tuple[Tensor, Tensor]:
    """The release's ``ab (B, 2, H, W)`` and the logits at a quarter of the size, from the weights alone."""

    def conv(x: Tensor, key: str, dilation: int = 1) -> Tensor:
        weight = state[f"{key}.weight"]
        padding = dilation * (weight.shape[-1] // 2)
        return F.conv2d(x, weight, state[f"{key}.bias"], padding=padding, dilation=dilation)

    def norm(x: Tensor, key: str) -> Tensor:
        mean, variance, weight, bias = (
            state[f"{key}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (variance + 1e-5).sqrt() * weight + bias

    def part(x: Tensor, number: int, count: int, dilation: int = 1, first: int = 0) -> Tensor:
        for i in range(count):
            x = conv(x, f"model{number}.{first + 2 * i}", dilation).relu()
        return norm(x, f"model{number}.{first + 2 * count}")

    def up(x: Tensor, number: int) -> Tensor:
        return F.conv_transpose2d(
            x, state[f"model{number}up.0.weight"], state[f"model{number}up.0.bias"], 2, padding=1
        )

    one = part(torch.cat([(lightness - 50) / 100, hints[:, :2] / 110, hints[:, 2:]], dim=1), 1, 2)
    two = part(one[:, :, 0::2, 0::2], 2, 2)
    three = part(two[:, :, 0::2, 0::2], 3, 3)
    x = part(three[:, :, 0::2, 0::2], 4, 3)
    x = part(part(part(x, 5, 3, 2), 6, 3, 2), 7, 3)
    x = part((up(x, 8) + conv(three, "model3short8.0")).relu(), 8, 2, first=1)
    logits = conv(x, "model_class.0")
    x = part((up(x, 9) + conv(two, "model2short9.0")).relu(), 9, 1, first=1)
    x = conv((up(x, 10) + conv(one, "model1short10.0")).relu(), "model10.1")
    x = torch.where(x > 0, x, 0.2 * x)
    return 110 * torch.tanh(conv(x, "model_out.0")), logits


def lightness(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 100


def some_hints(batch: int, height: int, width: int, seed: int = 2) -> Tensor:
    """A quarter of all pixels hinted with anything."""
    generator = torch.Generator().manual_seed(seed)
    mask = (torch.rand(batch, 1, height, width, generator=generator) < 0.25).float()
    ab = torch.rand(batch, 2, height, width, generator=generator) * 160 - 80
    return torch.cat([ab * mask, mask], dim=1)


def test_keys_and_shapes_are_the_published_ones() -> None:
    with torch.device("meta"):
        net = siggraph17()
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    assert shapes.pop("log_weights") == (529,)
    assert shapes == published_shapes()
    count = sum(
        int(np.prod(shape))
        for key, shape in published_shapes().items()
        if "running" not in key and "num" not in key
    )
    assert sum(p.numel() for p in net.parameters()) == count == 34_187_027
    assert sum(p.numel() for p in tiny().parameters()) == 143_027


def test_bins_are_the_whole_grid_a_before_b() -> None:
    bins = tiny().bins
    assert bins.shape == (529, 2)
    # The authors number a colour by its a from -110, times 23, and its b from -110, each in tens.
    assert bins[0].tolist() == [-110, -110]
    assert bins[23 * 11 + 11].tolist() == [0, 0]
    assert bins[23 * 20 + 3].tolist() == [90, -80]


@pytest.mark.parametrize("hinted", [True, False])
def test_published_weights_load_and_give_the_releases_result(hinted: bool) -> None:
    net, state = tiny(), published_looking()
    net.log_weights.fill_(1)
    net.load_state_dict(state)
    net.eval()
    assert not net.log_weights.any()
    x = lightness(2, 1, 32, 48)
    hints = some_hints(2, 32, 48) if hinted else torch.zeros(2, 3, 32, 48)
    ab, logits = released(state, x, hints)
    with torch.no_grad():
        prediction = net(x, hints if hinted else None)
    assert prediction.ab is not None
    assert prediction.ab.shape == ab.shape == (2, 2, 32, 48)
    assert ab.std() > 10
    torch.testing.assert_close(prediction.ab, ab, rtol=1e-3, atol=0.02)
    torch.testing.assert_close(prediction.logits, logits, rtol=1e-3, atol=1e-3)


def test_prediction_takes_the_regressed_colors_and_the_distributions_confidence() -> None:
    net = tiny()
    net.load_state_dict(published_looking())
    net.eval()
    x, hints = lightness(1, 1, 16, 24), some_hints(1, 16, 24)
    with torch.no_grad():
        expected = net(x, hints)
        ab, confidence, logits = net.predict(x, hints, torch.tensor(0.38), torch.tensor(0.0))
    assert torch.equal(ab, expected.ab)
    assert torch.equal(logits, expected.logits)
    assert confidence.shape == (1, 1, 4, 6)
    assert (net.multiple, net.stride, net.takes_hints) == (8, 1, True)


def test_a_hint_is_felt_around_it_and_no_hint_is_not_a_grey_hint() -> None:
    net = tiny()
    net.load_state_dict(published_looking())
    net.eval()
    x = lightness(1, 1, 64, 64)
    grey = torch.zeros(1, 3, 64, 64)
    grey[0, 2, 20, 30] = 1
    red = grey.clone()
    red[0, 0, 20, 30] = 80
    with torch.no_grad():
        without, greyish, reddish = (net(x, hints).ab for hints in (None, grey, red))
    for changed, base in ((greyish, without), (reddish, greyish)):
        assert (changed - base)[0, :, 20, 30].abs().max() > 0.1


def test_either_output_trains_the_whole_trunk() -> None:
    torch.manual_seed(3)
    for output in (0, 1):
        net = tiny()
        net(lightness(2, 1, 32, 32), some_hints(2, 32, 32))[output].square().mean().backward()
        trunk = [
            p
            for name, p in net.named_parameters()
            if name.split(".")[0] in {f"model{i}" for i in range(1, 9)}
        ]
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in trunk)


def test_other_weights_do_not_load() -> None:
    state = published_looking()
    del state["model_class.0.bias"]
    with pytest.raises(RuntimeError, match=r"model_class\.0\.bias"):
        tiny().load_state_dict(state)

"""ResNets: the keys, the published net by the functions alone, and what loading makes of ImageNet's normalisation."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.nets.resnet import ResNet, resnet18, resnet34

# Under its own name pytest would take the builder for a test.
from photochrom.nets.resnet import test_resnet as tiny


def published(net: ResNet, seed: int = 0) -> dict[str, Tensor]:
    """A state dict as the official one of `net` would be: three input channels, statistics that are not 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for key, value in net.state_dict().items():
        shape = (value.shape[0], 3, 7, 7) if key == "conv1.weight" else value.shape
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(7)
        elif key.endswith("running_var") or (value.dim() == 1 and key.endswith("weight")):
            state[key] = torch.rand(shape, generator=generator) + 0.5
        else:
            spread = (2 / max(1, value[0].numel())) ** 0.5 if value.dim() > 1 else 0.2
            state[key] = torch.randn(shape, generator=generator) * spread
    return state


def reference(state: dict[str, Tensor], x: Tensor, depths: tuple[int, ...]) -> list[Tensor]:
    """The published net in eval mode, from its keys and the paper's table 1: maps of five scales, then the logits."""

    def norm(x: Tensor, name: str) -> Tensor:
        rows = (state[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *rows)

    maps = [F.relu(norm(F.conv2d(x, state["conv1.weight"], stride=2, padding=3), "bn1"))]
    x = F.max_pool2d(maps[0], 3, stride=2, padding=1)
    for stage, depth in enumerate(depths, start=1):
        for i in range(depth):
            block, stride = f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1
            y = norm(F.conv2d(x, state[f"{block}.conv1.weight"], stride=stride, padding=1), f"{block}.bn1")
            y = norm(F.conv2d(F.relu(y), state[f"{block}.conv2.weight"], padding=1), f"{block}.bn2")
            if f"{block}.downsample.0.weight" in state:
                x = F.conv2d(x, state[f"{block}.downsample.0.weight"], stride=stride)
                x = norm(x, f"{block}.downsample.1")
            x = F.relu(y + x)
        maps.append(x)
    return [*maps, F.linear(F.adaptive_avg_pool2d(x, 1).flatten(1), state["fc.weight"], state["fc.bias"])]


def picture(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize(
    ("build", "parameters", "entries"), [(resnet18, 11_689_512, 122), (resnet34, 21_797_672, 218)]
)
def test_size_is_torchvisions(build: Callable[[], ResNet], parameters: int, entries: int) -> None:
    with torch.device("meta"):
        net = build()
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert len(net.state_dict()) == entries


def test_keys_and_shapes_are_torchvisions() -> None:
    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in resnet34().state_dict().items()}
    known = {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_var": (64,),
        "bn1.num_batches_tracked": (),
        "layer1.2.conv2.weight": (64, 64, 3, 3),
        "layer2.0.downsample.0.weight": (128, 64, 1, 1),
        "layer2.0.downsample.1.bias": (128,),
        "layer3.5.bn2.weight": (256,),
        "layer4.0.conv1.weight": (512, 256, 3, 3),
        "layer4.2.bn1.running_mean": (512,),
        "fc.weight": (1000, 512),
        "fc.bias": (1000,),
    }
    assert known.items() <= shapes.items()
    assert not any("downsample" in key for key in shapes if key.startswith("layer1"))
    assert {key.split(".")[1] for key in shapes if key.startswith("layer3")} == set("012345")


def test_unchanged_weights_give_the_published_function() -> None:
    net = ResNet((2, 1, 2, 1), classes=5, widths=(8, 12, 16, 20)).eval()
    state = published(net)
    net.load_state_dict(state)
    x = picture(2, 3, 64, 96)
    with torch.no_grad():
        *maps, logits = reference(state, x, (2, 1, 2, 1))
        for ours, theirs in zip(net.features(x), maps, strict=True):
            torch.testing.assert_close(ours, theirs)
        torch.testing.assert_close(net(x), logits)


def test_maps_are_at_strides_2_to_32() -> None:
    with torch.no_grad():
        shapes = [tuple(x.shape) for x in tiny(inputs=1).features(picture(1, 1, 96, 64))]
    assert shapes == [(1, 8, 48, 32), (1, 8, 24, 16), (1, 8, 12, 8), (1, 16, 6, 4), (1, 16, 3, 2)]


@pytest.mark.parametrize("inputs", [1, 3])
def test_loading_undoes_the_difference_in_normalisation(inputs: int) -> None:
    state = published(tiny())
    net = tiny(inputs).eval()
    net.load_imagenet(state)
    x = picture(2, inputs, 32, 64)
    rgb = (x.expand(-1, 3, -1, -1) + 1) / 2
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    theirs = reference(state, (rgb - mean[:, None, None]) / std[:, None, None], (1, 1, 1, 1))[0]
    with torch.no_grad():
        ours = net.features(x)[0]
    # Two outermost rows and columns see the padding, which means another grey.
    torch.testing.assert_close(ours[..., 2:-2, 2:-2], theirs[..., 2:-2, 2:-2], rtol=1e-4, atol=1e-4)
    assert theirs[..., 2:-2, 2:-2].std() > 0.1


def test_grey_net_equals_the_color_net_on_repeated_grey() -> None:
    state = published(tiny(), seed=2)
    grey_net, color_net = tiny(1).eval(), tiny(3).eval()
    grey_net.load_imagenet(state)
    color_net.load_imagenet(state)
    grey = picture(2, 1, 64, 32)
    with torch.no_grad():
        torch.testing.assert_close(
            grey_net(grey), color_net(grey.expand(-1, 3, -1, -1)), rtol=1e-4, atol=1e-4
        )
    assert grey_net.conv1.weight.shape == (8, 1, 7, 7)


def test_loading_leaves_the_given_tensors_and_takes_half_precision_without_counters() -> None:
    state = {
        key: value.half()
        for key, value in published(tiny()).items()
        if not key.endswith("num_batches_tracked")
    }
    before = {key: value.clone() for key, value in state.items()}
    net = tiny(1)
    net.load_imagenet(state)
    assert all(torch.equal(state[key], value) for key, value in before.items())
    torch.testing.assert_close(net.layer3[0].conv1.weight, state["layer3.0.conv1.weight"].float())
    torch.testing.assert_close(net.fc.weight, state["fc.weight"].float())


@pytest.mark.parametrize("classes", [0, 1])
def test_another_head_stays_its_own(classes: int) -> None:
    net = tiny(classes=classes)
    before = {key: value.clone() for key, value in net.state_dict().items() if key.startswith("fc.")}
    net.load_imagenet(published(tiny()))
    assert len(before) == 2 * classes
    assert all(torch.equal(net.state_dict()[key], value) for key, value in before.items())
    assert net(picture(2, 3, 32, 32)).shape == (2, classes or 16)


def test_head_is_optional() -> None:
    state = {key: value for key, value in published(tiny()).items() if not key.startswith("fc.")}
    net = tiny()
    net.load_imagenet(state)
    torch.testing.assert_close(net.layer1[0].conv1.weight, state["layer1.0.conv1.weight"])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("layer2.0.conv1.weight", None, r"layer2\.0\.conv1\.weight is missing"),
        ("layer2.1.conv1.weight", torch.zeros(8, 8, 3, 3), r"layer2\.1\.conv1\.weight is unknown"),
        ("layer4.0.bn2.bias", torch.zeros(9), r"layer4\.0\.bn2\.bias is 9 instead of 16"),
        ("conv1.weight", torch.zeros(8, 1, 7, 7), r"conv1\.weight is 8x1x7x7 instead of 8x3x7x7"),
    ],
)
def test_misfit_is_named(key: str, value: Tensor | None, message: str) -> None:
    state = published(tiny())
    state.pop(key, None)
    net = tiny(1)
    before = net.conv1.weight.clone()
    with pytest.raises(ValueError, match=message):
        net.load_imagenet(state if value is None else state | {key: value})
    assert torch.equal(net.conv1.weight, before)


def test_another_net_is_refused_with_a_short_message() -> None:
    with torch.device("meta"):
        state = resnet34().state_dict()
    with pytest.raises(ValueError, match=r"not the ImageNet weights.*and \d+ more$") as error:
        tiny().load_imagenet(state)
    assert len(str(error.value)) < 250


def test_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1 \(grey\) or 3 \(sRGB\)"):
        tiny(inputs=2)


@pytest.mark.parametrize("classes", [0, 4])
def test_groups_hold_every_parameter_once(classes: int) -> None:
    net = tiny(classes=classes)
    groups = net.layer_groups()
    assert len(groups) == (3 if classes else 2)
    assert [id(p) for group in groups for p in group] == [id(p) for p in net.parameters()]


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(3)
    net = tiny(1)
    F.cross_entropy(net(picture(4, 1, 64, 64)), torch.arange(4)).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []

"""The ResNet critic: a pretrained trunk, a head of its own."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

# Under their own names pytest would take the builders for tests.
from photochrom.nets.resnet import test_resnet as trunk
from photochrom.nets.resnet34_critic import resnet34_critic
from photochrom.nets.resnet34_critic import test_resnet_critic as tiny


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_size_is_resnet_34_with_one_class() -> None:
    with torch.device("meta"):
        net = resnet34_critic()
    assert sum(p.numel() for p in net.parameters()) == 21_797_672 - 1000 * 513 + 513


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 220), (75, 100)])
def test_one_logit_a_picture(height: int, width: int) -> None:
    assert tiny()(picture(2, 3, height, width)).shape == (2, 1)
    assert tiny(inputs=1)(picture(2, 1, height, width)).shape == (2, 1)


def test_pretrained_trunk_sees_what_it_was_trained_on() -> None:
    state = trunk(3, 1000).state_dict()
    state["bn1.running_mean"] += torch.linspace(-1, 1, 8)
    net, classifier = tiny().eval(), trunk(3, 1000).eval()
    head = net.trunk.fc.weight.clone()
    net.load_encoder(state)
    classifier.load_state_dict(state)
    assert torch.equal(net.trunk.fc.weight, head)
    rgb = picture(1, 3, 64, 64)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    seen: list[Tensor] = []
    net.trunk.bn1.register_forward_hook(lambda module, args, output: seen.append(output))
    with torch.no_grad():
        net(rgb)
        theirs = classifier.bn1(classifier.conv1((rgb - mean[:, None, None]) / std[:, None, None]))
    # But for the edges, where the padding means another grey.
    torch.testing.assert_close(seen[0][..., 2:-2, 2:-2], theirs[..., 2:-2, 2:-2], rtol=1e-4, atol=1e-4)


def test_another_nets_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"conv1\.weight is missing"):
        tiny().load_encoder({"features.0.weight": torch.zeros(64, 3, 3, 3)})


def test_groups_and_gradients() -> None:
    torch.manual_seed(1)
    net = tiny()
    F.binary_cross_entropy_with_logits(net(picture(2, 3, 64, 64)), torch.tensor([[1.0], [0.0]])).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    groups = net.layer_groups()
    assert len(groups) == 3
    assert [id(p) for group in groups for p in group] == [id(p) for p in net.parameters()]
    assert groups[-1] == [net.trunk.fc.weight, net.trunk.fc.bias]


def test_learns_to_tell_color_from_grey() -> None:
    torch.manual_seed(2)
    net = tiny()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    color = picture(8, 3, 32, 32)
    both = torch.cat([color, color.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)])
    labels = torch.cat([torch.ones(8, 1), torch.zeros(8, 1)])
    for _ in range(30):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(net(both), labels)
        loss.backward()
        optimizer.step()
    assert ((net(both) > 0).float() == labels).float().mean() > 0.9

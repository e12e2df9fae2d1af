"""Batch norm statistics of averaged weights, against torch's own `update_bn`."""

import copy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from photochrom.color.lab import grey_to_lightness
from photochrom.data.spaces import space
from photochrom.nets.photochrom import test_photochrom as tiny_photochrom
from photochrom.nets.pix2pix_unet import test_pix2pix_unet as tiny_unet
from photochrom.training.normalization import recompute_statistics


def inputs() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(2, 1, side, side, generator=generator) for side in (32, 64, 32)]


def statistics(net: nn.Module) -> dict[str, Tensor]:
    return {name: value for name, value in net.named_buffers() if "running" in name}


def test_the_statistics_are_those_that_torch_computes() -> None:
    net = tiny_unet(dropout=0.0)
    ours, theirs = copy.deepcopy(net), copy.deepcopy(net)
    lab = space("lab")
    recompute_statistics(ours, net.train(), lab, inputs())
    # `update_bn` calls the net itself, so it gets what the net gets.
    update_bn([lab.grey_to_input(grey) for grey in inputs()], theirs)
    for name, value in statistics(theirs).items():
        torch.testing.assert_close(statistics(ours)[name], value, msg=name)
    assert not torch.equal(statistics(ours)[name], statistics(net)[name])
    assert ours.training
    assert all(m.momentum is not None for m in ours.modules() if isinstance(m, nn.BatchNorm2d))


def test_a_distribution_net_is_run_on_lightness() -> None:
    net = tiny_photochrom()
    ours, theirs = copy.deepcopy(net).eval(), copy.deepcopy(net)
    recompute_statistics(ours, net.train(), space("lab"), inputs())
    update_bn([grey_to_lightness(grey) for grey in inputs()], theirs)
    for name, value in statistics(theirs).items():
        torch.testing.assert_close(statistics(ours)[name], value, msg=name)
    assert not any(module.training for module in ours.modules())


def test_layers_that_are_not_trained_keep_their_statistics() -> None:
    net = tiny_photochrom(affinity=True).eval()
    assert net.affinity is not None
    net.affinity.train()
    average = copy.deepcopy(net)
    recompute_statistics(average, net, space("lab"), inputs())
    changed = {n for n, value in statistics(net).items() if not torch.equal(value, statistics(average)[n])}
    assert changed == {n for n in statistics(net) if n.startswith("affinity")} != set()


def test_without_photos_nothing_changes() -> None:
    net = tiny_photochrom()
    average = copy.deepcopy(net)
    recompute_statistics(average, net, space("lab"), [])
    for name, value in statistics(net).items():
        assert torch.equal(statistics(average)[name], value)

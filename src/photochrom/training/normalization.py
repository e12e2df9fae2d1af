"""Batch norm statistics of averaged weights (Izmailov et al. 2018, arXiv:1803.05407, section 3.2)."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from photochrom.color.lab import grey_to_lightness
from photochrom.data.spaces import Space
from photochrom.training.export_wrapper import ColorNet, export_wrapper


def batch_norms(net: nn.Module) -> list[_BatchNorm]:
    """Return all batch norm layers of a network, in the order of its modules."""
    return [module for module in net.modules() if isinstance(module, _BatchNorm)]


@torch.no_grad()
def recompute_statistics(net: Any, trained: nn.Module, space: Space, inputs: Iterable[Tensor]) -> None:
    """Replace the running mean and variance of the batch norms of `net` by those of `inputs`.

    Averaged weights need statistics of their own. An average of the running statistics of the trained network fits only
    if they hardly move. The mean of a channel can move by many of its standard deviations while training sees no
    difference, because batch norm removes it.

    Parameters
    ----------
    net : the averaged generator; only its batch norms change, and its mode stays
    trained : the generator of which it is the average
        Batch norms that are in eval mode there keep their statistics, because their layers are not trained.
    space : the colour space of a picture-to-picture net
    inputs : batches ``(B, 1, H, W)`` of grey photos, sRGB in [0, 1], which may differ in size
        If there are none, nothing changes.
    """
    norms = [norm for norm, live in zip(batch_norms(net), batch_norms(trained), strict=True) if live.training]
    device = next(net.parameters()).device
    batches = iter(inputs) if norms else iter(())
    first = next(batches, None)
    if first is None:
        return
    modes = {module: module.training for module in net.modules()}
    momenta = [norm.momentum for norm in norms]
    net.eval()
    for norm in norms:
        norm.reset_running_stats()
        # Without a momentum, batch norm keeps the mean over all batches.
        norm.momentum = None
        norm.train()
    for grey in chain([first], batches):
        _forward(net, space, grey.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    for module, mode in modes.items():
        module.training = mode


def _forward(net: nn.Module, space: Space, grey: Tensor) -> None:
    lightness = grey_to_lightness(grey)
    model = export_wrapper(net, space)
    if isinstance(model, ColorNet):
        model(lightness)
    else:
        net(lightness, None)

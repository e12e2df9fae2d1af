"""Regression learns eight photos by heart."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from photochrom.training.batches import Batch
from photochrom.training.networks import Networks

FAST = {"rate": 1e-2, "discriminator_rate": 1e-3, "schedule": "one_cycle"}


def psnr(networks: Networks, batch: Batch) -> float:
    """Of the generator's own pictures: the mean of the photos', in dB."""
    net, space = networks.generator.eval(), networks.space
    with torch.no_grad():
        pictures = space.to_rgb(net(space.grey_to_input(batch.grey)), batch.grey)
    return float(-10 * ((pictures - batch.rgb) ** 2).mean(dim=(1, 2, 3)).log10().mean())


Setup = Callable[..., tuple[Networks, Any, Batch]]
Take = Callable[..., list[dict[str, float]]]


@pytest.mark.parametrize(("space", "kind"), [("lab", "l1"), ("rgb", "mse")])
def test_regression_learns_eight_photos(setup: Setup, space: str, kind: str, take: Take) -> None:
    networks, step, batch = setup(space=space, kind="regression", loss={"kind": kind}, optimizer=FAST)
    losses = take(step, batch, 150)
    assert losses[-1]["loss"] < losses[0]["loss"] / 5
    assert psnr(networks, batch) > 30

"""What all steps share: randomness by the step's number, and networks that are switched off."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from photochrom.training.batches import Batch
from photochrom.training.networks import Networks

FAST = {"rate": 1e-2, "discriminator_rate": 1e-3, "schedule": "one_cycle"}
Setup = Callable[..., tuple[Networks, Any, Batch]]
Take = Callable[..., list[dict[str, float]]]


@pytest.mark.parametrize("kind", ["adversarial", "wasserstein"])
def test_no_side_learns_from_the_others_loss(setup: Setup, kind: str, take: Take) -> None:
    discriminator = {"name": "test_patchgan", "args": {"norm": "none"}}
    more = (
        {"gan": {"discriminator": discriminator}}
        if kind == "adversarial"
        else {"critic": discriminator, "critic_steps": 1}
    )
    _, step, batch = setup(kind=kind, optimizer=FAST, **more)
    take(step, batch, 1)
    opponent = step.discriminator if kind == "adversarial" else step.critic
    discriminator, generator, descend = opponent.module, step.generator.module, opponent.descend
    kept: list[Tensor] = []

    def recorded(loss: Tensor) -> None:
        before = [p.grad.clone() for p in generator.parameters()]
        descend(loss)
        assert all(torch.equal(p.grad, g) for p, g in zip(generator.parameters(), before, strict=True))
        kept[:] = [p.grad.clone() for p in discriminator.parameters()]

    opponent.descend = recorded
    take(step, batch, 1)
    # The generator's loss has gone through the discriminator and left nothing in it.
    assert all(torch.equal(p.grad, g) for p, g in zip(discriminator.parameters(), kept, strict=True))
    assert all(p.requires_grad for p in discriminator.parameters())


def test_dropout_and_labels_are_those_of_the_number_of_the_step(setup: Setup, take: Take) -> None:
    gan = {
        "discriminator": {"name": "test_sequential_discriminator"},
        "labels": {"noise": 0.3, "flip_share": 0.5},
    }
    net = {"name": "test_residual_unet", "args": {"dropout": 0.5}}
    still = {"rate": 1e-30, "discriminator_rate": 1e-30}
    _, step, batch = setup(net=net, kind="adversarial", gan=gan, optimizer=still)
    first, second = take(step, batch, 2)
    assert first["discriminator"] != second["discriminator"]
    torch.rand(100)
    assert take(step, batch, 1, first=1) == [second]
    assert take(step, batch, 1, first=0) == [first]

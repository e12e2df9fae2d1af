"""The adversarial step learns eight photos by heart, equals the paper's, and trains each side in its own turn."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.steps.adversarial import AdversarialStep

PIX2PIX = {"name": "test_pix2pix_unet", "args": {"dropout": 0.0}}
FAST = {"rate": 1e-2, "discriminator_rate": 1e-3, "schedule": "one_cycle"}
GAN = FAST | {"betas": [0.5, 0.999]}
Setup = Callable[..., tuple[Networks, Any, Batch]]
Changed = Callable[[nn.Module, list[Tensor]], bool]
Values = Callable[[nn.Module], list[Tensor]]
Take = Callable[..., list[dict[str, float]]]


@pytest.mark.parametrize(
    "gan",
    [
        {"discriminator": {"name": "test_patchgan"}},
        {"discriminator": {"name": "test_sequential_discriminator"}, "sees": "picture", "objective": "hinge"},
        {"discriminator": {"name": "test_patchgan"}, "objective": "least_squares", "labels": {"noise": 0.2}},
    ],
    ids=["bce", "hinge", "least_squares"],
)
def test_adversarial_learns_eight_photos(setup: Setup, gan: dict[str, Any], take: Take) -> None:
    _, step, batch = setup(net=PIX2PIX, kind="adversarial", gan=gan, loss={"pixel": 100}, optimizer=GAN)
    losses = take(step, batch, 70)
    assert losses[-1]["pixel"] < losses[0]["pixel"] / 5
    assert all(set(row) == set(AdversarialStep.reports) for row in losses)


def test_an_adversarial_step_is_the_papers(setup: Setup, take: Take) -> None:
    """Isola et al. 2017, section 3.3, by hand: discriminator, then generator, each by its own gradient."""
    gan = {"discriminator": {"name": "test_patchgan"}, "weight": 0.7}
    optimizer = {"rate": 1e-3, "discriminator_rate": 5e-4, "betas": [0.5, 0.9]}
    networks, step, batch = setup(kind="adversarial", gan=gan, loss={"pixel": 10}, optimizer=optimizer)
    generator, discriminator = (
        copy.deepcopy(step.generator.module).train(),
        copy.deepcopy(step.discriminator.module).train(),
    )
    ours = take(step, batch, 3)

    first = torch.optim.Adam(generator.parameters(), 1e-3, (0.5, 0.9))
    second = torch.optim.Adam(discriminator.parameters(), 5e-4, (0.5, 0.9))
    x, y = networks.space.grey_to_input(batch.grey), networks.space.target(batch.rgb)
    entropy = F.binary_cross_entropy_with_logits
    for losses in ours:
        fake = generator(x)
        real_logits, fake_logits = (
            discriminator(torch.cat([x, y], 1)),
            discriminator(torch.cat([x, fake.detach()], 1)),
        )
        of_real = entropy(real_logits, torch.ones_like(real_logits))
        of_fake = entropy(fake_logits, torch.zeros_like(fake_logits))
        second.zero_grad()
        ((of_real + of_fake) / 2).backward()
        second.step()
        logits = discriminator(torch.cat([x, fake], 1))
        deceived, near = entropy(logits, torch.ones_like(logits)), 10 * (fake - y).abs().mean()
        first.zero_grad()
        (near + 0.7 * deceived).backward()
        first.step()
        right = ((real_logits > 0).float().mean() + (fake_logits < 0).float().mean()) / 2
        by_hand = [near + 0.7 * deceived, near, deceived, (of_real + of_fake) / 2, right]
        assert list(losses.values()) == pytest.approx([v.item() for v in by_hand], rel=1e-4)
    for module, reference in ((step.generator.module, generator), (step.discriminator.module, discriminator)):
        for a, b in zip(module.parameters(), reference.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_turns_train_one_side_at_a_time(setup: Setup, take: Take, values: Values, changed: Changed) -> None:
    gan = {"discriminator": {"name": "test_sequential_discriminator"}, "alternate": 2}
    _, step, batch = setup(kind="adversarial", gan=gan, optimizer=FAST | {"schedule": "constant"})
    who = []
    for number in range(8):
        sides = (step.generator.module, step.discriminator.module)
        before = [values(side) for side in sides]
        losses = take(step, batch, 1, first=number)[0]
        who.append(tuple(changed(*pair) for pair in zip(sides, before, strict=True)))
        assert all(np.isfinite(list(losses.values())))
        assert set(losses) == set(step.reports)
    discriminator, generator = (False, True), (True, False)
    assert who == [discriminator, discriminator, generator, generator] * 2

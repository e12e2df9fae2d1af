"""The Wasserstein step learns eight photos by heart and equals the paper's algorithm."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.steps.wasserstein import WassersteinStep

PIX2PIX = {"name": "test_pix2pix_unet", "args": {"dropout": 0.0}}
FAST = {"rate": 1e-2, "discriminator_rate": 1e-3, "schedule": "one_cycle"}
GAN = FAST | {"betas": [0.5, 0.999]}
Setup = Callable[..., tuple[Networks, Any, Batch]]
Take = Callable[..., list[dict[str, float]]]


@pytest.mark.parametrize("how", [{"penalty": 10}, {"clip_weights": 0.02}], ids=["penalty", "clipping"])
def test_wasserstein_learns_eight_photos(setup: Setup, how: dict[str, Any], take: Take) -> None:
    critic = {"name": "test_patchgan", "args": {"norm": "none"}}
    _, step, batch = setup(
        net=PIX2PIX, kind="wasserstein", critic=critic, critic_steps=2, optimizer=GAN, **how
    )
    losses = take(step, batch, 60)
    assert losses[-1]["pixel"] < losses[0]["pixel"] / 5
    assert all(set(row) == set(WassersteinStep.reports) for row in losses)
    limit = max(float(p.detach().abs().max()) for p in step.critic.module.parameters())
    assert limit == (pytest.approx(0.02) if "clip_weights" in how else pytest.approx(limit))
    assert (losses[-1]["penalty"] > 0) == ("penalty" in how)


def test_a_wasserstein_step_is_the_papers(setup: Setup, take: Take) -> None:
    """Arjovsky et al. 2017, algorithm 1, with the pixels added."""
    critic = {"name": "test_patchgan", "args": {"norm": "none"}}
    optimizer = {"kind": "rmsprop", "rate": 1e-3, "discriminator_rate": 5e-4}
    options = {"critic_steps": 3, "clip_weights": 0.03, "loss": {"pixel": 10}}
    networks, step, batch = setup(kind="wasserstein", critic=critic, optimizer=optimizer, **options)
    generator, judge = (
        copy.deepcopy(step.generator.module).train(),
        copy.deepcopy(step.critic.module).train(),
    )
    ours = take(step, batch, 2)

    first = torch.optim.RMSprop(generator.parameters(), 1e-3)
    second = torch.optim.RMSprop(judge.parameters(), 5e-4)
    x, y = networks.space.grey_to_input(batch.grey), networks.space.target(batch.rgb)
    for losses in ours:
        fake = generator(x)
        for _ in range(3):
            distance = judge(torch.cat([x, y], 1)).mean() - judge(torch.cat([x, fake.detach()], 1)).mean()
            second.zero_grad()
            (-distance).backward()
            second.step()
            for p in judge.parameters():
                p.data.clamp_(-0.03, 0.03)
        deceived, near = -judge(torch.cat([x, fake], 1)).mean(), 10 * (fake - y).abs().mean()
        first.zero_grad()
        (near + deceived).backward()
        first.step()
        by_hand = [near + deceived, near, deceived, -distance, distance, torch.zeros(())]
        assert list(losses.values()) == pytest.approx([v.item() for v in by_hand], rel=1e-4, abs=1e-6)
    for module, reference in ((step.generator.module, generator), (step.critic.module, judge)):
        for a, b in zip(module.parameters(), reference.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_the_penalty_holds_the_slope_to_1(setup: Setup, take: Take) -> None:
    critic = {"name": "test_patchgan", "args": {"norm": "none"}}
    still = {"rate": 1e-9, "discriminator_rate": 5e-4, "betas": [0.0, 0.9]}
    runs = []
    for penalty in (10, 0):
        _, step, batch = setup(
            kind="wasserstein", critic=critic, critic_steps=5, penalty=penalty, optimizer=still
        )
        runs.append(take(step, batch, 14))
    held, free = runs
    assert held[0]["penalty"] > 0.9
    assert held[-1]["penalty"] < 1
    assert free[-1]["penalty"] > 10

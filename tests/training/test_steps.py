"""Every way of training: it learns eight photos by heart, and each side changes in its own turn only."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.data.dataset import PhotoDataset
from photochrom.training.batches import Batch, make_batch
from photochrom.training.networks import Networks
from photochrom.training.recipe import Recipe
from photochrom.training.steps import Step, make_step, reports
from photochrom.training.steps.adversarial import AdversarialStep
from photochrom.training.steps.classification import ClassificationStep, rebalance
from photochrom.training.steps.wasserstein import WassersteinStep

MakeRecipe = Callable[..., Recipe]
Build = Callable[[Recipe], Networks]
UNET = {"name": "test_residual_unet", "args": {"dropout": 0.0}}
PIX2PIX = {"name": "test_pix2pix_unet", "args": {"dropout": 0.0}}
FAST = {"rate": 1e-2, "discriminator_rate": 1e-3, "schedule": "one_cycle"}
GAN = FAST | {"betas": [0.5, 0.999]}
SIDE = 32


def all_photos(photos: PhotoDataset, settings: Recipe, net: Any) -> Batch:
    """All eight as they are, in one batch."""
    rngs = [np.random.default_rng(i) for i in range(8)]
    stride = int(net.stride) if hasattr(net, "bins") else None
    return make_batch(photos, np.arange(8), SIDE, rngs, settings, stride)


def take(step: Step, batch: Batch, count: int, first: int = 0) -> list[dict[str, float]]:
    """So many steps as the loop takes them."""
    losses = []
    for number in range(first, first + count):
        for learner in step.learners:
            learner.set_rates((number - first) / count)
            learner.net.train()
        step.begin(number, number)
        losses.append({name: float(value) for name, value in step.step(batch).items()})
    return losses


def psnr(networks: Networks, batch: Batch) -> float:
    """Of the generator's own pictures: the mean of the photos', in dB."""
    net, space = networks.generator.eval(), networks.space
    with torch.no_grad():
        pictures = space.to_rgb(net(space.grey_to_input(batch.grey)), batch.grey)
    return float(-10 * ((pictures - batch.rgb) ** 2).mean(dim=(1, 2, 3)).log10().mean())


def values(module: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in module.parameters()]


def changed(module: nn.Module, before: list[Tensor]) -> bool:
    return any(not torch.equal(a, b) for a, b in zip(module.parameters(), before, strict=True))


def whole(recipe: MakeRecipe, space: str = "lab", net: dict[str, Any] = UNET, **steps: Any) -> Recipe:
    return recipe(net=net, data={"space": space, "smallest_crop": 1, "flip": False}, steps={"train": steps})


@pytest.fixture
def setup(
    photos: PhotoDataset, recipe: MakeRecipe, networks: Build
) -> Callable[..., tuple[Networks, Any, Batch]]:
    """Builds networks, the step "train" and the batch of all photos."""

    def build(**options: Any) -> tuple[Networks, Any, Batch]:
        settings = whole(recipe, **options)
        built = networks(settings)
        return built, make_step(built, settings.steps["train"]), all_photos(photos, settings, built.generator)

    return build


Setup = Callable[..., tuple[Networks, Any, Batch]]


@pytest.mark.parametrize(("space", "kind"), [("lab", "l1"), ("rgb", "mse")])
def test_regression_learns_eight_photos(setup: Setup, space: str, kind: str) -> None:
    networks, step, batch = setup(space=space, kind="regression", loss={"kind": kind}, optimizer=FAST)
    losses = take(step, batch, 150)
    assert losses[-1]["loss"] < losses[0]["loss"] / 5
    assert psnr(networks, batch) > 30


@pytest.mark.parametrize(
    "gan",
    [
        {"discriminator": {"name": "test_patchgan"}},
        {"discriminator": {"name": "test_sequential_discriminator"}, "sees": "picture", "objective": "hinge"},
        {"discriminator": {"name": "test_patchgan"}, "objective": "least_squares", "labels": {"noise": 0.2}},
    ],
    ids=["bce", "hinge", "least_squares"],
)
def test_adversarial_learns_eight_photos(setup: Setup, gan: dict[str, Any]) -> None:
    _, step, batch = setup(net=PIX2PIX, kind="adversarial", gan=gan, loss={"pixel": 100}, optimizer=GAN)
    losses = take(step, batch, 70)
    assert losses[-1]["pixel"] < losses[0]["pixel"] / 5
    assert all(set(row) == set(AdversarialStep.reports) for row in losses)


@pytest.mark.parametrize("how", [{"penalty": 10}, {"clip_weights": 0.02}], ids=["penalty", "clipping"])
def test_wasserstein_learns_eight_photos(setup: Setup, how: dict[str, Any]) -> None:
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


def floor(step: ClassificationStep, batch: Batch) -> float:
    """What no net can get below: the cross-entropy of the targets with themselves."""
    assert batch.ab is not None
    entropy, ab = step.cross_entropy, F.avg_pool2d(batch.ab, batch.ab.shape[2] * 4 // SIDE)
    cell = (ab.round() + 128).long()
    key = (cell[:, 0] * 256 + cell[:, 1]).reshape(-1)
    soft = torch.zeros(len(key), len(entropy.weights)).scatter_(1, entropy.indices[key], entropy.shares[key])
    perfect = soft.clamp(min=1e-30).log().reshape(8, *ab.shape[2:], -1).permute(0, 3, 1, 2)
    return float(entropy(perfect, batch.ab))


@pytest.mark.parametrize("net", ["test_siggraph17", "test_eccv16"])
def test_classification_learns_eight_photos(setup: Setup, photos: PhotoDataset, net: str) -> None:
    networks, _, batch = setup(net={"name": net}, kind="classification", huber=10, optimizer=FAST)
    rebalance(networks.generator, photos, 0.5)
    step = make_step(networks, networks.recipe.steps["train"])
    assert isinstance(step, ClassificationStep)
    losses = take(step, batch, 70)
    least = floor(step, batch)
    assert losses[-1]["cross_entropy"] - least < (losses[0]["cross_entropy"] - least) / 5
    if net == "test_siggraph17":
        assert losses[-1]["huber"] < losses[0]["huber"] / 5
        assert losses[-1]["loss"] == pytest.approx(losses[-1]["cross_entropy"] + 10 * losses[-1]["huber"])
    else:
        assert losses[-1]["huber"] == 0


def test_class_weights_are_of_these_photos(photos: PhotoDataset, recipe: MakeRecipe, networks: Build) -> None:
    net = networks(whole(recipe, net={"name": "test_eccv16"}, kind="classification")).generator
    rebalance(net, photos, 0.5)
    batch = all_photos(photos, recipe(), net)
    assert batch.ab is not None
    distances = (batch.ab.permute(0, 2, 3, 1)[..., None, :] - net.bins).norm(dim=-1)
    seen = set(distances.argmin(dim=-1).flatten().tolist())
    unseen = [i for i in range(len(net.bins)) if i not in seen]
    # What the photos do not show weighs most, and the colours that they show most weigh least.
    assert net.log_weights.argmin().item() in seen
    assert net.log_weights[list(seen)].mean() < net.log_weights[unseen].mean() - 0.3
    rebalance(net, photos, 1.0)
    torch.testing.assert_close(net.log_weights, torch.zeros(313), atol=1e-5, rtol=0)


def test_an_adversarial_step_is_the_papers(setup: Setup) -> None:
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


def test_a_wasserstein_step_is_the_papers(setup: Setup) -> None:
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


def test_the_penalty_holds_the_slope_to_1(setup: Setup) -> None:
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


def test_turns_train_one_side_at_a_time(setup: Setup) -> None:
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


@pytest.mark.parametrize("kind", ["adversarial", "wasserstein"])
def test_no_side_learns_from_the_others_loss(setup: Setup, kind: str) -> None:
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


def nogan(recipe: MakeRecipe) -> Recipe:
    gan = {"discriminator": {"name": "test_resnet_critic"}, "sees": "picture", "weight": 0.1}
    common = {"kind": "nogan", "gan": gan, "loss": {"kind": "mse", "pixel": 10}}
    steps = {
        phase: {**common, "phase": phase, "optimizer": FAST | {"schedule": "constant"}}
        for phase in ("generator", "pictures", "critic", "both")
    }
    stages = [{"size": SIDE, "batch": 8, "share": 0.25, "step": name} for name in steps]
    data = {"smallest_crop": 1, "flip": False}
    return recipe(net=UNET, data=data, stages=stages, steps=steps)


def test_each_phase_of_nogan_leaves_what_the_next_one_needs(
    photos: PhotoDataset, recipe: MakeRecipe, networks: Build, tmp_path: Path
) -> None:
    settings = nogan(recipe)
    built = networks(settings)
    net, batch = built.generator, all_photos(photos, settings, built.generator)
    (_, _, discriminator) = built.discriminators[0]
    assert len(built.discriminators) == 1, "two phases name one discriminator"
    with pytest.raises(ValueError, match="no pictures; the phase pictures must come before"):
        make_step(built, settings.steps["critic"])

    untouched = values(discriminator)
    losses = take(make_step(built, settings.steps["generator"]), batch, 60)
    assert losses[-1]["loss"] < losses[0]["loss"] / 5
    assert not changed(discriminator, untouched)

    learned = values(net)
    assert take(make_step(built, settings.steps["pictures"]), batch, 1) == [{"pictures": 8}]
    assert not changed(net, learned)
    files = sorted((tmp_path / "pictures").iterdir())
    assert [file.name for file in files] == [f"{i:07}.png" for i in range(8)]
    with torch.no_grad():
        pictures = built.space.to_rgb(net.eval()(built.space.grey_to_input(batch.grey)), batch.grey)
    for file, picture in zip(files, pictures, strict=True):
        saved = cv2.imread(str(file))[..., ::-1].astype(np.float32) / 255
        assert np.abs(saved - picture.permute(1, 2, 0).numpy()).max() <= 0.502 / 255

    step = make_step(built, settings.steps["critic"])
    losses = take(step, batch, 40)
    assert not changed(net, learned)
    assert changed(discriminator, untouched)
    assert np.mean([row["discriminator"] for row in losses[-10:]]) < np.mean(
        [row["discriminator"] for row in losses[:10]]
    )
    assert np.mean([row["discriminator_accuracy"] for row in losses[-10:]]) > 0.7

    taught = values(discriminator)
    both = make_step(built, settings.steps["both"])
    assert both.discriminator.module is discriminator
    assert not changed(discriminator, taught)
    losses = take(both, batch, 2)
    assert changed(net, learned)
    assert changed(discriminator, taught)
    assert losses[0]["pixel"] < 10 * 0.01


def test_a_saved_picture_that_is_none_is_named(
    photos: PhotoDataset, recipe: MakeRecipe, networks: Build, tmp_path: Path
) -> None:
    settings = nogan(recipe)
    built = networks(settings)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "0000001.png").write_bytes(b"\x89PNG cut short")
    step = make_step(built, settings.steps["critic"])
    with pytest.raises(OSError, match=r"0000001\.png: not a picture; delete it"):
        take(step, all_photos(photos, settings, built.generator), 1)


def test_pictures_that_cannot_be_written_are_an_error(
    photos: PhotoDataset, recipe: MakeRecipe, networks: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = nogan(recipe)
    built = networks(settings)
    monkeypatch.setattr(cv2, "imwrite", lambda *_: False)
    with pytest.raises(OSError, match="could not be written; is the disk full"):
        take(make_step(built, settings.steps["pictures"]), all_photos(photos, settings, built.generator), 1)


def test_the_discriminators_own_phase_needs_pictures_to_see(recipe: MakeRecipe, networks: Build) -> None:
    settings = recipe(steps={"train": {"kind": "nogan", "phase": "critic", "gan": {"sees": "pair"}}})
    with pytest.raises(ValueError, match=r"needs gan\.sees=picture"):
        make_step(networks(settings), settings.steps["train"])


def test_dropout_and_labels_are_those_of_the_number_of_the_step(setup: Setup) -> None:
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


def test_reports_are_in_the_logs_order() -> None:
    mean = [f"mean_{name}" for name in ("pixel", "gradient", "colorfulness", "perceptual")]
    assert reports()[:9] == ["loss", "cross_entropy", "huber", *mean, "pixel", "gan"]
    assert len(set(reports())) == len(reports())

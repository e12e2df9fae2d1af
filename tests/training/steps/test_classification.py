"""Classification learns eight photos by heart; the terms on its mean judge the product's own colours."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.color
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.lab import grey_to_lightness
from photochrom.data.dataset import PhotoDataset
from photochrom.losses.distribution import distribution_loss
from photochrom.training.batches import Batch, make_batch
from photochrom.training.networks import Networks, build_networks
from photochrom.training.recipe import Recipe
from photochrom.training.steps import make_step
from photochrom.training.steps.classification import ClassificationStep, rebalance

MakeRecipe = Callable[..., Recipe]
WEIGHTS = {"pixel": 3.0, "gradient": 2.0, "distribution": 4.0, "colorfulness": 5.0, "perceptual": 0.5}
ALL: dict[str, Any] = {**WEIGHTS, "features": "test_vgg16"}
SIDE = 32


def settings(recipe: MakeRecipe, net: str, **mean: Any) -> Recipe:
    # Aged: what the net sees has another lightness than the photo.
    step = {"kind": "classification", "huber": 10, "mean": mean, "optimizer": {"rate": 1e-3}}
    return recipe(net={"name": net}, data={"aged": 1.0, "hinted": 0.5}, steps={"train": step})


def prepared(
    chosen: Recipe, photos: PhotoDataset, folder: Path, precision: Any = "32-true"
) -> tuple[Networks, ClassificationStep, Batch]:
    torch.manual_seed(0)
    networks = build_networks(chosen, Fabric(accelerator="cpu", devices=1, precision=precision), folder)
    rebalance(networks.generator, photos, 0.5)
    step = make_step(networks, chosen.steps["train"])
    assert isinstance(step, ClassificationStep)
    step.begin(0, 0)
    rngs = [np.random.default_rng(i) for i in range(8)]
    stride = int(networks.generator.stride)
    return networks, step, make_batch(photos, np.arange(8), SIDE, rngs, chosen, stride)


def decoded(net: Any, batch: Batch, temperature: float, prior_strength: float) -> Tensor:
    """The product's colours, at the logits' stride also where the net regresses finer ones."""
    net = copy.deepcopy(net).train()
    prediction = net(grey_to_lightness(batch.grey), batch.hints)
    net.forward = lambda *_: prediction._replace(ab=None)
    ab, _, _ = net.predict(None, None, torch.tensor(temperature), torch.tensor(prior_strength))
    return ab.detach().double()  # type: ignore[no-any-return]


def colorfulness(rgb: np.ndarray) -> float:
    """Hasler and Suesstrunk 2003, of one photo (H, W, 3) in [0, 1]."""
    red, green, blue = np.moveaxis(rgb, 2, 0)
    first, second = red - green, (red + green) / 2 - blue
    return float(np.hypot(first.std(), second.std()) + 0.3 * np.hypot(first.mean(), second.mean()))


@pytest.mark.parametrize("net", ["test_eccv16", "test_siggraph17"])
def test_terms_are_of_the_products_colors_by_hand(
    photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path, net: str
) -> None:
    chosen = settings(recipe, net, **ALL, temperature=0.6, prior_strength=0.2)
    networks, step, batch = prepared(chosen, photos, tmp_path)
    assert batch.ab is not None
    ab = decoded(networks.generator, batch, 0.6, 0.2)
    losses = {name: float(value) for name, value in step.step(batch).items()}

    truth = F.avg_pool2d(batch.ab.double(), batch.ab.shape[2] // ab.shape[2])
    difference = (ab - truth) / 110
    assert losses["mean_pixel"] == pytest.approx(float(difference.abs().mean()), rel=1e-3)
    across, down = difference.diff(dim=3).abs().mean(), difference.diff(dim=2).abs().mean()
    assert losses["mean_gradient"] == pytest.approx(float((across + down) / 2), rel=1e-3)

    assert losses["mean_distribution"] == pytest.approx(float(distribution_loss(ab, truth) / 110), rel=1e-3)

    true = batch.rgb.permute(0, 2, 3, 1).double().numpy()
    luma = np.repeat((true @ [0.299, 0.587, 0.114])[..., None], 3, axis=-1)
    lightness = skimage.color.rgb2lab(luma)[..., :1]
    wide = F.interpolate(ab, size=(SIDE, SIDE), mode="bilinear").permute(0, 2, 3, 1).numpy()
    pictures = np.clip(skimage.color.lab2rgb(np.concatenate([lightness, wide], axis=-1)), 0, 1)
    means = [np.mean([colorfulness(photo) for photo in batch]) for batch in (pictures, true)]
    assert losses["mean_colorfulness"] == pytest.approx(abs(means[0] - means[1]), rel=5e-3)
    ours = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    assert networks.features is not None
    seen, wanted = networks.features(ours)[1], networks.features(batch.rgb)[1]
    # relu2_2 alone and squared, as the default says.
    expected = float((seen - wanted).square().mean())
    assert losses["mean_perceptual"] == pytest.approx(expected, rel=5e-3)

    total = losses["cross_entropy"] + 10 * losses["huber"]
    total += sum(weight * losses[f"mean_{name}"] for name, weight in WEIGHTS.items())
    assert losses["loss"] == pytest.approx(total, rel=1e-4)
    assert set(losses) == set(ClassificationStep.reports)


def test_the_net_learns_from_it(photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path) -> None:
    weights = []
    for mean in ({}, {"pixel": 50.0}, ALL):
        networks, step, batch = prepared(settings(recipe, "test_eccv16", **mean), photos, tmp_path)
        step.step(batch)
        gradients = [p.grad for p in networks.generator.parameters() if p.grad is not None]
        assert all(torch.isfinite(g).all() for g in gradients)
        weights.append(torch.cat([g.flatten() for g in gradients]))
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])


def test_it_wins_where_it_weighs_most(photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path) -> None:
    # A truth that the classes are not told of: only the mean's own loss can bring it near.
    reached = []
    for weight in (1e-9, 1e3):
        chosen = settings(recipe, "test_eccv16", pixel=weight)
        _, step, batch = prepared(chosen, photos, tmp_path)
        assert batch.ab is not None
        entropy = step.cross_entropy.forward
        other = torch.full_like(batch.ab, -40.0)
        step.cross_entropy.forward = lambda logits, _, f=entropy, o=other: f(logits, o)  # type: ignore[method-assign,misc]
        for number in range(25):
            step.begin(number, number)
            losses = step.step(batch)
        reached.append(float(losses["mean_pixel"]))
    assert reached[1] < reached[0] / 2


def test_without_weights_there_is_nothing_of_it(
    photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path
) -> None:
    networks, step, batch = prepared(settings(recipe, "test_eccv16"), photos, tmp_path)
    assert (step.mean, networks.features) == (None, None)
    # The true photo is then not even looked at.
    losses = step.step(replace(batch, rgb=torch.empty(0)))
    assert list(losses) == ["loss", "cross_entropy", "huber"]
    assert losses["loss"] == losses["cross_entropy"]


def test_only_what_weighs_is_reported(photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path) -> None:
    _, step, batch = prepared(settings(recipe, "test_eccv16", gradient=1.0), photos, tmp_path)
    assert list(step.step(batch)) == ["loss", "cross_entropy", "huber", "mean_gradient"]


def test_half_precision_is_close(photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path) -> None:
    values = []
    for precision in ("32-true", "bf16-mixed"):
        _, step, batch = prepared(settings(recipe, "test_eccv16", **ALL), photos, tmp_path, precision)
        values.append({name: float(value) for name, value in step.step(batch).items()})
    assert values[1] == pytest.approx(values[0], rel=0.1, abs=0.02)


Build = Callable[[Recipe], Networks]
FAST = {"rate": 1e-2, "discriminator_rate": 1e-3, "schedule": "one_cycle"}
Setup = Callable[..., tuple[Networks, Any, Batch]]
AllPhotos = Callable[[PhotoDataset, Recipe, Any], Batch]
Take = Callable[..., list[dict[str, float]]]


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
def test_classification_learns_eight_photos(setup: Setup, photos: PhotoDataset, net: str, take: Take) -> None:
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


def test_class_weights_are_of_these_photos(
    photos: PhotoDataset, recipe: MakeRecipe, networks: Build, all_photos: AllPhotos
) -> None:
    net = networks(recipe(net={"name": "test_eccv16"}, steps={"train": {"kind": "classification"}})).generator
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


def test_fixed_statistics_stay(photos: PhotoDataset, recipe: MakeRecipe, tmp_path: Path) -> None:
    """Class weights and batch norms keep what a trained net has; else a step changes them."""
    step = {"kind": "classification", "optimizer": {"rate": 1e-3}}
    for fixed in (True, False):
        chosen = recipe(net={"name": "test_photochrom"}, steps={"train": step | {"fixed_statistics": fixed}})
        torch.manual_seed(0)
        networks = build_networks(chosen, Fabric(accelerator="cpu", devices=1), tmp_path)
        net = networks.generator
        before = {name: value.clone() for name, value in net.named_buffers()}
        chosen.steps["train"].prepare(networks, photos)
        made = make_step(networks, chosen.steps["train"])
        made.learners[0].net.train()
        made.begin(0, 0)
        rngs = [np.random.default_rng(i) for i in range(2)]
        made.step(make_batch(photos, np.arange(2), SIDE, rngs, chosen, 4))
        changed = {name for name, value in net.named_buffers() if not torch.equal(value, before[name])}
        assert ("log_weights" in changed) is not fixed
        assert any("running_mean" in name for name in changed) is not fixed

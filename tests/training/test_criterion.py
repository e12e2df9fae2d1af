"""The generator's loss: each term weighed as the recipe says, against values worked by hand."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from photochrom.data.spaces import space
from photochrom.losses.distribution import distribution_loss
from photochrom.nets.vgg16 import test_vgg16 as tiny_vgg
from photochrom.training.criterion import Criterion
from photochrom.training.settings import Pixel

RGB = space("rgb", signed=False)


def pictures() -> tuple[Tensor, Tensor, Tensor]:
    """Output and truth (2, 3, 32, 32) in [0, 1], and the grey of the truth."""
    generator = torch.Generator().manual_seed(0)
    output, truth = torch.rand(2, 2, 3, 32, 32, generator=generator)
    return (
        output,
        truth,
        (truth * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(dim=1, keepdim=True),
    )


def loss(settings: Pixel, features: nn.Module | None = None) -> float:
    output, truth, grey = pictures()
    return float(Criterion(settings, RGB, features)(output, truth, truth, grey))


def colorfulness(rgb: Tensor) -> float:
    """Hasler and Suesstrunk 2003, of one photo in [0, 1]."""
    red, green, blue = rgb.double().numpy()
    first, second = red - green, (red + green) / 2 - blue
    spread = np.hypot(first.std(), second.std())
    return float(spread + 0.3 * np.hypot(first.mean(), second.mean()))


def expected() -> dict[str, float]:
    output, truth, _ = (x.double() for x in pictures())
    difference = output - truth
    across, down = difference.diff(dim=3).abs().mean(), difference.diff(dim=2).abs().mean()
    colors = [np.mean([colorfulness(photo) for photo in batch]) for batch in (output, truth)]
    small = difference.abs() <= 0.25
    huber = torch.where(small, difference**2 / 2, 0.25 * (difference.abs() - 0.125)).mean()
    return {
        "l1": float(difference.abs().mean()),
        "mse": float((difference**2).mean()),
        "huber": float(huber),
        "gradient": float((across + down) / 2),
        "distribution": float(distribution_loss(output, truth)),
        "colorfulness": float(abs(colors[0] - colors[1])),
    }


def test_every_term_by_itself() -> None:
    values = expected()
    assert loss(Pixel(kind="l1", pixel=2)) == pytest.approx(2 * values["l1"], rel=1e-5)
    assert loss(Pixel(kind="mse")) == pytest.approx(values["mse"], rel=1e-5)
    assert loss(Pixel(kind="huber", delta=0.25)) == pytest.approx(values["huber"], rel=1e-5)
    assert loss(Pixel(pixel=0, gradient=3)) == pytest.approx(3 * values["gradient"], rel=1e-5)
    assert loss(Pixel(pixel=0, distribution=4)) == pytest.approx(4 * values["distribution"], rel=1e-5)
    assert loss(Pixel(pixel=0, colorfulness=5)) == pytest.approx(5 * values["colorfulness"], rel=1e-3)


def test_features_are_compared_as_they_are_weighed() -> None:
    torch.manual_seed(0)
    encoder = tiny_vgg()
    output, truth, _ = pictures()
    with torch.no_grad():
        ours, theirs = encoder.eval()(output), encoder(truth)
    settings = Pixel(pixel=0, perceptual=2, feature_weights=[0, 20, 70, 10], feature_distance="l1")
    distances = [float((a - b).abs().mean()) for a, b in zip(ours, theirs, strict=True)]
    assert len(distances) == 4
    by_hand = 2 * (20 * distances[1] + 70 * distances[2] + 10 * distances[3])
    assert loss(settings, encoder) == pytest.approx(by_hand, rel=1e-4)


def test_terms_add_up() -> None:
    values = expected()
    both = loss(Pixel(kind="mse", pixel=2, gradient=0.5, colorfulness=4))
    by_hand = 2 * values["mse"] + 0.5 * values["gradient"] + 4 * values["colorfulness"]
    assert both == pytest.approx(by_hand, rel=1e-4)


def test_only_what_weighs_is_a_term() -> None:
    output, truth, grey = pictures()
    criterion = Criterion(Pixel(pixel=0, gradient=3, colorfulness=2), RGB)
    terms = criterion.terms(output, truth, truth, grey)
    values = expected()
    assert {name: float(term) for name, term in terms.items()} == {
        name: pytest.approx(values[name], rel=1e-3) for name in ("gradient", "colorfulness")
    }
    by_hand = 3 * values["gradient"] + 2 * values["colorfulness"]
    assert float(criterion.weighed(terms)) == pytest.approx(by_hand, rel=1e-3)
    assert loss(Pixel(pixel=0)) == 0


def test_a_smaller_output_is_judged_at_its_size_and_enlarged_for_the_picture() -> None:
    output, truth, grey = pictures()
    small, target = (torch.nn.functional.avg_pool2d(x, 4) for x in (output, truth))
    criterion = Criterion(Pixel(colorfulness=1), RGB)
    terms = criterion.terms(small, target, truth, grey)
    assert float(terms["pixel"]) == pytest.approx(float((small - target).abs().mean()))
    # Bilinear as in OpenCV: centres of pixels, and the outermost ones repeated.
    wide = np.stack([cv2.resize(p.permute(1, 2, 0).numpy(), (32, 32)) for p in small])
    ours = np.mean([colorfulness(torch.from_numpy(p).permute(2, 0, 1)) for p in wide])
    theirs = np.mean([colorfulness(photo) for photo in truth])
    assert float(terms["colorfulness"]) == pytest.approx(abs(ours - theirs), rel=1e-3)


def test_pixels_are_in_the_nets_own_range_and_features_in_pictures() -> None:
    output, truth, grey = pictures()
    signed = space("rgb")
    settings = Pixel(kind="l1", colorfulness=1)
    value = Criterion(settings, signed)(output * 2 - 1, truth * 2 - 1, truth, grey)
    values = expected()
    assert float(value) == pytest.approx(2 * values["l1"] + values["colorfulness"], rel=1e-3)


def test_the_gradient_reaches_the_output_alone() -> None:
    torch.manual_seed(0)
    encoder = tiny_vgg()
    settings = Pixel(gradient=1, colorfulness=1, perceptual=1)
    output, truth, grey = (x.clone().requires_grad_() for x in pictures())
    Criterion(settings, RGB, encoder)(output, truth.detach(), truth.detach(), grey).backward()
    assert output.grad is not None
    assert torch.isfinite(output.grad).all()
    assert (output.grad != 0).any()
    assert all(p.grad is None for p in encoder.parameters())


def test_the_encoder_stays_as_it_was_trained() -> None:
    criterion = Criterion(Pixel(perceptual=1), RGB, tiny_vgg())
    assert [p for p in criterion.parameters() if p.requires_grad] == []
    criterion.train()
    assert criterion.perceptual is not None
    assert not criterion.perceptual.encoder.training


def test_the_perceptual_loss_needs_an_encoder() -> None:
    with pytest.raises(ValueError, match="the perceptual loss needs an encoder"):
        Criterion(Pixel(perceptual=1), RGB)


def test_activations_without_a_weight_are_an_error() -> None:
    with pytest.raises(ValueError, match="4 activations for 2 weights"):
        loss(Pixel(perceptual=1, feature_weights=[0, 1]), tiny_vgg())

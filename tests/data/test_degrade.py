"""The marks of age: each against its formula or another implementation, and that chance is each photo's own."""

import io
import math
from collections.abc import Sequence

import numpy as np
import pytest
import scipy.ndimage
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photochrom.color.luma import rgb_to_luma
from photochrom.data.degrade import (
    FILMS,
    MARKS,
    blur,
    degrade,
    fade,
    grain,
    jpeg,
    mix_to_grey,
    scratch,
    sepia,
)


class Scripted:
    """A generator of random numbers whose draws are written down beforehand."""

    def __init__(self, *draws: float) -> None:
        self.draws = list(draws)

    def uniform(self, low: float, high: float) -> float:
        drawn = self.draws.pop(0)
        assert low <= drawn <= high
        return drawn

    def integers(self, low: int, high: int | None = None) -> int:
        drawn = self.draws.pop(0)
        assert (0 if high is None else low) <= drawn < (low if high is None else high)
        return int(drawn)

    def random(self) -> float:
        return self.draws.pop(0)


def greys(count: int = 6, height: int = 32, width: int = 48) -> Tensor:
    return torch.rand(count, 1, height, width, generator=torch.Generator().manual_seed(2))


def generators(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, i)) for i in range(count)]


def photo_of(pixels: NDArray[np.uint8]) -> Tensor:
    """(1, 1, H, W) grey of a colour photo."""
    return torch.from_numpy(pixels @ np.array([0.299, 0.587, 0.114]) / 255)[None, None].float()


def test_share_0_changes_nothing() -> None:
    grey = greys()
    assert torch.equal(degrade(grey, generators(6), 0), grey)


@pytest.mark.parametrize(("height", "width"), [(32, 48), (17, 5), (1, 1), (160, 160)])
def test_stays_in_range_and_leaves_its_input_alone(height: int, width: int) -> None:
    grey = greys(12, height, width)
    before = grey.clone()
    old = degrade(grey, generators(12, height), 1)
    assert torch.equal(grey, before)
    assert old.shape == grey.shape
    assert old.dtype == grey.dtype
    assert old.min() >= 0
    assert old.max() <= 1
    assert not torch.equal(old, grey)


def test_strikes_the_share_asked_for() -> None:
    grey = greys(300, 16, 16)
    struck = int((degrade(grey, generators(300), 0.5) != grey).flatten(1).any(dim=1).sum())
    spared = math.prod(1 - probability for probability, _ in MARKS)
    # Some of the chosen draw no mark; the deviation of the count is 9.
    assert struck == pytest.approx(300 * 0.5 * (1 - spared), abs=36)


def test_a_photos_fate_is_its_own() -> None:
    grey = greys(8)
    together = degrade(grey, generators(8), 0.8)
    torch.manual_seed(99)
    state = torch.get_rng_state()
    alone = [degrade(grey[i : i + 1], [rng], 0.8) for i, rng in enumerate(generators(8))]
    # Neither its neighbours nor the global generator have a say, and the latter is left as it was.
    assert torch.equal(together, torch.cat(alone))
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(together, degrade(grey, generators(8, seed=1), 0.8))


def test_marks_of_batches_are_those_of_two_processes() -> None:
    grey = greys(8)
    halves = [degrade(grey[i::2], generators(8)[i::2], 1) for i in range(2)]
    assert torch.equal(torch.stack(halves, dim=1).flatten(0, 1), degrade(grey, generators(8), 1))


@pytest.mark.parametrize("count", [0, 2, 4])
def test_one_generator_per_photo(count: int) -> None:
    with pytest.raises(ValueError, match="3 photos need as many generators"):
        degrade(greys(3), generators(count), 0.5)
    with pytest.raises(ValueError, match="3 photos need as many generators"):
        mix_to_grey(torch.rand(3, 3, 4, 4), generators(count), 0.5)


@pytest.mark.parametrize("sigma", [0.4, 1.0, 1.6])
def test_blur_is_scipys(sigma: float) -> None:
    (photo,) = greys(1).double().split(1)
    expected = scipy.ndimage.gaussian_filter(
        photo[0, 0].numpy(), sigma, mode="nearest", radius=math.ceil(2.5 * sigma)
    )
    np.testing.assert_allclose(blur(photo, Scripted(sigma))[0, 0], expected, atol=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("coarseness", [1.0, 2.0, 2.5])
def test_grain_has_its_deviation_in_the_middle_and_half_at_the_ends(coarseness: float) -> None:
    for level, share in ((0.5, 1), (0.0, 0.5), (1.0, 0.5), (0.25, 0.875)):
        flat = torch.full((1, 1, 128, 128), level)
        noise = grain(flat, Scripted(0.05, coarseness, 7)) - flat  # type: ignore[arg-type]
        assert float(noise.std()) == pytest.approx(0.05 * share, rel=0.03)
        assert float(noise.mean()) == pytest.approx(0, abs=0.003)


def test_coarse_grain_is_coarse() -> None:
    flat, neighbours = torch.full((1, 1, 128, 128), 0.5), []
    for coarseness in (1.0, 2.5):
        noise = (grain(flat, Scripted(0.05, coarseness, 7)) - flat)[0, 0].numpy()  # type: ignore[arg-type]
        neighbours.append(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1])
    assert neighbours[0] == pytest.approx(0, abs=0.05)
    assert neighbours[1] > 0.5


def test_sepia_is_the_luma_of_a_toned_print() -> None:
    # Dark and paper of red, green and blue, and how much each curve bends.
    draws = [(0.15, 0.95, 0.1), (0.08, 0.85, -0.2), (0.03, 0.7, 0.3)]
    photo = greys(1).double()
    channels = [dark + (paper - dark) * photo + bend * photo * (1 - photo) for dark, paper, bend in draws]
    expected = rgb_to_luma(torch.cat(channels, dim=1), axis=1)
    got = sepia(photo, Scripted(*(x for channel in draws for x in channel)))  # type: ignore[arg-type]
    torch.testing.assert_close(got[0], expected)


@pytest.mark.parametrize("mark", [sepia, fade])
@pytest.mark.parametrize("seed", range(20))
def test_tone_curves_rise(mark: type, seed: int) -> None:
    ramp = torch.linspace(0, 1, 101).view(1, 1, 1, -1)
    toned = mark(ramp, np.random.default_rng(seed)).flatten()
    assert (toned.diff() > 0).all()
    assert 0 <= toned[0] <= 0.15
    assert 0.79 <= toned[-1] <= 1


def test_fade_by_hand() -> None:
    photo = torch.tensor([0.0, 0.25, 1.0]).view(1, 1, 1, 3)
    got = fade(photo, Scripted(math.log(1.5), 0.1, 0.9))  # type: ignore[arg-type]
    torch.testing.assert_close(got.flatten(), torch.tensor([0.1, 0.1 + 0.8 * 0.125, 0.9]))


def test_a_scratch_is_a_line() -> None:
    photo = torch.full((1, 1, 40, 60), 0.5)
    # One white scratch at a right angle to the rows' axis, one pixel wide at row 12, of 0.8 opacity.
    got = scratch(photo, Scripted(1, 0.0, 1.0, 0.1, 12.0, 30.0, 0.8))  # type: ignore[arg-type]
    expected = photo.clone()
    expected[:, :, 12] = 0.5 + 0.8 * 0.5
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("seed", range(5))
def test_scratches_leave_most_of_a_photo(seed: int) -> None:
    photo = greys(1, 160, 160)
    changed = scratch(photo, np.random.default_rng(seed)) != photo
    assert 0 < float(changed.float().mean()) < 0.08


@pytest.mark.parametrize("quality", [20, 50, 80])
def test_jpeg_is_pillows(quality: int, chelsea: NDArray[np.uint8]) -> None:
    photo = photo_of(chelsea)
    file = io.BytesIO()
    Image.fromarray((photo[0, 0] * 255).round().byte().numpy()).save(file, "JPEG", quality=quality)
    expected = np.asarray(Image.open(file), np.float32)
    # Another build of libjpeg may round another way.
    difference = np.abs(jpeg(photo, Scripted(quality))[0, 0].numpy() * 255 - expected)  # type: ignore[arg-type]
    assert difference.max() <= 4
    assert difference.mean() < 0.1


def test_a_poorer_jpeg_is_further_from_the_photo(chelsea: NDArray[np.uint8]) -> None:
    photo = photo_of(chelsea)
    errors = [float((jpeg(photo, Scripted(q)) - photo).square().mean()) for q in (20, 50, 80)]  # type: ignore[arg-type]
    assert errors[0] > 1.5 * errors[1] > 2 * errors[2] > 0


def recovered_weights(rgb: Tensor, grey: Tensor) -> NDArray[np.float64]:
    """The weights of red, green and blue light with which a photo (3, H, W) was mixed; they must explain it all."""
    squares = rgb.double().square().flatten(1).T.numpy()
    weights, residual, _, _ = np.linalg.lstsq(squares, grey.double().square().flatten().numpy(), rcond=None)
    assert residual < 1e-9
    return np.asarray(weights)


def color_photos(count: int) -> Tensor:
    return torch.rand(count, 3, 12, 12, generator=torch.Generator().manual_seed(4))


def test_film_mixes_light_with_weights_that_sum_to_1() -> None:
    rgb = color_photos(200)
    before = rgb.clone()
    grey = mix_to_grey(rgb, generators(200), 1)
    assert torch.equal(rgb, before)
    assert grey.shape == (200, 1, 12, 12)
    weights = np.array([recovered_weights(*photo) for photo in zip(rgb, grey, strict=True)])
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert weights.min() > -1e-5
    # Every kind of film is met with: some all but deaf to red, some to all but blue.
    nearest = np.argmin(np.linalg.norm(weights[:, None] - np.array(FILMS), axis=2), axis=1)
    assert np.bincount(nearest, minlength=3).min() > 10


def test_what_is_neutral_keeps_its_grey_on_every_film() -> None:
    grey = greys(20, 8, 8)
    torch.testing.assert_close(mix_to_grey(grey.expand(-1, 3, -1, -1), generators(20), 1), grey)


def test_films_are_the_photos_own_and_a_share_of_them() -> None:
    rgb = color_photos(200)
    grey, luma = mix_to_grey(rgb, generators(200), 0.3), rgb_to_luma(rgb, axis=1)[:, None]
    alone = [mix_to_grey(rgb[i : i + 1], [rng], 0.3) for i, rng in enumerate(generators(200))]
    torch.testing.assert_close(torch.cat(alone), grey)
    assert torch.equal(mix_to_grey(rgb, generators(200), 0), luma)
    # 60 are expected, with a deviation of 6.5.
    assert 35 < int((grey != luma).flatten(1).any(dim=1).sum()) < 85


def test_dark_lips_on_orthochromatic_film() -> None:
    lips = torch.tensor([0.8, 0.3, 0.3]).view(1, 3, 1, 1).expand(100, -1, -1, -1)
    luma = float(rgb_to_luma(lips[:1], axis=1))
    taken = mix_to_grey(lips, generators(100), 1).flatten()
    assert taken.min() < luma - 0.1
    assert taken.max() > luma


def test_every_mark_is_drawn_from_its_generator_alone() -> None:
    photo = greys(1)
    for _, mark in MARKS:
        draws: Sequence[Tensor] = [mark(photo, np.random.default_rng(seed)) for seed in (1, 1, 2)]
        assert torch.equal(draws[0], draws[1])
        assert not torch.equal(draws[0], draws[2])

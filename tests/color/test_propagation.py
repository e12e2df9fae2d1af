"""Known colours spread over a picture: against the textbook's formula, in NumPy and in torch."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from photochrom.color import propagation as module
from photochrom.color.propagation import (
    DOUBT,
    LEARNED,
    NOISE,
    PLAIN,
    chroma_gain,
    kernel,
    places,
    propagated,
    regression,
)

Floats = NDArray[np.float64]
HEIGHT, WIDTH, LEARNT = 5, 7, 3


@pytest.fixture(scope="module")
def picture() -> tuple[Floats, Floats, Floats]:
    """ab, luma and three learned coordinates of two pictures."""
    rng = np.random.default_rng(0)
    size = (2, 1, HEIGHT, WIDTH)
    ab, affinity = rng.normal(0, 10, (2, 2, *size[2:])), rng.normal(0, 1, (2, LEARNT, *size[2:]))
    return ab, rng.random(size), affinity


@pytest.mark.parametrize("learned", [False, True])
def test_a_place_is_position_luma_color_and_what_was_learned(
    picture: tuple[Floats, Floats, Floats], learned: bool
) -> None:
    ab, luma, affinity = picture
    found = places(ab, luma, affinity if learned else None)
    reach, like_luma, like_color = LEARNED if learned else PLAIN
    assert found.shape == (2, HEIGHT * WIDTH, 5 + LEARNT * learned)
    for photo, row, column in [(0, 0, 0), (1, 3, 6), (0, 4, 2)]:
        side = np.sqrt(HEIGHT * WIDTH)
        expected = [
            (row + 0.5) / side / reach,
            (column + 0.5) / side / reach,
            luma[photo, 0, row, column] / like_luma,
            *ab[photo, :, row, column] / like_color,
            *(affinity[photo, :, row, column] if learned else []),
        ]
        np.testing.assert_allclose(found[photo, row * WIDTH + column], expected)


def test_the_rest_spreads_by_gaussian_process_regression(picture: tuple[Floats, Floats, Floats]) -> None:
    """Point by point, with the covariance of equation 4.19 at alpha = 1 and the mean of equation 2.25."""
    cells = places(*picture)
    rng = np.random.default_rng(1)
    amplitude, rest = rng.uniform(0.2, 3, cells.shape[:2]), rng.normal(0, 30, (2, 4, 2))
    at = np.array([[3, 8, 34, 20], [1, 2, 3, 30]])
    moved = regression(cells, amplitude, at, rest)
    for photo in range(2):

        def k(p: int, q: int, photo: int = photo) -> float:
            far = ((cells[photo, p] - cells[photo, q]) ** 2).sum()
            return float(amplitude[photo, p] * amplitude[photo, q] / (1 + far / 2))

        among = np.array([[k(p, q) for q in at[photo]] for p in at[photo]])
        # The noise is a share of what the prediction may be off, so that a hint is met everywhere.
        among += np.diag(NOISE * amplitude[photo, at[photo]] ** 2)
        weights = np.linalg.inv(among) @ rest[photo]
        for cell in range(HEIGHT * WIDTH):
            expected = np.array([k(cell, q) for q in at[photo]]) @ weights
            np.testing.assert_allclose(moved[photo, cell], expected, atol=1e-9)


def test_what_does_not_count_is_as_if_it_were_not_there(picture: tuple[Floats, Floats, Floats]) -> None:
    cells = places(*picture)
    at, rest = np.array([[3, 8, 34], [1, 2, 3]]), np.random.default_rng(3).normal(0, 30, (2, 3, 2))
    given = np.array([[1.0, 0, 0], [1, 1, 0]])
    moved = regression(cells, None, at, rest, given)
    np.testing.assert_allclose(moved[:1], regression(cells[:1], None, at[:1, :1], rest[:1, :1]))
    np.testing.assert_allclose(moved[1:], regression(cells[1:], None, at[1:, :2], rest[1:, :2]))


def test_large_pictures_are_done_in_parts(
    picture: tuple[Floats, Floats, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells, at, rest = places(*picture), np.array([[3, 8], [1, 2]]), np.ones((2, 2, 2))
    whole = regression(cells, None, at, rest)
    asked: list[int] = []

    def counted(first: Floats, second: Floats) -> Floats:
        asked.append(first.shape[1])
        return kernel(first, second)

    monkeypatch.setattr(module, "kernel", counted)
    monkeypatch.setattr(module, "AT_ONCE", 20)
    np.testing.assert_allclose(regression(cells, None, at, rest), whole)
    assert max(asked) == 10
    monkeypatch.setattr(module, "AT_ONCE", 1)
    np.testing.assert_allclose(regression(cells, None, at, rest), whole)


def test_a_place_is_as_near_to_itself_as_can_be() -> None:
    far = np.full((1, 1, 3), 1e4, np.float32)
    assert kernel(far, far) == 1


def test_a_picture_is_as_vivid_as_known_colors_say_together() -> None:
    predicted = np.array([[[20.0, 10], [-5, 15], [10, -30]]])
    weights = (predicted[0] ** 2).sum(axis=1)
    factor = chroma_gain(predicted, 1.5 * predicted)
    # Without the one that says the most.
    assert factor.shape == (1, 1, 1)
    assert factor.item() == pytest.approx(1 + 0.5 * weights[:2].sum() / (weights[:2].sum() + DOUBT))
    # Colours that are not there at all, or of the opposite hue: no less than grey.
    for known in (0 * predicted, -3 * predicted):
        paler = chroma_gain(predicted, known).item()
        assert paler == pytest.approx(1 - weights[:2].sum() / (weights[:2].sum() + DOUBT))


def test_a_single_voice_or_one_against_the_others_changes_no_chroma_gain() -> None:
    predicted = np.array([[[20.0, 10], [-5, 15], [10, -30]]])
    assert chroma_gain(predicted[:, :1], 5 * predicted[:, :1]).item() == 1
    assert chroma_gain(predicted, predicted).item() == 1
    odd = predicted.copy()
    odd[0, 2] *= 3
    assert chroma_gain(predicted, odd).item() == 1
    grey = np.zeros((1, 3, 2))
    assert chroma_gain(grey, predicted).item() == 1


def test_what_does_not_count_has_no_voice() -> None:
    predicted = np.random.default_rng(0).normal(0, 20, (4, 5, 2))
    known = 1.4 * predicted
    given = (np.arange(5) < np.array([1, 2, 4, 5])[:, None]).astype(float)
    together = chroma_gain(predicted, known, given)
    for photo, count in enumerate((1, 2, 4, 5)):
        alone = chroma_gain(predicted[photo : photo + 1, :count], known[photo : photo + 1, :count])
        assert together[photo].item() == pytest.approx(alone.item())


def test_known_colors_are_met_and_the_rest_is_as_vivid(picture: tuple[Floats, Floats, Floats]) -> None:
    ab, luma, affinity = picture
    learned = np.concatenate([affinity, np.ones((2, 1, HEIGHT, WIDTH))], axis=1)
    at = np.array([[3, 8, 34], [1, 2, 30]])
    flat = ab.reshape(2, 2, -1).transpose(0, 2, 1)
    known = np.stack([1.5 * flat[i, at[i]] for i in range(2)])
    moved = propagated(ab, luma, at, known, learned).reshape(2, 2, -1).transpose(0, 2, 1)
    for photo in range(2):
        factor = chroma_gain(flat[photo : photo + 1, at[photo]], known[photo : photo + 1]).item()
        assert factor > 1.05
        rest = known[photo] - factor * flat[photo, at[photo]]
        cells = places(ab, luma, affinity)[photo : photo + 1]
        expected = factor * flat[photo] + regression(cells, None, at[photo : photo + 1], rest[None])[0]
        np.testing.assert_allclose(moved[photo], expected)


def test_it_is_the_same_in_torch_with_gradients(picture: tuple[Floats, Floats, Floats]) -> None:
    rng = np.random.default_rng(2)
    ab, luma, affinity = picture
    learned = np.concatenate([affinity, rng.uniform(0.2, 3, (2, 1, HEIGHT, WIDTH))], axis=1)
    at, known = np.array([[3, 8, 34, 20], [1, 2, 3, 30]]), rng.normal(0, 30, (2, 4, 2))
    given = np.array([[1.0, 1, 1, 1], [1, 1, 0, 0]])
    expected = propagated(ab, luma, at, known, learned, given)
    tensors = [torch.from_numpy(x) for x in (ab, luma, at, known, learned, given)]
    tensors[4].requires_grad_()
    moved = propagated(*tensors)
    np.testing.assert_allclose(moved.detach().numpy(), expected, atol=1e-9)
    (moved**2).sum().backward()
    gradient = tensors[4].grad
    assert gradient is not None
    assert torch.isfinite(gradient).all()
    assert (gradient.abs().amax(dim=(0, 2, 3)) > 0).all()

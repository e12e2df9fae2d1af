"""References: colours of what is alike are taken, and a picture that does not fit changes nothing."""

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import match_references, predict
from photochrom.engine.reference import Cells, Match, Reference, cells_of, match, take_colors
from photochrom.engine.session import Session

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(resolve("photochrom"), threads=1)


def reference(rgb: np.ndarray, digest: str = "r") -> Reference:
    return Reference(digest, "r.jpg", np.ascontiguousarray(rgb))


def luma(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).convert("L"), np.float32) / np.float32(255)


def error(ab: np.ndarray, rgb: np.ndarray) -> float:
    small = Image.fromarray(rgb).resize(ab.shape[1::-1], Image.Resampling.BOX)
    return float(np.hypot(*np.moveaxis(rgb2lab(np.asarray(small))[..., 1:] - ab, -1, 0)).mean())


def test_a_picture_finds_its_own_colours(session: Session, astronaut: np.ndarray) -> None:
    """Another crop of one scene: everything moved by 24 pixels."""
    photo, other = astronaut[:256, 24:280], astronaut[:256, :256]
    (plain,) = predict(session, luma(photo), Options())
    (taken,) = predict(session, luma(photo), Options(references=(reference(other),)))
    assert error(taken.ab, photo) < 0.5 * error(plain.ab, photo)
    (found,) = match_references(session, luma(photo), (reference(other),))
    assert found.fitness > 0.9


def test_an_unrelated_picture_changes_nothing(
    session: Session, astronaut: np.ndarray, chelsea: np.ndarray
) -> None:
    photo = np.ascontiguousarray(astronaut[:256, :256])
    noise = RNG.integers(0, 256, (128, 128, 3), dtype=np.uint8)
    (plain,) = predict(session, luma(photo), Options())
    for other in (chelsea[::2, ::2], noise):
        (taken,) = predict(session, luma(photo), Options(references=(reference(other),)))
        assert np.abs(taken.ab - plain.ab).max() < 1.5
        (found,) = match_references(session, luma(photo), (reference(other),))
        assert found.fitness < 0.1


def test_beside_an_unrelated_one_a_good_one_counts(
    session: Session, astronaut: np.ndarray, chelsea: np.ndarray
) -> None:
    photo, other = np.ascontiguousarray(astronaut[:256, 24:280]), astronaut[:256, :256]
    both = (reference(chelsea[::2, ::2], "cat"), reference(other, "other"))
    (taken,) = predict(session, luma(photo), Options(references=both))
    (alone,) = predict(session, luma(photo), Options(references=both[1:]))
    np.testing.assert_allclose(taken.ab, alone.ab, atol=1.5)


def test_the_network_sees_a_reference_once(session: Session, astronaut: np.ndarray) -> None:
    one = reference(astronaut[:128, :128])
    predict(session, luma(astronaut[:128, :128]), Options(references=(one,)))
    runs: list[tuple[int, ...]] = []
    honest = session.run

    class Counted:
        def __getattr__(self, name: str) -> object:
            return getattr(session, name)

        def run(self, lightness: np.ndarray, *args: object, **options: object) -> object:
            runs.append(lightness.shape)
            return honest(lightness, *args, **options)  # type: ignore[arg-type]

    predict(Counted(), luma(astronaut[128:256, :128]), Options(references=(one,)))  # type: ignore[arg-type]
    assert len(runs) == 2  # the prediction, and the description of the photo


@pytest.mark.parametrize("shape", [(32, 700), (33, 33), (700, 40)])
def test_any_shape_can_be_compared(session: Session, astronaut: np.ndarray, shape: tuple[int, int]) -> None:
    photo = np.resize(astronaut, (*shape, 3))
    for first, second in ((photo, astronaut[:64, :64]), (astronaut[:64, :64], photo)):
        for found in match_references(session, luma(first), (reference(second),)):
            assert np.isfinite(found.ab).all()
            assert 0 <= found.weight.min() <= found.weight.max() <= 1


def test_a_model_without_affinity_and_distribution_compares_what_it_has(astronaut: np.ndarray) -> None:
    bare = Session(resolve("photochrom"), threads=1)
    bare.has_affinity = bare.has_distribution = False
    photo, other = np.ascontiguousarray(astronaut[:256, 24:280]), astronaut[:256, :256]
    (found,) = match_references(bare, luma(photo), (reference(other),))
    assert found.fitness > 0.5


def test_a_match_is_the_mean_of_the_most_alike() -> None:
    """Written out cell by cell."""
    features = RNG.normal(0, 1, (6, 7, 5)).astype(np.float32)
    other = RNG.normal(0, 1, (4, 9, 5)).astype(np.float32)
    true = RNG.normal(0, 30, (4, 9, 2)).astype(np.float32)
    found = match(Cells(features), Cells(other, true))
    for cell in ((0, 0), (3, 5), (5, 6)):
        far = ((other - features[cell]) ** 2).sum(axis=-1)
        weight = np.exp(-1.5 * (far - far.min()))
        expected = (weight[..., None] * true).sum(axis=(0, 1)) / weight.sum()
        np.testing.assert_allclose(found.ab[cell], expected, atol=0.02)
        assert found.weight[cell] == pytest.approx(found.fitness / (1 + (far.min() / 6) ** 2), rel=1e-3)


def test_several_say_more_but_never_more_than_all() -> None:
    ab = np.zeros((4, 4, 2), np.float32)
    halves = [
        Match(np.full((4, 4, 2), color, np.float32), np.full((4, 4), 0.5, np.float32), 0.5)
        for color in (20, 40)
    ]
    np.testing.assert_allclose(take_colors(ab, halves[:1]), 10)
    np.testing.assert_allclose(take_colors(ab, halves), 0.75 * 30)
    none = [Match(np.full((2, 2, 2), 90, np.float32), np.zeros((2, 2), np.float32), 0.0)]
    np.testing.assert_array_equal(take_colors(ab, none), ab)


def test_equal_files_are_equal_references() -> None:
    black, white = np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), 255, np.uint8)
    assert Reference("d", "a.jpg", black) == Reference("d", "b.jpg", white)
    assert len({Reference("d", "a.jpg", black), Reference("e", "a.jpg", black)}) == 2


def test_features_are_of_one_length_for_every_picture() -> None:
    ab, affinity = np.zeros((8, 6, 2), np.float32), np.zeros((8, 6, 5), np.float32)
    grey = np.full((64, 48), 0.5, np.float32)
    first = cells_of(grey, ab, affinity, None)
    second = cells_of(grey, np.zeros((200, 100, 2), np.float32), np.zeros((200, 100, 5), np.float32), None)
    assert first.features.shape == (8, 6, 4 + 1 + 49)
    assert second.features.shape[2] == first.features.shape[2]
    assert second.features.shape[0] * second.features.shape[1] <= 48**2 * 1.05

"""A place of one grey shows nothing."""

from __future__ import annotations

import numpy as np

from photochrom.engine.plain import visible


def noise(shape: tuple[int, int], level: float = 0.5, sigma: float = 0.06) -> np.ndarray:
    return (level + sigma * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)


def test_a_photo_shows_something_everywhere() -> None:
    assert visible(noise((120, 160))) is None
    # A clear sky has a gradient, if no grain.
    sky = noise((120, 160))
    sky[:60] = np.linspace(0.6, 0.7, 60, dtype=np.float32)[:, None]
    assert visible(sky) is None


def test_one_grey_shows_nothing() -> None:
    for level in (0.0, 0.5, 1.0):
        shown = visible(np.full((50, 70), level, np.float32))
        assert shown is not None
        assert shown.shape == (50, 70)
        assert shown.max() == 0


def test_little_contrast_shows_little() -> None:
    shown = visible(noise((100, 100), sigma=2 / 255))
    assert shown is not None
    np.testing.assert_allclose(shown, 0.5, atol=0.02)


def test_a_large_area_of_one_grey_shows_nothing_and_the_rest_all() -> None:
    photo = noise((120, 160))
    photo[70:] = 0.5
    shown = visible(photo)
    assert shown is not None
    assert shown[72:].max() == 0
    assert shown[:67].min() == 1
    small = noise((120, 160))
    small[70:100, 20:50] = 0.5  # a button, not a lost part
    assert visible(small) is None

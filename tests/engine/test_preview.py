"""One photo held open: what is seen is what the command would give, and changes cost no second opening."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from photochrom.color.difference import ciede2000
from photochrom.color.lab import rgb_to_lab
from photochrom.engine.hints import Hint
from photochrom.engine.options import Options
from photochrom.engine.preview import KEPT, Preview
from photochrom.engine.reference import Reference
from photochrom.media import photo as media
from photochrom.pipeline.looks import LOOKS
from photochrom.pipeline.python import Colorizer


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@pytest.fixture(scope="module")
def luma(astronaut: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(astronaut[:256, :320]).convert("L"))


@pytest.fixture
def preview(colorizer: Colorizer, luma: np.ndarray) -> Preview:
    return Preview(colorizer, opened(luma))


def opened(luma: np.ndarray) -> media.Photo:
    file = io.BytesIO()
    Image.fromarray(luma).save(file, "PNG")
    return media.open(file.getvalue())


def test_the_own_colors_of_a_photo_are_nearly_those_of_its_file(
    colorizer: Colorizer, astronaut: np.ndarray, luma: np.ndarray
) -> None:
    file = io.BytesIO()
    Image.fromarray(astronaut).save(file, "PNG")
    shown = Preview(colorizer, media.open(file.getvalue())).own_colors()
    # The chroma comes from a thumbnail of half the size. Grey is 15 units from these colours.
    difference = ciede2000(rgb_to_lab(shown / 255), rgb_to_lab(astronaut / 255))
    assert difference.mean() < 2.5
    in_grey = Preview(colorizer, opened(luma))
    np.testing.assert_array_equal(in_grey.own_colors(), in_grey.grey)


def test_a_view_is_what_colorize_gives(
    preview: Preview, colorizer: Colorizer, luma: np.ndarray, astronaut: np.ndarray
) -> None:
    hints = (Hint(0.2, 0.3, "#a04030"),)
    references = (Reference("r", "r.jpg", np.ascontiguousarray(astronaut[:256, :256])),)
    for options in (
        {},
        {"strength": 0.5},
        {"colorfulness": 1.2},
        {"hints": hints},
        {"hints": hints, "colorfulness": 1.2, "references": references},
        {"hints": hints, "quality": "best", "references": references},
    ):
        whole = colorizer.colorize(luma, **options)  # type: ignore[call-overload]
        assert np.abs(preview.view(Options(**options)).astype(int) - whole).max() <= 1  # type: ignore[arg-type]
    np.testing.assert_array_equal(preview.grey, np.dstack([luma] * 3))


def test_candidates_are_those_of_colorize(preview: Preview, colorizer: Colorizer, luma: np.ndarray) -> None:
    options = Options(candidates=3, seed=4)
    for number, whole in enumerate(colorizer.colorize(luma, candidates=3, seed=4)):
        assert np.abs(preview.view(options, candidate=number).astype(int) - whole).max() <= 1
    with pytest.raises(ValueError, match="candidate 3"):
        preview.view(options, candidate=3)


def test_a_large_photo_is_reduced_and_16_bit_shown_in_8(colorizer: Colorizer, luma: np.ndarray) -> None:
    large = np.kron(luma.astype(np.uint16) * 257, np.ones((2, 2), np.uint16))
    preview = Preview(colorizer, opened(large), pixels=20_000)
    assert preview.luma.dtype == np.uint8
    assert 18_000 < preview.luma.size < 22_000
    assert preview.view().shape == (*preview.luma.shape, 3)
    with pytest.raises(IndexError):
        Preview(colorizer, opened(luma), page=1)


def test_strength_costs_no_prediction(preview: Preview, monkeypatch: pytest.MonkeyPatch) -> None:
    preview.view()
    monkeypatch.setattr("photochrom.engine.preview.predict", None)
    grey = preview.view(Options(strength=0))
    np.testing.assert_array_equal(grey[..., 0], grey[..., 2])
    assert (preview.view(Options(strength=1.5)) != preview.view()).any()


def test_only_so_many_kept_are_kept(preview: Preview) -> None:
    for seed in range(KEPT + 3):
        preview.view(Options(seed=seed))
    assert len(preview._kept) == KEPT


def test_looks_that_are_offered_cost_no_run_of_the_look_in_use(
    preview: Preview, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = Reference("r", "r.jpg", np.ascontiguousarray(astronaut[:256, :256]))
    options = Options(references=(reference,))
    plain = preview.view()
    taken = preview.view(options)
    for look in LOOKS.values():
        preview.view(replace(options, **asdict(look)))
    # From here on neither the network nor the reference may be asked again.
    for name in ("predict_raw", "match_references", "guidance_of"):
        monkeypatch.setattr(f"photochrom.engine.preview.{name}", None)
    for x in np.linspace(0.1, 0.9, KEPT + 1):
        preview.view(replace(options, hints=(Hint(x, 0.5, "#a03030"),)))
    np.testing.assert_array_equal(preview.view(options), taken)
    assert preview.fitness(options)[0] > 0.9
    assert preview.taken(options).mean() > 100
    assert (taken != plain).any()


def test_a_palette_is_of_plausible_colours_far_apart(preview: Preview) -> None:
    found = preview.palette(0.5, 0.2, count=5)
    assert 1 < len(found) <= 5
    shares = [swatch.share for swatch in found]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1 + 1e-6
    rgb = np.array([[int(s.color[i : i + 2], 16) for i in (1, 3, 5)] for s in found])
    # At the photo's own lightness there: the user sees what will come.
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    row, column = int(0.2 * preview.luma.shape[0]), int(0.5 * preview.luma.shape[1])
    assert np.abs(luma - preview.luma[row, column]).max() <= 2
    lab = rgb_to_lab(rgb / 255)
    apart = [float(ciede2000(lab[i], lab[j])) for i in range(len(lab)) for j in range(i)]
    assert min(apart) > 3


def test_a_colour_of_the_palette_is_what_one_gets(preview: Preview) -> None:
    swatch = preview.palette(0.4, 0.6)[-1]
    wanted = np.array([int(swatch.color[i : i + 2], 16) for i in (1, 3, 5)])
    picture = preview.view(Options(hints=(Hint(0.4, 0.6, swatch.color),)))
    got = picture[int(0.6 * len(picture)), int(0.4 * picture.shape[1])]
    assert float(ciede2000(rgb_to_lab(wanted / 255), rgb_to_lab(got / 255))) < 5


def test_confidence_is_a_map_of_the_view(preview: Preview) -> None:
    sure = preview.confidence()
    assert (sure.shape, sure.dtype) == (preview.luma.shape, np.uint8)
    assert sure.min() < sure.max()


def test_a_model_without_a_distribution_has_one_colour(
    preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview._session, "has_distribution", False)
    (swatch,) = preview.palette(0.5, 0.5)
    assert swatch.share == 1.0


def test_calls_that_share_runs_give_the_same_picture(luma: np.ndarray, colorizer: Colorizer) -> None:
    alone = colorizer.colorize(luma)
    shared = Colorizer(threads=1, batch=4)
    with ThreadPoolExecutor(4) as pool:
        for picture in pool.map(shared.colorize, [luma] * 8):
            assert np.abs(picture.astype(int) - alone).max() <= 1

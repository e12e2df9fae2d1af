"""CDC of films in a table: by hand from the frames, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import jensenshannon

from photochrom.bench import entries
from photochrom.bench.entries import Entry
from photochrom.bench.evaluate import evaluate
from photochrom.bench.films import FrameFolder, find_films, with_films
from photochrom.bench.markdown import markdown
from photochrom.bench.page import page
from photochrom.bench.protocol import Protocol
from photochrom.bench.results import Results, Row
from photochrom.data.sources import find

SMALL = Protocol(size=32)


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory, chelsea: np.ndarray) -> Path:
    """Two films of six frames: the camera moves over a cat, slowly and quickly."""
    box = tmp_path_factory.mktemp("films")
    for name, speed in (("slow", 1), ("quick", 12)):
        (box / name).mkdir()
        for i in range(6):
            frame = chelsea[100:132, 100 + speed * i : 132 + speed * i]
            Image.fromarray(frame).save(box / name / f"{i:03}.png")
    (box / "notes").mkdir()
    return box


def by_hand(films: list[FrameFolder]) -> float:
    """Liu et al. 2021, with SciPy's divergence: mean over frames and channels, then distances, then films."""
    figures = []
    for film in films:
        frames = [np.asarray(Image.open(path)) for path in film.frames]
        counts = [[np.bincount(f[..., c].ravel(), minlength=256) for c in range(3)] for f in frames]
        steps = [
            np.mean(
                [
                    jensenshannon(a, b) ** 2
                    for one, two in zip(counts, counts[step:], strict=False)
                    for a, b in zip(one, two, strict=True)
                ]
            )
            for step in (1, 2, 4)
        ]
        figures.append(np.mean(steps))
    return float(np.mean(figures))


def base(folder: Path, entered: list[Entry]) -> Results:
    return evaluate(entered, find(folder), SMALL, command="test", names=["psnr"])


def test_films_are_folders_of_frames(shots: Path) -> None:
    films = find_films(shots)
    assert [(film.name, len(film.frames)) for film in films] == [("quick", 6), ("slow", 6)]
    assert [path.name for path in films[0].frames] == [f"{i:03}.png" for i in range(6)]
    assert [film.name for film in find_films(shots / "slow")] == ["slow"]


def test_what_is_no_film_is_refused(shots: Path) -> None:
    with pytest.raises(ValueError, match="notes: no films and no frames in it"):
        find_films(shots / "notes")
    with pytest.raises(ValueError, match="none: not a folder of films"):
        find_films(shots / "none")


def test_the_figures_are_the_papers(shots: Path) -> None:
    entered = [entries.grey(), entries.truth()]
    results = with_films(base(shots / "slow", entered), entered, find_films(shots), SMALL)
    rows: dict[str, Row] = {row.name: row for row in results.rows}
    truth = rows["truth"].scores["cdc"]
    assert truth.value == pytest.approx(by_hand(find_films(shots)), rel=1e-6)
    assert truth.low is not None
    assert truth.low < truth.value < truth.high
    assert rows["grey"].scores["cdc"].value > 0
    assert [metric.key for metric in results.metrics] == ["psnr", "cdc", "warp"]
    assert (results.protocol["films"], results.protocol["shots"]) == (2, 2)
    assert rows["grey"].scores["warp"].value == pytest.approx(0, abs=1e-3)
    assert rows["truth"].scores["warp"].value > 0.1


def test_one_film_has_no_interval_and_a_short_one_no_figure(shots: Path) -> None:
    results = base(shots / "slow", [entries.truth()])
    (film,) = find_films(shots / "slow")
    alone = with_films(results, [entries.truth()], [film], SMALL).rows[0].scores["cdc"]
    assert (alone.low, alone.value is not None) == (None, True)
    assert alone.why
    short = with_films(results, [entries.truth()], [FrameFolder("short", film.frames[:3])], SMALL)
    assert short.rows[0].scores["cdc"].value is None
    assert "at least 5 frames" in str(short.rows[0].scores["cdc"].why)


def test_an_entry_that_fails_says_why(shots: Path) -> None:
    def fails(key: str, luma: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        raise ValueError(f"{key}: no memory")

    results = base(shots / "slow", [entries.truth()])
    failing = Entry("truth", "model", fails)
    score = with_films(results, [failing], find_films(shots), SMALL).rows[0].scores["cdc"]
    assert (score.value, score.why) == (None, "000: no memory")


@pytest.fixture
def cut(films: Any, tmp_path: Path) -> Path:
    """A film of two shots in colour, of twelve frames each."""
    path = tmp_path / "cut.mkv"
    films.ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25,trim=end_frame=12"),
        *("-f", "lavfi", "-i", "mandelbrot=s=64x48:r=25:start_scale=0.01,trim=end_frame=12"),
        *("-filter_complex", "[0][1]concat", "-c:v", "ffv1", "-pix_fmt", "yuv444p", path),
    )
    return path


def test_a_film_file_is_read_by_shots(cut: Path) -> None:
    (cut.parent / "notes.txt").write_text("no film")
    (film,) = find_films(cut.parent)
    assert (film.name, film.rate) == ("cut.mkv", 25)
    shots = [list(shot) for shot in film.shots()]
    assert [len(shot) for shot in shots] == [12, 12]
    assert [shot[0][0] for shot in shots] == ["cut.mkv 0", "cut.mkv 12"]
    assert shots[0][0][1].shape == (48, 64, 3)


def test_a_film_without_a_shot_of_five_frames_is_refused(films: Any) -> None:
    with pytest.raises(ValueError, match=r"in\.mp4: has no shot of at least 5 frames"):
        find_films(films.make("in.mp4", "-c:v", "libx264", frames=4))


def test_a_model_has_a_row_for_its_way_with_films(cut: Path, shots: Path) -> None:
    entered = [entries.truth(), entries.model("photochrom", SMALL, "ours")]
    results = with_films(base(shots / "slow", entered), entered, find_films(cut), SMALL)
    rows = {row.name: row.scores for row in results.rows}
    assert list(rows) == ["truth", "ours", "ours, as a film"]
    assert results.protocol["shots"] == 2
    assert rows["ours, as a film"]["warp"].value < rows["ours"]["warp"].value
    assert rows["ours, as a film"].keys() == {"cdc", "warp"}
    assert "ours, as a film" in markdown(results)
    assert "ours, as a film" in page(results)

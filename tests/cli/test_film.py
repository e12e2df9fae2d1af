"""``photochrom film``: names, words and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def film(films: Any) -> Path:
    path = films.make("old.mp4", "-c:v", "libx264", size="64x48", frames=4)
    assert isinstance(path, Path)
    return path


def test_a_film_and_a_second_run(run: Any, film: Path, tmp_path: Path) -> None:
    first = run("film", film)
    assert first.exit_code == 0, first.stderr
    assert f"{film} -> {tmp_path / 'old.color.mp4'} (4 frames in " in first.stderr
    second = run("film", film)
    assert second.exit_code == 0
    assert "already done" in second.stderr
    assert "--overwrite makes it anew" in second.stderr
    assert run("film", film, "--overwrite").exit_code == 0


def test_what_fails_is_said_and_the_others_are_done(run: Any, film: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("no film")
    ran = run("film", tmp_path / "bad.mp4", tmp_path / "none.mp4", film, "-o", tmp_path / "out", "--json")
    assert ran.exit_code == 1
    document = json.loads(ran.stdout)
    assert [each["status"] for each in document] == ["failed", "failed", "done"]
    assert "is damaged or no film" in document[0]["reason"]
    assert "none.mp4: does not exist; check the path" in document[1]["reason"]
    assert document[2]["output"] == str(tmp_path / "out" / "old.color.mp4")
    assert (document[2]["frames"], document[2]["shots"], document[2]["codec"]) == (4, 1, "h264")
    assert (tmp_path / "out" / "old.color.mp4").is_file()
    assert len(ran.stderr.strip().splitlines()) == 3


def test_two_results_of_one_name(run: Any, film: Path, tmp_path: Path) -> None:
    other = tmp_path / "b" / "old.mp4"
    other.parent.mkdir()
    other.write_bytes(film.read_bytes())
    ran = run("film", film, other, "-o", tmp_path / "out")
    assert ran.exit_code == 1
    assert "its result would have the name of another's" in ran.stderr


def test_an_interlaced_film_names_the_option(run: Any, films: Any) -> None:
    source = films.make(
        "in.mkv", "-c:v", "libx264", "-flags", "+ildct+ilme", "-x264-params", "tff=1", size="64x48", frames=3
    )
    ran = run("film", source)
    assert ran.exit_code == 1
    assert "is interlaced; --deinterlace makes whole frames of its fields" in ran.stderr


def test_a_film_in_colour_is_skipped(run: Any, films: Any, tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    films.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25", "-frames:v", 3, "-pix_fmt", "yuv420p", source)
    ran = run("film", source)
    assert ran.exit_code == 0
    assert "is in colour already; --force colorizes it anew" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--preview", "soon", "--preview must be a length such as 10s"),
        ("--preview", "20-10", "a preview must end after it begins"),
        ("--crf", "99", "crf must be between 0 and 63"),
        ("--every", "0", "every must be between 1 and 24"),
        ("--strength", "9", "strength must be between 0 and 1.5"),
        ("--codec", "vp6", "must be one of h264, h265, av1, ffv1, prores"),
        ("--hints", "none.json", "--hints none.json cannot be read (there is no such file or folder)"),
        ("--reference", "key.png", "--reference must be a picture and its time, such as key.png@0:12"),
        ("--reference", "key.png@soon", "--reference a time must be seconds or like 0:12.5, got 'soon'"),
    ],
)
def test_wrong_options_are_usage_errors(run: Any, film: Path, option: str, value: str, words: str) -> None:
    ran = run("film", film, option, value)
    assert ran.exit_code == 2
    assert words in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_info_says_what_a_film_is_and_who_colorized_it(run: Any, film: Path, tmp_path: Path) -> None:
    before = run("info", film)
    assert before.exit_code == 0
    assert before.stdout.strip() == f"{film}: film (h264) 64 x 48, 8 bit, 0.2 s"
    assert run("film", film).exit_code == 0
    after = json.loads(run("info", "--json", tmp_path / "old.color.mp4").stdout)[0]
    assert (after["colorized"], after["model"], after["frames"]) == (True, "photochrom", 4)
    assert "colorized by photochrom" in run("info", tmp_path / "old.color.mp4").stdout


def write_hints(path: Path, *times: object) -> Path:
    hints = [{"time": time, "x": 0.5, "y": 0.5, "color": "#a02020"} for time in times]
    path.write_text(json.dumps({"hints": hints}))
    return path


def test_hints_and_key_frames_change_the_colours(run: Any, films: Any, film: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.png"
    films.ffmpeg("-i", film, "-frames:v", 1, "-vf", "format=yuv444p,lutyuv=u=118:v=150", key)
    hints = write_hints(tmp_path / "hints.json", "0:00.1")
    made = {}
    for name, *options in (("plain",), ("hints", "--hints", hints), ("key", "--reference", f"{key}@0")):
        ran = run("film", film, "-o", tmp_path / f"{name}.mkv", "--codec", "ffv1", *options)
        assert ran.exit_code == 0, ran.stderr
        raw = tmp_path / f"{name}.raw"
        films.ffmpeg("-i", tmp_path / f"{name}.mkv", "-pix_fmt", "yuv444p", "-f", "rawvideo", raw)
        made[name] = np.fromfile(raw, np.uint8).reshape(4, 3, 48, 64).astype(float)
    luma = made["plain"][:, 0]
    middle = (luma > 60) & (luma < 190)  # elsewhere the gamut is small
    off = {name: np.abs(planes[:, 2] - 150)[middle].mean() for name, planes in made.items()}
    assert off["key"] < 0.5 * off["plain"]
    redder = made["hints"][:, 2, 24, 32] - made["plain"][:, 2, 24, 32]
    assert (redder > 4).all()  # in every frame of the shot
    assert all(np.array_equal(planes[:, 0], luma) for planes in made.values())


def test_a_time_outside_the_film_is_a_usage_error(run: Any, film: Path, tmp_path: Path) -> None:
    ran = run("film", film, "--hints", write_hints(tmp_path / "hints.json", 0, "0:59"))
    assert ran.exit_code == 2
    assert ran.stderr.strip() == f"photochrom: hint 2 is for 0:59, and {film} ends at 0:00.2"
    assert not list(tmp_path.glob(".*"))


def test_a_key_frame_of_another_picture_is_a_usage_error(
    run: Any, films: Any, film: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key.png"
    films.ffmpeg("-f", "lavfi", "-i", "mandelbrot=s=64x48", "-frames:v", 1, key)
    ran = run("film", film, "--reference", f"{key}@0:00.1")
    assert ran.exit_code == 2
    assert f"reference {key} does not show the frame of {film} at 0:00" in ran.stderr
    assert not list(tmp_path.glob(".*"))


def test_hints_belong_to_one_film(run: Any, film: Path, tmp_path: Path) -> None:
    hints = write_hints(tmp_path / "hints.json", 0)
    ran = run("film", film, film, "--hints", hints)
    assert ran.exit_code == 2
    assert f"--hints {hints} belongs to one film, and there are 2" in ran.stderr


def test_several_films_at_once_and_their_sheets(run: Any, films: Any, tmp_path: Path) -> None:
    paths = [films.make(f"{n}.mp4", "-c:v", "libx264", size="64x48", frames=3) for n in range(3)]
    ran = run(
        "film", *paths, tmp_path / "none.mp4", "--jobs", "2", "--sheet", "--json", "--preset", "ultrafast"
    )
    assert ran.exit_code == 1
    document = json.loads(ran.stdout)
    assert [each["input"] for each in document] == [*map(str, paths), str(tmp_path / "none.mp4")]
    assert [each["status"] for each in document] == ["done"] * 3 + ["failed"]
    assert [each["sheet"] for each in document[:3]] == [
        str(tmp_path / f"{n}.color.sheet.jpg") for n in range(3)
    ]
    assert all(Path(each["sheet"]).is_file() for each in document[:3])


def test_an_option_that_fits_some_films_fails_the_others_alone(run: Any, films: Any, film: Path) -> None:
    longer = films.make("longer.mp4", "-c:v", "libx264", size="64x48", frames=20)
    lossless = films.make("lossless.mkv", "-c:v", "ffv1", size="64x48", frames=20)
    ran = run("film", film, longer, lossless, "--preview", "0:00.4-0:00.6", "--preset", "ultrafast", "--json")
    assert ran.exit_code == 1
    document = json.loads(ran.stdout)
    assert [each["status"] for each in document] == ["failed", "done", "failed"]
    assert document[0]["reason"] == f"preview begins at 0.4 seconds, and {film} ends before"
    assert document[2]["reason"] == f"{lossless}: preset does not fit ffv1, which has none"

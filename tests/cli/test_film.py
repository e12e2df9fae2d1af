"""``photochrom film``: names, words and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from photochrom.cli.film import parse_preview


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
    ],
)
def test_wrong_options_are_usage_errors(run: Any, film: Path, option: str, value: str, words: str) -> None:
    ran = run("film", film, option, value)
    assert ran.exit_code == 2
    assert words in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", (0, 10)),
        ("2.5", (0, 2.5)),
        ("0:40-0:50", (40, 50)),
        ("1:02:03-1:02:30.5", (3723, 3750.5)),
        ("90s-2:00", (90, 120)),
    ],
)
def test_previews(text: str, seconds: tuple[float, float]) -> None:
    assert parse_preview(text) == seconds


def test_info_says_what_a_film_is_and_who_colorized_it(run: Any, film: Path, tmp_path: Path) -> None:
    before = run("info", film)
    assert before.exit_code == 0
    assert before.stdout.strip() == f"{film}: film (h264) 64 x 48, 8 bit, 0.2 s"
    assert run("film", film).exit_code == 0
    after = json.loads(run("info", "--json", tmp_path / "old.color.mp4").stdout)[0]
    assert (after["colorized"], after["model"], after["frames"]) == (True, "photochrom", 4)
    assert "colorized by photochrom" in run("info", tmp_path / "old.color.mp4").stdout

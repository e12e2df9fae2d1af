"""A film's whole job with the real network: what is kept, what is said, and going on after a stop."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.engine.models import resolve
from photochrom.engine.session import Session
from photochrom.engine.temporal import Coherence
from photochrom.errors import (
    AlreadyColorError,
    NameTakenError,
    OptionError,
    PhotochromError,
    UnreadableError,
    UnsupportedError,
    WriteError,
)
from photochrom.jobs import film_plan
from photochrom.jobs.film import colorize_film
from photochrom.jobs.film_mark import read_film_mark
from photochrom.jobs.film_options import FilmOptions, Progress

FAST = FilmOptions(preset="ultrafast", coherence=Coherence(every=12))


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(resolve("photochrom"), threads=1)


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_plan, "MOST_SECONDS", 0.4)
    monkeypatch.setattr(film_plan, "LEAST_SECONDS", 0.0)


def grey(films: Any, name: str = "in.mp4", *arguments: object, **keywords: Any) -> Path:
    keywords.setdefault("size", "64x48")
    path = films.make(name, *arguments, "-c:v", "libx264", **keywords)
    assert isinstance(path, Path)
    return path


def chroma_spread(films: Any, path: Path) -> float:
    raw = path.with_suffix(".yuv")
    films.ffmpeg("-i", path, "-frames:v", 1, "-pix_fmt", "yuv444p", "-f", "rawvideo", raw)
    data = np.fromfile(raw, np.uint8)
    return float(data[data.size // 3 :].std())


def test_a_film_comes_back_with_its_luma_and_in_colour(films: Any, session: Session, tmp_path: Path) -> None:
    source = grey(films, "in.mkv", "-crf", "10", frames=12)
    seen: list[Progress] = []
    result = colorize_film(source, session, film_options=FilmOptions(codec="ffv1"), progress=seen.append)
    assert result.path == tmp_path / "in.color.mkv"
    assert (result.frames, result.shots, result.resumed, result.damaged) == (12, 1, 0, 0)
    assert films.luma_sums(result.path) == films.luma_sums(source)
    assert films.ticks(result.path) == films.ticks(source)
    assert chroma_spread(films, result.path) > 1
    assert [step.stage for step in seen][::100][:1] == ["plan"]
    assert [s.done for s in seen if s.stage == "colour"] == list(range(13))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.color.mkv", "in.color.yuv", "in.mkv"]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_the_result_says_that_its_colours_were_inferred(
    films: Any, session: Session, tmp_path: Path, suffix: str
) -> None:
    source = grey(films, f"in{suffix}", "-metadata", "comment=Our wedding", frames=3)
    result = colorize_film(source, session, film_options=FAST).path
    mark = read_film_mark(result)
    assert mark is not None
    assert mark.model == "photochrom"
    assert read_film_mark(source) is None
    said = {k.lower(): v for k, v in films.probe(result, "-show_format")["format"]["tags"].items()}
    assert said["comment"] == "Our wedding"
    if suffix != ".mov":  # which has a place for one comment only; the XMP says it all the same
        assert "inferred by photochrom" in said["description"]
    with pytest.raises(AlreadyColorError, match="was colorized before, by photochrom"):
        colorize_film(result, session, tmp_path / f"again{suffix}")


def test_a_film_in_colour_is_left_alone_unless_forced(films: Any, session: Session, tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    films.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25", "-frames:v", 4, "-pix_fmt", "yuv420p", source)
    with pytest.raises(AlreadyColorError, match="is in colour already"):
        colorize_film(source, session, film_options=FAST)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
    assert colorize_film(source, session, film_options=FAST, force=True).frames == 4


def test_one_frame(films: Any, session: Session) -> None:
    result = colorize_film(grey(films, frames=1), session, film_options=FAST)
    assert films.stream(result.path)["nb_read_frames"] == "1"


def test_cuts_are_found_and_each_shot_is_coloured_for_itself(
    films: Any, session: Session, tmp_path: Path
) -> None:
    source = tmp_path / "cut.mp4"
    films.ffmpeg(
        *("-f", "lavfi", "-i", "mandelbrot=s=64x48:r=25:start_scale=0.01,trim=end_frame=15,hue=s=0"),
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25,trim=end_frame=15,hue=s=0,negate"),
        *("-filter_complex", "[0][1]concat", "-c:v", "libx264", "-pix_fmt", "yuv420p", source),
    )
    assert colorize_film(source, session, film_options=FAST).shots == 2


def test_a_preview_is_a_piece_with_its_sound(films: Any, session: Session, tmp_path: Path) -> None:
    source = grey(films, "in.mp4", "-f", "lavfi", "-i", "sine=440:d=1", "-c:a", "aac", frames=25)
    options = FilmOptions(preset="ultrafast", preview=(0.2, 0.6))
    result = colorize_film(source, session, film_options=options)
    assert result.path == tmp_path / "in.color.preview.mp4"
    assert films.stream(result.path)["nb_read_frames"] == "10"
    assert films.ticks(result.path)[0] == 0
    assert 0 < len(films.packets(result.path, "a:0")) < len(films.packets(source, "a:0"))
    with pytest.raises(OptionError, match=r"preview begins at 5 seconds, and .* ends before"):
        colorize_film(source, session, tmp_path / "b.mp4", film_options=FilmOptions(preview=(5, 6)))


@pytest.mark.usefixtures("short_segments")
def test_a_stopped_run_goes_on_and_gives_the_same_packets(
    films: Any, session: Session, tmp_path: Path
) -> None:
    source = grey(films, "in.mp4", frames=40)
    whole = colorize_film(source, session, tmp_path / "whole.mp4", film_options=FAST)
    assert whole.resumed == 0

    def stop(progress: Progress) -> None:
        if progress.stage == "colour" and progress.done == 25:
            raise KeyboardInterrupt

    target = tmp_path / "resumed.mp4"
    with pytest.raises(KeyboardInterrupt):
        colorize_film(source, session, target, film_options=FAST, progress=stop)
    assert not target.exists()
    result = colorize_film(source, session, target, film_options=FAST)
    assert result.resumed == 20
    assert films.packets(target, "v:0") == films.packets(whole.path, "v:0")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.usefixtures("short_segments")
def test_other_settings_begin_anew(films: Any, session: Session, tmp_path: Path) -> None:
    source = grey(films, "in.mp4", frames=30)

    def stop(progress: Progress) -> None:
        if progress.stage == "colour" and progress.done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        colorize_film(source, session, film_options=FAST, progress=stop)
    other = FilmOptions(preset="ultrafast", crf=30)
    assert colorize_film(source, session, film_options=other).resumed == 0


SCRIPT = """
import sys
from photochrom.engine.models import resolve
from photochrom.engine.session import Session
from photochrom.engine.temporal import Coherence
from photochrom.jobs import film_plan
from photochrom.jobs.film import colorize_film
from photochrom.jobs.film_options import FilmOptions
film_plan.MOST_SECONDS, film_plan.LEAST_SECONDS = 0.4, 0.0
options = FilmOptions(preset="ultrafast", coherence=Coherence(every=12))
def show(progress):
    print(progress.stage, progress.done, flush=True)
colorize_film(sys.argv[1], Session(resolve("photochrom"), threads=1), sys.argv[2], film_options=options, progress=show)
"""


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("after", ["colour 3", "colour 17", "colour 25"])
def test_a_killed_run_goes_on(films: Any, session: Session, tmp_path: Path, after: str) -> None:
    source = grey(films, "in.mp4", frames=40)
    target = tmp_path / "out.mp4"
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(source), str(target)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == after:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not target.exists()
    result = colorize_film(source, session, target, film_options=FAST)
    assert result.resumed in range(int(after.split()[1]) // 10 * 10, 41)
    whole = colorize_film(source, session, tmp_path / "whole.mp4", film_options=FAST)
    assert films.packets(target, "v:0") == films.packets(whole.path, "v:0")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_two_runs_of_one_result_do_not_meet(films: Any, session: Session, tmp_path: Path) -> None:
    source = grey(films, frames=3)
    work = tmp_path / ".in.color.mp4.photochrom"
    work.mkdir()
    with (work / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WriteError, match="is being made by another process"):
            colorize_film(source, session, film_options=FAST)


def test_missing_times(films: Any, session: Session, tmp_path: Path) -> None:
    """A raw stream has no times: its frames follow each other at the film's rate."""
    source = grey(films, "in.h264", "-bf", "2", frames=12)
    result = colorize_film(source, session, film_options=FAST).path
    assert result.suffix == ".mkv"
    assert films.stream(result)["nb_read_frames"] == "12"
    assert np.ptp(np.diff(films.ticks(result))) == 0


def test_b_frames_of_avi(films: Any, session: Session) -> None:
    source = grey(films, "in.avi", "-bf", "2", frames=12)
    result = colorize_film(source, session, film_options=FilmOptions(codec="ffv1"))
    assert films.luma_sums(result.path) == films.luma_sums(source)
    assert (np.diff(films.ticks(result.path)) == 40).all()
    assert result.notes == ("The result is an MKV, because AVI cannot say that colours were inferred.",)


def test_interlaced_films_are_refused_with_the_way_out(films: Any, session: Session) -> None:
    source = grey(films, "in.mkv", "-flags", "+ildct+ilme", "-x264-params", "tff=1", frames=6)
    with pytest.raises(
        UnsupportedError, match="is interlaced; deinterlace=True makes whole frames"
    ) as caught:
        colorize_film(source, session, film_options=FAST)
    assert caught.value.code == "interlaced"
    options = FilmOptions(preset="ultrafast", deinterlace=True)
    result = colorize_film(source, session, film_options=options).path
    assert films.stream(result)["nb_read_frames"] == "6"
    assert films.stream(result).get("field_order", "progressive") == "progressive"


def test_hdr_is_refused(films: Any, session: Session) -> None:
    source = films.make(
        "in.mkv", "-c:v", "libx264", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", frames=2
    )
    with pytest.raises(UnsupportedError, match=r"is HDR \(PQ\), which is not supported"):
        colorize_film(source, session)


def test_a_truncated_film_gives_what_is_left(films: Any, session: Session, tmp_path: Path) -> None:
    source = grey(films, "in.mkv", "-g", "5", frames=30)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 2 // 3])
    result = colorize_film(source, session, film_options=FAST)
    assert 0 < result.frames < 30
    assert films.stream(result.path)["nb_read_frames"] == str(result.frames)


def bad(kind: str, films: Any, tmp_path: Path) -> Path:
    path = tmp_path / f"{kind}.mp4"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no film")
    elif kind == "folder":
        path.mkdir()
    elif kind == "no trailer":
        data = grey(films, "whole.mp4").read_bytes()
        path.write_bytes(data[: len(data) // 2])
    elif kind == "sound":
        films.ffmpeg("-f", "lavfi", "-i", "sine=440:d=0.2", "-c:a", "aac", path)
    elif kind == "picture":
        films.ffmpeg(
            "-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", 1, "-f", "image2", "-c:v", "png", path
        )
    return path


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("missing", UnreadableError, "does not exist; check the path"),
        ("empty", UnreadableError, "is empty"),
        ("text", UnreadableError, "is damaged or no film"),
        ("folder", UnreadableError, "is a folder"),
        ("no trailer", UnreadableError, "is damaged or no film"),
        ("sound", UnsupportedError, "has no video stream"),
        ("picture", UnsupportedError, "is a picture, not a film"),
    ],
)
def test_what_is_no_film(
    films: Any, session: Session, tmp_path: Path, kind: str, error: type[PhotochromError], words: str
) -> None:
    source = bad(kind, films, tmp_path)
    with pytest.raises(error, match=words) as caught:
        colorize_film(source, session)
    assert str(caught.value).startswith(str(source))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_frames_that_change_their_size_are_refused(films: Any, session: Session, tmp_path: Path) -> None:
    one, two = grey(films, "one.h264", frames=5), grey(films, "two.h264", frames=5, size="96x64")
    source = tmp_path / "in.h264"
    source.write_bytes(one.read_bytes() + two.read_bytes())
    with pytest.raises(UnsupportedError, match="frames change from 64 x 48 to 96 x 64 pixels at frame 5"):
        colorize_film(source, session)


def test_names_that_are_taken(films: Any, session: Session, tmp_path: Path) -> None:
    source = grey(films, frames=2)
    with pytest.raises(NameTakenError, match="is the film itself"):
        colorize_film(source, session, source, overwrite=True)
    there = tmp_path / "there.mp4"
    there.write_bytes(b"mine")
    with pytest.raises(WriteError, match="already exists"):
        colorize_film(source, session, there)
    assert there.read_bytes() == b"mine"
    with pytest.raises(WriteError, match=r"a film's name must end in one of \.mp4"):
        colorize_film(source, session, tmp_path / "out.gif")
    assert colorize_film(source, session, there, film_options=FAST, overwrite=True).frames == 2


def test_a_full_disk_stops_with_a_sentence_and_the_next_run_goes_on(
    films: Any, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film_plan, "MOST_SECONDS", 0.4)
    monkeypatch.setattr(film_plan, "LEAST_SECONDS", 0.0)
    source = grey(films, frames=30)
    from photochrom.video.encode import SegmentWriter

    close = SegmentWriter.close
    closed = []

    def full(self: SegmentWriter) -> None:
        closed.append(1)
        if len(closed) == 3:
            raise OSError(28, "No space left on device")
        close(self)

    with monkeypatch.context() as patch:
        patch.setattr(SegmentWriter, "close", full)
        with pytest.raises(WriteError, match="the disk is full; free some space"):
            colorize_film(source, session, film_options=FAST)
    journal = json.loads((tmp_path / ".in.color.mp4.photochrom" / "journal.json").read_text())
    assert list(journal["done"]) == ["0", "1"]
    result = colorize_film(source, session, film_options=FAST)
    assert (result.frames, result.resumed) == (30, 20)


def test_options_out_of_range() -> None:
    with pytest.raises(ValueError, match="crf must be between 0 and 63"):
        FilmOptions(crf=70)
    with pytest.raises(ValueError, match="a preview must end after it begins"):
        FilmOptions(preview=(5, 5))

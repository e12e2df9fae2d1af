"""All that is not the picture comes back packet by packet, and the frames at their times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import WriteError

CHAPTERS = """;FFMETADATA1
title=At the lake
artist=Grandfather
[CHAPTER]
TIMEBASE=1/1000
START=0
END=200
title=First
[CHAPTER]
TIMEBASE=1/1000
START=200
END=400
title=Second
"""
SUBTITLES = "1\n00:00:00,000 --> 00:00:00,200\nGood morning\n\n2\n00:00:00,240 --> 00:00:00,400\nGood night\n"


@pytest.fixture
def parts(tmp_path: Path) -> list[str]:
    """ffmpeg's inputs of sound, subtitles and chapters; the picture is input 0."""
    (tmp_path / "chapters.txt").write_text(CHAPTERS)
    (tmp_path / "words.srt").write_text(SUBTITLES)
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "cover.png")
    sound = ["-f", "lavfi", "-i", "sine=440:d=0.4", "-f", "lavfi", "-i", "sine=880:d=0.4"]
    return [*sound, "-i", str(tmp_path / "words.srt"), "-i", str(tmp_path / "chapters.txt")]


def all_streams(films: Any, path: Path, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    found = films.probe(path, "-show_streams")["streams"]
    return [{key: stream.get(key) for key in keys} | {"tags": tags(stream)} for stream in found]


def tags(stream: dict[str, Any]) -> dict[str, str]:
    kept = ("language", "title", "filename", "mimetype", "timecode")
    return {key: value for key, value in stream.get("tags", {}).items() if key in kept}


def test_every_stream_kind_of_matroska(films: Any, recolour: Any, tmp_path: Path, parts: list[str]) -> None:
    (tmp_path / "font.ttf").write_bytes(bytes(range(256)))
    source = films.make(
        "in.mkv",
        *parts,
        *("-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s", "-map_metadata", "4"),
        *("-c:v", "libx264", "-c:a:0", "aac", "-c:a:1", "flac", "-c:s", "srt"),
        *(
            "-metadata:s:a:0",
            "language=fre",
            "-metadata:s:a:1",
            "title=Comment",
            "-metadata:s:s:0",
            "language=ger",
        ),
        *("-disposition:a:1", "comment", "-attach", tmp_path / "font.ttf"),
        *("-metadata:s:t", "mimetype=application/x-truetype-font"),
        size="64x48",
    )
    result = recolour(source, tmp_path / "out.mkv", parts=2)
    for stream in ("a:0", "a:1", "s:0"):
        assert films.packets(result, stream) == films.packets(source, stream)
    keys = ("codec_name", "codec_type", "disposition", "start_pts", "time_base", "avg_frame_rate")
    assert all_streams(films, result, keys) == all_streams(films, source, keys)
    assert films.probe(result, "-show_chapters") == films.probe(source, "-show_chapters")
    before, after = (films.probe(p, "-show_format")["format"]["tags"] for p in (source, result))
    assert after.pop("COMMENT") == "made by a test"
    assert {k.lower(): v for k, v in after.items() if k != "ENCODER"} == {
        k.lower(): v for k, v in before.items() if k != "ENCODER"
    }
    films.ffmpeg("-dump_attachment:t:0", tmp_path / "font.out", "-i", result, "-f", "null", "-")
    assert (tmp_path / "font.out").read_bytes() == bytes(range(256))


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_every_stream_kind_of_mp4(
    films: Any, recolour: Any, tmp_path: Path, parts: list[str], suffix: str
) -> None:
    source = films.make(
        f"in{suffix}",
        *parts,
        *("-i", tmp_path / "cover.png"),
        *("-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s", "-map", "5:v", "-map_metadata", "4"),
        *("-c:v:0", "libx264", "-c:a", "aac", "-c:s", "mov_text", "-c:v:1", "copy"),
        *(
            "-disposition:v:1",
            "attached_pic",
            "-metadata:s:a:0",
            "language=fre",
            "-metadata:s:v:0",
            "timecode=01:02:03:04",
        ),
        size="64x48",
    )
    result = recolour(source, tmp_path / f"out{suffix}")
    for stream in ("a:0", "a:1", "s:0"):
        assert films.packets(result, stream) == films.packets(source, stream)
    keys = ("codec_name", "codec_type", "disposition", "start_pts", "time_base", "avg_frame_rate")

    def known(path: Path) -> list[dict[str, Any]]:
        return sorted(all_streams(films, path, keys), key=str)

    assert known(result) == known(source)
    assert films.stream(result)["tags"]["timecode"] == "01:02:03:04"
    assert films.probe(result, "-show_chapters") == films.probe(source, "-show_chapters")
    before, after = (films.probe(p, "-show_format")["format"]["tags"] for p in (source, result))
    assert after.pop("comment") == "made by a test"
    assert after["title"] == "At the lake"
    # FFmpeg repeats the timecode of some tracks for the whole file; it is the stream's, looked at above.
    assert set(after) - {"timecode"} == set(before) - {"timecode"}


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_rotation_stays(films: Any, recolour: Any, tmp_path: Path, suffix: str) -> None:
    plain = films.make("plain.mp4", "-c:v", "libx264", size="64x48")
    source = tmp_path / "in.mp4"
    films.ffmpeg("-i", plain, "-c", "copy", "-metadata:s:v:0", "rotate=90", source)
    result = recolour(source, tmp_path / f"out{suffix}")
    before, after = (films.stream(path)["side_data_list"][0] for path in (source, result))
    assert after["rotation"] == before["rotation"] != 0


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_of_a_variable_rate_keep_their_times_to_the_tick(
    films: Any, recolour: Any, tmp_path: Path, suffix: str
) -> None:
    # Times 0, 1, 4, 9, ... hundredths of a second: no two frames are equally long.
    source = films.make(
        f"in{suffix}",
        *("-vf", "settb=1/12800,setpts=128*N*N", "-vsync", "vfr", "-enc_time_base", "1/12800"),
        *("-c:v", "libx264"),
        *(("-video_track_timescale", "12800") if suffix == ".mp4" else ()),
        frames=12,
        size="64x48",
    )
    result = recolour(source, tmp_path / f"out{suffix}", parts=3)
    assert films.ticks(result) == films.ticks(source)
    assert len(set(np.diff(films.ticks(source)))) > 5
    assert films.stream(result)["time_base"] == films.stream(source)["time_base"]


def test_a_film_that_does_not_begin_at_0_keeps_its_start(films: Any, recolour: Any, tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-i", "sine=440:d=0.4", "-c:a", "aac")
    source = films.make("in.mkv", *sound, "-c:v", "libx264", "-output_ts_offset", "1.5", size="64x48")
    result = recolour(source, tmp_path / "out.mkv")
    assert films.ticks(result) == films.ticks(source)
    assert films.packets(result, "a:0") == films.packets(source, "a:0")


def test_decoding_times_rise_and_never_come_after_the_frame(
    films: Any, recolour: Any, tmp_path: Path
) -> None:
    source = films.make("in.mp4", "-c:v", "libx264", "-bf", "3", frames=30, size="64x48")
    result = recolour(source, tmp_path / "out.mp4", parts=3)
    found = films.probe(result, "-select_streams", "v:0", "-show_packets")["packets"]
    decoding = [int(packet["dts"]) for packet in found]
    assert decoding == sorted(set(decoding))
    assert all(int(packet["dts"]) <= int(packet["pts"]) for packet in found)
    assert films.stream(result)["nb_read_frames"] == "30"


def test_a_stream_that_the_container_cannot_hold_is_named(
    films: Any, recolour: Any, tmp_path: Path, parts: list[str]
) -> None:
    source = films.make(
        "in.mkv", *parts, "-map", "0:v", "-map", "3:s", "-c:v", "libx264", "-c:s", "ass", size="64x48"
    )
    with pytest.raises(WriteError, match=r"its subtitle stream 1 .* cannot be kept in mp4"):
        recolour(source, tmp_path / "out.mp4")


def test_av1_is_joined(films: Any, recolour: Any, tmp_path: Path) -> None:
    """PyAV's template of a stream looks for an encoder of the decoder's name, which AV1 does not have."""
    source = films.make("in.mkv", "-c:v", "libx264", size="64x64", frames=6)
    result = recolour(source, tmp_path / "out.mp4", "av1", parts=2)
    assert (films.stream(result)["codec_name"], films.stream(result)["nb_read_frames"]) == ("av1", "6")

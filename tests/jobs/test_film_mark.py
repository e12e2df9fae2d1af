"""The mark in a film's file: written with ffmpeg, and read with ffprobe and with parsers that are not ours."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photochrom.errors import UnreadableError
from photochrom.jobs.film_mark import mark_film, read_film_mark
from photochrom.media.xmp import PHOTOSHOP, Packet
from photochrom.video.xmp_box import append_xmp, read_xmp

KIND = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def grey(films: Any, name: str, *arguments: str) -> Path:
    path = films.make(name, *arguments, "-c:v", "libx264", frames=2, size="64x48")
    assert isinstance(path, Path)
    return path


def copier(films: Any, source: Path, target: Path) -> Callable[[dict[str, str]], None]:
    """Copies the film with further metadata."""

    def write(metadata: dict[str, str]) -> None:
        said = [word for key, value in metadata.items() for word in ("-metadata", f"{key}={value}")]
        films.ffmpeg("-i", source, "-c", "copy", *said, target)

    return write


def tags(films: Any, path: Path) -> dict[str, str]:
    return {k.lower(): v for k, v in films.probe(path, "-show_format")["format"]["tags"].items()}


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_the_mark_that_is_written_is_read(films: Any, tmp_path: Path, suffix: str) -> None:
    source, target = grey(films, f"in{suffix}"), tmp_path / f"out{suffix}"
    mark_film(source, target, suffix, "a-model", "1.2", copier(films, source, target))
    mark = read_film_mark(target)
    assert mark is not None
    assert (mark.model, mark.version, mark.source_type) == ("a-model", "1.2", KIND)
    assert "a-model" in mark.statement
    assert tags(films, target)["comment"] == mark.statement
    assert read_film_mark(source) is None


def test_matroska_says_it_in_tags(films: Any, tmp_path: Path) -> None:
    source, target = grey(films, "in.mkv"), tmp_path / "out.mkv"
    mark_film(source, target, ".mkv", "a-model", "1.2", copier(films, source, target))
    said = tags(films, target)
    assert said["digital_source_type"] == KIND
    assert (said["photochrom_model"], said["photochrom_version"]) == ("a-model", "1.2")


def test_mp4_says_it_in_xmp_and_the_films_own_packet_stays(films: Any, tmp_path: Path) -> None:
    source, target = grey(films, "in.mp4"), tmp_path / "out.mp4"
    packet = Packet(None)
    packet.set(PHOTOSHOP, "Headline", "Our wedding")
    append_xmp(source, packet.to_bytes())
    mark_film(source, target, ".mp4", "a-model", "1.2", copier(films, source, target))
    xmp = read_xmp(target)
    assert xmp is not None
    tree = ET.fromstring(xmp)
    texts = {value for node in tree.iter() for value in (node.text, *node.attrib.values())}
    assert {KIND, "Our wedding"} <= texts
    mark = read_film_mark(target)
    assert mark is not None
    assert mark.source_name == "in.mp4"


def test_what_people_wrote_stays_and_the_next_place_is_taken(films: Any, tmp_path: Path) -> None:
    source, target = grey(films, "in.mp4", "-metadata", "comment=Our wedding"), tmp_path / "out.mp4"
    mark_film(source, target, ".mp4", "a-model", "1.2", copier(films, source, target))
    said = tags(films, target)
    assert said["comment"] == "Our wedding"
    assert "a-model" in said["description"]


def test_a_tag_without_the_source_type_is_no_mark(films: Any, tmp_path: Path) -> None:
    source, target = grey(films, "in.mkv"), tmp_path / "out.mkv"
    copier(films, source, target)({"PHOTOCHROM_MODEL": "a-model"})
    assert read_film_mark(target) is None


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(UnreadableError, match="is empty"):
        read_film_mark(path)

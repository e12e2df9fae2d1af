"""``photochrom colorize`` on good photographs."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.media import photo, provenance
from photochrom.pipeline.side_by_side import WIDEST

Put = Callable[..., Path]


def luma(path: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L")).astype(np.int16)


def has_colour(path: Path) -> bool:
    with Image.open(path) as picture:
        rgb = np.asarray(picture.convert("RGB")).astype(int)
    return bool(np.abs(rgb - rgb[..., :1]).max() > 2)


def test_default_name_is_beside_the_input(run: Any, put: Put, files: Any) -> None:
    put("a.png")
    result = run("colorize", "a.png")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr.startswith("a.png -> a.color.png (")
    assert files() == ["a.color.png", "a.png"]


def test_luma_is_kept_and_colour_is_added(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.png")
    run("colorize", "a.png")
    assert np.abs(luma(tmp_path / "a.color.png") - luma(tmp_path / "a.png")).max() <= 1
    assert has_colour(tmp_path / "a.color.png")


def test_strength_zero_is_grey(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.png")
    assert run("colorize", "a.png", "--strength", 0).exit_code == 0
    assert not has_colour(tmp_path / "a.color.png")


def test_result_says_which_model_made_it(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.jpg")
    run("colorize", "a.jpg", "--side-by-side")
    for name in ("a.color.jpg", "a.compare.jpg"):
        mark = provenance.read(tmp_path / name)
        assert mark is not None
        assert mark.model == "photochrom"
    assert provenance.read(tmp_path / "a.jpg") is None


def test_folder_keeps_its_tree(run: Any, put: Put, files: Any) -> None:
    put("box/a.jpg")
    put("box/sub/b.png")
    put("box/sub/deep/c.tif")
    # An original with such a name is an original.
    put("box/harbour.color.jpg")
    result = run("colorize", "box", "-r", "-o", "out")
    assert result.exit_code == 0
    assert files("out") == ["a.jpg", "harbour.color.jpg", "sub/b.png", "sub/deep/c.tif"]
    assert result.stderr.startswith("4 done, 0 skipped, 0 failed in ")


def test_without_recursive_sub_folders_are_left_alone(run: Any, put: Put, files: Any) -> None:
    put("box/a.jpg")
    put("box/sub/b.png")
    assert run("colorize", "box", "-o", "out").exit_code == 0
    assert files("out") == ["a.jpg"]


def test_name_with_brackets_and_spaces(run: Any, put: Put, files: Any) -> None:
    put("box/[bold] ünïcode [1].jpg")
    put("box/-b.jpg")
    assert run("colorize", "box", "--", "box/-b.jpg").exit_code == 0
    assert "box/[bold] ünïcode [1].color.jpg" in files()


def test_second_run_does_what_is_missing(run: Any, put: Put, tmp_path: Path, outcomes: Any) -> None:
    for name in ("a", "b", "c"):
        put(f"box/{name}.png")
    run("colorize", "box", "-o", "out")
    (tmp_path / "out/b.png").unlink()
    (tmp_path / "out/c.png").write_bytes(b"")
    before = (tmp_path / "out/a.png").stat().st_mtime_ns
    result = run("colorize", "box", "-o", "out", "--json")
    assert result.exit_code == 0
    assert [outcome["status"] for outcome in outcomes(result)] == ["skipped", "done", "done"]
    assert (tmp_path / "out/a.png").stat().st_mtime_ns == before
    assert has_colour(tmp_path / "out/c.png")


def test_single_file_that_is_done_names_the_remedy(run: Any, put: Put) -> None:
    put("a.png")
    run("colorize", "a.png")
    result = run("colorize", "a.png")
    assert result.exit_code == 0
    assert "already done (a.color.png); --overwrite" in result.stderr
    assert run("colorize", "a.png", "--overwrite").stderr.startswith("a.png -> a.color.png")


def test_format_of_the_output(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.jpg")
    assert run("colorize", "a.jpg", "--format", "tiff", "-o", "new/").exit_code == 0
    assert run("colorize", "a.jpg", "-o", "b.png").exit_code == 0
    with Image.open(tmp_path / "new/a.tif") as tif, Image.open(tmp_path / "b.png") as png:
        assert (tif.format, png.format) == ("TIFF", "PNG")


def test_jpeg_quality(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.png", width=256, height=256)
    for quality in (10, 95):
        run("colorize", "a.png", "-o", f"{quality}.jpg", "--jpeg-quality", quality)
    assert (tmp_path / "10.jpg").stat().st_size < (tmp_path / "95.jpg").stat().st_size


def test_format_that_holds_no_colour_becomes_png(run: Any, put: Put, files: Any, outcomes: Any) -> None:
    put("box/a.gif")
    assert run("colorize", "box", "-o", "out").exit_code == 0
    assert files("out") == ["a.png"]
    (again,) = outcomes(run("colorize", "box", "-o", "out", "--json"))
    assert (again["status"], again["outputs"]) == ("skipped", [str(Path("out/a.png"))])


def test_a_gif_and_a_png_of_one_name_each_have_a_result(run: Any, put: Put, files: Any) -> None:
    put("box/a.gif")
    assert run("colorize", "box", "-o", "out").exit_code == 0
    assert files("out") == ["a.png"]
    put("box/a.png")
    for _ in range(2):  # the second run finds all of it done
        assert run("colorize", "box", "-o", "out").exit_code == 0
        assert files("out") == ["a (2).png", "a.png"]


def test_candidates(run: Any, put: Put, tmp_path: Path, files: Any) -> None:
    put("a.png")
    assert run("colorize", "a.png", "--candidates", 3).exit_code == 0
    assert files() == ["a.color.1.png", "a.color.2.png", "a.color.3.png", "a.png"]
    assert (tmp_path / "a.color.1.png").read_bytes() != (tmp_path / "a.color.2.png").read_bytes()


def test_side_by_side(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.png")
    assert run("colorize", "a.png", "--side-by-side").exit_code == 0
    with Image.open(tmp_path / "a.compare.jpg") as sheet:
        assert sheet.size == (128, 48)
        rgb = np.asarray(sheet.convert("RGB")).astype(int)
    left, right = rgb[:, :56], rgb[:, 72:]  # JPEG blocks at the seam share colour
    assert np.abs(left - left[..., :1]).max() <= 2
    assert np.abs(right - right[..., :1]).max() > 4


def test_side_by_side_is_not_wider_than_a_screen(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.jpg", width=WIDEST + 400, height=100)
    run("colorize", "a.jpg", "--side-by-side", "--size", 64)
    with Image.open(tmp_path / "a.compare.jpg") as sheet:
        assert sheet.size == (2 * WIDEST, 80)


def test_candidates_side_by_side(run: Any, put: Put, files: Any) -> None:
    put("a.jpg")
    run("colorize", "a.jpg", "--candidates", 2, "--side-by-side")
    assert files() == ["a.color.1.jpg", "a.color.2.jpg", "a.compare.1.jpg", "a.compare.2.jpg", "a.jpg"]


def test_photo_in_colour_is_skipped_unless_forced(run: Any, put: Put, files: Any) -> None:
    put("a.png", colour=True)
    result = run("colorize", "a.png")
    assert result.exit_code == 0
    assert "a.png: is in colour already; --force" in result.stderr
    assert files() == ["a.png"]
    assert run("colorize", "a.png", "--force").exit_code == 0
    assert files() == ["a.color.png", "a.png"]


def test_json(run: Any, put: Put, tmp_path: Path, outcomes: Any) -> None:
    put("box/a.png")
    put("box/b.png", colour=True)
    (tmp_path / "box/c.png").write_bytes(b"no picture")
    result = run("colorize", "box", "-o", "out", "--json", "--quiet")
    assert result.exit_code == 1
    done, skipped, failed = outcomes(result)
    for outcome in (done, skipped, failed):
        assert list(outcome) == [
            "input",
            "outputs",
            "status",
            "reason",
            "code",
            "notes",
            "seconds",
            "width",
            "height",
            "model",
        ]
        assert isinstance(outcome["seconds"], float)
    assert done["outputs"] == [str(Path("out/a.png"))]
    assert (done["status"], done["reason"], done["model"]) == ("done", None, "photochrom")
    assert (done["width"], done["height"]) == (64, 48)
    assert (skipped["status"], skipped["outputs"]) == ("skipped", [])
    assert (failed["status"], failed["outputs"]) == ("failed", [])
    assert "c.png" in failed["reason"]


@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_an_original_is_never_a_result(run: Any, put: Put, tmp_path: Path, files: Any, more: Any) -> None:
    original = put("a.png").read_bytes()
    other = put("b.png").read_bytes()
    for name in ("a.png", "b.png"):
        result = run("colorize", "a.png", "-o", name, *more)
        assert result.exit_code == 1
        assert f"{name} is another file, and no result of this photo; choose another -o" in result.stderr
    assert files() == ["a.png", "b.png"]
    assert (tmp_path / "a.png").read_bytes() == original
    assert (tmp_path / "b.png").read_bytes() == other


def test_two_inputs_of_one_name_each_have_a_result(run: Any, put: Put, files: Any, tmp_path: Path) -> None:
    put("x/a.png")
    put("y/a.png", width=32)
    for _ in range(2):
        assert run("colorize", "x/a.png", "y/a.png", "-o", "out").exit_code == 0
        assert files("out") == ["a (2).png", "a.png"]
    with Image.open(tmp_path / "out/a.png") as first, Image.open(tmp_path / "out/a (2).png") as second:
        assert (first.width, second.width) == (64, 32)


def test_two_runs_with_one_output_folder(run: Any, put: Put, files: Any, tmp_path: Path) -> None:
    put("1950/scan0001.jpg")
    put("1960/scan0001.jpg", width=32)
    for _ in range(2):
        for year in ("1950", "1960"):
            assert run("colorize", year, "-o", "out").exit_code == 0
    assert files("out") == ["scan0001 (2).jpg", "scan0001.jpg"]
    with Image.open(tmp_path / "out/scan0001.jpg") as first:
        assert first.width == 64


def test_shell_glob_a_second_time(run: Any, put: Put, files: Any) -> None:
    put("a.png")
    run("colorize", "a.png")
    result = run("colorize", "a.png", "a.color.png")
    assert result.exit_code == 0
    assert "a.color.png: was colorized before, by photochrom; --force" in result.stderr
    assert "0 done, 2 skipped, 0 failed" in result.stderr
    assert files() == ["a.color.png", "a.png"]


def test_quiet_says_nothing_when_all_is_well(run: Any, put: Put) -> None:
    put("a.png")
    result = run("colorize", "a.png", "-q")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize("quality", ["fast", "balanced", "best"])
def test_options_reach_the_engine(run: Any, put: Put, tmp_path: Path, quality: str) -> None:
    put("a.png")
    arguments = ("--quality", quality, "--size", 64, "--colorfulness", 1.5, "--seed", 3, "--threads", 1)
    assert run("colorize", "a.png", *arguments, "--device", "cpu", "--model", "photochrom").exit_code == 0
    assert has_colour(tmp_path / "a.color.png")


def test_model_by_file(run: Any, put: Put) -> None:
    from photochrom.engine.models import resolve

    put("a.png")
    assert run("colorize", "a.png", "--model", resolve("photochrom")).exit_code == 0


@pytest.mark.parametrize(
    "name", [b"gro\xdfmutter.jpg", b"esc\x1b[31mred.jpg", b"tail.jpg ", "ä\u2028b.jpg".encode()]
)
def test_names_that_xml_cannot_hold(put: Put, tmp_path: Path, run: Any, name: bytes) -> None:
    # Latin-1 names are common on old disks. The result's metadata must be well-formed, and be recognised later.
    path = os.fsdecode(name)
    put("a.jpg").rename(tmp_path / path)
    assert run("colorize", path, "-o", "out/").exit_code == 0
    assert "already done" in run("colorize", path, "-o", "out/").stderr
    (result,) = (tmp_path / "out/").iterdir()
    packet = photo.read_xmp(result)
    assert packet is not None
    ET.fromstring(packet.partition(b"?>")[2].rpartition(b"<?")[0])
    with (tmp_path / path).open("ab") as file:  # a new content of the same photo
        file.write(b"\0")
    assert run("colorize", path, "-o", "out/").exit_code == 0
    assert len(list((tmp_path / "out/").iterdir())) == 1

"""``photochrom colorize`` on good photographs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.cli.side_by_side import WIDEST
from photochrom.media import provenance

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
    put("box/a.color.jpg")
    result = run("colorize", "box", "-r", "-o", "out")
    assert result.exit_code == 0
    assert files("out") == ["a.jpg", "sub/b.png", "sub/deep/c.tif"]
    assert result.stderr.startswith("3 done, 0 skipped, 0 failed in ")


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
    assert "already done (a.color.png exists); --overwrite" in result.stderr
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


def test_suffix_that_changes_cannot_take_another_ones_output(run: Any, put: Put, files: Any) -> None:
    put("box/a.gif")
    put("box/a.png")
    result = run("colorize", "box", "-o", "out", "--jobs", 1)
    assert result.exit_code == 1
    assert "box/a.gif: would be written to out/a.png, as box/a.png is" in result.stderr.replace("\\", "/")
    assert files("out") == ["a.png"]


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


def test_overwriting_the_original_only_when_asked(run: Any, put: Put, tmp_path: Path, files: Any) -> None:
    original = put("a.png").read_bytes()
    result = run("colorize", "a.png", "-o", "a.png")
    assert result.exit_code == 1
    assert "--overwrite" in result.stderr
    assert (tmp_path / "a.png").read_bytes() == original
    assert run("colorize", "a.png", "-o", "a.png", "--overwrite").exit_code == 0
    assert has_colour(tmp_path / "a.png")
    assert files() == ["a.png"]


def test_two_inputs_with_one_output(run: Any, put: Put, files: Any) -> None:
    put("x/a.png")
    put("y/a.png")
    result = run("colorize", "x/a.png", "y/a.png", "-o", "out")
    assert result.exit_code == 1
    line = result.stderr.splitlines()[0]
    assert line.startswith(f"photochrom: {Path('y/a.png')}")
    assert str(Path("x/a.png")) in line
    assert files("out") == ["a.png"]


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
    arguments = ("--quality", quality, "--size", 64, "--temperature", 0.5, "--seed", 3, "--threads", 1)
    assert run("colorize", "a.png", *arguments, "--device", "cpu", "--model", "photochrom").exit_code == 0
    assert has_colour(tmp_path / "a.color.png")


def test_model_by_file(run: Any, put: Put) -> None:
    from photochrom.engine.models import resolve

    put("a.png")
    assert run("colorize", "a.png", "--model", resolve("photochrom")).exit_code == 0

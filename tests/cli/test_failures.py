"""Everything that can be wrong with a file, an option or a disk: one line, the right exit code, no half file."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from photochrom.engine.colorizer import Colorizer

Put = Callable[..., Path]

# A disk with room for 200 bytes, on any system that has limits; Python ignores SIGXFSZ, so writes fail with EFBIG.
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)); "
# Root may read and write everything unless it lays down its capabilities.
MORTAL = (
    "import ctypes, os; "
    "os.geteuid() or ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()); "
)
MAIN = "from photochrom.cli import main; main()"


def with_limits(limits: str) -> list[str]:
    """The command, run by a Python that first gives something up."""
    return [sys.executable, "-W", "error", "-c", limits + MAIN]


def assert_one_line(stderr: str, *parts: str) -> None:
    assert stderr.startswith("photochrom: ")
    assert stderr.endswith("\n")
    assert stderr.count("\n") == 1, stderr
    for part in parts:
        assert part in stderr


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-400])


BAD: dict[str, Callable[[Path], Any]] = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("Dear diary, today I scanned a photo."),
    "truncated": truncated,
    "missing": lambda path: path.unlink(),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "noise": lambda path: path.write_bytes(bytes(range(256)) * 9),
}


@pytest.mark.parametrize("kind", sorted(BAD))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_bad_input(run: Any, put: Put, files: Any, kind: str, suffix: str) -> None:
    bad = put(f"bad.{suffix}")
    BAD[kind](bad)
    before = files()
    result = run("colorize", f"bad.{suffix}")
    assert result.exit_code == 1
    assert_one_line(result.stderr, f"bad.{suffix}")
    assert files() == before


@pytest.mark.parametrize("kind", sorted(BAD))
def test_one_bad_file_does_not_stop_the_others(run: Any, put: Put, files: Any, kind: str) -> None:
    BAD[kind](put("b.jpg"))
    put("a.jpg")
    put("c.png")
    result = run("colorize", "a.jpg", "b.jpg", "c.png", "-o", "out")
    assert result.exit_code == 1
    assert files("out") == ["a.jpg", "c.png"]
    assert "2 done, 0 skipped, 1 failed" in result.stderr
    assert "b.jpg: " in result.stderr


def test_too_many_pixels(run: Any, put: Put, files: Any) -> None:
    put("a.png", width=100, height=100)
    result = run("colorize", "a.png", "--max-pixels", 9999)
    assert result.exit_code == 1
    assert_one_line(result.stderr, "a.png", "--max-pixels")
    assert files() == ["a.png"]
    assert run("colorize", "a.png", "--max-pixels", 10000).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--strength", 9), "strength"),
        (("--size", 1), "size"),
        (("--quality", "superb"), "quality"),
        (("--colorfulness", -1), "colorfulness"),
        (("--candidates", 0), "candidates"),
        (("--candidates", 17), "candidates"),
        (("--format", "gif"), "--format gif"),
        (("-o", "colour"), "end it with /"),
        (("-o", "a.xyz"), "cannot be written: .xyz"),
        (("-o", "b.png", "--format", "jpeg"), "the format asked for is JPEG"),
    ],
)
def test_usage(run: Any, put: Put, files: Any, arguments: tuple[object, ...], part: str) -> None:
    put("a.jpg")
    result = run("colorize", "a.jpg", *arguments)
    assert result.exit_code == 2
    assert_one_line(result.stderr, part)
    assert files() == ["a.jpg"]


@pytest.mark.parametrize(
    "arguments", [("--jobs", 0), ("--jpeg-quality", 101), ("--nonsense",), ("--seed", "x")]
)
def test_options_that_typer_refuses(run: Any, put: Put, arguments: tuple[object, ...]) -> None:
    put("a.jpg")
    result = run("colorize", "a.jpg", *arguments)
    assert result.exit_code == 2
    assert str(arguments[0]) in result.stderr


def test_no_such_model(run: Any, put: Put) -> None:
    put("a.jpg")
    for model in ("nonesuch", "nonesuch.onnx"):
        result = run("colorize", "a.jpg", "--model", model)
        assert result.exit_code == 1
        assert_one_line(result.stderr, model)


def test_no_such_device(run: Any, put: Put) -> None:
    put("a.jpg")
    result = run("colorize", "a.jpg", "--device", "abacus")
    assert result.exit_code == 1
    assert_one_line(result.stderr, "abacus")


def test_onnx_file_that_is_not_ours(run: Any, put: Put, tmp_path: Path, files: Any) -> None:
    put("a.jpg")
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    result_value = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "other", [value], [result_value])
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), tmp_path / "other.onnx")
    (tmp_path / "text.onnx").write_text("not at all")
    for name in ("other.onnx", "text.onnx"):
        result = run("colorize", "a.jpg", "--model", name)
        assert result.exit_code == 1
        assert_one_line(result.stderr, name)
    assert "a.color.jpg" not in files()


def test_unexpected_error_counts_as_failed(
    run: Any, put: Put, monkeypatch: pytest.MonkeyPatch, outcomes: Any
) -> None:
    for name in "abc":
        put(f"box/{name}.png")
    honest = Colorizer.colorize_photo

    def moody(self: Colorizer, photo: Any, options: Any, **more: Any) -> Any:
        if photo.name.endswith("a.png"):
            raise RuntimeError("the moon\nis full")
        if photo.name.endswith("b.png"):
            raise MemoryError
        return honest(self, photo, options, **more)

    monkeypatch.setattr(Colorizer, "colorize_photo", moody)
    result = run("colorize", "box", "--json")
    assert result.exit_code == 1
    first, second, third = outcomes(result)
    assert first["reason"] == f"{Path('box/a.png')}: could not be colorized (RuntimeError: the moon is full)"
    assert "not enough memory" in second["reason"]
    assert third["status"] == "done"


def test_output_folder_below_a_file(run: Any, put: Put, tmp_path: Path) -> None:
    put("a.jpg")
    (tmp_path / "letter.txt").write_text("keep me")
    result = run("colorize", "a.jpg", "-o", "letter.txt/out/")
    assert result.exit_code == 1
    assert_one_line(result.stderr, "letter.txt/out")
    assert (tmp_path / "letter.txt").read_text() == "keep me"


def test_full_disk(spawn: Any, put: Put, files: Any) -> None:
    put("a.jpg")
    put("b.png")
    ran = spawn("colorize", "a.jpg", "b.png", "-o", "out", prefix=with_limits(FULL))
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr
    assert b"0 done, 0 skipped, 2 failed" in ran.stderr
    assert files("out") == []
    assert files() == ["a.jpg", "b.png"]


def test_full_disk_keeps_what_was_there(spawn: Any, put: Put, files: Any, tmp_path: Path) -> None:
    put("a.jpg")
    assert spawn("colorize", "a.jpg").returncode == 0
    before = (tmp_path / "a.color.jpg").read_bytes()
    ran = spawn("colorize", "a.jpg", "--overwrite", prefix=with_limits(FULL))
    assert ran.returncode == 1
    assert_one_line(ran.stderr.decode(), "a.color.jpg")
    assert files() == ["a.color.jpg", "a.jpg"]
    assert (tmp_path / "a.color.jpg").read_bytes() == before


def test_no_permission(spawn: Any, put: Put, tmp_path: Path, files: Any) -> None:
    put("a.jpg")
    put("b.jpg").chmod(0)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o500)
    secret = put("secret/c.jpg").parent
    secret.chmod(0)
    try:
        ran = spawn("colorize", "a.jpg", "b.jpg", "secret", "-o", "closed", prefix=with_limits(MORTAL))
        assert files("closed") == []
    finally:
        closed.chmod(0o700)
        secret.chmod(0o700)
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr
    lines = ran.stderr.decode().splitlines()
    assert len([line for line in lines if line.startswith("photochrom: ")]) == 3
    assert any("a.jpg" in line for line in lines)
    assert any("b.jpg" in line for line in lines)
    assert any("secret" in line for line in lines)
    assert lines[-1].startswith("0 done, 0 skipped, 3 failed")


def test_a_path_in_a_closed_folder_does_not_stop_the_others(
    spawn: Any, put: Put, tmp_path: Path, files: Any
) -> None:
    # Until Python 3.14, Path.is_dir raises for such paths.
    put("secret/b.jpg")
    put("a.jpg")
    secret = tmp_path / "secret"
    secret.chmod(0)
    try:
        ran = spawn("colorize", "secret/b.jpg", "a.jpg", "-o", "out", prefix=with_limits(MORTAL))
        told = spawn("info", "secret/b.jpg", "a.jpg", prefix=with_limits(MORTAL))
    finally:
        secret.chmod(0o700)
    assert ran.returncode == told.returncode == 1
    assert files("out") == ["a.jpg"]
    first = "photochrom: secret/b.jpg: may not be read; allow reading it (chmod u+r)"
    assert sorted(ran.stderr.decode().splitlines()) == sorted([first, ran.stderr.decode().splitlines()[-1]])
    assert told.stderr.decode() == first + "\n"
    assert told.stdout.startswith(b"a.jpg: JPEG 64 x 48")


@pytest.mark.parametrize("length", [247, 251, 300])
def test_a_long_name_does_not_stop_the_others(run: Any, put: Put, files: Any, length: int) -> None:
    name = "x" * length + ".jpg"
    if length < 252:  # a name has at most 255 bytes
        put(name)
    put("a.jpg")
    result = run("colorize", name, "a.jpg")
    assert result.exit_code == 1
    assert "a.color.jpg" in files()
    assert "1 done, 0 skipped, 1 failed" in result.stderr
    assert "File name too long" not in result.stderr
    if length < 252:
        assert "the name is too long; choose a shorter name" in result.stderr


def test_info_does_not_wait_for_a_pipe(run: Any, put: Put, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "b.jpg")
    put("a.jpg")
    result = run("info", "b.jpg", "a.jpg")
    assert result.exit_code == 1
    assert_one_line(result.stderr, "b.jpg: is a named pipe, not a file")
    assert result.stdout.startswith("a.jpg: JPEG 64 x 48")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["colorize", ""], ""),
        (["colorize", "a.jpg", ""], ""),
        (["colorize", "a.jpg", "-o", ""], "-o: "),
        (["colorize", "a.jpg", "--out="], "--out: "),
        (["watch", "", "-o", "out"], ""),
        (["info", ""], ""),
        (["film", ""], ""),
        (["evaluate", "photochrom", "--data", ""], "--data: "),
    ],
)
def test_an_empty_argument_is_not_the_current_folder(
    run: Any, put: Put, files: Any, arguments: list[str], named: str
) -> None:
    put("a.jpg")
    result = run(*arguments)
    assert result.exit_code == 2
    assert_one_line(result.stderr, f"{named}an argument is empty; give a name or a value")
    assert files() == ["a.jpg"]


def test_capabilities_are_laid_down(spawn: Any, tmp_path: Path) -> None:
    # Without this, the test above could pass as root for another reason.
    assert ctypes.sizeof(ctypes.c_uint32 * 6) == 24
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    probe = [sys.executable, "-c", MORTAL + "open('locked/x', 'w')"]
    ran = spawn(prefix=probe)
    assert b"PermissionError" in ran.stderr
    assert os.listdir(locked) == []

"""Files appear whole or not at all, and leave nothing behind."""

from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from photochrom.errors import PhotoError, UnreadableError, WriteError
from photochrom.files import STALE_SECONDS, atomic, make_folder, require_file, sweep, words_of, write_atomic


def test_writes_and_leaves_nothing_else(tmp_path):
    write_atomic(tmp_path / "a.png", b"data")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"data"


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOENT, "there is no such file or folder"), (errno.ENOSPC, "the disk is full")],
)
def test_the_systems_texts_are_not_shown(number, words):
    assert words_of(OSError(number, os.strerror(number), "a.jpg")) == words


def test_an_unknown_error_keeps_its_text():
    assert words_of(OSError(errno.EDOM, "outside the domain")) == "outside the domain"
    assert words_of(OSError("a library's own error")) == "a library's own error"


def test_mode_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomic(str(tmp_path / "a.png"), b"data")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640


def test_overwrites_only_when_asked(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(PhotoError, match=r"a\.png: already exists"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    write_atomic(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_dangling_link_is_something(tmp_path):
    (tmp_path / "a.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PhotoError, match="already exists"):
        write_atomic(tmp_path / "a.png", b"new")


def test_another_program_was_quicker(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    monkeypatch.setattr("os.fsync", lambda descriptor: path.write_bytes(b"theirs"))
    with pytest.raises(PhotoError, match="already exists"):
        write_atomic(path, b"ours")
    assert path.read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_disks_without_hard_links(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise OSError(errno.EPERM, "not supported")

    monkeypatch.setattr("os.link", refuse)
    write_atomic(tmp_path / "a.png", b"data")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "may not be written"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "could not be written"),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_the_system_refuses(tmp_path, monkeypatch, number, words, overwrite):
    path = tmp_path / "a.png"
    if overwrite:
        path.write_bytes(b"old")

    def fail(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(PhotoError, match=words) as caught:
        write_atomic(path, b"new", overwrite=overwrite)
    assert str(caught.value).startswith(f"{path}: ")
    assert [p.name for p in tmp_path.iterdir()] == (["a.png"] if overwrite else [])
    assert not overwrite or path.read_bytes() == b"old"


def test_interrupted(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "a.png", b"new")
    assert list(tmp_path.iterdir()) == []


def test_no_folder_and_a_folder(tmp_path):
    with pytest.raises(PhotoError, match="folder does not exist"):
        write_atomic(tmp_path / "lost" / "a.png", b"")
    with pytest.raises(PhotoError, match="is a folder"):
        write_atomic(tmp_path, b"", overwrite=True)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PhotoError, match="its folder is a file"):
        write_atomic(tmp_path / "file" / "a.png", b"")


def test_a_library_writes_the_file_itself(tmp_path):
    with atomic(tmp_path / "a.txt") as temporary:
        temporary.write_text("by path")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "by path"
    assert len(list(tmp_path.iterdir())) == 1


WRITER = """
import sys
from photochrom.files import atomic
with atomic(sys.argv[1]) as temporary:
    temporary.write_bytes(b"half")
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_sweeps_what_a_killed_process_left_and_nothing_else(tmp_path):
    target = tmp_path / "a.png"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        (left,) = tmp_path.iterdir()
        old = time.time() - 2 * STALE_SECONDS
        os.utime(left, (old, old))
        assert sweep(tmp_path) == []  # its writer lives and holds the lock
        process.kill()
    assert left.exists()
    os.utime(left)
    assert sweep(tmp_path) == []  # too young
    os.utime(left, (old, old))
    (tmp_path / "photo.part").write_bytes(b"somebody's")
    assert sweep(tmp_path) == [left]
    assert [p.name for p in tmp_path.iterdir()] == ["photo.part"]
    assert sweep(tmp_path / "nowhere") == []


def test_a_folder_is_made_or_the_reason_is_said(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match="file"):
        make_folder(tmp_path / "file")


def test_what_would_block_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        cases = {"pipe": "is a named pipe", "socket": "is a socket", "/dev/null": "is a device"}
        for name, words in cases.items():
            with pytest.raises(UnreadableError, match=f"{name}: {words}") as raised:
                require_file(Path(name))
            assert raised.value.code == "not_a_file"
    for passed in (tmp_path, tmp_path / "missing"):
        require_file(passed)

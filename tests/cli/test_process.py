"""The command as a process: Ctrl-C, the progress bar, start-up."""

from __future__ import annotations

import contextlib
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photochrom._version import __version__

Put = Callable[..., Path]
MANY = 2000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_whole_files_only(
    popen: Any, put: Put, tmp_path: Path, files: Any, number: signal.Signals
) -> None:
    first = put("in/0.jpg")
    for index in range(1, MANY):
        os.link(first, first.with_name(f"{index}.jpg"))
    process = popen("colorize", "in", "-o", "out")
    while len(list(tmp_path.glob("out/*.jpg"))) < 3:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    _, stderr = process.communicate()
    assert process.returncode == 130
    done = files("out")
    assert 3 <= len(done) < MANY
    assert b"Traceback" not in stderr
    assert f"photochrom: stopped with {len(done)} done, 0 skipped, 0 failed" in stderr.decode()
    for name in done:
        with Image.open(tmp_path / "out" / name) as picture:
            picture.load()
            assert (picture.format, picture.mode) == ("JPEG", "RGB")


def test_progress_bar_on_a_terminal(popen: Any, put: Put) -> None:
    for index in range(3):
        put(f"in/{index}.jpg")
    master, slave = pty.openpty()
    process = popen("colorize", "in", "-o", "out", stderr=slave)
    os.close(slave)
    shown = b""
    # Linux ends a terminal that nobody holds with an error, others with nothing.
    with contextlib.suppress(OSError):
        while chunk := os.read(master, 4096):
            shown += chunk
    os.close(master)
    stdout, _ = process.communicate()
    assert (process.returncode, stdout) == (0, b"")
    assert b"3/3" in shown
    assert b"3 done, 0 skipped, 0 failed" in shown


def test_module_and_version(spawn: Any) -> None:
    ran = spawn("--version")
    assert ran.returncode == 0
    assert ran.stdout.decode() == f"photochrom {__version__}\n"


@pytest.mark.parametrize("command", ["", "colorize", "watch", "info", "models"])
def test_help(run: Any, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage: photochrom" in result.stdout


def test_help_loads_nothing_heavy(spawn: Any) -> None:
    probe = (
        "import sys\n"
        "from photochrom.cli import app\n"
        "try:\n    app(['colorize', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'cv2', 'onnxruntime', 'PIL', 'numpy', 'torch', 'rich.progress'}\n"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    ran = spawn(prefix=[sys.executable, "-c", probe])
    assert ran.returncode == 0
    assert ran.stderr == b"\n"


def _limited(megabytes: int) -> Callable[[], None]:
    def limit() -> None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    return limit


def test_little_memory_and_one_core(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((4000, 3000)).save(tmp_path / "a.jpg")
    command = [sys.executable, "-m", "photochrom", "colorize", "a.jpg"]
    options: Any = {"cwd": tmp_path, "capture_output": True, "text": True}
    done = subprocess.run(command, check=False, preexec_fn=_limited(600), **options)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    with Image.open(tmp_path / "a.color.jpg") as picture:
        assert picture.size == (4000, 3000)
    done = subprocess.run(command, check=False, preexec_fn=_limited(300), **options)
    assert (done.returncode, done.stderr) == (
        1,
        "photochrom: needs 500 MB of memory; allow more (ulimit -v)\n",
    )


def test_without_stdin(tmp_path: Path) -> None:
    command = f"{sys.executable} -m photochrom colorize - <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "photochrom: -: there is no standard input; send the photo through a pipe\n"


def test_a_reader_that_leaves(put: Put, tmp_path: Path) -> None:
    put("a.jpg")
    command = f"{sys.executable} -m photochrom info {'a.jpg ' * 2000}| head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.startswith("a.jpg: JPEG")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("before", "code", "expected"),
    [
        ("", "0", (0, b"said cleaned")),
        ("", "'words'", (1, b"said cleaned")),
        ("process.complete()", "None", (0, b"said ")),
        ("process.complete()", "1", (1, b"said ")),
        ("", "130", (130, b"said ")),
    ],
)
def test_complete_work_ends_without_cleaning(before: str, code: str, expected: tuple[int, bytes]) -> None:
    program = (
        "import atexit; from photochrom.cli import process\n"
        "atexit.register(print, 'cleaned', end='')\n"
        f"print('said', end=' ')\n{before}\nprocess.end({code})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == expected


@pytest.mark.parametrize(
    "command", ["info a.jpg", "man", "colorize - < a.jpg", "colorize a.jpg -o out/ --json"]
)
def test_closed_stdout_is_one_sentence(put: Put, tmp_path: Path, command: str) -> None:
    put("a.jpg")
    line = f"{sys.executable} -m photochrom {command} >&-"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "there is no standard output" in done.stderr.splitlines()[-1]


def test_closed_stderr_leaves_stdout_alone(put: Put, tmp_path: Path, files: Any) -> None:
    # A JPEG without its end marker has a note, which must not be written into the picture.
    whole = put("a.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(whole[:-2])
    line = f"{sys.executable} -m photochrom colorize - < b.jpg 2>&-"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith(b"\xff\xd8\xff")
    line = f"{sys.executable} -m photochrom colorize a.jpg b.jpg -o out/ 2>&-"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout, files("out")) == (0, b"", ["a.jpg", "b.jpg"])


def test_a_closed_pipe_is_reported_at_the_end() -> None:
    program = "from photochrom.cli import process; print('said'); process.complete(); process.end(0)"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.returncode != 0
    assert b"BrokenPipeError" in done.stderr


def test_a_photo_needs_few_modules(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "a.jpg")
    program = (
        "import sys; from photochrom.cli import main, process\n"
        f"sys.argv[1:] = ['colorize', {str(tmp_path / 'a.jpg')!r}]\n"
        "process.end = lambda code: print(code, *sys.modules)\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, *loaded = done.stdout.split()
    assert code == "0"
    needless = {"asyncio", "email", "html", "http", "importlib.resources", "numpy.ma", "rich", "secrets"}
    needless |= {"tempfile", "tifffile", "array_api_compat", "photochrom.engine.evidence", "torch"}
    assert not needless & set(loaded)

"""``photochrom serve`` as a process: its words, its settings, its end, and a second one on the port."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

# The interrupt of a shell is SIGINT; a process of a test may have been started with that ignored.
COMMAND = [
    sys.executable,
    "-W",
    "error",
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from photochrom.cli import main\n"
    "main()",
    "serve",
]


def environment(folder: Path, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOCHROM_")}
    path = os.pathsep.join(map(os.path.abspath, sys.path))
    return {**kept, "PYTHONPATH": path, "TMPDIR": str(folder), **variables}


class Served:
    """The command as a process, once its page answers."""

    def __init__(self, folder: Path, *arguments: object, **variables: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", *map(str, arguments)],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(folder, **variables),
        )
        assert self.process.stderr is not None
        self.said: list[str] = []
        while not self.said or "Ctrl-C" not in self.said[-1]:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said.append(line.rstrip("\n"))
        self.url = self.said[-1].split()[0]
        self.http = httpx.Client(base_url=self.url, timeout=60)

    @property
    def folders(self) -> list[Path]:
        """Where its photos lie."""
        return list(self.folder.glob("photochrom-studio-*"))

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Stop it, and give its status and last words."""
        self.http.close()
        self.process.send_signal(number)
        stdout, stderr = self.process.communicate(timeout=60)
        assert stdout == ""
        return self.process.returncode, stderr


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(*arguments: object, **variables: str) -> Served:
        running.append(Served(tmp_path, *arguments, **variables))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


def run(folder: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_from_the_first_word_to_the_last(
    serve: Any, grey: bytes, tmp_path: Path, number: signal.Signals
) -> None:
    served = serve()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/ has the page; Ctrl-C stops", served.said[-1])
    assert "photos are gone 60 minutes after they are done" in served.said[0]
    files = [("file", ("wedding.jpg", grey)), ("file", ("secret.txt", b"?"))]
    job = served.http.post("/api/jobs", files=files).json()
    with served.http.stream("GET", f"/api/jobs/{job['id']}/events") as answer:
        assert "event: end" in answer.read().decode()
    assert len(served.folders) == 1
    code, words = served.end(number)
    assert code == 0
    assert words == "stopped with 1 done, 1 failed, 0 unfinished; no photo is left\n"
    assert served.folders == []
    assert not any("wedding" in line or "secret" in line for line in served.said)


def test_stopping_in_the_middle(serve: Any, make_photo: Any, until: Callable[..., Any]) -> None:
    served = serve("--jobs", 1, PHOTOCHROM_GRACE_SECONDS="0.1")
    photo = make_photo(2400, 1800, "PNG")
    job = served.http.post("/api/jobs", files=[("file", (f"{n}.png", photo)) for n in range(12)]).json()
    with served.http.stream("GET", f"/api/jobs/{job['id']}/events") as answer:
        lines = answer.iter_lines()
        while '"running"' not in next(lines):
            pass
        served.process.send_signal(signal.SIGINT)
        rest = list(lines)
    # The stream breaks off without an end: the page knows that its photos are not done.
    assert "event: end" not in rest
    code, words = served.end()
    assert code == 0
    found = re.fullmatch(r"stopped with (\d+) done, 0 failed, (\d+) unfinished; no photo is left\n", words)
    assert found is not None, words
    assert int(found[2]) > 0
    assert int(found[1]) + int(found[2]) == 12
    assert served.folders == []


def test_settings_of_the_environment_and_of_the_command_line(serve: Any, grey: bytes) -> None:
    served = serve(
        "--max-bytes",
        2000,
        PHOTOCHROM_TOKEN="über secret",
        PHOTOCHROM_MAX_BYTES="100000",
        PHOTOCHROM_QUEUE="5",
    )
    assert served.http.get("/healthz").json() == {"status": "ok"}
    for given in ({}, {"Authorization": "Bearer secret"}, {"Authorization": "Basic über secret".encode()}):
        answer = served.http.get("/api/models", headers=given)
        assert (answer.status_code, list(answer.json())) == (401, ["detail"])
    served.http.headers = {"Authorization": "Bearer über secret".encode()}
    assert served.http.get("/api/models").status_code == 200
    answer = served.http.post("/api/colorize", files={"file": ("a.jpg", grey * 10)})
    assert answer.status_code == 413
    assert "2,000 bytes" in answer.json()["detail"]
    assert served.end()[0] == 0


def test_open_to_others_without_a_token_is_worth_a_line(serve: Any) -> None:
    served = serve("--host", "0.0.0.0")
    assert served.said[0].startswith("whoever reaches this machine can use it; PHOTOCHROM_TOKEN")
    assert served.end()[0] == 0
    served = serve("--host", "0.0.0.0", PHOTOCHROM_TOKEN="secret")
    assert not any("whoever" in line for line in served.said)
    assert served.end()[0] == 0


def test_a_second_server_on_the_port(serve: Any, tmp_path: Path) -> None:
    served = serve()
    port = re.findall(r":(\d+)/", served.url)[0]
    second = run(tmp_path, "--port", port)
    assert second.returncode == 1
    words = f"photochrom: 127.0.0.1:{port}: cannot listen there (Address already in use); give another"
    assert second.stderr.startswith(words)
    assert second.stderr.count("\n") == 1
    assert served.http.get("/healthz").status_code == 200
    assert served.end()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "words"),
    [
        (["--model", "nonesuch"], {}, 1, "photochrom: nonesuch: no model of that name"),
        (["--host", "192.0.2.1"], {}, 1, "photochrom: 192.0.2.1:0: cannot listen there"),
        (["--keep-minutes", "0"], {}, 2, "photochrom: PHOTOCHROM_KEEP_MINUTES: should be greater than 0"),
        ([], {"PHOTOCHROM_QUEUE": "many"}, 2, "photochrom: PHOTOCHROM_QUEUE: should be a valid integer"),
        ([], {"PHOTOCHROM_TOKEN": ""}, 2, "photochrom: PHOTOCHROM_TOKEN: is empty; give a token"),
        (["--host", "no such host"], {}, 1, "photochrom: no such host:0: cannot listen there (Name or"),
    ],
)
def test_what_cannot_be_meant(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], code: int, words: str
) -> None:
    ran = run(tmp_path, "--port", "0", *arguments, **variables)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert ran.stderr.startswith(words)
    assert ran.stderr.count("\n") == 1
    assert list(tmp_path.glob("photochrom-studio-*")) == []


def test_without_the_extra_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden" / "pydantic_settings.py"
    hidden.parent.mkdir()
    hidden.write_text("raise ModuleNotFoundError('gone', name='pydantic_settings')")
    variables = environment(tmp_path)
    variables["PYTHONPATH"] = f"{hidden.parent}{os.pathsep}{variables['PYTHONPATH']}"
    ran = subprocess.run(COMMAND, env=variables, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr == (
        'photochrom: the studio needs pydantic_settings; install it with: pip install "photochrom[studio]"\n'
    )


def test_a_connection_that_says_nothing_does_not_keep_it(serve: Any) -> None:
    served = serve()
    port = int(re.findall(r":(\d+)/", served.url)[0])
    with socket.create_connection(("127.0.0.1", port)):
        assert served.end()[0] == 0

"""``photochrom serve`` as a process: its words, its settings, its end, and a second one on the port."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def serve(commands: Any) -> Callable[..., Any]:
    """Starts the studio on a free port."""
    return lambda *arguments, **variables: commands.serve("serve", *arguments, **variables)


@pytest.fixture
def folders(tmp_path: Path) -> Callable[[], list[Path]]:
    """Lists where the studios of the test keep photos."""
    return lambda: list(tmp_path.glob("photochrom-studio-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_from_the_first_word_to_the_last(
    serve: Any, folders: Any, grey: bytes, number: signal.Signals
) -> None:
    served = serve()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/ has the page; Ctrl-C stops", served.said[-1])
    assert "photos are deleted 60 minutes after they are done" in served.said[0]
    files = [("file", ("wedding.jpg", grey)), ("file", ("secret.txt", b"?"))]
    job = served.http.post("/api/jobs", files=files).json()
    with served.http.stream("GET", f"/api/jobs/{job['id']}/events") as answer:
        assert "event: end" in answer.read().decode()
    assert len(folders()) == 1
    code, words = served.end(number)
    assert code == 0
    assert words == "stopped with 1 done, 1 failed, 0 unfinished; all photos are deleted\n"
    assert folders() == []
    assert not any("wedding" in line or "secret" in line for line in served.said)


def test_stopping_in_the_middle(serve: Any, folders: Any, make_photo: Any) -> None:
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
    found = re.fullmatch(
        r"stopped with (\d+) done, 0 failed, (\d+) unfinished; all photos are deleted\n", words
    )
    assert found is not None, words
    assert int(found[2]) > 0
    assert int(found[1]) + int(found[2]) == 12
    assert folders() == []


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
    assert served.said[0].startswith(
        "anyone who can reach this machine can use the studio; set PHOTOCHROM_TOKEN"
    )
    assert served.end()[0] == 0
    served = serve("--host", "0.0.0.0", PHOTOCHROM_TOKEN="secret")
    assert not any("whoever" in line for line in served.said)
    assert served.end()[0] == 0


def test_a_second_server_on_the_port(serve: Any, commands: Any) -> None:
    served = serve()
    port = re.findall(r":(\d+)/", served.url)[0]
    second = commands.run("serve", "--port", port)
    assert second.returncode == 1
    words = f"photochrom: 127.0.0.1:{port}: cannot listen there (another program uses it); give another"
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
    commands: Any, folders: Any, arguments: list[str], variables: dict[str, str], code: int, words: str
) -> None:
    ran = commands.run("serve", "--port", "0", *arguments, **variables)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert ran.stderr.startswith(words)
    assert ran.stderr.count("\n") == 1
    assert folders() == []


def test_without_the_extra_a_sentence_says_what_to_install(commands: Any, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden" / "pydantic_settings.py"
    hidden.parent.mkdir()
    hidden.write_text("raise ModuleNotFoundError('gone', name='pydantic_settings')")
    path = f"{hidden.parent}{os.pathsep}{commands.environment()['PYTHONPATH']}"
    ran = commands.run("serve", PYTHONPATH=path)
    assert ran.returncode == 1
    assert ran.stderr == (
        'photochrom: the studio needs pydantic_settings; install it with: pip install ".[studio]"'
        " in the folder of Photochrom's source\n"
    )


def test_a_connection_that_says_nothing_does_not_keep_it(serve: Any) -> None:
    served = serve()
    port = int(re.findall(r":(\d+)/", served.url)[0])
    with socket.create_connection(("127.0.0.1", port)):
        assert served.end()[0] == 0

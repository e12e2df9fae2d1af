"""``photochrom turing``: how a study begins and goes on. Its page and its figures are tested with the bench."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Put = Callable[..., Path]


@pytest.fixture
def port() -> Iterator[int]:
    """A port that is taken: a study is prepared, and its server ends at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.fixture
def serve(run: Any, put: Put, port: int) -> Callable[..., Any]:
    """Serves a study of twelve photos on a port that is taken."""
    for number in range(12):
        with Image.open(put(f"truth/{number}.png", colour=True)) as true:
            turned = true.rotate(180)
        path = put(f"alpha/{number}.png", colour=True)
        turned.save(path)
    return lambda *arguments: run("turing", "serve", "--port", port, "--study", "s.sqlite", *arguments)


NEW = ("--truth", "truth", "--model", "alpha=alpha", "--trials", "6", "--practice", "2")


def test_a_study_is_prepared_and_reported_without_answers(
    serve: Callable[..., Any], run: Any, port: int, tmp_path: Path
) -> None:
    result = serve(*NEW)
    assert result.exit_code == 1
    first, *_, last = result.stderr.splitlines()
    assert first == "preparing 12 photos"
    assert last.startswith(f"photochrom: 127.0.0.1:{port}: cannot listen there (")
    assert (tmp_path / "s.sqlite").is_file()
    told = json.loads(run("turing", "report", "s.sqlite", "--json").stdout)
    assert (told["photos"], told["counted"]) == (12, 0)
    assert (told["settings"]["trials"], told["settings"]["practice"]) == (6, 2)
    assert [each["model"] for each in told["models"]] == ["alpha"]
    assert run("turing", "report", "s.sqlite").stdout.startswith("s.sqlite: 12 photos; ")


def test_a_study_goes_on_only_with_what_it_began_with(serve: Callable[..., Any]) -> None:
    serve(*NEW)
    # The second time nothing is prepared, so that the port is all there is to say.
    assert serve(*NEW).stderr.count("\n") == 1
    other = serve("--trials", "7")
    assert (other.exit_code, other.stderr) == (
        2,
        "photochrom: s.sqlite: began with --trials 6; leave it out, or give another --study\n",
    )
    other = serve("--model", "beta=alpha")
    assert (other.exit_code, "s.sqlite: is a study of alpha;" in other.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "s.sqlite: begins with --truth FOLDER"),
        (("--truth", "truth"), "s.sqlite: begins with --model NAME=FOLDER or --colorize MODEL"),
        (("--truth", "truth", "--model", "alpha"), "--model alpha: give NAME=FOLDER"),
        (("--truth", "truth", "--model", "a=alpha", "--model", "a=truth"), "there is a model a already"),
    ],
)
def test_a_study_that_cannot_begin_is_one_line(
    serve: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    result = serve(*arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert words in result.stderr
    assert not (tmp_path / "s.sqlite").exists()

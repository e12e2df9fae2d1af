"""``photochrom turing`` as it is typed."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from photochrom.bench.turing.store import Study
from photochrom.bench.turing.trials import Settings
from photochrom.cli import turing


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(turing.app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def start(commands: Any) -> Callable[..., Any]:
    """Starts the command as a process, on a free port."""
    return lambda *arguments: commands.serve("turing", "serve", *arguments)


def post(served: Any, path: str, **values: Any) -> dict[str, Any]:
    answer = served.http.post(path, json=values)
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


def test_serve_stop_go_on_and_report(start: Any, folders: Path, tmp_path: Path) -> None:
    study = tmp_path / "study.sqlite"
    models = ["--model", f"one={folders / 'alpha'}", "--model", f"two={folders / 'beta'}"]
    first = start("--truth", folders / "truth", *models, "--study", study, "--trials", 6)
    assert first.said[:3] == [
        "preparing 20 photos",
        f"{study}: 20 photos, models one, two; 0 participants, 0 finished, 0 answers",
        "each participant sees 5 pairs for practice, then 6 and 1 attention check",
    ]
    state = post(first, "api/begin")
    body = {"pair": state["pair"]["token"], "side": "left", "shown": [1000, 1000], "thought": 400}
    after = post(first, "api/answer", **body)
    cookies = first.http.cookies
    assert first.end() == (
        0,
        f"stopped with 1 participant, 0 finished, 1 answer in {study}; see: photochrom turing report {study}\n",
    )
    # Reading is possible while it is served again, without the folders.
    second = start("--study", study)
    second.http.cookies = cookies
    state = post(second, "api/begin")
    assert state["pair"] == after["pair"]
    printed = run("report", study)
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert "study.sqlite: 20 photos; 1 participant, 0 finished, 1 answer" in printed.stdout
    found = json.loads(run("report", study, "--json").stdout)
    assert [each["model"] for each in found["models"]] == ["one", "two"]
    assert found["models"][0]["rate"] == {
        "value": None,
        "low": None,
        "high": None,
        "why": "no answers that count yet",
    }
    assert second.end()[0] == 0


def test_mismatches_are_listed_and_the_rest_is_served(start: Any, folders: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    for number in range(1, 9):
        os.link(folders / "alpha" / f"p{number:02}.png", mine / f"p{number:02}.png")
    Image.new("RGB", (50, 50), "red").save(mine / "p09.png")
    Image.new("RGB", (96, 64), "red").save(mine / "stranger.png")
    served = start("--truth", folders / "truth", "--model", f"m={mine}", "--study", tmp_path / "s.sqlite")
    said = [line.removeprefix("photochrom: ") for line in served.said]
    assert f"{folders}/truth/p00.jpg: m has no picture of it; left out" in said
    assert sum("has no picture" in line for line in said) == 11
    assert f"{mine}/stranger.png: there is no true photo of that name; left out" in said
    assert f"{folders}/truth/p09.jpg: m's picture is 50 x 50 pixels, the photo 96 x 64; left out" in said
    assert "that is fewer than 40 pairs: nobody sees a photo twice" in said
    assert any(": 8 photos, models m; " in line for line in said)
    assert served.end()[0] == 0


def test_colorize_makes_the_pictures(start: Any, folders: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for number in range(4):
        os.link(folders / "truth" / f"p{number:02}.jpg", few / f"p{number:02}.jpg")
    study = tmp_path / "s.sqlite"
    served = start("--truth", few, "--colorize", "photochrom", "--study", study)
    assert served.end()[0] == 0
    opened = Study(study)
    assert (opened.models, len(opened.photos)) == (["photochrom"], 4)
    opened.close()


def test_what_cannot_be_meant(folders: Path, tmp_path: Path) -> None:
    study, truth, alpha = tmp_path / "s.sqlite", folders / "truth", f"a={folders / 'alpha'}"
    new = ["--study", study, "--truth", truth]
    three = tmp_path / "three"
    three.mkdir()
    for number in range(3):
        os.link(folders / "alpha" / f"p{number:02}.png", three / f"p{number:02}.png")
    cases = {
        ("--study", study): "begins with --truth FOLDER",
        (*new,): "begins with --model NAME=FOLDER or --colorize MODEL",
        (*new, "--model", "alpha"): "--model alpha: give NAME=FOLDER",
        (*new, "--model", alpha, "--model", alpha): "there is a model a already",
        (*new, "--model", "a=nowhere"): "nowhere: no such folder",
        (*new, "--model", f"a={three}"): "at least 4 photos; there are 3",
        (*new, "--model", alpha, "--seconds", "0"): "seconds must be between",
        (*new, "--colorize", "nonesuch"): "nonesuch: no model of that name",
        (
            "--study",
            tmp_path / "no" / "s.sqlite",
            "--truth",
            truth,
            "--model",
            alpha,
        ): "its folder does not exist",
        ("--study", truth / "p00.jpg"): "is not a study",
        ("--study", tmp_path): "",
    }
    for arguments, words in cases.items():
        result = run("serve", *arguments)
        assert result.exit_code in (1, 2), arguments
        last = result.stderr.splitlines()[-1]
        assert last.startswith("photochrom: ")
        assert words in last
    assert not study.exists()
    assert (run("report", study).exit_code, study.exists()) == (2, False)


def test_a_study_keeps_what_it_began_with(tmp_path: Path, views: Any, folders: Path) -> None:
    study = tmp_path / "s.sqlite"
    Study.create(study, ["alpha", "beta"], views, Settings(trials=7)).close()
    before = study.read_bytes()
    other = run("serve", "--study", study, "--trials", 8)
    assert f"{study}: began with --trials 7; leave it out, or give another --study" in other.stderr
    missing = run("serve", "--study", study, "--truth", folders / "truth", "--model", f"gamma={folders}")
    assert "is a study of alpha, beta; leave --model and --colorize out" in missing.stderr
    assert {other.exit_code, missing.exit_code} == {2}
    assert study.read_bytes() == before


def test_a_port_that_is_taken(start: Any, tmp_path: Path, views: Any) -> None:
    study = tmp_path / "s.sqlite"
    Study.create(study, ["alpha", "beta"], views, Settings()).close()
    served = start("--study", study)
    port = re.findall(r":(\d+)/", served.url)[0]
    result = run("serve", "--study", study, "--port", port)
    assert result.exit_code == 1
    assert f"127.0.0.1:{port}: cannot listen there" in result.stderr
    assert served.end()[0] == 0


def test_the_page_says_which_extra_it_needs_before_any_photo_is_prepared(
    tmp_path: Path, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "photochrom.bench.turing.app", raising=False)
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    alpha = f"a={folders / 'alpha'}"
    study = tmp_path / "s.sqlite"
    result = run("serve", "--study", study, "--truth", folders / "truth", "--model", alpha)
    assert (result.exit_code, result.stderr) == (
        1,
        'photochrom: the page of a study needs starlette; install it with: pip install ".[studio]"'
        " in the folder of Photochrom's source\n",
    )
    assert not study.exists()

"""``photochrom telegram`` as it is typed, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from photochrom.cli import app

# Python with warnings as errors.
COMMAND = [sys.executable, "-W", "error", "-m", "photochrom", "telegram"]
Launch = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def launch(telegram: Any) -> Iterator[Launch]:
    """Starts the command against the stand-in."""
    started = []

    def run(*options: str, **environment: str) -> subprocess.Popen[str]:
        settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API": telegram.url, **environment}
        paths = os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))
        process = subprocess.Popen(
            [*COMMAND, *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths, **settings},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(telegram: Any) -> Callable[..., Result]:
    """Runs the command in this process, where it has to end by itself."""

    def invoke(*options: str, **environment: str) -> Result:
        settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API": telegram.url, **environment}
        result = CliRunner().invoke(app, ["telegram", *options], env=settings)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def end(process: subprocess.Popen[str], telegram: Any) -> str:
    """All that the command has said, which never has the token."""
    stdout, stderr = process.communicate(timeout=90)
    assert stdout == ""
    assert telegram.token.partition(":")[2] not in stderr
    assert "Traceback" not in stderr
    return stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_after_the_photo_in_work(
    launch: Launch, telegram: Any, pictures: Any, number: signal.Signals
) -> None:
    telegram.hand_out.clear()
    process = launch("--jobs", "1")
    telegram.photo(pictures.jpeg())
    for _ in range(2):
        telegram.document(pictures.jpeg(), "late.jpg")
    telegram.until(lambda: telegram.fetched and telegram.offset == 4, "the first photo in work")
    process.send_signal(number)
    (farewell,) = telegram.wait("sendMessage")
    telegram.hand_out.set()
    said = end(process, telegram)
    assert process.returncode == 0
    assert "@colours_bot colours the photos that it is sent; Ctrl-C stops\n" in said
    assert said.endswith("stopped with 1 done, 0 skipped, 0 failed\n")
    assert len(telegram.of("sendMediaGroup")) == 1
    assert telegram.of("sendDocument") == []
    assert farewell.text == (
        "I am being switched off, and 2 photos of yours had to be left. Send them again later, please."
    )
    assert "late" not in said


def test_a_second_interrupt_ends_it_at_once(launch: Launch, telegram: Any, pictures: Any) -> None:
    telegram.hand_out.clear()
    process = launch()
    telegram.photo(pictures.jpeg())
    telegram.until(lambda: bool(telegram.fetched), "the first photo in work")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = ""
    while "stops now" not in said:
        said = process.stderr.readline()
        assert said
    process.send_signal(signal.SIGINT)
    last = "photochrom: stopped with 0 done, 0 skipped, 0 failed, 1 unfinished\n"
    assert end(process, telegram) == last
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("options", "environment", "code", "words"),
    [
        ([], {"TELEGRAM_TOKEN": ""}, 2, "photochrom: TELEGRAM_TOKEN: is not set; @BotFather"),
        ([], {"TELEGRAM_TOKEN": "1:no"}, 2, "photochrom: TELEGRAM_TOKEN: is not the token of a bot"),
        (
            [],
            {"TELEGRAM_TOKEN": "9:" + "wrong" * 7},
            1,
            "photochrom: TELEGRAM_TOKEN: Telegram does not know this token",
        ),
        ([], {"TELEGRAM_API": "somewhere"}, 2, "photochrom: TELEGRAM_API: give an address"),
        ([], {"TELEGRAM_API": "http://127.0.0.1:9"}, 1, "photochrom: Telegram does not answer ("),
        (["--quality", "poor"], {}, 2, "photochrom: quality must be one of"),
        (["--model", "nothing"], {}, 1, "photochrom: nothing: no model of that name"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    run: Any, telegram: Any, options: list[str], environment: dict[str, str], code: int, words: str
) -> None:
    result = run(*options, **environment)
    assert result.stderr.startswith(words)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert result.exit_code == code
    for token in (telegram.token.partition(":")[2], environment.get("TELEGRAM_TOKEN")):
        assert not token or token not in result.stderr


def test_a_second_program_with_the_token_is_said(run: Any, telegram: Any) -> None:
    telegram.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
    result = run()
    assert "photochrom: TELEGRAM_TOKEN: another program or a webhook uses this token" in result.stderr
    assert result.exit_code == 1


def test_without_the_extra_it_says_what_to_install(telegram: Any) -> None:
    probe = "import sys; sys.modules['aiogram'] = None; from photochrom.cli import main; main()"
    paths = os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))
    ran = subprocess.run(
        [sys.executable, "-c", probe, "telegram"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "TELEGRAM_TOKEN": telegram.token},
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr == (
        'photochrom: the bot needs aiogram; install it with: pip install ".[bot]"'
        " in the folder of Photochrom's source\n"
    )


def test_a_photo_that_takes_too_long_does_not_keep_it(telegram: Any, start: Any, pictures: Any) -> None:
    telegram.hand_out.clear()
    with start(grace_seconds=0.1) as bot:
        telegram.photo(pictures.jpeg())
        telegram.until(lambda: bool(telegram.fetched), "the first photo in work")
    assert bot.service.counts.left == 1
    assert telegram.of("sendMediaGroup") == []


def test_what_was_taken_is_not_handed_out_again(telegram: Any, start: Any) -> None:
    with start():
        telegram.send(text="/help")
        telegram.wait("sendMessage")
    assert telegram.offset == 2
    with start():
        telegram.send(text="/start")
        telegram.wait("sendMessage", 2)
    assert [call.answers for call in telegram.of("sendMessage")] == [1, 2]

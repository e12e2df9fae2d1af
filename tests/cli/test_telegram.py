"""``photochrom telegram``: what is said before it connects. The running bot is tested with the bot."""

from __future__ import annotations

from typing import Any

import pytest

TOKEN = "123456:" + "secret" * 6


@pytest.mark.parametrize(
    ("options", "environment", "words"),
    [
        ([], {"TELEGRAM_TOKEN": None}, "TELEGRAM_TOKEN: is not set; @BotFather on Telegram gives the token"),
        ([], {"TELEGRAM_TOKEN": "  "}, "TELEGRAM_TOKEN: is not set"),
        ([], {"TELEGRAM_TOKEN": "123456"}, "TELEGRAM_TOKEN: is not the token of a bot"),
        ([], {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API": "somewhere"}, "TELEGRAM_API: give an address"),
        (["--quality", "poor"], {"TELEGRAM_TOKEN": TOKEN}, "quality must be one of"),
    ],
)
def test_wrong_usage_is_one_line_without_the_token(
    run: Any, options: list[str], environment: dict[str, str | None], words: str
) -> None:
    result = run("telegram", *options, env={"TELEGRAM_API": None, **environment})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"photochrom: {words}")
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr


def test_a_limit_of_no_pixels_is_refused_by_name(run: Any) -> None:
    result = run("telegram", "--max-pixels", 0, env={"TELEGRAM_TOKEN": TOKEN})
    assert result.exit_code == 2
    assert "'--max-pixels'" in result.stderr

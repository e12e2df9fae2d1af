"""Long polling: lost connections, messages that cannot be read, and errors that end it."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.exceptions import (
    TelegramConflictError,
    TelegramNetworkError,
    TelegramUnauthorizedError,
)


def test_a_lost_connection_is_said_once_and_comes_back(telegram: Any, start: Any, pictures: Any) -> None:
    for _ in range(2):
        telegram.fail("getUpdates", 502, "Bad Gateway")
    with start() as bot:
        telegram.photo(pictures.jpeg())
        telegram.wait("sendMediaGroup")
    lost = "photochrom: Telegram does not answer; still trying"
    assert bot.said[1:3] == [lost, "Telegram answers again"]
    assert bot.said.count(lost) == 1


def test_a_message_that_cannot_be_read_does_not_stop_the_others(
    telegram: Any, start: Any, pictures: Any
) -> None:
    telegram.send(text="hello")
    telegram.updates[0]["message"]["chat"] = "not a chat"
    with start() as bot:
        telegram.until(lambda: len(bot.said) > 1, "a complaint")
        telegram.photo(pictures.jpeg())
        telegram.wait("sendMediaGroup")
    assert "could not be read" in bot.said[1]
    assert "not a chat" not in " ".join(bot.said)


@pytest.mark.parametrize(("code", "error"), [(401, TelegramUnauthorizedError), (409, TelegramConflictError)])
def test_a_bot_that_is_not_wanted_ends(telegram: Any, start: Any, code: int, error: type[Exception]) -> None:
    telegram.fail("getUpdates", code, "no")
    with pytest.raises(error), start() as bot:
        bot.wait()


def test_no_telegram_at_the_start_is_an_error(telegram: Any, start: Any) -> None:
    telegram.url = "http://127.0.0.1:9"
    with pytest.raises(TelegramNetworkError), start() as bot:
        bot.wait()

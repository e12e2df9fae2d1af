"""The connection to Telegram: flood control, limits, and a token that is never shown."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramRetryAfter,
    TelegramServerError,
)

from photochrom.bot.api import (
    FloodControl,
    TooLarge,
    be_discreet,
    connect,
    fetch,
    hide_token,
)


class Clock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()
        self.flood = FloodControl(self.sleep, lambda: self.now)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def ask(telegram: Any, question: Any, clock: Clock | None = None) -> Any:
    """What `question` (a coroutine function of a bot) comes to."""

    async def run() -> Any:
        bot = connect(telegram.token, telegram.url, flood=(clock or Clock()).flood)
        try:
            return await question(bot)
        finally:
            await bot.session.close()

    return asyncio.run(run())


def test_flood_control_waits_as_long_as_telegram_says(telegram: Any) -> None:
    clock = Clock()
    telegram.fail("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
    telegram.fail("sendMessage", 429, "Too Many Requests: retry after 11", retry_after=11)

    async def talk(bot: Bot) -> None:
        await bot.send_message(1, "one")
        await bot.send_message(1, "two")

    ask(telegram, talk, clock)
    assert [call.text for call in telegram.of("sendMessage")] == ["one", "two"]
    assert clock.slept == [7, 11]


def test_one_chats_wait_is_not_anothers(telegram: Any) -> None:
    clock = Clock()
    telegram.fail("sendMessage", 429, "Too Many Requests", chat=1, retry_after=7)

    async def talk(bot: Bot) -> list[float]:
        first = asyncio.create_task(bot.send_message(1, "waits"))
        await asyncio.sleep(0)
        await bot.send_message(2, "goes")
        before = list(clock.slept)
        await first
        return before

    ask(telegram, talk, clock)
    assert clock.slept == [7]
    assert [call.text for call in telegram.of("sendMessage", 1)] == ["waits"]
    assert [call.text for call in telegram.of("sendMessage", 2)] == ["goes"]


def test_a_wait_of_hours_is_an_error(telegram: Any) -> None:
    clock = Clock()
    telegram.fail("sendMessage", 429, "Too Many Requests", retry_after=4000)
    with pytest.raises(TelegramRetryAfter):
        ask(telegram, lambda bot: bot.send_message(1, "hello"), clock)
    assert clock.slept == []


def test_a_sign_of_work_is_not_worth_a_wait(telegram: Any) -> None:
    clock = Clock()
    telegram.fail("sendChatAction", 429, "Too Many Requests", retry_after=7)
    with pytest.raises(TelegramRetryAfter):
        ask(telegram, lambda bot: bot.send_chat_action(1, "upload_photo"), clock)
    assert clock.slept == []


def test_a_server_in_trouble_is_asked_three_times(telegram: Any) -> None:
    clock = Clock()
    for _ in range(2):
        telegram.fail("sendMessage", 502, "Bad Gateway")
    ask(telegram, lambda bot: bot.send_message(1, "hello"), clock)
    assert clock.slept == [2, 4]
    for _ in range(3):
        telegram.fail("sendMessage", 502, "Bad Gateway")
    with pytest.raises(TelegramServerError):
        ask(telegram, lambda bot: bot.send_message(1, "hello"), clock)
    assert len(telegram.of("sendMessage")) == 1


def test_fetching_is_bounded_whatever_telegram_said(telegram: Any) -> None:
    small, large = telegram.file(bytes(1000)), telegram.file(bytes(1001))
    assert ask(telegram, lambda bot: fetch(bot, small["file_id"], 1000)) == bytes(1000)
    with pytest.raises(TooLarge):
        ask(telegram, lambda bot: fetch(bot, large["file_id"], 1000))


def test_fetching_tries_three_times_and_does_not_name_the_address(telegram: Any) -> None:
    held = telegram.file(b"data")["file_id"]
    for code in (500, 404):
        telegram.fail("file", code, "")
    assert ask(telegram, lambda bot: fetch(bot, held)) == b"data"
    for code in (500, 404, 502):
        telegram.fail("file", code, "")
    with pytest.raises(ConnectionError) as caught:
        ask(telegram, lambda bot: fetch(bot, held))
    assert telegram.token not in str(caught.value)


@pytest.mark.parametrize(
    "token", ["", "hello", "1234", "1234:short", "x:" + "a" * 35, "12:" + "a" * 34 + "/"]
)
def test_a_token_that_is_none_is_refused_unspoken(token: str) -> None:
    with pytest.raises(ValueError, match="TELEGRAM_TOKEN: is not the token of a bot") as caught:
        connect(token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "server", ["localhost:8081", "ftp://a", "http://", "http://a/{token}", "http://me@a"]
)
def test_an_address_that_is_none_is_refused(telegram: Any, server: str) -> None:
    with pytest.raises(ValueError, match="TELEGRAM_API: give an address"):
        connect(telegram.token, server)


def test_no_spelling_of_the_token_is_shown(telegram: Any) -> None:
    number, secret = telegram.token.split(":")
    text = f"{telegram.token} {number}%3A{secret} bot{number}%3a{secret} {secret} {number}"
    assert hide_token(text, telegram.token) == f"[token] [token] bot[token] [token] {number}"


def test_what_libraries_log_has_no_token(telegram: Any, capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("aiohttp.client")
    with be_discreet(telegram.token):
        try:
            raise RuntimeError(f"cannot reach http://example/bot{telegram.token}/getMe")
        except RuntimeError:
            logger.exception("failed at bot%s", telegram.token)
    shown = capsys.readouterr().err
    assert "failed at bot[token]" in shown
    assert "RuntimeError: cannot reach http://example/bot[token]/getMe" in shown
    assert telegram.token.partition(":")[2] not in shown


def test_a_photo_that_telegram_does_not_hand_over(telegram: Any, start: Any, pictures: Any) -> None:
    telegram.fail("getFile", 400, "Bad Request: wrong file_id")
    with start() as bot:
        telegram.photo(pictures.jpeg())
        (call,) = telegram.wait("sendMessage")
    assert call.text == "photo.jpg: Telegram did not hand it over. Send it again, please."
    assert bot.service.counts.failed == 1

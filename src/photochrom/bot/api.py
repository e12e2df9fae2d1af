"""The connection to the Bot API: its address, flood control, the fetching of files, and the hiding of the token."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import GetMe, GetUpdates, SendChatAction, TelegramMethod
from aiohttp import ClientError

__all__ = [
    "MAX_FETCH",
    "MAX_SEND",
    "FloodControl",
    "TooLarge",
    "be_discreet",
    "connect",
    "fetch",
    "hide_token",
]

# The limits of the Bot API for files, in bytes.
MAX_FETCH, MAX_SEND = 20 << 20, 50 << 20
REQUEST_SECONDS = 180
FETCH_SECONDS = 120
TRIES = 3
LONGEST_WAIT = 600
TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{20,}")


class TooLarge(Exception):
    """Telegram sends more bytes than were allowed."""


class FloodControl(BaseRequestMiddleware):
    """Repeats requests. It waits as long as Telegram asks for each chat, and tries a broken connection three times.

    Telegram may have carried out a request although its response was lost. Then the chat gets an answer twice.

    Parameters
    ----------
    sleep, clock
        ``asyncio.sleep`` and a monotonic clock, for tests to replace.
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep, self._clock = sleep, clock
        self._until: dict[object, float] = {}

    async def __call__(self, make_request: Any, bot: Bot, method: TelegramMethod[Any]) -> Any:
        """Send `method`. Raises TelegramRetryAfter if the wait is longer than ten minutes."""
        chat = getattr(method, "chat_id", None)
        failures = 0
        while True:
            while (left := self._until.get(chat, 0.0) - self._clock()) > 0:
                if isinstance(method, SendChatAction):
                    return None  # "is sending a photo" does not need to wait
                await self._sleep(left)
            self._until.pop(chat, None)
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                if error.retry_after > LONGEST_WAIT or isinstance(method, SendChatAction):
                    raise
                self._until[chat] = max(self._until.get(chat, 0.0), self._clock() + error.retry_after)
            except (TelegramNetworkError, TelegramServerError):
                failures += 1
                # `poll` waits by itself, and an error at the start should be seen at once.
                if failures == TRIES or isinstance(method, (GetUpdates, GetMe, SendChatAction)):
                    raise
                await self._sleep(float(2**failures))


def connect(token: str, server: str | None = None, *, flood: FloodControl | None = None) -> Bot:
    """Connect to the Bot API.

    Parameters
    ----------
    token
        As BotFather gives it.
    server
        The address of another Bot API server, such as "http://127.0.0.1:8081".

    Raises
    ------
    ValueError
        If the token or the address is malformed. The message does not repeat the token.
    """
    if not TOKEN.fullmatch(token):
        raise ValueError(
            "TELEGRAM_TOKEN: is not the token of a bot (digits, a colon, 35 letters); @BotFather gives it"
        )
    api = PRODUCTION
    if server:
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname or set(server) & set("{}?#@"):
            raise ValueError("TELEGRAM_API: give an address such as http://127.0.0.1:8081")
        api = TelegramAPIServer.from_base(server)
    session = AiohttpSession(api=api, timeout=REQUEST_SECONDS)
    session.middleware(flood or FloodControl())
    return Bot(token, session=session)


async def fetch(bot: Bot, file_id: str, most: int = MAX_FETCH) -> bytes:
    """Fetch a file that someone has sent. Its bytes are in memory and nowhere else.

    Raises
    ------
    TooLarge
        As soon as more than `most` bytes have come.
    ConnectionError
        If it fails three times. The message does not contain the reason, because it would contain the address with
        the token.
    TelegramAPIError
        As `Bot.get_file` does.
    """
    for _ in range(TRIES):
        file = await bot.get_file(file_id)
        if file.file_path is None:
            break
        into = _Bounded(most)
        try:
            await bot.download_file(file.file_path, into, timeout=FETCH_SECONDS)
        except (ClientError, TimeoutError, OSError):
            continue
        return into.getvalue()
    raise ConnectionError("Telegram did not hand the file over")


class _Bounded(BytesIO):
    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._most:
            raise TooLarge
        return super().write(data)


def hide_token(text: str, token: str) -> str:
    """`text` without the token, also in its URL-encoded form."""
    secret = token.partition(":")[2]
    for part in (token, token.replace(":", "%3A"), token.replace(":", "%3a"), secret):
        if part:
            text = text.replace(part, "[token]")
    return text


@contextmanager
def be_discreet(token: str) -> Iterator[None]:
    """Print what libraries log, from warnings up, on stderr without the token."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Discreet(token))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _Discreet(logging.Formatter):
    def __init__(self, token: str) -> None:
        super().__init__("photochrom: %(message)s")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        return hide_token(super().format(record), self._token)

"""Long polling: asks Telegram for messages and taps again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.types import Update

__all__ = ["REFUSALS", "poll"]

REFUSALS = (TelegramUnauthorizedError, TelegramNotFound, TelegramConflictError)
"""Errors after which it makes no sense to ask again: a wrong token, or a second program with the same token."""

KINDS = ["message", "callback_query"]
"""What Telegram sends: messages, and taps on buttons."""
SLACK_SECONDS = 30
LONGEST_PAUSE = 60
CONFIRM_SECONDS = 5


async def poll(
    bot: Bot,
    read: Callable[[Update], Awaitable[None]],
    stopping: asyncio.Event,
    *,
    seconds: int,
    say: Callable[[str], None],
) -> None:
    """Pass each message to `read`, in order, until `stopping` is set.

    Parameters
    ----------
    seconds : how long Telegram may hold a poll open when there is no news
    say : takes a line when the connection is lost, and one when it is back

    Raises
    ------
    TelegramAPIError
        One of `REFUSALS`. Everything else is tried again, at longer and longer intervals.
    """
    offset: int | None = None
    pause, well = 1, True
    stop = asyncio.create_task(stopping.wait())
    try:
        while not stopping.is_set():
            asked = asyncio.create_task(_ask(bot, offset, seconds))
            await asyncio.wait([asked, stop], return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                asked.cancel()
                break
            try:
                updates = asked.result()
            except REFUSALS:
                raise
            except AiogramError as error:
                # Otherwise Telegram would send an unreadable message again and again.
                behind = _behind(error.data) if isinstance(error, ClientDecodeError) else None
                if behind is not None:
                    say("photochrom: Telegram sent a message that could not be read; going on with the next")
                    offset = behind
                    continue
                if well:
                    say("photochrom: Telegram does not answer; still trying")
                well = False
                await asyncio.wait([stop], timeout=pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            if not well:
                say("Telegram answers again")
            pause, well = 1, True
            for update in updates:
                offset = update.update_id + 1
                await read(update)
    finally:
        stop.cancel()
        if offset is not None:
            # Telegram learns from the next poll which messages were taken. This is the last poll.
            with suppress(AiogramError, TimeoutError):
                await asyncio.wait_for(_ask(bot, offset, 0, limit=1), CONFIRM_SECONDS)


async def _ask(bot: Bot, offset: int | None, seconds: int, *, limit: int = 100) -> list[Update]:
    ask = GetUpdates(offset=offset, limit=limit, timeout=seconds, allowed_updates=KINDS)
    return await bot(ask, request_timeout=seconds + SLACK_SECONDS)


def _behind(answer: Any) -> int | None:
    """The offset after all messages of an answer that could not be read."""
    try:
        return max(int(update["update_id"]) for update in answer["result"]) + 1
    except (TypeError, ValueError, KeyError):
        return None

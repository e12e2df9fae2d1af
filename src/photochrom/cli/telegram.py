"""``photochrom telegram``: run a bot that colorizes the photos that people send to it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli import colorize
from photochrom.cli.console import INTERRUPTED, USAGE, give_up, needs_extra, say, sentences, usage

if TYPE_CHECKING:
    from aiogram import Bot

    from photochrom.bot.access import Access
    from photochrom.bot.service import Counts
    from photochrom.engine.colorizer import Colorizer
    from photochrom.engine.options import Quality

TOKEN, SERVER = "TELEGRAM_TOKEN", "TELEGRAM_API"
NEEDED = {"aiogram", "aiohttp", "pydantic", "certifi", "magic_filter", "aiofiles"}


def telegram(
    *,
    quality: colorize.Quality = "balanced",
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Refuse larger pictures. Default: 100 million.")
    ] = None,
    allow: Annotated[
        list[int] | None,
        typer.Option(metavar="CHAT", help="The number of a chat without a daily limit; may be repeated."),
    ] = None,
    daily: Annotated[
        int, typer.Option(min=0, help="Photos a day for every other chat; 0 refuses other chats.")
    ] = 20,
    model: colorize.Model = "photochrom",
    jobs: colorize.Jobs = None,
    threads: colorize.Threads = None,
    device: colorize.Device = "auto",
) -> None:
    """Run a Telegram bot that sends each photo back in colour.

    The environment variable TELEGRAM_TOKEN holds the token from @BotFather. TELEGRAM_API names another server of the
    Bot API. Ctrl-C stops the bot after it has sent the photos in work.
    """
    token = os.environ.get(TOKEN, "").strip()
    with needs_extra("bot", "the bot needs", NEEDED), sentences(), usage():
        if not token:
            give_up(f"{TOKEN}: is not set; @BotFather on Telegram gives the token of a new bot", USAGE)
        colorize.make_options(quality=quality)
        from photochrom.bot.access import Access
        from photochrom.bot.api import connect

        bot = connect(token, os.environ.get(SERVER, "").strip() or None)
        from photochrom import resources

        parallel, each = resources.share_cores(resources.cores(), jobs, threads)
        access = Access(allow or (), daily)
        colorizer = colorize.load(model, device, each)
        counts = _run(token, bot, colorizer, parallel, quality, max_pixels, access)  # type: ignore[arg-type]
    words = f"{counts.done} done, {counts.skipped} skipped, {counts.failed} failed"
    if counts.left:
        give_up(f"stopped with {words}, {counts.left} unfinished", INTERRUPTED)
    say(f"stopped with {words}")


def _run(
    token: str,
    bot: Bot,
    colorizer: Colorizer,
    jobs: int,
    quality: Quality,
    max_pixels: int | None,
    access: Access,
) -> Counts:
    from aiogram.exceptions import (
        AiogramError,
        TelegramConflictError,
        TelegramNotFound,
        TelegramUnauthorizedError,
    )

    from photochrom.bot.api import be_discreet, hide_token
    from photochrom.bot.service import MAX_PIXELS, Service

    async def serve() -> Counts:
        service = Service(
            bot,
            colorizer,
            jobs=jobs,
            quality=quality,
            max_pixels=max_pixels or MAX_PIXELS,
            access=access,
            say=say,
        )

        def interrupt() -> None:
            if not service.stopping:
                say("stopping after the photos in work are sent; Ctrl-C again stops now")
            service.stop(at_once=service.stopping)

        with suppress(NotImplementedError):  # Windows, where Ctrl-C stops now
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, interrupt)
        return await service.run()

    try:
        with be_discreet(token):
            return asyncio.run(serve())
    except (TelegramUnauthorizedError, TelegramNotFound):
        give_up(f"{TOKEN}: Telegram does not know this token; get a new one from @BotFather")
    except TelegramConflictError as error:
        give_up(f"{TOKEN}: another program or a webhook uses this token; end that first ({error.message})")
    except AiogramError as error:
        reason = hide_token(str(getattr(error, "message", type(error).__name__)), token)
        give_up(f"Telegram does not answer ({reason}); check the network and {SERVER}")

"""`Maker`: makes what a job asks for, from what Telegram keeps."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest

from photochrom.bot.answer import Answer, make_answer
from photochrom.bot.api import TooLarge, fetch
from photochrom.bot.grid import Grid, draw_grid
from photochrom.bot.texts import texts_in
from photochrom.bot.work import GridJob, PhotoJob, photo_of
from photochrom.engine.colorizer import Colorizer
from photochrom.engine.options import Quality
from photochrom.errors import AlreadyColorError, PhotochromError
from photochrom.pipeline.job import as_error
from photochrom.pipeline.request import ColorizeRequest

__all__ = ["GridPicture", "Maker", "Refusal", "where"]


@dataclass(frozen=True, slots=True)
class GridPicture:
    """A picture with a grid, as a JPEG, and the job that asked for it."""

    job: GridJob
    grid: Grid
    data: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """The words for a job that comes to nothing; None where nothing is said.

    Attributes
    ----------
    skipped
        Whether the photo is in colour already.
    """

    words: str | None
    skipped: bool = False


class Maker:
    """Fetches pictures and works on them on threads.

    Parameters
    ----------
    bot : the connection to the Bot API
    colorizer : shared by all photos
    quality : "fast", "balanced" or "best"
    max_pixels : refuse larger photos
    pool : where the work is done
    say : prints a line for the person who runs the bot
    """

    def __init__(
        self,
        bot: Bot,
        colorizer: Colorizer,
        *,
        quality: Quality,
        max_pixels: int,
        pool: Executor,
        say: Callable[[str], None],
    ) -> None:
        self._bot, self._colorizer, self._quality = bot, colorizer, quality
        self._max_pixels, self._pool, self._say = max_pixels, pool, say

    async def make(self, job: PhotoJob | GridJob) -> Answer | GridPicture | Refusal:
        """What a job asks for, or why not."""
        photo = photo_of(job)
        name, texts = photo.name, texts_in(photo.language)
        try:
            if isinstance(job, GridJob):
                return await self._draw(job)
            return await self._colorize(job)
        except AlreadyColorError as error:
            return Refusal(texts.trouble(error, name) if photo.private else None, skipped=True)
        except TooLarge:
            words = texts("trouble.too-large", name=name)
        except (PhotochromError, MemoryError) as error:
            words = texts.trouble(as_error(error, name), name)
        except TelegramBadRequest as error:
            too_big = "too big" in error.message
            words = texts("trouble.too-large" if too_big else "trouble.not-fetched", name=name)
        except (AiogramError, ConnectionError):
            words = texts("trouble.not-fetched", name=name)
        except Exception as error:
            self._say(f"photochrom: a photo could not be coloured: {where(error)}")
            words = texts("trouble.broken", name=name, kind=type(error).__name__)
        return Refusal(words)

    async def _colorize(self, job: PhotoJob) -> Answer:
        request = ColorizeRequest(
            replace(job.settings.options(self._quality), hints=job.hints),
            force=job.force,
            salvage=job.force,
            max_pixels=self._max_pixels,
        )
        data = await fetch(self._bot, job.file_id)
        work = partial(make_answer, self._colorizer, data, job.name, request, views=job.as_file)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _draw(self, job: GridJob) -> GridPicture:
        data = await fetch(self._bot, job.picture)
        loop = asyncio.get_running_loop()
        return GridPicture(job, *await loop.run_in_executor(self._pool, draw_grid, data, job.window))


def where(error: Exception) -> str:
    """The kind of an error and its place in the program. Its message may hold a name or an address."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"

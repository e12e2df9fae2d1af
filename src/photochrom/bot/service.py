"""`Service`: the running bot. It takes photos in turns, colorizes them on threads, and answers."""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any

import cv2
from aiogram import Bot, Dispatcher
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import BotCommand, Update

from photochrom import resources
from photochrom.bot import texts
from photochrom.bot.access import Access
from photochrom.bot.answer import Answer, make_answer
from photochrom.bot.api import TooLarge, fetch
from photochrom.bot.delivery import send_answer, send_text
from photochrom.bot.handlers import Handlers, PhotoJob
from photochrom.bot.polling import poll
from photochrom.bot.settings import SettingsStore
from photochrom.bot.turns import TurnQueue
from photochrom.engine.colorizer import Colorizer
from photochrom.engine.options import Quality
from photochrom.errors import AlreadyColorError, PhotochromError
from photochrom.pipeline.job import as_error
from photochrom.pipeline.request import ColorizeRequest

__all__ = ["MAX_PIXELS", "Counts", "Service"]

MAX_PIXELS = 100_000_000
POLL_SECONDS = 30
GRACE_SECONDS = 60
# Photos in memory per parallel job: they are being colorized, or wait to be sent.
HELD_PER_JOB = 4
# The largest number of unsent texts for one chat. So a thousand stickers do not cause a thousand answers.
REPLIES_AT_ONCE = 5


@dataclass(slots=True)
class Counts:
    """How many photos are done, `skipped` because they are in colour, failed, or `left` in work at the end."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    left: int = 0


class Service:
    """Runs one bot, from the first poll to the last answer.

    Parameters
    ----------
    bot : the connection to the Bot API
    colorizer : shared by all photos
    jobs : photos at once
    quality : "fast", "balanced" or "best"
    max_pixels : refuse larger photos
    access : which chats may send photos; None lets all send as many as they like
    say : prints a line for the person who runs the bot; it never holds a name, a text or a chat
    poll_seconds, grace_seconds
        How long one poll waits for news, and how long photos in work may take once `stop` is called.
    """

    def __init__(
        self,
        bot: Bot,
        colorizer: Colorizer,
        *,
        jobs: int = 1,
        quality: Quality = "balanced",
        max_pixels: int = MAX_PIXELS,
        access: Access | None = None,
        say: Callable[[str], None] = print,
        poll_seconds: int = POLL_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self.counts = Counts()
        self.turns: TurnQueue[PhotoJob] = TurnQueue(at_once=jobs)
        self.settings = SettingsStore()
        self._bot, self._colorizer, self._jobs, self._quality = bot, colorizer, jobs, quality
        self._max_pixels, self._say = max_pixels, say
        self._poll_seconds, self._grace_seconds = poll_seconds, grace_seconds
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="photo")
        if jobs > 1:
            # Otherwise OpenCV would start a thread per core for each photo.
            cv2.setNumThreads(max(1, resources.cores() // jobs))
        self._room = asyncio.Semaphore(HELD_PER_JOB * jobs)
        self._stopping, self._hurry = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._replies: Counter[int] = Counter()
        self._dispatcher = Dispatcher(disable_fsm=True)
        self._dispatcher.include_router(Handlers(self.turns, self.settings, self.reply, access).router())

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    def stop(self, *, at_once: bool = False) -> None:
        """Take no more messages, finish the photos in work (unless `at_once`), and let `run` return."""
        self._stopping.set()
        if at_once:
            self._hurry.set()

    async def run(self) -> Counts:
        """Serve until `stop`.

        Raises
        ------
        TelegramAPIError
            One of `polling.REFUSALS` at any time, another where the first connection fails.
        """
        try:
            if await self._begin():
                await poll(self._bot, self._read, self._stopping, seconds=self._poll_seconds, say=self._say)
        finally:
            await self._end()
        return self.counts

    async def _begin(self) -> bool:
        """Connect to Telegram; False if `stop` is called before it answers."""
        greeting, stop = asyncio.create_task(self._bot.me()), asyncio.create_task(self._stopping.wait())
        await asyncio.wait([greeting, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not greeting.done():
            greeting.cancel()
            return False
        self._say(f"@{greeting.result().username} colours the photos that it is sent; Ctrl-C stops")
        self._spawn(self._show_commands())
        for _ in range(self._jobs):
            self._spawn(self._work())
        return True

    def reply(self, chat: int, message: int, text: str) -> None:
        """Send `text` as an answer to `message`, in the background."""
        if self._replies[chat] < REPLIES_AT_ONCE:
            self._replies[chat] += 1
            self._spawn(self._send_reply(chat, message, text))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, update: Update) -> None:
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception as error:
            self._say(f"photochrom: a message could not be handled: {_where(error)}")

    async def _work(self) -> None:
        while await self._do_next():
            pass

    async def _do_next(self) -> bool:
        """Colorize the next photo; False if there will be none. Afterwards nothing here refers to the photo."""
        await self._room.acquire()
        job = await self.turns.next()
        if job is None:
            self._room.release()
            return False
        self.counts.left += 1
        self._spawn(self._show_at_work(job))
        answer = await self._make(job)
        # The next photo is colorized while this answer waits for Telegram.
        self._spawn(self._deliver(job, answer))
        return True

    async def _make(self, job: PhotoJob) -> Answer | str | None:
        """The answer as pictures or as text; None for no answer."""
        name = job.name
        try:
            data = await fetch(self._bot, job.file_id)
            colour = partial(
                make_answer,
                self._colorizer,
                data,
                name,
                ColorizeRequest(
                    job.settings.options(self._quality),
                    force=job.force,
                    salvage=job.force,
                    max_pixels=self._max_pixels,
                ),
                views=job.as_file,
            )
            return await asyncio.get_running_loop().run_in_executor(self._pool, colour)
        except AlreadyColorError as error:
            self.counts.skipped += 1
            return texts.trouble(error, name) if job.private else None
        except TooLarge:
            words = texts.TOO_LARGE.format(name=name)
        except (PhotochromError, MemoryError) as error:
            words = texts.trouble(as_error(error, name), name)
        except TelegramBadRequest as error:
            too_big = "too big" in error.message
            words = (texts.TOO_LARGE if too_big else texts.NOT_FETCHED).format(name=name)
        except (AiogramError, ConnectionError):
            words = texts.NOT_FETCHED.format(name=name)
        except Exception as error:
            self._say(f"photochrom: a photo could not be coloured: {_where(error)}")
            words = texts.BROKEN.format(name=name, kind=type(error).__name__)
        self.counts.failed += 1
        return words

    async def _deliver(self, job: PhotoJob, answer: Answer | str | None) -> None:
        sent = False
        try:
            if isinstance(answer, str):
                await send_text(self._bot, job.chat, job.message, answer)
            elif answer is not None:
                sent = await send_answer(self._bot, job, answer, self._colorizer.name)
        except Exception as error:
            self._lost(job.chat, error)
        finally:
            if isinstance(answer, Answer):
                self.counts.done += sent
                self.counts.failed += not sent
            self.counts.left -= 1
            self.turns.done(job.chat)
            self._room.release()

    async def _send_reply(self, chat: int, message: int, text: str) -> None:
        try:
            await send_text(self._bot, chat, message, text)
        except Exception as error:
            self._lost(chat, error)
        finally:
            self._replies[chat] -= 1
            if not self._replies[chat]:
                del self._replies[chat]

    async def _say_farewell(self, chat: int, count: int) -> None:
        with suppress(AiogramError):
            await send_text(self._bot, chat, None, texts.stopping(count))

    async def _show_commands(self) -> None:
        with suppress(AiogramError):  # the bot works without its menu
            await self._bot.set_my_commands(
                [BotCommand(command=name, description=words) for name, words in texts.COMMANDS.items()]
            )

    async def _show_at_work(self, job: PhotoJob) -> None:
        with suppress(AiogramError):
            action = "upload_document" if job.as_file else "upload_photo"
            await self._bot.send_chat_action(job.chat, action)

    def _lost(self, chat: int, error: Exception) -> None:
        """Handle an answer that did not arrive."""
        if isinstance(error, TelegramForbiddenError):
            # The bot was blocked by the chat.
            self.turns.drop(chat)
            self.settings.forget(chat)
        else:
            self._say(f"photochrom: an answer could not be sent: {_where(error)}")

    async def _end(self) -> None:
        for chat, waiting in self.turns.close().items():
            self._spawn(self._say_farewell(chat, len(waiting)))
        loop = asyncio.get_running_loop()
        hurry = loop.create_task(self._hurry.wait())
        end = loop.time() + self._grace_seconds
        while self._tasks and not self._hurry.is_set() and (seconds := end - loop.time()) > 0:
            await asyncio.wait([hurry, *self._tasks], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        left, abandoned = self.counts.left, [hurry, *self._tasks]
        for task in abandoned:
            task.cancel()
        await asyncio.gather(*abandoned, return_exceptions=True)
        self.counts.left = left
        self._pool.shutdown(wait=False, cancel_futures=True)
        await self._bot.session.close()


def _where(error: Exception) -> str:
    """The kind of an error and its place in the program. Its message may hold a name or an address."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"

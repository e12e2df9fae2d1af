"""`Service`: the running bot. It takes photos in turns, colorizes them on threads, and answers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import cv2
from aiogram import Bot, Dispatcher
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError
from aiogram.methods import TelegramMethod
from aiogram.types import BotCommand, InlineKeyboardMarkup, Update

from photochrom import resources
from photochrom.bot.access import Access
from photochrom.bot.answer import Answer
from photochrom.bot.delivery import send_answer, send_buttons, send_grid, send_text
from photochrom.bot.handlers import Handlers
from photochrom.bot.intake import Intake
from photochrom.bot.making import GridPicture, Maker, Refusal, where
from photochrom.bot.polling import poll
from photochrom.bot.results import ResultStore, SentResult
from photochrom.bot.settings import SettingsStore
from photochrom.bot.taps import Taps
from photochrom.bot.texts import COMMANDS, LANGUAGES, texts_in
from photochrom.bot.turns import TurnQueue
from photochrom.bot.work import GridJob, PhotoJob, photo_of
from photochrom.engine.colorizer import Colorizer
from photochrom.engine.options import Quality

__all__ = ["MAX_PIXELS", "Counts", "Service"]

MAX_PIXELS = 100_000_000
POLL_SECONDS = 30
GRACE_SECONDS = 60
# Photos in memory per parallel job: they are being colorized, or wait to be sent.
HELD_PER_JOB = 4
# The largest number of unsent texts for one chat. So a thousand stickers do not cause a thousand answers.
REPLIES_AT_ONCE = 5
SWEEP_SECONDS = 60


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
        self.turns: TurnQueue[PhotoJob | GridJob] = TurnQueue(at_once=jobs)
        self.settings, self.results = SettingsStore(), ResultStore()
        self._bot, self._colorizer, self._jobs, self._say = bot, colorizer, jobs, say
        self._poll_seconds, self._grace_seconds = poll_seconds, grace_seconds
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="photo")
        self._maker = Maker(bot, colorizer, quality=quality, max_pixels=max_pixels, pool=self._pool, say=say)
        if jobs > 1:
            # Otherwise OpenCV would start a thread per core for each photo.
            cv2.setNumThreads(max(1, resources.cores() // jobs))
        self._room = asyncio.Semaphore(HELD_PER_JOB * jobs)
        self._stopping, self._hurry = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._replies: Counter[int] = Counter()
        self._dispatcher = Dispatcher(disable_fsm=True)
        intake = Intake(self.turns, access)
        self._dispatcher.include_routers(
            Handlers(intake, self.settings, self.results, self.reply).router(),
            Taps(intake, self.results, self.reply, self.send).router(),
        )

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
        self._spawn(self._forget_results())
        for _ in range(self._jobs):
            self._spawn(self._work())
        return True

    def reply(self, chat: int, message: int, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Send `text` as an answer to `message`, in the background."""
        self._begin_reply(chat, lambda: send_text(self._bot, chat, message, text, keyboard))

    def send(self, chat: int, method: TelegramMethod[Any]) -> None:
        """Carry out `method` for `chat`, in the background."""
        self._begin_reply(chat, lambda: self._carry_out(method))

    def _begin_reply(self, chat: int, make: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        if self._replies[chat] < REPLIES_AT_ONCE:
            self._replies[chat] += 1
            self._spawn(self._send_reply(chat, make()))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, update: Update) -> None:
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception as error:
            self._say(f"photochrom: a message could not be handled: {where(error)}")

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
        made = await self._maker.make(job)
        # The next photo is colorized while this answer waits for Telegram.
        self._spawn(self._deliver(job, made))
        return True

    async def _deliver(self, job: PhotoJob | GridJob, made: Answer | GridPicture | Refusal) -> None:
        photo, done = photo_of(job), False
        try:
            if isinstance(made, Refusal):
                if made.words is not None:
                    await send_text(self._bot, photo.chat, photo.message, made.words)
            elif isinstance(made, GridPicture):
                await send_grid(self._bot, self.results, made)
            else:
                sent = await send_answer(self._bot, photo, made, self._colorizer.name)
                done = sent.complete
                await send_buttons(self._bot, self.results, SentResult(photo, sent.picture))
        except Exception as error:
            self._lost(photo.chat, error)
        finally:
            if isinstance(made, Refusal) and made.skipped:
                self.counts.skipped += 1
            elif not isinstance(made, GridPicture):
                self.counts.done += done
                self.counts.failed += not done
            self.counts.left -= 1
            self.turns.done(photo.chat)
            self._room.release()

    async def _send_reply(self, chat: int, reply: Coroutine[Any, Any, Any]) -> None:
        try:
            await reply
        except Exception as error:
            self._lost(chat, error)
        finally:
            self._replies[chat] -= 1
            if not self._replies[chat]:
                del self._replies[chat]

    async def _carry_out(self, method: TelegramMethod[Any]) -> None:
        # Telegram refuses an edit that changes nothing, and the answer to a tap that is too old. Neither matters.
        with suppress(TelegramBadRequest):
            await self._bot(method)

    async def _say_farewell(self, left: list[PhotoJob | GridJob]) -> None:
        photo = photo_of(left[0])
        with suppress(AiogramError):
            await send_text(self._bot, photo.chat, None, texts_in(photo.language)("stopping", n=len(left)))

    async def _show_commands(self) -> None:
        with suppress(AiogramError):  # the bot works without its menu
            for language in LANGUAGES:
                texts = texts_in(language)
                commands = [
                    BotCommand(command=name, description=texts(f"command.{name}", looks=texts.looks()))
                    for name in COMMANDS
                ]
                # Telegram shows the menu without a language to everyone else.
                code = None if language == LANGUAGES[0] else language
                await self._bot.set_my_commands(commands, language_code=code)

    async def _forget_results(self) -> None:
        while not self.stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), SWEEP_SECONDS)
            self.results.forget_old()

    async def _show_at_work(self, job: PhotoJob | GridJob) -> None:
        photo = photo_of(job)
        as_file = photo.as_file and isinstance(job, PhotoJob)
        with suppress(AiogramError):
            await self._bot.send_chat_action(photo.chat, "upload_document" if as_file else "upload_photo")

    def _lost(self, chat: int, error: Exception) -> None:
        """Handle an answer that did not arrive."""
        if isinstance(error, TelegramForbiddenError):
            # The bot was blocked by the chat.
            self.turns.drop(chat)
            self.settings.forget(chat)
            self.results.forget(chat)
        else:
            self._say(f"photochrom: an answer could not be sent: {where(error)}")

    async def _end(self) -> None:
        for waiting in self.turns.close().values():
            self._spawn(self._say_farewell(waiting))
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

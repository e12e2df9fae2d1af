"""`Taps`: reads what people tap under results and grids. It never waits, like `photochrom.bot.handlers.Handlers`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiogram import Router
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageCaption,
    EditMessageReplyMarkup,
    EditMessageText,
    TelegramMethod,
)
from aiogram.types import CallbackQuery, InaccessibleMessage, InlineKeyboardMarkup, Message

from photochrom.bot.buttons import (
    STRENGTH_STEP,
    STRONGEST,
    WEAKEST,
    Do,
    Press,
    cell_keyboard,
    color_keyboard,
    color_of,
    look_keyboard,
    result_keyboard,
    strength_of,
)
from photochrom.bot.grid import EXAMPLE
from photochrom.bot.intake import Intake
from photochrom.bot.results import ResultStore, SentResult
from photochrom.bot.settings import ChatSettings
from photochrom.bot.texts import Texts, language_of, texts_in
from photochrom.bot.work import GridJob, PhotoJob
from photochrom.engine.hints import Hint
from photochrom.pipeline.looks import LOOKS

__all__ = ["VERSIONS", "Taps"]

VERSIONS = 4
"""Of a photo, if someone asks for other versions; the first is the one that they have."""


class Taps:
    """Reads taps on buttons, and queues what they ask for.

    Parameters
    ----------
    intake : takes jobs
    results : what the buttons are about
    reply : sends a text to a chat, as an answer to a message of it, without waiting
    send : carries out a method of the Bot API for a chat, without waiting
    """

    def __init__(
        self,
        intake: Intake,
        results: ResultStore,
        reply: Callable[[int, int, str], None],
        send: Callable[[int, TelegramMethod[Any]], None],
    ) -> None:
        self._intake, self._results, self._reply, self._send = intake, results, reply, send

    def router(self) -> Router:
        """The router for aiogram."""
        router = Router(name="taps")
        router.callback_query.register(self.tap, Press.filter())
        router.callback_query.register(self.forgotten)
        return router

    async def forgotten(self, query: CallbackQuery) -> None:
        """A button whose result is forgotten, or of another version of the program."""
        if query.message is not None:
            words = _texts(query)("tap.forgotten")
            answer = AnswerCallbackQuery(callback_query_id=query.id, text=words, show_alert=True)
            self._send(query.message.chat.id, answer)

    async def tap(self, query: CallbackQuery, callback_data: Press) -> None:
        """A tap on any button."""
        message, press = query.message, callback_data
        sent = None if message is None else self._results.get(message.chat.id, press.key)
        if message is None or sent is None:
            await self.forgotten(query)
            return
        texts = _texts(query)
        if press.do in (Do.LOOKS, Do.BACK):
            found = look_keyboard(texts, press.key) if press.do == Do.LOOKS else None
            self._edit(message, found or result_keyboard(texts, press.key, sent))
        elif press.do in (Do.CELL, Do.CELLS) and sent.grid is not None:
            cell = sent.grid.find(press.cell) if press.do == Do.CELL else None
            if cell is None:
                self._edit(message, cell_keyboard(press.key, sent.grid), texts("grid.where", cell=EXAMPLE))
            else:
                keyboard = color_keyboard(texts, press.key, sent.grid, cell)
                self._edit(message, keyboard, texts("grid.color", cell=cell))
        else:
            job = wanted(sent, press)
            if job is not None:
                self._queue(query, message, job, texts)
                return
        self._send(message.chat.id, AnswerCallbackQuery(callback_query_id=query.id))

    def _queue(
        self,
        query: CallbackQuery,
        message: Message | InaccessibleMessage,
        job: PhotoJob | GridJob,
        texts: Texts,
    ) -> None:
        if isinstance(job, GridJob):
            job = replace(job, photo=replace(job.photo, language=texts.language))
        else:
            job = replace(job, language=texts.language)
        chat, refused = message.chat.id, self._intake.take(job)
        said = None
        if refused is None:
            said = texts("tap.drawing" if isinstance(job, GridJob) else "tap.working")
        elif refused:
            self._reply(chat, message.message_id, refused)
        self._send(chat, AnswerCallbackQuery(callback_query_id=query.id, text=said))

    def _edit(
        self,
        message: Message | InaccessibleMessage,
        keyboard: InlineKeyboardMarkup,
        words: str | None = None,
    ) -> None:
        """Change the buttons of a message, and its words."""
        chat, number = message.chat.id, message.message_id
        edit: TelegramMethod[Any]
        if words is None:
            edit = EditMessageReplyMarkup(chat_id=chat, message_id=number, reply_markup=keyboard)
        elif isinstance(message, Message) and message.text is not None:
            edit = EditMessageText(chat_id=chat, message_id=number, text=words, reply_markup=keyboard)
        else:
            edit = EditMessageCaption(chat_id=chat, message_id=number, caption=words, reply_markup=keyboard)
        self._send(chat, edit)


def wanted(sent: SentResult, press: Press) -> PhotoJob | GridJob | None:
    """The job that a button asks for; None if it asks for none."""
    job = sent.job
    if press.do in (Do.MORE, Do.LESS):
        by = STRENGTH_STEP if press.do == Do.MORE else -STRENGTH_STEP
        strength = min(max(WEAKEST, round(strength_of(job) + by, 2)), STRONGEST)
        return _with(job, strength=strength)
    if press.do == Do.VERSIONS:
        return _with(job, candidates=VERSIONS)
    if press.do == Do.LOOK and press.value in LOOKS:
        return _with(job, look=press.value, strength=None)
    if press.do == Do.WRONG and sent.picture is not None:
        return GridJob(job, sent.picture)
    if sent.grid is None or (cell := sent.grid.find(press.cell)) is None:
        return None
    if press.do == Do.FINER and sent.picture is not None:
        window = sent.grid.around(cell)
        return None if window is None else GridJob(job, sent.picture, window)
    color = color_of(press.value)
    if press.do != Do.COLOR or color is None:
        return None
    x, y = sent.grid.center(cell)
    # A second colour for the same square takes the place of the first.
    others = tuple(hint for hint in job.hints if (hint.x, hint.y) != (x, y))
    return replace(job, hints=(*others, Hint(x, y, color)))


def _with(job: PhotoJob, **changes: Any) -> PhotoJob:
    settings: ChatSettings = replace(job.settings, **changes)
    return replace(job, settings=settings)


def _texts(query: CallbackQuery) -> Texts:
    return texts_in(language_of(query.from_user.language_code))

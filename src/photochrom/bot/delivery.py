"""Sends answers: an album of before and after, files in full size, a grid, or text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, InputMediaPhoto, Message, ReplyParameters

from photochrom.bot.answer import Answer, Sent
from photochrom.bot.api import MAX_SEND
from photochrom.bot.buttons import cell_keyboard, result_keyboard
from photochrom.bot.grid import EXAMPLE
from photochrom.bot.making import GridPicture
from photochrom.bot.results import ResultStore, SentResult
from photochrom.bot.texts import MAX_TEXT, cut, texts_in
from photochrom.bot.work import PhotoJob

__all__ = ["Delivery", "send_answer", "send_buttons", "send_grid", "send_text"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an answer.

    Attributes
    ----------
    complete
        False if a file is larger than bots may send, and a text went in its place.
    picture
        Telegram's name for a view of the first result; None if Telegram shows none.
    """

    complete: bool
    picture: str | None


async def send_answer(bot: Bot, job: PhotoJob, answer: Answer, model: str) -> Delivery:
    """Send the results of a photo. Each picture says that its colours were inferred.

    Raises
    ------
    TelegramAPIError
    """
    texts, count = texts_in(job.language), len(answer.files)
    captions = [texts.inferred(model, number=i, of=count, notes=answer.notes) for i in range(1, count + 1)]
    album = await _send_album(bot, job, answer, captions)
    picture = _picture_of(album[1]) if len(album) > 1 else None
    if album and not job.as_file:
        return Delivery(True, picture)
    complete = True
    for file, caption in zip(answer.files, captions, strict=True):
        if len(file.data) > MAX_SEND:
            complete = False
            megabytes = texts.number(round(len(file.data) / (1 << 20)))
            words = texts("result.too-large", name=file.name, megabytes=megabytes)
            await send_text(bot, job.chat, job.message, words)
            continue
        await bot.send_document(
            job.chat,
            _upload(file),
            caption=caption,
            # Otherwise Telegram may convert the file to show it.
            disable_content_type_detection=True,
            reply_parameters=_to(job.message),
        )
    return Delivery(complete, picture)


async def send_buttons(bot: Bot, results: ResultStore, sent: SentResult) -> None:
    """Send the buttons for a result, in a message of their own: an album has none. Raises TelegramAPIError."""
    texts, key = texts_in(sent.job.language), results.put(sent)
    await bot.send_message(
        sent.job.chat,
        texts("result.buttons"),
        reply_markup=result_keyboard(texts, key, sent),
        reply_parameters=_to(sent.job.message),
        disable_notification=True,
    )


async def send_grid(bot: Bot, results: ResultStore, picture: GridPicture) -> None:
    """Send a picture on which a person can point. Raises TelegramAPIError."""
    photo = picture.job.photo
    texts = texts_in(photo.language)
    key = results.put(SentResult(photo, picture.job.picture, picture.grid))
    await bot.send_photo(
        photo.chat,
        BufferedInputFile(picture.data, filename="grid.jpg"),
        caption=texts("grid.where", cell=EXAMPLE),
        reply_markup=cell_keyboard(key, picture.grid),
        reply_parameters=_to(photo.message),
    )


async def send_text(
    bot: Bot, chat: int, message: int | None, text: str, keyboard: InlineKeyboardMarkup | None = None
) -> None:
    """Send a text, as an answer to `message` if there is one. Raises TelegramAPIError."""
    reply = None if message is None else _to(message)
    await bot.send_message(chat, cut(text, MAX_TEXT), reply_parameters=reply, reply_markup=keyboard)


async def _send_album(bot: Bot, job: PhotoJob, answer: Answer, captions: list[str]) -> list[Message]:
    """Send before and after in one album; nothing if Telegram does not show such a picture."""
    before: Any
    if not job.as_file:
        before, after = job.file_id, answer.files  # Telegram has the original
    elif answer.before is not None:
        before, after = _upload(answer.before), list(answer.after)
    else:
        return []
    album: list[Any] = [InputMediaPhoto(media=before)]
    for view, caption in zip(after, captions, strict=True):
        album.append(InputMediaPhoto(media=_upload(view), caption=caption))
    try:
        return await bot.send_media_group(job.chat, album, reply_parameters=_to(job.message))
    except TelegramBadRequest:
        return []


def _picture_of(message: Message) -> str | None:
    """Telegram's name for the largest size of the photo in `message`."""
    sizes = message.photo or []
    return max(sizes, key=lambda size: size.width * size.height).file_id if sizes else None


def _to(message: int) -> ReplyParameters:
    """An answer to `message`, even if that is deleted by now."""
    return ReplyParameters(message_id=message, allow_sending_without_reply=True)


def _upload(file: Sent) -> BufferedInputFile:
    return BufferedInputFile(file.data, filename=file.name)

"""Sends answers: an album of before and after, files in full size, or text."""

from __future__ import annotations

from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InputMediaPhoto, ReplyParameters

from photochrom.bot import texts
from photochrom.bot.answer import Answer, Sent
from photochrom.bot.api import MAX_SEND
from photochrom.bot.handlers import PhotoJob

__all__ = ["send_answer", "send_text"]


async def send_answer(bot: Bot, job: PhotoJob, answer: Answer, model: str) -> bool:
    """Send the results of a photo. Each picture says that its colours were inferred.

    Returns
    -------
    True if everything was sent; False if a file is larger than bots may send, and a text went in its place.

    Raises
    ------
    TelegramAPIError
    """
    count = len(answer.files)
    captions = [texts.inferred(model, number=i, of=count, notes=answer.notes) for i in range(1, count + 1)]
    if await _send_album(bot, job, answer, captions) and not job.as_file:
        return True
    complete = True
    for file, caption in zip(answer.files, captions, strict=True):
        if len(file.data) > MAX_SEND:
            complete = False
            megabytes = len(file.data) / (1 << 20)
            await send_text(
                bot, job.chat, job.message, texts.TOO_LARGE_BACK.format(name=file.name, megabytes=megabytes)
            )
            continue
        await bot.send_document(
            job.chat,
            _upload(file),
            caption=caption,
            # Otherwise Telegram may convert the file to show it.
            disable_content_type_detection=True,
            reply_parameters=_to(job.message),
        )
    return complete


async def send_text(bot: Bot, chat: int, message: int | None, text: str) -> None:
    """Send a text, as an answer to `message` if there is one. Raises TelegramAPIError."""
    text = texts.cut(text, texts.MAX_TEXT)
    await bot.send_message(chat, text, reply_parameters=None if message is None else _to(message))


async def _send_album(bot: Bot, job: PhotoJob, answer: Answer, captions: list[str]) -> bool:
    """Send before and after in one album; False if Telegram does not show such a picture."""
    before: Any
    if not job.as_file:
        before, after = job.file_id, answer.files  # Telegram has the original
    elif answer.before is not None:
        before, after = _upload(answer.before), list(answer.after)
    else:
        return False
    album: list[Any] = [InputMediaPhoto(media=before)]
    for view, caption in zip(after, captions, strict=True):
        album.append(InputMediaPhoto(media=_upload(view), caption=caption))
    try:
        await bot.send_media_group(job.chat, album, reply_parameters=_to(job.message))
    except TelegramBadRequest:
        return False
    return True


def _to(message: int) -> ReplyParameters:
    """An answer to `message`, even if that is deleted by now."""
    return ReplyParameters(message_id=message, allow_sending_without_reply=True)


def _upload(file: Sent) -> BufferedInputFile:
    return BufferedInputFile(file.data, filename=file.name)

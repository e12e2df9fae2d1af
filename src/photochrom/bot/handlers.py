"""`Handlers`: reads each message. It never waits: photos are queued, and answers are sent in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import Message

from photochrom.bot import texts
from photochrom.bot.access import Access
from photochrom.bot.api import MAX_FETCH
from photochrom.bot.settings import ChatSettings, SettingsStore
from photochrom.bot.turns import TurnQueue
from photochrom.jobs.names import clean_name
from photochrom.jobs.queue import QueueFullError
from photochrom.pipeline.looks import LOOKS

__all__ = ["Handlers", "PhotoJob"]


@dataclass(frozen=True, slots=True)
class PhotoJob:
    """One photo to colorize. The photo itself stays with Telegram until its turn comes.

    Attributes
    ----------
    chat, message
        Where it was sent, and by which message.
    file_id
        Telegram's name for it.
    as_file
        Whether it was sent as a file. Then the answer has a file in full size too.
    force
        Whether to colorize it even if it is in colour or damaged.
    private
        Whether the chat is no group. In groups the bot says nothing about photos in colour.
    """

    chat: int
    message: int
    file_id: str
    name: str
    as_file: bool
    settings: ChatSettings
    force: bool = False
    private: bool = True


class Handlers:
    """Reads messages, and queues the photos in them.

    Parameters
    ----------
    turns : where photos wait
    settings : the settings of the chats
    access : which chats may send photos
    reply : sends a text to a chat, as an answer to a message of it, without waiting
    """

    def __init__(
        self,
        turns: TurnQueue[PhotoJob],
        settings: SettingsStore,
        reply: Callable[[int, int, str], None],
        access: Access | None = None,
    ) -> None:
        self._turns, self._settings, self._reply = turns, settings, reply
        self._access = access or Access()

    def router(self) -> Router:
        """The router for aiogram. The first handler that fits takes a message."""
        router = Router(name="photochrom")
        router.message.register(self.start, CommandStart())
        router.message.register(self.help, Command("help"))
        router.message.register(self.strength, Command("strength"))
        router.message.register(self.look, Command("look"))
        router.message.register(self.candidates, Command("candidates"))
        router.message.register(self.force, Command("force"))
        router.message.register(self.anything)
        return router

    async def start(self, message: Message) -> None:
        """/start."""
        self._say(message, texts.START)

    async def help(self, message: Message) -> None:
        """/help."""
        self._say(message, texts.HELP)

    async def strength(self, message: Message, command: CommandObject) -> None:
        """/strength NUMBER sets the strength; /strength says what it is."""
        strength = self._settings.of(message.chat.id).options("balanced").strength
        now = f"strength is {strength:g}."
        hint = "/strength 0.7 makes colours paler, 1.2 bolder."
        self._set(message, command, f"{now} {hint}", self._settings.set_strength, "strength")

    async def look(self, message: Message, command: CommandObject) -> None:
        """/look NAME sets the look; /look says what it is."""
        if command.args:
            try:
                settings = self._settings.set_look(message.chat.id, command.args)
            except ValueError as error:
                self._say(message, f"{error}.")
                return
            self._say(message, f"From now on: look {settings.look}.")
            self._take_own(message)
        else:
            now = self._settings.of(message.chat.id).look
            self._say(message, f"look is {now}. There are: {', '.join(LOOKS)}. /look warmer takes another.")

    async def candidates(self, message: Message, command: CommandObject) -> None:
        """/candidates NUMBER sets the number of candidates; /candidates says what it is."""
        now = f"candidates is {self._settings.of(message.chat.id).candidates}."
        hint = "/candidates 3 gives three versions of each photo."
        self._set(message, command, f"{now} {hint}", self._settings.set_candidates, "candidates")

    async def force(self, message: Message) -> None:
        """/force, in reply to a photo or as its caption."""
        photo = message if _file_of(message) else message.reply_to_message
        if photo is None or _file_of(photo) is None:
            self._say(message, texts.NO_PHOTO)
        else:
            self._take(photo, force=True)

    async def anything(self, message: Message) -> None:
        """Photos, and everything else that people send."""
        if self._take_own(message):
            return
        if not _private(message):
            return  # messages in a group are not meant for the bot
        if message.text and message.text.startswith("/"):
            self._say(message, texts.unknown(message.text.split()[0]))
        elif message.content_type in texts.KINDS:
            self._say(message, texts.other(message.content_type))
        elif message.document is not None:
            name = clean_name(message.document.file_name)
            self._say(message, texts.NOT_A_PHOTO.format(name=name))

    def _take_own(self, message: Message) -> bool:
        """Queue the photo that `message` carries; False where it carries none."""
        if _file_of(message) is None:
            return False
        self._take(message)
        return True

    def _take(self, message: Message, *, force: bool = False) -> None:
        found = _file_of(message)
        if found is None:
            return
        file_id, name, size = found
        if (size or 0) > MAX_FETCH:
            self._say(message, texts.TOO_LARGE.format(name=name))
            return
        chat = message.chat.id
        if not self._access.take(chat):
            if _private(message):
                self._say(message, texts.not_today(self._access.daily or 0, chat))
            return
        job = PhotoJob(
            chat,
            message.message_id,
            file_id,
            name,
            as_file=message.document is not None,
            settings=self._settings.of(chat),
            force=force,
            private=_private(message),
        )
        try:
            self._turns.put(chat, job)
        except QueueFullError as error:
            words = texts.CHAT_FULL if error.own else texts.FULL
            self._say(message, words.format(name=name, count=self._turns.most_each))

    def _set(
        self,
        message: Message,
        command: CommandObject,
        now: str,
        wanted: Callable[[int, str], ChatSettings],
        name: str,
    ) -> None:
        """Change a setting of the chat and say so; without an argument say `now`."""
        if command.args:
            try:
                settings = wanted(message.chat.id, command.args)
            except ValueError as error:
                self._say(message, f"{error}.")
                return
            now = f"From now on: {name} {getattr(settings.options('balanced'), name):g}."
        self._say(message, now)
        self._take_own(message)

    def _say(self, message: Message, text: str) -> None:
        self._reply(message.chat.id, message.message_id, text)


def _private(message: Message) -> bool:
    return message.chat.type == ChatType.PRIVATE


def _file_of(message: Message) -> tuple[str, str, int | None] | None:
    """Telegram's id, the name and the size of the file of a message, if it may be a photo."""
    if message.photo:
        largest = max(message.photo, key=lambda each: each.width * each.height)
        return largest.file_id, "photo.jpg", largest.file_size
    document = message.document
    # Telegram sends an animation as a document too, for older programs.
    if document is None or message.animation is not None or not _may_be_photo(document.mime_type):
        return None
    return document.file_id, clean_name(document.file_name), document.file_size


def _may_be_photo(mime: str | None) -> bool:
    """False if the media type says that it is no photo. RAW and HEIC files often have the type of plain bytes."""
    kind = (mime or "image/").partition("/")[0]
    return kind == "image" or mime == "application/octet-stream"

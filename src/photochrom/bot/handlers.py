"""`Handlers`: reads each message. It never waits: photos are queued, and answers are sent in the background."""

from __future__ import annotations

from collections.abc import Callable

from aiogram import Router
from aiogram.enums import ChatType, ContentType
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import InlineKeyboardMarkup, Message

from photochrom.bot.api import MAX_FETCH
from photochrom.bot.buttons import color_keyboard
from photochrom.bot.grid import CELL
from photochrom.bot.intake import Intake
from photochrom.bot.results import ResultStore
from photochrom.bot.settings import ChatSettings, SettingsStore
from photochrom.bot.texts import Texts, cut, language_of, texts_in
from photochrom.bot.work import PhotoJob
from photochrom.jobs.names import clean_name

__all__ = ["Handlers"]


class Handlers:
    """Reads messages, and queues the photos in them.

    Parameters
    ----------
    intake : takes photos
    settings : the settings of the chats
    results : the grids on which people point
    reply : sends a text, with buttons, to a chat, as an answer to a message of it, without waiting
    """

    def __init__(
        self,
        intake: Intake,
        settings: SettingsStore,
        results: ResultStore,
        reply: Callable[[int, int, str, InlineKeyboardMarkup | None], None],
    ) -> None:
        self._intake, self._settings, self._results, self._reply = intake, settings, results, reply

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
        self._say(message, _texts(message)("start"))

    async def help(self, message: Message) -> None:
        """/help."""
        texts = _texts(message)
        self._say(message, texts("help", looks=texts.looks()))

    async def strength(self, message: Message, command: CommandObject) -> None:
        """/strength NUMBER sets the strength; /strength says what it is."""
        number = _texts(message).number
        self._set(
            message,
            command,
            "strength",
            self._settings.set_strength,
            lambda settings: number(settings.options("balanced").strength),
        )

    async def look(self, message: Message, command: CommandObject) -> None:
        """/look NAME sets the look; /look says what it is."""
        self._set(message, command, "look", self._settings.set_look, lambda settings: settings.look)

    async def candidates(self, message: Message, command: CommandObject) -> None:
        """/candidates NUMBER sets the number of candidates; /candidates says what it is."""
        self._set(
            message,
            command,
            "candidates",
            self._settings.set_candidates,
            lambda settings: str(settings.candidates),
        )

    async def force(self, message: Message) -> None:
        """/force, in reply to a photo or as its caption."""
        photo = message if _file_of(message) else message.reply_to_message
        if photo is None or _file_of(photo) is None:
            self._say(message, _texts(message)("trouble.no-photo"))
        else:
            self._take(photo, _texts(message), force=True)

    async def anything(self, message: Message) -> None:
        """Photos, names of squares, and everything else that people send."""
        if self._take_own(message) or self._take_cell(message):
            return
        if not _private(message):
            return  # messages in a group are not meant for the bot
        texts = _texts(message)
        kind = f"kind.{ContentType(message.content_type).value}"
        if message.text and message.text.startswith("/"):
            self._say(message, texts("trouble.unknown", command=cut(message.text.split()[0], 40)))
        elif texts.has(kind):
            # All other kinds are notices of Telegram and get no answer.
            self._say(message, texts("trouble.other", kind=texts(kind)))
        elif message.document is not None:
            name = clean_name(message.document.file_name)
            self._say(message, texts("trouble.not-a-photo", name=name))

    def _take_own(self, message: Message) -> bool:
        """Queue the photo that `message` carries; False where it carries none."""
        if _file_of(message) is None:
            return False
        self._take(message, _texts(message))
        return True

    def _take_cell(self, message: Message) -> bool:
        """Ask for the colour of the square that `message` names; False where it names none of a grid."""
        asked = message.reply_to_message
        to_bot = _private(message) or (
            asked is not None and asked.from_user is not None and asked.from_user.is_bot
        )
        if not to_bot or message.text is None or not CELL.fullmatch(message.text):
            return False
        found = self._results.last_grid(message.chat.id)
        if found is None or found[1].grid is None:
            return False
        (key, _), grid, texts = found, found[1].grid, _texts(message)
        cell = grid.find(message.text)
        if cell is None:
            self._say(message, texts("tap.no-cell"))
        else:
            keyboard = color_keyboard(texts, key, grid, cell)
            self._say(message, texts("grid.color", cell=cell), keyboard)
        return True

    def _take(self, message: Message, texts: Texts, *, force: bool = False) -> None:
        """Queue a photo; `texts` are those of the person who asks."""
        found = _file_of(message)
        if found is None:
            return
        file_id, name, size = found
        if (size or 0) > MAX_FETCH:
            self._say(message, texts("trouble.too-large", name=name))
            return
        chat = message.chat.id
        refused = self._intake.take(
            PhotoJob(
                chat,
                message.message_id,
                file_id,
                name,
                as_file=message.document is not None,
                settings=self._settings.of(chat),
                force=force,
                private=_private(message),
                language=texts.language,
            )
        )
        if refused:
            self._say(message, refused)

    def _set(
        self,
        message: Message,
        command: CommandObject,
        name: str,
        change: Callable[[int, str], ChatSettings],
        value: Callable[[ChatSettings], str],
    ) -> None:
        """Change a setting of the chat, or say what it is without an argument."""
        texts, chat = _texts(message), message.chat.id
        settings, key = self._settings.of(chat), f"{name}.now"
        if command.args:
            try:
                settings, key = change(chat, command.args), f"{name}.set"
            except ValueError:
                self._say(message, texts(f"{name}.wrong", looks=texts.looks()))
                return
        self._say(message, texts(key, value=value(settings), looks=texts.looks()))
        self._take_own(message)

    def _say(self, message: Message, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        self._reply(message.chat.id, message.message_id, text, keyboard)


def _texts(message: Message) -> Texts:
    return texts_in(language_of(message.from_user.language_code if message.from_user else None))


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

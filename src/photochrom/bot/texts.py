"""Every sentence that the bot says, in one place."""

from __future__ import annotations

from collections.abc import Sequence

from photochrom.errors import PhotochromError, Remedy

__all__ = ["MAX_CAPTION", "MAX_TEXT", "cut", "inferred", "not_today", "trouble"]

# What Telegram takes, in characters.
MAX_TEXT, MAX_CAPTION = 4096, 1024

START = (
    "Send me a black-and-white photo, and I send it back in colour, beside itself as it was.\n\n"
    "Send it as a file (📎, File) to get it back in full size, with its format, bit depth and metadata.\n\n"
    "The colours are inferred by a program: plausible, not a record of what was there. /help has the rest."
)

HELP = (
    "A photo: I answer with an album, before and after.\n"
    "A photo sent as a file (JPEG, PNG, TIFF, WebP, AVIF, BMP, HEIC and more, at most 20 MB): an album, and the "
    "file in full size, in the format it came in. Several at once are fine.\n\n"
    "/look warmer: another look; natural, fuller, softer, warmer, cooler or autochrome\n"
    "/strength 0.7: paler; 0 is grey, 1 as inferred, 1.5 bold\n"
    "/candidates 3: three plausible versions of each photo, 9 at most\n"
    "/force: in reply to a photo, colour it although it is in colour already, or damaged\n"
    "/help: this\n\n"
    "The settings hold for this chat until I am restarted.\n"
    "I hold a photo in memory while I work on it, and then forget it. Telegram keeps what is in this chat, and "
    "removes metadata from photos that are not sent as files.\n"
    "The colours are inferred; no program can know what colour a dress was."
)

COMMANDS = {
    "look": "natural, fuller, softer, warmer, cooler or autochrome",
    "strength": "How much colour: 0 to 1.5",
    "candidates": "How many versions of each photo: 1 to 9",
    "help": "What I can do",
}

KINDS = {
    "text": "a message",
    "sticker": "a sticker",
    "animation": "an animation",
    "video": "a video",
    "video_note": "a video message",
    "voice": "a voice message",
    "audio": "a sound",
    "story": "a story",
    "contact": "a contact",
    "location": "a place",
    "venue": "a place",
    "poll": "a poll",
    "dice": "a game of chance",
    "game": "a game",
    "paid_media": "paid media",
}
"""What people send besides photos. All other kinds are notices of Telegram and get no answer."""

NO_PHOTO = "Reply /force to a photo, and I colour it although it is in colour already."
TOO_LARGE = (
    "{name}: has more than the 20 MB that Telegram lets bots fetch. Send it smaller; or run "
    "`photochrom colorize` on a computer, which takes it at any size."
)
TOO_LARGE_BACK = (
    "{name}: is ready, but with {megabytes:.0f} MB it is more than the 50 MB that bots may send. Send the photo "
    "as JPEG; or run `photochrom colorize` on a computer, which writes it at any size."
)
NOT_A_PHOTO = "{name}: is no photo. Send a JPEG, PNG, TIFF, WebP, AVIF, BMP, GIF, HEIC or camera RAW file."
NOT_FETCHED = "{name}: Telegram did not hand it over. Send it again, please."
BROKEN = "{name}: could not be coloured, by a fault of mine ({kind}). Other photos are not affected."
FULL = "{name}: too many photos are waiting at the moment. Send it again in a few minutes, please."
CHAT_FULL = "{name}: {count} of your photos are waiting already. Send it again when they are done, please."
STOPPING = "I am being switched off, and {photos} of yours had to be left. Send them again later, please."

ELSEWHERE = "I cannot read it; convert it to PNG or TIFF first"
REMEDIES = {
    Remedy.FORCE: "reply /force to it, and I colour it anew all the same",
    Remedy.FEWER_AT_ONCE: "send it smaller, please",
    Remedy.SALVAGE: "reply /force to it, and I colour what is left of it",
    Remedy.RAISE_MAX_PIXELS: "make it smaller, or ask for fewer /candidates",
    # A person in a chat cannot install anything on the bot's machine.
    Remedy.INSTALL_PHOTO: ELSEWHERE,
    Remedy.INSTALL_CODECS: ELSEWHERE,
    Remedy.USE_FILM: "the command `photochrom film` colorizes films",
}
"""The remedies that a chat needs in other words than Python."""


def inferred(model: str, *, number: int = 1, of: int = 1, notes: Sequence[str] = ()) -> str:
    """The caption of a picture in colour, with its number if there are several, and with `notes`."""
    which = f"Version {number} of {of}. " if of > 1 else ""
    words = f"{which}The colours were inferred by {model}; they are not a record of the original colours."
    note = f" Note: {' '.join(notes)}" if notes else ""
    return cut(words + note, MAX_CAPTION)


def other(kind: str) -> str:
    """The answer to what is not a photo."""
    return (
        f"That is {KINDS[kind]}, and all I can do is colour photos. Send me one, as a photo or as a file; "
        "/help says more."
    )


def unknown(command: str) -> str:
    """The answer to an unknown command."""
    return f"I do not know {cut(command, 40)}. /help lists what I do."


def trouble(error: PhotochromError, name: str) -> str:
    """The error about the photo called `name`, with the remedy for a chat."""
    return cut(error.sentence(REMEDIES, path=name), MAX_TEXT - 1) + "."


def not_today(daily: int, chat: int) -> str:
    """The answer to a photo that the chat may not send. The number lets the operator allow the chat."""
    who = f"Whoever runs me can allow this chat with its number, {chat}."
    if daily == 0:
        return f"I colour photos only for chats that are on my list. {who}"
    count = "one photo" if daily == 1 else f"{daily} photos"
    return f"I colour {count} a day for a chat, and that is used up today. {who}"


def stopping(count: int) -> str:
    """The last message to a chat whose photos were still waiting."""
    return STOPPING.format(photos="one photo" if count == 1 else f"{count} photos")


def cut(text: str, most: int) -> str:
    """`text` with at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"

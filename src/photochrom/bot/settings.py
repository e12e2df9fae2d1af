"""`ChatSettings`: how a chat wants its photos; `SettingsStore` remembers it for a bounded number of chats."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace

from photochrom.engine.options import Options, Quality
from photochrom.pipeline.looks import LOOKS, look_values

__all__ = ["MAX_CANDIDATES", "ChatSettings", "SettingsStore"]

# An album holds ten pictures. One of them is the original photo.
MAX_CANDIDATES = 9


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """How one chat wants its photos.

    Attributes
    ----------
    strength
        0 is grey, 1 as predicted, up to 1.5; None is the look's own.
    look
        A name of `photochrom.pipeline.looks.LOOKS`.
    candidates
        How many versions of each photo, 1 to 9.
    """

    strength: float | None = None
    candidates: int = 1
    look: str = "natural"

    def __post_init__(self) -> None:
        if not 1 <= self.candidates <= MAX_CANDIDATES:
            raise ValueError(
                f"candidates must be between 1 and {MAX_CANDIDATES}, as an album holds 10 pictures"
            )
        self.options("balanced")  # raises a ValueError with a sentence about the strength

    def options(self, quality: Quality) -> Options:
        """These settings as options of the engine."""
        return Options(
            candidates=self.candidates, quality=quality, **look_values(self.look, strength=self.strength)
        )


class SettingsStore:
    """The settings of the chats that differ from the default; the least recently used are forgotten first.

    Parameters
    ----------
    most : chats to remember
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._kept: OrderedDict[int, ChatSettings] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, chat: int) -> ChatSettings:
        """The last settings of `chat`, or the default."""
        settings = self._kept.get(chat)
        if settings is None:
            return ChatSettings()
        self._kept.move_to_end(chat)
        return settings

    def set_strength(self, chat: int, words: str) -> ChatSettings:
        """Take the argument of /strength. Raises ValueError with a sentence."""
        number = _number(words, "strength is a number such as 0.7")
        settings = self.of(chat)
        own = number == LOOKS[settings.look].strength
        return self._keep(chat, replace(settings, strength=None if own else number))

    def set_look(self, chat: int, words: str) -> ChatSettings:
        """Take the argument of /look. Its strength takes the place of an earlier one. Raises ValueError."""
        name = words.strip().lower()
        # `look_values` would also open a file of this machine.
        if name not in LOOKS:
            raise ValueError(f"look is one of {', '.join(LOOKS)}")
        return self._keep(chat, replace(self.of(chat), look=name, strength=None))

    def set_candidates(self, chat: int, words: str) -> ChatSettings:
        """Take the argument of /candidates. Raises ValueError with a sentence."""
        number = _number(words, "candidates is a whole number such as 3")
        if number != math.floor(number):
            raise ValueError("candidates is a whole number such as 3")
        return self._keep(chat, replace(self.of(chat), candidates=int(number)))

    def forget(self, chat: int) -> None:
        """Set `chat` back to the default."""
        self._kept.pop(chat, None)

    def _keep(self, chat: int, settings: ChatSettings) -> ChatSettings:
        self.forget(chat)
        if settings != ChatSettings():
            self._kept[chat] = settings
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return settings


def _number(words: str, sentence: str) -> float:
    try:
        # Many countries write 0,7.
        number = float(words.replace(",", "."))
    except ValueError:
        raise ValueError(sentence) from None
    if not math.isfinite(number):
        raise ValueError(sentence)
    return number

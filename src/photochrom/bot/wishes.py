"""What a chat has asked for, remembered for as many chats as memory should hold."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace

from photochrom.engine.options import Options, Quality

__all__ = ["MAX_CANDIDATES", "Wish", "Wishes"]

# An album holds ten pictures, and one of them is the photo as it was.
MAX_CANDIDATES = 9


@dataclass(frozen=True, slots=True)
class Wish:
    """How one chat wants its photos.

    Attributes
    ----------
    strength
        0 is grey, 1 as predicted, up to 1.5.
    candidates
        How many versions of each photo, 1 to 9.
    """

    strength: float = 1.0
    candidates: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.candidates <= MAX_CANDIDATES:
            raise ValueError(
                f"candidates must be between 1 and {MAX_CANDIDATES}, as an album holds 10 pictures"
            )
        self.options("balanced")  # its ValueError about the strength is a sentence

    def options(self, quality: Quality) -> Options:
        """The engine's options for this wish."""
        return Options(strength=self.strength, candidates=self.candidates, quality=quality)


class Wishes:
    """The wishes of the chats that differ from the default; the least recently used are forgotten first.

    Parameters
    ----------
    most : chats to remember
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._kept: OrderedDict[int, Wish] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, chat: int) -> Wish:
        """What `chat` asked for last, or the default."""
        wish = self._kept.get(chat)
        if wish is None:
            return Wish()
        self._kept.move_to_end(chat)
        return wish

    def set_strength(self, chat: int, words: str) -> Wish:
        """Take the argument of /strength. Raises ValueError with a sentence."""
        number = _number(words, "strength is a number such as 0.7")
        return self._keep(chat, replace(self.of(chat), strength=number))

    def set_candidates(self, chat: int, words: str) -> Wish:
        """Take the argument of /candidates. Raises ValueError with a sentence."""
        number = _number(words, "candidates is a whole number such as 3")
        if number != math.floor(number):
            raise ValueError("candidates is a whole number such as 3")
        return self._keep(chat, replace(self.of(chat), candidates=int(number)))

    def forget(self, chat: int) -> None:
        """Return `chat` to the default."""
        self._kept.pop(chat, None)

    def _keep(self, chat: int, wish: Wish) -> Wish:
        self.forget(chat)
        if wish != Wish():
            self._kept[chat] = wish
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return wish


def _number(words: str, sentence: str) -> float:
    try:
        # Half of Europe writes 0,7.
        number = float(words.replace(",", "."))
    except ValueError:
        raise ValueError(sentence) from None
    if not math.isfinite(number):
        raise ValueError(sentence)
    return number

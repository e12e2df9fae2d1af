"""`ResultStore`: what the buttons under a result need, for a bounded number of results and a day at most."""

from __future__ import annotations

import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from photochrom.bot.grid import Grid
from photochrom.bot.work import PhotoJob

__all__ = ["KEPT_SECONDS", "ResultStore", "SentResult"]

KEPT_SECONDS = 24 * 3600
MOST, MOST_EACH = 10_000, 100


@dataclass(frozen=True, slots=True)
class SentResult:
    """A result, or a grid over one. It has names of Telegram's files, and no pictures.

    Attributes
    ----------
    job
        How the result was made.
    picture
        Telegram's name for a view of the result; None if Telegram shows none.
    grid
        The grid that was drawn over the view.
    """

    job: PhotoJob
    picture: str | None = None
    grid: Grid | None = None


class ResultStore:
    """Results by a random key. A chat sees only its own.

    Parameters
    ----------
    seconds : how long a result is remembered
    most, most_each : results of all chats, and of one chat; the oldest are forgotten first
    clock : seconds that never go back; tests replace it
    """

    def __init__(
        self,
        *,
        seconds: float = KEPT_SECONDS,
        most: int = MOST,
        most_each: int = MOST_EACH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._most, self._most_each, self._clock = seconds, most, most_each, clock
        # The oldest is the first.
        self._kept: OrderedDict[tuple[int, str], tuple[float, SentResult]] = OrderedDict()
        self._count: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, sent: SentResult) -> str:
        """Remember a result; the key is for the buttons under it."""
        self.forget_old()
        chat, key = sent.job.chat, secrets.token_urlsafe(9)
        if self._count[chat] >= self._most_each:
            self._drop(next(each for each in self._kept if each[0] == chat))
        elif len(self._kept) >= self._most:
            self._drop(next(iter(self._kept)))
        self._kept[chat, key] = self._clock(), sent
        self._count[chat] += 1
        return key

    def get(self, chat: int, key: str) -> SentResult | None:
        """The result with this key; None if it is forgotten, or is of another chat."""
        self.forget_old()
        found = self._kept.get((chat, key))
        return None if found is None else found[1]

    def last_grid(self, chat: int) -> tuple[str, SentResult] | None:
        """The newest grid of `chat`, with its key."""
        self.forget_old()
        for (owner, key), (_, sent) in reversed(self._kept.items()):
            if owner == chat and sent.grid is not None:
                return key, sent
        return None

    def forget(self, chat: int) -> None:
        """Forget all results of `chat`."""
        for each in [each for each in self._kept if each[0] == chat]:
            self._drop(each)

    def forget_old(self) -> None:
        """Forget what is older than the time for which results are remembered."""
        while self._kept:
            oldest = next(iter(self._kept))
            if self._clock() - self._kept[oldest][0] < self._seconds:
                return
            self._drop(oldest)

    def _drop(self, each: tuple[int, str]) -> None:
        del self._kept[each]
        self._count[each[0]] -= 1
        if not self._count[each[0]]:
            del self._count[each[0]]

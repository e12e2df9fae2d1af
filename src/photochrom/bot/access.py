"""`Access`: which chats may send photos, and how many a day."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime

__all__ = ["DAILY", "Access"]

DAILY = 20
"""Photos that a chat which is not on the list may send in a day, by default."""
MOST_CHATS = 100_000


class Access:
    """The list of allowed chats, and the photos of all others today (UTC).

    Parameters
    ----------
    allowed : ids of chats without a limit
    daily : photos a day for every other chat; 0 refuses other chats, None sets no limit
    clock : seconds since 1970; tests replace it
    """

    def __init__(
        self,
        allowed: Collection[int] = (),
        daily: int | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.allowed, self.daily, self._clock = frozenset(allowed), daily, clock
        self._day: date | None = None
        self._photos: Counter[int] = Counter()

    def take(self, chat: int) -> bool:
        """Count a photo of `chat`; False if the chat may not send it."""
        if self.daily is None or chat in self.allowed:
            return True
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        if today != self._day:
            self._day = today
            self._photos.clear()
        # So many chats in a day are an attack. The memory stays bounded, and no further chat is served.
        full = len(self._photos) >= MOST_CHATS and chat not in self._photos
        if full or self._photos[chat] >= self.daily:
            return False
        self._photos[chat] += 1
        return True

"""`TurnQueue`: the waiting photos, for the bot's event loop. Chats take turns, so an album does not block others."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import TypeVar

from photochrom.jobs.queue import FairQueue

__all__ = ["TurnQueue"]

Item = TypeVar("Item", bound=Hashable)


class TurnQueue(FairQueue[int, Item]):
    """A `FairQueue` of chats whose `next` waits; for one event loop.

    Parameters
    ----------
    most : photos that may wait, of all chats
    most_each : photos that may wait, of one chat
    at_once
        Photos of one chat that may be out of the queue and not yet reported by `done`. A chat that Telegram
        makes wait keeps no more photos in memory than these, and the other chats go on.
    """

    def __init__(self, *, most: int = 500, most_each: int = 50, at_once: int = 1) -> None:
        super().__init__(most, most_each, at_once)
        self._changed = asyncio.Event()

    async def next(self) -> Item | None:
        """The next photo, once there is one; None when the queue is closed. Report it by `done`."""
        while not self.closed:
            taken = self.take()
            if taken is not None:
                return taken[1]
            self._changed.clear()
            await self._changed.wait()
        return None

    def put(self, client: int, *items: Item) -> None:
        """As `FairQueue.put`; wakes `next`."""
        super().put(client, *items)
        self._changed.set()

    def done(self, client: int) -> None:
        """As `FairQueue.done`; wakes `next`."""
        super().done(client)
        self._changed.set()

    def close(self) -> dict[int, list[Item]]:
        """As `FairQueue.close`; wakes `next`."""
        left = super().close()
        self._changed.set()
        return left

"""Whose photo comes next: the chats take turns, so that an album of one does not hold up another's photo."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from typing import Generic, TypeVar

__all__ = ["ChatFull", "Full", "Turns"]

Item = TypeVar("Item")


class Full(Exception):
    """As many photos wait as may wait."""


class ChatFull(Full):
    """As many photos of this chat wait as may wait of one."""


class Turns(Generic[Item]):
    """A bounded queue in which chats take turns. For one event loop.

    Parameters
    ----------
    most : photos that may wait, of all chats
    most_each : photos that may wait, of one chat
    at_once
        Photos of one chat that may be out of the queue and not yet reported by `done`. A chat that Telegram
        makes wait keeps no more than these, and none of the others' turns.
    """

    def __init__(self, *, most: int = 500, most_each: int = 50, at_once: int = 1) -> None:
        self.most, self.most_each, self.at_once = most, most_each, at_once
        self._waiting: OrderedDict[int, deque[Item]] = OrderedDict()
        self._out: Counter[int] = Counter()
        self._changed = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, chat: int, item: Item) -> None:
        """Queue `item` behind the others of its chat. Raises Full or ChatFull."""
        line = self._waiting.get(chat, ())
        if self._closed or len(self) >= self.most:
            raise Full
        if len(line) >= self.most_each:
            raise ChatFull
        self._waiting.setdefault(chat, deque()).append(item)
        self._changed.set()

    async def next(self) -> Item | None:
        """The next photo, once there is one; None when the queue is closed. Report it with `done`."""
        while not self._closed:
            for chat, line in self._waiting.items():
                if self._out[chat] < self.at_once:
                    item = line.popleft()
                    self._out[chat] += 1
                    # To the back of the round, or out of it.
                    del self._waiting[chat]
                    if line:
                        self._waiting[chat] = line
                    return item
            self._changed.clear()
            await self._changed.wait()
        return None

    def done(self, chat: int) -> None:
        """Say that a photo of `chat` is answered, or will not be."""
        self._out[chat] -= 1
        if not self._out[chat]:
            del self._out[chat]
        self._changed.set()

    def drop(self, chat: int) -> int:
        """Forget what waits of `chat`; how many photos that was."""
        return len(self._waiting.pop(chat, ()))

    def close(self) -> dict[int, int]:
        """Take no more, give out no more; how many photos of each chat are left undone."""
        left = {chat: len(line) for chat, line in self._waiting.items()}
        self._waiting.clear()
        self._closed = True
        self._changed.set()
        return left

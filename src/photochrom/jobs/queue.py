"""`FairQueue`: a bounded queue whose clients take turns. It has no threads and no event loop of its own."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["FairQueue", "QueueFullError"]

Client = TypeVar("Client", bound=Hashable)
Item = TypeVar("Item", bound=Hashable)


class QueueFullError(Exception):
    """The queue does not take the items.

    Attributes
    ----------
    room : int
        The number of items of this client that it would take now.
    closed : bool
        Whether the queue is closed and takes no more items.
    own : bool
        Whether the client's own limit is the reason; the queue may have room for other clients.
    """

    def __init__(self, room: int, *, closed: bool = False, own: bool = False) -> None:
        super().__init__("the queue is closed" if closed else f"the queue has room for {room} more")
        self.room, self.closed, self.own = room, closed, own


class FairQueue(Generic[Client, Item]):
    """Items of several clients, given out one client after the other (round robin); safe from several threads.

    A client with one item waits for one item of each client that came before it, not for all of their items.

    Parameters
    ----------
    most : items of all clients that may wait
    most_each : items of one client that may wait; None is `most`
    at_once
        Items of one client that may be in progress: taken, and not yet reported by `done`. A client at this limit keeps
        its place, and other clients continue. None means no limit.
    """

    def __init__(self, most: int, most_each: int | None = None, at_once: int | None = None) -> None:
        self.most, self.most_each, self.at_once = most, most if most_each is None else most_each, at_once
        self._waiting: OrderedDict[Client, deque[Item]] = OrderedDict()
        self._out: Counter[Client] = Counter()
        self._lock = threading.RLock()
        self._closed = False

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._waiting.values()))

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def check(self, client: Client, count: int = 1) -> None:
        """See whether `put` would take `count` items of `client`.

        Raises
        ------
        QueueFullError
        """
        with self._lock:
            if self._closed:
                raise QueueFullError(0, closed=True)
            all_free = self.most - len(self)
            own_free = self.most_each - len(self._waiting.get(client, ()))
            if count > min(all_free, own_free):
                raise QueueFullError(max(0, min(all_free, own_free)), own=own_free < all_free)

    def put(self, client: Client, *items: Item) -> None:
        """Take all of `items`, or none of them.

        Raises
        ------
        QueueFullError
        """
        with self._lock:
            self.check(client, len(items))
            if items:
                self._waiting.setdefault(client, deque()).extend(items)

    def take(self) -> tuple[Client, Item] | None:
        """Take the next item out; None if there is none that may be taken now. Report it by `done`."""
        with self._lock:
            for client, line in self._waiting.items():
                if self.at_once is None or self._out[client] < self.at_once:
                    item = line.popleft()
                    self._out[client] += 1
                    # The client goes to the end of the round, or out of it.
                    del self._waiting[client]
                    if line:
                        self._waiting[client] = line
                    return client, item
            return None

    def done(self, client: Client) -> None:
        """Report that work on an item of `client` has ended."""
        with self._lock:
            self._out[client] -= 1
            if self._out[client] <= 0:
                del self._out[client]

    def remove(self, client: Client, item: Item) -> bool:
        """Remove an item that waits; False if it does not wait."""
        with self._lock:
            line = self._waiting.get(client)
            if line is None or item not in line:
                return False
            line.remove(item)
            if not line:
                del self._waiting[client]
            return True

    def drop(self, client: Client) -> list[Item]:
        """Remove all items of `client` that wait, and return them."""
        with self._lock:
            return list(self._waiting.pop(client, ()))

    def order(self) -> list[Item]:
        """The items that wait, in the order in which they are given out if `at_once` holds back no client."""
        with self._lock:
            lines = [list(line) for line in self._waiting.values()]
        longest = max(map(len, lines), default=0)
        return [line[turn] for turn in range(longest) for line in lines if turn < len(line)]

    def close(self) -> dict[Client, list[Item]]:
        """Take no more items; remove those that wait and return them by client."""
        with self._lock:
            self._closed = True
            left = {client: list(line) for client, line in self._waiting.items()}
            self._waiting.clear()
            return left

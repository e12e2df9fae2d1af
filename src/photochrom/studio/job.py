"""`Job`: the photos that a client has sent together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from photochrom.studio.items import JobItem
from photochrom.studio.store import new_id
from photochrom.studio.workers import Task

__all__ = ["Job"]


class Job:
    """Photos that were sent together. Its watchers are called, on any thread, when one of the photos changes."""

    def __init__(self, items: list[JobItem]) -> None:
        self.id = new_id()
        self.created = datetime.now(UTC).isoformat(timespec="seconds")
        self.items = items
        self.watchers: set[Callable[[], None]] = set()

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to its photos."""
        return all(item.ended for item in list(self.items))

    def changed(self) -> None:
        """Call the watchers."""
        for watcher in list(self.watchers):
            watcher()

    @contextlib.contextmanager
    def watched(self, watcher: Callable[[], None]) -> Iterator[None]:
        """Have `watcher` called while the block runs."""
        self.watchers.add(watcher)
        try:
            yield
        finally:
            self.watchers.discard(watcher)

    def public(self, positions: dict[Task, int]) -> dict[str, Any]:
        """The answer of ``GET /api/jobs/{id}``; `positions` is `WorkerPool.positions`."""
        photos = [item.public(positions) for item in list(self.items)]
        states = [photo["state"] for photo in photos]
        counts = {state: states.count(state) for state in ("queued", "running", "done", "failed")}
        return {"id": self.id, "created": self.created, "photos": photos, **counts}

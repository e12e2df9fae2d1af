"""`Shot`: one photo that a client has sent, how far it is, and what became of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from photochrom.studio.darkroom import Print, Wish
from photochrom.studio.store import Blob, new_id

if TYPE_CHECKING:
    from photochrom.studio.jobs import Job
    from photochrom.studio.workers import Task

__all__ = ["Shot", "State"]

State = Literal["queued", "running", "done", "failed"]


class Shot:
    """One photo of a job: the upload, how far it is, and what became of it."""

    def __init__(self, name: str, upload: Blob, wish: Wish) -> None:
        self.id = new_id()
        self.name, self.upload, self.wish = name, upload, wish
        self.state: State = "queued"
        self.progress = 0.0
        self.failure: tuple[HTTPStatus, str] | None = None
        self.size: tuple[int, int] | None = None  # width and height, upright
        self.prints: list[Print] = []
        self.before: Blob | None = None  # what the page shows of the original, once asked for
        self.task: Task | None = None
        self.job: Job | None = None
        self.until: float | None = None  # on the clock of the desk; None while it is in work
        self.gone = False

    @property
    def blobs(self) -> list[Blob]:
        """All files that belong to it."""
        more = [self.before] if self.before is not None else []
        return [self.upload, *(each.blob for each in self.prints), *more]

    def public(self, positions: dict[Task, int]) -> dict[str, Any]:
        """The PHOTO of the HTTP interface."""
        first = self.prints[0] if self.prints else None
        width, height = self.size or (None, None)
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "position": positions.get(self.task) if self.task is not None else None,
            "progress": round(self.progress, 3),
            "error": self.failure[1] if self.failure else None,
            "width": width,
            "height": height,
            "candidates": self.wish.options.candidates,
            "format": first.format if first else None,
            "type": first.type if first else None,
            "bytes": first.blob.bytes if first else None,
        }

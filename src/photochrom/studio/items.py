"""`JobItem`: one photo or film that a client has sent, how far the work on it is, and its results."""

from __future__ import annotations

from typing import Any, Literal

from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError
from photochrom.studio.service import ResultFile
from photochrom.studio.store import Blob, new_id
from photochrom.studio.workers import Task

__all__ = ["JobItem", "Kind", "State"]

COLORED = ("in_color", "colorized")
"""The codes of the errors of photos that are in colour already."""

State = Literal["queued", "running", "done", "failed"]
Kind = Literal["photo", "film"]


class JobItem:
    """One photo or film of a job. `JobRegistry` alone changes it.

    Attributes
    ----------
    progress
        Share of the work that is done, in [0, 1].
    failure
        The answer of the API if the photo failed.
    size
        Width and height in pixels, upright; None until the photo is opened.
    kind
        "photo" or "film".
    preview
        The first seconds of a film in colour, once they are done: an animated WebP.
    before
        A small picture of the original for the page, once it was asked for.
    until
        When the photo is forgotten, on the clock of the registry; None while the work is not done.
    gone
        Whether the photo was forgotten.
    """

    def __init__(self, name: str, upload: Blob, request: ColorizeRequest, kind: Kind = "photo") -> None:
        self.id, self.kind = new_id(), kind
        self.name, self.upload, self.request = name, upload, request
        self.state: State = "queued"
        self.progress = 0.0
        self.failure: ApiError | None = None
        self.size: tuple[int, int] | None = None
        self.results: list[ResultFile] = []
        self.before: Blob | None = None
        self.preview: Blob | None = None
        self.task: Task | None = None
        self.until: float | None = None
        self.gone = False

    @property
    def ended(self) -> bool:
        """Whether the work on it is done or has failed."""
        return self.state in ("done", "failed")

    @property
    def shows_own_colors(self) -> bool:
        """Whether the picture of the original shows the colours that its file has.

        It does if the photo was left as it is because of them, or may have been colorized in spite of them.
        """
        return self.request.force or (self.failure is not None and self.failure.code in COLORED)

    @property
    def notes(self) -> list[str]:
        """What was changed or left out in its results, in words."""
        return list(dict.fromkeys(note for result in self.results for note in result.notes))

    @property
    def blobs(self) -> list[Blob]:
        """All files that belong to it."""
        small = [blob for blob in (self.before, self.preview) if blob is not None]
        return [self.upload, *(result.blob for result in self.results), *small]

    def public(self, positions: dict[Task, int]) -> dict[str, Any]:
        """The PHOTO object of the HTTP interface; `positions` is `WorkerPool.positions`."""
        first = self.results[0] if self.results else None
        width, height = self.size or (None, None)
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "state": self.state,
            "position": positions.get(self.task) if self.task is not None else None,
            "progress": round(self.progress, 3),
            "error": str(self.failure) if self.failure else None,
            "error_code": self.failure.code if self.failure else None,
            "forced": self.request.force,
            "notes": self.notes,
            "width": width,
            "height": height,
            "preview": self.preview is not None,
            "candidates": self.request.options.candidates,
            "references": [each.name for each in self.request.options.references],
            "format": first.format if first else None,
            "type": first.type if first else None,
            "bytes": first.blob.bytes if first else None,
        }

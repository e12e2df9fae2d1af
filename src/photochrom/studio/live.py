"""Pictures at the size of a screen, at once: the photos last looked at are held open as previews."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from io import BytesIO
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom._version import __version__
from photochrom.engine.preview import Preview
from photochrom.media import provenance
from photochrom.media.photo import Photo
from photochrom.studio.api_error import ApiError, photo_error
from photochrom.studio.darkroom import Darkroom
from photochrom.studio.shots import Shot

__all__ = ["Live", "jpeg", "png"]

T = TypeVar("T")
OPEN = 16
"""Previews held open; one is about 10 MB once it has been coloured a few times."""
MOST_WAITING = 64


class _Entry:
    """A preview that is open or about to be, and who may use it: one at a time."""

    def __init__(self) -> None:
        self.preview: Preview | None = None
        self.turn = asyncio.Lock()
        self.busy = threading.Lock()
        self.users = 0


class Live:
    """Runs what must be quick on threads of its own, past the queue; for one event loop.

    Parameters
    ----------
    threads : how many photos are worked on at once
    """

    def __init__(self, darkroom: Darkroom, threads: int) -> None:
        self._darkroom = darkroom
        self._pool = ThreadPoolExecutor(threads, "studio-live")
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._waiting = 0
        self._mark = Photo([], "", "JPEG")
        provenance.mark(self._mark, darkroom.colorizer.name, __version__)

    @property
    def open(self) -> int:
        """How many previews are held open."""
        return sum(entry.preview is not None for entry in self._entries.values())

    async def run(self, shot: Shot, work: Callable[[Preview], T], left: Callable[[], Awaitable[bool]]) -> T:
        """What `work` makes of the shot's preview.

        Parameters
        ----------
        left : whether the client has gone; asked where there was a wait, as when a slider is dragged

        Raises
        ------
        ApiError
            429 where too many wait, and whatever is wrong with the photo.
        """
        if self._waiting >= MOST_WAITING:
            raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, "too many views are asked for at once; try again")
        entry = self._entries.setdefault(shot.id, _Entry())
        self._entries.move_to_end(shot.id)
        entry.users += 1
        self._waiting += 1
        try:
            waited = entry.turn.locked()
            async with entry.turn:
                if waited and await left():
                    raise ApiError(HTTPStatus.REQUEST_TIMEOUT, "the client left")
                return await asyncio.get_running_loop().run_in_executor(
                    self._pool, self._run, entry, shot, work
                )
        finally:
            self._waiting -= 1
            entry.users -= 1
            self._trim()

    def keep(self, known: Callable[[str], bool]) -> None:
        """Close the previews of photos that are not `known` any more."""
        for id in [id for id in self._entries if not known(id)]:
            del self._entries[id]

    def close(self) -> None:
        """Close all of them; what runs is not waited for."""
        self._entries.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def coloured(self, rgb: NDArray[np.uint8]) -> bytes:
        """A JPEG of a coloured picture ``(h, w, 3)``. It says, as every result does, that its colours were inferred."""
        return jpeg(rgb, xmp=self._mark.xmp, exif=b"Exif\0\0" + (self._mark.exif or b""))

    def _run(self, entry: _Entry, shot: Shot, work: Callable[[Preview], T]) -> T:
        with entry.busy:
            try:
                if entry.preview is None:
                    photo = self._darkroom.open(shot.upload, shot.name)
                    entry.preview = Preview(self._darkroom.colorizer, photo)
                return work(entry.preview)
            except Exception as error:
                raise photo_error(error, shot.name) from None

    def _trim(self) -> None:
        for id in [id for id, entry in self._entries.items() if entry.preview is None and not entry.users]:
            del self._entries[id]
        idle = [id for id, entry in self._entries.items() if not entry.users]
        for id in idle[: max(0, len(self._entries) - OPEN)]:
            del self._entries[id]


def jpeg(rgb: NDArray[np.uint8], **metadata: Any) -> bytes:
    """A picture ``(h, w, 3)`` as a JPEG whose colours are as sharp as its luma."""
    out = BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=90, subsampling=0, **metadata)
    return out.getvalue()


def png(grey: NDArray[np.uint8]) -> bytes:
    """A map ``(h, w)`` as an 8-bit grey PNG."""
    out = BytesIO()
    Image.fromarray(grey).save(out, "PNG", compress_level=1)
    return out.getvalue()

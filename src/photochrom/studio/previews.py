"""`PreviewService`: pictures at screen size with little delay. The most recently viewed photos stay open."""

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
from photochrom.engine.options import Options
from photochrom.engine.preview import Preview
from photochrom.media import provenance
from photochrom.media.photo import Photo
from photochrom.pipeline.sharing import Kind, SharedPicture, share
from photochrom.studio.api_error import ApiError, photo_error
from photochrom.studio.items import JobItem
from photochrom.studio.service import ColorizeService

__all__ = ["PreviewService", "jpeg", "png"]

T = TypeVar("T")
OPEN = 16
"""How many previews stay open. One takes about 10 MB once it has been colorized a few times."""
MOST_WAITING = 64


class _Entry:
    """A preview that is open or will be. One request at a time uses it."""

    def __init__(self) -> None:
        self.preview: Preview | None = None
        self.turn = asyncio.Lock()
        self.busy = threading.Lock()
        self.users = 0


class PreviewService:
    """Makes previews on threads of its own, so that they do not wait in the queue; for one event loop.

    Parameters
    ----------
    threads : how many photos are worked on at once
    """

    def __init__(self, service: ColorizeService, threads: int) -> None:
        self._service = service
        self._pool = ThreadPoolExecutor(threads, "studio-live")
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._waiting = 0
        self._mark = Photo([], "", "JPEG")
        provenance.mark(self._mark, service.colorizer.name, __version__)

    @property
    def open(self) -> int:
        """How many previews are open."""
        return sum(entry.preview is not None for entry in self._entries.values())

    async def run(
        self, item: JobItem, work: Callable[[Preview], T], left: Callable[[], Awaitable[bool]]
    ) -> T:
        """Call `work` with the preview of a photo on a thread, and return its result.

        Parameters
        ----------
        left : says whether the client has gone; called after a wait, as when a slider is dragged

        Raises
        ------
        ApiError
            429 if too many requests wait, and whatever is wrong with the photo.
        """
        if self._waiting >= MOST_WAITING:
            raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, "too many views are asked for at once; try again")
        entry = self._entries.setdefault(item.id, _Entry())
        self._entries.move_to_end(item.id)
        entry.users += 1
        self._waiting += 1
        try:
            waited = entry.turn.locked()
            async with entry.turn:
                if waited and await left():
                    raise ApiError(HTTPStatus.REQUEST_TIMEOUT, "the client left")
                return await asyncio.get_running_loop().run_in_executor(
                    self._pool, self._run, entry, item, work
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
        """Close all previews, without waiting for running work."""
        self._entries.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def encode(self, rgb: NDArray[np.uint8]) -> bytes:
        """A JPEG of a colorized picture ``(h, w, 3)``. Its metadata say that the colours were inferred."""
        return jpeg(rgb, xmp=self._mark.xmp, exif=b"Exif\0\0" + (self._mark.exif or b""))

    def share(
        self, preview: Preview, options: Options, candidate: int, kind: Kind, cut: float, *, own_colors: bool
    ) -> SharedPicture:
        """Before and after in one picture. Its metadata, or the comment of a GIF, say that colours were inferred."""
        return share(
            preview.own_colors() if own_colors else preview.grey,
            preview.view(options, candidate=candidate),
            kind,
            cut=cut,
            exif=b"Exif\0\0" + (self._mark.exif or b""),
            xmp=self._mark.xmp or b"",
            words=provenance.statement(self._service.colorizer.name),
        )

    def _run(self, entry: _Entry, item: JobItem, work: Callable[[Preview], T]) -> T:
        with entry.busy:
            try:
                if entry.preview is None:
                    photo = self._service.open(item.upload, item.name, item.request)
                    entry.preview = Preview(self._service.colorizer, photo)
                return work(entry.preview)
            except Exception as error:
                raise photo_error(error, item.name) from None

    def _trim(self) -> None:
        for id in [id for id, entry in self._entries.items() if entry.preview is None and not entry.users]:
            del self._entries[id]
        idle = [id for id, entry in self._entries.items() if not entry.users]
        for id in idle[: max(0, len(self._entries) - OPEN)]:
            del self._entries[id]


def jpeg(rgb: NDArray[np.uint8], **metadata: Any) -> bytes:
    """A picture ``(h, w, 3)`` as a JPEG without chroma subsampling."""
    out = BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=90, subsampling=0, **metadata)
    return out.getvalue()


def png(grey: NDArray[np.uint8]) -> bytes:
    """A map ``(h, w)`` as an 8-bit grey PNG."""
    out = BytesIO()
    Image.fromarray(grey).save(out, "PNG", compress_level=1)
    return out.getvalue()

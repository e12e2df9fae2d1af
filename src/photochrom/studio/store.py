"""`Store`: uploads and results on disk, with random names, in a private folder that is removed with the server."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from photochrom.files import words_of
from photochrom.studio.api_error import ApiError

__all__ = ["Blob", "Draft", "Store", "new_id"]

PREFIX = "photochrom-studio-"
MOST_FILES = 20_000


def new_id() -> str:
    """An identifier that cannot be guessed."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Blob:
    """A complete file in the store: its path, its length and its owner."""

    path: Path
    bytes: int
    owner: str


class Store:
    """A folder of mode 0700 for uploads and results, bounded in bytes; safe from several threads.

    `close` removes the folder. If the process is killed, the next store in the same place removes it.

    Parameters
    ----------
    most : the limit for the bytes of all files together. One owner may use seven eighths of it. A file counts as at
        least a 20,000th of it, so that there are at most 20,000 files.
    parent : the folder in which it is created; None means the system's folder for temporary files

    Raises
    ------
    OSError
        If no folder can be made there.
    """

    def __init__(self, most: int, parent: Path | None = None) -> None:
        self.most, self.least = most, most // MOST_FILES
        place = Path(parent or tempfile.gettempdir())
        _sweep(place)
        self.folder, self._lock = _made(place)
        self._used: Counter[str] = Counter()
        self._paths: set[Path] = set()
        self._holds: Counter[Path] = Counter()
        self._doomed: set[Path] = set()
        self._mutex = threading.Lock()
        self._closed = False

    @property
    def used(self) -> int:
        """The bytes that all files count as, including files that are being written."""
        with self._mutex:
            return self._used.total()

    @property
    def files(self) -> int:
        """How many files there are."""
        with self._mutex:
            return len(self._paths)

    def draft(self, owner: str) -> Draft:
        """A new file to write to. Raises ApiError, 429 if there is no room, 503 if the store is closed."""
        path = self.folder / secrets.token_hex(16)
        with self._mutex:
            self._reserve(owner, self.least)
            self._paths.add(path)
        return Draft(self, path, owner)

    def write(self, data: bytes, owner: str) -> Blob:
        """A file that holds `data`.

        Raises
        ------
        ApiError
            429 if the store or the owner's part of it is full.
        """
        with self.draft(owner) as draft:
            draft.write(data)
            return draft.finish()

    def adopt(self, path: Path, owner: str) -> Blob:
        """Take a complete file that lies in a folder of the store. It is moved.

        Raises
        ------
        ApiError
            429 if the store or the owner's part of it is full.
        """
        kept, size = self.folder / secrets.token_hex(16), path.stat().st_size
        with self._mutex:
            self._reserve(owner, self._count(size))
            self._paths.add(kept)
        path.rename(kept)
        kept.chmod(0o600)
        return Blob(kept, size, owner)

    @contextlib.contextmanager
    def open(self, blob: Blob) -> Iterator[BinaryIO]:
        """Open a file to read. It stays until the block ends, even if it is dropped meanwhile.

        Raises
        ------
        ApiError
            404 if it is gone.
        """
        with self.hold([blob]), blob.path.open("rb") as file:
            yield file

    @contextlib.contextmanager
    def hold(self, blobs: list[Blob]) -> Iterator[None]:
        """Keep files on the disk while the block runs, even if they are dropped."""
        with self._mutex:
            # A file that is held already can be held again, even if it was dropped.
            if not all(blob.path in self._paths or self._holds[blob.path] for blob in blobs):
                raise ApiError(HTTPStatus.NOT_FOUND, "the photo is gone; send it again")
            self._holds.update(blob.path for blob in blobs)
        try:
            yield
        finally:
            with self._mutex:
                self._holds.subtract(blob.path for blob in blobs)
                last = [blob.path for blob in blobs if not self._holds[blob.path]]
                for path in last:
                    del self._holds[path]
                free = [path for path in last if path in self._doomed]
                self._doomed.difference_update(free)
            for path in free:
                _unlink(path)

    def drop(self, *blobs: Blob) -> None:
        """Remove files. Files that are gone already are ignored."""
        for blob in blobs:
            with self._mutex:
                if blob.path not in self._paths:
                    continue
                self._forget(blob.path, blob.owner, blob.bytes)
                if self._holds[blob.path]:
                    self._doomed.add(blob.path)
                    continue
            _unlink(blob.path)

    def close(self) -> None:
        """Remove the folder with all files. Nothing can be written afterwards."""
        with self._mutex:
            self._closed = True
            self._paths.clear()
            self._used.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _grow(self, owner: str, before: int, after: int) -> None:
        with self._mutex:
            self._reserve(owner, self._count(after) - self._count(before))

    def _reserve(self, owner: str, count: int) -> None:
        if self._closed:
            raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "the server is shutting down")
        total, own = self._used.total() + count, self._used[owner] + count
        if total > self.most or own > self.most - self.most // 8:
            words = "the server holds as many photos as it may; delete some, or try again later"
            raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, words)
        self._used[owner] += count

    def _count(self, size: int) -> int:
        return max(size, self.least)

    def _forget(self, path: Path, owner: str, size: int) -> None:
        self._paths.discard(path)
        self._used[owner] -= self._count(size)
        if self._used[owner] <= 0:
            del self._used[owner]

    def _abandon(self, draft: Draft) -> None:
        with self._mutex:
            if draft.path in self._paths:
                self._forget(draft.path, draft.owner, draft.bytes)
        _unlink(draft.path)


class Draft:
    """A file that is being written. It is removed unless `finish` is called."""

    def __init__(self, store: Store, path: Path, owner: str) -> None:
        self.path, self.owner, self.bytes = path, owner, 0
        self._store = store
        self._finished = False
        try:
            descriptor = os.open(
                path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600
            )
        except OSError as error:
            store._abandon(self)
            raise _no_room(error) from None
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def __enter__(self) -> Draft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            self._file.close()
            self._store._abandon(self)

    def write(self, data: bytes) -> None:
        """Add `data`. Raises ApiError, 429, if there is no room."""
        self._store._grow(self.owner, self.bytes, self.bytes + len(data))
        self.bytes += len(data)
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise _no_room(error) from None

    def finish(self) -> Blob:
        """Close the file and return it."""
        self._file.close()
        self._finished = True
        return Blob(self.path, self.bytes, self.owner)


def _unlink(path: Path) -> None:
    """Remove a file. If that fails, it goes with the folder."""
    with contextlib.suppress(OSError):
        path.unlink()


def _no_room(error: OSError) -> ApiError:
    """The error for a disk that is full or a folder that is gone: the client can only try again."""
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"the server cannot keep photos now ({words_of(error)}); try again later",
    )


def _made(place: Path) -> tuple[Path, int | None]:
    """A new private folder and the lock on it. The system releases the lock when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    return folder, _lock(folder)


def _lock(folder: Path) -> int | None:
    """A descriptor that holds a lock on `folder`; None where the system has no such locks.

    Raises
    ------
    OSError
        If another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _sweep(place: Path) -> None:
    """Remove the folders of studios that were killed: those that nobody holds a lock on."""
    for folder in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, AttributeError):  # AttributeError: no os.getuid, no sweep
            # Another studio may have made its folder and not locked it yet, so a young folder stays.
            fresh = time.time() - folder.lstat().st_mtime < 60
            if fresh or folder.lstat().st_uid != os.getuid():
                continue
            lock = _lock(folder)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)

"""Write files completely or not at all, remove the temporary files of killed processes, and refuse special files."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photochrom.errors import Remedy, UnreadableError, WriteError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["atomic", "make_folder", "require_file", "sweep", "words_of", "write_atomic"]

PREFIX, SUFFIX = ".photochrom-", ".part"
STALE_SECONDS = 2.0
"""A younger file is never removed, because its writer may not have locked it yet."""
STALE_WITHOUT_LOCKS = 24 * 3600.0

PROBLEMS = {
    errno.ENOSPC: ("the disk is full", Remedy.FREE_SPACE, "disk_full"),
    errno.EDQUOT: ("your disk quota is used up", Remedy.FREE_SPACE, "disk_full"),
    errno.EACCES: ("may not be written", Remedy.WRITABLE_FOLDER, "permission"),
    errno.EPERM: ("may not be written", Remedy.WRITABLE_FOLDER, "permission"),
    errno.EROFS: ("the disk is read-only", Remedy.CHOOSE_FOLDER, "permission"),
    errno.ENOENT: ("its folder does not exist", Remedy.MAKE_FOLDER, "no_folder"),
    errno.ENOTDIR: ("its folder is a file", Remedy.CHOOSE_FOLDER, "no_folder"),
    errno.EISDIR: ("is a folder", Remedy.GIVE_FILE_NAME, "is_folder"),
    errno.ENAMETOOLONG: ("the name is too long", Remedy.SHORTER_NAME, "name_too_long"),
    errno.EFBIG: ("is larger than the disk or a limit allows", Remedy.CHOOSE_FOLDER, "disk_full"),
    errno.EEXIST: ("already exists", Remedy.ALLOW_OVERWRITE, "exists"),
}

WORDS = {
    errno.EACCES: "the permission is missing",
    errno.EADDRINUSE: "another program uses it",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
    errno.ECONNREFUSED: "nothing answers there",
    errno.EDQUOT: "your disk quota is used up",
    errno.EEXIST: "it already exists",
    errno.EFBIG: "it is larger than the disk or a limit allows",
    errno.EINVAL: "it is not a file of the usual kind",
    errno.EIO: "the disk reports an error",
    errno.EISDIR: "it is a folder",
    errno.ELOOP: "it is a link that leads to itself",
    errno.EMFILE: "too many files are open",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENFILE: "too many files are open",
    errno.ENODEV: "it is not a file of the usual kind",
    errno.ENOENT: "there is no such file or folder",
    errno.ENOMEM: "there is not enough memory",
    errno.ENOSPC: "the disk is full",
    errno.ENOTDIR: "a part of its path is a file",
    errno.ENXIO: "it is not a file of the usual kind",
    errno.EPERM: "the permission is missing",
    errno.EROFS: "the disk is read-only",
    errno.ETIMEDOUT: "nothing answers there",
}

KINDS = (
    (stat.S_ISFIFO, "is a named pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)


@contextmanager
def atomic(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary file to write. It becomes `path` when the block ends without an error.

    The temporary file is in the folder of `path`. It is written to the disk and then renamed, so no other program sees
    an incomplete file. If an error or an interrupt stops the block, the file is removed, and `path` is unchanged.

    Yields
    ------
    Path
        An empty file. The block may open it or append to it, but must not replace it by another file.

    Raises
    ------
    WriteError
        If `path` exists and `overwrite` is false, or if the system refuses to write.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise write_error(path, OSError(errno.EISDIR, ""))
    if not overwrite and os.path.lexists(path):
        raise write_error(path, OSError(errno.EEXIST, ""))
    temporary: Path | None = None
    lock: int | None = None
    try:
        # The name is hidden and has no suffix of a picture, so that a program that watches the folder ignores it.
        name = path.parent / f"{PREFIX}{os.urandom(8).hex()}{SUFFIX}"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        lock = os.open(name, flags, 0o666)  # mkstemp would ignore the umask and give 0600
        temporary = name
        _lock(lock)
        yield name
        os.fsync(lock)
        _publish(name, path, overwrite)
        _sync_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        # Also on KeyboardInterrupt. After the rename there is nothing to remove.
        if lock is not None:
            os.close(lock)
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_atomic(path: str | Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write `data` to `path` as `atomic` does.

    Raises
    ------
    WriteError
        As `atomic`.
    """
    with atomic(path, overwrite=overwrite) as temporary, temporary.open("r+b") as file:
        file.write(data)


def sweep(folder: str | Path) -> list[Path]:
    """Remove the temporary files that killed processes left in `folder`, and return their paths.

    A file that a running process writes is locked (flock) and stays. Without locks, only files that are older than a
    day are removed. A file that cannot be removed stays, without an error.
    """
    removed = []
    with contextlib.suppress(OSError):
        for found in sorted(Path(folder).glob(f"{PREFIX}*{SUFFIX}")):
            with contextlib.suppress(OSError):
                if _is_stale(found):
                    found.unlink()
                    removed.append(found)
    return removed


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless it is there.

    Raises
    ------
    WriteError
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def require_file(path: Path, name: str | None = None) -> None:
    """Refuse a path that is a pipe, a socket or a device: opening it would block.

    Raises
    ------
    UnreadableError
        With the code "not_a_file".
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return  # opening it says what is wrong
    for is_kind, what in KINDS:
        if is_kind(mode):
            raise UnreadableError(name or str(path), what, code="not_a_file")


def words_of(error: OSError) -> str:
    """The reason of an error of the system in plain words.

    The system's own texts, such as "File name too long", are in the language of the system and for programmers. They
    are only the last resort.
    """
    return WORDS.get(error.errno or 0) or error.strerror or str(error)


def write_error(path: Path, error: OSError) -> WriteError:
    """The error that tells why the system did not write `path`."""
    what, remedy, code = PROBLEMS.get(
        error.errno or 0, (f"could not be written ({words_of(error)})", Remedy.NONE, "write")
    )
    return WriteError(str(path), what, remedy, code=code)


def _is_stale(path: Path) -> bool:
    age = time.time() - path.stat().st_mtime
    if fcntl is None:
        return age > STALE_WITHOUT_LOCKS
    if age < STALE_SECONDS:
        return False
    descriptor = os.open(path, os.O_WRONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return age > STALE_WITHOUT_LOCKS
    finally:
        os.close(descriptor)
    return True


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _publish(temporary: Path, path: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, path)
        return
    try:
        os.link(temporary, path)  # unlike a rename, it fails if another program has made `path` meanwhile
    except FileExistsError:
        raise
    except OSError:  # FAT and some network disks have no hard links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists") from None
        os.replace(temporary, path)


def _sync_folder(folder: Path) -> None:
    # Without this, a power cut may lose the new name. Some systems cannot open a folder.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

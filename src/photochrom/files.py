"""Files that appear whole or not at all, and what a killed process left of them."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photochrom.errors import Remedy, WriteError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["atomic", "sweep", "write_atomic"]

PREFIX, SUFFIX = ".photochrom-", ".part"
STALE_SECONDS = 2.0
"""A file so young is never swept: its writer may not have locked it yet."""
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


@contextmanager
def atomic(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary file to write; it becomes `path` when the block ends without an error.

    The temporary file lies beside `path`. It is forced to the disk and renamed, so nobody ever sees half of it. If
    anything stops the block (a full disk, an interrupt), the file is removed and what was at `path` is as it was.

    Yields
    ------
    Path
        An empty file that exists. Writing may open it again or append to it, but must not replace it by another file.

    Raises
    ------
    WriteError
        If `path` exists and `overwrite` is false, or if the system refuses to write.
    """
    path = Path(path)
    if path.is_dir():
        raise write_error(path, OSError(errno.EISDIR, ""))
    if not overwrite and os.path.lexists(path):
        raise write_error(path, OSError(errno.EEXIST, ""))
    temporary: Path | None = None
    lock: int | None = None
    try:
        # A hidden, short name: the suffix of a picture would let a watcher of the folder pick it up.
        name = path.parent / f"{PREFIX}{os.urandom(8).hex()}{SUFFIX}"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        lock = os.open(name, flags, 0o666)  # mkstemp would make it 0600, whatever the umask
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

    A file that a living process still writes is locked (flock) and stays. Where locks are not to be had, only files
    older than a day are removed. Errors are ignored: a file that cannot be removed is left.
    """
    removed = []
    with contextlib.suppress(OSError):
        for found in sorted(Path(folder).glob(f"{PREFIX}*{SUFFIX}")):
            with contextlib.suppress(OSError):
                if _is_stale(found):
                    found.unlink()
                    removed.append(found)
    return removed


def write_error(path: Path, error: OSError) -> WriteError:
    """The error that says why the system did not write `path`."""
    what, remedy, code = PROBLEMS.get(
        error.errno or 0, (f"could not be written ({error.strerror or error})", Remedy.NONE, "write")
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
        os.link(temporary, path)  # unlike a rename, it fails where another program was quicker
    except FileExistsError:
        raise
    except OSError:  # FAT, some network disks: no hard links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists") from None
        os.replace(temporary, path)


def _sync_folder(folder: Path) -> None:
    # Without this the new name may be lost in a power cut; some systems cannot open a folder.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

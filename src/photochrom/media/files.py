"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from photochrom.errors import WriteError

__all__ = ["write_atomic"]

REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "your disk quota is used up; free some space or choose another folder",
    errno.EACCES: "may not be written; choose a folder that you may write to",
    errno.EPERM: "may not be written; choose a folder that you may write to",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.ENOENT: "its folder does not exist; make the folder first",
    errno.ENOTDIR: "its folder is a file; choose another folder",
    errno.EISDIR: "is a folder; give the name of a file",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def write_atomic(path: str | Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write `data` to `path` so that nobody ever sees half of it.

    The bytes go to a hidden file beside `path`, are forced to the disk, and the file is renamed. Whatever
    stops this, a full disk or an interrupt, the hidden file is removed and what was at `path` is as it was.

    Raises
    ------
    WriteError
        Where `path` exists and `overwrite` is false, and where the system refuses to write.
    """
    path = Path(path)
    if path.is_dir():
        raise WriteError(path.name or str(path), REMEDIES[errno.EISDIR])
    if not overwrite and os.path.lexists(path):
        raise WriteError(path.name, _exists())
    temporary: Path | None = None
    try:
        # A hidden, short name: the suffix of a picture would let a watcher of the folder pick it up.
        name = path.parent / f".photochrom-{secrets.token_hex(8)}.part"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        descriptor = os.open(name, flags, 0o666)  # mkstemp would make it 0600, whatever the umask
        temporary = name
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _publish(temporary, path, overwrite)
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise WriteError(path.name, _exists()) from error
    except OSError as error:
        reason = REMEDIES.get(error.errno or 0, f"could not be written ({error.strerror or error})")
        raise WriteError(path.name, reason) from error
    finally:
        # Also on KeyboardInterrupt; after the rename there is nothing to remove.
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _exists() -> str:
    return "already exists; choose another name or allow overwriting"


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

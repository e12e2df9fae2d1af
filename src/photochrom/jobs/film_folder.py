"""`work_folder`: the hidden folder that holds what is done of a film, so that a stopped run goes on."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from photochrom.errors import PhotochromError, WriteError
from photochrom.files import write_error

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["work_folder"]


@contextlib.contextmanager
def work_folder(target: Path) -> Iterator[Path]:
    """Make or take the folder beside `target`, and lock it while the block runs.

    The folder stays after an interrupt and after a `WriteError`, such as that of a full disk. After all other errors
    it is removed, because the next run would fail too.

    Raises
    ------
    WriteError
        If it cannot be made, or another process works on the same result.
    """
    folder = target.with_name(f".{target.name}.photochrom")
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("wb")
    except OSError as error:
        raise write_error(folder, error) from error
    with lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WriteError(
                    str(target), "is being made by another process", code="in_progress"
                ) from None
            except OSError:  # a file system without locks
                pass
        # The lock shows that no living process writes here.
        for left in folder.glob(".photochrom-*.part"):
            left.unlink(missing_ok=True)
        try:
            yield folder
        except PhotochromError as error:
            if not isinstance(error, WriteError):
                shutil.rmtree(folder, ignore_errors=True)
            raise

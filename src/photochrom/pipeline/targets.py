"""Where a result goes: which file may be written, and whether it is there already.

A file is taken for a result only by its provenance: it says of which photo (by content), with which options and by
which model it was made. No other file is ever overwritten.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from photochrom.errors import NameTakenError, PhotoError, Remedy
from photochrom.files import make_folder, write_atomic, write_error
from photochrom.media import provenance
from photochrom.media.provenance import Provenance
from photochrom.media.xmp import as_stored
from photochrom.pipeline.naming import comparison_name, result_name
from photochrom.pipeline.origin import Origin

__all__ = ["DISK", "Claims", "Destination", "Disk", "Seen", "State", "Store", "Target", "choose"]

MOST_COPIES = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What is at a path.

    Attributes
    ----------
    there
        Whether anything is there; an empty file counts as nothing.
    mark
        The provenance of the file; None if it has none.
    """

    there: bool
    mark: Provenance | None = None


class Store(Protocol):
    """Where results are written: the disk, or object storage."""

    def look(self, path: Path) -> Seen:
        """Look at what is at `path`."""

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> None:
        """Write a whole file, or none.

        Raises
        ------
        WriteError
            With the code "exists" if anything is there and `overwrite` is false.
        """


class Disk:
    """The file system as a `Store`."""

    def look(self, path: Path) -> Seen:
        """Look at what is at `path`."""
        try:
            if path.stat().st_size == 0:
                return Seen(False)
        except FileNotFoundError:
            return Seen(os.path.islink(path))
        except OSError:
            # A name that is too long or a folder that cannot be entered: writing says what is wrong.
            return Seen(False)
        if not os.path.isfile(path):
            return Seen(True)
        try:
            return Seen(True, provenance.read(path))
        except PhotoError:
            return Seen(True)

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> None:
        """Write a whole file, or none. Its folder is made."""
        make_folder(path.parent)
        # An empty file is not a result, and may be replaced without being asked.
        try:
            empty = os.path.isfile(path) and os.path.getsize(path) == 0
        except OSError as error:  # it vanished meanwhile
            raise write_error(path, error) from error
        write_atomic(path, data, overwrite=overwrite or empty)


DISK = Disk()


class State(Enum):
    """What is at the place of a result."""

    FREE = "free"  # nothing, or an empty file
    DONE = "done"  # this very result
    STALE = (
        "stale"  # a result of the same photo, with other options, by another model or of an earlier content
    )
    EARLIER = "earlier"  # a result of a version that did not write which photo it is of
    OTHER = "other"  # a result of another photo
    FOREIGN = "foreign"  # anything else


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the results of one photo go.

    Attributes
    ----------
    folder
        The folder that holds them.
    name
        The name that theirs are made from: the original's, or with `exact` the result's own.
    marked
        Whether ".color" is put into the names; as `photochrom.pipeline.naming.result_name`.
    exact
        Whether the user gave the name of the result, so that no other will do.
    """

    folder: Path
    name: str
    marked: bool = True
    exact: bool = False

    def path(self, suffix: str, number: int | None, copy: int = 1) -> Path:
        """The file of candidate `number`."""
        name = result_name(self.name, suffix, number=number, marked=self.marked, copy=copy)
        return self.folder / name


@dataclass(frozen=True, slots=True)
class Target:
    """One file to write, or that is there already."""

    path: Path
    state: State
    number: int | None = None
    comparison: bool = False


@dataclass(slots=True)
class Claims:
    """The names that one run has given to its results, and its inputs. Safe from several threads."""

    inputs: set[str] = field(default_factory=set)
    _owners: dict[str, object] = field(default_factory=dict)
    _folders: dict[Path, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, path: Path) -> str:
        """One name for each file. Links of the folder are followed, the file's own is not."""
        folder = self._folders.get(path.parent)
        if folder is None:
            folder = self._folders[path.parent] = os.path.realpath(path.parent)
        return os.path.normcase(os.path.join(folder, path.name))

    def take(self, paths: list[Path], owner: object) -> bool:
        """Give all of `paths` to `owner`; False if another owner has one of them or one is an input."""
        keys = [self.key(path) for path in paths]
        with self._lock:
            if any(key in self.inputs or self._owners.get(key, owner) != owner for key in keys):
                return False
            self._owners.update((key, owner) for key in keys)
            return True


def choose(
    destination: Destination,
    suffix: str,
    origin: Origin,
    recorded: list[str],
    *,
    claims: Claims,
    owner: object,
    comparisons: bool = False,
    overwrite: bool = False,
    store: Store = DISK,
) -> list[Target]:
    """Find the files for the results of a photo: those that are there already, or free names.

    Parameters
    ----------
    suffix : of the results, with its dot
    recorded : for each candidate, what its provenance will say of its options
    owner : whose the names will be among `claims`
    comparisons : whether side-by-side pictures are wanted too
    overwrite : whether a name that the user gave may replace the result of another photo
    store : where the files are

    Raises
    ------
    NameTakenError
        If the user gave the name and another file has it.
    """
    numbers = [None] if len(recorded) == 1 else list(range(1, len(recorded) + 1))
    for copy in range(1, MOST_COPIES):
        found = []
        for number, options in zip(numbers, recorded, strict=True):
            path = destination.path(suffix, number, copy)
            found.append(Target(path, _state(store.look(path), origin, options, destination), number))
        if comparisons:
            for number, options in zip(numbers, recorded, strict=True):
                path = destination.path(suffix, number, copy)
                path = path.with_name(comparison_name(path, marked=destination.marked, number=number))
                found.append(
                    Target(path, _state(store.look(path), origin, options, destination), number, True)
                )
        replaceable = {State.OTHER} if destination.exact and overwrite else set()
        taken = [x for x in found if x.state in {State.OTHER, State.FOREIGN} - replaceable]
        ours = any(target.state in (State.DONE, State.STALE) for target in found)
        if not taken and (claims.take([target.path for target in found], owner) or ours):
            return found
        if destination.exact:
            raise _taken(taken[0].path if taken else found[0].path, origin)
    raise _taken(destination.path(suffix, None), origin)


def _state(seen: Seen, origin: Origin, options: str, destination: Destination) -> State:
    if not seen.there:
        return State.FREE
    mark = seen.mark
    if mark is None:
        return State.FOREIGN
    if not mark.source_digest:
        return State.EARLIER
    if mark.source_digest == origin.digest:
        return State.DONE if mark.options == options else State.STALE
    same = mark.source_place == origin.place if mark.source_place else destination.marked
    return State.STALE if same and mark.source_name == as_stored(origin.name) else State.OTHER


def _taken(path: Path, origin: Origin) -> NameTakenError:
    what = f"{path} is another file, and no result of this photo"
    return NameTakenError(origin.name, what, Remedy.OTHER_NAME)

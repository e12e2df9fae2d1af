"""Watch a folder, and make jobs of the files that have stopped changing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.errors import PhotoError
from photochrom.jobs.plan import destination
from photochrom.jobs.scan import Scan
from photochrom.pipeline.file_job import FileJob
from photochrom.pipeline.request import ColorizeRequest

__all__ = ["Arrivals", "Watch"]

Stamp = tuple[int, int]  # size in bytes, time of change in ns


class Arrivals:
    """Finds files that have stopped changing. A scanner or a copy may write a file for seconds."""

    def __init__(self) -> None:
        self._seen: dict[Path, Stamp] = {}
        self._taken: dict[Path, Stamp] = {}

    def ready(self, paths: Iterable[Path]) -> list[Path]:
        """The paths that have not changed since the last call and were not returned before in this state."""
        now = {path: stamp for path in paths if (stamp := _stamp(path)) is not None}
        rested = [
            path for path, stamp in now.items() if self._seen.get(path) == stamp != self._taken.get(path)
        ]
        self._seen = now
        # A deleted file may come back, so it is forgotten. This also limits the memory of a long watch.
        self._taken = {path: stamp for path, stamp in self._taken.items() if path in now}
        self._taken.update((path, now[path]) for path in rested)
        return rested

    def restless(self) -> list[Path]:
        """The files of the last call that were not returned in their present state."""
        return [path for path, stamp in self._seen.items() if self._taken.get(path) != stamp]


@dataclass(slots=True)
class Watch:
    """One watched folder.

    Attributes
    ----------
    problems
        New errors of the last look. Errors that were reported before are not repeated.
    """

    folder: Path
    out: Path
    request: ColorizeRequest
    recursive: bool = False
    arrivals: Arrivals = field(default_factory=Arrivals)
    problems: list[PhotoError] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)
    _count: int = 0

    def look(self) -> list[FileJob]:
        """Look once, and return a job for each photo that has stopped changing since the last look."""
        scan = Scan(self.folder, self.recursive, self.out)
        ready = self.arrivals.ready(scan)
        # A network share may disappear and return. Each error is reported once, and again if it occurs again later.
        found = {str(problem): problem for problem in scan.problems}
        self.problems = [problem for words, problem in found.items() if words not in self._said]
        self._said = set(found)
        jobs = []
        for path in ready:
            where = destination(path, path.relative_to(self.folder), into=self.out)
            jobs.append(FileJob(self._count, path, where, self.request))
            self._count += 1
        return jobs


def _stamp(path: Path) -> Stamp | None:
    try:
        facts = path.stat()
    except OSError:
        return None  # gone between the listing and now
    return facts.st_size, facts.st_mtime_ns

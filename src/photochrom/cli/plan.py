"""Which photographs are meant, and where each result goes. Looks at names and folders, opens no picture."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
}
SUFFIXES = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "AVIF": ".avif",
    "HEIF": ".heic",
}
# What a folder scan takes for a photograph: the above, what becomes one of the above, and camera raw.
RAW = (".dng", ".nef", ".cr2", ".cr3", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw")
PHOTOGRAPHS = frozenset([*FORMATS, ".gif", *RAW])
OURS = re.compile(r"\.(color|compare)(\.\d+)?\.[^.]+$", re.IGNORECASE)


class UsageError(ValueError):
    """The command line asks for something that cannot be meant; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Task:
    """One photograph to colorize.

    ``target`` is the output as its name lets us expect it; the suffix may still change once the file is
    open (a GIF becomes a PNG). ``problem`` is set where the plan already knows that it cannot be done.
    """

    index: int
    source: Path
    target: Path
    format: str | None = None  # to write; None keeps the input's
    problem: str | None = None
    data: bytes | None = field(default=None, repr=False)  # what came through a pipe

    @property
    def name(self) -> str:
        """The input as the user wrote it."""
        return str(self.source)

    def exists(self) -> bool:
        """Whether there is a photograph to open."""
        return self.data is not None or self.source.is_file()


@dataclass(slots=True)
class Claims:
    """The outputs that are spoken for, and the inputs, so that no file is written twice or over an input."""

    outputs: dict[str, Path] = field(default_factory=dict)
    inputs: dict[str, Path] = field(default_factory=dict)
    _folders: dict[Path, str] = field(default_factory=dict)

    def key(self, path: Path) -> str:
        """One name for each file. Links of the folder are followed, the file's own is not."""
        folder = self._folders.get(path.parent)
        if folder is None:
            folder = self._folders[path.parent] = os.path.realpath(path.parent)
        return os.path.normcase(os.path.join(folder, path.name))

    def claim(self, target: Path, source: Path, *, overwrite: bool) -> str | None:
        """Reserve `target` for `source`; what forbids it, or None.

        Safe from several threads: ``setdefault`` on a dict of strings is one atomic operation.
        """
        key = self.key(target)
        first = self.outputs.setdefault(key, source)
        if first != source:
            return f"would be written to {target}, as {first} is; colorize them into separate folders with -o"
        original = self.inputs.get(key)
        if original is None or overwrite:
            return None
        if original != source and OURS.search(target.name):
            return None  # `colorize *.jpg` a second time: the shell lists our own results among the inputs
        whose = "itself" if original == source else f"the input {original}"
        return f"the output {target} is {whose}; choose another -o, or allow it with --overwrite"


def is_finished(path: Path) -> bool:
    """True if a result is there. An empty file is not: something else was cut short."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def numbered(target: Path, candidates: int) -> list[Path]:
    """The files that `target` stands for: itself, or NAME.1.EXT, NAME.2.EXT, ... for several candidates."""
    if candidates == 1:
        return [target]
    return [target.with_name(f"{target.stem}.{i}{target.suffix}") for i in range(1, candidates + 1)]


def comparisons(target: Path, candidates: int) -> list[Path]:
    """Where the side-by-side pictures of `target` go: NAME.compare.jpg, numbered for several candidates."""
    stem = target.stem.removesuffix(".color")
    return numbered(target.with_name(f"{stem}.compare.jpg"), candidates)


def with_format(target: Path, format: str | None) -> Path:
    """`target` with the usual suffix of `format`, unless its own suffix means that format already."""
    if format is None or FORMATS.get(target.suffix.lower()) == format:
        return target
    return target.with_name(target.stem + SUFFIXES[format])


def format_named(format: str | None) -> str | None:
    """The format that ``--format`` names ("jpg" as well as "JPEG"). UsageError if there is none."""
    if format is None:
        return None
    upper = format.upper().lstrip(".")
    found = upper if upper in SUFFIXES else FORMATS.get("." + upper.lower())
    if found is None:
        raise UsageError(f"--format {format}: no such format; choose from {', '.join(SUFFIXES).lower()}")
    return found


def scan(folder: Path, *, recursive: bool, leave_out: Path | None = None) -> Iterator[Path]:
    """The photographs in `folder` in the order of their names, hidden files and our own results left out.

    `leave_out` is a folder that is not entered: the output folder may lie inside the input.
    Raises OSError where a folder cannot be listed.
    """
    barred = os.path.realpath(leave_out) if leave_out else None

    def stop(error: OSError) -> None:
        raise error

    for where, folders, names in os.walk(folder, onerror=stop):
        folders[:] = sorted(
            name
            for name in folders
            if recursive
            and not name.startswith(".")
            and os.path.realpath(os.path.join(where, name)) != barred
        )
        for name in sorted(names):
            suffix = os.path.splitext(name)[1].lower()
            if suffix in PHOTOGRAPHS and not name.startswith(".") and not OURS.search(name):
                yield Path(where, name)


def is_folder(out: str, inputs: list[str]) -> bool:
    """Whether ``-o`` means a folder: it is one, ends like one, or has to hold more than one result."""
    if out.endswith(("/", os.sep)) or os.path.isdir(out):
        return True
    return len(inputs) > 1 or os.path.isdir(inputs[0])


def make(
    inputs: list[str],
    out: str | None,
    *,
    recursive: bool,
    format: str | None,
    overwrite: bool,
    candidates: int,
    side_by_side: bool,
) -> tuple[list[Task], Claims]:
    """Turn the command line into tasks, in the order given, each photograph once.

    Raises
    ------
    UsageError
        Where ``-o`` cannot hold what is asked.
    """
    into = Path(out) if out is not None and is_folder(out, inputs) else None
    if into is not None and into.exists() and not into.is_dir():
        raise UsageError(f"-o {out}: is a file, and several results need a folder")
    if out is not None and into is None:
        format = _format_of_file(out, format)

    if inputs == ["-"]:
        piped = Path("stdin")
        return [Task(0, piped, Path(out or "stdout"), format, data=sys.stdin.buffer.read())], Claims()
    pairs: list[tuple[Path, Path, str | None]] = []
    for given in inputs:
        root = Path(given)
        if not root.is_dir():
            pairs.append((root, Path(root.name), None))
            continue
        try:
            found = list(scan(root, recursive=recursive, leave_out=into))
        except OSError as error:
            pairs.append(
                (
                    root,
                    Path(root.name),
                    f"{error.filename} cannot be listed ({error.strerror}); check its permissions",
                )
            )
            continue
        pairs += [(path, path.relative_to(root), None) for path in found]
        if not found:
            hint = "" if recursive else "; --recursive looks into its sub-folders"
            pairs.append((root, Path(root.name), f"no photographs in this folder{hint}"))

    claims = Claims()
    unique: dict[str, tuple[Path, Path, str | None]] = {}
    for source, relative, problem in pairs:
        unique.setdefault(claims.key(source), (source, relative, problem))
    claims.inputs = {key: source for key, (source, _, problem) in unique.items() if problem is None}

    tasks: list[Task] = []
    for source, relative, trouble in unique.values():
        if into is not None:
            target = into / relative
        elif out is not None:
            target = Path(out)
        else:
            target = source.with_name(f"{source.stem}.color{source.suffix}")
        target = with_format(target, format)
        wanted = numbered(target, candidates)
        if side_by_side:
            wanted += comparisons(target, candidates)
        problems = [trouble, *(claims.claim(path, source, overwrite=overwrite) for path in wanted)]
        tasks.append(Task(len(tasks), source, target, format, next(filter(None, problems), None)))
    return tasks, claims


def _format_of_file(out: str, format: str | None) -> str:
    """The format that ``-o FILE`` asks for by its suffix."""
    suffix = os.path.splitext(out)[1].lower()
    if not suffix:
        raise UsageError(
            f"-o {out}: no such folder; end it with / to make one, or give a file name such as {out}.jpg"
        )
    if suffix not in FORMATS:
        raise UsageError(f"-o {out}: {suffix} cannot be written; use one of {' '.join(SUFFIXES.values())}")
    if format is not None and FORMATS[suffix] != format:
        raise UsageError(
            f"-o {out}: the name says {FORMATS[suffix]} and --format says {format}; change one of them"
        )
    return FORMATS[suffix]

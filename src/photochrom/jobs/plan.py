"""Plan the jobs of a command: the photos, and the place of each result. No picture is decoded here."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from photochrom.errors import OptionError, PhotochromError, Remedy, UnreadableError
from photochrom.files import sweep
from photochrom.jobs.scan import Scan
from photochrom.media import formats
from photochrom.pipeline.file_job import FileJob
from photochrom.pipeline.naming import split_name
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Claims, Destination

__all__ = ["Plan", "destination", "expected_suffix", "format_of_file", "make"]


@dataclass(slots=True)
class Plan:
    """The plan of a command.

    Attributes
    ----------
    jobs
        The jobs in the order of the inputs, each photo once.
    left_out
        The number of pictures in the folders that were left out, by reason.
    """

    jobs: list[FileJob] = field(default_factory=list)
    claims: Claims = field(default_factory=Claims)
    left_out: dict[str, int] = field(default_factory=dict)

    def sweep(self) -> None:
        """Remove the temporary files of killed runs from the folders of results."""
        for folder in {job.destination.folder for job in self.jobs}:
            sweep(folder)


@dataclass(frozen=True, slots=True)
class _Found:
    """An input: its path, its path relative to the given folder, and the reason why it cannot be colorized."""

    source: Path
    relative: Path
    problem: PhotochromError | None = None


def make(
    inputs: list[str],
    out: str | None,
    request: ColorizeRequest,
    *,
    recursive: bool = False,
    overwrite: bool = False,
    comparisons: bool = False,
    piped: bytes | None = None,
) -> Plan:
    """Turn the inputs of a command into jobs.

    Parameters
    ----------
    inputs : paths of photos and folders; ["-"] means a photo from stdin
    out : a file or a folder for the results; None puts them beside their inputs
    piped : the bytes from stdin

    Raises
    ------
    OptionError
        If `out` cannot hold the results, or an input is an empty name.
    """
    if "" in inputs:
        raise OptionError("", "an input's name is empty; give a photo or a folder")
    into = Path(out) if out is not None and is_folder(out, inputs) else None
    if into is not None and os.path.exists(into) and not os.path.isdir(into):
        raise OptionError(f"-o {out}", "is a file, and several results need a folder")
    if out is not None and into is None:
        format = format_of_file(out, request.format)
        request = replace(request, format=format)
    plan = Plan()
    if inputs == ["-"]:
        target = Path(out) if out is not None else Path("stdout")
        whole = Destination(target.parent, target.name, marked=False, exact=True)
        job = FileJob(0, Path("stdin"), whole, request, overwrite, comparisons, data=piped)
        plan.jobs.append(job)
        return plan
    unique: dict[str, _Found] = {}
    for found in _found(inputs, into, recursive, plan):
        unique.setdefault(plan.claims.key(found.source), found)
    plan.claims.inputs = {key for key, found in unique.items() if found.problem is None}
    for found in unique.values():
        where = destination(found.source, found.relative, into=into, exact=None if into else out)
        job = FileJob(
            len(plan.jobs), found.source, where, request, overwrite, comparisons, problem=found.problem
        )
        _reserve(job, plan.claims)
        plan.jobs.append(job)
    return plan


def destination(source: Path, relative: Path, *, into: Path | None, exact: str | None = None) -> Destination:
    """The places of the results of `source`.

    Parameters
    ----------
    relative : its path relative to the input folder; the result has the same path relative to `into`
    into : the folder of results; None puts them beside their inputs
    exact : the file that the user named for the result
    """
    if into is not None:
        folder = into / relative.parent
        return Destination(folder, relative.name, marked=False)
    if exact is not None:
        path = Path(exact)
        return Destination(path.parent, path.name, marked=False, exact=True)
    return Destination(source.parent, source.name)


def is_folder(out: str, inputs: list[str]) -> bool:
    """Whether ``-o`` means a folder: it exists as a folder, ends with a slash, or must hold several results."""
    if out.endswith(("/", os.sep)) or os.path.isdir(out):
        return True
    return len(inputs) > 1 or os.path.isdir(inputs[0])


def format_of_file(out: str, format: str | None) -> str:
    """The format of the suffix of ``-o FILE``.

    Raises
    ------
    OptionError
        If the suffix names no format, a format that cannot be written, or another format than `format`.
    """
    suffix = os.path.splitext(out)[1].lower()
    if not suffix:
        named = f"{out}.jpg"
        raise OptionError(
            f"-o {out}", f"is no folder; end it with / to make one, or give a file name such as {named}"
        )
    found = formats.by_suffix(suffix)
    if found is None or not found.writes:
        known = " ".join(each.suffixes[0] for each in formats.writable())
        raise OptionError(f"-o {out}", f"cannot be written: {suffix} is not one of {known}")
    if format is not None and found.name != format:
        raise OptionError(
            f"-o {out}",
            f"the name says {found.name} and the format asked for is {format}; change one of them",
        )
    return found.name


def _found(inputs: Iterable[str], into: Path | None, recursive: bool, plan: Plan) -> Iterable[_Found]:
    for given in inputs:
        root = Path(given)
        if not os.path.isdir(root):
            yield _Found(root, Path(root.name))
            continue
        scan = Scan(root, recursive, into)
        empty = True
        for path in scan:
            empty = False
            yield _Found(path, path.relative_to(root))
        for problem in scan.problems:
            yield _Found(Path(problem.path), Path(Path(problem.path).name), problem)
        for reason, count in scan.left_out.items():
            plan.left_out[reason] = plan.left_out.get(reason, 0) + count
        if empty and not scan.problems:
            remedy = Remedy.NONE if recursive else Remedy.LOOK_INTO_FOLDERS
            problem = UnreadableError(
                str(root), "there are no photographs in this folder", remedy, code="empty_folder"
            )
            yield _Found(root, Path(root.name), problem)


def _reserve(job: FileJob, claims: Claims) -> None:
    """Choose names in the order of the inputs. So two runs give the same names, for any order of the threads."""
    if job.problem is not None or job.destination.exact:
        return
    suffix = expected_suffix(job.source.name, job.request.format)
    candidates = job.request.options.candidates
    numbers = [None] if candidates == 1 else list(range(1, candidates + 1))
    for copy in range(1, 1000):
        if claims.take([job.destination.path(suffix, number, copy) for number in numbers], job.index):
            return


def expected_suffix(name: str, format: str | None) -> str:
    """The suffix that the result of a photo will most likely have, by the photo's name alone.

    Parameters
    ----------
    format : the format that was asked for; None keeps the photo's own
    """
    suffix = split_name(name)[1]
    wanted = formats.by_name(format) if format is not None else formats.by_suffix(suffix)
    if wanted is not None and wanted.written_as:
        wanted = formats.by_name(wanted.written_as)
    if wanted is not None and suffix.lower() not in wanted.suffixes:
        suffix = wanted.suffixes[0]
    return suffix

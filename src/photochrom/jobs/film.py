"""`colorize_film`: one film's whole job, the same for every interface."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.errors import (
    AlreadyColorError,
    NameTakenError,
    OptionError,
    Remedy,
    UnsupportedError,
    WriteError,
)
from photochrom.files import sweep
from photochrom.jobs.film_folder import work_folder
from photochrom.jobs.film_job import FilmJob
from photochrom.jobs.film_mark import read_film_mark
from photochrom.jobs.film_options import FilmOptions, FilmResult, Progress
from photochrom.video.containers import CONTAINERS, container_for
from photochrom.video.encode import check_encoder, codec_for
from photochrom.video.probe import Film, probe

__all__ = ["colorize_film", "result_path"]


def result_path(source: Path, film_options: FilmOptions, film: Film | None = None) -> Path:
    """``NAME.color.EXT`` beside the film, ``NAME.color.preview.EXT`` of a preview."""
    film = film or probe(source)
    suffix = container_for(source, codec_for(film, film_options.codec))
    part = ".color.preview" if film_options.preview else ".color"
    return source.with_name(f"{source.stem}{part}{suffix}")


def colorize_film(
    source: str | Path,
    session: Session,
    target: str | Path | None = None,
    *,
    options: Options | None = None,
    film_options: FilmOptions | None = None,
    overwrite: bool = False,
    force: bool = False,
    sheet: bool = False,
    threads: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> FilmResult:
    """Colorize a film. All else of it stays as it is.

    A run that was stopped leaves a hidden folder beside the result; the same call goes on from there.

    Parameters
    ----------
    target : the result's file; see `result_path` for None
    overwrite : replace a file that has the result's name
    force : colorize a film that is in colour already, or was colorized before
    sheet : also write a contact sheet beside the result, see `photochrom.jobs.film_sheet`
    threads : of decoder and encoder; 0 is one per core
    progress : called often, from this thread

    Raises
    ------
    PhotoError
        If the film cannot be read or is of a kind that is not supported, or the result cannot be written.
    OptionError
        If an option does not fit the film, such as a preview that begins behind its end.
    ModelError
        If the network fails.
    """
    options, film_options = options or Options(), film_options or FilmOptions()
    for name, given in (
        ("hints", options.hints),
        ("references", options.references),
        ("candidates", options.candidates != 1),
    ):
        if given:
            raise OptionError(name, "of photos do not fit films; a film's hints and key frames have a time")
    source = Path(source)
    film = probe(source)
    if film.interlaced and not film_options.deinterlace:
        raise UnsupportedError(str(source), "is interlaced", Remedy.DEINTERLACE, code="interlaced")
    check_encoder(codec_for(film, film_options.codec), film_options.crf, film_options.preset)
    mark = None if force else read_film_mark(source)
    if mark is not None:
        raise AlreadyColorError(
            str(source), f"was colorized before, by {mark.model}", Remedy.FORCE, code="colorized"
        )
    target = Path(target) if target is not None else result_path(source, film_options, film)
    _check_target(source, target, overwrite)
    with work_folder(target) as folder:
        job = FilmJob(
            film, target, folder, session, options, film_options, threads, progress or (lambda _: None)
        )
        return job.run(force=force, overwrite=overwrite, sheet=sheet)


def _check_target(source: Path, target: Path, overwrite: bool) -> None:
    if target.suffix.lower() not in CONTAINERS:
        known = ", ".join(CONTAINERS)
        raise WriteError(str(target), f"a film's name must end in one of {known}", code="container")
    with contextlib.suppress(OSError):
        if target.samefile(source):
            raise NameTakenError(str(target), "is the film itself", Remedy.OTHER_NAME, code="same_file")
    if not overwrite and os.path.exists(target):
        raise WriteError(str(target), "already exists", Remedy.ALLOW_OVERWRITE, code="exists")
    sweep(target.parent)

"""`FilmService`: colorize an uploaded film, and show its first seconds before the rest is done."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from http import HTTPStatus
from pathlib import Path

from photochrom.errors import OptionError
from photochrom.jobs.film import colorize_film
from photochrom.jobs.film_options import FilmOptions, Progress
from photochrom.jobs.names import portable_name
from photochrom.media import formats
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError, photo_error
from photochrom.studio.film_preview import first_seconds
from photochrom.studio.service import ColorizeService, ResultFile
from photochrom.studio.store import Blob, new_id
from photochrom.video.probe import Film, probe
from photochrom.video.thumbnail import turns

__all__ = ["FilmService"]

PLANNED, PREVIEWED, COLORED = 0.1, 0.2, 0.97
"""Shares of the work that are done after the first pass, the first seconds, and the last frame."""


class FilmService:
    """Colorizes films with the model of a `ColorizeService`; safe from several threads.

    Parameters
    ----------
    max_seconds : the longest film
    max_bytes : the largest file of a film
    threads : of decoder and encoder
    """

    def __init__(self, service: ColorizeService, max_seconds: float, max_bytes: int, threads: int) -> None:
        self.service, self.max_seconds, self.max_bytes = service, max_seconds, max_bytes
        self._threads = threads

    def takes(self, upload: Blob, name: str) -> bool:
        """Whether the file is a film, by its first bytes."""
        with self.service.store.open(upload) as file:
            format = formats.sniff(file.read(formats.HEAD), name)
        return format is not None and format.video

    def run(
        self,
        upload: Blob,
        name: str,
        request: ColorizeRequest,
        owner: str,
        *,
        step: Callable[[float], None] = lambda share: None,
        size: Callable[[int, int], None] = lambda width, height: None,
        preview: Callable[[Blob], None] = lambda blob: None,
    ) -> list[ResultFile]:
        """Colorize an upload, and write the result to the store.

        Parameters
        ----------
        owner : whose room in the store the files take
        step : called with the share of the work that is done, in [0, 1]; an exception of it ends the work
        size : called with width and height as players show them, once they are known
        preview : called with the first seconds in colour, an animated WebP that belongs to the caller from then on

        Raises
        ------
        ApiError
            If the film cannot be colorized, with a sentence that contains its name; 413 if it exceeds a limit; 429 if
            the store is full.
        """
        store = self.service.store
        folder = store.folder / f"film-{new_id()}"
        try:
            step(0.0)
            self._check_bytes(upload, name)
            _check_options(request)
            with store.hold([upload]):
                # The result's name and its mark come from the name of the film.
                source = _linked(upload.path, folder, portable_name(name))
            film = probe(source)
            self._check_seconds(film.seconds, name)
            size(*_shown(film))
            made = colorize_film(
                source,
                self.service.colorizer.session,
                options=request.options,
                film_options=FilmOptions(deinterlace=film.interlaced),
                force=request.force,
                threads=self._threads,
                progress=self._progress(film, name, request, owner, step, preview),
            )
            blob = store.adopt(made.path, owner)
            suffix = made.path.suffix
            format = formats.by_suffix(suffix)
            assert format is not None
            return [ResultFile(blob, name, suffix, None, format.name, _notes(film, made.damaged, made.notes))]
        except Exception as error:
            if isinstance(error, CancelledError):
                raise
            raise photo_error(error, name) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _progress(
        self,
        film: Film,
        name: str,
        request: ColorizeRequest,
        owner: str,
        step: Callable[[float], None],
        preview: Callable[[Blob], None],
    ) -> Callable[[Progress], None]:
        shown = threading.Event()

        def report(progress: Progress) -> None:
            share = progress.done / progress.total if progress.total else 0.0
            if progress.stage == "plan":
                # A container may not state its length, or a wrong one.
                self._check_seconds(float(progress.done / film.rate), name)
                step(PLANNED * min(1.0, share))
                return
            if not shown.is_set():
                # The first pass is done: the film is not in colour already.
                shown.set()
                step(PLANNED)
                data = first_seconds(film, self.service.colorizer.session, request.options)
                preview(self.service.store.write(data, owner))
            step(PREVIEWED + (COLORED - PREVIEWED) * share if progress.stage == "colour" else COLORED)

        return report

    def _check_bytes(self, upload: Blob, name: str) -> None:
        if upload.bytes > self.max_bytes:
            sizes = f"{upload.bytes / 1e6:.0f} MB, and films may have {self.max_bytes / 1e6:.0f} MB here"
            raise _too_large(f"{name}: has {sizes}")

    def _check_seconds(self, seconds: float | None, name: str) -> None:
        if seconds is not None and seconds > self.max_seconds + 1:
            lengths = f"{seconds:.0f} seconds, and films may last {self.max_seconds:g} seconds here"
            raise _too_large(f"{name}: lasts {lengths}")


def _check_options(request: ColorizeRequest) -> None:
    if request.format is not None:
        raise OptionError("format", "is for photos; a film keeps its own")


def _too_large(words: str) -> ApiError:
    words += "; use the command `photochrom film`"
    return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words, code="too_large")


def _linked(upload: Path, folder: Path, name: str) -> Path:
    """The upload under its own name in a new folder."""
    folder.mkdir(mode=0o700)
    source = folder / name
    try:
        os.link(upload, source)
    except OSError:  # a file system without hard links
        shutil.copyfile(upload, source)
    return source


def _shown(film: Film) -> tuple[int, int]:
    width = round(film.width * float(film.aspect or 1))
    return (film.height, width) if turns(film) % 2 else (width, film.height)


def _notes(film: Film, damaged: int, more: tuple[str, ...]) -> tuple[str, ...]:
    notes = ["The fields of the interlaced film became whole frames."] if film.interlaced else []
    if damaged:
        notes.append(f"{damaged} damaged packets were left out.")
    return (*notes, *more)

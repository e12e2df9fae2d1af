"""`FilmJob`: plan a film, colorize its segments, and join them. It goes on where a stopped run ended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from photochrom._version import __version__
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.errors import AlreadyColorError, Remedy
from photochrom.files import atomic
from photochrom.jobs.film_frames import ColorFrames
from photochrom.jobs.film_journal import Journal
from photochrom.jobs.film_known import KnownFrame, OpenKeyFrame, check_times, known_frames, open_key_frame
from photochrom.jobs.film_mark import mark_film
from photochrom.jobs.film_options import FilmOptions, FilmResult, Progress
from photochrom.jobs.film_plan import FilmPlan, identity, make_plan
from photochrom.jobs.film_sheet import sheet_path, write_sheet
from photochrom.video.containers import container_note
from photochrom.video.encode import SegmentWriter, codec_for, result_layout
from photochrom.video.probe import Film
from photochrom.video.remux import Segment, join

__all__ = ["FilmJob"]


@dataclass(frozen=True, slots=True)
class FilmJob:
    """One film, and how it is colorized.

    Attributes
    ----------
    target : the result's file
    folder : holds the finished segments, see `photochrom.jobs.film_folder`
    threads : of decoder and encoder; 0 is one per core
    """

    film: Film
    target: Path
    folder: Path
    session: Session
    options: Options
    film_options: FilmOptions
    threads: int
    progress: Callable[[Progress], None]

    @property
    def codec(self) -> str:
        """The name of the result's codec."""
        return codec_for(self.film, self.film_options.codec)

    def run(self, *, force: bool, overwrite: bool, sheet: bool = False) -> FilmResult:
        """Do what is missing, and write the result.

        Raises
        ------
        PhotochromError
            As `photochrom.jobs.film.colorize_film`.
        """
        keys = [open_key_frame(key) for key in self.film_options.references]
        check_times(self.film, self.film_options.hints, keys)
        plan = self._plan()
        if plan.coloured and not force:
            raise AlreadyColorError(self.film.path, "is in colour already", Remedy.FORCE)
        known = known_frames(self.film, plan, self.film_options.hints, keys)
        journal = Journal(self.folder / "journal.json", self._settings(plan, keys))
        resumed = sum(count for number, (_, count) in enumerate(plan.segments) if journal.has(number))
        self._colorize(plan, journal, resumed, known)
        segments = [
            Segment(journal.path(number), first, count, journal.delay(number))
            for number, (first, count) in enumerate(plan.segments)
        ]
        self.progress(Progress("join", plan.frames, plan.frames))
        self._join(plan, segments, overwrite)
        drawn = self._sheet(plan, segments) if sheet else None
        shutil.rmtree(self.folder, ignore_errors=True)
        return FilmResult(
            self.target,
            plan.frames,
            len(plan.shots),
            resumed,
            plan.damaged,
            self.codec,
            self.film.width,
            self.film.height,
            drawn,
            () if (note := container_note(self.film.path, self.target, self.codec)) is None else (note,),
        )

    def _plan(self) -> FilmPlan:
        asked = {"preview": self.film_options.preview, "deinterlace": self.film_options.deinterlace}
        source = json.loads(json.dumps(identity(Path(self.film.path)) | asked))
        path = self.folder / "plan.json"
        plan = FilmPlan.load(path, source)
        if plan is None:
            plan = make_plan(
                self.film,
                source,
                deinterlace=self.film_options.deinterlace,
                threads=self.threads,
                window=self.film_options.preview,
                progress=lambda done, total: self.progress(Progress("plan", done, total)),
            )
            plan.save(path)
        return plan

    def _settings(self, plan: FilmPlan, keys: list[OpenKeyFrame]) -> dict[str, Any]:
        """All that a segment's bytes depend on."""
        return {
            "photochrom": __version__,
            "model": self.session.info.name,
            "model_bytes": self.session.info.bytes,
            "options": asdict(self.options),
            "film_options": asdict(self.film_options),
            "references": [key.digest for key in keys],
            "codec": self.codec,
            "source": plan.source,
            "segments": [list(segment) for segment in plan.segments],
        }

    def _colorize(self, plan: FilmPlan, journal: Journal, done: int, known: dict[int, KnownFrame]) -> None:
        self.progress(Progress("colour", done, plan.frames))
        frames = ColorFrames(
            self.film,
            plan,
            self.session,
            self.options,
            self.film_options,
            result_layout(self.film, self.codec),
            self.threads,
            known,
        )
        try:
            for number, (first, count) in enumerate(plan.segments):
                if journal.has(number):
                    continue
                for _ in self._segment(frames, journal, number, first, count):
                    done += 1
                    self.progress(Progress("colour", done, plan.frames))
        finally:
            frames.close()

    def _segment(
        self, frames: ColorFrames, journal: Journal, number: int, first: int, count: int
    ) -> Iterator[None]:
        """Encode a segment; yields after each frame."""
        with atomic(journal.path(number), overwrite=True) as temporary:
            writer = SegmentWriter(
                temporary,
                self.film,
                self.codec,
                result_layout(self.film, self.codec),
                crf=self.film_options.crf,
                preset=self.film_options.preset,
                threads=self.threads,
            )
            try:
                for luma, chroma, time in frames.frames(first, first + count):
                    writer.write(luma, chroma, time)
                    yield
                writer.close()
            except BaseException:
                writer.abandon()
                raise
        journal.add(number, writer.delay)

    def _sheet(self, plan: FilmPlan, segments: list[Segment]) -> Path:
        path = sheet_path(self.target)
        write_sheet(
            self.film,
            plan,
            segments,
            path,
            self.session.info.name,
            deinterlace=self.film_options.deinterlace,
            overwrite=True,  # it belongs to the result, which is new
            progress=lambda done, total: self.progress(Progress("sheet", done, total)),
        )
        return path

    def _join(self, plan: FilmPlan, segments: list[Segment], overwrite: bool) -> None:
        suffix = self.target.suffix.lower()
        with atomic(self.target, overwrite=overwrite) as temporary:

            def write(metadata: dict[str, str]) -> None:
                join(
                    self.film,
                    segments,
                    plan.times,
                    plan.durations,
                    temporary,
                    suffix,
                    metadata=metadata,
                    whole=plan.whole,
                )

            mark_film(Path(self.film.path), temporary, suffix, self.session.info.name, __version__, write)

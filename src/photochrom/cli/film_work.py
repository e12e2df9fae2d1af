"""One film after another, or several at once, with the same settings; and what became of each."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from photochrom.cli.film_meter import Meter
from photochrom.cli.words import sentence

if TYPE_CHECKING:
    from photochrom.engine.options import Options
    from photochrom.engine.session import Session
    from photochrom.jobs.film_options import FilmOptions, FilmResult, Progress

__all__ = ["FilmOutcome", "FilmWork"]


@dataclass(frozen=True, slots=True)
class FilmOutcome:
    """What became of one film; the fields are those of ``--json``, in its order."""

    input: str
    output: str | None = None
    status: Literal["done", "skipped", "failed"] = "done"
    reason: str | None = None
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    frames: int | None = None
    shots: int | None = None
    resumed: int | None = None
    damaged: int | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    model: str | None = None
    sheet: str | None = None


class Skip(Exception):
    """A film needs no work; the message gives the reason."""

    def __init__(self, words: str, target: Path) -> None:
        super().__init__(words)
        self.target = target


class FilmWork:
    """Colorizes films with the same settings; safe from several threads.

    Parameters
    ----------
    out : the result of a single film; None names it by its film
    folder : of the results; None means beside the film
    sheet : whether to draw a contact sheet of each film
    alone : whether there is one film, so that an option that does not fit it is wrong
    threads : of decoder and encoder; 0 is one per core
    """

    def __init__(
        self,
        session: Session,
        options: Options,
        film_options: FilmOptions,
        *,
        out: str | None,
        folder: str | None,
        overwrite: bool,
        force: bool,
        sheet: bool,
        alone: bool,
        threads: int,
    ) -> None:
        self.session, self.options, self.film_options = session, options, film_options
        self.out, self.folder = out, folder
        self.overwrite, self.force, self.sheet, self.threads = overwrite, force, sheet, threads
        self.alone = alone
        self._taken: set[Path] = set()
        self._lock = threading.Lock()

    def do(self, name: str, meter: Meter, check: Callable[[], None]) -> FilmOutcome:
        """Colorize one film. Its errors become its outcome, so that the other films go on.

        Raises
        ------
        OptionError
            If an option does not fit the only film.
        """
        from photochrom.errors import OptionError, PhotochromError

        started = time.perf_counter()
        model = self.session.info.name
        try:
            result = self._colorize(Path(name), meter, check)
        except Skip as skip:
            return FilmOutcome(name, str(skip.target), "skipped", str(skip), model=model)
        except PhotochromError as error:
            if self.alone and isinstance(error, OptionError):
                raise
            # The sentence about an option may not name the film.
            words = sentence(error)
            reason = words if name in words else f"{name}: {words}"
            return FilmOutcome(name, status="failed", reason=reason, model=model)
        except MemoryError:
            return FilmOutcome(name, status="failed", reason=f"{name}: not enough memory", model=model)
        finally:
            meter.end(name)
        return FilmOutcome(
            input=name,
            output=str(result.path),
            notes=list(result.notes),
            seconds=round(time.perf_counter() - started, 3),
            frames=result.frames,
            shots=result.shots,
            resumed=result.resumed,
            damaged=result.damaged,
            width=result.width,
            height=result.height,
            codec=result.codec,
            model=model,
            sheet=None if result.sheet is None else str(result.sheet),
        )

    def _colorize(self, source: Path, meter: Meter, check: Callable[[], None]) -> FilmResult:
        from photochrom.errors import AlreadyColorError
        from photochrom.jobs.film import colorize_film

        def show(progress: Progress) -> None:
            check()
            meter.show(str(source), progress)

        target = self._target(source)
        try:
            return colorize_film(
                source,
                self.session,
                target,
                options=self.options,
                film_options=self.film_options,
                overwrite=self.overwrite,
                force=self.force,
                sheet=self.sheet,
                threads=self.threads,
                progress=show,
            )
        except AlreadyColorError as error:
            raise Skip(sentence(error), source) from None

    def _target(self, source: Path) -> Path:
        from photochrom.errors import NameTakenError, Remedy
        from photochrom.files import make_folder
        from photochrom.jobs.film import result_path

        target = Path(self.out) if self.out is not None else result_path(source, self.film_options)
        if self.folder is not None:
            target = Path(self.folder) / target.name
            make_folder(Path(self.folder))
        with self._lock:
            if target.resolve() in self._taken:
                raise NameTakenError(
                    str(source),
                    f"its result would have the name of another's, {target}",
                    Remedy.SEPARATE_FOLDERS,
                )
            self._taken.add(target.resolve())
        same = os.path.exists(target) and os.path.exists(source) and target.samefile(source)
        if os.path.exists(target) and not self.overwrite and not same:
            raise Skip(f"{source}: already done ({target} exists); --overwrite makes it anew", target)
        return target

"""What may be asked of a film, how far the work on it is, and what it became."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from photochrom.engine.hints import MOST_HINTS
from photochrom.engine.temporal import Coherence
from photochrom.errors import OptionError
from photochrom.jobs.film_known import KeyFrame, TimedHint

__all__ = ["FilmOptions", "FilmResult", "Progress"]

MOST_REFERENCES = 500


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """What is asked of a film beside `photochrom.engine.options.Options`.

    Attributes
    ----------
    codec
        "h264", "h265", "av1", "ffv1" or "prores"; None keeps the film's own where there is an encoder for it.
    crf, preset
        As FFmpeg means them; None is the codec's own default here.
    preview
        Begin and end, in seconds, of the piece to do; None is the whole film.
    deinterlace
        Make whole frames of an interlaced film's fields.
    coherence
        How colours are kept still.
    hints
        Known colours at points of frames. Each holds for its shot.
    references
        Key frames that a person has coloured. Each holds for its shot.
    """

    codec: str | None = None
    crf: float | None = None
    preset: str | None = None
    preview: tuple[float, float] | None = None
    deinterlace: bool = False
    coherence: Coherence = field(default_factory=Coherence)
    hints: tuple[TimedHint, ...] = ()
    references: tuple[KeyFrame, ...] = ()

    def __post_init__(self) -> None:
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise ValueError(f"crf must be between 0 and 63, got {self.crf:g}")
        if self.preview is not None and not 0 <= self.preview[0] < self.preview[1]:
            raise ValueError(
                f"a preview must end after it begins, got {self.preview[0]:g}-{self.preview[1]:g}"
            )
        if len(self.hints) > MOST_HINTS:
            raise OptionError("hints", f"at most {MOST_HINTS} are taken, got {len(self.hints)}")
        if len(self.references) > MOST_REFERENCES:
            raise OptionError(
                "references", f"at most {MOST_REFERENCES} are taken, got {len(self.references)}"
            )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a film is.

    Attributes
    ----------
    stage : what is being done
    done, total : frames, or shots of the sheet; `total` is 0 where it is not known yet
    """

    stage: Literal["plan", "colour", "join", "sheet"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class FilmResult:
    """What became of a film.

    Attributes
    ----------
    path : the result
    frames, shots : how many it has
    resumed : frames that a former run had done
    damaged : packets of the film that could not be decoded, and were left out
    sheet : the contact sheet, if one was asked for
    notes : what differs from the film, in words
    """

    path: Path
    frames: int
    shots: int
    resumed: int
    damaged: int
    codec: str
    width: int
    height: int
    sheet: Path | None = None
    notes: tuple[str, ...] = ()

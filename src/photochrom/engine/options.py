"""`Options`: the user's settings for a colorization."""

from dataclasses import dataclass
from typing import Literal, get_args

from photochrom.engine.hints import MOST_HINTS, Hint
from photochrom.engine.reference import MOST_REFERENCES, Reference
from photochrom.errors import OptionError

Quality = Literal["fast", "balanced", "best"]


@dataclass(frozen=True, slots=True)
class Options:
    """How to colorize.

    Attributes
    ----------
    strength
        The factor for chroma: 0 is grey, 1 is as predicted, 1.5 is the maximum. A colour outside the gamut loses
        chroma; its luma does not change.
    size
        The side of the network's input in pixels. The photo is reduced to about size x size pixels, and its
        proportions are kept. None means the model's default.
    quality
        "fast" runs the network at three quarters of the size. "best" averages two sizes and their mirror images.
    colorfulness
        How much the network prefers rare, strong colours to common, weak ones where it is unsure, from 0 to 2. 1 is the
        model's default. Each step up raises the mean chroma. See `photochrom.engine.predict.prior_strength`.
    warmth
        Moves all predicted colours towards blue (down to -1) or towards amber (up to 1). Hints keep their colour.
    candidates
        The number of different plausible versions, 1 to 16. The first version does not depend on this number.
    seed
        Chooses which other colours of things the further candidates have.
    hints
        Known colours at points of the photo. Each has a reach; see `photochrom.engine.hints.Hint`.
    references
        Colour pictures of the same people, place or time. Similar parts of the photo take their colours; a reference
        that does not fit has no effect. `photochrom.open_reference` opens them.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    strength: float = 1.0
    size: int | None = None
    quality: Quality = "balanced"
    colorfulness: float = 1.0
    warmth: float = 0.0
    candidates: int = 1
    seed: int = 0
    hints: tuple[Hint, ...] = ()
    references: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1.5:
            raise OptionError("strength", f"must be between 0 and 1.5, got {self.strength}")
        if self.size is not None and not 32 <= self.size <= 2048:
            raise OptionError("size", f"must be between 32 and 2048 pixels, got {self.size}")
        if self.quality not in get_args(Quality):
            raise OptionError(
                "quality", f"must be one of {', '.join(get_args(Quality))}, got {self.quality!r}"
            )
        if not 0 <= self.colorfulness <= 2:
            raise OptionError("colorfulness", f"must be between 0 and 2, got {self.colorfulness}")
        if not -1 <= self.warmth <= 1:
            raise OptionError("warmth", f"must be between -1 and 1, got {self.warmth}")
        if not 1 <= self.candidates <= 16:
            raise OptionError("candidates", f"must be between 1 and 16, got {self.candidates}")
        if self.seed < 0:
            raise OptionError("seed", f"must not be negative, got {self.seed}")
        if len(self.hints) > MOST_HINTS:
            raise OptionError("hints", f"at most {MOST_HINTS} are taken, got {len(self.hints)}")
        if len(self.references) > MOST_REFERENCES:
            raise OptionError(
                "references", f"at most {MOST_REFERENCES} are taken, got {len(self.references)}"
            )

"""`Options`: the user's settings for a colorization."""

from dataclasses import dataclass
from typing import Literal, get_args

from photochrom.engine.hints import MOST_HINTS, Hint
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
    temperature
        The temperature of the annealed mean (Zhang et al. 2016). Near 0 colours are vivid and patchy; at 1 they are
        muted and smooth. None means the model's default.
    warmth
        Moves all predicted colours towards blue (down to -1) or towards amber (up to 1). Hints keep their colour.
    candidates
        The number of different plausible versions, 1 to 16. The first version does not depend on this number.
    seed
        Chooses the directions in which the further candidates differ.
    hints
        Known colours at points of the photo. Similar pixels take them.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    strength: float = 1.0
    size: int | None = None
    quality: Quality = "balanced"
    temperature: float | None = None
    warmth: float = 0.0
    candidates: int = 1
    seed: int = 0
    hints: tuple[Hint, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1.5:
            raise OptionError("strength", f"must be between 0 and 1.5, got {self.strength}")
        if self.size is not None and not 32 <= self.size <= 2048:
            raise OptionError("size", f"must be between 32 and 2048 pixels, got {self.size}")
        if self.quality not in get_args(Quality):
            raise OptionError(
                "quality", f"must be one of {', '.join(get_args(Quality))}, got {self.quality!r}"
            )
        if self.temperature is not None and not 0.01 <= self.temperature <= 2:
            raise OptionError("temperature", f"must be between 0.01 and 2, got {self.temperature}")
        if not -1 <= self.warmth <= 1:
            raise OptionError("warmth", f"must be between -1 and 1, got {self.warmth}")
        if not 1 <= self.candidates <= 16:
            raise OptionError("candidates", f"must be between 1 and 16, got {self.candidates}")
        if self.seed < 0:
            raise OptionError("seed", f"must not be negative, got {self.seed}")
        if len(self.hints) > MOST_HINTS:
            raise OptionError("hints", f"at most {MOST_HINTS} are taken, got {len(self.hints)}")

"""What a user may ask of a colorization."""

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
        0 is grey, 1 as predicted, up to 1.5; colours that would leave the gamut lose chroma, never luma.
    size
        The network's side in pixels: the photo is reduced to about size x size, its proportions kept.
        None takes the model's own default.
    quality
        "fast" runs the network at three quarters of the size, "best" averages two sizes and their mirror images.
    temperature
        Of the annealed mean (Zhang et al. 2016): towards 0 vivid and patchy, 1 careful. None: the model's own.
    candidates
        How many different plausible versions to make, 1 to 16; the first is the one made without asking for more.
    seed
        Chooses the directions in which further candidates differ.
    hints
        Colours that are known, at points; the rest of the photo follows.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    strength: float = 1.0
    size: int | None = None
    quality: Quality = "balanced"
    temperature: float | None = None
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
        if not 1 <= self.candidates <= 16:
            raise OptionError("candidates", f"must be between 1 and 16, got {self.candidates}")
        if self.seed < 0:
            raise OptionError("seed", f"must not be negative, got {self.seed}")
        if len(self.hints) > MOST_HINTS:
            raise OptionError("hints", f"at most {MOST_HINTS} are taken, got {len(self.hints)}")

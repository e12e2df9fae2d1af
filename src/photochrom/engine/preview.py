"""`Preview`: one open photo at screen size, for which a change of the options takes little time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.gamut import ab_to_chroma, reduce_chroma
from photochrom.color.lab import rgb_to_lab
from photochrom.color.luma import ycbcr_to_rgb
from photochrom.color.quantize import softmax
from photochrom.engine import merge
from photochrom.engine.colorizer import Colorizer, coefficients_of
from photochrom.engine.guidance import Guidance, guidance_of
from photochrom.engine.hints import Hint
from photochrom.engine.options import Options
from photochrom.engine.predict import (
    Colours,
    distribution,
    follow,
    match_references,
    predict,
    predict_raw,
    sides,
    warm,
)
from photochrom.engine.reference import MOST_REFERENCES, Match, Reference
from photochrom.engine.resize import GUIDE_SIDE, Float, reduced, resized
from photochrom.engine.spread import reach_of
from photochrom.media.photo import Photo

PIXELS = 1_000_000
KEPT = 8
"""The number of options whose colours are cached. With a cached result, undo, redo and sliders need only a merge."""
KEPT_RAW = 4
"""The number of predictions that are cached: of the look in use, and of the looks that are offered, which have three
colorfulnesses. The one that was used least recently is dropped."""
ALIKE = 18.0
"""The smallest distance between colours of a palette, in ab units."""


@dataclass(frozen=True, slots=True)
class Swatch:
    """A likely colour of a place: ``#rrggbb`` at the photo's lightness, and its probability in [0, 1]."""

    color: str
    share: float


class Preview:
    """One page of a photo at screen size that is colorized many times. Only one thread may use it at a time.

    Parameters
    ----------
    pixels : the largest number of pixels; a larger photo is reduced by area averaging

    Raises
    ------
    IndexError
        If the photo has no such page.
    """

    def __init__(self, colorizer: Colorizer, photo: Photo, *, pixels: int = PIXELS, page: int = 0) -> None:
        full = photo.pages[page].pixels
        self._session, self._pool = colorizer.session, colorizer.pool
        self._thumbnail = photo.pages[page].thumbnail
        self.luma = np.rint(reduced(full, int(pixels**0.5)) * 255).astype(np.uint8)
        self._kept: dict[Options, list[Float]] = {}
        self._confidence: Float | None = None
        self._logits: Float | None = None
        self._raw: dict[Options, tuple[list[Colours], Guidance]] = {}
        self._guidance: dict[Options, Guidance] = {}
        self._matched: dict[tuple[tuple[int, ...], Reference], Match] = {}

    @property
    def grey(self) -> NDArray[np.uint8]:
        """The photo without colour, ``(h, w, 3)``."""
        return np.repeat(self.luma[..., None], 3, axis=2)

    def own_colors(self) -> NDArray[np.uint8]:
        """The photo in the colours that its file has, ``(h, w, 3)``; in grey if it has none.

        An opened photo keeps its colours only as a thumbnail. They are upsampled along the edges of the luma, as the
        network's colours are.
        """
        if self._thumbnail is None:
            return self.grey
        ab = np.asarray(rgb_to_lab(np.asarray(self._thumbnail / 255, np.float32))[..., 1:], np.float32)
        coefficients = merge.guided_coefficients(ab, self._guide(Options()))
        return np.asarray(merge.merge_rgb(self.luma, coefficients, 1.0, self._pool), np.uint8)

    def view(
        self, options: Options | None = None, *, candidate: int = 0, side: int | None = None
    ) -> NDArray[np.uint8]:
        """The photo in colour ``(h, w, 3)``, sRGB: the result of `Colorizer.colorize_photo` at this size.

        Parameters
        ----------
        side : the largest length of the longer side; a larger view is reduced by area averaging

        Raises
        ------
        ValueError
            If there is no such candidate among `options.candidates`.
        ModelError
            As `photochrom.engine.predict.predict`.
        """
        options = options or Options()
        if not 0 <= candidate < options.candidates:
            raise ValueError(f"candidate {candidate} is not one of {options.candidates}")
        coefficients = self._coefficients(options)[candidate]
        picture = np.asarray(merge.merge_rgb(self.luma, coefficients, options.strength, self._pool), np.uint8)
        height, width = picture.shape[:2]
        scale = 1.0 if side is None else min(1.0, side / max(height, width))
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        return picture

    def confidence(self) -> NDArray[np.uint8]:
        """The model's confidence in each pixel's colour ``(h, w)``; 255 is the highest."""
        if self._confidence is None:
            (colours,) = predict(self._session, self._guide(Options()), Options(), with_confidence=True)
            assert colours.confidence is not None
            self._confidence = colours.confidence
        return np.rint(resized(self._confidence, self.luma.shape) * 255).astype(np.uint8)

    def reach(self, hint: Hint, options: Options | None = None) -> NDArray[np.uint8]:
        """How strongly a hint alone acts on each pixel ``(h, w)``: 255 is in full, 0 not at all.

        For a hint that keeps its thing, it is what is kept. The colour of the hint has no influence.
        """
        options = replace(options or Options(), strength=1.0, hints=())
        guide = self._guide(options)
        found, guidance = self._raw_colors(options, guide)
        mask = reach_of(found[0].ab, guidance, hint)
        return np.rint(merge.enlarged_mask(mask, guide, self.luma.shape) * 255).astype(np.uint8)

    def fitness(self, options: Options) -> list[float]:
        """How well each of the references fits, in [0, 1]."""
        return [each.fitness for each in self._matches(options)]

    def taken(self, options: Options) -> NDArray[np.uint8]:
        """How much of each pixel's colour is taken from the references ``(h, w)``: 255 is all."""
        left = np.ones(self.luma.shape, np.float32)
        for each in self._matches(options):
            left *= 1 - resized(each.weight, self.luma.shape)
        return np.rint((1 - left) * 255).astype(np.uint8)

    def _matches(self, options: Options) -> list[Match]:
        """What the photo takes from each reference. It is found once."""
        guide = self._guide(options)
        keys = [(guide.shape, each) for each in options.references]
        new = [key for key in keys if key not in self._matched]
        if new:
            found = match_references(self._session, guide, tuple(reference for _, reference in new))
            self._matched |= dict(zip(new, found, strict=True))
        for key in [key for key in self._matched if key not in keys][:-MOST_REFERENCES]:
            del self._matched[key]
        return [self._matched[key] for key in keys]

    def palette(self, x: float, y: float, count: int = 9) -> list[Swatch]:
        """The likely colours of the place ``(x, y)``, the most probable first; positions as in `Hint`.

        A model without a distribution gives only its predicted colour.
        """
        luma = float(self.luma[_cell(y, self.luma.shape[0]), _cell(x, self.luma.shape[1])]) / 255
        if not self._session.has_distribution:
            (colours,) = predict(self._session, self._guide(Options()), Options())
            return [Swatch(_hex(luma, _at(colours, x, y)), 1.0)]
        if self._logits is None:
            self._logits = distribution(self._session, self._guide(Options()), Options())
        bins, share = self._session.bins, _share(self._logits, x, y)
        swatches: list[Swatch] = []
        left = share.copy()
        while len(swatches) < count and left.max() > 0:
            near = np.hypot(*(bins - bins[left.argmax()]).T) < ALIKE
            mass = left * near
            mean = (mass[:, None] * bins).sum(axis=0) / mass.sum()
            swatches.append(Swatch(_hex(luma, mean), float(mass.sum())))
            left[near] = 0
        return sorted(swatches, key=lambda swatch: -swatch.share)

    def _guide(self, options: Options) -> Float:
        return reduced(self.luma, max(GUIDE_SIDE, *sides(self._session, options)))

    def _coefficients(self, options: Options) -> list[Float]:
        look = replace(options, strength=1.0)
        if look not in self._kept:
            while len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            guide = self._guide(look)
            found, guidance = self._raw_colors(look, guide)
            colours = follow(warm(found, guide, look.warmth), guide, look.hints, guidance)
            self._kept[look] = [coefficients_of(each, guide) for each in colours]
        return self._kept[look]

    def _raw_colors(self, look: Options, guide: Float) -> tuple[list[Colours], Guidance]:
        """The network's colours and what hints follow.

        They are cached while hints change, unless the network takes hints as input.
        """
        asked = replace(look, warmth=0.0, hints=look.hints if self._session.takes_hints else ())
        if asked in self._raw:
            self._raw[asked] = self._raw.pop(asked)
            return self._raw[asked]
        while len(self._raw) >= KEPT_RAW:
            del self._raw[next(iter(self._raw))]
        matches = self._matches(asked)
        found = predict_raw(self._session, guide, asked, with_affinity=True, matches=matches)
        self._raw[asked] = found, self._guidance_of(guide, found[0], asked)
        return self._raw[asked]

    def _guidance_of(self, guide: Float, colours: Colours, asked: Options) -> Guidance:
        """What hints follow. With a learned affinity it does not depend on the colours, and is made once."""
        if colours.affinity is None:
            return guidance_of(guide, colours.ab, None)
        sizes = Options(size=asked.size, quality=asked.quality, hints=asked.hints)
        if sizes not in self._guidance:
            self._guidance = {sizes: guidance_of(guide, colours.ab, colours.affinity)}
        return self._guidance[sizes]


def _cell(share: float, length: int) -> int:
    return min(max(0, int(share * length)), length - 1)


def _at(colours: Colours, x: float, y: float) -> Float:
    height, width = colours.ab.shape[:2]
    return np.asarray(colours.ab[_cell(y, height), _cell(x, width)], np.float32)


def _share(logits: Float, x: float, y: float) -> NDArray[np.float64]:
    """Mean distribution of the 3 x 3 cells around a place, because a click is not more precise."""
    _, height, width = logits.shape
    row, column = _cell(y, height), _cell(x, width)
    near = logits[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].astype(np.float64)
    return np.asarray(softmax(near, axis=0).mean(axis=(1, 2)))


def _hex(luma: float, ab: NDArray[np.floating]) -> str:
    y = np.array([luma], np.float32)
    cb, cr = reduce_chroma(y, *ab_to_chroma(np.asarray(ab, np.float32)[None], y))
    rgb = np.clip(ycbcr_to_rgb(np.stack([y, cb, cr], axis=-1)), 0, 1)[0]
    return "#" + "".join(f"{round(255 * float(v)):02x}" for v in rgb)

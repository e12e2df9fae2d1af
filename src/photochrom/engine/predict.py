"""Predict colour at the network's scale from a photo's luma: network sizes, averaging, candidates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import grey_to_lightness
from photochrom.engine.hints import Hint, apply_hints, drawn
from photochrom.engine.options import Options
from photochrom.engine.plain import visible
from photochrom.engine.resize import as_float, resized
from photochrom.engine.session import Session
from photochrom.engine.warmth import warmed
from photochrom.errors import ModelError
from photochrom.modelfile.names import AB, AFFINITY, CONFIDENCE, LOGITS

Float = NDArray[np.float32]
CANDIDATE_SHIFT = 6.0
"""The mean distance, in ab units, between the colours of a further candidate and of the first one."""


@dataclass(frozen=True, slots=True)
class Colours:
    """One prediction at the network's scale.

    `ab` ``(h, w, 2)`` is in Lab units. `confidence` ``(h, w)`` is in [0, 1], or None if it was not requested.
    `affinity` ``(h, w, P + 1)`` controls how hints spread, or is None if the model does not predict it.
    """

    ab: Float
    confidence: Float | None = None
    affinity: Float | None = None


def network_size(shape: tuple[int, ...], side: int, multiple: int = 32) -> tuple[int, int]:
    """Height and width for the network: about side x side pixels in the photo's proportions.

    Both are multiples of `multiple`, and at least one `multiple`. A panorama beyond about 60:1 is therefore distorted.
    """
    aspect = (shape[0] / shape[1]) ** 0.5
    height, width = (max(multiple, round(side * x / multiple) * multiple) for x in (aspect, 1 / aspect))
    return height, width


def sides(session: Session, options: Options) -> list[int]:
    """The network sizes for `options`, smallest first."""
    size = options.size or session.size
    return {"fast": [max(32, size * 3 // 4)], "balanced": [size], "best": [size, size * 5 // 4]}[
        options.quality
    ]


def predict(
    session: Session, luma: Float, options: Options, *, with_confidence: bool = False
) -> list[Colours]:
    """Predict `options.candidates` colourings for a photo's reduced luma ``(h, w)`` in [0, 1].

    `predict_raw` predicts the colours, `warm` makes them warmer or cooler, and `follow` applies the hints.

    Raises
    ------
    ModelError
        If `options` ask for several candidates and the model predicts one colour per pixel, not a distribution.
    """
    found = predict_raw(
        session, luma, options, with_confidence=with_confidence, with_affinity=bool(options.hints)
    )
    return follow(warm(found, luma, options.warmth), luma, options.hints)


def warm(found: list[Colours], luma: Float, warmth: float) -> list[Colours]:
    """Make every candidate warmer or cooler; see `photochrom.engine.warmth.warmed`."""
    return [replace(colours, ab=warmed(colours.ab, luma, warmth)) for colours in found]


def follow(found: list[Colours], luma: Float, hints: tuple[Hint, ...]) -> list[Colours]:
    """Apply the hints to every candidate."""
    if not hints:
        return found
    met = []
    for colours in found:
        height, width = colours.ab.shape[:2]
        affinity = (
            None if colours.affinity is None else as_float(cv2.resize(colours.affinity, (width, height)))
        )
        met.append(
            replace(colours, ab=apply_hints(colours.ab, resized(luma, (height, width)), hints, affinity))
        )
    return met


def predict_raw(
    session: Session,
    luma: Float,
    options: Options,
    *,
    with_confidence: bool = False,
    with_affinity: bool = False,
) -> list[Colours]:
    """Predict colours with the network alone. Hints have an effect only if the network takes them as input."""
    outputs = [AB]
    if with_confidence:
        outputs.append(CONFIDENCE)
    if with_affinity and session.has_affinity:
        outputs.append(AFFINITY)
    wanted = sides(session, options)
    mirrors = (False, True) if options.quality == "best" else (False,)
    first = _average([_run(session, luma, side, options, outputs, m) for side in wanted for m in mirrors])
    found = [first]
    if options.candidates > 1:
        logits = distribution(session, luma, options)
        temperature = options.temperature or session.temperature
        found += [
            replace(first, ab=_tilted(logits, session.bins, direction, temperature, first.ab))
            for direction in _directions(options.candidates - 1, options.seed)
        ]
    shown = visible(luma)
    if shown is None:
        return found
    return [replace(each, ab=each.ab * resized(shown, each.ab.shape)[..., None]) for each in found]


def distribution(session: Session, luma: Float, options: Options) -> Float:
    """The calibrated logits ``(K, h, w)`` of `session.bins`.

    Raises
    ------
    ModelError
        If the model predicts one colour per pixel, not a distribution.
    """
    if not session.has_distribution:
        raise ModelError(
            session.info.name,
            "this model knows one colour per pixel: it has no candidates to choose from",
        )
    shape = network_size(luma.shape, sides(session, options)[0], session.multiple)
    (logits,) = session.run(_lightness(luma, shape), [LOGITS], hints=_drawn(session, options, shape))
    return as_float(logits[0])


def _run(
    session: Session, luma: Float, side: int, options: Options, outputs: list[str], mirror: bool
) -> Colours:
    shape = network_size(luma.shape, side, session.multiple)
    lightness, hints = _lightness(luma, shape), _drawn(session, options, shape)
    if mirror:
        lightness = np.ascontiguousarray(lightness[..., ::-1])
        hints = None if hints is None else np.ascontiguousarray(hints[..., ::-1])
    maps = session.run(lightness, outputs, temperature=options.temperature, hints=hints)
    if not np.isfinite(maps[0]).all():
        raise ModelError(session.info.name, "the model gave colours that are not numbers")
    got = {
        name: np.ascontiguousarray((x[..., ::-1] if mirror else x)[0].transpose(1, 2, 0))
        for name, x in zip(outputs, maps, strict=True)
    }
    confidence = got.get(CONFIDENCE)
    return Colours(got[AB], None if confidence is None else confidence[..., 0], got.get(AFFINITY))


def _lightness(luma: Float, shape: tuple[int, int]) -> Float:
    return np.asarray(grey_to_lightness(resized(luma, shape)), dtype=np.float32)[None, None]


def _drawn(session: Session, options: Options, shape: tuple[int, int]) -> Float | None:
    return drawn(options.hints, shape) if options.hints and session.takes_hints else None


def _average(colours: list[Colours]) -> Colours:
    """Average predictions at the scale of the largest one.

    The affinity is not averaged, because it is not a colour. The first prediction's affinity is used.
    """
    if len(colours) == 1:
        return colours[0]
    height, width = max(c.ab.shape[:2] for c in colours)

    def mean(maps: list[Float]) -> Float:
        return as_float(np.stack([cv2.resize(x, (width, height)) for x in maps]).mean(axis=0))

    sure = [c.confidence for c in colours if c.confidence is not None]
    return Colours(mean([c.ab for c in colours]), mean(sure) if sure else None, colours[0].affinity)


def _directions(count: int, seed: int) -> list[Float]:
    """Evenly spaced unit vectors of the ab plane. The seed chooses the first angle."""
    start = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    angles = start + 2 * np.pi * np.arange(count) / count
    return [np.array([np.cos(angle), np.sin(angle)], np.float32) for angle in angles]


def _tilted(logits: Float, bins: Float, direction: Float, temperature: float, first: Float) -> Float:
    """Tilt the distribution exponentially towards `direction`, and return its annealed mean.

    The tilt moves each pixel's colour in proportion to the variance of its distribution. Certain colours stay, and
    uncertain ones change. A bisection finds the amount of the tilt that gives a mean shift of `CANDIDATE_SHIFT`.
    """
    classes, height, width = logits.shape
    flat = logits.reshape(classes, -1).T / np.float32(temperature)
    along = (bins @ direction) / np.float32(25)
    target = np.asarray(cv2.resize(first, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    low, high = 0.0, 16.0
    ab = target
    for _ in range(6):
        amount = (low + high) / 2
        tilted = flat + np.float32(amount) * along
        tilted = np.exp(tilted - tilted.max(axis=1, keepdims=True))
        ab = (tilted @ bins / tilted.sum(axis=1, keepdims=True)).reshape(height, width, 2)
        shift = float(np.hypot(*np.moveaxis(ab - target, -1, 0)).mean())
        low, high = (amount, high) if shift < CANDIDATE_SHIFT else (low, amount)
    return ab

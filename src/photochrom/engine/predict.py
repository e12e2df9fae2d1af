"""Predict colour at the network's scale from a photo's luma: network sizes, averaging, candidates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import grey_to_lightness
from photochrom.color.quantize import softmax
from photochrom.engine.candidates import alternatives
from photochrom.engine.guidance import Guidance, guidance_of
from photochrom.engine.hints import Hint, drawn
from photochrom.engine.options import Options
from photochrom.engine.plain import visible
from photochrom.engine.reference import Cells, Match, Reference, cells_of, match, take_colors
from photochrom.engine.resize import as_float, resized
from photochrom.engine.session import Session
from photochrom.engine.spread import apply_hints
from photochrom.engine.warmth import warmed
from photochrom.errors import ModelError
from photochrom.modelfile.names import AB, AFFINITY, CONFIDENCE, LOGITS

Float = NDArray[np.float32]
FULLEST = 2.5
"""The largest share of the class rebalancing that a user can ask for, as a multiple of the model's own."""


@dataclass(frozen=True, slots=True)
class Colours:
    """One prediction at the network's scale.

    `ab` ``(h, w, 2)`` is in Lab units. `confidence` ``(h, w)`` is in [0, 1], or None if it was not requested.
    `affinity` ``(h, w, P + 1)`` controls how hints spread, or is None if the model does not predict it. `change`
    ``(gh, gw, 2)`` is what the hints add to `ab`, at a finer scale; None if there are no hints.
    """

    ab: Float
    confidence: Float | None = None
    affinity: Float | None = None
    change: Float | None = None

    @property
    def hinted(self) -> Float:
        """`ab` with the change by hints, ``(h, w, 2)``."""
        return self.ab if self.change is None else self.ab + resized(self.change, self.ab.shape[:2])


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


def prior_strength(session: Session, colorfulness: float) -> float:
    """The share of the class rebalancing that stays in the distribution, in [0, 1], for `colorfulness` in [0, 2].

    Rebalancing (Zhang et al. 2016, section 2.2) weighs rare colours up, and rare colours are strong ones. 0 keeps
    nothing of it, 1 keeps the model's default share, 2 keeps `FULLEST` times as much. Between them the share is linear.
    A model without a distribution has no such share; its chroma is multiplied by `colorfulness`.
    """
    usual = session.prior_strength
    if colorfulness <= 1:
        return usual * colorfulness
    return usual + (min(1.0, FULLEST * usual) - usual) * (colorfulness - 1)


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


def follow(
    found: list[Colours], luma: Float, hints: tuple[Hint, ...], guidance: Guidance | None = None
) -> list[Colours]:
    """Apply the hints to every candidate.

    Parameters
    ----------
    luma : (gh, gw) in [0, 1], finer than the network's scale
    guidance : that of the first candidate, if it is known already. All candidates have one affinity.
    """
    if not hints:
        return found
    guidance = guidance or guidance_of(luma, found[0].ab, found[0].affinity)
    return [replace(colours, change=apply_hints(colours.ab, guidance, hints)) for colours in found]


def predict_raw(
    session: Session,
    luma: Float,
    options: Options,
    *,
    with_confidence: bool = False,
    with_affinity: bool = False,
    matches: list[Match] | None = None,
) -> list[Colours]:
    """Predict colours with the network and the references.

    Hints have an effect only if the network takes them as input.

    Parameters
    ----------
    matches : those of the references, if they are known already
    """
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
        small = resized(luma, logits.shape[1:])
        count = options.candidates - 1
        others = alternatives(logits, small, session.bins, session.temperature, first.ab, count, options.seed)
        found += [replace(first, ab=ab) for ab in others]
    if options.references:
        matches = matches or match_references(session, luma, options.references)
        found = [replace(each, ab=take_colors(each.ab, matches)) for each in found]
    shown = visible(luma)
    if shown is None:
        return found
    return [replace(each, ab=each.ab * resized(shown, each.ab.shape)[..., None]) for each in found]


def match_references(session: Session, luma: Float, references: tuple[Reference, ...]) -> list[Match]:
    """Find what a photo takes from each reference. The network runs at its default size."""
    photo = _described(session, luma)
    model = session.info.fingerprint
    matches = []
    for reference in references:
        known = reference.known_cells(model)
        if known is None:
            known = reference.cells(model, _described(session, reference.luma, reference))
        matches.append(match(photo, known))
    return matches


def _described(session: Session, luma: Float, reference: Reference | None = None) -> Cells:
    outputs = [AB]
    outputs += [AFFINITY] if session.has_affinity else []
    outputs += [LOGITS] if session.has_distribution else []
    lightness = _lightness(luma, network_size(luma.shape, session.size, session.multiple))
    maps = {
        name: np.ascontiguousarray(each[0].transpose(1, 2, 0))
        for name, each in zip(outputs, session.run(lightness, outputs), strict=True)
    }
    shares = softmax(maps[LOGITS]) if LOGITS in maps else None
    rgb = None if reference is None else reference.rgb
    return cells_of(luma, maps[AB], maps.get(AFFINITY), shares, rgb)


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
    (logits,) = session.run(
        _lightness(luma, shape),
        [LOGITS],
        prior_strength=prior_strength(session, options.colorfulness),
        hints=_drawn(session, options, shape),
    )
    return as_float(logits[0])


def _run(
    session: Session, luma: Float, side: int, options: Options, outputs: list[str], mirror: bool
) -> Colours:
    shape = network_size(luma.shape, side, session.multiple)
    lightness, hints = _lightness(luma, shape), _drawn(session, options, shape)
    if mirror:
        lightness = np.ascontiguousarray(lightness[..., ::-1])
        hints = None if hints is None else np.ascontiguousarray(hints[..., ::-1])
    kept = prior_strength(session, options.colorfulness)
    maps = session.run(lightness, outputs, prior_strength=kept, hints=hints)
    if not np.isfinite(maps[0]).all():
        raise ModelError(session.info.name, "the model gave colours that are not numbers")
    got = {
        name: np.ascontiguousarray((x[..., ::-1] if mirror else x)[0].transpose(1, 2, 0))
        for name, x in zip(outputs, maps, strict=True)
    }
    confidence = got.get(CONFIDENCE)
    if not session.has_distribution:
        got[AB] *= np.float32(options.colorfulness)
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

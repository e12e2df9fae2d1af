"""The rows of `film.py` about colours: how still they hold, how true they are, and whether they come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from photochrom.color.difference import ciede2000
from photochrom.color.lab import rgb_to_lab
from photochrom.engine.flow import Flow, moved, trusted
from photochrom.engine.options import Options
from photochrom.engine.session import Session
from photochrom.engine.shots import ShotColorizer, guide_of
from photochrom.engine.temporal import Coherence, flow_shape
from photochrom.jobs.film_plan import FilmPlan, make_plan
from photochrom.metrics.consistency import CDC
from photochrom.metrics.warp import chroma_warp_error
from photochrom.video.probe import Film, probe
from photochrom.video.read import read_frames

Float = NDArray[np.float32]
Frames = list[Float]

SHORTEST = 3
"""Seconds of a shot whose first and last second are compared."""
EACH = 3
"""Of these seconds each third frame is compared."""


def colours(session: Session, path: Path, row: Callable[[str, str, str], None]) -> None:
    """Colours of a true colour film made grey: by the frame, and along the flow."""
    film = probe(path)
    plan = make_plan(film, {})
    guides, truth = [], []
    for picture in read_frames(film):
        true = picture.frame.to_ndarray(format="rgb24")
        guides.append(guide_of(picture.luma, film.range))
        height, width = flow_shape(guides[0].shape, Coherence().side)
        small = cv2.resize(true, (width, height), interpolation=cv2.INTER_AREA)
        truth.append((small / 255).astype(np.float32))
    greys = [
        np.asarray(cv2.resize(g, (width, height), interpolation=cv2.INTER_AREA), np.uint8) for g in guides
    ]
    ways = {"flow": Coherence(), "frame": Coherence(every=1, decay=0, margin=0)}
    rgb = {"truth": truth} | {
        name: [
            _paint(film, g, c)
            for g, c in zip(greys, _along_flow(session, film, plan, guides, way), strict=True)
        ]
        for name, way in ways.items()
    }
    ab = {name: [_ab(frame) for frame in frames] for name, frames in rgb.items()}
    cdc = {name: _consistency(frames) for name, frames in rgb.items()}
    row(
        f"{path.name}: CDC / the true colours' CDC",
        f"{cdc['flow'] / cdc['truth']:.2f} (frame by frame {cdc['frame'] / cdc['truth']:.2f})",
        "0.9 to 1.05",
    )
    change = {name: _warp(greys, frames, plan) for name, frames in ab.items()}
    row(
        f"{path.name}: chroma change along the flow / frame by frame's",
        f"{change['flow'] / change['frame']:.2f} ({change['flow']:.3f} of {change['frame']:.3f};"
        f" true colours {change['truth']:.3f})",
        "at most 0.3",
    )
    error = {name: np.mean([_far(a, b) for a, b in zip(ab[name], ab["truth"], strict=True)]) for name in ways}
    row(
        f"{path.name}: ab error / frame by frame's",
        f"{error['flow']:.2f} / {error['frame']:.2f}",
        "no higher",
    )
    back = {name: _first_and_last(greys, ab[name], plan, float(film.rate)) for name in ways}
    if back["flow"] is not None:
        row(
            f"{path.name}: colours of a shot's first and last second, CIEDE2000",
            f"{back['flow']:.2f} (frame by frame {back['frame']:.2f})",
            "at most 3",
        )


def _along_flow(
    session: Session, film: Film, plan: FilmPlan, guides: list[NDArray[np.uint8]], way: Coherence
) -> Frames:
    finder = ShotColorizer(session, Options(), way, film.matrix)
    found: Frames = []
    for start, stop in _shots(plan):
        found += finder.colors(start, guides[start:stop], 0, range(stop - start))
    return found


def _shots(plan: FilmPlan) -> Iterator[tuple[int, int]]:
    yield from pairwise((*plan.shots, plan.frames))


def _paint(film: Film, grey: NDArray[np.uint8], chroma: Float) -> Float:
    luma = grey.astype(np.float32) / 255
    rgb = film.matrix.to_rgb(luma, chroma[..., 0], chroma[..., 1])
    return np.asarray(np.clip(rgb, 0, 1), np.float32)


def _ab(rgb: Float) -> Float:
    return np.asarray(rgb_to_lab(rgb)[..., 1:], np.float32)


def _far(first: Float, second: Float) -> float:
    return float(np.hypot(*np.moveaxis(first - second, -1, 0)).mean())


def _warp(greys: list[NDArray[np.uint8]], ab: Frames, plan: FilmPlan) -> float:
    finder, found = Flow(), []
    for i in range(len(greys) - 1):
        if i + 1 not in plan.shots:
            there, back = finder.between(greys[i], greys[i + 1])
            trust = trusted(there, back, greys[i], greys[i + 1])
            found.append(chroma_warp_error(ab[i], ab[i + 1], there, trust))
    return float(np.mean(found))


def _consistency(rgb: Frames) -> float:
    metric: Any = CDC()
    metric.update(torch.from_numpy(np.stack(rgb).transpose(0, 3, 1, 2)))
    return float(metric.compute())


def _first_and_last(greys: list[NDArray[np.uint8]], ab: Frames, plan: FilmPlan, rate: float) -> float | None:
    """How far the colours of the same things are apart in the first and in the last second of long shots.

    What is the same is found by optical flow, forwards and backwards. Both colours get a lightness of 50, so that only
    a and b are compared.
    """
    finder, total, count, second = Flow(), 0.0, 0.0, round(rate)
    for start, stop in _shots(plan):
        if stop - start < SHORTEST * second:
            continue
        for first in range(start, start + second, EACH):
            last = stop - second + first - start
            there, back = finder.between(greys[first], greys[last])
            trust = trusted(there, back, greys[first], greys[last])
            here, later = (np.insert(x, 0, 50, axis=-1) for x in (ab[first], moved(ab[last], there)))
            total += float((ciede2000(here, later) * trust).sum())
            count += float(trust.sum())
    return total / count if count else None

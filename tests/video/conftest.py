"""Films through segments and back, without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.video.encode import SegmentWriter, codec_for, result_layout
from photochrom.video.probe import probe
from photochrom.video.read import read_frames
from photochrom.video.remux import Segment, join

Recolour = Callable[..., Path]


@pytest.fixture
def recolour() -> Recolour:
    """Gives a film neutral chroma: ``recolour(source, target, codec, parts=2)``."""
    return _recolour


def _recolour(path: Path, target: Path, codec: str | None = None, parts: int = 1, **keywords: Any) -> Path:
    """The film with neutral chroma, through segments and back: what a colorized one goes through."""
    film = probe(path)
    codec = codec_for(film, codec)
    layout = result_layout(film, codec)
    across, down = layout.subsampling
    shape = (-(-film.height // down), -(-film.width // across))
    chroma = np.full(shape, layout.range.neutral, layout.range.dtype)
    times, durations, segments = [], [], []
    pictures = [(p.luma.copy(), p.time, p.duration) for p in read_frames(film)]
    each = -(-len(pictures) // parts)
    for first in range(0, len(pictures), each):
        piece = pictures[first : first + each]
        segment = target.with_name(f"segment-{first}.mkv")
        segment.touch()
        writer = SegmentWriter(
            segment, film, codec, layout, preset="ultrafast" if codec in ("h264", "h265") else None
        )
        for luma, time, duration in piece:
            assert time is not None
            writer.write(luma, (chroma, chroma), time)
            times.append(time)
            durations.append(duration)
        writer.close()
        segments.append(Segment(segment, first, len(piece), writer.delay))
    target.touch()
    metadata = keywords.pop("metadata", {"comment": "made by a test"})
    join(
        film,
        segments,
        np.array(times, np.int64),
        np.array(durations, np.int64),
        target,
        target.suffix,
        metadata=metadata,
        **keywords,
    )
    return target

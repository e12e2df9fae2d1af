"""The containers of results, and what they can hold."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CONTAINERS", "container_for", "container_note"]

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""FFmpeg's muxer by suffix: what results can be."""
HOLDS = {
    "mp4": ("h264", "h265", "av1"),
    "mov": ("h264", "h265", "prores"),
    "matroska": ("h264", "h265", "av1", "ffv1", "prores"),
    "webm": ("av1",),
}


def container_for(source: str | Path, codec: str) -> str:
    """The suffix of a result: the source's own where that container can hold the codec, else ``.mkv``."""
    suffix = Path(source).suffix.lower()
    return suffix if codec in HOLDS.get(CONTAINERS.get(suffix, ""), ()) else ".mkv"


def container_note(source: str | Path, target: Path, codec: str) -> str | None:
    """Why the result has another container than the source, as a sentence; None if it has the same one.

    AVI, MPEG-TS and others could hold the codec, but not the mark that the colours were inferred. AVI also holds no
    times of frames.
    """
    suffix = Path(source).suffix.lower()
    if target.suffix.lower() == suffix or container_for(source, codec) != target.suffix.lower():
        return None
    name = suffix.removeprefix(".").upper() or "the file's kind"
    cannot = f"hold {codec}" if suffix in CONTAINERS else "say that colours were inferred"
    return f"The result is an MKV, because {name} cannot {cannot}."

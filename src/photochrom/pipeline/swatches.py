"""Colours of things that most photos show, for a person who corrects a colour."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SWATCHES"]

SWATCHES: Mapping[str, tuple[str, ...]] = {
    "skin": ("#e8c4ae", "#dba989", "#c68e6a", "#a86f4f", "#7d4f3a"),
    "cloth": ("#1f2a44", "#23402f", "#4a2f22", "#4f1f2a", "#33333a"),
    # Sky, water, grass, leaves, earth, wood, brick and stone.
    "outdoors": (
        "#8fb6dc",
        "#5f8f9c",
        "#7f9a48",
        "#4f6f38",
        "#b59a70",
        "#8a6240",
        "#a8563f",
        "#8d8a83",
    ),
}
"""``#rrggbb`` by kind. Of a hint only hue and chroma count, because the photo keeps its lightness."""

"""The JSON Schema of hints.json, made from the constants that the reader uses."""

from __future__ import annotations

from typing import Any, get_args

from photochrom.engine.hints import BRUSH, COLOUR, LARGEST_BRUSH, MOST_HINTS, Reach

__all__ = ["hints_schema"]


def hints_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of what `photochrom.engine.hints.parse_hints` reads.

    ``docs/hints.schema.json`` is this as a file.
    """
    share = {"type": "number", "minimum": 0, "maximum": 1}
    coloured, kept = [{"const": reach} for reach in get_args(Reach) if reach != "keep"], {"const": "keep"}
    # In JSON, null means the same as a field that is left out.
    nothing: dict[str, Any] = {"type": "null"}
    hint: dict[str, Any] = {
        "type": "object",
        "properties": {
            "x": share | {"description": "Share of the upright photo's width, from the left."},
            "y": share | {"description": "Share of the upright photo's height, from the top."},
            "color": {
                "anyOf": [{"type": "string", "pattern": f"^{COLOUR.pattern}$"}, nothing],
                "description": "#rrggbb, sRGB. Only its hue and chroma are used.",
            },
            "reach": {
                "enum": [*get_args(Reach), None],
                "default": "thing",
                "description": "here: a disc. thing: the thing on which the point lies. like: everything like it, too. "
                "keep: the automatic colour of the thing stays, and there is no color.",
            },
            "radius": {
                "anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_BRUSH}, nothing],
                "description": "Of the disc, only with here: a share of the square root of width times height. "
                f"Default: {BRUSH}.",
            },
        },
        "required": ["x", "y"],
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"properties": {"reach": kept}, "required": ["reach"]},
                "then": {"properties": {"color": nothing}},
                "else": {
                    "properties": {"color": {"type": "string"}, "reach": {"anyOf": [*coloured, nothing]}},
                    "required": ["color"],
                },
            },
            {
                "if": {"properties": {"radius": {"type": "number"}}, "required": ["radius"]},
                "then": {"properties": {"reach": {"const": "here"}}, "required": ["reach"]},
            },
        ],
    }
    hints = {"type": "array", "items": {"$ref": "#/$defs/hint"}, "maxItems": MOST_HINTS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Photochrom hints",
        "description": "Colours that a user knows at points of a photo, for photochrom colorize --hints.",
        "anyOf": [{"type": "object", "properties": {"hints": hints}, "required": ["hints"]}, hints],
        "$defs": {"hint": hint},
    }

"""Times in a film, as people write them."""

from __future__ import annotations

import math
import re

__all__ = ["parse_time", "parse_window", "time_text"]

TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)s?")


def parse_time(value: object) -> float:
    """Read a time such as ``12.5``, ``"12.5s"``, ``"0:12.5"`` or ``"1:02:03"``, and return seconds.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf:
        return float(value)
    found = TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"a time must be seconds or like 0:12.5, got {value!r}")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def parse_window(text: str) -> tuple[float, float]:
    """Read ``10s``, ``0:40-0:50`` or ``1:02:03-1:02:30.5``, and return begin and end in seconds.

    Raises
    ------
    ValueError
        If it is neither a length nor two times.
    """
    first, dash, second = text.partition("-")
    try:
        return (parse_time(first), parse_time(second)) if dash else (0.0, parse_time(first))
    except ValueError:
        raise ValueError(f"must be a length such as 10s or times such as 0:40-0:50, got {text!r}") from None


def time_text(seconds: float) -> str:
    """Write seconds as ``0:12.5`` or ``1:02:03``."""
    tenths = round(seconds * 10)
    whole, tenth = divmod(tenths, 10)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    words = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{words}.{tenth}" if tenth else words

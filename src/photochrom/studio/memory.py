"""What many threads have freed, given back to the system: a process that runs for weeks must not hold its worst hour.

Other C libraries than glibc need neither and have no such calls (malloc_trim(3), mallopt(3)).
"""

import ctypes
import sys

__all__ = ["give_back", "one_heap"]

_ARENA_MAX = -8
_library = ctypes.CDLL(None) if sys.platform == "linux" else None
_trim = getattr(_library, "malloc_trim", None)
_option = getattr(_library, "mallopt", None)


def one_heap() -> None:
    """Have all threads share one heap from here on; each would keep up to 64 MB of its own that `give_back` skips."""
    if _option is not None:
        _option(_ARENA_MAX, 1)


def give_back() -> None:
    """Return what is free in the heap."""
    if _trim is not None:
        _trim(0)

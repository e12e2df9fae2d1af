"""Return freed memory to the system.

glibc keeps memory that threads have freed. So a server that runs for weeks would keep the memory of its busiest hour.
Other C libraries return it, and do not have these calls (malloc_trim(3), mallopt(3)).
"""

import ctypes
import sys

__all__ = ["give_back", "one_heap"]

_ARENA_MAX = -8
_library = ctypes.CDLL(None) if sys.platform == "linux" else None
_trim = getattr(_library, "malloc_trim", None)
_option = getattr(_library, "mallopt", None)


def one_heap() -> None:
    """Let all threads share one heap from now on.

    Otherwise each thread keeps up to 64 MB in a heap of its own, which `give_back` does not reach.
    """
    if _option is not None:
        _option(_ARENA_MAX, 1)


def give_back() -> None:
    """Return the free memory of the heap to the system."""
    if _trim is not None:
        _trim(0)

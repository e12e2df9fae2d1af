"""Return freed memory to the system."""

import ctypes
import sys

__all__ = ["give_back"]

_library = ctypes.CDLL(None) if sys.platform == "linux" else None
_trim = getattr(_library, "malloc_trim", None)


def give_back() -> None:
    """Return the free memory of the heap to the system (malloc_trim(3)).

    glibc keeps memory that threads have freed, so a server that runs for weeks would keep the memory of its busiest
    hour. This call does not reach the heaps of single threads, so `photochrom.resources.one_heap` must be called first.
    Other C libraries return freed memory themselves, and do not have this call.
    """
    if _trim is not None:
        _trim(0)

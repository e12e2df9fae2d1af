"""The cores and the memory that this process may use, and how photos share them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = [
    "LEAST_MEMORY",
    "address_space",
    "cores",
    "memory",
    "one_blas_thread",
    "one_heap",
    "share_cores",
    "spare_address_space",
]

CGROUP = Path("/sys/fs/cgroup")
UNLIMITED = 1 << 60
"""Version 1 of cgroups states "no limit" as a number near 2^63."""
LEAST_MEMORY = 500_000_000
"""The smallest address space, in bytes, in which the libraries can be loaded."""
AMPLE = 4 << 30
"""With so many bytes of address space, the libraries may use threads and heaps as they like."""
BYTES_PER_JOB = 1 << 30
"""About the memory that a photo of 100 megapixels needs during the work."""
M_ARENA_MAX = -8


def cores() -> int:
    """The number of cores that this process may use, by its CPU affinity and its cgroup's quota. It is at least 1."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota()
    # With a quota of 1.5 cores, two threads that sometimes wait are faster than one.
    return there if quota is None else max(1, min(there, round(quota + 0.25)))


def memory() -> int | None:
    """The memory in bytes: the minimum of the machine, the cgroup and ``ulimit -v``. None if it is unknown."""
    limits = [_physical(), _cgroup_memory(), address_space()]
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None


def share_cores(photos: int, jobs: int | None, threads: int | None) -> tuple[int, int | None]:
    """The number of photos at once, and the number of threads for the network of each photo (None: all cores).

    Decoding, encoding and the network release Python's lock. So one photo per core is the fastest.

    Parameters
    ----------
    photos : the number of photos in the run
    jobs, threads : what the user chose; None if the user chose nothing
    """
    most_cores, most_memory = cores(), memory()
    if jobs is None:
        most = most_cores if most_memory is None else min(most_cores, max(1, most_memory // BYTES_PER_JOB))
        jobs = max(1, min(most, photos))
    if most_memory is not None and most_memory < BYTES_PER_JOB:
        threads = threads or 1
    if jobs > 1:
        threads = threads or max(1, most_cores // jobs)
    return jobs, threads


def spare_address_space() -> None:
    """Load the libraries with one thread and one heap, if the address space is limited.

    Each thread of OpenBLAS and each heap of glibc reserves tens of megabytes of addresses, and uses few of them. This
    must run before NumPy is imported.
    """
    limit = address_space()
    if limit is None or limit >= AMPLE:
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    one_blas_thread()
    one_heap()


def one_blas_thread() -> None:
    """Let NumPy's OpenBLAS compute in the calling thread. This must run before NumPy is imported.

    Photos need only small matrices. The threads of OpenBLAS wait actively, which costs 25 ms of processor time at each
    start.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def one_heap() -> None:
    """Let all threads share one heap from now on (mallopt(3)).

    Otherwise glibc keeps up to 64 MB in a heap for each thread, and grows it in steps of a few kilobytes.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError, TypeError):  # a C library other than glibc
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _quota() -> float | None:
    """The number of cores by the cgroup's bandwidth limit (version 2 or 1). None means no limit."""
    words = _read(_own_group("") / "cpu.max") or _read(CGROUP / "cpu.max")
    if words:
        quota, _, period = words.partition(" ")
        return None if quota == "max" else _ratio(quota, period)
    quota = _read(CGROUP / "cpu/cpu.cfs_quota_us")
    period = _read(CGROUP / "cpu/cpu.cfs_period_us")
    return None if quota.startswith("-") else _ratio(quota, period)


def _ratio(quota: str, period: str) -> float | None:
    try:
        return int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None


def _cgroup_memory() -> int | None:
    for path in (
        _own_group("") / "memory.max",
        CGROUP / "memory.max",
        CGROUP / "memory/memory.limit_in_bytes",
    ):
        words = _read(path)
        if words.isdecimal() and int(words) < UNLIMITED:
            return int(words)
    return None


def _own_group(controller: str) -> Path:
    """The folder of this process's cgroup, version 2."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, name, path = [*line.split(":", 2), "", ""][:3]
        if name == controller:
            return CGROUP / path.lstrip("/")
    return CGROUP


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def address_space() -> int | None:
    """The limit of this process's address space in bytes (``ulimit -v``). None means no limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""

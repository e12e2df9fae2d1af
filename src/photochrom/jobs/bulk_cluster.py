"""A Ray cluster for a bulk run: one that runs, or one of this machine that is started and ended."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from photochrom import resources
from photochrom._version import __version__
from photochrom.errors import ClusterError, Remedy
from photochrom.files import words_of

__all__ = ["Cluster", "as_cluster_error", "connect"]

STORE_SHARE, LEAST_STORE, MOST_STORE = 0.15, 100_000_000, 4_000_000_000
"""Photos wait in Ray's shared memory between the reader and the worker; a few per core are enough."""
CONNECT_SECONDS = 10
LEAST_DISK = 500_000_000
STARTS, START_SECONDS = 3, 120
"""Ray gives its own processes 20 to 30 seconds to start, which a busy or slow machine may exceed."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that is connected.

    Attributes
    ----------
    workers : photos at once
    readers : tasks that read photos at once
    threads : cores per photo
    address : where it is, for people
    dashboard : the address of Ray's page; empty if there is none
    """

    workers: int
    readers: int
    threads: int
    address: str
    dashboard: str = ""


@contextmanager
def connect(
    address: str | None = None,
    *,
    jobs: int | None = None,
    threads: int | None = None,
    photos: int = 1 << 30,
    dashboard: bool = False,
    store_memory: int | None = None,
) -> Iterator[Cluster]:
    """Connect to the cluster at `address`; or start one on this machine, and end it afterwards.

    Parameters
    ----------
    jobs, threads : as in `photochrom.resources.share_cores`; on a cluster one photo per core, if None
    photos : how many there are; a local cluster needs no more workers
    dashboard : start Ray's page for the cluster of this machine
    store_memory : bytes of Ray's shared memory on this machine; None means a share of the memory

    Raises
    ------
    ClusterError
        If there is no cluster, or its machines have other versions.
    """
    # Nothing of a library's photos goes anywhere: Ray would report its use to its maker.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What Ray itself logs is in its folder of logs; here it would stand between the progress lines.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("ray", "pyarrow", "pandas"):
            raise
        raise ClusterError("", f"bulk runs need {error.name}", Remedy.INSTALL_BULK, code="extra") from None
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    workers, each = resources.share_cores(photos, jobs, threads)
    each = each or 1
    try:
        if address is None:
            _check_disk()
            os.environ.setdefault("RAY_gcs_server_port_wait_time_s", str(START_SECONDS))
            options: dict[str, Any] = {
                # Without it, Ray would connect to a cluster that `ray start` has begun on this machine.
                "address": "local",
                # A reader and the driver's own tasks need room beside the workers, or each waits for the other.
                "num_cpus": workers * each + 2,
                "object_store_memory": store_memory or _store_memory(),
                "include_dashboard": dashboard,
            }
        else:
            _check_address(address)
            options = {"address": address}
        with _without_stderr(), _own_sigterm():
            context = _start(options | quiet)
    except ClusterError:
        raise
    except Exception as error:
        raise as_cluster_error(error, address or "") from error
    try:
        if address is not None:
            _check_versions(address)
            cores = int(ray.cluster_resources().get("CPU", 1))
            each = threads or 1
            workers = jobs or max(1, min(cores // each, photos))
        page = getattr(context, "dashboard_url", None) or ""
        yield Cluster(workers, max(1, workers // 4), each, address or "this machine", page)
    finally:
        ray.shutdown()


def _start(options: dict[str, Any]) -> Any:
    import ray

    for number in range(1, STARTS + 1):
        try:
            return ray.init(**options)
        except Exception as error:
            if number == STARTS or not _too_slow(error):
                raise
        # What was started is ended. The next start finds all files of Ray in memory, and is quicker.
        ray.shutdown()
    raise AssertionError


def _too_slow(error: BaseException) -> bool:
    """Whether Ray's own processes were not ready within the time that Ray gives them."""
    return any(words in str(error) for words in ("timed out during startup", "Failed to start GCS"))


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keep this program's handler of SIGTERM, which Ray replaces: a run that is ended must write its table."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Drop what C++ prints: Ray says there that it follows RAY_BACKEND_LOG_LEVEL. Exceptions come as they are."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def as_cluster_error(error: BaseException, address: str) -> ClusterError:
    """The error that says what is wrong with Ray itself. `address` may be empty."""
    if isinstance(error, ClusterError):
        return error
    # Ray raises many errors from others, and the first of them is the one that tells why.
    causes = list(_causes(error))
    kinds = {type(cause).__name__ for cause in causes}
    said = [" ".join(str(cause).split()) for cause in causes]
    words = " ".join(said)
    if "OutOfDiskError" in kinds or "No space left" in words:
        what = "the disk for Ray's spilled objects is full; free some space there"
        return ClusterError(address, what, Remedy.CONTINUE_LATER, code="disk_full")
    if "Version mismatch" in words:
        there = next(text for text in said if "Version mismatch" in text)
        what = f"the cluster has other versions of Ray or Python ({there})"
        return ClusterError(address, what, Remedy.SAME_VERSION, code="version")
    if "AuthenticationError" in kinds or "InvalidAuthToken" in words:
        # Ray sends the token of this user only where it is told to, or to a cluster that it finds on this machine.
        return ClusterError(address, "the cluster asks for a token", Remedy.GIVE_RAY_TOKEN, code="auth")
    if any(_too_slow(cause) for cause in causes):
        what = (
            f"Ray did not start in time, {STARTS} times; this machine is too busy, or has too little memory"
        )
        return ClusterError(address, what, Remedy.CONTINUE_LATER, code="slow_start")
    if isinstance(error, ConnectionError):
        return ClusterError(address, "there is no cluster", Remedy.CHECK_CLUSTER, code="no_cluster")
    what = f"Ray has failed ({type(error).__name__}: {said[0][:300]})"
    return ClusterError(address, what, Remedy.CONTINUE_LATER)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _check_disk() -> None:
    """See whether Ray has room for its objects and logs. Without room it would wait, and say nothing."""
    folder = os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()
    if shutil.disk_usage(folder).free < LEAST_DISK:
        what = "the disk is full, and Ray keeps its objects and logs there; RAY_TMPDIR names another folder"
        raise ClusterError(folder, what, Remedy.CONTINUE_LATER, code="disk_full")


def _check_address(address: str) -> None:
    """See whether something listens there. Ray itself would try for a minute, and print a traceback."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return  # "auto" and "local"
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        what = f"there is no cluster ({words_of(error) if isinstance(error, OSError) else error})"
        raise ClusterError(address, what, Remedy.CHECK_CLUSTER, code="no_cluster") from None


def _version_there() -> str:
    from photochrom._version import __version__ as there

    return there


def _check_versions(address: str) -> None:
    """Ask one worker for its version. Each actor checks its own again, because nodes come and go."""
    import ray

    ask: Any = ray.remote(num_cpus=0)(_version_there)
    try:
        there = ray.get(ask.remote(), timeout=120)
    except Exception as error:
        if "No module named" in str(error):
            what = "Photochrom is not installed on the machines of the cluster"
            raise ClusterError(address, what, Remedy.SAME_VERSION, code="version") from None
        raise as_cluster_error(error, address) from error
    if there != __version__:
        what = f"the cluster has Photochrom {there}, and this machine has {__version__}"
        raise ClusterError(address, what, Remedy.SAME_VERSION, code="version")


def _store_memory() -> int:
    total = resources.memory() or LEAST_STORE
    return int(min(MOST_STORE, max(LEAST_STORE, total * STORE_SHARE)))

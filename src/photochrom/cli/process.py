"""The process of a command: how it starts and how it ends."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

__all__ = ["complete", "end", "open_streams", "start_collector"]

_complete = False


def open_streams() -> None:
    """Open the null device in place of standard streams that are closed (``2>&-``).

    Otherwise the next file that is opened, such as a result, would get the number of stderr, and C libraries would
    write their messages into it. `sys.stdin` and `sys.stdout` stay None, so that a command can say that one is missing.
    `sys.stderr` must not, because `print` would write the messages to stdout, into a picture there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 - it stays open until the process ends


def start_collector() -> None:
    """Start the garbage collector, if `photochrom.__main__` stopped it.

    It will never look at the objects that exist now, because these are modules and functions.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def complete() -> None:
    """State that all files are written and that no thread works, so that `end` need not clean up."""
    global _complete  # noqa: PLW0603 - the state belongs to the process
    _complete = True


def end(code: object) -> NoReturn:
    """End the process with an exit status, as ``sys.exit`` takes it.

    Python's own way out frees every object and waits for threads. If all work is `complete`, this only takes time:
    30 ms. After Ctrl-C, threads may still run the network, and the wait would take seconds.
    """
    at_once = _complete or code == 130 or _threads_abandoned() or _is_one_of_several()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:
        at_once = False  # Python reports it
    if not at_once or not isinstance(code, int | None):
        sys.exit(code)  # type: ignore[arg-type]
    os._exit(code or 0)


def _threads_abandoned() -> bool:
    """Whether threads still run the network after Ctrl-C."""
    batch = sys.modules.get("photochrom.jobs.batch")
    return batch is not None and bool(batch.threads_abandoned())


def _is_one_of_several() -> bool:
    """Whether this process is one of several in distributed training.

    The communication threads (gloo) may still release tensors while Python exits. This sometimes aborts the process
    (pytorch/pytorch#179291). All files are complete by then, so such a process skips Python's normal exit.
    """
    distributed = sys.modules.get("torch.distributed")
    return distributed is not None and bool(distributed.is_available() and distributed.is_initialized())

"""Several films at once, each with its share of the cores and the memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import cv2

from photochrom import resources
from photochrom.errors import PhotochromError
from photochrom.jobs.batch import Stopped, deaf_to_interrupts
from photochrom.jobs.memory import give_back
from photochrom.video.probe import probe

__all__ = ["Check", "films_at_once", "run_films"]

Check = Callable[[], None]
"""Ends the work on a film, by an exception, if the user has stopped the command. It is called after each frame."""

BYTES, BYTES_PER_PIXEL = 250_000_000, 190
"""What the network and the libraries take once, and what each film takes for each pixel of its frames."""


def films_at_once(paths: Iterable[str | Path], wanted: int) -> int:
    """How many of the films may be worked on together: `wanted`, or fewer if the memory is short; at least 1.

    Files that are no films do not count.
    """
    memory = resources.memory()
    if memory is None or wanted == 1:
        return wanted
    sizes = []
    for path in paths:
        try:
            film = probe(path)
        except PhotochromError:
            continue
        sizes.append(film.width * film.height * BYTES_PER_PIXEL)
    sizes.sort(reverse=True)
    fitting = [count for count in range(1, len(sizes) + 1) if BYTES + sum(sizes[:count]) <= memory]
    return max(1, min(wanted, max(fitting, default=1)))


def run_films(count: int, work: Callable[[int, Check], None], at_once: int) -> None:
    """Call ``work(number, check)`` for each number below `count`, `at_once` at a time.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, after all films have stopped at their next frame.
    """
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Stopped

    def one(number: int) -> None:
        check()
        work(number, check)
        give_back()

    if at_once == 1:
        for number in range(count):
            one(number)
        return
    # Otherwise each film would start one thread per core.
    cv2.setNumThreads(max(1, resources.cores() // at_once))
    with ThreadPoolExecutor(at_once, thread_name_prefix="film") as pool:
        running = {pool.submit(one, number) for number in range(count)}
        try:
            while running:
                # Windows delivers Ctrl-C only between waits, so the waits are short.
                done, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        except BaseException:
            with deaf_to_interrupts():
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
            raise

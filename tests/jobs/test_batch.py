"""Threads: bounded, and stopped without a half file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from photochrom.jobs import batch
from photochrom.jobs.batch import Gate, Stopped
from photochrom.pipeline.file_job import FileJob
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Destination


def job(index: int) -> FileJob:
    return FileJob(index, Path("a"), Destination(Path("b"), "a"), ColorizeRequest())


class Counting:
    """Stands for a `Worker`: counts, and can be told to interrupt."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.lock = threading.Lock()
        self.done = 0

    def __call__(self, job: FileJob) -> None:
        with self.lock:
            self.done += 1


def tasks(count: int, pulled: list[int]) -> Iterator[FileJob]:
    for index in range(count):
        pulled.append(index)
        yield job(index)


def test_every_task_is_done_once() -> None:
    worker, pulled = Counting(), list[int]()
    batch.run(tasks(500, pulled), cast(Any, worker), 3)
    assert worker.done == len(pulled) == 500


def test_few_tasks_are_handed_out_at_a_time() -> None:
    worker, pulled = Counting(), list[int]()
    ahead: list[int] = []

    def watching() -> Iterator[FileJob]:
        for task in tasks(300, pulled):
            ahead.append(len(pulled) - worker.done)
            yield task

    batch.run(watching(), cast(Any, worker), 2)
    assert 1 <= max(ahead) <= 2 * 2


def test_interrupt_waits_for_writes_and_lets_none_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_abandoned", False)
    gate = Gate()
    writing, finish = threading.Event(), threading.Event()
    log: list[str] = []

    class Slow:
        def __init__(self) -> None:
            self.gate = gate

        def __call__(self, job: FileJob) -> None:
            with gate.passing():
                writing.set()
                finish.wait()
                log.append("whole")

    def interrupted() -> Iterator[FileJob]:
        yield job(0)
        writing.wait()
        # The write may only end after the interrupt, or nothing would be proved.
        threading.Timer(0.05, finish.set).start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.run(interrupted(), cast(Any, Slow()), 2)
    assert log == ["whole"]
    assert batch.threads_abandoned()
    with pytest.raises(Stopped), gate.passing():
        pass

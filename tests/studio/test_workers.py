"""The queue: bounded, in turn, and with an end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

import pytest

from photochrom.studio.api_error import ApiError
from photochrom.studio.workers import Task, WorkerPool

PATIENCE = 60


class Line:
    """A queue whose first task holds its one worker until it is let go."""

    def __init__(self, most: int = 16) -> None:
        self.queue = WorkerPool(1, most)
        self.done: list[str] = []
        self.go, self.started = threading.Event(), threading.Event()
        (self.first,) = self.queue.submit("first", [self._block])
        assert self.started.wait(PATIENCE)

    def _block(self, task: Task) -> None:
        self.started.set()
        assert self.go.wait(PATIENCE)
        task.check()

    def add(self, client: str, *names: str) -> list[Task]:
        def work(name: str) -> Callable[[Task], str]:
            def run(task: Task) -> str:
                self.done.append(name)
                return name

            return run

        return self.queue.submit(client, [work(name) for name in names])


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.go.set()
    made.queue.close(PATIENCE)


def test_clients_take_turns(line: Line) -> None:
    many = line.add("a", "a1", "a2", "a3")
    late = line.add("b", "b1")
    later = line.add("c", "c1", "c2")
    places = line.queue.positions()
    assert [places[task] for task in (*many, *late, *later)] == [1, 4, 6, 2, 3, 5]
    assert line.first not in places
    line.go.set()
    results = [task.future.result(PATIENCE) for task in (*many, *late, *later)]
    assert results == ["a1", "a2", "a3", "b1", "c1", "c2"]
    assert line.done == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_a_client_that_comes_again_waits_for_its_turn(line: Line) -> None:
    line.add("a", "a1", "a2")
    line.add("b", "b1")
    again = line.add("a", "a3")
    line.go.set()
    again[0].future.result(PATIENCE)
    assert line.done == ["a1", "b1", "a2", "a3"]


def test_the_queue_is_bounded_for_all_and_for_each(line: Line) -> None:
    line.add("a", *map(str, range(14)))
    with pytest.raises(ApiError, match="the queue is full") as refused:
        line.add("a", "one more")
    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"]
    with pytest.raises(ApiError, match="room for 2 more"):
        line.add("b", "1", "2", "3")
    line.add("b", "1", "2")
    with pytest.raises(ApiError, match="the queue is full"):
        line.queue.check("c")
    assert line.queue.waiting == 16


def test_cancelled_while_it_waits(line: Line) -> None:
    left, stays = line.add("a", "left", "stays")
    line.queue.cancel(left)
    line.queue.cancel(left)
    assert line.queue.waiting == 1
    line.go.set()
    assert stays.future.result(PATIENCE) == "stays"
    assert left.future.cancelled()
    assert line.done == ["stays"]


def test_cancelled_while_it_runs(line: Line) -> None:
    line.queue.cancel(line.first)
    line.go.set()
    with pytest.raises(CancelledError):
        line.first.future.result(PATIENCE)


def test_an_error_ends_the_task_and_not_the_worker(line: Line) -> None:
    def fail(task: Task) -> None:
        raise KeyError("a photo")

    (bad,) = line.queue.submit("a", [fail])
    (good,) = line.add("a", "good")
    line.go.set()
    assert good.future.result(PATIENCE) == "good"
    assert isinstance(bad.future.exception(PATIENCE), KeyError)


def test_closing_cancels_what_waits_and_lets_finish_what_runs(line: Line) -> None:
    (waiting,) = line.add("a", "waiting")
    threading.Timer(0.05, line.go.set).start()
    assert line.queue.close(PATIENCE) == 0
    assert line.first.future.result(0) is None
    assert waiting.future.cancelled()
    with pytest.raises(ApiError, match="shutting down") as refused:
        line.add("a", "late")
    assert refused.value.status == 503
    assert line.done == []


def test_what_does_not_finish_in_time_is_told(line: Line) -> None:
    assert line.queue.close(0.01) == 1
    line.go.set()
    # It stops at its next step: nobody wants the result.
    assert isinstance(line.first.future.exception(PATIENCE), CancelledError)


def test_many_workers_and_clients() -> None:
    queue, most, lock = WorkerPool(4, 1000), 0, threading.Lock()
    inside = 0

    def work(task: Task) -> int:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        with lock:
            inside -= 1
        return 1

    tasks: list[Any] = []
    for client in range(10):
        tasks += queue.submit(str(client), [work] * 50)
    assert sum(task.future.result(PATIENCE) for task in tasks) == 500
    assert 1 <= most <= 4
    assert queue.close(PATIENCE) == 0
    assert (queue.waiting, queue.running) == (0, 0)

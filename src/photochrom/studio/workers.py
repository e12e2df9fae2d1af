"""`WorkerPool`: threads that work on a bounded queue in which clients take turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from http import HTTPStatus
from typing import Any

from photochrom.jobs.queue import FairQueue, QueueFullError
from photochrom.studio.api_error import ApiError

__all__ = ["Task", "WorkerPool"]


class Task:
    """One piece of work; `future` holds its result, its exception, or that it was cancelled."""

    def __init__(self, client: str, work: Callable[[Task], Any]) -> None:
        self.client = client
        self.future: Future[Any] = Future()
        self._work = work
        self._stopped = threading.Event()

    def check(self) -> None:
        """Raise CancelledError if the task was cancelled; the work calls this between its steps."""
        if self._stopped.is_set():
            raise CancelledError

    def _run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._work(self)
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class WorkerPool:
    """Runs tasks on its own threads, in the order of a `FairQueue`; safe from several threads.

    Parameters
    ----------
    workers : tasks at once
    most : tasks that may wait. One client may fill seven eighths of it, so that there is room for another.
    """

    def __init__(self, workers: int, most: int) -> None:
        self._queue: FairQueue[str, Task] = FairQueue(most, most - most // 8)
        self._changed = threading.Condition()
        self._running: set[Task] = set()
        self._threads = [
            threading.Thread(target=self._loop, name=f"studio-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def share(self) -> int:
        """How many tasks of one client may wait."""
        return self._queue.most_each

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """How many tasks are worked on."""
        with self._changed:
            return len(self._running)

    def check(self, client: str, count: int = 1) -> None:
        """See whether `count` tasks of `client` would be taken.

        Raises
        ------
        ApiError
            503 if the pool is closed, 429 if the queue is full.
        """
        try:
            self._queue.check(client, count)
        except QueueFullError as error:
            raise _api_error(error) from None

    def submit(self, client: str, works: Sequence[Callable[[Task], Any]]) -> list[Task]:
        """Take all of `works`, or none.

        Raises
        ------
        ApiError
            As `check`.
        """
        tasks = [Task(client, work) for work in works]
        with self._changed:
            try:
                self._queue.put(client, *tasks)
            except QueueFullError as error:
                raise _api_error(error) from None
            self._changed.notify(len(tasks))
        return tasks

    def cancel(self, task: Task) -> None:
        """Take `task` out of the queue, or let its work end at its next step."""
        task._stopped.set()
        self._queue.remove(task.client, task)
        task.future.cancel()

    def positions(self) -> dict[Task, int]:
        """The places of the tasks that wait, in the order in which they will be started, counted from 1."""
        return {task: number for number, task in enumerate(self._queue.order(), 1)}

    def stop(self) -> int:
        """Take nothing more, cancel what waits, and return how many tasks that are. Running tasks go on."""
        with self._changed:
            left = [task for line in self._queue.close().values() for task in line]
            self._changed.notify_all()
        for task in left:
            task.future.cancel()
        return len(left)

    def close(self, seconds: float) -> int:
        """Stop, wait so many seconds for running tasks, and return how many did not finish."""
        self.stop()
        with self._changed:
            running = list(self._running)
        deadline = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._running, max(0.0, deadline - time.monotonic()))
        for task in running:
            task._stopped.set()
        for thread in self._threads:
            # A thread inside a network ends with the process: it is a daemon.
            thread.join(max(0.0, deadline - time.monotonic()))
        return sum(not task.future.done() for task in running)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self._queue) or self._queue.closed)
                taken = self._queue.take()
                if taken is None:
                    # Another worker or `cancel` was quicker, or the queue is closed.
                    if self._queue.closed:
                        return
                    continue
                _, task = taken
                self._running.add(task)
            try:
                task._run()
            finally:
                self._queue.done(task.client)
                with self._changed:
                    self._running.discard(task)
                    self._changed.notify_all()
                # Otherwise the thread would keep its last photo in memory until the next one.
                del task, taken


def _api_error(error: QueueFullError) -> ApiError:
    if error.closed:
        return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "the server is shutting down")
    words = f"the queue has room for {error.room} more photos of yours" if error.room else "the queue is full"
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, f"{words}; try again later")

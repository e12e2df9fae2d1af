"""Who is next: a bounded queue that serves its clients in turn, and the threads that do the work."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from http import HTTPStatus
from typing import Any

from photochrom.studio.refusal import Refusal

__all__ = ["Queue", "Task"]


class Task:
    """One piece of work; `future` holds its result, its exception, or that it was cancelled."""

    def __init__(self, client: str, work: Callable[[Task], Any]) -> None:
        self.client = client
        self.future: Future[Any] = Future()
        self._work = work
        self._stopped = threading.Event()

    def check(self) -> None:
        """To be called between the steps of the work. Raises CancelledError if nobody wants it any more."""
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


class Queue:
    """Runs tasks on threads of its own, round robin by client; safe from several threads.

    Someone with one photo waits for one photo of each client who came before, not for all of theirs.

    Parameters
    ----------
    workers : tasks at once
    most : tasks that may wait. One client may fill seven eighths of it, so that there is room for another.
    """

    def __init__(self, workers: int, most: int) -> None:
        self.most = most
        self.share = most - most // 8
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[Task]] = OrderedDict()
        self._running: set[Task] = set()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._loop, name=f"studio-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        with self._changed:
            return self._count()

    @property
    def running(self) -> int:
        """How many tasks are worked on."""
        with self._changed:
            return len(self._running)

    @property
    def closed(self) -> bool:
        """Whether the queue takes nothing more."""
        return self._closed

    def check(self, client: str, count: int = 1) -> None:
        """See whether `count` tasks of `client` would be taken.

        Raises
        ------
        Refusal
            503 if the queue is closed, 429 if it is full.
        """
        with self._changed:
            self._check(client, count)

    def submit(self, client: str, works: Sequence[Callable[[Task], Any]]) -> list[Task]:
        """Take all of `works`, or none.

        Raises
        ------
        Refusal
            As `check`.
        """
        tasks = [Task(client, work) for work in works]
        with self._changed:
            self._check(client, len(tasks))
            if tasks:
                self._waiting.setdefault(client, deque()).extend(tasks)
                self._changed.notify(len(tasks))
        return tasks

    def cancel(self, task: Task) -> None:
        """Take `task` out of the queue, or let its work end at its next step."""
        task._stopped.set()
        with self._changed:
            own = self._waiting.get(task.client)
            if own is not None and task in own:
                own.remove(task)
                if not own:
                    del self._waiting[task.client]
        task.future.cancel()

    def positions(self) -> dict[Task, int]:
        """The tasks that wait, in the order in which they will be started, counted from 1."""
        with self._changed:
            lines = [list(own) for own in self._waiting.values()]
        order = [
            line[turn]
            for turn in range(max(map(len, lines), default=0))
            for line in lines
            if turn < len(line)
        ]
        return {task: number for number, task in enumerate(order, 1)}

    def stop(self) -> int:
        """Take nothing more, cancel what waits, and tell how many that are. What runs goes on."""
        with self._changed:
            self._closed = True
            left = [task for own in self._waiting.values() for task in own]
            self._waiting.clear()
            self._changed.notify_all()
        for task in left:
            task.future.cancel()
        return len(left)

    def close(self, seconds: float) -> int:
        """Stop, give what runs so many seconds to finish, and tell how many did not."""
        self.stop()
        with self._changed:
            running = list(self._running)
        deadline = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._running, max(0.0, deadline - time.monotonic()))
        for task in running:
            task._stopped.set()
        for thread in self._threads:
            # A thread deep in a network ends with the process: it is a daemon.
            thread.join(max(0.0, deadline - time.monotonic()))
        return sum(not task.future.done() for task in running)

    def _count(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _check(self, client: str, count: int) -> None:
        if self._closed:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the server is shutting down")
        free = min(self.most - self._count(), self.share - len(self._waiting.get(client, ())))
        if count > free:
            words = f"the queue has room for {free} more photos of yours" if free > 0 else "the queue is full"
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"{words}; try again later")

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                client, own = self._waiting.popitem(last=False)
                task = own.popleft()
                if own:
                    self._waiting[client] = own
                self._running.add(task)
            try:
                task._run()
            finally:
                with self._changed:
                    self._running.discard(task)
                    self._changed.notify_all()
                # A loop that holds on to its last photo would keep it in memory until the next one.
                del task

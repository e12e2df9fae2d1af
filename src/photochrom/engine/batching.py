"""Batch concurrent calls of one network that have equal sizes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from photochrom.engine.resize import Float
from photochrom.engine.session import Session


@dataclass(slots=True, eq=False)
class _Call:
    """One thread's request and its result."""

    lightness: Float
    outputs: list[str]
    prior_strength: float | None
    hints: Float | None
    alike: tuple[Any, ...] = field(init=False)
    results: list[Float] | None = None
    error: BaseException | None = None
    taken: bool = False

    def __post_init__(self) -> None:
        self.alike = (self.lightness.shape[1:], tuple(self.outputs), self.prior_strength)

    @property
    def photos(self) -> int:
        return int(self.lightness.shape[0])

    @property
    def answered(self) -> bool:
        return self.results is not None or self.error is not None


class Batching(Session):
    """A session that batches concurrent calls. Several threads can use it safely.

    A call starts at once and alone if fewer than `runs` runs are in progress. No call is delayed to fill a batch.
    Other calls wait. When a run ends, the oldest waiting call starts the next run and adds the waiting calls of
    equal size to it. So a single user has no extra delay, and the batches grow with the load. This class starts no
    thread: a calling thread runs the batch.

    Parameters
    ----------
    session : the session that runs the network; its attributes are copied
    batch : the largest number of photos in one run
    runs : the largest number of runs at the same time

    Raises
    ------
    ValueError
        If `batch` or `runs` is below 1.
    """

    def __init__(self, session: Session, batch: int = 8, *, runs: int = 1) -> None:
        if batch < 1 or runs < 1:
            raise ValueError(f"batch and runs must be 1 or more, got {batch} and {runs}")
        # This copies all attributes, also those added later. The constructor of Session would load the file again.
        vars(self).update(vars(session))
        self.session = session
        self.batch = batch
        self.runs = runs
        self._changed = threading.Condition()
        self._waiting: list[_Call] = []
        self._going = 0

    @property
    def waiting(self) -> int:
        """The number of calls that wait for a run."""
        with self._changed:
            return len(self._waiting)

    def run(
        self,
        lightness: Float,
        outputs: list[str],
        *,
        prior_strength: float | None = None,
        hints: Float | None = None,
    ) -> list[Float]:
        """Run the network, possibly in one batch with calls of other threads; see `Session.run`.

        Only calls of equal height, width, `outputs` and `prior_strength` share a run; `hints` may differ. If a shared
        run fails, each of its calls runs alone, so that only the thread that caused the error receives it.
        """
        call = _Call(lightness, outputs, prior_strength, hints)
        with self._changed:
            self._waiting.append(call)
            try:
                self._changed.wait_for(lambda: call.answered or self._may_start(call))
            except BaseException:  # an interrupt: this thread will not read the result
                if not call.taken:
                    self._waiting.remove(call)
                    self._changed.notify_all()
                raise
            group = [] if call.answered else self._take(call)
        if group:
            try:
                self._answer(group)
            finally:
                with self._changed:
                    self._going -= 1
                    self._changed.notify_all()
        if call.error is not None:
            raise call.error
        assert call.results is not None
        return call.results

    def _may_start(self, call: _Call) -> bool:
        return self._going < self.runs and not call.taken and self._waiting[0] is call

    def _take(self, first: _Call) -> list[_Call]:
        """Take the oldest call and as many equal calls as fit into one run. The other calls keep their order."""
        group, photos = [], 0
        for call in self._waiting:
            if call.alike == first.alike and (call is first or photos + call.photos <= self.batch):
                group.append(call)
                photos += call.photos
        for call in group:
            call.taken = True
            self._waiting.remove(call)
        self._going += 1
        # If several runs are allowed, the next waiting call may start now.
        self._changed.notify_all()
        return group

    def _answer(self, group: list[_Call]) -> None:
        try:
            if len(group) > 1:
                try:
                    self._run_together(group)
                    return
                except Exception:
                    # Each call now runs alone, which shows the call that fails. The memory may be enough for one photo.
                    pass
            for call in group:
                try:
                    call.results = self.session.run(
                        call.lightness, call.outputs, prior_strength=call.prior_strength, hints=call.hints
                    )
                except Exception as error:
                    call.error = error
        except BaseException as error:  # an interrupt: without a result, the other threads would wait forever
            for call in group:
                if not call.answered:
                    call.error = error
            raise

    def _run_together(self, group: list[_Call]) -> None:
        lightness = np.concatenate([call.lightness for call in group])
        hints = None
        if any(call.hints is not None for call in group):
            # A plane of zeros means no hints.
            planes = [
                np.zeros((call.photos, 3, *lightness.shape[2:]), np.float32)
                if call.hints is None
                else call.hints
                for call in group
            ]
            hints = np.concatenate(planes)
        results = self.session.run(
            lightness, group[0].outputs, prior_strength=group[0].prior_strength, hints=hints
        )
        ends = np.cumsum([call.photos for call in group])[:-1]
        # A view would keep the results of the whole group in memory until its last photo is finished.
        parts = [[part.copy() for part in np.split(result, ends)] for result in results]
        for i, call in enumerate(group):
            call.results = [part[i] for part in parts]

"""Concurrent calls share runs: whose, how many, in what order, and whose error is whose."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from photochrom.engine.batching import Batching
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import predict
from photochrom.engine.resize import Float
from photochrom.engine.session import Session
from photochrom.errors import ModelError

WAIT = 60.0


class Gated:
    """Stands for a session: a run waits at a gate, then adds up what it saw; a photo of -1 makes it fail."""

    multiple = 32

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.started = threading.Semaphore(0)
        self.photos: list[int] = []
        self.most = 16

    def run(
        self,
        lightness: Float,
        outputs: list[str],
        *,
        prior_strength: float | None = None,
        hints: Float | None = None,
    ) -> list[Float]:
        self.photos.append(len(lightness))
        self.started.release()
        assert self.gate.acquire(timeout=WAIT)
        if lightness.min() < 0:
            raise ModelError("", f"the photo of {lightness.min():g} is bad")
        if len(lightness) > self.most:
            raise MemoryError
        means = lightness.mean(axis=(1, 2, 3), keepdims=True)
        return [means if hints is None else means + hints.mean(axis=(1, 2, 3), keepdims=True)] * len(outputs)


@pytest.fixture
def session() -> Gated:
    return Gated()


Ask = Callable[..., "Future[list[Float]]"]


@pytest.fixture
def asking() -> Iterator[Callable[[Batching], Ask]]:
    """Makes what asks in a thread of its own and comes back once the call waits in line or has started."""
    with ThreadPoolExecutor(16) as pool:

        def over(batching: Batching) -> Ask:
            def ask(*values: float, side: int = 32, outputs: tuple[str, ...] = ("ab",), **more: Any) -> Any:
                lightness = np.stack([np.full((1, side, side), value, np.float32) for value in values])
                before = batching.waiting, len(batching.session.photos)  # type: ignore[attr-defined]
                future = pool.submit(batching.run, lightness, list(outputs), **more)
                until(lambda: (batching.waiting, len(batching.session.photos)) != before)  # type: ignore[attr-defined]
                return future

            return ask

        yield over


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def means(future: "Future[list[Float]]") -> list[float]:
    (result,) = future.result(WAIT)
    return result.ravel().tolist()


def wrapped(session: Gated, batch: int, runs: int = 1) -> Batching:
    return Batching(session, batch, runs=runs)  # type: ignore[arg-type]


def test_who_comes_during_a_run_joins_the_next(session: Gated, asking: Callable[[Batching], Ask]) -> None:
    ask = asking(wrapped(session, 4))
    first = ask(1)
    others = [ask(value) for value in (2, 3, 4, 5, 6)]
    session.gate.release(3)
    assert [means(each) for each in [first, *others]] == [[1], [2], [3], [4], [5], [6]]
    assert session.photos == [1, 4, 1]


def test_only_what_is_alike_shares_a_run_and_the_oldest_is_first(
    session: Gated, asking: Callable[[Batching], Ask]
) -> None:
    batching = wrapped(session, 8)
    ask = asking(batching)
    first = ask(0)
    other_size, other_outputs, warmer = (
        ask(1, side=64),
        ask(2, outputs=("ab", "confidence")),
        ask(3, prior_strength=0.5),
    )
    alike = [ask(value) for value in (4, 5)]
    session.gate.release()
    means(first)
    for waiting, future in ((4, other_size), (3, other_outputs), (2, warmer)):
        until(lambda waiting=waiting: batching.waiting == waiting)  # type: ignore[misc]
        session.gate.release()
        future.result(WAIT)
    session.gate.release()
    assert [means(each) for each in alike] == [[4], [5]]
    assert session.photos == [1, 1, 1, 1, 2]


def test_a_call_of_several_photos_counts_for_as_many(
    session: Gated, asking: Callable[[Batching], Ask]
) -> None:
    ask = asking(wrapped(session, 3))
    futures = [ask(0), ask(1, 2), ask(3, 4), ask(5), ask(6, 7, 8, 9)]
    session.gate.release(4)
    assert [means(each) for each in futures] == [[0], [1, 2], [3, 4], [5], [6, 7, 8, 9]]
    assert session.photos == [1, 3, 2, 4]


def test_hints_reach_their_own_photo_alone(session: Gated, asking: Callable[[Batching], Ask]) -> None:
    ask = asking(wrapped(session, 4))
    first = ask(0)
    plane = np.full((1, 3, 32, 32), 10, np.float32)
    futures = [ask(1), ask(2, hints=plane), ask(3)]
    session.gate.release(2)
    means(first)
    assert [means(each) for each in futures] == [[1], [12], [3]]
    assert session.photos == [1, 3]


def test_an_error_reaches_who_caused_it_alone(session: Gated, asking: Callable[[Batching], Ask]) -> None:
    ask = asking(wrapped(session, 4))
    first = ask(0)
    futures = [ask(1), ask(-1), ask(2)]
    session.gate.release(5)
    means(first)
    assert means(futures[0]) == [1]
    with pytest.raises(ModelError, match="of -1 is bad"):
        futures[1].result(WAIT)
    assert means(futures[2]) == [2]
    assert session.photos == [1, 3, 1, 1, 1]


def test_memory_that_is_too_short_for_all_does_for_each(
    session: Gated, asking: Callable[[Batching], Ask]
) -> None:
    session.most = 1
    ask = asking(wrapped(session, 4))
    futures = [ask(1), ask(2), ask(3)]
    session.gate.release(4)
    assert [means(each) for each in futures] == [[1], [2], [3]]


def test_several_runs_at_once(session: Gated, asking: Callable[[Batching], Ask]) -> None:
    ask = asking(wrapped(session, 4, runs=2))
    futures = [ask(1), ask(2), ask(3), ask(4)]
    assert session.photos == [1, 1]
    session.gate.release(3)
    assert [means(each) for each in futures] == [[1], [2], [3], [4]]
    assert session.photos == [1, 1, 2]


def test_an_interrupt_leaves_nobody_waiting(session: Gated, asking: Callable[[Batching], Ask]) -> None:
    class Interrupted(BaseException):
        pass

    batching = wrapped(session, 4)
    ask = asking(batching)
    run = session.run

    def interrupted(*given: Any, **more: Any) -> Any:
        run(*given, **more)
        raise Interrupted

    futures = [ask(1)]
    session.run = interrupted  # type: ignore[method-assign]
    futures += [ask(2), ask(3)]
    session.gate.release(2)
    assert means(futures[0]) == [1]
    for future in futures[1:]:
        with pytest.raises(Interrupted):
            future.result(WAIT)
    session.run = run  # type: ignore[method-assign]
    session.gate.release()
    assert means(ask(4)) == [4]


@pytest.mark.parametrize(("batch", "runs"), [(0, 1), (1, 0)])
def test_impossible_numbers(session: Gated, batch: int, runs: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        wrapped(session, batch, runs)


def test_the_network_gives_the_same_colours_alone_and_in_company(astronaut: np.ndarray) -> None:
    """Photos of two sizes from eight threads, as `predict` asks for them, against the session by itself."""
    session = Session(resolve("photochrom"), threads=1)
    batching = Batching(session, 4)
    assert (batching.info, batching.size, batching.has_distribution) == (
        session.info,
        session.size,
        session.has_distribution,
    )
    grey = np.ascontiguousarray(astronaut[..., 1] / np.float32(255))
    photos = [grey[i * 16 :, : 256 if i % 2 else 512] for i in range(8)]
    options = Options(size=96)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda x: predict(batching, x, options, with_confidence=True)[0], photos))
    for photo, got in zip(photos, together, strict=True):
        (alone,) = predict(session, photo, options, with_confidence=True)
        np.testing.assert_allclose(got.ab, alone.ab, atol=1e-3)
        assert got.confidence is not None
        assert alone.confidence is not None
        np.testing.assert_allclose(got.confidence, alone.confidence, atol=1e-4)

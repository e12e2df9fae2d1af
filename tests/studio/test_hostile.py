"""A few hundred of the requests of benchmarks/hostile.py, against a server in a process of its own."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CLIENTS = 6
PATIENCE = 60.0


@pytest.fixture(scope="module")
def modules() -> Iterator[tuple[Any, Any]]:
    """`hostile` and `hostile_requests`, which lie beside the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module("hostile"), importlib.import_module("hostile_requests")


@pytest.fixture(scope="module")
def served(modules: tuple[Any, Any]) -> Iterator[Any]:
    """A server that forgets quickly; at the end it stops as it should, and nothing of it is left."""
    hostile, _ = modules
    settings = {"requests_per_minute": 10**9, "body_seconds": 0.5, "keep_minutes": 0.02, "jobs": 2}
    with hostile.serving(**settings) as served:
        yield served
        assert served.stop() == 0
        assert list(served.folder.iterdir()) == []
        said = served.log.read_text()
        assert "Traceback" not in said
        assert "passwd" not in said


def attacked(modules: tuple[Any, Any], served: Any, requests: list[Any]) -> Any:
    """What came of them all; the server must have answered each as it should, and still colorize."""
    hostile, _ = modules
    tally, victim = hostile.Tally(), hostile.Victim(served)
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda request: hostile.attack(served, victim, tally, request, PATIENCE), requests))
    assert tally.wrong == []
    assert tally.failures == 0
    assert sum(tally.statuses.values()) == len(requests) > 0
    assert hostile.colorizes(served)
    return tally


@pytest.mark.parametrize("kind", ["files", "names", "wrong_types", "paths", "protocol"])
def test_our_list(modules: tuple[Any, Any], served: Any, kind: str) -> None:
    attacked(modules, served, list(getattr(modules[1], kind)()))


def test_options_out_of_range(modules: tuple[Any, Any], served: Any) -> None:
    """Every fourth: each option meets some of the values, each value some of the options."""
    tally = attacked(modules, served, list(modules[1].options())[::4])
    assert tally.statuses["422"] > 20


def test_damage_at_random_and_clients_that_leave(modules: tuple[Any, Any], served: Any) -> None:
    rng = random.Random(0)
    attacked(modules, served, [modules[1].at_random(rng) for _ in range(80)])


def test_slow_clients(modules: tuple[Any, Any], served: Any) -> None:
    tally = attacked(modules, served, [modules[1].slow("body")] * CLIENTS)
    assert tally.statuses == {"408": CLIENTS}


def test_files_do_not_outlive_their_time(modules: tuple[Any, Any], served: Any) -> None:
    hostile, _ = modules
    victim = hostile.Victim(served)
    photo = victim.photo()
    assert photo
    for path in (f"/api/photos/{photo}", f"/api/photos/{photo}/result"):
        assert hostile.until(lambda path=path: served.get(path)[0] == 404, PATIENCE)
    assert hostile.until(lambda: not served.files(), PATIENCE)


def test_the_judge_sees_what_is_wrong(modules: tuple[Any, Any]) -> None:
    """A leak, a header that was put in, a status that is not right, and no answer at all."""
    hostile, requests = modules
    tally = hostile.Tally()
    request = requests.Request("judge", (b"",), (200,))
    for status, head, body in (
        (200, b"", b'File "/srv/app.py", line 1'),
        (200, b"HTTP/1.1 200\r\nSet-Cookie: a=b", b""),
        (500, b"HTTP/1.1 500", b"{}"),
        (0, b"", b""),
        (200, b"HTTP/1.1 200", b"{}"),
    ):
        hostile.judge(requests.Answer(status, head, body), tally, request)
    assert len(tally.wrong) == 4
    assert tally.failures == 1

"""Results are remembered for a while, for some chats, and for nobody else."""

from __future__ import annotations

from photochrom.bot.grid import WHOLE, Grid
from photochrom.bot.results import KEPT_SECONDS, ResultStore, SentResult
from photochrom.bot.settings import ChatSettings
from photochrom.bot.work import PhotoJob


def sent(chat: int, *, grid: bool = False) -> SentResult:
    job = PhotoJob(chat, 1, "file", "a.jpg", as_file=False, settings=ChatSettings())
    return SentResult(job, "view", Grid.over(WHOLE, (9, 6)) if grid else None)


def test_a_chat_sees_only_its_own() -> None:
    store = ResultStore()
    key = store.put(sent(1))
    assert store.get(1, key) == sent(1)
    assert store.get(2, key) is None
    assert store.get(1, "guess") is None


def test_they_are_forgotten_after_a_day() -> None:
    now = 0.0
    store = ResultStore(clock=lambda: now)
    key = store.put(sent(1))
    now = KEPT_SECONDS - 1
    assert store.get(1, key) is not None
    now = KEPT_SECONDS
    store.forget_old()
    assert len(store) == 0
    assert store.get(1, key) is None


def test_a_chat_with_many_forgets_its_own_first() -> None:
    store = ResultStore(most=5, most_each=3)
    other = store.put(sent(2))
    keys = [store.put(sent(1)) for _ in range(4)]
    assert [store.get(1, key) is not None for key in keys] == [False, True, True, True]
    assert store.get(2, other) is not None
    store.put(sent(3))
    store.put(sent(4))
    assert len(store) == 5
    assert store.get(2, other) is None, "the oldest of all"


def test_the_newest_grid_of_a_chat() -> None:
    store = ResultStore()
    assert store.last_grid(1) is None
    store.put(sent(1, grid=True))
    newest = store.put(sent(1, grid=True))
    store.put(sent(1))
    store.put(sent(2, grid=True))
    assert store.last_grid(1) == (newest, sent(1, grid=True))
    store.forget(1)
    assert store.last_grid(1) is None
    assert len(store) == 1

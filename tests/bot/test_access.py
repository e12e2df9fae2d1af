"""The list of chats and the limit of a day."""

from __future__ import annotations

import pytest

from photochrom.bot.access import Access

DAY = 86_400


def test_a_stranger_has_so_many_photos_a_day_and_a_listed_chat_has_no_limit() -> None:
    now = [20_000 * DAY + 3600.0]
    gate = Access({7}, 2, clock=lambda: now[0])
    assert [gate.take(1) for _ in range(3)] == [True, True, False]
    assert gate.take(2)
    assert all(gate.take(7) for _ in range(50))
    now[0] += DAY
    assert gate.take(1)


def test_zero_refuses_strangers_and_none_refuses_nobody() -> None:
    assert not Access({7}, 0).take(1)
    assert Access({7}, 0).take(7)
    assert all(Access().take(1) for _ in range(100))


def test_the_memory_for_chats_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photochrom.bot.access.MOST_CHATS", 3)
    gate = Access((), 5, clock=lambda: 0)
    assert [gate.take(chat) for chat in (1, 2, 3, 4, 1)] == [True, True, True, False, True]

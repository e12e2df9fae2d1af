"""The queue of the bot: chats take turns, and closing wakes who waits."""

from __future__ import annotations

import asyncio

import pytest

from photochrom.bot.turns import TurnQueue
from photochrom.jobs.queue import QueueFullError


def test_turns_go_round() -> None:
    async def play() -> list[str | None]:
        turns: TurnQueue[str] = TurnQueue(most=6, most_each=3, at_once=2)
        for chat, item in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (2, "b2")]:
            turns.put(chat, item)
        with pytest.raises(QueueFullError) as chat_full:
            turns.put(1, "a4")
        assert chat_full.value.own
        turns.put(3, "c1")
        with pytest.raises(QueueFullError) as full:
            turns.put(4, "d1")
        assert not full.value.own
        given = [await turns.next() for _ in range(5)]
        # Chat 1 has two out: its third comes when one is done.
        last = asyncio.create_task(turns.next())
        await asyncio.sleep(0)
        assert not last.done()
        assert len(turns) == 1
        turns.done(1)
        given.append(await last)
        assert turns.close() == {}
        assert await turns.next() is None
        return given

    assert asyncio.run(play()) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_closing_wakes_who_waits_and_counts_what_is_left() -> None:
    async def play() -> None:
        turns: TurnQueue[str] = TurnQueue(at_once=1)
        waiters = [asyncio.create_task(turns.next()) for _ in range(3)]
        await asyncio.sleep(0)
        turns.put(1, "a1")
        turns.put(1, "a2")
        turns.put(2, "b1")
        turns.put(2, "b2")
        assert turns.drop(2) == ["b1", "b2"]
        await asyncio.sleep(0.01)
        assert turns.close() == {1: ["a2"]}
        assert sorted(map(str, await asyncio.gather(*waiters))) == ["None", "None", "a1"]
        with pytest.raises(QueueFullError) as closed:
            turns.put(5, "late")
        assert closed.value.closed

    asyncio.run(play())

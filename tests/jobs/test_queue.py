"""`FairQueue`: clients take turns, and its limits hold for all and for each."""

from __future__ import annotations

import threading

import pytest

from photochrom.jobs.queue import FairQueue, QueueFullError


def taken(queue: FairQueue[str, str]) -> list[str]:
    """All that may be taken now, in its order."""
    items = []
    while (found := queue.take()) is not None:
        items.append(found[1])
    return items


def test_clients_take_turns_and_order_says_so_before() -> None:
    queue: FairQueue[str, str] = FairQueue(10)
    queue.put("a", "a1", "a2", "a3")
    queue.put("b", "b1")
    queue.put("c", "c1", "c2")
    expected = ["a1", "b1", "c1", "a2", "c2", "a3"]
    assert queue.order() == expected
    assert taken(queue) == expected
    assert queue.take() is None


def test_a_client_that_comes_again_goes_to_the_end_of_the_round() -> None:
    queue: FairQueue[str, str] = FairQueue(10)
    queue.put("a", "a1", "a2")
    queue.put("b", "b1", "b2")
    assert queue.take() == ("a", "a1")
    queue.put("a", "a3")
    assert taken(queue) == ["b1", "a2", "b2", "a3"]


def test_a_client_with_enough_out_is_passed_over_and_keeps_its_place() -> None:
    queue: FairQueue[str, str] = FairQueue(10, at_once=1)
    queue.put("a", "a1", "a2")
    queue.put("b", "b1")
    assert taken(queue) == ["a1", "b1"]
    assert len(queue) == 1
    queue.put("b", "b2")
    queue.done("b")
    assert queue.take() == ("b", "b2")
    queue.done("a")
    assert queue.take() == ("a", "a2")


@pytest.mark.parametrize(
    ("client", "count", "room", "own"),
    [("a", 2, 1, True), ("b", 4, 3, True), ("c", 4, 3, True), ("a", 1, None, False), ("b", 3, None, False)],
)
def test_check_says_how_much_room_there_is(client: str, count: int, room: int | None, own: bool) -> None:
    queue: FairQueue[str, str] = FairQueue(6, 3)
    queue.put("a", "a1", "a2")
    if room is None:
        queue.check(client, count)
        return
    with pytest.raises(QueueFullError) as refused:
        queue.check(client, count)
    assert (refused.value.room, refused.value.own, refused.value.closed) == (room, own, False)


def test_all_or_none_is_taken() -> None:
    queue: FairQueue[str, str] = FairQueue(3)
    queue.put("a", "a1", "a2")
    with pytest.raises(QueueFullError) as refused:
        queue.put("b", "b1", "b2")
    assert (refused.value.room, refused.value.own) == (1, False)
    assert queue.order() == ["a1", "a2"]


def test_items_and_clients_can_be_removed() -> None:
    queue: FairQueue[str, str] = FairQueue(10)
    queue.put("a", "a1", "a2")
    queue.put("b", "b1", "b2")
    assert queue.remove("a", "a1")
    assert not queue.remove("a", "a1")
    assert not queue.remove("nobody", "a2")
    assert queue.drop("b") == ["b1", "b2"]
    assert queue.drop("b") == []
    assert queue.order() == ["a2"]


def test_a_closed_queue_gives_back_what_waited_and_takes_nothing() -> None:
    queue: FairQueue[str, str] = FairQueue(10)
    queue.put("a", "a1", "a2")
    queue.put("b", "b1")
    assert queue.take() == ("a", "a1")
    assert queue.close() == {"a": ["a2"], "b": ["b1"]}
    assert queue.closed
    assert queue.take() is None
    with pytest.raises(QueueFullError) as refused:
        queue.put("c", "c1")
    assert refused.value.closed


def test_threads_take_each_item_once() -> None:
    queue: FairQueue[int, int] = FairQueue(4000)
    found: list[int] = []

    def work() -> None:
        while (item := queue.take()) is not None:
            found.append(item[1])
            queue.done(item[0])

    for number in range(4000):
        queue.put(number % 7, number)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(4000))

"""Many photos at once: chats take turns, and no photo stays in memory."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from photochrom.bot.answer import Answer
from photochrom.engine.options import Options


class Gate:
    """A colorizer that holds each photo until it is let through, and knows the most that it had at once."""

    def __init__(self, colorizer: Any) -> None:
        self.name, self.info = colorizer.name, colorizer.info
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)
        self.photos: list[weakref.ref[Any]] = []
        self._colorizer, self._inside, self.most = colorizer, 0, 0

    def colorize_photo(self, photo: Any, options: Options, **keywords: Any) -> Any:
        class Witness(str):
            """A Photo has slots and no weak references. Its notes can hold something that has."""

        witness = Witness("somebody looks")
        photo.notes.append(witness)
        self.photos.append(weakref.ref(witness))
        self._inside += 1
        self.most = max(self.most, self._inside)
        self.entered.release()
        assert self.open.wait(60)
        self._inside -= 1
        return self._colorizer.colorize_photo(photo, options, **keywords)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lets photos through at the end, whatever the test finds."""
        try:
            yield
        finally:
            self.open.set()


def test_one_chats_album_does_not_hold_up_another(
    telegram: Any, start: Any, pictures: Any, colorizer: Any
) -> None:
    gate = Gate(colorizer)
    with start(colorizer=gate) as bot, gate.held():
        for _ in range(20):
            telegram.photo(pictures.jpeg(), chat=1, media_group_id="album")
        telegram.photo(pictures.jpeg(), chat=2)
        telegram.photo(pictures.jpeg(), chat=3)
        telegram.until(lambda: len(bot.service.turns) == 21, "twenty-one in the queue")
        gate.open.set()
        order = [call.chat for call in telegram.wait("sendMediaGroup", 22)]
    assert {2, 3} <= set(order[:4]), order
    assert order.count(1) == 20
    assert gate.most == 1
    answered = [call.answers for call in telegram.of("sendMediaGroup", 1)]
    assert answered == list(range(1, 21)), "each photo once, in order"


def test_several_photos_are_coloured_at_once(
    telegram: Any, start: Any, pictures: Any, colorizer: Any
) -> None:
    gate = Gate(colorizer)
    with start(colorizer=gate, jobs=2), gate.held():
        for _ in range(4):
            telegram.photo(pictures.jpeg())
        assert all(gate.entered.acquire(timeout=60) for _ in range(2))
        gate.open.set()
        telegram.wait("sendMediaGroup", 4)
    assert gate.most == 2


def test_a_chat_that_must_wait_keeps_no_other_waiting(
    telegram: Any, start: Any, pictures: Any, waiting: Any
) -> None:
    telegram.fail("sendMediaGroup", 429, "Too Many Requests", chat=1, retry_after=30)
    with start(flood=waiting.control) as bot:
        for _ in range(3):
            telegram.photo(pictures.jpeg(), chat=1)
        telegram.until(lambda: waiting.slept, "a wait")
        for _ in range(5):
            telegram.photo(pictures.jpeg(), chat=2)
        telegram.wait("sendMediaGroup", 5, 2)
        assert telegram.of("sendMediaGroup", 1) == []
        assert len(bot.service.turns) == 2, "the others of the chat wait unfetched"
        waiting.let_go()
        telegram.wait("sendMediaGroup", 3, 1)
    assert waiting.slept == [30]


def test_photos_are_forgotten(telegram: Any, start: Any, pictures: Any, colorizer: Any) -> None:
    gate = Gate(colorizer)
    gate.open.set()
    with start(colorizer=gate):
        for _ in range(3):
            telegram.document(pictures.jpeg(), "a.jpg")
        telegram.wait("sendDocument", 3)
        # A worker that waits for its next photo must not hold the last one, nor what became of it.
        telegram.until(lambda: not any(ref() for ref in gate.photos), "forgetting photos")
        telegram.until(lambda: not answers(), "forgetting answers")
    assert len(gate.photos) == 3


def test_a_full_queue_says_so(telegram: Any, start: Any, pictures: Any, colorizer: Any) -> None:
    gate = Gate(colorizer)
    with start(colorizer=gate) as bot, gate.held():
        telegram.photo(pictures.jpeg())
        assert gate.entered.acquire(timeout=60)
        bot.service.turns.most_each, bot.service.turns.most = 2, 3
        for _ in range(3):
            telegram.photo(pictures.jpeg(), chat=1)
        for _ in range(2):
            telegram.photo(pictures.jpeg(), chat=2)
        (one,) = telegram.wait("sendMessage", 1, 1)
        (two,) = telegram.wait("sendMessage", 1, 2)
        gate.open.set()
        telegram.wait("sendMediaGroup", 4)
    assert one.text.startswith("photo.jpg: 2 of your photos are waiting already.")
    assert two.text.startswith("photo.jpg: too many photos are waiting at the moment.")


def test_a_thousand_stickers_get_few_answers(telegram: Any, start: Any, pictures: Any, waiting: Any) -> None:
    telegram.fail("sendMessage", 429, "Too Many Requests", chat=1, retry_after=9)
    with start(flood=waiting.control):
        for _ in range(300):
            telegram.send(1, text="hello")
        telegram.photo(pictures.jpeg(), chat=2)
        telegram.wait("sendMediaGroup", 1, 2)
        waiting.let_go()
        telegram.wait("sendMessage", 5, 1)
    # Those that were on their way when Telegram said wait made room for as many.
    assert len(telegram.of("sendMessage", 1)) < 10


def answers() -> list[Answer]:
    """The answers that are in memory."""
    gc.collect()
    return [each for each in gc.get_objects() if type(each) is Answer]

"""Answers that cannot be sent."""

from __future__ import annotations

from typing import Any

import pytest


def test_who_shuts_the_bot_out_is_forgotten(telegram: Any, start: Any, pictures: Any) -> None:
    with start() as bot:
        telegram.send(1, text="/strength 0.5")
        telegram.wait("sendMessage")
        telegram.fail("sendMediaGroup", 403, "Forbidden: bot was blocked by the user")
        telegram.photo(pictures.jpeg(), chat=1)
        telegram.until(lambda: bot.service.counts.failed == 1, "a refusal")
        assert len(bot.service.settings) == 0
        telegram.photo(pictures.jpeg(), chat=2)
        telegram.wait("sendMediaGroup")


def test_a_result_too_large_to_send_is_a_sentence(
    telegram: Any, start: Any, pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photochrom.bot.delivery.MAX_SEND", 100)
    with start() as bot:
        telegram.document(pictures.jpeg(), "a.jpg")
        (call,) = telegram.wait("sendMessage")
    assert call.text.startswith(
        "a.color.jpg: is ready, but with 0 MB it is more than the 50 MB that bots may"
    )
    assert bot.service.counts.failed == 1
    assert len(telegram.of("sendMediaGroup")) == 1, "the views come all the same"

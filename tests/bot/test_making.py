"""What comes of a job: pictures, or words."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramNetworkError
from aiogram.methods import GetFile

from photochrom.bot import making
from photochrom.bot.answer import Answer
from photochrom.bot.api import TooLarge
from photochrom.bot.making import GridPicture, Maker, Refusal, where
from photochrom.bot.settings import ChatSettings
from photochrom.bot.work import GridJob, PhotoJob

JOB = PhotoJob(1, 1, "file", "a.jpg", as_file=False, settings=ChatSettings())
SECRET = "https://api.telegram.org/file/bot123:secret"


def make(
    monkeypatch: pytest.MonkeyPatch, colorizer: Any, job: PhotoJob | GridJob, found: bytes | Exception
) -> tuple[Answer | GridPicture | Refusal, list[str]]:
    async def fetch(bot: Bot, file_id: str) -> bytes:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(making, "fetch", fetch)
    said: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        maker = Maker(Bot("1:a"), colorizer, quality="fast", max_pixels=10**6, pool=pool, say=said.append)
        return asyncio.run(maker.make(job)), said


def test_a_photo_becomes_an_answer_and_a_grid_a_picture(
    monkeypatch: pytest.MonkeyPatch, colorizer: Any, pictures: Any
) -> None:
    data = pictures.jpeg()
    assert isinstance(make(monkeypatch, colorizer, JOB, data)[0], Answer)
    grid, _ = make(monkeypatch, colorizer, GridJob(JOB, "view"), data)
    assert isinstance(grid, GridPicture)
    assert grid.data.startswith(b"\xff\xd8")


def test_a_photo_in_colour_is_skipped_with_words_in_private_only(
    monkeypatch: pytest.MonkeyPatch, colorizer: Any, pictures: Any
) -> None:
    data = pictures.jpeg(pictures.coloured())
    private, _ = make(monkeypatch, colorizer, JOB, data)
    assert isinstance(private, Refusal)
    assert private.skipped
    assert private.words
    group, _ = make(
        monkeypatch, colorizer, PhotoJob(1, 1, "f", "a", False, ChatSettings(), private=False), data
    )
    assert group == Refusal(None, skipped=True)


@pytest.mark.parametrize(
    "error",
    [
        TooLarge(),
        TelegramBadRequest(GetFile(file_id="f"), "Bad Request: file is too big"),
        TelegramNetworkError(GetFile(file_id="f"), "no route"),
        ConnectionResetError(),
    ],
)
def test_what_telegram_does_not_give_is_words(
    monkeypatch: pytest.MonkeyPatch, colorizer: Any, error: Exception
) -> None:
    refusal, said = make(monkeypatch, colorizer, JOB, error)
    assert isinstance(refusal, Refusal)
    assert refusal.words
    assert "a.jpg" in refusal.words
    assert said == []


def test_a_fault_of_ours_is_said_by_its_place_and_not_by_its_message(
    monkeypatch: pytest.MonkeyPatch, colorizer: Any
) -> None:
    refusal, said = make(monkeypatch, colorizer, JOB, RuntimeError(SECRET))
    assert isinstance(refusal, Refusal)
    assert refusal.words
    assert SECRET not in refusal.words + "".join(said)
    assert "RuntimeError at test_making.py:" in said[0]
    assert where(ValueError(SECRET)) == "ValueError"

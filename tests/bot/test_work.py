"""What a chat may ask for."""

from __future__ import annotations

from photochrom.bot.grid import WHOLE
from photochrom.bot.settings import ChatSettings
from photochrom.bot.work import GridJob, PhotoJob, photo_of


def test_each_job_is_about_one_photo() -> None:
    photo = PhotoJob(1, 2, "file", "a.jpg", as_file=True, settings=ChatSettings())
    assert photo_of(photo) is photo
    assert photo_of(GridJob(photo, "view")) is photo
    assert GridJob(photo, "view").window == WHOLE

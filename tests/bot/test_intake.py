"""Limits of the queue and of the day, and what is said at them."""

from __future__ import annotations

from dataclasses import replace

from photochrom.bot.access import Access
from photochrom.bot.intake import Intake
from photochrom.bot.settings import ChatSettings
from photochrom.bot.turns import TurnQueue
from photochrom.bot.work import GridJob, PhotoJob

JOB = PhotoJob(1, 1, "file", "a.jpg", as_file=False, settings=ChatSettings())
Turns = TurnQueue[PhotoJob | GridJob]


def test_photos_count_for_the_day_and_grids_do_not() -> None:
    intake = Intake(Turns(most=10, most_each=10), Access(daily=1))
    assert intake.take(JOB) is None
    assert intake.take(GridJob(JOB, "view")) is None
    refused = intake.take(JOB)
    assert refused
    assert "1" in refused
    # In a group the bot says nothing to a stranger.
    assert intake.take(replace(JOB, private=False)) == ""
    assert intake.take(replace(JOB, chat=2)) is None


def test_a_full_queue_is_a_sentence_in_the_persons_language() -> None:
    own = Intake(Turns(most=10, most_each=1))
    assert own.take(JOB) is None
    english = own.take(JOB)
    german = own.take(replace(JOB, language="de"))
    assert english
    assert german
    assert "a.jpg" in english
    assert "a.jpg" in german
    assert english != german
    everyone = Intake(Turns(most=1, most_each=1))
    assert everyone.take(JOB) is None
    others = everyone.take(replace(JOB, chat=2))
    assert others
    assert others != english

"""Keyboards: which buttons there are, and what they say to the bot."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiogram.types import InlineKeyboardMarkup

from photochrom.bot.buttons import (
    MOST_HINTS,
    Do,
    Press,
    cell_keyboard,
    color_keyboard,
    color_of,
    look_keyboard,
    result_keyboard,
)
from photochrom.bot.grid import WHOLE, Grid
from photochrom.bot.results import SentResult
from photochrom.bot.settings import ChatSettings
from photochrom.bot.texts import texts_in
from photochrom.bot.work import PhotoJob
from photochrom.engine.hints import Hint
from photochrom.pipeline.looks import LOOKS
from photochrom.pipeline.swatches import SWATCHES

JOB = PhotoJob(1, 1, "file", "a.jpg", as_file=False, settings=ChatSettings())
GRID = Grid.over(WHOLE, (90, 60))
KEY = "k" * 12


def presses(keyboard: InlineKeyboardMarkup) -> list[Press]:
    data = [button.callback_data for row in keyboard.inline_keyboard for button in row]
    # Telegram takes 1 to 64 bytes: core.telegram.org/bots/api#inlinekeyboardbutton.
    assert all(each is not None and 1 <= len(each.encode()) <= 64 for each in data)
    return [Press.unpack(each) for each in data if each is not None]


@pytest.mark.parametrize(
    ("strength", "offered"),
    [
        (0.0, [Do.MORE, Do.LOOKS, Do.VERSIONS, Do.WRONG]),
        (1.0, [Do.LESS, Do.MORE, Do.LOOKS, Do.VERSIONS, Do.WRONG]),
        (1.5, [Do.LESS, Do.LOOKS, Do.VERSIONS, Do.WRONG]),
    ],
)
def test_a_result_offers_what_can_still_change(strength: float, offered: list[Do]) -> None:
    sent = SentResult(replace(JOB, settings=ChatSettings(strength=strength)), "view")
    assert [each.do for each in presses(result_keyboard(texts_in("en"), KEY, sent))] == offered


def test_several_versions_offer_no_more_versions_and_full_hints_no_more_hints() -> None:
    several = SentResult(replace(JOB, settings=ChatSettings(candidates=3)), "view")
    assert Do.VERSIONS not in {each.do for each in presses(result_keyboard(texts_in("en"), KEY, several))}
    full = SentResult(replace(JOB, hints=(Hint(0.5, 0.5, "#ffffff"),) * MOST_HINTS), "view")
    assert Do.WRONG not in {each.do for each in presses(result_keyboard(texts_in("en"), KEY, full))}


def test_all_looks_squares_and_colours_have_a_button() -> None:
    looks = presses(look_keyboard(texts_in("de"), KEY))
    assert [each.value for each in looks] == [*LOOKS, ""]
    assert looks[-1].do == Do.BACK
    cells = presses(cell_keyboard(KEY, GRID))
    assert [each.cell for each in cells] == [cell for row in GRID.cells() for cell in row]
    colors = [
        each for each in presses(color_keyboard(texts_in("fr"), KEY, GRID, "C4")) if each.do == Do.COLOR
    ]
    assert [color_of(each.value) for each in colors] == [
        color for group in SWATCHES.values() for color in group
    ]


@pytest.mark.parametrize("name", ["", "cloth", "cloth-0", "cloth-99", "cloth-x", "no-1"])
def test_a_made_up_colour_is_none(name: str) -> None:
    assert color_of(name) is None

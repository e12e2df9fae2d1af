"""`Press`, what a button says to the bot, and the keyboards under results and grids."""

from __future__ import annotations

from enum import StrEnum

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from photochrom.bot.grid import Grid
from photochrom.bot.results import SentResult
from photochrom.bot.texts import Texts
from photochrom.bot.work import PhotoJob
from photochrom.pipeline.looks import LOOKS
from photochrom.pipeline.swatches import SWATCHES

__all__ = [
    "STRENGTH_STEP",
    "Do",
    "Press",
    "cell_keyboard",
    "color_keyboard",
    "look_keyboard",
    "result_keyboard",
]

STRENGTH_STEP = 0.25
WEAKEST, STRONGEST = 0.0, 1.5
MOST_HINTS = 20
"""Colours that a person may correct in one photo by buttons."""


class Do(StrEnum):
    """What a button does."""

    MORE = "more"
    LESS = "less"
    VERSIONS = "versions"
    LOOKS = "looks"
    LOOK = "look"
    BACK = "back"
    WRONG = "wrong"
    CELLS = "cells"
    CELL = "cell"
    FINER = "finer"
    COLOR = "color"


class Press(CallbackData, prefix="p"):
    """What a button says. Telegram takes 64 bytes.

    Attributes
    ----------
    key
        Of the result, see `photochrom.bot.results.ResultStore`.
    cell
        The square of a grid.
    value
        The name of a look or of a colour.
    """

    key: str
    do: Do
    cell: str = ""
    value: str = ""


def strength_of(job: PhotoJob) -> float:
    """The strength of a result, which may be that of its look."""
    return job.settings.options("balanced").strength


def result_keyboard(texts: Texts, key: str, sent: SentResult) -> InlineKeyboardMarkup:
    """The buttons under a result."""
    strength = strength_of(sent.job)
    rows = [
        [
            *([_button(texts("button.less"), key, Do.LESS)] if strength > WEAKEST else []),
            *([_button(texts("button.more"), key, Do.MORE)] if strength < STRONGEST else []),
        ],
        [
            _button(texts("button.looks"), key, Do.LOOKS),
            *(
                [_button(texts("button.versions"), key, Do.VERSIONS)]
                if sent.job.settings.candidates == 1
                else []
            ),
        ],
    ]
    if sent.picture is not None and len(sent.job.hints) < MOST_HINTS:
        rows.append([_button(texts("button.wrong"), key, Do.WRONG)])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def look_keyboard(texts: Texts, key: str) -> InlineKeyboardMarkup:
    """The looks, and a way back."""
    looks = [_button(texts(f"look.{name}"), key, Do.LOOK, value=name) for name in LOOKS]
    return InlineKeyboardMarkup(
        inline_keyboard=[*_in_rows(looks, 2), [_button(texts("button.back"), key, Do.BACK)]]
    )


def cell_keyboard(key: str, grid: Grid) -> InlineKeyboardMarkup:
    """The squares of a grid, arranged as they are on the picture."""
    return InlineKeyboardMarkup(
        inline_keyboard=[[_button(cell, key, Do.CELL, cell=cell) for cell in row] for row in grid.cells()]
    )


def color_keyboard(texts: Texts, key: str, grid: Grid, cell: str) -> InlineKeyboardMarkup:
    """The colours for a square, numbered as on the picture."""
    names = [f"{group}-{index}" for group, colors in SWATCHES.items() for index in range(1, len(colors) + 1)]
    colors = [
        _button(f"{number} {texts(f'color.{name}')}", key, Do.COLOR, cell=cell, value=name)
        for number, name in enumerate(names, 1)
    ]
    finer = [_button(texts("button.finer"), key, Do.FINER, cell=cell)] if grid.around(cell) else []
    last = [*finer, _button(texts("button.other"), key, Do.CELLS)]
    return InlineKeyboardMarkup(inline_keyboard=[*_in_rows(colors, 2), last])


def color_of(name: str) -> str | None:
    """The colour ``#rrggbb`` of a button; None if there is no such colour."""
    group, _, index = name.partition("-")
    colors = SWATCHES.get(group, ())
    return colors[int(index) - 1] if index.isdecimal() and 1 <= int(index) <= len(colors) else None


def _button(text: str, key: str, do: Do, *, cell: str = "", value: str = "") -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=Press(key=key, do=do, cell=cell, value=value).pack())


def _in_rows(buttons: list[InlineKeyboardButton], each: int) -> list[list[InlineKeyboardButton]]:
    return [buttons[at : at + each] for at in range(0, len(buttons), each)]

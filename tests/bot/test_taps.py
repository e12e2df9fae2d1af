"""Buttons under a result: another strength, look or version, and a colour that a person corrects."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.bot.access import Access
from photochrom.bot.buttons import MOST_HINTS, Do, Press, result_keyboard
from photochrom.bot.grid import WHOLE, Grid
from photochrom.bot.results import SentResult
from photochrom.bot.settings import ChatSettings
from photochrom.bot.taps import VERSIONS, wanted
from photochrom.bot.texts import texts_in
from photochrom.bot.work import GridJob, PhotoJob
from photochrom.engine.hints import Hint
from photochrom.engine.options import Options
from photochrom.pipeline.job import colorize
from photochrom.pipeline.looks import LOOKS, look_values
from photochrom.pipeline.request import ColorizeRequest

JOB = PhotoJob(1, 1, "file", "a.jpg", as_file=False, settings=ChatSettings())
GRID = Grid.over(WHOLE, (90, 60))


def press(do: Do, **values: str) -> Press:
    return Press(key="k", do=do, **values)


@pytest.mark.parametrize(
    ("strength", "do", "expected"),
    [(None, Do.MORE, 1.25), (None, Do.LESS, 0.75), (1.4, Do.MORE, 1.5), (0.1, Do.LESS, 0.0)],
)
def test_more_and_less_colour(strength: float | None, do: Do, expected: float) -> None:
    job = wanted(SentResult(replace(JOB, settings=ChatSettings(strength=strength))), press(do))
    assert isinstance(job, PhotoJob)
    assert job.settings.strength == expected


def test_more_than_a_look_has() -> None:
    job = wanted(SentResult(replace(JOB, settings=ChatSettings(look="fuller"))), press(Do.MORE))
    assert isinstance(job, PhotoJob)
    assert job.settings == ChatSettings(strength=LOOKS["fuller"].strength + 0.25, look="fuller")


def test_a_look_brings_its_own_strength() -> None:
    job = wanted(
        SentResult(replace(JOB, settings=ChatSettings(strength=0.5))), press(Do.LOOK, value="cooler")
    )
    assert isinstance(job, PhotoJob)
    assert job.settings == ChatSettings(look="cooler")


def test_a_colour_is_a_hint_for_the_thing_and_the_last_one_of_a_place_counts() -> None:
    sent = SentResult(JOB, "view", GRID)
    job = wanted(sent, press(Do.COLOR, cell="C4", value="cloth-1"))
    assert job == replace(JOB, hints=(Hint(0.3125, 0.5833, "#1f2a44", "thing"),))
    again = wanted(replace(sent, job=job), press(Do.COLOR, cell="C4", value="outdoors-3"))
    other = wanted(replace(sent, job=job), press(Do.COLOR, cell="A1", value="outdoors-3"))
    assert isinstance(again, PhotoJob)
    assert isinstance(other, PhotoJob)
    assert [len(each.hints) for each in (again, other)] == [1, 2]


@pytest.mark.parametrize(
    "asked",
    [
        press(Do.COLOR, cell="Z9", value="cloth-1"),
        press(Do.COLOR, cell="C4", value="cloth-9"),
        press(Do.COLOR, cell="C4", value="cloth-²"),
        press(Do.FINER, cell="?"),
        press(Do.LOOK, value="mine.toml"),
    ],
)
def test_a_made_up_button_asks_for_nothing(asked: Press) -> None:
    assert wanted(SentResult(JOB, "view", GRID), asked) is None


def test_a_result_that_telegram_does_not_show_has_no_grid() -> None:
    assert wanted(SentResult(JOB), press(Do.WRONG)) is None
    assert wanted(SentResult(JOB, "view"), press(Do.WRONG)) == GridJob(JOB, "view")


def labels(sent: SentResult) -> set[str]:
    return {
        button.text for row in result_keyboard(texts_in("en"), "k", sent).inline_keyboard for button in row
    }


def test_only_what_is_possible_is_offered() -> None:
    every = {"More colour", "Less colour", "Looks", "Other versions", "A colour is wrong"}
    assert labels(SentResult(JOB, "view")) == every
    assert labels(SentResult(JOB)) == every - {"A colour is wrong"}
    bold = replace(JOB, settings=ChatSettings(strength=1.5, candidates=4))
    assert labels(SentResult(bold, "view")) == every - {"More colour", "Other versions"}
    full = replace(JOB, hints=(Hint(0.5, 0.5, "#ff0000"),) * MOST_HINTS)
    assert labels(SentResult(full, "view")) == every - {"A colour is wrong"}


def after(call: Any, pictures: Any) -> Image.Image:
    image = pictures.opened(call.album[1])
    assert isinstance(image, Image.Image)
    return image


def made(colorizer: Any, data: bytes, options: Options) -> bytes:
    """What the pipeline makes of a photo."""
    _, (result,) = colorize(colorizer, data, ColorizeRequest(options), name="photo.jpg")
    return bytes(result.encode())


def test_buttons_colour_the_photo_anew(telegram: Any, start: Any, pictures: Any, colorizer: Any) -> None:
    data = pictures.jpeg()
    with start():
        number = telegram.photo(data)
        (first,) = telegram.offered()
        assert first.answers == number
        telegram.tap(first, "Less colour")
        _, second = telegram.offered(2)
        telegram.tap(first, "Looks")
        (edited,) = telegram.wait("editMessageReplyMarkup")
        telegram.tap(edited, "Warmer")
        telegram.offered(3)
        telegram.tap(second, "Other versions")
        telegram.offered(4)
        plain, less, warm, versions = telegram.wait("sendMediaGroup", 4)
        answers = telegram.wait("answerCallbackQuery", 4)
    assert plain.album[1] == made(colorizer, data, Options())
    assert less.album[1] == made(colorizer, data, Options(strength=0.75))
    assert warm.album[1] == made(colorizer, data, Options(**look_values("warmer")))
    assert len(versions.album) == 1 + VERSIONS
    assert versions.album[1] == less.album[1], "of the result whose button it was"
    assert {call.answers for call in (plain, less, warm, versions)} == {number}
    assert [call.fields.get("text") for call in answers].count("I am colouring it.") == 3


def test_a_wrong_colour_is_corrected_where_a_person_points(
    telegram: Any, start: Any, pictures: Any, colorizer: Any
) -> None:
    data = pictures.jpeg()
    with start():
        telegram.photo(data)
        (offered,) = telegram.offered()
        telegram.tap(offered, "A colour is wrong")
        (grid,) = telegram.wait("sendPhoto")
        telegram.tap(grid, "D2")
        (palette,) = telegram.wait("editMessageCaption")
        telegram.tap(palette, "9 Cloth, wine red")
        telegram.offered(2)
        _, call = telegram.wait("sendMediaGroup", 2)
    assert grid.fields["caption"].startswith("Where is the colour wrong?")
    assert list(grid.buttons)[:2] == ["A1", "B1"]
    assert pictures.opened(grid.picture).size[0] == 1120
    assert palette.fields["caption"].startswith("Which colour belongs at D2?")
    assert call.album[1] == made(colorizer, data, Options(hints=(Hint(0.4375, 0.25, "#4f1f2a"),)))


def test_a_square_can_be_written_and_pointed_at_more_finely(telegram: Any, start: Any, pictures: Any) -> None:
    with start() as bot:
        telegram.send(text="C4")
        (call,) = telegram.wait("sendMessage")
        assert call.text.startswith("That is a message"), "there is no grid yet"
        telegram.photo(pictures.jpeg())
        (offered,) = telegram.offered()
        telegram.tap(offered, "A colour is wrong")
        telegram.wait("sendPhoto")
        telegram.send(text="H7")
        telegram.send(text=" c4 ")
        _, palette = telegram.offered(2)
        assert palette.text.startswith("Which colour belongs at C4?")
        assert telegram.wait("sendMessage", 2)[1].text == "There is no such square."
        telegram.tap(palette, "Another place")
        (edited,) = telegram.wait("editMessageText")
        assert "A1" in edited.buttons
        telegram.tap(palette, "Point more finely")
        _, finer = telegram.wait("sendPhoto", 2)
        telegram.tap(finer, "A1")
        telegram.wait("editMessageCaption")
        found = bot.service.results.last_grid(1)
    assert found is not None
    window = found[1].grid.window
    assert window.left < 2.5 / 8 < window.right
    assert window.right - window.left == pytest.approx(3 / 8)


def test_a_photo_coloured_anew_counts_and_a_grid_does_not(telegram: Any, start: Any, pictures: Any) -> None:
    with start(access=Access(daily=2)):
        telegram.photo(pictures.jpeg())
        (offered,) = telegram.offered()
        telegram.tap(offered, "A colour is wrong")
        telegram.wait("sendPhoto")
        telegram.tap(offered, "More colour")
        telegram.offered(2)
        telegram.tap(offered, "Less colour")
        (call,) = telegram.wait("sendMessage")
    assert call.text.startswith("I colour 2 photos a day for a chat, and that is used up today.")
    assert len(telegram.of("sendMediaGroup")) == 2


def test_buttons_of_another_chat_or_of_before_say_so(telegram: Any, start: Any, pictures: Any) -> None:
    with start() as bot:
        telegram.photo(pictures.jpeg())
        (offered,) = telegram.offered()
        telegram.tap(offered, "More colour", chat=2)
        (other,) = telegram.wait("answerCallbackQuery")
        bot.service.results.forget(1)
        telegram.tap(offered, "More colour", language="de")
        _, gone = telegram.wait("answerCallbackQuery", 2)
    assert "have forgotten this one" in other.fields["text"]
    assert "habe ich vergessen" in gone.fields["text"]
    assert gone.fields["show_alert"].lower() == "true"
    assert len(telegram.of("sendMediaGroup")) == 1


def test_a_file_is_corrected_in_full_size(telegram: Any, start: Any, pictures: Any, colorizer: Any) -> None:
    out = io.BytesIO()
    Image.fromarray(pictures.grey()).save(out, "PNG")
    with start():
        telegram.document(out.getvalue(), "a.png", "image/png")
        (offered,) = telegram.offered()
        telegram.tap(offered, "A colour is wrong")
        (grid,) = telegram.wait("sendPhoto")
        telegram.tap(grid, "A1")
        (palette,) = telegram.wait("editMessageCaption")
        telegram.tap(palette, "11 Sky")
        _, call = telegram.wait("sendDocument", 2)
    hints = (Hint(0.0625, 0.0833, "#8fb6dc"),)
    expected = Image.open(io.BytesIO(made(colorizer, out.getvalue(), Options(hints=hints))))
    assert np.array_equal(np.asarray(pictures.opened(call.document[1])), np.asarray(expected))

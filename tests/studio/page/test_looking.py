"""Turning and cropping: what is seen changes, and neither the photo nor its hints and its file do."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

SPOT = (0.3, 0.75)


@pytest.fixture
def shown(view: Any, hands: Any, photo: Any) -> Page:
    """The page with one photo in colour, and the section open."""
    page: Page = view()
    hands(page).add(photo())
    page.get_by_text("Turn and crop").click()
    return page


@pytest.fixture
def hand(shown: Page, hands: Any) -> Any:
    """What a person does there."""
    return hands(shown)


def seen(shown: Page) -> NDArray[np.float64]:
    """The picture as it is seen ``(h, w, 3)``, half grey and half in colour, without what lies over it."""
    shown.evaluate(
        "document.querySelectorAll('.tag, #divider, .mark').forEach((node) => (node.hidden = true))"
    )
    with Image.open(io.BytesIO(shown.locator("#sheet").screenshot())) as image:
        return np.asarray(image.convert("RGB")).astype(float)


def hint_of(shown: Page) -> tuple[float, float]:
    """The place of the only hint in the photo."""
    (hint,) = json.loads(str(shown.locator("#stage").get_attribute("data-look")))["hints"]
    return hint["x"], hint["y"]


def test_a_turned_photo_is_seen_turned_and_keeps_its_points(
    shown: Page, hand: Any, portrait: Image.Image
) -> None:
    stage = shown.locator("#stage").bounding_box()
    assert stage is not None
    turn = shown.get_by_role("button", name="Turn right")
    hand.hint(*SPOT, 3)
    for turns in range(1, 4):
        turn.click()
        # The marker stays on its place of the photo: clockwise by a quarter, (x, y) comes to (1 - y, x).
        x, y = SPOT
        for _ in range(turns):
            x, y = 1 - y, x
        box = shown.locator(".mark").bounding_box()
        assert box is not None
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert middle == pytest.approx(hand.spot(x, y), abs=2)
        assert f"{round(100 * x)}% from the left" in str(shown.locator(".mark").get_attribute("aria-label"))
        sheet = shown.locator("#sheet").bounding_box()
        assert sheet is not None
        shape = (384, 320) if turns == 2 else (320, 384)
        assert sheet["width"] / sheet["height"] == pytest.approx(shape[0] / shape[1], rel=0.01)
        assert sheet["height"] <= stage["height"] + 1
    # A point that is dragged lands where it is let go.
    shown.mouse.move(*hand.spot(x, y))
    shown.mouse.down()
    shown.mouse.move(*hand.spot(0.5, 0.5), steps=4)
    shown.mouse.move(*hand.spot(0.2, 0.4), steps=4)
    shown.mouse.up()
    hand.settled()
    # After three quarters, (x, y) of the photo is seen at (y, 1 - x).
    assert hint_of(shown) == pytest.approx((0.6, 0.2), abs=0.01)

    hand.click(0.7, 0.3)
    expect(shown.locator("#outline")).to_be_visible()
    shown.keyboard.press("Escape")
    shown.get_by_role("button", name="Undo").click()
    shown.get_by_role("button", name="Undo").click()
    hand.settled()
    shown.get_by_role("slider", name="Divider").press("Home")
    shown.get_by_role("slider", name="Divider").press("PageUp")
    for _ in range(4):
        shown.get_by_role("slider", name="Divider").press("PageUp")
    picture = seen(shown)
    width = picture.shape[1]
    chroma = np.ptp(picture, axis=2)
    assert chroma[:, : width // 2 - 8].mean() < 1
    assert chroma[:, width // 2 + 8 :].mean() > 4
    wanted = np.asarray(portrait.rotate(90, expand=True).resize(picture.shape[1::-1]), float)
    luma = picture @ [0.299, 0.587, 0.114]
    assert np.abs(luma - wanted).mean() < 4


def test_a_crop_shows_a_part_and_the_file_is_whole(shown: Page, hand: Any, photo: Any) -> None:
    shown.get_by_role("button", name="Crop").click()
    expect(shown.locator("#crop-words")).to_be_visible()
    fit = shown.locator("#sheet").evaluate("node => node.offsetWidth")
    shown.mouse.move(*hand.spot(0.25, 0.25))
    shown.mouse.down()
    shown.mouse.move(*hand.spot(0.5, 0.5), steps=3)
    expect(shown.locator("#crop-box")).to_be_visible()
    shown.mouse.move(*hand.spot(0.75, 0.75), steps=3)
    shown.mouse.up()
    assert not shown.locator("#palette").is_visible()
    # Half of it would fit at more than three times its size, which is the most.
    assert shown.locator("#sheet").evaluate("node => node.offsetWidth") == pytest.approx(3 * 384, abs=1)
    # A point of what is seen is a point of the photo.
    hand.hint(0.6, 0.6, 3)
    assert hint_of(shown) == pytest.approx((0.6, 0.6), abs=0.01)
    stage = shown.locator("#stage").bounding_box()
    assert stage is not None
    left = hand.spot(0.25, 0.5)[0]
    assert left >= stage["x"] - 1
    # Outside the crop there is nothing to click on.
    shown.mouse.click(left - 10, stage["y"] + stage["height"] / 2)
    assert not shown.locator("#palette").is_visible()
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name="Download").click()
    with Image.open(Path(waiting.value.path())) as saved:
        assert saved.size == (384, 320)
    shown.get_by_role("button", name="Whole photo").click()
    assert shown.locator("#sheet").evaluate("node => node.offsetWidth") == pytest.approx(fit, abs=1)

    # By keyboard: what is seen of the enlarged picture. Escape gives up, and a short drag is a slip of the hand.
    crop = shown.get_by_role("button", name="Crop")
    crop.click()
    shown.keyboard.press("Escape")
    assert crop.get_attribute("aria-pressed") == "false"
    crop.click()
    shown.mouse.move(*hand.spot(0.3, 0.3))
    shown.mouse.down()
    shown.mouse.move(*hand.spot(0.31, 0.31))
    shown.mouse.up()
    shown.keyboard.press("+")
    shown.keyboard.press("+")
    clip = "node => node.style.clipPath"
    assert shown.locator("#sheet").evaluate(clip) == ""
    shown.keyboard.press("Enter")
    assert crop.get_attribute("aria-pressed") == "false"
    assert shown.locator("#fit").get_attribute("aria-pressed") == "true"
    assert str(shown.locator("#sheet").evaluate(clip)).startswith("inset(")


def test_each_photo_keeps_its_turn(shown: Page, hand: Any, photo: Any) -> None:
    shown.get_by_role("button", name="Turn right").click()
    hand.add(photo("second.png"))
    expect(shown.locator("#name")).to_have_text("second.png")
    assert shown.locator("#sheet").get_attribute("data-turns") == "0"
    shown.get_by_role("button", name="portrait.png").click()
    hand.settled()
    assert shown.locator("#sheet").get_attribute("data-turns") == "1"

"""References on the page: how they come, what they colour, colours that are taken from them, and how they go."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

# It drops a file on the middle of the right half or of the left half.
DROP = """([name, data, share]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type: "image/png" }));
  const where = { clientX: share * innerWidth, clientY: innerHeight / 2 };
  for (const kind of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried, ...where }));
}"""
SUIT = (0.3, 0.75)


def png(rgb: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "PNG")
    return out.getvalue()


def file(name: str, data: bytes) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": data}


@pytest.fixture
def colour(photo: Any) -> bytes:
    """The same scene in colour."""
    data: bytes = photo("1990.png", color=True)["buffer"]
    return data


@pytest.fixture
def shown(view: Any, hands: Any, photo: Any) -> Page:
    """The page with one photo in colour, and its references open."""
    page: Page = view(expect="the server responded with a status of 4(15|00|13)")
    hands(page).add(photo())
    page.get_by_text("References").first.click()
    return page


@pytest.fixture
def hand(shown: Page, hands: Any) -> Any:
    """What a person does there."""
    return hands(shown)


def refer(shown: Page, hand: Any, *files: Any) -> None:
    """Choose references, and wait until the photo shows what it takes from them."""
    shown.locator("#reference-files").set_input_files(list(files))
    expect(shown.locator("#reference-add")).to_be_enabled(timeout=60_000)
    hand.settled()


def test_a_reference_colours_the_photo_and_its_file(
    shown: Page, hand: Any, colour: bytes, astronaut: NDArray[np.uint8]
) -> None:
    true = astronaut[:427].astype(float)
    at = true[round(SUIT[1] * 427) - 6 : round(SUIT[1] * 427) + 6, round(SUIT[0] * 512) - 6 :][:, :12].mean(
        (0, 1)
    )
    plain = np.abs(hand.color(*SUIT) - at).max()
    hand.until("document.querySelectorAll('#looks img[src]').length === 6")
    first = shown.locator("#looks img").first.get_attribute("src")
    refer(shown, hand, file("1990.png", colour))
    assert np.abs(hand.color(*SUIT) - at).max() < 0.6 * plain
    assert shown.locator("#reference-count").inner_text() == "1"
    assert shown.locator("#reference-list").inner_text().startswith("1990.png fits well")
    assert "takes colours from it where it fits" in shown.locator("#say").inner_text()
    # The small pictures of the looks show it too.
    expect(shown.locator("#looks img").first).not_to_have_attribute("src", str(first))
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name="Download").click()
    with Image.open(Path(waiting.value.path())) as saved:
        rgb = np.asarray(saved.convert("RGB")).astype(float)
    row, column = round(SUIT[1] * 320), round(SUIT[0] * 384)
    assert np.abs(rgb[row - 5 : row + 5, column - 5 : column + 5].mean((0, 1)) - hand.color(*SUIT)).max() < 8

    shown.get_by_role("button", name="Show what 1990.png coloured").click()
    outline = shown.locator("#outline")
    expect(outline).to_be_visible()
    shown.get_by_role("button", name="Show what 1990.png coloured").click()
    assert not outline.is_visible()

    shown.get_by_role("button", name="Remove 1990.png").click()
    expect(shown.locator("#reference-list li")).to_have_count(0)
    hand.settled()
    assert np.abs(hand.color(*SUIT) - at).max() == pytest.approx(plain, abs=1)
    assert shown.locator("#say").inner_text() == "1990.png removed."


def test_what_cannot_be_a_reference_is_said_and_the_others_count(
    shown: Page, hand: Any, colour: bytes, photo: Any
) -> None:
    dot = png(np.full((8, 8, 3), (200, 30, 30), np.uint8))
    refer(
        shown,
        hand,
        photo("itself.png"),
        file("dot.png", dot),
        file("letter.png", b"Dear Ann,"),
        file("a.png", colour),
    )
    wrong = shown.locator("#reference-wrong")
    for sentence in (
        "itself.png: is not in colour, and a reference must be",
        "dot.png: is too small for a reference",
        "letter.png: ",
    ):
        expect(wrong).to_contain_text(sentence)
    assert shown.locator("#reference-list li").count() == 1
    # The next try ends the complaint, and the same picture again is one reference.
    refer(shown, hand, file("again.png", colour))
    expect(wrong).to_have_text("")
    assert shown.locator("#reference-list li").count() == 1


def test_a_picture_that_is_dropped_on_its_place_is_a_reference(shown: Page, hand: Any, colour: bytes) -> None:
    data = base64.b64encode(colour).decode()
    shown.evaluate(DROP, ["right.png", data, 0.75])
    expect(shown.locator("#reference-list li")).to_have_count(1)
    hand.settled()
    assert shown.locator("#strip li").count() == 1
    # On the other half it is one more photo.
    shown.evaluate(DROP, ["left.png", data, 0.25])
    expect(shown.locator("#strip li")).to_have_count(2)
    # A photo in colour cannot have references, so there is one place for files.
    expect(shown.locator("#name")).to_have_text("left.png")
    expect(shown.get_by_text("This photo is in colour already")).to_be_visible()
    shown.evaluate(DROP, ["third.png", data, 0.75])
    expect(shown.locator("#strip li")).to_have_count(3)


def test_a_colour_is_taken_from_a_reference_by_click_and_by_pull(
    shown: Page, hand: Any, colour: bytes
) -> None:
    refer(shown, hand, file("1990.png", colour))
    asked: list[Any] = []

    def note(request: Any) -> None:
        if request.url.endswith("/view") and "side" not in request.post_data_json:
            asked.append(request.post_data_json["hints"])

    shown.on("request", note)
    canvas = shown.locator("#reference-list canvas")
    # The foot of the panel, which stays in its place, must not cover it.
    canvas.evaluate("node => node.scrollIntoView()")
    box = canvas.bounding_box()
    assert box is not None
    # The suit is orange.
    spot = (box["x"] + SUIT[0] * box["width"], box["y"] + SUIT[1] * box["height"])
    shown.mouse.click(*spot)
    carry = shown.locator("#carry")
    expect(carry).to_have_text(re.compile("Now click where this (orange|red) belongs."))
    shown.keyboard.press("Escape")
    assert not carry.is_visible()
    shown.mouse.click(*spot)
    # Where it would go is shown before the click.
    shown.mouse.move(*hand.spot(0.2, 0.2))
    expect(shown.locator("#outline")).to_be_visible()
    assert asked == []
    shown.mouse.click(*hand.spot(0.2, 0.2))
    hand.settled()
    (hint,) = asked[-1]
    red, green, blue = (int(hint["color"][i : i + 2], 16) for i in (1, 3, 5))
    assert red > green + 50 > blue + 50
    assert not carry.is_visible()
    palette = shown.get_by_role("dialog", name="Colours for this point")
    expect(palette.get_by_role("button", name="Remove")).to_be_visible()
    # The palette has the colours of the reference too, for those who use the keyboard.
    assert palette.get_by_role("group", name="References").locator(".swatch").count() >= 3
    shown.keyboard.press("Escape")

    shown.mouse.move(*spot)
    shown.mouse.down()
    shown.mouse.move(spot[0] - 40, spot[1], steps=3)
    shown.mouse.move(*hand.spot(0.7, 0.3), steps=3)
    expect(shown.locator("#outline")).to_be_visible()
    shown.mouse.up()
    hand.settled()
    assert len(asked[-1]) == 2
    assert asked[-1][1]["x"] == pytest.approx(0.7, abs=0.01)
    shown.keyboard.press("Escape")
    # A colour that is let go beside the photo is given up.
    shown.mouse.move(*spot)
    shown.mouse.down()
    shown.mouse.move(spot[0] + 20, spot[1] - 20, steps=3)
    shown.mouse.up()
    assert not carry.is_visible()
    assert shown.locator(".mark").count() == 2


def test_references_outlive_a_reload(shown: Page, hand: Any, colour: bytes) -> None:
    refer(shown, hand, file("1990.png", colour))
    coloured = hand.color(*SUIT)
    shown.reload()
    hand.settled()
    assert np.abs(hand.color(*SUIT) - coloured).max() < 1
    shown.get_by_text("References").first.click()
    expect(shown.locator("#reference-list canvas")).to_be_visible()
    expect(shown.locator("#reference-list")).to_contain_text("1990.png fits well")

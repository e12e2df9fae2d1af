"""Many photos, bad ones among them; a studio that refuses, is full, asks for a token, or stops in the middle."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

SPOT = (0.45, 0.75)
REFUSED = "Failed to load resource"
FOLDER = """async () => {
  // What a browser gives for a dropped folder; a page cannot make one itself.
  const file = (name) => ({ isFile: true, name, file: (done) => done(new File([window.bytes], name)) });
  const folder = (name, entries) => {
    const reader = { readEntries: (done) => done(entries.splice(0, 2)) };
    return { isDirectory: true, name, createReader: () => reader };
  };
  const box = folder("box", [file("b10.png"), file("b2.png"), file("notes.txt"), folder("more", [file("c.png")])]);
  const event = new Event("drop", { bubbles: true, cancelable: true });
  const items = [{ kind: "file", webkitGetAsEntry: () => box }];
  event.dataTransfer = { types: ["Files"], files: [new File([], "box")], items };
  document.body.dispatchEvent(event);
}"""


def tiles(shown: Page) -> list[list[str]]:
    """Of each photo in the strip: its name and how it stands."""
    found: list[list[str]] = shown.locator("#strip button").evaluate_all(
        "nodes => nodes.map((node) => [node.querySelector('b').textContent, node.querySelector('span').textContent])"
    )
    return found


def finished(shown: Page, text: str) -> None:
    expect(shown.locator("#summary")).to_have_text(text)


def saved(shown: Page, name: str) -> zipfile.ZipFile:
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name=name).click()
    return zipfile.ZipFile(Path(waiting.value.path()))


def test_many_photos_and_a_bad_one(view: Any, hands: Any, photo: Any, portrait: Image.Image) -> None:
    shown = view()
    hand = hands(shown)
    states: list[str] = []

    def note(state: str) -> None:
        states.append(state)

    shown.expose_function("note", note)
    shown.evaluate(
        """() => new MutationObserver(() => document.querySelectorAll("#strip li").forEach((li) => note(li.className)))
        .observe(document.getElementById("strip"), { subtree: true, attributes: true, childList: true })"""
    )
    bad = {"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear Ann,"}
    names = ["a.png", "b.jpg", "Großmutter & 祖母.png", "a.png"]
    hand.add(photo(names[0]), photo(names[1]), bad, *map(photo, names[2:]))
    finished(shown, "4 of 5 done, 1 failed")
    assert {"sending", "queued", "running", "done", "failed"} <= set(states)
    stood = tiles(shown)
    assert [name for name, _ in stood] == ["a.png", "b.jpg", "letter.png", *names[2:]]
    assert [state for _, state in stood if state == "done"] == ["done"] * 4
    assert "is not a picture of a known format" in stood[2][1]

    # The failed one says why, and has nothing to adjust; the others go on.
    shown.get_by_role("button", name="letter.png").click()
    assert "Is not a picture" in shown.locator("#state-words").inner_text()
    assert not shown.locator("#controls").is_visible()
    shown.get_by_role("button", name="b.jpg").click()
    hand.settled()
    hand.hint(*SPOT, 3)
    changed = hand.color(*SPOT)

    files = saved(shown, "Download all")
    assert files.testzip() is None
    assert files.namelist() == [
        "a.color.png",
        "b.color.jpg",
        "Großmutter & 祖母.color.png",
        "a.color (2).png",
    ]
    grey = np.asarray(portrait).astype(int)
    for name in files.namelist():
        with Image.open(io.BytesIO(files.read(name))) as image:
            assert np.abs(np.asarray(image.convert("L")).astype(int) - grey).mean() < 2
            if name == "b.color.jpg":
                # The zip holds the photo as it was changed.
                assert np.abs(mean(image) - changed).max() < 8
    expect(shown.get_by_role("button", name="Download all")).to_be_enabled()

    shown.get_by_role("button", name="letter.png").click()
    shown.locator("#drop").click()
    finished(shown, "4 of 4 done")
    assert shown.locator("#say").inner_text() == "letter.png removed."


def mean(image: Image.Image) -> NDArray[np.float64]:
    """The mean colour about SPOT of a saved picture of 384 by 320."""
    rgb = np.asarray(image.convert("RGB")).astype(float)
    side = round(0.03 * 384)
    top, left = round(SPOT[1] * 320 - side / 2), round(SPOT[0] * 384 - side / 2)
    found: NDArray[np.float64] = rgb[top : top + side, left : left + side].mean(axis=(0, 1))
    return found


def test_it_opens_on_the_first_photo_that_worked(
    view: Any, hands: Any, photo: Any, astronaut: NDArray[np.uint8]
) -> None:
    out = io.BytesIO()
    Image.fromarray(astronaut[::2, ::2]).save(out, "PNG")
    colour = {"name": "colour.png", "mimeType": "image/png", "buffer": out.getvalue()}
    bad = {"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear Ann,"}
    shown = view()
    hand = hands(shown)
    hand.add(bad, colour, photo("a.png"), photo("b.png"))
    expect(shown.get_by_role("heading", name="a.png")).to_be_visible()
    # A photo in colour is not one that failed.
    finished(shown, "2 of 4 done, 1 in colour already, 1 failed")
    assert tiles(shown)[1] == ["colour.png", "in colour already"]
    # What a person has chosen stays open.
    shown.get_by_role("button", name="letter.png").click()
    shown.locator("#files").set_input_files([photo("c.png"), photo("d.png")])
    finished(shown, "4 of 6 done, 1 in colour already, 1 failed")
    expect(shown.get_by_role("heading", name="letter.png")).to_be_visible()


def test_a_folder_is_dropped(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    shown.evaluate("data => { window.bytes = Uint8Array.from(data); }", list(photo("x.png")["buffer"]))
    shown.evaluate(FOLDER)
    finished(shown, "3 of 3 done")
    assert [name for name, _ in tiles(shown)] == ["b2.png", "b10.png", "c.png"]


def test_what_is_in_colour_is_done_all_the_same_if_asked(
    view: Any, hands: Any, astronaut: NDArray[np.uint8]
) -> None:
    shown = view()
    out = io.BytesIO()
    Image.fromarray(astronaut[::2, ::2]).save(out, "PNG")
    file = {"name": "colour.png", "mimeType": "image/png", "buffer": out.getvalue()}
    shown.locator("#files").set_input_files([file])
    words = "This photo is in colour already, so it was left as it is."
    expect(shown.locator("#state-words")).to_have_text(words)
    expect(shown.locator("#say")).to_have_text("colour.png is in colour already.")
    # It is shown in its own colours, not in grey. The mean of its lower left quarter is that of the file.
    hand = hands(shown)
    hand.until("document.querySelector('#stage.own #before')?.complete")
    sheet = shown.locator("#sheet").screenshot()
    with Image.open(io.BytesIO(sheet)) as seen:
        small = np.asarray(seen.convert("RGB").resize((32, 32))).astype(int)
    truth = np.asarray(Image.fromarray(astronaut).resize((32, 32))).astype(int)
    assert np.abs(small[:16] - truth[:16]).mean() < 8
    shown.get_by_role("button", name="Colour it anyway").click()
    hand.settled()
    assert not shown.locator("#state").is_visible()


def test_more_than_the_studio_takes_at_once(view: Any, own_studio: Any, photo: Any) -> None:
    size = len(photo("x.png")["buffer"])
    tight = own_studio(max_bytes=round(size * 2.5), queue=2)
    shown = view(tight, expect=REFUSED)
    large = {
        "name": "large.png",
        "mimeType": "image/png",
        "buffer": photo("x.png")["buffer"] + bytes(3 * size),
    }
    shown.locator("#files").set_input_files([photo(f"{i}.png") for i in range(4)] + [large])
    finished(shown, "4 of 5 done, 1 failed")
    assert "too large; at most" in tiles(shown)[4][1]


def test_a_token_is_asked_for_once(view: Any, own_studio: Any, hands: Any, photo: Any) -> None:
    guarded = own_studio(token="sesame")
    shown = view(guarded, expect=REFUSED)
    shown.locator("#files").set_input_files([photo("a.png"), photo("b.png")])
    dialog = shown.get_by_role("dialog", name="This studio asks for a token")
    token = dialog.get_by_label("Token")
    expect(token).to_be_focused()
    token.fill("simsalabim")
    token.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("That token was not accepted.")
    expect(token).to_have_value("")
    token.fill("sesame")
    dialog.get_by_role("button", name="Go on").click()
    hands(shown).settled()
    finished(shown, "2 of 2 done")
    assert not dialog.is_visible()
    stored = shown.evaluate(
        "[Object.values(sessionStorage).includes('sesame'), localStorage.length, document.cookie]"
    )
    assert stored == [True, 0, ""]


def test_photos_and_their_looks_survive_a_reload(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    hand = hands(shown)
    hand.add(photo("a.png"), photo("b.png"))
    hand.hint(*SPOT, 3)
    coloured = hand.color(*SPOT)
    finished(shown, "2 of 2 done")
    shown.reload()
    hand.settled()
    finished(shown, "2 of 2 done")
    assert shown.locator(".mark").count() == 1
    assert np.abs(hand.color(*SPOT) - coloured).max() < 1


def test_a_studio_that_stops_loses_nothing_that_was_there(
    view: Any, own_studio: Any, hands: Any, photo: Any
) -> None:
    mortal = own_studio()
    shown = view(mortal, expect=f"{REFUSED}|ERR_")
    hand = hands(shown)
    hand.add(photo("first.png"))
    color = hand.hint(*SPOT, 3)
    coloured = hand.color(*SPOT)
    mortal.stop()
    shown.locator("#files").set_input_files([photo("second.png")])
    alert = shown.locator("#trouble")
    expect(alert).to_contain_text("The studio does not answer")
    # What was there can still be looked at.
    shown.get_by_role("button", name="first.png").click()
    assert np.abs(hand.color(*SPOT) - coloured).max() < 1
    divider = shown.get_by_role("slider", name="Divider")
    divider.press("End")
    assert divider.get_attribute("aria-valuenow") == "100"

    # Back again, it has forgotten the first, which can be sent again with its colours; the second goes by itself.
    mortal.start()
    expect(alert).to_have_text("")
    expect(shown.locator("#strip li").nth(1)).to_have_class("done")
    hands(shown).adjust()
    shown.locator("#strength").fill("0.9")
    expect(shown.locator("#state-words")).to_contain_text("no longer has this photo")
    assert np.abs(hand.color(*SPOT) - coloured).max() < 1
    shown.get_by_role("button", name="Send again").click()
    expect(shown.locator("#state")).to_be_hidden()
    hand.settled()
    look = json.loads(str(shown.locator("#stage").get_attribute("data-look")))
    assert (look["strength"], look["hints"][0]["color"]) == (0.9, color)
    finished(shown, "2 of 2 done")


def test_a_photo_in_work_when_the_studio_stops(view: Any, own_studio: Any, hands: Any, photo: Any) -> None:
    mortal = own_studio()
    shown = view(mortal, expect=f"{REFUSED}|ERR_")
    shown.locator("#files").set_input_files([photo(f"{i}.png") for i in range(6)])
    hands(shown).settled()
    mortal.stop()
    expect(shown.locator("#trouble")).to_contain_text("The studio does not answer")
    mortal.start()
    expect(shown.locator("#trouble")).to_have_text("")
    shown.get_by_role("button", name="5.png").click()
    lost = shown.get_by_role("button", name="Send again")
    expect(lost).to_be_visible()
    lost.click()
    expect(shown.locator("#strip li").nth(5)).to_have_class("done")


def test_a_photo_that_cannot_be_sent_is_given_up_at_last(view: Any, hands: Any, photo: Any) -> None:
    shown = view(expect="ERR_FAILED")
    shown.route("**/api/jobs", lambda route: route.abort())
    shown.locator("#files").set_input_files([photo()])
    expect(shown.locator("#state-words")).to_contain_text("The connection broke each time")
    shown.unroute("**/api/jobs")
    shown.get_by_role("button", name="Send again").click()
    hands(shown).settled()


@pytest.mark.parametrize("answer", [b"not a picture", b""])
def test_a_picture_that_cannot_be_shown_is_said(view: Any, hands: Any, photo: Any, answer: bytes) -> None:
    shown = view()
    hand = hands(shown)
    hand.add(photo())
    before = hand.color(*SPOT)
    shown.route("**/view", lambda route: route.fulfill(status=200, content_type="image/jpeg", body=answer))
    hand.adjust()
    shown.locator("#strength").fill("0.5")
    expect(shown.locator("#wrong")).to_have_text("The browser could not show the picture that came back.")
    assert np.abs(hand.color(*SPOT) - before).max() < 1


def test_notes_and_what_is_left_of_a_damaged_photo(view: Any, hands: Any, portrait: Image.Image) -> None:
    out = io.BytesIO()
    portrait.save(out, "JPEG")
    data = out.getvalue()
    shown = view()
    hand = hands(shown)
    hand.add({"name": "cut.jpg", "mimeType": "image/jpeg", "buffer": data[:-2]})
    note = "Note: The end marker of the JPEG is missing; the picture is whole."
    expect(shown.locator("#notes")).to_have_text(note)
    half = {"name": "half.jpg", "mimeType": "image/jpeg", "buffer": data[: len(data) // 2]}
    shown.locator("#files").set_input_files([half])
    shown.locator("#strip button", has_text="half.jpg").click()
    expect(shown.locator("#state-words")).to_contain_text("of the picture is missing")
    assert "salvage" not in shown.locator("#state-words").inner_text()
    shown.get_by_role("button", name="Colour it anyway").click()
    expect(shown.locator("#notes")).to_contain_text("of the picture is missing")

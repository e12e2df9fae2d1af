"""Changing the colours of a photo: points and their palette, undo, sliders, versions, confidence, files of hints."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Error, Page, Request, Route, expect

from photochrom.engine.hints import parse_hints
from photochrom.pipeline.looks import LOOKS, Look, find_look

SPOT = (0.45, 0.75)
PICK = """(color) => {
  const any = document.getElementById("any");
  for (const kind of ["input", "change"]) { any.value = color; any.dispatchEvent(new Event(kind)); }
}"""


@pytest.fixture
def shown(view: Any, hands: Any, photo: Any) -> Page:
    """The page with one photo in colour."""
    page: Page = view()
    hands(page).add(photo())
    return page


@pytest.fixture
def hand(shown: Page, hands: Any) -> Any:
    """What a person does there."""
    return hands(shown)


def looks(page: Page) -> list[dict[str, Any]]:
    """Listens to what looks are asked for."""
    asked: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        # The small pictures of the gallery have a side.
        if request.url.endswith("/view") and "side" not in request.post_data_json:
            asked.append(request.post_data_json)

    page.on("request", note)
    return asked


def test_a_click_offers_what_is_plausible_and_the_picture_follows(shown: Page, hand: Any) -> None:
    before, far = hand.color(*SPOT), hand.color(0.05, 0.05)
    hand.click(*SPOT)
    palette = shown.get_by_role("dialog", name="Colours for this point")
    swatches = palette.locator("#likely .swatch")
    expect(swatches.first).to_be_focused()
    assert 3 <= swatches.count() <= 9
    names = swatches.evaluate_all("nodes => nodes.map((node) => node.getAttribute('aria-label'))")
    shares = [int(name.split(", ")[1].rstrip("%")) for name in names]
    assert shares == sorted(shares, reverse=True)
    # The shares are written below the colours.
    shown_shares = swatches.evaluate_all(
        "nodes => nodes.map((node) => getComputedStyle(node, '::after').content)"
    )
    assert [int(text.strip('"%')) for text in shown_shares] == shares
    assert shown.locator(".mark.pending").count() == 1

    color = swatches.nth(3).get_attribute("data-color")
    swatches.nth(3).click()
    hand.settled()
    after = hand.color(*SPOT)
    wanted = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], float)
    assert np.abs(after - before).max() > 15
    # Its hue is the one that was asked for: the differences of channels point the same way.
    ours, theirs = after - after.mean(), wanted - wanted.mean()
    assert ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs) > 0.9
    assert np.abs(hand.color(0.05, 0.05) - far).max() < np.abs(after - before).max()
    assert swatches.nth(3).get_attribute("aria-pressed") == "true"
    assert shown.locator("#hint-count").inner_text() == "1"

    # Escape goes back to the marker, which Enter opens again.
    shown.keyboard.press("Escape")
    assert not palette.is_visible()
    mark = shown.get_by_role("button", name="45% from the left, 75% from the top")
    expect(mark).to_be_focused()
    shown.keyboard.press("Enter")
    palette.get_by_role("button", name="Remove").click()
    hand.settled()
    assert shown.locator(".mark").count() == 0
    assert np.abs(hand.color(*SPOT) - before).max() < 2


def test_any_colour_can_be_chosen(shown: Page, hand: Any) -> None:
    hand.click(*SPOT)
    shown.locator(".swatch").first.wait_for()
    assert shown.get_by_label("Any colour").get_attribute("type") == "color"
    asked = looks(shown)
    shown.evaluate(PICK, "#2040c0")
    hand.settled()
    assert asked[-1]["hints"] == [
        {"x": pytest.approx(0.45, abs=0.01), "y": pytest.approx(0.75, abs=0.01), "color": "#2040c0"}
    ]
    red, _, blue = hand.color(*SPOT)
    assert blue > red + 20
    # All that the picker showed on the way is one step.
    shown.keyboard.press("Control+z")
    hand.settled()
    assert shown.locator(".mark").count() == 0
    assert shown.locator("#undo").is_disabled()


def test_the_grey_half_gives_way_to_a_colour(shown: Page, hand: Any) -> None:
    hand.click(0.2, 0.5)
    assert shown.get_by_role("slider", name="Divider").get_attribute("aria-valuenow") == "0"


def test_a_point_is_left_alone_without_a_colour(shown: Page, hand: Any) -> None:
    asked = looks(shown)
    hand.click(*SPOT)
    shown.locator(".swatch").first.wait_for()
    # A click elsewhere goes on there, Escape not at all.
    hand.click(0.8, 0.3)
    expect(shown.locator("#likely .swatch").first).to_be_focused()
    assert "80% from the left" in str(shown.locator(".mark").get_attribute("aria-label"))
    shown.keyboard.press("Escape")
    assert not shown.locator("#palette").is_visible()
    assert shown.locator(".mark").count() == 0
    assert asked == []


def test_markers_are_dragged_moved_and_deleted(shown: Page, hand: Any) -> None:
    hand.hint(*SPOT, 3)
    asked = looks(shown)
    mark = shown.locator(".mark")
    shown.mouse.move(*hand.spot(*SPOT))
    shown.mouse.down()
    shown.mouse.move(*hand.spot(0.6, 0.6), steps=5)
    shown.mouse.move(*hand.spot(0.7, 0.4), steps=5)
    shown.mouse.up()
    hand.settled()
    assert not shown.locator("#palette").is_visible()
    assert asked[-1]["hints"][0]["x"] == pytest.approx(0.7, abs=0.01)
    assert asked[-1]["hints"][0]["y"] == pytest.approx(0.4, abs=0.01)
    assert "70% from the left, 40% from the top" in str(mark.get_attribute("aria-label"))
    # The way there is one step back.
    shown.keyboard.press("Control+z")
    assert "45% from the left" in str(mark.get_attribute("aria-label"))
    shown.keyboard.press("Control+Shift+z")
    assert "70% from the left" in str(mark.get_attribute("aria-label"))

    mark.focus()
    for _ in range(3):
        shown.keyboard.press("Shift+ArrowLeft")
    hand.settled()
    width = shown.locator("#sheet").evaluate("node => node.offsetWidth")
    assert asked[-1]["hints"][0]["x"] == pytest.approx(0.7 - 60 / width, abs=0.01)
    shown.keyboard.press("Delete")
    hand.settled()
    assert asked[-1]["hints"] == []
    assert mark.count() == 0
    assert shown.locator("#say").inner_text() == "Colour removed."
    expect(shown.locator("#stage")).to_be_focused()


def test_all_goes_by_keyboard(shown: Page, hand: Any) -> None:
    shown.locator("#stage").focus()
    shown.keyboard.press("p")
    expect(shown.locator(".mark.pending")).to_be_focused()
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowDown", "Enter"):
        shown.keyboard.press(key)
    expect(shown.locator("#likely .swatch").first).to_be_focused()
    shown.keyboard.press("ArrowRight")
    shown.keyboard.press("ArrowRight")
    expect(shown.locator(".swatch").nth(2)).to_be_focused()
    asked = looks(shown)
    shown.keyboard.press("Enter")
    shown.keyboard.press("Escape")
    hand.settled()
    expect(shown.locator(".mark")).to_be_focused()
    (hint,) = asked[-1]["hints"]
    assert (hint["x"] < 0.5, hint["y"] > 0.5) == (True, True)
    # A point that is given up leaves nothing.
    shown.get_by_role("button", name="Add point").click()
    shown.keyboard.press("Escape")
    assert shown.locator(".mark").count() == 1


def test_undo_and_redo_go_through_every_change(shown: Page, hand: Any) -> None:
    undo, redo = (shown.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    assert undo.is_disabled()
    plain = hand.color(*SPOT)
    hand.hint(*SPOT, 3)
    hinted = hand.color(*SPOT)
    hand.adjust()
    shown.locator("#strength").fill("0.3")
    hand.settled()
    weak = hand.color(*SPOT)
    for press, expected in (
        (undo.click, hinted),
        (lambda: shown.keyboard.press("Control+z"), plain),
        (redo.click, hinted),
        (lambda: shown.keyboard.press("Control+y"), weak),
    ):
        press()
        hand.settled()
        assert np.abs(hand.color(*SPOT) - expected).max() < 1
    assert redo.is_disabled()
    shown.keyboard.press("Control+z")
    hand.hint(0.8, 0.3, 2)
    assert redo.is_disabled()
    assert shown.locator("#strength-words").inner_text() == "100%"


def test_sliders_act_while_they_move(shown: Page, hand: Any) -> None:
    asked = looks(shown)
    usual = hand.chroma(0.5, 0.5, 0.9)
    hand.adjust()
    strength = shown.get_by_label("Strength")
    box = strength.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    shown.mouse.move(box["x"] + box["width"] * 2 / 3, middle)
    shown.mouse.down()
    for share in (0.5, 0.35, 0.2, 0.0):
        shown.mouse.move(box["x"] + box["width"] * share, middle)
        shown.wait_for_timeout(300)
    # Still held down, and the picture is grey already.
    hand.settled()
    assert hand.chroma(0.5, 0.5, 0.9) < 1 < usual
    shown.mouse.up()
    strengths = [look["strength"] for look in asked]
    assert len(strengths) >= 3
    assert strengths == sorted(strengths, reverse=True)
    shown.keyboard.press("Control+z")
    hand.settled()
    assert shown.locator("#strength").input_value() == "1"

    before = hand.color(*SPOT)
    assert shown.locator("#colorfulness-words").inner_text() == "100%"
    shown.get_by_label("Colorfulness").fill("1.8")
    hand.settled()
    assert asked[-1]["colorfulness"] == 1.8
    assert np.abs(hand.color(*SPOT) - before).max() > 1
    shown.get_by_label("Colorfulness").fill("1")
    hand.settled()
    assert asked[-1]["colorfulness"] == 1
    shown.get_by_label("Warmth").fill("-1")
    hand.settled()
    assert asked[-1]["warmth"] == -1
    # Blue rises against red.
    cooled = hand.color(0.5, 0.5, 0.9)
    shown.get_by_label("Warmth").fill("1")
    hand.settled()
    warmed = hand.color(0.5, 0.5, 0.9)
    assert (warmed - cooled)[0] > 5
    assert (warmed - cooled)[2] < -5


def test_a_look_is_chosen_from_small_pictures(shown: Page, hand: Any, view: Any) -> None:
    group = shown.get_by_role("radiogroup", name="Looks")
    hand.until("document.querySelectorAll('#looks img[src]').length === 6")
    names = ["Natural", "Fuller", "Softer", "Warmer", "Cooler", "Autochrome"]
    assert group.locator("label").all_inner_texts() == names
    assert group.get_by_role("radio", name="Natural").is_checked()
    usual = hand.chroma(0.5, 0.5, 0.9)
    group.get_by_text("Fuller").click()
    hand.settled()
    assert hand.chroma(0.5, 0.5, 0.9) > 1.2 * usual
    look = json.loads(str(shown.locator("#stage").get_attribute("data-look")))
    assert {key: look[key] for key in ("strength", "colorfulness", "warmth")} == asdict(LOOKS["fuller"])
    # A slider makes it another look, and undo brings it back.
    hand.adjust()
    shown.get_by_label("Strength").fill("1.2")
    hand.settled()
    assert group.locator("input:checked").count() == 0
    shown.keyboard.press("Control+z")
    assert group.get_by_role("radio", name="Fuller").is_checked()
    shown.keyboard.press("Control+z")
    assert group.get_by_role("radio", name="Natural").is_checked()


def test_a_look_is_saved_loaded_and_used_for_all_photos(
    view: Any, hands: Any, photo: Any, tmp_path: Path
) -> None:
    shown = view()
    hand = hands(shown)
    hand.add(photo("a.png"), photo("b.png"))
    expect(shown.locator("#summary")).to_have_text("2 of 2 done")
    hand.adjust()
    shown.get_by_label("Strength").fill("0.5")
    shown.get_by_label("Warmth").fill("0.4")
    hand.settled()
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name="Save look").click()
    assert waiting.value.suggested_filename == "a.look.json"
    path = tmp_path / "mine.json"
    waiting.value.save_as(path)
    assert find_look(str(path)) == Look(strength=0.5, warmth=0.4)

    shown.get_by_role("button", name="Use for all photos").click()
    expect(shown.locator("#say")).to_have_text("2 photos have this look now.")
    shown.get_by_role("button", name="b.png").click()
    hand.settled()
    assert (shown.locator("#strength").input_value(), shown.locator("#warmth").input_value()) == (
        "0.5",
        "0.4",
    )
    shown.locator("#looks").get_by_text("Cooler").click()
    load, wrong = shown.locator("#look-file"), shown.locator("#wrong")
    for content in (
        "{",
        '{"version": 9, "strength": 1}',
        '{"version": 1, "strength": 7}',
        '{"version": 1, "x": 1}',
    ):
        bad = tmp_path / "bad.json"
        bad.write_text(content)
        load.set_input_files(bad)
        expect(wrong).to_contain_text("bad.json holds no look that this page knows.")
    load.set_input_files(path)
    expect(wrong).to_have_text("")
    expect(shown.locator("#strength")).to_have_value("0.5")
    expect(shown.locator("#warmth")).to_have_value("0.4")


def test_skin_cloth_and_the_colours_used_last_are_offered(shown: Page, hand: Any) -> None:
    hand.click(*SPOT)
    palette = shown.get_by_role("dialog", name="Colours for this point")
    expect(palette.locator("#likely .swatch").first).to_be_focused()
    assert palette.locator(".head").inner_text().strip() == "Choose a colour"
    skin, cloth, last = (
        palette.get_by_role("group", name=name) for name in ("Skin", "Dark cloth", "Used last")
    )
    assert [skin.locator(".swatch").count(), cloth.locator(".swatch").count()] == [5, 5]
    assert not last.is_visible()
    navy = cloth.locator(".swatch").first
    assert "blue" in str(navy.get_attribute("aria-label"))
    color = navy.get_attribute("data-color")
    navy.click()
    shown.keyboard.press("Escape")
    hand.settled()
    red, _, blue = hand.color(*SPOT)
    assert blue > red
    hand.click(0.7, 0.4)
    assert last.locator(".swatch").get_attribute("data-color") == color


def test_one_of_three_versions_is_chosen_and_saved(shown: Page, hand: Any) -> None:
    first = hand.color(0.5, 0.5, 0.9)
    shown.get_by_text("Other versions").click()
    group = shown.get_by_role("radiogroup", name="Other versions")
    hand.until("document.querySelectorAll('#candidates img[src]').length === 3")
    assert group.get_by_role("radio").count() == 3
    assert group.get_by_role("radio", name="Version 1").is_checked()
    group.get_by_text("Version 2").click()
    hand.settled()
    second = hand.color(0.5, 0.5, 0.9)
    assert np.abs(second - first).max() > 2
    shown.keyboard.press("ArrowRight")
    hand.settled()
    assert group.get_by_role("radio", name="Version 3").is_checked()
    assert np.abs(hand.color(0.5, 0.5, 0.9) - second).max() > 1
    with shown.expect_request("**/result") as waiting, shown.expect_download():
        shown.get_by_role("button", name="Download").click()
    look = waiting.value.post_data_json
    assert (look["candidate"], look["candidates"]) == (2, 3)
    shown.keyboard.press("Control+z")
    assert group.get_by_role("radio", name="Version 2").is_checked()


def test_the_confidence_lies_over_the_picture(shown: Page, hand: Any) -> None:
    veil = shown.locator("#veil")
    assert not veil.is_visible()
    shown.get_by_label("Show uncertain colours").check()
    expect(veil).to_be_visible()
    alpha = np.array(
        veil.evaluate(
            """node => [...node.getContext("2d").getImageData(0, 0, node.width, node.height).data]
                       .filter((_, at) => at % 4 === 3)"""
        )
    )
    assert alpha.size == 384 * 320
    assert alpha.min() < 10
    assert alpha.max() > 150
    assert shown.get_by_text("Orange marks the places").is_visible()
    shown.get_by_label("Show uncertain colours").uncheck()
    assert not veil.is_visible()


def test_hints_are_saved_and_loaded(shown: Page, hand: Any, tmp_path: Path) -> None:
    color = hand.hint(*SPOT, 3)
    coloured = hand.color(*SPOT)
    shown.get_by_text("Your colours").click()
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name="Save").click()
    assert waiting.value.suggested_filename == "portrait.hints.json"
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    (hint,) = parse_hints(json.loads(text))
    assert (hint.color, round(hint.x, 2), round(hint.y, 2)) == (color, *SPOT)

    shown.get_by_role("button", name="Remove all").click()
    hand.settled()
    assert shown.locator(".mark").count() == 0
    load = shown.locator("#hints-file")
    wrong = shown.locator("#wrong")
    for content, sentence in (
        ("no json", "bad.json holds no colours"),
        ('{"points": []}', "bad.json holds no colours"),
        (
            '[{"x": 0.5, "y": 0.5, "color": "#102030"}, {"x": 2, "y": 0, "color": "#102030"}]',
            "entry 2 is not",
        ),
        (json.dumps([{"x": 0.5, "y": 0.5, "color": "#102030"}] * 501), "holds 501 colours"),
    ):
        load.set_input_files({"name": "bad.json", "mimeType": "application/json", "buffer": content.encode()})
        expect(wrong).to_contain_text(sentence)
        assert shown.locator(".mark").count() == 0
    # A file of hints may also come as photos do.
    load = shown.locator("#files")
    load.set_input_files({"name": "good.json", "mimeType": "application/json", "buffer": text.encode()})
    expect(shown.locator(".mark")).to_have_count(1)
    hand.settled()
    expect(wrong).to_have_text("")
    assert shown.locator("#say").inner_text() == "1 colour loaded."
    assert np.abs(hand.color(*SPOT) - coloured).max() < 1


def test_a_file_of_hints_keeps_how_far_they_reach(shown: Page, hand: Any) -> None:
    content = [
        {"x": 0.5, "y": 0.5, "color": "#2040a0", "reach": "like"},
        {"x": 0.2, "y": 0.2, "color": "#a06040", "reach": "here", "radius": 0.1},
        {"x": 0.8, "y": 0.2, "reach": "keep"},
    ]
    file = {"name": "a.json", "mimeType": "application/json", "buffer": json.dumps(content).encode()}
    shown.get_by_text("Your colours").click()
    with shown.expect_request(lambda request: "like" in (request.post_data or "")) as waiting:
        shown.locator("#hints-file").set_input_files(file)
    assert waiting.value.post_data_json["hints"] == content
    hand.settled()
    for bad in (
        {"reach": "everywhere"},
        {"reach": "keep"},
        {"color": None},
        {"radius": 0.1},
        {"reach": "here", "radius": 0.6},
        {"reach": "here", "radius": "wide"},
    ):
        entry = {"x": 0.5, "y": 0.5, "color": "#2040a0"} | bad
        shown.locator("#hints-file").set_input_files(
            file | {"buffer": json.dumps([content[0], entry]).encode()}
        )
        expect(shown.locator("#wrong")).to_contain_text("entry 2 is not")
        # The command refuses it too.
        with pytest.raises(ValueError, match="hint 1"):
            parse_hints([entry])
        shown.locator("#hints-file").set_input_files(file)
        expect(shown.locator("#wrong")).to_have_text("")
    hand.settled()


def outlined(shown: Page) -> dict[str, Any]:
    """The outline over the picture.

    `hint` is what it was asked for, `strong` whether the rest is darkened, `shade` the alpha of the dark beside SPOT,
    `dark` the share of pixels that are darkened, `line` the share of pixels of the line.
    """
    expect(shown.locator("#outline")).to_be_visible()
    found: dict[str, Any] = shown.evaluate(
        """([x, y]) => {
          const [line, shade] = ["outline", "shade"].map((id) => document.getElementById(id));
          const { width, height } = line;
          const pixels = (node) => node.getContext("2d").getImageData(0, 0, width, height).data;
          const alpha = (node) => pixels(node).filter((_, at) => at % 4 === 3);
          const share = (values, least) => values.filter((value) => value > least).length / values.length;
          const dark = alpha(shade);
          return { hint: JSON.parse(line.dataset.shows)[2], strong: !shade.hidden, line: share(alpha(line), 0),
            dark: share(dark, 100), shade: dark[Math.round(y * height) * width + Math.round(x * width)] };
        }""",
        [SPOT[0] + 0.02, SPOT[1] + 0.01],
    )
    return found


def test_the_reach_is_shown_before_there_is_a_colour(shown: Page, hand: Any) -> None:
    asked = looks(shown)
    hand.click(*SPOT)
    expect(shown.locator("#likely .swatch").first).to_be_focused()
    seen = outlined(shown)
    assert (seen["hint"]["reach"], seen["strong"], asked) == ("thing", True, [])
    # The place itself is as it was, and most of the rest is darkened.
    assert seen["shade"] < 40
    assert seen["dark"] > 0.3

    # With a colour only the line stays, and while a colour is held down the rest is dark again.
    swatch = shown.locator("#likely .swatch").nth(3)
    swatch.click()
    hand.settled()
    hand.until("document.getElementById('shade').hidden")
    assert outlined(shown)["line"] < 0.1
    swatch.hover()
    shown.mouse.down()
    hand.until("!document.getElementById('shade').hidden")
    shown.mouse.up()
    hand.until("document.getElementById('shade').hidden")
    shown.keyboard.press("Escape")
    assert not shown.locator("#outline").is_visible()


def test_each_reach_changes_what_it_says(shown: Page, hand: Any) -> None:
    asked = looks(shown)
    plain = hand.color(*SPOT)
    hand.click(*SPOT)
    shown.locator("#likely .swatch").nth(3).click()
    hand.settled()
    hinted = hand.color(*SPOT)
    group = shown.get_by_role("radiogroup", name="Where the colour goes")
    assert group.locator("label").all_inner_texts() == [
        "Only here",
        "This thing",
        "Everything like it",
        "Keep as it is",
    ]
    assert group.get_by_role("radio", name="This thing").is_checked()
    assert "reach" not in asked[-1]["hints"][0]
    group.get_by_text("Everything like it").click()
    hand.settled()
    assert asked[-1]["hints"][0]["reach"] == "like"

    group.get_by_text("Only here").click()
    hand.settled()
    radius = shown.get_by_label("Size of the spot")
    assert asked[-1]["hints"][0] == {**asked[0]["hints"][0], "reach": "here", "radius": 0.03}
    hand.until("JSON.parse(document.getElementById('outline').dataset.shows)[2].reach === 'here'")
    small = outlined(shown)["line"]
    radius.fill("0.6")
    hand.settled()
    assert asked[-1]["hints"][0]["radius"] == pytest.approx(0.18)
    assert shown.locator("#radius-words").inner_text() == "18%"
    hand.until("JSON.parse(document.getElementById('outline').dataset.shows)[2].radius === 0.18")
    # The line around a disc is as long as its radius is large.
    assert outlined(shown)["line"] > 3 * small
    beside = hand.color(SPOT[0] + 0.1, SPOT[1])
    assert np.abs(hand.color(*SPOT) - hinted).max() < 6

    group.get_by_text("Keep as it is").click()
    hand.settled()
    (kept,) = asked[-1]["hints"]
    assert kept == {"x": kept["x"], "y": kept["y"], "reach": "keep"}
    assert np.abs(hand.color(*SPOT) - plain).max() < 2
    assert np.abs(hand.color(SPOT[0] + 0.1, SPOT[1]) - beside).max() > 2
    assert not shown.locator("#swatches").is_visible()
    assert (
        shown.locator(".mark.kept").get_attribute("aria-label").startswith("Kept as it is, 45% from the left")
    )
    # The colour that it had comes back, and every step of the way can be undone.
    group.get_by_text("This thing").click()
    hand.settled()
    assert np.abs(hand.color(*SPOT) - hinted).max() < 2
    for expected in ("keep", "here", "here", "like", None):
        shown.keyboard.press("Control+z")
        hand.settled()
        assert (
            json.loads(str(shown.locator("#stage").get_attribute("data-look")))["hints"][0].get("reach")
            == expected
        )
    assert not shown.locator("#palette").is_visible()


def test_a_thing_is_kept_without_a_colour_and_let_go_again(shown: Page, hand: Any, tmp_path: Path) -> None:
    hand.hint(0.7, 0.4, 5)
    asked = looks(shown)
    hand.click(*SPOT)
    shown.locator("#likely .swatch").first.wait_for()
    shown.get_by_text("Keep as it is").click()
    hand.settled()
    assert asked[-1]["hints"][1]["reach"] == "keep"
    assert shown.locator("#say").inner_text() == "Kept as it is."
    shown.keyboard.press("Escape")
    # It is in the file of hints, which the command reads.
    shown.get_by_text("Your colours").click()
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name="Save", exact=True).click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert [hint.reach for hint in parse_hints(json.loads(text))] == ["thing", "keep"]
    shown.locator(".mark.kept").click()
    shown.get_by_text("This thing").click()
    hand.settled()
    # It never had a colour, so it is a new point again.
    assert len(asked[-1]["hints"]) == 1
    assert shown.locator(".mark.pending").count() == 1
    shown.locator("#cloth .swatch").first.click()
    hand.settled()
    assert [hint.get("reach") for hint in asked[-1]["hints"]] == [None, None]
    shown.locator("#hints-file").set_input_files(
        {"name": "a.json", "mimeType": "application/json", "buffer": text.encode()}
    )
    hand.settled()
    assert shown.locator(".mark.kept").count() == 1


def test_a_newer_look_aborts_the_older(shown: Page, hand: Any) -> None:
    aborted: list[int] = []
    held: list[Route] = []

    def note(request: Request) -> None:
        # The small pictures of looks are given up too.
        if "side" not in request.post_data_json:
            aborted.append(request.post_data_json["candidate"])

    shown.on("requestfailed", note)
    shown.get_by_text("Other versions").click()
    hand.until("document.querySelectorAll('#candidates img[src]').length === 3")

    def hold(route: Route) -> None:
        if held or "side" in route.request.post_data_json:
            route.continue_()
        else:
            held.append(route)

    shown.route("**/view", hold)
    shown.locator("#candidates").get_by_text("Version 2").click()
    hand.until("document.querySelector('#stage.busy')")
    shown.locator("#candidates").get_by_text("Version 3").click()
    hand.settled()
    assert aborted == [1]
    assert json.loads(str(shown.locator("#stage").get_attribute("data-look")))["candidate"] == 2


def test_versions_are_those_of_the_open_photo(shown: Page, hand: Any, photo: Any) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    shown.route("**/view", hold)
    shown.get_by_text("Other versions").click()
    while not held:
        shown.wait_for_timeout(20)
    # While the first version is on its way another photo is opened: the rest must not be asked of that one.
    letter = {"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear Ann,"}
    shown.locator("#files").set_input_files([letter])
    expect(shown.locator("#strip li").nth(1)).to_have_class("failed")
    asked = looks(shown)
    shown.unroute("**/view")
    with contextlib.suppress(Error):  # the page may have given it up
        held[0].continue_()
    shown.wait_for_timeout(500)
    assert asked == []
    shown.get_by_role("button", name="portrait.png").click()
    hand.until("document.querySelectorAll('#candidates img[src]').length === 3")
    assert shown.locator("#wrong").inner_text() == ""

"""How the page reads: narrow, dark, by keyboard, by a screen reader, without motion, and its texts."""

from __future__ import annotations

import itertools
import json
import re
from importlib.resources import files
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

# What is scrolled by itself may be wider than the window.
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter((node) => {
  if (!node.checkVisibility() || node.closest("#strip, #stage, .unseen, #target")) return false;
  const box = node.getBoundingClientRect();
  return box.width && (box.left < -1 || box.right > innerWidth + 1);
}).map((node) => node.id || node.outerHTML.slice(0, 60))"""
NAMELESS = """() => [...document.querySelectorAll("button, input, summary, [role], [tabindex]")].filter((node) => {
  if (!node.checkVisibility() || node.closest("[hidden]")) return false;
  if (["alert", "status"].includes(node.role) || node.tabIndex < 0 && node.localName === "h2") return false;
  return !(node.ariaLabel || node.getAttribute("aria-labelledby") || node.labels?.length || node.textContent.trim());
}).map((node) => node.outerHTML.slice(0, 80))"""
SAID = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [...document.querySelectorAll("[aria-label]")].map((node) => node.ariaLabel);
  for (let node; (node = walker.nextNode()); ) found.push(node.data.trim());
  return found;
}"""
# Deque's axe-core, which comes with that package.
AXE = files(axe_playwright_python).joinpath("axe.min.js").read_text(encoding="utf-8")
FINDINGS = """async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 80))]);
}"""
TEXTS = json.loads(files("photochrom.studio").joinpath("page", "en.json").read_text(encoding="utf-8"))


def everything(shown: Page, hands: Any, photo: Any) -> Any:
    """Bring the page into a state that has all of it: photos, a bad one, all sections open, a palette."""
    hand = hands(shown)
    bad = {
        "name": "a-very-long-name-without-any-room-to-break-it-anywhere.png",
        "mimeType": "image/png",
        "buffer": b"x",
    }
    hand.add(photo("first.png"), bad, photo("third.png"))
    expect(shown.locator("#summary")).to_have_text("2 of 3 done, 1 failed")
    hand.until("document.querySelectorAll('#looks img[src]').length === 6")
    for section in ("Adjust", "Other versions", "References", "Turn and crop", "Your colours"):
        shown.locator("summary", has_text=section).click()
    shown.locator("#reference-files").set_input_files([photo("garden.png", color=True)])
    expect(shown.locator("#reference-list canvas")).to_be_visible()
    shown.get_by_label("Show uncertain colours").check()
    hand.until("document.querySelectorAll('#candidates img[src]').length === 3")
    shown.evaluate("scrollTo(0, 0)")
    hand.hint(0.45, 0.75, 2)
    return hand


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits_and_can_be_read(
    view: Any, hands: Any, photo: Any, faint: Any, scheme: str, width: int
) -> None:
    phone = {"has_touch": True, "is_mobile": True} if width < 1000 else {}
    shown = view(width=width, height=844, color_scheme=scheme, **phone)
    shown.evaluate(AXE)
    ground = shown.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(ground) < 200) == (scheme == "dark")
    # Any tint beside a photograph changes how its colours look.
    assert len(set(ground)) == 1

    def check() -> None:
        assert shown.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        assert shown.evaluate(OUTSIDE) == []
        assert faint(shown, ".tag, .unseen, :disabled, noscript") == []
        assert shown.evaluate(NAMELESS) == []
        assert shown.evaluate(FINDINGS) == []
        said = shown.evaluate(SAID)
        assert [text for text in said if text in TEXTS or re.search(r"\{\w+\}|undefined|NaN", text)] == []

    check()
    hand = everything(shown, hands, photo)
    check()
    hand.click(0.7, 0.4)
    shown.locator(".swatch").first.wait_for()
    check()
    box = shown.locator("#palette").bounding_box()
    assert box is not None
    assert (box["y"] >= 0, box["y"] + box["height"] <= 844) == (True, True)
    shown.get_by_text("Only here").click()
    check()
    shown.get_by_text("Keep as it is").click()
    check()
    shown.keyboard.press("Escape")
    shown.get_by_role("button", name="a-very-long-name").click()
    check()


# The second height is what a phone's browser leaves of the first.
@pytest.mark.parametrize("height", [844, 664])
def test_picture_and_download_are_above_the_fold(view: Any, hands: Any, photo: Any, height: int) -> None:
    shown = view(width=390, height=height, has_touch=True, is_mobile=True)
    hands(shown).add(photo("a.png"), photo("b.png"), photo("c.png"))
    expect(shown.locator("#summary")).to_have_text("3 of 3 done")
    rows = shown.evaluate(
        """["top", "stage", "tools", "strip", "take"].map((id) => {
          const box = document.getElementById(id).getBoundingClientRect();
          return [box.top, box.bottom];
        })"""
    )
    assert [rows[0][0], rows[-1][1]] == [0, height]
    assert all(above[1] <= below[0] + 1 for above, below in itertools.pairwise(rows))
    header = shown.locator("#top :is(h1, #summary, button)").evaluate_all(
        "nodes => nodes.map((node) => node.getBoundingClientRect()).map((box) => (box.top + box.bottom) / 2)"
    )
    assert max(header) - min(header) < 2
    # Every tool has its name below its sign.
    tools = shown.locator("#tools button").evaluate_all("nodes => nodes.map((node) => node.innerText.trim())")
    assert tools == ["Undo", "Redo", "Add point", "Smaller", "Larger", "Fit", "100%"]
    # The palette leaves the picture free, and its likely colours are seen without scrolling.
    shown.touchscreen.tap(*hands(shown).spot(0.3, 0.6))
    expect(shown.locator("#likely .swatch").first).to_be_focused()
    stage, palette, last = (
        shown.locator(selector).bounding_box()
        for selector in ("#stage", "#palette", "#likely .swatch:last-child")
    )
    assert stage["y"] + stage["height"] <= palette["y"] + 1
    assert last["y"] + last["height"] <= height


def test_the_photo_stays_in_sight_on_a_phone(view: Any, hands: Any, photo: Any) -> None:
    shown = view(width=390, height=844, has_touch=True, is_mobile=True)
    hands(shown).add(photo())
    shown.get_by_role("button", name="Download").scroll_into_view_if_needed()
    box = shown.locator("#stage").bounding_box()
    assert box is not None
    assert box["y"] >= -1
    assert shown.get_by_role("button", name="Download").is_visible()


def test_fingers_draw_the_divider_and_pinch(view: Any, hands: Any, photo: Any) -> None:
    shown = view(width=390, height=844, has_touch=True, is_mobile=True)
    hand = hands(shown)
    hand.add(photo())
    fingers = shown.context.new_cdp_session(shown)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        spots = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})

    start, end = hand.spot(0.5, 0.3), hand.spot(0.8, 0.3)
    touch("touchStart", start)
    for share in (0.25, 0.5, 0.75, 1):
        touch("touchMove", (start[0] + share * (end[0] - start[0]), start[1]))
    touch("touchEnd")
    assert shown.locator("#divider").get_attribute("aria-valuenow") == "80"

    width = "document.getElementById('sheet').offsetWidth"
    fit = shown.evaluate(width)
    middle = hand.spot(0.5, 0.5)
    for apart in (40, 60, 80, 100, 120):
        pair = ((middle[0] - apart, middle[1]), (middle[0] + apart, middle[1]))
        touch("touchStart" if apart == 40 else "touchMove", *pair)
    touch("touchEnd")
    assert shown.evaluate(width) == pytest.approx(3 * fit, rel=0.1)
    assert not shown.locator("#palette").is_visible()

    # A tap is a click: on a phone the palette lies below the picture.
    shown.get_by_role("button", name="Fit").tap()
    shown.touchscreen.tap(*hand.spot(0.45, 0.4))
    shown.locator(".swatch").first.wait_for()
    palette, stage = shown.locator("#palette").bounding_box(), shown.locator("#stage").bounding_box()
    assert palette is not None
    assert stage is not None
    assert palette["y"] >= stage["y"] + stage["height"]


def test_the_keyboard_reaches_everything_in_order(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    everything(shown, hands, photo)
    # From the top, where a click on the title puts the browser's idea of what is next.
    shown.locator("h1").click()
    where = """() => { const node = document.activeElement, style = getComputedStyle(node);
      const ring = [node, ...node.querySelectorAll("span"), node.nextElementSibling].some((one) => {
        const seen = one && getComputedStyle(one);
        return seen && seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) >= 2;
      }) || parseFloat(getComputedStyle(node, "::before").outlineWidth) >= 2;
      const name = node.id || node.name || node.className || node.closest("[id]")?.id || node.localName;
      return [name, node.localName === "body", ring]; }"""
    stops = []
    for _ in range(60):
        shown.keyboard.press("Tab")
        stop = shown.evaluate(where)
        if stop[1]:
            break
        stops.append(stop)
    assert [stop for stop in stops if not stop[2]] == []
    order = [stop[0] for stop in stops]
    wanted = "more all stage mark divider undo point out in fit full look adjust strength colorfulness warmth"
    wanted += " look-all look-save look-load versions candidate references reference-add sure"
    wanted += " looking turn crop whole hints hints-save hints-load hints-clear download remove strip"
    assert [stop for stop in dict.fromkeys(order) if stop in wanted.split()] == wanted.split()
    assert order.count("strip") == 3


def test_a_screen_reader_hears_what_happens(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    heard: list[str] = []

    def hear(text: str) -> None:
        heard.append(text)

    shown.expose_function("hear", hear)
    shown.evaluate(
        """() => new MutationObserver(() => hear(document.getElementById("say").textContent))
        .observe(document.querySelector("[role=status][aria-live=polite]"), { childList: true })"""
    )
    hand = everything(shown, hands, photo)
    shown.locator(".mark").press("Delete")
    shown.keyboard.press("Control+z")
    hand.settled()
    assert heard[0] == "3 photos added."
    assert any(line.startswith("a-very-long-name") and "failed. " in line for line in heard)
    assert "2 of 3 done, 1 failed" in heard
    assert heard[-2:] == ["Colour removed.", "Undone."]
    assert shown.get_by_role("img", name="first.png as it was").count() == 1
    assert shown.get_by_role("slider").count() == 4
    assert shown.locator("#strip button[aria-current=true]").get_attribute("aria-label") == "first.png: done"
    assert shown.locator("html").get_attribute("lang") == "en"


def test_motion_stops_where_it_is_not_wanted(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    hands(shown).add(photo())
    moving = """() => { document.getElementById("stage").classList.add("busy");
      return [...document.querySelectorAll("*")].flatMap((node) =>
        ["", "::after", "::before"].map((part) => getComputedStyle(node, part).transitionDuration)); }"""
    assert set(shown.evaluate(moving)) == {"0s"}
    shown.emulate_media(reduced_motion="no-preference")
    assert set(shown.evaluate(moving)) > {"0s"}


def test_without_javascript_there_is_a_word(view: Any, browser: Any, studio: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    shown = context.new_page()
    shown.goto(studio.url)
    assert "photochrom colorize" in shown.locator("noscript").inner_text()
    context.close()


@pytest.mark.parametrize(
    ("locale", "title", "strength"),
    [
        ("de-AT", "Farbe für Schwarz‑Weiß‑Fotos", "Stärke"),
        ("fr-CA", "De la couleur pour les photos en noir et blanc", "Force"),
    ],
)
def test_it_speaks_the_language_of_the_browser(
    view: Any, hands: Any, photo: Any, locale: str, title: str, strength: str
) -> None:
    shown = view(width=390, height=844, locale=locale, has_touch=True, is_mobile=True)
    assert shown.locator("html").get_attribute("lang") == locale[:2]
    assert shown.get_by_role("heading", name=title).is_visible()
    hands(shown).add(photo("a.png"), photo("b.png"))
    expect(shown.locator("#all")).to_be_visible()
    # Longer words fit on a phone too.
    assert shown.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert shown.evaluate(OUTSIDE) == []
    assert shown.locator("label[for=strength]").text_content() == strength

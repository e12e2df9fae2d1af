"""The page in a real Chromium, with everything shown for about a tenth of a second instead of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from photochrom.bench.turing.store import Study
from photochrom.bench.turing.trials import Settings

# 110 ms are no whole number of frames: what is stored must be what was, not what was wanted.
QUICK = Settings(trials=3, practice=1, seconds=0.11, pause=0.02)
OTHER = {"left": "right", "right": "left"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
Open = Callable[..., Page]

# An observer is told within the frame of the change, and the timeline has the time of that frame.
OBSERVE = """
window.seen = [];
for (const frame of document.querySelectorAll(".frame")) {
  new MutationObserver(([change]) => {
    const shows = (names) => names.split(" ").includes("on") && !names.split(" ").includes("told");
    if (shows(change.oldValue) !== shows(frame.className)) seen.push([frame.id, document.timeline.currentTime]);
  }).observe(frame, { attributeFilter: ["class"], attributeOldValue: true });
}
"""


@pytest.fixture
def server(begin_study: Callable[..., Study], serve: Callable[[Study], Any]) -> Any:
    return serve(begin_study(QUICK))


@pytest.fixture
def open_page(browser: Browser, server: Any) -> Iterator[Open]:
    """Opens the study in a browser of its own (its own cookies); whatever the console says is a failure."""
    contexts, said = [], []

    def make(**options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(server.url)
        return page

    yield make
    for context in contexts:
        context.close()
    # What the browser itself says of a request that fails, which two tests mean to happen.
    assert [line for line in said if not line.startswith("Failed to load resource")] == []


def rows(server: Any, query: str = "SELECT * FROM trials ORDER BY participant, number") -> list[Any]:
    db = sqlite3.connect(server.study.path)
    db.row_factory = sqlite3.Row
    found = db.execute(query).fetchall()
    db.close()
    return found


def shown(server: Any, page: Page) -> Any:
    """The study's row of the pair that the page shows."""
    token = page.locator("#left img").get_attribute("src").removeprefix("/picture/")  # type: ignore[union-attr]
    return next(row for row in rows(server) if row["left_token"] == token)


def wait_for_question(page: Page) -> None:
    expect(page.locator("#left")).to_be_enabled(timeout=20_000)


def answer(server: Any, page: Page, *, fooled: bool, touch: bool = False) -> None:
    """Wait for the question, answer, and go on from the feedback where there is one."""
    wait_for_question(page)
    row = shown(server, page)
    side = OTHER[row["coloured"]] if fooled else row["coloured"]
    if touch:
        page.locator(f"#{side}").tap()
    else:
        page.keyboard.press({"left": "f", "right": "ArrowRight"}[side])
    if row["kind"] == "practice":
        expect(page.locator("#next")).to_be_visible()
        page.keyboard.press("Enter")
    else:
        expect(page.locator(f"img[src='/picture/{row['left_token']}']")).to_have_count(0)


def test_a_participant_from_the_instructions_to_the_thanks(server: Any, open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#amount")).to_contain_text("First 1 pair for practice")
    expect(page.locator("#amount")).to_contain_text("4 pairs that count")
    # Who only reads the instructions is no participant.
    assert rows(server) == []
    page.evaluate(OBSERVE)
    page.get_by_role("button", name="Start").press("Enter")

    wait_for_question(page)
    practice = shown(server, page)
    expect(page.locator("#count")).to_have_text("Practice 1 of 1")
    expect(page.locator("#question")).to_have_text("Which one did the computer colour?")
    page.keyboard.press({"left": "ArrowLeft", "right": "j"}[practice["coloured"]])
    expect(page.locator("#question")).to_have_text("Right, that one was coloured by the computer.")
    expect(page.locator(f"#{practice['coloured']} .verdict")).to_have_text("Coloured by the computer")
    expect(page.locator(f"#{OTHER[practice['coloured']]} .verdict")).to_have_text("True colours")
    expect(page.locator("#next")).to_be_focused()
    page.keyboard.press("Enter")

    wait_for_question(page)
    expect(page.locator("#count")).to_have_text("Pair 1 of 4")
    for number in range(4):
        wait_for_question(page)
        kind = shown(server, page)["kind"]
        # No word of feedback, and nothing in the document that says which is which.
        assert not any(
            word in page.content() for word in ("alpha", "beta", "p00", "truth", "check", "True colours")
        )
        answer(server, page, fooled=kind == "test" and number % 2 == 0)
    expect(page.locator("#done h1")).to_be_focused()
    tests = [row for row in rows(server) if row["kind"] == "test"]
    found = sum(row["answer"] == row["coloured"] for row in tests)
    expect(page.locator("#score")).to_have_text(f"You found the computer's photo in {found} of 3 pairs.")

    seen = page.evaluate("seen")
    order = [side for row in rows(server) for side in (row["first"], OTHER[row["first"]])]
    assert [side for side, _ in seen] == [side for side in order for _ in ("begins", "ends")]
    stored = [ms for row in rows(server) for ms in (row["first_ms"], row["second_ms"])]
    times = [time for _, time in seen]
    assert stored == pytest.approx([b - a for a, b in zip(times[::2], times[1::2], strict=True)], abs=0.2)
    # To the nearest frame; the shortest that this can be is one frame of two thirds of the time.
    assert min(stored) > 73
    assert [row["looks"] for row in rows(server)] == [1] * 5
    assert min(row["thought_ms"] for row in rows(server)) > 0


def test_a_reload_loses_nothing(server: Any, open_page: Open) -> None:
    page = open_page()
    page.click("#start")
    answer(server, page, fooled=True)
    answer(server, page, fooled=True)
    wait_for_question(page)
    before = shown(server, page)
    page.reload()
    expect(page.locator("#back")).to_have_text("Welcome back. You go on with pair 2 of 4.")
    page.get_by_role("button", name="Go on").click()
    wait_for_question(page)
    assert shown(server, page)["token"] == before["token"]
    for _ in range(3):
        answer(server, page, fooled=True)
    expect(page.locator("#score")).to_have_text("You found the computer's photo in 0 of 3 pairs.")
    page.reload()
    expect(page.locator("#score")).to_have_text("You found the computer's photo in 0 of 3 pairs.")
    assert [row["looks"] for row in rows(server)] == [1, 1, 2, 1, 1]
    assert str(server.study.counts()) == "1 participant, 1 finished, 5 answers"
    # Somebody else on the same device begins anew, with other pairs.
    page.get_by_role("button", name="Begin for another person").click()
    page.get_by_role("button", name="Start").click()
    answer(server, page, fooled=False)
    assert str(server.study.counts()) == "2 participants, 1 finished, 6 answers"


def test_two_browsers_at_once(server: Any, open_page: Open) -> None:
    one, two = open_page(), open_page()
    one.click("#start")
    two.click("#start")
    for _ in range(5):
        answer(server, one, fooled=False)
        answer(server, two, fooled=True)
    expect(one.locator("#score")).to_contain_text("in 3 of 3 pairs")
    expect(two.locator("#score")).to_contain_text("in 0 of 3 pairs")
    assert str(server.study.counts()) == "2 participants, 2 finished, 10 answers"


def test_only_the_first_of_two_keys_counts_and_none_before_the_question(server: Any, open_page: Open) -> None:
    page = open_page()
    page.click("#start")
    answer(server, page, fooled=False)
    # The next pair is being shown; neither key nor click says anything yet.
    page.locator(".frame.soon, .frame.on").first.wait_for()
    page.evaluate(
        "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'f'})); document.querySelector('#left').click()"
    )
    assert str(server.study.counts()) == "1 participant, 0 finished, 1 answer"
    wait_for_question(page)
    token = shown(server, page)["token"]
    # A key that is held down repeats itself; it was meant for the pair before.
    page.evaluate(
        "for (const init of [{key: 'f', repeat: true}, {key: 'f', ctrlKey: true}, {key: 'j'}, {key: 'f'}])"
        " document.dispatchEvent(new KeyboardEvent('keydown', init))"
    )
    expect(page.locator("#count")).to_have_text("Pair 2 of 4")
    (row,) = (row for row in rows(server) if row["token"] == token)
    assert row["answer"] == "right"
    assert str(server.study.counts()) == "1 participant, 0 finished, 2 answers"


def test_an_answer_outlives_a_lost_connection(server: Any, open_page: Open) -> None:
    page = open_page()
    page.click("#start")
    answer(server, page, fooled=False)
    wait_for_question(page)
    row = shown(server, page)
    page.context.set_offline(True)
    page.keyboard.press("f")
    expect(page.get_by_role("alert")).to_contain_text("Nothing is lost")
    expect(page.get_by_role("button", name="Try again")).to_be_focused()
    assert server.study.counts().answers == 1
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#count")).to_have_text("Pair 2 of 4")
    assert [(r["answer"], r["looks"]) for r in rows(server) if r["token"] == row["token"]] == [("left", 1)]
    wait_for_question(page)


def test_a_page_of_an_older_study_is_loaded_again(server: Any, open_page: Open) -> None:
    page = open_page()
    page.click("#start")
    wait_for_question(page)
    page.context.clear_cookies()
    page.keyboard.press("f")
    expect(page.get_by_role("alert")).to_contain_text("Load it again")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def test_on_a_phone(server: Any, open_page: Open) -> None:
    page = open_page(**PHONE)

    def overflow() -> bool:
        return page.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert not overflow()
    expect(page.locator(".keys")).to_be_hidden()
    page.locator("#start").tap()
    wait_for_question(page)
    upper, lower = (page.locator(f"#{side}").bounding_box() for side in ("left", "right"))
    assert upper is not None
    assert lower is not None
    assert upper["y"] + upper["height"] <= lower["y"]
    assert lower["y"] + lower["height"] <= 844
    assert min(upper["width"], upper["height"]) > 250
    expect(page.get_by_role("button", name="Upper photo")).to_be_enabled()
    expect(page.get_by_role("button", name="Lower photo")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    for number in range(5):
        assert not overflow()
        if number == 2:
            page.set_viewport_size({"width": 320, "height": 568})
        answer(server, page, fooled=False, touch=True)
    expect(page.locator("#score")).to_contain_text("in 3 of 3 pairs")
    assert not overflow()


def test_what_a_reader_of_the_screen_and_a_careful_eye_get(open_page: Open) -> None:
    page = open_page(reduced_motion="reduce", viewport={"width": 1280, "height": 800})
    expect(page.get_by_role("main")).to_have_count(1)
    question = "Which one did the computer colour?"
    expect(page).to_have_title(question)
    expect(page.get_by_role("heading", name=question)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Start")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_question(page)
    left, right = (page.get_by_role("button", name=name, exact=True) for name in ("Left", "Right"))
    expect(right).to_be_enabled()
    expect(page.get_by_role("progressbar", name="Practice 1 of 1")).to_be_visible()
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.press("Tab")
    expect(left).to_be_focused()
    assert left.evaluate("e => getComputedStyle(e).transitionDuration") == "0s"
    # Neutral surroundings: no element has a hue of its own.
    colours = page.evaluate(
        "[...document.querySelectorAll('body, body *')].flatMap((e) => ['color', 'backgroundColor', 'borderTopColor']"
        ".map((name) => getComputedStyle(e)[name].match(/[0-9.]+/g).slice(0, 3)))"
    )
    assert all(red == green == blue for red, green, blue in colours)
    # 4.5 is what WCAG asks of small text; the ground is dark, but no black.
    ground, text = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.small')).color]"
        ".map((colour) => Math.pow(colour.match(/[0-9]+/)[0] / 255, 2.2))"
    )
    assert 0.03 < ground < 0.2
    assert (text + 0.05) / (ground + 0.05) > 4.5
    page.keyboard.press("Enter")
    expect(page.locator("#next")).to_be_focused()
    page.keyboard.press("Space")
    wait_for_question(page)

"""The page of the API in Chromium: its operations can be tried, under the same policy as the studio's page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect


def section(shown: Page, heading: str) -> Any:
    """One operation, with its form opened."""
    found = shown.locator("section").filter(has=shown.get_by_role("heading", name=heading, exact=True))
    found.locator("summary").click()
    return found


def test_an_operation_is_tried(browser: Any, studio: Any, photo: Any) -> None:
    heard: list[str] = []
    context = browser.new_context()
    shown = context.new_page()

    def hear(message: Any) -> None:
        heard.append(str(message))

    shown.on("console", lambda message: hear(message.text))
    shown.on("pageerror", hear)
    shown.goto(f"{studio.url}docs")
    colorize = section(shown, "POST /api/colorize")
    # The photo is the first field, and a form without it is not sent.
    first = colorize.locator("input").first
    assert (first.get_attribute("name"), first.get_attribute("required")) == ("file", "")
    first.set_input_files([photo("a.png")])
    colorize.get_by_label("look").fill("softer")
    colorize.get_by_role("button", name="Send").click()
    expect(colorize.locator("output p")).to_have_text("200 image/png")
    expect(colorize.locator("output img")).to_be_visible()
    assert (
        colorize.locator("output img").evaluate(
            "async (image) => { await image.decode(); return image.naturalWidth; }"
        )
        == 384
    )

    view = section(shown, "POST /api/photos/{id}/view")
    view.get_by_label("id (required)", exact=True).fill("nobody")
    view.get_by_role("button", name="Send").click()
    expect(view.locator("output")).to_contain_text("there is no such photo, or its time is over")
    # The browser itself reports the answer 404.
    assert [line for line in heard if "404" not in line] == []
    context.close()

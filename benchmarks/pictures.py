"""The pictures of README.md, made anew: the examples in colour, and the studio in Chromium at work on them.

    python benchmarks/pictures.py [--out docs]

Writes ``examples.jpg``, ``images/studio-desktop.png`` and ``images/studio-phone.png``: after new weights, or when the
page has changed. The hints in the studio's pictures are the ones below; everything else is the default model's.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from page import EXAMPLE, launch
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from studio_process import Served, serving

from photochrom import Colorizer

EXAMPLES = EXAMPLE.parent
ROWS = (("astronaut.jpg", "chelsea.jpg"), ("rocket.jpg",), ("coffee.jpg",))
WIDTH, GAP = 1200, 6
DIVIDED = 0.2
HINTS: list[dict[str, Any]] = [
    {"x": 0.30, "y": 0.62, "color": "#c8622a"},
    {"x": 0.62, "y": 0.62, "color": "#c8622a"},
    {"x": 0.42, "y": 0.24, "color": "#d0a080"},
    {"x": 0.36, "y": 0.17, "color": "#80543a"},
    {"x": 0.34, "y": 0.08, "color": "#8098b8"},
    {"x": 0.60, "y": 0.08, "color": "#8098b8"},
    {"x": 0.96, "y": 0.30, "color": "#8098b8"},
    {"x": 0.86, "y": 0.20, "color": "#b06838"},
    {"x": 0.03, "y": 0.12, "color": "#304880"},
    {"x": 0.055, "y": 0.52, "color": "#b03038"},
]
SHOTS: dict[str, dict[str, Any]] = {
    "studio-desktop.png": {"viewport": {"width": 1280, "height": 800}},
    "studio-phone.png": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 1.5,
        "has_touch": True,
        "is_mobile": True,
        "color_scheme": "dark",
    },
}


def examples() -> Image.Image:
    """Each example grey and in colour, in rows of one width."""
    colorizer = Colorizer()
    rows = []
    for names in ROWS:
        pairs = []
        for name in names:
            with Image.open(EXAMPLES / name) as photo:
                grey = photo.convert("L")
            pair = Image.new("RGB", (2 * grey.width, grey.height))
            pair.paste(grey, (0, 0))
            pair.paste(colorizer.colorize(grey), (grey.width, 0))
            pairs.append(pair)
        room = WIDTH - GAP * (len(pairs) - 1)
        height = round(room / sum(pair.width / pair.height for pair in pairs))
        row, left = Image.new("RGB", (WIDTH, height), "white"), 0
        for pair in pairs:
            small = pair.resize((round(height * pair.width / pair.height), height), Image.Resampling.LANCZOS)
            row.paste(small, (left, 0))
            left += small.width + GAP
        rows.append(row)
    sheet, top = Image.new("RGB", (WIDTH, sum(row.height + GAP for row in rows) - GAP), "white"), 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + GAP
    return sheet


def settled(page: Page) -> None:
    """Wait until the picture shows what the controls say."""
    page.locator("#stage.shown:not(.busy)").wait_for()
    page.wait_for_timeout(1500)


def studio(browser: Browser, served: Served, out: Path, **device: Any) -> None:
    """The page with all examples, hints on the first, and a palette open."""
    page = browser.new_context(locale="en-GB", **device).new_page()
    page.goto(served.url)
    page.locator("html[data-ready]").wait_for()
    page.locator("#files").set_input_files([EXAMPLES / name for names in ROWS for name in names])
    settled(page)
    hints = {"name": "hints.json", "mimeType": "application/json", "buffer": json.dumps(HINTS).encode()}
    page.locator("#hints-file").set_input_files([hints])
    settled(page)
    page.get_by_text("Other versions").click()
    settled(page)
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#sheet").bounding_box()
    assert box is not None

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    page.mouse.move(*at(0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*at(DIVIDED, 0.5), steps=5)
    page.mouse.up()
    page.mouse.click(*at(HINTS[1]["x"], HINTS[1]["y"]))
    page.locator(".swatch").first.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=out)


def main() -> None:
    """Parse the command line and write the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "docs")
    out = parser.parse_args().out
    (out / "images").mkdir(parents=True, exist_ok=True)
    examples().save(out / "examples.jpg", quality=88)
    with serving() as served, sync_playwright() as playwright:
        browser = launch(playwright)
        for name, device in SHOTS.items():
            studio(browser, served, out / "images" / name, **device)
            with Image.open(out / "images" / name) as shot:
                shot.convert("RGB").quantize(256).save(out / "images" / name, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()

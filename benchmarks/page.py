"""The studio's page in Chromium, measured: hint click to new picture, weight, time until it is usable.

    python benchmarks/page.py [--hints 30] [--loads 11]

It starts `photochrom serve` on a free port of the loopback. A hint's time runs from the click on a colour of the
palette to the second frame after the picture has changed; each click is on another place, and all hints stay. The page
is usable once it takes photos; each load is in a browser profile of its own, with nothing cached.
"""

import argparse
import io
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from studio_process import Served, serving

EXAMPLE = Path(__file__).parent.parent / "examples" / "astronaut.jpg"
SIDES = (1152, 868)
"""A megapixel, the size of the view."""

# Runs before the page's own scripts. The second frame after a change is the first that surely shows it.
WATCH = """
window.waits = [];
addEventListener("click", (event) => {
  if (event.target.matches?.(".swatch")) window.clicked = event.timeStamp;
}, { capture: true });
new MutationObserver(() => {
  const root = document.documentElement;
  if (root?.dataset.ready === "" && !window.usable) window.usable = performance.now();
  const look = document.getElementById("stage")?.dataset.look;
  if (look === window.look) return;
  window.look = look;
  if (!window.clicked) return;
  const from = window.clicked;
  window.clicked = 0;
  requestAnimationFrame(() => requestAnimationFrame((now) => window.waits.push(now - from)));
}).observe(document, { subtree: true, childList: true, attributeFilter: ["data-ready", "data-look"] });
"""


def photo() -> bytes:
    """A grey JPEG of a megapixel, with film grain."""
    with Image.open(EXAMPLE) as image:
        large = np.asarray(image.convert("L").resize(SIDES, Image.Resampling.BICUBIC)).astype(np.int16)
    grain = np.random.default_rng(0).integers(-6, 7, large.shape, np.int16)
    out = io.BytesIO()
    Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, without a window."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit(f"no Chromium found; looked for {', '.join(names)} in PATH")
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


def opened(browser: Browser, served: Served) -> tuple[Page, int]:
    """A page that has just become usable, and how many bytes came for it."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.add_init_script(WATCH)
    page.goto(served.url)
    page.locator("html[data-ready]").wait_for()
    page.wait_for_load_state("networkidle")
    return page, sum(sizes)


def waits(page: Page, hints: int) -> list[float]:
    """Milliseconds from the click on a colour to the picture that follows, for so many hints."""
    page.locator("#files").set_input_files(
        [{"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo()}]
    )
    page.locator("#stage.shown:not(.busy)").wait_for()
    sheet = page.locator("#sheet")
    side = int(np.ceil(hints**0.5))
    for index in range(1, hints + 1):
        # A grid: a click on a marker that is there already would mean that marker.
        x, y = (0.06 + 0.88 * (step + 0.5) / side for step in divmod(index - 1, side))
        box = sheet.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        swatches = page.locator("#likely .swatch")
        swatches.first.wait_for()
        swatches.nth(index % swatches.count()).click()
        deadline = time.monotonic() + 30
        while len(page.evaluate("window.waits")) < index:
            if time.monotonic() > deadline:
                raise SystemExit(f"no picture followed hint {index}")
            page.wait_for_timeout(10)
        page.keyboard.press("Escape")
    found: list[float] = page.evaluate("window.waits")
    return found


def rows(hints: int, loads: int) -> Iterator[tuple[str, str, str]]:
    """What was measured, and its target."""
    with serving() as served, sync_playwright() as playwright:
        browser = launch(playwright)
        usable = []
        for _ in range(loads):
            page, weight = opened(browser, served)
            usable.append(page.evaluate("window.usable"))
            page.context.close()
        yield "page weight, nothing cached", f"{weight / 1000:.0f} KB", "300 KB"
        yield f"until usable, median of {loads}", f"{statistics.median(usable):.0f} ms", "1000 ms"
        page, _ = opened(browser, served)
        times = waits(page, hints)
        slow = float(np.quantile(times, 0.95))
        yield f"hint click to new picture, median of {hints}", f"{statistics.median(times):.0f} ms", "200 ms"
        yield "hint click to new picture, 95th percentile", f"{slow:.0f} ms", ""
        browser.close()


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hints", type=int, default=30, help="how many hints to give")
    parser.add_argument("--loads", type=int, default=11, help="how often to load the page")
    options = parser.parse_args()
    print("| what | measured | target |\n| --- | --- | --- |")
    for row in rows(options.hints, options.loads):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()

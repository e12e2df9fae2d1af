"""The first minutes of a new user on a phone, in Chromium, with a picture of each step.

    python benchmarks/tour.py docs/images/tour

An album page of three photos is made of the shipped examples, and coloured on a screen of 390 x 844. One wrong colour
is corrected, a look is chosen, and a picture of before and after is made. The pictures of the steps are WebP files.
"""

import io
import sys
from pathlib import Path

from page import launch
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from studio_process import serving

EXAMPLES = Path(__file__).parent.parent / "examples"
CARD, MARGIN, WIDTH = 236, 40, 900
SCREEN = {"width": 390, "height": 844}
QUALITY = 70


def album() -> bytes:
    """A page of light card with three grey photos."""
    photos = []
    for name in ("astronaut", "coffee", "rocket"):
        with Image.open(EXAMPLES / f"{name}.jpg") as photo:
            photos.append(photo.convert("L"))
    first, *others = photos
    half = (WIDTH - 3 * MARGIN) // 2
    first = first.resize((WIDTH - 2 * MARGIN, WIDTH - 2 * MARGIN))
    others = [photo.resize((half, half * photo.height // photo.width)) for photo in others]
    height = first.height + max(photo.height for photo in others) + 3 * MARGIN
    page = Image.new("L", (WIDTH, height), CARD)
    page.paste(first, (MARGIN, MARGIN))
    for at, photo in enumerate(others):
        page.paste(photo, (MARGIN + at * (half + MARGIN), first.height + 2 * MARGIN))
    out = io.BytesIO()
    page.save(out, "JPEG", quality=92)
    return out.getvalue()


def tap(page: Page, x: float, y: float) -> None:
    """Tap on a point of the photo."""
    box = page.locator("#sheet").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])


def settled(page: Page) -> None:
    """Wait until the picture shows what was asked for."""
    page.locator("#stage.shown:not(.busy)").wait_for()
    page.wait_for_timeout(1500)


def tour(folder: Path) -> None:
    """Do all steps, and write a picture of each into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with serving() as served, sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_context(viewport=SCREEN, has_touch=True, is_mobile=True).new_page()  # type: ignore[arg-type]

        def keep(name: str) -> None:
            with Image.open(io.BytesIO(page.screenshot())) as seen:
                seen.convert("RGB").save(folder / f"{name}.webp", quality=QUALITY, method=6)

        page.goto(served.url)
        page.locator("html[data-ready]").wait_for()
        keep("1-start")
        page.locator("#files").set_input_files(
            [{"name": "album page.jpg", "mimeType": "image/jpeg", "buffer": album()}]
        )
        settled(page)
        keep("2-coloured")
        # The suit is grey here, and orange in truth.
        tap(page, 0.3, 0.55)
        page.locator("#likely .swatch").first.wait_for()
        page.locator("#skin .swatch").nth(2).tap()
        settled(page)
        keep("3-choose-a-colour")
        page.locator("#palette-close").tap()
        page.locator("#looks img[src]").nth(5).wait_for()
        page.locator("#looks label").nth(3).scroll_into_view_if_needed()
        page.locator("#looks label").nth(3).tap()
        settled(page)
        keep("4-look")
        page.get_by_role("button", name="Share").tap()
        page.get_by_label("Split").check()
        page.locator("#share-picture[src]").wait_for()
        page.wait_for_timeout(1000)
        keep("5-share")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Save picture").tap()
        with Image.open(waiting.value.path()) as shared:
            shared.thumbnail((640, 640))
            shared.save(folder / "6-shared.webp", quality=QUALITY, method=6)
        browser.close()
    for path in sorted(folder.glob("*.webp")):
        print(f"{path.stat().st_size:>7,} bytes  {path}")


if __name__ == "__main__":
    tour(Path(sys.argv[1]))

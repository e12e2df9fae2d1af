"""The page in a real Chromium: sorting, dividers, zoom, keyboard, charts, and how it reads."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from photochrom.bench.page import page
from photochrom.bench.results import Results

Open = Callable[..., Page]

OVERLAPS = """() => [...document.querySelectorAll(".plot svg")].flatMap((drawing) => {
  const box = (node) => node.getBoundingClientRect();
  const outer = box(drawing);
  const labels = [...drawing.querySelectorAll("text")];
  const marks = [...drawing.querySelectorAll(".dot")];
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 1 < b.bottom - 1 && b.top + 1 < a.bottom - 1;
  const bad = [];
  labels.forEach((label, index) => {
    for (const other of [...labels.slice(index + 1), ...(label.matches(".label") ? marks : [])]) {
      const name = other.textContent || other.parentNode.dataset.row;
      if (meet(box(label), box(other))) bad.push([label.textContent, name]);
    }
    if (box(label).left < outer.left - 1 || box(label).right > outer.right + 1) bad.push([label.textContent, "edge"]);
  });
  return bad;
})"""

FITS = "() => document.scrollingElement.scrollWidth <= innerWidth"
CUT = "node => node.style.getPropertyValue('--cut')"


@pytest.fixture(scope="module")
def files(
    results: Results, make: Callable[..., Results], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("page")
    paths = {"small": folder / "small.html", "large": folder / "large.html"}
    paths["small"].write_text(page(results), encoding="utf-8")
    paths["large"].write_text(page(make(models=20, photos=2)), encoding="utf-8")
    return paths


@pytest.fixture
def view(browser: Browser, files: dict[str, Path]) -> Iterator[Open]:
    """Opens a page; at the end nothing may have been asked of a network, and nothing reported."""
    heard: list[str] = []
    opened: list[Page] = []

    def listen(request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            heard.append(request.url)

    def open_page(name: str = "small", width: int = 1100, height: int = 800, **options: Any) -> Page:
        shown = browser.new_page(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **options
        )
        shown.set_default_timeout(5000)
        shown.on("request", listen)
        shown.on("console", lambda message: heard.append(message.text))
        shown.on("pageerror", lambda error: heard.append(str(error)))
        shown.goto(files[name].as_uri())
        if options.get("java_script_enabled", True):
            shown.locator(".plot svg").last.wait_for()
        opened.append(shown)
        return shown

    yield open_page
    for shown in opened:
        shown.close()
    assert heard == []


def column(shown: Page, index: int) -> list[str]:
    """The first line of every cell of a column of the main table."""
    cells = shown.locator(f"#table tbody tr > :nth-child({index + 1})")
    return [text.split("\n")[0] for text in cells.all_inner_texts()]


def numbers(texts: list[str]) -> list[float]:
    """The leading numbers of those cells that have one."""
    leads = [text.rstrip("†ab").replace("∞", "inf").split()[0] for text in texts]
    return [float(lead) for lead in leads if lead[0].isdigit() or lead == "inf"]


def saturation(frame: Locator) -> np.ndarray[Any, Any]:
    """Of each column of what is seen of a picture: the mean distance of its channels."""
    with Image.open(io.BytesIO(frame.screenshot())) as seen:
        rgb = np.asarray(seen.convert("RGB")).astype(int)
    spread: np.ndarray[Any, Any] = np.ptp(rgb, axis=2).mean(axis=0)
    return spread


def test_a_click_sorts_best_first_and_a_second_turns_round(view: Open) -> None:
    shown = view()
    head = shown.locator("#table th", has_text="PSNR")
    head.get_by_role("button").click()
    values = numbers(column(shown, 1))
    assert values == sorted(values, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    assert shown.locator("#sorted").inner_text() == "Sorted by PSNR, best first."
    head.get_by_role("button").click()
    assert numbers(column(shown, 1)) == values[::-1]
    assert head.get_attribute("aria-sort") == "ascending"
    # A failure has no figure, so it is neither best nor worst.
    assert column(shown, 0)[-1] == "wgan"
    assert shown.locator("#table .failed").inner_text().startswith("failed: The loss became NaN")


def test_the_keyboard_sorts_too(view: Open) -> None:
    shown = view()
    button = shown.locator("#table th", has_text="CIEDE2000").get_by_role("button")
    button.focus()
    shown.keyboard.press("Enter")
    values = numbers(column(shown, 3))
    assert values == sorted(values)
    # On to the next head; by distance from the truth.
    shown.keyboard.press("Tab")
    shown.keyboard.press("Space")
    far = [abs(value - 44.1) for value in numbers(column(shown, 4))]
    assert far == sorted(far)
    assert shown.locator("#table th[aria-sort]").count() == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_labels_of_charts_cover_nothing(view: Open, width: int) -> None:
    shown = view("large", width)
    assert shown.evaluate(OVERLAPS) == []
    # Every model is named beside its point, or numbered there and named below.
    chart = shown.locator("#chart-time")
    names = set(chart.locator("g[data-row]").evaluate_all("nodes => nodes.map(node => node.dataset.row)"))
    labels = chart.locator("text.label:not(.tick)").all_text_contents()
    keys = chart.locator(".legend li").all_inner_texts()
    named = {line.removeprefix(str(i)) for i, line in enumerate(keys, 1)} if keys else set(labels)
    assert len(names) == len(labels) == 20
    assert named == names


def test_selects_change_charts_curves_and_differences(view: Open) -> None:
    shown = view()
    chart = shown.locator("#chart-size")
    assert chart.locator(".title").first.inner_html() == "CIEDE2000, ↓ lower is better"
    chart.get_by_label("Vertical axis").select_option("PSNR")
    assert chart.locator(".title").first.inner_html() == "PSNR (dB), ↑ higher is better"
    assert chart.locator("line.interval").count() == 7 * 3
    assert "wgan" in chart.locator(".notes").inner_text()
    shown.get_by_label("Column").select_option("psnr")
    assert shown.locator("#training .title").first.inner_html() == "psnr"
    shown.get_by_label("Emphasise").select_option("eccv16")
    assert shown.locator("#training .strong").count() == 1
    assert shown.locator("#training .faint").count() == 6

    rows = shown.locator("#difference-table tbody tr:visible")
    assert rows.count() == 4
    shown.locator("#difference-metric").select_option("PSNR")
    assert [row.split("\t")[-1] for row in rows.all_inner_texts()] == [
        "photochrom is better",
        "no difference: the interval contains 0",
    ]
    shown.locator("#difference-model").select_option("pix2pix-unet")
    assert shown.locator("#differences-shown").inner_text() == "1 of 4 pairs shown; 0 of them no difference."


def test_the_divider_follows_mouse_and_keys(view: Open) -> None:
    shown = view()
    frame = shown.get_by_role("slider", name="photo-1.jpg, eccv16")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    shown.mouse.move(box["x"] + box["width"] * 0.25, middle)
    shown.mouse.down()
    shown.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    shown.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=4)
    shown.mouse.up()
    assert frame.get_attribute("aria-valuenow") == "70"
    assert not shown.locator("#viewer").is_visible()
    seen = saturation(frame)
    assert seen[: int(len(seen) * 0.66)].mean() < 3
    assert seen[int(len(seen) * 0.74) :].mean() > 20

    frame.focus()
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowRight"):
        shown.keyboard.press(key)
    assert frame.get_attribute("aria-valuenow") == "61"
    assert frame.get_attribute("aria-valuetext") == "61 % grey, 39 % eccv16"
    shown.keyboard.press("End")
    assert saturation(frame)[:-4].max() < 3

    # Against the truth, the model is on the left.
    shown.get_by_label("Compare").first.select_option("truth")
    assert frame.get_attribute("aria-valuetext") == "75 % eccv16, 25 % truth"
    shown.locator("#divider").fill("0")
    assert frame.get_attribute("aria-valuetext") == "0 % eccv16, 100 % truth"
    truth = shown.get_by_role("button", name="photo-1.jpg, truth")
    assert abs(saturation(frame)[4:-4].mean() - saturation(truth)[4:-4].mean()) < 2

    shown.get_by_label("Compare").first.select_option("own")
    alone = shown.get_by_role("button", name="photo-1.jpg, eccv16")
    assert saturation(alone)[:10].mean() > 20
    assert saturation(alone).mean() < saturation(truth).mean() - 10


def test_zoom_by_click_and_keys(view: Open) -> None:
    shown = view()
    frame = shown.get_by_role("slider", name="photo-1.jpg, eccv16")
    frame.click()
    viewer = shown.get_by_role("dialog")
    title, zoom, sheet = viewer.get_by_role("heading"), viewer.locator("output"), viewer.locator("#sheet")
    assert title.inner_text() == "photo-1.jpg: eccv16"
    assert viewer.locator(".tag").all_inner_texts() == ["grey", "eccv16"]
    fit = sheet.bounding_box()
    assert fit is not None
    shown.keyboard.press("+")
    shown.keyboard.press("+")
    assert zoom.inner_text() == "225 %"
    grown = sheet.bounding_box()
    assert grown is not None
    assert grown["width"] == pytest.approx(2.25 * fit["width"], rel=0.01)
    shown.keyboard.press("ArrowRight")
    moved = sheet.bounding_box()
    assert moved is not None
    assert moved["x"] < grown["x"]
    shown.keyboard.press("-")
    assert zoom.inner_text() == "150 %"
    shown.keyboard.press("0")
    assert sheet.bounding_box() == fit

    # At fit the arrows go to neighbours: another model, another photo.
    shown.keyboard.press("ArrowRight")
    assert title.inner_text() == "photo-1.jpg: siggraph17"
    shown.keyboard.press("ArrowDown")
    assert title.inner_text() == "photo-2.jpg: siggraph17"
    viewer.get_by_label("Divider").fill("60")
    assert sheet.evaluate(CUT) == "60%"
    stage = viewer.locator("#stage").bounding_box()
    assert stage is not None
    shown.mouse.click(fit["x"] + fit["width"] * 0.3, stage["y"] + 40)
    assert sheet.evaluate(CUT) == "30%"
    shown.keyboard.press("Escape")
    assert not viewer.is_visible()
    # The browser closes the dialog at once, and tells the page a moment later.
    label = "photo-2.jpg, siggraph17: divider"
    shown.wait_for_function("label => document.activeElement.ariaLabel === label", arg=label)


def test_the_keyboard_reaches_everything_and_is_seen(view: Open) -> None:
    shown = view()
    stops = []
    where = """() => { const node = document.activeElement, style = getComputedStyle(node);
      return [node.id || node.closest("[id]")?.id, node.className, node.getAttribute("role") ?? node.localName,
              style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2]; }"""
    for _ in range(200):
        shown.keyboard.press("Tab")
        stop = shown.evaluate(where)
        if stop[2] == "body":
            break
        stops.append(stop)
    assert stops[0][1] == "skip"
    # Check boxes and ranges draw the ring of the browser.
    assert [stop for stop in stops if not stop[3]] == []
    owners = {stop[0] for stop in stops}
    assert {"table", "difference-metric", "curve-column", "compare", "divider", "photo", "method"} <= owners
    assert sum(stop[1] == "frame" for stop in stops) == 3

    # Within a photo the arrows go on, and Enter opens.
    first = shown.locator(".photo").first.locator(".frame").first
    first.focus()
    for _ in range(3):
        shown.keyboard.press("ArrowDown")
    assert str(shown.evaluate("document.activeElement.ariaLabel")).endswith("pix2pix-unet: divider")
    shown.keyboard.press("Enter")
    assert shown.get_by_role("dialog").is_visible()


def test_photos_and_models_can_be_chosen(view: Open) -> None:
    shown = view()
    shown.locator("summary").click()
    shown.get_by_role("button", name="none").click()
    shown.get_by_role("checkbox", name="siggraph17").check()
    shown.keyboard.press("Escape")
    shown.locator("#photo").select_option("photo-2.jpg")
    assert shown.locator(".photo figcaption:visible").all_inner_texts() == ["grey", "truth", "siggraph17"]
    assert shown.locator("#chosen").inner_text() == "(1 of 7)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_can_be_read(view: Open, faint: Any, scheme: str, width: int) -> None:
    shown = view("small", width, 844, color_scheme=scheme)
    assert shown.evaluate(FITS)
    ground = shown.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(ground) < 200) == (scheme == "dark")
    shown.locator("#table").get_by_role("button", name="SSIM").click()
    shown.locator("summary").click()
    assert faint(shown, "script, option") == []
    assert shown.evaluate(FITS)
    shown.keyboard.press("Escape")
    shown.locator(".frame").nth(3).click()
    inside = shown.locator("#viewer button, #viewer select, #viewer input, #stage, #viewer h2").evaluate_all(
        """(nodes) => nodes.filter((node) => { const box = node.getBoundingClientRect();
           return box.left < 0 || box.right > innerWidth || box.bottom > innerHeight; }).map((node) => node.id)"""
    )
    assert inside == []
    assert faint(shown, "script, option") == []


def test_motion_stops_where_it_is_not_wanted(view: Open) -> None:
    shown = view()
    moving = """() => [getComputedStyle(document.documentElement).scrollBehavior,
      ...[...document.querySelectorAll("*")].map((node) => getComputedStyle(node).transitionDuration)]"""
    assert set(shown.evaluate(moving)) == {"auto", "0s"}
    shown.emulate_media(reduced_motion="no-preference")
    assert "smooth" in shown.evaluate(moving)


def test_tables_and_pictures_are_there_without_javascript(view: Open) -> None:
    shown = view(java_script_enabled=False)
    assert shown.locator("#table tbody tr").count() == 10
    assert shown.get_by_text("Without JavaScript").is_visible()
    assert shown.locator(".frame img").count() == 27
    assert not shown.get_by_label("Vertical axis").first.is_visible()

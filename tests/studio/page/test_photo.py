"""One photo: how it comes in, the divider, zoom and panning, and the file that is saved."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, expect

PROVENANCE = b"compositeWithTrainedAlgorithmicMedia"
GIVE = """([name, type, data, how]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  if (data) carried.items.add(new File([bytes], name, { type }));
  const options = { bubbles: true, cancelable: true };
  if (how === "paste") document.body.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: carried }));
  else for (const kind of ["dragenter", "dragover", "drop"]) {
    if (kind === "drop" && !document.body.matches(".aimed")) throw new Error("no sign that photos are taken");
    document.body.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: carried }));
  }
}"""


def saturation(frame: Locator) -> NDArray[np.float64]:
    """Of each column of what is seen: the mean distance of its channels."""
    with Image.open(io.BytesIO(frame.screenshot())) as seen:
        rgb = np.asarray(seen.convert("RGB")).astype(int)
    spread: NDArray[np.float64] = np.ptp(rgb, axis=2)[rgb.shape[0] // 4 : -rgb.shape[0] // 4].mean(axis=0)
    return spread


def box(frame: Locator) -> dict[str, float]:
    found = frame.bounding_box()
    assert found is not None
    return dict(found)


def luma(data: bytes) -> NDArray[np.int64]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("L")).astype(np.int64)


def test_a_sample_photo_is_there_to_try(view: Any, hands: Any) -> None:
    shown = view()
    shown.get_by_role("button", name="Try a sample photo").click()
    hand = hands(shown)
    hand.settled()
    expect(shown.get_by_role("heading", name="sample.jpg")).to_be_visible()
    assert shown.locator("#facts").inner_text() == "512 × 512 pixels, JPEG"
    assert hand.chroma(0.5, 0.5, 0.9) > 3


def test_a_chosen_photo_comes_back_in_colour(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    assert shown.get_by_role("heading", name="Colour for black‑and‑white photographs").is_visible()
    assert not shown.locator("#camera").is_visible()
    hand = hands(shown)
    hand.add(photo("grandmother.jpg"))
    assert not shown.locator("#intro").is_visible()
    assert shown.get_by_role("heading", name="grandmother.jpg").is_visible()
    assert shown.locator("#facts").inner_text() == "384 × 320 pixels, JPEG"
    assert shown.get_by_role("img", name="grandmother.jpg in colour").get_attribute("src")
    assert "grandmother.jpg: in colour." in shown.locator("#say").inner_text()
    assert hand.chroma(0.5, 0.5, 0.9) > 3
    assert shown.get_by_text("The colours are inferred by a neural network").last.is_visible()


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_photos_are_dropped_and_pasted(view: Any, hands: Any, photo: Any, how: str) -> None:
    shown = view()
    file = photo("dropped.png")
    shown.evaluate(GIVE, [file["name"], file["mimeType"], base64.b64encode(file["buffer"]).decode(), how])
    hands(shown).settled()
    assert shown.locator("#name").inner_text() == "dropped.png"
    assert not shown.locator("#target").is_visible()


def test_an_empty_clipboard_is_said(view: Any) -> None:
    shown = view()
    shown.evaluate(GIVE, ["", "", "", "paste"])
    expect(shown.get_by_role("alert").first).to_have_text(
        "There was no picture in what you dropped or pasted."
    )


def test_a_phone_offers_its_camera(view: Any) -> None:
    shown = view(width=390, height=844, has_touch=True, is_mobile=True)
    assert shown.get_by_role("button", name="Take a photo").is_visible()
    camera = shown.locator("#snapshot")
    assert (camera.get_attribute("accept"), camera.get_attribute("capture")) == ("image/*", "environment")
    assert not shown.get_by_text("or drop photos").is_visible()


def test_the_divider_follows_mouse_and_keys(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    hands(shown).add(photo())
    divider = shown.get_by_role("slider", name="Divider")
    sheet = shown.locator("#sheet")
    assert divider.get_attribute("aria-valuenow") == "50"
    knob = box(divider)
    middle = knob["y"] + knob["height"] / 2
    whole = box(sheet)
    shown.mouse.move(knob["x"] + knob["width"] / 2, middle)
    shown.mouse.down()
    shown.mouse.move(whole["x"] + whole["width"] * 0.6, middle, steps=4)
    shown.mouse.move(whole["x"] + whole["width"] * 0.75, middle, steps=4)
    shown.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "75"
    assert divider.get_attribute("aria-valuetext") == "75% as it was, 25% in colour"
    seen = saturation(sheet)
    assert seen[: int(len(seen) * 0.7)].mean() < 2
    assert seen[int(len(seen) * 0.8) :].mean() > 4
    assert shown.locator(".mark").count() == 0

    # Anywhere else the picture itself can be drawn, and that is no click.
    shown.mouse.move(whole["x"] + whole["width"] * 0.3, whole["y"] + 60)
    shown.mouse.down()
    shown.mouse.move(whole["x"] + whole["width"] * 0.1, whole["y"] + 60, steps=4)
    shown.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "55"
    assert not shown.locator("#palette").is_visible()

    divider.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowLeft", "ArrowUp", "PageDown"):
        shown.keyboard.press(key)
    assert divider.get_attribute("aria-valuenow") == "41"
    shown.keyboard.press("End")
    assert saturation(sheet)[:-30].max() < 2
    shown.keyboard.press("Home")
    assert saturation(sheet)[30:].mean() > 4
    assert divider.get_attribute("aria-valuenow") == "0"


def test_zoom_and_panning(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    hand = hands(shown)
    hand.add(photo())
    sheet, stage, zoom = shown.locator("#sheet"), shown.locator("#stage"), shown.locator("#zoom")
    fit = box(sheet)
    assert fit["width"] <= box(stage)["width"]
    full = shown.get_by_role("button", name="100%")
    full.click()
    assert (zoom.inner_text(), full.get_attribute("aria-pressed")) == ("100%", "true")
    assert box(sheet)["width"] == pytest.approx(384)

    stage.focus()
    for _ in range(6):
        shown.keyboard.press("+")
    large = box(sheet)
    assert large["width"] == pytest.approx(384 * 1.5**6, rel=0.01)
    # Keys and mouse move the photo; it may not leave the stage.
    shown.keyboard.press("ArrowRight")
    assert box(sheet)["x"] == pytest.approx(large["x"] - 50)
    area = box(stage)
    x, y = area["x"] + area["width"] * 0.4, area["y"] + area["height"] * 0.3
    shown.mouse.move(x, y)
    shown.mouse.down()
    shown.mouse.move(x + 80, y + 30, steps=4)
    shown.mouse.up()
    assert (box(sheet)["x"], box(sheet)["y"]) == (
        pytest.approx(large["x"] + 30),
        pytest.approx(large["y"] + 30),
    )
    assert not shown.locator("#palette").is_visible()
    # The wheel with Ctrl, as a touchpad's pinch arrives, keeps the point under the pointer.
    before = (x - box(sheet)["x"]) / box(sheet)["width"]
    shown.mouse.move(x, y)
    shown.keyboard.down("Control")
    shown.mouse.wheel(0, 60)
    shown.keyboard.up("Control")
    hand.until(f"document.getElementById('sheet').offsetWidth < {large['width'] - 5}")
    assert (x - box(sheet)["x"]) / box(sheet)["width"] == pytest.approx(before, abs=0.01)
    for _ in range(60):
        shown.keyboard.press("Shift+ArrowLeft")
    assert box(sheet)["x"] == pytest.approx(area["x"], abs=1)
    # The divider stays within what is seen.
    knob = box(shown.locator("#divider"))
    assert area["x"] < knob["x"] < area["x"] + area["width"]
    shown.keyboard.press("0")
    assert box(sheet) == fit


def test_every_pixel_is_shown_at_full_size(view: Any, hands: Any, portrait: Image.Image, photo: Any) -> None:
    large = io.BytesIO()
    portrait.resize((1536, 1280)).save(large, "JPEG")
    shown = view()
    hand = hands(shown)
    hand.add({"name": "large.jpg", "mimeType": "image/jpeg", "buffer": large.getvalue()})
    width = "document.getElementById('{}').naturalWidth"
    assert shown.evaluate(width.format("after")) < 1200
    shown.keyboard.press("1")
    for which in ("after", "before"):
        hand.until(f"{width.format(which)} === 1536")
    # A change shows at once at the size of the view, and in full when all is at rest.
    hand.adjust()
    shown.locator("#strength").fill("0")
    hand.until(f"{width.format('after')} < 1200")
    hand.until(f"{width.format('after')} === 1536")
    assert hand.chroma(0.5, 0.5, 0.9) < 2


@pytest.mark.parametrize("changed", [False, True])
def test_the_saved_file_keeps_the_luma(
    view: Any, hands: Any, photo: Any, tmp_path: Path, changed: bool
) -> None:
    shown = view()
    hand = hands(shown)
    file = photo("letter café.png")
    hand.add(file)
    if changed:
        hand.hint(0.45, 0.75, 3)
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name="Download").click()
    assert waiting.value.suggested_filename == "letter café.color.png"
    data = Path(waiting.value.path()).read_bytes()
    assert np.abs(luma(data) - luma(file["buffer"])).max() <= 1
    assert PROVENANCE in data
    with Image.open(io.BytesIO(data)) as image:
        rgb = np.asarray(image.convert("RGB")).astype(float)
    # It is what the page shows, but for the JPEG in between.
    side = round(0.03 * 384)
    top, left = round(0.75 * 320 - side / 2), round(0.45 * 384 - side / 2)
    saved = rgb[top : top + side, left : left + side].mean(axis=(0, 1))
    assert np.abs(saved - hand.color(0.45, 0.75)).max() < 6
    expect(shown.locator("#say")).to_have_text("letter café.color.png is being saved.")
    expect(shown.get_by_role("button", name="Download")).to_be_enabled()


def test_before_and_after_are_shared_as_one_picture(view: Any, hands: Any, photo: Any) -> None:
    shown = view()
    hands(shown).add(photo("mum.png"))
    shown.get_by_role("button", name="Share").click()
    dialog = shown.get_by_role("dialog", name="Share before and after")
    kinds = {
        "Side by side": (384, 640),
        "Split": (384, 320),
        "Moving (WebP)": (384, 320),
        "Moving (GIF)": (384, 320),
    }
    for label, size in kinds.items():
        dialog.get_by_label(label).check()
        expect(dialog.get_by_role("button", name="Save picture")).to_be_enabled()
        hands(shown).until("document.getElementById('share-picture').naturalWidth")
        assert size == tuple(
            dialog.locator("img").evaluate("image => [image.naturalWidth, image.naturalHeight]")
        )
    with shown.expect_download() as waiting:
        dialog.get_by_role("button", name="Save picture").click()
    assert waiting.value.suggested_filename == "mum.compare.gif"
    expect(dialog).to_be_hidden()
    expect(shown.locator("#say")).to_have_text("mum.compare.gif is ready.")


def test_a_shared_picture_is_handed_to_another_program_where_the_browser_can(
    view: Any, hands: Any, photo: Any
) -> None:
    shown = view()
    hands(shown).add(photo("mum.png"))
    # Chromium without a window has no programs to hand a file to.
    shown.evaluate(
        """() => Object.assign(navigator, {
          canShare: ({ files }) => files.length === 1,
          share: async ({ files }) => { window.sent = [files[0].name, files[0].type, files[0].size > 1000]; },
        })"""
    )
    shown.get_by_role("button", name="Share").click()
    send = shown.get_by_role("button", name="Send to …")
    expect(send).to_be_enabled()
    send.click()
    expect(shown.locator("#share-dialog")).to_be_hidden()
    assert shown.evaluate("window.sent") == ["mum.compare.jpg", "image/jpeg", True]

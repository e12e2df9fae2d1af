"""Photos and a browser that many tests share."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

# A deadline is an assertion about time, and a busy machine breaks it.
hypothesis.settings.register_profile(
    "photochrom", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("photochrom")

# A suite that a script starts with & inherits an ignored Ctrl-C, and so would all processes that it interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

CONTRAST = """(outside) => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const rgb = parse(getComputedStyle(node).backgroundColor);
      if (rgb.length === 3 || rgb[3] === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node; (node = walker.nextNode()); ) {
    const parent = node.parentElement;
    if (!node.data.trim() || !parent.checkVisibility() || parent.closest(outside)) continue;
    const style = getComputedStyle(parent);
    const ink = light(parse(parent.closest("svg") ? style.fill : style.color));
    const [more, less] = [ink, light(behind(parent))].sort((a, b) => b - a);
    found.push([(more + 0.05) / (less + 0.05), node.data.trim().slice(0, 40), parent.outerHTML.slice(0, 60)]);
  }
  return found;
}"""


def _read_only(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # The whole session shares one array: a test that writes into it must fail, not spoil the next.
    pixels = np.array(pixels)
    pixels.setflags(write=False)
    return pixels


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """A portrait in colour: (512, 512, 3) uint8 sRGB, read-only."""
    return _read_only(skimage.data.astronaut())


@pytest.fixture(scope="session")
def chelsea() -> NDArray[np.uint8]:
    """A cat in colour: (300, 451, 3) uint8 sRGB, read-only. Its width is odd."""
    return _read_only(skimage.data.chelsea())


@pytest.fixture
def grey_jpeg(tmp_path: Path, chelsea: NDArray[np.uint8]) -> Path:
    """`chelsea` as an 8-bit grey JPEG, 451 by 300."""
    path = tmp_path / "grey.jpg"
    Image.fromarray(chelsea).convert("L").save(path, quality=90)
    return path


@pytest.fixture
def grey_tiff16(tmp_path: Path, chelsea: NDArray[np.uint8]) -> Path:
    """`chelsea` as a 16-bit grey TIFF, 451 by 300, with more than 256 levels."""
    path = tmp_path / "grey16.tif"
    luma = np.rint(chelsea @ np.array([0.299, 0.587, 0.114]) * 257).astype(np.uint16)
    Image.fromarray(luma).save(path, compression="tiff_adobe_deflate")
    return path


class AsgiClient:
    """Sends requests to an ASGI application without a network, one after the other.

    Starlette's own test client needs httpx2, and warns where it is not installed.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
                return await client.request(method, path, **more)

        return asyncio.run(send())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


@pytest.fixture(scope="session")
def asgi_client() -> type[AsgiClient]:
    """The class `AsgiClient`: ``asgi_client(app).get("/")``. The host is called studio."""
    return AsgiClient


# Not for the whole session: while Playwright runs, no other test of this process can call asyncio.run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    assert path, f"these tests need a browser: install Chromium (looked for {', '.join(names)} in PATH)"
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield running
        running.close()


@pytest.fixture
def faint() -> Callable[[Page, str], list[Any]]:
    """The visible words of a page below a contrast of 4.5:1 (WCAG 2.2, 1.4.3), but for those inside a selector."""
    return lambda shown, outside: [entry for entry in shown.evaluate(CONTRAST, outside) if entry[0] < 4.5]

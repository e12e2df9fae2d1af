"""The real studio behind a real Chromium: the default model, small photos, no picture of what is not."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from photochrom.studio.app import create_app
from photochrom.studio.server import Server, listen
from photochrom.studio.settings import Settings

Photo = dict[str, Any]
Open = Callable[..., Page]

PATIENCE = 60
"""Seconds to wait for what must come. A busy machine is slow, and no test is about time."""

MEAN = """([x, y, reach]) => {
  const image = document.getElementById("after");
  const [w, h] = [image.naturalWidth, image.naturalHeight];
  const canvas = new OffscreenCanvas(w, h);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const side = Math.max(1, Math.round(reach * w));
  const { data } = pen.getImageData(Math.round(x * w - side / 2), Math.round(y * h - side / 2), side, side);
  return [0, 1, 2].map((c) => data.reduce((sum, v, at) => (at % 4 === c ? sum + v : sum), 0) * 4 / data.length);
}"""


class Studio:
    """A server that can be stopped and started again where it was."""

    def __init__(self, **settings: Any) -> None:
        self.options = {"jobs": 1, "grace_seconds": 0.2, **settings}
        self.port = 0
        self.start()

    def start(self) -> None:
        settings = Settings(**self.options)
        socket = listen("127.0.0.1", self.port)
        self.port = socket.getsockname()[1]
        ready = threading.Event()
        self.server = Server(create_app(settings), settings, ready.set)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [socket]})
        self.thread.start()
        assert ready.wait(60), "the studio did not start"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    """One open studio for the tests of a file."""
    running = Studio()
    yield running
    running.stop()


@pytest.fixture
def own_studio() -> Iterator[Callable[..., Studio]]:
    """Studios with settings of their own, which a test may stop and start."""
    made: list[Studio] = []

    def make(**settings: Any) -> Studio:
        made.append(Studio(**settings))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def view(browser: Browser, studio: Studio) -> Iterator[Open]:
    """Opens the page; at the end nothing may have been asked of another host, and nothing reported.

    `expect` is what the console may say all the same: a refusal is an error to a browser.
    """
    heard: list[str] = []
    contexts = []

    def open_page(
        of: Studio | None = None, width: int = 1280, height: int = 800, expect: str = "(?!)", **options: Any
    ) -> Page:
        base = (of or studio).url
        context = browser.new_context(
            viewport={"width": width, "height": height},
            **{"reduced_motion": "reduce", "locale": "en-GB", **options},
        )
        contexts.append(context)
        shown = context.new_page()
        shown.set_default_timeout(PATIENCE * 1000)

        def note(text: str) -> None:
            if not re.search(expect, text):
                heard.append(text)

        shown.on(
            "request", lambda r: None if r.url.startswith((base, "blob:", "data:")) else heard.append(r.url)
        )
        shown.on("console", lambda message: note(message.text))
        shown.on("pageerror", lambda error: heard.append(str(error)))
        shown.goto(base)
        shown.locator("html[data-ready]").wait_for()
        return shown

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []


@pytest.fixture(scope="session")
def colored(astronaut: NDArray[np.uint8]) -> Image.Image:
    """The astronaut, 384 by 320."""
    return Image.fromarray(astronaut).crop((0, 0, 512, 427)).resize((384, 320))


@pytest.fixture(scope="session")
def portrait(astronaut: NDArray[np.uint8]) -> Image.Image:
    """The astronaut in grey, 384 by 320."""
    return Image.fromarray(astronaut).convert("L").crop((0, 0, 512, 427)).resize((384, 320))


def encoded(image: Image.Image, name: str) -> Photo:
    """A file as Playwright hands it to a page."""
    out = io.BytesIO()
    kind = "PNG" if name.endswith(".png") else "JPEG"
    image.save(out, kind, **({"quality": 92} if kind == "JPEG" else {}))
    return {"name": name, "mimeType": f"image/{kind.lower()}", "buffer": out.getvalue()}


@pytest.fixture(scope="session")
def photo(portrait: Image.Image, colored: Image.Image) -> Callable[..., Photo]:
    """The portrait as a file of that name, in grey or in colour."""

    def make(name: str = "portrait.png", *, color: bool = False) -> Photo:
        return encoded(colored if color else portrait, name)

    return make


class Hands:
    """What a person does on the page."""

    def __init__(self, shown: Page) -> None:
        self.page = shown

    def add(self, *files: Photo | Path) -> None:
        """Choose photos, and wait until the one on the stage is in colour."""
        self.page.locator("#files").set_input_files(list(files))  # type: ignore[arg-type]
        self.settled()

    def settled(self) -> None:
        """Wait until the picture shows what the controls say."""
        self.until(
            "document.querySelector('#stage.shown:not(.busy)') && document.getElementById('after').complete"
        )

    def until(self, expression: str) -> None:
        """Wait until that is true on the page, whose policy forbids Playwright's own way of waiting for it."""
        end = time.monotonic() + PATIENCE
        while not self.page.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never came true: {expression}"
            self.page.wait_for_timeout(20)

    def adjust(self) -> None:
        """Open the section with the sliders."""
        self.page.get_by_text("Adjust").click()

    def color(self, x: float, y: float, reach: float = 0.03) -> NDArray[np.float64]:
        """The mean colour (3,), 0..255, of the coloured picture about a point."""
        return np.array(self.page.evaluate(MEAN, [x, y, reach]))

    def chroma(self, x: float = 0.5, y: float = 0.5, reach: float = 0.03) -> float:
        """How far from grey it is there."""
        return float(np.ptp(self.color(x, y, reach)))

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the photo lies in the window."""
        box = self.page.locator("#sheet").bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def click(self, x: float, y: float) -> None:
        """Click on a point of the photo."""
        self.page.mouse.click(*self.spot(x, y))

    def hint(self, x: float, y: float, swatch: int) -> str:
        """Give a point a colour of the palette; returns that colour."""
        self.click(x, y)
        button = self.page.locator("#likely .swatch").nth(swatch)
        color = button.get_attribute("data-color")
        assert color is not None
        button.click()
        self.page.keyboard.press("Escape")
        self.settled()
        return color


@pytest.fixture(scope="session")
def hands() -> type[Hands]:
    """`Hands`, for any page."""
    return Hands

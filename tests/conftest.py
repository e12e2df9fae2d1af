"""Photos, a browser, and ways to run the program that many tests share."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
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


# The interrupt of a shell is SIGINT; a process of a test may have been started with that ignored.
COMMAND = [
    sys.executable,
    "-W",
    "error",
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from photochrom.cli import main\n"
    "main()",
]


class Served:
    """A command that serves a page, as a process whose page answers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stderr is not None
        self.said: list[str] = []
        while not self.said or "Ctrl-C" not in self.said[-1]:
            line = process.stderr.readline()
            assert line, self.said
            self.said.append(line.rstrip("\n"))
        self.url = self.said[-1].split()[0]
        self.http = httpx.Client(base_url=self.url, timeout=60)

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Stop it. Returns its status and last words."""
        self.http.close()
        self.process.send_signal(number)
        stdout, stderr = self.process.communicate(timeout=60)
        assert stdout == ""
        return self.process.returncode, stderr


class Commands:
    """Runs ``photochrom`` in processes of their own, with warnings as errors.

    Their temporary files lie in `folder`, and nothing of this process's settings reaches them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.served: list[Served] = []

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOCHROM_")}
        path = os.pathsep.join(map(os.path.abspath, sys.path))
        return {
            **kept,
            "PYTHONPATH": path,
            "TMPDIR": str(self.folder),
            "PHOTOCHROM_BROWSER": "0",
            **variables,
        }

    def run(self, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command that ends by itself."""
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def serve(self, *arguments: object, **variables: str) -> Served:
        """Run a command that serves, on a free port."""
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments), "--port", "0"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment(**variables),
        )
        self.served.append(Served(process))
        return self.served[-1]


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """Runs ``photochrom`` with its temporary files in `tmp_path`, and ends what still serves after the test."""
    running = Commands(tmp_path)
    yield running
    for each in running.served:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


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


class Films:
    """Small films made by the ffmpeg program, and what ffprobe says of films: apart from PyAV."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(
        self, name: str, *arguments: object, pix_fmt: str = "yuv420p", frames: int = 10, size: str = "66x50"
    ) -> Path:
        """A grey film of moving shapes at 25 frames a second; `arguments` are ffmpeg's."""
        path = self.folder / name
        # -frames:v would end the sound too as soon as the last frame is there.
        source = f"testsrc2=s={size}:r=25,hue=s=0,trim=end_frame={frames}"
        self.ffmpeg("-f", "lavfi", "-i", source, *arguments, "-pix_fmt", pix_fmt, path)
        return path

    def ffmpeg(self, *arguments: object) -> None:
        """Run ffmpeg; its words are the test's failure."""
        command = ["ffmpeg", "-v", "error", "-y", "-nostdin", *map(str, arguments)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == 0, ran.stderr

    def probe(self, path: Path, *arguments: str) -> dict[str, Any]:
        """What ffprobe says, as JSON."""
        command = ["ffprobe", "-v", "error", "-of", "json", *arguments, str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        document = json.loads(ran.stdout)
        assert isinstance(document, dict)
        return document

    def stream(self, path: Path, name: str = "v:0") -> dict[str, Any]:
        """What ffprobe says of one stream, frames counted."""
        (found,) = self.probe(path, "-select_streams", name, "-show_streams", "-count_frames")["streams"]
        assert isinstance(found, dict)
        return found

    def luma_sums(self, path: Path) -> list[str]:
        """MD5 of each frame's Y plane, as ffmpeg decodes it."""
        command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-vsync", "passthrough"]
        command += ["-vf", "extractplanes=y", "-f", "framemd5", "-"]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        lines = [line for line in ran.stdout.splitlines() if not line.startswith("#")]
        return [line.split(",")[-1].strip() for line in lines]

    def packets(self, path: Path, stream: str) -> list[tuple[str, str, str]]:
        """Time, length and sum of each packet of a stream, in the stream's order."""
        show = ("-select_streams", stream, "-show_packets", "-show_data_hash", "MD5")
        found = self.probe(path, *show)["packets"]
        return [(p.get("pts_time", ""), p["size"], p["data_hash"]) for p in found]

    def ticks(self, path: Path) -> list[int]:
        """The time of each frame of the first video stream, in its ticks."""
        show = ("-select_streams", "v:0", "-show_frames", "-show_entries", "frame=pts")
        return [int(frame["pts"]) for frame in self.probe(path, *show)["frames"]]


@pytest.fixture
def films(tmp_path: Path) -> Films:
    """Makes and looks at small films in `tmp_path`."""
    return Films(tmp_path)

"""A studio on a free port of this machine, small photographs, and a worker that can be held."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from photochrom.studio.app import create_app
from photochrom.studio.server import Server, listen
from photochrom.studio.settings import Settings
from photochrom.studio.studio import Studio

PATIENCE = 60
"""Seconds after which something is taken to hang; no test depends on it otherwise."""


def grey_pixels(width: int = 64, height: int = 48) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A soft pattern (H, W) uint8: JPEG keeps it, and no two rows are alike."""
    y, x = np.mgrid[:height, :width]
    return np.rint(127 + 60 * np.sin(x / 9) + 60 * np.cos(y / 7 + x / 31)).astype(np.uint8)


def encoded(pixels: np.ndarray[Any, Any], format: str = "JPEG", **options: Any) -> bytes:
    """Pixels as the bytes of a file."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format, **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def grey() -> bytes:
    """A grey JPEG, 64 by 48."""
    return encoded(grey_pixels(), quality=95)


@pytest.fixture(scope="session")
def colourful() -> bytes:
    """A JPEG in plain colour, 64 by 48."""
    pixels = grey_pixels()
    return encoded(np.stack([pixels, pixels[::-1], 255 - pixels[:, ::-1]], axis=-1), quality=95)


@pytest.fixture(scope="session")
def make_photo() -> Callable[..., bytes]:
    """Makes the bytes of a grey photo of any size: ``make_photo(width, height, format)``."""
    return lambda width=64, height=48, format="JPEG", **options: encoded(
        grey_pixels(width, height), format, **options
    )


def until(met: Callable[[], Any]) -> Any:
    """What `met` gives once it is something."""
    end = time.monotonic() + PATIENCE
    while not (value := met()):
        assert time.monotonic() < end, "this never happens"
        time.sleep(0.01)
    return value


class Running:
    """A studio in a thread of this process, and a client of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app = create_app(settings)
        listener = listen(settings.host, settings.port)
        self.port: int = listener.getsockname()[1]
        self.url = f"http://{settings.host}:{self.port}"
        ready = threading.Event()
        self.server = Server(self.app, settings, ready.set)
        self.thread = threading.Thread(target=self.server.run, args=([listener],))
        self.thread.start()
        assert ready.wait(PATIENCE)
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE)

    @property
    def studio(self) -> Studio:
        """What the server is made of."""
        studio: Studio = self.app.state.studio
        return studio

    def send(self, *photos: tuple[str, bytes], **fields: Any) -> dict[str, Any]:
        """Begin a job."""
        answer = self.http.post("/api/jobs", files=[("file", photo) for photo in photos], data=fields)
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def ended(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job once all its photos are done or failed."""

        def look() -> Any:
            state = self.http.get(f"/api/jobs/{job['id']}").json()
            return state if not state["queued"] + state["running"] else None

        state: dict[str, Any] = until(look)
        return state

    def photo(self, data: bytes, name: str = "a.jpg", **fields: Any) -> str:
        """The path of a photo that is done."""
        (photo,) = self.ended(self.send((name, data), **fields))["photos"]
        assert photo["state"] == "done", photo
        return f"/api/photos/{photo['id']}"

    def clear(self) -> None:
        """Forget all photos, and wait for what is at work on them."""
        for item in self.studio.registry.items:
            self.http.delete(f"/api/photos/{item.id}")
        pools = (self.studio.workers, self.studio.film_workers)
        until(lambda: sum(pool.waiting + pool.running for pool in pools) == 0)
        until(lambda: self.studio.store.files == 0)

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self.http.close()
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


def starter(folder: Path) -> Iterator[Callable[..., Running]]:
    """Starts studios whose photos lie in `folder`, and in the end sees to it that none are left there."""
    running: list[Running] = []

    def begin(**settings: Any) -> Running:
        given = {"port": 0, "jobs": 1, "requests_per_minute": 1_000_000, "grace_seconds": 1} | settings
        running.append(Running(Settings(**given)))
        return running[-1]

    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(f"PHOTOCHROM_{name.upper()}", raising=False)
        patch.setattr("tempfile.tempdir", str(folder))
        yield begin
        for each in running:
            if each.thread.is_alive():
                each.stop()
    assert list(folder.glob("photochrom-studio-*")) == []


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a studio with settings of the test's own."""
    yield from starter(tmp_path)


@pytest.fixture(scope="session")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A studio for all tests that can do with its defaults."""
    for begin in starter(tmp_path_factory.mktemp("studio")):
        yield begin()


@pytest.fixture
def studio(lasting: Running) -> Iterator[Running]:
    """The lasting studio, empty before and after."""
    assert lasting.studio.store.files == 0
    yield lasting
    lasting.clear()


class Held:
    """Keeps a studio's workers before the network until it is released."""

    def __init__(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.order: list[str] = []
        self._go = threading.Semaphore(0)
        colorizer = running.studio.colorizer
        colorize = colorizer.colorize_photo

        def held(photo: Any, *arguments: Any, **keywords: Any) -> Any:
            self.order.append(photo.name)
            assert self._go.acquire(timeout=PATIENCE)
            return colorize(photo, *arguments, **keywords)

        monkeypatch.setattr(colorizer, "colorize_photo", held)

    def release(self, count: int = 1000) -> None:
        """Let so many photos through."""
        self._go.release(count)

    def wait(self, count: int) -> None:
        """Until so many photos have come to the network."""
        until(lambda: len(self.order) >= count)


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Running], Held]]:
    """Holds the workers of a studio, and lets them go at the end of the test."""
    made: list[Held] = []

    def begin(running: Running) -> Held:
        made.append(Held(running, monkeypatch))
        return made[-1]

    yield begin
    for each in made:
        each.release()


@pytest.fixture(name="until")
def _until() -> Callable[[Callable[[], Any]], Any]:
    """Waits for something to become true."""
    return until


@pytest.fixture
def pixels() -> Callable[[bytes], np.ndarray[Any, Any]]:
    """Decodes a file: (H, W) or (H, W, 3)."""

    def decode(data: bytes) -> np.ndarray[Any, Any]:
        with Image.open(io.BytesIO(data)) as picture:
            return np.asarray(picture)

    return decode

"""A small study on disk, its server, and a participant who speaks HTTP."""

from __future__ import annotations

import http.client
import io
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from photochrom.bench.turing.app import create_app
from photochrom.bench.turing.pictures import Views, from_folder, listed, prepare
from photochrom.bench.turing.store import Study
from photochrom.bench.turing.trials import Settings
from photochrom.web.address import listen, page_url
from photochrom.web.server import Server

WIDTH, HEIGHT = 96, 64


def photo(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray[Any, Any]:
    """A patchwork of colours (H, W, 3) uint8, another one for each number."""
    coarse = np.random.default_rng(number).integers(0, 256, (4, 6, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="session")
def tell() -> Callable[[bytes], str]:
    """Says what a shown JPEG is: in these tests, models exchange the channels of the true photo."""
    known = []
    for number in range(20):
        true = photo(number).astype(int)
        known += [(true, "true"), (true[..., [1, 2, 0]], "alpha"), (true[..., [2, 0, 1]], "beta")]

    def name(jpeg: bytes) -> str:
        rgb = np.asarray(Image.open(io.BytesIO(jpeg))).astype(int)
        error, name = min((np.abs(rgb - version).mean(), name) for version, name in known)
        return name if error < 8 else "wrong"

    return name


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """truth/, alpha/ and beta/ of 20 photos; the truth as JPEG, the others as PNG."""
    root = tmp_path_factory.mktemp("folders")
    for name in ("truth", "alpha", "beta"):
        (root / name).mkdir()
    for number in range(20):
        true = photo(number)
        Image.fromarray(true).save(root / "truth" / f"p{number:02}.jpg", quality=98, subsampling=0)
        Image.fromarray(true[..., [1, 2, 0]]).save(root / "alpha" / f"p{number:02}.png")
        Image.fromarray(true[..., [2, 0, 1]]).save(root / "beta" / f"p{number:02}.color.png")
    return root


@pytest.fixture(scope="session")
def views(folders: Path) -> list[Views]:
    """Those photos as they are shown."""
    makers = {name: from_folder(listed(folders / name)) for name in ("alpha", "beta")}
    return list(prepare(listed(folders / "truth"), makers, pytest.fail))


@pytest.fixture
def begin_study(tmp_path: Path, views: list[Views]) -> Iterator[Callable[..., Study]]:
    """Makes a study of the first `photos` of them, in study.sqlite."""
    opened = []

    def make(settings: Settings, photos: int = 20, models: tuple[str, ...] = ("alpha", "beta")) -> Study:
        study = Study.create(tmp_path / "study.sqlite", list(models), views[:photos], settings)
        opened.append(study)
        return study

    yield make
    for study in opened:
        study.close()


class Served:
    """A study's server on a thread, on a free port."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.listener = listen("127.0.0.1", 0)
        self.address: tuple[str, int] = self.listener.getsockname()
        self.url = page_url(*self.address)
        ready = threading.Event()
        self.server = Server(create_app(study), grace_seconds=1, ready=ready.set)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})
        self.thread.start()
        assert ready.wait(20)

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()
        self.listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Study], Served]]:
    """Serves a study on a free port, on a thread, until the test ends."""
    running = []

    def start(study: Study) -> Served:
        running.append(Served(study))
        return running[-1]

    yield start
    for served in running:
        served.stop()


class Participant:
    """Takes part as the page does, over one connection, but knows what the study keeps to itself."""

    def __init__(self, server: Served) -> None:
        self.path = server.study.path
        self.shown = 1000 * server.study.settings.seconds
        self.connection = http.client.HTTPConnection(*server.address, timeout=20)
        self.cookie = ""

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Any request, with this participant's cookie; header names take _ for -."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {"Cookie": self.cookie, **given})
        response = self.connection.getresponse()
        return response, response.read()

    def get(self, path: str) -> dict[str, Any]:
        response, body = self.send("GET", path)
        assert response.status == 200, body
        return json.loads(body)

    def post(self, path: str, **values: Any) -> dict[str, Any]:
        response, body = self.send("POST", path, json.dumps(values).encode(), Content_Type="application/json")
        assert response.status == 200, body
        cookie = response.getheader("Set-Cookie")
        if cookie:
            self.cookie = cookie.split(";")[0]
        return json.loads(body)

    def secret(self, pair: dict[str, Any]) -> dict[str, Any]:
        """What the study's file says of a pair."""
        with sqlite3.connect(self.path) as db:
            db.row_factory = sqlite3.Row
            row = db.execute(
                "SELECT trials.*, name AS model_name, stem FROM trials JOIN photos ON photos.id = photo"
                " LEFT JOIN models ON models.id = model WHERE token = ?",
                (pair["token"],),
            ).fetchone()
        db.close()
        return dict(row)

    def answer(self, pair: dict[str, Any], fooled: bool, *, looks: int = 1, ms: float | None = None) -> Any:
        """Look at a pair, and take the coloured photo for the true one, or not."""
        for _ in range(looks):
            self.post("/api/look", pair=pair["token"])
        coloured = self.secret(pair)["coloured"]
        side = {"left": "right", "right": "left"}[coloured] if fooled else coloured
        shown = [self.shown if ms is None else ms] * 2
        return self.post("/api/answer", pair=pair["token"], side=side, shown=shown, thought=500)

    def take_part(self, fooled: Callable[[dict[str, Any]], bool], pairs: int | None = None) -> dict[str, Any]:
        """Answer `pairs` pairs, or all; `fooled` decides by the study's row of each."""
        state = self.post("/api/begin")
        while state["stage"] == "pair" and pairs != 0:
            state = self.answer(state["pair"], fooled(self.secret(state["pair"])))
            pairs = None if pairs is None else pairs - 1
        return state


@pytest.fixture
def participate() -> Iterator[Callable[[Served], Participant]]:
    """Makes a participant, and hangs up for them in the end."""
    people = []

    def make(server: Served) -> Participant:
        people.append(Participant(server))
        return people[-1]

    yield make
    for person in people:
        person.connection.close()

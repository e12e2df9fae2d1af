"""The registry: photos stay until their time is over, and nothing of a forgotten photo stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError
from photochrom.studio.job import Job
from photochrom.studio.registry import JobRegistry
from photochrom.studio.service import ResultFile
from photochrom.studio.store import Blob, Store
from photochrom.studio.workers import WorkerPool


class Service:
    """Stands for `ColorizeService`: the result has the bytes of the upload; a photo called "bad" is refused."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def run(
        self,
        upload: Blob,
        name: str,
        request: ColorizeRequest,
        owner: str,
        *,
        candidate: int | None = None,
        step: Callable[[float], None] = lambda share: None,
        size: Callable[[int, int], None] = lambda width, height: None,
    ) -> list[ResultFile]:
        size(4, 3)
        step(0.5)
        if name == "bad":
            raise ApiError(409, "bad: is in colour", code="in_color")  # type: ignore[arg-type]
        with self.store.open(upload) as file:
            blob = self.store.write(file.read(), owner)
        return [ResultFile(blob, name, ".png", candidate, "PNG", ("One note.",))]


class House:
    """A registry with a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.finished: list[str] = []
        self.store = Store(1 << 20, folder)
        self.workers = WorkerPool(1, 8)
        service: Any = Service(self.store)
        self.registry = JobRegistry(
            service,
            self.workers,
            60,
            finished=lambda state, seconds: self.finished.append(state),
            clock=lambda: self.now,
        )

    def begin(self, *names: str) -> Job:
        uploads = [(name, self.store.write(b"photo", "client")) for name in names]
        return self.registry.begin("client", uploads, ColorizeRequest())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.workers.close(60)
    made.store.close()


def test_a_job_ends_with_results_and_errors(house: House, until: Any) -> None:
    job = house.begin("good", "bad")
    until(lambda: job.ended)
    until(lambda: len(house.finished) == 2)
    good, bad = job.public({})["photos"]
    assert (good["state"], good["notes"], good["width"], good["height"]) == ("done", ["One note."], 4, 3)
    assert (bad["state"], bad["error"], bad["error_code"]) == ("failed", "bad: is in colour", "in_color")
    assert house.finished == ["done", "failed"]
    assert house.registry.job(job.id) is job


def test_watchers_hear_of_every_change_until_they_leave(house: House, until: Any) -> None:
    heard: list[bool] = []
    first = house.begin("good")
    with first.watched(lambda: heard.append(first.ended)):
        until(lambda: first.ended)
        house.registry.remove(*first.items)
        count = len(heard)
    assert count >= 1
    first.changed()
    assert len(heard) == count


def test_photos_are_forgotten_when_their_time_is_over(house: House, until: Any) -> None:
    job = house.begin("good")
    (item,) = job.items
    until(lambda: item.ended)
    until(lambda: item.until is not None)
    house.now = 59.9
    house.registry.sweep()
    assert item.id in house.registry
    house.now = 60.0
    assert item.id not in house.registry
    with pytest.raises(ApiError, match="its time is over") as gone:
        house.registry.item(item.id)
    assert gone.value.status == 404
    with pytest.raises(ApiError, match="no such job"):
        house.registry.job(job.id)
    assert house.store.files == 0
    assert house.registry.items == []


def test_a_removed_photo_leaves_the_others_of_its_job(house: House, until: Any) -> None:
    job = house.begin("one", "two")
    until(lambda: job.ended)
    one, two = job.items
    house.registry.remove(one, one)
    assert job.items == [two]
    assert house.registry.job(job.id) is job
    assert house.store.files == 2
    house.registry.remove(two)
    with pytest.raises(ApiError, match="no such job"):
        house.registry.job(job.id)


def test_a_photo_that_is_not_kept_belongs_to_the_caller(house: House) -> None:
    upload = house.store.write(b"photo", "client")
    task = house.registry.colorize_once("client", upload, "good", ColorizeRequest(), candidate=2)
    (result,) = task.future.result(60)
    assert (result.name, result.number) == ("good.color.2.png", 2)
    assert house.registry.items == []
    with pytest.raises(ApiError):
        house.registry.colorize_once("client", upload, "bad", ColorizeRequest()).future.result(60)


def test_refused_uploads_do_not_stay(house: House) -> None:
    with pytest.raises(ApiError) as full:
        house.begin(*map(str, range(9)))
    assert full.value.status == 429
    assert house.store.files == 0


def test_the_picture_of_the_original_goes_with_the_photo(house: House, until: Any) -> None:
    job = house.begin("good")
    (item,) = job.items
    until(lambda: item.ended)
    house.registry.keep_before(item, b"small")
    house.registry.keep_before(item, b"again")
    assert house.store.files == 3
    house.registry.remove(item)
    house.registry.keep_before(item, b"late")
    assert house.store.files == 0

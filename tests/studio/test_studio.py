"""The parts of one server: what it offers, and what is left once it is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from photochrom.engine.models import available
from photochrom.errors import ModelError
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError
from photochrom.studio.settings import Settings
from photochrom.studio.studio import Studio
from photochrom.studio.telemetry import Telemetry


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = Studio(Settings(jobs=1, grace_seconds=60), Telemetry())
    yield made
    made.close()


def test_photos_are_counted_for_the_last_words_and_for_the_figures(
    parts: Studio, grey: bytes, until: Callable[..., object]
) -> None:
    uploads = [("a.jpg", parts.store.write(grey, "me")), ("b.txt", parts.store.write(b"?", "me"))]
    job = parts.registry.begin("me", uploads, ColorizeRequest())
    until(lambda: job.ended and sum(parts.counts.values()) == 2)
    assert parts.counts == {"done": 1, "failed": 1}
    figures = parts.telemetry.text().decode()
    assert 'photochrom_photos_total{state="done"} 1.0' in figures
    assert "photochrom_queue_photos 0.0" in figures
    parts.forget(*job.items)
    assert parts.store.files == 0


def test_the_model_in_use_comes_first(parts: Studio) -> None:
    listed = parts.models()
    assert {each["name"] for each in listed} == {info.name for info in available()}
    assert [each["default"] for each in listed] == [True] + [False] * (len(listed) - 1)
    assert listed[0]["name"] == "photochrom"
    assert all(each["bytes"] > 1000 and each["parameters"] > 0 for each in listed)


def test_a_studio_that_stops_takes_no_photo_and_leaves_none(
    parts: Studio, grey: bytes, tmp_path: Path
) -> None:
    folder = parts.store.folder
    upload = parts.store.write(grey, "me")
    assert folder.parent == tmp_path
    parts.stop()
    assert parts.stopping.is_set()
    with pytest.raises(ApiError) as raised:
        parts.registry.begin("me", [("a.jpg", upload)], ColorizeRequest())
    assert raised.value.status == HTTPStatus.SERVICE_UNAVAILABLE
    parts.close()
    parts.close()
    assert (folder.exists(), parts.unfinished) == (False, 0)


def test_a_model_that_is_not_there_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ModelError, match="nonesuch: no model of that name"):
        Studio(Settings(model="nonesuch"), Telemetry())
    assert list(tmp_path.iterdir()) == []

"""Pictures at the size of a screen, and how many photos stay open for them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import Image

from photochrom.engine.colorizer import Colorizer
from photochrom.engine.preview import Preview
from photochrom.media import provenance
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio import previews
from photochrom.studio.api_error import ApiError
from photochrom.studio.items import JobItem
from photochrom.studio.previews import PreviewService, jpeg, png
from photochrom.studio.service import ColorizeService
from photochrom.studio.store import Store

T = TypeVar("T")


class Views:
    """A preview service, and photos for it."""

    def __init__(self, service: ColorizeService) -> None:
        self.service, self.previews = service, PreviewService(service, 1)

    def item(self, data: bytes, name: str = "a.jpg") -> JobItem:
        return JobItem(name, self.service.store.write(data, "me"), ColorizeRequest())

    async def run(self, item: JobItem, work: Callable[[Preview], T]) -> T:
        async def left() -> bool:
            return False

        return await self.previews.run(item, work, left)


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@pytest.fixture
def views(colorizer: Colorizer, tmp_path: Path) -> Iterator[Views]:
    store = Store(1 << 24, tmp_path)
    made = Views(ColorizeService(colorizer, store, 1_000_000))
    yield made
    made.previews.close()
    store.close()


def test_a_view_is_in_color_and_says_that_it_is_inferred(views: Views, grey: bytes) -> None:
    seen = asyncio.run(views.run(views.item(grey), lambda preview: preview.view()))
    assert (seen.shape, seen.dtype) == ((48, 64, 3), np.uint8)
    mark = provenance.read(views.previews.encode(seen))
    assert mark is not None
    assert mark.model == "photochrom"


def test_a_photo_is_opened_once_and_the_oldest_is_closed(
    views: Views, grey: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "OPEN", 2)
    opened: list[str] = []
    open_photo = views.service.open

    def count(upload: Any, name: str, request: ColorizeRequest) -> Any:
        opened.append(name)
        return open_photo(upload, name, request)

    monkeypatch.setattr(views.service, "open", count)
    a, b, c = (views.item(grey, name) for name in "abc")

    async def look() -> None:
        for item in (a, b, a, c, a, b):
            await views.run(item, lambda preview: preview.grey)

    asyncio.run(look())
    # With room for two, b is closed for c, because a was looked at since; then c is closed for b.
    assert (opened, views.previews.open) == (["a", "b", "c", "b"], 2)
    views.previews.keep(lambda id: id == a.id)
    assert views.previews.open == 1


def test_a_photo_that_cannot_be_opened_is_named_and_not_kept(views: Views) -> None:
    with pytest.raises(ApiError, match=r"letter\.txt: "):
        asyncio.run(views.run(views.item(b"Dear grandmother", "letter.txt"), lambda preview: preview.grey))
    assert views.previews.open == 0


def test_too_many_that_wait_are_told_to_try_again(
    views: Views, grey: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "MOST_WAITING", 0)
    with pytest.raises(ApiError) as raised:
        asyncio.run(views.run(views.item(grey), lambda preview: preview.grey))
    assert raised.value.status == HTTPStatus.TOO_MANY_REQUESTS
    assert "Retry-After" in raised.value.headers


def test_pictures_are_files_that_pillow_reads() -> None:
    rgb = np.full((20, 30, 3), (180, 60, 40), np.uint8)
    with Image.open(io.BytesIO(jpeg(rgb))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (30, 20))
        assert np.abs(np.asarray(picture).astype(int) - rgb).max() <= 4
        # All components have the same sampling factors: the colours have the full size.
        assert {(layer[1], layer[2]) for layer in picture.layer} == {(1, 1)}
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    with Image.open(io.BytesIO(png(levels))) as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.asarray(picture), levels)

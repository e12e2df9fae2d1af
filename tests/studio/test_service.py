"""From an upload in the store to result files in it, and what stays there when the work ends early."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import CancelledError
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.engine.colorizer import Colorizer
from photochrom.engine.options import Options
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError
from photochrom.studio.service import ColorizeService, ResultFile
from photochrom.studio.store import Blob, Store


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@pytest.fixture
def service(colorizer: Colorizer, tmp_path: Path) -> Iterator[ColorizeService]:
    store = Store(1 << 24, tmp_path)
    yield ColorizeService(colorizer, store, 10_000)
    store.close()


def test_results_are_files_of_the_owner_and_the_upload_stays(service: ColorizeService, grey: bytes) -> None:
    upload = service.store.write(grey, "me")
    shares: list[float] = []
    sizes: list[tuple[int, int]] = []
    found = service.run(
        upload,
        "a.jpg",
        ColorizeRequest(Options(candidates=2)),
        "you",
        step=shares.append,
        size=lambda width, height: sizes.append((width, height)),
    )
    assert [(each.number, each.format, each.type) for each in found] == [
        (1, "JPEG", "image/jpeg"),
        (2, "JPEG", "image/jpeg"),
    ]
    assert {each.blob.owner for each in found} == {"you"}
    assert sizes == [(64, 48)]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1
    assert service.store.files == 3
    with service.store.open(found[0].blob) as file, Image.open(file) as made:
        luma = np.asarray(made.convert("L")).astype(int)
    with Image.open(io.BytesIO(grey)) as photo:
        assert np.abs(luma - np.asarray(photo)).mean() < 1.5


def test_one_candidate_is_made_alone_and_is_the_same(service: ColorizeService, grey: bytes) -> None:
    upload, request = service.store.write(grey, "me"), ColorizeRequest(Options(candidates=3), format="PNG")

    def data(made: ResultFile) -> bytes:
        with service.store.open(made.blob) as file:
            return file.read()

    every = service.run(upload, "a.jpg", request, "me")
    (second,) = service.run(upload, "a.jpg", request, "me", candidate=2)
    assert (second.number, second.name) == (2, every[1].name)
    assert data(second) == data(every[1])


@pytest.mark.parametrize("error", [CancelledError(), KeyboardInterrupt()])
def test_work_that_is_stopped_leaves_no_result(
    service: ColorizeService, grey: bytes, error: BaseException
) -> None:
    upload = service.store.write(grey, "me")

    def stop(share: float) -> None:
        if share > 0.8:  # the first result is written by then
            raise error

    with pytest.raises(type(error)):
        service.run(upload, "a.jpg", ColorizeRequest(Options(candidates=2)), "me", step=stop)
    assert service.store.files == 1


@pytest.mark.parametrize(
    ("name", "candidates", "status", "words"),
    [
        ("colourful", 1, HTTPStatus.CONFLICT, "b.jpg: is in colour already; send force=true"),
        ("grey", 4, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "b.jpg: 4 candidates of"),
    ],
)
def test_a_refusal_is_the_answer_and_names_the_photo(
    service: ColorizeService,
    request: Any,
    name: str,
    candidates: int,
    status: HTTPStatus,
    words: str,
) -> None:
    upload: Blob = service.store.write(request.getfixturevalue(name), "me")
    with pytest.raises(ApiError) as raised:
        service.run(upload, "b.jpg", ColorizeRequest(Options(candidates=candidates)), "me")
    assert raised.value.status == status
    assert words in str(raised.value)
    assert service.store.files == 1


def test_a_file_that_is_no_photo_cannot_be_opened(service: ColorizeService) -> None:
    with pytest.raises(ApiError, match=r"letter\.txt: ") as raised:
        service.open(service.store.write(b"Dear grandmother", "me"), "letter.txt", ColorizeRequest())
    assert raised.value.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def test_names_of_files_are_those_of_the_command() -> None:
    made = ResultFile(Blob(Path("x"), 1, "me"), "a?.tif", ".jpg", None, "JPEG")
    assert (made.name, made.copy_name(2)) == ("a_.color.jpg", "a_ (2).color.jpg")

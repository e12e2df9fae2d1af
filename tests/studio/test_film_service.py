"""Films in the studio: limits, the first seconds, progress, cancelling, and what stays in the store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.engine.colorizer import Colorizer
from photochrom.engine.options import Options
from photochrom.engine.reference import Reference
from photochrom.jobs.film_mark import read_film_mark
from photochrom.pipeline.request import ColorizeRequest
from photochrom.studio.api_error import ApiError
from photochrom.studio.film_service import FilmService
from photochrom.studio.service import ColorizeService
from photochrom.studio.store import Blob, Store

REQUEST = ColorizeRequest(Options(size=64))
PICTURE = Reference("00", "a.png", np.zeros((8, 8, 3), np.uint8))


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@pytest.fixture
def service(colorizer: Colorizer, tmp_path: Path) -> Iterator[FilmService]:
    store = Store(1 << 26, tmp_path)
    yield FilmService(ColorizeService(colorizer, store, 10**8), max_seconds=2, max_bytes=1 << 20, threads=1)
    store.close()


@pytest.fixture
def upload(films: Any, service: FilmService) -> Callable[..., Blob]:
    """Puts a grey film of 64 x 48 pixels into the store."""

    def put(*arguments: object, name: str = "in.mp4", frames: int = 4) -> Blob:
        path = films.make(name, *arguments, "-c:v", "libx264", frames=frames, size="64x48")
        return service.service.store.write(path.read_bytes(), "me")

    return put


def test_a_film_is_shown_and_given_back_under_its_name(
    service: FilmService, upload: Any, films: Any, tmp_path: Path
) -> None:
    blob = upload()
    assert service.takes(blob, "old.mp4")
    heard: list[object] = []
    (made,) = service.run(
        blob,
        "old film.mp4",
        REQUEST,
        "me",
        step=heard.append,
        size=lambda width, height: heard.append((width, height)),
        preview=heard.append,
    )
    assert (made.name, made.format, made.type) == ("old film.color.mp4", "MP4", "video/mp4")
    shares = [share for share in heard if isinstance(share, float)]
    assert shares == sorted(shares)
    assert (64, 48) in heard
    (shown,) = (each for each in heard if isinstance(each, Blob))
    assert heard.index(shown) < next(
        i for i, share in enumerate(heard) if isinstance(share, float) and share > 0.2
    )
    assert shown.path.read_bytes()[:4] == b"RIFF"
    assert films.stream(made.blob.path)["nb_read_frames"] == "4"
    mark = read_film_mark(made.blob.path)
    assert mark is not None
    assert mark.source_name == "old film.mp4"
    store = service.service.store
    assert sorted(path.name for path in store.folder.iterdir()) == sorted(
        each.path.name for each in (blob, shown, made.blob)
    )
    assert store.used == sum(max(each.bytes, store.least) for each in (blob, shown, made.blob))


def test_a_cancelled_film_leaves_nothing(service: FilmService, upload: Any) -> None:
    blob = upload()

    def stop(share: float) -> None:
        if share > 0.2:
            raise CancelledError

    previews: list[Blob] = []
    with pytest.raises(CancelledError):
        service.run(blob, "a.mp4", REQUEST, "me", step=stop, preview=previews.append)
    service.service.store.drop(*previews)
    assert [path.name for path in service.service.store.folder.iterdir()] == [blob.path.name]


def test_films_beyond_a_limit_are_refused_with_the_limit(service: FilmService, upload: Any) -> None:
    long = upload(frames=80)
    with pytest.raises(
        ApiError, match=r"a\.mp4: lasts 3 seconds, and films may last 2 seconds here"
    ) as caught:
        service.run(long, "a.mp4", REQUEST, "me")
    assert (caught.value.status, caught.value.code) == (413, "too_large")
    service.max_bytes = 1000
    with pytest.raises(ApiError, match=r"a\.mp4: has 0 MB, and films may have 0 MB here"):
        service.run(long, "a.mp4", REQUEST, "me")


def test_a_film_that_does_not_say_its_length_is_refused_when_it_is_known(
    service: FilmService, upload: Any
) -> None:
    raw = upload("-g", 10, name="in.h264", frames=90)
    with pytest.raises(ApiError, match="lasts 3 seconds, and films may last 2"):
        service.run(raw, "a.h264", REQUEST, "me")


@pytest.mark.parametrize(
    ("name", "request_", "words"),
    [
        ("a.mp4", ColorizeRequest(Options(candidates=2)), "candidates of photos do not fit films"),
        ("a.mp4", ColorizeRequest(Options(references=(PICTURE,))), "references of photos do not fit films"),
        ("a.mp4", ColorizeRequest(format="PNG"), "format is for photos; a film keeps its own"),
    ],
)
def test_options_of_photos_are_refused(
    service: FilmService, upload: Any, name: str, request_: ColorizeRequest, words: str
) -> None:
    with pytest.raises(ApiError, match=words) as caught:
        service.run(upload(), name, request_, "me")
    assert caught.value.status == 422


def test_an_interlaced_film_becomes_whole_frames_and_says_so(service: FilmService, upload: Any) -> None:
    blob = upload("-flags", "+ildct+ilme", "-x264-params", "tff=1", name="in.mkv")
    (made,) = service.run(blob, "a.mkv", REQUEST, "me")
    assert made.notes == ("The fields of the interlaced film became whole frames.",)
    assert made.type == "video/matroska"


def test_without_the_extra_a_film_is_refused_in_one_sentence(
    service: FilmService, upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = upload()
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ApiError) as caught:
        service.run(blob, "a.mp4", REQUEST, "me")
    assert str(caught.value) == (
        "a.mp4: films need the package av, which is not installed; this server cannot colorize films"
    )
    assert caught.value.status == 415


def test_a_photo_and_a_text_are_no_films(service: FilmService, grey: bytes) -> None:
    store = service.service.store
    assert not service.takes(store.write(grey, "me"), "a.jpg")
    assert not service.takes(store.write(b"hello", "me"), "a.mp4")

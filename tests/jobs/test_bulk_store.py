"""Files by path or URL; the store is moto's, seen with boto3."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec.asyn
import pytest

from photochrom.engine.colorizer import Colorizer
from photochrom.errors import OptionError, PhotoError, Remedy, WriteError
from photochrom.jobs import bulk_store
from photochrom.jobs.bulk_store import Bucket, Root, filesystem, is_url, read, store_error
from photochrom.pipeline.job import colorize
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import DISK


def test_what_a_url_is() -> None:
    assert [
        is_url(text) for text in ("s3://b/k", "gs://b", "/a/b", "a://", "C:\\x", "x y://b", "1a://b")
    ] == ([True, True, False, False, False, False, False])


def test_reading_a_path_and_its_errors(tmp_path: Path) -> None:
    (tmp_path / "a b.jpg").write_bytes(b"photo")
    assert read(str(tmp_path / "a b.jpg")) == b"photo"
    for name, code in (("gone.jpg", "missing"), ("", "folder"), ("a b.jpg/x", "unreadable")):
        with pytest.raises(PhotoError) as caught:
            read(str(tmp_path / name))
        assert caught.value.code == code


def test_reading_objects_with_every_kind_of_name(bucket: Any) -> None:
    for key in ("a b.jpg", "ключ/фото.jpg", "x#1?[2]*.jpg", "50%/+&=.jpg", "a//b.jpg"):
        url = bucket.put(key, key.encode())
        assert read(url, bucket.endpoint) == key.encode()


@pytest.mark.parametrize(
    ("url", "code"), [("s3://no-such-bucket-here/a.jpg", "no_bucket"), ("{}/gone.jpg", "missing")]
)
def test_a_missing_bucket_and_a_missing_object(bucket: Any, url: str, code: str) -> None:
    with pytest.raises(PhotoError) as caught:
        read(url.format(bucket.url), bucket.endpoint)
    assert caught.value.code == code


def test_a_store_that_is_not_there(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_store, "TRIES", 1)
    with pytest.raises(PhotoError) as caught:
        read("s3://box/a.jpg", "http://127.0.0.1:9")
    assert (caught.value.code, caught.value.remedy) == ("no_store", Remedy.CHECK_NETWORK)


def test_a_store_without_credentials(bucket: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    filesystem.cache_clear()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(PhotoError) as caught:
        # Another endpoint, because fsspec keeps a file system of the same options with its credentials.
        read(f"{bucket.url}/a.jpg", bucket.endpoint.replace("127.0.0.1", "localhost"))
    assert (caught.value.code, caught.value.remedy) == ("credentials", Remedy.GIVE_CREDENTIALS)
    filesystem.cache_clear()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError("Forbidden"), "permission"),
        (OSError(5, "Please reduce your request rate."), "store"),
        (TimeoutError(), "store"),
        (type("EndpointConnectionError", (Exception,), {})("x"), "no_store"),
    ],
)
def test_each_error_of_a_store_is_one_sentence(error: Exception, code: str) -> None:
    found = store_error(error, "s3://b/k")
    assert found.code == code
    assert "\n" not in str(found)
    assert str(found).startswith("s3://b/k: ")


def test_unknown_and_missing_protocols(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="xyz:// is not known"):
        read("xyz://b/k")
    import fsspec

    def missing(protocol: str, **options: object) -> object:
        raise ImportError("Please install gcsfs")

    monkeypatch.setattr(fsspec, "filesystem", missing)
    with pytest.raises(OptionError) as caught:
        read("gs://b/k", "http://other")
    assert caught.value.remedy is Remedy.INSTALL_CLOUD


def test_the_store_itself_refuses_to_replace(bucket: Any) -> None:
    store = Bucket(Root.of(f"{bucket.url}/out/", bucket.endpoint))
    path = Path("sub/a b.jpg")
    assert not store.look(path).there
    store.write(path, b"one", overwrite=False)
    assert bucket.get("out/sub/a b.jpg") == b"one"
    with pytest.raises(WriteError) as caught:
        store.write(path, b"two", overwrite=False)
    assert caught.value.code == "exists"
    assert bucket.get("out/sub/a b.jpg") == b"one"
    store.write(path, b"two", overwrite=True)
    assert bucket.get("out/sub/a b.jpg") == b"two"
    assert store.look(path).there
    assert store.look(path).mark is None


def test_the_mark_of_an_object_is_read(bucket: Any, grey_photo: Callable[..., bytes]) -> None:
    data = grey_photo()
    _, (result,) = colorize(Colorizer(threads=1), data, ColorizeRequest(), name="a.jpg")
    bucket.put("a.jpg", result.encode())
    mark = Bucket(Root.of(bucket.url, bucket.endpoint)).look(Path("a.jpg")).mark
    assert mark is not None
    assert mark.source_digest == hashlib.sha256(data).hexdigest()
    bucket.put("empty.jpg", b"")
    assert not Bucket(Root.of(bucket.url, bucket.endpoint)).look(Path("empty.jpg")).there


def test_a_root_is_a_folder_or_a_prefix(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    disk, remote = Root.of("out"), Root.of(f"{bucket.url}/out/", bucket.endpoint)
    assert (disk.url, disk.store, remote.url) == (str(tmp_path / "out"), DISK, f"{bucket.url}/out")
    for root in (disk, remote):
        root.check_writable()
        assert root.names("table") == []
        root.write("table/b.bin", b"1")
        root.write("table/a.bin", b"2")
        root.write("table/a.bin", b"3")
        assert root.names("table") == ["a.bin", "b.bin"]
        assert root.read("table/a.bin") == b"3"
        where = root.folder("sub/a.jpg") / "a.jpg"
        assert root.relative(str(where)) == "sub/a.jpg"
    with pytest.raises(PhotoError, match="no such bucket"):
        Root.of("s3://no-such-bucket-here", bucket.endpoint).check_writable()
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(WriteError, match="is a file"):
        Root.of("file").check_writable()
    with pytest.raises(OptionError):
        Root.of("")


def test_how_many_requests_a_photo_costs(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/bulk.md counts with one GET, one PUT, and one HEAD in a target that was not empty."""
    url = bucket.put("in/a.jpg", b"photo")
    files = filesystem("s3", bucket.endpoint)
    calls, call = list[str](), type(files)._call_s3

    async def counted(self: Any, method: str, *arguments: Any, **options: Any) -> Any:
        calls.append(method)
        return await call(self, method, *arguments, **options)

    monkeypatch.setattr(type(files), "_call_s3", counted)
    monkeypatch.setattr(files, "call_s3", lambda *x, **y: bulk_sync(files, counted, *x, **y))
    store = Bucket(Root.of(f"{bucket.url}/out", bucket.endpoint))
    read(url, bucket.endpoint)
    store.look(Path("a.jpg"))
    store.write(Path("a.jpg"), b"result", overwrite=False)
    assert calls == ["get_object", "head_object", "put_object"]


def bulk_sync(files: Any, method: Any, *arguments: Any, **options: Any) -> Any:
    return fsspec.asyn.sync(files.loop, method, files, *arguments, **options)


class Busy(BaseHTTPRequestHandler):
    """A store that answers 503 to everything."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_store_that_answers_503(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_store, "TRIES", 1)
    with serving(Busy) as endpoint, pytest.raises(PhotoError) as caught:
        read("s3://box/a.jpg", endpoint)
    assert (caught.value.code, caught.value.remedy) == ("store", Remedy.CONTINUE_LATER)


def test_a_silent_store_is_asked_as_often_as_it_is_said(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Silent(Busy):
        def do_GET(self) -> None:
            asked.append(self.path)
            done.wait(30)

    done = threading.Event()
    monkeypatch.setattr(bulk_store, "TRIES", 2)
    monkeypatch.setattr(bulk_store, "READ_SECONDS", 0.2)
    with serving(Silent) as endpoint:
        with pytest.raises(PhotoError) as caught:
            read("s3://box/a.jpg", endpoint)
        done.set()
    assert (caught.value.code, len(asked)) == ("store", 2)


def test_an_answer_that_breaks_off_is_asked_for_again(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [b"pho", b"photo"]

    class Breaking(Busy):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(answers.pop(0))

    with serving(Breaking) as endpoint:
        assert read("s3://box/a.jpg", endpoint) == b"photo"
    assert answers == []


def test_what_is_empty(bucket: Any, tmp_path: Path) -> None:
    root = Root.of(f"{bucket.url}/out", bucket.endpoint)
    bucket.put("outside.jpg", b"x")
    assert root.is_empty()
    bucket.put("out/sub/a.jpg", b"x")
    assert not root.is_empty()
    assert not Root.of(bucket.url, bucket.endpoint).is_empty()
    assert Root.of(str(tmp_path / "gone")).is_empty()
    assert Root.of(str(tmp_path)).is_empty()
    (tmp_path / "a").write_bytes(b"")
    assert not Root.of(str(tmp_path)).is_empty()


def test_an_endpoint_that_is_no_web_address() -> None:
    with pytest.raises(OptionError, match="the endpoint minio:9000 must begin with http:// or https://"):
        Root.of("s3://box", "minio:9000").is_empty()

"""Tars: found by offset, cut ones named, remote ones fetched once and whole."""

import gzip
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from photochrom.data.shards import expand, fetch, index, is_url, read_member

FILES = {
    "a.jpg": b"first",
    "deep/" * 30 + "b.jpg": bytes(range(256)) * 5,
    "c.txt": b"",
    "caf\u00e9.jpg": np.random.default_rng(0).bytes(3000),
}


def tar_bytes(files: dict[str, bytes] = FILES, **more: Any) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", **more) as archive:
        folder = tarfile.TarInfo("album.jpg")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "a.jpg"
        archive.addfile(link)
    return file.getvalue()


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    path = tmp_path / "photos.tar"
    path.write_bytes(tar_bytes())
    return path


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_are_read_by_offset_in_any_order(tmp_path: Path, format: int) -> None:
    path = tmp_path / "photos.tar"
    path.write_bytes(tar_bytes(format=format))
    members = index(path)
    assert [member.name for member in members] == list(FILES)
    for member in reversed(members):
        assert read_member(path, member) == FILES[member.name]


def test_a_tar_cut_anywhere_is_named(tar: Path) -> None:
    whole = tar.read_bytes()
    with tarfile.open(tar) as archive:
        end = archive.getmembers()[-1].offset_data
    for size in [0, 1, 511, *range(512, end + 1, 512), *range(700, end, 999)]:
        tar.write_bytes(whole[:size])
        with pytest.raises(
            ValueError, match=r"photos\.tar: not a whole tar file \(.*copy it again\)"
        ) as caught:
            index(tar)
        assert "\n" not in str(caught.value)
    tar.write_bytes(whole[: end + 512])
    assert len(index(tar)) == len(FILES)


def test_a_damaged_header_is_not_taken_for_the_end(tar: Path) -> None:
    data = bytearray(tar.read_bytes())
    with tarfile.open(tar) as archive:
        member = archive.getmember("c.txt")
    data[member.offset + 10] ^= 1
    tar.write_bytes(data)
    with pytest.raises(ValueError, match=f"damaged or cut at byte {member.offset:,}"):
        index(tar)


def test_a_tar_that_became_shorter(tar: Path) -> None:
    member = index(tar)[-1]
    tar.write_bytes(tar.read_bytes()[: member.offset + 10])
    with pytest.raises(EOFError, match="shorter"):
        read_member(tar, member)


def test_text_is_not_a_tar(tar: Path) -> None:
    tar.write_text("not a tar" * 100)
    with pytest.raises(ValueError, match="not a whole tar file"):
        index(tar)


def test_a_compressed_tar_says_what_to_do(tar: Path) -> None:
    tar.write_bytes(gzip.compress(tar.read_bytes()))
    with pytest.raises(ValueError, match="it is compressed; unpack it first"):
        index(tar)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.tar", ["a.tar"]),
        ("s3://b/x-{08..11}.tar", [f"s3://b/x-{n}.tar" for n in ("08", "09", "10", "11")]),
        ("{1..2}/{3..4}.tar", ["1/3.tar", "1/4.tar", "2/3.tar", "2/4.tar"]),
        ("{a..b}.tar", ["{a..b}.tar"]),
    ],
)
def test_braces(pattern: str, names: list[str]) -> None:
    assert expand(pattern) == names


def test_stars_in_a_path(tmp_path: Path) -> None:
    for name in ("b.tar", "a.tar", "c.txt"):
        (tmp_path / name).touch()
    assert expand(str(tmp_path / "*.tar")) == [str(tmp_path / "a.tar"), str(tmp_path / "b.tar")]
    with pytest.raises(FileNotFoundError, match=r"\*\.zip: no file fits this"):
        expand(str(tmp_path / "*.zip"))


def test_a_range_that_runs_backwards() -> None:
    with pytest.raises(FileNotFoundError, match=r"\{2\.\.1\}\.tar: no file fits this"):
        expand("{2..1}.tar")


@pytest.fixture
def bucket() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    files.pipe("/bucket/photos-0.tar", tar_bytes())
    files.pipe("/bucket/photos-1.tar", tar_bytes())
    yield files
    files.rm("/bucket", recursive=True)


def test_stars_in_an_address(bucket: Any) -> None:
    assert expand("memory://bucket/*.tar") == [
        "memory:///bucket/photos-0.tar",
        "memory:///bucket/photos-1.tar",
    ]


@pytest.mark.parametrize(
    ("path", "answer"), [("s3://a/b.tar", True), (Path("a/b.tar"), False), ("C:\\photos\\b.tar", False)]
)
def test_addresses_are_told_from_paths(path: str | Path, answer: bool) -> None:
    assert is_url(path) is answer


def test_fetched_once(bucket: Any, tmp_path: Path) -> None:
    cache = tmp_path / "some" / "cache"
    path = fetch("memory://bucket/photos-0.tar", cache)
    assert path.read_bytes() == tar_bytes()
    assert [member.name for member in index(path)] == list(FILES)
    bucket.rm("/bucket/photos-0.tar")
    assert fetch("memory://bucket/photos-0.tar", cache) == path
    assert fetch("memory://bucket/photos-1.tar", cache) != path
    assert len(list(cache.iterdir())) == 2


def test_cache_of_the_user(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetch("memory://bucket/photos-0.tar").parent == tmp_path / "photochrom"


def test_an_address_with_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"memory://bucket/none\.tar: cannot be fetched \(FileNotFoundError"):
        fetch("memory://bucket/none.tar", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_kind_of_address(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nope://photos\.tar: Protocol not known"):
        fetch("nope://photos.tar", tmp_path)


def test_a_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.registry import known_implementations as known

    monkeypatch.setitem(known, "far", {"class": "no_such_package.Files", "err": "Please install faraway"})
    with pytest.raises(ImportError, match=r"far://photos\.tar: Please install faraway"):
        fetch("far://photos.tar", tmp_path)


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self, body: bool = True) -> None:
            data = tar_bytes()
            self.send_response(200 if self.path.startswith("/photos") else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if body:
                self.wfile.write(data[:3000] if self.path == "/photos-cut.tar" else data)

        def do_HEAD(self) -> None:
            self.do_GET(body=False)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_fetched_over_http(server: str, tmp_path: Path) -> None:
    path = fetch(f"{server}/photos.tar?token=secret", tmp_path)
    assert path.read_bytes() == tar_bytes()
    assert path.name.endswith("-photos.tar")


@pytest.mark.parametrize("name", ["photos-cut.tar", "other.tar"])
def test_half_a_download_is_no_download(server: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match=rf"{name}: cannot be fetched \(") as caught:
        fetch(f"{server}/{name}", tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []

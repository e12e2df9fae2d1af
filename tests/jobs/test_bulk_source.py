"""Folders, prefixes and manifests become one table."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from photochrom.errors import OptionError, PhotoError
from photochrom.jobs import bulk_source
from photochrom.jobs.bulk_source import is_film, load, target_name
from photochrom.jobs.bulk_store import Root


def rows(source: bulk_source.Source, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in source.table.to_pylist()]


def test_a_folder_with_all_below_it(tree: Path) -> None:
    (tree / "notes.txt").write_text("x")
    (tree / "film.mp4").write_bytes(b"x")
    (tree / ".hidden.jpg").write_bytes(b"x")
    (tree / "out").mkdir()
    (tree / "out/a.jpg").write_bytes(b"x")
    found = load(str(tree), target=Root.of(str(tree / "out")))
    assert [name for (name,) in rows(found, "name")] == ["a.jpg", "sub/b c.png", "sub/фото.jpg"]
    path, size, etag = rows(found, "path", "bytes", "etag")[0]
    status = (tree / "a.jpg").stat()
    assert (path, size, etag) == (str(tree / "a.jpg"), status.st_size, f"mtime:{status.st_mtime_ns}")
    assert list(found.left_out.values()) == [1]
    assert found.listed


def test_a_name_that_is_no_unicode_is_said_and_the_others_are_done(tree: Path) -> None:
    os.rename(os.fsencode(tree / "a.jpg"), os.fsencode(tree) + b"/caf\xe9.jpg")
    found = load(str(tree))
    assert len(found.table) == 2
    (problem,) = found.problems
    assert problem.code == "name"
    assert "caf\\udce9.jpg" in str(problem)


def test_a_prefix_with_more_objects_than_a_page(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_source, "PAGE", 3)
    for name in ("a b.jpg", "x/ключ.png", "x/film.mp4", "x/notes.txt", "x/.h.jpg", "out/r.jpg", "z.tif"):
        bucket.put(f"box/{name}", name.encode())
    bucket.put("boxes/other.jpg", b"x")
    target = Root.of(f"{bucket.url}/box/out", bucket.endpoint)
    found = load(f"{bucket.url}/box/", bucket.endpoint, target=target)
    assert rows(found, "path", "name") == [
        (f"{bucket.url}/box/{name}", name) for name in ("a b.jpg", "x/ключ.png", "z.tif")
    ]
    etag = bucket.client.head_object(Bucket=bucket.name, Key="box/z.tif")["ETag"].strip('"')
    assert rows(found, "bytes", "etag")[-1] == (len("z.tif"), etag)
    assert sum(found.left_out.values()) == 1


def test_a_prefix_of_another_store() -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    files.pipe_file("/box/sub/a.jpg", b"12345")
    found = load("memory://box")
    assert rows(found, "path", "name", "bytes") == [("memory://box/sub/a.jpg", "sub/a.jpg", 5)]
    files.rm("/box", recursive=True)
    with pytest.raises(PhotoError):
        load("memory://box")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("box/a b.jpg", "box/a b.jpg"),
        ("/mnt/scans/a.jpg", "mnt/scans/a.jpg"),
        ("s3://plates/box/a.jpg", "plates/box/a.jpg"),
        ("../../up/./a.jpg", "up/a.jpg"),
        ("a//b.jpg", "a/b.jpg"),
    ],
)
def test_the_name_of_a_row_does_not_depend_on_others(path: str, name: str) -> None:
    assert target_name(path) == name


def test_a_text_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "list.txt"
    manifest.write_bytes("\ufeffa b.jpg\r\n\r\n/x/фото.jpg\ns3://b/k.jpg\na b.jpg\n".encode())
    found = load(str(manifest))
    assert rows(found, "path", "name", "options") == [
        (f"{tmp_path}/a b.jpg", "a b.jpg", ""),
        ("/x/фото.jpg", "x/фото.jpg", ""),
        ("s3://b/k.jpg", "b/k.jpg", ""),
    ]
    assert found.notes == [f"{manifest}: rows that repeat a path were left out: 1"]
    manifest.write_bytes(b"caf\xe9.jpg\n")
    with pytest.raises(PhotoError, match="is no manifest"):
        load(str(manifest))


def test_a_csv_manifest_with_options(tmp_path: Path) -> None:
    manifest = tmp_path / "list.csv"
    hints = json.dumps([{"x": 0.5, "y": 0.5, "color": "#a06040"}])
    quoted = hints.replace('"', '""')
    manifest.write_text(
        f'path,strength,hints,target,color,bytes\n007,0.5,"{quoted}",x/7.jpg,red,12\n"a,b.jpg",,,,,\n,,,,,\n'
    )
    found = load(str(manifest))
    first, second = found.table.to_pylist()
    assert first["path"] == f"{tmp_path}/007"
    assert (first["name"], first["bytes"]) == ("x/7.jpg", 12)
    assert json.loads(first["options"]) == {"strength": 0.5, "hints": hints}
    assert (second["path"], second["name"], second["options"]) == (f"{tmp_path}/a,b.jpg", "a,b.jpg", "")
    assert found.notes == [
        f"{manifest}: columns that mean nothing here: color",
        f"{manifest}: rows without a path were left out: 1",
    ]


def test_a_parquet_manifest_in_a_bucket(bucket: Any, tmp_path: Path) -> None:
    table = pa.table({"path": ["sub/a.jpg"], "etag": ["abc"], "force": [True], "hints": [[{"x": 0.1}]]})
    pyarrow.parquet.write_table(table, tmp_path / "m.parquet")
    bucket.put("box/m.parquet", (tmp_path / "m.parquet").read_bytes())
    found = load(f"{bucket.url}/box/m.parquet", bucket.endpoint)
    (row,) = found.table.to_pylist()
    assert (row["path"], row["etag"]) == (f"{bucket.url}/box/sub/a.jpg", "abc")
    assert json.loads(row["options"]) == {"force": True, "hints": [{"x": 0.1}]}


def test_manifests_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("file\na.jpg\n")
    with pytest.raises(OptionError, match=r"has no column `path` \(it has file\)"):
        load(str(tmp_path / "m.csv"))
    (tmp_path / "m.parquet").write_bytes(b"no parquet")
    with pytest.raises(PhotoError, match="is no manifest"):
        load(str(tmp_path / "m.parquet"))
    (tmp_path / "n.csv").write_text("path,bytes\na.jpg,many\n")
    with pytest.raises(OptionError, match="column `bytes` of the wrong kind"):
        load(str(tmp_path / "n.csv"))


def test_sources_that_are_none(tree: Path) -> None:
    with pytest.raises(PhotoError, match="there is no such folder or manifest"):
        load(str(tree / "gone"))
    with pytest.raises(OptionError, match="neither a folder nor a manifest"):
        load(str(tree / "a.jpg"))
    with pytest.raises(OptionError, match="are the same"):
        load(str(tree), target=Root.of(str(tree)))


def test_films_by_name() -> None:
    assert [is_film(name) for name in ("a.mp4", "s3://b/a.MKV", "a.jpg", "mp4")] == [True, True, False, False]


def test_a_prefix_without_objects_and_one_without_photos(bucket: Any) -> None:
    bucket.put("box/notes.txt", b"x")
    with pytest.raises(PhotoError, match="there is no object below this prefix; check the path") as caught:
        load(f"{bucket.url}/bok", bucket.endpoint)
    assert caught.value.code == "missing"
    assert len(load(f"{bucket.url}/box", bucket.endpoint).table) == 0

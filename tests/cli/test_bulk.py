"""``photochrom bulk``: its lines and exit codes. The cluster is replaced by this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from photochrom.errors import ClusterError
from photochrom.jobs import bulk_cluster, bulk_run
from photochrom.jobs.bulk import ModelCopy, Reader, Worker
from photochrom.jobs.bulk_cluster import Cluster
from photochrom.jobs.bulk_request import BulkRequest

Put = Callable[..., Path]


@contextmanager
def here(address: str | None = None, **options: object) -> Iterator[Cluster]:
    yield Cluster(1, 1, 1, address or "this machine")


def in_process(
    todo: pa.Table, bulk: BulkRequest, model: ModelCopy, cluster: Cluster, device: str
) -> Iterator[list[dict[str, Any]]]:
    worker = Worker(bulk, model, device, 1)
    todo = todo.append_column("index", pa.array(range(len(todo)), pa.int64()))
    for part in Reader(bulk)(todo):
        yield worker(part).to_pylist()


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_cluster, "connect", here)
    monkeypatch.setattr(bulk_run, "run", in_process)


def photos(put: Put) -> None:
    put("in/a b.jpg")
    put("in/sub/b.png")
    put("in/colour.png", colour=True)
    put("in/broken.jpg").write_bytes(b"no picture")


def test_a_run_and_the_same_again(run: Any, put: Put, files: Any, tmp_path: Path) -> None:
    photos(put)
    (tmp_path / "in/film.mp4").write_bytes(b"film")
    result = run("bulk", "in", "out")
    assert result.exit_code == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0].startswith("photochrom: left out: 1 (")
    assert lines[1] == "in: 4 photos, 0 done before, 4 to do"
    assert lines[2] == "1 photos at once on this machine"
    assert lines[3].startswith(f"photochrom: {tmp_path}/in/broken.jpg: is not a picture of a known format; ")
    assert lines[4].startswith("2 done, 1 skipped, 1 failed in ")
    assert [name for name in files("out") if not name.startswith("photochrom-results")] == [
        "a b.jpg",
        "sub/b.png",
    ]

    (tmp_path / "in/broken.jpg").unlink()
    again = run("bulk", "in", "out", "--json")
    assert again.exit_code == 0
    assert "in: 3 photos, 3 done before, 0 to do" in again.stderr
    assert json.loads(again.stdout) == {"done": 0, "skipped": 0, "failed": 0, "done_before": 3, "total": 3}

    other = run("bulk", "in", "out", "--strength", 0.5, "-q")
    assert (other.exit_code, other.stderr) == (0, "")
    assert run("bulk", "verify", "out", "--source", "in").exit_code == 0


def test_the_bytes_are_those_of_colorize(run: Any, put: Put, tmp_path: Path) -> None:
    put("in/a.jpg")
    put("in/sub/b.png")
    options = ("--look", "warmer", "--strength", 0.7, "--format", "png", "--side-by-side", "--candidates", 2)
    assert run("bulk", "in", "ours", *options).exit_code == 0
    assert run("colorize", "in", "-r", "-o", "theirs/", *options).exit_code == 0

    def of(folder: str) -> dict[str, bytes]:
        root = tmp_path / folder
        found = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*.*") if p.is_file()}
        return {name: data for name, data in found.items() if not name.startswith("photochrom-results")}

    assert of("ours") == of("theirs")
    assert len(of("ours")) == 8


def test_a_dry_run_makes_nothing(run: Any, put: Put, tmp_path: Path) -> None:
    photos(put)
    result = run("bulk", "in", "out", "--dry-run")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[1].startswith("4 photos, 0.0 MB, about 0 megapixels")
    assert " core-hours, 0 read and 0 write requests" in result.stderr
    assert result.stderr.endswith("1 of 4 photos of a sample cannot be opened\n")
    assert not (tmp_path / "out").exists()


def test_a_run_that_fails_everywhere_ends(run: Any, put: Put, tmp_path: Path) -> None:
    for number in range(6):
        put(f"in/{number}.jpg").write_bytes(b"no picture")
    result = run("bulk", "in", "out", "--max-failed", 2)
    assert result.exit_code == 1
    assert result.stderr.count("is not a picture") == 3
    assert result.stderr.endswith(
        "photochrom: ended, because too many photos failed (--max-failed), with 0 done, 0 skipped, 3 failed;"
        " the same command continues\n"
    )
    assert run("bulk", "in", "out", "--max-failed", "some").exit_code == 2


def test_what_was_done_before_a_cluster_fails_stays_done(
    run: Any, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos(put)

    def fails(*arguments: Any) -> Iterator[list[dict[str, Any]]]:
        yield from list(in_process(*arguments))[:1]
        raise ClusterError("head:6379", "the disk is full", code="disk_full")

    monkeypatch.setattr(bulk_run, "run", fails)
    result = run("bulk", "in", "out", "--address", "head:6379")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "photochrom: head:6379: the disk is full"
    monkeypatch.setattr(bulk_run, "run", in_process)
    assert "in: 4 photos, 1 done before, 3 to do" in run("bulk", "in", "out").stderr


def test_ctrl_c(run: Any, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(put)

    def interrupted(*arguments: Any) -> Iterator[list[dict[str, Any]]]:
        yield from list(in_process(*arguments))[:1]
        raise KeyboardInterrupt

    monkeypatch.setattr(bulk_run, "run", interrupted)
    result = run("bulk", "in", "out")
    assert result.exit_code == 130
    assert result.stderr.endswith("stopped with 1 done, 0 skipped, 0 failed; the same command continues\n")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("gone", "out"), 1, "photochrom: gone: there is no such folder or manifest; check the path\n"),
        (("in", "in"), 2, "photochrom: the source and the target are the same; give another target\n"),
        (("in", "xyz://b"), 2, "photochrom: xyz:// is not known; give s3://, gs:// or a folder\n"),
        (("in", "out", "--strength", 9), 2, "photochrom: strength must be between 0 and 1.5, got 9.0\n"),
        (("in", "file"), 1, "file: is a file; choose another folder\n"),
        (("verify", "out"), 1, "out: has no results table of a bulk run\n"),
    ],
)
def test_what_cannot_be_done(
    run: Any, put: Put, tmp_path: Path, arguments: tuple[object, ...], code: int, words: str
) -> None:
    put("in/a.jpg")
    (tmp_path / "file").write_bytes(b"x")
    result = run("bulk", *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
    assert result.stderr.endswith(words)


def test_verify_says_what_is_wrong(run: Any, put: Put, tmp_path: Path) -> None:
    put("in/a.jpg")
    put("in/b.jpg")
    run("bulk", "in", "out")
    (tmp_path / "out/a.jpg").unlink()
    result = run("bulk", "verify", "out")
    assert result.exit_code == 1
    first, last = result.stderr.splitlines()
    assert first.startswith("photochrom: a.jpg: there is no such file")
    assert last == "2 done, 0 skipped, 0 failed; 2 results verified, 1 problems"


def test_help(run: Any) -> None:
    assert "--max-failed" in run("bulk", "run", "--help").stdout
    assert "--sample" in run("bulk", "verify", "--help").stdout
    assert run("bulk").exit_code == 2

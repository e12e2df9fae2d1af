"""The folder of photos: private, bounded, and gone in the end, however it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from photochrom.studio.api_error import ApiError
from photochrom.studio.store import Store, new_id

KEEP = """
import sys
from pathlib import Path
from photochrom.studio.store import Store
store = Store(1000, Path(sys.argv[1]))
store.write(b"photo", "a")
print(store.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(800, tmp_path)
    yield made
    made.close()


def test_files_are_private_and_without_names(store: Store) -> None:
    blob = store.write(b"photo", "a")
    assert store.folder.stat().st_mode & 0o777 == 0o700
    assert blob.path.stat().st_mode & 0o777 == 0o600
    assert blob.path.parent == store.folder
    assert len(blob.path.name) == 32
    with store.open(blob) as file:
        assert file.read() == b"photo"


def test_a_draft_that_is_not_finished_was_never_there(store: Store) -> None:
    with store.draft("a") as draft:
        draft.write(b"12345")
        assert (store.used, store.files) == (5, 1)
    assert (store.used, store.files) == (0, 0)
    assert list(store.folder.iterdir()) == []


def test_the_bound_holds_for_all_and_for_each(store: Store) -> None:
    store.write(bytes(700), "a")
    with pytest.raises(ApiError, match="holds as many photos as it may") as refused:
        store.write(b"x", "a")
    assert refused.value.status == 429
    store.write(bytes(100), "b")
    with pytest.raises(ApiError):
        store.write(b"x", "c")
    assert (store.used, store.files) == (800, 2)


def test_many_small_files_are_too_many(tmp_path: Path) -> None:
    store = Store(20_000 * 100, tmp_path)
    blobs = [store.write(b"x", "a") for _ in range(3)]
    assert store.used == 300
    large = store.write(bytes(150), "a")
    assert store.used == 450
    store.drop(*blobs, large)
    with store.draft("a") as draft:
        draft.write(bytes(99))
        assert store.used == 100
        draft.write(bytes(2))
        assert store.used == 101
    assert store.used == 0
    store.close()


def test_a_file_is_taken_over_if_there_is_room(store: Store) -> None:
    made = store.folder / "folder"
    made.mkdir()
    (made / "film.mp4").write_bytes(b"x" * 300)
    blob = store.adopt(made / "film.mp4", "a")
    assert (blob.bytes, store.used, blob.path.parent) == (300, 300, store.folder)
    assert blob.path.stat().st_mode & 0o777 == 0o600
    assert list(made.iterdir()) == []
    (made / "film.mp4").write_bytes(b"x" * 501)
    with pytest.raises(ApiError, match="as many photos as it may"):
        store.adopt(made / "film.mp4", "a")
    store.drop(blob)
    assert (store.used, store.files) == (0, 0)


def test_dropping_makes_room(store: Store) -> None:
    first = store.write(bytes(700), "a")
    store.drop(first)
    store.drop(first)
    assert (store.used, store.files) == (0, 0)
    assert not first.path.exists()
    with pytest.raises(ApiError, match="gone") as refused, store.open(first):
        pass
    assert refused.value.status == 404
    store.write(bytes(700), "a")


def test_what_is_read_stays_until_it_is_read(store: Store) -> None:
    blob = store.write(b"photo", "a")
    with store.hold([blob]):
        with store.open(blob):
            store.drop(blob)
        assert store.files == 0
        with store.open(blob) as file:
            assert file.read() == b"photo"
    assert not blob.path.exists()
    with pytest.raises(ApiError), store.hold([blob]):
        pass


def test_a_full_disk_is_a_reason_to_come_again(store: Store) -> None:
    with store.draft("a") as draft:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, draft._file.fileno())
        os.close(full)
        with pytest.raises(ApiError, match=r"cannot keep photos now \(the disk is full\)") as refused:
            draft.write(b"x")
    assert refused.value.status == 429
    assert (store.used, store.files) == (0, 0)
    store.folder.rmdir()
    with pytest.raises(ApiError, match="cannot keep photos now"):
        store.write(b"x", "a")
    assert (store.used, store.files) == (0, 0)


def test_closing_removes_everything(store: Store) -> None:
    blob = store.write(b"photo", "a")
    with store.draft("a") as draft, store.hold([blob]):
        store.close()
        with pytest.raises(ApiError, match="shutting down") as refused:
            draft.write(b"x")
    assert refused.value.status == 503
    assert not store.folder.exists()
    with pytest.raises(ApiError, match="shutting down"):
        store.write(b"x", "a")
    store.close()


def test_the_next_store_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", KEEP, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        )
        for _ in range(2)
    ]
    folders = []
    for child in children:
        assert child.stdout is not None
        folders.append(Path(child.stdout.readline().decode().strip()))
    dead, alive = folders
    children[0].send_signal(signal.SIGKILL)
    children[0].wait()
    stranger = tmp_path / "photochrom-studio-link"
    stranger.symlink_to(alive)
    for folder in folders:
        os.utime(folder, (0, 0))
    Store(100, tmp_path).close()
    assert not dead.exists()
    assert [path.name for path in alive.iterdir()]
    assert stranger.is_symlink()
    for child in children:
        child.communicate()
    os.utime(alive, (0, 0))
    Store(100, tmp_path).close()
    assert not alive.exists()


def test_many_threads_count_right(tmp_path: Path) -> None:
    store = Store(10_000_000, tmp_path)

    def work(owner: str) -> None:
        for size in range(50):
            store.drop(store.write(bytes(size), owner))

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (store.used, store.files) == (0, 0)
    assert list(store.folder.iterdir()) == []
    store.close()


def test_ids_cannot_be_guessed() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert min(map(len, ids)) >= 22

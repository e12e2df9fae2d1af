"""Streams: the same photos as in memory, read ahead, with grey and broken ones replaced and counted."""

import io
import tarfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from photochrom.data import stream as module
from photochrom.data.dataset import PhotoDataset
from photochrom.data.decode import BrokenPhoto
from photochrom.data.sources import Item, Source, find
from photochrom.data.splits import ranked
from photochrom.data.stream import PhotoStream, free_memory, load

Pixels = NDArray[np.uint8]


def color(seed: int, height: int = 12, width: int = 16) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


class Numbers(Source):
    """Photos 0, 1, 2, ..., of which some are grey or broken; it counts how often each is read."""

    def __init__(self, count: int, grey: Iterable[int] = (), broken: Iterable[int] = ()) -> None:
        super().__init__(Path("numbers"))
        self.count, self.grey, self.broken = count, set(grey), set(broken)
        self.reads: Counter[int] = Counter()
        self.started = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def _list(self) -> Iterator[Item]:
        for i in range(self.count):
            yield Item(f"{i}", f"{i // 2}", self, i)

    def read(self, item: Item, short_side: int | None = None) -> Pixels:
        self.reads[item.at] += 1
        self.started.release()
        assert self.gate.wait(60)
        if item.at in self.broken:
            raise BrokenPhoto(item.key, "torn")
        if item.at in self.grey:
            return np.full((4, 4, 3), 99, np.uint8)
        return color(item.at, 10 + item.at % 3, 20)


@pytest.fixture
def made() -> Iterator[list[PhotoStream]]:
    streams: list[PhotoStream] = []
    yield streams
    for stream in streams:
        stream.close()


def open_stream(made: list[PhotoStream], source: Source, **more: int) -> PhotoStream:
    made.append(PhotoStream(source.items, **more))
    return made[-1]


def test_a_batch_is_the_photos_asked_for(made: list[PhotoStream]) -> None:
    stream = open_stream(made, Numbers(10))
    batch = stream.take(np.array([7, 2, 2, 9]))
    assert isinstance(batch, PhotoDataset)
    assert batch.keys == ["7", "2", "2", "9"]
    assert batch.groups == ["3", "1", "1", "4"]
    for i, number in enumerate((7, 2, 2, 9)):
        np.testing.assert_array_equal(batch[i], color(number, 10 + number % 3, 20))
    assert (len(stream), stream.keys[3], stream.groups[3]) == (10, "3", "1")
    assert stream.short_sides is None
    assert str(stream) == "10 photos, streamed; left out so far: 0 grey, 0 unreadable"


def test_grey_and_broken_ones_are_replaced_by_the_next_and_counted_once(made: list[PhotoStream]) -> None:
    source = Numbers(8, grey=(2, 7), broken=(3,))
    stream = open_stream(made, source)
    assert stream.take([2, 3, 7, 1]).keys == ["4", "4", "0", "1"]
    assert stream.take([2, 3, 7, 1]).keys == ["4", "4", "0", "1"]
    assert stream.left_out.grey == 2
    assert stream.left_out.broken == {"3": "torn"}
    assert "2 grey, 1 unreadable (3)" in str(stream)
    before = source.reads.copy()
    stream.take([2, 3, 7])
    assert {i for i in source.reads if source.reads[i] > before[i]} == {4, 0}


def test_what_an_index_gives_does_not_depend_on_threads_or_history(made: list[PhotoStream]) -> None:
    def keys(threads: int, *batches: list[int]) -> list[str]:
        stream = open_stream(made, Numbers(40, grey=range(0, 40, 3), broken=range(1, 40, 7)), threads=threads)
        for batch in batches:
            stream.prefetch(batch)
        return stream.take(range(40)).keys

    first = keys(1)
    assert keys(8) == first == keys(4, [5, 30], list(range(39, 0, -1)))


def test_announced_photos_are_read_before_they_are_taken(made: list[PhotoStream]) -> None:
    source = Numbers(20)
    stream = open_stream(made, source, threads=3)
    source.gate.clear()
    stream.prefetch([4, 5, 6])
    for _ in range(3):
        assert source.started.acquire(timeout=60)
    assert set(source.reads) == {4, 5, 6}
    source.gate.set()
    assert stream.take([6, 5, 4]).keys == ["6", "5", "4"]
    assert source.reads == Counter([4, 5, 6])


def test_no_more_is_held_than_allowed(made: list[PhotoStream]) -> None:
    source = Numbers(40)
    stream = open_stream(made, source, ahead=6, threads=2)
    stream.prefetch(range(30))
    assert list(stream._coming) == list(range(6))
    # What was announced long ago and never taken makes room.
    stream.prefetch([35, 36])
    assert list(stream._coming) == [2, 3, 4, 5, 35, 36]
    assert stream.take(range(30, 40)).keys == [str(i) for i in range(30, 40)]
    assert list(stream._coming) == [2, 3, 4, 5]


def test_seconds_of_waiting_are_counted(made: list[PhotoStream], monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([10.0, 12.5, 20.0, 20.25])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(ticks))
    stream = open_stream(made, Numbers(4))
    stream.take([0])
    stream.take([1])
    assert stream.waited == 2.75


@pytest.mark.parametrize("useless", ["grey", "broken"])
def test_nothing_to_learn_from(made: list[PhotoStream], useless: str) -> None:
    stream = open_stream(made, Numbers(6, **{useless: range(6)}))
    with pytest.raises(
        FileNotFoundError, match=r"no colour photo from here on; left out: \d grey, \d unreadable"
    ):
        stream.take([3])
    assert stream.left_out.grey + len(stream.left_out.broken) == 6


def test_it_gives_up_before_a_large_grey_set_is_read_through(
    made: list[PhotoStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GIVE_UP", 10)
    source = Numbers(100, grey=range(100))
    with pytest.raises(FileNotFoundError, match="left out: 10 grey"):
        open_stream(made, source).take([0])
    assert len(source.reads) == 10


def test_subsets_replace_within_themselves_and_share_what_is_known(made: list[PhotoStream]) -> None:
    source = Numbers(10, grey=(4,))
    stream = open_stream(made, source)
    even = stream.subset([0, 2, 4, 6])
    assert even.take([2, 3]).keys == ["6", "6"]
    assert even.waited > stream.waited == 0
    assert stream.left_out.grey == 1
    assert stream.take([4]).keys == ["5"]
    assert source.reads[4] == 1


def test_split_keeps_groups_together_and_apart(made: list[PhotoStream]) -> None:
    stream = open_stream(made, Numbers(20))
    train, validation = stream.split("14/6", seed=2)
    assert (len(train), len(validation)) == (14, 6)
    assert set(train.groups).isdisjoint(validation.groups)
    pictures = PhotoDataset.pack([color(i) for i in range(20)], stream.keys, stream.groups)
    assert [part.keys for part in pictures.split("14/6", seed=2)] == [train.keys, validation.keys]


def test_batches_go_to_the_device(made: list[PhotoStream]) -> None:
    stream = open_stream(made, Numbers(4)).to("meta")
    assert stream.device == stream.take([1, 2]).device == torch.device("meta")


def test_a_closed_stream_does_nothing_more(made: list[PhotoStream]) -> None:
    stream = open_stream(made, Numbers(4))
    stream.close()
    with pytest.raises(RuntimeError, match="shutdown"):
        stream.take([0])


def encoded(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    """Eight photos of 12 x 16, a grey and a broken one."""
    files = {f"{i}.png": encoded(color(i)) for i in range(8)}
    files |= {"8.png": encoded(np.full((12, 16, 3), 50, np.uint8)), "9.png": b"torn"}
    path = tmp_path / "photos.tar"
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_a_large_tar_streams_in_any_order(tar: Path, made: list[PhotoStream]) -> None:
    stream = open_stream(made, find(tar))
    for i in (5, 0, 7, 3):
        np.testing.assert_array_equal(stream.take([i])[0], color(i))
    assert stream.take([8]).keys == stream.take([9]).keys == ["0.png"]


BYTES = 10 * 12 * 16 * 3


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, PhotoDataset),
        ({"memory": BYTES}, PhotoDataset),
        ({"memory": BYTES - 1}, PhotoStream),
        ({"memory": BYTES // 2, "limit": 5}, PhotoDataset),
        ({"memory": BYTES // 4, "short_side": 6}, PhotoDataset),
        ({"memory": 0, "resident": True}, PhotoDataset),
        ({"resident": False}, PhotoStream),
    ],
)
def test_in_memory_where_it_fits(
    tar: Path, made: list[PhotoStream], more: dict[str, int], kind: type
) -> None:
    photos = load([tar], **more)  # type: ignore[arg-type]
    assert type(photos) is kind
    if isinstance(photos, PhotoStream):
        made.append(photos)
    assert len(photos) == (5 if "limit" in more else 8 if kind is PhotoDataset else 10)
    batch = photos.take([1])
    side = more.get("short_side")
    expected = (12, 16) if side is None else (6, 8)
    assert batch[0].shape == (*expected, 3)


def test_limit_of_a_stream_is_a_reproducible_share(tar: Path, made: list[PhotoStream]) -> None:
    photos = load([tar], limit=4, resident=False)
    assert isinstance(photos, PhotoStream)
    made.append(photos)
    assert photos.keys == sorted(ranked([f"{i}.png" for i in range(10)])[:4])


def test_loaded_to_a_device_where_it_fits(
    tar: Path, made: list[PhotoStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {"cpu": 1 << 30, "meta": 0}
    monkeypatch.setattr(module, "free_memory", lambda device: free[device.type])
    assert load([tar], device="meta").device.type == "cpu"
    free["meta"] = 2 * BYTES
    assert load([tar], device="meta").device.type == "meta"
    stream = load([tar], device="meta", resident=False)
    assert isinstance(stream, PhotoStream)
    made.append(stream)
    assert stream.device.type == "meta"


def test_paths_are_joined(tar: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.png").write_bytes(encoded(color(20)))
    photos = load([tmp_path / "folder", str(tar)])
    assert photos.keys == ["x.png", *(f"{i}.png" for i in range(8))]
    assert (photos.left_out.grey, list(photos.left_out.broken)) == (1, ["9.png"])


def test_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=f"{tmp_path}: no photos in it"):
        load([tmp_path])


def test_free_memory_is_what_is_left_of_the_smallest_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"/proc/meminfo": "meminfo", "/sys/fs/cgroup": "cgroup"}
    monkeypatch.setattr(module, "Path", lambda name: tmp_path / names[name])
    cpu = torch.device("cpu")
    assert free_memory(cpu) == 4 << 30
    (tmp_path / "meminfo").write_text("MemTotal:  9000 kB\nMemFree:  10 kB\nMemAvailable:  8000 kB\n")
    assert free_memory(cpu) == 8000 * 1024
    (tmp_path / "cgroup").mkdir()
    (tmp_path / "cgroup" / "memory.current").write_text("700000\n")
    (tmp_path / "cgroup" / "memory.stat").write_text("anon 5\ninactive_file 200000\nactive_file 7\n")
    (tmp_path / "cgroup" / "memory.max").write_text("max\n")
    assert free_memory(cpu) == 8000 * 1024
    (tmp_path / "cgroup" / "memory.max").write_text("1000000\n")
    assert free_memory(cpu) == 500_000
    (tmp_path / "cgroup" / "memory.max").write_text("300000\n")
    assert free_memory(cpu) == 0


def test_free_memory_here_is_something() -> None:
    assert free_memory(torch.device("cpu")) > 1 << 20

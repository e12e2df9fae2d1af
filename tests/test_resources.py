"""Cores and memory, counted once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom import resources


def files(folder: Path, **contents: str) -> None:
    for name, text in contents.items():
        path = folder / name.replace("__", "/").replace("_", ".", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(resources, "CGROUP", tmp_path)
    monkeypatch.setattr(resources, "_own_group", lambda controller: tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    return tmp_path


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("odd", 8),
        ("1 0", 8),
    ],
)
def test_cores_by_quota(cgroup: Path, quota: str, expected: int) -> None:
    files(cgroup, cpu_max=quota)
    assert resources.cores() == expected
    (cgroup / "cpu.max").unlink()
    files(cgroup, own__cpu_max=quota)
    assert resources.cores() == expected


def test_cores_by_quota_of_version_1(cgroup: Path) -> None:
    for name, text in (("quota", "300000"), ("period", "100000")):
        path = cgroup / f"cpu/cpu.cfs_{name}_us"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert resources.cores() == 3
    (cgroup / "cpu/cpu.cfs_quota_us").write_text("-1")
    assert resources.cores() == 8


def test_memory_is_the_least(cgroup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_physical", lambda: 100)
    monkeypatch.setattr(resources, "address_space", lambda: None)
    assert resources.memory() == 100
    files(cgroup, memory_max="max")
    assert resources.memory() == 100
    files(cgroup, memory_max="70")
    assert resources.memory() == 70
    monkeypatch.setattr(resources, "address_space", lambda: 50)
    assert resources.memory() == 50


def test_affinity_and_ulimit_of_a_real_process() -> None:
    code = "from photochrom import resources as r; print(r.cores(), r.memory())"
    import resource

    def limit() -> None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20))

    done = subprocess.run(
        [sys.executable, "-c", code], preexec_fn=limit, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", str(700 << 20)]


@pytest.mark.parametrize(
    ("photos", "jobs", "threads", "expected"),
    [
        (1, None, None, (1, None)),
        (1, None, 3, (1, 3)),
        (100, None, None, (8, 1)),
        (3, None, None, (3, 2)),
        (100, 2, None, (2, 4)),
        (100, 20, None, (20, 1)),
        (100, 4, 5, (4, 5)),
    ],
)
def test_cores_are_shared(
    monkeypatch: pytest.MonkeyPatch,
    photos: int,
    jobs: int | None,
    threads: int | None,
    expected: tuple[int, int | None],
) -> None:
    monkeypatch.setattr("photochrom.resources.cores", lambda: 8)
    monkeypatch.setattr("photochrom.resources.memory", lambda: 64 << 30)
    assert resources.share_cores(photos, jobs, threads) == expected


def test_little_memory_means_few_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photochrom.resources.cores", lambda: 8)
    monkeypatch.setattr("photochrom.resources.memory", lambda: 2 << 30)
    assert resources.share_cores(100, None, None) == (2, 4)


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_openblas_starts_no_thread() -> None:
    code = (
        "import os; from photochrom import resources; resources.one_blas_thread(); import numpy\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"

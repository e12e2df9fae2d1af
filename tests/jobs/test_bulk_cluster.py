"""A cluster that cannot be used is one sentence. The clusters themselves are in test_bulk_run.py."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from photochrom.errors import ClusterError, Remedy
from photochrom.jobs import bulk_cluster
from photochrom.jobs.bulk_cluster import STARTS, as_cluster_error, connect


class OutOfDiskError(Exception):
    """Named as Ray's."""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OutOfDiskError("Local disk is full"), "disk_full"),
        (OSError(28, "No space left on device"), "disk_full"),
        (RuntimeError("Version mismatch: The cluster was started with:\n Ray: 2.1"), "version"),
        (ConnectionError("Could not find any running Ray instance"), "no_cluster"),
        (RuntimeError("Failed to start GCS.  Last 0 lines of error files:\n"), "slow_start"),
        (ValueError("odd\nthing"), "cluster"),
    ],
)
def test_each_error_of_ray_is_one_sentence(error: Exception, code: str) -> None:
    found = as_cluster_error(error, "head:6379")
    assert found.code == code
    assert "\n" not in str(found)
    assert found.remedy is not Remedy.NONE
    assert as_cluster_error(found, "") is found


@pytest.mark.parametrize(
    ("words", "code", "remedy"),
    [
        ("Failed to connect to GCS. ... RPC error: InvalidAuthToken: ...", "auth", Remedy.GIVE_RAY_TOKEN),
        ("Version mismatch: The cluster was started with:\n Ray: 2.59.0", "version", Remedy.SAME_VERSION),
    ],
)
def test_the_cause_that_ray_hides_in_another_error(words: str, code: str, remedy: Remedy) -> None:
    error = ConnectionError("Failed to connect to Ray cluster at 192.0.2.2:6379")
    error.__cause__ = RuntimeError(words)
    found = as_cluster_error(error, "192.0.2.2:6379")
    assert (found.code, found.remedy) == (code, remedy)
    assert "\n" not in str(found)


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "127.0.0.1:99999"])
def test_a_cluster_that_is_not_there(address: str) -> None:
    with pytest.raises(ClusterError) as caught, connect(address):
        pass
    assert (caught.value.code, caught.value.remedy) == ("no_cluster", Remedy.CHECK_CLUSTER)
    assert str(caught.value).startswith(f"{address}: there is no cluster")


@pytest.mark.parametrize("slow", [2, 3])
def test_a_machine_on_which_ray_starts_slowly(monkeypatch: pytest.MonkeyPatch, slow: int) -> None:
    import ray

    starts: list[dict[str, Any]] = []

    def init(**options: Any) -> None:
        starts.append(options)
        if len(starts) <= slow:
            raise RuntimeError("The current node timed out during startup. This could happen because ...")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    if slow < STARTS:
        with connect(jobs=1) as cluster:
            assert cluster.workers == 1
    else:
        with (
            pytest.raises(ClusterError, match=r"^Ray did not start in time, 3 times; ") as caught,
            connect(jobs=1),
        ):
            pass
        assert caught.value.code == "slow_start"
    assert len(starts) == 3
    assert starts[0]["address"] == "local"


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setattr(bulk_cluster, "LEAST_DISK", shutil.disk_usage(tmp_path).total + 1)
    with pytest.raises(ClusterError, match="the disk is full") as caught, connect():
        pass
    assert (caught.value.path, caught.value.code) == (str(tmp_path), "disk_full")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError) as caught, connect():
        pass
    assert caught.value.remedy is Remedy.INSTALL_BULK

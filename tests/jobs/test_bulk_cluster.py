"""A cluster that cannot be used is one sentence. The clusters themselves are in test_bulk_run.py."""

from __future__ import annotations

import sys

import pytest

from photochrom.errors import ClusterError, Remedy
from photochrom.jobs.bulk_cluster import as_cluster_error, connect


class OutOfDiskError(Exception):
    """Named as Ray's."""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OutOfDiskError("Local disk is full"), "disk_full"),
        (OSError(28, "No space left on device"), "disk_full"),
        (RuntimeError("Version mismatch: The cluster was started with:\n Ray: 2.1"), "version"),
        (ConnectionError("Could not find any running Ray instance"), "no_cluster"),
        (ValueError("odd\nthing"), "cluster"),
    ],
)
def test_each_error_of_ray_is_one_sentence(error: Exception, code: str) -> None:
    found = as_cluster_error(error, "head:6379")
    assert found.code == code
    assert "\n" not in str(found)
    assert found.remedy is not Remedy.NONE
    assert as_cluster_error(found, "") is found


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "127.0.0.1:99999"])
def test_a_cluster_that_is_not_there(address: str) -> None:
    with pytest.raises(ClusterError) as caught, connect(address):
        pass
    assert (caught.value.code, caught.value.remedy) == ("no_cluster", Remedy.CHECK_CLUSTER)
    assert str(caught.value).startswith(f"{address}: there is no cluster")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError) as caught, connect():
        pass
    assert caught.value.remedy is Remedy.INSTALL_BULK

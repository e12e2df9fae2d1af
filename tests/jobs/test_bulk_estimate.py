"""What a run will take, from a sample whose numbers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from photochrom.engine.options import Options
from photochrom.jobs.bulk_estimate import CORE_SECONDS_PER_MEGAPIXEL, CORE_SECONDS_PER_PHOTO, estimate
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_source import load
from photochrom.jobs.bulk_store import Root
from photochrom.pipeline.request import ColorizeRequest


def test_an_estimate_of_a_folder(tree: Path, tmp_path: Path) -> None:
    found = estimate(load(str(tree)).table, BulkRequest(Root.of(str(tmp_path / "out"))))
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    assert (found.photos, found.films, found.sampled, found.unreadable) == (3, 0, 3, 0)
    assert found.bytes == size
    assert found.megapixels == pytest.approx(3 * 56 * 40 / 1e6)
    seconds = 3 * CORE_SECONDS_PER_PHOTO + found.megapixels * CORE_SECONDS_PER_MEGAPIXEL
    assert found.core_hours == pytest.approx(seconds / 3600)
    assert (found.reads, found.writes) == (0, 0)


def test_an_estimate_of_a_manifest_without_sizes(
    bucket: Any, tmp_path: Path, grey_photo: Callable[..., bytes]
) -> None:
    url = bucket.put("a.jpg", grey_photo())
    bucket.put("broken.jpg", b"x")
    names = ["a.jpg", "broken.jpg", "film.mp4"]
    manifest = tmp_path / "m.txt"
    manifest.write_text("".join(f"{bucket.url}/{name}\n" for name in names))
    target = Root.of(f"{bucket.url}/out", bucket.endpoint)
    bulk = BulkRequest(target, ColorizeRequest(Options(candidates=2)), endpoint=bucket.endpoint)
    found = estimate(load(str(manifest)).table, bulk)
    assert (found.photos, found.films, found.sampled, found.unreadable) == (2, 1, 2, 1)
    # The photo that can be opened stands for the other one.
    assert found.bytes == 2 * len(bucket.get(url.removeprefix(f"{bucket.url}/")))
    assert found.megapixels == pytest.approx(2 * 56 * 40 / 1e6)
    assert (found.reads, found.writes) == (2 * (1 + 2), 2 * 2)
    # In a target that was empty, no result is looked for.
    assert estimate(load(str(manifest)).table, replace(bulk, fresh=True)).reads == 2


def test_an_estimate_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("")
    empty = load(str(tmp_path / "m.txt")).table
    assert isinstance(empty, pa.Table)
    found = estimate(empty, BulkRequest(Root.of(str(tmp_path / "out"))))
    assert (found.photos, found.bytes, found.core_hours) == (0, 0, 0)

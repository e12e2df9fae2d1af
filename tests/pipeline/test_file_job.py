"""From file to file: what is there is recognised by its provenance, and nothing else is ever replaced."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.engine.options import Options
from photochrom.errors import NameTakenError
from photochrom.media import provenance
from photochrom.pipeline import file_job
from photochrom.pipeline.file_job import FileJob, Outcome, colorize_file
from photochrom.pipeline.origin import Origin
from photochrom.pipeline.python import Colorizer
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Claims, Destination, Seen

Put = Callable[..., Path]
Do = Callable[..., Outcome]


@pytest.fixture
def do(colorizer: Colorizer) -> Do:
    """Colorizes a file beside itself, or into a folder, or into a file."""

    def run(
        path: Path,
        *,
        into: Path | None = None,
        exact: Path | None = None,
        overwrite: bool = False,
        **request: Any,
    ) -> Outcome:
        where = Destination(path.parent, path.name)
        if into is not None:
            where = Destination(into, path.name, marked=False)
        if exact is not None:
            where = Destination(exact.parent, exact.name, marked=False, exact=True)
        claims = Claims()
        claims.inputs.add(claims.key(path))
        return colorize_file(
            FileJob(0, path, where, ColorizeRequest(**request), overwrite), colorizer, claims
        )

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_second_time_it_is_done(put: Put, do: Do, tmp_path: Path) -> None:
    source = put("a.jpg")
    first = do(source)
    assert (first.status, first.outputs) == ("done", [str(tmp_path / "a.color.jpg")])
    written = (tmp_path / "a.color.jpg").read_bytes()
    second = do(source)
    assert (second.status, second.finished_before, second.outputs) == ("skipped", True, first.outputs)
    assert (tmp_path / "a.color.jpg").read_bytes() == written


def test_it_is_recognised_without_decoding_it(put: Put, do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    source = put("a.jpg")
    do(source)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr("photochrom.pipeline.file_job.open_photo", fail)
    assert do(source).finished_before


def test_other_options_and_an_other_content_are_done_again(put: Put, do: Do, tmp_path: Path) -> None:
    source = put("a.png")
    do(source)
    pale = do(source, options=Options(strength=0.2))
    assert (pale.status, pale.outputs) == ("done", [str(tmp_path / "a.color.png")])
    assert do(source, options=Options(strength=0.2)).finished_before
    put("a.png", level=120)  # scanned again
    assert do(source, options=Options(strength=0.2)).status == "done"
    assert names(tmp_path) == ["a.color.png", "a.png"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_foreign_file_is_never_replaced(put: Put, do: Do, tmp_path: Path, overwrite: bool) -> None:
    source = put("a.png")
    foreign = put("a.color.png", level=40).read_bytes()
    done = do(source, overwrite=overwrite)
    assert done.outputs == [str(tmp_path / "a (2).color.png")]
    assert (tmp_path / "a.color.png").read_bytes() == foreign
    assert do(source).finished_before


def test_an_empty_file_is_replaced(put: Put, do: Do, tmp_path: Path) -> None:
    source = put("a.png")
    (tmp_path / "a.color.png").touch()
    assert do(source).outputs == [str(tmp_path / "a.color.png")]


def test_a_result_of_another_photo_stays(put: Put, do: Do, tmp_path: Path) -> None:
    first, second = put("1950/a.png"), put("1960/a.png", level=120)
    into = tmp_path / "out"
    do(first, into=into)
    assert do(second, into=into).outputs == [str(into / "a (2).png")]
    assert do(first, into=into).finished_before
    assert do(second, into=into).finished_before
    put("1960/a.png", level=60)
    changed = do(second, into=into)
    assert (changed.status, changed.outputs) == ("done", [str(into / "a (2).png")])


def test_names_without_suffix(put: Put, do: Do, tmp_path: Path) -> None:
    for name in ("Smith, A. wedding", "Smith, A. picnic", "scan"):
        put(name, level=60 + len(name))
    put("scan.jpg", level=100)
    originals = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    outputs = [Path(do(tmp_path / name, overwrite=True).outputs[0]).name for name in originals]
    assert outputs == [
        "Smith, A. picnic.color.jpg",
        "Smith, A. wedding.color.jpg",
        "scan.color.jpg",
        "scan (2).color.jpg",
    ]
    assert {name: (tmp_path / name).read_bytes() for name in originals} == originals


def test_a_name_that_the_user_gave_is_that_or_an_error(put: Put, do: Do, tmp_path: Path) -> None:
    first, second = put("a.png"), put("b.png", level=120)
    target = tmp_path / "c.png"
    assert do(first, exact=target).outputs == [str(target)]
    refused = do(second, exact=target)
    assert isinstance(refused.error, NameTakenError)
    assert do(second, exact=target, overwrite=True).status == "done"  # it is a result
    refused = do(second, exact=first, overwrite=True)
    assert isinstance(refused.error, NameTakenError)  # and this is an original


def test_several_candidates_and_only_what_is_missing(put: Put, do: Do, tmp_path: Path) -> None:
    source = put("a.png")
    three = ColorizeRequest(Options(candidates=3))
    do(source, options=three.options)
    assert names(tmp_path) == ["a.color.1.png", "a.color.2.png", "a.color.3.png", "a.png"]
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)}
    (tmp_path / "a.color.2.png").unlink()
    assert do(source, options=three.options).status == "done"
    after = {name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)}
    assert [name for name in after if before[name] != after[name]] == ["a.color.2.png"]


def test_comparisons(put: Put, colorizer: Colorizer, tmp_path: Path) -> None:
    source = put("a.png")
    job = FileJob(0, source, Destination(tmp_path, "a.png"), ColorizeRequest(), comparisons=True)
    outcome = colorize_file(job, colorizer, Claims())
    assert [Path(path).name for path in outcome.outputs] == ["a.color.png", "a.compare.jpg"]
    with Image.open(tmp_path / "a.compare.jpg") as sheet:
        assert sheet.size == (112, 40)
    assert colorize_file(job, colorizer, Claims()).finished_before


def test_in_color(put: Put, do: Do, tmp_path: Path) -> None:
    source = put("a.png", color=True)
    outcome = do(source)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code, outcome.outputs) == ("skipped", "in_color", [])
    assert do(source, force=True).status == "done"
    result = tmp_path / "a.color.png"
    again = do(result)
    assert again.error is not None
    assert again.error.code == "colorized"


def test_the_mark_says_of_what_it_is(put: Put, do: Do, tmp_path: Path, colorizer: Colorizer) -> None:
    import hashlib
    import json

    source = put("a.jpg")
    do(source, options=Options(strength=0.7, seed=5))
    mark = provenance.read(tmp_path / "a.color.jpg")
    assert mark is not None
    assert mark.source_digest == hashlib.sha256(source.read_bytes()).hexdigest()
    assert (mark.source_name, mark.source_place) == ("a.jpg", "")
    # The seed decides nothing of the first candidate.
    assert json.loads(mark.options) == {"model": colorizer.info.fingerprint, "strength": 0.7}


def test_what_is_no_file_is_not_opened(do: Do, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    outcome = do(tmp_path / "a.jpg")
    assert outcome.error is not None
    assert outcome.error.code == "not_a_file"
    gone = do(tmp_path / "gone.jpg")
    assert gone.error is not None
    assert (gone.status, str(gone.error)) == (
        "failed",
        f"{tmp_path / 'gone.jpg'}: there is no such file; check the path",
    )


def test_notes_reach_the_outcome(put: Put, do: Do, tmp_path: Path) -> None:
    data = put("a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[:-2])  # without its end marker
    outcome = do(tmp_path / "a.jpg")
    assert outcome.status == "done"
    assert len(outcome.notes) == 1


def test_luma_is_kept(put: Put, do: Do, tmp_path: Path) -> None:
    source = put("a.png")
    do(source)
    with Image.open(source) as before, Image.open(tmp_path / "a.color.png") as after:
        difference = np.asarray(before).astype(int) - np.asarray(after.convert("L"))
    assert np.abs(difference).max() <= 1


def test_whatever_happens_is_the_outcomes_error(
    put: Put, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = FileJob(0, put("a.png"), Destination(tmp_path, "a.png"), ColorizeRequest())
    for error, code in ((MemoryError(), "memory"), (RuntimeError("x"), "unexpected")):

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(colorizer, "colorize_photo", fail)
        outcome = colorize_file(replace(job), colorizer, Claims())
        assert outcome.error is not None
        assert (outcome.status, outcome.error.code) == ("failed", code)
    monkeypatch.undo()


def test_a_photo_that_is_opened_early_has_the_same_result(
    put: Put, colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, broken = put("a.jpg"), put("b.jpg")
    broken.write_bytes(broken.read_bytes()[:300])
    jobs = [
        FileJob(0, path, Destination(tmp_path / folder, path.name, marked=False), ColorizeRequest())
        for folder in ("late", "early")
        for path in (source, broken, tmp_path / "missing.jpg")
    ]
    late = [colorize_file(job, colorizer, Claims()) for job in jobs[:3]]
    with ThreadPoolExecutor(1) as pool:
        early = [job.opened_early(pool) for job in jobs[3:]]
    monkeypatch.setattr(file_job, "open_photo", lambda *args, **kwargs: pytest.fail("opened twice"))
    outcomes = [colorize_file(job, colorizer, Claims()) for job in early]
    assert [each.status for each in outcomes] == ["done", "failed", "failed"]
    assert [str(each.error) for each in outcomes] == [str(each.error) for each in late]
    assert (tmp_path / "early/a.jpg").read_bytes() == (tmp_path / "late/a.jpg").read_bytes()


class Bucket:
    """A store that keeps files in memory, as object storage does."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def look(self, path: Path) -> Seen:
        data = self.files.get(path.as_posix())
        return Seen(False) if data is None else Seen(True, provenance.read(data))

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> None:
        assert overwrite or path.as_posix() not in self.files
        self.files[path.as_posix()] = data


def test_bytes_go_into_a_store_as_a_file_goes_into_a_folder(
    put: Put, do: Do, colorizer: Colorizer, tmp_path: Path
) -> None:
    source, bucket = put("a.jpg"), Bucket()
    on_disk = do(source, into=tmp_path / "out")

    def from_bytes(**request: Any) -> Outcome:
        data = source.read_bytes()
        origin = Origin.of(data, source.name, place=str(source.resolve()))
        where = Destination(Path("sub"), source.name, marked=False)
        job = FileJob(0, source, where, ColorizeRequest(**request), data=data, origin=origin, store=bucket)
        return colorize_file(job, colorizer, Claims())

    first = from_bytes()
    assert (on_disk.status, first.status, first.outputs) == ("done", "done", ["sub/a.jpg"])
    assert bucket.files == {"sub/a.jpg": (tmp_path / "out/a.jpg").read_bytes()}
    assert from_bytes().finished_before
    put("a.jpg", level=120)
    assert from_bytes().outputs == ["sub/a.jpg"]
    assert list(bucket.files) == ["sub/a.jpg"]

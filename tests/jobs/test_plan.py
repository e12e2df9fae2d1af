"""Names in, names out: no picture is decoded here."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from photochrom.engine.options import Options
from photochrom.errors import OptionError
from photochrom.jobs import plan
from photochrom.pipeline.file_job import FileJob
from photochrom.pipeline.request import ColorizeRequest


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def make(
    inputs: list[str], out: str | None = None, *, format: str | None = None, **changes: Any
) -> list[FileJob]:
    request = replace(ColorizeRequest(), format=format)
    return plan.make(inputs, out, request, **{"recursive": True, **changes}).jobs


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "box/a.jpg", "box/sub/b.PNG", "box/sub/deep/c.tif", "box/notes.txt", "box/.hidden.jpg")


def targets(jobs: list[FileJob], suffix: str | None = None) -> dict[str, str]:
    assert [job.index for job in jobs] == list(range(len(jobs)))
    return {
        job.source.as_posix(): job.destination.path(suffix or job.source.suffix, None).as_posix()
        for job in jobs
    }


@pytest.mark.parametrize(
    ("inputs", "out", "expected"),
    [
        (["box/a.jpg"], None, {"box/a.jpg": "box/a.color.jpg"}),
        (["box/a.jpg"], "new/", {"box/a.jpg": "new/a.jpg"}),
        (["box/a.jpg"], "box/sub", {"box/a.jpg": "box/sub/a.jpg"}),
        (["box/a.jpg", "box/sub/b.PNG"], "new", {"box/a.jpg": "new/a.jpg", "box/sub/b.PNG": "new/b.PNG"}),
        (["box/sub"], "new", {"box/sub/b.PNG": "new/b.PNG", "box/sub/deep/c.tif": "new/deep/c.tif"}),
        (
            ["box/sub"],
            None,
            {"box/sub/b.PNG": "box/sub/b.color.PNG", "box/sub/deep/c.tif": "box/sub/deep/c.color.tif"},
        ),
        (["box/a.jpg", "box/sub/../a.jpg"], None, {"box/a.jpg": "box/a.color.jpg"}),
    ],
)
def test_targets(inputs: list[str], out: str | None, expected: dict[str, str]) -> None:
    assert targets(make(inputs, out)) == expected


def test_a_file_named_by_the_user() -> None:
    (job,) = make(["box/a.jpg"], "c.png")
    assert job.destination.exact
    assert (job.destination.path(".png", None), job.request.format) == (Path("c.png"), "PNG")


def test_output_inside_the_input_is_not_scanned() -> None:
    touch(Path("box"), "colour/a.jpg")
    assert "box/colour/a.jpg" not in targets(make(["box"], "box/colour"))


def test_names_are_reserved_in_the_order_of_the_inputs() -> None:
    touch(Path(), "other/a.jpg")
    request = replace(ColorizeRequest(), options=Options(candidates=2))
    for inputs in (["box/a.jpg", "other/a.jpg"], ["other/a.jpg", "box/a.jpg"]):
        planned = plan.make(inputs, "x/", request)
        first, second = Path("x/a.1.jpg"), Path("x/a (2).1.jpg")
        assert planned.claims.take([first], 0)
        assert not planned.claims.take([first], 1)
        assert planned.claims.take([second], 1)
        assert not planned.claims.take([second], 0)


def test_a_name_of_another_format_is_reserved_as_it_will_be() -> None:
    touch(Path(), "p/a.gif", "p/a.png")
    planned = plan.make(["p"], "x/", ColorizeRequest())
    assert planned.claims.take([Path("x/a.png")], 0)
    assert planned.claims.take([Path("x/a (2).png")], 1)


def test_an_input_is_never_given_as_a_name() -> None:
    Path("link").symlink_to("box", target_is_directory=True)
    planned = plan.make(["box/a.jpg"], "link/", ColorizeRequest())
    assert not planned.claims.take([Path("box/a.jpg")], 0)
    assert not planned.claims.take([Path("link/a.jpg")], 0)


def test_folder_without_photographs() -> None:
    Path("empty/sub").mkdir(parents=True)
    (job,) = make(["empty"], recursive=False)
    assert job.problem is not None
    assert job.problem.code == "empty_folder"
    assert "sub-folders" in str(job.problem)
    (job,) = make(["empty"])
    assert "sub-folders" not in str(job.problem)


def test_what_cannot_be_looked_at_does_not_stop_the_others() -> None:
    os.mkfifo("box/pipe.jpg")
    jobs = make(["box", "nowhere.jpg"])
    assert [job.source.name for job in jobs if job.problem is None] == [
        "a.jpg",
        "b.PNG",
        "c.tif",
        "nowhere.jpg",
    ]
    (bad,) = (job for job in jobs if job.problem is not None)
    assert (bad.source, bad.problem.code) == (Path("box/pipe.jpg"), "not_a_file")


def test_what_is_left_out_is_counted() -> None:
    touch(Path(), "box/x.exr", "box/y.exr", "box/film.mp4")
    counts = plan.make(["box"], None, ColorizeRequest()).left_out
    assert {("OpenEXR" in why, "video" in why): count for why, count in counts.items()} == {
        (True, False): 2,
        (False, True): 1,
    }


@pytest.mark.parametrize(
    ("inputs", "out", "format", "words"),
    [
        (["box/a.jpg"], "colour", None, "end it with /"),
        (["box/a.jpg"], "a.gif", None, "cannot be written"),
        (["box/a.jpg"], "a.xyz", None, "cannot be written"),
        (["box/a.jpg"], "a.png", "JPEG", "the format asked for is JPEG"),
        (["box"], "box/notes.txt", None, "is a file"),
        (["box", ""], None, None, "name is empty"),
    ],
)
def test_usage(inputs: list[str], out: str | None, format: str | None, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        make(inputs, out, format=format)

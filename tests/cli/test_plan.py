"""Names in, names out: no picture is opened here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from photochrom.cli import plan
from photochrom.cli.plan import Task, UsageError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def make(inputs: list[str], out: str | None = None, **changes: Any) -> list[Task]:
    settings: dict[str, Any] = {
        "recursive": True,
        "format": None,
        "overwrite": False,
        "candidates": 1,
        "side_by_side": False,
    }
    return plan.make(inputs, out, **{**settings, **changes})[0]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "box/a.jpg", "box/sub/b.PNG", "box/sub/deep/c.tif", "box/notes.txt", "box/.hidden.jpg")
    touch(tmp_path, "box/a.color.jpg", "box/a.color.2.jpg", "box/a.compare.jpg", "box/.trash/d.jpg")


def targets(tasks: list[Task]) -> dict[str, str]:
    assert [task.index for task in tasks] == list(range(len(tasks)))
    return {task.source.as_posix(): task.target.as_posix() for task in tasks}


@pytest.mark.parametrize(
    ("inputs", "out", "expected"),
    [
        (["box/a.jpg"], None, {"box/a.jpg": "box/a.color.jpg"}),
        (["box/a.jpg"], "c.png", {"box/a.jpg": "c.png"}),
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


def test_scan_leaves_out_what_is_hidden_or_ours() -> None:
    found = [path.as_posix() for path in plan.scan(Path("box"), recursive=True)]
    assert found == ["box/a.jpg", "box/sub/b.PNG", "box/sub/deep/c.tif"]
    assert [path.name for path in plan.scan(Path("box"), recursive=False)] == ["a.jpg"]


def test_output_inside_the_input_is_not_scanned() -> None:
    touch(Path("box"), "colour/a.jpg")
    assert "box/colour/a.jpg" not in targets(make(["box"], "box/colour"))


def test_format_changes_the_suffix_only_where_it_must() -> None:
    assert targets(make(["box"], "new", format="TIFF")) == {
        "box/a.jpg": "new/a.tif",
        "box/sub/b.PNG": "new/sub/b.tif",
        "box/sub/deep/c.tif": "new/sub/deep/c.tif",
    }


def test_same_output_twice_names_both() -> None:
    first, second = make(["box/a.jpg", "box/sub/deep/c.tif", "box/sub/../../box/a.jpg"], "x/")
    assert (first.problem, second.problem) == (None, None)
    touch(Path(), "other/a.jpg")
    first, second = make(["box/a.jpg", "other/a.jpg"], "x/")
    assert first.problem is None
    assert second.problem is not None
    assert str(first.source) in second.problem
    assert str(Path("x/a.jpg")) in second.problem


def test_comparisons_count_as_outputs() -> None:
    touch(Path(), "p/a.jpg", "p/a.png")
    assert [task.problem for task in make(["p"])] == [None, None]
    first, second = make(["p"], side_by_side=True)
    assert first.problem is None
    assert "a.compare.jpg" in (second.problem or "")


def test_output_that_is_an_input_is_refused() -> None:
    (task,) = make(["box/a.jpg"], "box/")
    assert "itself" in (task.problem or "")
    assert "--overwrite" in (task.problem or "")
    assert make(["box/a.jpg"], "box/", overwrite=True)[0].problem is None
    touch(Path(), "other/a.jpg")
    tasks = make(["other/a.jpg", "box/sub/b.PNG", "box/a.jpg"], "box")
    assert "the input" in (tasks[0].problem or "")


def test_link_to_a_folder_does_not_hide_an_input() -> None:
    Path("link").symlink_to("box", target_is_directory=True)
    (task,) = make(["box/a.jpg"], "link/")
    assert "itself" in (task.problem or "")


def test_shell_glob_over_former_results_is_no_error() -> None:
    tasks = make(["box/a.jpg", "box/a.color.jpg"])
    assert [task.problem for task in tasks] == [None, None]


def test_folder_without_photographs() -> None:
    Path("empty/sub").mkdir(parents=True)
    (task,) = make(["empty"], recursive=False)
    assert "--recursive" in (task.problem or "")
    (task,) = make(["empty"])
    assert "no photographs" in (task.problem or "")


@pytest.mark.parametrize(
    ("inputs", "out", "changes", "words"),
    [
        (["box/a.jpg"], "colour", {}, "end it with /"),
        (["box/a.jpg"], "a.gif", {}, "cannot be written"),
        (["box/a.jpg"], "a.png", {"format": "JPEG"}, "--format says JPEG"),
        (["box"], "box/notes.txt", {}, "is a file"),
    ],
)
def test_usage(inputs: list[str], out: str, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make(inputs, out, **changes)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("jpg", "JPEG"), ("JPEG", "JPEG"), (".tiff", "TIFF"), ("webp", "WEBP"), (None, None)],
)
def test_format_named(given: str | None, expected: str | None) -> None:
    assert plan.format_named(given) == expected


def test_no_such_format() -> None:
    with pytest.raises(UsageError, match="choose from jpeg, png"):
        plan.format_named("gif")


def test_numbered() -> None:
    assert [path.name for path in plan.numbered(Path("a.color.jpg"), 2)] == ["a.color.1.jpg", "a.color.2.jpg"]
    assert [path.name for path in plan.comparisons(Path("a.color.png"), 1)] == ["a.compare.jpg"]


def test_an_empty_file_is_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    assert not plan.is_finished(path)
    path.touch()
    assert not plan.is_finished(path)
    path.write_bytes(b"x")
    assert plan.is_finished(path)

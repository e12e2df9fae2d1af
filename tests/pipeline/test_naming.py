"""One rule for the names of results."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.pipeline.naming import comparison_name, looks_like_result, result_name, split_name


@pytest.mark.parametrize(
    ("name", "stem", "suffix"),
    [
        ("a.jpg", "a", ".jpg"),
        ("a.b.JPEG", "a.b", ".JPEG"),
        ("Smith, A. wedding", "Smith, A. wedding", ""),
        ("scan", "scan", ""),
        ("a.color.jpg", "a.color", ".jpg"),
        (".jpg", ".jpg", ""),
        ("report.2024", "report.2024", ""),
    ],
)
def test_only_a_known_suffix_is_one(name: str, stem: str, suffix: str) -> None:
    assert split_name(name) == (stem, suffix)


@pytest.mark.parametrize(
    ("name", "suffix", "options", "expected"),
    [
        ("a.jpg", ".jpg", {}, "a.color.jpg"),
        ("a.gif", ".png", {}, "a.color.png"),
        ("Smith, A. wedding", ".jpg", {}, "Smith, A. wedding.color.jpg"),
        ("a.jpg", ".jpg", {"number": 2}, "a.color.2.jpg"),
        ("a.jpg", ".jpg", {"marked": False}, "a.jpg"),
        ("a.jpg", ".tif", {"marked": False, "number": 1}, "a.1.tif"),
        ("a.jpg", ".jpg", {"copy": 2}, "a (2).color.jpg"),
        ("a.jpg", ".jpg", {"copy": 3, "marked": False, "number": 1}, "a (3).1.jpg"),
        ("a.color.jpg", ".jpg", {}, "a.color.color.jpg"),
    ],
)
def test_result_names(name: str, suffix: str, options: dict[str, object], expected: str) -> None:
    assert result_name(name, suffix, **options) == expected


@pytest.mark.parametrize(
    ("result", "marked", "number", "expected"),
    [
        ("a.color.png", True, None, "a.compare.jpg"),
        ("a.color.2.png", True, 2, "a.compare.2.jpg"),
        ("a.png", False, None, "a.compare.jpg"),
        ("a.color.png", False, None, "a.color.compare.jpg"),
    ],
)
def test_comparison_names(result: str, marked: bool, number: int | None, expected: str) -> None:
    assert comparison_name(Path(result), marked=marked, number=number) == expected


def test_the_form_of_results() -> None:
    for name in ("a.color.jpg", "a.color.2.jpg", "a.compare.jpg", "harbour.COLOR.tif"):
        assert looks_like_result(name)
    for name in ("a.jpg", "color.jpg", "a.color", "acolor.jpg"):
        assert not looks_like_result(name)

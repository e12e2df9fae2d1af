"""Names of clients are made harmless, and stay as they were where that is possible."""

from __future__ import annotations

import pytest

from photochrom.jobs.names import LONGEST, clean_name, portable_name


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("grandmother.jpg", "grandmother.jpg"),
        ("../../etc/passwd", "passwd"),
        (r"C:\photos\aunt.tif", "aunt.tif"),
        ("祖母.jpg", "祖母.jpg"),
        ("می‌خواهم.png", "می‌خواهم.png"),  # its zero-width non-joiner is part of the word
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\x1b[31m\nb.jpg", "a[31mb.jpg"),
        ("a\u00a0b.jpg", "a b.jpg"),
        ("e\u0301.jpg", "\u00e9.jpg"),
        ("", "photo"),
        (None, "photo"),
        ("...", "photo"),
        ("folder/", "photo"),
    ],
)
def test_clean_name(given: str | None, clean: str) -> None:
    assert clean_name(given) == clean


def test_a_long_name_keeps_its_suffix() -> None:
    short = clean_name("n" * 500 + ".jpeg")
    assert len(short) == LONGEST
    assert short.endswith("n.jpeg")


@pytest.mark.parametrize(
    ("name", "portable"),
    [
        ("a.jpg", "a.jpg"),
        ("a?.jpg", "a_.jpg"),
        ('"a" <b>|c*.jpg', "_a_ _b__c_.jpg"),
        ("con.jpg", "_con.jpg"),
        ("LPT1", "_LPT1"),
        ("console.jpg", "console.jpg"),
        (".hidden.jpg", "hidden.jpg"),
        ("..", "photo"),
    ],
)
def test_portable_name(name: str, portable: str) -> None:
    assert portable_name(name) == portable

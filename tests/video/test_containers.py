"""Which container a result has, and what is said if it is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.video.containers import container_for, container_note


@pytest.mark.parametrize(
    ("name", "codec", "suffix"),
    [
        ("a.mp4", "h264", ".mp4"),
        ("a.MOV", "prores", ".mov"),
        ("a.mkv", "ffv1", ".mkv"),
        ("a.mp4", "ffv1", ".mkv"),
        ("a.avi", "h264", ".mkv"),
        ("a.webm", "av1", ".webm"),
        ("a.webm", "h264", ".mkv"),
    ],
)
def test_container(name: str, codec: str, suffix: str) -> None:
    assert container_for(name, codec) == suffix


@pytest.mark.parametrize(
    ("source", "target", "codec", "words"),
    [
        ("a.mp4", "b.mp4", "h264", None),
        ("a.MP4", "b.mkv", "h264", None),  # asked for
        ("a.mp4", "b.mkv", "ffv1", "The result is an MKV, because MP4 cannot hold ffv1."),
        (
            "a.avi",
            "b.mkv",
            "h264",
            "The result is an MKV, because AVI cannot say that colours were inferred.",
        ),
        ("a.ts", "b.mkv", "h264", "The result is an MKV, because TS cannot say that colours were inferred."),
    ],
)
def test_another_container_is_said(source: str, target: str, codec: str, words: str | None) -> None:
    assert container_note(source, Path(target), codec) == words

"""The bars of the film command: on a terminal one for each film, elsewhere only lines."""

import io

import pytest

from photochrom.cli import film_meter
from photochrom.cli.film_meter import Meter
from photochrom.jobs.film_options import Progress


def test_without_a_terminal_only_lines_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with Meter(quiet=False) as meter:
        meter.show("a.mp4", Progress("plan", 1, 9))
        meter.say("a line")
        meter.end("a.mp4")
    shown = capsys.readouterr()
    assert "a line" in shown.out + shown.err
    assert "finding shots" not in shown.out + shown.err


def test_a_bar_names_the_film_and_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(film_meter.sys, "stderr", Terminal())
    with Meter(quiet=False) as meter:
        bars = meter._bars
        assert bars is not None
        meter.show("films/a.mp4", Progress("plan", 1, 0))
        meter.show("films/b.mp4", Progress("colour", 4, 8))
        rows = [(row.description, row.completed, row.total) for row in bars.tasks]
        assert rows == [("a.mp4: finding shots", 1, None), ("b.mp4: colorizing", 4, 8)]
        meter.end("films/a.mp4")
        assert [row.description for row in bars.tasks] == ["b.mp4: colorizing"]

"""Times as people write them."""

from __future__ import annotations

import pytest

from photochrom.jobs.film_time import parse_time, parse_window, time_text


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(12, 12), (0.5, 0.5), ("12", 12), ("12.5s", 12.5), ("0:12.5", 12.5), ("1:02:03", 3723), (" 2:00 ", 120)],
)
def test_times(written: object, seconds: float) -> None:
    assert parse_time(written) == seconds


@pytest.mark.parametrize(
    "wrong", ["", "soon", "-1", -1, True, None, float("nan"), float("inf"), "1:2:3:4", []]
)
def test_what_is_no_time(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"a time must be seconds or like 0:12\.5, got"):
        parse_time(wrong)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", (0, 10)),
        ("2.5", (0, 2.5)),
        ("0:40-0:50", (40, 50)),
        ("1:02:03-1:02:30.5", (3723, 3750.5)),
        ("90s-2:00", (90, 120)),
    ],
)
def test_windows(text: str, seconds: tuple[float, float]) -> None:
    assert parse_window(text) == seconds


@pytest.mark.parametrize("wrong", ["soon", "1-", "-1", "1-2-3"])
def test_what_is_no_window(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"must be a length such as 10s or times such as 0:40-0:50, got"):
        parse_window(wrong)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (12.5, "0:12.5"), (59.97, "1:00"), (125, "2:05"), (3723, "1:02:03"), (3599.96, "1:00:00")],
)
def test_a_time_is_written_so_that_it_can_be_read(seconds: float, text: str) -> None:
    assert time_text(seconds) == text
    assert parse_time(text) == pytest.approx(seconds, abs=0.05)

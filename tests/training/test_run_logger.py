"""The log: rows that a spreadsheet reads, a live line, a picture on the board, a word when the discriminator wins."""

import csv
import io
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from photochrom.training.budget import Position
from photochrom.training.recipe import Stage
from photochrom.training.run_logger import RunLogger, span
from photochrom.training.steps import reports

STAGE = Stage(size=64, batch=4, step="game")


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def losses(**values: float) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in values.items()}


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def line() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(tmp_path: Path, line: io.StringIO) -> RunLogger:
    return RunLogger(tmp_path, Position(), every=10, line=line)


def test_a_row_is_the_means_since_the_last_one(tmp_path: Path, logger: RunLogger) -> None:
    logger.add(losses(loss=1.0, gan=0.5), 4, 0.5)
    logger.add(losses(loss=2.0, gan=0.1), 4, 1.5)
    assert not logger.due(Position(step=2, seconds=9.9))
    assert logger.due(Position(step=2, seconds=10.0))
    logger.write(Position(step=2, photos=8, seconds=10.0), STAGE, 0.25)
    logger.write(Position(step=2, photos=8, seconds=10.0), STAGE, 0.25)  # there is nothing new
    logger.add(losses(loss=5.0, gan=0.0), 4, 9.0)
    assert not logger.due(Position(step=3, seconds=15.0))
    logger.write(Position(step=3, photos=12, seconds=18.0), STAGE, 0.3, psnr=24.12345)
    first, second = rows_of(tmp_path)
    assert list(first) == [
        *["step", "seconds", "stage", "size", "photos_per_second", "loader_share"],
        *reports(),
        "psnr",
    ]
    assert {key: value for key, value in first.items() if value} == {
        "step": "2",
        "seconds": "10",
        "stage": "game",
        "size": "64",
        "photos_per_second": "0.8",
        "loader_share": "0.2",
        "loss": "1.5",
        "gan": "0.3",
    }
    assert (second["loss"], second["psnr"], second["photos_per_second"]) == ("5", "24.123", "0.5")
    # It waited longer for the loader than there were seconds: batches overlap.
    assert second["loader_share"] == "1.0"


def test_a_figure_that_comes_after_its_row_has_one_of_its_own(tmp_path: Path, logger: RunLogger) -> None:
    logger.add(losses(loss=1.0), 4, 0.0)
    logger.write(Position(step=1, seconds=1.0), STAGE, 0.5)
    logger.write(Position(step=1, seconds=1.0), STAGE, 0.5, psnr=30.0)
    assert [(row["step"], row["loss"], row["psnr"]) for row in rows_of(tmp_path)] == [
        ("1", "1", ""),
        ("1", "", "30.000"),
    ]


def test_going_on_keeps_the_rows_of_what_was_saved(tmp_path: Path, line: io.StringIO) -> None:
    for start in (Position(), Position(step=2, seconds=20.0)):
        logger = RunLogger(tmp_path, start, line=line)
        for step in range(start.step + 1, start.step + 4):
            logger.add(losses(loss=step), 4, 0.0)
            logger.write(Position(step=step, seconds=10.0 * step), STAGE, 0.5)
        logger.close()
    assert [(row["step"], row["loss"]) for row in rows_of(tmp_path)] == [
        (str(i), str(i)) for i in range(1, 6)
    ]
    RunLogger(tmp_path, Position(), line=line)
    assert rows_of(tmp_path) == []


def test_going_on_without_a_log_begins_one(tmp_path: Path, line: io.StringIO) -> None:
    RunLogger(tmp_path, Position(step=7), line=line)
    assert rows_of(tmp_path) == []
    assert (tmp_path / "log.csv").read_text().startswith("step,seconds,stage,size,")


def test_a_file_gets_a_line_for_each_row(logger: RunLogger, line: io.StringIO) -> None:
    for step, seconds in ((10, 60.0), (20, 120.0)):
        logger.add(losses(loss=0.12345, gan=2.0), 240, 0.0)
        logger.write(Position(step=step, seconds=seconds), STAGE, step / 100)
    logger.close()
    assert line.getvalue().splitlines() == [
        " 10%  step 10  64 px  4.0 photos/s  loss 0.1235, gan 2  9 min left",
        " 20%  step 20  64 px  4.0 photos/s  loss 0.1235, gan 2  8 min left",
    ]


def test_a_terminal_has_one_line_that_changes(tmp_path: Path) -> None:
    line = Terminal()
    logger = RunLogger(tmp_path, Position(), line=line)
    for step in (1, 2):
        logger.add(losses(loss=1.0), 4, 0.0)
        logger.write(Position(step=step, seconds=step), STAGE, step / 2)
    assert line.getvalue().count("\n") == 0
    assert line.getvalue().count("\r\x1b[K") == 2
    logger.close()
    assert line.getvalue().endswith("\n")


def test_the_default_line_is_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logger = RunLogger(tmp_path, Position())
    logger.add(losses(loss=1.0), 4, 0.0)
    logger.write(Position(step=1, seconds=1.0), STAGE, 1.0)
    captured = capsys.readouterr()
    assert "step 1" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(("accuracy", "rows"), [(1.0, 4), (0.97, 5), (0.94, None), (0.5, None)])
def test_the_discriminator_wins_only_after_a_while(
    logger: RunLogger, line: io.StringIO, accuracy: float, rows: int | None
) -> None:
    # From 0.5, half of the way at every row: 0.75, 0.875, 0.9375, 0.96875 for one that is always right.
    for step in range(1, 9):
        logger.add(losses(discriminator=0.0123, gan=7.25, discriminator_accuracy=accuracy), 4, 0.0)
        logger.write(Position(step=step, seconds=step), STAGE, step / 10)
        warned = "the discriminator wins" in line.getvalue()
        assert warned == (rows is not None and step >= rows)
    if rows == 4:
        assert (
            "the discriminator wins: it is right 97% of the time; its loss is 0.0123, the generator's 7.25"
            in line.getvalue()
        )


def test_the_discriminators_own_phase_has_no_generators_loss(logger: RunLogger, line: io.StringIO) -> None:
    for step in range(1, 5):
        logger.add(losses(discriminator=0.0123, discriminator_accuracy=1.0), 4, 0.0)
        logger.write(Position(step=step, seconds=step), STAGE, 0.5)
    assert line.getvalue().rstrip().endswith("its loss is 0.0123")


def test_the_board_has_scalars_and_the_picture(tmp_path: Path, logger: RunLogger) -> None:
    picture = torch.zeros(3, 8, 24)
    picture[0] = 2.0  # beyond white: it is clipped, not wrapped
    logger.show(3, picture)
    logger.add(losses(loss=1.5), 4, 0.0)
    logger.write(Position(step=3, seconds=1.0), STAGE, 0.5, psnr=25.0)
    logger.close()
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    tags = board.Tags()
    assert sorted(tags["scalars"]) == ["loss", "psnr"]
    assert [(event.step, event.value) for event in board.Scalars("loss")] == [(3, 1.5)]
    (name,) = tags["images"]
    assert all(word in name for word in ("grey", "ours", "truth"))
    (image,) = board.Images(name)
    assert (image.step, image.width, image.height) == (3, 24, 8)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (9000, "2.5 h")]
)
def test_spans_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words

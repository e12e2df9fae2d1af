"""The log of a run: a CSV file, TensorBoard, one live line, and a warning if the discriminator wins."""

import csv
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from torch import Tensor

from photochrom.training.budget import Position
from photochrom.training.old_names import renamed_row
from photochrom.training.recipe import Stage
from photochrom.training.steps import reports

LOG = "log.csv"
FIXED = ["step", "seconds", "stage", "size", "photos_per_second", "loader_share"]
DISCRIMINATOR_WINS = 0.95


class RunLogger:
    """Collects the losses of steps and writes their means.

    Parameters
    ----------
    folder : the folder of ``log.csv`` and the TensorBoard files
    position : where the run begins or resumes; later rows of the log belong to lost steps and are deleted
    every : seconds between two rows
    line : the stream of the live line; None is stderr
    """

    def __init__(
        self, folder: Path, position: Position, *, every: float = 30, line: TextIO | None = None
    ) -> None:
        self.path, self.every, self.line = folder / LOG, every, line or sys.stderr
        self.columns = [*FIXED, *reports(), "psnr"]
        self._start_log(position)
        self.board: Any = None
        self.folder = folder
        self.sums: dict[str, Tensor] = {}
        self.steps = self.photos = 0
        self.since = position.seconds
        self.waited = 0.0
        self.accuracy = 0.5

    def _start_log(self, position: Position) -> None:
        kept: list[dict[str, str]] = []
        if position.step and os.path.isfile(self.path):
            with self.path.open(newline="") as file:
                kept = [renamed_row(row) for row in csv.DictReader(file) if int(row["step"]) <= position.step]
        with self.path.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.columns, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(kept)

    def add(self, losses: dict[str, Tensor], photos: int, waited: float) -> None:
        """Add one step: its losses, its number of photos, and the seconds that it waited for the loader."""
        for name, value in losses.items():
            # The sum stays on the device, because reading its value would make a GPU wait at every step.
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.steps, self.photos, self.waited = self.steps + 1, self.photos + photos, self.waited + waited

    def due(self, position: Position) -> bool:
        """Return whether a row is due."""
        return position.seconds - self.since >= self.every

    def write(self, position: Position, stage: Stage, progress: float, psnr: float | None = None) -> None:
        """Write a row with the means since the last row, and the live line."""
        if not self.steps and psnr is None:
            return
        seconds = max(position.seconds - self.since, 1e-9)  # a coarse clock may not have moved
        means = {name: float(total) / self.steps for name, total in self.sums.items()}
        row: dict[str, Any] = {"step": position.step, "seconds": round(position.seconds), "stage": stage.step}
        row |= {"size": stage.size, "photos_per_second": round(self.photos / seconds, 1)}
        row |= {"loader_share": round(min(1.0, self.waited / seconds), 3)}
        row |= {name: f"{value:.5g}" for name, value in means.items()}
        if psnr is not None:
            row["psnr"] = f"{psnr:.3f}"
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, self.columns, restval="").writerow(row)
        self._to_board(position.step, means | ({"psnr": psnr} if psnr is not None else {}))
        self._say(position, stage, progress, means, self.photos / seconds)
        self._watch(means)
        self.sums, self.steps, self.photos, self.waited, self.since = {}, 0, 0, 0.0, position.seconds

    def show(self, step: int, picture: Tensor) -> None:
        """Add a picture ``(3, H, W)`` in [0, 1] to TensorBoard."""
        self._open_board().add_image("grey, ours, truth", picture.clamp(0, 1), step)

    def close(self) -> None:
        """Finish the live line and the TensorBoard file."""
        if self.board is not None:
            self.board.close()
        if self.line.isatty():
            print(file=self.line)

    def _open_board(self) -> Any:
        if self.board is None:
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(str(self.folder / "tensorboard"))
        return self.board

    def _to_board(self, step: int, values: dict[str, float]) -> None:
        board = self._open_board()
        for name, value in values.items():
            board.add_scalar(name, value, step)

    def _say(
        self, position: Position, stage: Stage, progress: float, means: dict[str, float], rate: float
    ) -> None:
        losses = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
        left = position.seconds * (1 - progress) / progress if progress else 0
        where = f"{progress:4.0%}  step {position.step}  {stage.size} px  {rate:.1f} photos/s"
        text = f"{where}  {losses}  {span(left)} left"
        # A terminal shows one line that changes. A file gets a new line each time.
        live = self.line.isatty()
        print(f"\r\x1b[K{text}" if live else text, end="" if live else "\n", file=self.line, flush=True)

    def _watch(self, means: dict[str, float]) -> None:
        if "discriminator_accuracy" not in means:
            return
        self.accuracy = 0.5 * self.accuracy + 0.5 * means["discriminator_accuracy"]
        if self.accuracy > DISCRIMINATOR_WINS:
            ours = f", the generator's {means['gan']:.3g}" if "gan" in means else ""
            loss = f"its loss is {means['discriminator']:.3g}{ours}"
            text = f"the discriminator wins: it is right {self.accuracy:.0%} of the time; {loss}"
            print(f"\n{text}", file=self.line, flush=True)


def span(seconds: float) -> str:
    """Return seconds as readable text."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

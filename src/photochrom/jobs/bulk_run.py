"""Do the rows of a plan on a cluster. Rows of the results come as photos are finished; none is lost."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from photochrom.errors import OptionError, Remedy, UnreadableError
from photochrom.jobs.bulk import ModelCopy, Reader, Worker
from photochrom.jobs.bulk_cluster import Cluster, as_cluster_error
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_table import Row, failed_row

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Counts", "FailureLimit", "run"]

ROUND = 100_000
"""Rows of one execution of Ray Data. It keeps some kilobytes for each block of photos until the execution ends."""
MOST_ROWS = 32
"""Rows of a block: what one task reads, and what is done again where a worker is lost."""
BLOCK_BYTES = 32_000_000
"""Photos of more bytes are split into several blocks, so that a few of them fit into Ray's memory on any machine."""
RETRIES = 3
"""How often a block is tried again where its worker died. Rows that are still missing are then tried alone."""


@dataclass(slots=True)
class Counts:
    """The photos of a run so far, by status."""

    counts: dict[str, int] = field(default_factory=lambda: {"done": 0, "skipped": 0, "failed": 0})

    def add(self, rows: list[Row]) -> None:
        """Count rows of the results."""
        for row in rows:
            self.counts[row["status"]] += 1

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    def words(self) -> str:
        """ "3 done, 1 skipped, 0 failed"."""
        return ", ".join(f"{count:,} {status}" for status, count in self.counts.items())


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """How many photos may fail before a run ends.

    Attributes
    ----------
    share
        Of the photos so far, in [0, 1]; not judged before `LEAST` photos. None means no such limit.
    count
        None means no such limit.
    """

    share: float | None = None
    count: int | None = None

    LEAST = 100

    @classmethod
    def of(cls, text: str) -> FailureLimit:
        """The limit for "100" or "20%".

        Raises
        ------
        OptionError
            If it is neither.
        """
        number = text.removesuffix("%")
        if not number.isdecimal() or (text.endswith("%") and int(number) > 100):
            raise OptionError(f"--max-failed {text}", "must be a number such as 100, or a share such as 20%")
        return cls(share=int(number) / 100) if text.endswith("%") else cls(count=int(number))

    def reached(self, counts: Counts) -> bool:
        """Whether more photos have failed than may."""
        failed = counts.counts["failed"]
        if self.count is not None and failed > self.count:
            return True
        return self.share is not None and counts.total >= self.LEAST and failed > self.share * counts.total


def run(
    todo: pa.Table, bulk: BulkRequest, model: ModelCopy, cluster: Cluster, device: str
) -> Iterator[list[Row]]:
    """Do all rows, and yield their rows of the results as they come.

    Parameters
    ----------
    todo : as `photochrom.jobs.bulk_plan.BulkPlan.todo`

    Raises
    ------
    ClusterError
        If Ray fails as a whole. The rows that were yielded are done.
    """
    for start in range(0, len(todo), ROUND):
        part = todo.slice(start, ROUND)
        missing = _Missing(len(part))
        yield from missing.watch(_execute(part, bulk, model, cluster, device, rows=_block(part, cluster)))
        left = missing.rows()
        if len(left):
            # Their workers died again and again. Alone, the photo that kills its worker takes no other with it.
            alone = _indexed(part).take(left)
            yield from missing.watch(_execute(alone, bulk, model, cluster, device, rows=1))
            lost = part.take(missing.rows()).to_pylist()
            yield [failed_row(row, _lost(row["path"]), bulk) for row in lost]


class _Missing:
    """Which rows of a part have no result yet."""

    def __init__(self, count: int) -> None:
        self._there = bytearray(count)

    def watch(self, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
        """Pass rows on, each only once: a retried block may give a row again."""
        for batch in batches:
            new = [row for row in batch if not self._there[row["index"]]]
            for row in new:
                self._there[row["index"]] = 1
            if new:
                yield new

    def rows(self) -> pa.Array:
        import pyarrow as pa

        return pa.array([index for index, there in enumerate(self._there) if not there], pa.int64())


def _lost(path: str) -> UnreadableError:
    what = "the worker ended while it was colorized, several times; it may need more memory than a worker has"
    return UnreadableError(path, what, Remedy.FEWER_AT_ONCE, code="worker_lost")


def _block(part: pa.Table, cluster: Cluster) -> int:
    return max(1, min(MOST_ROWS, len(part) // (4 * cluster.workers)))


def _indexed(part: pa.Table) -> pa.Table:
    import pyarrow as pa

    return part.append_column("index", pa.array(range(len(part)), pa.int64()))


def _execute(
    part: pa.Table, bulk: BulkRequest, model: ModelCopy, cluster: Cluster, device: str, *, rows: int
) -> Iterator[list[Row]]:
    """One execution of Ray Data."""
    import ray.data

    if "index" not in part.column_names:
        part = _indexed(part)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1
    context.target_max_block_size = BLOCK_BYTES
    # They are about Ray's own parameters, and would stand between the progress lines.
    warnings.filterwarnings("ignore", module=r"ray\.data\.")
    for name in ("ray.data", "ray"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    blocks = [part.slice(start, rows) for start in range(0, len(part), rows)]
    dataset = ray.data.from_arrow(blocks)
    dataset = dataset.map_batches(
        Reader(bulk).__call__,
        compute=ray.data.TaskPoolStrategy(size=cluster.readers),
        num_cpus=0.01,
        batch_size=None,
        batch_format="pyarrow",
    )
    with warnings.catch_warnings():
        # Ray 2.60 has no other parameter for it; without it, a photo that kills its worker would be tried forever.
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        dataset = dataset.map_batches(
            Worker,
            fn_constructor_args=(bulk, model, device, cluster.threads),
            compute=ray.data.ActorPoolStrategy(
                min_size=1,
                max_size=cluster.workers,
                initial_size=min(cluster.workers, len(blocks)),
                # A row that is tried alone must not take with it the next row, which waits for the same worker.
                max_tasks_in_flight_per_actor=1 if rows == 1 else None,
            ),
            num_cpus=cluster.threads,
            batch_size=None,
            batch_format="pyarrow",
            max_task_retries=RETRIES,
        )
    try:
        for batch in dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            yield batch.to_pylist()
    except Exception as error:
        raise as_cluster_error(error, cluster.address) from error

"""Photos on Ray Data: the workers of `photochrom bulk`, and `colorize_dataset` for a pipeline of one's own."""

from __future__ import annotations

import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photochrom._version import __version__
from photochrom.engine.colorizer import Colorizer
from photochrom.errors import AlreadyColorError, ClusterError, PhotochromError, Remedy
from photochrom.jobs.bulk_request import BulkRequest
from photochrom.jobs.bulk_row import colorize_row, read_row
from photochrom.jobs.bulk_table import Row, failed_row
from photochrom.modelfile.table import DEFAULT
from photochrom.pipeline import job as pipeline
from photochrom.pipeline.job import as_error
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Seen, Store

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset

__all__ = ["ModelCopy", "colorize_dataset"]

READS_AHEAD = 4
"""A reader asks the store for so many photos at once."""
WRITES_BEHIND = 3
"""So many photos may wait for the store while a worker computes another one."""
MOST_WAITING = 16_000_000
"""A result of more bytes is written before the next photo is computed."""


@dataclass(frozen=True, slots=True)
class ModelCopy:
    """A model that can be loaded on another machine: a name, or the bytes of a file.

    Attributes
    ----------
    name
        The model's name, or the name of its file.
    data
        The bytes of its file; None for a model that comes with the package.
    fingerprint
        Of the model on the machine that starts the run; see `photochrom.engine.models.ModelInfo`.
    version
        Of Photochrom on that machine.
    """

    name: str
    data: bytes | None
    fingerprint: str
    version: str = __version__

    @classmethod
    def of(cls, model: str | Path, device: str = "auto") -> ModelCopy:
        """Read a model. The network is loaded once, so that a wrong name or file is known before a cluster starts.

        Raises
        ------
        ModelError
        """
        fingerprint = Colorizer(model, device=device, threads=1).info.fingerprint
        path = Path(model)
        if path.suffix == ".onnx":
            return cls(path.name, path.read_bytes(), fingerprint)
        return cls(str(model), None, fingerprint)

    def load(self, device: str, threads: int) -> Colorizer:
        """Load it on this machine.

        Raises
        ------
        ClusterError
            If Photochrom or the model is another one here.
        ModelError
        """
        if self.version != __version__:
            what = f"a worker has Photochrom {__version__}, and the run was started with {self.version}"
            raise ClusterError("", what, Remedy.SAME_VERSION, code="version")
        if self.data is None:
            colorizer = Colorizer(self.name, device=device, threads=threads)
        else:
            with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
                path = Path(folder, self.name)
                path.write_bytes(self.data)
                colorizer = Colorizer(path, device=device, threads=threads)
        if colorizer.info.fingerprint != self.fingerprint:
            what = f"the model {self.name} of a worker is not the one that the run was started with"
            raise ClusterError("", what, Remedy.SAME_VERSION, code="version")
        return colorizer


class Reader:
    """A task of Ray Data: reads the photos of some rows, a few at once, and gives them on one by one."""

    def __init__(self, bulk: BulkRequest) -> None:
        self.bulk = bulk

    def __call__(self, batch: pa.Table) -> Iterator[pa.Table]:
        """Rows of `BulkPlan.todo` become rows with the bytes of the photos."""
        waiting: deque[Future[dict[str, Any]]] = deque()
        with ThreadPoolExecutor(READS_AHEAD, "read") as pool:
            for row in batch.to_pylist():
                waiting.append(pool.submit(read_row, row, self.bulk))
                if len(waiting) >= READS_AHEAD:
                    yield _with_bytes(waiting.popleft().result())
            while waiting:
                yield _with_bytes(waiting.popleft().result())


class Worker:
    """An actor of Ray Data: holds one `Colorizer`, and writes the results of the rows that it gets.

    One photo is computed at a time. Meanwhile the store may be asked about others, and their results are written.
    """

    def __init__(self, bulk: BulkRequest, model: ModelCopy, device: str, threads: int) -> None:
        self.bulk = bulk
        self.computing = threading.Lock()
        self.problem: PhotochromError | None = None
        try:
            self.colorizer = model.load(device, threads)
        except PhotochromError as error:
            # An exception here would end the whole run, and another machine may be as it should be.
            self.problem = error

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Rows with bytes become rows of the results table, with their "index" in the plan."""
        import pyarrow as pa

        from photochrom.jobs.bulk_table import schema

        with ThreadPoolExecutor(WRITES_BEHIND + 1, "photo") as pool:
            found = list(pool.map(self._row, batch.to_pylist()))
        columns = schema().append(pa.field("index", pa.int64()))
        return pa.Table.from_pylist(found, schema=columns)

    def _row(self, row: Row) -> Row:
        row["problem"] = _error_from(row["problem"])
        if self.problem is not None:
            made = failed_row(row, self.problem, self.bulk)
        else:
            store = WhileOthersCompute(self.bulk.target.store, self.computing)
            try:
                with self.computing:
                    made = colorize_row(row, self.colorizer, self.bulk, store=store)
            except Exception as error:
                made = failed_row(row, as_error(error, row["path"]), self.bulk)
        return {**made, "index": row["index"]}


class WhileOthersCompute:
    """A `Store` whose user holds a lock for computing. The lock is free while the store is waited for."""

    def __init__(self, store: Store, lock: threading.Lock) -> None:
        self.store, self.lock = store, lock

    def look(self, path: Path) -> Seen:
        """As the store's own `look`."""
        with self._free():
            return self.store.look(path)

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> None:
        """As the store's own `write`."""
        # Large results that wait to be written would need more memory than a worker has.
        with self._free() if len(data) <= MOST_WAITING else nullcontext():
            self.store.write(path, data, overwrite=overwrite)

    @contextmanager
    def _free(self) -> Iterator[None]:
        self.lock.release()
        try:
            yield
        finally:
            self.lock.acquire()


def _with_bytes(row: dict[str, Any]) -> pa.Table:
    import pickle

    import pyarrow as pa

    problem = row.pop("problem")
    data = row.pop("data")
    table = pa.Table.from_pylist([row])
    table = table.append_column("data", pa.array([data], pa.large_binary()))
    pickled = None if problem is None else pickle.dumps(problem)
    return table.append_column("problem", pa.array([pickled], pa.binary()))


def _error_from(pickled: bytes | None) -> PhotochromError | None:
    import pickle

    if pickled is None:
        return None
    error = pickle.loads(pickled)
    assert isinstance(error, PhotochromError)
    return error


def colorize_dataset(
    dataset: Dataset,
    *,
    column: str = "bytes",
    name_column: str | None = "path",
    request: ColorizeRequest | None = None,
    model: str | Path = DEFAULT,
    device: str = "auto",
    jobs: int | None = None,
    threads: int = 1,
) -> Dataset:
    """Colorize a Ray Dataset, such as one of ``ray.data.read_binary_files(..., include_paths=True)``.

    Parameters
    ----------
    column : the column with the bytes of image files
    name_column : the column with their names or paths, for messages; ignored if the dataset does not have it
    request : the options; one candidate only
    model, device : as in `photochrom.Colorizer`; a model's file is sent to the workers
    jobs : workers; None lets Ray Data choose, up to one per core
    threads : cores per worker

    Returns
    -------
    Dataset
        All columns, and: result (bytes of the file in colour; null if there is none), status ("done", "skipped" or
        "failed"), code and reason (why), notes, model, width, height.

    Raises
    ------
    ModelError
        If the model is not there.
    ValueError
        If more than one candidate is asked for.
    """
    import ray.data

    request = request or ColorizeRequest()
    if request.options.candidates != 1:
        raise ValueError("a dataset has one result per row; ask for one candidate")
    compute = (
        ray.data.ActorPoolStrategy(size=jobs)
        if jobs
        else ray.data.ActorPoolStrategy(min_size=1, max_size=None)
    )
    return dataset.map_batches(
        InMemory,
        fn_constructor_args=(request, ModelCopy.of(model), device, threads, column, name_column),
        compute=compute,
        num_cpus=threads,
        batch_size=16,
        batch_format="pyarrow",
    )


class InMemory:
    """The actor of `colorize_dataset`: adds columns with the results."""

    def __init__(
        self,
        request: ColorizeRequest,
        model: ModelCopy,
        device: str,
        threads: int,
        column: str,
        name_column: str | None,
    ) -> None:
        self.request, self.column, self.name_column = request, column, name_column
        self.colorizer = model.load(device, threads)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Add the columns that `colorize_dataset` describes."""
        import pyarrow as pa

        there = self.name_column in batch.column_names if self.name_column else False
        names = batch[self.name_column].to_pylist() if there else [""] * len(batch)
        text = pa.string()
        added = pa.schema(
            [
                ("result", pa.large_binary()),
                ("status", text),
                ("code", text),
                ("reason", text),
                ("notes", pa.list_(text)),
                ("model", text),
                ("width", pa.int32()),
                ("height", pa.int32()),
            ]
        )
        rows = [
            self._row(value.as_py(), name or "")
            for value, name in zip(batch[self.column], names, strict=True)
        ]
        made = pa.Table.from_pylist(rows, schema=added)
        for name, values in zip(made.column_names, made.columns, strict=True):
            batch = batch.append_column(name, values)
        return batch

    def _row(self, data: bytes | None, name: str) -> dict[str, Any]:
        row: dict[str, Any] = {"model": self.colorizer.name, "notes": [], "status": "done"}
        try:
            photo, (result,) = pipeline.colorize(self.colorizer, data or b"", self.request, name=name)
            row["result"] = result.encode()
            row["notes"] = list(dict.fromkeys([*photo.notes, *result.photo.notes]))
            row["height"], row["width"] = photo.pages[0].pixels.shape[:2]
        except Exception as error:
            known = as_error(error, name)
            row |= {"code": known.code, "reason": known.sentence()}
            row["status"] = "skipped" if isinstance(known, AlreadyColorError) else "failed"
        return row

"""What a bulk run is to do: a folder, a bucket prefix or a manifest becomes one Arrow table with a row per photo."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photochrom.errors import OptionError, PhotoError, Remedy, UnreadableError
from photochrom.jobs import bulk_table
from photochrom.jobs.bulk_store import Root, is_url, read, store_error, suffix_of
from photochrom.jobs.scan import Scan
from photochrom.media import formats

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["OPTIONS", "Source", "is_film", "load", "target_name"]

OPTIONS = (
    "strength",
    "size",
    "quality",
    "colorfulness",
    "warmth",
    "candidates",
    "seed",
    "hints",
    "format",
    "jpeg_quality",
    "force",
    "salvage",
    "max_pixels",
)
"""Columns of a manifest that set an option for one photo; the names are those of `ColorizeRequest` and `Options`."""
KNOWN = {"path", "target", "bytes", "etag", "digest", *OPTIONS}
MANIFESTS = (".parquet", ".csv", ".txt", ".list")
PAGE = 1000
PIECE = 50_000
"""Rows that are Python objects at once."""


@dataclass(slots=True)
class Source:
    """The inputs of a run.

    Attributes
    ----------
    table
        A row per photo, in order, each path once: path; name (relative name in the target, as the photo's own); bytes,
        etag and digest, null if not known; options (JSON, empty if the row has none).
    listed
        Whether sizes and etags are those of now, from a listing.
    left_out
        The number of files that were left out, by reason.
    problems
        Inputs that cannot be done at all, each with its error.
    notes
        Sentences about the source for the user.
    """

    table: pa.Table
    listed: bool = False
    left_out: dict[str, int] = field(default_factory=dict)
    problems: list[PhotoError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def schema() -> pa.Schema:
    """The columns of `Source.table`."""
    import pyarrow as pa

    text = pa.string()
    return pa.schema(
        [
            ("path", text),
            ("name", text),
            ("bytes", pa.int64()),
            ("etag", text),
            ("digest", text),
            ("options", text),
        ]
    )


def load(text: str, endpoint: str | None = None, *, target: Root | None = None) -> Source:
    """List a folder or a bucket prefix with all that is below it, or read a manifest.

    Parameters
    ----------
    text : a path or URL; a manifest's name ends in .parquet, .csv, .txt or .list
    target : a root that is not entered, because the results may lie inside the source

    Raises
    ------
    PhotoError
        If the source cannot be read.
    OptionError
        If a manifest has no column "path".
    """
    if suffix_of(text) in MANIFESTS and not os.path.isdir(text):
        return read_manifest(text, endpoint)
    root = Root.of(text, endpoint)
    if target is not None and root.url == target.url:
        raise OptionError("", "the source and the target are the same; give another target")
    if root.remote:
        return _bucket(root, target)
    if not os.path.isdir(root.url):
        if os.path.exists(root.url):
            known = " ".join(MANIFESTS)
            raise OptionError(text, f"is neither a folder nor a manifest ({known})")
        raise UnreadableError(text, "there is no such folder or manifest", Remedy.CHECK_PATH, code="missing")
    return _folder(root, target)


def is_film(name: str) -> bool:
    """Whether a name is a film's by its suffix."""
    format = formats.by_suffix(suffix_of(name))
    return format is not None and format.video


def target_name(path: str) -> str:
    """The relative name that the result of a manifest's row is made from.

    A relative path keeps itself. An absolute path and a URL keep all but their first slash or scheme, so the name
    does not depend on the other rows.
    """
    inner = path.split("://", 1)[1] if is_url(path) else path.replace(os.sep, "/")
    return "/".join(part for part in inner.split("/") if part not in ("", ".", ".."))


class _Rows:
    """Collects rows in Arrow's own memory, a piece at a time: 10 million dictionaries would not fit."""

    def __init__(self) -> None:
        self.pieces: list[Any] = []
        self.rows: list[tuple[str, str, int | None, str | None, str | None, str]] = []

    def add(self, path: str, name: str, size: int | None, etag: str | None) -> None:
        self.rows.append((path, name, size, etag, None, ""))
        if len(self.rows) >= PIECE:
            self._close()

    def table(self) -> pa.Table:
        import pyarrow as pa

        self._close()
        return pa.Table.from_batches(self.pieces, schema())

    def _close(self) -> None:
        import pyarrow as pa

        if self.rows:
            columns = zip(*self.rows, strict=True)
            arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema(), strict=True)]
            self.pieces.append(pa.RecordBatch.from_arrays(arrays, schema=schema()))
            self.rows = []


def _folder(root: Root, target: Root | None) -> Source:
    within = Path(target.url) if target is not None and not target.remote else None
    scan = Scan(Path(root.url), recursive=True, leave_out=within)
    rows = _Rows()
    problems: list[PhotoError] = []
    for path in scan:
        text = str(path)
        try:
            text.encode()
            status = path.stat()
        except UnicodeEncodeError:
            shown = text.encode("utf-8", "backslashreplace").decode()
            what = "the name is not valid Unicode, which a table cannot hold"
            problems.append(UnreadableError(shown, what, Remedy.NONE, code="name"))
            continue
        except OSError as error:  # it went away since the folder was listed
            problems.append(store_error(error, text))
            continue
        rows.add(text, path.relative_to(root.url).as_posix(), status.st_size, f"mtime:{status.st_mtime_ns}")
    return Source(rows.table(), True, scan.left_out, [*problems, *scan.problems])


def _bucket(root: Root, target: Root | None) -> Source:
    rows, left_out, nothing = _Rows(), dict[str, int](), True
    protocol = root.url.split("://")[0]
    inside = None if target is None else f"{target.url}/"
    try:
        for key, size, etag in _objects(root):
            nothing = False
            path = f"{protocol}://{key}"
            name = path.removeprefix(f"{root.url}/")
            if any(part.startswith(".") for part in name.split("/")):
                continue
            if inside is not None and path.startswith(inside):
                continue
            suffix = suffix_of(name)
            if formats.is_photo_suffix(suffix):
                rows.add(path, name, size, etag)
            elif (reason := formats.left_out_reason(suffix)) is not None:
                left_out[reason] = left_out.get(reason, 0) + 1
    except (PhotoError, OptionError):
        raise
    except Exception as error:
        raise store_error(error, root.url) from error
    if nothing:
        # A store has no folders: a prefix with a typing error is a prefix without objects.
        raise UnreadableError(
            root.url, "there is no object below this prefix", Remedy.CHECK_PATH, code="missing"
        )
    return Source(rows.table(), True, left_out)


def _objects(root: Root) -> Iterator[tuple[str, int, str]]:
    """Bucket and key, size and etag of all objects below a root, in the order of the store."""
    files = root.filesystem
    place = root.url.split("://", 1)[1]
    if hasattr(files, "call_s3"):
        # fsspec would keep a dictionary for each object in memory until the last one is listed.
        bucket, _, prefix = place.partition("/")
        more: dict[str, str] = {}
        while True:
            page = files.call_s3(
                "list_objects_v2", Bucket=bucket, Prefix=f"{prefix}/" if prefix else "", MaxKeys=PAGE, **more
            )
            for found in page.get("Contents", ()):
                yield f"{bucket}/{found['Key']}", found["Size"], found["ETag"].strip('"')
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}
    if not files.exists(place):
        raise FileNotFoundError(place)
    for folder, _, found in files.walk(place, detail=True):
        for name, details in found.items():
            etag = next(
                (str(details[key]) for key in ("etag", "ETag", "mtime", "created") if key in details), ""
            )
            yield f"{folder.lstrip('/')}/{name}", details["size"], etag.strip('"')


def read_manifest(text: str, endpoint: str | None = None) -> Source:
    """Read a manifest: Parquet, CSV with a header, or text with one path a line.

    Columns: ``path``; perhaps ``target``, a relative name for the result; ``bytes``, ``etag`` or ``digest`` of the
    file, by which a changed one is recognised; and the options of `OPTIONS`. A relative path is relative to the
    manifest.

    Raises
    ------
    PhotoError
        If it cannot be read.
    OptionError
        If it has no column "path".
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    raw = _columns(text, read(text, endpoint))
    if "path" not in raw.column_names:
        given = ", ".join(raw.column_names[:8])
        raise OptionError(text, f"has no column `path` (it has {given})")
    source = Source(raw)
    # Our own results table is a manifest too, so its columns are no mistake.
    known = KNOWN | {"name", *bulk_table.schema().names}
    unknown = [name for name in raw.column_names if name not in known]
    if unknown:
        source.notes.append(f"{text}: columns that mean nothing here: {', '.join(unknown)}")
    paths = raw["path"].cast(pa.string())
    empty = pc.fill_null(pc.equal(paths, ""), True)
    if pc.any(empty).as_py():
        count = pc.sum(empty).as_py()
        source.notes.append(f"{text}: rows without a path were left out: {count}")
        raw, paths = raw.filter(pc.invert(empty)), paths.filter(pc.invert(empty))
    base = text.rpartition("/")[0] if is_url(text) else os.path.dirname(os.path.abspath(text))
    names = _in_pieces(paths, target_name)
    if "target" in raw.column_names:
        own = _in_pieces(pc.fill_null(raw["target"].cast(pa.string()), ""), target_name)
        names = pc.if_else(pc.equal(own, ""), names, own)
    relative = pc.invert(pc.match_substring_regex(paths, r"^([A-Za-z][A-Za-z0-9+.-]+://|/)"))
    joined = pc.binary_join_element_wise(base, paths, "/")
    table = pa.table(
        {
            "path": pc.if_else(relative, joined, paths),
            "name": names,
            "bytes": _cast(raw, "bytes", pa.int64(), text),
            "etag": _cast(raw, "etag", pa.string(), text),
            "digest": _cast(raw, "digest", pa.string(), text),
            "options": _options(raw),
        },
        schema=schema(),
    )
    source.table = _unique(table, text, source.notes)
    return source


def _columns(text: str, data: bytes) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    try:
        if suffix_of(text) == ".parquet":
            return pyarrow.parquet.read_table(pa.BufferReader(data))
        if suffix_of(text) == ".csv":
            names = ("path", "target", "etag", "digest", "hints", "quality", "format")
            convert = pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True
            )
            return pyarrow.csv.read_csv(pa.BufferReader(data), convert_options=convert)
        lines = data.decode("utf-8-sig").split("\n")
        return pa.table(
            {"path": pa.array([line.rstrip("\r") for line in lines if line.strip()], pa.string())}
        )
    except (pa.ArrowException, UnicodeDecodeError) as error:
        words = " ".join(str(error).split())
        what = f"is no manifest that can be read ({words})"
        raise UnreadableError(text, what, Remedy.EXPORT_AGAIN, code="manifest") from None


def _cast(table: pa.Table, name: str, kind: Any, text: str) -> Any:
    import pyarrow as pa

    if name not in table.column_names:
        return pa.nulls(len(table), kind)
    try:
        return table[name].cast(kind)
    except pa.ArrowException:
        raise OptionError(text, f"has a column `{name}` of the wrong kind; it must be {kind}") from None


def _in_pieces(texts: Any, change: Callable[[str], str]) -> Any:
    """Change each text. A list of all of them at once would take ten times the memory of Arrow's column."""
    import pyarrow as pa

    pieces = [texts.slice(start, PIECE) for start in range(0, len(texts), PIECE)]
    changed = [pa.array([change(text) for text in piece.to_pylist()], pa.string()) for piece in pieces]
    return pa.chunked_array(changed, pa.string())


def _options(table: pa.Table) -> Any:
    """The options of each row as JSON; empty where the row has none."""
    import pyarrow as pa

    columns = [name for name in OPTIONS if name in table.column_names]
    if not columns:
        return pa.repeat("", len(table))
    found = []
    for batch in table.select(columns).to_batches():
        for row in batch.to_pylist():
            given = {key: value for key, value in row.items() if value not in (None, "")}
            found.append(json.dumps(given, sort_keys=True, default=str) if given else "")
    return pa.array(found, pa.string())


def _unique(table: pa.Table, text: str, notes: list[str]) -> pa.Table:
    """Each path once: the first of its rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.count_distinct(table["path"]).as_py() == len(table):
        return table
    numbered = table.append_column("row", pa.array(range(len(table)), pa.int64()))
    first = numbered.group_by("path").aggregate([("row", "min")])["row_min"].combine_chunks()
    kept = table.take(first.sort())
    notes.append(f"{text}: rows that repeat a path were left out: {len(table) - len(kept)}")
    return kept

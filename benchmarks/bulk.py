"""Archives: the speed, the safety and the cost of `photochrom bulk`.

    python benchmarks/bulk.py [--photos 2000] [--rows 1000000] [--huge 200] [--turns 3] [--only speed,kills,...]

Needs the extras `bulk` and `cloud`, and moto, whose server on loopback is the object storage. It runs in this process,
so it shares the cores with the workers. Rates are those between the first and the last tenth of the results, so that
no start-up counts.
"""

import argparse
import datetime
import logging
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from moto.server import ThreadedMotoServer
from photo import jpeg, photo
from PIL import Image
from werkzeug.serving import WSGIRequestHandler

from photochrom.engine.colorizer import Colorizer
from photochrom.jobs.bulk_request import BulkRequest, row_key
from photochrom.jobs.bulk_row import colorize_row
from photochrom.jobs.bulk_store import Root
from photochrom.jobs.bulk_table import FOLDER, result_row, schema
from photochrom.media import provenance
from photochrom.pipeline.request import ColorizeRequest

Row = tuple[str, str, str]
WIDTH, HEIGHT = 1152, 864
COMMAND = [sys.executable, "-m", "photochrom"]
BUCKET = "s3://archive"


class Store:
    """moto's server, and a bucket in it."""

    def __enter__(self) -> "Store":
        os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        # As real stores, it keeps connections open.
        WSGIRequestHandler.protocol_version = "HTTP/1.1"
        self.server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.files = Root.of(BUCKET, self.endpoint).filesystem
        self.files.mkdir("archive")
        return self

    def __exit__(self, *error: object) -> None:
        # moto keeps its buckets in this process, also when the server has ended.
        urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST"))
        self.server.stop()

    def put(self, folder: Path) -> None:
        """Copy all files of a folder into the bucket, below "in"."""
        for path in sorted(folder.iterdir()):
            self.files.pipe_file(f"{BUCKET}/in/{path.name}", path.read_bytes())


def make_photos(folder: Path, count: int) -> None:
    """Write different grey photos of one megapixel."""
    folder.mkdir(parents=True, exist_ok=True)
    grey = np.asarray(photo(WIDTH, HEIGHT))
    for number in range(count):
        # Moving the picture round costs nothing, and no two files are equal.
        moved = np.roll(grey, (7 * number, 13 * number), (0, 1))
        (folder / f"photo {number:05}.jpg").write_bytes(jpeg(Image.fromarray(moved)))


def results(root: Root) -> pa.Table:
    """All rows of all parts of a results table."""
    parts = [
        pyarrow.parquet.read_table(pa.BufferReader(root.read(f"{FOLDER}/{name}")))
        for name in root.names(FOLDER)
    ]
    return pa.concat_tables(parts) if parts else schema().empty_table()


def rate(times: list[float]) -> float:
    """Photos a second between the first and the last tenth."""
    times = sorted(times)
    first, last = len(times) // 10, len(times) - 1 - len(times) // 10
    return (last - first) / max(times[last] - times[first], 1e-6)


class Watched:
    """A command in the background, whose processes are looked at."""

    def __init__(self, *arguments: object) -> None:
        self.started = time.monotonic()
        self.peaks: dict[int, tuple[str, int]] = {}
        self.process = subprocess.Popen([*COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
        self.watching = threading.Thread(target=self._watch, daemon=True)
        self.watching.start()

    def wait(self) -> tuple[int, str]:
        """Its exit code and what it said."""
        _, said = self.process.communicate()
        return self.process.returncode, said

    def worker(self, *, actor: bool) -> int:
        """A process of Ray that has a model; or one that reads photos, and perhaps waits for the next ones."""
        wanted = ("ray::MapWorker",) if actor else ("ray::MapBatches(Reader", "ray::IDLE")
        while True:
            names = {title(pid): pid for pid in descendants(self.process.pid)}
            for start in wanted:
                for name, pid in names.items():
                    if name.startswith(start):
                        return pid
            time.sleep(0.5)

    def peak(self, *, driver: bool) -> int:
        """The most bytes that the driver, or any worker with a model, has had in memory of its own."""
        own = self.process.pid
        if driver:
            return self.peaks[own][1]
        return max(
            (size for name, size in self.peaks.values() if name.startswith("ray::MapWorker")), default=0
        )

    def _watch(self) -> None:
        while self.process.poll() is None:
            for pid in [self.process.pid, *descendants(self.process.pid)]:
                name, size = title(pid), private_bytes(pid)
                if size > self.peaks.get(pid, ("", 0))[1]:
                    self.peaks[pid] = (name, size)
            time.sleep(0.5)


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                fields = Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        below = parents.get(todo.pop(), [])
        found += below
        todo += below
    return found


def title(pid: int) -> str:
    """What a process calls itself."""
    try:
        return Path("/proc", str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def private_bytes(pid: int) -> int:
    """Resident bytes without shared memory, which is Ray's store of objects."""
    try:
        words = Path("/proc", str(pid), "statm").read_text().split()
    except OSError:
        return 0
    return (int(words[1]) - int(words[2])) * os.sysconf("SC_PAGE_SIZE")


def speed(options: argparse.Namespace) -> Iterator[Row]:
    """From and to object storage against the command on a folder, in turns."""
    jobs, ours, theirs, spent = len(os.sched_getaffinity(0)), [], [], []
    with tempfile.TemporaryDirectory() as name, Store() as store:
        box = Path(name) / "in"
        make_photos(box, options.photos)
        store.put(box)
        for turn in range(options.turns):
            run("colorize", box, "-o", f"{name}/out{turn}/", "--jobs", jobs, "-q")
            theirs.append(rate([path.stat().st_mtime for path in Path(name, f"out{turn}").iterdir()]))
            target, before = f"{BUCKET}/out{turn}", time.process_time()
            run("bulk", f"{BUCKET}/in", target, "--endpoint", store.endpoint, "--jobs", jobs, "-q")
            # This process does nothing but serve the store meanwhile.
            spent.append((time.process_time() - before) / options.photos)
            table = results(Root.of(target, store.endpoint))
            ours.append(rate([when.timestamp() for when in table["finished"].to_pylist()]))
    ratios = sorted(x / y for x, y in zip(ours, theirs, strict=True))
    rates = f"{statistics.median(ours):.1f}/s / {statistics.median(theirs):.1f}/s, {jobs} at once"
    what = f"{options.photos} one-megapixel photos from and to object storage / colorize on a folder"
    yield (
        f"{what}: median of {options.turns} (range)",
        f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}; {rates})",
        "at least 0.8",
    )
    yield (
        "processor time of the store's server there",
        f"{1000 * statistics.median(spent):.1f} ms a photo",
        "-",
    )


def run(*arguments: object, code: int = 0) -> str:
    """Run a command to its end; returns what it said."""
    done = subprocess.run([*COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != code:
        raise SystemExit(f"{arguments[0]} ended with {done.returncode}: {done.stderr}")
    return done.stderr


def kills(options: argparse.Namespace) -> Iterator[Row]:
    """An actor, a reader's process and the driver are killed; then the same command again."""
    with tempfile.TemporaryDirectory() as name, Store() as store:
        box, target = Path(name) / "in", Root.of(f"{BUCKET}/out", store.endpoint)
        make_photos(box, options.photos)
        store.put(box)
        command = ("bulk", f"{BUCKET}/in", target.url, "--endpoint", store.endpoint, "--jobs", 2)
        first = Watched(*command)
        killed = []
        for share, kind in ((0.2, "MapWorker"), (0.4, "reader"), (0.6, "driver")):
            while len(done_names(store)) < share * options.photos:
                if first.process.poll() is not None:
                    raise SystemExit(
                        f"kills: the run ended before the {kind} was killed: {killed} {first.wait()}"
                    )
                time.sleep(0.5)
            victim = first.process.pid if kind == "driver" else first.worker(actor=kind == "MapWorker")
            killed.append("the driver" if kind == "driver" else title(victim).split("(")[0].strip())
            os.kill(victim, signal.SIGKILL)
        left = descendants(first.process.pid)
        first.wait()
        before = len(done_names(store))
        second = Watched(*command)
        code, said = second.wait()
        if code:
            raise SystemExit(f"kills: the second run failed: {said}")
        run("colorize", box, "-o", f"{name}/out/", "-q")
        table = results(target)
        rows = Counter(table["path"].to_pylist())
        once = sum(count == 1 for count in rows.values())
        same = sum(
            without_place(target.read(path.name)) == without_place(path.read_bytes())
            for path in Path(name, "out").iterdir()
        )
        words = run("bulk", "verify", target.url, "--endpoint", store.endpoint, "--source", f"{BUCKET}/in")
    print(
        f"# killed: {', '.join(killed)}; {before} results before the second run; {len(left)} processes left",
        file=sys.stderr,
    )
    print(f"# {words.strip()}", file=sys.stderr)
    yield (
        f"killed: {', '.join(killed)}; then resumed: photos with exactly one row, and with the right content",
        f"{once} and {same} of {options.photos}",
        f"{options.photos}",
    )


def done_names(store: Store) -> list[str]:
    """Results in the bucket."""
    try:
        return [name for name in store.files.ls("archive/out", detail=False) if name.endswith(".jpg")]
    except FileNotFoundError:
        return []


def without_place(data: bytes) -> bytes:
    """A result without the digest of its original's path or URL, which differ between a folder and a bucket."""
    mark = provenance.read(data)
    assert mark is not None
    return data.replace(mark.source_place.encode(), b"0" * 16)


def broken(options: argparse.Namespace) -> Iterator[Row]:
    """Broken photos and very large ones among the others."""
    with tempfile.TemporaryDirectory() as name:
        box, target = Path(name) / "in", Root.of(f"{name}/out")
        make_photos(box, options.photos)
        bad = max(1, options.photos // 100)
        for path in sorted(box.iterdir())[:bad]:
            path.write_bytes(path.read_bytes()[:5000])
        huge = max(1, options.photos // 1000)
        side = round((options.huge * 1e6 / 12) ** 0.5)
        large = jpeg(photo(4 * side, 3 * side))
        for number in range(huge):
            (box / f"huge {number}.jpg").write_bytes(large)
        watched = Watched("bulk", box, target.url, "--jobs", 2)
        code, said = watched.wait()
        table = results(target)
        statuses = Counter(table["status"].to_pylist())
        codes = {code for code in table["code"].to_pylist() if code}
        # README's promise for one photo, and 150 MB for Ray's own part of a worker and results that wait.
        plan = 300e6 + 8 * 12 * side * side + 150e6
    if code != 1 or codes != {"incomplete"}:
        raise SystemExit(f"broken: {code}, {codes}: {said}")
    yield (
        f"{bad} broken and {huge} of {options.huge} megapixels among {options.photos}: rows done and failed",
        f"{statuses['done']} and {statuses['failed']}",
        f"{options.photos - bad + huge} and {bad}",
    )
    yield (
        "peak memory of a worker there",
        f"{watched.peak(driver=False) / 1e6:.0f} MB",
        f"{plan / 1e6:.0f} MB",
    )


def manifest(options: argparse.Namespace) -> Iterator[Row]:
    """A long manifest, of which nearly all is done."""
    real = min(200, options.photos)
    with tempfile.TemporaryDirectory() as name:
        box, target = Path(name) / "in", Root.of(f"{name}/out")
        make_photos(box, real)
        done = [
            f"/archive/{number // 1000:04}/plate {number:07}.jpg" for number in range(options.rows - real)
        ]
        key = row_key(ColorizeRequest(), Colorizer(threads=1).info.fingerprint, comparisons=False)
        row = result_row({"path": "", "bytes": 300_000, "etag": None, "key": key})
        columns = {
            each: pa.array([row.get(each)] * len(done), schema().field(each).type) for each in schema().names
        }
        columns["path"] = pa.array(done)
        Path(target.url, FOLDER).mkdir(parents=True)
        pyarrow.parquet.write_table(pa.table(columns, schema=schema()), Path(target.url, FOLDER, "0.parquet"))
        paths = pa.array([*done, *map(str, sorted(box.iterdir()))])
        pyarrow.parquet.write_table(
            pa.table({"path": paths, "bytes": pa.array([300_000] * len(done) + [None] * real, pa.int64())}),
            f"{name}/manifest.parquet",
        )
        began = time.time()
        watched = Watched("bulk", f"{name}/manifest.parquet", target.url, "--jobs", 2)
        code, said = watched.wait()
        made = [path.stat().st_mtime for path in Path(target.url).rglob("*.jpg")]
    if code or len(made) != real:
        raise SystemExit(f"manifest: {code}, {len(made)} results: {said}")
    what = f"a manifest of {options.rows:,} rows, {real} of them to do"
    yield f"{what}: first result", f"{min(made) - began:.1f} s", "60 s"
    yield f"{what}: memory of the driver", f"{watched.peak(driver=True) / 1e6:.0f} MB", "1,000 MB"


def equal(options: argparse.Namespace) -> Iterator[Row]:
    """The results of both commands from one folder."""
    count = min(20, options.photos)
    with tempfile.TemporaryDirectory() as name:
        box = Path(name) / "in"
        make_photos(box, count)
        run("colorize", box, "-o", f"{name}/theirs/", "-q")
        run("bulk", box, f"{name}/ours", "-q", "--jobs", 2)
        same = sum(
            path.read_bytes() == Path(name, "ours", path.name).read_bytes()
            for path in Path(name, "theirs").iterdir()
        )
    yield "results of bulk with the bytes of colorize", f"{same} of {count}", f"{count} of {count}"


def cost(options: argparse.Namespace) -> Iterator[Row]:
    """The constants of the sizing formula: processor time per photo and per megapixel, in one process."""
    colorizer, points = Colorizer(threads=1), []
    with tempfile.TemporaryDirectory() as name:
        for width, height in ((576, 432), (1152, 864), (2304, 1728), (4608, 3456)):
            data = jpeg(photo(width, height))
            row = {
                "path": "/x.jpg",
                "name": "x.jpg",
                "bytes": None,
                "etag": None,
                "options": "",
                "key": "",
                "copy": 1,
            }
            row |= {"data": data, "problem": None, "redo": False}
            spent = []
            for _ in range(7):
                start = time.process_time()
                colorize_row(row, colorizer, BulkRequest(Root.of(f"{name}/{len(points)}-{len(spent)}")))
                spent.append(time.process_time() - start)
            points.append((width * height / 1e6, min(spent), len(data)))
    slope, base = np.polyfit([x for x, _, _ in points], [y for _, y, _ in points], 1)
    size = sum(z for _, _, z in points) / sum(x for x, _, _ in points)
    yield "core-seconds per photo", f"{base:.3f}", "-"
    yield "core-seconds per megapixel", f"{slope:.3f}", "-"
    yield "bytes per megapixel (JPEG, quality 90)", f"{size:,.0f}", "-"


ROWS = {f.__name__: f for f in (speed, kills, broken, manifest, equal, cost)}


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=3, help="of the two commands that are compared")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--huge", type=int, default=200, help="megapixels of a large photo")
    parser.add_argument("--only", default=",".join(ROWS), help="which rows, separated by commas")
    options = parser.parse_args()
    print(f"<!-- {datetime.date.today()}, {len(os.sched_getaffinity(0))} cores -->")
    print("| what | measured | target |\n| --- | --- | --- |")
    for name in options.only.split(","):
        for what, measured, target in ROWS[name](options):
            print(f"| {what} | {measured} | {target} |", flush=True)


if __name__ == "__main__":
    main()

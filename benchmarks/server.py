"""The studio under load against `photochrom colorize` on the same files: throughput, latency, errors.

    python benchmarks/server.py [--seconds 60] [--clients 8] [--photos 40] [--jobs N]

Clients that each have one request under way send one-megapixel JPEGs over the loopback. Command and server run in
turns, three times each, so that a busy machine is as busy for both; the command is given the photos over and over in
folders that take it about as long. Its time is that of the whole process, its start included.
"""

import argparse
import http.client
import itertools
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from hostile_requests import BOUNDARY, form
from photo import jpeg, photo
from PIL import Image
from studio_process import Served, serving

ROUNDS = 3
SIDE = (1152, 864)
SINGLES = 12


def photos(count: int) -> list[bytes]:
    """Different one-megapixel JPEGs: the test photo, turned about its edges and brighter or darker."""
    whole = np.asarray(photo(*SIDE)).astype(np.int16)
    moved = (np.roll(whole, (37 * i, 61 * i), (0, 1)) + 2 * (i % 20) - 20 for i in range(count))
    return [jpeg(Image.fromarray(np.clip(each, 0, 255).astype(np.uint8))) for each in moved]


def ask(connection: http.client.HTTPConnection, data: bytes) -> tuple[float, bool]:
    """Seconds that a photo took, and whether it came back as one."""
    began = time.perf_counter()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection.request("POST", "/api/colorize", form(data), headers)
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - began
    return seconds, answer.status == 200 and body.startswith(b"\xff\xd8") and body.endswith(b"\xff\xd9")


def single(served: Served, files: list[bytes]) -> float:
    """Median seconds of one client's photos, one after another, the first of them unmeasured."""
    connection = http.client.HTTPConnection(*served.address, timeout=300)
    times = [ask(connection, data)[0] for data in itertools.islice(itertools.cycle(files), SINGLES + 1)]
    connection.close()
    return statistics.median(times[1:])


def load(served: Served, files: list[bytes], clients: int, seconds: float) -> tuple[list[float], float, int]:
    """Latencies of what was answered, the seconds it took, and how many were not answered well."""
    turn, lock = itertools.cycle(files), threading.Lock()
    began = time.perf_counter()

    def client(_: int) -> tuple[list[float], int]:
        times, errors = [], 0
        connection = http.client.HTTPConnection(*served.address, timeout=300)
        while time.perf_counter() - began < seconds:
            with lock:
                data = next(turn)
            try:
                took, good = ask(connection, data)
            except (OSError, http.client.HTTPException):
                connection.close()
                errors += 1
                continue
            times.append(took)
            errors += not good
        connection.close()
        return times, errors

    with ThreadPoolExecutor(clients) as pool:
        results = list(pool.map(client, range(clients)))
    # Until the last answer: what was under way when time was up counts on both sides of the division.
    return (
        [t for times, _ in results for t in times],
        time.perf_counter() - began,
        sum(errors for _, errors in results),
    )


def command(folder: Path, files: list[bytes], count: int, jobs: int | None) -> float:
    """Photos a second of `photochrom colorize` on a folder of `count`."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        box = Path(name) / "box"
        box.mkdir()
        for i, data in enumerate(itertools.islice(itertools.cycle(files), count)):
            (box / f"{i:05}.jpg").write_bytes(data)
        line = [sys.executable, "-m", "photochrom", "colorize", str(box), "-o", f"{name}/colour/", "--quiet"]
        began = time.perf_counter()
        subprocess.run([*line, *(["--jobs", str(jobs)] if jobs else [])], check=True)
        return count / (time.perf_counter() - began)


def rows(
    seconds: float, clients: int, files: list[bytes], jobs: int | None
) -> Iterator[tuple[str, str, str]]:
    """Measure in turns, and put it as lines of a table."""
    settings = {"requests_per_minute": 10**9, **({"jobs": jobs} if jobs else {})}
    with serving(**settings) as served, tempfile.TemporaryDirectory() as name:
        alone, latencies, errors, ours, theirs = [single(served, files)], [], 0, [], []
        share = seconds / ROUNDS
        # As many photos as take the command a round; the first guess is what one photo takes.
        count = max(len(files), round(share / alone[0]))
        command(Path(name), files, len(files), jobs)
        for _ in range(ROUNDS):
            theirs.append(command(Path(name), files, count, jobs))
            times, took, bad = load(served, files, clients, share)
            ours.append(len(times) / took)
            latencies += times
            errors += bad
            alone.append(single(served, files))
        memory = served.memory()
    one = statistics.median(alone)
    fast, slow = statistics.median(ours), statistics.median(theirs)
    p50, p95 = np.percentile(latencies, [50, 95])
    sent = f"{len(latencies):,} photos, {clients} clients"
    yield f"errors ({sent})", str(errors), "0"
    what = "throughput, server / `photochrom colorize`"
    yield what, f"{fast / slow:.2f} ({fast:.1f} / {slow:.1f} photos a second)", "at least 0.9"
    yield (
        "median latency / a single photo's",
        f"{p50 / one:.1f} ({p50 * 1e3:.0f} ms / {one * 1e3:.0f} ms)",
        "",
    )
    yield "95th percentile / a single photo's", f"{p95 / one:.1f} ({p95 * 1e3:.0f} ms)", "8"
    yield "resident memory", f"{memory:.0f} MB", ""


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60, help="of load, all rounds together")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--photos", type=int, default=40, help="different ones")
    parser.add_argument("--jobs", type=int, help="photos at once, of both")
    given = parser.parse_args()
    print("| what | measured | target |\n| --- | --- | --- |")
    for what, measured, target in rows(given.seconds, given.clients, photos(given.photos), given.jobs):
        print(f"| {what} | {measured} | {target} |", flush=True)


if __name__ == "__main__":
    main()

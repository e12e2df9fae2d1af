"""The default model's smaller files against it: size, time, and what they do to pictures.

    python benchmarks/quantize.py MODEL.onnx --data FOLDER --calibrate PATH [--limit N] [--all]

Each time is a ratio to the fp32 file, measured in turns in this run on one thread. "From fp32" is the CIEDE2000
between the pictures that the product makes with the two files: the mean over photos, and the worst photo's. The last
two columns are against the truth. With ``--all``, int8 is made in three more ways.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.bench.entries import Entry, Picture, model
from photochrom.bench.evaluate import evaluate
from photochrom.bench.protocol import Protocol
from photochrom.color.difference import ciede2000
from photochrom.color.lab import rgb_to_lab
from photochrom.data.dataset import PhotoDataset
from photochrom.data.sources import find
from photochrom.engine.session import Session
from photochrom.training.calibration import feeds_of
from photochrom.training.quantize import half, int8, packed

PHOTOS = 32
Pictures = dict[str, Picture]


def quantized(fp32: bytes, calibrate: str, every: bool) -> dict[str, bytes]:
    """The files by name."""
    feeds = feeds_of(fp32, PhotoDataset.load(find(calibrate), limit=PHOTOS, short_side=512))
    files = {"fp32": fp32, "fp16": half(fp32), "w8": packed(fp32, feeds), "int8": int8(fp32, feeds)}
    if every:
        files["int8, minmax"] = int8(fp32, feeds, method="minmax")
        files["int8, none first"] = int8(fp32, feeds, first=1)
        files["int8, 8 bits (VNNI)"] = int8(fp32, feeds, bits=8)
    return files


def in_turns(runs: list[Callable[[], object]], rounds: int) -> list[float]:
    """The median over rounds of each one's seconds over the first one's, after two rounds that do not count."""
    ratios = []
    for _ in range(rounds + 2):
        seconds = []
        for run in runs:
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        ratios.append([one / seconds[0] for one in seconds])
    return [statistics.median(column) for column in zip(*ratios[2:], strict=True)]


def times(paths: list[Path]) -> tuple[list[float], list[float], float]:
    """Ratios of loading and of one pass at the model's size, and the milliseconds in which the first one loads."""
    load = [partial(Session, path, device="cpu", threads=1) for path in paths]
    sessions = [make() for make in load]
    start = time.perf_counter()
    load[0]()
    once = 1000 * (time.perf_counter() - start)
    size = -(-sessions[0].size // sessions[0].multiple) * sessions[0].multiple
    lightness = 100 * np.random.default_rng(0).random((1, 1, size, size), np.float32)
    passes = [partial(session.run, lightness, ["ab"]) for session in sessions]
    return in_turns(load, 9), in_turns(passes, 60), once


def remembering(entry: Entry, made: Pictures) -> Entry:
    """The entry, whose pictures are also put into `made`, by the photo's key."""
    make = entry.make

    def remember(key: str, luma: Picture, rgb: Picture) -> Picture:
        made[key] = make(key, luma, rgb)
        return made[key]

    entry.make = remember
    return entry


def apart(one: Pictures, other: Pictures) -> tuple[float, float]:
    """CIEDE2000 between two files' pictures: the mean over photos, and the worst photo's."""
    each = [float(ciede2000(lab(one[key]), lab(other[key])).mean()) for key in one]
    return float(np.mean(each)), max(each)


def lab(picture: Picture) -> NDArray[np.float32]:
    """L*a*b* of an 8-bit picture."""
    return np.asarray(rgb_to_lab(picture.astype(np.float32) / 255))


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", required=True, help="photos to measure on")
    parser.add_argument("--calibrate", required=True, help="other photos to calibrate on")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--all", action="store_true", help="int8 in three more ways")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, data in quantized(args.model.read_bytes(), args.calibrate, args.all).items():
            paths[name] = Path(folder) / f"{len(paths)}.onnx"
            paths[name].write_bytes(data)
        made: dict[str, Pictures] = {name: {} for name in paths}
        entered = [
            remembering(model(str(path), Protocol(), name), made[name]) for name, path in paths.items()
        ]
        results = evaluate(
            entered,
            find(args.data),
            Protocol(),
            command="quantize",
            limit=args.limit,
            names=["psnr", "ciede2000"],
            examples=0,
        )
        load, network, once = times(list(paths.values()))
        sizes = [path.stat().st_size / 1e6 for path in paths.values()]
    print(
        f"{results.protocol['files']} photos; {PHOTOS} to calibrate on; fp32 loads in about {once:.0f} ms\n"
    )
    print("| weights | MB | load | network | from fp32 | worst photo | PSNR | CIEDE2000 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for i, row in enumerate(results.rows):
        if row.error is not None:
            raise SystemExit(f"{row.name}: {row.error}")
        mean, worst = apart(made["fp32"], made[row.name])
        psnr, truth = (row.scores[key].value for key in ("psnr", "ciede2000"))
        print(
            f"| {row.name} | {sizes[i]:.1f} | {load[i]:.2f} | {network[i]:.2f} | {mean:.3f} | {worst:.2f} "
            f"| {psnr:.2f} | {truth:.2f} |"
        )


if __name__ == "__main__":
    main()

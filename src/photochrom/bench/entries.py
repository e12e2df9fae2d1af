"""The entries of a comparison: grey, the truth, our models, and pictures of other tools."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.bench.protocol import Protocol
from photochrom.bench.results import GREY, TRUTH
from photochrom.color.lab import grey_to_lightness, lab_to_rgb
from photochrom.data.decode import decode
from photochrom.data.sources import SUFFIXES
from photochrom.jobs.film_python import color_frames
from photochrom.pipeline.python import Colorizer

Picture = NDArray[np.uint8]
TIMED = 15


@dataclass
class Entry:
    """One row of a table.

    `make` takes a photo's key, its grey ``(H, W)`` and its truth ``(H, W, 3)``, and returns its picture ``(H, W, 3)``.
    All are uint8. `film` takes the grey frames of a shot and their rate, and returns their pictures; it is None if the
    entry knows no films.
    """

    name: str
    kind: Literal["baseline", "truth", "model", "pictures"]
    make: Callable[[str, Picture, Picture], Picture]
    parameters: int | None = None
    milliseconds: float | None = None
    about: str = ""
    film: Callable[[Iterable[Picture], float], Iterable[Picture]] | None = None


def grey() -> Entry:
    """Return the entry that leaves photos grey."""
    return Entry(GREY, "baseline", lambda _, luma, __: np.dstack([luma] * 3), about="nothing done")


def truth() -> Entry:
    """Return the entry that returns the photo itself. It shows the best value of every figure."""
    return Entry(TRUTH, "truth", lambda _, __, rgb: rgb, about="the photo itself")


def model(source: str, protocol: Protocol, name: str | None = None) -> Entry:
    """Return the entry of a model: a name, an ONNX file, or the folder of a run, which is exported first.

    Raises
    ------
    ModelError, CheckpointError, ValueError
        If there is no model of that name, or it cannot be exported.
    """
    path = Path(source)
    if os.path.isdir(path) or path.suffix == ".safetensors":
        from photochrom.training.export import export, load_trained

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{path.stem}.onnx"
            export(load_trained(path), file)
            return _model(Colorizer(file, threads=1), protocol, name or path.name)
    colorizer = Colorizer(source, threads=1)
    return _model(colorizer, protocol, name or (path.stem if path.suffix == ".onnx" else source))


def pictures(name: str, folder: Path) -> Entry:
    """Return the entry of pictures that any tool made of the same photos. They are found by their stems.

    Raises
    ------
    ValueError
        If `folder` is not a folder, or has two pictures of one stem.
    """
    if not os.path.isdir(folder):
        raise ValueError(f"{folder}: not a folder of pictures")
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES:
            if path.stem in files:
                raise ValueError(f"{folder}: {path.name} and {files[path.stem].name} are both {path.stem}")
            files[path.stem] = path

    def make(key: str, _: Picture, rgb: Picture) -> Picture:
        path = files.get(Path(key).stem)
        if path is None:
            raise ValueError(f"{folder}: no picture {Path(key).stem}")
        made = decode(path.read_bytes(), str(path))
        if made.shape != rgb.shape:
            sizes = [f"{shape[1]}x{shape[0]}" for shape in (made.shape, rgb.shape)]
            raise ValueError(f"{path}: is {sizes[0]}, and the photo as it is measured {sizes[1]}")
        return made

    return Entry(name, "pictures", make, about=f"pictures in {folder.name}")


def _model(colorizer: Colorizer, protocol: Protocol, name: str) -> Entry:
    if protocol.merge == "lab":

        def make(_: str, luma: Picture, __: Picture) -> Picture:
            return _merged_in_lab(colorizer, luma)
    else:

        def make(_: str, luma: Picture, __: Picture) -> Picture:
            made: Picture = colorizer.colorize(luma)
            return made

    def film(frames: Iterable[Picture], rate: float) -> Iterable[Picture]:
        return color_frames(frames, colorizer.session, rate=rate)

    about = str(colorizer.metadata.get("description", ""))
    parameters = colorizer.info.parameters or None
    along = film if protocol.merge == "luma" else None
    return Entry(name, "model", make, parameters, _latency(make, protocol.size), about, along)


def _merged_in_lab(colorizer: Colorizer, luma: Picture) -> Picture:
    """Combine the network's ab, enlarged bilinearly, with the grey's L*. Papers measure such pictures."""
    level = (luma / 255).astype(np.float32)
    ab = cv2.resize(colorizer.predict(level).ab, luma.shape[::-1], interpolation=cv2.INTER_LINEAR)
    lab = np.dstack([grey_to_lightness(level), ab])
    return np.asarray(np.rint(lab_to_rgb(lab) * 255), np.uint8)


def _latency(make: Callable[[str, Picture, Picture], Picture], size: int) -> float:
    """Return the median milliseconds for a photo of `size` pixels on one thread. Two runs before do not count."""
    luma = np.random.default_rng(0).integers(0, 256, (size, size), np.uint8)
    times = []
    for _ in range(TIMED + 2):
        start = time.perf_counter()
        make("", luma, luma)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[2:])


def describe(entry: Entry) -> dict[str, Any]:
    """Return the fields of the entry's row in a table, without its scores."""
    return {
        "name": entry.name,
        "kind": entry.kind,
        "parameters": entry.parameters,
        "milliseconds": entry.milliseconds,
        "about": entry.about,
    }

"""The promises about one photograph, measured: luma, time against Pillow, throughput, memory.

    python benchmarks/photo.py [--only luma,network,warm,command,folder,memory]

Every time is a ratio of two things measured in turns in this run; the targets are those of the README. The row
"network" needs the `train` extra, as it exports the pix2pix U-Net that the model is compared with.
"""

import argparse
import compileall
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image

import photochrom
from photochrom import Colorizer
from photochrom.engine.models import resolve

EXAMPLE = Path(__file__).parent.parent / "examples" / "astronaut.jpg"
Row = tuple[str, str, str]


def photo(width: int, height: int) -> Image.Image:
    """A grey test photo of any size: the example enlarged, with film grain, so that JPEG has work to do."""
    with Image.open(EXAMPLE) as image:
        large = np.asarray(image.convert("L").resize((width, height), Image.Resampling.BICUBIC)).astype(
            np.int16
        )
    grain = np.random.default_rng(0).integers(-6, 7, (min(height, 1024), min(width, 1024)), np.int16)
    reach = (-(-height // grain.shape[0]), -(-width // grain.shape[1]))
    large += np.tile(grain, reach)[:height, :width]
    return Image.fromarray(np.clip(large, 0, 255).astype(np.uint8))


def jpeg(image: Image.Image) -> bytes:
    """`image` as a JPEG of quality 90."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def in_turns(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of each, taken in turns after one unmeasured round."""
    times: tuple[list[float], list[float]] = ([], [])
    for i in range(rounds + 1):
        for run, seconds in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            run()
            if i:
                seconds.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def ratio(ours: float, theirs: float) -> str:
    """How a pair of times is printed."""
    return f"{ours / theirs:.2f} ({ours * 1000:.0f} ms / {theirs * 1000:.0f} ms)"


def luma() -> Iterator[Row]:
    """Luma of lossless output against input, at every pixel, of every mode."""
    colorizer = Colorizer()
    worst = {8: 0, 16: 0}
    for width, height in ((1, 1), (1, 97), (97, 1), (33, 65), (512, 512), (4000, 3000)):
        grey = np.asarray(photo(width, height))
        deep = grey.astype(np.uint16) * 257 + (grey > 0)
        sepia = np.asarray(Image.fromarray(np.dstack([grey, grey // 8 * 7, grey // 8 * 6])))
        for bits, array in ((8, grey), (8, sepia), (8, np.dstack([sepia, grey])), (16, deep)):
            out = colorizer.colorize(array, force=True)
            worst[bits] = max(worst[bits], luma_error(array, out))
        for suffix, array in (
            (".png", grey),
            (".png", deep),
            (".tif", grey),
            (".tif", deep),
            (".webp", grey),
        ):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"photo{suffix}"
                write(path, array)
                out = read(colorizer.colorize(path))
            bits = array.dtype.itemsize * 8
            worst[bits] = max(worst[bits], luma_error(array, out))
    yield "luma, 8 bit: worst pixel", f"{worst[8]} / 255", "1 / 255"
    yield "luma, 16 bit: worst pixel", f"{worst[16]} / 65,535", "2 / 65,535"


def luma_error(before: np.ndarray, after: np.ndarray) -> int:
    """The largest difference of Rec. 601 luma, in levels."""
    return int(np.abs(luma_of(before) - luma_of(after)).max())


def luma_of(array: np.ndarray) -> np.ndarray:
    """Rec. 601 luma in whole levels: Pillow's own at 8 bit."""
    if array.ndim == 2:
        return array.astype(np.int64)
    if array.dtype == np.uint8:
        return np.asarray(Image.fromarray(array[..., :3]).convert("L")).astype(np.int64)
    return np.rint(array[..., :3].astype(np.float64) @ (0.299, 0.587, 0.114)).astype(np.int64)


def write(path: Path, array: np.ndarray) -> None:
    """Write a grey array losslessly with other tools than ours."""
    if path.suffix == ".tif":
        tifffile.imwrite(path, array, compression="zlib")
    elif path.suffix == ".png":
        cv2.imwrite(str(path), array)
    else:
        Image.fromarray(array).save(path, lossless=True)


def read(path: Path) -> np.ndarray:
    """Read a colour picture in its own depth with other tools than ours."""
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".png":
        return np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 2::-1])
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def network() -> Iterator[Row]:
    """One pass of the network against pix2pix's U-Net-256, exported the same way."""
    import logging
    import warnings

    import onnxruntime as ort
    import torch

    from photochrom.nets.pix2pix_unet import pix2pix_unet

    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = str(Path(folder) / "pix2pix.onnx")
        program = torch.onnx.export(
            pix2pix_unet().eval(),
            (torch.rand(1, 1, 256, 256),),
            dynamo=True,
            verbose=False,
            input_names=["x"],
        )
        program.save(theirs)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 2
        # As the product has it; here it also keeps the idle session's workers off the other's cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        unet, ours = (ort.InferenceSession(str(f), options) for f in (theirs, resolve("photochrom")))
    x = np.random.default_rng(0).random((1, 1, 256, 256), np.float32)
    feed = {
        "lightness": x * 100,
        "temperature": np.asarray(0.4, np.float32),
        "prior_strength": np.asarray(1.0, np.float32),
    }
    times = in_turns(lambda: ours.run(["ab"], feed), lambda: unet.run(None, {"x": x}), 40)
    yield "network at 256x256 / pix2pix U-Net-256", ratio(*times), "0.35"


def pillow_work(data: bytes) -> bytes:
    """What is unavoidable: decode the grey JPEG, encode an RGB JPEG of that size."""
    with Image.open(io.BytesIO(data)) as image:
        return jpeg(image.convert("RGB"))


def warm() -> Iterator[Row]:
    """A warm `Colorizer`, bytes to bytes, against Pillow."""
    data = jpeg(photo(4000, 3000))
    colorizer = Colorizer()
    times = in_turns(lambda: colorizer.colorize(data), lambda: pillow_work(data), 9)
    yield "12-megapixel JPEG, warm / Pillow decode and encode", ratio(*times), "2"


def command() -> Iterator[Row]:
    """The whole command, process start included, against Pillow as a process."""
    compile_package()
    with tempfile.TemporaryDirectory() as folder:
        source, target, theirs = (Path(folder) / name for name in ("photo.jpg", "out.jpg", "theirs.jpg"))
        source.write_bytes(jpeg(photo(4000, 3000)))
        script = (
            f"from PIL import Image; im = Image.open({str(source)!r}).convert('RGB'); "
            f"im.save({str(theirs)!r}, quality=90)"
        )
        ours = [sys.executable, "-m", "photochrom", "colorize", str(source), "-o", str(target), "--overwrite"]
        times = in_turns(
            lambda: subprocess.run([*ours, "--quiet"], check=True),
            lambda: subprocess.run([sys.executable, "-c", script], check=True),
            7,
        )
    yield "12-megapixel JPEG, the command / Pillow as a process", ratio(*times), "3"


def compile_package() -> None:
    """Compile the package to bytecode, as pip does when it installs a wheel.

    A source tree in an environment with PYTHONDONTWRITEBYTECODE has none, and each start would compile it again.
    """
    compileall.compile_dir(Path(photochrom.__file__).parent, quiet=1)


def folder() -> Iterator[Row]:
    """A folder of 100 one-megapixel JPEGs against a loop over one `Colorizer`."""
    compile_package()
    with tempfile.TemporaryDirectory() as name:
        box = Path(name) / "box"
        box.mkdir()
        data = jpeg(photo(1152, 864))
        for i in range(100):
            (box / f"{i:03}.jpg").write_bytes(data)

        def loop() -> None:
            colorizer = Colorizer()
            for path in sorted(box.glob("???.jpg")):
                (Path(name) / path.name).write_bytes(colorizer.colorize(path.read_bytes()))

        ours = [sys.executable, "-m", "photochrom", "colorize", str(box), "-o", f"{name}/colour/", "--quiet"]
        slow, fast = in_turns(loop, lambda: subprocess.run([*ours, "--overwrite"], check=True), 3)
    yield (
        "100 one-megapixel JPEGs, loop / command",
        f"{slow / fast:.2f} ({slow:.1f} s / {fast:.1f} s)",
        "at least 1.5",
    )


def memory() -> Iterator[Row]:
    """Peak resident memory of the command."""
    for megapixels, width, height in ((12, 4000, 3000), (50, 8192, 6144), (100, 11600, 8700)):
        with tempfile.TemporaryDirectory() as name:
            source = Path(name) / "photo.jpg"
            source.write_bytes(jpeg(photo(width, height)))
            child = os.fork()
            if child == 0:
                args = [sys.executable, "-m", "photochrom", "colorize", str(source), "--quiet"]
                os.execv(sys.executable, args)
            _, status, usage = os.wait4(child, 0)
            if status:
                raise SystemExit(f"memory: the command failed on {megapixels} megapixels")
        limit = 300 + 8 * width * height / 1e6
        scale = 1e6 if sys.platform == "darwin" else 1e3
        yield f"peak memory, {megapixels} megapixels", f"{usage.ru_maxrss / scale:.0f} MB", f"{limit:.0f} MB"


ROWS = {f.__name__: f for f in (luma, network, warm, command, folder, memory)}


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(ROWS), help="which rows, separated by commas")
    wanted = parser.parse_args().only.split(",")
    # A forked child of a large parent would be charged for the parent's pages; memory goes first.
    wanted.sort(key=lambda name: name != "memory")
    print("| what | measured | target |\n| --- | --- | --- |")
    for name in wanted:
        for what, measured, target in ROWS[name]():
            print(f"| {what} | {measured} | {target} |", flush=True)


if __name__ == "__main__":
    main()

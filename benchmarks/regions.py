"""Whether a hint keeps to its thing: the share of the change of colour that stays inside a known region.

    python benchmarks/regions.py PHOTOS LABELS --void 0 [--reach thing] [--hints 1] [--limit N] [--sheet FILE.png]

PHOTOS is a folder of colour photos. LABELS holds a map of the same name for each: a PNG of numbers, or a MATLAB file
with `groundtruth` (which needs SciPy). Each connected part of one label is a region if it has from 0.8 % to 60 % of the
photo. A photo counts with at most six of them, the largest ones. The hint lies on the pixel that is deepest inside, and
its colour is far from the predicted one: the opposite hue at a chroma of 45. With several hints, each lies on a region
of its own, with a random hue, and the regions count together.

"share" is the share of the change in a and b, summed over the pixels, that lies inside. "covered" is the share of the
region that changes at least half as much as the hint's place. The means are over hints, or photos for several hints.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.lab import lab_to_rgb, rgb_to_lab
from photochrom.engine.hints import Hint, Reach
from photochrom.engine.options import Options
from photochrom.engine.preview import Preview
from photochrom.pipeline.arrays import from_array
from photochrom.pipeline.python import Colorizer

SIDE = 480
"""Photos are reduced to this longest side."""
SMALLEST, LARGEST, MOST = 0.008, 0.6, 6
CHROMA, LIGHTNESS = 45.0, 60.0

Mask = NDArray[np.bool_]


def labels_of(file: Path) -> NDArray[np.uint8]:
    """A map of labels ``(H, W)``."""
    if file.suffix == ".mat":
        from scipy.io import loadmat

        return np.asarray(loadmat(str(file))["groundtruth"], np.uint8)
    return np.asarray(Image.open(file), np.uint8)


def regions_of(labels: NDArray[np.uint8], void: int) -> list[tuple[Mask, float, float]]:
    """The regions of a map, the largest first, each with the place that is deepest inside."""
    found = []
    for label in np.unique(labels):
        if label == void:
            continue
        count, parts = cv2.connectedComponents((labels == label).astype(np.uint8))
        for number in range(1, count):
            region = parts == number
            if SMALLEST <= region.mean() <= LARGEST:
                deep = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
                y, x = np.unravel_index(int(deep.argmax()), deep.shape)
                found.append((region, (x + 0.5) / region.shape[1], (y + 0.5) / region.shape[0]))
    return sorted(found, key=lambda each: -each[0].sum())[:MOST]


def photos_of(photos: Path, labels: Path, void: int) -> Iterator[tuple[str, NDArray[np.uint8], list[Any]]]:
    """Each photo with a map: its name, ``(H, W, 3)`` and its regions."""
    maps = {file.stem: file for file in labels.iterdir() if file.suffix in (".png", ".mat")}
    for file in sorted(photos.iterdir()):
        if file.stem in maps:
            image = Image.open(file).convert("RGB")
            scale = min(1.0, SIDE / max(image.size))
            size = (round(image.width * scale), round(image.height * scale))
            numbers = cv2.resize(labels_of(maps[file.stem]), size, interpolation=cv2.INTER_NEAREST)
            rgb = np.asarray(image.resize(size, Image.Resampling.LANCZOS))
            yield file.stem, rgb, regions_of(numbers, void)


def hexadecimal(ab: NDArray[Any]) -> str:
    """``#rrggbb`` of a colour ``(2,)``."""
    rgb = np.clip(lab_to_rgb(np.array([LIGHTNESS, *ab], np.float64)), 0, 1)
    return "#" + "".join(f"{round(255 * float(v)):02x}" for v in rgb)


def opposite(ab: NDArray[Any]) -> NDArray[Any]:
    """A colour of the opposite hue; red for a grey."""
    size = float(np.hypot(*ab))
    return np.array([0.96, 0.28]) * CHROMA if size < 3 else -ab / size * CHROMA


def ab_of(rgb: NDArray[np.uint8]) -> NDArray[Any]:
    """``(H, W, 2)``."""
    return np.asarray(rgb_to_lab(rgb / 255.0))[..., 1:]


def main() -> None:
    """Parse the command line and print the figures with their 95 % intervals."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--void", type=int, default=0, help="the label that is no region")
    parser.add_argument("--reach", choices=[x for x in get_args(Reach) if x != "keep"], default="thing")
    parser.add_argument("--hints", type=int, default=1, help="hints at once")
    parser.add_argument("--limit", type=int, help="photos")
    parser.add_argument("--model", default="photochrom")
    parser.add_argument("--sheet", type=Path, help="automatic, hinted, reach and truth of the first photos")
    args = parser.parse_args()
    colorizer, rng = Colorizer(args.model, threads=1), np.random.default_rng(0)
    shares, covered, rows = [], [], []
    count = 0
    for _, rgb, regions in photos_of(args.photos, args.labels, args.void):
        if len(regions) < args.hints:
            continue
        count += 1
        luma = np.asarray(Image.fromarray(rgb).convert("L"))
        preview = Preview(colorizer, from_array(luma))
        automatic = preview.view()
        before = ab_of(automatic)
        if args.hints == 1:
            tries = [[each] for each in regions]
        else:
            tries = [[regions[i] for i in rng.choice(len(regions), args.hints, replace=False)]]
        for chosen in tries:
            hints = []
            for _, x, y in chosen:
                row, column = int(y * luma.shape[0]), int(x * luma.shape[1])
                angle = rng.uniform(0, 2 * np.pi)
                turned = np.array([np.cos(angle), np.sin(angle)]) * CHROMA
                color = hexadecimal(opposite(before[row, column]) if args.hints == 1 else turned)
                hints.append(Hint(x, y, color, args.reach))
            picture = preview.view(Options(hints=tuple(hints)))
            change = np.hypot(*np.moveaxis(ab_of(picture) - before, -1, 0))
            inside = np.any([region for region, *_ in chosen], axis=0)
            shares.append(change[inside].sum() / max(change.sum(), 1e-6))
            half = change[int(chosen[0][2] * luma.shape[0]), int(chosen[0][1] * luma.shape[1])] / 2
            covered.append((change[inside] >= half).mean())
            if args.sheet and len(rows) < 8 and len(shares) % 5 == 1:
                reach = np.repeat(preview.reach(hints[0])[..., None], 3, axis=2)
                truth = np.where(inside[..., None], rgb, rgb // 3)
                marked = picture.copy()
                cv2.circle(marked, (int(hints[0].x * luma.shape[1]), int(hints[0].y * luma.shape[0])), 4, 255)
                rows.append(np.concatenate([automatic, marked, reach, truth], axis=1))
        if args.limit and count == args.limit:
            break
    chosen_again = rng.integers(len(shares), size=(2000, len(shares)))
    low, high = np.percentile(np.array(shares)[chosen_again].mean(axis=1), [2.5, 97.5])
    print(f"{args.model}: {count} photos, {len(shares)} tries with {args.hints} hints, reach {args.reach}")
    print(f"share {np.mean(shares):.3f} ({low:.3f} to {high:.3f}), median {np.median(shares):.3f}")
    print(f"covered {np.mean(covered):.3f}")
    if args.sheet:
        width = max(row.shape[1] for row in rows)
        padded = [np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0))) for row in rows]
        Image.fromarray(np.concatenate(padded)).save(args.sheet)


if __name__ == "__main__":
    main()

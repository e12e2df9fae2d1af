"""What hints bring: PSNR with random true points over automatic, and how well the colour at the points is met.

    python benchmarks/hints.py FOLDER [--model NAME|FILE.onnx] [--points 10] [--limit N]

Each photo gets, as in Zhang et al. 2017 (section 4.1), squares of 7x7 pixels at random places, each with its mean
true colour; everything goes through the product's own steps. "Met" is CIEDE2000 between that colour and the result's
mean over the square, at the result's lightness, which is the photo's and no hint's to change.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.bench.evaluate import spread
from photochrom.bench.protocol import Protocol
from photochrom.color.difference import ciede2000
from photochrom.color.lab import lab_to_rgb, rgb_to_lab
from photochrom.data.sources import find
from photochrom.engine.hints import Hint
from photochrom.pipeline.python import Colorizer

SQUARE = 7


def hints_of(
    lab: NDArray[np.float64], count: int, rng: np.random.Generator
) -> tuple[list[Hint], list[slice]]:
    """Random squares of a true picture (H, W, 3) as hints, and where they are."""
    height, width = lab.shape[:2]
    hints, places = [], []
    for _ in range(count):
        top, left = rng.integers(height - SQUARE + 1), rng.integers(width - SQUARE + 1)
        place = np.s_[top : top + SQUARE, left : left + SQUARE]
        rgb = np.rint(lab_to_rgb(lab[place].mean(axis=(0, 1))) * 255).astype(int)
        color = "#" + "".join(f"{v:02x}" for v in rgb)
        hints.append(Hint((left + SQUARE / 2) / width, (top + SQUARE / 2) / height, color))
        places.append(place)
    return hints, places


def psnr(picture: NDArray[np.uint8], rgb: NDArray[np.uint8]) -> float:
    """In dB of sRGB."""
    return float(-10 * np.log10(np.mean((picture / 255 - rgb / 255) ** 2)))


def main() -> None:
    """Parse the command line and print the figures with their 95 % intervals."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--model", default="photochrom")
    parser.add_argument("--points", type=int, default=10)
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    colorizer, protocol = Colorizer(args.model, threads=1), Protocol()
    items = spread(find(args.folder).items, args.limit)
    automatic, hinted, met = [], [], []
    for number, item in enumerate(items):
        rgb = protocol.fitted(item.read())
        luma = np.asarray(Image.fromarray(rgb).convert("L"))
        hints, places = hints_of(rgb_to_lab(rgb / 255), args.points, np.random.default_rng(number))
        automatic.append(psnr(colorizer.colorize(luma), rgb))
        picture = colorizer.colorize(luma, hints=tuple(hints))
        hinted.append(psnr(picture, rgb))
        lab = rgb_to_lab(picture / 255)
        for hint, place in zip(hints, places, strict=True):
            got = lab[place].mean(axis=(0, 1))
            met.append(float(ciede2000(got, np.array([got[0], *hint.ab]))))
    gain = np.array(hinted) - automatic
    chosen = np.random.default_rng(0).integers(len(gain), size=(2000, len(gain)))
    low, high = np.percentile(gain[chosen].mean(axis=1), [2.5, 97.5])
    print(f"{Path(args.model).stem}: {len(items)} photos, {args.points} points of {SQUARE}x{SQUARE}")
    print(f"PSNR automatic {np.mean(automatic):.2f}, with hints {np.mean(hinted):.2f}")
    print(f"gain {gain.mean():.2f} dB ({low:.2f} to {high:.2f})")
    print(
        f"met within CIEDE2000 {np.mean(met):.2f} on average, median {np.median(met):.2f}, "
        f"{100 * np.mean(np.array(met) <= 5):.1f} % of points within 5"
    )


if __name__ == "__main__":
    main()

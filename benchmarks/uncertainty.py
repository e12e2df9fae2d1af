"""Whether the model knows what it does not know: how candidates differ and how plausible they are; confidence.

    python benchmarks/uncertainty.py FOLDER [--model NAME|FILE.onnx] [--candidates 3] [--limit N]

Differences are CIEDE2000 means over all pixels and pairs of candidates. A candidate is as plausible as the first if it
is about as far from the truth (CIEDE2000, PSNR) and as colourful; "best" takes of each photo's candidates the nearest
to the truth. Confidence: the mean ab error of the half of a photo's pixels with the higher confidence over that of the
other half, for errors summed over all photos, and as the mean of the photos' own ratios.
"""

import argparse
from itertools import combinations

import numpy as np
from PIL import Image

from photochrom import Colorizer
from photochrom.bench.evaluate import spread
from photochrom.bench.protocol import Protocol
from photochrom.color.difference import ciede2000
from photochrom.color.lab import rgb_to_lab
from photochrom.data.sources import find


def main() -> None:
    """Parse the command line and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--model", default="photochrom")
    parser.add_argument("--candidates", type=int, default=3)
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    colorizer, protocol = Colorizer(args.model, threads=1), Protocol()
    items = spread(find(args.folder).items, args.limit)
    apart, errors, decibels, chroma, halves = [], [], [], [], []
    for item in items:
        rgb = protocol.fitted(item.read())
        truth = rgb_to_lab(rgb / 255)
        luma = np.asarray(Image.fromarray(rgb).convert("L"))
        pictures, sure = colorizer.colorize(luma, candidates=args.candidates, return_confidence=True)
        labs = [rgb_to_lab(picture / 255) for picture in pictures]
        apart.append(np.mean([ciede2000(a, b).mean() for a, b in combinations(labs, 2)]))
        errors.append([ciede2000(lab, truth).mean() for lab in labs])
        decibels.append([-10 * np.log10(np.mean((p / 255 - rgb / 255) ** 2)) for p in pictures])
        chroma.append([np.hypot(lab[..., 1], lab[..., 2]).mean() for lab in labs])
        off = np.hypot(*np.moveaxis((labs[0] - truth)[..., 1:], -1, 0)).reshape(-1)
        order = np.argsort(sure.reshape(-1), kind="stable")
        halves.append([off[order[len(off) // 2 :]].mean(), off[order[: len(off) // 2]].mean()])
    print(f"{args.model}: {len(items)} photos, {args.candidates} candidates")
    print(
        f"candidates differ by CIEDE2000 {np.mean(apart):.2f} "
        f"(a tenth of photos by less than {np.percentile(apart, 10):.2f})"
    )
    print(f"{'':>10}{'CIEDE2000':>12}{'PSNR':>8}{'chroma':>8}")
    means = [np.array(x).mean(axis=0) for x in (errors, decibels, chroma)]
    for number, (error, decibel, color) in enumerate(zip(*means, strict=True), 1):
        print(f"{number:>10}{error:>12.2f}{decibel:>8.2f}{color:>8.1f}")
    print(f"{'best':>10}{np.min(errors, axis=1).mean():>12.2f}{np.max(decibels, axis=1).mean():>8.2f}")
    upper, lower = np.array(halves).T
    print(
        f"error of the surer half / of the other: {upper.sum() / lower.sum():.2f} over all photos, "
        f"{np.mean(upper / np.maximum(lower, 1e-6)):.2f} as the photos' mean"
    )


if __name__ == "__main__":
    main()

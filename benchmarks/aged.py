"""Whether old scans get the colours of the clean photo: each photo once as it is, once aged as in training.

    python benchmarks/aged.py FOLDER [--model NAME|FILE.onnx] [--limit N] [--seed 0] [--sheet FILE.png]

Every photo bears marks drawn from `photochrom.data.degrade` (blur, grain, toning, fading, scratches, a poor JPEG).
Distances are of ab in Lab units, means over all pixels; the one between the two says how much the colours depend on
the marks. The sheet shows eight photos: clean, aged, the truth.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from photochrom import Colorizer
from photochrom.bench.evaluate import spread
from photochrom.bench.protocol import Protocol
from photochrom.color.lab import rgb_to_lab
from photochrom.data.degrade import degrade
from photochrom.data.sources import find

SHOWN = 8


def aged(luma: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The grey photo (H, W) as an old scan of it."""
    grey = torch.from_numpy(luma / np.float32(255))[None, None]
    old = degrade(grey, [rng], share=1.0)[0, 0]
    return (old * 255).round().clamp(0, 255).byte().numpy()


def apart(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    """Mean distance of the ab of two pictures (H, W, 3) in Lab."""
    return float(np.hypot(*np.moveaxis((one - two)[..., 1:], -1, 0)).mean())


def main() -> None:
    """Parse the command line and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--model", default="photochrom")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    colorizer, protocol = Colorizer(args.model, threads=1), Protocol()
    items = spread(find(args.folder).items, args.limit)
    shown = {item.key for item in spread(items, SHOWN)}
    rows, figures = [], []
    for number, item in enumerate(items):
        rgb = protocol.fitted(item.read())
        luma = np.asarray(Image.fromarray(rgb).convert("L"))
        old = aged(luma, np.random.default_rng((args.seed, number)))
        clean, worn = (colorizer.colorize(grey) for grey in (luma, old))
        labs = [rgb_to_lab(picture / 255) for picture in (clean, worn, rgb)]
        chroma = [float(np.hypot(lab[..., 1], lab[..., 2]).mean()) for lab in labs]
        figures.append([apart(labs[0], labs[2]), apart(labs[1], labs[2]), apart(labs[0], labs[1]), *chroma])
        if item.key in shown:
            rows.append(np.hstack([clean, worn, rgb]))
    clean_error, aged_error, between, *chroma = np.mean(figures, axis=0)
    print(f"{Path(args.model).stem}: {len(items)} photos")
    print(f"ab error: clean {clean_error:.2f}, aged {aged_error:.2f}; between the two {between:.2f}")
    print(f"mean chroma: clean {chroma[0]:.1f}, aged {chroma[1]:.1f}, truth {chroma[2]:.1f}")
    if args.sheet:
        Image.fromarray(np.vstack(rows)).save(args.sheet)


if __name__ == "__main__":
    main()

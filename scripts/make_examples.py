"""Make the photos in examples/ from the colour pictures that come with scikit-image.

    python scripts/make_examples.py [FOLDER]

Needs scikit-image, which the `dev` extra installs. The terms of each picture are in examples/README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

JPEGS = ("astronaut", "chelsea", "coffee", "rocket")
PREDICTOR_TAG, HORIZONTAL = 317, 2


def luma16(rgb: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Rec. 601 luma in 16 bit: (H, W, 3) in [0, 255] to (H, W) in [0, 65535].

    Three 8-bit channels make many more than 256 levels, so the file is 16 bit in substance too.
    """
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    return np.rint(luma * 257).astype(np.uint16)


def make_examples(folder: Path) -> list[Path]:
    """Write the example photos into `folder`, which is made where absent, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in JPEGS:
        path = folder / f"{name}.jpg"
        Image.fromarray(getattr(skimage.data, name)()).convert("L").save(path, quality=90)
        written.append(path)
    path = folder / "chelsea-16bit.tif"
    deep = Image.fromarray(luma16(skimage.data.chelsea()))
    deep.save(path, compression="tiff_adobe_deflate", tiffinfo={PREDICTOR_TAG: HORIZONTAL})
    written.append(path)
    return written


if __name__ == "__main__":
    default = Path(__file__).resolve().parent.parent / "examples"
    for path in make_examples(Path(sys.argv[1]) if len(sys.argv) > 1 else default):
        print(f"{path.name:20} {path.stat().st_size:>8,} bytes")

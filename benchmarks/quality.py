"""How good are a model's colours? Grey versions of true colour photos go through the product's own `colorize`.

    python benchmarks/quality.py FOLDER [--model NAME|FILE.onnx] [--sheet SHEET.jpg] [colorize's options]

Prints, for the grey photos themselves and for the model, means over all photos of:
PSNR (dB, sRGB, from the mean squared error of each photo), CIEDE2000, AuC of the ab error (raw, thresholds 0 to 150,
Zhang et al. 2016), and colourfulness (Hasler and Suesstrunk 2003, and with absolute differences as DDColor has it).
"""

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom import Colorizer
from photochrom.color.difference import ciede2000
from photochrom.color.lab import rgb_to_lab

Picture = NDArray[np.uint8]
COLUMNS = ("PSNR", "CIEDE2000", "AuC", "colourfulness", "absolute")


def score(truth: Picture, made: Picture) -> tuple[float, ...]:
    """The columns' figures for one photo."""
    error = ((truth / 255.0 - made / 255.0) ** 2).mean()
    lab = rgb_to_lab(truth / 255.0)
    lab_made = rgb_to_lab(made / 255.0)
    distance = np.sqrt(((lab - lab_made)[..., 1:] ** 2).sum(-1))
    # The mean over thresholds 0..150 of the share of pixels within the threshold.
    auc = 100 * np.clip((151 - np.ceil(distance)) / 151, 0, 1).mean()
    return (
        -10 * np.log10(max(error, 1e-10)),
        float(ciede2000(lab, lab_made).mean()),
        auc,
        colourfulness(made, signed=True),
        colourfulness(made, signed=False),
    )


def colourfulness(rgb: Picture, *, signed: bool) -> float:
    """Hasler and Suesstrunk 2003, equation 10; `signed` False is the variant with absolute differences."""
    red, green, blue = (rgb[..., i].astype(np.float64) for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    if not signed:
        rg, yb = abs(rg), abs(yb)
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def evaluate(
    files: list[Path], make: Callable[[Picture], Picture]
) -> tuple[NDArray[np.float64], list[Picture]]:
    """Scores ``(photos, columns)`` of what `make` does to the grey of each file, and the pictures made."""

    def one(file: Path) -> tuple[tuple[float, ...], Picture]:
        with Image.open(file) as image:
            truth = image.convert("RGB")
        made = make(np.asarray(truth.convert("L")))
        return score(np.asarray(truth), made), made

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(one, files))
    return np.array([r[0] for r in results]), [r[1] for r in results]


def sheet(files: list[Path], made: list[Picture], count: int) -> Image.Image:
    """A contact sheet of grey, ours, truth for `count` photos spread over the folder, three photos a row."""
    chosen = [round(i) for i in np.linspace(0, len(files) - 1, count)]
    side, across = 224, 3
    page = Image.new("RGB", (side * 3 * across + 8 * across, side * -(-count // across)), "white")
    for n, i in enumerate(chosen):
        with Image.open(files[i]) as image:
            truth = image.convert("RGB")
        left, top = n % across * (side * 3 + 8), n // across * side
        for k, picture in enumerate((truth.convert("L").convert("RGB"), Image.fromarray(made[i]), truth)):
            page.paste(picture.resize((side, side)), (left + k * side, top))
    return page


def main() -> None:
    """Parse the command line, evaluate, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="photochrom")
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--size", type=int)
    parser.add_argument("--quality", default="balanced")
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--every", type=int, default=1, help="take every Nth photo")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of 40 photos")
    args = parser.parse_args()
    files = sorted(p for p in args.folder.iterdir() if p.suffix.lower() in {".jpg", ".jpeg", ".png"})[
        :: args.every
    ]
    if not files:
        raise SystemExit(f"{args.folder}: no .jpg or .png photos in it")
    colorizer = Colorizer(args.model, threads=1)
    options = {k: vars(args)[k] for k in ("strength", "size", "quality", "temperature")}

    def colorize(grey: Picture) -> Picture:
        return colorizer.colorize(grey, **options)  # type: ignore[return-value]

    def stay_grey(grey: Picture) -> Picture:
        return np.dstack([grey] * 3)

    print(f"{len(files)} photos of {args.folder.name}, {args.model}, {options}")
    print(f"{'':12}" + "".join(f"{c:>15}" for c in COLUMNS))
    for name, make in (("grey", stay_grey), (colorizer.name, colorize)):
        scores, made = evaluate(files, make)
        print(f"{name:12}" + "".join(f"{mean:15.2f}" for mean in scores.mean(axis=0)), flush=True)
    truth = [
        colourfulness(np.asarray(Image.open(f).convert("RGB")), signed=s)
        for s in (True, False)
        for f in files
    ]
    signed, absolute = np.reshape(truth, (2, -1)).mean(axis=1)
    print(f"{'truth':12}{'':45}{signed:15.2f}{absolute:15.2f}")
    if args.sheet:
        sheet(files, made, min(40, len(files))).save(args.sheet, quality=92)


if __name__ == "__main__":
    main()

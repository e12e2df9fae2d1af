"""Temperature, vividness and size against quality: how the default model's settings were chosen.

    python benchmarks/tune.py FOLDER [--every 4] [--temperatures 0.4,0.7,1] [--vividness 0,0.5,1] [--sizes 256]

Prints a row of `quality.py`'s columns for each combination. Vividness is the share of the training loss's rebalancing
that stays in the posterior (Zhang et al. 2016, section 2.2; dividing by the class weights undoes it).
"""

import argparse
import itertools
from pathlib import Path

from quality import COLUMNS, Picture, evaluate

from photochrom.engine.merge import guided_coefficients, merge_rgb
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import predict
from photochrom.engine.resize import reduced
from photochrom.engine.session import Session


def main() -> None:
    """Parse the command line and print the grid."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="photochrom")
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--temperatures", default="0.4,0.7,1")
    parser.add_argument("--vividness", default="0,0.5,1")
    parser.add_argument("--sizes", default="256")
    parser.add_argument("--quality", default="balanced")
    args = parser.parse_args()
    files = sorted(args.folder.glob("*.jpg"))[:: args.every]
    session = Session(resolve(args.model), threads=1)
    print(f"{len(files)} photos\n{'T':>6}{'vivid':>7}{'size':>6}" + "".join(f"{c:>15}" for c in COLUMNS))
    grid = itertools.product(
        *(getattr(args, name).split(",") for name in ("temperatures", "vividness", "sizes"))
    )
    for temperature, vividness, size in grid:
        session.vividness = float(vividness)
        options = Options(temperature=float(temperature), size=int(size), quality=args.quality)

        def make(grey: Picture, options: Options = options) -> Picture:
            guide = reduced(grey)
            (colours,) = predict(session, guide, options)
            return merge_rgb(grey, guided_coefficients(colours.ab, guide), 1.0)

        scores, _ = evaluate(files, make)
        row = "".join(f"{mean:15.2f}" for mean in scores.mean(axis=0))
        print(f"{temperature:>6}{vividness:>7}{size:>6}{row}", flush=True)


if __name__ == "__main__":
    main()

"""Temperature, vividness and size against quality: how the default model's settings were chosen.

    python benchmarks/tune.py FOLDER [--model FILE.onnx] [--classifier FILE] [--limit 120] \\
        [--temperatures 0.4,0.7,1] [--vividness 0,0.5,1] [--sizes 192,256]

Prints a row for each combination, the best last. Vividness is the share of the training loss's rebalancing that stays
in the posterior (Zhang et al. 2016, section 2.2; dividing by the class weights undoes it). "Way" is the mean, over the
figures of `GOALS`, of the share of the way from grey to the goal.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.bench.contestants import Contestant, grey
from photochrom.bench.evaluate import evaluate
from photochrom.bench.protocol import Protocol
from photochrom.bench.results import Results, Row
from photochrom.cli.evaluate import network
from photochrom.data.sources import find
from photochrom.engine.merge import guided_coefficients, merge_rgb
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import predict
from photochrom.engine.resize import GUIDE_SIDE, reduced
from photochrom.engine.session import Session

GOALS = {
    "psnr": 23.7,
    "ciede2000": 9.5,
    "auc": 91.0,
    "colourfulness_absolute": 38.0,
    "top1": 80.0,
    "frechet": 20.0,
}


def entrant(model: str, temperature: float, vividness: float, size: int, quality: str) -> Contestant:
    """The model with these settings, through the product's own steps."""
    session = Session(resolve(model), threads=1)
    session.vividness = vividness
    options = Options(temperature=temperature, size=size, quality=quality)  # type: ignore[arg-type]

    def make(_: str, luma: NDArray[np.uint8], __: NDArray[np.uint8]) -> NDArray[np.uint8]:
        guide = reduced(luma, max(GUIDE_SIDE, size))
        (colours,) = predict(session, guide, options)
        return merge_rgb(luma, guided_coefficients(colours.ab, guide), 1.0)

    return Contestant(f"{temperature:>6g}{vividness:>7g}{size:>6}", "model", make)


def way(row: Row, start: Row) -> float:
    """The mean share of the way from `start` to the goals, over the figures that there are."""
    shares = []
    for key, goal in GOALS.items():
        now, before = (r.scores[key].value if key in r.scores else None for r in (row, start))
        if now is not None and before is not None:
            shares.append((now - before) / (goal - before))
    return float(np.mean(shares))


def show(results: Results) -> None:
    """The table, sorted by the way that each row has gone."""
    start = results.rows[0]
    keys = [m.key for m in results.metrics]
    print(
        f"{results.protocol['files']} photos\n{'T':>6}{'vivid':>7}{'size':>6}"
        + "".join(f"{k[:12]:>14}" for k in keys)
    )
    for row in sorted(results.rows[1:], key=lambda row: way(row, start)):
        values = [row.scores[key].value for key in keys]
        cells = "".join(f"{'-' if value is None else format(value, '.2f'):>14}" for value in values)
        print(f"{row.name}{cells}{100 * way(row, start):>9.1f} % of the way")


def main() -> None:
    """Parse the command line and print the grid."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--model", default="photochrom")
    parser.add_argument("--classifier", type=Path)
    parser.add_argument("--limit", type=int, default=120)
    parser.add_argument("--temperatures", default="0.4,0.7,1")
    parser.add_argument("--vividness", default="0,0.5,1")
    parser.add_argument("--sizes", default="256")
    parser.add_argument("--quality", default="balanced")
    args = parser.parse_args()
    grid = itertools.product(
        map(float, args.temperatures.split(",")),
        map(float, args.vividness.split(",")),
        map(int, args.sizes.split(",")),
    )
    entrants = [grey(), *(entrant(args.model, *settings, args.quality) for settings in grid)]
    classifier = network(args.classifier)
    names = [key for key in GOALS if classifier is not None or key not in ("top1", "frechet")]
    found = evaluate(
        entrants,
        find(args.folder),
        Protocol(),
        command="tune",
        network=classifier,
        limit=args.limit,
        names=names,
        examples=0,
    )
    show(found)


if __name__ == "__main__":
    main()

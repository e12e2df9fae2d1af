"""Models and settings against quality: how the default model and its settings were chosen.

    python benchmarks/tune.py FOLDER [--model NAME|FILE.onnx ...] [--classifier FILE] [--limit 120] \\
        [--temperatures 0.5] [--prior-strength 0.2,0.35,0.5] [--sizes 192] [--qualities balanced]

Prints a Markdown table with a row for each model at the best of its settings, by the rule of docs/default-model.md:
"way" is the mean, over the figures of `GOALS`, of the share of the way from grey to the goal; --all prints every
combination. (`photochrom evaluate A.onnx B.onnx` gives intervals and paired differences at the models' own settings.)
Prior strength is the share of the training loss's rebalancing that stays in the posterior (Zhang et al. 2016,
section 2.2; dividing by the class weights undoes it).
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.bench.entries import Entry, grey
from photochrom.bench.evaluate import evaluate
from photochrom.bench.protocol import Protocol
from photochrom.bench.results import Results, Row
from photochrom.cli.evaluate import network
from photochrom.data.sources import find
from photochrom.engine.merge import guided_coefficients, merge_rgb
from photochrom.engine.models import resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import predict, sides
from photochrom.engine.resize import GUIDE_SIDE, reduced
from photochrom.engine.session import Session

GOALS = {
    "psnr": 23.7,
    "ciede2000": 9.5,
    "auc": 91.0,
    "colorfulness_absolute": 38.0,
    "top1": 80.0,
    "frechet": 20.0,
}
SHOWN = ("brown", "nearly_grey", "muted_ratio")
"""These are printed beside the figures of the rule."""


def entry(model: str, temperature: float, prior_strength: float, size: int, quality: str) -> Entry:
    """The model with these settings, through the product's own steps."""
    session = Session(resolve(model), threads=1)
    session.prior_strength, session.temperature = prior_strength, temperature
    options = Options(size=size, quality=quality)  # type: ignore[arg-type]

    def make(_: str, luma: NDArray[np.uint8], __: NDArray[np.uint8]) -> NDArray[np.uint8]:
        guide = reduced(luma, max(GUIDE_SIDE, *sides(session, options)))
        (colors,) = predict(session, guide, options)
        return merge_rgb(luma, guided_coefficients(colors.ab, guide), 1.0)

    name = f"{Path(model).stem} T {temperature:g} prior strength {prior_strength:g} side {size} {quality}"
    return Entry(name, "model", make)


def way(row: Row, start: Row) -> float:
    """The mean share of the way from `start` to the goals, over the figures that there are."""
    shares = []
    for key, goal in GOALS.items():
        now, before = (r.scores[key].value if key in r.scores else None for r in (row, start))
        if now is not None and before is not None:
            shares.append((now - before) / (goal - before))
    return float(np.mean(shares))


def table(results: Results, models: list[str], every: bool) -> list[str]:
    """Rows of Markdown."""
    start = results.rows[0]
    keys = [key for key in (*GOALS, *SHOWN) if any(m.key == key for m in results.metrics)]
    lines = [
        "| " + " | ".join(["", *keys, "way"]) + " |",
        "| --- |" + " --- |" * (len(keys) + 1),
        _line("grey", [start.scores[key].value for key in keys], ""),
    ]
    for model in models:
        mine = [row for row in results.rows[1:] if row.name.startswith(f"{Path(model).stem} T ")]
        mine.sort(key=lambda row: way(row, start))
        for row in mine if every else mine[-1:]:
            gone = f"{100 * way(row, start):.1f} %"
            lines.append(_line(row.name, [row.scores[key].value for key in keys], gone))
    return lines


def _line(name: str, values: list[float | None], gone: str) -> str:
    cells = ["-" if value is None else f"{value:.2f}" for value in values]
    return "| " + " | ".join([name, *cells, gone]) + " |"


def main() -> None:
    """Parse the command line and print the grid."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--model", action="append", help="may be repeated; default: photochrom")
    parser.add_argument("--classifier", type=Path)
    parser.add_argument("--limit", type=int, default=120)
    parser.add_argument("--temperatures", default="0.5")
    parser.add_argument("--prior-strength", default="0.2,0.35,0.5")
    parser.add_argument("--sizes", default="192")
    parser.add_argument("--qualities", default="balanced")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    models = args.model or ["photochrom"]
    grid = itertools.product(
        models,
        map(float, args.temperatures.split(",")),
        map(float, args.prior_strength.split(",")),
        map(int, args.sizes.split(",")),
        args.qualities.split(","),
    )
    classifier = network(args.classifier)
    found = evaluate(
        [grey(), *(entry(*settings) for settings in grid)],
        find(args.folder),
        Protocol(),
        command="tune",
        network=classifier,
        limit=args.limit,
        names=[key for key in (*GOALS, *SHOWN) if classifier is not None or key not in ("top1", "frechet")],
        examples=0,
    )
    print(f"{found.protocol['files']} photos\n")
    print("\n".join(table(found, models, args.all)))


if __name__ == "__main__":
    main()

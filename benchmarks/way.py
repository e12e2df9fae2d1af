"""The figures of docs/default-model.md from what `photochrom evaluate -o FOLDER` found.

    python benchmarks/way.py FOLDER/results.json

Prints a Markdown table: the six figures of the rule, the mean share of the way from grey to their goals, and for PSNR
and CIEDE2000 the difference from the first model on the same photos, with its 95 % interval.
"""

import sys
from pathlib import Path

from tune import GOALS, way

from photochrom.bench.results import Results

PAIRED = ("psnr", "ciede2000")


def main() -> None:
    """Print the table of the file that the command line names."""
    results = Results.load(Path(sys.argv[1]))
    keys = [key for key in GOALS if any(metric.key == key for metric in results.metrics)]
    print("| | " + " | ".join([*keys, "way", *(f"{key}, less the first's" for key in PAIRED)]) + " |")
    print("| --- |" + " ---: |" * (len(keys) + 1 + len(PAIRED)))
    start = results.rows[0]
    for row in results.rows:
        values = [row.scores[key].value for key in keys]
        cells = ["-" if value is None else f"{value:.2f}" for value in values]
        cells.append(f"{100 * way(row, start):.1f} %" if row.kind == "model" else "")
        for key in PAIRED:
            found = [d for d in results.differences if d.metric == key and d.second == row.name]
            # What is kept is first less second.
            cells.append(
                f"{-found[0].value:+.2f} ({-found[0].high:+.2f} to {-found[0].low:+.2f})" if found else ""
            )
        print("| " + " | ".join([row.name, *cells]) + " |")


if __name__ == "__main__":
    main()

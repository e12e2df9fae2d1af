"""Evaluation: every entry colorizes the same photos, and the same code compares the results with the truth."""

import heapq
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations
from operator import itemgetter
from typing import Any, TypeAlias, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from photochrom._version import __version__
from photochrom.bench.entries import Entry, Picture, describe
from photochrom.bench.protocol import Protocol
from photochrom.bench.results import GREY, TRUTH, Difference, Example, Metric, Results, Row, Score
from photochrom.color.difference import ciede2000
from photochrom.color.lab import rgb_to_lab
from photochrom.data.dataset import ordered
from photochrom.data.decode import BrokenPhoto
from photochrom.data.sources import Item, Source
from photochrom.metrics.imagenet import labels_of
from photochrom.metrics.lpips import Backbone
from photochrom.metrics.metric import PhotoMetric
from photochrom.metrics.photos import Network, Photos
from photochrom.metrics.registry import METRICS, collection
from photochrom.metrics.statistics import Bootstrap, bootstrap, difference, interval

LISTED = 10
MODELS = ("model", "pictures")
Measures: TypeAlias = dict[str, PhotoMetric]


@dataclass
class Evaluation:
    """The state of an evaluation: the metrics of all entries, errors and examples."""

    entries: list[Entry]
    metrics: dict[str, Measures]
    errors: dict[str, str] = field(default_factory=dict)
    unmeasured: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    drawn: dict[tuple[str, str], Bootstrap] = field(default_factory=dict)

    def bootstrap(self, name: str, key: str, seed: int) -> Bootstrap:
        """Return one entry's metric on resampled photos. Raises ValueError if it cannot be computed."""
        if (name, key) not in self.drawn:
            self.drawn[name, key] = bootstrap(self.metrics[name][key], seed=seed)
        return self.drawn[name, key]


def evaluate(
    entries: Sequence[Entry],
    photos: Source,
    protocol: Protocol,
    *,
    command: str,
    network: Network | None = None,
    inception: Network | None = None,
    backbone: Backbone | None = None,
    limit: int | None = None,
    examples: int = 12,
    worst: bool = False,
    names: Iterable[str] | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Results:
    """Score every entry on every photo.

    Parameters
    ----------
    photos : colour photos; unreadable ones are left out and counted
    network : a classifier of colour photos (`photochrom.metrics.photos.Network`) for top-1 and the Frechet distance
    inception : the Inception network whose features FID compares
    backbone : the classifier whose layers LPIPS compares (`photochrom.metrics.lpips`)
    limit : the largest number of photos; they are taken at even distances from all
    examples : the number of photos whose pictures the results keep; they are taken at even distances
    worst : whether to keep instead the photos with the first model's largest errors (CIEDE2000), the worst first
    names : which metrics; None takes all that can be computed
    report : called after every tenth of the photos with the progress in words

    Returns
    -------
    The results. An entry that fails on any photo has a row with its error and no scores.

    Raises
    ------
    ValueError
        If there is no photo, or two entries have one name.
    """
    doubled = {c.name for c in entries if [x.name for x in entries].count(c.name) > 1}
    if doubled:
        raise ValueError(f"two entries are called {', '.join(sorted(doubled))}")
    items = spread(photos.items, limit)
    if not items:
        raise ValueError(f"{photos.path}: no photos in it")
    labels = _labels(items) if network is not None else None
    given = {"network": network, "inception": inception, "backbone": backbone, "labels": labels is not None}
    metrics = {c.name: _measures(names, given) for c in entries}
    run = Evaluation(list(entries), metrics)
    shown = {item.key for item in spread(items, examples)}
    first = next((c.name for c in entries if c.kind in MODELS), None) if worst else None
    farthest: list[tuple[float, str, dict[str, Picture | str]]] = []
    for number, (item, made) in enumerate(ordered(lambda item: _pictures(item, run, protocol), items), 1):
        if number * 10 // len(items) > (number - 1) * 10 // len(items):
            report(f"{number} of {len(items)} photos")
        if isinstance(made, BrokenPhoto):
            run.broken.append(item.key)
            continue
        _measure(run, made, None if labels is None else labels[item.key])
        run.keys.append(item.key)
        if first is not None:
            farthest.append((_error(made, first), item.key, made))
            farthest = heapq.nlargest(examples, farthest, key=itemgetter(0))
        elif item.key in shown:
            run.examples.append(_example(item.key, made))
    run.examples += [_example(key, made) for _, key, made in farthest]
    if not run.keys:
        raise ValueError(f"{photos.path}: none of {len(items)} photos can be read")
    return _results(run, protocol, command)


def spread(items: Sequence[Item], count: int | None) -> Sequence[Item]:
    """Return `count` items at even distances from the first to the last. None or a larger `count` returns all."""
    if count is None or len(items) <= count:
        return items
    return [items[round(i)] for i in np.linspace(0, len(items) - 1, count)]


def _measures(names: Iterable[str] | None, given: dict[str, Any]) -> Measures:
    """Build the metrics in the registry's order."""
    built = {str(key): metric for key, metric in collection(names, **given).items()}
    return {key: cast(PhotoMetric, built[key]) for key in METRICS if key in built}


def _labels(items: Sequence[Item]) -> dict[str, torch.Tensor] | None:
    """Return the classes by key if the names begin with WordNet ids, else None."""
    keys = [item.key for item in items]
    try:
        return dict(zip(keys, labels_of([key.rpartition("/")[2] for key in keys]), strict=True))
    except ValueError:
        return None


def _pictures(item: Item, run: Evaluation, protocol: Protocol) -> dict[str, Picture | str] | BrokenPhoto:
    """Return each entry's picture of a photo, or its error as text; BrokenPhoto if the photo cannot be read."""
    try:
        rgb = protocol.fitted(item.read())
    except BrokenPhoto as error:
        return error
    luma = np.asarray(Image.fromarray(rgb).convert("L"))
    made: dict[str, Picture | str] = {"": rgb}
    for entry in run.entries:
        try:
            made[entry.name] = entry.make(item.key, luma, rgb)
        except Exception as error:  # an error of one model must not stop the others
            made[entry.name] = f"{item.key}: {error}"
    return made


def _measure(run: Evaluation, made: dict[str, Picture | str], label: torch.Tensor | None) -> None:
    rgb = made[""]
    assert not isinstance(rgb, str)
    truth = Photos(tensor_of(rgb))
    for entry in run.entries:
        name, picture = entry.name, made[entry.name]
        if isinstance(picture, str):
            run.errors[name] = f"{run.errors[name]}; {picture}" if name in run.errors else picture
        elif name not in run.errors:
            same = entry.kind == "truth"
            photo = truth if same else Photos(tensor_of(picture))
            for key, metric in run.metrics[name].items():
                if key not in run.unmeasured:
                    try:
                        metric.update(photo, truth, labels=None if label is None else label[None])
                    except (
                        ValueError
                    ) as error:  # such as photos that are too small; this holds for all entries
                        run.unmeasured[key] = str(error)


def _error(made: dict[str, Picture | str], name: str) -> float:
    """Return the mean CIEDE2000 of an entry's picture from the truth, or 0 if the entry made none."""
    picture, truth = made[name], made[""]
    if isinstance(picture, str) or isinstance(truth, str):
        return 0.0
    return float(ciede2000(rgb_to_lab(picture / 255), rgb_to_lab(truth / 255)).mean())


def tensor_of(picture: NDArray[np.uint8]) -> torch.Tensor:
    """Convert ``(H, W, 3)`` of 8 bits to ``(1, 3, H, W)`` in [0, 1]."""
    # A copy, because PyTorch needs writable memory, and the truth's memory is shared.
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float().div_(255)


def _example(key: str, made: dict[str, Picture | str]) -> Example:
    encoded = {
        name or TRUTH: _webp(picture) for name, picture in made.items() if not isinstance(picture, str)
    }
    if GREY not in encoded:
        rgb = made[""]
        assert not isinstance(rgb, str)
        encoded[GREY] = _webp(np.dstack([np.asarray(Image.fromarray(rgb).convert("L"))] * 3))
    return Example(key, encoded)


def _webp(picture: NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode(".webp", picture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 85])
    assert done
    return bytes(data)


def _results(run: Evaluation, protocol: Protocol, command: str) -> Results:
    about = [column(key) for key in next(iter(run.metrics.values()))]
    rows = []
    for entry in run.entries:
        error = run.errors.get(entry.name)
        scores = {} if error else _scores(run, entry.name, protocol.seed)
        rows.append(Row(**describe(entry), scores=scores, error=_shortened(error)))
    stated = protocol.stated(len(run.keys))
    if run.broken:
        stated["unreadable"] = ", ".join(run.broken[:LISTED])
    return Results(
        command=command,
        date=date.today().isoformat(),
        machine=_machine(),
        version=__version__,
        protocol=stated,
        metrics=about,
        rows=rows,
        differences=list(_differences(run, protocol.seed)),
        examples=run.examples,
    )


def column(key: str) -> Metric:
    """Return the table column of the metric with this name in the registry."""
    entry = METRICS[key]
    about = f"{entry.about} ({entry.source})" if entry.source else entry.about
    return Metric(key, entry.name, entry.unit, entry.better, about)


def _scores(run: Evaluation, name: str, seed: int) -> dict[str, Score]:
    scores = {}
    for key, metric in run.metrics[name].items():
        if key in run.unmeasured:
            scores[key] = Score(None, why=run.unmeasured[key])
            continue
        try:
            value, low, high = interval(run.bootstrap(name, key, seed))
            scores[key] = Score(value, low, high)
        except ValueError as error:
            scores[key] = without_interval(metric, str(error))
    return scores


def without_interval(metric: PhotoMetric, why: str) -> Score:
    """Return the metric's figure without an interval, or no figure if it cannot be computed. `why` is the reason."""
    try:
        return Score(float(metric.compute()), why=why)
    except ValueError as error:
        return Score(None, why=str(error))


def _differences(run: Evaluation, seed: int) -> Iterator[Difference]:
    """Compare each model with the first one. If there are at most four models, compare all pairs."""
    names = [c.name for c in run.entries if c.kind in MODELS and c.name not in run.errors]
    pairs = list(combinations(names, 2))
    for first, second in pairs if len(names) <= 4 else [pair for pair in pairs if pair[0] == names[0]]:
        for key in run.metrics[first]:
            try:
                if key in run.unmeasured:
                    continue
                found = difference(*(run.bootstrap(name, key, seed) for name in (first, second)))
            except ValueError:
                continue
            yield Difference(key, first, second, found.value, found.low, found.high)


def _shortened(error: str | None) -> str | None:
    if error is None:
        return None
    parts = error.split("; ")
    more = f"; and {len(parts) - LISTED} more" if len(parts) > LISTED else ""
    return "; ".join(parts[:LISTED]) + more


def _machine() -> str:
    """Return the processor's name and the number of threads, without the machine's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(
                (line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), ""
            )
    except OSError:
        model = ""
    return f"{model or platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"


def with_more(results: Results, rows: dict[str, dict[str, Any]], failed: dict[str, str]) -> Results:
    """Return the results with `rows` (fields of `Row`, by row name) filled in, and a row for each of `failed`."""
    more = [Row(name, "model", error=error) for name, error in failed.items()]
    return replace(results, rows=[replace(row, **rows.get(row.name, {})) for row in [*results.rows, *more]])

"""The results of an evaluation: a table of models and metrics, with intervals, pictures and conditions."""

import base64
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

GREY, TRUTH = "grey", "truth"
"""The two rows of every table that are not models: the grey photo and the original colours."""


@dataclass(frozen=True)
class Metric:
    """A column: what is measured, and which value is better ("truth" means the value nearest to the truth's)."""

    key: str
    name: str
    unit: str
    better: Literal["higher", "lower", "truth"]
    about: str


@dataclass(frozen=True)
class Score:
    """A figure with its bootstrap 95 % interval. `why` says why a figure or interval is missing."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str | None = None


@dataclass(frozen=True)
class Curve:
    """A training log: the seconds, and for each column a value or None at each of these times."""

    seconds: list[float]
    columns: dict[str, list[float | None]]


@dataclass(frozen=True)
class Row:
    """One model (or grey, truth, or another tool's pictures) with all its figures, or the `error` if it failed."""

    name: str
    kind: Literal["baseline", "truth", "model", "pictures"]
    scores: dict[str, Score] = field(default_factory=dict)
    parameters: int | None = None
    milliseconds: float | None = None
    minutes: float | None = None
    about: str = ""
    error: str | None = None
    curve: Curve | None = None


@dataclass(frozen=True)
class Difference:
    """`first` minus `second` on the same photos, with its 95 % interval. If 0 is outside, the two differ."""

    metric: str
    first: str
    second: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Example:
    """The pictures of one photo from all rows: JPEG or WebP bytes by row name."""

    name: str
    pictures: dict[str, bytes]


@dataclass(frozen=True)
class Results:
    """A whole table with its conditions."""

    command: str
    date: str
    machine: str
    version: str
    protocol: dict[str, str | int]
    metrics: list[Metric]
    rows: list[Row]
    differences: list[Difference] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write JSON, with the pictures in base64."""
        table = asdict(self)
        for example in table["examples"]:
            example["pictures"] = {k: base64.b64encode(v).decode() for k, v in example["pictures"].items()}
        path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read a file of `save`. A ValueError names a file that is something else."""
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                **{key: table[key] for key in ("command", "date", "machine", "version", "protocol")},
                metrics=[Metric(**item) for item in table["metrics"]],
                rows=[_row(item) for item in table["rows"]],
                differences=[Difference(**item) for item in table["differences"]],
                examples=[
                    Example(item["name"], {k: base64.b64decode(v) for k, v in item["pictures"].items()})
                    for item in table["examples"]
                ],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: not the results of an evaluation ({error!r})") from None


def _row(item: dict[str, Any]) -> Row:
    scores = {key: Score(**score) for key, score in item.pop("scores").items()}
    curve = item.pop("curve")
    return Row(**item, scores=scores, curve=Curve(**curve) if curve else None)

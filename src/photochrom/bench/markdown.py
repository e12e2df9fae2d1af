"""The table of an evaluation as Markdown, for the documentation and the terminal's pager."""

import re
from collections.abc import Collection

from photochrom.bench.figures import Column, columns, difference_places, fixed, no_difference, note_mark, span
from photochrom.bench.results import Difference, Results, Row
from photochrom.bench.row_notes import recipe_note

ARROWS = {"higher": " ↑", "lower": " ↓", "truth": " ≈", None: ""}


def markdown(results: Results, keys: Collection[str] | None = None) -> str:
    """The table, its notes, the differences, the metrics, and how the results were made; no pictures and no curves.

    Parameters
    ----------
    results
        What to print. Names and texts in it are escaped.
    keys
        The columns to print: keys of metrics, "parameters", "milliseconds" and "minutes". None prints all.

    Raises
    ------
    ValueError
        If `keys` names something that the results do not have.
    """
    shown = columns(results)
    if keys is not None:
        if unknown := sorted(set(keys) - {column.key for column in shown}):
            have = ", ".join(column.key for column in shown)
            raise ValueError(f"no such column: {', '.join(unknown)}; the results have {have}")
        shown = [column for column in shown if column.key in keys]
    parts = [_table(results, shown)]
    differences = [item for item in results.differences if keys is None or item.metric in keys]
    if differences:
        parts.append(_differences(differences, shown))
    if shown:
        parts.append("\n".join(f"- **{_plain(_title(column))}**: {_plain(column.about)}" for column in shown))
    parts.append(_origin(results))
    return "\n\n".join(parts) + "\n"


def _table(results: Results, shown: list[Column]) -> str:
    lines = [_line(["", *(_plain(_title(column) + ARROWS[column.better]) for column in shown)])]
    lines.append(_line(["---", *("---:" for _ in shown)]))
    reasons: dict[str, str] = {}
    for row in results.rows:
        if row.error is not None:
            blank = ["" for _ in shown[1:]]
            lines.append(_line([_name(row), f"*failed: {_plain(row.error)}*", *blank][: len(shown) + 1]))
            continue
        cells = [_name(row)]
        for column in shown:
            text = f"**{column.text(row.name)}**" if row.name in column.best else column.text(row.name)
            text += " †" if row.name in column.ahead else ""
            if interval := column.interval(row.name):
                text += f" ({interval})"
            if why := column.why(row.name):
                text += f" <sup>{reasons.setdefault(why, note_mark(len(reasons)))}</sup>"
            cells.append(text)
        lines.append(_line(cells))
    notes = [
        "**Bold**: the best of the models. In brackets: 95 % intervals. "
        "↑ higher, ↓ lower, ≈ nearer to the truth is better."
    ]
    if any(column.ahead for column in shown):
        notes.append("†: a baseline that is better than every model here.")
    notes += [f"<sup>{mark}</sup> {_plain(why)}" for why, mark in reasons.items()]
    return "\n".join(lines) + "\n\n" + "  \n".join(notes)


def _differences(differences: list[Difference], shown: list[Column]) -> str:
    by_key = {column.key: column for column in shown}
    lines = [_line(["metric", "first", "second", "first − second", "95 % interval", ""])]
    lines.append(_line(["---", "---", "---", "---:", "---:", "---"]))
    for item in differences:
        column = by_key.get(item.metric)
        places = difference_places(column)
        low, high = fixed(item.low, places), fixed(item.high, places)
        names = [_plain(text) for text in (column.name if column else item.metric, item.first, item.second)]
        verdict = "no difference" if no_difference(item) else "they differ"
        lines.append(_line([*names, fixed(item.value, places), span(low, high), verdict]))
    return "\n".join(lines)


def _origin(results: Results) -> str:
    # A fence must have more backticks than any row of them inside it.
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", results.command)), default=0))
    protocol = "; ".join(f"{_plain(key)}: {_plain(str(value))}" for key, value in results.protocol.items())
    made = f"Photochrom {_plain(results.version)}, {_plain(results.date)}, on {_plain(results.machine)}."
    return f"{fence}\n{results.command}\n{fence}\n\n{made}" + (f" Protocol: {protocol}." if protocol else "")


def _name(row: Row) -> str:
    note = recipe_note(row)
    return _plain(f"{row.name} ({note})" if note else row.name)


def _title(column: Column) -> str:
    return f"{column.name} ({column.unit})" if column.unit else column.name


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _plain(text: str) -> str:
    """Escape `text`, so that Markdown shows it as it is, on one line."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_{}\[\]|#~])", r"\\\1", text)

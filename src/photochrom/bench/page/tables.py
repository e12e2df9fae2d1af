"""The sortable table of all figures, and the table of paired differences."""

from html import escape

from photochrom.bench.figures import Column, difference_places, fixed, no_difference, note_mark, span
from photochrom.bench.results import Difference, Results, Row


def table(results: Results, shown: list[Column]) -> str:
    """Models by columns, each cell with its interval; a failed model is a row that says so."""
    reasons: dict[str, str] = {}
    body = "\n".join(_row(row, shown, reasons) for row in results.rows)
    heads = "\n".join(_head(column) for column in shown)
    notes = [
        '<span class="best">Marked</span>: the best of the models as printed; '
        "whether it is better by more than chance, the paired differences say."
        if results.differences
        else '<span class="best">Marked</span>: the best of the models as printed.'
    ]
    if any(column.ahead for column in shown):
        notes.append("†: a baseline that is better than every model here.")
    notes += [
        f'<span id="note-{mark}"><sup>{mark}</sup> {escape(reason)}</span>'
        for reason, mark in reasons.items()
    ]
    return (
        "<p>Small print below a figure is its 95&nbsp;% interval. "
        "A click on a column’s head sorts by it, best first; a second click turns the order round.</p>\n"
        '<div class="box" tabindex="0" role="region" aria-labelledby="table-title">\n'
        '<table class="sortable figures">\n'
        f'<thead><tr>\n<th scope="col"><button type="button">Model</button></th>\n{heads}\n</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>\n</div>\n"
        '<p class="status" role="status" id="sorted"></p>\n'
        '<ul class="notes">\n' + "\n".join(f"<li>{note}</li>" for note in notes) + "\n</ul>"
    )


def differences(results: Results, shown: list[Column]) -> str:
    """First minus second on the same photos; an interval that contains 0 is said to be no difference."""
    if not results.differences:
        return ""
    by_key = {column.key: column for column in shown}
    rows = "\n".join(_difference(item, by_key.get(item.metric)) for item in results.differences)
    metrics = dict.fromkeys(item.metric for item in results.differences)
    names = dict.fromkeys(name for item in results.differences for name in (item.first, item.second))
    # A short table is shown whole.
    first = "" if len(results.differences) <= 24 else next(iter(metrics))
    metric_options = "".join(
        f'<option value="{escape(key)}"{" selected" if key == first else ""}>{escape(name)}</option>'
        for key, name in [
            ("", "all"),
            *((key, by_key[key].name if key in by_key else key) for key in metrics),
        ]
    )
    name_options = "".join(f"<option>{escape(name)}</option>" for name in names)
    return (
        "<p>Each photo is scored by both models, and the difference is taken photo by photo: this finds smaller "
        "differences than comparing two intervals of the table. Where the 95&nbsp;% interval contains 0, "
        "no difference was shown.</p>\n"
        '<div class="controls">\n'
        f'<label>Metric <select id="difference-metric">{metric_options}</select></label>\n'
        '<label>Model <select id="difference-model"><option value="">any</option>'
        f"{name_options}</select></label>\n</div>\n"
        '<div class="box tall" tabindex="0" role="region" aria-labelledby="differences-title">\n'
        '<table class="sortable" id="difference-table">\n<thead><tr>\n'
        + "\n".join(
            f'<th scope="col"{kind}><button type="button">{name}</button></th>'
            for name, kind in (
                ("Metric", ""),
                ("First", ""),
                ("Second", ""),
                ("First − second", ' class="number"'),
                ("95&nbsp;% interval", ' class="number"'),
                ("Reading", ""),
            )
        )
        + f"\n</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
        '<p class="status" role="status" id="differences-shown"></p>'
    )


def _head(column: Column) -> str:
    unit = f'<span class="unit">{escape(column.unit)}</span>' if column.unit else ""
    way = f'<span class="unit">{escape(column.direction)}</span>' if column.direction else ""
    return (
        f'<th scope="col" class="number" data-better="{column.better or ""}" data-name="{escape(column.name)}">'
        f'<button type="button">{escape(column.name)} {unit} {way}</button></th>'
    )


def _row(row: Row, shown: list[Column], reasons: dict[str, str]) -> str:
    tag = {"baseline": "baseline", "truth": "truth", "pictures": "pictures given", "model": ""}[row.kind]
    # "truth (truth)" would say it twice.
    note = f' <span class="unit">{tag}</span>' if tag and tag != row.name else ""
    head = f'<th scope="row">{escape(row.name)}{note}</th>'
    if row.error is not None:
        said = f"<span><strong>failed:</strong> {escape(row.error)}</span>"
        cell = f'<td class="failed" colspan="{max(len(shown), 1)}">{said}</td>'
        return f'<tr data-failed data-kind="{row.kind}">{head}{cell}</tr>'
    return f'<tr data-kind="{row.kind}">{head}{"".join(_cell(row.name, column, reasons) for column in shown)}</tr>'


def _cell(name: str, column: Column, reasons: dict[str, str]) -> str:
    rank = column.rank(name)
    text = column.text(name)
    if name in column.best:
        text = f'<strong class="best">{text}<span class="hidden"> best</span></strong>'
    if name in column.ahead:
        text += '<span class="hang" aria-hidden="true">†</span><span class="hidden"> better than every model</span>'
    if why := column.why(name):
        mark = reasons.setdefault(why, note_mark(len(reasons)))
        text += f'<sup><a href="#note-{mark}"><span class="hidden">note </span>{mark}</a></sup>'
    interval = column.interval(name)
    small = f'<span class="interval">{interval}</span>' if interval else ""
    return f'<td data-rank="{"" if rank is None else _number(rank)}">{text}{small}</td>'


def _difference(item: Difference, column: Column | None) -> str:
    places = difference_places(column)
    none = no_difference(item)
    reading = "no difference: the interval contains 0" if none else escape(_reading(item, column))
    low, high = fixed(item.low, places), fixed(item.high, places)
    return (
        f'<tr data-metric="{escape(item.metric)}"{" data-none" if none else ""}>'
        f"<td>{escape(column.name if column else item.metric)}</td>"
        f'<td>{escape(item.first)}</td><td>{escape(item.second)}</td><td data-rank="{-item.value}">'
        f'{fixed(item.value, places)}</td><td data-rank="{-item.low}">{span(low, high)}</td><td>{reading}</td></tr>'
    )


def _reading(item: Difference, column: Column | None) -> str:
    """Who is ahead; where nearer to the truth is better, a difference alone cannot say so."""
    more, less = (item.first, item.second) if item.value > 0 else (item.second, item.first)
    if column is None or column.better in (None, "truth"):
        return f"{more} has more"
    return f"{more if column.better == 'higher' else less} is better"


def _number(value: float) -> str:
    """A number as JavaScript reads it."""
    return str(value).replace("inf", "Infinity")

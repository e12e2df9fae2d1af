"""The page of an evaluation: one HTML file that opens from disk, and that loads nothing and asks nobody."""

import base64
import hashlib
from importlib.resources import files

from markupsafe import Markup

from photochrom.bench.figures import columns
from photochrom.bench.page.drawings import charts, curves, points
from photochrom.bench.page.pictures import pictures
from photochrom.bench.page.tables import differences, table
from photochrom.bench.results import Results
from photochrom.web.templates import templates

__all__ = ["page"]

SCRIPTS = ("shared", "tables", "labels", "charts", "curves", "pictures", "viewer")
SECTIONS = {
    "table": "Results",
    "charts": "Charts",
    "curves": "Training",
    "differences": "Paired differences",
    "pictures": "Pictures",
    "metrics": "What is measured",
    "method": "How it was made",
}
"""Titles by key. The key is the section's id, its template, and the name of its data in the template."""


def page(results: Results) -> str:
    """The whole page: table, charts, training curves, differences, pictures and how they were made.

    Every text in `results` is shown as it is, never as markup. The page's policy lets it run only its own script and
    show only its own pictures, and lets it load nothing. Each picture is in it once.

    Raises
    ------
    ValueError
        If an example holds bytes that are not a JPEG, PNG or WebP picture; it names the photo and the row.
    """
    shown = columns(results)
    style = _part("page.css")
    script = '"use strict";\n(() => {\n' + "\n".join(_part(f"{name}.js") for name in SCRIPTS) + "})();\n"
    parts = {
        "table": table(results, shown),
        "charts": charts(shown),
        "curves": curves(results),
        "differences": differences(results, shown),
        "pictures": pictures(results),
        "metrics": results.metrics,
        "method": True,
    }
    pages = templates("photochrom.bench.page")
    pages.filters["sentence"] = _sentence
    return pages.get_template("page.html").render(
        **parts,
        results=results,
        sections=[(key, title) for key, title in SECTIONS.items() if parts[key]],
        # Both are ours, and HTML does not decode escapes inside these elements.
        style=Markup(style),
        script=Markup(script),
        style_hash=_digest(style),
        script_hash=_digest(script),
        lead=_lead(results),
        data=points(results, shown),
        protocol={
            **results.protocol,
            "machine": results.machine,
            "date": results.date,
            "Photochrom": results.version,
        },
    )


def _lead(results: Results) -> str:
    models = [row for row in results.rows if row.kind in ("model", "pictures")]
    failed = sum(row.error is not None for row in models)
    said = [_many(len(models), "model"), _many(len(results.metrics), "metric")]
    if results.examples:
        said.append(_many(len(results.examples), "photo") + " to look at")
    return ", ".join(said) + "." + (f" {_many(failed, 'model')} failed." if failed else "")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text else text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def _part(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

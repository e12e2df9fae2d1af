"""The page of an evaluation: one HTML file that opens from disk, with nothing to load and nobody to ask."""

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from string import Template

from photochrom.bench.figures import columns
from photochrom.bench.page.drawings import curves, drawings, points
from photochrom.bench.page.pictures import pictures
from photochrom.bench.page.tables import differences, table
from photochrom.bench.results import Results

__all__ = ["page"]

SCRIPTS = ("shared", "tables", "labels", "charts", "curves", "pictures", "viewer")


def page(results: Results) -> str:
    """The whole page: table, charts, training curves, differences, pictures and how they were made.

    Every text in `results` is shown as it is, never as markup, and the page's policy lets it run only its own script,
    show only its own pictures and load nothing. Each picture is in it once.

    Raises
    ------
    ValueError
        If an example holds bytes that are not a JPEG, PNG or WebP picture; it names the photo and the row.
    """
    shown = columns(results)
    style = _part("page.css")
    script = '"use strict";\n(() => {\n' + "\n".join(_part(f"{name}.js") for name in SCRIPTS) + "})();\n"
    sections = {
        "table": ("Results", table(results, shown)),
        "charts": ("Charts", drawings(shown)),
        "curves": ("Training", curves(results)),
        "differences": ("Paired differences", differences(results, shown)),
        "pictures": ("Pictures", pictures(results)),
        "metrics": ("What is measured", _metrics(results)),
        "method": ("How it was made", _method(results)),
    }
    present = {key: section for key, section in sections.items() if section[1]}
    return Template(_part("page.html")).substitute(
        style=style,
        script=script,
        style_hash=_digest(style),
        script_hash=_digest(script),
        lead=_lead(results),
        date=escape(results.date),
        machine=escape(results.machine),
        version=escape(results.version),
        links="\n".join(f'<li><a href="#{key}">{title}</a></li>' for key, (title, _) in present.items()),
        sections="\n".join(
            f'<section id="{key}" aria-labelledby="{key}-title">\n<h2 id="{key}-title">{title}</h2>\n{body}\n</section>'
            for key, (title, body) in present.items()
        ),
        data=_json(points(results, shown)),
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


def _metrics(results: Results) -> str:
    terms = (
        f"<dt>{escape(item.name)}</dt>\n<dd>{escape(_sentence(item.about))}</dd>" for item in results.metrics
    )
    return '<dl class="terms">\n' + "\n".join(terms) + "\n</dl>" if results.metrics else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text else text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def _method(results: Results) -> str:
    facts = {
        **results.protocol,
        "machine": results.machine,
        "date": results.date,
        "Photochrom": results.version,
    }
    listed = "\n".join(
        f"<dt>{escape(key)}</dt>\n<dd>{escape(str(value))}</dd>" for key, value in facts.items()
    )
    rows = "\n".join(
        f"<dt>{escape(row.name)}</dt>\n<dd>{escape(row.about)}</dd>" for row in results.rows if row.about
    )
    return (
        "<p>The command that made this page:</p>\n"
        f'<pre class="box" tabindex="0" role="region" aria-label="Command"><code>{escape(results.command)}</code></pre>'
        f'\n<h3>Protocol</h3>\n<dl class="terms">\n{listed}\n</dl>'
        + (f'\n<h3>The rows</h3>\n<dl class="terms">\n{rows}\n</dl>' if rows else "")
    )


def _part(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(value: object) -> str:
    # Inside <script> only these can end the element or open a comment; JSON never needs them bare.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")

"""The grid of photos by models. Each picture is in the page once; the script lays them over one another."""

import base64
import io
from html import escape

from PIL import Image

from photochrom.bench.results import GREY, TRUTH, Example, Results

REFERENCES = (GREY, TRUTH)


def pictures(results: Results) -> str:
    """A group of figures for each photo, grey and truth first, then every row that has a picture."""
    if not results.examples:
        return ""
    drawn = {name for example in results.examples for name in example.pictures}
    ordered = [name for name in REFERENCES if name in drawn]
    ordered += [row.name for row in results.rows if row.name in drawn and row.name not in ordered]
    ordered += sorted(drawn - set(ordered))
    without = [
        row.name for row in results.rows if row.name not in drawn and row.kind in ("model", "pictures")
    ]
    models = [name for name in ordered if name not in REFERENCES]
    groups = "\n".join(_group(index, example, ordered) for index, example in enumerate(results.examples))
    absent = f"<p>No pictures of {escape(', '.join(without))}.</p>\n" if without else ""
    return (
        "<p>Drag across a picture to move its divider; click it for a large view. By keyboard: <kbd>←</kbd> and "
        "<kbd>→</kbd> move the divider, <kbd>↑</kbd> and <kbd>↓</kbd> go through the models, <kbd>Enter</kbd> opens "
        "the large view, <kbd>Tab</kbd> goes to the next photo.</p>\n"
        f'{absent}<p><a class="skip" href="#pictures-end">Skip the pictures</a></p>\n'
        '<div class="controls scripted">\n'
        f'<label>Compare <select id="compare">{_modes(drawn)}</select></label>\n'
        '<label>Divider of all <input type="range" id="divider" min="0" max="100" value="25"></label>\n'
        '<label>Photo <select id="photo"><option value="">all</option>'
        + "".join(
            f'<option value="{i}">{escape(item.name)}</option>' for i, item in enumerate(results.examples)
        )
        + "</select></label>\n<details>\n<summary>Models <span id='chosen'></span></summary>\n<fieldset>"
        "<legend class='hidden'>Models to show</legend>\n"
        + "\n".join(
            f'<label><input type="checkbox" value="{escape(name)}" checked> {escape(name)}</label>'
            for name in models
        )
        + '\n<button type="button" id="all">all</button> <button type="button" id="none">none</button></fieldset>\n'
        f'</details>\n</div>\n{groups}\n<p id="pictures-end" tabindex="-1"></p>'
    )


def _modes(drawn: set[str]) -> str:
    modes = {"grey": "grey | model"} if GREY in drawn else {}
    if TRUTH in drawn:
        modes["truth"] = "model | truth"
    modes["own"] = "model alone"
    return "".join(f'<option value="{key}">{text}</option>' for key, text in modes.items())


def _group(index: int, example: Example, ordered: list[str]) -> str:
    cells = "\n".join(_cell(example, name) for name in ordered)
    title = f"photo-{index}"
    return (
        f'<div class="photo" role="group" aria-labelledby="{title}" data-photo="{index}" '
        f'data-name="{escape(example.name)}">\n<h3 id="{title}">{escape(example.name)}</h3>\n'
        f'<div class="grid">\n{cells}\n</div>\n</div>'
    )


def _cell(example: Example, name: str) -> str:
    caption = f"<figcaption>{escape(name)}</figcaption>"
    if name not in example.pictures:
        return f'<figure data-row="{escape(name)}"><div class="absent">no picture</div>{caption}</figure>'
    data = example.pictures[name]
    kind, width, height = _describe(data, f"{example.name}, {name}")
    source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return (
        f'<figure data-row="{escape(name)}"><div class="frame"><img class="own" src="{source}" width="{width}" '
        f'height="{height}" alt="{escape(example.name)}, {escape(name)}" draggable="false"></div>{caption}</figure>'
    )


def _describe(data: bytes, what: str) -> tuple[str, int, int]:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
            return Image.MIME[picture.format or ""], picture.width, picture.height
    except (OSError, KeyError) as error:
        raise ValueError(f"{what}: not a JPEG, PNG or WebP picture ({error})") from None

"""One photo through Python, the command, the API and the bot: the same bytes, names and refusals."""

from __future__ import annotations

import base64
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from photochrom import Colorizer, Hint, Options, PhotochromError
from photochrom.bot.answer import make_answer
from photochrom.cli import app, colorize
from photochrom.engine.hints import hints_to_json
from photochrom.media import formats
from photochrom.pipeline.naming import result_name
from photochrom.pipeline.request import ColorizeRequest

Found = tuple[dict[str, bytes], str | None]
"""The results by their names, or the code of the refusal."""


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


def picture(format: str, *, color: bool, deep: bool) -> bytes:
    y, x = np.mgrid[:36, :52]
    grey = (110 + 50 * np.sin(x / 9) + 50 * np.cos(y / 7)).astype(np.uint8)
    pixels: Any = np.stack([grey, grey[::-1], 255 - grey], axis=-1) if color else grey
    if deep and not color and format in ("PNG", "TIFF"):
        pixels = grey.astype(np.uint16) * 257
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format)
    return out.getvalue()


def by_python(colorizer: Colorizer, data: bytes, name: str, request: ColorizeRequest) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        options = {key: getattr(request.options, key) for key in ("strength", "seed", "hints")}
        if request.options.candidates > 1:
            options["candidates"] = request.options.candidates
        try:
            made = colorizer.colorize(
                path, format=request.format, jpeg_quality=request.jpeg_quality, force=request.force, **options
            )
        except PhotochromError as error:
            return {}, error.code
        paths = made if isinstance(made, list) else [made]
        return {each.name: each.read_bytes() for each in paths}, None


def by_command(colorizer: Colorizer, data: bytes, name: str, request: ColorizeRequest) -> Found:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(colorize, "load", lambda *_: colorizer)
        path = Path(folder, name)
        path.write_bytes(data)
        options = request.options
        command = ["colorize", str(path), "--json", "--strength", str(options.strength)]
        command += ["--seed", str(options.seed), "--candidates", str(options.candidates)]
        if request.format:
            command += ["--format", request.format.lower()]
        if request.jpeg_quality:
            command += ["--jpeg-quality", str(request.jpeg_quality)]
        if request.force:
            command.append("--force")
        if options.hints:
            hints = Path(folder, "hints")
            hints.write_text(written(options.hints))
            command += ["--hints", str(hints)]
        (outcome,) = json.loads(CliRunner().invoke(app, command).stdout)
        return {Path(each).name: Path(each).read_bytes() for each in outcome["outputs"]}, outcome["code"]


def by_api(studio: Any, data: bytes, name: str, request: ColorizeRequest) -> Found:
    options = request.options
    fields = {"strength": options.strength, "seed": options.seed, "candidates": options.candidates}
    fields |= {"force": request.force, "format": request.format and request.format.lower()}
    fields |= {
        "jpeg_quality": request.jpeg_quality,
        "hints": written(options.hints) if options.hints else None,
    }
    form = {
        key: str(value).lower() if key != "hints" else value
        for key, value in fields.items()
        if value is not None
    }
    answer = studio.http.post("/api/colorize", data=form, files={"file": (name, data)})
    if answer.status_code != 200:
        return {}, {409: "in_color"}.get(answer.status_code, f"{answer.status_code}: {answer.text}")
    if answer.headers["content-type"] == "application/json":
        return {each["name"]: base64.b64decode(each["data"]) for each in answer.json()["candidates"]}, None
    _, _, quoted = answer.headers["content-disposition"].partition('filename="')
    return {quoted.partition('"')[0]: answer.content}, None


def by_bot(colorizer: Colorizer, data: bytes, name: str, request: ColorizeRequest) -> Found:
    try:
        answer = make_answer(colorizer, data, name, request, views=False)
    except PhotochromError as error:
        return {}, error.code
    return {file.name: file.data for file in answer.files}, None


def written(hints: tuple[Hint, ...]) -> str:
    return json.dumps(hints_to_json(hints))


requests = st.builds(
    ColorizeRequest,
    options=st.builds(
        Options,
        strength=st.sampled_from([0.0, 0.5, 1.0, 1.5]),
        candidates=st.sampled_from([1, 1, 2, 3]),
        seed=st.integers(0, 9),
        hints=st.sampled_from([(), (Hint(0.5, 0.25, "#a03020"), Hint(0.9, 0.9, reach="keep"))]),
    ),
    format=st.sampled_from([None, None, *(each.name for each in formats.writable() if each.name != "HEIF")]),
    jpeg_quality=st.sampled_from([None, None, 70]),
    force=st.booleans(),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    source=st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP"]),
    stem=st.sampled_from(["photo", "Smith, A. wedding", "harbour.color"]),
    suffixed=st.booleans(),
    color=st.sampled_from([False, False, True]),
    deep=st.booleans(),
    request_=requests,
)
def test_four_interfaces_agree(
    colorizer: Colorizer,
    studio: Any,
    source: str,
    stem: str,
    suffixed: bool,
    color: bool,
    deep: bool,
    request_: ColorizeRequest,
) -> None:
    data = picture(source, color=color, deep=deep)
    name = stem + (formats.FORMATS[source].suffixes[0] if suffixed else "")
    expected = by_python(colorizer, data, name, request_)
    assert by_command(colorizer, data, name, request_) == expected
    assert by_api(studio, data, name, request_) == expected
    assert by_bot(colorizer, data, name, request_) == expected
    results, code = expected
    if code is None:
        several = request_.options.candidates > 1
        numbers = range(1, request_.options.candidates + 1) if several else [None]
        suffix = Path(next(iter(results))).suffix
        assert list(results) == [result_name(name, suffix, number=number) for number in numbers]
    else:
        assert code == "in_color"
        assert color
        assert not request_.force

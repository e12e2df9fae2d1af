"""``POST /api/colorize``: the file of the command, or one sentence."""

from __future__ import annotations

import base64
import io
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from photochrom.cli import app as command
from photochrom.media import provenance

HINTS = {"hints": [{"x": 0.5, "y": 0.5, "color": "#c02020"}]}


def post(studio: Any, data: bytes, name: str = "a.jpg", **fields: Any) -> Any:
    return studio.http.post("/api/colorize", files={"file": (name, data)}, data=fields)


@pytest.mark.parametrize(
    ("format", "fields"),
    [
        ("JPEG", {}),
        ("PNG", {"strength": "1.3", "quality": "best"}),
        ("TIFF", {"colorfulness": "0.2", "size": "128"}),
        ("JPEG", {"format": "png"}),
        ("PNG", {"format": "JPG", "jpeg-quality": "70"}),
    ],
)
def test_the_answer_is_the_file_of_the_command(
    studio: Any, make_photo: Any, tmp_path: Path, format: str, fields: dict[str, str]
) -> None:
    data = make_photo(97, 64, format, dpi=(300, 300))
    source = tmp_path / f"photo.{format.lower()}"
    source.write_bytes(data)
    options = [part for name, value in fields.items() for part in (f"--{name}", value)]
    with pytest.raises(SystemExit) as end:
        command(["colorize", str(source), "--threads", "1", *options])
    assert end.value.code == 0
    (expected,) = (path for path in tmp_path.iterdir() if path != source)
    answer = post(studio, data, source.name, **{name.replace("-", "_"): v for name, v in fields.items()})
    assert answer.status_code == 200, answer.text
    assert answer.content == expected.read_bytes()
    kind = {".jpg": "jpeg", ".tiff": "tiff"}.get(expected.suffix, expected.suffix[1:])
    assert answer.headers["content-type"] == f"image/{kind}"
    assert f'filename="{expected.name}"' in answer.headers["content-disposition"]


def test_candidates_are_the_files_of_the_command(studio: Any, make_photo: Any, tmp_path: Path) -> None:
    source = tmp_path / "Smith, A. wedding"
    source.write_bytes(make_photo(97, 64, "PNG"))
    with pytest.raises(SystemExit) as end:
        command(["colorize", str(source), "--threads", "1", "--candidates", "3", "--seed", "7"])
    assert end.value.code == 0
    expected = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != source}
    answer = post(studio, source.read_bytes(), source.name, candidates="3", seed="7").json()
    assert {each["name"]: base64.b64decode(each["data"]) for each in answer["candidates"]} == expected
    # One of them alone has the same name and the same bytes.
    photo = studio.photo(source.read_bytes(), source.name, candidates="3", seed="7")
    remade = studio.http.post(f"{photo}/result", json={"candidate": 1, "seed": 7})
    kept = studio.http.get(f"{photo}/result?candidate=1")
    for one in (remade, kept):
        assert one.content == expected["Smith, A. wedding.color.2.png"]
        assert 'filename="Smith, A. wedding.color.2.png"' in one.headers["content-disposition"]


def test_the_luma_is_the_photos_and_the_colours_say_that_they_are_inferred(studio: Any, chelsea: Any) -> None:
    grey = Image.fromarray(chelsea).convert("L")
    out = io.BytesIO()
    grey.save(out, "PNG")
    answer = post(studio, out.getvalue(), "cat.png")
    with Image.open(io.BytesIO(answer.content)) as picture:
        coloured = np.asarray(picture).astype(int)
        luma = np.asarray(picture.convert("L")).astype(int)
    assert np.abs(luma - np.asarray(grey)).max() <= 1
    assert np.ptp(coloured, axis=2).max() > 20
    mark = provenance.read(answer.content)
    assert mark is not None
    assert mark.model == "photochrom"


def test_candidates_come_as_json(studio: Any, grey: bytes, pixels: Callable[[bytes], Any]) -> None:
    answer = post(studio, grey, candidates="3", seed="5", format="png")
    assert answer.headers["content-type"] == "application/json"
    candidates = answer.json()["candidates"]
    assert [each["name"] for each in candidates] == [f"a.color.{number}.png" for number in (1, 2, 3)]
    assert {each["type"] for each in candidates} == {"image/png"}
    pictures = [base64.b64decode(each["data"], validate=True) for each in candidates]
    assert pictures[0] == post(studio, grey, format="png").content
    assert len({pixels(picture).tobytes() for picture in pictures}) == 3


def test_hints_lead(studio: Any, grey: bytes, pixels: Callable[[bytes], Any]) -> None:
    plain, led = (
        pixels(post(studio, grey, format="png", **fields).content)
        for fields in ({}, {"hints": json.dumps(HINTS)})
    )
    red = [int(picture[24, 32, 0]) - int(picture[24, 32, 2]) for picture in (plain, led)]
    assert red[1] > red[0] + 20
    assert pixels(post(studio, grey, format="png", hints=json.dumps(HINTS["hints"])).content).tolist() == (
        led.tolist()
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"strength": "2"}, "strength: "),
        ({"strength": "nan"}, "strength: "),
        ({"strength": "much"}, "strength: "),
        ({"size": "31"}, "size: "),
        ({"quality": "superb"}, "quality: "),
        ({"colorfulness": "3"}, "colorfulness: "),
        ({"candidates": "17"}, "candidates: "),
        ({"seed": "-1"}, "seed: "),
        ({"format": "gif"}, "format: "),
        ({"force": "maybe"}, "force: "),
        ({"jpeg_quality": "101"}, "jpeg_quality: "),
        ({"sepia": "1"}, "sepia: "),
        ({"strength": ["1", "0.5"]}, "strength: is there twice"),
        ({"hints": "{"}, "hints: is not JSON"),
        ({"hints": "7"}, "hints: hints must be a list"),
        ({"hints": '[{"x": 2, "y": 0, "color": "#000000"}]'}, "hints: hint 1: "),
        ({"hints": '[{"x": 1%s, "y": 0, "color": "#000000"}]' % ("0" * 400)}, "hints: "),
        ({"hints": "[" * 100_000}, "hints: "),
    ],
)
def test_a_wrong_field_is_named(studio: Any, grey: bytes, fields: dict[str, Any], words: str) -> None:
    answer = post(studio, grey, **fields)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert studio.studio.store.files == 0


def test_a_server_may_make_fewer_candidates(start: Any, grey: bytes) -> None:
    answer = post(start(max_candidates=2), grey, candidates="3")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "candidates: this server makes at most 2 at once"


def test_empty_fields_are_left_out(studio: Any, grey: bytes) -> None:
    assert post(studio, grey, size="", format=" ", strength="").content == post(studio, grey).content


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 400, "bad.jpg: the file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "bad.jpg: SVG is not supported yet"),
        (b"only words", 415, "bad.jpg: is not a picture"),
        (b"\xff\xd8\xff\xe0 and so on", 400, "bad.jpg: "),
        ("half", 400, "bad.jpg: "),
        ("colour", 409, "bad.jpg: is in colour already; send force=true"),
    ],
)
def test_a_bad_photo_is_refused_in_a_sentence(
    studio: Any, grey: bytes, colourful: bytes, data: Any, status: int, words: str
) -> None:
    known = {"half": grey[: len(grey) // 2], "colour": colourful}
    answer = post(studio, known.get(data, data) if isinstance(data, str) else data, "bad.jpg")
    assert (answer.status_code, answer.json()["detail"].startswith(words)) == (status, True), answer.text
    assert studio.studio.store.files == 0


def test_too_many_pixels_in_one_photo_or_all_its_candidates(start: Any, make_photo: Any) -> None:
    studio = start(max_pixels=100_000)
    answer = post(studio, make_photo(400, 300))
    assert answer.status_code == 413
    words = "a.jpg: 400 x 300 pixels exceed the limit of 0.1 megapixels; make it smaller first"
    assert answer.json()["detail"] == words
    photo = make_photo(200, 200)
    assert post(studio, photo, candidates="2").status_code == 200
    answer = post(studio, photo, candidates="3")
    assert answer.status_code == 413
    assert "ask for fewer" in answer.json()["detail"]


def test_colour_and_our_own_results_need_force(studio: Any, grey: bytes, colourful: bytes) -> None:
    assert post(studio, colourful, force="true").status_code == 200
    ours = post(studio, grey).content
    again = post(studio, ours)
    assert again.status_code == 409
    assert "was colorized before, by photochrom" in again.json()["detail"]
    assert post(studio, ours, force="true").status_code == 200


def test_an_unforeseen_error_is_the_photos(
    studio: Any, grey: bytes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: Any, **keywords: Any) -> None:
        raise ZeroDivisionError("with secret words")

    monkeypatch.setattr(studio.studio.colorizer, "colorize_photo", fail)
    answer = post(studio, grey, "wedding.jpg")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "wedding.jpg: could not be colorized (ZeroDivisionError)"
    said = capfd.readouterr().err
    assert "photochrom: ZeroDivisionError at test_colorize.py:" in said
    assert "wedding" not in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("../../etc/passwd.jpg", "passwd.color.jpg"),
        ("C:\\photos\\Oma.JPG", "Oma.color.JPG"),
        ("祖母 1931.jpg", "祖母 1931.color.jpg"),
        ("جدتي.jpg", "جدتي.color.jpg"),
        ("عکس\u200cها\u3000.jpg", "عکس\u200cها .color.jpg"),
        ("a\u202egpj.jpg", "agpj.color.jpg"),
        ("...", "photo.color.jpg"),
        (".hidden.jpg", "hidden.color.jpg"),
        ("CON.jpg", "_CON.color.jpg"),
        ('a"; filename="b.exe.jpg', "a_; filename=_b.exe.color.jpg"),
        ("x" * 300 + ".jpg", "x" * 116 + ".color.jpg"),
    ],
)
def test_names_come_back_safe(studio: Any, grey: bytes, sent: str, got: str) -> None:
    disposition = post(studio, grey, sent).headers["content-disposition"]
    plain, _, starred = disposition.partition("; filename*=UTF-8''")
    assert unquote(starred) == got
    assert plain == f'attachment; filename="{"".join(c if " " <= c <= "~" else "_" for c in got)}"'


@pytest.mark.parametrize(
    ("kind", "body", "status", "words"),
    [
        ("application/json", b"{}", 415, "multipart/form-data"),
        (None, b"", 415, "multipart/form-data"),
        ("multipart/form-data", b"--x--\r\n", 422, "the form"),
        ("multipart/form-data; boundary=x", b"", 422, "breaks off"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n", 422, "damaged"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422, "no photo"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nabc',
            422,
            "breaks off",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--x--\r\n',
            422,
            "no photo",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="hints"\r\n\r\n' + b"0" * 200_000,
            413,
            "hints: is too long",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n' + b"0" * 200_000,
            413,
            "photo: is too long; photos go into the field file",
        ),
        (
            "multipart/form-data; boundary=x",
            b"".join(b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n\r\n' % n for n in range(40)),
            413,
            "too many fields",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n' * 2,
            413,
            "one photo at a time",
        ),
    ],
)
def test_a_broken_form(studio: Any, kind: str | None, body: bytes, status: int, words: str) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = studio.http.post("/api/colorize", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]
    assert studio.studio.store.files == 0


def test_a_client_that_leaves_frees_its_place(
    studio: Any, grey: bytes, hold: Any, until: Callable[..., Any]
) -> None:
    held = hold(studio)
    job = studio.send(("first.jpg", grey))
    held.wait(1)
    form = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="left.jpg"\r\n\r\n'
        + grey
        + b"\r\n--x--\r\n"
    )
    head = (
        f"POST /api/colorize HTTP/1.1\r\nHost: {studio.settings.host}\r\nContent-Length: {len(form)}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    ).encode()
    with socket.create_connection((studio.settings.host, studio.port)) as client:
        client.sendall(head + form)
        until(lambda: studio.studio.workers.waiting == 1)
    until(lambda: studio.studio.workers.waiting == 0)
    until(lambda: studio.studio.store.files == 1)
    # And one that leaves while it still sends.
    with socket.create_connection((studio.settings.host, studio.port)) as client:
        client.sendall(head + form[:-200])
        until(lambda: studio.studio.store.files == 2)
    until(lambda: studio.studio.store.files == 1)
    held.release()
    assert studio.ended(job)["done"] == 1
    assert held.order == ["first.jpg"]


def test_a_full_queue_is_a_429_with_a_reason(start: Any, grey: bytes, hold: Any) -> None:
    studio = start(queue=2)
    held = hold(studio)
    studio.send(("a.jpg", grey))
    held.wait(1)
    studio.send(("b.jpg", grey), ("c.jpg", grey))
    answer = post(studio, grey)
    assert answer.status_code == 429
    assert answer.json()["detail"] == "the queue is full; try again later"
    assert int(answer.headers["retry-after"]) > 0
    held.release()


def test_a_full_store_is_a_429_with_a_reason(start: Any, make_photo: Any) -> None:
    studio = start(keep_bytes=20_000)
    answer = post(studio, make_photo(200, 200, "BMP"))
    assert answer.status_code == 429
    assert "holds as many photos as it may" in answer.json()["detail"]
    assert (studio.studio.store.files, studio.studio.store.used) == (0, 0)


def test_importing_the_command_imports_none_of_the_studio() -> None:
    probe = "import sys, photochrom.cli, photochrom.cli.serve; print('fastapi' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_notes_of_the_photo_are_told(studio: Any, grey: bytes) -> None:
    # ITU-T T.81, B.1.1.3: a file ends with the marker EOI, FF D9. It is cut off here.
    assert grey.endswith(b"\xff\xd9")
    note = "The end marker of the JPEG is missing; the picture is whole."
    answer = post(studio, grey[:-2])
    assert (answer.status_code, json.loads(answer.headers["photochrom-notes"])) == (200, [note])
    assert json.loads(post(studio, grey).headers["photochrom-notes"]) == []
    two = post(studio, grey[:-2], candidates="2").json()["candidates"]
    assert [each["notes"] for each in two] == [[note], [note]]
    state = studio.http.get(studio.photo(grey[:-2])).json()
    assert (state["notes"], state["error_code"]) == ([note], None)


def test_a_part_of_a_photo_is_colorized_on_request(studio: Any, make_photo: Any) -> None:
    half = make_photo(640, 480)
    half = half[: len(half) // 2]
    answer = post(studio, half)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith("; send salvage=true to colorize what is left of it")
    answer = post(studio, half, salvage="true")
    assert answer.status_code == 200, answer.text
    (note,) = json.loads(answer.headers["photochrom-notes"])
    assert "of the picture is missing" in note


def test_libraries_write_nothing_to_the_log(
    studio: Any, make_photo: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    damaged = [make_photo(64, 48, format)[:-200] for format in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF")]
    damaged += [
        b"II*\0" + b"\xff" * 400,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 400,
        b"\xff\xd8\xff\xe0" + b"\0" * 400,
    ]
    capfd.readouterr()
    for data in damaged:
        assert 400 <= post(studio, data).status_code < 500
    assert capfd.readouterr() == ("", "")


def test_references_are_those_of_the_command(studio: Any, astronaut: Any, tmp_path: Path) -> None:
    picture = Image.fromarray(astronaut[:96, :96])
    source, reference = tmp_path / "grey.png", tmp_path / "colour.png"
    picture.convert("L").save(source)
    picture.save(reference)
    with pytest.raises(SystemExit):
        command(["colorize", str(source), "--threads", "1", "--reference", str(reference)])
    files = [
        ("file", ("grey.png", source.read_bytes())),
        ("reference", ("colour.png", reference.read_bytes())),
    ]
    answer = studio.http.post("/api/colorize", files=files)
    assert answer.content == (tmp_path / "grey.color.png").read_bytes()
    grey = studio.http.post("/api/colorize", files=[files[0], ("reference", files[0][1])])
    assert grey.status_code == 415
    assert grey.json()["detail"].startswith("grey.png: is not in colour, and a reference must be")
    only = studio.http.post("/api/colorize", files=files[1:])
    assert only.status_code == 422

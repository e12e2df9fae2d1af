"""The tables of readers: complete, and each format's modules are imported only for its files."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from photochrom.media import decode, formats, provenance
from photochrom.media import photo as media


def test_every_format_has_a_reader() -> None:
    assert set(decode.READERS) == {format.name for format in formats.readable()}
    for name in (*decode.READERS.values(), *decode.XMP_READERS.values()):
        assert callable(decode._function(name))


def test_every_format_with_xmp_has_a_reader_of_xmp() -> None:
    assert set(decode.XMP_READERS) == {format.name for format in formats.readable() if format.xmp}


@pytest.mark.parametrize("format", sorted(decode.XMP_READERS))
def test_xmp_is_found_without_opening(format: str) -> None:
    out = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "PNG")
    photo = media.open(out.getvalue())
    provenance.mark(photo, "model", "1")
    packet = photo.xmp
    assert packet is not None
    if format == "GIF":
        Image.linear_gradient("L").save(out := BytesIO(), "GIF", xmp=packet)
        data = out.getvalue()
        at = data.index(b"\x2c")  # the first picture; Pillow writes no application extension for XMP
        trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
        data = data[:at] + b"\x21\xff\x0bXMP DataXMP" + packet + trailer + data[at:]
    else:
        data = media.encode(photo, format=format)
    assert media.read_xmp(data) == packet


def test_a_format_without_xmp_has_none() -> None:
    out = BytesIO()
    Image.linear_gradient("L").save(out, "BMP")
    assert media.read_xmp(out.getvalue()) is None


def test_a_jpeg_needs_no_other_reader_and_writer(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "a.jpg")
    probe = (
        "import sys\n"
        "from photochrom.media import photo\n"
        f"photo.encode(photo.open({str(tmp_path / 'a.jpg')!r}))\n"
        "print(*(name for name in sys.modules if name.startswith(('PIL.', 'photochrom.media.'))))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    ours = {f"photochrom.media.{name.partition('.')[0]}" for name in decode.READERS.values()}
    assert loaded & ours == {"photochrom.media.jpeg_read"}
    assert not loaded & {"photochrom.media.png", "photochrom.media.tiff_write"}
    assert {name for name in loaded if name.endswith("ImagePlugin")} == {"PIL.JpegImagePlugin"}

